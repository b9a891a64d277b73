//! Outbox: which notices are there, which may be tried, and what became of each try?
//!
//! The state table of guarantees 3.2: a notice is named by its `nid`, and no nid is ever asked for twice [NID-2]. The
//! dispatcher proposes to start a notice that is ready; only a start that was taken is sent.
//!
//! - **Not here**: sockets, breakers, bundles; the dispatcher's.

mod doubt;
mod leaving;
mod naming;
mod ready;
mod schedule;

use wardline_rules::{
    program::Level,
    quality::Fault,
    time::{Span, Timestamp},
    words::Channel,
};

use crate::{
    alerts::AlertSlot,
    escalation::Phase,
    ids::Nid,
    input::{Attempt, Outcome},
    ledger::Counters,
    limits::ATTEMPTS_MAX,
    mute::{Delay, Gathered, Held},
    output::{
        AlertState, Change, Go, NoticeHead, NoticeState, Obligation, Output, Purpose, QualityRow, Recipient, Transition,
    },
    partition::Partition,
    timers::{Armed, Class, Timer, TimerId},
};
pub(crate) use ready::Ready;
pub(crate) use schedule::deadline;
use schedule::{backoff, budget};

/// Where a notice lives.
pub(crate) type NoticeSlot = u32;

/// Somebody to be told one thing by one channel.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Notice {
    pub(crate) head: NoticeHead,
    pub(crate) alert: AlertSlot,
    /// Birth number: orders timers of one instant.
    pub(crate) born: u64,
    pub(crate) purpose: Purpose,
    pub(crate) level: Level,
    pub(crate) state: NoticeState,
    /// Channels to try if this one fails, in order.
    pub(crate) rest: Vec<Channel>,
    pub(crate) created: Timestamp,
    /// Tries so far.
    pub(crate) attempts: u32,
    /// The owner's epoch of the newest try.
    pub(crate) epoch: u32,
    /// Whether it may have been sent before.
    pub(crate) is_repeat: bool,
    /// Whether the recipient may have seen it.
    pub(crate) was_reached: bool,
    /// Quiet hours or a digest hold it until then.
    pub(crate) held: Held,
    /// With which others it goes as one message.
    pub(crate) gathered: Option<Gathered>,
    /// Notices that go with this one, by place and birth; held until it is delivered.
    pub(crate) members: Vec<(NoticeSlot, u64)>,
    /// When its newest try started, log time; for rows, no decision reads it or the next.
    pub(crate) sent: Option<Timestamp>,
    /// When it was delivered, log time.
    pub(crate) arrived: Option<Timestamp>,
    pub(crate) retry: Option<(Timestamp, Armed)>,
    pub(crate) deadline: Option<(Timestamp, Armed)>,
}

/// What is asked of a new notice.
#[derive(Clone, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) purpose: Purpose,
    /// The last part of its step [NID-1].
    pub(crate) part: &'a str,
    pub(crate) delay: Delay,
    /// What goes with it.
    pub(crate) members: Vec<(NoticeSlot, u64)>,
}

/// A notice that may be started.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Proposal {
    /// Highest first.
    pub level: Level,
    /// When it came to be.
    pub created: Timestamp,
    /// Which notice.
    pub nid: Nid,
    /// The number its next try will have.
    pub number: u32,
    /// By which channel.
    pub channel: Channel,
}

/// Counts how a notice ended.
const fn count_end(counters: &mut Counters, end: NoticeState) {
    counters.notices_ended += 1;
    match end {
        NoticeState::Delivered => counters.delivered += 1,
        NoticeState::Withdrawn => counters.notices_withdrawn += 1,
        NoticeState::Expired => counters.notices_expired += 1,
        NoticeState::Exhausted => counters.notices_exhausted += 1,
        NoticeState::Held | NoticeState::Ready | NoticeState::Started | NoticeState::Waiting | NoticeState::Unsure => {}
    }
}

impl Partition {
    /// Makes a notice unless its nid was asked for already; quiet hours hold it, except a withdrawal [ESC-12].
    pub(crate) fn notify(
        &mut self,
        slot: AlertSlot,
        recipient: Recipient,
        by: &[Channel],
        (purpose, part): (Purpose, &str),
        out: &mut Output,
    ) {
        let until = if purpose == Purpose::Withdrawal { None } else { self.quiet_until(slot, &recipient, None) };
        let delay = Delay { until, gather: None };
        self.notify_after(slot, recipient, by, Ask { purpose, part, delay, members: Vec::new() }, out);
    }

