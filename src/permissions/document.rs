//! The policy as IAM reads it: rights put together into as few statements as say the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::resource::tags::STACK;
use crate::resource::{On, ResourceType, Right, When};

use super::IamPolicy;

/// The types of load balancers, where no declaration says which.
const BALANCERS: [&str; 3] = ["app", "gwy", "net"];

/// A policy of these statements.
pub(super) fn of(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The conditions of a right, without the calls that tags come with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Conditions<'a> {
    when: BTreeSet<&'a When>,
    /// The service of those calls.
    creator: Option<&'static str>,
}

impl<'a> Conditions<'a> {
    fn of(right: &'a Right) -> Self {
        let creator = right.when.iter().find_map(|when| match when {
            When::CreatedBy(service, _) => Some(*service),
            _ => None,
        });
        Self { when: right.when.iter().filter(|when| created_by(when).is_none()).collect(), creator }
    }
}

type Calls<'a> = BTreeSet<&'a str>;

fn created_by(when: &When) -> Option<&'static str> {
    match when {
        When::CreatedBy(_, call) => Some(call),
        _ => None,
    }
}

#[derive(Default)]
struct Places<'a> {
    arns: BTreeSet<String>,
    /// Whether it is some and not all of a type.
    some: bool,
    calls: Calls<'a>,
}

#[derive(Default)]
struct Statement<'a> {
    actions: BTreeSet<&'a str>,
    arns: BTreeSet<String>,
}

impl IamPolicy {
    pub(super) fn statements(&self) -> Vec<Value> {
        // What each action is allowed on, by condition; calls that tags come with are one condition together.
        let mut places: BTreeMap<&str, BTreeMap<Conditions<'_>, Places<'_>>> = BTreeMap::new();
        for right in self.rights() {
            let of_action = places.entry(&right.action).or_default();
            let place = of_action.entry(Conditions::of(right)).or_default();
            place.arns.extend(self.arns(right));
            place.some |= !matches!(right.on, On::All(_));
            place.calls.extend(right.when.iter().filter_map(created_by));
        }
        // Actions on the same, under the same condition, are a statement. An action on all of its types, under
        // one condition, can stand beside others on theirs: it means nothing on those. One under several
        // conditions cannot, or it would be allowed under one of them what it is to be under another.
        let mut statements: BTreeMap<(Conditions<'_>, Calls<'_>, Option<BTreeSet<String>>), Statement<'_>> =
            BTreeMap::new();
        for (action, of_action) in places {
            let is_single = of_action.len() == 1;
            for (conditions, Places { arns, some, calls }) in of_action {
                let joins = is_single && !some && !conditions.when.is_empty();
                let apart = (!joins).then(|| arns.clone());
                let statement = statements.entry((conditions, calls, apart)).or_default();
                statement.actions.insert(action);
                statement.arns.extend(arns);
            }
        }
        let mut statements: Vec<_> = statements
            .into_iter()
            .map(|((conditions, calls, _), Statement { actions, arns })| {
                let mut statement = json!({ "Effect": "Allow", "Action": actions, "Resource": arns });
                let conditions = self.conditions(&conditions, &calls);
                if !conditions.is_empty() {
                    statement["Condition"] = json!(conditions);
                }
                statement
            })
            .collect();
        if self.with_linked_roles {
            statements.extend(self.linked_roles.iter().map(|service| {
                let role = format!("arn:{}:iam::{}:role/aws-service-role/{service}.*", self.partition, self.account);
                let name = format!("{service}.amazonaws.com*");
                json!({
                    "Effect": "Allow",
                    "Action": ["iam:CreateServiceLinkedRole"],
                    "Resource": [role],
                    "Condition": { "StringLike": { "iam:AWSServiceName": name } },
                })
            }));
        }
        statements
    }

