//! Calendar: weekly hours, closures, and the turns and nights of a roster, as written.
//!
//! - **Not here**: holiday files, zones, instants.

use wardline_rules::time::{Date, TimeOfDay};

use super::basic::{MONTHS, Name, date, first_integer, first_name, names, time, two_times};
use super::people::{Period, Ref, first_reference, period};
use super::reading::{Reading, pick};
use crate::diagnostic::Code;
use crate::grammar::{Node, Rule};
use crate::source::{Span, Spanned};

/// Weekly hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Open {
    /// Day and night.
    Always,
    /// These ranges.
    Weekly(Vec<Hours>),
}

/// A range of clock time on some days of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Bit 0 is Monday.
    pub days: u8,
    /// Begin.
    pub from: TimeOfDay,
    /// End; not after the begin: the next day.
    pub to: TimeOfDay,
    /// Where it stands.
    pub span: Span,
}

/// Something closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    /// Which days.
    pub days: ClosedDays,
    /// From when on that day.
    pub from: Option<TimeOfDay>,
    /// Until when on that day.
    pub to: Option<TimeOfDay>,
    /// Where it stands.
    pub span: Span,
}

/// Which days are closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClosedDays {
    /// Those of a holiday file.
    Holidays(Name, HolidayDays),
    /// From a date to a date, both included.
    Dates(Spanned<Date>, Spanned<Date>),
    /// Month 1 to 12 and day of every year.
    Yearly(u8, u8),
}

/// Which of the two dates of a holiday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HolidayDays {
    /// The day it is kept.
    Observed,
    /// The day itself.
    Actual,
    /// Both.
    Both,
}

/// A range put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extra {
    /// The day.
    pub date: Spanned<Date>,
    /// Begin.
    pub from: TimeOfDay,
    /// End.
    pub to: TimeOfDay,
}

/// Who takes turns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotate {
    /// Days of one turn.
    pub days: u64,
    /// The first day.
    pub from: Spanned<Date>,
    /// When a turn begins.
    pub at: TimeOfDay,
    /// Who, in order.
    pub members: Vec<Name>,
}

/// Hours that somebody else has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nights {
    /// Which hours.
    pub hours: Vec<Hours>,
    /// Who has them.
    pub who: Spanned<Ref>,
}

/// Who stands in for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// Who stands in.
    pub by: Name,
    /// For whom.
    pub absent: Name,
    /// When.
    pub period: Period,
}

const DAYS: &[(Rule, u8)] = &[
    (Rule::k_Monday, 0),
    (Rule::k_Tuesday, 1),
    (Rule::k_Wednesday, 2),
    (Rule::k_Thursday, 3),
    (Rule::k_Friday, 4),
    (Rule::k_Saturday, 5),
    (Rule::k_Sunday, 6),
];

pub(crate) fn open(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Open> {
    if node.has(Rule::k_always) {
        return Some(Open::Always);
    }
    r.all(node, Rule::hours, hours).map(Open::Weekly)
}

/// Hours of `open` or of `nights`; without a day they are every day's.
fn hours(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Hours> {
    let mut days = node.all(Rule::day).filter_map(|day| pick(day, DAYS));
    let days = match (days.next(), days.next()) {
        (Some(first), Some(last)) => days_between(first, last),
        (Some(only), None) => 1 << only,
        (None, _) => 0b111_1111,
    };
    let (from, to) = two_times(r, node)?;
    Some(Hours { days, from, to, span: r.span(node) })
}

/// `Friday to Monday` runs over the weekend.
fn days_between(first: u8, last: u8) -> u8 {
    let length = (7 + last - first) % 7;
    (0..=length).fold(0, |days, n| days | (1 << ((first + n) % 7)))
}

pub(crate) fn closed(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Vec<Closure>> {
    r.all(node, Rule::closure, closure)
}

fn closure(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Closure> {
    let mut times = r.all(node, Rule::time, time)?.into_iter().map(|time| time.node);
    let (from, to) = if node.has(Rule::k_until) { (None, times.next()) } else { (times.next(), times.next()) };
    Some(Closure { days: closed_days(r, node)?, from, to, span: r.span(node) })
}

fn closed_days(r: &mut Reading<'_>, node: &Node<'_>) -> Option<ClosedDays> {
    if node.has(Rule::k_holidays) {
        return Some(ClosedDays::Holidays(first_name(r, node)?, holiday_days(node)));
    }
    if let Some(month) = node.child(Rule::month) {
        return yearly(r, node, month);
    }
    let mut dates = r.all(node, Rule::date, date)?.into_iter();
    let first = dates.next()?;
    let last = dates.next().unwrap_or_else(|| first.clone());
    Some(ClosedDays::Dates(first, last))
}

fn holiday_days(node: &Node<'_>) -> HolidayDays {
    match (node.has(Rule::k_observed), node.has(Rule::k_actual)) {
        (true, true) => HolidayDays::Both,
        (false, true) => HolidayDays::Actual,
        (true | false, false) => HolidayDays::Observed,
    }
}

fn yearly(r: &mut Reading<'_>, node: &Node<'_>, month: &Node<'_>) -> Option<ClosedDays> {
    let day = first_integer(r, node)?;
    let keyword = month.children.first()?.rule;
    let number = MONTHS.iter().position(|(rule, _)| *rule == keyword)? + 1;
    let (number, name) = (u8::try_from(number).ok()?, MONTHS.get(number - 1)?.1);
    let day = u8::try_from(day.node).ok();
    let exists = |day: &u8| Date::new(2028, number.cast_signed(), day.cast_signed()).is_some();
    let Some(day) = day.filter(exists) else {
        r.problem(Code::WL0308, node, format!("{name} has no such day."));
        return None;
    };
    Some(ClosedDays::Yearly(number, day))
}

pub(crate) fn extra(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Vec<Extra>> {
    let dates = r.all(node, Rule::date, date)?;
    let times = r.all(node, Rule::time, time)?;
    let ranges = times.chunks_exact(2).filter_map(|pair| Some((pair.first()?.node, pair.last()?.node)));
    Some(dates.into_iter().zip(ranges).map(|(date, (from, to))| Extra { date, from, to }).collect())
}

pub(crate) fn rotate(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Rotate> {
    let count = r.maybe(node, Rule::integer, super::basic::integer)?.unwrap_or(1);
    let days = if node.has(Rule::k_weekly) || node.has(Rule::k_weeks) { count.saturating_mul(7) } else { count };
    if days == 0 || days > u64::from(u16::MAX) {
        r.problem(Code::WL0307, node, "A turn lasts at least one day, and no longer than a lifetime.");
        return None;
    }
    let from = date(r, node.child(Rule::date)?)?;
    Some(Rotate { days, from, at: time(r, node.child(Rule::time)?)?.node, members: names(r, node)? })
}

pub(crate) fn nights(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Nights> {
    Some(Nights { hours: r.all(node, Rule::night, hours)?, who: first_reference(r, node)? })
}

pub(crate) fn cover(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Cover> {
    let mut names = names(r, node)?.into_iter();
    Some(Cover { by: names.next()?, absent: names.next()?, period: period(r, node)? })
}
