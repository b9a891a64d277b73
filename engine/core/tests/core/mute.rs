//! Mute: what is held back begins when the last mute lifts, and nothing is lost.

use wardline_core::{
    Input,
    input::{FeedState, FeedStatus, Outcome, Silence, Silenced},
    views::Hold,
};
use wardline_rules::{
    decimal::Decimal,
    event::{Event, Fact},
    program::{
        Alert, Bounds, Clear, Condition, Count, Delayed, Desk, FeedId, FeedIs, Field, Lasting, Length, Limit, LimitKey,
        Measure, Notice, Operand, PageTo, Program, Quiet, Situation, Suppress, Tell, Trigger, While, Who, Window,
    },
    time::{Span, TimeOfDay},
    token::Token,
    words::{Channel, Flag, KindSet, Step},
};

use crate::{
    driver::Run,
    said::{Said, at},
    ward::{at_step, critical_alert, head, program},
};

fn clock(text: &str) -> TimeOfDay {
    let (hours, minutes) = text.split_once(':').unwrap();
    TimeOfDay::from_minutes(hours.parse::<u16>().unwrap() * 60 + minutes.parse::<u16>().unwrap()).unwrap()
}

/// The critical alert, which pages Dr Bell, then the desk `Lab`, as one that can be held and told of.
fn orange() -> Alert {
    Alert { severity: wardline_rules::program::SeverityId(1), ..critical_alert() }
}

fn telling(tell: Tell) -> Alert {
    Alert { page: None, tells: vec![tell], ..orange() }
}

fn to_lab(digest_at: Vec<TimeOfDay>) -> Tell {
    Tell { who: vec![Who::Desk(wardline_rules::program::DeskId(0))], by: vec![Channel::Phone], digest_at }
}

fn quiet_lab(alerts: Vec<Alert>) -> Program {
    let mut program = program(1, Vec::new(), alerts);
    let quiet = Some(Quiet { from: clock("08:30"), to: clock("10:00") });
    program.desks = program.desks.into_iter().map(|desk| Desk { quiet, ..desk }).collect();
    program
}

fn value(at: &str, report: &str, number: &str) -> Said {
    Said::step(Step::Final, at).of(report).potassium(number)
}

/// What is held, as boards show it.
fn held(run: &Run) -> Vec<(Hold, usize)> {
    run.partition.figures().held.into_iter().collect()
}

#[test]
fn quiet_hours_delay_a_page_and_its_wait() {
    // [MUTE-6] the wait starts with the first page sent.
    let page = PageTo::Direct { who: vec![Who::Desk(wardline_rules::program::DeskId(0))], by: vec![Channel::Phone] };
    let rule = Alert { page: Some(page), ..orange() };
    let mut run = Run::of(quiet_lab(vec![rule]));
    run.hear("09:00", value("09:00", "R1", "6.9"));
    assert_eq!(run.story("09:00"), ["09:00 alert Critical#1 raised"]);
    assert_eq!(held(&run), [(Hold::Quiet, 1)]);
    run.pass("10:30");
    assert_eq!(held(&run), []);
    assert_eq!(run.story("09:30"), ["10:00 page desk Lab by phone"]);
}

#[test]
fn what_is_no_longer_true_at_the_lift_is_never_sent() {
    // [MUTE-2]
    let mut run = Run::of(quiet_lab(vec![telling(to_lab(Vec::new()))]));
    run.hear("09:00", value("09:00", "R1", "6.9"));
    run.hear("09:10", value("09:10", "R1", "4.1"));
    run.pass("11:00");
    assert_eq!(run.story("09:00"), ["09:00 alert Critical#1 raised", "09:10 alert Critical#1 withdrawn"]);
}

#[test]
fn a_digest_gathers_until_its_time() {
    // [LIM-2] one message for both, counted as two.
    let mut run = Run::of(program(1, Vec::new(), vec![telling(to_lab(vec![clock("12:00")]))]));
    run.hear("09:00", value("09:00", "R1", "6.9"));
    run.hear("10:00", value("10:00", "R2", "7.1"));
    assert_eq!(held(&run), [(Hold::Digest, 2)]);
    run.pass("12:30");
    let made: Vec<(String, u32)> = run
        .told
        .iter()
        .flat_map(|told| &told.obligations)
        .map(|made| (crate::said::clock(made.created), made.count))
        .collect();
    assert_eq!(made, [("12:00".to_owned(), 2)]);
    let nid = run.start("12:31")[0];
    run.outcome("12:32", nid, (1, Outcome::Delivered));
    assert!(run.partition.ledger().iter().all(|book| book.began == book.stands), "{:?}", run.partition.ledger());
    assert_eq!(run.partition.counters().delivered, 2, "what a digest carries is delivered with it");
}

