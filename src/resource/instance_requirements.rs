//! Instance types by what they must have, instead of by name.

use std::fmt;
use std::ops::{RangeFrom, RangeInclusive, RangeToInclusive};

use typed_builder::TypedBuilder;

use crate::problem::Problems;
use crate::value::{ToValue, Value};

use super::names::names;
use super::record::record;

/// A least and a greatest value, of which either may be left out.
///
/// Rust's ranges become bounds: `2..=8`, `2..` and `..=8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds<T> {
    pub(crate) min: Option<T>,
    pub(crate) max: Option<T>,
}

impl<T: Copy + Default> Bounds<T> {
    /// The same where AWS asks for a least value: zero says that there is none.
    fn or_zero(self) -> Self {
        Self { min: Some(self.min.unwrap_or_default()), ..self }
    }
}

impl<T: Copy> From<RangeInclusive<T>> for Bounds<T> {
    fn from(range: RangeInclusive<T>) -> Self {
        Self { min: Some(*range.start()), max: Some(*range.end()) }
    }
}

impl<T> From<RangeFrom<T>> for Bounds<T> {
    fn from(range: RangeFrom<T>) -> Self {
        Self { min: Some(range.start), max: None }
    }
}

impl<T> From<RangeToInclusive<T>> for Bounds<T> {
    fn from(range: RangeToInclusive<T>) -> Self {
        Self { min: None, max: Some(range.end) }
    }
}

impl<T: ToValue> ToValue for Bounds<T> {
    fn to_value(&self) -> Value {
        Value::map([("min", Value::of(&self.min)), ("max", Value::of(&self.max))])
    }
}

names! {
    /// Whether instance types with a feature may be taken.
    Inclusion {
        /// With the feature and without it.
        Included = "included",
        /// Only with the feature.
        Required = "required",
        /// Only without the feature.
        Excluded = "excluded",
    }
}

names! {
    /// Who makes the processors of an instance type.
    CpuManufacturer {
        /// Intel.
        Intel = "intel",
        /// AMD.
        Amd = "amd",
        /// AWS: Graviton.
        AmazonWebServices = "amazon-web-services",
        /// Apple.
        Apple = "apple",
    }
}

names! {
    /// How new an instance type is.
    InstanceGeneration {
        /// The latest two or three generations of each family.
        Current = "current",
        /// Earlier ones.
        Previous = "previous",
    }
}

names! {
    /// What the volumes of an instance store are.
    LocalStorageType {
        /// Magnetic disks.
        Hdd = "hdd",
        /// Solid state.
        Ssd = "ssd",
    }
}

names! {
    /// What an accelerator does.
    AcceleratorType {
        /// Graphics and parallel computation.
        Gpu = "gpu",
        /// Programmable hardware.
        Fpga = "fpga",
        /// Inference of machine learning.
        Inference = "inference",
        /// Media transcoding.
        Media = "media",
    }
}

names! {
    /// Who makes an accelerator.
    AcceleratorManufacturer {
        /// AWS.
        AmazonWebServices = "amazon-web-services",
        /// AMD.
        Amd = "amd",
        /// NVIDIA.
        Nvidia = "nvidia",
        /// Xilinx.
        Xilinx = "xilinx",
        /// Habana.
        Habana = "habana",
    }
}

names! {
    /// A model of accelerator.
    AcceleratorName {
        /// NVIDIA A100.
        A100 = "a100",
        /// NVIDIA A10G.
        A10g = "a10g",
        /// NVIDIA H100.
        H100 = "h100",
        /// NVIDIA GRID K520.
        K520 = "k520",
        /// NVIDIA K80.
        K80 = "k80",
        /// NVIDIA L4.
        L4 = "l4",
        /// NVIDIA L40S.
        L40s = "l40s",
        /// NVIDIA M60.
        M60 = "m60",
        /// NVIDIA T4.
        T4 = "t4",
        /// NVIDIA T4G.
        T4g = "t4g",
        /// NVIDIA V100.
        V100 = "v100",
        /// AMD Radeon Pro V520.
        RadeonProV520 = "radeon-pro-v520",
        /// Habana Gaudi HL-205.
        GaudiHl205 = "gaudi-hl-205",
        /// AWS Inferentia.
        Inferentia = "inferentia",
        /// AWS Inferentia2.
        Inferentia2 = "inferentia2",
        /// AWS Trainium.
        Trainium = "trainium",
        /// AWS Trainium2.
        Trainium2 = "trainium2",
        /// Xilinx Alveo U30.
        U30 = "u30",
        /// Xilinx Virtex VU9P.
        Vu9p = "vu9p",
    }
}

