//! Listeners over the Elastic Load Balancing API.

use aws_sdk_elasticloadbalancingv2::types::{
    AdvertiseTrustStoreCaNamesEnum, Certificate, Listener as ElbListener, ListenerAttribute,
    MutualAuthenticationAttributes, ProtocolEnum,
};

use crate::error::Result;
use crate::input::Input;
use crate::resource::{
    AlpnPolicy, Attributes, DEFAULT_POLICY, Describe, Entrance, Listener, ListenerOutputs, ListenerProtocol, MutualTls,
    Observed, Operation, Tags, Tls, VerifyClients,
};

use super::action::{actions, parse_actions};
use super::blockers::association_limit;
use super::call::{NotYet, gone_is_fine, pages_or_none};
use super::convert::more;
use super::tags::{change_elb, elb, read_elb};
use super::{Cx, Operate, id, known, required};

/// How many attributes `ModifyListenerAttributes` takes at once.
const ATTRIBUTES_AT_ONCE: usize = 20;

/// A certificate that was just issued may not be known everywhere yet (R13).
const CERTIFICATE: &[NotYet] = &[NotYet::code("CertificateNotFound").for_minutes(5)];

impl Entrance {
    fn sdk_protocol(&self) -> Option<ProtocolEnum> {
        self.protocol.map(|protocol| ProtocolEnum::from(protocol.as_str()))
    }

    fn sdk_port(&self) -> Option<i32> {
        self.port.map(i32::from)
    }

    /// The default certificate.
    fn certificate(&self) -> Result<Option<Vec<Certificate>>> {
        let Some(tls) = &self.tls else { return Ok(None) };
        Ok(Some(vec![certificate(&tls.certificate)?]))
    }

    fn policy(&self) -> Option<&str> {
        self.tls.as_ref()?.policy.as_deref()
    }

    fn alpn(&self) -> Option<AlpnPolicy> {
        self.tls.as_ref()?.alpn
    }

    fn mutual(&self) -> Result<Option<MutualAuthenticationAttributes>> {
        let Some(mutual) = &self.mutual_tls else { return Ok(None) };
        let builder = MutualAuthenticationAttributes::builder().mode(mutual.word());
        let MutualTls::Verify(verify) = mutual else { return Ok(Some(builder.build())) };
        let names = verify.advertise_ca_names.map(|advertise| match advertise {
            true => AdvertiseTrustStoreCaNamesEnum::On,
            false => AdvertiseTrustStoreCaNamesEnum::Off,
        });
        let builder = builder
            .trust_store_arn(known(&verify.trust_store)?.as_str())
            .set_ignore_client_certificate_expiry(verify.ignore_expiry)
            .set_advertise_trust_store_ca_names(names);
        Ok(Some(builder.build()))
    }

    /// The same with what AWS takes where nothing is said: leaving it out of a change would leave it
    /// as it is.
    fn written_out(&self) -> Self {
        let mut all = self.clone();
        if let Some(tls) = &mut all.tls {
            tls.policy.get_or_insert_with(|| DEFAULT_POLICY.to_owned());
            if self.protocol == Some(ListenerProtocol::Tls) {
                tls.alpn.get_or_insert(AlpnPolicy::None);
            }
        }
        if self.is_https() {
            let mutual = all.mutual_tls.get_or_insert(MutualTls::Off);
            if let MutualTls::Verify(verify) = mutual {
                verify.ignore_expiry.get_or_insert(false);
                verify.advertise_ca_names.get_or_insert(false);
            }
        }
        all
    }
}

fn certificate(arn: &Input<crate::CertificateArn>) -> Result<Certificate> {
    Ok(Certificate::builder().certificate_arn(known(arn)?.as_str()).build())
}

impl Operate for Listener {
    async fn create(&self, cx: &Cx<'_>) -> Result<ListenerOutputs> {
        let client = &cx.aws.elbv2;
        let balancer = known(&self.load_balancer)?;
        let accept = &self.accept;
        let (certificates, mutual) = (accept.certificate()?, accept.mutual()?);
        let actions = actions(&self.action, None)?;
        let output = cx
            .write_when(Operation::CreateListener, CERTIFICATE, || {
                client
                    .create_listener()
                    .load_balancer_arn(balancer.as_str())
                    .set_protocol(accept.sdk_protocol())
                    .set_port(accept.sdk_port())
                    .set_certificates(certificates.clone())
                    .set_ssl_policy(accept.policy().map(ToOwned::to_owned))
                    .set_alpn_policy(accept.alpn().map(|alpn| vec![alpn.as_str().to_owned()]))
                    .set_mutual_authentication(mutual.clone())
                    .set_default_actions(Some(actions.clone()))
                    .set_tags(Some(elb(&self.tags)))
                    .send()
            })
            .await;
        let output = association_limit(cx, output, &self.action.targets()).await?;
        let listener = required(output.listeners().first(), "the listener")?;
        Ok(ListenerOutputs { arn: id(listener.listener_arn(), "a listener ARN")? })
    }

