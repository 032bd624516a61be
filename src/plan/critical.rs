//! How long a plan takes at least: the longest way through its steps.

use std::time::Duration;

use super::{Plan, Step, StepKind};

impl Step {
    /// Returns how long such a step typically takes, for orders and estimates: a load balancer 150 s
    /// until it is active, other waits 60 s, a call 1 s. Round numbers of the size that users of AWS
    /// report; no promise.
    #[must_use]
    pub fn typical_duration(&self) -> Duration {
        Duration::from_secs(match (self.kind, self.address.kind()) {
            (StepKind::Settle, "LoadBalancer") => 150,
            (StepKind::Settle | StepKind::Gone, _) => 60,
            _ => 1,
        })
    }
}

impl Plan {
    /// Returns the critical path: the steps, by their index, that nothing can be faster than, each
    /// after the one before it. They are the longest way by [`Step::typical_duration`]; of several
    /// such ways, the one whose steps come first in the plan. Empty if there are no steps.
    /// Waits that run beside each other are not added up, though one may need the other to end well: a
    /// group is ready once its balancer is.
    ///
    /// ```
    /// use purlin::{Ingress, Plan, SecurityGroup, Stack, Vpc};
    ///
    /// let mut stack = Stack::new("web");
    /// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    /// let group = SecurityGroup::builder().name("Web-SG").description("HTTP").vpc(vpc);
    /// stack.add("web", group.ingress(Ingress::http().from_anywhere_ipv4()).build());
    /// let plan = Plan::preview(&stack)?;
    /// assert_eq!(plan.critical_path(), [0, 1], "the group, and then its rule");
    /// # Ok::<(), purlin::Error>(())
    /// ```
    #[must_use]
    pub fn critical_path(&self) -> Vec<usize> {
        // All that a step needs is earlier in the plan.
        let mut ends: Vec<Duration> = Vec::with_capacity(self.steps.len());
        let mut before: Vec<Option<usize>> = Vec::with_capacity(self.steps.len());
        let latest = |steps: &mut dyn Iterator<Item = usize>, ends: &[Duration]| {
            steps.fold(None, |best: Option<usize>, step| match best {
                Some(best) if ends[best] >= ends[step] => Some(best),
                _ => Some(step),
            })
        };
        for step in &self.steps {
            let last = latest(&mut step.after.iter().copied(), &ends);
            ends.push(last.map_or(Duration::ZERO, |last| ends[last]) + step.typical_duration());
            before.push(last);
        }
        let last = latest(&mut (0..ends.len()), &ends);
        let mut path: Vec<usize> = std::iter::successors(last, |step| before[*step]).collect();
        path.reverse();
        path
    }
}
