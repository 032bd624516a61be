//! Certificates of listeners.

use aws_sdk_elasticloadbalancingv2::operation::add_listener_certificates::{
    AddListenerCertificatesInput, AddListenerCertificatesOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::describe_listener_certificates::{
    DescribeListenerCertificatesInput, DescribeListenerCertificatesOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::remove_listener_certificates::{
    RemoveListenerCertificatesInput, RemoveListenerCertificatesOutput,
};
use aws_sdk_elasticloadbalancingv2::types as sdk;

use super::check;
use super::model::{Listener, find, find_mut, see};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// The ARN of a certificate in a request. Certificates are not simulated: every one exists that
/// does not say otherwise, and was not made just now.
pub(super) fn checked<'a>(world: &World, certificate: &'a sdk::Certificate) -> Result<&'a str, ApiError> {
    let arn = well_formed(certificate)?;
    if arn.contains("missing") || !world.is_known(arn) {
        return Err(ApiError::new("CertificateNotFound", format!("Certificate '{arn}' not found")));
    }
    Ok(arn)
}

fn well_formed(certificate: &sdk::Certificate) -> Result<&str, ApiError> {
    let arn = check::required("certificates.member.certificateArn", certificate.certificate_arn())?;
    if certificate.is_default().is_some() {
        return Err(ApiError::validation("IsDefault cannot be specified for a certificate"));
    }
    let acm = arn.starts_with("arn:aws:acm:") && arn.contains(":certificate/");
    let iam = arn.starts_with("arn:aws:iam::") && arn.contains(":server-certificate/");
    if acm || iam { Ok(arn) } else { Err(ApiError::validation(format!("Certificate ARN '{arn}' is not valid"))) }
}

/// "You can specify one certificate per call".
fn only(certificates: &[sdk::Certificate]) -> Result<&sdk::Certificate, ApiError> {
    match certificates {
        [only] => Ok(only),
        _ => Err(ApiError::validation("You must specify exactly one certificate")),
    }
}

pub(super) fn add(
    world: &mut World,
    input: &AddListenerCertificatesInput,
) -> Result<AddListenerCertificatesOutput, ApiError> {
    let listener = find::<Listener>(world, input.listener_arn())?;
    let arn = checked(world, only(input.certificates())?)?;
    if listener.settings.certificate.is_none() {
        return Err(ApiError::validation("Certificates can be added only to HTTPS and TLS listeners"));
    }
    let others = world.elb.listeners_of(&listener.balancer).map(|listener| listener.certificates.len());
    let count: usize = others.sum();
    if !listener.certificates.contains(arn) && count >= world.settings.quotas.certificates_per_load_balancer {
        return Err(ApiError::new(
            "TooManyCertificates",
            "You've reached the limit on the number of certificates per load balancer",
        ));
    }
    find_mut::<Listener>(world, input.listener_arn())?.certificates.insert(arn.to_owned());
    let added = sdk::Certificate::builder().certificate_arn(arn).is_default(false).build();
    Ok(AddListenerCertificatesOutput::builder().certificates(added).build())
}

pub(super) fn remove(
    world: &mut World,
    input: &RemoveListenerCertificatesInput,
) -> Result<RemoveListenerCertificatesOutput, ApiError> {
    let listener = find_mut::<Listener>(world, input.listener_arn())?;
    let arn = well_formed(only(input.certificates())?)?;
    if !listener.certificates.remove(arn) && listener.settings.certificate.as_deref() == Some(arn) {
        return Err(ApiError::new("OperationNotPermitted", "The default certificate of a listener cannot be removed"));
    }
    Ok(RemoveListenerCertificatesOutput::builder().build())
}

pub(super) fn describe(
    world: &mut World,
    input: &DescribeListenerCertificatesInput,
) -> Result<DescribeListenerCertificatesOutput, ApiError> {
    let listener = see::<Listener>(world, input.listener_arn())?;
    let certificate =
        |arn: &String, default| sdk::Certificate::builder().certificate_arn(arn).is_default(default).build();
    let default = listener.settings.certificate.iter().map(|arn| certificate(arn, true));
    let others = listener.certificates.iter().map(|arn| certificate(arn, false));
    let (page, next) = check::page(default.chain(others).collect(), input.marker(), input.page_size())?;
    Ok(DescribeListenerCertificatesOutput::builder().set_certificates(Some(page)).set_next_marker(next).build())
}
