use purlin::{Accept, AlpnPolicy, CertificateArn};

fn https(certificate: CertificateArn) {
    let accept = Accept::https(443, certificate).alpn(AlpnPolicy::Http2Only);
}

fn main() {}
