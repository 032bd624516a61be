//! Launching an instance from a template.
//!
//! Everything is checked and planned first; the plan then cannot fail.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use aws_sdk_ec2::types::{self as sdk, RequestLaunchTemplateData, ResourceType};

use super::association::group_serves;
use super::image::Image;
use super::instance::Instance;
use super::instance_type;
use super::interface::{self, User};
use super::network::{Subnet, free_addresses, zones};
use super::resource::{IMAGE, SUBNET, conflict, invalid, missing};
use super::security_group::{default_group, known};
use super::tags::{self, Tags};
use super::volume::{Volume, VolumeSpec};
use super::{ResolvedTemplate, block_device};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// An interface that a launch makes.
struct PlannedInterface {
    groups: Vec<String>,
    description: String,
    address: Option<Ipv4Addr>,
}

struct Plan {
    image: Image,
    instance_type: String,
    interfaces: Vec<PlannedInterface>,
    public_address: bool,
    volumes: Vec<VolumeSpec>,
    tags: Tags,
    interface_tags: Tags,
    volume_tags: Tags,
}

/// Launches an instance from a template into a subnet; `tags` override the template's instance tags
/// of the same key (volumes keep the template's). Returns its id.
pub(crate) fn launch_instance(
    world: &mut World,
    template: &ResolvedTemplate,
    subnet: &str,
    tags: &[(String, String)],
) -> Result<String, ApiError> {
    let plan = plan(world, template, subnet, tags)?;
    Ok(carry_out(world, &template.data, subnet, plan))
}

fn plan(world: &World, template: &ResolvedTemplate, subnet: &str, tags: &[(String, String)]) -> Result<Plan, ApiError> {
    let data = &template.data;
    let subnet = SUBNET.find(&world.ec2.subnets, subnet)?;
    let image = image(world, data)?;
    let instance_type = chosen_type(data, image)?;
    let interfaces = interfaces(world, data, subnet)?;
    let volumes = block_device::volumes(image, data.block_device_mappings())?;
    let mut instance_tags = template_tags(data, &ResourceType::Instance);
    // EC2 itself notes the template on every instance launched from one.
    instance_tags.insert("aws:ec2launchtemplate:id".to_owned(), template.id.clone());
    instance_tags.insert("aws:ec2launchtemplate:version".to_owned(), template.version.to_string());
    instance_tags.extend(tags.iter().cloned());
    tags::check_count(&instance_tags)?;
    check_capacity(world, &subnet.zone, &instance_type)?;
    if let Some(reason) = unknown_profile(world, data) {
        return Err(invalid(reason));
    }
    let asked_public = data.network_interfaces().first().and_then(|request| request.associate_public_ip_address());
    Ok(Plan {
        image: image.clone(),
        instance_type,
        interfaces,
        public_address: asked_public.unwrap_or(subnet.public),
        volumes,
        tags: instance_tags,
        interface_tags: template_tags(data, &ResourceType::NetworkInterface),
        volume_tags: template_tags(data, &ResourceType::Volume),
    })
}

/// What EC2 says of an instance profile that is not known everywhere yet.
pub(crate) fn unknown_profile(world: &World, data: &RequestLaunchTemplateData) -> Option<String> {
    let profile = data.iam_instance_profile()?;
    let (member, value, what) = match (profile.arn(), profile.name()) {
        (Some(arn), _) => ("arn", arn, "ARN"),
        (None, name) => ("name", name?, "name"),
    };
    (!world.is_known(value)).then(|| {
        format!(
            "Value ({value}) for parameter iamInstanceProfile.{member} is invalid. Invalid IAM Instance Profile {what}"
        )
    })
}

