//! Identity: which report is this event about?
//!
//! A report is known by up to three keys: filler, placer and accession number, each with namespace and test [IDN-1]. An event
//! that carries several links them. Strength: filler, placer, accession.
//! ```text
//!  filler known ─────────► that report
//!  else a report of the placer, without a filler ─► joined   (facts of the placer alone belong to all of them)
//!  else of the accession ─► joined if nothing speaks against it
//!  else a new report
//! ```
//! - **Not here**: patients and their merges; the caller refuses a link between different patients [IDN-10].

use wardline_rules::{
    event::{Event, Ident},
    map::{FastMap, hash64},
    token::Token,
};

use crate::{
    dictionary::Dictionary,
    report::{Report, ReportSlot},
    slab::Slab,
    view::TestIndex,
};

/// An identity key: a 128-bit hash of what it names.
pub(crate) type Key = u128;

/// One number of a report: on its own, and within the test it was given with. Both are equal if no test was named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Name {
    pub(crate) bare: Key,
    pub(crate) full: Key,
}

/// The names of one event, strongest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Keys {
    pub(crate) filler: Option<Name>,
    pub(crate) placer: Option<Name>,
    pub(crate) accession: Option<Name>,
    /// Whether the event names a test at all.
    pub(crate) has_test: bool,
}

impl Keys {
    pub(crate) fn iter(self) -> impl Iterator<Item = Name> {
        [self.filler, self.placer, self.accession].into_iter().flatten()
    }
}

/// Which number a key is made of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Number {
    Filler,
    Placer,
    Accession,
    /// A report of its own, known by its message [IDN-7].
    Message,
}

/// The two seeds that make one key of two 64-bit hashes.
const SEEDS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f];

fn wide(half: impl Fn(u64) -> u64) -> Key {
    let [high, low] = SEEDS.map(half);
    u128::from(high) << 64 | u128::from(low)
}

/// A key of a number on its own.
pub(crate) fn bare_key(number: Number, ident: &Ident) -> Key {
    wide(|seed| hash64(&(seed, number, ident.ns.as_str(), ident.id.as_str())))
}

/// The key under which all reports of a patient are found.
pub(crate) fn patient_key(patient: Token) -> Key {
    wide(|seed| hash64(&(seed, "patient", patient)))
}

/// What turns a bare key into one within a test, and back; nothing for the empty test.
fn within(test: &str) -> Key {
    if test.is_empty() { 0 } else { wide(|seed| hash64(&(seed, test))) }
}

/// A number on its own and within a test; the empty test stands for none.
pub(crate) fn name(number: Number, ident: &Ident, test: &str) -> Name {
    let bare = bare_key(number, ident);
    Name { bare, full: bare ^ within(test) }
}

/// The public id of a report that is first heard of by this key.
pub(crate) fn report_id(instance: [u8; 16], key: Key) -> crate::ids::ReportId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"report");
    hasher.update(&instance);
    hasher.update(&key.to_le_bytes());
    crate::ids::ReportId(crate::alerts::cut(&hasher))
}

/// The canonical test of an event: the catalogue's name if a code maps, else the first code with its system [IDN-2].
pub(crate) fn canonical_test<'a>(
    event: &'a Event,
    names: Option<(&'a wardline_rules::program::Program, &TestIndex)>,
    dictionary: &Dictionary,
) -> &'a str {
    let mapped = names.and_then(|(program, tests)| {
        let mut codes = event.tests.iter().filter_map(|code| dictionary.find(&code.code));
        let test = codes.find_map(|code| tests.test(code))?;
        program.catalogue.tests.get(test.index()).map(|test| test.name.as_str())
    });
    mapped.unwrap_or_else(|| event.tests.first().map_or("", |code| code.code.as_str()))
}

/// Filler, placer and accession number on their own, strongest first.
pub(crate) type Bare = [Option<Key>; 3];

