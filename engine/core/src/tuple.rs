//! Tuple: which low-cardinality fields does an event carry, as one small number?
//!
//! Real feeds repeat well under 100,000 combinations of kind, tests, priority, site, department, location, class and feed.
//! Each combination is numbered once; what is known after one event on top of another is again such a number, and that
//! sum is remembered. So most events cost two look-ups, and rules are found by number ([`crate::ward`]).
//!
//! - LIMIT: `TUPLES_REMEMBERED_MAX` spellings and as many sums are remembered, and then anew; tuples are as many as there are
//!   different ones.
//! - **How it fits**: a record of a report holds the number of what its event said; [`Tuples::merge`] adds them up in event time.
//! - **Not here**: flags, results, people, attributes; those are facts of their own.

use core::hash::{Hash, Hasher};
use std::collections::BTreeSet;

use wardline_rules::{
    event::{Event, Given},
    map::{FastMap, hash64},
    words::{Kind, PatientClass, Priority},
};

use crate::{
    dictionary::{Coded, Dictionary, NO_TEXT, OTHER},
    limits::{SLICE_KEYS_MAX, SLICE_SITES_MAX, TUPLES_REMEMBERED_MAX},
};

/// The number of a tuple.
pub(crate) type TupleId = u32;

/// The tuple that says nothing.
pub(crate) const SAYS_NOTHING: TupleId = 0;

/// The key of what has none.
const REST: SliceKey = SliceKey { kind: None, priority: None, site: OTHER, department: OTHER };

/// Tests that one tuple names; more make it `crowded`.
const TESTS_MAX: usize = 16;

/// What an event says, or what several say together, about routing fields.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Tuple {
    pub(crate) source: Coded,
    pub(crate) kind: Option<Kind>,
    /// Whether flag or attribute narrows the kind; `None` if not said.
    pub(crate) narrowed: Option<bool>,
    pub(crate) priority: Said<Priority>,
    pub(crate) site: Coded,
    pub(crate) department: Coded,
    pub(crate) location: Said<Coded>,
    pub(crate) class: Said<PatientClass>,
    /// Codes of tests ordered or resulted, ascending.
    pub(crate) tests: Vec<Coded>,
    /// More tests than are kept.
    pub(crate) crowded: bool,
}

/// Under which key a report is counted in slices.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct SliceKey {
    pub(crate) kind: Option<Kind>,
    pub(crate) priority: Option<Priority>,
    pub(crate) site: Coded,
    pub(crate) department: Coded,
}

/// [`Given`] in a form that can be a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) enum Said<T> {
    /// Nothing was said.
    #[default]
    Nothing,
    /// It was unsaid.
    Cleared,
    /// It was said.
    Value(T),
}

impl<T: Copy> Said<T> {
    pub(crate) const fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Nothing | Self::Cleared => None,
        }
    }

    const fn after(self, later: Self) -> Self {
        match later {
            Self::Nothing => self,
            Self::Cleared | Self::Value(_) => later,
        }
    }
}

impl<T: Copy> From<&Given<T>> for Said<T> {
    fn from(given: &Given<T>) -> Self {
        match given {
            Given::Absent => Self::Nothing,
            Given::Cleared => Self::Cleared,
            Given::Value(value) => Self::Value(*value),
        }
    }
}

impl Default for Tuple {
    fn default() -> Self {
        Self {
            source: NO_TEXT,
            kind: None,
            narrowed: None,
            priority: Said::Nothing,
            site: NO_TEXT,
            department: NO_TEXT,
            location: Said::Nothing,
            class: Said::Nothing,
            tests: Vec::new(),
            crowded: false,
        }
    }
}

impl Tuple {
    const fn slice_key(&self) -> SliceKey {
        SliceKey { kind: self.kind, priority: self.priority.value(), site: self.site, department: self.department }
    }

    /// What both say, `later` having the last word. Tests add up: a report has all that were ordered or resulted.
    fn merge(&self, later: &Self) -> Self {
        let keep = |mine: Coded, theirs: Coded| if theirs == NO_TEXT { mine } else { theirs };
        let mut tests: Vec<Coded> = self.tests.iter().chain(&later.tests).copied().collect();
        tests.sort_unstable();
        tests.dedup();
        let crowded = self.crowded || later.crowded || tests.len() > TESTS_MAX;
        tests.truncate(TESTS_MAX);
        Self {
            source: keep(self.source, later.source),
            kind: later.kind.or(self.kind),
            narrowed: later.narrowed.or(self.narrowed),
            priority: self.priority.after(later.priority),
            site: keep(self.site, later.site),
            department: keep(self.department, later.department),
            location: self.location.after(later.location),
            class: self.class.after(later.class),
            tests,
            crowded,
        }
    }
}

