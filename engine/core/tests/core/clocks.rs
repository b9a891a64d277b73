//! Clocks: the worked timelines of the language page, section 5.4, and what follows from the rules around them.

use wardline_rules::{
    program::{Alert, Condition, Covers, Family, Late, Length, PageTo, Pause, Situation, SlaRule, Trigger, Who},
    script::Script,
    time::{EventTime, Span},
    words::{Channel, Flag, KindSet, Priority, Step},
};

use crate::{
    driver::Run,
    said::{Said, at},
    ward::{LAB_DESK, ORANGE, at_step, critical_alert, elapsed, head, is_stat, lab_hour, minutes, only_sla, program},
};

/// The promise without its warning.
pub(crate) fn plain() -> SlaRule {
    SlaRule { warnings: Vec::new(), ..lab_hour() }
}

/// What the clocks of `R1` came to, in the order in which they began.
pub(crate) fn clocks(run: &Run) -> Vec<String> {
    let number = wardline_rules::event::Ident { id: "R1".into(), ns: "BEAKER".into() };
    let id = run.partition.find_reports(&number)[0];
    let line = |clock: &wardline_core::ClockView| {
        let minutes = clock.used.micros() / wardline_rules::time::MINUTE;
        format!("{} {} used {minutes} due {}", clock.rule, clock.state.word(), crate::said::clock(clock.reading.due))
    };
    run.partition.clocks_of(id).iter().map(line).collect()
}

/// Hears all at once, in this order, late in the day; so no threshold acts in between.
pub(crate) fn at_once(rule: SlaRule, said: Vec<Said>) -> Vec<String> {
    let mut run = Run::of(only_sla(rule));
    run.inputs("12:00", said.into_iter().map(Said::input).collect());
    clocks(&run)
}

fn held(from: &str, to: &str) -> [Said; 2] {
    [Said::update(from).flag(Flag::OnHold), Said::update(to).no_flag(Flag::OnHold)]
}

#[test]
fn case_a_a_pause_moves_the_due_time() {
    // [SLA-5] 60 − 20 = 40 left at 09:50.
    let mut run = Run::of(only_sla(plain()));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.hear("09:20", Said::update("09:20").flag(Flag::OnHold));
    run.hear("09:50", Said::update("09:50").no_flag(Flag::OnHold));
    assert_eq!(clocks(&run), ["sla/Lab running used 20 due 10:30"]);
    assert_eq!(
        run.story("09:00"),
        ["09:00 clock Lab running due 10:00", "09:20 clock Lab paused due never", "09:50 clock Lab running due 10:30"]
    );
}

#[test]
fn case_b_pauses_count_only_so_long() {
    // [SLA-5] the pause counts 09:20 to 09:40; used at 09:50 = 20 + 10.
    let pauses = Some(Pause { while_: vec![Situation::Flag(Flag::OnHold)], at_most: Some(elapsed(20)) });
    let mut run = Run::of(only_sla(SlaRule { pauses, ..plain() }));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.hear("09:20", Said::update("09:20").flag(Flag::OnHold));
    // While it rests, it is known when it runs on at the latest: 20 minutes later 40 are left.
    assert_eq!(clocks(&run), ["sla/Lab paused used 20 due 10:20"]);
    run.hear("09:50", Said::update("09:50").no_flag(Flag::OnHold));
    assert_eq!(clocks(&run), ["sla/Lab running used 30 due 10:20"]);
}

#[test]
fn case_c_start_and_stop_together_are_met_in_no_time() {
    // [TIME-3] [TIME-2]
    let both = vec![Said::step(Step::Received, "09:00"), Said::step(Step::Final, "09:00")];
    assert_eq!(at_once(plain(), both), ["sla/Lab met used 0 due 10:00"]);
    let exactly = vec![Said::step(Step::Received, "09:00"), Said::step(Step::Final, "10:00")];
    assert_eq!(at_once(plain(), exactly), ["sla/Lab met used 60 due 10:00"]);
}