    /// The same, held by what the caller says.
    pub(crate) fn notify_after(
        &mut self,
        slot: AlertSlot,
        recipient: Recipient,
        by: &[Channel],
        Ask { purpose, part, delay, members }: Ask<'_>,
        out: &mut Output,
    ) {
        let Some((channel, rest)) = by.split_first() else { return };
        self.make_room_for_notice(slot);
        let Some(alert) = self.alerts.get(slot) else { return };
        let course = &alert.course;
        let source = alert.cause.source.word();
        let step = format!("{source}.{}.{}.{}.{part}", course.run, course.round, course.step);
        let nid = self.nid(slot, &step, &recipient, *channel);
        if self.nids.get(&nid).is_some() {
            return;
        }
        let level = alert.level;
        let gather = delay.gather.or_else(|| self.crowded((alert.rule, level), &recipient, purpose));
        let delay = Delay { gather, ..delay };
        self.born += 1;
        let born = self.born;
        let head = NoticeHead { nid, recipient, channel: *channel, step: step.into() };
        let made = Notice {
            head,
            alert: slot,
            born,
            purpose,
            level,
            state: NoticeState::Held,
            rest: rest.to_vec(),
            created: self.at,
            attempts: 0,
            epoch: 0,
            is_repeat: false,
            was_reached: false,
            held: None,
            gathered: delay.gather,
            members,
            sent: None,
            arrived: None,
            retry: None,
            deadline: None,
        };
        self.put_notice(made, delay, out);
    }

    fn put_notice(&mut self, notice: Notice, delay: Delay, out: &mut Output) {
        let (slot, nid) = (notice.alert, notice.head.nid);
        let place = self.notices.insert(notice);
        self.nids.insert(nid, place);
        self.codes.get_or_insert_with(nid.code(), Vec::new).push(place);
        self.counters.notices_created += 1;
        if let Some(alert) = self.alerts.get_mut(slot) {
            alert.course.notices.push(place);
        }
        match (delay.until, delay.gather) {
            (Some(until), _) => {
                self.hold_notice(place, until);
                self.say_notice(place, out);
            }
            (None, Some(gathered)) => {
                self.gather(place, gathered);
                self.say_notice(place, out);
            }
            (None, None) => self.oblige(place, out),
        }
    }

    /// Somebody must be told now: the notice may start, and its next channel has its time.
    pub(crate) fn oblige(&mut self, place: NoticeSlot, out: &mut Output) {
        let Some(notice) = self.notices.get_mut(place) else { return };
        let due = self.at.plus(deadline(notice.level));
        if !notice.rest.is_empty() {
            let id = TimerId { class: Class::Deadline, rule: 0, subject: notice.born, part: 0 };
            notice.deadline = Some((due, self.timers.arm(Timer { due, id, owner: place })));
        }
        let (head, purpose, level, created) = (notice.head.clone(), notice.purpose, notice.level, notice.created);
        let alert = notice.alert;
        let count = self.count_of(place);
        let Some(alert) = self.alerts.get(alert) else { return };
        let severity = self.wards.get(alert.cause.ward as usize);
        let severity = severity.and_then(|ward| ward.program.severities.get(alert.cause.severity.index()));
        out.obligations.push(Obligation {
            head,
            alert: alert.id,
            rule: self.dictionary.text(alert.rule).into(),
            report: alert.report.map(|report| report.1),
            group: crate::mute::gather::group_of(self, alert.about),
            purpose,
            severity: severity.map(|severity| severity.name.clone()).unwrap_or_default(),
            level,
            count,
            created,
            deadline: due,
        });
        self.move_notice(place, NoticeState::Ready, out);
    }

    pub(crate) fn say_notice(&mut self, place: NoticeSlot, out: &mut Output) {
        let Some(notice) = self.notices.get(place) else { return };
        let Some(alert) = self.alerts.get(notice.alert) else { return };
        let program = self.wards.get(alert.cause.ward as usize).map(|ward| &ward.program);
        let severity = program.and_then(|program| program.severities.get(alert.cause.severity.index()));
        out.transitions.push(Transition {
            at: self.at,
            rule: self.dictionary.text(alert.rule).into(),
            report: alert.report.map(|report| report.1),
            group: wardline_rules::Text::default(),
            alert: Some(alert.id),
            change: Change::Notice(notice.state, Box::new(notice.head.clone())),
            severity: Some(alert.cause.severity),
            severity_name: severity.map(|severity| severity.name.clone()).unwrap_or_default(),
            generation: alert.generation,
            alert_facts: Some(alert.facts()),
        });
    }

