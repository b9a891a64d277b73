//! Tests of the family: each run is read, and its expectations make sense.

use super::*;

#[test]
fn every_run_is_read_and_can_be_told() {
    for name in NAMES {
        let spec = Spec::named(name).unwrap();
        assert!(!spec.expect.is_empty() && !spec.steps(1.0).unwrap().is_empty(), "{name}");
        for expect in &spec.expect {
            let goal_is_harder =
                if expect.measure.is_rate() { expect.goal >= expect.floor } else { expect.goal <= expect.floor };
            assert!(goal_is_harder && expect.floor > 0.0, "{name}: {expect:?}");
        }
        assert!(
            spec.rule_counts.is_empty() || spec.rules == Rules::Tatmark,
            "{name}: only TATmark's rules can be among others"
        );
        crate::Generator::new(
            crate::profile::Profile::load(&spec.profile).unwrap(),
            1,
            0,
            replay::order(&spec, 1, 0, 1.0).unwrap(),
        )
        .unwrap();
    }
    assert_eq!(Spec::named("T99").unwrap_err().code(), "WL1805");
}

#[test]
fn a_figure_stands_at_its_bounds() {
    let rate = Expect { measure: Measure::EventsPerS, floor: 10.0, goal: 20.0 };
    let time = Expect { measure: Measure::Seconds, floor: 20.0, goal: 10.0 };
    assert_eq!(
        [9.0, 10.0, 20.0].map(|found| rate.standing(found)),
        [Standing::Missed, Standing::Floor, Standing::Goal]
    );
    assert_eq!(
        [21.0, 20.0, 10.0].map(|found| time.standing(found)),
        [Standing::Missed, Standing::Floor, Standing::Goal]
    );
}

#[test]
fn more_rules_leave_the_three_as_they_are() {
    let spec = Spec::named("T4").unwrap();
    let text = spec.ward_text(Step { reports: 1, rules: 10 });
    let alone = spec.ward_text(Step { reports: 1, rules: 0 });
    assert_eq!(text.matches("\nalert ").count(), 8);
    for rule in ["sla \"STAT lab\"", "sla \"Radiology report\"", "alert \"Critical report\""] {
        assert!(text.contains(rule) && alone.contains(rule));
    }
    assert_eq!(alone, wardline_reference::tatmark::WARD);
}

#[test]
fn a_share_makes_steps_smaller_and_never_empty() {
    let reports =
        |share| Spec::named("T5").unwrap().steps(share).unwrap().iter().map(|step| step.reports).collect::<Vec<_>>();
    assert_eq!(reports(1.0), [10_000, 100_000, 1_000_000]);
    assert_eq!(reports(0.000_01), [1, 1, 10]);
}
