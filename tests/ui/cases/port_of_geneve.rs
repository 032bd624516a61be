use purlin::Traffic;

fn main() {
    let traffic = Traffic::geneve(80);
}
