//! Merge: two names turn out to mean one patient, encounter or report.
//!
//! Tokens that go point to those that stay, for facts past and future; chains are followed and a cycle is refused [IDN-11].

use wardline_rules::{
    event::{Event, Merge, ReportIds},
    quality::Fault,
    token::Token,
    words::MergeWhat,
};

use crate::{
    disposition::Disposition,
    identity::{self, Number, patient_key},
    output::Output,
    partition::Partition,
    report::{Report, ReportSlot},
};

impl Partition {
    pub(crate) fn take_merge(&mut self, event: &Event, merge: &Merge, out: &mut Output) -> Disposition {
        match merge {
            Merge::Tokens { what, from, into } => self.merge_tokens(event, *what, (*from, *into), out),
            Merge::Reports(both) => self.merge_reports(event, &both.0, &both.1, out),
        }
    }

    fn merge_tokens(
        &mut self,
        event: &Event,
        what: MergeWhat,
        (from, into): (Token, Token),
        out: &mut Output,
    ) -> Disposition {
        let into = self.resolve_token(into);
        if from == into {
            self.say_quality(event, Fault::MergeUnknown, "merge", out);
            return Disposition::Unmatched;
        }
        if self.aliases.insert(from, into) == Some(into) {
            return Disposition::Stale;
        }
        match what {
            MergeWhat::Patient => {
                for slot in self.index.get(patient_key(from)).to_vec() {
                    self.unlink_patient(slot, Some(from));
                    self.link_patient(slot, Some(into));
                    if let Some(report) = self.reports.get_mut(slot) {
                        report.patient = Some(into);
                    }
                }
            }
            MergeWhat::Encounter => {
                for slot in self.index.of_encounter(from).to_vec() {
                    self.index.unlink_encounter(from, slot);
                    self.index.link_encounter(into, slot);
                    if let Some(report) = self.reports.get_mut(slot) {
                        report.cold.encounter = Some(into);
                    }
                }
            }
            MergeWhat::Report => {}
        }
        Disposition::Applied
    }

    fn merge_reports(&mut self, event: &Event, from: &ReportIds, into: &ReportIds, out: &mut Output) -> Disposition {
        let found = (self.report_of(event, from), self.report_of(event, into));
        let (Some(from), Some(into)) = found else {
            self.say_quality(event, Fault::MergeUnknown, "merge", out);
            return Disposition::Unmatched;
        };
        if from == into { Disposition::Stale } else { self.join(event, from, into, out) }
    }

    fn report_of(&self, event: &Event, ids: &ReportIds) -> Option<ReportSlot> {
        let test = event.tests.first().map_or("", |code| code.code.as_str());
        let numbers =
            [(Number::Filler, &ids.filler), (Number::Placer, &ids.placer), (Number::Accession, &ids.accession)];
        let names = numbers.map(|(number, ident)| ident.as_ref().map(|ident| identity::name(number, ident, test)));
        let mut names = names.into_iter().flatten();
        let within_test = names.clone().find_map(|name| self.index.named(name, &self.reports).next().copied());
        within_test.or_else(|| names.find_map(|name| self.index.get(name.bare).first().copied()))
    }

    /// Makes two reports one: all facts, keys and alerts of `from` go to `into`, unless their patients differ [IDN-10].
    pub(crate) fn join(&mut self, event: &Event, from: ReportSlot, into: ReportSlot, out: &mut Output) -> Disposition {
        let patient = |slot: ReportSlot| self.reports.get(slot).and_then(|report| report.patient);
        let differ = patient(from).zip(patient(into)).is_some_and(|(one, other)| one != other);
        if differ {
            self.say_quality(event, Fault::IdentityConflict, "merge", out);
            return Disposition::Unmatched;
        }
        let Some(mut gone) = self.reports.take(from) else { return Disposition::Unmatched };
        let Some(mut report) = self.reports.take(into) else {
            self.reports.put(from, gone);
            return Disposition::Unmatched;
        };
        self.learn_patient(into, &mut report, gone.patient);
        self.learn_encounter(into, &mut report, gone.cold.encounter);
        report.learn_ids([&gone.cold.filler, &gone.cold.placer, &gone.cold.accession]);
        self.move_facts(&mut gone, &mut report);
        report.was_counted |= gone.was_counted;
        for name in core::mem::take(&mut gone.keys) {
            self.index.unlink(name.bare, from);
            self.index.link(name.bare, into);
            report.keys.push(name);
        }
        for slot in core::mem::take(&mut gone.alerts) {
            if let Some(alert) = self.alerts.get_mut(slot) {
                alert.report = Some((into, report.id));
            }
            report.alerts.push(slot);
        }
        self.reports.put(from, gone);
        // Its place may be given to a new report before rows are made.
        let before = self.reports.before_of(from).map(|before| Report::clone(before));
        self.absorbed.extend(before);
        self.forget_report(from);
        report.sum_up(&mut self.tuples);
        self.refresh(into, &mut report, out);
        // What answers an alert may have been said of the one, and the alert raised for the other.
        self.documented(&mut report, out);
        self.reports.put(into, report);
        self.refresh_later(into, out);
        Disposition::Applied
    }

    fn move_facts(&self, gone: &mut Report, report: &mut Report) {
        for record in &gone.records {
            report.add_record(*record);
        }
        gone.cold.statements.iter().for_each(|fact| {
            report.add_statement(*fact);
        });
        gone.cold.flags.iter().for_each(|fact| {
            report.add_flag(*fact);
        });
        gone.cold.people.iter().for_each(|fact| {
            report.add_person(*fact);
        });
        gone.cold.attributes.iter().for_each(|fact| {
            report.add_attribute(*fact);
        });
        report.touched = report.touched.max(self.at);
    }
}
