//! Pictures of generated stacks: nothing overlaps, no line crosses a box or a label; and the critical
//! path is the longest one.

use proptest::prelude::*;
use purlin::sim::SimAws;
use purlin::*;
use svg::node::Attributes;
use svg::parser::Event;

use crate::generated;
use crate::support::{LAB, deploy, given};

#[derive(Debug, Clone, Copy)]
struct Area {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Area {
    fn overlaps(&self, other: &Self) -> bool {
        // What only touches does not overlap.
        let less = |a: f64, b: f64| a < b - 0.2;
        less(self.left, other.right)
            && less(other.left, self.right)
            && less(self.top, other.bottom)
            && less(other.top, self.bottom)
    }

    fn holds(&self, other: &Self) -> bool {
        self.left <= other.left + 0.2
            && self.top <= other.top + 0.2
            && self.right >= other.right - 0.2
            && self.bottom >= other.bottom - 0.2
    }
}

/// What is drawn, read back from the document.
#[derive(Debug, Default)]
struct Picture {
    canvas: Option<Area>,
    cards: Vec<Area>,
    marks: Vec<Area>,
    labels: Vec<(String, Area)>,
    /// The straight pieces of lines.
    lines: Vec<Area>,
}

impl Picture {
    fn read(document: &str) -> Self {
        let mut picture = Self::default();
        let mut class = String::new();
        let mut text = None;
        for event in svg::read(document).expect("a document") {
            match event {
                Event::Error(error) => panic!("{error}\n{document}"),
                Event::Tag("svg", _, attributes) if !attributes.is_empty() => {
                    let (right, bottom) = (number(&attributes, "width"), number(&attributes, "height"));
                    picture.canvas = Some(Area { left: 0.0, top: 0.0, right, bottom });
                }
                Event::Tag("g", _, attributes) => {
                    if let Some(name) = attributes.get("class") {
                        class = name.to_string();
                    }
                }
                Event::Tag("rect", _, attributes) if attributes.contains_key("x") => {
                    let (left, top) = (number(&attributes, "x"), number(&attributes, "y"));
                    let (right, bottom) = (left + number(&attributes, "width"), top + number(&attributes, "height"));
                    let area = Area { left, top, right, bottom };
                    match class.as_str() {
                        "cards" => picture.cards.push(area),
                        "marks" => picture.marks.push(area),
                        _ => {}
                    }
                }
                Event::Tag("path", _, attributes) if class == "arrows" && &*attributes["fill"] == "none" => {
                    let points = attributes["d"].replace('M', "");
                    let points: Vec<(f64, f64)> = points
                        .split(" L")
                        .map(|point| {
                            let (x, y) = point.split_once(',').expect("a point");
                            (x.parse().expect("a number"), y.parse().expect("a number"))
                        })
                        .collect();
                    picture.lines.extend(points.windows(2).map(|pair| Area {
                        left: pair[0].0.min(pair[1].0),
                        top: pair[0].1.min(pair[1].1),
                        right: pair[0].0.max(pair[1].0),
                        bottom: pair[0].1.max(pair[1].1),
                    }));
                }
                Event::Tag("text", _, attributes) if attributes.contains_key("x") => text = Some(attributes),
                Event::Text(content) => {
                    let Some(attributes) = text.take() else { continue };
                    let content = content.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
                    let size = number(&attributes, "font-size");
                    let (left, baseline) = (number(&attributes, "x"), number(&attributes, "y"));
                    let right = left + width(&content, size, attributes.contains_key("font-weight"));
                    let area = Area { left, top: baseline - size * 0.75, right, bottom: baseline + size * 0.22 };
                    picture.labels.push((content, area));
                }
                _ => {}
            }
        }
        picture
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let canvas = self.canvas.expect("a size");
        for (index, card) in self.cards.iter().enumerate() {
            prop_assert!(canvas.holds(card), "{card:?} is outside of {canvas:?}");
            for other in &self.cards[..index] {
                prop_assert!(!card.overlaps(other), "{card:?} overlaps {other:?}");
            }
            for line in &self.lines {
                prop_assert!(!crosses(line, card), "{line:?} crosses {card:?}");
            }
        }
        for (index, mark) in self.marks.iter().enumerate() {
            prop_assert!(self.cards.iter().any(|card| card.holds(mark)), "{mark:?} is in no card");
            for other in &self.marks[..index] {
                prop_assert!(!mark.overlaps(other), "{mark:?} overlaps {other:?}");
            }
        }
        for (index, (text, label)) in self.labels.iter().enumerate() {
            prop_assert!(canvas.holds(label), "{text:?} at {label:?} is outside of {canvas:?}");
            for (other_text, other) in &self.labels[..index] {
                prop_assert!(!label.overlaps(other), "{text:?} at {label:?} overlaps {other_text:?} at {other:?}");
            }
            for area in self.cards.iter().chain(&self.marks) {
                let apart = !label.overlaps(area) || area.holds(label);
                prop_assert!(apart, "{text:?} at {label:?} spills over {area:?}");
            }
            for line in &self.lines {
                prop_assert!(!crosses(line, label), "{line:?} crosses {text:?} at {label:?}");
            }
        }
        Ok(())
    }
}

/// A line has no width, and ends at what it leads to.
fn crosses(line: &Area, area: &Area) -> bool {
    line.left < area.right - 0.2
        && line.right > area.left + 0.2
        && line.top < area.bottom - 0.2
        && line.bottom > area.top + 0.2
}

fn number(attributes: &Attributes, name: &str) -> f64 {
    attributes[name].parse().expect("a number")
}

/// The width in Liberation Sans, which has the measures of Arial: the first font that is asked for
/// where there is Helvetica or Arial, or what stands in for them.
fn width(text: &str, size: f64, bold: bool) -> f64 {
    let table = if bold { &BOLD } else { &REGULAR };
    let advance = |character: char| {
        let ascii = (character as usize).checked_sub(0x20).and_then(|index| table.get(index));
        f64::from(ascii.copied().unwrap_or(1000))
    };
    text.chars().map(advance).sum::<f64>() * size / 1000.0
}

const REGULAR: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];
const BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611,
    556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389,
    280, 389, 584,
];

