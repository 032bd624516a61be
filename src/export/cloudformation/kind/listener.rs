//! `AWS::ElasticLoadBalancingV2::Listener`, with its further certificates.

use crate::resource::Listener;
use crate::value::Value;

use super::super::draft::Entry;
use super::super::shape::{Field, ON, Shape, TAGS};
use super::{Export, Output, Reference, Row, action, by, elsewhere, output, shaped, to};

const CERTIFICATE: Shape = Shape::By(|certificate| one("CertificateArn", certificate));

impl Export for Listener {
    const ROWS: &'static [Row<Self>] = &[
        to("load_balancer", "LoadBalancerArn"),
        to("protocol", "Protocol"),
        to("port", "Port"),
        by("certificate", |listener, entry| {
            let certificate = listener.accept.tls.as_ref().map(|tls| Value::of(&tls.certificate));
            let list = certificate.map(|certificate| Value::List(vec![one("CertificateArn", &certificate)]));
            entry.set("Certificates", list.unwrap_or(Value::Unset));
        }),
        to("security_policy", "SslPolicy"),
        shaped("alpn", "AlpnPolicy", Shape::By(|policy| Value::List(vec![policy.clone()]))),
        shaped(
            "mutual_tls",
            "MutualAuthentication",
            Shape::Record(&[
                Field("mode", "Mode", Shape::Plain),
                Field("trust_store", "TrustStoreArn", Shape::Plain),
                Field("ignore_expiry", "IgnoreClientCertificateExpiry", Shape::Plain),
                Field("advertise_ca_names", "AdvertiseTrustStoreCaNames", ON),
            ]),
        ),
        elsewhere("authenticate"),
        by("action", |listener, entry| {
            // In this resource type alone, a number is a text.
            let actions = action::write(&listener.action, &Shape::Text, entry);
            entry.set("DefaultActions", actions);
        }),
        by("certificates", certificates),
        shaped("attributes", "ListenerAttributes", TAGS),
        shaped("tags", "Tags", TAGS),
    ];

    fn type_name(&self) -> Option<&'static str> {
        Some("AWS::ElasticLoadBalancingV2::Listener")
    }

    fn outputs(&self) -> &'static [Output] {
        const OUTPUTS: &[Output] = &[output("arn", Reference::Ref, "ARN")];
        OUTPUTS
    }
}

fn one(member: &str, value: &Value) -> Value {
    Value::map([(member, value.clone())])
}

/// A listener takes one certificate; the others are a resource besides.
fn certificates(listener: &Listener, entry: &mut Entry<'_, '_>) {
    let others = listener.certificates();
    if others.is_empty() {
        return;
    }
    let list = Shape::List(&CERTIFICATE).write(&Value::of(others), "certificates", &mut |_, _| {});
    let properties = Value::map([("ListenerArn", entry.itself(listener, "arn")), ("Certificates", list)]);
    entry.child("Certificates", "AWS::ElasticLoadBalancingV2::ListenerCertificate", properties);
}
