//! Launch templates.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use purlin::*;

use super::case::Change::{InPlace, Replace};
use super::case::{Case, Change, Setting, case};

/// What is launched changes by a new version, whatever it is.
const VERSION: Change = InPlace(&["CreateLaunchTemplateVersion"]);

/// A template without the property; AWS refuses one that says nothing at all.
macro_rules! base {
    () => {
        |_: &mut Stack| LaunchTemplate::builder().name("template").key_name("operators")
    };
}

/// A property of the template itself.
macro_rules! plain {
    ($cases:ident, $path:literal, $set:ident, [$first:expr, $second:expr]) => {
        case!($cases, LaunchTemplate.$path, VERSION, [$first, $second], base!(), |b, v| b.$set(v))
    };
}

/// A property of a record in the template: `record.leaf`.
macro_rules! within {
    ($cases:ident, $field:ident: $Record:ident { $($leaf:ident: [$first:expr, $second:expr],)+ }) => {$(
        $cases.push(Case::new(
            concat!("LaunchTemplate.", stringify!($field), ".", stringify!($leaf)),
            VERSION,
            |setting| {
                let it = LaunchTemplate::builder().name("template").key_name("operators");
                stack(match setting.pick($first, $second) {
                    None => it.build(),
                    Some(value) => it.$field($Record::builder().$leaf(value).build()).build(),
                })
            },
        ));
    )+};
}

/// A property of the first of several records: `records[0].leaf`, on one that says something else
/// as well.
macro_rules! first {
    ($cases:ident, $field:literal, $add:ident: $Record:ident, $base:ident($given:expr) { $($leaf:literal, $set:ident: [$first:expr, $second:expr],)+ }) => {$(
        $cases.push(Case::new(concat!("LaunchTemplate.", $field, ".", $leaf), VERSION, |setting| {
            let record = $Record::builder().$base($given);
            let record = match setting.pick($first, $second) {
                None => record.build(),
                Some(value) => record.$set(value).build(),
            };
            stack(LaunchTemplate::builder().name("template").key_name("operators").$add(record).build())
        }).shows([concat!($field, "[0].", $leaf)]));
    )+};
}

/// A property of the requirements; those of ranges show their bounds.
macro_rules! requirement {
    ($cases:ident { $($leaf:ident: [$first:expr, $second:expr] $([$($shown:literal),+])?,)+ }) => {$(
        $cases.push(Case::new(
            concat!("LaunchTemplate.instance_requirements.", stringify!($leaf)),
            VERSION,
            |setting| {
                let requirements = InstanceRequirements::builder().vcpus(1..).memory_mib(512..);
                let requirements = match setting.pick($first, $second) {
                    None => requirements.build(),
                    Some(value) => requirements.$leaf(value).build(),
                };
                stack(LaunchTemplate::builder().name("template").instance_type(requirements).build())
            },
        )$(.shows([$(concat!("instance_requirements.", stringify!($leaf), ".", $shown)),+]))?);
    )+};
}

fn stack(it: LaunchTemplate) -> Stack {
    let mut stack = Stack::new("round-trip");
    stack.add("it", it);
    stack
}

fn id<T: std::str::FromStr<Err = InvalidId>>(text: &str) -> T {
    text.parse().expect("an id")
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 20);
const OTHER_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 21);
const V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const OTHER_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
const PROFILE: &str = "arn:aws:iam::123456789012:instance-profile/web";
const HOSTS: [&str; 2] = [
    "arn:aws:resource-groups:ap-northeast-2:123456789012:group/a",
    "arn:aws:resource-groups:ap-northeast-2:123456789012:group/b",
];
const LICENSES: [&str; 2] = [
    "arn:aws:license-manager:ap-northeast-2:123456789012:license-configuration:lic-1",
    "arn:aws:license-manager:ap-northeast-2:123456789012:license-configuration:lic-2",
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    identity(&mut cases);
    versions(&mut cases);
    template(&mut cases);
    options(&mut cases);
    market(&mut cases);
    block_devices(&mut cases);
    network_interfaces(&mut cases);
    secondary_interfaces(&mut cases);
    requirements(&mut cases);
    cases
}

fn identity(cases: &mut Vec<Case>) {
    let named = |setting| {
        let name = if setting == Setting::Second { "template-2" } else { "template" };
        stack(LaunchTemplate::builder().name(name).key_name("operators").build())
    };
    cases.push(Case::new("LaunchTemplate.name", Replace, named).required());
    let tagged = |setting: Setting| {
        let it = LaunchTemplate::builder().name("template").key_name("operators");
        stack(match setting.pick("a", "b") {
            None => it.build(),
            Some(value) => it.tag("team", value).build(),
        })
    };
    let calls = InPlace(&["CreateTags", "DeleteTags"]);
    cases.push(Case::new("LaunchTemplate.tags", calls, tagged).shows(["tags.team"]));
}

