//! Facts: what does `field is value` set in a test?
//!
//! - **How it fits**: `given` and every report entry read their pairs here.
//! - **Not here**: comparing.

use wardline_rules::program::{Comparison, Condition, Field};
use wardline_rules::words::{Channel, Comparator, FlagWord, Priority, Role};

use crate::check::catalogue::{self, unknown};
use crate::check::context::Context;
use crate::check::field::{self, About, capital};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::script::{Fact, Reading, Unknown};
use crate::source::Span;
use crate::syntax::basic::Amount;
use crate::syntax::condition::{Relation, Value, ValueBody, word};
use crate::syntax::script::Pair;

/// The facts of pairs; `None` if one is wrong.
pub(super) fn facts(cx: &mut Context<'_>, pairs: &[Pair]) -> Option<Vec<Fact>> {
    let facts: Vec<Option<Vec<Fact>>> = pairs.iter().map(|pair| fact(cx, pair)).collect();
    facts.into_iter().collect::<Option<Vec<_>>>().map(|facts| facts.into_iter().flatten().collect())
}

fn fact(cx: &mut Context<'_>, pair: &Pair) -> Option<Vec<Fact>> {
    if let Some(fact) = of_the_test(cx, pair) {
        return fact.map(|fact| vec![fact]);
    }
    let field = known_field(cx, pair)?;
    let Some(value) = &pair.value else {
        return missing(cx, pair, field).map(|fact| vec![fact]);
    };
    if field == Field::Value {
        return reading_of(cx, pair, value).map(|reading| vec![Fact::Value(reading)]);
    }
    if pair.sign.is_some() {
        cx.problem(Code::WL0307, pair.span, "Only a value is off the scale.");
        return None;
    }
    let relation = Relation::OneOf(vec![value.clone()]);
    let condition = field::comparison(cx, (field, &pair.field), &relation, About { tests: &[], of_result: true })?;
    match condition {
        Condition::Atom(atom) => set(cx, field, atom.comparison, pair),
        Condition::All(_) | Condition::Any(_) | Condition::Call(_) => None,
    }
}

/// Labels and wishes that only a test speaks of [CAT-8].
fn of_the_test(cx: &mut Context<'_>, pair: &Pair) -> Option<Option<Fact>> {
    let text = pair.value.as_ref().and_then(word);
    match pair.field.node.as_str() {
        "order" => Some(text.map(|label| Fact::Order(label.as_str().into()))),
        "patient" => Some(text.map(|label| Fact::Patient(label.as_str().into()))),
        "patient zone" if pair.value.is_none() => Some(Some(Fact::Missing(Unknown::PatientZone))),
        "patient zone" => Some(text.and_then(|name| cx.zone_of(name, pair.span)).map(Fact::PatientZone)),
        "patient preference" if pair.value.is_none() => Some(Some(Fact::Missing(Unknown::PatientPreference))),
        "patient preference" => Some(preference(cx, pair, text)),
        _ => None,
    }
}

fn preference(cx: &mut Context<'_>, pair: &Pair, text: Option<&String>) -> Option<Fact> {
    let found = text.and_then(|text| Channel::from_word(text));
    if found.is_none() {
        let known: Vec<&str> = Channel::ALL.iter().map(|channel| channel.word()).collect();
        let name = crate::syntax::basic::Name { node: text.cloned().unwrap_or_default(), span: pair.span };
        cx.report(unknown("channel", &name, &known));
    }
    found.map(Fact::PatientPreference)
}

fn known_field(cx: &mut Context<'_>, pair: &Pair) -> Option<Field> {
    let Some(field) = Field::from_word(&pair.field.node) else {
        let own = ["order", "patient", "patient zone", "patient preference"];
        let known: Vec<&str> = Field::ALL.iter().map(|field| field.word()).chain(own).collect();
        cx.report(unknown("field", &pair.field, &known));
        return None;
    };
    if matches!(field, Field::State | Field::PreviousValue | Field::Change | Field::TimeSinceSameTest) {
        let found = Diagnostic::new(
            Code::WL0307,
            pair.field.span,
            format!("{} follows from what happened; a test cannot set it.", capital(&pair.field.node)),
        );
        cx.report(found.because("Let it happen in an entry instead."));
        return None;
    }
    Some(field)
}

