//! Route tables: the main one of each VPC without a way out, and one for its public subnets.

use aws_sdk_ec2::operation::describe_route_tables::{DescribeRouteTablesInput, DescribeRouteTablesOutput};
use aws_sdk_ec2::types as sdk;

use super::filter::{Criteria, Field, Filtered};
use super::network::{Subnet, Vpc};
use super::page::{self, page};
use super::tags::Tags;
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// A route table. They are not kept: which there are follows from the subnets.
struct RouteTable {
    vpc: String,
    local: String,
    /// The subnets of a table for public subnets; `None` on a main table.
    public: Option<Vec<String>>,
}

/// An id that goes with that of a VPC: AWS counts these apart.
fn id(prefix: &str, vpc: &str, mark: char) -> String {
    let digits = vpc.strip_prefix("vpc-").unwrap_or(vpc);
    format!("{prefix}-{mark}{}", digits.get(1..).unwrap_or(digits))
}

impl RouteTable {
    fn id(&self) -> String {
        id("rtb", &self.vpc, if self.public.is_some() { '1' } else { '0' })
    }

    fn of(vpc: &Vpc, world: &World) -> Vec<Self> {
        let is_public = |subnet: &&Subnet| subnet.vpc == vpc.id && subnet.public;
        let public: Vec<String> =
            world.ec2.subnets.values().filter(is_public).map(|subnet| subnet.id.clone()).collect();
        let table = |public| Self { vpc: vpc.id.clone(), local: vpc.cidr.to_string(), public };
        let mut tables = vec![table(None)];
        if !public.is_empty() {
            tables.push(table(Some(public)));
        }
        tables
    }

    fn to_sdk(&self, world: &World) -> sdk::RouteTable {
        let route = |destination: &str, gateway: &str| {
            sdk::Route::builder()
                .destination_cidr_block(destination)
                .gateway_id(gateway)
                .state(sdk::RouteState::Active)
                .origin(if gateway == "local" {
                    sdk::RouteOrigin::CreateRouteTable
                } else {
                    sdk::RouteOrigin::CreateRoute
                })
                .build()
        };
        let association = |subnet: Option<&String>| {
            sdk::RouteTableAssociation::builder()
                .main(subnet.is_none())
                .route_table_id(self.id())
                .set_subnet_id(subnet.cloned())
                .build()
        };
        let table = sdk::RouteTable::builder()
            .route_table_id(self.id())
            .vpc_id(&self.vpc)
            .owner_id(&world.account)
            .routes(route(&self.local, "local"));
        match &self.public {
            None => table.associations(association(None)),
            Some(subnets) => table
                .routes(route("0.0.0.0/0", &id("igw", &self.vpc, '0')))
                .set_associations(Some(subnets.iter().map(|subnet| association(Some(subnet))).collect())),
        }
        .build()
    }
}

impl Filtered for RouteTable {
    const FIELDS: &'static [Field<Self>] = &[
        ("vpc-id", |_, table| vec![table.vpc.clone()]),
        ("route-table-id", |_, table| vec![table.id()]),
        ("association.main", |_, table| vec![table.public.is_none().to_string()]),
        ("association.subnet-id", |_, table| table.public.clone().unwrap_or_default()),
    ];
    const TAGGED: bool = false;

    fn tags<'w>(&'w self, world: &'w World) -> &'w Tags {
        world.ec2.tags.of(&self.vpc)
    }
}

pub(super) fn describe(world: &World, input: &DescribeRouteTablesInput) -> Result<DescribeRouteTablesOutput, ApiError> {
    let criteria = Criteria::<RouteTable>::new(input.filters.as_deref())?;
    let all: Vec<RouteTable> = world.ec2.vpcs.values().flat_map(|vpc| RouteTable::of(vpc, world)).collect();
    let ids = input.route_table_ids();
    if let Some(unknown) = ids.iter().find(|id| !all.iter().any(|table| table.id() == **id)) {
        return Err(ApiError::new(
            "InvalidRouteTableID.NotFound",
            format!("The routeTable ID '{unknown}' does not exist"),
        ));
    }
    let tables: Vec<_> = all
        .iter()
        .filter(|table| ids.is_empty() || ids.contains(&table.id()))
        .filter(|table| criteria.matches(world, table))
        .collect();
    let (tables, next_token) = page(tables, input.max_results, input.next_token(), &page::ROUTE_TABLES)?;
    let tables = tables.into_iter().map(|table| table.to_sdk(world)).collect();
    Ok(DescribeRouteTablesOutput::builder().set_route_tables(Some(tables)).set_next_token(next_token).build())
}
