//! When: which generation would a moment rule say now, if any?
//!
//! The rule is read on the facts as of the moment's event time [ALERT-2]. Of several moments of a subject the newest content
//! counts: a critical value that is known to be corrected when it arrives raises nothing.

use wardline_rules::{
    Text,
    evaluate::matches,
    map::hash64,
    program::{Alert as Rule, Happening, Moment, Once, Subject, Trigger},
    script::Script,
    time::{Span, Timestamp},
    words::{Kind, Step},
};

mod decision;

use super::{About, AlertSlot, Cause, Closing, Raise, Source, absence::Wait};
use crate::{
    dictionary::Coded,
    doubt::Doubt,
    escalation::Extra,
    moments,
    output::Output,
    partition::Partition,
    past::Past,
    report::{
        Report, ReportSlot,
        registers::Occurrence,
        results::{ResultKey, Run},
    },
    view::{Sources, View},
};

/// One alert rule of one ward.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AlertIx {
    pub(crate) ward: u32,
    pub(crate) index: u32,
}

/// What a rule would say of one subject now.
#[derive(Clone, Debug)]
struct Wanted {
    about: About,
    /// The generation, if the rule matches.
    key: Option<u64>,
    since: Timestamp,
    /// When that was heard of.
    heard: Timestamp,
    doubt: Doubt,
    /// What its script sends besides.
    extras: Vec<Extra>,
    /// When a private clock of its script is due.
    next: Option<Timestamp>,
}

impl Partition {
    /// Asks one moment rule what it would say of a report now, and acts on the difference.
    pub(crate) fn refresh_alert(&mut self, slot: ReportSlot, report: &mut Report, rule: AlertIx, out: &mut Output) {
        let mut wanted = Vec::new();
        self.want(report, rule, &mut wanted);
        let next = wanted.iter().filter_map(|wanted| wanted.next).min();
        for wanted in wanted {
            self.settle(slot, report, (rule, wanted), out);
        }
        self.wait_for_script(slot, report, rule, next);
    }

    /// Arms the timer of the private clock that is due first [RHAI-3].
    fn wait_for_script(&mut self, slot: ReportSlot, report: &mut Report, rule: AlertIx, next: Option<Timestamp>) {
        let Some((id, rank)) = self.rule_of(rule) else { return };
        let AlertIx { ward, index } = rule;
        match next {
            Some(due) => {
                let wait = Wait { rule: id, ward, index, started: due, due, is_fired: false, armed: None };
                self.wait_until(slot, report, wait, rank);
            }
            None => self.forget_wait(report, id, true),
        }
    }

    fn want(&mut self, report: &Report, rule: AlertIx, wanted: &mut Vec<Wanted>) {
        let Some(ward) = self.wards.get_mut(rule.ward as usize) else { return };
        ward.tests.learn(&ward.program, &self.dictionary);
        let Some((alert, known)) = ward.alert(rule.index) else { return };
        let Trigger::When(moments) = &alert.trigger else { return };
        let past = Some(Past { reports: &self.reports, index: &self.index });
        let from = ward.sources(&self.dictionary, &self.tuples, past);
        let asking = Asking { alert, place: rule.index, moments, since: known.since, now: self.at, report, from };
        match alert.subject() {
            Subject::Result => asking.of_results(&mut self.runs, wanted),
            Subject::Report => asking.of_report(&mut self.scratch, &mut self.occurrences, wanted),
            Subject::Feed | Subject::Group => {}
        }
    }

    /// The table of the module's head.
    fn settle(&mut self, slot: ReportSlot, report: &mut Report, (rule, wanted): (AlertIx, Wanted), out: &mut Output) {
        let Some((id, rank, once, again, cause)) = self.facts_of(rule) else { return };
        let known = self.newest(report, id, wanted.about);
        if wanted.heard == self.at {
            self.say_doubt((id, report.born), &wanted.doubt, out);
        }
        match (known, wanted.key) {
            (None, None) => {}
            (Some(known), None) => self.cause_gone(known, report, out),
            (known, Some(key)) => {
                let open = known.filter(|known| self.alerts.get(*known).is_some_and(super::Alert::is_open));
                let key = match self.told(report, id, wanted.about, key) {
                    Told::Not(key) => key,
                    Told::Stands(told) => {
                        return self.stay((told, wanted.since), open.filter(|open| *open != told), report, out);
                    }
                };
                let may_raise = known.is_some() || self.may_raise(report, (id, once, again), &wanted);
                if let Some(open) = open {
                    self.end(open, Some(report), Closing::Superseded, out);
                }
                let report_ref = Some((slot, report.id));
                let Wanted { about, since, extras, doubt, .. } = wanted;
                let raise = Raise { cause, rule: id, rank, report: report_ref, about, key, since, extras };
                if !may_raise {
                    return self.add_row_alone(raise, report, out);
                }
                self.say_doubt((id, report.born), &doubt, out);
                self.raise(raise, Some(report), out);
                if let (Once::Patient, Some(patient)) = (once, report.patient) {
                    self.once.insert((id, patient), self.at);
                }
            }
        }
    }