#[test]
fn a_stop_in_the_batch_of_the_due_time_is_in_time() {
    // [TIME-2] facts of that log time come before the timer.
    let mut run = Run::of(only_sla(plain()));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.hear("10:00", Said::step(Step::Final, "10:00"));
    assert_eq!(run.story("09:30"), ["10:00 clock Lab met due 10:00"]);
}

#[test]
fn case_d_late_news_of_a_pause_takes_the_breach_back() {
    // [SLA-10] due moves to 10:30; passed again, it is told again.
    let mut run = Run::of(only_sla(plain()));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.pass("10:00");
    run.deliver("10:00:30");
    let [on, off] = held("09:20", "09:50");
    run.inputs("10:05", vec![on.input(), off.input()]);
    run.pass("10:30");
    assert_eq!(
        run.story("10:00"),
        [
            "10:00 alert Lab#1 raised",
            "10:00 clock Lab breached due 10:00",
            "10:00 tell desk Lab by phone",
            "10:00:30.000001 alert Lab#1 delivered",
            "10:05 alert Lab#1 withdrawn",
            "10:05 clock Lab paused due never",
            "10:05 clock Lab running due 10:30",
            "10:05 withdraw desk Lab by phone",
            "10:30 alert Lab#2 raised",
            "10:30 clock Lab breached due 10:30",
            "10:30 tell desk Lab by phone",
        ]
    );
}

#[test]
fn late_keep_leaves_what_was_sent() {
    // [SLA-10]
    let mut run = Run::of(only_sla(SlaRule { late: Late::Keep, ..plain() }));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.pass("10:00");
    run.hear("10:05", Said::step(Step::Final, "09:50"));
    assert_eq!(run.story("10:05"), ["10:05 clock Lab met due 10:00"]);
}

#[test]
fn late_withdraw_takes_back_what_was_sent() {
    // [SLA-10] [ESC-12] nobody was reached, so nobody is told.
    let mut run = Run::of(only_sla(plain()));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.pass("10:00");
    run.hear("10:05", Said::step(Step::Final, "09:50"));
    assert_eq!(run.story("10:05"), ["10:05 alert Lab#1 withdrawn", "10:05 clock Lab met due 10:00"]);
}

#[test]
fn case_e_a_recollection_starts_again() {
    // [SLA-6] first cycle restarted with 40 used.
    let said = vec![
        Said::step(Step::Received, "09:00"),
        Said::step(Step::Recollect, "09:30"),
        Said::step(Step::Collected, "09:40"),
    ];
    assert_eq!(
        at_once(plain(), said.clone()),
        ["sla/Lab restarted used 40 due 10:00", "sla/Lab breached used 140 due 10:40"]
    );
    let mut run = Run::of(only_sla(plain()));
    for (clock, said) in ["09:00", "09:30", "09:40"].into_iter().zip(said) {
        run.hear(clock, said);
    }
    assert_eq!(clocks(&run), ["sla/Lab restarted used 40 due 10:00", "sla/Lab running used 0 due 10:40"]);
}

#[test]
fn case_f_a_result_after_the_cancel_undoes_it() {
    // [REP-5] [FACT-3] met after 55 minutes.
    let mut run = Run::of(only_sla(plain()));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.hear("09:30", Said::step(Step::Cancelled, "09:30"));
    assert_eq!(clocks(&run), ["sla/Lab cancelled used 30 due 10:00"]);
    run.hear("09:55", Said::step(Step::Final, "09:55"));
    assert_eq!(clocks(&run), ["sla/Lab met used 55 due 10:00"]);
}

/// A promise for everything, and an exception for stat orders, both of an hour.
fn with_stat() -> wardline_rules::program::Program {
    let stat = SlaRule {
        head: head("exception/Stat"),
        parent: Some(0),
        covers: Covers { kinds: KindSet::LAB, condition: is_stat() },
        ..plain()
    };
    program(1, vec![Family { rules: vec![plain(), stat] }], Vec::new())
}

#[test]
fn case_g_a_report_that_becomes_stat_starts_then() {
    // [SLA-3] [SLA-4]
    let mut run = Run::of(with_stat());
    run.hear("09:00", Said::step(Step::Received, "09:00").priority(Priority::Routine));
    run.hear("09:30", Said::update("09:30").priority(Priority::Stat));
    assert_eq!(clocks(&run), ["sla/Lab cancelled used 30 due 10:00", "exception/Stat running used 0 due 10:30"]);
}

