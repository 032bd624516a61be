//! Where things stand: zones and subnets, as far as they are known.

use std::collections::BTreeSet;

use crate::lookup::{AnyLookup, By, Found, Subnets, SubnetsBy};
use crate::resource::{AnyOutputs, AnyResource, GroupPlace, LoadBalancerKind, Scheme};
use crate::stack::Item;
use crate::value::Value;

use super::model::{Reach, Subnet, Zone};
use super::read::Reader;

/// A subnet before its zone has a place.
struct Place {
    /// What tells it from others.
    key: String,
    name: String,
    id: Option<String>,
    zone: Option<String>,
    internet: Option<bool>,
    /// How it is told apart from others of its list where the zone is not known.
    nth: usize,
}

/// What a lookup asked for, in words.
pub(super) fn by_name(by: &By) -> String {
    match by {
        By::Name(name) | By::Id(name) => name.clone(),
        By::Tag(key, value) => format!("{key} = {value}"),
    }
}

/// Reads all subnets that load balancers and groups are in, and gives them their zones.
pub(super) fn read(reader: &mut Reader<'_>) {
    let mut lists: Vec<Vec<Place>> = Vec::new();
    let mut facing: BTreeSet<String> = BTreeSet::new();
    for node in &reader.stack.nodes {
        let list = match &node.item {
            Item::Resource(AnyResource::LoadBalancer(balancer)) => {
                let list = list(reader, &Value::of(&balancer.subnets));
                if balancer.kind != LoadBalancerKind::Gateway && balancer.scheme != Some(Scheme::Internal) {
                    facing.extend(list.iter().map(|place| place.key.clone()));
                }
                list
            }
            Item::Resource(AnyResource::AutoScalingGroup(group)) => list(reader, &value_of(&group.subnets)),
            _ => continue,
        };
        lists.push(list);
    }
    let labels = labels(&lists);
    let zones: BTreeSet<&String> = lists.iter().flatten().filter_map(|place| place.zone.as_ref()).collect();
    reader.model.zones = zones.into_iter().map(|name| Zone { name: name.clone(), known: true }).collect();
    for place in lists.iter().flatten() {
        if reader.places.contains_key(&place.key) {
            continue;
        }
        let zone = match &place.zone {
            Some(name) => Zone { name: name.clone(), known: true },
            None => Zone { name: labels(place), known: false },
        };
        let zones = &mut reader.model.zones;
        let zone = zones.iter().position(|other| *other == zone).unwrap_or_else(|| {
            zones.push(zone);
            zones.len() - 1
        });
        let reach = match place.internet {
            Some(true) => Reach::Public,
            Some(false) => Reach::Private,
            // What faces the internet is refused anywhere else.
            None if facing.contains(&place.key) => Reach::Public,
            None => Reach::Named(named(&place.name)),
        };
        reader.places.insert(place.key.clone(), reader.model.subnets.len());
        let subnet = Subnet { name: place.name.clone(), id: place.id.clone(), zone, reach };
        reader.model.subnets.push(subnet);
    }
}

/// The subnets that a value says, by their places in the model.
pub(super) fn of(reader: &Reader<'_>, value: &Value) -> Vec<usize> {
    list(reader, value).iter().filter_map(|place| reader.places.get(&place.key).copied()).collect()
}

/// The place of a group as a value: that of its subnets, or the list of its zones.
pub(super) fn value_of(place: &GroupPlace) -> Value {
    match place {
        GroupPlace::Subnets(subnets) => Value::of(subnets),
        GroupPlace::Zones(zones) => {
            let names = if zones.by_id { &zones.ids } else { &zones.names };
            Value::Map([(ZONES.to_owned(), Value::of(names))].into())
        }
    }
}

const ZONES: &str = "zones";

