use purlin::Ingress;

fn main() {
    let rule = Ingress::tcp().from_anywhere_ipv4();
}
