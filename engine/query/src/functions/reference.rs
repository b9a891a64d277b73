//! Reference: what does the page about functions say?
//!
//! Made from the list below and from the lists of what is let through; a test holds page, lists and what can be called
//! against each other.

use super::{AGGREGATE, SCALAR, WINDOW};

/// A function of ours, as the page shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ours {
    /// Its name.
    pub name: &'static str,
    /// Its arguments.
    pub arguments: &'static str,
    /// What it gives.
    pub result: &'static str,
    /// What that means, and its errors.
    pub meaning: &'static str,
}

const fn ours(name: &'static str, arguments: &'static str, result: &'static str, meaning: &'static str) -> Ours {
    Ours { name, arguments, result, meaning }
}

/// All of ours.
pub const OURS: &[Ours] = &[
    ours("tat_sketch", "d i32", "sketch, aggregate", "of raw seconds; NULL of no rows. d < 0: WL1520"),
    ours("tat_merge", "s sketch", "sketch, aggregate", "sketches joined; NULL of no rows. Malformed: WL1521"),
    ours(
        "tat_quantile",
        "s sketch, q f64",
        "i32 seconds",
        "the value, or the middle of its cell. q outside 0 to 1: WL1522",
    ),
    ours("tat_quantile_lo", "s sketch, q f64", "i32 seconds", "the quantile is truly not below this; equal when exact"),
    ours("tat_quantile_hi", "s sketch, q f64", "i32 seconds", "the quantile is truly not above this; equal when exact"),
    ours("tat_count", "s sketch", "i64", "how many values, less what was taken back"),
    ours("tat_exact", "s sketch", "bool", "whether it holds every value as it was: up to 64 of them"),
    ours("tat_min", "s sketch", "i32 seconds", "the smallest, or the lower bound of its cell"),
    ours(
        "tat_max",
        "s sketch",
        "i32 seconds",
        "the largest, or the upper bound of its cell; 2147483647 beyond 40 days",
    ),
    ours(
        "tat_fraction_within",
        "s sketch, t i32",
        "f64",
        "share of values that are surely at most t: never flatters. For targets of the ward use `n_met`",
    ),
    ours("tat_buckets", "s sketch", "list of (lo_s, hi_s, n)", "its cells, for `unnest`"),
    ours("attainment", "met i64, breached i64", "f64", "met / (met + breached); NULL when nothing settled"),
    ours("wilson_lo", "k i64, n i64", "f64", "lower bound of the 95 % Wilson interval of k of n; k > n: WL1522"),
    ours("wilson_hi", "k i64, n i64", "f64", "its upper bound"),
    ours(
        "time_bucket",
        "width interval or text, t ts[, zone txt]",
        "ts",
        "begin of the bucket, counted from Monday 2000-01-03 in UTC or in a zone. Months or ≤ 0: WL1523; unknown zone: WL1524",
    ),
    ours("site_time", "t ts, site txt", "timestamp without zone", "what the clock at the site shows"),
    ours(
        "working_seconds",
        "calendar txt, a ts, b ts",
        "i64",
        "seconds of work time in [a, b), negative if b is before a. Unknown calendar: WL1525",
    ),
    ours(
        "working_add",
        "calendar txt, a ts, s i64",
        "ts",
        "when s seconds of work time since a are over; no opening within 400 days: WL1526",
    ),
    ours("is_open_at", "calendar txt, t ts", "bool", "whether t is work time"),
    ours("duration_text", "s i64", "txt", "`45 s`, `12 min`, `1 h 02 min`, `3 d 04 h`"),
    ours("snapshot_epoch", "", "i64", "the epoch that the statement reads"),
    ours("now", "", "ts", "log time of the snapshot: the same text at the same epoch gives the same answer"),
    ours("clock_timestamp", "", "ts", "the wall clock of the query process"),
    ours(
        "generate_series",
        "a, b[, step]",
        "table of `value`",
        "instants in steps of an interval, or whole numbers; both ends included. More than 1,000,000 rows: WL1528",
    ),
];

/// The page `docs/reference/functions.md`.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(
        "# SQL functions\n\nMade from `engine/query/src/functions`; a test holds it against what can be called. NULL in gives \
         NULL out. Errors are pages of [errors](../errors/README.md).\n\n## Ours\n\nA *sketch* is a column of durations in a \
         few hundred bytes: exact below 256 s and up to 64 values, else within 0.4 %. Sketches of parts can be joined into \
         the sketch of the whole, which quantiles cannot.\n\n| function | gives | meaning |\n|---|---|---|\n",
    );
    for one in OURS {
        let line = format!("| `{}({})` | {} | {} |\n", one.name, one.arguments, one.result, one.meaning);
        page.push_str(&line);
    }
    let parts = [("Scalar", SCALAR), ("Aggregates", AGGREGATE), ("Window functions", WINDOW)];
    page.push_str("\n## As in PostgreSQL or DataFusion\n\nNo other function is answered.\n");
    for (title, names) in parts {
        let mut names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        names.sort();
        let text = format!("\n- **{title}**: {}", names.join(" "));
        page.push_str(&text);
    }
    page.push('\n');
    page
}
