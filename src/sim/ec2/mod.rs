//! Simulated Amazon EC2: networks, images, security groups, launch templates, instances.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::RequestLaunchTemplateData;
use aws_smithy_mocks::Rule;

use super::clients::rules;
use super::world::Shared;

mod association;
mod block_device;
mod endpoint_service;
mod filter;
mod given;
mod image;
mod instance;
mod instance_type;
mod interface;
mod launch;
mod launch_template;
mod network;
mod page;
mod permission;
mod reach;
mod resource;
mod route_table;
mod rule;
mod rule_change;
mod security_group;
mod tags;
mod template_data;
mod template_list;
mod template_response;
mod volume;

#[cfg(test)]
mod tests;

pub(crate) use association::group_serves;
pub(crate) use endpoint_service::endpoint_service_of;
pub use given::{SimImage, SimInstance};
pub(crate) use instance::{instance_facts, instance_running_at, instance_state, terminate_instance};
pub(crate) use interface::{create_service_interface, release_service_interface, set_interface_groups};
pub(crate) use launch::{launch_instance, unknown_profile};
pub(crate) use launch_template::resolve_template;
pub(crate) use network::{default_subnets, subnet_is_public, subnet_place, subnet_room};
pub(crate) use permission::launches;
pub(crate) use reach::reaches;
pub(crate) use security_group::default_group;

/// What the simulated EC2 holds, each kind by id; ids are counted, so the order is that of creation.
#[derive(Debug, Default)]
pub(crate) struct Ec2State {
    vpcs: BTreeMap<String, network::Vpc>,
    subnets: BTreeMap<String, network::Subnet>,
    /// Availability zones without capacity.
    full_zones: BTreeSet<String>,
    images: BTreeMap<String, image::Image>,
    groups: BTreeMap<String, security_group::Group>,
    rules: BTreeMap<String, rule::Rule>,
    associations: Vec<association::Association>,
    endpoint_services: BTreeMap<String, endpoint_service::EndpointService>,
    peerings: Vec<association::Peering>,
    /// Security groups of other accounts, which rules may refer to.
    foreign_groups: BTreeMap<String, association::ForeignGroup>,
    templates: BTreeMap<String, launch_template::Template>,
    template_tokens: BTreeMap<String, launch_template::TokenUse>,
    interfaces: BTreeMap<String, interface::Interface>,
    instances: BTreeMap<String, instance::Instance>,
    volumes: BTreeMap<String, volume::Volume>,
    tags: tags::TagStore,
}

pub(crate) fn rules(shared: &Shared) -> Vec<Rule> {
    rules![shared, Ec2, Client:
        describe_vpcs => "DescribeVpcs", network::describe_vpcs;
        describe_subnets => "DescribeSubnets", network::describe_subnets;
        describe_route_tables => "DescribeRouteTables", route_table::describe;
        describe_availability_zones => "DescribeAvailabilityZones", network::describe_zones;
        describe_images => "DescribeImages", image::describe;
        describe_instance_types => "DescribeInstanceTypes", instance_type::describe;
        create_security_group => "CreateSecurityGroup", security_group::create;
        delete_security_group => "DeleteSecurityGroup", security_group::delete;
        describe_security_groups => "DescribeSecurityGroups", security_group::describe;
        describe_security_group_references =>
            "DescribeSecurityGroupReferences", security_group::describe_references;
        describe_security_group_rules => "DescribeSecurityGroupRules", rule::describe;
        authorize_security_group_ingress => "AuthorizeSecurityGroupIngress", rule_change::authorize_ingress;
        authorize_security_group_egress => "AuthorizeSecurityGroupEgress", rule_change::authorize_egress;
        revoke_security_group_ingress => "RevokeSecurityGroupIngress", rule_change::revoke_ingress;
        revoke_security_group_egress => "RevokeSecurityGroupEgress", rule_change::revoke_egress;
        modify_security_group_rules => "ModifySecurityGroupRules", rule_change::modify;
        update_security_group_rule_descriptions_ingress =>
            "UpdateSecurityGroupRuleDescriptionsIngress", rule_change::describe_ingress;
        update_security_group_rule_descriptions_egress =>
            "UpdateSecurityGroupRuleDescriptionsEgress", rule_change::describe_egress;
        associate_security_group_vpc => "AssociateSecurityGroupVpc", association::associate;
        disassociate_security_group_vpc => "DisassociateSecurityGroupVpc", association::disassociate;
        describe_security_group_vpc_associations =>
            "DescribeSecurityGroupVpcAssociations", association::describe;
        create_tags => "CreateTags", tags::create;
        delete_tags => "DeleteTags", tags::delete;
        describe_tags => "DescribeTags", tags::describe;
        create_launch_template => "CreateLaunchTemplate", launch_template::create;
        create_launch_template_version => "CreateLaunchTemplateVersion", launch_template::create_version;
        modify_launch_template => "ModifyLaunchTemplate", launch_template::modify;
        delete_launch_template => "DeleteLaunchTemplate", launch_template::delete;
        delete_launch_template_versions => "DeleteLaunchTemplateVersions", launch_template::delete_versions;
        describe_launch_templates => "DescribeLaunchTemplates", template_list::describe;
        describe_launch_template_versions => "DescribeLaunchTemplateVersions", template_list::describe_versions;
        describe_instances => "DescribeInstances", instance::describe;
        terminate_instances => "TerminateInstances", instance::terminate;
        describe_volumes => "DescribeVolumes", volume::describe;
        describe_network_interfaces => "DescribeNetworkInterfaces", interface::describe;
        modify_network_interface_attribute => "ModifyNetworkInterfaceAttribute", interface::modify;
        describe_vpc_endpoint_service_configurations =>
            "DescribeVpcEndpointServiceConfigurations", endpoint_service::describe;
    ]
}

/// A network interface that a service (a load balancer) puts into a subnet.
#[derive(Debug, Clone)]
pub(crate) struct ServiceInterface {
    pub(crate) subnet: String,
    pub(crate) groups: Vec<String>,
    /// As AWS writes it: `ELB app/Web-ALB/50dc6c495c0c9188`.
    pub(crate) description: String,
    /// As AWS writes it: `amazon-elb`.
    pub(crate) requester: String,
}

/// How an Auto Scaling group names a template: by id or name, and a version (number, `$Latest`, `$Default`).
#[derive(Debug, Clone)]
pub(crate) struct TemplateRef {
    pub(crate) id_or_name: String,
    pub(crate) version: String,
}

/// A template version as it stands.
#[derive(Debug, Clone)]
pub(crate) struct ResolvedTemplate {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: i64,
    pub(crate) data: RequestLaunchTemplateData,
}

/// Where an instance stands at `world.now`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InstanceState {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
}

/// The subnet, availability zone, type and groups of an instance.
#[derive(Debug, Clone)]
pub(crate) struct InstanceFacts {
    pub(crate) subnet: String,
    pub(crate) zone: String,
    pub(crate) instance_type: String,
    pub(crate) groups: Vec<String>,
    /// Ports on which the image's software answers.
    pub(crate) serves: Vec<u16>,
}
