//! One property's life on the simulated AWS.

use purlin::sim::SimAws;
use purlin::*;

use crate::support::{assert_same, hurry, inventory, latest_versions, network};

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
    /// One way in place, by these calls; the other way only by a replacement.
    Either(&'static [&'static str]),
}

/// One property, and the stacks that set it.
pub(crate) struct Case {
    /// The kind and the property as the table has it, such as `TargetGroup.health_check.interval`.
    pub(crate) name: &'static str,
    change: Change,
    declare: Box<dyn Fn(Setting) -> Stack>,
    /// The properties that plans show; that of the name unless said otherwise.
    shows: Vec<&'static str>,
    /// What plans may show beside that.
    may_show: Vec<&'static str>,
    required: bool,
    left_alone: bool,
    second_is_default: bool,
    given: fn(&SimAws),
}

/// What a case has sent: services, and inputs as the SDK writes them.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(super) requests: Vec<(String, String)>,
}

impl Seen {
    /// The requests that changed something.
    pub(super) fn of(sim: &SimAws) -> Self {
        let requests = sim.calls().into_iter().filter(|call| !call.is_read());
        let requests =
            requests.filter_map(|call| Some((format!("{:?}", call.service).to_lowercase(), call.request?))).collect();
        Self { requests }
    }
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
            may_show: Vec::new(),
            required: false,
            left_alone: false,
            second_is_default: false,
            given: |_| {},
        }
    }

    /// The property cannot be left out.
    pub(super) fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Left out, the property is not AWS's default but whatever AWS has.
    pub(super) fn left_alone(mut self) -> Self {
        self.left_alone = true;
        self
    }

    /// What goes along with the property in some plans and not in others.
    pub(super) fn may_show(mut self, paths: impl IntoIterator<Item = &'static str>) -> Self {
        self.may_show = paths.into_iter().collect();
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
        sim.add_vpc("VPC-Other", "10.1.0.0/16");
        sim.add_image("Web Server v1");
        hurry(&sim);
        (self.given)(&sim);
        sim.configure(|settings| settings.record_requests = true);
        sim
    }

    /// Runs the case on the simulated AWS; the error says what is not as it should be.
    pub(crate) async fn run(&self) -> Result<Seen, String> {
        let sim = self.account();
        let aws = sim.aws();
        let declared = self.set_and_leave_out(&aws).await?;
        if !self.required && !self.left_alone && self.leaves_no_trace() {
            let fresh = self.account();
            self.reach(&fresh.aws(), Setting::Unset).await?;
            assert_same(&self.inventory(&sim).await, &self.inventory(&fresh).await, self.name);
        }
        self.set_by_others(&aws, declared).await?;
        Ok(Seen::of(&sim))
    }

    /// Runs the case in an account that has the lab's network.
    pub(crate) async fn life(&self, aws: &Aws) -> Result<(), String> {
        let declared = self.set_and_leave_out(aws).await?;
        self.set_by_others(aws, declared).await
    }

    /// Sets, changes and leaves out the property; returns the setting that ended it.
    async fn set_and_leave_out(&self, aws: &Aws) -> Result<Setting, String> {
        self.reach(aws, Setting::First).await?;
        self.moves(aws, Setting::Second).await?;
        if self.required {
            return Ok(Setting::Second);
        }
        if self.left_alone || self.second_is_default {
            let plan = self.plan(aws, Setting::Unset).await?;
            if !plan.is_empty() {
                return Err(format!("{}: left out, it stays\n{plan}", self.name));
            }
        }
        if self.second_is_default {
            self.moves(aws, Setting::First).await?;
        }
        if !self.left_alone {
            self.moves(aws, Setting::Unset).await?;
        }
        Ok(Setting::Unset)
    }

    /// A colleague's program, or the console, sets it meanwhile.
    async fn set_by_others(&self, aws: &Aws, declared: Setting) -> Result<(), String> {
        // What is left alone when it is left out can only drift where it is declared.
        let declared = if self.left_alone { Setting::Second } else { declared };
        match declared {
            Setting::Unset => self.moves(aws, Setting::First).await?,
            _ => self.reach(aws, Setting::First).await?,
        }
        self.drifts(aws, declared).await
    }

    /// The stacks in which the property is set, in one way and in another.
    pub(crate) fn set(&self) -> [Stack; 2] {
        [Setting::First, Setting::Second].map(|setting| self.stack(setting))
    }

    fn stack(&self, setting: Setting) -> Stack {
        (self.declare)(setting)
    }

    async fn plan(&self, aws: &Aws, setting: Setting) -> Result<Plan, String> {
        let planned = Deployer::new(aws.clone()).plan(&self.stack(setting)).await;
        planned.map_err(|error| format!("{} {setting:?}: {error}", self.name))
    }

    /// Deploys the setting; afterwards there is nothing left to do.
    async fn reach(&self, aws: &Aws, setting: Setting) -> Result<(), String> {
        let plan = self.plan(aws, setting).await?;
        self.carry_out(aws, setting, plan).await
    }

    async fn carry_out(&self, aws: &Aws, setting: Setting, plan: Plan) -> Result<(), String> {
        let applied = Deployer::new(aws.clone()).with_confirmation(false).apply(plan.approve()).await;
        applied.map_err(|failure| format!("{} {setting:?}: {failure}", self.name))?;
        let plan = self.plan(aws, setting).await?;
        match plan.is_empty() {
            true => Ok(()),
            false => Err(format!("{} {setting:?}: after the deploy there is still\n{plan}", self.name)),
        }
    }

    /// The plan shows this change and nothing else; then it is carried out.
    async fn moves(&self, aws: &Aws, setting: Setting) -> Result<(), String> {
        let plan = self.plan(aws, setting).await?;
        let wrong = |what: &str| Err(format!("{} {setting:?}: {what}\n{plan}", self.name));
        let is_it = |change: &&ResourceChange| change.address.name() == "it";
        let it: Vec<_> = plan.changes().iter().filter(is_it).filter(|change| !change.properties.is_empty()).collect();
        let [it] = it.as_slice() else { return wrong("one resource has to change") };
        // A parent may note in its tags what it has.
        let notes = |change: &ResourceChange| {
            change.action == PlannedAction::Update && change.properties.iter().all(PropertyChange::is_ownership)
        };
        let stays = |change: &ResourceChange| change.action == PlannedAction::Keep || notes(change);
        if plan.changes().iter().any(|change| !is_it(&change) && !stays(change)) {
            return wrong("others change, too");
        }
        self.names(&it.properties).or_else(|paths| wrong(&paths))?;
        for property in it.properties.iter().filter(|property| !property.is_ownership()) {
            match (self.change, &property.effect) {
                (Change::InPlace(calls) | Change::Either(calls), Effect::InPlace(call))
                    if calls.contains(&call.name()) => {}
                (Change::Replace | Change::Either(_), Effect::Replace(_)) => {}
                _ => return wrong(&format!("{} is not {:?}", property.path, self.change)),
            }
        }
        self.carry_out(aws, setting, plan).await
    }

    /// Somebody else has changed it; drift names it and nothing else.
    async fn drifts(&self, aws: &Aws, declared: Setting) -> Result<(), String> {
        let drift = Deployer::new(aws.clone()).drift(&self.stack(declared)).await;
        let drift = drift.map_err(|error| format!("{}: {error}", self.name))?;
        let wrong = |what: &str| Err(format!("{}: {what}\n{drift}", self.name));
        let notes = |drifted: &Drifted| {
            drifted.kind == DriftKind::Changed && drifted.properties.iter().all(PropertyChange::is_ownership)
        };
        let differ: Vec<_> = drift.resources.iter().filter(|drifted| !notes(drifted)).collect();
        let [it] = differ.as_slice() else { return wrong("one resource has to differ") };
        if (it.address.name(), it.kind) != ("it", DriftKind::Changed) {
            return wrong("it has to differ");
        }
        self.names(&it.properties).or_else(|paths| wrong(&paths))
    }

    /// The properties are those that the case says, apart from purlin's own tags.
    fn names(&self, properties: &[PropertyChange]) -> Result<(), String> {
        // The ids of subnets are not the case's to know.
        let path = |property: &'_ PropertyChange| property.path.split(".subnet-").next().unwrap_or_default().to_owned();
        let mut paths: Vec<_> = properties.iter().filter(|p| !p.is_ownership()).map(path).collect();
        paths.sort_unstable();
        paths.dedup();
        paths.retain(|path| !self.may_show.contains(&path.as_str()));
        let mut expected = self.shows.clone();
        expected.sort_unstable();
        if paths == expected { Ok(()) } else { Err(format!("{paths:?} instead of {expected:?}")) }
    }

    /// What is in the account; of templates, what their latest versions say, for versions stay.
    async fn inventory(&self, sim: &SimAws) -> Vec<String> {
        if self.name.starts_with("LaunchTemplate.") { latest_versions(sim).await } else { inventory(sim).await }
    }

    /// Whether what was set and left out again leaves the account as if it had never been set: a
    /// replaced resource has another name.
    fn leaves_no_trace(&self) -> bool {
        !matches!(self.change, Change::Replace | Change::Either(_))
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
            move |setting| {
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
