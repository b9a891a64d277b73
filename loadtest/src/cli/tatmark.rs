//! Tatmark: the verb that runs the benchmark.
//!
//! A row for each step and a row for each figure; what goes wrong ends in exit code 1, what is slow only with `--floors`.
//! - **How it fits**: runs a [`wardline_loadtest::tatmark::Spec`] in a folder of its own, which is removed afterwards.
//! - **Not here**: what the runs are.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use wardline_loadtest::argument;
use wardline_loadtest::error::Error;
use wardline_loadtest::tatmark::replay::{self, Place};
use wardline_loadtest::tatmark::{Driver, Expect, NAMES, Spec, Standing, live};

use super::{Format, bytes, grouped, print};

/// Run the benchmark family TATmark: T0 to T12.
///
/// Needs the `wardline` binary; T8 one that answers SQL. Answers of replays are compared with the slow reference, live runs with what
/// is on the disk. Floors and goals are of two cores and a quiet machine.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wardline-loadtest tatmark                    what the runs are
  wardline-loadtest tatmark T3
  wardline-loadtest tatmark T2 T3 T7 --share 0.1 --format json
  wardline-loadtest tatmark T5 --share 10 --floors        ten million reports; exit 1 below a floor")]
pub(crate) struct Tatmark {
    /// Which runs; without one they are listed
    #[arg(value_name = "RUN")]
    runs: Vec<String>,
    /// The binary of the engine; without it the one beside this program
    #[arg(long, value_name = "FILE")]
    wardline: Option<PathBuf>,
    /// Multiplies the number of reports
    #[arg(long, default_value = "1x", value_name = "FACTOR")]
    share: String,
    /// Seed of all chance
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Figures below their floor end in exit code 1
    #[arg(long)]
    floors: bool,
    /// Folder for events, answers and logs, which stays; without it one that is removed
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// What one run showed, ready to print.
struct Told {
    rows: Vec<String>,
    json: Value,
    figures: Vec<(Expect, Option<f64>)>,
    wrong: Vec<String>,
}

impl Tatmark {
    pub(crate) fn run(&self) -> Result<(), Error> {
        if self.runs.is_empty() {
            return list();
        }
        let specs = self.runs.iter().map(|name| Spec::named(name).map(|spec| (name.to_uppercase(), spec)));
        let specs = specs.collect::<Result<Vec<_>, _>>()?;
        let mut below = Vec::new();
        for (name, spec) in specs {
            let told = self.one(&name, &spec)?;
            self.show(&name, &spec, &told)?;
            if !told.wrong.is_empty() {
                return Err(Error::AnswersDiffer { what: name, findings: told.wrong });
            }
            below.extend(told.figures.iter().filter_map(|(expect, found)| missed(&name, expect, *found)));
        }
        if self.floors && !below.is_empty() { Err(Error::FloorMissed { verdicts: below }) } else { Ok(()) }
    }

    fn one(&self, name: &str, spec: &Spec) -> Result<Told, Error> {
        let folder = match &self.keep {
            Some(kept) => kept.join(name),
            None => std::env::temp_dir().join(format!("wardline-tatmark-{}", std::process::id())),
        };
        make(&folder)?;
        let place = Place {
            wardline: self.wardline()?,
            folder: folder.clone(),
            seed: self.seed,
            share: argument::rate(&self.share)?,
        };
        let told = if spec.driver == Driver::Replay { replayed(spec, &place) } else { lived(spec, &place) };
        if self.keep.is_none() {
            // What cannot be removed is left; the next run has another number.
            let _ = std::fs::remove_dir_all(&folder);
        }
        told
    }

    fn wardline(&self) -> Result<PathBuf, Error> {
        if let Some(path) = &self.wardline {
            return Ok(path.clone());
        }
        let own = std::env::current_exe().map_err(|source| Error::Output { path: "this program".into(), source })?;
        Ok(own.with_file_name("wardline"))
    }

