//! Instances: their states, DescribeInstances and TerminateInstances.

use std::time::Duration;

use aws_sdk_ec2::operation::describe_instances::{DescribeInstancesInput, DescribeInstancesOutput};
use aws_sdk_ec2::operation::terminate_instances::{TerminateInstancesInput, TerminateInstancesOutput};
use aws_sdk_ec2::types as sdk;

use super::filter::{Field, Filtered};
use super::interface::Interface;
use super::network::subnet_place;
use super::page::{self, page};
use super::resource::{self, IdKind, Resource, conflict, dry_run, invalid, listed, missing};
use super::tags::{self, Tags};
use super::{InstanceFacts, InstanceState};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// "Terminated instances remain visible after termination (for approximately one hour)."
const SHOWN_AFTER_TERMINATION: Duration = Duration::from_secs(3600);

#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) reservation: String,
    pub(super) image: String,
    pub(super) architecture: sdk::ArchitectureValues,
    pub(super) root_device: String,
    /// Ports on which the image's software answers.
    pub(super) serves: Vec<u16>,
    pub(super) instance_type: String,
    pub(super) subnet: String,
    /// The interfaces, the primary one first.
    pub(super) interfaces: Vec<String>,
    pub(super) volumes: Vec<String>,
    pub(super) has_public_address: bool,
    pub(super) spot: bool,
    pub(super) key_name: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) monitored: bool,
    pub(super) ebs_optimized: bool,
    /// Whether TerminateInstances is refused.
    pub(super) protected: bool,
    pub(super) launched: Duration,
    pub(super) running_at: Duration,
    pub(super) termination: Option<Termination>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Termination {
    ordered: Duration,
    done: Duration,
}

impl Instance {
    pub(super) fn state(&self, now: Duration) -> InstanceState {
        match self.termination {
            Some(termination) if termination.done <= now => InstanceState::Terminated,
            Some(_) => InstanceState::ShuttingDown,
            None if self.running_at <= now => InstanceState::Running,
            None => InstanceState::Pending,
        }
    }

    pub(super) fn forgotten(&self, now: Duration) -> bool {
        self.termination.is_some_and(|termination| termination.done + SHOWN_AFTER_TERMINATION <= now)
    }

