//! Scheduled actions: sizes of an Auto Scaling group that change by the calendar.

use typed_builder::TypedBuilder;

use crate::cron::Cron;
use crate::id::AutoScalingGroupName;
use crate::input::{Input, IntoInput};
use crate::problem::Problems;
use crate::time_zone;
use crate::timestamp::Timestamp;
use crate::value::Value;

use super::{Describe, Operation, Property, ResourceType, Rights, Update, Visit};

/// A scheduled action of an Auto Scaling group: sets its sizes at a time, or again and again.
///
/// Follows `PutScheduledUpdateGroupAction` of the EC2 Auto Scaling API. Everything but name and
/// group changes in place. AWS cannot tag scheduled actions; the tags of the group say which of them
/// are the stack's. One of `min_size`, `max_size` and `desired_capacity` has to be set at least.
///
/// An action that does not come again goes by itself once it has run. Take the declaration away
/// then: AWS takes no time that has passed.
///
/// A group sets its own sizes again when it is next deployed, so what an action changes is seen as
/// drift of `min_size` and `max_size` until then.
///
/// ```
/// # use purlin::{AutoScalingGroup, Ref, Stack};
/// use purlin::{Recurrence, ScheduledAction};
///
/// # fn declare(stack: &mut Stack, group: Ref<AutoScalingGroup>) {
/// // Two instances from half past eight on working days.
/// stack.add(
///     "morning",
///     ScheduledAction::builder()
///         .name("morning")
///         .group(group)
///         .schedule(Recurrence::cron("30 8 * * MON-FRI").time_zone("Asia/Seoul"))
///         .desired_capacity(2)
///         .build(),
/// );
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, TypedBuilder)]
#[builder(doc, field_defaults(setter(strip_option)))]
#[non_exhaustive]
pub struct ScheduledAction {
    /// The name: 1 to 100 letters, digits, spaces and `_.:/=+-@`, unique in the group; AWS takes
    /// longer ones, and a tag of the group has to hold it. Sets `ScheduledActionName`.
    #[builder(setter(!strip_option, into))]
    pub(crate) name: String,
    /// The group. Sets `AutoScalingGroupName`.
    #[builder(setter(!strip_option, transform = |group: impl IntoInput<AutoScalingGroupName>| group.into_input()))]
    pub(crate) group: Input<AutoScalingGroupName>,
    /// When it runs: a [`Timestamp`], or a [`Recurrence`]. Sets `StartTime`, or `Recurrence` and
    /// what belongs to it.
    #[builder(setter(!strip_option, into))]
    pub(crate) schedule: Schedule,
    /// The minimum size from then on: 0 or more instances. AWS's default is to leave it. Sets
    /// `MinSize`.
    #[builder(default)]
    pub(crate) min_size: Option<u32>,
    /// The maximum size from then on: 0 or more instances. AWS's default is to leave it. Sets
    /// `MaxSize`.
    #[builder(default)]
    pub(crate) max_size: Option<u32>,
    /// The number of instances at that time: 0 or more. AWS's default is to leave it. Sets
    /// `DesiredCapacity`.
    #[builder(default)]
    pub(crate) desired_capacity: Option<u32>,
    /// The address in the stack, which the tags of the group hold.
    #[builder(default, setter(skip))]
    pub(crate) owner: Option<String>,
}

/// What AWS hands out for a scheduled action.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScheduledActionOutputs {
    /// The name of the action, by which AWS knows it in its group.
    pub name: String,
    /// What tells it from everything else: the name alone may be that of other things, too.
    pub(crate) id: String,
}

impl ScheduledActionOutputs {
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only the engine knows outputs"))]
    pub(crate) fn new(group: &str, name: &str) -> Self {
        Self { name: name.to_owned(), id: format!("{group}/scheduledAction/{name}") }
    }
}

/// When a scheduled action runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Schedule {
    /// At one time, which has not passed.
    Once(Timestamp),
    /// Again and again.
    Recurring(Recurrence),
}

impl From<Timestamp> for Schedule {
    fn from(time: Timestamp) -> Self {
        Self::Once(time)
    }
}

