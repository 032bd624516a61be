//! The choices of a generator, drawn from a tape of numbers: proptest makes the tape, and shortens
//! and lowers it where a stack fails, so that zeros are the simplest choices.

use std::cell::Cell;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Letters, digits and hyphens.
pub(super) const NAME: &str = "abcxyzABCXYZ0189-";
/// What descriptions and names of security groups may contain.
pub(super) const DESCRIPTION: &str = "abczABCZ0189 ._-:/()#,@[]+=&;{}!$*";
/// What tags, and the names of policies, may contain.
pub(super) const TAG: &str = "abczABCZ0189 _.:/=+-@";
/// What paths may contain.
pub(super) const PATH: &str = "abczABCZ0189_-.$/~\"'@:+&";

pub(super) struct Tape {
    numbers: Vec<u32>,
    next: Cell<usize>,
}

impl Tape {
    pub(super) fn new(numbers: Vec<u32>) -> Self {
        Self { numbers, next: Cell::new(0) }
    }

    fn number(&self) -> u32 {
        let next = self.next.replace(self.next.get() + 1);
        self.numbers.get(next).copied().unwrap_or(0)
    }

    /// As often yes as no.
    pub(super) fn chance(&self) -> bool {
        self.number() % 2 == 1
    }

    /// Evenly from zero to a number.
    pub(super) fn up_to(&self, most: usize) -> usize {
        self.number() as usize % (most + 1)
    }

    pub(super) fn pick<T: Copy>(&self, all: &[T]) -> T {
        all[self.up_to(all.len() - 1)]
    }

    /// From a range; its bounds as often as what is between them.
    pub(super) fn within<T: TryFrom<i64> + Into<i64> + Copy>(&self, range: RangeInclusive<T>) -> T {
        let (low, high) = ((*range.start()).into(), (*range.end()).into());
        let value = match self.number() {
            number if number % 4 == 0 => low,
            number if number % 4 == 1 => high,
            number => low + i64::from(number) % (high - low + 1),
        };
        T::try_from(value).unwrap_or(*range.start())
    }

    pub(super) fn seconds(&self, range: RangeInclusive<u32>) -> Duration {
        Duration::from_secs(self.within(range).into())
    }

    /// A text of some length, of some of these characters; it ends with a letter.
    pub(super) fn text(&self, characters: &str, length: RangeInclusive<u32>) -> String {
        let length = self.within(length) as usize;
        let from = self.up_to(characters.chars().count() - 1);
        let some: Vec<_> = characters.chars().cycle().skip(from).take(length.saturating_sub(1)).collect();
        some.into_iter().chain((length > 0).then_some('a')).collect()
    }

    /// A text that no other has: it begins with a number.
    pub(super) fn unique(&self, number: usize, characters: &str, length: RangeInclusive<u32>) -> String {
        let number = number.to_string();
        let taken = u32::try_from(number.len()).unwrap_or(0);
        let rest = length.start().saturating_sub(taken).max(1)..=length.end() - taken;
        number + &self.text(characters, rest)
    }
}

/// Finishes a builder with some of these options: the first so many of them, or a single one.
macro_rules! some {
    ($tape:expr, $base:expr; $($set:ident($value:expr);)+) => {{
        let count = [$(stringify!($set)),+].len();
        let picked = $tape.up_to(2 * count);
        if picked <= count {
            $crate::generated::tape::some!(@first picked, $base; $($set($value);)+)
        } else {
            let only = picked - count - 1;
            $crate::generated::tape::some!(@only only, $base; $($set($value);)+)
        }
    }};
    (@first $left:expr, $base:expr;) => {{
        let _: usize = $left;
        $base.build()
    }};
    (@first $left:expr, $base:expr; $set:ident($value:expr); $($rest:tt)*) => {{
        let (left, base): (usize, _) = ($left, $base);
        if left == 0 {
            base.build()
        } else {
            $crate::generated::tape::some!(@first left - 1, base.$set($value); $($rest)*)
        }
    }};
    (@only $only:expr, $base:expr; $set:ident($value:expr);) => {{
        let _: usize = $only;
        $base.$set($value).build()
    }};
    (@only $only:expr, $base:expr; $set:ident($value:expr); $($rest:tt)+) => {{
        let only: usize = $only;
        if only == 0 {
            $base.$set($value).build()
        } else {
            $crate::generated::tape::some!(@only only - 1, $base; $($rest)+)
        }
    }};
}
pub(super) use some;
