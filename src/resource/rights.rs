//! What IAM has to allow: on which resources each call is checked, and what it takes along.
//!
//! The facts are those of the Service Authorization Reference: the actions, resource types and condition
//! keys of Amazon EC2, Elastic Load Balancing V2 and Amazon EC2 Auto Scaling.

use std::collections::BTreeSet;

use super::{InstanceTag, Operation};

/// A type of resource as IAM knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ResourceType {
    SecurityGroup,
    SecurityGroupRule,
    Vpc,
    NetworkInterface,
    PrefixList,
    LaunchTemplate,
    /// What instances are launched with.
    Launched(InstanceTag),
    LoadBalancer,
    Listener,
    /// A listener that can have rules.
    RuledListener,
    ListenerRule,
    TargetGroup,
    AutoScalingGroup,
    /// No resource of its own: IAM checks what it belongs to.
    Part,
}

impl ResourceType {
    /// The prefix of the actions on it.
    pub(crate) fn service(self) -> &'static str {
        match self {
            Self::LoadBalancer | Self::Listener | Self::RuledListener | Self::ListenerRule | Self::TargetGroup => {
                "elasticloadbalancing"
            }
            Self::AutoScalingGroup | Self::Part => "autoscaling",
            _ => "ec2",
        }
    }

    /// What such a resource belongs to.
    pub(crate) fn parent(self) -> Option<Self> {
        match self {
            Self::SecurityGroupRule => Some(Self::SecurityGroup),
            Self::Listener => Some(Self::LoadBalancer),
            Self::ListenerRule => Some(Self::RuledListener),
            Self::Part => Some(Self::AutoScalingGroup),
            _ => None,
        }
    }
}

/// What an action is allowed on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum On {
    /// An action that is not checked on resources.
    Everything,
    All(ResourceType),
    /// One, by what its ARN ends with after the account, or by its ARN.
    One(ResourceType, String),
    Parameters,
    UserPool(Option<String>),
    /// A role, by its ARN; any if none is known.
    Role(Option<String>),
}

/// Under which condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum When {
    /// The resource carries the tag of the stack.
    Carries,
    /// The request sets the tag of the stack.
    Requests,
    /// It comes with a call that creates something, by the service and the call.
    CreatedBy(&'static str, &'static str),
    /// Instances come from a launch template.
    LaunchesFromTemplate,
    /// A role is for a service.
    PassedTo(&'static str),
}

/// An action on resources, under conditions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Right {
    pub(crate) action: String,
    pub(crate) on: On,
    pub(crate) when: BTreeSet<When>,
}

/// What a call is about: the resource itself, or what it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) kind: ResourceType,
    /// The id or ARN, where it is known and says more than the tag of the stack.
    pub(crate) id: Option<String>,
    /// Whether it carries the tag of the stack.
    pub(crate) owned: bool,
}

/// The rights that a stack needs.
#[derive(Debug, Default)]
pub(crate) struct Rights {
    granted: BTreeSet<Right>,
    /// Those that launching takes.
    launching: BTreeSet<Right>,
    launches: bool,
}

impl Rights {
    fn grant(&mut self, action: impl Into<String>, on: On, when: impl IntoIterator<Item = When>) {
        self.granted.insert(Right { action: action.into(), on, when: when.into_iter().collect() });
    }

    /// Reads; none of them is checked on resources.
    pub(crate) fn reads(&mut self, actions: &[&str]) {
        for action in actions {
            self.grant(*action, On::Everything, []);
        }
    }

