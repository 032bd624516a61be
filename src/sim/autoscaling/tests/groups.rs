//! Groups as such: creation, description, update, deletion.

use aws_sdk_autoscaling::types::{DeletionProtection, Filter, LaunchTemplateSpecification, Tag};
use aws_sdk_ec2::types::{InstanceType, RequestLaunchTemplateData};

use super::{Lab, pass, refused, web};
use crate::sim::SimAws;

#[tokio::test(start_paused = true)]
async fn a_new_group_is_described_with_the_defaults_of_aws() {
    let lab = Lab::new().await;
    lab.create().send().await.unwrap();
    let group = lab.group().await.unwrap();
    let arn = group.auto_scaling_group_arn().unwrap();
    assert!(arn.starts_with("arn:aws:autoscaling:ap-northeast-2:123456789012:autoScalingGroup:"), "{arn}");
    assert!(arn.ends_with(":autoScalingGroupName/web"), "{arn}");
    assert_eq!((group.min_size(), group.max_size(), group.desired_capacity()), (Some(1), Some(4), Some(2)));
    assert_eq!(group.availability_zones(), ["ap-northeast-2a", "ap-northeast-2c"]);
    assert_eq!(group.vpc_zone_identifier(), Some(lab.subnets.join(",").as_str()));
    assert_eq!(group.health_check_type(), Some("EC2"));
    assert_eq!(group.health_check_grace_period(), Some(0));
    assert_eq!(group.default_cooldown(), Some(300));
    assert_eq!(group.termination_policies(), ["Default"]);
    assert_eq!(group.status(), None);
    let template = group.launch_template().unwrap();
    assert!(template.launch_template_id().unwrap().starts_with("lt-"));
    assert_eq!((template.launch_template_name(), template.version()), (Some("web"), Some("1")));
}

