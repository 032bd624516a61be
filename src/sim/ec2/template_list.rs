//! DescribeLaunchTemplates and DescribeLaunchTemplateVersions.

use aws_sdk_ec2::operation::describe_launch_template_versions::{
    DescribeLaunchTemplateVersionsInput, DescribeLaunchTemplateVersionsOutput,
};
use aws_sdk_ec2::operation::describe_launch_templates::{DescribeLaunchTemplatesInput, DescribeLaunchTemplatesOutput};

use super::filter::{Criteria, Field, Filtered};
use super::launch_template::{Template, Version, named, unknown_id, unknown_name};
use super::page::{self, page};
use super::resource::{LAUNCH_TEMPLATE, conflict, invalid, missing};
use super::tags::Tags;
use crate::sim::error::ApiError;
use crate::sim::world::World;

impl Filtered for Template {
    const FIELDS: &'static [Field<Self>] = &[
        ("launch-template-name", |_, template| vec![template.name.clone()]),
        ("create-time", |_, template| vec![World::timestamp(template.created).to_string()]),
    ];

    fn tags<'w>(&'w self, world: &'w World) -> &'w Tags {
        super::tags::shown(world, &self.id, Some(self.created))
    }
}

fn optional<T: ToString>(value: Option<T>) -> Vec<String> {
    value.map(|value| value.to_string()).into_iter().collect()
}

impl Filtered for Version {
    const FIELDS: &'static [Field<Self>] = &[
        ("image-id", |_, version| optional(version.data.image_id())),
        ("instance-type", |_, version| optional(version.data.instance_type())),
        ("is-default-version", |world, version| {
            let template = world.ec2.templates.get(&version.template);
            optional(template.map(|template| template.default == version.number))
        }),
        ("ebs-optimized", |_, version| optional(version.data.ebs_optimized())),
        ("kernel-id", |_, version| optional(version.data.kernel_id())),
        ("ram-disk-id", |_, version| optional(version.data.ram_disk_id())),
        ("iam-instance-profile", |_, version| {
            optional(version.data.iam_instance_profile().and_then(|profile| profile.arn().or(profile.name())))
        }),
        ("host-resource-group-arn", |_, version| {
            optional(version.data.placement().and_then(|placement| placement.host_resource_group_arn()))
        }),
        ("license-configuration-arn", |_, version| {
            let licenses = version.data.license_specifications().iter();
            licenses.filter_map(|license| license.license_configuration_arn.clone()).collect()
        }),
        ("http-tokens", |_, version| {
            optional(version.data.metadata_options().and_then(|metadata| metadata.http_tokens()))
        }),
        ("http-endpoint", |_, version| {
            optional(version.data.metadata_options().and_then(|metadata| metadata.http_endpoint()))
        }),
        ("network-card-index", |_, version| {
            let interfaces = version.data.network_interfaces().iter();
            interfaces.filter_map(|interface| interface.network_card_index()).map(|index| index.to_string()).collect()
        }),
        ("create-time", |_, version| vec![World::timestamp(version.created).to_string()]),
    ];
    const TAGGED: bool = false;

    fn tags<'w>(&'w self, world: &'w World) -> &'w Tags {
        world.ec2.tags.of(&self.template)
    }
}

pub(super) fn describe(
    world: &World,
    input: &DescribeLaunchTemplatesInput,
) -> Result<DescribeLaunchTemplatesOutput, ApiError> {
    let (ids, names) = (input.launch_template_ids(), input.launch_template_names());
    if !ids.is_empty() && !names.is_empty() {
        return Err(conflict("The parameter launchTemplateIds cannot be used with the parameter launchTemplateNames"));
    }
    let criteria = Criteria::<Template>::new(input.filters.as_deref())?;
    let shown = || world.ec2.templates.values().filter(|template| world.visible(template.created));
    for id in ids {
        LAUNCH_TEMPLATE.check(id)?;
        shown().find(|template| template.id == *id).ok_or_else(|| unknown_id(id))?;
    }
    for name in names {
        shown().find(|template| template.name == *name).ok_or_else(|| unknown_name(name))?;
    }
    let templates = shown()
        .filter(|template| ids.is_empty() || ids.contains(&template.id))
        .filter(|template| names.is_empty() || names.contains(&template.name))
        .filter(|template| criteria.matches(world, template))
        .collect();
    let (templates, next_token) = page(templates, input.max_results, input.next_token(), &page::LAUNCH_TEMPLATES)?;
    let templates = templates.into_iter().map(|template: &Template| template.to_sdk(world));
    Ok(DescribeLaunchTemplatesOutput::builder()
        .set_launch_templates(Some(templates.collect()))
        .set_next_token(next_token)
        .build())
}

