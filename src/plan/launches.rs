//! What Auto Scaling groups would launch: templates, and the overrides of the groups that use them.
//!
//! AWS hardly looks into a template before somebody launches from it, and what is missing there may
//! come from the group.

use std::collections::HashSet;

use crate::input::{Input, Resolve};
use crate::lookup::{AnyLookup, Found, ImageOutputs};
use crate::problem::{Problem, Problems};
use crate::resource::{
    AnyOutputs, AnyResource, AutoScalingGroup, InstanceChoice, InstanceSelection, LaunchOverride, LaunchTemplate,
    MarketType, TemplateVersion, architecture, runs_on,
};
use crate::stack::{Item, Stack};
use crate::value::Value;

/// A template of the stack, and what a group of the stack makes of it. Templates that no group uses
/// are launched by somebody else, as they are.
struct Launch<'a> {
    /// By the index of its declaration.
    template: usize,
    spec: &'a LaunchTemplate,
    group: Option<(usize, &'a AutoScalingGroup)>,
    item: Option<(usize, &'a LaunchOverride)>,
}

/// The instance types of a launch.
enum Chosen<'a> {
    Nothing,
    Type(&'a str),
    Requirements,
}

impl<'a> Launch<'a> {
    /// The image, known or as the output of a lookup.
    fn image(&self) -> Value {
        match self.item.and_then(|(_, item)| item.image.as_ref()) {
            Some(image) => Value::of(image),
            None => Value::of(&self.spec.image),
        }
    }

    fn chosen(&self) -> Chosen<'a> {
        match self.item.map(|(_, item)| &item.choice) {
            Some(InstanceChoice::Type(name)) => return Chosen::Type(name),
            Some(InstanceChoice::Requirements(_)) => return Chosen::Requirements,
            None | Some(InstanceChoice::Template) => {}
        }
        match &self.spec.instance_type {
            None => Chosen::Nothing,
            Some(InstanceSelection::Type(name)) => Chosen::Type(name),
            Some(InstanceSelection::Requirements(_)) => Chosen::Requirements,
        }
    }

    /// Whether Auto Scaling launches it, or is to.
    fn scales(&self) -> bool {
        self.group.is_some() || self.spec.auto_scaling_guidance
    }

    /// Whether that may be more than one instance.
    fn many(&self) -> bool {
        self.group.map_or(self.spec.auto_scaling_guidance, |(_, group)| group.sizes.1 > 1)
            || (self.group.is_some() && self.spec.auto_scaling_guidance)
    }
}

fn launches(stack: &Stack) -> Vec<Launch<'_>> {
    let mut all = Vec::new();
    for (index, node) in stack.nodes.iter().enumerate() {
        let Item::Resource(AnyResource::AutoScalingGroup(group)) = &node.item else { continue };
        let mut add = |version: &TemplateVersion, item| {
            if let Some((template, spec)) = latest(stack, version) {
                all.push(Launch { template, spec, group: Some((index, group)), item });
            }
        };
        match group.launch_template.mixed() {
            Some(mixed) if !mixed.overrides.is_empty() => {
                for item in mixed.overrides.iter().enumerate() {
                    add(item.1.template.as_ref().unwrap_or(&mixed.template), Some(item));
                }
            }
            _ => group.launch_template.templates().into_iter().for_each(|version| add(version, None)),
        }
    }
    let used: HashSet<_> = all.iter().map(|launch| launch.template).collect();
    let unused = stack.nodes.iter().enumerate().filter(|(index, _)| !used.contains(index));
    all.extend(unused.filter_map(|(template, node)| match &node.item {
        Item::Resource(AnyResource::LaunchTemplate(spec)) => Some(Launch { template, spec, group: None, item: None }),
        _ => None,
    }));
    all
}

/// The template of the stack that is meant, unless it is an older version, which says something else.
fn latest<'a>(stack: &'a Stack, version: &TemplateVersion) -> Option<(usize, &'a LaunchTemplate)> {
    if version.version.as_known().is_some_and(|version| version != "$Latest") {
        return None;
    }
    let attr = version.id.pending()?;
    match &stack.nodes.get(attr.node.index)?.item {
        Item::Resource(AnyResource::LaunchTemplate(template)) => Some((attr.node.index, template)),
        _ => None,
    }
}

