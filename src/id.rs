//! Identifiers that AWS hands out: parsed once, and told apart by the compiler.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct InvalidId {
    text: String,
    expected: &'static str,
}

/// How the parser recognizes an identifier.
enum Form {
    /// `prefix-` followed by lower-case hexadecimal digits.
    Ec2(&'static str),
    /// The same, up to so many characters altogether.
    UpTo(usize, &'static str),
    /// `arn:…:service:…:resource-prefix…`, of one of these services.
    Arn(&'static [(&'static str, &'static str)]),
    /// Twelve digits.
    Account,
    /// A name that AWS accepted already.
    Name,
}

impl Form {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::UpTo(most, prefix) => text.len() <= *most && Self::Ec2(prefix).matches(text),
            Self::Ec2(prefix) => text.strip_prefix(prefix).is_some_and(|rest| {
                !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
            }),
            Self::Arn(kinds) => {
                let mut parts = text.splitn(6, ':');
                let begins = parts.next() == Some("arn") && parts.next().is_some_and(|partition| !partition.is_empty());
                let (service, rest) = (parts.next(), parts.nth(2));
                begins
                    && kinds.iter().any(|(kind, resource)| {
                        service == Some(*kind) && rest.is_some_and(|rest| rest.starts_with(resource))
                    })
            }
            Self::Account => text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()),
            Self::Name => !text.is_empty(),
        }
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident: $form:expr, $expected:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Returns the identifier as AWS writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                let form: Form = $form;
                if form.matches(&text) { Ok(Self(text)) } else { Err(InvalidId { text, expected: $expected }) }
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    )+};
}

ids! {
    /// Identifies an AWS account: `123456789012`.
    AccountId: Form::Account, "an account id (twelve digits)";
    /// Identifies a VPC: `vpc-0a1b2c3d4e5f60718`.
    VpcId: Form::Ec2("vpc-"), "a VPC id (`vpc-…`)";
    /// Identifies a subnet: `subnet-0a1b2c3d4e5f60718`.
    SubnetId: Form::Ec2("subnet-"), "a subnet id (`subnet-…`)";
    /// Identifies a machine image: `ami-0a1b2c3d4e5f60718`.
    ImageId: Form::UpTo(21, "ami-"), "an image id (`ami-…`)";
    /// Identifies a security group: `sg-0a1b2c3d4e5f60718`.
    SecurityGroupId: Form::Ec2("sg-"), "a security group id (`sg-…`)";
    /// Identifies a security group rule: `sgr-0a1b2c3d4e5f60718`.
    SecurityGroupRuleId: Form::Ec2("sgr-"), "a security group rule id (`sgr-…`)";
    /// Identifies a prefix list: `pl-63a5400a`.
    PrefixListId: Form::Ec2("pl-"), "a prefix list id (`pl-…`)";
    /// Identifies a launch template: `lt-0a1b2c3d4e5f60718`.
    LaunchTemplateId: Form::UpTo(255, "lt-"), "a launch template id (`lt-…`)";
    /// Identifies an instance: `i-0a1b2c3d4e5f60718`.
    InstanceId: Form::Ec2("i-"), "an instance id (`i-…`)";
    /// Identifies an allocated Elastic IP address: `eipalloc-0a1b2c3d4e5f60718`.
    AllocationId: Form::Ec2("eipalloc-"), "an address allocation id (`eipalloc-…`)";
    /// Identifies a load balancer by its ARN.
    LoadBalancerArn: Form::Arn(&[("elasticloadbalancing", "loadbalancer/")]), "a load balancer ARN";
    /// Identifies a target group by its ARN.
    TargetGroupArn: Form::Arn(&[("elasticloadbalancing", "targetgroup/")]), "a target group ARN";
    /// Identifies a listener by its ARN.
    ListenerArn: Form::Arn(&[("elasticloadbalancing", "listener/")]), "a listener ARN";
    /// Identifies a listener rule by its ARN.
    ListenerRuleArn: Form::Arn(&[("elasticloadbalancing", "listener-rule/")]), "a listener rule ARN";
    /// Identifies a Lambda function, a version or an alias of it, by its ARN.
    FunctionArn: Form::Arn(&[("lambda", "function:")]), "a Lambda function ARN";
    /// Identifies a server certificate by its ARN, from AWS Certificate Manager or IAM.
    CertificateArn: Form::Arn(&[("acm", "certificate/"), ("iam", "server-certificate/")]), "a certificate ARN";
    /// Identifies a trust store, for mutual TLS, by its ARN.
    TrustStoreArn: Form::Arn(&[("elasticloadbalancing", "truststore/")]), "a trust store ARN";
    /// Identifies a user pool of Amazon Cognito by its ARN.
    UserPoolArn: Form::Arn(&[("cognito-idp", "userpool/")]), "a user pool ARN";
    /// Identifies an Auto Scaling group by its name, which is unique in an account and region.
    AutoScalingGroupName: Form::Name, "an Auto Scaling group name";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_parsed_once_and_by_kind() {
        assert!("sg-0a1b".parse::<SecurityGroupId>().is_ok());
        assert!("sgr-0a1b".parse::<SecurityGroupId>().is_err());
        assert!("sg-".parse::<SecurityGroupId>().is_err());
        assert!("123456789012".parse::<AccountId>().is_ok());
        assert!("1234-5678-9012".parse::<AccountId>().is_err());
        assert!("vpc-0A".parse::<VpcId>().is_err());
        let arn = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/Web-TG/73e2d6bc24d8a067";
        assert!(arn.parse::<TargetGroupArn>().is_ok());
        assert_eq!(
            arn.parse::<LoadBalancerArn>().map_err(|e| e.to_string()),
            Err(format!("`{arn}` is not a load balancer ARN"))
        );
        for (arn, fits) in [
            ("arn:aws:acm:ap-northeast-2:123456789012:certificate/12345678-1234-1234-1234-123456789012", true),
            ("arn:aws:iam::123456789012:server-certificate/web", true),
            ("arn:aws:iam::123456789012:role/web", false),
            ("arn:aws:acm:ap-northeast-2:123456789012:server-certificate/web", false),
        ] {
            assert_eq!(arn.parse::<CertificateArn>().is_ok(), fits, "{arn}");
        }
    }
}
