//! Rows: which rows of which tables does the last batch make?
//!
//! A report, an alert or a notice that changed gets new versions of exactly those rows that read differently now; attempts,
//! data-quality notes and activations are appended. A row is a function of the state after the batch, so replay makes the
//! same rows again, however often.
//!
//! - **How it fits**: a driver that keeps an archive calls [`Partition::watch_rows`] once and [`Partition::rows`] after
//!   each step; all others pay nothing.
//! - **Late news**: changes rows like any other; a milestone that no longer holds is said again without a time.
//! - LIMIT: a batch makes at most some eighty rows for each report it touches.
//! - **Not here**: names and types of the columns (`wardline-tables`), numbering of rows.

mod alert;
pub(crate) mod interval;
mod report;
mod slice;

use wardline_rules::{
    program::{Level, WardVersion},
    row::{Cell, Row, Table},
    token::base32,
};

use crate::{
    input::{Batch, Input, Outcome},
    output::Output,
    partition::Partition,
    report::Report,
};

/// As of when rows are made: what a report reads like also depends on its feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum When {
    /// Before the batch.
    Before,
    /// After it.
    Now,
}

impl Partition {
    /// From the next batch on, [`Self::rows`] tells what changed.
    pub fn watch_rows(&mut self) {
        self.reports.watch();
        self.alerts.watch();
        self.notices.watch();
    }

    pub(crate) fn begin_rows(&mut self) {
        self.reports.forget_before();
        self.alerts.forget_before();
        self.notices.forget_before();
        self.absorbed.clear();
        self.doubts.clear();
        self.feeds_before.clear();
    }

    /// Adds the rows of the last batch.
    ///
    /// - **Input** `batch`, `out`: what was given to the last [`step`](crate::step) and what it said.
    /// - **Output**: in order of table and key; the same on every replay. Only appended rows without [`Self::watch_rows`].
    pub fn rows(&self, batch: &Batch, out: &Output, into: &mut Vec<Row>) {
        for before in &self.absorbed {
            self.absorbed_rows(before, into);
            self.slice_rows(Some(before), None, into);
        }
        for (place, before) in self.reports.before() {
            let Some(after) = self.reports.get(place) else { continue };
            // Another report may live where one left.
            let before = before.filter(|before| before.id == after.id).map(|before| &**before);
            self.changed_rows(before, after, into);
            self.slice_rows(before, Some(after), into);
        }
        for (place, before) in self.alerts.before() {
            let Some(alert) = self.alerts.get(place) else { continue };
            let row = self.alert_row(alert);
            if before.is_none_or(|before| before.id != alert.id || self.alert_row(before) != row) {
                into.push(row);
            }
        }
        for (place, before) in self.notices.before() {
            let Some(notice) = self.notices.get(place) else { continue };
            let Some(row) = self.notice_row(notice) else { continue };
            let is_same = before.is_some_and(|before| self.notice_row(before).as_ref() == Some(&row));
            if !is_same {
                into.push(row);
            }
        }
        self.input_rows(batch, into);
        quality_rows(out, into);
    }

    /// Adds the newest row of every key that is in memory.
    ///
    /// - **Cost**: looks at everything once.
    pub fn all_rows(&self, into: &mut Vec<Row>) {
        self.reports.iter().for_each(|(_, report)| self.report_rows(report, When::Now, into));
        into.extend(self.alerts.iter().map(|(_, alert)| self.alert_row(alert)));
        into.extend(self.notices.iter().filter_map(|(_, notice)| self.notice_row(notice)));
    }

    fn changed_rows(&self, before: Option<&Report>, after: &Report, into: &mut Vec<Row>) {
        let mut old = Vec::new();
        let mut new = Vec::new();
        if let Some(before) = before {
            self.report_rows(before, When::Before, &mut old);
        }
        self.report_rows(after, When::Now, &mut new);
        let gone: Vec<Row> =
            old.iter().filter(|old| !new.iter().any(|new| same_key(old, new))).filter_map(voided).collect();
        into.extend(new.into_iter().filter(|row| !old.contains(row)));
        into.extend(gone);
    }

