//! Time: from when do deadlines count, when do they fire, and which facts fix an outcome?

use wardline_core::{Input, output::Change};
use wardline_rules::{
    program::Family,
    time::{EventTime, SECOND, Span},
    words::{Flag, Step},
};

use crate::{
    clocks::{at_once, clocks, plain},
    driver::Run,
    order::orders,
    said::{DR_BELL, Said, at},
    ward::{critical_alert, head, only_sla, program},
};

/// A step whose source said when to so many seconds.
fn within(step: Step, from: &str, seconds: i64) -> Said {
    let mut said = Said::step(step, from);
    said.0.occurred_at = Some(EventTime::within(at(from), Span::from_micros(seconds * SECOND)));
    said
}

#[test]
fn deadlines_come_from_event_time_and_fire_by_log_time_to_the_microsecond() {
    // [TIME-1] It happened a microsecond after nine, and we hear of it at 09:40.
    let mut run = Run::of(only_sla(plain()));
    let mut said = Said::step(Step::Received, "09:00");
    said.0.occurred_at = Some(EventTime::exact(at("09:00").plus(Span::from_micros(1))));
    run.hear("09:40", said);
    run.batch(at("10:00"), vec![Input::Tick]);
    assert_eq!(run.story("09:00"), ["09:40 clock Lab running due 10:00:00.000001"]);
    run.batch(at("10:00").plus(Span::from_micros(1)), vec![Input::Tick]);
    assert_eq!(
        run.story("09:50"),
        [
            "10:00:00.000001 alert Lab#1 raised",
            "10:00:00.000001 clock Lab breached due 10:00:00.000001",
            "10:00:00.000001 tell desk Lab by phone",
        ]
    );
}

#[test]
fn a_time_counts_from_its_first_instant_if_it_is_at_most_a_minute_wide_else_from_its_end() {
    // [TIME-5] [TIM-8]
    let due = |seconds: i64| {
        let mut run = Run::of(only_sla(plain()));
        run.hear("09:30", within(Step::Received, "09:00", seconds));
        let clocks = clocks(&run);
        clocks.first().map(|clock| clock.rsplit(' ').next().unwrap().to_owned())
    };
    assert_eq!(due(60).as_deref(), Some("10:00"));
    assert_eq!(due(61).as_deref(), Some("10:01:01"), "09:01:01 and an hour");
    assert_eq!(due(600).as_deref(), Some("10:10"));
    assert_eq!(due(3_600).as_deref(), Some("11:00"));
    // Wider than an hour, it is as good as no time for a promise of an hour; so is a date.
    assert_eq!(due(3_601), None);
    assert_eq!(due(24 * 3_600), None);
}

#[test]
fn a_breach_is_recorded_only_when_the_whole_interval_of_the_stop_breaches() {
    // [TIME-5] [TIM-9]
    let outcome =
        |from: &str| at_once(plain(), vec![Said::step(Step::Received, "09:00"), within(Step::Final, from, 600)]);
    assert_eq!(outcome("09:45"), ["sla/Lab met used 45 due 10:00"]);
    assert_eq!(outcome("09:55"), ["sla/Lab unsure used 55 due 10:00"]);
    assert_eq!(outcome("10:01"), ["sla/Lab breached used 61 due 10:00"]);
}

#[test]
fn after_an_outage_everything_due_happens_in_order_and_waits_begin_anew() {
    // [TIME-8] R1 is due 09:45, R2 09:50; the page of 09:10 waits until 09:20. Nothing runs from then until eleven.
    let rules = program(1, vec![Family { rules: vec![plain()] }], vec![critical_alert()]);
    let mut run = Run::of(rules);
    run.hear("09:00", Said::step(Step::Received, "08:50").of("R2"));
    run.hear("09:01", Said::step(Step::Received, "08:45"));
    run.hear("09:10", Said::step(Step::Preliminary, "09:10").potassium("7.1").ordered_by(DR_BELL));
    run.batch(at("11:00"), vec![Input::Tick]);
    assert_eq!(
        run.story("10:00"),
        [
            "11:00 alert Lab#1 raised",
            "11:00 clock Lab breached due 09:45",
            "11:00 alert Lab#1 raised",
            "11:00 clock Lab breached due 09:50",
            "11:00 page Dr Bell by phone",
            "11:00 remind Dr Bell by phone",
            "11:00 page desk Charge by phone",
            "11:00 tell desk Lab by phone",
            "11:00 tell desk Lab by phone",
        ]
    );
    // The second step began at eleven, so its quarter of an hour does too.
    run.pass("11:15");
    assert_eq!(run.story("11:01"), ["11:15 page Dr Bell by secure message"]);
}

