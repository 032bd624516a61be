//! Network interfaces: of instances, of services such as load balancers, and of others.

use std::net::Ipv4Addr;
use std::time::Duration;

use aws_sdk_ec2::operation::describe_network_interfaces::{
    DescribeNetworkInterfacesInput, DescribeNetworkInterfacesOutput,
};
use aws_sdk_ec2::operation::modify_network_interface_attribute::{
    ModifyNetworkInterfaceAttributeInput, ModifyNetworkInterfaceAttributeOutput,
};
use aws_sdk_ec2::types as sdk;

use super::ServiceInterface;
use super::association::group_serves;
use super::filter::{Field, Filtered};
use super::network::{self, subnet_place};
use super::page::{self, page};
use super::resource::{self, IdKind, Resource, conflict, listed, visible};
use super::tags::{self, Tags};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// Whom an interface belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum User {
    /// Nobody: it was created on its own and is not attached.
    Nobody,
    Instance {
        id: String,
        device_index: i32,
    },
    /// A service, by the requester id that AWS shows for it.
    Service {
        requester: String,
    },
}

#[derive(Debug, Clone)]
pub(super) struct Interface {
    pub(super) id: String,
    pub(super) subnet: String,
    pub(super) address: Ipv4Addr,
    pub(super) groups: Vec<String>,
    pub(super) description: String,
    pub(super) user: User,
    pub(super) created: Option<Duration>,
    /// When it is gone, once that is known.
    pub(super) gone_at: Option<Duration>,
}

impl Interface {
    pub(super) fn exists(&self, world: &World) -> bool {
        self.gone_at.is_none_or(|at| world.now < at)
    }

    fn instance(&self) -> Option<&str> {
        match &self.user {
            User::Instance { id, .. } => Some(id),
            User::Nobody | User::Service { .. } => None,
        }
    }

    fn requester(&self) -> Option<&str> {
        match &self.user {
            User::Service { requester } => Some(requester),
            User::Nobody | User::Instance { .. } => None,
        }
    }

    fn place(&self, world: &World) -> (String, String) {
        subnet_place(world, &self.subnet).unwrap_or_default()
    }

    fn status(&self) -> sdk::NetworkInterfaceStatus {
        match self.user {
            User::Nobody => sdk::NetworkInterfaceStatus::Available,
            User::Instance { .. } | User::Service { .. } => sdk::NetworkInterfaceStatus::InUse,
        }
    }

    /// Network Load Balancers have a type of their own, Application Load Balancers do not.
    fn interface_type(&self) -> sdk::NetworkInterfaceType {
        if self.requester().is_some() && self.description.starts_with("ELB net/") {
            sdk::NetworkInterfaceType::NetworkLoadBalancer
        } else {
            sdk::NetworkInterfaceType::Interface
        }
    }

    pub(super) fn attachment_id(&self) -> String {
        self.id.replacen("eni-", "eni-attach-", 1)
    }

    /// The groups as EC2 shows them, with their names.
    pub(super) fn group_identifiers(&self, world: &World) -> Vec<sdk::GroupIdentifier> {
        self.groups
            .iter()
            .map(|id| {
                let name = world.ec2.groups.get(id).map(|group| group.name.clone());
                sdk::GroupIdentifier::builder().group_id(id).set_group_name(name).build()
            })
            .collect()
    }

