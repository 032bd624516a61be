//! Listeners over the Elastic Load Balancing API.

use aws_sdk_elasticloadbalancingv2::types::{
    Action as ElbAction, ActionTypeEnum, Certificate, FixedResponseActionConfig, ForwardActionConfig,
    Listener as ElbListener, ProtocolEnum, RedirectActionConfig, RedirectActionStatusCodeEnum,
    TargetGroupStickinessConfig, TargetGroupTuple,
};

use crate::error::Result;
use crate::input::Input;
use crate::resource::{
    Accept, Action, AlpnPolicy, FixedResponse, Forward, Listener, ListenerOutputs, ListenerProtocol, Observed,
    Operation, Redirect, Tags, Tls, WeightedGroup,
};

use super::call::{NotYet, gone_is_fine, pages_or_none};
use super::convert::more;
use super::tags::{change_elb, elb, read_elb};
use super::{Cx, Operate, id, known, required};

/// A certificate that was just issued may not be known everywhere yet (R13).
const CERTIFICATE: &[NotYet] = &[NotYet::code("CertificateNotFound").for_minutes(5)];

/// The parts of a listener that both calls take.
struct Parts {
    certificates: Option<Vec<Certificate>>,
    policy: Option<String>,
    alpn: Option<Vec<String>>,
    actions: Vec<ElbAction>,
}

impl Listener {
    fn parts(&self) -> Result<Parts> {
        let tls = self.accept.tls.as_ref();
        let certificate = tls.map(|tls| known(&tls.certificate)).transpose()?;
        Ok(Parts {
            certificates: certificate.map(|arn| vec![Certificate::builder().certificate_arn(arn.as_str()).build()]),
            policy: tls.and_then(|tls| tls.policy.clone()),
            alpn: tls.and_then(|tls| tls.alpn).map(|alpn| vec![alpn.as_str().to_owned()]),
            actions: actions(&self.action)?,
        })
    }
}

