//! Layouts: in which order do the fields of everything in a state stand?
//!
//! What stands here is the format. A change of it is a change of [`FORMAT`](super::FORMAT).
//!
//! - **Not here**: plain things ([`super::stored`]), wards ([`super::wards`]).

use wardline_rules::{
    program::{DeskId, Level, PersonId, RosterId, SeverityId, Who},
    settings::SiteSettings,
    unit::Quantity,
    words::{Channel, Comparator, Evidence, Flag, Kind, PatientClass, Priority, Role, Step},
};

use super::stored::{Stored, indexed, layout, numbered, wrapped};
use crate::{
    alerts::{
        About, Alert, AlertMarks, Cause, Source,
        absence::{FeedWait, Wait},
        upkeep::Upkeep,
    },
    clocks::Clock,
    escalation::{Asked, Course, Phase},
    feeds::{FeedLife, Gaps},
    identity::Name,
    ids::{AlertId, Nid, ReportId},
    input::{FeedState, Silence},
    ledger::Counters,
    mute::{Gathered, Muted, MutedClass, gather::Gather},
    outbox::Notice,
    output::{AlertState, ClockReading, ClockState, NoticeHead, NoticeState, Party, Purpose, Recipient},
    partition::Settings,
    report::{
        AttributeFact, Cold, FlagCode, FlagFact, PersonFact, Record, Report,
        results::{Content, ResultKey, Statement, Value},
    },
    tuple::{Said, Tuple},
    watch::{
        Gauge,
        standing::{Standing, Watcher},
    },
    windows::{Looks, Sample, Windows},
    wire::bytes::{Put, Take},
};

indexed!(Channel, Comparator, Evidence, Flag, Kind, PatientClass, Priority, Role, Step);
wrapped!(AlertId, DeskId, Nid, PersonId, ReportId, RosterId, SeverityId);

numbered! {
    FeedState { Connected = 0, Idle = 1, Lost = 2 }
    Level { Red = 0, Orange = 1, Yellow = 2 }
    Upkeep { Script = 0, Crowd = 1 }
    Purpose { Page = 0, Reminder = 1, Tell = 2, Withdrawal = 3 }
    MutedClass { Wait = 0, Reminder = 1, Lapse = 2, Edge = 3 }
    Phase { New = 0, Held = 1, Paging = 2, Unresolved = 3, Answered = 4, Closed = 5, Withdrawn = 6 }
    ClockState {
        Running = 0, Paused = 1, Met = 2, Breached = 3, Cancelled = 4, Restarted = 5, Invalid = 6, Unsure = 7,
    }
    AlertState {
        Raised = 0, Held = 1, Delivered = 2, Read = 3, Declined = 4, Answered = 5, Unresolved = 6, Closed = 7,
        Cleared = 8, Withdrawn = 9,
    }
    NoticeState {
        Held = 0, Ready = 1, Started = 2, Waiting = 3, Unsure = 4, Delivered = 5, Withdrawn = 6, Expired = 7,
        Exhausted = 8,
    }
}

layout! {
    Settings { instance }
    Counters {
        received, applied, corrected, stale, unmatched, duplicate, dead_lettered, reports_opened, reports_left,
        alerts_raised, alerts_closed, alerts_withdrawn, unresolved, answered, notices_created, notices_ended, delivered,
        notices_withdrawn, notices_expired, notices_exhausted, attempts_started, attempts_delivered, attempts_failed,
        ambiguous, timers_armed, timers_cancelled, timers_fired, escalated,
    }
    Tuple { source, kind, narrowed, priority, site, department, location, class, tests, crowded }
    Record { lo, hi, made, heard, tie, tuple, step, evidence, is_shared, is_untimed }
    FlagFact { at, is_on, flag }
    PersonFact { at, made, tie, role, who }
    AttributeFact { at, made, tie, key, value }
    ResultKey { code, sub }
    Content { value, is_critical }
    Quantity { dimension, value }
    Statement { key, at, made, tie, heard, content, abnormal, is_final }
    Cold { placer, filler, accession, encounter, statements, flags, people, attributes }
    ClockReading { started, due, ended }
    Clock { family, ward, index, rule, cycle, state, reading, acted, armed }
    Wait { rule, ward, index, started, due, is_fired, armed }
    FeedWait { wait, feed }
    Gaps { week, longest }
    FeedLife { told, is_declared, heard, since, silent, rhythm, armed }
    Report {
        id, born, patient, opened, touched, records, effective, is_varied, has_test, was_counted, keys, clocks, waits, alerts, counted, cold,
    }
    Name { bare, full }
    Cause { ward, source, severity }
    Recipient { role, party }
    Asked { recipient, declined, answered, is_out }
    Course {
        phase, run, round, step, asked, notices, extras, wait, lapse, edge, reminders, muted, is_step_delayed, was_answered,
        is_withdrawal_told,
    }
    Alert {
        id, born, cause, rule, rank, report, about, key, generation, raised, since, level, display, marks, course,
    }
    Gauge { ward, index, count, loud, quiet, raised, armed }
    Standing { rule, ward, watcher, since, raised, is_spent, armed }
    Sample { at, value, group, item }
    Looks { rule, ward, index, armed }
    Windows { samples, problems, looks }
    Muted { class, part }
    Gathered { key, limit }
    Gather { key, born, limit, sent, waiting, armed }
    AlertMarks { delivered, read, answered, closed }
    NoticeHead { nid, recipient, channel, step }
    Notice {
        head, alert, born, purpose, level, state, rest, created, attempts, epoch, is_repeat, was_reached, held,
        gathered, members, sent, arrived, retry, deadline,
    }
}

