//! Listeners: creation, description, change, deletion.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::operation::create_listener::{CreateListenerInput, CreateListenerOutput};
use aws_sdk_elasticloadbalancingv2::operation::delete_listener::{DeleteListenerInput, DeleteListenerOutput};
use aws_sdk_elasticloadbalancingv2::operation::describe_listeners::{DescribeListenersInput, DescribeListenersOutput};
use aws_sdk_elasticloadbalancingv2::operation::modify_listener::{ModifyListenerInput, ModifyListenerOutput};
use aws_sdk_elasticloadbalancingv2::types as sdk;
use aws_sdk_elasticloadbalancingv2::types::ProtocolEnum as Protocol;

use super::action::Place;
use super::attribute;
use super::check::{self, invalid_configuration};
use super::listener_settings::{Request, is_udp};
use super::model::{
    Balancer, ElbState, Listener, ListenerRule, ListenerSettings, Resource, checked_arn, find, find_mut, see, see_all,
};
use super::tag;
use crate::sim::error::ApiError;
use crate::sim::world::World;

pub(super) fn create(world: &mut World, input: &CreateListenerInput) -> Result<CreateListenerOutput, ApiError> {
    let balancer = find::<Balancer>(world, input.load_balancer_arn())?;
    let settings = Request::from(input).resolve(world, balancer, None)?;
    let place = Place { balancer, protocol: settings.protocol.as_ref(), before: &[] };
    let actions = place.resolve(world, input.default_actions())?;
    let tags = tag::checked(input.tags())?;
    if let Some(existing) = occupant(&world.elb, &balancer.arn, settings.port) {
        if existing.settings != settings || default_actions(&world.elb, existing) != actions {
            return Err(duplicate(&balancer.arn));
        }
        return Ok(CreateListenerOutput::builder().listeners(describe_one(&world.elb, existing)).build());
    }
    if world.elb.listeners_of(&balancer.arn).count() >= world.settings.quotas.listeners_per_load_balancer {
        return Err(ApiError::new(
            "TooManyListeners",
            "You've reached the limit on the number of listeners per load balancer",
        ));
    }
    check_dual_stack_with(balancer, settings.protocol.as_ref())?;

    let (balancer, path) = (balancer.arn.clone(), balancer.path().to_owned());
    let suffix = world.new_suffix();
    let path = format!("{path}/{suffix}");
    let arn = world.arn("elasticloadbalancing", &format!("{}/{path}", Listener::PATH));
    let suffix = world.new_suffix();
    let rule = ListenerRule {
        arn: world.arn("elasticloadbalancing", &format!("{}/{path}/{suffix}", ListenerRule::PATH)),
        listener: arn.clone(),
        priority: None,
        conditions: Vec::new(),
        actions,
        transforms: Vec::new(),
        created: world.now,
        tags: BTreeMap::new(),
    };
    let listener = Listener {
        arn: arn.clone(),
        balancer,
        settings,
        default_rule: rule.arn.clone(),
        certificates: BTreeSet::new(),
        created: world.now,
        attributes: BTreeMap::new(),
        tags,
    };
    world.elb.rules.insert(rule.arn.clone(), rule);
    let output = describe_one(&world.elb, &listener);
    world.elb.listeners.insert(arn, listener);
    world.elb.note_use(world.now);
    Ok(CreateListenerOutput::builder().listeners(output).build())
}

/// The balancer's listener on the port. A Gateway Load Balancer has one listener, and no ports.
fn occupant<'a>(state: &'a ElbState, balancer: &str, port: Option<i32>) -> Option<&'a Listener> {
    state.listeners.values().find(|listener| listener.balancer == balancer && listener.settings.port == port)
}

fn duplicate(balancer: &str) -> ApiError {
    ApiError::new(
        "DuplicateListener",
        format!("A listener already exists on this port for this load balancer '{balancer}'"),
    )
}

/// "You can't specify the UDP, TCP_UDP, QUIC, or TCP_QUIC protocol if dual-stack mode is
/// enabled" without a prefix for source NAT.
fn check_dual_stack_with(balancer: &Balancer, protocol: Option<&Protocol>) -> Result<(), ApiError> {
    let settings = &balancer.settings;
    if protocol.is_some_and(is_udp) && settings.ip_address_type == "dualstack" && !settings.source_nat {
        return Err(invalid_configuration(
            "Listeners with UDP on a dualstack load balancer require a prefix for IPv6 source NAT",
        ));
    }
    Ok(())
}

/// Whether the balancer's listeners allow its address type.
pub(super) fn check_dual_stack(world: &World, balancer: &Balancer) -> Result<(), ApiError> {
    world
        .elb
        .listeners_of(&balancer.arn)
        .try_for_each(|listener| check_dual_stack_with(balancer, listener.settings.protocol.as_ref()))
}