/// Only a change makes versions, so another property changes with these.
fn versions(cases: &mut Vec<Case>) {
    let calls = InPlace(&["CreateLaunchTemplateVersion", "ModifyLaunchTemplate"]);
    let follows = |setting: Setting| {
        let it =
            LaunchTemplate::builder().name("template").key_name("operators").default_version(DefaultVersion::Latest);
        stack(it.version_description(format!("{setting:?}")).build())
    };
    let case = Case::new("LaunchTemplate.default_version", calls, follows);
    cases.push(case.required().shows(["default_version", "version_description"]));

    let calls = InPlace(&["CreateLaunchTemplateVersion", "DeleteLaunchTemplateVersions", "ModifyLaunchTemplate"]);
    let kept = |setting: Setting| {
        let it =
            LaunchTemplate::builder().name("template").key_name("operators").default_version(DefaultVersion::Latest);
        let it = it.version_description(format!("{setting:?}"));
        stack(if setting == Setting::Second { it.keep_versions(1).build() } else { it.build() })
    };
    let case = Case::new("LaunchTemplate.keep_versions", calls, kept);
    cases.push(case.required().shows(["default_version", "version_description", "versions"]));
}

fn template(cases: &mut Vec<Case>) {
    case!(cases, LaunchTemplate."version_description", VERSION, ["first", "second"], base!(), |b, v| b.version_description(v));
    case!(cases, LaunchTemplate."image", VERSION, [id::<ImageId>("ami-0a1b2c3d4e5f60718").into(), ImageSource::parameter("/images/web")], base!(), |b, v| b.image(v));
    case!(cases, LaunchTemplate."instance_type", VERSION, ["t2.micro", "t3.micro"], base!(), |b, v| b.instance_type(v));
    case!(cases, LaunchTemplate."key_name", VERSION, ["operators", "others"], |_: &mut Stack| LaunchTemplate::builder().name("template").ebs_optimized(true), |b, v| b.key_name(v));
    case!(cases, LaunchTemplate."instance_profile", VERSION, ["web", PROFILE], base!(), |b, v| b.instance_profile(v));
    case!(cases, LaunchTemplate."user_data", VERSION, ["#!/bin/sh", "#!/bin/bash"], base!(), |b, v| b.user_data(v));
    case!(cases, LaunchTemplate."security_groups", VERSION, [id::<SecurityGroupId>("sg-1"), id("sg-2")], base!(), |b, v| b.security_group(v));
    case!(cases, LaunchTemplate."security_group_names", VERSION, ["default", "web"], base!(), |b, v| b.security_group_named(v));
    case!(cases, LaunchTemplate."licenses", VERSION, [LICENSES[0], LICENSES[1]], base!(), |b, v| b.license(v));
    case!(
        cases,
        LaunchTemplate."launched_tags",
        VERSION,
        ["a", "b"],
        base!(),
        |b, v| b.tag_launched([InstanceTag::NetworkInterface, InstanceTag::SpotRequest], "team", v),
        shows(["launched_tags.network-interface.team", "launched_tags.spot-instances-request.team"])
    );
    plain!(cases, "detailed_monitoring", detailed_monitoring, [true, false]);
    plain!(cases, "ebs_optimized", ebs_optimized, [true, false]);
    plain!(cases, "cpu_credits", cpu_credits, [CpuCredits::Standard, CpuCredits::Unlimited]);
    plain!(cases, "auto_recovery", auto_recovery, [false, true]);
    plain!(cases, "bandwidth_weighting", bandwidth_weighting, [BandwidthWeighting::Network, BandwidthWeighting::Ebs]);
    plain!(cases, "hibernation", hibernation, [true, false]);
    plain!(cases, "enclaves", enclaves, [true, false]);
    plain!(cases, "shutdown_behavior", shutdown_behavior, [ShutdownBehavior::Terminate, ShutdownBehavior::Stop]);
    plain!(cases, "termination_protection", termination_protection, [true, false]);
    plain!(cases, "stop_protection", stop_protection, [true, false]);
    plain!(cases, "kernel", kernel, ["aki-1", "aki-2"]);
    plain!(cases, "ram_disk", ram_disk, ["ari-1", "ari-2"]);
}