/// The numbers of an event on their own.
pub(crate) fn bare(event: &Event) -> Bare {
    let of = |number, ident: &Option<Ident>| ident.as_ref().map(|ident| bare_key(number, ident));
    [
        of(Number::Filler, &event.report.filler),
        of(Number::Placer, &event.report.placer),
        of(Number::Accession, &event.report.accession),
    ]
}

/// The keys of numbers within a test.
pub(crate) fn keys(numbers: Bare, test: &str) -> Keys {
    let test_part = within(test);
    let [filler, placer, accession] = numbers.map(|bare| bare.map(|bare| Name { bare, full: bare ^ test_part }));
    Keys { filler, placer, accession, has_test: !test.is_empty() }
}

/// Where the reports under one key are: one, as nearly always, or the number of a list.
///
/// Four bytes beside the key: with one entry for each number the index of a million reports takes a fifth of what lists
/// and one entry for each number and test took, and a look-up touches as many fewer cache lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Under(u32);

/// Marks [`Under`] as the number of a list; a slab is far smaller than this.
const IS_LIST: u32 = 1 << 31;

impl Under {
    const fn list(self) -> Option<usize> {
        if self.0 & IS_LIST == 0 { None } else { Some((self.0 & !IS_LIST) as usize) }
    }
}

/// A key in two halves: entries of the map need no alignment to sixteen bytes.
type Halves = [u64; 2];

const fn halves(key: Key) -> Halves {
    #[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
    [(key >> 64) as u64, key as u64]
}

/// Reports by bare number, by public id, by encounter and by patient.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    reports: FastMap<Halves, Under>,
    lists: Vec<Vec<ReportSlot>>,
    free: Vec<u32>,
    encounters: FastMap<Token, Vec<ReportSlot>>,
}

impl Index {
    /// The reports under a bare number or a public id.
    pub(crate) fn get(&self, key: Key) -> &[ReportSlot] {
        let Some(under) = self.reports.get(&halves(key)) else { return &[] };
        match under.list() {
            None => core::slice::from_ref(&under.0),
            Some(list) => self.lists.get(list).map_or(&[], Vec::as_slice),
        }
    }

    /// The reports under a number within its test.
    pub(crate) fn named<'a>(
        &'a self,
        name: Name,
        reports: &'a Slab<Box<Report>>,
    ) -> impl Iterator<Item = &'a ReportSlot> + Clone {
        let is_it = move |slot: &&ReportSlot| {
            name.full == name.bare
                || reports.get(**slot).is_some_and(|report| report.keys.iter().any(|known| known.full == name.full))
        };
        self.get(name.bare).iter().filter(is_it)
    }

    /// Puts a report under a key; `false` if it was there.
    pub(crate) fn link(&mut self, key: Key, slot: ReportSlot) -> bool {
        let Some(under) = self.reports.get_mut(&halves(key)) else {
            self.reports.insert(halves(key), Under(slot));
            return true;
        };
        match under.list() {
            None if under.0 == slot => return false,
            None => {
                let slots = vec![under.0.min(slot), under.0.max(slot)];
                let place = self.free.pop().unwrap_or_else(|| {
                    self.lists.push(Vec::new());
                    u32::try_from(self.lists.len() - 1).unwrap_or(0)
                });
                *under = Under(place | IS_LIST);
                if let Some(list) = self.lists.get_mut(place as usize) {
                    *list = slots;
                }
            }
            Some(list) => {
                let Some(slots) = self.lists.get_mut(list) else { return false };
                let Err(place) = slots.binary_search(&slot) else { return false };
                slots.insert(place, slot);
            }
        }
        true
    }

    /// Takes a report from under a key.
    pub(crate) fn unlink(&mut self, key: Key, slot: ReportSlot) {
        let Some(under) = self.reports.get(&halves(key)).copied() else { return };
        let is_empty = match under.list() {
            None => under.0 == slot,
            Some(list) => self.lists.get_mut(list).is_some_and(|slots| {
                if let Ok(place) = slots.binary_search(&slot) {
                    slots.remove(place);
                }
                slots.is_empty()
            }),
        };
        if is_empty {
            self.reports.remove(&halves(key));
            self.free.extend(under.list().and_then(|list| u32::try_from(list).ok()));
        }
    }

    /// The reports of an encounter.
    pub(crate) fn of_encounter(&self, encounter: Token) -> &[ReportSlot] {
        self.encounters.get(&encounter).map_or(&[], Vec::as_slice)
    }

    /// Puts a report under an encounter.
    pub(crate) fn link_encounter(&mut self, encounter: Token, slot: ReportSlot) {
        let reports = self.encounters.get_or_insert_with(encounter, Vec::new);
        if let Err(place) = reports.binary_search(&slot) {
            reports.insert(place, slot);
        }
    }

    /// Takes a report from under an encounter.
    pub(crate) fn unlink_encounter(&mut self, encounter: Token, slot: ReportSlot) {
        let Some(reports) = self.encounters.get_mut(&encounter) else { return };
        if let Ok(place) = reports.binary_search(&slot) {
            reports.remove(place);
        }
        if reports.is_empty() {
            self.encounters.remove(&encounter);
        }
    }
}