fn list(reader: &Reader<'_>, value: &Value) -> Vec<Place> {
    let texts = |values: &[Value]| -> Vec<String> {
        values.iter().filter_map(|value| value.as_text().map(ToOwned::to_owned)).collect()
    };
    match value {
        Value::List(ids) => texts(ids).into_iter().enumerate().map(|(nth, id)| by_id(reader, id, nth)).collect(),
        Value::Map(entries) => {
            let Some(Value::List(zones)) = entries.get(ZONES) else { return Vec::new() };
            let default = |(nth, zone): (usize, String)| Place {
                key: format!("default of {zone}"),
                name: "Default subnet".to_owned(),
                id: None,
                zone: Some(zone),
                internet: None,
                nth,
            };
            texts(zones).into_iter().enumerate().map(default).collect()
        }
        _ => match reader.declared(value) {
            Some((index, Item::Lookup(AnyLookup::Subnets(subnets)))) => looked_up(reader, index, subnets),
            _ => Vec::new(),
        },
    }
}

fn by_id(reader: &Reader<'_>, id: String, nth: usize) -> Place {
    // A lookup may know more of it.
    for (index, node) in reader.stack.nodes.iter().enumerate() {
        let Item::Lookup(AnyLookup::Subnets(subnets)) = &node.item else { continue };
        let Some(found) = looked_up(reader, index, subnets).into_iter().find(|place| place.id.as_ref() == Some(&id))
        else {
            continue;
        };
        return found;
    }
    Place { key: id.clone(), name: "Subnet".to_owned(), id: Some(id), zone: None, internet: None, nth }
}

fn looked_up(reader: &Reader<'_>, index: usize, subnets: &Subnets) -> Vec<Place> {
    let asked = |nth: usize| match &subnets.by {
        SubnetsBy::Each(each) => match each.get(nth) {
            Some(By::Id(_)) | None => "Subnet".to_owned(),
            Some(by) => by_name(by),
        },
        SubnetsBy::Tag(key, value) => format!("{key} = {value}"),
    };
    if let Some(AnyOutputs::Found(Found::Subnets(found))) = reader.outputs(index) {
        let place = |(nth, id): (usize, &crate::id::SubnetId)| Place {
            key: id.to_string(),
            name: asked(nth),
            id: Some(id.to_string()),
            zone: found.zones.get(nth).cloned(),
            internet: found.internet.get(nth).copied(),
            nth,
        };
        return found.ids.iter().enumerate().map(place).collect();
    }
    let vpc = format!("{:?}", subnets.vpc.as_ref().map(Value::of));
    let place = |(nth, by): (usize, &By)| {
        let id = if let By::Id(id) = by { Some(id.clone()) } else { None };
        let key = id.clone().unwrap_or_else(|| format!("{by} {vpc}"));
        Place { key, name: asked(nth), id, zone: None, internet: None, nth }
    };
    match &subnets.by {
        SubnetsBy::Each(each) => each.iter().enumerate().map(place).collect(),
        SubnetsBy::Tag(key, value) => {
            let (key, name) = (format!("{key} = {value} {vpc}"), format!("All with {key} = {value}"));
            vec![Place { key, name, id: None, zone: None, internet: None, nth: 0 }]
        }
    }
}

/// How zones are told apart that are not known: by the last words of the names, where each list has
/// the same ones, else by the order.
fn labels(lists: &[Vec<Place>]) -> impl Fn(&Place) -> String {
    let unknown = |list: &&Vec<Place>| !list.is_empty() && list.iter().all(|place| place.zone.is_none());
    let words = |list: &Vec<Place>| list.iter().map(|place| last_word(&place.name)).collect::<BTreeSet<_>>();
    let sets: Vec<_> = lists.iter().filter(unknown).map(|list| (words(list), list.len())).collect();
    let all: BTreeSet<_> = sets.iter().flat_map(|(words, _)| words.iter().cloned()).collect();
    let by_word = sets.iter().all(|(words, count)| words.len() == *count)
        && sets.iter().any(|(words, count)| *words == all && *count > 1);
    move |place| if by_word { last_word(&place.name) } else { (place.nth + 1).to_string() }
}

fn last_word(name: &str) -> String {
    name.rsplit([' ', '-', '_', '/', '.']).next().unwrap_or(name).to_owned()
}

/// What a name says of the way to the internet.
fn named(name: &str) -> Option<bool> {
    let name = name.to_lowercase();
    match (name.contains("public"), name.contains("private")) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}
