//! Launch templates: how instances are launched.

mod instance_type;
mod network;
mod options;
mod source;
mod storage;
#[cfg(test)]
mod tests;
mod versions;

use std::collections::BTreeMap;

use typed_builder::TypedBuilder;

use crate::id::{LaunchTemplateId, SecurityGroupId};
use crate::input::{Input, IntoInput, sources};
use crate::problem::Problems;
use crate::value::Value;

pub(crate) use instance_type::*;
pub use network::*;
pub use options::*;
pub use source::*;
pub use storage::*;
pub use versions::*;

use super::names::names;
use super::{Consequence, Describe, Operation, Property, ResourceType, Rights, Tags, Update, Visit};

/// A launch template: how instances are launched.
///
/// Follows `CreateLaunchTemplate` and `CreateLaunchTemplateVersion` of the EC2 API. Versions are
/// immutable: any change to what it launches adds a version, and Auto Scaling groups that follow
/// the template move to it. Only the name forces a replacement. A version is made from the whole
/// declaration, so nothing of earlier ones lives on. Versions stay until the template goes, unless
/// `keep_versions` is set.
///
/// ```
/// # use purlin::{Image, SecurityGroup, Stack, Ref};
/// use purlin::{InstanceTag, LaunchTemplate};
///
/// # fn declare(stack: &mut Stack, group: Ref<SecurityGroup>) {
/// let image = stack.add("web", Image::named("Web Server v1"));
/// stack.add(
///     "web",
///     LaunchTemplate::builder()
///         .name("Web")
///         .version_description("first")
///         .image(image)
///         .instance_type("t2.micro")
///         .security_group(group)
///         .tag_launched([InstanceTag::Instance, InstanceTag::Volume], "Name", "Web Instance")
///         .auto_scaling_guidance(true)
///         .build(),
/// );
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, TypedBuilder)]
#[builder(doc, mutators(
    /// Adds a security group of the instances; may be repeated. Without any, instances get the
    /// default group of the VPC. With network interfaces, the groups belong to those. Sets
    /// `SecurityGroupIds`.
    pub fn security_group(&mut self, group: impl IntoInput<SecurityGroupId>) {
        self.security_groups.push(group.into_input());
    }
    /// Adds a security group of the default VPC by name; may be repeated. Not together with
    /// `security_group`. Sets `SecurityGroups`.
    pub fn security_group_named(&mut self, name: impl Into<String>) {
        self.security_group_names.push(name.into());
    }
    /// Adds a network interface; may be repeated. AWS's default is a primary one. Sets
    /// `NetworkInterfaces`.
    pub fn network_interface(&mut self, interface: NetworkInterface) {
        self.network_interfaces.push(interface);
    }
    /// Adds an interface to a secondary network; may be repeated. Sets `SecondaryInterfaces`.
    pub fn secondary_interface(&mut self, interface: SecondaryInterface) {
        self.secondary_interfaces.push(interface);
    }
    /// Adds a license configuration by ARN; may be repeated. Sets `LicenseSpecifications`.
    pub fn license(&mut self, configuration: impl Into<String>) {
        self.licenses.push(configuration.into());
    }
    /// Adds a volume, or changes one of the image; may be repeated. Sets `BlockDeviceMappings`.
    pub fn block_device(&mut self, device: BlockDevice) {
        self.block_devices.push(device);
    }
    /// Sets a tag on what is launched; may be repeated. Sets `TagSpecifications` of the template.
    pub fn tag_launched(
        &mut self,
        on: impl IntoIterator<Item = InstanceTag>,
        key: impl Into<String>,
        value: impl Into<String>,
    ) {
        let (key, value) = (key.into(), value.into());
        for resource in on {
            self.launched_tags.entry(resource).or_default().insert(key.clone(), value.clone());
        }
    }
    /// Sets a tag of the template itself; may be repeated.
    pub fn tag(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.tags.insert(key, value);
    }
))]
#[non_exhaustive]
pub struct LaunchTemplate {
    /// The name: 3 to 128 letters, digits and `-()./_`, unique in the account and region. Sets
    /// `LaunchTemplateName`.
    #[builder(setter(into))]
    pub(crate) name: String,
    /// What this version is for: up to 255 characters. Sets `VersionDescription`.
    #[builder(default, setter(into, strip_option))]
    pub(crate) version_description: Option<String>,
    /// The machine image: a lookup, an id, or [`ImageSource::parameter`]. Sets `ImageId`.
    #[builder(default, setter(transform = |image: impl IntoInput<ImageSource>| Some(image.into_input())))]
    pub(crate) image: Option<Input<ImageSource>>,
    /// The instance type, such as `t2.micro`, or [`InstanceRequirements`](crate::InstanceRequirements)
    /// that say which types may be taken. Sets `InstanceType` or `InstanceRequirements`.
    #[builder(default, setter(into, strip_option))]
    pub(crate) instance_type: Option<InstanceSelection>,
    /// The name of the key pair for logging in. Left out, there is none. Sets `KeyName`.
    #[builder(default, setter(into, strip_option))]
    pub(crate) key_name: Option<String>,
    /// The instance profile, by name or ARN. Sets `IamInstanceProfile`.
    #[builder(default, setter(into, strip_option))]
    pub(crate) instance_profile: Option<String>,
    /// What the instance runs at its first boot: up to 16 KiB before base64. It is never shown.
    /// Sets `UserData`.
    #[builder(default, setter(into, strip_option))]
    pub(crate) user_data: Option<UserData>,
    /// How instances reach their metadata. Sets `MetadataOptions`.
    #[builder(default, setter(strip_option))]
    pub(crate) metadata: Option<MetadataOptions>,
    /// Whether CloudWatch gets metrics every minute. AWS's default is every five. Sets
    /// `Monitoring`.
    #[builder(default, setter(strip_option))]
    pub(crate) detailed_monitoring: Option<bool>,
    /// Whether the instance has bandwidth of its own for EBS. Sets `EbsOptimized`.
    #[builder(default, setter(strip_option))]
    pub(crate) ebs_optimized: Option<bool>,
    /// The processors. Sets `CpuOptions`.
    #[builder(default, setter(strip_option))]
    pub(crate) cpu: Option<CpuOptions>,
    /// What instances whose performance can burst (T) do without CPU credits. AWS's default depends
    /// on the instance type. Sets `CreditSpecification.CpuCredits`.
    #[builder(default, setter(strip_option))]
    pub(crate) cpu_credits: Option<CpuCredits>,
    /// Where instances run. Sets `Placement`.
    #[builder(default, setter(strip_option))]
    pub(crate) placement: Option<Placement>,
    /// How instances are bought. AWS's default is On-Demand. Sets `InstanceMarketOptions`.
    #[builder(default, setter(into, strip_option))]
    pub(crate) market: Option<Market>,
    /// In which capacity reservations instances run. AWS's default is any open one that fits. Sets
    /// `CapacityReservationSpecification`.
    #[builder(default, setter(strip_option))]
    pub(crate) capacity_reservation: Option<CapacityReservation>,
    /// The host names of the instances. Sets `PrivateDnsNameOptions`.
    #[builder(default, setter(strip_option))]
    pub(crate) private_dns_names: Option<PrivateDnsNames>,
    /// Whether an instance whose hardware fails is recovered. AWS's default is yes, where the
    /// instance type can be. Sets `MaintenanceOptions.AutoRecovery`.
    #[builder(default, setter(strip_option))]
    pub(crate) auto_recovery: Option<bool>,
    /// Whether more of the bandwidth belongs to the network or to EBS. Sets
    /// `NetworkPerformanceOptions.BandwidthWeighting`.
    #[builder(default, setter(strip_option))]
    pub(crate) bandwidth_weighting: Option<BandwidthWeighting>,
    /// Whether instances can hibernate. AWS's default is no. Not together with `enclaves`. Sets
    /// `HibernationOptions`.
    #[builder(default, setter(strip_option))]
    pub(crate) hibernation: Option<bool>,
    /// Whether instances can have Nitro Enclaves. AWS's default is no. Sets `EnclaveOptions`.
    #[builder(default, setter(strip_option))]
    pub(crate) enclaves: Option<bool>,
    /// What shutting the operating system down does. AWS's default is that the instance stops. Sets
    /// `InstanceInitiatedShutdownBehavior`.
    #[builder(default, setter(strip_option))]
    pub(crate) shutdown_behavior: Option<ShutdownBehavior>,
    /// Whether the API refuses to terminate instances. AWS's default is no. Sets
    /// `DisableApiTermination`.
    #[builder(default, setter(strip_option))]
    pub(crate) termination_protection: Option<bool>,
    /// Whether the API refuses to stop instances. AWS's default is no. Sets `DisableApiStop`.
    #[builder(default, setter(strip_option))]
    pub(crate) stop_protection: Option<bool>,
    /// The kernel of a paravirtual image, by id, such as `aki-1a2b3c4d`. Sets `KernelId`.
    #[builder(default, setter(into, strip_option))]
    pub(crate) kernel: Option<String>,
    /// The RAM disk of a paravirtual image, by id, such as `ari-1a2b3c4d`. Sets `RamDiskId`.
    #[builder(default, setter(into, strip_option))]
    pub(crate) ram_disk: Option<String>,
    /// Which version is taken where none is named. Left out, it is left alone: AWS makes the first
    /// version the default, and people or other programs may have moved it since. Sets
    /// `ModifyLaunchTemplate.DefaultVersion`.
    #[builder(default, setter(strip_option))]
    pub(crate) default_version: Option<DefaultVersion>,
    /// How many versions are kept: at least 1, the latest. The oldest are deleted once everything in
    /// the stack has moved on. The default version stays, and so does a version that a group of the
    /// stack goes on using; what uses it elsewhere is not known. Left out, all versions are kept.
    /// (`DeleteLaunchTemplateVersions`).
    #[builder(default, setter(strip_option))]
    pub(crate) keep_versions: Option<u32>,
    /// Whether to check that the template suits Auto Scaling, as the console's *Auto Scaling
    /// guidance* does. No member of the API.
    #[builder(default)]
    pub(crate) auto_scaling_guidance: bool,
    #[builder(default, setter(skip))]
    pub(crate) versions: Versions,
    #[builder(via_mutators)]
    pub(crate) security_groups: Vec<Input<SecurityGroupId>>,
    #[builder(via_mutators)]
    pub(crate) security_group_names: Vec<String>,
    #[builder(via_mutators)]
    pub(crate) network_interfaces: Vec<NetworkInterface>,
    #[builder(via_mutators)]
    pub(crate) secondary_interfaces: Vec<SecondaryInterface>,
    #[builder(via_mutators)]
    pub(crate) licenses: Vec<String>,
    #[builder(via_mutators)]
    pub(crate) block_devices: Vec<BlockDevice>,
    #[builder(via_mutators)]
    pub(crate) launched_tags: BTreeMap<InstanceTag, BTreeMap<String, String>>,
    #[builder(via_mutators)]
    pub(crate) tags: Tags,
}

