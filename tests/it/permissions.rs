//! The IAM policy of a plan, on the simulated AWS with permission checks: enough for what it is for,
//! and nothing in it that is not needed.

use std::collections::BTreeSet;

use aws_sdk_ec2::error::ProvideErrorMetadata;
use aws_sdk_elasticloadbalancingv2::types::Tag;
use purlin::sim::SimAws;
use purlin::*;
use serde_json::Value;

use crate::support::{self, LAB, Variant, hurry};

fn given() -> SimAws {
    let sim = support::given(&[80, 8080]);
    hurry(&sim);
    sim
}

fn restricted(sim: &SimAws, policy: &Value) -> Deployer {
    Deployer::new(sim.restricted_to(&policy.to_string()).expect("a policy").aws())
}

fn document(policy: &IamPolicy) -> Value {
    serde_json::to_value(policy).expect("JSON")
}

/// Plans, deploys, plans again and destroys, with a policy and no other rights.
async fn whole_life(sim: &SimAws, stack: &Stack, policy: &Value) -> Result<(), String> {
    let deployer = restricted(sim, policy);
    let said = |error: Error| format!("{error:?}");
    deployer.apply(deployer.plan(stack).await.map_err(said)?.approve()).await.map_err(|error| format!("{error}"))?;
    let next = deployer.plan(stack).await.map_err(said)?;
    if !next.is_empty() {
        return Err(format!("the second plan is not empty:\n{next}"));
    }
    let plan = deployer.plan_destroy(stack).await.map_err(said)?;
    deployer.apply(plan).await.map_err(|error| format!("{error}"))?;
    Ok(())
}

/// The same policy without each of its actions, one at a time: what was left out, and the rest.
fn without_each(policy: &Value) -> Vec<(String, Value)> {
    let statements = policy["Statement"].as_array().expect("statements");
    let mut weaker = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        for action in statement["Action"].as_array().expect("actions") {
            let mut rest = policy.clone();
            rest["Statement"][at]["Action"].as_array_mut().expect("actions").retain(|other| other != action);
            weaker.push((format!("{action} on {}", statement["Resource"]), rest));
        }
    }
    weaker
}

#[tokio::test(start_paused = true)]
async fn the_policy_of_the_lab_is_enough_and_each_action_of_it_is_needed() {
    let (stack, _) = LAB.stack();
    let preview = Plan::preview(&stack).expect("a plan").iam_policy();
    let policy = document(&preview);
    let planned = Deployer::new(given().aws()).plan(&stack).await.expect("a plan").iam_policy();
    assert_eq!(document(&planned), policy, "an account is not needed for it");
    whole_life(&given(), &stack, &policy).await.expect("it is enough");

    let weaker = without_each(&policy);
    let actions: BTreeSet<_> = weaker.iter().map(|(action, _)| action.split(' ').next()).collect();
    assert_eq!(actions.len(), preview.actions().len());
    let mut unneeded = Vec::new();
    for (action, rest) in &weaker {
        match whole_life(&given(), &stack, rest).await {
            Ok(()) => unneeded.push(action),
            Err(error) => assert!(error.contains("not authorized"), "without {action}: {error}"),
        }
    }
    assert!(unneeded.is_empty(), "nothing fails without {unneeded:#?}");
}

#[tokio::test(start_paused = true)]
async fn policies_of_the_examples_are_enough() {
    for (name, stack) in crate::examples::stacks() {
        let sim = crate::examples::account();
        let policy = document(&Plan::preview(&stack).expect("a plan").iam_policy());
        whole_life(&sim, &stack, &policy).await.unwrap_or_else(|error| panic!("{name}: {error}\n{policy:#}"));
    }
}

#[test]
fn the_policy_of_the_lab_reads_well() {
    let (stack, _) = LAB.stack();
    let policy = Plan::preview(&stack).expect("a plan").iam_policy();
    let policy = policy.in_region("ap-northeast-2").in_account("123456789012");
    let compact = document(&policy).to_string();
    assert!(compact.len() <= 6144, "{} characters are more than a managed policy may have", compact.len());
    insta::assert_snapshot!(policy);
}

