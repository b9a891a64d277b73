//! Reader: which lines belong together?
//!
//! One pass over the lines with one open block at a time. A line at the margin closes it, a line at the clause column opens a
//! clause, a deeper one goes on, and after `script` everything up to `end` is taken as it stands.
//! - **How it fits**: called by [`check`](crate) and the formatter through [`super::read`].
//! - LIMIT: `FILE_BYTES_MAX`, `BLOCKS_PER_FILE_MAX`, `BLOCK_BYTES_MAX`, `CLAUSE_BYTES_MAX`, `SCRIPT_BYTES_MAX`.
//! - **Not here**: comments and characters of one line (`lines`).

use super::lines::{self, Line, byte_span};
use super::{Comment, Joined, Layout, RawBlock, RawClause, Script};
use crate::diagnostic::{Code, Diagnostic};
use crate::limits::{BLOCK_BYTES_MAX, BLOCKS_PER_FILE_MAX, CLAUSE_BYTES_MAX, FILE_BYTES_MAX, SCRIPT_BYTES_MAX};
use crate::source::{FileId, SourceFile, Span};
use crate::suggest;
use crate::vocabulary::{self, BLOCKS, PLANNED_BLOCKS};

/// Cuts one file into blocks and clauses.
///
/// - **Output**: blocks and clauses in the order of the file, comments beside what they stand at.
/// - **Errors**: none; WL0101, WL0102, WL0103, WL0107, WL0108 (a script without `end`) and WL0110 are in the layout.
/// - **Cost**: one pass.
#[must_use]
pub fn read(file: FileId, source: &SourceFile) -> Layout {
    let mut layout = Layout::default();
    if source.text.len() > FILE_BYTES_MAX {
        let message = format!("This file has {} bytes; {FILE_BYTES_MAX} are allowed.", source.text.len());
        layout.diagnostics.push(
            Diagnostic::new(Code::WL0107, byte_span(file, 0, 0), message).because("Split it into several files."),
        );
        return layout;
    }
    let lines = lines::lines(file, source);
    let mut reader = Reader { file, lines: &lines, next: 0, open: None, skipping: false, comments: Vec::new(), layout };
    while let Some(line) = reader.take() {
        reader.line(line);
    }
    reader.close();
    reader.layout.comments = std::mem::take(&mut reader.comments);
    bounded(file, reader.layout)
}

struct Reader<'l, 't> {
    file: FileId,
    lines: &'l [Line<'t>],
    next: usize,
    open: Option<Open>,
    /// After a header nobody knows: indented lines belong to nothing.
    skipping: bool,
    /// Comments that wait for the clause or block after them.
    comments: Vec<Comment>,
    layout: Layout,
}

/// The block that is being read.
struct Open {
    block: RawBlock,
    clause_column: Option<usize>,
}

impl<'l, 't> Reader<'l, 't> {
    fn take(&mut self) -> Option<&'l Line<'t>> {
        let line = self.lines.get(self.next);
        self.next += 1;
        line
    }

    fn line(&mut self, line: &'l Line<'t>) {
        if let Some(refused) = line.refused {
            self.layout.diagnostics.push(lines::refused_diagnostic(self.file, line, refused));
        }
        self.layout.diagnostics.extend(lines::not_composed(self.file, line));
        self.layout.diagnostics.extend(lines::too_long(self.file, line));
        if line.code.is_empty() {
            self.comments.extend(line.comment.clone());
        } else if line.indent == 0 {
            self.margin(line);
        } else if !self.skipping {
            self.indented(line);
        }
    }

    fn margin(&mut self, line: &Line<'_>) {
        let header = Joined::new(self.file, &line.code, line.code_start());
        if vocabulary::block_form(header.word()).is_some() {
            self.close();
            self.skipping = false;
            let mut comments = std::mem::take(&mut self.comments);
            comments.extend(line.comment.clone());
            let span = header.whole();
            let block = RawBlock { header, comments, clauses: Vec::new(), span };
            self.open = Some(Open { block, clause_column: None });
        } else {
            self.unknown_block(&header);
        }
    }

