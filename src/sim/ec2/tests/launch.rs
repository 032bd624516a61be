//! Launching, and the life of instances.

use std::time::Duration;

use aws_sdk_ec2::types::builders::{
    LaunchTemplateInstanceNetworkInterfaceSpecificationRequestBuilder as InterfaceBuilder,
    RequestLaunchTemplateDataBuilder,
};
use aws_sdk_ec2::types::{self as sdk};
use aws_sdk_ec2::types::{
    InstanceStateName, LaunchTemplateBlockDeviceMappingRequest, LaunchTemplateEbsBlockDeviceRequest,
    LaunchTemplateInstanceNetworkInterfaceSpecificationRequest, LaunchTemplateTagSpecificationRequest,
    NetworkInterfaceType, RequestLaunchTemplateData, ResourceType, VolumeType,
};

use super::{Lab, ZONE, code, filter, tag};
use crate::sim::SimImage;
use crate::sim::ec2::{
    InstanceState, ServiceInterface, create_service_interface, instance_facts, instance_running_at, instance_state,
    release_service_interface, set_interface_groups,
};

fn data(image: &str) -> RequestLaunchTemplateDataBuilder {
    RequestLaunchTemplateData::builder().image_id(image).instance_type("t3.micro".into())
}

fn tags(resource_type: ResourceType, key: &str, value: &str) -> LaunchTemplateTagSpecificationRequest {
    LaunchTemplateTagSpecificationRequest::builder().resource_type(resource_type).tags(tag(key, value)).build()
}

fn volume(
    device: &str,
    ebs: sdk::builders::LaunchTemplateEbsBlockDeviceRequestBuilder,
) -> LaunchTemplateBlockDeviceMappingRequest {
    LaunchTemplateBlockDeviceMappingRequest::builder().device_name(device).ebs(ebs.build()).build()
}

fn ebs() -> sdk::builders::LaunchTemplateEbsBlockDeviceRequestBuilder {
    LaunchTemplateEbsBlockDeviceRequest::builder()
}

#[tokio::test(start_paused = true)]
async fn an_instance_is_what_its_template_says() {
    let lab = Lab::new();
    let image = lab.sim.add_custom_image(SimImage::named("api").serves(&[8080]));
    let group = lab.group("web").await;
    let template = lab.template("web", full_data(&image, &group)).await;
    let id = lab.launch(&template, &[("Name", "group"), ("aws:autoscaling:groupName", "web")]).unwrap();

    let [instance] = &lab.sim.instances()[..] else { panic!() };
    assert_eq!(instance.state, InstanceStateName::Pending);
    assert_eq!(instance.tags["Name"], "group", "the given tags override the template's");
    assert_eq!(instance.tags["aws:autoscaling:groupName"], "web");
    assert_eq!(instance.tags["aws:ec2launchtemplate:id"], template);
    assert_eq!(instance.tags["aws:ec2launchtemplate:version"], "1");
    assert_eq!(instance.volume_tags["backup"], "daily");
    assert!(!instance.volume_tags.contains_key("Name"));
    assert_eq!((instance.subnet.as_str(), instance.zone.as_str()), (lab.subnet.as_str(), ZONE));
    assert_eq!(instance.security_groups, [group.as_str()]);

    let described = lab.ec2.describe_instances().instance_ids(&id).send().await.unwrap();
    let described = &described.reservations()[0].instances()[0];
    assert_eq!(described.instance_type().unwrap().as_str(), "t3.micro");
    assert_eq!(described.key_name(), Some("ops"));
    assert_eq!(described.private_ip_address(), Some("10.0.1.4"));
    assert!(described.public_ip_address().is_some(), "the subnet is public");
    assert_eq!(described.block_device_mappings().len(), 2);
    let volumes = lab.ec2.describe_volumes().filters(filter("attachment.instance-id", &id)).send().await.unwrap();
    let sizes: Vec<_> = volumes.volumes().iter().map(|volume| (volume.size(), volume.volume_type())).collect();
    assert_eq!(sizes, [(Some(20), Some(&VolumeType::Gp3)), (Some(125), Some(&VolumeType::St1))]);
    let interfaces = lab.ec2.describe_network_interfaces().filters(filter("attachment.instance-id", &id));
    let interfaces = interfaces.send().await.unwrap();
    assert_eq!(interfaces.network_interfaces()[0].tag_set()[0].key(), Some("net"));
    let facts = instance_facts(&lab.sim.shared.lock(), &id).unwrap();
    assert_eq!((facts.serves, facts.groups, facts.instance_type), (vec![8080], vec![group], "t3.micro".to_owned()));
}

