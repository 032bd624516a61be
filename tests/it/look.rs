//! Plans, drift, status and failures in a terminal: of 80 and of 120 columns, with and without
//! colours.

use purlin::sim::Fault;
use purlin::*;

use crate::support::{LAB, Variant, deploy, given};

/// The text without escape sequences.
fn bare(text: &str) -> String {
    let mut bare = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        bare.push_str(before);
        rest = after.split_once('m').expect("the end of a sequence").1;
    }
    bare + rest
}

/// What is shown in each look; checks what all of them have in common.
fn shown(name: &str, show: &dyn Fn(Look) -> String) -> Vec<(String, String)> {
    let unbroken = show(Look::plain());
    let words = |text: &str| text.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>();
    let mut all = Vec::new();
    for columns in [80, 120] {
        let plain = show(Look::plain().width(columns));
        assert!(!plain.contains('\u{1b}'), "{plain}");
        for line in plain.lines() {
            let fits = line.chars().count() <= columns;
            assert!(fits || line.split_whitespace().count() == 1, "{line:?} is longer than {columns} columns");
            assert_eq!(line.trim_end(), line, "a line ends with a space");
        }
        let coloured = show(Look::plain().width(columns).colours(true));
        assert!(coloured.contains("\u{1b}["), "{coloured}");
        assert_eq!(bare(&coloured), plain, "colours change nothing else");
        for line in coloured.lines() {
            let opened = line.matches("\u{1b}[").count() - line.matches("\u{1b}[0m").count();
            let closed = line.matches("\u{1b}[0m").count();
            assert!(closed > 0 || opened == 0, "{line:?} leaves its colour on");
        }
        all.push((format!("{name}_{columns}"), plain));
        all.push((format!("{name}_{columns}_coloured"), coloured));
    }
    // Ids of the status alone are shortened; everything else is there, however it is broken.
    if name != "status" {
        let of_120 = words(&show(Look::plain().width(120)));
        assert_eq!(words(&unbroken).len(), of_120.len(), "{unbroken}");
    }
    all
}

#[tokio::test(start_paused = true)]
async fn what_is_shown_fits_the_terminal() {
    let sim = given(&[80]);
    let deployer = Deployer::new(sim.aws());
    let (stack, refs) = LAB.stack();
    let refused = Fault::on("CreateLoadBalancer").code("AccessDenied").message(
        "User: arn:aws:iam::123456789012:user/somebody is not authorized to perform: \
         elasticloadbalancing:CreateLoadBalancer on resource: \
         arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/Web-ALB/* \
         because no identity-based policy allows the elasticloadbalancing:CreateLoadBalancer action",
    );
    sim.inject(refused);
    let failure = deploy(&sim, &stack).await.expect_err("a refusal");
    let mut all = shown("failure", &|look| failure.display(look).to_string());
    sim.clear_faults();
    let live = deploy(&sim, &stack).await.expect("a deploy");

    let changed = Variant { instance_type: "t3.micro", instances: "Instances-SG", ..LAB }.stack().0;
    let plan = deployer.plan(&changed).await.expect("a plan");
    all.extend(shown("plan", &|look| plan.display(look).to_string()));

    let group = live.get(refs.balancer_group).id.to_string();
    let rules = sim.ec2().describe_security_group_rules().send().await.expect("rules");
    let rule = rules.security_group_rules().iter();
    let rule = rule.filter(|rule| rule.group_id() == Some(&group) && rule.is_egress() == Some(false));
    let ids: Vec<_> = rule.filter_map(|rule| rule.security_group_rule_id()).collect();
    let revoke = sim.ec2().revoke_security_group_ingress().group_id(&group);
    revoke.security_group_rule_ids(ids[0]).send().await.expect("a rule gone");
    let drift = deployer.drift(&changed).await.expect("a report");
    all.extend(shown("drift", &|look| drift.display(look).to_string()));
    let status = deployer.status(&stack).await.expect("a status");
    all.extend(shown("status", &|look| status.display(look).to_string()));

    for (name, text) in all {
        // Escape sequences as they can be read.
        insta::assert_snapshot!(name, text.replace('\u{1b}', "␛"));
    }
}
