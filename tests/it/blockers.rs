//! When AWS does not let something go, the error names what holds it, whose that is, and what to do.

use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types::{Action as ElbAction, ActionTypeEnum, ProtocolEnum};
use purlin::sim::{Fault, SimAws};
use purlin::*;

use crate::support::{self, LAB, Variant, deploy};

const SERVICE: Variant = Variant { drains: false, ..LAB };

fn given() -> SimAws {
    let sim = support::given(&[80]);
    support::hurry(&sim);
    sim
}

/// Destroys in vain; returns the errors.
async fn fails(sim: &SimAws, stack: &Stack) -> Vec<Error> {
    let deployer = Deployer::new(sim.aws()).with_deadline(Duration::from_secs(60));
    let plan = deployer.plan_destroy(stack).await.expect("a plan");
    deployer.apply(plan).await.expect_err("something is in use").errors().to_vec()
}

#[track_caller]
fn at<'a>(errors: &'a [Error], address: &str) -> &'a Error {
    let found = errors.iter().find(|error| error.address().is_some_and(|at| at.as_str() == address));
    found.unwrap_or_else(|| panic!("no error at {address}: {errors:?}"))
}

/// I4: interfaces and rules of others, with what they belong to.
#[tokio::test(start_paused = true)]
async fn a_security_group_names_the_interfaces_and_rules_that_hold_it() {
    let sim = given();
    let (stack, refs) = SERVICE.stack();
    let live = deploy(&sim, &stack).await.expect("a deploy");
    let group = live.get(refs.instance_group).id.to_string();
    // Another stack uses the group: on its instances, and in a rule.
    let mut other = Stack::new("other");
    let vpc = other.add("vpc", Vpc::named("VPC-Lab"));
    let private = other.add("private", Subnets::named(["Private subnet A"]));
    let image = other.add("web", Image::named("Web Server v1"));
    let template = LaunchTemplate::builder().name("Other").image(image).instance_type("t3.micro");
    let template = template.security_group(group.parse::<SecurityGroupId>().expect("an id"));
    let template = other.add("other", template.build());
    let scaling = AutoScalingGroup::builder().name("Other-ASG").launch_template(template).subnets(private);
    other.add("other", scaling.sizes(1..=1).build());
    let database = SecurityGroup::builder().name("Database").description("x").vpc(vpc);
    let rule = Ingress::tcp(5432).from_group(group.parse::<SecurityGroupId>().expect("an id"));
    other.add("database", database.ingress(rule).build());
    deploy(&sim, &other).await.expect("another deploy");

    let errors = fails(&sim, &stack).await;
    let error = at(&errors, "SecurityGroup.instances");
    assert!(error.is_in_use() && error.code() == Some("DependencyViolation"), "{error:?}");
    let found: Vec<_> = error
        .blockers()
        .iter()
        .map(|b| (b.kind, b.stack.as_deref(), b.address.as_ref().map(Address::as_str)))
        .collect();
    assert_eq!(
        found,
        [
            (BlockerKind::NetworkInterface, Some("other"), Some("AutoScalingGroup.other")),
            (BlockerKind::SecurityGroupRule, Some("other"), Some("SecurityGroup.database")),
        ]
    );
    let text = error.to_string();
    assert!(text.contains("of Auto Scaling group Other-ASG) has it, which the stack \"other\" owns as"), "{text}");
    assert!(error.hint().is_some_and(|hint| hint.contains("deploying or destroying that stack")), "{error:?}");
}

/// A balancer that is gone leaves its interfaces for a while; they are named, too.
#[tokio::test(start_paused = true)]
async fn interfaces_that_outlive_their_balancer_are_named() {
    let sim = given();
    let (stack, _) = SERVICE.stack();
    deploy(&sim, &stack).await.expect("a deploy");
    sim.configure(|settings| settings.load_balancer_interface_release = Duration::from_secs(3600));
    let errors = fails(&sim, &stack).await;
    let error = at(&errors, "SecurityGroup.alb");
    assert_eq!(error.blockers().len(), 2, "{error}");
    assert!(error.to_string().contains("(load balancer Web-ALB) has it"), "{error}");
}

