//! Listeners and rules, request by request.

use aws_sdk_elasticloadbalancingv2::operation::add_listener_certificates::AddListenerCertificatesInput;
use aws_sdk_elasticloadbalancingv2::operation::create_rule::CreateRuleInput;
use aws_sdk_elasticloadbalancingv2::operation::describe_listener_attributes::DescribeListenerAttributesOutput;
use aws_sdk_elasticloadbalancingv2::operation::describe_listener_certificates::DescribeListenerCertificatesOutput;
use aws_sdk_elasticloadbalancingv2::operation::describe_listeners::DescribeListenersOutput;
use aws_sdk_elasticloadbalancingv2::operation::describe_rules::DescribeRulesOutput;
use aws_sdk_elasticloadbalancingv2::operation::describe_tags::DescribeTagsOutput;
use aws_sdk_elasticloadbalancingv2::operation::modify_listener::ModifyListenerInput;
use aws_sdk_elasticloadbalancingv2::operation::modify_listener_attributes::ModifyListenerAttributesInput;
use aws_sdk_elasticloadbalancingv2::operation::remove_listener_certificates::RemoveListenerCertificatesInput;
use aws_sdk_elasticloadbalancingv2::operation::set_rule_priorities::SetRulePrioritiesInput;
use aws_sdk_elasticloadbalancingv2::types as elb;
use purlin::*;

use super::canned::{Canned, Sent, answer};
use super::deploy;

const BALANCER: &str = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/web/1";
const LISTENER: &str = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:listener/app/web/1/2";

fn certificate(name: &str) -> CertificateArn {
    format!("arn:aws:acm:ap-northeast-2:123456789012:certificate/{name}").parse().expect("an ARN")
}

fn rule_arn(name: &str) -> String {
    format!("{}/{name}", LISTENER.replace(":listener/", ":listener-rule/"))
}

fn answer_404() -> elb::Action {
    let response = elb::FixedResponseActionConfig::builder().status_code("404").build();
    elb::Action::builder().r#type(elb::ActionTypeEnum::FixedResponse).fixed_response_config(response).build()
}

/// An account that has a listener of the stack, and rules of it by name and number; the certificates
/// are additional ones.
fn there(listener: elb::builders::ListenerBuilder, certificates: &[&str], rules: &[(&str, i32)]) -> (Canned, Sent) {
    let mut canned = Canned::default();
    let sent = canned.sent.clone();
    let listener = listener.listener_arn(LISTENER).load_balancer_arn(BALANCER).default_actions(answer_404()).build();
    let additional: Vec<_> = certificates
        .iter()
        .map(|name| elb::Certificate::builder().certificate_arn(certificate(name).as_str()).is_default(false).build())
        .collect();
    let rules: Vec<_> = rules
        .iter()
        .map(|(name, number)| {
            let path = elb::PathPatternConditionConfig::builder().values(format!("/{name}")).build();
            let condition = elb::RuleCondition::builder().field("path-pattern").path_pattern_config(path).build();
            let rule = elb::Rule::builder().rule_arn(rule_arn(name)).priority(number.to_string());
            rule.conditions(condition).actions(answer_404()).is_default(false).build()
        })
        .collect();
    canned.elbv2 = vec![
        answer!(sent, aws_sdk_elasticloadbalancingv2::describe_listeners, |_input| {
            DescribeListenersOutput::builder().listeners(listener.clone()).build()
        }),
        answer!(sent, aws_sdk_elasticloadbalancingv2::describe_listener_certificates, |_input| {
            DescribeListenerCertificatesOutput::builder().set_certificates(Some(additional.clone())).build()
        }),
        answer!(sent, aws_sdk_elasticloadbalancingv2::describe_listener_attributes, |_input| {
            DescribeListenerAttributesOutput::builder().build()
        }),
        answer!(sent, aws_sdk_elasticloadbalancingv2::describe_rules, |_input| {
            DescribeRulesOutput::builder().set_rules(Some(rules.clone())).build()
        }),
        answer!(sent, aws_sdk_elasticloadbalancingv2::describe_tags, |input| {
            let tag = |key: &str, value: &str| elb::Tag::builder().key(key).value(value).build();
            let described = input.resource_arns().iter().map(|arn| {
                let address = match arn.rsplit_once('/') {
                    Some((_, name)) if arn.contains(":listener-rule/") => format!("ListenerRule.{name}"),
                    _ => "Listener.web".to_owned(),
                };
                elb::TagDescription::builder()
                    .resource_arn(arn)
                    .tags(tag("purlin:stack", "web"))
                    .tags(tag("purlin:address", &address))
                    .build()
            });
            DescribeTagsOutput::builder().set_tag_descriptions(Some(described.collect())).build()
        }),
        answer!(sent, aws_sdk_elasticloadbalancingv2::modify_listener => ModifyListenerOutput),
        answer!(sent, aws_sdk_elasticloadbalancingv2::modify_listener_attributes => ModifyListenerAttributesOutput),
        answer!(sent, aws_sdk_elasticloadbalancingv2::add_listener_certificates => AddListenerCertificatesOutput),
        answer!(sent, aws_sdk_elasticloadbalancingv2::remove_listener_certificates => RemoveListenerCertificatesOutput),
        answer!(sent, aws_sdk_elasticloadbalancingv2::set_rule_priorities => SetRulePrioritiesOutput),
        answer!(sent, aws_sdk_elasticloadbalancingv2::create_rule, |_input| {
            aws_sdk_elasticloadbalancingv2::operation::create_rule::CreateRuleOutput::builder()
                .rules(elb::Rule::builder().rule_arn(rule_arn("new")).build())
                .build()
        }),
    ];
    (canned, sent)
}

