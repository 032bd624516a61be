//! Values of properties as plans compare and show them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::input::Attr;

/// The value of a property, in a form that plans can compare, show and write as JSON.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Value {
    /// Not set: AWS's default, or nothing.
    Unset,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// A text.
    Text(String),
    /// Several values in order.
    List(Vec<Self>),
    /// Named values.
    Map(BTreeMap<String, Self>),
    /// What another resource of the stack will have.
    Pending(Attr),
    /// The same in a plan, by the address of the resource and the name of the output.
    AfterDeploy(String),
    /// A value that must not be shown; only a digest of it is kept.
    Secret(String),
}

impl Value {
    /// The same with another named value; only for what has names.
    pub(crate) fn with(self, name: &str, value: Self) -> Self {
        match self {
            Self::Map(mut entries) => {
                entries.insert(name.to_owned(), value);
                Self::Map(entries)
            }
            other => other,
        }
    }

    /// Returns the value of anything that has one.
    pub(crate) fn of<T: ToValue + ?Sized>(value: &T) -> Self {
        value.to_value()
    }

    /// Returns a map, leaving out what is unset.
    pub(crate) fn map<'a>(entries: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        Self::Map(
            entries
                .into_iter()
                .filter(|(_, value)| !value.is_unset())
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    }

    /// The value, or unset where it is a text, list or map with nothing in it: AWS tells neither from
    /// what was never given.
    pub(crate) fn unless_empty(self) -> Self {
        match &self {
            Self::Text(text) if text.is_empty() => Self::Unset,
            Self::List(values) if values.is_empty() => Self::Unset,
            Self::Map(entries) if entries.is_empty() => Self::Unset,
            _ => self,
        }
    }

    /// Tells whether the value is [`Value::Unset`].
    pub fn is_unset(&self) -> bool {
        matches!(self, Self::Unset)
    }

    /// Returns the text, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Tells whether this is a map that people read as one phrase: a rule, or a tag that instances
    /// get, too. Its entries mean nothing by themselves.
    pub(crate) fn is_phrase(&self) -> bool {
        matches!(self, Self::Map(entries) if entries.contains_key("peer") || entries.contains_key("propagate"))
    }

    /// The same map with the entries of `defaults` where it has none, in maps of maps, too; the
    /// default itself where this is unset.
    pub(crate) fn or_defaults(self, defaults: &Self) -> Self {
        match (self, defaults) {
            (Self::Unset, defaults) => defaults.clone(),
            (Self::Map(mut entries), Self::Map(defaults)) => {
                for (key, default) in defaults {
                    let value = entries.remove(key).unwrap_or(Self::Unset).or_defaults(default);
                    entries.insert(key.clone(), value);
                }
                Self::Map(entries)
            }
            (value, _) => value,
        }
    }

    /// Calls `visit` for this value and every value in it.
    pub(crate) fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        visit(self);
        match self {
            Self::List(values) => values.iter().for_each(|value| value.walk(visit)),
            Self::Map(entries) => entries.values().for_each(|value| value.walk(visit)),
            _ => {}
        }
    }

    /// Tells whether anything in the value is known only after deploy.
    pub(crate) fn is_pending(&self) -> bool {
        let mut pending = false;
        self.walk(&mut |value| pending |= matches!(value, Self::Pending(_) | Self::AfterDeploy(_)));
        pending
    }

    /// The entries of a map; nothing for anything else.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&String, &Self)> {
        match self {
            Self::Map(entries) => Some(entries.iter()),
            _ => None,
        }
        .into_iter()
        .flatten()
    }

    /// The same list in a fixed order, for lists whose order means nothing to AWS.
    pub(crate) fn sorted(self) -> Self {
        match self {
            Self::List(mut values) => {
                values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
                Self::List(values)
            }
            other => other,
        }
    }

    /// Names what is pending as a plan shows it.
    pub(crate) fn labelled(self, label: &impl Fn(&Attr) -> String) -> Self {
        match self {
            Self::Pending(attr) => Self::AfterDeploy(label(&attr)),
            Self::List(values) => Self::List(values.into_iter().map(|value| value.labelled(label)).collect()),
            Self::Map(entries) => {
                Self::Map(entries.into_iter().map(|(key, value)| (key, value.labelled(label))).collect())
            }
            other => other,
        }
    }

    /// The value without what it says, if it must not be shown.
    pub(crate) fn redacted(self) -> Self {
        use sha2::{Digest, Sha256};
        match self {
            Self::Unset | Self::Secret(_) | Self::Pending(_) | Self::AfterDeploy(_) => self,
            other => {
                let digest = Sha256::digest(other.to_string());
                Self::Secret(digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect())
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("(unset)"),
            Self::Bool(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::List(values) => {
                f.write_str("[")?;
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    value.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Map(entries) => {
                f.write_str("{")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{key}: {value}")?;
                }
                f.write_str("}")
            }
            Self::Pending(attr) => write!(f, "(known after deploy: {})", attr.name()),
            Self::AfterDeploy(label) => write!(f, "(known after deploy: {label})"),
            Self::Secret(digest) => write!(f, "(hidden, digest {digest})"),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let single = |serializer: S, key: &str, text: &str| {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry(key, text)?;
            map.end()
        };
        match self {
            Self::Unset => serializer.serialize_none(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(values) => values.serialize(serializer),
            Self::Map(entries) => entries.serialize(serializer),
            Self::Pending(attr) => single(serializer, "known_after_deploy", attr.name()),
            Self::AfterDeploy(label) => single(serializer, "known_after_deploy", label),
            Self::Secret(digest) => single(serializer, "hidden", digest),
        }
    }
}

/// What can be shown in a plan.
pub(crate) trait ToValue {
    fn to_value(&self) -> Value;
}

/// What can be read back from the output of a resource.
pub(crate) trait FromValue: Sized {
    fn from_value(value: &Value) -> Option<Self>;
}

impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

macro_rules! integers {
    ($($type:ty),+) => {$(
        impl ToValue for $type {
            fn to_value(&self) -> Value {
                Value::Integer(i64::from(*self))
            }
        }
    )+};
}
integers!(u8, u16, u32, i32, i64);

impl ToValue for f64 {
    fn to_value(&self) -> Value {
        Value::Float(*self)
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

/// Durations are whole seconds everywhere in these APIs.
impl ToValue for Duration {
    fn to_value(&self) -> Value {
        Value::Integer(i64::try_from(self.as_secs()).unwrap_or(i64::MAX))
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Unset, ToValue::to_value)
    }
}

impl<T: ToValue> ToValue for [T] {
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(ToValue::to_value).collect())
    }
}

impl<T: ToValue> ToValue for Vec<T> {
    fn to_value(&self) -> Value {
        self.as_slice().to_value()
    }
}

impl<T: ToValue> ToValue for BTreeMap<String, T> {
    fn to_value(&self) -> Value {
        Value::Map(self.iter().map(|(key, value)| (key.clone(), value.to_value())).collect())
    }
}

macro_rules! id_values {
    ($($id:ident),+ $(,)?) => {$(
        impl ToValue for crate::id::$id {
            fn to_value(&self) -> Value {
                Value::Text(self.as_str().to_owned())
            }
        }

        impl FromValue for crate::id::$id {
            fn from_value(value: &Value) -> Option<Self> {
                value.as_text()?.parse().ok()
            }
        }
    )+};
}
id_values!(
    AccountId,
    VpcId,
    SubnetId,
    ImageId,
    SecurityGroupId,
    SecurityGroupRuleId,
    PrefixListId,
    LaunchTemplateId,
    InstanceId,
    AllocationId,
    LoadBalancerArn,
    TargetGroupArn,
    ListenerArn,
    ListenerRuleArn,
    FunctionArn,
    CertificateArn,
    TrustStoreArn,
    UserPoolArn,
    AutoScalingGroupName,
);

impl FromValue for i64 {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Option<Self> {
        value.as_text().map(ToOwned::to_owned)
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::List(values) => values.iter().map(T::from_value).collect(),
            _ => None,
        }
    }
}
