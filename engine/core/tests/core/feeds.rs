//! Feeds: when does a feed count as silent, and what follows from it?

use wardline_core::{
    Input,
    input::{FeedState, FeedStatus},
};
use wardline_rules::{
    event::{Event, Fact},
    program::{Alert, FeedId, FeedIs, Lasting, Length, Program, Tell, Trigger, While, Who},
    row::{Cell, Table},
    time::{Span, Timestamp},
    words::{Channel, Step},
};

use crate::{
    driver::Run,
    said::{Said, at, clock},
    ward::{LAB_DESK, ORANGE, critical_alert, head, lab_hour, minutes, only_sla, program},
};

/// The interface desk hears of a feed that was silent for a minute longer than usual.
pub(crate) fn silence() -> Program {
    let state = While {
        state: Lasting::Feed(FeedId(0), FeedIs::Idle),
        hold: Length::Elapsed(minutes(1)),
        calendar: None,
        clear: None,
    };
    let alert = Alert {
        head: head("alert/Silent"),
        trigger: Trigger::While(state),
        condition: wardline_rules::program::Condition::always(),
        severity: ORANGE,
        page: None,
        tells: vec![Tell { who: vec![Who::Desk(LAB_DESK)], by: vec![Channel::Phone], digest_at: Vec::new() }],
        ..critical_alert()
    };
    program(1, Vec::new(), vec![alert])
}

fn heartbeat(id: &str) -> Vec<Input> {
    vec![Input::Event(Box::new(Event::new("lis", id, Fact::Heartbeat)))]
}

fn told(run: &Run) -> Vec<String> {
    run.story("08:00")
}

#[test]
fn a_silence_is_told_of_once_and_its_end_to_whoever_was_reached() {
    // [FH-1] [SEED-13]; a restart at any time changes nothing.
    let mut run = Run::empty();
    run.batch(at("08:00"), vec![crate::driver::activate(silence(), "silence")]);
    run.inputs("09:00", heartbeat("a"));
    run.restart();
    run.inputs("09:20", heartbeat("b"));
    run.pass("09:50:30");
    run.restart();
    run.pass("09:52");
    run.deliver("09:53");
    run.pass("11:00");
    run.inputs("11:10", heartbeat("c"));
    run.deliver("11:11");
    run.inputs("11:20", heartbeat("d"));
    assert_eq!(
        told(&run),
        [
            "09:51 alert Silent#1 raised",
            "09:51 tell desk Lab by phone",
            "09:53:00.000001 alert Silent#1 delivered",
            "11:10 alert Silent#1 cleared",
            "11:10 withdraw desk Lab by phone",
        ]
    );
    run.pass("11:51");
    assert_eq!(told(&run).last().unwrap(), "11:51 tell desk Lab by phone", "the next silence is told of anew");
}

#[test]
fn a_message_at_the_last_instant_is_in_time() {
    // [TIME-2]
    let mut run = Run::of(silence());
    run.inputs("09:00", heartbeat("a"));
    run.inputs("09:30", heartbeat("b"));
    run.inputs("10:00", heartbeat("c"));
    assert_eq!(told(&run), [""; 0]);
}

#[test]
fn who_was_not_reached_hears_of_no_return() {
    let mut run = Run::of(silence());
    run.inputs("09:00", heartbeat("a"));
    run.inputs("09:40", heartbeat("b"));
    assert_eq!(told(&run).last().unwrap(), "09:40 alert Silent#1 cleared");
}

#[test]
fn a_connection_that_is_lost_is_lost_and_not_silent() {
    let state = |state| vec![Input::Feed(FeedStatus { feed: "lis".into(), state })];
    let mut run = Run::of(silence());
    run.inputs("09:00", heartbeat("a"));
    run.inputs("09:05", state(FeedState::Lost));
    run.pass("10:00");
    assert_eq!(told(&run), [""; 0]);
    run.inputs("10:00:30", state(FeedState::Connected));
    run.pass("10:02");
    assert_eq!(told(&run), ["10:01:30 alert Silent#1 raised", "10:01:30 tell desk Lab by phone"]);
}

#[test]
fn what_came_while_the_engine_was_away_is_still_to_come() {
    let mut run = Run::of(silence());
    run.inputs("09:00", heartbeat("a"));
    // Two hours without a batch: no driver was there to hear anything.
    run.batch(at("11:00"), vec![Input::Tick]);
    run.pass("11:29");
    assert_eq!(told(&run), [""; 0]);
    run.pass("11:31");
    assert_eq!(told(&run)[0], "11:31 alert Silent#1 raised");
}

#[test]
fn a_feed_that_no_catalogue_declares_is_not_watched() {
    let mut run = Run::of(silence());
    let timers = run.partition.figures().timers;
    run.inputs("09:00", vec![Input::Event(Box::new(Event::new("ris", "a", Fact::Heartbeat)))]);
    assert_eq!(run.partition.figures().timers, timers);
}

/// Messages every so many minutes of one hour, then nothing.
fn hour(run: &mut Run, from: Timestamp, every: i64) {
    for minute in (0..60).step_by(usize::try_from(every).unwrap()) {
        let to = from.plus(minutes(i64::try_from(minute).unwrap()));
        while let Some(due) = run.partition.next_due().filter(|due| *due < to) {
            run.batch(due, vec![Input::Tick]);
        }
        run.batch(to, heartbeat(&to.to_string()));
    }
}

#[test]
fn what_is_usual_is_learned_for_each_hour_of_the_week() {
    // [FH-1] Three times the usual gap, at least five minutes, at most thirty.
    let silent_after = |every| {
        let mut run = Run::of(silence());
        hour(&mut run, at("10:00"), every);
        run.restart();
        let week = Span::from_minutes(7 * 24 * 60);
        let before = run.told.len();
        let last = at("10:05").plus(week);
        hour(&mut run, at("10:00").plus(week), 60);
        while let Some(due) = run.partition.next_due().filter(|due| *due < last) {
            run.batch(due, vec![Input::Tick]);
        }
        run.batch(last, heartbeat("last"));
        while let Some(due) = run.partition.next_due().filter(|due| *due < last.plus(minutes(60))) {
            run.batch(due, vec![Input::Tick]);
        }
        let raised = run.told[before..].iter().flat_map(|told| &told.obligations).map(|made| made.created);
        raised.last().unwrap().since(last).micros() / 60_000_000 - 1
    };
    assert_eq!((silent_after(1), silent_after(4), silent_after(20)), (5, 12, 30));
}

#[test]
fn a_clock_that_runs_while_its_feed_is_silent_is_unsure_and_acts_all_the_same() {
    // [SLA-14]
    let states = |run: &Run| {
        let rows = run.rows().into_iter().filter(|row| row.table == Table::Clocks);
        rows.map(|row| row.cells[4].clone()).collect::<Vec<_>>()
    };
    let mut run = Run::of(only_sla(lab_hour()));
    run.partition.watch_rows();
    run.hear("09:00", Said::step(Step::Received, "09:00"));
    run.batch(at("09:30"), vec![Input::Tick]);
    assert_eq!(states(&run), [Cell::word("unsure")]);
    run.inputs("09:40", heartbeat("a"));
    assert_eq!(states(&run), [Cell::word("running")]);
    run.pass("10:05");
    let breached = run.story("09:59").into_iter().find(|line| line.contains("breached"));
    assert_eq!(breached.as_deref(), Some("10:00 clock Lab breached due 10:00"), "{:?}", clock(at("10:00")));
}
