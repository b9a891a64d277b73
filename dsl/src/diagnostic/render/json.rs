//! JSON: the form for editors and scripts [CHK-5].
//!
//! The first line names the schema version, then one object per finding.
//! - **Not here**: reading JSON.

use super::{Diagnostic, end_place, help_text, place};
use crate::diagnostic::Edit;
use crate::source::{Lines, Sources};

/// The version of the form below; it changes when a key is renamed or removed.
pub const SCHEMA_VERSION: u32 = 1;

/// All findings as JSON lines.
///
/// **Output**: `{"schema_version":1}`, then `code`, `severity`, `file`, `line`, `column`, `end_line`, `end_column`, `message`,
/// `help` and `fix` per finding; lines and columns count from 1, columns in characters, the end is exclusive.
#[must_use]
pub fn json(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let head = format!("{{\"schema_version\":{SCHEMA_VERSION}}}\n");
    let lines = Lines::of(sources);
    diagnostics.iter().fold(head, |out, diagnostic| out + object(diagnostic, &lines).as_str() + "\n")
}

fn object(diagnostic: &Diagnostic, lines: &Lines<'_>) -> String {
    let (file, from) = place(lines, diagnostic.span);
    let to = end_place(lines, diagnostic.span);
    let fix: Vec<String> = diagnostic.fix.iter().map(|edit| edit_object(edit, lines)).collect();
    format!(
        "{{\"code\":\"{}\",\"severity\":\"{}\",\"file\":{},\"line\":{},\"column\":{},\"end_line\":{},\"end_column\":{},\"message\":{},\"help\":{},\"fix\":[{}]}}",
        diagnostic.code,
        diagnostic.severity.as_str(),
        string(file),
        from.line,
        from.column,
        to.line,
        to.column,
        string(&diagnostic.message),
        string(&help_text(diagnostic)),
        fix.join(","),
    )
}

fn edit_object(edit: &Edit, lines: &Lines<'_>) -> String {
    let (file, from) = place(lines, edit.span);
    let to = end_place(lines, edit.span);
    format!(
        "{{\"file\":{},\"line\":{},\"column\":{},\"end_line\":{},\"end_column\":{},\"text\":{}}}",
        string(file),
        from.line,
        from.column,
        to.line,
        to.column,
        string(&edit.text)
    )
}

/// A text as a JSON string.
pub(super) fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