#[test]
fn what_a_digest_carried_in_vain_needs_no_withdrawal() {
    let mut run = Run::of(program(1, Vec::new(), vec![telling(to_lab(vec![clock("12:00")]))]));
    run.hear("09:00", value("09:00", "R1", "6.9"));
    run.hear("10:00", value("10:00", "R2", "7.1"));
    run.pass("12:00");
    let nid = run.start("12:01")[0];
    run.outcome("12:02", nid, (1, Outcome::FailedSoft { retry_after: Some(300) }));
    run.hear("12:03", value("12:03", "R2", "4.1"));
    assert_eq!(run.story("12:02"), ["12:03 alert Critical#1 withdrawn"], "nobody had heard of it");
    run.pass("12:10");
    let again = run.start("12:10")[0];
    run.outcome("12:11", again, (2, Outcome::Delivered));
    run.hear("12:12", value("12:12", "R1", "4.0"));
    let after = run.story("12:12");
    assert!(after.iter().any(|line| line.contains("withdraw desk Lab")), "{after:?}");
}

#[test]
fn a_limit_lets_the_rest_go_when_the_oldest_leaves_the_window() {
    // [LIM-1] both ends of the window are included.
    let limit = Some(Limit { count: 1, within: Span::from_minutes(60), per: LimitKey::Recipient });
    let mut run = Run::of(program(1, Vec::new(), vec![Alert { limit, ..telling(to_lab(Vec::new())) }]));
    run.hear("09:00", value("09:00", "R1", "6.9"));
    run.hear("09:10", value("09:10", "R2", "7.1"));
    run.hear("09:20", value("09:20", "R3", "7.2"));
    run.pass("11:30");
    let made = run.told.iter().flat_map(|told| &told.obligations);
    let made: Vec<(String, u32)> = made.map(|made| (crate::said::clock(made.created), made.count)).collect();
    assert_eq!(made, [("09:00".to_owned(), 1), ("10:00:00.000001".to_owned(), 2)]);
}

#[test]
fn a_step_that_falls_due_in_a_silence_begins_at_the_lift() {
    // [MUTE-1] running waits go on.
    let mut run = Run::of(program(1, Vec::new(), vec![orange()]));
    run.hear("09:00", value("09:00", "R1", "6.9"));
    let silence = Silence {
        id: 1,
        what: Silenced::Rule("alert/Critical".into()),
        until: at("10:00"),
        author: "Kim".into(),
        because: "drill".into(),
    };
    run.inputs("09:01", vec![Input::Silence(Box::new(silence))]);
    run.pass("10:01");
    let during = run.story("09:01");
    assert!(during.iter().all(|line| line.starts_with("10:00")), "{during:?}");
    assert!(!during.is_empty(), "the second step begins at the lift");
}

fn backlog() -> Alert {
    let one = |number| Operand::Number(Decimal::whole(number));
    let count = Count { open: true, kinds: KindSet::ALL, is: Bounds::Above(one(1)), per: Some(Field::Site) };
    let state = While {
        state: Lasting::Count(count),
        hold: Length::Elapsed(Span::from_minutes(10)),
        calendar: None,
        clear: Some(Clear { is: Bounds::Below(one(1)), hold: Span::from_minutes(10) }),
    };
    Alert {
        head: head("alert/Backlog"),
        trigger: Trigger::While(state),
        condition: wardline_rules::program::Condition::always(),
        missing: Vec::new(),
        ..telling(to_lab(Vec::new()))
    }
}

fn lost() -> Alert {
    let state = While {
        state: Lasting::Feed(FeedId(0), FeedIs::Lost),
        hold: Length::Elapsed(Span::from_minutes(5)),
        calendar: None,
        clear: None,
    };
    Alert { head: head("alert/Lost"), trigger: Trigger::While(state), ..backlog() }
}

/// A hospital that counts, watches a feed, suppresses, gathers and keeps quiet.
pub(crate) fn watching() -> Program {
    let suppress = Suppress {
        head: head("suppress/One"),
        while_: Lasting::Alert("alert/Lost".into()),
        delays: vec![Delayed::Alert("alert/Backlog".into())],
        at_most: Span::from_minutes(240),
        joined: false,
    };
    let mut program = program(1, Vec::new(), vec![backlog(), lost()]);
    program.suppressions = vec![suppress];
    program
}

