//! Launch templates: how instances are launched.

use std::collections::BTreeMap;
use std::fmt;

use typed_builder::TypedBuilder;

use crate::id::{ImageId, LaunchTemplateId, SecurityGroupId};
use crate::input::{Input, IntoInput, sources};
use crate::problem::Problems;
use crate::value::{ToValue, Value};

use super::names::names;
use super::record::record;
use super::{Describe, Operation, Property, Tags, Visit};

/// A launch template: how instances are launched.
///
/// Follows `CreateLaunchTemplate` and `CreateLaunchTemplateVersion` of the EC2 API. Versions are
/// immutable: any change to what it launches adds a version, and Auto Scaling groups that follow
/// the template move to it. Only the name forces a replacement.
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
    /// default group of the VPC. Sets `SecurityGroupIds`.
    pub fn security_group(&mut self, group: impl IntoInput<SecurityGroupId>) {
        self.security_groups.push(group.into_input());
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
    /// The machine image. Sets `ImageId`.
    #[builder(default, setter(transform = |image: impl IntoInput<ImageId>| Some(image.into_input())))]
    pub(crate) image: Option<Input<ImageId>>,
    /// The instance type, such as `t2.micro`. Sets `InstanceType`.
    #[builder(default, setter(into, strip_option))]
    pub(crate) instance_type: Option<String>,
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
    /// Whether to check that the template suits Auto Scaling, as the console's *Auto Scaling
    /// guidance* does. No member of the API.
    #[builder(default)]
    pub(crate) auto_scaling_guidance: bool,
    #[builder(via_mutators)]
    pub(crate) security_groups: Vec<Input<SecurityGroupId>>,
    #[builder(via_mutators)]
    pub(crate) block_devices: Vec<BlockDevice>,
    #[builder(via_mutators)]
    pub(crate) launched_tags: BTreeMap<InstanceTag, BTreeMap<String, String>>,
    #[builder(via_mutators)]
    pub(crate) tags: Tags,
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

/// A script or cloud-init document; never shown, only its digest.
#[derive(Clone, PartialEq, Eq)]
pub struct UserData(pub(crate) Vec<u8>);

impl fmt::Debug for UserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserData({} bytes)", self.0.len())
    }
}

