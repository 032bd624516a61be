//! Machine images.

use aws_sdk_ec2::operation::describe_images::{DescribeImagesInput, DescribeImagesOutput};
use aws_sdk_ec2::types as sdk;
use aws_smithy_types::date_time::Format;

use super::filter::{Field, Filtered};
use super::page::{self, page};
use super::resource::{self, IdKind, Resource, invalid, listed};
use super::tags::{self, Tags};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// The account of Amazon's own images, the owner alias `amazon`.
pub(super) const AMAZON: &str = "137112412989";

#[derive(Debug, Clone)]
pub(super) struct Image {
    pub(super) id: String,
    pub(super) name: String,
    /// The account that owns it.
    pub(super) owner: String,
    pub(super) public: bool,
    pub(super) windows: bool,
    pub(super) architecture: sdk::ArchitectureValues,
    pub(super) root_device: String,
    /// In GiB.
    pub(super) root_size: i32,
    pub(super) snapshot: String,
    /// Ports on which its software answers.
    pub(super) serves: Vec<u16>,
    /// RFC 3339, as the API writes it.
    pub(super) created: String,
}

impl Image {
    fn alias(&self) -> Option<&'static str> {
        (self.owner == AMAZON).then_some("amazon")
    }

    /// A creation date later than that of every image so far, so that "the most recent" is one.
    pub(super) fn next_creation_date(world: &World) -> String {
        let nth = std::time::Duration::from_secs(world.ec2.images.len() as u64);
        World::timestamp(world.now + nth).fmt(Format::DateTime).unwrap_or_default()
    }
}

impl Filtered for Image {
    const FIELDS: &'static [Field<Self>] = &[
        ("image-id", |_, image| vec![image.id.clone()]),
        ("name", |_, image| vec![image.name.clone()]),
        ("owner-id", |_, image| vec![image.owner.clone()]),
        ("owner-alias", |_, image| image.alias().map(str::to_owned).into_iter().collect()),
        ("state", |_, _| vec!["available".to_owned()]),
        ("architecture", |_, image| vec![image.architecture.as_str().to_owned()]),
        ("is-public", |_, image| vec![image.public.to_string()]),
        ("root-device-type", |_, _| vec!["ebs".to_owned()]),
        ("root-device-name", |_, image| vec![image.root_device.clone()]),
        ("virtualization-type", |_, _| vec!["hvm".to_owned()]),
        ("hypervisor", |_, _| vec!["xen".to_owned()]),
        ("image-type", |_, _| vec!["machine".to_owned()]),
        ("ena-support", |_, _| vec!["true".to_owned()]),
        ("creation-date", |_, image| vec![image.created.clone()]),
        ("description", |_, _| Vec::new()),
        ("platform", |_, image| image.windows.then(|| "windows".to_owned()).into_iter().collect()),
        ("block-device-mapping.device-name", |_, image| vec![image.root_device.clone()]),
        ("block-device-mapping.volume-size", |_, image| vec![image.root_size.to_string()]),
        ("block-device-mapping.volume-type", |_, _| vec!["gp3".to_owned()]),
        ("block-device-mapping.snapshot-id", |_, image| vec![image.snapshot.clone()]),
    ];

    fn tags<'w>(&'w self, world: &'w World) -> &'w Tags {
        world.ec2.tags.of(&self.id)
    }
}

impl Resource for Image {
    const KIND: IdKind = resource::IMAGE;

    fn shown(&self, _world: &World) -> bool {
        true
    }
}

pub(super) fn describe(world: &World, input: &DescribeImagesInput) -> Result<DescribeImagesOutput, ApiError> {
    for owner in input.owners() {
        let is_account = owner.len() == 12 && owner.bytes().all(|digit| digit.is_ascii_digit());
        if !is_account && !matches!(owner.as_str(), "self" | "amazon" | "aws-marketplace" | "aws-backup-vault") {
            return Err(ApiError::new("InvalidUserID.Malformed", format!("Invalid user id: \"{owner}\"")));
        }
    }
    if input.image_ids().len() > 1000 {
        return Err(invalid("The number of image ids exceeds the maximum of 1000"));
    }
    let images = listed(world, &world.ec2.images, input.image_ids.as_deref(), input.filters.as_deref())?
        .into_iter()
        .filter(|image| {
            input.owners().is_empty()
                || input.owners().iter().any(|owner| match owner.as_str() {
                    "self" => image.owner == world.account,
                    alias_or_account => image.alias() == Some(alias_or_account) || image.owner == alias_or_account,
                })
        })
        .filter(|image| {
            input.executable_users().is_empty()
                || input.executable_users().iter().any(|user| match user.as_str() {
                    "all" => image.public,
                    // Images shared with an account are not simulated.
                    _ => false,
                })
        })
        .collect();
    let (images, next_token) = page(images, input.max_results, input.next_token(), &page::IMAGES)?;
    let images = images.into_iter().map(|image| to_sdk(world, image));
    Ok(DescribeImagesOutput::builder().set_images(Some(images.collect())).set_next_token(next_token).build())
}

fn to_sdk(world: &World, image: &Image) -> sdk::Image {
    let root = sdk::EbsBlockDevice::builder()
        .snapshot_id(&image.snapshot)
        .volume_size(image.root_size)
        .volume_type(sdk::VolumeType::Gp3)
        .delete_on_termination(true)
        .encrypted(false)
        .build();
    sdk::Image::builder()
        .image_id(&image.id)
        .name(&image.name)
        .image_location(format!("{}/{}", image.alias().unwrap_or(&image.owner), image.name))
        .owner_id(&image.owner)
        .set_image_owner_alias(image.alias().map(str::to_owned))
        .public(image.public)
        .state(sdk::ImageState::Available)
        .architecture(image.architecture.clone())
        .image_type(sdk::ImageTypeValues::Machine)
        .hypervisor(sdk::HypervisorType::Xen)
        .virtualization_type(sdk::VirtualizationType::Hvm)
        .root_device_type(sdk::DeviceType::Ebs)
        .root_device_name(&image.root_device)
        .block_device_mappings(sdk::BlockDeviceMapping::builder().device_name(&image.root_device).ebs(root).build())
        .ena_support(true)
        .creation_date(&image.created)
        .set_platform(image.windows.then_some(sdk::PlatformValues::Windows))
        .platform_details(if image.windows { "Windows" } else { "Linux/UNIX" })
        .usage_operation(if image.windows { "RunInstances:0002" } else { "RunInstances" })
        .set_tags(tags::to_sdk(image.tags(world)))
        .build()
}
