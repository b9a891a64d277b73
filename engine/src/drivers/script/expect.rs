//! Expect: did what was expected happen, and nothing else where that was said?
//!
//! An expectation holds if the thing happened at its stamp, compared at the precision written; without a stamp, at any time
//! [TEST-5]. `nothing else is sent` asks that every message be matched by exactly one expectation [TEST-6].

use wardline_core::output::{AlertState, AnswerVerdict, ClockState, Purpose};
use wardline_dsl::{
    script::{AlertIs, ClockShows, ClockState as Word, Expectation, Outcome, Refusal, Scope, Sent as What, Window},
    source::Span as Place,
};
use wardline_rules::{
    program::Length,
    time::{Timestamp, Zone},
};

use super::{
    Failure, Line, Mark, Stage, because, is_party,
    record::{Record, Sent},
};

/// Looks every expectation of the test up in what happened.
///
/// **Output**: what was not met, and if there is anything, the day.
pub(super) fn check(stage: &Stage<'_>, text_of: &dyn Fn(Place) -> String) -> (Vec<Failure>, Vec<Line>) {
    let record = &stage.record;
    let mut matched = vec![false; record.sent.len()];
    let mut failures = Vec::new();
    for expectation in &stage.test.expectations {
        if let Outcome::Sent { .. } = expectation.outcome {
            match find_sent(record, expectation, &matched) {
                Some(found) => matched[found] = true,
                None => failures.push(missing(record, stage, expectation, text_of)),
            }
        }
    }
    for expectation in &stage.test.expectations {
        if let Some(got) = unmet(record, expectation, &matched, &stage.test.zone) {
            let because = because::of(stage, expectation, None);
            let expected = text_of(expectation.span);
            failures.push(Failure { span: expectation.span, expected, got, because, closest: None });
        }
    }
    failures.sort_by_key(|failure| failure.span);
    let day = if failures.is_empty() { Vec::new() } else { day(stage, &failures, &matched, text_of) };
    (failures, day)
}

