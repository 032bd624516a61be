//! How fast the simulated AWS is, how much it takes, and what it writes down.

use std::time::Duration;

use super::limit::RequestLimits;
use super::quota::Quotas;

/// Settings of the simulated AWS, most of them durations. Change them with [`SimAws::configure`](super::SimAws::configure).
///
/// The defaults are round numbers of the size that AWS users report, not measurements.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// Until the answer to a read arrives. Default 50 ms.
    pub read_latency: Duration,
    /// Until the answer to a write arrives. Default 250 ms.
    pub write_latency: Duration,
    /// Until what was created shows in describes. Default zero.
    pub describe_lag: Duration,
    /// Until what was created in EC2 or Elastic Load Balancing can be named in other calls: before, these
    /// are refused as if it did not exist. Default zero.
    pub reference_lag: Duration,
    /// Until the tags of what was created show, in describes and to filters. Default zero.
    pub tag_lag: Duration,
    /// From [`SimAws::just_made`](super::SimAws::just_made) until an instance profile, a role, or a
    /// certificate is known everywhere. Default 10 s.
    pub propagation: Duration,
    /// From creation until a load balancer is `active`. Default 150 s.
    pub load_balancer_provisioning: Duration,
    /// From the deletion of a load balancer until its network interfaces are gone. Default 20 s.
    pub load_balancer_interface_release: Duration,
    /// From when nothing routes to a target group any more until it counts as unused and can be
    /// deleted. Default zero.
    pub target_group_release: Duration,
    /// From launch until an instance is `running` and serves. Default 35 s.
    pub instance_boot: Duration,
    /// From the order to terminate until an instance is `terminated`. Default 30 s.
    pub instance_termination: Duration,
    /// From when a target can be reached until its first health check passes. Default 15 s.
    pub target_health_check: Duration,
    /// From when an Auto Scaling group needs an instance until it launches one. Default 3 s.
    pub scaling_reaction: Duration,
    /// Whether an Auto Scaling group refuses even a forced deletion while instances come or go. Default
    /// no.
    pub refuse_deletion_while_scaling: bool,
    /// From the order to delete a warm pool until it is gone. Default zero.
    pub warm_pool_deletion: Duration,
    /// From the order to associate a security group with another VPC, or to end that, until it is so.
    /// Default 5 s.
    pub security_group_association: Duration,
    /// How many requests are taken before AWS asks to slow down. Default: all.
    pub request_limits: RequestLimits,
    /// How many there can be of what. Default: what AWS documents for a new account.
    pub quotas: Quotas,
    /// Whether the log keeps what each call asked for. Default no, for the sake of speed.
    pub record_requests: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            read_latency: Duration::from_millis(50),
            write_latency: Duration::from_millis(250),
            describe_lag: Duration::ZERO,
            reference_lag: Duration::ZERO,
            tag_lag: Duration::ZERO,
            propagation: Duration::from_secs(10),
            load_balancer_provisioning: Duration::from_secs(150),
            load_balancer_interface_release: Duration::from_secs(20),
            target_group_release: Duration::ZERO,
            instance_boot: Duration::from_secs(35),
            instance_termination: Duration::from_secs(30),
            target_health_check: Duration::from_secs(15),
            scaling_reaction: Duration::from_secs(3),
            refuse_deletion_while_scaling: false,
            warm_pool_deletion: Duration::ZERO,
            security_group_association: Duration::from_secs(5),
            request_limits: RequestLimits::Unlimited,
            quotas: Quotas::default(),
            record_requests: false,
        }
    }
}
