//! Scenario, tested: each overlay does its one thing in its own time.

use super::*;
use crate::calendar::Flat;
use crate::profile::Profile;
use crate::random::Domain;

/// Monday 2026-01-05 00:00 in Chicago.
const START: i64 = 1_767_592_800_000_000;

fn scenario(name: &str) -> (World, Scenario) {
    let world = World::new(Profile::load("hospital").unwrap(), Some("clean"), 1, Flat::default()).unwrap();
    let scenario = Scenario::new(&[name.to_owned()], Choices::usual(START), &world).unwrap();
    (world, scenario)
}

#[test]
fn every_name_is_known_and_others_are_not() {
    let (world, _) = scenario("day");
    let all: Vec<String> = NAMES.iter().map(ToString::to_string).collect();
    assert!(Scenario::new(&all, Choices::usual(START), &world).is_some());
    assert!(Scenario::new(&["doomsday".to_owned()], Choices::usual(START), &world).is_none());
}

#[test]
fn weekend_finals_of_the_bench_come_on_monday_morning_by_five_three_two() {
    let (world, scenario) = scenario("monday-backlog");
    let calendar = &world.calendars[0];
    let held = Held { site: 0, kind: Kind::Pathology, calendar };
    let mut stream = Stream::new(1, Domain::Life, 0);
    let mut hours = [0_u32; 24];
    let saturday_noon = START + 5 * DAY + 12 * HOUR;
    for _ in 0..10_000 {
        let local = calendar.local(scenario.hold_final(saturday_noon, &held, &mut stream));
        assert_eq!(local.weekday(), 0);
        hours[local.hour()] += 1;
    }
    assert!(
        hours[7].abs_diff(5000) < 200 && hours[8].abs_diff(3000) < 184 && hours[9].abs_diff(2000) < 160,
        "{hours:?}"
    );
    let thursday = START + 3 * DAY;
    assert_eq!(scenario.hold_final(thursday, &held, &mut stream), thursday);
}

#[test]
fn held_finals_are_released_within_a_minute() {
    let (world, scenario) = scenario("mass-release");
    let held = Held { site: 0, kind: Kind::Lab, calendar: &world.calendars[0] };
    let mut stream = Stream::new(1, Domain::Life, 0);
    let release = START + 14 * HOUR;
    let at = scenario.hold_final(START + 11 * HOUR, &held, &mut stream);
    assert!((release..release + MINUTE).contains(&at));
    assert_eq!(scenario.hold_final(release, &held, &mut stream), release);
}

#[test]
fn outage_sends_its_backlog_in_order_within_a_minute() {
    let (_, scenario) = scenario("outage-replay");
    let back = START + 14 * HOUR;
    let sent = [10, 11, 13].map(|hour| scenario.delivered(3, 0, START + hour * HOUR));
    assert_eq!(sent, [back, back + 15_000_000, back + 45_000_000]);
    assert_eq!(scenario.delivered(3, 0, START + 9 * HOUR), START + 9 * HOUR);
    assert_eq!(scenario.delivered(3, 1, START + 11 * HOUR), START + 11 * HOUR, "another site");
}

#[test]
fn burst_is_fifty_fold_for_one_minute() {
    let (world, scenario) = scenario("burst");
    let (ten, calendar) = (START + 10 * HOUR, &world.calendars[0]);
    assert_eq!(scenario.next_edge(START), ten);
    let factor = |at| scenario.rate_factor(Setting::Ed, at, calendar);
    assert_eq!([factor(ten - 1), factor(ten), factor(ten + MINUTE)], [1.0, 50.0, 1.0]);
}

#[test]
fn answers_stop_for_two_hours_and_one_clock_runs_ahead() {
    let (_, silence) = scenario("nobody-answers");
    assert_eq!([9, 10, 11, 12].map(|hour| silence.is_silent(START + hour * HOUR)), [false, true, true, false]);
    let (world, skew) = scenario("skew");
    let laboratory = world.feed(0, FeedRole::Department(Kind::Lab));
    assert_eq!(skew.clock_ahead(laboratory, START + 11 * HOUR), HOUR);
    assert_eq!(skew.clock_ahead(laboratory + 1, START + 11 * HOUR), 0);
}
