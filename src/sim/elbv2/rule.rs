//! Rules of listeners: creation, description, change, order, deletion.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::operation::create_rule::{CreateRuleInput, CreateRuleOutput};
use aws_sdk_elasticloadbalancingv2::operation::delete_rule::{DeleteRuleInput, DeleteRuleOutput};
use aws_sdk_elasticloadbalancingv2::operation::describe_rules::{DescribeRulesInput, DescribeRulesOutput};
use aws_sdk_elasticloadbalancingv2::operation::modify_rule::{ModifyRuleInput, ModifyRuleOutput};
use aws_sdk_elasticloadbalancingv2::operation::set_rule_priorities::{SetRulePrioritiesInput, SetRulePrioritiesOutput};
use aws_sdk_elasticloadbalancingv2::types as sdk;

use super::action::Place;
use super::check::{self, invalid_configuration};
use super::condition;
use super::model::{Balancer, Kind, Listener, ListenerRule, Resource, checked_arn, find, find_mut, see, see_all};
use super::tag;
use crate::sim::error::ApiError;
use crate::sim::world::World;

pub(super) fn create(world: &mut World, input: &CreateRuleInput) -> Result<CreateRuleOutput, ApiError> {
    let listener = find::<Listener>(world, input.listener_arn())?;
    let balancer = find::<Balancer>(world, Some(&listener.balancer))?;
    let priority = checked_priority(input.priority())?;
    let kind = balancer.settings.kind;
    if kind == Kind::Gateway || (kind == Kind::Network && balancer.settings.ip_address_type != "dualstack") {
        return Err(invalid_configuration(
            "Rules are supported only for listeners of Application Load Balancers and dualstack Network Load Balancers",
        ));
    }
    let conditions = condition::resolve(kind, input.conditions())?;
    let transforms = condition::checked_transforms(kind, input.transforms())?;
    let place = Place { balancer, protocol: listener.settings.protocol.as_ref(), before: &[] };
    let actions = place.resolve(world, input.actions())?;
    let tags = tag::checked(input.tags())?;
    if world.elb.rules_of(&listener.arn).any(|rule| rule.priority == Some(priority)) {
        return Err(in_use(priority));
    }
    let rules = world.elb.listeners_of(&balancer.arn).flat_map(|listener| world.elb.rules_of(&listener.arn));
    if rules.filter(|rule| rule.priority.is_some()).count() >= world.settings.quotas.rules_per_load_balancer {
        return Err(ApiError::new("TooManyRules", "You've reached the limit on the number of rules per load balancer"));
    }

    let listener = listener.arn.clone();
    let path = listener.split_once('/').map_or(listener.as_str(), |(_, path)| path);
    let suffix = world.new_suffix();
    let rule = ListenerRule {
        arn: world.arn("elasticloadbalancing", &format!("{}/{path}/{suffix}", ListenerRule::PATH)),
        listener,
        priority: Some(priority),
        conditions,
        actions,
        transforms,
        created: world.now,
        tags,
    };
    let output = describe_one(&rule);
    world.elb.rules.insert(rule.arn.clone(), rule);
    world.elb.note_use(world.now);
    Ok(CreateRuleOutput::builder().rules(output).build())
}

fn checked_priority(priority: Option<i32>) -> Result<i32, ApiError> {
    check::within("priority", check::required("priority", priority)?, 1..=50_000)
}

fn in_use(priority: i32) -> ApiError {
    ApiError::new("PriorityInUse", format!("Priority '{priority}' is currently in use"))
}

pub(super) fn describe(world: &mut World, input: &DescribeRulesInput) -> Result<DescribeRulesOutput, ApiError> {
    let mut found: Vec<&ListenerRule> = Vec::new();
    match (input.listener_arn(), input.rule_arns()) {
        (Some(listener), []) => {
            let listener = see::<Listener>(world, Some(listener))?;
            found.extend(see_all::<ListenerRule>(world).filter(|rule| rule.listener == listener.arn));
            found.sort_by_key(|rule| rule.priority.unwrap_or(i32::MAX));
        }
        (None, arns @ [_, ..]) => {
            for arn in arns {
                checked_arn::<ListenerRule>(world, Some(arn))?;
                found.push(
                    see(world, Some(arn))
                        .map_err(|_| ApiError::new(ListenerRule::NOT_FOUND, "One or more rules not found"))?,
                );
            }
        }
        (None, []) => {
            return Err(ApiError::validation("You must specify either listener rule ARNs or a listener ARN"));
        }
        (Some(_), _) => {
            return Err(ApiError::validation(
                "You cannot specify both a list of listener rule ARNs and a listener ARN",
            ));
        }
    }
    let (page, next) = check::page(found, input.marker(), input.page_size())?;
    let rules = page.into_iter().map(describe_one).collect();
    Ok(DescribeRulesOutput::builder().set_rules(Some(rules)).set_next_marker(next).build())
}

