//! The lab from the first plan to the last deletion, and what may happen to it in between.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ec2::types::{InstanceStateName, IpPermission, IpRange, ResourceType};
use purlin::PlannedAction as Action;
use purlin::sim::{SimAws, SimImage};
use purlin::*;

use crate::support::{self, DEPLOY, LAB, Variant, actions, deploy, destroy, inventory, owned, writes};
use crate::web_asg::{demo, lab};

fn given() -> SimAws {
    let sim = SimAws::new();
    demo::given(&sim);
    sim
}

async fn deployed() -> (SimAws, Deployer) {
    let sim = given();
    deploy(&sim, &lab("t2.micro").0).await.expect("a deploy");
    let deployer = Deployer::new(sim.aws());
    (sim, deployer)
}

#[tokio::test(start_paused = true)]
async fn a_deploy_takes_twelve_reads_to_plan_and_eleven_writes_and_a_second_one_none() {
    let sim = given();
    let deployer = Deployer::new(sim.aws());
    let (stack, _) = lab("t2.micro");

    let plan = deployer.plan(&stack).await.expect("a plan");
    assert!(sim.calls().len() <= 12, "{:#?}", sim.calls());
    assert_eq!(writes(&sim, 0), [""; 0]);
    deployer.apply(plan).await.expect("a deploy");
    assert_eq!(writes(&sim, 0), DEPLOY);
    assert!(sim.calls().iter().all(|call| call.error.is_none()), "{:#?}", sim.calls());

    let before = sim.calls().len();
    let plan = deployer.plan(&stack).await.expect("a plan");
    assert!(plan.is_empty(), "{plan}");
    assert!(plan.steps().iter().all(|step| !step.kind.is_mutation()), "{:?}", plan.steps());
    deployer.apply(plan).await.expect("nothing to do");
    assert_eq!(writes(&sim, before), [""; 0]);
}

/// When each step is over if each begins at once when what it needs is done: a mutation takes as
/// long as its call, and the rest is up to the world.
fn critical_path(plan: &Plan, sim: &SimAws) -> Duration {
    let mut settings = None;
    sim.configure(|these| settings = Some(these.clone()));
    let settings = settings.expect("settings");
    let mut ends: Vec<Duration> = Vec::new();
    let find = |kind: &str, name: &str| {
        plan.steps()
            .iter()
            .position(|step| step.kind.is_mutation() && step.kind.to_string() == name && step.address.kind() == kind)
            .expect("a step")
    };
    for step in plan.steps() {
        let ready = step.after.iter().map(|before| ends[*before]).max().unwrap_or_default();
        // A call does its work when it arrives, and is answered later.
        let done = |kind, name| ends[find(kind, name)] - settings.write_latency;
        let end = match (step.kind, step.address.kind()) {
            (kind, _) if kind.is_mutation() => ready + settings.write_latency,
            (StepKind::Settle, "LoadBalancer") => {
                ready.max(done("LoadBalancer", "CreateLoadBalancer") + settings.load_balancer_provisioning)
            }
            (StepKind::Settle, "AutoScalingGroup") => {
                let launched = done("AutoScalingGroup", "CreateAutoScalingGroup") + settings.scaling_reaction;
                let active = done("LoadBalancer", "CreateLoadBalancer") + settings.load_balancer_provisioning;
                let checked = (launched + settings.instance_boot).max(active).max(done("Listener", "CreateListener"));
                ready.max(checked + settings.target_health_check)
            }
            _ => panic!("{step:?} is not part of the lab"),
        };
        ends.push(end);
    }
    ends.into_iter().max().expect("steps")
}

/// R4: no sleep is fixed.
#[tokio::test(start_paused = true)]
async fn a_deploy_takes_no_longer_than_its_critical_path() {
    let sim = given();
    let deployer = Deployer::new(sim.aws());
    let (stack, _) = lab("t2.micro");
    let plan = deployer.plan(&stack).await.expect("a plan");
    let expected = critical_path(&plan, &sim);
    assert!(expected > Duration::from_secs(165), "{expected:?}");

    // The moment at which the world itself is ready, seen by somebody who looks all the time.
    let looking = sim.clone();
    let ready = tokio::spawn(async move {
        let elb = looking.elbv2();
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if looking.auto_scaling_group("Web-ASG").is_none_or(|group| group.in_service() < 2) {
                continue;
            }
            let groups = elb.describe_target_groups().names("Web-TG").send().await.expect("the target group");
            let arn = groups.target_groups()[0].target_group_arn().expect("an ARN");
            let health = looking.target_health(arn);
            if health.iter().filter(|target| target.state == "healthy").count() >= 2 {
                return looking.now();
            }
        }
    });
    let began = sim.now();
    deployer.apply(plan).await.expect("a deploy");
    let took = sim.now() - began;
    let ready = ready.await.expect("it gets ready") - began;
    assert!(took <= expected.mul_f64(1.02), "{took:?} instead of {expected:?}");
    // The yardstick is right: the world was ready when it says, give and take the reads before
    // the first call and the pauses of the look.
    assert!(ready >= expected && ready <= expected + Duration::from_secs(1), "{ready:?} and {expected:?}");
}

