//! Auto Scaling groups, their launches, and what hangs on them.

use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types as elb;
use purlin::sim::{Fault, SimAws};
use purlin::*;

use super::{SERVICE, account, next, only, sent, timed, tries, watched};
use crate::support::{self, deploy, destroy};

/// A group of two in a stack, as a test varies it.
macro_rules! group {
    ($stack:ident, $type:expr, $template:ident => $change:expr, $group:ident => $vary:expr) => {{
        let vpc = $stack.add("vpc", Vpc::named("VPC-Lab"));
        let private = $stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
        let image = $stack.add("web", Image::named("Web Server v1"));
        let $template = LaunchTemplate::builder().name("Web").image(image).instance_type($type);
        let template = $stack.add("web", $change.build());
        let $group =
            AutoScalingGroup::builder().name("Web-ASG").launch_template(template).subnets(private).sizes(2..=4);
        $stack.add("web", $vary.build())
    }};
}

fn profiled(profile: &str) -> Stack {
    let mut stack = Stack::new("web-lab");
    group!(stack, "t2.micro", template => template.instance_profile(profile), group => group);
    stack
}

/// R38, R58, I33: a group is made, and changed, once the profile of its template is known everywhere,
/// after a few tries.
#[tokio::test(start_paused = true)]
async fn a_profile_that_was_just_made_is_taken_when_it_is_known() {
    let sim = account();
    sim.configure(|settings| settings.propagation = Duration::from_secs(25));
    let arn = "arn:aws:iam::123456789012:instance-profile/second";
    for (profile, operation) in [("first", "CreateAutoScalingGroup"), (arn, "UpdateAutoScalingGroup")] {
        sim.just_made(profile);
        let since = sim.calls().len();
        let (ended, took) = timed(&sim, &profiled(profile)).await;
        ended.expect(operation);
        let (sent, refused) = tries(&sim, since, operation);
        assert!(sent == refused + 1 && (1..12).contains(&refused), "{operation}: {sent} sent, {refused} refused");
        assert!(took < Duration::from_secs(60), "{took:?}");
        assert!(next(&sim, &profiled(profile)).await.is_empty());
    }
}

/// R37, R38, R58: a profile that stays unknown is told after two minutes, in AWS's words, not when the
/// deadline of the step is over.
#[tokio::test(start_paused = true)]
async fn a_profile_that_never_comes_is_told_after_two_minutes() {
    let sim = account();
    sim.configure(|settings| settings.propagation = Duration::from_secs(36_000));
    for deployed in [false, true] {
        if deployed {
            deploy(&sim, &profiled("known")).await.expect("a deploy");
        }
        sim.just_made("typo");
        let (ended, took) = timed(&sim, &profiled("typo")).await;
        let error = only(ended);
        assert_eq!(error.code(), Some("ValidationError"), "{error:?}");
        assert!(error.to_string().contains("Invalid IAM Instance Profile name"), "{error}");
        assert!(took > Duration::from_secs(110) && took < Duration::from_secs(150), "{took:?}");
    }
}

const PROFILE: &str = "Value (web) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name";

/// R38, R41: launches that fail because of a profile that was just made are waited out, for five minutes;
/// then they are what any failed launch is.
#[tokio::test(start_paused = true)]
async fn launches_may_fail_for_a_while_because_of_a_profile() {
    let fault = || Fault::on("RunInstances").code("InvalidParameterValue").message(PROFILE);
    let sim = account();
    sim.inject(fault().times(2));
    deploy(&sim, &profiled("web")).await.expect("the third launch works");

    let sim = account();
    sim.inject(fault());
    let (ended, took) = timed(&sim, &profiled("web")).await;
    let error = only(ended);
    assert!(error.is_capacity() && error.to_string().contains(PROFILE), "{error:?}");
    assert!(took > Duration::from_secs(290) && took < Duration::from_secs(330), "{took:?}");
}

