//! What the simulated Elastic Load Balancing holds, and how requests find it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types as sdk;
use aws_sdk_elasticloadbalancingv2::types::ProtocolEnum as Protocol;

use super::check;
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// What the simulated Elastic Load Balancing holds; everything by its ARN.
#[derive(Debug, Default)]
pub(crate) struct ElbState {
    pub(super) balancers: BTreeMap<String, Balancer>,
    pub(super) target_groups: BTreeMap<String, TargetGroup>,
    pub(super) listeners: BTreeMap<String, Listener>,
    pub(super) rules: BTreeMap<String, ListenerRule>,
    /// The names of balancers whose next provisioning is to fail.
    pub(super) failing: BTreeSet<String>,
    /// Elastic IP addresses of balancers that are gone, and until when their interfaces hold them.
    pub(super) released: BTreeMap<String, Duration>,
}

pub(super) type Tags = BTreeMap<String, String>;
/// The attributes that were set; the others have their defaults.
pub(super) type Attributes = BTreeMap<String, String>;

/// The types of load balancers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Application,
    Network,
    Gateway,
}

impl Kind {
    /// As requests and messages name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Network => "network",
            Self::Gateway => "gateway",
        }
    }

    /// As ARNs and network interfaces name it.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Application => "app",
            Self::Network => "net",
            Self::Gateway => "gwy",
        }
    }

    /// The type that listens with this protocol, or routes to target groups of it.
    pub(super) fn of(protocol: &Protocol) -> Self {
        match protocol {
            Protocol::Http | Protocol::Https => Self::Application,
            Protocol::Geneve => Self::Gateway,
            _ => Self::Network,
        }
    }
}

/// A load balancer.
#[derive(Debug, Clone)]
pub(super) struct Balancer {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) settings: BalancerSettings,
    pub(super) dns_name: Option<String>,
    pub(super) created: Duration,
    pub(super) provisioned: Duration,
    /// Whether its provisioning ends in `failed`.
    pub(super) fails: bool,
    /// Whether it lacks resources to scale (`active_impaired`).
    pub(super) impaired: bool,
    /// Its network interfaces by subnet.
    pub(super) interfaces: BTreeMap<String, String>,
    pub(super) enforce_on_private_link: String,
    pub(super) reservation: Option<Reservation>,
    pub(super) attributes: Attributes,
    pub(super) tags: Tags,
}

/// What two requests for the same balancer have to agree on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BalancerSettings {
    pub(super) kind: Kind,
    /// `internet-facing` or `internal`; a Gateway Load Balancer has none.
    pub(super) scheme: Option<String>,
    pub(super) vpc: String,
    /// By subnet.
    pub(super) places: BTreeMap<String, Place>,
    pub(super) groups: BTreeSet<String>,
    pub(super) ip_address_type: String,
    pub(super) source_nat: bool,
    pub(super) customer_owned_pool: Option<String>,
    pub(super) ipam_pool: Option<String>,
}

impl BalancerSettings {
    pub(super) fn is_internal(&self) -> bool {
        self.scheme.as_deref() == Some("internal")
    }

    pub(super) fn is_internet_facing(&self) -> bool {
        self.scheme.as_deref() == Some("internet-facing")
    }
}

/// Where a balancer stands in one availability zone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    pub(super) zone: String,
    pub(super) mapping: sdk::SubnetMapping,
}

/// Capacity reserved for a balancer.
#[derive(Debug, Clone)]
pub(super) struct Reservation {
    pub(super) units: Option<i32>,
    pub(super) modified: Duration,
    pub(super) decreases_left: i32,
}

impl Balancer {
    pub(super) fn state(&self, now: Duration) -> sdk::LoadBalancerStateEnum {
        if now < self.provisioned {
            sdk::LoadBalancerStateEnum::Provisioning
        } else if self.fails {
            sdk::LoadBalancerStateEnum::Failed
        } else if self.impaired {
            sdk::LoadBalancerStateEnum::ActiveImpaired
        } else {
            sdk::LoadBalancerStateEnum::Active
        }
    }

    /// Whether it routes traffic.
    pub(super) fn routes(&self, now: Duration) -> bool {
        matches!(self.state(now), sdk::LoadBalancerStateEnum::Active | sdk::LoadBalancerStateEnum::ActiveImpaired)
    }

    /// `app/NAME/SUFFIX`: the end of its ARN, which the ARNs of its listeners continue.
    pub(super) fn path(&self) -> &str {
        self.arn.split_once('/').map_or(&self.arn, |(_, path)| path)
    }
}

/// A target group.
#[derive(Debug, Clone)]
pub(super) struct TargetGroup {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) settings: TargetGroupSettings,
    pub(super) health_check: HealthCheck,
    pub(super) created: Duration,
    /// Since when a listener or rule has been routing to it without a break.
    pub(super) used_since: Option<Duration>,
    /// When something last routed to it, if nothing does now.
    pub(super) released: Option<Duration>,
    pub(super) targets: BTreeMap<TargetKey, Target>,
    pub(super) attributes: Attributes,
    pub(super) tags: Tags,
}

