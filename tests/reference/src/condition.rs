//! Condition: does what a rule asks for hold at an instant, and what if a field is absent?
//!
//! Three values, Kleene's tables; what stays unknown is decided by the `missing` clauses of the absent fields.
//!
//! - **Source**: language page [COND-1] to [COND-4], [CAT-7], [CRT-1] of the domain page.

use std::collections::BTreeSet;

use wardline_rules::{
    Text,
    decimal::Decimal,
    event::{ResultItem, ResultValue},
    time::{Span, Timestamp},
    unit::{Quantity, Unit},
    words::{Abnormal, Comparator, Flag, Priority},
};

use crate::{
    causes,
    history::History,
    past::{self, Amount},
    rule::{Bounds, Condition, Field, Missing, Policy, Range, Relation, Ward},
};

/// What a condition can see: words of each field, and the value of a result.
#[derive(Debug)]
pub(crate) struct View<'a> {
    words: [BTreeSet<Text>; 6],
    item: Option<&'a ResultItem>,
    unit: Option<Unit>,
    /// What was found before.
    previous: Option<Amount>,
    since_same_test: Option<Span>,
}

impl<'a> View<'a> {
    /// A report, or one result of it, at an instant.
    pub(crate) fn new(ward: &Ward, history: &History<'a>, at: Timestamp, item: Option<&'a ResultItem>) -> Self {
        let word = |word: Option<Text>| word.into_iter().collect::<BTreeSet<Text>>();
        let looks_back = ward.looks_back();
        let priority = history.said(at, |event| event.priority).unwrap_or(Priority::Unknown);
        let test = item.and_then(|item| ward.test(&item.code.code));
        let mut flags = history.flags(at);
        let results = match item {
            Some(item) => vec![item],
            None => causes::newest_results(history, at),
        };
        results.into_iter().for_each(|item| flags.extend(result_flags(ward, item)));
        Self {
            words: [
                word(Some(Text::const_new(priority.word()))),
                word(history.said(at, |event| event.site.clone().into())),
                word(history.said(at, |event| event.location.clone())),
                item.map_or_else(|| history.tests(ward), |_| word(test.map(|test| test.word.clone()))),
                word(history.said(at, |event| event.class).map(|class| Text::const_new(class.word()))),
                flags,
            ],
            item,
            unit: test.and_then(|test| test.unit),
            previous: item.filter(|_| looks_back).and_then(|item| past::previous_value(ward, history, at, item)),
            since_same_test: looks_back.then(|| past::since_same_test(ward, history)).flatten(),
        }
    }

    /// Whether `condition` holds and `unless` does not, with `missing` deciding what is unknown.
    pub(crate) fn matches(
        mut self,
        condition: Option<&Condition>,
        unless: Option<&Condition>,
        missing: &[Missing],
    ) -> bool {
        for clause in missing {
            let Policy::Use(word) = &clause.policy else { continue };
            if let Some(words) = self.words.get_mut(index(clause.field)).filter(|words| words.is_empty()) {
                words.insert(word.clone());
            }
        }
        let mut absent = BTreeSet::new();
        let holds = condition.map_or(Some(true), |condition| self.chain(condition, &mut absent));
        let except = unless.map_or(Some(false), |condition| self.chain(condition, &mut absent));
        match (holds, except.map(|except| !except)) {
            (Some(false), _) | (_, Some(false)) => false,
            (Some(true), Some(true)) => true,
            (None, _) | (_, None) => {
                missing.iter().any(|clause| clause.policy == Policy::Match && absent.contains(&clause.field))
            }
        }
    }

    fn chain(&self, condition: &Condition, absent: &mut BTreeSet<Field>) -> Option<bool> {
        let atoms: Vec<_> =
            condition.atoms.iter().map(|(field, relation)| (field, self.atom(*field, relation))).collect();
        // One atom of this value decides a chain, whatever the others are.
        let decisive = Some(condition.is_any);
        if atoms.iter().any(|(_, holds)| *holds == decisive) {
            return decisive;
        }
        let unknown: Vec<_> = atoms.iter().filter(|(_, holds)| holds.is_none()).map(|(field, _)| **field).collect();
        if unknown.is_empty() {
            return Some(!condition.is_any);
        }
        absent.extend(unknown);
        None
    }

