//! Launch templates.

use std::net::Ipv4Addr;
use std::time::Duration;

use purlin::sim::{SimAws, SimImage};
use purlin::*;

use super::case::{Case, Found};
use crate::support::network;

/// A template that nobody launches from.
macro_rules! alone {
    ($($set:ident($($value:expr),*)),*) => {{
        let mut stack = Stack::new("rules");
        stack.add("it", LaunchTemplate::builder().name("web").key_name("operators")$(.$set($($value),*))*.build());
        stack
    }};
}

/// A template, and a group of one instance that uses it: AWS looks into most of a template only when
/// it launches.
macro_rules! launched {
    ($($set:ident($($value:expr),*)),*) => {
        grouped(1, |image| {
            LaunchTemplate::builder().name("web").image(image).instance_type("t3.micro")$(.$set($($value),*))*.build()
        })
    };
}

fn subnets(stack: &mut Stack) -> Ref<Subnets> {
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    stack.add("private", Subnets::named(["Private subnet A"]).in_vpc(vpc))
}

fn web(stack: &mut Stack) -> Ref<Image> {
    stack.add("web", Image::named("Web Server v1"))
}

fn add_group(stack: &mut Stack, launch: impl Into<GroupLaunch>, subnets: Ref<Subnets>, size: u32) {
    let group = AutoScalingGroup::builder().name("it").launch_template(launch).subnets(subnets).sizes(size..=size);
    stack.add("it", group.build());
}

/// A group of so many instances of a template.
fn grouped(size: u32, template: impl FnOnce(Ref<Image>) -> LaunchTemplate) -> Stack {
    let mut stack = Stack::new("rules");
    let subnets = subnets(&mut stack);
    let image = web(&mut stack);
    let template = stack.add("it", template(image));
    add_group(&mut stack, template, subnets, size);
    stack
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = forms();
    cases.extend(networks());
    cases.extend(types());
    cases.extend(volumes());
    cases.extend(scaling());
    cases
}

/// The form of single values.
fn forms() -> Vec<Case> {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let block = move |duration| {
        let spot = SpotOptions::builder().request(SpotRequest::OneTime).block_duration(duration).build();
        alone!(market(spot))
    };
    let name = |name: String| {
        let mut stack = Stack::new("rules");
        stack.add("it", LaunchTemplate::builder().name(name).key_name("operators").build());
        stack
    };
    let hops = |hops| alone!(metadata(MetadataOptions::builder().tokens_required(true).hop_limit(hops).build()));
    let hosts = |group: bool| {
        let placement = Placement::builder().tenancy(Tenancy::Host);
        let arn = "arn:aws:resource-groups:ap-northeast-2:123456789012:group/hosts";
        let placement = if group {
            placement.host_id("h-0a1b2c3d4e5f60718").host_resource_group(arn).build()
        } else {
            placement.host_resource_group(arn).build()
        };
        alone!(placement(placement))
    };
    vec![
        Case::new("V123", "128 characters", "name", move |inside| name("a".repeat(if inside { 128 } else { 129 }))),
        Case::new("V123", "3 characters", "name", move |inside| name("a".repeat(if inside { 3 } else { 2 }))),
        Case::new("V123", "characters", "name", move |inside| {
            name(if inside { "aZ09().-/_" } else { "a+b" }.to_owned())
        }),
        Case::parsing("V124", "255 characters", |inside| {
            format!("lt-{}", "a".repeat(if inside { 252 } else { 253 })).parse::<LaunchTemplateId>().is_ok()
        }),
        Case::parsing("V124", "form", |inside| {
            if inside { "lt-0z" } else { "lt-0Z" }.parse::<LaunchTemplateId>().is_ok()
        }),
        Case::new("V125", "255 characters", "version_description", |inside| {
            alone!(version_description("\u{e4}".repeat(if inside { 255 } else { 256 })))
        }),
        Case::parsing("V126", "17 characters", |inside| {
            format!("ami-{}", "a".repeat(if inside { 17 } else { 18 })).parse::<ImageId>().is_ok()
        }),
        Case::parsing("V126", "1 character", |inside| if inside { "ami-0" } else { "ami-" }.parse::<ImageId>().is_ok()),
        Case::new("V134", "16 KiB", "user_data", |inside| {
            alone!(user_data("a".repeat(if inside { 16384 } else { 16385 })))
        }),
        Case::new("V135", "1 hop", "metadata.hop_limit", move |inside| hops(i32::from(inside))),
        Case::new("V135", "64 hops", "metadata.hop_limit", move |inside| hops(if inside { 64 } else { 65 })),
        Case::new("windows-key-pair", "Windows takes RSA", "key_name", |inside| {
            let mut stack = Stack::new("rules");
            let image = Image::named(if inside { "Web Server v1" } else { "Windows" });
            let image = stack.add("web", image);
            stack.add("it", LaunchTemplate::builder().name("web").image(image).key_name("operators").build());
            stack
        })
        .given(|sim| drop(sim.add_custom_image(SimImage::named("Windows").windows())))
        .found(Found::Advisory),
        Case::new("V138", "whole hours", "market.spot.block_duration", move |inside| {
            block(minutes(if inside { 60 } else { 61 }))
        }),
        Case::new("V138", "six hours", "market.spot.block_duration", move |inside| {
            block(minutes(if inside { 360 } else { 420 }))
        }),
        Case::parsing("V138", "the end of a request", |inside| {
            if inside { "2027-02-28T00:00:00Z" } else { "2027-02-29T00:00:00Z" }.parse::<Timestamp>().is_ok()
        }),
        Case::new("V147", "host or hosts", "placement.host_resource_group", move |inside| hosts(!inside)),
    ]
}