impl From<&str> for UserData {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<String> for UserData {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<Vec<u8>> for UserData {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl ToValue for UserData {
    fn to_value(&self) -> Value {
        Value::Text(String::from_utf8_lossy(&self.0).into_owned())
    }
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
    }
}

names! {
    /// The type of an EBS volume.
    VolumeType {
        /// General purpose: 1 to 65536 GiB.
        Gp3 = "gp3",
        /// General purpose, older: 1 to 16384 GiB.
        Gp2 = "gp2",
        /// Provisioned IOPS: 4 to 65536 GiB.
        Io2 = "io2",
        /// Provisioned IOPS, older: 4 to 16384 GiB.
        Io1 = "io1",
        /// Throughput on magnetic disks: 125 to 16384 GiB.
        St1 = "st1",
        /// Cold data on magnetic disks: 125 to 16384 GiB.
        Sc1 = "sc1",
        /// Magnetic, of the first generation: 1 to 1024 GiB.
        Standard = "standard",
    }
}

record! {
    /// A volume of the instances.
    #[derive(Debug, Clone, PartialEq, Eq, TypedBuilder)]
    #[builder(doc, field_defaults(default, setter(strip_option)))]
    #[non_exhaustive]
    pub struct BlockDevice {
        /// The device name, such as `/dev/xvda` for the root of Amazon Linux. Sets `DeviceName`.
        #[builder(!default, setter(into, !strip_option))]
        pub(crate) device: String,
        /// The size in GiB; left out, that of the image or snapshot. Sets `Ebs.VolumeSize`.
        pub(crate) size: Option<i32>,
        /// The type. Sets `Ebs.VolumeType`.
        pub(crate) volume_type: Option<VolumeType>,
        /// I/O operations a second; needed for io1 and io2, 3000 to 80000 for gp3. Sets `Ebs.Iops`.
        pub(crate) iops: Option<i32>,
        /// MiB a second of a gp3 volume: 125 to 2000. Sets `Ebs.Throughput`.
        pub(crate) throughput: Option<i32>,
        /// Whether the volume is encrypted. Sets `Ebs.Encrypted`.
        pub(crate) encrypted: Option<bool>,
        /// The KMS key of an encrypted volume. Sets `Ebs.KmsKeyId`.
        #[builder(setter(into))]
        pub(crate) kms_key: Option<String>,
        /// The snapshot that the volume starts from. Sets `Ebs.SnapshotId`.
        #[builder(setter(into))]
        pub(crate) snapshot: Option<String>,
        /// Whether the volume goes with the instance. Sets `Ebs.DeleteOnTermination`.
        pub(crate) delete_on_termination: Option<bool>,
    }
}

record! {
    /// How instances reach their metadata.
    #[derive(Debug, Clone, Default, PartialEq, Eq, TypedBuilder)]
    #[builder(doc, field_defaults(default, setter(strip_option)))]
    #[non_exhaustive]
    pub struct MetadataOptions {
        /// Whether requests need a token (IMDSv2). Sets `HttpTokens`.
        pub(crate) tokens_required: Option<bool>,
        /// How many network hops an answer may take: 1 to 64. Sets `HttpPutResponseHopLimit`.
        pub(crate) hop_limit: Option<i32>,
        /// Whether metadata can be reached at all. Sets `HttpEndpoint`.
        pub(crate) enabled: Option<bool>,
        /// Whether metadata can be reached over IPv6. Sets `HttpProtocolIpv6`.
        pub(crate) ipv6: Option<bool>,
        /// Whether metadata contains the tags of the instance. Sets `InstanceMetadataTags`.
        pub(crate) instance_tags: Option<bool>,
    }
}

impl BlockDevice {
    fn validate(&self, path: &str, problems: &mut Problems<'_>) {
        // CreateVolume documents the bounds; where the type is left out, gp2 is AWS's default.
        let (size, iops) = match self.volume_type {
            Some(VolumeType::Gp3) => (1..=65536, Some(3000..=80000)),
            None | Some(VolumeType::Gp2) => (1..=16384, None),
            Some(VolumeType::Io2) => (4..=65536, Some(100..=256_000)),
            Some(VolumeType::Io1) => (4..=16384, Some(100..=64000)),
            Some(VolumeType::St1 | VolumeType::Sc1) => (125..=16384, None),
            Some(VolumeType::Standard) => (1..=1024, None),
        };
        problems.range("V140", &format!("{path}.size"), self.size, size);
        match (iops, self.iops) {
            (Some(bounds), _) => problems.range("V141", &format!("{path}.iops"), self.iops, bounds),
            (None, Some(iops)) if self.volume_type.is_some() => {
                problems.report("V139", format!("{path}.iops"), iops, "this volume type has no setting for it");
            }
            _ => {}
        }
        if matches!(self.volume_type, Some(VolumeType::Io1 | VolumeType::Io2)) && self.iops.is_none() {
            problems.report("V139", format!("{path}.iops"), "", "is required for io1 and io2");
        }
        problems.range("V142", &format!("{path}.throughput"), self.throughput, 125..=2000);
    }
}

const VERSION: Operation = Operation::CreateLaunchTemplateVersion;

impl Describe for LaunchTemplate {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("name", "CreateLaunchTemplate.LaunchTemplateName", |r| Value::of(&r.name)),
        Property::<Self>::new("version_description", "CreateLaunchTemplate.VersionDescription", |r| {
            Value::of(&r.version_description)
        })
        .updated_by(VERSION),
        Property::<Self>::new("image", "RequestLaunchTemplateData.ImageId", |r| Value::of(&r.image))
            .updated_by(VERSION),
        Property::<Self>::new("instance_type", "RequestLaunchTemplateData.InstanceType", |r| {
            Value::of(&r.instance_type)
        })
        .updated_by(VERSION),
        Property::<Self>::new("key_name", "RequestLaunchTemplateData.KeyName", |r| Value::of(&r.key_name))
            .updated_by(VERSION),
        Property::<Self>::new("instance_profile", "RequestLaunchTemplateData.IamInstanceProfile", |r| {
            Value::of(&r.instance_profile)
        })
        .updated_by(VERSION),
        Property::<Self>::new("user_data", "RequestLaunchTemplateData.UserData", |r| Value::of(&r.user_data))
            .updated_by(VERSION)
            .sensitive(),
        Property::<Self>::new("security_groups", "RequestLaunchTemplateData.SecurityGroupIds", |r| {
            if r.security_groups.is_empty() { Value::Unset } else { Value::of(&r.security_groups) }
        })
        .unordered()
        .updated_by(VERSION),
        Property::<Self>::new("block_devices", "RequestLaunchTemplateData.BlockDeviceMappings", |r| {
            if r.block_devices.is_empty() { Value::Unset } else { Value::of(&r.block_devices) }
        })
        .updated_by(VERSION),
        Property::<Self>::new("metadata", "RequestLaunchTemplateData.MetadataOptions", |r| Value::of(&r.metadata))
            .updated_by(VERSION),
        Property::<Self>::new("detailed_monitoring", "RequestLaunchTemplateData.Monitoring", |r| {
            Value::of(&r.detailed_monitoring)
        })
        .updated_by(VERSION),
        Property::<Self>::new("ebs_optimized", "RequestLaunchTemplateData.EbsOptimized", |r| {
            Value::of(&r.ebs_optimized)
        })
        .updated_by(VERSION),
        Property::<Self>::new("launched_tags", "RequestLaunchTemplateData.TagSpecifications", |r| {
            Value::map(r.launched_tags.iter().map(|(resource, tags)| (resource.as_str(), Value::of(tags))))
        })
        .updated_by(VERSION),
        Property::<Self>::new("tags", "CreateLaunchTemplate.TagSpecifications", |r| Value::of(&r.tags))
            .elements(Operation::CreateTags, Operation::DeleteTags),
    ];
    const CREATE: Operation = Operation::CreateLaunchTemplate;
    const DELETE: Operation = Operation::DeleteLaunchTemplate;

