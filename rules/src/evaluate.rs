//! Evaluate: does this hold, does it not, or can nobody say?
//!
//! Atoms are true, false or unknown [COND-1]; chains follow Kleene's tables. What stays unknown is decided by the rule's
//! `missing` clauses: in rules that watch, `match` wins over `do not match` [COND-3]. A script is asked last, and only if
//! what is known does not decide already.
//!
//! - **How it fits**: a driver's state implements [`Facts`]; clocks and alerts ask [`matches`].
//! - **Not here**: where facts come from, what follows from a match.

use crate::{
    Text,
    program::{
        Argument, Atom, Bounds, Call, Comparison, Condition, FeedId, Field, Gives, Missed, Missing, MissingThen,
        Operand, TestId,
    },
    script::Value,
    words::{Comparator, FlagWord, PatientClass, Priority, State, WardKind},
};

/// True, false, or nobody can say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Tri {
    /// It does not hold.
    False,
    /// A fact is missing.
    Unknown,
    /// It holds.
    True,
}

impl Tri {
    /// Kleene's conjunction: the lesser.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// Kleene's disjunction: the greater.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// Kleene's negation.
    #[must_use]
    pub const fn negate(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

impl From<bool> for Tri {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// What is known about one report or result at one instant. `None` means absent.
pub trait Facts {
    /// The ward kind.
    fn kind(&self) -> Option<WardKind>;
    /// The priority; `Unknown` counts as known [`Priority::Unknown`].
    fn priority(&self) -> Option<Priority>;
    /// The state.
    fn state(&self) -> Option<State>;
    /// Whether the flag is set; `None` if that cannot be said from these facts.
    fn flag(&self, flag: &FlagWord) -> Option<bool>;
    /// Whether any flag of the set of `field` is set.
    fn has_flags(&self, field: Field) -> Option<bool>;
    /// Whether the news came by that feed.
    fn feed(&self, feed: FeedId) -> Option<bool>;
    /// Whether the test is ordered or resulted.
    fn test(&self, test: TestId) -> Option<bool>;
    /// The patient class.
    fn class(&self) -> Option<PatientClass>;
    /// Whether the named field has that value.
    fn name(&self, field: Field, name: &Text) -> Option<bool>;
    /// The amount of a field, off the scale if it has a sign.
    fn amount(&self, field: Field) -> Option<(Option<Comparator>, Operand)>;
    /// Whether anything is known of the field; `None` if that cannot be said from these facts.
    fn is_known(&self, field: Field) -> Option<bool>;
    /// What the field says, as scripts are told it.
    fn said(&self, field: Field) -> Option<Said>;
    /// What a script gives for these arguments; `None` if it is out, or faults now [COND-6].
    fn call(&self, call: &Call, arguments: &[Value]) -> Option<Value>;
}

/// What a field says.
#[derive(Clone, PartialEq, Debug)]
pub enum Said {
    /// A name, as the ward spells it.
    Word(Text),
    /// An amount, off the scale if it has a sign.
    Amount(Option<Comparator>, Operand),
}

/// A set of fields.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct FieldSet(u32);

impl FieldSet {
    /// Puts `field` in.
    pub fn add(&mut self, field: Field) {
        self.0 |= 1 << (field as u8);
    }

    /// Whether `field` is in it.
    #[must_use]
    pub const fn has(self, field: Field) -> bool {
        self.0 & (1 << (field as u8)) != 0
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its fields, in order.
    pub fn iter(self) -> impl Iterator<Item = Field> {
        Field::ALL.iter().copied().filter(move |field| self.has(*field))
    }
}

/// Whether a rule matches, and what had to be decided without knowing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Match {
    /// Whether it matches.
    pub holds: bool,
    /// Absent fields that a `missing` clause decided about; each use is counted [COND-5].
    pub missing_used: FieldSet,
    /// Scripts without a result that a `missing` clause decided about; counted alike.
    pub scripts_used: Vec<Text>,
}

/// Whether `condition` holds and `unless` does not, with `missing` deciding what is unknown [COND-3].
#[must_use]
pub fn matches(condition: &Condition, unless: &Condition, missing: &[Missing], facts: &impl Facts) -> Match {
    decided(condition, unless, missing, facts, Absent::watch)
}

/// The same for rules that disclose: in doubt they do not match, and one `do not match` outweighs any `match` [COND-3].
#[must_use]
pub fn matches_strictly(condition: &Condition, unless: &Condition, missing: &[Missing], facts: &impl Facts) -> Match {
    decided(condition, unless, missing, facts, Absent::withhold)
}

fn decided<'m>(
    condition: &Condition,
    unless: &Condition,
    missing: &'m [Missing],
    facts: &impl Facts,
    in_doubt: fn(Absent<'m>) -> Match,
) -> Match {
    let mut absent = Absent::new(missing);
    let first = tri(condition, facts, &mut absent);
    let is_decided = first == Tri::False && unless.asks();
    let holds = if is_decided { first } else { first.and(tri(unless, facts, &mut absent).negate()) };
    match holds {
        Tri::True => Match { holds: true, missing_used: absent.used, scripts_used: Vec::new() },
        Tri::False => Match { holds: false, missing_used: absent.used, scripts_used: Vec::new() },
        Tri::Unknown => in_doubt(absent),
    }
}

/// What holds of `condition` without any `missing` clause.
#[must_use]
pub fn holds(condition: &Condition, facts: &impl Facts) -> Tri {
    tri(condition, facts, &mut Absent::new(&[]))
}

struct Absent<'a> {
    missing: &'a [Missing],
    unknown: FieldSet,
    /// Scripts that gave nothing.
    silent: Vec<Text>,
    used: FieldSet,
}

impl<'a> Absent<'a> {
    fn new(missing: &'a [Missing]) -> Self {
        Self { missing, unknown: FieldSet::default(), silent: Vec::new(), used: FieldSet::default() }
    }

    fn clause(&self, field: Field) -> Option<&MissingThen> {
        self.missing.iter().find(|clause| clause.what == Missed::Field(field)).map(|clause| &clause.then)
    }

    fn script_clause(&self, name: &Text) -> Option<&MissingThen> {
        let is_it = |what: &Missed| matches!(what, Missed::Function(known) if known == name);
        self.missing.iter().find(|clause| is_it(&clause.what)).map(|clause| &clause.then)
    }

    /// In doubt a rule that watches does watch: one `match` outweighs any `do not match`.
    fn watch(mut self) -> Match {
        let mut holds = false;
        for field in self.unknown.iter() {
            if let Some(then) = self.clause(field) {
                holds |= matches!(then, MissingThen::Match);
                self.used.add(field);
            }
        }
        let scripts_used = core::mem::take(&mut self.silent);
        for name in &scripts_used {
            holds |= matches!(self.script_clause(name), Some(MissingThen::Match));
        }
        Match { holds, missing_used: self.used, scripts_used }
    }
}

impl Absent<'_> {
    /// In doubt a rule that discloses does not: everything unknown must be decided by `match`.
    fn withhold(mut self) -> Match {
        let mut holds = true;
        for field in self.unknown.iter() {
            holds &= matches!(self.clause(field), Some(MissingThen::Match));
            self.used.add(field);
        }
        let scripts_used = core::mem::take(&mut self.silent);
        for name in &scripts_used {
            holds &= matches!(self.script_clause(name), Some(MissingThen::Match));
        }
        Match { holds, missing_used: self.used, scripts_used }
    }
}

fn tri(condition: &Condition, facts: &impl Facts, absent: &mut Absent<'_>) -> Tri {
    match condition {
        Condition::All(parts) => chain(parts, (Tri::True, Tri::False, Tri::and), facts, absent),
        Condition::Any(parts) => chain(parts, (Tri::False, Tri::True, Tri::or), facts, absent),
        Condition::Call(call) => ask(call, facts, absent),
        Condition::Atom(atom) => {
            let known = compare(atom, facts);
            if known != Tri::Unknown {
                return known;
            }
            match absent.clause(atom.field) {
                Some(MissingThen::Use(value)) => {
                    let substituted = Tri::from(is_within(value, &atom.comparison));
                    absent.used.add(atom.field);
                    substituted
                }
                Some(MissingThen::DoNotMatch | MissingThen::Match) | None => {
                    absent.unknown.add(atom.field);
                    Tri::Unknown
                }
            }
        }
    }
}

/// A chain from its neutral value; parts that ask a script come last, and not at all once the others decide.
fn chain(
    parts: &[Condition],
    (neutral, decides, join): (Tri, Tri, fn(Tri, Tri) -> Tri),
    facts: &impl Facts,
    absent: &mut Absent<'_>,
) -> Tri {
    let mut so_far = neutral;
    for part in parts.iter().filter(|part| !part.asks()) {
        so_far = join(so_far, tri(part, facts, absent));
    }
    for part in parts.iter().filter(|part| part.asks()) {
        if so_far == decides {
            break;
        }
        so_far = join(so_far, tri(part, facts, absent));
    }
    so_far
}

/// Asks a script. An absent argument leaves it unknown through that field, a fault through the script.
fn ask(call: &Call, facts: &impl Facts, absent: &mut Absent<'_>) -> Tri {
    let mut values = Vec::with_capacity(call.arguments.len());
    for argument in &call.arguments {
        let (field, kind, otherwise) = match argument {
            Argument::Value(value) => {
                values.push(value.clone());
                continue;
            }
            Argument::Field(field, kind, otherwise) => (*field, *kind, otherwise),
        };
        match (facts.said(field).and_then(|said| kind.value(&said)), otherwise) {
            (Some(value), _) => values.push(value),
            (None, Some(value)) => {
                absent.used.add(field);
                values.push(value.clone());
            }
            (None, None) => {
                absent.unknown.add(field);
                return Tri::Unknown;
            }
        }
    }
    let given = facts.call(call, &values);
    let holds = given.and_then(|given| match (&given, call.gives) {
        (Value::Truth(truth), Gives::Truth(wanted)) => Some(Tri::from(*truth == wanted)),
        (_, Gives::Number(bounds)) => given.number().map(|number| in_bounds(bounds, None, Operand::Number(number))),
        (_, Gives::Truth(_)) => None,
    });
    holds.unwrap_or_else(|| {
        absent.silent.push(call.name.clone());
        Tri::Unknown
    })
}

fn compare(atom: &Atom, facts: &impl Facts) -> Tri {
    match &atom.comparison {
        Comparison::Missing => facts.is_known(atom.field).map_or(Tri::Unknown, |known| Tri::from(!known)),
        Comparison::Present => facts.is_known(atom.field).map_or(Tri::Unknown, Tri::from),
        Comparison::Kinds(is, set) => said(facts.kind().map(|kind| set.has(kind)), *is),
        Comparison::Priorities(is, list) => said(facts.priority().map(|priority| list.contains(&priority)), *is),
        Comparison::States(is, set) => said(facts.state().map(|state| set.has(state)), *is),
        Comparison::Flags(is, list) if list.is_empty() => said(facts.has_flags(atom.field).map(|has| !has), *is),
        Comparison::Flags(is, list) => any(list, *is, |flag| facts.flag(flag)),
        Comparison::Feeds(is, list) => any(list, *is, |feed| facts.feed(*feed)),
        Comparison::Tests(is, list) => any(list, *is, |test| facts.test(*test)),
        Comparison::Classes(is, list) => said(facts.class().map(|class| list.contains(&class)), *is),
        Comparison::Names(is, list) => any(list, *is, |name| facts.name(atom.field, name)),
        Comparison::Range(is, bounds) => match facts.amount(atom.field) {
            None => Tri::Unknown,
            Some((sign, amount)) => {
                let within = in_bounds(*bounds, sign, amount);
                if *is { within } else { within.negate() }
            }
        },
    }
}

fn said(holds: Option<bool>, is: bool) -> Tri {
    holds.map_or(Tri::Unknown, |holds| Tri::from(holds == is))
}

/// Whether one of `list` holds, or with `is` false whether none does.
fn any<T>(list: &[T], is: bool, holds: impl Fn(&T) -> Option<bool>) -> Tri {
    let one = list.iter().fold(Tri::False, |so_far, item| so_far.or(holds(item).map_or(Tri::Unknown, Tri::from)));
    if is { one } else { one.negate() }
}

/// Whether an amount lies in `bounds`; an off-scale one is sure only if all its points agree [COND-2].
fn in_bounds(bounds: Bounds, sign: Option<Comparator>, amount: Operand) -> Tri {
    let above = |bound: Operand| beyond(sign, amount, bound, Comparator::Above);
    let below = |bound: Operand| beyond(sign, amount, bound, Comparator::Below);
    match bounds {
        Bounds::Above(bound) => above(bound),
        Bounds::Below(bound) => below(bound),
        Bounds::AtLeast(bound) => below(bound).negate(),
        Bounds::AtMost(bound) => above(bound).negate(),
        Bounds::Between(low, high) => below(low).negate().and(above(high).negate()),
        Bounds::Outside(low, high) => below(low).or(above(high)),
    }
}

/// Whether all, none or some points of the amount lie strictly beyond `bound` on the side of `side`.
pub(crate) fn beyond(sign: Option<Comparator>, amount: Operand, bound: Operand, side: Comparator) -> Tri {
    let Some(order) = order(amount, bound) else { return Tri::Unknown };
    let (is_beyond, toward, away) = match side {
        Comparator::Above | Comparator::AtLeast => {
            (order.is_gt(), [Comparator::Above, Comparator::AtLeast], order.is_le())
        }
        Comparator::Below | Comparator::AtMost => {
            (order.is_lt(), [Comparator::Below, Comparator::AtMost], order.is_ge())
        }
    };
    match sign {
        None => Tri::from(is_beyond),
        // `>10` is beyond 10 as a whole; `>=10` is not.
        Some(sign) if toward.contains(&sign) => {
            let is_open = matches!(sign, Comparator::Above | Comparator::Below);
            if is_beyond || (is_open && order.is_eq()) { Tri::True } else { Tri::Unknown }
        }
        Some(_) if away => Tri::False,
        Some(_) => Tri::Unknown,
    }
}

/// How two amounts of one dimension compare; `None` if they cannot be compared.
#[must_use]
pub fn order(left: Operand, right: Operand) -> Option<core::cmp::Ordering> {
    match (left, right) {
        (Operand::Quantity(left), Operand::Quantity(right)) if left.dimension == right.dimension => {
            Some(left.value.cmp(&right.value))
        }
        (Operand::Number(left), Operand::Number(right)) => Some(left.cmp(&right)),
        (Operand::Span(left), Operand::Span(right)) => Some(left.cmp(&right)),
        (Operand::Quantity(_) | Operand::Number(_) | Operand::Span(_), _) => None,
    }
}

/// Whether the one value that `value` stands for satisfies `comparison`; both are of one field.
fn is_within(value: &Comparison, comparison: &Comparison) -> bool {
    match (value, comparison) {
        (_, Comparison::Present) => true,
        (Comparison::Kinds(_, one), Comparison::Kinds(is, set)) => one.and(*set).is_empty() != *is,
        (Comparison::Priorities(_, one), Comparison::Priorities(is, list)) => shares(one, list) == *is,
        (Comparison::States(_, one), Comparison::States(is, set)) => one.iter().any(|state| set.has(state)) == *is,
        (Comparison::Flags(_, one), Comparison::Flags(is, list)) => shares(one, list) == *is,
        (Comparison::Feeds(_, one), Comparison::Feeds(is, list)) => shares(one, list) == *is,
        (Comparison::Tests(_, one), Comparison::Tests(is, list)) => shares(one, list) == *is,
        (Comparison::Classes(_, one), Comparison::Classes(is, list)) => shares(one, list) == *is,
        (Comparison::Names(_, one), Comparison::Names(is, list)) => shares(one, list) == *is,
        (Comparison::Range(_, Bounds::Between(one, _)), Comparison::Range(is, bounds)) => {
            (in_bounds(*bounds, None, *one) == Tri::True) == *is
        }
        _ => false,
    }
}

fn shares<T: PartialEq>(left: &[T], right: &[T]) -> bool {
    left.iter().any(|item| right.contains(item))
}

#[cfg(test)]
mod tests;