#[test]
fn a_stop_that_lies_only_before_the_start_is_invalid() {
    // [SLA-7]
    let said = vec![Said::step(Step::Final, "08:50"), Said::step(Step::Received, "09:00")];
    assert_eq!(at_once(plain(), said), ["sla/Lab invalid used 0 due 10:00"]);
}

#[test]
fn a_stop_before_the_report_is_covered_starts_no_clock() {
    // [SLA-7]
    let stat_only = SlaRule { covers: Covers { kinds: KindSet::LAB, condition: is_stat() }, ..plain() };
    let said = vec![
        Said::step(Step::Received, "09:00").priority(Priority::Routine),
        Said::step(Step::Final, "09:20"),
        Said::update("09:30").priority(Priority::Stat),
    ];
    assert_eq!(at_once(stat_only, said), Vec::<String>::new());
}

#[test]
fn a_breach_learned_together_with_its_stop_is_recorded_and_not_told() {
    // [SLA-9]
    let mut run = Run::of(only_sla(lab_hour()));
    let said = [Said::step(Step::Received, "09:00"), Said::step(Step::Final, "10:30")];
    run.inputs("10:40", said.into_iter().map(Said::input).collect());
    assert_eq!(clocks(&run), ["sla/Lab breached used 90 due 10:00"]);
    assert_eq!(run.partition.alerts(9), []);
}

#[test]
fn a_clock_that_ends_after_its_breach_closes_it_as_done_late() {
    // [SLA-11] [SLA-13] no message.
    let mut run = Run::of(only_sla(lab_hour()));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.pass("10:00");
    run.hear("10:20", Said::step(Step::Final, "10:20"));
    assert_eq!(
        run.story("09:48"),
        [
            "09:48 alert Lab#1 raised",
            "09:48 tell desk Lab by phone",
            "10:00 alert Lab#1 raised",
            "10:00 clock Lab breached due 10:00",
            "10:00 tell desk Lab by phone",
            "10:20 alert Lab#1 closed, done late",
            "10:20 alert Lab#1 closed, done late",
        ]
    );
}

#[test]
fn a_stop_known_to_the_minute_may_leave_the_outcome_open() {
    // [TIM-9] a stop known to the minute: 10:00 may mean 10:00:59.
    let mut coarse = Said::step(Step::Final, "10:00");
    coarse.0.occurred_at = Some(EventTime::within(at("10:00"), Span::from_seconds(60)));
    let said = vec![Said::step(Step::Received, "09:00"), coarse];
    assert_eq!(at_once(plain(), said), ["sla/Lab unsure used 60 due 10:00"]);
}

#[test]
fn an_end_in_error_cancels_and_a_later_final_brings_the_clock_back() {
    // [SLA-6] [REP-6]
    let mut run = Run::of(only_sla(plain()));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.hear("09:10", Said::step(Step::EnteredInError, "09:10"));
    assert_eq!(clocks(&run), ["sla/Lab cancelled used 10 due 10:00"]);
    run.hear("09:40", Said::step(Step::Final, "09:40"));
    assert_eq!(clocks(&run), ["sla/Lab met used 40 due 10:00"]);
}

#[test]
fn a_second_edition_leaves_running_clocks_alone() {
    // [LOAD-2] the clock that runs keeps its hour; the next has forty minutes.
    let mut run = Run::hospital();
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.inputs("09:10", vec![crate::driver::activate(crate::ward::second_edition(), "second")]);
    run.hear("09:15", Said::step(Step::Received, "09:15").of("R2"));
    run.hear("09:20", Said::update("09:20").site("STANNE"));
    assert_eq!(clocks_of(&run, "R1"), ["10:00"]);
    assert_eq!(clocks_of(&run, "R2"), ["09:55"]);
}

fn clocks_of(run: &Run, number: &str) -> Vec<String> {
    let number = wardline_rules::event::Ident { id: number.into(), ns: "BEAKER".into() };
    let id = run.partition.find_reports(&number)[0];
    run.partition.clocks_of(id).iter().map(|clock| crate::said::clock(clock.reading.due)).collect()
}

