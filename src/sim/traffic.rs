//! Whether traffic is served: a watch over all listeners and rules, after every call.

use std::collections::BTreeMap;
use std::time::Duration;

use super::world::World;
use super::{SimAws, elbv2};

/// A moment in which what was served before is served no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outage {
    /// When it was noticed, in virtual time since the simulation began.
    pub at: Duration,
    /// The ARN of the listener or rule.
    pub route: String,
    /// What was wrong.
    pub what: String,
    /// When it was served again; none if it is not yet.
    pub until: Option<Duration>,
}

/// What was seen at the last look.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// The routes that exist, and whether they served.
    routes: BTreeMap<String, Seen>,
    /// The places of routes that served and are gone: a listener's port, a rule's number.
    vacant: BTreeMap<String, String>,
    outages: Vec<Outage>,
}

#[derive(Debug, Clone)]
struct Seen {
    place: String,
    serves: bool,
}

/// A listener's default action or a rule, as far as it forwards.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) arn: String,
    /// The balancer and port, and the number of a rule: what stays the same when it is made anew.
    pub(crate) place: String,
    /// Why nothing serves what it gets; none if something does.
    pub(crate) trouble: Option<String>,
}

/// Looks at all routes; does nothing while nobody watches.
pub(crate) fn look(world: &mut World) {
    if world.traffic.is_none() {
        return;
    }
    let (now, routes) = (world.now, elbv2::routes(world));
    if let Some(traffic) = &mut world.traffic {
        traffic.compare(now, routes);
    }
}

impl Traffic {
    fn compare(&mut self, now: Duration, routes: Vec<Route>) {
        let mut before = std::mem::take(&mut self.routes);
        for route in routes {
            let last = before.remove(&route.arn);
            let serves = route.trouble.is_none();
            let outage = |what: String, until| Outage { at: now, route: route.arn.clone(), what, until };
            if serves {
                let open = self.outages.iter_mut().filter(|outage| outage.until.is_none());
                open.filter(|outage| outage.route == route.arn).for_each(|outage| outage.until = Some(now));
            }
            if let (Some(Seen { serves: true, .. }), Some(trouble)) = (&last, &route.trouble) {
                self.outages.push(outage(trouble.clone(), None));
            }
            if let (None, Some(gone)) = (&last, self.vacant.remove(&route.place)) {
                self.outages.push(outage(
                    format!("it takes the place of {gone}, which was gone before"),
                    serves.then_some(now),
                ));
            }
            self.routes.insert(route.arn, Seen { place: route.place, serves });
        }
        let served = before.into_iter().filter(|(_, seen)| seen.serves);
        self.vacant.extend(served.map(|(arn, seen)| (seen.place, arn)));
    }
}

impl SimAws {
    /// Begins to watch whether what listeners and rules forward is served: from now on they are looked
    /// at after every call.
    ///
    /// An outage is a listener or rule that forwarded to a healthy target and, while it still exists,
    /// does not any more: its target groups are gone, empty or unhealthy. It is also an outage if the
    /// listener of a port, or the rule of a number, was gone for a while and came back. What is deleted
    /// for good is none.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use purlin::sim::SimAws;
    ///
    /// let sim = SimAws::new();
    /// sim.watch_traffic();
    /// // Deploy, then deploy a replacement ...
    /// assert!(sim.outages().is_empty());
    /// # }
    /// ```
    pub fn watch_traffic(&self) {
        let mut world = self.shared.lock();
        world.traffic = Some(Traffic::default());
        look(&mut world);
    }

    /// Returns the outages since [`watch_traffic`](Self::watch_traffic).
    #[must_use]
    pub fn outages(&self) -> Vec<Outage> {
        let mut world = self.shared.lock();
        look(&mut world);
        world.traffic.as_ref().map(|traffic| traffic.outages.clone()).unwrap_or_default()
    }
}
