//! Balancers, listeners, rules and target groups.

use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types as elb;
use purlin::sim::{Fault, SimAws};
use purlin::*;

use super::{SERVICE, account, next, only, sent, timed, tries, watched};
use crate::support::{deploy, destroy, writes};

const CERTIFICATES: [&str; 3] = [
    "arn:aws:acm:ap-northeast-2:123456789012:certificate/default",
    "arn:aws:acm:ap-northeast-2:123456789012:certificate/other",
    "arn:aws:acm:ap-northeast-2:123456789012:certificate/renewed",
];

fn balancer(stack: &mut Stack) -> Ref<LoadBalancer> {
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    stack.add("web", LoadBalancer::application().name("web").subnets(public).build())
}

/// R3: a balancer that lacks resources to grow is there and works; those who watch are warned of it.
#[tokio::test(start_paused = true)]
async fn an_impaired_balancer_counts_and_is_warned_of() {
    let sim = account();
    let (deployer, events) = watched(&sim);
    let mut stack = Stack::new("web-lab");
    balancer(&mut stack);
    let plan = deployer.plan(&stack).await.expect("a plan");
    let impairing = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        sim.impair_load_balancer("web", true);
    };
    let (ended, ()) = tokio::join!(deployer.apply(plan), impairing);
    ended.expect("it works");
    let events = events.lock().expect("events");
    let warnings: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Warning { address, text } => Some((address.as_str(), text.as_str())),
            _ => None,
        })
        .collect();
    let [(address, text)] = warnings[..] else { panic!("{warnings:?}") };
    assert_eq!(address, "LoadBalancer.web");
    assert!(text.contains("does not have the resources it needs to scale"), "{text}");
}

/// R3, R4: a balancer is waited for once, from its creation on, and looked at ever less often.
#[tokio::test(start_paused = true)]
async fn a_slow_balancer_is_looked_at_ever_less_often() {
    let sim = account();
    sim.configure(|settings| settings.load_balancer_provisioning = Duration::from_secs(600));
    let mut stack = Stack::new("web-lab");
    balancer(&mut stack);
    let (ended, took) = timed(&sim, &stack).await;
    ended.expect("a deploy");
    assert!(took > Duration::from_secs(600) && took < Duration::from_secs(608), "{took:?}");
    let looks: Vec<_> = sim.calls().into_iter().filter(|call| call.operation == "DescribeLoadBalancers").collect();
    assert!(looks.len() < 350, "{}", looks.len());
    let gaps: Vec<_> = looks.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    let (first, last) = (gaps[3], gaps[3..].iter().max().expect("gaps"));
    assert!(first <= Duration::from_millis(1100) && *last >= Duration::from_millis(4500), "{first:?} {last:?}");
    assert!(gaps.windows(2).any(|pair| pair[0] != pair[1]), "not in step: {gaps:?}");
}

/// R10: a listener that is just gone still counts for a while; the target group goes when it no longer
/// does, after a few tries.
#[tokio::test(start_paused = true)]
async fn a_target_group_goes_once_its_listener_no_longer_counts() {
    let sim = account();
    let (stack, _) = SERVICE.stack();
    deploy(&sim, &stack).await.expect("a deploy");
    sim.configure(|settings| settings.target_group_release = Duration::from_secs(40));
    let since = sim.calls().len();
    destroy(&sim, &stack).await.expect("a destroy");
    let (sent, refused) = tries(&sim, since, "DeleteTargetGroup");
    assert!(sent == refused + 1 && (1..10).contains(&refused), "{sent} sent, {refused} refused");
}