/// All tuples seen, and what they add up to.
#[derive(Clone, Debug)]
pub(crate) struct Tuples {
    tuples: Vec<Tuple>,
    ids: FastMap<Tuple, TupleId>,
    sums: FastMap<(TupleId, TupleId), TupleId>,
    /// Numbers by a hash of the texts as events spell them; looked up first, compared before they are believed.
    said: FastMap<u64, TupleId>,
    /// For each tuple, under which key its reports are counted: found when the tuple is, and so the same ever after.
    slices: Vec<SliceKey>,
    slice_keys: BTreeSet<SliceKey>,
    scratch: Tuple,
}

impl Default for Tuples {
    fn default() -> Self {
        Self::restore(core::iter::once(Tuple::default()))
    }
}

impl Tuples {
    /// The tuples numbered in this order.
    pub(crate) fn restore(tuples: impl Iterator<Item = Tuple>) -> Self {
        let mut all = Self {
            tuples: Vec::new(),
            ids: FastMap::default(),
            sums: FastMap::default(),
            said: FastMap::default(),
            slices: Vec::new(),
            slice_keys: BTreeSet::new(),
            scratch: Tuple::default(),
        };
        tuples.for_each(|tuple| {
            all.push(tuple);
        });
        all
    }

    /// All tuples, by number.
    pub(crate) fn all(&self) -> &[Tuple] {
        &self.tuples
    }

    /// The tuple of a number.
    pub(crate) fn get(&self, id: TupleId) -> &Tuple {
        // INVARIANT: the first one always exists.
        self.tuples.get(id as usize).unwrap_or(&self.scratch)
    }

    /// The number of what `event` says.
    ///
    /// Nearly every event says what another said before, in the same spelling: one hash and one look-up instead of one for
    /// each text took a third off the cost of an event's tuple.
    pub(crate) fn of_event(&mut self, event: &Event, dictionary: &mut Dictionary) -> TupleId {
        let spelling = hash64(&Spelling(event));
        if let Some(id) = self.said.get(&spelling).copied()
            && self.get(id).is_said_by(event, dictionary)
        {
            return id;
        }
        let id = self.number(event, dictionary);
        if self.said.len() >= TUPLES_REMEMBERED_MAX {
            self.said = FastMap::default();
        }
        self.said.insert(spelling, id);
        id
    }

    fn number(&mut self, event: &Event, dictionary: &mut Dictionary) -> TupleId {
        let mut optional =
            |text: &Option<wardline_rules::Text>| text.as_deref().map_or(NO_TEXT, |text| dictionary.code(text));
        let tuple = &mut self.scratch;
        tuple.site = optional(&event.site);
        tuple.department = optional(&event.department);
        tuple.source = dictionary.code(&event.source);
        tuple.kind = event.kind;
        tuple.narrowed = narrowed(event);
        tuple.priority = Said::from(&event.priority);
        tuple.location = match &event.location {
            Given::Absent => Said::Nothing,
            Given::Cleared => Said::Cleared,
            Given::Value(text) => Said::Value(dictionary.code(text)),
        };
        tuple.class = Said::from(&event.class);
        tuple.tests.clear();
        tuple.tests.extend(codes(event).map(|code| dictionary.code(code)));
        tuple.tests.sort_unstable();
        tuple.tests.dedup();
        tuple.crowded = tuple.tests.len() > TESTS_MAX;
        tuple.tests.truncate(TESTS_MAX);
        match self.ids.get(&self.scratch) {
            Some(id) => *id,
            None => self.push(self.scratch.clone()),
        }
    }

    /// The number of what `first` and then `later` say together.
    pub(crate) fn merge(&mut self, first: TupleId, later: TupleId) -> TupleId {
        if first == later || later == SAYS_NOTHING {
            return first;
        }
        if let Some(sum) = self.sums.get(&(first, later)) {
            return *sum;
        }
        let tuple = self.get(first).merge(self.get(later));
        let id = match self.ids.get(&tuple) {
            Some(id) => *id,
            None => self.push(tuple),
        };
        self.remember(first, later, id);
        id
    }

    fn remember(&mut self, first: TupleId, later: TupleId, sum: TupleId) {
        if self.sums.len() >= TUPLES_REMEMBERED_MAX {
            self.sums = FastMap::default();
        }
        self.sums.insert((first, later), sum);
    }

    /// [`Self::merge`] without remembering: for readers. A sum that was never formed falls back to its second part.
    ///
    /// What was remembered only saves time: a restored partition, which remembers nothing, answers the same.
    pub(crate) fn known_merge(&self, first: TupleId, later: TupleId) -> TupleId {
        if first == later || later == SAYS_NOTHING {
            return first;
        }
        let remembered = self.sums.get(&(first, later)).copied();
        remembered.or_else(|| self.formed(first, later)).unwrap_or(later)
    }

    fn formed(&self, first: TupleId, later: TupleId) -> Option<TupleId> {
        self.ids.get(&self.get(first).merge(self.get(later))).copied()
    }

    /// Remembers a sum that was formed before, and tells it.
    pub(crate) fn recall(&mut self, first: TupleId, later: TupleId) -> TupleId {
        if first == later || later == SAYS_NOTHING {
            return first;
        }
        let Some(sum) = self.formed(first, later) else { return later };
        self.remember(first, later, sum);
        sum
    }

