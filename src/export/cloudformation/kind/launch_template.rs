//! `AWS::EC2::LaunchTemplate`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::resource::{DefaultVersion, LaunchTemplate};
use crate::value::Value;

use super::super::draft::Entry;
use super::super::shape::{ENABLED, Field, Shape, TAGS, put};
use super::instance_requirements::REQUIREMENTS;
use super::{Export, NO_MEMBER, NO_MEMBER_WHY, Output, Reference, Row, by, elsewhere, lost, output, shaped, to};

/// A list of texts as objects with one member each.
macro_rules! each {
    ($member:literal) => {
        Shape::List(&Shape::By(|value| Value::map([($member, value.clone())])))
    };
}

const INTERFACES: Shape = Shape::List(&Shape::Record(&[
    Field("device_index", "DeviceIndex", Shape::Plain),
    Field("network_card", "NetworkCardIndex", Shape::Plain),
    Field("interface_type", "InterfaceType", Shape::Plain),
    Field("subnet", "SubnetId", Shape::Plain),
    Field("security_groups", "Groups", Shape::Plain),
    Field("network_interface_id", "NetworkInterfaceId", Shape::Plain),
    Field("description", "Description", Shape::Plain),
    Field("delete_on_termination", "DeleteOnTermination", Shape::Plain),
    Field("public_ip", "AssociatePublicIpAddress", Shape::Plain),
    Field("carrier_ip", "AssociateCarrierIpAddress", Shape::Plain),
    Field("private_ip_address", "PrivateIpAddress", Shape::Plain),
    Field(
        "private_ip_addresses",
        "PrivateIpAddresses",
        Shape::List(&Shape::Record(&[
            Field("address", "PrivateIpAddress", Shape::Plain),
            Field("primary", "Primary", Shape::Plain),
        ])),
    ),
    Field("secondary_private_ip_addresses", "SecondaryPrivateIpAddressCount", Shape::Plain),
    Field("ipv6_addresses", "Ipv6Addresses", each!("Ipv6Address")),
    Field("ipv6_address_count", "Ipv6AddressCount", Shape::Plain),
    Field("primary_ipv6", "PrimaryIpv6", Shape::Plain),
    Field("ipv4_prefixes", "Ipv4Prefixes", each!("Ipv4Prefix")),
    Field("ipv4_prefix_count", "Ipv4PrefixCount", Shape::Plain),
    Field("ipv6_prefixes", "Ipv6Prefixes", each!("Ipv6Prefix")),
    Field("ipv6_prefix_count", "Ipv6PrefixCount", Shape::Plain),
    Field("ena_express", "EnaSrdSpecification.EnaSrdEnabled", Shape::Plain),
    Field("ena_express_udp", "EnaSrdSpecification.EnaSrdUdpSpecification.EnaSrdUdpEnabled", Shape::Plain),
    Field("ena_queues", "EnaQueueCount", Shape::Plain),
    Field(
        "connection_tracking",
        "ConnectionTrackingSpecification",
        Shape::Record(&[
            Field("tcp_established", "TcpEstablishedTimeout", Shape::Plain),
            Field("udp_stream", "UdpStreamTimeout", Shape::Plain),
            Field("udp", "UdpTimeout", Shape::Plain),
        ]),
    ),
]));

const DEVICE: Shape = Shape::Record(&[
    Field("device", "DeviceName", Shape::Plain),
    Field("size", "Ebs.VolumeSize", Shape::Plain),
    Field("volume_type", "Ebs.VolumeType", Shape::Plain),
    Field("iops", "Ebs.Iops", Shape::Plain),
    Field("throughput", "Ebs.Throughput", Shape::Plain),
    Field("encrypted", "Ebs.Encrypted", Shape::Plain),
    Field("kms_key", "Ebs.KmsKeyId", Shape::Plain),
    Field("snapshot", "Ebs.SnapshotId", Shape::Plain),
    Field("delete_on_termination", "Ebs.DeleteOnTermination", Shape::Plain),
    Field("initialization_rate", "Ebs.VolumeInitializationRate", Shape::Plain),
    Field("ebs_card", "Ebs.EbsCardIndex", Shape::Plain),
    Field("virtual_name", "VirtualName", Shape::Plain),
    // An empty text leaves the device out.
    Field("no_device", "NoDevice", Shape::Words("", "")),
]);

