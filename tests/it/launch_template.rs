//! The versions of launch templates, with and without groups that use them.

use aws_sdk_ec2::types::{InstanceType, RequestLaunchTemplateData};
use purlin::sim::{Fault, SimAws};
use purlin::*;

use crate::support::{deploy, given, writes};

/// What a stack says about the versions of its template.
#[derive(Debug, Clone, Copy)]
struct Versions {
    instance_type: &'static str,
    default: Option<DefaultVersion>,
    keep: Option<u32>,
    /// The version that a further group uses.
    pinned: Option<&'static str>,
}

const FIRST: Versions = Versions { instance_type: "t2.micro", default: None, keep: None, pinned: None };

impl Versions {
    /// A template, a group that follows it, and perhaps one that uses a version of it.
    fn stack(self) -> Stack {
        let mut stack = Stack::new("versions");
        let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
        let private = stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
        let image = stack.add("web", Image::named("Web Server v1"));
        let template = LaunchTemplate::builder().name("Web").image(image).instance_type(self.instance_type);
        let template = match (self.default, self.keep) {
            (None, None) => template.build(),
            (Some(default), None) => template.default_version(default).build(),
            (None, Some(keep)) => template.keep_versions(keep).build(),
            (Some(default), Some(keep)) => template.default_version(default).keep_versions(keep).build(),
        };
        let template = stack.add("web", template);
        let group = AutoScalingGroup::builder().name("Web").launch_template(template).subnets(private).sizes(1..=1);
        stack.add("web", group.build());
        if let Some(version) = self.pinned {
            let version = TemplateVersion::new(template, version);
            let group = AutoScalingGroup::builder().name("Old").launch_template(version).subnets(private).sizes(0..=1);
            stack.add("old", group.build());
        }
        stack
    }

    /// Deploys; afterwards there is nothing left to do. Returns the writes in their order.
    async fn deploy(self, sim: &SimAws) -> Vec<&'static str> {
        let before = sim.calls().len();
        deploy(sim, &self.stack()).await.expect("a deploy");
        let plan = Deployer::new(sim.aws()).plan(&self.stack()).await.expect("a plan");
        assert!(plan.is_empty(), "{plan}");
        sim.calls()[before..].iter().filter(|call| !call.is_read()).map(|call| call.operation).collect()
    }
}

/// The numbers of the versions, and that of the default one.
async fn numbers(sim: &SimAws) -> (Vec<i64>, i64) {
    let ec2 = sim.ec2();
    let versions = ec2.describe_launch_template_versions().launch_template_name("Web").send().await.expect("versions");
    let numbers = |default: Option<bool>| -> Vec<i64> {
        let versions = versions.launch_template_versions().iter();
        let versions = versions.filter(|version| default.is_none() || version.default_version() == default);
        versions.filter_map(|version| version.version_number()).collect()
    };
    (numbers(None), numbers(Some(true))[0])
}

/// Somebody makes a version in the console.
async fn by_hand(sim: &SimAws) {
    let data = RequestLaunchTemplateData::builder().instance_type(InstanceType::M5Large).build();
    let version = sim.ec2().create_launch_template_version().launch_template_name("Web").launch_template_data(data);
    version.send().await.expect("a version");
}