/// R41: whatever stops launches is told in the words of the scaling activity, as soon as it is there;
/// the error says what to do.
#[tokio::test(start_paused = true)]
async fn a_failed_launch_ends_the_wait_at_once() {
    for (code, message) in [
        ("VcpuLimitExceeded", "You have requested more vCPU capacity than your current vCPU limit of 32 allows"),
        ("InsufficientFreeAddressesInSubnet", "There are not enough free addresses in subnet to satisfy the request"),
        ("UnauthorizedOperation", "You are not authorized to use launch template: lt-1"),
    ] {
        let sim = account();
        sim.inject(Fault::on("RunInstances").code(code).message(message));
        let (ended, took) = timed(&sim, &profiled("web")).await;
        let error = only(ended);
        assert!(error.is_capacity() && error.to_string().contains(message), "{error:?}");
        assert!(error.hint().is_some(), "{error:?}");
        assert!(took < Duration::from_secs(15), "{took:?}");
    }
}

/// R39, R40: hooks whose role or topic was just made are put once AWS can send its test message: with
/// the group, and on a group that exists.
#[tokio::test(start_paused = true)]
async fn a_hook_is_put_once_its_target_takes_a_message() {
    const TOPIC: &str = "arn:aws:sns:ap-northeast-2:123456789012:hooks";
    let hooked = |roles: &[&str]| {
        let mut stack = Stack::new("web-lab");
        let hooks = roles.iter().map(|role| {
            let hook = LifecycleHook::builder().name(*role).transition(LifecycleTransition::Terminating);
            hook.notify(TOPIC, format!("arn:aws:iam::123456789012:role/{role}")).build()
        });
        let hooks: Vec<_> = hooks.collect();
        group!(stack, "t2.micro", template => template, group => {
            hooks.into_iter().fold(group.default_cooldown(Duration::from_secs(60)), |group, hook| group.lifecycle_hook(hook))
        });
        stack
    };
    let sim = account();
    sim.configure(|settings| settings.propagation = Duration::from_secs(30));
    for (role, roles, operation) in
        [("first", &["first"][..], "CreateAutoScalingGroup"), ("second", &["first", "second"][..], "PutLifecycleHook")]
    {
        sim.just_made(format!("arn:aws:iam::123456789012:role/{role}"));
        let since = sim.calls().len();
        deploy(&sim, &hooked(roles)).await.expect(operation);
        let (sent, refused) = tries(&sim, since, operation);
        assert!(sent == refused + 1 && (1..12).contains(&refused), "{operation}: {sent} sent, {refused} refused");
        assert!(next(&sim, &hooked(roles)).await.is_empty());
    }
}

