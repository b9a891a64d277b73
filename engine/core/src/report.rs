//! Report: what has been said about one examination, so that the order of the telling does not matter?
//!
//! A report is the sorted list of what was said about it: one [`Record`] for each step or update, and, for those that have
//! any, results, flags, people and attributes with their times. Nothing is overwritten; steps, versions, state and values
//! at any instant are read from the list ([`registers`], [`situation`], [`results`]). So every arrival order ends in the
//! same report [REP-1].
//!
//! - LIMIT: `MILESTONES_PER_REPORT_MAX` records, `RESULTS_MAX` results, `FLAGS_PER_REPORT_MAX` flags.
//! - **Not here**: which report an event is about ([`crate::identity`]), rules.

pub(crate) mod registers;
pub(crate) mod results;
pub(crate) mod situation;

use std::collections::BTreeSet;

use wardline_rules::{
    event::Ident,
    limits::{MILESTONES_PER_REPORT_MAX, RESULTS_MAX},
    time::{EventTime, Timestamp},
    token::Token,
    words::{Evidence, Role, Step},
};

use crate::{
    alerts::{AlertSlot, absence::Wait},
    clocks::Clock,
    dictionary::Coded,
    identity::Name,
    ids::ReportId,
    report::results::Statement,
    snug,
    tuple::{SAYS_NOTHING, TupleId, Tuples},
    ward::needs::Steps,
};

/// Where a report lives in the slab.
pub(crate) type ReportSlot = u32;

/// The tie of the record that an answer given to Wardline makes; it has no event whose id could give one.
pub(crate) const OWN_ANSWER: u32 = u32::MAX;

/// One thing said about a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Record {
    /// First instant it may mean.
    pub(crate) lo: Timestamp,
    /// First instant it cannot mean.
    pub(crate) hi: Timestamp,
    /// When the statement was made: orders statements about one moment.
    pub(crate) made: Timestamp,
    /// When we heard it, log time.
    pub(crate) heard: Timestamp,
    /// Orders statements made at one instant: a hash of the event's id.
    pub(crate) tie: u32,
    /// What else it said.
    pub(crate) tuple: TupleId,
    /// The step; `None` for an update.
    pub(crate) step: Option<Step>,
    /// How sure its time is.
    pub(crate) evidence: Evidence,
    /// Said of the placer number alone: every report with that number has it [IDN-6].
    pub(crate) is_shared: bool,
    /// The source gave no usable time; `lo` is when we heard it [SLA-12].
    pub(crate) is_untimed: bool,
}

impl Record {
    /// The order in which records count: event time, then the newest word last.
    const fn order(&self) -> (Timestamp, Timestamp, u32) {
        (self.lo, self.made, self.tie)
    }

    /// Whether both say the same, whenever and however often it was said.
    fn says_the_same(&self, other: &Self) -> bool {
        self.lo == other.lo
            && self.hi == other.hi
            && self.step == other.step
            && self.tuple == other.tuple
            && self.evidence == other.evidence
            && self.is_untimed == other.is_untimed
    }

    /// Whether it says that somebody acted, other than by an answer given to Wardline [ESC-8].
    pub(crate) fn is_action(&self) -> bool {
        matches!(self.step, Some(Step::Reviewed | Step::Acknowledged)) && self.tie != OWN_ANSWER && !self.is_untimed
    }

    /// Its time as an interval.
    pub(crate) const fn time(&self) -> EventTime {
        EventTime {
            lo: self.lo,
            hi: self.hi,
            origin: wardline_rules::time::ZoneOrigin::Field,
            repair: wardline_rules::time::Repair::None,
        }
    }
}

/// A flag that begins or ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct FlagFact {
    pub(crate) at: Timestamp,
    /// Ends sort before begins, so that at equal time *set* has the last word.
    pub(crate) is_on: bool,
    pub(crate) flag: FlagCode,
}

