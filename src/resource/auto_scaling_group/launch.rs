//! What a group launches: a launch template, or several instance types around one.

use typed_builder::TypedBuilder;

use crate::id::{ImageId, LaunchTemplateId};
use crate::input::{Input, IntoInput, Ref};
use crate::problem::Problems;
use crate::resource::names::names;
use crate::resource::record::record;
use crate::resource::{InstanceRequirements, LaunchTemplate, Visit, validate_type};
use crate::value::{ToValue, Value};

/// A launch template and which of its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct TemplateVersion {
    pub(crate) id: Input<LaunchTemplateId>,
    pub(crate) version: Input<String>,
}

impl TemplateVersion {
    /// A version of a template: a number, `$Latest` or `$Default`; up to 255 characters.
    pub fn new(template: impl IntoInput<LaunchTemplateId>, version: impl Into<String>) -> Self {
        Self { id: template.into_input(), version: Input::known(version.into()) }
    }

    /// Whether AWS decides by itself which version that is, whenever it launches.
    pub(crate) fn floats(&self) -> bool {
        self.version.as_known().is_some_and(|version| version.starts_with('$'))
    }

    fn inputs(&mut self, visit: &mut Visit<'_>) {
        visit(&mut self.id);
        visit(&mut self.version);
    }

    fn validate(&self, path: &str, problems: &mut Problems<'_>) {
        if let Some(version) = self.version.as_known() {
            problems.text("V159", path, version, 1..=255, |_| true, "");
        }
    }
}

/// The latest version, by number: the group changes when the template does.
impl From<Ref<LaunchTemplate>> for TemplateVersion {
    fn from(template: Ref<LaunchTemplate>) -> Self {
        Self { id: template.into_input(), version: Input::pending(template.attr("latest_version")) }
    }
}

impl ToValue for TemplateVersion {
    fn to_value(&self) -> Value {
        Value::map([("id", Value::of(&self.id)), ("version", Value::of(&self.version))])
    }
}

/// What a group launches; builders name the type in their own.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum GroupLaunch {
    Template(TemplateVersion),
    Mixed(Box<MixedInstances>),
}

impl<T: Into<TemplateVersion>> From<T> for GroupLaunch {
    fn from(template: T) -> Self {
        Self::Template(template.into())
    }
}

impl From<MixedInstances> for GroupLaunch {
    fn from(mixed: MixedInstances) -> Self {
        Self::Mixed(Box::new(mixed))
    }
}

impl GroupLaunch {
    pub(crate) fn template(&self) -> Option<&TemplateVersion> {
        match self {
            Self::Template(template) => Some(template),
            Self::Mixed(_) => None,
        }
    }

    pub(crate) fn mixed(&self) -> Option<&MixedInstances> {
        match self {
            Self::Template(_) => None,
            Self::Mixed(mixed) => Some(mixed),
        }
    }

    /// All templates that instances may come from, that of the group first.
    pub(crate) fn templates(&self) -> Vec<&TemplateVersion> {
        match self {
            Self::Template(template) => vec![template],
            Self::Mixed(mixed) => {
                let own = mixed.overrides.iter().filter_map(|item| item.template.as_ref());
                std::iter::once(&mixed.template).chain(own).collect()
            }
        }
    }

    /// Whether instances are chosen by what they must have.
    pub(crate) fn by_requirements(&self) -> bool {
        self.mixed().is_some_and(MixedInstances::by_requirements)
    }

    pub(crate) fn inputs(&mut self, visit: &mut Visit<'_>) {
        match self {
            Self::Template(template) => template.inputs(visit),
            Self::Mixed(mixed) => {
                mixed.template.inputs(visit);
                for item in &mut mixed.overrides {
                    if let Some(template) = &mut item.template {
                        template.inputs(visit);
                    }
                    if let Some(image) = &mut item.image {
                        visit(image);
                    }
                }
            }
        }
    }

    pub(crate) fn validate(&self, problems: &mut Problems<'_>) {
        match self {
            Self::Template(template) => template.validate("launch_template.version", problems),
            Self::Mixed(mixed) => mixed.validate(problems),
        }
    }
}

