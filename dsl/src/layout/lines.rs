//! Lines: what stands on each line, without its comment and without characters a ward may not hold?
//!
//! - **How it fits**: [`super::read`] walks over the [`Line`]s.
//! - LIMIT: `LINE_CHARS_MAX`; a longer line is reported and read all the same, since its clause is bounded too.
//! - **Not here**: blocks and clauses.

use unicode_normalization::UnicodeNormalization;

use super::{Comment, CommentPlace};
use crate::diagnostic::{Code, Diagnostic};
use crate::limits::LINE_CHARS_MAX;
use crate::source::{FileId, SourceFile, Span};

/// One line of a file.
#[derive(Clone, Debug)]
pub(super) struct Line<'t> {
    /// Byte of its first character in the file.
    pub(super) start: usize,
    /// As written, without its line break.
    pub(super) raw: &'t str,
    /// Without comment and outer blanks; a character that may not stand here is a blank.
    pub(super) code: String,
    /// Blanks before the code.
    pub(super) indent: usize,
    pub(super) comment: Option<Comment>,
    /// A character was refused here, so the indentation says little.
    pub(super) refused: Option<char>,
}

impl Line<'_> {
    /// Byte in the file where the code begins.
    pub(super) fn code_start(&self) -> usize {
        self.start + self.indent
    }

    /// Byte in the file after the line.
    pub(super) fn end(&self) -> usize {
        self.start + self.raw.len()
    }
}

/// Cuts a text into lines.
pub(super) fn lines(file: FileId, source: &SourceFile) -> Vec<Line<'_>> {
    let text = source.text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&source.text);
    let mut start = source.text.len() - text.len();
    let mut lines = Vec::new();
    for raw in text.split_inclusive('\n') {
        let bare = raw.strip_suffix('\n').unwrap_or(raw);
        let bare = bare.strip_suffix('\r').unwrap_or(bare);
        lines.push(line(file, start, bare));
        start += raw.len();
    }
    lines
}

fn line(file: FileId, start: usize, raw: &str) -> Line<'_> {
    let refused = raw.chars().find(|&c| is_refused(c));
    let clean = if refused.is_some() { blanked(raw) } else { raw.to_owned() };
    let (code, comment) = split_comment(&clean);
    let comment = comment.map(|at| comment_at(file, start + at, clean.get(at..).unwrap_or(""), code.trim().is_empty()));
    let indent = code.len() - code.trim_start().len();
    Line { start, raw, code: code.trim().to_owned(), indent, comment, refused }
}

/// Let pass at the start of a file; some editors write it.
const BYTE_ORDER_MARK: char = '\u{feff}';

fn is_refused(c: char) -> bool {
    let bidirectional =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || bidirectional || c == BYTE_ORDER_MARK || c == char::REPLACEMENT_CHARACTER
}

/// Blanks in place of refused characters, as many bytes as before, so that places stay right.
fn blanked(raw: &str) -> String {
    let mut clean = String::with_capacity(raw.len());
    for c in raw.chars() {
        if is_refused(c) {
            clean.extend(std::iter::repeat_n(' ', c.len_utf8()));
        } else {
            clean.push(c);
        }
    }
    clean
}

/// The code of a line, and the byte where its comment begins: `--` outside quotes.
fn split_comment(line: &str) -> (&str, Option<usize>) {
    let mut quoted = false;
    let mut dash_before = false;
    for (at, c) in line.char_indices() {
        if c == '"' {
            quoted = !quoted;
        }
        if c == '-' && dash_before && !quoted {
            return (line.get(..at - 1).unwrap_or(line), Some(at - 1));
        }
        dash_before = c == '-' && !quoted;
    }
    (line, None)
}

fn comment_at(file: FileId, start: usize, text: &str, alone: bool) -> Comment {
    let text = text.trim_end();
    let place = if alone { CommentPlace::OwnLine } else { CommentPlace::LineEnd };
    Comment { text: text.to_owned(), span: byte_span(file, start, start + text.len()), place }
}

/// A span from bytes; a file is far shorter than `u32` reaches.
pub(super) fn byte_span(file: FileId, start: usize, end: usize) -> Span {
    let clip = |byte| u32::try_from(byte).unwrap_or(u32::MAX);
    Span { file, start: clip(start), end: clip(end) }
}

/// What a refused character of a line has to say.
pub(super) fn refused_diagnostic(file: FileId, line: &Line<'_>, refused: char) -> Diagnostic {
    let at = line.start + line.raw.find(refused).unwrap_or(0);
    let span = byte_span(file, at, at + refused.len_utf8());
    let shown = blanked(&line.raw.replace('\t', "  "));
    let (message, cause) = match refused {
        '\t' => (
            "There is a tab here.".to_owned(),
            "Clauses are indented with spaces, so that a line means the same in every editor.",
        ),
        char::REPLACEMENT_CHARACTER => ("These bytes are not UTF-8 text.".to_owned(), "Save the file as UTF-8."),
        other => (
            format!("The invisible character U+{:04X} stands here.", u32::from(other)),
            "What people see must be what the machine reads.",
        ),
    };
    let corrected = if line.indent > 0 { format!("  {}", shown.trim()) } else { shown.trim().to_owned() };
    Diagnostic::new(Code::WL0101, span, message).because(cause).help("Change it to:", &[&corrected])
}

/// Letters stored in parts would make two names that look alike differ.
pub(super) fn not_composed(file: FileId, line: &Line<'_>) -> Option<Diagnostic> {
    if unicode_normalization::is_nfc(line.raw) {
        return None;
    }
    let composed: String = line.raw.nfc().collect();
    let same = line.raw.char_indices().zip(composed.chars()).take_while(|((_, one), two)| one == two).last();
    let at = same.map_or(0, |((at, c), _)| at + c.len_utf8());
    let length = line.raw.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let span = byte_span(file, line.start + at, line.start + at + length);
    let found = Diagnostic::new(Code::WL0101, span, "A letter is stored in parts here.");
    Some(
        found
            .because("Names that look alike must be alike: save the file in Unicode form NFC.")
            .help("Change it to:", &[composed.trim()]),
    )
}

/// A line that is longer than anybody reads.
pub(super) fn too_long(file: FileId, line: &Line<'_>) -> Option<Diagnostic> {
    let characters = line.raw.chars().count();
    (characters > LINE_CHARS_MAX).then(|| {
        let span = byte_span(file, line.code_start(), line.end());
        Diagnostic::new(
            Code::WL0107,
            span,
            format!("This line has {characters} characters; {LINE_CHARS_MAX} are allowed."),
        )
        .help("Break it at a comma; the next line is indented to column 13.", &[])
    })
}
