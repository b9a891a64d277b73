//! Terms: which words may stand inside a clause, and what do they mean?
//!
//! Steps, states, kinds, priorities, flags, fields, comparisons, roles, channels and placeholders: all that every ward knows
//! without declaring it. The words are those of the closed lists that the checker and the engine use; a word without a meaning
//! does not compile.
//! - **How it fits**: the reference page, hover and completion of editors.
//! - **Source**: language page, sections 4.1 to 4.4.
//! - **Not here**: names that a ward declares (its program knows them), words at the begin of a clause ([`BLOCKS`](super::BLOCKS)).

mod meanings;

use wardline_rules::program::Field;
use wardline_rules::words::{Channel, Flag, PatientClass, Priority, State};

use crate::check::standard;
use crate::check::text;
use crate::syntax::moment::Subject;

/// What sort of word it is; says where it may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// A sentence such as `specimen is received`: in `when`, `after`, `starts`, `stops` and tests.
    Step,
    /// What lasts: in `while`, `pauses`, and after `state is`.
    State,
    /// Kinds of report and groups of them: before a subject, in `covers` and `of`.
    Kind,
    /// After `priority is`.
    Priority,
    /// After `flag is`; those of a result only where the rule speaks of a result.
    Flag,
    /// After `patient flag is`.
    PatientFlag,
    /// After `patient class is`.
    PatientClass,
    /// After `modality is`.
    Modality,
    /// What a condition compares.
    Field,
    /// How a condition compares it.
    Comparison,
    /// Whom a page or tell may name.
    Person,
    /// By what it goes.
    Channel,
    /// What a text may have filled in.
    Placeholder,
}

impl Group {
    /// All of them, in the order of the reference.
    pub const ALL: &'static [Group] = &[
        Group::Step,
        Group::State,
        Group::Kind,
        Group::Priority,
        Group::Flag,
        Group::PatientFlag,
        Group::PatientClass,
        Group::Modality,
        Group::Field,
        Group::Comparison,
        Group::Person,
        Group::Channel,
        Group::Placeholder,
    ];
}

/// One word, or one sentence that is read as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// What sort it is.
    pub group: Group,
    /// As it is written.
    pub word: String,
    /// What it means.
    pub meaning: String,
    /// A clause that holds it.
    pub example: String,
}

fn term(group: Group, word: &str, meaning: impl Into<String>, example: impl Into<String>) -> Term {
    Term { group, word: word.to_owned(), meaning: meaning.into(), example: example.into() }
}

/// Every word, group by group, in the order of the closed lists.
#[must_use]
pub fn all() -> Vec<Term> {
    Group::ALL.iter().flat_map(|group| of(*group)).collect()
}

/// The words of one group.
#[must_use]
pub fn of(group: Group) -> Vec<Term> {
    match group {
        Group::Step => standard::STEPS.iter().flat_map(step).collect(),
        Group::State => states(),
        Group::Kind => kinds(),
        Group::Priority => priorities(),
        Group::Flag => flags(),
        Group::PatientFlag => patient_flags(),
        Group::PatientClass => classes(),
        Group::Modality => listed(group, standard::MODALITIES, |word| format!("where     modality is {word}")),
        Group::Field => fields(),
        Group::Comparison => comparisons(),
        Group::Person => {
            listed(group, meanings::PEOPLE, |word| format!("step 1    page {word} by secure message, wait 5 minutes"))
        }
        Group::Channel => channels(),
        Group::Placeholder => placeholders(),
    }
}

fn listed(group: Group, list: &[(&str, &str)], example: impl Fn(&str) -> String) -> Vec<Term> {
    list.iter().map(|(word, meaning)| term(group, word, *meaning, example(word))).collect()
}

/// One sentence for each subject the step may have.
fn step(form: &standard::StepForm) -> Vec<Term> {
    let of_kind =
        form.kinds().iter().next().map_or("", |kind| if kind.name() == "general lab" { "lab" } else { kind.name() });
    let is_trade = form.kinds() != wardline_rules::words::KindSet::ALL;
    let sentence = |subject: &Subject| {
        let word = format!("{} is {}", subject.word(), form.word);
        let kind = if is_trade { format!("{of_kind} ") } else { String::new() };
        let article =
            if is_trade || !matches!(subject, Subject::Order | Subject::Exam | Subject::Analysis) { "a" } else { "an" };
        term(Group::Step, &word, form.meaning, format!("when      {article} {kind}{word}"))
    };
    form.subjects.iter().map(sentence).collect()
}

