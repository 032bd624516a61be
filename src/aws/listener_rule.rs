//! Listener rules over the Elastic Load Balancing API.

use aws_sdk_elasticloadbalancingv2::types::{
    HostHeaderConditionConfig, HttpHeaderConditionConfig, HttpRequestMethodConditionConfig, PathPatternConditionConfig,
    QueryStringConditionConfig, QueryStringKeyValuePair, Rule as ElbRule, RuleCondition, RulePriorityPair,
    SourceIpConditionConfig,
};

use crate::error::{Error, Result};
use crate::input::Input;
use crate::resource::{Condition, ListenerRule, ListenerRuleOutputs, Observed, Operation, Tags};

use super::call::{gone_is_fine, pages_or_none};
use super::listener::{actions, parse_action};
use super::tags::{change_elb, elb, read_elb};
use super::{Cx, Operate, id, known, required};

impl Operate for ListenerRule {
    async fn create(&self, cx: &Cx<'_>) -> Result<ListenerRuleOutputs> {
        let client = &cx.aws.elbv2;
        let listener = known(&self.listener)?;
        let (conditions, actions) = (conditions(&self.conditions), actions(&self.action)?);
        let output = cx
            .write(Operation::CreateRule, || {
                client
                    .create_rule()
                    .listener_arn(listener.as_str())
                    .priority(i32::from(self.priority))
                    .set_conditions(Some(conditions.clone()))
                    .set_actions(Some(actions.clone()))
                    .set_tags(Some(elb(&self.tags)))
                    .send()
            })
            .await?;
        let rule = required(output.rules().first(), "the rule")?;
        Ok(ListenerRuleOutputs { arn: id(rule.rule_arn(), "a rule ARN")? })
    }

    async fn change(
        &self,
        cx: &Cx<'_>,
        operation: Operation,
        outputs: &ListenerRuleOutputs,
        observed: Option<&Self>,
    ) -> Result<Option<ListenerRuleOutputs>> {
        let client = &cx.aws.elbv2;
        let arn = outputs.arn.as_str();
        match operation {
            Operation::SetRulePriorities => {
                let _places = cx.pace.places.lock().await;
                match set_priorities(cx, &[(arn, self.priority)]).await {
                    Err(error) if error.code() == Some("PriorityInUse") => self.swap(cx, arn, error).await?,
                    other => other?,
                }
            }
            Operation::ModifyRule => {
                let (conditions, actions) = (conditions(&self.conditions), actions(&self.action)?);
                cx.write(operation, || {
                    client
                        .modify_rule()
                        .rule_arn(arn)
                        .set_conditions(Some(conditions.clone()))
                        .set_actions(Some(actions.clone()))
                        .send()
                })
                .await?;
            }
            _ => {
                let present = observed.map(|observed| observed.tags.clone()).unwrap_or_default();
                change_elb(cx, operation, arn, &self.tags, &present).await?;
            }
        }
        Ok(None)
    }

    async fn delete(cx: &Cx<'_>, observed: &Observed<Self>) -> Result<()> {
        let client = &cx.aws.elbv2;
        let arn = observed.outputs.arn.as_str();
        gone_is_fine(cx.write(Operation::DeleteRule, || client.delete_rule().rule_arn(arn).send()).await)
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<Option<Observed<Self>>> {
        let found = observe(cx, &[known(&self.listener)?.to_string()]).await?;
        Ok(found.into_iter().find(|rule| rule.spec.priority == self.priority))
    }
}

impl ListenerRule {
    /// Changes places with the rule that has the wanted priority: one call moves both, and no
    /// request meets a listener without either. The other one's own step puts it where it belongs.
    async fn swap(&self, cx: &Cx<'_>, arn: &str, refusal: Error) -> Result<()> {
        let rules = observe(cx, &[known(&self.listener)?.to_string()]).await?;
        let at = |wanted: u16| rules.iter().find(|rule| rule.spec.priority == wanted);
        let mine = rules.iter().find(|rule| rule.outputs.arn.as_str() == arn).map(|rule| rule.spec.priority);
        match (at(self.priority), mine) {
            (Some(holder), Some(mine)) if holder.owner.as_ref().is_some_and(|owner| owner.stack == cx.stack) => {
                set_priorities(cx, &[(arn, self.priority), (holder.outputs.arn.as_str(), mine)]).await
            }
            // It has moved away in the meantime.
            (None, _) => set_priorities(cx, &[(arn, self.priority)]).await,
            (Some(holder), _) => {
                Err(refusal.because(format!("{} has it, which this stack does not own", holder.outputs.arn)))
            }
        }
    }
}

async fn set_priorities(cx: &Cx<'_>, priorities: &[(&str, u16)]) -> Result<()> {
    let client = &cx.aws.elbv2;
    let pairs: Vec<_> = priorities
        .iter()
        .map(|(arn, priority)| RulePriorityPair::builder().rule_arn(*arn).priority(i32::from(*priority)).build())
        .collect();
    let set = || client.set_rule_priorities().set_rule_priorities(Some(pairs.clone())).send();
    cx.write(Operation::SetRulePriorities, set).await.map(|_| ())
}

fn conditions(conditions: &[Condition]) -> Vec<RuleCondition> {
    conditions.iter().map(condition).collect()
}

fn condition(condition: &Condition) -> RuleCondition {
    let builder = RuleCondition::builder();
    let texts = |values: &[String]| Some(values.to_vec());
    match condition {
        Condition::Host(values) => builder
            .field("host-header")
            .host_header_config(HostHeaderConditionConfig::builder().set_values(texts(values)).build()),
        Condition::Path(values) => builder
            .field("path-pattern")
            .path_pattern_config(PathPatternConditionConfig::builder().set_values(texts(values)).build()),
        Condition::Header { name, values } => builder.field("http-header").http_header_config(
            HttpHeaderConditionConfig::builder().http_header_name(name).set_values(texts(values)).build(),
        ),
        Condition::Method(values) => builder
            .field("http-request-method")
            .http_request_method_config(HttpRequestMethodConditionConfig::builder().set_values(texts(values)).build()),
        Condition::Query(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| QueryStringKeyValuePair::builder().set_key(key.clone()).value(value).build())
                .collect();
            builder
                .field("query-string")
                .query_string_config(QueryStringConditionConfig::builder().set_values(Some(pairs)).build())
        }
        Condition::SourceIp(values) => builder
            .field("source-ip")
            .source_ip_config(SourceIpConditionConfig::builder().set_values(texts(values)).build()),
    }
    .build()
}

