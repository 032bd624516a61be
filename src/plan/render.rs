//! Plans as text.

use std::fmt;

use crate::look::{Line, Look, Tone};
use crate::value::Value;

use super::{Action, Effect, Goal, Plan, PropertyChange, ResourceChange};

impl Plan {
    /// Returns the plan as text that looks as asked for: what happens to each resource with its old
    /// and new values, advisories, and a summary in the last line. What stays as it is is counted
    /// only.
    pub fn display(&self, look: Look) -> impl fmt::Display + '_ {
        fmt::from_fn(move |f| self.write(look, f))
    }

    fn write(&self, look: Look, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.goal {
            Goal::Deploy => "Plan for",
            Goal::Destroy => "Destroy",
        };
        Line::new(4).add(Tone::Strong, format!("{verb} stack {:?}", self.stack)).write(look, f)?;
        for change in self.changes.iter().filter(|change| change.action != Action::Keep) {
            writeln!(f)?;
            change.write(look, f)?;
        }
        if !self.interruptions.is_empty() {
            writeln!(f)?;
        }
        for interruption in &self.interruptions {
            let note = if interruption.accepted { "accepted" } else { "needs a yes" };
            let line = Line::new(4).add(Tone::Replaced, "!! ").add(Tone::Strong, interruption.address.as_str());
            line.plain(format!(" {}: {} ({note})", interruption.id, interruption.text)).write(look, f)?;
        }
        if !self.advisories.is_empty() {
            writeln!(f)?;
        }
        for advisory in &self.advisories {
            let line = Line::new(4).add(Tone::Changed, "! ").add(Tone::Strong, advisory.address.as_str());
            line.plain(format!(" {}: {}", advisory.id, advisory.text)).write(look, f)?;
        }
        writeln!(f)?;
        Line::new(4).add(Tone::Strong, self.summary_line()).write(look, f)
    }

    /// Returns how many resources the plan creates, changes and so on, in one sentence.
    ///
    /// ```
    /// use purlin::{Plan, SecurityGroup, Stack, Vpc};
    ///
    /// let mut stack = Stack::new("web");
    /// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    /// stack.add("web", SecurityGroup::builder().name("Web-SG").description("HTTP").vpc(vpc).build());
    /// assert_eq!(Plan::preview(&stack)?.summary_line(), "1 to create.");
    /// # Ok::<(), purlin::Error>(())
    /// ```
    #[must_use]
    pub fn summary_line(&self) -> String {
        let summary = self.summary();
        if self.is_empty() {
            return format!("No changes. {} resources are as declared.", summary.keep);
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
        format!("{}.", words.join(", "))
    }
}

/// As [`Plan::display`] shows it, without colours.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(Look::plain(), f)
    }
}

impl fmt::Display for ResourceChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(Look::plain(), f)
    }
}

impl ResourceChange {
    fn write(&self, look: Look, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tone, sign, word) = match self.action {
            Action::Keep => (Tone::Plain, ' ', "keep"),
            Action::Create => (Tone::New, '+', "create"),
            Action::Update => (Tone::Changed, '~', "update"),
            Action::Adopt => (Tone::Changed, '@', "adopt"),
            Action::Replace => (Tone::Replaced, '±', "replace"),
            Action::Delete => (Tone::Old, '-', "delete"),
            Action::DeleteReplaced => (Tone::Old, '-', "delete, once its successor is in place"),
            Action::DeleteWithParent => (Tone::Old, '-', "delete with what it belongs to"),
            Action::Release => (Tone::Changed, '^', "release: it stays, and is no longer the stack's"),
        };
        let line = Line::new(4).add(tone, format!("{sign} ")).add(Tone::Strong, self.address.as_str());
        let mut line = line.add(tone, format!(" {word}"));
        if let Some(former) = &self.moved_from {
            line = line.plain(format!(", renamed from {former}"));
        }
        match &self.id {
            Some(id) => line.add(Tone::Faint, format!(" ({})", short(id))).write(look, f)?,
            None => line.write(look, f)?,
        }
        let shown: Vec<_> = self.properties.iter().filter(|change| !change.is_ownership()).collect();
        // Longer paths are followed by their value, and do not push all the others to the right.
        let widest = look.columns() / 2;
        let width = |change: &&PropertyChange| change.path.chars().count();
        let width = shown.iter().map(width).filter(|width| *width <= widest).max().unwrap_or(0);
        shown.into_iter().try_for_each(|change| property(look, f, change, width))
    }
}

fn property(look: Look, f: &mut fmt::Formatter<'_>, change: &PropertyChange, width: usize) -> fmt::Result {
    let PropertyChange { path, before, after, effect } = change;
    let (tone, sign) = match (before.is_unset(), after.is_unset()) {
        (true, _) => (Tone::New, '+'),
        (_, true) => (Tone::Old, '-'),
        _ => (Tone::Changed, '~'),
    };
    let (old, new) = (Shown(before, path).to_string(), Shown(after, path).to_string());
    let value = 6 + width + 2;
    let line = Line::new(value).plain("    ").add(tone, format!("{sign} ")).plain(format!("{path:<width$}  "));
    match (before, after) {
        (Value::Unset, _) => line.add(tone_of(after), new).write(look, f)?,
        (_, Value::Unset) => line.add(Tone::Old, old).write(look, f)?,
        _ => {
            let both = line.add(Tone::Old, &old).plain(" → ").add(Tone::New, &new);
            if both.width() <= look.columns() {
                both.write(look, f)?;
            } else {
                Line::new(8).plain("    ").add(tone, format!("{sign} ")).plain(path).write(look, f)?;
                Line::new(10).plain("          ").add(Tone::Old, old).write(look, f)?;
                Line::new(10).plain("        → ").add(Tone::New, new).write(look, f)?;
            }
        }
    }
    if let Effect::Replace(reason) = effect {
        let line = Line::new(10).plain("        ").add(Tone::Replaced, format!("forces replacement: {reason}"));
        line.write(look, f)?;
    }
    Ok(())
}

/// What is known only later can be read over.
fn tone_of(value: &Value) -> Tone {
    match value {
        Value::Pending(_) | Value::AfterDeploy(_) | Value::Secret(_) => Tone::Faint,
        _ => Tone::Plain,
    }
}

/// An id as it tells resources apart: the end of an ARN, the rest of which says the same for all.
pub(crate) fn short(id: &str) -> String {
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
                    let goes_out = self.1.starts_with("egress") || entries.contains_key("direction");
                    let direction = if goes_out { "to" } else { "from" };
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
