//! Security groups: create, delete, describe.

use std::time::Duration;

use aws_sdk_ec2::types::ResourceType;

use super::{Lab, code, filter, from_everywhere, from_group, message, tagged};

#[tokio::test(start_paused = true)]
async fn a_new_group_lets_everything_out_and_nothing_in() {
    let lab = Lab::new();
    let created = lab
        .ec2
        .create_security_group()
        .vpc_id(&lab.vpc)
        .group_name("Web-ALB-SG")
        .description("HTTP from anywhere")
        .tag_specifications(tagged(ResourceType::SecurityGroup, "team", "web"))
        .send()
        .await
        .unwrap();
    assert_eq!(created.tags()[0].value(), Some("web"));
    let id = created.group_id().unwrap();

    let groups = lab.ec2.describe_security_groups().group_ids(id).send().await.unwrap();
    let group = &groups.security_groups()[0];
    assert_eq!(group.group_name(), Some("Web-ALB-SG"));
    assert_eq!(group.description(), Some("HTTP from anywhere"));
    assert_eq!(group.vpc_id(), Some(lab.vpc.as_str()));
    assert_eq!(group.tags()[0].key(), Some("team"));
    assert!(group.ip_permissions().is_empty());
    let [egress] = group.ip_permissions_egress() else { panic!("{group:?}") };
    assert_eq!(egress.ip_protocol(), Some("-1"));
    assert_eq!(egress.from_port(), None);
    assert_eq!(egress.ip_ranges()[0].cidr_ip(), Some("0.0.0.0/0"));
}

#[tokio::test(start_paused = true)]
async fn bad_groups_are_refused() {
    let lab = Lab::new();
    let create = |name: &str, description: &str| {
        lab.ec2.create_security_group().vpc_id(&lab.vpc).group_name(name).description(description)
    };
    lab.group("Web").await;
    let duplicate = create("wEB", "x").send().await;
    assert_eq!(message(duplicate), format!("The security group 'wEB' already exists for VPC '{}'", lab.vpc));
    assert_eq!(code(create("Web  ", "x").send().await), "InvalidGroup.Duplicate");
    assert_eq!(code(create("sg-web", "x").send().await), "InvalidParameterValue");
    assert_eq!(code(create("default", "x").send().await), "InvalidParameterValue");
    assert_eq!(code(create("w%b", "x").send().await), "InvalidParameterValue");
    assert_eq!(code(create(&"w".repeat(256), "x").send().await), "InvalidParameterValue");
    assert_eq!(code(create("other", "süß").send().await), "InvalidParameterValue");
    assert_eq!(code(create("other", "").send().await), "MissingParameter");
    assert_eq!(code(create("", "x").send().await), "MissingParameter");
    let without = lab.ec2.create_security_group().vpc_id(&lab.vpc).group_name("other").send().await;
    assert_eq!(code(without), "MissingParameter");
    let nowhere = lab.ec2.create_security_group().group_name("other").description("x");
    assert_eq!(code(nowhere.clone().send().await), "VPCIdNotSpecified");
    assert_eq!(code(nowhere.clone().vpc_id("vpc-12345678").send().await), "InvalidVpcID.NotFound");
    assert_eq!(code(nowhere.vpc_id("vpc12345678").send().await), "InvalidVpcID.Malformed");
    let wrong = create("other", "x").tag_specifications(tagged(ResourceType::Vpc, "a", "b")).send().await;
    assert_eq!(message(wrong), "'vpc' is not a valid taggable resource type for this operation.");
    assert_eq!(code(create("other", "x").dry_run(true).send().await), "DryRunOperation");
    let groups = lab.ec2.describe_security_groups().send().await.unwrap();
    assert_eq!(groups.security_groups().len(), 2, "the default group and Web");
}

