//! Value: what passes between a ward and a script?
//!
//! - **Not here**: the event and report that a deciding script sees.

use rhai::Dynamic;

use crate::{Text, decimal::Decimal, limits::FRACTION_DIGITS_MAX};

/// A value of a ward, in a script or out of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// Yes or no.
    Truth(bool),
    /// A whole number: a count of minutes, a time in microseconds.
    Whole(i64),
    /// An exact number.
    Number(Decimal),
    /// A name of the catalogue, or a text.
    Text(Text),
}

impl Value {
    /// As a number, if it is one.
    #[must_use]
    pub const fn number(&self) -> Option<Decimal> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Whole(number) => Some(Decimal::whole(*number)),
            Self::Truth(_) | Self::Text(_) => None,
        }
    }

    pub(super) fn to_rhai(&self) -> Dynamic {
        match self {
            Self::Truth(truth) => Dynamic::from_bool(*truth),
            Self::Whole(number) => Dynamic::from_int(*number),
            Self::Number(number) => decimal_to_rhai(*number),
            Self::Text(text) => Dynamic::from(text.to_string()),
        }
    }

    /// `None` if it is nothing that a ward can take.
    pub(super) fn from_rhai(found: &Dynamic) -> Option<Self> {
        if let Ok(truth) = found.as_bool() {
            return Some(Self::Truth(truth));
        }
        if let Ok(number) = found.as_int() {
            return Some(Self::Whole(number));
        }
        if let Ok(number) = found.as_decimal() {
            return decimal_from_rhai(number).map(Self::Number);
        }
        found.as_immutable_string_ref().ok().map(|text| Self::Text(Text::from(text.as_str())))
    }
}

/// A ward's number as a script counts with it.
pub(super) fn decimal_to_rhai(number: Decimal) -> Dynamic {
    // INVARIANT: 27 digits stay below 2^90, a script's number holds 96 bits and 28 digits after the point.
    let found = rust_decimal::Decimal::try_from_i128_with_scale(number.mantissa(), u32::from(number.scale()));
    found.map_or(Dynamic::UNIT, Dynamic::from_decimal)
}

/// A script's number, rounded to the digits a ward keeps, half to even; `None` if it is too large.
fn decimal_from_rhai(number: rust_decimal::Decimal) -> Option<Decimal> {
    let rounded = number.round_dp(FRACTION_DIGITS_MAX);
    Decimal::new(rounded.mantissa(), u8::try_from(rounded.scale()).ok()?)
}
