//! Mute: what is held back, until when, and what follows when that is over?
//!
//! A mute delays the beginning of a step, a reminder or a tell, and never removes one [MUTE-1]. What is held and no longer true
//! at the lift has ended by itself; what is still true begins at once [MUTE-2].
//! ```text
//!  silence, suppression    hold an alert: its beginning, and the steps and reminders that fall due meanwhile
//!  quiet hours             hold a single notice to one person or desk [MUTE-6]
//!  digest, limit           gather notices that go out as one ([`gather`])
//! ```
//! - **Not here**: when suppressions are in force ([`crate::watch::standing`]), silences ([`crate::step::silence`]).

pub(crate) mod gather;

use wardline_rules::{
    program::{Level, Quiet},
    time::{Span, TimeOfDay, Timestamp, Zone},
};

use crate::{
    alerts::{About, AlertSlot, Source},
    dictionary::Coded,
    escalation::Phase,
    limits::NOTICES_OPEN_MAX,
    outbox::NoticeSlot,
    output::{NoticeState, Output, Party, Purpose, Recipient},
    partition::Partition,
    report::Report,
    timers::{Armed, Class, Timer, TimerId},
};
use gather::GatherKey;

/// How the beginning of one notice is delayed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Delay {
    /// Quiet hours or a digest end then.
    pub(crate) until: Option<Timestamp>,
    /// It is gathered with others.
    pub(crate) gather: Option<Gathered>,
}

/// With which others a notice is gathered, and how many messages they may become.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Gathered {
    pub(crate) key: GatherKey,
    /// So many in so long; `None` for any number.
    pub(crate) limit: Option<(u32, Span)>,
}

/// A timer that came due while its alert was muted; it is acted upon at the lift.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Muted {
    pub(crate) class: MutedClass,
    pub(crate) part: u32,
}

/// Which timer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MutedClass {
    /// The wait of a step.
    Wait,
    /// A reminder.
    Reminder,
    /// An answer without action.
    Lapse,
    /// A roster that may mean somebody else.
    Edge,
}

/// How often a digest goes to one recipient about one rule while too many notices are open.
const CROWDED_EVERY: Span = Span::from_minutes(1);

/// The timer of a held notice among the mutes of one instant.
const PART: u32 = 2;

impl Partition {
    /// Everything that no mute holds any more begins, in order of birth; with `joined` tells to one recipient become one.
    pub(crate) fn begin_unmuted(&mut self, joined: Option<Coded>, out: &mut Output) {
        let is_waiting = |phase: Phase, muted: usize| phase == Phase::Held || muted > 0;
        let held = self.alerts.iter().filter(|(_, alert)| is_waiting(alert.course.phase, alert.course.muted.len()));
        let mut held: Vec<(u64, AlertSlot)> = held.map(|(slot, alert)| (alert.born, slot)).collect();
        held.sort_unstable();
        self.joining = joined;
        for (_, slot) in held {
            let report = self.alerts.get(slot).and_then(|alert| alert.report).map(|report| report.0);
            let mut taken = report.and_then(|place| self.reports.take(place).map(|report| (place, report)));
            let about = taken.as_ref().map(|(_, report)| &**report);
            if !self.is_muted(slot, about) {
                match self.alerts.get(slot).map(|alert| alert.course.phase) {
                    Some(Phase::Held) => {
                        self.begin(slot, taken.as_mut().map(|(_, report)| &mut **report), out);
                    }
                    Some(_) | None => self.catch_up(slot, about, out),
                }
            }
            if let Some((place, report)) = taken {
                self.reports.put(place, report);
            }
        }
        self.joining = None;
    }

    /// Acts upon what came due while an alert was muted.
    fn catch_up(&mut self, slot: AlertSlot, report: Option<&Report>, out: &mut Output) {
        let muted = self.alerts.get_mut(slot).map(|alert| core::mem::take(&mut alert.course.muted)).unwrap_or_default();
        for Muted { class, part } in muted {
            self.course_over(slot, (class, part), report, out);
        }
    }

    /// When quiet hours of the recipient end that hold a notice of this alert now.
    pub(crate) fn quiet_until(
        &self,
        slot: AlertSlot,
        recipient: &Recipient,
        report: Option<&Report>,
    ) -> Option<Timestamp> {
        let alert = self.alerts.get(slot)?;
        let ward = self.wards.get(alert.cause.ward as usize)?;
        if let (Source::Notice(index), Party::Token(_)) = (alert.cause.source, &recipient.party) {
            let rule = ward.program.notices.get(index as usize)?;
            return rule.quiet.ends(&self.zone_of_patient(&ward.program, report), self.at);
        }
        if ward.program.severities.get(alert.cause.severity.index()).is_some_and(|severity| severity.ignores_quiet) {
            return None;
        }
        let newest = self.active.and_then(|active| self.wards.get(active as usize)).unwrap_or(ward);
        let quiet = match &recipient.party {
            Party::Token(_) => None,
            Party::Person(name) => newest.program.people.iter().find(|person| person.name == *name)?.quiet,
            Party::Desk(name) => newest.program.desks.iter().find(|desk| desk.name == *name)?.quiet,
        };
        quiet.and_then(|quiet: Quiet| quiet.ends(&newest.program.zone, self.at))
    }

