//! Turns: how is one part taken out of a condition, an escalation or a list?
//!
//! - **Not here**: which parts are asked about ([`super::points`]).

use wardline_rules::program::{Atom, Bounds, Comparison, Condition, Escalation, EscalationId, PageTo, Program};

/// Every comparison and question of a condition, in order, with the way to it.
pub(super) fn leaves(condition: &Condition) -> Vec<(Vec<usize>, &Condition)> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            let below = |(place, part)| {
                leaves(part).into_iter().map(move |(mut way, leaf): (Vec<usize>, _)| {
                    way.insert(0, place);
                    (way, leaf)
                })
            };
            parts.iter().enumerate().flat_map(below).collect()
        }
        Condition::Atom(_) | Condition::Call(_) => vec![(Vec::new(), condition)],
    }
}

/// Puts something else in the place that a way leads to.
pub(super) fn put(condition: &mut Condition, way: &[usize], other: &Condition) {
    let Some((first, rest)) = way.split_first() else {
        *condition = other.clone();
        return;
    };
    if let Condition::All(parts) | Condition::Any(parts) = condition
        && let Some(part) = parts.get_mut(*first)
    {
        put(part, rest, other);
    }
}

/// A range with two sides, each side alone; empty for every other comparison.
pub(super) fn sides(leaf: &Condition) -> Vec<Condition> {
    let Condition::Atom(Atom { field, comparison: Comparison::Range(is, bounds) }) = leaf else { return Vec::new() };
    let one = |bounds| Condition::Atom(Atom { field: *field, comparison: Comparison::Range(*is, bounds) });
    match bounds {
        Bounds::Outside(below, above) => vec![one(Bounds::Below(*below)), one(Bounds::Above(*above))],
        Bounds::Between(..) | Bounds::Below(_) | Bounds::Above(_) | Bounds::AtLeast(_) | Bounds::AtMost(_) => {
            Vec::new()
        }
    }
}

/// Changes an escalation for one page alone: the page gets a copy of its own.
pub(super) fn escalation(
    program: &mut Program,
    page: impl Fn(&mut Program) -> Option<&mut PageTo>,
    change: &dyn Fn(&mut Escalation),
) {
    let Some(PageTo::Using { escalation, .. }) = page(program) else { return };
    let shared = escalation.index();
    let Some(mut copy) = program.escalations.get(shared).cloned() else { return };
    change(&mut copy);
    let Ok(place) = u32::try_from(program.escalations.len()) else { return };
    program.escalations.push(copy);
    if let Some(PageTo::Using { escalation, .. }) = page(program) {
        *escalation = EscalationId(place);
    }
}
