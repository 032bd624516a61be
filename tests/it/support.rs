//! What the scenario tests share: the lab with what they vary, and a look at the whole account.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use aws_sdk_autoscaling::types::{InstanceLifecyclePolicy, InstanceReusePolicy, RetentionAction};
use aws_sdk_ec2::types::{Filter, InstanceStateName};
use purlin::sim::{SimAws, SimImage};
use purlin::*;

/// The lab as the example declares it, with what tests vary.
#[derive(Debug, Clone)]
pub struct Variant {
    pub instance_type: &'static str,
    /// The port of the target group.
    pub port: u16,
    /// The ports on which the balancer reaches the instances.
    pub open: &'static [u16],
    /// Whether instances finish their requests before they go, as by default.
    pub drains: bool,
    /// Whether the group has its scaling policy.
    pub policy: bool,
    /// The name given to `Stack::add` for the target group.
    pub targets: &'static str,
    pub user_data: Option<&'static str>,
    /// What the instances' group is called.
    pub instances: &'static str,
}

pub const LAB: Variant = Variant {
    instance_type: "t2.micro",
    port: 80,
    open: &[80],
    drains: true,
    policy: true,
    targets: "web",
    user_data: None,
    instances: "ASG-Web-Inst-SG",
};

/// The writes of the lab's first deploy, sorted: these and nothing else.
pub const DEPLOY: [&str; 11] = [
    "AuthorizeSecurityGroupIngress",
    "AuthorizeSecurityGroupIngress",
    "CreateAutoScalingGroup",
    "CreateLaunchTemplate",
    "CreateListener",
    "CreateLoadBalancer",
    "CreateSecurityGroup",
    "CreateSecurityGroup",
    "CreateTargetGroup",
    "EnableMetricsCollection",
    "PutScalingPolicy",
];

/// References to everything that the lab declares.
#[derive(Debug, Clone, Copy)]
pub struct Refs {
    pub vpc: Ref<Vpc>,
    pub balancer_group: Ref<SecurityGroup>,
    pub instance_group: Ref<SecurityGroup>,
    pub targets: Ref<TargetGroup>,
    pub balancer: Ref<LoadBalancer>,
    pub listener: Ref<Listener>,
    pub template: Ref<LaunchTemplate>,
    pub group: Ref<AutoScalingGroup>,
}

impl Variant {
    pub fn stack(&self) -> (Stack, Refs) {
        let mut stack = Stack::new("web-lab");
        let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
        let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
        let private = stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
        let image = stack.add("web", Image::named("Web Server v1"));

        let balancer_group = SecurityGroup::builder().name("Web-ALB-SG").description("HTTP from anywhere").vpc(vpc);
        let balancer_group = balancer_group.ingress(Ingress::http().from_anywhere_ipv4());
        let balancer_group = stack.add("alb", balancer_group.build());
        let mut instance_group = SecurityGroup::builder().name(self.instances).description("HTTP Allow").vpc(vpc);
        for port in self.open {
            instance_group = instance_group.ingress(Ingress::tcp(*port).from_group(balancer_group));
        }
        let instance_group = stack.add("instances", instance_group.build());

        let mut targets = TargetGroup::builder().name("Web-TG").vpc(vpc).traffic(Traffic::http(self.port));
        if !self.drains {
            targets = targets.deregistration_delay(Duration::ZERO);
        }
        let targets = stack.add(self.targets, targets.build());
        let balancer = LoadBalancer::application().name("Web-ALB").subnets(public).security_group(balancer_group);
        let balancer = stack.add("web", balancer.build());
        let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
        let listener = stack.add("http", listener.action(Action::forward(targets)).build());

        let template = LaunchTemplate::builder()
            .name("Web")
            .version_description("Immersion Day Web Instances Template – Web only")
            .image(image)
            .instance_type(self.instance_type)
            .security_group(instance_group)
            .tag_launched([InstanceTag::Instance, InstanceTag::Volume], "Name", "Web Instance")
            .auto_scaling_guidance(true);
        let template = match self.user_data {
            Some(script) => template.user_data(script).build(),
            None => template.build(),
        };
        let template = stack.add("web", template);
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
        if self.policy {
            stack.add("cpu", cpu_policy(group));
        }
        let refs = Refs { vpc, balancer_group, instance_group, targets, balancer, listener, template, group };
        (stack, refs)
    }
}

