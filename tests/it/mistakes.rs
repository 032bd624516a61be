//! A stack with many mistakes gets one report with all of them, and nothing is called.

use std::time::Duration;

use purlin::sim::SimAws;
use purlin::*;

use crate::support::network;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Exactly these mistakes, one for each of the comments.
fn wrong() -> Stack {
    let mut stack = Stack::new("wrong");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let private = stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
    let image = stack.add("web", Image::named("Web Server v1"));

    // A reserved name.
    let reserved = SecurityGroup::builder().name("sg-web").description("web").vpc(vpc);
    let reserved = stack.add("reserved", reserved.build());
    // A network with bits behind its prefix.
    let office = SecurityGroup::builder().name("office").description("office").vpc(vpc);
    let office = stack.add("office", office.ingress(Ingress::https().from_ipv4("10.0.0.1/16")).build());
    // A code of all types.
    stack.add("ping", SecurityGroupRule::ingress(office, Ingress::icmp(-1, 3).from_self()));

    // A long name.
    let targets = TargetGroup::builder().name("t".repeat(33)).vpc(vpc).traffic(Traffic::http(80));
    let targets = stack.add("long", targets.build());
    // A slow check.
    let slow = TargetGroup::builder().name("slow").vpc(vpc).traffic(Traffic::http(80));
    let check = HealthCheck::builder().interval(seconds(301)).build();
    let slow = stack.add("slow", slow.health_check(check).build());
    // A short slow start.
    let eager = TargetGroup::builder().name("eager").vpc(vpc).traffic(Traffic::http(80));
    let eager = stack.add("eager", eager.slow_start(seconds(29)).build());

    // A long timeout.
    let balancer = LoadBalancer::application().name("web").subnets(public).security_group(reserved);
    let balancer = stack.add("web", balancer.idle_timeout(seconds(4001)).build());
    // Many addresses.
    stack.add("net", LoadBalancer::network().name("net").subnets(public).secondary_ips(8).build());
    // No port.
    let none = Listener::builder().load_balancer(balancer).accept(Accept::http(0));
    stack.add("none", none.action(Action::forward(targets)).build());
    // A redirect as a fixed response.
    let http = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
    let http = stack.add("http", http.action(Action::fixed_response(302)).build());
    // A priority beyond the last one.
    let last = ListenerRule::builder().listener(http).priority(50_001).condition(Condition::path(["/api"]));
    stack.add("last", last.action(Action::forward(slow)).build());
    // A host without a dot.
    let host = ListenerRule::builder().listener(http).priority(1).condition(Condition::host(["localhost"]));
    stack.add("host", host.action(Action::forward(eager)).build());

    // Too many hops, and too many I/O operations.
    let template = LaunchTemplate::builder()
        .name("web")
        .image(image)
        .instance_type("t2.micro")
        .metadata(MetadataOptions::builder().tokens_required(true).hop_limit(65).build());
    let disk = BlockDevice::builder().device("/dev/xvda").volume_type(VolumeType::Gp3).iops(90_000).build();
    let template = stack.add("web", template.block_device(disk).build());
    // More instances than the greatest size, a short life, and a short heartbeat.
    let hook = LifecycleHook::builder().name("drain").transition(LifecycleTransition::Terminating);
    let group = AutoScalingGroup::builder()
        .name("web")
        .launch_template(template)
        .subnets(private)
        .sizes(0..=4)
        .desired_capacity(5)
        .max_instance_lifetime(seconds(3600))
        .lifecycle_hook(hook.heartbeat(seconds(29)).build());
    let group = stack.add("web", group.build());
    // Nothing to keep.
    let policy = ScalingPolicy::builder().name("cpu").group(group).scaling(TargetTracking::average_cpu(0.0));
    stack.add("cpu", policy.build());
    // Nothing to set.
    let action = ScheduledAction::builder().name("night").group(group).schedule(Recurrence::cron("0 22 * * *"));
    stack.add("night", action.build());
    // Nobody to tell.
    let told = Notification::builder().group(group).topic("operators").on([NotificationType::LaunchError]);
    stack.add("told", told.build());
    stack
}

#[tokio::test(start_paused = true)]
async fn one_report_has_all_twenty_mistakes_and_nothing_is_called() {
    let sim = SimAws::new();
    network(&sim);
    sim.add_image("Web Server v1");
    let error = Deployer::new(sim.aws()).plan(&wrong()).await.expect_err("many mistakes");
    assert!(error.is_invalid());
    assert!(sim.calls().is_empty(), "{:#?}", sim.calls());
    let found: Vec<_> =
        error.problems().iter().map(|problem| (problem.id, format!("{}.{}", problem.address, problem.path))).collect();
    let expected = [
        ("V103", "SecurityGroup.reserved.name"),
        ("V115", "SecurityGroup.office.ingress[0].peer"),
        ("V114", "SecurityGroupRule.ping.rule.ports"),
        ("V40", "TargetGroup.long.name"),
        ("V51", "TargetGroup.slow.health_check.interval"),
        ("V60", "TargetGroup.eager.attributes.slow_start.duration_seconds"),
        ("V22", "LoadBalancer.web.attributes.idle_timeout.timeout_seconds"),
        ("V29", "LoadBalancer.net.attributes.secondary_ips.auto_assigned.per_subnet"),
        ("V75", "Listener.none.port"),
        ("V88", "Listener.http.action.fixed_response.status"),
        ("V93", "ListenerRule.last.priority"),
        ("V99", "ListenerRule.host.conditions[0]"),
        ("V135", "LaunchTemplate.web.metadata.hop_limit"),
        ("V141", "LaunchTemplate.web.block_devices[0].iops"),
        ("V155", "AutoScalingGroup.web.desired_capacity"),
        ("V164", "AutoScalingGroup.web.max_instance_lifetime"),
        ("V188", "AutoScalingGroup.web.lifecycle_hooks.drain.heartbeat"),
        ("V181", "ScalingPolicy.cpu.target"),
        ("V186", "ScheduledAction.night.(sizes)"),
        ("D29", "Notification.told.topic"),
    ];
    let found: Vec<_> = found.iter().map(|(id, place)| (*id, place.as_str())).collect();
    assert_eq!(found, expected, "\n{error}");
    insta::assert_snapshot!("twenty_mistakes", error.to_string());
}
