//! What a fuzzed program declares: a stack made from small choices, over all kinds, so that two stacks
//! can differ in one thing. All zeros is an empty stack.

use std::fmt;
use std::time::Duration;

use purlin::*;

/// What there is to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Gene {
    /// An application load balancer: for the internet, or (replaced) for the VPC.
    Web,
    /// Its name: another one replaces it.
    WebName,
    /// Its idle timeout.
    WebTimeout,
    /// Its target group: on port 80, or (replaced) on 8080.
    WebTargets,
    /// How often that checks.
    WebCheck,
    /// A listener on port 80: forwards, answers, or redirects.
    Http,
    /// A listener that comes and goes, and changes its port, also to that of the first.
    Other,
    /// A rule of the first listener: places 10 and 20, or none in particular.
    FirstRule,
    /// Another one, with the places the other way round.
    SecondRule,
    /// A network load balancer with a listener and a target group of its own.
    Net,
    NetPort,
    /// A gateway load balancer, alone or with a listener and a target group.
    Gateway,
    /// A security group: a description, or (replaced) another.
    FirstGroup,
    /// Its rules.
    FirstRules,
    SecondGroup,
    SecondRules,
    /// Standalone rules by which the two groups allow each other.
    Mutual,
    /// Whether the first group is that of the balancer and the instances.
    GroupUsed,
    /// A security group that is there beforehand, and taken over.
    Adopted,
    /// A tag on everything.
    Tag,
    /// A launch template: with one instance type, or another.
    Template,
    /// Its user data.
    UserData,
    /// An Auto Scaling group with up to one or two instances, or (replaced) under another name.
    Scaling,
    /// What it registers with: nothing, the application balancer's targets, or the network one's.
    Attached,
    Policies,
    Scheduled,
    Notified,
}

/// How many choices there are.
pub const GENES: usize = Gene::Notified as usize + 1;
/// How many alternatives there are to each, nothing included.
pub const ALTERNATIVES: u8 = 4;

#[derive(Clone)]
pub struct Shape(pub Vec<u8>);

/// Only what is there.
impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().enumerate().filter(|(_, choice)| **choice != 0)).finish()
    }
}

impl Shape {
    pub fn get(&self, gene: Gene) -> u8 {
        self.0.get(gene as usize).copied().unwrap_or(0)
    }

    fn has(&self, gene: Gene) -> bool {
        self.get(gene) != 0
    }

    pub fn declare(&self) -> Stack {
        let mut stack = Stack::new("fuzzed");
        if self.has(Gene::Tag) {
            stack.tag("generation", self.get(Gene::Tag).to_string());
        }
        let given = Given::add(&mut stack);
        let groups = self.groups(&given, &mut stack);
        let used = groups[0].filter(|_| self.has(Gene::GroupUsed));
        let web = self.web(&given, used, &mut stack);
        let net = self.net(&given, used, &mut stack);
        self.gateway(&given, &mut stack);
        let template = self.template(&given, used, &mut stack);
        if let Some(template) = template {
            self.scaling(&given, template, (web, net), &mut stack);
        }
        stack
    }

    fn groups(&self, given: &Given, stack: &mut Stack) -> [Option<Ref<SecurityGroup>>; 2] {
        let all = [(Gene::FirstGroup, Gene::FirstRules, "first"), (Gene::SecondGroup, Gene::SecondRules, "second")];
        let groups = all.map(|(group, rules, name)| {
            // A changed description replaces the group under a derived name.
            let text = match self.get(group) {
                0 => return None,
                1 | 2 => "one",
                _ => "another",
            };
            let mut builder = SecurityGroup::builder().name(name).description(text).vpc(given.vpc);
            if self.get(rules) & 1 != 0 {
                builder = builder.ingress(Ingress::http().from_anywhere_ipv4());
            }
            if self.get(rules) & 2 != 0 {
                builder = builder
                    .ingress(Ingress::tcp(8080).from_anywhere_ipv4())
                    .egress(Egress::all_traffic().to_anywhere_ipv4());
            }
            if self.get(group) == 2 {
                builder = builder.tag("team", "two");
            }
            Some(stack.add(name, builder.build()))
        });
        if let [Some(first), Some(second)] = groups {
            if self.get(Gene::Mutual) & 1 != 0 {
                stack
                    .add("first-from-second", SecurityGroupRule::ingress(first, Ingress::tcp(7000).from_group(second)));
            }
            if self.get(Gene::Mutual) & 2 != 0 {
                stack
                    .add("second-from-first", SecurityGroupRule::ingress(second, Ingress::tcp(7000).from_group(first)));
            }
        }
        if self.has(Gene::Adopted) {
            let group = SecurityGroup::builder().name("console").description("made by somebody else").vpc(given.vpc);
            let group = stack.add("console", group.build());
            stack.adopt(group);
        }
        groups
    }

