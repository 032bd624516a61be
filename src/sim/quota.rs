//! Quotas of the simulated account: how many there can be of what.

/// How many of each sort of thing the account takes, and with which code it refuses more.
///
/// The defaults are those that AWS documents for a new account: "Quotas for your Application Load
/// Balancers" and its siblings, "Amazon VPC quotas", "Restrictions for Amazon EC2 launch templates",
/// "Quotas for Auto Scaling resources and groups". AWS raises most of them on request.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use purlin::sim::SimAws;
///
/// let sim = SimAws::new();
/// sim.configure(|settings| settings.quotas.application_load_balancers = 3);
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Quotas {
    /// Application Load Balancers in the region (`TooManyLoadBalancers`). Default 50.
    pub application_load_balancers: usize,
    /// Network Load Balancers in the region (`TooManyLoadBalancers`). Default 50.
    pub network_load_balancers: usize,
    /// Gateway Load Balancers in the region (`TooManyLoadBalancers`). Default 100.
    pub gateway_load_balancers: usize,
    /// Listeners of a load balancer (`TooManyListeners`). Default 50.
    pub listeners_per_load_balancer: usize,
    /// Rules of an Application Load Balancer, not counting default rules (`TooManyRules`).
    /// Default 100.
    pub rules_per_load_balancer: usize,
    /// Certificates of a load balancer, not counting default certificates (`TooManyCertificates`).
    /// Default 25.
    pub certificates_per_load_balancer: usize,
    /// Target groups that an Application Load Balancer forwards to
    /// (`TooManyUniqueTargetGroupsPerLoadBalancer`).
    /// Default 100.
    pub target_groups_per_load_balancer: usize,
    /// Target groups in the region (`TooManyTargetGroups`). Default 3,000.
    pub target_groups: usize,
    /// Targets of a target group (`TooManyTargets`). Default 1,000.
    pub targets_per_target_group: usize,
    /// Security groups in the region (`SecurityGroupLimitExceeded`). Default 2,500.
    pub security_groups: usize,
    /// Rules of a security group in one direction, counted for IPv4 and IPv6 apart
    /// (`RulesPerSecurityGroupLimitExceeded`).
    /// Default 60.
    pub rules_per_security_group: usize,
    /// Security groups of a network interface (`SecurityGroupsPerInterfaceLimitExceeded`).
    /// Default 5.
    pub security_groups_per_interface: usize,
    /// Launch templates in the region (`ResourceLimitExceeded`). Default 5,000.
    pub launch_templates: usize,
    /// Versions of a launch template (`ResourceLimitExceeded`). Default 10,000.
    pub versions_per_launch_template: usize,
    /// Auto Scaling groups in the region (`LimitExceeded`). Default 500.
    pub auto_scaling_groups: usize,
    /// Scaling policies of a group (`LimitExceeded`). Default 50.
    pub policies_per_auto_scaling_group: usize,
    /// Scheduled actions of a group (`LimitExceeded`). Default 125.
    pub scheduled_actions_per_auto_scaling_group: usize,
    /// Lifecycle hooks of a group (`LimitExceeded`). Default 50.
    pub hooks_per_auto_scaling_group: usize,
    /// Notification topics of a group (`LimitExceeded`). Default 10.
    pub topics_per_auto_scaling_group: usize,
    /// Target groups of a group (`ValidationError`). Default 100.
    pub target_groups_per_auto_scaling_group: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            application_load_balancers: 50,
            network_load_balancers: 50,
            gateway_load_balancers: 100,
            listeners_per_load_balancer: 50,
            rules_per_load_balancer: 100,
            certificates_per_load_balancer: 25,
            target_groups_per_load_balancer: 100,
            target_groups: 3000,
            targets_per_target_group: 1000,
            security_groups: 2500,
            rules_per_security_group: 60,
            security_groups_per_interface: 5,
            launch_templates: 5000,
            versions_per_launch_template: 10_000,
            auto_scaling_groups: 500,
            policies_per_auto_scaling_group: 50,
            scheduled_actions_per_auto_scaling_group: 125,
            hooks_per_auto_scaling_group: 50,
            topics_per_auto_scaling_group: 10,
            target_groups_per_auto_scaling_group: 100,
        }
    }
}