/// A flag: one of the known, or a waiting reason by its text number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum FlagCode {
    /// One that every installation knows.
    Known(wardline_rules::words::Flag),
    /// `wait.<reason>`.
    Wait(Coded),
}

/// Somebody who is something to the report, from a time on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PersonFact {
    pub(crate) at: Timestamp,
    pub(crate) made: Timestamp,
    pub(crate) tie: u32,
    pub(crate) role: Role,
    pub(crate) who: Token,
}

impl PersonFact {
    const fn order(&self) -> (Timestamp, Timestamp, u32) {
        (self.at, self.made, self.tie)
    }
}

/// A further coded field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct AttributeFact {
    pub(crate) at: Timestamp,
    pub(crate) made: Timestamp,
    pub(crate) tie: u32,
    pub(crate) key: Coded,
    /// The value; `None` if it was unsaid.
    pub(crate) value: Option<Coded>,
}

impl AttributeFact {
    const fn order(&self) -> (Timestamp, Timestamp, u32) {
        (self.at, self.made, self.tie)
    }
}

/// What most reports have little of.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Cold {
    pub(crate) placer: Option<Ident>,
    pub(crate) filler: Option<Ident>,
    pub(crate) accession: Option<Ident>,
    pub(crate) encounter: Option<Token>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) flags: Vec<FlagFact>,
    pub(crate) people: Vec<PersonFact>,
    pub(crate) attributes: Vec<AttributeFact>,
}

/// One report.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Report {
    pub(crate) id: ReportId,
    /// Birth number: orders reports, and timers of one instant.
    pub(crate) born: u64,
    pub(crate) patient: Option<Token>,
    /// Log time of the first and of the newest news.
    pub(crate) opened: Timestamp,
    pub(crate) touched: Timestamp,
    /// Sorted by [`Record::order`].
    pub(crate) records: Vec<Record>,
    /// What all records say together.
    pub(crate) effective: TupleId,
    /// Whether the routing fields ever said different things.
    pub(crate) is_varied: bool,
    /// Whether any event named its test.
    pub(crate) has_test: bool,
    /// Whether it left memory before: what it counts in slices is counted already.
    pub(crate) was_counted: bool,
    /// The numbers under which it is found.
    pub(crate) keys: Vec<Name>,
    pub(crate) clocks: Vec<Clock>,
    pub(crate) waits: Vec<Wait>,
    pub(crate) alerts: Vec<AlertSlot>,
    /// Where it is counted: a rule's id and a group, by their numbers.
    pub(crate) counted: Vec<(Coded, Coded)>,
    pub(crate) cold: Cold,
}

/// What a new fact did to a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Applied {
    /// Something is known now that was not.
    pub(crate) is_news: bool,
    /// Some of the news holds now; all of it is overruled otherwise.
    pub(crate) stands: bool,
    /// If it was said before: when that was heard.
    pub(crate) first: Option<Timestamp>,
}

impl Applied {
    /// It is known, and holds.
    const NEWS: Self = Self { is_news: true, stands: true, first: None };
    /// There is no room for it, or it says nothing that is kept.
    const NOTHING: Self = Self { is_news: false, stands: false, first: None };

    /// Said before, heard then; as news only if it counts for more than it did.
    const fn again(is_news: bool, first: Option<Timestamp>) -> Self {
        Self { is_news, stands: is_news, first }
    }

    /// What both did together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            is_news: self.is_news || other.is_news,
            stands: self.stands || other.stands,
            first: self.first.into_iter().chain(other.first).min(),
        }
    }
}

impl Report {
    /// Keeps the first filler, placer and accession number that it is given.
    pub(crate) fn learn_ids(&mut self, [filler, placer, accession]: [&Option<Ident>; 3]) {
        let cold = &mut self.cold;
        for (known, said) in [(&mut cold.filler, filler), (&mut cold.placer, placer), (&mut cold.accession, accession)]
        {
            if known.is_none() {
                known.clone_from(said);
            }
        }
    }

