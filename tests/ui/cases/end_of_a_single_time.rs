use purlin::Timestamp;

fn main() {
    let time = Timestamp::from_unix(0).ends(Timestamp::from_unix(60));
}
