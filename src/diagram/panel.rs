//! The security groups beside the picture: who may talk to whom.

use super::model::Model;
use super::scene::{Arrow, Block, FAINT, INK, Paint, Rect, Scene, Sort};
use super::text::Font;

const WIDTH: f64 = 300.0;
const PAD: f64 = 10.0;
const GAP: f64 = 14.0;
const STEP: f64 = 7.0;
/// How many rules of a group are shown.
const RULES: usize = 12;

const COLOURS: [&str; 8] = ["#c0392b", "#1f618d", "#1e8449", "#7d3c98", "#b9770e", "#117a65", "#8e3b5e", "#4d5656"];

/// The colour by which a security group is known throughout a picture.
pub(super) fn colour(place: usize) -> &'static str {
    COLOURS[place % COLOURS.len()]
}

/// Draws the groups, one below the other; returns the right and the lower end.
pub(super) fn draw(model: &Model, scene: &mut Scene, x: f64, y: f64) -> (f64, f64) {
    if model.security.is_empty() {
        return (x - GAP, y);
    }
    let mut heading = Block::new(WIDTH);
    heading.add("Who may talk to whom", Font::TITLE, INK, 1);
    scene.write(&heading, x, y);
    let shown = model.security.iter().map(|group| group.rules.iter().take(RULES));
    let lanes = shown.flatten().filter(|rule| rule.peer.is_some()).count();
    let left = x + if lanes > 0 { GAP + lanes as f64 * STEP } else { 0.0 };
    let mut top = y + heading.height() + PAD;
    // The middle of each title, and of each rule about another group.
    let mut titles = Vec::new();
    let mut rules = Vec::new();
    for (place, group) in model.security.iter().enumerate() {
        let mut block = Block::new(WIDTH - 3.0 * PAD);
        block.add(if group.declared { "Security group" } else { "Existing security group" }, Font::SMALL, FAINT, 1);
        block.add(&group.title, Font::TITLE, INK, 2);
        titles.push(top + PAD + block.middle(1));
        let holders: Vec<_> = model.bands.iter().filter(|band| band.security.contains(&place)).collect();
        let names: Vec<_> = holders.iter().map(|band| band.title.as_str()).collect();
        if !names.is_empty() {
            block.add(&format!("on {}", names.join(", ")), Font::SMALL, FAINT, 2);
        }
        for rule in group.rules.iter().take(RULES) {
            let line = block.len();
            block.add(&format!("{} {}", if rule.ingress { "in:" } else { "out:" }, rule.text), Font::BODY, INK, 3);
            if let Some(peer) = rule.peer {
                rules.push((place, peer, rule.ingress, top + PAD + block.middle(line)));
            }
        }
        let more = group.rules.len().saturating_sub(RULES);
        if more > 0 {
            block.add(&format!("and {more} more rules"), Font::SMALL, FAINT, 1);
        }
        if !group.declared {
            block.add("Its other rules are not known here.", Font::SMALL, FAINT, 1);
        }
        let rect = Rect::new(left, top, WIDTH, block.height() + 2.0 * PAD);
        scene.add(Sort::Card, rect, Paint::new("#ffffff", colour(place)));
        scene.add(Sort::Mark, Rect::new(left, top, 6.0, rect.h), Paint::new(colour(place), colour(place)));
        scene.write(&block, left + 2.0 * PAD, top + PAD);
        top = rect.bottom() + GAP;
    }
    let mut met = vec![0usize; titles.len()];
    for (lane, (place, peer, ingress, y)) in rules.into_iter().enumerate() {
        let nth = met[peer];
        met[peer] += 1;
        // Lines that meet at one title spread a little.
        let other = titles[peer] + (nth % 3) as f64 * 4.0 - 4.0;
        let middle = left - GAP + 4.0 - lane as f64 * STEP;
        let mut points = vec![(left, other), (middle, other), (middle, y), (left, y)];
        let stroke = colour(if ingress { peer } else { place });
        if !ingress {
            points.reverse();
        }
        scene.arrows.push(Arrow { points, stroke, dashed: false });
    }
    (left + WIDTH, top - GAP)
}
