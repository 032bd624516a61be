//! The network interfaces of instances.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use typed_builder::TypedBuilder;

use crate::id::{SecurityGroupId, SubnetId};
use crate::input::{Input, IntoInput};
use crate::problem::Problems;
use crate::resource::Visit;
use crate::resource::names::names;
use crate::resource::record::record;
use crate::value::{ToValue, Value};

names! {
    /// What a network interface can do.
    InterfaceType {
        /// IP; AWS's default.
        Interface = "interface",
        /// IP, and Elastic Fabric Adapter.
        Efa = "efa",
        /// Elastic Fabric Adapter without IP.
        EfaOnly = "efa-only",
    }
}

impl ToValue for Ipv4Addr {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl ToValue for Ipv6Addr {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

record! {
    /// A private IPv4 address of a network interface.
    #[derive(Debug, Clone, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct PrivateIpAddress {
        pub(crate) address: Ipv4Addr,
        pub(crate) primary: Option<bool>,
    }
}

impl PrivateIpAddress {
    /// The primary address of the interface, of which there is one.
    pub fn primary(address: Ipv4Addr) -> Self {
        Self { address, primary: Some(true) }
    }

    /// A further address of the interface.
    pub fn secondary(address: Ipv4Addr) -> Self {
        Self { address, primary: Some(false) }
    }
}

record! {
    /// How long a security group remembers idle connections.
    #[derive(Debug, Clone, Default, PartialEq, Eq, TypedBuilder)]
    #[builder(doc, field_defaults(default, setter(strip_option)))]
    #[non_exhaustive]
    pub struct ConnectionTracking {
        /// TCP connections that are established: 60 s to 5 days. AWS's default is 5 days, and 350 s
        /// on Nitro v6. Sets `TcpEstablishedTimeout`.
        pub(crate) tcp_established: Option<Duration>,
        /// UDP flows with more than one request and response: 60 to 180 s. AWS's default is 180 s.
        /// Sets `UdpStreamTimeout`.
        pub(crate) udp_stream: Option<Duration>,
        /// Other UDP flows: 30 to 60 s. AWS's default is 30 s. Sets `UdpTimeout`.
        pub(crate) udp: Option<Duration>,
    }
}

record! {
    /// A network interface of the instances.
    ///
    /// A template with network interfaces has its security groups there, and none of its own.
    ///
    /// ```
    /// # use purlin::{Ref, SecurityGroup};
    /// use purlin::{LaunchTemplate, NetworkInterface};
    ///
    /// # fn declare(group: Ref<SecurityGroup>) {
    /// let primary = NetworkInterface::builder().device_index(0).public_ip(true).security_group(group).build();
    /// let template = LaunchTemplate::builder().name("Web").network_interface(primary).build();
    /// # }
    /// ```
    #[derive(Debug, Clone, PartialEq, TypedBuilder)]
    #[builder(doc, field_defaults(default, setter(strip_option)), mutators(
        /// Adds a security group; may be repeated. Sets `Groups`.
        pub fn security_group(&mut self, group: impl IntoInput<SecurityGroupId>) {
            self.security_groups.push(group.into_input());
        }
    ))]
    #[non_exhaustive]
    pub struct NetworkInterface {
        /// The place of the interface on the instance: 0 is the primary one. Sets `DeviceIndex`.
        pub(crate) device_index: Option<u32>,
        /// The network card. AWS's default is 0. Sets `NetworkCardIndex`.
        pub(crate) network_card: Option<u32>,
        /// What the interface can do. AWS's default is [`InterfaceType::Interface`]. Sets
        /// `InterfaceType`.
        pub(crate) interface_type: Option<InterfaceType>,
        /// The subnet. Auto Scaling groups choose it themselves. Sets `SubnetId`.
        #[builder(setter(!strip_option, transform = |subnet: impl IntoInput<SubnetId>| Some(subnet.into_input())))]
        pub(crate) subnet: Option<Input<SubnetId>>,
        /// A network interface that exists, by id; not for more than one instance. Sets
        /// `NetworkInterfaceId`.
        #[builder(setter(into))]
        pub(crate) network_interface_id: Option<String>,
        /// What the interface is for. Sets `Description`.
        #[builder(setter(into))]
        pub(crate) description: Option<String>,
        /// Whether the interface goes with the instance. Sets `DeleteOnTermination`.
        pub(crate) delete_on_termination: Option<bool>,
        /// Whether it has a public IPv4 address, which costs. AWS's default is that of the subnet.
        /// Sets `AssociatePublicIpAddress`.
        pub(crate) public_ip: Option<bool>,
        /// Whether it has a carrier IP address, in a Wavelength Zone. Sets
        /// `AssociateCarrierIpAddress`.
        pub(crate) carrier_ip: Option<bool>,
        /// The primary private IPv4 address. AWS's default is a free one. Sets `PrivateIpAddress`.
        pub(crate) private_ip_address: Option<Ipv4Addr>,
        /// All private IPv4 addresses. Sets `PrivateIpAddresses`.
        #[builder(setter(!strip_option, transform = |all: impl IntoIterator<Item = PrivateIpAddress>| all.into_iter().collect()))]
        pub(crate) private_ip_addresses: Vec<PrivateIpAddress>,
        /// How many further private IPv4 addresses AWS chooses. Not together with
        /// `private_ip_addresses`. Sets `SecondaryPrivateIpAddressCount`.
        pub(crate) secondary_private_ip_addresses: Option<u32>,
        /// The IPv6 addresses. Sets `Ipv6Addresses`.
        #[builder(setter(!strip_option, transform = |all: impl IntoIterator<Item = Ipv6Addr>| all.into_iter().collect()))]
        pub(crate) ipv6_addresses: Vec<Ipv6Addr>,
        /// How many IPv6 addresses AWS chooses. Not together with `ipv6_addresses`. Sets
        /// `Ipv6AddressCount`.
        pub(crate) ipv6_address_count: Option<u32>,
        /// Whether the first IPv6 address stays for as long as the instance. Sets `PrimaryIpv6`.
        pub(crate) primary_ipv6: Option<bool>,
        /// The IPv4 prefixes, such as `10.0.0.16/28`. Sets `Ipv4Prefixes`.
        #[builder(setter(!strip_option, transform = |all: impl IntoIterator<Item = impl Into<String>>| all.into_iter().map(Into::into).collect()))]
        pub(crate) ipv4_prefixes: Vec<String>,
        /// How many IPv4 prefixes AWS chooses. Not together with `ipv4_prefixes`. Sets
        /// `Ipv4PrefixCount`.
        pub(crate) ipv4_prefix_count: Option<u32>,
        /// The IPv6 prefixes, such as `2001:db8:1234:1a00:1::/80`. Sets `Ipv6Prefixes`.
        #[builder(setter(!strip_option, transform = |all: impl IntoIterator<Item = impl Into<String>>| all.into_iter().map(Into::into).collect()))]
        pub(crate) ipv6_prefixes: Vec<String>,
        /// How many IPv6 prefixes AWS chooses. Not together with `ipv6_prefixes`. Sets
        /// `Ipv6PrefixCount`.
        pub(crate) ipv6_prefix_count: Option<u32>,
        /// Whether TCP between instances takes several paths (ENA Express). AWS's default is no.
        /// Sets `EnaSrdSpecification.EnaSrdEnabled`.
        pub(crate) ena_express: Option<bool>,
        /// Whether UDP does, too, which takes `ena_express`. AWS's default is no. Sets
        /// `EnaSrdSpecification.EnaSrdUdpSpecification.EnaSrdUdpEnabled`.
        pub(crate) ena_express_udp: Option<bool>,
        /// The number of ENA queues. Sets `EnaQueueCount`.
        pub(crate) ena_queues: Option<u32>,
        /// How long security groups remember idle connections. Sets
        /// `ConnectionTrackingSpecification`.
        pub(crate) connection_tracking: Option<ConnectionTracking>,
        #[builder(via_mutators, !default)]
        pub(crate) security_groups: Vec<Input<SecurityGroupId>>,
    }
}

