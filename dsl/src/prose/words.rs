//! Words: dates, lengths, kinds, moments and lists in sentences.
//!
//! - **Not here**: whole sentences (`rules`).

use wardline_rules::program::{CalendarId, FeedId, Happening, Length, Moment, Program, Situation};
use wardline_rules::time::{Date, Timestamp};
use wardline_rules::words::{KindSet, Step, WardKind};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Days of the week, Monday first.
pub(crate) const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// `30 June 2027`.
pub(super) fn long_date(date: Date) -> String {
    let (year, month, day) = date.ymd();
    let month = usize::try_from(month).ok().and_then(|month| MONTHS.get(month.checked_sub(1)?)).unwrap_or(&"");
    format!("{day} {month} {year}")
}

/// `Monday 5 January 2026 at 09:00`, as the zone of a calendar shows it.
pub(super) fn long_time(program: &Program, calendar: Option<CalendarId>, at: Timestamp) -> String {
    let zone =
        calendar.and_then(|id| program.calendars.get(id.index())).map_or(&program.zone, |calendar| &calendar.zone);
    let (date, micros) = zone.civil(at);
    let minutes = micros / wardline_rules::time::MINUTE;
    let day = DAYS.get(usize::from(date.weekday())).unwrap_or(&"");
    format!("{day} {} at {:02}:{:02}", long_date(date), minutes / 60, minutes % 60)
}

/// `a, b and c`.
pub(super) fn list(items: &[String], joint: &str) -> String {
    match items.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} {joint} {last}", rest.join(", ")),
    }
}

/// `60 minutes`, `16 working hours`, `the 2nd working day at 16:00`.
pub(super) fn length(length: Length) -> String {
    match length {
        Length::Elapsed(span) => span.to_string(),
        Length::Working(span) => span.to_string().replacen(' ', " working ", 1),
        Length::WorkingDays { days, by } => format!("the {} working day at {by}", ordinal(days)),
    }
}

fn ordinal(number: u16) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        (_, _) => "th",
    };
    format!("{number}{ending}")
}

/// The adjective of kinds before `report`: `laboratory`, `radiology and pathology`, nothing for all.
pub(super) fn kinds(kinds: KindSet) -> String {
    if kinds == KindSet::ALL {
        return String::new();
    }
    let mut rest: Vec<WardKind> = kinds.iter().collect();
    let mut words: Vec<String> = Vec::new();
    for (group, word) in [(KindSet::LAB, "laboratory"), (KindSet::IMAGING, "imaging")] {
        if kinds.and(group) == group {
            words.push(word.to_owned());
            rest.retain(|kind| !group.has(*kind));
        }
    }
    words.extend(rest.iter().map(|kind| kind.name().to_owned()));
    list(&words, "or")
}

/// `laboratory report`, `report`.
pub(super) fn report(of: KindSet) -> String {
    format!("{} report", kinds(of)).trim().to_owned()
}

/// `a` or `an` before words.
pub(super) fn indefinite(words: &str) -> String {
    let article = if words.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {words}")
}

/// Moments joined by `or`. **Input** `article`: `a` where one begins a rule, `the` where the report is known.
pub(super) fn moments(program: &Program, moments: &[Moment], article: &str) -> String {
    let each: Vec<String> = moments.iter().map(|found| moment(program, found, article)).collect();
    list(&each, "or")
}

fn moment(program: &Program, moment: &Moment, article: &str) -> String {
    let subject = if moment.of_result { "result" } else { "report" };
    let (subject, happens) = match &moment.happening {
        Happening::Message(feed) => {
            return format!("{article} message arrives from the feed \"{}\"", feed_name(program, *feed));
        }
        Happening::Step(step) => step_words(*step, (subject, moment.kinds)),
        Happening::Recollected => ("specimen".to_owned(), "is recollected".to_owned()),
        Happening::Begins(found) => (subject.to_owned(), format!("becomes {}", situation(found))),
        Happening::Ends(found) => (subject.to_owned(), format!("is no longer {}", situation(found))),
    };
    let narrowed = if article == "the" { String::new() } else { kinds(moment.kinds) };
    let named = format!("{narrowed} {subject}").trim().to_owned();
    let named = if article == "the" { format!("the {named}") } else { indefinite(&named) };
    format!("{named} {happens}")
}

fn feed_name(program: &Program, feed: FeedId) -> &str {
    program.catalogue.feeds.get(feed.index()).map_or("", |feed| feed.name.as_str())
}

/// Subject and verb of a step; a final report is verified, signed out or signed where its kind says so.
fn step_words(step: Step, (subject, kinds): (&str, KindSet)) -> (String, String) {
    let (own, words) = match step {
        Step::Ordered => ("order", "is placed"),
        Step::Accepted => ("order", "is accepted"),
        Step::Scheduled => ("exam", "is scheduled"),
        Step::Arrived => ("patient", "is arrived"),
        Step::Collected => ("specimen", "is collected"),
        Step::ExamStarted => ("exam", "is started"),
        Step::InTransit => ("specimen", "is sent"),
        Step::Received => ("specimen", "is received"),
        Step::ExamEnded => ("exam", "is completed"),
        Step::InProcess => ("analysis", "is started"),
        Step::Analysed => ("analysis", "is completed"),
        Step::Dictated => ("", "is dictated"),
        Step::Transcribed => ("", "is transcribed"),
        Step::Partial => ("", "is partly issued"),
        Step::Preliminary => ("", "is issued early"),
        Step::Final if kinds == KindSet::LAB => ("", "is verified"),
        Step::Final => ("", "is finalised"),
        Step::Corrected => ("", "is corrected"),
        Step::Amended => ("", "is amended"),
        Step::Appended => ("", "is appended"),
        Step::Delivered => ("", "is delivered"),
        Step::Reviewed => ("", "is reviewed"),
        Step::Acknowledged => ("", "is acknowledged"),
        Step::Released => ("", "is released to the portal"),
        Step::PatientNotified => ("patient", "is notified"),
        Step::PatientViewed => ("", "is viewed by the patient"),
        Step::Recollect => ("specimen", "is rejected"),
        Step::Cancelled => ("order", "is cancelled"),
        Step::EnteredInError => ("", "is entered in error"),
    };
    (if own.is_empty() { subject.to_owned() } else { own.to_owned() }, words.to_owned())
}

/// A state or flag.
pub(super) fn situation(situation: &Situation) -> String {
    match situation {
        Situation::States(states) => {
            list(&states.iter().map(|state| state.name().to_owned()).collect::<Vec<_>>(), "or")
        }
        Situation::Flag(flag) => flag.word().to_owned(),
        Situation::Wait(reason) => format!("awaiting {}", reason.replace('_', " ")),
    }
}

/// The time of a step: `the time the order was placed`.
pub(super) fn step_time(step: Step) -> String {
    let (subject, happens) = step_words(step, ("report", KindSet::ALL));
    format!("the time at which the {subject} {happens}")
}
