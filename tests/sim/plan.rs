//! Plan: which features, faults and sizes does this seed draw?
//!
//! Each seed switches some faults off and draws the rates of the others, so that rare meetings of two faults are not
//! drowned by a third.

use wardline_reference::generate::Random;

/// What one seed does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Plan {
    /// Seconds of log time in one real second.
    pub(crate) pace: u32,
    pub(crate) segment_bytes: u64,
    pub(crate) reports: usize,
    /// Hours in which reports begin.
    pub(crate) hours: i64,
    pub(crate) clients: usize,
    /// Stops of the engine.
    pub(crate) stops: u8,
    /// In percent, for each kind of stop: kill, power failure, failing sync, clean.
    pub(crate) kinds: [u8; 4],
    /// Out of a hundred restarts that fail on the way.
    pub(crate) stumbles: u8,
    /// Out of a hundred requests that do not arrive.
    pub(crate) lost_requests: u8,
    /// Out of a hundred replies that do not arrive.
    pub(crate) lost_replies: u8,
    /// Out of a hundred requests that are sent again, hours later.
    pub(crate) repeats: u8,
    /// Out of a hundred messages that are sent once more under the same id with other content.
    pub(crate) rewrites: u8,
    /// Out of a hundred requests with a line nobody can read.
    pub(crate) garbage: u8,
    /// Out of a hundred attempts that do not simply succeed.
    pub(crate) bad_sends: u8,
    /// Out of a hundred pages that somebody answers.
    pub(crate) answers: u8,
    /// Jumps of the wall.
    pub(crate) jumps: u8,
    /// Times at which many people look at once.
    pub(crate) crowds: u8,
    /// Times at which the ward is activated again.
    pub(crate) reloads: u8,
    /// Out of a hundred passes after which the core is let behind.
    pub(crate) core_lag: u8,
    /// Out of a hundred passes after which upkeep works.
    pub(crate) upkeep: u8,
    /// Out of a hundred restarts at which damage is tried on a copy.
    pub(crate) damage: u8,
    /// How many minutes of the log are kept behind the older checkpoint; 0 for all of it.
    pub(crate) kept_minutes: u8,
}

impl Plan {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let mut some = |percent: u8, most: i64| {
            let rate = u8::try_from(random.from_to(1, most)).unwrap_or(1);
            if random.percent(percent) { rate } else { 0 }
        };
        let rates: Vec<u8> = [20, 20, 15, 6, 10, 50].map(|most| some(70, most)).to_vec();
        let kinds = [some(75, 9), some(75, 9), some(60, 6), some(50, 3)];
        let (stumbles, answers, core_lag) = (some(50, 40), some(85, 90), some(60, 90));
        let (crowds, reloads, jumps) = (some(60, 12), some(40, 3), some(50, 6));
        let pick = |random: &mut Random, list: &[i64]| random.pick(list).copied().unwrap_or(1);
        let pace = pick(random, &[30, 60, 240, 600]);
        let sizes = [64 << 10, 128 << 10, 256 << 10, 1 << 20];
        Self {
            pace: u32::try_from(pace).unwrap_or(60),
            segment_bytes: u64::try_from(pick(random, &sizes)).unwrap_or(1 << 20),
            reports: 6 + random.below(22),
            hours: pick(random, &[2, 8, 14]),
            clients: 1 + random.below(4),
            stops: 4 + u8::try_from(random.below(10)).unwrap_or(0),
            kinds,
            stumbles,
            lost_requests: rates[0],
            lost_replies: rates[1],
            repeats: rates[2],
            rewrites: rates[3],
            garbage: rates[4],
            bad_sends: rates[5],
            answers,
            jumps,
            crowds,
            reloads,
            core_lag,
            upkeep: 10 + u8::try_from(random.below(90)).unwrap_or(0),
            damage: 40,
            kept_minutes: u8::try_from(pick(random, &[0, 0, 30, 120])).unwrap_or(0),
        }
    }

    /// Every rate and count that can be lowered to make less happen, by name.
    pub(crate) fn rates(&mut self) -> [(&'static str, &mut u8); 20] {
        let [kills, power_failures, failing_devices, clean_stops] = &mut self.kinds;
        [
            ("kills", kills),
            ("power-failures", power_failures),
            ("failing-devices", failing_devices),
            ("clean-stops", clean_stops),
            ("stops", &mut self.stops),
            ("stumbles", &mut self.stumbles),
            ("lost-requests", &mut self.lost_requests),
            ("lost-replies", &mut self.lost_replies),
            ("repeats", &mut self.repeats),
            ("rewrites", &mut self.rewrites),
            ("garbage", &mut self.garbage),
            ("bad-sends", &mut self.bad_sends),
            ("answers", &mut self.answers),
            ("jumps", &mut self.jumps),
            ("crowds", &mut self.crowds),
            ("reloads", &mut self.reloads),
            ("core-lag", &mut self.core_lag),
            ("upkeep", &mut self.upkeep),
            ("damage", &mut self.damage),
            ("kept-minutes", &mut self.kept_minutes),
        ]
    }
}