    /// A call on what a resource is itself, or on what it belongs to, whichever AWS checks.
    pub(crate) fn call(&mut self, operation: Operation, own: &Object, parent: Option<&Object>) {
        let Checked { on, makes, also } = checked(operation);
        let on = on.unwrap_or(own.kind);
        let action = format!("{}:{}", on.service(), operation.name());
        // What is neither of the two, nobody knows whose it is.
        let other = Object { kind: on, id: None, owned: false };
        let target = [Some(own), parent].into_iter().flatten().find(|object| object.kind == on).unwrap_or(&other);
        let place = match &target.id {
            Some(id) => On::One(on, id.clone()),
            None => On::All(on),
        };
        let mut when = BTreeSet::new();
        // The reference names no condition keys for it.
        if target.owned && makes != Some(on) && operation != Operation::SetRulePriorities {
            when.insert(When::Carries);
        }
        let tags_anew = matches!(operation, Operation::CreateTags | Operation::AddTags) && !target.owned;
        // EC2 checks the tags of a request on what they are put on, the others on what the call is about.
        if tags_anew || makes == Some(on) || (makes.is_some() && operation.service() != "ec2") {
            when.insert(When::Requests);
        }
        self.grant(action.as_str(), if makes == Some(on) { On::All(on) } else { place }, when);
        if let Some(made) = makes {
            if operation.service() == "ec2" && made != on {
                self.grant(action.as_str(), On::All(made), [When::Requests]);
            }
            if let Some(tagging) = tagging(operation.service()) {
                let by = When::CreatedBy(operation.service(), operation.name());
                self.grant(tagging, On::All(made), [When::Requests, by]);
            }
        }
        for other in also {
            self.grant(action.as_str(), On::All(*other), []);
        }
        if let Operation::CreateAutoScalingGroup | Operation::UpdateAutoScalingGroup | Operation::StartInstanceRefresh =
            operation
        {
            self.launches();
        }
        // Rules without a declaration of their own carry the tags of their group.
        if (operation, own.kind) == (Operation::DeleteTags, ResourceType::SecurityGroup) {
            self.grant(action.as_str(), On::All(ResourceType::SecurityGroupRule), [When::Carries]);
        }
        let (calls, reads) = takes_along(operation);
        for call in calls {
            self.call(*call, own, parent);
        }
        self.reads(reads);
    }

    /// A role that the service gets to use.
    pub(crate) fn passes(&mut self, role: Option<&str>, service: &'static str) {
        self.grant("iam:PassRole", On::Role(role.map(ToOwned::to_owned)), [When::PassedTo(service)]);
    }

    /// Has users log in by a user pool of Cognito.
    pub(crate) fn logs_in_by(&mut self, pool: Option<&str>) {
        self.grant("cognito-idp:DescribeUserPoolClient", On::UserPool(pool.map(ToOwned::to_owned)), []);
    }

    /// Finds an image by a parameter of Systems Manager.
    pub(crate) fn reads_parameters(&mut self) {
        self.grant("ssm:GetParameters", On::Parameters, []);
    }

    /// Launches instances from templates: Auto Scaling asks whether the caller could (Auto Scaling User
    /// Guide, "Control Amazon EC2 launch template usage in Auto Scaling groups").
    fn launches(&mut self) {
        self.launches = true;
        self.grant("ec2:RunInstances", On::Everything, [When::LaunchesFromTemplate]);
    }

    /// What it takes to launch from a template with these tags, and with this profile.
    pub(crate) fn when_launched(&mut self, tagged: impl IntoIterator<Item = InstanceTag>, has_profile: bool) {
        let mut launching = Self::default();
        for kind in tagged {
            let by = When::CreatedBy("ec2", "RunInstances");
            launching.grant("ec2:CreateTags", On::All(ResourceType::Launched(kind)), [by]);
        }
        if has_profile {
            // A profile says nothing of its role.
            launching.passes(None, "ec2");
        }
        self.launching.append(&mut launching.granted);
    }

    /// Takes over what is only read.
    pub(crate) fn read_as(&mut self, other: Self) {
        self.granted.extend(other.granted.into_iter().filter(|right| right.on == On::Everything));
    }

    pub(crate) fn into_set(mut self) -> BTreeSet<Right> {
        if self.launches {
            self.granted.append(&mut self.launching);
        }
        self.granted
    }
}

/// On what AWS checks a call.
struct Checked {
    /// Nothing in particular for calls that change tags: whatever has the tags.
    on: Option<ResourceType>,
    /// What it makes, with tags.
    makes: Option<ResourceType>,
    /// What else it is checked on, whoever owns that.
    also: &'static [ResourceType],
}

