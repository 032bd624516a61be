use purlin::{Accept, CertificateArn};

fn http(certificate: CertificateArn) {
    let accept = Accept::http(80).certificate(certificate);
}

fn main() {}
