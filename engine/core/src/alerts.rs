//! Alerts: did the news give a rule a reason to fire, or take one away?
//!
//! One alert is one firing of one rule for one subject and generation. After every fact the rules that could match are
//! asked what they would say *now*: nothing, or one generation. That is compared with the generation known last:
//! ```text
//!  known \ now      nothing            the same        another
//!  none             –                  –               raise
//!  open             withdraw           –               close as superseded, raise
//!  ended            tell who acted     –               raise
//! ```
//! - **How it fits**: clocks raise by thresholds ([`crate::clocks`]), absences by periods ([`absence`]); the course of a raised
//!   alert is [`crate::escalation`].
//! - **Not here**: sending.

pub(crate) mod absence;
mod lasting;
pub(crate) mod patient;
pub(crate) mod upkeep;
pub(crate) mod when;

use std::borrow::Cow;

use wardline_rules::{
    Text,
    program::{Action, ActionSend, Level, PageTo, Program, SeverityId, Tell, Who},
    time::Timestamp,
};

use upkeep::Upkeep;

use crate::{
    dictionary::Coded,
    escalation::{Course, Extra, Phase},
    ids::{AlertId, ReportId},
    limits::{FEED_ALERTS_MAX, GENERATIONS_PER_REPORT_MAX},
    output::{AlertFacts, AlertState, Change, Output, Transition},
    partition::Partition,
    report::{Report, ReportSlot, results::ResultKey},
};

/// Where an alert lives.
pub(crate) type AlertSlot = u32;

/// What raised an alert.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Source {
    /// A threshold of a rule of a family.
    Clock {
        /// The family, in the alert's ward.
        index: u32,
        /// The rule in force.
        rule: u32,
        /// Which cycle of the clock.
        cycle: u32,
        /// Which threshold.
        threshold: u8,
    },
    /// An alert rule.
    Rule(u32),
    /// A notice to the patient.
    Notice(u32),
    /// Something about the rules themselves.
    Upkeep(Upkeep),
}

/// What an alert is about within its report or feed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum About {
    /// The report as a whole.
    Report,
    /// One of its results.
    Result(ResultKey),
    /// A feed, by the number of its name.
    Feed(Coded),
    /// A group of reports by the number of its name, or the ward.
    Group(Coded),
}

/// Why an alert ends without an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Closing {
    /// Its cause is gone: whoever was reached is told [ESC-12].
    Withdrawn,
    /// What was awaited came, late; no message.
    Cleared,
    /// Its clock ended after the threshold [SLA-11]; no message.
    DoneLate,
    /// A next generation takes its place; no message.
    Superseded,
    /// Somebody acted; no message.
    Acted,
}

/// The rule and severity behind an alert.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cause {
    pub(crate) ward: u32,
    pub(crate) source: Source,
    pub(crate) severity: SeverityId,
}

/// One firing of one rule.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Alert {
    pub(crate) id: AlertId,
    /// Birth number: orders timers of one instant.
    pub(crate) born: u64,
    pub(crate) cause: Cause,
    /// Number of the rule's id.
    pub(crate) rule: Coded,
    pub(crate) rank: u32,
    pub(crate) report: Option<(ReportSlot, ReportId)>,
    pub(crate) about: About,
    /// What identifies this generation [ALERT-4].
    pub(crate) key: u64,
    /// From 1; 0 for a row alone.
    pub(crate) generation: u32,
    pub(crate) raised: Timestamp,
    /// Event time of what raised it: the moment, or the end of the period or target.
    pub(crate) since: Timestamp,
    pub(crate) level: Level,
    pub(crate) display: AlertState,
    pub(crate) marks: AlertMarks,
    pub(crate) course: Course,
}

/// When an alert first came so far, log time; for rows, no decision reads them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct AlertMarks {
    pub(crate) delivered: Option<Timestamp>,
    pub(crate) read: Option<Timestamp>,
    pub(crate) answered: Option<Timestamp>,
    pub(crate) closed: Option<Timestamp>,
}

impl AlertMarks {
    /// The alert came to `state` at `at`.
    fn reach(&mut self, state: AlertState, at: Timestamp) {
        let mark = match state {
            AlertState::Delivered => &mut self.delivered,
            AlertState::Read => &mut self.read,
            AlertState::Answered => &mut self.answered,
            AlertState::Closed | AlertState::Cleared | AlertState::Withdrawn => &mut self.closed,
            AlertState::Raised | AlertState::Held | AlertState::Declined | AlertState::Unresolved => return,
        };
        *mark = mark.or(Some(at));
    }
}

impl Alert {
    pub(crate) const fn is_open(&self) -> bool {
        !self.course.is_ended()
    }

    /// What figures need to know of it.
    pub(crate) const fn facts(&self) -> AlertFacts {
        AlertFacts { level: self.level, cause: self.since, was_answered: self.course.was_answered }
    }

    /// Whether what it told still holds: somebody is asked, or answered and was not told that it is gone. What is a row
    /// alone holds too: nobody is asked about the same again.
    pub(crate) const fn stands(&self) -> bool {
        self.is_open() || self.is_row_alone() || self.course.was_answered && !self.course.is_withdrawal_told
    }