    /// Reports a line at the margin that starts no block; while skipping, only one that looks like a header.
    fn unknown_block(&mut self, header: &Joined) {
        if !self.skipping || header.text.contains('"') {
            self.layout.diagnostics.push(unknown_block(header));
        }
        self.close();
        self.skipping = true;
    }

    fn indented(&mut self, line: &'l Line<'t>) {
        let Some(open) = &mut self.open else {
            self.layout.diagnostics.push(stray(self.file, line, 0));
            return;
        };
        let column = *open.clause_column.get_or_insert(line.indent);
        if line.indent < column && line.refused.is_none() {
            self.layout.diagnostics.push(stray(self.file, line, column));
        } else if line.indent <= column {
            self.clause(line);
        } else {
            self.continuation(line);
        }
    }

    fn clause(&mut self, line: &'l Line<'t>) {
        let mut comments = std::mem::take(&mut self.comments);
        comments.extend(line.comment.clone());
        let text = Joined::new(self.file, &line.code, line.code_start());
        self.push_clause(RawClause { text, comments, script: None });
        self.script_after(line);
    }

    fn push_clause(&mut self, clause: RawClause) {
        if let Some(open) = &mut self.open {
            open.block.span = open.block.span.to(clause.text.whole());
            open.block.clauses.push(clause);
        }
    }

    fn continuation(&mut self, line: &'l Line<'t>) {
        let comments = std::mem::take(&mut self.comments);
        let Some(open) = &mut self.open else { return };
        let entries = |clause: &RawClause| is_entries(open.block.header.word(), clause.text.word());
        let Some(clause) = open.block.clauses.last_mut() else { return };
        let joint = if line.code.starts_with("- ") || entries(clause) { '\n' } else { ' ' };
        clause.text.push(joint, &line.code, line.code_start());
        clause.comments.extend(comments);
        clause.comments.extend(line.comment.clone());
        let whole = clause.text.whole();
        open.block.span = open.block.span.to(whole);
        self.script_after(line);
    }

    /// Takes the lines of a script if this line ends in `script`.
    fn script_after(&mut self, line: &Line<'_>) {
        if line.code.rsplit(' ').next() != Some("script") {
            return;
        }
        let first = self.next;
        let end = self.lines.iter().enumerate().skip(first).find(|(_, line)| ends_script(line));
        let (last, closed) = match end {
            Some((at, line)) => (at, line.raw.trim() == "end"),
            None => (self.lines.len(), false),
        };
        let body = self.lines.get(first..last).unwrap_or(&[]);
        let refused =
            body.iter().filter_map(|line| line.refused.map(|c| lines::refused_diagnostic(self.file, line, c)));
        self.layout.diagnostics.extend(refused);
        let start = body.first().map_or(line.end(), |line| line.start);
        let stop = body.last().map_or(start, Line::end);
        let text = body.iter().flat_map(|line| [line.raw, "\n"]).collect();
        let behind = end.filter(|_| closed).map_or(stop, |(_, line)| line.end());
        self.finish_script(
            Script { text, span: byte_span(self.file, start, stop) },
            byte_span(self.file, start, behind),
        );
        self.next = if closed { last + 1 } else { last };
        if !closed {
            self.layout.diagnostics.push(script_without_end(byte_span(self.file, line.code_start(), line.end())));
        }
    }

    /// Attaches a script. **Input** `lines`: its lines with the one that ends it.
    fn finish_script(&mut self, script: Script, lines: Span) {
        if script.text.len() > SCRIPT_BYTES_MAX {
            let message = format!("This script has {} bytes; {SCRIPT_BYTES_MAX} are allowed.", script.text.len());
            self.layout.diagnostics.push(Diagnostic::new(Code::WL0107, script.span, message));
        }
        let Some(open) = &mut self.open else { return };
        open.block.span = open.block.span.to(lines);
        if let Some(clause) = open.block.clauses.last_mut() {
            clause.script = Some(script);
        }
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.layout.blocks.push(open.block);
        }
    }
}