fn options(cases: &mut Vec<Case>) {
    within!(cases, metadata: MetadataOptions {
        tokens_required: [true, false],
        hop_limit: [2, 3],
        enabled: [false, true],
        ipv6: [true, false],
        instance_tags: [true, false],
    });
    within!(cases, cpu: CpuOptions {
        cores: [2, 4],
        threads_per_core: [1, 2],
        amd_sev_snp: [true, false],
        nested_virtualization: [true, false],
    });
    within!(cases, placement: Placement {
        availability_zone: ["ap-northeast-2a", "ap-northeast-2c"],
        availability_zone_id: ["apne2-az1", "apne2-az3"],
        group_name: ["near", "far"],
        group_id: ["pg-1", "pg-2"],
        partition_number: [1, 2],
        tenancy: [Tenancy::Dedicated, Tenancy::Host],
        host_id: ["h-1", "h-2"],
        host_resource_group: [HOSTS[0], HOSTS[1]],
        affinity: [HostAffinity::Host, HostAffinity::Default],
        spread_domain: ["a", "b"],
    });
    within!(cases, private_dns_names: PrivateDnsNames {
        hostname_type: [HostnameType::ResourceName, HostnameType::IpName],
        resource_name_a_record: [true, false],
        resource_name_aaaa_record: [true, false],
    });
}

fn market(cases: &mut Vec<Case>) {
    case!(
        cases,
        LaunchTemplate."market",
        VERSION,
        [Market::spot(), Market::capacity_block()],
        base!(),
        |b, v| b.market(v),
        shows(["market.type"])
    );
    macro_rules! spot {
        ($($leaf:ident: [$first:expr, $second:expr],)+) => {$(
            cases.push(Case::new(concat!("LaunchTemplate.market.spot.", stringify!($leaf)), VERSION, |setting| {
                let it = LaunchTemplate::builder().name("template").key_name("operators");
                let options = SpotOptions::builder().request(SpotRequest::Persistent);
                let options = match setting.pick($first, $second) {
                    None => options.build(),
                    Some(value) => options.$leaf(value).build(),
                };
                stack(it.market(options).build())
            }));
        )+};
    }
    spot! {
        max_price: ["0.05", "0.06"],
        block_duration: [seconds(3600), seconds(7200)],
        valid_until: [Timestamp::from_unix(1_800_000_000), Timestamp::from_unix(1_800_003_600)],
        interruption: [InterruptionBehavior::Stop, InterruptionBehavior::Hibernate],
    }
    cases.push(Case::new("LaunchTemplate.market.spot.request", VERSION, |setting| {
        let it = LaunchTemplate::builder().name("template").key_name("operators");
        let options = SpotOptions::builder().interruption(InterruptionBehavior::Stop);
        let options = match setting.pick(SpotRequest::Persistent, SpotRequest::OneTime) {
            None => options.build(),
            Some(request) => options.request(request).build(),
        };
        stack(it.market(options).build())
    }));
    for (name, first, second, shown) in [
        (
            "LaunchTemplate.capacity_reservation.preference",
            CapacityReservation::None,
            CapacityReservation::Only,
            "capacity_reservation.preference",
        ),
        (
            "LaunchTemplate.capacity_reservation.id",
            CapacityReservation::Reservation("cr-1".to_owned()),
            CapacityReservation::Reservation("cr-2".to_owned()),
            "capacity_reservation.id",
        ),
        (
            "LaunchTemplate.capacity_reservation.resource_group",
            CapacityReservation::ResourceGroup(HOSTS[0].to_owned()),
            CapacityReservation::ResourceGroup(HOSTS[1].to_owned()),
            "capacity_reservation.resource_group",
        ),
    ] {
        let case = Case::new(name, VERSION, move |setting| {
            let it = LaunchTemplate::builder().name("template").key_name("operators");
            stack(match setting.pick(first.clone(), second.clone()) {
                None => it.build(),
                Some(reservation) => it.capacity_reservation(reservation).build(),
            })
        });
        cases.push(case.shows([shown]));
    }
}

