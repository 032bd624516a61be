//! The data of a launch template as AWS answers it.

use std::collections::BTreeMap;

use aws_sdk_ec2::types as ec2;
use aws_smithy_types::base64;

use crate::aws::convert::{duration, uncount};
use crate::aws::{id, instance_requirements};
use crate::error::Result;
use crate::input::Input;
use crate::resource::{
    BandwidthWeighting, BlockDevice, CapacityReservation, ConnectionTracking, CpuCredits, CpuOptions, HostAffinity,
    HostnameType, ImageSource, InstanceSelection, InstanceTag, InterfaceType, InterruptionBehavior, LaunchTemplate,
    Market, MarketType, MetadataOptions, NetworkInterface, Placement, PrivateDnsNames, PrivateIpAddress,
    SecondaryInterface, ShutdownBehavior, SpotOptions, SpotRequest, Tags, Tenancy, UserData, Versions, VolumeType,
};
use crate::timestamp::Timestamp;

fn owned(text: Option<&str>) -> Option<String> {
    text.map(ToOwned::to_owned)
}

fn number(number: Option<i32>) -> Option<u32> {
    number.map(|number| uncount(Some(number)))
}

fn is(word: Option<&str>, yes: &str) -> Option<bool> {
    word.map(|word| word == yes)
}

/// What a word means, if it is known.
macro_rules! known {
    ($Type:ident, $word:expr) => {
        $word.and_then(|word| $Type::from_word(word.as_str()))
    };
}

/// The declaration that the data would come from.
pub(super) fn parse(name: String, data: &ec2::ResponseLaunchTemplateData, tags: Tags) -> Result<LaunchTemplate> {
    let named = data.instance_type().map(|kind| InstanceSelection::Type(kind.as_str().to_owned()));
    let required = data.instance_requirements().map(|from| instance_requirements::from_ec2(from).into());
    let profile = data.iam_instance_profile();
    let user_data = data.user_data().and_then(|text| base64::decode(text).ok());
    Ok(LaunchTemplate {
        name,
        version_description: None,
        image: data.image_id().map(|image| Input::known(ImageSource(image.to_owned()))),
        instance_type: named.or(required),
        key_name: owned(data.key_name()),
        instance_profile: owned(profile.and_then(|profile| profile.arn().or(profile.name()))),
        user_data: user_data.map(UserData),
        metadata: data.metadata_options().map(metadata),
        detailed_monitoring: data.monitoring().and_then(|monitoring| monitoring.enabled()),
        ebs_optimized: data.ebs_optimized(),
        cpu: data.cpu_options().map(cpu),
        cpu_credits: data.credit_specification().and_then(|credit| CpuCredits::from_word(credit.cpu_credits()?)),
        placement: data.placement().map(placement),
        market: data.instance_market_options().and_then(market),
        capacity_reservation: data.capacity_reservation_specification().and_then(capacity_reservation),
        private_dns_names: data.private_dns_name_options().map(private_dns_names),
        auto_recovery: is(
            data.maintenance_options().and_then(|options| options.auto_recovery()).map(|word| word.as_str()),
            "default",
        ),
        bandwidth_weighting: known!(
            BandwidthWeighting,
            data.network_performance_options().and_then(|options| options.bandwidth_weighting())
        ),
        hibernation: data.hibernation_options().and_then(|options| options.configured()),
        enclaves: data.enclave_options().and_then(|options| options.enabled()),
        shutdown_behavior: known!(ShutdownBehavior, data.instance_initiated_shutdown_behavior()),
        termination_protection: data.disable_api_termination(),
        stop_protection: data.disable_api_stop(),
        kernel: owned(data.kernel_id()),
        ram_disk: owned(data.ram_disk_id()),
        default_version: None,
        keep_versions: None,
        auto_scaling_guidance: false,
        versions: Versions::default(),
        security_groups: groups(data.security_group_ids())?,
        security_group_names: data.security_groups().to_vec(),
        network_interfaces: data.network_interfaces().iter().map(interface).collect::<Result<_>>()?,
        secondary_interfaces: data.secondary_interfaces().iter().map(secondary_interface).collect(),
        licenses: data
            .license_specifications()
            .iter()
            .filter_map(|license| owned(license.license_configuration_arn()))
            .collect(),
        block_devices: data.block_device_mappings().iter().map(device).collect(),
        launched_tags: launched_tags(data.tag_specifications()),
        tags,
    })
}

