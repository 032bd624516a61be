//! How text looks in a terminal: colours, and lines that fit.

use std::fmt;
use std::io::IsTerminal;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

/// How text is shown: whether in colours, and how wide lines may be.
///
/// Nothing here prints: what is shown implements `Display`, and the program writes it where it
/// wants. Without anything set, text has no colours and lines are as long as they are.
///
/// ```
/// use purlin::{Ingress, Look, Plan, SecurityGroup, Stack, Vpc};
///
/// let mut stack = Stack::new("web");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// let group = SecurityGroup::builder().name("Web-SG").description("HTTP").vpc(vpc);
/// stack.add("web", group.ingress(Ingress::http().from_anywhere_ipv4()).build());
/// let plan = Plan::preview(&stack)?;
///
/// // In colours where standard output is a terminal and `NO_COLOR` is not set.
/// print!("{}", plan.display(Look::of(&std::io::stdout()).width(80)));
///
/// let text = plan.display(Look::plain().width(60)).to_string();
/// assert!(text.lines().all(|line| line.chars().count() <= 60));
/// # Ok::<(), purlin::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use]
pub struct Look {
    colours: bool,
    width: Option<usize>,
}

impl Look {
    /// No colours, and lines as long as they are.
    pub fn plain() -> Self {
        Self::default()
    }

    /// As it suits a stream: in colours if it is a terminal, unless the environment variable
    /// `NO_COLOR` is set and not empty (<https://no-color.org>) or `TERM` is `dumb`.
    pub fn of(stream: &impl IsTerminal) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self::plain().colours(stream.is_terminal() && !set("NO_COLOR") && !dumb)
    }

    /// Sets whether there are colours, as ANSI escape sequences.
    pub fn colours(mut self, colours: bool) -> Self {
        self.colours = colours;
        self
    }

    /// Sets how many columns lines may have: at least 20. They break at spaces; a word that is too
    /// long by itself, such as an ARN, stays whole, so that it can be copied.
    pub fn width(mut self, columns: usize) -> Self {
        self.width = Some(columns.max(20));
        self
    }

    /// The same with lines as long as they are.
    #[cfg(feature = "progress")]
    pub(crate) fn unbroken(self) -> Self {
        Self { width: None, ..self }
    }

    /// Whether a line needs no break.
    pub(crate) fn fits(self, line: &Line) -> bool {
        self.width.is_none_or(|width| line.width() <= width)
    }

    /// How many columns there are to lay something out in.
    pub(crate) fn columns(self) -> usize {
        self.width.unwrap_or(80)
    }
}

/// What a piece of text is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    /// What stands out.
    Strong,
    /// What can be read over.
    Faint,
    /// What comes.
    New,
    /// What goes.
    Old,
    /// What changes.
    Changed,
    /// What is replaced.
    Replaced,
    /// What has gone wrong.
    Wrong,
}

impl Tone {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| colour.on_default();
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
            Self::New => colour(AnsiColor::Green),
            Self::Old => colour(AnsiColor::Red),
            Self::Changed => colour(AnsiColor::Yellow),
            Self::Replaced => colour(AnsiColor::Magenta),
            Self::Wrong => colour(AnsiColor::Red).bold(),
        }
    }
}

/// A line of text in several tones, which is broken where it has to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    pieces: Vec<(Tone, String)>,
    /// The column in which its further lines begin.
    hang: usize,
}

impl Line {
    /// An empty line whose continuation begins in a column.
    pub(crate) fn new(hang: usize) -> Self {
        Self { pieces: Vec::new(), hang }
    }

    pub(crate) fn add(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.pieces.push((tone, text.into()));
        self
    }

    pub(crate) fn plain(self, text: impl Into<String>) -> Self {
        self.add(Tone::Plain, text)
    }

    /// How many columns it takes.
    pub(crate) fn width(&self) -> usize {
        self.pieces.iter().map(|(_, text)| text.width()).sum()
    }

    /// The line and what ends it, as text.
    pub(crate) fn display(&self, look: Look) -> impl fmt::Display {
        fmt::from_fn(move |f| self.write(look, f))
    }

    /// Writes the line and what ends it.
    pub(crate) fn write(&self, look: Look, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let room = look.width.filter(|width| self.width() > *width).unwrap_or(usize::MAX);
        // Where the line is, and the spaces that are written only if a word follows them on it.
        let (mut column, mut spaces) = (0, 0);
        let mut begun = false;
        for (tone, text) in &self.pieces {
            let style = if look.colours { tone.style() } else { Style::new() };
            write!(f, "{style}")?;
            for word in text.split_inclusive(' ') {
                let bare = word.trim_end_matches(' ');
                if !bare.is_empty() {
                    // Before the first word there is nothing to break.
                    if begun && column + spaces + bare.width() > room {
                        (column, spaces) = (0, self.hang);
                        // Colours end with the line: what shows it may colour the margin else.
                        write!(f, "{style:#}\n{style}")?;
                    }
                    write!(f, "{:spaces$}{bare}", "")?;
                    column += spaces + bare.width();
                    (begun, spaces) = (true, 0);
                }
                spaces += word.len() - bare.len();
            }
            write!(f, "{style:#}")?;
        }
        writeln!(f)
    }
}

/// Writes a text of several lines, each with its indentation, the first one in another tone.
pub(crate) fn write_text(text: &str, first: Tone, look: Look, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let tone = if index == 0 { first } else { Tone::Plain };
        Line::new(indent + 2).add(tone, line).write(look, f)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Shown<'a>(&'a Line, Look);

    impl fmt::Display for Shown<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.write(self.1, f)
        }
    }

    #[test]
    fn lines_break_at_spaces_and_go_on_below_their_text() {
        let line = Line::new(4).add(Tone::New, "+   ").plain("a value that is too long for the line");
        let text = Shown(&line, Look::plain().width(24)).to_string();
        assert_eq!(text, "+   a value that is too\n    long for the line\n");
        assert_eq!(Shown(&line, Look::plain()).to_string(), "+   a value that is too long for the line\n");
    }

    #[test]
    fn colours_do_not_count_and_end_with_the_line() {
        let line = Line::new(2).add(Tone::Old, "one two three four five six seven");
        let text = Shown(&line, Look::plain().width(20).colours(true)).to_string();
        assert_eq!(text, "\u{1b}[31mone two three four\u{1b}[0m\n\u{1b}[31m  five six seven\u{1b}[0m\n");
    }
}
