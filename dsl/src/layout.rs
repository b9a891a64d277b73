//! Layout: where does each block and each clause begin and end?
//!
//! ```text
//!  alert "Critical potassium"          column 0: a block header
//!    where     test is potassium       clause column: a clause begins
//!              and value is …          deeper: goes on, joined with one blank
//!            - value is …              bullet, or an entry of given, at, then: joined with a line break
//!    decide    script                  ends in `script`: the lines up to `end` are taken as they are
//! ```
//! The pass knows nothing of grammar, so a clause that cannot be read later never hides the next one.
//! - **How it fits**: [`read`] is the first stage; [`syntax`](crate::syntax) parses each [`Joined`] text and maps places back.
//! - LIMIT: all bounds of text in [`limits`](crate::limits); what is too long is reported and left out.
//! - **Not here**: what the words mean, except which words start a block and which clauses hold entries.

mod lines;
mod reader;

pub use reader::read;
pub(crate) use reader::with_article;

use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};

/// A file cut into blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The blocks in the order of the file.
    pub blocks: Vec<RawBlock>,
    /// Comments after the last block.
    pub comments: Vec<Comment>,
    /// What was wrong with the layout.
    pub diagnostics: Vec<Diagnostic>,
}

/// One block, uninterpreted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawBlock {
    /// The header line.
    pub header: Joined,
    /// Comments above the header and at its end.
    pub comments: Vec<Comment>,
    /// The clauses in the order of the file.
    pub clauses: Vec<RawClause>,
    /// From the header to the end of the last line.
    pub span: Span,
}

/// One clause, uninterpreted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawClause {
    /// Its lines, joined.
    pub text: Joined,
    /// Comments above it, between its lines and at their ends.
    pub comments: Vec<Comment>,
    /// The script that follows it.
    pub script: Option<Script>,
}

/// A script between `script` and `end`, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The lines between, with their line breaks.
    pub text: String,
    /// Where they stand.
    pub span: Span,
}

/// A comment and where it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From `--` to the end of the line.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// Alone or behind something.
    pub place: CommentPlace,
}

/// Whether a comment has a line of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentPlace {
    /// Alone on its line.
    OwnLine,
    /// After code on the same line.
    LineEnd,
}

/// Lines joined into one text, with the way back to the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The text to parse; `\n` stands where the language sees a line break.
    pub text: String,
    file: FileId,
    pieces: Vec<Piece>,
}

/// From which byte of the file the text goes on at a byte of the joined text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    joined: usize,
    source: usize,
}

impl Joined {
    pub(crate) fn new(file: FileId, text: &str, source: usize) -> Joined {
        Joined { text: text.to_owned(), file, pieces: vec![Piece { joined: 0, source }] }
    }

    pub(crate) fn push(&mut self, joint: char, text: &str, source: usize) {
        self.text.push(joint);
        self.pieces.push(Piece { joined: self.text.len(), source });
        self.text.push_str(text);
    }

    /// The place in the file of a range of the joined text; an empty range at the end points behind the last character.
    #[must_use]
    pub fn span(&self, start: usize, end: usize) -> Span {
        let first = self.source_of(start);
        let last = if end > start { self.source_of(end - 1).saturating_add(1) } else { first };
        Span { file: self.file, start: first, end: last.max(first) }
    }

    /// The place of the whole text.
    #[must_use]
    pub fn whole(&self) -> Span {
        self.span(0, self.text.len())
    }

    /// The first word: letters and what may follow in one, up to a blank or sign.
    #[must_use]
    pub fn word(&self) -> &str {
        self.text.split([' ', '\n', '"', ',', ':', '(']).next().unwrap_or("")
    }

    /// The place of the first word.
    #[must_use]
    pub fn word_span(&self) -> Span {
        self.span(0, self.word().len())
    }

    fn source_of(&self, at: usize) -> u32 {
        let piece = self.pieces.iter().rev().find(|piece| piece.joined <= at);
        let byte = piece.map_or(0, |piece| piece.source + (at - piece.joined));
        u32::try_from(byte).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests;
