//! Launch templates that nothing launches: whatever a template can say.

use purlin::*;

use super::tape::{NAME, TAG, Tape, some};

const ANY: &str = "abcXYZ019 -_.,:;/!?\"'äß";

/// The options of the builder, whatever is launched; a macro, for the builder has many types.
macro_rules! options {
    ($tape:expr, $template:expr) => {{
        let tape = $tape;
        some!(tape, $template;
            version_description(tape.text(ANY, 0..=255));
            user_data(tape.text("abc", 0..=16384));
            metadata(metadata(tape));
            detailed_monitoring(tape.chance());
            ebs_optimized(tape.chance());
            placement(placement(tape));
            private_dns_names(some!(tape, PrivateDnsNames::builder();
                hostname_type(tape.pick(&[HostnameType::IpName, HostnameType::ResourceName]));
                resource_name_a_record(tape.chance());
                resource_name_aaaa_record(tape.chance());
            ));
            auto_recovery(tape.chance());
            hibernation(tape.chance());
            shutdown_behavior(tape.pick(&[ShutdownBehavior::Stop, ShutdownBehavior::Terminate]));
            termination_protection(tape.chance());
            stop_protection(tape.chance());
            instance_profile("arn:aws:iam::123456789012:instance-profile/web");
        )
    }};
}

pub(super) fn declare(tape: &Tape, groups: &[Ref<SecurityGroup>], stack: &mut Stack) {
    for index in 0..tape.up_to(2) {
        let mut template = LaunchTemplate::builder()
            .name(tape.unique(index, "abcXYZ019()-./_", 3..=128))
            .key_name(tape.text(NAME, 1..=255));
        for device in 0..tape.up_to(4) {
            template = template.block_device(block_device(tape, device));
        }
        match tape.up_to(2) {
            0 => {}
            1 => template = groups.iter().fold(template, |template, group| template.security_group(*group)),
            _ => {
                for device in 0..tape.within(1..=3_u32) {
                    template = template.network_interface(interface(tape, device, groups));
                }
            }
        }
        for tag in 0..tape.up_to(2) {
            let on = [InstanceTag::Instance, InstanceTag::Volume, InstanceTag::NetworkInterface];
            template = template.tag_launched(on, tape.unique(tag, TAG, 1..=128), tape.text(TAG, 0..=256));
            template = template.tag(tape.unique(tag, TAG, 1..=128), tape.text(TAG, 0..=256));
        }
        let template = match tape.up_to(2) {
            0 => options!(tape, template.instance_type(requirements(tape))),
            1 => options!(tape, template.instance_type(tape.pick(&["t2.micro", "m5.large", "c7g.xlarge"]))),
            _ => some!(tape, template;
                market(market(tape));
                capacity_reservation(reservation(tape));
                kernel("aki-1a2b3c4d");
                ram_disk("ari-1a2b3c4d");
                enclaves(true);
                bandwidth_weighting(tape.pick(&[BandwidthWeighting::Default, BandwidthWeighting::Network, BandwidthWeighting::Ebs]));
                default_version(DefaultVersion::Latest);
                keep_versions(tape.within(1..=10_000));
            ),
        };
        stack.add(format!("template-{index}"), template);
    }
}

fn reservation(tape: &Tape) -> CapacityReservation {
    match tape.up_to(2) {
        0 => CapacityReservation::Open,
        1 => CapacityReservation::None,
        _ => CapacityReservation::Reservation("cr-0a1b2c3d4e5f60718".to_owned()),
    }
}

pub(super) fn metadata(tape: &Tape) -> MetadataOptions {
    some!(tape, MetadataOptions::builder();
        tokens_required(tape.chance());
        hop_limit(tape.within(1..=64));
        enabled(tape.chance());
        ipv6(tape.chance());
        instance_tags(tape.chance());
    )
}

fn placement(tape: &Tape) -> Placement {
    if tape.chance() {
        return some!(tape, Placement::builder();
            tenancy(Tenancy::Host);
            affinity(tape.pick(&[HostAffinity::Default, HostAffinity::Host]));
            host_id("h-0a1b2c3d4e5f60718");
        );
    }
    some!(tape, Placement::builder();
        group_name(tape.text(NAME, 1..=255));
        partition_number(tape.within(1..=7_u32));
        tenancy(tape.pick(&[Tenancy::Default, Tenancy::Dedicated]));
        availability_zone("ap-northeast-2a");
    )
}

fn market(tape: &Tape) -> Market {
    match tape.up_to(3) {
        0 => Market::on_demand(),
        1 => Market::capacity_block(),
        2 => Market::interruptible_capacity_reservation(),
        _ => some!(tape, SpotOptions::builder().request(SpotRequest::Persistent);
            valid_until("2027-01-31T00:00:00Z".parse().expect("a time"));
            interruption(tape.pick(&[InterruptionBehavior::Hibernate, InterruptionBehavior::Stop]));
            max_price("0.05");
            block_duration(super::seconds(tape.within(1..=6_u32) as u64 * 3600));
        )
        .into(),
    }
}

