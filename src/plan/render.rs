//! Plans as text.

use std::fmt;

use crate::value::Value;

use super::{Action, Effect, Goal, Plan, PropertyChange, ResourceChange};

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.goal {
            Goal::Deploy => "Plan for",
            Goal::Destroy => "Destroy",
        };
        writeln!(f, "{verb} stack {:?}", self.stack)?;
        for change in self.changes.iter().filter(|change| change.action != Action::Keep) {
            writeln!(f)?;
            change.fmt(f)?;
        }
        if !self.interruptions.is_empty() {
            writeln!(f)?;
        }
        for interruption in &self.interruptions {
            let note = if interruption.accepted { "accepted" } else { "needs a yes" };
            writeln!(f, "!! {interruption} ({note})")?;
        }
        if !self.advisories.is_empty() {
            writeln!(f)?;
        }
        for advisory in &self.advisories {
            writeln!(f, "! {} {}: {}", advisory.address, advisory.id, advisory.text)?;
        }
        writeln!(f)?;
        let summary = self.summary();
        if self.is_empty() {
            return writeln!(f, "No changes. {} resources are as declared.", summary.keep);
        }
        let counts = [
            (summary.create, "to create"),
            (summary.update, "to update"),
            (summary.replace, "to replace"),
            (summary.delete, "to delete"),
            (summary.release, "to release"),
            (summary.keep, "unchanged"),
        ];
        let words: Vec<_> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        writeln!(f, "{}.", words.join(", "))
    }
}

impl fmt::Display for ResourceChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, word) = match self.action {
            Action::Keep => (' ', "keep"),
            Action::Create => ('+', "create"),
            Action::Update => ('~', "update"),
            Action::Adopt => ('@', "adopt"),
            Action::Replace => ('±', "replace"),
            Action::Delete => ('-', "delete"),
            Action::DeleteReplaced => ('-', "delete, once its successor is in place"),
            Action::DeleteWithParent => ('-', "delete with what it belongs to"),
            Action::Release => ('^', "release: it stays, and is no longer the stack's"),
        };
        write!(f, "{sign} {} {word}", self.address)?;
        if let Some(former) = &self.moved_from {
            write!(f, ", renamed from {former}")?;
        }
        if let Some(id) = &self.id {
            write!(f, " ({})", short(id))?;
        }
        writeln!(f)?;
        let shown: Vec<_> = self.properties.iter().filter(|change| !change.is_ownership()).collect();
        let width = |change: &&PropertyChange| change.path.chars().count();
        let width = shown.iter().map(width).filter(|width| *width <= WIDEST).max().unwrap_or(0);
        shown.into_iter().try_for_each(|change| property(f, change, width))
    }
}

/// The longest path that values are aligned to; longer ones are followed by their value, and do not
/// push all the others to the right.
const WIDEST: usize = 40;

fn property(f: &mut fmt::Formatter<'_>, change: &PropertyChange, width: usize) -> fmt::Result {
    let PropertyChange { path, before, after, effect } = change;
    let sign = match (before.is_unset(), after.is_unset()) {
        (true, _) => '+',
        (_, true) => '-',
        _ => '~',
    };
    let (old, new) = (Shown(before, path).to_string(), Shown(after, path).to_string());
    match (before, after) {
        (Value::Unset, _) => write!(f, "    {sign} {path:<width$}  {new}")?,
        (_, Value::Unset) => write!(f, "    {sign} {path:<width$}  {old}")?,
        _ if 6 + width.max(path.chars().count()) + 5 + old.chars().count() + new.chars().count() <= LINE => {
            write!(f, "    {sign} {path:<width$}  {old} → {new}")?;
        }
        _ => write!(f, "    {sign} {path}\n          {old}\n        → {new}")?,
    }
    if let Effect::Replace(reason) = effect {
        write!(f, "\n        forces replacement: {reason}")?;
    }
    writeln!(f)
}

/// How long a line may be before the old and the new value get lines of their own.
const LINE: usize = 80;

/// An id as it tells resources apart: the end of an ARN, the rest of which says the same for all.
fn short(id: &str) -> String {
    match id.rsplit_once('/') {
        Some((_, end)) if id.starts_with("arn:") => format!("…/{end}"),
        _ => id.to_owned(),
    }
}

/// A value of a property as people read it: rules as phrases, long lists cut, everything else as
/// written.
pub(crate) struct Shown<'a>(pub(crate) &'a Value, pub(crate) &'a str);

/// How many values of a list are shown.
const SHOWN: usize = 4;

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::List(values) if values.len() == 1 => Shown(&values[0], self.1).fmt(f),
            Value::List(values) => {
                f.write_str("[")?;
                for (index, value) in values.iter().take(SHOWN).enumerate() {
                    write!(f, "{}{}", if index > 0 { ", " } else { "" }, Shown(value, self.1))?;
                }
                match values.len().saturating_sub(SHOWN) {
                    0 => f.write_str("]"),
                    more => write!(f, ", and {more} more]"),
                }
            }
            Value::Map(entries) => match (entries.get("protocol"), entries.get("peer"), entries.get("propagate")) {
                (Some(protocol), Some(peer), _) => {
                    let plain = |value: &Value| {
                        value.as_text().map_or_else(|| Shown(value, self.1).to_string(), ToOwned::to_owned)
                    };
                    write!(f, "{}", plain(protocol))?;
                    if let Some(ports) = entries.get("ports") {
                        write!(f, " {}", plain(ports))?;
                    }
                    let direction = if self.1.starts_with("egress") { "to" } else { "from" };
                    write!(f, " {direction} {}", plain(peer))?;
                    entries.get("description").map_or(Ok(()), |text| write!(f, " ({})", plain(text)))
                }
                (_, _, Some(_)) => {
                    entries.get("value").map_or(Ok(()), |value| write!(f, "{value}"))?;
                    f.write_str(", also on instances")
                }
                _ => {
                    for (index, (key, value)) in entries.iter().enumerate() {
                        write!(f, "{}{key} {}", if index > 0 { ", " } else { "" }, Shown(value, self.1))?;
                    }
                    Ok(())
                }
            },
            // AWS writes all attributes as texts.
            Value::Text(text) if self.1.starts_with("attributes.") => f.write_str(text),
            other => other.fmt(f),
        }
    }
}
