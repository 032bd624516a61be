//! The metrics of scaling policies, as the API has them.

use std::collections::BTreeMap;

use aws_sdk_autoscaling::types as asg;
use aws_sdk_autoscaling::types::builders::TargetTrackingConfigurationBuilder;

use crate::error::{Error, Result};
use crate::resource::{
    CustomMetric, Forecast, Metric, MetricMath, Metrics, Period, PredefinedMetric, PredictiveMetrics, PredictiveMode,
    PredictiveScaling, Query, REQUESTS_PER_TARGET, ResourceLabel, Source, Stat, Statistic, TrackedMetric,
};

use super::super::convert::{count, duration, seconds};

/// The text of a label; at a step both ARNs are known.
fn label(label: &ResourceLabel) -> Result<String> {
    label.text().ok_or_else(|| Error::internal("a resource label was needed before it was known"))
}

fn period(period: Option<Period>) -> Option<i32> {
    period.map(|period| seconds(period.0))
}

fn dimensions(dimensions: &BTreeMap<String, String>) -> Option<Vec<asg::MetricDimension>> {
    let all = dimensions.iter().map(|(name, value)| asg::MetricDimension::builder().name(name).value(value).build());
    (!dimensions.is_empty()).then(|| all.collect())
}

fn parse_dimensions(dimensions: &[asg::MetricDimension]) -> BTreeMap<String, String> {
    dimensions
        .iter()
        .filter_map(|dimension| Some((dimension.name()?.to_owned(), dimension.value()?.to_owned())))
        .collect()
}

fn metric(metric: &Metric) -> asg::Metric {
    asg::Metric::builder()
        .namespace(&metric.namespace)
        .metric_name(&metric.name)
        .set_dimensions(dimensions(&metric.dimensions))
        .build()
}

fn parse_metric(metric: &asg::Metric) -> Option<Metric> {
    Some(Metric {
        namespace: metric.namespace()?.to_owned(),
        name: metric.metric_name()?.to_owned(),
        dimensions: parse_dimensions(metric.dimensions()),
    })
}

pub(super) fn tracked(
    metric: &TrackedMetric,
    builder: TargetTrackingConfigurationBuilder,
) -> Result<TargetTrackingConfigurationBuilder> {
    let predefined = |name: &str| asg::PredefinedMetricSpecification::builder().predefined_metric_type(name.into());
    let customized = asg::CustomizedMetricSpecification::builder();
    Ok(match metric {
        TrackedMetric::Predefined(metric) => {
            builder.predefined_metric_specification(predefined(metric.as_str()).build())
        }
        TrackedMetric::Requests(text) => builder
            .predefined_metric_specification(predefined(REQUESTS_PER_TARGET).resource_label(label(text)?).build()),
        TrackedMetric::Custom(custom) => builder.customized_metric_specification(
            customized
                .namespace(&custom.namespace)
                .metric_name(&custom.name)
                .statistic(custom.statistic.as_str().into())
                .set_unit(custom.unit.clone())
                .set_period(period(custom.period))
                .set_dimensions(dimensions(&custom.dimensions))
                .build(),
        ),
        TrackedMetric::Math(math) => {
            builder.customized_metric_specification(customized.set_metrics(Some(queries(math, tracked_query))).build())
        }
    })
}

pub(super) fn parse_tracked(tracking: &asg::TargetTrackingConfiguration) -> Option<TrackedMetric> {
    if let Some(predefined) = tracking.predefined_metric_specification() {
        return Some(match predefined.resource_label() {
            Some(label) => TrackedMetric::Requests(ResourceLabel::Text(label.to_owned())),
            None => {
                TrackedMetric::Predefined(PredefinedMetric::from_word(predefined.predefined_metric_type()?.as_str())?)
            }
        });
    }
    let custom = tracking.customized_metric_specification()?;
    if !custom.metrics().is_empty() {
        return parse_math(custom.metrics(), asg::TargetTrackingMetricDataQuery::return_data, parse_tracked_query)
            .map(TrackedMetric::Math);
    }
    Some(TrackedMetric::Custom(CustomMetric {
        namespace: custom.namespace()?.to_owned(),
        name: custom.metric_name()?.to_owned(),
        statistic: Statistic::from_word(custom.statistic()?.as_str())?,
        unit: custom.unit().map(ToOwned::to_owned),
        period: parse_period(custom.period()),
        dimensions: parse_dimensions(custom.dimensions()),
    }))
}

