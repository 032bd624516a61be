//! Targets and their health.

use aws_sdk_ec2::types::{InstanceType, IpPermission, RequestLaunchTemplateData, UserIdGroupPair};
use aws_sdk_elasticloadbalancingv2::types as sdk;
use aws_sdk_elasticloadbalancingv2::types::{ProtocolEnum, TargetGroupAttribute, TargetTypeEnum};

use super::{Lab, assert_refused, fixed, forward, pass};
use crate::sim::ec2::{self, ResolvedTemplate};
use crate::sim::elbv2;

/// A lab whose balancer forwards to a target group, and whose instances let the balancer in.
struct Web {
    lab: Lab,
    balancer: String,
    group: String,
    listener: String,
    /// The security group of the instances.
    inside: String,
    image: String,
}

impl Web {
    async fn new() -> Self {
        let lab = Lab::new();
        let balancer = lab.balancer("Web-ALB").await;
        let group = lab.group("Web-TG").await;
        let listener = lab.listener(&balancer, forward(&group)).await;
        let inside = lab.sim.add_security_group(&lab.vpc, "Inside");
        let image = lab.sim.add_image("Web-AMI");
        let web = Self { lab, balancer, group, listener, inside, image };
        web.open(true).await;
        web
    }

    /// Lets the balancer reach the instances, or not.
    async fn open(&self, open: bool) {
        let from = self.lab.described(&self.balancer).await.security_groups()[0].clone();
        let permission = IpPermission::builder().ip_protocol("tcp").from_port(80).to_port(80);
        let permission = permission.user_id_group_pairs(UserIdGroupPair::builder().group_id(from).build()).build();
        let client = self.lab.sim.ec2();
        if open {
            let authorize = client.authorize_security_group_ingress().group_id(&self.inside);
            authorize.ip_permissions(permission).send().await.unwrap();
        } else {
            let revoke = client.revoke_security_group_ingress().group_id(&self.inside);
            revoke.ip_permissions(permission).send().await.unwrap();
        }
    }

    fn launch(&self, subnet: &str) -> String {
        let data = RequestLaunchTemplateData::builder()
            .image_id(&self.image)
            .instance_type(InstanceType::T3Micro)
            .security_group_ids(&self.inside)
            .build();
        let template = ResolvedTemplate { id: "lt-1".to_owned(), name: "Web".to_owned(), version: 1, data };
        ec2::launch_instance(&mut self.lab.sim.shared.lock(), &template, subnet, &[]).unwrap()
    }

    /// Launches an instance and waits until it runs.
    async fn running(&self) -> String {
        let instance = self.launch(&self.lab.private[0]);
        pass(35).await;
        instance
    }

    async fn register(&self, instance: &str) {
        let request = self.lab.elb.register_targets().target_group_arn(&self.group).targets(target(instance));
        request.send().await.unwrap();
    }

    /// The states and reasons of the targets.
    fn health(&self) -> Vec<(String, Option<String>)> {
        let targets = self.lab.sim.target_health(&self.group);
        targets.into_iter().map(|target| (target.state, target.reason)).collect()
    }
}

fn target(id: &str) -> sdk::TargetDescription {
    sdk::TargetDescription::builder().id(id).build()
}

fn is(state: &str, reason: &str) -> Vec<(String, Option<String>)> {
    vec![(state.to_owned(), (!reason.is_empty()).then(|| reason.to_owned()))]
}

#[tokio::test(start_paused = true)]
async fn a_target_becomes_healthy() {
    let web = Web::new().await;
    let instance = web.running().await;
    web.register(&instance).await;
    assert_eq!(web.health(), is("initial", "Elb.RegistrationInProgress"));
    pass(125).await;
    assert_eq!(web.health(), is("initial", "Elb.InitialHealthChecking"));
    pass(15).await;
    assert_eq!(web.health(), is("healthy", ""));
    let found = web.lab.elb.describe_target_health().target_group_arn(&web.group).send().await.unwrap();
    let [description] = found.target_health_descriptions() else { panic!("{found:?}") };
    assert_eq!(description.target().unwrap().id(), Some(instance.as_str()));
    assert_eq!(description.target().unwrap().port(), Some(80));
    assert_eq!(description.health_check_port(), Some("80"));
    let health = description.target_health().unwrap();
    assert_eq!((health.state(), health.reason()), (Some(&sdk::TargetHealthStateEnum::Healthy), None));
    let target = &web.lab.sim.target_health(&web.group)[0];
    assert_eq!((target.id.as_str(), target.port), (instance.as_str(), Some(80)));
}

