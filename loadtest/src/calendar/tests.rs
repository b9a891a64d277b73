//! Calendar, tested: winter, summer, weekends and the nights when clocks move.

use super::*;

fn chicago() -> Calendar {
    let holidays: Vec<_> = ["07-04", "11-4th-thu"].iter().filter_map(|text| Holiday::parse(text)).collect();
    Calendar::new("America/Chicago", &holidays, Flat::default()).unwrap()
}

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_microsecond()
}

fn shown(micros: i64) -> String {
    Timestamp::from_microsecond(micros).unwrap().to_string()
}

#[test]
fn local_time_follows_winter_and_summer() {
    let winter = chicago().local(at("2026-01-14T07:31:00Z"));
    assert_eq!((winter.hour(), winter.weekday()), (1, 2), "01:31 on a Wednesday");
    let summer = chicago().local(at("2026-07-14T03:00:00Z"));
    assert_eq!((summer.hour(), summer.weekday()), (22, 0), "22:00 on Monday the 13th");
}

#[test]
fn wall_times_come_back_and_the_doubled_hour_is_the_earlier() {
    let calendar = chicago();
    for text in ["2026-01-14T07:31:00Z", "2026-07-01T12:00:00Z", "2026-11-01T06:30:00Z"] {
        assert_eq!(shown(calendar.instant(calendar.local(at(text)))), text);
    }
    // 01:30 happens at 06:30Z and again at 07:30Z.
    assert_eq!(shown(calendar.instant(calendar.local(at("2026-11-01T07:30:00Z")))), "2026-11-01T06:30:00Z");
}

#[test]
fn opening_skips_nights_weekends_and_holidays() {
    let calendar = chicago();
    let opening = |text: &str| shown(calendar.next_opening(at(text), [7, 19]));
    assert!(calendar.is_open(at("2026-01-14T13:00:00Z"), [7, 19]), "07:00");
    assert!(!calendar.is_open(at("2026-01-15T01:00:00Z"), [7, 19]), "19:00");
    assert_eq!(opening("2026-01-14T09:00:00Z"), "2026-01-14T13:00:00Z");
    assert_eq!(opening("2026-01-17T01:30:00Z"), "2026-01-19T13:00:00Z", "Friday evening");
    assert_eq!(opening("2026-11-26T02:00:00Z"), "2026-11-27T13:00:00Z", "Thanksgiving");
}

/// [GEN-5]
#[test]
fn weekday_time_stands_still_at_weekends() {
    let calendar = chicago();
    let friday_noon = at("2026-01-16T18:00:00Z");
    assert_eq!(shown(calendar.after_weekday_time(friday_noon, 13 * HOUR)), "2026-01-19T07:00:00Z");
    assert_eq!(calendar.weekday_time(friday_noon, at("2026-01-19T07:00:00Z")), 13 * HOUR);
    let saturday = at("2026-01-17T18:00:00Z");
    assert_eq!(shown(calendar.after_weekday_time(saturday, HOUR)), "2026-01-19T07:00:00Z");
}

#[test]
fn flat_years_have_neither_season_nor_holidays() {
    let flat =
        Calendar::new("America/Chicago", &[Holiday::Fixed { month: 7, day: 3 }], Flat { season: true, holidays: true });
    assert!(flat.unwrap().is_working(day_number(Date::constant(2026, 7, 3))));
    let january = Calendar::season(day_number(Date::constant(2026, 1, 15)), 0.15);
    assert!((january - 1.15).abs() < 1e-12, "{january}");
}

#[test]
fn unknown_zone_is_refused() {
    assert!(Calendar::new("America/Chikago", &[], Flat::default()).is_none());
}
