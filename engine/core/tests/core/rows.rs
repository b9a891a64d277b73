//! Rows: does what the tables hear add up to what the core knows, and to nothing else?

use std::collections::BTreeMap;

use wardline_core::Input;
use wardline_core::input::{Attempt, FeedState, FeedStatus, Outcome};
use wardline_rules::{
    program::Alert,
    row::{Cell, Row, Table},
    words::{Act, Flag, Step},
};

use crate::{
    driver::Run,
    said::{DR_BELL, Said, answer, at, joined},
    ward::{critical_alert, elapsed, lab_hour, only_sla, program},
};

fn watched(mut run: Run) -> Run {
    run.partition.watch_rows();
    run
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => "-".to_owned(),
        Cell::Bool(yes) => yes.to_string(),
        Cell::Int(number) => number.to_string(),
        Cell::Time(at) => crate::said::clock(*at),
        Cell::Text(text) => text.to_string(),
    }
}

/// Some cells of the rows of one table.
fn told(run: &Run, table: Table, places: &[usize]) -> Vec<String> {
    let rows = run.rows();
    let rows = rows.iter().filter(|row| row.table == table);
    rows.map(|row| places.iter().map(|place| text(&row.cells[*place])).collect::<Vec<_>>().join(" ")).collect()
}

/// Clock, state, due, stopped, used, overdue, outcome.
const CLOCK: [usize; 7] = [2, 4, 6, 7, 10, 11, 12];

#[test]
fn a_clock_is_told_when_it_starts_breaches_and_ends_and_at_no_other_time() {
    let mut run = watched(Run::of(only_sla(lab_hour())));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    assert_eq!(told(&run, Table::Clocks, &CLOCK), ["sla/Lab running 10:00 - - - -"]);
    assert_eq!(told(&run, Table::Milestones, &[2, 3]), ["received 09:00"]);
    assert_eq!(
        told(&run, Table::Intervals, &[2, 3, 4, 6]),
        ["receive_to_analysed running 09:00 -", "receive_to_final running 09:00 -",]
    );
    run.pass("09:29");
    assert_eq!(run.rows(), [], "time alone changes no row");
    run.pass("10:00");
    assert_eq!(told(&run, Table::Clocks, &CLOCK), ["sla/Lab overdue 10:00 - - - breached"]);
    run.hear("10:20", Said::step(Step::Final, "10:20"));
    assert_eq!(told(&run, Table::Clocks, &CLOCK), ["sla/Lab breached 10:00 10:20 4800 1200 breached"]);
    assert_eq!(told(&run, Table::Milestones, &[2, 3]), ["final 10:20"], "what was told is not told again");
    assert_eq!(told(&run, Table::Reports, &[10, 17, 25]), ["final 10:20 false"]);
}

#[test]
fn late_news_replaces_what_was_told() {
    // [SLA-10] the final was in time after all.
    let mut run = watched(Run::of(only_sla(lab_hour())));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.pass("10:00");
    run.hear("10:05", Said::step(Step::Final, "09:50"));
    assert_eq!(told(&run, Table::Clocks, &CLOCK), ["sla/Lab met 10:00 09:50 3000 - met"]);
    let final_ = told(&run, Table::Intervals, &[2, 3, 6]);
    assert!(final_.contains(&"receive_to_final complete 3000".to_owned()), "{final_:?}");
}

#[test]
fn a_repetition_is_a_fact_about_the_feed_and_about_nothing_else() {
    let mut run = watched(Run::of(only_sla(lab_hour())));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.hear("09:05", Said::step(Step::Received, "09:00").id("said again"));
    let tables: Vec<Table> = run.rows().iter().map(|row| row.table).collect();
    assert!(tables.contains(&Table::DataQuality));
    assert!(!tables.contains(&Table::Clocks) && !tables.contains(&Table::Milestones), "{tables:?}");
    assert_eq!(told(&run, Table::DataQuality, &[1, 2, 5]), ["lis duplicate 1"]);
}

#[test]
fn a_milestone_that_no_longer_holds_is_told_without_a_time() {
    let mut run = watched(Run::of(only_sla(lab_hour())));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.hear("09:10", Said::step(Step::Cancelled, "09:10"));
    assert_eq!(told(&run, Table::Milestones, &[2, 3]), ["cancelled 09:10"]);
    // [REP-5] a result undoes a cancellation.
    run.hear("09:20", Said::step(Step::Preliminary, "09:20"));
    assert_eq!(told(&run, Table::Milestones, &[2, 3]), ["preliminary 09:20", "cancelled -"]);
}