fn checked(operation: Operation) -> Checked {
    use Operation as Op;
    use ResourceType as Type;
    let on = |on| Checked { on: Some(on), makes: None, also: &[] };
    let with = |at, also| Checked { also, ..on(at) };
    let making = |at, made| Checked { makes: Some(made), ..on(at) };
    match operation {
        Op::CreateSecurityGroup => Checked { also: &[Type::Vpc], ..making(Type::SecurityGroup, Type::SecurityGroup) },
        Op::AuthorizeSecurityGroupIngress | Op::AuthorizeSecurityGroupEgress => {
            making(Type::SecurityGroup, Type::SecurityGroupRule)
        }
        Op::DeleteSecurityGroup | Op::RevokeSecurityGroupIngress | Op::RevokeSecurityGroupEgress => {
            on(Type::SecurityGroup)
        }
        Op::ModifySecurityGroupRules => with(Type::SecurityGroup, &[Type::SecurityGroupRule, Type::PrefixList]),
        Op::AssociateSecurityGroupVpc | Op::DisassociateSecurityGroupVpc => with(Type::SecurityGroup, &[Type::Vpc]),
        Op::ModifyNetworkInterfaceAttribute => with(Type::NetworkInterface, &[Type::SecurityGroup]),
        Op::CreateTags | Op::DeleteTags | Op::AddTags | Op::RemoveTags => Checked { on: None, makes: None, also: &[] },
        Op::CreateLaunchTemplate => making(Type::LaunchTemplate, Type::LaunchTemplate),
        Op::CreateLaunchTemplateVersion
        | Op::ModifyLaunchTemplate
        | Op::DeleteLaunchTemplate
        | Op::DeleteLaunchTemplateVersions => on(Type::LaunchTemplate),
        Op::CreateLoadBalancer => making(Type::LoadBalancer, Type::LoadBalancer),
        Op::DeleteLoadBalancer
        | Op::ModifyLoadBalancerAttributes
        | Op::SetSecurityGroups
        | Op::SetSubnets
        | Op::SetIpAddressType
        | Op::ModifyIpPools
        | Op::ModifyCapacityReservation => on(Type::LoadBalancer),
        Op::CreateTargetGroup => making(Type::TargetGroup, Type::TargetGroup),
        Op::DeleteTargetGroup
        | Op::ModifyTargetGroup
        | Op::ModifyTargetGroupAttributes
        | Op::RegisterTargets
        | Op::DeregisterTargets => on(Type::TargetGroup),
        Op::CreateListener => making(Type::LoadBalancer, Type::Listener),
        Op::DeleteListener
        | Op::ModifyListener
        | Op::ModifyListenerAttributes
        | Op::AddListenerCertificates
        | Op::RemoveListenerCertificates => on(Type::Listener),
        Op::CreateRule => making(Type::RuledListener, Type::ListenerRule),
        Op::DeleteRule | Op::ModifyRule | Op::SetRulePriorities => on(Type::ListenerRule),
        Op::CreateAutoScalingGroup => making(Type::AutoScalingGroup, Type::AutoScalingGroup),
        Op::DeleteAutoScalingGroup
        | Op::UpdateAutoScalingGroup
        | Op::AttachLoadBalancerTargetGroups
        | Op::DetachLoadBalancerTargetGroups
        | Op::AttachTrafficSources
        | Op::DetachTrafficSources
        | Op::EnableMetricsCollection
        | Op::DisableMetricsCollection
        | Op::SuspendProcesses
        | Op::ResumeProcesses
        | Op::CreateOrUpdateTags
        | Op::PutLifecycleHook
        | Op::DeleteLifecycleHook
        | Op::PutWarmPool
        | Op::DeleteWarmPool
        | Op::StartInstanceRefresh
        | Op::CancelInstanceRefresh
        | Op::PutNotificationConfiguration
        | Op::DeleteNotificationConfiguration
        | Op::PutScalingPolicy
        | Op::DeletePolicy
        | Op::PutScheduledUpdateGroupAction
        | Op::DeleteScheduledAction => on(Type::AutoScalingGroup),
    }
}

/// The action by which a service checks the tags of what is created. Auto Scaling knows none: it checks
/// them with the creation itself.
fn tagging(service: &str) -> Option<&'static str> {
    match service {
        "ec2" => Some("ec2:CreateTags"),
        "elasticloadbalancing" => Some("elasticloadbalancing:AddTags"),
        _ => None,
    }
}

/// Other calls, and reads, that the engine may make to carry out a call.
fn takes_along(operation: Operation) -> (&'static [Operation], &'static [&'static str]) {
    use Operation as Op;
    match operation {
        Op::RegisterTargets => (&[Op::DeregisterTargets], &[]),
        Op::PutLifecycleHook => (&[Op::DeleteLifecycleHook], &[]),
        Op::StartInstanceRefresh => (&[Op::CancelInstanceRefresh], &["autoscaling:DescribeInstanceRefreshes"]),
        Op::ModifyNetworkInterfaceAttribute => (&[], &["ec2:DescribeInstances"]),
        Op::AttachLoadBalancerTargetGroups | Op::DetachLoadBalancerTargetGroups => {
            (&[], &["autoscaling:DescribeLoadBalancerTargetGroups"])
        }
        Op::AttachTrafficSources | Op::DetachTrafficSources => (&[], &["autoscaling:DescribeTrafficSources"]),
        Op::AssociateSecurityGroupVpc | Op::DisassociateSecurityGroupVpc => {
            (&[], &["ec2:DescribeSecurityGroupVpcAssociations"])
        }
        _ => (&[], &[]),
    }
}
