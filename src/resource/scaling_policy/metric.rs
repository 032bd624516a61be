//! The metrics that scaling policies look at: single ones, and those that metric math works out.

use std::collections::BTreeMap;
use std::time::Duration;

use typed_builder::TypedBuilder;

use crate::id::{LoadBalancerArn, TargetGroupArn};
use crate::input::{Input, IntoInput};
use crate::problem::Problems;
use crate::resource::Visit;
use crate::resource::names::names;
use crate::resource::record::record;
use crate::value::{ToValue, Value};

names! {
    /// How the values of a metric are put together.
    Statistic {
        /// Their mean.
        Average = "Average",
        /// The least.
        Minimum = "Minimum",
        /// The greatest.
        Maximum = "Maximum",
        /// How many there are.
        SampleCount = "SampleCount",
        /// Their sum.
        Sum = "Sum",
    }
}

record! {
    /// A metric of your own in CloudWatch, for a target tracking policy.
    ///
    /// ```
    /// use purlin::{CustomMetric, Statistic};
    ///
    /// let backlog = CustomMetric::builder()
    ///     .namespace("Worker")
    ///     .name("BacklogPerInstance")
    ///     .statistic(Statistic::Average)
    ///     .dimension("Queue", "orders")
    ///     .build();
    /// ```
    #[derive(Debug, Clone, PartialEq, Eq, TypedBuilder)]
    #[builder(doc, mutators(
        /// Names a dimension of the metric; may be repeated. A metric that is published with
        /// dimensions is found only with all of them. Sets `Dimensions`.
        pub fn dimension(&mut self, name: impl Into<String>, value: impl Into<String>) {
            self.dimensions.insert(name.into(), value.into());
        }
    ))]
    #[non_exhaustive]
    pub struct CustomMetric {
        /// The namespace. Sets `Namespace`.
        #[builder(setter(into))]
        pub(crate) namespace: String,
        /// The name. Sets `MetricName`.
        #[builder(setter(into))]
        pub(crate) name: String,
        /// How values are put together. Sets `Statistic`.
        pub(crate) statistic: Statistic,
        /// The unit, as CloudWatch spells it, such as `Percent`. AWS's default is any. Sets `Unit`.
        #[builder(default, setter(into, strip_option))]
        pub(crate) unit: Option<String>,
        /// The period: 10, 30 or 60 seconds; less than 60 needs a metric of high resolution. AWS's
        /// default is 60. Sets `Period`.
        #[builder(default, setter(transform = |period: Duration| Some(Period(period))))]
        pub(crate) period: Option<Period>,
        #[builder(via_mutators)]
        pub(crate) dimensions: BTreeMap<String, String>,
    }
}

/// A period of a metric. A minute is AWS's default, and as good as none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
pub struct Period(pub(crate) Duration);

impl ToValue for Period {
    fn to_value(&self) -> Value {
        if self.0 == Duration::from_secs(60) { Value::Unset } else { Value::of(&self.0) }
    }
}

fn validate_period(period: Option<Period>, path: &str, problems: &mut Problems<'_>) {
    if let Some(Period(period)) = period.filter(|Period(period)| ![10, 30, 60].contains(&period.as_secs())) {
        problems.report("D7", path, period.as_secs(), "must be 10, 30 or 60 seconds");
    }
}

impl CustomMetric {
    pub(crate) fn validate(&self, problems: &mut Problems<'_>) {
        validate_period(self.period, "metric.period", problems);
    }
}

record! {
    /// A metric in CloudWatch, by its name, for metric math.
    #[derive(Debug, Clone, PartialEq, Eq, TypedBuilder)]
    #[builder(doc, mutators(
        /// Names a dimension of the metric; may be repeated. A metric that is published with
        /// dimensions is found only with all of them. Sets `Dimensions`.
        pub fn dimension(&mut self, name: impl Into<String>, value: impl Into<String>) {
            self.dimensions.insert(name.into(), value.into());
        }
    ))]
    #[non_exhaustive]
    pub struct Metric {
        /// The namespace. Sets `Namespace`.
        #[builder(setter(into))]
        pub(crate) namespace: String,
        /// The name. Sets `MetricName`.
        #[builder(setter(into))]
        pub(crate) name: String,
        #[builder(via_mutators)]
        pub(crate) dimensions: BTreeMap<String, String>,
    }
}