impl NetworkInterface {
    pub(super) fn inputs(&mut self, visit: &mut Visit<'_>) {
        if let Some(subnet) = &mut self.subnet {
            visit(subnet);
        }
        self.security_groups.iter_mut().for_each(|group| visit(group));
    }

    pub(super) fn validate(&self, path: &str, problems: &mut Problems<'_>) {
        let exclusive = [
            (
                "secondary_private_ip_addresses",
                self.secondary_private_ip_addresses,
                !self.private_ip_addresses.is_empty(),
                "private_ip_addresses",
            ),
            ("ipv6_address_count", self.ipv6_address_count, !self.ipv6_addresses.is_empty(), "ipv6_addresses"),
            ("ipv4_prefix_count", self.ipv4_prefix_count, !self.ipv4_prefixes.is_empty(), "ipv4_prefixes"),
            ("ipv6_prefix_count", self.ipv6_prefix_count, !self.ipv6_prefixes.is_empty(), "ipv6_prefixes"),
        ];
        for (name, count, listed, list) in exclusive {
            if let Some(count) = count.filter(|_| listed) {
                let rule = format!("is not possible together with `{list}`");
                problems.report("D43", format!("{path}.{name}"), count, rule);
            }
        }
        if self.private_ip_addresses.iter().filter(|address| address.primary == Some(true)).count() > 1 {
            problems.report("D43", format!("{path}.private_ip_addresses"), "", "can have one primary address");
        }
        if self.ena_express_udp == Some(true) && self.ena_express != Some(true) {
            problems.report("D43", format!("{path}.ena_express_udp"), true, "takes `ena_express(true)`, too");
        }
        let fixed = self.has_fixed_addresses();
        if self.interface_type == Some(InterfaceType::EfaOnly)
            && (fixed.is_some() || self.public_ip == Some(true) || self.ipv6_address_count.is_some())
        {
            problems.report("D43", format!("{path}.interface_type"), "efa-only", "has no IP addresses");
        }
        if let Some(tracking) = &self.connection_tracking {
            let seconds = |duration: Option<Duration>| duration.map(|duration| duration.as_secs());
            let path = format!("{path}.connection_tracking");
            let bounds = 60..=432_000;
            problems.range("D43", &format!("{path}.tcp_established"), seconds(tracking.tcp_established), bounds);
            problems.range("D43", &format!("{path}.udp_stream"), seconds(tracking.udp_stream), 60..=180);
            problems.range("D43", &format!("{path}.udp"), seconds(tracking.udp), 30..=60);
        }
    }