pub(super) fn block_device(tape: &Tape, index: usize) -> BlockDevice {
    let device = format!("/dev/sd{}", ["b", "c", "d", "e", "f"][index % 5]);
    let base = || BlockDevice::builder().device(device.clone());
    match tape.up_to(8) {
        0 => BlockDevice::instance_store(device.clone(), tape.within(0..=23)),
        1 => BlockDevice::omitted(device.clone()),
        2 => {
            let size = tape.within(160..=65536_i32);
            let throughput = tape.within(125..=750_i32);
            some!(tape, base().volume_type(VolumeType::Gp3).size(size);
                iops(tape.within((throughput * 4).max(3000)..=80_000));
                throughput(throughput);
                encrypted(tape.chance());
                delete_on_termination(tape.chance());
            )
        }
        3 => base().volume_type(VolumeType::Gp2).size(tape.within(1..=16384)).build(),
        4 => {
            let size = tape.within(4..=65536_i32);
            base().volume_type(VolumeType::Io2).size(size).iops(tape.within(100..=(size * 1000).min(256_000))).build()
        }
        5 => {
            let size = tape.within(4..=16384_i32);
            base().volume_type(VolumeType::Io1).size(size).iops(tape.within(100..=(size * 50).min(64_000))).build()
        }
        6 => {
            let kind = tape.pick(&[VolumeType::St1, VolumeType::Sc1]);
            base().volume_type(kind).size(tape.within(125..=16384)).build()
        }
        7 => base().volume_type(VolumeType::Standard).size(tape.within(1..=1024)).build(),
        _ => some!(tape, base().snapshot("snap-0a1b2c3d4e5f60718");
            size(tape.within(1..=16384));
            initialization_rate(tape.within(100..=300));
            delete_on_termination(tape.chance());
        ),
    }
}

fn interface(tape: &Tape, device: u32, groups: &[Ref<SecurityGroup>]) -> NetworkInterface {
    let mut base = NetworkInterface::builder().device_index(device);
    if !groups.is_empty() && tape.chance() {
        base = base.security_group(tape.pick(groups));
    }
    some!(tape, base.ena_express(true);
        description(tape.text("abcXYZ019 ", 0..=255));
        delete_on_termination(tape.chance());
        secondary_private_ip_addresses(tape.within(0..=10));
        ena_express_udp(tape.chance());
        connection_tracking(some!(tape, ConnectionTracking::builder();
            tcp_established(tape.seconds(60..=432_000));
            udp_stream(tape.seconds(60..=180));
            udp(tape.seconds(30..=60));
        ));
    )
}

fn bounds(tape: &Tape, most: u32) -> Bounds<u32> {
    let least = tape.within(0..=most);
    match tape.up_to(2) {
        0 => (least..=tape.within(least..=most)).into(),
        1 => (least..).into(),
        _ => (..=tape.within(1..=most)).into(),
    }
}

pub(super) fn requirements(tape: &Tape) -> InstanceRequirements {
    let base = InstanceRequirements::builder().vcpus(bounds(tape, 128)).memory_mib(bounds(tape, 1_000_000));
    if tape.chance() {
        return some!(tape, base;
            allowed_types(["t2.micro", "m5.*"]);
            burstable(Inclusion::Included);
            spot_price_of_on_demand(tape.within(0..=999_999));
            accelerators(..=0);
        );
    }
    some!(tape, base;
        excluded_types((0..tape.within(1..=400_u32)).map(|n| format!("a{n}.*")).collect::<Vec<_>>());
        spot_price_over_lowest(tape.within(0..=999_999));
        on_demand_price_over_lowest(tape.within(0..=999_999));
        bare_metal(tape.pick(&[Inclusion::Included, Inclusion::Required, Inclusion::Excluded]));
        burstable(tape.pick(&[Inclusion::Included, Inclusion::Required, Inclusion::Excluded]));
        generations([InstanceGeneration::Current, InstanceGeneration::Previous]);
        cpu_manufacturers([CpuManufacturer::Intel, CpuManufacturer::Amd]);
        network_interfaces(bounds(tape, 10));
        network_gbps(0.5..=25.0);
        ebs_mbps(bounds(tape, 10_000));
        local_storage(tape.pick(&[Inclusion::Included, Inclusion::Required]));
        local_storage_types([LocalStorageType::Ssd]);
        memory_gib_per_vcpu(0.5..);
        hibernation(tape.chance());
    )
}
