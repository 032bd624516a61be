//! Planning by itself: no SDK, no clock, no I/O.

use std::time::Duration;

use super::diff::differences;
use super::{Action, Effect, Goal, Observation, Plan, StepKind, plan};
use crate::input::Input;
use crate::resource::tags::{ADDRESS, Owner, STACK};
use crate::resource::{
    Accept, Action as ListenerAction, AnyObserved, HealthCheck, Ingress, LaunchTemplate, Listener, LoadBalancer,
    Observed, Operation, SecurityGroup, SecurityGroupOutputs, TargetGroup, TargetGroupOutputs, Traffic,
};
use crate::{Stack, VpcId};

fn vpc() -> VpcId {
    "vpc-1".parse().expect("an id")
}

fn group() -> SecurityGroup {
    SecurityGroup::builder()
        .name("web")
        .description("web")
        .vpc(vpc())
        .ingress(Ingress::http().from_anywhere_ipv4())
        .build()
}

fn targets(check: HealthCheck) -> TargetGroup {
    TargetGroup::builder().name("web").vpc(vpc()).traffic(Traffic::http(80)).health_check(check).build()
}

fn owner(address: &str) -> Owner {
    Owner { stack: "stack".to_owned(), address: address.to_owned() }
}

fn owned_group(mut spec: SecurityGroup, id: &str) -> AnyObserved {
    spec.tags.insert(STACK, "stack");
    spec.tags.insert(ADDRESS, "SecurityGroup.web");
    let name = Some(spec.name.clone());
    let outputs = SecurityGroupOutputs { id: id.parse().expect("an id") };
    Observed { spec, outputs, owner: Some(owner("SecurityGroup.web")), name }.into()
}

fn deploy(stack: &Stack, resources: Vec<AnyObserved>) -> Plan {
    plan(stack, Observation { resources, ..Observation::default() }, Goal::Deploy).expect("a plan")
}

fn changes(plan: &Plan) -> Vec<(&str, Action)> {
    plan.changes().iter().map(|change| (change.address.as_str(), change.action)).collect()
}

