//! Escalation: who is asked now, who next, and when is it over?
//!
//! The course of one raised alert, by the table T1 to T23 of the language page, section 5.6.
//! ```text
//!  Held ─► Paging(run, round, step) ─► Unresolved        every open phase ─► Closed, Withdrawn
//!                │  ▲                      │
//!                ▼  └── lapse ── Answered ◄┘
//! ```
//! - **How it fits**: [`crate::alerts`] raises and ends; timers, attempts and answers move on; notices go to [`crate::outbox`].
//! - **Not here**: trying and retrying a notice.

mod documented;
mod ending;
mod extras;
mod handover;
pub(crate) mod recipients;
mod task;

use std::{borrow::Cow, sync::Arc};

use wardline_rules::{
    program::{Decline, Escalation, EscalationStep, Failed, PageTo, Program, Tell, Who},
    quality::Fault,
    time::{Span, Timestamp},
    words::Channel,
};

pub(crate) use extras::Extra;

use crate::{
    alerts::{AlertSlot, Source, page_of, tells_of},
    escalation::documented::ELSEWHERE,
    mute::{Muted, MutedClass},
    outbox::{Ask, NoticeSlot},
    output::{AlertState, Output, Purpose, QualityRow, Recipient, Task},
    partition::Partition,
    report::Report,
    timers::{Armed, Class, Timer, TimerId},
};

/// The part of the timer of a roster's edge among the mutes of one instant.
pub(crate) const EDGE: u32 = 3;

/// Where an alert is in its course.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Phase {
    /// Nothing was begun yet.
    #[default]
    New,
    /// True, and muted.
    Held,
    /// Somebody is asked, or told with nobody asked.
    Paging,
    /// All were asked and nobody answered.
    Unresolved,
    /// Somebody answered; an action is awaited.
    Answered,
    /// Over.
    Closed,
    /// Over: its cause is gone.
    Withdrawn,
}

/// Somebody asked in the step that runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Asked {
    pub(crate) recipient: Recipient,
    pub(crate) declined: bool,
    pub(crate) answered: bool,
    /// Nobody is waited for any more: declined, or no channel left.
    pub(crate) is_out: bool,
}

impl Asked {
    /// Somebody of whom nothing was heard yet.
    const fn anew(recipient: Recipient) -> Self {
        Self { recipient, declined: false, answered: false, is_out: false }
    }
}

/// The course of one alert.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Course {
    pub(crate) phase: Phase,
    /// From 1; one more for each lapse.
    pub(crate) run: u32,
    /// From 1; one more for each repeat.
    pub(crate) round: u32,
    /// From 1; 0 before the first.
    pub(crate) step: u32,
    pub(crate) asked: Vec<Asked>,
    pub(crate) notices: Vec<NoticeSlot>,
    /// What its script sends at the raise, besides what the rule says.
    pub(crate) extras: Vec<Extra>,
    pub(crate) wait: Option<(Timestamp, Armed)>,
    pub(crate) lapse: Option<(Timestamp, Armed)>,
    /// When a roster that the step asks may next mean somebody else [T21].
    pub(crate) edge: Option<(Timestamp, Armed)>,
    /// Reminders to come: when, and which of the step.
    pub(crate) reminders: Vec<(Timestamp, u32, Armed)>,
    /// What came due while it was muted, in that order [MUTE-1].
    pub(crate) muted: Vec<Muted>,
    /// Whether everybody asked in the step is in quiet hours, so that its wait has not begun [MUTE-6].
    pub(crate) is_step_delayed: bool,
    /// Whether somebody answered at any time: whoever acted must hear of a withdrawal [T22].
    pub(crate) was_answered: bool,
    /// Whether the withdrawal was told.
    pub(crate) is_withdrawal_told: bool,
}

impl Course {
    pub(crate) const fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Closed | Phase::Withdrawn)
    }
}

/// A step as it runs: of an escalation, or the one of a direct page.
pub(crate) struct Running<'a> {
    pub(crate) who: &'a [Who],
    pub(crate) by: &'a [Channel],
    reminders: &'a [wardline_rules::program::Reminder],
    wait: Option<Span>,
}