#[test]
fn what_is_due_at_one_instant_goes_by_rule_and_birth_whatever_else_is_so() {
    // [DET-1] [TIME-4] Two promises end on two reports at ten. R2 was heard of first.
    let named = |name: &str| Family { rules: vec![wardline_rules::program::SlaRule { head: head(name), ..plain() }] };
    let fired = |families: Vec<Family>| {
        let mut run = Run::of(program(1, families, Vec::new()));
        run.hear("09:05", Said::step(Step::Received, "09:00").of("R2"));
        run.hear("09:06", Said::step(Step::Received, "09:00").of("R1"));
        run.pass("10:00");
        let told = run.told.last().unwrap();
        let raised = told.transitions.iter().filter(|it| matches!(it.change, Change::Alert(..)));
        let number = |id: &str| wardline_rules::event::Ident { id: id.into(), ns: "BEAKER".into() };
        let first = run.partition.find_reports(&number("R2"))[0];
        raised.map(|it| (it.rule.to_string(), it.report == Some(first))).collect::<Vec<_>>()
    };
    let expected = [("sla/A", true), ("sla/A", false), ("sla/B", true), ("sla/B", false)];
    let expected: Vec<_> = expected.iter().map(|(rule, first)| ((*rule).to_owned(), *first)).collect();
    assert_eq!(fired(vec![named("sla/A"), named("sla/B")]), expected);
    assert_eq!(fired(vec![named("sla/B"), named("sla/A")]), expected, "the order in the ward decides nothing");
}

#[test]
fn facts_come_in_any_order_and_as_often_as_they_like() {
    // [FACT-1] 70 minutes, of which 30 on hold: met after 40.
    let facts = || {
        [
            Said::step(Step::Received, "09:00"),
            Said::update("09:20").flag(Flag::OnHold),
            Said::update("09:50").no_flag(Flag::OnHold),
            Said::step(Step::Final, "10:10"),
        ]
    };
    for order in orders(4) {
        let mut run = Run::of(only_sla(plain()));
        for again in 0..2 {
            for (place, fact) in order.iter().enumerate() {
                let said = facts()[*fact].clone().id(&format!("{fact}, time {again}"));
                run.hear(&format!("12:{again}{place}"), said);
            }
        }
        let real: Vec<String> = clocks(&run).into_iter().filter(|clock| !clock.contains("cancelled used 0")).collect();
        assert_eq!(real, ["sla/Lab met used 40 due 10:30"], "{order:?}");
        assert_eq!(run.partition.counters().duplicate, 4, "{order:?}");
    }
}

#[test]
fn each_step_has_the_time_that_its_sort_keeps() {
    // [FACT-2] The first final ends the turnaround, whatever is corrected later.
    let received = || Said::step(Step::Received, "09:00");
    let corrected = vec![received(), Said::step(Step::Final, "09:50"), Said::step(Step::Corrected, "11:00")];
    assert_eq!(at_once(plain(), corrected), ["sla/Lab met used 50 due 10:00"]);
    // A cycle takes the earliest stop at or after its start.
    let twice = vec![received(), Said::step(Step::Final, "10:40"), Said::step(Step::Final, "09:55").id("first final")];
    assert_eq!(at_once(plain(), twice), ["sla/Lab met used 55 due 10:00"]);
    // A start takes the newest word about the specimen.
    let mut said_later = Said::step(Step::Received, "09:05").id("put right");
    said_later.0.msg.made_at = Some(EventTime::exact(at("09:30")));
    assert_eq!(at_once(plain(), vec![received(), said_later]), ["sla/Lab breached used 175 due 10:05"]);
    // A stop keeps its effect when its version is entered in error later.
    let in_error = vec![received(), Said::step(Step::Final, "09:50"), Said::step(Step::EnteredInError, "10:30")];
    assert_eq!(at_once(plain(), in_error), ["sla/Lab met used 50 due 10:00"]);
}
