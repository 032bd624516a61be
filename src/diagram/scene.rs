//! What a picture is drawn of: boxes, lines and labels at their places.

use super::text::{Font, printable};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) w: f64,
    pub(super) h: f64,
}

impl Rect {
    pub(super) fn new(x: f64, y: f64, w: f64, h: f64) -> Self {
        Self { x, y, w, h }
    }

    pub(super) fn bottom(self) -> f64 {
        self.y + self.h
    }
}

/// How a box or a line looks; colours as SVG writes them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Paint {
    pub(super) fill: &'static str,
    pub(super) stroke: &'static str,
    pub(super) dashed: bool,
}

impl Paint {
    pub(super) const fn new(fill: &'static str, stroke: &'static str) -> Self {
        Self { fill, stroke, dashed: false }
    }

    pub(super) const fn dashed(mut self) -> Self {
        self.dashed = true;
        self
    }
}

/// Colours of text.
pub(super) const INK: &str = "#1f2933";
pub(super) const FAINT: &str = "#52606d";

/// A box.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Area {
    pub(super) rect: Rect,
    pub(super) paint: Paint,
    pub(super) sort: Sort,
}

/// The sorts of boxes, from back to front; lines are between frames and cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// It stands around others.
    Frame,
    /// It has text of its own, and nothing may overlap it.
    Card,
    /// It stands in a card.
    Mark,
}

/// A line of text, from its left end.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Label {
    pub(super) x: f64,
    /// The baseline.
    pub(super) y: f64,
    pub(super) text: String,
    pub(super) font: Font,
    pub(super) ink: &'static str,
}

/// A line along points, with a head at its end.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Arrow {
    pub(super) points: Vec<(f64, f64)>,
    pub(super) stroke: &'static str,
    pub(super) dashed: bool,
}

/// A picture, what is behind before what is in front.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Scene {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) title: String,
    pub(super) areas: Vec<Area>,
    pub(super) arrows: Vec<Arrow>,
    pub(super) labels: Vec<Label>,
}

impl Scene {
    /// Adds a frame behind all that are there.
    pub(super) fn frame_behind(&mut self, rect: Rect, paint: Paint) {
        self.areas.insert(0, Area { rect, paint, sort: Sort::Frame });
    }

    pub(super) fn add(&mut self, sort: Sort, rect: Rect, paint: Paint) {
        self.areas.push(Area { rect, paint, sort });
    }

    /// Writes a block with its upper left corner at a place.
    pub(super) fn write(&mut self, block: &Block, x: f64, y: f64) {
        let mut top = y;
        for line in &block.lines {
            let height = line.font.line();
            // The baseline leaves room for what hangs below it.
            let baseline = top + height - line.font.size * 0.35;
            let x = x + line.indent;
            self.labels.push(Label { x, y: baseline, text: line.text.clone(), font: line.font, ink: line.ink });
            top += height;
        }
    }
}

/// Lines of text, one below the other.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Block {
    lines: Vec<Line>,
    width: f64,
}

#[derive(Debug, Clone, PartialEq)]
struct Line {
    text: String,
    font: Font,
    ink: &'static str,
    indent: f64,
}

impl Block {
    /// An empty block whose lines are at most so wide.
    pub(super) fn new(width: f64) -> Self {
        Self { lines: Vec::new(), width }
    }

    /// Adds a text, in at most so many lines; a text that begins with spaces is indented.
    pub(super) fn add(&mut self, text: &str, font: Font, ink: &'static str, lines: usize) {
        let text = printable(text);
        let indent = font.width(&text[..text.len() - text.trim_start().len()]);
        for text in font.wrap(&text, self.width - indent, lines) {
            self.lines.push(Line { text, font, ink, indent });
        }
    }

    pub(super) fn height(&self) -> f64 {
        self.lines.iter().map(|line| line.font.line()).sum()
    }

    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Where the middle of a line is, below the top of the block.
    pub(super) fn middle(&self, line: usize) -> f64 {
        let above: f64 = self.lines.iter().take(line).map(|line| line.font.line()).sum();
        above + self.lines.get(line).map_or(0.0, |line| line.font.line() / 2.0)
    }
}
