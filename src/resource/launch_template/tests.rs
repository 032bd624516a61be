//! What is wrong with templates.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::*;
use crate::resource::{Bounds, InstanceRequirements};
use crate::{Plan, Stack};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 5);

/// The rules that a template breaks, and where.
fn problems(template: LaunchTemplate) -> Vec<(&'static str, String)> {
    let mut stack = Stack::new("web");
    stack.add("web", template);
    let error = Plan::preview(&stack).expect_err("it is wrong");
    error.problems().iter().map(|problem| (problem.id, problem.path.clone())).collect()
}

#[track_caller]
fn breaks(template: LaunchTemplate, id: &str, path: &str) {
    let found = problems(template);
    assert_eq!(found, [(id, path.to_owned())]);
}

macro_rules! template {
    ($($set:ident($($value:expr),*)),*) => {
        LaunchTemplate::builder().name("Web").image(image())$(.$set($($value),*))*.build()
    };
}

fn image() -> crate::ImageId {
    "ami-0a1b2c3d4e5f60718".parse().expect("an id")
}

fn group() -> SecurityGroupId {
    "sg-0a1b2c3d".parse().expect("an id")
}

fn volume() -> BlockDevice {
    BlockDevice::builder().device("/dev/sdb").size(100).volume_type(VolumeType::Gp3).build()
}

#[test]
fn volumes_are_checked() {
    let breaks = |volume: BlockDevice, id: &str, name: &str| {
        breaks(template!(block_device(volume)), id, &format!("block_devices[0].{name}"));
    };
    breaks(BlockDevice { size: Some(0), ..volume() }, "V140", "size");
    breaks(BlockDevice { iops: Some(2000), ..volume() }, "V141", "iops");
    breaks(BlockDevice { throughput: Some(100), ..volume() }, "V142", "throughput");
    breaks(BlockDevice { initialization_rate: Some(50), ..volume() }, "V144", "initialization_rate");
    let from_snapshot = BlockDevice { snapshot: Some("snap-1".to_owned()), ..volume() };
    breaks(BlockDevice { encrypted: Some(true), ..from_snapshot }, "V145", "encrypted");
    // 500 I/O operations for each GiB, but 3000 in any case; a MiB for four of them.
    breaks(BlockDevice { size: Some(7), iops: Some(3501), ..volume() }, "V143", "iops");
    breaks(BlockDevice { throughput: Some(751), ..volume() }, "V143", "throughput");
    let provisioned = BlockDevice { volume_type: Some(VolumeType::Io1), ..volume() };
    breaks(BlockDevice { iops: Some(5001), ..provisioned.clone() }, "V143", "iops");
    breaks(provisioned, "V139", "iops");
    let magnetic = BlockDevice { volume_type: Some(VolumeType::St1), size: Some(125), ..volume() };
    breaks(BlockDevice { throughput: Some(125), ..magnetic.clone() }, "V142", "throughput");
    breaks(BlockDevice { iops: Some(3000), ..magnetic }, "V139", "iops");
    let fine = BlockDevice { size: Some(1), iops: Some(3000), throughput: Some(750), ..volume() };
    let mut stack = Stack::new("web");
    stack.add("web", template!(block_device(fine), block_device(BlockDevice::omitted("/dev/sdc"))));
    assert!(Plan::preview(&stack).is_ok());
}

#[test]
fn options_that_exclude_each_other_are_told() {
    let interface = || NetworkInterface::builder().device_index(0);
    let with = |interface: NetworkInterface| template!(network_interface(interface));
    breaks(template!(hibernation(true), enclaves(true)), "D45", "enclaves");
    breaks(template!(security_group(group()), security_group_named("web")), "V131", "security_group_names");
    breaks(template!(security_group(group()), network_interface(interface().build())), "V132", "security_groups");
    let both = interface().ipv6_address_count(1).ipv6_addresses([std::net::Ipv6Addr::LOCALHOST]).build();
    breaks(with(both), "D43", "network_interfaces[0].ipv6_address_count");
    let two =
        interface().private_ip_addresses([PrivateIpAddress::primary(ADDRESS), PrivateIpAddress::primary(ADDRESS)]);
    breaks(with(two.build()), "D43", "network_interfaces[0].private_ip_addresses");
    let udp = interface().ena_express_udp(true).build();
    breaks(with(udp), "D43", "network_interfaces[0].ena_express_udp");
    let efa = interface().interface_type(InterfaceType::EfaOnly).public_ip(true).build();
    breaks(with(efa), "D43", "network_interfaces[0].interface_type");
    let tracking = ConnectionTracking::builder().udp(Duration::from_secs(29)).build();
    breaks(
        with(interface().connection_tracking(tracking).build()),
        "D43",
        "network_interfaces[0].connection_tracking.udp",
    );
    let secondary = SecondaryInterface::builder().subnet("ss-1").delete_on_termination(false).build();
    breaks(template!(secondary_interface(secondary)), "D43", "secondary_interfaces[0].delete_on_termination");
    let hosts = Placement::builder().host_id("h-1").host_resource_group("arn").build();
    breaks(template!(placement(hosts)), "V147", "placement.host_resource_group");
    let shared = Placement::builder().tenancy(Tenancy::Dedicated).host_resource_group("arn").build();
    breaks(template!(placement(shared)), "D41", "placement.tenancy");
    let zones = Placement::builder().availability_zone("a").availability_zone_id("1").build();
    breaks(template!(placement(zones)), "D41", "placement.availability_zone_id");
    breaks(template!(placement(Placement::builder().partition_number(8).build())), "D41", "placement.partition_number");
}

