//! The data of a launch template as requests take it.

use std::time::Duration;

use aws_sdk_ec2::types as ec2;
use aws_smithy_types::{DateTime, base64};

use crate::aws::convert::{count, seconds};
use crate::aws::{instance_requirements, known};
use crate::error::{Error, Result};
use crate::resource::{
    BlockDevice, CapacityReservation, ConnectionTracking, CpuOptions, InstanceSelection, LaunchTemplate, Market,
    MetadataOptions, NetworkInterface, Placement, PrivateDnsNames, SecondaryInterface, SpotOptions,
};

/// A list as requests take it: none where there is nothing in it.
fn list<T, U>(all: &[T], convert: impl Fn(&T) -> U) -> Option<Vec<U>> {
    (!all.is_empty()).then(|| all.iter().map(convert).collect())
}

fn enabled(on: bool) -> &'static str {
    if on { "enabled" } else { "disabled" }
}

impl LaunchTemplate {
    /// Everything that the declaration says of what is launched, and nothing else.
    pub(super) fn data(&self) -> Result<ec2::RequestLaunchTemplateData> {
        let groups =
            self.security_groups.iter().map(|group| Ok(known(group)?.to_string())).collect::<Result<Vec<_>>>()?;
        let interfaces = self.network_interfaces.iter().map(interface).collect::<Result<Vec<_>>>()?;
        let image = self.image.as_ref().map(|image| Ok::<_, Error>(known(image)?.0.clone())).transpose()?;
        let instances = self.instance_type.as_ref();
        let specifications: Vec<_> = self
            .launched_tags
            .iter()
            .map(|(resource, tags)| {
                let tags = tags.iter().map(|(key, value)| ec2::Tag::builder().key(key).value(value).build()).collect();
                ec2::LaunchTemplateTagSpecificationRequest::builder()
                    .resource_type(resource.as_str().into())
                    .set_tags(Some(tags))
                    .build()
            })
            .collect();
        Ok(ec2::RequestLaunchTemplateData::builder()
            .set_image_id(image)
            .set_instance_type(instances.and_then(InstanceSelection::name).map(|name| name.as_str().into()))
            .set_instance_requirements(
                instances.and_then(InstanceSelection::requirements).map(instance_requirements::to_ec2),
            )
            .set_key_name(self.key_name.clone())
            .set_iam_instance_profile(self.instance_profile.as_deref().map(profile))
            .set_user_data(self.user_data.as_ref().map(|data| base64::encode(&data.0)))
            .set_security_group_ids((!groups.is_empty()).then_some(groups))
            .set_security_groups(list(&self.security_group_names, Clone::clone))
            .set_network_interfaces((!interfaces.is_empty()).then_some(interfaces))
            .set_secondary_interfaces(list(&self.secondary_interfaces, secondary_interface))
            .set_block_device_mappings(list(&self.block_devices, device))
            .set_metadata_options(self.metadata.as_ref().map(metadata))
            .set_monitoring(
                self.detailed_monitoring
                    .map(|enabled| ec2::LaunchTemplatesMonitoringRequest::builder().enabled(enabled).build()),
            )
            .set_ebs_optimized(self.ebs_optimized)
            .set_cpu_options(self.cpu.as_ref().map(cpu))
            .set_credit_specification(
                self.cpu_credits
                    .map(|credits| ec2::CreditSpecificationRequest::builder().cpu_credits(credits.as_str()).build()),
            )
            .set_placement(self.placement.as_ref().map(placement))
            .set_instance_market_options(self.market.as_ref().map(market).transpose()?)
            .set_capacity_reservation_specification(self.capacity_reservation.as_ref().map(capacity_reservation))
            .set_license_specifications(list(&self.licenses, |arn| {
                ec2::LaunchTemplateLicenseConfigurationRequest::builder().license_configuration_arn(arn).build()
            }))
            .set_private_dns_name_options(self.private_dns_names.as_ref().map(private_dns_names))
            .set_maintenance_options(self.auto_recovery.map(|on| {
                ec2::LaunchTemplateInstanceMaintenanceOptionsRequest::builder()
                    .auto_recovery(if on { "default" } else { "disabled" }.into())
                    .build()
            }))
            .set_network_performance_options(self.bandwidth_weighting.map(|weighting| {
                ec2::LaunchTemplateNetworkPerformanceOptionsRequest::builder()
                    .bandwidth_weighting(weighting.as_str().into())
                    .build()
            }))
            .set_hibernation_options(
                self.hibernation
                    .map(|on| ec2::LaunchTemplateHibernationOptionsRequest::builder().configured(on).build()),
            )
            .set_enclave_options(
                self.enclaves.map(|on| ec2::LaunchTemplateEnclaveOptionsRequest::builder().enabled(on).build()),
            )
            .set_instance_initiated_shutdown_behavior(self.shutdown_behavior.map(|word| word.as_str().into()))
            .set_disable_api_termination(self.termination_protection)
            .set_disable_api_stop(self.stop_protection)
            .set_kernel_id(self.kernel.clone())
            .set_ram_disk_id(self.ram_disk.clone())
            .set_tag_specifications((!specifications.is_empty()).then_some(specifications))
            .build())
    }
}

