//! What a group launches: a launch template, or a mixed instances policy around one.

use aws_sdk_autoscaling::types::{
    InstanceRequirements, InstancesDistribution, LaunchTemplate, LaunchTemplateOverrides, LaunchTemplateSpecification,
    MixedInstancesPolicy,
};
use aws_sdk_ec2::types::{
    InstanceRequirementsRequest, MarketType, MemoryMiBRequest, RequestLaunchTemplateData, VCpuCountRangeRequest,
};

use super::check;
use crate::sim::ec2::{self, ResolvedTemplate, TemplateRef};
use crate::sim::error::ApiError;
use crate::sim::world::World;

const MAX_OVERRIDES: usize = 40;

/// What a group launches, as AWS describes it: with the template's id, name and version.
#[derive(Debug, Clone)]
pub(super) enum LaunchSource {
    Template(LaunchTemplateSpecification),
    Mixed(MixedInstancesPolicy),
}

/// The template version that an instance was launched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TemplateVersion {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: i64,
}

impl TemplateVersion {
    pub(super) fn describe(&self) -> LaunchTemplateSpecification {
        LaunchTemplateSpecification::builder()
            .launch_template_id(&self.id)
            .launch_template_name(&self.name)
            .version(self.version.to_string())
            .build()
    }
}

/// A template with a group's overrides applied, and the units of capacity of its instances.
pub(super) struct Launchable {
    pub(super) template: ResolvedTemplate,
    pub(super) weight: Option<i32>,
}

impl LaunchSource {
    /// The launch source that a request gives, if it gives one; it must exist and be launchable
    /// into `subnets`.
    pub(super) fn parse(
        world: &World,
        template: Option<&LaunchTemplateSpecification>,
        mixed: Option<&MixedInstancesPolicy>,
        subnets: &[String],
    ) -> Result<Option<Self>, ApiError> {
        let source = match (template, mixed) {
            (None, None) => return Ok(None),
            (Some(template), None) => Self::Template(normal(world, template)?),
            (None, Some(policy)) => Self::Mixed(mixed_policy(world, policy)?),
            (Some(_), Some(_)) => return Err(one_source()),
        };
        source.check(world, subnets)?;
        Ok(Some(source))
    }

    /// A mixed instances policy of an update with what it leaves out: a launch template is only
    /// "required when creating a mixed instances policy".
    pub(super) fn completing(&self, policy: &MixedInstancesPolicy) -> MixedInstancesPolicy {
        let mut policy = policy.clone();
        if let Self::Mixed(old) = self {
            if policy.launch_template.is_none() {
                policy.launch_template = old.launch_template.clone().map(by_id_only);
            }
            policy.instances_distribution =
                policy.instances_distribution.or_else(|| old.instances_distribution.clone());
        }
        policy
    }

    /// Checks that it can be launched into `subnets`, as far as AWS does before it launches.
    pub(super) fn check(&self, world: &World, subnets: &[String]) -> Result<(), ApiError> {
        for launchable in self.launchables(world)? {
            fully_formed(world, &launchable.template.data, subnets)?;
        }
        Ok(())
    }

    /// What can be launched, in the order of preference. The simulation has capacity for all types
    /// at one price, so the first is as good as any, whatever the allocation strategy.
    pub(super) fn launchables(&self, world: &World) -> Result<Vec<Launchable>, ApiError> {
        match self {
            Self::Template(specification) => {
                Ok(vec![Launchable { template: resolve(world, specification)?, weight: None }])
            }
            Self::Mixed(policy) => {
                let template = policy.launch_template();
                let base =
                    template.and_then(|template| template.launch_template_specification()).ok_or_else(no_template)?;
                let overrides = template.map(|template| template.overrides()).unwrap_or_default();
                if overrides.is_empty() {
                    return Ok(vec![Launchable { template: resolve(world, base)?, weight: None }]);
                }
                overrides.iter().map(|item| overridden(world, base, item)).collect()
            }
        }
    }

    /// Whether an instance launched from `version` as `instance_type` is what this source launches.
    pub(super) fn matches(&self, world: &World, version: &TemplateVersion, instance_type: &str) -> bool {
        self.launchables(world).is_ok_and(|all| {
            all.iter().any(|launchable| {
                let template = &launchable.template;
                template.id == version.id
                    && template.version == version.version
                    && template.data.instance_type().is_none_or(|wanted| wanted.as_str() == instance_type)
            })
        })
    }

