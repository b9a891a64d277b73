//! Past: does a rule see what was found for the same patient and test before, whatever was heard first?

use wardline_core::Input;
use wardline_rules::{
    decimal::Decimal,
    event::{Code, Event, Fact, Merge},
    program::{
        Alert, Atom, Bounds, Comparison, Condition, Field, Missed, Missing, MissingThen, Operand, Program, Trigger,
    },
    token::Token,
    unit::Unit,
    words::{Comparator, MergeWhat, Step},
};

use crate::{
    driver::{Run, activate},
    said::{Said, at},
    ward::{ORANGE, at_step, critical_alert, head, minutes, of_result, program},
};

const ADA: Token = Token([0xad; 16]);
const BEN: Token = Token([0xbe; 16]);

fn rule(name: &str, field: Field, bounds: Bounds) -> Alert {
    let missing = Missing { what: Missed::Field(field), then: MissingThen::DoNotMatch };
    Alert {
        head: head(&format!("alert/{name}")),
        trigger: Trigger::When(vec![of_result(Step::Final)]),
        condition: Condition::Atom(Atom { field, comparison: Comparison::Range(true, bounds) }),
        missing: vec![missing],
        severity: ORANGE,
        ..critical_alert()
    }
}

fn mmol(number: &str) -> Operand {
    Operand::Quantity(Unit::parse("mmol/L").unwrap().quantity(Decimal::parse(number).unwrap()).unwrap())
}

/// Potassium that rose by more than one, potassium after a low one, and an order within a day of the one before.
pub(crate) fn looking_back() -> Program {
    let rise = rule("Rise", Field::Change, Bounds::Above(mmol("1.0")));
    let after_low = rule("After low", Field::PreviousValue, Bounds::Below(mmol("3.0")));
    let again = Alert {
        trigger: Trigger::When(vec![at_step(Step::Ordered)]),
        ..rule("Again", Field::TimeSinceSameTest, Bounds::Below(Operand::Span(minutes(24 * 60))))
    };
    program(3, Vec::new(), vec![rise, after_low, again])
}

fn run() -> Run {
    let mut run = Run::empty();
    run.batch(at("00:10"), vec![activate(looking_back(), "looking back")]);
    run
}

fn of(patient: Token, filler: &str, mut said: Said) -> Said {
    said = said.of(filler);
    said.0.patient = Some(patient);
    said
}

fn potassium(patient: Token, filler: &str, clock: &str, number: &str) -> Said {
    of(patient, filler, Said::step(Step::Final, clock).potassium(number))
}

fn order(patient: Token, filler: &str, clock: &str) -> Said {
    let mut said = of(patient, filler, Said::step(Step::Ordered, clock));
    said.0.tests = vec![Code { code: "2823-3".into(), ..Code::default() }];
    said
}

/// Raises and ends of one rule; nobody answers here.
fn alerts(run: &Run, rule: &str) -> Vec<String> {
    let line = format!(" alert {rule}#");
    let lines = run.story("00:00").into_iter().filter(|said| said.contains(&line));
    lines.filter(|said| !said.ends_with("unresolved")).map(|said| said.replace(&line, " #")).collect()
}

#[test]
fn a_value_is_compared_with_the_newest_before_it_of_the_same_patient() {
    let mut run = run();
    run.hear("08:00", potassium(ADA, "A1", "08:00", "2.9"));
    run.hear("08:05", potassium(BEN, "B1", "08:05", "5.9"));
    run.hear("09:00", potassium(ADA, "A2", "09:00", "3.8"));
    assert_eq!(alerts(&run, "Rise"), Vec::<String>::new(), "0.9, and 5.9 is another patient's");
    assert_eq!(alerts(&run, "After low"), ["09:00 #1 raised"]);
    run.hear("10:00", potassium(ADA, "A3", "10:00", "4.8"));
    run.hear("10:30", potassium(ADA, "A4", "10:30", "5.9"));
    assert_eq!(alerts(&run, "Rise"), ["10:30 #1 raised"], "1.0 is not above 1.0; 1.1 is");
}

#[test]
fn what_is_earlier_is_decided_by_when_it_happened() {
    // The later value is heard first; when the earlier one comes, and when it is corrected, the later is looked at again.
    let mut run = run();
    run.hear("09:00", potassium(ADA, "A2", "09:00", "5.5"));
    assert_eq!(alerts(&run, "Rise"), [] as [&str; 0], "nothing is known to compare with");
    run.hear("09:30", potassium(ADA, "A1", "08:00", "4.0"));
    assert_eq!(alerts(&run, "Rise"), ["09:30 #1 raised"]);
    let corrected = of(ADA, "A1", Said::step(Step::Corrected, "08:30").potassium("5.0"));
    run.hear("09:40", corrected);
    assert_eq!(alerts(&run, "Rise"), ["09:30 #1 raised", "09:40 #1 withdrawn"]);
}

#[test]
fn neither_its_own_correction_nor_one_that_came_later_is_the_value_before() {
    let mut run = run();
    run.hear("08:00", potassium(ADA, "A1", "08:00", "4.0"));
    run.hear("09:00", potassium(ADA, "A2", "09:00", "4.2"));
    let later = of(ADA, "A1", Said::step(Step::Corrected, "09:30").potassium("2.5"));
    run.hear("09:30", later);
    assert_eq!(alerts(&run, "After low"), [] as [&str; 0], "at nine it was 4.0");
    let own = of(ADA, "A2", Said::step(Step::Corrected, "10:00").potassium("5.6"));
    run.hear("10:00", own);
    assert_eq!(
        alerts(&run, "Rise"),
        ["10:00 #1 raised"],
        "5.6 after the 2.5 that A1 says by then, not after its own 4.2"
    );
    assert_eq!(alerts(&run, "After low"), ["10:00 #1 raised"]);
}

