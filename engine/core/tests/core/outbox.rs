//! Outbox: the state table of the guarantees page, section 3.2, every state against every input.
//!
//! The page is of an orange alert, so that doubt waits a minute before it is tried again.

use proptest::prelude::*;
use wardline_core::{
    Input,
    ids::Nid,
    input::{Attempt, Class, Outcome},
    output::{NoticeState, Purpose},
};
use wardline_rules::{
    program::{Alert, Escalation},
    words::{Act, Channel, Step},
};

use crate::{
    driver::Run,
    said::{DR_BELL, Said, answer},
    ward::{ORANGE, critical_alert, critical_escalation, minutes, program},
};

use NoticeState::{Delivered, Exhausted, Ready, Started, Unsure, Waiting, Withdrawn};

const STATES: [NoticeState; 7] = [Ready, Started, Waiting, Unsure, Delivered, Withdrawn, Exhausted];

/// What happens to a notice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Happens {
    Comes(Outcome),
    Answered,
    NoLongerTrue,
    AMinutePasses,
}

const SOFT: Outcome = Outcome::FailedSoft { retry_after: None };

/// A page in that state at 09:01, after one try if it needs one.
fn page_in(state: NoticeState) -> (Run, Nid) {
    let mut escalation = critical_escalation();
    escalation.steps[0].by = vec![Channel::Phone];
    escalation.steps[0].reminders.clear();
    let mut program = program(1, Vec::new(), vec![Alert { severity: ORANGE, ..critical_alert() }]);
    program.escalations = vec![Escalation { lapses: Some(minutes(60)), ..escalation }];
    let mut run = Run::of(program);
    run.hear("09:00", Said::step(Step::Preliminary, "09:00").potassium("6.9").ordered_by(DR_BELL));
    let nid = run.told.last().unwrap().obligations[0].head.nid;
    if state == Withdrawn {
        let code = run.code();
        run.hear("09:00:30", answer(Act::Accepted, &code, "09:00:30"));
        return (run, nid);
    }
    if state != Ready {
        run.start("09:00:30");
    }
    let outcome = match state {
        Waiting => Some(SOFT),
        Unsure => Some(Outcome::Ambiguous { class: Class::Neither }),
        Delivered => Some(Outcome::Delivered),
        Exhausted => Some(Outcome::FailedHard),
        _ => None,
    };
    if let Some(outcome) = outcome {
        run.outcome("09:00:31", nid, (1, outcome));
    }
    assert_eq!(state_of(&run, nid), state);
    (run, nid)
}

fn state_of(run: &Run, nid: Nid) -> NoticeState {
    run.partition.notice(nid).unwrap().state
}

/// What the input makes of the notice, and how many withdrawals it sends.
fn after(state: NoticeState, happens: Happens) -> (NoticeState, usize) {
    let (mut run, nid) = page_in(state);
    let number = run.partition.notice(nid).unwrap().attempts.max(1);
    match happens {
        Happens::Comes(Outcome::Started) if state == Ready => run.outcome("09:00:32", nid, (1, Outcome::Started)),
        Happens::Comes(Outcome::Started) => run.outcome("09:00:32", nid, (number + 1, Outcome::Started)),
        Happens::Comes(outcome) => run.outcome("09:00:32", nid, (number, outcome)),
        Happens::Answered => {
            let code = nid.code().to_string();
            run.hear("09:00:32", answer(Act::Accepted, &code, "09:00:32"))
        }
        Happens::NoLongerTrue => run.hear("09:00:32", Said::step(Step::Corrected, "09:00:32").potassium("4.4")),
        Happens::AMinutePasses => run.pass("09:01:32"),
    };
    let gauges = run.partition.gauges();
    assert_eq!(gauges.in_flight, gauges.notices_in(Started), "{state:?} {happens:?}");
    let made = run.told.iter().flat_map(|told| &told.obligations);
    (state_of(&run, nid), made.filter(|made| made.purpose == Purpose::Withdrawal).count())
}

/// One line of the table, in the order of [`STATES`].
fn line(happens: Happens, expected: [NoticeState; 7]) {
    let found = STATES.map(|state| after(state, happens).0);
    assert_eq!(found, expected, "{happens:?}");
}

#[test]
fn a_start_is_taken_only_of_what_is_ready() {
    line(Happens::Comes(Outcome::Started), [Started, Started, Waiting, Unsure, Delivered, Withdrawn, Exhausted]);
    for state in STATES {
        let (mut run, nid) = page_in(state);
        let number = run.partition.notice(nid).unwrap().attempts + 1;
        run.outcome("09:00:32", nid, (number, Outcome::Started));
        assert_eq!(run.told.last().unwrap().go.len(), usize::from(state == Ready), "{state:?}");
    }
}

