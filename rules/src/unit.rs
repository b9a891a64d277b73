//! Unit: can these two quantities be compared, and by which power of ten do they differ?
//!
//! The units of one group are one dimension and convert by exact powers of ten; between groups nothing converts
//! [UNIT-1], so mass never becomes amount of substance.
//!
//! - **Source**: UCUM, the subset of the language page, section 4.5.
//! - **Not here**: which unit a test has; the catalogue says that.

use crate::decimal::Decimal;

/// A unit of the supported subset of UCUM.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit(u8);

/// A number in a unit, normalised to the first unit of its dimension so that equal quantities are equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Quantity {
    /// Which units it may be compared with.
    pub dimension: u8,
    /// The value in the base unit of that dimension.
    pub value: Decimal,
}

struct Entry {
    code: &'static str,
    dimension: u8,
    exponent: i8,
}

const fn entry(code: &'static str, dimension: u8, exponent: i8) -> Entry {
    Entry { code, dimension, exponent }
}

/// Dimension of numbers without a unit.
pub const PURE: u8 = 0;

// Exponents are relative to the smallest unit of a group, so that conversion to it never loses digits to the left.
const UNITS: &[Entry] = &[
    entry("1", PURE, 0),
    entry("mol/L", 1, 12),
    entry("mmol/L", 1, 9),
    entry("umol/L", 1, 6),
    entry("nmol/L", 1, 3),
    entry("pmol/L", 1, 0),
    entry("g/L", 2, 9),
    entry("g/dL", 2, 10),
    entry("mg/L", 2, 6),
    entry("mg/dL", 2, 7),
    entry("mg/mL", 2, 9),
    entry("ug/L", 2, 3),
    entry("ug/mL", 2, 6),
    entry("ug/dL", 2, 4),
    entry("ng/L", 2, 0),
    entry("ng/mL", 2, 3),
    entry("ng/dL", 2, 1),
    entry("pg/mL", 2, 0),
    entry("U/L", 3, 3),
    entry("mU/L", 3, 0),
    entry("kU/L", 3, 6),
    entry("mU/mL", 3, 3),
    entry("[IU]/L", 4, 3),
    entry("m[IU]/L", 4, 0),
    entry("[IU]/mL", 4, 6),
    entry("meq/L", 5, 0),
    entry("10*12/L", 6, 6),
    entry("10*9/L", 6, 3),
    entry("10*6/uL", 6, 6),
    entry("10*3/uL", 6, 3),
    entry("/uL", 6, 0),
    entry("%", 7, 0),
    entry("fL", 8, 0),
    entry("pg", 9, 0),
    entry("mm/h", 10, 0),
    entry("kPa", 11, 0),
    entry("mm[Hg]", 12, 0),
    entry("s", 13, 0),
    entry("min", 14, 0),
    entry("mL/min", 15, 0),
    entry("{INR}", 16, 0),
    entry("[pH]", 17, 0),
    entry("mosm/kg", 18, 0),
];

impl Unit {
    /// The unit `1` of plain numbers.
    pub const ONE: Self = Self(0);

    /// The unit of that UCUM code, case counting; `None` if it is not in the subset. `µ` is read as `u`.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let found = UNITS.iter().position(|entry| {
            entry.code.chars().eq(code.chars().map(|c| if matches!(c, 'µ' | 'μ') { 'u' } else { c }))
        })?;
        u8::try_from(found).ok().map(Self)
    }

    /// The UCUM code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.entry().code
    }

    /// Units of one dimension can be compared.
    #[must_use]
    pub fn dimension(self) -> u8 {
        self.entry().dimension
    }

    /// `number` of this unit, normalised; `None` if digits would be lost.
    #[must_use]
    pub fn quantity(self, number: Decimal) -> Option<Quantity> {
        let entry = self.entry();
        Some(Quantity { dimension: entry.dimension, value: number.shift(i32::from(entry.exponent))? })
    }

    /// `quantity` as a number of this unit; `None` if it is of another dimension or digits would be lost.
    #[must_use]
    pub fn number(self, quantity: Quantity) -> Option<Decimal> {
        let entry = self.entry();
        if entry.dimension == quantity.dimension {
            quantity.value.normal().shift(-i32::from(entry.exponent)).map(Decimal::normal)
        } else {
            None
        }
    }

    /// All codes, for "did you mean".
    pub fn codes() -> impl Iterator<Item = &'static str> {
        UNITS.iter().map(|entry| entry.code)
    }

    fn entry(self) -> &'static Entry {
        const FIRST: &Entry = &entry("1", PURE, 0);
        UNITS.get(usize::from(self.0)).unwrap_or(FIRST)
    }
}

impl core::fmt::Debug for Unit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.code())
    }
}

impl core::fmt::Display for Unit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(number: &str, unit: &str) -> Quantity {
        Unit::parse(unit).unwrap().quantity(Decimal::parse(number).unwrap()).unwrap()
    }

    #[test]
    fn units_of_one_group_convert_exactly() {
        // [UNIT-1]
        assert_eq!(quantity("6.9", "mmol/L"), quantity("6900", "umol/L"));
        assert_eq!(quantity("1.2", "mg/dL"), quantity("12", "mg/L"));
        assert_eq!(quantity("150", "10*9/L"), quantity("150", "10*3/uL"));
        assert_eq!(quantity("5", "ug/L"), quantity("5", "ng/mL"));
        assert_eq!(quantity("2", "mU/mL"), quantity("2", "U/L"));
    }

    #[test]
    fn mass_is_never_amount_of_substance() {
        assert_ne!(quantity("1", "mmol/L").dimension, quantity("1", "mg/dL").dimension);
        let mmol = Unit::parse("mmol/L").unwrap();
        assert_eq!(mmol.number(quantity("1", "mg/dL")), None);
        assert_eq!(mmol.number(quantity("6.90", "mmol/L")), Decimal::parse("6.9"));
    }

    #[test]
    fn codes_are_case_sensitive_and_micro_has_one_spelling() {
        assert_eq!(Unit::parse("MMOL/L"), None);
        assert_eq!(Unit::parse("µmol/L"), Unit::parse("umol/L"));
    }
}
