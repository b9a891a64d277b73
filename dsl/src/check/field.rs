//! Field: what may a field be compared with, and what do the words of a comparison mean?
//!
//! - **How it fits**: `condition` asks for one atom at a time, `missing` for the value that stands in.
//! - **Not here**: chains, absent values.

use wardline_rules::Text;
use wardline_rules::program::{Atom, Bounds, Comparison, Condition, Field, Operand, TestId};
use wardline_rules::unit::Unit;
use wardline_rules::words::{FlagWord, KindSet, PatientClass, Priority, StateSet};

use super::catalogue::{self, unknown};
use super::context::Context;
use super::{moments, standard};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::basic::{Amount, Duration, Name, Range, TimeUnit};
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
            self::range(cx, (field, name), range, about).map(|bounds| atom(Comparison::Range(true, bounds)))
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
        return equal_amounts(cx, at, (values, is), about);
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
            names(cx, words, "modality", |_| MODALITIES.iter().map(|&word| Text::from(word)).collect())?,
        ),
        Sort::Declared => Comparison::Names(is, names(cx, words, &name.node, |cx| declared(cx, field))?),
        Sort::Quantity | Sort::Number | Sort::Time | Sort::Person => return None,
    })
}

/// The modalities of the edition.
const MODALITIES: &[&str] = &["CT", "MR", "US", "XR", "MG", "NM", "PT", "RF", "XA"];

fn declared(cx: &Context<'_>, field: Field) -> Vec<Text> {
    let values = cx.catalogue.values.iter().find(|values| values.field == field.word());
    values.map(|values| values.values.clone()).unwrap_or_default()
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

/// `is 5` and `is one of 5, 6` of a field with amounts: each amount is a range of one point.
fn equal_amounts(
    cx: &mut Context<'_>,
    at: (Field, &Name),
    (values, is): (&[Value], bool),
    about: About<'_>,
) -> Option<Condition> {
    let mut atoms = Vec::new();
    for value in values {
        let ValueBody::Amount(amount) = &value.body else {
            let text = cx.text(value.span);
            let found = Diagnostic::new(
                Code::WL0307,
                value.span,
                format!("{} is a number; it cannot be {text}.", capital(&at.1.node)),
            );
            cx.report(found.help("For example:", &[&format!("{} is above {}", at.1.node, sample(at.0))]));
            return None;
        };
        let operand = operand(cx, at, &Spanned { node: amount.clone(), span: value.span }, about)?;
        atoms.push(Condition::Atom(Atom {
            field: at.0,
            comparison: Comparison::Range(is, Bounds::Between(operand, operand)),
        }));
    }
    Some(match (atoms.len(), is) {
        (1, _) => atoms.remove(0),
        (_, true) => Condition::Any(atoms),
        (_, false) => Condition::All(atoms),
    })
}

fn sample(field: Field) -> &'static str {
    match sort(field) {
        Sort::Time => "24 hours",
        Sort::Number => "64",
        Sort::Quantity
        | Sort::Kind
        | Sort::Priority
        | Sort::State
        | Sort::Flag
        | Sort::PatientFlag
        | Sort::Feed
        | Sort::Test
        | Sort::Class
        | Sort::Site
        | Sort::Place
        | Sort::Modality
        | Sort::Declared
        | Sort::Person => "6.5 mmol/L",
    }
}

fn range(cx: &mut Context<'_>, at: (Field, &Name), range: &Spanned<Range>, about: About<'_>) -> Option<Bounds> {
    if !matches!(sort(at.0), Sort::Quantity | Sort::Number | Sort::Time) {
        let (name, text) = (&at.1.node, cx.text(range.span));
        let found = Diagnostic::new(
            Code::WL0307,
            range.span,
            format!("{} is a name, not a number; it cannot be {text}.", capital(name)),
        );
        cx.report(found.help("For example:", &[&format!("{name} is {}", name_sample(cx, at.0))]));
        return None;
    }
    let operands: Vec<Option<Operand>> = range.node.amounts().map(|amount| operand(cx, at, amount, about)).collect();
    let mut operands = operands.into_iter();
    let first = operands.next()??;
    let bounds = match &range.node {
        Range::Below(_) => Bounds::Below(first),
        Range::Above(_) => Bounds::Above(first),
        Range::AtLeast(_) => Bounds::AtLeast(first),
        Range::AtMost(_) => Bounds::AtMost(first),
        Range::Between(..) => Bounds::Between(first, operands.next()??),
        Range::Outside(..) => Bounds::Outside(first, operands.next()??),
    };
    ordered(cx, &bounds, range.span)?;
    Some(bounds)
}

/// `between` and `below … or above` go from the lower to the higher bound.
fn ordered(cx: &mut Context<'_>, bounds: &Bounds, span: Span) -> Option<()> {
    let turned = match bounds {
        Bounds::Between(low, high) | Bounds::Outside(low, high) => low > high,
        Bounds::Below(_) | Bounds::Above(_) | Bounds::AtLeast(_) | Bounds::AtMost(_) => false,
    };
    if turned {
        let found = Diagnostic::new(Code::WL0307, span, "The lower bound comes first.");
        cx.report(found.because("As written, the two bounds overlap or leave nothing between them."));
        return None;
    }
    Some(())
}

