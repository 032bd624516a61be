//! Target groups.

use std::time::Duration;

use purlin::*;

use super::case::Change::{InPlace, Replace};
use super::case::{Case, case};

const MODIFY: super::case::Change = InPlace(&["ModifyTargetGroup"]);
const ATTRIBUTES: super::case::Change = InPlace(&["ModifyTargetGroupAttributes"]);

/// A group of instances for HTTP.
macro_rules! http {
    () => {
        |stack: &mut Stack| {
            let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
            TargetGroup::builder().name("it").vpc(vpc).traffic(Traffic::http(80))
        }
    };
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    case!(cases, TargetGroup."health_check.interval", MODIFY, [20, 40], http!(), |b, v| {
        b.health_check(HealthCheck::builder().interval(seconds(v)).build())
    });
    case!(cases, TargetGroup."attributes.deregistration_delay.timeout_seconds", ATTRIBUTES, [20, 40], http!(), |b, v| {
        b.deregistration_delay(seconds(v))
    });
    case!(cases, TargetGroup."target_type", Replace, [TargetType::Ip, TargetType::Instance], http!(), |b, v| b.target_type(v), second_is_default());
    cases
}