/// The `page` clause behind an alert, in the version of the ward that raised it [ESC-11].
pub(crate) struct Plan {
    program: Arc<Program>,
    source: Source,
    page: Option<PageTo>,
}

impl Plan {
    /// Whom the clause names for the places that the escalation leaves open.
    pub(crate) fn recipients(&self) -> &[Who] {
        match &self.page {
            Some(PageTo::Using { recipients, .. }) => recipients,
            Some(PageTo::Direct { .. }) | None => &[],
        }
    }

    pub(crate) fn step(&self, step: u32) -> Option<Running<'_>> {
        if let PageTo::Direct { who, by } = self.page.as_ref()? {
            return (step == 1).then_some(Running { who, by, reminders: &[], wait: None });
        }
        let steps = &escalation_of(&self.program, self.source)?.steps;
        let EscalationStep { who, by, reminders, wait } = steps.get(usize::try_from(step).ok()?.checked_sub(1)?)?;
        Some(Running { who, by, reminders, wait: Some(*wait) })
    }
}

fn escalation_of(program: &Program, source: Source) -> Option<&Escalation> {
    match &*page_of(program, source)? {
        PageTo::Using { escalation, .. } => program.escalations.get(escalation.index()),
        PageTo::Direct { .. } => None,
    }
}

impl Partition {
    fn plan(&self, slot: AlertSlot) -> Option<Plan> {
        let cause = self.alerts.get(slot)?.cause;
        let program = self.wards.get(cause.ward as usize)?.program.clone();
        let page = page_of(&program, cause.source).map(Cow::into_owned);
        Some(Plan { program, source: cause.source, page })
    }

    /// The escalation text of the ward version that raised the alert [ESC-11].
    pub(crate) fn escalation_of(&self, slot: AlertSlot) -> Option<&Escalation> {
        let cause = self.alerts.get(slot)?.cause;
        escalation_of(&self.wards.get(cause.ward as usize)?.program, cause.source)
    }

    /// Begins what an alert sends, or holds it while it is muted [T1] [T2].
    pub(crate) fn begin(&mut self, slot: AlertSlot, report: Option<&mut Report>, out: &mut Output) {
        if self.is_muted(slot, report.as_deref()) {
            self.set_phase(slot, Phase::Held);
            self.say_alert(slot, AlertState::Held, "muted", out);
            return;
        }
        let Some(plan) = self.plan(slot) else { return };
        let pages = plan.page.is_some();
        self.set_phase(slot, Phase::Paging);
        if pages && report.as_deref().is_some_and(|report| self.is_acted_upon(slot, report)) {
            // The call was heard of before what it answers.
            return self.acted(slot, ELSEWHERE, None, out);
        }
        if let Some(alert) = self.alerts.get_mut(slot) {
            (alert.course.run, alert.course.round) = (1, 1);
        }
        let tells = tells_of(&plan.program, plan.source);
        if let Some(moved) = self.moving {
            return self.tell_moved((slot, moved), (&plan, &tells), report.as_deref(), out);
        }
        for tell in &tells {
            self.tell(slot, tell, report.as_deref(), out);
        }
        if pages {
            self.begin_step(slot, 1, report.as_deref(), out);
        }
        self.send_extras(slot, report.as_deref(), out);
    }

    /// Everybody asked was in quiet hours; the first page goes out now and the wait of the step begins.
    pub(crate) fn arm_delayed_step(&mut self, slot: AlertSlot) {
        let step = self.alerts.get_mut(slot).map(|alert| {
            alert.course.is_step_delayed = false;
            alert.course.step
        });
        let plan = self.plan(slot);
        if let Some(running) = step.zip(plan.as_ref()).and_then(|(step, plan)| plan.step(step)) {
            self.arm_step(slot, &running);
        }
    }

