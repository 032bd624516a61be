//! Checks of load balancers and target groups against what they stand beside: subnets, zones, VPCs,
//! listeners.

use std::collections::{BTreeSet, HashMap};

use crate::id::{SubnetId, VpcId};
use crate::lookup::{AnyLookup, Found, Subnets, SubnetsBy};
use crate::problem::Problems;
use crate::resource::{
    Action, Actions, AnyOutputs, AnyResource, ApplicationIpAddressType, AutoScalingGroup, Listener, ListenerProtocol,
    LoadBalancer, LoadBalancerKind, TargetGroup, Targets,
};
use crate::stack::{Item, Stack};
use crate::value::Value;

/// What is known of where things stand.
pub(super) struct Placement<'a> {
    stack: &'a Stack,
    /// The resources with what is known in its place, by their nodes.
    resources: HashMap<usize, &'a AnyResource>,
    /// The zone and the VPC of each subnet that a lookup found.
    subnets: HashMap<&'a str, (&'a str, &'a VpcId)>,
    /// The load balancer that forwards to each target group, and where that is said.
    users: HashMap<String, (Value, usize)>,
}

impl<'a> Placement<'a> {
    pub(super) fn new(
        stack: &'a Stack,
        resources: &'a [(usize, AnyResource)],
        known: &'a [Option<AnyOutputs>],
    ) -> Self {
        let found = known.iter().filter_map(|known| match known {
            Some(AnyOutputs::Found(Found::Subnets(subnets))) => Some(subnets),
            _ => None,
        });
        let places = found.flat_map(|found| {
            let places = found.zones.iter().map(String::as_str).zip(&found.vpcs);
            found.ids.iter().map(SubnetId::as_str).zip(places)
        });
        Self {
            stack,
            resources: resources.iter().map(|(index, resource)| (*index, resource)).collect(),
            subnets: places.collect(),
            users: HashMap::new(),
        }
    }

