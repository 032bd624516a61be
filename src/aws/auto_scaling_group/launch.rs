//! What a group launches, between our types and the SDK's.

use aws_sdk_autoscaling::types as asg;

use crate::error::Result;
use crate::input::Input;
use crate::resource::{
    CapacityType, GroupLaunch, InstanceChoice, InstancesDistribution, LaunchOverride, MixedInstances,
    OnDemandAllocation, SpotAllocation, TemplateVersion,
};

use super::super::convert::{count, uncount};
use super::super::instance_requirements::{from_autoscaling, to_autoscaling};
use super::super::known;

pub(super) fn specification(template: &TemplateVersion) -> Result<asg::LaunchTemplateSpecification> {
    Ok(asg::LaunchTemplateSpecification::builder()
        .launch_template_id(known(&template.id)?.as_str())
        .version(known(&template.version)?)
        .build())
}

/// The policy as it is sent; to a group that exists, also what goes back to AWS's default.
pub(super) fn policy(mixed: &MixedInstances, observed: Option<&MixedInstances>) -> Result<asg::MixedInstancesPolicy> {
    let overrides = mixed.overrides.iter().map(launch_override).collect::<Result<Vec<_>>>()?;
    let had_overrides = observed.is_some_and(|observed| !observed.overrides.is_empty());
    let template = asg::LaunchTemplate::builder()
        .launch_template_specification(specification(&mixed.template)?)
        .set_overrides((had_overrides || !overrides.is_empty()).then_some(overrides))
        .build();
    Ok(asg::MixedInstancesPolicy::builder()
        .launch_template(template)
        .set_instances_distribution(distribution(mixed, observed))
        .build())
}

fn launch_override(item: &LaunchOverride) -> Result<asg::LaunchTemplateOverrides> {
    let builder = asg::LaunchTemplateOverrides::builder()
        .set_weighted_capacity(item.weight.map(|weight| weight.to_string()))
        .set_launch_template_specification(item.template.as_ref().map(specification).transpose()?)
        .set_image_id(item.image.as_ref().map(|image| Ok::<_, crate::Error>(known(image)?.to_string())).transpose()?);
    Ok(match &item.choice {
        InstanceChoice::Template => builder,
        InstanceChoice::Type(name) => builder.instance_type(name),
        InstanceChoice::Requirements(requirements) => builder.instance_requirements(to_autoscaling(requirements)),
    }
    .build())
}

fn distribution(mixed: &MixedInstances, observed: Option<&MixedInstances>) -> Option<asg::InstancesDistribution> {
    let none = InstancesDistribution::default();
    let present = observed.and_then(|observed| observed.distribution.as_ref()).unwrap_or(&none);
    let wanted = mixed.distribution.as_ref().unwrap_or(&none);
    if *wanted == none && *present == none {
        return None;
    }
    // Base and percentage do not go with segments; either takes the other away.
    let plain = wanted.segments.is_empty();
    let back = |had: bool, value: i32| (had && plain).then_some(value);
    let spot = wanted.spot_allocation.or(present.spot_allocation.map(|_| SpotAllocation::LowestPrice));
    let pools = spot.is_none_or(|spot| spot == SpotAllocation::LowestPrice).then_some(2);
    let segments: Vec<_> = wanted.segments.iter().map(|types| segment(types)).collect();
    let on_demand = wanted.on_demand_allocation.or(present.on_demand_allocation.map(|_| mixed.default_on_demand()));
    let distribution = asg::InstancesDistribution::builder()
        .set_on_demand_allocation_strategy(on_demand.map(|strategy| strategy.as_str().to_owned()))
        .set_on_demand_base_capacity(wanted.on_demand_base.map(count).or(back(present.on_demand_base.is_some(), 0)))
        .set_on_demand_percentage_above_base_capacity(
            wanted.on_demand_percentage.map(count).or(back(present.on_demand_percentage.is_some(), 100)),
        )
        .set_spot_allocation_strategy(spot.map(|strategy| strategy.as_str().to_owned()))
        .set_spot_instance_pools(wanted.spot_pools.map(count).or(pools.filter(|_| present.spot_pools.is_some())))
        .set_spot_max_price(wanted.spot_max_price.clone().or(present.spot_max_price.as_ref().map(|_| String::new())))
        .set_distribution_segments((!present.segments.is_empty() || !segments.is_empty()).then_some(segments));
    Some(distribution.build())
}

