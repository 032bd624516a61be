//! What is left when a stack has been destroyed.

use aws_sdk_ec2::types::{Filter, InstanceStateName};

use super::emulator::{Emulator, Given};

/// Asserts that nothing is left of any kind that purlin makes, whoever owned it.
pub(super) async fn nothing(emulator: &Emulator) {
    let (ec2, elbv2, autoscaling) = (emulator.ec2(), emulator.elbv2(), emulator.autoscaling());
    let groups = ec2.describe_security_groups().send().await.expect("security groups");
    let names: Vec<_> = groups.security_groups().iter().map(|group| group.group_name().unwrap_or_default()).collect();
    assert!(names.iter().all(|name| *name == "default"), "{names:?}");
    let templates = ec2.describe_launch_templates().send().await.expect("templates");
    assert!(templates.launch_templates().is_empty(), "{templates:?}");
    let balancers = elbv2.describe_load_balancers().send().await.expect("load balancers");
    assert!(balancers.load_balancers().is_empty(), "{balancers:?}");
    let targets = elbv2.describe_target_groups().send().await.expect("target groups");
    assert!(targets.target_groups().is_empty(), "{targets:?}");
    let groups = autoscaling.describe_auto_scaling_groups().send().await.expect("Auto Scaling groups");
    assert!(groups.auto_scaling_groups().is_empty(), "{groups:?}");
    let instances = ec2.describe_instances().send().await.expect("instances");
    for instance in instances.reservations().iter().flat_map(|reservation| reservation.instances()) {
        let state = instance.state().and_then(|state| state.name());
        assert_eq!(state, Some(&InstanceStateName::Terminated), "{instance:?}");
    }
    let volumes = ec2.describe_volumes().send().await.expect("volumes");
    assert!(volumes.volumes().is_empty(), "{volumes:?}");
    let rules = ec2.describe_security_group_rules().send().await.expect("rules");
    for rule in rules.security_group_rules() {
        assert!(rule.is_egress() == Some(true) && rule.tags().is_empty(), "{rule:?}");
    }
}

/// On AWS a policy goes with its group.
pub(super) async fn moto_lists_policies_of_deleted_groups(emulator: &Emulator) {
    let policies = emulator.autoscaling().describe_policies().send().await.expect("policies");
    let names: Vec<_> = policies.scaling_policies().iter().filter_map(|policy| policy.policy_name()).collect();
    assert_eq!(names, ["Web-ASG-cpu"]);
}

/// Asserts that what existed beforehand is as it was.
pub(super) async fn the_given(emulator: &Emulator, given: &Given) {
    let ec2 = emulator.ec2();
    let vpc = ec2.describe_vpcs().vpc_ids(&given.vpc).send().await.expect("the VPC");
    let names = |tags: &[aws_sdk_ec2::types::Tag]| {
        tags.iter().map(|tag| tag.value().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(vpc.vpcs()[0].tags()), ["VPC-Lab"]);
    let of_vpc = Filter::builder().name("vpc-id").values(&given.vpc).build();
    let subnets = ec2.describe_subnets().filters(of_vpc).send().await.expect("subnets");
    let mut left: Vec<_> = subnets.subnets().iter().flat_map(|subnet| names(subnet.tags())).collect();
    left.sort();
    assert_eq!(left, ["Private subnet A", "Private subnet C", "Public subnet A", "Public subnet C"]);
    let image = ec2.describe_images().owners("self").send().await.expect("the image");
    assert_eq!(image.images().iter().map(|image| image.image_id()).collect::<Vec<_>>(), [Some(given.image.as_str())]);
}