const PLACEMENT: Shape = Shape::Record(&[
    Field("availability_zone", "AvailabilityZone", Shape::Plain),
    Field("availability_zone_id", "", Shape::Lost),
    Field("group_name", "GroupName", Shape::Plain),
    Field("group_id", "GroupId", Shape::Plain),
    Field("partition_number", "PartitionNumber", Shape::Plain),
    Field("tenancy", "Tenancy", Shape::Plain),
    Field("host_id", "HostId", Shape::Plain),
    Field("host_resource_group", "HostResourceGroupArn", Shape::Plain),
    Field("affinity", "Affinity", Shape::Plain),
    Field("spread_domain", "SpreadDomain", Shape::Plain),
]);

const SPOT: Shape = Shape::Record(&[
    Field("max_price", "MaxPrice", Shape::Plain),
    Field("request", "SpotInstanceType", Shape::Plain),
    Field("block_duration", "BlockDurationMinutes", Shape::By(minutes)),
    Field("valid_until", "ValidUntil", Shape::Plain),
    Field("interruption", "InstanceInterruptionBehavior", Shape::Plain),
]);

impl Export for LaunchTemplate {
    const ROWS: &'static [Row<Self>] = &[
        to("name", "LaunchTemplateName"),
        to("version_description", "VersionDescription"),
        by("image", |template, entry| {
            // It has to be there, even if nothing is in it.
            entry.set("LaunchTemplateData", Value::map([]));
            entry.set("LaunchTemplateData.ImageId", Value::of(&template.image));
        }),
        to("instance_type", "LaunchTemplateData.InstanceType"),
        shaped("instance_requirements", "LaunchTemplateData.InstanceRequirements", REQUIREMENTS),
        to("key_name", "LaunchTemplateData.KeyName"),
        shaped("instance_profile", "LaunchTemplateData.IamInstanceProfile", Shape::By(profile)),
        by("user_data", user_data),
        to("security_groups", "LaunchTemplateData.SecurityGroupIds"),
        to("security_group_names", "LaunchTemplateData.SecurityGroups"),
        shaped("network_interfaces", "LaunchTemplateData.NetworkInterfaces", INTERFACES),
        lost("secondary_interfaces", NO_MEMBER, NO_MEMBER_WHY),
        by("block_devices", block_devices),
        shaped(
            "metadata",
            "LaunchTemplateData.MetadataOptions",
            Shape::Record(&[
                Field("tokens_required", "HttpTokens", Shape::Words("required", "optional")),
                Field("hop_limit", "HttpPutResponseHopLimit", Shape::Plain),
                Field("enabled", "HttpEndpoint", ENABLED),
                Field("ipv6", "HttpProtocolIpv6", ENABLED),
                Field("instance_tags", "InstanceMetadataTags", ENABLED),
            ]),
        ),
        to("detailed_monitoring", "LaunchTemplateData.Monitoring.Enabled"),
        to("ebs_optimized", "LaunchTemplateData.EbsOptimized"),
        shaped(
            "cpu",
            "LaunchTemplateData.CpuOptions",
            Shape::Record(&[
                Field("cores", "CoreCount", Shape::Plain),
                Field("threads_per_core", "ThreadsPerCore", Shape::Plain),
                Field("amd_sev_snp", "AmdSevSnp", ENABLED),
                Field("nested_virtualization", "NestedVirtualization", ENABLED),
            ]),
        ),
        to("cpu_credits", "LaunchTemplateData.CreditSpecification.CpuCredits"),
        shaped("placement", "LaunchTemplateData.Placement", PLACEMENT),
        shaped(
            "market",
            "LaunchTemplateData.InstanceMarketOptions",
            Shape::Record(&[Field("type", "MarketType", Shape::Plain), Field("spot", "SpotOptions", SPOT)]),
        ),
        shaped(
            "capacity_reservation",
            "LaunchTemplateData.CapacityReservationSpecification",
            Shape::Record(&[
                Field("preference", "CapacityReservationPreference", Shape::Plain),
                Field("id", "CapacityReservationTarget.CapacityReservationId", Shape::Plain),
                Field("resource_group", "CapacityReservationTarget.CapacityReservationResourceGroupArn", Shape::Plain),
            ]),
        ),
        shaped("licenses", "LaunchTemplateData.LicenseSpecifications", each!("LicenseConfigurationArn")),
        shaped(
            "private_dns_names",
            "LaunchTemplateData.PrivateDnsNameOptions",
            Shape::Record(&[
                Field("hostname_type", "HostnameType", Shape::Plain),
                Field("resource_name_a_record", "EnableResourceNameDnsARecord", Shape::Plain),
                Field("resource_name_aaaa_record", "EnableResourceNameDnsAAAARecord", Shape::Plain),
            ]),
        ),
        shaped(
            "auto_recovery",
            "LaunchTemplateData.MaintenanceOptions.AutoRecovery",
            Shape::Words("default", "disabled"),
        ),
        to("bandwidth_weighting", "LaunchTemplateData.NetworkPerformanceOptions.BandwidthWeighting"),
        to("hibernation", "LaunchTemplateData.HibernationOptions.Configured"),
        to("enclaves", "LaunchTemplateData.EnclaveOptions.Enabled"),
        to("shutdown_behavior", "LaunchTemplateData.InstanceInitiatedShutdownBehavior"),
        to("termination_protection", "LaunchTemplateData.DisableApiTermination"),
        to("stop_protection", "LaunchTemplateData.DisableApiStop"),
        to("kernel", "LaunchTemplateData.KernelId"),
        to("ram_disk", "LaunchTemplateData.RamDiskId"),
        shaped("launched_tags", "LaunchTemplateData.TagSpecifications", Shape::By(specifications)),
        by("default_version", default_version),
        shaped(
            "tags",
            "TagSpecifications",
            Shape::By(|tags| Value::List(vec![specification("launch-template", tags)])),
        ),
        by("keep_versions", |template, entry| {
            if let Some(keep) = template.keep_versions {
                let why = "CloudFormation keeps all versions of a launch template";
                entry.lose(NO_MEMBER, "keep_versions", &Value::of(&keep), why);
            }
        }),
        // A check, which has been made.
        elsewhere("auto_scaling_guidance"),
    ];

    fn type_name(&self) -> Option<&'static str> {
        Some("AWS::EC2::LaunchTemplate")
    }

    fn outputs(&self) -> &'static [Output] {
        const OUTPUTS: &[Output] = &[
            output("id", Reference::Ref, "id"),
            // CloudFormation changes no output that another stack has imported: this one has to change.
            output("latest_version", Reference::Attribute("LatestVersionNumber"), ""),
        ];
        OUTPUTS
    }
}