record! {
    /// What a query takes of a metric.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Stat {
        pub(crate) metric: Metric,
        pub(crate) stat: String,
        pub(crate) unit: Option<String>,
        pub(crate) period: Option<Period>,
    }
}

impl Stat {
    fn new(metric: Metric, stat: String) -> Self {
        Self { metric, stat, unit: None, period: None }
    }
}

/// What a query of a target tracking policy takes of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetTrackingMetricStat(pub(crate) Stat);

/// What a query of a predictive policy takes of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricStat(pub(crate) Stat);

/// Where a query has its values from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    Expression(String),
    Stat(Stat),
}

/// One of the values that metric math works with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Query {
    pub(crate) id: String,
    pub(crate) source: Source,
    pub(crate) label: Option<String>,
    pub(crate) period: Option<Period>,
}

impl ToValue for Query {
    fn to_value(&self) -> Value {
        let (expression, stat) = match &self.source {
            Source::Expression(text) => (Value::of(text), Value::Unset),
            Source::Stat(stat) => (Value::Unset, Value::of(stat)),
        };
        Value::map([
            ("expression", expression),
            ("stat", stat),
            ("label", Value::of(&self.label)),
            ("period", Value::of(&self.period)),
        ])
    }
}

/// A value that metric math works with in a target tracking policy: a metric, or an expression.
///
/// Others refer to it by its id: 1 to 64 letters, digits and underscores, the first one a lower-case
/// letter.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetTrackingMetricDataQuery(pub(crate) Query);

/// A value that metric math works with in a predictive policy: a metric, or an expression.
///
/// Others refer to it by its id: 1 to 255 letters, digits and underscores, the first one a
/// lower-case letter.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricDataQuery(pub(crate) Query);

macro_rules! queries {
    ($($query:ident of $stat:ident, $most:literal;)+) => {$(
        impl $stat {
            /// Takes a statistic of a metric: any that CloudWatch has, such as `Average`, `Sum` or
            /// `p99`; 1 to 100 characters. Sets `Metric` and `Stat`.
            pub fn new(metric: Metric, stat: impl Into<String>) -> Self {
                Self(Stat::new(metric, stat.into()))
            }

            /// Takes values of one unit only, as CloudWatch spells it, such as `Count`. AWS's default
            /// is any. Sets `Unit`.
            #[must_use]
            pub fn unit(mut self, unit: impl Into<String>) -> Self {
                self.0.unit = Some(unit.into());
                self
            }
        }

        impl $query {
            /// Takes the values of a metric. Sets `Id` and `MetricStat`.
            pub fn stat(id: impl Into<String>, stat: $stat) -> Self {
                Self(Query { id: id.into(), source: Source::Stat(stat.0), label: None, period: None })
            }

            #[doc = concat!("Works values out of those of other queries, by a math expression of 1 to ", $most, " characters. Sets `Id` and `Expression`.")]
            pub fn expression(id: impl Into<String>, expression: impl Into<String>) -> Self {
                let source = Source::Expression(expression.into());
                Self(Query { id: id.into(), source, label: None, period: None })
            }

            /// Says for people what the values are: up to 2047 characters. Sets `Label`.
            #[must_use]
            pub fn label(mut self, text: impl Into<String>) -> Self {
                self.0.label = Some(text.into());
                self
            }
        }
    )+};
}

queries! {
    TargetTrackingMetricDataQuery of TargetTrackingMetricStat, "2047";
    MetricDataQuery of MetricStat, "1023";
}

impl TargetTrackingMetricStat {
    /// Takes values of this period: 10, 30 or 60 seconds; less than 60 needs a metric of high
    /// resolution. AWS's default is 60. Sets `MetricStat.Period`.
    #[must_use]
    pub fn period(mut self, period: Duration) -> Self {
        self.0.period = Some(Period(period));
        self
    }
}

impl TargetTrackingMetricDataQuery {
    /// Works values out for this period: 10, 30 or 60 seconds; less than 60 needs metrics of high
    /// resolution. AWS's default is 60. Sets `Period`.
    #[must_use]
    pub fn period(mut self, period: Duration) -> Self {
        self.0.period = Some(Period(period));
        self
    }
}