    pub(crate) const fn new(id: ReportId, born: u64, at: Timestamp) -> Self {
        Self {
            id,
            born,
            patient: None,
            opened: at,
            touched: at,
            records: Vec::new(),
            effective: SAYS_NOTHING,
            is_varied: false,
            has_test: false,
            was_counted: false,
            keys: Vec::new(),
            clocks: Vec::new(),
            waits: Vec::new(),
            alerts: Vec::new(),
            counted: Vec::new(),
            cold: Cold {
                placer: None,
                filler: None,
                accession: None,
                encounter: None,
                statements: Vec::new(),
                flags: Vec::new(),
                people: Vec::new(),
                attributes: Vec::new(),
            },
        }
    }

    /// Puts a record in its place; a repetition keeps the earlier hearing and the newer word.
    pub(crate) fn add_record(&mut self, record: Record) -> Applied {
        if let Some(place) = self.records.iter().position(|known| known.says_the_same(&record)) {
            let first = self.records.get(place).map(|known| known.heard);
            let is_news = say_again(&mut self.records, place, Record::order, |known| {
                known.heard = known.heard.min(record.heard);
                known.is_shared &= record.is_shared;
                (known.made, known.tie) = (known.made, known.tie).max((record.made, record.tie));
            });
            return Applied::again(is_news, first);
        }
        if self.records.len() >= MILESTONES_PER_REPORT_MAX {
            return Applied::NOTHING;
        }
        let place = self.records.partition_point(|known| known.order() <= record.order());
        self.records.insert(place, record);
        Applied::NEWS
    }

    /// Adds a flag's begin or end.
    pub(crate) fn add_flag(&mut self, fact: FlagFact) -> Applied {
        let flags = &mut self.cold.flags;
        match flags.binary_search(&fact) {
            Ok(_) => Applied::again(false, None),
            Err(_) if flags.len() >= 2 * wardline_rules::limits::FLAGS_PER_REPORT_MAX => Applied::NOTHING,
            Err(place) => {
                snug::insert(flags, place, fact);
                Applied::NEWS
            }
        }
    }

    /// Adds somebody.
    pub(crate) fn add_person(&mut self, fact: PersonFact) -> Applied {
        let people = &mut self.cold.people;
        let says_the_same =
            |known: &PersonFact| known.at == fact.at && known.role == fact.role && known.who == fact.who;
        if let Some(place) = people.iter().position(says_the_same) {
            let is_news = say_again(people, place, PersonFact::order, |known| {
                (known.made, known.tie) = (known.made, known.tie).max((fact.made, fact.tie));
            });
            return Applied::again(is_news, None);
        }
        if people.len() >= 8 * wardline_rules::limits::PEOPLE_PER_EVENT_MAX {
            return Applied::NOTHING;
        }
        let place = people.partition_point(|known| known.order() <= fact.order());
        people.insert(place, fact);
        Applied::NEWS
    }

    /// Adds an attribute.
    pub(crate) fn add_attribute(&mut self, fact: AttributeFact) -> Applied {
        let attributes = &mut self.cold.attributes;
        let says_the_same =
            |known: &AttributeFact| (known.at, known.key, known.value) == (fact.at, fact.key, fact.value);
        if let Some(place) = attributes.iter().position(says_the_same) {
            let is_news = say_again(attributes, place, AttributeFact::order, |known| {
                (known.made, known.tie) = (known.made, known.tie).max((fact.made, fact.tie));
            });
            return Applied::again(is_news, None);
        }
        if attributes.len() >= 8 * wardline_rules::limits::ATTRIBUTES_PER_EVENT_MAX {
            return Applied::NOTHING;
        }
        let place = attributes.partition_point(|known| known.order() <= fact.order());
        snug::insert(attributes, place, fact);
        Applied::NEWS
    }

