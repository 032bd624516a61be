//! What a test says was there before, and what it may look at without a client.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ec2::types::{ArchitectureValues, InstanceStateName};
use ipnet::Ipv4Net;

use super::image::{AMAZON, Image};
use super::instance::state_name;
use super::interface::{self, User};
use super::network::{Subnet, Vpc, subnet_place, zones};
use super::rule::{Direction, Peer, RuleSpec, Traffic};
use super::security_group::{self, DEFAULT};
use super::tags::Tags;
use crate::sim::SimAws;
use crate::sim::world::World;

/// A machine image to add with [`SimAws::add_custom_image`].
///
/// ```
/// use purlin::sim::{SimAws, SimImage};
///
/// let sim = SimAws::new();
/// let api = sim.add_custom_image(SimImage::named("Api-AMI").arm64().serves(&[8080, 9090]));
/// let broken = sim.add_custom_image(SimImage::named("Broken-AMI").serves(&[]));
/// assert_ne!(api, broken);
/// ```
#[derive(Debug, Clone)]
pub struct SimImage {
    name: String,
    architecture: ArchitectureValues,
    ports: Vec<u16>,
    root_size: i32,
    amazon: bool,
    windows: bool,
}

impl SimImage {
    /// Describes an image of the account: x86_64, with an 8 GiB root volume, serving on port 80.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            architecture: ArchitectureValues::X8664,
            ports: vec![80],
            root_size: 8,
            amazon: false,
            windows: false,
        }
    }

    /// Makes it an image for Arm processors.
    #[must_use]
    pub fn arm64(mut self) -> Self {
        self.architecture = ArchitectureValues::Arm64;
        self
    }

    /// Sets the ports on which its software answers; with none it boots and never serves.
    #[must_use]
    pub fn serves(mut self, ports: &[u16]) -> Self {
        self.ports = ports.to_vec();
        self
    }

    /// Sets the size of its root volume in GiB.
    #[must_use]
    pub fn root_size(mut self, gib: i32) -> Self {
        self.root_size = gib;
        self
    }

    /// Makes it an image of Windows.
    #[must_use]
    pub fn windows(mut self) -> Self {
        self.windows = true;
        self
    }

    /// Makes it a public image of Amazon instead of one of the account.
    #[must_use]
    pub fn owned_by_amazon(mut self) -> Self {
        self.amazon = true;
        self
    }
}

/// An instance of the simulated account, as [`SimAws::instances`] lists it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SimInstance {
    /// Its id, such as `i-00000000000000012`.
    pub id: String,
    /// Its state.
    pub state: InstanceStateName,
    /// Its instance type, such as `t3.micro`.
    pub instance_type: String,
    /// The id of its subnet (the one it had, when it is terminated).
    pub subnet: String,
    /// Its availability zone.
    pub zone: String,
    /// The id of its image.
    pub image: String,
    /// Its tags, including those that AWS sets.
    pub tags: BTreeMap<String, String>,
    /// The tags of its root volume.
    pub volume_tags: BTreeMap<String, String>,
    /// The ids of the security groups of its primary network interface.
    pub security_groups: Vec<String>,
    /// When it was launched, in virtual time since the simulation began.
    pub launched: Duration,
}

fn named(name: &str) -> Tags {
    Tags::from([("Name".to_owned(), name.to_owned())])
}

fn network(cidr: &str) -> Ipv4Net {
    match cidr.parse::<Ipv4Net>() {
        Ok(net) if net.trunc() == net => net,
        _ => panic!("`{cidr}` is not the address range of an IPv4 network"),
    }
}

impl SimAws {
    /// Adds a VPC with the tag `Name` and its `default` security group; returns its id.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use purlin::sim::SimAws;
    ///
    /// let sim = SimAws::new();
    /// let vpc = sim.add_vpc("Lab-VPC", "10.0.0.0/16");
    /// sim.add_public_subnet(&vpc, "Public-A", "ap-northeast-2a", "10.0.1.0/24");
    /// sim.add_subnet(&vpc, "Private-A", "ap-northeast-2a", "10.0.11.0/24");
    ///
    /// let subnets = sim.ec2().describe_subnets().send().await?;
    /// assert_eq!(subnets.subnets().len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics when `cidr` is not the address range of an IPv4 network.
    pub fn add_vpc(&self, name: &str, cidr: &str) -> String {
        self.place_vpc(name, cidr, false)
    }

