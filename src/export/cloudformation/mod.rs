//! CloudFormation templates: the same stack for AWS's own engine.
//!
//! For those who need what only CloudFormation has: StackSets across accounts and regions, change
//! sets, service roles. An [`Exporter`] turns a [`Stack`] into a [`Template`], without an account.
//!
//! ```
//! use purlin::export::cloudformation::Exporter;
//! use purlin::{Ingress, SecurityGroup, Stack, Vpc};
//!
//! let mut stack = Stack::new("web");
//! let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
//! let group = SecurityGroup::builder().name("Web-SG").description("HTTP").vpc(vpc);
//! stack.add("alb", group.ingress(Ingress::http().from_anywhere_ipv4()).build());
//!
//! let template = Exporter::new().export(&stack)?;
//! assert_eq!(template.logical_id("SecurityGroup.alb"), Some("SecurityGroupAlb"));
//! assert_eq!(template.parameters()[0].type_name, "AWS::EC2::VPC::Id");
//! println!("{}", template.to_yaml());
//! # Ok::<(), purlin::Error>(())
//! ```
//!
//! # What goes where
//!
//! - **Resources** have the names and properties that are declared; what is left out is left out in
//!   the template, too. References become `Ref` and `Fn::GetAtt`; `DependsOn` stands where an order
//!   matters that no reference tells.
//! - **Lookups** that something refers to become typed parameters, such as `AWS::EC2::VPC::Id`;
//!   those by id have it as their default. [`Exporter::export_resolved`] carries them out instead,
//!   and writes ids. Images that a Systems Manager parameter names stay so (`resolve:ssm:`): AWS reads
//!   it at each launch.
//! - **Tags** are those that are declared, those of the stack included. purlin's own are not in the
//!   template: what CloudFormation makes belongs to CloudFormation, and purlin never touches it.
//! - **User data** is in the template, as `Fn::Base64` of its text: AWS needs it there. Whoever reads
//!   the template reads it. **Client secrets** are not: they become parameters with `NoEcho`.
//!   CloudFormation reads `{{resolve:...}}` in any text as a reference to a parameter or secret.
//! - **Protection from deletion** is a property of load balancers and groups, as it is declared:
//!   CloudFormation's own deletion fails on it, too.
//! - **Instance refreshes** become the update policy `AutoScalingInstanceRefresh`. A desired capacity
//!   that scaling owns is left alone by updates (`IgnoreUnmodifiedGroupSizeProperties`, which holds
//!   for the sizes, too: they are set again when the template changes them).
//! - **Outputs** are the ids, ARNs and DNS names, exported under the name of the CloudFormation stack,
//!   a `-`, and their own.
//!
//! CloudFormation does not do all that purlin's engine does: it does not wait for instances to be
//! healthy, replaces resources with a fixed name only after that name has been changed, and brings
//! back nothing that others have changed.
//!
//! # What cannot be said
//!
//! What purlin can express and CloudFormation cannot is an error that lists all of it, each with an
//! id. [`Exporter::leave_out`] leaves it out by that id, [`Stack::accept`] on one resource; then
//! [`Template::left_out`] lists it.
//!
//! | Id | What |
//! |---|---|
//! | C1 | Names of scaling policies and scheduled actions: CloudFormation makes them up. |
//! | C2 | A security group without any outbound rule: CloudFormation gives it one to everywhere. |
//! | C3 | A security group that lets everything out, with outbound rules of its own besides: CloudFormation takes the first away where it makes the others. |
//! | C4 | Tags of security group rules. |
//! | C5 | Outbound rules to security groups of other accounts. |
//! | C6 | Properties for which the resource type has no member. |
//! | C7 | Texts that are longer than CloudFormation takes. |
//! | C8 | What depends on what is there: the number of subnets that a tag finds, the next place on a listener. |
//! | C9 | Notifications of groups that another stack has. |
//!
//! More than 500 resources, 200 parameters, 200 outputs or 1 MB are an error that nothing leaves out
//! but another division into stacks.

mod draft;
mod kind;
mod lookup;
mod shape;
mod template;
mod yaml;

use std::collections::{BTreeSet, HashMap};

use crate::error::{Error, Result};
use crate::lookup::Found;
use crate::plan::{Goal, Observation, plan};
use crate::problem::Problem;
use crate::stack::{Address, Stack};

use draft::Draft;
pub use template::{Parameter, Template};

/// Turns stacks into CloudFormation templates.
///
/// ```
/// use purlin::export::cloudformation::Exporter;
/// # use purlin::{AutoScalingGroup, Ref, ScalingPolicy, Stack, TargetTracking};
/// # fn export(stack: &mut Stack, group: Ref<AutoScalingGroup>) -> purlin::Result<()> {
/// let cpu = ScalingPolicy::builder().name("cpu").group(group).scaling(TargetTracking::average_cpu(30.0));
/// stack.add("cpu", cpu.build());
///
/// let error = Exporter::new().export(stack).expect_err("CloudFormation makes up the names of policies");
/// assert_eq!(error.problems()[0].id, "C1");
///
/// let template = Exporter::new().leave_out("C1").export(stack)?;
/// assert_eq!(template.left_out()[0].address.as_str(), "ScalingPolicy.cpu");
/// # Ok(())
/// # }
/// # let mut stack = Stack::new("web");
/// # let template = "lt-0123456789abcdef0".parse::<purlin::LaunchTemplateId>().expect("an id");
/// # let template = purlin::TemplateVersion::new(template, "1");
/// # let zones = purlin::DefaultSubnets::in_zones(["ap-northeast-2a"]);
/// # let group = AutoScalingGroup::builder().name("g").launch_template(template).subnets(zones).sizes(1..=2);
/// # let group = stack.add("g", group.build());
/// # export(&mut stack, group)?;
/// # Ok::<(), purlin::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Exporter {
    leave_out: BTreeSet<String>,
    everything: bool,
    no_outputs: bool,
}

