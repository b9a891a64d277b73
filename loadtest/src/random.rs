//! Random: where does chance come from, so that it is the same everywhere?
//!
//! Every requisition has a stream of its own, ChaCha8 keyed with (seed, domain, number).
//! So what happens to requisition 7 does not depend on how many others were drawn before it, on threads, or on the machine.
//!
//! - **How it fits**: [`draw`](crate::draw) turns these words into distributions; arrivals and lives hold one [`Stream`] each.
//! - **Not here**: the shapes of distributions; any source of true randomness.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream is used for; two domains never share a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// When requisitions arrive, one stream per setting and zone.
    Arrival,
    /// All that happens to one requisition.
    Life,
    /// What goes wrong on the way to the engine, per requisition.
    Fault,
    /// The clock of one feed.
    FeedClock,
    /// Send times of the open-loop driver.
    Driver,
}

impl Domain {
    const fn number(self) -> u64 {
        match self {
            Self::Arrival => 1,
            Self::Life => 2,
            Self::Fault => 3,
            Self::FeedClock => 4,
            Self::Driver => 5,
        }
    }
}

/// An endless row of words, fixed by (seed, domain, number).
/// ```
/// # use wardline_loadtest::random::{Domain, Stream};
/// let [mut one, mut same] = [(); 2].map(|()| Stream::new(7, Domain::Life, 3));
/// assert_eq!(one.word(), same.word());
/// ```
#[derive(Debug)]
pub struct Stream {
    words: ChaCha8Rng,
    spare_normal: Option<f64>,
}

impl Stream {
    /// The stream of (seed, domain, number).
    #[must_use]
    pub fn new(seed: u64, domain: Domain, number: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&domain.number().to_le_bytes());
        key[16..24].copy_from_slice(&number.to_le_bytes());
        Self { words: ChaCha8Rng::from_seed(key), spare_normal: None }
    }

    /// The next 64 bits.
    pub fn word(&mut self) -> u64 {
        self.words.next_u64()
    }

    /// Uniform in [0, 1), a multiple of 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        const STEP: f64 = 1.0 / 9_007_199_254_740_992.0;
        (self.word() >> 11) as f64 * STEP
    }

    /// Uniform in (0, 1], for logarithms.
    pub fn positive_unit(&mut self) -> f64 {
        1.0 - self.unit()
    }

    /// Uniform whole number below `end`; 0 when `end` is 0.
    ///
    /// The error of the multiplication is below `end` ÷ 2⁶⁴: no test could see it.
    pub fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.word()) * u128::from(end);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// True with probability `share`; always takes one word, so that two profiles stay in step.
    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// Standard normal by Box and Muller; the second of each pair is kept for the next call.
    pub fn normal(&mut self) -> f64 {
        if let Some(kept) = self.spare_normal.take() {
            return kept;
        }
        let radius = libm::sqrt(-2.0 * libm::log(self.positive_unit()));
        let angle = std::f64::consts::TAU * self.unit();
        self.spare_normal = Some(radius * libm::sin(angle));
        radius * libm::cos(angle)
    }
}

#[cfg(test)]
mod tests;
