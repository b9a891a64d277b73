//! Cells: is there any case in which these conditions hold together?
//!
//! Catalogue sets are finite, numbers matter only by the bounds they are compared with, flags are there or not. So the cases
//! fall into finitely many *cells* in which every comparison has one answer, and looking at one point of each decides exactly.
//! ```text
//!  value below 2.5 or above 6.5      ──●──────●──     cells: below 2.5 · 2.5 · between · 6.5 · above 6.5 · absent
//!  test is potassium                 potassium · any other · absent
//! ```
//! - **How it fits**: `sla` and `alert` ask for conditions that can never, or always, hold, and for rules that overlap.
//! - LIMIT: `CELLS_MAX`; beyond it [`Answer::TooMany`], which becomes note WL0903.
//! - **Not here**: scripts, which are never looked into.

use wardline_rules::program::{Atom, Bounds, Call, Comparison, Condition, Field, Gives, Operand};

use crate::limits::CELLS_MAX;

/// Whether a case exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// There is one.
    Yes,
    /// There is none.
    No,
    /// There are more cells than may be looked at.
    TooMany,
}

/// A condition that must hold, or must not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand<'c> {
    pub(super) condition: &'c Condition,
    pub(super) holds: bool,
}

impl<'c> Demand<'c> {
    pub(super) fn yes(condition: &'c Condition) -> Demand<'c> {
        Demand { condition, holds: true }
    }

    pub(super) fn no(condition: &'c Condition) -> Demand<'c> {
        Demand { condition, holds: false }
    }
}

/// Whether all demands can be met by one case in which every value is known.
pub(super) fn possible(demands: &[Demand<'_>]) -> Answer {
    let mut variables = Variables::default();
    let trees: Vec<(Tree, bool)> =
        demands.iter().map(|demand| (variables.tree(demand.condition), demand.holds)).collect();
    let trees: Vec<(Compiled, bool)> =
        trees.into_iter().map(|(tree, holds)| (variables.compile(&tree), holds)).collect();
    let sizes: Vec<usize> = variables.all.iter().map(Variable::points).collect();
    let cells = sizes.iter().try_fold(1_u64, |cells, size| cells.checked_mul(u64::try_from(*size).ok()?));
    if cells.is_none_or(|cells| cells > CELLS_MAX) {
        return Answer::TooMany;
    }
    let mut cell = vec![0; sizes.len()];
    loop {
        if trees.iter().all(|(tree, holds)| tree.holds(&cell) == *holds) {
            return Answer::Yes;
        }
        if !next(&mut cell, &sizes) {
            return Answer::No;
        }
    }
}

/// The next cell, counting like an odometer; false behind the last.
fn next(cell: &mut [usize], sizes: &[usize]) -> bool {
    for (point, size) in cell.iter_mut().zip(sizes) {
        *point += 1;
        if *point < *size {
            return true;
        }
        *point = 0;
    }
    false
}

/// Something that has one of finitely many points.
#[derive(Debug)]
enum Variable {
    /// One of the names compared with, or another one.
    Name(Field, Vec<String>),
    /// A member of a set, there or not.
    Member(Field, String),
    /// A number, by the bounds it is compared with: point 2i + 1 is the i-th bound, even points lie between.
    Number(Field, Vec<Operand>),
    /// Known or not, asked by `is missing` and `is present`.
    Known(Field),
    /// What a script says, which nobody can foresee: yes or no.
    Asked(String),
}

impl Variable {
    fn points(&self) -> usize {
        match self {
            Variable::Name(_, names) => names.len() + 1,
            Variable::Member(..) | Variable::Known(_) | Variable::Asked(_) => 2,
            Variable::Number(_, bounds) => 2 * bounds.len() + 1,
        }
    }
}

/// A condition over variables that are not numbered finally yet.
enum Tree {
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Names { variable: usize, names: Vec<String>, is: bool },
    Members { members: Vec<usize>, is: bool },
    Range { variable: usize, bounds: Bounds, is: bool },
    Known { variable: usize, is: bool },
}

/// A condition that only looks points up.
enum Compiled {
    All(Vec<Compiled>),
    Any(Vec<Compiled>),
    Point { variable: usize, accepted: Vec<bool> },
}

impl Compiled {
    fn holds(&self, cell: &[usize]) -> bool {
        match self {
            Compiled::All(parts) => parts.iter().all(|part| part.holds(cell)),
            Compiled::Any(parts) => parts.iter().any(|part| part.holds(cell)),
            Compiled::Point { variable, accepted } => {
                cell.get(*variable).and_then(|point| accepted.get(*point)).copied().unwrap_or(false)
            }
        }
    }
}

#[derive(Default)]
struct Variables {
    all: Vec<Variable>,
}

impl Variables {
    fn tree(&mut self, condition: &Condition) -> Tree {
        match condition {
            Condition::All(parts) => Tree::All(parts.iter().map(|part| self.tree(part)).collect()),
            Condition::Any(parts) => Tree::Any(parts.iter().map(|part| self.tree(part)).collect()),
            Condition::Atom(atom) => self.atom(atom),
            Condition::Call(call) => self.call(call),
        }
    }

    fn atom(&mut self, atom: &Atom) -> Tree {
        let field = atom.field;
        match &atom.comparison {
            Comparison::Missing => Tree::Known { variable: self.known(field), is: false },
            Comparison::Present => Tree::Known { variable: self.known(field), is: true },
            Comparison::Kinds(is, kinds) => {
                self.names(field, kinds.iter().map(|kind| kind.name().to_owned()).collect(), *is)
            }
            Comparison::Priorities(is, list) => self.names(field, texts(list), *is),
            Comparison::States(is, states) => {
                self.names(field, states.iter().map(|state| state.name().to_owned()).collect(), *is)
            }
            Comparison::Feeds(is, list) => self.names(field, texts(list), *is),
            Comparison::Classes(is, list) => self.names(field, texts(list), *is),
            Comparison::Names(is, list) => self.names(field, texts(list), *is),
            Comparison::Flags(is, list) if list.is_empty() => self.members(field, vec!["none".to_owned()], *is),
            Comparison::Flags(is, list) => self.members(field, texts(list), *is),
            // A report may hold several tests, so each is there or not by itself.
            Comparison::Tests(is, list) => self.members(field, texts(list), *is),
            Comparison::Range(is, bounds) => self.range(field, *bounds, *is),
        }
    }

    /// Equal questions have equal answers; yes and no to one question exclude each other.
    fn call(&mut self, call: &Call) -> Tree {
        let (is, range) = match call.gives {
            Gives::Truth(truth) => (truth, None),
            Gives::Number(bounds) => (true, Some(bounds)),
        };
        let question = format!("{:?} {:?} {range:?}", call.function, call.arguments);
        let same = |variable: &Variable| matches!(variable, Variable::Asked(known) if *known == question);
        Tree::Known { variable: self.find(same, || Variable::Asked(question.clone())), is }
    }

    fn known(&mut self, field: Field) -> usize {
        self.find(|variable| matches!(variable, Variable::Known(known) if *known == field), || Variable::Known(field))
    }

    fn names(&mut self, field: Field, names: Vec<String>, is: bool) -> Tree {
        let variable = self.find(
            |variable| matches!(variable, Variable::Name(known, _) if *known == field),
            || Variable::Name(field, Vec::new()),
        );
        if let Some(Variable::Name(_, known)) = self.all.get_mut(variable) {
            for name in &names {
                if !known.contains(name) {
                    known.push(name.clone());
                }
            }
        }
        Tree::Names { variable, names, is }
    }

    fn members(&mut self, field: Field, names: Vec<String>, is: bool) -> Tree {
        let member = |set: &mut Self, name: String| {
            let same = |variable: &Variable| matches!(variable, Variable::Member(known, other) if *known == field && *other == name);
            set.find(same, || Variable::Member(field, name.clone()))
        };
        Tree::Members { members: names.into_iter().map(|name| member(self, name)).collect(), is }
    }

    fn range(&mut self, field: Field, bounds: Bounds, is: bool) -> Tree {
        let variable = self.find(
            |variable| matches!(variable, Variable::Number(known, _) if *known == field),
            || Variable::Number(field, Vec::new()),
        );
        if let Some(Variable::Number(_, known)) = self.all.get_mut(variable) {
            known.extend(operands(&bounds));
            known.sort_unstable();
            known.dedup();
        }
        Tree::Range { variable, bounds, is }
    }

    fn find(&mut self, is: impl Fn(&Variable) -> bool, make: impl FnOnce() -> Variable) -> usize {
        let found = self.all.iter().position(is);
        found.unwrap_or_else(|| {
            self.all.push(make());
            self.all.len() - 1
        })
    }

    fn compile(&self, tree: &Tree) -> Compiled {
        match tree {
            Tree::All(parts) => Compiled::All(parts.iter().map(|part| self.compile(part)).collect()),
            Tree::Any(parts) => Compiled::Any(parts.iter().map(|part| self.compile(part)).collect()),
            Tree::Known { variable, is } => Compiled::Point { variable: *variable, accepted: vec![!is, *is] },
            Tree::Members { members, is } => {
                let member = |variable: &usize| Compiled::Point { variable: *variable, accepted: vec![!is, *is] };
                let members = members.iter().map(member).collect();
                if *is { Compiled::Any(members) } else { Compiled::All(members) }
            }
            Tree::Names { variable, names, is } => {
                let known = match self.all.get(*variable) {
                    Some(Variable::Name(_, known)) => known.as_slice(),
                    Some(Variable::Member(..) | Variable::Number(..) | Variable::Known(_) | Variable::Asked(_))
                    | None => &[],
                };
                let accepted = known.iter().map(|name| names.contains(name) == *is).chain([!*is]).collect();
                Compiled::Point { variable: *variable, accepted }
            }
            Tree::Range { variable, bounds, is } => {
                let known = match self.all.get(*variable) {
                    Some(Variable::Number(_, known)) => known.as_slice(),
                    Some(Variable::Name(..) | Variable::Member(..) | Variable::Known(_) | Variable::Asked(_))
                    | None => &[],
                };
                let accepted = (0..=2 * known.len()).map(|point| lies(bounds, known, point) == *is).collect();
                Compiled::Point { variable: *variable, accepted }
            }
        }
    }
}

fn texts<T: std::fmt::Debug>(list: &[T]) -> Vec<String> {
    list.iter().map(|item| format!("{item:?}")).collect()
}

fn operands(bounds: &Bounds) -> Vec<Operand> {
    match bounds {
        Bounds::Below(a) | Bounds::Above(a) | Bounds::AtLeast(a) | Bounds::AtMost(a) => vec![*a],
        Bounds::Between(a, b) | Bounds::Outside(a, b) => vec![*a, *b],
    }
}

/// Whether a point lies in a range.
fn lies(bounds: &Bounds, known: &[Operand], point: usize) -> bool {
    let at = |operand: &Operand| known.binary_search(operand).map_or(0, |index| 2 * index + 1);
    match bounds {
        Bounds::Below(a) => point < at(a),
        Bounds::Above(a) => point > at(a),
        Bounds::AtLeast(a) => point >= at(a),
        Bounds::AtMost(a) => point <= at(a),
        Bounds::Between(a, b) => point >= at(a) && point <= at(b),
        Bounds::Outside(a, b) => point < at(a) || point > at(b),
    }
}

#[cfg(test)]
mod tests;
