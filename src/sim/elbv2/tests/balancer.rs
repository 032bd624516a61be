//! Load balancers.

use aws_sdk_elasticloadbalancingv2::types as sdk;
use aws_sdk_elasticloadbalancingv2::types::{
    IpAddressType, LoadBalancerSchemeEnum, LoadBalancerStateEnum, LoadBalancerTypeEnum, ProtocolEnum,
};

use super::{Lab, assert_refused, fixed, forward, pass};

impl Lab {
    async fn state(&self, balancer: &str) -> LoadBalancerStateEnum {
        self.described(balancer).await.state().unwrap().code().unwrap().clone()
    }

    /// The descriptions and groups of the account's network interfaces.
    async fn interfaces(&self) -> Vec<(String, Vec<String>)> {
        let found = self.sim.ec2().describe_network_interfaces().send().await.unwrap();
        found
            .network_interfaces()
            .iter()
            .map(|interface| {
                let groups = interface.groups().iter().filter_map(|group| group.group_id.clone());
                (interface.description().unwrap().to_owned(), groups.collect())
            })
            .collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_balancer_is_provisioned_then_active() {
    let lab = Lab::new();
    let arn = lab.balancer("Web-ALB").await;
    let described = lab.described(&arn).await;
    let prefix = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/Web-ALB/";
    assert!(arn.starts_with(prefix), "{arn}");
    let dns = described.dns_name().unwrap();
    assert!(dns.starts_with("Web-ALB-1") && dns.ends_with(".ap-northeast-2.elb.amazonaws.com"), "{dns}");
    assert_eq!(described.scheme(), Some(&LoadBalancerSchemeEnum::InternetFacing));
    assert_eq!(described.vpc_id(), Some(lab.vpc.as_str()));
    assert_eq!(described.availability_zones().len(), 2);
    assert_eq!(described.ip_address_type(), Some(&IpAddressType::Ipv4));
    assert_eq!(lab.state(&arn).await, LoadBalancerStateEnum::Provisioning);
    pass(140).await;
    assert_eq!(lab.state(&arn).await, LoadBalancerStateEnum::Provisioning);
    pass(10).await;
    assert_eq!(lab.state(&arn).await, LoadBalancerStateEnum::Active);
}

#[tokio::test(start_paused = true)]
async fn provisioning_fails_when_told_so() {
    let lab = Lab::new();
    lab.sim.fail_provisioning("First");
    let first = lab.balancer("First").await;
    let second = lab.balancer("Second").await;
    let third = lab.balancer("Third").await;
    lab.sim.fail_provisioning("Second");
    pass(200).await;
    assert_eq!(lab.state(&first).await, LoadBalancerStateEnum::Failed);
    assert_eq!(lab.state(&second).await, LoadBalancerStateEnum::Failed);
    assert_eq!(lab.state(&third).await, LoadBalancerStateEnum::Active);
}

#[tokio::test(start_paused = true)]
async fn creating_the_same_again_answers_the_existing() {
    let lab = Lab::new();
    let arn = lab.balancer("Web-ALB").await;
    // Neither tags nor the order of subnets make it another one.
    let [a, b] = &lab.public;
    let tag = sdk::Tag::builder().key("a").value("b").build();
    let again = lab.elb.create_load_balancer().name("Web-ALB").subnets(b).subnets(a).tags(tag).send().await.unwrap();
    assert_eq!(again.load_balancers()[0].load_balancer_arn(), Some(arn.as_str()));
    assert_eq!(lab.elb.describe_load_balancers().send().await.unwrap().load_balancers().len(), 1);

    let internal = lab.elb.create_load_balancer().name("Web-ALB").scheme(LoadBalancerSchemeEnum::Internal);
    assert_refused(
        internal.set_subnets(Some(lab.public.to_vec())).send().await,
        "DuplicateLoadBalancerName",
        "A load balancer with the same name 'Web-ALB' exists, but with different settings",
    );
}

#[tokio::test(start_paused = true)]
async fn names_are_checked() {
    let lab = Lab::new();
    for (name, text) in [
        ("", "cannot be empty"),
        ("a23456789012345678901234567890123", "cannot be longer than '32' characters"),
        ("Web_ALB", "can only contain"),
        ("-Web", "cannot begin or end with a hyphen"),
        ("Web-", "cannot begin or end with a hyphen"),
        ("internal-web", "cannot begin with 'internal-'"),
    ] {
        let request = lab.elb.create_load_balancer().name(name).set_subnets(Some(lab.public.to_vec()));
        assert_refused(request.send().await, "ValidationError", text);
    }
    let request = lab.elb.create_load_balancer().set_subnets(Some(lab.public.to_vec()));
    assert_refused(request.send().await, "ValidationError", "Member must not be null");
}

#[tokio::test(start_paused = true)]
async fn subnets_are_checked() {
    let lab = Lab::new();
    let [a, b] = lab.public.clone();
    let other = lab.sim.add_vpc("Other", "10.1.0.0/16");
    let far = lab.sim.add_public_subnet(&other, "Far", "ap-northeast-2c", "10.1.1.0/24");
    let same_zone = lab.sim.add_public_subnet(&lab.vpc, "Public-A2", "ap-northeast-2a", "10.0.3.0/24");
    let zones = "At least two subnets in two different Availability Zones must be specified";
    for (subnets, code, text) in [
        (vec![], "ValidationError", zones),
        (vec![a.clone()], "ValidationError", zones),
        (vec![a.clone(), "subnet-0".to_owned()], "SubnetNotFound", "'subnet-0'"),
        (vec![a.clone(), same_zone], "InvalidConfigurationRequest", "same Availability Zone"),
        (vec![a.clone(), far], "InvalidConfigurationRequest", "same VPC"),
        (lab.private.to_vec(), "InvalidSubnet", "no route to an internet gateway"),
    ] {
        let request = lab.elb.create_load_balancer().name("Web-ALB").set_subnets(Some(subnets));
        assert_refused(request.send().await, code, text);
    }
    let mapping = sdk::SubnetMapping::builder().subnet_id(&a).build();
    let both = lab.elb.create_load_balancer().name("Web-ALB").subnets(b).subnet_mappings(mapping);
    assert_refused(both.send().await, "ValidationError", "not both");
    // A refused request makes nothing.
    assert!(lab.elb.describe_load_balancers().send().await.unwrap().load_balancers().is_empty());
    assert!(lab.interfaces().await.is_empty());

    let internal = lab.elb.create_load_balancer().name("Web-ALB").scheme(LoadBalancerSchemeEnum::Internal);
    let created = internal.set_subnets(Some(lab.private.to_vec())).send().await.unwrap();
    assert!(created.load_balancers()[0].dns_name().unwrap().starts_with("internal-Web-ALB-"));
}

#[tokio::test(start_paused = true)]
async fn types_restrict_settings() {
    let lab = Lab::new();
    let request = |kind| {
        let request = lab.elb.create_load_balancer().name("Balancer").r#type(kind);
        request.set_subnets(Some(lab.public.to_vec()))
    };
    let mapped = |kind, mapping: sdk::builders::SubnetMappingBuilder| {
        let [a, b] = lab.public.clone();
        let other = sdk::SubnetMapping::builder().subnet_id(b).build();
        let mapping = mapping.subnet_id(a).build();
        lab.elb.create_load_balancer().name("Balancer").r#type(kind).subnet_mappings(mapping).subnet_mappings(other)
    };
    let mapping = sdk::SubnetMapping::builder;
    use LoadBalancerTypeEnum::{Application, Gateway, Network};
    let group = lab.sim.add_security_group(&lab.vpc, "Group");
    let configuration = "InvalidConfigurationRequest";
    for (request, code, text) in [
        (request(Gateway).scheme(LoadBalancerSchemeEnum::Internal), "InvalidScheme", "gateway"),
        (request(Gateway).security_groups(group), configuration, "Security groups are not supported"),
        (request("classic".into()), "ValidationError", "[application, network, gateway]"),
        (request(Application).scheme("public".into()), "ValidationError", "[internet-facing, internal]"),
        (request(Application).security_groups("sg-0"), "InvalidSecurityGroup", "sg-0"),
        (request(Network).ip_address_type(IpAddressType::DualstackWithoutPublicIpv4), configuration, "'network'"),
        (
            request(Application).scheme(LoadBalancerSchemeEnum::Internal).ip_address_type(IpAddressType::Dualstack),
            configuration,
            "Internal load balancers must use",
        ),
        (
            request(Network).enable_prefix_for_ipv6_source_nat(sdk::EnablePrefixForIpv6SourceNatEnum::On),
            configuration,
            "dualstack",
        ),
        (request(Network).customer_owned_ipv4_pool("ipv4pool-coip-1"), configuration, "not supported"),
        (request(Application).customer_owned_ipv4_pool("pool-1"), "ValidationError", "ipv4pool-coip-"),
        (
            request(Application).ipam_pools(sdk::IpamPools::builder().ipv4_ipam_pool_id("pool").build()),
            "ValidationError",
            "ipam-pool-",
        ),
        (mapped(Application, mapping().allocation_id("eipalloc-1")), configuration, "not supported"),
        (mapped(Network, mapping().allocation_id("eipalloc-missing")), "AllocationIdNotFound", "eipalloc-missing"),
        (
            mapped(Network, mapping().allocation_id("eipalloc-1")).scheme(LoadBalancerSchemeEnum::Internal),
            configuration,
            "internet-facing",
        ),
        (mapped(Network, mapping().private_ipv4_address("10.0.1.9")), configuration, "internal"),
        (
            mapped(Network, mapping().private_ipv4_address("10.0.1")).scheme(LoadBalancerSchemeEnum::Internal),
            "ValidationError",
            "IPv4 address",
        ),
        (mapped(Network, mapping().ipv6_address("::1")), configuration, "dualstack"),
        (mapped(Network, mapping().source_nat_ipv6_prefix("auto_assigned")), configuration, "source NAT"),
    ] {
        assert_refused(request.send().await, code, text);
    }
    let other = lab.sim.add_vpc("Other", "10.1.0.0/16");
    let foreign = lab.sim.add_security_group(&other, "Foreign");
    let request = request(Application).security_groups(foreign);
    assert_refused(request.send().await, "InvalidSecurityGroup", "is not in the VPC");
}

#[tokio::test(start_paused = true)]
async fn a_network_load_balancer_takes_addresses() {
    let lab = Lab::new();
    let [a, _] = lab.public.clone();
    let mapping = sdk::SubnetMapping::builder().subnet_id(a).allocation_id("eipalloc-1").build();
    let request = lab.elb.create_load_balancer().name("Web-NLB").r#type(LoadBalancerTypeEnum::Network);
    let created = request.subnet_mappings(mapping).send().await.unwrap();
    let created = &created.load_balancers()[0];
    assert!(created.load_balancer_arn().unwrap().contains("loadbalancer/net/Web-NLB/"));
    assert!(created.security_groups().is_empty());
    let address = &created.availability_zones()[0].load_balancer_addresses()[0];
    assert_eq!(address.allocation_id(), Some("eipalloc-1"));
}

#[tokio::test(start_paused = true)]
async fn interfaces_come_and_outlive_the_balancer() {
    let lab = Lab::new();
    let arn = lab.balancer("Web-ALB").await;
    let described = lab.described(&arn).await;
    let [default] = described.security_groups() else { panic!("{described:?}") };
    let found = lab.sim.ec2().describe_security_groups().group_ids(default).send().await.unwrap();
    assert_eq!(found.security_groups()[0].group_name(), Some("default"));
    let (_, path) = arn.split_once('/').unwrap();
    let interface = (format!("ELB {path}"), vec![default.clone()]);
    assert_eq!(lab.interfaces().await, [interface.clone(), interface]);

    let group = lab.sim.add_security_group(&lab.vpc, "Group");
    let set = lab.elb.set_security_groups().load_balancer_arn(&arn).security_groups(&group).send().await.unwrap();
    assert_eq!(set.security_group_ids(), std::slice::from_ref(&group));
    assert!(lab.interfaces().await.iter().all(|(_, groups)| *groups == [group.clone()]));

    lab.elb.delete_load_balancer().load_balancer_arn(&arn).send().await.unwrap();
    pass(15).await;
    assert_eq!(lab.interfaces().await.len(), 2);
    pass(5).await;
    assert!(lab.interfaces().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn deletion_takes_listeners_and_rules_along() {
    let lab = Lab::new();
    let balancer = lab.balancer("Web-ALB").await;
    let group = lab.group("Web-TG").await;
    let listener = lab.listener(&balancer, forward(&group)).await;
    lab.elb.delete_load_balancer().load_balancer_arn(&balancer).send().await.unwrap();
    assert_refused(
        lab.elb.describe_load_balancers().load_balancer_arns(&balancer).send().await,
        "LoadBalancerNotFound",
        "not found",
    );
    let found = lab.elb.describe_listeners().listener_arns(&listener).send().await;
    assert_refused(found, "ListenerNotFound", "not found");
    assert!(lab.described_group(&group).await.load_balancer_arns().is_empty());
    lab.elb.delete_target_group().target_group_arn(&group).send().await.unwrap();
    // Deleting what is gone succeeds.
    lab.elb.delete_load_balancer().load_balancer_arn(&balancer).send().await.unwrap();
    let malformed = lab.elb.delete_load_balancer().load_balancer_arn(&group).send().await;
    assert_refused(malformed, "ValidationError", "is not a valid load balancer ARN");
}

#[tokio::test(start_paused = true)]
async fn describes_by_name_and_page() {
    let lab = Lab::new();
    let mut arns = Vec::new();
    for name in ["A", "B", "C"] {
        arns.push(lab.balancer(name).await);
    }
    let first = lab.elb.describe_load_balancers().page_size(2).send().await.unwrap();
    assert_eq!(first.load_balancers().len(), 2);
    let marker = first.next_marker().unwrap();
    let second = lab.elb.describe_load_balancers().page_size(2).marker(marker).send().await.unwrap();
    assert_eq!(second.load_balancers().len(), 1);
    assert_eq!(second.next_marker(), None);

    let named = lab.elb.describe_load_balancers().names("B").send().await.unwrap();
    assert_eq!(named.load_balancers()[0].load_balancer_arn(), Some(arns[1].as_str()));
    let unknown = lab.elb.describe_load_balancers().names("B").names("D").send().await;
    assert_refused(unknown, "LoadBalancerNotFound", "'[D]' not found");
    let both = lab.elb.describe_load_balancers().names("B").load_balancer_arns(&arns[0]).send().await;
    assert_refused(both, "ValidationError", "at the same time");
    let size = lab.elb.describe_load_balancers().page_size(0).send().await;
    assert_refused(size, "ValidationError", "greater than or equal to 1");
    let size = lab.elb.describe_load_balancers().page_size(401).send().await;
    assert_refused(size, "ValidationError", "less than or equal to 400");
    let marker = lab.elb.describe_load_balancers().marker("x").send().await;
    assert_refused(marker, "ValidationError", "not a valid marker");
    let many = lab.elb.describe_load_balancers().set_load_balancer_arns(Some(vec![arns[0].clone(); 21]));
    assert_refused(many.send().await, "ValidationError", "less than or equal to 20");
}

#[tokio::test(start_paused = true)]
async fn describes_lag_behind() {
    let lab = Lab::new();
    lab.sim.configure(|settings| settings.describe_lag = std::time::Duration::from_secs(5));
    let arn = lab.balancer("Web-ALB").await;
    assert!(lab.elb.describe_load_balancers().send().await.unwrap().load_balancers().is_empty());
    let found = lab.elb.describe_load_balancers().load_balancer_arns(&arn).send().await;
    assert_refused(found, "LoadBalancerNotFound", &arn);
    let named = lab.elb.describe_load_balancers().names("Web-ALB").send().await;
    assert_refused(named, "LoadBalancerNotFound", "Web-ALB");
    pass(5).await;
    assert_eq!(lab.described(&arn).await.load_balancer_name(), Some("Web-ALB"));
}

#[tokio::test(start_paused = true)]
async fn subnets_can_be_replaced() {
    let lab = Lab::new();
    let arn = lab.balancer("Web-ALB").await;
    let c = lab.sim.add_public_subnet(&lab.vpc, "Public-C", "ap-northeast-2c", "10.0.3.0/24");
    let [a, b] = lab.public.clone();
    let set = lab.elb.set_subnets().load_balancer_arn(&arn).subnets(&a).subnets(&c).send().await.unwrap();
    let subnets: Vec<_> = set.availability_zones().iter().filter_map(|zone| zone.subnet_id()).collect();
    assert_eq!(subnets, [a.as_str(), c.as_str()]);
    pass(20).await;
    assert_eq!(lab.interfaces().await.len(), 2);

    let one = lab.elb.set_subnets().load_balancer_arn(&arn).subnets(&a).send().await;
    assert_refused(one, "ValidationError", "At least two subnets");
    let other = lab.sim.add_vpc("Other", "10.1.0.0/16");
    let far_a = lab.sim.add_public_subnet(&other, "Far-A", "ap-northeast-2a", "10.1.1.0/24");
    let far_b = lab.sim.add_public_subnet(&other, "Far-B", "ap-northeast-2b", "10.1.2.0/24");
    let far = lab.elb.set_subnets().load_balancer_arn(&arn).subnets(far_a).subnets(far_b).send().await;
    assert_refused(far, "InvalidSubnet", "not in the VPC");

    // A Network Load Balancer gives a zone up before it takes it again.
    let network = lab.balancer_of("Web-NLB", LoadBalancerTypeEnum::Network).await;
    let a2 = lab.sim.add_public_subnet(&lab.vpc, "Public-A2", "ap-northeast-2a", "10.0.4.0/24");
    let set = || lab.elb.set_subnets().load_balancer_arn(&network);
    assert_refused(set().subnets(&a2).subnets(&b).send().await, "InvalidConfigurationRequest", "independent actions");
    set().subnets(&b).send().await.unwrap();
    set().subnets(&a2).subnets(&b).send().await.unwrap();

    let gateway = lab.balancer_of("Web-GWLB", LoadBalancerTypeEnum::Gateway).await;
    let removal = lab.elb.set_subnets().load_balancer_arn(&gateway).subnets(&a).send().await;
    assert_refused(removal, "InvalidConfigurationRequest", "Subnet removal");
}

#[tokio::test(start_paused = true)]
async fn security_groups_are_set_where_they_can_be() {
    let lab = Lab::new();
    let group = lab.sim.add_security_group(&lab.vpc, "Group");
    let application = lab.balancer("Web-ALB").await;
    let network = lab.balancer_of("Web-NLB", LoadBalancerTypeEnum::Network).await;
    let gateway = lab.balancer_of("Web-GWLB", LoadBalancerTypeEnum::Gateway).await;
    let set = |arn: &str| lab.elb.set_security_groups().load_balancer_arn(arn);
    let code = "InvalidConfigurationRequest";
    assert_refused(set(&network).security_groups(&group).send().await, code, "created without security groups");
    assert_refused(set(&gateway).security_groups(&group).send().await, code, "'gateway'");
    assert_refused(set(&application).set_security_groups(Some(vec![])).send().await, code, "at least one");
    assert_refused(set(&application).security_groups("sg-0").send().await, "InvalidSecurityGroup", "sg-0");
    assert_refused(set(&application).send().await, "ValidationError", "must not be null");

    let secured = lab.elb.create_load_balancer().name("Secured").r#type(LoadBalancerTypeEnum::Network);
    let secured = secured.set_subnets(Some(lab.public.to_vec())).security_groups(&group).send().await.unwrap();
    let secured = secured.load_balancers()[0].clone();
    assert_eq!(secured.enforce_security_group_inbound_rules_on_private_link_traffic(), Some("on"));
    use sdk::EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum::Off;
    let arn = secured.load_balancer_arn().unwrap();
    let change = set(arn).security_groups(&group).enforce_security_group_inbound_rules_on_private_link_traffic(Off);
    change.send().await.unwrap();
    let described = lab.described(arn).await;
    assert_eq!(described.enforce_security_group_inbound_rules_on_private_link_traffic(), Some("off"));
}

#[tokio::test(start_paused = true)]
async fn address_types_and_pools_change() {
    let lab = Lab::new();
    let arn = lab.balancer("Web-ALB").await;
    let set = |arn: &str, kind| lab.elb.set_ip_address_type().load_balancer_arn(arn).ip_address_type(kind);
    set(&arn, IpAddressType::Dualstack).send().await.unwrap();
    assert_eq!(lab.described(&arn).await.ip_address_type(), Some(&IpAddressType::Dualstack));
    assert_refused(set(&arn, "ipv5".into()).send().await, "ValidationError", "dualstack-without-public-ipv4");

    let pools = || lab.elb.modify_ip_pools().load_balancer_arn(&arn);
    let pool = || sdk::IpamPools::builder().ipv4_ipam_pool_id("ipam-pool-1").build();
    pools().ipam_pools(pool()).send().await.unwrap();
    assert_eq!(lab.described(&arn).await.ipam_pools(), Some(&pool()));
    let both = pools().ipam_pools(pool()).remove_ipam_pools(sdk::RemoveIpamPoolEnum::Ipv4);
    assert_refused(both.send().await, "ValidationError", "at the same time");
    assert_refused(pools().send().await, "ValidationError", "Either IPAM pools");
    pools().remove_ipam_pools(sdk::RemoveIpamPoolEnum::Ipv4).send().await.unwrap();
    assert_eq!(lab.described(&arn).await.ipam_pools(), None);

    // UDP on a dualstack balancer takes a prefix for source NAT.
    let network = lab.balancer_of("Web-NLB", LoadBalancerTypeEnum::Network).await;
    let group = lab.group_of("Udp-TG", ProtocolEnum::Udp).await;
    let listener = lab.elb.create_listener().load_balancer_arn(&network).protocol(ProtocolEnum::Udp).port(53);
    listener.default_actions(forward(&group)).send().await.unwrap();
    let dualstack = set(&network, IpAddressType::Dualstack).send().await;
    assert_refused(dualstack, "InvalidConfigurationRequest", "source NAT");
}

#[tokio::test(start_paused = true)]
async fn capacity_is_reserved() {
    let lab = Lab::new();
    let arn = lab.balancer("Web-ALB").await;
    let modify = || lab.elb.modify_capacity_reservation().load_balancer_arn(&arn);
    let units = |units| sdk::MinimumLoadBalancerCapacity::builder().capacity_units(units).build();
    let early = modify().minimum_load_balancer_capacity(units(200)).send().await;
    assert_refused(early, "OperationNotPermitted", "not active");
    pass(150).await;
    let few = modify().minimum_load_balancer_capacity(units(99)).send().await;
    assert_refused(few, "InvalidConfigurationRequest", "99 capacity units");
    assert_refused(modify().send().await, "ValidationError", "Either");
    modify().minimum_load_balancer_capacity(units(200)).send().await.unwrap();
    let described = lab.elb.describe_capacity_reservation().load_balancer_arn(&arn).send().await.unwrap();
    assert_eq!(described.minimum_load_balancer_capacity(), Some(&units(200)));
    assert_eq!(described.capacity_reservation_state().len(), 2);
    modify().minimum_load_balancer_capacity(units(100)).send().await.unwrap();
    let reset = modify().reset_capacity_reservation(true).send().await.unwrap();
    assert_eq!(reset.minimum_load_balancer_capacity(), None);
    assert_eq!(reset.decrease_requests_remaining(), Some(0));
    modify().minimum_load_balancer_capacity(units(200)).send().await.unwrap();
    let third = modify().minimum_load_balancer_capacity(units(100)).send().await;
    assert_refused(third, "CapacityDecreaseRequestLimitExceeded", "decrease limit");
}

#[tokio::test(start_paused = true)]
async fn the_quota_of_balancers_holds() {
    let lab = Lab::new();
    for number in 0..50 {
        lab.balancer(&format!("Balancer-{number}")).await;
    }
    let request = lab.elb.create_load_balancer().name("Balancer-50").set_subnets(Some(lab.public.to_vec()));
    assert_refused(request.send().await, "TooManyLoadBalancers", "limit");
    // Each type has its own.
    lab.balancer_of("Network", LoadBalancerTypeEnum::Network).await;
}

#[tokio::test(start_paused = true)]
async fn a_balancer_that_is_a_target_stays() {
    let lab = Lab::new();
    let target = lab.balancer("Target-ALB").await;
    lab.listener(&target, fixed("200")).await;
    let request = lab.elb.create_target_group().name("Alb-TG").vpc_id(&lab.vpc).port(80);
    let created = request.protocol(ProtocolEnum::Tcp).target_type(sdk::TargetTypeEnum::Alb).send().await.unwrap();
    let group = created.target_groups()[0].target_group_arn().unwrap();
    let register = lab.elb.register_targets().target_group_arn(group);
    register.targets(sdk::TargetDescription::builder().id(&target).build()).send().await.unwrap();
    let delete = lab.elb.delete_load_balancer().load_balancer_arn(&target).send().await;
    assert_refused(delete, "ResourceInUse", "registered as a target");
}