fn full_data(image: &str, group: &str) -> RequestLaunchTemplateData {
    data(image)
        .security_group_ids(group)
        .key_name("ops")
        .tag_specifications(tags(ResourceType::Instance, "Name", "template"))
        .tag_specifications(tags(ResourceType::Volume, "backup", "daily"))
        .tag_specifications(tags(ResourceType::NetworkInterface, "net", "web"))
        .block_device_mappings(volume("/dev/xvda", ebs().volume_size(20)))
        .block_device_mappings(volume("/dev/xvdb", ebs().volume_size(125).volume_type(VolumeType::St1)))
        .build()
}

#[tokio::test(start_paused = true)]
async fn an_instance_lives_and_dies_in_time() {
    let lab = Lab::new();
    let image = lab.sim.add_image("web");
    let group = lab.group("web").await;
    let template = lab.template("web", data(&image).security_group_ids(&group).build()).await;
    let id = lab.launch(&template, &[]).unwrap();
    let launched = lab.sim.instances()[0].launched;
    let state = || instance_state(&lab.sim.shared.lock(), &id).unwrap();
    let in_state = async |name: &str| {
        let request = lab.ec2.describe_instances().filters(filter("instance-state-name", name));
        request.send().await.unwrap().reservations().len()
    };
    assert_eq!(instance_running_at(&lab.sim.shared.lock(), &id), Some(launched + Duration::from_secs(35)));
    assert_eq!(state(), InstanceState::Pending);
    tokio::time::sleep(Duration::from_secs(35)).await;
    assert_eq!(state(), InstanceState::Running);
    assert_eq!(in_state("running").await, 1);

    let delete_group = || lab.ec2.delete_security_group().group_id(&group).send();
    assert_eq!(code(delete_group().await), "DependencyViolation");
    let terminated = lab.ec2.terminate_instances().instance_ids(&id).send().await.unwrap();
    let change = &terminated.terminating_instances()[0];
    assert_eq!(change.previous_state().unwrap().name(), Some(&InstanceStateName::Running));
    assert_eq!(change.current_state().unwrap().code(), Some(32));
    assert_eq!(code(delete_group().await), "DependencyViolation", "until it is terminated");
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(state(), InstanceState::Terminated);
    delete_group().await.unwrap();
    assert!(lab.ec2.describe_volumes().send().await.unwrap().volumes().is_empty());
    assert!(lab.ec2.describe_network_interfaces().send().await.unwrap().network_interfaces().is_empty());
    let described = lab.ec2.describe_instances().instance_ids(&id).send().await.unwrap();
    assert_eq!(described.reservations()[0].instances()[0].subnet_id(), None);
    assert_eq!(in_state("terminated").await, 1);
    lab.ec2.terminate_instances().instance_ids(&id).send().await.expect("once more");

    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(lab.sim.instances().is_empty());
    let forgotten = lab.ec2.describe_instances().instance_ids(&id).send().await;
    assert_eq!(code(forgotten), "InvalidInstanceID.NotFound");
    let again = lab.ec2.terminate_instances().instance_ids(&id).send().await;
    assert_eq!(code(again), "InvalidInstanceID.NotFound");
    assert_eq!(code(lab.ec2.terminate_instances().send().await), "MissingParameter");
}

#[tokio::test(start_paused = true)]
async fn an_instance_terminated_while_it_boots_never_runs() {
    let lab = Lab::new();
    let image = lab.sim.add_image("web");
    let template = lab.template("web", data(&image).build()).await;
    let id = lab.launch(&template, &[]).unwrap();
    lab.ec2.terminate_instances().instance_ids(&id).send().await.unwrap();
    assert_eq!(instance_state(&lab.sim.shared.lock(), &id), Some(InstanceState::ShuttingDown));
    assert_eq!(instance_running_at(&lab.sim.shared.lock(), &id), None);
}

#[tokio::test(start_paused = true)]
async fn a_protected_instance_is_not_terminated_by_hand() {
    let lab = Lab::new();
    let image = lab.sim.add_image("web");
    let template = lab.template("web", data(&image).disable_api_termination(true).build()).await;
    let id = lab.launch(&template, &[]).unwrap();
    let refused = lab.ec2.terminate_instances().instance_ids(&id).send().await;
    assert_eq!(code(refused), "OperationNotPermitted");
    assert_eq!(lab.sim.instances()[0].state, InstanceStateName::Pending);
}