/// What was expected beside what was sent, in order of time; what has no time comes last.
fn day(stage: &Stage<'_>, failures: &[Failure], matched: &[bool], text_of: &dyn Fn(Place) -> String) -> Vec<Line> {
    let zone = &stage.test.zone;
    let expected = stage.test.expectations.iter().map(|expectation| {
        let is_met = failures.iter().all(|failure| failure.span != expectation.span);
        let mark = if is_met { Mark::Both } else { Mark::Expected };
        let at = expectation.at.map(|window| window.from);
        let text = text_of(expectation.span);
        // The stamp stands before it, in the same form for all.
        let words = text.split_whitespace().skip_while(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        (at, mark, words.collect::<Vec<_>>().join(" "))
    });
    let sent = stage.record.sent.iter().zip(matched).filter(|(_, matched)| !**matched);
    let sent = sent.map(|(sent, _)| (Some(sent.at), Mark::Sent, words(&stage.record, sent)));
    let mut lines: Vec<(Option<Timestamp>, Mark, String)> = expected.chain(sent).collect();
    lines.sort_by_key(|(at, ..)| at.unwrap_or(Timestamp::MAX));
    let line = |(at, mark, what): (Option<Timestamp>, Mark, String)| Line {
        mark,
        at: at.map(|at| stamp(zone, at)).unwrap_or_default(),
        what,
    };
    lines.into_iter().map(line).collect()
}

fn is_in(window: Option<Window>, at: Timestamp) -> bool {
    window.is_none_or(|window| window.from <= at && at < window.to)
}

fn find_sent(record: &Record<'_>, expectation: &Expectation, matched: &[bool]) -> Option<usize> {
    let candidates = record.sent.iter().enumerate().filter(|(place, _)| !matched[*place]);
    let mut candidates = candidates.filter(|(_, sent)| is_in(expectation.at, sent.at));
    candidates.find(|(_, sent)| is_such(record, expectation, sent)).map(|found| found.0)
}

/// Whether a message is the one expected, its time aside.
fn is_such(record: &Record<'_>, expectation: &Expectation, sent: &Sent) -> bool {
    let Outcome::Sent { who, what, by, scope } = &expectation.outcome else { return false };
    let (purpose, count) = match what {
        What::Page => (Purpose::Page, 1),
        What::Reminder => (Purpose::Reminder, 1),
        What::Tell | What::Notice(_) => (Purpose::Tell, 1),
        What::Withdrawal => (Purpose::Withdrawal, 1),
        What::Digest(count) => (Purpose::Tell, *count),
    };
    let is_its_rule = if let What::Notice(rule) = what { sent.rule == *rule } else { true };
    is_its_rule
        && sent.purpose == purpose
        && u64::from(sent.count) == count
        && sent.channel == *by
        && record.is_recipient(*who, &sent.recipient)
        && (in_scope(record, scope.as_ref(), sent.report) || of_group(scope.as_ref(), &sent.group))
}

fn of_group(scope: Option<&Scope>, group: &wardline_rules::Text) -> bool {
    matches!(scope, Some(Scope::Group(name)) if name == group)
}

fn in_scope(record: &Record<'_>, scope: Option<&Scope>, report: Option<wardline_core::ids::ReportId>) -> bool {
    match scope {
        None => true,
        Some(Scope::Report(label)) => report.is_some() && record.report_id(label) == report,
        Some(Scope::Group(_)) => false,
    }
}

/// A message that was not sent, with the nearest that was.
fn missing(
    record: &Record<'_>,
    stage: &Stage<'_>,
    expectation: &Expectation,
    text_of: &dyn Fn(Place) -> String,
) -> Failure {
    let zone = &stage.test.zone;
    let then: Vec<String> = record
        .sent
        .iter()
        .filter(|sent| expectation.at.is_some() && is_in(expectation.at, sent.at))
        .map(|sent| spell(record, sent, zone))
        .collect();
    let got = if then.is_empty() { "nothing was sent".to_owned() } else { then.join("; ") };
    let distance = |sent: &&Sent| expectation.at.map_or(0, |window| sent.at.since(window.from).micros().abs());
    let nearest = record.sent.iter().filter(|sent| is_such(record, expectation, sent)).min_by_key(distance);
    Failure {
        span: expectation.span,
        expected: text_of(expectation.span),
        got,
        because: because::of(stage, expectation, nearest),
        closest: nearest.map(|sent| spell(record, sent, zone)),
    }
}

/// A message with its time.
fn spell(record: &Record<'_>, sent: &Sent, zone: &Zone) -> String {
    format!("{} {}", stamp(zone, sent.at), words(record, sent))
}

/// A message in the words of a test.
fn words(record: &Record<'_>, sent: &Sent) -> String {
    let what = match sent.purpose {
        Purpose::Page => "paged".to_owned(),
        Purpose::Reminder => "reminded".to_owned(),
        Purpose::Tell if sent.count > 1 => format!("sent a digest of {}", sent.count),
        Purpose::Tell => "told".to_owned(),
        Purpose::Withdrawal => "told of the withdrawal".to_owned(),
    };
    let of_report = sent.report.and_then(|report| record.label(report)).map(|label| format!(" for {label}"));
    let about = of_report.or_else(|| (!sent.group.is_empty()).then(|| format!(" at {}", sent.group)));
    let (who, by) = (record.spell(&sent.recipient), sent.channel.word());
    format!("{who} is {what} by {by}{} ({})", about.unwrap_or_default(), sent.rule)
}

pub(super) fn stamp(zone: &Zone, at: Timestamp) -> String {
    let (date, micros) = zone.civil(at);
    let seconds = micros / 1_000_000;
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if rest == 0 {
        format!("{date} {hours:02}:{minutes:02}")
    } else {
        format!("{date} {hours:02}:{minutes:02}:{rest:02}")
    }
}

/// What happened instead of an expectation that is no message; `None` if it is met.
fn unmet(record: &Record<'_>, expectation: &Expectation, matched: &[bool], zone: &Zone) -> Option<String> {
    match &expectation.outcome {
        Outcome::Sent { .. } => None,
        Outcome::Nothing => first(record.sent.iter().filter(|sent| is_in(expectation.at, sent.at)), record, zone),
        Outcome::NothingElse => {
            let rest = record.sent.iter().enumerate().filter(|(place, _)| !matched[*place]);
            first(rest.map(|(_, sent)| sent), record, zone)
        }
        Outcome::Task(who, scope) => {
            let is_it = |party: &wardline_rules::Text| {
                is_party(record.program(), *who, &wardline_core::output::Party::Desk(party.clone()))
            };
            let found = record.tasks.iter().any(|task| {
                is_in(expectation.at, task.at) && is_it(&task.desk) && in_scope(record, scope.as_ref(), task.report)
            });
            (!found).then(|| "no such task was opened".to_owned())
        }
        Outcome::Refused(refusal) => refused(record, expectation.at, *refusal),
        Outcome::Alert { rule, scope, is } => alert(record, (expectation.at, rule, scope.as_ref()), *is, zone),
        Outcome::Clock { rule, report, is } => clock(record, (expectation.at, rule, report), *is, zone),
    }
}

fn first<'r>(mut sent: impl Iterator<Item = &'r Sent>, record: &Record<'_>, zone: &Zone) -> Option<String> {
    let sent = sent.next()?;
    Some(format!("also {}", spell(record, sent, zone)))
}

