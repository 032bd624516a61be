//! The guide: one page for each thing to know. Every snippet is compiled and run, against the
//! simulated AWS where it needs one.
//!
//! Begin with [the first stack](first_stack) and [references]. Then, as needed:
//!
//! - what happens: [planning], [waiting], [replacement], [ownership];
//! - around it: [testing], [running in CI](ci), [permissions];
//! - from elsewhere: [from Terraform](from_terraform), [from the CDK](from_cdk), [from plain SDK
//!   calls](from_sdk).
//!
//! To run a snippet, put it into a program that depends on `purlin`, and on `tokio` with the features
//! `macros`, `rt` and, for `start_paused`, `test-util`.

/// From nothing to a deployed service, and back.
///
#[doc = include_str!("first_stack.md")]
pub mod first_stack {}

/// How resources refer to each other and to what exists.
///
#[doc = include_str!("references.md")]
pub mod references {}

/// What a plan is, what it promises, and what it refuses.
///
#[doc = include_str!("planning.md")]
pub mod planning {}

/// What a deploy waits for, how it tells, and how it ends early.
///
#[doc = include_str!("waiting.md")]
pub mod waiting {}

/// What happens when AWS cannot change something in place.
///
#[doc = include_str!("replacement.md")]
pub mod replacement {}

/// Whose a resource is, and how that changes.
///
#[doc = include_str!("ownership.md")]
pub mod ownership {}

/// Tests of your own stacks, on the simulated AWS.
///
#[doc = include_str!("testing.md")]
pub mod testing {}

/// Plans in pull requests, deploys without anybody watching.
///
#[doc = include_str!("ci.md")]
pub mod ci {}

/// What the credentials must be allowed.
///
#[doc = include_str!("permissions.md")]
pub mod permissions {}

/// For those who know Terraform.
///
#[doc = include_str!("from_terraform.md")]
pub mod from_terraform {}

/// For those who know the AWS CDK or CloudFormation.
///
#[doc = include_str!("from_cdk.md")]
pub mod from_cdk {}

/// For those who call the AWS SDK themselves.
///
#[doc = include_str!("from_sdk.md")]
pub mod from_sdk {}