#[tokio::test(start_paused = true)]
async fn a_late_target_is_checked_too() {
    let web = Web::new().await;
    pass(300).await;
    let instance = web.running().await;
    web.register(&instance).await;
    assert_eq!(web.health(), is("initial", "Elb.InitialHealthChecking"));
    pass(16).await;
    assert_eq!(web.health(), is("healthy", ""));
    // Registering again changes nothing, nor does another rule.
    web.register(&instance).await;
    let condition = sdk::RuleCondition::builder().field("path-pattern").values("/a").build();
    let rule = web.lab.elb.create_rule().listener_arn(&web.listener).priority(1).conditions(condition);
    rule.actions(forward(&web.group)).send().await.unwrap();
    assert_eq!(web.health(), is("healthy", ""));
}

#[tokio::test(start_paused = true)]
async fn a_group_that_nobody_uses_checks_nothing() {
    let web = Web::new().await;
    let other = web.lab.sim.add_load_balancer("Other-ALB", &web.lab.public);
    let instance = web.running().await;
    web.register(&instance).await;
    let modify = || web.lab.elb.modify_listener().listener_arn(&web.listener);
    modify().default_actions(fixed("200")).send().await.unwrap();
    pass(300).await;
    assert_eq!(web.health(), is("unused", "Target.NotInUse"));
    modify().default_actions(forward(&web.group)).send().await.unwrap();
    assert_eq!(web.health(), is("initial", "Elb.InitialHealthChecking"));
    pass(16).await;
    assert_eq!(web.health(), is("healthy", ""));
    web.lab.elb.delete_load_balancer().load_balancer_arn(&web.balancer).send().await.unwrap();
    assert_eq!(web.health(), is("unused", "Target.NotInUse"));
    // Another balancer checks anew.
    web.lab.listener(&other, forward(&web.group)).await;
    assert_eq!(web.health(), is("initial", "Elb.InitialHealthChecking"));
}

