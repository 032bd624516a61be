//! The log of calls that reached the simulated AWS.

use std::time::Duration;

use super::error::Service;

/// One call that reached the simulated AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// When it arrived, in virtual time since the simulation began.
    pub at: Duration,
    /// The service that was called.
    pub service: Service,
    /// The API operation, such as `CreateLoadBalancer`.
    pub operation: &'static str,
    /// The code with which it was refused, if it was.
    pub error: Option<String>,
    /// What was asked for, as the SDK writes its input for debugging (without what it holds to be
    /// sensitive); `None` unless [`Settings::record_requests`](super::Settings) is on.
    pub request: Option<String>,
}

impl Call {
    /// Tells whether the call changes nothing: a `Describe…` or `Get…` operation.
    pub fn is_read(&self) -> bool {
        self.operation.starts_with("Describe") || self.operation.starts_with("Get")
    }
}
