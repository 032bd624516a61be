//! What a listener needs, by type of balancer and protocol.

use aws_sdk_elasticloadbalancingv2::operation::create_listener::CreateListenerInput;
use aws_sdk_elasticloadbalancingv2::operation::modify_listener::ModifyListenerInput;
use aws_sdk_elasticloadbalancingv2::types as sdk;
use aws_sdk_elasticloadbalancingv2::types::ProtocolEnum as Protocol;

use super::catalog;
use super::certificate;
use super::check;
use super::model::{Balancer, Kind, ListenerSettings};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// What a request says about a listener.
pub(super) struct Request<'a> {
    port: Option<i32>,
    protocol: Option<&'a Protocol>,
    certificates: &'a [sdk::Certificate],
    ssl_policy: Option<&'a str>,
    alpn_policy: &'a [String],
    mutual_authentication: Option<&'a sdk::MutualAuthenticationAttributes>,
}

/// Both operations name the members alike and share no trait.
macro_rules! request {
    ($input:ident) => {
        impl<'a> From<&'a $input> for Request<'a> {
            fn from(input: &'a $input) -> Self {
                Self {
                    port: input.port(),
                    protocol: input.protocol(),
                    certificates: input.certificates(),
                    ssl_policy: input.ssl_policy(),
                    alpn_policy: input.alpn_policy(),
                    mutual_authentication: input.mutual_authentication(),
                }
            }
        }
    };
}

request!(CreateListenerInput);
request!(ModifyListenerInput);

pub(super) fn is_udp(protocol: &Protocol) -> bool {
    matches!(protocol, Protocol::Udp | Protocol::TcpUdp | Protocol::Quic | Protocol::TcpQuic)
}

impl Request<'_> {
    /// The settings that result; what the request leaves open is as it was, or has its default.
    pub(super) fn resolve(
        &self,
        world: &World,
        balancer: &Balancer,
        before: Option<&ListenerSettings>,
    ) -> Result<ListenerSettings, ApiError> {
        let (port, protocol) = self.entrance(balancer, before)?;
        let secure = matches!(protocol, Some(Protocol::Https | Protocol::Tls));
        let (certificate, ssl_policy) = if secure {
            let before = before.filter(|before| before.certificate.is_some());
            let certificate = match self.certificate(world)? {
                Some(certificate) => Some(certificate),
                None => before.and_then(|before| before.certificate.clone()),
            };
            if certificate.is_none() {
                return Err(ApiError::validation(format!(
                    "A certificate must be specified for {} listeners",
                    name(protocol.as_ref())
                )));
            }
            let policy = match self.ssl_policy {
                Some(policy) => catalog::checked_policy(policy, balancer.settings.kind)?,
                None => before.and_then(|before| before.ssl_policy.as_deref()).unwrap_or(catalog::DEFAULT_POLICY),
            };
            (certificate, Some(policy.to_owned()))
        } else {
            if !self.certificates.is_empty() {
                return Err(not_for(protocol.as_ref(), "A certificate"));
            }
            if self.ssl_policy.is_some() {
                return Err(not_for(protocol.as_ref(), "A security policy"));
            }
            (None, None)
        };
        Ok(ListenerSettings {
            alpn_policy: self.alpn(protocol.as_ref(), before)?,
            mutual_authentication: self.mutual(protocol.as_ref(), before)?,
            port,
            protocol,
            certificate,
            ssl_policy,
        })
    }

    /// The port and the protocol.
    fn entrance(
        &self,
        balancer: &Balancer,
        before: Option<&ListenerSettings>,
    ) -> Result<(Option<i32>, Option<Protocol>), ApiError> {
        let kind = balancer.settings.kind;
        if kind == Kind::Gateway {
            let what = if self.port.is_some() { "port" } else { "protocol" };
            if self.port.is_some() || self.protocol.is_some() {
                return Err(ApiError::validation(format!(
                    "A {what} cannot be specified for listeners of load balancers with type 'gateway'"
                )));
            }
            return Ok((None, None));
        }
        let missing = |what: &str| ApiError::validation(format!("A {what} must be specified"));
        let protocol =
            self.protocol.or(before.and_then(|before| before.protocol.as_ref())).ok_or_else(|| missing("protocol"))?;
        let port = self.port.or(before.and_then(|before| before.port)).ok_or_else(|| missing("port"))?;
        check::one_of("protocol", protocol.as_str(), Protocol::values())?;
        check::within("port", port, 1..=65535)?;
        if Kind::of(protocol) != kind {
            return Err(ApiError::new(
                "UnsupportedProtocol",
                format!(
                    "Protocol '{}' is not supported for listeners of load balancers with type '{}'",
                    protocol.as_str(),
                    kind.name()
                ),
            ));
        }
        Ok((Some(port), Some(protocol.clone())))
    }

    fn certificate(&self, world: &World) -> Result<Option<String>, ApiError> {
        match self.certificates {
            [] => Ok(None),
            [only] => certificate::checked(world, only).map(|arn| Some(arn.to_owned())),
            _ => Err(ApiError::validation("You must provide exactly one certificate as the default certificate")),
        }
    }

    fn alpn(&self, protocol: Option<&Protocol>, before: Option<&ListenerSettings>) -> Result<Option<String>, ApiError> {
        match self.alpn_policy {
            [] if protocol == Some(&Protocol::Tls) => Ok(before.and_then(|before| before.alpn_policy.clone())),
            [] => Ok(None),
            [_, _, ..] => Err(ApiError::validation("You can specify one ALPN policy name")),
            [_] if protocol != Some(&Protocol::Tls) => Err(not_for(protocol, "An ALPN policy")),
            [policy] if !catalog::ALPN_POLICIES.contains(&policy.as_str()) => {
                Err(ApiError::new("ALPNPolicyNotFound", format!("ALPN policy '{policy}' not found")))
            }
            // None is what a listener has that was made without one.
            [policy] => Ok((policy != "None").then(|| policy.clone())),
        }
    }

    fn mutual(
        &self,
        protocol: Option<&Protocol>,
        before: Option<&ListenerSettings>,
    ) -> Result<Option<sdk::MutualAuthenticationAttributes>, ApiError> {
        let https = protocol == Some(&Protocol::Https);
        match self.mutual_authentication {
            Some(_) if !https => Err(not_for(protocol, "Mutual authentication")),
            Some(requested) => checked_mutual(requested).map(Some),
            None if https => Ok(Some(
                before
                    .and_then(|before| before.mutual_authentication.clone())
                    .unwrap_or_else(|| sdk::MutualAuthenticationAttributes::builder().mode("off").build()),
            )),
            None => Ok(None),
        }
    }
}

