//! What a network load balancer has in each of its subnets.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::id::AllocationId;

/// The addresses of a network load balancer in one subnet; what is left out is AWS's choice.
///
/// ```
/// use std::net::Ipv4Addr;
/// use purlin::SubnetMapping;
///
/// let fixed = SubnetMapping::new().allocation("eipalloc-0a1b2c3d4e5f60718".parse()?);
/// let inside = SubnetMapping::new().private_ipv4(Ipv4Addr::new(10, 0, 2, 10));
/// # Ok::<(), purlin::InvalidId>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubnetMapping {
    pub(crate) allocation: Option<AllocationId>,
    pub(crate) private_ipv4: Option<Ipv4Addr>,
    pub(crate) ipv6: Option<Ipv6Addr>,
    pub(crate) source_nat_prefix: Option<SourceNatPrefix>,
}

/// Where the prefix comes from that a balancer uses for source NAT in a subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourceNatPrefix {
    Auto,
    /// A network with a prefix length of 80, as AWS writes it.
    Network(String),
}

impl SourceNatPrefix {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Auto => "auto_assigned",
            Self::Network(network) => network,
        }
    }
}

impl SubnetMapping {
    /// Leaves everything to AWS: for the subnets among others that need nothing of their own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The Elastic IP address, for balancers that face the internet. AWS's default is one of its
    /// own. Sets `AllocationId`.
    #[must_use]
    pub fn allocation(mut self, id: AllocationId) -> Self {
        self.allocation = Some(id);
        self
    }

    /// The private IPv4 address in the subnet, for internal balancers. AWS's default is a free one;
    /// left out, it is not compared. Sets `PrivateIPv4Address`.
    #[must_use]
    pub fn private_ipv4(mut self, address: Ipv4Addr) -> Self {
        self.private_ipv4 = Some(address);
        self
    }

    /// The IPv6 address in the subnet, for the address type [`IpAddressType::Dualstack`]. AWS's
    /// default is a free one; left out, it is not compared. Sets `IPv6Address`.
    ///
    /// [`IpAddressType::Dualstack`]: super::IpAddressType::Dualstack
    #[must_use]
    pub fn ipv6(mut self, address: Ipv6Addr) -> Self {
        self.ipv6 = Some(address);
        self
    }

    /// The IPv6 network of the subnet, with a prefix length of 80, from which source NAT takes
    /// addresses; needs `ipv6_source_nat`. AWS's default is one at random; left out, it is not
    /// compared. Sets `SourceNatIpv6Prefix`.
    #[must_use]
    pub fn source_nat_prefix(mut self, network: impl Into<String>) -> Self {
        self.source_nat_prefix = Some(SourceNatPrefix::Network(network.into()));
        self
    }

    /// An IPv6 network of the subnet at random, from which source NAT takes addresses; needs
    /// `ipv6_source_nat`. Sets `SourceNatIpv6Prefix` to `auto_assigned`.
    #[must_use]
    pub fn source_nat_prefix_auto(mut self) -> Self {
        self.source_nat_prefix = Some(SourceNatPrefix::Auto);
        self
    }
}