impl LaunchTemplate {
    /// The ids of the security groups that it names, as far as they are known.
    pub(crate) fn group_ids(&self) -> Vec<String> {
        let of_interfaces = self.network_interfaces.iter().flat_map(|interface| &interface.security_groups);
        let groups = self.security_groups.iter().chain(of_interfaces);
        groups.filter_map(|group| Some(group.as_known()?.to_string())).collect()
    }
}

/// What AWS hands out for a launch template.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaunchTemplateOutputs {
    /// The id of the template.
    pub id: LaunchTemplateId,
    /// The number of the latest version.
    pub latest_version: i64,
    /// The number of the version that is taken where none is named.
    pub default_version: i64,
}

sources! {
    LaunchTemplate => "id": LaunchTemplateId;
}

names! {
    /// What a tag in a launch template is put on.
    InstanceTag {
        /// The instance.
        Instance = "instance",
        /// Its volumes.
        Volume = "volume",
        /// Its network interfaces.
        NetworkInterface = "network-interface",
        /// The request for a Spot Instance.
        SpotRequest = "spot-instances-request",
    }
}

const VERSION: Operation = Operation::CreateLaunchTemplateVersion;

/// A property of what is launched: each change makes a version.
const fn data(path: &'static str, api: &'static str, get: fn(&LaunchTemplate) -> Value) -> Property<LaunchTemplate> {
    Property::new(path, api, get).updated_by(VERSION)
}

