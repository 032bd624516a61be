//! Instance requirements, of launch templates and of overrides in groups.

use crate::value::Value;

use super::super::shape::{Field, Shape};

const BOUNDS: Shape = Shape::Record(&[Field("min", "Min", Shape::Plain), Field("max", "Max", Shape::Plain)]);

pub(super) const REQUIREMENTS: Shape = Shape::Record(&[
    Field("vcpus", "VCpuCount", BOUNDS),
    Field("memory_mib", "MemoryMiB", BOUNDS),
    Field("memory_gib_per_vcpu", "MemoryGiBPerVCpu", BOUNDS),
    Field("cpu_manufacturers", "CpuManufacturers", Shape::Plain),
    Field("allowed_types", "AllowedInstanceTypes", Shape::Plain),
    Field("excluded_types", "ExcludedInstanceTypes", Shape::Plain),
    Field("generations", "InstanceGenerations", Shape::Plain),
    Field("spot_price_over_lowest", "SpotMaxPricePercentageOverLowestPrice", Shape::Plain),
    Field("spot_price_of_on_demand", "MaxSpotPriceAsPercentageOfOptimalOnDemandPrice", Shape::Plain),
    Field("on_demand_price_over_lowest", "OnDemandMaxPricePercentageOverLowestPrice", Shape::Plain),
    Field("bare_metal", "BareMetal", Shape::Plain),
    Field("burstable", "BurstablePerformance", Shape::Plain),
    Field("hibernation", "RequireHibernateSupport", Shape::Plain),
    Field("network_interfaces", "NetworkInterfaceCount", BOUNDS),
    Field("network_gbps", "NetworkBandwidthGbps", BOUNDS),
    Field("encryption_in_transit", "", Shape::Lost),
    Field("ebs_mbps", "BaselineEbsBandwidthMbps", BOUNDS),
    Field("local_storage", "LocalStorage", Shape::Plain),
    Field("local_storage_types", "LocalStorageTypes", Shape::Plain),
    Field("local_storage_gb", "TotalLocalStorageGB", BOUNDS),
    Field("accelerators", "AcceleratorCount", BOUNDS),
    Field("accelerator_types", "AcceleratorTypes", Shape::Plain),
    Field("accelerator_manufacturers", "AcceleratorManufacturers", Shape::Plain),
    Field("accelerator_names", "AcceleratorNames", Shape::Plain),
    Field("accelerator_memory_mib", "AcceleratorTotalMemoryMiB", BOUNDS),
    Field(
        "cpu_baseline",
        "BaselinePerformanceFactors.Cpu.References",
        Shape::By(|family| Value::List(vec![Value::map([("InstanceFamily", family.clone())])])),
    ),
]);