#[test]
fn values_off_the_scale_differ_by_what_all_their_points_agree_on() {
    // [COND-2]
    let signed = |filler: &str, clock: &str, sign: Comparator, number: &str| {
        let mut said = potassium(ADA, filler, clock, number);
        said.0.results[0].value =
            wardline_rules::event::ResultValue::Number(Some(sign), Decimal::parse(number).unwrap());
        said
    };
    let mut run = run();
    run.hear("08:00", signed("A1", "08:00", Comparator::Below, "4.0"));
    run.hear("09:00", potassium(ADA, "A2", "09:00", "5.0"));
    assert_eq!(alerts(&run, "Rise"), ["09:00 #1 raised"], "more than 1.0");
    run.hear("10:00", signed("A3", "10:00", Comparator::Above, "5.5"));
    assert_eq!(alerts(&run, "Rise"), ["09:00 #1 raised"], "more than 0.5 may be either");
    run.hear("11:00", signed("A4", "11:00", Comparator::Above, "9.0"));
    assert_eq!(alerts(&run, "Rise").len(), 1, "of two values above something nobody knows the difference");
}

#[test]
fn an_order_is_compared_with_the_one_before_it_unless_that_is_cancelled() {
    // [DUP-4]
    let mut run = run();
    run.hear("08:00", order(ADA, "A1", "08:00"));
    run.hear("09:00", order(BEN, "B1", "09:00"));
    run.hear("10:00", order(ADA, "A2", "10:00"));
    assert_eq!(alerts(&run, "Again"), ["10:00 #1 raised"]);
    run.hear("11:00", of(ADA, "A1", Said::step(Step::Cancelled, "11:00")));
    assert_eq!(alerts(&run, "Again"), ["10:00 #1 raised", "11:00 #1 withdrawn"]);
    let mut other = order(ADA, "A3", "12:00");
    other.0.tests[0].code = "2951-2".into();
    run.hear("12:00", other);
    run.hear("+1 10:00", order(ADA, "A4", "+1 10:00"));
    assert_eq!(alerts(&run, "Again").len(), 2, "sodium is another test, and exactly a day is not less than a day");
}

#[test]
fn patients_who_turn_out_to_be_one_have_one_past() {
    // [IDN-11]
    let mut run = run();
    run.hear("08:00", potassium(BEN, "B1", "08:00", "2.5"));
    let mut merge = Event::new(
        "adt",
        "merge",
        Fact::Merge(Box::new(Merge::Tokens { what: MergeWhat::Patient, from: BEN, into: ADA })),
    );
    merge.occurred_at = Some(wardline_rules::time::EventTime::exact(at("08:30")));
    run.inputs("08:30", vec![Input::Event(Box::new(merge))]);
    run.hear("09:00", potassium(ADA, "A1", "09:00", "4.1"));
    assert_eq!(alerts(&run, "Rise"), ["09:00 #1 raised"]);
}

#[test]
fn a_ward_that_looks_back_sees_what_was_heard_before_it() {
    let mut run = Run::hospital();
    run.hear("08:10", potassium(ADA, "A1", "08:10", "2.5"));
    run.inputs("08:30", vec![activate(looking_back(), "looking back")]);
    run.hear("09:00", potassium(ADA, "A2", "09:00", "4.1"));
    assert_eq!(alerts(&run, "Rise"), ["09:00 #1 raised"]);
}

#[test]
fn a_restart_forgets_no_past() {
    // Guarantees G8.
    let mut runs = [run(), run()];
    for run in &mut runs {
        run.hear("08:00", potassium(ADA, "A1", "08:00", "2.5"));
        run.hear("08:20", order(ADA, "A2", "08:20"));
    }
    runs[1].restart();
    for run in &mut runs {
        run.hear("09:00", potassium(ADA, "A2", "09:00", "4.1"));
        run.hear("09:10", potassium(ADA, "A0", "07:00", "4.0"));
        run.hear("10:00", order(ADA, "A3", "10:00"));
    }
    assert_eq!(alerts(&runs[0], "Again"), ["08:20 #1 raised", "10:00 #1 raised"]);
    assert_eq!(alerts(&runs[0], "Rise"), ["09:00 #1 raised"]);
    assert_eq!(runs[0].story("09:00"), runs[1].story("09:00"));
    assert!(runs[0].partition.checkpoint() == runs[1].partition.checkpoint());
}

#[test]
fn the_order_of_arrival_does_not_change_what_stands() {
    // [REP-1]: five facts of three reports in all orders; at the end the same alerts are open.
    let facts = || {
        [
            potassium(ADA, "A1", "08:00", "4.0"),
            potassium(ADA, "A2", "09:00", "5.5"),
            of(ADA, "A1", Said::step(Step::Corrected, "08:30").potassium("5.0")),
            potassium(ADA, "A3", "10:00", "2.9"),
            potassium(ADA, "A4", "11:00", "4.0"),
        ]
    };
    let mut seen = Vec::new();
    for start in 0..5 {
        for step in [1, 2, 3, 4] {
            let mut run = run();
            for turn in 0..5 {
                let clock = format!("12:{turn:02}");
                run.hear(&clock, facts()[(start + turn * step) % 5].clone());
            }
            let open = |rule: &str| {
                let said = alerts(&run, rule);
                let count = |word: &str| said.iter().filter(|line| line.ends_with(word)).count();
                count("raised") - count("withdrawn") - count("closed")
            };
            seen.push((open("Rise"), open("After low")));
        }
    }
    assert_eq!(
        seen,
        vec![(1, 1); 20],
        "4.0 after 2.9 rose and came after a low one; 5.5 after the corrected 5.0 did not"
    );
}
