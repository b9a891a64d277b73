//! Field: what may a field be compared with, and what do the words of a comparison mean?
//!
//! - **How it fits**: `condition` asks for one atom at a time, `missing` for the value that stands in.
//! - **Not here**: chains, absent values.

mod amount;

use wardline_rules::Text;
use wardline_rules::program::{Atom, Comparison, Condition, Field, TestId};
use wardline_rules::words::{FlagWord, KindSet, PatientClass, Priority, StateSet};

use super::catalogue::unknown;
use super::context::Context;
use super::{moments, standard};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::syntax::basic::Name;
use crate::syntax::condition::{Relation, Value, ValueBody};

/// What an atom is read for.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    /// Tests that hold where the atom does: their unit is that of `value`.
    pub(super) tests: &'a [TestId],
    /// Whether the rule speaks of single results.
    pub(super) of_result: bool,
}

/// The field of a word; WL0201 if there is none, WL0307 if it needs a result.
pub(super) fn field(cx: &mut Context<'_>, name: &Name, about: About<'_>) -> Option<Field> {
    let Some(field) = Field::from_word(&name.node) else {
        let words: Vec<&str> = Field::ALL.iter().map(|field| field.word()).collect();
        cx.report(unknown("field", name, &words));
        return None;
    };
    if field.is_of_result() && !about.of_result {
        let found = Diagnostic::new(Code::WL0307, name.span, format!("A report has no {}; a result has.", name.node));
        cx.report(
            found
                .because("A report may hold many results. Trigger on a result to speak of its value.")
                .help("For example:", &["when      a lab result is verified"]),
        );
        return None;
    }
    Some(field)
}

/// The condition of one comparison of a field.
pub(super) fn comparison(
    cx: &mut Context<'_>,
    (field, name): (Field, &Name),
    relation: &Relation,
    about: About<'_>,
) -> Option<Condition> {
    let atom = |comparison| Condition::Atom(Atom { field, comparison });
    match relation {
        Relation::Missing => Some(atom(Comparison::Missing)),
        Relation::Present => Some(atom(Comparison::Present)),
        Relation::Range(range) => {
            amount::range(cx, (field, name), range, about).map(|bounds| atom(Comparison::Range(true, bounds)))
        }
        Relation::OneOf(values) => one_of(cx, (field, name), (values, true), about),
        Relation::NotOneOf(values) => one_of(cx, (field, name), (values, false), about),
    }
}

/// What sort of thing a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Kind,
    Priority,
    State,
    Flag,
    PatientFlag,
    Feed,
    Test,
    Class,
    Site,
    Place,
    Modality,
    /// Values that a ward declares.
    Declared,
    Quantity,
    Number,
    Time,
    Person,
}

fn sort(field: Field) -> Sort {
    match field {
        Field::Kind => Sort::Kind,
        Field::Priority => Sort::Priority,
        Field::State => Sort::State,
        Field::Flag => Sort::Flag,
        Field::PatientFlag => Sort::PatientFlag,
        Field::Feed => Sort::Feed,
        Field::Test => Sort::Test,
        Field::PatientClass => Sort::Class,
        Field::Site => Sort::Site,
        Field::Location => Sort::Place,
        Field::Modality => Sort::Modality,
        Field::Finding | Field::SpecimenClass | Field::SpecimenSite | Field::Department | Field::PatientRisk => {
            Sort::Declared
        }
        Field::Value | Field::PreviousValue | Field::Change => Sort::Quantity,
        Field::PatientAge => Sort::Number,
        Field::TimeSinceSameTest => Sort::Time,
        Field::OrderingClinician | Field::AttendingClinician | Field::ReportingClinician => Sort::Person,
    }
}