impl Describe for LaunchTemplate {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("name", "CreateLaunchTemplate.LaunchTemplateName", |r| Value::of(&r.name)),
        data("version_description", "CreateLaunchTemplate.VersionDescription", |r| {
            Value::of(&r.version_description).unless_empty()
        }),
        data("image", "RequestLaunchTemplateData.ImageId", |r| Value::of(&r.image)),
        data("instance_type", "RequestLaunchTemplateData.InstanceType", |r| {
            Value::of(&r.instance_type.as_ref().and_then(InstanceSelection::name).cloned())
        }),
        data("instance_requirements", "RequestLaunchTemplateData.InstanceRequirements", |r| {
            r.instance_type.as_ref().and_then(InstanceSelection::requirements).map_or(Value::Unset, Value::of)
        }),
        data("key_name", "RequestLaunchTemplateData.KeyName", |r| Value::of(&r.key_name)),
        data("instance_profile", "RequestLaunchTemplateData.IamInstanceProfile", |r| Value::of(&r.instance_profile)),
        data("user_data", "RequestLaunchTemplateData.UserData", |r| Value::of(&r.user_data)).sensitive(),
        data("security_groups", "RequestLaunchTemplateData.SecurityGroupIds", |r| {
            Value::of(&r.security_groups).unless_empty()
        })
        .unordered(),
        data("security_group_names", "RequestLaunchTemplateData.SecurityGroups", |r| {
            Value::of(&r.security_group_names).unless_empty()
        })
        .unordered(),
        data("network_interfaces", "RequestLaunchTemplateData.NetworkInterfaces", |r| {
            Value::of(&r.network_interfaces).unless_empty()
        }),
        data("secondary_interfaces", "RequestLaunchTemplateData.SecondaryInterfaces", |r| {
            Value::of(&r.secondary_interfaces).unless_empty()
        }),
        data("block_devices", "RequestLaunchTemplateData.BlockDeviceMappings", |r| {
            Value::of(&r.block_devices).unless_empty()
        }),
        data("metadata", "RequestLaunchTemplateData.MetadataOptions", |r| Value::of(&r.metadata)),
        data("detailed_monitoring", "RequestLaunchTemplateData.Monitoring", |r| Value::of(&r.detailed_monitoring)),
        data("ebs_optimized", "RequestLaunchTemplateData.EbsOptimized", |r| Value::of(&r.ebs_optimized)),
        data("cpu", "RequestLaunchTemplateData.CpuOptions", |r| Value::of(&r.cpu)),
        data("cpu_credits", "RequestLaunchTemplateData.CreditSpecification", |r| Value::of(&r.cpu_credits)),
        data("placement", "RequestLaunchTemplateData.Placement", |r| Value::of(&r.placement)),
        data("market", "RequestLaunchTemplateData.InstanceMarketOptions", |r| Value::of(&r.market)),
        data("capacity_reservation", "RequestLaunchTemplateData.CapacityReservationSpecification", |r| {
            Value::of(&r.capacity_reservation)
        }),
        data("licenses", "RequestLaunchTemplateData.LicenseSpecifications", |r| Value::of(&r.licenses).unless_empty())
            .unordered(),
        data("private_dns_names", "RequestLaunchTemplateData.PrivateDnsNameOptions", |r| {
            Value::of(&r.private_dns_names)
        }),
        data("auto_recovery", "RequestLaunchTemplateData.MaintenanceOptions", |r| Value::of(&r.auto_recovery)),
        data("bandwidth_weighting", "RequestLaunchTemplateData.NetworkPerformanceOptions", |r| {
            Value::of(&r.bandwidth_weighting)
        }),
        data("hibernation", "RequestLaunchTemplateData.HibernationOptions", |r| Value::of(&r.hibernation)),
        data("enclaves", "RequestLaunchTemplateData.EnclaveOptions", |r| Value::of(&r.enclaves)),
        data("shutdown_behavior", "RequestLaunchTemplateData.InstanceInitiatedShutdownBehavior", |r| {
            Value::of(&r.shutdown_behavior)
        }),
        data("termination_protection", "RequestLaunchTemplateData.DisableApiTermination", |r| {
            Value::of(&r.termination_protection)
        }),
        data("stop_protection", "RequestLaunchTemplateData.DisableApiStop", |r| Value::of(&r.stop_protection)),
        data("kernel", "RequestLaunchTemplateData.KernelId", |r| Value::of(&r.kernel)),
        data("ram_disk", "RequestLaunchTemplateData.RamDiskId", |r| Value::of(&r.ram_disk)),
        data("launched_tags", "RequestLaunchTemplateData.TagSpecifications", |r| {
            Value::map(r.launched_tags.iter().map(|(resource, tags)| (resource.as_str(), Value::of(tags))))
                .unless_empty()
        }),
        Property::<Self>::new("default_version", "ModifyLaunchTemplate.DefaultVersion", |r| {
            Value::of(&r.default_version)
        })
        .after_create()
        .unmanaged()
        .depends(|desired, observed| {
            if desired.has_default(observed) { Update::Initial } else { Update::Call(Operation::ModifyLaunchTemplate) }
        }),
        Property::<Self>::new("tags", "CreateLaunchTemplate.TagSpecifications", |r| Value::of(&r.tags))
            .elements(Operation::CreateTags, Operation::DeleteTags),
    ];
    const CREATE: Operation = Operation::CreateLaunchTemplate;
    const DELETE: Operation = Operation::DeleteLaunchTemplate;
    const SAME: &'static str = "P31";
    const TYPE: ResourceType = ResourceType::LaunchTemplate;
    const FOUND_BY: &'static [&'static str] = &["ec2:DescribeTags"];
    const AFTER_USERS: Option<Operation> = Some(Operation::DeleteLaunchTemplateVersions);

    fn rights(&self, rights: &mut Rights) {
        rights.reads(&["ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"]);
        if self.image.as_ref().and_then(Input::as_known).is_some_and(|image| image.0.starts_with("resolve:ssm:")) {
            rights.reads_parameters();
        }
        rights.when_launched(self.launched_tags.keys().copied(), self.instance_profile.is_some());
    }

    fn natural_key(&self) -> Vec<Value> {
        vec![Value::of(&self.name)]
    }

    fn unique_name(&mut self) -> Option<(&mut String, usize)> {
        Some((&mut self.name, 128))
    }

    fn set_tag(&mut self, key: &str, value: &str) {
        self.tags.insert(key, value);
    }

    fn drop_ownership(&mut self) {
        self.tags.drop_ownership();
    }

    fn has_tag(&self, key: &str) -> bool {
        self.tags.get(key).is_some()
    }

    fn inputs(&mut self, visit: &mut Visit<'_>) {
        if let Some(image) = &mut self.image {
            visit(image);
        }
        self.security_groups.iter_mut().for_each(|group| visit(group));
        self.network_interfaces.iter_mut().for_each(|interface| interface.inputs(visit));
    }

    fn consequences(&self, observed: &Self, changed: &[(&str, Option<Operation>)]) -> Vec<Consequence> {
        self.follow_up(observed, &changed.iter().filter_map(|(_, call)| *call).collect::<Vec<_>>())
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        problems.text(
            "V123",
            "name",
            &self.name,
            3..=128,
            |c| c.is_ascii_alphanumeric() || "().-/_".contains(c),
            "letters, digits and `().-/_`",
        );
        if let Some(description) = &self.version_description {
            problems.text("V125", "version_description", description, 0..=255, |_| true, "");
        }
        if let Some(data) = &self.user_data {
            // The content stays out of the report.
            if data.0.len() > 16384 {
                let rule = "must be at most 16384 bytes before base64, which purlin adds; let it fetch the rest";
                problems.report("V134", "user_data", format!("{} bytes", data.0.len()), rule);
            }
        }
        if let Some(metadata) = &self.metadata {
            problems.range("V135", "metadata.hop_limit", metadata.hop_limit, 1..=64);
        }
        for (index, device) in self.block_devices.iter().enumerate() {
            device.validate(&format!("block_devices[{index}]"), problems);
        }
        match &self.instance_type {
            None => {}
            Some(InstanceSelection::Type(name)) => validate_type("instance_type", name, problems),
            Some(InstanceSelection::Requirements(requirements)) => {
                requirements.validate("instance_requirements", problems);
            }
        }
        if let Some(placement) = &self.placement {
            placement.validate(problems);
        }
        if let Some(market) = &self.market {
            market.validate(problems);
        }
        if self.hibernation == Some(true) && self.enclaves == Some(true) {
            problems.report("D45", "enclaves", true, "is not possible together with `hibernation`");
        }
        self.validate_network(problems);
        self.validate_versions(problems);
        self.tags.validate(problems);
        for (resource, tags) in &self.launched_tags {
            let path = format!("launched_tags.{resource}");
            Tags(tags.clone()).validate_at(&path, problems);
            problems.range("V178", &path, Some(tags.len()), 0..=50);
        }
    }

    fn output(outputs: &LaunchTemplateOutputs, name: &str) -> Value {
        match name {
            "id" => Value::of(&outputs.id),
            // Groups name versions as texts.
            "latest_version" => Value::Text(outputs.latest_version.to_string()),
            _ => Value::Unset,
        }
    }

    fn id(outputs: &LaunchTemplateOutputs) -> &str {
        outputs.id.as_str()
    }

    fn changed_by(operation: Operation) -> &'static [&'static str] {
        if operation == VERSION { &["latest_version"] } else { &[] }
    }
}

impl LaunchTemplate {
    fn validate_network(&self, problems: &mut Problems<'_>) {
        if !self.security_groups.is_empty() && !self.security_group_names.is_empty() {
            let rule = "is not possible together with `security_group`";
            problems.report("V131", "security_group_names", Value::of(&self.security_group_names), rule);
        }
        for (index, interface) in self.network_interfaces.iter().enumerate() {
            interface.validate(&format!("network_interfaces[{index}]"), problems);
        }
        for (index, interface) in self.secondary_interfaces.iter().enumerate() {
            interface.validate(&format!("secondary_interfaces[{index}]"), problems);
        }
        if self.network_interfaces.is_empty() {
            return;
        }
        for (path, given) in [
            ("security_groups", Value::of(&self.security_groups).unless_empty()),
            ("security_group_names", Value::of(&self.security_group_names).unless_empty()),
        ] {
            if given != Value::Unset {
                problems.report("V132", path, given, "belong to the network interfaces where there are any");
            }
        }
    }
}
