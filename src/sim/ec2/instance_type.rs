//! Instance types: the usual ones of the T, M, C and R families.
//!
//! DescribeInstanceTypes knows only these. Instances can be launched as any type that the SDK
//! knows; a type outside this catalogue is merely not checked against the image's architecture.

use aws_sdk_ec2::operation::describe_instance_types::{DescribeInstanceTypesInput, DescribeInstanceTypesOutput};
use aws_sdk_ec2::types as sdk;

use super::filter::{Criteria, Field, Filtered};
use super::page::{self, page};
use super::resource::conflict;
use super::tags::Tags;
use crate::sim::error::ApiError;
use crate::sim::world::World;

struct TypeInfo {
    name: String,
    arm: bool,
    burstable: bool,
    vcpus: i32,
    mib: i64,
}

/// Burstable families: name, whether Arm, and sizes with vCPUs and MiB.
const T2_SIZES: &[(&str, i32, i64)] = &[
    ("nano", 1, 512),
    ("micro", 1, 1024),
    ("small", 1, 2048),
    ("medium", 2, 4096),
    ("large", 2, 8192),
    ("xlarge", 4, 16384),
    ("2xlarge", 8, 32768),
];
const T3_SIZES: &[(&str, i32, i64)] = &[
    ("nano", 2, 512),
    ("micro", 2, 1024),
    ("small", 2, 2048),
    ("medium", 2, 4096),
    ("large", 2, 8192),
    ("xlarge", 4, 16384),
    ("2xlarge", 8, 32768),
];

/// Families whose sizes are multiples of one ratio: GiB of memory per vCPU.
const INTEL_AND_AMD: &[(&str, i64)] = &[
    ("m5", 4),
    ("m5a", 4),
    ("m6a", 4),
    ("m6i", 4),
    ("m7i", 4),
    ("c5", 2),
    ("c6a", 2),
    ("c6i", 2),
    ("c7i", 2),
    ("r5", 8),
    ("r6i", 8),
    ("r7i", 8),
];
const GRAVITON: &[(&str, i64)] =
    &[("m6g", 4), ("m7g", 4), ("m8g", 4), ("c6g", 2), ("c7g", 2), ("c8g", 2), ("r6g", 8), ("r7g", 8), ("r8g", 8)];
const SIZES: &[(&str, i32)] = &[("large", 2), ("xlarge", 4), ("2xlarge", 8), ("4xlarge", 16)];

fn catalogue() -> Vec<TypeInfo> {
    let mut all = Vec::new();
    for (family, arm, sizes) in
        [("t2", false, T2_SIZES), ("t3", false, T3_SIZES), ("t3a", false, T3_SIZES), ("t4g", true, T3_SIZES)]
    {
        all.extend(sizes.iter().map(|(size, vcpus, mib)| TypeInfo {
            name: format!("{family}.{size}"),
            arm,
            burstable: true,
            vcpus: *vcpus,
            mib: *mib,
        }));
    }
    let even = |family: &str, arm: bool, size: &str, vcpus: i32, gib_per_vcpu: i64| TypeInfo {
        name: format!("{family}.{size}"),
        arm,
        burstable: false,
        vcpus,
        mib: i64::from(vcpus) * gib_per_vcpu * 1024,
    };
    for (families, arm) in [(INTEL_AND_AMD, false), (GRAVITON, true)] {
        for (family, ratio) in families {
            if arm {
                all.push(even(family, arm, "medium", 1, *ratio));
            }
            all.extend(SIZES.iter().map(|(size, vcpus)| even(family, arm, size, *vcpus, *ratio)));
        }
    }
    all
}

/// The architecture of a type; `None` when the catalogue does not have it.
pub(super) fn architecture(name: &str) -> Option<sdk::ArchitectureValues> {
    catalogue()
        .into_iter()
        .find(|info| info.name == name)
        .map(|info| if info.arm { sdk::ArchitectureValues::Arm64 } else { sdk::ArchitectureValues::X8664 })
}

impl TypeInfo {
    fn architectures(&self) -> Vec<sdk::ArchitectureType> {
        match self.name.split_once('.') {
            _ if self.arm => vec![sdk::ArchitectureType::Arm64],
            // The small T2 sizes still run 32-bit systems.
            Some(("t2", "nano" | "micro" | "small" | "medium")) => {
                vec![sdk::ArchitectureType::I386, sdk::ArchitectureType::X8664]
            }
            _ => vec![sdk::ArchitectureType::X8664],
        }
    }

    fn hypervisor(&self) -> sdk::InstanceTypeHypervisor {
        if self.name.starts_with("t2.") { sdk::InstanceTypeHypervisor::Xen } else { sdk::InstanceTypeHypervisor::Nitro }
    }

    fn free_tier(&self) -> bool {
        matches!(self.name.as_str(), "t2.micro" | "t3.micro")
    }
}

