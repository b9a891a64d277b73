//! Guard: has this address guessed too often?
//!
//! - **How it fits**: pure; wrong keys and wrong codes strike, and a peer with too many strikes is refused, right or wrong.
//! - LIMIT: `PEERS_WATCHED_MAX`; beyond it the oldest is forgotten.
//! - **Source**: guarantees page, S1-14 and S1-20.

use core::net::IpAddr;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use wardline_rules::time::Span;

use crate::limits::PEERS_WATCHED_MAX;

/// Strikes by peer inside a window.
#[derive(Debug)]
pub struct Guard {
    window: Span,
    limit: u32,
    peers: Mutex<Peers>,
}

#[derive(Debug, Default)]
struct Peers {
    /// When the window of a peer began, and its strikes.
    strikes: BTreeMap<IpAddr, (Span, u32)>,
    order: VecDeque<IpAddr>,
}

impl Guard {
    /// At most `limit` strikes in an hour.
    #[must_use]
    pub fn per_hour(limit: u32) -> Self {
        Self { window: Span::from_minutes(60), limit, peers: Mutex::default() }
    }

    /// At most `limit` strikes in a minute.
    #[must_use]
    pub fn per_minute(limit: u32) -> Self {
        Self { window: Span::from_minutes(1), limit, peers: Mutex::default() }
    }

    /// Whether this peer must wait.
    ///
    /// - **Input** `now`: the boot clock.
    #[must_use]
    pub fn is_locked(&self, peer: IpAddr, now: Span) -> bool {
        let peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let strikes = peers.strikes.get(&peer).filter(|(since, _)| !self.is_over(*since, now));
        strikes.is_some_and(|(_, count)| *count >= self.limit)
    }

    /// Counts a wrong guess.
    pub fn strike(&self, peer: IpAddr, now: Span) {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let peers = &mut *peers;
        match peers.strikes.get_mut(&peer) {
            Some((since, count)) if self.is_over(*since, now) => (*since, *count) = (now, 1),
            Some((_, count)) => *count = count.saturating_add(1),
            None => {
                if peers.order.len() >= PEERS_WATCHED_MAX
                    && let Some(oldest) = peers.order.pop_front()
                {
                    peers.strikes.remove(&oldest);
                }
                peers.order.push_back(peer);
                peers.strikes.insert(peer, (now, 1));
            }
        }
    }

    fn is_over(&self, since: Span, now: Span) -> bool {
        now.minus(since) >= self.window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn s1_20_twenty_wrong_codes_lock_an_address_for_the_rest_of_the_hour() {
        let guard = Guard::per_hour(20);
        for second in 0..20 {
            assert!(!guard.is_locked(peer(1), Span::from_seconds(second)));
            guard.strike(peer(1), Span::from_seconds(second));
        }
        assert!(guard.is_locked(peer(1), Span::from_seconds(3_599)));
        assert!(!guard.is_locked(peer(2), Span::from_seconds(30)), "another address");
        assert!(!guard.is_locked(peer(1), Span::from_seconds(3_600)));
        guard.strike(peer(1), Span::from_seconds(3_600));
        assert!(!guard.is_locked(peer(1), Span::from_seconds(3_601)));
    }

    #[test]
    fn the_oldest_address_is_forgotten_when_too_many_are_watched() {
        let guard = Guard::per_minute(1);
        guard.strike(peer(9), Span::ZERO);
        for number in 0..u32::try_from(PEERS_WATCHED_MAX).unwrap() {
            guard.strike(IpAddr::from(number.to_be_bytes()), Span::ZERO);
        }
        assert!(!guard.is_locked(peer(9), Span::ZERO));
    }
}