/// Reports what could not be launched.
pub(super) fn check(stack: &Stack, known: &[Option<AnyOutputs>], found: &mut Vec<Problem>) {
    let first = found.len();
    for launch in launches(stack) {
        let at = &stack.nodes[launch.template].address;
        let mut problems = Problems::new(at, found);
        check_complete(&launch, &mut problems);
        check_interfaces(&launch, &mut problems);
        check_market(stack, &launch, &mut problems);
        check_networks(stack, &launch, known, &mut problems);
        let image = launch.image();
        let Some(image) = found_image(&image, known) else { continue };
        check_volumes(&launch, image, &mut problems);
        check_architecture(stack, &launch, image, found);
    }
    // Several groups may launch the same.
    let mut seen = HashSet::new();
    let mut index = 0;
    found.retain(|problem| {
        index += 1;
        index <= first || seen.insert((problem.address.clone(), problem.path.clone(), problem.id))
    });
}

/// What a template leaves out, the group must say.
fn check_complete(launch: &Launch<'_>, problems: &mut Problems<'_>) {
    if !launch.scales() {
        return;
    }
    if launch.image() == Value::Unset {
        problems.report("V149", "image", "", "is required of what an Auto Scaling group launches");
    }
    if matches!(launch.chosen(), Chosen::Nothing) {
        let rule = "is required of what an Auto Scaling group launches, here or in its overrides";
        problems.report("V149", "instance_type", "", rule);
    }
}

/// What only one instance can have.
fn check_interfaces(launch: &Launch<'_>, problems: &mut Problems<'_>) {
    let rule = "cannot be the same on every instance of an Auto Scaling group";
    for (index, interface) in launch.spec.network_interfaces.iter().enumerate() {
        let path = |name: &str| format!("network_interfaces[{index}].{name}");
        if let Some(subnet) = interface.subnet.as_ref().filter(|_| launch.scales()) {
            problems.report("V150", path("subnet"), Value::of(subnet), "is chosen by the Auto Scaling group");
        }
        if !launch.many() {
            continue;
        }
        if let Some(id) = &interface.network_interface_id {
            problems.report("V150", path("network_interface_id"), id, rule);
        }
        if let Some(name) = interface.has_fixed_addresses() {
            problems.report("V150", path(name), "", rule);
        }
    }
    for (index, interface) in launch.spec.secondary_interfaces.iter().enumerate() {
        if launch.many() && !interface.private_ip_addresses.is_empty() {
            let path = format!("secondary_interfaces[{index}].private_ip_addresses");
            problems.report("V150", path, Value::of(&interface.private_ip_addresses), rule);
        }
    }
}

/// Who mixes Spot and On-Demand Instances says so in the group.
fn check_market(stack: &Stack, launch: &Launch<'_>, problems: &mut Problems<'_>) {
    let Some((group, spec)) = launch.group else { return };
    let is_spot = launch.spec.market.as_ref().is_some_and(|market| market.kind == MarketType::Spot);
    if is_spot && spec.launch_template.mixed().is_some() {
        let group = &stack.nodes[group].address;
        let rule = format!("goes into the distribution of {group}, which mixes instances");
        problems.report("V151", "market", MarketType::Spot, rule);
    }
}

/// Security groups and subnets are of one VPC.
fn check_networks(stack: &Stack, launch: &Launch<'_>, known: &[Option<AnyOutputs>], problems: &mut Problems<'_>) {
    let Some((group, spec)) = launch.group else { return };
    let subnets =
        spec.subnets.subnets().and_then(|subnets| vpc_of_subnets(stack, subnets.pending()?.node.index, known));
    let Some(vpc) = subnets else { return };
    let mut check = |path: String, security_group: &Value| {
        let Some(vpcs) = vpcs_of_group(stack, security_group, known) else { return };
        if !vpcs.contains(&vpc) {
            let group = &stack.nodes[group].address;
            let rule = format!("is of {}, but the subnets of {group} are of {vpc}", vpcs.join(", "));
            problems.report("V133", path, name(stack, security_group), rule);
        }
    };
    for (index, security_group) in launch.spec.security_groups.iter().enumerate() {
        check(format!("security_groups[{index}]"), &Value::of(security_group));
    }
    for (interface, spec) in launch.spec.network_interfaces.iter().enumerate() {
        for (index, security_group) in spec.security_groups.iter().enumerate() {
            let path = format!("network_interfaces[{interface}].security_groups[{index}]");
            check(path, &Value::of(security_group));
        }
    }
}