    fn atom(&self, field: Field, relation: &Relation) -> Option<bool> {
        let none = BTreeSet::new();
        let words = self.words.get(index(field)).unwrap_or(&none);
        let is_absent = match field {
            Field::Value | Field::PreviousValue | Field::Change => self.amount(field).is_none(),
            Field::SinceSameTest => self.since_same_test.is_none(),
            Field::Flag => false,
            Field::Priority | Field::Site | Field::Location | Field::Test | Field::Class => words.is_empty(),
        };
        let known = |holds: bool| (!is_absent).then_some(holds);
        match relation {
            Relation::Missing => Some(is_absent),
            Relation::Present => Some(!is_absent),
            Relation::Is(word) => known(words.contains(word)),
            Relation::IsNot(word) => known(!words.contains(word)),
            Relation::OneOf(choice) => known(choice.iter().any(|word| words.contains(word))),
            Relation::Within(range) => within(self.amount(field)?, range),
            Relation::Below(span) => self.since_same_test.map(|since| since < *span),
            Relation::Above(span) => self.since_same_test.map(|since| since > *span),
        }
    }

    fn amount(&self, field: Field) -> Option<Amount> {
        let own = || self.item.and_then(|item| number(item, self.unit));
        match field {
            Field::Value => own(),
            Field::PreviousValue => self.previous,
            Field::Change => past::difference(own()?, self.previous?),
            Field::Priority
            | Field::Site
            | Field::Location
            | Field::Test
            | Field::Class
            | Field::Flag
            | Field::SinceSameTest => None,
        }
    }
}

/// The value as a quantity; absent without a number or in a unit foreign to the test, whose unit is `own`.
pub(crate) fn number(item: &ResultItem, own: Option<Unit>) -> Option<Amount> {
    let ResultValue::Number(sign, number) = item.value else { return None };
    let unit = if item.unit.is_empty() { own? } else { Unit::parse(&item.unit)? };
    let is_foreign = own.is_some_and(|own| own.dimension() != unit.dimension());
    if is_foreign { None } else { Some((sign, unit.quantity(number)?)) }
}

const fn index(field: Field) -> usize {
    match field {
        Field::Priority => 0,
        Field::Site => 1,
        Field::Location => 2,
        Field::Test => 3,
        Field::Class => 4,
        Field::Flag => 5,
        Field::Value | Field::PreviousValue | Field::Change | Field::SinceSameTest => 6,
    }
}

/// Whether all points of a value lie in a range, or none; unknown if only some do [COND-2].
fn within((sign, value): (Option<Comparator>, Quantity), range: &Range) -> Option<bool> {
    let bound = |number: Decimal| {
        let quantity = range.unit.quantity(number)?;
        (quantity.dimension == value.dimension).then_some(quantity.value)
    };
    let below = |a: Decimal| Some(is_below(sign, value.value, bound(a)?));
    let above = |a: Decimal| Some(is_above(sign, value.value, bound(a)?));
    match range.bounds {
        Bounds::Below(a) => below(a)?,
        Bounds::Above(a) => above(a)?,
        Bounds::AtLeast(a) => below(a)?.map(|below| !below),
        Bounds::AtMost(a) => above(a)?.map(|above| !above),
        Bounds::Between(a, b) => either(below(a)?, above(b)?).map(|outside| !outside),
        Bounds::Outside(a, b) => either(below(a)?, above(b)?),
    }
}

/// Whether all points that a sign and a number allow are less than `a`, or none.
fn is_below(sign: Option<Comparator>, number: Decimal, a: Decimal) -> Option<bool> {
    match sign {
        None => Some(number < a),
        Some(Comparator::Below) => (number <= a).then_some(true),
        Some(Comparator::AtMost) => (number < a).then_some(true),
        Some(Comparator::Above | Comparator::AtLeast) => (number >= a).then_some(false),
    }
}

/// Whether all points that a sign and a number allow are greater than `a`, or none.
fn is_above(sign: Option<Comparator>, number: Decimal, a: Decimal) -> Option<bool> {
    match sign {
        None => Some(number > a),
        Some(Comparator::Above) => (number >= a).then_some(true),
        Some(Comparator::AtLeast) => (number > a).then_some(true),
        Some(Comparator::Below | Comparator::AtMost) => (number <= a).then_some(false),
    }
}

/// Kleene's or.
fn either(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    if a == Some(true) || b == Some(true) { Some(true) } else { a.zip(b).map(|_| false) }
}

/// A result's own flags, as ward words.
fn result_flags(ward: &Ward, item: &ResultItem) -> Vec<Text> {
    const WORDS: [(Abnormal, &str); 5] = [
        (Abnormal::Low, "low"),
        (Abnormal::High, "high"),
        (Abnormal::CriticalLow, "critical low"),
        (Abnormal::CriticalHigh, "critical high"),
        (Abnormal::CriticalAbnormal, "critical abnormal"),
    ];
    let said = WORDS.iter().filter(|(code, _)| item.abnormal.contains(code));
    let mut flags: Vec<_> = said.map(|(_, word)| Text::const_new(word)).collect();
    if item.abnormal.iter().any(|code| code.is_abnormal()) {
        flags.push(Text::const_new(Flag::Abnormal.word()));
    }
    if is_critical(ward, item) {
        flags.push(Text::const_new(Flag::Critical.word()));
    }
    flags
}

