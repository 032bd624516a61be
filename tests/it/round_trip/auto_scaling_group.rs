//! Auto Scaling groups. Their sizes begin at zero, so that little has to boot.

use std::time::Duration;

use purlin::sim::SimAws;
use purlin::*;

use super::case::Change::{InPlace, Replace};
use super::case::{Case, Change, Seen, Setting, case};
use crate::support::{hurry, network};

const UPDATE: Change = InPlace(&["UpdateAutoScalingGroup"]);
const POOL: Change = InPlace(&["PutWarmPool", "DeleteWarmPool"]);
const HOOKS: Change = InPlace(&["PutLifecycleHook", "DeleteLifecycleHook"]);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn template(stack: &mut Stack, name: &'static str) -> Ref<LaunchTemplate> {
    let image = stack.add(name, Image::named("Web Server v1"));
    stack.add(name, LaunchTemplate::builder().name(name).image(image).instance_type("t2.micro").build())
}

fn subnets(stack: &mut Stack) -> Ref<Subnets> {
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc))
}

/// A group around a template.
macro_rules! graceless {
    () => {
        |stack: &mut Stack| {
            let (template, subnets) = (template(stack, "web"), subnets(stack));
            AutoScalingGroup::builder().name("it").launch_template(template).subnets(subnets).sizes(0..=4)
        }
    };
}

/// The same with a grace period: moto has another default for it.
macro_rules! plain {
    () => {
        |stack: &mut Stack| graceless!()(stack).health_check_grace_period(seconds(60))
    };
}

/// The same without what it launches, and with a template to launch from.
macro_rules! bare {
    () => {
        |stack: &mut Stack| {
            let (first, second, subnets) = (template(stack, "web"), template(stack, "other"), subnets(stack));
            (
                first,
                second,
                AutoScalingGroup::builder()
                    .name("it")
                    .subnets(subnets)
                    .sizes(0..=4)
                    .health_check_grace_period(seconds(60)),
            )
        }
    };
}

fn types(template: Ref<LaunchTemplate>) -> impl Fn(LaunchOverride) -> MixedInstances {
    move |item| MixedInstances::builder().template(template).launch_override(item).build()
}