    /// Whether `once` kept it from being raised [ALERT-6].
    pub(crate) const fn is_row_alone(&self) -> bool {
        self.generation == 0
    }
}

/// What is needed to raise an alert.
#[derive(Clone, Debug)]
pub(crate) struct Raise {
    pub(crate) cause: Cause,
    pub(crate) rule: Coded,
    pub(crate) rank: u32,
    pub(crate) report: Option<(ReportSlot, ReportId)>,
    pub(crate) about: About,
    pub(crate) key: u64,
    pub(crate) since: Timestamp,
    /// What its script sends besides.
    pub(crate) extras: Vec<Extra>,
}

/// Whom the cause of an alert pages.
pub(crate) fn page_of(program: &Program, source: Source) -> Option<Cow<'_, PageTo>> {
    match source {
        Source::Rule(index) => program.alerts.get(index as usize)?.page.as_ref().map(Cow::Borrowed),
        Source::Notice(_) => None,
        Source::Upkeep(_) => upkeep::page(program).map(Cow::Owned),
        Source::Clock { .. } => match &action_of(program, source)?.send {
            ActionSend::Page(page) => Some(Cow::Borrowed(page)),
            ActionSend::Tell(_) => None,
        },
    }
}

/// Whom the cause of an alert tells.
pub(crate) fn tells_of(program: &Program, source: Source) -> Vec<Tell> {
    match source {
        Source::Rule(index) => program.alerts.get(index as usize).map(|alert| alert.tells.clone()).unwrap_or_default(),
        Source::Notice(index) => {
            let notice = program.notices.get(index as usize);
            let to_patient = |by| Tell { who: vec![Who::Patient], by, digest_at: Vec::new() };
            notice.map(|notice| to_patient(notice.channels.clone())).into_iter().collect()
        }
        Source::Clock { .. } => match action_of(program, source).map(|action| &action.send) {
            Some(ActionSend::Tell(tell)) => vec![tell.clone()],
            Some(ActionSend::Page(_)) | None => Vec::new(),
        },
        Source::Upkeep(_) => Vec::new(),
    }
}

/// What a threshold of a clock does.
fn action_of(program: &Program, source: Source) -> Option<&Action> {
    let Source::Clock { index, rule, threshold, .. } = source else { return None };
    let rule = program.families.get(index as usize)?.rules.get(rule as usize)?;
    if threshold == crate::clocks::BREACH {
        return Some(&rule.breach);
    }
    rule.warnings.get(usize::from(threshold)).map(|warning| &warning.action)
}

impl Source {
    /// The first part of a notice's step [NID-1].
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Rule(_) => "alert",
            Self::Notice(_) => "notice",
            Self::Upkeep(what) => what.word(),
            Self::Clock { threshold, .. } => match threshold {
                0 => "warn1",
                1 => "warn2",
                2 => "warn3",
                3 => "warn4",
                _ => "breach",
            },
        }
    }
}

impl Partition {
    /// Raises an alert and begins what it sends; muted, it is held.
    pub(crate) fn raise(&mut self, raise: Raise, report: Option<&mut Report>, out: &mut Output) -> Option<AlertSlot> {
        let generation = self.generation(&raise, report.as_deref());
        let rule = raise.rule;
        let slot = self.enter(raise, generation)?;
        self.counters.alerts_raised += 1;
        self.note_open(rule, true);
        self.say_alert(slot, AlertState::Raised, "", out);
        match report {
            Some(report) => {
                let is_too_many = self.is_crowded(report);
                report.alerts.push(slot);
                self.forget_oldest(report);
                if is_too_many {
                    self.record_only(slot, report, out);
                } else {
                    self.begin(slot, Some(report), out);
                }
            }
            None => {
                self.feed_alerts.push(slot);
                self.forget_oldest_of_feeds();
                self.begin(slot, None, out);
            }
        }
        Some(slot)
    }

    /// Another case of what `once` lets be raised once: a row, and nobody is asked [ALERT-6].
    pub(super) fn add_row_alone(&mut self, raise: Raise, report: &mut Report, out: &mut Output) {
        let Some(slot) = self.enter(raise, 0) else { return };
        report.alerts.push(slot);
        self.forget_oldest(report);
        if let Some(alert) = self.alerts.get_mut(slot) {
            alert.course.phase = Phase::Closed;
        }
        self.say_alert(slot, AlertState::Closed, "raised once already", out);
    }

    fn enter(&mut self, raise: Raise, generation: u32) -> Option<AlertSlot> {
        let ward = self.wards.get(raise.cause.ward as usize)?;
        let level = ward.program.level(raise.cause.severity);
        let id = self.alert_id(&raise);
        self.born += 1;
        Some(self.alerts.insert(Alert {
            id,
            born: self.born,
            cause: raise.cause,
            rule: raise.rule,
            rank: raise.rank,
            report: raise.report,
            about: raise.about,
            key: raise.key,
            generation,
            raised: self.at,
            since: raise.since,
            level,
            display: AlertState::Raised,
            marks: AlertMarks::default(),
            course: Course { extras: raise.extras, ..Course::default() },
        }))
    }

