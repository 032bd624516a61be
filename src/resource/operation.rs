//! The API operations that change things, as property tables, plans and errors name them.

use std::fmt;

macro_rules! operations {
    ($($service:literal: $($operation:ident)+;)+) => {
        /// An API operation that changes something.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        #[non_exhaustive]
        pub enum Operation {
            $($(
                #[doc = concat!("`", stringify!($operation), "` of the API of `", $service, "`.")]
                $operation,
            )+)+
        }

        impl Operation {
            /// Returns the operation's name in the AWS API.
            pub fn name(self) -> &'static str {
                match self {
                    $($(Self::$operation => stringify!($operation),)+)+
                }
            }

            /// Returns the prefix of the service in IAM actions, such as `ec2`.
            pub fn service(self) -> &'static str {
                match self {
                    $($(Self::$operation)|+ => $service,)+
                }
            }
        }
    };
}

operations! {
    "ec2":
        CreateSecurityGroup DeleteSecurityGroup AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress
        RevokeSecurityGroupIngress RevokeSecurityGroupEgress ModifySecurityGroupRules
        AssociateSecurityGroupVpc DisassociateSecurityGroupVpc ModifyNetworkInterfaceAttribute
        CreateTags DeleteTags
        CreateLaunchTemplate CreateLaunchTemplateVersion ModifyLaunchTemplate DeleteLaunchTemplate
        DeleteLaunchTemplateVersions;
    "elasticloadbalancing":
        CreateLoadBalancer DeleteLoadBalancer ModifyLoadBalancerAttributes SetSecurityGroups SetSubnets SetIpAddressType
        ModifyIpPools ModifyCapacityReservation
        CreateTargetGroup DeleteTargetGroup ModifyTargetGroup ModifyTargetGroupAttributes RegisterTargets DeregisterTargets
        CreateListener DeleteListener ModifyListener ModifyListenerAttributes
        AddListenerCertificates RemoveListenerCertificates
        CreateRule DeleteRule ModifyRule SetRulePriorities
        AddTags RemoveTags;
    "autoscaling":
        CreateAutoScalingGroup DeleteAutoScalingGroup UpdateAutoScalingGroup
        AttachLoadBalancerTargetGroups DetachLoadBalancerTargetGroups
        AttachTrafficSources DetachTrafficSources
        EnableMetricsCollection DisableMetricsCollection SuspendProcesses ResumeProcesses CreateOrUpdateTags
        PutLifecycleHook DeleteLifecycleHook PutWarmPool DeleteWarmPool
        StartInstanceRefresh CancelInstanceRefresh
        PutNotificationConfiguration DeleteNotificationConfiguration
        PutScalingPolicy DeletePolicy PutScheduledUpdateGroupAction DeleteScheduledAction;
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
