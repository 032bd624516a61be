//! `AWS::ElasticLoadBalancingV2::ListenerRule`.

use crate::resource::{AnyResource, Condition, ListenerRule};
use crate::stack::Item;
use crate::value::Value;

use super::super::draft::Entry;
use super::super::shape::{Shape, TAGS, put};
use super::{DEPENDS, Export, Output, Reference, Row, action, by, elsewhere, output, shaped, to};

impl Export for ListenerRule {
    const ROWS: &'static [Row<Self>] = &[
        to("listener", "ListenerArn"),
        by("priority", priority),
        by("conditions", |rule, entry| {
            entry.set("Conditions", Value::List(rule.conditions.iter().map(condition).collect()));
        }),
        elsewhere("authenticate"),
        by("action", |rule, entry| {
            let actions = action::write(&rule.action, &Shape::Plain, entry);
            entry.set("Actions", actions);
        }),
        by("rewrite_host", transforms),
        elsewhere("rewrite_url"),
        shaped("tags", "Tags", TAGS),
    ];

    fn type_name(&self) -> Option<&'static str> {
        Some("AWS::ElasticLoadBalancingV2::ListenerRule")
    }

    fn outputs(&self) -> &'static [Output] {
        const OUTPUTS: &[Output] = &[output("arn", Reference::Ref, "ARN")];
        OUTPUTS
    }
}

/// CloudFormation needs a number. On a listener of the template, purlin knows which is the next.
fn priority(rule: &ListenerRule, entry: &mut Entry<'_, '_>) {
    let numbered = match &entry.draft.stack.nodes[entry.node].item {
        Item::Resource(AnyResource::ListenerRule(declared)) => declared.priority.is_some(),
        _ => true,
    };
    if !numbered && rule.listener.as_known().is_some() {
        let why = "CloudFormation needs a number, and which is the next on that listener is not known; set `priority`";
        entry.lose(DEPENDS, "priority", &Value::Unset, why);
    }
    entry.set("Priority", Value::of(&rule.priority));
}

fn condition(condition: &Condition) -> Value {
    let (config, member, values) = match condition {
        Condition::Host(values) => ("HostHeaderConfig", "Values", Value::of(values)),
        Condition::HostRegex(values) => ("HostHeaderConfig", "RegexValues", Value::of(values)),
        Condition::Path(values) => ("PathPatternConfig", "Values", Value::of(values)),
        Condition::PathRegex(values) => ("PathPatternConfig", "RegexValues", Value::of(values)),
        Condition::Header { values, .. } => ("HttpHeaderConfig", "Values", Value::of(values)),
        Condition::HeaderRegex { values, .. } => ("HttpHeaderConfig", "RegexValues", Value::of(values)),
        Condition::Method(values) => ("HttpRequestMethodConfig", "Values", Value::of(values)),
        Condition::Query(pairs) => {
            let pair = |(key, value): &(Option<String>, String)| {
                Value::map([("Key", Value::of(key)), ("Value", Value::of(value))])
            };
            ("QueryStringConfig", "Values", Value::List(pairs.iter().map(pair).collect()))
        }
        Condition::SourceIp(values) => ("SourceIpConfig", "Values", Value::of(values)),
        Condition::SourceAddressType(kind) => ("SourceIpConfig", "IpAddressType", Value::of(kind)),
    };
    let mut members = Value::map([("Field", Value::of(condition.field()))]);
    put(&mut members, &format!("{config}.{member}"), values);
    if let Condition::Header { name, .. } | Condition::HeaderRegex { name, .. } = condition {
        put(&mut members, &format!("{config}.HttpHeaderName"), Value::of(name));
    }
    members
}

fn transforms(rule: &ListenerRule, entry: &mut Entry<'_, '_>) {
    let transform = |kind: &str, config: &str, rewrite: &crate::resource::Rewrite| {
        let rewrite = Value::map([("Regex", Value::of(&rewrite.regex)), ("Replace", Value::of(&rewrite.replace))]);
        let rewrites = Value::map([("Rewrites", Value::List(vec![rewrite]))]);
        Value::map([("Type", Value::of(kind)), (config, rewrites)])
    };
    let host = rule.rewrite_host.as_ref();
    let host = host.map(|host| transform("host-header-rewrite", "HostHeaderRewriteConfig", host));
    let url = rule.rewrite_url.as_ref().map(|url| transform("url-rewrite", "UrlRewriteConfig", url));
    entry.set("Transforms", Value::List(host.into_iter().chain(url).collect()).unless_empty());
}