    /// A report that became part of another: it is counted nowhere any more.
    fn absorbed_rows(&self, before: &Report, into: &mut Vec<Row>) {
        let mut old = Vec::new();
        self.report_rows(before, When::Before, &mut old);
        into.extend(old.iter().filter_map(voided));
    }

    fn input_rows(&self, batch: &Batch, into: &mut Vec<Row>) {
        for input in &batch.inputs {
            match input {
                Input::Attempt(attempt) if attempt.outcome != Outcome::Started => {
                    into.extend(self.attempt_row(*attempt));
                }
                Input::Activate(activation) => into.push(Row {
                    table: Table::Wards,
                    cells: vec![
                        ward_cell(activation.program.version),
                        Cell::text(&activation.program.name),
                        Cell::time(self.at),
                        Cell::text(&activation.author),
                    ],
                }),
                Input::Attempt(_)
                | Input::Event(_)
                | Input::Silence(_)
                | Input::Lift(_)
                | Input::Feed(_)
                | Input::Tick => {}
            }
        }
    }

    /// Kind, priority, site and department of a report: the key by which figures are grouped.
    fn routing(&self, report: &Report) -> [Cell; 4] {
        let tuple = self.tuples.get(report.effective);
        [
            Cell::from(tuple.kind.map(wardline_rules::words::Kind::name)),
            Cell::word(tuple.priority.value().unwrap_or(wardline_rules::words::Priority::Unknown).name()),
            Cell::text(self.dictionary.text(tuple.site)),
            Cell::text(self.dictionary.text(tuple.department)),
        ]
    }
}

/// How many cells at the start of a row are its key; 0 for tables without one.
const fn key_len(table: Table) -> usize {
    match table {
        Table::Reports | Table::Clocks | Table::Alerts | Table::Notices | Table::Wards => 1,
        Table::Milestones | Table::Intervals => 3,
        Table::Attempts | Table::DataQuality | Table::Turnaround1m | Table::Turnaround1h | Table::Turnaround1d => 0,
    }
}

fn same_key(one: &Row, other: &Row) -> bool {
    let len = key_len(one.table);
    one.table == other.table && one.cells.get(..len) == other.cells.get(..len)
}

/// The row that says of a key that there is nothing any more.
fn voided(row: &Row) -> Option<Row> {
    let mut row = row.clone();
    match row.table {
        Table::Reports => report::void_report(&mut row),
        Table::Milestones => report::void_milestone(&mut row),
        Table::Intervals => interval::void(&mut row),
        Table::Clocks => report::void_clock(&mut row),
        Table::Alerts
        | Table::Notices
        | Table::Attempts
        | Table::DataQuality
        | Table::Wards
        | Table::Turnaround1m
        | Table::Turnaround1h
        | Table::Turnaround1d => return None,
    }
    Some(row)
}

fn set(row: &mut Row, place: usize, cell: Cell) {
    if let Some(found) = row.cells.get_mut(place) {
        *found = cell;
    }
}

fn quality_rows(out: &Output, into: &mut Vec<Row>) {
    let from = into.len();
    for noted in &out.quality {
        let cells = vec![
            Cell::time(noted.at),
            Cell::text(&noted.source),
            Cell::word(noted.fault.name()),
            Cell::text(&noted.rule),
            Cell::text(&noted.field),
            Cell::Int(1),
        ];
        let same = into.iter_mut().skip(from).find(|row| row.cells.iter().take(5).eq(cells.iter().take(5)));
        match same.and_then(|row| row.cells.get_mut(5)) {
            Some(Cell::Int(n)) => *n += 1,
            Some(_) | None => into.push(Row { table: Table::DataQuality, cells }),
        }
    }
}

/// The first twelve hexadecimal digits of a ward's hash.
fn ward_cell(version: WardVersion) -> Cell {
    let digits: String = version.0.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Cell::text(&digits)
}

const fn level_word(level: Level) -> &'static str {
    match level {
        Level::Red => "red",
        Level::Orange => "orange",
        Level::Yellow => "yellow",
    }
}

/// 26 letters of base-32.
struct Letters([u8; 16]);

impl core::fmt::Display for Letters {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        base32(f, self.0)
    }
}