    fn primary<'w>(&self, world: &'w World) -> Option<&'w Interface> {
        self.interfaces.first().and_then(|id| world.ec2.interfaces.get(id))
    }

    pub(super) fn groups(&self, world: &World) -> Vec<String> {
        self.primary(world).map(|interface| interface.groups.clone()).unwrap_or_default()
    }

    /// A value that an instance loses when it is terminated, such as its subnet.
    fn until_terminated(&self, world: &World, value: impl FnOnce() -> Vec<String>) -> Vec<String> {
        if self.state(world.now) == InstanceState::Terminated { Vec::new() } else { value() }
    }

    fn private_address(&self, world: &World) -> Option<String> {
        self.primary(world).map(|interface| interface.address.to_string())
    }

    fn profile_sdk(&self, world: &World) -> Option<sdk::IamInstanceProfile> {
        self.profile.as_ref().map(|profile| {
            let arn = if profile.starts_with("arn:") {
                profile.clone()
            } else {
                format!("arn:aws:iam::{}:instance-profile/{profile}", world.account)
            };
            sdk::IamInstanceProfile::builder().arn(arn).build()
        })
    }

    fn to_sdk(&self, world: &World) -> sdk::Instance {
        let state = self.state(world.now);
        let terminated = state == InstanceState::Terminated;
        let (vpc, zone) = subnet_place(world, &self.subnet).unwrap_or_default();
        let monitoring = if self.monitored { sdk::MonitoringState::Enabled } else { sdk::MonitoringState::Disabled };
        let mut instance = sdk::Instance::builder()
            .instance_id(&self.id)
            .image_id(&self.image)
            .instance_type(sdk::InstanceType::from(self.instance_type.as_str()))
            .architecture(self.architecture.clone())
            .state(state_to_sdk(state))
            .launch_time(World::timestamp(self.launched))
            .ami_launch_index(0)
            .placement(sdk::Placement::builder().availability_zone(zone).tenancy(sdk::Tenancy::Default).build())
            .monitoring(sdk::Monitoring::builder().state(monitoring).build())
            .virtualization_type(sdk::VirtualizationType::Hvm)
            .hypervisor(sdk::HypervisorType::Xen)
            .root_device_type(sdk::DeviceType::Ebs)
            .root_device_name(&self.root_device)
            .ebs_optimized(self.ebs_optimized)
            .ena_support(true)
            .set_instance_lifecycle(self.spot.then_some(sdk::InstanceLifecycleType::Spot))
            .set_key_name(self.key_name.clone())
            .set_iam_instance_profile(self.profile_sdk(world))
            .set_tags(tags::to_sdk(self.tags(world)));
        if let Some(termination) = self.termination {
            let at = World::timestamp(termination.ordered)
                .fmt(aws_smithy_types::date_time::Format::DateTime)
                .unwrap_or_default();
            instance = instance.state_transition_reason(format!("User initiated ({at})")).state_reason(
                sdk::StateReason::builder()
                    .code("Client.UserInitiatedShutdown")
                    .message("Client.UserInitiatedShutdown: User initiated shutdown")
                    .build(),
            );
        }
        if terminated {
            return instance.build();
        }
        let interfaces = self.interfaces.iter().filter_map(|id| world.ec2.interfaces.get(id));
        let groups = self.primary(world).map(|interface| interface.group_identifiers(world));
        instance
            .vpc_id(&vpc)
            .subnet_id(&self.subnet)
            .set_private_ip_address(self.private_address(world))
            .set_public_ip_address(self.public_address(world))
            .set_security_groups(groups)
            .set_network_interfaces(Some(
                interfaces.enumerate().map(|(index, interface)| attached(world, interface, index, &vpc)).collect(),
            ))
            .set_block_device_mappings(Some(self.block_devices(world)))
            .build()
    }

    /// A public address that follows from the private one; nobody ever talks to it.
    fn public_address(&self, world: &World) -> Option<String> {
        let [_, b, c, d] = self.primary(world).filter(|_| self.has_public_address)?.address.octets();
        Some(format!("3.{b}.{c}.{d}"))
    }

    fn block_devices(&self, world: &World) -> Vec<sdk::InstanceBlockDeviceMapping> {
        self.volumes
            .iter()
            .filter_map(|id| world.ec2.volumes.get(id))
            .map(|volume| {
                let ebs = sdk::EbsInstanceBlockDevice::builder()
                    .volume_id(&volume.id)
                    .status(sdk::AttachmentStatus::Attached)
                    .attach_time(World::timestamp(volume.created))
                    .delete_on_termination(volume.spec.delete_on_termination)
                    .build();
                sdk::InstanceBlockDeviceMapping::builder().device_name(&volume.spec.device).ebs(ebs).build()
            })
            .collect()
    }
}

fn attached(world: &World, interface: &Interface, index: usize, vpc: &str) -> sdk::InstanceNetworkInterface {
    let address = interface.address.to_string();
    let attachment = sdk::InstanceNetworkInterfaceAttachment::builder()
        .attachment_id(interface.attachment_id())
        .device_index(i32::try_from(index).unwrap_or(i32::MAX))
        .status(sdk::AttachmentStatus::Attached)
        .delete_on_termination(true)
        .build();
    sdk::InstanceNetworkInterface::builder()
        .network_interface_id(&interface.id)
        .subnet_id(&interface.subnet)
        .vpc_id(vpc)
        .description(&interface.description)
        .owner_id(&world.account)
        .status(sdk::NetworkInterfaceStatus::InUse)
        .set_groups(Some(interface.group_identifiers(world)))
        .private_ip_address(&address)
        .private_ip_addresses(
            sdk::InstancePrivateIpAddress::builder().primary(true).private_ip_address(address).build(),
        )
        .attachment(attachment)
        .build()
}

