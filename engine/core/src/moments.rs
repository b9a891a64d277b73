//! Moments: at which times did what a rule speaks of happen to a report?

use wardline_rules::{
    program::{Happening, Moment},
    words::{Kind, Step},
};

use crate::{
    dictionary::Dictionary,
    report::{Report, registers::Occurrence},
    tuple::Tuples,
};

/// Buffers that are used again and again, so that looking costs no allocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    occurrences: Vec<Occurrence>,
    ranges: Vec<(wardline_rules::time::Timestamp, wardline_rules::time::Timestamp)>,
}

/// Puts into `out` the times at which any of `moments` happened to `report`, in order, each once.
pub(crate) fn times(
    moments: &[Moment],
    report: &Report,
    from: (&Tuples, &Dictionary),
    scratch: &mut Scratch,
    out: &mut Vec<Occurrence>,
) {
    out.clear();
    let (tuples, dictionary) = from;
    let now = tuples.get(report.effective);
    let kind = now.kind.unwrap_or(Kind::Other).ward_kind(now.narrowed == Some(true));
    for moment in moments.iter().filter(|moment| moment.kinds.has(kind)) {
        match &moment.happening {
            Happening::Step(step) => {
                report.occurrences(*step, &mut scratch.occurrences);
                out.extend_from_slice(&scratch.occurrences);
            }
            Happening::Recollected => recollected(report, scratch, out),
            Happening::Begins(situation) => {
                report.ranges(core::slice::from_ref(situation), dictionary, &mut scratch.ranges);
                out.extend(scratch.ranges.iter().map(|range| Occurrence::exactly(range.0, heard(report, range.0))));
            }
            Happening::Ends(situation) => {
                report.ranges(core::slice::from_ref(situation), dictionary, &mut scratch.ranges);
                let ended = scratch.ranges.iter().filter(|range| range.1 != wardline_rules::time::Timestamp::MAX);
                out.extend(ended.map(|range| Occurrence::exactly(range.1, heard(report, range.1))));
            }
            Happening::Message(_) => {}
        }
    }
    if moments.len() > 1 {
        out.sort_by_key(|occurrence| occurrence.at.lo);
        out.dedup_by_key(|occurrence| occurrence.at.lo);
    }
}

/// The first `collected` after each `recollect` [REP-16].
fn recollected(report: &Report, scratch: &mut Scratch, out: &mut Vec<Occurrence>) {
    report.occurrences(Step::Collected, &mut scratch.occurrences);
    for recollect in report.of_step(Step::Recollect) {
        let first = scratch.occurrences.iter().find(|collected| collected.at.lo >= recollect.lo);
        out.extend(first.copied());
    }
}

/// When we heard of what changed at `at`.
fn heard(report: &Report, at: wardline_rules::time::Timestamp) -> wardline_rules::time::Timestamp {
    let there = report.records.iter().filter(|record| record.lo == at).map(|record| record.heard);
    there.min().unwrap_or(report.touched)
}
