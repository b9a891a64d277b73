//! Shadow: does an alert ever say anything that another does not say already?
//!
//! If an alert above it watches the same moments, tells the same people the same way, and matches whenever this one does, then
//! this one only doubles every message.
//! - LIMIT: `CELLS_MAX` per pair.
//! - **Not here**: alerts that overlap in part; both have something to say.

use std::collections::{BTreeMap, BTreeSet};

use wardline_rules::Text;
use wardline_rules::program::{Alert, Comparison, Condition, Field};

use crate::check::cells::{Answer, Demand, possible};
use crate::check::context::Context;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::syntax::Block;

/// WL0405 for every alert that another one covers.
pub(super) fn check(cx: &mut Context<'_>, blocks: &[&Block], alerts: &[Option<Alert>]) {
    let read: Vec<(&Block, &Alert)> =
        blocks.iter().zip(alerts).filter_map(|(block, alert)| Some((*block, alert.as_ref()?))).collect();
    let mut above = Above::default();
    for (index, (block, alert)) in read.iter().enumerate() {
        let candidates = above.that_may_hold_with(&alert.condition);
        above.add(index, &alert.condition);
        let candidates = candidates.into_iter().filter_map(|other| read.get(other));
        let mut covering = candidates.filter(|(_, above)| same_effect(above, alert) && always_with(alert, above));
        let Some((other, _)) = covering.next() else { continue };
        let message = format!(
            "\"{}\" never decides anything: \"{}\" already fires in each of its cases, in the same way.",
            block.name(),
            other.name()
        );
        let found = Diagnostic::new(Code::WL0405, block.name_span(), message).label(other.header, "the other");
        cx.report(found.because("Delete it, or say what it does differently."));
    }
}

/// The alerts above one, by a name that each of them asks for: thousands of rules about a clinic each are not compared in pairs.
///
/// A rule that asks for another name of a field never covers one that asks for its own there, and nowhere else, so only those
/// under the own name are looked at, and those that ask for no name.
#[derive(Default)]
struct Above {
    /// Those that ask for no name.
    any: BTreeSet<usize>,
    /// Those that ask for a name of a field, by field.
    of_field: BTreeMap<Field, Named>,
}

/// Alerts that ask for a name of one field.
#[derive(Default)]
struct Named {
    all: BTreeSet<usize>,
    by_name: BTreeMap<Text, BTreeSet<usize>>,
}

impl Above {
    fn add(&mut self, index: usize, condition: &Condition) {
        let Some((field, names)) = parts(condition).iter().find_map(asked_names) else {
            self.any.insert(index);
            return;
        };
        let named = self.of_field.entry(field).or_default();
        named.all.insert(index);
        for name in names {
            named.by_name.entry(name.clone()).or_default().insert(index);
        }
    }

    /// In order.
    fn that_may_hold_with(&self, condition: &Condition) -> BTreeSet<usize> {
        let mut found = self.any.clone();
        for (field, named) in &self.of_field {
            let asked = parts(condition).iter().filter_map(asked_names).filter(|(asked, _)| asked == field);
            let names: Vec<&[Text]> = asked.map(|(_, names)| names).collect();
            if names.is_empty() || names.len() < mentions(condition, *field) {
                found.extend(&named.all);
            } else {
                let same = names.into_iter().flatten().filter_map(|name| named.by_name.get(name));
                found.extend(same.flatten());
            }
        }
        found
    }
}

/// What all must hold of a condition.
fn parts(condition: &Condition) -> &[Condition] {
    match condition {
        Condition::All(parts) => parts,
        Condition::Any(_) | Condition::Atom(_) | Condition::Call(_) => core::slice::from_ref(condition),
    }
}

/// The names that a part asks for.
fn asked_names(part: &Condition) -> Option<(Field, &[Text])> {
    match part {
        Condition::Atom(atom) => match &atom.comparison {
            Comparison::Names(true, names) => Some((atom.field, names)),
            Comparison::Names(false, _)
            | Comparison::Missing
            | Comparison::Present
            | Comparison::Kinds(..)
            | Comparison::Priorities(..)
            | Comparison::States(..)
            | Comparison::Flags(..)
            | Comparison::Feeds(..)
            | Comparison::Tests(..)
            | Comparison::Classes(..)
            | Comparison::Range(..) => None,
        },
        Condition::All(_) | Condition::Any(_) | Condition::Call(_) => None,
    }
}

/// How often a field is asked for.
fn mentions(condition: &Condition, field: Field) -> usize {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().map(|part| mentions(part, field)).sum(),
        Condition::Atom(atom) => usize::from(atom.field == field),
        Condition::Call(_) => 0,
    }
}

fn same_effect(one: &Alert, two: &Alert) -> bool {
    one.trigger == two.trigger
        && one.decide == two.decide
        && one.severity == two.severity
        && one.page == two.page
        && one.tells == two.tells
        && one.texts == two.texts
        && one.once == two.once
        && one.missing == two.missing
        && one.limit == two.limit
        && one.withdraw == two.withdraw
}

/// Whether there is no case in which `narrow` matches and `wide` does not.
fn always_with(narrow: &Alert, wide: &Alert) -> bool {
    let (matches, not_unless) = (Demand::yes(&narrow.condition), Demand::no(&narrow.unless));
    let escapes = |demand| possible(&[matches, not_unless, demand]) != Answer::No;
    !escapes(Demand::no(&wide.condition)) && !escapes(Demand::yes(&wide.unless))
}
