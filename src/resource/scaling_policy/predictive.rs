//! Predictive scaling.

use std::time::Duration;

use crate::id::{LoadBalancerArn, TargetGroupArn};
use crate::input::IntoInput;
use crate::problem::Problems;
use crate::resource::Visit;
use crate::resource::names::names;
use crate::value::{ToValue, Value};

use super::metric::{MetricDataQuery, MetricMath, ResourceLabel};
use super::tracking::validate_target;

/// Scales ahead of the load that AWS forecasts from what it has seen.
///
/// ```
/// use std::time::Duration;
///
/// use purlin::{MetricPair, PredictiveMode, PredictiveScaling};
///
/// let ahead = PredictiveScaling::pair(MetricPair::cpu_utilization(), 40.0)
///     .mode(PredictiveMode::ForecastAndScale)
///     .scheduling_buffer(Duration::from_secs(600));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PredictiveScaling {
    pub(crate) metrics: Metrics,
    pub(crate) target: f64,
    pub(crate) mode: Option<PredictiveMode>,
    pub(crate) scheduling_buffer: Option<Duration>,
    /// The buffer in percent where the maximum capacity may grow.
    pub(crate) max_capacity_buffer: Option<u32>,
}

names! {
    /// What a predictive policy does with its forecasts.
    PredictiveMode {
        /// Shows them, and does not scale.
        ForecastOnly = "ForecastOnly",
        /// Scales by them.
        ForecastAndScale = "ForecastAndScale",
    }
}

/// The metrics of a predictive policy: one says how busy an instance is, the other how much there
/// is to do.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictiveMetrics {
    pub(crate) scaling: Forecast,
    pub(crate) load: Forecast,
    pub(crate) capacity: Option<MetricMath>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Metrics {
    Pair(Box<Forecast>),
    Separate(Box<PredictiveMetrics>),
}

/// One of the metrics.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Forecast {
    /// By AWS's name.
    Predefined(String),
    /// By AWS's name, of a load balancer and a target group.
    Requests(String, ResourceLabel),
    Math(MetricMath),
}

/// Two metrics of an Auto Scaling group that AWS knows by one name: the load, and its part for each
/// instance.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricPair(Forecast);

/// The metric that says how busy an instance is.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalingMetric(Forecast);

/// The metric that says how much there is to do.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadMetric(Forecast);