impl Operate for Listener {
    async fn create(&self, cx: &Cx<'_>) -> Result<ListenerOutputs> {
        let client = &cx.aws.elbv2;
        let balancer = known(&self.load_balancer)?;
        let parts = self.parts()?;
        let output = cx
            .write_when(Operation::CreateListener, CERTIFICATE, || {
                client
                    .create_listener()
                    .load_balancer_arn(balancer.as_str())
                    .protocol(ProtocolEnum::from(self.accept.protocol.as_str()))
                    .port(i32::from(self.accept.port))
                    .set_certificates(parts.certificates.clone())
                    .set_ssl_policy(parts.policy.clone())
                    .set_alpn_policy(parts.alpn.clone())
                    .set_default_actions(Some(parts.actions.clone()))
                    .set_tags(Some(elb(&self.tags)))
                    .send()
            })
            .await?;
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
        let present = observed.map(|observed| observed.certificates.clone()).unwrap_or_default();
        let certificates = |list: Vec<Input<crate::CertificateArn>>| -> Result<Vec<Certificate>> {
            list.iter().map(|arn| Ok(Certificate::builder().certificate_arn(known(arn)?.as_str()).build())).collect()
        };
        match operation {
            Operation::ModifyListener => {
                let parts = self.parts()?;
                let encrypted = self.accept.tls.is_some();
                let policy = parts.policy.or_else(|| encrypted.then(|| "ELBSecurityPolicy-2016-08".to_owned()));
                let alpn = parts
                    .alpn
                    .or_else(|| (self.accept.protocol == ListenerProtocol::Tls).then(|| vec!["None".to_owned()]));
                cx.write_when(operation, CERTIFICATE, || {
                    client
                        .modify_listener()
                        .listener_arn(arn)
                        .protocol(ProtocolEnum::from(self.accept.protocol.as_str()))
                        .port(i32::from(self.accept.port))
                        .set_certificates(parts.certificates.clone())
                        .set_ssl_policy(policy.clone())
                        .set_alpn_policy(alpn.clone())
                        .set_default_actions(Some(parts.actions.clone()))
                        .send()
                })
                .await?;
            }
            Operation::AddListenerCertificates => {
                for certificate in certificates(more(&self.certificates, &present))? {
                    cx.write_when(operation, CERTIFICATE, || {
                        client.add_listener_certificates().listener_arn(arn).certificates(certificate.clone()).send()
                    })
                    .await?;
                }
            }
            Operation::RemoveListenerCertificates => {
                for certificate in certificates(more(&present, &self.certificates))? {
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

pub(super) fn actions(action: &Action) -> Result<Vec<ElbAction>> {
    let builder = ElbAction::builder();
    let built = match action {
        Action::Forward(forward) => {
            let mut groups = Vec::with_capacity(forward.groups.len());
            for group in &forward.groups {
                groups.push(
                    TargetGroupTuple::builder()
                        .target_group_arn(known(&group.group)?.as_str())
                        .set_weight(group.weight.map(i32::from))
                        .build(),
                );
            }
            match (forward.groups.as_slice(), forward.stickiness) {
                ([only], None) => {
                    builder.r#type(ActionTypeEnum::Forward).target_group_arn(known(&only.group)?.as_str()).build()
                }
                (_, stickiness) => {
                    let sticky = stickiness.map(|duration| {
                        TargetGroupStickinessConfig::builder()
                            .enabled(true)
                            .duration_seconds(super::convert::count(duration))
                            .build()
                    });
                    let config = ForwardActionConfig::builder()
                        .set_target_groups(Some(groups))
                        .set_target_group_stickiness_config(sticky)
                        .build();
                    builder.r#type(ActionTypeEnum::Forward).forward_config(config).build()
                }
            }
        }
        Action::Redirect(redirect) => {
            let status = if redirect.temporary {
                RedirectActionStatusCodeEnum::Http302
            } else {
                RedirectActionStatusCodeEnum::Http301
            };
            let config = RedirectActionConfig::builder()
                .set_protocol(redirect.protocol.clone())
                .set_host(redirect.host.clone())
                .set_port(redirect.port.clone())
                .set_path(redirect.path.clone())
                .set_query(redirect.query.clone())
                .status_code(status)
                .build();
            builder.r#type(ActionTypeEnum::Redirect).redirect_config(config).build()
        }
        Action::FixedResponse(response) => {
            let config = FixedResponseActionConfig::builder()
                .status_code(response.status.to_string())
                .set_content_type(response.content_type.clone())
                .set_message_body(response.body.clone())
                .build();
            builder.r#type(ActionTypeEnum::FixedResponse).fixed_response_config(config).build()
        }
    };
    Ok(vec![built])
}

/// The last action, which is the one that answers; `None` for one that this crate has no word for.
pub(super) fn parse_action(actions: &[ElbAction]) -> Option<Action> {
    let action = actions.iter().max_by_key(|action| action.order().unwrap_or(0))?;
    match action.r#type()? {
        ActionTypeEnum::Forward => {
            let config = action.forward_config();
            let mut groups: Vec<WeightedGroup> = config
                .map(ForwardActionConfig::target_groups)
                .unwrap_or_default()
                .iter()
                .filter_map(|group| {
                    Some(WeightedGroup {
                        group: Input::known(group.target_group_arn()?.parse().ok()?),
                        weight: group.weight().and_then(|weight| u16::try_from(weight).ok()),
                    })
                })
                .collect();
            if groups.is_empty() {
                groups.push(WeightedGroup {
                    group: Input::known(action.target_group_arn()?.parse().ok()?),
                    weight: None,
                });
            }
            let stickiness = config
                .and_then(|config| config.target_group_stickiness_config())
                .filter(|sticky| sticky.enabled() == Some(true))
                .and_then(|sticky| u32::try_from(sticky.duration_seconds()?).ok());
            Some(Action::Forward(Forward { groups, stickiness }))
        }
        ActionTypeEnum::Redirect => {
            let config = action.redirect_config()?;
            let text = |part: Option<&str>| part.map(ToOwned::to_owned);
            Some(Action::Redirect(Redirect {
                protocol: text(config.protocol()),
                host: text(config.host()),
                port: text(config.port()),
                path: text(config.path()),
                query: text(config.query()),
                temporary: config.status_code() == Some(&RedirectActionStatusCodeEnum::Http302),
            }))
        }
        ActionTypeEnum::FixedResponse => {
            let config = action.fixed_response_config()?;
            Some(Action::FixedResponse(FixedResponse {
                status: config.status_code()?.parse().ok()?,
                content_type: config.content_type().map(ToOwned::to_owned),
                body: config.message_body().map(ToOwned::to_owned),
            }))
        }
        _ => None,
    }
}

fn parse(
    listener: &ElbListener,
    certificates: Vec<Input<crate::CertificateArn>>,
    tags: Tags,
) -> Result<Option<Observed<Listener>>> {
    let protocol = listener.protocol().and_then(|protocol| ListenerProtocol::from_word(protocol.as_str()));
    let (Some(protocol), Some(action)) = (protocol, parse_action(listener.default_actions())) else { return Ok(None) };
    let certificate = listener.certificates().first().and_then(|certificate| certificate.certificate_arn());
    let tls = match (protocol, certificate) {
        (ListenerProtocol::Https | ListenerProtocol::Tls, Some(certificate)) => Some(Tls {
            certificate: Input::known(id(Some(certificate), "a certificate ARN")?),
            policy: listener.ssl_policy().map(ToOwned::to_owned),
            alpn: listener.alpn_policy().first().and_then(|alpn| AlpnPolicy::from_word(alpn)),
        }),
        _ => None,
    };
    Ok(Some(Observed {
        outputs: ListenerOutputs { arn: id(listener.listener_arn(), "a listener ARN")? },
        owner: tags.owner(),
        name: None,
        spec: Listener {
            load_balancer: Input::known(id(listener.load_balancer_arn(), "a load balancer ARN")?),
            accept: Accept {
                protocol,
                port: listener.port().and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
                tls,
            },
            action,
            certificates,
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
    let (mut tags, certificates) = tokio::try_join!(read_elb(cx, &arns), read_certificates(cx, &listeners))?;
    let mut observed = Vec::with_capacity(listeners.len());
    for (listener, certificates) in listeners.iter().zip(certificates) {
        let tags = tags.remove(listener.listener_arn().unwrap_or_default()).unwrap_or_default();
        observed.extend(parse(listener, certificates, tags)?);
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
        let output = cx
            .read("DescribeListenerCertificates", || client.describe_listener_certificates().listener_arn(arn).send())
            .await?;
        output
            .certificates()
            .iter()
            .filter(|certificate| certificate.is_default() != Some(true))
            .map(|certificate| Ok(Input::known(id(certificate.certificate_arn(), "a certificate ARN")?)))
            .collect::<Result<Vec<_>>>()
    });
    futures_util::future::try_join_all(reads).await
}
