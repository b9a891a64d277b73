//! Calendar: when does work time run, holidays resolved to dates?
//!
//! - **Not here**: adding up working time (`wardline_rules::calendar`).

use std::collections::BTreeMap;

use wardline_rules::program::{Calendar, Closed, ClosedDay, Opening, WeeklyRange};
use wardline_rules::time::{Date, TimeOfDay};

use super::context::Context;
use super::holidays::{self, Holiday, Holidays};
use super::names;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::prose::DAYS;
use crate::source::Span;
use crate::suggest;
use crate::syntax::Block;
use crate::syntax::basic::Name;
use crate::syntax::calendar::{ClosedDays, Closure, HolidayDays, Open};
use crate::vocabulary::BlockKind;

/// Months ahead that a holiday file must reach.
const HOLIDAY_MONTHS_AHEAD: i32 = 13;

/// The holiday files of a ward by the names given to them.
type Files = BTreeMap<String, (Holidays, Span)>;

/// All calendars in order.
pub(super) fn calendars(cx: &mut Context<'_>) -> Vec<Calendar> {
    let files = files(cx);
    let blocks: Vec<&Block> = cx.of_kind(BlockKind::Calendar).collect();
    blocks.into_iter().filter_map(|block| calendar(cx, block, &files)).collect()
}

fn files(cx: &mut Context<'_>) -> Files {
    let mut files = Files::new();
    for block in cx.of_kind(BlockKind::Pack).chain(cx.of_kind(BlockKind::Ward)) {
        for (clause, _) in block.holidays() {
            if let Some(read) = file(cx, &clause.file) {
                ends_soon(cx, &clause.name, &read);
                files.insert(clause.name.node.clone(), (read, clause.name.span));
            }
        }
    }
    files
}

fn file(cx: &mut Context<'_>, path: &Name) -> Option<Holidays> {
    let Some(file) = cx.sources.holidays.iter().find(|file| file.name == path.node) else {
        let found = Diagnostic::new(Code::WL0203, path.span, format!("There is no holiday file \"{}\".", path.node));
        let known = cx.sources.holidays.iter().map(|file| file.name.as_str());
        cx.report(match suggest::nearest(&path.node, known) {
            Some(near) => {
                found.replace(format!("Did you mean \"{near}\"? Change it to:"), path.span, format!("\"{near}\""))
            }
            None => found.because("Its path is read from the folder of the ward."),
        });
        return None;
    };
    match holidays::read(file) {
        Ok(read) => Some(read),
        Err(what) => {
            let found = Diagnostic::new(
                Code::WL0108,
                path.span,
                format!("I can't read the holiday file \"{}\": {what}.", path.node),
            );
            cx.report(found.help(
                "It looks like:",
                &[
                    "first = 2026-01-01",
                    "last = 2026-12-31",
                    "days = [{ actual = 2026-07-04, observed = 2026-07-03, name = \"Independence Day\" }]",
                ],
            ));
            None
        }
    }
}

fn ends_soon(cx: &mut Context<'_>, name: &Name, file: &Holidays) {
    if file.last < plus_months(cx.as_of, HOLIDAY_MONTHS_AHEAD) {
        let message = format!("\"{}\" knows no day after {}.", name.node, file.last);
        let found = Diagnostic::new(Code::WL0504, name.span, message);
        cx.report(found.because("After it every day counts as open: extend the file by a year."));
    }
}

/// The same day some months later, or the last of that month.
pub(super) fn plus_months(date: Date, months: i32) -> Date {
    let (year, month, day) = date.ymd();
    let total = i32::from(year) * 12 + i32::from(month) - 1 + months;
    let (year, month) =
        (i16::try_from(total.div_euclid(12)).unwrap_or(i16::MAX), i8::try_from(total.rem_euclid(12) + 1).unwrap_or(1));
    (1..=day).rev().find_map(|day| Date::new(year, month, day)).unwrap_or(date)
}

fn calendar(cx: &mut Context<'_>, block: &Block, files: &Files) -> Option<Calendar> {
    let zone = cx.block_zone(block)?;
    let (open, _) = block.open().next()?;
    let mut closed = Vec::new();
    for (closures, _) in block.closed() {
        for closure in closures {
            closed.extend(closure_days(cx, closure, files)?);
        }
    }
    let extra =
        block.extra().flat_map(|(extras, _)| extras).map(|extra| (extra.date.node, extra.from, extra.to)).collect();
    Some(Calendar { name: block.name().into(), zone, open: opening(open), closed, extra })
}

