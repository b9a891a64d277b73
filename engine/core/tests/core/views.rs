//! Views: what people see of a report, an alert and a notice.

use wardline_core::{
    Input, Partition,
    ids::ReportId,
    input::{Attempt, Class, Outcome},
    output::{AlertState, NoticeState},
    views::{Event, Exception, Passage, ReportView},
};
use wardline_rules::{
    Text,
    event::{Given, Ident, ReportFlag},
    program::{Level, WardVersion},
    settings::SiteSettings,
    words::{Act, Channel, Flag, Kind, Priority, Step},
};

use crate::{
    driver::{Run, settle},
    said::{DR_BELL, Said, answer, at},
    ward::minutes,
};

fn id(partition: &Partition, number: &str) -> ReportId {
    let found = partition.find_reports(&Ident { id: Text::from(number), ns: Text::from("BEAKER") });
    assert_eq!(found.len(), 1, "{number}");
    found[0]
}

fn view(run: &Run) -> ReportView {
    run.partition.report_by_id(id(&run.partition, "R1")).unwrap()
}

/// The potassium of the domain page, section 3.3.
fn worked_case() -> Vec<(&'static str, Said)> {
    vec![
        ("08:31", Said::step(Step::Ordered, "08:31").ordered_by(DR_BELL).priority(Priority::Stat)),
        ("08:40", Said::step(Step::Collected, "08:40")),
        ("08:52", Said::step(Step::Received, "08:52")),
        ("09:09", Said::step(Step::Preliminary, "09:09").potassium("6.9")),
        ("09:15", Said::step(Step::Final, "09:15").potassium("6.9")),
        ("09:22", Said::step(Step::Acknowledged, "09:22")),
        ("10:45", Said::step(Step::Corrected, "10:45").potassium("4.4")),
        ("11:05", Said::step(Step::Reviewed, "11:05")),
    ]
}

#[test]
fn status_and_next_step_follow_the_life_of_a_report() {
    // [REP-4] [REP-25], domain page 3.1: the path of the laboratory.
    let mut run = Run::hospital();
    let expected = [
        (Step::Ordered, Some(Step::Accepted), 1),
        (Step::Collected, Some(Step::Received), 1),
        (Step::Received, Some(Step::Analysed), 1),
        (Step::Preliminary, Some(Step::Final), 1),
        (Step::Final, Some(Step::Delivered), 1),
        (Step::Acknowledged, None, 1),
        (Step::Corrected, Some(Step::Delivered), 2),
        (Step::Reviewed, None, 2),
    ];
    for ((clock, said), (status, next, version)) in worked_case().into_iter().zip(expected) {
        run.hear(clock, said);
        let view = view(&run);
        assert_eq!((view.status, view.next, view.version), (Some(status), next, version), "at {clock}");
    }
    let milestones: Vec<_> = view(&run).milestones.iter().map(|found| (found.step, found.version)).collect();
    assert_eq!(
        milestones,
        [
            (Step::Ordered, 1),
            (Step::Collected, 1),
            (Step::Received, 1),
            (Step::Preliminary, 1),
            (Step::Final, 1),
            (Step::Acknowledged, 1),
            (Step::Corrected, 2),
            (Step::Reviewed, 2),
        ]
    );
    let view = view(&run);
    assert_eq!((view.kind, view.priority, view.patient), (Some(Kind::Lab), Priority::Stat, None));
    assert_eq!(view.heard, (at("08:31"), at("11:05")));
}

#[test]
fn each_kind_has_its_own_path_and_ends_have_none() {
    let next = |kind: Kind, step: Step| {
        let mut run = Run::hospital();
        let mut said = Said::step(step, "09:00");
        said.0.kind = Some(kind);
        run.hear("09:00", said);
        view(&run).next
    };
    assert_eq!(next(Kind::Pathology, Step::Received), Some(Step::InProcess));
    assert_eq!(next(Kind::Imaging, Step::Ordered), Some(Step::Scheduled));
    assert_eq!(next(Kind::Cardiology, Step::ExamEnded), Some(Step::Final));
    assert_eq!(next(Kind::Micro, Step::Recollect), Some(Step::Collected));
    assert_eq!(next(Kind::Document, Step::Ordered), None);
    assert_eq!(next(Kind::Lab, Step::Cancelled), None);
    assert_eq!(next(Kind::Lab, Step::EnteredInError), None);
}

#[test]
fn a_report_shows_its_tightest_clock_and_what_is_odd() {
    // [REP-25]
    let mut run = Run::hospital();
    run.hear("09:00", Said::step(Step::Received, "09:00").site("STANNE"));
    assert_eq!((view(&run).due, view(&run).exceptions), (Some(at("10:00")), vec![]));
    let mut held = Said::update("09:20").flag(Flag::OnHold);
    held.0.flags.push(ReportFlag::Wait(Text::from("special_stain")));
    held.0.location = Given::Value(Text::from("ICU-4"));
    run.hear("09:20", held);
    let resting = view(&run);
    assert_eq!((resting.due, resting.exceptions), (None, vec![Exception::OnHold, Exception::Waiting]));
    assert_eq!(resting.flags, ["on_hold", "wait.special_stain"]);
    assert_eq!((resting.site.as_str(), resting.location.as_str()), ("STANNE", "ICU-4"));
    let mut lifted = Said::update("09:30").no_flag(Flag::OnHold);
    lifted.0.flags_off.push(ReportFlag::Wait(Text::from("special_stain")));
    run.hear("09:30", lifted).pass("10:10");
    let late = view(&run);
    assert_eq!((late.due, late.exceptions), (None, vec![Exception::Overdue]));
    let open: Vec<_> = late.alerts.iter().map(|alert| (alert.source, alert.severity.as_str())).collect();
    assert_eq!(open, [("warn1", "yellow"), ("breach", "orange")]);
}