/// Whoever may change a stack cannot change another, nor what belongs to nobody.
#[tokio::test(start_paused = true)]
async fn nothing_of_others_is_in_reach() {
    let sim = given();
    let (stack, refs) = LAB.stack();
    let live = support::deploy(&sim, &stack).await.expect("a deploy");
    let before = support::inventory(&sim).await;
    let mut other = Stack::new("other");
    let vpc = other.add("vpc", Vpc::named("VPC-Lab"));
    let public = other.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    other.add("web", SecurityGroup::builder().name("Other-SG").description("Other").vpc(vpc).build());
    let targets = other.add("web", TargetGroup::builder().name("Other-TG").vpc(vpc).traffic(Traffic::http(80)).build());
    let balancer = other.add("web", LoadBalancer::application().name("Other-ALB").subnets(public).build());
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
    other.add("http", listener.action(Action::forward(targets)).build());
    let policy = document(&Plan::preview(&other).expect("a plan").iam_policy().with_updates());

    let deployer = restricted(&sim, &policy);
    let plan = Deployer::new(sim.aws()).plan_destroy(&stack).await.expect("a plan");
    let failure = deployer.apply(plan).await.expect_err("it is another stack's");
    assert!(failure.errors().iter().all(Error::is_permission_denied), "{failure}");
    let hands = sim.restricted_to(&policy.to_string()).expect("a policy");
    let (ec2, elb) = (hands.ec2(), hands.elbv2());
    let (group, targets) = (live.get(refs.instance_group).id.as_str(), live.get(refs.targets).arn.as_str());
    let deleted = ec2.delete_security_group().group_id(group).send().await.expect_err("not tagged so");
    assert_eq!(deleted.code(), Some("UnauthorizedOperation"));
    let created = ec2.create_security_group().group_name("x").description("x").send().await.expect_err("no tag");
    assert_eq!(created.code(), Some("UnauthorizedOperation"));
    let deleted = elb.delete_target_group().target_group_arn(targets).send().await.expect_err("not tagged so");
    assert_eq!(deleted.code(), Some("AccessDenied"));
    let listener = elb.create_listener().load_balancer_arn(live.get(refs.balancer).arn.as_str()).port(81);
    let tag = Tag::builder().key("purlin:stack").value("other").build();
    let created = listener.tags(tag).send().await.expect_err("its own tag on another's balancer");
    assert_eq!(created.code(), Some("AccessDenied"));
    support::assert_same(&support::inventory(&sim).await, &before, "nothing is changed");
}

fn statement<'a>(policy: &'a Value, action: &str) -> &'a Value {
    let statements = policy["Statement"].as_array().expect("statements");
    let allows = |statement: &&Value| statement["Action"].as_array().expect("actions").iter().any(|one| one == action);
    statements.iter().find(allows).unwrap_or_else(|| panic!("no {action} in {policy:#}"))
}

/// Workers with an instance profile, whose role the caller has to be allowed to pass.
fn workers() -> Stack {
    let mut stack = Stack::new("workers");
    let private = stack.add("private", Subnets::named(["Private subnet A"]));
    let image = stack.add("web", Image::named("Web Server v1"));
    let template = LaunchTemplate::builder().name("Worker").image(image).instance_type("t3.micro");
    let template = stack.add("worker", template.instance_profile("worker").build());
    let group = AutoScalingGroup::builder().name("Workers").launch_template(template).subnets(private).sizes(1..=1);
    stack.add("worker", group.build());
    stack
}

#[tokio::test(start_paused = true)]
async fn only_the_roles_that_are_named_can_be_passed() {
    let any = Plan::preview(&workers()).expect("a plan").iam_policy();
    whole_life(&given(), &workers(), &document(&any)).await.expect("it is enough");
    let role = |name: &str| format!("arn:aws:iam::123456789012:role/{name}");
    let named = document(&any.clone().passing_roles([role("worker")]));
    assert_eq!(statement(&named, "iam:PassRole")["Resource"], serde_json::json!([role("worker")]));
    whole_life(&given(), &workers(), &named).await.expect("it is the role of the profile");
    let other = document(&any.passing_roles([role("admin")]));
    let error = whole_life(&given(), &workers(), &other).await.expect_err("another role");
    assert!(error.contains("iam:PassRole") && error.contains("CreateAutoScalingGroup"), "{error}");
}

