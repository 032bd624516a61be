//! Permissions: callers with an IAM policy.

mod check;
mod policy;

use std::sync::Arc;

pub(crate) use check::{Check, Checked, anywhere, checks};
pub use policy::InvalidPolicy;
pub(crate) use policy::Policy;

use super::error::{ApiError, Service};
use super::world::World;
use super::{Clients, SimAws};

/// Who calls, as refusals name it.
const CALLER: &str = "user/restricted";

impl SimAws {
    /// Returns the same account as a caller sees it who has this IAM policy, as JSON, and no other.
    ///
    /// Each call is checked on the resources and with the tags that AWS documents (Service
    /// Authorization Reference), and refused with AWS's code: `UnauthorizedOperation` by EC2,
    /// `AccessDenied` by the others. What other calls take along is checked, too: tags of what is
    /// created, and `ec2:RunInstances` and `iam:PassRole` for launch templates of Auto Scaling groups. What
    /// does not exist is told as such, to whomever.
    /// Clients of other handles may go on doing everything.
    ///
    /// # Errors
    ///
    /// What is no policy, and what the simulated AWS does not understand: other elements than effects,
    /// actions, resources and conditions, other condition operators than those for texts, ARNs, truth
    /// values and absence, and policy variables.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use purlin::sim::SimAws;
    /// use purlin::{Deployer, SecurityGroup, Stack, Vpc};
    ///
    /// let sim = SimAws::new();
    /// sim.add_vpc("VPC-Lab", "10.0.0.0/16");
    /// let mut stack = Stack::new("web");
    /// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    /// stack.add("web", SecurityGroup::builder().name("Web-SG").description("Web").vpc(vpc).build());
    ///
    /// let reads = r#"{"Version": "2012-10-17", "Statement": {
    ///     "Effect": "Allow",
    ///     "Action": ["ec2:Describe*", "elasticloadbalancing:Describe*", "autoscaling:Describe*"],
    ///     "Resource": "*"
    /// }}"#;
    /// let deployer = Deployer::new(sim.restricted_to(reads)?.aws());
    /// let plan = deployer.plan(&stack).await?;
    /// let failure = deployer.apply(plan).await.expect_err("reading is not enough");
    /// assert!(failure.errors()[0].is_permission_denied());
    /// # Ok(())
    /// # }
    /// ```
    pub fn restricted_to(&self, policy: &str) -> Result<Self, InvalidPolicy> {
        let policy = Arc::new(Policy::read(policy)?);
        Ok(Self { shared: self.shared.called_by(policy), clients: Arc::<Clients>::default() })
    }
}

impl Service {
    /// The prefix of its IAM actions.
    fn prefix(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::ElasticLoadBalancing => "elasticloadbalancing",
            Self::AutoScaling => "autoscaling",
        }
    }
}

/// Refuses a call that the caller's policy does not allow.
pub(super) fn authorize(
    policy: &Policy,
    world: &World,
    service: Service,
    operation: &str,
    request: &impl Checked,
) -> Result<(), ApiError> {
    let checks = request.checks(&format!("{}:{operation}", service.prefix()), world);
    let Some(denied) = checks.iter().find(|check| check.exists && !policy.allows(check)) else { return Ok(()) };
    let who = format!("arn:aws:iam::{}:{CALLER}", world.account);
    let what = format!(
        "User: {who} is not authorized to perform: {action} on resource: {resource} because no identity-based policy \
         allows the {action} action",
        action = denied.action,
        resource = denied.resource,
    );
    Err(match service {
        Service::Ec2 => {
            let text = format!("You are not authorized to perform this operation. {what}");
            ApiError::new("UnauthorizedOperation", text)
        }
        Service::ElasticLoadBalancing | Service::AutoScaling => ApiError::new("AccessDenied", what),
    }
    .with_status(403))
}