    /// The application balancer, its listeners and rules; the group that can serve, if there is one.
    fn web(&self, given: &Given, used: Option<Ref<SecurityGroup>>, stack: &mut Stack) -> Option<Ref<TargetGroup>> {
        let targets = self.has(Gene::WebTargets).then(|| {
            let port = if self.get(Gene::WebTargets) == 3 { 8080 } else { 80 };
            // Draining takes five minutes by default, and much polling.
            let builder = TargetGroup::builder().name("web").vpc(given.vpc).traffic(Traffic::http(port));
            let builder = builder.deregistration_delay(Duration::ZERO);
            let check = |seconds| HealthCheck::builder().interval(Duration::from_secs(seconds)).build();
            let built = match self.get(Gene::WebCheck) {
                0 | 1 => builder.build(),
                other => builder.health_check(check(10 * u64::from(other))).build(),
            };
            stack.add("web", built)
        });
        if !self.has(Gene::Web) {
            return None;
        }
        let scheme = if self.get(Gene::Web) == 3 { Scheme::Internal } else { Scheme::InternetFacing };
        let name = if self.get(Gene::WebName) == 3 { "web-renamed" } else { "web" };
        let balancer = LoadBalancer::application().name(name).subnets(given.public).scheme(scheme);
        let balancer = balancer.security_group(used.unwrap_or_else(|| given.open(stack)));
        let balancer = match self.get(Gene::WebTimeout) {
            0 | 1 => balancer.build(),
            other => balancer.idle_timeout(Duration::from_secs(30 * u64::from(other))).build(),
        };
        let balancer = stack.add("web", balancer);
        let http = self.has(Gene::Http).then(|| {
            let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
            let listener = match (self.get(Gene::Http), targets) {
                (1, Some(targets)) => listener.action(Action::forward(targets)).build(),
                (3, _) => listener.action(Action::redirect_to_https(443)).build(),
                _ => listener.action(Action::fixed_response(200)).build(),
            };
            stack.add("http", listener)
        });
        if self.has(Gene::Other) {
            // It comes to the port of the first, too, where that goes.
            let port = match self.get(Gene::Other) {
                1 => 8000,
                2 if http.is_none() => 80,
                2 => 8000,
                _ => 8001,
            };
            let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(port));
            let listener = match targets.filter(|_| self.get(Gene::Other) != 1) {
                Some(targets) => listener.action(Action::forward(targets)).build(),
                None => listener.action(Action::fixed_response(404)).build(),
            };
            stack.add("other", listener);
        }
        if let Some(listener) = http {
            // Where both ask for the same place, the second has another.
            let same = self.get(Gene::FirstRule) + self.get(Gene::SecondRule) == 3;
            let second = if same { [30, 30] } else { [20, 10] };
            for (gene, path, places) in [(Gene::FirstRule, "/first", [10, 20]), (Gene::SecondRule, "/second", second)] {
                let rule = ListenerRule::builder().listener(listener).condition(Condition::path([path]));
                match self.get(gene) {
                    0 => {}
                    place @ (1 | 2) => {
                        let rule = rule.priority(places[usize::from(place) - 1]);
                        stack.add(path, rule.action(Action::fixed_response(404)).build());
                    }
                    _ => match targets {
                        Some(targets) => drop(stack.add(path, rule.action(Action::forward(targets)).build())),
                        None => drop(stack.add(path, rule.action(Action::fixed_response(500)).build())),
                    },
                }
            }
        }
        // Targets turn healthy only where a listener forwards to them and the image serves the port.
        let serves = self.get(Gene::Http) == 1 && self.lets_through(used, 3);
        targets.filter(|_| serves)
    }

    /// Whether instances can be reached: by the group that lets everything through, or by the first group with
    /// these of its rules.
    fn lets_through(&self, used: Option<Ref<SecurityGroup>>, rules: u8) -> bool {
        used.is_none() || self.get(Gene::FirstRules) & rules == rules
    }

    /// The network balancer and its listener; the group that can serve, if there is one.
    fn net(&self, given: &Given, used: Option<Ref<SecurityGroup>>, stack: &mut Stack) -> Option<Ref<TargetGroup>> {
        if !self.has(Gene::Net) {
            return None;
        }
        let targets = TargetGroup::builder().name("net").vpc(given.vpc).traffic(Traffic::tcp(80));
        let targets = stack.add("net", targets.deregistration_delay(Duration::ZERO).build());
        let scheme = if self.get(Gene::Net) == 3 { Scheme::Internal } else { Scheme::InternetFacing };
        let balancer = LoadBalancer::network().name("net").subnets(given.public).scheme(scheme).build();
        let balancer = stack.add("net", balancer);
        let port = match self.get(Gene::NetPort) {
            0 => return None,
            1 | 2 => 80,
            _ => 81,
        };
        let listener = Listener::builder().load_balancer(balancer).accept(Accept::tcp(port));
        stack.add("net", listener.action(Action::forward(targets)).build());
        // The targets are on port 80 only.
        self.lets_through(used, 1).then_some(targets)
    }

    fn gateway(&self, given: &Given, stack: &mut Stack) {
        if !self.has(Gene::Gateway) {
            return;
        }
        let balancer = LoadBalancer::gateway().name("gateway").subnets(given.private).build();
        let balancer = stack.add("gateway", balancer);
        if self.get(Gene::Gateway) > 1 {
            let targets = TargetGroup::builder().name("gateway").vpc(given.vpc).traffic(Traffic::geneve()).build();
            let targets = stack.add("gateway", targets);
            let listener = Listener::builder().load_balancer(balancer).accept(Accept::gateway());
            stack.add("gateway", listener.action(Action::forward(targets)).build());
        }
    }

    fn template(
        &self,
        given: &Given,
        used: Option<Ref<SecurityGroup>>,
        stack: &mut Stack,
    ) -> Option<Ref<LaunchTemplate>> {
        let instance_type = match self.get(Gene::Template) {
            0 => return None,
            1 | 2 => "t2.micro",
            _ => "t3.micro",
        };
        let group = used.unwrap_or_else(|| given.open(stack));
        let template = LaunchTemplate::builder().name("fuzzed").image(given.image).instance_type(instance_type);
        let template = template.security_group(group);
        let template = match self.get(Gene::UserData) {
            0 | 1 => template.build(),
            other => template.user_data(format!("echo {other}")).build(),
        };
        Some(stack.add("fuzzed", template))
    }

    fn scaling(
        &self,
        given: &Given,
        template: Ref<LaunchTemplate>,
        (web, net): (Option<Ref<TargetGroup>>, Option<Ref<TargetGroup>>),
        stack: &mut Stack,
    ) {
        if !self.has(Gene::Scaling) {
            return;
        }
        let (name, most) = match self.get(Gene::Scaling) {
            1 => ("scaling", 1),
            2 => ("scaling", 2),
            _ => ("scaling-renamed", 1),
        };
        let mut group =
            AutoScalingGroup::builder().name(name).launch_template(template).subnets(given.private).sizes(1..=most);
        let attached = match self.get(Gene::Attached) {
            0 => None,
            3 => net,
            _ => web,
        };
        if let Some(attached) = attached {
            group = group.target_group(attached);
        }
        let group = stack.add("scaling", group.build());
        if self.has(Gene::Policies) {
            let percent = if self.get(Gene::Policies) == 2 { 60.0 } else { 30.0 };
            let policy = ScalingPolicy::builder().name("cpu").group(group);
            stack.add("cpu", policy.scaling(TargetTracking::average_cpu(percent)).build());
        }
        if self.get(Gene::Policies) == 3 {
            let policy = ScalingPolicy::builder().name("net").group(group);
            let metric = TargetTracking::predefined(PredefinedMetric::AverageNetworkIn, 1000.0);
            stack.add("net", policy.scaling(metric).build());
        }
        if self.has(Gene::Scheduled) {
            let hour = self.get(Gene::Scheduled);
            let action = ScheduledAction::builder().name("morning").group(group);
            let action = action.schedule(Recurrence::cron(format!("0 {hour} 1 6 *")));
            stack.add("morning", action.min_size(1).build());
        }
        if self.has(Gene::Notified) {
            let topic = if self.get(Gene::Notified) == 3 { "others" } else { "operators" };
            let topic = format!("arn:aws:sns:ap-northeast-2:123456789012:{topic}");
            let kinds = [NotificationType::LaunchError, NotificationType::TerminateError];
            let count = if self.get(Gene::Notified) == 2 { 2 } else { 1 };
            let kinds = kinds.into_iter().take(count);
            stack.add("operators", Notification::builder().group(group).topic(topic).on(kinds).build());
        }
    }
}

/// What there is, and is looked up.
struct Given {
    vpc: Ref<Vpc>,
    public: Ref<Subnets>,
    private: Ref<Subnets>,
    image: Ref<Image>,
    open: std::cell::Cell<Option<Ref<SecurityGroup>>>,
}

impl Given {
    fn add(stack: &mut Stack) -> Self {
        let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
        Self {
            vpc,
            public: stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc)),
            private: stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc)),
            image: stack.add("image", Image::named("Web Server v1")),
            open: std::cell::Cell::new(None),
        }
    }

    /// A group that lets everything through, declared where it is needed.
    fn open(&self, stack: &mut Stack) -> Ref<SecurityGroup> {
        let open = self.open.get().unwrap_or_else(|| {
            let open = SecurityGroup::builder().name("open").description("everything").vpc(self.vpc);
            stack.add("open", open.ingress(Ingress::all_traffic().from_anywhere_ipv4()).build())
        });
        self.open.set(Some(open));
        open
    }
}