/// A template of requirements.
macro_rules! required {
    ($($set:ident($($value:expr),*)),*) => {
        alone!(instance_type(InstanceRequirements::builder()$(.$set($($value),*))*.build()))
    };
}

/// Which instance types are launched.
#[expect(clippy::reversed_empty_ranges, reason = "what is wrong is the point of the test")]
fn types() -> Vec<Case> {
    let many = |count: usize| (0..count).map(|number| format!("m{number}.*"));
    let wrong = |types: usize| if types == 0 { vec!["t*"] } else { Vec::new() };
    macro_rules! ordered {
        ($($field:ident: $least:expr, $greatest:expr;)+) => {
            vec![$(Case::new(
                "V130",
                stringify!($field),
                concat!("instance_requirements.", stringify!($field)),
                |inside| required!(
                    vcpus(1..),
                    memory_mib(1..),
                    $field(if inside { $least..=$least } else { $greatest..=$least })
                ),
            ),)+]
        };
    }
    let mut cases = ordered! {
        memory_gib_per_vcpu: 2.0, 2.5;
        network_interfaces: 2, 3;
        network_gbps: 2.0, 2.5;
        ebs_mbps: 2, 3;
        local_storage_gb: 2.0, 2.5;
        accelerators: 2, 3;
        accelerator_memory_mib: 2, 3;
    };
    cases.extend([
        Case::new("V130", "vcpus", "instance_requirements.vcpus", |inside| {
            required!(vcpus(if inside { 2..=2 } else { 3..=2 }), memory_mib(1..))
        }),
        Case::new("V130", "memory", "instance_requirements.memory_mib", |inside| {
            required!(vcpus(1..), memory_mib(if inside { 512..=512 } else { 513..=512 }))
        }),
        Case::new("V129", "allowed or excluded", "instance_requirements.excluded_types", move |inside| {
            required!(vcpus(1..), memory_mib(1..), allowed_types(["m5.*"]), excluded_types(wrong(usize::from(inside))))
        }),
        Case::new("V129", "400 allowed", "instance_requirements.allowed_types", move |inside| {
            required!(vcpus(1..), memory_mib(1..), allowed_types(many(if inside { 400 } else { 401 })))
        }),
        Case::new("V129", "400 excluded", "instance_requirements.excluded_types", move |inside| {
            required!(vcpus(1..), memory_mib(1..), excluded_types(many(if inside { 400 } else { 401 })))
        }),
        Case::new("V129", "30 characters", "instance_requirements.allowed_types[0]", |inside| {
            required!(vcpus(1..), memory_mib(1..), allowed_types(["a".repeat(if inside { 30 } else { 31 })]))
        }),
        Case::new("V129", "1 character", "instance_requirements.allowed_types[0]", |inside| {
            required!(vcpus(1..), memory_mib(1..), allowed_types([if inside { "*" } else { "" }]))
        }),
        Case::new("V129", "characters", "instance_requirements.excluded_types[0]", |inside| {
            required!(vcpus(1..), memory_mib(1..), excluded_types([if inside { "u-6tb1.*" } else { "u_6tb1.*" }]))
        }),
        Case::new("V127", "a family and a size", "instance_type", |inside| {
            alone!(instance_type(if inside { "u-6tb1.56xlarge" } else { "t3micro" }))
        }),
        Case::new("V127", "characters", "instance_type", |inside| {
            alone!(instance_type(if inside { "m7i-flex.large" } else { "T3.micro" }))
        }),
        Case::new("V127", "overrides", "mixed_instances.overrides[0].instance_type", |inside| {
            mixed(|image| plain(Some(image)), [LaunchOverride::instance_type(if inside { "t3.nano" } else { "nano" })])
        }),
        Case::new("V152", "of the template", "instance_type", |inside| {
            let it = |image| LaunchTemplate::builder().name("web").image(image);
            grouped(1, |image| it(image).instance_type(if inside { "t3.micro" } else { "t4g.micro" }).build())
        })
        .found(Found::Planning),
        Case::new("V152", "of an override", "mixed_instances.overrides[0].instance_type", |inside| {
            let name = if inside { "c6a.large" } else { "c7g.large" };
            mixed(|image| plain(Some(image)), [LaunchOverride::instance_type(name)])
        })
        .found(Found::Planning),
        Case::new("V152", "Arm", "instance_type", |inside| {
            let mut stack = Stack::new("rules");
            let subnets = subnets(&mut stack);
            let image = stack.add("arm", Image::named("Arm"));
            let name = if inside { "m7g.large" } else { "m7i.large" };
            let template = LaunchTemplate::builder().name("web").image(image).instance_type(name).build();
            let template = stack.add("it", template);
            add_group(&mut stack, template, subnets, 1);
            stack
        })
        .given(|sim| drop(sim.add_custom_image(SimImage::named("Arm").arm64())))
        .found(Found::Planning),
    ]);
    cases
}