fn one_of(
    cx: &mut Context<'_>,
    at: (Field, &Name),
    (values, is): (&[Value], bool),
    about: About<'_>,
) -> Option<Condition> {
    let (field, name) = at;
    let sort = sort(field);
    if matches!(sort, Sort::Quantity | Sort::Number | Sort::Time) {
        return amount::equal(cx, at, (values, is), about);
    }
    if sort == Sort::Person {
        let found = Diagnostic::new(
            Code::WL0307,
            name.span,
            format!("{} can only be missing or present.", capital(&name.node)),
        );
        cx.report(
            found
                .because("Rules name roles, not the people who fill them.")
                .help("Change it to:", &[&format!("{} is present", name.node)]),
        );
        return None;
    }
    let words = words(cx, at, values)?;
    let comparison = words_comparison(cx, sort, at, (&words, is))?;
    Some(Condition::Atom(Atom { field, comparison }))
}

/// The words of a list; WL0307 for an amount among them.
fn words(cx: &mut Context<'_>, (_, name): (Field, &Name), values: &[Value]) -> Option<Vec<Name>> {
    let mut words = Vec::new();
    for value in values {
        if let ValueBody::Word(word) = &value.body {
            words.push(Name { node: word.clone(), span: value.span });
        } else {
            let text = cx.text(value.span);
            cx.problem(Code::WL0307, value.span, format!("{} is a name; it cannot be {text}.", capital(&name.node)));
            return None;
        }
    }
    Some(words)
}

fn words_comparison(
    cx: &mut Context<'_>,
    sort: Sort,
    (field, name): (Field, &Name),
    (words, is): (&[Name], bool),
) -> Option<Comparison> {
    Some(match sort {
        Sort::Kind => Comparison::Kinds(is, kinds(cx, words)?),
        Sort::Priority => Comparison::Priorities(is, priorities(cx, words)?),
        Sort::State => Comparison::States(is, states(cx, words)?),
        Sort::Flag => Comparison::Flags(is, flags(cx, words)?),
        Sort::PatientFlag => Comparison::Flags(is, patient_flags(cx, words)?),
        Sort::Feed => Comparison::Feeds(is, each(words, |word| moments::feed(cx, word))?),
        Sort::Test => Comparison::Tests(is, each(words, |word| test(cx, word))?),
        Sort::Class => Comparison::Classes(is, classes(cx, words)?),
        Sort::Site => Comparison::Names(
            is,
            names(cx, words, "site", |cx| cx.catalogue.sites.iter().map(|site| site.name.clone()).collect())?,
        ),
        Sort::Place => Comparison::Names(
            is,
            names(cx, words, "place", |cx| cx.catalogue.places.iter().map(|place| place.name.clone()).collect())?,
        ),
        Sort::Modality => Comparison::Names(
            is,
            names(cx, words, "modality", |_| standard::MODALITIES.iter().map(|&(word, _)| Text::from(word)).collect())?,
        ),
        Sort::Declared => Comparison::Names(is, values(cx, words, (&name.node, field))?),
        Sort::Quantity | Sort::Number | Sort::Time | Sort::Person => return None,
    })
}

/// Values that the ward declares: looked up in order, for there may be thousands.
fn values(cx: &mut Context<'_>, words: &[Name], (what, field): (&str, Field)) -> Option<Vec<Text>> {
    each(words, |word| {
        let known = cx.values.get(field.word()).and_then(|values| values.get(word.node.as_str())).cloned();
        if known.is_none() {
            let all = cx.catalogue.values.iter().find(|values| values.field == field.word());
            let all = all.map_or(&[][..], |values| values.values.as_slice()).iter().map(Text::as_str);
            cx.report(unknown(what, word, &all.collect::<Vec<_>>()));
        }
        known
    })
}

fn each<T>(words: &[Name], mut read: impl FnMut(&Name) -> Option<T>) -> Option<Vec<T>> {
    let found: Vec<Option<T>> = words.iter().map(&mut read).collect();
    found.into_iter().collect()
}

fn closed<T>(cx: &mut Context<'_>, word: &Name, found: Option<T>, (what, known): (&str, &[&str])) -> Option<T> {
    if found.is_none() {
        cx.report(unknown(what, word, known));
    }
    found
}