    fn show(&self, name: &str, spec: &Spec, told: &Told) -> Result<(), Error> {
        let figures = told.figures.iter().map(|(expect, found)| {
            let standing = found.map(|found| expect.standing(found));
            json!({"measure": expect.measure, "found": found, "floor": expect.floor, "goal": expect.goal, "standing": standing})
        });
        match self.format {
            Format::Json => {
                let figures: Vec<Value> = figures.collect();
                let all = json!({"schema_version": 1, "run": name, "spec": spec, "steps": told.json, "figures": figures, "wrong": told.wrong});
                print(&format!("{all}\n"))
            }
            Format::Text => {
                let mut text = format!("{name}  {}\n", spec.title);
                told.rows.iter().for_each(|row| text += &format!("  {row}\n"));
                told.figures.iter().for_each(|(expect, found)| text += &format!("  {}\n", figure(expect, *found)));
                print(&text)
            }
        }
    }
}

fn list() -> Result<(), Error> {
    let mut text = String::new();
    for name in NAMES {
        text += &format!("{name:<4} {}\n", Spec::named(name)?.title);
    }
    print(&text)
}

/// A folder of its own: nobody else reads patients' tokens there, made up as they are.
fn make(folder: &Path) -> Result<(), Error> {
    let failed = |source| Error::Output { path: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    #[cfg(unix)]
    std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).map_err(failed)?;
    Ok(())
}

fn replayed(spec: &Spec, place: &Place) -> Result<Told, Error> {
    let shown = replay::run(spec, place, |_| {})?;
    let mut wrong = Vec::new();
    let mut rows = Vec::new();
    for shown in &shown {
        rows.push(format!(
            "{:>10} reports {:>7} rules  {:>10} events in {:>7.2} s  {:>9} events/s  {:>5.2} µs of processor each  {:>9} at most  {} sentences as the reference",
            grouped(shown.step.reports),
            shown.step.rules,
            grouped(shown.events),
            shown.seconds,
            grouped(wardline_loadtest::draw::whole(shown.events_per_s()).unsigned_abs()),
            shown.cost() * 1e6,
            bytes(shown.used.peak_bytes as f64),
            grouped(shown.verdict.sentences),
        ));
        wrong.extend(shown.verdict.differences.iter().cloned());
    }
    let figures = spec.expect.iter().map(|expect| (*expect, replay::figure(expect.measure, &shown))).collect();
    Ok(Told { rows, json: json!(shown), figures, wrong })
}

fn lived(spec: &Spec, place: &Place) -> Result<Told, Error> {
    let shown = live::run(spec, place)?;
    let (accepted, latency) = (shown.outcome.accepted, &shown.outcome.corrected);
    let rows = vec![
        format!(
            "{} events acknowledged in {:.1} s, {} on the disk, {} pages, {} statements",
            grouped(accepted.events),
            shown.outcome.seconds,
            grouped(shown.on_disk),
            grouped(shown.pages),
            shown.statements_ms.len(),
        ),
        format!(
            "acknowledged within p50 {:.1} ms, p99 {:.1} ms, at most {:.1} ms; {} requests refused, {} failed, {} unanswered",
            latency.p50_us as f64 / 1e3,
            latency.p99_us as f64 / 1e3,
            latency.max_us as f64 / 1e3,
            shown.outcome.refused.requests,
            shown.outcome.failed.requests,
            shown.outcome.unanswered.requests,
        ),
    ];
    let figures = spec.expect.iter().map(|expect| (*expect, live::figure(expect.measure, &shown))).collect();
    Ok(Told { rows, json: json!([shown]), figures, wrong: shown.wrong })
}

fn figure(expect: &Expect, found: Option<f64>) -> String {
    let Some(found) = found else { return format!("{:<36} not seen", expect.measure.name()) };
    let standing = match expect.standing(found) {
        Standing::Goal => "reaches the goal",
        Standing::Floor => "reaches the floor",
        Standing::Missed => "MISSES the floor",
    };
    format!(
        "{:<36} {:>12}  floor {:>10}  goal {:>10}  {standing}",
        expect.measure.name(),
        shown(found),
        shown(expect.floor),
        shown(expect.goal)
    )
}

fn missed(name: &str, expect: &Expect, found: Option<f64>) -> Option<String> {
    match found {
        Some(found) if expect.standing(found) != Standing::Missed => None,
        Some(found) => Some(format!("{name}: {} {}", expect.measure.name(), shown(found))),
        None => Some(format!("{name}: {} was not seen", expect.measure.name())),
    }
}

fn shown(number: f64) -> String {
    if number >= 100.0 {
        grouped(wardline_loadtest::draw::whole(number).unsigned_abs())
    } else {
        format!("{number:.2}")
    }
}