fn profile(text: &str) -> ec2::LaunchTemplateIamInstanceProfileSpecificationRequest {
    let builder = ec2::LaunchTemplateIamInstanceProfileSpecificationRequest::builder();
    if text.starts_with("arn:") { builder.arn(text) } else { builder.name(text) }.build()
}

fn device(device: &BlockDevice) -> ec2::LaunchTemplateBlockDeviceMappingRequest {
    let ebs = ec2::LaunchTemplateEbsBlockDeviceRequest::builder()
        .set_volume_size(device.size)
        .set_volume_type(device.volume_type.map(|kind| kind.as_str().into()))
        .set_iops(device.iops)
        .set_throughput(device.throughput)
        .set_encrypted(device.encrypted)
        .set_kms_key_id(device.kms_key.clone())
        .set_snapshot_id(device.snapshot.clone())
        .set_delete_on_termination(device.delete_on_termination)
        .set_volume_initialization_rate(device.initialization_rate)
        .set_ebs_card_index(device.ebs_card)
        .build();
    ec2::LaunchTemplateBlockDeviceMappingRequest::builder()
        .device_name(&device.device)
        .set_ebs(device.is_volume().then_some(ebs))
        .set_virtual_name(device.virtual_name.clone())
        // "To omit the device from the block device mapping, specify an empty string."
        .set_no_device(device.no_device.map(|_| String::new()))
        .build()
}

fn interface(interface: &NetworkInterface) -> Result<ec2::LaunchTemplateInstanceNetworkInterfaceSpecificationRequest> {
    let groups =
        interface.security_groups.iter().map(|group| Ok(known(group)?.to_string())).collect::<Result<Vec<_>>>()?;
    let subnet = interface.subnet.as_ref().map(|subnet| Ok::<_, Error>(known(subnet)?.to_string())).transpose()?;
    let udp = interface
        .ena_express_udp
        .map(|on| ec2::EnaSrdUdpSpecificationRequest::builder().ena_srd_udp_enabled(on).build());
    let ena_express = (interface.ena_express.is_some() || udp.is_some()).then(|| {
        ec2::EnaSrdSpecificationRequest::builder()
            .set_ena_srd_enabled(interface.ena_express)
            .set_ena_srd_udp_specification(udp)
            .build()
    });
    Ok(ec2::LaunchTemplateInstanceNetworkInterfaceSpecificationRequest::builder()
        .set_device_index(interface.device_index.map(count))
        .set_network_card_index(interface.network_card.map(count))
        .set_interface_type(interface.interface_type.map(|kind| kind.as_str().to_owned()))
        .set_subnet_id(subnet)
        .set_groups((!groups.is_empty()).then_some(groups))
        .set_network_interface_id(interface.network_interface_id.clone())
        .set_description(interface.description.clone())
        .set_delete_on_termination(interface.delete_on_termination)
        .set_associate_public_ip_address(interface.public_ip)
        .set_associate_carrier_ip_address(interface.carrier_ip)
        .set_private_ip_address(interface.private_ip_address.map(|address| address.to_string()))
        .set_private_ip_addresses(list(&interface.private_ip_addresses, |address| {
            ec2::PrivateIpAddressSpecification::builder()
                .private_ip_address(address.address.to_string())
                .set_primary(address.primary)
                .build()
        }))
        .set_secondary_private_ip_address_count(interface.secondary_private_ip_addresses.map(count))
        .set_ipv6_addresses(list(&interface.ipv6_addresses, |address| {
            ec2::InstanceIpv6AddressRequest::builder().ipv6_address(address.to_string()).build()
        }))
        .set_ipv6_address_count(interface.ipv6_address_count.map(count))
        .set_primary_ipv6(interface.primary_ipv6)
        .set_ipv4_prefixes(list(&interface.ipv4_prefixes, |prefix| {
            ec2::Ipv4PrefixSpecificationRequest::builder().ipv4_prefix(prefix).build()
        }))
        .set_ipv4_prefix_count(interface.ipv4_prefix_count.map(count))
        .set_ipv6_prefixes(list(&interface.ipv6_prefixes, |prefix| {
            ec2::Ipv6PrefixSpecificationRequest::builder().ipv6_prefix(prefix).build()
        }))
        .set_ipv6_prefix_count(interface.ipv6_prefix_count.map(count))
        .set_ena_srd_specification(ena_express)
        .set_ena_queue_count(interface.ena_queues.map(count))
        .set_connection_tracking_specification(interface.connection_tracking.as_ref().map(tracking))
        .build())
}

fn tracking(tracking: &ConnectionTracking) -> ec2::ConnectionTrackingSpecificationRequest {
    ec2::ConnectionTrackingSpecificationRequest::builder()
        .set_tcp_established_timeout(tracking.tcp_established.map(seconds))
        .set_udp_stream_timeout(tracking.udp_stream.map(seconds))
        .set_udp_timeout(tracking.udp.map(seconds))
        .build()
}