#[tokio::test(start_paused = true)]
async fn a_kept_volume_outlives_its_instance() {
    let lab = Lab::new();
    let image = lab.sim.add_image("web");
    let kept = volume("/dev/xvdb", ebs().volume_size(10).delete_on_termination(false));
    let template = lab.template("web", data(&image).block_device_mappings(kept).build()).await;
    let id = lab.launch(&template, &[]).unwrap();
    lab.ec2.terminate_instances().instance_ids(&id).send().await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let volumes = lab.ec2.describe_volumes().send().await.unwrap();
    let [volume] = volumes.volumes() else { panic!("{volumes:?}") };
    assert_eq!(volume.state(), Some(&sdk::VolumeState::Available));
    assert_eq!(volume.volume_type(), Some(&VolumeType::Gp2), "the default of the API");
    assert!(volume.attachments().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_launch_needs_existing_things_that_fit() {
    let lab = Lab::new();
    let image = lab.sim.add_image("web");
    let arm = lab.sim.add_custom_image(SimImage::named("arm").arm64());
    let other_vpc = lab.sim.add_vpc("Other", "10.1.0.0/16");
    let abroad = lab.sim.add_security_group(&other_vpc, "abroad");
    assert_eq!(lab.launch_refused(data("ami-12345678").build()).await, "InvalidAMIID.NotFound");
    assert_eq!(lab.launch_refused(data("resolve:ssm:/none").build()).await, "InvalidParameterValue");
    let no_image = RequestLaunchTemplateData::builder().instance_type("t3.micro".into()).build();
    assert_eq!(lab.launch_refused(no_image).await, "MissingParameter");
    let no_type = RequestLaunchTemplateData::builder().image_id(&image).build();
    assert_eq!(lab.launch_refused(no_type).await, "MissingParameter");
    assert_eq!(lab.launch_refused(data(&arm).build()).await, "InvalidParameterValue", "architecture");
    let groups = |ids: &[&str]| {
        let ids = ids.iter().map(|&id| id.to_owned()).collect();
        data(&image).set_security_group_ids(Some(ids)).build()
    };
    assert_eq!(lab.launch_refused(groups(&["sg-12345678"])).await, "InvalidGroup.NotFound");
    assert_eq!(lab.launch_refused(groups(&[&abroad])).await, "InvalidParameter", "another network");
    let mut six = Vec::new();
    for n in 0..6 {
        six.push(lab.group(&format!("group-{n}")).await);
    }
    let six: Vec<&str> = six.iter().map(String::as_str).collect();
    assert_eq!(lab.launch_refused(groups(&six)).await, "SecurityGroupsPerInterfaceLimitExceeded");
    let by_name = data(&image).security_groups("default").build();
    assert_eq!(lab.launch_refused(by_name).await, "InvalidParameterCombination");

    let template = lab.template("web", data("resolve:ssm:web:1").build()).await;
    lab.launch(&template, &[]).expect("a parameter stands for the image of its name");
    let default = &lab.sim.instances()[0].security_groups;
    let groups = lab.ec2.describe_security_groups().group_ids(&default[0]).send().await.unwrap();
    assert_eq!(groups.security_groups()[0].group_name(), Some("default"));
    assert_eq!(groups.security_groups()[0].vpc_id(), Some(lab.vpc.as_str()));
}

#[tokio::test(start_paused = true)]
async fn a_zone_without_capacity_refuses_launches() {
    let lab = Lab::new();
    let image = lab.sim.add_image("web");
    let template = lab.template("web", data(&image).build()).await;
    lab.sim.set_insufficient_capacity(ZONE, true);
    let error = lab.launch(&template, &[]).unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("InsufficientInstanceCapacity", 500));
    assert!(error.message.starts_with("We currently do not have sufficient t3.micro capacity"), "{}", error.message);
    assert!(error.message.ends_with("or choosing ap-northeast-2b, ap-northeast-2c, ap-northeast-2d."));
    lab.sim.set_insufficient_capacity(ZONE, false);
    lab.launch(&template, &[]).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_subnet_runs_out_of_addresses() {
    let mut lab = Lab::new();
    lab.subnet = lab.sim.add_subnet(&lab.vpc, "Tiny", ZONE, "10.0.9.0/28");
    let image = lab.sim.add_image("web");
    let template = lab.template("web", data(&image).build()).await;
    for _ in 0..11 {
        lab.launch(&template, &[]).unwrap();
    }
    assert_eq!(lab.launch(&template, &[]).unwrap_err().code, "InsufficientFreeAddressesInSubnet");
    let instances = lab.ec2.describe_instances().send().await.unwrap();
    let last = &instances.reservations()[10].instances()[0];
    assert_eq!(last.private_ip_address(), Some("10.0.9.14"));
    assert_eq!(last.public_ip_address(), None, "the subnet is private");
}

#[tokio::test(start_paused = true)]
async fn volumes_are_checked_at_launch() {
    let lab = Lab::new();
    let image = lab.sim.add_custom_image(SimImage::named("web").root_size(10));
    let on = async |mappings: Vec<LaunchTemplateBlockDeviceMappingRequest>| {
        lab.launch_refused(data(&image).set_block_device_mappings(Some(mappings)).build()).await
    };
    let extra = |ebs| vec![volume("/dev/xvdb", ebs)];
    assert_eq!(on(vec![volume("/dev/xvda", ebs().volume_size(9))]).await, "InvalidBlockDeviceMapping");
    assert_eq!(on(extra(ebs())).await, "MissingParameter");
    let sized = |kind, size| ebs().volume_type(kind).volume_size(size);
    let gp3 = |size| sized(VolumeType::Gp3, size);
    assert_eq!(on(extra(gp3(65537))).await, "InvalidParameterValue");
    assert_eq!(on(extra(sized(VolumeType::Gp2, 16385))).await, "InvalidParameterValue");
    assert_eq!(on(extra(sized(VolumeType::Standard, 1025))).await, "InvalidParameterValue");
    assert_eq!(on(extra(sized(VolumeType::Io1, 100))).await, "MissingParameter", "iops");
    assert_eq!(on(extra(sized(VolumeType::Io1, 100).iops(5001))).await, "InvalidParameterValue", "ratio");
    assert_eq!(on(extra(sized(VolumeType::Io2, 100).iops(99))).await, "InvalidParameterValue");
    assert_eq!(on(extra(sized(VolumeType::Gp2, 100).iops(3000))).await, "InvalidParameterCombination");
    assert_eq!(on(extra(sized(VolumeType::Io2, 100).iops(3000).throughput(200))).await, "InvalidParameterCombination");
    assert_eq!(on(extra(gp3(100).iops(2999))).await, "InvalidParameterValue");
    assert_eq!(on(extra(gp3(100).throughput(2001))).await, "InvalidParameterValue");
    assert_eq!(on(extra(gp3(100).throughput(751))).await, "InvalidParameterValue", "a quarter of the IOPS");
    assert_eq!(on(extra(gp3(10).encrypted(true).snapshot_id("snap-1"))).await, "InvalidParameterCombination");
    assert_eq!(on(extra(gp3(10).kms_key_id("key"))).await, "InvalidParameterDependency");
    assert_eq!(on(extra(gp3(10).volume_initialization_rate(100))).await, "InvalidParameterCombination");
    let rate = ebs().snapshot_id("snap-1").volume_initialization_rate(99);
    assert_eq!(on(extra(rate)).await, "InvalidParameterValue");
    assert_eq!(on([extra(gp3(10)), extra(gp3(10))].concat()).await, "InvalidBlockDeviceMapping", "duplicate device");
    let mapping = || LaunchTemplateBlockDeviceMappingRequest::builder().device_name("/dev/xvdb");
    assert_eq!(on(vec![mapping().build()]).await, "InvalidBlockDeviceMapping");
    assert_eq!(on(vec![mapping().virtual_name("disk0").build()]).await, "InvalidBlockDeviceMapping");

    let good = data(&image)
        .block_device_mappings(volume("/dev/xvda", gp3(16).iops(8000).throughput(2000)))
        .block_device_mappings(mapping().virtual_name("ephemeral0").build());
    let template = lab.template("good", good.build()).await;
    lab.launch(&template, &[]).unwrap();
}

#[tokio::test(start_paused = true)]
async fn interfaces_are_checked_at_launch() {
    let lab = Lab::new();
    let image = lab.sim.add_image("web");
    let group = lab.group("web").await;
    let foreign = lab.sim.add_interface(&lab.subnet, &[&group]);
    let interface = || LaunchTemplateInstanceNetworkInterfaceSpecificationRequest::builder().device_index(0);
    let refused = async |interface: InterfaceBuilder| {
        lab.launch_refused(data(&image).network_interfaces(interface.build()).build()).await
    };
    let both = data(&image).security_group_ids(&group).network_interfaces(interface().build()).build();
    assert_eq!(lab.launch_refused(both).await, "InvalidParameterCombination");
    assert_eq!(refused(interface().subnet_id(&lab.subnet)).await, "InvalidParameterCombination");
    assert_eq!(refused(interface().network_interface_id("eni-12345678")).await, "InvalidNetworkInterfaceID.NotFound");
    assert_eq!(refused(interface().network_interface_id(&foreign)).await, "Unsupported");
    assert_eq!(refused(interface().private_ip_address("10.0.1.4")).await, "InvalidIPAddress.InUse");
    assert_eq!(refused(interface().private_ip_address("10.0.2.4")).await, "InvalidParameterValue");
    assert_eq!(refused(interface().device_index(1)).await, "InvalidParameterValue");
    let twice = data(&image).network_interfaces(interface().build()).network_interfaces(interface().build());
    assert_eq!(lab.launch_refused(twice.build()).await, "InvalidParameterValue");
    let public = data(&image)
        .network_interfaces(interface().associate_public_ip_address(true).build())
        .network_interfaces(interface().device_index(1).build());
    assert_eq!(lab.launch_refused(public.build()).await, "InvalidParameterCombination");

    let good = interface().groups(&group).associate_public_ip_address(false).private_ip_address("10.0.1.77");
    let template = lab.template("good", data(&image).network_interfaces(good.build()).build()).await;
    lab.launch(&template, &[]).unwrap();
    let instances = lab.ec2.describe_instances().filters(filter("instance.group-id", &group)).send().await.unwrap();
    let instance = &instances.reservations()[0].instances()[0];
    assert_eq!(instance.private_ip_address(), Some("10.0.1.77"));
    assert_eq!(instance.public_ip_address(), None);
}

#[tokio::test(start_paused = true)]
async fn instance_requirements_choose_a_type() {
    let lab = Lab::new();
    let image = lab.sim.add_image("web");
    let requirements = sdk::InstanceRequirementsRequest::builder()
        .v_cpu_count(sdk::VCpuCountRangeRequest::builder().min(2).max(4).build())
        .memory_mib(sdk::MemoryMiBRequest::builder().min(8192).build())
        .excluded_instance_types("t*");
    let chosen = |requirements: &sdk::builders::InstanceRequirementsRequestBuilder| {
        RequestLaunchTemplateData::builder()
            .image_id(&image)
            .instance_requirements(requirements.clone().build())
            .build()
    };
    let template = lab.template("web", chosen(&requirements)).await;
    lab.launch(&template, &[]).unwrap();
    assert_eq!(lab.sim.instances()[0].instance_type, "m5.large");
    let none = lab.template("none", chosen(&requirements.excluded_instance_types("*"))).await;
    assert_eq!(lab.launch(&none, &[]).unwrap_err().code, "InvalidParameterValue");
}

#[tokio::test(start_paused = true)]
async fn interfaces_of_services_hold_groups_until_released() {
    let lab = Lab::new();
    let (alb, other) = (lab.group("alb").await, lab.group("other").await);
    let interface = create_service_interface(
        &mut lab.sim.shared.lock(),
        ServiceInterface {
            subnet: lab.subnet.clone(),
            groups: vec![alb.clone()],
            description: "ELB net/Web/50dc6c495c0c9188".to_owned(),
            requester: "amazon-elb".to_owned(),
        },
    );
    let by_description = lab.ec2.describe_network_interfaces().filters(filter("description", "ELB net/Web/*"));
    let found = by_description.filters(filter("requester-id", "amazon-elb")).send().await.unwrap();
    let [described] = found.network_interfaces() else { panic!("{found:?}") };
    assert_eq!(described.network_interface_id(), Some(interface.as_str()));
    assert_eq!(described.requester_managed(), Some(true));
    assert_eq!(described.interface_type(), Some(&NetworkInterfaceType::NetworkLoadBalancer));
    let delete = |group: &str| lab.ec2.delete_security_group().group_id(group).send();
    assert_eq!(code(delete(&alb).await), "DependencyViolation");
    set_interface_groups(&mut lab.sim.shared.lock(), &interface, vec![other.clone()]);
    delete(&alb).await.unwrap();
    let at = lab.sim.shared.lock().now + Duration::from_secs(20);
    release_service_interface(&mut lab.sim.shared.lock(), &interface, at);
    assert_eq!(code(delete(&other).await), "DependencyViolation");
    tokio::time::sleep(Duration::from_secs(20)).await;
    delete(&other).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn tags_of_aws_do_not_count_towards_the_limit() {
    let lab = Lab::new();
    let image = lab.sim.add_image("web");
    let template = lab.template("web", data(&image).build()).await;
    let keys: Vec<String> = (0..51).map(|n| format!("key-{n}")).collect();
    let tags: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "x")).collect();
    assert_eq!(lab.launch(&template, &tags).unwrap_err().code, "TagLimitExceeded");
    lab.launch(&template, &tags[..50]).unwrap();
    assert_eq!(lab.sim.instances()[0].tags.len(), 52, "and two that EC2 sets");
}