pub(super) fn state_name(state: InstanceState) -> sdk::InstanceStateName {
    match state {
        InstanceState::Pending => sdk::InstanceStateName::Pending,
        InstanceState::Running => sdk::InstanceStateName::Running,
        InstanceState::ShuttingDown => sdk::InstanceStateName::ShuttingDown,
        InstanceState::Terminated => sdk::InstanceStateName::Terminated,
    }
}

fn state_code(state: InstanceState) -> i32 {
    match state {
        InstanceState::Pending => 0,
        InstanceState::Running => 16,
        InstanceState::ShuttingDown => 32,
        InstanceState::Terminated => 48,
    }
}

fn state_to_sdk(state: InstanceState) -> sdk::InstanceState {
    sdk::InstanceState::builder().code(state_code(state)).name(state_name(state)).build()
}

impl Filtered for Instance {
    const FIELDS: &'static [Field<Self>] = &[
        ("instance-id", |_, instance| vec![instance.id.clone()]),
        ("reservation-id", |_, instance| vec![instance.reservation.clone()]),
        ("instance-state-name", |world, instance| vec![state_name(instance.state(world.now)).as_str().to_owned()]),
        ("instance-state-code", |world, instance| vec![state_code(instance.state(world.now)).to_string()]),
        ("image-id", |_, instance| vec![instance.image.clone()]),
        ("instance-type", |_, instance| vec![instance.instance_type.clone()]),
        ("architecture", |_, instance| vec![instance.architecture.as_str().to_owned()]),
        ("key-name", |_, instance| instance.key_name.clone().into_iter().collect()),
        ("owner-id", |world, _| vec![world.account.clone()]),
        ("root-device-name", |_, instance| vec![instance.root_device.clone()]),
        ("root-device-type", |_, _| vec!["ebs".to_owned()]),
        ("virtualization-type", |_, _| vec!["hvm".to_owned()]),
        ("tenancy", |_, _| vec!["default".to_owned()]),
        ("availability-zone", |world, instance| {
            subnet_place(world, &instance.subnet).map(|(_, zone)| zone).into_iter().collect()
        }),
        ("vpc-id", |world, instance| {
            instance.until_terminated(world, || {
                subnet_place(world, &instance.subnet).map(|(vpc, _)| vpc).into_iter().collect()
            })
        }),
        ("subnet-id", |world, instance| instance.until_terminated(world, || vec![instance.subnet.clone()])),
        ("private-ip-address", |world, instance| {
            instance.until_terminated(world, || instance.private_address(world).into_iter().collect())
        }),
        ("instance.group-id", |world, instance| instance.until_terminated(world, || instance.groups(world))),
        ("instance.group-name", |world, instance| {
            instance.until_terminated(world, || {
                let groups = instance.groups(world);
                groups.iter().filter_map(|id| world.ec2.groups.get(id)).map(|group| group.name.clone()).collect()
            })
        }),
        ("network-interface.group-id", |world, instance| {
            instance.until_terminated(world, || {
                let interfaces = instance.interfaces.iter().filter_map(|id| world.ec2.interfaces.get(id));
                interfaces.flat_map(|interface| interface.groups.clone()).collect()
            })
        }),
        ("network-interface.network-interface-id", |world, instance| {
            instance.until_terminated(world, || instance.interfaces.clone())
        }),
        ("network-interface.subnet-id", |world, instance| {
            instance.until_terminated(world, || vec![instance.subnet.clone()])
        }),
    ];

    fn tags<'w>(&'w self, world: &'w World) -> &'w Tags {
        world.ec2.tags.of(&self.id)
    }
}

impl Resource for Instance {
    const KIND: IdKind = resource::INSTANCE;

    fn shown(&self, world: &World) -> bool {
        world.visible(self.launched) && !self.forgotten(world.now)
    }
}

/// The instance of that id; refuses one that was terminated long ago.
pub(super) fn find<'w>(world: &'w World, id: &str) -> Result<&'w Instance, ApiError> {
    let instance = resource::INSTANCE.find(&world.ec2.instances, id)?;
    if instance.forgotten(world.now) { Err(resource::INSTANCE.not_found(id)) } else { Ok(instance) }
}

