//! Security group rules.

use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, ResourceType, SecurityGroupRule, SecurityGroupRuleDescription,
    SecurityGroupRuleRequest, SecurityGroupRuleUpdate,
};

use super::{Lab, code, filter, from_everywhere, from_group, message, tagged, tcp};

async fn rules(lab: &Lab, group: &str, egress: bool) -> Vec<SecurityGroupRule> {
    let request = lab.ec2.describe_security_group_rules().filters(filter("group-id", group));
    let mut rules = request.send().await.unwrap().security_group_rules.unwrap();
    rules.retain(|rule| rule.is_egress() == Some(egress));
    rules
}

fn range(cidr: &str) -> IpRange {
    IpRange::builder().cidr_ip(cidr).build()
}

#[tokio::test(start_paused = true)]
async fn one_permission_with_several_ranges_becomes_several_rules() {
    let lab = Lab::new();
    let id = lab.group("web").await;
    let permission = tcp(80)
        .ip_ranges(IpRange::builder().cidr_ip("100.68.0.18/18").description("office").build())
        .ip_ranges(range("10.0.0.0/8"))
        .ipv6_ranges(Ipv6Range::builder().cidr_ipv6("2001:db8:0:0::/64").build())
        .prefix_list_ids(PrefixListId::builder().prefix_list_id("pl-12345678").build())
        .build();
    let answer = lab
        .ec2
        .authorize_security_group_ingress()
        .group_id(&id)
        .ip_permissions(permission)
        .tag_specifications(tagged(ResourceType::SecurityGroupRule, "owner", "purlin"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.r#return(), Some(true));
    let rules = rules(&lab, &id, false).await;
    assert_eq!(answer.security_group_rules(), rules);
    assert!(rules.iter().all(|rule| rule.security_group_rule_id().unwrap().starts_with("sgr-")));
    assert!(rules.iter().all(|rule| rule.tags()[0].key() == Some("owner")));
    assert_eq!(rules[0].cidr_ipv4(), Some("100.68.0.0/18"), "canonical");
    assert_eq!(rules[0].description(), Some("office"));
    assert_eq!(rules[1].cidr_ipv4(), Some("10.0.0.0/8"));
    assert_eq!(rules[2].cidr_ipv6(), Some("2001:db8::/64"));
    assert_eq!(rules[3].prefix_list_id(), Some("pl-12345678"));
    let by_tag = lab.ec2.describe_security_group_rules().filters(filter("tag:owner", "purlin")).send().await.unwrap();
    assert_eq!(by_tag.security_group_rules().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_rule_of_all_protocols_has_ports_of_minus_one() {
    let lab = Lab::new();
    let id = lab.group("web").await;
    let egress = &rules(&lab, &id, true).await[0];
    assert_eq!((egress.ip_protocol(), egress.from_port(), egress.to_port()), (Some("-1"), Some(-1), Some(-1)));
}

#[tokio::test(start_paused = true)]
async fn the_same_rule_twice_is_refused() {
    let lab = Lab::new();
    let id = lab.group("web").await;
    lab.open(&id, 80).await;
    let again = || lab.ec2.authorize_security_group_ingress().group_id(&id);
    let duplicate = again().ip_permissions(from_everywhere(443)).ip_permissions(from_everywhere(80)).send().await;
    assert_eq!(
        message(duplicate),
        "the specified rule \"peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW\" already exists"
    );
    let by_number = from_everywhere(80);
    let by_number = IpPermission::builder()
        .ip_protocol("6")
        .set_from_port(by_number.from_port)
        .set_to_port(by_number.to_port)
        .ip_ranges(range("0.0.0.0/0"));
    assert_eq!(code(again().ip_permissions(by_number.build()).send().await), "InvalidPermission.Duplicate");
    let twice = again().ip_permissions(from_everywhere(443)).ip_permissions(from_everywhere(443)).send().await;
    assert_eq!(message(twice), "The same permission must not appear multiple times");
    assert_eq!(rules(&lab, &id, false).await.len(), 1, "a refused request adds nothing");
    let egress = lab.ec2.authorize_security_group_egress().group_id(&id).ip_permissions(from_everywhere(80));
    egress.send().await.expect("the other direction is another rule");
}

#[tokio::test(start_paused = true)]
async fn malformed_rules_are_refused() {
    let lab = Lab::new();
    let id = lab.group("web").await;
    let other_vpc = lab.sim.add_vpc("Other", "10.1.0.0/16");
    let abroad = lab.sim.add_security_group(&other_vpc, "abroad");
    let authorize = async |permission: IpPermission| {
        code(lab.ec2.authorize_security_group_ingress().group_id(&id).ip_permissions(permission).send().await)
    };
    let ports = |protocol: &str, from: i32, to: i32| {
        let builder = IpPermission::builder().ip_protocol(protocol).from_port(from).to_port(to);
        builder.ip_ranges(range("0.0.0.0/0")).build()
    };
    assert_eq!(authorize(ports("tcp", 443, 80)).await, "InvalidParameterValue");
    assert_eq!(authorize(ports("tcp", 0, 65536)).await, "InvalidParameterValue");
    assert_eq!(authorize(ports("udp", -1, -1)).await, "InvalidParameterValue");
    assert_eq!(authorize(ports("icmp", -1, 0)).await, "InvalidParameterValue");
    assert_eq!(authorize(ports("icmp", 256, 0)).await, "InvalidParameterValue");
    assert_eq!(authorize(ports("http", 80, 80)).await, "InvalidParameterValue");
    assert_eq!(authorize(ports("256", 80, 80)).await, "InvalidParameterValue");
    let no_ports = IpPermission::builder().ip_protocol("tcp").ip_ranges(range("0.0.0.0/0"));
    assert_eq!(authorize(no_ports.build()).await, "InvalidParameterValue");
    let icmp = IpPermission::builder().ip_protocol("icmp").ip_ranges(range("0.0.0.0/0"));
    assert_eq!(authorize(icmp.build()).await, "InvalidParameterValue");
    let no_protocol = IpPermission::builder().ip_ranges(range("0.0.0.0/0"));
    assert_eq!(authorize(no_protocol.build()).await, "MissingParameter");
    assert_eq!(authorize(tcp(80).build()).await, "MissingParameter");
    for cidr in ["10.0.0.1", "10.0.0.0/33", "anywhere"] {
        assert_eq!(authorize(tcp(80).ip_ranges(range(cidr)).build()).await, "InvalidParameterValue", "{cidr}");
    }
    let ipv6 = Ipv6Range::builder().cidr_ipv6("10.0.0.0/8").build();
    assert_eq!(authorize(tcp(80).ipv6_ranges(ipv6).build()).await, "InvalidParameterValue");
    let list = PrefixListId::builder().prefix_list_id("list").build();
    assert_eq!(authorize(tcp(80).prefix_list_ids(list).build()).await, "InvalidPrefixListId.Malformed");
    for description in ["a\nb".to_owned(), "x".repeat(256), "it's".to_owned()] {
        let range = IpRange::builder().cidr_ip("0.0.0.0/0").description(description).build();
        assert_eq!(authorize(tcp(80).ip_ranges(range).build()).await, "InvalidParameterValue");
    }
    assert_eq!(authorize(from_group(80, "sg-12345678")).await, "InvalidGroup.NotFound");
    assert_eq!(authorize(from_group(80, "web")).await, "InvalidGroupId.Malformed");
    assert_eq!(authorize(from_group(80, &abroad)).await, "InvalidGroup.NotFound");
    let unknown = lab.ec2.authorize_security_group_ingress().group_id("sg-12345678").send().await;
    assert_eq!(code(unknown), "InvalidGroup.NotFound");
    let nothing = lab.ec2.authorize_security_group_ingress().group_id(&id).send().await;
    assert_eq!(code(nothing), "MissingParameter");
    assert!(rules(&lab, &id, false).await.is_empty());

    let all_icmp = ports("icmp", -1, -1);
    let esp = ports("50", 1, 2);
    let request = lab.ec2.authorize_security_group_ingress().group_id(&id);
    let accepted = request.ip_permissions(all_icmp).ip_permissions(esp).send().await.unwrap();
    assert_eq!(accepted.security_group_rules()[1].from_port(), Some(-1), "other protocols have no ports");
}

#[tokio::test(start_paused = true)]
async fn a_single_rule_can_stand_outside_of_permissions() {
    let lab = Lab::new();
    let id = lab.group("web").await;
    let single =
        || lab.ec2.authorize_security_group_ingress().group_id(&id).ip_protocol("tcp").from_port(22).to_port(22);
    single().cidr_ip("10.0.0.0/8").send().await.unwrap();
    assert_eq!(rules(&lab, &id, false).await[0].cidr_ipv4(), Some("10.0.0.0/8"));
    let both = single().cidr_ip("10.0.0.0/8").ip_permissions(from_everywhere(80)).send().await;
    assert_eq!(code(both), "InvalidParameterCombination");
    let by_name = lab.ec2.authorize_security_group_ingress().group_id(&id).source_security_group_name("x").send().await;
    assert_eq!(code(by_name), "InvalidGroup.NotFound");
    let revoke = lab.ec2.revoke_security_group_ingress().group_id(&id).ip_protocol("tcp").from_port(22).to_port(22);
    revoke.cidr_ip("10.0.0.0/8").send().await.unwrap();
    assert!(rules(&lab, &id, false).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn sixty_rules_are_the_limit_in_each_direction_and_ip_version() {
    let lab = Lab::new();
    let id = lab.group("web").await;
    let many = (1..=60).fold(tcp(80), |permission, n| permission.ip_ranges(range(&format!("10.{n}.0.0/16"))));
    let authorize = |permission| lab.ec2.authorize_security_group_ingress().group_id(&id).ip_permissions(permission);
    authorize(many.build()).send().await.unwrap();
    assert_eq!(code(authorize(from_everywhere(80)).send().await), "RulesPerSecurityGroupLimitExceeded");
    assert_eq!(code(authorize(from_group(80, &id)).send().await), "RulesPerSecurityGroupLimitExceeded");
    let ipv6 = Ipv6Range::builder().cidr_ipv6("::/0").build();
    authorize(tcp(80).ipv6_ranges(ipv6).build()).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn rules_are_revoked_by_permission_and_by_id() {
    let lab = Lab::new();
    let (id, other) = (lab.group("web").await, lab.group("other").await);
    let (http, https) = (lab.open(&id, 80).await, lab.open(&id, 443).await);
    let foreign = lab.open(&other, 80).await;
    let revoke = || lab.ec2.revoke_security_group_ingress().group_id(&id);

    let refused = revoke().ip_permissions(from_everywhere(80)).ip_permissions(from_everywhere(81)).send().await;
    assert_eq!(message(refused), "The specified rule does not exist in this security group.");
    assert_eq!(rules(&lab, &id, false).await.len(), 2);
    let revoked = revoke().ip_permissions(from_everywhere(80)).send().await.unwrap();
    assert_eq!(revoked.revoked_security_group_rules()[0].security_group_rule_id(), Some(http.as_str()));
    assert_eq!(code(revoke().ip_permissions(from_everywhere(80)).send().await), "InvalidPermission.NotFound");

    let by_id = |rule: &str| revoke().security_group_rule_ids(rule).send();
    assert_eq!(code(by_id(&http).await), "InvalidSecurityGroupRuleId.NotFound");
    assert_eq!(code(by_id(&foreign).await), "InvalidSecurityGroupRuleId.NotFound");
    assert_eq!(code(by_id("sgr-1").await), "InvalidSecurityGroupRuleId.Malformed");
    let egress = rules(&lab, &id, true).await[0].security_group_rule_id().unwrap().to_owned();
    assert_eq!(code(by_id(&egress).await), "InvalidSecurityGroupRuleId.NotFound", "wrong direction");
    let both = revoke().security_group_rule_ids(&https).ip_permissions(from_everywhere(443)).send().await;
    assert_eq!(code(both), "InvalidParameterCombination");
    assert_eq!(code(revoke().send().await), "MissingParameter");
    by_id(&https).await.unwrap();
    assert!(rules(&lab, &id, false).await.is_empty());

    let everything = IpPermission::builder().ip_protocol("-1").ip_ranges(range("0.0.0.0/0")).build();
    let revoke_egress =
        || lab.ec2.revoke_security_group_egress().group_id(&id).ip_permissions(everything.clone()).send();
    revoke_egress().await.unwrap();
    assert!(rules(&lab, &id, true).await.is_empty());
    assert_eq!(code(revoke_egress().await), "InvalidPermission.NotFound");
}

fn update(rule: &str, request: SecurityGroupRuleRequest) -> SecurityGroupRuleUpdate {
    SecurityGroupRuleUpdate::builder().security_group_rule_id(rule).security_group_rule(request).build()
}

fn request(port: i32) -> aws_sdk_ec2::types::builders::SecurityGroupRuleRequestBuilder {
    SecurityGroupRuleRequest::builder().ip_protocol("tcp").from_port(port).to_port(port)
}

#[tokio::test(start_paused = true)]
async fn rules_are_modified_in_place() {
    let lab = Lab::new();
    let id = lab.group("web").await;
    let (a, b) = (lab.open(&id, 80).await, lab.open(&id, 443).await);
    let modify = || lab.ec2.modify_security_group_rules().group_id(&id);
    let ipv4 = |port| request(port).cidr_ipv4("0.0.0.0/0");

    // The two swap their ports; the description is part of what is replaced.
    let swap = modify()
        .security_group_rules(update(&a, ipv4(443).description("TLS").build()))
        .security_group_rules(update(&b, ipv4(80).build()));
    swap.send().await.unwrap();
    let now = rules(&lab, &id, false).await;
    assert_eq!((now[0].security_group_rule_id(), now[0].from_port()), (Some(a.as_str()), Some(443)));
    assert_eq!(now[0].description(), Some("TLS"));
    modify().security_group_rules(update(&a, ipv4(444).build())).send().await.unwrap();
    assert_eq!(rules(&lab, &id, false).await[0].description(), None);

    let refused = async |rule: &str, to: SecurityGroupRuleRequest| {
        code(modify().security_group_rules(update(rule, to)).send().await)
    };
    assert_eq!(refused(&a, ipv4(80).build()).await, "InvalidPermission.Duplicate");
    assert_eq!(refused(&a, request(80).referenced_group_id(&id).build()).await, "InvalidParameterValue");
    assert_eq!(refused(&a, ipv4(80).cidr_ipv6("::/0").build()).await, "InvalidParameterValue");
    assert_eq!(refused(&a, request(80).build()).await, "InvalidParameterValue");
    assert_eq!(refused("sgr-12345678", ipv4(80).build()).await, "InvalidSecurityGroupRuleId.NotFound");
    let same =
        modify().security_group_rules(update(&a, ipv4(90).build())).security_group_rules(update(&b, ipv4(90).build()));
    assert_eq!(message(same.send().await), "The same permission must not appear multiple times");
    assert_eq!(code(modify().send().await), "MissingParameter");
    let elsewhere = lab.group("other").await;
    let foreign = lab.ec2.modify_security_group_rules().group_id(elsewhere);
    let foreign = foreign.security_group_rules(update(&a, ipv4(90).build())).send().await;
    assert_eq!(code(foreign), "InvalidSecurityGroupRuleId.NotFound");
    assert_eq!(rules(&lab, &id, false).await[0].from_port(), Some(444), "nothing changed");
}

#[tokio::test(start_paused = true)]
async fn descriptions_change_by_permission_and_by_id() {
    let lab = Lab::new();
    let id = lab.group("web").await;
    let rule = lab.open(&id, 80).await;
    let described = async || rules(&lab, &id, false).await[0].description().map(str::to_owned);
    let change = || lab.ec2.update_security_group_rule_descriptions_ingress().group_id(&id);
    let range = IpRange::builder().cidr_ip("0.0.0.0/0").description("anyone").build();
    change().ip_permissions(tcp(80).ip_ranges(range).build()).send().await.unwrap();
    assert_eq!(described().await.as_deref(), Some("anyone"));
    change().ip_permissions(from_everywhere(80)).send().await.unwrap();
    assert_eq!(described().await, None);
    let by_id =
        |text: &str| SecurityGroupRuleDescription::builder().security_group_rule_id(&rule).description(text).build();
    change().security_group_rule_descriptions(by_id("all")).send().await.unwrap();
    assert_eq!(described().await.as_deref(), Some("all"));

    assert_eq!(code(change().ip_permissions(from_everywhere(81)).send().await), "InvalidPermission.NotFound");
    assert_eq!(code(change().security_group_rule_descriptions(by_id("é")).send().await), "InvalidParameterValue");
    assert_eq!(code(change().send().await), "MissingParameter");
    let egress = lab.ec2.update_security_group_rule_descriptions_egress().group_id(&id);
    let egress = egress.security_group_rule_descriptions(by_id("x")).send().await;
    assert_eq!(code(egress), "InvalidSecurityGroupRuleId.NotFound");
}