    /// The specifications of templates in it.
    pub(super) fn specifications(&self) -> Vec<&LaunchTemplateSpecification> {
        match self {
            Self::Template(specification) => vec![specification],
            Self::Mixed(policy) => policy
                .launch_template()
                .map(|template| {
                    let overrides = template.overrides().iter();
                    template
                        .launch_template_specification()
                        .into_iter()
                        .chain(overrides.filter_map(|item| item.launch_template_specification()))
                        .collect()
                })
                .unwrap_or_default(),
        }
    }

    /// Whether instances are chosen by attributes: what `DesiredCapacityType` needs.
    pub(super) fn by_attributes(&self) -> bool {
        match self {
            Self::Template(_) => false,
            Self::Mixed(policy) => policy
                .launch_template()
                .is_some_and(|template| template.overrides().iter().any(|item| item.instance_requirements().is_some())),
        }
    }
}

/// AWS's answer to a request with more or less than one launch source.
pub(super) fn one_source() -> ApiError {
    ApiError::validation(
        "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or \
         MixedInstancesPolicy parameter.",
    )
}

/// A described template as a request may have it: requests name templates by id or by name, not both.
fn by_id_only(mut template: LaunchTemplate) -> LaunchTemplate {
    let of_overrides =
        template.overrides.iter_mut().flatten().filter_map(|item| item.launch_template_specification.as_mut());
    for specification in template.launch_template_specification.iter_mut().chain(of_overrides) {
        specification.launch_template_name = None;
    }
    template
}

fn no_template() -> ApiError {
    ApiError::validation("Valid requests must contain either launchTemplateId or LaunchTemplateName")
}

/// EC2's refusal of a launch, as Auto Scaling passes it on.
fn malformed(reason: &str) -> ApiError {
    ApiError::validation(format!("You must use a valid fully-formed launch template. {reason}"))
}

/// The template that a specification names; `$Default` unless it names a version.
pub(super) fn resolve(
    world: &World,
    specification: &LaunchTemplateSpecification,
) -> Result<ResolvedTemplate, ApiError> {
    let id_or_name =
        specification.launch_template_id().or(specification.launch_template_name()).ok_or_else(no_template)?.to_owned();
    let version = specification.version().unwrap_or("$Default").to_owned();
    ec2::resolve_template(world, &TemplateRef { id_or_name, version })
}

/// A specification with the template's id and name, as AWS describes it.
fn normal(world: &World, specification: &LaunchTemplateSpecification) -> Result<LaunchTemplateSpecification, ApiError> {
    if specification.launch_template_id().is_some() == specification.launch_template_name().is_some() {
        return Err(no_template());
    }
    if let Some(version) = specification.version() {
        check::length(version, 1..=255, "launchTemplate.version")?;
    }
    let template = resolve(world, specification).map_err(|error| malformed(&error.message))?;
    Ok(LaunchTemplateSpecification::builder()
        .launch_template_id(template.id)
        .launch_template_name(template.name)
        .version(specification.version().unwrap_or("$Default"))
        .build())
}

fn overridden(
    world: &World,
    base: &LaunchTemplateSpecification,
    item: &LaunchTemplateOverrides,
) -> Result<Launchable, ApiError> {
    let mut template = resolve(world, item.launch_template_specification().unwrap_or(base))?;
    if let Some(instance_type) = item.instance_type() {
        template.data.instance_type = Some(instance_type.into());
        template.data.instance_requirements = None;
    } else if let Some(requirements) = item.instance_requirements() {
        template.data.instance_type = None;
        template.data.instance_requirements = Some(for_ec2(requirements));
    }
    if let Some(image) = item.image_id() {
        template.data.image_id = Some(image.to_owned());
    }
    let weight = item.weighted_capacity().and_then(|weight| weight.parse().ok());
    Ok(Launchable { template, weight })
}

/// The requirements by which the simulated EC2 chooses a type; it knows no others.
fn for_ec2(requirements: &InstanceRequirements) -> InstanceRequirementsRequest {
    let cpus = requirements.v_cpu_count();
    let memory = requirements.memory_mib();
    InstanceRequirementsRequest::builder()
        .v_cpu_count(
            VCpuCountRangeRequest::builder()
                .set_min(cpus.and_then(|range| range.min()))
                .set_max(cpus.and_then(|range| range.max()))
                .build(),
        )
        .memory_mib(
            MemoryMiBRequest::builder()
                .set_min(memory.and_then(|range| range.min()))
                .set_max(memory.and_then(|range| range.max()))
                .build(),
        )
        .set_allowed_instance_types(requirements.allowed_instance_types.clone())
        .set_excluded_instance_types(requirements.excluded_instance_types.clone())
        .build()
}

