use purlin::Traffic;

fn main() {
    let traffic = Traffic::sctp(80);
}
