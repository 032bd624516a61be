//! Every resource and value of the lab, read back with the plain SDK.

use std::collections::BTreeMap;

use aws_sdk_autoscaling::types::{AutoScalingGroup, LifecycleState, MetricType};
use aws_sdk_ec2::types::{
    Filter, InstanceStateName, IpPermission, IpRange, LaunchTemplateVersion, ResourceType, SecurityGroup, Tag,
};
use aws_sdk_elasticloadbalancingv2::types as elb;

use super::emulator::{Emulator, Given};

/// Asserts that the lab is there as `lab.md` has it, its template in the given version.
pub(super) async fn lab(emulator: &Emulator, given: &Given, instance_type: &str, version: &str) {
    let (balancer_group, instance_group) = security_groups(emulator, given).await;
    let targets = target_group(emulator, given).await;
    let balancer = load_balancer(emulator, given, &balancer_group).await;
    listener(emulator, &balancer, &targets).await;
    let template = launch_template(emulator, given, &instance_group, instance_type, version).await;
    let group = auto_scaling_group(emulator, given, &targets, &template, version).await;
    policy(emulator).await;
    // A new version is for new instances: those that run stay as they are.
    instances(emulator, given, &group, &instance_group, &targets).await;
}

/// The one security group of that name.
pub(super) async fn security_group(emulator: &Emulator, name: &str) -> SecurityGroup {
    let by_name = Filter::builder().name("group-name").values(name).build();
    let groups = emulator.ec2().describe_security_groups().filters(by_name).send().await.expect("groups");
    let [group] = groups.security_groups() else { panic!("{name}: {groups:?}") };
    group.clone()
}

pub(super) fn tcp_from_anywhere(port: i32) -> IpPermission {
    let anywhere = IpRange::builder().cidr_ip("0.0.0.0/0").build();
    IpPermission::builder().ip_protocol("tcp").from_port(port).to_port(port).ip_ranges(anywhere).build()
}

fn ec2_tags(tags: &[Tag]) -> BTreeMap<&str, &str> {
    tags.iter().map(|tag| (tag.key().unwrap_or_default(), tag.value().unwrap_or_default())).collect()
}

/// The tags of what the stack owns.
fn owned(address: &str) -> BTreeMap<&str, &str> {
    BTreeMap::from([("purlin:stack", "web-lab"), ("purlin:address", address)])
}

async fn security_groups(emulator: &Emulator, given: &Given) -> (String, String) {
    let mut ids = Vec::new();
    for (name, description, address) in [
        ("Web-ALB-SG", "HTTP from anywhere", "SecurityGroup.alb"),
        ("ASG-Web-Inst-SG", "HTTP Allow", "SecurityGroup.instances"),
    ] {
        let group = security_group(emulator, name).await;
        assert_eq!(group.description(), Some(description));
        assert_eq!(group.vpc_id(), Some(given.vpc.as_str()));
        assert_eq!(ec2_tags(group.tags()), owned(address));
        let [rule] = group.ip_permissions() else { panic!("one rule: {group:?}") };
        assert_eq!((rule.ip_protocol(), rule.from_port(), rule.to_port()), (Some("tcp"), Some(80), Some(80)));
        assert!(rule.ipv6_ranges().is_empty() && rule.prefix_list_ids().is_empty(), "{rule:?}");
        match ids.first() {
            None => {
                assert_eq!(rule.ip_ranges().iter().map(IpRange::cidr_ip).collect::<Vec<_>>(), [Some("0.0.0.0/0")]);
                assert!(rule.user_id_group_pairs().is_empty(), "{rule:?}");
            }
            Some(balancer_group) => {
                let pairs: Vec<_> = rule.user_id_group_pairs().iter().map(|pair| pair.group_id()).collect();
                assert_eq!(pairs, [Some(String::as_str(balancer_group))]);
                assert!(rule.ip_ranges().is_empty(), "{rule:?}");
            }
        }
        let [out] = group.ip_permissions_egress() else { panic!("outbound as AWS makes it: {group:?}") };
        assert_eq!(out.ip_protocol(), Some("-1"));
        assert_eq!(out.ip_ranges().iter().map(IpRange::cidr_ip).collect::<Vec<_>>(), [Some("0.0.0.0/0")]);
        let id = group.group_id().expect("an id").to_owned();
        rules_are_tagged(emulator, &id, address).await;
        ids.push(id);
    }
    let [balancer, instances] = ids.try_into().expect("two groups");
    (balancer, instances)
}