/// R10: listeners and rules by their ARNs.
#[tokio::test(start_paused = true)]
async fn a_target_group_names_the_listeners_that_forward_to_it() {
    let sim = given();
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let targets = TargetGroup::builder().name("Web-TG").vpc(vpc).traffic(Traffic::http(80));
    let targets = stack.add("web", targets.build());
    let live = deploy(&sim, &stack).await.expect("a deploy");
    let group = live.get(targets).arn.to_string();
    let subnets = sim.ec2().describe_subnets().send().await.expect("subnets");
    let subnets: Vec<_> = subnets.subnets().iter().filter_map(|subnet| subnet.subnet_id.clone()).take(2).collect();
    let balancer = sim.add_load_balancer("Foreign", &subnets);
    let elb = sim.elbv2();
    let forward = || ElbAction::builder().r#type(ActionTypeEnum::Forward).target_group_arn(&group).build();
    let listener = elb.create_listener().load_balancer_arn(&balancer).protocol(ProtocolEnum::Http).port(80);
    let listener = listener.default_actions(forward()).send().await.expect("a listener");
    let listener = listener.listeners()[0].listener_arn().expect("an ARN").to_owned();

    let deployer = Deployer::new(sim.aws());
    let plan = deployer.plan_destroy(&stack).await.expect("a plan");
    let failure = deployer.apply(plan).await.expect_err("it is in use");
    let error = &failure.errors()[0];
    assert!(error.is_in_use(), "{error:?}");
    let [blocker] = error.blockers() else { panic!("{error:?}") };
    assert_eq!((blocker.kind, &blocker.id, &blocker.stack), (BlockerKind::Listener, &listener, &None));
    assert!(error.to_string().contains(&format!("on port 80 of {balancer} forwards to it")), "{error}");

    // A listener of ours cannot take it either, and is told why (I15).
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let own = stack.add("web", LoadBalancer::application().name("Own").subnets(public).build());
    let http = Listener::builder().load_balancer(own).accept(Accept::http(80));
    stack.add("http", http.action(Action::forward(targets)).build());
    let failure = deploy(&sim, &stack).await.expect_err("it belongs to another balancer");
    let error = at(failure.errors(), "Listener.http");
    assert_eq!(error.code(), Some("TargetGroupAssociationLimit"));
    assert_eq!(error.blockers()[0].id, listener, "{error}");
}

/// I38: an endpoint service in front of a balancer.
#[tokio::test(start_paused = true)]
async fn a_balancer_names_the_endpoint_service_in_front_of_it() {
    let sim = given();
    let mut stack = Stack::new("web-lab");
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]));
    let balancer = stack.add("web", LoadBalancer::network().name("Api").subnets(public).build());
    let live = deploy(&sim, &stack).await.expect("a deploy");
    let service = sim.add_endpoint_service([live.get(balancer).arn.as_str()]);
    let errors = fails(&sim, &stack).await;
    let error = at(&errors, "LoadBalancer.web");
    assert!(error.is_in_use() && error.code() == Some("ResourceInUse"), "{error:?}");
    assert_eq!((error.blockers()[0].kind, &error.blockers()[0].id), (BlockerKind::EndpointService, &service));
    sim.remove_endpoint_service(&service);
    support::destroy(&sim, &stack).await.expect("nothing holds it any more");
}

/// Protection that somebody has switched on is named as what it is.
#[tokio::test(start_paused = true)]
async fn a_protected_balancer_says_that_it_is_protected() {
    let sim = given();
    let mut stack = Stack::new("web-lab");
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]));
    let balancer = LoadBalancer::network().name("Api").subnets(public).deletion_protection(true);
    stack.add("web", balancer.build());
    deploy(&sim, &stack).await.expect("a deploy");
    let errors = fails(&sim, &stack).await;
    let error = at(&errors, "LoadBalancer.web");
    assert_eq!(error.code(), Some("OperationNotPermitted"));
    let [blocker] = error.blockers() else { panic!("{error:?}") };
    assert_eq!((blocker.kind, blocker.stack.as_deref()), (BlockerKind::DeletionProtection, Some("web-lab")));
}

/// R53: what an Auto Scaling group is busy with.
#[tokio::test(start_paused = true)]
async fn a_scaling_group_names_what_it_is_busy_with() {
    let sim = given();
    let (stack, _) = SERVICE.stack();
    deploy(&sim, &stack).await.expect("a deploy");
    sim.inject(Fault::on("DeleteAutoScalingGroup").code("ResourceInUse").message("The group is in use."));
    let errors = fails(&sim, &stack).await;
    let error = at(&errors, "AutoScalingGroup.web");
    let kinds: Vec<_> = error.blockers().iter().map(|blocker| blocker.kind).collect();
    assert_eq!(kinds, [BlockerKind::Instance, BlockerKind::Instance], "{error}");
}

/// Nothing is read to explain what nobody has refused.
#[tokio::test(start_paused = true)]
async fn explaining_costs_nothing_before_a_refusal() {
    let sim = given();
    let (stack, _) = SERVICE.stack();
    deploy(&sim, &stack).await.expect("a deploy");
    let since = sim.calls().len();
    support::destroy(&sim, &stack).await.expect("a destroy");
    let reads = ["DescribeNetworkInterfaces", "DescribeVpcEndpointServiceConfigurations", "DescribeScalingActivities"];
    assert!(!sim.calls()[since..].iter().any(|call| reads.contains(&call.operation)));
}