fn targeted(groups: usize, instance_type: &str) -> Stack {
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("lab", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let open = SecurityGroup::builder().name("open").description("open").vpc(vpc);
    let open = stack.add("open", open.ingress(Ingress::http().from_anywhere_ipv4()).build());
    let balancer = LoadBalancer::application().name("web").subnets(public).security_group(open);
    let balancer = stack.add("web", balancer.build());
    let targets: Vec<_> = (0..groups)
        .map(|number| {
            let name = format!("web-{number}");
            let group = TargetGroup::builder().name(&name).vpc(vpc).traffic(Traffic::http(80));
            let group = stack.add(&name, group.deregistration_delay(Duration::ZERO).build());
            let accept = Accept::http(8000 + u16::try_from(number).expect("a port"));
            let listener = Listener::builder().load_balancer(balancer).accept(accept);
            stack.add(&name, listener.action(Action::forward(group)).build());
            group
        })
        .collect();
    group!(stack, instance_type, template => template.security_group(open), group => {
        targets.iter().fold(group.default_cooldown(Duration::from_secs(60)), |group, targets| group.target_group(*targets))
    });
    stack
}

/// R42, R44, R45, R47: target groups are attached ten at a time; the deploy is done when the instances
/// are registered everywhere and healthy everywhere, one that is not registered yet is not healthy.
#[tokio::test(start_paused = true)]
async fn instances_count_once_they_are_registered_and_healthy_everywhere() {
    let sim = account();
    deploy(&sim, &targeted(1, "t2.micro")).await.expect("a deploy");
    sim.configure(|settings| settings.scaling_reaction = Duration::from_secs(30));
    let since = sim.calls().len();
    deploy(&sim, &targeted(12, "t2.micro")).await.expect("an update");
    assert_eq!(tries(&sim, since, "AttachLoadBalancerTargetGroups"), (2, 0));
    let groups = sim.elbv2().describe_target_groups().send().await.expect("target groups");
    for group in groups.target_groups() {
        let health = sim.target_health(group.target_group_arn().expect("an ARN"));
        assert!(health.len() == 2 && health.iter().all(|target| target.state == "healthy"), "{health:?}");
    }
    let since = sim.calls().len();
    deploy(&sim, &targeted(1, "t2.micro")).await.expect("an update");
    assert_eq!(tries(&sim, since, "DetachLoadBalancerTargetGroups"), (2, 0));
    let left = sim.elbv2().describe_target_groups().send().await.expect("target groups");
    assert_eq!(left.target_groups().len(), 1);
}

/// R46: a target group that somebody detached meanwhile is detached.
#[tokio::test(start_paused = true)]
async fn a_target_group_that_is_detached_already_is_detached() {
    let sim = account();
    deploy(&sim, &targeted(2, "t2.micro")).await.expect("a deploy");
    sim.configure(|settings| settings.scaling_reaction = Duration::from_millis(10));
    sim.inject(Fault::on("DetachLoadBalancerTargetGroups").times(1).lose_answer());
    let since = sim.calls().len();
    deploy(&sim, &targeted(1, "t2.micro")).await.expect("an update");
    let refusals: Vec<_> = sim.calls()[since..].iter().filter_map(|call| call.error.clone()).collect();
    assert_eq!(refusals, ["InternalFailure", "ValidationError"]);
}

/// R43, I32: a group that has grown meanwhile is no failure: at least as many as asked for is enough.
#[tokio::test(start_paused = true)]
async fn a_scale_out_during_a_deploy_is_no_failure() {
    let sim = account();
    sim.configure(|settings| settings.instance_boot = Duration::from_secs(40));
    let (stack, _) = SERVICE.stack();
    let growing = async {
        while sim.auto_scaling_group("Web-ASG").is_none_or(|group| group.instances.len() < 2) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let grow = sim.autoscaling().set_desired_capacity().auto_scaling_group_name("Web-ASG").desired_capacity(4);
        grow.send().await.expect("a scale-out");
        tokio::time::sleep(Duration::from_secs(45)).await;
        let shrink = sim.autoscaling().set_desired_capacity().auto_scaling_group_name("Web-ASG").desired_capacity(2);
        shrink.send().await.expect("a scale-in: there are more than asked for until they are gone");
    };
    let (ended, ()) = tokio::join!(deploy(&sim, &stack), growing);
    ended.expect("more than enough");
    assert!(sim.auto_scaling_group("Web-ASG").expect("the group").in_service() >= 2);
    assert!(next(&sim, &stack).await.is_empty());
}

/// R48: metrics, warm pool and suspended processes do not wait for capacity: they are set though no
/// instance can be launched, and the next run has only to wait.
#[tokio::test(start_paused = true)]
async fn what_else_a_group_has_does_not_wait_for_its_instances() {
    let full = || {
        let mut stack = Stack::new("web-lab");
        group!(stack, "t2.micro", template => template, group => {
            group.group_metrics().warm_pool(WarmPool::default()).suspended_processes([ScalingProcess::AzRebalance])
        });
        stack
    };
    let sim = account();
    sim.inject(Fault::on("RunInstances").code("InsufficientInstanceCapacity").message("no capacity"));
    let error = only(deploy(&sim, &full()).await);
    assert!(error.is_capacity(), "{error:?}");
    for operation in ["EnableMetricsCollection", "PutWarmPool", "SuspendProcesses"] {
        assert_eq!(tries(&sim, 0, operation), (1, 0), "{operation}");
    }
    sim.clear_faults();
    let since = sim.calls().len();
    deploy(&sim, &full()).await.expect("a deploy");
    assert_eq!(sent(&sim, since), [""; 0]);
}

fn refreshing(instance_type: &str, refresh: InstanceRefresh) -> Stack {
    let mut stack = Stack::new("web-lab");
    group!(stack, instance_type, template => template, group => group.instance_refresh(refresh));
    stack
}

/// R50, I26, I27, I28: a refresh is followed to its end through all its states, with what it has done
/// so far; baking is not the end.
#[tokio::test(start_paused = true)]
async fn a_refresh_is_followed_through_baking_to_its_end() {
    let sim = account();
    let baking = || {
        let refresh = InstanceRefresh::builder().warmup(Duration::from_secs(5)).auto_rollback(true);
        refresh.bake_time(Duration::from_secs(120)).build()
    };
    deploy(&sim, &refreshing("t2.micro", baking())).await.expect("a deploy");
    let (deployer, events) = watched(&sim);
    let plan = deployer.plan(&refreshing("t3.micro", baking())).await.expect("a plan");
    let began = sim.now();
    deployer.apply(plan).await.expect("an update");
    assert!(sim.now() - began > Duration::from_secs(120), "{:?}", sim.now() - began);
    let events = events.lock().expect("events");
    let texts: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Waiting { what, .. } => Some(what.as_str()),
            _ => None,
        })
        .collect();
    for state in
        ["the instance refresh is Pending", "the instance refresh is InProgress", "the instance refresh is Baking"]
    {
        assert!(texts.iter().any(|text| text.starts_with(state)), "{state}: {texts:?}");
    }
    assert!(texts.iter().any(|text| text.contains("50% done")), "{texts:?}");
}

