//! Render: how does a person, an editor or a build server read the findings?
//!
//! Four forms of the same list, all of them pure text: for people, as JSON lines, as annotations of a GitHub build, as SARIF.
//! - **How it fits**: the command line picks one; [`summary`] is the last line of the text form.
//! - **Not here**: colours, terminals.

mod github;
mod json;
mod sarif;
mod text;

pub use github::github;
pub use json::{SCHEMA_VERSION, json};
pub use sarif::sarif;
pub use text::{summary, text};

use super::Diagnostic;
use crate::source::{Lines, Place, Span};

#[cfg(test)]
mod tests;

/// File name and first place of a finding.
fn place<'s>(lines: &Lines<'s>, span: Span) -> (&'s str, Place) {
    let name = lines.file(span.file).map_or("", |file| file.name.as_str());
    (name, lines.place(span.file, span.start).unwrap_or(FIRST))
}

/// The place of what stands in no file.
const FIRST: Place = Place { line: 1, column: 1 };

/// The place behind a span.
fn end_place(lines: &Lines<'_>, span: Span) -> Place {
    lines.place(span.file, span.end).unwrap_or(FIRST)
}

/// Cause and corrections as one paragraph and a list of lines.
fn help_text(diagnostic: &Diagnostic) -> String {
    let mut parts: Vec<String> = Vec::new();
    if !diagnostic.cause.is_empty() {
        parts.push(diagnostic.cause.clone());
    }
    for correction in &diagnostic.help {
        parts.push(format!("{} {}", correction.lead, correction.lines.join("\n")).trim().to_owned());
    }
    parts.join(" ")
}
