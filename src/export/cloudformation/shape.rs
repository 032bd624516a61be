//! How values of properties are written in templates: declared beside each property, as data.

use crate::value::Value;

/// How the value of a property is written.
#[derive(Debug)]
pub(super) enum Shape {
    /// As it is.
    Plain,
    /// As a text, though it is a number.
    Text,
    /// As one of two words: for yes, and for no.
    Words(&'static str, &'static str),
    /// A map whose entries are members.
    Record(&'static [Field]),
    /// A list of what has this shape.
    List(&'static Self),
    /// A map by names as a list of objects with a name and a value.
    Pairs(&'static str, &'static str),
    /// As worked out; members of it have no shapes of their own.
    By(fn(&Value) -> Value),
    /// CloudFormation has nothing for it.
    Lost,
}

/// An entry of a map: its name, the member that it sets, with dots between those inside each other,
/// and how.
#[derive(Debug)]
pub(super) struct Field(pub(super) &'static str, pub(super) &'static str, pub(super) Shape);

/// The tags of most resources.
pub(super) const TAGS: Shape = Shape::Pairs("Key", "Value");
pub(super) const ENABLED: Shape = Shape::Words("enabled", "disabled");
pub(super) const ON: Shape = Shape::Words("on", "off");

impl Shape {
    /// The value in this shape. What CloudFormation has nothing for is handed to `lost`, with where
    /// it is.
    pub(super) fn write(&self, value: &Value, path: &str, lost: &mut dyn FnMut(String, &Value)) -> Value {
        // What another resource will have is put in at the end.
        if matches!(value, Value::Unset | Value::Pending(_)) {
            return value.clone();
        }
        match (self, value) {
            (Self::Text, Value::Integer(number)) => Value::Text(number.to_string()),
            (Self::Plain | Self::Text, value) => value.clone(),
            (Self::Words(yes, no), Value::Bool(on)) => Value::of(if *on { *yes } else { *no }),
            (Self::Record(fields), Value::Map(entries)) => {
                let mut members = Value::Unset;
                for (name, value) in entries {
                    let path = format!("{path}.{name}");
                    match fields.iter().find(|Field(field, ..)| field == name) {
                        Some(Field(_, member, shape)) => put(&mut members, member, shape.write(value, &path, lost)),
                        None => lost(path, value),
                    }
                }
                members
            }
            (Self::List(shape), Value::List(values)) => {
                let values = values.iter().enumerate();
                Value::List(
                    values.map(|(index, value)| shape.write(value, &format!("{path}[{index}]"), lost)).collect(),
                )
            }
            (Self::Pairs(name, member), Value::Map(_)) => {
                Value::List(value.entries().map(|(key, value)| pair(name, key, member, value.clone())).collect())
            }
            (Self::By(write), value) => write(value),
            (_, value) => {
                lost(path.to_owned(), value);
                Value::Unset
            }
        }
    }
}

/// An object with a name and a value.
pub(super) fn pair(name: &str, key: &str, member: &str, value: Value) -> Value {
    Value::map([(name, Value::of(key)), (member, value)])
}

/// Sets a member, with dots between those inside each other; unset ones are not there.
pub(super) fn put(object: &mut Value, member: &str, value: Value) {
    if value.is_unset() {
        return;
    }
    if !matches!(object, Value::Map(_)) {
        *object = Value::map([]);
    }
    let Value::Map(entries) = object else { return };
    match member.split_once('.') {
        None => {
            entries.insert(member.to_owned(), value);
        }
        Some((first, rest)) => put(entries.entry(first.to_owned()).or_insert(Value::Unset), rest, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_go_where_the_dots_lead_and_what_has_no_place_is_named() {
        let shape = Shape::Record(&[
            Field("size", "Ebs.VolumeSize", Shape::Plain),
            Field("encrypted", "Ebs.Encrypted", Shape::Words("yes", "no")),
        ]);
        let value =
            Value::map([("size", Value::Integer(8)), ("encrypted", Value::Bool(true)), ("colour", Value::of("red"))]);
        let mut lost = Vec::new();
        let written = shape.write(&value, "device", &mut |path, value| lost.push(format!("{path} {value}")));
        let volume = Value::map([("VolumeSize", Value::Integer(8)), ("Encrypted", Value::of("yes"))]);
        assert_eq!(written, Value::map([("Ebs", volume)]));
        assert_eq!(lost, ["device.colour \"red\""]);
    }
}
