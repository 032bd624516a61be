//! Which traffic security groups let through.

use aws_sdk_ec2::types::{IpPermission, IpRange};

use super::{Lab, from_everywhere, from_group, tcp};
use crate::sim::ec2::reaches;

impl Lab {
    fn reaches(&self, from: &[&String], to: &[&String], port: u16) -> bool {
        let owned = |groups: &[&String]| groups.iter().map(|group| (*group).clone()).collect::<Vec<_>>();
        reaches(&self.sim.shared.lock(), &owned(from), &owned(to), port)
    }

    async fn allow(&self, group: &str, permission: IpPermission) {
        let request = self.ec2.authorize_security_group_ingress().group_id(group).ip_permissions(permission);
        request.send().await.unwrap();
    }

    async fn seal(&self, group: &str) {
        let everything =
            IpPermission::builder().ip_protocol("-1").ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build());
        let request = self.ec2.revoke_security_group_egress().group_id(group).ip_permissions(everything.build());
        request.send().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn traffic_needs_a_rule_for_its_source_and_port() {
    let lab = Lab::new();
    let (alb, web, other) = (lab.group("alb").await, lab.group("web").await, lab.group("other").await);
    assert!(!lab.reaches(&[&alb], &[&web], 80));
    lab.allow(&web, from_group(80, &alb)).await;
    assert!(lab.reaches(&[&alb], &[&web], 80));
    assert!(lab.reaches(&[&other, &alb], &[&other, &web], 80), "any of the groups");
    assert!(!lab.reaches(&[&other], &[&web], 80));
    assert!(!lab.reaches(&[&alb], &[&web], 81));
    assert!(!lab.reaches(&[], &[&web], 80), "something without groups is not in a group");
}

#[tokio::test(start_paused = true)]
async fn ranges_of_ports_and_addresses_count() {
    let lab = Lab::new();
    let (alb, web) = (lab.group("alb").await, lab.group("web").await);
    let permission = |protocol: &str, cidr: &str| {
        let range = IpRange::builder().cidr_ip(cidr).build();
        IpPermission::builder().ip_protocol(protocol).from_port(8000).to_port(9000).ip_ranges(range).build()
    };
    lab.allow(&web, permission("udp", "0.0.0.0/0")).await;
    lab.allow(&web, permission("tcp", "192.168.0.0/16")).await;
    lab.allow(&web, permission("tcp", "10.0.1.0/24")).await;
    assert!(!lab.reaches(&[&alb], &[&web], 8080), "neither UDP nor another network nor a part of the VPC");
    lab.allow(&web, permission("tcp", "10.0.0.0/16")).await;
    assert!(lab.reaches(&[&alb], &[&web], 8080));
    assert!(lab.reaches(&[&alb], &[&web], 9000));
    assert!(!lab.reaches(&[&alb], &[&web], 9001));
    assert!(lab.reaches(&[], &[&web], 8080), "a balancer without groups");
    let db = lab.group("db").await;
    lab.allow(&db, permission("-1", "0.0.0.0/0")).await;
    assert!(lab.reaches(&[&alb], &[&db], 5432));
}

#[tokio::test(start_paused = true)]
async fn traffic_must_be_let_out_too() {
    let lab = Lab::new();
    let (alb, web) = (lab.group("alb").await, lab.group("web").await);
    lab.allow(&web, from_everywhere(80)).await;
    lab.seal(&alb).await;
    assert!(!lab.reaches(&[&alb], &[&web], 80));
    let out = lab.ec2.authorize_security_group_egress().group_id(&alb).ip_permissions(from_group(80, &web));
    out.send().await.unwrap();
    assert!(lab.reaches(&[&alb], &[&web], 80));
    lab.seal(&web).await;
    assert!(lab.reaches(&[&alb], &[&web], 80), "answers need no rule");
    lab.allow(&web, tcp(81).ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build()).build()).await;
    assert!(!lab.reaches(&[&alb], &[&web], 81));
}
