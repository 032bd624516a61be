//! Descriptions that lag behind creations, tags that come later still, and calls that do not know
//! what has just been made.

use std::time::Duration;

use purlin::sim::{Fault, SimAws};
use purlin::*;

use super::{SERVICE, account, next, only, sent, timed, tries};
use crate::support::{assert_same, deploy, destroy, inventory};

/// One of everything that is found again by its tags.
fn stack() -> Stack {
    let (mut stack, refs) = SERVICE.stack();
    let rule = ListenerRule::builder().listener(refs.listener).condition(Condition::path(["/old"]));
    stack.add("old", rule.action(Action::fixed_response(410)).build());
    let rule = Ingress::tcp(8443).from_group(refs.balancer_group);
    stack.add("health", SecurityGroupRule::ingress(refs.instance_group, rule));
    stack
}

/// R9, R15, R17, R20, R32, I11: a deploy ends when AWS shows what it made, so that the next plan finds
/// it; looking costs few reads.
#[tokio::test(start_paused = true)]
async fn a_deploy_ends_when_aws_shows_what_it_made() {
    let undisturbed = account();
    deploy(&undisturbed, &stack()).await.expect("a deploy");
    for (describe, tag) in [(25, 0), (0, 25), (15, 30)] {
        let sim = account();
        sim.configure(|settings| {
            settings.describe_lag = Duration::from_secs(describe);
            settings.tag_lag = Duration::from_secs(tag);
        });
        let (live, took) = timed(&sim, &stack()).await;
        live.expect("a deploy");
        assert!(took >= Duration::from_secs(describe.max(tag)), "{took:?}");
        let plan = next(&sim, &stack()).await;
        assert!(plan.is_empty(), "{describe} and {tag}: {plan}");
        let more = sim.calls().len() - undisturbed.calls().len();
        assert!(more < 250, "{more} more calls");
        let tags = tries(&sim, 0, "DescribeSecurityGroupRules").0;
        assert!(tags < 40, "{tags}");
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_same(&inventory(&sim).await, &inventory(&undisturbed).await, "with lags");
    }
}

/// R20: what never shows ends the wait with an error that names it, long before the deadline of a step
/// is over.
#[tokio::test(start_paused = true)]
async fn what_never_shows_is_named() {
    let sim = account();
    sim.configure(|settings| settings.tag_lag = Duration::from_secs(3600));
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    stack.add("web", SecurityGroup::builder().name("Web").description("Web").vpc(vpc).build());
    let (ended, took) = timed(&sim, &stack).await;
    let failure = ended.expect_err("its tags do not show");
    assert!(failure.live().ids().any(|(address, _)| address.as_str() == "SecurityGroup.web"), "it was made");
    let error = &failure.errors()[0];
    assert!(error.is_conflict() && error.to_string().contains("which no stack owns"), "{error:?}");
    assert!(error.to_string().contains("SecurityGroup.web"), "{error}");
    assert!(took > Duration::from_secs(299) && took < Duration::from_secs(310), "{took:?}");
}

/// R9, R15, R20, R37, R58: calls that name what the run has just made are tried again until the other
/// service knows of it, after a few tries each.
#[tokio::test(start_paused = true)]
async fn what_was_just_made_may_be_unknown_to_calls_that_name_it() {
    let undisturbed = account();
    deploy(&undisturbed, &stack()).await.expect("a deploy");
    let sim = account();
    sim.configure(|settings| settings.reference_lag = Duration::from_secs(12));
    deploy(&sim, &stack()).await.expect("a deploy");
    assert!(next(&sim, &stack()).await.is_empty());
    let done = |sim: &SimAws| {
        let done = sim.calls().into_iter().filter(|call| !call.is_read() && call.error.is_none());
        let mut done: Vec<_> = done.map(|call| call.operation).collect();
        done.sort_unstable();
        done
    };
    assert_eq!(done(&sim), done(&undisturbed));
    for (operation, code) in [
        ("AuthorizeSecurityGroupIngress", "InvalidGroup.NotFound"),
        ("CreateLoadBalancer", "InvalidSecurityGroup"),
        ("CreateListener", "LoadBalancerNotFound"),
        ("CreateRule", "ListenerNotFound"),
        ("CreateAutoScalingGroup", "ValidationError"),
    ] {
        let refused = sim.calls().into_iter().filter(|call| call.operation == operation);
        let refused: Vec<_> = refused.filter_map(|call| call.error).collect();
        assert!(refused.iter().any(|refusal| refusal == code), "{operation}: {refused:?}");
        assert!(refused.len() < 24, "{operation}: {refused:?}");
    }
}

/// R9: a new version of a template is as unknown to the group as a new template.
#[tokio::test(start_paused = true)]
async fn a_new_version_may_be_unknown_to_the_group() {
    let sim = account();
    deploy(&sim, &SERVICE.stack().0).await.expect("a deploy");
    sim.configure(|settings| settings.reference_lag = Duration::from_secs(8));
    let since = sim.calls().len();
    let changed = crate::support::Variant { instance_type: "t3.micro", ..SERVICE }.stack().0;
    deploy(&sim, &changed).await.expect("an update");
    let (sent, refused) = tries(&sim, since, "UpdateAutoScalingGroup");
    assert!(sent == refused + 1 && (1..8).contains(&refused), "{sent} sent, {refused} refused");
    assert!(next(&sim, &changed).await.is_empty());
}

