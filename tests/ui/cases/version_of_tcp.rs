use purlin::{HttpVersion, Traffic};

fn main() {
    let traffic = Traffic::tcp(80).version(HttpVersion::Http2);
}