    /// The declaration that a value comes from, with what is known in its place.
    pub(super) fn declared(&self, value: &Value) -> Option<&'a AnyResource> {
        let Value::Pending(attr) = value else { return None };
        self.resources.get(&attr.node.index).copied()
    }

    /// The one VPC of subnets.
    fn vpc(&self, subnets: &[SubnetId]) -> Option<&'a VpcId> {
        let vpcs: Option<BTreeSet<_>> = subnets.iter().map(|id| Some(self.subnets.get(id.as_str())?.1)).collect();
        vpcs.filter(|vpcs| vpcs.len() == 1)?.pop_first()
    }

    fn vpc_of(&self, balancer: &LoadBalancer) -> Option<&'a VpcId> {
        self.vpc(balancer.subnets.as_known()?)
    }

    pub(super) fn balancer(&self, index: usize, balancer: &LoadBalancer, problems: &mut Problems<'_>) {
        let Item::Resource(AnyResource::LoadBalancer(declared)) = &self.stack.nodes[index].item else { return };
        if let Value::Pending(attr) = Value::of(&declared.subnets) {
            let count = match &self.stack.nodes[attr.node.index].item {
                Item::Lookup(AnyLookup::Subnets(Subnets { by: SubnetsBy::Each(each), .. })) => Some(each.len()),
                _ => balancer.subnets.as_known().map(Vec::len),
            };
            if let Some(count) = count {
                balancer.validate_subnets(count, problems);
            }
        }
        let Some(ids) = balancer.subnets.as_known() else { return };
        let Some(places) = ids.iter().map(|id| self.subnets.get(id.as_str())).collect::<Option<Vec<_>>>() else {
            return;
        };
        let zones: Vec<_> = places.iter().map(|(zone, _)| *zone).collect();
        let distinct = zones.iter().collect::<BTreeSet<_>>().len();
        // One subnet is too few whatever its zone.
        if balancer.kind == LoadBalancerKind::Application && distinct < 2 && ids.len() >= 2 {
            let rule = "must be in at least two Availability Zones";
            problems.report("V8", "subnets", zones.join(", "), rule);
        } else if distinct < zones.len() {
            problems.report("V9", "subnets", zones.join(", "), "must be one per Availability Zone");
        }
        let vpcs: BTreeSet<_> = places.iter().map(|(_, vpc)| vpc.as_str()).collect();
        if vpcs.len() > 1 {
            let vpcs: Vec<_> = vpcs.into_iter().collect();
            problems.report("V11", "subnets", vpcs.join(", "), "must be in one VPC");
            return;
        }
        let Some(vpc) = self.vpc(ids) else { return };
        for (index, group) in balancer.security_groups.iter().enumerate() {
            let Some(AnyResource::SecurityGroup(group)) = self.declared(&Value::of(group)) else { continue };
            // What is not known yet may be the right one.
            let serves = std::iter::once(&group.vpc)
                .chain(&group.associated_vpcs)
                .any(|serves| serves.as_known().is_none_or(|serves| serves == vpc));
            if !serves {
                let rule = format!("must be in the VPC of the load balancer, {vpc}, or associated with it");
                problems.report("V11", format!("security_groups[{index}]"), Value::of(&group.vpc), rule);
            }
        }
    }

    /// UDP from IPv6 clients needs a prefix for source NAT.
    pub(super) fn listener(&self, listener: &Listener, problems: &mut Problems<'_>) {
        use ListenerProtocol::{Quic, TcpQuic, TcpUdp, Udp};
        let Some(AnyResource::LoadBalancer(balancer)) = self.declared(&Value::of(&listener.load_balancer)) else {
            return;
        };
        if let Some(protocol @ (Udp | TcpUdp | Quic | TcpQuic)) = listener.accept.protocol
            && balancer.ip_address_type == Some(ApplicationIpAddressType::Dualstack)
            && balancer.ipv6_source_nat != Some(true)
        {
            let rule = "needs `ipv6_source_nat` on a load balancer with the IP address type dualstack";
            problems.report("V16", "accept", protocol, rule);
        }
    }

    /// Target groups stand in the VPC of the load balancer, and behind one load balancer only.
    pub(super) fn forwards(
        &mut self,
        index: usize,
        listener: &Listener,
        actions: &Actions,
        problems: &mut Problems<'_>,
    ) {
        let Action::Forward(forward) = &actions.last else { return };
        let balancer = Value::of(&listener.load_balancer);
        let vpc = match self.declared(&balancer) {
            Some(AnyResource::LoadBalancer(balancer)) => self.vpc_of(balancer),
            _ => None,
        };
        for weighted in &forward.groups {
            let target = Value::of(&weighted.group);
            let (user, place) = self.users.entry(format!("{target:?}")).or_insert((balancer.clone(), index));
            if *user != balancer {
                let place = &self.stack.nodes[*place].address;
                let rule = "a target group belongs to one load balancer: declare another group for this one";
                problems.report("V73", "action", format!("the target group of {place}"), rule);
                continue;
            }
            let Some(AnyResource::TargetGroup(group)) = self.declared(&target) else { continue };
            if let (Some(vpc), Some(other)) = (vpc, known_vpc(group))
                && vpc != other
            {
                let rule = format!("the target group must be in the VPC of the load balancer, {vpc}");
                problems.report("V74", "action", other, rule);
            }
        }
    }

    /// A load balancer as target stands in the VPC of its group.
    pub(super) fn target_group(&self, group: &TargetGroup, problems: &mut Problems<'_>) {
        let Targets::LoadBalancer(balancer) = &group.targets else { return };
        let Some(AnyResource::LoadBalancer(balancer)) = self.declared(&Value::of(balancer)) else { return };
        if let (Some(vpc), Some(other)) = (known_vpc(group), self.vpc_of(balancer))
            && vpc != other
        {
            let rule = format!("the load balancer must be in the VPC of the target group, {vpc}");
            problems.report("V74", "load_balancer", other, rule);
        }
    }

    /// Instances stand in the VPC of the target groups that they are registered in.
    pub(super) fn auto_scaling_group(&self, group: &AutoScalingGroup, problems: &mut Problems<'_>) {
        let subnets = group.subnets.subnets().and_then(|subnets| subnets.as_known());
        let Some(vpc) = subnets.and_then(|subnets| self.vpc(subnets)) else { return };
        for (index, target) in group.target_groups.iter().enumerate() {
            if let Some(AnyResource::TargetGroup(target)) = self.declared(&Value::of(target))
                && let Some(other) = known_vpc(target)
                && vpc != other
            {
                let rule = format!("must be in the VPC of the subnets, {vpc}");
                problems.report("V74", format!("target_groups[{index}]"), other, rule);
            }
        }
    }
}

fn known_vpc(group: &TargetGroup) -> Option<&VpcId> {
    group.vpc.as_ref()?.as_known()
}
