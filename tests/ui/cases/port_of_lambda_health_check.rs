use purlin::LambdaHealthCheck;

fn main() {
    let check = LambdaHealthCheck::builder().enabled(true).port(80);
}
