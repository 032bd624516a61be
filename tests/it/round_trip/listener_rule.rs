//! Rules of listeners.

use purlin::*;

use super::case::Case;
use super::case::Change::{self, InPlace, Replace};
use super::listener::{application, certificate, network, oidc, targets};

const MODIFY: Change = InPlace(&["ModifyRule"]);

/// An HTTPS listener of an application balancer.
fn https(stack: &mut Stack) -> Ref<Listener> {
    let balancer = application(stack);
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::https(443, certificate("default")));
    stack.add("https", listener.action(Action::fixed_response(404)).build())
}

/// A rule with a condition that is there anyway.
macro_rules! rule {
    ($name:expr, $change:expr, |$rule:ident, $setting:ident| $built:expr) => {
        Case::new($name, $change, |$setting| {
            let mut stack = Stack::new("round-trip");
            let listener = https(&mut stack);
            let $rule = ListenerRule::builder().listener(listener);
            stack.add("it", $built);
            stack
        })
    };
}

/// A condition besides another.
macro_rules! conditions {
    ($cases:ident: $($path:literal, [$first:expr, $second:expr], $make:expr;)+) => {$(
        $cases.push(rule!(concat!("ListenerRule.conditions.", $path), MODIFY, |rule, setting| {
            let rule = rule.priority(10).action(Action::fixed_response(410)).condition(Condition::method(["GET"]));
            match setting.pick($first, $second) {
                None => rule.build(),
                Some(value) => rule.condition($make(value)).build(),
            }
        }));
    )+};
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new("ListenerRule.listener", Replace, |setting| {
            let mut stack = Stack::new("round-trip");
            let balancer = application(&mut stack);
            let [one, other] = [80, 81].map(|port| {
                let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(port));
                stack.add(port.to_string(), listener.action(Action::fixed_response(404)).build())
            });
            let listener = setting.pick(one, other).expect("it is required");
            let rule = ListenerRule::builder().listener(listener).priority(10).condition(Condition::path(["/a"]));
            stack.add("it", rule.action(Action::fixed_response(410)).build());
            stack
        })
        .required(),
        // Without a number, it keeps the one that it has.
        rule!("ListenerRule.priority", InPlace(&["SetRulePriorities"]), |rule, setting| {
            let rule = rule.action(Action::fixed_response(410)).condition(Condition::path(["/a"]));
            match setting.pick(10, 20) {
                None => rule.build(),
                Some(priority) => rule.priority(priority).build(),
            }
        })
        .left_alone(),
        rule!("ListenerRule.conditions.method", MODIFY, |rule, setting| {
            let methods = setting.pick(vec!["GET"], vec!["GET", "HEAD"]).expect("a rule has a condition");
            rule.priority(10).action(Action::fixed_response(410)).condition(Condition::method(methods)).build()
        })
        .required(),
        rule!("ListenerRule.conditions.query.value", MODIFY, |rule, setting| {
            let values = setting.pick(["a"], ["b"]).expect("a rule has a condition");
            rule.priority(10).action(Action::fixed_response(410)).condition(Condition::query_values(values)).build()
        })
        .shows(["conditions.query"])
        .required(),
        Case::new("ListenerRule.conditions.source_address_type", MODIFY, |setting| {
            let mut stack = Stack::new("round-trip");
            let balancer = network(&mut stack, IpAddressType::Dualstack);
            let group = targets(&mut stack, "targets", Traffic::tcp(80));
            let listener = Listener::builder().load_balancer(balancer).accept(Accept::tcp(80));
            let listener = stack.add("tcp", listener.action(Action::forward(group)).build());
            let kind = setting.pick(SourceAddressType::Ipv4, SourceAddressType::Ipv6).expect("a rule has a condition");
            let rule = ListenerRule::builder().listener(listener).priority(10).action(Action::forward(group));
            stack.add("it", rule.condition(Condition::source_address_type(kind)).build());
            stack
        })
        .required(),
        Case::new("ListenerRule.action.forward", MODIFY, |setting| {
            let mut stack = Stack::new("round-trip");
            let listener = https(&mut stack);
            let [blue, green] = ["blue", "green"].map(|name| targets(&mut stack, name, Traffic::http(80)));
            let rule = ListenerRule::builder().listener(listener).condition(Condition::path(["/a"]));
            let group = setting.pick(blue, green).expect("it is required");
            stack.add("it", rule.action(Action::forward(group)).build());
            stack
        })
        .required(),
        rule!("ListenerRule.authenticate.oidc.client_secret", MODIFY, |rule, setting| {
            let oidc = oidc!(client_secret = setting.pick("first", "second").expect("it is required")).build();
            rule.condition(Condition::path(["/a"])).action(oidc.then(Action::fixed_response(410))).build()
        })
        .required(),
        rule!("ListenerRule.authenticate.oidc.scope", MODIFY, |rule, setting| {
            let rule = rule.condition(Condition::path(["/a"]));
            match setting.pick("email", "profile") {
                None => rule.action(oidc!().build().then(Action::fixed_response(410))).build(),
                Some(scope) => rule.action(oidc!().scope(scope).build().then(Action::fixed_response(410))).build(),
            }
        }),
        rule!("ListenerRule.tags.Team", InPlace(&["AddTags", "RemoveTags"]), |rule, setting| {
            let rule = rule.condition(Condition::path(["/a"])).action(Action::fixed_response(410));
            match setting.pick("a", "b") {
                None => rule.build(),
                Some(team) => rule.tag("Team", team).build(),
            }
        }),
        rule!("ListenerRule.rewrite_host", MODIFY, |rule, setting| {
            let rule = rule.condition(Condition::path(["/a"])).action(Action::fixed_response(410));
            match setting.pick(["^a$", "b"], ["^c$", "d"]) {
                None => rule.build(),
                Some([regex, replace]) => rule.rewrite_host(Rewrite::new(regex, replace)).build(),
            }
        })
        .shows(["rewrite_host.regex", "rewrite_host.replace"]),
        rule!("ListenerRule.rewrite_url", MODIFY, |rule, setting| {
            let rule = rule.condition(Condition::path(["/a"])).action(Action::fixed_response(410));
            match setting.pick(["^/a/(.*)$", "/$1"], ["^/c/(.*)$", "/d/$1"]) {
                None => rule.build(),
                Some([regex, replace]) => rule.rewrite_url(Rewrite::new(regex, replace)).build(),
            }
        })
        .shows(["rewrite_url.regex", "rewrite_url.replace"]),
    ];
    conditions! { cases:
        "host", [["a.example.com"], ["*.example.com"]], Condition::host;
        "host_regex", [["^a"], ["^b"]], Condition::host_regex;
        "path", [vec!["/a"], vec!["/a", "/b"]], Condition::path;
        "path_regex", [["^/a"], ["^/b"]], Condition::path_regex;
        "header.x-version", [["1"], ["2"]], |values| Condition::header("X-Version", values);
        "header_regex.x-version", [["^1"], ["^2"]], |values| Condition::header_regex("X-Version", values);
        "query", [[("version", "1")], [("version", "2")]], Condition::query;
        "source_ip", [["10.0.0.0/8"], ["10.1.0.0/16"]], Condition::source_ip;
    }
    cases
}
