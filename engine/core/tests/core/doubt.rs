//! Doubt: is every use of a `missing` clause counted, whatever sort of rule it belongs to, and counted once?

use wardline_rules::{
    event::Given,
    program::{
        Alert, Atom, Bounds, Clear, Comparison, Condition, Count, Covers, Family, Field, Lasting, Limit, LimitKey,
        Measure, Missed, Missing, MissingThen, Notice, Operand, Program, Quiet, Situation, SlaRule, StartMissing,
        Trigger, While, Window,
    },
    quality::Fault,
    time::{EventTime, Span, TimeOfDay},
    token::Token,
    words::{Channel, Flag, KindSet, Step},
};

use crate::{
    clocks::{clocks, plain},
    driver::Run,
    said::{Said, at},
    ward::{ORANGE, at_step, critical_alert, elapsed, head, is_stat, only_sla, program, unreviewed},
};

fn in_icu() -> Condition {
    let comparison = Comparison::Names(true, vec!["ICU".into()]);
    Condition::Atom(Atom { field: Field::Location, comparison })
}

fn decided(then: MissingThen) -> Vec<Missing> {
    vec![Missing { what: Missed::Field(Field::Location), then }]
}

fn one() -> Operand {
    Operand::Number(wardline_rules::decimal::Decimal::whole(1))
}

/// `rule field` of each row of this fault so far.
fn rows(run: &Run, fault: Fault) -> Vec<String> {
    let rows = run.told.iter().flat_map(|told| &told.quality).filter(|row| row.fault == fault);
    rows.map(|row| format!("{} {}", row.rule, row.field)).collect()
}

fn watching(name: &str, trigger: Trigger, then: MissingThen) -> Alert {
    Alert {
        head: head(name),
        trigger,
        condition: in_icu(),
        missing: decided(then),
        severity: ORANGE,
        page: None,
        ..unreviewed()
    }
}

/// Each sort of rule, about what is in intensive care.
fn of_each_sort(then: MissingThen) -> Program {
    let any = vec![Situation::Flag(Flag::OnHold)];
    let hold = |state| While { state, hold: elapsed(30), calendar: None, clear: None };
    let lasting = hold(Lasting::Report { kinds: KindSet::LAB, any });
    let count = Count { open: false, kinds: KindSet::LAB, is: Bounds::Above(one()), per: None };
    let clear = Clear { is: Bounds::Below(one()), hold: Span::from_minutes(5) };
    let counted = While { clear: Some(clear.clone()), ..hold(Lasting::Count(count)) };
    let window = Window {
        tick: Span::from_minutes(10),
        over: Span::from_minutes(60),
        per: None,
        measure: Measure::Reports,
        kinds: KindSet::LAB,
        is: Bounds::Above(one()),
        at_least: 0,
        hold: Span::ZERO,
        clear,
    };
    let alerts = vec![
        watching("alert/When", critical_alert().trigger, then.clone()),
        watching("alert/Absence", unreviewed().trigger, then.clone()),
        watching("alert/State", Trigger::While(lasting), then.clone()),
        watching("alert/Count", Trigger::While(counted), then.clone()),
        watching("alert/Window", Trigger::Window(window), then.clone()),
    ];
    let covers = Covers { kinds: KindSet::LAB, condition: in_icu() };
    let sla = SlaRule { covers, missing: decided(then.clone()), ..plain() };
    let mut all = program(1, vec![Family { rules: vec![sla] }], alerts);
    let never = Quiet { from: TimeOfDay::from_minutes(0).unwrap(), to: TimeOfDay::from_minutes(1).unwrap() };
    all.notices = vec![Notice {
        head: head("notice/Ready"),
        when: vec![at_step(Step::Released)],
        condition: in_icu(),
        unless: Condition::never(),
        missing: decided(then),
        preferred: false,
        channels: vec![Channel::Email],
        quiet: never,
        limit: Limit { count: 1, within: Span::from_minutes(240), per: LimitKey::Patient },
        template: "ready".into(),
        expires: Span::from_minutes(24 * 60),
        then: None,
    }];
    all
}

/// A report of which nobody says where the patient is, from receipt to release.
fn life(run: &mut Run, filler: &str) {
    let of_patient = |mut said: Said| {
        said.0.patient = Some(Token([9; 16]));
        said.of(filler)
    };
    run.hear("09:00", of_patient(Said::step(Step::Received, "09:00")));
    run.hear("09:05", of_patient(Said::update("09:05").flag(Flag::OnHold)));
    run.hear("09:10", of_patient(Said::step(Step::Final, "09:10").potassium("7.1")));
    run.hear("09:15", of_patient(Said::step(Step::Released, "09:15")));
    run.hear("09:16", of_patient(Said::update("09:16").site("Main")));
    run.pass("09:20");
}

