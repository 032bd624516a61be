//! Tests of the simulated EC2, through the real SDK client.

use std::fmt::Debug;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::types::{Filter, IpPermission, IpRange, Tag, TagSpecification, UserIdGroupPair};
use aws_sdk_ec2::types::{RequestLaunchTemplateData, ResourceType};

use super::{ResolvedTemplate, TemplateRef, launch_instance, resolve_template};
use crate::sim::SimAws;
use crate::sim::error::ApiError;

mod describe;
mod launch;
mod launch_template;
mod reach;
mod rule;
mod security_group;
mod tags;

const ZONE: &str = "ap-northeast-2a";

/// A VPC with one public subnet, and a client.
struct Lab {
    sim: SimAws,
    ec2: Client,
    vpc: String,
    subnet: String,
}

impl Lab {
    fn new() -> Self {
        let sim = SimAws::new();
        let vpc = sim.add_vpc("Lab-VPC", "10.0.0.0/16");
        let subnet = sim.add_public_subnet(&vpc, "Public-A", ZONE, "10.0.1.0/24");
        let ec2 = sim.ec2();
        Self { sim, ec2, vpc, subnet }
    }

    async fn group(&self, name: &str) -> String {
        let created = self.ec2.create_security_group().vpc_id(&self.vpc).group_name(name).description("test");
        created.send().await.unwrap().group_id.unwrap()
    }

    /// Lets `port` in from everywhere; returns the rule's id.
    async fn open(&self, group: &str, port: i32) -> String {
        let request = self.ec2.authorize_security_group_ingress().group_id(group);
        let rules = request.ip_permissions(from_everywhere(port)).send().await.unwrap();
        rules.security_group_rules.unwrap()[0].security_group_rule_id.clone().unwrap()
    }

    async fn template(&self, name: &str, data: RequestLaunchTemplateData) -> String {
        let created = self.ec2.create_launch_template().launch_template_name(name).launch_template_data(data);
        created.send().await.unwrap().launch_template.unwrap().launch_template_id.unwrap()
    }

    fn resolve(&self, template: &str, version: &str) -> Result<ResolvedTemplate, ApiError> {
        let reference = TemplateRef { id_or_name: template.to_owned(), version: version.to_owned() };
        resolve_template(&self.sim.shared.lock(), &reference)
    }

    fn launch(&self, template: &str, tags: &[(&str, &str)]) -> Result<String, ApiError> {
        let resolved = self.resolve(template, "$Default")?;
        let tags: Vec<_> = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        launch_instance(&mut self.sim.shared.lock(), &resolved, &self.subnet, &tags)
    }

    /// The error code of a launch with this data.
    async fn launch_refused(&self, data: RequestLaunchTemplateData) -> String {
        let id = self.template("refused", data).await;
        let error = self.launch(&id, &[]).unwrap_err();
        self.ec2.delete_launch_template().launch_template_id(id).send().await.unwrap();
        assert!(self.sim.instances().is_empty());
        error.code
    }
}

fn from_everywhere(port: i32) -> IpPermission {
    tcp(port).ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build()).build()
}

fn from_group(port: i32, group: &str) -> IpPermission {
    tcp(port).user_id_group_pairs(UserIdGroupPair::builder().group_id(group).build()).build()
}

fn tcp(port: i32) -> aws_sdk_ec2::types::builders::IpPermissionBuilder {
    IpPermission::builder().ip_protocol("tcp").from_port(port).to_port(port)
}

fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

fn tagged(resource_type: ResourceType, key: &str, value: &str) -> TagSpecification {
    TagSpecification::builder().resource_type(resource_type).tags(tag(key, value)).build()
}

/// The code of the error that a call must have ended in.
fn code<T: Debug, E>(result: Result<T, SdkError<E>>) -> String
where
    SdkError<E>: ProvideErrorMetadata,
{
    match result {
        Ok(output) => panic!("not refused: {output:?}"),
        Err(error) => error.code().expect("an error code").to_owned(),
    }
}

/// The message of the error that a call must have ended in.
fn message<T: Debug, E>(result: Result<T, SdkError<E>>) -> String
where
    SdkError<E>: ProvideErrorMetadata,
{
    match result {
        Ok(output) => panic!("not refused: {output:?}"),
        Err(error) => error.message().expect("an error message").to_owned(),
    }
}