fn parse_period(period: Option<i32>) -> Option<Period> {
    period.map(|seconds| Period(duration(seconds)))
}

/// The queries of metric math. Only the result returns data; where it is the only query, AWS wants
/// nothing said of it.
fn queries<Q>(math: &MetricMath, query: fn(&Query, Option<bool>) -> Q) -> Vec<Q> {
    let alone = math.inputs.is_empty();
    let inputs = math.inputs.iter().map(|input| query(input, Some(false)));
    inputs.chain([query(&math.result, (!alone).then_some(true))]).collect()
}

fn parse_math<Q>(queries: &[Q], returns: fn(&Q) -> Option<bool>, parse: fn(&Q) -> Option<Query>) -> Option<MetricMath> {
    let result = queries.iter().position(|query| returns(query) != Some(false))?;
    let mut queries: Vec<Query> = queries.iter().map(parse).collect::<Option<_>>()?;
    Some(MetricMath { result: queries.remove(result), inputs: queries })
}

fn tracked_query(query: &Query, returns: Option<bool>) -> asg::TargetTrackingMetricDataQuery {
    let builder = asg::TargetTrackingMetricDataQuery::builder()
        .id(&query.id)
        .set_label(query.label.clone())
        .set_period(period(query.period))
        .set_return_data(returns);
    match &query.source {
        Source::Expression(text) => builder.expression(text),
        Source::Stat(stat) => builder.metric_stat(
            asg::TargetTrackingMetricStat::builder()
                .metric(metric(&stat.metric))
                .stat(&stat.stat)
                .set_unit(stat.unit.clone())
                .set_period(period(stat.period))
                .build(),
        ),
    }
    .build()
}

fn parse_tracked_query(query: &asg::TargetTrackingMetricDataQuery) -> Option<Query> {
    let source = match (query.expression(), query.metric_stat()) {
        (Some(text), _) => Source::Expression(text.to_owned()),
        (None, stat) => Source::Stat(Stat {
            metric: parse_metric(stat?.metric()?)?,
            stat: stat?.stat()?.to_owned(),
            unit: stat?.unit().map(ToOwned::to_owned),
            period: parse_period(stat?.period()),
        }),
    };
    Some(Query {
        id: query.id()?.to_owned(),
        source,
        label: query.label().map(ToOwned::to_owned),
        period: parse_period(query.period()),
    })
}

fn forecast_query(query: &Query, returns: Option<bool>) -> asg::MetricDataQuery {
    let builder = asg::MetricDataQuery::builder().id(&query.id).set_label(query.label.clone()).set_return_data(returns);
    match &query.source {
        Source::Expression(text) => builder.expression(text),
        Source::Stat(stat) => builder.metric_stat(
            asg::MetricStat::builder()
                .metric(metric(&stat.metric))
                .stat(&stat.stat)
                .set_unit(stat.unit.clone())
                .build(),
        ),
    }
    .build()
}

fn parse_forecast_query(query: &asg::MetricDataQuery) -> Option<Query> {
    let source = match (query.expression(), query.metric_stat()) {
        (Some(text), _) => Source::Expression(text.to_owned()),
        (None, stat) => Source::Stat(Stat {
            metric: parse_metric(stat?.metric()?)?,
            stat: stat?.stat()?.to_owned(),
            unit: stat?.unit().map(ToOwned::to_owned),
            period: None,
        }),
    };
    Some(Query { id: query.id()?.to_owned(), source, label: query.label().map(ToOwned::to_owned), period: None })
}

fn parse_forecast_math(queries: &[asg::MetricDataQuery]) -> Option<MetricMath> {
    parse_math(queries, asg::MetricDataQuery::return_data, parse_forecast_query)
}

