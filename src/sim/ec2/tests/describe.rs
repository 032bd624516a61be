//! Describe operations: filters, pages, what was there before.

use aws_sdk_ec2::types::{ArchitectureType, ArchitectureValues, Filter, InstanceType};

use super::{Lab, ZONE, code, filter, message};
use crate::sim::{SimAws, SimImage};

#[tokio::test(start_paused = true)]
async fn a_vpc_is_found_by_its_name() {
    let lab = Lab::new();
    lab.sim.add_vpc("Other", "10.1.0.0/16");
    let vpcs = lab.ec2.describe_vpcs().filters(filter("tag:Name", "Lab-VPC")).send().await.unwrap();
    let [vpc] = vpcs.vpcs() else { panic!("{vpcs:?}") };
    assert_eq!(vpc.vpc_id(), Some(lab.vpc.as_str()));
    assert_eq!(vpc.cidr_block(), Some("10.0.0.0/16"));
    assert_eq!(vpc.is_default(), Some(false));
    assert_eq!(vpc.tags()[0].key(), Some("Name"));
    let by_cidr = lab.ec2.describe_vpcs().filters(filter("cidr", "10.1.*")).send().await.unwrap();
    assert_eq!(by_cidr.vpcs().len(), 1);
    let default = lab.ec2.describe_vpcs().filters(filter("isDefault", "true")).send().await.unwrap();
    assert!(default.vpcs().is_empty());
    assert_eq!(code(lab.ec2.describe_vpcs().vpc_ids("vpc-12345678").send().await), "InvalidVpcID.NotFound");
}

