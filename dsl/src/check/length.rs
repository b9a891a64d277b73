//! Length: how long is it, and of which calendar?
//!
//! A bare day is refused where a calendar could be meant, working time needs one, and working days need a time of day.
//! - **Not here**: what a length is compared with, the two readings of a bare day ([`days`]).

mod days;

use wardline_rules::program::{CalendarId, Length};
use wardline_rules::time::{HOUR, Span as Micros};

use super::context::Context;
use super::names;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::source::Spanned;
use crate::syntax::basic::{Duration, Name, TimeUnit};
use crate::vocabulary::BlockKind;

/// Where a length stands.
#[derive(Clone, Copy)]
pub(super) struct Use<'n> {
    /// The calendar its block counts by.
    pub(super) calendar: Option<&'n Name>,
    /// The words before it, for corrected lines.
    pub(super) what: &'n str,
}

/// The calendar of a name.
pub(super) fn calendar(cx: &mut Context<'_>, name: &Name) -> Option<CalendarId> {
    names::resolve(cx, BlockKind::Calendar, name).map(CalendarId)
}

/// A length that may be working time.
pub(super) fn length(cx: &mut Context<'_>, written: &Spanned<Duration>, place: Use<'_>) -> Option<Length> {
    match written.node {
        Duration::Elapsed(days, TimeUnit::Day) => {
            days::bare(cx, written, days, place);
            None
        }
        Duration::Elapsed(..) => written.node.length().map(Length::Elapsed),
        Duration::Working(..) => {
            needs_calendar(cx, written, place)?;
            written.node.length().map(Length::Working)
        }
        Duration::WorkingDays(_, None) => {
            let corrected = format!("{:<9} {} by 16:00", place.what, cx.text(written.span));
            let message = format!("{} end when?", cx.text(written.span));
            let found = Diagnostic::new(Code::WL0306, written.span, message);
            cx.report(
                found
                    .because("A working day has hours; say which of them is the end.")
                    .help("Change it to:", &[&corrected]),
            );
            None
        }
        Duration::WorkingDays(days, Some(by)) => {
            needs_calendar(cx, written, place)?;
            Some(Length::WorkingDays { days: u16::try_from(days).unwrap_or(u16::MAX), by })
        }
    }
}

/// A length that is always real time; a day is refused unless the clause allows one.
pub(super) fn elapsed(cx: &mut Context<'_>, written: &Spanned<Duration>, place: Use<'_>) -> Option<Micros> {
    match written.node {
        Duration::Elapsed(days, TimeUnit::Day) => {
            days::bare(cx, written, days, place);
            None
        }
        Duration::Elapsed(..) => written.node.length(),
        Duration::Working(..) | Duration::WorkingDays(..) => {
            let message = format!("{} of which calendar? This clause counts real time.", cx.text(written.span));
            cx.problem(Code::WL0305, written.span, message);
            None
        }
    }
}

/// A length where days of 24 hours are meant: `expires`, `once`, `limit`, `over the last`.
pub(super) fn days_allowed(written: &Spanned<Duration>) -> Option<Micros> {
    written.node.length()
}

fn needs_calendar(cx: &mut Context<'_>, written: &Spanned<Duration>, place: Use<'_>) -> Option<()> {
    if place.calendar.is_some() {
        return Some(());
    }
    let message = format!("{} of which calendar?", cx.text(written.span));
    let found = Diagnostic::new(Code::WL0305, written.span, message);
    let found = found.because("Working time runs only while a calendar is open.");
    let sample = cx.names.all(BlockKind::Calendar).next().unwrap_or("Office");
    cx.report(found.help("Add:", &[&format!("counts    \"{sample}\"")]));
    None
}

/// The length in microseconds that bounds are checked with; working days count as 24 hours.
pub(super) fn rough(length: Length) -> Micros {
    match length {
        Length::Elapsed(span) | Length::Working(span) => span,
        Length::WorkingDays { days, .. } => Micros::from_micros(i64::from(days) * 24 * HOUR),
    }
}

/// WL0107 for a length beyond a bound.
pub(super) fn bounded(
    cx: &mut Context<'_>,
    written: &Spanned<Duration>,
    length: Micros,
    (bound, words): (Micros, &str),
) {
    if length > bound {
        let message = format!("{} is longer than {words}.", cx.text(written.span));
        cx.problem(Code::WL0107, written.span, message);
    } else if length <= Micros::ZERO {
        cx.problem(Code::WL0307, written.span, "This takes no time at all; write at least 1 minute.");
    }
}
