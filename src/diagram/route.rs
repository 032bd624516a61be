//! Where lines go: between two layers that follow each other through the corridor between them, and
//! everywhere else along a lane at the side, so that no line crosses a box.

use std::collections::HashMap;

use super::model::{Edge, End};

/// Where a box is from left to right, and in which layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) layer: usize,
    pub(super) left: f64,
    pub(super) right: f64,
}

/// The way of one edge; tracks count within a corridor, lanes within the picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Route {
    pub(super) edge: usize,
    pub(super) from: (usize, f64),
    pub(super) to: (usize, f64),
    pub(super) way: Way,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Way {
    Straight,
    /// Through the corridor between the two.
    Track(usize),
    /// Out by a track below the first, along a lane, and in by a track above the second.
    Lane {
        out: usize,
        lane: usize,
        into: usize,
    },
}

/// The distance between lines beside each other.
pub(super) const STEP: f64 = 9.0;

/// How many tracks each corridor has; the corridor of a layer is the one above it.
#[derive(Debug, Default)]
pub(super) struct Tracks {
    pub(super) of: Vec<usize>,
    pub(super) lanes: usize,
}

/// Finds ways for all edges. `free` says where a line may come down upon a box, where labels are not
/// in its way.
pub(super) fn routes(
    edges: &[Edge],
    places: &HashMap<End, Place>,
    layers: usize,
    free: impl Fn(f64) -> bool,
) -> (Vec<Route>, Tracks) {
    let mut ports = Ports::default();
    let mut tracks = Tracks { of: vec![0; layers + 1], lanes: 0 };
    let mut routes = Vec::new();
    for (index, edge) in edges.iter().enumerate() {
        let (Some(from), Some(to)) = (places.get(&edge.from), places.get(&edge.to)) else { continue };
        let is_near = to.layer == from.layer + 1;
        let wanted = if is_near { middle(from) } else { f64::INFINITY };
        let into = ports.take((edge.to, true), to, wanted, STEP / 2.0, &free);
        if is_near && ports.is_free((edge.from, false), from, into) {
            ports.add((edge.from, false), into);
            routes.push(Route { edge: index, from: (from.layer, into), to: (to.layer, into), way: Way::Straight });
            continue;
        }
        let wanted = if is_near { into } else { f64::INFINITY };
        let out = ports.take((edge.from, false), from, wanted, 0.0, &|_| true);
        let mut track = |corridor: usize| {
            let count = &mut tracks.of[corridor];
            *count += 1;
            *count - 1
        };
        let way = if is_near {
            Way::Track(track(to.layer))
        } else {
            let (out, into) = (track(from.layer + 1), track(to.layer));
            tracks.lanes += 1;
            Way::Lane { out, lane: tracks.lanes - 1, into }
        };
        routes.push(Route { edge: index, from: (from.layer, out), to: (to.layer, into), way });
    }
    (routes, tracks)
}

fn middle(place: &Place) -> f64 {
    f64::midpoint(place.left, place.right)
}

/// Where lines meet boxes: at the top (true) or the bottom of each.
#[derive(Default)]
struct Ports(HashMap<(End, bool), Vec<f64>>);

impl Ports {
    /// How near to a corner a line may come.
    const MARGIN: f64 = 12.0;

    fn is_free(&self, side: (End, bool), place: &Place, x: f64) -> bool {
        let taken = self.0.get(&side).into_iter().flatten();
        x >= place.left + Self::MARGIN
            && x <= place.right - Self::MARGIN
            && taken.into_iter().all(|other| (other - x).abs() >= STEP)
    }

    fn add(&mut self, side: (End, bool), x: f64) {
        self.0.entry(side).or_default().push(x);
    }

    /// The free place nearest to the one that is wanted. Lines that leave and lines that arrive are
    /// on different grids, so that they do not run into one.
    fn take(&mut self, side: (End, bool), place: &Place, wanted: f64, offset: f64, free: &dyn Fn(f64) -> bool) -> f64 {
        let wanted = wanted.clamp(place.left + Self::MARGIN, place.right - Self::MARGIN);
        let first = (place.left / STEP).ceil() as i64;
        let last = (place.right / STEP).floor() as i64;
        // The one that is wanted itself, if it can be had.
        let grid = (first..=last).map(|step| step as f64 * STEP + offset);
        let candidates = std::iter::once(wanted).chain(grid).filter(|x| self.is_free(side, place, *x));
        let nearest = |these: &mut dyn Iterator<Item = f64>| {
            these.min_by(|a, b| (a - wanted).abs().total_cmp(&(b - wanted).abs()))
        };
        let candidates: Vec<f64> = candidates.collect();
        let x = nearest(&mut candidates.iter().copied().filter(|x| free(*x)))
            .or_else(|| nearest(&mut candidates.iter().copied()))
            .unwrap_or(wanted);
        self.add(side, x);
        x
    }
}
