//! Log time through jumps of the wall, by hand-worked figures.

use super::*;
use crate::runtime::clock::{HandClock, WallClock as _};

const NOON: Timestamp = Timestamp::from_micros(1_768_392_000_000_000);

fn seconds(count: i64) -> Span {
    Span::from_seconds(count)
}

fn unsynchronised(clock: &HandClock) -> Reading {
    Reading { is_synchronised: false, ..clock.read() }
}

#[test]
fn log_time_follows_the_clocks_and_never_repeats() {
    let clock = HandClock::at(NOON);
    let (mut anchor, change) = Anchor::start(clock.read(), None, false);
    assert_eq!((change, anchor.now(clock.read())), (None, NOON));
    anchor.record(NOON);
    assert_eq!(anchor.now(clock.read()), NOON.plus(Span::from_micros(1)));
    clock.pass(seconds(1));
    assert_eq!(anchor.now(clock.read()), NOON.plus(seconds(1)));
}

#[test]
fn a_jump_is_doubted_and_accepted_after_five_minutes() {
    let clock = HandClock::at(NOON);
    let (mut anchor, _) = Anchor::start(clock.read(), None, false);
    clock.jump(seconds(3_600));
    assert_eq!(anchor.observe(unsynchronised(&clock)), Some(TimeChange::Doubted(seconds(3_600))));
    clock.pass(seconds(299));
    assert_eq!(anchor.observe(unsynchronised(&clock)), None);
    assert_eq!(anchor.now(clock.read()), NOON.plus(seconds(299)), "timers go on by the anchor");
    clock.pass(seconds(1));
    assert_eq!(anchor.observe(unsynchronised(&clock)), Some(TimeChange::Accepted(seconds(3_600))));
    assert_eq!(anchor.now(clock.read()), NOON.plus(seconds(3_900)));
    assert!(!anchor.is_in_doubt());
}

#[test]
fn a_synchronised_machine_is_believed_after_thirty_seconds() {
    let clock = HandClock::at(NOON);
    let (mut anchor, _) = Anchor::start(clock.read(), None, false);
    clock.jump(seconds(3 * 86_400));
    assert!(anchor.observe(clock.read()).is_some());
    clock.pass(seconds(30));
    assert_eq!(anchor.observe(clock.read()), Some(TimeChange::Accepted(seconds(3 * 86_400))));
}

#[test]
fn more_than_a_day_is_never_accepted_by_waiting() {
    let clock = HandClock::at(NOON);
    let (mut anchor, _) = Anchor::start(clock.read(), None, false);
    clock.jump(seconds(86_401));
    assert!(anchor.observe(unsynchronised(&clock)).is_some());
    clock.pass(seconds(86_400));
    assert_eq!(anchor.observe(unsynchronised(&clock)), None);
    assert!(anchor.is_in_doubt());
}

#[test]
fn a_wall_that_comes_back_ends_the_doubt() {
    let clock = HandClock::at(NOON);
    let (mut anchor, _) = Anchor::start(clock.read(), None, false);
    clock.jump(seconds(-600));
    assert_eq!(anchor.observe(clock.read()), Some(TimeChange::Doubted(seconds(-600))));
    clock.jump(seconds(600));
    assert_eq!(anchor.observe(clock.read()), Some(TimeChange::Settled));
}

#[test]
fn after_a_jump_back_log_time_runs_slowly_until_the_wall_has_caught_up() {
    let clock = HandClock::at(NOON);
    let (mut anchor, _) = Anchor::start(clock.read(), None, false);
    clock.jump(seconds(-60));
    assert!(anchor.observe(clock.read()).is_some());
    clock.pass(seconds(30));
    assert_eq!(anchor.observe(clock.read()), Some(TimeChange::Accepted(seconds(-60))));
    clock.pass(seconds(100));
    assert_eq!(anchor.now(clock.read()), NOON.plus(seconds(120)), "90 of 100 seconds passed");
    // The wall is 60 s behind and gains a tenth: level after 600 s.
    clock.pass(seconds(500));
    assert_eq!(anchor.observe(clock.read()), None);
    clock.pass(seconds(10));
    assert_eq!(anchor.now(clock.read()), NOON.plus(seconds(30 + 540 + 10)));
}

#[test]
fn small_differences_are_slewed_away() {
    let clock = HandClock::at(NOON);
    let (mut anchor, _) = Anchor::start(clock.read(), None, false);
    clock.jump(Span::from_micros(100_000));
    clock.pass(seconds(100));
    assert_eq!(anchor.observe(clock.read()), None);
    // 500 millionths of 100 s are 50 ms.
    assert_eq!(anchor.now(clock.read()), NOON.plus(seconds(100)).plus(Span::from_micros(50_000)));
}

#[test]
fn a_wall_behind_the_log_starts_in_doubt_at_the_log() {
    let clock = HandClock::at(NOON);
    let last = NOON.plus(seconds(60));
    let (anchor, change) = Anchor::start(unsynchronised(&clock), Some(last), false);
    assert_eq!(change, Some(TimeChange::Doubted(seconds(-60))));
    assert_eq!(anchor.now(clock.read()), last.plus(Span::from_micros(1)));
}

#[test]
fn a_wall_days_ahead_of_the_log_needs_somebody_to_vouch_for_it() {
    let clock = HandClock::at(NOON.plus(seconds(3 * 86_400)));
    let (anchor, change) = Anchor::start(unsynchronised(&clock), Some(NOON), false);
    assert!(anchor.is_in_doubt() && change.is_some());
    let (anchor, change) = Anchor::start(unsynchronised(&clock), Some(NOON), true);
    assert_eq!((anchor.is_in_doubt(), change), (false, None));
    assert_eq!(anchor.now(clock.read()), NOON.plus(seconds(3 * 86_400)));
}
