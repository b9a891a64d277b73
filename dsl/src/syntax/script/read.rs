//! Read: from the parsed lines of a test to its facts, entries and expectations.
//!
//! - **How it fits**: the readers of `given`, `at` and `then`.
//! - **Not here**: the types (`super`).

use wardline_rules::words::Comparator;

use super::{
    Act, AlertIs, ClockIs, ClockState, Entry, Event, EventTime, Expectation, Fact, FeedState, Outcome, Pair,
    PatientSent, Refusal, Scope, SentWhat, Stamp,
};
use crate::diagnostic::Code;
use crate::grammar::{Node, Rule};
use crate::source::Spanned;
use crate::syntax::basic::{self, date, elapsed, first_integer, first_name, label, name, term};
use crate::syntax::condition::value;
use crate::syntax::moment::moment;
use crate::syntax::people::{channel, first_reference};
use crate::syntax::reading::{Reading, pick};

pub(crate) fn given(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Vec<Fact>> {
    r.all(node, Rule::fact, fact)
}

fn fact(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Fact> {
    if !node.has(Rule::k_delivery) {
        return r.all(node, Rule::pair, pair).map(Fact::Pairs);
    }
    Some(Fact::Delivery {
        to: if node.has(Rule::r#ref) { Some(first_reference(r, node)?) } else { None },
        by: channel(r, node.child(Rule::channel)?)?,
        after: r.maybe(node, Rule::dur, elapsed)?,
        until: r.maybe(node, Rule::stamp, stamp)?,
    })
}

const SIGNS: &[(&str, Comparator)] =
    &[("<=", Comparator::AtMost), (">=", Comparator::AtLeast), ("<", Comparator::Below), (">", Comparator::Above)];

fn sign(node: &Node<'_>) -> Option<Comparator> {
    let text = node.child(Rule::cmp)?.text;
    SIGNS.iter().find(|(sign, _)| *sign == text).map(|(_, sign)| *sign)
}

fn pair(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Pair> {
    let field = term(r, node.child(Rule::term)?)?;
    Some(Pair { field, sign: sign(node), value: r.maybe(node, Rule::value, value)?, span: r.span(node) })
}

/// A stamp: date, time, seconds, offset.
pub(crate) fn stamp(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Stamp> {
    let date = r.maybe(node, Rule::date, date)?;
    let instant = node.child(Rule::instant)?;
    let (clock, offset) = match instant.text.find(['+', '-']) {
        Some(at) => (instant.text.get(..at)?, Some(offset(instant.text.get(at..)?)?)),
        None => (instant.text, None),
    };
    let mut parts = clock.split(':').map(|part| part.parse::<u32>().unwrap_or(u32::MAX));
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next());
    let midnight = hours == 24 && minutes == 0 && seconds.unwrap_or(0) == 0;
    if !(midnight || hours < 24 && minutes < 60 && seconds.unwrap_or(0) < 60) {
        r.problem(Code::WL0308, instant, format!("{} does not exist; a day goes from 00:00 to 24:00.", instant.text));
        return None;
    }
    let total = hours * 3_600 + minutes * 60 + seconds.unwrap_or(0);
    Some(Stamp { date, seconds: total, to_the_second: seconds.is_some(), offset, span: r.span(node) })
}

fn offset(text: &str) -> Option<i32> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    Some(sign * (hours.parse::<i32>().ok()? * 3_600 + minutes.parse::<i32>().ok()? * 60))
}

/// The entries of `at`: each stamp with the event after it.
pub(crate) fn entries(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Vec<Entry>> {
    let stamps = r.all(node, Rule::stamp, stamp)?;
    let events = r.all(node, Rule::event, |r, node| {
        let event = event(r, node)?;
        Some(r.at(node, event))
    })?;
    let entry = |(at, event): (Stamp, Spanned<Event>)| Entry { span: at.span.to(event.span), at, event: event.node };
    Some(stamps.into_iter().zip(events).map(entry).collect())
}

fn event(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Event> {
    if node.has(Rule::ref_label) {
        return report_event(r, node);
    }
    if node.has(Rule::k_silence) {
        return silence(r, node);
    }
    if node.has(Rule::r#ref) {
        return answer(r, node);
    }
    let feed = first_name(r, node)?;
    Some(if node.has(Rule::k_message) {
        Event::Message(feed)
    } else if node.has(Rule::k_lost) {
        Event::Feed(feed, FeedState::Lost)
    } else if node.has(Rule::k_idle) {
        Event::Feed(feed, FeedState::Idle)
    } else {
        Event::Feed(feed, FeedState::Connected)
    })
}

fn report_event(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Event> {
    let time = match node.child(Rule::stamp) {
        Some(found) => EventTime::AsOf(stamp(r, found)?),
        None if node.has(Rule::k_without) => EventTime::Without,
        None => EventTime::AtStamp,
    };
    Some(Event::Report {
        label: term(r, node.child(Rule::ref_label)?)?,
        moment: r.maybe(node, Rule::moment, moment)?,
        pairs: r.all(node, Rule::pair, pair)?,
        time,
    })
}

fn silence(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Event> {
    let mut names = r.all(node, Rule::name, name)?.into_iter();
    let what = names.next()?;
    match (node.child(Rule::stamp), names.next()) {
        (Some(until), Some(because)) => Some(Event::Silence { what, until: Box::new(stamp(r, until)?), because }),
        (None, _) | (_, None) => Some(Event::Lift(what)),
    }
}

fn answer(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Event> {
    let value = r.maybe(node, Rule::amount, basic::amount)?;
    let act = if node.has(Rule::k_reads) {
        Act::Reads
    } else if node.has(Rule::k_declines) {
        Act::Declines
    } else if node.has(Rule::k_acts) {
        Act::Acts
    } else {
        Act::Answers(value.map(|value| (sign(node), value)))
    };
    let licensed = match (node.has(Rule::k_licensed), node.has(Rule::k_unlicensed)) {
        (_, true) => Some(false),
        (true, false) => Some(true),
        (false, false) => None,
    };
    let who = first_reference(r, node)?;
    Some(Event::Answer {
        who,
        act,
        licensed,
        wrong_code: node.has(Rule::k_wrong),
        scope: r.maybe(node, Rule::scope, scope)?,
    })
}

fn scope(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Scope> {
    match node.child(Rule::ref_label) {
        Some(report) => term(r, report).map(Scope::Report),
        None => label(r, node.child(Rule::label)?).map(Scope::Group),
    }
}

/// The expectations of `then`.
pub(crate) fn expectations(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Vec<Expectation>> {
    r.all(node, Rule::outcome, expectation)
}

fn expectation(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Expectation> {
    // The first stamp before everything else is when; `is due at` has its own after it.
    let leading = node.children.first().filter(|child| child.rule == Rule::stamp);
    let at = match leading {
        Some(found) => Some(stamp(r, found)?),
        None => None,
    };
    Some(Expectation { at, outcome: outcome(r, node)?, span: r.span(node) })
}

fn outcome(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Outcome> {
    if let Some(found) = node.child(Rule::refusal) {
        return refusal(found).map(Outcome::Refused);
    }
    if node.has(Rule::k_nothing) {
        return Some(if node.has(Rule::k_else) { Outcome::NothingElse } else { Outcome::Nothing });
    }
    if node.has(Rule::k_task) {
        return Some(Outcome::Task(first_reference(r, node)?, r.maybe(node, Rule::scope, scope)?));
    }
    if node.has(Rule::k_alert) {
        return alert(r, node);
    }
    if node.has(Rule::k_clock) {
        return clock(r, node);
    }
    sent(r, node)
}

const REFUSALS: &[(Rule, Refusal)] = &[
    (Rule::k_code, Refusal::Code),
    (Rule::k_read_back, Refusal::ReadBack),
    (Rule::k_licensed, Refusal::NotLicensed),
    (Rule::k_paged, Refusal::NotPaged),
    (Rule::k_closed, Refusal::AlreadyClosed),
];

fn refusal(node: &Node<'_>) -> Option<Refusal> {
    pick(node, REFUSALS)
}

fn sent(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Outcome> {
    let by = channel(r, node.child(Rule::channel)?)?;
    let scope = r.maybe(node, Rule::scope, scope)?;
    let count = if node.has(Rule::integer) { Some(first_integer(r, node)?.node) } else { None };
    if node.child(Rule::r#ref).is_none() {
        let what = match count {
            Some(count) => PatientSent::Digest(count),
            None => PatientSent::Notice(first_name(r, node)?),
        };
        return Some(Outcome::PatientSent { what, by, scope });
    }
    let what = if let Some(count) = count {
        SentWhat::Digest(count)
    } else if node.has(Rule::k_withdrawal) {
        SentWhat::ToldOfWithdrawal
    } else if node.has(Rule::k_told) {
        SentWhat::Told
    } else if node.has(Rule::k_reminded) {
        SentWhat::Reminded
    } else {
        SentWhat::Paged
    };
    Some(Outcome::Sent { who: first_reference(r, node)?, what, by, scope })
}

const ALERT_WORDS: &[(Rule, AlertIs)] = &[
    (Rule::k_not, AlertIs::NotRaised),
    (Rule::k_raised, AlertIs::Raised),
    (Rule::k_held, AlertIs::Held),
    (Rule::k_delivered, AlertIs::Delivered),
    (Rule::k_read, AlertIs::Read),
    (Rule::k_answered, AlertIs::Answered),
    (Rule::k_declined, AlertIs::Declined),
    (Rule::k_withdrawn, AlertIs::Withdrawn),
    (Rule::k_cleared, AlertIs::Cleared),
    (Rule::k_closed, AlertIs::Closed),
    (Rule::k_unresolved, AlertIs::Unresolved),
];

fn alert(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Outcome> {
    Some(Outcome::Alert {
        name: first_name(r, node)?,
        scope: r.maybe(node, Rule::scope, scope)?,
        is: pick(node, ALERT_WORDS)?,
    })
}

const CLOCK_WORDS: &[(Rule, ClockState)] = &[
    (Rule::k_not, ClockState::NotStarted),
    (Rule::k_running, ClockState::Running),
    (Rule::k_paused, ClockState::Paused),
    (Rule::k_met, ClockState::Met),
    (Rule::k_breached, ClockState::Breached),
    (Rule::k_cancelled, ClockState::Cancelled),
    (Rule::k_restarted, ClockState::Restarted),
    (Rule::k_invalid, ClockState::Invalid),
];

fn clock(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Outcome> {
    let is = if let Some(used) = node.child(Rule::span) {
        ClockIs::Used(basic::duration(r, used)?)
    } else if node.has(Rule::k_due) {
        let due = node.children.iter().rfind(|child| child.rule == Rule::stamp)?;
        ClockIs::DueAt(stamp(r, due)?)
    } else {
        ClockIs::State(pick(node, CLOCK_WORDS)?)
    };
    Some(Outcome::Clock { name: first_name(r, node)?, label: term(r, node.child(Rule::ref_label)?)?, is })
}
