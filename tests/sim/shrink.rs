//! Shrink: of a run that failed, what is the least that still fails?
//!
//! ```text
//!  what came after the failure ─► each rate of the plan to nothing, else to less ─► rules ─► events, in ever smaller pieces ─┐
//!              ▲                                                                                                             │
//!              └──────────────────────────── again, as long as something could be left out ─────────────────────────────────┘
//! ```
//! A smaller run counts if the same property breaks; at which instant and by which words does not matter. What is left out
//! is a [`Cut`], a line of text by which the small run can be run again.
//!
//! - **How it fits**: whoever has a failing run brings a function that says whether it still fails under a cut.
//! - **Source**: Zeller and Hildebrandt, *Simplifying and Isolating Failure-Inducing Input*, 2002, by complements only.
//! - **Not here**: values inside events, which stay as they were drawn.

use std::{collections::BTreeMap, fmt};

use wardline_reference::{generate::Case, rule::Rule};
use wardline_rules::time::Span;

use super::plan::Plan;

/// What is left of a run. Nothing said is nothing left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Cut {
    /// Rates and counts of the plan that are lower than drawn.
    rates: BTreeMap<String, u8>,
    /// Places of the events that are still told; all without.
    events: Option<Vec<usize>>,
    /// Places of the rules that the ward still has; all without.
    rules: Option<Vec<usize>>,
}

impl Cut {
    /// Leaves out what is cut.
    pub(crate) fn apply(&self, plan: &mut Plan, case: &mut Case) {
        for (name, rate) in plan.rates() {
            *rate = self.rates.get(name).copied().unwrap_or(*rate);
        }
        if let Some(kept) = &self.events {
            case.told = kept.iter().filter_map(|place| case.told.get(*place).cloned()).collect();
            case.until = case.told.last().map_or(case.until, |last| last.at.plus(Span::from_minutes(12 * 60)));
        }
        if let Some(kept) = &self.rules {
            let rules: Vec<Rule> = kept.iter().filter_map(|place| case.ward.rules.get(*place).cloned()).collect();
            case.ward.rules = rules;
        }
    }

    /// Reads what [`fmt::Display`] writes; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut cut = Self::default();
        for word in text.split_whitespace() {
            let (name, value) = word.split_once('=')?;
            match name {
                "events" => cut.events = Some(numbers(value)?),
                "rules" => cut.rules = Some(numbers(value)?),
                _ => _ = cut.rates.insert(name.to_owned(), value.parse().ok()?),
            }
        }
        Some(cut)
    }

    fn with_rate(&self, name: &str, rate: u8) -> Self {
        let mut cut = self.clone();
        cut.rates.insert(name.to_owned(), rate);
        cut
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words: Vec<String> = self.rates.iter().map(|(name, rate)| format!("{name}={rate}")).collect();
        let lists = [("rules", &self.rules), ("events", &self.events)];
        words.extend(lists.iter().filter_map(|(name, list)| Some(format!("{name}={}", spans(list.as_ref()?)))));
        f.write_str(&words.join(" "))
    }
}

/// `0-3,7,9-10`, ascending; nothing for no number.
fn spans(numbers: &[usize]) -> String {
    let stretches = numbers.chunk_by(|one, next| one + 1 == *next);
    let text = stretches.filter_map(|stretch| match stretch {
        [] => None,
        [one] => Some(one.to_string()),
        [first, .., last] => Some(format!("{first}-{last}")),
    });
    text.collect::<Vec<_>>().join(",")
}

fn numbers(text: &str) -> Option<Vec<usize>> {
    let mut all = Vec::new();
    for stretch in text.split(',').filter(|stretch| !stretch.is_empty()) {
        let (first, last) = stretch.split_once('-').unwrap_or((stretch, stretch));
        all.extend(first.parse::<usize>().ok()?..=last.parse().ok()?);
    }
    Some(all)
}

/// How big a run is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Size {
    pub(crate) plan: Plan,
    pub(crate) events: usize,
    pub(crate) rules: usize,
    /// How many of its events were told when it failed.
    pub(crate) told: usize,
}

