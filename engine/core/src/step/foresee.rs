//! Foresee: which memory will the events of this batch need?
//!
//! The state of a million reports lies far from the processor: each event would wait for its entry in the duplicate index,
//! then for its entry in the index of numbers, then for its report, one after the other. So before the first event is
//! applied, the hashes of all are formed and each of those places is read once for the whole batch. Reads that do not depend on each
//! other overlap; the events then find what they need near.
//!
//! - **Not here**: decisions. What is read is thrown away; a batch of one input is not looked at twice.

use core::hint::black_box;

use wardline_rules::{event::Event, map::hash64};

use crate::{
    identity::{self, Bare},
    input::Input,
    partition::Partition,
    report::ReportSlot,
};

/// What can be said of an event whatever those before it do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Foreseen {
    /// Hash of its source and id.
    pub(crate) id: u64,
    /// Its numbers on their own.
    pub(crate) numbers: Bare,
    /// The report that its strongest number leads to now; a guess.
    slot: Option<ReportSlot>,
}

impl Foreseen {
    pub(crate) fn of(event: &Event) -> Self {
        let id = hash64(&(event.source.as_str(), event.event_id.as_str()));
        Self { id, numbers: identity::bare(event), slot: None }
    }
}

impl Partition {
    /// Fills `foreseen` with one entry for each input, and has what they will need read.
    pub(crate) fn foresee(&self, inputs: &[Input], foreseen: &mut Vec<Foreseen>) {
        foreseen.clear();
        foreseen.extend(inputs.iter().map(|input| match input {
            Input::Event(event) => Foreseen::of(event),
            Input::Attempt(_)
            | Input::Activate(_)
            | Input::Silence(_)
            | Input::Lift(_)
            | Input::Feed(_)
            | Input::Tick => Foreseen::default(),
        }));
        if foreseen.len() < 2 {
            return;
        }
        let mut read = 0_u64;
        for one in foreseen.iter_mut() {
            read ^= self.seen.get(&one.id).map_or(0, |seen| seen.content);
            let found = |number: &identity::Key| self.index.get(*number).first().copied();
            one.slot = one.numbers.iter().flatten().find_map(found);
        }
        let reports = || foreseen.iter().filter_map(|one| self.reports.get(one.slot?));
        reports().for_each(|report| read ^= report.born);
        reports().for_each(|report| {
            read ^= u64::from(report.records.last().map_or(0, |record| record.tie));
            read ^= u64::from(report.keys.last().is_some_and(|name| name.bare == name.full));
        });
        black_box(read);
    }
}