fn opening(open: &Open) -> Opening {
    match open {
        Open::Always => Opening::Always,
        Open::Weekly(hours) => Opening::Weekly(
            hours.iter().map(|hours| WeeklyRange { days: hours.days, from: hours.from, to: hours.to }).collect(),
        ),
    }
}

fn closure_days(cx: &mut Context<'_>, closure: &Closure, files: &Files) -> Option<Vec<Closed>> {
    let midnight = TimeOfDay::from_minutes(0)?;
    let from = closure.from.unwrap_or(midnight);
    let to = closure.to.unwrap_or(TimeOfDay::from_minutes(1_440)?);
    if to <= from {
        let message = format!("A closure from {from} to {to} takes no time out.");
        cx.report(
            Diagnostic::new(Code::WL0308, closure.span, message)
                .because("It ends on the day it begins, at 24:00 at the latest."),
        );
        return None;
    }
    let closed = |day| Closed { day, from, to };
    Some(match &closure.days {
        ClosedDays::Dates(first, last) if last.node < first.node => {
            cx.problem(Code::WL0308, last.span, "This closure ends before it begins.");
            return None;
        }
        ClosedDays::Dates(first, last) => vec![closed(ClosedDay::Dates(first.node, last.node))],
        ClosedDays::Yearly(month, day) => vec![closed(ClosedDay::Yearly(*month, *day))],
        ClosedDays::Holidays(name, days) => {
            let dates = holiday_dates(cx, name, *days, files)?;
            dates.into_iter().map(|date| closed(ClosedDay::Dates(date, date))).collect()
        }
    })
}

fn holiday_dates(cx: &mut Context<'_>, name: &Name, days: HolidayDays, files: &Files) -> Option<Vec<Date>> {
    let Some((file, _)) = files.get(&name.node) else {
        let named = cx.ward.into_iter().flat_map(Block::holidays).any(|(clause, _)| clause.name.node == name.node);
        if !named {
            let known: Vec<&str> = files.keys().map(String::as_str).collect();
            let found = Diagnostic::new(Code::WL0203, name.span, format!("No holidays are called \"{}\".", name.node));
            cx.report(match suggest::nearest(&name.node, known.iter().copied()) {
                Some(near) => {
                    found.replace(format!("Did you mean \"{near}\"? Change it to:"), name.span, format!("\"{near}\""))
                }
                None if known.is_empty() => found.help(
                    "Name a file in the ward block:",
                    &["holidays  \"US federal\" from \"holidays/us-federal.toml\""],
                ),
                None => found.because(format!("This ward has: {}.", names::some(&known))),
            });
        }
        return None;
    };
    half_closed(cx, name, days, file);
    let mut dates: Vec<Date> = file.days.iter().flat_map(|day| chosen(day, days)).collect();
    dates.sort_unstable();
    dates.dedup();
    Some(dates)
}

fn chosen(day: &Holiday, days: HolidayDays) -> Vec<Date> {
    match days {
        HolidayDays::Observed => vec![day.observed],
        HolidayDays::Actual => vec![day.actual],
        HolidayDays::Both => vec![day.actual, day.observed],
    }
}

/// WL0503 where a coming holiday has two dates and only one of them closes.
fn half_closed(cx: &mut Context<'_>, name: &Name, days: HolidayDays, file: &Holidays) {
    if days == HolidayDays::Both {
        return;
    }
    let split = file.days.iter().find(|day| day.actual != day.observed && day.actual.max(day.observed) >= cx.as_of);
    let Some(day) = split else { return };
    let dated = |date: Date| format!("{} {date}", DAYS.get(usize::from(date.weekday())).copied().unwrap_or(""));
    let message = format!(
        "{}, {}, is observed on {}: your list closes only one of them.",
        day.name,
        dated(day.actual),
        dated(day.observed)
    );
    let found = Diagnostic::new(Code::WL0503, name.span, message);
    cx.report(
        found
            .because("On the other one the clocks run.")
            .help("To close both:", &[&format!("closed    holidays \"{}\" on observed and actual days", name.node)]),
    );
}