    /// How a tell of an alert is delayed: digest times, the limit of its rule, a suppression that joins [LIM-1] [LIM-2].
    pub(crate) fn delay_of_tell(
        &self,
        slot: AlertSlot,
        recipient: &Recipient,
        digest_at: &[TimeOfDay],
        report: Option<&Report>,
    ) -> Delay {
        let quiet = self.quiet_until(slot, recipient, report);
        let Some(alert) = self.alerts.get(slot) else { return Delay::default() };
        let Some(ward) = self.wards.get(alert.cause.ward as usize) else { return Delay::default() };
        let is_patient = matches!(alert.cause.source, Source::Notice(_));
        if alert.level == Level::Red && !is_patient {
            return Delay { until: quiet, gather: None };
        }
        let digest = next_of(digest_at, &ward.program.zone, self.at);
        let limit = match alert.cause.source {
            Source::Rule(index) => ward.program.alerts.get(index as usize).and_then(|rule| rule.limit),
            Source::Notice(index) => ward.program.notices.get(index as usize).map(|rule| rule.limit),
            Source::Clock { .. } | Source::Upkeep(_) => None,
        };
        let limit = limit.filter(|_| !is_patient || recipient.role == wardline_rules::program::Who::Patient);
        let group = match alert.about {
            About::Group(group) => self.dictionary.text(group),
            About::Report | About::Result(_) | About::Feed(_) => "",
        };
        let gather = match (limit, digest.is_some(), self.joining) {
            (Some(limit), _, _) => self
                .limit_key((alert.rule, group), limit.per, recipient, report)
                .map(|key| Gathered { key, limit: Some((limit.count, limit.within)) }),
            (None, true, _) => Some(Gathered { key: (alert.rule, gather::of_recipient(recipient)), limit: None }),
            (None, false, Some(rule)) => Some(Gathered { key: (rule, gather::of_recipient(recipient)), limit: None }),
            (None, false, None) => None,
        };
        Delay { until: quiet.into_iter().chain(digest).max(), gather }
    }

    /// With what a notice goes that comes when more are open than should be: what can be held joins a digest, red never
    /// waits, and a withdrawal is no burden that lasts.
    pub(crate) fn crowded(
        &self,
        (rule, level): (Coded, Level),
        recipient: &Recipient,
        purpose: Purpose,
    ) -> Option<Gathered> {
        let open = self.counters.notices_created.saturating_sub(self.counters.notices_ended);
        let is_full = usize::try_from(open).is_ok_and(|open| open >= NOTICES_OPEN_MAX);
        let may_wait = level != Level::Red && purpose != Purpose::Withdrawal;
        let key = (rule, gather::of_recipient(recipient));
        (is_full && may_wait).then_some(Gathered { key, limit: Some((1, CROWDED_EVERY)) })
    }

    /// Arms the end of a notice's delay.
    pub(crate) fn hold_notice(&mut self, place: NoticeSlot, until: Timestamp) {
        let Some(notice) = self.notices.get_mut(place) else { return };
        notice.held = Some((until, self.timers.arm(held_timer(place, notice.born, until))));
    }

    /// The delay of a notice is over: it goes out, or waits for those it is gathered with.
    pub(crate) fn held_over(&mut self, timer: Timer, out: &mut Output) {
        let place = timer.owner;
        let Some(notice) = self.notices.get_mut(place).filter(|notice| notice.born == timer.id.subject) else { return };
        notice.held = None;
        if notice.state != NoticeState::Held {
            return;
        }
        match notice.gathered {
            Some(gathered) => self.gather(place, gathered),
            None => self.release(place, out),
        }
    }

    /// A notice that was held goes out now; the first page of a step begins its wait [MUTE-6].
    pub(crate) fn release(&mut self, place: NoticeSlot, out: &mut Output) {
        let Some(notice) = self.notices.get_mut(place) else { return };
        let (alert, purpose) = (notice.alert, notice.purpose);
        notice.created = self.at;
        self.oblige(place, out);
        let waits = self.alerts.get(alert).is_some_and(|alert| alert.course.is_step_delayed);
        if waits && purpose == Purpose::Page {
            self.arm_delayed_step(alert);
        }
    }
}

/// The first of these times of day after `at`.
fn next_of(times: &[TimeOfDay], zone: &Zone, at: Timestamp) -> Option<Timestamp> {
    let today = zone.date(at);
    let days = [today, today.plus_days(1)];
    let all = days.into_iter().flat_map(|day| times.iter().map(move |time| zone.at(day, *time)));
    all.filter(|time| *time > at).min()
}

/// The timer that ends a notice's delay.
pub(crate) const fn held_timer(place: NoticeSlot, born: u64, due: Timestamp) -> Timer {
    Timer { due, id: TimerId { class: Class::Mute, rule: 0, subject: born, part: PART }, owner: place }
}

/// What holds a notice back, and its timer.
pub(crate) type Held = Option<(Timestamp, Armed)>;

#[cfg(test)]
mod tests {
    use wardline_rules::{Text, program::Who};

    use super::*;
    use crate::partition::Settings;

    #[test]
    fn beyond_the_bound_what_can_wait_joins_a_digest() {
        let mut partition = Partition::new(Settings::default());
        let desk = Who::Desk(wardline_rules::program::DeskId(0));
        let recipient = Recipient { role: desk, party: Party::Desk(Text::from("Lab")) };
        let joins = |partition: &Partition, level, purpose| {
            partition.crowded((7, level), &recipient, purpose).is_some_and(|gathered| gathered.limit.is_some())
        };
        let open = u64::try_from(NOTICES_OPEN_MAX).unwrap();
        (partition.counters.notices_created, partition.counters.notices_ended) = (open + 4, 5);
        assert!(!joins(&partition, Level::Yellow, Purpose::Page), "one less than the bound");
        partition.counters.notices_created += 1;
        assert!(joins(&partition, Level::Yellow, Purpose::Page));
        assert!(joins(&partition, Level::Orange, Purpose::Reminder));
        assert!(!joins(&partition, Level::Red, Purpose::Page), "red never waits");
        assert!(!joins(&partition, Level::Orange, Purpose::Withdrawal));
    }
}
