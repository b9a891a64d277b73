//! Report: the rows of one report, of its milestones and of its clocks.

use wardline_rules::{
    program::Length,
    row::{Cell, Row, Table},
    time::{SECOND, Timestamp},
    token::TokenKind,
    words::{Flag, Step},
};

use super::{Letters, When, set, ward_cell};
use crate::{
    alerts::cut,
    clocks::{Clock, ClockView},
    output::ClockState,
    partition::Partition,
    report::{FlagCode, Report},
    views::report::{milestones, next_step, status, tightest},
};

/// Steps whose times stand in a report's row, in the order of its columns.
const STEPS: [Step; 11] = [
    Step::Ordered,
    Step::Collected,
    Step::Received,
    Step::InProcess,
    Step::Preliminary,
    Step::Final,
    Step::Delivered,
    Step::Reviewed,
    Step::Acknowledged,
    Step::Released,
    Step::PatientNotified,
];
/// Places of cells that a report loses when it becomes part of another.
const STATUS: usize = 10;
const IS_OPEN: usize = 25;
const NEXT_STEP: usize = 28;

impl Partition {
    /// All rows of a report that can change: its own, milestones, intervals and clocks.
    pub(super) fn report_rows(&self, report: &Report, when: When, into: &mut Vec<Row>) {
        into.push(self.report_row(report));
        self.milestone_rows(report, into);
        self.interval_rows(report, into);
        for clock in &report.clocks {
            into.extend(self.clock_row(report, clock, when));
        }
    }

    fn report_row(&self, report: &Report) -> Row {
        let tuple = self.tuples.get(report.effective);
        let text = |code| Cell::text(self.dictionary.text(code));
        let status = status(report);
        let clocks: Vec<ClockView> = report.clocks.iter().filter_map(|clock| self.clock_view(report, clock)).collect();
        let [kind, priority, site, department] = self.routing(report);
        let version = report.version_at(Self::NOW);
        let mut cells = vec![
            Cell::text(&report.id.to_string()),
            Cell::Int(i64::from(version)),
            kind,
            priority,
            tuple.tests.first().map_or(Cell::Null, |code| text(*code)),
            site,
            department,
            tuple.location.value().map_or(Cell::Null, text),
            text(tuple.source),
            Cell::from(tuple.class.value().map(wardline_rules::words::PatientClass::name)),
            Cell::from(status.map(Step::name)),
            Cell::from(status.and_then(Step::rank).map(i64::from)),
        ];
        let newest = report.records.iter().rfind(|record| record.step.is_some_and(Step::is_change));
        let newest = newest.map(|record| record.lo);
        cells.extend(STEPS.iter().map(|step| Cell::from(step_time(report, *step, newest))));
        let ended = report.end_in_force(Step::Cancelled).or_else(|| report.end_in_force(Step::EnteredInError));
        let is_open = status.is_some_and(|step| step.rank().is_none_or(|rank| rank < 70)) && ended.is_none();
        let active = self.active.and_then(|active| self.wards.get(active as usize));
        let token = |kind| move |token: wardline_rules::token::Token| Cell::text(&token.display(kind).to_string());
        cells.extend([
            Cell::from(ended.map(|record| record.lo)),
            Cell::from(report.register(Step::Final).map(|record| record.lo)),
            Cell::Bool(is_open),
            Cell::Bool(self.is_critical(report)),
            Cell::Int(i64::from(version.saturating_sub(1))),
            Cell::from(next_step(status, tuple.kind).map(Step::name)),
            Cell::from(tightest(&clocks)),
            Cell::time(report.opened),
            Cell::time(report.touched),
            active.map_or(Cell::Null, |ward| ward_cell(ward.program.version)),
            report.cold.placer.as_ref().map_or(Cell::Null, |ident| Cell::text(&ident.id)),
            report.cold.accession.as_ref().map_or(Cell::Null, |ident| Cell::text(&ident.id)),
            report.patient.map_or(Cell::Null, token(TokenKind::Patient)),
        ]);
        Row { table: Table::Reports, cells }
    }

    /// Whether it is flagged critical, or one of its newest results is.
    pub(super) fn is_critical(&self, report: &Report) -> bool {
        let mut runs = Vec::new();
        report.has_flag(FlagCode::Known(Flag::Critical), Self::NOW)
            || report.result_keys().into_iter().any(|key| {
                report.runs(key, &mut runs);
                runs.last().is_some_and(|run| run.content.is_critical)
            })
    }

    fn milestone_rows(&self, report: &Report, into: &mut Vec<Row>) {
        let from = into.len();
        let routing = self.routing(report);
        for milestone in milestones(report) {
            let mut cells = vec![
                Cell::text(&report.id.to_string()),
                Cell::Int(i64::from(milestone.version)),
                Cell::word(milestone.step.name()),
                Cell::time(milestone.at.lo),
                Cell::time(milestone.at.hi),
                Cell::Int(milestone.at.width().micros() / SECOND),
                Cell::time(milestone.heard),
            ];
            cells.extend(routing.iter().cloned());
            let row = Row { table: Table::Milestones, cells };
            // A step that happened often is shown with its last time.
            match into.iter_mut().skip(from).find(|known| super::same_key(known, &row)) {
                Some(known) => *known = row,
                None => into.push(row),
            }
        }
    }

