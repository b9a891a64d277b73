//! Finding: what is wrong in a file of the installation, where, and what to write instead?
//!
//! ```text
//! WL1103 error: unknown key `chanel`                                      wardline.toml line 7
//!   7 | [[chanel]]
//!     |   ^^^^^^
//!   Did you mean `channel`?
//! ```
//! - **How it fits**: every reader in [`config`](crate::config) returns these; the command line prints them and ends with 2.
//! - INVARIANT: a finding about a secret shows neither the line nor the value.

use core::{fmt, ops::Range};
use std::sync::Arc;

use crate::codes::Code;

/// A file of the installation, as findings show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    /// Name as the user gave it.
    pub name: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
}

/// One thing wrong in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub code: Code,
    /// The file's name; empty if it is about none.
    pub file: Arc<str>,
    /// Line from 1; 0 if it is about the whole file.
    pub line: u32,
    /// First column from 1, in characters.
    pub column: u32,
    /// How many characters are meant.
    pub width: u32,
    /// The line as it stands; empty where it must not be shown.
    pub shown: String,
    /// What is wrong: a fragment with the user's words in backticks.
    pub headline: String,
    /// One sentence to act on.
    pub help: String,
}

impl Finding {
    /// About a whole file, or about none.
    #[must_use]
    pub fn of_file(code: Code, file: &str, headline: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            code,
            file: Arc::from(file),
            line: 0,
            column: 0,
            width: 0,
            shown: String::new(),
            headline: headline.into(),
            help: help.into(),
        }
    }

    /// About the bytes `span` of `file`.
    #[must_use]
    pub fn at(
        code: Code,
        file: &ConfigFile,
        span: Range<usize>,
        headline: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        let place = Place::of(&file.text, &span);
        Self {
            code,
            file: file.name.clone(),
            line: place.line,
            column: place.column,
            width: place.width,
            shown: place.shown,
            headline: headline.into(),
            help: help.into(),
        }
    }

    /// The same without the text of the line, which may hold a secret.
    #[must_use]
    pub fn without_line(mut self) -> Self {
        self.shown = String::new();
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} error: {}", self.code, self.headline)?;
        match (self.file.is_empty(), self.line) {
            (true, _) => {}
            (false, 0) => write!(f, "   {}", self.file)?,
            (false, line) => write!(f, "   {} line {line}", self.file)?,
        }
        if !self.shown.is_empty() {
            let number = self.line.to_string();
            let (margin, indent) = (" ".repeat(number.len()), " ".repeat(width(self.column.saturating_sub(1))));
            let marks = "^".repeat(width(self.width.max(1)));
            write!(f, "\n  {number} | {}\n  {margin} | {indent}{marks}", self.shown)?;
        }
        if self.help.is_empty() { Ok(()) } else { write!(f, "\n  {}", self.help) }
    }
}

fn width(count: u32) -> usize {
    usize::try_from(count).unwrap_or(0)
}

/// Where a span lies in a text.
struct Place {
    line: u32,
    column: u32,
    width: u32,
    shown: String,
}

impl Place {
    fn of(text: &str, span: &Range<usize>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |index| index + 1);
        let rest = text.get(line_start..).unwrap_or("");
        let shown = rest.lines().next().unwrap_or("").to_owned();
        let column = count(before.get(line_start..).unwrap_or(""));
        let meant = text.get(span.clone()).unwrap_or("").lines().next().unwrap_or("");
        Self { line: small(before.matches('\n').count()) + 1, column: column + 1, width: count(meant), shown }
    }
}

fn count(text: &str) -> u32 {
    small(text.chars().count())
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX - 1)
}

/// Everything wrong that was found; never empty when returned as an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// `value` if nothing was found.
    ///
    /// # Errors
    /// The findings, if there are any.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Notes one more.
    pub fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }
}

impl From<Finding> for Findings {
    fn from(finding: Finding) -> Self {
        Self(vec![finding])
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fmt::Display::fmt(finding, f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Findings {}
