//! Load balancers and target groups: in which order and how batched their changes are sent.

use aws_sdk_elasticloadbalancingv2::operation::deregister_targets::DeregisterTargetsInput;
use aws_sdk_elasticloadbalancingv2::operation::modify_load_balancer_attributes::ModifyLoadBalancerAttributesInput;
use aws_sdk_elasticloadbalancingv2::operation::register_targets::RegisterTargetsInput;
use aws_sdk_elasticloadbalancingv2::operation::set_security_groups::SetSecurityGroupsInput;
use aws_sdk_elasticloadbalancingv2::operation::set_subnets::{SetSubnetsError, SetSubnetsInput, SetSubnetsOutput};
use aws_sdk_elasticloadbalancingv2::operation::*;
use aws_sdk_elasticloadbalancingv2::types as elb;
use aws_smithy_types::error::ErrorMetadata;
use purlin::*;

use super::canned::{Canned, Sent, answer};
use super::{TARGET_GROUP, deploy, vpc};

const BALANCER: &str = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/net/it/1";

fn subnet(id: &str) -> SubnetId {
    id.parse().expect("an id")
}

fn tags<'a>(arn: &str, tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> describe_tags::DescribeTagsOutput {
    let tags = tags.into_iter().map(|(key, value)| elb::Tag::builder().key(key).value(value).build()).collect();
    let description = elb::TagDescription::builder().resource_arn(arn).set_tags(Some(tags)).build();
    describe_tags::DescribeTagsOutput::builder().tag_descriptions(description).build()
}

/// An account with a load balancer of the stack.
fn with_balancer(balancer: elb::builders::LoadBalancerBuilder) -> Canned {
    let mut canned = Canned::default();
    let sent = canned.sent.clone();
    let state = elb::LoadBalancerState::builder().code(elb::LoadBalancerStateEnum::Active).build();
    let balancer = balancer.load_balancer_arn(BALANCER).load_balancer_name("it").state(state).build();
    canned.elbv2 = vec![
        answer!(sent, aws_sdk_elasticloadbalancingv2::describe_load_balancers, |_input| {
            describe_load_balancers::DescribeLoadBalancersOutput::builder().load_balancers(balancer.clone()).build()
        }),
        answer!(sent, aws_sdk_elasticloadbalancingv2::describe_tags, |_input| {
            tags(BALANCER, [("purlin:address", "LoadBalancer.it"), ("purlin:stack", "web")])
        }),
        answer!(sent, aws_sdk_elasticloadbalancingv2::describe_load_balancer_attributes => DescribeLoadBalancerAttributesOutput),
        answer!(sent, aws_sdk_elasticloadbalancingv2::describe_capacity_reservation => DescribeCapacityReservationOutput),
        answer!(sent, aws_sdk_elasticloadbalancingv2::describe_listeners => DescribeListenersOutput),
        answer!(sent, aws_sdk_elasticloadbalancingv2::modify_load_balancer_attributes => ModifyLoadBalancerAttributesOutput),
        answer!(sent, aws_sdk_elasticloadbalancingv2::set_security_groups => SetSecurityGroupsOutput),
    ];
    canned
}

fn network() -> elb::builders::LoadBalancerBuilder {
    let zone = |subnet: &str| elb::AvailabilityZone::builder().subnet_id(subnet);
    let elastic = elb::LoadBalancerAddress::builder().allocation_id("eipalloc-1").build();
    elb::LoadBalancer::builder()
        .r#type(elb::LoadBalancerTypeEnum::Network)
        .scheme(elb::LoadBalancerSchemeEnum::InternetFacing)
        .availability_zones(zone("subnet-1").load_balancer_addresses(elastic).build())
        .availability_zones(zone("subnet-2").build())
}

/// AWS does not let a network load balancer exchange the subnet of a zone in one step.
#[tokio::test(start_paused = true)]
async fn a_network_load_balancer_leaves_a_subnet_before_it_takes_another_of_its_zone() {
    let mut canned = with_balancer(network());
    let sent = canned.sent.clone();
    let note = sent.clone();
    // Both subnets of a zone are named: one is there, the other is wanted.
    canned.elbv2.push(
        aws_smithy_mocks::mock!(aws_sdk_elasticloadbalancingv2::Client::set_subnets)
            .match_requests(move |input| {
                let subnets: Vec<_> =
                    input.subnet_mappings().iter().filter_map(|mapping| mapping.subnet_id()).collect();
                let first = note.all::<SetSubnetsInput>().is_empty();
                note.note("set_subnets", input.clone());
                first && subnets.contains(&"subnet-3")
            })
            .then_error(|| {
                let message =
                    "Removing a subnet and adding a subnet in the same Availability Zone must be independent actions";
                SetSubnetsError::generic(
                    ErrorMetadata::builder().code("InvalidConfigurationRequest").message(message).build(),
                )
            }),
    );
    canned.elbv2.push(
        aws_smithy_mocks::mock!(aws_sdk_elasticloadbalancingv2::Client::set_subnets)
            .then_output(|| SetSubnetsOutput::builder().build()),
    );
    let mut stack = Stack::new("web");
    let it = LoadBalancer::network().name("it").subnets([subnet("subnet-1"), subnet("subnet-3")]);
    let it = it.subnet_mapping(SubnetMapping::new().allocation("eipalloc-1".parse().expect("an id")));
    stack.add("it", it.subnet_mapping(SubnetMapping::new()).build());
    deploy(canned, &stack).await;

    let requests = sent.all::<SetSubnetsInput>();
    let subnets: Vec<Vec<_>> = requests
        .iter()
        .map(|request| request.subnet_mappings().iter().filter_map(|mapping| mapping.subnet_id()).collect())
        .collect();
    assert_eq!(subnets, [vec!["subnet-1", "subnet-3"], vec!["subnet-1"], vec!["subnet-1", "subnet-3"]]);
    assert!(requests.iter().all(|request| request.subnet_mappings()[0].allocation_id() == Some("eipalloc-1")));
    assert!(requests.iter().all(|request| request.subnets().is_empty() && request.ip_address_type().is_none()));
}