#[test]
fn an_attempt_is_told_once_with_how_long_it_took() {
    let mut run = watched(Run::hospital());
    run.hear("09:00", Said::step(Step::Final, "09:00").potassium("7.1").flag(Flag::Critical).ordered_by(DR_BELL));
    let started = run.start("09:01");
    let nid = started[0];
    let outcome = |number, outcome| Input::Attempt(Attempt { nid, number, epoch: 1, outcome });
    run.inputs("09:01:02", vec![outcome(1, Outcome::Delivered)]);
    assert_eq!(told(&run, Table::Attempts, &[1, 3, 6]), ["1 delivered 2000"]);
    assert_eq!(told(&run, Table::Notices, &[7, 11]), ["delivered 1"]);
    assert_eq!(told(&run, Table::Alerts, &[5, 8]), ["delivered 09:01:02"]);
}

/// The newest row of each key, by table and key.
fn newest(rows: &[Row], into: &mut BTreeMap<(Table, Vec<Cell>), Row>) {
    for row in rows {
        let key = match row.table {
            Table::Milestones | Table::Intervals => 3,
            Table::Attempts | Table::DataQuality | Table::Turnaround1m | Table::Turnaround1h | Table::Turnaround1d => {
                continue;
            }
            Table::Reports | Table::Clocks | Table::Alerts | Table::Notices | Table::Wards => 1,
        };
        into.insert((row.table, row.cells[..key].to_vec()), row.clone());
    }
}

#[test]
fn what_was_told_adds_up_to_what_is_known() {
    let mut run = watched(Run::hospital());
    let check = |run: &Run| {
        let mut heard = BTreeMap::new();
        newest(&run.all_rows, &mut heard);
        let mut all = Vec::new();
        run.partition.all_rows(&mut all);
        let mut known = BTreeMap::new();
        newest(&all, &mut known);
        for (key, row) in &known {
            assert_eq!(heard.get(key), Some(row), "the newest row told of {key:?}");
        }
    };
    let steps = [
        ("09:00", Said::step(Step::Received, "08:55")),
        ("09:01", Said::step(Step::Received, "08:50").of("R2")),
        ("09:05", Said::update("09:05").flag(Flag::OnHold)),
        ("09:20", Said::update("09:15").no_flag(Flag::OnHold).site("STANNE")),
        ("09:30", Said::step(Step::Final, "09:29").potassium("7.1").flag(Flag::Critical).ordered_by(DR_BELL)),
        ("09:50", Said::step(Step::Final, "09:10").of("R2")),
        ("10:10", Said::step(Step::Corrected, "10:09").potassium("4.1").no_flag(Flag::Critical)),
        ("10:20", Said::step(Step::Received, "08:40").of("R2").id("an earlier receipt")),
        ("10:40", Said::step(Step::EnteredInError, "10:40").of("R2")),
    ];
    for (clock, said) in steps {
        run.hear(clock, said);
        check(&run);
        let now = at(clock).plus(wardline_rules::time::Span::from_seconds(10));
        let mut proposals = Vec::new();
        run.partition.proposals(64, &mut proposals);
        let attempt = |proposal: &wardline_core::Proposal, outcome| {
            Input::Attempt(Attempt { nid: proposal.nid, number: proposal.number, epoch: 1, outcome })
        };
        run.batch(now, proposals.iter().map(|proposal| attempt(proposal, Outcome::Started)).collect());
        check(&run);
        let later = now.plus(wardline_rules::time::Span::from_seconds(1));
        run.batch(later, proposals.iter().map(|proposal| attempt(proposal, Outcome::Delivered)).collect());
        check(&run);
    }
    let code = run.code();
    run.inputs("10:50", vec![answer(Act::Read, &code, "10:50").input()]);
    check(&run);
    let of_notices = run.all_rows.iter().filter(|row| row.table == Table::Notices).count();
    assert!(of_notices > 6 && run.all_rows.len() > 60, "{of_notices} of {} rows", run.all_rows.len());
}

#[test]
fn a_report_that_was_joined_is_told_of_though_another_takes_its_place() {
    let mut run = watched(Run::of(only_sla(lab_hour())));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.hear("09:01", Said::step(Step::Received, "09:01").of("R2"));
    run.inputs("09:10", vec![joined("R2", "joined"), Said::step(Step::Received, "09:09").of("R3").input()]);
    let reports = told(&run, Table::Reports, &[10]);
    assert!(reports.contains(&"merged".to_owned()) && reports.contains(&"received".to_owned()), "{reports:?}");
    assert!(told(&run, Table::Clocks, &[4]).contains(&"void".to_owned()));
}