    /// The property that names addresses, which only one instance can have.
    pub(crate) fn has_fixed_addresses(&self) -> Option<&'static str> {
        let fixed = [
            ("private_ip_address", self.private_ip_address.is_some()),
            ("private_ip_addresses", !self.private_ip_addresses.is_empty()),
            ("ipv6_addresses", !self.ipv6_addresses.is_empty()),
            ("ipv4_prefixes", !self.ipv4_prefixes.is_empty()),
            ("ipv6_prefixes", !self.ipv6_prefixes.is_empty()),
        ];
        fixed.into_iter().find(|(_, set)| *set).map(|(name, _)| name)
    }
}

record! {
    /// An interface of the instances to a secondary network.
    #[derive(Debug, Clone, PartialEq, Eq, TypedBuilder)]
    #[builder(doc, field_defaults(default, setter(strip_option)))]
    #[non_exhaustive]
    pub struct SecondaryInterface {
        /// The secondary subnet, by id. Sets `SecondarySubnetId`.
        #[builder(!default, setter(into, !strip_option))]
        pub(crate) subnet: String,
        /// The place of the interface on the instance. Sets `DeviceIndex`.
        pub(crate) device_index: Option<u32>,
        /// The network card. Sets `NetworkCardIndex`.
        pub(crate) network_card: Option<u32>,
        /// The private IPv4 addresses. Sets `PrivateIpAddresses`.
        #[builder(setter(!strip_option, transform = |all: impl IntoIterator<Item = Ipv4Addr>| all.into_iter().collect()))]
        pub(crate) private_ip_addresses: Vec<Ipv4Addr>,
        /// How many private IPv4 addresses AWS chooses. Not together with `private_ip_addresses`.
        /// Sets `PrivateIpAddressCount`.
        pub(crate) private_ip_address_count: Option<u32>,
        /// Whether the interface goes with the instance; AWS takes only yes. Sets
        /// `DeleteOnTermination`.
        pub(crate) delete_on_termination: Option<bool>,
    }
}

impl SecondaryInterface {
    pub(super) fn validate(&self, path: &str, problems: &mut Problems<'_>) {
        if let Some(count) = self.private_ip_address_count.filter(|_| !self.private_ip_addresses.is_empty()) {
            let rule = "is not possible together with `private_ip_addresses`";
            problems.report("D43", format!("{path}.private_ip_address_count"), count, rule);
        }
        if self.delete_on_termination == Some(false) {
            problems.report("D43", format!("{path}.delete_on_termination"), false, "can only be true");
        }
    }
}
