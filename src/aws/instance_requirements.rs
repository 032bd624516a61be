//! Instance requirements over the EC2 and the Auto Scaling API: the same members, of types that each
//! SDK has for itself.

use aws_sdk_autoscaling::types as autoscaling;
use aws_sdk_ec2::types as ec2;

use crate::resource::{Bounds, InstanceRequirements};

use super::convert::{count, uncount};

/// A list as requests take it: none where there is nothing in it.
fn some<T, U>(all: &[T], convert: impl Fn(&T) -> U) -> Option<Vec<U>> {
    (!all.is_empty()).then(|| all.iter().map(convert).collect())
}

/// The words of a list as the SDK's enumeration, whose name is inferred.
fn words<T: Copy, U: for<'a> From<&'a str>>(all: &[T], word: fn(T) -> &'static str) -> Option<Vec<U>> {
    some(all, |item| U::from(word(*item)))
}

/// Requirements as a request to a service takes them.
macro_rules! to_request {
    ($from:expr, $sdk:ident::{$Requirements:ident, $Vcpus:ident}) => {{
        use $crate::resource::{
            AcceleratorManufacturer, AcceleratorName, AcceleratorType, CpuManufacturer, InstanceGeneration,
            LocalStorageType,
        };
        let from: &InstanceRequirements = $from;
        macro_rules! range {
            ($Type:ident, $bounds:expr) => {
                $bounds.map(|bounds| {
                    $sdk::$Type::builder().set_min(bounds.min.map(count)).set_max(bounds.max.map(count)).build()
                })
            };
            ($Type:ident, $bounds:expr, fraction) => {
                $bounds.map(|bounds| $sdk::$Type::builder().set_min(bounds.min).set_max(bounds.max).build())
            };
        }
        let factors = from.cpu_baseline.as_ref().map(|family| {
            let reference = $sdk::PerformanceFactorReferenceRequest::builder().instance_family(family).build();
            let cpu = $sdk::CpuPerformanceFactorRequest::builder().references(reference).build();
            $sdk::BaselinePerformanceFactorsRequest::builder().cpu(cpu).build()
        });
        $sdk::$Requirements::builder()
            .set_v_cpu_count(range!($Vcpus, Some(from.vcpus)))
            .set_memory_mib(range!(MemoryMiBRequest, Some(from.memory_mib)))
            .set_memory_gib_per_v_cpu(range!(MemoryGiBPerVCpuRequest, from.memory_gib_per_vcpu, fraction))
            .set_cpu_manufacturers(words(&from.cpu_manufacturers, CpuManufacturer::as_str))
            .set_allowed_instance_types(some(&from.allowed_types, Clone::clone))
            .set_excluded_instance_types(some(&from.excluded_types, Clone::clone))
            .set_instance_generations(words(&from.generations, InstanceGeneration::as_str))
            .set_spot_max_price_percentage_over_lowest_price(from.spot_price_over_lowest.map(count))
            .set_max_spot_price_as_percentage_of_optimal_on_demand_price(from.spot_price_of_on_demand.map(count))
            .set_on_demand_max_price_percentage_over_lowest_price(from.on_demand_price_over_lowest.map(count))
            .set_bare_metal(from.bare_metal.map(|word| word.as_str().into()))
            .set_burstable_performance(from.burstable.map(|word| word.as_str().into()))
            .set_require_hibernate_support(from.hibernation)
            .set_network_interface_count(range!(NetworkInterfaceCountRequest, from.network_interfaces))
            .set_network_bandwidth_gbps(range!(NetworkBandwidthGbpsRequest, from.network_gbps, fraction))
            .set_baseline_ebs_bandwidth_mbps(range!(BaselineEbsBandwidthMbpsRequest, from.ebs_mbps))
            .set_local_storage(from.local_storage.map(|word| word.as_str().into()))
            .set_local_storage_types(words(&from.local_storage_types, LocalStorageType::as_str))
            .set_total_local_storage_gb(range!(TotalLocalStorageGbRequest, from.local_storage_gb, fraction))
            .set_accelerator_count(range!(AcceleratorCountRequest, from.accelerators))
            .set_accelerator_types(words(&from.accelerator_types, AcceleratorType::as_str))
            .set_accelerator_manufacturers(words(&from.accelerator_manufacturers, AcceleratorManufacturer::as_str))
            .set_accelerator_names(words(&from.accelerator_names, AcceleratorName::as_str))
            .set_accelerator_total_memory_mib(range!(AcceleratorTotalMemoryMiBRequest, from.accelerator_memory_mib))
            .set_baseline_performance_factors(factors)
    }};
}

