//! The calendars of the language page's worked examples, by hand.

use crate::{
    Text,
    program::{Calendar, Closed, ClosedDay, Opening, WeeklyRange},
    time::{Date, Span, TimeOfDay, Timestamp, zone},
};

fn time(text: &str) -> TimeOfDay {
    let (hours, minutes) = text.split_once(':').unwrap();
    TimeOfDay::from_minutes(hours.parse::<u16>().unwrap() * 60 + minutes.parse::<u16>().unwrap()).unwrap()
}

fn range(days: std::ops::RangeInclusive<u8>, from: &str, to: &str) -> WeeklyRange {
    WeeklyRange { days: days.fold(0, |bits, day| bits | 1 << day), from: time(from), to: time(to) }
}

fn whole(date: Date) -> Closed {
    Closed { day: ClosedDay::Dates(date, date), from: time("00:00"), to: time("24:00") }
}

fn chicago(open: Vec<WeeklyRange>, closed: Vec<Closed>) -> Calendar {
    let zone = zone("America/Chicago").unwrap();
    Calendar { name: Text::from("bench"), zone, open: Opening::Weekly(open), closed, extra: Vec::new() }
}

fn histology(closed: Vec<Closed>) -> Calendar {
    chicago(vec![range(0..=4, "06:00", "20:00"), range(5..=5, "08:00", "12:00")], closed)
}

fn date(year: i16, month: i8, day: i8) -> Date {
    Date::new(year, month, day).unwrap()
}

fn at(calendar: &Calendar, (year, month, day): (i16, i8, i8), clock: &str) -> Timestamp {
    calendar.zone.at(date(year, month, day), time(clock))
}

#[test]
fn a_holiday_weekend_is_skipped() {
    // [CAL-1] [CAL-6], example 1 without its pause: Thursday 2 July 18:00 + 4 h = Monday 6 July 08:00
    let both = histology(vec![whole(date(2026, 7, 3)), whole(date(2026, 7, 4))]);
    let start = at(&both, (2026, 7, 2), "18:00");
    assert_eq!(both.due(start, Span::from_minutes(4 * 60)), at(&both, (2026, 7, 6), "08:00"));
    assert_eq!(both.due(start, Span::from_minutes(8 * 60)), at(&both, (2026, 7, 6), "12:00"));
    assert_eq!(both.used(start, at(&both, (2026, 7, 6), "11:30")), Span::from_minutes(7 * 60 + 30));
    let observed = histology(vec![whole(date(2026, 7, 3))]);
    assert_eq!(observed.due(start, Span::from_minutes(4 * 60)), at(&observed, (2026, 7, 4), "10:00"));
}

#[test]
fn the_end_of_opening_is_due_not_the_next_opening() {
    // [CAL-6]
    let calendar = histology(Vec::new());
    let start = at(&calendar, (2026, 7, 2), "18:00");
    assert_eq!(calendar.due(start, Span::from_minutes(120)), at(&calendar, (2026, 7, 2), "20:00"));
}

#[test]
fn nights_over_a_clock_change_last_seven_and_nine_hours() {
    // [CAL-2] [CAL-5], example 2
    let night = chicago(vec![range(0..=6, "22:00", "06:00")], Vec::new());
    let march = at(&night, (2026, 3, 7), "22:00");
    assert_eq!(night.used(march, at(&night, (2026, 3, 8), "06:00")), Span::from_minutes(7 * 60));
    let november = at(&night, (2026, 10, 31), "22:00");
    assert_eq!(night.used(november, at(&night, (2026, 11, 1), "06:00")), Span::from_minutes(9 * 60));
    let start = at(&night, (2026, 10, 31), "22:30");
    assert_eq!(night.due(start, Span::from_minutes(420)), at(&night, (2026, 11, 1), "04:30"));
    let start = at(&night, (2026, 3, 7), "22:30");
    assert_eq!(night.due(start, Span::from_minutes(420)), at(&night, (2026, 3, 8), "22:30"));
}

#[test]
fn closing_cuts_what_runs_in_from_the_day_before() {
    // [CAL-3]: Friday 22:00 to 06:00, Saturday closed: open until midnight only
    let night = chicago(vec![range(4..=4, "22:00", "06:00")], vec![whole(date(2026, 7, 4))]);
    let friday = at(&night, (2026, 7, 3), "12:00");
    assert_eq!(night.used(friday, at(&night, (2026, 7, 5), "12:00")), Span::from_minutes(120));
}

#[test]
fn working_days_end_at_a_clock_time() {
    // [CAL-7]: Thursday 2 July 18:00, two working days by 16:00; Saturday is open at 11:00 but not at 16:00
    let calendar = histology(Vec::new());
    let start = at(&calendar, (2026, 7, 2), "18:00");
    assert_eq!(calendar.working_day(start, 2, time("16:00")), at(&calendar, (2026, 7, 6), "16:00"));
    assert_eq!(
        calendar.working_day(start, 2, time("12:00")),
        at(&calendar, (2026, 7, 4), "12:00"),
        "closes exactly then"
    );
}

#[test]
fn a_calendar_that_never_opens_is_never_due() {
    let never = chicago(Vec::new(), Vec::new());
    let start = at(&never, (2026, 7, 2), "18:00");
    assert_eq!(never.due(start, Span::from_minutes(1)), Timestamp::MAX);
    assert_eq!(never.working_day(start, 1, time("16:00")), Timestamp::MAX);
}

#[test]
fn extra_hours_open_a_closed_day() {
    let mut calendar = histology(vec![whole(date(2026, 7, 3))]);
    calendar.extra.push((date(2026, 7, 3), time("08:00"), time("10:00")));
    let start = at(&calendar, (2026, 7, 2), "20:00");
    assert_eq!(calendar.due(start, Span::from_minutes(60)), at(&calendar, (2026, 7, 3), "09:00"));
}
