//! Text: the form that people read on a terminal or in a review.
//!
//! - **Not here**: colours.

use super::{Diagnostic, place};
use crate::codes::Severity;
use crate::source::{SourceFile, Sources, Span};

/// Column at which the place begins, from 0.
const PLACE_COLUMN: usize = 74;
/// Width at which the words of a cause are wrapped.
const WIDTH: usize = 118;

/// All findings in the text form, in the order given.
#[must_use]
pub fn text(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    diagnostics.iter().map(|diagnostic| one(diagnostic, sources)).collect()
}

/// How many findings of which weight: `1 error, 1 warning`; empty if there is none.
#[must_use]
pub fn summary(diagnostics: &[Diagnostic]) -> String {
    let count = |severity| diagnostics.iter().filter(|found| found.severity == severity).count();
    let parts = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|severity| (count(severity), severity.as_str()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" }));
    parts.collect::<Vec<_>>().join(", ")
}

fn one(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let (file, at) = place(sources, diagnostic.span);
    let head = format!("{} {}: {}", diagnostic.code, diagnostic.severity.as_str(), diagnostic.message);
    let gap = PLACE_COLUMN.saturating_sub(head.chars().count()).max(2);
    let mut out = format!("{head}{}{file} line {}\n", " ".repeat(gap), at.line);
    if let Some(source) = sources.file(diagnostic.span.file) {
        source_lines(&mut out, diagnostic, source, sources);
    }
    advice(&mut out, diagnostic);
    out
}

fn source_lines(out: &mut String, diagnostic: &Diagnostic, source: &SourceFile, sources: &Sources) {
    let at = source.place(diagnostic.span.start);
    let line = source.line(at.line);
    out.push_str(&format!("{:>3} | {line}\n", at.line).replace('\t', " "));
    let before = usize::try_from(at.column.saturating_sub(1)).unwrap_or(0);
    let length = mark_length(source, diagnostic.span).min(line.chars().count().saturating_sub(before));
    out.push_str(&format!("    | {}{}\n", " ".repeat(before), "^".repeat(length.max(1))));
    for label in &diagnostic.labels {
        labelled(out, label.span, &label.text, sources);
    }
}

/// Characters of a span, as far as its first line goes.
fn mark_length(source: &SourceFile, span: Span) -> usize {
    source.text_of(span).lines().next().unwrap_or("").chars().count()
}

fn labelled(out: &mut String, span: Span, text: &str, sources: &Sources) {
    let Some(source) = sources.file(span.file) else { return };
    let line = source.place(span.start).line;
    let note = if text.is_empty() { String::new() } else { format!("      {text}") };
    out.push_str(&format!("{line:>3} | {}{note}\n", source.line(line)));
}

/// Cause and corrections: one correction stands below its lead, alternatives stand behind theirs.
fn advice(out: &mut String, diagnostic: &Diagnostic) {
    let alternatives = diagnostic.help.len() > 1 || diagnostic.cause.is_empty();
    match diagnostic.help.as_slice() {
        [only] if !alternatives => {
            paragraph(out, &format!("{} {}", diagnostic.cause, only.lead));
            below(out, &only.lines);
        }
        help => {
            paragraph(out, &diagnostic.cause);
            for correction in help {
                beside(out, &correction.lead, &correction.lines);
            }
        }
    }
}

fn beside(out: &mut String, lead: &str, lines: &[String]) {
    match lines {
        [] => paragraph(out, lead),
        [line] if lead.chars().count() + line.chars().count() < WIDTH - 4 => {
            out.push_str(&format!("  {lead}  {line}\n"))
        }
        lines => {
            paragraph(out, lead);
            below(out, lines);
        }
    }
}

fn below(out: &mut String, lines: &[String]) {
    for line in lines {
        out.push_str(&format!("        {line}\n"));
    }
}

fn paragraph(out: &mut String, text: &str) {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH - 2 {
            out.push_str(&format!("  {line}\n"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        out.push_str(&format!("  {line}\n"));
    }
}