/// A value that is worked out of others.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MetricMath {
    /// What the policy looks at: the only query that returns data.
    pub(crate) result: Query,
    pub(crate) inputs: Vec<Query>,
}

impl MetricMath {
    pub(crate) fn queries(&self) -> impl Iterator<Item = &Query> {
        self.inputs.iter().chain([&self.result])
    }

    /// Reports what AWS would refuse; ids and expressions have their greatest lengths.
    pub(crate) fn validate(&self, path: &str, (id, expression): (usize, usize), problems: &mut Problems<'_>) {
        let number = self.queries().count();
        let all = format!("{path}.queries");
        if number > 10 {
            problems.report("V185", &all, format!("{number} queries"), "must be at most 10");
        }
        let known = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut ids = std::collections::HashSet::new();
        for query in self.queries() {
            if query.id.starts_with(|c: char| known(c) && !c.is_ascii_lowercase()) {
                let rule = "the id of a query must begin with a lower-case letter";
                problems.report("V185", &all, format!("{:?}", query.id), rule);
            } else {
                problems.text("V185", &all, &query.id, 1..=id, known, "letters, digits and underscores");
            }
            if !ids.insert(&query.id) {
                problems.report("V185", &all, format!("{:?}", query.id), "is the id of another query, too");
            }
            let path = format!("{all}.{}", query.id);
            validate_period(query.period, &format!("{path}.period"), problems);
            if let Some(label) = &query.label {
                problems.text("V185", &format!("{path}.label"), label, 0..=2047, |_| true, "text");
            }
            match &query.source {
                Source::Expression(text) => {
                    problems.text("V185", &format!("{path}.expression"), text, 1..=expression, |_| true, "text");
                }
                Source::Stat(stat) => {
                    problems.text("V185", &format!("{path}.stat"), &stat.stat, 1..=100, |_| true, "text");
                    validate_period(stat.period, &format!("{path}.stat.period"), problems);
                }
            }
        }
    }
}

impl ToValue for MetricMath {
    fn to_value(&self) -> Value {
        let queries = self.queries().map(|query| (query.id.clone(), Value::of(query))).collect();
        Value::map([("result", Value::of(&self.result.id)), ("queries", Value::Map(queries))])
    }
}

/// Which balancer and target group a count of requests is about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ResourceLabel {
    Of {
        balancer: Input<LoadBalancerArn>,
        targets: Input<TargetGroupArn>,
    },
    /// As AWS has it.
    Text(String),
}

impl ResourceLabel {
    pub(crate) fn new(balancer: impl IntoInput<LoadBalancerArn>, targets: impl IntoInput<TargetGroupArn>) -> Self {
        Self::Of { balancer: balancer.into_input(), targets: targets.into_input() }
    }

    /// `app/<balancer>/<id>/targetgroup/<target group>/<id>`, once both are known.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Of { balancer, targets } => {
                let (_, balancer) = balancer.as_known()?.as_str().split_once(":loadbalancer/")?;
                let (_, targets) = targets.as_known()?.as_str().rsplit_once(':')?;
                Some(format!("{balancer}/{targets}"))
            }
        }
    }

    pub(crate) fn visit(&mut self, visit: &mut Visit<'_>) {
        if let Self::Of { balancer, targets } = self {
            visit(balancer);
            visit(targets);
        }
    }

    pub(crate) fn balancer(&self) -> Option<&Input<LoadBalancerArn>> {
        match self {
            Self::Of { balancer, .. } => Some(balancer),
            Self::Text(_) => None,
        }
    }

    pub(crate) fn targets(&self) -> Option<&Input<TargetGroupArn>> {
        match self {
            Self::Of { targets, .. } => Some(targets),
            Self::Text(_) => None,
        }
    }
}

impl ToValue for ResourceLabel {
    fn to_value(&self) -> Value {
        match self {
            Self::Of { balancer, targets } if self.text().is_none() => {
                Value::map([("load_balancer", Value::of(balancer)), ("target_group", Value::of(targets))])
            }
            _ => Value::of(&self.text()),
        }
    }
}