impl From<Recurrence> for Schedule {
    fn from(recurrence: Recurrence) -> Self {
        Self::Recurring(recurrence)
    }
}

/// A schedule that comes again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    pub(crate) cron: String,
    pub(crate) time_zone: Option<String>,
    pub(crate) start: Option<Timestamp>,
    pub(crate) end: Option<Timestamp>,
}

impl Recurrence {
    /// Comes at the times of a cron expression: minute, hour, day of the month, month, day of the
    /// week. Sets `Recurrence`.
    pub fn cron(expression: impl Into<String>) -> Self {
        Self { cron: expression.into(), time_zone: None, start: None, end: None }
    }

    /// Reads the cron expression in a time zone, by its canonical name, such as `Asia/Seoul`. AWS's
    /// default is UTC. Sets `TimeZone`.
    #[must_use]
    pub fn time_zone(mut self, name: impl Into<String>) -> Self {
        self.time_zone = Some(name.into());
        self
    }

    /// Comes for the first time then, and by the cron expression afterwards. AWS's default is the
    /// next time of the expression. Sets `StartTime`.
    #[must_use]
    pub fn starts(mut self, time: Timestamp) -> Self {
        self.start = Some(time);
        self
    }

    /// Comes no more after then, and the action goes. AWS's default is to go on. Sets `EndTime`.
    #[must_use]
    pub fn ends(mut self, time: Timestamp) -> Self {
        self.end = Some(time);
        self
    }

    fn is_utc(&self) -> bool {
        self.time_zone.as_deref().is_none_or(|zone| zone == "UTC")
    }

    /// Whether AWS may have worked out this start by itself: it answers with the next run of what
    /// has begun. Without a table of time zones that can be told of UTC only.
    fn may_be_next(&self, start: Timestamp) -> bool {
        !self.is_utc() || Cron::parse(&self.cron).is_none_or(|cron| cron.matches(start))
    }
}

impl ScheduledAction {
    fn recurrence(&self) -> Option<&Recurrence> {
        match &self.schedule {
            Schedule::Recurring(recurrence) => Some(recurrence),
            Schedule::Once(_) => None,
        }
    }

    pub(crate) fn start(&self) -> Option<Timestamp> {
        match &self.schedule {
            Schedule::Once(time) => Some(*time),
            Schedule::Recurring(recurrence) => recurrence.start,
        }
    }

    /// Whether the start that is declared has passed, as far as what AWS answers tells: then AWS
    /// takes it no more, and it means nothing any more.
    pub(crate) fn has_begun(&self, observed: &Self) -> bool {
        let (Some(recurrence), Some(theirs)) = (self.recurrence(), observed.recurrence()) else { return false };
        let Some(present) = theirs.start else { return recurrence.start.is_none() };
        recurrence.start.is_none_or(|start| present > start) && theirs.may_be_next(present)
    }
}

const PUT: Operation = Operation::PutScheduledUpdateGroupAction;

/// A start that has passed, or that AWS works out, is not compared.
fn by_start(desired: &ScheduledAction, observed: &ScheduledAction) -> Update<ScheduledAction> {
    if desired.has_begun(observed) { Update::Initial } else { Update::Call(PUT) }
}