#[tokio::test(start_paused = true)]
async fn a_name_is_free_again_in_another_vpc_and_after_deletion() {
    let lab = Lab::new();
    let id = lab.group("Web").await;
    let other = lab.sim.add_vpc("Other", "10.1.0.0/16");
    lab.sim.add_security_group(&other, "Web");
    lab.ec2.delete_security_group().group_id(&id).send().await.unwrap();
    assert_ne!(lab.group("Web").await, id);
    assert_eq!(code(lab.ec2.delete_security_group().group_id(&id).send().await), "InvalidGroup.NotFound");
    assert_eq!(code(lab.ec2.describe_security_groups().group_ids(&id).send().await), "InvalidGroup.NotFound");
    let rules = lab.ec2.describe_security_group_rules().filters(filter("group-id", &id)).send().await.unwrap();
    assert!(rules.security_group_rules().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_group_in_use_cannot_be_deleted() {
    let lab = Lab::new();
    let (web, alb) = (lab.group("web").await, lab.group("alb").await);
    let delete = |id: &str| lab.ec2.delete_security_group().group_id(id).send();

    lab.ec2
        .authorize_security_group_ingress()
        .group_id(&web)
        .ip_permissions(from_group(80, &alb))
        .send()
        .await
        .unwrap();
    assert_eq!(message(delete(&alb).await), format!("resource {alb} has a dependent object"));
    delete(&web).await.unwrap();
    let interface = lab.sim.add_interface(&lab.subnet, &[&alb]);
    assert_eq!(code(delete(&alb).await), "DependencyViolation");
    lab.sim.remove_interface(&interface);
    // A rule of its own does not hold it.
    lab.ec2
        .authorize_security_group_ingress()
        .group_id(&alb)
        .ip_permissions(from_group(80, &alb))
        .send()
        .await
        .unwrap();
    delete(&alb).await.unwrap();

    let groups = lab.ec2.describe_security_groups().filters(filter("group-name", "default")).send().await.unwrap();
    let default = groups.security_groups()[0].group_id().unwrap();
    assert_eq!(code(delete(default).await), "CannotDelete");
    assert_eq!(code(delete("sg-xyz").await), "InvalidGroupId.Malformed");
    assert_eq!(code(lab.ec2.delete_security_group().send().await), "MissingParameter");
    assert_eq!(code(lab.ec2.delete_security_group().group_name("default").send().await), "InvalidGroup.NotFound");
}

#[tokio::test(start_paused = true)]
async fn groups_are_filtered_by_their_rules() {
    let lab = Lab::new();
    let (web, alb) = (lab.group("web").await, lab.group("alb").await);
    lab.open(&alb, 443).await;
    lab.ec2
        .authorize_security_group_ingress()
        .group_id(&web)
        .ip_permissions(from_group(8080, &alb))
        .send()
        .await
        .unwrap();
    let found = async |name: &str, value: &str| {
        let groups = lab.ec2.describe_security_groups().filters(filter(name, value)).send().await.unwrap();
        groups.security_groups().iter().map(|group| group.group_id().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("ip-permission.group-id", &alb).await, [web.as_str()]);
    assert_eq!(found("ip-permission.group-name", "alb").await, [web.as_str()]);
    assert_eq!(found("ip-permission.cidr", "0.0.0.0/0").await, [alb.as_str()]);
    assert_eq!(found("ip-permission.from-port", "443").await, [alb.as_str()]);
    assert_eq!(found("ip-permission.to-port", "8080").await, [web.as_str()]);
    assert_eq!(found("ip-permission.protocol", "tcp").await, [web.clone(), alb.clone()]);
    assert_eq!(found("egress.ip-permission.protocol", "-1").await.len(), 3);
    assert_eq!(found("description", "te?t").await, [web, alb]);
}

#[tokio::test(start_paused = true)]
async fn what_is_new_shows_after_the_lag() {
    let lab = Lab::new();
    lab.sim.configure(|settings| settings.describe_lag = Duration::from_secs(5));
    let id = lab.group("web").await;
    let rule = lab.open(&id, 80).await;
    let by_id = || lab.ec2.describe_security_groups().group_ids(&id).send();
    assert_eq!(code(by_id().await), "InvalidGroup.NotFound");
    let all = lab.ec2.describe_security_groups().send().await.unwrap();
    assert_eq!(all.security_groups().len(), 1, "the default group was there before");
    let rules = lab.ec2.describe_security_group_rules().security_group_rule_ids(&rule).send().await;
    assert_eq!(code(rules), "InvalidSecurityGroupRuleId.NotFound");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(by_id().await.unwrap().security_groups()[0].ip_permissions().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn references_from_beyond_peering_are_none() {
    let lab = Lab::new();
    let id = lab.group("web").await;
    let request = || lab.ec2.describe_security_group_references();
    let references = request().group_id(&id).send().await.unwrap();
    assert!(references.security_group_reference_set().is_empty());
    assert_eq!(code(request().group_id("sg-12345678").send().await), "InvalidGroup.NotFound");
    assert_eq!(code(request().send().await), "MissingParameter");
}

#[tokio::test(start_paused = true)]
async fn rules_of_one_port_are_one_permission() {
    let lab = Lab::new();
    let id = lab.group("web").await;
    let mut permission = from_everywhere(80);
    permission.user_id_group_pairs = from_group(80, &id).user_id_group_pairs;
    let authorize = lab.ec2.authorize_security_group_ingress().group_id(&id).ip_permissions(permission);
    assert_eq!(authorize.send().await.unwrap().security_group_rules().len(), 2);
    lab.open(&id, 443).await;
    let groups = lab.ec2.describe_security_groups().group_ids(&id).send().await.unwrap();
    let [http, https] = groups.security_groups()[0].ip_permissions() else { panic!("{groups:?}") };
    assert_eq!(http.ip_ranges().len(), 1);
    assert_eq!(http.user_id_group_pairs()[0].group_id(), Some(id.as_str()));
    assert_eq!(https.from_port(), Some(443));
}

#[tokio::test(start_paused = true)]
async fn a_group_is_associated_with_another_vpc_in_aws_own_time() {
    let lab = Lab::new();
    let other = lab.sim.add_vpc("Other-VPC", "10.1.0.0/16");
    let subnet = lab.sim.add_subnet(&other, "Other-A", super::ZONE, "10.1.1.0/24");
    let id = lab.group("web").await;
    let associate = |vpc: &str| lab.ec2.associate_security_group_vpc().group_id(&id).vpc_id(vpc);
    let disassociate = || lab.ec2.disassociate_security_group_vpc().group_id(&id).vpc_id(&other);
    let states = async || {
        let request = lab.ec2.describe_security_group_vpc_associations().filters(filter("group-id", &id));
        let all = request.send().await.unwrap().security_group_vpc_associations.unwrap();
        all.iter().map(|one| one.state().unwrap().as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(code(associate(&lab.vpc).send().await), "InvalidParameterValue");
    assert_eq!(code(disassociate().send().await), "InvalidSecurityGroupVpcAssociation.NotFound");
    associate(&other).send().await.unwrap();
    assert_eq!(states().await, ["associating"]);
    assert_eq!(code(associate(&other).send().await), "InvalidParameterValue");
    assert_eq!(code(lab.ec2.delete_security_group().group_id(&id).send().await), "DependencyViolation");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(states().await, ["associated"]);
    let interface = lab.sim.add_interface(&subnet, &[&id]);
    assert_eq!(code(disassociate().send().await), "DependencyViolation");
    lab.sim.remove_interface(&interface);
    disassociate().send().await.unwrap();
    assert_eq!(states().await, ["disassociating"]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(states().await.is_empty());
    lab.ec2.delete_security_group().group_id(&id).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn rules_refer_to_groups_beyond_a_peering_connection() {
    let lab = Lab::new();
    let id = lab.group("web").await;
    let other = lab.sim.add_vpc("Other-VPC", "10.1.0.0/16");
    let peer = lab.sim.add_security_group(&other, "peer");
    let foreign = lab.sim.add_foreign_security_group("210987654321", &lab.vpc);
    let allow = |group: &str, account: Option<&str>| {
        let pair = aws_sdk_ec2::types::UserIdGroupPair::builder().group_id(group);
        let pair = pair.set_user_id(account.map(str::to_owned)).build();
        let permission = super::tcp(80).user_id_group_pairs(pair).build();
        lab.ec2.authorize_security_group_ingress().group_id(&id).ip_permissions(permission)
    };
    assert_eq!(code(allow(&peer, None).send().await), "InvalidGroup.NotFound");
    let connection = lab.sim.add_peering(&lab.vpc, &other);
    let rules = allow(&peer, None).send().await.unwrap().security_group_rules.unwrap();
    let info = rules[0].referenced_group_info().unwrap();
    assert_eq!((info.vpc_id(), info.vpc_peering_connection_id()), (Some(other.as_str()), Some(connection.as_str())));
    assert_eq!(code(allow(&foreign, None).send().await), "InvalidGroup.NotFound");
    let rules = allow(&foreign, Some("210987654321")).send().await.unwrap().security_group_rules.unwrap();
    assert_eq!(rules[0].referenced_group_info().unwrap().user_id(), Some("210987654321"));
}
