//! The dispatcher against a core that is scripted line by line.

use wardline_core::{input::Class, output::Go};
use wardline_rules::time::Timestamp;

use super::*;

const EPOCH: u32 = 3;

fn nid(number: u8) -> Nid {
    Nid([number; 16])
}

fn proposal(number: u8, level: Level, channel: Channel) -> Proposal {
    Proposal { nid: nid(number), number: 1, level, channel, created: Timestamp::MIN }
}

fn red(number: u8) -> Proposal {
    proposal(number, Level::Red, Channel::Pager)
}

fn attempt(nid: Nid, outcome: Outcome) -> Attempt {
    Attempt { nid, number: 1, epoch: EPOCH, outcome }
}

/// What the core says to a batch: `go` for those named.
fn said(go: &[u8]) -> Output {
    let go = go.iter().map(|number| Go { nid: nid(*number), number: 1, is_repeat: false }).collect();
    Output { go, ..Output::default() }
}

fn inputs(attempts: &[Attempt]) -> Vec<Input> {
    attempts.iter().copied().map(Input::Attempt).collect()
}

fn nids(attempts: &[Attempt]) -> Vec<Nid> {
    attempts.iter().map(|attempt| attempt.nid).collect()
}

#[test]
fn a_notice_leaves_only_after_its_start_was_taken() {
    let mut dispatcher = Dispatcher::new(EPOCH);
    let started = dispatcher.propose(&[red(1)]);
    assert_eq!(started, [attempt(nid(1), Outcome::Started)]);
    assert!(dispatcher.observe(&[Input::Tick], &said(&[])).is_empty(), "another batch comes first");
    let departures = dispatcher.observe(&inputs(&started), &said(&[1]));
    assert_eq!(departures, [Departure { nid: nid(1), number: 1, is_repeat: false }]);
    assert_eq!(dispatcher.in_flight(), 1);
}

#[test]
fn an_answer_earlier_in_the_log_wins() {
    let mut dispatcher = Dispatcher::new(EPOCH);
    let started = dispatcher.propose(&[red(1)]);
    assert!(dispatcher.observe(&inputs(&started), &said(&[])).is_empty());
    assert_eq!(dispatcher.in_flight(), 0, "its slot is free again");
}

#[test]
fn a_notice_under_way_is_not_started_again() {
    let mut dispatcher = Dispatcher::new(EPOCH);
    assert_eq!(dispatcher.propose(&[red(1)]).len(), 1);
    assert!(dispatcher.propose(&[red(1)]).is_empty());
}

#[test]
fn every_result_frees_the_slot() {
    for outcome in [
        Outcome::Delivered,
        Outcome::FailedHard,
        Outcome::Ambiguous { class: Class::Neither },
        Outcome::FailedSoft { retry_after: None },
    ] {
        let mut dispatcher = Dispatcher::new(EPOCH);
        let started = dispatcher.propose(&[red(1)]);
        dispatcher.observe(&inputs(&started), &said(&[1]));
        dispatcher.observe(&inputs(&[attempt(nid(1), outcome)]), &said(&[]));
        assert_eq!(dispatcher.in_flight(), 0, "{outcome:?}");
    }
}

#[test]
fn a_result_of_an_older_attempt_frees_nothing() {
    let mut dispatcher = Dispatcher::new(EPOCH);
    let second = Proposal { number: 2, ..red(1) };
    dispatcher.propose(&[second]);
    dispatcher.observe(&inputs(&[attempt(nid(1), Outcome::Delivered)]), &said(&[]));
    assert_eq!(dispatcher.in_flight(), 1);
}

#[test]
fn starts_of_another_epoch_never_leave() {
    let mut dispatcher = Dispatcher::new(EPOCH);
    let foreign = Attempt { epoch: EPOCH - 1, ..attempt(nid(1), Outcome::Started) };
    assert!(dispatcher.observe(&inputs(&[foreign]), &said(&[1])).is_empty());
}

#[test]
fn one_channel_has_eight_of_which_two_are_for_red() {
    let mut dispatcher = Dispatcher::new(EPOCH);
    let orange: Vec<Proposal> = (0..10).map(|number| proposal(number, Level::Orange, Channel::Sms)).collect();
    assert_eq!(dispatcher.propose(&orange).len(), 6);
    let reds: Vec<Proposal> = (20..30).map(|number| proposal(number, Level::Red, Channel::Sms)).collect();
    assert_eq!(nids(&dispatcher.propose(&reds)), [nid(20), nid(21)]);
    let other = proposal(40, Level::Yellow, Channel::Email);
    assert_eq!(dispatcher.propose(&[reds[5], other]).len(), 1, "a full channel does not delay another");
}

#[test]
fn of_sixty_four_in_all_sixteen_are_for_red() {
    let mut dispatcher = Dispatcher::new(EPOCH);
    let crowd = |level, from: u8| -> Vec<Proposal> {
        let channels = Channel::ALL.iter().cycle();
        (from..from + 100).zip(channels).map(|(number, channel)| proposal(number, level, *channel)).collect()
    };
    assert_eq!(dispatcher.propose(&crowd(Level::Orange, 0)).len(), 48);
    assert_eq!(dispatcher.propose(&crowd(Level::Red, 120)).len(), 16);
    assert_eq!(dispatcher.in_flight(), 64);
}

#[test]
fn while_holding_nothing_new_starts() {
    let mut dispatcher = Dispatcher::new(EPOCH);
    let started = dispatcher.propose(&[red(1)]);
    dispatcher.hold();
    assert!(dispatcher.propose(&[red(2)]).is_empty());
    assert_eq!(dispatcher.observe(&inputs(&started), &said(&[1])).len(), 1, "what was started goes on");
}

#[test]
fn a_repeat_is_marked_as_the_core_says() {
    let mut dispatcher = Dispatcher::new(EPOCH);
    let started = dispatcher.propose(&[Proposal { number: 2, ..red(1) }]);
    let go = Go { nid: nid(1), number: 2, is_repeat: true };
    let departures = dispatcher.observe(&inputs(&started), &Output { go: vec![go], ..Output::default() });
    assert_eq!(departures, [Departure { nid: nid(1), number: 2, is_repeat: true }]);
}