    fn conditions(&self, conditions: &Conditions<'_>, calls: &Calls<'_>) -> BTreeMap<&str, BTreeMap<String, Value>> {
        let mut all: BTreeMap<&str, BTreeMap<String, Value>> = BTreeMap::new();
        for when in &conditions.when {
            let (operator, key, value) = match when {
                When::Carries => ("StringEquals", format!("aws:ResourceTag/{STACK}"), self.stack.clone()),
                When::Requests => ("StringEquals", format!("aws:RequestTag/{STACK}"), self.stack.clone()),
                When::LaunchesFromTemplate => {
                    ("ArnLike", "ec2:LaunchTemplate".to_owned(), self.arn("ec2", "launch-template/*"))
                }
                // In China, the names of services have another ending.
                When::PassedTo(service) => {
                    ("StringLike", "iam:PassedToService".to_owned(), format!("{service}.amazonaws.com*"))
                }
                When::CreatedBy(..) => continue,
            };
            all.entry(operator).or_default().insert(key, value.into());
        }
        if let Some(service) = conditions.creator {
            all.entry("StringEquals").or_default().insert(format!("{service}:CreateAction"), json!(calls));
        }
        all
    }

    fn arn(&self, service: &str, path: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{path}", self.partition, self.region, self.account)
    }

    fn arns(&self, right: &Right) -> Vec<String> {
        match &right.on {
            On::Everything => vec!["*".to_owned()],
            On::All(kind) => self.paths(*kind, "*").iter().map(|path| self.arn(kind.service(), path)).collect(),
            On::One(_, arn) if arn.starts_with("arn:") => vec![arn.clone()],
            On::One(kind, id) => self.paths(*kind, id).iter().map(|path| self.arn(kind.service(), path)).collect(),
            On::Parameters => {
                // Public parameters belong to no account.
                let arn = |account| format!("arn:{}:ssm:{}:{account}:parameter/*", self.partition, self.region);
                [self.account.as_str(), ""].map(arn).to_vec()
            }
            On::UserPool(pool) => vec![pool.clone().unwrap_or_else(|| self.arn("cognito-idp", "userpool/*"))],
            On::Role(Some(role)) => vec![role.clone()],
            On::Role(None) if self.roles.is_empty() => {
                vec![format!("arn:{}:iam::{}:role/*", self.partition, self.account)]
            }
            On::Role(None) => self.roles.clone(),
        }
    }

    /// What ARNs of a type have after the account.
    fn paths(&self, kind: ResourceType, id: &str) -> Vec<String> {
        let name = match kind {
            ResourceType::SecurityGroup => "security-group",
            ResourceType::SecurityGroupRule => "security-group-rule",
            ResourceType::Vpc => "vpc",
            ResourceType::NetworkInterface => "network-interface",
            ResourceType::PrefixList => "prefix-list",
            ResourceType::LaunchTemplate => "launch-template",
            ResourceType::Launched(kind) => kind.as_str(),
            ResourceType::TargetGroup => "targetgroup",
            ResourceType::LoadBalancer => return self.of_balancers("loadbalancer", id),
            ResourceType::Listener => return self.of_balancers("listener", id),
            ResourceType::RuledListener => return self.of_ruled("listener", id),
            ResourceType::ListenerRule => return self.of_ruled("listener-rule", id),
            ResourceType::AutoScalingGroup | ResourceType::Part => {
                return vec![format!("autoScalingGroup:*:autoScalingGroupName/{id}")];
            }
        };
        vec![format!("{name}/{id}")]
    }

    fn of_balancers(&self, name: &str, id: &str) -> Vec<String> {
        let declared: Vec<&str> = self.balancers.iter().copied().collect();
        let kinds = if declared.is_empty() { BALANCERS.to_vec() } else { declared };
        kinds.into_iter().map(|kind| format!("{name}/{kind}/{id}")).collect()
    }

    /// Gateway load balancers know no rules.
    fn of_ruled(&self, name: &str, id: &str) -> Vec<String> {
        let mut paths = self.of_balancers(name, id);
        paths.retain(|path| !path.starts_with(&format!("{name}/gwy/")));
        paths
    }
}
