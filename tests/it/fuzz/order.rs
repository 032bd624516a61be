//! What ran when, held against the plan.

use std::collections::HashMap;
use std::sync::Mutex;

use purlin::{Address, Event, Step, StepKind};

/// The beginnings and ends of steps, in their order.
#[derive(Default)]
pub struct Events(Mutex<Vec<(Address, StepKind, bool)>>);

impl Events {
    pub fn note(&self, event: &Event) {
        let noted = match event {
            Event::StepStarted { address, step } => (address.clone(), *step, true),
            Event::StepFinished { address, step, .. } => (address.clone(), *step, false),
            _ => return,
        };
        self.0.lock().expect("a lock").push(noted);
    }

    pub fn forget(&self) {
        self.0.lock().expect("a lock").clear();
    }

    /// No step began before all that it needs had ended well. Steps that the plan has twice cannot be
    /// told apart and are left out; and so are those that never began: what has been done since the plan
    /// was made is not done again.
    pub fn check(&self, steps: &[Step]) -> Result<(), String> {
        let mut counts: HashMap<(&Address, StepKind), usize> = HashMap::new();
        for step in steps {
            *counts.entry((&step.address, step.kind)).or_default() += 1;
        }
        let events = self.0.lock().expect("a lock");
        let mut began = HashMap::new();
        let mut ended = HashMap::new();
        for (at, (address, kind, start)) in events.iter().enumerate() {
            if *start {
                began.insert((address, *kind), at)
            } else {
                ended.insert((address, *kind), at)
            };
        }
        let known = |step: &&Step| counts[&(&step.address, step.kind)] == 1;
        for step in steps.iter().filter(known) {
            let Some(start) = began.get(&(&step.address, step.kind)) else { continue };
            for before in step.after.iter().map(|before| &steps[*before]).filter(known) {
                let key = (&before.address, before.kind);
                if began.contains_key(&key) && ended.get(&key).is_none_or(|end| end > start) {
                    return Err(format!(
                        "{} {} began before {} {} had ended",
                        step.address, step.kind, before.address, before.kind
                    ));
                }
            }
        }
        Ok(())
    }
}