impl Filtered for TypeInfo {
    const FIELDS: &'static [Field<Self>] = &[
        ("instance-type", |_, info| vec![info.name.clone()]),
        ("processor-info.supported-architecture", |_, info| {
            info.architectures().iter().map(|architecture| architecture.as_str().to_owned()).collect()
        }),
        ("vcpu-info.default-vcpus", |_, info| vec![info.vcpus.to_string()]),
        ("memory-info.size-in-mib", |_, info| vec![info.mib.to_string()]),
        ("burstable-performance-supported", |_, info| vec![info.burstable.to_string()]),
        ("current-generation", |_, _| vec!["true".to_owned()]),
        ("free-tier-eligible", |_, info| vec![info.free_tier().to_string()]),
        ("bare-metal", |_, _| vec!["false".to_owned()]),
        ("hypervisor", |_, info| vec![info.hypervisor().as_str().to_owned()]),
        ("instance-storage-supported", |_, _| vec!["false".to_owned()]),
        ("supported-root-device-type", |_, _| vec!["ebs".to_owned()]),
        ("supported-usage-class", |_, _| vec!["on-demand".to_owned(), "spot".to_owned()]),
        ("supported-virtualization-type", |_, _| vec!["hvm".to_owned()]),
    ];
    const TAGGED: bool = false;

    fn tags<'w>(&'w self, world: &'w World) -> &'w Tags {
        world.ec2.tags.of(&self.name)
    }
}

pub(super) fn describe(
    world: &World,
    input: &DescribeInstanceTypesInput,
) -> Result<DescribeInstanceTypesOutput, ApiError> {
    let criteria = Criteria::new(input.filters.as_deref())?;
    let wanted = input.instance_types();
    if !wanted.is_empty() && input.max_results.is_some() {
        return Err(conflict("The parameter instanceTypes cannot be used with the parameter maxResults"));
    }
    let all = catalogue();
    let unknown: Vec<&str> = wanted
        .iter()
        .map(sdk::InstanceType::as_str)
        .filter(|name| !all.iter().any(|info| info.name == *name))
        .collect();
    if !unknown.is_empty() {
        return Err(ApiError::new(
            "InvalidInstanceType",
            format!("The following supplied instance types do not exist: [{}]", unknown.join(", ")),
        ));
    }
    let types = all
        .into_iter()
        .filter(|info| wanted.is_empty() || wanted.iter().any(|name| name.as_str() == info.name))
        .filter(|info| criteria.matches(world, info))
        .collect();
    let (types, next_token) = page(types, input.max_results, input.next_token(), &page::INSTANCE_TYPES)?;
    let types = types.iter().map(to_sdk);
    Ok(DescribeInstanceTypesOutput::builder()
        .set_instance_types(Some(types.collect()))
        .set_next_token(next_token)
        .build())
}

fn to_sdk(info: &TypeInfo) -> sdk::InstanceTypeInfo {
    sdk::InstanceTypeInfo::builder()
        .instance_type(sdk::InstanceType::from(info.name.as_str()))
        .current_generation(true)
        .free_tier_eligible(info.free_tier())
        .supported_usage_classes(sdk::UsageClassType::OnDemand)
        .supported_usage_classes(sdk::UsageClassType::Spot)
        .supported_root_device_types(sdk::RootDeviceType::Ebs)
        .supported_virtualization_types(sdk::VirtualizationType::Hvm)
        .bare_metal(false)
        .hypervisor(info.hypervisor())
        .processor_info(sdk::ProcessorInfo::builder().set_supported_architectures(Some(info.architectures())).build())
        .v_cpu_info(sdk::VCpuInfo::builder().default_v_cpus(info.vcpus).build())
        .memory_info(sdk::MemoryInfo::builder().size_in_mib(info.mib).build())
        .instance_storage_supported(false)
        .burstable_performance_supported(info.burstable)
        .build()
}

/// The first type of the catalogue that satisfies the requirements, as far as vCPUs, memory,
/// names and architecture go.
pub(super) fn matching(
    requirements: &sdk::InstanceRequirementsRequest,
    image: &sdk::ArchitectureValues,
) -> Option<String> {
    let vcpus = requirements.v_cpu_count();
    let mib = requirements.memory_mib();
    let within = |value: i64, min: Option<i32>, max: Option<i32>| {
        min.is_none_or(|min| i64::from(min) <= value) && max.is_none_or(|max| value <= i64::from(max))
    };
    let named = |names: &[String], info: &TypeInfo| names.iter().any(|name| super::filter::matches(name, &info.name));
    catalogue()
        .into_iter()
        .filter(|info| info.arm == (*image == sdk::ArchitectureValues::Arm64))
        .filter(|info| vcpus.is_none_or(|range| within(i64::from(info.vcpus), range.min(), range.max())))
        .filter(|info| mib.is_none_or(|range| within(info.mib, range.min(), range.max())))
        .filter(|info| !named(requirements.excluded_instance_types(), info))
        .find(|info| {
            let allowed = requirements.allowed_instance_types();
            allowed.is_empty() || named(allowed, info)
        })
        .map(|info| info.name)
}