#[tokio::test(start_paused = true)]
async fn filters_are_alternatives_within_and_all_between() {
    let lab = Lab::new();
    let private = lab.sim.add_subnet(&lab.vpc, "Private-B", "ap-northeast-2b", "10.0.2.0/24");
    let found = async |filters: Vec<Filter>| {
        let subnets = lab.ec2.describe_subnets().set_filters(Some(filters)).send().await.unwrap();
        subnets.subnets().iter().map(|subnet| subnet.subnet_id().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let both = Filter::builder().name("tag:Name").values("Public-?").values("Private-B").build();
    assert_eq!(found(vec![both.clone()]).await, [lab.subnet.clone(), private.clone()]);
    assert_eq!(found(vec![both, filter("availability-zone", "*2b")]).await, [private.as_str()]);
    assert_eq!(found(vec![filter("availabilityZone", ZONE)]).await, [lab.subnet.as_str()]);
    assert_eq!(found(vec![filter("tag-key", "Name")]).await.len(), 2);
    assert_eq!(found(vec![filter("tag:name", "*")]).await.len(), 0, "keys are case-sensitive");
    assert_eq!(found(vec![filter("tag:Name", "public-a")]).await.len(), 0, "values are case-sensitive");
    assert_eq!(found(vec![filter("tag:Name", "Public-\\?")]).await.len(), 0, "escaped");
    assert_eq!(found(vec![filter("map-public-ip-on-launch", "true")]).await, [lab.subnet.as_str()]);

    let unknown = lab.ec2.describe_subnets().filters(filter("colour", "red")).send().await;
    assert_eq!(message(unknown), "The filter 'colour' is invalid");
    let elsewhere = SimAws::new();
    let without_any = elsewhere.ec2().describe_subnets().filters(filter("colour", "red")).send().await;
    assert_eq!(code(without_any), "InvalidParameterValue");
    let empty = Filter::builder().name("vpc-id").build();
    assert_eq!(code(lab.ec2.describe_subnets().filters(empty).send().await), "MissingParameter");
    let many = Filter::builder().name("vpc-id").set_values(Some(vec!["x".to_owned(); 201])).build();
    assert_eq!(code(lab.ec2.describe_subnets().filters(many).send().await), "FilterLimitExceeded");
}

#[tokio::test(start_paused = true)]
async fn public_subnets_have_a_route_to_the_internet() {
    let lab = Lab::new();
    lab.sim.add_subnet(&lab.vpc, "Private-B", "ap-northeast-2b", "10.0.2.0/24");
    let tables = lab.ec2.describe_route_tables().filters(filter("vpc-id", &lab.vpc)).send().await.unwrap();
    let [main, public] = tables.route_tables() else { panic!("{tables:?}") };
    assert_eq!((main.associations()[0].main(), main.routes().len()), (Some(true), 1));
    assert_eq!(main.routes()[0].gateway_id(), Some("local"));
    assert_eq!(public.associations()[0].subnet_id(), Some(lab.subnet.as_str()));
    assert_eq!(public.routes()[1].destination_cidr_block(), Some("0.0.0.0/0"));
    assert!(public.routes()[1].gateway_id().unwrap().starts_with("igw-"));
    assert_ne!(main.route_table_id(), public.route_table_id());
    let of_subnet = lab.ec2.describe_route_tables().filters(filter("association.subnet-id", &lab.subnet));
    assert_eq!(of_subnet.send().await.unwrap().route_tables().len(), 1);
    let unknown = lab.ec2.describe_route_tables().route_table_ids("rtb-12345678").send().await;
    assert_eq!(code(unknown), "InvalidRouteTableID.NotFound");
}

#[tokio::test(start_paused = true)]
async fn interfaces_take_the_addresses_of_a_subnet() {
    let lab = Lab::new();
    let free = async || {
        let subnets = lab.ec2.describe_subnets().subnet_ids(&lab.subnet).send().await.unwrap();
        subnets.subnets()[0].available_ip_address_count().unwrap()
    };
    assert_eq!(free().await, 251);
    let group = lab.group("web").await;
    lab.sim.add_interface(&lab.subnet, &[&group]);
    let second = lab.sim.add_interface(&lab.subnet, &[&group]);
    assert_eq!(free().await, 249);
    let interfaces = lab.ec2.describe_network_interfaces().filters(filter("group-id", &group)).send().await.unwrap();
    let addresses: Vec<_> = interfaces.network_interfaces().iter().filter_map(|one| one.private_ip_address()).collect();
    assert_eq!(addresses, ["10.0.1.4", "10.0.1.5"]);
    lab.sim.remove_interface(&second);
    let gone = lab.ec2.describe_network_interfaces().network_interface_ids(second).send().await;
    assert_eq!(code(gone), "InvalidNetworkInterfaceID.NotFound");
}

#[tokio::test(start_paused = true)]
async fn results_come_in_pages() {
    let lab = Lab::new();
    for n in 0..7 {
        lab.group(&format!("group-{n}")).await;
    }
    let first = lab.ec2.describe_security_groups().max_results(5).send().await.unwrap();
    assert_eq!(first.security_groups().len(), 5);
    let next = lab.ec2.describe_security_groups().max_results(5).next_token(first.next_token().unwrap());
    let second = next.send().await.unwrap();
    assert_eq!(second.security_groups().len(), 3);
    assert_eq!(second.next_token(), None);
    let pages = lab.ec2.describe_security_groups().max_results(5).into_paginator().items().send();
    assert_eq!(pages.collect::<Result<Vec<_>, _>>().await.unwrap().len(), 8);
    assert_eq!(code(lab.ec2.describe_security_groups().max_results(4).send().await), "InvalidParameterValue");
    assert_eq!(code(lab.ec2.describe_security_groups().max_results(1001).send().await), "InvalidParameterValue");
    assert_eq!(code(lab.ec2.describe_security_groups().next_token("x").send().await), "InvalidNextToken");
}

#[tokio::test(start_paused = true)]
async fn images_have_owners() {
    let sim = SimAws::new();
    let ec2 = sim.ec2();
    let own = sim.add_image("Web-AMI");
    let arm = sim.add_custom_image(SimImage::named("al2023-arm").arm64().root_size(30).owned_by_amazon());
    let of = async |owner: &str| {
        let images = ec2.describe_images().owners(owner).send().await.unwrap();
        images.images().iter().map(|image| image.image_id().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("self").await, [own.as_str()]);
    assert_eq!(of("123456789012").await, [own.as_str()]);
    assert_eq!(of("amazon").await, [arm.as_str()]);
    assert_eq!(code(ec2.describe_images().owners("me").send().await), "InvalidUserID.Malformed");
    let found = ec2.describe_images().filters(filter("architecture", "arm64")).filters(filter("name", "al2023*"));
    let found = found.send().await.unwrap();
    let [image] = found.images() else { panic!("{found:?}") };
    assert_eq!(image.architecture(), Some(&ArchitectureValues::Arm64));
    assert_eq!(image.block_device_mappings()[0].ebs().unwrap().volume_size(), Some(30));
    assert_eq!(image.root_device_name(), Some("/dev/xvda"));
    let all = ec2.describe_images().send().await.unwrap();
    assert!(all.images()[0].creation_date() < all.images()[1].creation_date());
    sim.remove_image(&own);
    assert_eq!(code(ec2.describe_images().image_ids(&own).send().await), "InvalidAMIID.NotFound");
    assert_eq!(code(ec2.describe_images().image_ids("Web-AMI").send().await), "InvalidAMIID.Malformed");
}

#[tokio::test(start_paused = true)]
async fn instance_types_have_architectures() {
    let ec2 = SimAws::new().ec2();
    let types = ec2.describe_instance_types().instance_types(InstanceType::T4gMicro).send().await.unwrap();
    let [micro] = types.instance_types() else { panic!("{types:?}") };
    assert_eq!(micro.processor_info().unwrap().supported_architectures(), [ArchitectureType::Arm64]);
    assert_eq!(micro.v_cpu_info().unwrap().default_v_cpus(), Some(2));
    assert_eq!(micro.memory_info().unwrap().size_in_mib(), Some(1024));
    let big = ec2.describe_instance_types().filters(filter("instance-type", "m5.*large")).send().await.unwrap();
    assert_eq!(big.instance_types().len(), 4);
    assert_eq!(big.instance_types()[3].memory_info().unwrap().size_in_mib(), Some(64 * 1024));
    let unknown = ec2.describe_instance_types().instance_types("x9.tiny".into()).send().await;
    assert_eq!(code(unknown), "InvalidInstanceType");
    let tagged = ec2.describe_instance_types().filters(filter("tag:a", "b")).send().await;
    assert_eq!(code(tagged), "InvalidParameterValue");
}

/// Every type of the catalogue is one that the SDK knows.
#[tokio::test(start_paused = true)]
async fn instance_types_are_real() {
    let ec2 = SimAws::new().ec2();
    let types = ec2.describe_instance_types().into_paginator().items().send();
    let types = types.collect::<Result<Vec<_>, _>>().await.unwrap();
    assert!(types.len() > 50);
    for info in types {
        let name = info.instance_type().unwrap().as_str();
        assert!(InstanceType::values().contains(&name), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn zones_have_ids() {
    let ec2 = SimAws::new().ec2();
    let zones = ec2.describe_availability_zones().zone_names(ZONE).send().await.unwrap();
    assert_eq!(zones.availability_zones()[0].zone_id(), Some("apne2-az1"));
    let all = ec2.describe_availability_zones().filters(filter("state", "available")).send().await.unwrap();
    assert_eq!(all.availability_zones().len(), 4);
    let unknown = ec2.describe_availability_zones().zone_names("us-east-1a").send().await;
    assert_eq!(code(unknown), "InvalidParameterValue");
}

#[test]
#[should_panic(expected = "overlaps")]
fn subnets_do_not_overlap() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let lab = Lab::new();
        lab.sim.add_subnet(&lab.vpc, "again", ZONE, "10.0.1.128/25");
    });
}
