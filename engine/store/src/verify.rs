//! Verify: is everything on disk what was written?
//!
//! ```text
//!  1 instance and epoch   2 segment headers   3 every checksum   4 chain, sequence, epoch, log time, floor
//!  5 what the log's end means   6 no segment missing, doubled or foreign   7 hashes of checkpoints
//!  8 each checkpoint's hash found in the log   9 dead letters   13 nothing left over from an interrupted cut
//! ```
//! It reads and changes nothing, takes no lock, and so may run beside the engine; the caller paces it.
//! - **How it fits**: `wardline verify`, the engine's background scrub, and the copy a backup makes.
//! - LIMIT: `FINDINGS_MAX` findings are listed, the rest counted.
//! - **Not here**: what payloads mean: the caller sees every sound record (`started` without result, conservation, replay of
//!   marks) and adds its own findings; the archive (`wardline-tables`).

mod walker;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::checkpoint::{self, Checkpoints, Generation};
use crate::codes::{Code, Exit};
use crate::dead::{self, DeadLetters};
use crate::disk::{self, Disk, Node};
use crate::finding::Finding;
use crate::instance::{self, Epoch, Instance};
use crate::limits::{CHUNK_BYTES, FINDINGS_MAX, GENERATIONS};
use crate::log::{self, Inventory, Known, Position, Recovery, Segment};
use crate::record::Record;
use crate::segment::Identity;
use walker::{Sound, Walker};

/// How often a look is repeated because a running engine removed a file meanwhile.
const ATTEMPTS: usize = 3;

/// What was looked at, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order they were found.
    pub findings: Vec<Finding>,
    /// Findings beyond the limit.
    pub unlisted: u64,
    /// Segments looked at.
    pub segments: u64,
    /// Sound records.
    pub records: u64,
    /// Checkpoints that are sound and fit.
    pub checkpoints: u64,
    /// Records of dead letters.
    pub dead_letters: u64,
    /// Last sound record.
    pub last: Position,
}

impl Report {
    /// Adds a finding.
    pub fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.unlisted += 1;
        }
    }

    /// The exit code: 0 clean, 1 findings, 4 damage.
    pub fn exit(&self) -> u8 {
        let worst = self.findings.iter().map(Finding::exit).max();
        match worst {
            None => 0,
            Some(Exit::Finding) => 1,
            // What a newer release wrote cannot be judged; it is no damage, and not clean.
            Some(Exit::Usage) => Exit::Usage.number(),
            Some(Exit::Damage) => Exit::Damage.number(),
        }
    }
}

/// What the caller brings.
pub struct Observer<'a> {
    /// Sees every sound record, in order; what it returns is a finding.
    pub audit: &'a mut dyn FnMut(&Record<'_>) -> Option<Finding>,
    /// Told how many bytes were read; it may wait.
    pub pace: &'a mut dyn FnMut(u64),
    /// Whether an engine runs on the directory: its temporary files are then no leftovers.
    pub is_running: bool,
}

impl std::fmt::Debug for Observer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Observer").field("is_running", &self.is_running).finish_non_exhaustive()
    }
}

/// Looks at everything in a data directory, without an observer.
///
/// - **Errors**: those of the disk; what is wrong with the files is in the report.
pub fn verify<D: Disk>(disk: &D) -> disk::Result<Report> {
    verify_with(disk, &mut Observer { audit: &mut |_| None, pace: &mut |_| {}, is_running: false })
}

/// Looks at everything in a data directory.
///
/// - **Errors**: those of the disk; what is wrong with the files is in the report.
pub fn verify_with<D: Disk>(disk: &D, observer: &mut Observer<'_>) -> disk::Result<Report> {
    let mut attempt = 1;
    loop {
        let outcome = look(disk, observer);
        match &outcome {
            // A cut or a retired checkpoint: what is left is looked at again.
            Err(error) if error.is_missing() && observer.is_running && attempt < ATTEMPTS => attempt += 1,
            Ok(_) | Err(_) => return outcome,
        }
    }
}

fn look<D: Disk>(disk: &D, observer: &mut Observer<'_>) -> disk::Result<Report> {
    let mut report = Report::default();
    let Some(instance) = look_at_instance(disk, &mut report)? else {
        return Ok(report);
    };
    let identity = Identity { instance: instance.id, partition: 0 };
    let newest_segment = look_at_epoch(disk, &mut report)?;
    let mut checkpoints = look_at_checkpoints(disk, identity, &mut report, observer)?;
    let inventory = Inventory::read(disk, &identity)?;
    inventory.findings.iter().for_each(|finding| report.add(finding.clone()));
    report.segments = inventory.segments.len() as u64;
    let segments: Arc<[Segment]> = inventory.segments.into();
    let known =
        Known { checkpoint: checkpoints.sound.first().map_or(0, |(_, position)| position.sequence), newest_segment };
    let mut walker = Walker {
        recovery: Recovery { disk: disk.clone(), identity, segments, known },
        report: &mut report,
        checkpoints: &mut checkpoints,
        floor: known.floor(),
    };
    walker.walk(observer)?;
    let first = walker.recovery.segments.first().map_or(1, |segment| segment.first);
    checkpoints.judge(first, &identity, &mut report);
    look_for_checkpoints(disk, identity, &checkpoints.marked, &mut report)?;
    look_at_dead_letters(disk, &identity, &mut report, observer)?;
    if !observer.is_running {
        look_at_leftovers(disk, &mut report)?;
    }
    Ok(report)
}