/// R10: a listener of somebody else holds the group for good: after two minutes, not after the deadline,
/// the error names the balancer.
#[tokio::test(start_paused = true)]
async fn a_target_group_that_somebody_else_routes_to_is_held_by_a_name() {
    let sim = account();
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let group = TargetGroup::builder().name("web").vpc(vpc).traffic(Traffic::http(80));
    let group = stack.add("web", group.build());
    let live = deploy(&sim, &stack).await.expect("a deploy");
    let subnets = sim.ec2().describe_subnets().send().await.expect("subnets");
    let subnets: Vec<_> = subnets.subnets().iter().filter_map(|subnet| subnet.subnet_id()).collect();
    let theirs = sim.add_load_balancer("theirs", &subnets[..2]);
    let forward = elb::Action::builder().r#type(elb::ActionTypeEnum::Forward);
    let forward = forward.target_group_arn(live.get(group).arn.as_str()).build();
    let listener = sim.elbv2().create_listener().load_balancer_arn(&theirs).port(80).protocol(elb::ProtocolEnum::Http);
    listener.default_actions(forward).send().await.expect("a listener");

    let began = sim.now();
    let error = only(destroy(&sim, &stack).await);
    assert!(error.is_in_use() && error.code() == Some("ResourceInUse"), "{error:?}");
    assert!(error.to_string().contains(&theirs), "{error}");
    let took = sim.now() - began;
    assert!(took > Duration::from_secs(100) && took < Duration::from_secs(150), "{took:?}");
}

fn targets(instances: &[&str]) -> Stack {
    let mut stack = Stack::new("targets");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let mut group = TargetGroup::builder().name("web").vpc(vpc).traffic(Traffic::http(80));
    for instance in instances {
        group = group.target(Target::instance(instance.parse::<InstanceId>().expect("an id")));
    }
    stack.add("web", group.build());
    stack
}

