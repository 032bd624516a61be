//! Writes an architecture as a Mermaid flowchart.

use std::fmt::Write;

use super::model::{End, Model, Node};
use super::text::printable;

/// A text that Mermaid shows as it is, within quotes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in printable(text).chars() {
        match character {
            '"' => escaped.push_str("#quot;"),
            // What begins comments and directives, entities, tags, Markdown and icons.
            '#' | '&' | '<' | '>' | '%' | '`' | '*' | '_' | '\\' | '$' | '~' => {
                let _ = write!(escaped, "#{};", character as u32);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// A text for where Mermaid takes everything up to the end of the line.
pub(super) fn plain(text: &str) -> String {
    printable(text).replace(['#', ';', '%', '{', '}'], " ")
}

/// A label: a title, and lines below it.
pub(super) fn label<'a>(title: &str, lines: impl IntoIterator<Item = &'a str>) -> String {
    let mut label = format!("<b>{}</b>", escape(title));
    for line in lines.into_iter().filter(|line| !line.is_empty()) {
        let _ = write!(label, "<br/>{}", escape(line.trim_start()));
    }
    label
}

pub(super) fn write(model: &Model) -> String {
    let mut text = String::from("flowchart TB\n");
    let _ = writeln!(text, "    accTitle: Architecture of the stack {}", plain(&model.stack));
    for (place, node) in model.sources.iter().enumerate() {
        let _ = writeln!(text, "    {}([\"{}\"]):::outside", name(End::Source(place)), of(node));
    }
    let _ = writeln!(text, "    subgraph vpc[\"{}\"]", escape(&model.vpc()));
    for (place, band) in model.bands.iter().enumerate() {
        let lines = band.lines.iter().map(String::as_str);
        let label = label(&band.title, std::iter::once(band.sort.as_str()).chain(lines));
        let class = if band.is_balancer { "balancer" } else { "group" };
        let _ = writeln!(text, "        {}[\"{label}\"]:::{class}", name(End::Band(place)));
    }
    for (place, node) in model.shelf.iter().enumerate() {
        let _ = writeln!(text, "        {}[\"{}\"]:::targets", name(End::Shelf(place)), of(node));
    }
    zones(model, &mut text);
    text.push_str("    end\n");
    security(model, &mut text);
    for edge in &model.edges {
        let arrow = if edge.allowed_only { "-.->" } else { "-->" };
        let _ = writeln!(text, "    {} {arrow} {}", name(edge.from), name(edge.to));
    }
    for (place, band) in model.bands.iter().enumerate() {
        for subnet in &band.subnets {
            let _ = writeln!(text, "    {} --- n{subnet}b{place}", name(End::Band(place)));
        }
    }
    text.push_str(LOOKS);
    text
}

fn name(end: End) -> String {
    match end {
        End::Source(place) => format!("s{place}"),
        End::Band(place) => format!("b{place}"),
        End::Shelf(place) => format!("t{place}"),
    }
}

fn of(node: &Node) -> String {
    label(&node.title, std::iter::once(node.sort).chain(node.lines.iter().map(String::as_str)))
}

/// Each zone with its subnets, and in each subnet what stands in it.
fn zones(model: &Model, text: &mut String) {
    for (place, zone) in model.zones.iter().enumerate() {
        let assumed = if zone.known { "" } else { " (assumed)" };
        let title = escape(&format!("Availability Zone {}{assumed}", zone.name));
        let _ = writeln!(text, "        subgraph z{place}[\"{title}\"]");
        for (index, subnet) in model.subnets.iter().enumerate().filter(|(_, subnet)| subnet.zone == place) {
            let id = subnet.id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
            let title = escape(&format!("{}{id}", subnet.name));
            let _ = writeln!(text, "            subgraph n{index}[\"{title}\"]");
            for (nth, band) in model.bands.iter().enumerate().filter(|(_, band)| band.subnets.contains(&index)) {
                let own = band.instances.iter().filter(|(place, _)| *place == index);
                let own: Vec<_> = own.map(|(_, instance)| format!("{} {}", instance.title, instance.line)).collect();
                let more = own.len().saturating_sub(INSTANCES);
                let mut lines: Vec<_> = own.iter().take(INSTANCES).cloned().collect();
                if more > 0 {
                    lines.push(format!("and {more} more"));
                }
                let label = label(&band.title, lines.iter().map(String::as_str));
                let class = if band.is_balancer { "balancer" } else { "group" };
                let _ = writeln!(text, "                n{index}b{nth}[\"{label}\"]:::{class}");
            }
            text.push_str("            end\n");
            let class = match subnet.reach.is_public() {
                Some(true) => "public",
                Some(false) => "private",
                None => continue,
            };
            let _ = writeln!(text, "            class n{index} {class}");
        }
        text.push_str("        end\n");
    }
}

/// How many instances of a group are named in one subnet.
const INSTANCES: usize = 4;

/// The security groups, and who may talk to whom.
fn security(model: &Model, text: &mut String) {
    if model.security.is_empty() {
        return;
    }
    text.push_str("    subgraph rules[\"Who may talk to whom\"]\n");
    for (place, group) in model.security.iter().enumerate() {
        let own = group.rules.iter().filter(|rule| rule.peer.is_none());
        let mut lines: Vec<_> =
            own.map(|rule| format!("{} {}", if rule.ingress { "in" } else { "out" }, rule.text)).collect();
        let holders: Vec<_> = model.bands.iter().filter(|band| band.security.contains(&place)).collect();
        if !holders.is_empty() {
            let names: Vec<_> = holders.iter().map(|band| band.title.as_str()).collect();
            lines.insert(0, format!("on {}", names.join(", ")));
        }
        let label = label(&group.title, lines.iter().map(String::as_str));
        let _ = writeln!(text, "        g{place}[\"{label}\"]:::security");
    }
    text.push_str("    end\n");
    for (place, group) in model.security.iter().enumerate() {
        for rule in &group.rules {
            let Some(peer) = rule.peer else { continue };
            let (from, to) = if rule.ingress { (peer, place) } else { (place, peer) };
            // The ends say from where and to where.
            let what = rule.text.split(if rule.ingress { " from " } else { " to " }).next().unwrap_or_default();
            let _ = writeln!(text, "    g{from} -->|\"{}\"| g{to}", escape(what));
        }
    }
}

const LOOKS: &str = "    classDef outside fill:#ffffff,stroke:#3e4c59,color:#1f2933
    classDef balancer fill:#f5ecff,stroke:#7c3aad,color:#1f2933
    classDef targets fill:#fff6e0,stroke:#b7791f,color:#1f2933
    classDef group fill:#fff1e6,stroke:#c2570c,color:#1f2933
    classDef public fill:#e3f4e1,stroke:#5a9e52,color:#1f2933
    classDef private fill:#e1effa,stroke:#4a86b8,color:#1f2933
    classDef security fill:#ffffff,stroke:#1f618d,color:#1f2933
";