/// Several instance types in one group, On-Demand and Spot in the proportion that you say.
///
/// Sets `MixedInstancesPolicy`.
///
/// ```
/// # use purlin::{AutoScalingGroup, LaunchTemplate, Ref, Stack, Subnets};
/// use purlin::{InstancesDistribution, LaunchOverride, MixedInstances, SpotAllocation};
///
/// # fn declare(stack: &mut Stack, template: Ref<LaunchTemplate>, private: Ref<Subnets>) {
/// let mixed = MixedInstances::builder()
///     .template(template)
///     .launch_override(LaunchOverride::instance_type("c7g.large").weight(2))
///     .launch_override(LaunchOverride::instance_type("c7g.xlarge").weight(4))
///     .distribution(
///         InstancesDistribution::builder()
///             .on_demand_base(2)
///             .on_demand_percentage(0)
///             .spot_allocation(SpotAllocation::PriceCapacityOptimized)
///             .build(),
///     )
///     .build();
/// stack.add(
///     "web",
///     AutoScalingGroup::builder().name("Web-ASG").launch_template(mixed).subnets(private).sizes(2..=20).build(),
/// );
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, TypedBuilder)]
#[builder(doc, mutators(
    /// Adds what may be launched, the most preferred first; may be repeated, up to 40 times.
    /// Without any, what the template says is launched. Sets `LaunchTemplate.Overrides`.
    pub fn launch_override(&mut self, item: LaunchOverride) {
        self.overrides.push(item);
    }
))]
#[non_exhaustive]
pub struct MixedInstances {
    /// The template: one of the stack, whose latest version is followed by number, or any template
    /// by id and version. It must not ask for Spot Instances. Sets
    /// `LaunchTemplate.LaunchTemplateSpecification`.
    #[builder(setter(transform = |template: impl Into<TemplateVersion>| template.into()))]
    pub(crate) template: TemplateVersion,
    /// How On-Demand and Spot Instances are shared out. AWS's default is On-Demand Instances only.
    /// Sets `InstancesDistribution`.
    #[builder(default, setter(strip_option))]
    pub(crate) distribution: Option<InstancesDistribution>,
    #[builder(via_mutators)]
    pub(crate) overrides: Vec<LaunchOverride>,
}

impl ToValue for MixedInstances {
    fn to_value(&self) -> Value {
        Value::map([
            ("template", Value::of(&self.template)),
            ("overrides", Value::of(&self.overrides).unless_empty()),
            ("distribution", Value::of(&self.distribution).unless_empty()),
        ])
    }
}

impl MixedInstances {
    fn by_requirements(&self) -> bool {
        self.overrides.iter().any(|item| matches!(item.choice, InstanceChoice::Requirements(_)))
    }

    /// What leaving out a part of it means (`InstancesDistribution`). Base and percentage mean
    /// nothing beside segments, nor the number of pools beside other strategies: there the default
    /// says that they are left out.
    pub(crate) fn defaults(&self) -> Value {
        let distribution = Value::map([
            ("on_demand_allocation", Value::of(&self.default_on_demand())),
            ("on_demand_base", Value::Integer(0)),
            ("on_demand_percentage", Value::Integer(100)),
            ("spot_allocation", Value::of(&SpotAllocation::LowestPrice)),
            ("spot_pools", Value::Integer(2)),
        ]);
        Value::map([("distribution", distribution)])
    }

