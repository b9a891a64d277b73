//! Escalation: the transitions T1 to T23 of the language page, section 5.6, one by one.

use wardline_core::{
    Input,
    ids::Nid,
    input::{Class, Outcome, Silence, Silenced},
    output::{NoticeState, Party},
    party_token,
};
use wardline_rules::{
    Text,
    decimal::Decimal,
    program::{
        Alert, AnsweredBy, Atom, Comparison, Condition, Decline, Escalation, Failed, Field, Missed, Missing,
        MissingThen, Once, PageTo, Person, PersonId, Program, Repeat, Roster, RosterId, SeverityId, Trigger, Turn, Who,
    },
    quality::Fault,
    time::{CivilTime, Date, TimeOfDay, Zone},
    words::{Act, Channel, Step},
};

use crate::{
    driver::{Run, activate},
    said::{DR_BELL, DR_CHO, Said, answer, answer_with, at, joined, read_back},
    ward::{
        CHARGE_DESK, LAB_DESK, ORANGE, at_step, critical_alert, critical_escalation, minutes, of_result, only_critical,
        program, unreviewed,
    },
};

/// The escalation with one channel in each step, so that nothing falls back.
fn plain() -> Escalation {
    let mut escalation = critical_escalation();
    escalation.steps[0].by = vec![Channel::Phone];
    escalation
}

/// Both are asked in step 1.
fn of_two() -> Escalation {
    let mut escalation = plain();
    escalation.steps[0].who = vec![Who::Ordering, Who::Desk(LAB_DESK)];
    escalation
}

fn with_severity(escalation: Escalation, severity: SeverityId) -> Program {
    let mut program = program(1, Vec::new(), vec![Alert { severity, ..critical_alert() }]);
    program.escalations = vec![escalation];
    program
}

fn critical(clock: &str) -> Said {
    Said::step(Step::Preliminary, clock).potassium("6.9").ordered_by(DR_BELL)
}

/// A critical potassium at 09:00.
fn raised(escalation: Escalation) -> Run {
    let mut run = Run::of(only_critical(escalation));
    run.hear("09:00", critical("09:00"));
    run
}

fn silence(id: u64, until: &str) -> Input {
    let what = Silenced::Rule("alert/Critical".into());
    Input::Silence(Box::new(Silence { id, what, until: at(until), author: "Ops".into(), because: "move".into() }))
}

/// The notices of a run that are in a state, by recipient and channel.
fn in_state(run: &Run, state: NoticeState) -> usize {
    run.partition.gauges().notices_in(state)
}

fn faults(run: &Run) -> Vec<Fault> {
    run.told.iter().flat_map(|told| &told.quality).map(|row| row.fault).collect()
}

#[test]
fn t1_a_raise_begins_step_one() {
    // [T1] [ALERT-4] generation 1, [ESC-1]
    let run = raised(plain());
    assert_eq!(run.story("09:00"), ["09:00 alert Critical#1 raised", "09:00 page Dr Bell by phone"]);
}

#[test]
fn t2_t3_a_muted_raise_is_held_until_the_lift() {
    // [T2] [T3] [MUTE-1] [MUTE-2]
    let mut run = Run::of(with_severity(plain(), ORANGE));
    run.inputs("08:30", vec![silence(1, "11:00")]);
    run.hear("09:00", critical("09:00"));
    run.pass("10:00");
    run.inputs("10:10", vec![Input::Lift(1)]);
    assert_eq!(
        run.story("08:30"),
        ["09:00 alert Critical#1 raised", "09:00 alert Critical#1 held, muted", "10:10 page Dr Bell by phone"]
    );
    // The wait begins at the lift, not at the raise.
    run.pass("10:20");
    assert_eq!(run.story("10:11"), ["10:15 remind Dr Bell by phone", "10:20 page desk Charge by phone"]);
}

#[test]
fn t2_what_cannot_be_held_is_not() {
    // [T2] [MUTE-3]
    let mut run = Run::of(only_critical(plain()));
    run.inputs("08:30", vec![silence(1, "11:00")]);
    run.hear("09:00", critical("09:00"));
    assert_eq!(run.story("09:00"), ["09:00 alert Critical#1 raised", "09:00 page Dr Bell by phone"]);
}

#[test]
fn a_silence_ends_by_itself_within_a_day() {
    // [MUTE-5]
    let mut run = Run::of(with_severity(plain(), ORANGE));
    run.inputs("08:30", vec![silence(1, "+1 12:00")]);
    run.hear("09:00", critical("09:00"));
    run.pass("+1 09:00");
    assert_eq!(
        run.story("10:00"),
        vec![
            "+1 08:30 page Dr Bell by phone",
            "+1 08:35 remind Dr Bell by phone",
            "+1 08:40 page desk Charge by phone",
            "+1 08:55 page Dr Bell by phone",
            "+1 09:00 remind Dr Bell by phone"
        ]
    );
}

