//! How wide text is, and how it is made to fit.
//!
//! Which font a reader has is not known here. What is assumed are the widths of DejaVu Sans, the
//! widest of the fonts that viewers fall back to: in narrower ones, such as Helvetica and Arial,
//! there is room left.

use unicode_width::UnicodeWidthChar;

/// How text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Font {
    /// In units of the picture.
    pub(super) size: f64,
    pub(super) bold: bool,
}

impl Font {
    pub(super) const HEAD: Self = Self { size: 18.0, bold: true };
    pub(super) const TITLE: Self = Self { size: 13.0, bold: true };
    pub(super) const BODY: Self = Self { size: 11.0, bold: false };
    pub(super) const SMALL: Self = Self { size: 10.0, bold: false };

    /// The height of a line.
    pub(super) fn line(self) -> f64 {
        (self.size * 1.35).ceil()
    }

    /// How wide a text is at most.
    pub(super) fn width(self, text: &str) -> f64 {
        text.chars().map(|character| self.advance(character)).sum::<f64>() * self.size / 1000.0
    }

    /// In thousandths of the size.
    fn advance(self, character: char) -> f64 {
        let table = if self.bold { &BOLD } else { &REGULAR };
        let ascii = (character as usize).checked_sub(0x20).and_then(|index| table.get(index));
        match (ascii, character.width().unwrap_or(0)) {
            (Some(width), _) => f64::from(*width),
            (None, 0) => 0.0,
            (None, 1) => 1000.0,
            // Emoji are wider than other wide characters.
            (None, _) => 1300.0,
        }
    }

    /// The text, or as much of its beginning and end as fits, with `…` between them: names tell
    /// apart by their ends, too.
    pub(super) fn shorten(self, text: &str, width: f64) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let characters: Vec<char> = text.chars().collect();
        let of = |keep: usize| {
            let head = keep.div_ceil(2);
            let tail = &characters[characters.len() - (keep - head)..];
            characters[..head].iter().chain(['…'].iter()).chain(tail).collect::<String>()
        };
        let fits = (0..characters.len()).rev().map(of).find(|text| self.width(text) <= width);
        fits.unwrap_or_default()
    }

    /// The text in lines that fit, at most so many; what does not fit at all is shortened. Lines
    /// end at spaces; where a word is too long by itself, after a part of it, else anywhere.
    pub(super) fn wrap(self, text: &str, width: f64, lines: usize) -> Vec<String> {
        let text = printable(text);
        let mut wrapped: Vec<String> = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            if wrapped.len() + 1 == lines {
                wrapped.push(self.shorten(rest, width));
                break;
            }
            let end = self.end_of_line(rest, width);
            wrapped.push(rest[..end].trim_end().to_owned());
            rest = rest[end..].trim_start();
        }
        wrapped
    }

    /// Where the first line ends, after one character at least.
    fn end_of_line(self, text: &str, width: f64) -> usize {
        let mut used = 0.0;
        let (mut fits, mut space, mut part) = (0, 0, 0);
        for (index, character) in text.char_indices() {
            used += self.advance(character) * self.size / 1000.0;
            if character == ' ' {
                space = index;
            }
            if used > width && fits > 0 {
                let ends = [space, part, fits];
                return ends.into_iter().find(|end| *end > 0).unwrap_or(fits);
            }
            fits = index + character.len_utf8();
            // Names and addresses have parts.
            if "-_/.,".contains(character) {
                part = fits;
            }
        }
        text.len()
    }
}

/// The text without what must not stand in a picture: control characters, which XML does not allow,
/// and line breaks.
pub(super) fn printable(text: &str) -> String {
    let shown = |character: char| match character {
        character if character.is_whitespace() => ' ',
        character if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => '\u{fffd}',
        character => character,
    };
    text.chars().map(shown).collect()
}

/// The widths of the printable ASCII characters, from the space on.
const REGULAR: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
    748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
    615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
    337, 636, 838,
];
const BOLD: [u16; 95] = [
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696, 696, 696,
    696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995,
    837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 500, 500, 675, 716, 593, 716,
    678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712,
    365, 712, 838,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_end_at_spaces_and_long_words_anywhere() {
        let font = Font::BODY;
        let width = font.width("Public subnet");
        assert_eq!(font.wrap("Public subnet A", width, 9), ["Public subnet", "A"]);
        assert_eq!(font.wrap("Public subnet A and B", width, 1).len(), 1);
        assert_eq!(font.wrap("shop-production-public", width, 9), ["shop-", "production-", "public"]);
        assert!(font.wrap(&"x".repeat(100), width, 99).len() > 5);
        assert_eq!(font.shorten("internal-web-frontend-1234", font.width("inter…-1234")), "inter…-1234");
        assert_eq!(printable("a\u{1}b\nc"), "a\u{fffd}b c");
    }

    proptest! {
        #[test]
        fn what_is_wrapped_fits(text in "\\PC{0,60}", width in 25.0..300.0f64, lines in 1..5usize, bold: bool) {
            let font = Font { size: 12.0, bold };
            let wrapped = font.wrap(&text, width, lines);
            prop_assert!(wrapped.len() <= lines);
            for line in &wrapped {
                prop_assert!(font.width(line) <= width, "{line:?} is {} wide", font.width(line));
            }
        }
    }
}
