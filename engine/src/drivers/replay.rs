//! Replay: what would this ward have done with these events?
//!
//! The backtest: events of any past period, log time = `received_at`, else `occurred_at`, all of one time in one batch. Every
//! transition becomes one NDJSON line; the lines, and the hash over them, are the same from run to run.
//! ```text
//!  decode thread   files ─► lines ─► events, in chunks ─┐ bounded channel
//!  this thread                    batches by log time ◄─┘ ─► step ─► lines
//! ```
//! - **Not here**: reading wards, printing the summary.

mod feed;
pub mod line;

use std::{collections::BTreeMap, io::Write, path::PathBuf, time::Instant};

use serde::Serialize;
use wardline_core::{
    Input, Output, Partition, Settings,
    input::Activation,
    output::{AlertState, Change, Obligation, Purpose},
};
use wardline_rules::{Text, event::Event, program::Program, settings::SiteSettings, time::Timestamp};

use super::world::{Fate, Watcher, World};
use line::Lines;

/// What a backtest found.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Version of this object.
    pub schema_version: u32,
    /// Lines that became events.
    pub events: u64,
    /// Lines that nobody could read.
    pub rejected: u64,
    /// Reports they were about.
    pub reports: u64,
    /// Alerts raised.
    pub alerts: u64,
    /// Notices made.
    pub obligations: u64,
    /// The same by rule; each rule of the ward is there.
    pub rules: BTreeMap<Text, OfRule>,
    /// Wall time.
    pub seconds: f64,
    /// Events for each second of it.
    pub events_per_s: f64,
    /// BLAKE3 over all transition lines.
    pub alerts_hash: String,
}

/// What one rule did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct OfRule {
    /// Alerts raised; of an sla, warnings and breaches told.
    pub alerts: u64,
    /// Pages and reminders.
    pub pages: u64,
    /// Messages that await no answer: tells, notices, withdrawals.
    pub tells: u64,
}

/// Why a backtest could not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of events could not be read.
    #[error("cannot read `{path}`")]
    Events {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No second thread could be started.
    #[error("cannot start a thread for decoding")]
    Thread(#[source] std::io::Error),
    /// The transitions could not be written.
    #[error("cannot write the transitions")]
    Output(#[source] std::io::Error),
}

/// Runs `program` over the events of `files`; each transition is written to `lines` as one NDJSON line.
///
/// # Errors
/// [`Error`]: a file cannot be read, or the lines cannot be written.
pub fn run(
    (program, site): (Program, SiteSettings),
    files: &[PathBuf],
    lines: &mut dyn Write,
    mut progress: impl FnMut(u64),
) -> Result<Summary, Error> {
    let started = Instant::now();
    let site = Some(Box::new(site));
    let watched = rules_of(&program);
    let activation = Activation { program, text: Vec::new(), author: Text::from("try"), moved: false, site };
    let mut world = World::new(Partition::new(Settings::default()));
    let mut watcher = Recorder { lines: Lines::new(lines), rules: watched, failed: None };
    world.batch(Timestamp::MIN, vec![Input::Activate(Box::new(activation))], &mut watcher);
    let mut batcher = Batcher { world, watcher, at: Timestamp::MIN, inputs: Vec::new(), events: 0 };
    let rejected = feed::read(files, |event| {
        batcher.take(event);
        if batcher.events.is_multiple_of(1 << 16) {
            progress(batcher.events);
        }
    })?;
    batcher.finish(started, rejected)
}

/// Every rule of a ward that may say something, with nothing said yet.
fn rules_of(program: &Program) -> BTreeMap<Text, OfRule> {
    let slas = program.families.iter().flat_map(|family| &family.rules).map(|rule| &rule.head.id);
    let rules = slas.chain(program.alerts.iter().map(|rule| &rule.head.id));
    let rules = rules.chain(program.notices.iter().map(|rule| &rule.head.id));
    rules.map(|id| (id.clone(), OfRule::default())).collect()
}

/// Collects the events of one log time.
struct Batcher<'a> {
    world: World,
    watcher: Recorder<'a>,
    at: Timestamp,
    inputs: Vec<Input>,
    events: u64,
}

impl Batcher<'_> {
    fn take(&mut self, event: Box<Event>) {
        self.events += 1;
        let said = event.received_at.or(event.occurred_at.map(|at| at.lo)).unwrap_or(self.at);
        if said > self.at {
            self.flush();
            self.at = said;
        }
        self.inputs.push(Input::Event(event));
    }

    fn flush(&mut self) {
        if self.inputs.is_empty() {
            return;
        }
        self.world.advance(self.at, &mut self.watcher);
        let inputs = core::mem::take(&mut self.inputs);
        self.world.batch(self.at, inputs, &mut self.watcher);
    }

    fn finish(mut self, started: Instant, rejected: u64) -> Result<Summary, Error> {
        self.flush();
        if let Some(error) = self.watcher.failed.take() {
            return Err(Error::Output(error));
        }
        let alerts_hash = self.watcher.lines.finish().map_err(Error::Output)?;
        let counters = self.world.partition.counters();
        let seconds = started.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let events_per_s = (self.events as f64 / seconds.max(1e-9)).round();
        Ok(Summary {
            schema_version: 1,
            events: self.events,
            rejected,
            reports: counters.reports_opened,
            alerts: counters.alerts_raised,
            obligations: counters.notices_created,
            rules: self.watcher.rules,
            seconds,
            events_per_s,
            alerts_hash,
        })
    }
}

/// Writes transitions as lines; every send is delivered.
struct Recorder<'a> {
    lines: Lines<'a>,
    rules: BTreeMap<Text, OfRule>,
    failed: Option<std::io::Error>,
}

impl Watcher for Recorder<'_> {
    fn fate(&mut self, obligation: &Obligation, _: Timestamp) -> Fate {
        let rule = self.rules.entry(obligation.rule.clone()).or_default();
        match obligation.purpose {
            Purpose::Page | Purpose::Reminder => rule.pages += 1,
            Purpose::Tell | Purpose::Withdrawal => rule.tells += 1,
        }
        Fate::Delivered
    }

    fn see(&mut self, _: Timestamp, out: &Output) {
        for transition in &out.transitions {
            if let Change::Alert(AlertState::Raised, _) = &transition.change {
                self.rules.entry(transition.rule.clone()).or_default().alerts += 1;
            }
            let is_internal = matches!(&transition.change, Change::Notice(state, _) if *state == wardline_core::output::NoticeState::Started);
            if is_internal || self.failed.is_some() {
                continue;
            }
            self.failed = self.lines.write(transition).err();
        }
    }
}