#[tokio::test(start_paused = true)]
async fn old_versions_go_once_the_groups_have_moved() {
    let sim = given(&[80]);
    let first = Versions { default: Some(DefaultVersion::Latest), keep: Some(1), ..FIRST };
    assert_eq!(first.deploy(&sim).await, ["CreateLaunchTemplate", "CreateAutoScalingGroup"]);
    let second = Versions { instance_type: "t3.micro", ..first };
    let plan = Deployer::new(sim.aws()).plan(&second.stack()).await.expect("a plan");
    insta::assert_snapshot!(plan.change("LaunchTemplate.web").expect("a change").to_string(), @r#"
    ~ LaunchTemplate.web update (lt-0000000000000000b)
        ~ instance_type    "t2.micro" → "t3.micro"
        ~ default_version  1 → "latest"
        - versions         1
    "#);
    assert_eq!(
        second.deploy(&sim).await,
        [
            "CreateLaunchTemplateVersion",
            "ModifyLaunchTemplate",
            "UpdateAutoScalingGroup",
            "DeleteLaunchTemplateVersions",
        ]
    );
    assert_eq!(numbers(&sim).await, (vec![2], 2));
}

#[tokio::test(start_paused = true)]
async fn the_default_version_stays_and_so_does_what_a_group_uses() {
    let sim = given(&[80]);
    let kept = Versions { keep: Some(1), ..FIRST };
    kept.deploy(&sim).await;
    // The first is the default, which nobody said should move.
    let writes = Versions { instance_type: "t3.micro", ..kept }.deploy(&sim).await;
    assert_eq!(writes, ["CreateLaunchTemplateVersion", "UpdateAutoScalingGroup"]);
    assert_eq!(numbers(&sim).await, (vec![2, 1], 1));
    // The second is what a group asks for; the third is the latest.
    let writes = Versions { instance_type: "t3.small", pinned: Some("2"), ..kept }.deploy(&sim).await;
    assert!(!writes.contains(&"DeleteLaunchTemplateVersions"), "{writes:?}");
    assert_eq!(numbers(&sim).await, (vec![3, 2, 1], 1));
    // Its group moves to the third, and the second goes.
    let writes = Versions { instance_type: "t3.small", pinned: Some("3"), ..kept }.deploy(&sim).await;
    assert_eq!(writes, ["UpdateAutoScalingGroup", "DeleteLaunchTemplateVersions"]);
    assert_eq!(numbers(&sim).await, (vec![3, 1], 1));
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_deploy_is_finished_by_the_next() {
    let sim = given(&[80]);
    let first = Versions { default: Some(DefaultVersion::Latest), keep: Some(1), ..FIRST };
    first.deploy(&sim).await;
    let second = Versions { instance_type: "t3.micro", ..first };
    for operation in ["ModifyLaunchTemplate", "DeleteLaunchTemplateVersions"] {
        sim.inject(Fault::on(operation).code("AccessDenied").times(1));
        let failure = deploy(&sim, &second.stack()).await.expect_err("it is refused");
        assert!(failure.to_string().contains(operation), "{failure}");
    }
    let before = sim.calls().len();
    second.deploy(&sim).await;
    assert_eq!(writes(&sim, before), ["DeleteLaunchTemplateVersions"]);
    assert_eq!(numbers(&sim).await, (vec![2], 2));
}

#[tokio::test(start_paused = true)]
async fn a_moved_default_is_drift_where_the_default_is_managed() {
    let sim = given(&[80]);
    FIRST.deploy(&sim).await;
    let second = Versions { instance_type: "t3.micro", ..FIRST };
    second.deploy(&sim).await;
    let drift = async |versions: Versions| {
        let drift = Deployer::new(sim.aws()).drift(&versions.stack()).await.expect("drift");
        drift.to_string()
    };
    let modify = async |version: &str| {
        let modify = sim.ec2().modify_launch_template().launch_template_name("Web").default_version(version);
        modify.send().await.expect("it is modified");
    };
    let latest = Versions { default: Some(DefaultVersion::Latest), ..second };
    let pinned = Versions { default: Some(DefaultVersion::Number(1)), ..second };
    assert!(!drift(pinned).await.contains("default_version"));
    assert!(drift(latest).await.contains("default_version"));
    modify("2").await;
    assert!(!drift(second).await.contains("default_version"));
    assert!(!drift(latest).await.contains("default_version"));
    assert!(drift(pinned).await.contains("default_version"));
    assert_eq!(pinned.deploy(&sim).await, ["ModifyLaunchTemplate"]);
    assert_eq!(numbers(&sim).await, (vec![2, 1], 1));
}

/// What the latest version says counts, whoever made it.
#[tokio::test(start_paused = true)]
async fn a_version_made_by_hand_is_drift_and_the_next_deploy_makes_another() {
    let sim = given(&[80]);
    FIRST.deploy(&sim).await;
    by_hand(&sim).await;
    let drift = Deployer::new(sim.aws()).drift(&FIRST.stack()).await.expect("drift").to_string();
    assert!(drift.contains("m5.large") && drift.contains("t2.micro"), "{drift}");
    assert_eq!(FIRST.deploy(&sim).await, ["CreateLaunchTemplateVersion", "UpdateAutoScalingGroup"]);
    assert_eq!(numbers(&sim).await, (vec![3, 2, 1], 1));
}

#[tokio::test(start_paused = true)]
async fn a_type_gives_way_to_requirements_and_comes_back() {
    let sim = given(&[80]);
    let stack = |instances: InstanceSelection| {
        let mut stack = Stack::new("versions");
        stack.add("web", LaunchTemplate::builder().name("Web").instance_type(instances).build());
        stack
    };
    let requirements = || InstanceRequirements::builder().vcpus(2..=4).memory_mib(..=8192).build();
    deploy(&sim, &stack("t2.micro".into())).await.expect("a deploy");
    let plan = Deployer::new(sim.aws()).plan(&stack(requirements().into())).await.expect("a plan");
    insta::assert_snapshot!(plan.change("LaunchTemplate.web").expect("a change").to_string(), @r#"
    ~ LaunchTemplate.web update (lt-0000000000000000b)
        - instance_type                         "t2.micro"
        + instance_requirements.memory_mib.max  8192
        + instance_requirements.memory_mib.min  0
        + instance_requirements.vcpus.max       4
        + instance_requirements.vcpus.min       2
    "#);
    deploy(&sim, &stack(requirements().into())).await.expect("a deploy");
    let plan = Deployer::new(sim.aws()).plan(&stack("t2.micro".into())).await.expect("a plan");
    insta::assert_snapshot!(plan.change("LaunchTemplate.web").expect("a change").to_string(), @r#"
    ~ LaunchTemplate.web update (lt-0000000000000000b)
        + instance_type                         "t2.micro"
        - instance_requirements.memory_mib.max  8192
        - instance_requirements.memory_mib.min  0
        - instance_requirements.vcpus.max       4
        - instance_requirements.vcpus.min       2
    "#);
}