pub fn cpu_policy(group: Ref<AutoScalingGroup>) -> ScalingPolicy {
    ScalingPolicy::builder().name("Web-ASG-cpu").group(group).scaling(TargetTracking::average_cpu(30.0)).build()
}

/// The network of the lab, with an image that serves on these ports.
pub fn given(ports: &[u16]) -> SimAws {
    let sim = SimAws::new();
    network(&sim);
    sim.add_custom_image(SimImage::named("Web Server v1").serves(ports));
    sim
}

/// The network of the lab; returns the VPC.
pub fn network(sim: &SimAws) -> String {
    let vpc = sim.add_vpc("VPC-Lab", "10.0.0.0/16");
    sim.add_public_subnet(&vpc, "Public subnet A", "ap-northeast-2a", "10.0.0.0/24");
    sim.add_public_subnet(&vpc, "Public subnet C", "ap-northeast-2c", "10.0.1.0/24");
    sim.add_subnet(&vpc, "Private subnet A", "ap-northeast-2a", "10.0.2.0/24");
    sim.add_subnet(&vpc, "Private subnet C", "ap-northeast-2c", "10.0.3.0/24");
    vpc
}

/// Makes everything that AWS takes its time for short, so that little is polled.
pub fn hurry(sim: &SimAws) {
    sim.configure(|settings| {
        settings.load_balancer_provisioning = Duration::from_secs(3);
        settings.load_balancer_interface_release = Duration::from_secs(1);
        settings.instance_boot = Duration::from_secs(1);
        settings.instance_termination = Duration::from_secs(1);
        settings.target_health_check = Duration::from_secs(1);
        settings.scaling_reaction = Duration::from_secs(1);
        settings.security_group_association = Duration::from_secs(1);
    });
}

/// Plans and applies, as a user's program does that says yes to everything.
pub async fn deploy(sim: &SimAws, stack: &Stack) -> Result<Live, Failure> {
    let plan = Deployer::new(sim.aws()).plan(stack).await.expect("it can be planned");
    allowed(sim, &plan).apply(plan.approve()).await
}

/// Takes everything down.
pub async fn destroy(sim: &SimAws, stack: &Stack) -> Result<Live, Failure> {
    let plan = Deployer::new(sim.aws()).plan_destroy(stack).await.expect("it can be planned");
    allowed(sim, &plan).apply(plan).await
}

/// A deployer that may do what the plan's own policy says, and nothing else: whatever a test deploys,
/// the policy is enough for it.
fn allowed(sim: &SimAws, plan: &Plan) -> Deployer {
    Deployer::new(sim.restricted_to(&plan.iam_policy().with_explanations().to_json()).expect("a policy").aws())
}

/// The operations that changed something since so many calls had arrived, sorted.
pub fn writes(sim: &SimAws, since: usize) -> Vec<&'static str> {
    let mut writes: Vec<_> =
        sim.calls()[since..].iter().filter(|call| !call.is_read()).map(|call| call.operation).collect();
    writes.sort_unstable();
    writes
}

/// What a plan does, without what stays: address and action.
pub fn actions(plan: &Plan) -> Vec<(String, PlannedAction)> {
    plan.changes()
        .iter()
        .filter(|change| change.action != PlannedAction::Keep)
        .map(|change| (change.address.to_string(), change.action))
        .collect()
}

/// Everything that is in the account apart from the network and the images, read through plain SDK
/// clients; what AWS counts or hands out (ids, ARNs, times) is left out, so that two accounts with
/// the same things in them look the same.
pub async fn inventory(sim: &SimAws) -> Vec<String> {
    Inventory::default().take(sim).await
}

/// What the latest versions of all templates say, and the tags of the templates.
pub async fn latest_versions(sim: &SimAws) -> Vec<String> {
    let ec2 = sim.ec2();
    let templates = ec2.describe_launch_templates().send().await.expect("templates");
    let templates = templates.launch_templates().iter();
    let tags = templates.map(|template| format!("{:?} {:?}", template.launch_template_name(), template.tags()));
    let versions = ec2.describe_launch_template_versions().versions("$Latest").send().await.expect("versions");
    let versions = versions.launch_template_versions().iter();
    let data =
        versions.map(|version| format!("{:?} {:?}", version.version_description(), version.launch_template_data()));
    tags.chain(data).collect()
}

#[derive(Default)]
struct Inventory {
    names: BTreeMap<String, String>,
    lines: Vec<String>,
}

impl Inventory {
    fn name(&mut self, id: Option<&str>, name: Option<&str>) {
        self.names.insert(id.expect("an id").to_owned(), format!("<{}>", name.expect("a name")));
    }