#[test]
fn t4_what_is_no_longer_true_at_the_lift_is_never_sent() {
    // [T4] [MUTE-2]
    let mut run = Run::of(with_severity(plain(), ORANGE));
    run.inputs("08:30", vec![silence(1, "11:00")]);
    run.hear("09:00", critical("09:00"));
    run.hear("09:30", Said::step(Step::Corrected, "09:30").potassium("4.4"));
    run.inputs("10:10", vec![Input::Lift(1)]);
    assert_eq!(run.story("09:30"), ["09:30 alert Critical#1 withdrawn"]);
    assert_eq!(run.partition.counters().notices_created, 0);
}

#[test]
fn t5_t6_t7_t8_nobody_answers() {
    // [T5] [T6] [T7] [T8] [ESC-1] [ESC-3]: reminder after 5, wait 10, then 15; twice; then the task.
    let mut run = raised(plain());
    run.pass("12:00");
    assert_eq!(
        run.story("09:01"),
        [
            "09:05 remind Dr Bell by phone",
            "09:10 page desk Charge by phone",
            "09:25 page Dr Bell by phone",
            "09:30 remind Dr Bell by phone",
            "09:35 page desk Charge by phone",
            "09:50 alert Critical#1 unresolved",
            "09:50 task for Lab",
        ]
    );
    assert_eq!(run.partition.counters().unresolved, 1);
    let open = run.partition.open_tasks();
    assert_eq!(
        open.iter().map(|task| (task.desk.as_str(), task.report.is_some())).collect::<Vec<_>>(),
        [("Lab", true)]
    );
    let code = run.told.iter().flat_map(|told| &told.obligations).next().unwrap().head.nid.code().to_string();
    run.hear("12:01", answer(Act::Accepted, &code, "12:01"));
    assert!(run.partition.open_tasks().is_empty(), "somebody answered at last");
}

#[test]
fn an_escalation_that_runs_for_long_pages_to_its_end() {
    // Three notices in each round of 25 minutes, for 38 hours: more than one alert keeps in memory.
    let mut escalation = plain();
    escalation.repeat = Some(Repeat { from: 1, times: 200 });
    let mut run = raised(escalation);
    let today = (10..24).map(|hour| format!("{hour}:00"));
    let tomorrow = (0..24).map(|hour| format!("+1 {hour:02}:00"));
    for hour in today.chain(tomorrow) {
        run.pass(&hour);
        for (second, nid) in (1..).zip(run.start(&format!("{hour}:01"))) {
            run.outcome(&format!("{hour}:{:02}", second + 1), nid, (1, Outcome::Delivered));
        }
    }
    let made: Vec<Nid> = run.told.iter().flat_map(|told| &told.obligations).map(|made| made.head.nid).collect();
    assert!(made.len() > 256, "{}", made.len());
    let last = run.told.iter().flat_map(|told| &told.obligations).map(|made| made.created).max().unwrap();
    assert!(last > at("+1 22:30"), "{last}");
    assert!(run.partition.notice(made[0]).is_none(), "what is long over leaves memory");
    assert!(run.partition.ledger().iter().all(|equation| equation.holds()));
}

#[test]
fn t8_who_declined_is_not_reminded() {
    // [T8]
    let mut run = raised(of_two());
    let code = run.told.last().unwrap().obligations[1].head.nid.code().to_string();
    run.hear("09:02", answer(Act::Declined, &code, "09:02"));
    run.pass("09:06");
    assert_eq!(run.story("09:01"), ["09:05 remind Dr Bell by phone"]);
}

#[test]
fn t9_a_refused_attempt_goes_on_by_the_next_channel() {
    // [T9] [ESC-4] failed next channel at once.
    let mut run = raised(critical_escalation());
    let started = run.start("09:00:10");
    run.outcome("09:00:11", started[0], (1, Outcome::FailedHard));
    assert_eq!(run.story("09:00:01"), ["09:00:11 page Dr Bell by phone"]);
}

#[test]
fn the_next_channel_starts_when_the_deadline_passes() {
    // guarantees 3.4: red after 60 s, while the first goes on.
    let mut run = raised(critical_escalation());
    let started = run.start("09:00:10");
    run.pass("09:02");
    assert_eq!(run.story("09:00:01"), ["09:01 page Dr Bell by phone"]);
    run.outcome("09:02:30", started[0], (1, Outcome::Delivered));
    assert_eq!((in_state(&run, NoticeState::Delivered), in_state(&run, NoticeState::Ready)), (1, 1));
}

#[test]
fn t10_without_a_channel_left_the_step_is_over_at_once() {
    // [T10]
    let mut run = raised(plain());
    let started = run.start("09:00:10");
    run.outcome("09:00:11", started[0], (1, Outcome::FailedHard));
    assert_eq!(run.story("09:00:01"), ["09:00:11 page desk Charge by phone"]);
    // Nobody is waited for twice: the timers of step 1 ended.
    run.pass("09:15:12");
    assert_eq!(run.story("09:00:12"), ["09:15:11 page Dr Bell by phone"]);
}

#[test]
fn t10_failed_next_step_does_not_try_other_channels() {
    // [T10]
    let mut run = raised(Escalation { failed: Failed::NextStep, ..critical_escalation() });
    let started = run.start("09:00:10");
    run.outcome("09:00:11", started[0], (1, Outcome::FailedHard));
    assert_eq!(run.story("09:00:01"), ["09:00:11 page desk Charge by phone"]);
}