    fn clock_row(&self, report: &Report, clock: &Clock, when: When) -> Option<Row> {
        let ward = self.wards.get(clock.ward as usize)?;
        let rule = ward.program.families.get(clock.index as usize)?.rules.get(clock.rule as usize)?;
        let view = self.clock_view(report, clock)?;
        let reading = view.reading;
        let has_ended = reading.ended != Timestamp::MAX;
        let seconds = |micros: i64| Cell::Int(micros / SECOND);
        let (state, outcome) = state_and_outcome(clock.state, has_ended);
        let is_running = matches!(clock.state, ClockState::Running | ClockState::Paused) && !has_ended;
        let state = if is_running && self.is_blind(report, when) { "unsure" } else { state };
        let is_settled = outcome.is_some() || has_ended;
        let overdue = has_ended && reading.ended > reading.due;
        let mut cells = vec![
            Cell::text(&self.clock_id(report, clock)),
            Cell::text(&report.id.to_string()),
            Cell::text(&rule.head.id),
            Cell::Int(i64::from(clock.cycle)),
            Cell::word(state),
            Cell::time(reading.started),
            Cell::time(reading.due),
            Cell::time(reading.ended),
            if is_settled { Cell::time(reading.ended.min(reading.due)) } else { Cell::Null },
            match rule.target {
                Length::Elapsed(span) | Length::Working(span) => seconds(span.micros()),
                Length::WorkingDays { .. } => Cell::Null,
            },
            if has_ended { seconds(view.used.micros()) } else { Cell::Null },
            if overdue { seconds(reading.ended.since(reading.due).micros()) } else { Cell::Null },
            Cell::from(outcome),
            ward_cell(ward.program.version),
        ];
        cells.extend(self.routing(report));
        Some(Row { table: Table::Clocks, cells })
    }

    /// Whether the feed that a report came by is lost or silent: what is not heard of may have happened [SLA-14].
    fn is_blind(&self, report: &Report, when: When) -> bool {
        let source = self.tuples.get(report.effective).source;
        let was_blind = (when == When::Before).then(|| self.feeds_before.get(&source)).flatten().copied();
        was_blind.unwrap_or_else(|| self.feeds.get(&source).is_some_and(crate::feeds::FeedLife::is_blind))
    }

    /// Stable over restarts and ward versions: the report, the family of the sla, and which cycle.
    fn clock_id(&self, report: &Report, clock: &Clock) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"clock");
        hasher.update(&report.id.0);
        hasher.update(self.dictionary.text(clock.family).as_bytes());
        hasher.update(&clock.cycle.to_le_bytes());
        Letters(cut(&hasher)).to_string()
    }
}

/// When a step counts for the newest version.
fn step_time(report: &Report, step: Step, newest: Option<Timestamp>) -> Option<Timestamp> {
    use wardline_rules::words::Scope;
    match (step.scope(), newest) {
        (Scope::Version, Some(change)) if step == Step::Final => Some(change),
        (Scope::After, Some(change)) => report.of_step(step).find(|record| record.lo >= change).map(|record| record.lo),
        (
            Scope::OrderFirst
            | Scope::OrderTruth
            | Scope::OrderEvery
            | Scope::End
            | Scope::Version
            | Scope::Change
            | Scope::After,
            _,
        ) => report.register(step).map(|record| record.lo),
    }
}

/// The words of a clock: a breach that nobody stopped yet is overdue.
const fn state_and_outcome(state: ClockState, has_ended: bool) -> (&'static str, Option<&'static str>) {
    match state {
        ClockState::Breached if has_ended => ("breached", Some("breached")),
        ClockState::Breached => ("overdue", Some("breached")),
        ClockState::Met => ("met", Some("met")),
        ClockState::Unsure => ("unsure", Some("unsure")),
        ClockState::Running
        | ClockState::Paused
        | ClockState::Cancelled
        | ClockState::Restarted
        | ClockState::Invalid => (state.word(), None),
    }
}

pub(super) fn void_report(row: &mut Row) {
    set(row, STATUS, Cell::word("merged"));
    set(row, STATUS + 1, Cell::Null);
    set(row, IS_OPEN, Cell::Bool(false));
    set(row, NEXT_STEP, Cell::Null);
    set(row, NEXT_STEP + 1, Cell::Null);
}

pub(super) fn void_milestone(row: &mut Row) {
    set(row, 3, Cell::Null);
    set(row, 4, Cell::Null);
}

pub(super) fn void_clock(row: &mut Row) {
    set(row, 4, Cell::word("void"));
    set(row, 12, Cell::Null);
}
