//! CloudFormation templates.

pub mod all;
mod lab;
mod rules;

use purlin::export::cloudformation::{Exporter, Template};

/// The template of the lab. CloudFormation makes up the name of its policy.
pub(crate) fn lab() -> Template {
    let (stack, _) = crate::web_asg::lab("t2.micro");
    Exporter::new().leave_out("C1").export(&stack).expect("a template")
}