    /// Adds the default VPC with a default subnet in the zones `a` and `c`; returns its id.
    pub fn add_default_vpc(&self) -> String {
        let vpc = self.place_vpc("default", "172.31.0.0/16", true);
        let region = self.shared.lock().region.clone();
        self.place_subnet(&vpc, "default a", &format!("{region}a"), "172.31.0.0/20", true);
        self.place_subnet(&vpc, "default c", &format!("{region}c"), "172.31.16.0/20", true);
        vpc
    }

    fn place_vpc(&self, name: &str, cidr: &str, default: bool) -> String {
        let cidr = network(cidr);
        let world = &mut *self.shared.lock();
        let id = world.new_id("vpc");
        world.ec2.vpcs.insert(id.clone(), Vpc { id: id.clone(), cidr, default });
        world.ec2.tags.add(&id, named(name));
        let group = security_group::add(world, &id, DEFAULT, "default VPC security group", None);
        // The default group lets its members talk to each other.
        let traffic = Traffic { peer: Peer::Group(group.clone()), ..Traffic::everything() };
        let spec = RuleSpec { traffic, description: None };
        security_group::add_rule(world, &group, Direction::Ingress, spec, None);
        id
    }

    /// Adds a subnet without a route to the internet, with the tag `Name`; returns its id.
    ///
    /// # Panics
    ///
    /// Panics when the VPC or the zone is unknown, or when the address range is not free in the VPC.
    pub fn add_subnet(&self, vpc: &str, name: &str, zone: &str, cidr: &str) -> String {
        self.place_subnet(vpc, name, zone, cidr, false)
    }

    /// Adds a subnet with a route to an internet gateway, whose instances get public addresses;
    /// returns its id.
    ///
    /// # Panics
    ///
    /// Panics when the VPC or the zone is unknown, or when the address range is not free in the VPC.
    pub fn add_public_subnet(&self, vpc: &str, name: &str, zone: &str, cidr: &str) -> String {
        self.place_subnet(vpc, name, zone, cidr, true)
    }

    fn place_subnet(&self, vpc: &str, name: &str, zone: &str, cidr: &str, public: bool) -> String {
        let cidr = network(cidr);
        let world = &mut *self.shared.lock();
        let range = world.ec2.vpcs.get(vpc).map(|vpc| vpc.cidr);
        assert!(range.is_some_and(|range| range.contains(&cidr)), "there is no VPC `{vpc}` that contains {cidr}");
        assert!(zones(world).any(|known| known == zone), "`{zone}` is not a zone of {}", world.region);
        let mut others = world.ec2.subnets.values().filter(|other| other.vpc == vpc);
        let overlaps = |other: &Subnet| other.cidr.contains(&cidr) || cidr.contains(&other.cidr);
        assert!(!others.any(overlaps), "another subnet of `{vpc}` overlaps {cidr}");
        let id = world.new_id("subnet");
        let subnet = Subnet { id: id.clone(), vpc: vpc.to_owned(), zone: zone.to_owned(), cidr, public };
        world.ec2.subnets.insert(id.clone(), subnet);
        world.ec2.tags.add(&id, named(name));
        id
    }