fn tags_of<'a>(tags: impl IntoIterator<Item = (Option<&'a str>, Option<&'a str>)>) -> BTreeMap<&'a str, &'a str> {
    tags.into_iter().map(|(key, value)| (key.expect("a key"), value.expect("a value"))).collect()
}

fn ec2_tags(tags: &[aws_sdk_ec2::types::Tag]) -> BTreeMap<&str, &str> {
    tags_of(tags.iter().map(|tag| (tag.key(), tag.value())))
}

fn of_lab<'a>(address: &'a str, more: &[(&'a str, &'a str)]) -> BTreeMap<&'a str, &'a str> {
    [("purlin:stack", "web-lab"), ("purlin:address", address)].into_iter().chain(more.iter().copied()).collect()
}

async fn subnet(sim: &SimAws, name: &str) -> String {
    let subnets = sim.ec2().describe_subnets().send().await.expect("subnets");
    let subnet = subnets.subnets().iter().find(|subnet| ec2_tags(subnet.tags()).get("Name") == Some(&name));
    subnet.and_then(|subnet| subnet.subnet_id()).expect("the subnet").to_owned()
}

async fn vpc(sim: &SimAws) -> String {
    let vpcs = sim.ec2().describe_vpcs().send().await.expect("VPCs");
    vpcs.vpcs()[0].vpc_id().expect("an id").to_owned()
}

/// The security group of this name.
async fn group(sim: &SimAws, name: &str) -> aws_sdk_ec2::types::SecurityGroup {
    let filter = aws_sdk_ec2::types::Filter::builder().name("group-name").values(name).build();
    let groups = sim.ec2().describe_security_groups().filters(filter).send().await.expect("groups");
    assert_eq!(groups.security_groups().len(), 1, "{groups:?}");
    groups.security_groups()[0].clone()
}

#[tokio::test(start_paused = true)]
async fn security_groups_are_as_the_lab_says() {
    let (sim, _) = deployed().await;
    let (vpc, balancer, instances) =
        (vpc(&sim).await, group(&sim, "Web-ALB-SG").await, group(&sim, "ASG-Web-Inst-SG").await);

    assert_eq!(balancer.vpc_id(), Some(vpc.as_str()));
    assert_eq!(ec2_tags(balancer.tags()), of_lab("SecurityGroup.alb", &[]));
    let [http] = balancer.ip_permissions() else { panic!("{balancer:?}") };
    assert_eq!((http.ip_protocol(), http.from_port(), http.to_port()), (Some("tcp"), Some(80), Some(80)));
    let ranges: Vec<_> = http.ip_ranges().iter().map(|range| range.cidr_ip()).collect();
    assert_eq!(ranges, [Some("0.0.0.0/0")]);
    assert!(http.user_id_group_pairs().is_empty() && http.ipv6_ranges().is_empty(), "{http:?}");

    assert_eq!(instances.description(), Some("HTTP Allow"));
    assert_eq!(instances.vpc_id(), Some(vpc.as_str()));
    assert_eq!(ec2_tags(instances.tags()), of_lab("SecurityGroup.instances", &[]));
    let [http] = instances.ip_permissions() else { panic!("{instances:?}") };
    assert_eq!((http.ip_protocol(), http.from_port(), http.to_port()), (Some("tcp"), Some(80), Some(80)));
    let pairs: Vec<_> = http.user_id_group_pairs().iter().map(|pair| pair.group_id()).collect();
    assert_eq!(pairs, [balancer.group_id()]);
    assert!(http.ip_ranges().is_empty() && http.ipv6_ranges().is_empty(), "{http:?}");

    for group in [&balancer, &instances] {
        let [all] = group.ip_permissions_egress() else { panic!("{group:?}") };
        assert_eq!((all.ip_protocol(), all.from_port(), all.to_port()), (Some("-1"), None, None));
        assert_eq!(all.ip_ranges()[0].cidr_ip(), Some("0.0.0.0/0"));
    }
}

