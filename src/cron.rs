//! Cron expressions: minute, hour, day of the month, month, day of the week.

use crate::timestamp::{Civil, Timestamp};

/// A cron expression of five fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether both days are restricted: then either is enough.
    either_day: bool,
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Cron {
    /// Reads an expression; `None` if it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else { return None };
        let mut all = Self {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: field(days, 1, 31, &[])?,
            months: field(months, 1, 12, &MONTHS)?,
            weekdays: field(weekdays, 0, 7, &WEEKDAYS)?,
            either_day: !days.starts_with('*') && !weekdays.starts_with('*'),
        };
        // Sunday is 0 and 7.
        all.weekdays |= all.weekdays >> 7 & 1;
        Some(all)
    }

    /// Whether the expression means this minute.
    pub(crate) fn matches(&self, at: Timestamp) -> bool {
        let Civil { hour, minute, second, .. } = at.civil();
        second == 0 && self.has_day(at) && has(self.hours, hour) && has(self.minutes, minute)
    }

    fn has_day(&self, at: Timestamp) -> bool {
        let Civil { month, day, weekday, .. } = at.civil();
        let (of_month, of_week) = (has(self.days, day), has(self.weekdays, weekday));
        let of_days = if self.either_day { of_month || of_week } else { of_month && of_week };
        has(self.months, month) && of_days
    }

    /// The first minute after `at` that the expression means; `None` where there is none in the next
    /// eight years, such as on the thirtieth of February.
    #[cfg_attr(
        not(any(feature = "sim", test)),
        expect(dead_code, reason = "only the simulated AWS runs what is scheduled")
    )]
    pub(crate) fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        const MINUTE: i64 = 60;
        const DAY: i64 = 86_400;
        let first = (at.as_unix().div_euclid(MINUTE) + 1) * MINUTE;
        let today = first.div_euclid(DAY) * DAY;
        let days = (0..8 * 366).map(|number| today + number * DAY);
        days.filter(|day| self.has_day(Timestamp::from_unix(*day))).find_map(|day| {
            let minutes = (0..DAY / MINUTE).map(|number| day + number * MINUTE);
            minutes.filter(|time| *time >= first).map(Timestamp::from_unix).find(|time| self.matches(*time))
        })
    }
}

fn has(set: u64, number: u32) -> bool {
    set >> number & 1 == 1
}

/// The numbers that a field means: `*`, `5`, `1-5`, `*/10`, `1-31/2`, `MON-FRI`, and lists of those.
fn field(text: &str, least: u32, most: u32, names: &[&str]) -> Option<u64> {
    let number = |text: &str| {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let number = match named {
            Some(position) => u32::try_from(position).ok()? + least,
            None => text.parse().ok()?,
        };
        (least..=most).contains(&number).then_some(number)
    };
    let mut set = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<usize>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (least, most),
            Some((from, to)) => (number(from)?, number(to)?),
            // `5/10` begins at 5 and goes on.
            None => (number(range)?, if step.is_some() { most } else { number(range)? }),
        };
        if from > to {
            return None;
        }
        set |= (from..=to).step_by(step.unwrap_or(1)).fold(0, |set, number| set | 1 << number);
    }
    Some(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(cron: &str, at: &str) -> Option<String> {
        Some(Cron::parse(cron)?.next_after(at.parse().ok()?)?.to_string())
    }

    #[test]
    fn the_next_run_is_found() {
        let new_year = "2026-01-01T00:00:00Z";
        for (cron, expected) in [
            ("* * * * *", "2026-01-01T00:01:00Z"),
            ("*/15 * * * *", "2026-01-01T00:15:00Z"),
            ("0 0 * * *", "2026-01-02T00:00:00Z"),
            ("30 8 * * 1-5", "2026-01-01T08:30:00Z"),
            ("30 8 * * MON", "2026-01-05T08:30:00Z"),
            ("0 0 * * 7", "2026-01-04T00:00:00Z"),
            ("30 0 1 1,6,12 *", "2026-01-01T00:30:00Z"),
            ("0 12 29 2 *", "2028-02-29T12:00:00Z"),
            // Either day is enough where both are restricted.
            ("0 0 13 * FRI", "2026-01-02T00:00:00Z"),
            ("5/20 1 * feb *", "2026-02-01T01:05:00Z"),
        ] {
            assert_eq!(next(cron, new_year).as_deref(), Some(expected), "{cron}");
        }
        assert_eq!(next("0 0 30 2 *", new_year), None);
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "5-1 * * * *",
            "*/0 * * * *",
            "x * * * *",
            "@daily",
            "- * * * *",
            ", * * * *",
        ] {
            assert_eq!(Cron::parse(text), None, "{text}");
        }
    }
}
