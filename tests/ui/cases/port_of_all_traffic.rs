use purlin::Ingress;

fn main() {
    let rule = Ingress::all_traffic(80).from_anywhere_ipv4();
}
