//! Writes a scene as SVG, with attributes alone: style sheets get lost where pictures are pasted.

use svg::node::element::{Element, Group, Path, Rectangle, Text, Title};
use svg::{Document, Node};

use super::scene::{Area, Arrow, Label, Scene, Sort};
use super::text::printable;

/// The fonts that are asked for; all are at most as wide as what is reckoned with.
const FONTS: &str = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

pub(super) fn write(scene: &Scene) -> String {
    let mut document = Document::new()
        .set("width", number(scene.width))
        .set("height", number(scene.height))
        .set("viewBox", format!("0 0 {} {}", number(scene.width), number(scene.height)))
        .set("font-family", FONTS)
        .set("role", "img")
        .add(Title::new(printable(&scene.title)))
        .add(Rectangle::new().set("width", "100%").set("height", "100%").set("fill", "#ffffff"));
    let group = |class: &str| Group::new().set("class", class);
    let areas = |sort: Sort, class: &str| {
        scene.areas.iter().filter(|area| area.sort == sort).map(area).fold(group(class), Group::add)
    };
    document.append(areas(Sort::Frame, "frames"));
    document.append(scene.arrows.iter().map(arrow).fold(group("arrows"), Group::add));
    document.append(areas(Sort::Card, "cards"));
    document.append(areas(Sort::Mark, "marks"));
    document.append(scene.labels.iter().map(label).fold(group("labels"), Group::add));
    format!("{document}\n")
}

fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

fn area(area: &Area) -> Rectangle {
    let rectangle = Rectangle::new()
        .set("x", number(area.rect.x))
        .set("y", number(area.rect.y))
        .set("width", number(area.rect.w))
        .set("height", number(area.rect.h))
        .set("rx", "5")
        .set("fill", area.paint.fill)
        .set("stroke", area.paint.stroke)
        .set("stroke-width", "1.2");
    if area.paint.dashed { rectangle.set("stroke-dasharray", "6 4") } else { rectangle }
}

fn label(label: &Label) -> Text {
    let text = Text::new(label.text.clone())
        .set("x", number(label.x))
        .set("y", number(label.y))
        .set("font-size", number(label.font.size))
        .set("fill", label.ink);
    if label.font.bold { text.set("font-weight", "bold") } else { text }
}

fn arrow(arrow: &Arrow) -> Element {
    let points: Vec<_> = arrow.points.iter().map(|point| place(*point)).collect();
    let line = Path::new()
        .set("d", format!("M{}", points.join(" L")))
        .set("fill", "none")
        .set("stroke", arrow.stroke)
        .set("stroke-width", "1.5")
        .set("stroke-linejoin", "round");
    let line = if arrow.dashed { line.set("stroke-dasharray", "5 4") } else { line };
    let mut group = Group::new().add(line);
    if let [.., from, to] = arrow.points.as_slice() {
        group.append(head(*from, *to).set("fill", arrow.stroke));
    }
    group.into()
}

/// The head of an arrow; drawn by itself, since not everything that shows SVG knows markers.
fn head(from: (f64, f64), to: (f64, f64)) -> Path {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(f64::EPSILON);
    let (dx, dy) = (dx / length, dy / length);
    let back = (to.0 - dx * 8.0, to.1 - dy * 8.0);
    let corner = |side: f64| place((back.0 - dy * 4.0 * side, back.1 + dx * 4.0 * side));
    Path::new().set("d", format!("M{} L{} L{} Z", place(to), corner(1.0), corner(-1.0)))
}

fn place((x, y): (f64, f64)) -> String {
    format!("{},{}", number(x), number(y))
}
