//! Auto Scaling groups through their lives: instance refreshes, parts that others add to, and
//! protection from deletion.

use std::time::Duration;

use purlin::sim::{Fault, SimAws};
use purlin::*;

use crate::support::{deploy, destroy, given, hurry, writes};

/// A group of two in a stack, as a test varies it.
fn stack(
    instance_type: &str,
    vary: impl FnOnce(AutoScalingGroupDraft) -> AutoScalingGroup,
) -> (Stack, Ref<AutoScalingGroup>) {
    let mut stack = Stack::new("web");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let private = stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
    let image = stack.add("web", Image::named("Web Server v1"));
    let template = LaunchTemplate::builder().name("Web").image(image).instance_type(instance_type).build();
    let template = stack.add("web", template);
    let group = vary(AutoScalingGroupDraft { template, private });
    let group = stack.add("web", group);
    (stack, group)
}

/// What every group of these tests has.
struct AutoScalingGroupDraft {
    template: Ref<LaunchTemplate>,
    private: Ref<Subnets>,
}

/// A builder of a group with two instances.
macro_rules! pair {
    ($draft:expr) => {
        AutoScalingGroup::builder()
            .name("Web-ASG")
            .launch_template($draft.template)
            .subnets($draft.private)
            .sizes(2..=4)
    };
}

fn refreshing(instance_type: &str, refresh: InstanceRefresh) -> Stack {
    stack(instance_type, |draft| pair!(draft).instance_refresh(refresh).build()).0
}

fn quick() -> InstanceRefresh {
    InstanceRefresh::builder().warmup(Duration::from_secs(1)).skip_matching(true).build()
}

fn account() -> SimAws {
    let sim = given(&[80]);
    hurry(&sim);
    sim
}

fn versions(sim: &SimAws) -> Vec<i64> {
    let group = sim.auto_scaling_group("Web-ASG").expect("the group");
    group
        .instances
        .iter()
        .filter(|instance| instance.lifecycle == "InService")
        .map(|instance| instance.template_version)
        .collect()
}

async fn plan(sim: &SimAws, stack: &Stack) -> Plan {
    Deployer::new(sim.aws()).plan(stack).await.expect("it can be planned")
}

fn changed<'a>(plan: &'a Plan, path: &str) -> Option<&'a PropertyChange> {
    plan.changes().iter().flat_map(|change| &change.properties).find(|change| change.path == path)
}

