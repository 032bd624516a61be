//! Request limits: a bucket of tokens for each operation, or for several together.

use std::collections::HashMap;
use std::time::Duration;

use super::error::{ApiError, Service};

/// How many requests the simulated AWS takes before it asks to slow down.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use purlin::sim::{RequestLimits, SimAws};
///
/// let sim = SimAws::new();
/// sim.configure(|settings| settings.request_limits = RequestLimits::Documented);
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum RequestLimits {
    /// As many as come. The default.
    #[default]
    Unlimited,
    /// As AWS documents them for an account and region: for EC2 a bucket for each operation (100
    /// tokens and 20 a second for reads, 50 and 5 for writes; EC2 developer guide, "Request
    /// throttling"); for Elastic Load Balancing one bucket for all reads (40 tokens, 10 a second;
    /// its user guide, "Request throttling"). For writes of Elastic Load Balancing (20 and 3) and
    /// for Amazon EC2 Auto Scaling (the same buckets) the numbers are an assumption.
    Documented,
    /// The same bucket for each operation.
    Each {
        /// How many tokens it holds.
        burst: f64,
        /// How many it gets back in a second.
        per_second: f64,
    },
}

/// The tokens that are left, and when they were counted.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    counted: Duration,
}

/// The buckets that have been drawn from.
#[derive(Debug, Default)]
pub(crate) struct Buckets(HashMap<(Service, &'static str), Bucket>);

impl Buckets {
    /// Takes a token for a call, or refuses it as the service does.
    pub(crate) fn take(
        &mut self,
        limits: &RequestLimits,
        service: Service,
        operation: &'static str,
        now: Duration,
    ) -> Result<(), ApiError> {
        let reads = operation.starts_with("Describe") || operation.starts_with("Get");
        let (key, burst, per_second) = match limits {
            RequestLimits::Unlimited => return Ok(()),
            RequestLimits::Each { burst, per_second } => (operation, *burst, *per_second),
            RequestLimits::Documented => match (service, reads) {
                (Service::Ec2, true) => (operation, 100.0, 20.0),
                (Service::Ec2, false) => (operation, 50.0, 5.0),
                (_, true) => ("reads", 40.0, 10.0),
                (_, false) => ("writes", 20.0, 3.0),
            },
        };
        let bucket = self.0.entry((service, key)).or_insert(Bucket { tokens: burst, counted: now });
        let refill = (now - bucket.counted).as_secs_f64() * per_second;
        *bucket = Bucket { tokens: (bucket.tokens + refill).min(burst), counted: now };
        if bucket.tokens < 1.0 {
            return Err(slow_down(service));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}

/// How a service asks to slow down.
pub(super) fn slow_down(service: Service) -> ApiError {
    match service {
        Service::Ec2 => ApiError::new("RequestLimitExceeded", "Request limit exceeded.").with_status(503),
        Service::ElasticLoadBalancing => ApiError::new("ThrottlingException", "Rate exceeded"),
        Service::AutoScaling => ApiError::new("Throttling", "Rate exceeded"),
    }
}