/// The rules that the stack made are its own; the outbound one is AWS's.
async fn rules_are_tagged(emulator: &Emulator, group: &str, address: &str) {
    let of_group = Filter::builder().name("group-id").values(group).build();
    let rules = emulator.ec2().describe_security_group_rules().filters(of_group).send().await.expect("rules");
    for rule in rules.security_group_rules() {
        let expected = if rule.is_egress() == Some(true) { BTreeMap::new() } else { owned(address) };
        assert_eq!(ec2_tags(rule.tags()), expected, "{rule:?}");
    }
    assert_eq!(rules.security_group_rules().len(), 2);
}

async fn target_group(emulator: &Emulator, given: &Given) -> String {
    let groups = emulator.elbv2().describe_target_groups().send().await.expect("target groups");
    let [group] = groups.target_groups() else { panic!("{groups:?}") };
    assert_eq!(group.target_group_name(), Some("Web-TG"));
    assert_eq!((group.protocol(), group.port()), (Some(&elb::ProtocolEnum::Http), Some(80)));
    assert_eq!(group.protocol_version(), Some("HTTP1"));
    assert_eq!(group.target_type(), Some(&elb::TargetTypeEnum::Instance));
    assert_eq!(group.vpc_id(), Some(given.vpc.as_str()));
    assert_eq!(group.ip_address_type(), Some(&elb::TargetGroupIpAddressTypeEnum::Ipv4));
    // The defaults of a health check.
    assert_eq!(group.health_check_enabled(), Some(true));
    assert_eq!(group.health_check_protocol(), Some(&elb::ProtocolEnum::Http));
    assert_eq!((group.health_check_port(), group.health_check_path()), (Some("traffic-port"), Some("/")));
    assert_eq!((group.health_check_interval_seconds(), group.health_check_timeout_seconds()), (Some(30), Some(5)));
    assert_eq!((group.healthy_threshold_count(), group.unhealthy_threshold_count()), (Some(5), Some(2)));
    assert_eq!(group.matcher().and_then(|matcher| matcher.http_code()), Some("200"));
    let arn = group.target_group_arn().expect("an ARN").to_owned();
    assert_eq!(elb_tags(emulator, &arn).await, owned_elb("TargetGroup.web"));
    arn
}

async fn elb_tags(emulator: &Emulator, arn: &str) -> BTreeMap<String, String> {
    let tags = emulator.elbv2().describe_tags().resource_arns(arn).send().await.expect("tags");
    let tags = tags.tag_descriptions().iter().flat_map(|description| description.tags());
    tags.map(|tag| (tag.key().unwrap_or_default().to_owned(), tag.value().unwrap_or_default().to_owned())).collect()
}

