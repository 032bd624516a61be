//! Typed AWS building blocks: load balancers, target groups, security groups, launch templates and
//! Auto Scaling groups, declared in Rust, and an engine that plans, deploys, updates and destroys
//! them over the AWS SDK.
//!
//! # Declare
//!
//! A [`Stack`] holds resources and lookups of what exists. [`Stack::add`] returns a [`Ref`], and
//! fields take the `Ref` of what they need: a reference of the wrong kind does not compile, and
//! dependencies follow from the fields.
//!
//! ```
//! use purlin::{Ingress, SecurityGroup, Stack, TargetGroup, Traffic, Vpc};
//!
//! fn web() -> Stack {
//!     let mut stack = Stack::new("web");
//!     let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
//!     let group = SecurityGroup::builder().name("Web-SG").description("HTTP").vpc(vpc);
//!     stack.add("web", group.ingress(Ingress::http().from_anywhere_ipv4()).build());
//!     stack.add("web", TargetGroup::builder().name("Web-TG").vpc(vpc).traffic(Traffic::http(80)).build());
//!     stack
//! }
//! # assert_eq!(purlin::Plan::preview(&web()).map(|plan| plan.summary().create)?, 2);
//! # Ok::<(), purlin::Error>(())
//! ```
//!
//! # Plan, deploy, update, destroy
//!
//! [`Deployer::plan`] reads what AWS has and says what differs; [`Deployer::apply`] carries that
//! out, as much at once as the references allow, and waits until everything does its work. An
//! update is a plan for a changed declaration; what is no longer declared is deleted.
//! [`Deployer::plan_destroy`] plans that nothing is left.
//!
//! ```
//! # #[cfg(feature = "sim")]
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let stack = purlin::Stack::new("web");
//! use purlin::{Deployer, sim::SimAws};
//!
//! let aws = SimAws::new().aws(); // on AWS itself: Aws::from_env().await
//! let deployer = Deployer::new(aws);
//! let plan = deployer.plan(&stack).await?;
//! println!("{plan}");
//! deployer.apply(plan).await?;
//!
//! println!("{}", deployer.status(&stack).await?);
//! println!("{}", deployer.drift(&stack).await?);
//!
//! deployer.apply(deployer.plan_destroy(&stack).await?).await?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "sim"))]
//! # fn main() {}
//! ```
//!
//! There is no state file: what a stack owns carries the tags `purlin:stack` and
//! `purlin:address`, and is found by them the next time. What does not carry them is never changed
//! or deleted, unless [`Stack::adopt`] says so.
//!
//! # Look at it
//!
//! [`Architecture`] draws a stack, or what is deployed of it, and [`DeployGraph`] the steps of a
//! plan. [`Plan::display`] and others show things in colours and in lines of a width, as a [`Look`]
//! says; [`Plan::to_json`] is for programs, and [`Plan::JSON_SCHEMA`] says what is in it.
//!
//! # Watch it
//!
//! [`Deployer::with_reporter`] takes who is told of each [`Event`]: [`Lines`] for people,
//! [`JsonLines`] for programs, `progress::Bars` (feature `progress`) for a terminal, or a function.
//! [`telemetry`] lists the `tracing` spans and events.
//!
//! # Test
//!
//! [`Plan::preview`] plans without an account. With the feature `sim`, the [`sim`] module has a
//! simulated AWS under the real SDK clients: deploy to it, look at it, let calls fail.
//!
//! # Permissions
//!
//! [`Plan::iam_policy`] is the least that IAM has to allow to plan, deploy and destroy a stack.
//!
//! # Export
//!
//! [`export::cloudformation`] turns a stack into a CloudFormation template.
//!
#![cfg_attr(feature = "sim", doc = "# Guide\n\nThe [`guide`] has a page for each thing to know.\n")]
//!
//! # Features
//!
//! - `aws` (default): the SDK clients and the engine. Without it the crate declares, validates and
//!   previews plans, and does not build the SDK.
//! - `sim` (default): the simulated AWS.
//! - `progress`: a [`Reporter`] that shows in a terminal what is going on, `progress::Bars`.
//! - `miette`: an [`Error`] turns into a `miette::Report`, with each problem of a stack by itself.
#![cfg_attr(docsrs, feature(doc_cfg))]
// Rules of the library alone: tests may unwrap, and examples print.
#![warn(missing_debug_implementations, missing_docs, unreachable_pub)]
#![cfg_attr(
    not(test),
    warn(
        clippy::dbg_macro,
        clippy::print_stderr,
        clippy::print_stdout,
        clippy::todo,
        clippy::unimplemented,
        clippy::unwrap_used
    )
)]
// Without the engine, nobody asks for what only it needs.
#![cfg_attr(not(feature = "aws"), allow(dead_code, unused_imports))]

#[cfg(feature = "aws")]
mod aws;
mod blocker;
mod cron;
#[cfg(feature = "miette")]
mod diagnostic;
mod diagram;
#[cfg(feature = "aws")]
mod engine;
mod error;
pub mod export;
#[cfg(feature = "sim")]
#[cfg_attr(docsrs, doc(auto_cfg = false))]
pub mod guide;
mod id;
mod input;
mod look;
mod lookup;
mod permissions;
mod plan;
mod problem;
#[cfg(feature = "progress")]
pub mod progress;
mod resource;
#[cfg(feature = "sim")]
pub mod sim;
mod stack;
#[cfg(feature = "aws")]
pub mod telemetry;
mod time_zone;
mod timestamp;
mod value;

#[cfg(feature = "aws")]
pub use aws::Aws;
pub use blocker::{Blocker, BlockerKind};
pub use diagram::{Architecture, DeployGraph};
#[cfg(feature = "aws")]
pub use engine::{
    Deployer, Drift, DriftKind, Drifted, Event, Failure, GroupStatus, InstanceStatus, Interrupt, JsonLines, Lines,
    Live, Reporter, ResourceStatus, Status,
};
pub use error::{Error, ErrorKind, Result};
pub use id::*;
pub use input::{Attr, Input, IntoInput, Ref};
pub use look::Look;
pub use lookup::{
    ExistingSecurityGroup, ExistingSecurityGroupOutputs, ExistingTargetGroup, ExistingTargetGroupOutputs, Image,
    ImageOutputs, Subnets, SubnetsOutputs, Vpc, VpcOutputs,
};
pub use permissions::IamPolicy;
pub use plan::{
    Action as PlannedAction, Advisory, Effect, Goal, Interruption, Plan, PropertyChange, ResourceChange, Step,
    StepKind, Summary,
};
pub use problem::Problem;
pub use resource::*;
pub use stack::{Address, Declare, Stack};
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use value::Value;

// The code in the README is compiled, and run where it can be.
#[cfg(all(doctest, feature = "sim"))]
#[doc = include_str!("../README.md")]
struct Readme;