    /// Moves a notice to another state: timers and the list of ready ones follow.
    pub(crate) fn move_notice(&mut self, place: NoticeSlot, to: NoticeState, out: &mut Output) {
        let Some(notice) = self.notices.get_mut(place) else { return };
        let (channel, key) = (notice.head.channel, (notice.level, notice.created, notice.head.nid));
        notice.state = to;
        match to {
            NoticeState::Started => notice.sent = Some(self.at),
            NoticeState::Delivered => notice.arrived = notice.arrived.or(Some(self.at)),
            NoticeState::Held
            | NoticeState::Ready
            | NoticeState::Waiting
            | NoticeState::Unsure
            | NoticeState::Withdrawn
            | NoticeState::Expired
            | NoticeState::Exhausted => {}
        }
        let mut over = Vec::new();
        if to.is_end() || to == NoticeState::Ready {
            over.extend(notice.retry.take().map(|retry| retry.1));
        }
        if to.is_end() {
            over.extend(notice.held.take().map(|held| held.1));
            over.extend(notice.deadline.take().map(|deadline| deadline.1));
            count_end(&mut self.counters, to);
        }
        if to == NoticeState::Ready {
            self.ready.insert(channel, key);
        } else {
            self.ready.remove(channel, &key);
        }
        over.into_iter().for_each(|armed| self.timers.disarm(armed));
        self.say_notice(place, out);
    }

    /// What became of a try (guarantees 3.2).
    pub(crate) fn attempt(&mut self, attempt: Attempt, out: &mut Output) {
        let Some(place) = self.nids.get(&attempt.nid).copied() else {
            return self.orphan(out);
        };
        let Some(notice) = self.notices.get(place) else { return self.orphan(out) };
        let (state, attempts, level) = (notice.state, notice.attempts, notice.level);
        let is_current = attempt.number == attempts;
        match attempt.outcome {
            Outcome::Started => self.start(place, attempt, out),
            Outcome::Delivered if !state.is_end() => self.delivered(place, out),
            Outcome::FailedSoft { retry_after }
                if is_current && matches!(state, NoticeState::Started | NoticeState::Unsure) =>
            {
                self.failed_soft(place, backoff(attempt.nid, attempts, level, retry_after), out);
            }
            Outcome::FailedHard if is_current && matches!(state, NoticeState::Started | NoticeState::Unsure) => {
                self.exhaust(place, out);
            }
            Outcome::Ambiguous { class } if is_current && state == NoticeState::Started => {
                self.unsure(place, class, out);
            }
            Outcome::Delivered | Outcome::FailedSoft { .. } | Outcome::FailedHard | Outcome::Ambiguous { .. } => {}
        }
    }

    fn orphan(&mut self, out: &mut Output) {
        let at = self.at;
        let row = |fault| QualityRow {
            at,
            source: wardline_rules::Text::default(),
            fault,
            rule: wardline_rules::Text::default(),
            field: wardline_rules::Text::default(),
        };
        out.quality.push(row(Fault::OrphanAttempt));
    }

    fn start(&mut self, place: NoticeSlot, attempt: Attempt, out: &mut Output) {
        let Some(notice) = self.notices.get_mut(place) else { return };
        if notice.state != NoticeState::Ready || attempt.number != notice.attempts + 1 {
            return;
        }
        notice.attempts = attempt.number;
        notice.epoch = attempt.epoch;
        notice.was_reached = true;
        let go = Go { nid: attempt.nid, number: attempt.number, is_repeat: notice.is_repeat };
        out.go.push(go);
        self.in_flight += 1;
        self.counters.attempts_started += 1;
        self.move_notice(place, NoticeState::Started, out);
        for (member, _) in self.members(place) {
            if let Some(member) = self.notices.get_mut(member) {
                member.was_reached = true;
            }
        }
    }

    /// A try failed for certain: nobody has it, nor what it carried, unless an earlier try is in doubt.
    fn was_not_reached(&mut self, place: NoticeSlot) {
        let Some(notice) = self.notices.get_mut(place) else { return };
        let may_have = notice.is_repeat;
        notice.was_reached = may_have;
        for (member, _) in self.members(place) {
            if let Some(member) = self.notices.get_mut(member) {
                member.was_reached = may_have;
            }
        }
    }

    fn delivered(&mut self, place: NoticeSlot, out: &mut Output) {
        let Some(notice) = self.notices.get_mut(place) else { return };
        notice.was_reached = true;
        if notice.state == NoticeState::Started {
            self.in_flight = self.in_flight.saturating_sub(1);
            self.counters.attempts_delivered += 1;
        }
        let alert = notice.alert;
        self.move_notice(place, NoticeState::Delivered, out);
        if self.alerts.get(alert).is_some_and(|alert| alert.display == AlertState::Raised && alert.is_open()) {
            self.say_alert(alert, AlertState::Delivered, "", out);
        }
        for (member, _) in self.members(place) {
            self.delivered(member, out);
        }
    }

