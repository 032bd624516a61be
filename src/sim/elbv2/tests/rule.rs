//! Rules of listeners.

use aws_sdk_elasticloadbalancingv2::operation::create_rule::builders::CreateRuleFluentBuilder as Create;
use aws_sdk_elasticloadbalancingv2::types as sdk;
use aws_sdk_elasticloadbalancingv2::types::builders::RuleConditionBuilder;
use aws_sdk_elasticloadbalancingv2::types::{IpAddressType, LoadBalancerTypeEnum, ProtocolEnum, TransformTypeEnum};

use super::{Lab, assert_refused, fixed, forward};

/// A lab with a listener.
struct Rules {
    lab: Lab,
    listener: String,
}

impl Rules {
    async fn new() -> Self {
        let lab = Lab::new();
        let balancer = lab.balancer("Web-ALB").await;
        let listener = lab.listener(&balancer, fixed("404")).await;
        Self { lab, listener }
    }

    fn create(&self, priority: i32) -> Create {
        self.lab.elb.create_rule().listener_arn(&self.listener).priority(priority).actions(fixed("200"))
    }

    /// A rule for a path named after its priority.
    async fn rule(&self, priority: i32) -> String {
        let created = self.create(priority).conditions(path(&format!("/{priority}"))).send().await.unwrap();
        created.rules()[0].rule_arn().unwrap().to_owned()
    }

    /// The priorities and ARNs of the rules, in the order answered.
    async fn order(&self) -> Vec<(String, String)> {
        let found = self.lab.elb.describe_rules().listener_arn(&self.listener).send().await.unwrap();
        let pair = |rule: &sdk::Rule| (rule.priority().unwrap().to_owned(), rule.rule_arn().unwrap().to_owned());
        found.rules().iter().map(pair).collect()
    }

    async fn default_rule(&self) -> String {
        let order = self.order().await;
        order.into_iter().find(|(priority, _)| priority == "default").unwrap().1
    }
}

fn condition(field: &str) -> RuleConditionBuilder {
    sdk::RuleCondition::builder().field(field)
}

fn path(pattern: &str) -> sdk::RuleCondition {
    condition("path-pattern").values(pattern).build()
}

fn strings(values: &[&str]) -> Option<Vec<String>> {
    Some(values.iter().map(|&value| value.to_owned()).collect())
}

fn hosts(values: &[&str]) -> sdk::RuleCondition {
    let config = sdk::HostHeaderConditionConfig::builder().set_values(strings(values)).build();
    condition("host-header").host_header_config(config).build()
}

fn paths(values: &[&str]) -> sdk::RuleCondition {
    let config = sdk::PathPatternConditionConfig::builder().set_values(strings(values)).build();
    condition("path-pattern").path_pattern_config(config).build()
}

fn header(name: &str, values: &[&str]) -> sdk::RuleCondition {
    let config = sdk::HttpHeaderConditionConfig::builder().http_header_name(name).set_values(strings(values)).build();
    condition("http-header").http_header_config(config).build()
}

fn methods(values: &[&str]) -> sdk::RuleCondition {
    let config = sdk::HttpRequestMethodConditionConfig::builder().set_values(strings(values)).build();
    condition("http-request-method").http_request_method_config(config).build()
}

fn query(key: Option<&str>, value: &str) -> sdk::RuleCondition {
    let pair = sdk::QueryStringKeyValuePair::builder().set_key(key.map(str::to_owned)).value(value).build();
    condition("query-string")
        .query_string_config(sdk::QueryStringConditionConfig::builder().values(pair).build())
        .build()
}

fn sources(values: &[&str]) -> sdk::RuleCondition {
    let config = sdk::SourceIpConditionConfig::builder().set_values(strings(values)).build();
    condition("source-ip").source_ip_config(config).build()
}

fn rewrite(regex: &str, count: usize) -> sdk::RuleTransform {
    let rewrite = sdk::RewriteConfig::builder().regex(regex).replace("/b").build();
    let config = sdk::UrlRewriteConfig::builder().set_rewrites(Some(vec![rewrite; count])).build();
    sdk::RuleTransform::builder().r#type(TransformTypeEnum::UrlRewrite).url_rewrite_config(config).build()
}