    async fn change(
        &self,
        cx: &Cx<'_>,
        operation: Operation,
        outputs: &ListenerOutputs,
        observed: Option<&Self>,
    ) -> Result<Option<ListenerOutputs>> {
        let client = &cx.aws.elbv2;
        let arn = outputs.arn.as_str();
        let present = observed.map(Self::certificates).unwrap_or_default();
        match operation {
            Operation::ModifyListener => {
                let accept = self.accept.written_out();
                let (certificates, mutual) = (accept.certificate()?, accept.mutual()?);
                let actions = actions(&self.action, observed.map(|observed| &observed.action))?;
                let modified = cx
                    .write_when(operation, CERTIFICATE, || {
                        client
                            .modify_listener()
                            .listener_arn(arn)
                            .set_protocol(accept.sdk_protocol())
                            .set_port(accept.sdk_port())
                            .set_certificates(certificates.clone())
                            .set_ssl_policy(accept.policy().map(ToOwned::to_owned))
                            .set_alpn_policy(accept.alpn().map(|alpn| vec![alpn.as_str().to_owned()]))
                            .set_mutual_authentication(mutual.clone())
                            .set_default_actions(Some(actions.clone()))
                            .send()
                    })
                    .await;
                association_limit(cx, modified, &self.action.targets()).await?;
            }
            Operation::ModifyListenerAttributes => {
                let present = observed.map(|observed| observed.accept.attributes.clone()).unwrap_or_default();
                let changes = self.accept.attributes.changes(&present, &self.default_of("attributes"));
                for chunk in changes.chunks(ATTRIBUTES_AT_ONCE) {
                    let attributes: Vec<_> = chunk
                        .iter()
                        .map(|(key, value)| ListenerAttribute::builder().key(key).value(value).build())
                        .collect();
                    cx.write(operation, || {
                        client
                            .modify_listener_attributes()
                            .listener_arn(arn)
                            .set_attributes(Some(attributes.clone()))
                            .send()
                    })
                    .await?;
                }
            }
            // Both take one certificate a call.
            Operation::AddListenerCertificates => {
                for added in more(self.certificates(), present) {
                    let certificate = certificate(&added)?;
                    cx.write_when(operation, CERTIFICATE, || {
                        client.add_listener_certificates().listener_arn(arn).certificates(certificate.clone()).send()
                    })
                    .await?;
                }
            }
            Operation::RemoveListenerCertificates => {
                for removed in more(present, self.certificates()) {
                    let certificate = certificate(&removed)?;
                    cx.write(operation, || {
                        client.remove_listener_certificates().listener_arn(arn).certificates(certificate.clone()).send()
                    })
                    .await?;
                }
            }
            _ => {
                let present = observed.map(|observed| observed.tags.clone()).unwrap_or_default();
                change_elb(cx, operation, arn, &self.tags, &present).await?;
            }
        }
        Ok(None)
    }

