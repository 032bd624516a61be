//! All integration tests, in one binary: each that links aws-sdk-ec2 is large.

// The lab is tested as its readers run it.
#[path = "../../examples/web_asg.rs"]
#[allow(dead_code, reason = "the example's entry points are not called here")]
mod web_asg;

mod blockers;
mod bounds;
mod cancel;
mod children;
mod crash;
mod diagram;
mod engine_table;
mod errors;
mod examples;
mod export;
mod faults;
mod fuzz;
mod generated;
mod groups;
mod lab;
mod large;
mod launch_template;
mod look;
mod many;
mod many_stacks;
mod mistakes;
mod ownership;
mod permissions;
mod plan_json;
mod planning;
mod plans;
mod progress;
mod readme;
mod replacement;
mod requests;
mod round_trip;
mod rules;
mod support;
mod telemetry;
mod throttle;
mod two_deployers;
mod waits;
mod wire;
