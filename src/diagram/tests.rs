//! Pictures of stacks as they are declared, without an account.

use super::Architecture;
use crate::*;

/// The lab of the example.
pub(super) fn lab() -> Stack {
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let private = stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
    let image = stack.add("web", Image::named("Web Server v1"));
    let group = SecurityGroup::builder().name("Web-ALB-SG").description("HTTP from anywhere").vpc(vpc);
    let balancer_group = stack.add("alb", group.ingress(Ingress::http().from_anywhere_ipv4()).build());
    let group = SecurityGroup::builder().name("ASG-Web-Inst-SG").description("HTTP Allow").vpc(vpc);
    let instance_group = stack.add("instances", group.ingress(Ingress::http().from_group(balancer_group)).build());
    let targets = stack.add("web", TargetGroup::builder().name("Web-TG").vpc(vpc).traffic(Traffic::http(80)).build());
    let balancer = LoadBalancer::application().name("Web-ALB").subnets(public).security_group(balancer_group);
    let balancer = stack.add("web", balancer.build());
    let http = Listener::builder().load_balancer(balancer).accept(Accept::http(80)).action(Action::forward(targets));
    stack.add("http", http.build());
    let template = LaunchTemplate::builder()
        .name("Web")
        .image(image)
        .instance_type("t2.micro")
        .user_data("hunter2")
        .security_group(instance_group);
    let template = stack.add("web", template.build());
    let group = AutoScalingGroup::builder()
        .name("Web-ASG")
        .launch_template(template)
        .subnets(private)
        .target_group(targets)
        .sizes(2..=4)
        .desired_capacity(2);
    let group = stack.add("web", group.build());
    let cpu = ScalingPolicy::builder().name("Web-ASG-cpu").group(group).scaling(TargetTracking::average_cpu(30.0));
    stack.add("cpu", cpu.build());
    stack
}

/// Several balancers and groups in three zones, long names, and what could break XML.
fn shop() -> Stack {
    let mut stack = Stack::new("shop <&> \"friends\"");
    let vpc = stack.add("vpc", Vpc::tagged("Environment", "production & more"));
    let subnets = |kind: &str| ["a", "b", "c"].map(|zone| format!("{kind}-ap-northeast-2{zone}"));
    let public = stack.add("public", Subnets::named(subnets("shop-production-public")).in_vpc(vpc));
    let private = stack.add("private", Subnets::named(subnets("app")).in_vpc(vpc));
    let group = |name: &str| SecurityGroup::builder().name(name).description("of the shop").vpc(vpc);
    let edge = group("shop-edge").ingress(Ingress::https().from_anywhere_ipv4());
    let edge = edge.ingress(Ingress::https().from_anywhere_ipv6());
    let edge = stack.add("edge", edge.ingress(Ingress::tcp(8443).from_ipv4("203.0.113.0/24")).build());
    let bastion = stack.add("bastion", ExistingSecurityGroup::named("Bastion-SG").in_vpc(vpc));
    let web = group("shop-web-instances-of-the-whole-department").ingress(Ingress::tcp(8080).from_group(edge));
    let web = stack.add("web", web.ingress(Ingress::tcp(22).from_group(bastion)).build());
    let inner = stack.add("inner", group("shop-inner").ingress(Ingress::tcp(9000).from_group(web)).build());
    let app = group("shop-app").ingress(Ingress::tcp_range(9000..=9010).from_group(inner));
    let app = app.ingress(Ingress::tcp(22).from_ipv4("10.0.0.0/8")).egress(Egress::https().to_anywhere_ipv4());
    let app = stack.add("app", app.build());
    stack.add("app-to-web", SecurityGroupRule::egress(app, Egress::tcp(8080).to_group(web)));

    let targets = |name: &str, port| TargetGroup::builder().name(name).vpc(vpc).traffic(Traffic::http(port));
    let shop = stack.add("shop", targets("shop-web-blue", 8080).build());
    let green = stack.add("green", targets("shop-web-green", 8080).build());
    let api = stack.add("api", targets("shop-app", 9000).build());
    let function = "arn:aws:lambda:ap-northeast-2:123456789012:function:orders".parse().expect("an ARN");
    let orders = stack.add("orders", TargetGroup::lambda().name("shop-orders").function(function).build());

    let outer = LoadBalancer::application().name("shop-outer").subnets(public).security_group(edge);
    let outer = stack.add("outer", outer.build());
    let certificate: CertificateArn =
        "arn:aws:acm:ap-northeast-2:123456789012:certificate/12345678".parse().expect("an ARN");
    let http = Listener::builder().load_balancer(outer).accept(Accept::http(80));
    stack.add("http", http.action(Action::redirect_to_https(443)).build());
    let https = Listener::builder().load_balancer(outer).accept(Accept::https(443, certificate));
    let https = stack.add("https", https.action(Action::forward_weighted().group(shop, 90).group(green, 10)).build());
    let rule = ListenerRule::builder().listener(https).priority(10).condition(Condition::path(["/orders/*"]));
    stack.add("orders", rule.action(Action::forward(orders)).build());
    let rule = ListenerRule::builder().listener(https).priority(20);
    let rule = rule.condition(Condition::header("X-From-Edge", ["correct horse"]));
    stack.add("edge", rule.action(Action::fixed_response(403)).build());
    let balancer = LoadBalancer::network().name("shop-inner").subnets(private).scheme(Scheme::Internal);
    let balancer = stack.add("inner", balancer.security_group(inner).build());
    let tcp = Listener::builder().load_balancer(balancer).accept(Accept::tcp(9000));
    let tcp_targets = TargetGroup::builder().name("shop-app-tcp").vpc(vpc).traffic(Traffic::tcp(9000)).build();
    let tcp_targets = stack.add("tcp", tcp_targets);
    stack.add("tcp", tcp.action(Action::forward(tcp_targets)).build());

    let template =
        |name: &str, group| LaunchTemplate::builder().name(name).instance_type("c7g.large").security_group(group);
    let blue = stack.add("web", template("shop-web", web).build());
    let app = stack.add("app", template("shop-app", app).build());
    stack.add("spare", LaunchTemplate::builder().name("shop-spare").build());
    let web = AutoScalingGroup::builder().name("shop-web").launch_template(blue).subnets(private).sizes(3..=12);
    stack.add("web", web.target_group(shop).target_group(green).build());
    let mixed = MixedInstances::builder().template(app).launch_override(LaunchOverride::instance_type("c7g.large"));
    let mixed = mixed.launch_override(LaunchOverride::instance_type("c6g.large"));
    let distribution = InstancesDistribution::builder().on_demand_base(2).on_demand_percentage(0).build();
    let app = AutoScalingGroup::builder().name("shop-app").launch_template(mixed.distribution(distribution).build());
    let app = app.subnets(private).sizes(0..=40).desired_capacity(20);
    let app = stack.add("app", app.target_group(api).target_group(tcp_targets).build());
    let action = ScheduledAction::builder().name("night").group(app);
    let night = Recurrence::cron("0 22 * * *").time_zone("Asia/Seoul");
    stack.add("night", action.schedule(night).desired_capacity(0).build());
    stack
}

