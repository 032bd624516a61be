//! Tags.

use aws_sdk_ec2::types::{RequestLaunchTemplateData, ResourceType, Tag};

use super::{Lab, code, filter, message, tag};

#[tokio::test(start_paused = true)]
async fn every_kind_of_resource_can_be_tagged() {
    let lab = Lab::new();
    let image = lab.sim.add_image("Web-AMI");
    let group = lab.group("web").await;
    let rule = lab.open(&group, 80).await;
    let data = RequestLaunchTemplateData::builder().image_id(&image).instance_type("t3.micro".into());
    let template = lab.template("web", data.build()).await;
    let instance = lab.launch(&template, &[]).unwrap();
    let volumes = lab.ec2.describe_volumes().send().await.unwrap();
    let volume = volumes.volumes()[0].volume_id().unwrap().to_owned();
    let interfaces = lab.ec2.describe_network_interfaces().send().await.unwrap();
    let interface = interfaces.network_interfaces()[0].network_interface_id().unwrap().to_owned();
    let all = [&lab.vpc, &lab.subnet, &image, &group, &rule, &template, &instance, &volume, &interface];

    let mut request = lab.ec2.create_tags().tags(tag("team", "web")).tags(tag("empty", ""));
    for id in all {
        request = request.resources(id);
    }
    request.send().await.unwrap();
    let tagged = lab.ec2.describe_tags().filters(filter("key", "team")).send().await.unwrap();
    assert_eq!(tagged.tags().len(), all.len());
    let rules = lab.ec2.describe_tags().filters(filter("resource-type", "security-group-rule")).send().await.unwrap();
    assert!(rules.tags().iter().all(|line| line.resource_id() == Some(rule.as_str())));
    assert_eq!(rules.tags().len(), 2);
    assert_eq!(rules.tags()[0].resource_type(), Some(&ResourceType::SecurityGroupRule));
    let templates = lab.ec2.describe_launch_templates().filters(filter("tag:team", "web")).send().await.unwrap();
    assert_eq!(templates.launch_templates()[0].launch_template_id(), Some(template.as_str()));
}

#[tokio::test(start_paused = true)]
async fn tags_are_deleted_by_key_and_by_value() {
    let lab = Lab::new();
    let group = lab.group("web").await;
    let create = lab.ec2.create_tags().resources(&group);
    create.tags(tag("a", "1")).tags(tag("b", "2")).tags(tag("c", "")).send().await.unwrap();
    let delete = |tag: Tag| lab.ec2.delete_tags().resources(&group).tags(tag).send();
    let keys = async || {
        let groups = lab.ec2.describe_security_groups().group_ids(&group).send().await.unwrap();
        groups.security_groups()[0].tags().iter().map(|tag| tag.key().unwrap()).collect::<Vec<_>>().join(" ")
    };
    delete(tag("a", "other")).await.unwrap();
    delete(tag("b", "")).await.unwrap();
    assert_eq!(keys().await, "a b c");
    delete(tag("a", "1")).await.unwrap();
    delete(tag("c", "")).await.unwrap();
    assert_eq!(keys().await, "b");
    delete(Tag::builder().key("b").build()).await.unwrap();
    assert_eq!(keys().await, "");
    lab.ec2.create_tags().resources(&group).tags(tag("x", "y")).send().await.unwrap();
    lab.ec2.delete_tags().resources(&group).send().await.unwrap();
    assert_eq!(keys().await, "", "without tags given all go");
}

#[tokio::test(start_paused = true)]
async fn bad_tags_are_refused() {
    let lab = Lab::new();
    let group = lab.group("web").await;
    let create = |tag: Tag| lab.ec2.create_tags().resources(&group).tags(tag).send();
    let reserved = create(tag("aws:team", "x")).await;
    assert_eq!(message(reserved), "Tag keys starting with 'aws:' are reserved for internal use");
    assert_eq!(code(create(tag("", "x")).await), "InvalidTagKey.Malformed");
    assert_eq!(code(create(tag(&"k".repeat(129), "x")).await), "InvalidParameterValue");
    assert_eq!(code(create(tag("k", &"v".repeat(257))).await), "InvalidParameterValue");
    create(tag(&"k".repeat(128), &"v".repeat(256))).await.unwrap();
    let twice = lab.ec2.create_tags().resources(&group).tags(tag("a", "1")).tags(tag("a", "2")).send().await;
    assert_eq!(code(twice), "InvalidParameterValue");
    let mut fifty = lab.ec2.create_tags().resources(&group);
    for n in 0..49 {
        fifty = fifty.tags(tag(&format!("key-{n}"), "x"));
    }
    fifty.send().await.unwrap();
    create(tag("key-0", "changed")).await.unwrap();
    assert_eq!(code(create(tag("one-more", "x")).await), "TagLimitExceeded");

    let on = |id: &str| lab.ec2.create_tags().resources(id).tags(tag("a", "b")).send();
    assert_eq!(code(on("sg-12345678").await), "InvalidGroup.NotFound");
    assert_eq!(code(on("sgr-12345678").await), "InvalidSecurityGroupRuleId.NotFound");
    assert_eq!(code(on("lt-12345678").await), "InvalidLaunchTemplateId.NotFound");
    assert_eq!(code(on("i-12345678").await), "InvalidInstanceID.NotFound");
    assert_eq!(code(on("thing-12345678").await), "InvalidID");
    assert_eq!(code(lab.ec2.create_tags().resources(&group).send().await), "MissingParameter");
    assert_eq!(code(lab.ec2.create_tags().tags(tag("a", "b")).send().await), "MissingParameter");
}
