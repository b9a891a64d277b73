//! Names: what does a ward declare, and where?
//!
//! Blocks are names of their kind, clauses of a catalogue names of theirs. An sla and an exception share one sort, since a ward
//! may not call two of them alike.
//! - **Not here**: whether a declaration makes sense (`check`).

use crate::check::gather;
use crate::source::{Sources, Span};
use crate::syntax::Block;
use crate::syntax::basic::Name;
use crate::vocabulary::BlockKind;

/// What sort of thing a name is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// A block: a calendar, a desk, a rule. An exception counts as an sla.
    Block(BlockKind),
    /// A site.
    Site,
    /// A place.
    Place,
    /// A test of the laboratory.
    Test,
    /// A flag of the ward's own.
    Flag,
    /// A feed.
    Feed,
    /// A text for patients.
    Template,
    /// A list of holidays.
    Holidays,
    /// A value of a field that the ward declares.
    Value(String),
}

/// One declared name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// What it names.
    pub sort: Sort,
    /// The name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// The block or clause that declares it.
    pub whole: Span,
    /// The declaration as written.
    pub text: String,
}

/// A ward as far as its names go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ward {
    /// In the order of the ward, used packs first.
    pub declared: Vec<Declared>,
}

impl Ward {
    /// Reads the names of a ward; what cannot be read declares nothing. **Cost**: one parse of all files.
    #[must_use]
    pub fn read(sources: &Sources) -> Ward {
        let mut declared = Vec::new();
        for block in &gather::gather(sources).blocks {
            let mut add = |sort: Sort, name: &Name, whole: Span| {
                let text = sources.file(whole.file).map_or("", |file| file.text_of(whole)).to_owned();
                declared.push(Declared { sort, name: name.node.clone(), span: name.span, whole, text });
            };
            if let Some(name) = &block.name {
                add(Sort::Block(family(block.kind)), name, block.span);
            }
            clauses(block, &mut add);
        }
        Ward { declared }
    }

    /// The first declaration of a name among some sorts.
    #[must_use]
    pub fn find(&self, sorts: &[Sort], name: &str) -> Option<&Declared> {
        self.declared.iter().find(|declared| sorts.contains(&declared.sort) && declared.name == name)
    }

    /// All declarations of some sorts.
    pub fn of<'w>(&'w self, sorts: &'w [Sort]) -> impl Iterator<Item = &'w Declared> {
        self.declared.iter().filter(|declared| sorts.contains(&declared.sort))
    }
}

/// Rules with a clock share their names.
fn family(kind: BlockKind) -> BlockKind {
    if kind == BlockKind::Exception { BlockKind::Sla } else { kind }
}

/// The names that clauses declare.
fn clauses(block: &Block, add: &mut dyn FnMut(Sort, &Name, Span)) {
    block.site().for_each(|(site, clause)| add(Sort::Site, &site.name, clause.span));
    block.place().for_each(|(place, clause)| add(Sort::Place, &place.name, clause.span));
    block.test().for_each(|(test, clause)| add(Sort::Test, &test.name, clause.span));
    block.flag().for_each(|(flag, clause)| add(Sort::Flag, flag, clause.span));
    block.feed().for_each(|(feed, clause)| add(Sort::Feed, &feed.name, clause.span));
    block.template().for_each(|(template, clause)| add(Sort::Template, &template.name, clause.span));
    block.holidays().for_each(|(holidays, clause)| add(Sort::Holidays, &holidays.name, clause.span));
    for (values, clause) in block.values() {
        for value in &values.values {
            add(Sort::Value(values.field.node.clone()), value, clause.span);
        }
    }
}
