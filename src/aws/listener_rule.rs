//! Listener rules over the Elastic Load Balancing API.

use aws_sdk_elasticloadbalancingv2::types::{
    HostHeaderConditionConfig, HostHeaderRewriteConfig, HttpHeaderConditionConfig, HttpRequestMethodConditionConfig,
    PathPatternConditionConfig, QueryStringConditionConfig, QueryStringKeyValuePair, RewriteConfig, Rule as ElbRule,
    RuleCondition, RulePriorityPair, RuleTransform, SourceIpAddressTypeEnum, SourceIpConditionConfig,
    TransformTypeEnum, UrlRewriteConfig,
};

use crate::error::{Error, Result};
use crate::input::Input;
use crate::resource::{
    Condition, ListenerRule, ListenerRuleOutputs, Observed, Operation, Rewrite, SourceAddressType, Tags,
};

use super::action::{actions, parse_actions};
use super::blockers::association_limit;
use super::call::{gone_is_fine, pages_or_none};
use super::tags::{change_elb, elb, read_elb};
use super::{Cx, Operate, id, known, required};

impl Operate for ListenerRule {
    async fn create(&self, cx: &Cx<'_>) -> Result<ListenerRuleOutputs> {
        let client = &cx.aws.elbv2;
        let listener = known(&self.listener)?;
        let (conditions, actions) = (conditions(&self.conditions), actions(&self.action, None)?);
        let priority = self.priority.ok_or_else(|| Error::internal("a rule was not given a priority"))?;
        let transforms = self.transforms();
        let output = cx
            .write(Operation::CreateRule, || {
                client
                    .create_rule()
                    .listener_arn(listener.as_str())
                    .priority(i32::from(priority))
                    .set_conditions(Some(conditions.clone()))
                    .set_actions(Some(actions.clone()))
                    .set_transforms(transforms.clone())
                    .set_tags(Some(elb(&self.tags)))
                    .send()
            })
            .await;
        let output = association_limit(cx, output, &self.action.targets()).await?;
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
            Operation::SetRulePriorities => self.set_priorities(cx).await?,
            Operation::ModifyRule => {
                let actions = actions(&self.action, observed.map(|observed| &observed.action))?;
                let (conditions, transforms) = (conditions(&self.conditions), self.transforms());
                let resets = transforms.is_none() && observed.is_some_and(|observed| observed.transforms().is_some());
                let modified = cx
                    .write(operation, || {
                        client
                            .modify_rule()
                            .rule_arn(arn)
                            .set_conditions(Some(conditions.clone()))
                            .set_actions(Some(actions.clone()))
                            .set_transforms(transforms.clone())
                            .set_reset_transforms(resets.then_some(true))
                            .send()
                    })
                    .await;
                association_limit(cx, modified, &self.action.targets()).await?;
            }
            _ => {
                let present = observed.map(|observed| observed.tags.clone()).unwrap_or_default();
                change_elb(cx, operation, arn, &self.tags, &present).await?;
            }
        }
        Ok(None)
    }

    async fn prepare(
        &self,
        cx: &Cx<'_>,
        operation: Operation,
        present: Option<(&ListenerRuleOutputs, &Self)>,
    ) -> Result<()> {
        if operation == Operation::SetRulePriorities {
            return self.set_priorities(cx).await;
        }
        let (outputs, observed) = required(present, "a rule that exists")?;
        let client = &cx.aws.elbv2;
        let actions = actions(&observed.action.beside(&self.action), Some(&observed.action))?;
        cx.write(operation, || {
            client.modify_rule().rule_arn(outputs.arn.as_str()).set_actions(Some(actions.clone())).send()
        })
        .await?;
        Ok(())
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
    /// Lets the rules of a listener change places, all at once.
    async fn set_priorities(&self, cx: &Cx<'_>) -> Result<()> {
        let client = &cx.aws.elbv2;
        let pair = |(arn, priority): &(String, u16)| {
            RulePriorityPair::builder().rule_arn(arn).priority(i32::from(*priority)).build()
        };
        let pairs: Vec<_> = self.moves.iter().map(pair).collect();
        cx.write(Operation::SetRulePriorities, || {
            client.set_rule_priorities().set_rule_priorities(Some(pairs.clone())).send()
        })
        .await?;
        Ok(())
    }

    fn transforms(&self) -> Option<Vec<RuleTransform>> {
        let rewrite =
            |rewrite: &Rewrite| RewriteConfig::builder().regex(&rewrite.regex).replace(&rewrite.replace).build();
        let host = self.rewrite_host.as_ref().map(|host| {
            RuleTransform::builder()
                .r#type(TransformTypeEnum::HostHeaderRewrite)
                .host_header_rewrite_config(HostHeaderRewriteConfig::builder().rewrites(rewrite(host)).build())
                .build()
        });
        let url = self.rewrite_url.as_ref().map(|url| {
            RuleTransform::builder()
                .r#type(TransformTypeEnum::UrlRewrite)
                .url_rewrite_config(UrlRewriteConfig::builder().rewrites(rewrite(url)).build())
                .build()
        });
        let transforms: Vec<_> = host.into_iter().chain(url).collect();
        (!transforms.is_empty()).then_some(transforms)
    }
}

fn conditions(conditions: &[Condition]) -> Vec<RuleCondition> {
    conditions.iter().map(condition).collect()
}

