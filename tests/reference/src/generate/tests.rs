//! Whether cases are what they are meant to be, and whether the reference keeps its own promises on them.

use std::collections::{BTreeMap, BTreeSet};

use wardline_rules::event::Fact;

use super::*;
use crate::{compare, evaluate::Outcome};

fn outcome(case: &Case) -> Outcome {
    evaluate::all(&case.ward, &case.told, case.until)
}

#[test]
fn a_seed_makes_the_same_case_and_the_same_outcome() {
    let (one, same) = (case(7, 5), case(7, 5));
    assert_eq!((&one.ward, &one.told), (&same.ward, &same.told));
    assert_eq!(outcome(&one), outcome(&same));
    assert_ne!(one.told, case(8, 5).told);
}

#[test]
fn cases_reach_every_word_and_purpose() {
    let (mut words, mut purposes, mut later) = (BTreeSet::new(), BTreeSet::new(), false);
    for seed in 0..60 {
        let Outcome { lines, pages } = outcome(&case(seed, 8));
        later |= lines.iter().any(|line| line.generation > 1);
        words.extend(lines.into_iter().map(|line| line.transition.to_string()));
        purposes.extend(pages.into_iter().map(|page| page.purpose));
    }
    let all = [
        "answered",
        "breached",
        "cancelled",
        "cleared",
        "closed",
        "invalid",
        "met",
        "paused",
        "raised",
        "restarted",
        "running",
        "unresolved",
        "withdrawn",
    ];
    assert_eq!(words, all.map(str::to_owned).into());
    assert!(purposes.len() == 5 && later);
}

#[test]
fn cases_look_back_and_ask_who_is_on_duty() {
    let (mut raised, mut withdrawn, mut asked) = (0, 0, BTreeSet::new());
    for seed in 0..40 {
        let Outcome { lines, pages } = outcome(&case_with_past(seed, 6));
        let looks_back = |word: &str| {
            lines.iter().filter(|line| line.rule.starts_with("alert/Before") && line.transition == word).count()
        };
        raised += looks_back("raised");
        withdrawn += looks_back("withdrawn");
        let on_duty = |role: &str| role.starts_with("person") || role.contains("Switchboard");
        asked.extend(pages.into_iter().map(|page| page.role).filter(|role| on_duty(role)));
    }
    assert!(raised > 20 && withdrawn > 0 && asked.len() == 4, "{raised} {withdrawn} {asked:?}");
}

#[test]
fn repeating_everything_changes_nothing() {
    for seed in 0..20 {
        let once = case(seed, 4);
        let mut twice = once.clone();
        let after = twice.told.last().unwrap().at;
        twice.told.extend(once.told.iter().cloned().map(|told| Told { at: after.max(told.at), ..told }));
        let (once, twice) = (outcome(&once), outcome(&twice));
        assert_eq!(compare::diff(&once.lines, &twice.lines), None, "seed {seed}");
        assert_eq!(compare::diff_pages(&once.pages, &twice.pages), None, "seed {seed}");
    }
}

#[test]
fn the_order_of_arrival_does_not_change_where_clocks_end() {
    // [REP-1]: the same facts, all told at once in another order.
    for seed in 100..180 {
        let mut case = case(seed, 3);
        case.told.retain(|told| !matches!(told.event.fact, Fact::Answer(_)));
        let end = case.until;
        let ends = |told: &[Told]| {
            let lines = evaluate::all(&case.ward, told, end).lines;
            let clocks = lines.into_iter().filter(|line| line.generation == 0);
            let mut ends: BTreeMap<_, _> = clocks.map(|line| ((line.report, line.rule), line.transition)).collect();
            // A clock that was seen for a while and should never have started is cancelled, else there is none.
            ends.retain(|_, word| word != "cancelled");
            ends
        };
        let at = case.told.iter().map(|told| told.at).max().unwrap();
        let mut other: Vec<_> = case.told.iter().cloned().map(|told| Told { at, ..told }).collect();
        let mut random = Random::new(seed);
        for index in (1..other.len()).rev() {
            other.swap(index, random.below(index + 1));
        }
        assert_eq!(ends(&case.told), ends(&other), "seed {seed}");
    }
}

#[test]
fn a_difference_is_told_with_what_came_before() {
    let case = case(3, 3);
    let lines = outcome(&case).lines;
    assert_eq!(compare::diff(&lines, &lines), None);
    let mut other = lines.clone();
    let removed = other.pop().unwrap();
    let text = compare::diff(&lines, &other).unwrap();
    assert!(
        text.contains("expected") && text.contains(&*removed.transition) && text.contains("nothing more"),
        "{text}"
    );
}
