//! Identity: do facts of an order reach all of its reports, whichever was heard first?

use wardline_rules::{
    event::Ident,
    words::{Flag, Step},
};

use crate::{
    driver::Run,
    said::Said,
    ward::{lab_hour, only_sla},
};

fn number(id: &str) -> Option<Ident> {
    Some(Ident { id: id.into(), ns: "EPIC".into() })
}

/// Of a filler, a placer, or both.
fn known_by(mut said: Said, filler: &str, placer: &str) -> Said {
    said = said.of(filler);
    said.0.report.placer = if placer.is_empty() { None } else { number(placer) };
    if filler.is_empty() {
        said.0.report.filler = None;
    }
    said.0.event_id = format!("{filler}/{placer}/{}", said.0.event_id).as_str().into();
    said
}

fn step(step: Step, clock: &str, filler: &str, placer: &str) -> Said {
    known_by(Said::step(step, clock), filler, placer)
}

fn held(clock: &str, placer: &str) -> Said {
    known_by(Said::update(clock).flag(Flag::OnHold), "", placer)
}

/// What clocks say, sorted: of two reports either may come first.
fn clocks(run: &Run, from: &str) -> Vec<String> {
    let mut lines: Vec<String> = run.story(from).into_iter().filter(|line| line.contains(" clock ")).collect();
    lines.sort();
    lines
}

fn reports(run: &Run) -> usize {
    run.partition.gauges().reports
}

#[test]
fn an_order_is_taken_in_by_the_report_that_turns_out_to_be_its() {
    // [IDN-6]: the order, then a report by its filler alone, then both numbers in one message.
    let mut run = Run::of(only_sla(lab_hour()));
    run.hear("08:01", step(Step::Ordered, "08:00", "", "P1"));
    run.hear("08:06", held("08:05", "P1"));
    run.hear("08:10", step(Step::Received, "08:10", "F1", ""));
    assert_eq!(reports(&run), 2, "nobody knows yet that they are one");
    run.hear("08:20", step(Step::InProcess, "08:20", "F1", "P1"));
    assert_eq!(reports(&run), 1);
    assert_eq!(clocks(&run, "08:15"), ["08:20 clock Lab paused due never"], "on hold since before the receipt");
    run.hear("08:30", step(Step::Final, "08:30", "F1", "P1"));
    assert!(clocks(&run, "08:30")[0].starts_with("08:30 clock Lab met"), "{:?}", clocks(&run, "08:30"));
}

#[test]
fn facts_of_the_placer_alone_reach_every_report_of_it_in_any_order() {
    // [IDN-6] [REP-1]: two reports of one order, one of them known by its filler first; the hold is said of the order.
    let facts = || {
        [
            held("08:05", "P1"),
            step(Step::Received, "08:10", "F1", "P1"),
            step(Step::Received, "08:12", "F2", ""),
            step(Step::InProcess, "08:15", "F2", "P1"),
        ]
    };
    for order in [[0, 1, 2, 3], [0, 2, 3, 1], [1, 0, 2, 3], [2, 1, 0, 3], [3, 1, 2, 0], [2, 3, 0, 1], [1, 3, 2, 0]] {
        let mut run = Run::of(only_sla(lab_hour()));
        for (turn, fact) in order.into_iter().enumerate() {
            run.hear(&format!("08:2{turn}"), facts()[fact].clone());
        }
        assert_eq!(reports(&run), 2, "{order:?}");
        run.pass("10:00");
        let breached = clocks(&run, "09:00");
        assert_eq!(breached, Vec::<String>::new(), "both are on hold: {order:?} {:?}", run.story("08:00"));
    }
}

#[test]
fn what_was_said_of_one_report_stays_with_it() {
    // [IDN-6]: the hold names the filler too, so that it is no fact of the order.
    let mut run = Run::of(only_sla(lab_hour()));
    run.hear("08:01", step(Step::Ordered, "08:00", "", "P1"));
    run.hear("08:06", known_by(Said::update("08:05").flag(Flag::OnHold), "F1", "P1"));
    run.hear("08:10", step(Step::Received, "08:10", "F1", "P1"));
    run.hear("08:12", step(Step::Received, "08:12", "F2", "P1"));
    assert_eq!(reports(&run), 2);
    run.pass("10:00");
    assert_eq!(clocks(&run, "09:00"), ["09:12 clock Lab breached due 09:12"], "{:?}", run.story("08:00"));
}