fn name(protocol: Option<&Protocol>) -> &str {
    protocol.map_or("gateway", Protocol::as_str)
}

fn not_for(protocol: Option<&Protocol>, what: &str) -> ApiError {
    ApiError::validation(format!("{what} cannot be specified for {} listeners", name(protocol)))
}

fn checked_mutual(
    requested: &sdk::MutualAuthenticationAttributes,
) -> Result<sdk::MutualAuthenticationAttributes, ApiError> {
    let mode = requested.mode().unwrap_or("off");
    check::one_of("mutualAuthentication.mode", mode, &["off", "passthrough", "verify"])?;
    if mode != "verify" {
        let verifies = requested.trust_store_arn().is_some()
            || requested.ignore_client_certificate_expiry() == Some(true)
            || requested.advertise_trust_store_ca_names() == Some(&sdk::AdvertiseTrustStoreCaNamesEnum::On);
        if verifies {
            return Err(ApiError::validation(format!(
                "A trust store and its options cannot be specified with mutual authentication mode '{mode}'"
            )));
        }
        return Ok(sdk::MutualAuthenticationAttributes::builder().mode(mode).build());
    }
    let store = requested.trust_store_arn().ok_or_else(|| {
        ApiError::validation("A trust store ARN must be specified with mutual authentication mode 'verify'")
    })?;
    if !store.starts_with("arn:aws:elasticloadbalancing:") || !store.contains(":truststore/") {
        return Err(ApiError::validation(format!("'{store}' is not a valid trust store ARN")));
    }
    // Trust stores are not simulated: every one exists that does not say otherwise.
    if store.contains("missing") {
        return Err(ApiError::new("TrustStoreNotFound", format!("Trust store '{store}' not found")));
    }
    let advertise =
        requested.advertise_trust_store_ca_names().cloned().unwrap_or(sdk::AdvertiseTrustStoreCaNamesEnum::Off);
    check::one_of(
        "mutualAuthentication.advertiseTrustStoreCaNames",
        advertise.as_str(),
        sdk::AdvertiseTrustStoreCaNamesEnum::values(),
    )?;
    Ok(sdk::MutualAuthenticationAttributes::builder()
        .mode(mode)
        .trust_store_arn(store)
        .ignore_client_certificate_expiry(requested.ignore_client_certificate_expiry().unwrap_or(false))
        .trust_store_association_status(sdk::TrustStoreAssociationStatusEnum::Active)
        .advertise_trust_store_ca_names(advertise)
        .build())
}
