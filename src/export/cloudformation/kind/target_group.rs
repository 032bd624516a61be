//! `AWS::ElasticLoadBalancingV2::TargetGroup`.

use crate::resource::{AnyResource, TargetGroup, Targets};
use crate::value::Value;

use super::super::draft::Entry;
use super::super::shape::TAGS;
use super::{Export, Output, Reference, Row, by, output, shaped, to};

impl Export for TargetGroup {
    const ROWS: &'static [Row<Self>] = &[
        to("name", "Name"),
        to("vpc", "VpcId"),
        to("protocol", "Protocol"),
        to("port", "Port"),
        to("protocol_version", "ProtocolVersion"),
        to("target_type", "TargetType"),
        to("ip_address_type", "IpAddressType"),
        to("target_control_port", "TargetControlPort"),
        to("health_check.enabled", "HealthCheckEnabled"),
        to("health_check.protocol", "HealthCheckProtocol"),
        to("health_check.port", "HealthCheckPort"),
        to("health_check.path", "HealthCheckPath"),
        to("health_check.interval", "HealthCheckIntervalSeconds"),
        to("health_check.timeout", "HealthCheckTimeoutSeconds"),
        to("health_check.healthy_threshold", "HealthyThresholdCount"),
        to("health_check.unhealthy_threshold", "UnhealthyThresholdCount"),
        to("health_check.success_codes", "Matcher.HttpCode"),
        to("health_check.grpc_codes", "Matcher.GrpcCode"),
        shaped("attributes", "TargetGroupAttributes", TAGS),
        shaped("tags", "Tags", TAGS),
        by("targets", targets),
    ];

    fn type_name(&self) -> Option<&'static str> {
        Some("AWS::ElasticLoadBalancingV2::TargetGroup")
    }

    fn outputs(&self) -> &'static [Output] {
        const OUTPUTS: &[Output] = &[output("arn", Reference::Ref, "ARN")];
        OUTPUTS
    }
}

fn targets(group: &TargetGroup, entry: &mut Entry<'_, '_>) {
    let all = match &group.targets {
        Targets::Hosts(hosts) => hosts
            .iter()
            .map(|host| {
                Value::map([
                    ("Id", Value::Text(host.id.to_string())),
                    ("Port", Value::of(&host.port)),
                    ("AvailabilityZone", Value::of(&host.zone)),
                    ("QuicServerId", Value::of(&host.quic_server_id)),
                ])
            })
            .collect(),
        Targets::LoadBalancer(balancer) => {
            let balancer = Value::of(balancer);
            // AWS takes a load balancer once it listens on the port of the group.
            for (node, resource) in entry.draft.declared() {
                if matches!(resource, AnyResource::Listener(_)) && resource.parent() == balancer {
                    entry.depends_on(node);
                }
            }
            vec![Value::map([("Id", balancer)])]
        }
        Targets::Function(arn) => vec![Value::map([("Id", Value::of(arn))])],
    };
    entry.set("Targets", Value::List(all).unless_empty());
}
