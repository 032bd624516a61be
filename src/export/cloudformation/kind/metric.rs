//! The metrics of scaling policies.

use std::collections::BTreeMap;

use crate::input::Input;
use crate::resource::{
    Forecast, Metric, MetricMath, Metrics, PredefinedMetric, Query, REQUESTS_PER_TARGET, ResourceLabel, Source, Stat,
    TrackedMetric,
};
use crate::stack::Item;
use crate::value::{ToValue, Value};

use super::super::draft::Entry;
use super::super::shape::{Shape, pair, put};
use super::NO_MEMBER;

const DIMENSIONS: Shape = Shape::Pairs("Name", "Value");

fn dimensions(dimensions: &BTreeMap<String, String>) -> Value {
    DIMENSIONS.write(&Value::of(dimensions).unless_empty(), "dimensions", &mut |_, _| {})
}

/// The members of a target tracking configuration that name its metric.
pub(super) fn tracked(metric: &TrackedMetric, entry: &mut Entry<'_, '_>) -> Value {
    match metric {
        TrackedMetric::Predefined(metric @ PredefinedMetric::AverageCpuUtilizationHighResolution) => {
            let why = "CloudFormation does not know this metric by name; left out, the whole policy is";
            entry.lose(NO_MEMBER, "metric", &Value::of(metric), why);
            entry.omit();
            Value::Unset
        }
        TrackedMetric::Predefined(metric) => predefined("PredefinedMetricSpecification", metric.as_str(), None, entry),
        TrackedMetric::Requests(label) => {
            predefined("PredefinedMetricSpecification", REQUESTS_PER_TARGET, Some(label), entry)
        }
        TrackedMetric::Custom(custom) => Value::map([(
            "CustomizedMetricSpecification",
            Value::map([
                ("Namespace", Value::of(&custom.namespace)),
                ("MetricName", Value::of(&custom.name)),
                ("Statistic", Value::of(&custom.statistic)),
                ("Unit", Value::of(&custom.unit)),
                ("Period", Value::of(&custom.period)),
                ("Dimensions", dimensions(&custom.dimensions)),
            ]),
        )]),
        TrackedMetric::Math(math) => {
            Value::map([("CustomizedMetricSpecification", Value::map([("Metrics", queries(math))]))])
        }
    }
}

/// The metric specification of a predictive policy.
pub(super) fn predictive(metrics: &Metrics, target: f64, entry: &Entry<'_, '_>) -> Value {
    let mut members = Value::map([("TargetValue", Value::Float(target))]);
    let mut add = |kind: &str, forecast: &Forecast| {
        let (name, value) = match forecast {
            Forecast::Predefined(name) => (format!("Predefined{kind}Specification"), type_of(name, None, entry)),
            Forecast::Requests(name, label) => {
                (format!("Predefined{kind}Specification"), type_of(name, Some(label), entry))
            }
            Forecast::Math(math) => (format!("Customized{kind}Specification"), math_of(math)),
        };
        put(&mut members, &name, value);
    };
    match metrics {
        Metrics::Pair(pair) => add("MetricPair", pair),
        Metrics::Separate(metrics) => {
            add("ScalingMetric", &metrics.scaling);
            add("LoadMetric", &metrics.load);
            if let Some(capacity) = &metrics.capacity {
                put(&mut members, "CustomizedCapacityMetricSpecification", math_of(capacity));
            }
        }
    }
    members
}

fn predefined(member: &str, name: &str, label: Option<&ResourceLabel>, entry: &Entry<'_, '_>) -> Value {
    Value::map([(member, type_of(name, label, entry))])
}

fn type_of(name: &str, label: Option<&ResourceLabel>, entry: &Entry<'_, '_>) -> Value {
    pair(
        "PredefinedMetricType",
        name,
        "ResourceLabel",
        label.map_or(Value::Unset, |label| resource_label(label, entry)),
    )
}

fn math_of(math: &MetricMath) -> Value {
    Value::map([("MetricDataQueries", queries(math))])
}

/// The queries of metric math. Only the result returns data; where it is the only query, AWS wants
/// nothing said of it.
fn queries(math: &MetricMath) -> Value {
    let returns = (!math.inputs.is_empty()).then_some(true);
    let inputs = math.inputs.iter().map(|input| query(input, Some(false)));
    Value::List(inputs.chain([query(&math.result, returns)]).collect())
}

fn query(query: &Query, returns: Option<bool>) -> Value {
    let (expression, stat) = match &query.source {
        Source::Expression(text) => (Value::of(text), Value::Unset),
        Source::Stat(stat) => (Value::Unset, statistic(stat)),
    };
    Value::map([
        ("Id", Value::of(&query.id)),
        ("Label", Value::of(&query.label)),
        ("Period", Value::of(&query.period)),
        ("Expression", expression),
        ("MetricStat", stat),
        ("ReturnData", Value::of(&returns)),
    ])
}

fn statistic(stat: &Stat) -> Value {
    let Metric { namespace, name, dimensions: all } = &stat.metric;
    let metric =
        [("Namespace", Value::of(namespace)), ("MetricName", Value::of(name)), ("Dimensions", dimensions(all))];
    Value::map([
        ("Metric", Value::map(metric)),
        ("Stat", Value::of(&stat.stat)),
        ("Unit", Value::of(&stat.unit)),
        ("Period", Value::of(&stat.period)),
    ])
}

/// `app/<balancer>/<id>/targetgroup/<target group>/<id>`.
fn resource_label(label: &ResourceLabel, entry: &Entry<'_, '_>) -> Value {
    let ResourceLabel::Of { balancer, targets } = label else { return Value::of(label) };
    let known = |text: Option<&str>| Value::Text(text.unwrap_or_default().to_owned());
    let balancer = full_name(balancer, "LoadBalancerFullName", entry, |arn| {
        known(arn.split_once(":loadbalancer/").map(|(_, name)| name))
    });
    let targets =
        full_name(targets, "TargetGroupFullName", entry, |arn| known(arn.rsplit_once(':').map(|(_, name)| name)));
    match (&balancer, &targets) {
        (Value::Text(balancer), Value::Text(targets)) => Value::Text(format!("{balancer}/{targets}")),
        _ => Value::map([("Fn::Join", Value::List(vec![Value::of("/"), Value::List(vec![balancer, targets])]))]),
    }
}

/// The last part of an ARN, as a resource of the template tells it.
fn full_name<T: ToValue>(
    arn: &Input<T>,
    attribute: &'static str,
    entry: &Entry<'_, '_>,
    known: impl Fn(&str) -> Value,
) -> Value {
    match arn.to_value() {
        Value::Text(arn) => known(&arn),
        Value::Pending(attr) => match entry.draft.stack.nodes.get(attr.node.index).map(|node| &node.item) {
            Some(Item::Resource(_)) => super::Reference::Attribute(attribute).of(entry.draft.id(attr.node.index)),
            // What a lookup finds is the ARN: the last of the parts between its colons is meant.
            _ => {
                let parts = Value::List(vec![Value::of(":"), Value::Pending(attr)]);
                let parts = Value::map([("Fn::Split", parts)]);
                Value::map([("Fn::Select", Value::List(vec![Value::of("5"), parts]))])
            }
        },
        other => other,
    }
}