fn owned_elb(address: &str) -> BTreeMap<String, String> {
    owned(address).into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

async fn load_balancer(emulator: &Emulator, given: &Given, group: &str) -> String {
    // Unfiltered: asked by name, moto shows one of several balancers only.
    let balancers = emulator.elbv2().describe_load_balancers().send().await.expect("load balancers");
    let [balancer] = balancers.load_balancers() else { panic!("{balancers:?}") };
    assert_eq!(balancer.load_balancer_name(), Some("Web-ALB"));
    assert_eq!(balancer.r#type(), Some(&elb::LoadBalancerTypeEnum::Application));
    moto_leaves_out_a_default_scheme(balancer);
    assert_eq!(balancer.ip_address_type(), Some(&elb::IpAddressType::Ipv4));
    assert_eq!(balancer.vpc_id(), Some(given.vpc.as_str()));
    let state = balancer.state().and_then(|state| state.code());
    assert_eq!(state, Some(&elb::LoadBalancerStateEnum::Active));
    assert_eq!(balancer.security_groups(), [group]);
    let zones: BTreeMap<_, _> =
        balancer.availability_zones().iter().map(|zone| (zone.zone_name(), zone.subnet_id())).collect();
    let [a, c] = given.public.each_ref().map(|subnet| Some(subnet.as_str()));
    assert_eq!(zones, BTreeMap::from([(Some("ap-northeast-2a"), a), (Some("ap-northeast-2c"), c)]));
    let arn = balancer.load_balancer_arn().expect("an ARN").to_owned();
    assert_eq!(elb_tags(emulator, &arn).await, owned_elb("LoadBalancer.web"));
    arn
}

/// AWS answers with `internet-facing`; moto with the scheme that was asked for, and with none if
/// none was.
fn moto_leaves_out_a_default_scheme(balancer: &elb::LoadBalancer) {
    assert_eq!(balancer.scheme(), None);
}

async fn listener(emulator: &Emulator, balancer: &str, targets: &str) {
    let listeners = emulator.elbv2().describe_listeners().load_balancer_arn(balancer).send().await.expect("listeners");
    let [listener] = listeners.listeners() else { panic!("{listeners:?}") };
    assert_eq!((listener.protocol(), listener.port()), (Some(&elb::ProtocolEnum::Http), Some(80)));
    let [action] = listener.default_actions() else { panic!("one action: {listener:?}") };
    assert_eq!(action.r#type(), Some(&elb::ActionTypeEnum::Forward));
    assert_eq!(action.target_group_arn(), Some(targets));
    let arn = listener.listener_arn().expect("an ARN");
    assert_eq!(elb_tags(emulator, arn).await, owned_elb("Listener.http"));
}

async fn launch_template(
    emulator: &Emulator,
    given: &Given,
    group: &str,
    instance_type: &str,
    version: &str,
) -> String {
    let ec2 = emulator.ec2();
    let templates = ec2.describe_launch_templates().send().await.expect("templates");
    let [template] = templates.launch_templates() else { panic!("{templates:?}") };
    assert_eq!(template.launch_template_name(), Some("Web"));
    assert_eq!(template.latest_version_number().map(|number| number.to_string()).as_deref(), Some(version));
    assert_eq!(ec2_tags(template.tags()), owned("LaunchTemplate.web"));
    let id = template.launch_template_id().expect("an id").to_owned();
    let versions = ec2.describe_launch_template_versions().launch_template_id(&id).versions(version).send().await;
    let versions = versions.expect("versions");
    let [latest] = versions.launch_template_versions() else { panic!("{versions:?}") };
    // The dash is U+2013.
    let description = "Immersion Day Web Instances Template \u{2013} Web only";
    assert_eq!(latest.version_description(), Some(description));
    let data = latest.launch_template_data().expect("data");
    assert_eq!(data.image_id(), Some(given.image.as_str()));
    assert_eq!(data.instance_type().map(|kind| kind.as_str()), Some(instance_type));
    assert_eq!(data.security_group_ids(), [group]);
    assert_eq!((data.key_name(), data.user_data()), (None, None));
    assert!(data.iam_instance_profile().is_none() && data.metadata_options().is_none(), "{data:?}");
    assert!(data.block_device_mappings().is_empty() && data.network_interfaces().is_empty(), "{data:?}");
    launched_tags(latest);
    id
}

/// `Name=Web Instance` on instances and volumes.
///
/// moto also puts the tags that the call gives the template itself into the template's data.
fn launched_tags(version: &LaunchTemplateVersion) {
    let data = version.launch_template_data().expect("data");
    let by_kind: Vec<_> = data
        .tag_specifications()
        .iter()
        .filter(|tags| tags.resource_type() != Some(&ResourceType::LaunchTemplate))
        .map(|tags| (tags.resource_type().cloned(), ec2_tags(tags.tags())))
        .collect();
    let name = BTreeMap::from([("Name", "Web Instance")]);
    assert_eq!(by_kind, [(Some(ResourceType::Instance), name.clone()), (Some(ResourceType::Volume), name)]);
}

async fn auto_scaling_group(
    emulator: &Emulator,
    given: &Given,
    targets: &str,
    template: &str,
    version: &str,
) -> AutoScalingGroup {
    let groups = emulator.autoscaling().describe_auto_scaling_groups().send().await.expect("groups");
    let [group] = groups.auto_scaling_groups() else { panic!("{groups:?}") };
    assert_eq!(group.auto_scaling_group_name(), Some("Web-ASG"));
    let launch = group.launch_template().expect("a template");
    assert_eq!((launch.launch_template_id(), launch.version()), (Some(template), Some(version)));
    assert!(group.mixed_instances_policy().is_none(), "purchase options as AWS has them: {group:?}");
    assert_eq!(group.vpc_zone_identifier(), Some(given.private.join(",").as_str()));
    assert_eq!((group.min_size(), group.desired_capacity(), group.max_size()), (Some(2), Some(2), Some(4)));
    assert_eq!(group.target_group_arns(), [targets]);
    assert_eq!(group.health_check_type(), Some("EC2"));
    assert_eq!(group.default_cooldown(), Some(300));
    assert_eq!(group.termination_policies(), ["Default"]);
    assert_eq!(group.new_instances_protected_from_scale_in(), Some(false));
    // All group metrics that there are.
    assert_eq!(group.enabled_metrics().len(), 20);
    assert!(group.enabled_metrics().iter().all(|metric| metric.granularity() == Some("1Minute")));
    let tags: BTreeMap<_, _> = group
        .tags()
        .iter()
        .map(|tag| (tag.key().unwrap_or_default(), (tag.value(), tag.propagate_at_launch())))
        .collect();
    let expected = BTreeMap::from([
        ("Name", (Some("ASG-Web-Instance"), Some(true))),
        ("purlin:stack", (Some("web-lab"), Some(false))),
        ("purlin:address", (Some("AutoScalingGroup.web"), Some(false))),
        // Policies have no tags of their own.
        ("purlin:child:Web-ASG-cpu", (Some("ScalingPolicy.cpu"), Some(false))),
    ]);
    assert_eq!(tags, expected);
    group.clone()
}

async fn policy(emulator: &Emulator) {
    let policies = emulator.autoscaling().describe_policies().auto_scaling_group_name("Web-ASG").send().await;
    let policies = policies.expect("policies");
    let [policy] = policies.scaling_policies() else { panic!("{policies:?}") };
    assert_eq!(policy.policy_name(), Some("Web-ASG-cpu"));
    assert_eq!(policy.policy_type(), Some("TargetTrackingScaling"));
    let tracking = policy.target_tracking_configuration().expect("target tracking");
    assert_eq!(tracking.target_value(), Some(30.0));
    let metric = tracking.predefined_metric_specification().expect("a predefined metric");
    assert_eq!(metric.predefined_metric_type(), Some(&MetricType::AsgAverageCpuUtilization));
    assert!(tracking.customized_metric_specification().is_none());
    assert_ne!(tracking.disable_scale_in(), Some(true));
}

async fn instances(emulator: &Emulator, given: &Given, group: &AutoScalingGroup, security_group: &str, targets: &str) {
    assert_eq!(group.instances().len(), 2);
    for member in group.instances() {
        assert_eq!(member.lifecycle_state(), Some(&LifecycleState::InService));
        assert_eq!(member.health_status(), Some("Healthy"));
        let instance = emulator.ec2().describe_instances().instance_ids(member.instance_id().expect("an id"));
        let instance = instance.send().await.expect("the instance");
        let instance = &instance.reservations()[0].instances()[0];
        let state = instance.state().and_then(|state| state.name());
        assert_eq!(state, Some(&InstanceStateName::Running));
        assert_eq!(instance.image_id(), Some(given.image.as_str()));
        assert_eq!(instance.instance_type().map(|kind| kind.as_str()), Some("t2.micro"));
        assert_eq!(instance.key_name(), None);
        let groups: Vec<_> = instance.security_groups().iter().map(|group| group.group_id()).collect();
        assert_eq!(groups, [Some(security_group)]);
        moto_launches_into_the_first_subnet(instance, given);
        moto_lets_the_template_name_instances(instance);
    }
    let health = emulator.elbv2().describe_target_health().target_group_arn(targets).send().await.expect("health");
    let mut healthy: Vec<_> = health
        .target_health_descriptions()
        .iter()
        .filter(|target| {
            target.target_health().and_then(|health| health.state()) == Some(&elb::TargetHealthStateEnum::Healthy)
        })
        .filter_map(|target| target.target().and_then(|target| target.id()))
        .collect();
    let mut members: Vec<_> = group.instances().iter().filter_map(|instance| instance.instance_id()).collect();
    healthy.sort_unstable();
    members.sort_unstable();
    assert_eq!(healthy, members);
}

/// AWS balances a group over the zones of its subnets.
fn moto_launches_into_the_first_subnet(instance: &aws_sdk_ec2::types::Instance, given: &Given) {
    assert_eq!(instance.subnet_id(), Some(given.private[0].as_str()));
}

/// On AWS a group's propagated tag wins over the same tag in the template: `ASG-Web-Instance`.
fn moto_lets_the_template_name_instances(instance: &aws_sdk_ec2::types::Instance) {
    assert_eq!(ec2_tags(instance.tags()).get("Name"), Some(&"Web Instance"));
}
