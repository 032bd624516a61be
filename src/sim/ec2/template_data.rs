//! Launch template data: what EC2 checks when a version is created, and inheritance.
//!
//! "A launch template is not fully validated when you create it": identifiers need not exist and
//! combinations need not make sense before a launch. What is checked is the form of each value.

use aws_sdk_ec2::types::{self as sdk, RequestLaunchTemplateData, ResourceType};

use super::resource::{IMAGE, conflict, invalid, missing};
use super::tags;
use crate::sim::error::ApiError;

/// "User data is limited to 16 KB", before it is encoded.
const MAX_USER_DATA: usize = 16 * 1024;
const MAX_INSTANCE_TYPES: usize = 400;

/// Refuses a value that its enumeration does not have. The SDK's own list is the latest one.
macro_rules! known {
    ($value:expr, $Enum:ident, $parameter:literal) => {
        if let Some(value) = $value {
            check_known(value.as_str(), sdk::$Enum::values(), $parameter)?;
        }
    };
}

fn check_known(value: &str, values: &[&str], parameter: &str) -> Result<(), ApiError> {
    if values.contains(&value) {
        return Ok(());
    }
    Err(invalid(format!("Value ({value}) for parameter {parameter} is invalid.")))
}

fn check_range(parameter: &str, value: Option<i32>, min: i32, max: i32) -> Result<(), ApiError> {
    match value {
        Some(value) if !(min..=max).contains(&value) => Err(invalid(format!(
            "Value ({value}) for parameter {parameter} is invalid. Expecting a value between {min} and {max}."
        ))),
        _ => Ok(()),
    }
}

/// The list members of the data, of which an empty one never reaches EC2 (the query protocol has
/// no way to write it).
#[expect(deprecated, reason = "retired accelerators are still members of the request")]
fn drop_empty_lists(data: &mut RequestLaunchTemplateData) {
    fn drop_empty<T>(list: &mut Option<Vec<T>>) {
        list.take_if(|list| list.is_empty());
    }
    drop_empty(&mut data.block_device_mappings);
    drop_empty(&mut data.network_interfaces);
    drop_empty(&mut data.tag_specifications);
    drop_empty(&mut data.elastic_gpu_specifications);
    drop_empty(&mut data.elastic_inference_accelerators);
    drop_empty(&mut data.security_group_ids);
    drop_empty(&mut data.security_groups);
    drop_empty(&mut data.license_specifications);
    drop_empty(&mut data.secondary_interfaces);
}

/// The data of a request, checked.
pub(super) fn checked(data: Option<&RequestLaunchTemplateData>) -> Result<RequestLaunchTemplateData, ApiError> {
    let mut data = data.cloned().unwrap_or_else(|| RequestLaunchTemplateData::builder().build());
    drop_empty_lists(&mut data);
    if data == RequestLaunchTemplateData::builder().build() {
        return Err(missing("LaunchTemplateData"));
    }
    check_image(&data)?;
    check_user_data(data.user_data())?;
    check_tags(&data)?;
    check_instance(&data)?;
    check_options(&data)?;
    for mapping in data.block_device_mappings() {
        known!(mapping.ebs().and_then(|ebs| ebs.volume_type()), VolumeType, "VolumeType");
    }
    for interface in data.network_interfaces() {
        if let Some(kind) = interface.interface_type() {
            check_known(kind, &["interface", "efa", "efa-only"], "InterfaceType")?;
        }
    }
    for interface in data.secondary_interfaces() {
        known!(interface.interface_type(), SecondaryInterfaceType, "InterfaceType");
    }
    if let Some(requirements) = data.instance_requirements() {
        check_requirements(requirements)?;
    }
    Ok(data)
}

fn check_image(data: &RequestLaunchTemplateData) -> Result<(), ApiError> {
    match data.image_id() {
        Some(id) if !id.starts_with("resolve:ssm:") => IMAGE.check(id),
        _ => Ok(()),
    }
}

fn check_user_data(encoded: Option<&str>) -> Result<(), ApiError> {
    let Some(encoded) = encoded else { return Ok(()) };
    let decoded = aws_smithy_types::base64::decode(encoded)
        .map_err(|_| ApiError::new("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data."))?;
    if decoded.len() > MAX_USER_DATA {
        return Err(invalid(format!("User data is limited to {MAX_USER_DATA} bytes")));
    }
    Ok(())
}

