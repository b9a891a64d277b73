//! Fuzz: does any input whatever leave the checker, the formatter, the editor's help and the sandbox of scripts in order?
//!
//! Each target is given inputs that are mutated from seeds: the wards, rule files and cases of the tests, the packs, and every
//! input that once failed (`fuzz/kept`). Inputs that are answered in a new way become seeds themselves.
//! ```text
//! FUZZ_FOR=10m    so long for each target, from a seed of the clock; otherwise a fixed number of inputs from a fixed seed
//! FUZZ_SEED=7     that seed
//! ```
//! An input that fails is written to `fuzz/kept` and named; the one in hand lies in the target folder (`fuzz-TARGET`), for a run
//! that an overflow of the stack ends. An input that takes longer than [`PATIENCE`] ends the run.
//! - **Not here**: shrinking; a kept input is made smaller by hand and its cause gets a test of its own.

#[path = "fuzz/mutate.rs"]
mod mutate;
#[path = "fuzz/targets.rs"]
mod targets;

use std::{
    collections::BTreeSet,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use allocation_counter::measure;
use mutate::{Chance, mutate};

/// Inputs of a run that is not told how long.
const INPUTS: usize = 300;
/// Beyond this an input is taken to hang.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes that may be held at one time for an input, and further ones for each of its bytes.
const BYTES_MAX: u64 = 96 << 20;
const BYTES_PER_BYTE: u64 = 200;
/// Seeds kept at one time; beyond, one of them makes room.
const SEEDS_MAX: usize = 4_000;

/// What is tried: its name, its seeds, and what is done with an input. The answer is a word for how it was answered.
struct Target {
    name: &'static str,
    seeds: Vec<Vec<u8>>,
    run: fn(&[u8], &mut Chance) -> String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The files of a folder that begin and end so, in order of their names.
fn files(folder: &Path, begins: &str, ends: &str) -> Vec<Vec<u8>> {
    let found = fs::read_dir(folder).map(|all| all.filter_map(Result::ok).map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = found.into_iter().flatten().collect();
    paths.sort();
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let wanted = |path: &&PathBuf| name(path).starts_with(begins) && name(path).ends_with(ends);
    paths.iter().filter(wanted).filter_map(|path| fs::read(path).ok()).collect()
}

fn wards() -> Vec<Vec<u8>> {
    let packs = folder().join("../../rules/packs");
    let folders = [folder().join("wards"), folder().join("diagnostics"), packs];
    folders.iter().flat_map(|folder| files(folder, "", ".ward")).collect()
}

fn scripts() -> Vec<Vec<u8>> {
    let folders = [folder().join("wards"), folder().join("diagnostics"), folder().join("fuzz/scripts")];
    folders.iter().flat_map(|folder| files(folder, "", ".rhai")).collect()
}

/// How long to go on, if that is said: `90s`, `10m`, `2h`.
fn asked() -> Option<Duration> {
    let text = std::env::var("FUZZ_FOR").ok()?;
    let (number, unit) = text.split_at(text.len().saturating_sub(1));
    let number: u64 = number.parse().unwrap_or_else(|_| panic!("FUZZ_FOR={text}: 90s, 10m or 2h"));
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => panic!("FUZZ_FOR={text}: 90s, 10m or 2h"),
    };
    Some(Duration::from_secs(number * seconds))
}

fn seed() -> u64 {
    let said = std::env::var("FUZZ_SEED").ok().map(|text| text.parse().expect("FUZZ_SEED is a number"));
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    said.unwrap_or_else(|| if asked().is_some() { now() } else { 1 })
}

/// Ends the run when one input takes too long: a test that hangs says nothing.
#[expect(clippy::print_stderr, reason = "it ends the process, and says why")]
fn watch(name: &'static str, began: &Arc<Mutex<Option<Instant>>>) {
    let began = Arc::clone(began);
    let look = move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let since = began.lock().ok().and_then(|began| *began);
            if since.is_some_and(|since| since.elapsed() > PATIENCE) {
                eprintln!("{name}: an input takes longer than {PATIENCE:?}; it lies in {}", at_hand(name).display());
                std::process::abort();
            }
        }
    };
    std::thread::spawn(look);
}

/// Where the input in hand lies.
fn at_hand(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"))
}

/// The worst figures of a run.
#[derive(Default)]
struct Worst {
    took: Duration,
    bytes: u64,
}

impl Target {
    /// Answers one input; `Err` with what is wrong.
    fn answer(&self, input: &[u8], chance: &mut Chance, worst: &mut Worst) -> Result<String, String> {
        let began = Instant::now();
        let mut said = Ok(String::new());
        let memory = measure(|| said = catch_unwind(AssertUnwindSafe(|| (self.run)(input, chance))));
        worst.took = worst.took.max(began.elapsed());
        worst.bytes = worst.bytes.max(memory.bytes_max);
        let bound = BYTES_MAX + BYTES_PER_BYTE * u64::try_from(input.len()).unwrap_or(u64::MAX);
        if memory.bytes_max > bound {
            return Err(format!("{} bytes at one time", memory.bytes_max));
        }
        said.map_err(|_| "a panic".to_owned())
    }