/// What AWS finds out by a dry run of the launch.
fn fully_formed(world: &World, data: &RequestLaunchTemplateData, subnets: &[String]) -> Result<(), ApiError> {
    if data.image_id().is_none() {
        return Err(malformed("The request must contain the parameter ImageId"));
    }
    if data.instance_type().is_none() && data.instance_requirements().is_none() {
        return Err(malformed("The request must contain the parameter InstanceType"));
    }
    if let Some(reason) = ec2::unknown_profile(world, data) {
        return Err(malformed(&reason));
    }
    let Some(subnet) = subnets.first() else {
        // Availability zones alone mean default subnets, and there is none in these.
        return Err(malformed(
            "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.",
        ));
    };
    let vpc = ec2::subnet_place(world, subnet).map(|(vpc, _)| vpc);
    if !data.security_groups().is_empty() {
        return Err(malformed("The parameter groupName cannot be used with the parameter subnet"));
    }
    if !data.network_interfaces().is_empty() && !data.security_group_ids().is_empty() {
        return Err(malformed(
            "Network interfaces and an instance-level security groups may not be specified on the same request",
        ));
    }
    let of_interfaces = data.network_interfaces().iter().flat_map(|interface| interface.groups());
    for group in data.security_group_ids().iter().chain(of_interfaces) {
        let serves = ec2::group_serves(world, group, vpc.as_deref().unwrap_or_default())
            .ok_or_else(|| malformed(&format!("The security group '{group}' does not exist")))?;
        if !serves {
            return Err(malformed(&format!(
                "Security group {group} and subnet {subnet} belong to different networks."
            )));
        }
    }
    Ok(())
}

fn mixed_policy(world: &World, policy: &MixedInstancesPolicy) -> Result<MixedInstancesPolicy, ApiError> {
    let mut policy = policy.clone();
    let template = policy.launch_template.as_mut().ok_or_else(no_template)?;
    let base = template.launch_template_specification().ok_or_else(no_template)?;
    template.launch_template_specification = Some(normal(world, base)?);
    check::at_most(template.overrides(), MAX_OVERRIDES, "overrides")?;
    template.overrides = template.overrides.take().filter(|overrides| !overrides.is_empty());
    for item in template.overrides.iter_mut().flatten() {
        if let Some(own) = item.launch_template_specification() {
            item.launch_template_specification = Some(normal(world, own)?);
        }
        check_override(item)?;
    }
    let weighted = template.overrides().iter().filter(|item| item.weighted_capacity().is_some()).count();
    if weighted != 0 && weighted != template.overrides().len() {
        return Err(ApiError::validation(
            "If you specify a WeightedCapacity for one override, you must specify it for all overrides.",
        ));
    }
    let by_attributes = template.overrides().iter().any(|item| item.instance_requirements().is_some());
    policy.instances_distribution = Some(distribution(policy.instances_distribution.take(), by_attributes)?);
    for launchable in LaunchSource::Mixed(policy.clone()).launchables(world)? {
        let market = launchable.template.data.instance_market_options().and_then(|options| options.market_type());
        if market == Some(&MarketType::Spot) {
            return Err(ApiError::validation(
                "Incompatible launch template: The launch template of a mixed instances policy cannot request Spot \
             Instances.",
            ));
        }
    }
    Ok(policy)
}

fn check_override(item: &LaunchTemplateOverrides) -> Result<(), ApiError> {
    if let Some(weight) = item.weighted_capacity() {
        let valid =
            weight.parse::<u16>().is_ok_and(|number| (1..=999).contains(&number) && !weight.starts_with(['0', '+']));
        if !valid {
            return Err(check::constraint(
                "weightedCapacity",
                weight,
                "satisfy regular expression pattern: ^[1-9][0-9]{0,2}$",
            ));
        }
    }
    let Some(requirements) = item.instance_requirements() else { return Ok(()) };
    if item.instance_type().is_some() {
        return Err(ApiError::validation(
            "You cannot specify both InstanceType and InstanceRequirements in the same override.",
        ));
    }
    check_requirements(requirements)
}