fn segment(types: &[CapacityType]) -> asg::DistributionSegment {
    let types = types.iter().map(|kind| asg::TargetCapacityType::from(kind.as_str())).collect();
    asg::DistributionSegment::builder().set_target_capacity_types(Some(types)).build()
}

/// What a refresh is to bring about.
pub(super) fn configuration(launch: &GroupLaunch, observed: Option<&GroupLaunch>) -> Result<asg::DesiredConfiguration> {
    let builder = asg::DesiredConfiguration::builder();
    Ok(match launch {
        GroupLaunch::Template(template) => builder.launch_template(specification(template)?),
        GroupLaunch::Mixed(mixed) => {
            builder.mixed_instances_policy(policy(mixed, observed.and_then(GroupLaunch::mixed))?)
        }
    }
    .build())
}

/// `None` for groups that launch from something else.
pub(super) fn parse(group: &asg::AutoScalingGroup) -> Option<GroupLaunch> {
    match (group.launch_template(), group.mixed_instances_policy()) {
        (Some(template), _) => Some(GroupLaunch::Template(version(template)?)),
        (None, Some(policy)) => {
            let template = policy.launch_template()?;
            Some(GroupLaunch::Mixed(Box::new(MixedInstances {
                template: version(template.launch_template_specification()?)?,
                overrides: template.overrides().iter().map(parse_override).collect(),
                distribution: policy.instances_distribution().map(parse_distribution),
            })))
        }
        (None, None) => None,
    }
}

fn version(template: &asg::LaunchTemplateSpecification) -> Option<TemplateVersion> {
    Some(TemplateVersion {
        id: Input::known(template.launch_template_id()?.parse().ok()?),
        version: Input::known(template.version().unwrap_or("$Default").to_owned()),
    })
}

fn parse_override(item: &asg::LaunchTemplateOverrides) -> LaunchOverride {
    let choice = match (item.instance_type(), item.instance_requirements()) {
        (Some(name), _) => InstanceChoice::Type(name.to_owned()),
        (None, Some(requirements)) => InstanceChoice::Requirements(Box::new(from_autoscaling(requirements))),
        (None, None) => InstanceChoice::Template,
    };
    LaunchOverride {
        weight: item.weighted_capacity().and_then(|weight| weight.parse().ok()),
        template: item.launch_template_specification().and_then(version),
        image: item.image_id().and_then(|image| image.parse().ok()).map(Input::known),
        ..LaunchOverride::new(choice)
    }
}

fn parse_distribution(given: &asg::InstancesDistribution) -> InstancesDistribution {
    let segments: Vec<Vec<_>> = given
        .distribution_segments()
        .iter()
        .map(|segment| {
            segment.target_capacity_types().iter().filter_map(|kind| CapacityType::from_word(kind.as_str())).collect()
        })
        .collect();
    let plain = segments.is_empty();
    InstancesDistribution {
        on_demand_allocation: given.on_demand_allocation_strategy().and_then(OnDemandAllocation::from_word),
        on_demand_base: given.on_demand_base_capacity().filter(|_| plain).map(|base| uncount(Some(base))),
        on_demand_percentage: given
            .on_demand_percentage_above_base_capacity()
            .filter(|_| plain)
            .map(|percentage| uncount(Some(percentage))),
        spot_allocation: given.spot_allocation_strategy().and_then(SpotAllocation::from_word),
        spot_pools: given.spot_instance_pools().map(|pools| uncount(Some(pools))),
        spot_max_price: given.spot_max_price().filter(|price| !price.is_empty()).map(ToOwned::to_owned),
        segments,
    }
}