    fn facts_of(&self, rule: AlertIx) -> Option<(Coded, u32, Once, Option<Span>, Cause)> {
        let (alert, known) = self.wards.get(rule.ward as usize)?.alert(rule.index)?;
        let cause = Cause { ward: rule.ward, source: Source::Rule(rule.index), severity: alert.severity };
        Some((known.id, known.rank, alert.once, alert.again_after, cause))
    }

    /// The newest generation of a rule on a subject.
    pub(crate) fn newest(&self, report: &Report, rule: Coded, about: About) -> Option<AlertSlot> {
        let mine =
            |slot: &&AlertSlot| self.alerts.get(**slot).is_some_and(|alert| alert.rule == rule && alert.about == about);
        report.alerts.iter().rfind(mine).copied()
    }

    /// What is so was told. Older news of it says that it began earlier; anything else that is open gives way to it.
    fn stay(
        &mut self,
        (told, since): (AlertSlot, Timestamp),
        other: Option<AlertSlot>,
        report: &mut Report,
        out: &mut Output,
    ) {
        if let Some(alert) = self.alerts.get_mut(told) {
            alert.since = since;
        }
        if let Some(other) = other {
            self.end(other, Some(report), Closing::Superseded, out);
        }
    }

    /// Whether this generation was told already: it is told once, and again after it was taken back [NID-2] [ALERT-4].
    fn told(&self, report: &Report, rule: Coded, about: About, key: u64) -> Told {
        let mut appearance = key;
        let mut again = 0_u64;
        loop {
            let is_it = |slot: &&AlertSlot| {
                let alert = self.alerts.get(**slot);
                alert.is_some_and(|alert| (alert.rule, alert.about, alert.key) == (rule, about, appearance))
            };
            let Some(told) = report.alerts.iter().rfind(is_it).copied() else { break };
            if self.alerts.get(told).is_some_and(super::Alert::stands) {
                return Told::Stands(told);
            }
            again += 1;
            appearance = hash64(&(key, again));
        }
        Told::Not(appearance)
    }

    /// When a rule last raised on another report of the same order.
    fn raised_on_siblings(&self, report: &Report, rule: Coded) -> Option<Timestamp> {
        let placer = crate::identity::bare_key(crate::identity::Number::Placer, report.cold.placer.as_ref()?);
        let others = self.index.get(placer).iter().filter_map(|slot| self.reports.get(*slot));
        let others = others.filter(|other| other.id != report.id && other.patient == report.patient);
        let alerts = others.flat_map(|other| &other.alerts).filter_map(|slot| self.alerts.get(*slot));
        alerts.filter(|alert| alert.rule == rule && !alert.is_row_alone()).map(|alert| alert.raised).max()
    }

    /// Whether `once` leaves room for a first generation on this subject [ALERT-6].
    fn may_raise(&self, report: &Report, (rule, once, again): (Coded, Once, Option<Span>), wanted: &Wanted) -> bool {
        let since = |raised: Timestamp| again.is_some_and(|again| self.at.since(raised) > again);
        match once {
            Once::Result => true,
            Once::Report | Once::Order => {
                let mine = report.alerts.iter().filter_map(|slot| self.alerts.get(*slot));
                let mine = mine.filter(|alert| alert.rule == rule && alert.about != wanted.about);
                let mine = mine.filter(|alert| !alert.is_row_alone());
                let others = (once == Once::Order).then(|| self.raised_on_siblings(report, rule)).flatten();
                mine.map(|alert| alert.raised).chain(others).max().is_none_or(since)
            }
            Once::Patient => {
                let raised = report.patient.and_then(|patient| self.once.get(&(rule, patient)));
                raised.copied().is_none_or(since)
            }
        }
    }
}

