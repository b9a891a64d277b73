//! Kleene's tables, off-scale values and `missing` clauses, one at a time.

use super::*;
use crate::{decimal::Decimal, unit::Unit};

/// Facts of a potassium, some of them absent.
#[derive(Default)]
struct Potassium {
    value: Option<(Option<Comparator>, &'static str)>,
    priority: Option<Priority>,
    location: Option<&'static str>,
}

impl Facts for Potassium {
    fn kind(&self) -> Option<WardKind> {
        Some(WardKind::GeneralLab)
    }
    fn priority(&self) -> Option<Priority> {
        self.priority
    }
    fn state(&self) -> Option<State> {
        Some(State::Final)
    }
    fn flag(&self, _: &FlagWord) -> Option<bool> {
        Some(false)
    }
    fn has_flags(&self, _: Field) -> Option<bool> {
        Some(false)
    }
    fn feed(&self, _: FeedId) -> Option<bool> {
        Some(false)
    }
    fn test(&self, test: TestId) -> Option<bool> {
        Some(test == TestId(0))
    }
    fn class(&self) -> Option<PatientClass> {
        None
    }
    fn name(&self, _: Field, name: &Text) -> Option<bool> {
        self.location.map(|location| location == name)
    }
    fn amount(&self, _: Field) -> Option<(Option<Comparator>, Operand)> {
        self.value.map(|(sign, value)| (sign, mmol(value)))
    }
    fn is_known(&self, field: Field) -> Option<bool> {
        Some(if field == Field::Value { self.value.is_some() } else { self.location.is_some() })
    }
}

fn mmol(value: &str) -> Operand {
    let unit = Unit::parse("mmol/L").unwrap();
    Operand::Quantity(unit.quantity(Decimal::parse(value).unwrap()).unwrap())
}

fn atom(field: Field, comparison: Comparison) -> Condition {
    Condition::Atom(Atom { field, comparison })
}

fn critical() -> Condition {
    atom(Field::Value, Comparison::Range(true, Bounds::Outside(mmol("2.5"), mmol("6.5"))))
}

fn in_icu() -> Condition {
    atom(Field::Location, Comparison::Names(true, vec![Text::from("ICU")]))
}

#[test]
fn bounds_are_left_out_and_taken_in_as_their_words_say() {
    // [LEX-3]
    let value = |value| Potassium { value: Some((None, value)), ..Potassium::default() };
    assert_eq!(holds(&critical(), &value("6.5")), Tri::False);
    assert_eq!(holds(&critical(), &value("6.50001")), Tri::True);
    assert_eq!(holds(&critical(), &value("2.49")), Tri::True);
    let between = atom(Field::Value, Comparison::Range(true, Bounds::Between(mmol("2.5"), mmol("6.5"))));
    assert_eq!(holds(&between, &value("6.5")), Tri::True);
    assert_eq!(holds(&between, &value("2.4")), Tri::False);
}

#[test]
fn an_off_scale_value_is_sure_only_when_all_its_points_agree() {
    // [COND-2]
    let above = |sign, value| Potassium { value: Some((Some(sign), value)), ..Potassium::default() };
    let over = atom(Field::Value, Comparison::Range(true, Bounds::Above(mmol("6.5"))));
    assert_eq!(holds(&over, &above(Comparator::Above, "10")), Tri::True);
    assert_eq!(holds(&over, &above(Comparator::Above, "6.5")), Tri::True);
    assert_eq!(holds(&over, &above(Comparator::AtLeast, "6.5")), Tri::Unknown);
    assert_eq!(holds(&over, &above(Comparator::Above, "5")), Tri::Unknown);
    assert_eq!(holds(&over, &above(Comparator::Below, "5")), Tri::False);
    assert_eq!(holds(&over, &above(Comparator::Below, "10")), Tri::Unknown);
}

#[test]
fn absent_fields_are_unknown_unless_asked_for() {
    // [COND-1]
    let nothing = Potassium::default();
    assert_eq!(holds(&in_icu(), &nothing), Tri::Unknown);
    assert_eq!(holds(&atom(Field::Location, Comparison::Missing), &nothing), Tri::True);
    assert_eq!(holds(&Condition::All(vec![in_icu(), Condition::never()]), &nothing), Tri::False);
    assert_eq!(holds(&Condition::Any(vec![in_icu(), Condition::always()]), &nothing), Tri::True);
}

#[test]
fn a_match_wins_over_a_do_not_match() {
    // [COND-3]
    let both = Condition::All(vec![in_icu(), critical()]);
    let clause = |field, then| Missing { what: Missed::Field(field), then };
    let missing = [clause(Field::Location, MissingThen::Match), clause(Field::Value, MissingThen::DoNotMatch)];
    let found = matches(&both, &Condition::never(), &missing, &Potassium::default());
    assert!(found.holds);
    assert_eq!(found.missing_used.iter().collect::<Vec<_>>(), [Field::Value, Field::Location]);
    let found =
        matches(&both, &Condition::never(), &missing, &Potassium { location: Some("ICU"), ..Potassium::default() });
    assert!(!found.holds, "only the value is missing now");
}

#[test]
fn use_puts_a_value_in_place_of_the_absent_field() {
    // [COND-4]
    let missing = [Missing {
        what: Missed::Field(Field::Location),
        then: MissingThen::Use(Comparison::Names(true, vec![Text::from("ICU")])),
    }];
    assert!(matches(&in_icu(), &Condition::never(), &missing, &Potassium::default()).holds);
    assert!(!matches(&Condition::always(), &in_icu(), &missing, &Potassium::default()).holds);
}