    fn natural_key(&self) -> Vec<Value> {
        vec![Value::of(&self.name)]
    }

    fn unique_name(&mut self) -> Option<(&mut String, usize)> {
        Some((&mut self.name, 128))
    }

    fn set_tag(&mut self, key: &str, value: &str) {
        self.tags.insert(key, value);
    }

    fn has_tag(&self, key: &str) -> bool {
        self.tags.get(key).is_some()
    }

    fn inputs(&mut self, visit: &mut Visit<'_>) {
        if let Some(image) = &mut self.image {
            visit(image);
        }
        self.security_groups.iter_mut().for_each(|group| visit(group));
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
        let description = self.version_description.as_ref().map(|text| text.chars().count());
        problems.range("V125", "version_description", description, 0..=255);
        if let Some(data) = &self.user_data {
            // The content stays out of the report.
            problems.range("V134", "user_data.bytes", Some(data.0.len()), 0..=16384);
        }
        if let Some(metadata) = &self.metadata {
            problems.range("V135", "metadata.hop_limit", metadata.hop_limit, 1..=64);
        }
        for (index, device) in self.block_devices.iter().enumerate() {
            device.validate(&format!("block_devices[{index}]"), problems);
        }
        if self.auto_scaling_guidance {
            if self.image.is_none() {
                problems.report("V149", "image", "", "is required of a template for Auto Scaling");
            }
            if self.instance_type.is_none() {
                problems.report("V149", "instance_type", "", "is required of a template for Auto Scaling");
            }
        }
        self.tags.validate(problems);
        for (resource, tags) in &self.launched_tags {
            problems.range("V178", &format!("launched_tags.{resource}"), Some(tags.len()), 0..=50);
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
