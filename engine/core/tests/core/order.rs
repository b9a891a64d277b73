//! Order: does it matter when we hear of things, how they are batched, or how often?
//!
//! [REP-1]: every order of the same facts ends in the same report, the same clock outcomes and the same alerts that are true.
//! What was sent on the way may differ.

use proptest::prelude::*;
use wardline_core::{
    Batch, Input, Output, Partition, Settings,
    output::{ClockState, Obligation},
    step,
};
use wardline_rules::{
    event::Ident,
    program::{Covers, Family, Program, SlaRule},
    time::{EventTime, Span, Timestamp},
    words::{Flag, KindSet, Priority, Step},
};

use crate::{
    driver::{Run, activate},
    said::{DR_BELL, DR_CHO, Said, at, clock},
    ward::{critical_alert, elapsed, head, hospital, is_stat, lab_hour, program, second_edition, unreviewed},
};

/// What may be said about a report, without when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum What {
    Step(Step),
    Valued(Step, &'static str),
    Hold(bool),
    Priority(Priority),
    Ordering(bool),
}

/// Something said: what, how many tens of minutes after nine, and how many minutes later the message was made.
type Statement = (What, i64, i64);

fn what() -> impl Strategy<Value = What> {
    use Step::{
        Acknowledged, Amended, Cancelled, Collected, Corrected, EnteredInError, Final, Preliminary, Received,
        Recollect, Reviewed,
    };
    let value = prop_oneof![Just("6.9"), Just("7.4"), Just("4.4")];
    prop_oneof![
        4 => Just(What::Step(Received)),
        1 => prop_oneof![Just(Collected), Just(Recollect), Just(Cancelled), Just(EnteredInError)].prop_map(What::Step),
        2 => prop_oneof![Just(Acknowledged), Just(Reviewed), Just(Final)].prop_map(What::Step),
        4 => (prop_oneof![Just(Preliminary), Just(Final), Just(Corrected), Just(Amended)], value)
            .prop_map(|(step, value)| What::Valued(step, value)),
        1 => any::<bool>().prop_map(What::Hold),
        1 => prop_oneof![Just(Priority::Stat), Just(Priority::Routine)].prop_map(What::Priority),
        1 => any::<bool>().prop_map(What::Ordering),
    ]
}

fn statements(count: usize) -> impl Strategy<Value = Vec<Statement>> {
    let statement = (what(), 0_i64..9, prop_oneof![3 => Just(0_i64), 1 => 1_i64..4]);
    proptest::collection::vec(statement, 1..=count)
}

fn said(statement: Statement, index: usize) -> Said {
    said_at(statement, index, 0)
}

fn said_at((what, tens, later): Statement, index: usize, second: usize) -> Said {
    let clock = format!("{:02}:{:02}:{second:02}", 9 + tens * 10 / 60, tens * 10 % 60);
    let mut said = match what {
        What::Step(step) => Said::step(step, &clock),
        What::Valued(step, value) => Said::step(step, &clock).potassium(value),
        What::Hold(true) => Said::update(&clock).flag(Flag::OnHold),
        What::Hold(false) => Said::update(&clock).no_flag(Flag::OnHold),
        What::Priority(priority) => Said::update(&clock).priority(priority),
        What::Ordering(is_bell) => Said::update(&clock).ordered_by(if is_bell { DR_BELL } else { DR_CHO }),
    };
    let made = at(&clock).plus(Span::from_minutes(later));
    said.0.msg.made_at = Some(EventTime::exact(made));
    said.id(&format!("m{index}"))
}

/// Promises for all and for stat orders, the critical alert, and the review.
fn rules() -> Program {
    let stat = SlaRule {
        head: head("exception/Stat"),
        parent: Some(0),
        covers: Covers { kinds: KindSet::LAB, condition: is_stat() },
        target: elapsed(30),
        ..lab_hour()
    };
    program(1, vec![Family { rules: vec![lab_hour(), stat] }], vec![critical_alert(), unreviewed()])
}

/// What must not depend on the order.
fn essence(partition: &Partition) -> Vec<String> {
    let number = Ident { id: "R1".into(), ns: "BEAKER".into() };
    let view = partition.report_by_id(partition.find_reports(&number)[0]).unwrap();
    let mut lines = vec![
        format!("{:?} version {} next {:?}", view.status, view.version, view.next),
        format!("{:?} {:?} {:?}", view.priority, view.flags, view.exceptions),
    ];
    let step = |found: &wardline_core::views::MilestoneView| {
        format!("{} v{} {} {:?}", found.step, found.version, clock(found.at.lo), found.evidence)
    };
    lines.extend(view.milestones.iter().map(step));
    // A cycle that was taken for one and never was says so by its length.
    let real = view
        .clocks
        .iter()
        .filter(|found| found.state != ClockState::Cancelled || found.reading.ended != found.reading.started);
    lines.extend(real.map(|found| {
        let reading = found.reading;
        let times = [reading.started, reading.due, reading.ended].map(clock);
        format!("{} {} {}", found.rule, found.state.word(), times.join(" "))
    }));
    let mut open: Vec<String> =
        view.alerts.iter().map(|alert| format!("open {} {} {}", alert.rule, alert.source, alert.test)).collect();
    open.sort_unstable();
    lines.extend(open);
    lines
}