    fn add(&mut self, what: &str, text: impl Debug) {
        self.lines.push(format!("{what}: {text:?}"));
    }

    async fn take(mut self, sim: &SimAws) -> Vec<String> {
        self.ec2(sim).await;
        self.elb(sim).await;
        self.autoscaling(sim).await;
        let Self { names, lines } = self;
        let mut lines: Vec<_> = lines.into_iter().map(|line| anonymous(line, &names)).collect();
        lines.sort();
        lines
    }

    async fn ec2(&mut self, sim: &SimAws) {
        let ec2 = sim.ec2();
        let groups = ec2.describe_security_groups().send().await.expect("groups");
        for group in groups.security_groups() {
            self.name(group.group_id(), group.group_name());
            self.add("group", group);
        }
        let rules = ec2.describe_security_group_rules().send().await.expect("rules");
        rules.security_group_rules().iter().for_each(|rule| self.add("rule", rule));
        let associations = ec2.describe_security_group_vpc_associations().send().await.expect("associations");
        associations.security_group_vpc_associations().iter().for_each(|one| self.add("association", one));
        let templates = ec2.describe_launch_templates().send().await.expect("templates");
        for template in templates.launch_templates() {
            self.name(template.launch_template_id(), template.launch_template_name());
            self.add("template", template);
            let versions = ec2.describe_launch_template_versions();
            let versions = versions.launch_template_id(template.launch_template_id().expect("an id"));
            let versions = versions.send().await.expect("versions");
            versions.launch_template_versions().iter().for_each(|version| self.add("version", version));
        }
        let interfaces = ec2.describe_network_interfaces().send().await.expect("interfaces");
        for interface in interfaces.network_interfaces() {
            let groups: Vec<_> = interface.groups().iter().map(|group| group.group_name()).collect();
            self.add("interface", (interface.description(), interface.subnet_id(), groups));
        }
        for instance in sim.instances().iter().filter(|instance| instance.state != InstanceStateName::Terminated) {
            self.add(
                "instance",
                (
                    &instance.state,
                    &instance.instance_type,
                    &instance.subnet,
                    &instance.tags,
                    &instance.volume_tags,
                    &instance.security_groups,
                ),
            );
        }
    }

    async fn elb(&mut self, sim: &SimAws) {
        let elb = sim.elbv2();
        let groups = elb.describe_target_groups().send().await.expect("target groups");
        for group in groups.target_groups() {
            let arn = group.target_group_arn().expect("an ARN");
            self.name(Some(arn), group.target_group_name());
            self.add("target group", group);
            let attributes = elb.describe_target_group_attributes().target_group_arn(arn).send().await;
            self.add("attributes", (arn, attributes.expect("attributes").attributes()));
            self.tags(&elb, arn).await;
            let mut states: Vec<_> =
                sim.target_health(arn).into_iter().map(|target| (target.state, target.port)).collect();
            states.sort();
            self.add("targets", (arn, states));
        }
        let balancers = elb.describe_load_balancers().send().await.expect("balancers");
        for balancer in balancers.load_balancers() {
            let arn = balancer.load_balancer_arn().expect("an ARN");
            self.name(Some(arn), balancer.load_balancer_name());
            self.add("balancer", balancer);
            let attributes = elb.describe_load_balancer_attributes().load_balancer_arn(arn).send().await;
            self.add("attributes", (arn, attributes.expect("attributes").attributes()));
            let capacity = elb.describe_capacity_reservation().load_balancer_arn(arn).send().await.expect("a capacity");
            self.add("capacity", (arn, capacity.minimum_load_balancer_capacity()));
            self.tags(&elb, arn).await;
            let listeners = elb.describe_listeners().load_balancer_arn(arn).send().await.expect("listeners");
            for listener in listeners.listeners() {
                let arn = listener.listener_arn().expect("an ARN");
                self.add("listener", listener);
                let attributes = elb.describe_listener_attributes().listener_arn(arn).send().await;
                self.add("attributes", (arn, attributes.expect("attributes").attributes()));
                let certificates = elb.describe_listener_certificates().listener_arn(arn).send().await;
                self.add("certificates", (arn, certificates.expect("certificates").certificates()));
                self.tags(&elb, arn).await;
                let rules = elb.describe_rules().listener_arn(arn).send().await.expect("rules");
                for rule in rules.rules() {
                    self.add("listener rule", rule);
                    if rule.is_default() != Some(true) {
                        self.tags(&elb, rule.rule_arn().expect("an ARN")).await;
                    }
                }
            }
        }
    }

