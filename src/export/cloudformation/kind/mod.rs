//! What CloudFormation calls what purlin has: one table for each kind.

mod action;
mod auto_scaling_group;
mod instance_requirements;
mod launch_template;
mod listener;
mod listener_rule;
mod load_balancer;
mod metric;
mod notification;
mod scaling_policy;
mod scheduled_action;
mod security_group;
mod security_group_rule;
mod target_group;

use crate::resource::Describe;
use crate::resource::tags::PREFIX;
use crate::value::Value;

use super::draft::Entry;
use super::shape::Shape;

/// The ids of what cannot be expressed; the documentation of the module lists them.
pub(super) const NAME: &str = "C1";
pub(super) const NO_EGRESS: &str = "C2";
pub(super) const EVERYTHING_OUT: &str = "C3";
pub(super) const RULE_TAGS: &str = "C4";
pub(super) const GROUP_OF_OTHERS: &str = "C5";
pub(super) const NO_MEMBER: &str = "C6";
pub(super) const TOO_LONG: &str = "C7";
pub(super) const DEPENDS: &str = "C8";
pub(super) const NOT_OURS: &str = "C9";

/// A kind in CloudFormation's terms.
pub(super) trait Export: Describe {
    /// What becomes of each property, in the order of the property table; and of settings that are
    /// no properties.
    const ROWS: &'static [Row<Self>];

    /// The resource type; none for what is written into another resource.
    fn type_name(&self) -> Option<&'static str>;

    /// What a template can say of a resource that it makes, by purlin's names.
    fn outputs(&self) -> &'static [Output];
}

/// An output, CloudFormation's way to it, and what it is in words; nothing for what templates only
/// refer to.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) name: &'static str,
    pub(super) value: Reference,
    pub(super) what: &'static str,
}

pub(super) const fn output(name: &'static str, value: Reference, what: &'static str) -> Output {
    Output { name, value, what }
}

/// How a template refers to a resource.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reference {
    Ref,
    Attribute(&'static str),
}

impl Reference {
    pub(super) fn of(self, id: &str) -> Value {
        match self {
            Self::Ref => Value::map([("Ref", Value::of(id))]),
            Self::Attribute(name) => Value::map([("Fn::GetAtt", Value::List(vec![Value::of(id), Value::of(name)]))]),
        }
    }
}

/// How a template refers to an output of a resource.
pub(super) fn refer<R: Export>(resource: &R, name: &str) -> Reference {
    resource.outputs().iter().find(|output| output.name == name).map_or(Reference::Ref, |output| output.value)
}

/// What becomes of one property.
#[derive(Debug)]
pub(super) struct Row<R> {
    pub(super) path: &'static str,
    to: To<R>,
}

