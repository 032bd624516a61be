use purlin::Accept;

fn main() {
    let accept = Accept::https(443);
}