record! {
    /// What instance types must have: every type that has it may be launched.
    ///
    /// Follows `InstanceRequirements` of the EC2 and Auto Scaling APIs. What is left out has AWS's
    /// default.
    ///
    /// ```
    /// use purlin::{CpuManufacturer, InstanceRequirements};
    ///
    /// let requirements = InstanceRequirements::builder()
    ///     .vcpus(2..=8)
    ///     .memory_mib(4096..)
    ///     .cpu_manufacturers([CpuManufacturer::AmazonWebServices])
    ///     .excluded_types(["t*"])
    ///     .build();
    /// ```
    #[derive(Debug, Clone, PartialEq, TypedBuilder)]
    #[builder(doc, field_defaults(default, setter(strip_option)))]
    #[non_exhaustive]
    pub struct InstanceRequirements {
        /// The number of virtual processors, such as `2..=8`. Sets `VCpuCount`.
        #[builder(!default, setter(!strip_option, transform = |range: impl Into<Bounds<u32>>| range.into().or_zero()))]
        pub(crate) vcpus: Bounds<u32>,
        /// The memory in MiB, such as `4096..`. Sets `MemoryMiB`.
        #[builder(!default, setter(!strip_option, transform = |range: impl Into<Bounds<u32>>| range.into().or_zero()))]
        pub(crate) memory_mib: Bounds<u32>,
        /// The memory for each virtual processor in GiB. AWS's default is any. Sets
        /// `MemoryGiBPerVCpu`.
        #[builder(setter(!strip_option, transform = |range: impl Into<Bounds<f64>>| Some(range.into())))]
        pub(crate) memory_gib_per_vcpu: Option<Bounds<f64>>,
        /// The makers of the processors. AWS's default is any. Sets `CpuManufacturers`.
        #[builder(setter(!strip_option, transform = |all: impl IntoIterator<Item = CpuManufacturer>| all.into_iter().collect()))]
        pub(crate) cpu_manufacturers: Vec<CpuManufacturer>,
        /// The only instance types to choose from, up to 400; `*` stands for anything, as in
        /// `m5.*`. AWS's default is all. Not together with `excluded_types`. Sets
        /// `AllowedInstanceTypes`.
        #[builder(setter(!strip_option, transform = |all: impl IntoIterator<Item = impl Into<String>>| all.into_iter().map(Into::into).collect()))]
        pub(crate) allowed_types: Vec<String>,
        /// Instance types that are not chosen, up to 400; `*` stands for anything, as in `m5.*`.
        /// AWS's default is none. Not together with `allowed_types`. Sets `ExcludedInstanceTypes`.
        #[builder(setter(!strip_option, transform = |all: impl IntoIterator<Item = impl Into<String>>| all.into_iter().map(Into::into).collect()))]
        pub(crate) excluded_types: Vec<String>,
        /// The generations. AWS's default is all. Sets `InstanceGenerations`.
        #[builder(setter(!strip_option, transform = |all: impl IntoIterator<Item = InstanceGeneration>| all.into_iter().collect()))]
        pub(crate) generations: Vec<InstanceGeneration>,
        /// By how many percent a Spot price may exceed that of the cheapest fitting type. 999999
        /// says that there is no bound. Not together with `spot_price_of_on_demand`; without either,
        /// AWS protects by a rule of its own. Sets `SpotMaxPricePercentageOverLowestPrice`.
        pub(crate) spot_price_over_lowest: Option<u32>,
        /// How many percent of the On-Demand price of the cheapest fitting type a Spot price may be.
        /// 999999 says that there is no bound. Sets
        /// `MaxSpotPriceAsPercentageOfOptimalOnDemandPrice`.
        pub(crate) spot_price_of_on_demand: Option<u32>,
        /// By how many percent an On-Demand price may exceed that of the cheapest fitting type.
        /// 999999 says that there is no bound. AWS's default is 20. Sets
        /// `OnDemandMaxPricePercentageOverLowestPrice`.
        pub(crate) on_demand_price_over_lowest: Option<u32>,
        /// Bare metal. AWS's default is excluded. Sets `BareMetal`.
        pub(crate) bare_metal: Option<Inclusion>,
        /// Types whose performance can burst (T). AWS's default is excluded. Sets
        /// `BurstablePerformance`.
        pub(crate) burstable: Option<Inclusion>,
        /// Whether On-Demand instances must be able to hibernate. AWS's default is no. Sets
        /// `RequireHibernateSupport`.
        pub(crate) hibernation: Option<bool>,
        /// The number of network interfaces. AWS's default is any. Sets `NetworkInterfaceCount`.
        #[builder(setter(!strip_option, transform = |range: impl Into<Bounds<u32>>| Some(range.into())))]
        pub(crate) network_interfaces: Option<Bounds<u32>>,
        /// The network bandwidth in Gbit/s. AWS's default is any. Sets `NetworkBandwidthGbps`.
        #[builder(setter(!strip_option, transform = |range: impl Into<Bounds<f64>>| Some(range.into())))]
        pub(crate) network_gbps: Option<Bounds<f64>>,
        /// Whether instances must encrypt what they send each other. AWS's default is no. Only in
        /// launch templates. Sets `RequireEncryptionInTransit`.
        pub(crate) encryption_in_transit: Option<bool>,
        /// The bandwidth to EBS in Mbit/s. AWS's default is any. Sets `BaselineEbsBandwidthMbps`.
        #[builder(setter(!strip_option, transform = |range: impl Into<Bounds<u32>>| Some(range.into())))]
        pub(crate) ebs_mbps: Option<Bounds<u32>>,
        /// Instance stores. AWS's default is included. Sets `LocalStorage`.
        pub(crate) local_storage: Option<Inclusion>,
        /// What instance stores consist of. AWS's default is either. Sets `LocalStorageTypes`.
        #[builder(setter(!strip_option, transform = |all: impl IntoIterator<Item = LocalStorageType>| all.into_iter().collect()))]
        pub(crate) local_storage_types: Vec<LocalStorageType>,
        /// The size of the instance store in GB. AWS's default is any. Sets `TotalLocalStorageGB`.
        #[builder(setter(!strip_option, transform = |range: impl Into<Bounds<f64>>| Some(range.into())))]
        pub(crate) local_storage_gb: Option<Bounds<f64>>,
        /// The number of accelerators; `..=0` is for types without any. AWS's default is any. Sets
        /// `AcceleratorCount`.
        #[builder(setter(!strip_option, transform = |range: impl Into<Bounds<u32>>| Some(range.into())))]
        pub(crate) accelerators: Option<Bounds<u32>>,
        /// What the accelerators do. AWS's default is anything. Sets `AcceleratorTypes`.
        #[builder(setter(!strip_option, transform = |all: impl IntoIterator<Item = AcceleratorType>| all.into_iter().collect()))]
        pub(crate) accelerator_types: Vec<AcceleratorType>,
        /// The makers of the accelerators. AWS's default is any. Sets `AcceleratorManufacturers`.
        #[builder(setter(!strip_option, transform = |all: impl IntoIterator<Item = AcceleratorManufacturer>| all.into_iter().collect()))]
        pub(crate) accelerator_manufacturers: Vec<AcceleratorManufacturer>,
        /// The models of the accelerators. AWS's default is any. Sets `AcceleratorNames`.
        #[builder(setter(!strip_option, transform = |all: impl IntoIterator<Item = AcceleratorName>| all.into_iter().collect()))]
        pub(crate) accelerator_names: Vec<AcceleratorName>,
        /// The memory of all accelerators in MiB. AWS's default is any. Sets
        /// `AcceleratorTotalMemoryMiB`.
        #[builder(setter(!strip_option, transform = |range: impl Into<Bounds<u32>>| Some(range.into())))]
        pub(crate) accelerator_memory_mib: Option<Bounds<u32>>,
        /// The instance family, such as `c6i`, whose processors set the least performance. AWS's
        /// default is none. Sets `BaselinePerformanceFactors.Cpu`, which takes one family.
        #[builder(setter(into))]
        pub(crate) cpu_baseline: Option<String>,
    }
}