fn block_devices(cases: &mut Vec<Case>) {
    first!(cases, "block_devices", block_device: BlockDevice, device("/dev/sdb") {
        "size", size: [20, 30],
        "volume_type", volume_type: [VolumeType::Gp3, VolumeType::St1],
        "iops", iops: [4000, 5000],
        "throughput", throughput: [250, 500],
        "encrypted", encrypted: [true, false],
        "kms_key", kms_key: ["alias/one", "alias/two"],
        "snapshot", snapshot: ["snap-1", "snap-2"],
        "delete_on_termination", delete_on_termination: [false, true],
        "initialization_rate", initialization_rate: [100, 300],
        "ebs_card", ebs_card: [1, 2],
    });
    fn device(name: &'static str, declare: fn(Setting) -> BlockDevice) -> Case {
        Case::new(name, VERSION, move |setting| {
            stack(
                LaunchTemplate::builder().name("template").key_name("operators").block_device(declare(setting)).build(),
            )
        })
    }
    let case = device("LaunchTemplate.block_devices.device", |setting| {
        BlockDevice::builder().device(if setting == Setting::Second { "/dev/sdc" } else { "/dev/sdb" }).build()
    });
    cases.push(case.required().shows(["block_devices[0].device"]));
    let case = device("LaunchTemplate.block_devices.virtual_name", |setting| match setting.pick(0, 1) {
        None => BlockDevice::builder().device("/dev/sdb").build(),
        Some(number) => BlockDevice::instance_store("/dev/sdb", number),
    });
    cases.push(case.shows(["block_devices[0].virtual_name"]));
    let case = device("LaunchTemplate.block_devices.no_device", |setting| match setting {
        Setting::First => BlockDevice::omitted("/dev/sdb"),
        Setting::Unset | Setting::Second => BlockDevice::builder().device("/dev/sdb").build(),
    });
    cases.push(case.shows(["block_devices[0].no_device"]).second_is_default());
}

fn network_interfaces(cases: &mut Vec<Case>) {
    let tracking = ConnectionTracking::builder;
    first!(cases, "network_interfaces", network_interface: NetworkInterface, device_index(0) {
        "network_card", network_card: [1, 2],
        "interface_type", interface_type: [InterfaceType::Efa, InterfaceType::Interface],
        "subnet", subnet: [id::<SubnetId>("subnet-1"), id("subnet-2")],
        "security_groups", security_group: [id::<SecurityGroupId>("sg-1"), id("sg-2")],
        "network_interface_id", network_interface_id: ["eni-1", "eni-2"],
        "description", description: ["web", "data"],
        "delete_on_termination", delete_on_termination: [false, true],
        "public_ip", public_ip: [true, false],
        "carrier_ip", carrier_ip: [true, false],
        "private_ip_address", private_ip_address: [ADDRESS, OTHER_ADDRESS],
        "secondary_private_ip_addresses", secondary_private_ip_addresses: [1, 2],
        "ipv6_addresses", ipv6_addresses: [[V6], [OTHER_V6]],
        "ipv6_address_count", ipv6_address_count: [1, 2],
        "primary_ipv6", primary_ipv6: [true, false],
        "ipv4_prefixes", ipv4_prefixes: [["10.0.2.16/28"], ["10.0.2.32/28"]],
        "ipv4_prefix_count", ipv4_prefix_count: [1, 2],
        "ipv6_prefixes", ipv6_prefixes: [["2001:db8:0:0:1::/80"], ["2001:db8:0:0:2::/80"]],
        "ipv6_prefix_count", ipv6_prefix_count: [1, 2],
        "ena_express", ena_express: [true, false],
        "ena_queues", ena_queues: [2, 4],
    });
    first!(cases, "network_interfaces", network_interface: NetworkInterface, description("web") {
        "device_index", device_index: [0, 1],
    });
    first!(cases, "network_interfaces", network_interface: NetworkInterface, ena_express(true) {
        "ena_express_udp", ena_express_udp: [true, false],
    });
    macro_rules! nested {
        ($leaf:literal, $set:ident: [$first:expr, $second:expr], $($shown:literal),+) => {
            cases.push(Case::new(concat!("LaunchTemplate.network_interfaces.", $leaf), VERSION, move |setting| {
                let interface = NetworkInterface::builder().device_index(0);
                let interface = match setting.pick($first, $second) {
                    None => interface.build(),
                    Some(value) => interface.$set(value).build(),
                };
                stack(LaunchTemplate::builder().name("template").network_interface(interface).build())
            }).shows([$(concat!("network_interfaces[0].", $shown)),+]));
        };
    }
    nested!(
        "private_ip_addresses",
        private_ip_addresses: [
            vec![PrivateIpAddress::primary(ADDRESS)],
            vec![PrivateIpAddress::primary(ADDRESS), PrivateIpAddress::secondary(OTHER_ADDRESS)]
        ],
        "private_ip_addresses"
    );
    nested!(
        "connection_tracking.tcp_established",
        connection_tracking: [
            tracking().tcp_established(seconds(60)).build(),
            tracking().tcp_established(seconds(90)).build()
        ],
        "connection_tracking.tcp_established"
    );
    nested!(
        "connection_tracking.udp_stream",
        connection_tracking: [tracking().udp_stream(seconds(60)).build(), tracking().udp_stream(seconds(90)).build()],
        "connection_tracking.udp_stream"
    );
    nested!(
        "connection_tracking.udp",
        connection_tracking: [tracking().udp(seconds(40)).build(), tracking().udp(seconds(50)).build()],
        "connection_tracking.udp"
    );
}