pub(super) fn describe(world: &World, input: &DescribeInstancesInput) -> Result<DescribeInstancesOutput, ApiError> {
    if !input.instance_ids().is_empty() && input.max_results.is_some() {
        return Err(conflict("The parameter instancesSet cannot be used with the parameter maxResults"));
    }
    let instances = listed(world, &world.ec2.instances, input.instance_ids.as_deref(), input.filters.as_deref())?;
    let (instances, next_token) = page(instances, input.max_results, input.next_token(), &page::USUAL)?;
    let reservations = instances.into_iter().map(|instance| {
        sdk::Reservation::builder()
            .reservation_id(&instance.reservation)
            .owner_id(&world.account)
            .instances(instance.to_sdk(world))
            .build()
    });
    Ok(DescribeInstancesOutput::builder()
        .set_reservations(Some(reservations.collect()))
        .set_next_token(next_token)
        .build())
}

pub(super) fn terminate(
    world: &mut World,
    input: &TerminateInstancesInput,
) -> Result<TerminateInstancesOutput, ApiError> {
    let ids = input.instance_ids();
    if ids.is_empty() {
        return Err(missing("InstanceId"));
    }
    if ids.len() > 1000 {
        return Err(invalid("The number of instance ids exceeds the maximum of 1000"));
    }
    for id in ids {
        if find(world, id)?.protected {
            return Err(ApiError::new(
                "OperationNotPermitted",
                format!(
                    "The instance '{id}' may not be terminated. Modify its 'disableApiTermination' instance \
                     attribute and try again."
                ),
            ));
        }
    }
    dry_run(input.dry_run())?;
    let states =
        |world: &World| -> Vec<Option<InstanceState>> { ids.iter().map(|id| instance_state(world, id)).collect() };
    let before = states(world);
    ids.iter().for_each(|id| terminate_instance(world, id));
    let changes = ids.iter().zip(before).zip(states(world)).map(|((id, before), after)| {
        sdk::InstanceStateChange::builder()
            .instance_id(id)
            .set_previous_state(before.map(state_to_sdk))
            .set_current_state(after.map(state_to_sdk))
            .build()
    });
    Ok(TerminateInstancesOutput::builder().set_terminating_instances(Some(changes.collect())).build())
}

/// Orders an instance to terminate; its interface holds its groups until it is `terminated`.
pub(crate) fn terminate_instance(world: &mut World, instance: &str) {
    let ordered = world.now;
    let done = ordered + world.settings.instance_termination;
    let ec2 = &mut world.ec2;
    let Some(instance) = ec2.instances.get_mut(instance).filter(|instance| instance.termination.is_none()) else {
        return;
    };
    instance.termination = Some(Termination { ordered, done });
    for id in &instance.interfaces {
        if let Some(interface) = ec2.interfaces.get_mut(id) {
            interface.gone_at = Some(done);
        }
    }
    for id in &instance.volumes {
        if let Some(volume) = ec2.volumes.get_mut(id) {
            volume.released_at = Some(done);
        }
    }
}

/// The state of an instance; `None` for an unknown one.
pub(crate) fn instance_state(world: &World, instance: &str) -> Option<InstanceState> {
    world.ec2.instances.get(instance).map(|instance| instance.state(world.now))
}

/// When the instance is (or was) running for the first time; `None` if it was terminated before.
pub(crate) fn instance_running_at(world: &World, instance: &str) -> Option<Duration> {
    let instance = world.ec2.instances.get(instance)?;
    let terminated_before = instance.termination.is_some_and(|termination| termination.ordered < instance.running_at);
    (!terminated_before).then_some(instance.running_at)
}

/// What the other services need to know of an instance; `None` for an unknown one.
pub(crate) fn instance_facts(world: &World, instance: &str) -> Option<InstanceFacts> {
    let instance = world.ec2.instances.get(instance)?;
    let (_, zone) = subnet_place(world, &instance.subnet)?;
    Some(InstanceFacts {
        subnet: instance.subnet.clone(),
        zone,
        instance_type: instance.instance_type.clone(),
        groups: instance.groups(world),
        serves: instance.serves.clone(),
    })
}