    /// Keeps an input that failed, and says where.
    fn keep(&self, input: &[u8], why: &str) -> String {
        let sum = input.iter().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)));
        let path = folder().join(format!("fuzz/kept/{}-{sum:08x}", self.name));
        let _ = fs::write(&path, input);
        format!("{why}: {}", path.display())
    }

    #[expect(clippy::print_stdout, reason = "what was tried is the result of this run")]
    fn fuzz(mut self) {
        let (until, first) = (asked().map(|time| Instant::now() + time), seed());
        let mut chance = Chance::new(first);
        let began = Arc::new(Mutex::new(None));
        watch(self.name, &began);
        let kept = files(&folder().join("fuzz/kept"), self.name, "");
        self.seeds.splice(0..0, kept);
        let whole = self.seeds.len();
        assert!(whole > 5, "{}: seeds", self.name);
        let (mut known, mut worst, mut wrong) = (BTreeSet::new(), Worst::default(), Vec::new());
        let mut tried = 0;
        let is_over = |tried: usize| until.map_or(tried >= INPUTS + whole, |until| Instant::now() >= until);
        while tried < whole || !is_over(tried) {
            let input = match self.seeds.get(tried).filter(|_| tried < whole) {
                Some(seed) => seed.clone(),
                None => mutate(&self.seeds, &mut chance),
            };
            tried += 1;
            if until.is_some() {
                let _ = fs::write(at_hand(self.name), &input);
            }
            if let Ok(mut began) = began.lock() {
                *began = Some(Instant::now());
            }
            match self.answer(&input, &mut chance, &mut worst) {
                Ok(word) if !known.contains(&word) => {
                    known.insert(word);
                    self.learn(input, tried > whole, &mut chance);
                }
                Ok(_) => {}
                Err(why) => wrong.push(self.keep(&input, &why)),
            }
            if wrong.len() >= 10 {
                break;
            }
        }
        if let Ok(mut began) = began.lock() {
            *began = None;
        }
        println!(
            "{}: {tried} inputs from seed {first}, {} answers; slowest {:?}, most memory {} bytes",
            self.name,
            known.len(),
            worst.took,
            worst.bytes
        );
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// An input that was answered in a new way becomes a seed, unless it is one.
    fn learn(&mut self, input: Vec<u8>, is_new: bool, chance: &mut Chance) {
        if !is_new {
            return;
        }
        if self.seeds.len() < SEEDS_MAX {
            self.seeds.push(input);
        } else if let Some(seed) = self.seeds.get_mut(chance.below(SEEDS_MAX)) {
            *seed = input;
        }
    }
}

#[test]
fn the_checker_answers_anything() {
    Target { name: "check", seeds: wards(), run: targets::check }.fuzz();
}

#[test]
fn the_formatter_answers_anything() {
    Target { name: "format", seeds: wards(), run: targets::format }.fuzz();
}

#[test]
fn the_editor_is_helped_in_anything() {
    Target { name: "assist", seeds: wards(), run: targets::assist }.fuzz();
}

#[test]
fn the_sandbox_holds_anything() {
    // [RHAI-3]
    Target { name: "script", seeds: scripts(), run: targets::script }.fuzz();
}

#[test]
fn a_ward_cut_off_at_every_byte_is_answered() {
    // [LAY-7]
    let ward = include_str!("wards/quiet_hours.ward");
    let mut chance = Chance::new(1);
    for end in 0..ward.len() {
        let cut = ward.as_bytes().get(..end).unwrap_or_default();
        targets::check(cut, &mut chance);
        targets::format(cut, &mut chance);
    }
}

#[test]
fn inputs_of_bad_will_are_answered() {
    // [LAY-1] [LAY-8]
    let mut chance = Chance::new(1);
    for (name, input) in mutate::bad_will() {
        let mut answers = Vec::new();
        let all = || {
            answers.push(targets::check(&input, &mut chance));
            answers.push(targets::format(&input, &mut chance));
            answers.push(targets::assist(&input, &mut chance));
            answers.push(targets::script(&input, &mut chance));
        };
        let memory = measure(all);
        assert_eq!(answers.len(), 4, "{name}");
        assert!(answers.first().is_some_and(|found| found.contains("WL")), "{name}: nothing was found");
        assert!(memory.bytes_max < BYTES_MAX + BYTES_PER_BYTE * (1 << 20), "{name}: {} bytes", memory.bytes_max);
    }
}
