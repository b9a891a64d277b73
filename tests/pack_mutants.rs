//! Pack mutants: does a shipped ward notice when one of its numbers, words or clauses is changed?
//!
//! Each mutant is the pack with one change outside its tests. It is caught if the check refuses it or one of the pack's own
//! tests fails. What survives is a missing test, or is listed here as meaning the same, with the reason.
//!
//! ```text
//!  rules/packs/*  ─►  mutants (one change each)  ─►  check  ─►  the pack's tests  ─►  refused · caught · survived
//! ```
//! - **How it fits**: `just pack-mutants` prints the figures and every survivor; the share that must be caught is a bound.
//! - **Not here**: whether the packs pass as they are (`spec`); what can be changed ([`mutants`]).

#[path = "pack_mutants/mutants.rs"]
mod mutants;
#[path = "pack_mutants/words.rs"]
mod words;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use mutants::{Mutant, mutants};
use wardline::{drivers::script, ward};
use wardline_dsl::{check, codes::Severity, source::Sources};
use wardline_rules::{settings::SiteSettings, time::Date};

/// Of a hundred mutants of each pack at least so many are caught.
const CAUGHT_MIN: usize = 90;
/// Of a hundred mutants of a pack at most so many may be listed as meaning the same.
const SAME_MAX: usize = 5;

/// Mutants that mean the same as the pack: file, the line as written, the change, and why nobody could tell them apart.
const SAME: &[(&str, &str, &str, &str)] = &[];

/// The day for which packs are checked; reviews are due later.
fn as_of() -> Date {
    Date::new(2026, 1, 5).expect("a date")
}

/// What became of a mutant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Fate {
    Refused,
    Caught,
    Same,
    Survived,
}

fn packs() -> Vec<(String, Sources)> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../rules/packs"));
    let mut paths: Vec<PathBuf> =
        fs::read_dir(root).expect("packs").map(|entry| entry.expect("a pack").path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
    let is_pack = |path: &PathBuf| path.is_dir() || path.extension().is_some_and(|known| known == "ward");
    let loaded =
        paths.iter().filter(|path| is_pack(path)).filter_map(|path| Some((name(path), ward::load(path).ok()?)));
    // The starter is used by all others and has no rule of its own.
    loaded.filter(|(_, sources)| sources.files.iter().any(|file| file.text.contains("\nward \""))).collect()
}

/// Whether the check or a test says that something is wrong.
fn fate(sources: &Sources) -> Fate {
    let checked = check(sources, as_of());
    let is_refused = checked.diagnostics.iter().any(|found| found.severity == Severity::Error);
    let Some(program) = checked.program.filter(|_| !is_refused) else { return Fate::Refused };
    let rules = (&program, &SiteSettings::default());
    let fails = |test| !script::run(rules, test, &|_| String::new()).failures.is_empty();
    if checked.tests.iter().any(fails) { Fate::Caught } else { Fate::Survived }
}

fn fates(pack: &str, sources: &Sources, all: &[Mutant]) -> Vec<Fate> {
    let (next, fates) = (AtomicUsize::new(0), Mutex::new(vec![Fate::Survived; all.len()]));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let claim = || {
        let place = next.fetch_add(1, Ordering::Relaxed);
        all.get(place).map(|mutant| (place, mutant))
    };
    let work = || {
        while let Some((place, mutant)) = claim() {
            let found = match fate(&mutant.apply(sources)) {
                Fate::Survived if is_same(pack, mutant) => Fate::Same,
                found => found,
            };
            fates.lock().expect("no mutant panics")[place] = found;
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    fates.into_inner().expect("no mutant panics")
}

fn is_same(pack: &str, mutant: &Mutant) -> bool {
    SAME.iter()
        .any(|(known, line, change, _)| *known == pack && mutant.line.trim() == *line && mutant.change == *change)
}

/// The figures of one pack as one line, and its survivors below.
fn report(pack: &str, all: &[Mutant], fates: &[Fate], seconds: f32) -> (String, usize) {
    let count = |fate: Fate| fates.iter().filter(|found| **found == fate).count();
    let (refused, caught, same, survived) =
        (count(Fate::Refused), count(Fate::Caught), count(Fate::Same), count(Fate::Survived));
    let share = |of: usize, all: usize| if all == 0 { 100.0 } else { of as f32 * 100.0 / all as f32 };
    let mut text = format!(
        "{pack:<22} {:>4} mutants  {refused:>4} refused  {caught:>4} caught  {same:>3} same  {survived:>4} survived   {:.1} % ({:.1} % of those that check)  {seconds:.1} s\n",
        all.len(),
        share(refused + caught, all.len() - same),
        share(caught, caught + survived),
    );
    for (mutant, _) in all.iter().zip(fates).filter(|(_, fate)| **fate == Fate::Survived) {
        text.push_str(&format!(
            "    {} line {}: {}   {}\n",
            mutant.file,
            mutant.number,
            mutant.change,
            mutant.line.trim()
        ));
    }
    (text, (refused + caught) * 100 / (all.len() - same).max(1))
}

#[test]
fn changes_of_a_shipped_ward_are_refused_or_fail_its_tests() {
    let only = std::env::var("PACK").unwrap_or_default();
    let mut weak = Vec::new();
    let packs = packs();
    assert!(packs.len() >= 6, "{packs:?}");
    for (pack, sources) in packs.iter().filter(|(pack, _)| pack.contains(&only)) {
        assert_eq!(fate(sources), Fate::Survived, "{pack} passes as it is");
        let started = Instant::now();
        let all = mutants(sources);
        let fates = fates(pack, sources, &all);
        let (text, share) = report(pack, &all, &fates, started.elapsed().as_secs_f32());
        print(&text);
        let same = fates.iter().filter(|fate| **fate == Fate::Same).count();
        assert!(same * 100 <= all.len() * SAME_MAX, "{pack}: {same} mutants are listed as meaning the same");
        if share < CAUGHT_MIN {
            weak.push(format!("{pack}: {share} of 100"));
        }
    }
    assert!(weak.is_empty(), "packs whose tests let more than {} of 100 through: {weak:?}", 100 - CAUGHT_MIN);
}

/// Whoever lists a mutant says what it is of; an entry that fits nothing is stale.
#[test]
fn what_means_the_same_is_still_there() {
    let packs: BTreeMap<String, Sources> = packs().into_iter().collect();
    for (pack, line, change, reason) in SAME {
        let all = mutants(&packs[*pack]);
        let found = all.iter().any(|mutant| mutant.line.trim() == *line && mutant.change == *change);
        assert!(found && reason.len() > 20, "{pack}: {change} of `{line}`");
    }
}

fn print(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().write_all(text.as_bytes());
}