#[tokio::test(start_paused = true)]
async fn attributes_of_load_balancers_are_sent_by_twenty() {
    let canned = with_balancer(
        elb::LoadBalancer::builder()
            .r#type(elb::LoadBalancerTypeEnum::Application)
            .scheme(elb::LoadBalancerSchemeEnum::InternetFacing)
            .ip_address_type(elb::IpAddressType::Dualstack)
            .availability_zones(elb::AvailabilityZone::builder().subnet_id("subnet-1").build())
            .availability_zones(elb::AvailabilityZone::builder().subnet_id("subnet-2").build()),
    );
    let sent = canned.sent.clone();
    let mut stack = Stack::new("web");
    let it = LoadBalancer::application()
        .name("it")
        .subnets([subnet("subnet-1"), subnet("subnet-2")])
        .ip_address_type(IpAddressType::Dualstack)
        .access_logs(LogBucket::named("logs").prefix("access"))
        .connection_logs(LogBucket::named("logs").prefix("connections"))
        .health_check_logs(LogBucket::named("logs").prefix("checks"))
        .client_keep_alive(std::time::Duration::from_secs(60))
        .deletion_protection(true)
        .idle_timeout(std::time::Duration::from_secs(30))
        .deny_all_igw_traffic(true)
        .desync_mitigation(DesyncMitigation::Strictest)
        .drop_invalid_headers(true)
        .preserve_host_header(true)
        .tls_headers(true)
        .xff_client_port(true)
        .xff_header(XffHeader::Preserve)
        .http2(false)
        .waf_fail_open(true)
        .zonal_shift(true);
    stack.add("it", it.build());
    deploy(canned, &stack).await;

    let requests = sent.all::<ModifyLoadBalancerAttributesInput>();
    assert_eq!(requests.iter().map(|request| request.attributes().len()).collect::<Vec<_>>(), [20, 2]);
    let last: Vec<_> = requests[1].attributes().iter().filter_map(|attribute| attribute.key()).collect();
    assert_eq!(last, ["waf.fail_open.enabled", "zonal_shift.config.enabled"]);
    assert_eq!(sent.writes(), ["modify_load_balancer_attributes"; 2], "and nothing else");
}

#[tokio::test(start_paused = true)]
async fn the_switch_for_private_link_goes_with_all_security_groups() {
    let canned = with_balancer(
        network().security_groups("sg-1").enforce_security_group_inbound_rules_on_private_link_traffic("on"),
    );
    let sent = canned.sent.clone();
    let mut stack = Stack::new("web");
    let it = LoadBalancer::network()
        .name("it")
        .subnets([subnet("subnet-1"), subnet("subnet-2")])
        .subnet_mapping(SubnetMapping::new().allocation("eipalloc-1".parse().expect("an id")))
        .subnet_mapping(SubnetMapping::new())
        .security_group("sg-1".parse::<SecurityGroupId>().expect("an id"))
        .enforce_rules_on_private_link(false);
    stack.add("it", it.build());
    deploy(canned, &stack).await;

    assert_eq!(sent.writes(), ["set_security_groups"]);
    let request = sent.one::<SetSecurityGroupsInput>();
    assert_eq!(request.security_groups(), ["sg-1"]);
    let off = elb::EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum::Off;
    assert_eq!(request.enforce_security_group_inbound_rules_on_private_link_traffic(), Some(&off));
}

