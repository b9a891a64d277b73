//! Context: what does every check need at hand?
//!
//! Lists are in the order of the blocks, so the index of a block among its kind is its id in the program.
//! - **Not here**: the checks.

use std::collections::{BTreeMap, BTreeSet};

use wardline_rules::Text;
use wardline_rules::program::{Calendar, Catalogue, Escalation, Function, Severity};
use wardline_rules::time::{Date, Zone};

use super::gather::Gathered;
use super::names::Names;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::source::{Sources, Span};
use crate::syntax::Block;
use crate::vocabulary::BlockKind;

/// A ward being checked.
pub(super) struct Context<'t> {
    pub(super) sources: &'t Sources,
    pub(super) blocks: &'t [Block],
    pub(super) ward: Option<&'t Block>,
    pub(super) zone: Zone,
    pub(super) as_of: Date,
    pub(super) names: Names<'t>,
    pub(super) catalogue: Catalogue,
    /// The values of the catalogue by field, to look them up.
    pub(super) values: BTreeMap<Text, BTreeSet<Text>>,
    pub(super) severities: Vec<Severity>,
    pub(super) calendars: Vec<Calendar>,
    pub(super) escalations: Vec<Escalation>,
    /// `None` for one that cannot run.
    pub(super) functions: Vec<Option<Function>>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'t> Context<'t> {
    pub(super) fn new(sources: &'t Sources, gathered: &'t Gathered, as_of: Date) -> Context<'t> {
        let blocks = gathered.blocks.as_slice();
        let mut cx = Context {
            sources,
            blocks,
            ward: blocks.iter().find(|block| block.kind == BlockKind::Ward),
            zone: Zone::utc(),
            as_of,
            names: Names::default(),
            catalogue: Catalogue::default(),
            values: BTreeMap::new(),
            severities: Vec::new(),
            calendars: Vec::new(),
            escalations: Vec::new(),
            functions: Vec::new(),
            diagnostics: Vec::new(),
        };
        cx.names = Names::of(blocks, &mut cx.diagnostics);
        if let Some((name, _)) = cx.ward.and_then(|ward| ward.zone().next()) {
            cx.zone = cx.zone_of(&name.node, name.span).unwrap_or(cx.zone);
        }
        cx
    }

    /// The blocks of a kind in order.
    pub(super) fn of_kind(&self, kind: BlockKind) -> impl Iterator<Item = &'t Block> + use<'t> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }

    /// Reports a finding.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Reports a finding that needs no more than its headline.
    pub(super) fn problem(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::new(code, span, message));
    }

    /// The zone of a name; WL0309 if this build does not know it.
    pub(super) fn zone_of(&mut self, name: &str, span: Span) -> Option<Zone> {
        let zone = wardline_rules::time::zone(name);
        if zone.is_none() {
            let found = Diagnostic::new(Code::WL0309, span, format!("\"{name}\" is no time zone."));
            self.report(super::standard::suggest_zone(found, name, span));
        }
        zone
    }

    /// The text of a place in the ward.
    pub(super) fn text(&self, span: Span) -> &'t str {
        self.sources.file(span.file).map_or("", |file| file.text_of(span))
    }

    /// The zone of a block's `zone` clause, else the ward's.
    pub(super) fn block_zone(&mut self, block: &Block) -> Option<Zone> {
        match block.zone().next() {
            Some((name, _)) => self.zone_of(&name.node, name.span),
            None => Some(self.zone.clone()),
        }
    }
}
