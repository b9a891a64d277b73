//! Shapes: how does the protocol spell what the language found?
//!
//! - **Not here**: deciding anything.

use std::{collections::HashMap, str::FromStr as _};

use tower_lsp_server::ls_types::{
    self as lsp, CompletionItem, CompletionItemKind, CompletionTextEdit, DiagnosticRelatedInformation,
    DiagnosticSeverity, DocumentSymbol, Documentation, FoldingRange, Location, MarkupContent, MarkupKind,
    NumberOrString, Range, SymbolKind, TextEdit, Uri, WorkspaceEdit,
};
use wardline_dsl::{
    assist::{
        Entry, Offer, OfferSort,
        places::{Lines, Position},
    },
    codes::Severity,
    diagnostic::Diagnostic,
    source::{SourceFile, Span},
};

use super::workspace::Snapshot;

/// A position of the protocol.
pub(super) const fn from(position: lsp::Position) -> Position {
    Position { line: position.line, column: position.character }
}

fn to(position: Position) -> lsp::Position {
    lsp::Position::new(position.line, position.column)
}

/// The range of a span in its text.
pub(super) fn range(lines: &Lines<'_>, span: Span) -> Range {
    Range::new(to(lines.position(span.start)), to(lines.position(span.end)))
}

/// The URI of a path; a text that was never saved has one of its own.
pub(super) fn uri(path: &std::path::Path) -> Option<Uri> {
    if path.is_absolute() { Uri::from_file_path(path) } else { Uri::from_str(&path.to_string_lossy()).ok() }
}

/// The place of a span on disk.
pub(super) fn location(snapshot: &Snapshot, span: Span) -> Option<Location> {
    let uri = uri(&snapshot.path(span.file)?)?;
    let lines = Lines::of(&snapshot.sources.file(span.file)?.text);
    Some(Location::new(uri, range(&lines, span)))
}

/// A finding.
pub(super) fn diagnostic(snapshot: &Snapshot, lines: &Lines<'_>, found: &Diagnostic) -> lsp::Diagnostic {
    let severity = match found.severity {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Note => DiagnosticSeverity::INFORMATION,
    };
    let labels = found.labels.iter().filter_map(|label| {
        let message = if label.text.is_empty() { "see here".to_owned() } else { label.text.clone() };
        Some(DiagnosticRelatedInformation { location: location(snapshot, label.span)?, message })
    });
    lsp::Diagnostic {
        range: range(lines, found.span),
        severity: Some(severity),
        code: Some(NumberOrString::String(found.code.to_string())),
        source: Some("wardline".to_owned()),
        message: message(found),
        related_information: Some(labels.collect()),
        ..lsp::Diagnostic::default()
    }
}

/// Headline, cause, and what to write instead.
fn message(found: &Diagnostic) -> String {
    let mut text = found.message.clone();
    if !found.cause.is_empty() {
        text.push_str(&format!("\n{}", found.cause));
    }
    for correction in &found.help {
        text.push_str(&format!("\n{}", correction.lead));
        correction.lines.iter().for_each(|line| text.push_str(&format!("\n  {line}")));
    }
    text
}

/// The edits of a correction, where all of them are in files on disk.
pub(super) fn correction(snapshot: &Snapshot, found: &Diagnostic) -> Option<WorkspaceEdit> {
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for edit in &found.fix {
        let place = location(snapshot, edit.span)?;
        changes.entry(place.uri).or_default().push(TextEdit::new(place.range, edit.text.clone()));
    }
    (!changes.is_empty()).then(|| WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
}

/// What a correction is called.
pub(super) fn title(found: &Diagnostic) -> String {
    match found.fix.first().map(|edit| edit.text.trim()) {
        Some("") | None => "Delete it".to_owned(),
        Some(text) => format!("Change it to: {}", text.lines().next().unwrap_or(text)),
    }
}

/// Something to type; `place` keeps the order in which it was offered.
pub(super) fn offer(lines: &Lines<'_>, place: usize, offer: Offer) -> CompletionItem {
    let kind = match offer.sort {
        OfferSort::Block => CompletionItemKind::CLASS,
        OfferSort::Clause => CompletionItemKind::PROPERTY,
        OfferSort::Word => CompletionItemKind::KEYWORD,
        OfferSort::Field => CompletionItemKind::FIELD,
        OfferSort::Standard => CompletionItemKind::ENUM_MEMBER,
        OfferSort::Declared => CompletionItemKind::REFERENCE,
        OfferSort::Person => CompletionItemKind::VARIABLE,
        OfferSort::Placeholder => CompletionItemKind::CONSTANT,
    };
    // Editors compare what was typed, quote included, with this text.
    let filter = if offer.insert.starts_with('"') { offer.insert.clone() } else { offer.label.clone() };
    CompletionItem {
        label: offer.label,
        kind: Some(kind),
        detail: Some(offer.detail).filter(|detail| !detail.is_empty()),
        documentation: Some(offer.meaning)
            .filter(|meaning| !meaning.is_empty())
            .map(markdown)
            .map(Documentation::MarkupContent),
        sort_text: Some(format!("{place:05}")),
        filter_text: Some(filter),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(range(lines, offer.replace), offer.insert))),
        ..CompletionItem::default()
    }
}

pub(super) const fn markdown(value: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value }
}

/// The edit that makes a text another one.
pub(super) fn rewritten(old: &str, new: String) -> TextEdit {
    let lines = Lines::of(old);
    let end = u32::try_from(old.len()).unwrap_or(u32::MAX);
    TextEdit::new(Range::new(lsp::Position::new(0, 0), to(lines.position(end))), new)
}

/// A block in the outline of an editor.
#[expect(deprecated, reason = "the protocol's type has the field and no default")]
pub(super) fn symbol(source: &SourceFile, entry: &Entry) -> DocumentSymbol {
    let lines = Lines::of(&source.text);
    let kind = match entry.word.as_str() {
        "ward" | "pack" => SymbolKind::MODULE,
        "function" => SymbolKind::FUNCTION,
        "test" => SymbolKind::METHOD,
        "sla" | "exception" | "alert" | "notice" | "suppress" => SymbolKind::EVENT,
        _ => SymbolKind::OBJECT,
    };
    let name = if entry.name.is_empty() { entry.word.clone() } else { entry.name.clone() };
    DocumentSymbol {
        name,
        detail: Some(entry.word.clone()),
        kind,
        tags: None,
        deprecated: None,
        range: range(&lines, entry.whole),
        selection_range: range(&lines, entry.header),
        children: None,
    }
}

/// A block as a fold.
pub(super) fn fold(source: &SourceFile, entry: &Entry) -> FoldingRange {
    let found = range(&Lines::of(&source.text), entry.whole);
    FoldingRange { start_line: found.start.line, end_line: found.end.line, ..FoldingRange::default() }
}