fn describe_one(rule: &ListenerRule) -> sdk::Rule {
    sdk::Rule::builder()
        .rule_arn(&rule.arn)
        .priority(rule.priority.map_or_else(|| "default".to_owned(), |priority| priority.to_string()))
        .is_default(rule.priority.is_none())
        .set_conditions(Some(rule.conditions.clone()))
        .set_actions(Some(rule.actions.clone()))
        .set_transforms(Some(rule.transforms.clone()))
        .build()
}

fn refuse_default(rule: &ListenerRule, what: &str) -> Result<(), ApiError> {
    if rule.priority.is_none() {
        return Err(ApiError::new("OperationNotPermitted", format!("Default rule '{}' cannot be {what}", rule.arn)));
    }
    Ok(())
}

pub(super) fn modify(world: &mut World, input: &ModifyRuleInput) -> Result<ModifyRuleOutput, ApiError> {
    let rule = find::<ListenerRule>(world, input.rule_arn())?;
    refuse_default(rule, "modified")?;
    let resets = input.reset_transforms() == Some(true);
    if input.conditions.is_none() && input.actions.is_none() && input.transforms.is_none() && !resets {
        return Err(ApiError::validation("Either conditions, actions or transforms must be specified"));
    }
    if resets && input.transforms.is_some() {
        return Err(ApiError::validation("Transforms cannot be specified and reset at the same time"));
    }
    let listener = find::<Listener>(world, Some(&rule.listener))?;
    let balancer = find::<Balancer>(world, Some(&listener.balancer))?;
    let kind = balancer.settings.kind;
    let mut changed = rule.clone();
    if let Some(conditions) = &input.conditions {
        changed.conditions = condition::resolve(kind, conditions)?;
    }
    if let Some(transforms) = &input.transforms {
        changed.transforms = condition::checked_transforms(kind, transforms)?;
    }
    if resets {
        changed.transforms.clear();
    }
    if let Some(actions) = &input.actions {
        let place = Place { balancer, protocol: listener.settings.protocol.as_ref(), before: &rule.actions };
        changed.actions = place.resolve(world, actions)?;
    }
    let output = describe_one(&changed);
    world.elb.rules.insert(changed.arn.clone(), changed);
    world.elb.note_use(world.now);
    Ok(ModifyRuleOutput::builder().rules(output).build())
}

pub(super) fn delete(world: &mut World, input: &DeleteRuleInput) -> Result<DeleteRuleOutput, ApiError> {
    let rule = find::<ListenerRule>(world, input.rule_arn())?;
    refuse_default(rule, "deleted")?;
    let arn = rule.arn.clone();
    world.elb.rules.remove(&arn);
    world.elb.note_use(world.now);
    Ok(DeleteRuleOutput::builder().build())
}

/// Sets the priorities of several rules at once: what counts is the order after all of them.
pub(super) fn set_priorities(
    world: &mut World,
    input: &SetRulePrioritiesInput,
) -> Result<SetRulePrioritiesOutput, ApiError> {
    let pairs = check::required("rulePriorities", input.rule_priorities.as_ref().filter(|pairs| !pairs.is_empty()))?;
    let mut wanted = BTreeMap::new();
    let mut listeners = BTreeSet::new();
    for pair in pairs {
        let rule = find::<ListenerRule>(world, pair.rule_arn())?;
        refuse_default(rule, "given another priority")?;
        let priority = checked_priority(pair.priority())?;
        listeners.insert(rule.listener.clone());
        if wanted.insert(rule.arn.clone(), priority).is_some() {
            return Err(ApiError::validation(format!("Rule '{}' was provided multiple times", rule.arn)));
        }
    }
    for listener in &listeners {
        let mut taken = BTreeSet::new();
        for rule in world.elb.rules_of(listener).filter(|rule| rule.priority.is_some()) {
            let priority = wanted.get(&rule.arn).copied().or(rule.priority);
            if let Some(priority) = priority.filter(|priority| !taken.insert(*priority)) {
                let asked_for = wanted.values().filter(|wanted| **wanted == priority).count();
                return Err(if asked_for > 1 {
                    ApiError::validation(format!("Priority '{priority}' was provided multiple times"))
                } else {
                    in_use(priority)
                });
            }
        }
    }
    let mut output = SetRulePrioritiesOutput::builder();
    for (arn, priority) in wanted {
        let rule = find_mut::<ListenerRule>(world, Some(&arn))?;
        rule.priority = Some(priority);
        output = output.rules(describe_one(rule));
    }
    Ok(output.build())
}
