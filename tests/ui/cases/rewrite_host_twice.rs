use purlin::{Action, Condition, Listener, ListenerRule, Ref, Rewrite};

fn rule(listener: Ref<Listener>) {
    let rule = ListenerRule::builder().listener(listener).condition(Condition::path(["/a"]));
    let rule = rule.action(Action::fixed_response(404)).rewrite_host(Rewrite::new("a", "b"));
    let rule = rule.rewrite_host(Rewrite::new("c", "d")).build();
}

fn main() {}
