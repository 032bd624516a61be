//! Lookups as parameters of a template.

use crate::lookup::{AnyLookup, By, SubnetsBy};
use crate::stack::Address;

use super::template::Parameter;

/// The parameter that stands for what a lookup finds. What is declared by id is its default.
pub(super) fn parameter(name: String, address: &Address, lookup: &AnyLookup) -> Parameter {
    let (type_name, what, by) = match lookup {
        AnyLookup::Vpc(vpc) => ("AWS::EC2::VPC::Id", "The id of the VPC", Found::one(&vpc.by)),
        AnyLookup::Subnets(subnets) => ("List<AWS::EC2::Subnet::Id>", "The ids of the subnets", Found::of(&subnets.by)),
        AnyLookup::Image(image) => ("AWS::EC2::Image::Id", "The id of the image", Found::one(&image.by)),
        AnyLookup::ExistingSecurityGroup(group) => {
            ("AWS::EC2::SecurityGroup::Id", "The id of the security group", Found::one(&group.by))
        }
        // CloudFormation has no type of its own for these.
        AnyLookup::ExistingTargetGroup(group) => ("String", "The ARN of the target group", Found::one(&group.by)),
    };
    let description = format!("{what} {}: {address}", by.words);
    Parameter { name, type_name, description, default: by.id, no_echo: false }
}

/// How something is found: in words, and its id if it is found by that.
struct Found {
    words: String,
    id: Option<String>,
}

impl Found {
    fn one(by: &By) -> Self {
        let id = match by {
            By::Id(id) => Some(id.clone()),
            By::Name(_) | By::Tag(..) => None,
        };
        Self { words: by.to_string(), id }
    }

    fn of(by: &SubnetsBy) -> Self {
        match by {
            SubnetsBy::Tag(key, value) => Self { words: By::Tag(key.clone(), value.clone()).to_string(), id: None },
            SubnetsBy::Each(all) => {
                let all: Vec<_> = all.iter().map(Self::one).collect();
                let words: Vec<_> = all.iter().map(|each| each.words.as_str()).collect();
                let ids: Option<Vec<_>> = all.iter().map(|each| each.id.as_deref()).collect();
                Self { words: words.join(", "), id: ids.map(|ids| ids.join(",")) }
            }
        }
    }
}
