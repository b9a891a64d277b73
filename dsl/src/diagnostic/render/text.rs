//! Text: the form that people read on a terminal or in a review.
//!
//! - **Not here**: colours.

use super::{Diagnostic, place};
use crate::codes::Severity;
use crate::source::{Lines, SourceFile, Sources, Span};

/// Column at which the place begins, from 0.
const PLACE_COLUMN: usize = 74;
/// Width at which the words of a cause are wrapped.
const WIDTH: usize = 118;
/// Characters that are shown of a line; of a longer one what is around the mark.
const LINE_SHOWN: usize = 140;
/// Characters before the mark that are shown of a longer line.
const BEFORE_SHOWN: usize = 60;

/// All findings in the text form, in the order given.
#[must_use]
pub fn text(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let lines = Lines::of(sources);
    diagnostics.iter().map(|diagnostic| one(diagnostic, &lines)).collect()
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

fn one(diagnostic: &Diagnostic, lines: &Lines<'_>) -> String {
    let (file, at) = place(lines, diagnostic.span);
    let head = format!("{} {}: {}", diagnostic.code, diagnostic.severity.as_str(), diagnostic.message);
    let gap = PLACE_COLUMN.saturating_sub(head.chars().count()).max(2);
    let mut out = format!("{head}{}{file} line {}\n", " ".repeat(gap), at.line);
    if let Some(source) = lines.file(diagnostic.span.file) {
        source_lines(&mut out, diagnostic, source, lines);
    }
    advice(&mut out, diagnostic);
    out
}

fn source_lines(out: &mut String, diagnostic: &Diagnostic, source: &SourceFile, lines: &Lines<'_>) {
    let at = place(lines, diagnostic.span).1;
    let line = lines.line(diagnostic.span.file, at.line);
    let before = usize::try_from(at.column.saturating_sub(1)).unwrap_or(0);
    let (shown, skipped) = window(line, before);
    let number = format!("{:>3}", at.line);
    out.push_str(&format!("{number} | {shown}\n").replace('\t', " "));
    let gutter = " ".repeat(number.len());
    let before = before.saturating_sub(skipped);
    let length = mark_length(source, diagnostic.span).min(shown.chars().count().saturating_sub(before));
    out.push_str(&format!("{gutter} | {}{}\n", " ".repeat(before), "^".repeat(length.max(1))));
    for label in &diagnostic.labels {
        labelled(out, label.span, &label.text, lines);
    }
}

/// What is shown of a line whose mark begins after so many characters, and how many columns the mark moves to the left.
fn window(line: &str, mark: usize) -> (String, usize) {
    let length = line.chars().count();
    if length <= LINE_SHOWN {
        return (line.to_owned(), 0);
    }
    let skipped = if mark < LINE_SHOWN - BEFORE_SHOWN { 0 } else { mark - BEFORE_SHOWN };
    let inside: String = line.chars().skip(skipped).take(LINE_SHOWN).collect();
    let (begin, end) = (if skipped > 0 { "…" } else { "" }, if skipped + LINE_SHOWN < length { "…" } else { "" });
    (format!("{begin}{inside}{end}"), skipped.saturating_sub(begin.chars().count()))
}

/// Characters of a span, as far as its first line goes.
fn mark_length(source: &SourceFile, span: Span) -> usize {
    source.text_of(span).lines().next().unwrap_or("").chars().count()
}

fn labelled(out: &mut String, span: Span, text: &str, lines: &Lines<'_>) {
    let Some(at) = lines.place(span.file, span.start) else { return };
    let note = if text.is_empty() { String::new() } else { format!("      {text}") };
    let (shown, _) = window(lines.line(span.file, at.line), 0);
    out.push_str(&format!("{:>3} | {shown}{note}\n", at.line));
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