/// Requirements as a service answers them.
macro_rules! from_response {
    ($from:expr) => {{
        use $crate::resource::{
            AcceleratorManufacturer, AcceleratorName, AcceleratorType, CpuManufacturer, Inclusion, InstanceGeneration,
            LocalStorageType,
        };
        let from = $from;
        macro_rules! range {
            ($member:ident) => {
                from.$member().map(|range| Bounds {
                    min: range.min().map(|min| uncount(Some(min))),
                    max: range.max().map(|max| uncount(Some(max))),
                })
            };
            ($member:ident, fraction) => {
                from.$member().map(|range| Bounds { min: range.min(), max: range.max() })
            };
        }
        macro_rules! known {
            ($Type:ident, $words:expr) => {
                $words.iter().filter_map(|word| $Type::from_word(word.as_str())).collect()
            };
        }
        InstanceRequirements {
            vcpus: range!(v_cpu_count).unwrap_or(NONE),
            memory_mib: range!(memory_mib).unwrap_or(NONE),
            memory_gib_per_vcpu: range!(memory_gib_per_v_cpu, fraction),
            cpu_manufacturers: known!(CpuManufacturer, from.cpu_manufacturers()),
            allowed_types: from.allowed_instance_types().to_vec(),
            excluded_types: from.excluded_instance_types().to_vec(),
            generations: known!(InstanceGeneration, from.instance_generations()),
            spot_price_over_lowest: from
                .spot_max_price_percentage_over_lowest_price()
                .map(|percent| uncount(Some(percent))),
            spot_price_of_on_demand: from
                .max_spot_price_as_percentage_of_optimal_on_demand_price()
                .map(|percent| uncount(Some(percent))),
            on_demand_price_over_lowest: from
                .on_demand_max_price_percentage_over_lowest_price()
                .map(|percent| uncount(Some(percent))),
            bare_metal: from.bare_metal().and_then(|word| Inclusion::from_word(word.as_str())),
            burstable: from.burstable_performance().and_then(|word| Inclusion::from_word(word.as_str())),
            hibernation: from.require_hibernate_support(),
            network_interfaces: range!(network_interface_count),
            network_gbps: range!(network_bandwidth_gbps, fraction),
            encryption_in_transit: None,
            ebs_mbps: range!(baseline_ebs_bandwidth_mbps),
            local_storage: from.local_storage().and_then(|word| Inclusion::from_word(word.as_str())),
            local_storage_types: known!(LocalStorageType, from.local_storage_types()),
            local_storage_gb: range!(total_local_storage_gb, fraction),
            accelerators: range!(accelerator_count),
            accelerator_types: known!(AcceleratorType, from.accelerator_types()),
            accelerator_manufacturers: known!(AcceleratorManufacturer, from.accelerator_manufacturers()),
            accelerator_names: known!(AcceleratorName, from.accelerator_names()),
            accelerator_memory_mib: range!(accelerator_total_memory_mib),
            cpu_baseline: from
                .baseline_performance_factors()
                .and_then(|factors| factors.cpu()?.references().first()?.instance_family().map(ToOwned::to_owned)),
        }
    }};
}

/// What a service answers that says nothing of a range it asks for.
const NONE: Bounds<u32> = Bounds { min: Some(0), max: None };

pub(super) fn to_ec2(from: &InstanceRequirements) -> ec2::InstanceRequirementsRequest {
    to_request!(from, ec2::{InstanceRequirementsRequest, VCpuCountRangeRequest})
        .set_require_encryption_in_transit(from.encryption_in_transit)
        .build()
}

pub(super) fn from_ec2(from: &ec2::InstanceRequirements) -> InstanceRequirements {
    let encryption_in_transit = from.require_encryption_in_transit();
    InstanceRequirements { encryption_in_transit, ..from_response!(from) }
}

pub(super) fn to_autoscaling(from: &InstanceRequirements) -> autoscaling::InstanceRequirements {
    to_request!(from, autoscaling::{InstanceRequirements, VCpuCountRequest}).build()
}

pub(super) fn from_autoscaling(from: &autoscaling::InstanceRequirements) -> InstanceRequirements {
    from_response!(from)
}
