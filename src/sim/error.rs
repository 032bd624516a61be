//! How the simulated AWS refuses: a code and a message, sent as the XML that AWS sends.

use aws_smithy_mocks::MockResponse;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

/// A refusal by the simulated AWS, with AWS's error code and message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) status: u16,
}

impl ApiError {
    /// A client error (HTTP 400): what AWS answers to nearly every refused request.
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status: 400 }
    }

    /// A `ValidationError`, the code under which Auto Scaling and Elastic Load Balancing report
    /// most bad requests.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationError", message)
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The error as the service would send it. EC2 and the query-protocol services nest the
    /// same three facts differently.
    pub(crate) fn response<O, E>(&self, service: Service, request_id: &str) -> MockResponse<O, E> {
        let (code, message) = (escape(&self.code), escape(&self.message));
        let body = match service {
            Service::Ec2 => format!(
                "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
            ),
            Service::ElasticLoadBalancing | Service::AutoScaling => format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
            ),
        };
        let status = StatusCode::try_from(self.status)
            .unwrap_or_else(|_| unreachable!("fault statuses are checked when they are made"));
        let mut response = HttpResponse::new(status, SdkBody::from(body));
        response.headers_mut().insert("x-amzn-requestid", request_id.to_owned());
        MockResponse::Http(response)
    }
}

/// The services that the simulated AWS answers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Service {
    /// Amazon EC2.
    Ec2,
    /// Elastic Load Balancing (version 2).
    ElasticLoadBalancing,
    /// Amazon EC2 Auto Scaling.
    AutoScaling,
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
