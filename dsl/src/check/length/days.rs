//! Days: what can "2 days" mean here, and when would each meaning be due?
//!
//! Nobody agrees whether a day is 24 hours or the hours of the calendar, so a bare one is refused where both are possible. Both
//! readings are written out and worked on one Friday afternoon, where they differ most.
//! - **Not here**: clauses in which a day can only be 24 hours.

use wardline_rules::program::{Calendar, Opening};
use wardline_rules::time::{Date, HOUR, MINUTE, Span as Micros, TimeOfDay, Timestamp, Zone};

use super::{Context, Duration, Spanned, Use};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::prose::DAYS;

/// The weekday, hour and number of weeks among which an ordinary Friday afternoon is looked for.
const FRIDAY: u8 = 4;
const AFTERNOON_MINUTES: u16 = 16 * 60;
const WEEKS: i32 = 8;

/// WL0304 for a bare day where a calendar or a target is meant.
pub(super) fn bare(cx: &mut Context<'_>, written: &Spanned<Duration>, days: u64, place: Use<'_>) {
    let text = cx.text(written.span);
    let hours = days.saturating_mul(24);
    let found = Diagnostic::new(Code::WL0304, written.span, format!("\"{text}\" can mean two things here."));
    let elapsed = format!("{:<9} {hours} hours", place.what);
    let found = found.help("If the clock runs nights and weekends, write", &[&elapsed]);
    let calendar = place.calendar.and_then(|name| cx.calendars.iter().find(|calendar| calendar.name == name.node));
    let found = match (calendar, place.calendar) {
        (Some(calendar), Some(name)) => {
            let working_hours = days.saturating_mul(hours_of_a_day(calendar));
            let working = format!("{:<9} {working_hours} working hours", place.what);
            let found = found.label(name.span, open_hours(calendar));
            let found = found.help(format!("If it runs only while \"{}\" is open, write", name.node), &[&working]);
            match compared(calendar, cx.as_of, (hours, working_hours)) {
                Some(compared) => found.because(compared),
                None => found,
            }
        }
        (None, _) | (_, None) => found.help(
            "If it runs only in office hours, write",
            &[&format!("{:<9} {} working hours", place.what, days.saturating_mul(8)), "counts    \"Office\""],
        ),
    };
    cx.report(found);
}

/// Minutes that a calendar is open on ranges that begin on a weekday; 0 is Monday.
fn minutes_of(calendar: &Calendar, day: u8) -> u64 {
    let Opening::Weekly(ranges) = &calendar.open else { return 1_440 };
    let minutes = ranges.iter().filter(|range| range.days & (1 << day) != 0).map(|range| {
        let (from, to) = (u64::from(range.from.minutes()), u64::from(range.to.minutes()));
        if to > from { to - from } else { to + 1_440 - from }
    });
    minutes.sum()
}

/// Hours that a calendar is open on the first weekday that it opens; what people mean by one of its days.
fn hours_of_a_day(calendar: &Calendar) -> u64 {
    let first = (0..7).map(|day| minutes_of(calendar, day)).find(|minutes| *minutes > 0).unwrap_or(60);
    (first / 60).max(1)
}

/// `open 14 hours Monday to Friday, 4 hours Saturday`.
fn open_hours(calendar: &Calendar) -> String {
    let mut runs: Vec<(u64, &str, &str)> = Vec::new();
    for (day, name) in (0..7).zip(DAYS) {
        let minutes = minutes_of(calendar, day);
        match runs.last_mut() {
            Some((known, _, last)) if *known == minutes => *last = name,
            Some(_) | None => runs.push((minutes, name, name)),
        }
    }
    let run = |(minutes, first, last): &(u64, &str, &str)| {
        let length = match (minutes / 60, minutes % 60) {
            (hours, 0) => format!("{hours} hours"),
            (0, minutes) => format!("{minutes} minutes"),
            (hours, minutes) => format!("{hours} hours {minutes} minutes"),
        };
        if first == last { format!("{length} {first}") } else { format!("{length} {first} to {last}") }
    };
    let open: Vec<String> = runs.iter().filter(|run| run.0 > 0).map(run).collect();
    format!("open {}", open.join(", "))
}

/// When the two readings of a length would be due, for a start on a Friday afternoon without holiday near it.
fn compared(calendar: &Calendar, as_of: Date, (hours, working): (u64, u64)) -> Option<String> {
    let span = |hours: u64| Some(Micros::from_micros(i64::try_from(hours).ok()?.checked_mul(HOUR)?));
    let (elapsed, working) = (span(hours)?, span(working)?);
    let until_friday = (i32::from(FRIDAY) + 7 - i32::from(as_of.weekday())) % 7;
    let at = TimeOfDay::from_minutes(AFTERNOON_MINUTES)?;
    let fridays = (0..WEEKS).map(|week| calendar.zone.at(as_of.plus_days(until_friday + 7 * week), at));
    // A holiday only makes it longer.
    let start = fridays.min_by_key(|start| calendar.due(*start, working).since(*start).micros())?;
    let due = |at: Timestamp| shown(&calendar.zone, start, at);
    Some(format!(
        "What starts on an ordinary Friday at 16:00 is due {} with the first, {} with the second.",
        due(start.plus(elapsed)),
        due(calendar.due(start, working))
    ))
}

/// A weekday and time, with the days between where the weekday alone could be another.
fn shown(zone: &Zone, start: Timestamp, at: Timestamp) -> String {
    let ((first, _), (date, micros)) = (zone.civil(start), zone.civil(at));
    let minutes = micros / MINUTE;
    let day = DAYS.get(usize::from(date.weekday())).copied().unwrap_or("");
    let after = date.days() - first.days();
    let far = if after < 7 { String::new() } else { format!(", {after} days later,") };
    format!("{day} {:02}:{:02}{far}", minutes / 60, minutes % 60)
}