#[test]
fn t10_a_role_with_nobody_is_over_at_once() {
    // [T10] [ESC-2]
    let mut run = Run::of(only_critical(plain()));
    run.hear("09:00", Said::step(Step::Preliminary, "09:00").potassium("6.9"));
    assert_eq!(run.story("09:00"), ["09:00 alert Critical#1 raised", "09:00 page desk Charge by phone"]);
    assert_eq!(faults(&run), [Fault::Nobody]);
}

#[test]
fn t10_one_of_two_who_cannot_be_reached_does_not_end_the_step() {
    // [T10]
    let mut run = raised(of_two());
    let started = run.start("09:00:10");
    run.outcome("09:00:11", started[0], (1, Outcome::FailedHard));
    run.pass("09:09");
    assert_eq!(run.story("09:00:01").iter().filter(|line| line.contains("page")).count(), 0);
}

#[test]
fn t11_an_unknown_outcome_of_a_red_page_is_sent_again_marked() {
    // [T11]
    // guarantees 3.3
    let mut run = raised(plain());
    let started = run.start("09:00:10");
    run.outcome("09:00:20", started[0], (1, Outcome::Ambiguous { class: Class::Neither }));
    let again = run.start("09:00:21");
    assert_eq!(again, started);
    let go = &run.told.last().unwrap().go[0];
    assert_eq!((go.number, go.is_repeat), (2, true));
}

#[test]
fn a_red_page_starts_the_next_channel_in_doubt_unless_the_receiver_drops_repeats() {
    // guarantees 3.3: a receiver that can be asked was asked before the repeat, so only the second doubt counts.
    let phoned = |class, tries: u32| {
        let mut run = raised(critical_escalation());
        for number in 1..=tries {
            run.pass(&format!("09:00:{number}0"));
            let nid = run.start(&format!("09:00:{number}1"))[0];
            run.outcome(&format!("09:00:{number}5"), nid, (number, Outcome::Ambiguous { class }));
        }
        run.story("09:00:01").into_iter().filter(|line| line.ends_with("page Dr Bell by phone")).collect::<Vec<_>>()
    };
    assert_eq!(phoned(Class::Neither, 1), ["09:00:15 page Dr Bell by phone"]);
    assert_eq!(phoned(Class::Queryable, 1), [""; 0]);
    assert_eq!(phoned(Class::Queryable, 2), ["09:00:25 page Dr Bell by phone"]);
    assert_eq!(phoned(Class::Keyed, 3), [""; 0]);
}

#[test]
fn what_is_not_red_is_repeated_once_where_the_receiver_shows_repeats() {
    // guarantees 3.3: after a minute, marked, and no more; one that drops repeats hears of it with pauses.
    let tries = |class| {
        let mut run = Run::of(with_severity(critical_escalation(), ORANGE));
        run.hear("09:00", critical("09:00"));
        let mut tries = Vec::new();
        for second in 10..400 {
            let clock = format!("09:{:02}:{:02}", second / 60, second % 60);
            for nid in run.start(&clock) {
                let made = run.partition.notice(nid).unwrap();
                let go = run.told.last().unwrap().go.iter().find(|go| go.nid == nid).unwrap();
                tries.push((made.head.channel, second, go.number));
                run.outcome(&format!("{clock}.5"), nid, (go.number, Outcome::Ambiguous { class }));
            }
        }
        tries
    };
    let shown = tries(Class::Neither);
    use Channel::{Phone, SecureMessage};
    assert!(
        matches!(shown[..3], [(SecureMessage, 10, 1), (SecureMessage, 70..=72, 2), (Phone, 71..=73, 1)]),
        "{shown:?}"
    );
    let dropped = tries(Class::Keyed);
    assert!(dropped.iter().filter(|(channel, ..)| *channel == SecureMessage).count() >= 4, "{dropped:?}");
}

#[test]
fn a_receiver_that_never_says_what_it_did_is_not_asked_without_pause() {
    // guarantees 3.3, 3.4: at once after the first doubt, then with the pauses of a refusal.
    let mut run = raised(plain());
    let mut tries = Vec::new();
    for second in 10..240 {
        let clock = format!("09:{:02}:{:02}", second / 60, second % 60);
        for nid in run.start(&clock) {
            let go = &run.told.last().unwrap().go[0];
            tries.push((second, go.number, go.is_repeat));
            run.outcome(
                &format!("{clock}.5"),
                nid,
                (tries.last().unwrap().1, Outcome::Ambiguous { class: Class::Neither }),
            );
        }
    }
    assert_eq!((tries[0].1, tries[0].2, tries[1].1, tries[1].2), (1, false, 2, true));
    assert!(tries[1].0 - tries[0].0 <= 1, "{tries:?}");
    assert!((5..=20).contains(&tries.len()), "{tries:?}");
    assert!(tries.windows(2).skip(6).all(|pair| pair[1].0 - pair[0].0 >= 14), "{tries:?}");
}