/// What cannot change about a target group.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TargetGroupSettings {
    pub(super) target_type: sdk::TargetTypeEnum,
    /// `None` for Lambda functions, like the next three.
    pub(super) protocol: Option<Protocol>,
    pub(super) version: Option<String>,
    pub(super) port: Option<i32>,
    pub(super) vpc: Option<String>,
    pub(super) ip_address_type: String,
    pub(super) control_port: Option<i32>,
}

impl TargetGroupSettings {
    pub(super) fn is_lambda(&self) -> bool {
        self.target_type == sdk::TargetTypeEnum::Lambda
    }

    pub(super) fn is_grpc(&self) -> bool {
        self.version.as_deref() == Some("GRPC")
    }

    /// The type of balancer that can route to it.
    pub(super) fn kind(&self) -> Kind {
        self.protocol.as_ref().map_or(Kind::Application, Kind::of)
    }
}

/// How a target group checks its targets.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HealthCheck {
    pub(super) enabled: bool,
    pub(super) protocol: Option<Protocol>,
    pub(super) port: Option<String>,
    pub(super) path: Option<String>,
    pub(super) interval: i32,
    pub(super) timeout: i32,
    pub(super) healthy: i32,
    pub(super) unhealthy: i32,
    pub(super) matcher: Option<sdk::Matcher>,
}

/// A target is registered once per port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TargetKey {
    pub(super) id: String,
    /// `None` for a Lambda function.
    pub(super) port: Option<i32>,
}

/// A registered target.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) registered: Duration,
    /// Until when it drains, once it is deregistered.
    pub(super) draining: Option<Duration>,
    pub(super) zone: Option<String>,
    pub(super) quic_server_id: Option<String>,
}

impl Target {
    /// Whether it has drained.
    pub(super) fn is_gone(&self, now: Duration) -> bool {
        self.draining.is_some_and(|until| until <= now)
    }
}

/// A listener. Its default actions are those of its default rule.
#[derive(Debug, Clone)]
pub(super) struct Listener {
    pub(super) arn: String,
    pub(super) balancer: String,
    pub(super) settings: ListenerSettings,
    pub(super) default_rule: String,
    /// Certificates besides the default one.
    pub(super) certificates: BTreeSet<String>,
    pub(super) created: Duration,
    pub(super) attributes: Attributes,
    pub(super) tags: Tags,
}

/// What two requests for the same listener have to agree on, besides the default actions.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ListenerSettings {
    /// `None` on a Gateway Load Balancer, like the protocol.
    pub(super) port: Option<i32>,
    pub(super) protocol: Option<Protocol>,
    pub(super) certificate: Option<String>,
    pub(super) ssl_policy: Option<String>,
    pub(super) alpn_policy: Option<String>,
    pub(super) mutual_authentication: Option<sdk::MutualAuthenticationAttributes>,
}

/// A rule of a listener.
#[derive(Debug, Clone)]
pub(super) struct ListenerRule {
    pub(super) arn: String,
    pub(super) listener: String,
    /// `None` for the default rule.
    pub(super) priority: Option<i32>,
    pub(super) conditions: Vec<sdk::RuleCondition>,
    pub(super) actions: Vec<sdk::Action>,
    pub(super) transforms: Vec<sdk::RuleTransform>,
    pub(super) created: Duration,
    pub(super) tags: Tags,
}

impl ElbState {
    pub(super) fn rules_of(&self, listener: &str) -> impl Iterator<Item = &ListenerRule> {
        self.rules.values().filter(move |rule| rule.listener == listener)
    }

    pub(super) fn listeners_of(&self, balancer: &str) -> impl Iterator<Item = &Listener> {
        self.listeners.values().filter(move |listener| listener.balancer == balancer)
    }

    /// The target groups that a balancer's listeners and rules route to.
    pub(super) fn groups_of(&self, balancer: &str) -> BTreeSet<&str> {
        self.listeners_of(balancer)
            .flat_map(|listener| self.rules_of(&listener.arn))
            .flat_map(|rule| target_groups(&rule.actions))
            .collect()
    }

    /// The balancer that routes to a target group.
    pub(super) fn user_of(&self, target_group: &str) -> Option<&Balancer> {
        let rule = self.rules.values().find(|rule| target_groups(&rule.actions).any(|arn| arn == target_group))?;
        self.balancers.get(&self.listeners.get(&rule.listener)?.balancer)
    }

    /// Notes which target groups are in use; to be called after every change of actions.
    pub(super) fn note_use(&mut self, now: Duration) {
        let used: BTreeSet<&str> = self.rules.values().flat_map(|rule| target_groups(&rule.actions)).collect();
        for group in self.target_groups.values_mut() {
            let was_used = group.used_since.is_some();
            group.used_since = used.contains(group.arn.as_str()).then(|| group.used_since.unwrap_or(now));
            if was_used && group.used_since.is_none() {
                group.released = Some(now);
            }
        }
    }
}

