//! GitHub: the form that a build shows beside the changed lines.
//!
//! - **Not here**: which findings fail a build (the exit code does).

use super::{Diagnostic, end_place, help_text, place};
use crate::codes::Severity;
use crate::source::{Lines, Sources};

/// All findings as workflow commands, one per line.
#[must_use]
pub fn github(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let lines = Lines::of(sources);
    diagnostics.iter().map(|diagnostic| command(diagnostic, &lines)).collect()
}

fn command(diagnostic: &Diagnostic, lines: &Lines<'_>) -> String {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let (file, from) = place(lines, diagnostic.span);
    let to = end_place(lines, diagnostic.span);
    let message = format!("{} {}", diagnostic.message, help_text(diagnostic));
    format!(
        "::{level} file={},line={},endLine={},col={},endColumn={},title={}::{}\n",
        property(file),
        from.line,
        to.line,
        from.column,
        to.column,
        diagnostic.code,
        escaped(message.trim()),
    )
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
