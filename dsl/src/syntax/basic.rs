//! Basic: names, numbers, lengths of time, dates and ranges, as they are written.
//!
//! - LIMIT: `NAME_CHARS_MAX`, `TEXT_CHARS_MAX`; 12 digits before the point and 6 after it.
//! - **Not here**: units (any word is kept), calendars, zones.

use wardline_rules::decimal::Decimal;
use wardline_rules::time::{Date, Span as Length, TimeOfDay};

use super::reading::{Reading, pick, words};
use crate::diagnostic::Code;
use crate::grammar::{Node, Rule};
use crate::limits::{FRACTION_DIGITS_MAX, NAME_CHARS_MAX, NUMBER_DIGITS_MAX, TEXT_CHARS_MAX};
use crate::source::Spanned;

/// A name between quotes, or a bare term; both mean the same thing.
pub type Name = Spanned<String>;

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeUnit {
    /// Seconds.
    Second,
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Days of 24 hours, or working days.
    Day,
}

/// A length of time as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duration {
    /// Real time.
    Elapsed(u64, TimeUnit),
    /// Time inside a calendar: minutes or hours.
    Working(u64, TimeUnit),
    /// Days on which a calendar is open, to a time of day.
    WorkingDays(u64, Option<TimeOfDay>),
}

impl Duration {
    /// The microseconds of a length that is not in working days; saturating.
    #[must_use]
    pub fn length(self) -> Option<Length> {
        let (count, unit) = match self {
            Duration::Elapsed(count, unit) | Duration::Working(count, unit) => (count, unit),
            Duration::WorkingDays(..) => return None,
        };
        let seconds: i64 = match unit {
            TimeUnit::Second => 1,
            TimeUnit::Minute => 60,
            TimeUnit::Hour => 3_600,
            TimeUnit::Day => 86_400,
        };
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        Some(Length::from_seconds(count.saturating_mul(seconds)))
    }
}

/// Something to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    /// A length of time.
    Span(Duration),
    /// A share.
    Percent(Decimal),
    /// A number with a unit.
    Quantity(Decimal, Name),
    /// A number.
    Number(Decimal),
}

/// A comparison with one or two bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Range {
    /// Below, without the bound.
    Below(Spanned<Amount>),
    /// Above, without the bound.
    Above(Spanned<Amount>),
    /// At least, with the bound.
    AtLeast(Spanned<Amount>),
    /// At most, with the bound.
    AtMost(Spanned<Amount>),
    /// Between, with both bounds.
    Between(Spanned<Amount>, Spanned<Amount>),
    /// Below the first or above the second, without the bounds.
    Outside(Spanned<Amount>, Spanned<Amount>),
}

impl Range {
    /// The bounds, lower first as written.
    pub fn amounts(&self) -> impl Iterator<Item = &Spanned<Amount>> {
        let (first, second) = match self {
            Range::Below(a) | Range::Above(a) | Range::AtLeast(a) | Range::AtMost(a) => (a, None),
            Range::Between(a, b) | Range::Outside(a, b) => (a, Some(b)),
        };
        std::iter::once(first).chain(second)
    }
}