#[test]
fn t12_reading_and_delivering_end_no_wait() {
    // [T12] [ALERT-9]
    let mut run = raised(plain());
    run.deliver("09:00:30");
    let code = run.code();
    run.hear("09:02", answer(Act::Read, &code, "09:02"));
    run.hear("09:03", answer(Act::Delivered, &code, "09:03"));
    run.pass("09:10");
    assert_eq!(
        run.story("09:00:01"),
        [
            "09:00:30.000001 alert Critical#1 delivered",
            "09:02 alert Critical#1 read",
            "09:05 remind Dr Bell by phone",
            "09:10 page desk Charge by phone",
        ]
    );
}

#[test]
fn t13_a_valid_answer_closes_and_everything_unsent_is_withdrawn() {
    // [T13]
    let mut run = raised(critical_escalation());
    run.pass("09:05");
    let code = run.code();
    run.hear("09:06", answer(Act::Accepted, &code, "09:06"));
    assert_eq!(run.story("09:06"), ["09:06 alert Critical#1 answered", "09:06 alert Critical#1 closed"]);
    // The page, its second channel and the reminder.
    assert_eq!((in_state(&run, NoticeState::Withdrawn), in_state(&run, NoticeState::Ready)), (3, 0));
    run.pass("12:00");
    assert_eq!(run.story("09:07"), Vec::<String>::new());
    assert_eq!(run.partition.next_due(), None, "all timers ended");
}

#[test]
fn t13_an_unresolved_alert_may_still_be_answered() {
    // [T13]
    let mut run = raised(plain());
    run.pass("10:00");
    let code = run.code();
    run.hear("10:30", answer(Act::Accepted, &code, "10:30"));
    assert_eq!(run.story("10:01"), ["10:30 alert Critical#1 answered", "10:30 alert Critical#1 closed"]);
}

#[test]
fn t13_nothing_falls_back_after_an_answer() {
    // [T13]
    // guarantees 3.2: the result of what is being tried ends it; no other channel starts.
    let mut run = raised(critical_escalation());
    let started = run.start("09:00:10");
    let code = run.code();
    run.hear("09:00:30", answer(Act::Accepted, &code, "09:00:30"));
    run.pass("09:05");
    run.outcome("09:06", started[0], (1, Outcome::FailedHard));
    assert_eq!(run.story("09:00:31"), Vec::<String>::new());
}

#[test]
fn t14_refused_answers_say_why_and_change_nothing() {
    // [T14] [ESC-5], in its order.
    let licensed = Escalation { answered_by: AnsweredBy::Licensed, read_back: true, with_code: true, ..plain() };
    let mut run = raised(licensed);
    let code = run.code();
    run.hear("09:01", answer(Act::Accepted, "AAAAAA", "09:01"));
    assert_eq!((run.verdict(), faults(&run)), ("no such notice", vec![Fault::OrphanAnswer]));
    run.hear("09:02", answer_with(Act::ReadBack, &code, "09:02", |answer| answer.by = Some(DR_CHO)));
    assert_eq!(run.verdict(), "not paged");
    run.hear("09:03", answer(Act::ReadBack, &code, "09:03"));
    assert_eq!(run.verdict(), "not a licensed clinician");
    let with_value = |clock: &str, number: &str| {
        let number = number.to_owned();
        answer_with(Act::ReadBack, &code, clock, |answer| {
            (answer.licence, answer.value) = (Some("physician".into()), read_back(None, &number));
        })
    };
    run.hear("09:04", with_value("09:04", "9.6"));
    assert_eq!(run.verdict(), "read-back does not match");
    run.pass("09:05");
    assert_eq!(run.story("09:01"), ["09:05 remind Dr Bell by phone"], "timers go on");
    // [ESC-6] 6.90 equals 6.9; no unit means the unit of the test.
    run.hear("09:06", with_value("09:06", "6.90"));
    assert_eq!(run.verdict(), "accepted");
    run.hear("09:07", with_value("09:07", "6.9"));
    assert_eq!(run.verdict(), "already closed", "T23");
}

#[test]
fn t14_a_value_in_another_unit_is_converted() {
    // [T14] [ESC-6] 6.9 mmol/L are 6900 umol/L.
    let mut run = raised(Escalation { read_back: true, ..plain() });
    let code = run.code();
    let said = |number: &str, unit: &str, clock: &str| {
        let (number, unit) = (Decimal::parse(number).unwrap(), unit.to_owned());
        answer_with(Act::ReadBack, &code, clock, |answer| {
            (answer.value, answer.unit) = (Some((None, number)), unit.into());
        })
    };
    run.hear("09:01", said("6.9", "umol/L", "09:01"));
    assert_eq!(run.verdict(), "read-back does not match");
    run.hear("09:02", said("6900", "umol/L", "09:02"));
    assert_eq!(run.verdict(), "accepted");
}

#[test]
fn t15_when_all_decline_the_step_is_over() {
    // [T15]
    let mut run = raised(of_two());
    let codes: Vec<String> =
        run.told.last().unwrap().obligations.iter().map(|made| made.head.nid.code().to_string()).collect();
    run.hear("09:02", answer(Act::Declined, &codes[0], "09:02"));
    assert_eq!(run.story("09:01"), Vec::<String>::new());
    run.hear("09:03", answer(Act::Declined, &codes[1], "09:03"));
    assert_eq!(run.story("09:01"), ["09:03 alert Critical#1 declined", "09:03 page desk Charge by phone"]);
}

