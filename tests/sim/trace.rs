//! Trace: what happened in one run, so that two runs can be compared and a failure read?
//!
//! Every line goes into a hash; the last ones are kept for whoever reads the failure.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use wardline_rules::time::Timestamp;

/// Lines kept.
const TAIL: usize = 40;

/// A property that does not hold, and what was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Broken {
    pub(crate) property: &'static str,
    pub(crate) said: String,
}

/// What a step of the simulation comes to.
pub(crate) type Held<T = ()> = Result<T, Broken>;

/// A property broken.
pub(crate) fn broken<T>(property: &'static str, said: impl Into<String>) -> Held<T> {
    Err(Broken { property, said: said.into() })
}

/// Refuses unless `is_so`.
pub(crate) fn hold(is_so: bool, property: &'static str, said: impl FnOnce() -> String) -> Held {
    if is_so { Ok(()) } else { broken(property, said()) }
}

/// What was counted over one run or many.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) counts: BTreeMap<&'static str, u64>,
    pub(crate) faults: BTreeMap<&'static str, u64>,
    /// Kinds of call on kinds of file at which the machine was stopped.
    pub(crate) stopped_at: BTreeSet<String>,
    /// Kinds of call on kinds of file that were made at all.
    pub(crate) called: BTreeSet<String>,
    pub(crate) minutes: i64,
}

impl Tally {
    pub(crate) fn count(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    pub(crate) fn add(&mut self, what: &'static str, count: u64) {
        *self.counts.entry(what).or_default() += count;
    }

    pub(crate) fn fault(&mut self, what: &'static str) {
        *self.faults.entry(what).or_default() += 1;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        other.counts.iter().for_each(|(what, count)| *self.counts.entry(what).or_default() += count);
        other.faults.iter().for_each(|(what, count)| *self.faults.entry(what).or_default() += count);
        self.stopped_at.extend(other.stopped_at.iter().cloned());
        self.called.extend(other.called.iter().cloned());
        self.minutes += other.minutes;
    }

    pub(crate) fn text(&self) -> String {
        let list = |map: &BTreeMap<&'static str, u64>| {
            map.iter().map(|(what, count)| format!("{what} {count}")).collect::<Vec<_>>().join(", ")
        };
        let missed: Vec<&str> = self.called.difference(&self.stopped_at).map(String::as_str).collect();
        format!(
            "  {} simulated hours\n  {}\n  faults: {}\n  stopped at {} of {} kinds of disk call{}{}",
            self.minutes / 60,
            list(&self.counts),
            list(&self.faults),
            self.stopped_at.len(),
            self.called.len(),
            if missed.is_empty() { "" } else { "; not at " },
            missed.join(", ")
        )
    }
}

/// The story of one run.
#[derive(Debug)]
pub(crate) struct Trace {
    hasher: blake3::Hasher,
    tail: VecDeque<String>,
}

impl Trace {
    pub(crate) fn new() -> Self {
        Self { hasher: blake3::Hasher::new(), tail: VecDeque::new() }
    }

    pub(crate) fn line(&mut self, at: Timestamp, text: &str) {
        let line = format!("{at} {text}");
        self.hasher.update(line.as_bytes());
        self.hasher.update(b"\n");
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(line);
    }

    /// Hash of all lines.
    pub(crate) fn hash(&self) -> String {
        self.hasher.finalize().to_hex().chars().take(16).collect()
    }

    pub(crate) fn tail(&self) -> String {
        self.tail.iter().map(|line| format!("    {line}\n")).collect()
    }
}
