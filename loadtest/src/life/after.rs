//! After: what happens once a report is final, and what may come between?
//!
//! Delivery, review, release, the patient's look; a change after final; the answer to a critical report; an update, a rejected specimen,
//! a cancellation after which nothing more comes.
//! - **How it fits**: turns the draft of a path into a [`Report`].
//! - **Not here**: the way to final (`paths`).

use super::{Act, Author, Draft, Fact, Moment, Report, part_way};
use crate::draw::whole;
use crate::vocabulary::{Kind, Step};

impl Author<'_> {
    pub(super) fn finish(&mut self, kind: Kind, offer: usize, round: u32, mut draft: Draft) -> Report {
        let first = self.finding(kind, offer, draft.finding);
        self.after_final(draft.final_at, &mut draft);
        let mut findings = [first; 2];
        if let Some(changed_at) = self.change(kind, &mut draft) {
            findings[1] = self.changed_finding(kind, offer, first);
            self.seen_again(changed_at, &mut draft);
            if findings[1].is_critical() && !first.is_critical() {
                self.answer(changed_at, &mut draft);
            }
        }
        if first.is_critical() {
            let critical_at = draft.critical_at();
            self.answer(critical_at, &mut draft);
        }
        self.between(kind, &mut draft);
        self.cancel(&mut draft);
        draft.report(kind, offer, round, findings)
    }

    /// The benchmark's reports: a change or cancellation only if the fault set says so.
    pub(super) fn finish_minimal(&mut self, kind: Kind, offer: usize, round: u32, mut draft: Draft) -> Report {
        let first = self.finding(kind, offer, draft.finding);
        let mut findings = [first; 2];
        if self.change(kind, &mut draft).is_some() {
            findings[1] = self.changed_finding(kind, offer, first);
        }
        self.cancel(&mut draft);
        draft.report(kind, offer, round, findings)
    }

    fn after_final(&mut self, from: i64, draft: &mut Draft) {
        let after = &self.world.profile.life.after;
        let delivered = self.wait(&after.delivered, from);
        draft.step(Step::Delivered, delivered);
        if self.chance(self.figures.reviewed.share) {
            let reviewed = self.wait(&self.figures.reviewed.wait, from);
            draft.step(Step::Reviewed, reviewed.max(delivered));
        }
        if self.chance(after.released.share) {
            let released = self.wait(&after.released.wait, from);
            draft.step(Step::Released, released);
            self.patient(released, draft);
        }
    }

    fn patient(&mut self, released: i64, draft: &mut Draft) {
        let after = &self.world.profile.life.after;
        if self.chance(after.notified.share) {
            let notified = self.wait(&after.notified.wait, released);
            draft.step(Step::PatientNotified, notified);
        }
        if self.chance(self.figures.patient_looks) {
            let viewed = self.wait(&after.viewed, released);
            draft.step(Step::PatientViewed, viewed);
        }
    }

    /// The change after final, if there is one.
    fn change(&mut self, kind: Kind, draft: &mut Draft) -> Option<i64> {
        if !self.chance(self.world.changed(kind)) {
            return None;
        }
        let changed = self.wait(&self.world.profile.life.after.changed, draft.final_at);
        let step = match kind {
            Kind::Imaging => Step::Appended,
            Kind::Pathology | Kind::Cardiology => Step::Amended,
            Kind::Lab | Kind::Micro | Kind::BloodBank | Kind::Genetics | Kind::Pulmonary => Step::Corrected,
        };
        draft.step(step, changed);
        Some(changed)
    }

    /// The new version reaches the record and is looked at like the first.
    fn seen_again(&mut self, changed: i64, draft: &mut Draft) {
        let delivered = self.wait(&self.world.profile.life.after.delivered, changed);
        draft.step(Step::Delivered, delivered);
        if self.chance(self.figures.reviewed.share) {
            let reviewed = self.wait(&self.figures.reviewed.wait, changed);
            draft.step(Step::Reviewed, reviewed.max(delivered));
        }
    }

    fn answer(&mut self, critical: i64, draft: &mut Draft) {
        let figures = &self.world.profile.life.after.answer;
        let unit = self.stream.unit();
        let at = self.wait(&figures.wait, critical);
        let act = match unit {
            _ if unit < figures.accepted => Act::ReadBack,
            _ if unit < figures.accepted + figures.declined => Act::Declined,
            _ => return,
        };
        if !self.scenario.is_silent(at) {
            draft.moments.push(Moment { at, fact: Fact::Answer(act) });
        }
    }

    /// Updates and rejected specimens.
    fn between(&mut self, kind: Kind, draft: &mut Draft) {
        let life = &self.world.profile.life;
        if self.chance(life.update) {
            let at = part_way(self.ordered, draft.final_at, self.stream.unit());
            draft.moments.push(Moment { at, fact: Fact::Moved });
        }
        let has_specimen = matches!(kind, Kind::Lab | Kind::Micro);
        if let (true, Some(received)) = (has_specimen && self.chance(life.recollect.share), draft.specimen_from) {
            let at = |share: f64| part_way(received, draft.final_at, share);
            let rest = 1.0 - life.recollect.at;
            let [rejected, again, back] = [0.0, 1.0 / 3.0, 2.0 / 3.0].map(|share| at(life.recollect.at + rest * share));
            draft.step(Step::Recollect, rejected);
            draft.step(Step::Collected, again);
            draft.step(Step::Received, back);
        }
    }

    fn cancel(&mut self, draft: &mut Draft) {
        if !self.chance(self.world.cancelled()) {
            return;
        }
        let span = (draft.final_at - self.ordered) as f64;
        let at = self.ordered + whole(span * self.stream.unit());
        draft.moments.retain(|moment| moment.at < at);
        draft.step(Step::Cancelled, at);
    }
}

impl Draft {
    /// The first step at which the finding is told.
    fn critical_at(&self) -> i64 {
        let preliminary = self.moments.iter().find(|moment| moment.fact == Fact::Step(Step::Preliminary));
        match preliminary {
            Some(moment) if self.preliminary_tells => moment.at,
            Some(_) | None => self.final_at,
        }
    }

    fn report(mut self, kind: Kind, offer: usize, round: u32, findings: [super::Finding; 2]) -> Report {
        for moment in &mut self.moments {
            moment.at -= moment.at.rem_euclid(1_000_000);
        }
        self.moments.sort_by_key(|moment| moment.at);
        Report {
            kind,
            offer,
            round,
            findings,
            is_large: self.is_large,
            preliminary_tells: self.preliminary_tells,
            moments: self.moments,
        }
    }
}
