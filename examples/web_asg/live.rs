//! The lab on a real endpoint: an emulator, or an account.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use purlin::{Architecture, Aws, DeployGraph, Deployer, IamPolicy, Interrupt, Look, Plan, Reporter, Stack};

use super::lab;

/// Deploys the lab: an auto-scaled web service behind a load balancer.
///
/// Without a subcommand, the whole lab is played through on a simulated AWS.
#[derive(Parser)]
#[command(after_help = "Exit codes: 0 done or no changes; 1 error; 2 changes, from `plan` and `drift`.")]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Subcommand)]
pub enum Command {
    /// Show what a deploy would do.
    Plan(Options),
    /// Deploy the lab, or bring it up to date.
    Deploy(Options),
    /// Show what exists.
    Status(Options),
    /// Show how what exists differs from the lab.
    Drift(Options),
    /// Delete everything that belongs to the lab.
    Destroy(Options),
    /// Draw the lab: on a simulated AWS, or as it is on an endpoint.
    Diagram(Picture),
    /// Write the IAM policy that the lab needs, as JSON; without an account.
    Policy(Scope),
}

#[derive(Args)]
pub struct Scope {
    /// Region in the ARNs; default: any.
    #[arg(long)]
    region: Option<String>,
    /// Number of the account in the ARNs; default: any.
    #[arg(long)]
    account: Option<String>,
    /// Allow what later changes of the lab may take, too.
    #[arg(long)]
    updates: bool,
}

impl Scope {
    /// The policy for planning, deploying and destroying the lab.
    pub fn policy(&self) -> Result<IamPolicy> {
        let (stack, _) = lab("t2.micro");
        let policy = Plan::preview(&stack)?.iam_policy();
        let policy = self.region.iter().fold(policy, IamPolicy::in_region);
        let policy = self.account.iter().fold(policy, IamPolicy::in_account);
        Ok(if self.updates { policy.with_updates() } else { policy })
    }
}

#[derive(Args)]
pub struct Picture {
    /// File to write: an SVG picture; with the extension mmd a Mermaid flowchart; with the extension
    /// dot the steps of the plan, for Graphviz.
    #[arg(long, short, value_name = "FILE", default_value = "web-lab.svg")]
    pub output: PathBuf,
    /// Endpoint of an emulator.
    #[arg(long, value_name = "URL", conflicts_with = "aws")]
    endpoint_url: Option<String>,
    /// Draw what is on AWS itself, in the account of the credentials.
    #[arg(long)]
    aws: bool,
    /// Region; default: that of the environment, or ap-northeast-2 for an emulator.
    #[arg(long)]
    region: Option<String>,
    /// Profile of the AWS configuration.
    #[arg(long)]
    profile: Option<String>,
}

impl Picture {
    /// Whether it is of a simulated lab.
    pub fn is_simulated(&self) -> bool {
        !self.aws && self.endpoint_url.is_none()
    }
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Place {
    /// Endpoint of an emulator, such as http://127.0.0.1:5000.
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// Work on AWS itself, in the account of the credentials.
    #[arg(long)]
    aws: bool,
}

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    place: Place,
    /// Region; default: that of the environment, or ap-northeast-2 for an emulator.
    #[arg(long)]
    region: Option<String>,
    /// Profile of the AWS configuration.
    #[arg(long)]
    profile: Option<String>,
    /// Do not ask before changes, interruptions included.
    #[arg(long)]
    yes: bool,
    /// Print one JSON document on standard output; progress goes to standard error.
    #[arg(long)]
    json: bool,
    /// Instance type of the launch template.
    #[arg(long, default_value = "t2.micro")]
    instance_type: String,
}