fn refused(record: &Record<'_>, at: Option<Window>, refusal: Refusal) -> Option<String> {
    let wanted = match refusal {
        Refusal::Code => AnswerVerdict::CodeDoesNotMatch,
        Refusal::ReadBack => AnswerVerdict::ReadBackDoesNotMatch,
        Refusal::NotLicensed => AnswerVerdict::NotLicensed,
        Refusal::NotPaged => AnswerVerdict::NotPaged,
        Refusal::AlreadyClosed => AnswerVerdict::AlreadyClosed,
    };
    let then = record.verdicts.iter().filter(|verdict| is_in(at, verdict.0));
    if then.clone().any(|verdict| verdict.1 == wanted) {
        return None;
    }
    let got = then.map(|verdict| verdict.1.word()).next();
    Some(got.map_or_else(|| "no answer was given".to_owned(), |word| format!("the answer was: {word}")))
}

type Asked<'a, T> = (Option<Window>, &'a wardline_rules::Text, T);

fn alert(
    record: &Record<'_>,
    (at, rule, scope): Asked<'_, Option<&Scope>>,
    is: AlertIs,
    zone: &Zone,
) -> Option<String> {
    let mine = record.shown.iter().filter(|shown| {
        shown.rule == *rule && (in_scope(record, scope, shown.report) || of_group(scope, &shown.group))
    });
    let mut then = mine.clone().filter(|shown| is_in(at, shown.at));
    let met = match is {
        AlertIs::NotRaised => !then.any(|shown| shown.state == AlertState::Raised),
        AlertIs::Raised => then.any(|shown| shown.state == AlertState::Raised),
        AlertIs::Held => then.any(|shown| shown.state == AlertState::Held),
        AlertIs::Delivered => then.any(|shown| shown.state == AlertState::Delivered),
        AlertIs::Read => then.any(|shown| shown.state == AlertState::Read),
        AlertIs::Answered => then.any(|shown| shown.state == AlertState::Answered),
        AlertIs::Declined => then.any(|shown| shown.state == AlertState::Declined),
        AlertIs::Withdrawn => then.any(|shown| shown.state == AlertState::Withdrawn),
        AlertIs::Cleared => then.any(|shown| shown.state == AlertState::Cleared),
        AlertIs::Closed => then.any(|shown| shown.state == AlertState::Closed),
        AlertIs::Unresolved => then.any(|shown| shown.state == AlertState::Unresolved),
    };
    if met {
        return None;
    }
    let story: Vec<String> = mine.map(|shown| format!("{} {}", stamp(zone, shown.at), shown.state.word())).collect();
    Some(if story.is_empty() { "it was never raised".to_owned() } else { story.join(", ") })
}

fn clock(
    record: &Record<'_>,
    (at, rule, report): Asked<'_, &wardline_rules::Text>,
    is: ClockShows,
    zone: &Zone,
) -> Option<String> {
    let id = record.report_id(report);
    let look = || {
        let mut looks = record.looks.iter().filter(|look| look.1 == *report && at.is_some_and(|at| at.from == look.0));
        let clocks = looks.next_back().map_or(&[][..], |look| look.2.as_slice());
        clocks.iter().rfind(|clock| clock.rule == *rule)
    };
    match is {
        ClockShows::Used(length) => {
            let Some(clock) = look() else { return Some("there was no such clock".to_owned()) };
            let (Length::Elapsed(wanted) | Length::Working(wanted)) = length else { return None };
            (clock.used != wanted).then(|| format!("it showed {} used", clock.used))
        }
        ClockShows::DueAt(window) => {
            let Some(clock) = look() else { return Some("there was no such clock".to_owned()) };
            let due = clock.reading.due;
            (!is_in(Some(window), due)).then(|| format!("it was due at {}", stamp(zone, due)))
        }
        ClockShows::State(word) => state(record, (at, rule, id), word, zone),
    }
}

fn state(
    record: &Record<'_>,
    (at, rule, id): Asked<'_, Option<wardline_core::ids::ReportId>>,
    word: Word,
    zone: &Zone,
) -> Option<String> {
    let mine = record.clocked.iter().filter(|clocked| clocked.rule == *rule && clocked.report == id);
    let until = at.map_or(Timestamp::MAX, |window| window.to);
    let mut so_far = mine.clone().filter(|clocked| clocked.at < until);
    let wanted = match word {
        Word::NotStarted => {
            let first = so_far.next()?;
            return Some(format!("it was started {}", stamp(zone, first.at)));
        }
        Word::Running => ClockState::Running,
        Word::Paused => ClockState::Paused,
        Word::Met => ClockState::Met,
        Word::Breached => ClockState::Breached,
        Word::Cancelled => ClockState::Cancelled,
        Word::Restarted => ClockState::Restarted,
        Word::Invalid => ClockState::Invalid,
    };
    let happened = mine.clone().any(|clocked| clocked.state == wanted && is_in(at, clocked.at));
    let lasts = matches!(wanted, ClockState::Running | ClockState::Paused)
        && so_far.next_back().is_some_and(|clocked| clocked.state == wanted);
    if happened || lasts {
        return None;
    }
    let story: Vec<String> =
        mine.map(|clocked| format!("{} {}", stamp(zone, clocked.at), clocked.state.word())).collect();
    Some(if story.is_empty() { "it was never started".to_owned() } else { story.join(", ") })
}