fn secondary_interface(
    interface: &SecondaryInterface,
) -> ec2::LaunchTemplateInstanceSecondaryInterfaceSpecificationRequest {
    ec2::LaunchTemplateInstanceSecondaryInterfaceSpecificationRequest::builder()
        // There is no other type.
        .interface_type(ec2::SecondaryInterfaceType::Secondary)
        .secondary_subnet_id(&interface.subnet)
        .set_device_index(interface.device_index.map(count))
        .set_network_card_index(interface.network_card.map(count))
        .set_private_ip_addresses(list(&interface.private_ip_addresses, |address| {
            ec2::SecondaryInterfacePrivateIpAddressSpecificationRequest::builder()
                .private_ip_address(address.to_string())
                .build()
        }))
        .set_private_ip_address_count(interface.private_ip_address_count.map(count))
        .set_delete_on_termination(interface.delete_on_termination)
        .build()
}

fn metadata(options: &MetadataOptions) -> ec2::LaunchTemplateInstanceMetadataOptionsRequest {
    ec2::LaunchTemplateInstanceMetadataOptionsRequest::builder()
        .set_http_tokens(options.tokens_required.map(|on| if on { "required" } else { "optional" }.into()))
        .set_http_put_response_hop_limit(options.hop_limit)
        .set_http_endpoint(options.enabled.map(|on| enabled(on).into()))
        .set_http_protocol_ipv6(options.ipv6.map(|on| enabled(on).into()))
        .set_instance_metadata_tags(options.instance_tags.map(|on| enabled(on).into()))
        .build()
}

fn cpu(options: &CpuOptions) -> ec2::LaunchTemplateCpuOptionsRequest {
    ec2::LaunchTemplateCpuOptionsRequest::builder()
        .set_core_count(options.cores.map(count))
        .set_threads_per_core(options.threads_per_core.map(count))
        .set_amd_sev_snp(options.amd_sev_snp.map(|on| enabled(on).into()))
        .set_nested_virtualization(options.nested_virtualization.map(|on| enabled(on).into()))
        .build()
}

fn placement(placement: &Placement) -> ec2::LaunchTemplatePlacementRequest {
    ec2::LaunchTemplatePlacementRequest::builder()
        .set_availability_zone(placement.availability_zone.clone())
        .set_availability_zone_id(placement.availability_zone_id.clone())
        .set_group_name(placement.group_name.clone())
        .set_group_id(placement.group_id.clone())
        .set_partition_number(placement.partition_number.map(count))
        .set_tenancy(placement.tenancy.map(|tenancy| tenancy.as_str().into()))
        .set_host_id(placement.host_id.clone())
        .set_host_resource_group_arn(placement.host_resource_group.clone())
        .set_affinity(placement.affinity.map(|affinity| affinity.as_str().to_owned()))
        .set_spread_domain(placement.spread_domain.clone())
        .build()
}

fn market(market: &Market) -> Result<ec2::LaunchTemplateInstanceMarketOptionsRequest> {
    Ok(ec2::LaunchTemplateInstanceMarketOptionsRequest::builder()
        .market_type(market.kind.as_str().into())
        .set_spot_options(market.spot.as_ref().map(spot))
        .build())
}

fn spot(options: &SpotOptions) -> ec2::LaunchTemplateSpotMarketOptionsRequest {
    let until = options.valid_until.map(|until| DateTime::from_secs(until.as_unix()));
    let minutes = |duration: Duration| seconds(duration) / 60;
    ec2::LaunchTemplateSpotMarketOptionsRequest::builder()
        .set_max_price(options.max_price.clone())
        .set_spot_instance_type(options.request.map(|word| word.as_str().into()))
        .set_block_duration_minutes(options.block_duration.map(minutes))
        .set_valid_until(until)
        .set_instance_interruption_behavior(options.interruption.map(|word| word.as_str().into()))
        .build()
}

fn capacity_reservation(
    reservation: &CapacityReservation,
) -> ec2::LaunchTemplateCapacityReservationSpecificationRequest {
    let target = ec2::CapacityReservationTarget::builder();
    let target = match reservation {
        CapacityReservation::Reservation(id) => Some(target.capacity_reservation_id(id)),
        CapacityReservation::ResourceGroup(arn) => Some(target.capacity_reservation_resource_group_arn(arn)),
        CapacityReservation::Open | CapacityReservation::None | CapacityReservation::Only => None,
    };
    ec2::LaunchTemplateCapacityReservationSpecificationRequest::builder()
        .set_capacity_reservation_preference(reservation.preference().map(Into::into))
        .set_capacity_reservation_target(target.map(ec2::builders::CapacityReservationTargetBuilder::build))
        .build()
}

fn private_dns_names(names: &PrivateDnsNames) -> ec2::LaunchTemplatePrivateDnsNameOptionsRequest {
    ec2::LaunchTemplatePrivateDnsNameOptionsRequest::builder()
        .set_hostname_type(names.hostname_type.map(|word| word.as_str().into()))
        .set_enable_resource_name_dns_a_record(names.resource_name_a_record)
        .set_enable_resource_name_dns_aaaa_record(names.resource_name_aaaa_record)
        .build()
}