fn check(stack: &Stack) -> Result<(), TestCaseError> {
    let picture = Architecture::of(stack);
    Picture::read(&picture.to_svg()).check()?;
    let mermaid = picture.to_mermaid();
    let opened = mermaid.lines().filter(|line| line.trim_start().starts_with("subgraph ")).count();
    let closed = mermaid.lines().filter(|line| line.trim() == "end").count();
    prop_assert_eq!(opened, closed);
    for line in mermaid.lines().filter(|line| !line.contains("accTitle")) {
        prop_assert!(line.matches('"').count() % 2 == 0, "{}", line);
    }
    Ok(())
}

/// The longest way to the end of each step, found from the other end than the crate does.
fn longest(plan: &Plan) -> u64 {
    let steps = plan.steps();
    let mut rest: Vec<u64> = vec![0; steps.len()];
    let mut longest = 0;
    for (index, step) in steps.iter().enumerate().rev() {
        let whole = rest[index] + step.typical_duration().as_secs();
        longest = longest.max(whole);
        for earlier in &step.after {
            rest[*earlier] = rest[*earlier].max(whole);
        }
    }
    longest
}

fn check_path(plan: &Plan) -> Result<(), TestCaseError> {
    let path = plan.critical_path();
    let took: u64 = path.iter().map(|step| plan.steps()[*step].typical_duration().as_secs()).sum();
    prop_assert_eq!(took, longest(plan));
    for pair in path.windows(2) {
        prop_assert!(plan.steps()[pair[1]].after.contains(&pair[0]), "{:?} is no way", path);
    }
    let dot = DeployGraph::of(plan).to_dot();
    // The lines of the path are there, whichever others go without saying.
    prop_assert_eq!(dot.matches("-> ").count() >= path.len().saturating_sub(1), true);
    prop_assert_eq!(dot.matches("penwidth=3").count(), (2 * path.len()).saturating_sub(1));
    Ok(())
}

/// `PROPTEST_CASES` for a longer run.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_in_a_picture_overlaps(numbers in prop::collection::vec(any::<u32>(), 0..600)) {
        check(&generated::declare(numbers))?;
    }

    #[test]
    fn nothing_overlaps_however_many_zones_and_whatever_the_names(
        zones in 1usize..=6,
        balancers in 0usize..4,
        targets in 0usize..7,
        groups in 0usize..4,
        shared: bool,
        name in "[ -~]{1,40}",
        count in 0u32..40,
    ) {
        check(&many(zones, balancers, targets, groups, shared, &name, count))?;
    }

    #[test]
    fn the_critical_path_is_the_longest(numbers in prop::collection::vec(any::<u32>(), 0..600)) {
        let stack = generated::declare(numbers);
        check_path(&Plan::preview(&stack).expect("a plan"))?;
    }
}