#[test]
fn spot_options_are_checked() {
    let spot = || SpotOptions::builder().request(SpotRequest::Persistent);
    let with = |options: SpotOptions| template!(market(options));
    breaks(with(spot().max_price("0.001").build()), "D40", "market.spot.max_price");
    breaks(with(spot().max_price("cheap").build()), "D40", "market.spot.max_price");
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    breaks(with(spot().block_duration(minutes(90)).build()), "V138", "market.spot.block_duration");
    breaks(with(spot().block_duration(minutes(420)).build()), "V138", "market.spot.block_duration");
    let once = SpotOptions::builder().valid_until(crate::Timestamp::from_unix(1_800_000_000)).build();
    breaks(with(once), "D40", "market.spot.valid_until");
}

#[test]
fn requirements_are_checked() {
    let needs = || InstanceRequirements::builder().memory_mib(..=8192);
    let with = |requirements: InstanceRequirements| template!(instance_type(requirements));
    breaks(with(needs().vcpus(Bounds { min: Some(4), max: Some(2) }).build()), "V130", "instance_requirements.vcpus");
    let both = needs().vcpus(1..).allowed_types(["m5.*"]).excluded_types(["t*"]).build();
    breaks(with(both), "V129", "instance_requirements.excluded_types");
    let many = needs().vcpus(1..).excluded_types((0..401).map(|number| format!("m{number}.*"))).build();
    breaks(with(many), "V129", "instance_requirements.excluded_types");
    let odd = needs().vcpus(1..).allowed_types(["m5 large"]).build();
    breaks(with(odd), "V129", "instance_requirements.allowed_types[0]");
    let prices = needs().vcpus(1..).spot_price_over_lowest(50).spot_price_of_on_demand(50).build();
    breaks(with(prices), "D44", "instance_requirements.spot_price_over_lowest");
}

#[test]
fn versions_are_checked() {
    breaks(template!(keep_versions(0)), "P42", "keep_versions");
    breaks(template!(default_version(DefaultVersion::Number(0))), "P42", "default_version");
}

/// What the console's guidance says: one template makes many instances.
#[test]
fn templates_for_auto_scaling_are_checked() {
    let nothing = LaunchTemplate::builder().name("Web").key_name("operators").auto_scaling_guidance(true).build();
    let found: Vec<_> = problems(nothing).into_iter().map(|(id, path)| format!("{id} {path}")).collect();
    assert_eq!(found, ["V149 image", "V149 instance_type"]);
    let guided = |interface: NetworkInterface| {
        template!(instance_type("t2.micro"), auto_scaling_guidance(true), network_interface(interface))
    };
    let interface = || NetworkInterface::builder().device_index(0);
    for (interface, name) in [
        (interface().network_interface_id("eni-1").build(), "network_interface_id"),
        (interface().subnet("subnet-1".parse::<crate::SubnetId>().expect("an id")).build(), "subnet"),
        (interface().private_ip_address(ADDRESS).build(), "private_ip_address"),
        (interface().ipv4_prefixes(["10.0.0.16/28"]).build(), "ipv4_prefixes"),
    ] {
        breaks(guided(interface), "V150", &format!("network_interfaces[0].{name}"));
    }
    let requirements = InstanceRequirements::builder().vcpus(1..).memory_mib(1..).build();
    let mut stack = Stack::new("web");
    stack.add("web", template!(instance_type(requirements), auto_scaling_guidance(true)));
    assert!(Plan::preview(&stack).is_ok());
}

#[test]
fn user_data_is_compared_by_its_bytes_and_not_shown() {
    let (one, other) = (UserData::from(vec![0xff, 1]), UserData::from(vec![0xfe, 1]));
    assert_ne!(Value::of(&one), Value::of(&other));
    assert_eq!(format!("{one:?}"), "UserData(2 bytes)");
}

/// Numbers of versions: which go, once there is a new one or not.
#[test]
fn the_latest_versions_are_kept() {
    let observed = |default: u32, in_use: &[u32]| LaunchTemplate {
        default_version: Some(DefaultVersion::Number(default)),
        versions: Versions { latest: 7, all: vec![1, 3, 4, 6, 7], in_use: in_use.to_vec() },
        ..template!()
    };
    let obsolete = |keep: u32, default: Option<DefaultVersion>, observed: &LaunchTemplate, new: bool| {
        let declared = LaunchTemplate { default_version: default, ..template!(keep_versions(keep)) };
        declared.obsolete(observed, new)
    };
    let latest = Some(DefaultVersion::Latest);
    assert_eq!(obsolete(2, latest, &observed(7, &[]), false), [1, 3, 4]);
    assert_eq!(obsolete(2, latest, &observed(7, &[]), true), [1, 3, 4, 6]);
    assert_eq!(obsolete(1, latest, &observed(7, &[]), false), [1, 3, 4, 6]);
    assert_eq!(obsolete(1, latest, &observed(7, &[]), true), [1, 3, 4, 6, 7]);
    assert_eq!(obsolete(9, latest, &observed(7, &[]), true), [0; 0]);
    assert_eq!(obsolete(1, None, &observed(3, &[]), true), [1, 4, 6, 7]);
    assert_eq!(obsolete(1, Some(DefaultVersion::Number(4)), &observed(3, &[]), true), [1, 3, 6, 7]);
    assert_eq!(obsolete(1, latest, &observed(7, &[3, 6]), true), [1, 4, 7]);
    assert_eq!(template!().obsolete(&observed(7, &[]), true), [0; 0]);
}
