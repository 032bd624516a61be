//! One property's life on the simulated AWS.

use purlin::sim::SimAws;
use purlin::*;

use crate::support::{assert_same, deploy, hurry, inventory, network};

/// What a case gives its property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    /// Nothing: AWS's default.
    Unset,
    First,
    Second,
}

impl Setting {
    /// The value for this setting; none to leave it out.
    pub(super) fn pick<T>(self, first: T, second: T) -> Option<T> {
        match self {
            Self::Unset => None,
            Self::First => Some(first),
            Self::Second => Some(second),
        }
    }
}

/// How AWS lets a property change (aws.md, section 2).
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    /// By these calls: all that may occur.
    InPlace(&'static [&'static str]),
    Replace,
}

/// One property, and the stacks that set it.
pub(super) struct Case {
    /// The kind and the property as the table has it, such as `TargetGroup.health_check.interval`.
    pub(super) name: &'static str,
    change: Change,
    declare: Box<dyn Fn(Setting) -> Stack>,
    /// The properties that plans show; that of the name unless said otherwise.
    shows: Vec<&'static str>,
    required: bool,
    second_is_default: bool,
    given: fn(&SimAws),
}

/// What a case has sent: services, and inputs as the SDK writes them.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) requests: Vec<(String, String)>,
}

impl Case {
    /// A case whose stacks contain the resource `it`, and whatever it needs.
    pub(super) fn new(name: &'static str, change: Change, declare: impl Fn(Setting) -> Stack + 'static) -> Self {
        let (_, path) = name.split_once('.').expect("a kind and a property");
        Self {
            name,
            change,
            declare: Box::new(declare),
            shows: vec![path],
            required: false,
            second_is_default: false,
            given: |_| {},
        }
    }

    /// The property cannot be left out.
    pub(super) fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The second value is AWS's default: leaving it out again changes nothing.
    pub(super) fn second_is_default(mut self) -> Self {
        self.second_is_default = true;
        self
    }

    /// What plans show, where that is not the case's own name: a part of a list, or several
    /// properties that go together.
    pub(super) fn shows(mut self, paths: impl IntoIterator<Item = &'static str>) -> Self {
        self.shows = paths.into_iter().collect();
        self
    }

    /// What there must be beforehand besides the lab's network.
    pub(super) fn given(mut self, given: fn(&SimAws)) -> Self {
        self.given = given;
        self
    }

    fn account(&self) -> SimAws {
        let sim = SimAws::new();
        network(&sim);
        sim.add_image("Web Server v1");
        hurry(&sim);
        (self.given)(&sim);
        sim.configure(|settings| settings.record_requests = true);
        sim
    }

    pub(super) async fn run(&self) -> Seen {
        let sim = self.account();
        self.reach(&sim, Setting::First).await;
        self.moves(&sim, Setting::Second).await;
        if self.required {
            // A colleague's program, or the console, has changed it meanwhile.
            self.reach(&sim, Setting::First).await;
            self.drifts(&sim, Setting::Second).await;
        } else {
            if !self.second_is_default {
                self.moves(&sim, Setting::Unset).await;
            }
            self.reach(&sim, Setting::Unset).await;
            self.is_as_if_never_set(&sim).await;
            self.moves(&sim, Setting::First).await;
            self.drifts(&sim, Setting::Unset).await;
        }
        let requests = sim.calls().into_iter().filter(|call| !call.is_read());
        Seen {
            requests: requests
                .filter_map(|call| Some((format!("{:?}", call.service).to_lowercase(), call.request?)))
                .collect(),
        }
    }

    fn stack(&self, setting: Setting) -> Stack {
        (self.declare)(setting)
    }

    async fn plan(&self, sim: &SimAws, setting: Setting) -> Plan {
        let planned = Deployer::new(sim.aws()).plan(&self.stack(setting)).await;
        planned.unwrap_or_else(|error| panic!("{} {setting:?}: {error}", self.name))
    }

    /// Deploys the setting; afterwards there is nothing left to do.
    async fn reach(&self, sim: &SimAws, setting: Setting) {
        if let Err(failure) = deploy(sim, &self.stack(setting)).await {
            panic!("{} {setting:?}: {failure}", self.name);
        }
        let plan = self.plan(sim, setting).await;
        assert!(plan.is_empty(), "{} {setting:?}: after the deploy there is still\n{plan}", self.name);
    }