macro_rules! forecasts {
    ($($name:ident, $member:literal:
        $requests:ident = $requests_word:literal, $requests_doc:literal;
        { $($(#[$doc:meta])* $method:ident = $word:literal,)+ }
    )+) => {$(
        impl $name {
            $(
                $(#[$doc])*
                #[doc = concat!("Sets `", $member, "` to `", $word, "`.")]
                #[must_use]
                pub fn $method() -> Self {
                    Self(Forecast::Predefined($word.to_owned()))
                }
            )+

            #[doc = $requests_doc]
            /// An application load balancer forwards them, and the target group is one of the Auto
            /// Scaling group's.
            #[doc = concat!("Sets `", $member, "` to `", $requests_word, "`, with its `ResourceLabel`.")]
            #[must_use]
            pub fn $requests(
                balancer: impl IntoInput<LoadBalancerArn>,
                targets: impl IntoInput<TargetGroupArn>,
            ) -> Self {
                Self(Forecast::Requests($requests_word.to_owned(), ResourceLabel::new(balancer, targets)))
            }
        }
    )+};
}

forecasts! {
    MetricPair, "PredefinedMetricPairSpecification":
    request_count = "ALBRequestCount", "The requests to a target group.";
    {
        /// The CPU utilization, in percent.
        cpu_utilization = "ASGCPUUtilization",
        /// The bytes received.
        network_in = "ASGNetworkIn",
        /// The bytes sent.
        network_out = "ASGNetworkOut",
    }
    ScalingMetric, "PredefinedScalingMetricSpecification":
    request_count_per_target = "ALBRequestCountPerTarget", "The requests that a target gets in a minute.";
    {
        /// The average CPU utilization of the group, in percent.
        average_cpu_utilization = "ASGAverageCPUUtilization",
        /// The average bytes received by an instance.
        average_network_in = "ASGAverageNetworkIn",
        /// The average bytes sent by an instance.
        average_network_out = "ASGAverageNetworkOut",
    }
    LoadMetric, "PredefinedLoadMetricSpecification":
    target_group_request_count = "ALBTargetGroupRequestCount", "The requests that a target group gets.";
    {
        /// The CPU utilization of all instances together.
        total_cpu_utilization = "ASGTotalCPUUtilization",
        /// The bytes that all instances receive.
        total_network_in = "ASGTotalNetworkIn",
        /// The bytes that all instances send.
        total_network_out = "ASGTotalNetworkOut",
    }
}

fn math(result: MetricDataQuery, inputs: impl IntoIterator<Item = MetricDataQuery>) -> MetricMath {
    MetricMath { result: result.0, inputs: inputs.into_iter().map(|query| query.0).collect() }
}

impl ScalingMetric {
    /// The result of metric math: a query, and the queries that it refers to by their ids; 10
    /// altogether at most. Sets `CustomizedScalingMetricSpecification`.
    #[must_use]
    pub fn metric_math(result: MetricDataQuery, inputs: impl IntoIterator<Item = MetricDataQuery>) -> Self {
        Self(Forecast::Math(math(result, inputs)))
    }
}

impl LoadMetric {
    /// The result of metric math: a query, and the queries that it refers to by their ids; 10
    /// altogether at most. Sets `CustomizedLoadMetricSpecification`.
    #[must_use]
    pub fn metric_math(result: MetricDataQuery, inputs: impl IntoIterator<Item = MetricDataQuery>) -> Self {
        Self(Forecast::Math(math(result, inputs)))
    }
}

impl PredictiveMetrics {
    /// Names the two metrics apart from each other.
    #[must_use]
    pub fn new(scaling: ScalingMetric, load: LoadMetric) -> Self {
        Self { scaling: scaling.0, load: load.0, capacity: None }
    }

    /// Says how many instances there are, where AWS cannot tell by itself, such as with several
    /// groups that replace one another: a query, and the queries that it refers to by their ids; 10
    /// altogether at most. Sets `CustomizedCapacityMetricSpecification`.
    #[must_use]
    pub fn capacity(mut self, result: MetricDataQuery, inputs: impl IntoIterator<Item = MetricDataQuery>) -> Self {
        self.capacity = Some(math(result, inputs));
        self
    }
}

impl PredictiveScaling {
    fn new(metrics: Metrics, target: f64) -> Self {
        Self { metrics, target, mode: None, scheduling_buffer: None, max_capacity_buffer: None }
    }

    /// Keeps what the scaling metric of a pair says at a value above 0, such as percent of CPU
    /// utilization. Sets `TargetValue`.
    #[must_use]
    pub fn pair(metrics: MetricPair, target: f64) -> Self {
        Self::new(Metrics::Pair(Box::new(metrics.0)), target)
    }

    /// Keeps what the scaling metric says at a value above 0. Sets `TargetValue`.
    #[must_use]
    pub fn metrics(metrics: PredictiveMetrics, target: f64) -> Self {
        Self::new(Metrics::Separate(Box::new(metrics)), target)
    }

    /// What is done with forecasts. AWS's default is to show them only. Sets `Mode`.
    #[must_use]
    pub fn mode(mut self, mode: PredictiveMode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// How long before the forecast says so instances are launched: 0 to 3599 whole seconds. AWS's
    /// default is 300. Sets `SchedulingBufferTime`.
    #[must_use]
    pub fn scheduling_buffer(mut self, duration: Duration) -> Self {
        self.scheduling_buffer = Some(duration);
        self
    }

    /// Lets the maximum capacity grow where the forecast comes near to it or above it, up to the
    /// forecast and this buffer: 0 to 100 percent of it. The maximum stays where it has grown to.
    /// AWS's default is to keep to the maximum. Sets `MaxCapacityBreachBehavior` and
    /// `MaxCapacityBuffer`.
    #[must_use]
    pub fn increase_max_capacity(mut self, buffer_percent: u32) -> Self {
        self.max_capacity_buffer = Some(buffer_percent);
        self
    }

    pub(super) fn visit(&mut self, visit: &mut Visit<'_>) {
        let forecasts = match &mut self.metrics {
            Metrics::Pair(pair) => [Some(&mut **pair), None],
            Metrics::Separate(metrics) => {
                let PredictiveMetrics { scaling, load, .. } = &mut **metrics;
                [Some(scaling), Some(load)]
            }
        };
        for forecast in forecasts.into_iter().flatten() {
            if let Forecast::Requests(_, label) = forecast {
                label.visit(visit);
            }
        }
    }

    /// The labels of the metrics that count requests.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &ResourceLabel> {
        let forecasts = match &self.metrics {
            Metrics::Pair(pair) => [Some(&**pair), None],
            Metrics::Separate(metrics) => [Some(&metrics.scaling), Some(&metrics.load)],
        };
        forecasts.into_iter().flatten().filter_map(|forecast| match forecast {
            Forecast::Requests(_, label) => Some(label),
            Forecast::Predefined(_) | Forecast::Math(_) => None,
        })
    }

    pub(super) fn validate(&self, problems: &mut Problems<'_>) {
        let scaling = match &self.metrics {
            Metrics::Pair(pair) => &**pair,
            Metrics::Separate(metrics) => &metrics.scaling,
        };
        let percent = matches!(scaling, Forecast::Predefined(name) if name.ends_with("CPUUtilization"));
        validate_target(self.target, percent, problems);
        problems.range("D8", "scheduling_buffer", self.scheduling_buffer.map(|buffer| buffer.as_secs()), 0..=3599);
        problems.range("D8", "max_capacity_buffer", self.max_capacity_buffer, 0..=100);
        if let Metrics::Separate(metrics) = &self.metrics {
            let forecasts = [("metric.scaling", &metrics.scaling), ("metric.load", &metrics.load)];
            let forecasts = forecasts.into_iter().filter_map(|(path, forecast)| match forecast {
                Forecast::Math(math) => Some((path, math)),
                Forecast::Predefined(_) | Forecast::Requests(..) => None,
            });
            for (path, math) in forecasts.chain(metrics.capacity.iter().map(|math| ("metric.capacity", math))) {
                math.validate(path, (255, 1023), problems);
            }
        }
    }
}

impl ToValue for Forecast {
    fn to_value(&self) -> Value {
        match self {
            Self::Predefined(name) => Value::of(name),
            Self::Requests(name, label) => Value::map([("metric", Value::of(name)), ("label", Value::of(label))]),
            Self::Math(math) => Value::of(math),
        }
    }
}

impl ToValue for Metrics {
    fn to_value(&self) -> Value {
        match self {
            Self::Pair(pair) => Value::map([("pair", Value::of(&**pair))]),
            Self::Separate(metrics) => {
                let PredictiveMetrics { scaling, load, capacity } = &**metrics;
                Value::map([
                    ("scaling", Value::of(scaling)),
                    ("load", Value::of(load)),
                    ("capacity", Value::of(capacity)),
                ])
            }
        }
    }
}
