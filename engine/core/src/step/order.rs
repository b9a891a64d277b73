//! Order: what was said of an order before anybody knew its reports, or of all of them at once?
//!
//! Facts that carry the placer number alone belong to every report with that number and test, whichever was heard first.
//! Until a filler is known they are a report of their own, the order itself; the first report of the placer is that report.
//! A report that already went by its filler takes the order in when its placer becomes known, and what belongs to all from
//! any sibling [IDN-6].
//!
//! - **Not here**: how a report is found ([`crate::identity`]), what two reports that turn out to be one keep
//!   ([`super::merge`]).

use wardline_rules::{event::Event, token::Token};

use crate::{
    identity::Keys,
    output::Output,
    partition::Partition,
    report::{Record, Report, ReportSlot},
};

/// What a sibling has that belongs to every report of the order.
struct Shared {
    records: Vec<Record>,
    of: Box<Report>,
}

impl Partition {
    /// Lets a report that is about to learn of its placer take in the order, and what belongs to all of its reports.
    pub(crate) fn gather_order(
        &mut self,
        event: &Event,
        (keys, patient): (Keys, Option<Token>),
        targets: &[ReportSlot],
        out: &mut Output,
    ) {
        let (Some(_), Some(placer), [target]) = (keys.filler, keys.placer, targets) else { return };
        let is_new = self.reports.get(*target).is_some_and(|report| !report.keys.contains(&placer));
        if !is_new {
            return;
        }
        let known = self.reports.get(*target).and_then(|report| report.patient).or(patient);
        let fits = |report: &Report| report.patient.is_none() || known.is_none() || report.patient == known;
        let named = self.index.named(placer, &self.reports).copied().filter(|slot| slot != target);
        let siblings: Vec<ReportSlot> =
            named.filter(|slot| self.reports.get(*slot).is_some_and(|report| fits(report))).collect();
        let is_order = |slot: &&ReportSlot| self.reports.get(**slot).is_some_and(|report| report.cold.filler.is_none());
        if let Some(order) = siblings.iter().find(is_order) {
            self.join(event, *order, *target, out);
        } else if let Some(shared) = siblings.iter().find_map(|slot| self.shared_of(*slot)) {
            self.share(*target, &shared);
        }
    }

    fn shared_of(&self, slot: ReportSlot) -> Option<Shared> {
        let report = self.reports.get(slot)?;
        let records: Vec<Record> = report.records.iter().filter(|record| record.is_shared).copied().collect();
        (!records.is_empty()).then(|| Shared { records, of: report.clone() })
    }

    /// Gives a report what all reports of its order have. Flags bear no mark of the event they came with: those of a shared
    /// fact's very instant are taken to have come with it.
    fn share(&mut self, slot: ReportSlot, Shared { records, of }: &Shared) {
        let Some(mut report) = self.reports.take(slot) else { return };
        records.iter().for_each(|record| {
            report.add_record(*record);
        });
        let came = |at, made, tie| records.iter().any(|record| (record.lo, record.made, record.tie) == (at, made, tie));
        of.cold.people.iter().filter(|fact| came(fact.at, fact.made, fact.tie)).for_each(|fact| {
            report.add_person(*fact);
        });
        of.cold.attributes.iter().filter(|fact| came(fact.at, fact.made, fact.tie)).for_each(|fact| {
            report.add_attribute(*fact);
        });
        of.cold.statements.iter().filter(|fact| came(fact.at, fact.made, fact.tie)).for_each(|fact| {
            report.add_statement(*fact);
        });
        let flags = of.cold.flags.iter().filter(|fact| records.iter().any(|record| record.lo == fact.at));
        flags.for_each(|fact| {
            report.add_flag(*fact);
        });
        self.learn_patient(slot, &mut report, of.patient);
        self.learn_encounter(slot, &mut report, of.cold.encounter);
        report.sum_up(&mut self.tuples);
        self.reports.put(slot, report);
    }
}
