//! Ledger: does every event end as one thing, and do the counters balance whatever happens?
//!
//! That the equations hold after each batch is asserted by the driver of all these tests; here are the words for each sort of
//! event, and runs generated to reach every counter.

use std::collections::BTreeMap;

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use wardline_core::{
    Batch, Counters, Disposition, Input, Output, Partition, Settings,
    input::{Attempt, Class, Outcome},
    step,
};
use wardline_rules::{
    Text,
    decimal::Decimal,
    event::{Event, Fact, Given, Ident, Merge, ReportIds},
    time::{EventTime, Span},
    token::Token,
    words::{Abnormal, Act, Channel, MergeWhat, ResultStatus, Step},
};

use crate::{
    driver::{Run, check_ledger},
    said::{DR_BELL, Said, answer, at},
    ward::hospital,
};

/// What became of the events of the newest batch.
fn newest(run: &Run) -> Vec<Disposition> {
    run.told.last().unwrap().events.iter().map(|event| event.disposition).collect()
}

fn of(run: &mut Run, clock: &str, said: Said) -> Disposition {
    run.hear(clock, said);
    newest(run)[0]
}

#[test]
fn the_same_message_again_is_a_duplicate_of_the_first() {
    // [DUP-1]
    let mut run = Run::hospital();
    let said = Said::step(Step::Received, "09:00");
    assert_eq!(of(&mut run, "09:01", said.clone()), Disposition::Applied);
    assert_eq!(of(&mut run, "09:30", said), Disposition::Duplicate { first: at("09:01") });
}

#[test]
fn the_same_fact_by_another_message_is_a_duplicate_of_the_first() {
    // [DUP-3]
    let mut run = Run::hospital();
    run.hear("09:01", Said::step(Step::Received, "09:00"));
    let again = Said::step(Step::Received, "09:00").id("resent");
    assert_eq!(of(&mut run, "09:30", again), Disposition::Duplicate { first: at("09:01") });
}

#[test]
fn the_same_id_with_other_content_is_no_duplicate_and_its_repetition_is_one_of_it() {
    // [DUP-2]
    let mut run = Run::hospital();
    assert_eq!(of(&mut run, "09:01", Said::step(Step::Received, "09:00").id("m")), Disposition::Applied);
    assert_eq!(of(&mut run, "09:02", Said::step(Step::Collected, "08:50").id("m")), Disposition::Applied);
    let again = of(&mut run, "09:03", Said::step(Step::Collected, "08:50").id("m"));
    assert_eq!(again, Disposition::Duplicate { first: at("09:02") });
}

#[test]
fn whichever_field_differs_the_same_id_is_no_duplicate() {
    // [DUP-2]
    let base = || Said::step(Step::Preliminary, "09:08").potassium("6.9").ordered_by(DR_BELL).id("m");
    let other = Ident { id: Text::from("Z2"), ns: Text::from("BEAKER") };
    let changes: [fn(&mut Event, Ident); 11] = [
        |event, other| event.report.filler = Some(other),
        |event, other| event.report.placer = Some(other),
        |event, other| event.report.accession = Some(other),
        |event, other| event.report.group = Some(other),
        |event, _| event.results[0].abnormal.push(Abnormal::CriticalHigh),
        |event, _| event.results[0].ref_high = Decimal::parse("5.1"),
        |event, _| event.attributes.push((Text::from("modality"), Given::Cleared)),
        |event, _| event.reason = Some(Text::from("HEMOLYZED")),
        |event, _| event.channel = Some(Channel::Phone),
        |event, _| event.narrative = true,
        |event, _| event.tests.push(event.results[0].code.clone()),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut run = Run::hospital();
        run.hear("09:09", base());
        let mut changed = base();
        change(&mut changed.0, other.clone());
        run.hear("09:10", changed.clone());
        // Its own repetition is known as one of it, not of the first.
        assert_eq!(of(&mut run, "09:11", changed), Disposition::Duplicate { first: at("09:10") }, "change {number}");
    }
}

#[test]
fn a_report_that_is_full_still_hears_of_a_critical_result() {
    // A device that uses one number again and again.
    let mut run = Run::hospital();
    for round in 0..40 {
        let mut said = Said::update(&format!("09:{round:02}")).id(&format!("m{round}"));
        for number in 0..105 {
            said = said.potassium("4.4");
            let result = said.0.results.last_mut().unwrap();
            (result.sub, result.critical) = (Text::from(format!("{round}.{number}")), None);
        }
        run.hear(&format!("09:{round:02}"), said);
    }
    let before = run.partition.counters().alerts_raised;
    run.hear("10:00", Said::step(Step::Preliminary, "10:00").potassium("7.4").id("critical"));
    assert_eq!(run.partition.counters().alerts_raised, before + 1);
}

