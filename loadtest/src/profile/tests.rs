//! Profile, tested: built-in ones are sound, own ones change what they say, and nonsense is named.

use super::*;
use crate::vocabulary::Kind;

#[test]
fn every_built_in_profile_is_sound() {
    for name in NAMES {
        let profile = Profile::load(name).unwrap();
        assert_eq!(profile.name, name);
        assert!((profile.shares.values().sum::<f64>() - 1.0).abs() < 1e-9, "{name}");
    }
}

#[test]
fn own_profile_changes_only_what_it_says() {
    let text =
        include_str!("../../profiles/clinic.toml").replace("sites = 10", "sites = 3") + "\n[life]\ncancelled = 0.5\n";
    let profile = Profile::parse("mine.toml", &text).unwrap();
    assert_eq!((profile.sites, profile.life.cancelled, profile.life.update), (3, 0.5, 0.30));
}

#[test]
fn wait_is_replaced_whole() {
    let text = include_str!("../../profiles/hospital.toml").to_owned()
        + "\n[setting.inpatient.laboratory]\ncollected = { span = [5, 9] }\n";
    assert!(Profile::parse("mine.toml", &text).is_ok());
}

#[test]
fn unknown_name_gets_the_nearest_and_unknown_key_is_refused() {
    let error = Profile::load("hopsital").unwrap_err();
    assert_eq!((error.code(), error.help().as_str()), ("WL1801", "Did you mean `--profile hospital`?"));
    let error = Profile::parse("mine.toml", "beds = 600").unwrap_err();
    assert!(error.to_string().contains("beds"), "{error}");
    assert_eq!(Profile::load("no/such.toml").unwrap_err().code(), "WL1802");
}

#[test]
fn senseless_figures_are_named() {
    for (from, to, figure) in [
        ("sites = 1\n", "sites = 0\n", "sites"),
        ("reports_per_year = 900_000", "reports_per_year = -1", "reports_per_year"),
        ("shares = { inpatient = 0.40", "shares = { inpatient = 0.90", "shares"),
        ("\"STANNE\"", "\"ST \\\"ANNE\"", "site_prefix"),
        ("[\"ehr\", ", "[\"EHR\", ", "feed_roles"),
    ] {
        let text = include_str!("../../profiles/hospital.toml").replace(from, to);
        let error = Profile::parse("mine.toml", &text).unwrap_err();
        assert!(error.to_string().contains(&format!("`{figure}`")), "{figure}: {error}");
        assert_eq!(error.code(), "WL1803");
    }
}

#[test]
fn printed_profile_can_be_read_again() {
    let text = Profile::text("national").unwrap();
    assert_eq!(Profile::parse("mine.toml", &text).unwrap().sites, 1_200);
    assert!(text.contains("# [life.micro]"));
}

#[test]
fn kinds_of_a_setting_are_those_of_the_table() {
    let hospital = Profile::load("hospital").unwrap();
    assert_eq!(hospital.setting[&Setting::Ed].kinds[&Kind::Imaging], 0.14);
    assert_eq!(hospital.setting[&Setting::Ed].kinds.get(&Kind::Pathology), None);
}