    async fn tags(&mut self, elb: &aws_sdk_elasticloadbalancingv2::Client, arn: &str) {
        let tags = elb.describe_tags().resource_arns(arn).send().await.expect("tags");
        tags.tag_descriptions().iter().for_each(|tags| self.add("tags", tags));
    }

    async fn autoscaling(&mut self, sim: &SimAws) {
        let client = sim.autoscaling();
        let groups = client.describe_auto_scaling_groups().send().await.expect("groups");
        for mut group in groups.auto_scaling_groups.unwrap_or_default() {
            // Their order is that of their launch.
            for instance in group.instances.take().unwrap_or_default() {
                self.add(
                    "member",
                    (
                        instance.availability_zone(),
                        instance.lifecycle_state(),
                        instance.health_status(),
                        instance.launch_template(),
                    ),
                );
            }
            // What is off because it was turned off, and what is off by default.
            group.capacity_rebalance = group.capacity_rebalance.filter(|on| *on);
            group.desired_capacity_type = group.desired_capacity_type.filter(|unit| unit != "units");
            let retains = |policy: &InstanceLifecyclePolicy| {
                policy.retention_triggers().and_then(|triggers| triggers.terminate_hook_abandon())
                    == Some(&RetentionAction::Retain)
            };
            group.instance_lifecycle_policy = group.instance_lifecycle_policy.filter(retains);
            if let Some(pool) = &mut group.warm_pool_configuration {
                let reuses = |policy: &InstanceReusePolicy| policy.reuse_on_scale_in() == Some(true);
                pool.instance_reuse_policy = pool.instance_reuse_policy.take().filter(reuses);
            }
            let name = group.auto_scaling_group_name.clone().expect("a name");
            let hooks = client.describe_lifecycle_hooks().auto_scaling_group_name(name).send().await.expect("hooks");
            hooks.lifecycle_hooks().iter().for_each(|hook| self.add("hook", hook));
            self.add("Auto Scaling group", group);
        }
        let policies = client.describe_policies().send().await.expect("policies");
        policies.scaling_policies().iter().for_each(|policy| self.add("policy", policy));
        let actions = client.describe_scheduled_actions().send().await.expect("scheduled actions");
        actions.scheduled_update_group_actions().iter().for_each(|action| self.add("scheduled action", action));
        let notifications = client.describe_notification_configurations().send().await.expect("notifications");
        notifications.notification_configurations().iter().for_each(|one| self.add("notification", one));
    }
}

/// A text with names in the place of ids, and without times and what else is counted.
fn anonymous(mut text: String, names: &BTreeMap<String, String>) -> String {
    // ARNs contain the names of other things: the longest first.
    let mut ids: Vec<_> = names.keys().collect();
    ids.sort_by_key(|id| std::cmp::Reverse(id.len()));
    for id in ids {
        text = text.replace(id.as_str(), &names[id]);
    }
    // The simulated time begins with 2026.
    while let Some(begin) = text.find("2026-01-01T") {
        let end = begin + text[begin..].find('Z').expect("the end of a time");
        text.replace_range(begin..=end, "<time>");
    }
    let mut clean = String::with_capacity(text.len());
    let mut run = String::new();
    for character in text.chars().chain([' ']) {
        if character.is_ascii_hexdigit() || (character == '-' && !run.is_empty()) {
            run.push(character);
            continue;
        }
        // The ids of the given network are the same everywhere, and say where something is.
        let place = ["subnet-", "vpc-", "ami-"].iter().any(|prefix| clean.ends_with(prefix));
        let counted = !place && run.len() >= 12 && run.chars().any(|c| c.is_ascii_digit());
        clean.push_str(if counted { "#" } else { &run });
        run.clear();
        clean.push(character);
    }
    clean
}

/// Asserts that two accounts hold the same; shows what only one of them has.
#[track_caller]
pub fn assert_same(found: &[String], expected: &[String], when: &str) {
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|line| !those.contains(line)).cloned().collect()
    };
    assert!(
        found == expected,
        "{when}: {} things instead of {}\nunexpected: {:#?}\nmissing: {:#?}",
        found.len(),
        expected.len(),
        only(found, expected),
        only(expected, found),
    );
}

/// The filter for what belongs to the stack.
pub fn owned() -> Filter {
    Filter::builder().name("tag:purlin:stack").values("web-lab").build()
}