pub(super) fn predictive(predictive: &PredictiveScaling) -> Result<asg::PredictiveScalingConfiguration> {
    use asg::PredictiveScalingMaxCapacityBreachBehavior::IncreaseMaxCapacity;
    let builder = asg::PredictiveScalingMetricSpecification::builder().target_value(predictive.target);
    let specification = match &predictive.metrics {
        Metrics::Pair(pair) => {
            let (name, label) = predefined(pair)?;
            builder.predefined_metric_pair_specification(
                asg::PredictiveScalingPredefinedMetricPair::builder()
                    .predefined_metric_type(name.into())
                    .set_resource_label(label)
                    .build(),
            )
        }
        Metrics::Separate(metrics) => {
            let PredictiveMetrics { scaling, load, capacity } = &**metrics;
            let builder = match scaling {
                Forecast::Math(math) => builder.customized_scaling_metric_specification(
                    asg::PredictiveScalingCustomizedScalingMetric::builder()
                        .set_metric_data_queries(Some(queries(math, forecast_query)))
                        .build(),
                ),
                named => {
                    let (name, label) = predefined(named)?;
                    builder.predefined_scaling_metric_specification(
                        asg::PredictiveScalingPredefinedScalingMetric::builder()
                            .predefined_metric_type(name.into())
                            .set_resource_label(label)
                            .build(),
                    )
                }
            };
            let builder = match load {
                Forecast::Math(math) => builder.customized_load_metric_specification(
                    asg::PredictiveScalingCustomizedLoadMetric::builder()
                        .set_metric_data_queries(Some(queries(math, forecast_query)))
                        .build(),
                ),
                named => {
                    let (name, label) = predefined(named)?;
                    builder.predefined_load_metric_specification(
                        asg::PredictiveScalingPredefinedLoadMetric::builder()
                            .predefined_metric_type(name.into())
                            .set_resource_label(label)
                            .build(),
                    )
                }
            };
            builder.set_customized_capacity_metric_specification(capacity.as_ref().map(|math| {
                asg::PredictiveScalingCustomizedCapacityMetric::builder()
                    .set_metric_data_queries(Some(queries(math, forecast_query)))
                    .build()
            }))
        }
    };
    Ok(asg::PredictiveScalingConfiguration::builder()
        .metric_specifications(specification.build())
        .set_mode(predictive.mode.map(|mode| mode.as_str().into()))
        .set_scheduling_buffer_time(predictive.scheduling_buffer.map(seconds))
        .set_max_capacity_breach_behavior(predictive.max_capacity_buffer.map(|_| IncreaseMaxCapacity))
        .set_max_capacity_buffer(predictive.max_capacity_buffer.map(count))
        .build())
}

/// The name of a metric that AWS knows, and its label.
fn predefined(forecast: &Forecast) -> Result<(&str, Option<String>)> {
    match forecast {
        Forecast::Predefined(name) => Ok((name, None)),
        Forecast::Requests(name, text) => Ok((name, Some(label(text)?))),
        Forecast::Math(_) => Err(Error::internal("metric math has no name")),
    }
}

fn named(name: &str, label: Option<&str>) -> Forecast {
    match label {
        None => Forecast::Predefined(name.to_owned()),
        Some(label) => Forecast::Requests(name.to_owned(), ResourceLabel::Text(label.to_owned())),
    }
}

pub(super) fn parse_predictive(predictive: &asg::PredictiveScalingConfiguration) -> Option<PredictiveScaling> {
    let specification = predictive.metric_specifications().first()?;
    let metrics = if let Some(pair) = specification.predefined_metric_pair_specification() {
        Metrics::Pair(Box::new(named(pair.predefined_metric_type()?.as_str(), pair.resource_label())))
    } else {
        let scaling = match specification.predefined_scaling_metric_specification() {
            Some(metric) => named(metric.predefined_metric_type()?.as_str(), metric.resource_label()),
            None => Forecast::Math(parse_forecast_math(
                specification.customized_scaling_metric_specification()?.metric_data_queries(),
            )?),
        };
        let load = match specification.predefined_load_metric_specification() {
            Some(metric) => named(metric.predefined_metric_type()?.as_str(), metric.resource_label()),
            None => Forecast::Math(parse_forecast_math(
                specification.customized_load_metric_specification()?.metric_data_queries(),
            )?),
        };
        let capacity = specification.customized_capacity_metric_specification();
        let capacity = capacity.and_then(|capacity| parse_forecast_math(capacity.metric_data_queries()));
        Metrics::Separate(Box::new(PredictiveMetrics { scaling, load, capacity }))
    };
    Some(PredictiveScaling {
        metrics,
        target: specification.target_value()?,
        mode: predictive.mode().and_then(|mode| PredictiveMode::from_word(mode.as_str())),
        scheduling_buffer: predictive.scheduling_buffer_time().map(duration),
        max_capacity_buffer: predictive.max_capacity_buffer().and_then(|percent| u32::try_from(percent).ok()),
    })
}