    pub(crate) fn set_phase(&mut self, slot: AlertSlot, phase: Phase) {
        let Some(alert) = self.alerts.get_mut(slot) else { return };
        let was_ended = alert.course.is_ended();
        alert.course.phase = phase;
        let rule = alert.rule;
        if !was_ended && matches!(phase, Phase::Closed | Phase::Withdrawn) {
            self.note_open(rule, false);
        }
        match phase {
            Phase::Closed if !was_ended => self.counters.alerts_closed += 1,
            Phase::Withdrawn if !was_ended => self.counters.alerts_withdrawn += 1,
            Phase::New
            | Phase::Held
            | Phase::Paging
            | Phase::Unresolved
            | Phase::Answered
            | Phase::Closed
            | Phase::Withdrawn => {}
        }
    }

    fn tell(&mut self, slot: AlertSlot, tell: &Tell, report: Option<&Report>, out: &mut Output) {
        let recipients = self.resolve(slot, &tell.who, &[], report);
        let by = self.channels_of_notice(slot, report).unwrap_or_else(|| tell.by.clone());
        for recipient in recipients {
            let delay = self.delay_of_tell(slot, &recipient, &tell.digest_at, report);
            let ask = Ask { purpose: Purpose::Tell, part: "p", delay, members: Vec::new() };
            self.notify_after(slot, recipient, &by, ask, out);
        }
    }

    /// Begins a step: everybody it names is resolved now and paged [ESC-1]; a step with nobody is over at once [ESC-2].
    fn begin_step(&mut self, slot: AlertSlot, step: u32, report: Option<&Report>, out: &mut Output) {
        let Some(plan) = self.plan(slot) else { return };
        let Some(running) = plan.step(step) else { return };
        let recipients = self.resolve(slot, running.who, plan.recipients(), report);
        let asked = recipients.iter().cloned().map(Asked::anew).collect();
        if let Some(alert) = self.alerts.get_mut(slot) {
            let course = &mut alert.course;
            self.counters.escalated += u64::from(step == 2 && (course.run, course.round, course.step) == (1, 1, 1));
            course.step = step;
            course.asked = asked;
        }
        if recipients.is_empty() {
            self.say_nobody(slot, out);
            self.step_over(slot, report, out);
            return;
        }
        let is_delayed = recipients.iter().all(|recipient| self.quiet_until(slot, recipient, None).is_some());
        if let Some(alert) = self.alerts.get_mut(slot) {
            alert.course.is_step_delayed = is_delayed;
        }
        for recipient in recipients {
            self.notify(slot, recipient, running.by, (Purpose::Page, "p"), out);
        }
        if !is_delayed {
            self.arm_step(slot, &running);
        }
        self.arm_edge(slot, (running.who, plan.recipients()), report);
    }

    fn say_nobody(&self, slot: AlertSlot, out: &mut Output) {
        let rule = self.alerts.get(slot).map_or("", |alert| self.dictionary.text(alert.rule));
        out.quality.push(QualityRow {
            at: self.at,
            source: wardline_rules::Text::default(),
            fault: Fault::Nobody,
            rule: rule.into(),
            field: wardline_rules::Text::default(),
        });
    }

    fn arm_step(&mut self, slot: AlertSlot, running: &Running<'_>) {
        let Some(alert) = self.alerts.get(slot) else { return };
        let (rank, subject) = (alert.rank, alert.born);
        let at = self.at;
        let mut arm = |class, part, after| {
            let due = at.plus(after);
            (due, self.timers.arm(Timer { due, id: TimerId { class, rule: rank, subject, part }, owner: slot }))
        };
        let wait = running.wait.map(|wait| arm(Class::Wait, 0, wait));
        let mut reminders = Vec::with_capacity(running.reminders.len());
        for (part, reminder) in (1_u32..).zip(running.reminders) {
            let (due, armed) = arm(Class::Reminder, part, reminder.after);
            reminders.push((due, part, armed));
        }
        if let Some(alert) = self.alerts.get_mut(slot) {
            alert.course.wait = wait;
            alert.course.reminders = reminders;
        }
    }

