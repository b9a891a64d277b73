//! Settings: does what the installation says beside its ward decide, from then on, and after every restart?

use wardline_core::wire::{decode_batch, encode_inputs};
use wardline_rules::{
    Text,
    decimal::Decimal,
    quality::Fault,
    settings::{CriticalLimit, SiteSettings},
    time::TimeOfDay,
    unit::Unit,
    words::Step,
};

use crate::{
    driver::{Run, activate, compile, settle},
    said::{DR_BELL, Said, at},
    ward::{self, minutes},
};

fn limit(test: &str, below: Option<&str>, above: Option<&str>) -> CriticalLimit {
    let number = |text: Option<&str>| text.and_then(Decimal::parse);
    let unit = Unit::parse("mmol/L").unwrap();
    CriticalLimit { test: Text::from(test), unit, below: number(below), above: number(above) }
}

fn site() -> SiteSettings {
    SiteSettings { critical: vec![limit("2823-3", Some("2.5"), Some("6.0"))], ..SiteSettings::default() }
}

/// A potassium whose sender says that it is not critical.
fn harmless(clock: &str, number: &str) -> Said {
    let mut said = Said::step(Step::Final, clock).ordered_by(DR_BELL).potassium(number);
    said.0.results[0].critical = Some(false);
    said
}

fn raised(run: &Run) -> usize {
    run.story("08:00").iter().filter(|line| line.contains("alert Critical") && line.contains("raised")).count()
}

#[test]
fn a_result_beyond_the_limit_is_critical_whatever_its_sender_says() {
    // [CRT-1]
    let mut run = Run::hospital();
    run.hear("08:10", harmless("08:10", "6.2").of("R0"));
    assert_eq!(raised(&run), 0, "{:?}", run.story("08:00"));
    run.inputs("08:30", vec![settle(site())]);
    run.hear("09:00", harmless("09:00", "6.0"));
    assert_eq!(raised(&run), 0, "at the limit is not beyond it");
    run.hear("09:10", harmless("09:10", "6.2").of("R2"));
    assert_eq!(raised(&run), 1, "{:?}", run.story("08:00"));
    run.hear("09:20", harmless("09:20", "2.1").of("R3"));
    assert_eq!(raised(&run), 2, "{:?}", run.story("08:00"));
}

#[test]
fn a_local_code_has_the_limit_of_the_test_that_the_ward_declares_for_it() {
    // [CRT-1]
    let mut run = Run::hospital();
    let critical = vec![limit("potassium", None, Some("6.0"))];
    run.inputs("08:30", vec![settle(SiteSettings { critical, ..SiteSettings::default() })]);
    run.hear("09:10", harmless("09:10", "6.2"));
    assert_eq!(raised(&run), 1, "{:?}", run.story("08:00"));
}

#[test]
fn a_value_without_a_unit_is_in_that_of_its_test() {
    // [CRT-1]: the ward declares potassium in mmol/L.
    let mut run = Run::hospital();
    run.inputs("08:30", vec![settle(site())]);
    let mut said = harmless("09:10", "6.2");
    said.0.results[0].unit = Text::default();
    run.hear("09:10", said);
    assert_eq!(raised(&run), 1, "{:?}", run.story("08:00"));
}

#[test]
fn a_unit_that_no_limit_can_be_held_against_is_said() {
    // [CRT-2]
    let mut run = Run::hospital();
    run.inputs("08:30", vec![settle(site())]);
    let mut said = harmless("09:10", "27");
    said.0.results[0].unit = Text::from("mg/dL");
    run.hear("09:10", said);
    let faults: Vec<Fault> = run.told.iter().flat_map(|told| &told.quality).map(|row| row.fault).collect();
    assert_eq!((raised(&run), faults), (0, vec![Fault::UnitUnknown]));
}

#[test]
fn settings_survive_a_restart_and_an_activation_that_says_nothing_of_them() {
    // [CRT-1], guarantees G8
    let mut run = Run::hospital();
    run.inputs("08:30", vec![settle(site())]);
    run.inputs("08:40", vec![activate(ward::second_edition(), "second")]);
    run.inputs("08:50", vec![activate(ward::hospital(), "hospital")]);
    run.restart();
    assert_eq!(run.partition.site(), &site());
    run.hear("09:10", harmless("09:10", "6.2"));
    assert_eq!(raised(&run), 1, "{:?}", run.story("08:00"));
}

#[test]
fn settings_come_back_from_the_log_as_they_went_in() {
    let day = (TimeOfDay::from_minutes(420).unwrap(), TimeOfDay::from_minutes(1_140).unwrap());
    let whole = SiteSettings {
        critical: vec![limit("2823-3", Some("2.5"), Some("6.5")), limit("2951-2", None, Some("160"))],
        objectives: [(Text::from("STAT lab"), 900_000)].into(),
        shifts: [(Text::from("day"), day)].into(),
        duplicate_window: minutes(720),
        at_risk_within: minutes(45),
    };
    let mut payload = Vec::new();
    encode_inputs(&[settle(whole.clone())], &mut payload);
    let batch = decode_batch(at("09:00"), &payload, &mut |text| compile(text)).unwrap();
    let mut run = Run::empty();
    run.batch(at("09:00"), batch.inputs);
    assert_eq!(run.partition.site(), &whole);
    for end in 0..payload.len() {
        assert!(decode_batch(at("09:00"), &payload[..end], &mut |text| compile(text)).is_err(), "cut at {end}");
    }
}
