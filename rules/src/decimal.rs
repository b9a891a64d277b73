//! Decimal: what is the exact value of a number, as it was written?
//!
//! Results and limits are decimals, never binary floats, so that 1.2 − 0.9 is 0.3 [EVT-5]. A value is a whole
//! mantissa and a count of fraction digits; equality and order look at the value, not at trailing zeros.
//!
//! - LIMIT: `INTEGER_DIGITS_MAX`, `FRACTION_DIGITS_MAX` in [`limits`](crate::limits): 27 digits, below 2^90, so sums
//!   and one multiplication by a power of ten fit in 128 bits.
//! - **Not here**: units ([`unit`](crate::unit)), general arithmetic; a ward has none.

use core::{cmp::Ordering, fmt};

use crate::limits::{FRACTION_DIGITS_MAX, INTEGER_DIGITS_MAX};

/// An exact decimal number.
#[derive(Clone, Copy)]
pub struct Decimal {
    mantissa: i128,
    scale: u8,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };

    /// `mantissa` divided by ten to the power of `scale`; `None` if it passes the digits allowed.
    #[must_use]
    pub fn new(mantissa: i128, scale: u8) -> Option<Self> {
        let fits = u32::from(scale) <= FRACTION_DIGITS_MAX
            && mantissa.unsigned_abs() < power(INTEGER_DIGITS_MAX.saturating_add(u32::from(scale)))?;
        fits.then_some(Self { mantissa, scale })
    }

    /// A whole number.
    #[must_use]
    pub const fn whole(number: i64) -> Self {
        Self { mantissa: number as i128, scale: 0 }
    }

    /// Reads `6.9`, `-4`, `.5`, `+3.` or `1e-3`; `None` for anything else or for more digits than are kept.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (sign, digits) = match number.as_bytes().first()? {
            b'-' => (-1, number.get(1..)?),
            b'+' => (1, number.get(1..)?),
            _ => (1, number),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() || whole.len() + fraction.len() > 36 {
            return None;
        }
        let mut mantissa: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
            mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(digit))?;
        }
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        Self::scaled(sign * mantissa, scale)
    }

    /// `mantissa` divided by ten to `scale`, which may be negative or hold trailing zeros beyond what is kept.
    fn scaled(mut mantissa: i128, mut scale: i32) -> Option<Self> {
        while scale > 9 && mantissa % 10 == 0 && mantissa != 0 {
            mantissa /= 10;
            scale -= 1;
        }
        if mantissa == 0 {
            scale = scale.clamp(0, 9);
        }
        if scale < 0 {
            let factor = i128::try_from(power(scale.unsigned_abs())?).ok()?;
            return Self::new(mantissa.checked_mul(factor)?, 0);
        }
        Self::new(mantissa, u8::try_from(scale).ok()?)
    }

    /// This number times ten to the power of `exponent`; `None` if digits would be lost.
    #[must_use]
    pub fn shift(self, exponent: i32) -> Option<Self> {
        Self::scaled(self.mantissa, i32::from(self.scale).checked_sub(exponent)?)
    }

    /// The exact sum; `None` if it passes the digits allowed.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        Self::new(self.at_scale(scale).checked_add(other.at_scale(scale))?, scale)
    }

    /// The exact difference; `None` if it passes the digits allowed.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { mantissa: other.mantissa.checked_neg()?, scale: other.scale })
    }

    /// The whole number that the digits make, without the point.
    #[must_use]
    pub const fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// How many of the digits stand after the point.
    #[must_use]
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// The same value without trailing zeros after the point: one form for each value.
    #[must_use]
    pub const fn normal(self) -> Self {
        let mut normal = self;
        while normal.scale > 0 && normal.mantissa % 10 == 0 {
            normal.mantissa /= 10;
            normal.scale -= 1;
        }
        normal
    }

    fn at_scale(self, scale: u8) -> i128 {
        // INVARIANT: 27 digits times ten to the ninth stay below 2^127.
        let factor = power(u32::from(scale.saturating_sub(self.scale))).unwrap_or(1);
        self.mantissa.saturating_mul(i128::try_from(factor).unwrap_or(1))
    }
}

fn power(exponent: u32) -> Option<u128> {
    10_u128.checked_pow(exponent)
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        self.at_scale(scale).cmp(&other.at_scale(scale))
    }
}

impl core::hash::Hash for Decimal {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        let normal = self.normal();
        (normal.mantissa, normal.scale).hash(state);
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs();
        let factor = power(u32::from(self.scale)).unwrap_or(1);
        let (whole, fraction) = (digits / factor, digits % factor);
        if self.scale == 0 {
            write!(f, "{sign}{whole}")
        } else {
            write!(f, "{sign}{whole}.{fraction:0width$}", width = usize::from(self.scale))
        }
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn trailing_zeros_do_not_matter_and_are_kept() {
        // [EVT-5] [ESC-6]
        assert_eq!(dec("6.90"), dec("6.9"));
        assert_eq!(dec("6.90").to_string(), "6.90");
        assert!(dec("6.85") < dec("6.9") && dec("-7") < dec("0.001"));
    }

    #[test]
    fn differences_are_exact() {
        assert_eq!(dec("1.2").minus(dec("0.9")), Some(dec("0.3")));
    }

    #[test]
    fn powers_of_ten_shift_the_point() {
        assert_eq!(dec("6.9").shift(3), Some(dec("6900")));
        assert_eq!(dec("6.9").shift(-3), Some(dec("0.0069")));
        assert_eq!(dec("0.123456789").shift(-1), None);
        assert_eq!(dec("0").shift(-20), Some(Decimal::ZERO));
    }

    #[test]
    fn what_is_no_number_or_too_long_is_refused() {
        for text in ["", ".", "-", "6,9", "6.9 ", "1e", "nan", "1234567890123456789", "0.1234567891"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
        assert_eq!(dec("1.5e2"), dec("150"));
        assert_eq!(dec("-.5").to_string(), "-0.5");
    }
}