#[test]
fn t15_any_decline_moves_on_if_the_ward_says_so() {
    // [T15]
    let mut run = raised(Escalation { decline: Decline::Any, ..of_two() });
    let code = run.code();
    run.hear("09:02", answer(Act::Declined, &code, "09:02"));
    assert_eq!(run.story("09:01"), ["09:02 page desk Charge by phone"]);
}

#[test]
fn t15_a_decline_does_not_take_back_the_right_to_answer() {
    // [T15] [ESC-7]
    let mut run = raised(plain());
    let code = run.code();
    run.hear("09:02", answer(Act::Declined, &code, "09:02"));
    run.hear("09:04", answer(Act::Accepted, &code, "09:04"));
    assert_eq!(run.verdict(), "accepted");
}

#[test]
fn everyone_paged_must_answer_if_the_ward_says_so() {
    // [ESC-7]
    let mut run = raised(Escalation { answered_by: AnsweredBy::Everyone, ..of_two() });
    let codes: Vec<String> =
        run.told.last().unwrap().obligations.iter().map(|made| made.head.nid.code().to_string()).collect();
    run.hear("09:02", answer(Act::Accepted, &codes[0], "09:02"));
    assert_eq!(run.story("09:01"), Vec::<String>::new());
    // Who answered is not reminded [T8].
    run.pass("09:05");
    assert_eq!(run.story("09:01"), ["09:05 remind desk Lab by phone"]);
    run.hear("09:06", answer(Act::Accepted, &codes[1], "09:06"));
    assert_eq!(run.story("09:06"), ["09:06 alert Critical#1 answered", "09:06 alert Critical#1 closed"]);
}

#[test]
fn a_person_named_in_the_answer_must_have_been_paged_in_any_step() {
    // [ESC-5]
    let mut run = raised(plain());
    let code = run.code();
    run.pass("09:10");
    let charge = party_token(&Party::Desk("Charge".into()));
    run.hear("09:11", answer_with(Act::Accepted, &code, "09:11", |answer| answer.by = Some(charge)));
    assert_eq!(run.verdict(), "accepted");
    assert_eq!(CHARGE_DESK.0, 1);
}

fn with_lapse() -> Escalation {
    Escalation { lapses: Some(minutes(30)), ..plain() }
}

#[test]
fn t16_an_action_closes_what_was_answered() {
    // [T16] [ESC-8]
    let mut run = raised(with_lapse());
    let code = run.code();
    run.hear("09:06", answer(Act::Accepted, &code, "09:06"));
    run.hear("09:20", answer(Act::Acted, &code, "09:20"));
    assert_eq!(run.story("09:06"), ["09:06 alert Critical#1 answered", "09:20 alert Critical#1 closed"]);
    run.pass("12:00");
    assert_eq!(run.story("09:21"), Vec::<String>::new());
}

#[test]
fn t17_an_answer_without_action_lapses() {
    // [T17]
    let mut run = raised(with_lapse());
    let code = run.code();
    run.hear("09:06", answer(Act::Accepted, &code, "09:06"));
    run.pass("09:46");
    assert_eq!(
        run.story("09:06"),
        [
            "09:06 alert Critical#1 answered",
            "09:36 page Dr Bell by phone",
            "09:41 remind Dr Bell by phone",
            "09:46 page desk Charge by phone",
        ]
    );
}

#[test]
fn t18_when_the_cause_is_gone_whoever_was_reached_is_told() {
    // [T18] [ESC-12] Dr Bell by the channel that reached her last; the charge desk was never sent to.
    let mut run = raised(critical_escalation());
    run.deliver("09:00:30");
    run.pass("09:05");
    run.deliver("09:05:30");
    run.pass("09:10");
    run.hear("09:12", Said::step(Step::Corrected, "09:12").potassium("4.4"));
    assert_eq!(run.story("09:11"), ["09:12 alert Critical#1 withdrawn", "09:12 withdraw Dr Bell by phone"]);
    run.pass("12:00");
    assert_eq!(run.story("09:13"), Vec::<String>::new());
}

#[test]
fn t18_a_report_in_error_withdraws() {
    // [T18] [ALERT-5]
    let mut run = raised(plain());
    run.hear("09:04", Said::step(Step::EnteredInError, "09:04"));
    assert_eq!(run.story("09:01"), ["09:04 alert Critical#1 withdrawn"]);
}

#[test]
fn t19_another_critical_value_is_the_next_generation() {
    // [T19] [ALERT-4] [CRT-4]
    let mut run = raised(plain());
    run.deliver("09:00:30");
    run.hear("09:04", Said::step(Step::Corrected, "09:04").potassium("7.4"));
    assert_eq!(
        run.story("09:01"),
        ["09:04 alert Critical#1 closed, superseded", "09:04 alert Critical#2 raised", "09:04 page Dr Bell by phone"]
    );
}

#[test]
fn the_same_value_resent_or_finalised_tells_nobody_again() {
    // [CRT-4] [NID-2]
    let mut run = raised(plain());
    run.hear("09:03", Said::step(Step::Preliminary, "09:03").potassium("6.90"));
    run.hear("09:04", Said::step(Step::Final, "09:04").potassium("6.9"));
    run.hear("09:04:10", Said::step(Step::Final, "09:04").potassium("6.9").id("again"));
    assert_eq!(run.story("09:01"), Vec::<String>::new());
}