#[test]
fn a_change_or_retraction_corrects() {
    let mut run = Run::hospital();
    run.hear("09:01", Said::step(Step::Final, "09:00").potassium("6.9"));
    let corrected = Said::step(Step::Corrected, "09:10").potassium("4.4");
    assert_eq!(of(&mut run, "09:10", corrected), Disposition::Corrected);
    let mut retracted = Said::update("09:20").potassium("4.4");
    retracted.0.results[0].status = ResultStatus::EnteredInError;
    assert_eq!(of(&mut run, "09:20", retracted), Disposition::Corrected);
    assert_eq!(of(&mut run, "09:30", Said::step(Step::EnteredInError, "09:30")), Disposition::Corrected);
}

#[test]
fn a_word_that_another_outweighs_is_stale() {
    // [REP-2] [REP-5]
    let mut run = Run::hospital();
    let made = |said: Said, clock: &str| {
        let mut said = said;
        said.0.msg.made_at = Some(EventTime::exact(at(clock)));
        said
    };
    run.hear("09:30", made(Said::step(Step::Received, "09:05"), "09:10"));
    let older = made(Said::step(Step::Received, "09:00"), "09:00").id("older");
    assert_eq!(of(&mut run, "09:31", older), Disposition::Stale, "a newer statement about the receipt stands");
    run.hear("09:40", Said::step(Step::Final, "09:40"));
    let cancelled = Said::step(Step::Cancelled, "09:20");
    assert_eq!(of(&mut run, "09:41", cancelled), Disposition::Stale, "a result came after it");
    run.hear("09:45", Said::step(Step::Preliminary, "09:35").potassium("6.9"));
    run.hear("09:46", Said::step(Step::Preliminary, "09:36").potassium("7.4"));
    let first_value = Said::update("09:34").potassium("5.0");
    assert_eq!(of(&mut run, "09:47", first_value), Disposition::Applied, "an update says something about its time");
}

#[test]
fn what_fits_nothing_is_unmatched() {
    let mut run = Run::hospital();
    let no_notice = answer(Act::Accepted, "000000", "09:00");
    assert_eq!(of(&mut run, "09:00", no_notice), Disposition::Unmatched);
    let nobody = Ident { id: Text::from("R9"), ns: Text::from("BEAKER") };
    let ids = ReportIds { filler: Some(nobody), ..ReportIds::default() };
    let merge = Merge::Reports(Box::new((ids.clone(), ids)));
    let mut unknown = Said::update("09:01");
    unknown.0.fact = Fact::Merge(Box::new(merge));
    assert_eq!(of(&mut run, "09:01", unknown), Disposition::Unmatched);
    let mut nowhere = Said::update("09:02");
    nowhere.0.fact = Fact::Encounter;
    nowhere.0.encounter = Some(Token([5; 16]));
    assert_eq!(of(&mut run, "09:02", nowhere), Disposition::Unmatched);
    let of_patient = |said: Said, patient: u8| {
        let mut said = said;
        said.0.patient = Some(Token([patient; 16]));
        said
    };
    run.hear("09:03", of_patient(Said::step(Step::Received, "09:03"), 1));
    let stranger = of_patient(Said::step(Step::Collected, "09:02"), 2);
    assert_eq!(of(&mut run, "09:04", stranger), Disposition::Unmatched, "[IDN-9]");
}

#[test]
fn an_answer_to_what_is_over_is_stale() {
    let mut run = Run::hospital();
    run.hear("09:00", Said::step(Step::Final, "09:00").potassium("6.9").ordered_by(DR_BELL));
    let code = run.code();
    assert_eq!(of(&mut run, "09:01", answer(Act::Acted, &code, "09:01")), Disposition::Applied);
    assert_eq!(of(&mut run, "09:02", answer(Act::Accepted, &code, "09:02")), Disposition::Stale);
    assert_eq!(run.verdict(), "already closed");
}

#[test]
fn an_unreadable_message_is_dead_lettered_each_time() {
    let mut run = Run::hospital();
    let unreadable = |id: &str| Event::new("lis", id, Fact::Unreadable { size: 3, sha: [1; 16] });
    for clock in ["09:00", "09:01"] {
        run.inputs(clock, vec![Input::Event(Box::new(unreadable("x")))]);
        assert_eq!(newest(&run), [Disposition::DeadLettered]);
    }
    assert_eq!(run.partition.counters().dead_lettered, 2);
}