fn groups(ids: &[String]) -> Result<Vec<Input<crate::SecurityGroupId>>> {
    ids.iter().map(|group| Ok(Input::known(id(Some(group), "a group id")?))).collect()
}

fn launched_tags(
    specifications: &[ec2::LaunchTemplateTagSpecification],
) -> BTreeMap<InstanceTag, BTreeMap<String, String>> {
    let mut launched: BTreeMap<InstanceTag, BTreeMap<String, String>> = BTreeMap::new();
    for specification in specifications {
        let Some(resource) = known!(InstanceTag, specification.resource_type()) else { continue };
        let all = specification
            .tags()
            .iter()
            .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())));
        launched.entry(resource).or_default().extend(all);
    }
    launched
}

fn metadata(options: &ec2::LaunchTemplateInstanceMetadataOptions) -> MetadataOptions {
    MetadataOptions {
        tokens_required: is(options.http_tokens().map(|tokens| tokens.as_str()), "required"),
        hop_limit: options.http_put_response_hop_limit(),
        enabled: is(options.http_endpoint().map(|state| state.as_str()), "enabled"),
        ipv6: is(options.http_protocol_ipv6().map(|state| state.as_str()), "enabled"),
        instance_tags: is(options.instance_metadata_tags().map(|state| state.as_str()), "enabled"),
    }
}

fn device(mapping: &ec2::LaunchTemplateBlockDeviceMapping) -> BlockDevice {
    let ebs = mapping.ebs();
    BlockDevice {
        device: mapping.device_name().unwrap_or_default().to_owned(),
        size: ebs.and_then(|ebs| ebs.volume_size()),
        volume_type: known!(VolumeType, ebs.and_then(|ebs| ebs.volume_type())),
        iops: ebs.and_then(|ebs| ebs.iops()),
        throughput: ebs.and_then(|ebs| ebs.throughput()),
        encrypted: ebs.and_then(|ebs| ebs.encrypted()),
        kms_key: owned(ebs.and_then(|ebs| ebs.kms_key_id())),
        snapshot: owned(ebs.and_then(|ebs| ebs.snapshot_id())),
        delete_on_termination: ebs.and_then(|ebs| ebs.delete_on_termination()),
        initialization_rate: ebs.and_then(|ebs| ebs.volume_initialization_rate()),
        ebs_card: ebs.and_then(|ebs| ebs.ebs_card_index()),
        virtual_name: owned(mapping.virtual_name()),
        no_device: mapping.no_device().map(|_| true),
    }
}

fn interface(from: &ec2::LaunchTemplateInstanceNetworkInterfaceSpecification) -> Result<NetworkInterface> {
    let ena_express = from.ena_srd_specification();
    let udp = ena_express.and_then(|ena| ena.ena_srd_udp_specification());
    Ok(NetworkInterface {
        device_index: number(from.device_index()),
        network_card: number(from.network_card_index()),
        interface_type: from.interface_type().and_then(InterfaceType::from_word),
        subnet: from.subnet_id().map(|subnet| Ok(Input::known(id(Some(subnet), "a subnet id")?))).transpose()?,
        network_interface_id: owned(from.network_interface_id()),
        description: owned(from.description()),
        delete_on_termination: from.delete_on_termination(),
        public_ip: from.associate_public_ip_address(),
        carrier_ip: from.associate_carrier_ip_address(),
        private_ip_address: from.private_ip_address().and_then(|address| address.parse().ok()),
        private_ip_addresses: from
            .private_ip_addresses()
            .iter()
            .filter_map(|address| {
                let primary = address.primary();
                Some(PrivateIpAddress { address: address.private_ip_address()?.parse().ok()?, primary })
            })
            .collect(),
        secondary_private_ip_addresses: number(from.secondary_private_ip_address_count()),
        ipv6_addresses: from
            .ipv6_addresses()
            .iter()
            .filter_map(|address| address.ipv6_address()?.parse().ok())
            .collect(),
        ipv6_address_count: number(from.ipv6_address_count()),
        primary_ipv6: from.primary_ipv6(),
        ipv4_prefixes: from.ipv4_prefixes().iter().filter_map(|prefix| owned(prefix.ipv4_prefix())).collect(),
        ipv4_prefix_count: number(from.ipv4_prefix_count()),
        ipv6_prefixes: from.ipv6_prefixes().iter().filter_map(|prefix| owned(prefix.ipv6_prefix())).collect(),
        ipv6_prefix_count: number(from.ipv6_prefix_count()),
        ena_express: ena_express.and_then(|ena| ena.ena_srd_enabled()),
        ena_express_udp: udp.and_then(|udp| udp.ena_srd_udp_enabled()),
        ena_queues: number(from.ena_queue_count()),
        connection_tracking: from.connection_tracking_specification().map(|tracking| ConnectionTracking {
            tcp_established: tracking.tcp_established_timeout().map(duration),
            udp_stream: tracking.udp_stream_timeout().map(duration),
            udp: tracking.udp_timeout().map(duration),
        }),
        security_groups: groups(from.groups())?,
    })
}