/// A stack in so many zones; names may be anything, as nobody validates a picture.
fn many(zones: usize, balancers: usize, targets: usize, groups: usize, shared: bool, name: &str, count: u32) -> Stack {
    let mut stack = Stack::new(name);
    let vpc = stack.add("vpc", Vpc::named(name));
    let subnets = |kind: &str| (0..zones).map(|zone| format!("{kind} {name} {zone}")).collect::<Vec<_>>();
    let public = stack.add("public", Subnets::named(subnets("Public")).in_vpc(vpc));
    let private = stack.add("private", Subnets::named(subnets("Private")).in_vpc(vpc));
    let mut guards = Vec::new();
    for index in 0..=balancers.max(groups) {
        let guard = SecurityGroup::builder().name(format!("{name}-{index}")).description("d").vpc(vpc);
        let guard = guard.ingress(Ingress::tcp(80).from_ipv4(format!("10.{index}.0.0/16")));
        let guard = match guards.last() {
            Some(other) => {
                guard.ingress(Ingress::tcp(443).from_group(*other)).egress(Egress::udp(53).to_group(guards[0]))
            }
            None => guard.ingress(Ingress::http().from_anywhere_ipv4()),
        };
        guards.push(stack.add(format!("guard-{index}"), guard.build()));
    }
    let mut all_targets = Vec::new();
    for index in 0..targets {
        let group = TargetGroup::builder().name(format!("{name}{index}")).vpc(vpc).traffic(Traffic::http(80));
        all_targets.push(stack.add(format!("targets-{index}"), group.build()));
    }
    for (index, guard) in guards.iter().enumerate().take(balancers) {
        let place = if shared || index % 2 == 1 { private } else { public };
        let balancer = LoadBalancer::application().name(format!("{name}{index}")).subnets(place);
        let balancer = stack.add(format!("balancer-{index}"), balancer.security_group(*guard).build());
        for (port, targets) in all_targets.iter().enumerate() {
            let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80 + port as u16));
            let listener = listener.action(Action::forward(*targets)).build();
            stack.add(format!("listener-{index}-{port}"), listener);
        }
    }
    for (index, guard) in guards.iter().enumerate().take(groups) {
        let template = LaunchTemplate::builder().name(format!("{name}{index}")).security_group(*guard);
        let template = stack.add(format!("template-{index}"), template.instance_type("c7g.large").build());
        let group = AutoScalingGroup::builder().name(format!("{name}{index}")).launch_template(template);
        let group = all_targets
            .iter()
            .fold(group.subnets(private).sizes(count..=count + 4), |group, targets| group.target_group(*targets));
        stack.add(format!("group-{index}"), group.build());
    }
    stack
}

#[tokio::test(start_paused = true)]
async fn the_lab_as_it_runs() {
    let sim: SimAws = given(&[80]);
    let (stack, _) = LAB.stack();
    deploy(&sim, &stack).await.expect("a deploy");
    let deployer = Deployer::new(sim.aws());
    let plan = deployer.plan(&stack).await.expect("a plan");
    let status = deployer.status(&stack).await.expect("a status");
    let picture = Architecture::planned(&plan).with_status(&status);
    let document = picture.to_svg();
    Picture::read(&document).check().expect("nothing overlaps");
    for part in [
        "Internet",
        "VPC-Lab",
        "ap-northeast-2a",
        "ap-northeast-2c",
        "Public subnet A",
        "Public subnet C",
        "Private subnet A",
        "Private subnet C",
        "Web-ALB",
        "HTTP 80 → Web-TG",
        "Web-ASG",
        "in: TCP 80 from anywhere (IPv4)",
        "in: TCP 80 from Web-ALB-SG",
        &status.groups[0].instances[0].id,
        &status.groups[0].instances[1].id,
    ] {
        assert!(document.contains(part), "{part} is missing in\n{document}");
    }
    insta::assert_snapshot!("lab_live_svg", document);
    insta::assert_snapshot!("lab_live_mermaid", picture.to_mermaid());
}

#[tokio::test(start_paused = true)]
async fn the_steps_of_all_sorts_of_plans_have_a_critical_path() {
    let sim = given(&[80]);
    let deployer = Deployer::new(sim.aws());
    let (stack, _) = LAB.stack();
    check_path(&deployer.plan(&stack).await.expect("a plan")).expect("the longest");
    deploy(&sim, &stack).await.expect("a deploy");
    let empty = deployer.plan(&stack).await.expect("a plan");
    check_path(&empty).expect("the longest");
    let renamed = crate::support::Variant { instances: "Other-SG", ..LAB };
    check_path(&deployer.plan(&renamed.stack().0).await.expect("a plan")).expect("the longest");
    check_path(&deployer.plan_destroy(&stack).await.expect("a plan")).expect("the longest");
}

#[tokio::test(start_paused = true)]
async fn the_example_draws_what_the_name_of_the_file_says() {
    for (name, begins) in [("lab.svg", "<svg"), ("lab.mmd", "flowchart TB"), ("lab.dot", "digraph")] {
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        crate::web_asg::demo::draw(&path).await.expect("a picture");
        let text = std::fs::read_to_string(&path).expect("a file");
        assert!(text.starts_with(begins), "{text}");
        assert!(text.contains("Web-ALB") || text.contains("LoadBalancer.web"), "{text}");
    }
    let nowhere = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("no/such/folder/lab.svg");
    let error = crate::web_asg::demo::draw(&nowhere).await.expect_err("no folder");
    assert!(error.to_string().contains("lab.svg cannot be written"), "{error}");
}
