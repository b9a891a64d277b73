//! Gate, tested: it fails on the figure it names.

use super::*;
use crate::result::Setup;
use crate::result::tests::stalled;

fn verdict(gate: &str) -> Option<String> {
    let outcome = stalled(200).outcome(Setup::default(), 1.0, 22);
    Gate::parse(gate).unwrap().verdict(&outcome)
}

#[test]
fn gates_fail_on_the_figure_they_name() {
    // 1,000 events in a second; the median takes 1 ms, the slowest 201 ms.
    assert_eq!(verdict("p50>2ms"), None);
    assert!(verdict("p99 > 20ms").unwrap().starts_with("p99 > 20ms: "));
    assert!(verdict("max>0.1s").is_some() && verdict("max>1s").is_none());
    assert_eq!(verdict("accepted<2k/s").unwrap(), "accepted<2k/s: 1000/s");
    assert_eq!(verdict("errors>0"), None);
    assert_eq!(verdict("backlog>10").unwrap(), "backlog>10: 22");
}

#[test]
fn run_that_accepts_nothing_passes_no_latency_gate() {
    let outcome = Outcome::default();
    let verdict = Gate::parse("p99.9>1min").unwrap().verdict(&outcome);
    assert_eq!(verdict.unwrap(), "p99.9>1min: nothing was accepted");
}

#[test]
fn nonsense_is_refused() {
    for text in ["", "p99", "p99>", "p99>fast", "p101>5ms", "p99=5ms", "errors>-1", "accepted<5", "speed>3/s", "é>3"] {
        assert_eq!(Gate::parse(text).unwrap_err().code(), "WL1806", "{text}");
    }
}