#[test]
fn the_lab() {
    let picture = Architecture::of(&lab());
    insta::assert_snapshot!("lab_svg", picture.to_svg());
    insta::assert_snapshot!("lab_mermaid", picture.to_mermaid());
}

#[test]
fn a_shop() {
    let picture = Architecture::of(&shop());
    insta::assert_snapshot!("shop_svg", picture.to_svg());
    insta::assert_snapshot!("shop_mermaid", picture.to_mermaid());
}

#[test]
fn the_steps_of_the_lab() {
    let graph = DeployGraph::of(&Plan::preview(&lab()).expect("a plan"));
    insta::assert_snapshot!("lab_steps_dot", graph.to_dot());
    insta::assert_snapshot!("lab_steps_mermaid", graph.to_mermaid());
}

#[test]
fn secrets_are_in_no_picture() {
    for stack in [lab(), shop()] {
        let picture = Architecture::of(&stack);
        for text in [picture.to_svg(), picture.to_mermaid(), format!("{picture:?}")] {
            assert!(!text.contains("hunter2") && !text.contains("correct horse"), "{text}");
        }
    }
}

#[test]
fn whatever_names_hold_is_text_in_every_language() {
    let name = "a\"b'<i>&amp;]]> \u{1} `c` %%{d}%% \\e\n;f #35; é 한글";
    let mut stack = Stack::new(name);
    let vpc = stack.add("vpc", Vpc::named(name));
    let public = stack.add("public", Subnets::named([name, "other"]).in_vpc(vpc));
    let group = SecurityGroup::builder().name(name).description("d").vpc(vpc);
    let group = stack.add(
        name,
        group.ingress(Ingress::http().from_prefix_list("pl-1".parse::<PrefixListId>().expect("an id"))).build(),
    );
    stack.add("web", LoadBalancer::application().name(name).subnets(public).security_group(group).build());
    let picture = Architecture::of(&stack);
    let svg = picture.to_svg();
    assert!(svg.contains("a\"b'&lt;i&gt;&amp;amp;]]&gt; \u{fffd}"), "{svg}");
    assert!(!svg.contains("<i>") && !svg.contains('\u{1}'), "{svg}");
    let opened = svg.matches("<text").count();
    assert_eq!(svg.matches("</text>").count(), opened, "{svg}");

    let mermaid = picture.to_mermaid();
    assert!(mermaid.contains("a#quot;b'#60;i#62;#38;amp;]]#62;"), "{mermaid}");
    for line in mermaid.lines().filter(|line| !line.contains("accTitle")) {
        let label = line.split('"').nth(1).unwrap_or_default();
        assert_eq!(line.matches('"').count(), if label.is_empty() { 0 } else { 2 }, "{line}");
        assert!(!label.contains(['`', '%', '\\', '\u{1}']), "{line}");
    }

    let mut graph = DeployGraph::of(&Plan::preview(&lab()).expect("a plan"));
    graph.rename(name);
    let dot = graph.to_dot();
    assert!(dot.contains(r#"label="a\"b'<i>"#) && dot.contains(r"\\e"), "{dot}");
}
