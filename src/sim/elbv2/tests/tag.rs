//! Tags.

use aws_sdk_elasticloadbalancingv2::types::Tag;

use super::{Lab, assert_refused, fixed};

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

#[tokio::test(start_paused = true)]
async fn everything_has_tags() {
    let lab = Lab::new();
    let balancer = lab.balancer("Web-ALB").await;
    let group = lab.group("Web-TG").await;
    let listener = lab.listener(&balancer, fixed("200")).await;
    let rules = lab.elb.describe_rules().listener_arn(&listener).send().await.unwrap();
    let rule = rules.rules()[0].rule_arn().unwrap().to_owned();
    let arns = vec![balancer, group, listener, rule];
    let add = lab.elb.add_tags().set_resource_arns(Some(arns.clone()));
    add.tags(tag("a", "1")).tags(tag("b", "2")).send().await.unwrap();
    lab.elb.remove_tags().set_resource_arns(Some(arns.clone())).tag_keys("a").tag_keys("x").send().await.unwrap();
    let described = lab.elb.describe_tags().set_resource_arns(Some(arns.clone())).send().await.unwrap();
    for (description, arn) in described.tag_descriptions().iter().zip(&arns) {
        assert_eq!(description.resource_arn(), Some(arn.as_str()));
        assert_eq!(description.tags(), [tag("b", "2")]);
    }
    assert_eq!(described.tag_descriptions().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn tags_given_at_creation_are_kept() {
    let lab = Lab::new();
    let request = lab.elb.create_load_balancer().name("Web-ALB").set_subnets(Some(lab.public.to_vec()));
    let created = request.tags(tag("Name", "Web")).send().await.unwrap();
    let arn = created.load_balancers()[0].load_balancer_arn().unwrap();
    let described = lab.elb.describe_tags().resource_arns(arn).send().await.unwrap();
    assert_eq!(described.tag_descriptions()[0].tags(), [tag("Name", "Web")]);
}

#[tokio::test(start_paused = true)]
async fn tags_are_checked() {
    let lab = Lab::new();
    let arn = lab.group("Web-TG").await;
    let add = |tags: Vec<Tag>| lab.elb.add_tags().resource_arns(&arn).set_tags(Some(tags)).send();
    let long = "x".repeat(257);
    for (tags, code, text) in [
        (vec![], "ValidationError", "must not be null"),
        (vec![tag("", "1")], "ValidationError", "greater than or equal to 1"),
        (vec![tag(&long[..129], "1")], "ValidationError", "less than or equal to 128"),
        (vec![tag("a", &long)], "ValidationError", "less than or equal to 256"),
        (vec![tag("a", "b#")], "ValidationError", "regular expression"),
        (vec![tag("AWS:a", "1")], "ValidationError", "aws: prefixed"),
        (vec![tag("a", "1"), tag("a", "2")], "DuplicateTagKeys", "'a'"),
        ((0..51).map(|number| tag(&number.to_string(), "")).collect(), "TooManyTags", "50"),
    ] {
        assert_refused(add(tags).await, code, text);
    }
    add((0..50).map(|number| tag(&number.to_string(), "")).collect()).await.unwrap();
    assert_refused(add(vec![tag("one more", "")]).await, "TooManyTags", "50");
    add(vec![tag("7", "changed")]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn unknown_resources_are_refused() {
    let lab = Lab::new();
    let known = lab.group("Web-TG").await;
    let prefix = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012";
    for (resource, code) in [
        ("loadbalancer/app/a/1", "LoadBalancerNotFound"),
        ("targetgroup/a/1", "TargetGroupNotFound"),
        ("listener/app/a/1/2", "ListenerNotFound"),
        ("listener-rule/app/a/1/2/3", "RuleNotFound"),
        ("truststore/a/1", "TrustStoreNotFound"),
        ("function/a", "ValidationError"),
    ] {
        let arn = format!("{prefix}:{resource}");
        assert_refused(lab.elb.describe_tags().resource_arns(&known).resource_arns(&arn).send().await, code, &arn);
        assert_refused(lab.elb.remove_tags().resource_arns(&arn).tag_keys("a").send().await, code, &arn);
        let add = lab.elb.add_tags().resource_arns(&known).resource_arns(&arn).tags(tag("a", "1"));
        assert_refused(add.send().await, code, &arn);
    }
    // A refused request tags nothing, and takes no tag away.
    let tags = || lab.elb.describe_tags().resource_arns(&known).send();
    assert!(tags().await.unwrap().tag_descriptions()[0].tags().is_empty());
    lab.elb.add_tags().resource_arns(&known).tags(tag("a", "1")).send().await.unwrap();
    let remove = lab.elb.remove_tags().resource_arns(&known).resource_arns(format!("{known}0")).tag_keys("a");
    assert_refused(remove.send().await, "TargetGroupNotFound", "not found");
    assert_eq!(tags().await.unwrap().tag_descriptions()[0].tags(), [tag("a", "1")]);
    let many = lab.elb.describe_tags().set_resource_arns(Some(vec![known.clone(); 21])).send().await;
    assert_refused(many, "ValidationError", "'20'");
}
