//! Places everything: columns are zones, rows are subnets, and what stands in several zones is drawn
//! across them.

use std::collections::HashMap;

use super::grid::{Layer, Part, layers};
use super::model::{Band, End, Instance, Model, Node, Reach};
use super::panel;
use super::route::{Place, Route, STEP, Tracks, Way, routes};
use super::scene::{Arrow, Block, FAINT, INK, Paint, Rect, Scene, Sort};
use super::text::Font;

const MARGIN: f64 = 24.0;
const GAP: f64 = 20.0;
const PAD: f64 = 10.0;
/// The part of a column that labels may take; lines come down through the rest.
const LABELS: f64 = 0.6;
const SOURCE: f64 = 190.0;
const SHELF: f64 = 230.0;
/// How many instances of a group are drawn in one subnet.
const INSTANCES: usize = 4;

const VPC: Paint = Paint::new("#f8fafc", "#7b8794");
const ZONE: Paint = Paint::new("#eef2f7", "#9aa5b1").dashed();
const PUBLIC: Paint = Paint::new("#e3f4e1", "#5a9e52");
const PRIVATE: Paint = Paint::new("#e1effa", "#4a86b8");
const NEITHER: Paint = Paint::new("#f3f0e7", "#a39b80");
const OUTSIDE: Paint = Paint::new("#ffffff", "#3e4c59");
const BALANCER: Paint = Paint::new("#f5ecff", "#7c3aad");
const ON_SHELF: Paint = Paint::new("#fff6e0", "#b7791f");
const GROUP_FRAME: Paint = Paint::new("none", "#c2570c").dashed();
const GROUP: Paint = Paint::new("#fff1e6", "#c2570c");
const INSTANCE: Paint = Paint::new("#ffffff", "#c2570c");
const TRAFFIC: &str = "#334155";

/// Draws a model.
pub(super) fn draw(model: &Model) -> Scene {
    let columns = Columns::new(model);
    let beside = |width: f64| ((columns.width() + GAP) / (width + GAP)).floor().max(1.0) as usize;
    let (layers, rows) = layers(model, beside(SOURCE), beside(SHELF));
    let boxes: Vec<Vec<Card>> = layers.iter().map(|layer| cards(model, &columns, layer)).collect();
    let mut places = HashMap::new();
    for (layer, cards) in boxes.iter().enumerate() {
        for card in cards {
            let place = Place { layer, left: card.x, right: card.x + card.width };
            places.entry(card.end).or_insert(place);
        }
    }
    let (routes, tracks) = routes(&model.edges, &places, layers.len(), |x| columns.is_free(x));
    let mut drawing = Drawing {
        model,
        columns,
        scene: Scene { title: format!("Architecture of the stack {}", model.stack), ..Scene::default() },
        tops: vec![0.0; layers.len()],
        bottoms: HashMap::new(),
        corridors: vec![0.0; layers.len() + 1],
    };
    drawing.all(&layers, &rows, &boxes, &tracks);
    drawing.lines(&routes);
    drawing.scene
}

/// Where the columns are.
struct Columns {
    left: f64,
    width: f64,
    count: usize,
    /// Whether there are zones at all.
    zoned: bool,
}

impl Columns {
    fn new(model: &Model) -> Self {
        let count = model.zones.len();
        let width = match count {
            0 => 520.0,
            1 => 420.0,
            2 => 300.0,
            3 => 260.0,
            _ => 220.0,
        };
        Self { left: MARGIN + PAD, width, count: count.max(1), zoned: count > 0 }
    }

    fn width(&self) -> f64 {
        self.count as f64 * (self.width + GAP) - GAP
    }

    fn right(&self) -> f64 {
        self.left + self.width()
    }

    fn x(&self, column: usize) -> f64 {
        self.left + column as f64 * (self.width + GAP)
    }

    /// How wide labels of zones and subnets may be.
    fn label(&self) -> f64 {
        (self.width - 2.0 * PAD) * LABELS
    }