/// What a value is called: by its address, if it is of the stack.
fn name(stack: &Stack, value: &Value) -> String {
    match value {
        Value::Pending(attr) => stack.nodes[attr.node.index].address.to_string(),
        value => value.to_string(),
    }
}

/// The VPC of subnets that are looked up, all of which are of one.
fn vpc_of_subnets(stack: &Stack, lookup: usize, known: &[Option<AnyOutputs>]) -> Option<String> {
    if let Some(Some(AnyOutputs::Found(Found::Subnets(subnets)))) = known.get(lookup) {
        return subnets.vpcs.first().map(ToString::to_string);
    }
    match &stack.nodes.get(lookup)?.item {
        Item::Lookup(AnyLookup::Subnets(subnets)) => text(subnets.vpc.as_ref()?, known),
        _ => None,
    }
}

/// The VPCs that a security group serves, if all of them are known. What somebody else's group is
/// associated with, besides the VPC it is of, is not.
fn vpcs_of_group(stack: &Stack, group: &Value, known: &[Option<AnyOutputs>]) -> Option<Vec<String>> {
    let Value::Pending(attr) = group else { return None };
    if let Some(Some(AnyOutputs::Found(Found::ExistingSecurityGroup(group)))) = known.get(attr.node.index) {
        return Some(vec![group.vpc.to_string()]);
    }
    match &stack.nodes.get(attr.node.index)?.item {
        Item::Resource(AnyResource::SecurityGroup(group)) => {
            std::iter::once(&group.vpc).chain(&group.associated_vpcs).map(|vpc| text(vpc, known)).collect()
        }
        Item::Lookup(AnyLookup::ExistingSecurityGroup(group)) => Some(vec![text(group.vpc.as_ref()?, known)?]),
        _ => None,
    }
}

/// The text of an input that is known, or that a lookup has found.
fn text<T>(input: &Input<T>, known: &[Option<AnyOutputs>]) -> Option<String>
where
    Input<T>: crate::value::ToValue,
{
    match Value::of(input) {
        Value::Pending(attr) => {
            known.get(attr.node.index)?.as_ref()?.output(attr.name).as_text().map(ToOwned::to_owned)
        }
        value => value.as_text().map(ToOwned::to_owned),
    }
}

/// The image that a lookup has found.
pub(super) fn found_image<'a>(image: &Value, known: &'a [Option<AnyOutputs>]) -> Option<&'a ImageOutputs> {
    let Value::Pending(attr) = image else { return None };
    match known.get(attr.node.index)? {
        Some(AnyOutputs::Found(Found::Image(image))) => Some(image),
        _ => None,
    }
}

/// Volumes that are new have a size; only those that are not are filled.
fn check_volumes(launch: &Launch<'_>, image: &ImageOutputs, problems: &mut Problems<'_>) {
    for (index, device) in launch.spec.block_devices.iter().enumerate() {
        let is_new = device.is_volume() && device.snapshot.is_none() && !image.devices.contains(&device.device);
        if !is_new {
            continue;
        }
        let path = format!("block_devices[{index}]");
        if device.size.is_none() {
            let rule = format!("is required: {} has no {}, and there is no snapshot", image.name, device.device);
            problems.report("V145", format!("{path}.size"), "", rule);
        } else if let Some(rate) = device.initialization_rate {
            let rule = format!("is only for volumes from a snapshot; {} has no {}", image.name, device.device);
            problems.report("V144", format!("{path}.initialization_rate"), rate, rule);
        }
    }
}

fn check_architecture(stack: &Stack, launch: &Launch<'_>, image: &ImageOutputs, found: &mut Vec<Problem>) {
    let Chosen::Type(name) = launch.chosen() else { return };
    let Some(instance) = architecture(name) else { return };
    if image.architecture.is_empty() || runs_on(&image.architecture, instance) {
        return;
    }
    // Where the type is written: in the override or the template.
    let (node, path) = match (launch.group, launch.item) {
        (Some((group, _)), Some((index, LaunchOverride { choice: InstanceChoice::Type(_), .. }))) => {
            (group, format!("mixed_instances.overrides[{index}].instance_type"))
        }
        _ => (launch.template, "instance_type".to_owned()),
    };
    let rule = format!("is {instance}, but the image {} is {}", image.name, image.architecture);
    Problems::new(&stack.nodes[node].address, found).report("V152", path, name, rule);
}