#[test]
fn a_suppression_holds_and_lifts_in_the_instant_its_cause_ends() {
    // [MUTE-4] [WHILE-1] [T2] [T3]; a restart at any time changes nothing.
    let feed = watching().catalogue.feeds[0].name.clone();
    let state = |state| vec![Input::Feed(FeedStatus { feed: feed.clone(), state })];
    let mut run = Run::empty();
    run.batch(at("08:00"), vec![crate::driver::activate(watching(), "watching")]);
    run.inputs("09:00", state(FeedState::Lost));
    run.hear("09:01", Said::step(Step::Received, "09:01").of("R1"));
    run.hear("09:02", Said::step(Step::Received, "09:02").of("R2"));
    run.restart();
    run.pass("09:20");
    run.restart();
    assert_eq!(
        run.story("09:00"),
        [
            "09:05 alert Lost#1 raised",
            "09:05 tell desk Lab by phone",
            "09:12 alert Backlog#1 raised",
            "09:12 alert Backlog#1 held, muted"
        ]
    );
    run.inputs("09:30", state(FeedState::Connected));
    assert_eq!(run.story("09:30"), ["09:30 alert Lost#1 cleared", "09:30 tell desk Lab by phone"]);
}

#[test]
fn a_count_clears_on_the_quiet_side_and_counts_what_leaves() {
    // [WHILE-2] [WHILE-3]
    let mut run = Run::of(program(1, Vec::new(), vec![backlog()]));
    run.hear("09:01", Said::step(Step::Received, "09:01").of("R1"));
    run.hear("09:02", Said::step(Step::Received, "09:02").of("R2"));
    run.hear("09:20", Said::step(Step::Final, "09:20").of("R1"));
    run.hear("09:25", Said::step(Step::Received, "09:25").of("R3"));
    run.hear("09:30", Said::step(Step::Final, "09:30").of("R2"));
    run.hear("09:31", Said::step(Step::Final, "09:31").of("R3"));
    run.pass("10:00");
    assert_eq!(
        run.story("09:00"),
        ["09:12 alert Backlog#1 raised", "09:12 tell desk Lab by phone", "09:41 alert Backlog#1 cleared"]
    );
}

fn on_hold_for_ten_minutes() -> Alert {
    let state = Lasting::Report { kinds: KindSet::LAB, any: vec![Situation::Flag(Flag::OnHold)] };
    let hold = Length::Elapsed(Span::from_minutes(10));
    Alert {
        head: head("alert/Held up"),
        trigger: Trigger::While(While { state, hold, calendar: None, clear: None }),
        ..backlog()
    }
}

fn held_up(news: &[(&str, bool, &str)]) -> Vec<String> {
    let mut run = Run::of(program(1, Vec::new(), vec![on_hold_for_ten_minutes()]));
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    for (heard, is_on, happened) in news {
        let said = Said::update(happened);
        run.hear(heard, if *is_on { said.flag(Flag::OnHold) } else { said.no_flag(Flag::OnHold) });
    }
    run.pass("11:00");
    run.story("09:01")
}

#[test]
fn a_state_must_outlive_its_hold() {
    // [WHILE-1] what ends at exactly begin + hold did not hold.
    assert_eq!(held_up(&[("09:10", true, "09:10"), ("09:20", false, "09:20")]), Vec::<String>::new());
    assert_eq!(
        held_up(&[("09:10", true, "09:10"), ("09:21", false, "09:21")]),
        ["09:20 alert Held up#1 raised", "09:20 tell desk Lab by phone", "09:21 alert Held up#1 cleared"]
    );
    // Late news that it ended in time takes back what was said; learned with its end, it is never said.
    assert_eq!(
        held_up(&[("09:10", true, "09:10"), ("09:30", false, "09:15")]),
        ["09:20 alert Held up#1 raised", "09:20 tell desk Lab by phone", "09:30 alert Held up#1 withdrawn"]
    );
    assert_eq!(held_up(&[("10:00", false, "09:40"), ("10:00:01", true, "09:10")]), Vec::<String>::new());
}