fn default_actions<'a>(state: &'a ElbState, listener: &Listener) -> &'a [sdk::Action] {
    state.rules.get(&listener.default_rule).map_or(&[], |rule| &rule.actions)
}

pub(super) fn describe(world: &mut World, input: &DescribeListenersInput) -> Result<DescribeListenersOutput, ApiError> {
    let arns = input.listener_arns();
    let mut found: Vec<&Listener> = Vec::new();
    match (input.load_balancer_arn(), arns) {
        (Some(balancer), []) => {
            let balancer = see::<Balancer>(world, Some(balancer))?;
            found.extend(see_all::<Listener>(world).filter(|listener| listener.balancer == balancer.arn));
        }
        (None, [_, ..]) => {
            for arn in arns {
                checked_arn::<Listener>(world, Some(arn))?;
                found.push(
                    see(world, Some(arn))
                        .map_err(|_| ApiError::new(Listener::NOT_FOUND, "One or more listeners not found"))?,
                );
            }
        }
        (None, []) => {
            return Err(ApiError::validation("You must specify either listener ARNs or a load balancer ARN"));
        }
        (Some(_), _) => {
            return Err(ApiError::validation(
                "You cannot specify both a list of listener ARNs and a load balancer ARN",
            ));
        }
    }
    let (page, next) = check::page(found, input.marker(), input.page_size())?;
    let listeners = page.into_iter().map(|listener| describe_one(&world.elb, listener)).collect();
    Ok(DescribeListenersOutput::builder().set_listeners(Some(listeners)).set_next_marker(next).build())
}

fn describe_one(state: &ElbState, listener: &Listener) -> sdk::Listener {
    let ListenerSettings { port, protocol, certificate, ssl_policy, alpn_policy, mutual_authentication } =
        &listener.settings;
    let certificate = certificate.as_ref().map(|arn| sdk::Certificate::builder().certificate_arn(arn).build());
    sdk::Listener::builder()
        .listener_arn(&listener.arn)
        .load_balancer_arn(&listener.balancer)
        .set_port(*port)
        .set_protocol(protocol.clone())
        .set_certificates(certificate.map(|certificate| vec![certificate]))
        .set_ssl_policy(ssl_policy.clone())
        .set_alpn_policy(alpn_policy.clone().map(|policy| vec![policy]))
        .set_mutual_authentication(mutual_authentication.clone())
        .set_default_actions(Some(default_actions(state, listener).to_vec()))
        .build()
}

pub(super) fn modify(world: &mut World, input: &ModifyListenerInput) -> Result<ModifyListenerOutput, ApiError> {
    let listener = find::<Listener>(world, input.listener_arn())?;
    let balancer = find::<Balancer>(world, Some(&listener.balancer))?;
    let settings = Request::from(input).resolve(world, balancer, Some(&listener.settings))?;
    if occupant(&world.elb, &balancer.arn, settings.port).is_some_and(|other| other.arn != listener.arn) {
        return Err(duplicate(&balancer.arn));
    }
    check_dual_stack_with(balancer, settings.protocol.as_ref())?;
    // A new protocol has to suit every rule of the listener, not only the default actions.
    let place = |before| Place { balancer, protocol: settings.protocol.as_ref(), before };
    if settings.protocol != listener.settings.protocol {
        for rule in world.elb.rules_of(&listener.arn) {
            let replaced = rule.priority.is_none() && input.default_actions.is_some();
            if !replaced {
                place(&rule.actions).recheck(world)?;
            }
        }
    }
    let actions = match &input.default_actions {
        Some(actions) => Some(place(default_actions(&world.elb, listener)).resolve(world, actions)?),
        None => None,
    };

    let default_rule = listener.default_rule.clone();
    let has_certificates = matches!(settings.protocol, Some(Protocol::Https | Protocol::Tls));
    if let (Some(actions), Some(rule)) = (actions, world.elb.rules.get_mut(&default_rule)) {
        rule.actions = actions;
    }
    let listener = find_mut::<Listener>(world, input.listener_arn())?;
    listener.settings = settings;
    if !has_certificates {
        listener.certificates.clear();
    }
    attribute::keep_listener(listener);
    let listener = listener.clone();
    world.elb.note_use(world.now);
    Ok(ModifyListenerOutput::builder().listeners(describe_one(&world.elb, &listener)).build())
}

pub(super) fn delete(world: &mut World, input: &DeleteListenerInput) -> Result<DeleteListenerOutput, ApiError> {
    let arn = find::<Listener>(world, input.listener_arn())?.arn.clone();
    world.elb.listeners.remove(&arn);
    world.elb.rules.retain(|_, rule| rule.listener != arn);
    world.elb.note_use(world.now);
    Ok(DeleteListenerOutput::builder().build())
}
