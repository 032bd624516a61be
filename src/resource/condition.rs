//! Conditions of listener rules.

use std::collections::BTreeMap;

use crate::problem::Problems;
use crate::value::Value;

use super::names::names;

/// A condition on a request; it is met when one of its values matches.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// The host, with `*` and `?` as wildcards.
    Host(Vec<String>),
    /// The host, by regular expressions.
    HostRegex(Vec<String>),
    /// The path, with `*` and `?` as wildcards.
    Path(Vec<String>),
    /// The path, by regular expressions.
    PathRegex(Vec<String>),
    /// A header by its name, with `*` and `?` as wildcards in the values.
    Header {
        /// The name of the header, whatever its case; not `host`.
        name: String,
        /// The values.
        values: Vec<String>,
    },
    /// A header by its name, and regular expressions for its value.
    HeaderRegex {
        /// The name of the header, whatever its case; not `host`.
        name: String,
        /// The regular expressions.
        values: Vec<String>,
    },
    /// The request method.
    Method(Vec<String>),
    /// Pairs in the query; a pair without a key matches any.
    Query(Vec<(Option<String>, String)>),
    /// The network that the request comes from.
    SourceIp(Vec<String>),
    /// The type of address that the connection comes from, on network load balancers.
    SourceAddressType(SourceAddressType),
}

names! {
    /// The type of address that a connection comes from.
    SourceAddressType {
        /// IPv4.
        Ipv4 = "ipv4",
        /// IPv6.
        Ipv6 = "ipv6",
    }
}

fn texts<I: IntoIterator<Item = S>, S: Into<String>>(values: I) -> Vec<String> {
    values.into_iter().map(Into::into).collect()
}

impl Condition {
    /// The host is one of these, whatever the case; `*` and `?` are wildcards. Each has up to 128
    /// characters, a `.`, and only letters after the last one. Sets `HostHeaderConfig.Values`.
    pub fn host<S: Into<String>>(hosts: impl IntoIterator<Item = S>) -> Self {
        Self::Host(texts(hosts))
    }

    /// The host matches one of these regular expressions of up to 128 characters. Sets
    /// `HostHeaderConfig.RegexValues`.
    pub fn host_regex<S: Into<String>>(patterns: impl IntoIterator<Item = S>) -> Self {
        Self::HostRegex(texts(patterns))
    }

    /// The path is one of these; `*` and `?` are wildcards. Each has up to 128 characters. Sets
    /// `PathPatternConfig.Values`.
    pub fn path<S: Into<String>>(paths: impl IntoIterator<Item = S>) -> Self {
        Self::Path(texts(paths))
    }

    /// The path matches one of these regular expressions of up to 128 characters. Sets
    /// `PathPatternConfig.RegexValues`.
    pub fn path_regex<S: Into<String>>(patterns: impl IntoIterator<Item = S>) -> Self {
        Self::PathRegex(texts(patterns))
    }

    /// A header has one of these values, whatever the case; `*` and `?` are wildcards. Each has up
    /// to 128 characters. Sets `HttpHeaderConfig.Values`.
    pub fn header<S: Into<String>>(name: impl Into<String>, values: impl IntoIterator<Item = S>) -> Self {
        Self::Header { name: name.into(), values: texts(values) }
    }

    /// The value of a header matches one of these regular expressions of up to 128 characters. Sets
    /// `HttpHeaderConfig.RegexValues`.
    pub fn header_regex<S: Into<String>>(name: impl Into<String>, patterns: impl IntoIterator<Item = S>) -> Self {
        Self::HeaderRegex { name: name.into(), values: texts(patterns) }
    }

    /// The request method is one of these, in upper case, of up to 40 characters. Sets
    /// `HttpRequestMethodConfig.Values`.
    pub fn method<S: Into<String>>(methods: impl IntoIterator<Item = S>) -> Self {
        Self::Method(texts(methods))
    }

