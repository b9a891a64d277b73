//! Clock: what time is it, by the wall and since boot?
//!
//! The only place of the program that reads a clock for decisions. The boot clock moves through suspend, the wall may
//! jump; [`anchor`](super::anchor) makes log time of both.
//!
//! - **How it fits**: the log thread reads it before each batch; the demo runs on a faster one, tests on one that stands.
//! - **Not here**: sleeping. Whoever waits, waits by the machine's monotonic clock and asks again.

use std::{
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use rustix::time::{ClockId, clock_gettime};
use wardline_rules::time::{SECOND, Span, Timestamp};

/// One look at the clocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// What the wall says.
    pub wall: Timestamp,
    /// How long the machine has been up, suspend included.
    pub boot: Span,
    /// Whether somebody keeps the wall right.
    pub is_synchronised: bool,
}

/// A source of time.
pub trait WallClock: Send + Sync + 'static {
    /// What it is now.
    fn read(&self) -> Reading;

    /// How many seconds of its time pass in one real second; 1 but for the demo.
    fn pace(&self) -> u32 {
        1
    }
}

/// The machine's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct MachineClock;

impl WallClock for MachineClock {
    fn read(&self) -> Reading {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let boot = clock_gettime(ClockId::Boottime);
        Reading {
            wall: Timestamp::from_micros(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX)),
            boot: Span::from_micros(boot.tv_sec.saturating_mul(SECOND).saturating_add(boot.tv_nsec / 1_000)),
            is_synchronised: is_synchronised(),
        }
    }
}

/// Whether a time service says that it holds the wall right: systemd and chrony leave these marks.
fn is_synchronised() -> bool {
    ["/run/systemd/timesync/synchronized", "/run/chrony/chronyd.sock", "/var/run/chrony/chronyd.pid"]
        .iter()
        .any(|mark| std::path::Path::new(mark).exists())
}

/// The machine's clocks, begun at another time and faster: a night in a minute.
#[derive(Clone, Copy, Debug)]
pub struct FastClock {
    from: Timestamp,
    boot_then: Span,
    pace: u32,
}

impl FastClock {
    /// Begins at `from`, now, and lets `pace` seconds pass in one.
    #[must_use]
    pub fn new(from: Timestamp, pace: u32) -> Self {
        Self { from, boot_then: MachineClock.read().boot, pace: pace.max(1) }
    }
}

impl WallClock for FastClock {
    fn read(&self) -> Reading {
        let real = MachineClock.read().boot.minus(self.boot_then);
        let passed = Span::from_micros(real.micros().saturating_mul(i64::from(self.pace)));
        Reading { wall: self.from.plus(passed), boot: passed, is_synchronised: true }
    }

    fn pace(&self) -> u32 {
        self.pace
    }
}

/// A clock that is set by hand; for tests and the simulator.
#[derive(Debug)]
pub struct HandClock {
    reading: Mutex<Reading>,
    /// How much passes at each look.
    step: Span,
}

impl HandClock {
    /// Stands at `wall`, just booted.
    #[must_use]
    pub const fn at(wall: Timestamp) -> Self {
        Self::stepping(wall, Span::ZERO)
    }

    /// Goes on by `step` whenever somebody looks.
    #[must_use]
    pub const fn stepping(wall: Timestamp, step: Span) -> Self {
        Self { reading: Mutex::new(Reading { wall, boot: Span::ZERO, is_synchronised: true }), step }
    }

    /// Lets time pass, on both clocks.
    pub fn pass(&self, span: Span) {
        self.change(|reading| {
            reading.wall = reading.wall.plus(span);
            reading.boot = reading.boot.plus(span);
        });
    }

    /// Moves the wall alone.
    pub fn jump(&self, span: Span) {
        self.change(|reading| reading.wall = reading.wall.plus(span));
    }

    fn change(&self, change: impl FnOnce(&mut Reading)) {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut reading);
    }
}

impl WallClock for HandClock {
    fn read(&self) -> Reading {
        self.pass(self.step);
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
