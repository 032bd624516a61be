//! Real SDK clients whose calls end in the simulated world.

use std::time::Duration;

use aws_smithy_mocks::{MockResponseInterceptor, Rule, RuleMode, create_mock_http_client};
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::retry::RetryConfig;

use super::fault;
use super::world::{Shared, World};

/// What the SDK's runtime calls requests that are not signed.
const NO_AUTH_SCHEME_ID: AuthSchemeId = AuthSchemeId::new("noAuth");

/// The SDK crates share no trait for their configuration, so a macro writes the same three
/// constructors.
macro_rules! client {
    ($name:ident, $sdk:ident, $rules:path) => {
        pub(crate) fn $name(shared: &Shared) -> $sdk::Client {
            let config = $sdk::Config::builder()
                .behavior_version($sdk::config::BehaviorVersion::latest())
                // Nobody looks at signatures here, and they take a good part of a call.
                .allow_no_auth()
                .auth_scheme_preference([NO_AUTH_SCHEME_ID])
                // Working out the address of a service takes its time, too.
                .endpoint_url("https://simulated")
                .region($sdk::config::Region::new(shared.lock().region.clone()))
                .http_client(SharedHttpClient::new(DelayedClient {
                    inner: create_mock_http_client(),
                    shared: shared.clone(),
                }))
                // A computed mock rule cannot be asked twice for one request, and the engine
                // retries by itself.
                .retry_config(RetryConfig::disabled())
                .interceptor(interceptor($rules(shared)));
            $sdk::Client::from_conf(config.build())
        }
    };
}

client!(ec2, aws_sdk_ec2, super::ec2::rules);
client!(elbv2, aws_sdk_elasticloadbalancingv2, super::elbv2::rules);
client!(autoscaling, aws_sdk_autoscaling, super::autoscaling::rules);

fn interceptor(rules: Vec<Rule>) -> MockResponseInterceptor {
    rules.iter().fold(MockResponseInterceptor::new().rule_mode(RuleMode::MatchAny), |all, rule| all.with_rule(rule))
}

/// Turns handlers `fn(&mut World, &Input) -> Result<Output, ApiError>` into mock rules.
macro_rules! rules {
    ($shared:expr, $service:ident, $client:ident: $($method:ident => $operation:literal, $handler:path;)+) => {
        vec![$({
            let shared = $shared.clone();
            aws_smithy_mocks::mock!($client::$method).then_compute_response(move |input| {
                shared.respond($crate::sim::Service::$service, $operation, input, |world| $handler(world, input))
            })
        }),+]
    };
}
pub(crate) use rules;

/// Makes an answer take as long as the world says; the mock interceptor has worked it out when
/// the request was made.
#[derive(Debug, Clone)]
struct DelayedClient {
    inner: SharedHttpClient,
    shared: Shared,
}

impl HttpClient for DelayedClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(DelayedConnector {
            inner: self.inner.http_connector(settings, components),
            shared: self.shared.clone(),
        })
    }
}

#[derive(Debug)]
struct DelayedConnector {
    inner: SharedHttpConnector,
    shared: Shared,
}

impl HttpConnector for DelayedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let latency = self.latency(&request);
        let crashed = *self.shared.crashed().borrow();
        let inner = self.inner.clone();
        let in_flight = self.shared.depart();
        HttpConnectorFuture::new(async move {
            let _in_flight = in_flight;
            if crashed {
                // The process that asked is gone; nobody receives this answer.
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(latency).await;
            inner.call(request).await
        })
    }
}

impl DelayedConnector {
    /// All three services speak query protocols: the operation stands in the body.
    fn latency(&self, request: &HttpRequest) -> Duration {
        let body = request.body().bytes().unwrap_or_default();
        let operation = body.split(|byte| *byte == b'&').find_map(|field| field.strip_prefix(b"Action="));
        let operation = operation.and_then(|operation| std::str::from_utf8(operation).ok()).unwrap_or_default();
        let World { now, settings, faults, .. } = &mut *self.shared.lock();
        let is_read = operation.starts_with("Describe") || operation.starts_with("Get");
        let usual = if is_read { settings.read_latency } else { settings.write_latency };
        usual + fault::latency(faults, operation, *now)
    }
}