#[test]
fn without_being_asked_nothing_is_kept() {
    let mut run = Run::of(only_sla(lab_hour()));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    assert_eq!(run.rows(), []);
}

#[test]
fn a_clock_that_was_met_leaves_the_figures_when_its_report_was_an_error() {
    // [FACT-2] [INT-2] The outcome stays; the time it took is counted nowhere.
    let mut run = watched(Run::of(only_sla(lab_hour())));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.hear("09:50", Said::step(Step::Final, "09:50"));
    run.hear("10:30", Said::step(Step::EnteredInError, "10:30"));
    assert_eq!(told(&run, Table::Clocks, &CLOCK), Vec::<String>::new(), "as it was");
    let intervals = told(&run, Table::Intervals, &[2, 3]);
    assert!(intervals.contains(&"receive_to_final void".to_owned()), "{intervals:?}");
}

#[test]
fn a_clock_says_in_its_row_what_it_came_to_and_by_which_ward() {
    // [SLA-14] Started, paused, due, used, outcome, ward version.
    let mut run = watched(Run::of(only_sla(lab_hour())));
    let columns = [5, 4, 6, 10, 12, 13];
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    assert_eq!(told(&run, Table::Clocks, &columns), ["09:00 running 10:00 - - 010101010101"]);
    run.hear("09:20", Said::update("09:20").flag(Flag::OnHold));
    assert_eq!(told(&run, Table::Clocks, &columns), ["09:00 paused - - - 010101010101"], "without end in sight");
    run.hear("09:50", Said::update("09:50").no_flag(Flag::OnHold));
    assert_eq!(told(&run, Table::Clocks, &columns), ["09:00 running 10:30 - - 010101010101"]);
    run.hear("10:10", Said::step(Step::Final, "10:10"));
    assert_eq!(told(&run, Table::Clocks, &columns), ["09:00 met 10:30 2400 met 010101010101"]);
}

#[test]
fn a_clock_that_runs_while_its_feed_is_lost_is_unsure_and_acts_all_the_same() {
    // [SLA-14]
    let feed = |state| vec![Input::Feed(FeedStatus { feed: "lis".into(), state })];
    let mut run = watched(Run::of(only_sla(lab_hour())));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.hear("09:01", Said::step(Step::Received, "08:40").of("R2"));
    run.hear("09:02", Said::step(Step::Final, "09:02").of("R2"));
    run.inputs("09:10", feed(FeedState::Lost));
    assert_eq!(told(&run, Table::Clocks, &CLOCK), ["sla/Lab unsure 10:00 - - - -"], "R2 is done");
    run.inputs("09:20", feed(FeedState::Connected));
    assert_eq!(told(&run, Table::Clocks, &CLOCK), ["sla/Lab running 10:00 - - - -"]);
    run.inputs("09:30", feed(FeedState::Lost));
    run.pass("10:00");
    assert_eq!(told(&run, Table::Clocks, &CLOCK), ["sla/Lab overdue 10:00 - - - breached"]);
}

#[test]
fn the_answer_is_due_by_the_rule_else_by_its_severity_since_the_raise_or_a_step() {
    // [ALERT-7] Red asks for an answer within 15 minutes. Ordered 08:50, raised 09:05 and answered 09:11; it began 09:00.
    let row = |answer| {
        let rule = Alert { answer, ..critical_alert() };
        let mut run = watched(Run::of(program(1, Vec::new(), vec![rule])));
        run.hear("08:51", Said::step(Step::Ordered, "08:50"));
        run.hear("09:05", Said::step(Step::Final, "09:00").potassium("7.1").ordered_by(DR_BELL));
        run.deliver("09:06");
        let code = run.code();
        run.hear("09:11", answer_of(&code));
        // Raised, answered, due, seconds from cause to answer.
        told(&run, Table::Alerts, &[6, 10, 12, 13])
    };
    assert_eq!(row(None), ["09:05 09:11 09:20 660"]);
    assert_eq!(row(Some((elapsed(30), None))), ["09:05 09:11 09:35 660"]);
    assert_eq!(row(Some((elapsed(30), Some(Step::Ordered)))), ["09:05 09:11 09:20 660"]);
    assert_eq!(row(Some((elapsed(30), Some(Step::Final)))), ["09:05 09:11 09:30 660"]);
    assert_eq!(row(Some((elapsed(30), Some(Step::Reviewed)))), ["09:05 09:11 09:35 660"], "a step that is not there");
}

fn answer_of(code: &str) -> Said {
    answer(Act::Accepted, code, "09:11")
}
