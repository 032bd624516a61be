//! What IAM checks before EC2 does something: the resources of each call, and what it takes along
//! (Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2").

use aws_sdk_ec2::types::{RequestLaunchTemplateData, ResourceType, Tag, TagSpecification};

use super::launch_template;
use super::security_group::Group;
use super::tags::Tags;
use crate::sim::iam::{Check, anywhere, checks};
use crate::sim::world::World;

anywhere! { aws_sdk_ec2:
    describe_vpcs::DescribeVpcsInput,
    describe_subnets::DescribeSubnetsInput,
    describe_route_tables::DescribeRouteTablesInput,
    describe_availability_zones::DescribeAvailabilityZonesInput,
    describe_images::DescribeImagesInput,
    describe_instance_types::DescribeInstanceTypesInput,
    describe_security_groups::DescribeSecurityGroupsInput,
    describe_security_group_references::DescribeSecurityGroupReferencesInput,
    describe_security_group_rules::DescribeSecurityGroupRulesInput,
    describe_security_group_vpc_associations::DescribeSecurityGroupVpcAssociationsInput,
    describe_tags::DescribeTagsInput,
    describe_launch_templates::DescribeLaunchTemplatesInput,
    describe_launch_template_versions::DescribeLaunchTemplateVersionsInput,
    describe_instances::DescribeInstancesInput,
    describe_volumes::DescribeVolumesInput,
    describe_network_interfaces::DescribeNetworkInterfacesInput,
    describe_vpc_endpoint_service_configurations::DescribeVpcEndpointServiceConfigurationsInput,
}

checks! { aws_sdk_ec2, action, world:
    create_security_group::CreateSecurityGroupInput, |input| {
        let vpc = input.vpc_id().map(|vpc| existing(world, action, "vpc", vpc));
        let group = made(world, action, "security-group", true, input.tag_specifications());
        group.into_iter().chain(vpc).collect()
    };
    delete_security_group::DeleteSecurityGroupInput, |input| {
        vec![group(world, action, input.group_id(), input.group_name())]
    };
    authorize_security_group_ingress::AuthorizeSecurityGroupIngressInput, |input| {
        authorizes(world, action, group(world, action, input.group_id(), input.group_name()), input.tag_specifications())
    };
    authorize_security_group_egress::AuthorizeSecurityGroupEgressInput, |input| {
        authorizes(world, action, group(world, action, input.group_id(), None), input.tag_specifications())
    };
    revoke_security_group_ingress::RevokeSecurityGroupIngressInput, |input| {
        vec![group(world, action, input.group_id(), input.group_name())]
    };
    revoke_security_group_egress::RevokeSecurityGroupEgressInput, |input| {
        vec![group(world, action, input.group_id(), None)]
    };
    modify_security_group_rules::ModifySecurityGroupRulesInput, |input| {
        let rules = input.security_group_rules().iter().filter_map(|update| update.security_group_rule_id());
        let rules = rules.map(|rule| existing(world, action, "security-group-rule", rule));
        std::iter::once(group(world, action, input.group_id(), None)).chain(rules).collect()
    };
    update_security_group_rule_descriptions_ingress::UpdateSecurityGroupRuleDescriptionsIngressInput, |input| {
        vec![group(world, action, input.group_id(), input.group_name())]
    };
    update_security_group_rule_descriptions_egress::UpdateSecurityGroupRuleDescriptionsEgressInput, |input| {
        vec![group(world, action, input.group_id(), input.group_name())]
    };
    associate_security_group_vpc::AssociateSecurityGroupVpcInput, |input| {
        vec![
            group(world, action, input.group_id(), None),
            existing(world, action, "vpc", input.vpc_id().unwrap_or_default()),
        ]
    };
    disassociate_security_group_vpc::DisassociateSecurityGroupVpcInput, |input| {
        vec![
            group(world, action, input.group_id(), None),
            existing(world, action, "vpc", input.vpc_id().unwrap_or_default()),
        ]
    };
    create_tags::CreateTagsInput, |input| {
        input.resources().iter().map(|id| tagged(world, action, id).requesting(pairs(input.tags()))).collect()
    };
    delete_tags::DeleteTagsInput, |input| {
        input.resources().iter().map(|id| tagged(world, action, id).requesting(pairs(input.tags()))).collect()
    };
    create_launch_template::CreateLaunchTemplateInput, |input| {
        let template = made(world, action, "launch-template", true, input.tag_specifications());
        template.into_iter().chain(parameter(world, input.launch_template_data())).collect()
    };
    create_launch_template_version::CreateLaunchTemplateVersionInput, |input| {
        let template = template(world, action, input.launch_template_id(), input.launch_template_name());
        std::iter::once(template).chain(parameter(world, input.launch_template_data())).collect()
    };
    modify_launch_template::ModifyLaunchTemplateInput, |input| {
        vec![template(world, action, input.launch_template_id(), input.launch_template_name())]
    };
    delete_launch_template::DeleteLaunchTemplateInput, |input| {
        vec![template(world, action, input.launch_template_id(), input.launch_template_name())]
    };
    delete_launch_template_versions::DeleteLaunchTemplateVersionsInput, |input| {
        vec![template(world, action, input.launch_template_id(), input.launch_template_name())]
    };
    terminate_instances::TerminateInstancesInput, |input| {
        input.instance_ids().iter().map(|id| existing(world, action, "instance", id)).collect()
    };
    modify_network_interface_attribute::ModifyNetworkInterfaceAttributeInput, |input| {
        let interface = input.network_interface_id().unwrap_or_default();
        let groups = input.groups().iter().map(|group| existing(world, action, "security-group", group));
        std::iter::once(existing(world, action, "network-interface", interface)).chain(groups).collect()
    };
}

