//! What tests put into the account beforehand, and look at afterwards.

use aws_sdk_elasticloadbalancingv2::operation::create_load_balancer::CreateLoadBalancerInput;
use aws_sdk_elasticloadbalancingv2::operation::create_target_group::CreateTargetGroupInput;
use aws_sdk_elasticloadbalancingv2::types as sdk;

use super::{balancer, health, target_group};
use crate::sim::error::ApiError;
use crate::sim::{SimAws, ec2};

/// A registered target and its health.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimTarget {
    /// The id of the instance, its IP address, or the ARN of the function or load balancer.
    pub id: String,
    /// The port on which it receives traffic; a Lambda function has none.
    pub port: Option<u16>,
    /// The state, such as `healthy`, `initial` or `draining`.
    pub state: String,
    /// Why it is in this state, such as `Target.Timeout`; nothing explains a healthy target.
    pub reason: Option<String>,
}

impl SimAws {
    /// Adds an Application Load Balancer that somebody else made: it is active already and has no
    /// tags. It faces the internet if all its subnets do. Returns its ARN.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use purlin::sim::SimAws;
    ///
    /// let sim = SimAws::new();
    /// let vpc = sim.add_vpc("Lab-VPC", "10.0.0.0/16");
    /// let a = sim.add_public_subnet(&vpc, "Public-A", "ap-northeast-2a", "10.0.1.0/24");
    /// let b = sim.add_public_subnet(&vpc, "Public-B", "ap-northeast-2b", "10.0.2.0/24");
    /// let arn = sim.add_load_balancer("Legacy-ALB", [&a, &b]);
    ///
    /// let found = sim.elbv2().describe_load_balancers().names("Legacy-ALB").send().await?;
    /// assert_eq!(found.load_balancers()[0].load_balancer_arn(), Some(arn.as_str()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if AWS would refuse to create it.
    pub fn add_load_balancer<S: AsRef<str>>(
        &self,
        name: impl AsRef<str>,
        subnets: impl IntoIterator<Item = S>,
    ) -> String {
        let subnets: Vec<String> = subnets.into_iter().map(|subnet| subnet.as_ref().to_owned()).collect();
        let world = &mut *self.shared.lock();
        let public = subnets.iter().all(|subnet| ec2::subnet_is_public(world, subnet) == Some(true));
        let scheme =
            if public { sdk::LoadBalancerSchemeEnum::InternetFacing } else { sdk::LoadBalancerSchemeEnum::Internal };
        let input = CreateLoadBalancerInput::builder().name(name.as_ref()).set_subnets(Some(subnets)).scheme(scheme);
        let input = input.build().unwrap_or_else(|error| panic!("{error}"));
        let output = balancer::create(world, &input).unwrap_or_else(|error| refused(&error));
        let created = output.load_balancers().first();
        let arn = created.and_then(|created| created.load_balancer_arn.clone()).unwrap_or_default();
        if let Some(created) = world.elb.balancers.get_mut(&arn) {
            created.provisioned = world.now;
        }
        arn
    }

    /// Adds a target group for instances, with the HTTP protocol, that somebody else made: it has no
    /// tags. Returns its ARN.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use purlin::sim::SimAws;
    ///
    /// let sim = SimAws::new();
    /// let vpc = sim.add_vpc("Lab-VPC", "10.0.0.0/16");
    /// let arn = sim.add_target_group("Legacy-TG", &vpc, 80);
    ///
    /// let found = sim.elbv2().describe_target_groups().names("Legacy-TG").send().await?;
    /// assert_eq!(found.target_groups()[0].target_group_arn(), Some(arn.as_str()));
    /// assert!(sim.target_health(&arn).is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if AWS would refuse to create it.
    pub fn add_target_group(&self, name: impl AsRef<str>, vpc: impl AsRef<str>, port: u16) -> String {
        let input = CreateTargetGroupInput::builder()
            .name(name.as_ref())
            .vpc_id(vpc.as_ref())
            .protocol(sdk::ProtocolEnum::Http)
            .port(i32::from(port));
        let input = input.build().unwrap_or_else(|error| panic!("{error}"));
        let output = target_group::create(&mut self.shared.lock(), &input).unwrap_or_else(|error| refused(&error));
        let created = output.target_groups().first();
        created.and_then(|created| created.target_group_arn.clone()).unwrap_or_default()
    }

    /// Lets the provisioning of a load balancer fail: of the one with this name that is being
    /// provisioned, or of the next one to be created under it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use aws_sdk_elasticloadbalancingv2::types::LoadBalancerStateEnum;
    /// use purlin::sim::SimAws;
    ///
    /// let sim = SimAws::new();
    /// let vpc = sim.add_vpc("Lab-VPC", "10.0.0.0/16");
    /// let a = sim.add_public_subnet(&vpc, "Public-A", "ap-northeast-2a", "10.0.1.0/24");
    /// let b = sim.add_public_subnet(&vpc, "Public-B", "ap-northeast-2b", "10.0.2.0/24");
    /// sim.fail_provisioning("Web-ALB");
    ///
    /// let elb = sim.elbv2();
    /// elb.create_load_balancer().name("Web-ALB").subnets(a).subnets(b).send().await?;
    /// tokio::time::sleep(std::time::Duration::from_secs(200)).await;
    /// let found = elb.describe_load_balancers().names("Web-ALB").send().await?;
    /// let state = found.load_balancers()[0].state().and_then(|state| state.code());
    /// assert_eq!(state, Some(&LoadBalancerStateEnum::Failed));
    /// # Ok(())
    /// # }
    /// ```
    pub fn fail_provisioning(&self, name: &str) {
        let world = &mut *self.shared.lock();
        let mut balancers = world.elb.balancers.values_mut();
        match balancers.find(|balancer| balancer.name == name && world.now < balancer.provisioned) {
            Some(balancer) => balancer.fails = true,
            None => {
                world.elb.failing.insert(name.to_owned());
            }
        }
    }

    /// Lets a load balancer lack the resources that it needs to scale, or no longer: once it is
    /// provisioned, it is `active_impaired`, and routes traffic all the same. No effect on an unknown
    /// one.
    pub fn impair_load_balancer(&self, name: &str, impaired: bool) {
        let world = &mut *self.shared.lock();
        for balancer in world.elb.balancers.values_mut().filter(|balancer| balancer.name == name) {
            balancer.impaired = impaired;
        }
    }

    /// Tells the targets of a target group and their health; none for an unknown group.
    #[must_use]
    pub fn target_health(&self, target_group_arn: &str) -> Vec<SimTarget> {
        let world = self.shared.lock();
        let group = world.elb.target_groups.get(target_group_arn);
        group
            .into_iter()
            .flat_map(|group| health::of_group(&world, group))
            .map(|(key, health)| SimTarget {
                id: key.id,
                port: key.port.and_then(|port| u16::try_from(port).ok()),
                state: health.state.to_owned(),
                reason: health.reason.map(str::to_owned),
            })
            .collect()
    }
}

fn refused<T>(error: &ApiError) -> T {
    panic!("{}: {}", error.code, error.message)
}