/// The least that still fails, as far as `fails` was asked; it says no when there is no time left.
pub(crate) fn shrink(size: &Size, mut fails: impl FnMut(&Cut) -> bool) -> Cut {
    let mut least = Cut::default();
    let early = Cut { events: Some((0..size.told).collect()), ..least.clone() };
    if size.told < size.events && fails(&early) {
        least = early;
    }
    loop {
        let before = least.clone();
        lower_rates(&size.plan, &mut least, &mut fails);
        let rules = least.rules.clone().unwrap_or_else(|| (0..size.rules).collect());
        let rules = fewer(rules, |kept| fails(&Cut { rules: Some(kept.to_vec()), ..least.clone() }));
        least.rules = (rules.len() < size.rules).then_some(rules);
        let events = least.events.clone().unwrap_or_else(|| (0..size.events).collect());
        let events = fewer(events, |kept| fails(&Cut { events: Some(kept.to_vec()), ..least.clone() }));
        least.events = (events.len() < size.events).then_some(events);
        if least == before {
            return least;
        }
    }
}

/// Each rate to nothing, else halved as often as it still fails.
fn lower_rates(plan: &Plan, least: &mut Cut, fails: &mut impl FnMut(&Cut) -> bool) {
    for (name, drawn) in plan.clone().rates() {
        let mut rate = least.rates.get(name).copied().unwrap_or(*drawn);
        let mut next = 0;
        while next < rate {
            let tried = least.with_rate(name, next);
            if !fails(&tried) {
                if next > 0 {
                    break;
                }
                next = rate / 2;
                // Half of one is nothing, which was tried.
                if next == 0 {
                    break;
                }
                continue;
            }
            *least = tried;
            rate = next;
            next = rate / 2;
        }
    }
}

/// Leaves out pieces of a list, half of it first and single things last, as long as the rest fails.
fn fewer(mut kept: Vec<usize>, mut fails: impl FnMut(&[usize]) -> bool) -> Vec<usize> {
    let mut piece = kept.len().div_ceil(2);
    while piece > 0 {
        let mut from = 0;
        while from < kept.len() {
            let to = (from + piece).min(kept.len());
            let rest: Vec<usize> = kept[..from].iter().chain(&kept[to..]).copied().collect();
            if fails(&rest) {
                kept = rest;
            } else {
                from = to;
            }
        }
        piece = if piece == 1 { 0 } else { piece.div_ceil(2) };
    }
    kept
}

#[cfg(test)]
mod tests {
    use wardline_reference::generate::Random;

    use super::*;

    fn size() -> Size {
        let mut plan = Plan::draw(&mut Random::new(3));
        for (_, rate) in plan.rates() {
            *rate = 20;
        }
        Size { plan, events: 300, rules: 12, told: 250 }
    }

    #[test]
    fn only_what_a_failure_needs_is_left() {
        let (size, mut asked) = (size(), 0);
        let has = |list: &Option<Vec<usize>>, wanted| list.as_ref().is_none_or(|list| list.contains(&wanted));
        let rate = |cut: &Cut, name| cut.rates.get(name).copied().unwrap_or(20);
        let cut = shrink(&size, |cut| {
            asked += 1;
            [17, 18, 203].into_iter().all(|event| has(&cut.events, event))
                && has(&cut.rules, 5)
                && rate(cut, "stops") >= 3
                && rate(cut, "garbage") >= 1
        });
        assert_eq!(cut.events, Some(vec![17, 18, 203]));
        assert_eq!(cut.rules, Some(vec![5]));
        let left: Vec<_> = cut.rates.iter().filter(|(_, rate)| **rate > 0).collect();
        assert_eq!(left, [(&"garbage".to_owned(), &1), (&"stops".to_owned(), &5)]);
        assert!(asked < 300, "{asked} runs");
    }

    #[test]
    fn what_fails_for_nothing_less_stays_whole() {
        assert_eq!(shrink(&size(), |_| false), Cut::default());
    }

    #[test]
    fn a_cut_is_read_as_it_is_written() {
        let text = "garbage=0 stops=3 rules=1 events=0-2,7,9-10";
        let cut = Cut::parse(text).unwrap();
        assert_eq!(cut.events.as_deref(), Some(&[0, 1, 2, 7, 9, 10][..]));
        assert_eq!(cut.to_string(), text);
        let none = Cut { events: Some(Vec::new()), ..Cut::default() };
        assert_eq!(Cut::parse(&none.to_string()), Some(none));
        assert_eq!(Cut::parse("events=x"), None);
    }
}
