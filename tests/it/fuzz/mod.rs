//! Lives of stacks over all kinds: declared, edited, adopted, disturbed by faults, throttling, lags,
//! tampering and crashes, and destroyed, in whatever order. Whatever happens, purlin ends where it
//! should and touches nothing that is not its own.
//!
//! `PROPTEST_CASES` sets how many lives there are. A life that fails is written to
//! `tests/proptest-regressions/fuzz.txt`, and lived first in later runs.

mod foreign;
mod order;
mod shape;

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use purlin::sim::{Fault, RequestLimits, SimAws};
use purlin::*;

use crate::support;
use shape::{ALTERNATIVES, GENES, Gene, Shape};

/// An edit or the end, and what goes wrong on the way.
#[derive(Debug, Clone)]
struct Turn {
    goal: Goal,
    trouble: Trouble,
}

#[derive(Debug, Clone)]
enum Goal {
    /// What is declared, with some choices made otherwise.
    Deploy(Vec<(usize, u8)>),
    Destroy,
}

#[derive(Debug, Clone)]
enum Trouble {
    None,
    /// The process dies after so many calls.
    Crash(usize),
    /// Some calls of one operation go wrong.
    One {
        operation: &'static str,
        how: How,
        after: usize,
        times: usize,
    },
    /// Any call may go wrong.
    Storm {
        how: How,
        percent: u8,
        seed: u64,
    },
    /// AWS asks to slow down.
    Limited {
        burst: u8,
    },
    /// What was created lately does not show yet, or not any more; or without its tags; or cannot be named.
    Lag {
        describe: u64,
        tag: u64,
        reference: u64,
    },
    /// Somebody takes something away beforehand.
    Tampered(Tampering),
}

#[derive(Debug, Clone, Copy)]
enum How {
    Throttled,
    Internal,
    Unanswered,
    Denied,
    Slow,
}

#[derive(Debug, Clone, Copy)]
enum Tampering {
    Listeners,
    Policy,
    Ingress,
    Capacity,
}

impl How {
    fn apply(self, fault: Fault) -> Fault {
        match self {
            Self::Throttled => fault.throttle(),
            Self::Internal => fault,
            Self::Unanswered => fault.lose_answer(),
            Self::Denied => fault.code("UnauthorizedOperation").message("You are not authorized."),
            Self::Slow => fault.slow(Duration::from_secs(20)),
        }
    }
}

/// Operations that lives come past.
const OPERATIONS: &[&str] = &[
    "CreateSecurityGroup",
    "AuthorizeSecurityGroupIngress",
    "RevokeSecurityGroupIngress",
    "DeleteSecurityGroup",
    "CreateLoadBalancer",
    "SetSecurityGroups",
    "DeleteLoadBalancer",
    "CreateTargetGroup",
    "DeleteTargetGroup",
    "CreateListener",
    "ModifyListener",
    "DeleteListener",
    "CreateRule",
    "SetRulePriorities",
    "DeleteRule",
    "AddTags",
    "CreateLaunchTemplate",
    "CreateLaunchTemplateVersion",
    "DeleteLaunchTemplate",
    "CreateAutoScalingGroup",
    "UpdateAutoScalingGroup",
    "AttachLoadBalancerTargetGroups",
    "DetachLoadBalancerTargetGroups",
    "CreateOrUpdateTags",
    "DeleteAutoScalingGroup",
    "PutScalingPolicy",
    "PutScheduledUpdateGroupAction",
    "PutNotificationConfiguration",
    "DescribeTags",
    "DescribeAutoScalingGroups",
    "DescribeTargetHealth",
];

fn troubles() -> impl Strategy<Value = Trouble> {
    let how = || prop::sample::select(vec![How::Throttled, How::Internal, How::Unanswered, How::Denied, How::Slow]);
    let one = (prop::sample::select(OPERATIONS), how(), 0..2usize, 1..4usize)
        .prop_map(|(operation, how, after, times)| Trouble::One { operation, how, after, times });
    let storm = (how(), 1..30u8, any::<u64>()).prop_map(|(how, percent, seed)| Trouble::Storm { how, percent, seed });
    // Mostly of one sort.
    let lag = || prop_oneof![2 => Just(0), 1 => 1..6u64];
    let lag = (lag(), lag(), lag());
    let lag = lag.prop_map(|(describe, tag, reference)| Trouble::Lag { describe, tag, reference });
    let tampering = vec![Tampering::Listeners, Tampering::Policy, Tampering::Ingress, Tampering::Capacity];
    prop_oneof![
        3 => Just(Trouble::None),
        3 => (0..90usize).prop_map(Trouble::Crash),
        2 => one,
        2 => storm,
        1 => (3..9u8).prop_map(|burst| Trouble::Limited { burst }),
        2 => lag,
        1 => prop::sample::select(tampering).prop_map(Trouble::Tampered),
    ]
}

