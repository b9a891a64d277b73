//! Cursor: in which block and clause is a place, and between which tokens?
//!
//! - **How it fits**: [`find`] looks at a whole file, for what stands under the cursor; [`typing`] at the file up to the cursor,
//!   for what may be typed there.
//! - **Not here**: what the tokens name.

use super::tokens::{Sort, Token, tokens};
use crate::layout::{Joined, Layout, RawBlock};
use crate::source::{FileId, SourceFile, Span};
use crate::vocabulary::{self, BlockForm};

/// A header or clause and where in it we are.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'l> {
    pub(super) form: &'static BlockForm,
    pub(super) is_header: bool,
    /// The text and its way back to the file.
    pub(super) text: &'l Joined,
    pub(super) tokens: Vec<Token<'l>>,
    /// The token at the place; the number of tokens if the place is behind the last.
    pub(super) index: usize,
}

impl Cursor<'_> {
    /// The word that the header or clause begins with.
    pub(super) fn word(&self) -> &str {
        self.tokens.first().map_or("", |token| token.text)
    }

    /// A token by its place; `None` before the first and behind the last.
    pub(super) fn token(&self, index: usize) -> Option<&Token<'_>> {
        self.tokens.get(index)
    }

    /// The token before another.
    pub(super) fn before(&self, index: usize) -> Option<&Token<'_>> {
        self.tokens.get(index.checked_sub(1)?)
    }

    /// The name at the cursor, with the place of its first token: what stands between quotes, or all words of a bare name.
    pub(super) fn name(&self) -> Option<(String, usize)> {
        let token = self.token(self.index)?;
        if matches!(token.sort, Sort::Name | Sort::OpenName) {
            return Some((token.text.to_owned(), self.index));
        }
        let (first, last) = self.run(self.index)?;
        let words: Vec<&str> = self.tokens.get(first..=last)?.iter().map(|token| token.text).collect();
        Some((words.join(" "), first))
    }

    /// First and last token of the bare name around a token; the word that begins the clause is no part of one.
    pub(super) fn run(&self, index: usize) -> Option<(usize, usize)> {
        if index == 0 || !self.token(index)?.is_bare() {
            return None;
        }
        let names_itself = |at: usize| self.token(at).is_some_and(|token| token.is_word("severity"));
        let mut first = index;
        while first > 1 && self.token(first - 1).is_some_and(Token::is_bare) && !names_itself(first - 1) {
            first -= 1;
        }
        let mut last = index;
        while self.token(last + 1).is_some_and(|token| token.is_bare() || token.sort == Sort::Number) {
            last += 1;
        }
        Some((first, last))
    }

    /// Where a token stands in the file.
    pub(super) fn span(&self, token: &Token<'_>) -> Span {
        self.text.span(token.start, token.end)
    }
}

/// The header or clause at a byte, and the token there.
pub(super) fn find(layout: &Layout, at: u32) -> Option<Cursor<'_>> {
    let block = layout.blocks.iter().find(|block| holds(block.span, at))?;
    if holds(block.header.whole(), at) {
        return cursor(block, &block.header, at);
    }
    let clause = block.clauses.iter().find(|clause| holds(clause.text.whole(), at))?;
    cursor(block, &clause.text, at)
}

fn holds(span: Span, at: u32) -> bool {
    span.start <= at && at <= span.end
}

fn cursor<'l>(block: &'l RawBlock, text: &'l Joined, at: u32) -> Option<Cursor<'l>> {
    let form = vocabulary::block_form(block.header.word())?;
    let is_header = std::ptr::eq(text, &block.header);
    let tokens = tokens(&text.text);
    let stands = |token: &Token<'_>| holds(text.span(token.start, token.end), at);
    let is_name = |token: &Token<'_>| !matches!(token.sort, Sort::Sign | Sort::Break);
    let index = tokens.iter().rposition(|token| is_name(token) && stands(token))?;
    Some(Cursor { form, is_header, text, tokens, index })
}

/// A file up to the cursor.
#[derive(Clone, Debug)]
pub(super) struct Typing {
    /// What is before the cursor, cut into blocks.
    pub(super) layout: Layout,
    /// What stands on the line of the cursor, before it.
    pub(super) line: String,
    /// The cursor.
    pub(super) at: u32,
    file: FileId,
    head: String,
}

impl Typing {
    /// Reads a file up to a byte.
    pub(super) fn of((file, source): (FileId, &SourceFile), at: u32) -> Typing {
        let head = source.text.get(..usize::try_from(at).unwrap_or(usize::MAX)).unwrap_or(&source.text);
        let line = head.rsplit('\n').next().unwrap_or("").to_owned();
        let layout = crate::layout::read(file, &SourceFile::new(source.name.clone(), head));
        Typing { layout, line, at, file, head: head.to_owned() }
    }

    /// The block that is being typed.
    pub(super) fn block(&self) -> Option<&RawBlock> {
        self.layout.blocks.last()
    }

    /// The header or clause that is being typed; the index is that of the token which the cursor touches.
    pub(super) fn cursor(&self) -> Option<Cursor<'_>> {
        let block = self.block()?;
        let text = block.clauses.last().map_or(&block.header, |clause| &clause.text);
        let form = vocabulary::block_form(block.header.word())?;
        let is_header = block.clauses.is_empty();
        let tokens = tokens(&text.text);
        let touched = |token: &Token<'_>| text.span(token.start, token.end).end == self.at;
        let is_typed =
            |token: &Token<'_>| token.sort == Sort::OpenName || matches!(token.sort, Sort::Word | Sort::Number);
        let last = tokens.last().filter(|token| is_typed(token) && (touched(token) || token.sort == Sort::OpenName));
        let index = tokens.len() - usize::from(last.is_some());
        Some(Cursor { form, is_header, text, tokens, index })
    }

    /// From a byte to the cursor.
    pub(super) fn since(&self, start: u32) -> Span {
        Span { file: self.file, start: start.min(self.at), end: self.at }
    }

    /// The column of a byte: how many characters stand before it on its line.
    pub(super) fn column(&self, byte: u32) -> Option<usize> {
        let head = self.head.get(..usize::try_from(byte).ok()?)?;
        Some(head.rsplit('\n').next().unwrap_or("").chars().count())
    }

    /// Whether the cursor is in a comment or a script, where nothing of the language is typed.
    pub(super) fn is_outside(&self) -> bool {
        let comments =
            self.layout.blocks.iter().flat_map(|block| {
                block.comments.iter().chain(block.clauses.iter().flat_map(|clause| &clause.comments))
            });
        let in_comment = comments.chain(&self.layout.comments).any(|comment| comment.span.end == self.at);
        let last = self.block().and_then(|block| block.clauses.last());
        let in_script = last.is_some_and(|clause| clause.script.is_some()) && !self.line.is_empty();
        in_comment || (in_script && !self.is_closed())
    }

    /// Whether the script before the cursor has its `end`.
    fn is_closed(&self) -> bool {
        !self.layout.diagnostics.iter().any(|found| found.message.starts_with("This script has no end"))
    }
}