#[test]
fn a_value_that_comes_back_after_another_is_told_again() {
    // [CRT-4] 6.9, 4.4, 6.9
    let mut run = raised(plain());
    run.hear("09:02", Said::step(Step::Corrected, "09:02").potassium("4.4"));
    run.hear("09:04", Said::step(Step::Corrected, "09:04").potassium("6.9"));
    assert_eq!(
        run.story("09:01"),
        ["09:02 alert Critical#1 withdrawn", "09:04 alert Critical#2 raised", "09:04 page Dr Bell by phone"]
    );
}

#[test]
fn t20_what_came_late_clears_and_what_was_in_time_withdraws() {
    // [T20] [ABS-1], language 5.5
    let mut program = program(1, Vec::new(), vec![crate::ward::unreviewed()]);
    program.alerts[0].once = Once::Report;
    let late = |reviewed: &str| {
        let mut run = Run::of(program.clone());
        run.hear("09:00", Said::step(Step::Final, "09:00").ordered_by(DR_BELL));
        run.pass("13:00");
        run.hear("13:10", Said::step(Step::Reviewed, reviewed));
        run.story("10:00")
    };
    let raised = ["13:00 alert Unreviewed#1 raised", "13:00 tell Dr Bell by inbox"];
    assert_eq!(late("13:05"), [raised[0], raised[1], "13:10 alert Unreviewed#1 cleared"]);
    assert_eq!(late("13:00"), [raised[0], raised[1], "13:10 alert Unreviewed#1 withdrawn"]);
}

#[test]
fn a_silent_feed_raises_and_its_next_message_clears() {
    // [ABS-2]
    let mut run = Run::of(program(1, Vec::new(), vec![crate::ward::silent_feed()]));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.hear("10:00", Said::step(Step::Analysed, "10:00"));
    run.hear("12:30", Said::step(Step::Final, "12:30"));
    assert_eq!(
        run.story("09:00"),
        ["12:00 alert Silent LIS#1 raised", "12:00 tell Ana by email", "12:30 alert Silent LIS#1 cleared"]
    );
}

#[test]
fn t21_a_role_that_means_another_person_now_pages_them() {
    // [T21]
    let mut run = raised(plain());
    run.deliver("09:00:30");
    run.hear("09:03", Said::update("09:03").ordered_by(DR_CHO));
    run.pass("09:10");
    assert_eq!(
        run.story("09:01"),
        [
            "09:03 page Dr Cho by phone",
            "09:03 withdraw Dr Bell by phone",
            "09:05 remind Dr Cho by phone",
            "09:10 page desk Charge by phone",
        ]
    );
}

/// Ana and Ben have the duty in turns that begin at half past nine; on the fourteenth Ben's begins.
pub(crate) fn in_turns() -> Program {
    let mut escalation = plain();
    (escalation.steps[0].who, escalation.steps[0].wait) = (vec![Who::Roster(RosterId(0))], minutes(60));
    let mut program = only_critical(escalation);
    program.people.push(Person { name: Text::from("Ben"), ..program.people[0].clone() });
    let from = CivilTime { date: Date::new(2026, 1, 1).unwrap(), time: TimeOfDay::from_minutes(570).unwrap() };
    program.rosters.push(Roster {
        name: Text::from("Duty"),
        zone: Zone::utc(),
        turn: Turn { days: 1 },
        from,
        members: vec![PersonId(0), PersonId(1)],
        nights: Vec::new(),
        covers: Vec::new(),
        nobody: Who::Desk(CHARGE_DESK),
    });
    program
}

fn on_duty(restarts: bool) -> Run {
    let mut run = Run::empty();
    run.batch(at("08:00"), vec![activate(in_turns(), "in turns")]);
    run.hear("09:00", critical("09:00"));
    run.deliver("09:00:30");
    if restarts {
        run.restart();
    }
    run
}

#[test]
fn t21_a_roster_that_turns_over_while_its_step_runs_pages_who_comes() {
    // [T21] [TIME-4]: the edge is a timer; no news is needed for it. [WHO-2]
    for restarts in [false, true] {
        let mut run = on_duty(restarts);
        run.pass("10:10");
        assert_eq!(
            run.story("09:01"),
            [
                "09:05 remind Ana by phone",
                "09:30 page Ben by phone",
                "09:30 withdraw Ana by phone",
                "10:00 page desk Charge by phone",
            ]
        );
    }
}

#[test]
fn t21_an_answer_ends_the_wait_for_the_edge() {
    // [T21]
    let mut run = on_duty(false);
    let code = run.code();
    run.hear("09:10", answer(Act::Accepted, &code, "09:10"));
    run.pass("12:00");
    assert_eq!(run.story("09:11"), Vec::<String>::new());
    assert_eq!(run.partition.next_due(), None, "all timers ended");
}

