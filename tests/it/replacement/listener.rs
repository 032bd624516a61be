//! Listeners and rules move to other places, and trade them.

use purlin::*;

use super::change;
use crate::support::{deploy, given, hurry};

/// Two listeners that answer by themselves, and rules at places `(listener, number)` by name.
fn declare(listening: &[(&str, u16)], rules: &[(&str, usize, u16)]) -> Stack {
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let balancer = stack.add("web", LoadBalancer::application().name("Web-ALB").subnets(public).build());
    let mut listeners = Vec::new();
    for ((name, port), status) in listening.iter().zip([404, 503]) {
        let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(*port));
        listeners.push(stack.add(*name, listener.action(Action::fixed_response(status)).build()));
    }
    for (name, listener, number) in rules {
        let rule = ListenerRule::builder().listener(listeners[*listener]).priority(*number);
        let rule = rule.condition(Condition::path([format!("/{name}")])).action(Action::fixed_response(200));
        stack.add(name, rule.build());
    }
    stack
}

/// The paths of the rules, by port and number.
async fn rules(sim: &purlin::sim::SimAws) -> Vec<(i32, String, String)> {
    let elb = sim.elbv2();
    let balancers = elb.describe_load_balancers().send().await.expect("balancers");
    let arn = balancers.load_balancers()[0].load_balancer_arn().expect("an ARN");
    let mut found = Vec::new();
    for listener in elb.describe_listeners().load_balancer_arn(arn).send().await.expect("listeners").listeners() {
        let rules = elb.describe_rules().listener_arn(listener.listener_arn().expect("an ARN")).send().await;
        for rule in rules.expect("rules").rules().iter().filter(|rule| rule.is_default() != Some(true)) {
            let path = rule.conditions()[0].path_pattern_config().expect("a path").values()[0].clone();
            found.push((listener.port().unwrap_or_default(), rule.priority().unwrap_or_default().to_owned(), path));
        }
    }
    found.sort();
    found
}

/// I17: a rule moves to another listener, also onto a number there that a rule on its way out has; and
/// a new one comes onto the number that it leaves.
#[tokio::test(start_paused = true)]
async fn rules_move_to_other_listeners_and_trade_their_numbers_there() {
    let sim = given(&[80]);
    hurry(&sim);
    deploy(&sim, &declare(&[("one", 80), ("two", 8080)], &[("a", 0, 10), ("b", 1, 10)])).await.expect("a deploy");
    for (rules_after, expected) in [
        (&[("a", 1, 10), ("b", 0, 10)][..], [(80, "10", "/b"), (8080, "10", "/a")]),
        (&[("a", 0, 20), ("b", 0, 10)], [(80, "10", "/b"), (80, "20", "/a")]),
        (&[("a", 1, 5), ("new", 0, 20)], [(80, "20", "/new"), (8080, "5", "/a")]),
        (&[("new", 1, 5), ("a", 0, 20)], [(80, "20", "/a"), (8080, "5", "/new")]),
    ] {
        let since = sim.calls().len();
        change(&sim, &declare(&[("one", 80), ("two", 8080)], rules_after), &[]).await;
        let refused: Vec<_> = sim.calls()[since..].iter().filter_map(|call| call.error.clone()).collect();
        assert_eq!(refused, [""; 0]);
        let found = rules(&sim).await;
        let found: Vec<_> = found.iter().map(|(port, number, path)| (*port, number.as_str(), path.as_str())).collect();
        assert_eq!(found, expected);
    }
}

/// Two listeners that trade ports trade who they are: neither port is ever without one.
#[tokio::test(start_paused = true)]
async fn listeners_trade_their_ports() {
    let sim = given(&[80]);
    hurry(&sim);
    deploy(&sim, &declare(&[("one", 80), ("two", 8080)], &[])).await.expect("a deploy");
    for ports in [[8080, 80], [80, 9090], [9090, 8080]] {
        let since = sim.calls().len();
        change(&sim, &declare(&[("one", ports[0]), ("two", ports[1])], &[]), &[]).await;
        let refused: Vec<_> = sim.calls()[since..].iter().filter_map(|call| call.error.clone()).collect();
        assert_eq!(refused, [""; 0]);
    }
}

/// A listener that comes to the port of one that is no longer declared becomes that one, and its rules
/// are there: the port is never without one.
#[tokio::test(start_paused = true)]
async fn a_listener_takes_the_port_of_one_that_goes() {
    let sim = given(&[80]);
    hurry(&sim);
    deploy(&sim, &declare(&[("one", 80), ("two", 8080)], &[("a", 0, 10), ("b", 1, 10)])).await.expect("a deploy");
    let since = sim.calls().len();
    change(&sim, &declare(&[("two", 80)], &[("b", 0, 10)]), &[]).await;
    let refused: Vec<_> = sim.calls()[since..].iter().filter_map(|call| call.error.clone()).collect();
    assert_eq!(refused, [""; 0]);
    assert_eq!(rules(&sim).await, [(80, "10".to_owned(), "/b".to_owned())]);
}