/// I26: a changed template reaches the instances.
#[tokio::test(start_paused = true)]
async fn a_new_template_replaces_the_instances_and_is_waited_for() {
    let sim = account();
    deploy(&sim, &refreshing("t2.micro", quick())).await.expect("the first deploy");
    assert_eq!(versions(&sim), [1, 1]);

    let next = refreshing("t3.micro", quick());
    let planned = plan(&sim, &next).await;
    let instances = changed(&planned, "instances").expect("the plan tells of the instances");
    assert_eq!(instances.effect, Effect::InPlace(Operation::StartInstanceRefresh));
    assert_eq!(instances.before.as_text(), Some("2 launched from what was declared before"));

    let since = sim.calls().len();
    deploy(&sim, &next).await.expect("the second deploy");
    assert_eq!(versions(&sim), [2, 2], "the deploy has waited for the refresh");
    let sent: Vec<_> = sim.calls()[since..].iter().filter(|call| !call.is_read()).map(|call| call.operation).collect();
    assert_eq!(sent, ["CreateLaunchTemplateVersion", "UpdateAutoScalingGroup", "StartInstanceRefresh"]);
    assert!(plan(&sim, &next).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_a_word_about_it_instances_keep_what_they_were_launched_with() {
    let sim = account();
    let plain = |instance_type: &str| stack(instance_type, |draft| pair!(draft).build()).0;
    deploy(&sim, &plain("t2.micro")).await.expect("the first deploy");
    deploy(&sim, &plain("t3.micro")).await.expect("the second deploy");
    assert_eq!(versions(&sim), [1, 1]);
    assert!(plan(&sim, &plain("t3.micro")).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_died_before_the_refresh_is_finished_by_running_again() {
    let sim = account();
    deploy(&sim, &refreshing("t2.micro", quick())).await.expect("the first deploy");
    let next = refreshing("t3.micro", quick());
    sim.inject(Fault::on("StartInstanceRefresh").code("AccessDenied"));
    deploy(&sim, &next).await.expect_err("the refresh must not start");
    sim.clear_faults();

    assert_eq!(versions(&sim), [1, 1]);
    let planned = plan(&sim, &next).await;
    assert!(changed(&planned, "instances").is_some(), "{planned}");
    let since = sim.calls().len();
    deploy(&sim, &next).await.expect("the same again");
    assert_eq!(writes(&sim, since), ["StartInstanceRefresh"]);
    assert_eq!(versions(&sim), [2, 2]);
    assert!(plan(&sim, &next).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_an_earlier_run_started_is_followed() {
    let sim = account();
    deploy(&sim, &refreshing("t2.micro", quick())).await.expect("the first deploy");
    let next = refreshing("t3.micro", quick());
    // AWS has heard of it, the run has not heard of AWS.
    sim.inject(Fault::on("DescribeInstanceRefreshes").code("AccessDenied"));
    deploy(&sim, &next).await.expect_err("the refresh cannot be followed");
    sim.clear_faults();
    deploy(&sim, &next).await.expect("the same again");
    assert_eq!(versions(&sim), [2, 2]);
    let cancelled = sim.calls().iter().any(|call| call.operation == "CancelInstanceRefresh");
    assert!(!cancelled, "it leads where this run wants to go");
    assert!(plan(&sim, &next).await.is_empty());
}

/// R49: a refresh that is in the way is cancelled.
#[tokio::test(start_paused = true)]
async fn a_refresh_to_something_else_is_cancelled_first() {
    let sim = account();
    let slow = || InstanceRefresh::builder().warmup(Duration::from_secs(600)).skip_matching(true).build();
    deploy(&sim, &refreshing("t2.micro", slow())).await.expect("the first deploy");
    sim.inject(Fault::on("DescribeInstanceRefreshes").code("AccessDenied"));
    deploy(&sim, &refreshing("t3.micro", slow())).await.expect_err("the refresh cannot be followed");
    sim.clear_faults();

    let since = sim.calls().len();
    deploy(&sim, &refreshing("t3.small", quick())).await.expect("another deploy");
    assert_eq!(versions(&sim), [3, 3]);
    let sent: Vec<_> = sim.calls()[since..].iter().filter(|call| !call.is_read()).map(|call| call.operation).collect();
    assert_eq!(
        sent[..4],
        ["CreateLaunchTemplateVersion", "UpdateAutoScalingGroup", "StartInstanceRefresh", "CancelInstanceRefresh"]
    );
}

/// R50, I27: a refresh that fails is a failure.
#[tokio::test(start_paused = true)]
async fn a_refresh_that_aws_gives_up_fails_the_deploy_with_the_reason() {
    let sim = account();
    deploy(&sim, &refreshing("t2.micro", quick())).await.expect("the first deploy");
    let client = sim.autoscaling();
    let slow = InstanceRefresh::builder().warmup(Duration::from_secs(3600)).build();
    let next = refreshing("t3.micro", slow);
    let deploying = deploy(&sim, &next);
    let meddling = async {
        tokio::time::sleep(Duration::from_secs(120)).await;
        client.cancel_instance_refresh().auto_scaling_group_name("Web-ASG").send().await.expect("it is cancelled");
    };
    let (failure, ()) = tokio::join!(deploying, meddling);
    let failure = failure.expect_err("the refresh was cancelled");
    let text = failure.errors()[0].to_string();
    assert!(text.contains("the instance refresh was cancelled: Cancelled due to user request."), "{text}");
}

#[tokio::test(start_paused = true)]
async fn with_a_rollback_in_prospect_the_refresh_brings_the_template() {
    let sim = account();
    sim.configure(|settings| settings.record_requests = true);
    let back = || InstanceRefresh::builder().warmup(Duration::from_secs(1)).auto_rollback(true).build();
    deploy(&sim, &refreshing("t2.micro", back())).await.expect("the first deploy");
    let next = refreshing("t3.micro", back());
    let since = sim.calls().len();
    deploy(&sim, &next).await.expect("the second deploy");
    assert_eq!(writes(&sim, since), ["CreateLaunchTemplateVersion", "StartInstanceRefresh"]);
    assert_eq!(versions(&sim), [2, 2]);
    assert!(plan(&sim, &next).await.is_empty(), "the group launches the new version from now on");
}

/// While a refresh runs AWS attaches no target groups and changes no warm pool: it comes last.
#[tokio::test(start_paused = true)]
async fn a_refresh_comes_after_what_it_would_hold_up() {
    let sim = account();
    let full = |instance_type: &str, more: bool| {
        stack(instance_type, |draft| {
            let group = pair!(draft).instance_refresh(quick());
            match more {
                false => group.build(),
                true => group
                    .warm_pool(WarmPool::default())
                    .lifecycle_hook(
                        LifecycleHook::builder()
                            .name("bye")
                            .transition(LifecycleTransition::Terminating)
                            .default_result(LifecycleResult::Continue)
                            .heartbeat(Duration::from_secs(30))
                            .build(),
                    )
                    .vpc_lattice_target_group("arn:aws:vpc-lattice:ap-northeast-2:123456789012:targetgroup/tg-1")
                    .tag("Role", "web")
                    .build(),
            }
        })
        .0
    };
    deploy(&sim, &full("t2.micro", false)).await.expect("the first deploy");
    let since = sim.calls().len();
    deploy(&sim, &full("t3.micro", true)).await.expect("the second deploy");
    let sent: Vec<_> = sim.calls()[since..].iter().filter(|call| !call.is_read()).map(|call| call.operation).collect();
    assert_eq!(
        sent,
        [
            "CreateLaunchTemplateVersion",
            "UpdateAutoScalingGroup",
            "AttachTrafficSources",
            "PutWarmPool",
            "CreateOrUpdateTags",
            "PutLifecycleHook",
            "StartInstanceRefresh",
        ]
    );
    assert!(plan(&sim, &full("t3.micro", true)).await.is_empty());
}

/// R39: hooks come with the group.
#[tokio::test(start_paused = true)]
async fn hooks_are_there_before_the_first_instance_and_those_of_others_stay() {
    let sim = account();
    let with = |names: &'static [&'static str]| {
        stack("t2.micro", |draft| {
            let hook = |name: &str| {
                LifecycleHook::builder()
                    .name(name)
                    .transition(LifecycleTransition::Launching)
                    .heartbeat(Duration::from_secs(30))
                    .default_result(LifecycleResult::Continue)
                    .build()
            };
            names.iter().fold(pair!(draft), |group, name| group.lifecycle_hook(hook(name))).build()
        })
        .0
    };
    let long = "a-hook-whose-name-is-too-long-for-the-key-of-a-tag-of-one-hundred-and-twenty-eight-characters/that-records-it/and-then-some-more";
    let both: &'static [&'static str] = Box::leak(Box::new(["prepare", long]));
    deploy(&sim, &with(both)).await.expect("the first deploy");
    assert!(!sim.calls().iter().any(|call| call.operation == "PutLifecycleHook"), "the group came with its hooks");

    let client = sim.autoscaling();
    let foreign = client.put_lifecycle_hook().auto_scaling_group_name("Web-ASG").lifecycle_hook_name("CodeDeploy-1");
    foreign.lifecycle_transition("autoscaling:EC2_INSTANCE_LAUNCHING").send().await.expect("somebody else's hook");
    assert!(plan(&sim, &with(both)).await.is_empty(), "it is none of ours");

    let since = sim.calls().len();
    deploy(&sim, &with(&["prepare"])).await.expect("the second deploy");
    let sent: Vec<_> = sim.calls()[since..].iter().filter(|call| !call.is_read()).map(|call| call.operation).collect();
    assert_eq!(sent, ["DeleteLifecycleHook", "DeleteTags"], "what records it goes after it");
    let left = client.describe_lifecycle_hooks().auto_scaling_group_name("Web-ASG").send().await.expect("hooks");
    let left: Vec<_> = left.lifecycle_hooks().iter().filter_map(|hook| hook.lifecycle_hook_name()).collect();
    assert_eq!(left, ["CodeDeploy-1", "prepare"]);
}

#[tokio::test(start_paused = true)]
async fn notifications_come_and_go_and_those_of_others_stay() {
    let sim = account();
    let with = |topics: &[&str]| {
        let (mut stack, group) = stack("t2.micro", |draft| pair!(draft).build());
        for topic in topics {
            let notification = Notification::builder()
                .group(group)
                .topic(format!("arn:aws:sns:ap-northeast-2:123456789012:{topic}"))
                .on([NotificationType::Launch, NotificationType::Terminate]);
            stack.add(topic.chars().take(20).collect::<String>(), notification.build());
        }
        stack
    };
    let topics = async || {
        let told = sim.autoscaling().describe_notification_configurations().send().await.expect("notifications");
        let mut topics: Vec<_> = told
            .notification_configurations()
            .iter()
            .filter_map(|one| one.topic_arn()?.rsplit(':').next().map(ToOwned::to_owned))
            .collect();
        topics.dedup();
        topics
    };
    let long = "t".repeat(200);
    deploy(&sim, &with(&["ops", &long])).await.expect("the first deploy");
    let foreign = sim.autoscaling().put_notification_configuration().auto_scaling_group_name("Web-ASG");
    let foreign = foreign.topic_arn("arn:aws:sns:ap-northeast-2:123456789012:audit");
    foreign.notification_types("autoscaling:EC2_INSTANCE_LAUNCH").send().await.expect("somebody else's");
    assert!(plan(&sim, &with(&["ops", &long])).await.is_empty());

    deploy(&sim, &with(&["ops"])).await.expect("the second deploy");
    assert_eq!(topics().await, ["audit", "ops"]);
    let taken = Deployer::new(sim.aws()).plan(&with(&["audit", "ops"])).await.expect_err("it is somebody else's");
    assert!(taken.is_conflict(), "{taken}");
    destroy(&sim, &with(&["ops"])).await.expect("it can be destroyed");
}

#[tokio::test(start_paused = true)]
async fn a_protected_group_is_not_deleted_and_nothing_else_is_begun() {
    let sim = account();
    let with = |protection: DeletionProtection, sizes: std::ops::RangeInclusive<u32>| {
        stack("t2.micro", |draft| {
            AutoScalingGroup::builder()
                .name("Web-ASG")
                .launch_template(draft.template)
                .subnets(draft.private)
                .sizes(sizes)
                .deletion_protection(protection)
                .build()
        })
        .0
    };
    for protection in [DeletionProtection::PreventAllDeletion, DeletionProtection::PreventForceDeletion] {
        deploy(&sim, &with(protection, 1..=2)).await.expect("a deploy");
        let refused =
            Deployer::new(sim.aws()).plan_destroy(&with(protection, 1..=2)).await.expect_err("it is protected");
        assert!(refused.to_string().contains("AutoScalingGroup.web: Web-ASG cannot be deleted"), "{refused}");
        assert!(refused.hint().is_some_and(|hint| hint.contains("without the protection")), "{refused:?}");
    }
    // One without instances needs no force.
    let empty = with(DeletionProtection::PreventForceDeletion, 0..=0);
    deploy(&sim, &empty).await.expect("a deploy");
    tokio::time::sleep(Duration::from_secs(60)).await;
    destroy(&sim, &empty).await.expect("it can be destroyed");
    assert!(sim.auto_scaling_group("Web-ASG").is_none());
}

#[tokio::test(start_paused = true)]
async fn what_aws_would_refuse_is_told_before_anything_is_sent() {
    let sim = account();
    let (stack, _) = stack("t2.micro", |draft| {
        let mixed = MixedInstances::builder()
            .template(TemplateVersion::new(draft.template, "$Latest"))
            .launch_override(LaunchOverride::instance_type("t2.micro").weight(1000))
            .launch_override(LaunchOverride::instance_type("t3.micro"))
            .distribution(
                InstancesDistribution::builder()
                    .on_demand_percentage(101)
                    .spot_allocation(SpotAllocation::CapacityOptimized)
                    .spot_pools(2)
                    .segment([CapacityType::OnDemand])
                    .build(),
            );
        let hook = LifecycleHook::builder()
            .name("no spaces")
            .transition(LifecycleTransition::Launching)
            .heartbeat(Duration::from_secs(7201))
            .notify("a topic", "a role")
            .metadata("é");
        AutoScalingGroup::builder()
            .name("Web-ASG")
            .launch_template(mixed.build())
            .subnets(draft.private)
            .sizes(0..=1)
            .capacity_unit(CapacityUnit::Vcpu)
            .health_check(GroupHealthCheck::VpcLattice)
            .instance_maintenance(10..=150)
            .termination_policies([TerminationPolicy::Default, TerminationPolicy::Function("mine".to_owned())])
            .capacity_reservations(GroupCapacityReservations::builder().reservation("mine").build())
            .warm_pool(WarmPool::default())
            .lifecycle_hook(hook.build())
            .instance_refresh(
                InstanceRefresh::builder()
                    .max_healthy_percentage(201)
                    .checkpoints([50, 50])
                    .bake_time(Duration::from_secs(172_801))
                    .auto_rollback(true)
                    .build(),
            )
            .build()
    });
    let error = Deployer::new(sim.aws()).plan(&stack).await.expect_err("nothing of it is right");
    let mut ids: Vec<_> = error.problems().iter().map(|problem| problem.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(
        ids,
        [
            "D21", "D23", "D28", "V162", "V166", "V167", "V168", "V169", "V170", "V174", "V175", "V176", "V188",
            "V189", "V190",
        ]
    );
    assert!(sim.calls().iter().all(|call| call.is_read()));
}

/// A plan says how many instances go because the group is to be smaller.
#[tokio::test(start_paused = true)]
async fn instances_that_go_are_counted() {
    let of_size = |sizes: std::ops::RangeInclusive<u32>| {
        let mut stack = Stack::new("web");
        let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
        let private = stack.add("private", Subnets::named(["Private subnet A"]).in_vpc(vpc));
        let image = stack.add("web", Image::named("Web Server v1"));
        let template = LaunchTemplate::builder().name("Web").image(image).instance_type("t3.micro");
        let template = stack.add("web", template.build());
        let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(template).subnets(private);
        stack.add("web", group.sizes(sizes).build());
        stack
    };
    let sim = given(&[80]);
    deploy(&sim, &of_size(3..=4)).await.expect("three instances");
    let plan = Deployer::new(sim.aws()).plan(&of_size(0..=1)).await.expect("it can be planned");
    let [interruption] = plan.interruptions() else { panic!("{plan}") };
    assert_eq!((interruption.id, interruption.instances), ("scale-in", Some(2)));
    assert_eq!(interruption.text, "2 of 3 instances go: the declared sizes leave 1");
    let plan = Deployer::new(sim.aws()).plan(&of_size(0..=4)).await.expect("it can be planned");
    assert!(plan.interruptions().is_empty(), "none has to go: {plan}");
}