/// A name between quotes, bounded as block names are.
pub(crate) fn name(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Name> {
    bounded_name(r, node, NAME_CHARS_MAX)
}

/// A message text between quotes.
pub(crate) fn message(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Name> {
    bounded_name(r, node, TEXT_CHARS_MAX)
}

fn bounded_name(r: &mut Reading<'_>, node: &Node<'_>, bound: usize) -> Option<Name> {
    let text = node.text.trim_matches('"');
    let length = text.chars().count();
    if length > bound {
        r.problem(Code::WL0107, node, format!("This text has {length} characters; {bound} are allowed."));
    }
    if text.trim().is_empty() {
        r.problem(Code::WL0108, node, "There is nothing between these quotes.");
        return None;
    }
    Some(r.at(node, text.to_owned()))
}

/// The first name of a node.
pub(crate) fn first_name(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Name> {
    name(r, node.child(Rule::name)?)
}

/// All names of a node.
pub(crate) fn names(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Vec<Name>> {
    r.all(node, Rule::name, name)
}

/// A bare term, one blank between its words.
#[expect(clippy::unnecessary_wraps, reason = "a reader like all others")]
pub(crate) fn term(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Name> {
    Some(r.at(node, words(node.text)))
}

/// A label: a name or a term.
pub(crate) fn label(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Name> {
    match node.child(Rule::name) {
        Some(quoted) => name(r, quoted),
        None => term(r, node.child(Rule::term)?),
    }
}

/// A whole number; one that is too long is refused.
pub(crate) fn integer(r: &mut Reading<'_>, node: &Node<'_>) -> Option<u64> {
    let number = node.text.parse().ok().filter(|_| node.text.len() <= NUMBER_DIGITS_MAX);
    if number.is_none() {
        r.problem(Code::WL0107, node, "This number has more than 12 digits.");
    }
    number
}

/// The first whole number of a node.
pub(crate) fn first_integer(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Spanned<u64>> {
    let child = node.child(Rule::integer)?;
    let number = integer(r, child)?;
    Some(r.at(child, number))
}

/// An exact decimal.
pub(crate) fn number(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Decimal> {
    let (whole, fraction) = node.text.trim_start_matches('-').split_once('.').unwrap_or((node.text, ""));
    if whole.trim_start_matches('-').len() > NUMBER_DIGITS_MAX || fraction.len() > FRACTION_DIGITS_MAX {
        r.problem(Code::WL0107, node, "A number has at most 12 digits before the point and 6 after it.");
        return None;
    }
    Decimal::parse(node.text)
}

const UNITS: &[(Rule, TimeUnit)] = &[
    (Rule::k_second, TimeUnit::Second),
    (Rule::k_seconds, TimeUnit::Second),
    (Rule::k_minute, TimeUnit::Minute),
    (Rule::k_minutes, TimeUnit::Minute),
    (Rule::k_hour, TimeUnit::Hour),
    (Rule::k_hours, TimeUnit::Hour),
    (Rule::k_day, TimeUnit::Day),
    (Rule::k_days, TimeUnit::Day),
];

/// `60 minutes`.
pub(crate) fn elapsed(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Spanned<Duration>> {
    let count = integer(r, node.child(Rule::integer)?)?;
    Some(r.at(node, Duration::Elapsed(count, pick(node, UNITS)?)))
}

/// The first `60 minutes` of a node.
pub(crate) fn first_elapsed(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Spanned<Duration>> {
    elapsed(r, node.child(Rule::dur)?)
}

/// Any length of time.
pub(crate) fn duration(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Spanned<Duration>> {
    let written = node.children.first()?;
    let count = integer(r, written.child(Rule::integer)?)?;
    let duration = if written.rule == Rule::wdays {
        let by = r.maybe(written, Rule::time, time)?;
        Duration::WorkingDays(count, by.map(|by| by.node))
    } else if written.rule == Rule::wdur {
        Duration::Working(count, pick(written, UNITS)?)
    } else {
        Duration::Elapsed(count, pick(written, UNITS)?)
    };
    Some(r.at(written, duration))
}

/// The first length of time of a node.
pub(crate) fn first_duration(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Spanned<Duration>> {
    duration(r, node.child(Rule::span)?)
}

/// An amount.
pub(crate) fn amount(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Spanned<Amount>> {
    if let Some(span) = node.child(Rule::span) {
        let duration = duration(r, span)?;
        return Some(r.at(node, Amount::Span(duration.node)));
    }
    let number = number(r, node.child(Rule::number)?)?;
    let amount = if node.has(Rule::k_percent) {
        Amount::Percent(number)
    } else if let Some(unit) = node.child(Rule::unit) {
        Amount::Quantity(number, r.at(unit, unit.text.to_owned()))
    } else {
        Amount::Number(number)
    };
    Some(r.at(node, amount))
}

/// A range.
pub(crate) fn range(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Spanned<Range>> {
    let mut amounts = r.all(node, Rule::amount, amount)?.into_iter();
    let first = amounts.next()?;
    let range = match amounts.next() {
        Some(second) if node.has(Rule::k_between) => Range::Between(first, second),
        Some(second) => Range::Outside(first, second),
        None if node.has(Rule::k_below) => Range::Below(first),
        None if node.has(Rule::k_above) => Range::Above(first),
        None if node.has(Rule::k_least) => Range::AtLeast(first),
        None => Range::AtMost(first),
    };
    Some(r.at(node, range))
}

/// A date; one that does not exist, or lies outside 1970 to 2199, is WL0308.
pub(crate) fn date(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Spanned<Date>> {
    let mut parts = node.text.split('-');
    let year: i16 = parts.next()?.parse().ok()?;
    let month: i8 = parts.next()?.parse().ok()?;
    let day: i8 = parts.next()?.parse().ok()?;
    match Date::new(year, month, day) {
        Some(date) if (1970..=2199).contains(&year) => Some(r.at(node, date)),
        Some(_) | None => {
            r.problem(Code::WL0308, node, impossible_date(node.text, (year, month)));
            None
        }
    }
}

fn impossible_date(text: &str, (year, month): (i16, i8)) -> String {
    let days = (28..=31).rev().find(|day| Date::new(year, month, *day).is_some());
    match (days, usize::try_from(month).ok().and_then(|month| MONTHS.get(month.checked_sub(1)?))) {
        (Some(_), Some(_)) if !(1970..=2199).contains(&year) => {
            format!("{text} is out of reach; years go from 1970 to 2199.")
        }
        (Some(days), Some((_, month))) => format!("{text} does not exist; {month} {year} has {days} days."),
        (None, _) | (_, None) => format!("{text} does not exist; a year has 12 months."),
    }
}

/// The months with their keywords.
pub(crate) const MONTHS: &[(Rule, &str)] = &[
    (Rule::k_January, "January"),
    (Rule::k_February, "February"),
    (Rule::k_March, "March"),
    (Rule::k_April, "April"),
    (Rule::k_May, "May"),
    (Rule::k_June, "June"),
    (Rule::k_July, "July"),
    (Rule::k_August, "August"),
    (Rule::k_September, "September"),
    (Rule::k_October, "October"),
    (Rule::k_November, "November"),
    (Rule::k_December, "December"),
];

/// A time of day, 00:00 to 24:00; WL0308 beyond.
pub(crate) fn time(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Spanned<TimeOfDay>> {
    let (hours, minutes) = node.text.split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let time = TimeOfDay::from_minutes(hours * 60 + minutes).filter(|_| minutes < 60);
    if time.is_none() {
        r.problem(Code::WL0308, node, format!("{} does not exist; a day goes from 00:00 to 24:00.", node.text));
    }
    time.map(|time| r.at(node, time))
}

/// Two times of a node: from, to.
pub(crate) fn two_times(r: &mut Reading<'_>, node: &Node<'_>) -> Option<(TimeOfDay, TimeOfDay)> {
    let mut times = r.all(node, Rule::time, time)?.into_iter();
    Some((times.next()?.node, times.next()?.node))
}