    fn disarm_step(&mut self, slot: AlertSlot) {
        let Some(alert) = self.alerts.get_mut(slot) else { return };
        alert.course.muted.clear();
        alert.course.is_step_delayed = false;
        let wait = alert.course.wait.take().map(|wait| wait.1);
        let edge = alert.course.edge.take().map(|edge| edge.1);
        let reminders = core::mem::take(&mut alert.course.reminders);
        for armed in wait.into_iter().chain(edge).chain(reminders.into_iter().map(|reminder| reminder.2)) {
            self.timers.disarm(armed);
        }
    }

    /// The wait of a step is over: the next step, the next round, or nobody answered [T5] [T6] [T7].
    fn step_over(&mut self, slot: AlertSlot, report: Option<&Report>, out: &mut Output) {
        self.disarm_step(slot);
        let Some(course) = self.alerts.get(slot).map(|alert| (alert.course.step, alert.course.round)) else { return };
        if self.plan(slot).is_some_and(|plan| plan.step(course.0 + 1).is_some()) {
            return self.begin_step(slot, course.0 + 1, report, out);
        }
        let repeat = self.escalation_of(slot).and_then(|escalation| escalation.repeat);
        match repeat {
            Some(repeat) if course.1 <= u32::from(repeat.times) => {
                if let Some(alert) = self.alerts.get_mut(slot) {
                    alert.course.round += 1;
                }
                self.begin_step(slot, u32::from(repeat.from), report, out);
            }
            Some(_) | None => self.nobody_answered(slot, out),
        }
    }

    fn nobody_answered(&mut self, slot: AlertSlot, out: &mut Output) {
        self.set_phase(slot, Phase::Unresolved);
        self.say_alert(slot, AlertState::Unresolved, "", out);
        self.counters.unresolved += 1;
        out.tasks.extend(self.task_of(slot));
    }

    /// The task of an alert that nobody answered, while that is so; `None` if its escalation names no desk for it.
    fn task_of(&self, slot: AlertSlot) -> Option<Task> {
        let alert = self.alerts.get(slot).filter(|alert| alert.course.phase == Phase::Unresolved)?;
        let program = &self.wards.get(alert.cause.ward as usize)?.program;
        let escalation = self.escalation_of(slot)?;
        let severity = program.severities.get(alert.cause.severity.index());
        Some(Task {
            raised: alert.raised,
            alert: alert.id,
            desk: program.desks.get(escalation.then.index())?.name.clone(),
            rule: self.dictionary.text(alert.rule).into(),
            severity: severity.map(|severity| severity.name.clone()).unwrap_or_default(),
            level: alert.level,
            report: alert.report.map(|report| report.1),
        })
    }

    /// What desks have to do because nobody answered, oldest alert first.
    ///
    /// - **Cost**: looks at every alert in memory.
    #[must_use]
    pub fn open_tasks(&self) -> Vec<Task> {
        let mut open: Vec<Task> = self.alerts.iter().filter_map(|(slot, _)| self.task_of(slot)).collect();
        open.sort_unstable_by_key(|task| (task.raised, task.alert));
        open
    }

    /// A timer of an alert's course came due.
    pub(crate) fn fire_course(&mut self, timer: Timer, out: &mut Output) {
        let slot = timer.owner;
        let Some(alert) = self.alerts.get_mut(slot).filter(|alert| alert.born == timer.id.subject) else { return };
        let report = alert.report.map(|report| report.0);
        let class = match timer.id.class {
            Class::Wait => {
                alert.course.wait = None;
                MutedClass::Wait
            }
            Class::Lapse => {
                alert.course.lapse = None;
                MutedClass::Lapse
            }
            Class::Reminder => {
                alert.course.reminders.retain(|reminder| reminder.1 != timer.id.part);
                MutedClass::Reminder
            }
            Class::Mute => {
                alert.course.edge = None;
                MutedClass::Edge
            }
            Class::Window
            | Class::Hold
            | Class::Clock
            | Class::Absence
            | Class::Digest
            | Class::Retry
            | Class::Deadline => return,
        };
        let report = report.and_then(|slot| self.reports.take(slot).map(|report| (slot, report)));
        let about = report.as_ref().map(|(_, report)| &**report);
        self.course_over(slot, (class, timer.id.part), about, out);
        if let Some((place, report)) = report {
            self.reports.put(place, report);
        }
    }