#[test]
fn each_use_of_a_missing_clause_is_counted_once_for_each_sort_of_rule() {
    // [COND-5] Whether the rule then matches makes no difference.
    for then in [MissingThen::DoNotMatch, MissingThen::Match] {
        let mut run = Run::of(of_each_sort(then.clone()));
        life(&mut run, "R1");
        let mut said = rows(&run, Fault::MissingUsed);
        said.sort_unstable();
        assert_eq!(
            said,
            [
                "alert/Absence location",
                "alert/Count location",
                "alert/State location",
                "alert/When location",
                "alert/Window location",
                "notice/Ready location",
                "sla/Lab location",
            ],
            "{then:?}"
        );
    }
}

#[test]
fn a_field_that_is_known_is_in_no_doubt() {
    // [COND-5]
    let mut run = Run::of(of_each_sort(MissingThen::Match));
    let mut said = Said::step(Step::Received, "08:55");
    said.0.location = Given::Value("Emergency".into());
    run.hear("08:55", said);
    life(&mut run, "R1");
    assert_eq!(rows(&run, Fault::MissingUsed), Vec::<String>::new());
}

#[test]
fn names_are_the_same_or_they_are_not() {
    // [COND-7] Neither case nor what a name begins with makes it another's.
    let raised = |location: &str| {
        let rule = watching("alert/When", Trigger::When(vec![at_step(Step::Final)]), MissingThen::DoNotMatch);
        let mut run = Run::of(program(1, Vec::new(), vec![rule]));
        let mut said = Said::step(Step::Final, "09:00");
        said.0.location = Given::Value(location.into());
        run.hear("09:00", said);
        run.story("09:00").iter().filter(|line| line.contains("raised")).count()
    };
    let all = [("ICU", 1), ("icu", 0), ("ICU 2", 0), ("IC", 0), ("MICU", 0), ("ICU*", 0), ("", 0)];
    for (location, count) in all {
        assert_eq!(raised(location), count, "{location}");
    }
}

#[test]
fn a_test_is_known_by_each_of_its_codes_and_by_nothing_like_them() {
    // [COND-7]
    use wardline_rules::program::TestId;
    let is_potassium =
        Condition::Atom(Atom { field: Field::Test, comparison: Comparison::Tests(true, vec![TestId(0)]) });
    let raised = |code: &str| {
        let rule = Alert { condition: is_potassium.clone(), ..critical_alert() };
        let mut run = Run::of(program(1, Vec::new(), vec![rule]));
        let mut said = Said::step(Step::Final, "09:00").potassium("7.1");
        said.0.results[0].code.code = code.into();
        run.hear("09:00", said);
        run.story("09:00").iter().filter(|line| line.contains("raised")).count()
    };
    assert_eq!(["2823-3", "potassium", "2823-33", "2823", "kalium"].map(raised), [1, 1, 0, 0, 0]);
}

/// A specimen of which the source does not say when it was received; ordered at 08:30, heard of at 09:10.
fn untimed(rule: SlaRule, occurred_at: Option<EventTime>) -> Run {
    let mut run = Run::of(only_sla(rule));
    run.hear("08:40", Said::step(Step::Ordered, "08:30"));
    let mut said = Said::step(Step::Received, "09:00");
    said.0.occurred_at = occurred_at;
    run.hear("09:10", said);
    run.hear("09:15", Said::update("09:15").site("Main"));
    run
}

#[test]
fn a_start_without_a_time_is_read_as_the_rule_says_and_counted() {
    // [SLA-12]
    let with = |start_missing| SlaRule { start_missing, ..plain() };
    let none = untimed(with(StartMissing::DoNotStart), None);
    assert_eq!(clocks(&none), Vec::<String>::new());
    let arrival = untimed(with(StartMissing::UseArrival), None);
    assert_eq!(clocks(&arrival), ["sla/Lab running used 5 due 10:10"]);
    let ordered = untimed(with(StartMissing::UseTimeOf(Step::Ordered)), None);
    assert_eq!(clocks(&ordered), ["sla/Lab running used 45 due 09:30"]);
    // A date alone is no time for a promise of an hour [TIME-5].
    let date = EventTime::within(at("00:00"), Span::from_minutes(24 * 60));
    let dated = untimed(with(StartMissing::UseArrival), Some(date));
    assert_eq!(clocks(&dated), ["sla/Lab running used 5 due 10:10"]);
    for run in [none, arrival, ordered, dated] {
        assert_eq!(rows(&run, Fault::StartMissing), ["sla/Lab start time"]);
    }
    // What the promise does not cover is not counted for it.
    let stat = Covers { kinds: KindSet::LAB, condition: is_stat() };
    let other = untimed(SlaRule { covers: stat, ..with(StartMissing::UseArrival) }, None);
    assert_eq!((clocks(&other), rows(&other, Fault::StartMissing)), (Vec::new(), Vec::new()));
}

#[test]
fn a_clock_that_ended_before_it_began_is_counted() {
    // [SLA-7]
    let mut run = Run::of(only_sla(plain()));
    run.hear("09:30", Said::step(Step::Final, "08:50"));
    run.hear("09:31", Said::step(Step::Received, "09:00"));
    run.hear("09:32", Said::update("09:32").site("Main"));
    assert_eq!(clocks(&run), ["sla/Lab invalid used 0 due 10:00"]);
    assert_eq!(rows(&run, Fault::ClockInvalid), ["sla/Lab "]);
}