#[test]
fn a_notice_says_what_a_message_needs() {
    // [MSG-1] [MSG-2]
    let mut run = Run::hospital();
    run.hear("09:00", Said::step(Step::Received, "09:00").ordered_by(DR_BELL).site("STANNE"));
    run.hear("09:08", Said::step(Step::Preliminary, "09:08").potassium("6.90"));
    let nid = run.told.last().unwrap().obligations[0].head.nid;
    run.pass("09:13:30");
    let notice = run.partition.notice(nid).unwrap();
    assert_eq!(run.partition.notices_by_code(notice.code), [nid]);
    assert_eq!((notice.rule.as_str(), notice.rule_name.as_str()), ("alert/Critical", "Critical"));
    assert_eq!((notice.role.as_str(), notice.severity.as_str()), ("the ordering clinician", "red"));
    assert_eq!((notice.state, notice.attempts, notice.rest), (NoticeState::Ready, 0, vec![]));
    assert_eq!(notice.head.channel, Channel::SecureMessage);
    assert!(notice.is_open && !notice.is_repeat);
    let value = |name: &str| notice.values.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str());
    // The ward's zone is UTC; a red alert wants an answer within fifteen minutes.
    assert_eq!((value("raised"), value("due"), value("waited")), (Some("09:08"), Some("09:23"), Some("5 minutes")));
    assert_eq!(
        (value("test"), value("value"), value("flag")),
        (Some("potassium"), Some("6.9 mmol/L"), Some("critical"))
    );
    assert_eq!((value("kind"), value("site"), value("location")), (Some("general lab"), Some("STANNE"), None));
}

#[test]
fn starts_of_older_epochs_without_a_result_are_ambiguous() {
    // guarantees 3.1: the first batch of an epoch says so.
    let mut run = Run::hospital();
    run.hear("09:00", Said::step(Step::Received, "09:00").ordered_by(DR_BELL));
    run.hear("09:08", Said::step(Step::Preliminary, "09:08").potassium("6.9"));
    let started = run.start("09:08:10");
    assert_eq!(run.partition.started_without_result(1), []);
    let lost = run.partition.started_without_result(2);
    assert_eq!(
        lost,
        [Attempt { nid: started[0], number: 1, epoch: 1, outcome: Outcome::Ambiguous { class: Class::Neither } }]
    );
    run.inputs("09:08:20", lost.into_iter().map(Input::Attempt).collect());
    assert_eq!(run.partition.started_without_result(2), []);
    // Nothing may hold it, so it goes out again at once, marked.
    let notice = run.partition.notice(started[0]).unwrap();
    assert_eq!((notice.state, notice.is_repeat), (NoticeState::Ready, true));
}

#[test]
fn alerts_come_newest_first_and_gauges_count_them() {
    let mut run = Run::hospital();
    let at_risk_within = minutes(45);
    run.inputs("08:30", vec![settle(SiteSettings { at_risk_within, ..SiteSettings::default() })]);
    run.hear("09:00", Said::step(Step::Received, "09:00").ordered_by(DR_BELL));
    run.hear("09:10", Said::step(Step::Received, "09:10").of("R2").ordered_by(DR_BELL));
    run.hear("09:20", Said::step(Step::Preliminary, "09:20").potassium("7.1"));
    let gauges = run.partition.gauges();
    // R1 is due 10:00, R2 10:10: both within the usual hour of 09:20.
    assert_eq!((gauges.reports, gauges.open_reports, gauges.running_clocks, gauges.at_risk), (2, 2, 2, 1));
    assert_eq!((gauges.open_alerts, gauges.critical_waiting, gauges.notices_in(NoticeState::Ready)), (1, 1, 1));
    // Two warnings at 80 percent, one wait, one reminder, one deadline of the page, one silence that a rule awaits, one that
    // is unusual.
    assert_eq!((gauges.timers, gauges.in_flight), (7, 0));
    let code = run.code();
    run.hear("09:21", answer(Act::Accepted, &code, "09:21"));
    run.pass("10:05");
    let gauges = run.partition.gauges();
    assert_eq!((gauges.breached, gauges.critical_waiting, gauges.open_alerts), (1, 0, 3));
    let alerts = run.partition.alerts(2);
    let seen: Vec<_> = alerts.iter().map(|alert| (alert.source, alert.state, alert.raised)).collect();
    assert_eq!(seen, [("breach", AlertState::Raised, at("10:00")), ("warn1", AlertState::Raised, at("09:58"))]);
    let critical = run.partition.alerts(9).pop().unwrap();
    assert_eq!((critical.test.as_str(), critical.state, critical.is_open), ("potassium", AlertState::Closed, false));
    assert_eq!(critical.answer_due, Some(at("09:35")));
}