/// R50, I27: a refresh that is rolled back is followed until that is over, and fails the deploy with
/// the reason.
#[tokio::test(start_paused = true)]
async fn a_refresh_that_is_rolled_back_fails_the_deploy() {
    let sim = account();
    let slow = || InstanceRefresh::builder().warmup(Duration::from_secs(60)).auto_rollback(true).build();
    deploy(&sim, &refreshing("t2.micro", slow())).await.expect("a deploy");
    let (deployer, events) = watched(&sim);
    let plan = deployer.plan(&refreshing("t3.micro", slow())).await.expect("a plan");
    let rolling_back = async {
        tokio::time::sleep(Duration::from_secs(70)).await;
        let client = sim.autoscaling();
        client.rollback_instance_refresh().auto_scaling_group_name("Web-ASG").send().await.expect("a rollback");
    };
    let (ended, ()) = tokio::join!(deployer.apply(plan), rolling_back);
    let error = only(ended);
    assert!(error.to_string().contains("the instance refresh was rolled back"), "{error}");
    assert!(error.hint().is_some(), "{error:?}");
    let events = events.lock().expect("events").clone();
    let waited =
        |state: &str| events.iter().any(|event| matches!(event, Event::Waiting { what, .. } if what.contains(state)));
    assert!(waited("RollbackInProgress"));
    let group = sim.autoscaling().describe_auto_scaling_groups().send().await.expect("the group");
    let versions: Vec<_> = group.auto_scaling_groups()[0].instances().iter().collect();
    assert!(versions.iter().all(|instance| instance.instance_type() == Some("t2.micro")), "{versions:?}");
}

/// R51: a warm pool is gone when its instances are; until then it is waited for, and a refusal because
/// of a scaling activity is tried again.
#[tokio::test(start_paused = true)]
async fn a_warm_pool_is_waited_for_until_it_is_gone() {
    let pooled = |pool: bool| {
        let mut stack = Stack::new("web-lab");
        match pool {
            true => group!(stack, "t2.micro", template => template, group => group.warm_pool(WarmPool::default())),
            false => group!(stack, "t2.micro", template => template, group => group),
        };
        stack
    };
    let sim = account();
    deploy(&sim, &pooled(true)).await.expect("a deploy");
    sim.configure(|settings| settings.warm_pool_deletion = Duration::from_secs(90));
    for code in ["ResourceInUse", "ScalingActivityInProgress"] {
        sim.inject(
            Fault::on("DeleteWarmPool").code(code).message("The warm pool has activities in progress.").times(2),
        );
    }
    let since = sim.calls().len();
    let (ended, took) = timed(&sim, &pooled(false)).await;
    ended.expect("an update");
    assert_eq!(tries(&sim, since, "DeleteWarmPool"), (5, 4));
    assert!(took > Duration::from_secs(90) && took < Duration::from_secs(110), "{took:?}");
    assert!(next(&sim, &pooled(false)).await.is_empty());
}

