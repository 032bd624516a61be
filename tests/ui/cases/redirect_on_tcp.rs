use purlin::{Accept, Action, Listener, LoadBalancer, Ref};

fn tcp(balancer: Ref<LoadBalancer>) {
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::tcp(443));
    let listener = listener.action(Action::redirect_to_https(443)).build();
}

fn main() {}