    /// The number people see: raises of this rule on this subject so far, plus one [ALERT-4].
    fn generation(&self, raise: &Raise, report: Option<&Report>) -> u32 {
        let before = report.map_or(self.feed_alerts.as_slice(), |report| report.alerts.as_slice()).iter();
        let same = before.filter_map(|slot| self.alerts.get(*slot)).filter(|alert| {
            alert.rule == raise.rule
                && alert.about == raise.about
                && alert.cause.source.word() == raise.cause.source.word()
        });
        same.map(|alert| alert.generation).max().unwrap_or(0).saturating_add(1)
    }

    fn alert_id(&self, raise: &Raise) -> AlertId {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"alert");
        hasher.update(&raise.report.map_or([0; 16], |report| report.1.0));
        hasher.update(self.dictionary.text(raise.rule).as_bytes());
        hasher.update(raise.cause.source.word().as_bytes());
        self.hash_about(raise.about, &mut hasher);
        hasher.update(&raise.key.to_le_bytes());
        AlertId(cut(&hasher))
    }

    pub(crate) fn hash_about(&self, about: About, hasher: &mut blake3::Hasher) {
        match about {
            About::Report => {}
            About::Result(key) => {
                hasher.update(self.dictionary.text(key.code).as_bytes());
                hasher.update(&[0]);
                hasher.update(self.dictionary.text(key.sub).as_bytes());
            }
            About::Feed(name) | About::Group(name) => {
                hasher.update(self.dictionary.text(name).as_bytes());
            }
        }
    }

    /// Drops the oldest ended generations of a report beyond what is kept [DET-3].
    fn forget_oldest(&mut self, report: &mut Report) {
        while report.alerts.len() > GENERATIONS_PER_REPORT_MAX {
            let Some(oldest) = report.alerts.iter().position(|slot| self.may_leave(*slot)) else { return };
            let slot = report.alerts.remove(oldest);
            self.drop_notices(slot);
            self.alerts.remove(slot);
        }
    }

    /// The same for alerts about feeds, which belong to no report that could leave.
    fn forget_oldest_of_feeds(&mut self) {
        while self.feed_alerts.len() > FEED_ALERTS_MAX {
            let Some(oldest) = self.feed_alerts.iter().position(|slot| self.may_leave(*slot)) else { return };
            let slot = self.feed_alerts.remove(oldest);
            self.drop_notices(slot);
            self.alerts.remove(slot);
        }
    }

    /// Raises the alert of a clock's threshold; each raise is a generation of its own [SLA-10].
    pub(crate) fn raise_for_clock(
        &mut self,
        slot: ReportSlot,
        report: &mut Report,
        (cause, due): (Cause, Timestamp),
        out: &mut Output,
    ) {
        let Source::Clock { index, rule, .. } = cause.source else { return };
        let Some(ward) = self.wards.get(cause.ward as usize) else { return };
        let Some((family, known)) = ward.family(index) else { return };
        let Some(head) = family.rules.get(rule as usize).map(|rule| rule.head.id.clone()) else { return };
        let rank = known.rank;
        let rule = self.dictionary.name(&head);
        let about = About::Report;
        let word = cause.source.word();
        let raises = report.alerts.iter().filter_map(|slot| self.alerts.get(*slot));
        let raises = raises.filter(|alert| alert.rule == rule && alert.cause.source.word() == word);
        let key = u64::try_from(raises.count()).unwrap_or(u64::MAX);
        let raise =
            Raise { cause, rule, rank, report: Some((slot, report.id)), about, key, since: due, extras: Vec::new() };
        self.raise(raise, Some(report), out);
    }

    /// Says that an alert is in a state now.
    pub(crate) fn say_alert(&mut self, slot: AlertSlot, state: AlertState, why: &str, out: &mut Output) {
        let Some(alert) = self.alerts.get_mut(slot) else { return };
        alert.display = state;
        alert.marks.reach(state, self.at);
        let program = self.wards.get(alert.cause.ward as usize).map(|ward| &ward.program);
        let severity = program.and_then(|program| program.severities.get(alert.cause.severity.index()));
        out.transitions.push(Transition {
            at: self.at,
            rule: Text::from(self.dictionary.text(alert.rule)),
            report: alert.report.map(|report| report.1),
            group: match alert.about {
                About::Feed(name) | About::Group(name) => Text::from(self.dictionary.text(name)),
                About::Report | About::Result(_) => Text::default(),
            },
            alert: Some(alert.id),
            change: Change::Alert(state, Text::from(why)),
            severity: Some(alert.cause.severity),
            severity_name: severity.map(|severity| severity.name.clone()).unwrap_or_default(),
            generation: alert.generation,
            alert_facts: Some(alert.facts()),
        });
    }
}

/// The first 16 bytes of a hash.
pub(crate) fn cut(hasher: &blake3::Hasher) -> [u8; 16] {
    let mut first = [0; 16];
    for (byte, hashed) in first.iter_mut().zip(hasher.finalize().as_bytes()) {
        *byte = *hashed;
    }
    first
}
