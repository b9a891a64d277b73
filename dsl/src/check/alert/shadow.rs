//! Shadow: does an alert ever say anything that another does not say already?
//!
//! If an alert above it watches the same moments, tells the same people the same way, and matches whenever this one does, then
//! this one only doubles every message.
//! - LIMIT: `CELLS_MAX` per pair.
//! - **Not here**: alerts that overlap in part; both have something to say.

use wardline_rules::program::Alert;

use crate::check::cells::{Answer, Demand, possible};
use crate::check::context::Context;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::syntax::Block;

/// WL0405 for every alert that another one covers.
pub(super) fn check(cx: &mut Context<'_>, blocks: &[&Block], alerts: &[Option<Alert>]) {
    let read: Vec<(&Block, &Alert)> =
        blocks.iter().zip(alerts).filter_map(|(block, alert)| Some((*block, alert.as_ref()?))).collect();
    for (index, (block, alert)) in read.iter().enumerate() {
        let above = read.iter().take(index).find(|(_, above)| same_effect(above, alert) && always_with(alert, above));
        let Some((other, _)) = above else { continue };
        let message = format!(
            "\"{}\" never decides anything: \"{}\" already fires in each of its cases, in the same way.",
            block.name(),
            other.name()
        );
        let found = Diagnostic::new(Code::WL0405, block.name_span(), message).label(other.header, "the other");
        cx.report(found.because("Delete it, or say what it does differently."));
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
