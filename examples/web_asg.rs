//! The lab: an auto-scaled web service behind a load balancer.
//!
//! Without arguments it plays the whole lab through on a simulated AWS: no account, no credentials.
//! With a subcommand it works on a real endpoint; see `--help`.

#[path = "web_asg/demo.rs"]
pub mod demo;
#[path = "web_asg/live.rs"]
pub mod live;

use clap::Parser;
use purlin::*;

/// What the rest of the program asks about.
pub struct Lab {
    pub balancer: Ref<LoadBalancer>,
    pub balancer_group: Ref<SecurityGroup>,
    pub group: Ref<AutoScalingGroup>,
}

/// Declares the lab. The network and the machine image exist beforehand.
pub fn lab(instance_type: &str) -> (Stack, Lab) {
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let private = stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
    let image = stack.add("web", Image::named("Web Server v1"));

    let anyone = Ingress::http().from_anywhere_ipv4();
    let balancer_group =
        SecurityGroup::builder().name("Web-ALB-SG").description("HTTP from anywhere").vpc(vpc).ingress(anyone);
    let balancer_group = stack.add("alb", balancer_group.build());
    let only_balancer = Ingress::http().from_group(balancer_group);
    let instance_group =
        SecurityGroup::builder().name("ASG-Web-Inst-SG").description("HTTP Allow").vpc(vpc).ingress(only_balancer);
    let instance_group = stack.add("instances", instance_group.build());

    let targets = stack.add("web", TargetGroup::builder().name("Web-TG").vpc(vpc).traffic(Traffic::http(80)).build());
    let balancer = LoadBalancer::application().name("Web-ALB").subnets(public).security_group(balancer_group);
    let balancer = stack.add("web", balancer.build());
    let http = Listener::builder().load_balancer(balancer).accept(Accept::http(80)).action(Action::forward(targets));
    stack.add("http", http.build());

    let template = LaunchTemplate::builder()
        .name("Web")
        .version_description("Immersion Day Web Instances Template – Web only")
        .image(image)
        .instance_type(instance_type)
        .security_group(instance_group)
        .tag_launched([InstanceTag::Instance, InstanceTag::Volume], "Name", "Web Instance")
        .auto_scaling_guidance(true);
    let template = stack.add("web", template.build());
    let group = AutoScalingGroup::builder()
        .name("Web-ASG")
        .launch_template(template)
        .subnets(private)
        .target_group(targets)
        .sizes(2..=4)
        .desired_capacity(2)
        .group_metrics()
        .tag("Name", "ASG-Web-Instance");
    let group = stack.add("web", group.build());
    let cpu = ScalingPolicy::builder().name("Web-ASG-cpu").group(group).scaling(TargetTracking::average_cpu(30.0));
    stack.add("cpu", cpu.build());
    (stack, Lab { balancer, balancer_group, group })
}

fn main() -> std::process::ExitCode {
    let arguments = match live::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version end up here too. Nothing is left to do if they cannot be printed.
            let _ = error.print();
            return u8::from(error.use_stderr()).into();
        }
    };
    let result = match arguments.command {
        // Simulated minutes pass at once: tokio's clock stands still while anything can be done.
        None => runtime(true).block_on(demo::play()).map(|()| 0),
        Some(live::Command::Diagram(picture)) if picture.is_simulated() => {
            runtime(true).block_on(demo::draw(&picture.output)).map(|()| 0)
        }
        Some(command) => runtime(false).block_on(live::run(command)),
    };
    match result {
        Ok(code) => code.into(),
        Err(error) => {
            // What failed, why, and what to do.
            match (error.downcast_ref::<Error>(), error.downcast_ref::<Failure>()) {
                (Some(error), _) => eprintln!("error: {error:?}"),
                (_, Some(failure)) => {
                    let shown = failure.display(live::look(&std::io::stderr()));
                    eprint!("error: not everything could be done\n{shown}");
                }
                _ => eprintln!("error: {error:#}"),
            }
            1.into()
        }
    }
}

fn runtime(simulated: bool) -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(simulated).build().expect("tokio can start")
}
