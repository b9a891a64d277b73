//! Vocabulary: which clauses may stand in which block, in which order, how often, what do they mean, and how is each read?
//!
//! ```text
//!            ┌─► layout (block words)   ┌─► formatter (order)
//!  BLOCKS ───┼─► syntax (rule names)    ├─► reference page, hover and completion (meaning, example)
//!            └─► checks (how often)     └─► grammar of editors (words)
//! ```
//! One table answers all of them, so that none can drift from the parser. The words inside clauses are in [`terms`], the shapes of
//! clauses, taken from the grammar itself, in [`shape`].
//! - **How it fits**: [`syntax`](crate::syntax) looks up every clause here before it is parsed; editors and the reference page read
//!   [`BLOCKS`] and [`terms::all`].
//! - **Not here**: what a clause does when it runs (`wardline-rules`, `wardline-core`), names that a ward declares itself.

mod notions;
mod people;
mod rules;
mod scripts;
pub mod shape;
pub mod terms;

use crate::grammar::Rule;
use crate::syntax::clause::Read;

/// The sixteen block words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BlockKind {
    /// `ward`
    Ward,
    /// `pack`
    Pack,
    /// `catalogue`
    Catalogue,
    /// `severity`
    Severity,
    /// `calendar`
    Calendar,
    /// `person`
    Person,
    /// `desk`
    Desk,
    /// `roster`
    Roster,
    /// `escalation`
    Escalation,
    /// `sla`
    Sla,
    /// `exception`
    Exception,
    /// `alert`
    Alert,
    /// `notice`
    Notice,
    /// `suppress`
    Suppress,
    /// `function`
    Function,
    /// `test`
    Test,
}

/// How often a clause may stand in its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Exactly once.
    Once,
    /// Once or not at all.
    AtMostOnce,
    /// Any number.
    Any,
    /// At least once.
    AtLeastOnce,
    /// `at` and `then` of a test: any number, in any order, one entry per line.
    Entries,
}

impl Times {
    /// In words, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Times::Once => "once",
            Times::AtMostOnce => "at most once",
            Times::Any => "any number",
            Times::AtLeastOnce => "at least once",
            Times::Entries => "any number, one entry a line",
        }
    }
}

/// One clause of one block.
#[derive(Clone, Copy, Debug)]
pub struct ClauseForm {
    /// The word it begins with.
    pub word: &'static str,
    /// How often it may stand in its block.
    pub times: Times,
    /// What it says, in one or two sentences.
    pub meaning: &'static str,
    /// A right one, as the formatter would write it; also offered by corrections.
    pub example: &'static str,
    pub(crate) rule: Rule,
    pub(crate) read: Read,
}

impl ClauseForm {
    /// The same clause in a block that has it more or less often.
    const fn times(self, times: Times) -> ClauseForm {
        ClauseForm { times, ..self }
    }

    /// Its shape, such as `target LENGTH`, from the grammar.
    #[must_use]
    pub fn shape(&self) -> String {
        shape::of(self.rule)
    }
}

/// One kind of block.
#[derive(Clone, Copy, Debug)]
pub struct BlockForm {
    /// Which it is.
    pub kind: BlockKind,
    /// The word it begins with.
    pub word: &'static str,
    /// What it is for, in one or two sentences.
    pub meaning: &'static str,
    /// A right header.
    pub example: &'static str,
    /// In the order the formatter keeps.
    pub clauses: &'static [ClauseForm],
    pub(crate) header: Rule,
}

impl BlockForm {
    /// The form of one of its clauses, if it has one of this word.
    #[must_use]
    pub fn clause(&self, word: &str) -> Option<&'static ClauseForm> {
        self.clauses.iter().find(|form| form.word == word)
    }

    /// The shape of its header, from the grammar.
    #[must_use]
    pub fn shape(&self) -> String {
        shape::of(self.header)
    }
}