fn http() -> elb::builders::ListenerBuilder {
    elb::Listener::builder().protocol(elb::ProtocolEnum::Http).port(80)
}

fn https() -> elb::builders::ListenerBuilder {
    let default = elb::Certificate::builder().certificate_arn(certificate("a").as_str()).build();
    let https = elb::Listener::builder().protocol(elb::ProtocolEnum::Https).port(443).certificates(default);
    https.ssl_policy("ELBSecurityPolicy-2016-08")
}

fn listener<P: protocol::Protocol>(accept: Accept<P>) -> Listener
where
    FixedResponse: ActionOn<P>,
{
    let balancer: LoadBalancerArn = BALANCER.parse().expect("an ARN");
    Listener::builder().load_balancer(balancer).accept(accept).action(Action::fixed_response(404)).build()
}

/// The certificate and the policy go in the same call as the protocol: AWS takes none without the
/// others.
#[tokio::test(start_paused = true)]
async fn http_becomes_https_in_one_call() {
    let (canned, sent) = there(http(), &[], &[]);
    let mut stack = Stack::new("web");
    stack.add("web", listener(Accept::https(80, certificate("a"))));
    deploy(canned, &stack).await;

    assert_eq!(sent.writes(), ["modify_listener"]);
    let request = ModifyListenerInput::builder()
        .listener_arn(LISTENER)
        .protocol(elb::ProtocolEnum::Https)
        .port(80)
        .certificates(elb::Certificate::builder().certificate_arn(certificate("a").as_str()).build())
        .ssl_policy("ELBSecurityPolicy-2016-08")
        .mutual_authentication(elb::MutualAuthenticationAttributes::builder().mode("off").build())
        .default_actions(answer_404());
    assert_eq!(sent.one::<ModifyListenerInput>(), request.build().expect("a request"));
}

/// Certificates and policy go by themselves.
#[tokio::test(start_paused = true)]
async fn https_becomes_http_in_one_call() {
    let (canned, sent) = there(https(), &["b"], &[]);
    let mut stack = Stack::new("web");
    stack.add("web", listener(Accept::http(443)));
    deploy(canned, &stack).await;

    assert_eq!(sent.writes(), ["modify_listener"]);
    let request = ModifyListenerInput::builder()
        .listener_arn(LISTENER)
        .protocol(elb::ProtocolEnum::Http)
        .port(443)
        .default_actions(answer_404());
    assert_eq!(sent.one::<ModifyListenerInput>(), request.build().expect("a request"));
}

