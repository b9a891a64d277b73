//! Lasting: which state of a report, a count, an alert or a feed does a clause mean?
//!
//! - **How it fits**: `while` of alerts and of suppressions, ranges of windows and `clear`.
//! - **Not here**: holds and clears (`alert::watch`).

use wardline_rules::program::{Bounds, Count, FeedIs, Field, Lasting, Limit, LimitKey, Operand};
use wardline_rules::words::KindSet;

use super::context::Context;
use super::{length, moments, names, sla};
use crate::codes::Code;
use crate::limits::LIMIT_COUNT_MAX;
use crate::source::Spanned;
use crate::syntax::basic::{Amount, Name, Range};
use crate::syntax::moment::State;
use crate::syntax::rule as tree;
use crate::vocabulary::BlockKind;

/// What the bounds of a range must be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Figure {
    /// A plain number.
    Number,
    /// A share.
    Percent,
    /// A length of time.
    Time,
}

/// The state that a clause means; what is wrong is reported.
pub(super) fn lasting(cx: &mut Context<'_>, state: &State) -> Option<Lasting> {
    match state {
        State::Count { open, kind, range, per } => {
            let per = match per {
                Some(per) => Some(group(cx, per)?),
                None => None,
            };
            let is = bounds(cx, range, Figure::Number)?;
            let kinds = kind.as_ref().map_or(KindSet::ALL, |kind| kind.node);
            Some(Lasting::Count(Count { open: *open, kinds, is, per }))
        }
        State::AlertOpen(name) => {
            names::resolve(cx, BlockKind::Alert, name)?;
            let (_, block) = cx.names.find(BlockKind::Alert, &name.node)?;
            sla::head(block).map(|head| Lasting::Alert(head.id))
        }
        State::FeedLost(name) => moments::feed(cx, name).map(|feed| Lasting::Feed(feed, FeedIs::Lost)),
        State::FeedIdle(name) => moments::feed(cx, name).map(|feed| Lasting::Feed(feed, FeedIs::Idle)),
        State::Report(report) => {
            let kinds = report.kind.as_ref().map_or(KindSet::ALL, |kind| kind.node);
            moments::report_is(cx, report).map(|any| Lasting::Report { kinds, any })
        }
    }
}

/// Fields that counts and windows may be kept apart by [WHILE-2].
pub(super) fn group(cx: &mut Context<'_>, per: &Name) -> Option<Field> {
    const GROUPS: &[&str] = &["site", "department", "location", "kind", "modality", "feed"];
    let found = Field::from_word(&per.node).filter(|_| GROUPS.contains(&per.node.as_str()));
    if found.is_none() {
        cx.report(super::catalogue::unknown("group", per, GROUPS));
    }
    found
}

/// The bounds of a range of figures; WL0307 for an amount of another sort.
pub(super) fn bounds(cx: &mut Context<'_>, range: &Spanned<Range>, figure: Figure) -> Option<Bounds> {
    let mut one = |amount: &Spanned<Amount>| operand(cx, amount, figure);
    Some(match &range.node {
        Range::Below(a) => Bounds::Below(one(a)?),
        Range::Above(a) => Bounds::Above(one(a)?),
        Range::AtLeast(a) => Bounds::AtLeast(one(a)?),
        Range::AtMost(a) => Bounds::AtMost(one(a)?),
        Range::Between(a, b) => Bounds::Between(one(a)?, one(b)?),
        Range::Outside(a, b) => Bounds::Outside(one(a)?, one(b)?),
    })
}

fn operand(cx: &mut Context<'_>, amount: &Spanned<Amount>, figure: Figure) -> Option<Operand> {
    let (found, sample) = match (figure, &amount.node) {
        (Figure::Number, Amount::Number(number)) => (Some(Operand::Number(*number)), ""),
        (Figure::Percent, Amount::Percent(number)) => (Some(Operand::Number(*number)), ""),
        (Figure::Time, Amount::Span(_)) => {
            let duration = match &amount.node {
                Amount::Span(duration) => *duration,
                Amount::Number(_) | Amount::Percent(_) | Amount::Quantity(..) => return None,
            };
            let written = Spanned { node: duration, span: amount.span };
            let place = length::Use { calendar: None, what: "is" };
            return length::elapsed(cx, &written, place).map(Operand::Span);
        }
        (Figure::Number, _) => (None, "This is how many; write a number, such as 40."),
        (Figure::Percent, _) => (None, "This is a share; write it as 5 percent."),
        (Figure::Time, _) => (None, "This is a length of time; write it as 60 minutes."),
    };
    if found.is_none() {
        cx.problem(Code::WL0307, amount.span, sample);
    }
    found
}

/// A limit on messages; WL0107 beyond its bounds.
pub(super) fn limit(cx: &mut Context<'_>, limit: &tree::Limit) -> Option<Limit> {
    if limit.count.node > LIMIT_COUNT_MAX || limit.count.node == 0 {
        let message = format!("A limit lets 1 to {LIMIT_COUNT_MAX} messages through.");
        cx.problem(Code::WL0107, limit.count.span, message);
        return None;
    }
    let per = match limit.per.node {
        tree::Key::Patient => LimitKey::Patient,
        tree::Key::Site => LimitKey::Site,
        tree::Key::Recipient | tree::Key::Result | tree::Key::Report | tree::Key::Order => LimitKey::Recipient,
    };
    Some(Limit { count: u32::try_from(limit.count.node).ok()?, within: length::days_allowed(&limit.within)?, per })
}