#[tokio::test(start_paused = true)]
async fn all_kinds_of_conditions_are_answered() {
    let rules = Rules::new().await;
    for (priority, conditions) in [
        vec![path("/img/*")],
        vec![paths(&["/a", "/b"]), hosts(&["*.example.com"]), methods(&["GET", "HEAD"])],
        vec![header("User-Agent", &["*Chrome*", "*Safari*"]), sources(&["10.0.0.0/8", "2001:db8::/32"])],
        vec![query(Some("version"), "v1"), query(None, "*beta*"), header("X-A", &["1"]), header("X-B", &["1"])],
    ]
    .into_iter()
    .enumerate()
    {
        let priority = i32::try_from(priority).unwrap() + 1;
        let request = rules.create(priority).set_conditions(Some(conditions.clone()));
        let created = request.send().await.unwrap();
        let answered = created.rules()[0].conditions();
        for (asked, answered) in conditions.iter().zip(answered) {
            assert_eq!(asked.field(), answered.field());
            match asked.field().unwrap() {
                // Both forms, whichever was asked.
                "path-pattern" => {
                    let values = answered.path_pattern_config().unwrap().values();
                    assert!(!values.is_empty());
                    assert_eq!(answered.values(), values);
                }
                "host-header" => {
                    assert_eq!(answered.values(), ["*.example.com"]);
                    assert_eq!(answered.host_header_config(), asked.host_header_config());
                }
                _ => assert_eq!(answered, asked),
            }
        }
        assert_eq!(answered.len(), conditions.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_pair_of_a_query_counts_once() {
    let rules = Rules::new().await;
    let five = |last| ["a", "b", "c", "d"].map(|key| query(Some(key), "1")).into_iter().chain([last]).collect();
    let allowed = rules.create(1).set_conditions(Some(five(query(Some("e"), "1"))));
    allowed.send().await.unwrap();
    let six = rules.create(2).set_conditions(Some(five(methods(&["GET", "PUT"])))).send().await;
    assert_refused(six, "ValidationError", "'5' condition values");
}

#[tokio::test(start_paused = true)]
async fn regular_expressions_and_transforms_are_answered() {
    let rules = Rules::new().await;
    let regex = condition("path-pattern").regex_values("^/api/v[12]/.*$").build();
    let created = rules.create(1).conditions(regex).transforms(rewrite("^/a", 1)).send().await.unwrap();
    let rule = &created.rules()[0];
    let [answered] = rule.conditions() else { panic!("{rule:?}") };
    assert_eq!(answered.regex_values(), ["^/api/v[12]/.*$"]);
    assert_eq!(answered.path_pattern_config().unwrap().regex_values(), ["^/api/v[12]/.*$"]);
    assert!(answered.values().is_empty());
    assert_eq!(rule.transforms(), [rewrite("^/a", 1)]);

    let modify = || rules.lab.elb.modify_rule().rule_arn(rule.rule_arn().unwrap());
    let both = modify().reset_transforms(true).transforms(rewrite("^/a", 1)).send().await;
    assert_refused(both, "ValidationError", "at the same time");
    let reset = modify().reset_transforms(true).send().await.unwrap();
    assert!(reset.rules()[0].transforms().is_empty());
    assert_eq!(reset.rules()[0].conditions(), rule.conditions());
}

#[tokio::test(start_paused = true)]
async fn conditions_are_checked() {
    let rules = Rules::new().await;
    let long = "/".repeat(129);
    let mixed = condition("path-pattern").values("/a").regex_values("^/b").build();
    let with_host = condition("path-pattern")
        .values("/a")
        .host_header_config(sdk::HostHeaderConditionConfig::builder().values("a.b").build());
    for (conditions, text) in [
        (vec![], "At least one condition"),
        (vec![condition("cookie").build()], "'cookie' must be one of"),
        (vec![sdk::RuleCondition::builder().build()], "must not be null"),
        (vec![condition("path-pattern").build()], "A condition value must be specified"),
        (vec![condition("http-header").build()], "A config must be specified"),
        (vec![condition("source-ip").values("10.0.0.0/8").build()], "Only values of 'source-ip'"),
        (vec![condition("path-pattern").values("/a").values("/b").build()], "can only have '1' value"),
        (vec![with_host.build()], "Only values of 'path-pattern'"),
        (vec![mixed], "but not both"),
        (vec![path("/a"), path("/b")], "can only have one 'path-pattern' condition"),
        (vec![paths(&["/1", "/2", "/3"]), methods(&["GET", "PUT", "POST"])], "'5' condition values"),
        (vec![path("/*/*/*/*/*/*/*")], "'6' condition wildcards"),
        (vec![path("")], "cannot be empty"),
        (vec![path(&long)], "cannot be longer than '128'"),
        (vec![path("/a b")], "invalid character ' '"),
        (vec![hosts(&["localhost"])], "must include a '.'"),
        (vec![hosts(&["example.c0m"])], "only alphabetical characters"),
        (vec![hosts(&["exa mple.com"])], "invalid character"),
        (vec![header("Host", &["a.b"])], "host header cannot be specified"),
        (vec![header("A B", &["1"])], "regular expression"),
        (vec![header("A", &[])], "A condition value must be specified"),
        (vec![methods(&["get"])], "invalid character 'g'"),
        (vec![methods(&[&"G".repeat(41)])], "less than or equal to 40"),
        (vec![query(Some(""), "a")], "cannot be empty"),
        (vec![sources(&["10.0.0.1/8"])], "is not a valid CIDR block"),
        (vec![sources(&["10.0.0.1"])], "is not a valid CIDR block"),
    ] {
        let request = rules.create(1).set_conditions(Some(conditions));
        assert_refused(request.send().await, "ValidationError", text);
    }
    assert_eq!(rules.order().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn transforms_are_checked() {
    let rules = Rules::new().await;
    let bare = sdk::RuleTransform::builder().r#type(TransformTypeEnum::HostHeaderRewrite).build();
    for (transforms, text) in [
        (vec![rewrite("^/a", 1), rewrite("^/b", 1)], "only have one 'url-rewrite'"),
        (vec![rewrite("^/a", 2)], "exactly one rewrite"),
        (vec![rewrite(&"a".repeat(1025), 1)], "less than or equal to 1024"),
        (vec![bare], "Exactly the config for type 'host-header-rewrite'"),
    ] {
        let request = rules.create(1).conditions(path("/a")).set_transforms(Some(transforms));
        assert_refused(request.send().await, "ValidationError", text);
    }
}

#[tokio::test(start_paused = true)]
async fn priorities_are_unique() {
    let rules = Rules::new().await;
    let first = rules.rule(10).await;
    let second = rules.rule(5).await;
    let default = rules.default_rule().await;
    let expected = [("5", &second), ("10", &first), ("default", &default)];
    let expected = expected.map(|(priority, arn)| (priority.to_owned(), arn.clone()));
    assert_eq!(rules.order().await, expected);
    let taken = rules.create(10).conditions(path("/x")).send().await;
    assert_refused(taken, "PriorityInUse", "Priority '10' is currently in use");
    for (priority, text) in [(0, "greater than or equal to 1"), (50_001, "less than or equal to 50000")] {
        assert_refused(rules.create(priority).conditions(path("/x")).send().await, "ValidationError", text);
    }
}

#[tokio::test(start_paused = true)]
async fn priorities_swap_at_once() {
    let rules = Rules::new().await;
    let [a, b, c] = [rules.rule(1).await, rules.rule(2).await, rules.rule(3).await];
    let pair = |arn: &str, priority| sdk::RulePriorityPair::builder().rule_arn(arn).priority(priority).build();
    let set = |pairs: Vec<_>| rules.lab.elb.set_rule_priorities().set_rule_priorities(Some(pairs)).send();
    let answered = set(vec![pair(&a, 2), pair(&b, 1)]).await.unwrap();
    assert_eq!(answered.rules().len(), 2);
    let order: Vec<_> = rules.order().await.into_iter().map(|(_, arn)| arn).collect();
    assert_eq!(order[..3], [b.clone(), a.clone(), c.clone()]);

    let default = rules.default_rule().await;
    for (pairs, code, text) in [
        (vec![pair(&a, 3)], "PriorityInUse", "'3'"),
        (vec![pair(&a, 9), pair(&b, 9)], "ValidationError", "'9' was provided multiple times"),
        (vec![pair(&a, 8), pair(&a, 9)], "ValidationError", "was provided multiple times"),
        (vec![pair(&default, 9)], "OperationNotPermitted", "Default rule"),
        (vec![pair(&format!("{a}0"), 9)], "RuleNotFound", "not found"),
        (vec![pair(&a, 0)], "ValidationError", "greater than or equal to 1"),
        (vec![], "ValidationError", "must not be null"),
        // The first of the pairs alone would do.
        (vec![pair(&a, 7), pair(&b, 3)], "PriorityInUse", "'3'"),
    ] {
        assert_refused(set(pairs).await, code, text);
    }
    assert_eq!(rules.order().await.into_iter().map(|(_, arn)| arn).collect::<Vec<_>>(), order);
}

#[tokio::test(start_paused = true)]
async fn the_default_rule_is_the_listeners() {
    let rules = Rules::new().await;
    let default = rules.default_rule().await;
    let elb = &rules.lab.elb;
    let delete = elb.delete_rule().rule_arn(&default).send().await;
    assert_refused(delete, "OperationNotPermitted", "cannot be deleted");
    let modify = elb.modify_rule().rule_arn(&default).actions(fixed("200")).send().await;
    assert_refused(modify, "OperationNotPermitted", "cannot be modified");
    elb.modify_listener().listener_arn(&rules.listener).default_actions(fixed("503")).send().await.unwrap();
    let found = elb.describe_rules().rule_arns(&default).send().await.unwrap();
    assert_eq!(found.rules()[0].actions(), [fixed("503")]);
}

#[tokio::test(start_paused = true)]
async fn modification_keeps_what_it_does_not_name() {
    let rules = Rules::new().await;
    let arn = rules.rule(1).await;
    let group = rules.lab.group("Web-TG").await;
    let modify = || rules.lab.elb.modify_rule().rule_arn(&arn);
    modify().actions(forward(&group)).send().await.unwrap();
    let changed = modify().conditions(hosts(&["a.example.com"])).send().await.unwrap();
    let rule = &changed.rules()[0];
    assert_eq!(rule.priority(), Some("1"));
    assert_eq!(rule.actions()[0].target_group_arn(), Some(group.as_str()));
    assert_eq!(rule.conditions()[0].values(), ["a.example.com"]);
    assert_eq!(rules.lab.described_group(&group).await.load_balancer_arns().len(), 1);
    assert_refused(modify().send().await, "ValidationError", "Either conditions");
    assert_refused(modify().conditions(hosts(&["a"])).send().await, "ValidationError", "must include a '.'");
    let unknown = rules.lab.elb.modify_rule().rule_arn(format!("{arn}0")).actions(fixed("200")).send().await;
    assert_refused(unknown, "RuleNotFound", "not found");
}

#[tokio::test(start_paused = true)]
async fn describes_and_deletion() {
    let rules = Rules::new().await;
    let arn = rules.rule(1).await;
    let describe = || rules.lab.elb.describe_rules();
    assert_refused(describe().send().await, "ValidationError", "either");
    let both = describe().rule_arns(&arn).listener_arn(&rules.listener).send().await;
    assert_refused(both, "ValidationError", "both");
    let page = describe().listener_arn(&rules.listener).page_size(1).send().await.unwrap();
    assert_eq!((page.rules()[0].rule_arn(), page.next_marker().is_some()), (Some(arn.as_str()), true));
    rules.lab.elb.delete_rule().rule_arn(&arn).send().await.unwrap();
    assert_refused(rules.lab.elb.delete_rule().rule_arn(&arn).send().await, "RuleNotFound", &arn);
    assert_refused(describe().rule_arns(&arn).send().await, "RuleNotFound", "One or more rules not found");
}

#[tokio::test(start_paused = true)]
async fn the_quota_of_rules_holds() {
    let rules = Rules::new().await;
    for priority in 1..=100 {
        rules.rule(priority).await;
    }
    let request = rules.create(101).conditions(path("/x")).send().await;
    assert_refused(request, "TooManyRules", "limit");
}

#[tokio::test(start_paused = true)]
async fn network_load_balancers_tell_address_types_apart() {
    let lab = Lab::new();
    let balancer = lab.balancer_of("Web-NLB", LoadBalancerTypeEnum::Network).await;
    let group = lab.group_of("Tcp-TG", ProtocolEnum::Tcp).await;
    let request = lab.elb.create_listener().load_balancer_arn(&balancer).protocol(ProtocolEnum::Tcp).port(80);
    let created = request.default_actions(forward(&group)).send().await.unwrap();
    let listener = created.listeners()[0].listener_arn().unwrap();
    let config = sdk::SourceIpConditionConfig::builder().ip_address_type(sdk::SourceIpAddressTypeEnum::Ipv6).build();
    let ipv6 = condition("source-ip").source_ip_config(config).build();
    let create = |condition| {
        let request = lab.elb.create_rule().listener_arn(listener).priority(1).actions(forward(&group));
        request.conditions(condition)
    };
    assert_refused(create(ipv6.clone()).send().await, "InvalidConfigurationRequest", "dualstack");
    let dualstack = lab.elb.set_ip_address_type().load_balancer_arn(&balancer);
    dualstack.ip_address_type(IpAddressType::Dualstack).send().await.unwrap();
    assert_refused(create(path("/a")).send().await, "ValidationError", "except for IP address types");
    let created = create(ipv6.clone()).send().await.unwrap();
    assert_eq!(created.rules()[0].conditions(), [ipv6]);
}
