//! Figures: what does one live batch add to the counters?
//!
//! Counted from the outputs of the step, so a replay counts nothing. Counters cannot take back: a clock counts when it
//! settles, and a breach at its deadline.
//!
//! - **How it fits**: the core thread calls [`count`] after each step.
//! - **Not here**: levels, which a scrape reads ([`scrape`](crate::metrics::scrape)).

use std::collections::BTreeMap;

use wardline_core::{
    Batch, Disposition, Output,
    output::{AlertState, Change, ClockState, NoticeState, Transition},
    views::{self, Passage},
};
use wardline_rules::{
    event::{Event, Fact},
    time::{Span, Timestamp},
    words::Kind,
};

use super::kernel::Kernel;
use crate::metrics::{LEVELS, Metric, Metrics};

/// Adds what one step said.
pub(super) fn count(metrics: &Metrics, kernel: &impl Kernel, batch: &Batch, output: &Output) {
    for transition in &output.transitions {
        match &transition.change {
            Change::Clock(state, _) => clock(metrics, kernel, &transition.rule, *state),
            Change::Alert(state, _) => alert(metrics, transition, *state),
            Change::Notice(NoticeState::Delivered, head) => {
                if let Some(notice) = kernel.notice(head.nid) {
                    metrics.observe(Metric::NoticeSend, &[head.channel.name()], transition.at.since(notice.created));
                }
            }
            Change::Notice(NoticeState::Expired, head) => {
                metrics.begin_channel(head.channel.name());
                metrics.count(Metric::Notices, &[head.channel.name(), "expired"], 1);
            }
            Change::Notice(..) => {}
        }
    }
    for obligation in &output.obligations {
        metrics.begin_channel(obligation.head.channel.name());
    }
    for row in &output.quality {
        metrics.count(Metric::DataQuality, &[row.fault.name()], 1);
    }
    let mut passages = Vec::new();
    kernel.passages(&mut passages);
    for passage in &passages {
        pass(metrics, passage, batch.at);
    }
    // By feed: how far its clock is ahead at most, so that a batch asks for each feed once.
    let mut ahead: BTreeMap<&str, Span> = BTreeMap::new();
    for told in &output.events {
        if let Some(wardline_core::Input::Event(heard)) = batch.inputs.get(told.place) {
            event(metrics, heard, told.disposition, batch.at);
            if let (Some(made), false) = (&heard.msg.made_at, matches!(heard.fact, Fact::Unreadable { .. })) {
                let by = made.lo.since(heard.received_at.unwrap_or(batch.at));
                let feed = if heard.source.is_empty() { "none" } else { heard.source.as_str() };
                ahead.entry(feed).and_modify(|most| *most = by.max(*most)).or_insert(by);
            }
        }
    }
    ahead.into_iter().for_each(|(feed, by)| metrics.clock_of_feed(feed, by, batch.at));
}

fn pass(metrics: &Metrics, passage: &Passage, at: Timestamp) {
    let kind = passage.kind.unwrap_or(Kind::Other).name();
    match passage.event {
        views::Event::Opened => {
            metrics.count(Metric::ReportsOpened, &[kind], 1);
        }
        views::Event::Closed(leaving) => metrics.count(Metric::ReportsClosed, &[kind, leaving.word()], 1),
        views::Event::Took(interval, took) => {
            let about = (passage.report.to_string(), at);
            metrics.observe_about(Metric::Turnaround, &[interval, kind, passage.group], took, (&about.0, about.1));
        }
        views::Event::TakenBack => metrics.count(Metric::Retractions, &[], 1),
    }
}

fn clock(metrics: &Metrics, kernel: &impl Kernel, rule: &str, state: ClockState) {
    let outcome = match state {
        ClockState::Met => "met",
        ClockState::Breached => "breached",
        ClockState::Running
        | ClockState::Paused
        | ClockState::Cancelled
        | ClockState::Restarted
        | ClockState::Invalid
        | ClockState::Unsure => return,
    };
    let sla = kernel.sla_of(rule);
    metrics.count_named(Metric::ClockOutcomes, &[sla.as_ref().map_or(rule, |sla| sla.as_str()), outcome], 1);
}

fn alert(metrics: &Metrics, transition: &Transition, state: AlertState) {
    let Some(facts) = transition.alert_facts else { return };
    if transition.generation == 0 {
        return; // a row alone: it was never raised, so it does not end
    }
    let level = LEVELS.iter().find(|(level, _)| *level == facts.level).map_or("yellow", |(_, word)| word);
    let outcome = match state {
        AlertState::Raised => return metrics.count_named(Metric::AlertsRaised, &[&transition.rule], 1),
        AlertState::Answered => "answered",
        AlertState::Unresolved => "unresolved",
        // Whoever answered also acted: it ended with the answer.
        AlertState::Closed | AlertState::Cleared | AlertState::Withdrawn if facts.was_answered => return,
        AlertState::Closed => "closed",
        AlertState::Cleared => "cleared",
        AlertState::Withdrawn => "withdrawn",
        AlertState::Held | AlertState::Delivered | AlertState::Read | AlertState::Declined => return,
    };
    metrics.count(Metric::AlertsClosed, &[level, outcome], 1);
    if state == AlertState::Answered && facts.cause > Timestamp::from_micros(0) {
        let report = transition.report.map(|report| report.to_string()).unwrap_or_default();
        let took = transition.at.since(facts.cause);
        metrics.observe_about(Metric::AlertAnswer, &[level], took, (&report, transition.at));
    }
}

fn event(metrics: &Metrics, event: &Event, disposition: Disposition, at: Timestamp) {
    let arrived = event.received_at.unwrap_or(at);
    if matches!(event.fact, Fact::Unreadable { .. }) {
        let reason = event.reason.as_ref().map_or("unknown", |reason| reason.as_str());
        return metrics.count_named(Metric::DeadLetters, &[reason], 1);
    }
    if !matches!(disposition, Disposition::Applied | Disposition::Corrected) {
        return;
    }
    if let Some(occurred) = &event.occurred_at {
        metrics.observe(Metric::EventDelay, &[], arrived.since(occurred.lo));
    }
    if let Fact::Step(step) = &event.fact
        && step.is_change()
    {
        metrics.count(Metric::Corrections, &[event.kind.unwrap_or(Kind::Other).name()], 1);
    }
}
