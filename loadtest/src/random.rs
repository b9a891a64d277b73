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
        Self {
            words: ChaCha8Rng::from_seed(key),
            spare_normal: None,
        }
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
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_seed_domain_and_number() {
        let first = |seed, domain, number| Stream::new(seed, domain, number).word();
        let words = [
            first(1, Domain::Life, 0),
            first(2, Domain::Life, 0),
            first(1, Domain::Fault, 0),
            first(1, Domain::Life, 1),
        ];
        for (i, word) in words.iter().enumerate() {
            assert!(!words[i + 1..].contains(word), "{words:x?}");
        }
    }

    #[test]
    fn first_words_are_those_of_chacha8_whatever_the_machine() {
        // Worked out apart from this code: ChaCha, 8 rounds, key as in `new`, counter and nonce zero, words little-endian.
        let mut stream = Stream::new(42, Domain::Life, 7);
        assert_eq!(
            [stream.word(), stream.word()],
            chacha8_by_the_book(42, 2, 7)
        );
    }

    /// RFC 8439 section 2.3 with 8 rounds and a 64-bit counter of zero: the naive twin of `rand_chacha`.
    fn chacha8_by_the_book(seed: u64, domain: u64, number: u64) -> [u64; 2] {
        let mut start = [0_u32; 16];
        start[..4].copy_from_slice(&[0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574]);
        for (i, word) in [seed, domain, number].into_iter().enumerate() {
            start[4 + 2 * i] = u32::try_from(word & 0xffff_ffff).unwrap();
            start[5 + 2 * i] = u32::try_from(word >> 32).unwrap();
        }
        let mut state = start;
        let quarter = |s: &mut [u32; 16], [a, b, c, d]: [usize; 4]| {
            for (x, y, z, bits) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
                s[x] = s[x].wrapping_add(s[y]);
                s[z] = (s[z] ^ s[x]).rotate_left(bits);
            }
        };
        for _ in 0..4 {
            for lanes in [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15]] {
                quarter(&mut state, lanes);
            }
            for lanes in [[0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]] {
                quarter(&mut state, lanes);
            }
        }
        let out = |i: usize| u64::from(state[i].wrapping_add(start[i]));
        [out(0) | out(1) << 32, out(2) | out(3) << 32]
    }

    #[test]
    fn unit_and_normal_have_their_moments() {
        let mut stream = Stream::new(1, Domain::Life, 0);
        let (mut sum, mut square, mut normal_sum, mut normal_square) = (0.0, 0.0, 0.0, 0.0);
        for _ in 0..200_000 {
            let (unit, normal) = (stream.unit(), stream.normal());
            sum += unit;
            square += unit * unit;
            normal_sum += normal;
            normal_square += normal * normal;
        }
        // Four standard errors: 4 × √(1/12 ÷ n), 4 ÷ √n and 4 × √(2 ÷ n).
        assert!((sum / 2e5 - 0.5).abs() < 0.0026, "{sum}");
        assert!((square / 2e5 - 1.0 / 3.0).abs() < 0.0027, "{square}");
        assert!((normal_sum / 2e5).abs() < 0.009, "{normal_sum}");
        assert!(
            (normal_square / 2e5 - 1.0).abs() < 0.0127,
            "{normal_square}"
        );
    }

    #[test]
    fn below_reaches_every_number_and_no_more() {
        let mut stream = Stream::new(1, Domain::Life, 0);
        let mut counts = [0_u32; 5];
        for _ in 0..50_000 {
            counts[usize::try_from(stream.below(5)).unwrap()] += 1;
        }
        // 10,000 each, four standard errors = 4 × √(50,000 × 0.2 × 0.8) = 358.
        assert!(
            counts.iter().all(|count| count.abs_diff(10_000) < 358),
            "{counts:?}"
        );
        assert_eq!(stream.below(0), 0);
    }
}
