//! What is logged through `tracing`: exactly what the documentation of `purlin::telemetry` lists.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use purlin::sim::Fault;
use purlin::*;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::support::{LAB, Variant, given};

/// What one span or event says: its name, its target and level, and its fields with their values.
#[derive(Debug, Clone, Default)]
struct Said {
    name: String,
    place: String,
    /// The span that it is in.
    within: Option<String>,
    fields: BTreeMap<String, String>,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let value = format!("{value:?}");
        if field.name() == "message" { self.name = value } else { _ = self.fields.insert(field.name().into(), value) }
    }
}

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Said>>>);

fn said(metadata: &Metadata<'_>) -> Said {
    let place = format!("{} {}", metadata.target(), metadata.level().as_str().to_lowercase());
    Said { name: metadata.name().to_owned(), place, ..Said::default() }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Heard {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut span = said(attributes.metadata());
        attributes.record(&mut span);
        let span_ref = context.span(id).expect("a span");
        span.within = span_ref.parent().map(|parent| parent.name().to_owned());
        span_ref.extensions_mut().insert(span);
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        if let Some(said) = context.span(id).expect("a span").extensions_mut().get_mut::<Said>() {
            record.record(said);
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let mut said = said(event.metadata());
        event.record(&mut said);
        said.within = context.lookup_current().map(|span| span.name().to_owned());
        self.keep(said);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let said = context.span(&id).and_then(|span| span.extensions_mut().remove::<Said>());
        said.into_iter().for_each(|said| self.keep(said));
    }
}

impl Heard {
    fn keep(&self, said: Said) {
        if said.place.starts_with("purlin") {
            self.0.lock().expect("a lock").push(said);
        }
    }

    fn take(&self) -> Vec<Said> {
        std::mem::take(&mut self.0.lock().expect("a lock"))
    }
}

/// The rows of the tables in the documentation: name, target and level, fields.
fn documented() -> BTreeMap<(String, String), BTreeSet<String>> {
    let rows = include_str!("../../src/telemetry.rs").lines().filter_map(|line| line.strip_prefix("//! | `"));
    let row = |row: &str| {
        let cells: Vec<_> = row.split('|').map(|cell| cell.replace('`', "").trim().to_owned()).collect();
        let fields = cells[3].split(", ").map(ToOwned::to_owned).collect();
        ((cells[0].clone(), format!("{} {}", cells[1], cells[2])), fields)
    };
    rows.map(row).collect()
}

const SECRET: &str = "do not log this";

#[tokio::test(start_paused = true)]
async fn what_is_documented_is_logged_and_nothing_else() {
    let heard = Heard::default();
    // While there is one subscriber only, tracing asks that of whichever thread comes to a place first
    // whether anybody listens there: other tests' threads have none.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(heard.clone()));
    let sim = given(&[80]);
    let deployer = Deployer::new(sim.aws());
    let (stack, _) = Variant { user_data: Some(SECRET), ..LAB }.stack();

    sim.inject(Fault::on("CreateTargetGroup").code("Throttling").times(1));
    sim.inject(Fault::on("CreateLoadBalancer").code("AccessDenied").message("not allowed").times(1));
    let plan = deployer.plan(&stack).await.expect("a plan");
    deployer.apply(plan).await.expect_err("a refusal");
    let mut all = heard.take();

    let failed = all.iter().find(|said| said.name == "step_failed").expect("a failed step");
    assert_eq!(failed.fields["address"], "LoadBalancer.web");
    assert_eq!((&*failed.fields["step"], &*failed.fields["code"]), ("CreateLoadBalancer", "\"AccessDenied\""));
    let refused: Vec<_> = all.iter().filter(|said| said.name == "call" && said.fields.contains_key("code")).collect();
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(refused.iter().all(|call| call.within.as_deref() == Some("step")), "{refused:?}");
    let call = refused.iter().find(|call| call.fields["operation"] == "\"CreateLoadBalancer\"").expect("the call");
    assert_eq!(call.fields["request_id"], failed.fields["request_id"]);
    assert_eq!(call.fields["address"], "\"LoadBalancer.web\"");
    let calls = |operation: &str| {
        let calls = all.iter().filter(|said| said.name == "call" && said.fields["operation"] == operation);
        calls.map(|said| said.fields["attempt"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(calls("\"CreateTargetGroup\""), ["1", "2"]);
    let spans: Vec<_> = all.iter().filter(|said| said.name == "call").collect();
    assert!(spans.iter().all(|said| said.within.is_some()), "a call is part of something: {spans:?}");
    let plans = all.iter().filter(|said| said.name == "plan");
    assert_eq!(plans.map(|said| said.within.as_deref()).collect::<Vec<_>>(), [None, Some("apply")]);

    // To the end, with something to warn of.
    let impairing = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        sim.impair_load_balancer("Web-ALB", true);
    };
    let plan = deployer.plan(&stack).await.expect("a plan");
    tokio::join!(deployer.apply(plan), impairing).0.expect("a deploy");
    deployer.apply(deployer.plan_destroy(&stack).await.expect("a plan")).await.expect("a destroy");
    all.extend(heard.take());

    let logged = format!("{all:?}");
    assert!(!logged.contains(SECRET) && !logged.contains("ZG8gbm90"), "a secret is logged");
    let mut seen = BTreeMap::<_, BTreeSet<String>>::new();
    for said in all {
        seen.entry((said.name, said.place)).or_default().extend(said.fields.into_keys());
    }
    assert_eq!(seen, documented());
}
