//! What can be made to go wrong in the simulated AWS, and how much it takes.

use std::time::Duration;

use aws_sdk_ec2::error::ProvideErrorMetadata;
use aws_sdk_ec2::types::{InstanceType, RequestLaunchTemplateData};
use aws_sdk_elasticloadbalancingv2::types::{Action, ActionTypeEnum, FixedResponseActionConfig, ProtocolEnum};
use purlin::sim::{Fault, SimAws};
use purlin::*;

use crate::support::{LAB, given, network};

/// Which of these many calls fail.
async fn failures(sim: &SimAws, calls: usize) -> Vec<usize> {
    let mut failed = Vec::new();
    for call in 0..calls {
        if sim.ec2().describe_vpcs().send().await.is_err() {
            failed.push(call);
        }
    }
    failed
}

#[tokio::test(start_paused = true)]
async fn faults_by_chance_meet_the_same_calls_with_the_same_seed() {
    let met = async |seed| {
        let sim = SimAws::new();
        sim.inject(Fault::anywhere().chance(0.25, seed));
        failures(&sim, 200).await
    };
    let (one, again, other) = (met(1).await, met(1).await, met(2).await);
    assert_eq!(one, again);
    assert_ne!(one, other);
    assert!((30..70).contains(&one.len()), "{} of 200 calls", one.len());
    let sim = SimAws::new();
    sim.inject(Fault::on("DescribeVpcs").chance(0.25, 1).after(100).times(2));
    let few = failures(&sim, 200).await;
    assert_eq!(few.len(), 2);
    assert!(few[0] >= 100);
}