#[tokio::test(start_paused = true)]
async fn a_failed_balancer_checks_nothing() {
    let web = Web::new().await;
    web.lab.sim.fail_provisioning("Web-ALB");
    let instance = web.running().await;
    web.register(&instance).await;
    pass(300).await;
    assert_eq!(web.health(), is("initial", "Elb.RegistrationInProgress"));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_answer_is_unhealthy() {
    let mut web = Web::new().await;
    pass(300).await;
    let instance = web.running().await;
    web.register(&instance).await;
    pass(16).await;
    web.open(false).await;
    assert_eq!(web.health(), is("unhealthy", "Target.Timeout"));
    web.open(true).await;
    assert_eq!(web.health(), is("healthy", ""));
    // Nothing serves on the port of the health check.
    let modify =
        |port: &str| web.lab.elb.modify_target_group().target_group_arn(&web.group).health_check_port(port).send();
    modify("81").await.unwrap();
    assert_eq!(web.health(), is("unhealthy", "Target.Timeout"));
    modify("traffic-port").await.unwrap();
    assert_eq!(web.health(), is("healthy", ""));

    web.image = web.lab.sim.add_custom_image(crate::sim::SimImage::named("Broken").serves(&[]));
    let broken = web.running().await;
    web.register(&broken).await;
    pass(16).await;
    assert_eq!(web.health(), [is("healthy", ""), is("unhealthy", "Target.Timeout")].concat());
}

#[tokio::test(start_paused = true)]
async fn a_target_outside_the_zones_is_unused() {
    let web = Web::new().await;
    let far = web.lab.sim.add_subnet(&web.lab.vpc, "Private-C", "ap-northeast-2c", "10.0.13.0/24");
    let instance = web.launch(&far);
    pass(200).await;
    web.register(&instance).await;
    assert_eq!(web.health(), is("unused", "Target.NotInUse"));
}

#[tokio::test(start_paused = true)]
async fn deregistered_targets_drain() {
    let web = Web::new().await;
    pass(300).await;
    let instance = web.running().await;
    web.register(&instance).await;
    pass(16).await;
    let deregister =
        |id: &str| web.lab.elb.deregister_targets().target_group_arn(&web.group).targets(target(id)).send();
    deregister(&instance).await.unwrap();
    assert_eq!(web.health(), is("draining", "Target.DeregistrationInProgress"));
    pass(200).await;
    // Once more does not begin anew.
    deregister(&instance).await.unwrap();
    pass(98).await;
    assert_eq!(web.health(), is("draining", "Target.DeregistrationInProgress"));
    pass(2).await;
    assert_eq!(web.health(), []);
    let describe = web.lab.elb.describe_target_health().target_group_arn(&web.group).targets(target(&instance));
    let found = describe.send().await.unwrap();
    let health = found.target_health_descriptions()[0].target_health().unwrap();
    assert_eq!(health.reason(), Some(&sdk::TargetHealthReasonEnum::NotRegistered));

    // A target that drains can be taken back.
    web.register(&instance).await;
    deregister(&instance).await.unwrap();
    web.register(&instance).await;
    assert_eq!(web.health(), is("initial", "Elb.InitialHealthChecking"));

    let attribute = TargetGroupAttribute::builder().key("deregistration_delay.timeout_seconds").value("0").build();
    let modify = web.lab.elb.modify_target_group_attributes().target_group_arn(&web.group);
    modify.attributes(attribute).send().await.unwrap();
    deregister(&instance).await.unwrap();
    assert_eq!(web.health(), []);
    deregister("i-0").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn terminated_instances_go() {
    let web = Web::new().await;
    pass(300).await;
    let instance = web.running().await;
    web.register(&instance).await;
    pass(16).await;
    ec2::terminate_instance(&mut web.lab.sim.shared.lock(), &instance);
    assert_eq!(web.health(), is("unhealthy", "Target.Timeout"));
    pass(31).await;
    assert_eq!(web.health(), []);
}

#[tokio::test(start_paused = true)]
async fn auto_scaling_registers_instances() {
    let web = Web::new().await;
    pass(300).await;
    let instance = web.launch(&web.lab.private[0]);
    let state = || elbv2::target_health(&web.lab.sim.shared.lock(), &web.group, &instance);
    assert_eq!(state(), None);
    elbv2::register_instance(&mut web.lab.sim.shared.lock(), &web.group, &instance);
    assert_eq!(state(), Some("initial"));
    // From when it runs, not from when it was registered.
    pass(45).await;
    assert_eq!(state(), Some("initial"));
    pass(5).await;
    assert_eq!(state(), Some("healthy"));
    elbv2::deregister_instance(&mut web.lab.sim.shared.lock(), &web.group, &instance);
    assert_eq!(state(), Some("draining"));
    let world = &mut *web.lab.sim.shared.lock();
    assert!(elbv2::target_group_exists(world, &web.group));
    assert!(!elbv2::target_group_exists(world, &web.balancer));
    elbv2::register_instance(world, "unknown", &instance);
    elbv2::deregister_instance(world, "unknown", &instance);
}

#[tokio::test(start_paused = true)]
async fn registration_is_checked() {
    let web = Web::new().await;
    let pending = web.launch(&web.lab.private[0]);
    let register = |target: sdk::TargetDescription| {
        web.lab.elb.register_targets().target_group_arn(&web.group).targets(target).send()
    };
    let zoned = sdk::TargetDescription::builder().id(&pending).availability_zone("all").build();
    let port = sdk::TargetDescription::builder().id(&pending).port(0).build();
    assert_refused(register(target(&pending)).await, "InvalidTarget", "not in a running state");
    assert_refused(register(target("i-0")).await, "InvalidTarget", "not valid instances: 'i-0'");
    assert_refused(register(target("10.0.0.1")).await, "ValidationError", "'10.0.0.1' is not valid");
    assert_refused(register(zoned).await, "ValidationError", "An Availability Zone cannot be specified");
    assert_refused(register(port).await, "ValidationError", "greater than or equal to 1");
    pass(35).await;
    let quic = sdk::TargetDescription::builder().id(&pending).quic_server_id("0x0000000000000001").build();
    assert_refused(register(quic).await, "ValidationError", "requires the QUIC");
    let none = web.lab.elb.register_targets().target_group_arn(&web.group).send().await;
    assert_refused(none, "ValidationError", "must not be null");
    let unknown = web.lab.elb.register_targets().target_group_arn(format!("{}0", web.group)).targets(target(&pending));
    assert_refused(unknown.send().await, "TargetGroupNotFound", "not found");
    let vpc = web.lab.sim.add_vpc("Other", "10.1.0.0/16");
    let far = web.lab.sim.add_target_group("Far-TG", &vpc, 80);
    let far = web.lab.elb.register_targets().target_group_arn(far).targets(target(&pending));
    assert_refused(far.send().await, "InvalidTarget", "not in the VPC");
    assert_eq!(web.health(), []);
    // One instance has as many ports as one likes.
    let other = sdk::TargetDescription::builder().id(&pending).port(8080).build();
    register(target(&pending)).await.unwrap();
    register(other).await.unwrap();
    assert_eq!(web.health().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn other_types_of_targets() {
    let lab = Lab::new();
    let create = |name: &str, kind| {
        let request = lab.elb.create_target_group().name(name).vpc_id(&lab.vpc).port(80).target_type(kind);
        request.protocol(ProtocolEnum::Tcp).send()
    };
    let register =
        |group: &str, id: &str| lab.elb.register_targets().target_group_arn(group).targets(target(id)).send();
    let by_address = create("Ip-TG", TargetTypeEnum::Ip).await.unwrap();
    let by_address = by_address.target_groups()[0].target_group_arn().unwrap();
    assert_refused(register(by_address, "8.8.8.8").await, "InvalidTarget", "8.8.8.8");
    assert_refused(register(by_address, "fd00::1").await, "InvalidTarget", "fd00::1");
    assert_refused(register(by_address, "web").await, "ValidationError", "'web' is not valid");
    register(by_address, "10.0.0.9").await.unwrap();
    register(by_address, "100.64.0.1").await.unwrap();
    assert_eq!(lab.sim.target_health(by_address).len(), 2);

    let balancers = create("Alb-TG", TargetTypeEnum::Alb).await.unwrap();
    let balancers = balancers.target_groups()[0].target_group_arn().unwrap();
    let balancer = lab.balancer("Web-ALB").await;
    assert_refused(register(balancers, "web").await, "InvalidTarget", "is not an Application Load Balancer");
    assert_refused(register(balancers, &balancer).await, "InvalidTarget", "has no listener");
    lab.listener(&balancer, fixed("200")).await;
    register(balancers, &balancer).await.unwrap();

    let functions = lab.elb.create_target_group().name("Lambda-TG").target_type(TargetTypeEnum::Lambda);
    let functions = functions.send().await.unwrap();
    let functions = functions.target_groups()[0].target_group_arn().unwrap();
    let function = |name: &str| format!("arn:aws:lambda:ap-northeast-2:123456789012:function:{name}");
    assert_refused(register(functions, "web").await, "InvalidTarget", "Lambda function ARN");
    register(functions, &function("a")).await.unwrap();
    assert_refused(register(functions, &function("b")).await, "TooManyTargets", "limit");
    let listener = lab.elb.describe_listeners().load_balancer_arn(&balancer).send().await.unwrap();
    let listener = listener.listeners()[0].listener_arn().unwrap();
    lab.elb.modify_listener().listener_arn(listener).default_actions(forward(functions)).send().await.unwrap();
    let target = &lab.sim.target_health(functions)[0];
    assert_eq!((target.port, target.state.as_str()), (None, "unavailable"));
}