/// What is checked when a group is to launch instances from a template: Auto Scaling asks whether the
/// caller could (Auto Scaling User Guide, "Control Amazon EC2 launch template usage in Auto Scaling
/// groups").
pub(crate) fn launches(world: &World, template: &str, data: &RequestLaunchTemplateData) -> Vec<Check> {
    const RUN: &str = "ec2:RunInstances";
    let arn = world.arn("ec2", &format!("launch-template/{template}"));
    let with_template =
        |check: Check| check.with("ec2:LaunchTemplate", &arn).with("ec2:IsLaunchTemplateResource", "true");
    let kinds = ["instance", "volume", "network-interface", "subnet", "image", "security-group"];
    let made = kinds.map(|kind| Check::on(RUN, world.arn("ec2", &format!("{kind}/*"))));
    let mut checks: Vec<Check> = made.map(with_template).into();
    checks.push(with_template(existing(world, RUN, "launch-template", template)));
    for specification in data.tag_specifications() {
        let Some(kind) = specification.resource_type().filter(|_| !specification.tags().is_empty()) else { continue };
        let tags = Check::on("ec2:CreateTags", world.arn("ec2", &format!("{}/*", kind.as_str())));
        checks.push(tags.requesting(pairs(specification.tags())).with("ec2:CreateAction", "RunInstances"));
    }
    if let Some(profile) = data.iam_instance_profile().and_then(|profile| profile.arn().or(profile.name())) {
        // The role is taken to have the name of its profile, as those have that the console makes.
        let role = profile.rsplit('/').next().unwrap_or(profile);
        let role = Check::on("iam:PassRole", format!("arn:aws:iam::{}:role/{role}", world.account));
        checks.push(role.with("iam:PassedToService", "ec2.amazonaws.com"));
    }
    checks
}

fn pairs(tags: &[Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|tag| (tag.key().unwrap_or_default(), tag.value().unwrap_or_default()))
}

fn texts(tags: &Tags) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))
}

/// Something that exists, or does not.
fn existing(world: &World, action: &str, kind: &str, id: &str) -> Check {
    let ec2 = &world.ec2;
    let exists = match kind {
        "security-group" => ec2.groups.contains_key(id),
        "security-group-rule" => ec2.rules.contains_key(id),
        "launch-template" => ec2.templates.contains_key(id),
        "network-interface" => ec2.interfaces.contains_key(id),
        "instance" => ec2.instances.contains_key(id),
        "volume" => ec2.volumes.contains_key(id),
        "image" => ec2.images.contains_key(id),
        "vpc" => ec2.vpcs.contains_key(id),
        _ => false,
    };
    let check = Check::on(action, world.arn("ec2", &format!("{kind}/{id}"))).exists_if(exists);
    check.tagged("ec2", texts(ec2.tags.of(id)))
}

/// Something that a call makes, with the tags that it gets. `always` says whether the call itself is
/// checked on it even without tags.
fn made(world: &World, action: &str, kind: &str, always: bool, specifications: &[TagSpecification]) -> Vec<Check> {
    let of_kind = specifications.iter().filter(|tags| tags.resource_type().map(ResourceType::as_str) == Some(kind));
    let tags: Vec<_> = of_kind.flat_map(TagSpecification::tags).cloned().collect();
    let arn = world.arn("ec2", &format!("{kind}/*"));
    let mut checks = Vec::new();
    if always || !tags.is_empty() {
        checks.push(Check::on(action, arn.clone()).requesting(pairs(&tags)));
    }
    if !tags.is_empty() {
        let call = action.trim_start_matches("ec2:");
        checks.push(Check::on("ec2:CreateTags", arn).requesting(pairs(&tags)).with("ec2:CreateAction", call));
    }
    checks
}

fn authorizes(world: &World, action: &str, group: Check, specifications: &[TagSpecification]) -> Vec<Check> {
    let rules = made(world, action, "security-group-rule", false, specifications);
    std::iter::once(group).chain(rules).collect()
}

fn group(world: &World, action: &str, id: Option<&str>, name: Option<&str>) -> Check {
    let named = |group: &&Group| Some(group.name.as_str()) == name;
    let id = id.or_else(|| world.ec2.groups.values().find(named).map(|group| group.id.as_str()));
    existing(world, action, "security-group", id.unwrap_or("*"))
}

fn template(world: &World, action: &str, id: Option<&str>, name: Option<&str>) -> Check {
    let found = launch_template::named(world, id, name).map(|template| template.id.as_str());
    existing(world, action, "launch-template", found.unwrap_or("*"))
}

/// The Systems Manager parameter in which a template finds its image.
fn parameter(world: &World, data: Option<&RequestLaunchTemplateData>) -> Option<Check> {
    let name = data?.image_id()?.strip_prefix("resolve:ssm:")?;
    let name = name.split(':').next().unwrap_or(name).trim_start_matches('/');
    Some(Check::on("ssm:GetParameters", world.arn("ssm", &format!("parameter/{name}"))))
}

/// Something that is tagged, by an id of any kind.
fn tagged(world: &World, action: &str, id: &str) -> Check {
    let kind = match id.split('-').next() {
        Some("sg") => "security-group",
        Some("sgr") => "security-group-rule",
        Some("lt") => "launch-template",
        Some("i") => "instance",
        Some("vol") => "volume",
        Some("eni") => "network-interface",
        Some("ami") => "image",
        Some(other) => other,
        None => "",
    };
    existing(world, action, kind, id)
}