fn name_sample(cx: &Context<'_>, field: Field) -> String {
    let declared = match sort(field) {
        Sort::Place => cx.catalogue.places.first().map(|place| place.name.to_string()),
        Sort::Site => cx.catalogue.sites.first().map(|site| site.name.to_string()),
        Sort::Test => cx.catalogue.tests.first().map(|test| test.name.to_string()),
        Sort::Priority => Some("stat".to_owned()),
        Sort::State => Some("unread".to_owned()),
        Sort::Flag => Some("critical".to_owned()),
        Sort::Kind => Some("lab".to_owned()),
        Sort::PatientFlag => Some("none".to_owned()),
        Sort::Class => Some("inpatient".to_owned()),
        Sort::Modality => Some("CT".to_owned()),
        Sort::Feed | Sort::Declared | Sort::Quantity | Sort::Number | Sort::Time | Sort::Person => None,
    };
    declared.unwrap_or_else(|| "present".to_owned())
}

/// An amount of the right sort for a field.
fn operand(cx: &mut Context<'_>, at: (Field, &Name), amount: &Spanned<Amount>, about: About<'_>) -> Option<Operand> {
    let sort = sort(at.0);
    match (&amount.node, sort) {
        (Amount::Number(number), Sort::Number) => Some(Operand::Number(*number)),
        (Amount::Span(duration), Sort::Time) => time(cx, *duration, amount.span),
        (Amount::Quantity(number, unit), Sort::Quantity) => {
            let known = catalogue::unit(cx, unit)?;
            same_dimension(cx, known, amount, about)?;
            known.quantity(*number).map(Operand::Quantity)
        }
        (Amount::Number(number), Sort::Quantity) => {
            plain_number(cx, amount, about)?;
            Some(Operand::Number(*number))
        }
        (Amount::Span(_) | Amount::Percent(_) | Amount::Quantity(..) | Amount::Number(_), _) => {
            let text = cx.text(amount.span);
            let found =
                Diagnostic::new(Code::WL0307, amount.span, format!("{} cannot be {text}.", capital(&at.1.node)));
            cx.report(found.help("For example:", &[&format!("{} is above {}", at.1.node, sample(at.0))]));
            None
        }
    }
}

fn time(cx: &mut Context<'_>, duration: Duration, span: Span) -> Option<Operand> {
    match duration {
        Duration::Elapsed(_, TimeUnit::Day) => {
            let text = cx.text(span);
            let hours = duration.length().map_or(0, |length| length.micros() / wardline_rules::time::HOUR);
            let found = Diagnostic::new(Code::WL0304, span, format!("\"{text}\" can mean two things here."));
            cx.report(found.because("This field counts real time.").replace(
                "Change it to:",
                span,
                format!("{hours} hours"),
            ));
            None
        }
        Duration::Elapsed(..) => duration.length().map(Operand::Span),
        Duration::Working(..) | Duration::WorkingDays(..) => {
            cx.problem(Code::WL0307, span, "This field counts real time, not working time.");
            None
        }
    }
}

/// WL0303 where the tests at hand are reported in units of another dimension.
fn same_dimension(cx: &mut Context<'_>, unit: Unit, amount: &Spanned<Amount>, about: About<'_>) -> Option<()> {
    let other = tests(cx, about).find_map(|(name, known)| {
        known.filter(|known| known.dimension() != unit.dimension()).map(|known| (name, known))
    });
    let Some((name, known)) = other else { return Some(()) };
    let text = cx.text(amount.span);
    let found = Diagnostic::new(
        Code::WL0303,
        amount.span,
        format!("{} is reported in {known}; {text} is not comparable.", capital(&name)),
    );
    let number = text.split(' ').next().unwrap_or("");
    cx.report(found.because("Nothing converts between the two without knowing the substance.").replace(
        "If the number is right, change it to:",
        amount.span,
        format!("{number} {known}"),
    ));
    None
}

/// WL0303 for a number without a unit where the test has one.
fn plain_number(cx: &mut Context<'_>, amount: &Spanned<Amount>, about: About<'_>) -> Option<()> {
    let Some((name, unit)) = tests(cx, about).find_map(|(name, unit)| unit.map(|unit| (name, unit))) else {
        return Some(());
    };
    let text = cx.text(amount.span);
    let found = Diagnostic::new(
        Code::WL0303,
        amount.span,
        format!("{} is reported in {unit}; {text} has no unit.", capital(&name)),
    );
    cx.report(found.replace("Change it to:", amount.span, format!("{text} {unit}")));
    None
}

fn tests(cx: &Context<'_>, about: About<'_>) -> impl Iterator<Item = (String, Option<Unit>)> + use<> {
    let tests: Vec<(String, Option<Unit>)> = about
        .tests
        .iter()
        .filter_map(|id| cx.catalogue.tests.get(id.index()))
        .map(|test| (test.name.to_string(), test.unit))
        .collect();
    tests.into_iter()
}

/// A sentence begins with a capital.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
