//! Names: which blocks are declared, and which of them does anything use?
//!
//! Each kind of block has its own names; an sla and an exception share theirs, since both are rules with a clock.
//! - **Not here**: names of the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::suggest;
use crate::syntax::Block;
use crate::syntax::basic::Name;
use crate::vocabulary::BlockKind;

/// Declared blocks by kind and name.
#[derive(Default)]
pub(super) struct Names<'t> {
    declared: BTreeMap<(BlockKind, &'t str), (u32, &'t Block)>,
    used: BTreeSet<(BlockKind, u32)>,
}

impl<'t> Names<'t> {
    /// Collects the names of all blocks; WL0202 for those declared twice.
    pub(super) fn of(blocks: &'t [Block], diagnostics: &mut Vec<Diagnostic>) -> Names<'t> {
        let mut names = Names::default();
        let mut counts: BTreeMap<BlockKind, u32> = BTreeMap::new();
        for block in blocks {
            let index = counts.entry(block.kind).or_default();
            let position = *index;
            *index += 1;
            if block.name.is_none() || block.kind == BlockKind::Ward {
                continue;
            }
            let first = names.declared.get(&(family(block.kind), block.name())).map(|(_, first)| *first);
            match first {
                Some(first) => diagnostics.push(twice(first, block)),
                None => {
                    names.declared.insert((family(block.kind), block.name()), (position, block));
                }
            }
        }
        names
    }

    /// The block of a name, marked as used.
    pub(super) fn find(&mut self, kind: BlockKind, name: &str) -> Option<(u32, &'t Block)> {
        let found = self.declared.get(&(family(kind), name)).copied()?;
        self.used.insert((found.1.kind, found.0));
        Some(found)
    }

    /// All names of a kind.
    pub(super) fn all(&self, kind: BlockKind) -> impl Iterator<Item = &'t str> {
        self.declared.keys().filter(move |(declared, _)| *declared == family(kind)).map(|(_, name)| *name)
    }

    fn is_used(&self, kind: BlockKind, index: u32) -> bool {
        self.used.contains(&(kind, index))
    }
}

fn family(kind: BlockKind) -> BlockKind {
    if kind == BlockKind::Exception { BlockKind::Sla } else { kind }
}

fn twice(first: &Block, again: &Block) -> Diagnostic {
    let word = again.kind.word();
    let message = format!("There are two blocks {word} \"{}\".", again.name());
    Diagnostic::new(Code::WL0202, again.name_span(), message)
        .label(first.header, "the first")
        .because("A name means one thing: rename one of them.")
}

/// The index of the block that a name refers to; WL0203 if there is none.
pub(super) fn resolve(cx: &mut Context<'_>, kind: BlockKind, name: &Name) -> Option<u32> {
    if let Some((index, _)) = cx.names.find(kind, &name.node) {
        return Some(index);
    }
    let found = unknown(cx, kind, &name.node, name.span);
    cx.report(found);
    None
}

fn unknown(cx: &Context<'_>, kind: BlockKind, name: &str, span: Span) -> Diagnostic {
    let found = Diagnostic::new(Code::WL0203, span, format!("No {} is called \"{name}\".", kind.word()));
    let names: Vec<&str> = cx.names.all(kind).collect();
    match suggest::nearest(name, names.iter().copied()) {
        Some(near) => {
            found.replace(format!("Did you mean \"{near}\"? Change it to:"), span, quoted_like(cx, span, near))
        }
        None if names.is_empty() => found.help("Declare it, at the margin:", &[&declaration(kind, name)]),
        None => found.because(format!("This ward has: {}.", some(&names))),
    }
}

/// A replacement keeps the quotes of what it replaces.
fn quoted_like(cx: &Context<'_>, span: Span, name: &str) -> String {
    if cx.text(span).starts_with('"') { format!("\"{name}\"") } else { name.to_owned() }
}

fn declaration(kind: BlockKind, name: &str) -> String {
    if kind == BlockKind::Severity {
        format!("severity {name} answer within 6 hours")
    } else {
        format!("{} \"{name}\"", kind.word())
    }
}

/// The first few of many names.
pub(super) fn some(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<&str> = names.iter().take(SHOWN).copied().collect();
    let more = if names.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// WL0204 for blocks of the ward's own files that nothing uses.
pub(super) fn unused(cx: &mut Context<'_>) {
    use BlockKind::{Calendar, Escalation, Function, Person, Roster};
    let mut counts: BTreeMap<BlockKind, u32> = BTreeMap::new();
    for block in cx.blocks {
        let index = counts.entry(block.kind).or_default();
        let position = *index;
        *index += 1;
        let own = usize::try_from(block.header.file.0).is_ok_and(|file| file < cx.sources.files.len());
        let matters = matches!(block.kind, Calendar | Escalation | Function | Person | Roster);
        if own && matters && block.name.is_some() && !cx.names.is_used(block.kind, position) {
            let message = format!("Nothing uses the {} \"{}\".", block.kind.word(), block.name());
            cx.diagnostics.push(
                Diagnostic::new(Code::WL0204, block.name_span(), message)
                    .because("Delete it, or name it where it belongs."),
            );
        }
    }
}