    pub(crate) fn default_on_demand(&self) -> OnDemandAllocation {
        if self.by_requirements() { OnDemandAllocation::LowestPrice } else { OnDemandAllocation::Prioritized }
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        let path = "mixed_instances";
        self.template.validate(&format!("{path}.template.version"), problems);
        problems.range("D20", &format!("{path}.overrides"), Some(self.overrides.len()), 0..=40);
        let weighted = self.overrides.iter().filter(|item| item.weight.is_some()).count();
        if weighted > 0 && weighted < self.overrides.len() {
            problems.report(
                "V175",
                format!("{path}.overrides"),
                format!("{weighted} of {}", self.overrides.len()),
                "weights go with all overrides or with none: AWS cannot count the others",
            );
        }
        let sets = self.overrides.iter().filter(|item| matches!(item.choice, InstanceChoice::Requirements(_))).count();
        problems.range("D20", &format!("{path}.overrides.requirements"), Some(sets), 0..=4);
        for (index, item) in self.overrides.iter().enumerate() {
            let path = format!("{path}.overrides[{index}]");
            problems.range("V175", &format!("{path}.weight"), item.weight, 1..=999);
            if let Some(template) = &item.template {
                template.validate(&format!("{path}.template.version"), problems);
            }
            if let InstanceChoice::Type(name) = &item.choice {
                validate_type(&format!("{path}.instance_type"), name, problems);
            }
            if let InstanceChoice::Requirements(requirements) = &item.choice {
                requirements.validate(&format!("{path}.requirements"), problems);
                if requirements.encryption_in_transit.is_some() {
                    let path = format!("{path}.requirements.encryption_in_transit");
                    problems.report("D30", path, "", "only launch templates take it");
                }
            }
        }
        let Some(distribution) = &self.distribution else { return };
        let path = format!("{path}.distribution");
        problems.range("V176", &format!("{path}.on_demand_percentage"), distribution.on_demand_percentage, 0..=100);
        problems.range("V176", &format!("{path}.spot_pools"), distribution.spot_pools, 1..=20);
        let lowest_price = distribution.spot_allocation.is_none_or(|it| it == SpotAllocation::LowestPrice);
        if let Some(pools) = distribution.spot_pools.filter(|_| !lowest_price) {
            problems.report(
                "V176",
                format!("{path}.spot_pools"),
                pools,
                "goes with the allocation `lowest-price` only",
            );
        }
        if !distribution.segments.is_empty()
            && (distribution.on_demand_base.is_some() || distribution.on_demand_percentage.is_some())
        {
            problems.report("D21", format!("{path}.segments"), "", "go without an On-Demand base and percentage");
        }
        let prioritized = distribution.on_demand_allocation == Some(OnDemandAllocation::Prioritized)
            || distribution.spot_allocation == Some(SpotAllocation::CapacityOptimizedPrioritized);
        if self.by_requirements() && prioritized {
            problems.report("D22", path, "", "nothing is prioritized where instances are chosen by requirements");
        }
    }
}

/// What a group may launch, and how that differs from the launch template.
#[derive(Debug, Clone, PartialEq)]
pub struct LaunchOverride {
    pub(crate) choice: InstanceChoice,
    pub(crate) weight: Option<u32>,
    pub(crate) template: Option<TemplateVersion>,
    pub(crate) image: Option<Input<ImageId>>,
}

/// Which instances an override is about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum InstanceChoice {
    /// That of the template: on observed groups only.
    Template,
    Type(String),
    Requirements(Box<InstanceRequirements>),
}

impl LaunchOverride {
    /// An instance type, such as `c7g.large`. Sets `InstanceType`.
    pub fn instance_type(name: impl Into<String>) -> Self {
        Self::new(InstanceChoice::Type(name.into()))
    }

    /// All instance types that have what is required; up to four sets in a group. Sets
    /// `InstanceRequirements`.
    #[must_use]
    pub fn requirements(requirements: InstanceRequirements) -> Self {
        Self::new(InstanceChoice::Requirements(Box::new(requirements)))
    }

    pub(crate) fn new(choice: InstanceChoice) -> Self {
        Self { choice, weight: None, template: None, image: None }
    }

    /// The units of capacity that an instance counts for: 1 to 999, on all overrides or on none.
    /// AWS's default is one. Sets `WeightedCapacity`.
    #[must_use]
    pub fn weight(mut self, units: u32) -> Self {
        self.weight = Some(units);
        self
    }

    /// Another template for these instances, such as one with an image for their processors. Sets
    /// `LaunchTemplateSpecification`.
    #[must_use]
    pub fn template(mut self, template: impl Into<TemplateVersion>) -> Self {
        self.template = Some(template.into());
        self
    }

    /// Another image for these instances. Sets `ImageId`.
    #[must_use]
    pub fn image(mut self, image: impl IntoInput<ImageId>) -> Self {
        self.image = Some(image.into_input());
        self
    }
}

