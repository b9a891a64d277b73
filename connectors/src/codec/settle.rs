//! Settle: what can only be said when a message arrives?
//!
//! A codec has no clock. What needs one is added by whoever receives the message, with one call: when it arrived, and
//! that no time lies further ahead than a day.
//!
//! - **How it fits**: a decode worker calls [`arrive`] on each event of a message, with the time of arrival.
//! - **Source**: domain page section 2 (`occurred_at`, `received_at`), [TIM-6].

use wardline_rules::{
    event::{Event, Fact},
    quality::{Fault, Note},
    time::{EventTime, HOUR, Span, Timestamp},
    words::Evidence,
};

use crate::limits::FUTURE_HOURS_MAX;

/// Completes `event` with what its arrival says.
///
/// - **Input** `at`: when it arrived.
/// - **Output**: times more than a day ahead are gone, with a note. An event without a time of its own happened when its
///   message was made, else when it arrived, with evidence `message`. What is planned may lie months ahead and stays.
/// - **Late data**: a time that an import brought along stays.
pub fn arrive(event: &mut Event, at: Timestamp) {
    event.received_at.get_or_insert(at);
    let latest = at.plus(Span::from_micros(FUTURE_HOURS_MAX * HOUR));
    let mut is_future = |time: &EventTime, field: &str| {
        let ahead = time.lo > latest;
        let note = Note::new(Fault::FutureTime, field);
        if ahead && !event.notes.contains(&note) {
            event.notes.push(note);
        }
        ahead
    };
    if event.msg.made_at.as_ref().is_some_and(|time| is_future(time, "msg.made_at")) {
        event.msg.made_at = None;
    }
    if event.occurred_at.as_ref().is_some_and(|time| is_future(time, "occurred_at")) {
        event.occurred_at = None;
        event.evidence = Evidence::Message;
    }
    event.milestones.retain(|milestone| !is_future(&milestone.at, "milestones"));
    for result in &mut event.results {
        if result.observed_at.as_ref().is_some_and(|time| is_future(time, "results.observed_at")) {
            result.observed_at = None;
        }
    }
    settle_time(event, at);
}

fn settle_time(event: &mut Event, at: Timestamp) {
    if event.occurred_at.is_none() && !matches!(event.fact, Fact::Heartbeat) {
        event.occurred_at = Some(event.msg.made_at.unwrap_or_else(|| EventTime::exact(at)));
        event.evidence = Evidence::Message;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wardline_rules::words::Step;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_time_beyond_tomorrow_is_replaced_by_that_of_the_message() {
        // [TIM-6]
        let mut event = Event::new("lis", "1", Fact::Step(Step::Final));
        event.occurred_at = Some(EventTime::exact(at("2026-01-15T10:00:01Z")));
        event.msg.made_at = Some(EventTime::exact(at("2026-01-14T09:59:00Z")));
        arrive(&mut event, at("2026-01-14T10:00:00Z"));
        assert_eq!(event.occurred_at, event.msg.made_at);
        assert_eq!(event.evidence, Evidence::Message);
        assert_eq!(event.notes, [Note::new(Fault::FutureTime, "occurred_at")]);
    }

    #[test]
    fn an_event_without_any_time_happened_when_it_arrived() {
        let mut event = Event::new("lis", "1", Fact::Update);
        arrive(&mut event, at("2026-01-14T10:00:00Z"));
        assert_eq!(event.occurred_at, Some(EventTime::exact(at("2026-01-14T10:00:00Z"))));
        assert_eq!((event.evidence, event.received_at), (Evidence::Message, Some(at("2026-01-14T10:00:00Z"))));
    }
}
