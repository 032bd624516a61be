//! What IAM checks before Elastic Load Balancing does something (Service Authorization Reference,
//! "Actions, resources, and condition keys for AWS Elastic Load Balancing V2").

use aws_sdk_elasticloadbalancingv2::types::{Action, LoadBalancerTypeEnum, Tag};

use super::tag;
use crate::sim::iam::{Check, anywhere, checks};
use crate::sim::world::World;

const SERVICE: &str = "elasticloadbalancing";

anywhere! { aws_sdk_elasticloadbalancingv2:
    describe_load_balancers::DescribeLoadBalancersInput,
    describe_load_balancer_attributes::DescribeLoadBalancerAttributesInput,
    describe_capacity_reservation::DescribeCapacityReservationInput,
    describe_target_groups::DescribeTargetGroupsInput,
    describe_target_group_attributes::DescribeTargetGroupAttributesInput,
    describe_target_health::DescribeTargetHealthInput,
    describe_listeners::DescribeListenersInput,
    describe_listener_attributes::DescribeListenerAttributesInput,
    describe_listener_certificates::DescribeListenerCertificatesInput,
    describe_rules::DescribeRulesInput,
    describe_tags::DescribeTagsInput,
    describe_ssl_policies::DescribeSslPoliciesInput,
    describe_account_limits::DescribeAccountLimitsInput,
}

checks! { aws_sdk_elasticloadbalancingv2, action, world:
    create_load_balancer::CreateLoadBalancerInput, |input| {
        let kind = match input.r#type() {
            Some(LoadBalancerTypeEnum::Network) => "net",
            Some(LoadBalancerTypeEnum::Gateway) => "gwy",
            _ => "app",
        };
        let arn = world.arn(SERVICE, &format!("loadbalancer/{kind}/{}/*", input.name().unwrap_or_default()));
        made(action, Check::on(action, arn.clone()), arn, input.tags())
    };
    delete_load_balancer::DeleteLoadBalancerInput, |input| on(world, action, input.load_balancer_arn());
    modify_load_balancer_attributes::ModifyLoadBalancerAttributesInput, |input| {
        on(world, action, input.load_balancer_arn())
    };
    set_security_groups::SetSecurityGroupsInput, |input| on(world, action, input.load_balancer_arn());
    set_subnets::SetSubnetsInput, |input| on(world, action, input.load_balancer_arn());
    set_ip_address_type::SetIpAddressTypeInput, |input| on(world, action, input.load_balancer_arn());
    modify_ip_pools::ModifyIpPoolsInput, |input| on(world, action, input.load_balancer_arn());
    modify_capacity_reservation::ModifyCapacityReservationInput, |input| on(world, action, input.load_balancer_arn());
    create_target_group::CreateTargetGroupInput, |input| {
        let arn = world.arn(SERVICE, &format!("targetgroup/{}/*", input.name().unwrap_or_default()));
        made(action, Check::on(action, arn.clone()), arn, input.tags())
    };
    delete_target_group::DeleteTargetGroupInput, |input| on(world, action, input.target_group_arn());
    modify_target_group::ModifyTargetGroupInput, |input| on(world, action, input.target_group_arn());
    modify_target_group_attributes::ModifyTargetGroupAttributesInput, |input| {
        on(world, action, input.target_group_arn())
    };
    register_targets::RegisterTargetsInput, |input| on(world, action, input.target_group_arn());
    deregister_targets::DeregisterTargetsInput, |input| on(world, action, input.target_group_arn());
    create_listener::CreateListenerInput, |input| {
        let balancer = input.load_balancer_arn().unwrap_or_default();
        let listener = balancer.replacen(":loadbalancer/", ":listener/", 1) + "/*";
        let checks = made(action, existing(world, action, balancer), listener, input.tags());
        checks.into_iter().chain(logins(world, input.default_actions())).collect()
    };
    delete_listener::DeleteListenerInput, |input| on(world, action, input.listener_arn());
    modify_listener::ModifyListenerInput, |input| {
        let listener = on(world, action, input.listener_arn());
        listener.into_iter().chain(logins(world, input.default_actions())).collect()
    };
    modify_listener_attributes::ModifyListenerAttributesInput, |input| on(world, action, input.listener_arn());
    add_listener_certificates::AddListenerCertificatesInput, |input| on(world, action, input.listener_arn());
    remove_listener_certificates::RemoveListenerCertificatesInput, |input| on(world, action, input.listener_arn());
    create_rule::CreateRuleInput, |input| {
        let listener = input.listener_arn().unwrap_or_default();
        let rule = listener.replacen(":listener/", ":listener-rule/", 1) + "/*";
        let checks = made(action, existing(world, action, listener), rule, input.tags());
        checks.into_iter().chain(logins(world, input.actions())).collect()
    };
    delete_rule::DeleteRuleInput, |input| on(world, action, input.rule_arn());
    modify_rule::ModifyRuleInput, |input| {
        let rule = on(world, action, input.rule_arn());
        rule.into_iter().chain(logins(world, input.actions())).collect()
    };
    set_rule_priorities::SetRulePrioritiesInput, |input| {
        let rules = input.rule_priorities().iter().filter_map(|pair| pair.rule_arn());
        // The reference names no condition keys for it.
        rules.map(|rule| Check::on(action, rule.to_owned())).collect()
    };
    add_tags::AddTagsInput, |input| {
        input.resource_arns().iter().map(|arn| existing(world, action, arn).requesting(pairs(input.tags()))).collect()
    };
    remove_tags::RemoveTagsInput, |input| {
        let keys = |check: Check| input.tag_keys().iter().fold(check, |check, key| check.with("aws:TagKeys", key));
        input.resource_arns().iter().map(|arn| keys(existing(world, action, arn))).collect()
    };
}

fn pairs(tags: &[Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|tag| (tag.key().unwrap_or_default(), tag.value().unwrap_or_default()))
}

/// Something that exists, or does not.
fn existing(world: &World, action: &str, arn: &str) -> Check {
    let tags = tag::of(world, arn);
    let exists = tags.is_some();
    let tags = tags.iter().flat_map(|tags| tags.iter()).map(|(key, value)| (key.as_str(), value.as_str()));
    Check::on(action, arn.to_owned()).tagged(SERVICE, tags).exists_if(exists)
}

fn on(world: &World, action: &str, arn: Option<&str>) -> Vec<Check> {
    vec![existing(world, action, arn.unwrap_or_default())]
}

/// A call that makes something: on what it is checked, and what gets the tags.
fn made(action: &str, check: Check, arn: String, tags: &[Tag]) -> Vec<Check> {
    let mut checks = vec![check.requesting(pairs(tags))];
    if !tags.is_empty() {
        let call = action.rsplit(':').next().unwrap_or(action);
        let tagging = Check::on("elasticloadbalancing:AddTags", arn).requesting(pairs(tags));
        checks.push(tagging.with("elasticloadbalancing:CreateAction", call));
    }
    checks
}

/// Who has users log in with Cognito reads their client (Application Load Balancers User Guide,
/// "Authenticate users", "Prepare to use Amazon Cognito").
fn logins(world: &World, actions: &[Action]) -> Vec<Check> {
    let logins = actions.iter().filter_map(|action| action.authenticate_cognito_config());
    let pools = logins
        .map(|login| login.user_pool_arn().map_or_else(|| world.arn("cognito-idp", "userpool/*"), ToOwned::to_owned));
    pools.map(|pool| Check::on("cognito-idp:DescribeUserPoolClient", pool)).collect()
}