#[test]
fn dispositions_stand_in_the_order_of_the_batch_and_not_of_its_evaluation() {
    // [TIME-3] Answers are taken after facts, whatever stands first.
    let mut run = Run::hospital();
    run.hear("09:00", Said::step(Step::Final, "09:00").potassium("6.9").ordered_by(DR_BELL));
    let code = run.code();
    let said = Said::step(Step::Collected, "08:50");
    let inputs = vec![
        answer(Act::Accepted, &code, "09:05").input(),
        Input::Tick,
        said.clone().input(),
        said.input(),
        Said::update("09:04").ordered_by(DR_BELL).input(),
    ];
    run.inputs("09:05", inputs);
    let first = at("09:05");
    let expected = [Disposition::Applied, Disposition::Applied, Disposition::Duplicate { first }, Disposition::Applied];
    assert_eq!(newest(&run), expected);
    assert_eq!(run.told.last().unwrap().events.iter().map(|event| event.place).collect::<Vec<_>>(), [0, 2, 3, 4]);
}

/// What may happen in a generated run.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Step(Step, bool),
    Again,
    Garbage,
    Merge,
    Attempts(Outcome),
    Answer(Act),
    Restart,
    Pass,
}

fn happens() -> impl Strategy<Value = Happens> {
    use Step::{Cancelled, Collected, Corrected, EnteredInError, Final, Preliminary, Received, Recollect, Reviewed};
    let step = prop_oneof![
        3 => Just(Received), 2 => Just(Preliminary), 2 => Just(Final), 1 => Just(Corrected), 1 => Just(Cancelled),
        1 => Just(EnteredInError), 1 => Just(Collected), 1 => Just(Recollect), 1 => Just(Reviewed)
    ];
    let outcome = prop_oneof![
        3 => Just(Outcome::Delivered), 1 => Just(Outcome::FailedSoft { retry_after: None }),
        1 => Just(Outcome::FailedHard), 1 => Just(Outcome::Ambiguous { class: Class::Neither })
    ];
    let act = prop_oneof![Just(Act::Accepted), Just(Act::Declined), Just(Act::Acted), Just(Act::Read)];
    prop_oneof![
        6 => (step, any::<bool>()).prop_map(|(step, has_value)| Happens::Step(step, has_value)),
        1 => Just(Happens::Again), 1 => Just(Happens::Garbage), 1 => Just(Happens::Merge),
        3 => outcome.prop_map(Happens::Attempts), 2 => act.prop_map(Happens::Answer),
        1 => Just(Happens::Restart), 2 => Just(Happens::Pass)
    ]
}

/// The `index`th thing, as inputs at its own minute.
fn inputs(what: Happens, index: usize, run: &Run) -> Vec<Input> {
    let minute = format!("{:02}:{:02}", 9 + index / 60, index % 60);
    match what {
        Happens::Step(step, has_value) => {
            let said = Said::step(step, &minute).of(["R1", "R2", "R3"][index % 3]).ordered_by(DR_BELL);
            let value = ["6.9", "4.4", "7.4"][index % 2 + usize::from(index.is_multiple_of(5))];
            vec![if has_value { said.potassium(value) } else { said }.input()]
        }
        Happens::Again => {
            run.batches.iter().rev().flat_map(|batch| &batch.inputs).find(is_event).cloned().into_iter().collect()
        }
        Happens::Garbage => {
            let fact = Fact::Unreadable { size: 9, sha: [9; 16] };
            vec![Input::Event(Box::new(Event::new("lis", &format!("g{index}"), fact)))]
        }
        Happens::Merge => {
            let number = |index: usize| Token([u8::try_from(index % 5).unwrap(); 16]);
            let merge = Merge::Tokens { what: MergeWhat::Patient, from: number(index), into: number(index + 1) };
            let event = Event::new("lis", &format!("g{index}"), Fact::Merge(Box::new(merge)));
            vec![Input::Event(Box::new(event))]
        }
        Happens::Attempts(outcome) => run
            .partition
            .started_without_result(u32::MAX)
            .into_iter()
            .map(|attempt| Input::Attempt(Attempt { outcome, ..attempt }))
            .collect(),
        Happens::Answer(act) => {
            let made = run.told.iter().flat_map(|told| &told.obligations);
            let code = made.last().map(|made| made.head.nid.code().to_string());
            code.map(|code| answer(act, &code, &minute).input()).into_iter().collect()
        }
        Happens::Restart | Happens::Pass => vec![Input::Tick],
    }
}

fn is_event(input: &&Input) -> bool {
    matches!(input, Input::Event(_))
}

