//! Stacks that are valid by construction, of all kinds and with values from the whole of their
//! documented ranges: each is accepted, planned and deployed on the simulated AWS, is then as
//! declared, and leaves nothing when it is destroyed.

mod balancing;
mod scaling;
mod security;
mod tape;
mod template;

use std::time::Duration;

use proptest::prelude::*;
use purlin::sim::SimAws;
use purlin::*;

use crate::support::{hurry, network};
use tape::Tape;

/// What everything stands on.
struct Base {
    vpc: Ref<Vpc>,
    other_vpc: Ref<Vpc>,
    public: Ref<Subnets>,
    private: Ref<Subnets>,
    image: Ref<Image>,
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A stack of all kinds, whose values come from the numbers.
pub fn declare(numbers: Vec<u32>) -> Stack {
    let tape = Tape::new(numbers);
    let mut stack = Stack::new("generated");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let base = Base {
        vpc,
        other_vpc: stack.add("other", Vpc::named("VPC-Other")),
        public: stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc)),
        private: stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc)),
        image: stack.add("image", Image::named("Web Server v1")),
    };
    // Each stack has some of the parts, so that shorter tapes reach all of them.
    let parts = tape.up_to(7);
    let groups = if parts != 1 { security::declare(&tape, &base, &mut stack) } else { Vec::new() };
    if parts != 2 {
        balancing::declare(&tape, &base, &groups, &mut stack);
    }
    if parts != 3 {
        template::declare(&tape, &groups, &mut stack);
    }
    if parts != 4 {
        scaling::declare(&tape, &base, &groups, &mut stack);
    }
    stack
}

fn account() -> SimAws {
    let sim = SimAws::new();
    network(&sim);
    sim.add_vpc("VPC-Other", "10.1.0.0/16");
    sim.add_image("Web Server v1");
    hurry(&sim);
    sim
}

async fn live(numbers: Vec<u32>) -> Result<(), TestCaseError> {
    let stack = declare(numbers);
    let preview = Plan::preview(&stack);
    prop_assert!(preview.is_ok(), "refused: {}", preview.unwrap_err());
    let sim = account();
    // The stack's own policy is enough for all that follows.
    let policy = preview.expect("a plan").iam_policy();
    let allowed = sim.restricted_to(&policy.to_json()).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let deployer = Deployer::new(allowed.aws()).with_deadline(seconds(100_000));
    let plan = deployer.plan(&stack).await;
    prop_assert!(plan.is_ok(), "refused when planned: {}", plan.unwrap_err());
    let applied = deployer.apply(plan.expect("a plan").approve()).await;
    prop_assert!(applied.is_ok(), "not deployed: {}", applied.unwrap_err());
    let next = deployer.plan(&stack).await.map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert!(next.is_empty(), "the second plan is not empty:\n{next}");
    let plan = deployer.plan_destroy(&stack).await.map_err(|error| TestCaseError::fail(error.to_string()))?;
    let destroyed = deployer.apply(plan).await;
    prop_assert!(destroyed.is_ok(), "not destroyed: {}", destroyed.unwrap_err());
    let left = owned(&sim).await;
    prop_assert!(left.is_empty(), "left behind: {left:?}");
    Ok(())
}

/// What is there apart from what was given: the default groups of the VPCs.
async fn owned(sim: &SimAws) -> Vec<String> {
    let (ec2, elb) = (sim.ec2(), sim.elbv2());
    let groups = ec2.describe_security_groups().send().await.expect("groups");
    let groups = groups.security_groups().iter().filter(|group| group.group_name() != Some("default"));
    let mut left: Vec<_> = groups.map(|group| format!("{group:?}")).collect();
    let templates = ec2.describe_launch_templates().send().await.expect("templates");
    left.extend(templates.launch_templates().iter().map(|template| format!("{template:?}")));
    let targets = elb.describe_target_groups().send().await.expect("target groups");
    left.extend(targets.target_groups().iter().map(|group| format!("{group:?}")));
    let balancers = elb.describe_load_balancers().send().await.expect("balancers");
    left.extend(balancers.load_balancers().iter().map(|balancer| format!("{balancer:?}")));
    let scaling = sim.autoscaling().describe_auto_scaling_groups().send().await.expect("groups");
    left.extend(scaling.auto_scaling_groups().iter().map(|group| format!("{group:?}")));
    left
}

/// `PROPTEST_CASES` for a longer run.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn what_is_valid_is_accepted_deployed_and_destroyed(numbers in prop::collection::vec(any::<u32>(), 0..600)) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(live(numbers))?;
    }
}
