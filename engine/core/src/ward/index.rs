//! Index: of all rules, which ask for what this report says?
//!
//! Most rules of a large ward ask for one test, department or place: `where department is Clinic 7 and …`. Those are found by
//! that word instead of being asked one after the other, so a report of a sort that was not heard before costs what its own
//! rules cost, not what all rules do.
//!
//! - **How it fits**: [`Ward::route`](super::Ward::route) asks once for each sort of report and looks closer at what it finds.
//! - **Not here**: the other parts of a condition.

use std::collections::BTreeMap;

use wardline_rules::program::{Alert, Comparison, Condition, Family, Field, Notice, Program, TestId};

use super::RuleIx;
use crate::view::{self, RoutingView};

/// Fields with names that are known of a report before its rules are asked.
const ROUTING: [Field; 3] = [Field::Site, Field::Department, Field::Location];

/// The rules of a ward by a word that each of them asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleIndex {
    /// Those that ask for no such word.
    always: Vec<RuleIx>,
    named: BTreeMap<Field, OfField>,
    tested: OfTest,
}

/// Rules that ask for one of some names of a field.
#[derive(Clone, Debug, Default)]
struct OfField {
    all: Vec<RuleIx>,
    by_name: BTreeMap<String, Vec<RuleIx>>,
}

/// Rules that ask for one of some tests.
#[derive(Clone, Debug, Default)]
struct OfTest {
    all: Vec<RuleIx>,
    by_test: BTreeMap<TestId, Vec<RuleIx>>,
}

impl RuleIndex {
    /// The index of a ward. **Cost**: proportional to its rules.
    pub(crate) fn of(program: &Program) -> Self {
        let mut index = Self::default();
        let covers = |family: &Family| family.rules.first().map(|rule| rule.covers.condition.clone());
        let alert = |alert: &Alert| Some(alert.condition.clone());
        let notice = |notice: &Notice| Some(notice.condition.clone());
        (0_u32..).zip(&program.families).for_each(|(at, rule)| index.add(RuleIx::Family(at), covers(rule)));
        (0_u32..).zip(&program.alerts).for_each(|(at, rule)| index.add(RuleIx::Alert(at), alert(rule)));
        (0_u32..).zip(&program.notices).for_each(|(at, rule)| index.add(RuleIx::Notice(at), notice(rule)));
        index
    }

    fn add(&mut self, rule: RuleIx, condition: Option<Condition>) {
        let parts = match &condition {
            Some(Condition::All(parts)) => parts.as_slice(),
            Some(one) => core::slice::from_ref(one),
            None => &[],
        };
        let word = parts.iter().find_map(|part| match part {
            Condition::Atom(atom) => match &atom.comparison {
                Comparison::Names(true, _) if ROUTING.contains(&atom.field) => Some(atom),
                Comparison::Tests(true, _) => Some(atom),
                Comparison::Names(..)
                | Comparison::Tests(false, _)
                | Comparison::Missing
                | Comparison::Present
                | Comparison::Kinds(..)
                | Comparison::Priorities(..)
                | Comparison::States(..)
                | Comparison::Flags(..)
                | Comparison::Feeds(..)
                | Comparison::Classes(..)
                | Comparison::Range(..) => None,
            },
            Condition::All(_) | Condition::Any(_) | Condition::Call(_) => None,
        });
        match word.map(|atom| (atom.field, &atom.comparison)) {
            Some((field, Comparison::Names(_, names))) => {
                let of_field = self.named.entry(field).or_default();
                of_field.all.push(rule);
                for name in names {
                    of_field.by_name.entry(view::plain(field, name)).or_default().push(rule);
                }
            }
            Some((_, Comparison::Tests(_, tests))) => {
                self.tested.all.push(rule);
                for test in tests {
                    self.tested.by_test.entry(*test).or_default().push(rule);
                }
            }
            Some(_) | None => self.always.push(rule),
        }
    }

    /// The rules that may match a report that says so, in order; each that is left out asks for another word.
    pub(crate) fn candidates(&self, view: RoutingView<'_>) -> Vec<RuleIx> {
        let mut found = self.always.clone();
        for (field, rules) in &self.named {
            match view.named(*field) {
                Some(text) => found.extend(rules.by_name.get(&view::plain(*field, text)).into_iter().flatten()),
                None => found.extend(&rules.all),
            }
        }
        match view.tests() {
            Some(tests) => {
                found.extend(tests.iter().filter_map(|test| self.tested.by_test.get(test)).flatten());
            }
            None => found.extend(&self.tested.all),
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}