fn states() -> Vec<Term> {
    let open = term(Group::State, "open", meanings::OPEN, "while     a report is open");
    let named = State::ALL.iter().map(|state| {
        term(Group::State, state.name(), meanings::state(*state), format!("while     a report is {}", state.name()))
    });
    named.chain([open]).collect()
}

fn kinds() -> Vec<Term> {
    let example = |word: &str| format!("covers    {word} reports");
    let groups = listed(Group::Kind, meanings::KIND_GROUPS, example);
    let single = wardline_rules::words::WardKind::ALL.iter();
    let single = single.map(|kind| term(Group::Kind, kind.name(), meanings::kind(*kind), example(kind.name())));
    groups.into_iter().chain(single).collect()
}

fn priorities() -> Vec<Term> {
    let all = Priority::ALL.iter();
    all.map(|priority| {
        let word = priority.word();
        term(Group::Priority, word, meanings::priority(*priority), format!("where     priority is {word}"))
    })
    .collect()
}

fn flags() -> Vec<Term> {
    let example = |word: &str| format!("where     flag is {word}");
    let of_reports = Flag::ALL.iter().filter(|flag| standard::report_flag(flag.word()).is_some());
    let of_reports = of_reports.map(|flag| term(Group::Flag, flag.word(), meanings::flag(*flag), example(flag.word())));
    of_reports.chain(listed(Group::Flag, meanings::RESULT_FLAGS, example)).collect()
}

fn patient_flags() -> Vec<Term> {
    let all = Flag::ALL.iter().filter(|flag| standard::patient_flag(flag.word()).is_some());
    all.map(|flag| {
        let word = flag.word();
        term(Group::PatientFlag, word, meanings::flag(*flag), format!("where     patient flag is {word}"))
    })
    .collect()
}

fn classes() -> Vec<Term> {
    let all = PatientClass::ALL.iter();
    all.map(|class| {
        let word = class.word();
        term(Group::PatientClass, word, meanings::class(*class), format!("where     patient class is {word}"))
    })
    .collect()
}

fn fields() -> Vec<Term> {
    let all = Field::ALL.iter();
    all.map(|field| {
        let (what, example) = meanings::field(*field);
        let absent = if field.may_be_absent() {
            " May be absent, so a rule that compares it has a `missing` clause for it."
        } else {
            ""
        };
        let result = if field.is_of_result() { " Belongs to a result, not to a report." } else { "" };
        term(Group::Field, field.word(), format!("{what}{result}{absent}"), format!("where     {example}"))
    })
    .collect()
}

fn comparisons() -> Vec<Term> {
    let all = meanings::COMPARISONS.iter();
    all.map(|(word, meaning, example)| term(Group::Comparison, word, *meaning, format!("where     {example}")))
        .collect()
}

fn channels() -> Vec<Term> {
    let all = Channel::ALL.iter().filter(|channel| Channel::from_word(channel.word()).is_some());
    all.map(|channel| {
        let signed = if channel.is_signed_in() {
            " People sign in to it."
        } else {
            " Nobody signs in to it: it carries no health details."
        };
        let meaning = format!("{}{signed}", meanings::channel(*channel));
        let example = format!("tell      desk \"Operations\" by {}", channel.word());
        term(Group::Channel, channel.word(), meaning, example)
    })
    .collect()
}

fn placeholders() -> Vec<Term> {
    let everywhere = text::EVERYWHERE.iter().map(|word| (*word, "In every text."));
    let staff = text::STAFF.iter().map(|word| (*word, "In texts to staff."));
    let details =
        text::DETAILS.iter().map(|word| (*word, "In a `message` to staff, and in templates with health details."));
    let all = everywhere.chain(staff).chain(details);
    all.map(|(word, place)| {
        let meaning = format!("{} {place}", meanings::placeholder(word));
        term(
            Group::Placeholder,
            &format!("{{{word}}}"),
            meaning,
            format!("message   \"{{{word}}} {{link}} Code {{code}}\""),
        )
    })
    .collect()
}
