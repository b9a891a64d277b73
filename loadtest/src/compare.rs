//! Compare: which of two runs was better?
//!
//! Figures side by side with their ratio. Latencies below each other are only comparable when both runs were asked for the same load,
//! so what was asked comes first, and a difference there is said aloud.
//! - **How it fits**: `wardline-loadtest compare A B`.
//! - **Not here**: whether a difference is luck; repeat the run.

use serde::Serialize;

use crate::result::Outcome;

/// One figure of both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// What it is.
    pub name: &'static str,
    /// Of the first run.
    pub a: f64,
    /// Of the second.
    pub b: f64,
    /// Second ÷ first; absent when the first is 0.
    pub ratio: Option<f64>,
}

impl Row {
    fn new(name: &'static str, a: f64, b: f64) -> Self {
        Self { name, a, b, ratio: (a > 0.0).then(|| b / a) }
    }
}

/// All figures of both runs.
#[must_use]
pub fn rows(a: &Outcome, b: &Outcome) -> Vec<Row> {
    let row = |name, of: fn(&Outcome) -> f64| Row::new(name, of(a), of(b));
    vec![
        row("offered, events/s", Outcome::offered_per_second),
        row("accepted, events/s", Outcome::accepted_per_second),
        row("refused, requests", |outcome| outcome.refused.requests as f64),
        row("failed, requests", |outcome| outcome.failed.requests as f64),
        row("unanswered, requests", |outcome| outcome.unanswered.requests as f64),
        row("backlog, most requests", |outcome| outcome.backlog_max as f64),
        row("p50, ms", |outcome| outcome.corrected.p50_us as f64 / 1e3),
        row("p90, ms", |outcome| outcome.corrected.p90_us as f64 / 1e3),
        row("p99, ms", |outcome| outcome.corrected.p99_us as f64 / 1e3),
        row("p99.9, ms", |outcome| outcome.corrected.p999_us as f64 / 1e3),
        row("p99.99, ms", |outcome| outcome.corrected.p9999_us as f64 / 1e3),
        row("max, ms", |outcome| outcome.corrected.max_us as f64 / 1e3),
        row("p99 uncorrected, ms", |outcome| outcome.uncorrected.p99_us as f64 / 1e3),
    ]
}

/// What was asked differently; empty when the runs can be compared.
#[must_use]
pub fn differences(a: &Outcome, b: &Outcome) -> Vec<String> {
    let mut told = Vec::new();
    let mut compare = |name: &str, a: String, b: String| {
        if a != b {
            told.push(format!("{name}: {a} and {b}"));
        }
    };
    let rate =
        |outcome: &Outcome| outcome.setup.rate.map_or_else(|| "as shaped".to_owned(), |rate| format!("{rate:.0}/s"));
    compare("profile", a.setup.profile.clone(), b.setup.profile.clone());
    compare("rate", rate(a), rate(b));
    compare("scenarios", a.setup.scenarios.join(", "), b.setup.scenarios.join(", "));
    compare("events per request", a.setup.batch.to_string(), b.setup.batch.to_string());
    compare("connections", a.setup.connections.to_string(), b.setup.connections.to_string());
    compare("cores", a.setup.cores.to_string(), b.setup.cores.to_string());
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::Setup;
    use crate::result::tests::stalled;

    #[test]
    fn ratio_is_the_second_over_the_first() {
        let outcome = |stall| stalled(stall).outcome(Setup::default(), 1.0, 2);
        let rows = rows(&outcome(100), &outcome(200));
        let of = |name: &str| rows.iter().find(|row| row.name == name).unwrap();
        assert_eq!(of("accepted, events/s").ratio, Some(1.0));
        assert_eq!(of("failed, requests").ratio, None);
        // 201 ÷ 101.
        assert!((of("max, ms").ratio.unwrap() - 1.99).abs() < 0.02);
    }

    #[test]
    fn runs_that_were_asked_differently_are_named() {
        let setup = |profile: &str, rate| Setup { profile: profile.to_owned(), rate, ..Setup::default() };
        let [a, b] =
            [setup("clinic", None), setup("hospital", Some(500.0))].map(|setup| stalled(0).outcome(setup, 1.0, 0));
        assert_eq!(differences(&a, &b), ["profile: clinic and hospital", "rate: as shaped and 500/s"]);
        assert!(differences(&a, &a).is_empty());
    }
}