/// A group with targets of the stack and of others; the first one is to be known by its tags.
async fn targets_of(declared: &[Target], records: Vec<String>, registered: &[(&str, &str)]) -> Sent {
    let mut canned = Canned::default();
    let sent = canned.sent.clone();
    let registered: Vec<_> = registered
        .iter()
        .map(|(id, zone)| {
            let target = elb::TargetDescription::builder().id(*id).port(80).availability_zone(*zone).build();
            let health = elb::TargetHealth::builder().state(elb::TargetHealthStateEnum::Healthy).build();
            elb::TargetHealthDescription::builder().target(target).target_health(health).build()
        })
        .collect();
    canned.elbv2 = vec![
        answer!(sent, aws_sdk_elasticloadbalancingv2::describe_target_groups, |_input| {
            let group = elb::TargetGroup::builder()
                .target_group_arn(TARGET_GROUP)
                .target_group_name("it")
                .target_type(elb::TargetTypeEnum::Ip)
                .protocol(elb::ProtocolEnum::Tcp)
                .port(80)
                .vpc_id("vpc-1");
            describe_target_groups::DescribeTargetGroupsOutput::builder().target_groups(group.build()).build()
        }),
        answer!(sent, aws_sdk_elasticloadbalancingv2::describe_tags, |_input| {
            let ownership = [("purlin:address", "TargetGroup.it"), ("purlin:stack", "web")];
            let records = records.iter().map(|record| (record.as_str(), "TargetGroup.it"));
            tags(TARGET_GROUP, ownership.into_iter().chain(records))
        }),
        answer!(sent, aws_sdk_elasticloadbalancingv2::describe_target_group_attributes => DescribeTargetGroupAttributesOutput),
        answer!(sent, aws_sdk_elasticloadbalancingv2::describe_target_health, |_input| {
            describe_target_health::DescribeTargetHealthOutput::builder()
                .set_target_health_descriptions(Some(registered.clone()))
                .build()
        }),
        answer!(sent, aws_sdk_elasticloadbalancingv2::add_tags => AddTagsOutput),
        answer!(sent, aws_sdk_elasticloadbalancingv2::register_targets => RegisterTargetsOutput),
        answer!(sent, aws_sdk_elasticloadbalancingv2::deregister_targets => DeregisterTargetsOutput),
        answer!(sent, aws_sdk_elasticloadbalancingv2::remove_tags => RemoveTagsOutput),
    ];
    let mut stack = Stack::new("web");
    let it = TargetGroup::builder().name("it").vpc(vpc()).traffic(Traffic::tcp(80)).target_type(TargetType::Ip);
    stack.add("it", declared.iter().cloned().fold(it, |it, target| it.target(target)).build());
    deploy(canned, &stack).await;
    sent
}

/// The tags with which a group records targets.
async fn records(targets: &[Target]) -> Vec<String> {
    let sent = targets_of(targets, Vec::new(), &[]).await;
    let tags = sent.one::<add_tags::AddTagsInput>();
    tags.tags().iter().filter_map(|tag| tag.key.clone()).collect()
}

/// What is recorded comes first and goes last, so that an interrupted run leaves no target that
/// nobody knows for the stack's; and what others have registered stays.
#[tokio::test(start_paused = true)]
async fn targets_are_recorded_before_they_are_registered_and_until_they_are_gone() {
    let (old, new) = (Target::ip([10, 0, 0, 1]), Target::ip([10, 0, 0, 2]));
    let before = records(std::slice::from_ref(&old)).await;
    let registered = [("10.0.0.1", "ap-northeast-2a"), ("10.0.0.9", "ap-northeast-2a")];
    let sent = targets_of(&[new], before, &registered).await;

    assert_eq!(sent.writes(), ["add_tags", "register_targets", "deregister_targets", "remove_tags"]);
    let register = sent.one::<RegisterTargetsInput>();
    assert_eq!(register.targets().iter().filter_map(|target| target.id()).collect::<Vec<_>>(), ["10.0.0.2"]);
    let deregister = sent.one::<DeregisterTargetsInput>();
    assert_eq!(deregister.targets().iter().filter_map(|target| target.id()).collect::<Vec<_>>(), ["10.0.0.1"]);
}

/// The zone that AWS has found is nobody's wish; one that was said is registered anew.
#[tokio::test(start_paused = true)]
async fn a_target_of_another_zone_is_deregistered_first() {
    let target = Target::ip([10, 0, 0, 1]);
    let registered = [("10.0.0.1", "ap-northeast-2a")];
    let before = records(std::slice::from_ref(&target)).await;
    assert_eq!(targets_of(std::slice::from_ref(&target), before, &registered).await.writes(), [""; 0]);

    let said = target.clone().availability_zone("ap-northeast-2a");
    let before = records(std::slice::from_ref(&said)).await;
    let sent = targets_of(&[target.availability_zone("all")], before, &registered).await;
    assert_eq!(sent.writes(), ["deregister_targets", "register_targets"]);
}

/// Two hundred and fifty targets take three calls.
#[tokio::test(start_paused = true)]
async fn targets_are_registered_by_a_hundred() {
    let targets: Vec<_> = (0..250).map(|number| Target::ip([10, 0, 1, number])).collect();
    let sent = targets_of(&targets, Vec::new(), &[]).await;
    let sizes: Vec<_> = sent.all::<RegisterTargetsInput>().iter().map(|request| request.targets().len()).collect();
    assert_eq!(sizes, [100, 100, 50]);
}