impl ToValue for LaunchOverride {
    fn to_value(&self) -> Value {
        let (instance_type, requirements) = match &self.choice {
            InstanceChoice::Template => (Value::Unset, Value::Unset),
            InstanceChoice::Type(name) => (Value::of(name), Value::Unset),
            InstanceChoice::Requirements(requirements) => (Value::Unset, Value::of(&**requirements)),
        };
        Value::map([
            ("instance_type", instance_type),
            ("requirements", requirements),
            ("weight", Value::of(&self.weight)),
            ("template", Value::of(&self.template)),
            ("image", Value::of(&self.image)),
        ])
    }
}

record! {
    /// How On-Demand and Spot Instances are shared out.
    #[derive(Debug, Clone, Default, PartialEq, TypedBuilder)]
    #[builder(doc, field_defaults(default, setter(strip_option)), mutators(
        /// Adds a segment: the kinds of capacity that it is filled from, the most preferred first.
        /// Goes without an On-Demand base and percentage. Sets `DistributionSegments`.
        pub fn segment(&mut self, types: impl IntoIterator<Item = CapacityType>) {
            self.segments.push(types.into_iter().collect());
        }
    ))]
    #[non_exhaustive]
    pub struct InstancesDistribution {
        /// Which instance types On-Demand Instances have. AWS's default is the order of the
        /// overrides; the lowest price where they are chosen by requirements. Sets
        /// `OnDemandAllocationStrategy`.
        pub(crate) on_demand_allocation: Option<OnDemandAllocation>,
        /// The capacity that On-Demand Instances make up in any case, in the units of the desired
        /// capacity. AWS's default is 0. Sets `OnDemandBaseCapacity`.
        pub(crate) on_demand_base: Option<u32>,
        /// The percentage of On-Demand Instances in what is above that: 0 to 100. AWS's default is
        /// 100. Sets `OnDemandPercentageAboveBaseCapacity`.
        pub(crate) on_demand_percentage: Option<u32>,
        /// Which instance types Spot Instances have. AWS's default is the lowest price; AWS
        /// recommends [`SpotAllocation::PriceCapacityOptimized`]. Sets `SpotAllocationStrategy`.
        pub(crate) spot_allocation: Option<SpotAllocation>,
        /// The number of cheapest pools that Spot Instances are taken from: 1 to 20; goes with the
        /// lowest price only. AWS's default is 2. Sets `SpotInstancePools`.
        pub(crate) spot_pools: Option<u32>,
        /// The most to be paid for a Spot Instance in an hour, in dollars: at least 0.001. AWS's
        /// default is the On-Demand price. Sets `SpotMaxPrice`.
        #[builder(setter(into))]
        pub(crate) spot_max_price: Option<String>,
        #[builder(via_mutators)]
        pub(crate) segments: Vec<Vec<CapacityType>>,
    }
}

names! {
    /// Which instance types On-Demand Instances have.
    OnDemandAllocation {
        /// The cheapest.
        LowestPrice = "lowest-price",
        /// The first of the overrides that there is capacity of.
        Prioritized = "prioritized",
    }
}

names! {
    /// Which instance types Spot Instances have.
    SpotAllocation {
        /// Those of which there is most capacity.
        CapacityOptimized = "capacity-optimized",
        /// The same, with regard to the order of the overrides.
        CapacityOptimizedPrioritized = "capacity-optimized-prioritized",
        /// The cheapest.
        LowestPrice = "lowest-price",
        /// Those of which there is much capacity, and the cheapest of them.
        PriceCapacityOptimized = "price-capacity-optimized",
    }
}

names! {
    /// A kind of capacity that instances can be launched into.
    CapacityType {
        /// On-Demand Capacity Reservations.
        OnDemandCapacityReservation = "on-demand-capacity-reservation",
        /// Capacity Blocks.
        CapacityBlock = "capacity-block",
        /// Capacity Reservations that can be interrupted.
        InterruptibleCapacityReservation = "interruptible-capacity-reservation",
        /// On-Demand capacity.
        OnDemand = "on-demand",
    }
}