/// A case of the first override, or of the distribution beside it: `$made` makes the group's mixed
/// instances of a template, another one, and the value.
fn mixed(
    name: &'static str,
    shows: &[&'static str],
    made: impl Fn(&mut Stack, Ref<LaunchTemplate>, Ref<LaunchTemplate>, Setting) -> MixedInstances + 'static,
) -> Case {
    let case = Case::new(name, UPDATE, move |setting| {
        let mut stack = Stack::new("round-trip");
        let (first, second, group) = bare!()(&mut stack);
        let mixed = made(&mut stack, first, second, setting);
        stack.add("it", group.launch_template(mixed).build());
        stack
    });
    if shows.is_empty() { case } else { case.shows(shows.to_vec()) }
}

macro_rules! distribution {
    ($cases:ident, $path:literal, [$first:expr, $second:expr], |$b:ident, $v:ident| $with:expr $(, $more:ident)?) => {
        $cases.push(
            mixed(concat!("AutoScalingGroup.mixed_instances.distribution.", $path), &[], |_, template, _, setting| {
                let mixed = MixedInstances::builder()
                    .template(template)
                    .launch_override(LaunchOverride::instance_type("t2.micro"));
                let $b = InstancesDistribution::builder();
                match setting.pick($first, $second) {
                    None => mixed.distribution($b.build()).build(),
                    Some($v) => mixed.distribution($with.build()).build(),
                }
            })$(.$more())?,
        )
    };
}

macro_rules! requirements {
    ($cases:ident, $path:literal, [$($shows:literal),*], [$first:expr, $second:expr], |$b:ident, $v:ident| $with:expr $(, $more:ident)?) => {
        $cases.push(
            mixed(
                concat!("AutoScalingGroup.mixed_instances.overrides.requirements.", $path),
                &[$(concat!("mixed_instances.overrides[0].requirements.", $shows)),*],
                |_, template, _, setting| {
                    let $b = InstanceRequirements::builder().vcpus(1..).memory_mib(512..);
                    types(template)(LaunchOverride::requirements(match setting.pick($first, $second) {
                        None => $b.build(),
                        Some($v) => $with.build(),
                    }))
                },
            )$(.$more())?,
        )
    };
}

fn launch(cases: &mut Vec<Case>) {
    cases.push(
        Case::new("AutoScalingGroup.launch_template.id", UPDATE, |setting| {
            let mut stack = Stack::new("round-trip");
            let (first, second, group) = bare!()(&mut stack);
            stack.add("it", group.launch_template(setting.pick(first, second).unwrap_or(first)).build());
            stack
        })
        .required(),
    );
    cases.push(
        Case::new("AutoScalingGroup.launch_template.version", UPDATE, |setting| {
            let mut stack = Stack::new("round-trip");
            let (first, _, group) = bare!()(&mut stack);
            let version = setting.pick("1", "$Latest").unwrap_or("1");
            stack.add("it", group.launch_template(TemplateVersion::new(first, version)).build());
            stack
        })
        .required(),
    );
    cases.push(
        mixed(
            "AutoScalingGroup.mixed_instances.template",
            &["mixed_instances.template.version"],
            |_, template, _, setting| {
                let version = TemplateVersion::new(template, setting.pick("1", "$Latest").unwrap_or("1"));
                MixedInstances::builder().template(version).build()
            },
        )
        .required(),
    );
    cases.push(
        mixed(
            "AutoScalingGroup.mixed_instances.overrides.instance_type",
            &["mixed_instances.overrides[0].instance_type"],
            |_, template, _, setting| {
                let name = setting.pick("t3.micro", "t3.small").unwrap_or_default();
                types(template)(LaunchOverride::instance_type(name))
            },
        )
        .required(),
    );
    cases.push(mixed(
        "AutoScalingGroup.mixed_instances.overrides.weight",
        &["mixed_instances.overrides[0].weight"],
        |_, template, _, setting| {
            let item = LaunchOverride::instance_type("t2.micro");
            types(template)(match setting.pick(2, 3) {
                None => item,
                Some(weight) => item.weight(weight),
            })
        },
    ));
    cases.push(mixed(
        "AutoScalingGroup.mixed_instances.overrides.template",
        &["mixed_instances.overrides[0].template.id", "mixed_instances.overrides[0].template.version"],
        |stack, first, other, setting| {
            let third = template(stack, "third");
            let item = LaunchOverride::instance_type("t2.micro");
            types(first)(match setting.pick((other, "1"), (third, "$Latest")) {
                None => item,
                Some((template, version)) => item.template(TemplateVersion::new(template, version)),
            })
        },
    ));
    cases.push(
        mixed(
            "AutoScalingGroup.mixed_instances.overrides.image",
            &["mixed_instances.overrides[0].image"],
            |stack, template, _, setting| {
                let images = [2, 3].map(|v| stack.add(format!("v{v}"), Image::named(format!("Web Server v{v}"))));
                let item = LaunchOverride::instance_type("t2.micro");
                types(template)(match setting.pick(images[0], images[1]) {
                    None => item,
                    Some(image) => item.image(image),
                })
            },
        )
        .given(|sim| {
            sim.add_image("Web Server v2");
            sim.add_image("Web Server v3");
        }),
    );
}

fn distributions(cases: &mut Vec<Case>) {
    use OnDemandAllocation::*;
    distribution!(
        cases,
        "on_demand_allocation",
        [LowestPrice, Prioritized],
        |b, v| b.on_demand_allocation(v),
        second_is_default
    );
    distribution!(cases, "on_demand_base", [1, 2], |b, v| b.on_demand_base(v));
    distribution!(cases, "on_demand_percentage", [50, 60], |b, v| b.on_demand_percentage(v));
    distribution!(
        cases,
        "spot_allocation",
        [SpotAllocation::CapacityOptimized, SpotAllocation::PriceCapacityOptimized],
        |b, v| b.spot_allocation(v)
    );
    distribution!(cases, "spot_pools", [3, 4], |b, v| b.spot_pools(v));
    distribution!(cases, "spot_max_price", ["0.1", "0.2"], |b, v| b.spot_max_price(v));
    distribution!(
        cases,
        "segments",
        [CapacityType::CapacityBlock, CapacityType::OnDemandCapacityReservation],
        |b, v| b.segment([v, CapacityType::OnDemand])
    );
}

fn requirements(cases: &mut Vec<Case>) {
    requirements!(
        cases,
        "vcpus",
        ["vcpus.max"],
        [1..=4, 1..=8],
        |b, v| {
            let _ = &b;
            InstanceRequirements::builder().vcpus(v).memory_mib(512..)
        },
        required
    );
    requirements!(
        cases,
        "memory_mib",
        ["memory_mib.max"],
        [512..=4096, 512..=8192],
        |b, v| {
            let _ = &b;
            InstanceRequirements::builder().vcpus(1..).memory_mib(v)
        },
        required
    );
    requirements!(
        cases,
        "memory_gib_per_vcpu",
        ["memory_gib_per_vcpu.min", "memory_gib_per_vcpu.max"],
        [1.0..=4.0, 2.0..=8.0],
        |b, v| b.memory_gib_per_vcpu(v)
    );
    requirements!(
        cases,
        "cpu_manufacturers",
        ["cpu_manufacturers"],
        [CpuManufacturer::Intel, CpuManufacturer::Amd],
        |b, v| b.cpu_manufacturers([v])
    );
    requirements!(cases, "allowed_types", ["allowed_types"], ["t*", "t2.*"], |b, v| b.allowed_types([v]));
    requirements!(cases, "excluded_types", ["excluded_types"], ["m*", "c*"], |b, v| b.excluded_types([v]));
    requirements!(
        cases,
        "generations",
        ["generations"],
        [InstanceGeneration::Current, InstanceGeneration::Previous],
        |b, v| b.generations([v])
    );
    requirements!(cases, "spot_price_over_lowest", ["spot_price_over_lowest"], [10, 20], |b, v| b
        .spot_price_over_lowest(v));
    requirements!(cases, "spot_price_of_on_demand", ["spot_price_of_on_demand"], [10, 20], |b, v| b
        .spot_price_of_on_demand(v));
    requirements!(cases, "on_demand_price_over_lowest", ["on_demand_price_over_lowest"], [10, 30], |b, v| b
        .on_demand_price_over_lowest(v));
    requirements!(cases, "bare_metal", ["bare_metal"], [Inclusion::Included, Inclusion::Required], |b, v| b
        .bare_metal(v));
    requirements!(cases, "burstable", ["burstable"], [Inclusion::Included, Inclusion::Required], |b, v| b.burstable(v));
    requirements!(cases, "hibernation", ["hibernation"], [true, false], |b, v| b.hibernation(v));
    requirements!(
        cases,
        "network_interfaces",
        ["network_interfaces.min", "network_interfaces.max"],
        [1..=2, 2..=4],
        |b, v| b.network_interfaces(v)
    );
    requirements!(cases, "network_gbps", ["network_gbps.min", "network_gbps.max"], [1.0..=2.0, 2.0..=4.0], |b, v| b
        .network_gbps(v));
    requirements!(cases, "ebs_mbps", ["ebs_mbps.min", "ebs_mbps.max"], [1..=2, 2..=4], |b, v| b.ebs_mbps(v));
    requirements!(cases, "local_storage", ["local_storage"], [Inclusion::Excluded, Inclusion::Required], |b, v| b
        .local_storage(v));
    requirements!(
        cases,
        "local_storage_types",
        ["local_storage_types"],
        [LocalStorageType::Hdd, LocalStorageType::Ssd],
        |b, v| b.local_storage_types([v])
    );
    requirements!(
        cases,
        "local_storage_gb",
        ["local_storage_gb.min", "local_storage_gb.max"],
        [1.0..=2.0, 2.0..=4.0],
        |b, v| b.local_storage_gb(v)
    );
    requirements!(cases, "accelerators", ["accelerators.min", "accelerators.max"], [1..=2, 2..=4], |b, v| b
        .accelerators(v));
    requirements!(
        cases,
        "accelerator_types",
        ["accelerator_types"],
        [AcceleratorType::Gpu, AcceleratorType::Fpga],
        |b, v| b.accelerator_types([v])
    );
    requirements!(
        cases,
        "accelerator_manufacturers",
        ["accelerator_manufacturers"],
        [AcceleratorManufacturer::Nvidia, AcceleratorManufacturer::Amd],
        |b, v| b.accelerator_manufacturers([v])
    );
    requirements!(
        cases,
        "accelerator_names",
        ["accelerator_names"],
        [AcceleratorName::T4, AcceleratorName::V100],
        |b, v| b.accelerator_names([v])
    );
    requirements!(
        cases,
        "accelerator_memory_mib",
        ["accelerator_memory_mib.min", "accelerator_memory_mib.max"],
        [1..=2, 2..=4],
        |b, v| b.accelerator_memory_mib(v)
    );
    requirements!(cases, "cpu_baseline", ["cpu_baseline"], ["c6i", "m6i"], |b, v| b.cpu_baseline(v));
}

fn place_and_size(cases: &mut Vec<Case>) {
    cases.push(
        Case::new("AutoScalingGroup.name", Replace, |setting| {
            let mut stack = Stack::new("round-trip");
            let (template, subnets) = (template(&mut stack, "web"), subnets(&mut stack));
            let name = setting.pick("it", "other").unwrap_or_default();
            let group = AutoScalingGroup::builder()
                .health_check_grace_period(seconds(60))
                .name(name)
                .launch_template(template)
                .subnets(subnets);
            stack.add("it", group.sizes(0..=4).build());
            stack
        })
        .required(),
    );
    cases.push(
        Case::new("AutoScalingGroup.subnets", UPDATE, |setting| {
            let mut stack = Stack::new("round-trip");
            let template = template(&mut stack, "web");
            let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
            let one = stack.add("one", Subnets::named(["Private subnet A"]).in_vpc(vpc));
            let two = stack.add("two", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
            let group =
                AutoScalingGroup::builder().health_check_grace_period(seconds(60)).name("it").launch_template(template);
            stack.add("it", group.subnets(setting.pick(one, two).unwrap_or(one)).sizes(0..=4).build());
            stack
        })
        .required(),
    );
    fn zones(name: &'static str, place: impl Fn(&[&str]) -> DefaultSubnets + 'static, all: [&'static str; 2]) -> Case {
        Case::new(name, UPDATE, move |setting| {
            let mut stack = Stack::new("round-trip");
            let template = template(&mut stack, "web");
            let zones = setting.pick(&all[..1], &all[..]).unwrap_or_default();
            let group = AutoScalingGroup::builder()
                .health_check_grace_period(seconds(60))
                .name("it")
                .launch_template(template)
                .subnets(place(zones));
            stack.add("it", group.sizes(0..=4).build());
            stack
        })
        .required()
        .given(|sim| {
            sim.add_default_vpc();
        })
    }
    cases.push(zones(
        "AutoScalingGroup.zones",
        |zones| DefaultSubnets::in_zones(zones.iter().copied()),
        ["ap-northeast-2a", "ap-northeast-2c"],
    ));
    cases.push(zones(
        "AutoScalingGroup.zone_ids",
        |zones| DefaultSubnets::in_zone_ids(zones.iter().copied()),
        ["apne2-az1", "apne2-az3"],
    ));
    fn sized(name: &'static str, first: std::ops::RangeInclusive<u32>, second: std::ops::RangeInclusive<u32>) -> Case {
        Case::new(name, UPDATE, move |setting| {
            let mut stack = Stack::new("round-trip");
            let (template, subnets) = (template(&mut stack, "web"), subnets(&mut stack));
            let sizes = setting.pick(first.clone(), second.clone()).unwrap_or(0..=0);
            let group = AutoScalingGroup::builder()
                .health_check_grace_period(seconds(60))
                .name("it")
                .launch_template(template)
                .subnets(subnets);
            stack.add("it", group.sizes(sizes).build());
            stack
        })
        .required()
    }
    cases.push(sized("AutoScalingGroup.min_size", 0..=4, 1..=4));
    cases.push(sized("AutoScalingGroup.max_size", 0..=4, 0..=5));
    cases.push(
        Case::new("AutoScalingGroup.desired_capacity", UPDATE, |setting| {
            let mut stack = Stack::new("round-trip");
            let group = plain!()(&mut stack).pin_desired_capacity(true);
            stack.add("it", group.desired_capacity(setting.pick(1, 2).unwrap_or(1)).build());
            stack
        })
        .required(),
    );
    cases.push(mixed_unit());
}

fn mixed_unit() -> Case {
    Case::new("AutoScalingGroup.capacity_unit", UPDATE, |setting| {
        let mut stack = Stack::new("round-trip");
        let (first, _, group) = bare!()(&mut stack);
        let requirements = InstanceRequirements::builder().vcpus(1..).memory_mib(512..).build();
        let group = group.launch_template(types(first)(LaunchOverride::requirements(requirements)));
        match setting.pick(CapacityUnit::Vcpu, CapacityUnit::MemoryMib) {
            None => stack.add("it", group.build()),
            Some(unit) => stack.add("it", group.capacity_unit(unit).build()),
        };
        stack
    })
}

fn settings(cases: &mut Vec<Case>) {
    case!(cases, AutoScalingGroup."health_check_grace_period", UPDATE, [30, 60], graceless!(), |b, v| b.health_check_grace_period(seconds(v)));
    case!(cases, AutoScalingGroup."default_cooldown", UPDATE, [60, 120], plain!(), |b, v| b.default_cooldown(seconds(v)));
    case!(cases, AutoScalingGroup."default_instance_warmup", UPDATE, [60, 120], plain!(), |b, v| b.default_instance_warmup(seconds(v)));
    case!(cases, AutoScalingGroup."protect_from_scale_in", UPDATE, [true, false], plain!(), |b, v| b.protect_from_scale_in(v), second_is_default());
    case!(cases, AutoScalingGroup."capacity_rebalance", UPDATE, [true, false], plain!(), |b, v| b.capacity_rebalance(v), second_is_default());
    case!(cases, AutoScalingGroup."max_instance_lifetime", UPDATE, [86_400, 172_800], plain!(), |b, v| b.max_instance_lifetime(seconds(v)));
    case!(cases, AutoScalingGroup."termination_policies", UPDATE, [TerminationPolicy::OldestInstance, TerminationPolicy::NewestInstance], plain!(), |b, v| b.termination_policies([v]));
    case!(cases, AutoScalingGroup."placement_group", UPDATE, ["one", "two"], plain!(), |b, v| b.placement_group(v));
    case!(cases, AutoScalingGroup."service_linked_role", UPDATE, ["one", "two"], plain!(), |b, v| {
        b.service_linked_role(format!("arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_{v}"))
    });
    cases.push(
        Case::new("AutoScalingGroup.context", UPDATE, |setting| {
            let mut stack = Stack::new("round-trip");
            let group = plain!()(&mut stack);
            stack.add("it", group.context(setting.pick("one", "two").unwrap_or_default()).build());
            stack
        })
        .required(),
    );
    case!(cases, AutoScalingGroup."instance_maintenance", UPDATE, [90..=110, 80..=120], plain!(), |b, v| b.instance_maintenance(v),
        shows(["instance_maintenance.min_healthy_percentage", "instance_maintenance.max_healthy_percentage"]));
    case!(cases, AutoScalingGroup."zone_distribution", UPDATE, [ZoneDistribution::BalancedOnly, ZoneDistribution::ReservationsThenBalanced], plain!(), |b, v| b.zone_distribution(v));
    case!(cases, AutoScalingGroup."zone_impairment.zonal_shift", UPDATE, [true, false], plain!(), |b, v| {
        b.zone_impairment(ZoneImpairment::builder().zonal_shift(v).build()).skip_zonal_shift_validation(true)
    }, second_is_default());
    case!(cases, AutoScalingGroup."zone_impairment.unhealthy", UPDATE, [ImpairedZoneHealthCheck::Ignore, ImpairedZoneHealthCheck::Replace], plain!(), |b, v| {
        b.zone_impairment(ZoneImpairment::builder().unhealthy(v).build())
    }, second_is_default());
    case!(cases, AutoScalingGroup."capacity_reservations.preference", UPDATE, [CapacityReservationPreference::First, CapacityReservationPreference::None], plain!(), |b, v| {
        b.capacity_reservations(GroupCapacityReservations::builder().preference(v).build())
    });
    macro_rules! reservations {
        ($path:literal, [$first:expr, $second:expr], |$b:ident, $v:ident| $with:expr) => {
            cases.push(Case::new(concat!("AutoScalingGroup.capacity_reservations.", $path), UPDATE, |setting| {
                let mut stack = Stack::new("round-trip");
                let group = plain!()(&mut stack);
                let $b = GroupCapacityReservations::builder().preference(CapacityReservationPreference::Only);
                let reservations = match setting.pick($first, $second) {
                    None => $b.build(),
                    Some($v) => $with.build(),
                };
                stack.add("it", group.capacity_reservations(reservations).build());
                stack
            }))
        };
    }
    reservations!("reservations", ["cr-1", "cr-2"], |b, v| b.reservation(v));
    reservations!("resource_groups", ["one", "two"], |b, v| {
        b.resource_group(format!("arn:aws:resource-groups:ap-northeast-2:123456789012:group/{v}"))
    });
    case!(cases, AutoScalingGroup."terminate_hook_abandon", UPDATE, [RetentionAction::Retain, RetentionAction::Terminate], plain!(), |b, v| b.terminate_hook_abandon(v), second_is_default());
    case!(cases, AutoScalingGroup."deletion_protection", UPDATE, [DeletionProtection::PreventForceDeletion, DeletionProtection::PreventAllDeletion], plain!(), |b, v| b.deletion_protection(v));
    case!(cases, AutoScalingGroup."metrics", InPlace(&["EnableMetricsCollection", "DisableMetricsCollection"]), [GroupMetric::MinSize, GroupMetric::MaxSize], plain!(), |b, v| b.group_metrics_of([v]));
    case!(cases, AutoScalingGroup."suspended_processes", InPlace(&["SuspendProcesses", "ResumeProcesses"]), [ScalingProcess::AlarmNotification, ScalingProcess::ScheduledActions], plain!(), |b, v| b.suspended_processes([v]));
    case!(cases, AutoScalingGroup."tags", InPlace(&["CreateOrUpdateTags", "DeleteTags"]), ["web", "db"], plain!(), |b, v| b.tag("Role", v), shows(["tags.Role"]));
}

fn attachments(cases: &mut Vec<Case>) {
    fn with_targets(stack: &mut Stack) -> [Ref<TargetGroup>; 2] {
        let vpc = stack.add("targets", Vpc::named("VPC-Lab"));
        ["one", "two"]
            .map(|name| stack.add(name, TargetGroup::builder().name(name).vpc(vpc).traffic(Traffic::http(80)).build()))
    }
    cases.push(Case::new(
        "AutoScalingGroup.target_groups",
        InPlace(&["AttachLoadBalancerTargetGroups", "DetachLoadBalancerTargetGroups"]),
        |setting| {
            let mut stack = Stack::new("round-trip");
            let [one, two] = with_targets(&mut stack);
            let group = plain!()(&mut stack);
            match setting.pick(one, two) {
                None => stack.add("it", group.build()),
                Some(targets) => stack.add("it", group.target_group(targets).build()),
            };
            stack
        },
    ));
    case!(cases, AutoScalingGroup."traffic_sources", InPlace(&["AttachTrafficSources", "DetachTrafficSources"]), ["one", "two"], plain!(), |b, v| {
        b.vpc_lattice_target_group(format!("arn:aws:vpc-lattice:ap-northeast-2:123456789012:targetgroup/tg-{v}"))
            .skip_zonal_shift_validation(true)
    });
    cases.push(Case::new("AutoScalingGroup.health_check", UPDATE, |setting| {
        let mut stack = Stack::new("round-trip");
        let [one, _] = with_targets(&mut stack);
        let group = plain!()(&mut stack).target_group(one);
        match setting {
            Setting::Unset => stack.add("it", group.build()),
            Setting::First => stack.add("it", group.health_check(GroupHealthCheck::Ebs).build()),
            Setting::Second => stack.add(
                "it",
                group.health_check(GroupHealthCheck::LoadBalancer).health_check(GroupHealthCheck::Ebs).build(),
            ),
        };
        stack
    }));
}

fn parts(cases: &mut Vec<Case>) {
    // The second setting is that there is none, as when it is left out.
    cases.push(
        Case::new("AutoScalingGroup.warm_pool", POOL, |setting| {
            let mut stack = Stack::new("round-trip");
            let group = plain!()(&mut stack);
            match setting {
                Setting::First => stack.add("it", group.warm_pool(WarmPool::default()).build()),
                Setting::Second | Setting::Unset => stack.add("it", group.build()),
            };
            stack
        })
        .second_is_default()
        .shows(["warm_pool.min_size", "warm_pool.state", "warm_pool.reuse_on_scale_in"]),
    );
    macro_rules! pool {
        ($path:literal, [$first:expr, $second:expr], |$b:ident, $v:ident| $with:expr $(, $more:ident)?) => {
            cases.push(Case::new(concat!("AutoScalingGroup.warm_pool.", $path), POOL, move |setting| {
                let mut stack = Stack::new("round-trip");
                let group = plain!()(&mut stack);
                let $b = WarmPool::builder();
                let pool = match setting.pick($first, $second) {
                    None => $b.build(),
                    Some($v) => $with.build(),
                };
                stack.add("it", group.warm_pool(pool).build());
                stack
            })$(.$more())?)
        };
    }
    pool!("min_size", [1, 2], |b, v| b.min_size(v));
    pool!("max_prepared_capacity", [5, 6], |b, v| b.max_prepared_capacity(v));
    pool!("state", [WarmPoolState::Running, WarmPoolState::Hibernated], |b, v| b.state(v));
    pool!("reuse_on_scale_in", [true, false], |b, v| b.reuse_on_scale_in(v), second_is_default);
    macro_rules! hook {
        ($path:literal, [$($shows:literal),+], [$first:expr, $second:expr], |$b:ident, $v:ident| $with:expr $(, $more:ident)?) => {
            cases.push(
                Case::new(concat!("AutoScalingGroup.lifecycle_hooks.", $path), HOOKS, move |setting| {
                    let mut stack = Stack::new("round-trip");
                    let group = plain!()(&mut stack);
                    let $b = LifecycleHook::builder().name("hook").transition(LifecycleTransition::Terminating);
                    let hook = match setting.pick($first, $second) {
                        None => $b.build(),
                        Some($v) => $with.build(),
                    };
                    stack.add("it", group.lifecycle_hook(hook).build());
                    stack
                })
                .shows([$(concat!("lifecycle_hooks.hook.", $shows)),+])$(.$more())?,
            )
        };
    }
    hook!("heartbeat", ["heartbeat"], [60, 120], |b, v| b.heartbeat(seconds(v)));
    hook!(
        "default_result",
        ["default_result"],
        [LifecycleResult::Continue, LifecycleResult::Abandon],
        |b, v| b.default_result(v),
        second_is_default
    );
    hook!("metadata", ["metadata"], ["one", "two"], |b, v| b.metadata(v));
    hook!("notify", ["target", "role"], [("sns", "one"), ("sqs", "two")], |b, v| {
        let (service, role) = v;
        b.notify(
            format!("arn:aws:{service}:ap-northeast-2:123456789012:hooks"),
            format!("arn:aws:iam::123456789012:role/{role}"),
        )
    });
    cases.push(
        Case::new("AutoScalingGroup.lifecycle_hooks.transition", HOOKS, |setting| {
            let mut stack = Stack::new("round-trip");
            let group = plain!()(&mut stack);
            let (first, second) = (LifecycleTransition::Launching, LifecycleTransition::Terminating);
            let hook = LifecycleHook::builder().name("hook").transition(setting.pick(first, second).unwrap_or(first));
            stack.add("it", group.lifecycle_hook(hook.build()).build());
            stack
        })
        .required()
        .shows(["lifecycle_hooks.hook.transition"]),
    );
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    launch(&mut cases);
    distributions(&mut cases);
    requirements(&mut cases);
    place_and_size(&mut cases);
    settings(&mut cases);
    attachments(&mut cases);
    parts(&mut cases);
    cases
}

/// What AWS keeps nothing of, under the name that the table has for it: the requests of deploys that
/// replace instances.
pub(super) const REFRESHES: &str = "AutoScalingGroup.instance_refresh";

pub(super) async fn refreshes() -> Result<Seen, String> {
    let sim = SimAws::new();
    network(&sim);
    hurry(&sim);
    sim.add_image("Web Server v1");
    sim.configure(|settings| settings.record_requests = true);
    let all = || {
        InstanceRefresh::builder()
            .strategy(RefreshStrategy::Rolling)
            .min_healthy_percentage(50)
            .max_healthy_percentage(150)
            .warmup(seconds(1))
            .checkpoints([50, 100])
            .checkpoint_delay(seconds(1))
            .skip_matching(true)
            .scale_in_protected(ProtectedInstances::Refresh)
            .standby(StandbyInstances::Terminate)
            .alarms(["too-slow"])
            .bake_time(seconds(1))
            .build()
    };
    let back = || InstanceRefresh::builder().auto_rollback(true).build();
    let stack = |instance_type: &'static str, mixed: bool, refresh: InstanceRefresh| {
        let mut stack = Stack::new("round-trip");
        let image = stack.add("web", Image::named("Web Server v1"));
        let template = LaunchTemplate::builder().name("web").image(image).instance_type(instance_type).build();
        let template = stack.add("web", template);
        let subnets = subnets(&mut stack);
        let group = AutoScalingGroup::builder().name("it").subnets(subnets).sizes(2..=4).instance_refresh(refresh);
        match mixed {
            false => stack.add("it", group.launch_template(template).build()),
            true => stack
                .add("it", group.launch_template(types(template)(LaunchOverride::instance_type("t3.small"))).build()),
        };
        stack
    };
    for (instance_type, mixed, refresh) in [
        ("t2.micro", false, all()),
        ("t3.micro", false, all()),
        ("t2.micro", false, back()),
        ("t2.micro", true, back()),
    ] {
        let stack = stack(instance_type, mixed, refresh);
        let deployer = Deployer::new(sim.aws());
        let plan = deployer.plan(&stack).await.map_err(|error| error.to_string())?;
        deployer.apply(plan.approve()).await.map_err(|failure| failure.to_string())?;
        let plan = deployer.plan(&stack).await.map_err(|error| error.to_string())?;
        if !plan.is_empty() {
            return Err(format!("{REFRESHES}: after the deploy there is still\n{plan}"));
        }
    }
    Ok(Seen::of(&sim))
}