#[derive(Debug)]
enum To<R> {
    /// It sets a member; `filled` says that AWS takes it as a whole, with defaults for what is left
    /// out.
    Member { member: &'static str, shape: Shape, filled: bool },
    /// Code writes it.
    Code(fn(&R, &mut Entry<'_, '_>)),
    /// It is written together with another property, or nothing has to be written.
    Elsewhere,
    /// CloudFormation cannot express it, for this reason.
    Lost(&'static str, &'static str),
}

/// A property that is a member, as it is.
pub(super) const fn to<R>(path: &'static str, member: &'static str) -> Row<R> {
    shaped(path, member, Shape::Plain)
}

/// A property that is a member of another shape.
pub(super) const fn shaped<R>(path: &'static str, member: &'static str, shape: Shape) -> Row<R> {
    Row { path, to: To::Member { member, shape, filled: false } }
}

/// A property that is a member which AWS takes as a whole.
pub(super) const fn filled<R>(path: &'static str, member: &'static str, shape: Shape) -> Row<R> {
    Row { path, to: To::Member { member, shape, filled: true } }
}

/// A property that code writes.
pub(super) const fn by<R>(path: &'static str, write: fn(&R, &mut Entry<'_, '_>)) -> Row<R> {
    Row { path, to: To::Code(write) }
}

/// A property that another row writes, too, or that says nothing to CloudFormation.
pub(super) const fn elsewhere<R>(path: &'static str) -> Row<R> {
    Row { path, to: To::Elsewhere }
}

/// A property that CloudFormation cannot express unless it has AWS's default.
pub(super) const fn lost<R>(path: &'static str, id: &'static str, why: &'static str) -> Row<R> {
    Row { path, to: To::Lost(id, why) }
}

/// Why members are missing.
pub(super) const NO_MEMBER_WHY: &str = "CloudFormation has no member for it";

/// Tags without purlin's own: what CloudFormation makes is not purlin's.
pub(super) fn declared_tags(tags: Value) -> Value {
    match tags {
        Value::Map(mut entries) => {
            entries.retain(|key, _| !key.starts_with(PREFIX));
            Value::Map(entries).unless_empty()
        }
        other => other,
    }
}

/// Writes all properties of a resource.
pub(super) fn write<R: Export>(resource: &R, entry: &mut Entry<'_, '_>) {
    for row in R::ROWS {
        let property = R::PROPERTIES.iter().find(|property| property.path == row.path);
        let value = property.map_or(Value::Unset, |property| property.read(resource));
        let value = if row.path == "tags" { declared_tags(value) } else { value };
        match &row.to {
            To::Member { member, shape, filled } => {
                let default = property.map_or(Value::Unset, |property| property.default(resource));
                let value = if *filled && !value.is_unset() { value.or_defaults(&default) } else { value };
                let mut missing = Vec::new();
                let written = shape.write(&value, row.path, &mut |path, value| missing.push((path, value.clone())));
                entry.set(member, written);
                for (path, value) in missing {
                    entry.lose(NO_MEMBER, path, &value, NO_MEMBER_WHY);
                }
            }
            To::Code(write) => write(resource, entry),
            To::Elsewhere => {}
            To::Lost(id, why) => {
                let default = property.map_or(Value::Unset, |property| property.default(resource));
                if !value.is_unset() && value != default {
                    entry.lose(id, row.path, &value, *why);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table has a row for each property, in the same order, and besides only settings that are
    /// no properties.
    fn check<R: Export>() {
        let rows: Vec<_> = R::ROWS.iter().map(|row| row.path).collect();
        let properties: Vec<_> = R::PROPERTIES.iter().map(|property| property.path).collect();
        let (of_properties, settings): (Vec<&str>, Vec<&str>) =
            rows.iter().partition(|path| properties.contains(*path));
        assert_eq!(of_properties, properties, "{}", R::KIND);
        let settings: Vec<_> = settings.iter().map(|path| format!("{}.{path}", R::KIND)).collect();
        let known = [
            "AutoScalingGroup.pin_desired_capacity",
            "AutoScalingGroup.skip_zonal_shift_validation",
            "AutoScalingGroup.instance_refresh",
            "LaunchTemplate.keep_versions",
            "LaunchTemplate.auto_scaling_guidance",
        ];
        for setting in &settings {
            assert!(known.contains(&setting.as_str()), "{setting} is neither a property nor a known setting");
        }
    }

    macro_rules! check_all {
        ($($kind:ident, $outputs:ident;)+) => {
            $(check::<crate::resource::$kind>();)+
        };
    }

    #[test]
    fn every_property_has_its_row() {
        crate::resource::kinds!(check_all);
    }

    /// The table of all members of the API names the setting that each stands for: each of those is
    /// exported or said to be lost.
    #[test]
    fn every_setting_of_the_coverage_table_has_its_row() {
        let mut known: Vec<String> = Vec::new();
        macro_rules! collect {
            ($($kind:ident, $outputs:ident;)+) => {
                $(known.extend(<crate::resource::$kind as Export>::ROWS.iter().map(|row| format!("{}.{}", stringify!($kind), row.path)));)+
            };
        }
        crate::resource::kinds!(collect);
        let table = include_str!("../../../../tests/coverage.csv");
        let settings: std::collections::BTreeSet<_> = table
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').nth(3))
            .filter(|setting| !setting.is_empty())
            .collect();
        assert!(settings.len() > 300, "{}", settings.len());
        let missing: Vec<_> = settings
            .iter()
            .filter(|setting| {
                !known.iter().any(|row| {
                    **setting == row
                        || setting.strip_prefix(row.as_str()).is_some_and(|rest| rest.starts_with('.'))
                        || row.strip_prefix(**setting).is_some_and(|rest| rest.starts_with('.'))
                })
            })
            .collect();
        assert!(missing.is_empty(), "{missing:#?}");
    }
}