/// Hears all of it, a minute apart, and mostly starts what is ready after each.
fn lived(things: &[Happens]) -> Run {
    let mut run = Run::hospital();
    for (index, what) in things.iter().enumerate() {
        let minute = format!("{:02}:{:02}", 9 + index / 60, index % 60);
        let inputs = inputs(*what, index, &run);
        run.inputs(&minute, inputs);
        if !index.is_multiple_of(4) {
            run.start(&format!("{minute}:30"));
        }
        if matches!(what, Happens::Restart) {
            run.restart();
        }
    }
    run.pass("18:00");
    run
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_books_balance(things in proptest::collection::vec(happens(), 1..120)) {
        // guarantees 10.3: the driver asserts the equations after every batch; here the words are counted again by hand.
        let run = lived(&things);
        let words = |word: &str| {
            let events = run.told.iter().flat_map(|told| &told.events);
            u64::try_from(events.filter(|event| event.disposition.word() == word).count()).unwrap()
        };
        let counters = run.partition.counters();
        let counted = [
            counters.applied - counters.corrected - counters.stale - counters.unmatched,
            counters.corrected, counters.duplicate, counters.stale, counters.unmatched, counters.dead_lettered,
        ];
        prop_assert_eq!(counted, Disposition::WORDS.map(words));
        prop_assert_eq!(counted.iter().sum::<u64>(), counters.received);
    }
}

#[test]
fn the_generated_runs_reach_every_counter() {
    // A check of the check: a figure that stays at zero balances whatever it counts. Nothing expires yet, and reports stay
    // for longer than these runs.
    let mut random = TestRunner::deterministic();
    let strategy = proptest::collection::vec(happens(), 60..120);
    let mut reached: BTreeMap<&str, u64> = BTreeMap::new();
    for _ in 0..24 {
        let things = strategy.new_tree(&mut random).unwrap().current();
        let counters = lived(&things).partition.counters();
        for (name, count) in figures(&counters) {
            *reached.entry(name).or_default() += count;
        }
    }
    let never: Vec<&&str> = reached.iter().filter(|(_, count)| **count == 0).map(|(name, _)| name).collect();
    assert_eq!(never, Vec::<&&str>::new(), "{reached:?}");
}

fn figures(counters: &Counters) -> [(&'static str, u64); 24] {
    [
        ("applied", counters.applied),
        ("corrected", counters.corrected),
        ("stale", counters.stale),
        ("unmatched", counters.unmatched),
        ("duplicate", counters.duplicate),
        ("dead_lettered", counters.dead_lettered),
        ("reports_opened", counters.reports_opened),
        ("alerts_raised", counters.alerts_raised),
        ("alerts_closed", counters.alerts_closed),
        ("alerts_withdrawn", counters.alerts_withdrawn),
        ("unresolved", counters.unresolved),
        ("answered", counters.answered),
        ("escalated", counters.escalated),
        ("notices_created", counters.notices_created),
        ("delivered", counters.delivered),
        ("notices_withdrawn", counters.notices_withdrawn),
        ("notices_exhausted", counters.notices_exhausted),
        ("attempts_started", counters.attempts_started),
        ("attempts_delivered", counters.attempts_delivered),
        ("attempts_failed", counters.attempts_failed),
        ("ambiguous", counters.ambiguous),
        ("timers_armed", counters.timers_armed),
        ("timers_cancelled", counters.timers_cancelled),
        ("timers_fired", counters.timers_fired),
    ]
}

#[test]
fn reports_leave_memory_only_when_all_that_hangs_on_them_is_over() {
    let mut partition = Partition::new(Settings::default());
    let mut out = Output::default();
    let mut hear = |partition: &mut Partition, at, inputs| {
        out.clear();
        let batch = Batch { at, inputs };
        step(partition, &batch, &mut out);
        check_ledger(partition, &batch, &out);
    };
    hear(&mut partition, at("08:00"), vec![crate::driver::activate(hospital(), "hospital")]);
    let said = Said::step(Step::Final, "09:00").potassium("6.9").ordered_by(DR_BELL);
    hear(&mut partition, at("09:00"), vec![said.input()]);
    hear(&mut partition, at("09:01"), vec![Said::step(Step::Reviewed, "09:01").input()]);
    let days = |count: i64| at("09:01").plus(Span::from_minutes(count * 24 * 60));
    // Everything was unsent, so the answer ended it: the report may leave when it is settled for 35 days.
    for day in 1..=120 {
        hear(&mut partition, days(day), vec![Input::Tick]);
    }
    let counters = partition.counters();
    assert_eq!((counters.reports_opened, counters.reports_left), (1, 1));
}
