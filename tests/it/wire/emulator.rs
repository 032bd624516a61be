//! A moto server of one test's own, on a loopback port that nobody else has.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aws_sdk_autoscaling as autoscaling;
use aws_sdk_ec2 as ec2;
use aws_sdk_elasticloadbalancingv2 as elbv2;
use ec2::config::interceptors::BeforeTransmitInterceptorContextMut;
use ec2::config::{ConfigBag, Intercept, RuntimeComponents};
use ec2::error::BoxError;
use ec2::types::{Filter, ResourceType, Tag, TagSpecification};

pub(super) const REGION: &str = "ap-northeast-2";

/// A running moto server; it ends with this value.
pub(super) struct Emulator {
    server: Child,
    url: String,
    recording: PathBuf,
    config: aws_config::SdkConfig,
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may be gone already, which is what is wanted.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Emulator {
    /// Starts a server; the name tells its files from those of other tests.
    pub(super) async fn start(name: &str) -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/moto/bin/moto_server");
        assert!(program.exists(), "there is no {}: run .ci/moto", program.display());
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wire");
        std::fs::create_dir_all(&directory).expect("a directory for logs");
        let log = directory.join(format!("{name}.log"));
        let recording = directory.join(format!("{name}.requests"));
        File::create(&recording).expect("an empty request log");
        let mut server = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", "0"])
            .env("MOTO_ENABLE_RECORDING", "true")
            .env("MOTO_RECORDER_FILEPATH", &recording)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a log file"))
            .spawn()
            .expect("moto_server starts");
        let url = address(&mut server, &log).await;
        let credentials =
            ec2::config::Credentials::builder().access_key_id("wire").secret_access_key("wire").provider_name("wire");
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new(REGION))
            .credentials_provider(credentials.build())
            .endpoint_url(&url)
            .load()
            .await;
        Self { server, url, recording, config }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn aws(&self) -> purlin::Aws {
        purlin::Aws::from_config(&self.config)
    }

    pub(super) fn ec2(&self) -> ec2::Client {
        ec2::Client::new(&self.config)
    }

    pub(super) fn elbv2(&self) -> elbv2::Client {
        elbv2::Client::new(&self.config)
    }

    pub(super) fn autoscaling(&self) -> autoscaling::Client {
        autoscaling::Client::new(&self.config)
    }

    /// The actions that the server has been asked for so far, by its own request log.
    pub(super) fn actions(&self) -> Vec<String> {
        let log = std::fs::read_to_string(&self.recording).expect("the request log");
        log.lines().map(action).collect()
    }

    /// The actions since the first `before` that change something.
    pub(super) fn writes_since(&self, before: usize) -> Vec<String> {
        self.actions().into_iter().skip(before).filter(|action| !action.starts_with("Describe")).collect()
    }

    /// Requests a certificate from AWS Certificate Manager; returns its ARN.
    pub(super) fn certificate(&self) -> String {
        // The account that moto takes requests for that name none.
        self.certificate_of("123456789012")
    }

    /// The same for one of the accounts. One request is not worth another SDK crate.
    pub(super) fn certificate_of(&self, account: &str) -> String {
        let host = self.url.strip_prefix("http://").expect("an HTTP address");
        let body = r#"{"DomainName": "www.example.com"}"#;
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nx-moto-account-id: {account}\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=wire/20260101/{REGION}/acm/aws4_request, SignedHeaders=host, Signature=0\r\n\
             Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: CertificateManager.RequestCertificate\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(host).expect("a connection");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (_, document) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
        let document: serde_json::Value =
            serde_json::from_str(document).unwrap_or_else(|error| panic!("{error}: {answer}"));
        document["CertificateArn"].as_str().expect("an ARN").to_owned()
    }

    pub(super) fn account_id(number: usize) -> String {
        format!("{number:012}")
    }

    /// Clients for one of the accounts that the server simulates side by side.
    pub(super) fn account(&self, number: usize) -> (ec2::Client, purlin::Aws) {
        let account = Account(Self::account_id(number));
        // The SDK crates share no trait for their configuration.
        macro_rules! client {
            ($sdk:ident) => {
                $sdk::Client::from_conf($sdk::config::Builder::from(&self.config).interceptor(account.clone()).build())
            };
        }
        let clients = (client!(ec2), client!(elbv2), client!(autoscaling));
        (clients.0.clone(), purlin::Aws::from_clients(clients.0, clients.1, clients.2))
    }

    /// Makes what the lab presupposes: the network and the machine image.
    pub(super) async fn given(&self) -> Given {
        Given::make(&self.ec2()).await
    }
}

