//! Assist: what can an editor show and offer at a place of a ward that is being typed?
//!
//! ```text
//!  position ─► places ─► byte ─► cursor: block, clause, tokens ─► wanted: which names may stand here?
//!                                                                    ├─► completion   offers them, and the words of the grammar
//!                                                                    ├─► definition   where the one that stands here is declared
//!                                                                    └─► hover        what it means
//! ```
//! A ward that is being typed rarely parses. So nothing here needs the clause at the cursor to be right: it is cut into tokens,
//! and the words before a token say what it names. Only the keywords that may follow come from the grammar, which reads the
//! clause up to the cursor.
//! - **How it fits**: the language server of the shell asks; a ward is read once per change into a [`Ward`].
//! - LIMIT: `OFFERS_MAX` offers at one place.
//! - **Not here**: the protocol, files, the diagnostics ([`check`](crate::check())), the form ([`format`](crate::format)).

mod completion;
mod cursor;
mod hover;
mod names;
mod offers;
mod outline;
pub mod places;
mod tokens;
mod wanted;

pub use completion::completions;
pub use hover::hover;
pub use names::{Declared, Sort, Ward};
pub use outline::{Entry, outline};

use crate::source::{FileId, SourceFile, Span};

/// Names that a ward does not declare and may page all the same: those of the installation's directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// People and desks with an address, each once.
    pub people: Vec<String>,
}

/// Something to type here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What people choose by.
    pub label: String,
    /// What is typed.
    pub insert: String,
    /// What it takes the place of, up to the cursor.
    pub replace: Span,
    /// What sort of thing it is.
    pub sort: OfferSort,
    /// One line more; may be empty.
    pub detail: String,
    /// What it means, as Markdown; may be empty.
    pub meaning: String,
}

/// Sorts of offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferSort {
    /// A word that starts a block.
    Block,
    /// A word that starts a clause.
    Clause,
    /// A word of the grammar.
    Word,
    /// A field of a report.
    Field,
    /// A value of the standard catalogue: a step, a kind, a state.
    Standard,
    /// Something a ward declares.
    Declared,
    /// Somebody.
    Person,
    /// A placeholder of a text.
    Placeholder,
}

/// What to show about a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// What it is about.
    pub span: Span,
    /// Markdown.
    pub text: String,
}

/// Where the name at a byte is declared; `None` if nothing that a ward declares stands there.
#[must_use]
pub fn definition<'w>(ward: &'w Ward, (file, source): (FileId, &SourceFile), at: u32) -> Option<&'w Declared> {
    let layout = crate::layout::read(file, source);
    let cursor = cursor::find(&layout, at)?;
    declared(ward, &cursor)
}

/// The declaration of what stands at the cursor.
fn declared<'w>(ward: &'w Ward, cursor: &cursor::Cursor<'_>) -> Option<&'w Declared> {
    let (name, first) = cursor.name()?;
    let wanted = wanted::wanted(cursor, first);
    ward.find(&wanted, &name)
}

#[cfg(test)]
mod tests;
