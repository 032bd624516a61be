//! One bound of one rule.

use purlin::sim::SimAws;
use purlin::*;

use crate::support::{hurry, network};

/// When a breach is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// By the declaration alone.
    Offline,
    /// With what the lookups or the observation bring.
    Planning,
    /// As an advisory: the plan goes on.
    Advisory,
    /// Before there is a declaration: a value is parsed into its type, or not.
    Parsing,
}

/// What a breach would meet in AWS if purlin let it pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aws {
    /// A refusal; the simulated AWS enforces the rule by itself.
    Refuses,
    /// Nothing: it is accepted, and unwise, ignored or found out later.
    Accepts,
}

/// A bound: a stack just inside of it and a stack just outside.
pub(super) struct Case {
    pub(super) id: &'static str,
    /// What tells the bounds of a rule apart.
    name: &'static str,
    pub(super) found: Found,
    aws: Aws,
    /// The property that the report names.
    path: &'static str,
    declare: Box<dyn Fn(bool) -> Stack>,
    parse: fn(bool) -> bool,
    given: fn(&SimAws),
    /// What has been deployed before.
    before: Option<fn() -> Stack>,
    /// Whether the stack inside is deployed, too.
    deploys: bool,
}

impl Case {
    /// `declare` is told whether the stack is to be inside.
    pub(super) fn new(
        id: &'static str,
        name: &'static str,
        path: &'static str,
        declare: impl Fn(bool) -> Stack + 'static,
    ) -> Self {
        Self {
            id,
            name,
            found: Found::Offline,
            aws: Aws::Refuses,
            path,
            declare: Box::new(declare),
            parse: |inside| inside,
            given: |_| {},
            before: None,
            deploys: true,
        }
    }

    /// A bound of a type that parses its value: `parse` tells whether the value inside or outside is
    /// taken.
    pub(super) fn parsing(id: &'static str, name: &'static str, parse: fn(bool) -> bool) -> Self {
        Self { parse, found: Found::Parsing, ..Self::new(id, name, "", |_| Stack::new("nothing")) }
    }

    pub(super) fn found(mut self, found: Found) -> Self {
        self.found = found;
        self
    }

    /// AWS accepts what is outside.
    pub(super) fn aws_accepts(mut self) -> Self {
        self.aws = Aws::Accepts;
        self
    }

    /// What there must be besides the lab's network.
    pub(super) fn given(mut self, given: fn(&SimAws)) -> Self {
        self.given = given;
        self
    }

    /// What has been deployed before: for what AWS is asked only then.
    pub(super) fn after(mut self, before: fn() -> Stack) -> Self {
        self.before = Some(before);
        self
    }

    /// What is inside refers to what no account here has; it is only planned.
    pub(super) fn only_planned(mut self) -> Self {
        self.deploys = false;
        self
    }

    async fn account(&self) -> Result<SimAws, String> {
        let sim = SimAws::new();
        network(&sim);
        sim.add_image("Web Server v1");
        hurry(&sim);
        (self.given)(&sim);
        if let Some(before) = self.before {
            let deployer = Deployer::new(sim.aws());
            let plan = deployer.plan(&before()).await.map_err(|error| self.text("before", &error))?;
            deployer.apply(plan).await.map_err(|failure| self.text("before", &failure))?;
        }
        Ok(sim)
    }

    pub(super) async fn run(&self) -> Result<(), String> {
        self.inside().await?;
        match self.found {
            Found::Parsing => match ((self.parse)(true), (self.parse)(false)) {
                (true, false) => Ok(()),
                taken => Err(self.text("inside and outside are taken", &format!("{taken:?}"))),
            },
            Found::Advisory => self.advised().await,
            Found::Offline => {
                let error = Plan::preview(&(self.declare)(false)).err();
                self.reported(error)?;
                self.refused().await
            }
            Found::Planning => {
                let stack = (self.declare)(false);
                let preview = Plan::preview(&stack).map_err(|error| self.text("offline, too", &error))?;
                drop(preview);
                self.reported(Deployer::new(self.account().await?.aws()).plan(&stack).await.err())?;
                self.refused().await
            }
        }
    }

    fn text(&self, what: &str, more: &impl std::fmt::Display) -> String {
        format!("{} {}: {what}: {more}", self.id, self.name)
    }

    async fn inside(&self) -> Result<(), String> {
        let stack = (self.declare)(true);
        let deployer = Deployer::new(self.account().await?.aws());
        let plan = deployer.plan(&stack).await.map_err(|error| self.text("inside is refused", &error))?;
        if self.found == Found::Advisory && self.told(&plan) {
            return Err(self.text("inside is advised against", &plan));
        }
        if self.deploys {
            deployer.apply(plan.approve()).await.map_err(|failure| self.text("inside cannot be deployed", &failure))?;
        }
        Ok(())
    }

    /// The report has this one problem and no other.
    fn reported(&self, error: Option<Error>) -> Result<(), String> {
        let Some(error) = error else { return Err(self.text("outside passes", &"")) };
        match error.problems() {
            [problem] if problem.id == self.id && problem.path == self.path => Ok(()),
            _ => Err(self.text("outside is reported otherwise", &error)),
        }
    }

    /// Without the check of purlin, AWS says no.
    async fn refused(&self) -> Result<(), String> {
        let mut stack = (self.declare)(false);
        stack.accept_everywhere(self.id, "to see what AWS says");
        let deployer = Deployer::new(self.account().await?.aws());
        let outcome = match deployer.plan(&stack).await {
            Ok(plan) => deployer.apply(plan.approve()).await.map(drop).map_err(|failure| failure.to_string()),
            Err(error) if error.code().is_none() => return Err(self.text("accepted and reported", &error)),
            Err(error) => Err(error.to_string()),
        };
        match (self.aws, outcome) {
            (Aws::Refuses, Ok(())) => Err(self.text("the simulated AWS takes what is outside", &"")),
            // It takes it, and makes something else of it.
            (Aws::Accepts, Err(failure)) if failure.contains("AWS does not have what is declared") => Ok(()),
            (Aws::Accepts, Err(failure)) => Err(self.text("the simulated AWS refuses what is outside", &failure)),
            _ => Ok(()),
        }
    }

    /// Whether the plan advises against it, or asks for a yes to it.
    fn told(&self, plan: &Plan) -> bool {
        plan.advisories().iter().any(|advisory| advisory.id == self.id)
            || plan.interruptions().iter().any(|interruption| interruption.id == self.id && !interruption.accepted)
    }

    /// The plan advises against it, unless that is accepted.
    async fn advised(&self) -> Result<(), String> {
        let mut stack = (self.declare)(false);
        let deployer = Deployer::new(self.account().await?.aws());
        let plan = deployer.plan(&stack).await.map_err(|error| self.text("outside is refused", &error))?;
        if !self.told(&plan) {
            return Err(self.text("outside is not advised against", &plan));
        }
        stack.accept_everywhere(self.id, "the test says so");
        let plan = deployer.plan(&stack).await.map_err(|error| self.text("accepted and refused", &error))?;
        if self.told(&plan) { Err(self.text("accepted and still advised against", &plan)) } else { Ok(()) }
    }
}