/// R11: an instance that is just starting is registered once it runs; another fault of a target is told
/// at once.
#[tokio::test(start_paused = true)]
async fn an_instance_is_registered_once_it_runs() {
    let sim = account();
    deploy(&sim, &SERVICE.stack().0).await.expect("instances");
    let instance = sim.instances()[0].id.clone();
    let stack = targets(&[&instance]);
    sim.inject(
        Fault::on("RegisterTargets")
            .code("InvalidTarget")
            .message(format!("The following targets are not in a running state and cannot be registered: '{instance}'"))
            .times(3),
    );
    let since = sim.calls().len();
    deploy(&sim, &stack).await.expect("a deploy");
    assert_eq!(tries(&sim, since, "RegisterTargets"), (4, 3));

    let (ended, took) = timed(&sim, &targets(&["i-0123456789abcdef0"])).await;
    let error = only(ended);
    assert_eq!(error.code(), Some("InvalidTarget"), "{error:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

fn secure(certificate: usize, others: &[usize]) -> Stack {
    let mut stack = Stack::new("web-lab");
    let balancer = balancer(&mut stack);
    let arn = |number: usize| -> CertificateArn { CERTIFICATES[number].parse().expect("an ARN") };
    let mut accept = Accept::https(443, arn(certificate));
    for other in others {
        accept = accept.certificate(arn(*other));
    }
    let listener = Listener::builder().load_balancer(balancer).accept(accept);
    stack.add("https", listener.action(Action::fixed_response(404)).build());
    stack
}

/// R13, R18: certificates that were just issued are taken once they are known everywhere, by a new
/// listener, one that changes, and one that gets another; one that stays unknown is told after five
/// minutes.
#[tokio::test(start_paused = true)]
async fn a_certificate_that_was_just_issued_is_taken_when_it_is_known() {
    let sim = account();
    sim.configure(|settings| settings.propagation = Duration::from_secs(20));
    for (certificate, others, made, operation) in [
        (0, &[][..], 0, "CreateListener"),
        (2, &[][..], 2, "ModifyListener"),
        (2, &[1][..], 1, "AddListenerCertificates"),
    ] {
        sim.just_made(CERTIFICATES[made]);
        let since = sim.calls().len();
        deploy(&sim, &secure(certificate, others)).await.expect(operation);
        let (sent, refused) = tries(&sim, since, operation);
        assert!(sent == refused + 1 && (1..10).contains(&refused), "{operation}: {sent} sent, {refused} refused");
    }
    sim.configure(|settings| settings.propagation = Duration::from_secs(3600));
    sim.just_made(CERTIFICATES[0]);
    let (ended, took) = timed(&sim, &secure(0, &[1])).await;
    let error = only(ended);
    assert_eq!(error.code(), Some("CertificateNotFound"), "{error:?}");
    assert!(took > Duration::from_secs(280) && took < Duration::from_secs(330), "{took:?}");
}

/// R16: somebody takes the free place that a rule was to have, after the plan: the error names the
/// holder, and the next run takes the next place.
#[tokio::test(start_paused = true)]
async fn a_place_that_somebody_takes_meanwhile_is_left_to_him() {
    let sim = account();
    let rules = |more: bool| {
        let (mut stack, refs) = SERVICE.stack();
        if more {
            let vpc = refs.vpc;
            let group = TargetGroup::builder().name("more").vpc(vpc).traffic(Traffic::http(80));
            let group = stack.add("more", group.build());
            let rule = ListenerRule::builder().listener(refs.listener).condition(Condition::path(["/more"]));
            stack.add("more", rule.action(Action::forward(group)).build());
        }
        (stack, refs)
    };
    let (first, refs) = rules(false);
    let live = deploy(&sim, &first).await.expect("a deploy");
    let listener = live.get(refs.listener).arn.to_string();
    let taking = async {
        while sim.elbv2().describe_target_groups().names("more").send().await.is_err() {}
        let path = elb::PathPatternConditionConfig::builder().values("/theirs").build();
        let theirs = elb::RuleCondition::builder().field("path-pattern").path_pattern_config(path).build();
        let response = elb::FixedResponseActionConfig::builder().status_code("404").build();
        let response =
            elb::Action::builder().r#type(elb::ActionTypeEnum::FixedResponse).fixed_response_config(response);
        let create = sim.elbv2().create_rule().listener_arn(&listener).priority(1).conditions(theirs);
        create.actions(response.build()).send().await.expect("their rule").rules()[0].rule_arn.clone().expect("an ARN")
    };
    let (second, _) = rules(true);
    let (ended, theirs) = tokio::join!(deploy(&sim, &second), taking);
    let error = only(ended);
    assert!(error.is_conflict() && error.code() == Some("PriorityInUse"), "{error:?}");
    assert!(error.to_string().contains(&theirs), "{error}");
    assert!(error.hint().expect("advice").contains("run again"), "{error:?}");
    deploy(&sim, &second).await.expect("the next place is free");
    assert!(next(&sim, &second).await.is_empty());
}

/// R1: a balancer of the same name that came after the plan is never taken for ours.
#[tokio::test(start_paused = true)]
async fn a_name_that_somebody_takes_meanwhile_is_left_to_him() {
    let sim = account();
    let taking = async |sim: &SimAws| {
        // After the plan, and before the group's rules are in place, the balancer has to wait.
        while sim.calls().iter().all(|call| call.operation != "CreateSecurityGroup") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let subnets = sim.ec2().describe_subnets().send().await.expect("subnets");
        let subnets: Vec<_> = subnets.subnets().iter().filter_map(|subnet| subnet.subnet_id()).collect();
        sim.add_load_balancer("Web-ALB", &subnets[..2])
    };
    let (stack, _) = SERVICE.stack();
    let (ended, theirs) = tokio::join!(deploy(&sim, &stack), taking(&sim));
    let failure = ended.expect_err("the name is taken");
    let error = &failure.errors()[0];
    assert!(error.is_conflict() && error.to_string().contains(&theirs), "{failure}");
    let tagged = sim.elbv2().describe_tags().resource_arns(&theirs).send().await.expect("tags");
    assert!(tagged.tag_descriptions()[0].tags().is_empty(), "it stays theirs");
    assert!(!writes(&sim, 0).contains(&"DeleteLoadBalancer"));
}

/// R4: attributes are set while the balancer is being provisioned: it is waited for once, and nothing
/// sleeps.
#[tokio::test(start_paused = true)]
async fn changes_of_a_balancer_do_not_wait_for_it() {
    let sim = account();
    sim.configure(|settings| settings.load_balancer_provisioning = Duration::from_secs(120));
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let balancer = LoadBalancer::application().name("web").subnets(public).idle_timeout(Duration::from_secs(120));
    stack.add("web", balancer.build());
    let (ended, took) = timed(&sim, &stack).await;
    ended.expect("a deploy");
    assert_eq!(sent(&sim, 0), ["CreateLoadBalancer", "ModifyLoadBalancerAttributes"]);
    assert!(took < Duration::from_secs(123), "{took:?}");
}
