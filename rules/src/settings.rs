//! Settings: what does an installation fix that decisions need and no rule says?
//!
//! Checked from `site.toml` by the driver and handed over with an activation, so that a replay decides with what was in
//! force then.
//!
//! - LIMIT: [`CRITICAL_LIMITS_MAX`](crate::limits::CRITICAL_LIMITS_MAX) limits.
//! - **Source**: `site.toml` in the architecture page; [CRT-1] [CRT-2].
//! - **Not here**: the file and its findings (`wardline`).

use std::collections::BTreeMap;

use crate::{
    Text,
    decimal::Decimal,
    evaluate::{Tri, beyond},
    event::{ResultItem, ResultValue},
    program::Operand,
    time::{Span, TimeOfDay},
    unit::{Quantity, Unit},
    words::Comparator,
};

/// What `site.toml` says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SiteSettings {
    /// Limits beyond which a result is critical whatever its sender says [CRT-1].
    pub critical: Vec<CriticalLimit>,
    /// Per clock, the share to be met, in millionths.
    pub objectives: BTreeMap<Text, u32>,
    /// Named parts of the day.
    pub shifts: BTreeMap<Text, (TimeOfDay, TimeOfDay)>,
    /// Within which span equal orders count as duplicates.
    pub duplicate_window: Span,
    /// A running clock that is due within this is at risk.
    pub at_risk_within: Span,
}

/// Limits of one test.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CriticalLimit {
    /// LOINC code, or what the catalogue of the ward calls the test.
    pub test: Text,
    /// Unit of both limits.
    pub unit: Unit,
    /// Critical below this.
    pub below: Option<Decimal>,
    /// Critical above this.
    pub above: Option<Decimal>,
}

impl Default for SiteSettings {
    fn default() -> Self {
        Self {
            critical: Vec::new(),
            objectives: BTreeMap::new(),
            shifts: BTreeMap::new(),
            duplicate_window: Span::from_minutes(24 * 60),
            at_risk_within: Span::from_minutes(60),
        }
    }
}

impl SiteSettings {
    /// Whether `item` passes a limit of its test.
    ///
    /// - **Input** `own`: the unit that the catalogue declares for the item's test, meant where the item names none;
    ///   `is_test`: whether a limit's test is the one of the item.
    /// - **Output**: unknown if a limit exists and cannot be compared with the value, as for a unit of another dimension
    ///   or a value off the scale that may lie on either side [CRT-2].
    #[must_use]
    pub fn passes_limit(&self, item: &ResultItem, own: Option<Unit>, is_test: impl Fn(&str) -> bool) -> Tri {
        let ResultValue::Number(sign, number) = &item.value else { return Tri::False };
        let unit = if item.unit.is_empty() { own.or(Some(Unit::ONE)) } else { Unit::parse(&item.unit) };
        let amount = unit.and_then(|unit| unit.quantity(*number));
        let limits = self.critical.iter().filter(|limit| is_test(&limit.test));
        limits.fold(Tri::False, |so_far, limit| so_far.or(limit.is_passed(*sign, amount)))
    }
}

impl CriticalLimit {
    fn is_passed(&self, sign: Option<Comparator>, amount: Option<Quantity>) -> Tri {
        let Some(amount) = amount else { return Tri::Unknown };
        let side = |limit: Option<Decimal>, side| match limit {
            None => Tri::False,
            Some(limit) => self
                .unit
                .quantity(limit)
                .map_or(Tri::Unknown, |limit| beyond(sign, Operand::Quantity(amount), Operand::Quantity(limit), side)),
        };
        side(self.below, Comparator::Below).or(side(self.above, Comparator::Above))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{event::Code, words::ResultStatus};

    fn result(value: ResultValue, unit: &str) -> ResultItem {
        ResultItem {
            code: Code { code: Text::from("2823-3"), ..Code::default() },
            sub: Text::default(),
            value,
            unit: Text::from(unit),
            ref_low: None,
            ref_high: None,
            abnormal: Vec::new(),
            status: ResultStatus::Final,
            observed_at: None,
            critical: None,
        }
    }

    fn potassium(sign: Option<Comparator>, number: &str, unit: &str) -> ResultItem {
        result(ResultValue::Number(sign, Decimal::parse(number).unwrap()), unit)
    }

    fn verdict(sign: Option<Comparator>, number: &str, unit: &str) -> Tri {
        let limit = CriticalLimit {
            test: Text::from("2823-3"),
            unit: Unit::parse("mmol/L").unwrap(),
            below: Decimal::parse("2.5"),
            above: Decimal::parse("6.5"),
        };
        let settings = SiteSettings { critical: vec![limit], ..SiteSettings::default() };
        settings.passes_limit(&potassium(sign, number, unit), None, |test| test == "2823-3")
    }

    #[test]
    fn a_limit_is_passed_beyond_it_and_not_at_it() {
        // [CRT-1]
        let plain = |number| verdict(None, number, "mmol/L");
        assert_eq!(
            ["2.4", "2.5", "4.0", "6.50", "6.51"].map(plain),
            [Tri::True, Tri::False, Tri::False, Tri::False, Tri::True]
        );
        assert_eq!(verdict(None, "6900", "umol/L"), Tri::True, "units of one dimension convert");
    }

    #[test]
    fn what_cannot_be_compared_is_unknown() {
        // [CRT-2]
        assert_eq!(verdict(None, "27", "mg/dL"), Tri::Unknown);
        assert_eq!(verdict(None, "7", "furlong"), Tri::Unknown);
        assert_eq!(verdict(None, "7", ""), Tri::Unknown, "no unit, and no catalogue that says which is meant");
    }

    #[test]
    fn a_value_off_the_scale_is_critical_only_if_all_its_points_are() {
        // [CRT-1]: `>` and `<` are not critical by themselves.
        assert_eq!(verdict(Some(Comparator::Above), "6.5", "mmol/L"), Tri::True);
        assert_eq!(verdict(Some(Comparator::AtLeast), "6.5", "mmol/L"), Tri::Unknown);
        assert_eq!(verdict(Some(Comparator::Above), "5", "mmol/L"), Tri::Unknown);
        assert_eq!(verdict(Some(Comparator::Below), "2", "mmol/L"), Tri::True);
    }

    #[test]
    fn other_tests_and_other_values_have_no_limit() {
        let settings = SiteSettings::default();
        assert_eq!(settings.passes_limit(&potassium(None, "9.9", "mmol/L"), None, |_| true), Tri::False);
        let word = result(ResultValue::Word(Text::from("POSITIVE")), "");
        assert_eq!(settings.passes_limit(&word, None, |_| true), Tri::False);
    }
}
