//! All integration tests, in one binary: each that links aws-sdk-ec2 is large.

// The lab is tested as its readers run it.
#[path = "../../examples/web_asg.rs"]
#[allow(dead_code, reason = "the example's entry points are not called here")]
mod web_asg;

mod bounds;
mod children;
mod crash;
mod errors;
mod export;
mod generated;
mod groups;
mod lab;
mod large;
mod launch_template;
mod lifecycle;
mod mistakes;
mod planning;
mod plans;
mod readme;
mod requests;
mod round_trip;
mod rules;
mod support;
mod throttle;
mod wire;