/// The target groups that actions, as they are stored, forward to.
pub(super) fn target_groups(actions: &[sdk::Action]) -> impl Iterator<Item = &str> {
    actions
        .iter()
        .filter_map(|action| action.forward_config())
        .flat_map(|forward| forward.target_groups())
        .filter_map(|tuple| tuple.target_group_arn())
}

/// The target groups that get a share of what actions forward.
pub(super) fn traffic_of(actions: &[sdk::Action]) -> impl Iterator<Item = &str> {
    actions
        .iter()
        .filter_map(|action| action.forward_config())
        .flat_map(|forward| forward.target_groups())
        .filter(|tuple| tuple.weight().unwrap_or(1) > 0)
        .filter_map(|tuple| tuple.target_group_arn())
}

/// What has an ARN, tags, and a code for its absence.
pub(super) trait Resource: Sized + 'static {
    /// As messages name it.
    const NOUN: &'static str;
    const NOT_FOUND: &'static str;
    /// The request member with its ARN.
    const MEMBER: &'static str;
    /// How the resource part of its ARN begins.
    const PATH: &'static str;

    fn all(state: &ElbState) -> &BTreeMap<String, Self>;
    fn all_mut(state: &mut ElbState) -> &mut BTreeMap<String, Self>;
    fn created(&self) -> Duration;
    fn tags_mut(&mut self) -> &mut Tags;
    fn tags(&self) -> &Tags;
}

macro_rules! resource {
    ($type:ident, $all:ident, $noun:literal, $not_found:literal, $member:literal, $path:literal) => {
        impl Resource for $type {
            const NOUN: &'static str = $noun;
            const NOT_FOUND: &'static str = $not_found;
            const MEMBER: &'static str = $member;
            const PATH: &'static str = $path;

            fn all(state: &ElbState) -> &BTreeMap<String, Self> {
                &state.$all
            }
            fn all_mut(state: &mut ElbState) -> &mut BTreeMap<String, Self> {
                &mut state.$all
            }
            fn created(&self) -> Duration {
                self.created
            }
            fn tags_mut(&mut self) -> &mut Tags {
                &mut self.tags
            }
            fn tags(&self) -> &Tags {
                &self.tags
            }
        }
    };
}

resource!(Balancer, balancers, "Load balancer", "LoadBalancerNotFound", "loadBalancerArn", "loadbalancer");
resource!(TargetGroup, target_groups, "Target group", "TargetGroupNotFound", "targetGroupArn", "targetgroup");
resource!(Listener, listeners, "Listener", "ListenerNotFound", "listenerArn", "listener");
resource!(ListenerRule, rules, "Rule", "RuleNotFound", "ruleArn", "listener-rule");

/// Refuses what is not the ARN of such a resource in this account and region.
pub(super) fn checked_arn<'a, T: Resource>(world: &World, arn: Option<&'a str>) -> Result<&'a str, ApiError> {
    let arn = check::required(T::MEMBER, arn)?;
    let prefix = world.arn("elasticloadbalancing", &format!("{}/", T::PATH));
    if arn.len() > prefix.len() && arn.starts_with(&prefix) {
        Ok(arn)
    } else {
        Err(ApiError::validation(format!("'{arn}' is not a valid {} ARN", T::NOUN.to_lowercase())))
    }
}

pub(super) fn not_found<T: Resource>(arn: &str) -> ApiError {
    ApiError::new(T::NOT_FOUND, format!("{} '{arn}' not found", T::NOUN))
}

/// The resource that a request changes.
pub(super) fn find<'a, T: Resource>(world: &'a World, arn: Option<&str>) -> Result<&'a T, ApiError> {
    let arn = checked_arn::<T>(world, arn)?;
    let found = T::all(&world.elb).get(arn).filter(|resource| world.can_be_named(resource.created()));
    found.ok_or_else(|| not_found::<T>(arn))
}

pub(super) fn find_mut<'a, T: Resource>(world: &'a mut World, arn: Option<&str>) -> Result<&'a mut T, ApiError> {
    let arn = find::<T>(world, arn).map(|_| arn.unwrap_or_default())?;
    T::all_mut(&mut world.elb).get_mut(arn).ok_or_else(|| not_found::<T>(arn))
}

/// The resource that a request describes: one that is too new is not there yet.
pub(super) fn see<'a, T: Resource>(world: &'a World, arn: Option<&str>) -> Result<&'a T, ApiError> {
    let arn = checked_arn::<T>(world, arn)?;
    T::all(&world.elb).get(arn).filter(|resource| world.visible(resource.created())).ok_or_else(|| not_found::<T>(arn))
}

/// All that a describe without names or ARNs shows.
pub(super) fn see_all<T: Resource>(world: &World) -> impl Iterator<Item = &T> {
    T::all(&world.elb).values().filter(|resource| world.visible(resource.created()))
}
