//! Result, tested: stalls show, flows add up, files come back.

use super::*;

const MILLI: u64 = 1_000;

/// A hundred requests, one each 10 ms and answered in 1 ms; in the middle a stall of `stall` ms, during which nothing can be sent.
pub(crate) fn stalled(stall: u64) -> Tally {
    let mut tally = Tally::default();
    let mut free = 0;
    for number in 0..100 {
        let intended = number * 10 * MILLI;
        let sent = intended.max(free);
        let pause = if number == 50 { stall * MILLI } else { 0 };
        let done = sent + MILLI + pause;
        free = done;
        tally.offer(intended, 10);
        tally.add(Sample { intended, sent, done, events: 10, ending: Ending::Accepted });
    }
    tally
}

#[test]
fn stall_shows_in_the_corrected_latencies_and_hides_in_the_uncorrected() {
    let outcome = stalled(200).outcome(Setup::default(), 1.0, 1);
    // One answer took 201 ms; the requests behind it waited 192, 183, 174 … ms: 23 in all waited more than 2 ms.
    assert!(outcome.corrected.p90_us > 100 * MILLI, "{:?}", outcome.corrected);
    assert!(outcome.uncorrected.p90_us < 2 * MILLI, "{:?}", outcome.uncorrected);
    assert!(
        outcome.corrected.max_us.abs_diff(201 * MILLI) < 200 && outcome.uncorrected.max_us == outcome.corrected.max_us
    );
}

#[test]
fn flows_add_up_and_what_was_not_answered_is_named() {
    let mut tally = stalled(0);
    tally.offer(0, 10);
    tally.offer(0, 10);
    tally.add(Sample { intended: 0, sent: 0, done: 5, events: 10, ending: Ending::Refused });
    let outcome = tally.outcome(Setup::default(), 1.0, 1);
    assert_eq!((outcome.offered.events, outcome.accepted.events, outcome.refused.events), (1020, 1000, 10));
    assert_eq!(outcome.unanswered, Flow { requests: 1, events: 10 });
    assert!((outcome.accepted_per_second() - 1000.0).abs() < 1e-6);
    assert_eq!(outcome.series[0].offered, 1020);
}

#[test]
fn result_comes_back_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.json");
    let outcome = stalled(20).outcome(Setup { profile: "clinic".to_owned(), ..Setup::default() }, 1.0, 3);
    std::fs::write(&path, outcome.json()).unwrap();
    assert_eq!(Outcome::read(&path).unwrap(), outcome);
    std::fs::write(&path, "{}").unwrap();
    assert_eq!(Outcome::read(&path).unwrap_err().code(), "WL1809");
    assert_eq!(Outcome::read(&folder.path().join("none.json")).unwrap_err().code(), "WL1809");
}

#[test]
fn histogram_log_can_be_read_back() {
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
    let log = stalled(20).log(1.0).unwrap();
    let tags: Vec<String> = IntervalLogIterator::new(&log)
        .filter_map(|entry| match entry.unwrap() {
            LogEntry::Interval(interval) => interval.tag().map(|tag| tag.as_str().to_owned()),
            _ => None,
        })
        .collect();
    let (seconds, whole) = tags.split_at(tags.len() - 2);
    assert!(!seconds.is_empty() && seconds.iter().all(|tag| tag == "corrected-second"), "{tags:?}");
    assert_eq!(whole, ["corrected", "uncorrected"]);
}