/// R52: a group goes with its instances in one call, those that are protected from scale-in too.
#[tokio::test(start_paused = true)]
async fn a_group_goes_with_its_instances_in_one_call() {
    let sim = account();
    let mut stack = Stack::new("web-lab");
    group!(stack, "t2.micro", template => template, group => group.protect_from_scale_in(true));
    deploy(&sim, &stack).await.expect("a deploy");
    let since = sim.calls().len();
    destroy(&sim, &stack).await.expect("a destroy");
    assert_eq!(sent(&sim, since), ["DeleteAutoScalingGroup", "DeleteLaunchTemplate"]);
    assert!(sim.auto_scaling_group("Web-ASG").is_none());
}

/// R53, I30: a group that refuses because instances come or go is deleted when they do no longer.
#[tokio::test(start_paused = true)]
async fn a_group_goes_once_its_activities_are_over() {
    let sim = account();
    let (stack, _) = SERVICE.stack();
    deploy(&sim, &stack).await.expect("a deploy");
    sim.configure(|settings| {
        settings.instance_boot = Duration::from_secs(45);
        settings.refuse_deletion_while_scaling = true;
    });
    let grow = sim.autoscaling().set_desired_capacity().auto_scaling_group_name("Web-ASG").desired_capacity(4);
    grow.send().await.expect("a scale-out");
    tokio::time::sleep(Duration::from_secs(5)).await;
    let since = sim.calls().len();
    destroy(&sim, &stack).await.expect("a destroy");
    let (sent, refused) = tries(&sim, since, "DeleteAutoScalingGroup");
    assert!(sent == refused + 1 && (1..10).contains(&refused), "{sent} sent, {refused} refused");
    let codes: Vec<_> = sim.calls()[since..].iter().filter_map(|call| call.error.clone()).collect();
    assert!(codes.contains(&"ScalingActivityInProgress".to_owned()), "{codes:?}");
}

/// R53: what Auto Scaling refuses because of another change under way is tried again, whatever the call.
#[tokio::test(start_paused = true)]
async fn contention_is_tried_again_on_every_call() {
    // The message of the fault in the service model.
    let message = "You already have a pending update to an Amazon EC2 Auto Scaling resource (for example, an Auto \
                   Scaling group, instance, or load balancer).";
    let sim = account();
    let operations =
        ["CreateAutoScalingGroup", "EnableMetricsCollection", "PutScalingPolicy", "DescribeAutoScalingGroups"];
    for operation in operations {
        sim.inject(Fault::on(operation).code("ResourceContention").message(message).times(3));
    }
    let (stack, _) = SERVICE.stack();
    deploy(&sim, &stack).await.expect("a deploy");
    for operation in operations {
        assert_eq!(tries(&sim, 0, operation).1, 3, "{operation}");
    }
    sim.inject(Fault::on("DeleteAutoScalingGroup").code("ResourceContention").message(message).times(3));
    destroy(&sim, &stack).await.expect("a destroy");
}

/// I30: a group whose name is still held by one on its way out is made when that is gone.
#[tokio::test(start_paused = true)]
async fn a_group_is_made_when_the_last_of_its_name_is_gone() {
    let sim = account();
    sim.configure(|settings| settings.instance_termination = Duration::from_secs(60));
    let (stack, _) = SERVICE.stack();
    deploy(&sim, &stack).await.expect("a deploy");
    let delete = sim.autoscaling().delete_auto_scaling_group().auto_scaling_group_name("Web-ASG").force_delete(true);
    delete.send().await.expect("deleted by hand");
    let since = sim.calls().len();
    let (ended, took) = timed(&sim, &stack).await;
    ended.expect("a deploy");
    let (sent, refused) = tries(&sim, since, "CreateAutoScalingGroup");
    assert!(sent == refused + 1 && (1..12).contains(&refused), "{sent} sent, {refused} refused");
    assert!(took > Duration::from_secs(55) && took < Duration::from_secs(100), "{took:?}");
    assert!(next(&sim, &stack).await.is_empty());
}

