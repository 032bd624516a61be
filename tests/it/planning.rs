//! The planner on large stacks: its work grows as the stack does, and not faster.

use allocation_counter::measure;
use purlin::{Plan, Stack};

use crate::large::{RESOURCES_A_SERVICE, rules, services};

/// What planning a stack takes.
struct Cost {
    steps: usize,
    edges: usize,
    allocations: u64,
    peak_bytes: u64,
}

fn cost(stack: &Stack) -> Cost {
    let mut plan = None;
    let info = measure(|| plan = Some(Plan::preview(stack).expect("the stack is sound")));
    let plan = plan.expect("it was measured");
    Cost {
        steps: plan.steps().len(),
        edges: plan.steps().iter().map(|step| step.after.len()).sum(),
        allocations: info.count_total,
        peak_bytes: info.bytes_max,
    }
}

/// Ten times the stack, and at most ten times the work; a twentieth more for tables that double
/// when they are full.
fn grows_no_faster(small: &Cost, large: &Cost) {
    let ten_times = |small: u64, large: u64, what: &str| {
        assert!(large <= small * 21 / 2, "{what}: {small} became {large}");
    };
    ten_times(small.steps as u64, large.steps as u64, "steps");
    ten_times(small.edges as u64, large.edges as u64, "edges");
    ten_times(small.allocations, large.allocations, "allocations");
}

#[test]
fn planning_ten_thousand_resources_is_linear() {
    let small = cost(&services(1_000 / RESOURCES_A_SERVICE));
    let large = cost(&services(10_000 / RESOURCES_A_SERVICE));
    grows_no_faster(&small, &large);
    // Tables double, so the peak may be anywhere between once and twice what is needed.
    assert!(large.peak_bytes <= small.peak_bytes * 20, "{} became {}", small.peak_bytes, large.peak_bytes);
}

/// Everything that forwards to a target group helps its instances to be healthy: that must not be
/// worked out for each rule anew.
#[test]
fn many_rules_on_one_target_group_are_linear() {
    grows_no_faster(&cost(&rules(1_000)), &cost(&rules(10_000)));
}

/// A preview needs no account; what lookups will find is known later.
#[test]
fn a_preview_shows_the_lab() {
    let (stack, _) = crate::web_asg::lab("t2.micro");
    let plan = Plan::preview(&stack).expect("the lab is sound");
    assert_eq!(plan.summary().create, 8);
    let text = plan.to_string();
    assert!(text.contains("(known after deploy: Vpc.vpc.id)"), "{text}");
}

/// What was planned without looking is carried out like any other plan, as long as nothing of the
/// stack exists that is not as declared.
#[tokio::test(start_paused = true)]
async fn a_preview_can_be_applied_once() {
    let sim = purlin::sim::SimAws::new();
    crate::web_asg::demo::given(&sim);
    let deployer = purlin::Deployer::new(sim.aws());
    let (stack, _) = crate::web_asg::lab("t2.micro");
    deployer.apply(Plan::preview(&stack).expect("the lab is sound")).await.expect("it deploys");
    let preview_of_changed = Plan::preview(&crate::web_asg::lab("t3.micro").0).expect("the lab is sound");
    let failure = deployer.apply(preview_of_changed).await.expect_err("it is no preview of what exists");
    assert!(failure.errors()[0].is_conflict(), "{failure}");
}

/// AWS refuses a call that adds no rule.
#[test]
fn a_group_without_rules_is_one_call() {
    let vpc: purlin::VpcId = "vpc-1".parse().expect("an id");
    let mut stack = Stack::new("web");
    stack.add("web", purlin::SecurityGroup::builder().name("Web").description("Web").vpc(vpc).build());
    let plan = Plan::preview(&stack).expect("the stack is sound");
    assert_eq!(plan.steps().len(), 1, "{:?}", plan.steps());
}