impl Exporter {
    /// Makes an exporter that leaves nothing out.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves out what CloudFormation cannot express for one reason, by its id: see the
    /// [table](self#what-cannot-be-said).
    #[must_use]
    pub fn leave_out(mut self, id: impl Into<String>) -> Self {
        self.leave_out.insert(id.into());
        self
    }

    /// Leaves out all that CloudFormation cannot express. Look at [`Template::left_out`] afterwards.
    #[must_use]
    pub fn leave_out_all(mut self) -> Self {
        self.everything = true;
        self
    }

    /// Writes no outputs.
    #[must_use]
    pub fn without_outputs(mut self) -> Self {
        self.no_outputs = true;
        self
    }

    /// Turns a stack into a template; lookups become parameters. Makes no call.
    ///
    /// # Errors
    ///
    /// All that is wrong with the stack at once; else all that CloudFormation cannot express and that
    /// is not left out, and limits of templates that it exceeds.
    pub fn export(&self, stack: &Stack) -> Result<Template> {
        self.write(stack, HashMap::new())
    }

    fn write(&self, stack: &Stack, found: HashMap<usize, Found>) -> Result<Template> {
        // As if nothing were there: what CloudFormation makes has nothing to do with what purlin has
        // made.
        let observation = Observation { found, resources: Vec::new() };
        let plan = plan(stack, observation, Goal::Deploy)?;
        let mut draft = Draft::new(stack, &plan);
        draft.write();

        let findings = std::mem::take(&mut draft.findings);
        let (left_out, mut problems): (Vec<_>, Vec<_>) =
            findings.into_iter().partition(|problem| self.leaves_out(stack, problem));
        let ids = draft.declared().map(|(node, _)| (stack.nodes[node].address.clone(), draft.id(node).to_owned()));
        let ids = ids.collect();
        let Draft { parameters, resources, mut outputs, .. } = draft;
        if self.no_outputs {
            outputs.clear();
        }
        let description = format!("The stack {} of purlin", stack.name());
        let parameters = parameters.into_values().collect();
        let template = Template { description, parameters, resources, outputs, ids, left_out };
        problems.extend(template.limits(&Address::new("Stack", stack.name())));
        if problems.is_empty() {
            return Ok(template);
        }
        Err(Error::invalid(problems).with_hint(
            "what CloudFormation cannot express is left out with `Exporter::leave_out`, by the id in brackets",
        ))
    }

    fn leaves_out(&self, stack: &Stack, problem: &Problem) -> bool {
        let accepted = || stack.not_accepted(vec![problem.clone()]).is_empty();
        self.everything || self.leave_out.contains(problem.id) || accepted()
    }
}

#[cfg(feature = "aws")]
impl Exporter {
    /// Turns a stack into a template in which lookups are ids instead of parameters: they are carried
    /// out as planning does, with the clients of a deployer. Reads only.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use purlin::export::cloudformation::Exporter;
    /// use purlin::{Deployer, SecurityGroup, Stack, Vpc, sim::SimAws};
    ///
    /// let sim = SimAws::new();
    /// let id = sim.add_vpc("VPC-Lab", "10.0.0.0/16");
    /// let mut stack = Stack::new("web");
    /// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    /// stack.add("web", SecurityGroup::builder().name("Web-SG").description("HTTP").vpc(vpc).build());
    ///
    /// let template = Exporter::new().export_resolved(&stack, &Deployer::new(sim.aws())).await?;
    /// assert!(template.parameters().is_empty());
    /// assert!(template.to_yaml().contains(&format!("VpcId: {id}")));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`export`](Self::export); also a lookup without a match or with several, and a refusal
    /// by AWS.
    pub async fn export_resolved(&self, stack: &Stack, deployer: &crate::Deployer) -> Result<Template> {
        let found = deployer.find(stack).await?;
        self.write(stack, found)
    }
}

/// What a template may have at most, as CloudFormation's quotas say.
const LIMITS: [(&str, usize); 4] =
    [("resources", 500), ("parameters", 200), ("outputs", 200), ("bytes as JSON", 1_000_000)];

impl Template {
    fn limits(&self, stack: &Address) -> Vec<Problem> {
        let sizes = [self.resources.len(), self.parameters.len(), self.outputs.len(), self.to_json().len()];
        let over = LIMITS.iter().zip(sizes).filter(|((_, most), size)| size > most);
        let problem = |((what, most), size): (&(&str, usize), usize)| Problem {
            address: stack.clone(),
            path: "(template)".to_owned(),
            value: format!("{size} {what}"),
            rule: format!("a template has {most} at most; divide the stack"),
            id: "P80",
        };
        over.map(problem).collect()
    }
}