    /// Acts upon a timer of a course, or keeps it for the lift while the alert is muted [MUTE-1].
    pub(crate) fn course_over(
        &mut self,
        slot: AlertSlot,
        (class, part): (MutedClass, u32),
        report: Option<&Report>,
        out: &mut Output,
    ) {
        let is_notice = class == MutedClass::Lapse && self.expire(slot, report, out);
        if is_notice {
            return;
        }
        if self.is_muted(slot, report) {
            if let Some(alert) = self.alerts.get_mut(slot) {
                alert.course.muted.push(Muted { class, part });
            }
            return;
        }
        match class {
            MutedClass::Wait => self.step_over(slot, report, out),
            MutedClass::Reminder => self.remind(slot, part, out),
            MutedClass::Lapse => self.lapse(slot, report, out),
            MutedClass::Edge => self.hand_over(slot, report, out),
        }
    }

    /// Reminds everybody of the step who neither answered nor declined [T8].
    fn remind(&mut self, slot: AlertSlot, part: u32, out: &mut Output) {
        let Some(alert) = self.alerts.get(slot) else { return };
        let step = alert.course.step;
        let waiting = alert.course.asked.iter().filter(|asked| !asked.answered && !asked.declined);
        let waiting: Vec<Recipient> = waiting.map(|asked| asked.recipient.clone()).collect();
        let plan = self.plan(slot);
        let running = plan.as_ref().and_then(|plan| plan.step(step));
        let reminder = running.and_then(|running| running.reminders.get(usize::try_from(part).ok()?.checked_sub(1)?));
        let Some(by) = reminder.map(|reminder| reminder.by) else { return };
        let word = match part {
            1 => "r1",
            2 => "r2",
            _ => "r3",
        };
        for recipient in waiting {
            self.notify(slot, recipient, &[by], (Purpose::Reminder, word), out);
        }
    }

    /// Nobody acted upon an answer in time: everything begins again [T17].
    fn lapse(&mut self, slot: AlertSlot, report: Option<&Report>, out: &mut Output) {
        if let Some(alert) = self.alerts.get_mut(slot) {
            alert.course.run += 1;
            alert.course.round = 1;
            alert.display = AlertState::Raised;
        }
        self.set_phase(slot, Phase::Paging);
        self.begin_step(slot, 1, report, out);
    }

    /// Somebody is out: declined, or no channel reaches them. All out is as if the wait were over [T10] [T15].
    pub(crate) fn is_out(
        &mut self,
        slot: AlertSlot,
        recipient: &Recipient,
        declined: bool,
        report: Option<&Report>,
        out: &mut Output,
    ) {
        let moves_on = self.escalation_of(slot).is_some_and(|escalation| {
            declined && escalation.decline == Decline::Any || !declined && escalation.failed == Failed::NextStep
        });
        let Some(alert) = self.alerts.get_mut(slot) else { return };
        let mut is_asked = false;
        for asked in alert.course.asked.iter_mut().filter(|asked| asked.recipient.party == recipient.party) {
            is_asked = true;
            asked.is_out = true;
            asked.declined |= declined;
        }
        if !is_asked {
            // Somebody of an earlier step: whoever is asked now has not been heard.
            return;
        }
        let all_out = alert.course.asked.iter().all(|asked| asked.is_out);
        let all_declined = declined && alert.course.asked.iter().all(|asked| asked.declined);
        let is_paging = alert.course.phase == Phase::Paging;
        if all_declined && is_paging {
            self.say_alert(slot, AlertState::Declined, "", out);
        }
        if is_paging && (all_out || moves_on) {
            self.step_over(slot, report, out);
        }
    }
}