impl Describe for ScheduledAction {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("name", "PutScheduledUpdateGroupAction.ScheduledActionName", |r| Value::of(&r.name)),
        Property::<Self>::new("group", "PutScheduledUpdateGroupAction.AutoScalingGroupName", |r| Value::of(&r.group)),
        Property::<Self>::new("start", "PutScheduledUpdateGroupAction.StartTime", |r| Value::of(&r.start()))
            .depends(by_start),
        Property::<Self>::new("recurrence", "PutScheduledUpdateGroupAction.Recurrence", |r| {
            r.recurrence().map_or(Value::Unset, |recurrence| Value::of(&recurrence.cron))
        })
        .updated_by(PUT),
        Property::<Self>::new("time_zone", "PutScheduledUpdateGroupAction.TimeZone", |r| {
            r.recurrence().map_or(Value::Unset, |recurrence| Value::of(&recurrence.time_zone))
        })
        .or(|r| if r.recurrence().is_some() { Value::of("UTC") } else { Value::Unset })
        .updated_by(PUT),
        Property::<Self>::new("end", "PutScheduledUpdateGroupAction.EndTime", |r| {
            r.recurrence().map_or(Value::Unset, |recurrence| Value::of(&recurrence.end))
        })
        .updated_by(PUT),
        Property::<Self>::new("min_size", "PutScheduledUpdateGroupAction.MinSize", |r| Value::of(&r.min_size))
            .updated_by(PUT),
        Property::<Self>::new("max_size", "PutScheduledUpdateGroupAction.MaxSize", |r| Value::of(&r.max_size))
            .updated_by(PUT),
        Property::<Self>::new("desired_capacity", "PutScheduledUpdateGroupAction.DesiredCapacity", |r| {
            Value::of(&r.desired_capacity)
        })
        .updated_by(PUT),
    ];
    const CREATE: Operation = PUT;
    const DELETE: Operation = Operation::DeleteScheduledAction;
    const SAME: &'static str = "V193";
    const TYPE: ResourceType = ResourceType::Part;
    const FOUND_BY: &'static [&'static str] = &[];
    const GOES_WITH_PARENT: bool = true;

    fn rights(&self, rights: &mut Rights) {
        rights.reads(&["autoscaling:DescribeScheduledActions"]);
    }

    fn natural_key(&self) -> Vec<Value> {
        vec![Value::of(&self.group), Value::of(&self.name)]
    }

    fn parent(&self) -> Value {
        Value::of(&self.group)
    }

    fn recorded_as(&self) -> Option<String> {
        Some(format!("{}{}", super::tags::SCHEDULE, self.name))
    }

    fn set_tag(&mut self, key: &str, value: &str) {
        if key == super::tags::ADDRESS {
            self.owner = Some(value.to_owned());
        }
    }

    fn has_tag(&self, _key: &str) -> bool {
        false
    }

    fn inputs(&mut self, visit: &mut Visit<'_>) {
        visit(&mut self.group);
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        // The tag of the group that records the action holds its name after a prefix.
        problems.text(
            "P5",
            "name",
            &self.name,
            1..=100,
            |c| c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c),
            "letters, digits, spaces and `_.:/=+-@`",
        );
        let Self { min_size: min, max_size: max, desired_capacity: desired, .. } = self;
        if min.or(*max).or(*desired).is_none() {
            problems.report("V186", "(sizes)", "", "needs one of min_size, max_size and desired_capacity at least");
        }
        let order = [("min_size", min, "max_size", max), ("min_size", min, "desired_capacity", desired)];
        for (low, least, high, most) in order.into_iter().chain([("desired_capacity", desired, "max_size", max)]) {
            if let Some((least, most)) = least.zip(*most).filter(|(least, most)| least > most) {
                problems.report("V186", low, least, format!("must not be above {high}, which is {most}"));
            }
        }
        let Some(recurrence) = self.recurrence() else { return };
        if recurrence.cron.chars().count() > 255 || Cron::parse(&recurrence.cron).is_none() {
            problems.report(
                "V186",
                "recurrence",
                format!("{:?}", recurrence.cron),
                "must have five fields: minute, hour, day of the month, month, day of the week, such as `30 8 * * 1-5`",
            );
        }
        if let Some(zone) = recurrence.time_zone.as_ref().filter(|zone| !time_zone::exists(zone)) {
            let rule = "must be the name of a time zone in the IANA database, such as `Asia/Seoul` or `UTC`";
            problems.report("V186", "time_zone", format!("{zone:?}"), rule);
        }
        if let Some((start, end)) = recurrence.start.zip(recurrence.end).filter(|(start, end)| start >= end) {
            problems.report("V186", "end", end, format!("must be after the start, {start}"));
        }
    }

    fn output(outputs: &ScheduledActionOutputs, name: &str) -> Value {
        if name == "name" { Value::of(&outputs.name) } else { Value::Unset }
    }

    fn id(outputs: &ScheduledActionOutputs) -> &str {
        &outputs.id
    }
}