fn condition(condition: &Condition) -> RuleCondition {
    let builder = RuleCondition::builder().field(condition.field());
    let texts = |values: &[String]| Some(values.to_vec());
    match condition {
        Condition::Host(values) => {
            builder.host_header_config(HostHeaderConditionConfig::builder().set_values(texts(values)).build())
        }
        Condition::HostRegex(values) => {
            builder.host_header_config(HostHeaderConditionConfig::builder().set_regex_values(texts(values)).build())
        }
        Condition::Path(values) => {
            builder.path_pattern_config(PathPatternConditionConfig::builder().set_values(texts(values)).build())
        }
        Condition::PathRegex(values) => {
            builder.path_pattern_config(PathPatternConditionConfig::builder().set_regex_values(texts(values)).build())
        }
        Condition::Header { name, values } => builder.http_header_config(
            HttpHeaderConditionConfig::builder().http_header_name(name).set_values(texts(values)).build(),
        ),
        Condition::HeaderRegex { name, values } => builder.http_header_config(
            HttpHeaderConditionConfig::builder().http_header_name(name).set_regex_values(texts(values)).build(),
        ),
        Condition::Method(values) => builder
            .http_request_method_config(HttpRequestMethodConditionConfig::builder().set_values(texts(values)).build()),
        Condition::Query(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| QueryStringKeyValuePair::builder().set_key(key.clone()).value(value).build())
                .collect();
            builder.query_string_config(QueryStringConditionConfig::builder().set_values(Some(pairs)).build())
        }
        Condition::SourceIp(values) => {
            builder.source_ip_config(SourceIpConditionConfig::builder().set_values(texts(values)).build())
        }
        Condition::SourceAddressType(kind) => builder.source_ip_config(
            SourceIpConditionConfig::builder().ip_address_type(SourceIpAddressTypeEnum::from(kind.as_str())).build(),
        ),
    }
    .build()
}

fn parse_condition(condition: &RuleCondition) -> Option<Condition> {
    // Older conditions have their values at the top, newer ones in a part of their own.
    let or_top =
        |values: Option<&[String]>, top: &[String]| values.filter(|values| !values.is_empty()).unwrap_or(top).to_vec();
    Some(match condition.field()? {
        "host-header" => {
            let config = condition.host_header_config();
            let regexes = or_top(config.map(HostHeaderConditionConfig::regex_values), condition.regex_values());
            if regexes.is_empty() {
                Condition::Host(or_top(config.map(HostHeaderConditionConfig::values), condition.values()))
            } else {
                Condition::HostRegex(regexes)
            }
        }
        "path-pattern" => {
            let config = condition.path_pattern_config();
            let regexes = or_top(config.map(PathPatternConditionConfig::regex_values), condition.regex_values());
            if regexes.is_empty() {
                Condition::Path(or_top(config.map(PathPatternConditionConfig::values), condition.values()))
            } else {
                Condition::PathRegex(regexes)
            }
        }
        "http-header" => {
            let config = condition.http_header_config()?;
            let name = config.http_header_name()?.to_owned();
            let regexes = or_top(Some(config.regex_values()), condition.regex_values());
            if regexes.is_empty() {
                Condition::Header { name, values: config.values().to_vec() }
            } else {
                Condition::HeaderRegex { name, values: regexes }
            }
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
        "source-ip" => {
            let config = condition.source_ip_config()?;
            match config.ip_address_type().and_then(|kind| SourceAddressType::from_word(kind.as_str())) {
                Some(kind) => Condition::SourceAddressType(kind),
                None => Condition::SourceIp(config.values().to_vec()),
            }
        }
        _ => return None,
    })
}

fn parse_rewrite(rule: &ElbRule, rewrites: impl Fn(&RuleTransform) -> Option<&[RewriteConfig]>) -> Option<Rewrite> {
    let rewrite = rule.transforms().iter().find_map(|transform| rewrites(transform)?.first())?;
    Some(Rewrite {
        regex: rewrite.regex().unwrap_or_default().to_owned(),
        replace: rewrite.replace().unwrap_or_default().to_owned(),
    })
}

fn parse(rule: &ElbRule, listener: &str, tags: Tags) -> Result<Option<Observed<ListenerRule>>> {
    let priority: Option<u16> = rule.priority().and_then(|priority| priority.parse().ok());
    let (Some(priority), Some(action)) = (priority, parse_actions(rule.actions(), &tags)) else { return Ok(None) };
    Ok(Some(Observed {
        outputs: ListenerRuleOutputs { arn: id(rule.rule_arn(), "a rule ARN")? },
        owner: tags.owner(),
        name: None,
        spec: ListenerRule {
            listener: Input::known(id(Some(listener), "a listener ARN")?),
            priority: Some(priority),
            action,
            rewrite_host: parse_rewrite(rule, |transform| Some(transform.host_header_rewrite_config()?.rewrites())),
            rewrite_url: parse_rewrite(rule, |transform| Some(transform.url_rewrite_config()?.rewrites())),
            conditions: rule.conditions().iter().filter_map(parse_condition).collect(),
            tags,
            moves: Vec::new(),
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
        let Some(tags) = tags.remove(rule.rule_arn().unwrap_or_default()) else { continue };
        observed.extend(parse(rule, listener, tags)?);
    }
    Ok(observed)
}
