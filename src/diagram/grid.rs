//! Rows of subnets: each subnet gets a row, one subnet of a zone in each row, so that what stands in
//! several zones is drawn across them.

use super::model::Model;

/// What is drawn from top to bottom.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Layer {
    /// Sources beside each other.
    Sources(Vec<usize>),
    /// A part of a band, in a row; what does not fit into one row has several.
    Band(Part),
    /// What stands in no subnet, beside each other.
    Shelf(Vec<usize>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) band: usize,
    pub(super) row: usize,
    /// The subnets of the band in this row.
    pub(super) subnets: Vec<usize>,
    /// Whether it is the one with the description, to which edges lead.
    pub(super) is_first: bool,
}

/// The order of everything from top to bottom: who is outside, load balancers, target groups, and
/// the groups of instances; rows stay together. `sources` and `shelf` say how many fit beside each
/// other.
pub(super) fn layers(model: &Model, sources: usize, shelf: usize) -> (Vec<Layer>, Vec<Option<usize>>) {
    let rows = rows(model);
    let mut parts: Vec<Vec<Part>> = Vec::new();
    for (band, entry) in model.bands.iter().enumerate() {
        let mut own: Vec<usize> = entry.subnets.iter().filter_map(|subnet| rows[*subnet]).collect();
        own.sort_unstable();
        own.dedup();
        for (nth, row) in own.into_iter().enumerate() {
            let subnets = entry.subnets.iter().copied().filter(|subnet| rows[*subnet] == Some(row)).collect();
            if parts.len() <= row {
                parts.resize_with(row + 1, Vec::new);
            }
            parts[row].push(Part { band, row, subnets, is_first: nth == 0 });
        }
    }
    let is_balancer = |part: &Part| model.bands[part.band].is_balancer;
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|row| match (parts[*row].iter().any(is_balancer), parts[*row].iter().all(is_balancer)) {
        (_, true) => 0,
        (true, false) => 1,
        (false, false) => 2,
    });
    let mut layers: Vec<Layer> = beside(model.sources.len(), sources).map(Layer::Sources).collect();
    let bands: Vec<Part> = order.into_iter().flat_map(|row| std::mem::take(&mut parts[row])).collect();
    let first_group = bands.iter().position(|part| !is_balancer(part)).unwrap_or(bands.len());
    let (before, after) = bands.split_at(first_group);
    layers.extend(before.iter().cloned().map(Layer::Band));
    layers.extend(beside(model.shelf.len(), shelf).map(Layer::Shelf));
    layers.extend(after.iter().cloned().map(Layer::Band));
    (layers, rows)
}

/// So many at once, evenly.
fn beside(count: usize, most: usize) -> impl Iterator<Item = Vec<usize>> {
    let lines = count.div_ceil(most.max(1)).max(1);
    let each = count.div_ceil(lines).max(1);
    (0..count).step_by(each).map(move |first| (first..(first + each).min(count)).collect())
}

/// The row of each subnet; none where no band uses it.
fn rows(model: &Model) -> Vec<Option<usize>> {
    let mut rows: Vec<Option<usize>> = vec![None; model.subnets.len()];
    let mut taken: Vec<Vec<bool>> = Vec::new();
    for band in &model.bands {
        for subnet in &band.subnets {
            if rows[*subnet].is_some() {
                continue;
            }
            let zone = model.subnets[*subnet].zone;
            let mates = band.subnets.iter().filter_map(|mate| rows[*mate]);
            let row = mates.min_by_key(|row| (taken[*row][zone], *row)).filter(|row| !taken[*row][zone]);
            let row = row.unwrap_or_else(|| {
                taken.push(vec![false; model.zones.len()]);
                taken.len() - 1
            });
            taken[row][zone] = true;
            rows[*subnet] = Some(row);
        }
    }
    rows
}