fn look_at_instance<D: Disk>(disk: &D, report: &mut Report) -> disk::Result<Option<Instance>> {
    match Instance::read(disk)? {
        Some(Ok(instance)) => return Ok(Some(instance)),
        Some(Err(finding)) => report.add(finding),
        None => report.add(Finding::new(Code::InstanceDamaged, instance::INSTANCE, "it is not there")),
    }
    Ok(None)
}

fn look_at_epoch<D: Disk>(disk: &D, report: &mut Report) -> disk::Result<u64> {
    match Epoch::read(disk)? {
        Some(Ok(epoch)) => return Ok(epoch.newest_segment),
        Some(Err(finding)) => report.add(finding),
        None => report.add(Finding::new(Code::EpochDamaged, instance::EPOCH, "it is not there")),
    }
    Ok(0)
}

fn look_at_checkpoints<D: Disk>(
    disk: &D,
    identity: Identity,
    report: &mut Report,
    observer: &mut Observer<'_>,
) -> disk::Result<Sound> {
    let checkpoints = Checkpoints::new(disk.clone(), identity);
    let mut sound = Sound::default();
    let generations = checkpoints.generations()?;
    for extra in generations.get(GENERATIONS..).unwrap_or_default() {
        report.add(Finding::new(Code::Leftover, &extra.path, "two newer generations exist"));
    }
    for generation in generations {
        match check(&checkpoints, &generation, observer) {
            Ok(position) => sound.sound.push((generation, position)),
            Err(checkpoint::Error::Damaged(finding)) => report.add(finding),
            Err(checkpoint::Error::Disk(error)) => return Err(error),
            Err(other) => report.add(Finding::new(other.code(), &generation.path, other.to_string())),
        }
    }
    Ok(sound)
}

/// The newest checkpoint that the log says was complete is there, and as many as it says are kept: only older ones are removed.
/// They are listed anew, because a running engine may have written one since.
fn look_for_checkpoints<D: Disk>(
    disk: &D,
    identity: Identity,
    marked: &BTreeSet<u64>,
    report: &mut Report,
) -> disk::Result<()> {
    let Some(newest) = marked.last() else { return Ok(()) };
    let found = Checkpoints::new(disk.clone(), identity).generations()?;
    let has_newest = found.iter().any(|generation| generation.sequence >= *newest);
    // One that was written and never marked counts: it took the place of an older one.
    if has_newest && found.len() >= marked.len() {
        return Ok(());
    }
    let missing = if has_newest { marked.first().unwrap_or(newest) } else { newest };
    let cause = format!("the log says that one was complete at record {missing}");
    report.add(Finding::new(Code::CheckpointMissing, &identity.checkpoint_directory(), cause));
    Ok(())
}

fn check<D: Disk>(
    checkpoints: &Checkpoints<D>,
    generation: &Generation,
    observer: &mut Observer<'_>,
) -> checkpoint::Result<Position> {
    let reader = checkpoints.open(generation)?;
    let mut check = reader.check();
    while !check.step()? {
        (observer.pace)(CHUNK_BYTES as u64);
    }
    Ok(reader.header().summary.position)
}

fn look_at_dead_letters<D: Disk>(
    disk: &D,
    identity: &Identity,
    report: &mut Report,
    observer: &mut Observer<'_>,
) -> disk::Result<()> {
    for path in dead::list(disk, identity)? {
        match read_dead_letters(disk, identity, &path) {
            Ok((records, bytes)) => {
                report.dead_letters += records;
                (observer.pace)(bytes);
            }
            Err(log::Error::Disk(error)) => return Err(error),
            Err(log::Error::Damaged(finding)) => report.add(finding),
            Err(other) => report.add(Finding::new(other.code(), &path, other.to_string())),
        }
    }
    Ok(())
}

fn read_dead_letters<D: Disk>(disk: &D, identity: &Identity, path: &str) -> log::Result<(u64, u64)> {
    let mut letters = DeadLetters::open(disk, identity, path)?;
    let (mut records, mut bytes) = (0, 0);
    while let Some((_, payload)) = letters.next_record()? {
        records += 1;
        bytes += payload.len() as u64;
    }
    if records != letters.count {
        let cause = format!("it holds {records} records, its footer says {}", letters.count);
        return Err(log::Error::Damaged(Finding::new(Code::DeadLetterDamaged, path, cause)));
    }
    Ok((records, bytes))
}

fn look_at_leftovers<D: Disk>(disk: &D, report: &mut Report) -> disk::Result<()> {
    for entry in disk::list(disk, "tmp")? {
        if entry.node == Node::File {
            let path = format!("tmp/{}", entry.name);
            report.add(Finding::new(Code::Leftover, &path, "a write that was interrupted left it"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