fn check_tags(data: &RequestLaunchTemplateData) -> Result<(), ApiError> {
    let mut types: Vec<&ResourceType> = Vec::new();
    for specification in data.tag_specifications() {
        let resource_type = specification
            .resource_type()
            .ok_or_else(|| invalid("Tag specification resource type must have a value"))?;
        let taggable = matches!(
            resource_type,
            ResourceType::Instance
                | ResourceType::Volume
                | ResourceType::NetworkInterface
                | ResourceType::SpotInstancesRequest
                | ResourceType::ElasticGpu
        );
        if !taggable {
            return Err(invalid(format!(
                "'{resource_type}' is not a valid taggable resource type for this operation."
            )));
        }
        if types.contains(&resource_type) {
            return Err(invalid("The same resource type may not be specified more than once in tag specifications"));
        }
        types.push(resource_type);
        tags::checked(specification.tags())?;
    }
    Ok(())
}

fn check_instance(data: &RequestLaunchTemplateData) -> Result<(), ApiError> {
    known!(data.instance_type(), InstanceType, "InstanceType");
    if data.instance_type().is_some() && data.instance_requirements().is_some() {
        return Err(conflict("The parameter instanceType cannot be used with the parameter instanceRequirements"));
    }
    known!(data.instance_initiated_shutdown_behavior(), ShutdownBehavior, "InstanceInitiatedShutdownBehavior");
    if data.iam_instance_profile().is_some_and(|profile| profile.arn().is_some() && profile.name().is_some()) {
        return Err(conflict(
            "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
        ));
    }
    if let Some(placement) = data.placement() {
        known!(placement.tenancy(), Tenancy, "Tenancy");
        if let Some(affinity) = placement.affinity() {
            check_known(affinity, &["default", "host"], "Affinity")?;
        }
        if placement.host_id().is_some() && placement.host_resource_group_arn().is_some() {
            return Err(conflict("The parameter hostId cannot be used with the parameter hostResourceGroupArn"));
        }
        check_range("PartitionNumber", placement.partition_number(), 1, 7)?;
    }
    if let Some(market) = data.instance_market_options() {
        known!(market.market_type(), MarketType, "MarketType");
        if let Some(spot) = market.spot_options() {
            known!(spot.spot_instance_type(), SpotInstanceType, "SpotInstanceType");
            known!(spot.instance_interruption_behavior(), InstanceInterruptionBehavior, "InstanceInterruptionBehavior");
            if spot.block_duration_minutes().is_some_and(|minutes| minutes % 60 != 0 || !(60..=360).contains(&minutes))
            {
                return Err(invalid("The block duration must be a multiple of 60 minutes, at most 360"));
            }
        }
    }
    Ok(())
}

fn check_options(data: &RequestLaunchTemplateData) -> Result<(), ApiError> {
    if let Some(credits) = data.credit_specification().and_then(|credit| credit.cpu_credits())
        && !["standard", "unlimited"].contains(&credits)
    {
        return Err(ApiError::new(
            "InvalidCpuCredits",
            format!("Invalid value '{credits}' for CpuCredits. Valid values are standard and unlimited."),
        ));
    }
    if let Some(cpu) = data.cpu_options() {
        known!(cpu.amd_sev_snp(), AmdSevSnpSpecification, "AmdSevSnp");
        known!(cpu.nested_virtualization(), NestedVirtualizationSpecification, "NestedVirtualization");
    }
    if let Some(reservation) = data.capacity_reservation_specification() {
        known!(
            reservation.capacity_reservation_preference(),
            CapacityReservationPreference,
            "CapacityReservationPreference"
        );
    }
    if let Some(metadata) = data.metadata_options() {
        known!(metadata.http_tokens(), LaunchTemplateHttpTokensState, "HttpTokens");
        known!(metadata.http_endpoint(), LaunchTemplateInstanceMetadataEndpointState, "HttpEndpoint");
        known!(metadata.http_protocol_ipv6(), LaunchTemplateInstanceMetadataProtocolIpv6, "HttpProtocolIpv6");
        known!(metadata.instance_metadata_tags(), LaunchTemplateInstanceMetadataTagsState, "InstanceMetadataTags");
        check_range("HttpPutResponseHopLimit", metadata.http_put_response_hop_limit(), 1, 64)?;
    }
    known!(data.private_dns_name_options().and_then(|dns| dns.hostname_type()), HostnameType, "HostnameType");
    known!(
        data.maintenance_options().and_then(|maintenance| maintenance.auto_recovery()),
        LaunchTemplateAutoRecoveryState,
        "AutoRecovery"
    );
    known!(
        data.network_performance_options().and_then(|network| network.bandwidth_weighting()),
        InstanceBandwidthWeighting,
        "BandwidthWeighting"
    );
    let hibernates = data.hibernation_options().and_then(|options| options.configured()) == Some(true);
    let enclaves = data.enclave_options().and_then(|options| options.enabled()) == Some(true);
    if hibernates && enclaves {
        return Err(conflict("You can't enable AWS Nitro Enclaves and hibernation on the same instance."));
    }
    Ok(())
}