/// R12: what a declaration names by a literal id, and does not exist, is told at once: nothing of it was
/// made in the run.
#[tokio::test(start_paused = true)]
async fn what_nobody_has_just_made_is_told_at_once() {
    let sim = account();
    let forwarding = |missing: bool| {
        let (mut stack, refs) = SERVICE.stack();
        let rule = ListenerRule::builder().listener(refs.listener).priority(7).condition(Condition::path(["/old"]));
        let arn = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/gone/0123456789abcdef";
        let gone: TargetGroupArn = arn.parse().expect("an ARN");
        let action = if missing { Action::forward(gone) } else { Action::forward(refs.targets) };
        stack.add("old", rule.action(action).build());
        stack
    };
    deploy(&sim, &forwarding(false)).await.expect("a deploy");
    let (ended, took) = timed(&sim, &forwarding(true)).await;
    let error = only(ended);
    assert!(error.is_not_found() && error.code() == Some("TargetGroupNotFound"), "{error:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

/// R9, R15, R17, R20, I11: whose answer was lost is found as soon as it shows, and not made twice.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_and_a_lag_together_make_no_duplicate() {
    let undisturbed = account();
    deploy(&undisturbed, &stack()).await.expect("a deploy");
    let expected = inventory(&undisturbed).await;
    for operation in [
        "CreateSecurityGroup",
        "AuthorizeSecurityGroupIngress",
        "CreateTargetGroup",
        "CreateLoadBalancer",
        "CreateListener",
        "CreateRule",
        "CreateLaunchTemplate",
        "CreateAutoScalingGroup",
    ] {
        let sim = account();
        sim.configure(|settings| {
            settings.describe_lag = Duration::from_secs(10);
            settings.tag_lag = Duration::from_secs(14);
        });
        sim.inject(Fault::on(operation).times(1).lose_answer());
        deploy(&sim, &stack()).await.expect(operation);
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_same(&inventory(&sim).await, &expected, operation);
    }
}

/// R9, R15, R17, R20, I11: what a run made just before it died is not seen by the plan of the next, which
/// bumps into it, and takes it for its own.
#[tokio::test(start_paused = true)]
async fn what_a_dead_run_made_is_found_though_it_does_not_show_yet() {
    let undisturbed = account();
    deploy(&undisturbed, &stack()).await.expect("a deploy");
    let expected = inventory(&undisturbed).await;
    let mut died = 0;
    for calls in (25..).step_by(3) {
        let sim = account();
        sim.configure(|settings| settings.describe_lag = Duration::from_secs(10));
        sim.crash_after(calls);
        let (declared, again) = (stack(), stack());
        let got_through = tokio::select! {
            ended = deploy(&sim, &declared) => ended.is_ok(),
            () = sim.crashed() => false,
        };
        sim.restart();
        if got_through || died > 15 {
            break;
        }
        died += 1;
        deploy(&sim, &again).await.unwrap_or_else(|failure| panic!("after {calls} calls: {failure}"));
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_same(&inventory(&sim).await, &expected, &format!("after {calls} calls"));
    }
    assert!(died > 10, "{died}");
}

/// R20, R21: the rule that AWS gives a new group goes although it shows late.
#[tokio::test(start_paused = true)]
async fn the_rule_of_a_new_group_goes_though_it_shows_late() {
    let sim = account();
    sim.configure(|settings| settings.describe_lag = Duration::from_secs(10));
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let group = SecurityGroup::builder().name("Web").description("Web").vpc(vpc);
    let group = stack.add("web", group.egress(Egress::https().to_anywhere_ipv4()).build());
    let live = deploy(&sim, &stack).await.expect("a deploy");
    let id = live.get(group).id.to_string();
    let found = sim.ec2().describe_security_groups().group_ids(id).send().await.expect("the group");
    let ports: Vec<_> =
        found.security_groups()[0].ip_permissions_egress().iter().map(|rule| rule.from_port()).collect();
    assert_eq!(ports, [Some(443)], "and not everything");
    destroy(&sim, &stack).await.expect("a destroy");
}

/// R20: what AWS does not show is made a second time where the declaration is in another place by then. Of
/// the two, the one in the declared place stays, and the other goes.
#[tokio::test(start_paused = true)]
async fn of_two_for_one_declaration_the_one_in_its_place_stays() {
    let declared = |places: Option<(u16, u16)>| {
        let mut stack = Stack::new("web-lab");
        let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
        let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
        let balancer = stack.add("web", LoadBalancer::application().name("Web-ALB").subnets(public).build());
        let listener = |port| Listener::builder().load_balancer(balancer).accept(Accept::http(port));
        let first = stack.add("first", listener(80).action(Action::fixed_response(404)).build());
        if let Some((port, number)) = places {
            stack.add("other", listener(port).action(Action::fixed_response(404)).build());
            let rule = ListenerRule::builder().listener(first).priority(number).condition(Condition::path(["/old"]));
            stack.add("old", rule.action(Action::fixed_response(410)).build());
        }
        stack
    };
    let (before, after) = ((8000, 10), (8001, 11));
    for last in [before, after] {
        let sim = account();
        deploy(&sim, &declared(None)).await.expect("a deploy");
        tokio::time::sleep(Duration::from_secs(10)).await;
        deploy(&sim, &declared(Some(before))).await.expect("a deploy");
        sim.configure(|settings| settings.describe_lag = Duration::from_secs(10));
        // It says that there is one too many.
        deploy(&sim, &declared(Some(after))).await.expect_err("two for one declaration");
        sim.configure(|settings| settings.describe_lag = Duration::ZERO);
        assert_eq!([tries(&sim, 0, "CreateListener"), tries(&sim, 0, "CreateRule")], [(3, 0), (2, 0)]);
        let since = sim.calls().len();
        deploy(&sim, &declared(Some(last))).await.expect("a deploy");
        let mut sent = sent(&sim, since);
        sent.sort_unstable();
        assert_eq!(sent, ["DeleteListener", "DeleteRule"], "{last:?}");
        assert!(next(&sim, &declared(Some(last))).await.is_empty());
    }
}
