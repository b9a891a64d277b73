//! Timers: which waits end now, and in which order?
//!
//! A timer says "look at this again at that time". Millions wait, few end: arming and disarming touch one slot.
//! ```text
//!  ready     ▪▪           everything up to the second under the hand, sorted by (due, id)
//!  wheel 0   ▪▪ ▪ ▪▪▪     64 slots of 1 s: the minute of the hand
//!  wheel 1      ▪  ▪ ▪    64 slots of 64 s: the hour of the hand
//!  wheel 2     ▪▪▪▪▪      64 slots of 68 min: the three days of the hand
//!  far       ▪ ▪          a sorted set of all later ones
//! ```
//! A slot spills into the wheel below when the hand reaches it. Each timer is a node that knows its slot and place, so
//! disarming is a swap; a slot knows its earliest timer, so the next due time is known without spilling.
//!
//! - **How it fits**: `step` drains [`Timers::pop_due`]; clocks, absences, escalations and notices arm and disarm. A
//!   checkpoint holds their owners, not timers: restoring an owner arms its timer.
//! - **Not here**: what a timer means, reading the time, waiting.
//! - **Source**: Varghese and Lauck, *Hashed and Hierarchical Timing Wheels*, 1987, scheme 7.

use std::collections::{BTreeSet, btree_set};

use wardline_rules::time::{SECOND, Timestamp};

/// What a timer is for; the order in which timers of one instant fire [TIME-4].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Class {
    /// A silence or the delay of a notice ends; states of alerts and feeds are looked at.
    Mute,
    /// A window is looked at.
    Window,
    /// A state or count held, or was quiet, for long enough.
    Hold,
    /// A threshold of a clock.
    Clock,
    /// The period of an absence ends.
    Absence,
    /// A reminder of an escalation step.
    Reminder,
    /// The wait of an escalation step.
    Wait,
    /// An answer without action lapses; the time of a notice is over.
    Lapse,
    /// Gathered notices go as one.
    Digest,
    /// A notice may be tried again.
    Retry,
    /// A notice was not delivered in time.
    Deadline,
}

/// Names a timer and orders those of one instant: class, then rule, then subject.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TimerId {
    /// What it is for.
    pub class: Class,
    /// Rank of the rule's id in its ward.
    pub rule: u32,
    /// Birth number of the report, or of the alert, notice or feed it belongs to.
    pub subject: u64,
    /// Which of several of one subject.
    pub part: u32,
}

/// A handle to an armed timer; it dies with the timer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Armed(u32);

impl Armed {
    /// Names no timer: stands where a handle was, until its owner is armed again.
    pub(crate) const PENDING: Self = Self(NONE);
}

/// A timer that came due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timer {
    /// When.
    pub due: Timestamp,
    /// Which.
    pub id: TimerId,
    /// What its owner gave along: where the owner lives.
    pub owner: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Home {
    Ready,
    Slot { wheel: u8, slot: u8, place: u32 },
    Far,
    Free { next: u32 },
}

#[derive(Clone, Debug)]
struct Node {
    timer: Timer,
    home: Home,
}

#[derive(Clone, Debug)]
struct Slot {
    nodes: Vec<u32>,
    earliest: Timestamp,
}

const WHEELS: usize = 3;
const NONE: u32 = u32::MAX;

type Key = (Timestamp, TimerId, u32);

/// All armed timers of one partition.
#[derive(Clone, Debug)]
pub struct Timers {
    nodes: Vec<Node>,
    free: u32,
    ready: BTreeSet<Key>,
    wheels: Vec<Slot>,
    far: BTreeSet<Key>,
    hand: i64,
    count: usize,
    armed: u64,
    cancelled: u64,
}

impl Default for Timers {
    fn default() -> Self {
        let empty = Slot { nodes: Vec::new(), earliest: Timestamp::MAX };
        Self {
            nodes: Vec::new(),
            free: NONE,
            ready: BTreeSet::new(),
            wheels: vec![empty; WHEELS * 64],
            far: BTreeSet::new(),
            hand: 0,
            count: 0,
            armed: 0,
            cancelled: 0,
        }
    }
}

