//! What is launched and how it scales, and other declarations, in the few words of a picture.

use crate::lookup::{AnyLookup, Found};
use crate::resource::{
    AnyOutputs, AutoScalingGroup, Condition, GroupLaunch, InstanceChoice, InstanceSelection, LaunchTemplate, Protocol,
    Rule, Scaling, Schedule, ScheduledAction,
};
use crate::stack::Item;
use crate::value::Value;

use super::model::{Band, Instance};
use super::places;
use super::read::Reader;

pub(super) fn group(reader: &mut Reader<'_>, index: usize, group: &AutoScalingGroup) -> Band {
    let mut title = group.name.clone();
    if let Some(AnyOutputs::AutoScalingGroup(outputs)) = reader.outputs(index) {
        title = outputs.name.to_string();
    }
    let (least, most) = group.sizes;
    let start = group.desired_capacity.unwrap_or(least);
    let mut lines = vec![match group.pin_desired_capacity {
        true => format!("{start} instances, from {least} to {most} allowed"),
        false => format!("{least} to {most} instances, {start} at the start"),
    }];
    let mut instance_type = String::new();
    let mut security = Vec::new();
    for used in group.launch_template.templates() {
        let id = Value::of(&used.id);
        match reader.template(&id) {
            Some((index, template)) => {
                reader.templates_used.push(index);
                let groups = template.security_groups.iter().map(Value::of);
                let interfaces = template.network_interfaces.iter();
                let interfaces = interfaces.flat_map(|interface| interface.security_groups.iter().map(Value::of));
                let values: Vec<_> = groups.chain(interfaces).collect();
                for place in reader.security_list(values.into_iter()) {
                    if !security.contains(&place) {
                        security.push(place);
                    }
                }
                if instance_type.is_empty() {
                    instance_type = selection(template.instance_type.as_ref());
                }
                lines.push(format!("launches {}: {}", template.name, self::template(reader, template)));
            }
            None => {
                let version = Value::of(&used.version);
                let (id, version) = (id.as_text().unwrap_or("?"), version.as_text().unwrap_or("?"));
                lines.push(format!("launches template {id}, version {version}"));
            }
        }
    }
    if let GroupLaunch::Mixed(mixed) = &group.launch_template {
        let types = mixed.overrides.iter().map(|item| match &item.choice {
            InstanceChoice::Template => "as the template says".to_owned(),
            InstanceChoice::Type(name) => name.clone(),
            InstanceChoice::Requirements(_) => "any type that fits".to_owned(),
        });
        let types = types.collect::<Vec<_>>();
        if let Some(first) = types.first() {
            instance_type.clone_from(first);
            let more = types.len().saturating_sub(3);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            lines.push(format!("of {}{more}", types[..types.len().min(3)].join(", ")));
        }
        if let Some(distribution) = &mixed.distribution
            && distribution.segments.is_empty()
        {
            let base = distribution.on_demand_base.unwrap_or(0);
            let percent = distribution.on_demand_percentage.unwrap_or(100);
            lines.push(format!("On-Demand: {base} first, then {percent} %; the others are Spot"));
        }
    }
    let subnets = places::of(reader, &places::value_of(&group.subnets));
    let instances = spread(start, &subnets, &instance_type);
    Band { is_balancer: false, sort: "Auto Scaling group".to_owned(), title, lines, subnets, security, instances }
}

/// How many instances are shown at the start, spread over the subnets as AWS does.
fn spread(count: u32, subnets: &[usize], instance_type: &str) -> Vec<(usize, Instance)> {
    let of = |place: &usize| {
        let instance = Instance { title: "Instance".to_owned(), line: instance_type.to_owned() };
        (*place, instance)
    };
    subnets.iter().cycle().take(if subnets.is_empty() { 0 } else { count as usize }).map(of).collect()
}

/// The type and the image.
pub(super) fn template(reader: &Reader<'_>, template: &LaunchTemplate) -> String {
    let image = template.image.as_ref().map(|image| image_name(reader, &Value::of(image)));
    let parts = [Some(selection(template.instance_type.as_ref())).filter(|text| !text.is_empty()), image];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "type and image chosen elsewhere".to_owned() } else { parts.join(", ") }
}

fn image_name(reader: &Reader<'_>, image: &Value) -> String {
    if let Some((index, Item::Lookup(AnyLookup::Image(lookup)))) = reader.declared(image) {
        return match reader.outputs(index) {
            Some(AnyOutputs::Found(Found::Image(found))) => format!("{} ({})", found.name, found.id),
            _ => places::by_name(&lookup.by),
        };
    }
    let text = image.as_text().unwrap_or("?");
    text.strip_prefix("resolve:ssm:").unwrap_or(text).to_owned()
}

fn selection(selection: Option<&InstanceSelection>) -> String {
    match selection {
        Some(InstanceSelection::Type(name)) => name.clone(),
        Some(InstanceSelection::Requirements(_)) => "any type that fits".to_owned(),
        None => String::new(),
    }
}

pub(super) fn scaling(scaling: &Scaling) -> String {
    match scaling {
        Scaling::TargetTracking(tracking) => {
            format!("scales to keep {} at {}", tracking.metric.name(), tracking.target)
        }
        Scaling::Step(_) => "scales in steps, by alarms".to_owned(),
        Scaling::Simple(_) => "scales by an alarm".to_owned(),
        Scaling::Predictive(_) => "scales ahead of a forecast".to_owned(),
    }
}

pub(super) fn scheduled(action: &ScheduledAction) -> String {
    let sizes = [("from", action.min_size), ("to", action.max_size), ("at", action.desired_capacity)];
    let sizes = sizes.iter().filter_map(|(word, size)| size.map(|size| format!("{word} {size}")));
    let sizes = sizes.collect::<Vec<_>>().join(" ");
    let when = match &action.schedule {
        Schedule::Once(time) => time.to_string(),
        Schedule::Recurring(recurrence) => {
            format!("{} {}", recurrence.cron, recurrence.time_zone.as_deref().unwrap_or("UTC"))
        }
    };
    format!("scheduled: {sizes} instances, {when}")
}

pub(super) fn condition(condition: &Condition) -> String {
    let any = |values: &[String]| values.join(" or ");
    match condition {
        Condition::Host(values) | Condition::HostRegex(values) => format!("host {}", any(values)),
        Condition::Path(values) | Condition::PathRegex(values) => any(values),
        // What a header has to hold may be a secret between the balancer and what is before it.
        Condition::Header { name, .. } | Condition::HeaderRegex { name, .. } => format!("header {name}"),
        Condition::Method(values) => any(values),
        Condition::Query(pairs) => {
            let keys: Vec<_> = pairs.iter().filter_map(|(key, _)| key.as_deref()).collect();
            format!("query {}", keys.join(" or ")).trim_end().to_owned()
        }
        Condition::SourceIp(values) => format!("from {}", any(values)),
        Condition::SourceAddressType(kind) => format!("from {kind}"),
    }
}

/// The protocol and ports of a rule.
pub(super) fn traffic(rule: &Rule) -> String {
    let value = Value::of(rule);
    let part = |key: &str| {
        let found = value.entries().find(|(name, _)| *name == key);
        found.and_then(|(_, value)| value.as_text()).unwrap_or_default().to_owned()
    };
    let protocol = match rule.protocol {
        Protocol::All => "all traffic".to_owned(),
        Protocol::Number(number) => format!("protocol {number}"),
        Protocol::Icmpv6 => "ICMPv6".to_owned(),
        _ => part("protocol").to_uppercase(),
    };
    format!("{protocol} {}", part("ports")).trim_end().to_owned()
}