#[test]
fn what_is_left_out_means_the_default() {
    let check = |path: &str| HealthCheck::builder().path(path).build();
    let interval = |seconds| HealthCheck::builder().interval(Duration::from_secs(seconds)).build();
    let none = HealthCheck::default;
    for (desired, observed, expected) in [
        (none(), none(), None),
        (none(), check("/"), None),
        (check("/"), none(), None),
        (none(), interval(30), None),
        (interval(10), none(), Some("health_check.interval 30 10")),
        (none(), interval(10), Some("health_check.interval 10 30")),
        (check("/up"), check("/"), Some("health_check.path \"/\" \"/up\"")),
    ] {
        let found = differences(&targets(desired), &targets(observed));
        let found: Vec<_> = found.iter().map(|c| format!("{} {} {}", c.path, c.before, c.after)).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn attributes_change_one_by_one_and_unknown_ones_are_left_alone() {
    let with = |pairs: &[(&str, &str)]| {
        let mut group = targets(HealthCheck::default());
        group.attributes.0.extend(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        group
    };
    let observed = with(&[("slow_start.duration_seconds", "60"), ("invented.since", "on")]);
    let desired = with(&[("deregistration_delay.timeout_seconds", "30")]);
    let found = differences(&desired, &observed);
    let found: Vec<_> = found.iter().map(|c| (c.path.as_str(), c.after.to_string())).collect();
    assert_eq!(
        found,
        [
            ("attributes.deregistration_delay.timeout_seconds", "\"30\"".to_owned()),
            ("attributes.slow_start.duration_seconds", "\"0\"".to_owned()),
        ]
    );
}

#[test]
fn rules_are_added_before_others_go_and_described_in_place() {
    let ssh = Ingress::tcp(22).from_ipv4("10.0.0.0/8");
    let base = || SecurityGroup::builder().name("web").description("web").vpc(vpc());
    let observed = base().ingress(ssh.clone()).ingress(Ingress::http().from_anywhere_ipv4()).build();
    let desired = base().ingress(ssh.description("admins")).ingress(Ingress::https().from_anywhere_ipv4()).build();
    let mut stack = Stack::new("stack");
    stack.add("web", desired);
    let plan = deploy(&stack, vec![owned_group(observed, "sg-1")]);
    let steps: Vec<_> = plan.steps().iter().map(|step| step.kind).collect();
    let last = StepKind::Call(Operation::RevokeSecurityGroupIngress);
    assert_eq!(steps.len(), 3, "{steps:?}");
    assert!(steps[..2].contains(&StepKind::Call(Operation::AuthorizeSecurityGroupIngress)), "{steps:?}");
    assert!(steps[..2].contains(&StepKind::Call(Operation::ModifySecurityGroupRules)), "{steps:?}");
    assert_eq!(steps[2], last);
}

#[test]
fn a_replacement_moves_everything_before_the_old_one_goes() {
    let mut stack = Stack::new("stack");
    let group = SecurityGroup::builder().name("web").description("another").vpc(vpc()).build();
    let web = stack.add("web", group);
    stack.add("template", LaunchTemplate::builder().name("template").security_group(web).build());
    let plan = deploy(&stack, vec![owned_group(self::group(), "sg-1")]);
    assert_eq!(
        changes(&plan),
        [
            ("SecurityGroup.web", Action::Replace),
            ("SecurityGroup.web", Action::DeleteReplaced),
            ("LaunchTemplate.template", Action::Create),
        ]
    );
    let at = |kind| plan.steps().iter().position(|step| step.kind == kind).expect("a step");
    let delete = at(StepKind::Delete(Operation::DeleteSecurityGroup));
    assert!(plan.steps()[delete].after.contains(&at(StepKind::Create(Operation::CreateLaunchTemplate))));
    let reasons = &plan.changes()[0].properties;
    assert!(reasons.iter().any(|change| matches!(change.effect, Effect::Replace(_))), "{reasons:?}");
    assert_eq!(plan.summary().delete, 0, "the old one is counted with its replacement");
}

#[test]
fn after_an_interrupted_replacement_the_successor_stays() {
    let mut stack = Stack::new("stack");
    stack.add("web", SecurityGroup::builder().name("web").description("another").vpc(vpc()).build());
    let mut successor = group();
    "another".clone_into(&mut successor.description);
    successor.ingress.clear();
    let plan = deploy(&stack, vec![owned_group(group(), "sg-1"), owned_group(successor, "sg-2")]);
    assert_eq!(changes(&plan), [("SecurityGroup.web", Action::Keep), ("SecurityGroup.web", Action::DeleteReplaced)]);
    assert_eq!(plan.changes()[1].id.as_deref(), Some("sg-1"));
}

#[test]
fn what_belongs_to_others_is_a_conflict() {
    let foreign = |owner| {
        let outputs = SecurityGroupOutputs { id: "sg-9".parse().expect("an id") };
        AnyObserved::from(Observed { spec: group(), outputs, owner, name: Some("web".to_owned()) })
    };
    let other = Owner { stack: "other".to_owned(), address: "SecurityGroup.x".to_owned() };
    let mut stack = Stack::new("stack");
    let web = stack.add("web", group());
    for holder in [None, Some(other)] {
        let observation = Observation { resources: vec![foreign(holder)], ..Observation::default() };
        let error = plan(&stack, observation, Goal::Deploy).expect_err("a conflict");
        assert!(error.is_conflict() && error.to_string().contains("sg-9"), "{error}");
    }
    stack.adopt(web);
    assert_eq!(changes(&deploy(&stack, vec![foreign(None)])), [("SecurityGroup.web", Action::Adopt)]);
}

#[test]
fn what_is_no_longer_declared_goes_users_first() {
    let arn = "arn:aws:elasticloadbalancing:r:1:targetgroup/web/1";
    let balancer = "arn:aws:elasticloadbalancing:r:1:loadbalancer/app/web/1";
    let target = Observed {
        spec: targets(HealthCheck::default()),
        outputs: TargetGroupOutputs { arn: arn.parse().expect("an arn"), name: "web".to_owned() },
        owner: Some(owner("TargetGroup.web")),
        name: Some("web".to_owned()),
    };
    let listener = Observed {
        spec: Listener::builder()
            .load_balancer(Input::known(balancer.parse().expect("an arn")))
            .accept(Accept::http(80))
            .action(ListenerAction::forward(target.outputs.arn.clone()))
            .build(),
        outputs: crate::ListenerOutputs {
            arn: "arn:aws:elasticloadbalancing:r:1:listener/app/web/1/2".parse().expect("an arn"),
        },
        owner: Some(owner("Listener.http")),
        name: None,
    };
    let observation = Observation { resources: vec![target.into(), listener.into()], ..Observation::default() };
    let plan = plan(&Stack::new("stack"), observation, Goal::Destroy).expect("a plan");
    let kinds: Vec<_> = plan.steps().iter().map(|step| step.kind).collect();
    let (listener, target) = (Operation::DeleteListener, Operation::DeleteTargetGroup);
    assert_eq!(kinds, [StepKind::Delete(listener), StepKind::Delete(target)]);
    assert_eq!(plan.steps()[1].after, [0]);
}

#[test]
fn every_problem_is_reported_at_once() {
    let mut stack = Stack::new("stack");
    stack.add("web", LoadBalancer::application().name("internal-web-").subnets([]).build());
    stack.add("web", TargetGroup::builder().name("web").vpc(vpc()).traffic(Traffic::http(0)).build());
    stack.add("same", TargetGroup::builder().name("web").vpc(vpc()).traffic(Traffic::tcp(80)).build());
    let error = Plan::preview(&stack).expect_err("problems");
    let ids: Vec<_> = error.problems().iter().map(|problem| problem.id).collect();
    assert_eq!(ids, ["V3", "V4", "V7", "V42", "V6"], "{error}");
}

#[test]
fn user_data_is_never_shown() {
    let mut stack = Stack::new("stack");
    stack.add("web", LaunchTemplate::builder().name("web").user_data("hunter2").build());
    let plan = Plan::preview(&stack).expect("a plan");
    for text in [plan.to_string(), plan.to_json().to_string(), format!("{plan:?}"), format!("{stack:?}")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}