fn secondary_interface(from: &ec2::LaunchTemplateInstanceSecondaryInterfaceSpecification) -> SecondaryInterface {
    SecondaryInterface {
        subnet: from.secondary_subnet_id().unwrap_or_default().to_owned(),
        device_index: number(from.device_index()),
        network_card: number(from.network_card_index()),
        private_ip_addresses: from
            .private_ip_addresses()
            .iter()
            .filter_map(|address| address.private_ip_address()?.parse().ok())
            .collect(),
        private_ip_address_count: number(from.private_ip_address_count()),
        delete_on_termination: from.delete_on_termination(),
    }
}

fn cpu(options: &ec2::LaunchTemplateCpuOptions) -> CpuOptions {
    CpuOptions {
        cores: number(options.core_count()),
        threads_per_core: number(options.threads_per_core()),
        amd_sev_snp: is(options.amd_sev_snp().map(|state| state.as_str()), "enabled"),
        nested_virtualization: is(options.nested_virtualization().map(|state| state.as_str()), "enabled"),
    }
}

fn placement(from: &ec2::LaunchTemplatePlacement) -> Placement {
    Placement {
        availability_zone: owned(from.availability_zone()),
        availability_zone_id: owned(from.availability_zone_id()),
        group_name: owned(from.group_name()),
        group_id: owned(from.group_id()),
        partition_number: number(from.partition_number()),
        tenancy: known!(Tenancy, from.tenancy()),
        host_id: owned(from.host_id()),
        host_resource_group: owned(from.host_resource_group_arn()),
        affinity: from.affinity().and_then(HostAffinity::from_word),
        spread_domain: owned(from.spread_domain()),
    }
}

fn market(from: &ec2::LaunchTemplateInstanceMarketOptions) -> Option<Market> {
    let spot = from.spot_options().map(|spot| SpotOptions {
        max_price: owned(spot.max_price()),
        request: known!(SpotRequest, spot.spot_instance_type()),
        block_duration: spot.block_duration_minutes().map(|minutes| duration(minutes) * 60),
        valid_until: spot.valid_until().map(|until| Timestamp::from_unix(until.secs())),
        interruption: known!(InterruptionBehavior, spot.instance_interruption_behavior()),
    });
    Some(Market { kind: known!(MarketType, from.market_type())?, spot })
}

fn capacity_reservation(
    from: &ec2::LaunchTemplateCapacityReservationSpecificationResponse,
) -> Option<CapacityReservation> {
    if let Some(target) = from.capacity_reservation_target() {
        return owned(target.capacity_reservation_id())
            .map(CapacityReservation::Reservation)
            .or(owned(target.capacity_reservation_resource_group_arn()).map(CapacityReservation::ResourceGroup));
    }
    let word = from.capacity_reservation_preference()?.as_str();
    [CapacityReservation::Open, CapacityReservation::None, CapacityReservation::Only]
        .into_iter()
        .find(|preference| preference.preference() == Some(word))
}

fn private_dns_names(from: &ec2::LaunchTemplatePrivateDnsNameOptions) -> PrivateDnsNames {
    PrivateDnsNames {
        hostname_type: known!(HostnameType, from.hostname_type()),
        resource_name_a_record: from.enable_resource_name_dns_a_record(),
        resource_name_aaaa_record: from.enable_resource_name_dns_aaaa_record(),
    }
}
