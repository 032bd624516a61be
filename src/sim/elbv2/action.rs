//! Actions of listeners and rules: what is allowed, and how they are answered.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types as sdk;
use aws_sdk_elasticloadbalancingv2::types::{ActionTypeEnum as Type, ProtocolEnum as Protocol};

use super::action_config::{cognito, fixed_response, jwt, oidc, redirect};
use super::check::{self, invalid_configuration};
use super::model::{Balancer, Kind, TargetGroup, checked_arn, not_found, target_groups};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// The most actions in a rule.
const LIMIT: usize = 5;
/// Where actions are to stand.
pub(super) struct Place<'a> {
    pub(super) balancer: &'a Balancer,
    /// The protocol of the listener; `None` on a Gateway Load Balancer.
    pub(super) protocol: Option<&'a Protocol>,
    /// The actions that stand there now.
    pub(super) before: &'a [sdk::Action],
}

pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidLoadBalancerAction", message)
}

impl Place<'_> {
    /// The actions as they are stored and answered: in order, with all their defaults.
    pub(super) fn resolve(&self, world: &World, requested: &[sdk::Action]) -> Result<Vec<sdk::Action>, ApiError> {
        if requested.is_empty() {
            return Err(ApiError::validation("At least one action must be specified"));
        }
        if requested.len() > LIMIT {
            return Err(ApiError::new("TooManyActions", "You've reached the limit on the number of actions per rule"));
        }
        let mut actions =
            requested.iter().map(|action| self.resolve_one(world, action)).collect::<Result<Vec<_>, _>>()?;
        order(&mut actions)?;
        let new = target_groups(&actions);
        let count = world.elb.groups_of(&self.balancer.arn).into_iter().chain(new).collect::<BTreeSet<_>>().len();
        if self.balancer.settings.kind == Kind::Application
            && count > world.settings.quotas.target_groups_per_load_balancer
        {
            return Err(ApiError::new(
                "TooManyUniqueTargetGroupsPerLoadBalancer",
                "You've reached the limit on the number of unique target groups per load balancer",
            ));
        }
        Ok(actions)
    }

    fn resolve_one(&self, world: &World, action: &sdk::Action) -> Result<sdk::Action, ApiError> {
        let kind = check::required("actions.member.type", action.r#type())?;
        check::one_of("actions.member.type", kind.as_str(), Type::values())?;
        self.check_type(kind)?;
        if let Some(order) = action.order() {
            check::within("actions.member.order", order, 1..=50_000)?;
        }
        only_config_of(kind, action)?;
        let resolved = sdk::Action::builder().r#type(kind.clone()).set_order(action.order());
        Ok(match kind {
            Type::Forward => {
                let forward = self.forward(world, action)?;
                let single = match forward.target_groups() {
                    [only] => only.target_group_arn.clone(),
                    _ => None,
                };
                resolved.set_target_group_arn(single).forward_config(forward)
            }
            Type::Redirect => {
                resolved.redirect_config(redirect(config(kind, action.redirect_config())?, self.protocol)?)
            }
            Type::FixedResponse => {
                resolved.fixed_response_config(fixed_response(config(kind, action.fixed_response_config())?)?)
            }
            Type::AuthenticateOidc => resolved
                .authenticate_oidc_config(oidc(config(kind, action.authenticate_oidc_config())?, self.has_oidc())?),
            Type::AuthenticateCognito => {
                resolved.authenticate_cognito_config(cognito(config(kind, action.authenticate_cognito_config())?)?)
            }
            _ => resolved.jwt_validation_config(jwt(config(kind, action.jwt_validation_config())?)?),
        }
        .build())
    }

    /// Whether actions of the type can stand here.
    fn check_type(&self, kind: &Type) -> Result<(), ApiError> {
        if self.balancer.settings.kind != Kind::Application && *kind != Type::Forward {
            return Err(invalid(format!(
                "Actions with type '{}' are not supported for load balancers with type '{}'",
                kind.as_str(),
                self.balancer.settings.kind.name()
            )));
        }
        let authenticates = matches!(kind, Type::AuthenticateCognito | Type::AuthenticateOidc | Type::JwtValidation);
        if authenticates && self.protocol != Some(&Protocol::Https) {
            return Err(invalid(format!(
                "Actions with type '{}' are supported only on HTTPS listeners",
                kind.as_str()
            )));
        }
        Ok(())
    }

    /// Whether the actions that stand here still can, after the listener has changed.
    pub(super) fn recheck(&self, world: &World) -> Result<(), ApiError> {
        self.before.iter().filter_map(sdk::Action::r#type).try_for_each(|kind| self.check_type(kind))?;
        target_groups(self.before).try_for_each(|arn| self.check_group(world, arn))
    }

    fn has_oidc(&self) -> bool {
        self.before.iter().any(|action| action.r#type() == Some(&Type::AuthenticateOidc))
    }

    fn forward(&self, world: &World, action: &sdk::Action) -> Result<sdk::ForwardActionConfig, ApiError> {
        let listed = action.forward_config().map(sdk::ForwardActionConfig::target_groups).unwrap_or_default();
        let groups = match (action.target_group_arn(), listed) {
            (Some(arn), []) => vec![sdk::TargetGroupTuple::builder().target_group_arn(arn).build()],
            (Some(arn), [only]) if only.target_group_arn() == Some(arn) => listed.to_vec(),
            (None, [_, ..]) => listed.to_vec(),
            (None, []) => {
                return Err(invalid("A target group must be specified for actions with type 'forward'"));
            }
            (Some(_), _) => {
                return Err(invalid("The target group ARN must be the only target group of the forward config"));
            }
        };
        if groups.len() > 5 {
            return Err(ApiError::validation("A forward action can have at most '5' target groups"));
        }
        let mut seen = BTreeSet::new();
        let mut tuples = Vec::new();
        for tuple in &groups {
            let arn = checked_arn::<TargetGroup>(world, tuple.target_group_arn())?;
            if !seen.insert(arn) {
                return Err(invalid(format!("Target group '{arn}' was specified more than once")));
            }
            self.check_group(world, arn)?;
            let weight =
                check::within("forwardConfig.targetGroups.member.weight", tuple.weight().unwrap_or(1), 0..=999)?;
            tuples.push(sdk::TargetGroupTuple::builder().target_group_arn(arn).weight(weight).build());
        }
        let stickiness = action.forward_config().and_then(sdk::ForwardActionConfig::target_group_stickiness_config);
        Ok(sdk::ForwardActionConfig::builder()
            .set_target_groups(Some(tuples))
            .target_group_stickiness_config(checked_stickiness(stickiness)?)
            .build())
    }

    /// Whether the balancer and its listener can route to the target group.
    fn check_group(&self, world: &World, arn: &str) -> Result<(), ApiError> {
        let group = world.elb.target_groups.get(arn).filter(|group| world.can_be_named(group.created));
        let group = group.ok_or_else(|| not_found::<TargetGroup>(arn))?;
        if !compatible(self.protocol, group.settings.protocol.as_ref()) {
            return Err(ApiError::new(
                "IncompatibleProtocols",
                format!(
                    "Target group '{arn}' with protocol '{}' is not compatible with listeners with protocol '{}'",
                    group.settings.protocol.as_ref().map_or("none", Protocol::as_str),
                    self.protocol.map_or("none", Protocol::as_str)
                ),
            ));
        }
        if group.settings.vpc.as_deref().is_some_and(|vpc| vpc != self.balancer.settings.vpc) {
            return Err(invalid_configuration(format!(
                "Target group '{arn}' is not in the VPC '{}' of the load balancer",
                self.balancer.settings.vpc
            )));
        }
        if group.settings.ip_address_type == "ipv6" && self.balancer.settings.ip_address_type == "ipv4" {
            return Err(invalid_configuration(format!(
                "Target group '{arn}' with IP address type 'ipv6' requires a dualstack load balancer"
            )));
        }
        if world.elb.user_of(arn).is_some_and(|user| user.arn != self.balancer.arn) {
            return Err(ApiError::new(
                "TargetGroupAssociationLimit",
                format!("The following target groups cannot be associated with more than one load balancer: {arn}"),
            ));
        }
        Ok(())
    }
}

/// Whether listeners of the one protocol route to target groups of the other. Lambda functions
/// have none and stand behind HTTP.
fn compatible(listener: Option<&Protocol>, group: Option<&Protocol>) -> bool {
    match (listener, group) {
        (None, group) => group == Some(&Protocol::Geneve),
        (Some(Protocol::Http | Protocol::Https), group) => {
            matches!(group, None | Some(Protocol::Http | Protocol::Https))
        }
        (Some(Protocol::Tcp), Some(group)) => matches!(group, Protocol::Tcp | Protocol::TcpUdp),
        (Some(Protocol::Tls), Some(group)) => matches!(group, Protocol::Tls | Protocol::Tcp),
        (Some(Protocol::Udp), Some(group)) => matches!(group, Protocol::Udp | Protocol::TcpUdp),
        (Some(Protocol::Quic), Some(group)) => matches!(group, Protocol::Quic | Protocol::TcpQuic),
        (Some(listener), group) => group == Some(listener),
    }
}

fn checked_stickiness(
    config: Option<&sdk::TargetGroupStickinessConfig>,
) -> Result<sdk::TargetGroupStickinessConfig, ApiError> {
    let enabled = config.and_then(sdk::TargetGroupStickinessConfig::enabled).unwrap_or(false);
    let duration = config.and_then(sdk::TargetGroupStickinessConfig::duration_seconds);
    if let Some(duration) = duration {
        check::within("targetGroupStickinessConfig.durationSeconds", duration, 1..=604_800)?;
    }
    if enabled && duration.is_none() {
        return Err(invalid("A duration must be specified when target group stickiness is enabled"));
    }
    Ok(sdk::TargetGroupStickinessConfig::builder().enabled(enabled).set_duration_seconds(duration).build())
}

/// Refuses a config of another type than the action's.
fn only_config_of(kind: &Type, action: &sdk::Action) -> Result<(), ApiError> {
    let configs = [
        (Type::Forward, action.target_group_arn.is_some() || action.forward_config.is_some()),
        (Type::Redirect, action.redirect_config.is_some()),
        (Type::FixedResponse, action.fixed_response_config.is_some()),
        (Type::AuthenticateOidc, action.authenticate_oidc_config.is_some()),
        (Type::AuthenticateCognito, action.authenticate_cognito_config.is_some()),
        (Type::JwtValidation, action.jwt_validation_config.is_some()),
    ];
    for (other, given) in configs {
        if given && other != *kind {
            return Err(invalid(format!(
                "A config for type '{}' cannot be specified for actions with type '{}'",
                other.as_str(),
                kind.as_str()
            )));
        }
    }
    Ok(())
}

fn config<'a, T>(kind: &Type, config: Option<&'a T>) -> Result<&'a T, ApiError> {
    config.ok_or_else(|| invalid(format!("A config must be specified for actions with type '{}'", kind.as_str())))
}