impl Stored for Watcher {
    fn put(&self, put: &mut Put<'_>) {
        let (number, index) = match self {
            Self::Alert(index) => (0, index),
            Self::Suppress(index) => (1, index),
        };
        put.u8(number);
        index.put(put);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        match take.u8()? {
            0 => take.u32().map(Self::Alert),
            1 => take.u32().map(Self::Suppress),
            _ => None,
        }
    }
}

impl Stored for Silence {
    fn put(&self, put: &mut Put<'_>) {
        crate::wire::put_silence(self, put);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        crate::wire::take_silence(take)
    }
}

impl<T: Stored> Stored for Said<T> {
    fn put(&self, put: &mut Put<'_>) {
        match self {
            Self::Nothing => put.u8(0),
            Self::Cleared => put.u8(1),
            Self::Value(value) => {
                put.u8(2);
                value.put(put);
            }
        }
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        match take.u8()? {
            0 => Some(Self::Nothing),
            1 => Some(Self::Cleared),
            2 => T::take(take).map(Self::Value),
            _ => None,
        }
    }
}

impl Stored for FlagCode {
    fn put(&self, put: &mut Put<'_>) {
        match self {
            Self::Known(flag) => {
                put.u8(0);
                flag.put(put);
            }
            Self::Wait(reason) => {
                put.u8(1);
                reason.put(put);
            }
        }
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        match take.u8()? {
            0 => Stored::take(take).map(Self::Known),
            1 => Stored::take(take).map(Self::Wait),
            _ => None,
        }
    }
}

impl Stored for Value {
    fn put(&self, put: &mut Put<'_>) {
        match self {
            Self::None => put.u8(0),
            Self::Quantity(sign, quantity) => {
                put.u8(1);
                sign.put(put);
                quantity.put(put);
            }
            Self::Number(sign, number, unit) => {
                put.u8(2);
                sign.put(put);
                number.put(put);
                unit.put(put);
            }
            Self::Word(word) => {
                put.u8(3);
                word.put(put);
            }
            Self::Retracted => put.u8(4),
        }
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        Some(match take.u8()? {
            0 => Self::None,
            1 => Self::Quantity(Stored::take(take)?, Stored::take(take)?),
            2 => Self::Number(Stored::take(take)?, Stored::take(take)?, Stored::take(take)?),
            3 => Self::Word(Stored::take(take)?),
            4 => Self::Retracted,
            _ => return None,
        })
    }
}

impl Stored for SiteSettings {
    fn put(&self, put: &mut Put<'_>) {
        crate::wire::settings::put(self, put);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        crate::wire::settings::take(take)
    }
}

impl Stored for Source {
    fn put(&self, put: &mut Put<'_>) {
        match self {
            Self::Clock { index, rule, cycle, threshold } => {
                put.u8(0);
                (*index, *rule, *cycle).put(put);
                threshold.put(put);
            }
            Self::Rule(index) => {
                put.u8(1);
                index.put(put);
            }
            Self::Notice(index) => {
                put.u8(2);
                index.put(put);
            }
            Self::Upkeep(what) => {
                put.u8(3);
                what.put(put);
            }
        }
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        match take.u8()? {
            0 => Some(Self::Clock { index: take.u32()?, rule: take.u32()?, cycle: take.u32()?, threshold: take.u8()? }),
            1 => take.u32().map(Self::Rule),
            2 => take.u32().map(Self::Notice),
            3 => Upkeep::take(take).map(Self::Upkeep),
            _ => None,
        }
    }
}

impl Stored for About {
    fn put(&self, put: &mut Put<'_>) {
        match self {
            Self::Report => put.u8(0),
            Self::Result(key) => {
                put.u8(1);
                key.put(put);
            }
            Self::Feed(feed) => {
                put.u8(2);
                feed.put(put);
            }
            Self::Group(group) => {
                put.u8(3);
                group.put(put);
            }
        }
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        match take.u8()? {
            0 => Some(Self::Report),
            1 => Stored::take(take).map(Self::Result),
            2 => Stored::take(take).map(Self::Feed),
            3 => Stored::take(take).map(Self::Group),
            _ => None,
        }
    }
}

impl Stored for Party {
    fn put(&self, put: &mut Put<'_>) {
        match self {
            Self::Token(token) => {
                put.u8(0);
                token.put(put);
            }
            Self::Person(name) => {
                put.u8(1);
                name.put(put);
            }
            Self::Desk(name) => {
                put.u8(2);
                name.put(put);
            }
        }
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        match take.u8()? {
            0 => Stored::take(take).map(Self::Token),
            1 => Stored::take(take).map(Self::Person),
            2 => Stored::take(take).map(Self::Desk),
            _ => None,
        }
    }
}

impl Stored for Who {
    fn put(&self, put: &mut Put<'_>) {
        let (number, index) = match self {
            Self::Ordering => (0, None),
            Self::Attending => (1, None),
            Self::Covering => (2, None),
            Self::Reporting => (3, None),
            Self::Copied => (4, None),
            Self::Recipient => (5, None),
            Self::Patient => (6, None),
            Self::Desk(desk) => (7, Some(desk.0)),
            Self::Roster(roster) => (8, Some(roster.0)),
            Self::Person(person) => (9, Some(person.0)),
        };
        put.u8(number);
        if let Some(index) = index {
            put.u32(index);
        }
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        Some(match take.u8()? {
            0 => Self::Ordering,
            1 => Self::Attending,
            2 => Self::Covering,
            3 => Self::Reporting,
            4 => Self::Copied,
            5 => Self::Recipient,
            6 => Self::Patient,
            7 => Self::Desk(Stored::take(take)?),
            8 => Self::Roster(Stored::take(take)?),
            9 => Self::Person(Stored::take(take)?),
            _ => return None,
        })
    }
}
