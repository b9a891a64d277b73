//! Past: what was found for the same patient and test before?
//!
//! Looks through all results of all reports of the patient each time it is asked.
//!
//! - **How it fits**: [`condition`](crate::condition) asks for the fields of one view.
//! - **Source**: language page 4.3: `previous value`, `change`, `time since same test`.
//!
//! Where the design says nothing: a result is as old as the first time it said anything, whatever was said of it since; of an
//! earlier one that is retracted, or has no value in the unit of the test, the one before it counts; nothing of a report in
//! error counts; an order that nobody told of is as old as the first step of its report.

use std::collections::BTreeSet;

use wardline_rules::{
    Text,
    decimal::Decimal,
    event::ResultItem,
    time::{Span, Timestamp},
    unit::Quantity,
    words::Comparator,
};

use crate::{
    causes::{is_retracted, result_key},
    condition,
    history::History,
    rule::Ward,
};

/// How far back something earlier counts; exactly as long ago does.
const REACH: Span = Span::from_minutes(30 * 24 * 60);

/// A quantity, off the scale if it has a sign.
pub(crate) type Amount = (Option<Comparator>, Quantity);

/// The value of the newest earlier result of the same test and patient, as it was said up to `at`.
pub(crate) fn previous_value(ward: &Ward, history: &History<'_>, at: Timestamp, item: &ResultItem) -> Option<Amount> {
    let mine = first_said(history, &result_key(item))?;
    let unit = ward.test(&item.code.code).and_then(|test| test.unit);
    let own = core::iter::once((history, true));
    let others = history.others.iter().filter(|other| other.errors().is_empty()).map(|other| (other, false));
    let mut found: Vec<(Timestamp, Timestamp, Amount)> = Vec::new();
    for (report, is_own) in own.chain(others) {
        let keys: BTreeSet<Text> = report.events().flat_map(|(_, _, items)| items).map(result_key).collect();
        for key in keys.into_iter().filter(|key| !is_own || *key != result_key(item)) {
            let Some(first) = first_said(report, &key).filter(|first| is_within_reach(*first, mine)) else { continue };
            let told = report.events().flat_map(|(time, _, items)| items.iter().map(move |item| (time, item)));
            let Some((said, newest)) = told.filter(|(time, said)| *time <= at && result_key(said) == key).last() else {
                continue;
            };
            if is_same_test(ward, &newest.code.code, &item.code.code) && !is_retracted(newest) {
                found.extend(condition::number(newest, unit).map(|amount| (first, said, amount)));
            }
        }
    }
    found.into_iter().max_by_key(|(first, said, _)| (*first, *said)).map(|(_, _, amount)| amount)
}

/// How long before this order the newest earlier one was, of the same test for the same patient, that is not cancelled.
pub(crate) fn since_same_test(ward: &Ward, history: &History<'_>) -> Option<Span> {
    let mine = history.ordered()?;
    let shares = |other: &&History<'_>| {
        let theirs = other.codes();
        history.codes().iter().any(|one| theirs.iter().any(|other| is_same_test(ward, one, other)))
    };
    let others = history.others.iter().filter(|other| other.cancels().is_empty() && other.errors().is_empty());
    let times = others.filter(shares).filter_map(History::ordered).filter(|time| is_within_reach(*time, mine));
    times.max().map(|time| mine.since(time))
}

/// What lies between two values: from the least to the most that it can be; unknown if nothing bounds it.
pub(crate) fn difference(now: Amount, before: Amount) -> Option<Amount> {
    let ((least, most), (least_before, most_before)) = (ends(now), ends(before));
    let dimension = (now.1.dimension == before.1.dimension).then_some(now.1.dimension)?;
    let minus = |one: Option<End>, other: Option<End>| {
        let (one, other) = one.zip(other)?;
        Some((one.0.minus(other.0)?, one.1 && other.1))
    };
    let (sign, value) = match (minus(least, most_before), minus(most, least_before)) {
        (Some(least), Some(_)) => (None, least.0),
        (Some((least, true)), None) => (Some(Comparator::AtLeast), least),
        (Some((least, false)), None) => (Some(Comparator::Above), least),
        (None, Some((most, true))) => (Some(Comparator::AtMost), most),
        (None, Some((most, false))) => (Some(Comparator::Below), most),
        (None, None) => return None,
    };
    Some((sign, Quantity { dimension, value }))
}

/// An end of what a value can be, and whether it can be that.
type End = (Decimal, bool);

/// The least and the most that a value can be.
const fn ends((sign, value): Amount) -> (Option<End>, Option<End>) {
    match sign {
        None => (Some((value.value, true)), Some((value.value, true))),
        Some(Comparator::Above) => (Some((value.value, false)), None),
        Some(Comparator::AtLeast) => (Some((value.value, true)), None),
        Some(Comparator::Below) => (None, Some((value.value, false))),
        Some(Comparator::AtMost) => (None, Some((value.value, true))),
    }
}

fn first_said(history: &History<'_>, key: &str) -> Option<Timestamp> {
    let says = |items: &[ResultItem]| items.iter().any(|item| result_key(item) == key && !is_retracted(item));
    history.events().find(|(_, _, items)| says(items)).map(|(time, _, _)| time)
}

fn is_same_test(ward: &Ward, one: &str, other: &str) -> bool {
    one == other || ward.test(one).is_some_and(|test| ward.test(other).is_some_and(|same| same.word == test.word))
}

fn is_within_reach(earlier: Timestamp, mine: Timestamp) -> bool {
    earlier < mine && mine.since(earlier) <= REACH
}
