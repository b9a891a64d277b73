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

    /// Reads a measured number; one with more fraction digits than are kept becomes the nearest that is, half to even.
    ///
    /// - **Output**: the number, and whether it is another one than was written: a sender that computes with binary floats
    ///   writes `6.8999999999999995` for 6.9.
    #[must_use]
    pub fn nearest(text: &str) -> Option<(Self, bool)> {
        Self::parse(text).map(|exact| (exact, false)).or_else(|| Self::rounded(text).map(|number| (number, true)))
    }

    fn rounded(text: &str) -> Option<Self> {
        let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let signs = whole.len() - whole.trim_start_matches(['-', '+']).len();
        // As many digits as 128 bits hold; the rest only says on which side of the middle the number lies.
        let room = 36_usize.checked_sub(whole.len().checked_sub(signs)?)?;
        let (kept, rest) = fraction.split_at_checked(room).unwrap_or((fraction, ""));
        if rest.len() > 400 || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = [whole, kept].concat().parse::<i128>().ok()?;
        let scale = i32::try_from(kept.len()).ok()?.checked_sub(exponent.parse().ok()?)?;
        let drop = scale.checked_sub_unsigned(FRACTION_DIGITS_MAX)?;
        let most = u8::try_from(FRACTION_DIGITS_MAX).ok()?;
        if drop <= 0 {
            return None;
        }
        // Below half of the last digit that is kept.
        let Some(unit) = power(drop.unsigned_abs()).and_then(|unit| i128::try_from(unit).ok()) else {
            return Some(Self::ZERO);
        };
        let (quotient, left) = (digits / unit, (digits % unit).abs());
        let is_more = rest.bytes().any(|byte| byte != b'0');
        let is_up = match left.cmp(&(unit / 2)) {
            Ordering::Less => false,
            Ordering::Equal => is_more || quotient % 2 != 0,
            Ordering::Greater => true,
        };
        let step = if number.starts_with('-') { -1 } else { 1 };
        Self::new(if is_up { quotient.checked_add(step)? } else { quotient }, most)
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

    #[test]
    fn a_number_with_too_many_digits_is_the_nearest_that_is_kept() {
        // [EVT-5]
        let nearest =
            |text: &str| Decimal::nearest(text).map(|(number, is_other)| (number.normal().to_string(), is_other));
        for (text, said) in [
            ("6.8999999999999995", "6.9"),
            ("6.9000000000000004", "6.9"),
            ("-6.8999999999999995e0", "-6.9"),
            ("68.999999999999995E-1", "6.9"),
            ("6.90000000000000035527136788005009293556213378906250", "6.9"),
            ("0.0000000005", "0"),
            ("0.00000000050000000000000000000000000000000000000001", "0.000000001"),
            ("0.0000000015", "0.000000002"),
            ("-0.0000000015", "-0.000000002"),
            ("5e-300", "0"),
        ] {
            assert_eq!(nearest(text), Some((said.to_owned(), true)), "{text}");
        }
        assert_eq!(nearest("6.90"), Some(("6.9".to_owned(), false)));
        for text in ["", "six", "6.9.1", "6.9999999999x", "1234567890123456789.5", "1e40", "--6.99999999999"] {
            assert_eq!(nearest(text), None, "{text}");
        }
    }
}