#[test]
fn a_threshold_acts_only_when_log_time_is_there() {
    // [TIME-2] G4: never early, and a stop of the engine fires it in the first batch after.
    let mut run = Run::of(only_sla(plain()));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.batch(at("09:59:59"), vec![]);
    assert_eq!(run.partition.alerts(9), []);
    run.batch(at("13:00"), vec![]);
    assert_eq!(run.partition.alerts(9)[0].raised, at("13:00"));
    assert_eq!(run.partition.next_due(), Some(at("13:30")), "nothing but the feed is waited for");
}

#[test]
fn shares_of_the_target_are_rounded_down() {
    // [SLA-8] 80 percent of 60 minutes is 48 minutes.
    let run = &mut Run::of(only_sla(SlaRule { target: Length::Elapsed(minutes(60)), ..lab_hour() }));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.hear("09:20", Said::update("09:20"));
    run.pass("09:47:59");
    assert_eq!(run.partition.next_due(), Some(at("09:48")));
}

#[test]
fn an_end_that_turns_out_to_be_none_tells_again_what_it_had_closed() {
    // [REP-9] [SLA-10] A final later than the first change is no final; the report is overdue after all.
    let mut run = Run::of(only_sla(plain()));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.hear("10:30", Said::step(Step::Final, "10:30"));
    run.hear("10:40", Said::step(Step::Corrected, "09:30"));
    assert_eq!(
        run.story("10:30"),
        [
            "10:30 alert Lab#1 closed, done late",
            "10:40 clock Lab running due 10:00",
            "10:40 alert Lab#2 raised",
            "10:40 clock Lab breached due 10:00",
            "10:40 tell desk Lab by phone",
        ]
    );
}

#[test]
fn a_second_edition_does_not_measure_again_what_was_met() {
    // [LOAD-2] fifty minutes were in time when they ended; the second edition allows forty.
    let mut run = Run::hospital();
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.hear("09:50", Said::step(Step::Final, "09:50"));
    run.inputs("10:00", vec![crate::driver::activate(crate::ward::second_edition(), "second")]);
    run.hear("10:10", Said::update("10:10").site("STANNE"));
    assert_eq!(clocks(&run), ["sla/Lab met used 50 due 10:00"]);
}

#[test]
fn an_exception_that_held_from_the_start_takes_back_what_the_rule_above_it_sent() {
    // [SLA-2] [SLA-10] The order was stat all along; we hear of it after the routine promise was broken.
    let mut run = Run::of(with_stat());
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.pass("10:00");
    run.hear("10:05", Said::update("09:00").priority(Priority::Stat));
    assert_eq!(
        run.story("10:05"),
        [
            "10:05 alert Lab#1 withdrawn",
            "10:05 clock Stat running due 10:00",
            "10:05 alert Stat#1 raised",
            "10:05 clock Stat breached due 10:00",
            "10:05 tell desk Lab by phone",
        ]
    );
}

#[test]
fn of_two_that_cover_one_report_the_name_that_sorts_first_rules() {
    // [SLA-2] Where a script let nobody prove that they cannot; a row says so, once.
    let overlaps = |run: &Run| {
        let rows = run.told.iter().flat_map(|told| &told.quality);
        let rows = rows.filter(|row| row.fault == wardline_rules::quality::Fault::Overlap);
        rows.map(|row| row.rule.to_string()).collect::<Vec<_>>()
    };
    let exception = |name: &str, target: i64| SlaRule {
        head: head(&format!("exception/{name}")),
        parent: Some(0),
        target: elapsed(target),
        ..plain()
    };
    let mut run =
        Run::of(program(1, vec![Family { rules: vec![plain(), exception("B", 20), exception("A", 30)] }], Vec::new()));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.hear("09:01", Said::update("09:01").site("Main"));
    assert_eq!(clocks(&run), ["exception/A running used 1 due 09:30"]);
    assert_eq!(overlaps(&run), ["exception/A"]);
    // Two promises about one interval: `Lab` gives way to `Early`, which it sorts after, while that covers.
    let early =
        SlaRule { head: head("sla/Early"), covers: Covers { kinds: KindSet::LAB, condition: is_stat() }, ..plain() };
    let lab = SlaRule { yields_to: vec![1], ..plain() };
    let rules = program(1, vec![Family { rules: vec![lab] }, Family { rules: vec![early] }], Vec::new());
    let mut run = Run::of(rules.clone());
    run.hear("09:00", Said::step(Step::Received, "09:00").priority(Priority::Stat));
    assert_eq!(clocks(&run), ["sla/Early running used 0 due 10:00"]);
    assert_eq!(overlaps(&run), ["sla/Early"]);
    let mut run = Run::of(rules);
    run.hear("09:00", Said::step(Step::Received, "09:00").priority(Priority::Routine));
    assert_eq!(clocks(&run), ["sla/Lab running used 0 due 10:00"]);
    assert_eq!(overlaps(&run), Vec::<String>::new());
}