/// I31: a deletion takes as long as the deadline that the user sets, and tells what it waits for.
#[tokio::test(start_paused = true)]
async fn a_deletion_has_the_deadline_that_the_user_sets() {
    let sim = account();
    let (stack, _) = SERVICE.stack();
    deploy(&sim, &stack).await.expect("a deploy");
    sim.configure(|settings| settings.instance_termination = Duration::from_secs(30 * 60));
    let (deployer, events) = watched(&sim);
    let short = deployer.clone().with_deadline(Duration::from_secs(10 * 60));
    let plan = short.plan_destroy(&stack).await.expect("a plan");
    let failure = short.apply(plan).await.expect_err("it takes longer");
    assert!(failure.errors().iter().any(|error| error.is_deadline()), "{failure}");
    assert!(failure.to_string().contains("2 instances are terminating"), "{failure}");
    let waits = events.lock().expect("events").iter().filter(|event| matches!(event, Event::Waiting { .. })).count();
    assert!((20..400).contains(&waits), "{waits}");
    let long = deployer.with_deadline(Duration::from_secs(60 * 60));
    let plan = long.plan_destroy(&stack).await.expect("a plan");
    long.apply(plan).await.expect("it is time enough");
}

/// I29: the group names a version by its number: a new one shows in the plan and is rolled out.
#[tokio::test(start_paused = true)]
async fn a_new_version_shows_in_the_plan_of_the_group() {
    let sim = account();
    let quick = || InstanceRefresh::builder().warmup(Duration::from_secs(1)).skip_matching(true).build();
    deploy(&sim, &refreshing("t2.micro", quick())).await.expect("a deploy");
    let plan = next(&sim, &refreshing("t3.micro", quick())).await;
    let change = plan.change("AutoScalingGroup.web").expect("a change");
    assert!(change.properties.iter().any(|property| property.path.starts_with("launch_template")), "{change}");
    let since = sim.calls().len();
    deploy(&sim, &refreshing("t3.micro", quick())).await.expect("an update");
    assert!(sent(&sim, since).contains(&"StartInstanceRefresh"));
    assert!(sim.instances().iter().filter(|instance| instance.state.as_str() == "running").count() >= 2);
    let groups = sim.autoscaling().describe_auto_scaling_groups().send().await.expect("the group");
    let template = groups.auto_scaling_groups()[0].launch_template().expect("a template");
    assert_eq!(template.version(), Some("2"));
}

/// R42: an instance in service that is missing from a target group is not healthy there.
#[tokio::test(start_paused = true)]
async fn an_instance_that_is_not_registered_does_not_count() {
    let sim = account();
    let stack = targeted(1, "t2.micro");
    deploy(&sim, &stack).await.expect("a deploy");
    let arn = sim.elbv2().describe_target_groups().send().await.expect("target groups");
    let arn = arn.target_groups()[0].target_group_arn().expect("an ARN").to_owned();
    let missing = sim.target_health(&arn)[0].id.clone();
    let target = || elb::TargetDescription::builder().id(&missing).build();
    sim.elbv2().deregister_targets().target_group_arn(&arn).targets(target()).send().await.expect("it is taken out");
    let deployer = Deployer::new(sim.aws()).with_deadline(Duration::from_secs(60));
    let changed = targeted(1, "t3.micro");
    let plan = deployer.plan(&changed).await.expect("a plan");
    let error = only(deployer.apply(plan).await);
    assert!(error.is_deadline(), "{error:?}");
    assert!(error.to_string().contains("2 of 2 instances in service, 1 healthy in the target group"), "{error}");
    let back = sim.elbv2().register_targets().target_group_arn(&arn).targets(target());
    back.send().await.expect("it is put back");
    deploy(&sim, &changed).await.expect("all count again");
}

/// R59, R60: ten calls at once unless the user says otherwise, and no more.
#[tokio::test(start_paused = true)]
async fn ten_calls_at_once_by_default() {
    let sim = SimAws::new();
    support::network(&sim);
    let mut stack = Stack::new("many");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    for number in 0..60 {
        let name = format!("group-{number}");
        stack.add(&name, SecurityGroup::builder().name(&name).description("one of many").vpc(vpc).build());
    }
    deploy(&sim, &stack).await.expect("a deploy");
    let calls = sim.calls();
    let creates: Vec<_> = calls.iter().filter(|call| call.operation == "CreateSecurityGroup").collect();
    let most = creates
        .iter()
        .map(|one| {
            let beside =
                |other: &&&purlin::sim::Call| other.at <= one.at && one.at < other.at + Duration::from_millis(250);
            creates.iter().filter(beside).count()
        })
        .max();
    assert_eq!(most, Some(10));
}