/// A trigger of an alert: its first word, what it needs, and what it may have besides the clauses every alert may have.
#[derive(Clone, Copy, Debug)]
pub struct TriggerForm {
    /// The clause word that begins it.
    pub word: &'static str,
    /// What raises the alert.
    pub meaning: &'static str,
    /// Clauses it needs.
    pub required: &'static [&'static str],
    /// Clauses it may have that not every alert may.
    pub allowed: &'static [&'static str],
}

/// The four triggers of an alert; each alert has exactly one.
pub const TRIGGERS: &[TriggerForm] = &[
    TriggerForm {
        word: "when",
        meaning: "A moment: something happens to a report or result.",
        required: &[],
        allowed: &["where", "unless", "decide", "once", "limit", "answer", "withdraw"],
    },
    TriggerForm {
        word: "while",
        meaning: "A state: it has lasted as long as `hold` says.",
        required: &["hold"],
        allowed: &["where", "unless", "clear", "counts", "limit"],
    },
    TriggerForm {
        word: "after",
        meaning: "An absence: what `expect` waits for did not come `within` the time.",
        required: &["expect", "within"],
        allowed: &["where", "unless", "counts", "limit"],
    },
    TriggerForm {
        word: "every",
        meaning: "A window: a figure over the last minutes or hours has passed a level.",
        required: &["measure", "is", "clear"],
        allowed: &["of", "where", "unless", "hold", "limit"],
    },
];

/// Clauses of an alert that depend on its trigger.
pub(crate) const DEPENDENT: &[&str] = &[
    "expect", "within", "measure", "of", "where", "unless", "is", "decide", "hold", "clear", "counts", "once", "limit",
    "answer", "withdraw",
];

/// Block words of a later release.
pub const PLANNED_BLOCKS: &[&str] = &["budget", "promise"];
/// Clause words of a later release.
pub const PLANNED_CLAUSES: &[&str] = &["learned", "meanwhile", "grouped"];

/// Words that cannot stand inside a bare name; where a name holds one, it is quoted.
pub const RESERVED: &[&str] = &[
    "above",
    "again",
    "all",
    "and",
    "any",
    "an",
    "as",
    "at",
    "a",
    "because",
    "becomes",
    "below",
    "between",
    "by",
    "for",
    "from",
    "in",
    "is",
    "least",
    "missing",
    "most",
    "not",
    "no",
    "of",
    "one",
    "on",
    "or",
    "otherwise",
    "per",
    "present",
    "then",
    "the",
    "to",
    "until",
    "using",
    "when",
    "where",
    "while",
    "within",
    "without",
    "with",
    "yes",
];

/// All blocks, in the order of the reference.
pub const BLOCKS: &[BlockForm] = &[
    notions::WARD,
    notions::PACK,
    notions::CATALOGUE,
    notions::SEVERITY,
    people::CALENDAR,
    people::PERSON,
    people::DESK,
    people::ROSTER,
    people::ESCALATION,
    rules::SLA,
    rules::EXCEPTION,
    rules::ALERT,
    rules::NOTICE,
    rules::SUPPRESS,
    scripts::FUNCTION,
    scripts::TEST,
];

/// The form of a block word, if it is one.
#[must_use]
pub fn block_form(word: &str) -> Option<&'static BlockForm> {
    BLOCKS.iter().find(|form| form.word == word)
}

impl BlockKind {
    /// The word that starts such a block.
    #[must_use]
    pub fn word(self) -> &'static str {
        BLOCKS.iter().find(|form| form.kind == self).map_or("", |form| form.word)
    }
}

/// Every block that has a clause of this word.
pub(crate) fn blocks_with(word: &str) -> impl Iterator<Item = &'static BlockForm> {
    BLOCKS.iter().filter(move |form| form.clause(word).is_some())
}

/// A clause that may stand any number of times; [`ClauseForm::times`] says otherwise.
const fn form(
    word: &'static str,
    (rule, read): (Rule, Read),
    example: &'static str,
    meaning: &'static str,
) -> ClauseForm {
    ClauseForm { word, times: Times::Any, meaning, example, rule, read }
}
