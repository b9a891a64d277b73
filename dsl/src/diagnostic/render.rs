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
use crate::source::{Place, Sources, Span};

#[cfg(test)]
mod tests;

/// File name and first place of a finding.
fn place(sources: &Sources, span: Span) -> (&str, Place) {
    match sources.file(span.file) {
        Some(file) => (file.name.as_str(), file.place(span.start)),
        None => ("", Place { line: 1, column: 1 }),
    }
}

/// The place behind a span.
fn end_place(sources: &Sources, span: Span) -> Place {
    sources.file(span.file).map_or(Place { line: 1, column: 1 }, |file| file.place(span.end))
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
