use purlin::SubnetMapping;

fn main() {
    let mapping = SubnetMapping::new().private_ipv4("10.0.0.256");
}
