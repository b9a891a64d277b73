//! Format: how does a ward look when nobody has to think about how it looks?
//!
//! Two spaces, the clause word, the text from column 13; clauses in the order of the vocabulary; articles, plurals, quotes and
//! zeros as the language spells them. What cannot be read is kept to the byte, and so is everything inside a script.
//! ```text
//!  sla "STAT lab"                                     sla "STAT lab"
//!     target 60 minute              ──►                 policy    "P", owner "Q", review by 2027-06-30
//!     policy "P",owner "Q", …                           target    60 minutes
//! ```
//! - **How it fits**: `wardline fmt` and the language server call [`format()`] per file; `harmless` compares the result with the text.
//! - LIMIT: lines are broken before column 100 where a comma or `and`, `or` allows it.
//! - **Not here**: deciding what a ward means.

mod clause;
mod harmless;
mod tokens;

use crate::grammar::{self, Node};
use crate::layout::{self, Comment, CommentPlace, Joined, Layout, RawBlock, RawClause};
use crate::source::{FileId, SourceFile};
use crate::vocabulary::{self, BlockForm};

/// Why a file was left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Its layout cannot be read; `check` says where.
    Unreadable,
    /// The result would not say the same, which is a fault of the formatter.
    Changed,
}

/// The formatted text of a file.
///
/// - **Output**: the text, which is the given one where nothing had to change; formatting it again changes nothing.
/// - **Errors**: a [`Fault`], with which the file must be left as it is. **Cost**: two parses of the file.
/// ```
/// use wardline_dsl::{format, source::SourceFile};
/// let file = SourceFile::new("a.ward", "desk   \"Night\"\n    quiet 22:00   to 07:00");
/// assert_eq!(format::format(&file).as_deref(), Ok("desk \"Night\"\n  quiet     22:00 to 07:00\n"));
/// ```
pub fn format(file: &SourceFile) -> Result<String, Fault> {
    let once = rewrite(file)?;
    let again = rewrite(&SourceFile::new(file.name.clone(), once.clone()))?;
    if once == again && harmless::compare(&file.text, &once) { Ok(once) } else { Err(Fault::Changed) }
}

fn rewrite(file: &SourceFile) -> Result<String, Fault> {
    let layout = layout::read(FileId(0), file);
    if !layout.diagnostics.is_empty() {
        return Err(Fault::Unreadable);
    }
    let mut out = String::new();
    let mut before: Option<&RawBlock> = None;
    for block in &layout.blocks {
        separate(&mut out, before, block);
        write_block(&mut out, block, file);
        before = Some(block);
    }
    if !layout.comments.is_empty() && before.is_some() {
        out.push('\n');
    }
    tail(&mut out, &layout);
    Ok(out)
}

fn tail(out: &mut String, layout: &Layout) {
    for comment in &layout.comments {
        out.push_str(&comment.text);
        out.push('\n');
    }
}

/// One blank line between blocks; neighbours without clauses stand together.
fn separate(out: &mut String, before: Option<&RawBlock>, block: &RawBlock) {
    let Some(before) = before else { return };
    let commented = block.comments.iter().any(|comment| comment.place == CommentPlace::OwnLine);
    let together = before.clauses.is_empty() && block.clauses.is_empty() && !commented;
    if !together {
        out.push('\n');
    }
}

fn write_block(out: &mut String, raw: &RawBlock, file: &SourceFile) {
    let own_lines = raw.comments.iter().filter(|comment| comment.place == CommentPlace::OwnLine);
    for comment in own_lines {
        out.push_str(&comment.text);
        out.push('\n');
        if stands_apart(comment, file) {
            out.push('\n');
        }
    }
    match parsed(raw) {
        Some(block) => block.write(out),
        None => out.push_str(&as_written(raw, file)),
    }
}

/// Whether a blank line follows a comment, as between the head of a file and its first block.
fn stands_apart(comment: &Comment, file: &SourceFile) -> bool {
    let end = usize::try_from(comment.span.end).unwrap_or(usize::MAX);
    let rest = file.text.get(end..).unwrap_or("");
    let mut lines = rest.lines();
    lines.next();
    lines.next().is_some_and(|line| line.trim().is_empty())
}

/// The lines of a block, byte for byte.
fn as_written(raw: &RawBlock, file: &SourceFile) -> String {
    let start = usize::try_from(raw.span.start).unwrap_or(usize::MAX);
    let rest = file.text.get(start..).unwrap_or("");
    let length = usize::try_from(raw.span.end).unwrap_or(usize::MAX).saturating_sub(start);
    let to_line_end = rest.get(length..).and_then(|behind| behind.find('\n')).map_or(rest.len(), |at| length + at);
    format!("{}\n", rest.get(..to_line_end).unwrap_or("").trim_end())
}

/// A block whose header and clauses can all be read.
struct Parsed<'r> {
    raw: &'r RawBlock,
    header: Node<'r>,
    form: &'static BlockForm,
    clauses: Vec<(&'r RawClause, Node<'r>)>,
}

fn parsed(raw: &RawBlock) -> Option<Parsed<'_>> {
    let form = vocabulary::block_form(raw.header.word())?;
    let header = grammar::parse(form.header, &raw.header.text).ok()?;
    let read = |clause| parsed_clause(clause, form);
    let mut clauses = raw.clauses.iter().map(read).collect::<Option<Vec<_>>>()?;
    if form.word != "test" {
        clauses.sort_by_key(|(clause, _)| place(form, clause.text.word()));
    } else {
        clauses.sort_by_key(|(clause, _)| place(form, clause.text.word()).min(2));
    }
    Some(Parsed { raw, header, form, clauses })
}

fn parsed_clause<'r>(clause: &'r RawClause, form: &BlockForm) -> Option<(&'r RawClause, Node<'r>)> {
    let rule = form.clause(clause.text.word())?.rule;
    Some((clause, grammar::parse(rule, &clause.text.text).ok()?))
}

/// The place of a clause word in its block.
fn place(form: &BlockForm, word: &str) -> usize {
    form.clauses.iter().position(|clause| clause.word == word).unwrap_or(usize::MAX)
}

impl Parsed<'_> {
    fn write(&self, out: &mut String) {
        let tokens = tokens::of(&self.header, &tokens::Place::header());
        out.push_str(&tokens::line(tokens.iter().flatten()));
        let ends = self.raw.comments.iter().filter(|comment| comment.place == CommentPlace::LineEnd);
        ends.for_each(|comment| push_comment(out, comment));
        out.push('\n');
        let mut step = 0;
        for (raw, node) in &self.clauses {
            step += usize::from(raw.text.word() == "step");
            let place = tokens::Place { block: self.form.word, clause: raw.text.word().to_owned(), step };
            clause::write(out, raw, node, &place);
        }
    }
}

fn push_comment(out: &mut String, comment: &Comment) {
    out.push(' ');
    out.push_str(&comment.text);
}

/// The source byte at which a node begins.
fn source_start(text: &Joined, node: &Node<'_>) -> u32 {
    text.span(node.start, node.end()).start
}

#[cfg(test)]
mod tests;