    /// The query has one of these pairs of key and value, whatever the case; `*` and `?` are
    /// wildcards. Keys and values have up to 128 characters. Sets `QueryStringConfig.Values`.
    pub fn query<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self::Query(pairs.into_iter().map(|(key, value)| (Some(key.into()), value.into())).collect())
    }

    /// The query has one of these values under whatever key. Sets `QueryStringConfig.Values`.
    pub fn query_values<V: Into<String>>(values: impl IntoIterator<Item = V>) -> Self {
        Self::Query(values.into_iter().map(|value| (None, value.into())).collect())
    }

    /// The request comes from one of these networks, such as `10.0.0.0/8`. Sets
    /// `SourceIpConfig.Values`.
    pub fn source_ip<S: Into<String>>(networks: impl IntoIterator<Item = S>) -> Self {
        Self::SourceIp(texts(networks))
    }

    /// The connection comes from an address of this type: the condition for rules of network load
    /// balancers, which have to be dual-stack. Sets `SourceIpConfig.IpAddressType`.
    pub fn source_address_type(kind: SourceAddressType) -> Self {
        Self::SourceAddressType(kind)
    }

    pub(super) fn count(&self) -> usize {
        match self {
            Self::Host(values)
            | Self::HostRegex(values)
            | Self::Path(values)
            | Self::PathRegex(values)
            | Self::Method(values)
            | Self::SourceIp(values)
            | Self::Header { values, .. }
            | Self::HeaderRegex { values, .. } => values.len(),
            Self::Query(pairs) => pairs.len(),
            Self::SourceAddressType(_) => 1,
        }
    }

    /// How many wildcards it has; in headers and queries, those that are escaped do not count.
    pub(super) fn wildcards(&self) -> usize {
        let count = |text: &str| text.replace("\\*", "").replace("\\?", "").matches(['*', '?']).count();
        match self {
            Self::Host(values) | Self::Path(values) | Self::Header { values, .. } => {
                values.iter().map(|value| count(value)).sum()
            }
            Self::Query(pairs) => pairs.iter().map(|(key, value)| key.as_deref().map_or(0, count) + count(value)).sum(),
            Self::HostRegex(_)
            | Self::PathRegex(_)
            | Self::HeaderRegex { .. }
            | Self::Method(_)
            | Self::SourceIp(_)
            | Self::SourceAddressType(_) => 0,
        }
    }

    /// What AWS calls it; plain values and regular expressions of one thing are one field.
    pub(crate) fn field(&self) -> &'static str {
        match self {
            Self::Host(_) | Self::HostRegex(_) => "host-header",
            Self::Path(_) | Self::PathRegex(_) => "path-pattern",
            Self::Header { .. } | Self::HeaderRegex { .. } => "http-header",
            Self::Method(_) => "http-request-method",
            Self::Query(_) => "query-string",
            Self::SourceIp(_) | Self::SourceAddressType(_) => "source-ip",
        }
    }

    pub(super) fn validate(&self, path: &str, problems: &mut Problems<'_>) {
        let texts = |values: &[String], problems: &mut Problems<'_>, allowed: fn(char) -> bool, words: &str| {
            for value in values {
                problems.text("V98", path, value, 1..=128, allowed, words);
            }
        };
        match self {
            Self::Host(values) => {
                let allowed = |c: char| c.is_ascii_alphanumeric() || "-._*?".contains(c);
                texts(values, problems, allowed, "letters, digits and `-._*?`");
                let fits = |value: &str| {
                    value.rsplit_once('.').is_some_and(|(_, end)| {
                        !end.is_empty() && end.chars().all(|character| character.is_ascii_alphabetic())
                    })
                };
                for value in values.iter().filter(|value| !value.is_empty() && !fits(value)) {
                    let rule = "a host must contain a `.`, and only letters after the last one";
                    problems.report("V99", path, format!("{value:?}"), rule);
                }
            }
            Self::Path(values) => {
                let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.$/~\"'@:+&*?".contains(c);
                texts(values, problems, allowed, "letters, digits and `_-.$/~\"'@:+&*?`");
            }
            Self::HostRegex(values) | Self::PathRegex(values) => texts(values, problems, |_| true, ""),
            Self::Header { name, values } | Self::HeaderRegex { name, values } => {
                problems.text(
                    "V98",
                    path,
                    name,
                    1..=40,
                    |c| c.is_ascii_alphanumeric() || "_!#$%&'*+,.^`|~-".contains(c),
                    "the characters of header names",
                );
                if name.eq_ignore_ascii_case("host") {
                    problems.report("V99", path, name, "must not be `host`; use a host condition");
                }
                texts(values, problems, |_| true, "");
            }
            Self::Method(values) => {
                for value in values {
                    problems.text(
                        "V98",
                        path,
                        value,
                        1..=40,
                        |c| c.is_ascii_uppercase() || "-_".contains(c),
                        "upper-case letters, `-` and `_`",
                    );
                }
            }
            Self::Query(pairs) => {
                for (key, value) in pairs {
                    for text in key.iter().chain([value]) {
                        problems.text("V98", path, text, 1..=128, |_| true, "");
                    }
                }
            }
            Self::SourceIp(values) => {
                for value in values {
                    match value.parse::<ipnet::IpNet>() {
                        Err(_) => {
                            let rule = "must be a network with its prefix length, such as 10.0.0.0/8";
                            problems.report("V100", path, format!("{value:?}"), rule);
                        }
                        Ok(network) if network != network.trunc() => {
                            let network = network.trunc();
                            let rule = format!(
                                "must be a network address: the bits after the prefix are not zero; did you mean {network}?"
                            );
                            problems.report("V100", path, format!("{value:?}"), rule);
                        }
                        Ok(_) => {}
                    }
                }
            }
            Self::SourceAddressType(_) => {}
        }
        if self.count() == 0 {
            problems.report("V96", path, "", "must have a value");
        }
    }

    /// The name under which plans show the condition, that of the header if it is about one, and
    /// what it asks for, in a fixed order.
    fn parts(&self) -> (&'static str, Option<String>, Value) {
        let (kind, value) = match self {
            Self::Header { name, values } => return ("header", Some(name.to_lowercase()), Value::of(values).sorted()),
            Self::HeaderRegex { name, values } => {
                return ("header_regex", Some(name.to_lowercase()), Value::of(values).sorted());
            }
            Self::Host(values) => ("host", Value::of(values)),
            Self::HostRegex(values) => ("host_regex", Value::of(values)),
            Self::Path(values) => ("path", Value::of(values)),
            Self::PathRegex(values) => ("path_regex", Value::of(values)),
            Self::Method(values) => ("method", Value::of(values)),
            Self::Query(pairs) => {
                let pair = |(key, value): &(Option<String>, String)| match key {
                    Some(key) => Value::Text(format!("{key}={value}")),
                    None => Value::of(value),
                };
                ("query", Value::List(pairs.iter().map(pair).collect()))
            }
            Self::SourceIp(values) => ("source_ip", Value::of(values)),
            Self::SourceAddressType(kind) => ("source_address_type", Value::of(kind)),
        };
        (kind, None, value.sorted())
    }
}

/// Conditions as plans compare them: by what they are about, since their order means nothing.
pub(super) fn value(conditions: &[Condition]) -> Value {
    let mut plain: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let mut named: BTreeMap<&str, BTreeMap<String, Vec<Value>>> = BTreeMap::new();
    for condition in conditions {
        match condition.parts() {
            (kind, None, value) => plain.entry(kind).or_default().push(value),
            (kind, Some(name), value) => named.entry(kind).or_default().entry(name).or_default().push(value),
        }
    }
    // Several of one kind must all be met.
    let together = |mut values: Vec<Value>| match values.pop() {
        Some(only) if values.is_empty() => only,
        Some(last) => {
            values.push(last);
            Value::List(values).sorted()
        }
        None => Value::Unset,
    };
    let plain = plain.into_iter().map(|(kind, values)| (kind, together(values)));
    let named = named.into_iter().map(|(kind, named)| {
        (kind, Value::Map(named.into_iter().map(|(name, values)| (name, together(values))).collect()))
    });
    Value::map(plain.chain(named))
}