/// When the alert of a script is raised and withdrawn that asks at each preliminary what the clock `Lab` shows.
fn asked(condition: &str, said: Vec<(&str, Said)>) -> Vec<String> {
    let script =
        format!("let clock = report.clock(\"Lab\"); if clock != () && {condition} {{ [raise()] }} else {{ [] }}");
    let rule = Alert {
        head: head("alert/Asked"),
        trigger: Trigger::When(vec![at_step(Step::Preliminary)]),
        condition: Condition::always(),
        decide: Some(Script::decision(&script).unwrap()),
        severity: ORANGE,
        page: Some(PageTo::Direct { who: vec![Who::Desk(LAB_DESK)], by: vec![Channel::Phone] }),
        ..critical_alert()
    };
    let mut run = Run::of(program(1, vec![Family { rules: vec![plain()] }], vec![rule]));
    for (at, said) in said {
        run.hear(at, said);
    }
    run.pass("12:00");
    let story = run.story("09:00").into_iter().filter(|line| line.contains("Asked"));
    story
        .filter(|line| line.ends_with("raised") || line.contains("withdrawn"))
        .map(|line| line[..5].to_owned())
        .collect()
}

#[test]
fn a_script_reads_a_clock_as_it_stood_at_the_event() {
    // [RHAI-1] [RHAI-4] Started 09:00, target an hour, asked about 09:40.
    let received = || ("09:00", Said::step(Step::Received, "09:00"));
    let asks = || ("09:40", Said::step(Step::Preliminary, "09:40"));
    let forty =
        "clock.state == \"running\" && clock.used_minutes == 40 && minutes_between(event.time, clock.due) == 20";
    assert_eq!(asked(forty, vec![received(), asks()]), ["09:40"]);
    assert_eq!(
        asked("true", vec![("09:40", Said::step(Step::Preliminary, "09:40"))]),
        Vec::<String>::new(),
        "no clock"
    );
    // Heard afterwards: a pause of ten minutes before, and one after.
    let [begins, ends] = held("09:10", "09:20");
    let before = vec![received(), asks(), ("09:45", begins), ("09:46", ends)];
    assert_eq!(asked(forty, before), ["09:40", "09:45"], "it had used thirty minutes");
    let [begins, ends] = held("09:50", "09:55");
    let after =
        vec![received(), asks(), ("09:50", begins), ("09:55", ends), ("09:58", Said::step(Step::Final, "09:58"))];
    assert_eq!(asked(forty, after), ["09:40"], "what came later moves nothing");
    // Asked while it rests, after the due time, and after the end.
    let [begins, _] = held("09:30", "09:31");
    let resting = "clock.state == \"paused\" && clock.used_minutes == 30 && clock.due == ()";
    assert_eq!(asked(resting, vec![received(), ("09:30", begins), asks()]), ["09:40"]);
    let late = ("10:01", Said::step(Step::Preliminary, "10:01"));
    assert_eq!(asked("clock.state == \"breached\" && clock.used_minutes == 61", vec![received(), late]), ["10:01"]);
    let met = vec![received(), ("09:35", Said::step(Step::Final, "09:35")), asks()];
    assert_eq!(asked("clock.state == \"met\" && clock.used_minutes == 35", met), ["09:40"]);
}