impl InstanceRequirements {
    /// Reports what is wrong; `path` is where the requirements stand.
    pub(crate) fn validate(&self, path: &str, problems: &mut Problems<'_>) {
        for (name, types) in [("allowed_types", &self.allowed_types), ("excluded_types", &self.excluded_types)] {
            let at = format!("{path}.{name}");
            if types.len() > 400 {
                problems.report("V129", &at, format!("{} types", types.len()), "must be at most 400");
            }
            for (index, word) in types.iter().enumerate() {
                problems.text(
                    "V129",
                    &format!("{at}[{index}]"),
                    word,
                    1..=30,
                    |c| c.is_ascii_alphanumeric() || ".*-".contains(c),
                    "letters, digits and `.*-`",
                );
            }
        }
        if !self.allowed_types.is_empty() && !self.excluded_types.is_empty() {
            let at = format!("{path}.excluded_types");
            problems.report(
                "V129",
                at,
                self.excluded_types.join(", "),
                "is not possible together with `allowed_types`",
            );
        }
        if self.spot_price_over_lowest.is_some() && self.spot_price_of_on_demand.is_some() {
            let at = format!("{path}.spot_price_over_lowest");
            problems.report("D44", at, "", "is not possible together with `spot_price_of_on_demand`");
        }
        let mut order = Order { path, problems };
        order.check("vcpus", Some(&self.vcpus));
        order.check("memory_mib", Some(&self.memory_mib));
        order.check("memory_gib_per_vcpu", self.memory_gib_per_vcpu.as_ref());
        order.check("network_interfaces", self.network_interfaces.as_ref());
        order.check("network_gbps", self.network_gbps.as_ref());
        order.check("ebs_mbps", self.ebs_mbps.as_ref());
        order.check("local_storage_gb", self.local_storage_gb.as_ref());
        order.check("accelerators", self.accelerators.as_ref());
        order.check("accelerator_memory_mib", self.accelerator_memory_mib.as_ref());
    }
}

/// Reports bounds of which the least is the greater.
struct Order<'a, 'p> {
    path: &'a str,
    problems: &'a mut Problems<'p>,
}

impl Order<'_, '_> {
    fn check<T: PartialOrd + fmt::Display>(&mut self, name: &str, bounds: Option<&Bounds<T>>) {
        let Some(Bounds { min: Some(min), max: Some(max) }) = bounds else { return };
        if min > max {
            let path = format!("{}.{name}", self.path);
            self.problems.report("V130", path, format!("{min} to {max}"), "the least must not exceed the greatest");
        }
    }
}