#[test]
fn a_delivery_counts_whenever_it_is_heard_of() {
    line(
        Happens::Comes(Outcome::Delivered),
        [Delivered, Delivered, Delivered, Delivered, Delivered, Withdrawn, Exhausted],
    );
}

#[test]
fn a_soft_failure_waits_for_the_next_try() {
    line(Happens::Comes(SOFT), [Ready, Waiting, Waiting, Waiting, Delivered, Withdrawn, Exhausted]);
}

#[test]
fn a_hard_failure_ends_what_was_tried() {
    line(Happens::Comes(Outcome::FailedHard), [Ready, Exhausted, Waiting, Exhausted, Delivered, Withdrawn, Exhausted]);
}

#[test]
fn an_unknown_outcome_leaves_doubt() {
    line(
        Happens::Comes(Outcome::Ambiguous { class: Class::Neither }),
        [Ready, Unsure, Waiting, Unsure, Delivered, Withdrawn, Exhausted],
    );
}

#[test]
fn an_answer_withdraws_what_is_not_being_tried() {
    line(Happens::Answered, [Withdrawn, Started, Withdrawn, Withdrawn, Delivered, Withdrawn, Exhausted]);
}

#[test]
fn what_is_no_longer_true_is_withdrawn_and_whoever_may_have_seen_it_is_told() {
    // [ESC-12] Not who was never reached: ready, refused for now, or refused for good.
    line(Happens::NoLongerTrue, [Withdrawn, Started, Withdrawn, Withdrawn, Delivered, Withdrawn, Exhausted]);
    let told = STATES.map(|state| after(state, Happens::NoLongerTrue).1);
    assert_eq!(told, [0, 1, 0, 1, 1, 0, 0]);
}

#[test]
fn time_brings_back_what_waits_and_marks_what_was_in_doubt() {
    line(Happens::AMinutePasses, [Ready, Started, Ready, Ready, Delivered, Withdrawn, Exhausted]);
    for (state, is_marked) in [(Waiting, false), (Unsure, true)] {
        let (mut run, nid) = page_in(state);
        run.pass("09:01:32");
        assert_eq!(run.partition.notice(nid).unwrap().is_repeat, is_marked, "{state:?}");
    }
}

#[test]
fn a_late_result_replaces_the_wait_that_doubt_began() {
    // The doubt of 09:00:31 would end at 09:01:31; refused for now after all, it is tried again at the time of that.
    let (mut run, nid) = page_in(Unsure);
    run.outcome("09:01:30", nid, (1, Outcome::FailedSoft { retry_after: Some(120) }));
    run.pass("09:03:29");
    assert_eq!(state_of(&run, nid), Waiting);
    run.pass("09:03:30");
    assert_eq!(state_of(&run, nid), Ready);
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Delivered),
        Just(SOFT),
        Just(Outcome::FailedHard),
        Just(Outcome::Ambiguous { class: Class::Neither }),
        Just(Outcome::Started)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_of_tries_nothing_is_lost_or_counted_twice(
        story in proptest::collection::vec((outcome(), 0_u32..4, any::<bool>()), 1..40)
    ) {
        // guarantees 10.3 line 4, O9: every notice is in one state, and each start had a go.
        let mut run = Run::hospital();
        for report in ["R1", "R2", "R3"] {
            let said = Said::step(Step::Preliminary, "09:00").potassium("6.9").ordered_by(DR_BELL);
            run.hear("09:00", said.of(report).id(report));
        }
        let mut started: Vec<Nid> = Vec::new();
        for (minute, (outcome, number, starts)) in story.into_iter().enumerate() {
            let clock = format!("09:{:02}:{:02}", 1 + minute / 2, minute % 2 * 30);
            if starts {
                started.extend(run.start(&clock));
            } else if let Some(nid) = started.get(minute % started.len().max(1)) {
                let attempt = Attempt { nid: *nid, number, epoch: 1, outcome };
                run.inputs(&clock, vec![Input::Attempt(attempt)]);
            }
            let gauges = run.partition.gauges();
            let counters = run.partition.counters();
            prop_assert_eq!(gauges.in_flight, gauges.notices_in(Started));
            prop_assert_eq!(u64::try_from(gauges.notices.iter().sum::<usize>()).unwrap(), counters.notices_created);
            let ended = [Delivered, Withdrawn, NoticeState::Expired, Exhausted].map(|state| gauges.notices_in(state));
            prop_assert_eq!(u64::try_from(ended.iter().sum::<usize>()).unwrap(), counters.notices_ended);
        }
        let gos = run.told.iter().map(|told| told.go.len()).sum::<usize>();
        prop_assert_eq!(u64::try_from(gos).unwrap(), run.partition.counters().attempts_started);
        run.restart();
    }
}
