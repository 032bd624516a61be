//! Endpoint services: what lets others reach load balancers over PrivateLink.

use aws_sdk_ec2::operation::describe_vpc_endpoint_service_configurations::{
    DescribeVpcEndpointServiceConfigurationsInput, DescribeVpcEndpointServiceConfigurationsOutput,
};
use aws_sdk_ec2::types as sdk;

use super::filter::{Field, Filtered};
use super::page::{self, page};
use super::resource::{self, IdKind, Resource, conflict, listed};
use super::tags::{self, Tags};
use crate::sim::SimAws;
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// A service that a test has put there; clients cannot make any.
#[derive(Debug, Clone)]
pub(super) struct EndpointService {
    id: String,
    /// The load balancers behind it, by ARN.
    balancers: Vec<String>,
}

impl EndpointService {
    fn name(&self, world: &World) -> String {
        format!("com.amazonaws.vpce.{}.{}", world.region, self.id)
    }

    fn to_sdk(&self, world: &World) -> sdk::ServiceConfiguration {
        let (gateway, network): (Vec<_>, Vec<_>) =
            self.balancers.iter().cloned().partition(|arn| arn.contains(":loadbalancer/gwy/"));
        sdk::ServiceConfiguration::builder()
            .service_id(&self.id)
            .service_name(self.name(world))
            .service_state(sdk::ServiceState::Available)
            .acceptance_required(true)
            .set_network_load_balancer_arns(Some(network))
            .set_gateway_load_balancer_arns(Some(gateway))
            .set_tags(tags::to_sdk(self.tags(world)))
            .build()
    }
}

impl Filtered for EndpointService {
    const FIELDS: &'static [Field<Self>] = &[
        ("service-id", |_, service| vec![service.id.clone()]),
        ("service-name", |world, service| vec![service.name(world)]),
        ("service-state", |_, _| vec!["Available".to_owned()]),
    ];

    fn tags<'w>(&'w self, world: &'w World) -> &'w Tags {
        world.ec2.tags.of(&self.id)
    }
}

impl Resource for EndpointService {
    const KIND: IdKind = resource::ENDPOINT_SERVICE;

    fn shown(&self, _world: &World) -> bool {
        true
    }
}

pub(super) fn describe(
    world: &World,
    input: &DescribeVpcEndpointServiceConfigurationsInput,
) -> Result<DescribeVpcEndpointServiceConfigurationsOutput, ApiError> {
    if !input.service_ids().is_empty() && input.max_results.is_some() {
        return Err(conflict("The parameter serviceIds cannot be used with the parameter maxResults"));
    }
    let services = listed(world, &world.ec2.endpoint_services, input.service_ids.as_deref(), input.filters.as_deref())?;
    let (services, next_token) = page(services, input.max_results, input.next_token(), &page::USUAL)?;
    let services = services.into_iter().map(|service| service.to_sdk(world));
    Ok(DescribeVpcEndpointServiceConfigurationsOutput::builder()
        .set_service_configurations(Some(services.collect()))
        .set_next_token(next_token)
        .build())
}

/// The endpoint service in front of a load balancer.
pub(crate) fn endpoint_service_of<'w>(world: &'w World, balancer: &str) -> Option<&'w str> {
    let mut services = world.ec2.endpoint_services.values();
    services.find(|service| service.balancers.iter().any(|arn| arn == balancer)).map(|service| service.id.as_str())
}

impl SimAws {
    /// Adds an endpoint service (PrivateLink) that somebody else made in front of network or gateway
    /// load balancers, which cannot be deleted while it is there; returns its id.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use purlin::sim::SimAws;
    ///
    /// let sim = SimAws::new();
    /// let arn = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/net/Api/0123456789abcdef";
    /// let id = sim.add_endpoint_service([arn]);
    /// let services = sim.ec2().describe_vpc_endpoint_service_configurations().send().await?;
    /// assert_eq!(services.service_configurations()[0].service_id(), Some(id.as_str()));
    /// sim.remove_endpoint_service(&id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_endpoint_service<S: Into<String>>(&self, balancers: impl IntoIterator<Item = S>) -> String {
        let world = &mut *self.shared.lock();
        let id = world.new_id("vpce-svc");
        let service = EndpointService { id: id.clone(), balancers: balancers.into_iter().map(Into::into).collect() };
        world.ec2.endpoint_services.insert(id.clone(), service);
        id
    }

    /// Removes an endpoint service.
    pub fn remove_endpoint_service(&self, id: &str) {
        self.shared.lock().ec2.endpoint_services.remove(id);
    }
}