#[test]
fn t21_a_handover_in_a_silence_waits_for_its_end() {
    // [T21] [MUTE-1]: red cannot be held, so this one is orange.
    let mut program = in_turns();
    program.alerts[0].severity = ORANGE;
    let mut run = Run::of(program);
    run.hear("09:00", critical("09:00"));
    run.deliver("09:00:30");
    run.inputs("09:20", vec![silence(1, "09:40")]);
    run.pass("09:50");
    assert_eq!(run.story("09:06"), ["09:40 page Ben by phone", "09:40 withdraw Ana by phone"]);
}

#[test]
fn the_desk_of_the_task_completes_it_without_code_licence_or_read_back() {
    // [ESC-10] [T13]
    let strict = Escalation { answered_by: AnsweredBy::Licensed, read_back: true, with_code: true, ..plain() };
    let lab = party_token(&Party::Desk("Lab".into()));
    let charge = party_token(&Party::Desk("Charge".into()));
    let by = |desk, clock| answer_with(Act::Accepted, "", clock, |answer| answer.by = Some(desk)).of("R1");
    let mut run = raised(strict);
    run.hear("09:20", by(lab, "09:20"));
    assert_eq!(run.verdict(), "not a licensed clinician", "there is no task yet");
    run.pass("10:00");
    run.hear("10:10", by(charge, "10:10"));
    assert_eq!(run.verdict(), "not a licensed clinician", "another desk has no task");
    let code = run.code();
    run.hear("10:15", answer_with(Act::Accepted, &code, "10:15", |answer| answer.by = Some(lab)));
    assert_eq!(run.verdict(), "not paged", "with a code it is an answer to a notice, and none went to this desk");
    run.hear("10:20", by(lab, "10:20"));
    assert_eq!(run.verdict(), "accepted");
    assert_eq!(
        run.story("10:01"),
        ["10:20 alert Critical#1 answered, task completed", "10:20 alert Critical#1 closed"]
    );
}

#[test]
fn t22_who_acted_on_it_hears_that_the_cause_is_gone() {
    // [T22]
    let mut run = raised(plain());
    run.deliver("09:00:30");
    let code = run.code();
    run.hear("09:06", answer(Act::Accepted, &code, "09:06"));
    run.hear("10:00", Said::step(Step::Corrected, "10:00").potassium("4.4"));
    assert_eq!(run.story("09:07"), ["10:00 withdraw Dr Bell by phone"]);
    // And only once.
    run.hear("10:10", Said::step(Step::Corrected, "10:10").potassium("4.5"));
    assert_eq!(run.story("10:01"), Vec::<String>::new());
}

#[test]
fn a_call_documented_for_what_turns_out_to_be_the_same_report_answers() {
    // [ESC-8] [IDN-10]
    let mut run = raised(plain());
    run.hear("09:03", Said::step(Step::Acknowledged, "09:02").of("R2"));
    run.inputs("09:04", vec![joined("R2", "j1")]);
    assert_eq!(
        run.story("09:01"),
        ["09:04 alert Critical#1 answered, documented elsewhere", "09:04 alert Critical#1 closed"]
    );
}

#[test]
fn a_call_documented_elsewhere_answers_and_closes() {
    // [ESC-8] [REP-20]
    let mut run = raised(plain());
    run.hear("09:04", Said::step(Step::Acknowledged, "09:03"));
    assert_eq!(
        run.story("09:01"),
        ["09:04 alert Critical#1 answered, documented elsewhere", "09:04 alert Critical#1 closed"]
    );
}

#[test]
fn a_review_before_the_raise_is_no_answer() {
    // [ESC-8] event time after the raise.
    let mut run = raised(plain());
    run.hear("09:04", Said::step(Step::Reviewed, "08:55"));
    assert_eq!(run.story("09:01"), Vec::<String>::new());
}

#[test]
fn a_critical_value_heard_after_it_was_called_pages_nobody() {
    // [REP-1] [ESC-8] The call of 09:03 was heard before the value of 09:00.
    let mut run = Run::of(only_critical(plain()));
    run.hear("09:04", Said::step(Step::Acknowledged, "09:03").ordered_by(DR_BELL));
    run.hear("09:05", critical("09:00"));
    assert_eq!(in_state(&run, NoticeState::Ready), 0);
    let alert = &run.partition.alerts(1)[0];
    assert!(!alert.is_open, "{:?}", alert.state);
}

#[test]
fn what_was_taken_back_and_is_true_again_is_told_again() {
    // [ALERT-4] [REP-6] The retraction is undone by the final; whoever was told of it must hear that the value stands.
    let mut run = raised(plain());
    run.deliver("09:00:30");
    run.hear("09:04", Said::step(Step::EnteredInError, "09:04"));
    run.hear("09:06", Said::step(Step::Final, "09:06").potassium("6.9"));
    assert_eq!(
        run.story("09:01"),
        [
            "09:04 alert Critical#1 withdrawn",
            "09:04 withdraw Dr Bell by phone",
            "09:06 alert Critical#2 raised",
            "09:06 page Dr Bell by phone",
        ]
    );
}

