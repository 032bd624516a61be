//! Auto Scaling groups, hooks and warm pools.

use std::time::Duration;

use purlin::*;

use super::case::{Case, Found};

/// What groups are made of.
pub(super) struct Lab {
    pub(super) stack: Stack,
    pub(super) vpc: Ref<Vpc>,
    pub(super) private: Ref<Subnets>,
    pub(super) template: Ref<LaunchTemplate>,
}

impl Lab {
    fn new(instance_type: &str) -> Self {
        let mut stack = Stack::new("rules");
        let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
        let private = stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
        let image = stack.add("web", Image::named("Web Server v1"));
        let template = LaunchTemplate::builder().name("Web").image(image).instance_type(instance_type);
        let template = stack.add("web", template.build());
        Self { stack, vpc, private, template }
    }

    pub(super) fn targets(&mut self) -> Ref<TargetGroup> {
        let targets = TargetGroup::builder().name("Web-TG").vpc(self.vpc).traffic(Traffic::http(80));
        self.stack.add("web", targets.build())
    }
}

/// The group "Web-ASG" without an instance, and what is said of it besides.
macro_rules! web {
    ($lab:expr; $($more:tt)*) => {{
        let group = AutoScalingGroup::builder().name("Web-ASG").launch_template($lab.template).subnets($lab.private);
        group.sizes(0..=2) $($more)* .build()
    }};
}
pub(super) use web;

