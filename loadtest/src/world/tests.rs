//! World, tested: feeds, sizes, clocks.

use super::*;

fn world(profile: &str, faults: &str) -> World {
    World::new(Profile::load(profile).unwrap(), Some(faults), 1, Flat::default()).unwrap()
}

#[test]
fn hospital_has_eight_feeds_one_per_role() {
    let world = world("hospital", "clean");
    assert_eq!(world.feed_names.len(), 8);
    assert_eq!(world.feed_names[world.feed(0, FeedRole::Department(Kind::Imaging))], "stanne-ris");
    assert_eq!(world.feed_names[world.feed(0, FeedRole::Calls)], "stanne-calls");
}

#[test]
fn few_feeds_are_shared_and_keep_their_role() {
    let clinic = world("clinic", "clean");
    assert!(
        (0..10)
            .all(|site| clinic.feed_names[clinic.feed(site, FeedRole::Department(Kind::Pulmonary))] == "practice-ris")
    );
    let national = world("national", "clean");
    assert_eq!(national.feed(0, FeedRole::Record), national.feed(150, FeedRole::Record));
    assert!(national.feed_names[national.feed(1199, FeedRole::Portal)].starts_with("nat-portal-"));
}

/// [GEN-3]
#[test]
fn laboratory_requisitions_make_groups_larger_than_one() {
    let world = world("hospital", "clean");
    // .55 + .44 + .36 + .24 + .05 × 6.97 = 1.94 reports in a laboratory requisition; .83 of inpatient reports come that way.
    let inpatient = world.settings[&Setting::Inpatient].reports_per_group;
    assert!((inpatient - 1.0 / (0.83 / 1.9386 + 0.17)).abs() < 0.002, "{inpatient}");
}

#[test]
fn clocks_are_right_in_a_clean_world_and_wrong_in_a_rough_one() {
    assert!(world("health-system", "clean").feed_clocks.iter().all(|clock| *clock == 0));
    let rough = world("health-system", "rough").feed_clocks;
    let wild = rough.iter().filter(|clock| clock.abs() > 60_000_000).count();
    assert!((3..30).contains(&wild), "{wild} of 120 feeds");
}

#[test]
fn unknown_fault_set_is_refused() {
    let error = World::new(Profile::load("clinic").unwrap(), Some("rouhg"), 1, Flat::default()).unwrap_err();
    assert_eq!(error.to_string(), "`rouhg` is no fault set");
}
