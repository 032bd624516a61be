use purlin::{Accept, Action, JwtValidation, Listener, LoadBalancer, Ref};

fn http(balancer: Ref<LoadBalancer>, tokens: JwtValidation) {
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
    let listener = listener.action(tokens.then(Action::fixed_response(404))).build();
}

fn main() {}
