//! Watch: how many are there, what lasts, and since when?
//!
//! A [`Gauge`] is the figure of one group as one rule sees it; a [`Standing`] is a state of an alert or a feed that lasts,
//! watched by an alert or a suppression. Both go by log time; states of single reports go by event time
//! ([`crate::alerts::lasting`]).
//! ```text
//!  loud for `hold` ──► raised ──► quiet for `clear` ──► cleared      between the two nothing changes [WHILE-3]
//! ```
//! - **Not here**: what is measured over a stretch of time ([`crate::windows`]), who is told.

pub(crate) mod counts;
pub(crate) mod standing;

use std::collections::BTreeMap;

use wardline_rules::{
    program::{Bounds, Operand},
    time::Timestamp,
};

use crate::{
    alerts::{About, AlertSlot, Cause, Closing, Raise, Source, when::AlertIx},
    dictionary::Coded,
    output::Output,
    partition::Partition,
    timers::Armed,
    windows::Windows,
};
use standing::Standing;

/// The figure of one group, as one rule sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Gauge {
    pub(crate) ward: u32,
    pub(crate) index: u32,
    /// How many reports; of windows unused.
    pub(crate) count: u64,
    /// Since when the figure would raise.
    pub(crate) loud: Option<Timestamp>,
    /// Since when it would clear.
    pub(crate) quiet: Option<Timestamp>,
    /// The alert it raised, by place and birth.
    pub(crate) raised: Option<(AlertSlot, u64)>,
    pub(crate) armed: Option<(Timestamp, Armed)>,
}

/// A rule's id and a group's name, by their numbers.
pub(crate) type GaugeKey = (Coded, Coded);

/// All that is watched.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watching {
    pub(crate) gauges: BTreeMap<GaugeKey, Gauge>,
    pub(crate) standing: Vec<Standing>,
    pub(crate) windows: Windows,
    /// Open alerts by the number of their rule; follows from the alerts.
    pub(crate) open: BTreeMap<Coded, u32>,
    /// Whether a look at the states is armed; never between batches.
    pub(crate) is_due: bool,
}

impl Partition {
    /// Raises the alert of a group.
    pub(crate) fn raise_gauge(&mut self, key: GaugeKey, since: Timestamp, out: &mut Output) {
        let Some(gauge) = self.watching.gauges.get(&key).copied() else { return };
        let raised = self.raise_group(
            (key.0, About::Group(key.1)),
            AlertIx { ward: gauge.ward, index: gauge.index },
            since,
            out,
        );
        if let Some(gauge) = self.watching.gauges.get_mut(&key) {
            gauge.raised = raised;
        }
    }

    /// Raises an alert that is about no report.
    pub(crate) fn raise_group(
        &mut self,
        (rule, about): (Coded, About),
        from: AlertIx,
        since: Timestamp,
        out: &mut Output,
    ) -> Option<(AlertSlot, u64)> {
        let (alert, known) = self.wards.get(from.ward as usize)?.alert(from.index)?;
        let cause = Cause { ward: from.ward, source: Source::Rule(from.index), severity: alert.severity };
        let key = u64::from_le_bytes(since.micros().to_le_bytes());
        let raise = Raise { cause, rule, rank: known.rank, report: None, about, key, since, extras: Vec::new() };
        let slot = self.raise(raise, None, out)?;
        self.alerts.get(slot).map(|alert| (slot, alert.born))
    }

    /// Ends the alert that a gauge raised, if it is still open; answered ones stay closed [WHILE-3].
    pub(crate) fn clear_raised(&mut self, raised: (AlertSlot, u64), out: &mut Output) {
        let is_it = self.alerts.get(raised.0).is_some_and(|alert| alert.born == raised.1 && alert.is_open());
        if is_it {
            self.end(raised.0, None, Closing::Cleared, out);
        }
    }

    /// Notes that an alert of a rule is open from now on, or no longer.
    pub(crate) fn note_open(&mut self, rule: Coded, opens: bool) {
        let open = self.watching.open.entry(rule).or_default();
        let before = *open;
        *open = if opens { before.saturating_add(1) } else { before.saturating_sub(1) };
        let changes = (before == 0) != (*open == 0);
        if *open == 0 {
            self.watching.open.remove(&rule);
        }
        if changes {
            self.look_at_states();
        }
    }
}

/// Whether a whole figure lies in a range of plain numbers.
pub(crate) fn in_range(figure: i128, parts: i128, bounds: Bounds) -> bool {
    // The figure is figure ÷ parts; both sides are multiplied out, so nothing is rounded.
    let order = |bound: Operand| {
        let (bound, scale) = match bound {
            Operand::Number(number) => (number.mantissa(), power(number.scale())),
            Operand::Quantity(quantity) => (quantity.value.mantissa(), power(quantity.value.scale())),
            Operand::Span(span) => (i128::from(span.micros()), 1),
        };
        figure.saturating_mul(scale).cmp(&bound.saturating_mul(parts))
    };
    match bounds {
        Bounds::Below(bound) => order(bound).is_lt(),
        Bounds::Above(bound) => order(bound).is_gt(),
        Bounds::AtLeast(bound) => order(bound).is_ge(),
        Bounds::AtMost(bound) => order(bound).is_le(),
        Bounds::Between(low, high) => order(low).is_ge() && order(high).is_le(),
        Bounds::Outside(low, high) => order(low).is_lt() || order(high).is_gt(),
    }
}

fn power(scale: u8) -> i128 {
    10_i128.saturating_pow(u32::from(scale))
}