#[test]
fn arns_have_the_partition_the_region_and_the_account() {
    let policy = Plan::preview(&workers()).expect("a plan").iam_policy();
    let group = |policy: IamPolicy| statement(&document(&policy), "ec2:CreateLaunchTemplate")["Resource"].to_string();
    assert!(group(policy.clone()).contains("arn:aws:ec2:*:*:launch-template/*"));
    let policy = policy.in_partition("aws-cn").in_region("cn-north-1").in_account("123456789012");
    assert!(group(policy.clone()).contains("arn:aws-cn:ec2:cn-north-1:123456789012:launch-template/*"));
    assert!(!policy.actions().contains("iam:CreateServiceLinkedRole"));
    let policy = policy.with_service_linked_roles();
    assert!(policy.actions().contains("iam:CreateServiceLinkedRole"));
    let policy = document(&policy);
    let condition = &statement(&policy, "iam:CreateServiceLinkedRole")["Condition"];
    assert_eq!(condition["StringLike"]["iam:AWSServiceName"], "autoscaling.amazonaws.com*");
}

/// In parts that IAM takes, together they say the same.
#[test]
fn a_long_policy_comes_in_parts() {
    let stack = crate::generated::declare((0..600).map(|number| number * 7919).collect());
    let policy = Plan::preview(&stack).expect("a plan").iam_policy().with_updates().with_explanations();
    let parts = policy.to_managed_policies();
    assert!(parts.len() > 1 && parts.iter().all(|part| part.len() <= 6144), "{parts:?}");
    let statements = |text: &String| {
        let part: Value = serde_json::from_str(text).expect("JSON");
        part["Statement"].as_array().expect("statements").clone()
    };
    let together: Vec<_> = parts.iter().flat_map(statements).collect();
    assert_eq!(&together, document(&policy)["Statement"].as_array().expect("statements"));
}

/// The plan of whatever is done to a stack has a policy that is enough to do it.
#[tokio::test(start_paused = true)]
async fn the_policy_of_a_plan_is_enough_to_apply_it() {
    let edits: &[Variant] = &[
        Variant { instance_type: "t3.small", ..LAB },
        Variant { port: 8080, open: &[80, 8080], ..LAB },
        Variant { instances: "Other-SG", ..LAB },
        Variant { policy: false, ..LAB },
        Variant { drains: false, ..LAB },
        Variant { targets: "renamed", ..LAB },
    ];
    for edit in edits {
        let sim = given();
        support::deploy(&sim, &LAB.stack().0).await.expect("a deploy");
        let (stack, _) = edit.stack();
        let plan = Deployer::new(sim.aws()).plan(&stack).await.expect("a plan").approve();
        assert!(!plan.is_empty(), "{edit:?}");
        let policy = document(&plan.iam_policy());
        restricted(&sim, &policy).apply(plan).await.unwrap_or_else(|failure| panic!("{edit:?}: {failure}\n{policy:#}"));
    }
}

/// Who deploys again and again needs no plan to know what changes in place may take.
#[tokio::test(start_paused = true)]
async fn with_updates_the_policy_of_a_stack_is_enough_for_changes_in_place() {
    let policy = Plan::preview(&LAB.stack().0).expect("a plan").iam_policy();
    let updates = document(&policy.clone().with_updates());
    for edit in [
        Variant { instance_type: "t3.small", ..LAB },
        Variant { policy: false, ..LAB },
        Variant { drains: false, ..LAB },
        Variant { open: &[80, 8080], ..LAB },
    ] {
        let sim = given();
        support::deploy(&sim, &LAB.stack().0).await.expect("a deploy");
        let (stack, _) = edit.stack();
        let deployer = restricted(&sim, &updates);
        let plan = deployer.plan(&stack).await.expect("a plan").approve();
        deployer.apply(plan).await.unwrap_or_else(|failure| panic!("{edit:?}: {failure}\n{updates:#}"));
        // And back.
        let plan = deployer.plan(&LAB.stack().0).await.expect("a plan").approve();
        deployer.apply(plan).await.unwrap_or_else(|failure| panic!("back from {edit:?}: {failure}\n{updates:#}"));
    }
    assert!(policy.clone().with_updates().actions().is_superset(&policy.actions()));
}

#[test]
#[ignore = "writes policies for another program: run .ci/iam"]
fn policies_are_written() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/iam");
    std::fs::create_dir_all(&directory).expect("a directory");
    for (name, stack) in crate::export::all::stacks() {
        let plan = Plan::preview(&stack).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let policy = plan.iam_policy().with_updates().with_explanations().with_service_linked_roles();
        let path = directory.join(name.replace(['/', ' '], "_"));
        std::fs::write(format!("{}.json", path.display()), policy.to_json()).expect("a file");
    }
}