/// Looks every ten minutes whether there was more than one of what is measured in the last hour.
fn more_than_one(id: &str, measure: Measure) -> Alert {
    let one = Operand::Number(Decimal::whole(1));
    let window = Window {
        tick: Span::from_minutes(10),
        over: Span::from_minutes(60),
        per: None,
        measure,
        kinds: KindSet::ALL,
        is: Bounds::Above(one),
        at_least: 0,
        hold: Span::from_minutes(20),
        clear: Clear { is: Bounds::AtMost(one), hold: Span::ZERO },
    };
    Alert { head: head(id), trigger: Trigger::Window(window), ..backlog() }
}

/// The patient hears of a release, not before ten.
fn released() -> Notice {
    Notice {
        head: head("notice/Ready"),
        when: vec![at_step(Step::Released)],
        condition: Condition::always(),
        unless: Condition::never(),
        missing: Vec::new(),
        preferred: false,
        channels: vec![Channel::Email],
        quiet: Quiet { from: clock("06:00"), to: clock("10:00") },
        limit: Limit { count: 1, within: Span::from_minutes(240), per: LimitKey::Patient },
        template: "ready".into(),
        expires: Span::from_minutes(24 * 60),
        then: None,
    }
}

/// The watching hospital that also looks back, limits, gathers and tells patients.
pub(crate) fn guarded() -> Program {
    let limit = Some(Limit { count: 1, within: Span::from_minutes(60), per: LimitKey::Recipient });
    let mut program = watching();
    program.alerts.extend([
        Alert { head: head("alert/Limited"), limit, ..telling(to_lab(Vec::new())) },
        Alert { head: head("alert/Listed"), ..telling(to_lab(vec![clock("12:00")])) },
        more_than_one("alert/Many", Measure::Reports),
        more_than_one("alert/Bad", Measure::DataProblems(None)),
    ]);
    program.notices = vec![released()];
    program
}

/// A day on which everything that waits, counts or is gathered does so over many batches.
pub(crate) fn guarded_day() -> Run {
    let feed = watching().catalogue.feeds[0].name.clone();
    let state = |state| vec![Input::Feed(FeedStatus { feed: feed.clone(), state })];
    let unreadable =
        |id: &str| vec![Input::Event(Box::new(Event::new("lis", id, Fact::Unreadable { size: 3, sha: [1; 16] })))];
    let told_patient = |clock: &str, report: &str| {
        let mut said = Said::step(Step::Released, clock).of(report);
        said.0.patient = Some(Token([9; 16]));
        said
    };
    let mut run = Run::empty();
    run.batch(at("08:00"), vec![crate::driver::activate(guarded(), "guarded")]);
    run.inputs("09:00", state(FeedState::Lost));
    run.hear("09:01", Said::step(Step::Received, "09:01").of("R1"));
    run.hear("09:02", Said::step(Step::Received, "09:02").of("R2"));
    run.inputs("09:03", unreadable("u1"));
    run.inputs("09:04", unreadable("u2"));
    for (clock, report) in [("09:14", "R3"), ("09:16", "R4"), ("09:18", "R5")] {
        run.hear(clock, value(clock, report, "6.9"));
    }
    run.hear("09:20", told_patient("09:20", "R3"));
    run.hear("09:22", told_patient("09:22", "R4"));
    run.inputs("09:45", state(FeedState::Connected));
    run.deliver("10:20");
    run.hear("10:30", told_patient("10:30", "R5"));
    run.pass("14:30");
    run
}

#[test]
fn a_guarded_day_waits_counts_and_gathers() {
    // [NOTE-2] [WIN-1] [WIN-4] [LIM-1] [LIM-2] [MUTE-1]
    let run = guarded_day();
    let made = run.told.iter().flat_map(|told| &told.obligations);
    let made: Vec<String> = made
        .map(|made| {
            let rule = made.rule.split('/').nth(1).unwrap_or_default();
            format!("{} {rule} {}", crate::said::clock(made.created), made.count)
        })
        .collect();
    assert_eq!(
        made,
        [
            "09:05 Lost 1",
            "09:14 Limited 1",
            "09:30 Bad 1",
            "09:40 Many 1",
            "09:45 Backlog 1",
            "10:00 Ready 2",
            "10:14:00.000001 Limited 2",
            "12:00 Listed 3",
            "14:00:00.000001 Ready 1"
        ]
    );
    let cleared: Vec<String> = run.story("09:00").into_iter().filter(|line| line.ends_with("cleared")).collect();
    assert_eq!(cleared, ["09:45 alert Lost#1 cleared", "10:10 alert Bad#1 cleared", "10:20 alert Many#1 cleared"]);
}