fn turns() -> impl Strategy<Value = Turn> {
    let edits = prop::collection::vec((0..GENES, 0..ALTERNATIVES), 0..4);
    let goal = prop_oneof![5 => edits.prop_map(Goal::Deploy), 1 => Just(Goal::Destroy)];
    (goal, troubles()).prop_map(|(goal, trouble)| Turn { goal, trouble })
}

/// Mostly few things, so that a life is short, and now and then many.
fn shapes() -> impl Strategy<Value = Shape> {
    (prop::collection::vec((0..ALTERNATIVES, any::<u8>()), GENES), 0..150u8).prop_map(|(genes, fill)| {
        Shape(genes.into_iter().map(|(choice, odds)| if odds < fill { choice } else { 0 }).collect())
    })
}

struct Life {
    sim: SimAws,
    deployer: Deployer,
    events: Arc<order::Events>,
    concurrency: usize,
}

impl Life {
    async fn begin(concurrency: usize) -> Self {
        let sim = support::given(&[80, 8080]);
        // Shorter than the pause between two looks: nothing is looked at for long.
        sim.configure(|settings| {
            settings.load_balancer_provisioning = Duration::from_millis(900);
            settings.load_balancer_interface_release = Duration::from_millis(500);
            settings.instance_boot = Duration::from_millis(300);
            settings.instance_termination = Duration::from_millis(300);
            settings.target_health_check = Duration::from_millis(100);
            settings.scaling_reaction = Duration::from_millis(100);
            settings.security_group_association = Duration::from_millis(300);
        });
        foreign::add(&sim).await;
        let events = Arc::new(order::Events::default());
        let watching = Arc::clone(&events);
        let deployer = Deployer::new(sim.aws())
            .with_concurrency(concurrency)
            .with_reporter(move |event: &Event| watching.note(event));
        Self { sim, deployer, events, concurrency }
    }

    async fn plan(&self, stack: &Stack, destroy: bool) -> Result<Plan, Error> {
        if destroy { self.deployer.plan_destroy(stack).await } else { self.deployer.plan(stack).await }
    }

    /// Plans and applies, and holds the order of the steps against the plan.
    async fn go(&self, stack: &Stack, destroy: bool) -> Result<Result<(), String>, TestCaseError> {
        self.go_with(&self.deployer, stack, destroy).await
    }

    async fn go_with(
        &self,
        deployer: &Deployer,
        stack: &Stack,
        destroy: bool,
    ) -> Result<Result<(), String>, TestCaseError> {
        let plan = match self.plan(stack, destroy).await {
            Ok(plan) => plan,
            Err(error) => return Ok(Err(format!("{error:?}"))),
        };
        let steps = plan.steps().to_vec();
        let is_free = !destroy && plan.interruptions().is_empty();
        self.events.forget();
        self.sim.watch_traffic();
        let applied = deployer.apply(plan.approve()).await;
        self.events.check(&steps).map_err(TestCaseError::fail)?;
        if is_free && applied.is_ok() {
            // What is no longer served in the end is what was declared.
            let gaps: Vec<_> = self.sim.outages().into_iter().filter(|outage| outage.until.is_some()).collect();
            prop_assert_eq!(gaps, [], "the plan announced no interruption");
        }
        Ok(applied.map(|_| ()).map_err(|failure| format!("{failure:?}")))
    }

    async fn troubled(&self, stack: &Stack, destroy: bool, trouble: &Trouble) -> Result<(), TestCaseError> {
        let sim = &self.sim;
        match trouble {
            Trouble::None => return Ok(()),
            Trouble::Crash(calls) => {
                sim.crash_after(*calls);
                tokio::select! {
                    done = self.go(stack, destroy) => drop(done?),
                    () = sim.crashed() => {}
                }
                sim.restart();
                return Ok(());
            }
            Trouble::One { operation, how, after, times } => {
                sim.inject(how.apply(Fault::on(*operation)).after(*after).times(*times));
            }
            Trouble::Storm { how, percent, seed } => {
                sim.inject(how.apply(Fault::anywhere()).chance(f64::from(*percent) / 100.0, *seed));
            }
            Trouble::Limited { burst } => {
                let burst = f64::from(*burst);
                sim.configure(|settings| settings.request_limits = RequestLimits::Each { burst, per_second: burst });
            }
            Trouble::Lag { describe, tag, reference } => sim.configure(|settings| {
                settings.describe_lag = Duration::from_secs(*describe);
                settings.tag_lag = Duration::from_secs(*tag);
                settings.reference_lag = Duration::from_secs(*reference);
            }),
            Trouble::Tampered(tampering) => return tamper(sim, *tampering).await,
        }
        // It may fail or not; the run after it must not. But slowness is no failure.
        let done = self.go(stack, destroy).await?;
        let must_succeed = matches!(
            trouble,
            Trouble::Limited { .. }
                | Trouble::One { how: How::Throttled | How::Slow, .. }
                | Trouble::Storm { how: How::Throttled | How::Slow, .. }
        );
        if let (true, Err(error)) = (must_succeed, done) {
            return Err(TestCaseError::fail(format!("a run fails that was only slowed down: {error}")));
        }
        sim.clear_faults();
        sim.configure(|settings| {
            settings.request_limits = RequestLimits::Unlimited;
            settings.describe_lag = Duration::ZERO;
            settings.tag_lag = Duration::ZERO;
            settings.reference_lag = Duration::ZERO;
        });
        Ok(())
    }