/// A template of the smallest type.
fn plain(image: Option<Ref<Image>>) -> LaunchTemplate {
    let it = LaunchTemplate::builder().name("web").key_name("operators");
    match image {
        Some(image) => it.image(image).instance_type("t3.micro").build(),
        None => it.instance_type("t3.micro").build(),
    }
}

/// A group of one instance, of what these overrides say.
fn mixed(
    template: impl FnOnce(Ref<Image>) -> LaunchTemplate,
    overrides: impl IntoIterator<Item = LaunchOverride>,
) -> Stack {
    let mut stack = Stack::new("rules");
    let subnets = subnets(&mut stack);
    let image = web(&mut stack);
    let template = stack.add("it", template(image));
    let mixed = MixedInstances::builder().template(template);
    let mixed = overrides.into_iter().fold(mixed, |mixed, item| mixed.launch_override(item));
    add_group(&mut stack, mixed.build(), subnets, 1);
    stack
}

/// Security groups: whose, and in which VPC.
fn networks() -> Vec<Case> {
    /// A group of instances that are in a security group of a VPC.
    fn placed(vpc: impl IntoInput<VpcId>, subnets: impl FnOnce(&mut Stack) -> Ref<Subnets>, direct: bool) -> Stack {
        let mut stack = Stack::new("rules");
        let subnets = subnets(&mut stack);
        let image = web(&mut stack);
        let it = SecurityGroup::builder().name("it").description("Web").vpc(vpc).build();
        let it = stack.add("it", it);
        let template = LaunchTemplate::builder().name("web").image(image).instance_type("t3.micro");
        let template = if direct {
            template.security_group(it).build()
        } else {
            let primary = NetworkInterface::builder().device_index(0).security_group(it).build();
            template.network_interface(primary).build()
        };
        let template = stack.add("it", template);
        add_group(&mut stack, template, subnets, 1);
        stack
    }
    /// The VPC of the lab, and another one; their ids are the same in every simulated account.
    fn vpcs() -> [VpcId; 2] {
        let sim = SimAws::new();
        let lab = network(&sim);
        sim.add_image("Web Server v1");
        [lab, other(&sim)].map(|id| id.parse().expect("an id"))
    }
    fn other(sim: &SimAws) -> String {
        sim.add_vpc("Other", "10.1.0.0/16")
    }
    fn group() -> SecurityGroupId {
        "sg-0a1b2c3d".parse().expect("an id")
    }
    let known = |inside: bool, direct| {
        let [lab, other] = vpcs();
        let within = lab.clone();
        placed(
            if inside { lab } else { other },
            |stack| stack.add("private", Subnets::named(["Private subnet A"]).in_vpc(within)),
            direct,
        )
    };
    vec![
        // AWS takes names only where no subnet is chosen, which groups always do.
        Case::new("V131", "ids or names", "security_group_names", |inside| {
            if inside {
                alone!(security_group(group()))
            } else {
                launched!(security_group(group()), security_group_named("web"))
            }
        }),
        Case::new("V132", "groups belong to the interfaces", "security_groups", |inside| {
            grouped(1, |image| {
                let it = LaunchTemplate::builder().name("web").image(image).instance_type("t3.micro");
                let it = it.network_interface(NetworkInterface::builder().device_index(0).build());
                if inside { it.build() } else { it.security_group(group()).build() }
            })
        }),
        Case::new("V133", "by ids", "security_groups[0]", move |inside| known(inside, true))
            .given(|sim| drop(other(sim))),
        Case::new("V133", "of an interface", "network_interfaces[0].security_groups[0]", move |inside| {
            known(inside, false)
        })
        .given(|sim| drop(other(sim))),
        Case::new("V133", "by lookups", "security_groups[0]", |inside| {
            let mut stack = Stack::new("rules");
            let subnets = subnets(&mut stack);
            let image = web(&mut stack);
            let name = if inside { "VPC-Lab" } else { "Other" };
            let vpc = stack.add("other", Vpc::named(name));
            let it = stack.add("it", SecurityGroup::builder().name("it").description("Web").vpc(vpc).build());
            let template = LaunchTemplate::builder().name("web").image(image).instance_type("t3.micro");
            let template = stack.add("it", template.security_group(it).build());
            add_group(&mut stack, template, subnets, 1);
            stack
        })
        .given(|sim| drop(other(sim)))
        .found(Found::Planning),
        Case::new("V133", "of an existing group", "security_groups[0]", |inside| {
            let mut stack = Stack::new("rules");
            let subnets = subnets(&mut stack);
            let image = web(&mut stack);
            let vpc = stack.add("other", Vpc::named(if inside { "VPC-Lab" } else { "Other" }));
            let it = stack.add("default", ExistingSecurityGroup::named("default").in_vpc(vpc));
            let template = LaunchTemplate::builder().name("web").image(image).instance_type("t3.micro");
            let template = stack.add("it", template.security_group(it).build());
            add_group(&mut stack, template, subnets, 1);
            stack
        })
        .given(|sim| drop(other(sim)))
        .found(Found::Planning),
    ]
}

