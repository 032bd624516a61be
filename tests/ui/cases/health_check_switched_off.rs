use purlin::HealthCheck;

fn main() {
    let check = HealthCheck::builder().enabled(false);
}