fn carry_out(world: &mut World, data: &RequestLaunchTemplateData, subnet: &str, plan: Plan) -> String {
    let id = world.new_id("i");
    let reservation = world.new_id("r");
    let launched = world.now;
    let mut interfaces = Vec::new();
    for (planned, device_index) in plan.interfaces.into_iter().zip(0..) {
        let user = User::Instance { id: id.clone(), device_index };
        let PlannedInterface { groups, description, address } = planned;
        let interface = interface::add(world, subnet, groups, description, user, address);
        world.ec2.tags.add(&interface, plan.interface_tags.clone());
        interfaces.push(interface);
    }
    let mut volumes = Vec::new();
    for spec in plan.volumes {
        let volume = world.new_id("vol");
        world.ec2.tags.add(&volume, plan.volume_tags.clone());
        world.ec2.volumes.insert(
            volume.clone(),
            Volume { id: volume.clone(), instance: id.clone(), spec, created: launched, released_at: None },
        );
        volumes.push(volume);
    }
    let profile = data.iam_instance_profile().and_then(|profile| profile.arn().or(profile.name()));
    let market = data.instance_market_options().and_then(|options| options.market_type());
    let instance = Instance {
        id: id.clone(),
        reservation,
        image: plan.image.id,
        architecture: plan.image.architecture,
        root_device: plan.image.root_device,
        serves: plan.image.serves,
        instance_type: plan.instance_type,
        subnet: subnet.to_owned(),
        interfaces,
        volumes,
        has_public_address: plan.public_address,
        spot: market == Some(&sdk::MarketType::Spot),
        key_name: data.key_name().map(str::to_owned),
        profile: profile.map(str::to_owned),
        monitored: data.monitoring().and_then(|monitoring| monitoring.enabled()).unwrap_or(false),
        ebs_optimized: data.ebs_optimized().unwrap_or(false),
        protected: data.disable_api_termination().unwrap_or(false),
        launched,
        running_at: launched + world.settings.instance_boot,
        termination: None,
    };
    world.ec2.tags.add(&id, plan.tags);
    world.ec2.instances.insert(id.clone(), instance);
    id
}

/// The tags that a template gives one kind of resource; they were checked when it was created.
fn template_tags(data: &RequestLaunchTemplateData, resource_type: &ResourceType) -> Tags {
    data.tag_specifications()
        .iter()
        .filter(|specification| specification.resource_type() == Some(resource_type))
        .flat_map(|specification| specification.tags())
        .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())))
        .collect()
}

/// The image of a template. A Systems Manager parameter (`resolve:ssm:name`) stands for the image
/// that has the parameter's name.
fn image<'w>(world: &'w World, data: &RequestLaunchTemplateData) -> Result<&'w Image, ApiError> {
    let id = data.image_id().ok_or_else(|| missing("ImageId"))?;
    let Some(parameter) = id.strip_prefix("resolve:ssm:") else {
        return IMAGE.find(&world.ec2.images, id);
    };
    let name = parameter.split_once(':').map_or(parameter, |(name, _version)| name);
    world
        .ec2
        .images
        .values()
        .rfind(|image| image.name == name)
        .ok_or_else(|| invalid(format!("The Systems Manager parameter '{parameter}' was not found")))
}

fn chosen_type(data: &RequestLaunchTemplateData, image: &Image) -> Result<String, ApiError> {
    let Some(instance_type) = data.instance_type() else {
        let requirements = data.instance_requirements().ok_or_else(|| missing("InstanceType"))?;
        return instance_type::matching(requirements, &image.architecture)
            .ok_or_else(|| invalid("No instance type satisfies the instance requirements"));
    };
    let name = instance_type.as_str();
    if !sdk::InstanceType::values().contains(&name) {
        return Err(invalid(format!("Invalid value '{name}' for InstanceType.")));
    }
    let architecture = instance_type::architecture(name);
    if let Some(architecture) = architecture.filter(|architecture| *architecture != image.architecture) {
        return Err(invalid(format!(
            "The architecture '{architecture}' of the specified instance type does not match the architecture '{}' \
             of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try \
             again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the \
             instance type or AMI.",
            image.architecture
        )));
    }
    Ok(name.to_owned())
}