fn parse_condition(condition: &RuleCondition) -> Option<Condition> {
    // Older conditions have their values at the top, newer ones in a part of their own.
    let or_top = |values: Option<&[String]>| {
        values.filter(|values| !values.is_empty()).unwrap_or_else(|| condition.values()).to_vec()
    };
    Some(match condition.field()? {
        "host-header" => Condition::Host(or_top(condition.host_header_config().map(HostHeaderConditionConfig::values))),
        "path-pattern" => {
            Condition::Path(or_top(condition.path_pattern_config().map(PathPatternConditionConfig::values)))
        }
        "http-header" => {
            let config = condition.http_header_config()?;
            Condition::Header { name: config.http_header_name()?.to_owned(), values: config.values().to_vec() }
        }
        "http-request-method" => Condition::Method(condition.http_request_method_config()?.values().to_vec()),
        "query-string" => Condition::Query(
            condition
                .query_string_config()?
                .values()
                .iter()
                .filter_map(|pair| Some((pair.key().map(ToOwned::to_owned), pair.value()?.to_owned())))
                .collect(),
        ),
        "source-ip" => Condition::SourceIp(condition.source_ip_config()?.values().to_vec()),
        _ => return None,
    })
}

fn parse(rule: &ElbRule, listener: &str, tags: Tags) -> Result<Option<Observed<ListenerRule>>> {
    let priority = rule.priority().and_then(|priority| priority.parse().ok());
    let (Some(priority), Some(action)) = (priority, parse_action(rule.actions())) else { return Ok(None) };
    Ok(Some(Observed {
        outputs: ListenerRuleOutputs { arn: id(rule.rule_arn(), "a rule ARN")? },
        owner: tags.owner(),
        name: None,
        spec: ListenerRule {
            listener: Input::known(id(Some(listener), "a listener ARN")?),
            priority,
            action,
            conditions: rule.conditions().iter().filter_map(parse_condition).collect(),
            tags,
        },
    }))
}

/// Reads the rules of listeners; the default rule belongs to the listener itself.
pub(super) async fn observe(cx: &Cx<'_>, listeners: &[String]) -> Result<Vec<Observed<ListenerRule>>> {
    let client = &cx.aws.elbv2;
    let pages = listeners.iter().map(|listener| async move {
        pages_or_none(|token: Option<String>| async move {
            let page = cx
                .read("DescribeRules", || {
                    client.describe_rules().listener_arn(listener).set_marker(token.clone()).send()
                })
                .await?;
            let found = page.rules.unwrap_or_default().into_iter().filter(|rule| rule.is_default() != Some(true));
            Ok((found.map(|rule| (listener.clone(), rule)).collect(), page.next_marker))
        })
        .await
    });
    let rules: Vec<_> = futures_util::future::try_join_all(pages).await?.into_iter().flatten().collect();
    let arns: Vec<String> = rules.iter().filter_map(|(_, rule)| rule.rule_arn.clone()).collect();
    let mut tags = read_elb(cx, &arns).await?;
    let mut observed = Vec::with_capacity(rules.len());
    for (listener, rule) in &rules {
        let tags = tags.remove(rule.rule_arn().unwrap_or_default()).unwrap_or_default();
        observed.extend(parse(rule, listener, tags)?);
    }
    Ok(observed)
}