pub async fn run(command: Command) -> Result<u8> {
    if let Command::Policy(scope) = &command {
        println!("{}", scope.policy()?);
        return Ok(0);
    }
    if let Command::Diagram(picture) = command {
        let aws = connect(picture.region.as_deref(), picture.profile.as_deref(), picture.endpoint_url.as_deref()).await;
        let (stack, _) = lab("t2.micro");
        let deployer = Deployer::new(aws);
        let plan = deployer.plan(&stack).await?;
        return draw(&deployer, &stack, &plan, &picture.output).await.map(|()| 0);
    }
    let (Command::Plan(options)
    | Command::Deploy(options)
    | Command::Status(options)
    | Command::Drift(options)
    | Command::Destroy(options)) = &command
    else {
        return Ok(0);
    };
    let endpoint_url = options.place.endpoint_url.as_deref();
    let aws = connect(options.region.as_deref(), options.profile.as_deref(), endpoint_url).await;
    let interrupt = Interrupt::new();
    let deployer = Deployer::new(aws).with_reporter(progress()).with_interrupt(&interrupt);
    let (stack, refs) = lab(&options.instance_type);
    match &command {
        Command::Plan(_) => {
            let plan = deployer.plan(&stack).await?;
            show(options, &plan.display(look(&std::io::stdout())), &plan.to_json());
            Ok(if plan.is_empty() { 0 } else { 2 })
        }
        Command::Drift(_) => {
            let drift = deployer.drift(&stack).await?;
            show(options, &drift.display(look(&std::io::stdout())), &serde_json::to_value(&drift)?);
            Ok(if drift.is_empty() { 0 } else { 2 })
        }
        Command::Status(_) => {
            let status = deployer.status(&stack).await?;
            show(options, &status.display(look(&std::io::stdout())), &serde_json::to_value(&status)?);
            Ok(0)
        }
        Command::Deploy(_) => {
            let plan = deployer.plan(&stack).await?;
            confirm(options, &plan)?;
            tokio::spawn(listen(interrupt));
            let document = plan.to_json();
            // Who says yes has seen what the plan interrupts.
            let live = deployer.apply(plan.approve()).await?;
            let url = format!("http://{}", live.get(refs.balancer).dns_name);
            let group = live.get(refs.group).name.to_string();
            show(options, &format!("{url}\n"), &serde_json::json!({ "url": url, "group": group, "plan": document }));
            Ok(0)
        }
        Command::Destroy(_) => {
            let plan = deployer.plan_destroy(&stack).await?;
            confirm(options, &plan)?;
            tokio::spawn(listen(interrupt));
            let document = plan.to_json();
            deployer.apply(plan).await?;
            show(options, &"Nothing of the lab is left.\n", &serde_json::json!({ "plan": document }));
            Ok(0)
        }
        Command::Diagram(_) | Command::Policy(_) => Ok(0),
    }
}

async fn connect(region: Option<&str>, profile: Option<&str>, endpoint_url: Option<&str>) -> Aws {
    let region = region.or(endpoint_url.is_some().then_some("ap-northeast-2"));
    Aws::connect(region, profile, endpoint_url).await
}

/// Writes a picture of the lab, or the steps of a plan, and says so.
pub async fn draw(deployer: &Deployer, stack: &Stack, plan: &Plan, output: &Path) -> Result<()> {
    let (what, text) = match output.extension().and_then(|extension| extension.to_str()) {
        Some("dot") => ("the steps of the plan", DeployGraph::of(plan).to_dot()),
        extension => {
            let now = deployer.plan(stack).await?;
            let picture = Architecture::planned(&now).with_status(&deployer.status(stack).await?);
            ("the architecture", if extension == Some("mmd") { picture.to_mermaid() } else { picture.to_svg() })
        }
    };
    std::fs::write(output, &text).with_context(|| format!("{} cannot be written", output.display()))?;
    println!("Wrote {what} to {} ({} bytes).", output.display(), text.len());
    Ok(())
}

/// In colours and of the width that the terminal has, if it is one.
pub fn look(stream: &impl IsTerminal) -> Look {
    let look = Look::of(stream);
    match terminal_size::terminal_size().filter(|_| stream.is_terminal()) {
        Some((terminal_size::Width(columns), _)) => look.width(columns.into()),
        None => look,
    }
}

/// The first Ctrl-C lets what is under way end, the second leaves it.
async fn listen(interrupt: Interrupt) {
    // Where signals cannot be listened to, Ctrl-C ends the program as ever; running again goes on.
    if tokio::signal::ctrl_c().await.is_ok() {
        eprintln!("interrupted: waiting for calls that are under way; once more to leave them");
        interrupt.drain();
    }
    if tokio::signal::ctrl_c().await.is_ok() {
        interrupt.abort();
    }
}

fn show(options: &Options, text: &dyn std::fmt::Display, document: &serde_json::Value) {
    if options.json {
        println!("{document:#}");
    } else {
        print!("{text}");
    }
}

/// Shows the plan and asks, unless there is nothing to ask or the answer is given.
fn confirm(options: &Options, plan: &Plan) -> Result<()> {
    eprintln!("{}", plan.display(look(&std::io::stderr())));
    if options.yes || plan.is_empty() {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        bail!("nobody to ask; say --yes to go ahead");
    }
    eprint!("Go ahead? [y/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if !answer.trim().eq_ignore_ascii_case("y") {
        bail!("nothing was changed");
    }
    Ok(())
}

/// Progress on standard error: lines that move in a terminal with `--features progress`, lines
/// otherwise.
#[cfg(feature = "progress")]
pub fn progress() -> impl Reporter {
    purlin::progress::Bars::stderr().look(look(&std::io::stderr()))
}

/// Progress on standard error: lines that move in a terminal with `--features progress`, lines
/// otherwise.
#[cfg(not(feature = "progress"))]
pub fn progress() -> impl Reporter {
    purlin::Lines::to(std::io::stderr()).look(look(&std::io::stderr()))
}
