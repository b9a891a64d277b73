//! Turnaround: the tables of slices, by minute, hour and day.
//!
//! What a report adds to a slice is decided in the core; here one change becomes three, under the minute, the hour and the
//! day of the site.

use wardline_rules::row::Table;

use super::{
    Column, Definition,
    Type::{Date, I16, I32, I64, Sketch, Sym, Ts},
    care::{DEPARTMENT, KIND, PRIORITY, SITE},
    col,
};

/// How many columns of a slice are its key.
pub(crate) const KEY: usize = 6;
/// The words of the key, behind its instant.
pub(crate) const WORDS: [&str; KEY - 1] = ["interval_name", "kind", "priority", "site", "department"];
/// The counters, behind the key.
pub(crate) const COUNTERS: [&str; 4] = ["n", "n_met", "n_breached", "n_open_overdue"];

const INTERVAL: Column = col(
    "interval_name",
    Sym,
    "receive_to_final, order_to_final …; for a clock that measures none of them, the id of its sla",
);
const N: Column = col("n", I32, "durations that ended in this slice");
const MET: Column = col("n_met", I32, "clocks stopped in time, counted when they stopped");
const BREACHED: Column = col("n_breached", I32, "clocks that passed their due time, counted at that time");
const OVERDUE: Column = col("n_open_overdue", I32, "of those breached: neither stopped nor cancelled since");
const SUM: Column = col("sum_s", I64, "all durations together");
const TAT: Column = col("tat", Sketch, "the durations, for quantiles of any sum of slices");
const LOCAL_DATE: Column = col("local_date", Date, "day at the site");
const LOCAL_HOUR: Column = col("local_hour", I16, "hour at the site, 0 to 23");
const LOCAL_DOW: Column = col("local_dow", I16, "day of the week at the site, 1 Monday to 7 Sunday");

pub(super) const MINUTES: Definition = Definition {
    table: Table::Turnaround1m,
    comment: "what ended in one minute: durations, clocks met and breached, of one interval, kind, priority and place",
    key: KEY,
    is_summed: true,
    keep_days: Some(35),
    columns: &[
        col("minute_at", Ts, "start of the minute"),
        INTERVAL,
        KIND,
        PRIORITY,
        SITE,
        DEPARTMENT,
        N,
        MET,
        BREACHED,
        OVERDUE,
        SUM,
        TAT,
        LOCAL_DATE,
        LOCAL_HOUR,
        LOCAL_DOW,
    ],
    sort: &["interval_name", "kind", "priority", "site", "department", "minute_at"],
};

pub(super) const HOURS: Definition = Definition {
    table: Table::Turnaround1h,
    comment: "the same by hour of the site",
    key: KEY,
    is_summed: true,
    keep_days: Some(400),
    columns: &[
        col("hour_at", Ts, "start of the hour at the site"),
        INTERVAL,
        KIND,
        PRIORITY,
        SITE,
        DEPARTMENT,
        N,
        MET,
        BREACHED,
        OVERDUE,
        SUM,
        TAT,
        LOCAL_DATE,
        LOCAL_HOUR,
        LOCAL_DOW,
    ],
    sort: &["interval_name", "kind", "priority", "site", "department", "hour_at"],
};

pub(super) const DAYS: Definition = Definition {
    table: Table::Turnaround1d,
    comment: "the same by day of the site",
    key: KEY,
    is_summed: true,
    keep_days: Some(3_653),
    columns: &[
        col("day_at", Ts, "start of the day at the site"),
        INTERVAL,
        KIND,
        PRIORITY,
        SITE,
        DEPARTMENT,
        N,
        MET,
        BREACHED,
        OVERDUE,
        SUM,
        TAT,
        LOCAL_DATE,
    ],
    sort: &["interval_name", "kind", "priority", "site", "department", "day_at"],
};
