//! Draw: which shapes does chance take?
//!
//! The few distributions the generator needs, written from their definitions: exponential, lognormal by median and 90th percentile,
//! weighted choice, Zipf for pools of any size, and a geometric tail. No library may change them under us, and `libm` gives the same bits everywhere.
//!
//! - **How it fits**: [`profile`](crate::profile) builds them from a profile's figures, [`life`](crate::life) draws from them.
//! - **Not here**: calendars and opening hours ([`calendar`](crate::calendar)).
//! - **Source**: Hörmann and Derflinger, *Rejection-inversion to generate variates from monotone discrete distributions*, 1996.

use crate::limits::SPAN_MINUTES_MAX;
use crate::random::Stream;

/// 90th percentile of the standard normal, as the profiles define LN(m, q).
const NORMAL_P90: f64 = 1.28155;

/// Exponential with the given mean.
pub fn exponential(stream: &mut Stream, mean: f64) -> f64 {
    -mean * libm::log(stream.positive_unit())
}

/// The whole number nearest below `number`, within the range of microseconds we use.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates at the ends of i64, which is what we want of a float"
)]
pub fn whole(number: f64) -> i64 {
    libm::floor(number) as i64
}

/// Lognormal given by its median and its 90th percentile, in minutes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogNormal {
    log_median: f64,
    sigma: f64,
    median: f64,
}

impl LogNormal {
    /// LN(m, q): exp(ln m + ln(q ÷ m) ÷ 1.28155 × N(0, 1)).
    #[must_use]
    pub fn new(median: f64, p90: f64) -> Self {
        let log_median = libm::log(median);
        Self { log_median, sigma: (libm::log(p90) - log_median) / NORMAL_P90, median }
    }

    /// One span in minutes, drawn again while it is above `SPAN_MINUTES_MAX`.
    pub fn minutes(&self, stream: &mut Stream) -> f64 {
        for _ in 0..64 {
            let minutes = libm::exp(self.log_median + self.sigma * stream.normal());
            if minutes <= SPAN_MINUTES_MAX {
                return minutes;
            }
        }
        self.median.min(SPAN_MINUTES_MAX)
    }

    /// Share of spans of at most `minutes`, without the cut; for tests of fit.
    #[must_use]
    pub fn share_within(&self, minutes: f64) -> f64 {
        let z = (libm::log(minutes) - self.log_median) / self.sigma;
        0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
    }
}

/// A choice among a few, by weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighted {
    upto: Vec<f64>,
}

impl Weighted {
    /// Weights need not add up to one; `None` when there is none above zero, or one below it.
    #[must_use]
    pub fn new(weights: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sum = 0.0;
        let mut upto = Vec::new();
        for weight in weights {
            if !weight.is_finite() || weight < 0.0 {
                return None;
            }
            sum += weight;
            upto.push(sum);
        }
        for edge in &mut upto {
            *edge /= sum;
        }
        (sum > 0.0).then_some(Self { upto })
    }

    /// Zipf weights: the k-th of `count` has weight k^−exponent.
    #[must_use]
    pub fn zipf(count: usize, exponent: f64) -> Option<Self> {
        Self::new((1..=count).map(|rank| libm::pow(rank as f64, -exponent)))
    }

    /// Index of the chosen one.
    pub fn pick(&self, stream: &mut Stream) -> usize {
        let unit = stream.unit();
        self.upto.partition_point(|edge| *edge <= unit).min(self.upto.len() - 1)
    }
}

/// Zipf over a pool too large for a table: rank k of `count` has weight k^−exponent.
///
/// **Cost**: two powers per try, about 1.1 tries.
#[derive(Debug, Clone, PartialEq)]
pub struct Zipf {
    count: u64,
    exponent: f64,
    area_first: f64,
    area_all: f64,
    cut: f64,
}

impl Zipf {
    /// **Input** `count` ≥ 1, `exponent` in (0, 1) or (1, ∞).
    #[must_use]
    pub fn new(count: u64, exponent: f64) -> Self {
        let mut zipf = Self { count: count.max(1), exponent, area_first: 0.0, area_all: 0.0, cut: 0.0 };
        zipf.area_first = zipf.area(1.5) - 1.0;
        zipf.area_all = zipf.area(zipf.count as f64 + 0.5);
        zipf.cut = 2.0 - zipf.edge(zipf.area(2.5) - zipf.height(2.0));
        zipf
    }

    /// Rank from 0, the most frequent, to count − 1.
    pub fn rank(&self, stream: &mut Stream) -> u64 {
        loop {
            let area = self.area_all + stream.unit() * (self.area_first - self.area_all);
            let edge = self.edge(area);
            let rank = libm::floor(edge + 0.5).clamp(1.0, self.count as f64);
            if rank - edge <= self.cut || area >= self.area(rank + 0.5) - self.height(rank) {
                return u64::try_from(whole(rank) - 1).unwrap_or(0);
            }
        }
    }

    fn height(&self, x: f64) -> f64 {
        libm::pow(x, -self.exponent)
    }

    /// The integral of `height` from 1 to x.
    fn area(&self, x: f64) -> f64 {
        let rest = 1.0 - self.exponent;
        (libm::pow(x, rest) - 1.0) / rest
    }

    /// The x up to which the integral of `height` is `area`.
    fn edge(&self, area: f64) -> f64 {
        let rest = 1.0 - self.exponent;
        libm::pow((1.0 + area * rest).max(0.0), 1.0 / rest)
    }
}

/// Whole numbers from `least` to `most`, falling geometrically, with about the given mean before the cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeometricTail {
    least: u32,
    most: u32,
    log_again: f64,
}

impl GeometricTail {
    /// **Input**: `mean` above `least`; values above `most` are drawn again.
    #[must_use]
    pub fn new(least: u32, mean: f64, most: u32) -> Self {
        let extra = (mean - f64::from(least)).max(1e-9);
        Self { least, most, log_again: libm::log(extra / (1.0 + extra)) }
    }

    /// One number.
    pub fn draw(&self, stream: &mut Stream) -> u32 {
        for _ in 0..64 {
            let extra = whole(libm::log(stream.positive_unit()) / self.log_again);
            let number = i64::from(self.least) + extra;
            if number <= i64::from(self.most) {
                return u32::try_from(number).unwrap_or(self.least);
            }
        }
        self.least
    }

    /// The mean after the cut, summed from the definition.
    #[must_use]
    pub fn mean(&self) -> f64 {
        let again = libm::exp(self.log_again);
        let (mut sum, mut weights, mut weight) = (0.0, 0.0, 1.0);
        for number in self.least..=self.most {
            sum += weight * f64::from(number);
            weights += weight;
            weight *= again;
        }
        sum / weights
    }
}

#[cfg(test)]
mod tests;