pub(super) fn describe_versions(
    world: &World,
    input: &DescribeLaunchTemplateVersionsInput,
) -> Result<DescribeLaunchTemplateVersionsOutput, ApiError> {
    let criteria = Criteria::<Version>::new(input.filters.as_deref())?;
    let versions = if input.launch_template_id().is_none() && input.launch_template_name().is_none() {
        of_all_templates(world, input)?
    } else {
        of_one_template(world, input)?
    };
    let versions = versions.into_iter().filter(|(_, version)| criteria.matches(world, version)).collect();
    let (versions, next_token) = page(versions, input.max_results, input.next_token(), &page::LAUNCH_TEMPLATES)?;
    let versions =
        versions.into_iter().map(|(template, version): (&Template, _)| template.version_to_sdk(world, version));
    Ok(DescribeLaunchTemplateVersionsOutput::builder()
        .set_launch_template_versions(Some(versions.collect()))
        .set_next_token(next_token)
        .build())
}

type Versions<'w> = Vec<(&'w Template, &'w Version)>;

/// The versions of one template, the youngest first.
fn of_one_template<'w>(
    world: &'w World,
    input: &DescribeLaunchTemplateVersionsInput,
) -> Result<Versions<'w>, ApiError> {
    let template = named(world, input.launch_template_id(), input.launch_template_name())?;
    if !world.visible(template.created) {
        return Err(input.launch_template_name().map_or_else(|| unknown_id(&template.id), unknown_name));
    }
    let bound = |bound: Option<&str>| {
        bound
            .map(|number| number.parse::<i64>().map_err(|_| invalid(format!("Invalid version '{number}'"))))
            .transpose()
    };
    let (min, max) = (bound(input.min_version())?, bound(input.max_version())?);
    if !input.versions().is_empty() && (min.is_some() || max.is_some()) {
        return Err(conflict("The parameter versions cannot be used with the parameters minVersion and maxVersion"));
    }
    let mut wanted = Vec::new();
    for name in input.versions().iter().filter(|name| !name.is_empty()) {
        let version = if name == "$Latest" { latest_shown(world, template) } else { template.version(name).ok() };
        let version = version.filter(|version| world.visible(version.created));
        wanted.push(version.ok_or_else(|| template.no_version(name))?.number);
    }
    Ok(template
        .versions
        .values()
        .rev()
        .filter(|version| world.visible(version.created))
        .filter(|version| wanted.is_empty() || wanted.contains(&version.number))
        .filter(|version| min.is_none_or(|min| min <= version.number) && max.is_none_or(|max| version.number <= max))
        .map(|version| (template, version))
        .collect())
}

fn latest_shown<'w>(world: &World, template: &'w Template) -> Option<&'w Version> {
    template.versions.values().rev().find(|version| world.visible(version.created))
}

/// The latest or default versions, or both, of all templates.
fn of_all_templates<'w>(
    world: &'w World,
    input: &DescribeLaunchTemplateVersionsInput,
) -> Result<Versions<'w>, ApiError> {
    if input.versions().is_empty() {
        return Err(missing("LaunchTemplateId, LaunchTemplateName or LaunchTemplateVersion"));
    }
    if let Some(other) = input.versions().iter().find(|name| !matches!(name.as_str(), "$Latest" | "$Default")) {
        return Err(invalid(format!(
            "Invalid version '{other}': without a launch template the version must be $Latest or $Default"
        )));
    }
    let has = |name: &str| input.versions().iter().any(|version| version == name);
    let templates = world.ec2.templates.values().filter(|template| world.visible(template.created));
    Ok(templates
        .flat_map(|template| {
            let latest = latest_shown(world, template).filter(|_| has("$Latest"));
            let default = template.versions.get(&template.default).filter(|_| has("$Default"));
            let default = default.filter(|default| latest.is_none_or(|latest| latest.number != default.number));
            latest.into_iter().chain(default).map(move |version| (template, version))
        })
        .collect())
}
