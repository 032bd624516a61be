//! A simulated AWS: an account and a region in memory, under the real SDK clients.
//!
//! For tests of your own infrastructure, and for trying purlin out without an account. Time is
//! tokio's: under `#[tokio::test(start_paused = true)]` minutes of AWS pass in milliseconds, and the
//! same test does the same every time.
//!
//! ```
//! use purlin::{Deployer, Image, Stack, Subnets, Vpc, sim::SimAws};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), purlin::Error> {
//! let sim = SimAws::new();
//! let vpc = sim.add_vpc("VPC-Lab", "10.0.0.0/16");
//! sim.add_public_subnet(&vpc, "Public subnet A", "ap-northeast-2a", "10.0.0.0/24");
//! sim.add_public_subnet(&vpc, "Public subnet C", "ap-northeast-2c", "10.0.1.0/24");
//! sim.add_image("Web Server v1");
//!
//! let mut stack = Stack::new("web");
//! let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
//! stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
//! stack.add("web", Image::named("Web Server v1"));
//! assert!(Deployer::new(sim.aws()).plan(&stack).await?.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! The world behaves as AWS documents: balancers are provisioned, instances boot and register,
//! targets turn healthy once a listener routes to them and security groups let the balancer
//! through, what is in use cannot be deleted, names collide, limits hold. [`SimAws::inject`]
//! makes calls fail, [`SimAws::crash_after`] lets the client process die, [`SimAws::restricted_to`]
//! is what a caller with an IAM policy can do, and [`SimAws::set_load`] is the load that scaling
//! policies react to.

mod autoscaling;
mod clients;
mod ec2;
mod elbv2;
mod error;
mod fault;
mod iam;
mod limit;
mod log;
mod quota;
mod settings;
mod traffic;
mod world;

pub use autoscaling::{SimAutoScalingGroup, SimGroupInstance};
pub use ec2::{SimImage, SimInstance};
pub use elbv2::SimTarget;
pub use error::Service;
pub use fault::Fault;
pub use iam::InvalidPolicy;
pub use limit::RequestLimits;
pub use log::Call;
pub use quota::Quotas;
pub use settings::Settings;
pub use traffic::Outage;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::Aws;
use world::Shared;

/// A simulated AWS account in the region `ap-northeast-2`.
///
/// Cheap to clone: all clones are the same account.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use purlin::sim::SimAws;
/// use purlin::{Deployer, SecurityGroup, Stack, Vpc};
///
/// let sim = SimAws::new();
/// sim.add_vpc("VPC-Lab", "10.0.0.0/16");
///
/// let mut stack = Stack::new("web");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// stack.add("web", SecurityGroup::builder().name("Web-SG").description("Web").vpc(vpc).build());
/// let deployer = Deployer::new(sim.aws());
/// deployer.apply(deployer.plan(&stack).await?).await?;
///
/// let writes = sim.calls().into_iter().filter(|call| !call.is_read());
/// assert_eq!(writes.count(), 1, "CreateSecurityGroup");
/// let groups = sim.ec2().describe_security_groups().send().await?;
/// assert!(groups.security_groups().iter().any(|group| group.group_name() == Some("Web-SG")));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SimAws {
    shared: Shared,
    /// Made when they are first asked for: that takes longer than many calls do.
    clients: Arc<Clients>,
}

#[derive(Debug, Default)]
struct Clients {
    ec2: OnceLock<aws_sdk_ec2::Client>,
    elbv2: OnceLock<aws_sdk_elasticloadbalancingv2::Client>,
    autoscaling: OnceLock<aws_sdk_autoscaling::Client>,
}

impl Default for SimAws {
    fn default() -> Self {
        Self::new()
    }
}

impl SimAws {
    /// Makes an empty account; its time begins now.
    #[must_use]
    pub fn new() -> Self {
        Self { shared: Shared::new(), clients: Arc::default() }
    }

    /// Makes clients for a [`Deployer`](crate::Deployer).
    #[must_use]
    pub fn aws(&self) -> Aws {
        Aws::from_clients(self.ec2(), self.elbv2(), self.autoscaling())
    }

    /// Makes an EC2 client of the account, to look or to tamper.
    #[must_use]
    pub fn ec2(&self) -> aws_sdk_ec2::Client {
        self.clients.ec2.get_or_init(|| clients::ec2(&self.shared)).clone()
    }

    /// Makes an Elastic Load Balancing client of the account, to look or to tamper.
    #[must_use]
    pub fn elbv2(&self) -> aws_sdk_elasticloadbalancingv2::Client {
        self.clients.elbv2.get_or_init(|| clients::elbv2(&self.shared)).clone()
    }

    /// Makes an Auto Scaling client of the account, to look or to tamper.
    #[must_use]
    pub fn autoscaling(&self) -> aws_sdk_autoscaling::Client {
        self.clients.autoscaling.get_or_init(|| clients::autoscaling(&self.shared)).clone()
    }

    /// Makes calls go wrong from now on.
    pub fn inject(&self, fault: Fault) {
        self.shared.lock().faults.push(fault.armed());
    }

    /// Takes back all faults.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// Returns the calls that arrived so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.shared.lock().calls.clone()
    }

    /// Returns the virtual time since the account was made.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.shared.lock().now
    }

    /// Returns how many calls were in flight at once at most: sent, and not answered yet.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        self.shared.lock().flight.most
    }

    /// Notes that an instance profile, a role, a topic or a queue (by name or ARN as requests will have
    /// it), or a certificate has been made right now: until
    /// [`Settings::propagation`](Settings::propagation) has passed, calls that name it are refused
    /// as if it did not exist. What is not noted has been there forever.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use purlin::sim::SimAws;
    ///
    /// let sim = SimAws::new();
    /// sim.just_made("web-server-profile");
    /// # }
    /// ```
    pub fn just_made(&self, name_or_arn: impl Into<String>) {
        let mut world = self.shared.lock();
        let now = world.now;
        world.made.insert(name_or_arn.into(), now);
    }

    /// Changes how the simulated AWS behaves: how fast it is, and what it limits.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.shared.lock().settings);
    }

    /// Lets the client process die after so many further calls: the last of them still happens,
    /// and neither it nor any later one is answered.
    pub fn crash_after(&self, calls: usize) {
        self.shared.set_crash_after(Some(calls));
    }

    /// Completes when the client process has died; drop what it was doing then.
    pub async fn crashed(&self) {
        let mut crashed = self.shared.crashed();
        // It cannot fail: the sender lives as long as this handle.
        let _ = crashed.wait_for(|crashed| *crashed).await;
    }

    /// Starts a new client process after a crash.
    pub fn restart(&self) {
        self.shared.set_crash_after(None);
    }
}
