//! Offers: which words of the grammar and of the standard catalogue may follow at a place?
//!
//! The grammar says which of its rules it would read next. A keyword is offered as it is; a rule that stands for many words is
//! spelt out here, from the lists that the checker reads.
//! - **How it fits**: completion adds the names of the ward.
//! - **Not here**: declared names (`wanted`).

use wardline_rules::program::Field;
use wardline_rules::words::{Channel, PatientClass, Priority, WardKind};

use super::OfferSort;
use super::cursor::Cursor;
use super::wanted;
use crate::check::standard::{MODALITIES, STEPS, StepForm, flag_words, state_words};
use crate::grammar::{self, Rule};
use crate::syntax::expected;
use crate::vocabulary::ClauseForm;

/// A word and what sort of word it is.
pub(super) type Word = (String, OfferSort);

/// A text that no rule of the grammar reads: put behind a clause, it makes the parser say what it would have read there.
const NOTHING: &str = "\u{1}";

/// What the grammar would read behind a text.
pub(super) fn expected_after(rule: Rule, before: &str) -> Vec<Rule> {
    let text = format!("{before}{NOTHING}");
    match grammar::parse(rule, &text) {
        Ok(_) => Vec::new(),
        Err(stop) if stop.at == before.len() => stop.expected,
        Err(_) => Vec::new(),
    }
}

/// The words that a rule begins with.
pub(super) fn words(rule: Rule, cursor: &Cursor<'_>) -> Vec<Word> {
    if let Some(keyword) = expected::keyword(rule) {
        return vec![(keyword, OfferSort::Word)];
    }
    let found = BEGINNINGS.iter().find(|(rules, _)| rules.contains(&rule));
    found.map_or_else(Vec::new, |(_, words)| words(cursor))
}