fn kinds(cx: &mut Context<'_>, words: &[Name]) -> Option<KindSet> {
    let known: Vec<&str> =
        wardline_rules::words::WardKind::ALL.iter().map(|kind| kind.name()).chain(["lab", "imaging"]).collect();
    let kinds = each(words, |word| closed(cx, word, KindSet::from_word(&word.node), ("kind", &known)))?;
    Some(kinds.into_iter().fold(KindSet::NONE, KindSet::or))
}

fn priorities(cx: &mut Context<'_>, words: &[Name]) -> Option<Vec<Priority>> {
    let known: Vec<&str> = Priority::ALL.iter().map(|priority| priority.word()).collect();
    each(words, |word| closed(cx, word, Priority::from_word(&word.node), ("priority", &known)))
}

fn states(cx: &mut Context<'_>, words: &[Name]) -> Option<StateSet> {
    let known: Vec<&str> = standard::state_words().collect();
    let states = each(words, |word| closed(cx, word, standard::state(&word.node), ("state", &known)))?;
    Some(states.into_iter().fold(StateSet::NONE, StateSet::or))
}

fn classes(cx: &mut Context<'_>, words: &[Name]) -> Option<Vec<PatientClass>> {
    let known: Vec<&str> = PatientClass::ALL.iter().map(|class| class.word()).collect();
    each(words, |word| closed(cx, word, PatientClass::from_word(&word.node), ("patient class", &known)))
}

fn flags(cx: &mut Context<'_>, words: &[Name]) -> Option<Vec<FlagWord>> {
    let waits = moments::wait_words(cx);
    let mut known: Vec<&str> = standard::flag_words().collect();
    known.extend(waits.iter().map(String::as_str));
    each(words, |word| {
        let found = moments::flag(cx, &word.node);
        if found.is_none() && standard::patient_flag(&word.node).is_some() {
            let found =
                Diagnostic::new(Code::WL0201, word.span, format!("\"{}\" is a flag of the patient.", word.node));
            cx.report(found.help("Write:", &[&format!("patient flag is {}", word.node)]));
            return None;
        }
        closed(cx, word, found, ("flag", &known))
    })
}

/// An empty list stands for `none`, which stands alone.
fn patient_flags(cx: &mut Context<'_>, words: &[Name]) -> Option<Vec<FlagWord>> {
    if let [only] = words
        && only.node == "none"
    {
        return Some(Vec::new());
    }
    let known = ["opted out", "deceased", "none"];
    each(words, |word| closed(cx, word, standard::patient_flag(&word.node), ("patient flag", &known)))
}

/// The test of a name; WL0201 if the catalogue has none.
pub(super) fn test(cx: &mut Context<'_>, word: &Name) -> Option<TestId> {
    let found = cx.catalogue.tests.iter().position(|test| test.name == word.node);
    if found.is_none() {
        let known: Vec<&str> = cx.catalogue.tests.iter().map(|test| test.name.as_str()).collect();
        let mut diagnostic = unknown("test", word, &known);
        if let (Some(edit), Some(help)) = (diagnostic.fix.first(), diagnostic.help.first_mut()) {
            let meant = cx.catalogue.tests.iter().find(|test| test.name == edit.text.as_str());
            let loinc = meant.and_then(|test| test.loinc.first()).map_or("", |loinc| loinc.as_str());
            help.lead = format!("Did you mean {} (LOINC {loinc})? Change it to:", edit.text);
            diagnostic.cause = "The catalogue has no test by this name.".to_owned();
        }
        cx.report(diagnostic);
    }
    found.and_then(|found| u32::try_from(found).ok()).map(TestId)
}

fn names(
    cx: &mut Context<'_>,
    words: &[Name],
    what: &str,
    known: impl Fn(&Context<'_>) -> Vec<Text>,
) -> Option<Vec<Text>> {
    let known = known(cx);
    let known_words: Vec<&str> = known.iter().map(Text::as_str).collect();
    each(words, |word| {
        let found = known.iter().find(|known| known.as_str() == word.node).cloned();
        closed(cx, word, found, (what, &known_words))
    })
}

/// A sentence begins with a capital.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