#[tokio::test(start_paused = true)]
async fn balancer_listener_and_target_group_are_as_the_lab_says() {
    use aws_sdk_elasticloadbalancingv2::types::{
        ActionTypeEnum, IpAddressType, LoadBalancerSchemeEnum, LoadBalancerStateEnum, LoadBalancerTypeEnum,
        ProtocolEnum, TargetTypeEnum,
    };
    let (sim, _) = deployed().await;
    let elb = sim.elbv2();
    let vpc = vpc(&sim).await;

    let balancers = elb.describe_load_balancers().send().await.expect("balancers");
    let [balancer] = balancers.load_balancers() else { panic!("{balancers:?}") };
    assert_eq!(balancer.load_balancer_name(), Some("Web-ALB"));
    assert_eq!(balancer.r#type(), Some(&LoadBalancerTypeEnum::Application));
    assert_eq!(balancer.scheme(), Some(&LoadBalancerSchemeEnum::InternetFacing));
    assert_eq!(balancer.ip_address_type(), Some(&IpAddressType::Ipv4));
    assert_eq!(balancer.state().and_then(|state| state.code()), Some(&LoadBalancerStateEnum::Active));
    assert_eq!(balancer.vpc_id(), Some(vpc.as_str()));
    assert_eq!(balancer.security_groups(), [group(&sim, "Web-ALB-SG").await.group_id().expect("an id")]);
    let mut places: Vec<_> =
        balancer.availability_zones().iter().map(|zone| (zone.zone_name(), zone.subnet_id())).collect();
    places.sort();
    let (a, c) = (subnet(&sim, "Public subnet A").await, subnet(&sim, "Public subnet C").await);
    assert_eq!(places, [(Some("ap-northeast-2a"), Some(&*a)), (Some("ap-northeast-2c"), Some(&*c))]);

    let groups = elb.describe_target_groups().send().await.expect("target groups");
    let [targets] = groups.target_groups() else { panic!("{groups:?}") };
    assert_eq!(targets.target_group_name(), Some("Web-TG"));
    assert_eq!(targets.target_type(), Some(&TargetTypeEnum::Instance));
    assert_eq!((targets.protocol(), targets.port()), (Some(&ProtocolEnum::Http), Some(80)));
    assert_eq!(targets.vpc_id(), Some(vpc.as_str()));
    assert_eq!(targets.health_check_path(), Some("/"));
    assert_eq!(targets.load_balancer_arns(), [balancer.load_balancer_arn().expect("an ARN")]);

    let arn = balancer.load_balancer_arn().expect("an ARN");
    let listeners = elb.describe_listeners().load_balancer_arn(arn).send().await.expect("listeners");
    let [listener] = listeners.listeners() else { panic!("{listeners:?}") };
    assert_eq!((listener.protocol(), listener.port()), (Some(&ProtocolEnum::Http), Some(80)));
    let [action] = listener.default_actions() else { panic!("{listener:?}") };
    assert_eq!(action.r#type(), Some(&ActionTypeEnum::Forward));
    assert_eq!(action.target_group_arn(), targets.target_group_arn());

    for (arn, address) in [
        (arn, "LoadBalancer.web"),
        (listener.listener_arn().expect("an ARN"), "Listener.http"),
        (targets.target_group_arn().expect("an ARN"), "TargetGroup.web"),
    ] {
        let tags = elb.describe_tags().resource_arns(arn).send().await.expect("tags");
        let tags = tags.tag_descriptions()[0].tags().iter().map(|tag| (tag.key(), tag.value()));
        assert_eq!(tags_of(tags), of_lab(address, &[]));
    }
}

#[tokio::test(start_paused = true)]
async fn the_launch_template_is_as_the_lab_says() {
    let (sim, _) = deployed().await;
    let ec2 = sim.ec2();
    let templates = ec2.describe_launch_templates().send().await.expect("templates");
    let [template] = templates.launch_templates() else { panic!("{templates:?}") };
    assert_eq!(template.launch_template_name(), Some("Web"));
    assert_eq!((template.default_version_number(), template.latest_version_number()), (Some(1), Some(1)));
    let tags = ec2_tags(template.tags());
    assert_eq!((tags["purlin:stack"], tags["purlin:address"]), ("web-lab", "LaunchTemplate.web"));

    let versions = ec2.describe_launch_template_versions().launch_template_name("Web").send().await.expect("versions");
    let [version] = versions.launch_template_versions() else { panic!("{versions:?}") };
    assert_eq!(version.version_description(), Some("Immersion Day Web Instances Template \u{2013} Web only"));
    let data = version.launch_template_data().expect("data");
    let images = ec2.describe_images().owners("self").send().await.expect("images");
    assert_eq!(images.images()[0].name(), Some("Web Server v1"));
    assert_eq!(data.image_id(), images.images()[0].image_id());
    assert_eq!(data.instance_type().map(|kind| kind.as_str()), Some("t2.micro"));
    assert_eq!(data.key_name(), None);
    assert_eq!(data.security_group_ids(), [group(&sim, "ASG-Web-Inst-SG").await.group_id().expect("an id")]);
    assert!(data.block_device_mappings().is_empty() && data.network_interfaces().is_empty(), "{data:?}");
    assert_eq!(data.user_data(), None);
    let launched: Vec<_> =
        data.tag_specifications().iter().map(|tags| (tags.resource_type(), ec2_tags(tags.tags()))).collect();
    let name = BTreeMap::from([("Name", "Web Instance")]);
    assert_eq!(launched, [(Some(&ResourceType::Instance), name.clone()), (Some(&ResourceType::Volume), name)]);
}

/// I34, I35: tags reach the instances and their volumes.
#[tokio::test(start_paused = true)]
async fn the_group_its_policy_and_its_instances_are_as_the_lab_says() {
    use aws_sdk_autoscaling::types::MetricType;
    let (sim, _) = deployed().await;
    let client = sim.autoscaling();
    let groups = client.describe_auto_scaling_groups().send().await.expect("groups");
    let [asg] = groups.auto_scaling_groups() else { panic!("{groups:?}") };
    assert_eq!(asg.auto_scaling_group_name(), Some("Web-ASG"));
    assert_eq!((asg.min_size(), asg.max_size(), asg.desired_capacity()), (Some(2), Some(4), Some(2)));
    let template = asg.launch_template().expect("a template");
    assert_eq!((template.launch_template_name(), template.version()), (Some("Web"), Some("1")));
    let private = [subnet(&sim, "Private subnet A").await, subnet(&sim, "Private subnet C").await];
    assert_eq!(asg.vpc_zone_identifier(), Some(&*private.join(",")));
    let targets = sim.elbv2().describe_target_groups().names("Web-TG").send().await.expect("the target group");
    let arn = targets.target_groups()[0].target_group_arn().expect("an ARN");
    assert_eq!(asg.target_group_arns(), [arn]);
    let mut metrics: Vec<_> = asg.enabled_metrics().iter().filter_map(|metric| metric.metric()).collect();
    metrics.sort_unstable();
    let known = client.describe_metric_collection_types().send().await.expect("metrics");
    let mut all: Vec<_> = known.metrics().iter().filter_map(|metric| metric.metric()).collect();
    assert_eq!(all.len(), 20);
    all.sort_unstable();
    assert_eq!(metrics, all);
    let name = asg.tags().iter().find(|tag| tag.key() == Some("Name")).expect("the tag");
    assert_eq!((name.value(), name.propagate_at_launch()), (Some("ASG-Web-Instance"), Some(true)));
    let tags = tags_of(asg.tags().iter().map(|tag| (tag.key(), tag.value())));
    assert_eq!((tags["purlin:stack"], tags["purlin:address"]), ("web-lab", "AutoScalingGroup.web"));
    let notifications = client.describe_notification_configurations().send().await.expect("notifications");
    assert!(notifications.notification_configurations().is_empty(), "{notifications:?}");

    let policies = client.describe_policies().send().await.expect("policies");
    let [policy] = policies.scaling_policies() else { panic!("{policies:?}") };
    assert_eq!(policy.policy_name(), Some("Web-ASG-cpu"));
    assert_eq!(policy.auto_scaling_group_name(), Some("Web-ASG"));
    let tracking = policy.target_tracking_configuration().expect("target tracking");
    assert_eq!(tracking.target_value(), Some(30.0));
    let metric = tracking.predefined_metric_specification().and_then(|metric| metric.predefined_metric_type());
    assert_eq!(metric, Some(&MetricType::AsgAverageCpuUtilization));
    assert_ne!(tracking.disable_scale_in(), Some(true));

    let instances = sim.instances();
    assert_eq!(instances.len(), 2);
    let mut subnets: Vec<_> = instances.iter().map(|instance| instance.subnet.clone()).collect();
    subnets.sort();
    assert_eq!(subnets, private);
    for instance in &instances {
        assert_eq!(instance.state, InstanceStateName::Running);
        assert_eq!(instance.instance_type, "t2.micro");
        assert_eq!(instance.tags["Name"], "ASG-Web-Instance");
        assert_eq!(instance.volume_tags["Name"], "Web Instance");
        assert_eq!(instance.security_groups, [group(&sim, "ASG-Web-Inst-SG").await.group_id().expect("an id")]);
    }
    let health = sim.target_health(arn);
    assert!(health.len() == 2 && health.iter().all(|target| target.state == "healthy"), "{health:?}");
}

#[tokio::test(start_paused = true)]
async fn the_number_of_instances_follows_the_load() {
    let (sim, deployer) = deployed().await;
    let (stack, _) = lab("t2.micro");
    for (load, wanted) in [(150.0, 4), (20.0, 2)] {
        sim.set_load("Web-ASG", load);
        let began = sim.now();
        loop {
            let status = deployer.status(&stack).await.expect("a status");
            let serving: Vec<_> =
                status.groups[0].instances.iter().filter(|instance| instance.targets == ["healthy"]).collect();
            if serving.len() == wanted && status.groups[0].instances.len() == wanted {
                break;
            }
            assert!(sim.now() - began < Duration::from_secs(3600), "{status}");
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
        // And it stays there.
        tokio::time::sleep(Duration::from_secs(1800)).await;
        assert_eq!(sim.auto_scaling_group("Web-ASG").expect("the group").in_service(), wanted);
        // What scaling moves is no drift.
        let plan = deployer.plan(&stack).await.expect("a plan");
        assert!(plan.is_empty(), "{plan}");
    }
}

/// I29: the group names versions by number.
#[tokio::test(start_paused = true)]
async fn another_instance_type_is_a_new_version_to_which_the_group_moves() {
    let (sim, deployer) = deployed().await;
    let (changed, _) = lab("t3.micro");
    let plan = deployer.plan(&changed).await.expect("a plan");
    let before = sim.calls().len();
    deployer.apply(plan).await.expect("an update");
    assert_eq!(writes(&sim, before), ["CreateLaunchTemplateVersion", "UpdateAutoScalingGroup"]);

    let groups = sim.autoscaling().describe_auto_scaling_groups().send().await.expect("groups");
    let template = groups.auto_scaling_groups()[0].launch_template().expect("a template");
    assert_eq!(template.version(), Some("2"));
    let versions = sim.ec2().describe_launch_template_versions().launch_template_name("Web").versions("2");
    let versions = versions.send().await.expect("versions");
    let data = versions.launch_template_versions()[0].launch_template_data().expect("data");
    assert_eq!(data.instance_type().map(|kind| kind.as_str()), Some("t3.micro"));
    let next = deployer.plan(&changed).await.expect("a plan");
    assert!(next.is_empty(), "{next}");
}

fn permission(port: i32) -> IpPermission {
    IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(port)
        .to_port(port)
        .ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build())
        .build()
}

#[tokio::test(start_paused = true)]
async fn tampering_with_a_rule_is_drift_that_names_it_and_is_repaired() {
    let (sim, deployer) = deployed().await;
    let (stack, _) = lab("t2.micro");
    assert!(deployer.drift(&stack).await.expect("drift").is_empty());
    let untouched = inventory(&sim).await;

    let id = group(&sim, "Web-ALB-SG").await.group_id().expect("an id").to_owned();
    let ec2 = sim.ec2();
    ec2.revoke_security_group_ingress().group_id(&id).ip_permissions(permission(80)).send().await.expect("a revoke");
    ec2.authorize_security_group_ingress().group_id(&id).ip_permissions(permission(22)).send().await.expect("a rule");

    let drift = deployer.drift(&stack).await.expect("drift");
    let text = "SecurityGroup.alb is not as declared\n    \
        ingress: missing tcp 80 from 0.0.0.0/0\n    \
        ingress: found tcp 22 from 0.0.0.0/0, which is not declared\n";
    assert_eq!(drift.to_string(), text);

    let before = sim.calls().len();
    deploy(&sim, &stack).await.expect("a repair");
    assert_eq!(writes(&sim, before), ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"]);
    assert!(deployer.drift(&stack).await.expect("drift").is_empty());
    support::assert_same(&inventory(&sim).await, &untouched, "after the repair");
}

#[tokio::test(start_paused = true)]
async fn destroying_leaves_nothing_owned_and_the_given_network_untouched() {
    let sim = given();
    let network = async || {
        let ec2 = sim.ec2();
        (
            format!("{:?}", ec2.describe_vpcs().send().await.expect("VPCs").vpcs()),
            format!("{:?}", ec2.describe_subnets().send().await.expect("subnets").subnets()),
            format!("{:?}", ec2.describe_images().owners("self").send().await.expect("images").images()),
        )
    };
    let (before, empty) = (network().await, inventory(&sim).await);
    let (stack, _) = lab("t2.micro");
    deploy(&sim, &stack).await.expect("a deploy");
    assert_ne!(inventory(&sim).await, empty);

    destroy(&sim, &stack).await.expect("a destroy");
    assert_eq!(network().await, before);
    support::assert_same(&inventory(&sim).await, &empty, "after the destroy");
    let groups = sim.ec2().describe_security_groups().filters(owned()).send().await.expect("groups");
    assert!(groups.security_groups().is_empty(), "{groups:?}");
    assert!(!sim.instances().is_empty());
    assert!(sim.instances().iter().all(|instance| instance.state == InstanceStateName::Terminated));
    assert!(sim.auto_scaling_group("Web-ASG").is_none());
    let left = Deployer::new(sim.aws()).plan_destroy(&stack).await.expect("a plan");
    assert!(left.is_empty(), "{left}");
}

#[tokio::test(start_paused = true)]
async fn plans_read_well() {
    let sim = given();
    let deployer = Deployer::new(sim.aws());
    let plan = deployer.plan(&lab("t2.micro").0).await.expect("a plan");
    insta::assert_snapshot!("first_plan", plan.to_string());
    let json = serde_json::to_string_pretty(&plan.to_json()).expect("JSON");
    insta::assert_snapshot!("first_plan_json", json);
    deployer.apply(plan).await.expect("a deploy");

    let (changed, _) = lab("t3.micro");
    let plan = deployer.plan(&changed).await.expect("a plan");
    insta::assert_snapshot!("update_plan", plan.to_string());
    deployer.apply(plan).await.expect("an update");

    let plan = deployer.plan_destroy(&changed).await.expect("a plan");
    insta::assert_snapshot!("destroy_plan", plan.to_string());
}

/// Deploys the lab with more in it, then without; returns what each of the two plans did.
async fn added_and_removed(add: impl Fn(&mut Stack, support::Refs)) -> [Vec<(String, Action)>; 2] {
    let sim = given();
    let deployer = Deployer::new(sim.aws());
    let (stack, _) = LAB.stack();
    deploy(&sim, &stack).await.expect("a deploy");
    let before = inventory(&sim).await;
    let (mut more, refs) = LAB.stack();
    add(&mut more, refs);
    let mut done = Vec::new();
    for stack in [&more, &stack] {
        let plan = deployer.plan(stack).await.expect("a plan");
        done.push(actions(&plan));
        deployer.apply(plan).await.expect("it is carried out");
        let next = deployer.plan(stack).await.expect("a plan");
        assert!(next.is_empty(), "{next}");
    }
    support::assert_same(&inventory(&sim).await, &before, "after it was removed again");
    done.try_into().expect("two plans")
}

#[tokio::test(start_paused = true)]
async fn a_scaling_policy_is_added_and_removed() {
    let [added, removed] = added_and_removed(|stack, refs| {
        let network = TargetTracking::predefined(PredefinedMetric::AverageNetworkIn, 1e6);
        let policy = ScalingPolicy::builder().name("Web-ASG-network").group(refs.group).scaling(network);
        stack.add("network", policy.build());
    })
    .await;
    // The group keeps the record of what of it is the stack's.
    let policy =
        |action| [("AutoScalingGroup.web".to_owned(), Action::Update), ("ScalingPolicy.network".to_owned(), action)];
    assert_eq!(added, policy(Action::Create));
    assert_eq!(removed, policy(Action::Delete));
}

#[tokio::test(start_paused = true)]
async fn a_listener_rule_is_added_and_removed() {
    let [added, removed] = added_and_removed(|stack, refs| {
        let rule = ListenerRule::builder().listener(refs.listener).priority(10).condition(Condition::path(["/old/*"]));
        stack.add("old", rule.action(purlin::Action::fixed_response(410)).build());
    })
    .await;
    assert_eq!(added, [("ListenerRule.old".to_owned(), Action::Create)]);
    assert_eq!(removed, [("ListenerRule.old".to_owned(), Action::Delete)]);
}

#[tokio::test(start_paused = true)]
async fn a_second_security_group_is_added_and_removed() {
    let [added, removed] = added_and_removed(|stack, refs| {
        let group = SecurityGroup::builder().name("Web-Admin-SG").description("Administration").vpc(refs.vpc);
        stack.add("admin", group.ingress(Ingress::https().from_ipv4("10.0.0.0/8")).build());
    })
    .await;
    assert_eq!(added, [("SecurityGroup.admin".to_owned(), Action::Create)]);
    assert_eq!(removed, [("SecurityGroup.admin".to_owned(), Action::Delete)]);
}

#[tokio::test(start_paused = true)]
async fn a_target_group_is_replaced_by_a_successor_to_which_everything_moves() {
    let sim = support::given(&[80, 8080]);
    let deployer = Deployer::new(sim.aws());
    let old = Variant { open: &[80, 8080], ..LAB };
    let (stack, refs) = old.stack();
    let live = deploy(&sim, &stack).await.expect("a deploy");
    let before = live.get(refs.targets).arn.clone();

    let (changed, refs) = Variant { port: 8080, ..old }.stack();
    let plan = deployer.plan(&changed).await.expect("a plan");
    let change = plan.change("TargetGroup.web").expect("a change");
    assert_eq!(change.action, Action::Replace);
    let calls = sim.calls().len();
    let live = deployer.apply(plan).await.expect("a replacement");
    let after = live.get(refs.targets);
    assert_eq!(after.name, "Web-TG-2");
    assert_ne!(after.arn, before);

    let groups = sim.elbv2().describe_target_groups().send().await.expect("target groups");
    let [group] = groups.target_groups() else { panic!("{groups:?}") };
    assert_eq!(group.target_group_arn(), Some(after.arn.as_str()));
    assert_eq!((group.target_group_name(), group.port()), (Some("Web-TG-2"), Some(8080)));
    let listeners = sim.elbv2().describe_listeners().listener_arns(live.get(refs.listener).arn.as_str());
    let listeners = listeners.send().await.expect("listeners");
    assert_eq!(listeners.listeners()[0].default_actions()[0].target_group_arn(), Some(after.arn.as_str()));
    let groups = sim.autoscaling().describe_auto_scaling_groups().send().await.expect("groups");
    assert_eq!(groups.auto_scaling_groups()[0].target_group_arns(), [after.arn.as_str()]);
    let health = sim.target_health(after.arn.as_str());
    assert!(health.len() == 2 && health.iter().all(|target| target.state == "healthy"), "{health:?}");
    let order: Vec<_> = sim.calls()[calls..].iter().filter(|call| !call.is_read()).map(|call| call.operation).collect();
    assert_eq!(order.first(), Some(&"CreateTargetGroup"));
    assert_eq!(order.last(), Some(&"DeleteTargetGroup"));

    let next = deployer.plan(&changed).await.expect("a plan");
    assert!(next.is_empty(), "{next}");
    destroy(&sim, &changed).await.expect("a destroy");
    assert!(sim.elbv2().describe_target_groups().send().await.expect("groups").target_groups().is_empty());
}

#[tokio::test(start_paused = true)]
async fn another_address_for_the_same_name_replaces_nothing() {
    let sim = given();
    let deployer = Deployer::new(sim.aws());
    let (stack, refs) = LAB.stack();
    let before = deploy(&sim, &stack).await.expect("a deploy").get(refs.targets).arn.clone();
    let (renamed, refs) = Variant { targets: "service", ..LAB }.stack();
    let plan = deployer.plan(&renamed).await.expect("a plan");
    assert_eq!(actions(&plan), [("TargetGroup.service".to_owned(), Action::Update)]);
    let calls = sim.calls().len();
    let live = deployer.apply(plan).await.expect("a new address");
    assert_eq!(writes(&sim, calls), ["AddTags"]);
    assert_eq!(live.get(refs.targets).arn, before);
    let next = deployer.plan(&renamed).await.expect("a plan");
    assert!(next.is_empty(), "{next}");
}

#[tokio::test(start_paused = true)]
async fn foreign_groups_of_the_same_name_can_be_adopted() {
    let sim = SimAws::new();
    let vpc = support::network(&sim);
    sim.add_custom_image(SimImage::named("Web Server v1"));
    // As the lab has it, but for its rule: a description could not be changed.
    let ec2 = sim.ec2();
    let created =
        ec2.create_security_group().group_name("Web-ALB-SG").description("HTTP from anywhere").vpc_id(vpc.as_str());
    let security_group = created.send().await.expect("a group").group_id.expect("an id");
    let ssh = ec2.authorize_security_group_ingress().group_id(&security_group).ip_permissions(permission(22));
    ssh.send().await.expect("a rule");
    let target_group = sim.add_target_group("Web-TG", &vpc, 80);
    let deployer = Deployer::new(sim.aws());

    let before = sim.calls().len();
    let (mut stack, refs) = LAB.stack();
    let conflict = deployer.plan(&stack).await.expect_err("both are taken");
    assert!(conflict.is_conflict(), "{conflict:?}");
    let text = conflict.to_string();
    assert!(text.contains(&security_group) && text.contains(&target_group), "{text}");

    let conflict = deployer.plan(stack.adopt(refs.targets)).await.expect_err("one is still taken").to_string();
    assert!(conflict.contains(&security_group) && !conflict.contains(&target_group), "{conflict}");
    let plan = deployer.plan(stack.adopt(refs.balancer_group)).await.expect("a plan");
    for (address, id) in [("TargetGroup.web", &target_group), ("SecurityGroup.alb", &security_group)] {
        let change = plan.change(address).expect("a change");
        assert_eq!((change.action, change.id.as_ref()), (Action::Adopt, Some(id)));
    }
    assert_eq!(writes(&sim, before), [""; 0]);
    let live = deployer.apply(plan).await.expect("a deploy");
    assert_eq!(live.get(refs.targets).arn.as_str(), target_group);
    assert_eq!(live.get(refs.balancer_group).id.as_str(), security_group);
    let rules = group(&sim, "Web-ALB-SG").await.ip_permissions.expect("rules");
    assert_eq!(rules.iter().map(|rule| rule.from_port()).collect::<Vec<_>>(), [Some(80)]);
    let next = deployer.plan(&stack).await.expect("a plan");
    assert!(next.is_empty(), "{next}");
    destroy(&sim, &stack).await.expect("a destroy");
    let groups = sim.ec2().describe_security_groups().send().await.expect("groups");
    let names: Vec<_> = groups.security_groups().iter().filter_map(|group| group.group_name()).collect();
    assert_eq!(names, ["default"]);
    assert!(sim.elbv2().describe_target_groups().send().await.expect("groups").target_groups().is_empty());
}

/// R60: the limit can be set.
#[tokio::test(start_paused = true)]
async fn the_limit_on_calls_in_flight_holds() {
    let sim = SimAws::new();
    demo::given(&sim);
    let deployer = Deployer::new(sim.aws()).with_concurrency(1);
    let (stack, _) = lab("t2.micro");
    deployer.apply(deployer.plan(&stack).await.expect("a plan")).await.expect("a deploy");
    // With one permit, a call begins only when the one before it is answered.
    let settings = (Duration::from_millis(50), Duration::from_millis(250));
    for pair in sim.calls().windows(2) {
        let latency = if pair[0].is_read() { settings.0 } else { settings.1 };
        assert!(pair[1].at >= pair[0].at + latency, "{:?} and {:?} overlap", pair[0], pair[1]);
    }
}

#[tokio::test(start_paused = true)]
async fn rules_change_places() {
    let sim = given();
    let deployer = Deployer::new(sim.aws());
    let order = |priorities: [u16; 3]| {
        let (mut stack, refs) = LAB.stack();
        for (name, priority) in ["a", "b", "c"].into_iter().zip(priorities) {
            let rule = ListenerRule::builder().listener(refs.listener).priority(priority);
            let rule =
                rule.condition(Condition::path([format!("/{name}")])).action(purlin::Action::fixed_response(404));
            stack.add(name, rule.build());
        }
        stack
    };
    for priorities in [[10, 20, 30], [20, 10, 30], [30, 20, 10], [20, 30, 10]] {
        let stack = order(priorities);
        deployer.apply(deployer.plan(&stack).await.expect("a plan")).await.expect("a deploy");
        let next = deployer.plan(&stack).await.expect("a plan");
        assert!(next.is_empty(), "{next}");
    }
}
