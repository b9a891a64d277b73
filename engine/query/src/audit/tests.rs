//! Tests: is every statement written down, once and in a chain?

use super::*;
use crate::figures::Levels;

fn figures() -> Arc<Figures> {
    Arc::new(Figures::new().unwrap())
}

fn lines(folder: &Path) -> Vec<String> {
    let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn each_line_holds_the_hash_of_the_one_before_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let audit = Arc::new(Audit::open(Some(folder.path()), figures()).unwrap());
        for role in [Role::Analyst, Role::Phi] {
            let mut asked = audit.begin(&Asker::new("ana", role, "http"), &hash("SELECT 1"), "reports").unwrap();
            asked.rows(3);
            asked.ended_well();
        }
    }
    let lines = lines(folder.path());
    assert_eq!(lines.len(), 6, "two for a statement of phi: one before its first row");
    let previous =
        |line: &String| serde_json::from_str::<serde_json::Value>(line).unwrap()["prev"].as_str().unwrap().to_owned();
    assert_eq!(previous(&lines[0]), "");
    for pair in lines.windows(2) {
        assert_eq!(previous(&pair[1]), hash(&pair[0]));
    }
    let shown = Audit::open(Some(folder.path()), figures()).unwrap().newest();
    assert_eq!(shown.iter().map(|entry| (entry.rows, entry.outcome.as_str())).collect::<Vec<_>>(), [(3, "ok"); 4]);
}

#[test]
fn what_is_not_ended_was_cancelled_and_what_failed_stays_so() {
    let audit = Arc::new(Audit::open(None, figures()).unwrap());
    let begin = || audit.begin(&Asker::new("ana", Role::Analyst, "postgres"), "h", "").unwrap();
    drop(begin());
    let mut failed = begin();
    failed.failed(&Error::new(Code::Time, "too long"));
    failed.ended_well();
    drop(failed);
    let outcomes: Vec<String> = audit.newest().into_iter().map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, ["cancelled", "timeout"]);
    let text = audit.figures.text(Levels { at: 1_500_000, ..Levels::default() });
    assert!(text.contains("wardline_queries_total{endpoint=\"postgres\",outcome=\"timeout\"} 1\n"), "{text}");
    assert!(
        text.contains("wardline_queries_total{endpoint=\"http\",outcome=\"ok\"} 0\n"),
        "there from the start: {text}"
    );
    assert!(text.contains("wardline_query_duration_seconds_count{endpoint=\"postgres\"} 2\n"), "{text}");
    assert!(text.contains("wardline_queries_running 0\n") && text.contains("timestamp_seconds 1.5\n"), "{text}");
}

#[test]
fn a_statement_that_waits_does_not_run() {
    let audit = Arc::new(Audit::open(None, figures()).unwrap());
    let begin = || audit.begin(&Asker::new("ana", Role::Analyst, "http"), "h", "").unwrap();
    let _both = (begin(), begin());
    let text = audit.figures.text(Levels { waiting: 1, memory: 4096, ..Levels::default() });
    for line in ["wardline_queries_running 1\n", "wardline_queries_waiting 1\n", "wardline_query_memory_bytes 4096\n"] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[test]
fn patient_data_are_not_answered_when_nobody_can_write_down_who_asked() {
    let folder = tempfile::tempdir().unwrap();
    let audit = Arc::new(Audit::open(Some(folder.path()), figures()).unwrap());
    drop(folder);
    let refused = audit.begin(&Asker::new("dr", Role::Phi, "http"), "h", "").unwrap_err();
    assert_eq!(refused.code, Code::Audit);
    assert!(audit.begin(&Asker::new("ana", Role::Analyst, "http"), "h", "").is_ok());
}