    fn failed_soft(&mut self, place: NoticeSlot, delay: Span, out: &mut Output) {
        let Some(notice) = self.notices.get_mut(place) else { return };
        let spent = notice.attempts >= ATTEMPTS_MAX || self.at.since(notice.created) >= budget(notice.level);
        if spent {
            return self.exhaust(place, out);
        }
        if notice.state == NoticeState::Started {
            self.in_flight = self.in_flight.saturating_sub(1);
            self.counters.attempts_failed += 1;
        }
        self.was_not_reached(place);
        self.move_notice(place, NoticeState::Waiting, out);
        self.retry_at(place, self.at.plus(delay));
    }

    fn retry_at(&mut self, place: NoticeSlot, due: Timestamp) {
        let Some(notice) = self.notices.get_mut(place) else { return };
        // A late result replaces the wait that doubt began.
        if let Some((_, armed)) = notice.retry.take() {
            self.timers.disarm(armed);
        }
        let id = TimerId { class: Class::Retry, rule: 0, subject: notice.born, part: 0 };
        notice.retry = Some((due, self.timers.arm(Timer { due, id, owner: place })));
    }

    /// No further try: the next channel starts at once; without one the recipient is out [T9] [T10].
    fn exhaust(&mut self, place: NoticeSlot, out: &mut Output) {
        let Some(notice) = self.notices.get(place) else { return };
        if notice.state == NoticeState::Started {
            self.in_flight = self.in_flight.saturating_sub(1);
            self.counters.attempts_failed += 1;
        }
        let (alert, recipient, purpose) = (notice.alert, notice.head.recipient.clone(), notice.purpose);
        self.was_not_reached(place);
        self.move_notice(place, NoticeState::Exhausted, out);
        let is_open = self.alerts.get(alert).is_some_and(|alert| alert.is_open());
        let goes_on = self.is_demanded(place);
        let next_step =
            self.escalation_of(alert).is_some_and(|it| it.failed == wardline_rules::program::Failed::NextStep);
        if goes_on && !(next_step && purpose == Purpose::Page) && self.next_channel(place, out) {
            return;
        }
        if !goes_on {
            // It is over for its own reason; what it carried is not.
            self.hand_on(place, out);
        }
        for (member, _) in self.members(place) {
            self.move_notice(member, NoticeState::Exhausted, out);
        }
        if purpose == Purpose::Page && is_open {
            let report = self.alerts.get(alert).and_then(|alert| alert.report).map(|report| report.0);
            let taken = report.and_then(|slot| self.reports.take(slot).map(|report| (slot, report)));
            let about = taken.as_ref().map(|(_, report)| &**report);
            self.is_out(alert, &recipient, false, about, out);
            if let Some((slot, report)) = taken {
                self.reports.put(slot, report);
            }
        }
    }

    /// Whether somebody must still be told: a withdrawal always, anything else until the alert is answered or over.
    fn is_demanded(&self, place: NoticeSlot) -> bool {
        let Some(notice) = self.notices.get(place) else { return false };
        let alert = self.alerts.get(notice.alert);
        let is_awaited = alert.is_some_and(|alert| alert.is_open() && alert.course.phase != Phase::Answered);
        notice.purpose == Purpose::Withdrawal || is_awaited
    }

    /// Starts the next channel of a notice; `false` if there is none.
    fn next_channel(&mut self, place: NoticeSlot, out: &mut Output) -> bool {
        let Some(notice) = self.notices.get_mut(place) else { return false };
        let rest = core::mem::take(&mut notice.rest);
        if rest.is_empty() {
            return false;
        }
        let (alert, recipient, purpose) = (notice.alert, notice.head.recipient.clone(), notice.purpose);
        let part = notice.head.step.rsplit('.').next().unwrap_or("p").to_owned();
        // What a digest carries goes on with it.
        let members = core::mem::take(&mut notice.members);
        self.notify_after(alert, recipient, &rest, Ask { purpose, part: &part, delay: Delay::default(), members }, out);
        true
    }

    /// A notice may be tried again, or was not delivered in time.
    pub(crate) fn fire_notice(&mut self, timer: Timer, out: &mut Output) {
        let place = timer.owner;
        let Some(notice) = self.notices.get_mut(place).filter(|notice| notice.born == timer.id.subject) else { return };
        match timer.id.class {
            Class::Retry => {
                notice.retry = None;
                self.move_notice(place, NoticeState::Ready, out);
            }
            Class::Deadline => {
                notice.deadline = None;
                if self.is_demanded(place) {
                    self.next_channel(place, out);
                }
            }
            Class::Mute
            | Class::Window
            | Class::Hold
            | Class::Clock
            | Class::Absence
            | Class::Reminder
            | Class::Wait
            | Class::Lapse
            | Class::Digest => {}
        }
    }
}