fn missing(cx: &mut Context<'_>, pair: &Pair, field: Field) -> Option<Fact> {
    let what = match field {
        Field::Priority => return Some(Fact::Priority(Priority::Unknown)),
        Field::Test => Unknown::Test,
        Field::Value => Unknown::Value,
        Field::Finding => Unknown::Finding,
        Field::PatientClass => Unknown::Class,
        Field::Site => Unknown::Site,
        Field::Department => Unknown::Department,
        Field::Location => Unknown::Location,
        Field::PatientFlag => Unknown::PatientFlag,
        Field::OrderingClinician => Unknown::Person(Role::Ordering),
        Field::AttendingClinician => Unknown::Person(Role::Attending),
        Field::ReportingClinician => Unknown::Person(Role::Interpreting),
        Field::SpecimenClass | Field::SpecimenSite | Field::Modality | Field::PatientRisk | Field::PatientAge => {
            Unknown::Attribute(field.attribute()?)
        }
        Field::Kind
        | Field::State
        | Field::Flag
        | Field::Feed
        | Field::PreviousValue
        | Field::Change
        | Field::TimeSinceSameTest => {
            cx.problem(Code::WL0307, pair.span, format!("{} is never absent.", capital(&pair.field.node)));
            return None;
        }
    };
    Some(Fact::Missing(what))
}

fn reading_of(cx: &mut Context<'_>, pair: &Pair, value: &Value) -> Option<Reading> {
    match &value.body {
        ValueBody::Amount(amount) => reading(cx, pair.sign, amount, value.span),
        ValueBody::Truth(_) | ValueBody::Word(_) => {
            cx.problem(Code::WL0307, value.span, "A value is a number, such as 6.9 mmol/L.");
            None
        }
    }
}

/// A number, its sign and unit.
pub(super) fn reading(cx: &mut Context<'_>, sign: Option<Comparator>, amount: &Amount, span: Span) -> Option<Reading> {
    match amount {
        Amount::Number(number) => Some(Reading { sign, number: *number, unit: None }),
        Amount::Quantity(number, unit) => {
            Some(Reading { sign, number: *number, unit: Some(catalogue::unit(cx, unit)?) })
        }
        Amount::Span(_) | Amount::Percent(_) => {
            cx.problem(Code::WL0307, span, "A value is a number, such as 6.9 mmol/L.");
            None
        }
    }
}

/// What a comparison with one value sets.
fn set(cx: &mut Context<'_>, field: Field, comparison: Comparison, pair: &Pair) -> Option<Vec<Fact>> {
    let fact = match comparison {
        Comparison::Kinds(_, kinds) => Fact::Kind(kinds),
        Comparison::Priorities(_, list) => Fact::Priority(list.first().copied()?),
        Comparison::Feeds(_, list) => Fact::Feed(list.first().copied()?),
        Comparison::Tests(_, list) => Fact::Test(list.first().copied()?),
        Comparison::Classes(_, list) => Fact::Class(list.first().copied()?),
        Comparison::Flags(_, list) => return Some(flags(field, list)),
        Comparison::Names(_, list) => name(cx, field, list.first()?)?,
        Comparison::Range(..) => age(cx, pair)?,
        Comparison::Missing | Comparison::Present | Comparison::States(..) => return None,
    };
    Some(vec![fact])
}

fn flags(field: Field, list: Vec<FlagWord>) -> Vec<Fact> {
    if list.is_empty() {
        return vec![Fact::NoPatientFlag];
    }
    let of_patient = |word: FlagWord| match word {
        FlagWord::Report(flag) if field == Field::PatientFlag => Fact::PatientFlag(flag),
        FlagWord::Report(_) | FlagWord::Result(_) | FlagWord::Wait(_) => Fact::Flag(word),
    };
    list.into_iter().map(of_patient).collect()
}

fn name(cx: &Context<'_>, field: Field, name: &wardline_rules::Text) -> Option<Fact> {
    if let Some(key) = field.attribute() {
        return Some(Fact::Attribute(key, name.clone()));
    }
    if field == Field::Site {
        return cx.catalogue.site(name).map(Fact::Site);
    }
    Some(match field == Field::Location {
        true => Fact::Location(name.clone()),
        false if field == Field::Finding => Fact::Finding(name.clone()),
        false => Fact::Department(name.clone()),
    })
}

fn age(cx: &mut Context<'_>, pair: &Pair) -> Option<Fact> {
    let years = match pair.value.as_ref().map(|value| &value.body) {
        Some(ValueBody::Amount(Amount::Number(number))) => number.to_string().parse().ok(),
        Some(_) | None => None,
    };
    if years.is_none() {
        cx.problem(Code::WL0307, pair.span, "An age is a whole number of years, at most 255.");
    }
    years.map(Fact::PatientAge)
}