fn secondary_interfaces(cases: &mut Vec<Case>) {
    first!(cases, "secondary_interfaces", secondary_interface: SecondaryInterface, subnet("ss-1") {
        "device_index", device_index: [1, 2],
        "network_card", network_card: [1, 2],
        "private_ip_addresses", private_ip_addresses: [[ADDRESS], [OTHER_ADDRESS]],
        "private_ip_address_count", private_ip_address_count: [1, 2],
    });
    let declared = |setting: Setting| {
        let interface = SecondaryInterface::builder().subnet("ss-1");
        let interface = match setting {
            Setting::First => interface.delete_on_termination(true).build(),
            Setting::Second | Setting::Unset => interface.build(),
        };
        stack(LaunchTemplate::builder().name("template").secondary_interface(interface).build())
    };
    let case = Case::new("LaunchTemplate.secondary_interfaces.delete_on_termination", VERSION, declared);
    cases.push(case.shows(["secondary_interfaces[0].delete_on_termination"]).second_is_default());
    let declared = |setting: Setting| {
        let subnet = if setting == Setting::Second { "ss-2" } else { "ss-1" };
        let interface = SecondaryInterface::builder().subnet(subnet).build();
        stack(LaunchTemplate::builder().name("template").secondary_interface(interface).build())
    };
    let case = Case::new("LaunchTemplate.secondary_interfaces.subnet", VERSION, declared);
    cases.push(case.shows(["secondary_interfaces[0].subnet"]).required());
}

fn requirements(cases: &mut Vec<Case>) {
    requirement!(cases {
        memory_gib_per_vcpu: [1.0..=4.0, 2.0..=8.0] ["min", "max"],
        cpu_manufacturers: [[CpuManufacturer::Amd], [CpuManufacturer::Intel]],
        allowed_types: [["m5.*"], ["m6i.*"]],
        excluded_types: [["t*"], ["m4.*"]],
        generations: [[InstanceGeneration::Current], [InstanceGeneration::Previous]],
        spot_price_over_lowest: [50, 60],
        spot_price_of_on_demand: [50, 60],
        on_demand_price_over_lowest: [30, 40],
        bare_metal: [Inclusion::Included, Inclusion::Required],
        burstable: [Inclusion::Included, Inclusion::Required],
        hibernation: [true, false],
        network_interfaces: [1..=2, 2..=4] ["min", "max"],
        network_gbps: [1.5..=10.0, 2.5..=20.0] ["min", "max"],
        encryption_in_transit: [true, false],
        ebs_mbps: [500..=1000, 600..=2000] ["min", "max"],
        local_storage: [Inclusion::Excluded, Inclusion::Required],
        local_storage_types: [[LocalStorageType::Ssd], [LocalStorageType::Hdd]],
        local_storage_gb: [10.0..=100.0, 20.0..=200.0] ["min", "max"],
        accelerators: [1..=2, 2..=4] ["min", "max"],
        accelerator_types: [[AcceleratorType::Gpu], [AcceleratorType::Inference]],
        accelerator_manufacturers: [[AcceleratorManufacturer::Nvidia], [AcceleratorManufacturer::Amd]],
        accelerator_names: [[AcceleratorName::T4], [AcceleratorName::A10g]],
        accelerator_memory_mib: [1024..=4096, 2048..=8192] ["min", "max"],
        cpu_baseline: ["c6i", "m6i"],
    });
    let required = |vcpus: [Bounds<u32>; 2], memory: [Bounds<u32>; 2]| {
        move |setting: Setting| {
            let at = usize::from(setting == Setting::Second);
            let requirements = InstanceRequirements::builder().vcpus(vcpus[at]).memory_mib(memory[at]);
            stack(LaunchTemplate::builder().name("template").instance_type(requirements.build()).build())
        }
    };
    let (any, some, more) = (Bounds::from(1024..), Bounds::from(2..=4), Bounds::from(4..=8));
    let declared = required([some, more], [any, any]);
    let case = Case::new("LaunchTemplate.instance_requirements.vcpus", VERSION, declared).required();
    cases.push(case.shows(["instance_requirements.vcpus.min", "instance_requirements.vcpus.max"]));
    let declared = required([any, any], [some, more]);
    let case = Case::new("LaunchTemplate.instance_requirements.memory_mib", VERSION, declared).required();
    cases.push(case.shows(["instance_requirements.memory_mib.min", "instance_requirements.memory_mib.max"]));
}
