use purlin::Ingress;

fn main() {
    let rule = Ingress::http().from_anywhere_ipv4().from_anywhere_ipv6();
}