    /// Adds a result.
    pub(crate) fn add_statement(&mut self, statement: Statement) -> Applied {
        let statements = &mut self.cold.statements;
        if let Some(place) = statements.iter().position(|known| known.says_the_same(&statement)) {
            let is_news = say_again(statements, place, Statement::order, |known| {
                (known.made, known.tie) = (known.made, known.tie).max((statement.made, statement.tie));
            });
            return Applied::again(is_news, None);
        }
        if statements.len() >= RESULTS_MAX {
            let Some(victim) = least_needed(statements, statement.content.is_critical) else { return Applied::NOTHING };
            statements.remove(victim);
        }
        let place = statements.partition_point(|known| known.order() <= statement.order());
        let is_overruled = statements.iter().skip(place).any(|later| later.key == statement.key);
        snug::insert(statements, place, statement);
        Applied { stands: !is_overruled, ..Applied::NEWS }
    }

    /// The steps that were said to be reached.
    pub(crate) fn steps(&self) -> Steps {
        self.records.iter().filter_map(|record| record.step).fold(Steps::default(), Steps::with)
    }

    /// Reads again what all records say together.
    pub(crate) fn sum_up(&mut self, tuples: &mut Tuples) {
        let mut sum = SAYS_NOTHING;
        let mut is_varied = false;
        for record in &self.records {
            let next = tuples.merge(sum, record.tuple);
            is_varied |= sum != SAYS_NOTHING && next != sum;
            sum = next;
        }
        self.effective = sum;
        self.is_varied = is_varied;
    }

    /// What the records up to `at` say together.
    pub(crate) fn effective_at(&self, at: Timestamp, tuples: &Tuples) -> TupleId {
        if !self.is_varied {
            return self.effective;
        }
        // INVARIANT: these sums were formed when the records came in.
        let before = self.records.iter().take_while(|record| record.lo <= at);
        before.fold(SAYS_NOTHING, |sum, record| tuples.known_merge(sum, record.tuple))
    }

    /// The newest person of a role as of `at`; the newest of all with `Timestamp::MAX`.
    pub(crate) fn person(&self, role: Role, at: Timestamp) -> Option<Token> {
        let mut people = self.cold.people.iter().filter(|fact| fact.role == role && fact.at <= at);
        people.next_back().map(|fact| fact.who)
    }

    /// The newest value of an attribute; attributes hold for the whole life of a report [CAT-6].
    pub(crate) fn attribute(&self, key: Coded) -> Option<Coded> {
        self.cold.attributes.iter().rev().find(|fact| fact.key == key).and_then(|fact| fact.value)
    }

    /// Whether a flag is set as of `at`.
    pub(crate) fn has_flag(&self, flag: FlagCode, at: Timestamp) -> bool {
        let mut facts = self.cold.flags.iter().filter(|fact| fact.flag == flag && fact.at <= at);
        facts.next_back().is_some_and(|fact| fact.is_on)
    }
}

/// Which result of a full report leaves for another one: the oldest that a newer one of its key overrules; for a critical
/// one, else, the oldest that is not. None leaves while it holds an alert up.
fn least_needed(statements: &[Statement], is_for_critical: bool) -> Option<usize> {
    let mut newest = BTreeSet::new();
    let mut overruled = None;
    for (place, known) in statements.iter().enumerate().rev() {
        if !newest.insert((known.key.code, known.key.sub)) {
            overruled = Some(place);
        }
    }
    let plain = || statements.iter().position(|known| !known.content.is_critical);
    overruled.or_else(|| is_for_critical.then(plain).flatten())
}

/// Says something again that stands at `place`: the newest word about it decides where it stands; `true` if it moved.
fn say_again<T: Copy, K: Ord>(
    list: &mut Vec<T>,
    place: usize,
    order: impl Fn(&T) -> K,
    again: impl FnOnce(&mut T),
) -> bool {
    let mut known = list.remove(place);
    again(&mut known);
    let to = list.partition_point(|other| order(other) <= order(&known));
    list.insert(to, known);
    to != place
}