/// Whether each continuation line of a clause is an entry of its own.
fn is_entries(block: &str, clause: &str) -> bool {
    block == "test" && matches!(clause, "given" | "at" | "then")
}

/// `end`, or a header: nobody indents a block header into a script.
fn ends_script(line: &Line<'_>) -> bool {
    let word = line.raw.split(' ').next().unwrap_or("");
    line.raw.trim() == "end" || (vocabulary::block_form(word).is_some() && line.raw.contains('"'))
}

fn unknown_block(header: &Joined) -> Diagnostic {
    let (word, span) = (header.word(), header.word_span());
    if PLANNED_BLOCKS.contains(&word) {
        return Diagnostic::new(Code::WL0110, span, format!("{word} is planned and not part of this release."));
    }
    let found = Diagnostic::new(Code::WL0102, span, format!("\"{word}\" does not start a block."));
    if let Some(near) = suggest::nearest(word, BLOCKS.iter().map(|form| form.word)) {
        return found.replace(format!("Did you mean {near}? Change it to:"), span, near);
    }
    if let Some(form) = vocabulary::blocks_with(word).next() {
        let indented = format!("  {}", header.text);
        return found
            .because(format!("It is a clause of {}; clauses are indented by two spaces.", with_article(form.word)))
            .help("Change it to:", &[&indented]);
    }
    let words: Vec<&str> = BLOCKS.iter().map(|form| form.word).collect();
    found.because(format!("A line at the margin begins with one of: {}.", words.join(", ")))
}

/// `a` or `an` before a word.
pub(crate) fn with_article(word: &str) -> String {
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) || word == "sla" { "an" } else { "a" };
    format!("{article} {word}")
}

fn stray(file: FileId, line: &Line<'_>, column: usize) -> Diagnostic {
    let span = byte_span(file, line.code_start(), line.code_start() + line.code.len());
    let corrected = format!("{}{}", " ".repeat(column.max(2)), line.code);
    let found = Diagnostic::new(Code::WL0103, span, "This line is neither a clause nor a continuation.");
    if column == 0 {
        return found.because("No block begins above it; a block begins at the margin.");
    }
    found
        .because(format!("The clauses of this block begin at column {}.", column + 1))
        .help("Change it to:", &[&corrected])
}

fn script_without_end(span: Span) -> Diagnostic {
    Diagnostic::new(Code::WL0108, span, "This script has no end.")
        .because("A script goes on to a line that holds nothing but `end`.")
        .help("Add below its last line:", &["end"])
}

/// Reports, and leaves out, what passes a bound of text.
fn bounded(file: FileId, mut layout: Layout) -> Layout {
    if layout.blocks.len() > BLOCKS_PER_FILE_MAX {
        let message = format!("This file has {} blocks; {BLOCKS_PER_FILE_MAX} are allowed.", layout.blocks.len());
        layout.diagnostics.push(
            Diagnostic::new(Code::WL0107, byte_span(file, 0, 0), message).because("Split it into several files."),
        );
        layout.blocks.truncate(BLOCKS_PER_FILE_MAX);
    }
    let diagnostics = &mut layout.diagnostics;
    layout.blocks.retain(|block| fits(diagnostics, block.span, block_bytes(block), ("block", BLOCK_BYTES_MAX)));
    for block in &mut layout.blocks {
        block.clauses.retain(|clause| {
            fits(diagnostics, clause.text.whole(), clause.text.text.len(), ("clause", CLAUSE_BYTES_MAX))
        });
    }
    layout
}

fn block_bytes(block: &RawBlock) -> usize {
    usize::try_from(block.span.end.saturating_sub(block.span.start)).unwrap_or(usize::MAX)
}

fn fits(diagnostics: &mut Vec<Diagnostic>, span: Span, bytes: usize, (what, bound): (&str, usize)) -> bool {
    if bytes > bound {
        let message = format!("This {what} has {bytes} bytes; {bound} are allowed.");
        diagnostics
            .push(Diagnostic::new(Code::WL0107, span, message).because(format!("Split it into several {what}s.")));
    }
    bytes <= bound
}