    /// The plan shows this change and nothing else; then it is carried out.
    async fn moves(&self, sim: &SimAws, setting: Setting) {
        let plan = self.plan(sim, setting).await;
        let changed: Vec<_> =
            plan.changes().iter().filter(|c| c.address.name() == "it" && !c.properties.is_empty()).collect();
        let [it] = changed.as_slice() else { panic!("{} {setting:?}: one resource changes\n{plan}", self.name) };
        let others: Vec<_> =
            plan.changes().iter().filter(|c| c.address.name() != "it" && c.action != PlannedAction::Keep).collect();
        assert!(others.is_empty(), "{} {setting:?}: others change, too\n{plan}", self.name);
        self.names(&it.properties, &format!("{setting:?}: {plan}"));
        for property in it.properties.iter().filter(|property| !property.is_ownership()) {
            match (self.change, &property.effect) {
                (Change::InPlace(calls), Effect::InPlace(call)) if calls.contains(&call.name()) => {}
                (Change::Replace, Effect::Replace(_)) => {}
                _ => panic!("{} {setting:?}: it is not {:?}\n{plan}", self.name, self.change),
            }
        }
        self.reach(sim, setting).await;
    }

    /// Somebody else has changed it; drift names it and nothing else.
    async fn drifts(&self, sim: &SimAws, declared: Setting) {
        let drift = Deployer::new(sim.aws()).drift(&self.stack(declared)).await;
        let drift = drift.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let [it] = drift.resources.as_slice() else { panic!("{}: one resource differs\n{drift}", self.name) };
        assert_eq!((it.address.name(), it.kind), ("it", DriftKind::Changed), "{}\n{drift}", self.name);
        self.names(&it.properties, &drift.to_string());
    }

    /// The properties are those that the case says, apart from purlin's own tags.
    fn names(&self, properties: &[PropertyChange], shown: &str) {
        let mut paths: Vec<_> =
            properties.iter().filter(|p| !p.is_ownership()).map(|property| property.path.as_str()).collect();
        paths.sort_unstable();
        paths.dedup();
        let mut expected = self.shows.clone();
        expected.sort_unstable();
        assert_eq!(paths, expected, "{} {shown}", self.name);
    }

    /// What was set and left out again leaves the account as if it had never been set.
    async fn is_as_if_never_set(&self, sim: &SimAws) {
        // A replaced resource has another name, and a template keeps its earlier versions.
        if matches!(self.change, Change::Replace) || self.name.starts_with("LaunchTemplate.") {
            return;
        }
        let fresh = self.account();
        self.reach(&fresh, Setting::Unset).await;
        assert_same(&inventory(sim).await, &inventory(&fresh).await, self.name);
    }
}

/// A case for a property of a builder: `base` makes a builder that only lacks the property.
///
/// `case!(cases, TargetGroup."health_check.interval", InPlace(&["ModifyTargetGroup"]), [20, 40], base, |b, v| b.f(v))`;
/// after a further comma, what else is to be said of the case, such as `second_is_default()`.
/// Properties that a builder requires, or whose values are references, take [`Case::new`].
macro_rules! case {
    ($cases:ident, $kind:ident.$path:literal, $change:expr, [$first:expr, $second:expr], $base:expr, |$b:ident, $v:ident| $with:expr) => {
        $cases.push($crate::round_trip::case::case!(@new $kind.$path, $change, [$first, $second], $base, |$b, $v| $with))
    };
    ($cases:ident, $kind:ident.$path:literal, $change:expr, [$first:expr, $second:expr], $base:expr, |$b:ident, $v:ident| $with:expr, $($more:tt)+) => {
        $cases.push($crate::round_trip::case::case!(@new $kind.$path, $change, [$first, $second], $base, |$b, $v| $with).$($more)+)
    };
    (@new $kind:ident.$path:literal, $change:expr, [$first:expr, $second:expr], $base:expr, |$b:ident, $v:ident| $with:expr) => {
        $crate::round_trip::case::Case::new(
            concat!(stringify!($kind), ".", $path),
            $change,
            |setting| {
                let mut stack = purlin::Stack::new("round-trip");
                let $b = $base(&mut stack);
                match setting.pick($first, $second) {
                    None => stack.add("it", $b.build()),
                    Some($v) => stack.add("it", $with.build()),
                };
                stack
            },
        )
    };
}
pub(super) use case;