    fn to_sdk(&self, world: &World) -> sdk::NetworkInterface {
        let (vpc, zone) = self.place(world);
        let address = self.address.to_string();
        let attachment = match &self.user {
            User::Nobody => None,
            User::Instance { id, device_index } => Some(
                sdk::NetworkInterfaceAttachment::builder()
                    .instance_id(id)
                    .instance_owner_id(&world.account)
                    .device_index(*device_index)
                    .delete_on_termination(true),
            ),
            User::Service { requester } => Some(
                sdk::NetworkInterfaceAttachment::builder()
                    .instance_owner_id(requester)
                    .device_index(1)
                    .delete_on_termination(false),
            ),
        }
        .map(|attachment| {
            attachment
                .attachment_id(self.attachment_id())
                .status(sdk::AttachmentStatus::Attached)
                .set_attach_time(self.created.map(World::timestamp))
                .build()
        });
        sdk::NetworkInterface::builder()
            .network_interface_id(&self.id)
            .interface_type(self.interface_type())
            .description(&self.description)
            .subnet_id(&self.subnet)
            .vpc_id(vpc)
            .availability_zone(zone)
            .private_ip_address(&address)
            .private_ip_addresses(
                sdk::NetworkInterfacePrivateIpAddress::builder().primary(true).private_ip_address(address).build(),
            )
            .set_groups(Some(self.group_identifiers(world)))
            .owner_id(&world.account)
            .set_requester_id(self.requester().map(str::to_owned))
            .requester_managed(self.requester().is_some())
            .status(self.status())
            .set_attachment(attachment)
            .set_tag_set(tags::to_sdk(self.tags(world)))
            .build()
    }
}

impl Filtered for Interface {
    const FIELDS: &'static [Field<Self>] = &[
        ("network-interface-id", |_, interface| vec![interface.id.clone()]),
        ("group-id", |_, interface| interface.groups.clone()),
        ("group-name", |world, interface| {
            interface.groups.iter().filter_map(|id| world.ec2.groups.get(id)).map(|group| group.name.clone()).collect()
        }),
        ("subnet-id", |_, interface| vec![interface.subnet.clone()]),
        ("vpc-id", |world, interface| vec![interface.place(world).0]),
        ("availability-zone", |world, interface| vec![interface.place(world).1]),
        ("description", |_, interface| vec![interface.description.clone()]),
        ("status", |_, interface| vec![interface.status().as_str().to_owned()]),
        ("interface-type", |_, interface| vec![interface.interface_type().as_str().to_owned()]),
        ("requester-id", |_, interface| interface.requester().map(str::to_owned).into_iter().collect()),
        ("requester-managed", |_, interface| vec![interface.requester().is_some().to_string()]),
        ("owner-id", |world, _| vec![world.account.clone()]),
        ("private-ip-address", |_, interface| vec![interface.address.to_string()]),
        ("addresses.private-ip-address", |_, interface| vec![interface.address.to_string()]),
        ("attachment.instance-id", |_, interface| interface.instance().map(str::to_owned).into_iter().collect()),
        ("attachment.attachment-id", |_, interface| match interface.user {
            User::Nobody => Vec::new(),
            User::Instance { .. } | User::Service { .. } => vec![interface.attachment_id()],
        }),
        ("attachment.instance-owner-id", |world, interface| match &interface.user {
            User::Nobody => Vec::new(),
            User::Instance { .. } => vec![world.account.clone()],
            User::Service { requester } => vec![requester.clone()],
        }),
        ("attachment.status", |_, interface| match interface.user {
            User::Nobody => Vec::new(),
            User::Instance { .. } | User::Service { .. } => vec!["attached".to_owned()],
        }),
    ];

    fn tags<'w>(&'w self, world: &'w World) -> &'w Tags {
        world.ec2.tags.of(&self.id)
    }
}

impl Resource for Interface {
    const KIND: IdKind = resource::INTERFACE;

    fn shown(&self, world: &World) -> bool {
        self.exists(world) && visible(world, self.created)
    }
}

/// The interface of that id; refuses one that is gone.
pub(super) fn find<'w>(world: &'w World, id: &str) -> Result<&'w Interface, ApiError> {
    let interface = resource::INTERFACE.find(&world.ec2.interfaces, id)?;
    if interface.exists(world) { Ok(interface) } else { Err(resource::INTERFACE.not_found(id)) }
}