/// A stack of a lab and what is added to it.
pub(super) fn with(declare: impl Fn(&mut Lab, bool) + 'static) -> impl Fn(bool) -> Stack + 'static {
    move |inside| {
        let mut lab = Lab::new("t3.micro");
        declare(&mut lab, inside);
        lab.stack
    }
}

/// A stack of a lab and one group.
fn group(declare: impl Fn(&mut Lab, bool) -> AutoScalingGroup + 'static) -> impl Fn(bool) -> Stack + 'static {
    with(move |lab, inside| {
        let group = declare(lab, inside);
        lab.stack.add("web", group);
    })
}

/// The group with one instance of another type, before its template changes.
fn running() -> Stack {
    let mut lab = Lab::new("t2.micro");
    let group = web!(lab; .desired_capacity(1));
    lab.stack.add("web", group);
    lab.stack
}

/// A case of a refresh: AWS is told of it once there is something to replace.
fn refresh(
    id: &'static str,
    name: &'static str,
    path: &'static str,
    of: impl Fn(bool) -> InstanceRefresh + 'static,
) -> Case {
    Case::new(id, name, path, group(move |lab, inside| web!(lab; .desired_capacity(1).instance_refresh(of(inside)))))
        .after(running)
}

fn mixed(
    name: &'static str,
    id: &'static str,
    path: &'static str,
    of: impl Fn(Ref<LaunchTemplate>, bool) -> MixedInstances + 'static,
) -> Case {
    let declare = move |lab: &mut Lab, inside: bool| {
        let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(of(lab.template, inside));
        group.subnets(lab.private).sizes(0..=2).build()
    };
    Case::new(id, name, path, group(declare))
}

fn hook(id: &'static str, name: &'static str, path: &'static str, of: fn(bool) -> LifecycleHook) -> Case {
    Case::new(id, name, path, group(move |lab, inside| web!(lab; .lifecycle_hook(of(inside)))))
}

macro_rules! launching {
    ($name:expr; $($more:tt)*) => {
        LifecycleHook::builder().name($name).transition(LifecycleTransition::Launching) $($more)* .build()
    };
}

const FUNCTION: &str = "arn:aws:lambda:ap-northeast-2:123456789012:function:choose:prod";

pub(super) fn cases() -> Vec<Case> {
    [places_and_sizes(), settings(), refreshes(), launches(), hooks(), tags()].into_iter().flatten().collect()
}

fn places_and_sizes() -> Vec<Case> {
    let named = |name: fn(bool) -> String| {
        group(move |lab, inside| {
            let group = AutoScalingGroup::builder().name(name(inside)).launch_template(lab.template);
            group.subnets(lab.private).sizes(0..=2).build()
        })
    };
    let sized = |of: fn(bool) -> (u32, u32, u32)| {
        group(move |lab, inside| {
            let (min, max, desired) = of(inside);
            let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(lab.template);
            group.subnets(lab.private).sizes(min..=max).desired_capacity(desired).build()
        })
    };
    let many = |number: usize| (0..number).map(|index| format!("subnet-{index:017x}").parse().expect("an id"));
    vec![
        Case::new("V153", "255 characters", "name", named(|inside| "a".repeat(if inside { 255 } else { 256 }))),
        Case::new("V153", "a character", "name", named(|inside| if inside { "a" } else { "" }.to_owned())),
        Case::new("V153", "a space", "name", named(|inside| if inside { "a!~b" } else { "a b" }.to_owned())),
        Case::new("V153", "a colon", "name", named(|inside| if inside { "a;b" } else { "a:b" }.to_owned())),
        Case::new("V153", "beyond ASCII", "name", named(|inside| if inside { "a~" } else { "aé" }.to_owned())),
        Case::new("V154", "the same", "sizes", sized(|inside| (1, if inside { 1 } else { 0 }, 1))),
        Case::new("V155", "the least", "desired_capacity", sized(|inside| (1, 2, if inside { 1 } else { 0 }))),
        Case::new("V155", "the greatest", "desired_capacity", sized(|inside| (0, 2, if inside { 2 } else { 3 }))),
        Case::new(
            "V158",
            "a subnet",
            "subnets",
            group(move |lab, inside| {
                let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(lab.template);
                group.subnets(many(usize::from(inside)).collect::<Vec<_>>()).sizes(0..=2).build()
            }),
        )
        .only_planned(),
        Case::new(
            "V158",
            "a zone",
            "subnets",
            group(|lab, inside| {
                let zones = ["ap-northeast-2a"].into_iter().filter(|_| inside);
                let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(lab.template);
                group.subnets(DefaultSubnets::in_zones(zones)).sizes(0..=2).build()
            }),
        )
        .only_planned(),
        Case::new(
            "V159",
            "5000 characters of subnets",
            "subnets",
            group(move |lab, inside| {
                let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(lab.template);
                group.subnets(many(if inside { 200 } else { 201 }).collect::<Vec<_>>()).sizes(0..=2).build()
            }),
        )
        .only_planned(),
        Case::new(
            "V159",
            "255 characters of a version",
            "launch_template.version",
            group(|lab, inside| {
                let version = TemplateVersion::new(lab.template, "1".repeat(if inside { 255 } else { 256 }));
                let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(version);
                group.subnets(lab.private).sizes(0..=2).build()
            }),
        )
        .only_planned(),
        Case::new(
            "scale-in",
            "the greatest size",
            "",
            group(|lab, inside| {
                let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(lab.template);
                group.subnets(lab.private).sizes(0..=u32::from(inside)).build()
            }),
        )
        .found(Found::Advisory)
        .after(running),
        Case::new(
            "scale-in",
            "a pinned size",
            "",
            group(|lab, inside| web!(lab; .desired_capacity(u32::from(inside)).pin_desired_capacity(true))),
        )
        .found(Found::Advisory)
        .after(running),
        Case::new(
            "placement-group-zones",
            "one zone",
            "",
            with(|lab, inside| {
                let one = Subnets::named(["Private subnet A"]).in_vpc(lab.vpc);
                let one = lab.stack.add("one", one);
                let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(lab.template);
                let group = group.subnets(if inside { one } else { lab.private }).placement_group("near");
                lab.stack.add("web", group.sizes(0..=2).build());
            }),
        )
        .found(Found::Advisory),
    ]
}

fn settings() -> Vec<Case> {
    let healthy = |of: fn(bool) -> (u32, u32)| {
        group(move |lab, inside| {
            let (min, max) = of(inside);
            web!(lab; .instance_maintenance(min..=max))
        })
    };
    let grace = |seconds: u64| Duration::from_secs(seconds);
    vec![
        Case::new(
            "V162",
            "a target group",
            "health_check",
            group(|lab, inside| {
                let targets = lab.targets();
                if inside {
                    web!(lab; .health_check(GroupHealthCheck::LoadBalancer).target_group(targets))
                } else {
                    web!(lab; .health_check(GroupHealthCheck::LoadBalancer))
                }
            }),
        )
        .aws_accepts(),
        Case::new(
            "V162",
            "a target group of VPC Lattice",
            "health_check",
            group(|lab, inside| {
                let arn = "arn:aws:vpc-lattice:ap-northeast-2:123456789012:targetgroup/tg-0123456789abcdef0";
                if inside {
                    web!(lab; .health_check(GroupHealthCheck::VpcLattice).vpc_lattice_target_group(arn))
                } else {
                    web!(lab; .health_check(GroupHealthCheck::VpcLattice))
                }
            }),
        )
        .aws_accepts(),
        Case::new(
            "ec2-health-only",
            "the balancer's health check",
            "",
            group(|lab, inside| {
                let targets = lab.targets();
                if inside {
                    web!(lab; .health_check(GroupHealthCheck::LoadBalancer).target_group(targets))
                } else {
                    web!(lab; .target_group(targets))
                }
            }),
        )
        .found(Found::Advisory),
        Case::new(
            "no-grace-period",
            "a second",
            "",
            group(move |lab, inside| {
                let targets = lab.targets();
                web!(lab; .health_check(GroupHealthCheck::LoadBalancer).target_group(targets)
                    .health_check_grace_period(grace(u64::from(inside))))
            }),
        )
        .found(Found::Advisory),
        Case::new(
            "no-warm-up",
            "a second",
            "",
            group(move |lab, inside| {
                let targets = lab.targets();
                let refresh = InstanceRefresh::builder().warmup(grace(u64::from(inside))).build();
                web!(lab; .health_check(GroupHealthCheck::LoadBalancer).target_group(targets).instance_refresh(refresh)
                    .health_check_grace_period(grace(60)))
            }),
        )
        .found(Found::Advisory),
        Case::new(
            "V164",
            "a day",
            "max_instance_lifetime",
            group(|lab, inside| {
                let lifetime = Duration::from_secs(if inside { 86_400 } else { 86_399 });
                web!(lab; .max_instance_lifetime(lifetime))
            }),
        ),
        Case::new(
            "V166",
            "by requirements",
            "capacity_unit",
            group(|lab, inside| {
                let any = InstanceRequirements::builder().vcpus(2..).memory_mib(1024..).build();
                let mixed = MixedInstances::builder().template(lab.template);
                let mixed = if inside {
                    mixed.launch_override(LaunchOverride::requirements(any)).build()
                } else {
                    mixed.launch_override(LaunchOverride::instance_type("t3.micro")).build()
                };
                let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(mixed).subnets(lab.private);
                group.sizes(0..=2).capacity_unit(CapacityUnit::Vcpu).build()
            }),
        ),
        Case::new("V167", "100 at least", "instance_maintenance", healthy(|i| (if i { 100 } else { 101 }, 200))),
        Case::new("V167", "100 at most", "instance_maintenance", healthy(|i| (50, if i { 100 } else { 99 }))),
        Case::new("V167", "200 at most", "instance_maintenance", healthy(|i| (100, if i { 200 } else { 201 }))),
        Case::new("V167", "100 apart", "instance_maintenance", healthy(|i| (if i { 50 } else { 49 }, 150))),
        Case::new(
            "V174",
            "a function first",
            "termination_policies",
            group(|lab, inside| {
                let function = TerminationPolicy::Function(FUNCTION.to_owned());
                let mut policies = vec![function, TerminationPolicy::OldestInstance];
                if !inside {
                    policies.reverse();
                }
                web!(lab; .termination_policies(policies))
            }),
        ),
        Case::new(
            "V174",
            "the ARN of a function",
            "termination_policies",
            group(|lab, inside| {
                let function = if inside { FUNCTION } else { "choose" };
                web!(lab; .termination_policies([TerminationPolicy::Function(function.to_owned())]))
            }),
        ),
    ]
}

fn refreshes() -> Vec<Case> {
    let percent = |name, path, of: fn(bool) -> (u32, u32)| {
        refresh("V168", name, path, move |inside| {
            let (min, max) = of(inside);
            InstanceRefresh::builder().min_healthy_percentage(min).max_healthy_percentage(max).build()
        })
    };
    let (least, greatest) = ("instance_refresh.min_healthy_percentage", "instance_refresh.max_healthy_percentage");
    let checkpoints = |name, of: fn(bool) -> Vec<u32>| {
        refresh("V169", name, "instance_refresh.checkpoints", move |inside| {
            let refresh = InstanceRefresh::builder().checkpoints(of(inside));
            refresh.checkpoint_delay(Duration::from_secs(1)).build()
        })
    };
    const LONGEST: u64 = 172_800;
    let longest = |inside: bool| Duration::from_secs(if inside { LONGEST } else { LONGEST + 1 });
    vec![
        percent("100 at least", least, |inside| (if inside { 100 } else { 101 }, 200)),
        percent("100 at most", greatest, |inside| (50, if inside { 100 } else { 99 })),
        percent("200 at most", greatest, |inside| (100, if inside { 200 } else { 201 })),
        percent("100 apart", greatest, |inside| (if inside { 50 } else { 49 }, 150)),
        refresh("V168", "a least percentage alone", least, |inside| {
            InstanceRefresh::builder().min_healthy_percentage(if inside { 100 } else { 101 }).build()
        }),
        refresh("V168", "both percentages", greatest, |inside| {
            let refresh = InstanceRefresh::builder().max_healthy_percentage(120);
            if inside { refresh.min_healthy_percentage(100).build() } else { refresh.build() }
        }),
        checkpoints("1 percent", |inside| vec![u32::from(inside), 100]),
        checkpoints("100 percent", |inside| vec![50, if inside { 100 } else { 101 }]),
        checkpoints("ascending", |inside| vec![if inside { 49 } else { 50 }, 50, 100]),
        refresh("V169", "48 hours at a checkpoint", "instance_refresh.checkpoint_delay", move |inside| {
            InstanceRefresh::builder().checkpoints([100]).checkpoint_delay(longest(inside)).build()
        })
        .only_planned(),
        refresh("V169", "a delay with checkpoints", "instance_refresh.checkpoint_delay", |inside| {
            let refresh = InstanceRefresh::builder().checkpoint_delay(Duration::from_secs(1));
            if inside { refresh.checkpoints([100]).build() } else { refresh.build() }
        }),
        refresh("V169", "48 hours at the end", "instance_refresh.bake_time", move |inside| {
            InstanceRefresh::builder().bake_time(longest(inside)).build()
        })
        .only_planned(),
        refresh("V169", "ten alarms", "instance_refresh.alarms", |inside| {
            let alarms = (0..if inside { 10 } else { 11 }).map(|number| format!("alarm-{number}"));
            InstanceRefresh::builder().alarms(alarms).build()
        }),
        Case::new(
            "V170",
            "a numbered version",
            "instance_refresh.auto_rollback",
            group(|lab, inside| {
                let version = if inside { lab.template.into() } else { TemplateVersion::new(lab.template, "$Latest") };
                let refresh = InstanceRefresh::builder().auto_rollback(true).build();
                let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(version).subnets(lab.private);
                group.sizes(0..=2).desired_capacity(1).instance_refresh(refresh).build()
            }),
        )
        .after(running),
        Case::new("V170", "an image by its id", "instance_refresh.auto_rollback", |inside| {
            let mut lab = Lab::new("t3.micro");
            let image = lab.stack.add("other", Image::named("Web Server v1"));
            let template = LaunchTemplate::builder().name("Other").instance_type("t3.micro");
            let template = if inside {
                template.image(image).build()
            } else {
                template.image(ImageSource::parameter("Web Server v1")).build()
            };
            let template = lab.stack.add("other", template);
            let refresh = InstanceRefresh::builder().auto_rollback(true).build();
            let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(template).subnets(lab.private);
            let group = group.sizes(0..=2).desired_capacity(1).instance_refresh(refresh).build();
            lab.stack.add("web", group);
            lab.stack
        })
        .after(running),
    ]
}

fn launches() -> Vec<Case> {
    let weight = |name, of: fn(bool) -> u32| {
        mixed(name, "V175", "mixed_instances.overrides[0].weight", move |template, inside| {
            let weighted = LaunchOverride::instance_type("t3.micro").weight(of(inside));
            MixedInstances::builder().template(template).launch_override(weighted).build()
        })
    };
    let shared = |name, path, of: fn(bool) -> InstancesDistribution| {
        mixed(name, "V176", path, move |template, inside| {
            MixedInstances::builder().template(template).distribution(of(inside)).build()
        })
    };
    let pools = "mixed_instances.distribution.spot_pools";
    vec![
        weight("1 unit", u32::from),
        weight("999 units", |inside| if inside { 999 } else { 1000 }),
        mixed("all or none", "V175", "mixed_instances.overrides", |template, inside| {
            let one = LaunchOverride::instance_type("t3.micro").weight(1);
            let other = LaunchOverride::instance_type("t3.small");
            let other = if inside { other.weight(2) } else { other };
            MixedInstances::builder().template(template).launch_override(one).launch_override(other).build()
        }),
        shared("100 percent", "mixed_instances.distribution.on_demand_percentage", |inside| {
            InstancesDistribution::builder().on_demand_percentage(if inside { 100 } else { 101 }).build()
        }),
        shared("a pool", pools, |inside| InstancesDistribution::builder().spot_pools(u32::from(inside)).build()),
        shared("20 pools", pools, |inside| {
            InstancesDistribution::builder().spot_pools(if inside { 20 } else { 21 }).build()
        }),
        shared("pools of the lowest price", pools, |inside| {
            let allocation = if inside { SpotAllocation::LowestPrice } else { SpotAllocation::CapacityOptimized };
            InstancesDistribution::builder().spot_allocation(allocation).spot_pools(3).build()
        }),
    ]
}

fn hooks() -> Vec<Case> {
    let heartbeat = "lifecycle_hooks.drain.heartbeat";
    let metadata = "lifecycle_hooks.drain.metadata";
    vec![
        hook(
            "V188",
            "30 seconds",
            heartbeat,
            |inside| launching!("drain"; .heartbeat(Duration::from_secs(if inside { 30 } else { 29 }))),
        ),
        hook(
            "V188",
            "7200 seconds",
            heartbeat,
            |inside| launching!("drain"; .heartbeat(Duration::from_secs(if inside { 7200 } else { 7201 }))),
        ),
        hook(
            "V188",
            "255 characters",
            "lifecycle_hooks",
            |inside| launching!("a".repeat(if inside { 255 } else { 256 });),
        ),
        hook("V188", "a character", "lifecycle_hooks", |inside| launching!(if inside { "a" } else { "" };)),
        hook("V188", "letters", "lifecycle_hooks", |inside| launching!(if inside { "a-_/1" } else { "a.1" };)),
        hook(
            "V189",
            "4000 characters",
            metadata,
            |inside| launching!("drain"; .metadata("a".repeat(if inside { 4000 } else { 4001 }))),
        ),
        hook("V189", "a character", metadata, |inside| launching!("drain"; .metadata(if inside { "a" } else { "" }))),
        hook(
            "V189",
            "ASCII",
            metadata,
            |inside| launching!("drain"; .metadata(if inside { "a\n~" } else { "a\u{7f}" })),
        ),
        hook("V190", "a topic or queue", "lifecycle_hooks.drain.target", |inside| {
            let target = if inside { "sqs" } else { "kinesis" };
            launching!("drain"; .notify(
                format!("arn:aws:{target}:ap-northeast-2:123456789012:drain"),
                "arn:aws:iam::123456789012:role/drain",
            ))
        }),
        hook("V190", "a role", "lifecycle_hooks.drain.role", |inside| {
            let role = if inside { "arn:aws:iam::123456789012:role/drain" } else { "drain" };
            launching!("drain"; .notify("arn:aws:sns:ap-northeast-2:123456789012:drain", role))
        }),
        Case::new(
            "V193",
            "hooks of one name",
            "lifecycle_hooks",
            group(|lab, inside| {
                let other = if inside { "other" } else { "drain" };
                web!(lab; .lifecycle_hook(launching!("drain";)).lifecycle_hook(launching!(other;)))
            }),
        ),
    ]
}

fn tags() -> Vec<Case> {
    let tagged = |of: fn(bool) -> (String, String)| {
        group(move |lab, inside| {
            let (key, value) = of(inside);
            web!(lab; .tag(key, value))
        })
    };
    let many = |inside: usize, outside: usize| {
        group(move |lab, is_inside| {
            let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(lab.template);
            let mut group = group.subnets(lab.private).sizes(0..=2);
            for number in 0..if is_inside { inside } else { outside } {
                group = group.tag(number.to_string(), "");
            }
            group.build()
        })
    };
    let targets = |of: fn(bool) -> (String, String)| {
        with(move |lab, inside| {
            let (key, value) = of(inside);
            let targets = TargetGroup::builder().name("Web-TG").vpc(lab.vpc).traffic(Traffic::http(80));
            lab.stack.add("web", targets.tag(key, value).build());
        })
    };
    let launched = |of: fn(bool) -> (String, String)| {
        with(move |lab, inside| {
            let (key, value) = of(inside);
            let template = LaunchTemplate::builder().name("Other").tag_launched([InstanceTag::Volume], key, value);
            lab.stack.add("other", template.build());
        })
    };
    let of_stack = |of: fn(bool) -> (String, String)| {
        with(move |lab, inside| {
            let (key, value) = of(inside);
            lab.stack.tag(key, value);
        })
    };
    let key = |inside: bool| ("a".repeat(if inside { 128 } else { 129 }), "b".to_owned());
    let value = |inside: bool| ("a".to_owned(), "b".repeat(if inside { 256 } else { 257 }));
    let reserved = |inside: bool| (if inside { "awsa" } else { "aws:a" }.to_owned(), "b".to_owned());
    vec![
        Case::new("V39", "a key of 128 characters on a group", "tags", tagged(key)),
        Case::new("V39", "a value of 256 characters on a group", "tags.a", tagged(value)),
        Case::new("V39", "aws: on a group", "tags", tagged(reserved)),
        Case::new("V39", "a key on a target group", "tags", targets(key)),
        Case::new(
            "V39",
            "no key on a target group",
            "tags",
            targets(|inside| (if inside { "a" } else { "" }.to_owned(), String::new())),
        ),
        Case::new("V39", "a value on a target group", "tags.a", targets(value)),
        Case::new("V39", "aws: on a target group", "tags", targets(reserved)),
        Case::new(
            "V39",
            "a letter on a target group",
            "tags.a",
            targets(|inside| ("a".to_owned(), if inside { "é /=+-@" } else { "a\tb" }.to_owned())),
        ),
        Case::new(
            "V39",
            "a letter of a key on a target group",
            "tags",
            targets(|inside| (if inside { "a:b" } else { "a,b" }.to_owned(), "b".to_owned())),
        ),
        Case::new("V39", "a key of what is launched", "launched_tags.volume", launched(key)),
        Case::new("V39", "a value of what is launched", "launched_tags.volume.a", launched(value)),
        Case::new("V39", "a key of the stack's tags", "tags", of_stack(key)),
        Case::new("V39", "a value of the stack's tags", "tags.a", of_stack(value)),
        // AWS takes 50, some of which are purlin's own.
        Case::new("V178", "45 tags", "tags", many(45, 46)).aws_accepts(),
        Case::new("V178", "50 tags", "tags", many(45, 51)),
        Case::new(
            "V178",
            "room for purlin's own",
            "tags",
            with(|lab, inside| {
                let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(lab.template);
                let mut group = group.subnets(lab.private).sizes(0..=2);
                for number in 0..40 {
                    group = group.tag(number.to_string(), "");
                }
                let group = lab.stack.add("web", group.build());
                // With stack, address and, after a replacement, name that makes 50.
                for number in 0..if inside { 7 } else { 8 } {
                    let steps = SimpleScaling::builder().adjustment_type(AdjustmentType::ChangeInCapacity);
                    let policy = ScalingPolicy::builder().name(format!("{number}")).group(group);
                    let policy = policy.scaling(steps.adjustment(1).build()).build();
                    lab.stack.add(number.to_string(), policy);
                }
            }),
        )
        .aws_accepts(),
        Case::new(
            "tag-overrides-template",
            "one value",
            "",
            with(|lab, inside| {
                let image = lab.stack.add("other", Image::named("Web Server v1"));
                let template = LaunchTemplate::builder().name("Other").image(image).instance_type("t3.micro");
                let template = template.tag_launched([InstanceTag::Instance], "Name", "Web");
                let template = lab.stack.add("other", template.build());
                let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(template).subnets(lab.private);
                let group = group.sizes(0..=2).tag("Name", if inside { "Web" } else { "Other" });
                lab.stack.add("web", group.build());
            }),
        )
        .found(Found::Advisory),
    ]
}
