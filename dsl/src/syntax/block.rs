//! Block: which header, which clauses?
//!
//! Header and clauses are read apart, so one that cannot be read costs one finding. Then the block's shape is checked: words
//! that do not belong to it, clauses that are missing or there twice (`shape`).
//! - **Not here**: layout, meaning.

use super::basic::{Name, name, names, term};
use super::catalogue;
use super::clause::{Clause, ClauseBody};
use super::notice;
use super::reading::Reading;
use super::{expected, shape};
use crate::diagnostic::Diagnostic;
use crate::grammar::{self, Node, Rule};
use crate::layout::{RawBlock, RawClause};
use crate::source::Span;
use crate::vocabulary::{self, BlockForm, BlockKind, ClauseForm};

/// The blocks of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// In the order of the file.
    pub blocks: Vec<Block>,
}

/// One block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Which sort.
    pub kind: BlockKind,
    /// Its name; of a severity its word. `None` if the header cannot be read.
    pub name: Option<Name>,
    /// What else the header says.
    pub detail: Detail,
    /// Where the header stands.
    pub header: Span,
    /// Where the whole block stands.
    pub span: Span,
    /// Its clauses, in the order of the file.
    pub clauses: Vec<Clause>,
}

/// What a header says besides the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    None,
    /// The edition of a ward or pack.
    Edition(u64, Span),
    /// Answer time and mutes of a severity.
    Severity(catalogue::Severity),
    /// The rule that an exception is one to.
    ExceptionTo(Name),
    /// Parameters and result of a function.
    Function(notice::Signature),
}

impl Block {
    /// Whether a clause of this word is there, read or not.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.clauses.iter().any(|clause| clause.word == word)
    }

    /// The first clause of a word, read or not.
    #[must_use]
    pub fn clause(&self, word: &str) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.word == word)
    }

    /// The name as text; empty if the header cannot be read.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_ref().map_or("", |name| name.node.as_str())
    }

    /// Where the name stands; the header if it cannot be read.
    #[must_use]
    pub fn name_span(&self) -> Span {
        self.name.as_ref().map_or(self.header, |name| name.span)
    }

    /// Whether a clause could not be read, so that what is missing may stand in it.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.clauses.iter().any(|clause| clause.body == ClauseBody::Unread)
    }
}

/// Reads one block; `None` only for a word that starts none, which the layout has reported.
pub(crate) fn read(raw: &RawBlock, diagnostics: &mut Vec<Diagnostic>) -> Option<Block> {
    let form = vocabulary::block_form(raw.header.word())?;
    let (name, detail) = header(raw, form, diagnostics).unwrap_or((None, Detail::None));
    let clauses = raw.clauses.iter().filter_map(|raw| clause(raw, form, diagnostics)).collect();
    let block = Block { kind: form.kind, name, detail, header: raw.header.whole(), span: raw.span, clauses };
    shape::check(&block, form, diagnostics);
    Some(block)
}

fn header(raw: &RawBlock, form: &BlockForm, diagnostics: &mut Vec<Diagnostic>) -> Option<(Option<Name>, Detail)> {
    match grammar::parse(form.header, &raw.header.text) {
        Ok(node) => {
            let mut reading = Reading { text: &raw.header, diagnostics };
            let name = header_name(&mut reading, &node);
            Some((name, detail(&mut reading, &node, form.kind)?))
        }
        Err(stop) => {
            diagnostics.push(expected::diagnostic(&raw.header, &stop, form.example));
            None
        }
    }
}

fn header_name(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Name> {
    if let Some(found) = node.child(Rule::tag).or_else(|| node.child(Rule::ident)) {
        return term(r, found);
    }
    name(r, node.child(Rule::name)?)
}

fn detail(r: &mut Reading<'_>, node: &Node<'_>, kind: BlockKind) -> Option<Detail> {
    if kind == BlockKind::Severity {
        return catalogue::severity(r, node).map(Detail::Severity);
    }
    if kind == BlockKind::Function {
        return notice::signature(r, node).map(Detail::Function);
    }
    if kind == BlockKind::Exception {
        return names(r, node)?.into_iter().nth(1).map(Detail::ExceptionTo);
    }
    let edition = node.child(Rule::integer);
    Some(edition.map_or(Detail::None, |edition| Detail::Edition(edition.text.parse().unwrap_or(0), r.span(edition))))
}

/// Reads a clause; a word that does not belong here is reported and left out.
fn clause(raw: &RawClause, block: &'static BlockForm, diagnostics: &mut Vec<Diagnostic>) -> Option<Clause> {
    let Some(form) = block.clause(raw.text.word()) else {
        diagnostics.push(shape::foreign_clause(&raw.text, block));
        return None;
    };
    let body = body(raw, form, diagnostics).unwrap_or(ClauseBody::Unread);
    let script = raw.script.clone();
    Some(Clause { word: form.word, word_span: raw.text.word_span(), span: raw.text.whole(), body, script })
}

fn body(raw: &RawClause, form: &ClauseForm, diagnostics: &mut Vec<Diagnostic>) -> Option<ClauseBody> {
    match grammar::parse(form.rule, &raw.text.text) {
        Ok(node) => (form.read)(&mut Reading { text: &raw.text, diagnostics }, &node),
        Err(stop) => {
            diagnostics.push(expected::clause_diagnostic(&raw.text, &stop, form));
            None
        }
    }
}