/// All orders of 0 to `count` − 1.
pub(crate) fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(count - 1);
    let places = |order: &Vec<usize>| {
        let order = order.clone();
        (0..count).map(move |place| {
            let mut longer = order.clone();
            longer.insert(place, count - 1);
            longer
        })
    };
    shorter.iter().flat_map(places).collect()
}

/// Hears everything in this order from noon on, one batch each, and lets a working day pass.
fn heard(rules: &Program, said: &[Said], order: &[usize]) -> Vec<String> {
    let mut run = Run::of(rules.clone());
    for (place, index) in order.iter().enumerate() {
        run.inputs(&format!("12:00:{place:02}"), vec![said[*index].clone().input()]);
    }
    run.pass("18:00");
    essence(&run.partition)
}

fn check_all_orders(statements: &[Statement]) -> Result<(), TestCaseError> {
    let rules = rules();
    let said: Vec<Said> = statements.iter().enumerate().map(|(index, what)| said(*what, index)).collect();
    let mut orders = orders(said.len()).into_iter();
    let first = orders.next().unwrap();
    let expected = heard(&rules, &said, &first);
    for order in orders {
        prop_assert_eq!(&heard(&rules, &said, &order), &expected, "order {:?} against {:?}", order, first);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_order_of_up_to_six_facts_ends_the_same(statements in statements(6)) {
        // [REP-1] [SLA-1]
        check_all_orders(&statements)?;
    }

    #[test]
    fn many_facts_in_a_few_random_orders_end_the_same(
        statements in statements(40),
        orders in proptest::collection::vec(Just((0..40).collect::<Vec<usize>>()).prop_shuffle(), 6),
    ) {
        // [REP-1] Each fact has an instant of its own.
        let rules = rules();
        let said: Vec<Said> =
            statements.iter().enumerate().map(|(index, what)| said_at(*what, index, index)).collect();
        let in_order = |order: &Vec<usize>| -> Vec<usize> {
            order.iter().copied().filter(|index| *index < said.len()).collect()
        };
        let all: Vec<Vec<String>> = orders.iter().map(|order| heard(&rules, &said, &in_order(order))).collect();
        for one in &all {
            prop_assert_eq!(one, &all[0]);
        }
    }

    #[test]
    fn a_run_restored_before_every_batch_equals_one_that_never_stopped(statements in statements(30)) {
        // guarantees O4
        let mut never = Run::hospital();
        let mut restored = Run::hospital();
        for (index, what) in statements.iter().enumerate() {
            let clock = format!("12:{index:02}");
            for run in [&mut never, &mut restored] {
                run.hear(&clock, said(*what, index));
                if index % 3 == 0 {
                    run.deliver(&format!("{clock}:30"));
                }
            }
            restored.restart();
            prop_assert_eq!(never.told.last(), restored.told.last());
        }
        never.pass("18:00");
        restored.pass("18:00");
        prop_assert_eq!(&never.told, &restored.told);
        prop_assert_eq!(never.partition.checkpoint(), restored.partition.checkpoint());
    }

    #[test]
    fn however_inputs_are_grouped_in_time_the_state_is_the_same(statements in statements(12), cuts in proptest::collection::vec(any::<bool>(), 12)) {
        // G4, G8: ticks in between, and batches of one or many at one log time, decide nothing.
        let inputs: Vec<Input> = statements.iter().enumerate().map(|(index, what)| said(*what, index).input()).collect();
        let apart = grouped(&inputs, &cuts, &[]);
        let with_ticks = grouped(&inputs, &cuts, &["11:59:30", "12:01", "12:45"]);
        prop_assert_eq!(apart.0, with_ticks.0);
        prop_assert_eq!(apart.1, with_ticks.1);
    }
}

/// Steps the inputs in batches that end where `cuts` says, with additional ticks; tells notices and state.
fn grouped(inputs: &[Input], cuts: &[bool], ticks: &[&str]) -> (Vec<Obligation>, [u8; 32]) {
    let mut batches = vec![Batch { at: at("08:00"), inputs: vec![activate(rules(), "test")] }];
    let mut batch = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        batch.push(input.clone());
        if cuts[index] || index + 1 == inputs.len() {
            let when = at("12:00").plus(Span::from_minutes(i64::try_from(index).unwrap() * 5));
            batches.push(Batch { at: when, inputs: core::mem::take(&mut batch) });
        }
    }
    batches.push(Batch { at: at("18:00"), inputs: vec![Input::Tick] });
    batches.extend(ticks.iter().map(|tick| Batch { at: at(tick), inputs: vec![Input::Tick] }));
    batches.sort_by_key(|batch| batch.at);
    run(&batches)
}