#[test]
fn figures_tell_ages_promises_and_what_waits() {
    let mut run = Run::hospital();
    run.hear("09:00", Said::step(Step::Received, "09:00").ordered_by(DR_BELL));
    run.hear("09:10", Said::step(Step::Received, "09:10").of("R2").ordered_by(DR_BELL));
    run.hear("09:20", Said::step(Step::Preliminary, "09:20").potassium("7.1"));
    let figures = run.partition.figures();
    let clocks: Vec<_> = figures.clocks.values().filter(|clock| clock.running > 0).collect();
    // R1 is due 10:00, R2 10:10: both within the usual hour of 09:20.
    assert_eq!(
        clocks.iter().map(|clock| (clock.running, clock.at_risk, clock.overdue)).collect::<Vec<_>>(),
        [(2, 2, 0)]
    );
    assert_eq!(clocks[0].target, Some(minutes(60)));
    assert_eq!(figures.open_reports.values().map(|bands| bands[0]).sum::<usize>(), 2);
    assert_eq!(figures.oldest_open.values().min(), Some(&at("09:00")));
    let red = figures.unanswered[&Level::Red];
    assert_eq!((red.count, red.oldest), (1, Some(at("09:20"))));
    assert_eq!(figures.outbox[&Level::Red].count, 1);
    assert!(figures.rules > 0 && figures.ledger.iter().all(wardline_core::ledger::Equation::holds));
    let code = run.code();
    run.hear("09:21", answer(Act::Accepted, &code, "09:21"));
    run.pass("11:05");
    let figures = run.partition.figures();
    assert_eq!(figures.clocks.values().map(|clock| clock.overdue).sum::<usize>(), 2);
    assert_eq!(figures.unanswered.get(&Level::Red), None);
    // Somebody answered for R1, which ends its being open; only R2 is, for nearly two hours.
    let band = |place: usize| figures.open_reports.values().map(|bands| bands[place]).sum::<usize>();
    assert_eq!((band(0), band(1)), (0, 1));
}

#[test]
fn an_alert_carries_its_cause_and_level_into_its_transitions() {
    let mut run = Run::hospital();
    run.hear("09:00", Said::step(Step::Received, "09:00").ordered_by(DR_BELL));
    run.hear("09:20", Said::step(Step::Preliminary, "09:18").potassium("7.1"));
    let facts = run.told.last().unwrap().transitions.iter().find_map(|transition| transition.alert_facts).unwrap();
    assert_eq!((facts.level, facts.cause, facts.was_answered), (Level::Red, at("09:18"), false));
}

#[test]
fn the_active_ward_is_named_with_its_text() {
    let run = Run::hospital();
    let ward = run.partition.active_ward().unwrap();
    assert_eq!((ward.version, ward.name.as_str()), (WardVersion([1; 32]), "St Anne"));
    assert_eq!((ward.text, ward.activated), (&b"hospital"[..], at("08:00")));
    assert_eq!(Run::empty().partition.active_ward(), None);
}

/// What the last batch did to reports, as words.
fn passed(run: &Run) -> Vec<String> {
    let mut passages = Vec::new();
    run.partition.passages(&mut passages);
    let word = |passage: &Passage| match passage.event {
        Event::Opened => "opened".to_owned(),
        Event::Closed(leaving) => format!("closed {}", leaving.word()),
        Event::Took(interval, span) => format!("{interval} {}", span.micros() / 60_000_000),
        Event::TakenBack => "taken back".to_owned(),
    };
    passages.iter().map(word).collect()
}

#[test]
fn a_report_is_told_once_when_it_comes_when_it_goes_and_what_it_took() {
    let mut run = Run::hospital();
    run.partition.watch_passages();
    run.hear("09:00", Said::step(Step::Received, "09:00").ordered_by(DR_BELL));
    assert_eq!(passed(&run), ["opened"]);
    run.pass("09:30");
    assert_eq!(passed(&run), [""; 0]);
    run.hear("09:50", Said::step(Step::Final, "09:45").potassium("4.1"));
    assert_eq!(passed(&run), ["closed final", "receive_to_final 45"]);
    run.hear("09:55", Said::step(Step::Corrected, "09:55").potassium("4.2"));
    assert_eq!(passed(&run), [""; 0], "a new version opens nothing again");
    run.hear("10:00", Said::step(Step::EnteredInError, "10:00"));
    assert_eq!(passed(&run), ["taken back"]);
}

#[test]
fn a_cancelled_report_ends_without_a_length() {
    let mut run = Run::hospital();
    run.partition.watch_passages();
    run.hear("09:00", Said::step(Step::Received, "09:00").ordered_by(DR_BELL));
    run.hear("09:10", Said::step(Step::Cancelled, "09:10"));
    assert_eq!(passed(&run), ["closed cancelled"]);
}
