//! Routes: are the rules that ask for a word found by it, and all others as before?

use wardline_rules::{
    Text,
    event::Given,
    program::{Alert, Atom, Comparison, Condition, Field, Missed, Missing, MissingThen},
    words::Step,
};

use crate::{
    driver::Run,
    said::Said,
    ward::{critical_alert, head, is_critical, program},
};

const CLINICS: usize = 50;

fn asks(field: Field, name: &str) -> Condition {
    Condition::Atom(Atom { field, comparison: Comparison::Names(true, vec![Text::from(name)]) })
}

/// A critical result of one clinic, or of one that nobody named.
fn of_clinic(number: usize) -> Alert {
    let condition = Condition::All(vec![is_critical(), asks(Field::Department, &format!("Clinic {number}"))]);
    let missing = vec![Missing { what: Missed::Field(Field::Department), then: MissingThen::Match }];
    Alert { head: head(&format!("alert/Clinic {number}")), condition, missing, ..critical_alert() }
}

/// A critical result at a place of the catalogue.
fn at_place(name: &str) -> Alert {
    let condition = Condition::All(vec![asks(Field::Location, name), is_critical()]);
    Alert { head: head(&format!("alert/{name}")), condition, ..critical_alert() }
}

/// The rules that a critical result raises.
fn raised(filler: &str, department: Option<&str>, location: Option<&str>) -> Vec<String> {
    let rules = (0..CLINICS).map(of_clinic).chain([at_place("ICU")]).collect();
    let mut run = Run::of(program(1, Vec::new(), rules));
    // Whatever was heard before, by another way of saying it.
    for known in ["Clinic 7", "Clinic 8"] {
        let mut said = Said::step(Step::Final, "08:00").of(known).potassium("7.1");
        said.0.department = Some(Text::from(known));
        run.hear("08:00", said);
    }
    let mut said = Said::step(Step::Final, "09:00").of(filler).potassium("7.1");
    said.0.department = department.map(Text::from);
    said.0.location = location.map_or(Given::Absent, |place| Given::Value(Text::from(place)));
    run.hear("09:00", said);
    let lines = run.story("09:00").into_iter().filter(|line| line.ends_with("raised"));
    lines.filter_map(|line| Some(line.split(" alert ").nth(1)?.split('#').next()?.to_owned())).collect()
}

#[test]
fn a_rule_is_found_by_the_word_it_asks_for_however_its_sender_spells_it() {
    // [COND-7] Declared values compare without regard to case and with `_` for blanks, a place is one of the catalogue.
    assert_eq!(raised("R1", Some("Clinic 7"), None), ["Clinic 7"]);
    assert_eq!(raised("R2", Some("CLINIC_7"), None), ["Clinic 7"]);
    assert_eq!(raised("R3", Some("Clinic 77"), None), Vec::<String>::new());
    assert_eq!(raised("R4", Some("Clinic 77"), Some("ICU")), ["ICU"]);
    assert_eq!(raised("R5", Some("Clinic 9"), Some("ICU")), ["Clinic 9", "ICU"]);
    assert_eq!(raised("R6", Some("Clinic 9"), Some("icu")), ["Clinic 9"]);
}

#[test]
fn where_the_word_is_not_known_every_rule_that_asks_for_one_is_asked() {
    // [COND-3] `missing department: match` speaks for each of them; of the place nothing was said of a missing one.
    assert_eq!(raised("R1", None, None).len(), CLINICS);
    assert_eq!(raised("R2", None, Some("ICU")).len(), CLINICS + 1);
}