/// Whether a generation was told.
#[derive(Clone, Copy, Debug)]
enum Told {
    /// Not yet, or it was taken back since; the key of its next appearance.
    Not(u64),
    /// It was, and that holds: somebody is asked, or answered.
    Stands(AlertSlot),
}

struct Asking<'a> {
    alert: &'a Rule,
    place: u32,
    moments: &'a [Moment],
    since: Timestamp,
    /// Log time of the batch.
    now: Timestamp,
    report: &'a Report,
    from: Sources<'a>,
}

impl Asking<'_> {
    fn is_of_kind(&self, moment: &Moment) -> bool {
        let now = self.from.tuples.get(self.report.effective);
        let kind = now.kind.unwrap_or(Kind::Other).ward_kind(now.narrowed == Some(true));
        moment.kinds.has(kind)
    }

    fn of_results(&self, runs: &mut Vec<Run>, wanted: &mut Vec<Wanted>) {
        for key in self.report.result_keys() {
            self.report.runs(key, runs);
            let Some(run) = runs.last().copied() else { continue };
            let (at, appearance) = self.appearance(runs);
            let moment = at.map(|at| (at, run.heard));
            wanted.push(self.judge(
                About::Result(key),
                moment,
                run.key(appearance, self.from.dictionary),
                (Some((key, run)), &[]),
            ));
        }
    }

    /// When the rule's moments first happened to what a result says last, and how many separate times they did to that
    /// content. What never reached a moment of the rule was nothing to it, and parts nothing [CRT-4].
    fn appearance(&self, runs: &[Run]) -> (Option<Timestamp>, u32) {
        let at = |run: &Run| {
            let mine = self.moments.iter().filter(|moment| self.is_of_kind(moment));
            mine.filter_map(|moment| result_moment(moment, run, self.report)).min()
        };
        let Some(last) = runs.last() else { return (None, 0) };
        let (mut first, mut appearance, mut before) = (None, 0_u32, None);
        for (run, at) in runs.iter().filter_map(|run| Some((run, at(run)?))) {
            if before != Some(run.content) && run.content == last.content {
                appearance = appearance.saturating_add(1);
                first = Some(at);
            }
            before = Some(run.content);
        }
        (first.filter(|_| at(last).is_some()), appearance)
    }

    fn of_report(&self, scratch: &mut moments::Scratch, found: &mut Vec<Occurrence>, wanted: &mut Vec<Wanted>) {
        let from = (self.from.tuples, self.from.dictionary);
        moments::times(self.moments, self.report, from, scratch, found);
        self.add_changes(found);
        found.retain(|moment| !moment.is_untimed);
        // A script that keeps clocks is asked about all moments from the first on, whatever the report said meanwhile.
        let keeps_clocks = self.alert.decide.as_ref().is_some_and(Script::keeps_clocks);
        let (run, appearance) = if keeps_clocks { (found.first().copied(), 1) } else { self.newest_run(found) };
        let content = run.filter(|_| !keeps_clocks).map(|moment| self.content_at(moment.at.lo));
        let moment = run.map(|moment| (moment.at.lo, moment.heard));
        wanted.push(self.judge(About::Report, moment, hash64(&(content, appearance)), (None, found)));
    }

    /// What the report says as of `at`, to a rule that speaks of its being issued; to any other rule a step is a step,
    /// whatever results are heard of later.
    fn content_at(&self, at: Timestamp) -> u64 {
        let is_issue = |moment: &Moment| matches!(moment.happening, Happening::Step(step) if step.is_result_bearing());
        if self.moments.iter().any(is_issue) { self.report.content_at(at, self.from.dictionary) } else { 0 }
    }

    /// The first moment of the newest stretch of equal content, and how many separate times that content has appeared.
    fn newest_run(&self, found: &[Occurrence]) -> (Option<Occurrence>, u32) {
        let mut stretches: Vec<(u64, Occurrence)> = Vec::new();
        for moment in found {
            let content = self.content_at(moment.at.lo);
            if stretches.last().is_none_or(|last| last.0 != content) {
                stretches.push((content, *moment));
            }
        }
        let Some((content, moment)) = stretches.last().copied() else { return (None, 0) };
        let appearances = stretches.iter().filter(|stretch| stretch.0 == content).count();
        (Some(moment), u32::try_from(appearances).unwrap_or(u32::MAX))
    }

    /// A change of a final report counts as finalised again [ALERT-3].
    fn add_changes(&self, found: &mut Vec<Occurrence>) {
        let is_final =
            |moment: &Moment| matches!(moment.happening, Happening::Step(Step::Final)) && self.is_of_kind(moment);
        if self.moments.iter().any(is_final) {
            let changes = self.report.records.iter().filter(|record| record.step.is_some_and(Step::is_change));
            found.extend(changes.map(Occurrence::of));
            found.sort_by_key(|occurrence| occurrence.at.lo);
        }
    }

    fn judge(
        &self,
        about: About,
        moment: Option<(Timestamp, Timestamp)>,
        key: u64,
        (result, moments): (Option<(ResultKey, Run)>, &[Occurrence]),
    ) -> Wanted {
        let nothing = Wanted {
            about,
            key: None,
            since: Timestamp::MAX,
            heard: Timestamp::MIN,
            doubt: Doubt::default(),
            extras: Vec::new(),
            next: None,
        };
        let Some((at, heard)) = moment.filter(|moment| moment.1 >= self.since) else { return nothing };
        if self.is_over(at) {
            return nothing;
        }
        let then = self.from.tuples.get(self.report.effective_at(at, self.from.tuples));
        let view = View { from: self.from, report: self.report, then, at, result };
        let found = matches(&self.alert.condition, &self.alert.unless, &self.alert.missing, &view);
        let mut doubt = Doubt::default();
        doubt.add(&found);
        let settled = Wanted { since: at, heard, ..nothing };
        if !found.holds || self.alert.decide.is_none() {
            return Wanted { key: found.holds.then_some(key), doubt, ..settled };
        }
        let decided = self.decided((at, heard), moments, result);
        doubt.scripts.extend(decided.is_in_doubt.then_some(Text::const_new("decision")));
        let key = if decided.raises > 1 { hash64(&(key, decided.raises)) } else { key };
        Wanted {
            key: decided.holds.then_some(key),
            since: decided.since.unwrap_or(at),
            doubt,
            next: decided.next(),
            extras: decided.extras,
            ..settled
        }
    }

    /// Which of the rule's moments it was; the first if that cannot be told apart.
    fn happened(&self, at: Timestamp, result: Option<&(ResultKey, Run)>) -> Option<&Moment> {
        let is_it = |moment: &&Moment| match (&moment.happening, result) {
            (_, Some((_, run))) => result_moment(moment, run, self.report) == Some(at),
            (Happening::Step(step), None) => self.report.of_step(*step).any(|record| record.lo == at),
            (Happening::Recollected | Happening::Begins(_) | Happening::Ends(_) | Happening::Message(_), None) => false,
        };
        self.moments.iter().find(is_it).or(self.moments.first())
    }

    /// Whether the cause is gone: in error, cancelled before a result existed, or withdrawn by a moment [ALERT-5].
    fn is_over(&self, at: Timestamp) -> bool {
        if self.report.end_in_force(Step::EnteredInError).is_some() {
            return true;
        }
        let cancelled = self.report.end_in_force(Step::Cancelled);
        let cancelled = cancelled.is_some_and(|end| !self.report.had_result_before(end.lo));
        let speaks_of_cancel =
            self.moments.iter().any(|moment| matches!(moment.happening, Happening::Step(Step::Cancelled)));
        cancelled && !speaks_of_cancel || self.is_withdrawn_after(at)
    }

    fn is_withdrawn_after(&self, at: Timestamp) -> bool {
        if self.alert.withdraw.is_empty() {
            return false;
        }
        let mut found = Vec::new();
        let from = (self.from.tuples, self.from.dictionary);
        moments::times(&self.alert.withdraw, self.report, from, &mut moments::Scratch::default(), &mut found);
        found.iter().any(|moment| moment.at.lo > at)
    }
}

/// When a moment happened to a run of a result; `None` if it did not.
fn result_moment(moment: &Moment, run: &Run, report: &Report) -> Option<Timestamp> {
    use crate::report::results::Value;
    if run.content.value == Value::Retracted {
        return None;
    }
    match &moment.happening {
        Happening::Step(Step::Final) => run.final_at,
        Happening::Step(Step::Preliminary | Step::Partial) => Some(run.from),
        Happening::Step(Step::Corrected) => {
            let first_final = report.register(Step::Final).map(|record| record.lo);
            run.final_at.filter(|at| first_final.is_none_or(|first| *at > first))
        }
        Happening::Step(step) => report.register(*step).map(|record| record.lo.max(run.from)),
        Happening::Recollected | Happening::Begins(_) | Happening::Ends(_) | Happening::Message(_) => None,
    }
}
