//! Outline: which blocks does a file hold, and where does each begin and end?
//!
//! - **How it fits**: the outline and the folds of an editor.
//! - **Not here**: clauses.

use crate::layout;
use crate::source::{FileId, SourceFile, Span};

/// One block of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The word it begins with.
    pub word: String,
    /// The rest of its header, without quotes.
    pub name: String,
    /// Its header.
    pub header: Span,
    /// All of it.
    pub whole: Span,
}

/// The blocks of a file in order, those that cannot be read included. **Cost**: one pass over the text.
#[must_use]
pub fn outline(file: FileId, source: &SourceFile) -> Vec<Entry> {
    let layout = layout::read(file, source);
    let entry = |block: &layout::RawBlock| {
        let word = block.header.word();
        let rest = block.header.text.get(word.len()..).unwrap_or("").trim();
        let name = rest.strip_prefix('"').and_then(|rest| rest.split('"').next()).unwrap_or(rest);
        Entry { word: word.to_owned(), name: name.to_owned(), header: block.header.whole(), whole: block.span }
    };
    layout.blocks.iter().map(entry).collect()
}