    async fn live(&self, mut shape: Shape, turns: &[Turn]) -> Result<(), TestCaseError> {
        let mut stack = shape.declare();
        let mut adopted = false;
        for turn in turns {
            let destroy = matches!(turn.goal, Goal::Destroy);
            if let Goal::Deploy(edits) = &turn.goal {
                for (gene, choice) in edits {
                    shape.0[*gene] = *choice;
                }
                stack = shape.declare();
                adopted |= shape.get(Gene::Adopted) != 0;
            }
            self.troubled(&stack, destroy, &turn.trouble).await?;
            self.converge(&stack, destroy).await?;
        }
        self.converge(&stack, true).await?;
        prop_assert_eq!(foreign::everything(&self.sim).await, foreign::expected(adopted).await);
        let most = self.sim.most_in_flight();
        prop_assert!(most <= self.concurrency, "{} calls in flight, allowed are {}", most, self.concurrency);
        Ok(())
    }

    /// Runs undisturbed: it succeeds, and leaves nothing to do.
    async fn converge(&self, stack: &Stack, destroy: bool) -> Result<(), TestCaseError> {
        // The next plan shows what an apply looks for in the end.
        let deployer = self.deployer.clone().with_confirmation(false);
        if let Err(error) = self.go_with(&deployer, stack, destroy).await? {
            return Err(TestCaseError::fail(format!("a run without trouble fails: {error}")));
        }
        let next = self.plan(stack, destroy).await;
        let next = next.map_err(|error| TestCaseError::fail(format!("it cannot be planned again: {error:?}")))?;
        prop_assert!(next.is_empty(), "the next plan is not empty:\n{}", next);
        Ok(())
    }
}

/// Takes away, or changes, what the stack owns.
async fn tamper(sim: &SimAws, tampering: Tampering) -> Result<(), TestCaseError> {
    let (ec2, elb, scaling) = (sim.ec2(), sim.elbv2(), sim.autoscaling());
    match tampering {
        Tampering::Listeners => {
            let Ok(found) = elb.describe_load_balancers().names("web").send().await else { return Ok(()) };
            for balancer in found.load_balancers() {
                let listeners = elb.describe_listeners().set_load_balancer_arn(balancer.load_balancer_arn.clone());
                for listener in listeners.send().await.expect("listeners").listeners() {
                    let delete = elb.delete_listener().set_listener_arn(listener.listener_arn.clone());
                    delete.send().await.expect("it can be deleted");
                }
            }
        }
        Tampering::Policy => {
            // Whether there is one or not.
            let _ = scaling.delete_policy().auto_scaling_group_name("scaling").policy_name("cpu").send().await;
        }
        Tampering::Ingress => {
            let groups = ec2.describe_security_groups().send().await.expect("groups");
            for group in groups.security_groups().iter().filter(|group| group.group_name() == Some("first")) {
                let permissions = group.ip_permissions().to_vec();
                if !permissions.is_empty() {
                    let revoke = ec2.revoke_security_group_ingress().set_group_id(group.group_id.clone());
                    revoke.set_ip_permissions(Some(permissions)).send().await.expect("it can be revoked");
                }
            }
        }
        Tampering::Capacity => {
            let update = scaling.update_auto_scaling_group().auto_scaling_group_name("scaling");
            let _ = update.min_size(0).max_size(3).desired_capacity(2).send().await;
        }
    }
    Ok(())
}

/// So many lives if `PROPTEST_CASES` does not say otherwise: they are much of the suite's time. With
/// `.ci/lives` there are two thousand, on all cores.
const LIVES: u32 = 200;

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(LIVES);
    ProptestConfig {
        cases,
        max_shrink_iters: 400,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/proptest-regressions/fuzz.txt"))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_life_ends_as_declared(
        shape in shapes(),
        turns in prop::collection::vec(turns(), 1..4),
        concurrency in 1..6usize,
    ) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(async {
            let life = Life::begin(concurrency).await;
            life.live(shape, &turns).await
        })?;
    }
}