    /// Whether a line can come down here without crossing a label, or running along a border.
    fn is_free(&self, x: f64) -> bool {
        let column = ((x - self.left) / (self.width + GAP)).floor().max(0.0);
        let within = x - self.left - column * (self.width + GAP);
        let far = |border: f64| (within - border).abs() >= 4.0;
        !self.zoned || (within > 2.0 * PAD + self.label() + 4.0 && far(self.width) && far(self.width - PAD))
    }

    /// The inside of a subnet, from left to right.
    fn cell(&self, column: usize) -> (f64, f64) {
        (self.x(column) + PAD, self.width - 2.0 * PAD)
    }
}

/// A box with text.
struct Card {
    end: End,
    x: f64,
    width: f64,
    block: Block,
    chips: Vec<Chip>,
    paint: Paint,
}

/// The name of a security group, in its colour.
struct Chip {
    x: f64,
    y: f64,
    width: f64,
    text: String,
    colour: &'static str,
}

const CHIP: f64 = 18.0;

impl Card {
    fn text_height(&self) -> f64 {
        2.0 * PAD + self.block.height()
    }

    fn height(&self) -> f64 {
        let chips = self.chips.iter().map(|chip| chip.y + CHIP).fold(0.0, f64::max);
        self.text_height() + chips
    }
}

fn cards(model: &Model, columns: &Columns, layer: &Layer) -> Vec<Card> {
    let beside = |these: &[usize], width: f64, nodes: &[Node], end: fn(usize) -> End, paint: Paint| {
        let all = these.len() as f64 * (width + GAP) - GAP;
        let first = columns.left + (columns.width() - all) / 2.0;
        let card = |(nth, place): (usize, &usize)| {
            let mut block = Block::new(width - 2.0 * PAD);
            let node = &nodes[*place];
            block.add(node.sort, Font::SMALL, FAINT, 1);
            block.add(&node.title, Font::TITLE, INK, 2);
            for line in &node.lines {
                block.add(line, Font::BODY, INK, 2);
            }
            let x = first + nth as f64 * (width + GAP);
            Card { end: end(*place), x, width, block, chips: Vec::new(), paint }
        };
        these.iter().enumerate().map(card).collect()
    };
    match layer {
        Layer::Sources(these) => beside(these, SOURCE, &model.sources, End::Source, OUTSIDE),
        Layer::Shelf(these) => beside(these, SHELF, &model.shelf, End::Shelf, ON_SHELF),
        Layer::Band(part) => vec![band_card(model, columns, part)],
    }
}

/// From the left of its first subnet to the right of its last one.
fn span(model: &Model, columns: &Columns, part: &Part) -> (f64, f64) {
    let zones = part.subnets.iter().map(|subnet| model.subnets[*subnet].zone);
    let first = columns.cell(zones.clone().min().unwrap_or(0)).0 + PAD;
    let (x, width) = columns.cell(zones.max().unwrap_or(0));
    (first, x + width - PAD - first)
}

fn band_card(model: &Model, columns: &Columns, part: &Part) -> Card {
    let band = &model.bands[part.band];
    let (mut x, mut width) = span(model, columns, part);
    if !band.is_balancer {
        (x, width) = (x + PAD, width - 2.0 * PAD);
    }
    let mut block = Block::new(width - 2.0 * PAD);
    block.add(&band.sort, Font::SMALL, FAINT, 1);
    block.add(&band.title, Font::TITLE, INK, 2);
    let mut all = Vec::new();
    if part.is_first {
        for line in &band.lines {
            block.add(line, Font::BODY, INK, 3);
        }
        all = chips(model, band, width - 2.0 * PAD);
    } else {
        block.add("as above, in further subnets", Font::SMALL, FAINT, 1);
    }
    let paint = if band.is_balancer { BALANCER } else { GROUP };
    Card { end: End::Band(part.band), x, width, block, chips: all, paint }
}