fn second(due: Timestamp) -> i64 {
    due.micros().div_euclid(SECOND)
}

impl Timers {
    /// How many are armed.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether none is armed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many were ever armed, and how many of them taken out before they were due.
    #[must_use]
    pub const fn counts(&self) -> (u64, u64) {
        (self.armed, self.cancelled)
    }

    /// Goes on counting from these figures: what is armed again after a stop was counted when it was armed first.
    pub const fn recount(&mut self, (armed, cancelled): (u64, u64)) {
        (self.armed, self.cancelled) = (armed, cancelled);
    }

    /// Arms a timer; due in the past, it comes out next.
    pub fn arm(&mut self, timer: Timer) -> Armed {
        let node = Node { timer, home: Home::Far };
        let index = if self.free == NONE {
            self.nodes.push(node);
            u32::try_from(self.nodes.len() - 1).unwrap_or(NONE)
        } else {
            let index = self.free;
            if let Some(reused) = self.nodes.get_mut(index as usize) {
                if let Home::Free { next } = reused.home {
                    self.free = next;
                }
                *reused = node;
            }
            index
        };
        self.count += 1;
        self.armed += 1;
        self.place(index);
        Armed(index)
    }

    /// Takes a timer out before it is due.
    pub fn disarm(&mut self, armed: Armed) {
        let Some(node) = self.nodes.get(armed.0 as usize) else { return };
        let key = (node.timer.due, node.timer.id, armed.0);
        match node.home {
            Home::Free { .. } => return,
            Home::Ready => {
                self.ready.remove(&key);
            }
            Home::Far => {
                self.far.remove(&key);
            }
            Home::Slot { wheel, slot, place } => self.unplace(wheel, slot, place, key.0),
        }
        self.cancelled += 1;
        self.release(armed.0);
    }

    /// Takes out the earliest timer due before `now`, or with `inclusive` at or before it; `None` when nothing more is due.
    ///
    /// Fire it before asking for the next: firing may arm one that is due already, which must come out in its turn.
    /// - **Input** `now`: never earlier than in the call before.
    /// - **Output**: ascending (due, id), whatever the order of arming.
    pub fn pop_due(&mut self, now: Timestamp, inclusive: Inclusive) -> Option<Timer> {
        self.turn_hand_to(second(now));
        let key = self.ready.first().copied()?;
        let is_due = match inclusive {
            Inclusive::Before => key.0 < now,
            Inclusive::UpTo => key.0 <= now,
        };
        if !is_due {
            return None;
        }
        self.ready.pop_first();
        let timer = self.nodes.get(key.2 as usize).map(|node| node.timer);
        self.release(key.2);
        timer
    }