    /// Adds an image of the account: x86_64, with an 8 GiB root volume, serving HTTP on port 80;
    /// returns its id.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use purlin::sim::SimAws;
    ///
    /// let sim = SimAws::new();
    /// let image = sim.add_image("Web-AMI");
    ///
    /// let images = sim.ec2().describe_images().owners("self").send().await?;
    /// assert_eq!(images.images()[0].image_id(), Some(image.as_str()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_image(&self, name: &str) -> String {
        self.add_custom_image(SimImage::named(name))
    }

    /// Adds an image that differs from the usual one; returns its id.
    pub fn add_custom_image(&self, image: SimImage) -> String {
        let world = &mut *self.shared.lock();
        let id = world.new_id("ami");
        let snapshot = world.new_id("snap");
        let created = Image::next_creation_date(world);
        let owner = if image.amazon { AMAZON.to_owned() } else { world.account.clone() };
        let image = Image {
            id: id.clone(),
            name: image.name,
            owner,
            windows: image.windows,
            public: image.amazon,
            architecture: image.architecture,
            root_device: "/dev/xvda".to_owned(),
            root_size: image.root_size,
            snapshot,
            serves: image.ports,
            created,
        };
        world.ec2.images.insert(id.clone(), image);
        id
    }

    /// Removes an image, as deregistering it does; instances launched from it stay.
    pub fn remove_image(&self, image: &str) {
        let world = &mut *self.shared.lock();
        world.ec2.images.remove(image);
        world.ec2.tags.forget(image);
    }

    /// Adds a security group that somebody else made, letting everything out; returns its id.
    ///
    /// # Panics
    ///
    /// Panics when the VPC is unknown.
    pub fn add_security_group(&self, vpc: &str, name: &str) -> String {
        let world = &mut *self.shared.lock();
        assert!(world.ec2.vpcs.contains_key(vpc), "there is no VPC `{vpc}`");
        security_group::add(world, vpc, name, "made by somebody else", None)
    }

    /// Adds a network interface that somebody else made and that uses `groups`; returns its id.
    ///
    /// As long as it is there, EC2 refuses to delete these groups.
    ///
    /// # Panics
    ///
    /// Panics when the subnet or a group is unknown.
    pub fn add_interface(&self, subnet: &str, groups: &[&str]) -> String {
        let world = &mut *self.shared.lock();
        assert!(world.ec2.subnets.contains_key(subnet), "there is no subnet `{subnet}`");
        for group in groups {
            assert!(world.ec2.groups.contains_key(*group), "there is no security group `{group}`");
        }
        let groups = groups.iter().map(|&group| group.to_owned()).collect();
        let description = "made by somebody else".to_owned();
        interface::add(world, subnet, groups, description, User::Nobody, None)
    }

    /// Removes a network interface.
    pub fn remove_interface(&self, interface: &str) {
        let world = &mut *self.shared.lock();
        world.ec2.interfaces.remove(interface);
        world.ec2.tags.forget(interface);
    }

    /// Makes launches in an availability zone fail with `InsufficientInstanceCapacity`, or succeed again.
    ///
    /// # Panics
    ///
    /// Panics when the zone is unknown.
    pub fn set_insufficient_capacity(&self, zone: &str, on: bool) {
        let world = &mut *self.shared.lock();
        assert!(zones(world).any(|known| known == zone), "`{zone}` is not a zone of {}", world.region);
        if on {
            world.ec2.full_zones.insert(zone.to_owned());
        } else {
            world.ec2.full_zones.remove(zone);
        }
    }

    /// Lists the instances in the order of their launch, the terminated ones for another hour.
    ///
    /// ```
    /// use purlin::sim::SimAws;
    ///
    /// let sim = SimAws::new();
    /// assert!(sim.instances().is_empty());
    /// ```
    #[must_use]
    pub fn instances(&self) -> Vec<SimInstance> {
        let world = &*self.shared.lock();
        world
            .ec2
            .instances
            .values()
            .filter(|instance| !instance.forgotten(world.now))
            .map(|instance| seen(world, instance))
            .collect()
    }
}

fn seen(world: &World, instance: &super::instance::Instance) -> SimInstance {
    let tags = &world.ec2.tags;
    SimInstance {
        id: instance.id.clone(),
        state: state_name(instance.state(world.now)),
        instance_type: instance.instance_type.clone(),
        subnet: instance.subnet.clone(),
        zone: subnet_place(world, &instance.subnet).map(|(_, zone)| zone).unwrap_or_default(),
        image: instance.image.clone(),
        tags: tags.of(&instance.id).clone(),
        volume_tags: instance.volumes.first().map(|volume| tags.of(volume).clone()).unwrap_or_default(),
        security_groups: instance.groups(world),
        launched: instance.launched,
    }
}
