//! What AWS would refuse of a group.

use crate::problem::Problems;

use super::super::{Tags, tags};
use super::{AutoScalingGroup, CapacityUnit, GroupHealthCheck, GroupPlace, TerminationPolicy};

impl AutoScalingGroup {
    pub(super) fn check(&self, problems: &mut Problems<'_>) {
        problems.text(
            "V153",
            "name",
            &self.name,
            1..=255,
            |c| c.is_ascii_graphic() && c != ':',
            "printable ASCII characters other than space and `:`",
        );
        self.check_sizes(problems);
        self.launch_template.validate(problems);
        self.check_place(problems);
        self.check_settings(problems);
        self.check_parts(problems);
        if let Some(refresh) = &self.instance_refresh {
            refresh.validate(&self.launch_template, problems);
        }
    }

    fn check_sizes(&self, problems: &mut Problems<'_>) {
        let (min, max) = self.sizes;
        if min > max {
            problems.report("V154", "sizes", format!("{min}..={max}"), "the least size must not be above the greatest");
        } else if let Some(desired) = self.desired_capacity.filter(|desired| !(min..=max).contains(desired)) {
            let rule = format!("must be within the sizes, {min} to {max}");
            problems.report("V155", "desired_capacity", desired, rule);
        }
        if self.pin_desired_capacity && self.desired_capacity.is_none() {
            problems.report("P61", "desired_capacity", "", "is needed to pin it");
        }
    }

    fn check_place(&self, problems: &mut Problems<'_>) {
        match &self.subnets {
            GroupPlace::Subnets(subnets) => {
                let Some(subnets) = subnets.as_known() else { return };
                // AWS takes them in one text, with commas between them.
                let length = subnets.iter().map(|id| id.as_str().len() + 1).sum::<usize>().saturating_sub(1);
                if subnets.is_empty() {
                    problems.report("V158", "subnets", "", "needs at least one subnet");
                } else if length > 5000 {
                    let rule = "are too many: joined by commas, they must have at most 5000 characters";
                    problems.report("V159", "subnets", format!("{length} characters"), rule);
                }
            }
            GroupPlace::Zones(zones) => {
                if zones.names.is_empty() && zones.ids.is_empty() {
                    problems.report("V158", "subnets", "", "needs at least one zone");
                }
            }
        }
    }

    fn check_settings(&self, problems: &mut Problems<'_>) {
        let checks = |check| self.health_checks.contains(&check);
        if checks(GroupHealthCheck::LoadBalancer) && self.target_groups.is_empty() {
            let rule = "asks load balancers, and the group has none: give it a target group, or leave the check out";
            problems.report("V162", "health_check", "ELB", rule);
        }
        if checks(GroupHealthCheck::VpcLattice) && self.traffic_sources.is_empty() {
            let rule = "asks VPC Lattice, and the group has no target group of it: give it one, or leave the check out";
            problems.report("V162", "health_check", "VPC_LATTICE", rule);
        }
        for arn in &self.traffic_sources {
            if !arn.starts_with("arn:") || !arn.contains(":vpc-lattice:") || arn.len() > 511 {
                problems.report("D25", "traffic_sources", format!("{arn:?}"), "must be ARNs of VPC Lattice");
            }
        }
        let lifetime = self.max_instance_lifetime.map(|lifetime| lifetime.as_secs());
        if let Some(lifetime) = lifetime.filter(|lifetime| *lifetime < 86_400) {
            let rule = "must be at least 86400 seconds, a day; leave it out for no limit";
            problems.report("V164", "max_instance_lifetime", lifetime, rule);
        }
        let counts_otherwise = self.capacity_unit.filter(|unit| *unit != CapacityUnit::Units);
        if let Some(unit) = counts_otherwise.filter(|_| !self.launch_template.by_requirements()) {
            problems.report("V166", "capacity_unit", unit, "needs instances that are chosen by requirements");
        }
        if let Some((min, max)) = self.instance_maintenance {
            healthy_percentages("V167", ["instance_maintenance"; 2], (min, max), problems);
        }
        self.check_termination(problems);
        if let Some(name) = &self.placement_group {
            problems.text("D26", "placement_group", name, 1..=255, |_| true, "");
        }
        if let Some(arn) = self.service_linked_role.as_ref().filter(|arn| !arn.starts_with("arn:")) {
            problems.report("D26", "service_linked_role", format!("{arn:?}"), "must be an ARN");
        }
        if let Some(reservations) = &self.capacity_reservations {
            reservations.validate(problems);
        }
    }

    fn check_termination(&self, problems: &mut Problems<'_>) {
        for (index, policy) in self.termination_policies.iter().enumerate() {
            let TerminationPolicy::Function(arn) = policy else { continue };
            if !arn.starts_with("arn:") || !arn.contains(":lambda:") {
                let rule = "must be the ARN of a Lambda function's version or alias";
                problems.report("V174", "termination_policies", format!("{arn:?}"), rule);
            } else if index > 0 {
                problems.report("V174", "termination_policies", arn, "a function must come first");
            }
        }
    }

    fn check_parts(&self, problems: &mut Problems<'_>) {
        let mut names = std::collections::BTreeSet::new();
        for hook in &self.lifecycle_hooks {
            hook.validate(problems);
            if !names.insert(&hook.name) {
                problems.report("V193", "lifecycle_hooks", &hook.name, "there are two of this name");
            }
        }
        problems.range("D27", "lifecycle_hooks", Some(names.len()), 0..=50);
        if self.warm_pool.is_some() && self.launch_template.mixed().is_some() {
            problems.report("D28", "warm_pool", "", "does not go with mixed instances");
        }
        Tags(self.tags.iter().map(|(key, tag)| (key.clone(), tag.value.clone())).collect()).validate(problems);
        if self.tags.len() <= tags::MOST && self.tags.len() + names.len() > tags::MOST {
            let sum = format!("{} and {} hooks", self.tags.len(), names.len());
            let rule = format!("must be at most {} together: a tag records each hook", tags::MOST);
            problems.report("V178", "tags", sum, rule);
        }
    }
}

/// How much must stay in service, and how much may be there at most: 0 to 100 and 100 to 200 percent,
/// at most 100 apart.
pub(super) fn healthy_percentages(
    id: &'static str,
    [least, greatest]: [&str; 2],
    (min, max): (u32, u32),
    problems: &mut Problems<'_>,
) {
    problems.range(id, least, Some(min), 0..=100);
    problems.range(id, greatest, Some(max), 100..=200);
    if (0..=100).contains(&min) && (100..=200).contains(&max) && max - min > 100 {
        problems.report(id, greatest, max, format!("must be at most 100 above the least percentage, {min}"));
    }
}