    /// The earliest due time of all.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let first = |set: &BTreeSet<Key>| set.first().map(|key| key.0);
        // INVARIANT: all of `ready` is due before all of wheel 0, that before wheel 1, and so on.
        first(&self.ready)
            .or_else(|| self.wheels.iter().find(|slot| !slot.nodes.is_empty()).map(|slot| slot.earliest))
            .or_else(|| first(&self.far))
    }

    fn release(&mut self, index: u32) {
        if let Some(node) = self.nodes.get_mut(index as usize) {
            node.home = Home::Free { next: self.free };
            self.free = index;
            self.count -= 1;
        }
    }

    /// The wheel and slot of a second, as the hand stands; `None` beyond the last wheel.
    const fn slot_of(&self, at: i64) -> Option<(u8, u8)> {
        let differs = at ^ self.hand;
        let (wheel, shift) = if differs >> 6 == 0 {
            (0, 0)
        } else if differs >> 12 == 0 {
            (1, 6)
        } else if differs >> 18 == 0 {
            (2, 12)
        } else {
            return None;
        };
        // At most 63, so the low byte is all of it.
        let slot = ((at >> shift) & 63).to_le_bytes()[0];
        Some((wheel, slot))
    }

    fn place(&mut self, index: u32) {
        let Some(timer) = self.nodes.get(index as usize).map(|node| node.timer) else { return };
        let at = second(timer.due);
        let key = (timer.due, timer.id, index);
        let home = if at <= self.hand {
            self.ready.insert(key);
            Home::Ready
        } else if let Some((wheel, slot)) = self.slot_of(at) {
            let slot_index = usize::from(wheel) * 64 + usize::from(slot);
            match self.wheels.get_mut(slot_index) {
                Some(cell) => {
                    cell.nodes.push(index);
                    cell.earliest = cell.earliest.min(timer.due);
                    let place = u32::try_from(cell.nodes.len() - 1).unwrap_or(NONE);
                    Home::Slot { wheel, slot, place }
                }
                None => Home::Far,
            }
        } else {
            self.far.insert(key);
            Home::Far
        };
        if let Some(node) = self.nodes.get_mut(index as usize) {
            node.home = home;
        }
    }

    fn unplace(&mut self, wheel: u8, slot: u8, place: u32, due: Timestamp) {
        let Some(cell) = self.wheels.get_mut(usize::from(wheel) * 64 + usize::from(slot)) else { return };
        if (place as usize) < cell.nodes.len() {
            cell.nodes.swap_remove(place as usize);
        }
        if let Some(moved) = cell.nodes.get(place as usize).and_then(|moved| self.nodes.get_mut(*moved as usize)) {
            moved.home = Home::Slot { wheel, slot, place };
        }
        if cell.earliest == due {
            let dues = cell.nodes.iter().filter_map(|node| self.nodes.get(*node as usize));
            cell.earliest = dues.map(|node| node.timer.due).min().unwrap_or(Timestamp::MAX);
        }
    }

    /// Moves the hand on; what it passes or reaches becomes ready or spills into lower wheels.
    fn turn_hand_to(&mut self, to: i64) {
        while self.hand < to {
            // The next second at which something can spill: the first filled slot, or the first far timer.
            let next = self.next_spill().min(to);
            let block = next >> 18 != self.hand >> 18;
            self.hand = next;
            if block {
                self.spill_far();
            }
            self.spill_reached();
        }
    }

    fn next_spill(&self) -> i64 {
        let filled = self.wheels.iter().position(|slot| !slot.nodes.is_empty());
        let from_wheels = filled.map(|index| {
            let shift = 6 * (index / 64);
            let slot = i64::try_from(index % 64).unwrap_or(0);
            ((self.hand >> shift) & !63 | slot) << shift
        });
        let from_far = self.far.first().map(|key| (second(key.0) >> 18) << 18);
        match (from_wheels, from_far) {
            (Some(at), _) | (None, Some(at)) => at.max(self.hand + 1),
            (None, None) => i64::MAX,
        }
    }

    fn spill_far(&mut self) {
        let block = self.hand >> 18;
        while let Some(key) = self.far.first().copied() {
            if second(key.0) >> 18 > block {
                return;
            }
            self.far.pop_first();
            self.place(key.2);
        }
    }

    /// Empties the slot under the hand in each wheel, highest first, and places its timers anew.
    fn spill_reached(&mut self) {
        for wheel in (0..WHEELS).rev() {
            let slot = usize::try_from((self.hand >> (6 * wheel)) & 63).unwrap_or(0);
            let Some(cell) = self.wheels.get_mut(wheel * 64 + slot) else { continue };
            cell.earliest = Timestamp::MAX;
            let mut spilled = core::mem::take(&mut cell.nodes);
            for index in spilled.drain(..) {
                self.place(index);
            }
            // The emptied list goes back, so that a steady wheel allocates nothing.
            if let Some(cell) = self.wheels.get_mut(wheel * 64 + slot)
                && cell.nodes.is_empty()
            {
                cell.nodes = spilled;
            }
        }
    }

    /// All armed timers that wait far beyond the wheels, in order; for tests and checks of size.
    pub fn far(&self) -> btree_set::Iter<'_, (Timestamp, TimerId, u32)> {
        self.far.iter()
    }
}

/// Whether a timer due at exactly the time asked for comes out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inclusive {
    /// It stays: the batch's inputs come first.
    Before,
    /// It comes out.
    UpTo,
}

#[cfg(test)]
mod tests;