#[tokio::test(start_paused = true)]
async fn desired_capacity_defaults_to_the_minimum() {
    let lab = Lab::new().await;
    lab.create().set_desired_capacity(None).send().await.unwrap();
    assert_eq!(lab.group().await.unwrap().desired_capacity(), Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_name_is_taken_until_its_group_is_gone() {
    let lab = Lab::running().await;
    refused!(lab.create(), "AlreadyExists", "A group with the name web already exists");
    lab.client.delete_auto_scaling_group().auto_scaling_group_name("web").force_delete(true).send().await.unwrap();
    refused!(lab.create(), "AlreadyExists", "already exists and is pending delete");
    pass(60).await;
    lab.create().send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn names_follow_the_documented_rules() {
    let lab = Lab::new().await;
    for name in ["", "a:b", "a b", "gr\u{fc}n", &"x".repeat(256)] {
        refused!(lab.create().auto_scaling_group_name(name), "ValidationError", "autoScalingGroupName");
    }
    lab.create().auto_scaling_group_name("x".repeat(255)).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn sizes_must_be_in_order() {
    let lab = Lab::new().await;
    refused!(lab.create().set_min_size(None), "ValidationError", "Value null at 'minSize'");
    refused!(lab.create().set_max_size(None), "ValidationError", "Value null at 'maxSize'");
    refused!(lab.create().min_size(-1), "ValidationError", "greater than or equal to 0");
    refused!(
        lab.create().min_size(5),
        "ValidationError",
        "Max bound, 4, must be greater than or equal to min bound, 5"
    );
    refused!(
        lab.create().min_size(2).desired_capacity(5),
        "ValidationError",
        "Desired capacity:5 must be between the specified min size:2 and max size:4"
    );
    assert!(lab.group().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn exactly_one_launch_source_is_needed() {
    let lab = Lab::new().await;
    refused!(lab.create().set_launch_template(None), "ValidationError", "Valid requests must contain either");
    refused!(lab.create().launch_configuration_name("lc"), "ValidationError", "Valid requests must contain either");
    refused!(
        lab.create().set_launch_template(None).launch_configuration_name("lc"),
        "ValidationError",
        "Launch configuration name not found"
    );
    refused!(
        lab.create().set_launch_template(None).instance_id("i-1"),
        "UnsupportedOperation",
        "not available in your account"
    );
}

#[tokio::test(start_paused = true)]
async fn the_launch_template_must_exist_and_be_complete() {
    let lab = Lab::new().await;
    let unknown = LaunchTemplateSpecification::builder().launch_template_name("nope").build();
    refused!(
        lab.create().launch_template(unknown),
        "ValidationError",
        "You must use a valid fully-formed launch template."
    );
    refused!(
        lab.create().launch_template(web("7")),
        "ValidationError",
        "You must use a valid fully-formed launch template."
    );
    let twice = LaunchTemplateSpecification::builder().launch_template_name("web").launch_template_id("lt-1").build();
    refused!(lab.create().launch_template(twice), "ValidationError", "either launchTemplateId or LaunchTemplateName");
    let none = LaunchTemplateSpecification::builder().version("1").build();
    refused!(lab.create().launch_template(none), "ValidationError", "either launchTemplateId or LaunchTemplateName");

    let other_vpc = lab.sim.add_vpc("Other", "10.1.0.0/16");
    let foreign = lab.sim.add_security_group(&other_vpc, "foreign");
    let image = lab.sim.add_image("Other");
    let typed = || RequestLaunchTemplateData::builder().instance_type(InstanceType::T3Micro);
    let cases = [
        ("no-image", typed(), "ImageId"),
        ("no-type", RequestLaunchTemplateData::builder().image_id(&image), "InstanceType"),
        ("foreign-group", typed().image_id(&image).security_group_ids(&foreign), "belong to different networks"),
    ];
    for (name, data, text) in cases {
        let create = lab.sim.ec2().create_launch_template().launch_template_name(name);
        create.launch_template_data(data.build()).send().await.unwrap();
        let template = LaunchTemplateSpecification::builder().launch_template_name(name).build();
        refused!(lab.create().launch_template(template), "ValidationError", text);
    }
}

#[tokio::test(start_paused = true)]
async fn the_network_must_exist_and_fit() {
    let lab = Lab::new().await;
    refused!(
        lab.create().vpc_zone_identifier("subnet-1"),
        "ValidationError",
        "The subnet ID 'subnet-1' does not exist"
    );
    refused!(
        lab.create().set_vpc_zone_identifier(None),
        "ValidationError",
        "At least one Availability Zone or VPC Subnet"
    );
    refused!(lab.create().availability_zones("ap-northeast-2b"), "ValidationError", "do not match");
    refused!(
        lab.create().availability_zones("ap-northeast-2a").availability_zone_ids("apne2-az1"),
        "ValidationError",
        "both AvailabilityZones and AvailabilityZoneIds"
    );
    refused!(
        lab.create().set_vpc_zone_identifier(None).availability_zones("ap-northeast-2a"),
        "ValidationError",
        "No default VPC"
    );
    let other = lab.sim.add_vpc("Other", "10.1.0.0/16");
    let far = lab.sim.add_subnet(&other, "Far", "ap-northeast-2a", "10.1.1.0/24");
    refused!(
        lab.create().vpc_zone_identifier(format!("{},{far}", lab.subnets[0])),
        "ValidationError",
        "must belong to the same VPC"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_attached_must_exist() {
    let lab = Lab::new().await;
    let arn = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/none/1234567890123456";
    refused!(lab.create().target_group_arns(arn), "ValidationError", "Target Groups not found");
    refused!(lab.create().load_balancer_names("classic"), "ValidationError", "Load Balancers may not be valid");
}

#[tokio::test(start_paused = true)]
async fn describing_pages_filters_and_ignores_unknown_names() {
    let lab = Lab::new().await;
    for (name, stage) in [("a", "prod"), ("b", "test"), ("c", "prod")] {
        let tag = Tag::builder().key("stage").value(stage).build();
        lab.create().auto_scaling_group_name(name).tags(tag).send().await.unwrap();
    }
    let describe = || lab.client.describe_auto_scaling_groups();
    let first = describe().max_records(2).send().await.unwrap();
    assert_eq!(first.auto_scaling_groups().len(), 2);
    let rest = describe().max_records(2).set_next_token(first.next_token).send().await.unwrap();
    assert_eq!(rest.auto_scaling_groups()[0].auto_scaling_group_name(), Some("c"));
    assert_eq!(rest.next_token(), None);

    let filter = |name: &str, value: &str| Filter::builder().name(name).values(value).build();
    for (filter, count) in [
        (filter("tag:stage", "prod"), 2),
        (filter("tag-value", "test"), 1),
        (filter("tag-key", "stage"), 3),
        (filter("tag:stage", "none"), 0),
    ] {
        let found = describe().filters(filter.clone()).send().await.unwrap();
        assert_eq!(found.auto_scaling_groups().len(), count, "{filter:?}");
    }
    let found = describe().auto_scaling_group_names("a").auto_scaling_group_names("zzz").send().await.unwrap();
    assert_eq!(found.auto_scaling_groups().len(), 1);
    refused!(describe().filters(filter("name", "a")), "ValidationError", "Allowed Filter types are");
    refused!(describe().max_records(101), "ValidationError", "less than or equal to 100");
    refused!(describe().next_token("zzz"), "InvalidNextToken", "zzz");
}

#[tokio::test(start_paused = true)]
async fn describes_lag_behind_creation_when_told_to() {
    let lab = Lab::new().await;
    lab.sim.configure(|settings| settings.describe_lag = std::time::Duration::from_secs(5));
    lab.create().send().await.unwrap();
    assert!(lab.group().await.is_none());
    pass(5).await;
    assert!(lab.group().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn an_update_changes_what_it_names_and_nothing_else() {
    let lab = Lab::new().await;
    lab.create().default_cooldown(60).placement_group("pg").send().await.unwrap();
    let update = || lab.client.update_auto_scaling_group().auto_scaling_group_name("web");
    update().health_check_type("ELB").health_check_grace_period(90).send().await.unwrap();
    let group = lab.group().await.unwrap();
    assert_eq!(group.health_check_type(), Some("ELB"));
    assert_eq!(group.health_check_grace_period(), Some(90));
    assert_eq!(group.default_cooldown(), Some(60));
    assert_eq!(group.placement_group(), Some("pg"));
    update().placement_group("").send().await.unwrap();
    assert_eq!(lab.group().await.unwrap().placement_group(), None);
}

#[tokio::test(start_paused = true)]
async fn new_bounds_move_the_desired_capacity() {
    let lab = Lab::new().await;
    lab.create().send().await.unwrap();
    let update = || lab.client.update_auto_scaling_group().auto_scaling_group_name("web");
    update().min_size(3).send().await.unwrap();
    assert_eq!(lab.desired(), 3);
    update().min_size(0).max_size(2).send().await.unwrap();
    assert_eq!(lab.desired(), 2);
    refused!(update().min_size(3), "ValidationError", "Max bound, 2, must be greater than or equal to min bound, 3");
    refused!(update().desired_capacity(3), "ValidationError", "Desired capacity:3 must be between");
    let set = |desired| lab.client.set_desired_capacity().auto_scaling_group_name("web").desired_capacity(desired);
    refused!(set(3), "ValidationError", "New SetDesiredCapacity value 3 is above max value 2");
    update().min_size(1).send().await.unwrap();
    refused!(set(0), "ValidationError", "New SetDesiredCapacity value 0 is below min value 1");
}

#[tokio::test(start_paused = true)]
async fn unknown_groups_are_refused_in_the_words_of_aws() {
    let lab = Lab::new().await;
    refused!(
        lab.client.update_auto_scaling_group().auto_scaling_group_name("x"),
        "ValidationError",
        "AutoScalingGroup name not found - AutoScalingGroup 'x' not found"
    );
    refused!(
        lab.client.delete_auto_scaling_group().auto_scaling_group_name("x"),
        "ValidationError",
        "AutoScalingGroup name not found - no such group: x"
    );
}

#[tokio::test(start_paused = true)]
async fn a_group_with_instances_is_deleted_only_by_force() {
    let lab = Lab::running().await;
    let delete = || lab.client.delete_auto_scaling_group().auto_scaling_group_name("web");
    refused!(
        delete(),
        "ResourceInUse",
        "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group."
    );
    delete().force_delete(true).send().await.unwrap();
    let group = lab.group().await.unwrap();
    assert_eq!(group.status(), Some("Delete in progress"));
    assert_eq!(group.instances()[0].lifecycle_state().unwrap().as_str(), "Terminating");
    refused!(
        lab.client.update_auto_scaling_group().auto_scaling_group_name("web").max_size(9),
        "ValidationError",
        "may not be modified while it is pending delete"
    );
    pass(25).await;
    assert!(lab.group().await.is_some(), "its instances are still terminating");
    pass(10).await;
    assert!(lab.group().await.is_none());
    assert!(lab.sim.instances().iter().all(|instance| instance.state.as_str() == "terminated"));
}

#[tokio::test(start_paused = true)]
async fn a_drained_group_is_deleted_without_force() {
    let lab = Lab::running().await;
    let update = lab.client.update_auto_scaling_group().auto_scaling_group_name("web");
    update.min_size(0).max_size(0).send().await.unwrap();
    pass(10).await;
    let delete = || lab.client.delete_auto_scaling_group().auto_scaling_group_name("web");
    refused!(delete(), "ScalingActivityInProgress", "scaling activities in progress");
    pass(60).await;
    delete().send().await.unwrap();
    pass(10).await;
    assert!(lab.group().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn deletion_protection_is_honoured() {
    let lab = Lab::new().await;
    lab.create()
        .min_size(0)
        .desired_capacity(0)
        .deletion_protection(DeletionProtection::PreventForceDeletion)
        .send()
        .await
        .unwrap();
    let delete = || lab.client.delete_auto_scaling_group().auto_scaling_group_name("web");
    refused!(delete().force_delete(true), "ValidationError", "deletion protection");
    let protect =
        |level| lab.client.update_auto_scaling_group().auto_scaling_group_name("web").deletion_protection(level).send();
    protect(DeletionProtection::PreventAllDeletion).await.unwrap();
    refused!(delete(), "ValidationError", "deletion protection");
    protect(DeletionProtection::None).await.unwrap();
    delete().send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_foreign_group_is_there_with_its_instances() {
    let lab = Lab::new().await;
    lab.sim.add_auto_scaling_group("theirs", "web", &[&lab.subnets[0]], 1);
    pass(60).await;
    let group = lab.sim.auto_scaling_group("theirs").unwrap();
    assert_eq!((group.desired, group.in_service()), (1, 1));
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "fully-formed")]
async fn a_foreign_group_needs_what_aws_needs() {
    let sim = SimAws::new();
    let vpc = sim.add_vpc("Lab", "10.0.0.0/16");
    let subnet = sim.add_subnet(&vpc, "A", "ap-northeast-2a", "10.0.1.0/24");
    sim.add_auto_scaling_group("theirs", "none", &[&subnet], 1);
}
