//! Launch template data as EC2 answers it: the request's data, member by member.

use aws_sdk_ec2::types as sdk;

/// A new `$Target` with the members of `$source` that have the same name and type, and then those
/// that need a conversion of their own.
macro_rules! copy {
    ($source:expr => $Target:ident { $($same:ident),* $(; $($field:ident: $value:expr),+)? }) => {{
        let mut target = sdk::$Target::builder().build();
        $(target.$same = $source.$same.clone();)*
        $($(target.$field = $value;)+)?
        target
    }};
}

/// An optional list, converted item by item.
fn each<T, U>(list: &Option<Vec<T>>, convert: impl Fn(&T) -> U) -> Option<Vec<U>> {
    list.as_ref().map(|list| list.iter().map(convert).collect())
}

#[expect(deprecated, reason = "retired accelerators are still members of the request")]
pub(super) fn response(request: &sdk::RequestLaunchTemplateData) -> sdk::ResponseLaunchTemplateData {
    copy!(request => ResponseLaunchTemplateData {
        kernel_id, ebs_optimized, image_id, instance_type, key_name, ram_disk_id, disable_api_termination,
        instance_initiated_shutdown_behavior, user_data, security_group_ids, security_groups, disable_api_stop;
        iam_instance_profile: request.iam_instance_profile.as_ref().map(|profile| {
            copy!(profile => LaunchTemplateIamInstanceProfileSpecification { arn, name })
        }),
        block_device_mappings: each(&request.block_device_mappings, block_device),
        network_interfaces: each(&request.network_interfaces, interface),
        monitoring: request.monitoring.as_ref().map(|monitoring| {
            copy!(monitoring => LaunchTemplatesMonitoring { enabled })
        }),
        placement: request.placement.as_ref().map(|placement| {
            copy!(placement => LaunchTemplatePlacement {
                availability_zone, availability_zone_id, affinity, group_name, host_id, tenancy, spread_domain,
                host_resource_group_arn, partition_number, group_id
            })
        }),
        tag_specifications: each(&request.tag_specifications, |specification| {
            copy!(specification => LaunchTemplateTagSpecification { resource_type, tags })
        }),
        elastic_gpu_specifications: each(&request.elastic_gpu_specifications, |gpu| {
            copy!(gpu => ElasticGpuSpecificationResponse { r#type })
        }),
        elastic_inference_accelerators: each(&request.elastic_inference_accelerators, |accelerator| {
            copy!(accelerator => LaunchTemplateElasticInferenceAcceleratorResponse { r#type, count })
        }),
        instance_market_options: request.instance_market_options.as_ref().map(market_options),
        credit_specification: request.credit_specification.as_ref().map(|credit| {
            copy!(credit => CreditSpecification { cpu_credits })
        }),
        cpu_options: request.cpu_options.as_ref().map(|options| {
            copy!(options => LaunchTemplateCpuOptions {
                core_count, threads_per_core, amd_sev_snp, nested_virtualization
            })
        }),
        capacity_reservation_specification: request.capacity_reservation_specification.as_ref().map(|reservation| {
            copy!(reservation => LaunchTemplateCapacityReservationSpecificationResponse {
                capacity_reservation_preference;
                capacity_reservation_target: reservation.capacity_reservation_target.as_ref().map(|target| {
                    copy!(target => CapacityReservationTargetResponse {
                        capacity_reservation_id, capacity_reservation_resource_group_arn
                    })
                })
            })
        }),
        license_specifications: each(&request.license_specifications, |license| {
            copy!(license => LaunchTemplateLicenseConfiguration { license_configuration_arn })
        }),
        hibernation_options: request.hibernation_options.as_ref().map(|options| {
            copy!(options => LaunchTemplateHibernationOptions { configured })
        }),
        metadata_options: request.metadata_options.as_ref().map(|options| {
            copy!(options => LaunchTemplateInstanceMetadataOptions {
                http_tokens, http_put_response_hop_limit, http_endpoint, http_protocol_ipv6, instance_metadata_tags;
                state: Some(sdk::LaunchTemplateInstanceMetadataOptionsState::Pending)
            })
        }),
        enclave_options: request.enclave_options.as_ref().map(|options| {
            copy!(options => LaunchTemplateEnclaveOptions { enabled })
        }),
        instance_requirements: request.instance_requirements.as_ref().map(requirements),
        private_dns_name_options: request.private_dns_name_options.as_ref().map(|options| {
            copy!(options => LaunchTemplatePrivateDnsNameOptions {
                hostname_type, enable_resource_name_dns_a_record, enable_resource_name_dns_aaaa_record
            })
        }),
        maintenance_options: request.maintenance_options.as_ref().map(|options| {
            copy!(options => LaunchTemplateInstanceMaintenanceOptions { auto_recovery })
        }),
        operator: request.operator.as_ref().map(|operator| {
            copy!(operator => OperatorResponse { principal; managed: Some(operator.principal.is_some()) })
        }),
        network_performance_options: request.network_performance_options.as_ref().map(|options| {
            copy!(options => LaunchTemplateNetworkPerformanceOptions { bandwidth_weighting })
        }),
        secondary_interfaces: each(&request.secondary_interfaces, secondary_interface)
    })
}

fn block_device(mapping: &sdk::LaunchTemplateBlockDeviceMappingRequest) -> sdk::LaunchTemplateBlockDeviceMapping {
    copy!(mapping => LaunchTemplateBlockDeviceMapping {
        device_name, virtual_name, no_device;
        ebs: mapping.ebs.as_ref().map(|ebs| {
            copy!(ebs => LaunchTemplateEbsBlockDevice {
                encrypted, delete_on_termination, iops, kms_key_id, snapshot_id, volume_size, volume_type, throughput,
                volume_initialization_rate, ebs_card_index
            })
        })
    })
}

fn interface(
    request: &sdk::LaunchTemplateInstanceNetworkInterfaceSpecificationRequest,
) -> sdk::LaunchTemplateInstanceNetworkInterfaceSpecification {
    copy!(request => LaunchTemplateInstanceNetworkInterfaceSpecification {
        associate_carrier_ip_address, associate_public_ip_address, delete_on_termination, description, device_index,
        groups, interface_type, ipv6_address_count, network_interface_id, private_ip_address, private_ip_addresses,
        secondary_private_ip_address_count, subnet_id, network_card_index, ipv4_prefix_count, ipv6_prefix_count,
        primary_ipv6, ena_queue_count;
        ipv6_addresses: each(&request.ipv6_addresses, |address| {
            copy!(address => InstanceIpv6Address { ipv6_address })
        }),
        ipv4_prefixes: each(&request.ipv4_prefixes, |prefix| {
            copy!(prefix => Ipv4PrefixSpecificationResponse { ipv4_prefix })
        }),
        ipv6_prefixes: each(&request.ipv6_prefixes, |prefix| {
            copy!(prefix => Ipv6PrefixSpecificationResponse { ipv6_prefix })
        }),
        ena_srd_specification: request.ena_srd_specification.as_ref().map(|srd| {
            copy!(srd => LaunchTemplateEnaSrdSpecification {
                ena_srd_enabled;
                ena_srd_udp_specification: srd.ena_srd_udp_specification.as_ref().map(|udp| {
                    copy!(udp => LaunchTemplateEnaSrdUdpSpecification { ena_srd_udp_enabled })
                })
            })
        }),
        connection_tracking_specification: request.connection_tracking_specification.as_ref().map(|tracking| {
            copy!(tracking => ConnectionTrackingSpecification {
                tcp_established_timeout, udp_timeout, udp_stream_timeout
            })
        })
    })
}

fn market_options(
    options: &sdk::LaunchTemplateInstanceMarketOptionsRequest,
) -> sdk::LaunchTemplateInstanceMarketOptions {
    copy!(options => LaunchTemplateInstanceMarketOptions {
        market_type;
        spot_options: options.spot_options.as_ref().map(|spot| {
            copy!(spot => LaunchTemplateSpotMarketOptions {
                max_price, spot_instance_type, block_duration_minutes, valid_until, instance_interruption_behavior
            })
        })
    })
}

fn requirements(request: &sdk::InstanceRequirementsRequest) -> sdk::InstanceRequirements {
    /// All the ranges look alike and are types of their own.
    macro_rules! range {
        ($member:ident, $Target:ident) => {
            request.$member.as_ref().map(|range| copy!(range => $Target { min, max }))
        };
    }
    copy!(request => InstanceRequirements {
        cpu_manufacturers, excluded_instance_types, instance_generations,
        spot_max_price_percentage_over_lowest_price, on_demand_max_price_percentage_over_lowest_price, bare_metal,
        burstable_performance, require_hibernate_support, local_storage, local_storage_types, accelerator_types,
        accelerator_manufacturers, accelerator_names, allowed_instance_types,
        max_spot_price_as_percentage_of_optimal_on_demand_price, require_encryption_in_transit;
        v_cpu_count: range!(v_cpu_count, VCpuCountRange),
        memory_mib: range!(memory_mib, MemoryMiB),
        memory_gib_per_v_cpu: range!(memory_gib_per_v_cpu, MemoryGiBPerVCpu),
        network_interface_count: range!(network_interface_count, NetworkInterfaceCount),
        total_local_storage_gb: range!(total_local_storage_gb, TotalLocalStorageGb),
        baseline_ebs_bandwidth_mbps: range!(baseline_ebs_bandwidth_mbps, BaselineEbsBandwidthMbps),
        accelerator_count: range!(accelerator_count, AcceleratorCount),
        accelerator_total_memory_mib: range!(accelerator_total_memory_mib, AcceleratorTotalMemoryMiB),
        network_bandwidth_gbps: range!(network_bandwidth_gbps, NetworkBandwidthGbps),
        baseline_performance_factors: request.baseline_performance_factors.as_ref().map(|factors| {
            copy!(factors => BaselinePerformanceFactors {
                ;
                cpu: factors.cpu.as_ref().map(|cpu| {
                    copy!(cpu => CpuPerformanceFactor {
                        ;
                        references: each(&cpu.references, |reference| {
                            copy!(reference => PerformanceFactorReference { instance_family })
                        })
                    })
                })
            })
        })
    })
}

fn secondary_interface(
    request: &sdk::LaunchTemplateInstanceSecondaryInterfaceSpecificationRequest,
) -> sdk::LaunchTemplateInstanceSecondaryInterfaceSpecification {
    copy!(request => LaunchTemplateInstanceSecondaryInterfaceSpecification {
        delete_on_termination, device_index, private_ip_address_count, secondary_subnet_id, interface_type,
        network_card_index;
        private_ip_addresses: each(&request.private_ip_addresses, |address| {
            copy!(address => SecondaryInterfacePrivateIpAddressSpecification { private_ip_address })
        })
    })
}