/// What an event's numbers lead to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Found {
    /// Reports that exist, listed in `targets`.
    Known,
    /// None: a new one is opened.
    New,
}

/// Finds the reports an event is about and lists them in `targets`, strongest number first.
pub(crate) fn find(
    keys: Keys,
    patient: Option<Token>,
    (index, reports): (&Index, &Slab<Box<Report>>),
    targets: &mut Vec<ReportSlot>,
) -> Found {
    targets.clear();
    let fits = |slot: &ReportSlot| {
        let known = reports.get(*slot).and_then(|report| report.patient);
        known.is_none() || patient.is_none() || known == patient
    };
    let without_filler = |slot: &&ReportSlot| reports.get(**slot).is_some_and(|report| report.cold.filler.is_none());
    let named = |name: Name| index.named(name, reports);
    if let Some(filler) = keys.filler {
        targets.extend(named(filler));
        if targets.is_empty() {
            // The order itself, or a report that so far only its specimen names.
            let weaker = keys.placer.into_iter().chain(keys.accession);
            let joined = weaker.flat_map(named).filter(without_filler).find(|slot| fits(slot));
            targets.extend(joined.copied());
        }
    } else if let Some(placer) = keys.placer {
        targets.extend(named(placer));
        if targets.is_empty() {
            let without_placer =
                |slot: &&ReportSlot| reports.get(**slot).is_some_and(|report| report.cold.placer.is_none());
            let by_accession = keys.accession.into_iter().flat_map(named);
            targets.extend(by_accession.filter(without_placer).find(|slot| fits(slot)).copied());
        }
    } else if let Some(accession) = keys.accession {
        targets.extend(named(accession));
    }
    if targets.is_empty() {
        by_number(keys, fits, (index, reports), targets);
    }
    if targets.is_empty() { Found::New } else { Found::Known }
}

/// An event that names no test is about the reports of its strongest number; one that does joins a report of that number of
/// which no test was named yet.
fn by_number(
    keys: Keys,
    fits: impl Fn(&ReportSlot) -> bool,
    (index, reports): (&Index, &Slab<Box<Report>>),
    targets: &mut Vec<ReportSlot>,
) {
    let Some(strongest) = keys.iter().next() else { return };
    let known = index.get(strongest.bare).iter().filter(|slot| fits(slot));
    let unnamed = |slot: &&ReportSlot| reports.get(**slot).is_some_and(|report| !report.has_test);
    if keys.has_test {
        targets.extend(known.filter(unnamed).take(1));
    } else {
        targets.extend(known);
    }
}
