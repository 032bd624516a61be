//! Points in time, as users and AWS write them.

use std::fmt;
use std::str::FromStr;

use crate::value::{ToValue, Value};

/// A point in time, to the second, in UTC.
///
/// ```
/// use purlin::Timestamp;
///
/// let new_year: Timestamp = "2027-01-01T00:00:00Z".parse()?;
/// assert_eq!(new_year.to_string(), "2027-01-01T00:00:00Z");
/// assert!("2027-02-29T00:00:00Z".parse::<Timestamp>().is_err());
/// # Ok::<(), purlin::InvalidTimestamp>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// A text that is not a point in time in the form `2027-01-01T00:00:00Z`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time in UTC, such as 2027-01-01T00:00:00Z")]
pub struct InvalidTimestamp(String);

/// A point in time by the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: u32,
    /// 1 to 31.
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) second: u32,
    /// 0 to 6, from Sunday.
    pub(crate) weekday: u32,
}

const DAY: i64 = 86_400;

impl Timestamp {
    /// Makes a timestamp of the seconds since 1970-01-01T00:00:00Z.
    pub fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Returns the seconds since 1970-01-01T00:00:00Z.
    pub fn as_unix(self) -> i64 {
        self.0
    }

    /// The calendar's view of it: days since 0000-03-01, in eras of 400 years (Howard Hinnant's
    /// `civil_from_days`).
    pub(crate) fn civil(self) -> Civil {
        let (days, time) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        let shifted = days + 719_468;
        let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let part = |number: i64| u32::try_from(number).unwrap_or_default();
        Civil {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: part(month),
            day: part(day),
            hour: part(time / 3_600),
            minute: part(time / 60 % 60),
            second: part(time % 60),
            weekday: part((days + 4).rem_euclid(7)),
        }
    }

    /// The way back (`days_from_civil`); days that the calendar does not have become later ones.
    fn of_civil((year, month, day): (i64, i64, i64), (hour, minute, second): (i64, i64, i64)) -> Self {
        let year = year - i64::from(month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        let days = era * 146_097 + of_era - 719_468;
        Self(days * DAY + hour * 3_600 + minute * 60 + second)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let number = |from: usize, to: usize| {
            let digits = text.get(from..to).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
            digits.parse::<i64>().ok()
        };
        let read = || {
            let date = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
            let time = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
            (1..=12).contains(&date.1).then(|| Self::of_civil(date, time))
        };
        // What it is written as again is what it was: no thirtieth of February, no minute 61.
        read().filter(|time| time.to_string() == text).ok_or_else(|| InvalidTimestamp(text.to_owned()))
    }
}

/// In the form of RFC 3339.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Civil { year, month, day, hour, minute, second, .. } = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

impl ToValue for Timestamp {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2026-01-01T00:00:00Z", 1_767_225_600),
            ("1969-12-31T23:59:59Z", -1),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] {
            assert_eq!(text.parse(), Ok(Timestamp(seconds)));
            assert_eq!(Timestamp(seconds).to_string(), text);
        }
        for text in [
            "2100-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01",
            "2026-01-01T00:00:00+09:00",
            "",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
        // A Thursday.
        assert_eq!(Timestamp(1_767_225_600).civil().weekday, 4);
    }
}
