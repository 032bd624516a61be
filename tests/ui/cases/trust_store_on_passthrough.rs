use purlin::MutualTls;

fn main() {
    let mode = MutualTls::Passthrough.ignore_expiry(true);
}