#[tokio::test(start_paused = true)]
async fn certificates_are_added_before_others_are_removed_one_by_one() {
    let (canned, sent) = there(https(), &["b", "c"], &[]);
    let mut stack = Stack::new("web");
    let accept = Accept::https(443, certificate("a")).certificate(certificate("d")).certificate(certificate("e"));
    stack.add("web", listener(accept));
    deploy(canned, &stack).await;

    assert_eq!(
        sent.writes(),
        [
            "add_listener_certificates",
            "add_listener_certificates",
            "remove_listener_certificates",
            "remove_listener_certificates"
        ]
    );
    let names = |certificates: &[elb::Certificate]| -> Vec<String> {
        certificates.iter().filter_map(|certificate| certificate.certificate_arn.clone()).collect()
    };
    let added: Vec<_> =
        sent.all::<AddListenerCertificatesInput>().iter().map(|input| names(input.certificates())).collect();
    assert_eq!(added, ["d", "e"].map(|name| vec![certificate(name).to_string()]));
    let removed: Vec<_> =
        sent.all::<RemoveListenerCertificatesInput>().iter().map(|input| names(input.certificates())).collect();
    assert_eq!(removed, ["b", "c"].map(|name| vec![certificate(name).to_string()]));
}

#[tokio::test(start_paused = true)]
async fn attributes_of_listeners_are_sent_by_twenty() {
    let (canned, sent) = there(http(), &[], &[]);
    let balancer: LoadBalancerArn = BALANCER.parse().expect("an ARN");
    let mut it = Listener::builder()
        .load_balancer(balancer)
        .accept(Accept::http(80).no_sniff(true))
        .action(Action::fixed_response(404));
    for number in 0..44 {
        it = it.attribute(format!("attribute.{number:02}"), number.to_string());
    }
    let mut stack = Stack::new("web");
    stack.add("web", it.build());
    deploy(canned, &stack).await;

    let requests = sent.all::<ModifyListenerAttributesInput>();
    assert_eq!(requests.iter().map(|request| request.attributes().len()).collect::<Vec<_>>(), [20, 20, 5]);
    assert!(requests.iter().all(|request| request.listener_arn() == Some(LISTENER)));
    let last = requests[2].attributes().last().expect("an attribute");
    let key = "routing.http.response.x_content_type_options.header_value";
    assert_eq!((last.key(), last.value()), (Some(key), Some("nosniff")));
}

/// What moves and what makes room is one call; what is new comes after it.
#[tokio::test(start_paused = true)]
async fn rules_change_places_in_one_call_before_new_ones_are_made() {
    let (canned, sent) = there(http(), &[], &[("a", 10), ("b", 20), ("c", 30)]);
    let mut stack = Stack::new("web");
    let web = stack.add("web", listener(Accept::http(80)));
    for (name, number) in [("new", 10), ("a", 20), ("b", 30), ("c", 40)] {
        let rule = ListenerRule::builder().listener(web).priority(number);
        let rule = rule.condition(Condition::path([format!("/{name}")]));
        stack.add(name, rule.action(Action::fixed_response(404)).build());
    }
    deploy(canned, &stack).await;

    assert_eq!(sent.writes(), ["set_rule_priorities", "create_rule"]);
    let pair = |name: &str, number| elb::RulePriorityPair::builder().rule_arn(rule_arn(name)).priority(number).build();
    let request = SetRulePrioritiesInput::builder()
        .rule_priorities(pair("a", 20))
        .rule_priorities(pair("b", 30))
        .rule_priorities(pair("c", 40));
    assert_eq!(sent.one::<SetRulePrioritiesInput>(), request.build().expect("a request"));
    assert_eq!(sent.one::<CreateRuleInput>().priority(), Some(10));
}