/// The interfaces of an instance, the primary one first.
fn interfaces(
    world: &World,
    data: &RequestLaunchTemplateData,
    subnet: &Subnet,
) -> Result<Vec<PlannedInterface>, ApiError> {
    let requests = data.network_interfaces();
    let mut planned = Vec::new();
    if !data.security_groups().is_empty() {
        return Err(conflict("The parameter groupName cannot be used with the parameter subnet"));
    }
    if requests.is_empty() {
        let groups = groups(world, subnet, data.security_group_ids())?;
        planned.push(PlannedInterface { groups, description: String::new(), address: None });
    } else if !data.security_group_ids().is_empty() {
        return Err(conflict(
            "Network interfaces and an instance-level security groups may not be specified on the same request",
        ));
    }
    let mut indexes = BTreeSet::new();
    for request in requests {
        if !indexes.insert(request.device_index().unwrap_or(0)) {
            return Err(invalid("Each network interface requires a unique device index."));
        }
        if requests.len() > 1 && request.associate_public_ip_address() == Some(true) {
            return Err(conflict(
                "The associatePublicIPAddress parameter cannot be specified when launching with multiple network \
                 interfaces.",
            ));
        }
        planned.push(requested_interface(world, subnet, request)?);
    }
    if !requests.is_empty() && !indexes.contains(&0) {
        return Err(invalid("When specifying network interfaces, you must include a device at index 0."));
    }
    if free_addresses(world, subnet) < planned.len() {
        return Err(ApiError::new(
            "InsufficientFreeAddressesInSubnet",
            format!("There are not enough free addresses in subnet '{}' to satisfy the request.", subnet.id),
        ));
    }
    Ok(planned)
}

fn requested_interface(
    world: &World,
    subnet: &Subnet,
    request: &sdk::LaunchTemplateInstanceNetworkInterfaceSpecificationRequest,
) -> Result<PlannedInterface, ApiError> {
    if let Some(id) = request.network_interface_id() {
        let interface = interface::find(world, id)?;
        if interface.user != User::Nobody {
            return Err(ApiError::new("InvalidNetworkInterface.InUse", format!("Interface: [{id}] in use.")));
        }
        return Err(ApiError::new(
            "Unsupported",
            "The simulation cannot launch an instance with an existing network interface.",
        ));
    }
    if request.subnet_id().is_some() {
        return Err(conflict(
            "Network interfaces and an instance-level subnet ID may not be specified on the same request",
        ));
    }
    let address = request.private_ip_address().map(|address| free_at(world, subnet, address)).transpose()?;
    Ok(PlannedInterface {
        groups: groups(world, subnet, request.groups())?,
        description: request.description().unwrap_or_default().to_owned(),
        address,
    })
}

/// The fixed address of an interface, if it can have it.
fn free_at(world: &World, subnet: &Subnet, text: &str) -> Result<Ipv4Addr, ApiError> {
    let address: Ipv4Addr =
        text.parse().map_err(|_| invalid(format!("Invalid value '{text}' for address. Invalid IPv4 address.")))?;
    if !subnet.cidr.contains(&address) {
        return Err(invalid("Address does not fall within the subnet's address range"));
    }
    let taken = world
        .ec2
        .interfaces
        .values()
        .any(|interface| interface.subnet == subnet.id && interface.address == address && interface.exists(world));
    if taken {
        return Err(ApiError::new("InvalidIPAddress.InUse", format!("Address {address} is in use.")));
    }
    Ok(address)
}

/// The groups of an interface; without any it gets the default group of its VPC.
fn groups(world: &World, subnet: &Subnet, ids: &[String]) -> Result<Vec<String>, ApiError> {
    let mut groups: Vec<String> = Vec::new();
    for id in ids {
        let group = known(world, id)?;
        if group_serves(world, &group.id, &subnet.vpc) != Some(true) {
            return Err(ApiError::new(
                "InvalidParameter",
                format!("Security group {id} and subnet {} belong to different networks.", subnet.id),
            ));
        }
        if !groups.contains(id) {
            groups.push(id.clone());
        }
    }
    if groups.len() > world.settings.quotas.security_groups_per_interface {
        return Err(ApiError::new(
            "SecurityGroupsPerInterfaceLimitExceeded",
            "The maximum number of security groups per interface has been reached.",
        ));
    }
    if groups.is_empty() {
        groups.extend(default_group(world, &subnet.vpc));
    }
    Ok(groups)
}

fn check_capacity(world: &World, zone: &str, instance_type: &str) -> Result<(), ApiError> {
    if !world.ec2.full_zones.contains(zone) {
        return Ok(());
    }
    let others: Vec<String> = zones(world).filter(|zone| !world.ec2.full_zones.contains(zone)).collect();
    let hint = if others.is_empty() {
        String::new()
    } else {
        format!(
            " You can currently get {instance_type} capacity by not specifying an Availability Zone in your request \
             or choosing {}.",
            others.join(", ")
        )
    };
    let message = format!(
        "We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested \
         ({zone}). Our system will be working on provisioning additional capacity.{hint}"
    );
    Err(ApiError::new("InsufficientInstanceCapacity", message).with_status(500))
}
