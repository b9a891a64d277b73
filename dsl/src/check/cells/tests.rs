//! Tests of the cells: are cases found where there are some, and only there?

use wardline_rules::decimal::Decimal;
use wardline_rules::words::{KindSet, Priority, WardKind};

use super::*;

fn number(text: &str) -> Operand {
    Operand::Number(Decimal::parse(text).unwrap())
}

fn value(bounds: Bounds) -> Condition {
    Condition::Atom(Atom { field: Field::Value, comparison: Comparison::Range(true, bounds) })
}

fn priority(is: bool, priority: Priority) -> Condition {
    Condition::Atom(Atom { field: Field::Priority, comparison: Comparison::Priorities(is, vec![priority]) })
}

fn together(conditions: &[Condition]) -> Answer {
    possible(&conditions.iter().map(Demand::yes).collect::<Vec<_>>())
}

#[test]
fn bounds_meet_only_where_both_include_them() {
    // [CHK-2]
    assert_eq!(together(&[value(Bounds::Below(number("2.5"))), value(Bounds::Above(number("6.5")))]), Answer::No);
    assert_eq!(together(&[value(Bounds::AtMost(number("5"))), value(Bounds::AtLeast(number("5")))]), Answer::Yes);
    assert_eq!(together(&[value(Bounds::Below(number("5"))), value(Bounds::AtLeast(number("5.0")))]), Answer::No);
    assert_eq!(
        together(&[value(Bounds::Outside(number("2"), number("6"))), value(Bounds::Between(number("2"), number("6")))]),
        Answer::No
    );
}

#[test]
fn names_exclude_each_other_and_their_negations_do_not() {
    // [CHK-2]
    assert_eq!(together(&[priority(true, Priority::Stat), priority(true, Priority::Routine)]), Answer::No);
    assert_eq!(together(&[priority(false, Priority::Stat), priority(false, Priority::Routine)]), Answer::Yes);
    let either = Condition::Any(vec![priority(true, Priority::Stat), priority(false, Priority::Stat)]);
    assert_eq!(possible(&[Demand::no(&either)]), Answer::No, "always true");
}

#[test]
fn kinds_are_one_at_a_time() {
    let kinds = |kinds| Condition::Atom(Atom { field: Field::Kind, comparison: Comparison::Kinds(true, kinds) });
    assert_eq!(together(&[kinds(KindSet::LAB), kinds(KindSet::of(WardKind::Microbiology))]), Answer::Yes);
    assert_eq!(together(&[kinds(KindSet::LAB), kinds(KindSet::IMAGING)]), Answer::No);
}

#[test]
fn too_many_cells_are_not_looked_at() {
    // [CHK-2]
    let wide = |field, n: u32| {
        let names = (0..n).map(|n| format!("v{n}").as_str().into()).collect();
        Condition::Atom(Atom { field, comparison: Comparison::Names(true, names) })
    };
    let fields = [Field::Finding, Field::SpecimenClass, Field::SpecimenSite, Field::Department];
    let conditions: Vec<Condition> = fields.into_iter().map(|field| wide(field, 40)).collect();
    assert_eq!(together(&conditions), Answer::TooMany);
}
