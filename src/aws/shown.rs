//! Whether AWS shows what was made: descriptions follow later than creations, and tags later still.

use std::collections::HashSet;

use aws_sdk_ec2::types::Filter;

use crate::error::Result;
use crate::resource::AnyOutputs;
use crate::resource::tags::STACK;

use super::security_group::{filter, read as read_groups, read_rules};
use super::tags::read_elb;
use super::{Cx, launch_template};

/// The ids of those that the next plan of the stack would not find: it looks for them by the stack's
/// tag. One read for each kind of EC2's, and for each 20 resources of Elastic Load Balancing; what
/// belongs to Auto Scaling groups shows at once, and the groups themselves are waited for anyway.
pub(crate) async fn hidden<'a>(cx: &Cx<'_>, made: &[&'a AnyOutputs]) -> Result<Vec<&'a str>> {
    let (mut groups, mut rules, mut templates, mut arns) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for outputs in made {
        match outputs {
            AnyOutputs::SecurityGroup(_) => groups.push(outputs.id()),
            AnyOutputs::SecurityGroupRule(_) => rules.push(outputs.id()),
            AnyOutputs::LaunchTemplate(_) => templates.push(outputs.id()),
            AnyOutputs::LoadBalancer(_)
            | AnyOutputs::TargetGroup(_)
            | AnyOutputs::Listener(_)
            | AnyOutputs::ListenerRule(_) => arns.push(outputs.id()),
            _ => {}
        }
    }
    let tagged = || -> Filter { filter(&format!("tag:{STACK}"), [cx.stack]) };
    let of_groups = async {
        let found = if groups.is_empty() { Vec::new() } else { read_groups(cx, vec![tagged()]).await? };
        Ok::<_, crate::Error>(missing(&groups, found.into_iter().filter_map(|group| group.group_id)))
    };
    let of_rules = async {
        let found = if rules.is_empty() { Vec::new() } else { read_rules(cx, vec![tagged()]).await? };
        Ok(missing(&rules, found.into_iter().filter_map(|rule| rule.security_group_rule_id)))
    };
    let of_templates = async {
        let found = if templates.is_empty() { Vec::new() } else { launch_template::read(cx, tagged()).await? };
        Ok(missing(&templates, found.into_iter().filter_map(|template| template.launch_template_id)))
    };
    let balancing = balancing(cx, &arns);
    let (groups, rules, templates, arns) = tokio::try_join!(of_groups, of_rules, of_templates, balancing)?;
    Ok([groups, rules, templates, arns].concat())
}

fn missing<'a>(wanted: &[&'a str], found: impl Iterator<Item = String>) -> Vec<&'a str> {
    let found: HashSet<String> = found.collect();
    wanted.iter().copied().filter(|id| !found.contains(*id)).collect()
}

/// Tags are asked for by ARN, and refused for all together if one of them does not show.
async fn balancing<'a>(cx: &Cx<'_>, arns: &[&'a str]) -> Result<Vec<&'a str>> {
    if arns.is_empty() {
        return Ok(Vec::new());
    }
    let owned: Vec<String> = arns.iter().map(|arn| (*arn).to_owned()).collect();
    match read_elb(cx, &owned).await {
        Err(error) if error.is_not_found() => Ok(arns.to_vec()),
        other => {
            let tags = other?;
            let shows = |arn: &str| tags.get(arn).is_some_and(|tags| tags.get(STACK) == Some(cx.stack));
            Ok(arns.iter().copied().filter(|arn| !shows(arn)).collect())
        }
    }
}