#[test]
fn a_feed_that_falls_silent_for_years_fills_no_memory() {
    // guarantees G11
    let mut run = Run::of(program(1, Vec::new(), vec![crate::ward::silent_feed()]));
    for day in 0..1_200_i64 {
        // Silent for two hours each day, from one on; then a message.
        let one = at("13:00").plus(minutes(day * 24 * 60));
        let message = Said::update("09:00").id(&format!("m{day}"));
        run.batch(one, vec![message.input()]);
        run.batch(one.plus(minutes(120)), vec![Input::Tick]);
    }
    let alerts = run.partition.alerts(usize::MAX);
    assert_eq!((alerts.len(), alerts[0].generation), (1_024, 1_200));
    // Each was told by mail and, undelivered after four hours, by sms; the newest so far by mail alone.
    assert_eq!(run.partition.gauges().notices.iter().sum::<usize>(), 1_023 * 2 + 1);
}

#[test]
fn an_order_that_comes_last_takes_back_what_its_site_should_not_have_raised() {
    // [ALERT-2] [ALERT-5] T22: by its site the rule can no longer match, and its alert is still its own.
    let elsewhere = Atom { field: Field::Site, comparison: Comparison::Names(false, vec![Text::from("Main")]) };
    let missing = vec![Missing { what: Missed::Field(Field::Site), then: MissingThen::Match }];
    let alert = Alert { condition: Condition::Atom(elsewhere), missing, ..critical_alert() };
    let mut program = program(1, Vec::new(), vec![alert]);
    program.escalations = vec![plain()];
    let mut run = Run::of(program);
    run.hear("09:00", critical("09:00"));
    run.deliver("09:00:30");
    run.hear("09:04", Said::step(Step::Reviewed, "09:04"));
    run.hear("09:10", Said::step(Step::Ordered, "08:30").site("Main"));
    assert_eq!(run.story("09:10"), ["09:10 withdraw Dr Bell by phone"]);
}

#[test]
fn somebody_of_an_earlier_step_does_not_end_the_one_that_runs() {
    // T15: the charge desk was asked at 09:10 and has not been heard.
    let mut run = raised(Escalation { decline: Decline::Any, ..plain() });
    let code = run.code();
    run.pass("09:11");
    run.hear("09:12", answer(Act::Declined, &code, "09:12"));
    assert_eq!(run.story("09:11"), Vec::<String>::new());
}

#[test]
fn a_review_counts_for_a_missing_step_only_after_its_period_ended() {
    // [ESC-8] [TIME-2] The period ends at 13:00; a look at the report before that did not prevent what it waited for.
    let mut absent = unreviewed();
    absent.tells.clear();
    absent.page = Some(PageTo::Direct { who: vec![Who::Ordering], by: vec![Channel::Phone] });
    let Trigger::Absence(absence) = &mut absent.trigger else { panic!("an absence") };
    absence.expect = vec![at_step(Step::Released)];
    let mut run = Run::of(program(1, Vec::new(), vec![absent]));
    run.hear("09:00", Said::step(Step::Final, "09:00").ordered_by(DR_BELL));
    run.hear("10:00", Said::step(Step::Reviewed, "10:00"));
    run.pass("13:00");
    run.hear("13:10", Said::step(Step::Delivered, "12:00"));
    assert_eq!(run.story("09:01"), ["13:00 alert Unreviewed#1 raised", "13:00 page Dr Bell by phone"]);
    run.hear("13:20", Said::step(Step::Reviewed, "13:15"));
    assert_eq!(
        run.story("13:11"),
        ["13:20 alert Unreviewed#1 answered, documented elsewhere", "13:20 alert Unreviewed#1 closed"]
    );
}

#[test]
fn an_answer_by_report_is_judged_like_any_other() {
    // [ESC-5] [REP-20] Valid without code and without having been paged, not without the right value.
    let mut run = raised(Escalation { read_back: true, ..plain() });
    let by_report = |clock: &str, value: &str| {
        let mut said = answer_with(Act::ReadBack, "", clock, |answer| answer.value = read_back(None, value));
        said.0.report = Said::update(clock).0.report;
        said
    };
    run.hear("09:02", by_report("09:02", "5.0"));
    assert_eq!(run.verdict(), "read-back does not match");
    run.hear("09:03", by_report("09:03", "6.90"));
    assert_eq!(run.verdict(), "accepted");
    assert_eq!(run.story("09:01"), ["09:03 alert Critical#1 answered", "09:03 alert Critical#1 closed"]);
}

#[test]
fn a_preliminary_that_comes_late_does_not_page_again_about_a_final() {
    // [CRT-3] [CRT-4] To a rule about finals, 6.9 appeared once, whatever was issued early.
    let mut finals = critical_alert();
    finals.trigger = Trigger::When(vec![of_result(Step::Final)]);
    let mut program = program(1, Vec::new(), vec![finals]);
    program.escalations = vec![plain()];
    let mut run = Run::of(program);
    let said = |step, clock: &str, value: &str| Said::step(step, clock).potassium(value).ordered_by(DR_BELL);
    run.hear("09:10", said(Step::Final, "09:10", "7.4"));
    run.hear("09:20", said(Step::Corrected, "09:20", "6.9"));
    run.hear("09:30", said(Step::Preliminary, "09:00", "6.9"));
    assert_eq!(run.partition.counters().alerts_raised, 2);
}