    /// Under which key reports are counted of which all is known that this tuple says.
    pub(crate) fn slice_key(&self, id: TupleId) -> SliceKey {
        self.slices.get(id as usize).copied().unwrap_or(REST)
    }

    /// How many keys there are.
    pub(crate) fn slice_keys(&self) -> usize {
        self.slice_keys.len()
    }

    /// How many tuples count under `other` because there are too many keys.
    pub(crate) fn folded(&self) -> u64 {
        let folded = self.tuples.iter().zip(&self.slices).filter(|(tuple, key)| tuple.slice_key() != **key);
        folded.map(|_| 1).sum()
    }

    /// The key of a new tuple: its own while there is room, then without its department, then without its site.
    fn fold(&mut self, tuple: &Tuple) -> SliceKey {
        let whole = tuple.slice_key();
        let of_site = SliceKey { department: OTHER, ..whole };
        let steps = [(whole, SLICE_KEYS_MAX), (of_site, SLICE_KEYS_MAX + SLICE_SITES_MAX)];
        let found =
            steps.into_iter().find(|(key, room)| self.slice_keys.contains(key) || self.slice_keys.len() < *room);
        // Kinds and priorities are few: there is always room for them.
        let key = found.map_or(SliceKey { site: OTHER, ..of_site }, |(key, _)| key);
        self.slice_keys.insert(key);
        key
    }

    fn push(&mut self, tuple: Tuple) -> TupleId {
        let id = TupleId::try_from(self.tuples.len()).unwrap_or(SAYS_NOTHING);
        let key = self.fold(&tuple);
        self.slices.push(key);
        self.ids.insert(tuple.clone(), id);
        self.tuples.push(tuple);
        id
    }
}

/// The codes of tests ordered, then of those resulted.
fn codes(event: &Event) -> impl Iterator<Item = &str> {
    event.tests.iter().chain(event.results.iter().map(|result| &result.code)).map(|code| code.code.as_str())
}

/// An event's routing fields as it spells them.
struct Spelling<'a>(&'a Event);

impl Hash for Spelling<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self(event) = self;
        let text = |text: &Option<wardline_rules::Text>, state: &mut H| text.as_deref().unwrap_or_default().hash(state);
        event.source.as_str().hash(state);
        text(&event.site, state);
        text(&event.department, state);
        event.location.value().map_or("", |text| text.as_str()).hash(state);
        event.kind.hash(state);
        event.priority.value().hash(state);
        event.class.value().hash(state);
        codes(event).for_each(|code| code.hash(state));
    }
}

impl Tuple {
    /// Whether `event` says exactly this.
    fn is_said_by(&self, event: &Event, dictionary: &Dictionary) -> bool {
        let is = |coded: Coded, text: &str| dictionary.text(coded) == text;
        let location = match (&event.location, self.location) {
            (Given::Absent, Said::Nothing) | (Given::Cleared, Said::Cleared) => true,
            (Given::Value(text), Said::Value(coded)) => is(coded, text),
            (Given::Absent | Given::Cleared | Given::Value(_), _) => false,
        };
        location
            && is(self.source, &event.source)
            && is(self.site, event.site.as_deref().unwrap_or_default())
            && is(self.department, event.department.as_deref().unwrap_or_default())
            && self.kind == event.kind
            && self.priority == Said::from(&event.priority)
            && self.class == Said::from(&event.class)
            && self.narrowed == narrowed(event)
            && !self.crowded
            && self.has_exactly(event, dictionary)
    }

    fn has_exactly(&self, event: &Event, dictionary: &Dictionary) -> bool {
        match self.tests.as_slice() {
            [] => codes(event).next().is_none(),
            [one] => codes(event).next().is_some() && codes(event).all(|code| dictionary.text(*one) == code),
            many => {
                let has = |code: &str| many.iter().any(|known| dictionary.text(*known) == code);
                let is_named = |known: &Coded| codes(event).any(|code| dictionary.text(*known) == code);
                codes(event).all(has) && many.iter().all(is_named)
            }
        }
    }
}

/// Whether the event says that its kind is the narrower one: point of care, nuclear medicine, neurophysiology.
fn narrowed(event: &Event) -> Option<bool> {
    use wardline_rules::{event::ReportFlag, event::Scalar, words::Flag};
    let is_poct = |flag: &ReportFlag| *flag == ReportFlag::Known(Flag::Poct);
    if event.flags.iter().any(is_poct) {
        return Some(true);
    }
    if event.flags_off.iter().any(is_poct) {
        return Some(false);
    }
    event.attributes.iter().find_map(|(key, value)| match (key.as_str(), value) {
        ("modality", Given::Value(Scalar::Text(modality))) => Some(matches!(modality.as_str(), "NM" | "PT")),
        ("service_line", Given::Value(Scalar::Text(line))) => Some(line == "neurophysiology"),
        _ => None,
    })
}