/// The bounds of the types of volumes.
fn volumes() -> Vec<Case> {
    use VolumeType::{Gp2, Gp3, Io1, Io2, Sc1, St1, Standard};
    /// What a volume has: its type, its size in GiB, I/O operations and MiB a second.
    type Spec = (VolumeType, i32, Option<i32>, Option<i32>);
    const PATHS: [(&str, &str); 3] = [
        ("size", "block_devices[0].size"),
        ("iops", "block_devices[0].iops"),
        ("throughput", "block_devices[0].throughput"),
    ];
    fn volume((kind, size, iops, throughput): Spec) -> Stack {
        let it = BlockDevice::builder().device("/dev/sdf").volume_type(kind).size(size);
        let it = match (iops, throughput) {
            (None, None) => it.build(),
            (Some(iops), None) => it.iops(iops).build(),
            (None, Some(throughput)) => it.throughput(throughput).build(),
            (Some(iops), Some(throughput)) => it.iops(iops).throughput(throughput).build(),
        };
        launched!(block_device(it))
    }
    let table: [(&'static str, &str, Spec, Spec); 38] = [
        ("V139", "iops", (Io1, 100, Some(100), None), (Io1, 100, None, None)),
        ("V139", "iops", (Io2, 100, Some(100), None), (Io2, 100, None, None)),
        ("V139", "iops", (Gp2, 100, None, None), (Gp2, 100, Some(3000), None)),
        ("V139", "iops", (St1, 125, None, None), (St1, 125, Some(3000), None)),
        ("V139", "iops", (Sc1, 125, None, None), (Sc1, 125, Some(3000), None)),
        ("V139", "iops", (Standard, 100, None, None), (Standard, 100, Some(3000), None)),
        ("V140", "size", (Gp2, 1, None, None), (Gp2, 0, None, None)),
        ("V140", "size", (Gp2, 16384, None, None), (Gp2, 16385, None, None)),
        ("V140", "size", (Gp3, 1, None, None), (Gp3, 0, None, None)),
        ("V140", "size", (Gp3, 65536, None, None), (Gp3, 65537, None, None)),
        ("V140", "size", (Io1, 4, Some(100), None), (Io1, 3, Some(100), None)),
        ("V140", "size", (Io1, 16384, Some(100), None), (Io1, 16385, Some(100), None)),
        ("V140", "size", (Io2, 4, Some(100), None), (Io2, 3, Some(100), None)),
        ("V140", "size", (Io2, 65536, Some(100), None), (Io2, 65537, Some(100), None)),
        ("V140", "size", (St1, 125, None, None), (St1, 124, None, None)),
        ("V140", "size", (St1, 16384, None, None), (St1, 16385, None, None)),
        ("V140", "size", (Sc1, 125, None, None), (Sc1, 124, None, None)),
        ("V140", "size", (Sc1, 16384, None, None), (Sc1, 16385, None, None)),
        ("V140", "size", (Standard, 1, None, None), (Standard, 0, None, None)),
        ("V140", "size", (Standard, 1024, None, None), (Standard, 1025, None, None)),
        ("V141", "iops", (Gp3, 100, Some(3000), None), (Gp3, 100, Some(2999), None)),
        ("V141", "iops", (Gp3, 160, Some(80000), None), (Gp3, 1000, Some(80001), None)),
        ("V141", "iops", (Io1, 100, Some(100), None), (Io1, 100, Some(99), None)),
        ("V141", "iops", (Io1, 1280, Some(64000), None), (Io1, 2000, Some(64001), None)),
        ("V141", "iops", (Io2, 100, Some(100), None), (Io2, 100, Some(99), None)),
        ("V141", "iops", (Io2, 256, Some(256_000), None), (Io2, 1000, Some(256_001), None)),
        ("V142", "throughput", (Gp3, 100, None, Some(125)), (Gp3, 100, None, Some(124))),
        ("V142", "throughput", (Gp3, 100, Some(8000), Some(2000)), (Gp3, 100, Some(8004), Some(2001))),
        ("V142", "throughput", (Gp2, 100, None, None), (Gp2, 100, None, Some(125))),
        // Even the smallest gp3 volume has 3000 operations.
        ("V143", "iops", (Gp3, 1, Some(3000), None), (Gp3, 1, Some(3001), None)),
        ("V143", "iops", (Gp3, 7, Some(3500), None), (Gp3, 7, Some(3501), None)),
        ("V143", "iops", (Io1, 4, Some(200), None), (Io1, 4, Some(201), None)),
        ("V143", "iops", (Io2, 4, Some(4000), None), (Io2, 4, Some(4001), None)),
        ("V143", "throughput", (Gp3, 100, None, Some(750)), (Gp3, 100, None, Some(751))),
        ("V143", "throughput", (Gp3, 100, Some(4000), Some(1000)), (Gp3, 100, Some(4003), Some(1001))),
        // What is out of its own bounds is not held against the ratio, too.
        ("V140", "size", (Gp3, 1, Some(3000), None), (Gp3, 0, Some(80000), None)),
        ("V141", "iops", (Gp3, 1, Some(3000), None), (Gp3, 1, Some(80001), None)),
        ("V142", "throughput", (Gp3, 1, None, Some(125)), (Gp3, 1, None, Some(2001))),
    ];
    let mut cases: Vec<_> = table
        .into_iter()
        .map(|(id, name, least, outside)| {
            let (name, path) = PATHS.into_iter().find(|(short, _)| *short == name).expect("a property");
            Case::new(id, name, path, move |inside| volume(if inside { least } else { outside }))
        })
        .collect();
    let filled = |rate| {
        let it = BlockDevice::builder().device("/dev/sdf").size(100).snapshot("snap-0a1b2c3d");
        launched!(block_device(it.initialization_rate(rate).build()))
    };
    cases.extend([
        Case::new("V144", "100", "block_devices[0].initialization_rate", move |inside| {
            filled(if inside { 100 } else { 99 })
        }),
        Case::new("V144", "300", "block_devices[0].initialization_rate", move |inside| {
            filled(if inside { 300 } else { 301 })
        }),
        Case::new("V144", "new", "block_devices[0].initialization_rate", |inside| {
            let it = BlockDevice::builder().device(if inside { "/dev/xvda" } else { "/dev/sdf" });
            launched!(block_device(it.size(100).initialization_rate(100).build()))
        })
        .found(Found::Planning),
        Case::new("V145", "encryption", "block_devices[0].encrypted", |inside| {
            let it = BlockDevice::builder().device("/dev/sdf").size(100).encrypted(true);
            launched!(block_device(if inside { it.build() } else { it.snapshot("snap-0a1b2c3d").build() }))
        }),
        Case::new("V145", "a size", "block_devices[0].size", |inside| {
            let it = BlockDevice::builder().device("/dev/sdf");
            launched!(block_device(if inside { it.snapshot("snap-0a1b2c3d").build() } else { it.build() }))
        })
        .found(Found::Planning),
        Case::new("V145", "that of the image", "block_devices[0].size", |inside| {
            launched!(block_device(
                BlockDevice::builder().device(if inside { "/dev/xvda" } else { "/dev/sdf" }).build()
            ))
        })
        .found(Found::Planning),
        Case::new("V146", "ephemeral23", "block_devices[0].virtual_name", |inside| {
            launched!(block_device(BlockDevice::instance_store("/dev/sdf", if inside { 23 } else { 24 })))
        }),
    ]);
    cases
}

/// What suits Auto Scaling.
fn scaling() -> Vec<Case> {
    const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 9);
    let interface = || NetworkInterface::builder().device_index(0);
    let size = |inside| if inside { 1 } else { 2 };
    vec![
        Case::new("V149", "an image", "image", |inside| grouped(1, |image| plain(inside.then_some(image)))),
        Case::new("V149", "a type", "instance_type", |inside| {
            grouped(1, |image| {
                let it = LaunchTemplate::builder().name("web").image(image);
                if inside { it.instance_type("t3.micro").build() } else { it.build() }
            })
        }),
        Case::new("V149", "a type in every override or in the template", "instance_type", |inside| {
            let overrides = inside.then(|| LaunchOverride::instance_type("t3.micro"));
            mixed(|image| LaunchTemplate::builder().name("web").image(image).build(), overrides)
        }),
        Case::new("V149", "guidance", "image", |inside| {
            let mut stack = Stack::new("rules");
            let image = web(&mut stack);
            let it = LaunchTemplate::builder().name("web").instance_type("t3.micro").auto_scaling_guidance(true);
            stack.add("it", if inside { it.image(image).build() } else { it.build() });
            stack
        })
        // Nobody launches.
        .aws_accepts(),
        Case::new("V150", "an address", "network_interfaces[0].private_ip_address", move |inside| {
            grouped(size(inside), |image| {
                let it = LaunchTemplate::builder().name("web").image(image).instance_type("t3.micro");
                it.network_interface(interface().private_ip_address(ADDRESS).build()).build()
            })
        }),
        Case::new("V150", "a subnet", "network_interfaces[0].subnet", move |inside| {
            let mut stack = Stack::new("rules");
            let subnets = subnets(&mut stack);
            let image = web(&mut stack);
            let it = LaunchTemplate::builder().name("web").image(image).instance_type("t3.micro");
            let subnet: SubnetId = "subnet-0a1b2c3d".parse().expect("an id");
            let interface = if inside { interface().build() } else { interface().subnet(subnet).build() };
            let template = stack.add("it", it.network_interface(interface).build());
            add_group(&mut stack, template, subnets, 1);
            stack
        }),
        Case::new("V151", "Spot Instances", "market", |inside| {
            let template = |image| {
                let it = LaunchTemplate::builder().name("web").image(image).instance_type("t3.micro");
                it.market(if inside { Market::on_demand() } else { Market::spot() }).build()
            };
            mixed(template, [LaunchOverride::instance_type("t3.small")])
        }),
    ]
}