/// Steps these batches with a tick at every due time between them, as a driver without wall clock does.
fn run(batches: &[Batch]) -> (Vec<Obligation>, [u8; 32]) {
    let mut partition = Partition::new(Settings { instance: [7; 16] });
    let mut out = Output::default();
    for batch in batches {
        while let Some(due) = partition.next_due().filter(|due| *due < batch.at) {
            step(&mut partition, &Batch { at: due, inputs: vec![Input::Tick] }, &mut out);
            assert_ne!(partition.next_due(), Some(due), "a timer fires at its due time [TIME-2]");
        }
        step(&mut partition, batch, &mut out);
    }
    (out.obligations, partition.state_hash())
}

#[test]
fn the_same_inputs_twice_give_the_same_bytes() {
    // guarantees G8, O4
    let told = |_: u8| {
        let mut run = Run::hospital();
        run.hear("09:00", Said::step(Step::Received, "09:00").ordered_by(DR_BELL));
        run.hear("09:08", Said::step(Step::Preliminary, "09:08").potassium("6.9"));
        run.deliver("09:08:30");
        run.pass("12:00");
        (run.told, run.partition.checkpoint())
    };
    assert_eq!(told(0), told(1));
}

fn nids(run: &Run, after: Timestamp) -> Vec<String> {
    let told = run.told.iter().zip(&run.batches).filter(|(_, batch)| batch.at > after);
    told.flat_map(|(told, _)| &told.obligations).map(|made| made.head.nid.to_string()).collect()
}

#[test]
fn a_notice_has_the_same_id_whatever_came_before_it() {
    // [NID-1] neither other reports, nor log time, nor the ward version are part of it.
    let quiet = {
        let mut run = Run::hospital();
        run.hear("09:08", Said::step(Step::Preliminary, "09:08").potassium("6.9").ordered_by(DR_BELL));
        nids(&run, at("09:00"))
    };
    let busy = {
        let mut run = Run::hospital();
        for number in ["R7", "R8", "R9"] {
            run.hear("08:30", Said::step(Step::Received, "08:30").of(number));
        }
        let mut third = hospital();
        third.version = wardline_rules::program::WardVersion([3; 32]);
        run.inputs("08:40", vec![activate(third, "third")]);
        run.hear("09:11", Said::step(Step::Preliminary, "09:08").potassium("6.90").ordered_by(DR_BELL));
        nids(&run, at("09:00"))
    };
    assert_eq!((quiet.len(), &quiet), (1, &busy));
}

#[test]
fn a_reload_a_duplicate_and_a_repetition_page_nobody_again() {
    // [NID-2] [LOAD-2]
    let mut run = Run::hospital();
    let critical = || Said::step(Step::Preliminary, "09:08").potassium("6.9").ordered_by(DR_BELL);
    run.hear("09:08", critical());
    run.deliver("09:08:10");
    run.inputs("09:08:20", vec![activate(second_edition(), "second")]);
    run.inputs("09:08:30", vec![activate(hospital(), "hospital")]);
    run.hear("09:08:40", critical());
    run.hear("09:08:50", critical().id("another message"));
    assert_eq!(nids(&run, at("09:08:10")), Vec::<String>::new());
    assert_eq!(run.partition.counters().duplicate, 2);
}

#[test]
fn a_message_is_known_again_after_another_came_under_its_id() {
    // [DUP-1] [DUP-2]
    let mut run = Run::hospital();
    let first = || Said::step(Step::Received, "08:30").id("m1");
    let second = || Said::step(Step::Received, "08:31").id("m1");
    for (clock, said) in [("08:40", first()), ("08:41", second()), ("08:42", first()), ("08:43", second())] {
        run.hear(clock, said);
    }
    let counters = run.partition.counters();
    assert_eq!((counters.applied, counters.duplicate), (2, 2));
}

#[test]
fn each_recipient_channel_step_and_value_has_a_notice_of_its_own() {
    // [NID-1]
    let mut run = Run::hospital();
    run.hear("09:08", Said::step(Step::Preliminary, "09:08").potassium("6.9").ordered_by(DR_BELL));
    run.pass("10:10");
    run.hear("10:11", Said::step(Step::Corrected, "10:11").potassium("7.4"));
    let mut all = nids(&run, at("09:00"));
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    // Two rounds of page, second channel, reminder and charge desk; then the next generation.
    assert_eq!((count, all.len()), (9, 9));
}
