//! EBS volumes of instances.

use std::time::Duration;

use aws_sdk_ec2::operation::describe_volumes::{DescribeVolumesInput, DescribeVolumesOutput};
use aws_sdk_ec2::types as sdk;

use super::filter::{Field, Filtered};
use super::network::subnet_place;
use super::page::{self, page};
use super::resource::{self, IdKind, Resource, conflict, listed};
use super::tags::{self, Tags};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// What a volume is like, before and after it exists.
#[derive(Debug, Clone)]
pub(super) struct VolumeSpec {
    pub(super) device: String,
    /// In GiB.
    pub(super) size: i32,
    pub(super) volume_type: sdk::VolumeType,
    pub(super) iops: Option<i32>,
    pub(super) throughput: Option<i32>,
    pub(super) encrypted: bool,
    pub(super) kms_key: Option<String>,
    pub(super) snapshot: Option<String>,
    pub(super) delete_on_termination: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Volume {
    pub(super) id: String,
    pub(super) instance: String,
    pub(super) spec: VolumeSpec,
    pub(super) created: Duration,
    /// When its instance is terminated, once that is known.
    pub(super) released_at: Option<Duration>,
}

impl Volume {
    fn released(&self, world: &World) -> bool {
        self.released_at.is_some_and(|at| at <= world.now)
    }

    /// A volume ends with its instance, or else outlives it unattached.
    pub(super) fn exists(&self, world: &World) -> bool {
        !(self.spec.delete_on_termination && self.released(world))
    }

    fn state(&self, world: &World) -> sdk::VolumeState {
        if self.released(world) { sdk::VolumeState::Available } else { sdk::VolumeState::InUse }
    }

    fn zone(&self, world: &World) -> String {
        let subnet = world.ec2.instances.get(&self.instance).map(|instance| instance.subnet.as_str());
        subnet.and_then(|subnet| subnet_place(world, subnet)).map(|(_, zone)| zone).unwrap_or_default()
    }

    /// One value while the volume is attached, none afterwards.
    fn while_attached(&self, world: &World, value: &str) -> Vec<String> {
        if self.released(world) { Vec::new() } else { vec![value.to_owned()] }
    }

    fn to_sdk(&self, world: &World) -> sdk::Volume {
        let spec = &self.spec;
        let attachment = (!self.released(world)).then(|| {
            sdk::VolumeAttachment::builder()
                .volume_id(&self.id)
                .instance_id(&self.instance)
                .device(&spec.device)
                .state(sdk::VolumeAttachmentState::Attached)
                .attach_time(World::timestamp(self.created))
                .delete_on_termination(spec.delete_on_termination)
                .build()
        });
        sdk::Volume::builder()
            .volume_id(&self.id)
            .size(spec.size)
            .volume_type(spec.volume_type.clone())
            .set_iops(spec.iops)
            .set_throughput(spec.throughput)
            .encrypted(spec.encrypted)
            .set_kms_key_id(spec.kms_key.clone())
            .snapshot_id(spec.snapshot.clone().unwrap_or_default())
            .availability_zone(self.zone(world))
            .state(self.state(world))
            .create_time(World::timestamp(self.created))
            .multi_attach_enabled(false)
            .set_attachments(Some(attachment.into_iter().collect()))
            .set_tags(tags::to_sdk(self.tags(world)))
            .build()
    }
}

impl Filtered for Volume {
    const FIELDS: &'static [Field<Self>] = &[
        ("volume-id", |_, volume| vec![volume.id.clone()]),
        ("attachment.instance-id", |world, volume| volume.while_attached(world, &volume.instance)),
        ("attachment.device", |world, volume| volume.while_attached(world, &volume.spec.device)),
        ("attachment.status", |world, volume| volume.while_attached(world, "attached")),
        ("attachment.delete-on-termination", |world, volume| {
            volume.while_attached(world, &volume.spec.delete_on_termination.to_string())
        }),
        ("availability-zone", |world, volume| vec![volume.zone(world)]),
        ("status", |world, volume| vec![volume.state(world).as_str().to_owned()]),
        ("size", |_, volume| vec![volume.spec.size.to_string()]),
        ("volume-type", |_, volume| vec![volume.spec.volume_type.as_str().to_owned()]),
        ("encrypted", |_, volume| vec![volume.spec.encrypted.to_string()]),
        ("snapshot-id", |_, volume| volume.spec.snapshot.clone().into_iter().collect()),
    ];

    fn tags<'w>(&'w self, world: &'w World) -> &'w Tags {
        world.ec2.tags.of(&self.id)
    }
}

impl Resource for Volume {
    const KIND: IdKind = resource::VOLUME;

    fn shown(&self, world: &World) -> bool {
        self.exists(world) && world.visible(self.created)
    }
}

/// The volume of that id; refuses one that is gone.
pub(super) fn find<'w>(world: &'w World, id: &str) -> Result<&'w Volume, ApiError> {
    let volume = resource::VOLUME.find(&world.ec2.volumes, id)?;
    if volume.exists(world) { Ok(volume) } else { Err(resource::VOLUME.not_found(id)) }
}

pub(super) fn describe(world: &World, input: &DescribeVolumesInput) -> Result<DescribeVolumesOutput, ApiError> {
    if !input.volume_ids().is_empty() && input.max_results.is_some() {
        return Err(conflict("The parameter volumeIds cannot be used with the parameter maxResults"));
    }
    let volumes = listed(world, &world.ec2.volumes, input.volume_ids.as_deref(), input.filters.as_deref())?;
    let (volumes, next_token) = page(volumes, input.max_results, input.next_token(), &page::USUAL)?;
    let volumes = volumes.into_iter().map(|volume| volume.to_sdk(world));
    Ok(DescribeVolumesOutput::builder().set_volumes(Some(volumes.collect())).set_next_token(next_token).build())
}