pub(super) fn describe(
    world: &World,
    input: &DescribeNetworkInterfacesInput,
) -> Result<DescribeNetworkInterfacesOutput, ApiError> {
    if !input.network_interface_ids().is_empty() && input.max_results.is_some() {
        return Err(conflict("The parameter networkInterfaceIds cannot be used with the parameter maxResults"));
    }
    let ids = input.network_interface_ids.as_deref();
    let interfaces = listed(world, &world.ec2.interfaces, ids, input.filters.as_deref())?;
    let (interfaces, next_token) = page(interfaces, input.max_results, input.next_token(), &page::USUAL)?;
    let interfaces = interfaces.into_iter().map(|interface| interface.to_sdk(world));
    Ok(DescribeNetworkInterfacesOutput::builder()
        .set_network_interfaces(Some(interfaces.collect()))
        .set_next_token(next_token)
        .build())
}

/// Changes the groups of an interface, also while its instance runs. Other attributes are not
/// simulated.
pub(super) fn modify(
    world: &mut World,
    input: &ModifyNetworkInterfaceAttributeInput,
) -> Result<ModifyNetworkInterfaceAttributeOutput, ApiError> {
    let id = input.network_interface_id().ok_or_else(|| resource::missing("networkInterfaceId"))?;
    let interface = find(world, id)?;
    let groups = input.groups();
    if groups.is_empty() {
        return Err(ApiError::new(
            "InvalidParameterCombination",
            "No attributes specified: only the groups of an interface can be changed here.",
        ));
    }
    // As EC2 answers for the interfaces of load balancers and the like.
    if interface.requester().is_some() {
        return Err(ApiError::new("AuthFailure", "You do not have permission to access the specified resource."));
    }
    let vpc = interface.place(world).0;
    for group in groups {
        resource::SECURITY_GROUP.find(&world.ec2.groups, group)?;
        if group_serves(world, group, &vpc) != Some(true) {
            return Err(ApiError::new(
                "InvalidParameterValue",
                format!("Security group {group} and network interface {id} are in different VPCs."),
            ));
        }
    }
    resource::dry_run(input.dry_run())?;
    set_interface_groups(world, id, groups.to_vec());
    Ok(ModifyNetworkInterfaceAttributeOutput::builder().build())
}

/// Puts an interface into a subnet, at `address` or at the lowest free one; returns its id.
pub(super) fn add(
    world: &mut World,
    subnet: &str,
    groups: Vec<String>,
    description: String,
    user: User,
    address: Option<Ipv4Addr>,
) -> String {
    let free = || world.ec2.subnets.get(subnet).and_then(|subnet| network::free_address(world, subnet));
    let address = address.or_else(free).unwrap_or(Ipv4Addr::UNSPECIFIED);
    let id = world.new_id("eni");
    // What belongs to nobody was there before the simulation began.
    let created = (user != User::Nobody).then_some(world.now);
    let interface = Interface {
        id: id.clone(),
        subnet: subnet.to_owned(),
        address,
        groups,
        description,
        user,
        created,
        gone_at: None,
    };
    world.ec2.interfaces.insert(id.clone(), interface);
    id
}

/// Puts a service's network interface into a subnet; returns its id.
pub(crate) fn create_service_interface(world: &mut World, interface: ServiceInterface) -> String {
    let ServiceInterface { subnet, groups, description, requester } = interface;
    add(world, &subnet, groups, description, User::Service { requester }, None)
}

/// Changes the groups of a service's interface.
pub(crate) fn set_interface_groups(world: &mut World, interface: &str, groups: Vec<String>) {
    if let Some(interface) = world.ec2.interfaces.get_mut(interface) {
        interface.groups = groups;
    }
}

/// Lets a service's interface go at `at` (its user is gone before; it outlives it).
pub(crate) fn release_service_interface(world: &mut World, interface: &str, at: Duration) {
    if let Some(interface) = world.ec2.interfaces.get_mut(interface) {
        interface.gone_at = Some(at);
    }
}