fn check_requirements(requirements: &sdk::InstanceRequirementsRequest) -> Result<(), ApiError> {
    /// Every range has a minimum and a maximum, in types of their own.
    macro_rules! check_order {
        ($($member:ident),+) => {$(
            if let Some(range) = requirements.$member()
                && let (Some(min), Some(max)) = (range.min(), range.max())
                && min > max
            {
                return Err(invalid(format!(
                    "The minimum ({min}) of {} must not exceed its maximum ({max}).", stringify!($member)
                )));
            }
        )+};
    }
    /// Lists of enumerated values.
    macro_rules! check_all_known {
        ($($member:ident: $Enum:ident),+) => {$(
            for value in requirements.$member() {
                check_known(value.as_str(), sdk::$Enum::values(), stringify!($Enum))?;
            }
        )+};
    }
    if requirements.v_cpu_count().and_then(|range| range.min()).is_none() {
        return Err(missing("InstanceRequirements.VCpuCount.Min"));
    }
    if requirements.memory_mib().and_then(|range| range.min()).is_none() {
        return Err(missing("InstanceRequirements.MemoryMiB.Min"));
    }
    check_order!(
        v_cpu_count,
        memory_mib,
        memory_gib_per_v_cpu,
        network_interface_count,
        total_local_storage_gb,
        baseline_ebs_bandwidth_mbps,
        accelerator_count,
        accelerator_total_memory_mib,
        network_bandwidth_gbps
    );
    check_all_known!(
        cpu_manufacturers: CpuManufacturer,
        instance_generations: InstanceGeneration,
        local_storage_types: LocalStorageType,
        accelerator_types: AcceleratorType,
        accelerator_manufacturers: AcceleratorManufacturer,
        accelerator_names: AcceleratorName
    );
    known!(requirements.bare_metal(), BareMetal, "BareMetal");
    known!(requirements.burstable_performance(), BurstablePerformance, "BurstablePerformance");
    known!(requirements.local_storage(), LocalStorage, "LocalStorage");
    if !requirements.allowed_instance_types().is_empty() && !requirements.excluded_instance_types().is_empty() {
        return Err(conflict(
            "The parameter allowedInstanceTypes cannot be used with the parameter excludedInstanceTypes",
        ));
    }
    let percentage = requirements.spot_max_price_percentage_over_lowest_price();
    if percentage.is_some() && requirements.max_spot_price_as_percentage_of_optimal_on_demand_price().is_some() {
        return Err(conflict(
            "Only one of SpotMaxPricePercentageOverLowestPrice and MaxSpotPriceAsPercentageOfOptimalOnDemandPrice \
             can be specified",
        ));
    }
    for types in [requirements.allowed_instance_types(), requirements.excluded_instance_types()] {
        let well_formed = |name: &String| {
            (1..=30).contains(&name.len())
                && name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '.' | '*' | '-'))
        };
        if types.len() > MAX_INSTANCE_TYPES || !types.iter().all(well_formed) {
            return Err(invalid(format!(
                "At most {MAX_INSTANCE_TYPES} instance types of 1 to 30 letters, digits, '.', '*' and '-' can be listed"
            )));
        }
    }
    Ok(())
}

/// The data of a new version that is based on an older one: what the request has replaces, member
/// by member, what the older version has.
#[expect(deprecated, reason = "retired accelerators are still members of the request")]
pub(super) fn inherit(
    mut data: RequestLaunchTemplateData,
    source: &RequestLaunchTemplateData,
) -> RequestLaunchTemplateData {
    let mut source = source.clone();
    // "Snapshots applied to the block device mapping are ignored when creating a new version unless
    // they are explicitly included."
    let inherited_volumes = source.block_device_mappings.iter_mut().flatten();
    for ebs in inherited_volumes.filter_map(|mapping| mapping.ebs.as_mut()) {
        ebs.snapshot_id = None;
    }
    macro_rules! inherit {
        ($($member:ident),+) => {
            $(data.$member = data.$member.or(source.$member);)+
        };
    }
    inherit!(
        kernel_id,
        ebs_optimized,
        iam_instance_profile,
        block_device_mappings,
        network_interfaces,
        image_id,
        instance_type,
        key_name,
        monitoring,
        placement,
        ram_disk_id,
        disable_api_termination,
        instance_initiated_shutdown_behavior,
        user_data,
        tag_specifications,
        elastic_gpu_specifications,
        elastic_inference_accelerators,
        security_group_ids,
        security_groups,
        instance_market_options,
        credit_specification,
        cpu_options,
        capacity_reservation_specification,
        license_specifications,
        hibernation_options,
        metadata_options,
        enclave_options,
        instance_requirements,
        private_dns_name_options,
        maintenance_options,
        disable_api_stop,
        operator,
        network_performance_options,
        secondary_interfaces
    );
    data
}