/// Whether the producer says so, or a code does, or a limit of the installation is passed [CRT-1]; a retracted result says
/// nothing, so no limit is passed by it.
pub(crate) fn is_critical(ward: &Ward, item: &ResultItem) -> bool {
    let own = ward.test(&item.code.code).and_then(|test| test.unit);
    let limits = ward.limits.iter().filter(|(test, _)| *test == item.code.code);
    let mut passed = limits.filter_map(|(_, range)| within(number(item, own)?, range));
    item.critical == Some(true)
        || item.abnormal.iter().any(|code| code.is_critical())
        || !causes::is_retracted(item) && passed.any(|is_passed| is_passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(value: (Option<Comparator>, &str), bounds: Bounds) -> Option<bool> {
        let unit = Unit::parse("mmol/L").unwrap();
        let quantity = unit.quantity(Decimal::parse(value.1).unwrap()).unwrap();
        within((value.0, quantity), &Range { bounds, unit })
    }

    fn dec(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn bounds_belong_to_a_range_or_not() {
        // [LEX-3]
        assert_eq!(holds((None, "6.5"), Bounds::Above(dec("6.5"))), Some(false));
        assert_eq!(holds((None, "6.50"), Bounds::AtLeast(dec("6.5"))), Some(true));
        assert_eq!(holds((None, "2.5"), Bounds::Below(dec("2.5"))), Some(false));
        assert_eq!(holds((None, "2.5"), Bounds::Between(dec("2.5"), dec("6.5"))), Some(true));
        assert_eq!(holds((None, "2.5"), Bounds::Outside(dec("2.5"), dec("6.5"))), Some(false));
        assert_eq!(holds((None, "2.4"), Bounds::Outside(dec("2.5"), dec("6.5"))), Some(true));
    }

    #[test]
    fn off_scale_values_compare_only_where_all_their_points_agree() {
        // [COND-2]
        let over = |number| (Some(Comparator::Above), number);
        assert_eq!(holds(over("10"), Bounds::Above(dec("6.5"))), Some(true));
        assert_eq!(holds(over("6.5"), Bounds::Above(dec("6.5"))), Some(true));
        assert_eq!(holds(over("6"), Bounds::Above(dec("6.5"))), None);
        assert_eq!(holds(over("6"), Bounds::Below(dec("6"))), Some(false));
        assert_eq!(holds((Some(Comparator::AtMost), "6.5"), Bounds::Above(dec("6.5"))), Some(false));
        assert_eq!(holds((Some(Comparator::AtLeast), "6.5"), Bounds::Above(dec("6.5"))), None);
        assert_eq!(holds((Some(Comparator::Below), "2"), Bounds::Outside(dec("2.5"), dec("6.5"))), Some(true));
        assert_eq!(holds((Some(Comparator::Below), "3"), Bounds::Outside(dec("2.5"), dec("6.5"))), None);
    }

    #[test]
    fn what_is_unknown_is_decided_by_the_absent_fields() {
        // [COND-1] [COND-3] [COND-4]
        let view = || View {
            words: core::array::from_fn(|_| BTreeSet::new()),
            item: None,
            unit: None,
            previous: None,
            since_same_test: None,
        };
        let is = |field, word: &str| (field, Relation::Is(Text::from(word)));
        let chain = |is_any, atoms: &[(Field, Relation)]| Condition { is_any, atoms: atoms.to_vec() };
        let icu = is(Field::Location, "ICU");
        let missing = |policy| [Missing { field: Field::Location, policy }];
        let matches = |condition: &Condition, policy| view().matches(Some(condition), None, &missing(policy));
        let alone = chain(false, &[is(Field::Location, "ICU")]);
        assert!(matches(&alone, Policy::Match));
        assert!(!matches(&alone, Policy::DoNotMatch));
        assert!(matches(&alone, Policy::Use(Text::from("ICU"))));
        let sensitive = is(Field::Flag, "sensitive");
        assert!(!matches(&chain(false, &[icu.clone(), sensitive.clone()]), Policy::Match), "false decides an and");
        assert!(matches(&chain(true, &[icu.clone(), sensitive]), Policy::Match), "nothing decides this or");
        assert!(matches(&chain(false, &[(Field::Location, Relation::Missing)]), Policy::DoNotMatch));
    }
}
