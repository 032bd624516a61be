//! What is gone already is deleted: each deletion happens, its answer is lost, and the next try finds
//! nothing.

use std::time::Duration;

use purlin::sim::{Fault, SimAws};
use purlin::*;

use super::account;
use crate::support::{assert_same, deploy, destroy, inventory};

const TOPIC: &str = "arn:aws:sns:ap-northeast-2:123456789012:ops";
const ROLE: &str = "arn:aws:iam::123456789012:role/hooks";

/// A bit of everything; without what hangs on others, where that is asked for.
fn stack(parts: bool) -> Stack {
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let other = stack.add("other", Vpc::named("VPC-Other"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let private = stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
    let image = stack.add("web", Image::named("Web Server v1"));

    let mut security = SecurityGroup::builder().name("Web").description("Web").vpc(vpc);
    if parts {
        security = security.ingress(Ingress::http().from_anywhere_ipv4()).associated_vpc(other);
    }
    let security = stack.add("web", security.build());
    let mut targets = TargetGroup::builder().name("Web-TG").vpc(vpc).traffic(Traffic::http(80));
    targets = targets.deregistration_delay(Duration::ZERO);
    let targets = stack.add("web", targets.build());
    let addresses =
        TargetGroup::builder().name("More-TG").vpc(vpc).traffic(Traffic::http(80)).target_type(TargetType::Ip);
    match parts {
        true => stack.add("more", addresses.target(Target::ip([10, 0, 2, 10])).build()),
        false => stack.add("more", addresses.build()),
    };
    let balancer = LoadBalancer::application().name("Web-ALB").subnets(public).security_group(security);
    let balancer = stack.add("web", balancer.build());
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
    let listener = stack.add("http", listener.action(Action::forward(targets)).build());

    let template = LaunchTemplate::builder().name("Web").image(image).instance_type("t2.micro");
    let template = stack.add("web", template.security_group(security).build());
    let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(template).subnets(private).sizes(0..=4);
    let group = group.desired_capacity(0);
    let hook = LifecycleHook::builder().name("bye").transition(LifecycleTransition::Terminating);
    let hook = hook.default_result(LifecycleResult::Continue).notify(TOPIC, ROLE).build();
    let group = match parts {
        true => group.warm_pool(WarmPool::default()).lifecycle_hook(hook).target_group(targets).build(),
        false => group.build(),
    };
    let group = stack.add("web", group);
    if parts {
        stack.add(
            "https",
            Listener::builder()
                .load_balancer(balancer)
                .accept(Accept::http(8080))
                .action(Action::fixed_response(404))
                .build(),
        );
        let rule = ListenerRule::builder().listener(listener).condition(Condition::path(["/old"]));
        stack.add("old", rule.action(Action::fixed_response(410)).build());
        stack.add("self", SecurityGroupRule::egress(security, Egress::http().to_anywhere_ipv6()));
        stack.add("cpu", crate::support::cpu_policy(group));
        let action = ScheduledAction::builder().name("nightly").group(group).schedule(Recurrence::cron("0 2 * * *"));
        stack.add("nightly", action.desired_capacity(0).build());
        let notification = Notification::builder().group(group).topic(TOPIC).on([NotificationType::Launch]);
        stack.add("ops", notification.build());
    }
    stack
}

fn given() -> SimAws {
    let sim = account();
    sim.add_vpc("VPC-Other", "10.1.0.0/16");
    sim
}

/// R12, R17, R27, R28, R34, R36, R46, R51, R54, R55, R56, R57: whatever AWS says of a deletion that has
/// nothing to delete any more, it is done.
#[tokio::test(start_paused = true)]
async fn what_is_gone_already_is_deleted() {
    let before = inventory(&given()).await;
    for (operation, code) in [
        ("DeregisterTargets", None),
        ("DeleteRule", Some("RuleNotFound")),
        ("DeleteListener", Some("ListenerNotFound")),
        ("RevokeSecurityGroupIngress", Some("InvalidSecurityGroupRuleId.NotFound")),
        ("RevokeSecurityGroupEgress", Some("InvalidSecurityGroupRuleId.NotFound")),
        ("DisassociateSecurityGroupVpc", None),
        ("DetachLoadBalancerTargetGroups", Some("ValidationError")),
        ("DeleteWarmPool", Some("ValidationError")),
        ("DeleteLifecycleHook", Some("ValidationError")),
        ("DeletePolicy", Some("ValidationError")),
        ("DeleteScheduledAction", Some("ValidationError")),
        ("DeleteNotificationConfiguration", Some("ValidationError")),
        ("DeleteAutoScalingGroup", None),
        ("DeleteLaunchTemplate", Some("InvalidLaunchTemplateId.NotFound")),
        ("DeleteLoadBalancer", None),
        ("DeleteTargetGroup", None),
        ("DeleteSecurityGroup", Some("InvalidGroup.NotFound")),
    ] {
        let sim = given();
        deploy(&sim, &stack(true)).await.expect("a deploy");
        sim.configure(|settings| {
            settings.scaling_reaction = Duration::from_millis(10);
            settings.load_balancer_interface_release = Duration::ZERO;
        });
        sim.inject(Fault::on(operation).times(1).lose_answer());
        deploy(&sim, &stack(false)).await.unwrap_or_else(|failure| panic!("{operation}: {failure}"));
        destroy(&sim, &stack(false)).await.unwrap_or_else(|failure| panic!("{operation}: {failure}"));
        let refusals: Vec<_> = sim.calls().into_iter().filter(|call| call.operation == operation).collect();
        let refusals: Vec<_> = refusals.into_iter().filter_map(|call| call.error).collect();
        assert!(refusals.iter().any(|refusal| refusal == "InternalFailure"), "{operation}: {refusals:?}");
        if let Some(code) = code {
            assert!(refusals.iter().any(|refusal| refusal == code), "{operation}: {refusals:?}");
        }
        assert_same(&inventory(&sim).await, &before, operation);
    }
}

/// R12: targets whose group or instance is gone are no targets any more.
#[tokio::test(start_paused = true)]
async fn targets_that_are_gone_are_no_targets() {
    for (code, message) in [
        ("InvalidTarget", "The following targets are not registered with the target group: '10.0.2.10'"),
        ("TargetGroupNotFound", "Target groups not found"),
    ] {
        let sim = given();
        deploy(&sim, &stack(true)).await.expect("a deploy");
        sim.inject(Fault::on("DeregisterTargets").code(code).message(message).times(1));
        deploy(&sim, &stack(false)).await.unwrap_or_else(|failure| panic!("{code}: {failure}"));
    }
}
