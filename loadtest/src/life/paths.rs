//! Paths: how does a report of each kind come to its final?
//!
//! One function per kind, straight down the tables of the profile.
//! - **How it fits**: called once per report; `after` goes on from the final.
//! - **Not here**: corrections, answers, cancellations.

use super::{Author, Draft, Fact, Moment, Report, part_way};
use crate::calendar::HOUR;
use crate::profile::Specimen;
use crate::scenario::Held;
use crate::vocabulary::{Kind, Step};
use crate::wait::micros;

/// When the specimen of a requisition was taken and came to the laboratory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Journey {
    collected: i64,
    received: i64,
}

impl Author<'_> {
    /// The journey all reports of a laboratory requisition share; other kinds have their own.
    pub(super) fn specimen(&mut self, kind: Kind) -> Option<Journey> {
        if !matches!(kind, Kind::Lab | Kind::BloodBank) {
            return None;
        }
        let pace = &self.figures.laboratory;
        let collected = self.wait(pace.collected.of(self.priority), self.ordered);
        let received = self.wait(pace.received.of(self.priority), collected);
        Some(Journey { collected, received })
    }

    pub(super) fn path(&mut self, kind: Kind, offer: usize, shared: Option<Journey>, draft: &mut Draft) {
        match (kind, shared) {
            (Kind::Lab | Kind::BloodBank, Some(journey)) => self.laboratory(kind, journey, draft),
            (Kind::Lab | Kind::BloodBank, None) => {}
            (Kind::Micro, _) => self.micro(offer, draft),
            (Kind::Pathology, _) => self.pathology(draft),
            (Kind::Genetics, _) => self.genetics(draft),
            (Kind::Imaging, _) => self.imaging(draft),
            (Kind::Cardiology | Kind::Pulmonary, _) => self.heart(kind, draft),
        }
    }

    /// Puts the final, unless a scenario holds it back.
    fn finalise(&mut self, kind: Kind, at: i64, draft: &mut Draft) {
        let held = Held { site: self.site, kind, calendar: self.calendar };
        draft.final_at = self.scenario.hold_final(at, &held, &mut self.stream);
        draft.step(Step::Final, draft.final_at);
    }

    fn journey(&mut self, from: Journey, draft: &mut Draft) {
        draft.specimen_from = Some(from.received);
        draft.step(Step::Collected, from.collected);
        draft.step(Step::Received, from.received);
    }

    fn laboratory(&mut self, kind: Kind, from: Journey, draft: &mut Draft) {
        let figures = &self.world.profile.life.laboratory;
        self.journey(from, draft);
        let analysed = self.wait(self.figures.laboratory.analysed.of(self.priority), from.received);
        let verified = self.wait(&figures.verified, analysed);
        if self.chance(figures.in_transit.share) {
            draft.step(Step::InTransit, part_way(from.collected, from.received, figures.in_transit.at));
        }
        if self.chance(figures.in_process.share) {
            draft.step(Step::InProcess, part_way(from.received, analysed, figures.in_process.at));
        }
        if self.chance(figures.analysed) {
            draft.step(Step::Analysed, analysed);
        }
        if self.chance(figures.partial.share) {
            draft.step(Step::Partial, part_way(analysed, verified, figures.partial.at));
        }
        self.finalise(kind, verified, draft);
    }

    fn micro(&mut self, offer: usize, draft: &mut Draft) {
        let figures = &self.world.profile.life.micro;
        let collected = self.wait(&figures.collected, self.ordered);
        let received = self.wait(figures.received.of(self.setting), collected);
        self.journey(Journey { collected, received }, draft);
        let in_process = self.wait(&figures.in_process, received);
        draft.step(Step::InProcess, in_process);
        draft.preliminary_tells = true;
        match self.world.offers(Kind::Micro).tests[offer].specimen {
            Some(Specimen::Urine) => {
                let preliminary = self.wait(&figures.urine.preliminary, received);
                draft.step(Step::Preliminary, preliminary);
                let last = self.wait(&figures.urine_final, preliminary);
                self.finalise(Kind::Micro, last, draft);
            }
            Some(Specimen::Blood) => self.blood_culture(received, in_process, draft),
            Some(Specimen::Other) | None => {
                let preliminary = self.wait(&figures.other.preliminary, received);
                draft.step(Step::Preliminary, preliminary);
                let last = self.wait(&figures.other.r#final, preliminary);
                self.finalise(Kind::Micro, last, draft);
            }
        }
    }

    fn blood_culture(&mut self, received: i64, in_process: i64, draft: &mut Draft) {
        let (blood, quiet) = (&self.world.profile.life.micro.blood, &self.world.profile.life.micro.quiet);
        if self.chance(blood.positive) {
            draft.finding = super::Finding::growth();
            let signal = self.wait(&blood.growth, in_process);
            let first = self.wait(&blood.gram, signal);
            let second = self.wait(&blood.second, first);
            let last = self.wait(&blood.r#final, second);
            draft.step(Step::Preliminary, first);
            draft.step(Step::Preliminary, second);
            return self.finalise(Kind::Micro, last, draft);
        }
        for minutes in quiet.reads.iter().chain([&quiet.r#final]) {
            let at = received + micros(minutes + quiet.spread * self.stream.normal()).max(0);
            if minutes == &quiet.r#final {
                self.finalise(Kind::Micro, at, draft);
            } else {
                draft.step(Step::Preliminary, at);
            }
        }
    }

    fn pathology(&mut self, draft: &mut Draft) {
        let figures = &self.world.profile.life.pathology;
        let collected = self.wait(&figures.collected, self.ordered);
        let received = self.wait(&figures.received, collected);
        self.journey(Journey { collected, received }, draft);
        let is_large = self.chance(figures.large_share);
        let wait = if is_large { &figures.large_final } else { &figures.biopsy_final };
        let last = self.wait(wait, received);
        let in_process = self.wait(&figures.in_process, received).min(part_way(received, last, figures.wait.from));
        draft.is_large = is_large;
        draft.step(Step::InProcess, in_process);
        draft.step(Step::Analysed, part_way(received, last, figures.analysed_at));
        if self.chance(if is_large { figures.wait.large } else { figures.wait.biopsy }) {
            draft.moments.push(Moment { at: part_way(received, last, figures.wait.from), fact: Fact::WaitBegun });
            draft.moments.push(Moment { at: part_way(received, last, figures.wait.until), fact: Fact::WaitEnded });
        }
        if self.chance(figures.preliminary.share) {
            draft.step(Step::Preliminary, part_way(received, last, figures.preliminary.at));
        }
        self.finalise(Kind::Pathology, last, draft);
    }

    fn genetics(&mut self, draft: &mut Draft) {
        let figures = &self.world.profile.life.genetics;
        let collected = self.wait(&figures.collected, self.ordered);
        let received = self.wait(&figures.received, collected);
        self.journey(Journey { collected, received }, draft);
        let in_process = self.wait(&figures.in_process, received);
        draft.step(Step::InProcess, in_process);
        let last = self.wait(&figures.r#final, in_process);
        self.finalise(Kind::Genetics, last, draft);
    }

    fn imaging(&mut self, draft: &mut Draft) {
        let (pace, figures) = (&self.figures.imaging, &self.world.profile.life.imaging);
        let started = self.wait(pace.exam_started.of(self.priority), self.ordered);
        let ended = self.wait(pace.exam_ended.of(self.priority), started);
        let last = self.wait(pace.r#final.of(self.priority), ended);
        let half = part_way(self.ordered, started, 0.5);
        if self.chance(pace.scheduled) {
            let booked = self.wait(&self.world.profile.life.scheduled, self.ordered);
            draft.step(Step::Scheduled, booked.min(half));
        }
        draft.step(Step::Arrived, half.max(started - micros(15.0)));
        draft.step(Step::ExamStarted, started);
        draft.step(Step::ExamEnded, ended);
        if self.chance(pace.preliminary) {
            draft.step(Step::Preliminary, part_way(ended, last, figures.preliminary_at));
        }
        if self.chance(figures.dictated.share) {
            draft.step(Step::Dictated, part_way(ended, last, figures.dictated.at));
        }
        draft.preliminary_tells = true;
        self.finalise(Kind::Imaging, last, draft);
    }

    fn heart(&mut self, kind: Kind, draft: &mut Draft) {
        let figures = &self.world.profile.life.heart;
        let started = self.wait(figures.exam_started.of(self.setting), self.ordered);
        let ended = self.wait(&figures.exam_ended, started);
        draft.step(Step::ExamStarted, started);
        draft.step(Step::ExamEnded, ended);
        let last = self.wait(&figures.r#final, ended);
        if self.chance(figures.preliminary) {
            draft.step(Step::Preliminary, (ended + micros(1.0)).min(last));
        }
        self.finalise(kind, last, draft);
    }

    /// The five steps of the benchmark: exactly these, whatever the kind.
    pub(super) fn minimal_reports(&mut self, kind: Kind) -> Vec<Report> {
        let mut draft = Draft::new(self.ordered);
        let (offer, round) = self.choose_test(kind, &mut Vec::new());
        let (collected, received, last) = if kind == Kind::Imaging { self.exam_times() } else { self.specimen_times() };
        draft.step(Step::Ordered, self.ordered);
        draft.step(Step::Collected, collected);
        draft.step(Step::Received, received);
        self.finalise(kind, last, &mut draft);
        let acknowledged = self.wait(&self.world.profile.life.minimal.acknowledged, draft.final_at);
        draft.step(Step::Acknowledged, acknowledged);
        vec![self.finish_minimal(kind, offer, round, draft)]
    }

    /// One report of a storm: a stat specimen received in the same second as all others, final after six hours.
    pub(super) fn storm_reports(&mut self) -> Vec<Report> {
        let mut draft = Draft::new(self.ordered);
        let (offer, round) = self.choose_test(Kind::Lab, &mut Vec::new());
        for step in [Step::Ordered, Step::Collected, Step::Received] {
            draft.step(step, self.ordered);
        }
        draft.final_at = self.ordered + 6 * HOUR;
        draft.step(Step::Final, draft.final_at);
        vec![self.finish_minimal(Kind::Lab, offer, round, draft)]
    }

    fn exam_times(&mut self) -> (i64, i64, i64) {
        let pace = &self.figures.imaging;
        let started = self.wait(pace.exam_started.of(self.priority), self.ordered);
        let ended = self.wait(pace.exam_ended.of(self.priority), started);
        (started, ended, self.wait(pace.r#final.of(self.priority), ended))
    }

    fn specimen_times(&mut self) -> (i64, i64, i64) {
        let pace = &self.figures.laboratory;
        let collected = self.wait(pace.collected.of(self.priority), self.ordered);
        let received = self.wait(pace.received.of(self.priority), collected);
        let analysed = self.wait(pace.analysed.of(self.priority), received);
        (collected, received, self.wait(&self.world.profile.life.laboratory.verified, analysed))
    }

    /// A test of a kind; cultures are chosen by the shares of their specimens.
    pub(super) fn choose_test(&mut self, kind: Kind, used: &mut Vec<usize>) -> (usize, u32) {
        if kind == Kind::Micro { (self.culture(), 0) } else { self.unused_test(kind, used) }
    }

    fn culture(&mut self) -> usize {
        let figures = &self.world.profile.life.micro;
        let unit = self.stream.unit();
        let specimen = match unit {
            _ if unit < figures.urine.share => Specimen::Urine,
            _ if unit < figures.urine.share + figures.blood.share => Specimen::Blood,
            _ => Specimen::Other,
        };
        let tests = &self.world.offers(Kind::Micro).tests;
        tests.iter().position(|test| test.specimen == Some(specimen)).unwrap_or(0)
    }
}
