//! Stacks of any size, for tests and benches of the planner.

use purlin::*;

/// Resources in one web service of [`services`].
pub const RESOURCES_A_SERVICE: usize = 10;

/// A stack of web services side by side, each with a balancer, its own groups and rules, and
/// references between them; the network is given by literal ids.
pub fn services(count: usize) -> Stack {
    let mut stack = Stack::new("large");
    for number in 0..count {
        service(&mut stack, number);
    }
    stack
}

/// A stack of one web service whose listener has many rules that all forward to one target group.
pub fn rules(count: usize) -> Stack {
    let mut stack = Stack::new("rules");
    let (listener, targets) = service(&mut stack, 0);
    for number in 3..count + 3 {
        rule(&mut stack, &format!("more-{number}"), number, listener, targets);
    }
    stack
}

fn service(stack: &mut Stack, number: usize) -> (Ref<Listener>, Ref<TargetGroup>) {
    let vpc: VpcId = id("vpc-0123456789abcdef0");
    let subnets: [SubnetId; 2] = [id("subnet-0000000000000000a"), id("subnet-0000000000000000c")];
    let name = format!("web-{number}");

    let balancer_group = SecurityGroup::builder()
        .name(format!("{name}-alb"))
        .description("HTTP from anywhere")
        .vpc(vpc.clone())
        .ingress(Ingress::http().from_anywhere_ipv4());
    let balancer_group = stack.add(format!("{name}-alb"), balancer_group.build());
    let instance_group = SecurityGroup::builder()
        .name(format!("{name}-instances"))
        .description("HTTP from the balancer")
        .vpc(vpc.clone())
        .ingress(Ingress::http().from_group(balancer_group));
    let instance_group = stack.add(format!("{name}-instances"), instance_group.build());

    let targets = TargetGroup::builder().name(&name).vpc(vpc).traffic(Traffic::http(80));
    let targets = stack.add(&name, targets.build());
    let balancer =
        LoadBalancer::application().name(&name).subnets(subnets.clone()).security_group(balancer_group).build();
    let balancer = stack.add(&name, balancer);
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
    let listener = stack.add(&name, listener.action(Action::forward(targets)).build());
    for priority in 1..=2 {
        rule(stack, &format!("{name}-{priority}"), priority, listener, targets);
    }

    let template = LaunchTemplate::builder()
        .name(&name)
        .image(id::<ImageId>("ami-0123456789abcdef0"))
        .instance_type("t3.micro")
        .security_group(instance_group)
        .tag_launched([InstanceTag::Instance, InstanceTag::Volume], "Name", &name);
    let template = stack.add(&name, template.build());
    let group = AutoScalingGroup::builder()
        .name(&name)
        .launch_template(template)
        .subnets(subnets)
        .target_group(targets)
        .sizes(2..=4)
        .group_metrics();
    let group = stack.add(&name, group.build());
    let cpu = ScalingPolicy::builder().name("cpu").group(group).scaling(TargetTracking::average_cpu(50.0));
    stack.add(&name, cpu.build());
    (listener, targets)
}

fn rule(stack: &mut Stack, name: &str, priority: usize, listener: Ref<Listener>, targets: Ref<TargetGroup>) {
    let rule = ListenerRule::builder()
        .listener(listener)
        .priority(u16::try_from(priority).expect("a priority"))
        .condition(Condition::path([format!("/{name}/*")]))
        .action(Action::forward(targets));
    stack.add(name, rule.build());
}

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("an identifier")
}
