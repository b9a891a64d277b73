//! Kleene's tables, off-scale values and `missing` clauses, one at a time.

use super::*;
use crate::{decimal::Decimal, unit::Unit};

/// Facts of a potassium, some of them absent.
#[derive(Default)]
struct Potassium {
    value: Option<(Option<Comparator>, &'static str)>,
    priority: Option<Priority>,
    location: Option<&'static str>,
    /// What the script `allowed` gives, and how often it was asked.
    gives: Option<Value>,
    asked: core::cell::Cell<u32>,
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
    fn said(&self, field: Field) -> Option<Said> {
        if field == Field::Value {
            return self.amount(field).map(|(sign, amount)| Said::Amount(sign, amount));
        }
        self.location.map(|location| Said::Word(location.into()))
    }
    fn call(&self, _: &Call, _: &[Value]) -> Option<Value> {
        self.asked.set(self.asked.get() + 1);
        self.gives.clone()
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

/// Whether `allowed(location)` says yes.
fn allowed() -> Condition {
    use crate::program::{FunctionId, ParamKind};
    let arguments = vec![Argument::Field(Field::Location, ParamKind::Place, None)];
    Condition::Call(Call { function: FunctionId(0), name: "allowed".into(), arguments, gives: Gives::Truth(true) })
}

#[test]
fn a_script_is_asked_last_and_only_if_it_matters() {
    let facts = Potassium {
        value: Some((None, "4.0")),
        location: Some("ICU"),
        gives: Some(Value::Truth(true)),
        ..Potassium::default()
    };
    let both = Condition::All(vec![allowed(), critical()]);
    assert!(!matches(&both, &Condition::never(), &[], &facts).holds);
    assert_eq!(facts.asked.get(), 0, "4.0 is not critical, whatever the script says");
    let either = Condition::Any(vec![allowed(), critical()]);
    assert!(matches(&either, &Condition::never(), &[], &facts).holds);
    assert_eq!(facts.asked.get(), 1);
    assert!(!matches(&critical(), &allowed(), &[], &facts).holds);
    assert_eq!(facts.asked.get(), 1, "an exception does not matter where nothing matches");
}

#[test]
fn a_fault_and_an_absent_argument_are_decided_by_missing() {
    // [COND-6] [RHAI-5]
    let clause = |what, then| Missing { what, then };
    let function = || Missed::Function("allowed".into());
    let faulty = Potassium { location: Some("ICU"), ..Potassium::default() };
    let found = matches(&allowed(), &Condition::never(), &[clause(function(), MissingThen::Match)], &faulty);
    assert!(found.holds);
    assert_eq!(found.scripts_used, ["allowed"], "the case is counted");
    let silent = matches(&allowed(), &Condition::never(), &[clause(function(), MissingThen::DoNotMatch)], &faulty);
    assert!(!silent.holds);
    let strict = matches_strictly(&allowed(), &Condition::never(), &[], &faulty);
    assert!(!strict.holds);
    let nowhere = Potassium { gives: Some(Value::Truth(true)), ..Potassium::default() };
    let missing =
        [clause(Missed::Field(Field::Location), MissingThen::Match), clause(function(), MissingThen::DoNotMatch)];
    let found = matches(&allowed(), &Condition::never(), &missing, &nowhere);
    assert!(found.holds && found.missing_used.has(Field::Location));
    assert_eq!(nowhere.asked.get(), 0, "without its argument it is not asked");
}