/// The chips of a band, in lines of a width.
fn chips(model: &Model, band: &Band, room: f64) -> Vec<Chip> {
    let mut chips = Vec::new();
    let (mut x, mut y) = (0.0, 4.0);
    for place in &band.security {
        let text = Font::SMALL.shorten(&model.security[*place].title, room - 2.0 * PAD);
        let width = Font::SMALL.width(&text) + 2.0 * PAD;
        if x > 0.0 && x + width > room {
            (x, y) = (0.0, y + CHIP + 4.0);
        }
        chips.push(Chip { x, y, width, text, colour: panel::colour(*place) });
        x += width + 6.0;
    }
    chips
}

struct Drawing<'a> {
    model: &'a Model,
    columns: Columns,
    scene: Scene,
    tops: Vec<f64>,
    /// Where each box ends.
    bottoms: HashMap<End, f64>,
    /// Where the first track of each corridor is.
    corridors: Vec<f64>,
}

impl Drawing<'_> {
    fn all(&mut self, layers: &[Layer], rows: &[Option<usize>], boxes: &[Vec<Card>], tracks: &Tracks) {
        let mut y = self.heading();
        let lanes = if tracks.lanes > 0 { tracks.lanes as f64 * STEP + GAP } else { 0.0 };
        let mut vpc = None;
        let mut zones = None;
        let mut row: Option<(usize, f64)> = None;
        for (index, layer) in layers.iter().enumerate() {
            let stays = match (layer, row) {
                (Layer::Band(part), Some((current, _))) => part.row == current,
                // What stands in no subnet does not end a row that goes on below it.
                (Layer::Shelf(_), Some((current, _))) => {
                    layers[index..].iter().any(|layer| matches!(layer, Layer::Band(part) if part.row == current))
                }
                _ => false,
            };
            if let (false, Some((current, top))) = (stays, row.take_if(|_| !stays)) {
                y += PAD;
                self.row(rows, current, top, y);
            }
            self.corridors[index] = y + 12.0;
            let corridor = 12.0 + tracks.of[index] as f64 * STEP + 14.0;
            if index > 0 || tracks.of[index] > 0 {
                y += corridor;
            }
            if vpc.is_none() && !matches!(layer, Layer::Sources(_)) {
                vpc = Some(y);
                y += PAD;
            }
            if let Layer::Band(part) = layer {
                if zones.is_none() {
                    zones = Some(y);
                    y = self.zone_labels(y);
                }
                if row.is_none() {
                    row = Some((part.row, y));
                    y = self.subnet_labels(rows, part.row, y);
                }
            }
            y = self.layer(index, layer, &boxes[index], y);
        }
        if let Some((current, top)) = row {
            y += PAD;
            self.row(rows, current, top, y);
        }
        self.corridors[layers.len()] = y + 12.0;
        let below = tracks.of[layers.len()];
        y += if below > 0 { 12.0 + below as f64 * STEP } else { 0.0 };
        if let Some(top) = zones {
            y += PAD;
            for column in 0..self.columns.count {
                let rect = Rect::new(self.columns.x(column), top, self.columns.width, y - top);
                self.scene.frame_behind(rect, ZONE);
            }
        }
        let right = self.columns.right() + lanes + PAD;
        let top = vpc.unwrap_or(y);
        let mut label = Block::new(right - 2.0 * MARGIN - PAD);
        label.add(&self.model.vpc(), Font::TITLE, INK, 2);
        y += PAD / 2.0;
        self.scene.write(&label, MARGIN + PAD, y);
        y += label.height() + PAD / 2.0;
        let rect = Rect::new(MARGIN, top, right - MARGIN, y - top);
        self.scene.frame_behind(rect, VPC);
        let (panel_right, panel_bottom) = panel::draw(self.model, &mut self.scene, right + MARGIN, top);
        let right = panel_right.max(right);
        let bottom = self.legend(y.max(panel_bottom) + GAP, right);
        self.scene.width = right + MARGIN;
        self.scene.height = bottom + MARGIN;
    }

    fn heading(&mut self) -> f64 {
        let mut block = Block::new(self.columns.width());
        block.add(&self.model.stack, Font::HEAD, INK, 2);
        self.scene.write(&block, MARGIN, MARGIN);
        MARGIN + block.height() + PAD
    }

    fn zone_labels(&mut self, y: f64) -> f64 {
        let mut height = 0.0f64;
        for (column, zone) in self.model.zones.iter().enumerate() {
            let mut block = Block::new(self.columns.label());
            block.add("Availability Zone", Font::SMALL, FAINT, 1);
            let name = if zone.known { zone.name.clone() } else { format!("{} (assumed)", zone.name) };
            block.add(&name, Font::TITLE, INK, 2);
            self.scene.write(&block, self.columns.x(column) + PAD, y + PAD / 2.0);
            height = height.max(block.height());
        }
        y + height + PAD
    }

    fn in_row<'r>(&self, rows: &'r [Option<usize>], row: usize) -> impl Iterator<Item = usize> + use<'r> {
        (0..rows.len()).filter(move |subnet| rows[*subnet] == Some(row))
    }

    fn subnet_labels(&mut self, rows: &[Option<usize>], row: usize, y: f64) -> f64 {
        let mut height = 0.0f64;
        for place in self.in_row(rows, row) {
            let subnet = &self.model.subnets[place];
            let mut block = Block::new(self.columns.label() - PAD);
            block.add(&subnet.name, Font { bold: true, ..Font::BODY }, INK, 2);
            let reach = match subnet.reach {
                Reach::Public => Some("public subnet"),
                Reach::Private => Some("private subnet"),
                Reach::Named(_) => None,
            };
            if let Some(id) = &subnet.id {
                block.add(id, Font::SMALL, FAINT, 1);
            }
            if let Some(reach) = reach {
                block.add(reach, Font::SMALL, FAINT, 1);
            }
            self.scene.write(&block, self.columns.cell(subnet.zone).0 + PAD, y + PAD / 2.0);
            height = height.max(block.height());
        }
        y + height + PAD
    }

    fn row(&mut self, rows: &[Option<usize>], row: usize, top: f64, bottom: f64) {
        for place in self.in_row(rows, row) {
            let subnet = &self.model.subnets[place];
            let (x, width) = self.columns.cell(subnet.zone);
            let paint = match subnet.reach.is_public() {
                Some(true) => PUBLIC,
                Some(false) => PRIVATE,
                None => NEITHER,
            };
            self.scene.frame_behind(Rect::new(x, top, width, bottom - top), paint);
        }
    }

    fn layer(&mut self, index: usize, layer: &Layer, cards: &[Card], y: f64) -> f64 {
        let mut y = y;
        let mut frame = None;
        if let Layer::Band(part) = layer
            && !self.model.bands[part.band].is_balancer
        {
            frame = Some((part, y));
            self.tops[index] = y;
            y += PAD;
        } else {
            self.tops[index] = y;
        }
        let height = cards.iter().map(Card::height).fold(0.0, f64::max);
        for card in cards {
            self.bottoms.entry(card.end).or_insert(y + card.height());
            self.card(card, y);
        }
        self.tops[index] = y;
        y += height;
        if let Some((part, top)) = frame {
            y = self.instances(part, y + PAD);
            let (x, width) = span(self.model, &self.columns, part);
            self.scene.add(Sort::Frame, Rect::new(x, top, width, y - top), GROUP_FRAME);
        }
        y
    }

    fn card(&mut self, card: &Card, y: f64) {
        self.scene.add(Sort::Card, Rect::new(card.x, y, card.width, card.height()), card.paint);
        self.scene.write(&card.block, card.x + PAD, y + PAD);
        let top = y + card.text_height() - PAD;
        for chip in &card.chips {
            let rect = Rect::new(card.x + PAD + chip.x, top + chip.y, chip.width, CHIP);
            self.scene.add(Sort::Mark, rect, Paint::new("#ffffff", chip.colour));
            let mut block = Block::new(chip.width);
            block.add(&chip.text, Font::SMALL, INK, 1);
            self.scene.write(&block, rect.x + PAD, rect.y + (CHIP - Font::SMALL.line()) / 2.0);
        }
    }

    /// Draws the instances of a part of a group; returns where the frame ends.
    fn instances(&mut self, part: &Part, top: f64) -> f64 {
        let band = &self.model.bands[part.band];
        let mut bottom = top;
        for subnet in &part.subnets {
            let own: Vec<&Instance> =
                band.instances.iter().filter(|(place, _)| place == subnet).map(|(_, instance)| instance).collect();
            let (x, width) = self.columns.cell(self.model.subnets[*subnet].zone);
            let (x, width) = (x + 2.0 * PAD, width - 4.0 * PAD);
            let shown = if own.len() > INSTANCES { INSTANCES - 1 } else { own.len() };
            let mut y = top;
            for instance in &own[..shown] {
                y = self.instance(instance, x, y, width) + PAD;
            }
            if own.len() > shown {
                let line = String::new();
                let more = Instance { title: format!("and {} more", own.len() - shown), line };
                y = self.instance(&more, x, y, width) + PAD;
            }
            bottom = bottom.max(y);
        }
        bottom
    }

    fn instance(&mut self, instance: &Instance, x: f64, y: f64, width: f64) -> f64 {
        let mut block = Block::new(width - 2.0 * PAD);
        block.add(&instance.title, Font { bold: true, ..Font::SMALL }, INK, 1);
        block.add(&instance.line, Font::SMALL, FAINT, 1);
        let height = block.height() + PAD;
        self.scene.add(Sort::Card, Rect::new(x, y, width, height), INSTANCE);
        self.scene.write(&block, x + PAD, y + PAD / 2.0);
        y + height
    }

    fn lines(&mut self, routes: &[Route]) {
        for route in routes {
            let ((from, out), (to, into)) = (route.from, route.to);
            let track = |corridor: usize, track: usize| self.corridors[corridor] + track as f64 * STEP;
            let edge = self.model.edges[route.edge];
            let bottom = self.bottoms.get(&edge.from).copied().unwrap_or(self.tops[from]);
            let (start, end) = ((out, bottom), (into, self.tops[to]));
            let mut points = vec![start];
            match route.way {
                Way::Straight => {}
                Way::Track(number) => {
                    let y = track(to, number);
                    points.extend([(out, y), (into, y)]);
                }
                Way::Lane { out: first, lane, into: second } => {
                    let x = self.columns.right() + GAP + lane as f64 * STEP;
                    let (y, below) = (track(from + 1, first), track(to, second));
                    points.extend([(out, y), (x, y), (x, below), (into, below)]);
                }
            }
            points.push(end);
            self.scene.arrows.push(Arrow { points, stroke: TRAFFIC, dashed: edge.allowed_only });
        }
    }

    /// Says what lines and colours mean, as far as they are there.
    fn legend(&mut self, y: f64, right: f64) -> f64 {
        let mut lines = Vec::new();
        let edges = &self.model.edges;
        if edges.iter().any(|edge| !edge.allowed_only) {
            lines.push("Solid arrows: requests and connections.");
        }
        if edges.iter().any(|edge| edge.allowed_only) {
            lines.push("Dashed arrows: what a security group lets in besides.");
        }
        if !self.model.subnets.is_empty() {
            lines.push("Green: public subnets. Blue: private subnets.");
        }
        if self.model.subnets.iter().any(|subnet| matches!(subnet.reach, Reach::Named(Some(_)))) {
            lines.push("Subnets that were not looked up have the colour that their names say.");
        }
        if self.model.zones.iter().any(|zone| !zone.known) {
            lines.push("Zones are assumed from the names or the order of subnets; a plan knows them.");
        }
        let mut block = Block::new(right - MARGIN);
        for line in lines {
            block.add(line, Font::SMALL, FAINT, 2);
        }
        self.scene.write(&block, MARGIN, y);
        y + block.height()
    }
}