#[tokio::test(start_paused = true)]
async fn faults_by_time_meet_only_calls_in_between() {
    let sim = SimAws::new();
    // A read takes 50 ms: twenty a second.
    sim.inject(Fault::anywhere().between(Duration::from_secs(1), Duration::from_secs(2)));
    assert_eq!(failures(&sim, 60).await, (20..40).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn slow_answers_arrive_later_and_are_right() {
    let sim = given(&[80]);
    sim.inject(Fault::on("DescribeVpcs").slow(Duration::from_secs(20)).times(1));
    let began = sim.now();
    let vpcs = sim.ec2().describe_vpcs().send().await.expect("slowness is no failure");
    assert_eq!(vpcs.vpcs().len(), 1);
    assert_eq!(sim.now() - began, Duration::from_millis(20_050));
    sim.ec2().describe_vpcs().send().await.expect("an answer");
    assert_eq!(sim.now() - began, Duration::from_millis(20_100));
}

#[tokio::test(start_paused = true)]
async fn each_service_asks_to_slow_down_with_its_own_code() {
    let sim = SimAws::new();
    sim.inject(Fault::anywhere().throttle());
    let ec2 = sim.ec2().describe_vpcs().send().await.expect_err("throttled");
    assert_eq!(ec2.code(), Some("RequestLimitExceeded"));
    let elb = sim.elbv2().describe_load_balancers().send().await.expect_err("throttled");
    assert_eq!(elb.code(), Some("ThrottlingException"));
    let scaling = sim.autoscaling().describe_auto_scaling_groups().send().await.expect_err("throttled");
    assert_eq!(scaling.code(), Some("Throttling"));
}

#[tokio::test(start_paused = true)]
async fn calls_in_flight_are_counted_and_limited() {
    for limit in [1, 3] {
        let sim = given(&[80]);
        let (stack, _) = LAB.stack();
        let deployer = Deployer::new(sim.aws()).with_concurrency(limit);
        let plan = deployer.plan(&stack).await.expect("a plan");
        deployer.apply(plan).await.expect("it can be deployed");
        assert_eq!(sim.most_in_flight(), limit);
    }
}

/// A deploy goes on where a storm of faults ended.
#[tokio::test(start_paused = true)]
async fn a_storm_of_unanswered_calls_leaves_nothing_twice() {
    let sim = given(&[80]);
    let (stack, _) = LAB.stack();
    let deployer = Deployer::new(sim.aws());
    sim.inject(Fault::anywhere().lose_answer().chance(0.3, 7));
    for _ in 0..3 {
        if let Ok(plan) = deployer.plan(&stack).await {
            let _ = deployer.apply(plan).await;
        }
    }
    sim.clear_faults();
    deployer.apply(deployer.plan(&stack).await.expect("a plan")).await.expect("it can be deployed");
    assert!(deployer.plan(&stack).await.expect("a plan").is_empty());
    let groups = sim.elbv2().describe_target_groups().send().await.expect("groups");
    assert_eq!(groups.target_groups().len(), 1);
}

/// What was tried beyond a quota, and with which code it was refused.
async fn beyond(sim: &SimAws, vpc: &str) -> Vec<(&'static str, Option<String>)> {
    let (ec2, elb, scaling) = (sim.ec2(), sim.elbv2(), sim.autoscaling());
    let mut refusals = Vec::new();
    let subnets = ec2.describe_subnets().send().await.expect("subnets");
    let subnets: Vec<_> = subnets.subnets().iter().filter_map(|subnet| subnet.subnet_id.clone()).take(2).collect();
    let balancer = sim.add_load_balancer("one", &subnets);
    let two = elb.create_load_balancer().name("two").set_subnets(Some(subnets.clone())).send().await;
    refusals.push(("balancers", two.err().and_then(|error| error.code().map(str::to_owned))));
    sim.add_target_group("one", vpc, 80);
    let two = elb.create_target_group().name("two").vpc_id(vpc).protocol(ProtocolEnum::Http).port(80).send().await;
    refusals.push(("target groups", two.err().and_then(|error| error.code().map(str::to_owned))));
    let answer = FixedResponseActionConfig::builder().status_code("404").build();
    let answer = Action::builder().r#type(ActionTypeEnum::FixedResponse).fixed_response_config(answer).build();

    let listen = |port| {
        let listener = elb.create_listener().load_balancer_arn(&balancer).protocol(ProtocolEnum::Http).port(port);
        listener.default_actions(answer.clone()).send()
    };
    listen(80).await.expect("a listener");
    refusals.push(("listeners", listen(81).await.err().and_then(|error| error.code().map(str::to_owned))));
    // The default group of the VPC counts, too.
    let group = sim.add_security_group(vpc, "one");
    let two = ec2.create_security_group().group_name("two").description("two").vpc_id(vpc).send().await;
    refusals.push(("security groups", two.err().and_then(|error| error.code().map(str::to_owned))));
    let allow = |port| {
        let rule = ec2.authorize_security_group_ingress().group_id(&group).ip_protocol("tcp");
        rule.from_port(port).to_port(port).cidr_ip("10.0.0.0/8").send()
    };
    allow(1).await.expect("a rule");
    refusals.push(("rules", allow(2).await.err().and_then(|error| error.code().map(str::to_owned))));
    let data = || {
        RequestLaunchTemplateData::builder()
            .instance_type(InstanceType::T2Micro)
            .image_id("ami-0a1b2c3d4e5f60718")
            .build()
    };
    let template =
        |name: &str| ec2.create_launch_template().launch_template_name(name).launch_template_data(data()).send();
    template("one").await.expect("a template");
    refusals.push(("templates", template("two").await.err().and_then(|error| error.code().map(str::to_owned))));
    let version = ec2.create_launch_template_version().launch_template_name("one").launch_template_data(data());
    refusals.push(("versions", version.send().await.err().and_then(|error| error.code().map(str::to_owned))));
    sim.add_auto_scaling_group("one", "one", &[&subnets[0]], 0);
    let notify = |topic: &str| {
        let put = scaling.put_notification_configuration().auto_scaling_group_name("one");
        let put = put.topic_arn(format!("arn:aws:sns:ap-northeast-2:123456789012:{topic}"));
        put.notification_types("autoscaling:TEST_NOTIFICATION").send()
    };
    notify("one").await.expect("a notification");
    refusals.push(("topics", notify("two").await.err().and_then(|error| error.code().map(str::to_owned))));
    let schedule = |name: &str| {
        let put = scaling.put_scheduled_update_group_action().auto_scaling_group_name("one");
        put.scheduled_action_name(name).recurrence("0 0 1 6 *").min_size(0).send()
    };
    schedule("one").await.expect("a scheduled action");
    refusals.push(("scheduled actions", schedule("two").await.err().and_then(|error| error.code().map(str::to_owned))));
    refusals
}

#[tokio::test(start_paused = true)]
async fn quotas_can_be_set_and_are_refused_with_their_codes() {
    let sim = SimAws::new();
    let vpc = network(&sim);
    sim.configure(|settings| {
        let quotas = &mut settings.quotas;
        quotas.application_load_balancers = 1;
        quotas.target_groups = 1;
        quotas.listeners_per_load_balancer = 1;
        quotas.security_groups = 2;
        quotas.rules_per_security_group = 1;
        quotas.launch_templates = 1;
        quotas.versions_per_launch_template = 1;
        quotas.topics_per_auto_scaling_group = 1;
        quotas.scheduled_actions_per_auto_scaling_group = 1;
    });
    let expected = [
        ("balancers", "TooManyLoadBalancers"),
        ("target groups", "TooManyTargetGroups"),
        ("listeners", "TooManyListeners"),
        ("security groups", "SecurityGroupLimitExceeded"),
        ("rules", "RulesPerSecurityGroupLimitExceeded"),
        ("templates", "ResourceLimitExceeded"),
        ("versions", "ResourceLimitExceeded"),
        ("topics", "LimitExceeded"),
        ("scheduled actions", "LimitExceeded"),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(what, code)| (what, Some(code.to_owned()))).collect();
    assert_eq!(beyond(&sim, &vpc).await, expected);
    let limits = sim.elbv2().describe_account_limits().send().await.expect("limits");
    let balancers = limits.limits().iter().find(|limit| limit.name() == Some("application-load-balancers"));
    assert_eq!(balancers.and_then(|limit| limit.max()), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_used_up_is_an_error_of_capacity() {
    let sim = given(&[80]);
    sim.configure(|settings| settings.quotas.application_load_balancers = 0);
    let (stack, _) = LAB.stack();
    let deployer = Deployer::new(sim.aws());
    let failure = deployer.apply(deployer.plan(&stack).await.expect("a plan")).await.expect_err("no room");
    let error = &failure.errors()[0];
    assert!(error.is_capacity(), "{error}");
    assert_eq!(error.code(), Some("TooManyLoadBalancers"));
}