/// Puts actions in order; exactly one of them ends the rule, and it is the last.
fn order(actions: &mut [sdk::Action]) -> Result<(), ApiError> {
    if actions.len() > 1 {
        if actions.iter().any(|action| action.order().is_none()) {
            return Err(invalid("An order must be specified for each action of a rule with multiple actions"));
        }
        let orders: BTreeSet<_> = actions.iter().map(sdk::Action::order).collect();
        if orders.len() < actions.len() {
            return Err(invalid("The order of each action of a rule must be unique"));
        }
        actions.sort_by_key(sdk::Action::order);
    }
    let ends =
        |action: &sdk::Action| matches!(action.r#type(), Some(Type::Forward | Type::Redirect | Type::FixedResponse));
    let count = actions.iter().filter(|action| ends(action)).count();
    if count != 1 || !actions.last().is_some_and(ends) {
        return Err(invalid(
            "A rule must include exactly one action with type 'forward', 'redirect' or 'fixed-response', \
             and it must be the last to be performed",
        ));
    }
    if actions.len() > 2 {
        let types: BTreeSet<_> = actions.iter().filter_map(|action| action.r#type()).map(Type::as_str).collect();
        if types.len() < actions.len() {
            return Err(invalid("A rule can include each type of action only once"));
        }
    }
    Ok(())
}
