use purlin::Accept;

fn main() {
    let accept = Accept::gateway(80);
}