fn minutes(seconds: &Value) -> Value {
    match seconds {
        Value::Integer(seconds) => Value::Integer(seconds / 60),
        other => other.clone(),
    }
}

fn profile(profile: &Value) -> Value {
    let arn = profile.as_text().is_some_and(|text| text.starts_with("arn:"));
    Value::map([(if arn { "Arn" } else { "Name" }, profile.clone())])
}

fn specification(resource: &str, tags: &Value) -> Value {
    let tags = TAGS.write(tags, "tags", &mut |_, _| {});
    Value::map([("ResourceType", Value::of(resource)), ("Tags", tags)])
}

fn specifications(launched: &Value) -> Value {
    Value::List(launched.entries().map(|(resource, tags)| specification(resource, tags)).collect())
}

/// Text stays readable; what is none is written in base64 as AWS keeps it.
fn user_data(template: &LaunchTemplate, entry: &mut Entry<'_, '_>) {
    let Some(data) = &template.user_data else { return };
    let written = match std::str::from_utf8(&data.0) {
        Ok(text) => Value::map([("Fn::Base64", Value::of(text))]),
        Err(_) => Value::Text(STANDARD.encode(&data.0)),
    };
    entry.set("LaunchTemplateData.UserData", written);
}

fn block_devices(template: &LaunchTemplate, entry: &mut Entry<'_, '_>) {
    let mut all = Vec::new();
    for (index, device) in template.block_devices.iter().enumerate() {
        let path = format!("block_devices[{index}]");
        let mut members = DEVICE.write(&Value::of(device), &path, &mut |path, value| {
            entry.lose(NO_MEMBER, path, value, NO_MEMBER_WHY);
        });
        // A volume of which nothing is said is a volume nevertheless.
        if device.is_volume() && !members.entries().any(|(member, _)| member == "Ebs") {
            put(&mut members, "Ebs", Value::map([]));
        }
        all.push(members);
    }
    entry.set("LaunchTemplateData.BlockDeviceMappings", Value::List(all).unless_empty());
}

fn default_version(template: &LaunchTemplate, entry: &mut Entry<'_, '_>) {
    match template.default_version {
        // The first version is the default, and CloudFormation makes no other the default.
        None | Some(DefaultVersion::Number(1)) => {}
        version => {
            let why = "CloudFormation leaves the first version the default";
            entry.lose(NO_MEMBER, "default_version", &Value::of(&version), why);
        }
    }
}
