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

/// The keys of one event, strongest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Keys {
    pub(crate) filler: Option<Key>,
    pub(crate) placer: Option<Key>,
    pub(crate) accession: Option<Key>,
    /// The same numbers without a test, strongest first.
    pub(crate) bare: [Option<Key>; 3],
    /// Whether the event names a test at all.
    pub(crate) has_test: bool,
}

impl Keys {
    pub(crate) fn iter(self) -> impl Iterator<Item = Key> {
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

/// A key of a number within a test; the empty test stands for none.
pub(crate) fn key(number: Number, ident: &Ident, test: &str) -> Key {
    let half = |salt: u64| u128::from(hash64(&(salt, number, ident.ns.as_str(), ident.id.as_str(), test)));
    half(0x9e37_79b9_7f4a_7c15) << 64 | half(0xc2b2_ae3d_27d4_eb4f)
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
pub(crate) fn canonical_test(
    event: &Event,
    names: Option<(&wardline_rules::program::Program, &TestIndex)>,
    dictionary: &Dictionary,
) -> wardline_rules::Text {
    let mapped = names.and_then(|(program, tests)| {
        let mut codes = event.tests.iter().filter_map(|code| dictionary.find(&code.code));
        let test = codes.find_map(|code| tests.test(code))?;
        program.catalogue.tests.get(test.index()).map(|test| test.name.clone())
    });
    mapped.unwrap_or_else(|| event.tests.first().map(|code| code.code.clone()).unwrap_or_default())
}

/// The keys of an event's numbers within a test.
pub(crate) fn keys(event: &Event, test: &str) -> Keys {
    let of = |number, ident: &Option<Ident>| ident.as_ref().map(|ident| key(number, ident, test));
    Keys {
        filler: of(Number::Filler, &event.report.filler),
        placer: of(Number::Placer, &event.report.placer),
        accession: of(Number::Accession, &event.report.accession),
        bare: bare(&event.report),
        has_test: !test.is_empty(),
    }
}

/// The numbers alone, strongest first.
pub(crate) fn bare(ids: &wardline_rules::event::ReportIds) -> [Option<Key>; 3] {
    let of = |number, ident: &Option<Ident>| ident.as_ref().map(|ident| key(number, ident, ""));
    [of(Number::Filler, &ids.filler), of(Number::Placer, &ids.placer), of(Number::Accession, &ids.accession)]
}

/// One report or several under one key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Slots {
    /// As nearly always.
    One(ReportSlot),
    /// Series and repeats.
    Many(Vec<ReportSlot>),
}

impl Slots {
    pub(crate) fn as_slice(&self) -> &[ReportSlot] {
        match self {
            Self::One(slot) => core::slice::from_ref(slot),
            Self::Many(slots) => slots,
        }
    }
}

/// Reports by key and by encounter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    reports: FastMap<Key, Slots>,
    encounters: FastMap<Token, Vec<ReportSlot>>,
}

impl Index {
    /// The reports under a key.
    pub(crate) fn get(&self, key: Key) -> &[ReportSlot] {
        self.reports.get(&key).map_or(&[], Slots::as_slice)
    }

    /// Puts a report under a key; `false` if it was there.
    pub(crate) fn link(&mut self, key: Key, slot: ReportSlot) -> bool {
        match self.reports.get_mut(&key) {
            None => {
                self.reports.insert(key, Slots::One(slot));
                true
            }
            Some(Slots::One(known)) if *known == slot => false,
            Some(Slots::Many(known)) if known.contains(&slot) => false,
            Some(found) => {
                let mut slots = found.as_slice().to_vec();
                slots.push(slot);
                slots.sort_unstable();
                *found = Slots::Many(slots);
                true
            }
        }
    }

    /// Takes a report from under a key.
    pub(crate) fn unlink(&mut self, key: Key, slot: ReportSlot) {
        let is_empty = match self.reports.get_mut(&key) {
            None => return,
            Some(Slots::One(known)) => *known == slot,
            Some(Slots::Many(known)) => {
                known.retain(|other| *other != slot);
                known.is_empty()
            }
        };
        if is_empty {
            self.reports.remove(&key);
        }
    }

    /// The reports of an encounter.
    pub(crate) fn of_encounter(&self, encounter: Token) -> &[ReportSlot] {
        self.encounters.get(&encounter).map_or(&[], Vec::as_slice)
    }

    /// Puts a report under an encounter.
    pub(crate) fn link_encounter(&mut self, encounter: Token, slot: ReportSlot) {
        let reports = self.encounters.get_or_insert_with(encounter, Vec::new);
        if !reports.contains(&slot) {
            reports.push(slot);
            reports.sort_unstable();
        }
    }

    /// Takes a report from under an encounter.
    pub(crate) fn unlink_encounter(&mut self, encounter: Token, slot: ReportSlot) {
        if let Some(reports) = self.encounters.get_mut(&encounter) {
            reports.retain(|other| *other != slot);
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
    if let Some(filler) = keys.filler {
        targets.extend_from_slice(index.get(filler));
        if targets.is_empty() {
            // The order itself, or a report that so far only its specimen names.
            let weaker = keys.placer.into_iter().chain(keys.accession);
            let joined = weaker.flat_map(|key| index.get(key)).filter(without_filler).find(|slot| fits(slot));
            targets.extend(joined.copied());
        }
    } else if let Some(placer) = keys.placer {
        targets.extend_from_slice(index.get(placer));
        if targets.is_empty() {
            let without_placer =
                |slot: &&ReportSlot| reports.get(**slot).is_some_and(|report| report.cold.placer.is_none());
            let by_accession = keys.accession.into_iter().flat_map(|key| index.get(key));
            targets.extend(by_accession.filter(without_placer).find(|slot| fits(slot)).copied());
        }
    } else if let Some(accession) = keys.accession {
        targets.extend_from_slice(index.get(accession));
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
    let Some(strongest) = keys.bare.into_iter().flatten().next() else { return };
    let known = index.get(strongest).iter().filter(|slot| fits(slot));
    let unnamed = |slot: &&ReportSlot| reports.get(**slot).is_some_and(|report| !report.has_test);
    if keys.has_test {
        targets.extend(known.filter(unnamed).take(1));
    } else {
        targets.extend(known);
    }
}