/// What the words of a rule are, at a place.
type Words = fn(&Cursor<'_>) -> Vec<Word>;

/// Rules that stand for many words; all others begin with a keyword, a name or a number.
const BEGINNINGS: &[(&[Rule], Words)] = &[
    (&[Rule::who, Rule::r#ref, Rule::tell_to], |_| plain(ROLES)),
    (&[Rule::page_to], |_| plain(&[&["using"], ROLES].concat())),
    (&[Rule::action], |_| plain(&["page", "tell"])),
    (&[Rule::by], |_| plain(&["by"])),
    (&[Rule::channel], |_| standard(channels())),
    (&[Rule::kind, Rule::kinds], |_| standard(kinds())),
    (&[Rule::subject], |_| plain(SUBJECTS)),
    (&[Rule::moment, Rule::moments, Rule::article], |cursor| standard(moments(cursor))),
    (&[Rule::state], |_| plain(&["alert", "feed", "count of", "count of open", "a report is"])),
    (&[Rule::report_is], |_| plain(&["a report is"])),
    (&[Rule::count_is], |_| plain(&["count of", "count of open"])),
    (&[Rule::phrase], phrases),
    (&[Rule::step_word], |cursor| standard(steps_of(cursor))),
    (&[Rule::milestone], |_| standard(milestones())),
    (&[Rule::condition, Rule::operand, Rule::atom], |_| [fields(), plain(&["any of", "all of"])].concat()),
    (&[Rule::pair, Rule::term], fields_here),
    (&[Rule::fact], |_| [fields(), plain(&["delivery"])].concat()),
    (&[Rule::missed], |_| [fields(), plain(&["decision"])].concat()),
    (&[Rule::relation], |cursor| [values(cursor), plain(RELATIONS)].concat()),
    (&[Rule::range], |_| plain(RANGES)),
    (&[Rule::value, Rule::choice], values),
    (&[Rule::day, Rule::hours, Rule::night], |_| plain(DAYS)),
    (&[Rule::closure], |_| plain(&["holidays"])),
    (&[Rule::delayed], |_| plain(&["alert", "breaches of", "warnings of"])),
    (&[Rule::event], |_| [plain(ROLES), plain(EVENTS)].concat()),
    (&[Rule::outcome], |_| [plain(OUTCOMES), plain(ROLES)].concat()),
    (&[Rule::refusal], |_| plain(REFUSALS)),
];

fn plain(words: &[&str]) -> Vec<Word> {
    words.iter().map(|word| ((*word).to_owned(), OfferSort::Word)).collect()
}

const ROLES: &[&str] = &[
    "the ordering clinician",
    "the attending clinician",
    "the covering clinician",
    "the reporting clinician",
    "the copied clinicians",
    "the recipient",
    "desk",
    "roster",
    "person",
];
const SUBJECTS: &[&str] = &["order", "specimen", "exam", "analysis", "result", "report", "patient"];
const RANGES: &[&str] = &["above", "below", "at least", "at most", "between"];
const RELATIONS: &[&str] =
    &["above", "below", "at least", "at most", "between", "one of", "not", "not one of", "missing", "present"];
const DAYS: &[&str] = &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const EVENTS: &[&str] = &["feed", "message arrives from feed", "silence", "silence of"];
const OUTCOMES: &[&str] = &[
    "nothing else is sent",
    "nothing is sent",
    "a task is opened for",
    "the answer is refused:",
    "the patient is sent",
    "alert",
    "clock",
];
const REFUSALS: &[&str] =
    &["code does not match", "read-back does not match", "not a licensed clinician", "not paged", "already closed"];

fn standard(words: impl IntoIterator<Item = String>) -> Vec<Word> {
    words.into_iter().map(|word| (word, OfferSort::Standard)).collect()
}

fn owned<'w>(words: impl Iterator<Item = &'w str>) -> Vec<String> {
    words.map(str::to_owned).collect()
}

fn channels() -> Vec<String> {
    owned(Channel::ALL.iter().map(|channel| channel.word()).filter(|word| Channel::from_word(word).is_some()))
}

fn kinds() -> Vec<String> {
    owned(["lab", "imaging"].into_iter().chain(WardKind::ALL.iter().map(|kind| kind.name())))
}

fn fields() -> Vec<Word> {
    Field::ALL.iter().map(|field| (field.word().to_owned(), OfferSort::Field)).collect()
}

/// Fields where a name of a field may stand, nothing where a name of the ward is typed.
fn fields_here(cursor: &Cursor<'_>) -> Vec<Word> {
    let before = cursor.before(cursor.index);
    let begins = before.is_none_or(|token| {
        ["and", "or", "where", "unless", "per", "-", ",", "given", "missing"].contains(&token.text)
            || token.sort == super::tokens::Sort::Break
    });
    if begins { fields() } else { Vec::new() }
}

/// Whole sentences: what may happen, as a clause of this word says it.
fn moments(cursor: &Cursor<'_>) -> Vec<String> {
    let article =
        |word: &str| if word.starts_with(['a', 'e', 'o']) { format!("an {word}") } else { format!("a {word}") };
    let definite = !["when", "after"].contains(&cursor.word());
    let sentences = STEPS.iter().flat_map(|form| {
        form.subjects.iter().map(move |subject| {
            let subject = if definite { format!("the {}", subject.word()) } else { article(subject.word()) };
            format!("{subject} is {}", form.word)
        })
    });
    sentences.chain(["a message arrives from feed".to_owned()]).collect()
}

fn milestones() -> Vec<String> {
    let names =
        |form: &'static StepForm| form.subjects.iter().map(move |subject| format!("{} {}", subject.word(), form.word));
    STEPS.iter().flat_map(names).collect()
}

/// Steps of the subject before `is`; of all if there is none.
fn steps_of(cursor: &Cursor<'_>) -> Vec<String> {
    let words = cursor.tokens.get(..cursor.index).unwrap_or(&[]);
    let subject = words.iter().rev().find(|token| SUBJECTS.contains(&token.text)).map(|token| token.text);
    let fits =
        |form: &&StepForm| subject.is_none_or(|subject| form.subjects.iter().any(|known| known.word() == subject));
    owned(STEPS.iter().filter(fits).map(|form| form.word))
}

/// States and flags.
fn phrases(cursor: &Cursor<'_>) -> Vec<Word> {
    if wanted::field_of(cursor, cursor.index).is_some_and(|field| Field::from_word(&field).is_some()) {
        return values(cursor);
    }
    standard(owned(state_words().chain(flag_words())))
}

/// Values of the standard catalogue for the field of this comparison.
fn values(cursor: &Cursor<'_>) -> Vec<Word> {
    let Some(field) = wanted::field_of(cursor, cursor.index).and_then(|field| Field::from_word(&field)) else {
        return Vec::new();
    };
    standard(match field {
        Field::Kind => kinds(),
        Field::Priority => owned(Priority::ALL.iter().map(|priority| priority.word())),
        Field::State => owned(state_words()),
        Field::Flag => owned(flag_words()),
        Field::PatientFlag => owned(["opted out", "deceased", "none"].into_iter()),
        Field::PatientClass => owned(PatientClass::ALL.iter().map(|class| class.word())),
        Field::Modality => owned(MODALITIES.iter().map(|(word, _)| *word)),
        Field::Feed
        | Field::Test
        | Field::Value
        | Field::Finding
        | Field::PreviousValue
        | Field::Change
        | Field::TimeSinceSameTest
        | Field::SpecimenClass
        | Field::SpecimenSite
        | Field::Site
        | Field::Department
        | Field::Location
        | Field::PatientRisk
        | Field::PatientAge
        | Field::OrderingClinician
        | Field::AttendingClinician
        | Field::ReportingClinician => Vec::new(),
    })
}

/// The rule that reads what is being typed.
pub(super) fn rule(cursor: &Cursor<'_>) -> Option<Rule> {
    if cursor.is_header {
        return Some(cursor.form.header);
    }
    cursor.form.clause(cursor.word()).map(|form: &ClauseForm| form.rule)
}