    async fn prepare(
        &self,
        cx: &Cx<'_>,
        operation: Operation,
        present: Option<(&ListenerOutputs, &Self)>,
    ) -> Result<()> {
        let (outputs, observed) = required(present, "a listener that exists")?;
        let client = &cx.aws.elbv2;
        let actions = actions(&observed.action.beside(&self.action), Some(&observed.action))?;
        cx.write(operation, || {
            client
                .modify_listener()
                .listener_arn(outputs.arn.as_str())
                .set_default_actions(Some(actions.clone()))
                .send()
        })
        .await?;
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, observed: &Observed<Self>) -> Result<()> {
        let client = &cx.aws.elbv2;
        let arn = observed.outputs.arn.as_str();
        gone_is_fine(cx.write(Operation::DeleteListener, || client.delete_listener().listener_arn(arn).send()).await)
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<Option<Observed<Self>>> {
        let found = observe(cx, &[known(&self.load_balancer)?.to_string()]).await?;
        Ok(found.into_iter().find(|listener| listener.spec.accept.port == self.accept.port))
    }
}

fn parse(
    listener: &ElbListener,
    certificates: Vec<Input<crate::CertificateArn>>,
    attributes: Attributes,
    tags: Tags,
) -> Result<Option<Observed<Listener>>> {
    let protocol = match listener.protocol() {
        // A gateway load balancer's.
        None => None,
        Some(protocol) => match ListenerProtocol::from_word(protocol.as_str()) {
            None => return Ok(None),
            known => known,
        },
    };
    let Some(action) = parse_actions(listener.default_actions(), &tags) else { return Ok(None) };
    let certificate = listener.certificates().first().and_then(|certificate| certificate.certificate_arn());
    let tls = match (protocol, certificate) {
        (Some(ListenerProtocol::Https | ListenerProtocol::Tls), Some(certificate)) => Some(Tls {
            certificate: Input::known(id(Some(certificate), "a certificate ARN")?),
            others: certificates,
            policy: listener.ssl_policy().map(ToOwned::to_owned),
            alpn: listener.alpn_policy().first().and_then(|alpn| AlpnPolicy::from_word(alpn)),
        }),
        _ => None,
    };
    let mutual_tls = match listener.mutual_authentication() {
        Some(mutual) => match mutual.mode() {
            Some("verify") => Some(MutualTls::Verify(VerifyClients {
                trust_store: Input::known(id(mutual.trust_store_arn(), "a trust store ARN")?),
                ignore_expiry: mutual.ignore_client_certificate_expiry(),
                advertise_ca_names: mutual
                    .advertise_trust_store_ca_names()
                    .map(|advertise| *advertise == AdvertiseTrustStoreCaNamesEnum::On),
            })),
            Some("passthrough") => Some(MutualTls::Passthrough),
            _ => None,
        },
        None => None,
    };
    let port = listener.port().and_then(|port| u16::try_from(port).ok());
    Ok(Some(Observed {
        outputs: ListenerOutputs { arn: id(listener.listener_arn(), "a listener ARN")? },
        owner: tags.owner(),
        name: None,
        spec: Listener {
            load_balancer: Input::known(id(listener.load_balancer_arn(), "a load balancer ARN")?),
            accept: Entrance { protocol, port, tls, mutual_tls, attributes },
            action,
            tags,
        },
    }))
}

/// Reads the listeners of load balancers.
pub(super) async fn observe(cx: &Cx<'_>, balancers: &[String]) -> Result<Vec<Observed<Listener>>> {
    let client = &cx.aws.elbv2;
    let pages = balancers.iter().map(|balancer| async move {
        pages_or_none(|token: Option<String>| async move {
            let page = cx
                .read("DescribeListeners", || {
                    client.describe_listeners().load_balancer_arn(balancer).set_marker(token.clone()).send()
                })
                .await?;
            Ok((page.listeners.unwrap_or_default(), page.next_marker))
        })
        .await
    });
    let listeners: Vec<_> = futures_util::future::try_join_all(pages).await?.into_iter().flatten().collect();
    let arns: Vec<String> = listeners.iter().filter_map(|listener| listener.listener_arn.clone()).collect();
    let (mut tags, certificates, attributes) =
        tokio::try_join!(read_elb(cx, &arns), read_certificates(cx, &listeners), read_attributes(cx, &arns))?;
    let mut observed = Vec::with_capacity(listeners.len());
    for ((listener, certificates), attributes) in listeners.iter().zip(certificates).zip(attributes) {
        let Some(tags) = tags.remove(listener.listener_arn().unwrap_or_default()) else { continue };
        observed.extend(parse(listener, certificates, attributes, tags)?);
    }
    Ok(observed)
}

/// The additional certificates of each listener; only encrypted ones are asked.
async fn read_certificates(cx: &Cx<'_>, listeners: &[ElbListener]) -> Result<Vec<Vec<Input<crate::CertificateArn>>>> {
    let client = &cx.aws.elbv2;
    let reads = listeners.iter().map(|listener| async move {
        if !matches!(listener.protocol(), Some(ProtocolEnum::Https | ProtocolEnum::Tls)) {
            return Ok(Vec::new());
        }
        let arn = listener.listener_arn().unwrap_or_default();
        let certificates = pages_or_none(|token: Option<String>| async move {
            let read = || client.describe_listener_certificates().listener_arn(arn).set_marker(token.clone()).send();
            let page = cx.read("DescribeListenerCertificates", read).await?;
            Ok((page.certificates.unwrap_or_default(), page.next_marker))
        })
        .await?;
        certificates
            .iter()
            .filter(|certificate| certificate.is_default() != Some(true))
            .map(|certificate| Ok(Input::known(id(certificate.certificate_arn(), "a certificate ARN")?)))
            .collect::<Result<Vec<_>>>()
    });
    futures_util::future::try_join_all(reads).await
}

/// The attributes of each listener.
async fn read_attributes(cx: &Cx<'_>, arns: &[String]) -> Result<Vec<Attributes>> {
    let client = &cx.aws.elbv2;
    let reads = arns.iter().map(|arn| async move {
        let read = || client.describe_listener_attributes().listener_arn(arn).send();
        let attributes = match cx.read("DescribeListenerAttributes", read).await {
            // It has gone since it was listed.
            Err(error) if error.is_not_found() => Vec::new(),
            other => other?.attributes.unwrap_or_default(),
        };
        let pair = |attribute: ListenerAttribute| Some((attribute.key?, attribute.value.unwrap_or_default()));
        Ok::<_, crate::Error>(Attributes(attributes.into_iter().filter_map(pair).collect()))
    });
    futures_util::future::try_join_all(reads).await
}
