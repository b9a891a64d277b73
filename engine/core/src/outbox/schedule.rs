//! Schedule: how long until the next try, the next channel, and the end of trying?
//!
//! By level of delivery (guarantees 3.3, 3.4).
//!
//! - **Not here**: which notice is tried ([`super`]).

use wardline_rules::{program::Level, time::Span};

use crate::{alerts::cut, ids::Nid};

/// Base and cap of the delay between tries, by level (guarantees 3.4).
const fn schedule(level: Level) -> (Span, Span) {
    match level {
        Level::Red => (Span::from_seconds(1), Span::from_seconds(30)),
        Level::Orange => (Span::from_seconds(5), Span::from_minutes(5)),
        Level::Yellow => (Span::from_seconds(30), Span::from_minutes(30)),
    }
}

/// How long after its creation the next channel starts unless a notice is delivered.
pub(crate) const fn deadline(level: Level) -> Span {
    match level {
        Level::Red => Span::from_seconds(60),
        Level::Orange => Span::from_minutes(10),
        Level::Yellow => Span::from_minutes(240),
    }
}

/// How long a notice is tried.
pub(super) const fn budget(level: Level) -> Span {
    match level {
        Level::Red | Level::Orange => Span::from_minutes(24 * 60),
        Level::Yellow => Span::from_minutes(72 * 60),
    }
}

/// How long nobody knows before it is tried again.
pub(super) const fn doubt(level: Level) -> Span {
    match level {
        Level::Red => Span::ZERO,
        Level::Orange => Span::from_seconds(60),
        Level::Yellow => Span::from_minutes(15),
    }
}

/// The delay before try `n + 1`: doubling to the cap, scaled to 50–100 % by a hash of notice and try, so that it is the
/// same on every replay and differs between notices.
pub(super) fn backoff(nid: Nid, n: u32, level: Level, retry_after: Option<u32>) -> Span {
    let (base, cap) = schedule(level);
    let doubled = base.micros().saturating_mul(1_i64.checked_shl(n.saturating_sub(1).min(30)).unwrap_or(i64::MAX));
    let full = doubled.min(cap.micros());
    let mut hasher = blake3::Hasher::new();
    hasher.update(&nid.0);
    hasher.update(&n.to_le_bytes());
    let share = i64::from(cut(&hasher)[0]);
    let jittered = full / 2 + full / 2 * share / 255;
    let asked = i64::from(retry_after.unwrap_or(0)).saturating_mul(1_000_000).min(cap.micros());
    Span::from_micros(jittered.max(asked))
}
