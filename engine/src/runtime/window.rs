//! Window: when does the batch that is filling close?
//!
//! ```text
//!  1 ms after its first input · at 1 MiB · at once for a red input · at the core's next due time · a second after the last
//! ```
//! Only one flush runs at a time, so what comes during a flush waits for the next batch by itself.
//!
//! - **How it fits**: pure; the log thread asks after every wake and sleeps until what it is told.
//! - **Not here**: the flush, log time.
//! - **Source**: guarantees page, section 2.4.

use wardline_rules::time::{Span, Timestamp};

use crate::limits::{COMMIT_BYTES, COMMIT_INPUTS_MAX, COMMIT_WINDOW, COMMIT_WINDOW_FULL, LOG_SLEEP_MAX, TICK_EVERY};

/// What waits for the next batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Filling {
    /// When the first input came, on the boot clock.
    pub first: Option<Span>,
    /// How many inputs.
    pub inputs: usize,
    /// How many bytes.
    pub bytes: usize,
    /// Whether one of them must not wait.
    pub is_urgent: bool,
}

/// What time it is, for this decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    /// The boot clock.
    pub boot: Span,
    /// Log time.
    pub at: Timestamp,
    /// Log time of the last batch.
    pub last: Timestamp,
    /// The core's next due time.
    pub due: Option<Timestamp>,
    /// Seconds of log time in one real second.
    pub pace: u32,
    /// Whether the volume is full, so that batches wait for each other and the reserve lasts.
    pub is_saving: bool,
}

/// What to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Close the batch and write it.
    Close(Why),
    /// Nothing for so long, in real time, unless something comes.
    Wait(core::time::Duration),
}

/// Why a batch closes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// Its window is over, or it is full.
    Full,
    /// It holds what must not wait.
    Urgent,
    /// A timer is due.
    Due,
    /// A second passed.
    Tick,
}

/// Decides.
#[must_use]
pub fn decide(filling: Filling, now: Now) -> Decision {
    let longest = if now.is_saving { COMMIT_WINDOW_FULL } else { COMMIT_WINDOW };
    let window = filling.first.map(|first| real(longest).minus(now.boot.minus(first)));
    if filling.inputs > 0 && filling.is_urgent && !now.is_saving {
        return Decision::Close(Why::Urgent);
    }
    let is_full = filling.bytes >= COMMIT_BYTES || filling.inputs >= COMMIT_INPUTS_MAX;
    if is_full || window.is_some_and(|left| left.micros() <= 0) {
        return Decision::Close(Why::Full);
    }
    let until_due = now.due.map(|due| due.since(now.at));
    if until_due.is_some_and(|left| left.micros() <= 0) {
        return Decision::Close(Why::Due);
    }
    let until_tick = real(TICK_EVERY).micros().saturating_mul(i64::from(now.pace)) - now.at.since(now.last).micros();
    if until_tick <= 0 {
        return Decision::Close(Why::Tick);
    }
    let log_wait = until_due.map_or(until_tick, |left| left.micros().min(until_tick)) / i64::from(now.pace.max(1));
    let wait = window.map_or(log_wait, |left| left.micros().min(log_wait)).clamp(1, real(LOG_SLEEP_MAX).micros());
    Decision::Wait(core::time::Duration::from_micros(wait.unsigned_abs()))
}

fn real(duration: core::time::Duration) -> Span {
    Span::from_micros(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    const NOW: Now = Now {
        boot: Span::from_seconds(100),
        at: Timestamp::from_micros(5_000_000),
        last: Timestamp::from_micros(4_900_000),
        due: None,
        pace: 1,
        is_saving: false,
    };

    fn filling(micros_ago: i64) -> Filling {
        let first = Some(NOW.boot.minus(Span::from_micros(micros_ago)));
        Filling { first, inputs: 1, bytes: 280, is_urgent: false }
    }

    #[test]
    fn a_batch_closes_a_millisecond_after_its_first_input() {
        assert_eq!(decide(filling(400), NOW), Decision::Wait(Duration::from_micros(600)));
        assert_eq!(decide(filling(1_000), NOW), Decision::Close(Why::Full));
    }

    #[test]
    fn a_full_batch_and_a_red_input_close_at_once() {
        let full = Filling { bytes: COMMIT_BYTES, ..filling(1) };
        assert_eq!(decide(full, NOW), Decision::Close(Why::Full));
        let red = Filling { is_urgent: true, ..filling(0) };
        assert_eq!(decide(red, NOW), Decision::Close(Why::Urgent));
    }

    #[test]
    fn on_a_full_volume_batches_wait_for_each_other() {
        let saving = Now { is_saving: true, ..NOW };
        let red = Filling { is_urgent: true, ..filling(1_000) };
        assert_eq!(decide(red, saving), Decision::Wait(Duration::from_millis(49)));
        assert_eq!(decide(filling(50_000), saving), Decision::Close(Why::Full));
    }

    #[test]
    fn a_due_time_closes_an_empty_batch_not_before_it_is_reached() {
        let due = |micros| Now { due: Some(Timestamp::from_micros(micros)), ..NOW };
        assert_eq!(decide(Filling::default(), due(5_000_000)), Decision::Close(Why::Due));
        assert_eq!(decide(Filling::default(), due(5_030_000)), Decision::Wait(Duration::from_millis(30)));
    }

    #[test]
    fn a_second_without_batch_is_a_tick_and_no_sleep_is_longer_than_a_quarter() {
        let quiet = Now { last: Timestamp::from_micros(4_000_000), ..NOW };
        assert_eq!(decide(Filling::default(), quiet), Decision::Close(Why::Tick));
        assert_eq!(decide(Filling::default(), NOW), Decision::Wait(Duration::from_millis(250)));
    }

    #[test]
    fn at_a_faster_pace_the_wait_for_a_due_time_is_shorter() {
        let fast = Now { due: Some(Timestamp::from_micros(5_060_000)), pace: 60, ..NOW };
        assert_eq!(decide(Filling::default(), fast), Decision::Wait(Duration::from_millis(1)));
    }
}
