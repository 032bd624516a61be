use purlin::Ingress;

fn main() {
    let rule = Ingress::protocol(50, 80).from_anywhere_ipv4();
}