/// Has moto take a request for one of this account.
#[derive(Debug, Clone)]
struct Account(String);

impl Intercept for Account {
    fn name(&self) -> &'static str {
        "Account"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        context.request_mut().headers_mut().insert("x-moto-account-id", self.0.clone());
        Ok(())
    }
}

impl Given {
    pub(super) async fn make(ec2: &ec2::Client) -> Self {
        let create = |name: &str, cidr: &str| {
            ec2.create_vpc().cidr_block(cidr).tag_specifications(named(ResourceType::Vpc, name)).send()
        };
        let vpc = create("VPC-Lab", "10.0.0.0/16").await.expect("a VPC");
        let vpc = vpc.vpc.and_then(|vpc| vpc.vpc_id).expect("a VPC id");
        let other = create("VPC-Other", "10.1.0.0/16").await.expect("another VPC");
        let other = other.vpc.and_then(|vpc| vpc.vpc_id).expect("a VPC id");
        for vpc in [&vpc, &other] {
            lead_out(ec2, vpc).await;
        }
        let mut subnets = Vec::new();
        for (number, (name, zone)) in
            [("Public subnet A", "a"), ("Public subnet C", "c"), ("Private subnet A", "a"), ("Private subnet C", "c")]
                .into_iter()
                .enumerate()
        {
            let subnet = ec2
                .create_subnet()
                .vpc_id(&vpc)
                .cidr_block(format!("10.0.{number}.0/24"))
                .availability_zone(format!("{REGION}{zone}"))
                .tag_specifications(named(ResourceType::Subnet, name))
                .send()
                .await
                .expect("a subnet");
            subnets.push(subnet.subnet.and_then(|subnet| subnet.subnet_id).expect("a subnet id"));
        }
        let image = ec2.register_image().name("Web Server v1").root_device_name("/dev/xvda").send().await;
        let image = image.expect("an image").image_id.expect("an image id");
        let [public_a, public_c, private_a, private_c] = subnets.try_into().expect("four subnets");
        Self { vpc, public: [public_a, public_c], private: [private_a, private_c], image }
    }
}

/// Leads the main route table of a VPC to the internet: public load balancers need it.
async fn lead_out(ec2: &ec2::Client, vpc: &str) {
    let gateway = ec2.create_internet_gateway().send().await.expect("a gateway");
    let gateway = gateway.internet_gateway.and_then(|gateway| gateway.internet_gateway_id).expect("a gateway id");
    ec2.attach_internet_gateway().internet_gateway_id(&gateway).vpc_id(vpc).send().await.expect("it is attached");
    let of_vpc = Filter::builder().name("vpc-id").values(vpc).build();
    let tables = ec2.describe_route_tables().filters(of_vpc).send().await.expect("the route tables");
    let main = tables.route_tables().first().and_then(|table| table.route_table_id()).expect("the main route table");
    let route = ec2.create_route().route_table_id(main).destination_cidr_block("0.0.0.0/0").gateway_id(gateway);
    route.send().await.expect("a route");
}

/// What the lab presupposes.
pub(super) struct Given {
    pub(super) vpc: String,
    pub(super) public: [String; 2],
    pub(super) private: [String; 2],
    pub(super) image: String,
}

fn named(kind: ResourceType, name: &str) -> TagSpecification {
    TagSpecification::builder().resource_type(kind).tags(Tag::builder().key("Name").value(name).build()).build()
}

/// The address that the server says it listens at, which it chooses itself.
async fn address(server: &mut Child, log: &Path) -> String {
    let began = tokio::time::Instant::now();
    loop {
        let text = std::fs::read_to_string(log).expect("the server's log");
        if let Some(url) = text.lines().find_map(|line| line.trim().strip_prefix("* Running on ")) {
            return url.to_owned();
        }
        let ended = server.try_wait().expect("the state of the server");
        assert!(ended.is_none() && began.elapsed() < Duration::from_secs(120), "moto does not start:\n{text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The action of one line of the request log: a JSON object with the form that was sent, in Base64.
fn action(line: &str) -> String {
    let request: serde_json::Value = serde_json::from_str(line).expect("a recorded request");
    let body = request["body"].as_str().expect("a body");
    let body = if request["body_encoded"] == true {
        let bytes = aws_smithy_types::base64::decode(body).expect("Base64");
        String::from_utf8(bytes).expect("a form")
    } else {
        body.to_owned()
    };
    let action = body.split('&').find_map(|field| field.strip_prefix("Action="));
    // A certificate is requested by another protocol.
    action.unwrap_or("RequestCertificate").to_owned()
}
