//! The lab's exported template, deployed by the emulator's CloudFormation: the same resources with
//! the same values as purlin makes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use purlin::Deployer;

use super::emulator::{Emulator, Given};

/// Where the two differ: the beginning of the paths, what is there after CloudFormation's deploy, and
/// why. All of it is moto's; on AWS there is no such difference.
const MOTO: &[(&str, &str, &str)] = &[
    ("AutoScalingGroup Web-ASG.EnabledMetrics", NOTHING, "its CloudFormation leaves `MetricsCollection` out"),
    ("ScalingPolicy of Web-ASG", NOTHING, "its CloudFormation does not know `AWS::AutoScaling::ScalingPolicy`"),
    (
        "LaunchTemplateVersions Web[0].LaunchTemplateData.TagSpecifications[launch-template]",
        NOTHING,
        "it counts the template's own tags to what is launched; these are purlin's, which no template has",
    ),
    ("Listener Web-ALB 80.SslPolicy", NOTHING, "its API says a policy of unencrypted listeners, too"),
    ("LoadBalancer Web-ALB.Scheme", "\"internet-facing\"", "its API does not say the scheme where it is the default"),
];

const NOTHING: &str = "-";

/// Runs the script that has an SDK with CloudFormation; it answers with a JSON object.
fn script(arguments: &[&str]) -> BTreeMap<String, serde_json::Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(root.join("target/moto/bin/python"))
        .arg(root.join("tests/it/wire/cloudformation.py"))
        .args(arguments)
        .output()
        .expect("the script runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Deploys the template; returns the outputs.
fn deploy(emulator: &Emulator, given: &Given) -> BTreeMap<String, serde_json::Value> {
    let template = crate::export::lab();
    let values = serde_json::json!({
        "VpcVpc": given.vpc,
        "SubnetsPublic": given.public.join(","),
        "SubnetsPrivate": given.private.join(","),
        "ImageWeb": given.image,
    });
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wire");
    let (body, parameters) = (directory.join("lab.template.json"), directory.join("lab.parameters.json"));
    std::fs::write(&body, template.to_json()).expect("a template");
    std::fs::write(&parameters, values.to_string()).expect("parameters");
    let path = |path: &Path| path.to_str().expect("a path of text").to_owned();
    script(&["deploy", emulator.url(), &path(&body), &path(&parameters)])
}

#[tokio::test]
#[ignore = "needs the emulator: run .ci/wire"]
async fn the_exported_lab_is_what_purlin_deploys() {
    let (by_purlin, by_cloudformation) = (Emulator::start("purlin").await, Emulator::start("cloudformation").await);
    by_purlin.given().await;
    let given = by_cloudformation.given().await;

    let (stack, _) = crate::web_asg::lab("t2.micro");
    let deployer = Deployer::new(by_purlin.aws());
    let plan = deployer.plan(&stack).await.expect("a plan");
    deployer.apply(plan).await.expect("a deploy");
    let outputs = deploy(&by_cloudformation, &given);
    assert_eq!(outputs["AutoScalingGroupWebName"], "Web-ASG");

    let here = script(&["inventory", by_purlin.url()]);
    let there = script(&["inventory", by_cloudformation.url()]);
    assert!(here.len() > 100, "{here:#?}");
    let text = |all: &BTreeMap<String, serde_json::Value>, path: &str| {
        all.get(path).map_or_else(|| NOTHING.to_owned(), ToString::to_string)
    };
    let paths: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
    let mut used = BTreeSet::new();
    for path in paths {
        let (here, there) = (text(&here, path), text(&there, path));
        if here == there {
            continue;
        }
        let known = MOTO.iter().position(|(beginning, value, _)| path.starts_with(beginning) && there == *value);
        used.insert(known.unwrap_or_else(|| panic!("{path}: {here} by purlin, {there} by CloudFormation")));
    }
    let stale: Vec<_> = (0..MOTO.len()).filter(|index| !used.contains(index)).map(|index| MOTO[index]).collect();
    assert!(stale.is_empty(), "moto does better now: {stale:#?}");
}