fn check_requirements(requirements: &InstanceRequirements) -> Result<(), ApiError> {
    let cpus = check::required(requirements.v_cpu_count(), "instanceRequirements.vCpuCount")?;
    let memory = check::required(requirements.memory_mib(), "instanceRequirements.memoryMiB")?;
    check::required(cpus.min(), "instanceRequirements.vCpuCount.min")?;
    check::required(memory.min(), "instanceRequirements.memoryMiB.min")?;
    check::ordered(cpus.min(), cpus.max(), "VCpuCount")?;
    check::ordered(memory.min(), memory.max(), "MemoryMiB")?;
    let per_cpu = requirements.memory_gib_per_v_cpu();
    check::ordered(per_cpu.and_then(|range| range.min()), per_cpu.and_then(|range| range.max()), "MemoryGiBPerVCpu")?;
    check::at_most(requirements.allowed_instance_types(), 400, "instanceRequirements.allowedInstanceTypes")?;
    check::at_most(requirements.excluded_instance_types(), 400, "instanceRequirements.excludedInstanceTypes")?;
    if !requirements.allowed_instance_types().is_empty() && !requirements.excluded_instance_types().is_empty() {
        return Err(ApiError::validation(
            "You cannot specify both AllowedInstanceTypes and ExcludedInstanceTypes in InstanceRequirements.",
        ));
    }
    Ok(())
}

/// The distribution with AWS's defaults filled in.
fn distribution(given: Option<InstancesDistribution>, by_attributes: bool) -> Result<InstancesDistribution, ApiError> {
    let mut distribution = given.unwrap_or_else(|| InstancesDistribution::builder().build());
    // "To remove a maximum price that you previously set, include the property but specify an empty
    // string", and segments go by an empty list.
    distribution.spot_max_price = distribution.spot_max_price.filter(|price| !price.is_empty());
    distribution.distribution_segments = distribution.distribution_segments.filter(|segments| !segments.is_empty());
    let sized = distribution.on_demand_base_capacity().is_some()
        || distribution.on_demand_percentage_above_base_capacity().is_some();
    if sized && distribution.distribution_segments.is_some() {
        return Err(ApiError::validation(
            "DistributionSegments cannot be used with OnDemandBaseCapacity or OnDemandPercentageAboveBaseCapacity.",
        ));
    }
    check::one_of(
        distribution.on_demand_allocation_strategy(),
        &["lowest-price", "prioritized"],
        "onDemandAllocationStrategy",
    )?;
    check::one_of(
        distribution.spot_allocation_strategy(),
        &["capacity-optimized", "capacity-optimized-prioritized", "lowest-price", "price-capacity-optimized"],
        "spotAllocationStrategy",
    )?;
    check::range(distribution.on_demand_base_capacity(), 0..=i32::MAX, "onDemandBaseCapacity")?;
    check::range(
        distribution.on_demand_percentage_above_base_capacity(),
        0..=100,
        "onDemandPercentageAboveBaseCapacity",
    )?;
    check::range(distribution.spot_instance_pools(), 1..=20, "spotInstancePools")?;
    let spot = distribution.spot_allocation_strategy().unwrap_or("lowest-price").to_owned();
    if distribution.spot_instance_pools().is_some() && spot != "lowest-price" {
        return Err(ApiError::validation(
            "SpotInstancePools option is only available with the lowest-price allocation strategy.",
        ));
    }
    if by_attributes
        && (distribution.on_demand_allocation_strategy() == Some("prioritized")
            || spot == "capacity-optimized-prioritized")
    {
        return Err(ApiError::validation(
            "Prioritized allocation strategies cannot be used with InstanceRequirements.",
        ));
    }
    let on_demand = if by_attributes { "lowest-price" } else { "prioritized" };
    distribution.on_demand_allocation_strategy.get_or_insert_with(|| on_demand.to_owned());
    if distribution.distribution_segments.is_none() {
        distribution.on_demand_base_capacity.get_or_insert(0);
        distribution.on_demand_percentage_above_base_capacity.get_or_insert(100);
    }
    if spot == "lowest-price" {
        distribution.spot_instance_pools.get_or_insert(2);
    }
    distribution.spot_allocation_strategy = Some(spot);
    Ok(distribution)
}
