//! Interval: how long did it take from one step to another?
//!
//! The named intervals of version 1 between two registers. One that the path of the kind leads to is shown while it runs;
//! a missing end is never zero, and a negative or coarse one is unmeasured [INT-1].
//!
//! - **Source**: domain page, section 6.
//! - **Not here**: intervals of criticals and of later versions, working time, outcomes (those of clocks).

use wardline_rules::{
    row::{Cell, Row, Table},
    time::{MINUTE, SECOND, Span, Timestamp},
    words::Step,
};

use super::set;
use crate::{partition::Partition, report::Report, views::report::path};

pub(super) const NAMED: [(&str, Step, Step); 21] = [
    ("order_to_collect", Step::Ordered, Step::Collected),
    ("collect_to_receive", Step::Collected, Step::Received),
    ("receive_to_analysed", Step::Received, Step::Analysed),
    ("analysed_to_final", Step::Analysed, Step::Final),
    ("receive_to_final", Step::Received, Step::Final),
    ("collect_to_final", Step::Collected, Step::Final),
    ("order_to_final", Step::Ordered, Step::Final),
    ("order_to_review", Step::Ordered, Step::Reviewed),
    ("order_to_exam", Step::Ordered, Step::ExamStarted),
    ("arrive_to_exam", Step::Arrived, Step::ExamStarted),
    ("exam_duration", Step::ExamStarted, Step::ExamEnded),
    ("exam_to_preliminary", Step::ExamEnded, Step::Preliminary),
    ("exam_to_final", Step::ExamEnded, Step::Final),
    ("dictate_to_final", Step::Dictated, Step::Final),
    ("preliminary_to_final", Step::Preliminary, Step::Final),
    ("receive_to_preliminary", Step::Received, Step::Preliminary),
    ("final_to_delivered", Step::Final, Step::Delivered),
    ("delivered_to_reviewed", Step::Delivered, Step::Reviewed),
    ("final_to_released", Step::Final, Step::Released),
    ("final_to_patient", Step::Final, Step::PatientNotified),
    ("released_to_viewed", Step::Released, Step::PatientViewed),
];

/// One of [`NAMED`] on one report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Interval {
    pub(crate) name: &'static str,
    state: &'static str,
    begun: Timestamp,
    pub(crate) end: Option<Timestamp>,
    /// How long it took, when complete.
    pub(crate) length: Option<Span>,
}

impl Partition {
    pub(super) fn interval_rows(&self, report: &Report, into: &mut Vec<Row>) {
        let (id, is_critical, routing) = (report.id.to_string(), self.is_critical(report), self.routing(report));
        for Interval { name, state, begun, end, length } in self.intervals(report, |_| true) {
            let mut cells = vec![
                Cell::text(&id),
                Cell::Int(1),
                Cell::word(name),
                Cell::word(state),
                Cell::time(begun),
                Cell::from(end),
                Cell::from(length.map(|length| length.micros() / SECOND)),
                Cell::Bool(is_critical),
            ];
            cells.extend(routing.iter().cloned());
            into.push(Row { table: Table::Intervals, cells });
        }
    }

    /// The intervals of these names that began on a report, or that the path of its kind leads through.
    pub(crate) fn intervals(&self, report: &Report, is_asked: impl Fn(&str) -> bool) -> Vec<Interval> {
        let kind = self.tuples.get(report.effective).kind;
        let is_void = report.end_in_force(Step::EnteredInError).is_some();
        let cancelled = report.end_in_force(Step::Cancelled).map(|record| record.lo);
        let mut found = Vec::new();
        for (name, from, to) in NAMED.into_iter().filter(|named| is_asked(named.0)) {
            let Some(begun) = report.register(from) else { continue };
            let ended = report.register(to);
            if ended.is_none() && !path(kind).contains(&to) {
                continue;
            }
            let is_coarse = |width: i64| width > MINUTE;
            let coarse = is_coarse(begun.time().width().micros())
                || ended.is_some_and(|end| is_coarse(end.time().width().micros()));
            let end = ended.map(|end| end.lo);
            let state = state(begun.lo, end, (is_void, coarse, cancelled));
            let length = end.filter(|_| state == "complete").map(|end| end.since(begun.lo));
            found.push(Interval { name, state, begun: begun.lo, end, length });
        }
        found
    }
}

fn state(
    begun: Timestamp,
    end: Option<Timestamp>,
    (is_void, is_coarse, cancelled): (bool, bool, Option<Timestamp>),
) -> &'static str {
    match end {
        _ if is_void => "void",
        _ if cancelled.is_some_and(|at| end.is_none_or(|end| at <= end)) => "cancelled",
        Some(end) if end < begun || is_coarse => "unmeasured",
        Some(_) => "complete",
        None => "running",
    }
}

pub(super) fn void(row: &mut Row) {
    set(row, 3, Cell::word("void"));
    set(row, 5, Cell::Null);
    set(row, 6, Cell::Null);
}
