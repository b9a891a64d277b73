//! Store: how does a process take over a data directory, and what does it get?
//!
//! ```text
//!  root fit? ─► LOCK ─► INSTANCE ─► EPOCH ─► segments ─► newest checkpoint that is sound and fits the log
//!      ─► walk the log behind it: end, torn or damaged ─► write unproven records again ─► EPOCH + 1
//!      ─► the checkpoint, the records behind it, and a writer
//! ```
//! Nothing that was there is changed before the log was judged.
//! - **How it fits**: the front door of this crate; the shell calls it once at start and once in `doctor`'s drills.
//! - **Not here**: building the state (the core does), the first record of the epoch (the caller appends `open`).

use std::sync::Arc;

use crate::checkpoint::{self, CheckpointReader, Checkpoints};
use crate::codes::{Code, Exit};
use crate::disk::{self, Disk, Filesystem, Node};
use crate::finding::Finding;
use crate::instance::{self, Epoch, Instance, Owner};
use crate::limits::{RESERVE_BYTES, RESERVE_PART, SEGMENT_BYTES};
use crate::log::{
    self, Exclusion, Inventory, Known, LogOptions, LogReader, LogWriter, Position, Recovered, Recovery, Segment,
};
use crate::segment::{self, Identity};

/// Partitions of a data directory; more are for more machines.
const PARTITIONS: u32 = 1;

/// What a process brings to a data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Random id, used if the directory is new.
    pub new_instance: [u8; 16],
    /// Fingerprint of the patient-token key.
    pub key_fingerprint: [u8; 32],
    /// Who opens.
    pub owner: Owner,
    /// Size of new segments in bytes; whole blocks, at least `SEGMENT_BYTES_FLOOR`.
    pub segment_bytes: u64,
    /// Space kept for when the volume is full, in bytes.
    pub reserve_bytes: u64,
    /// A file system that is used although it is unfit, by name: `nfs`, `smb`, `fuse`, `9p`.
    pub accept_filesystem: Option<String>,
    /// The directory was restored from a backup or a snapshot: a missing `EPOCH` is no damage.
    pub is_restored: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            new_instance: [0; 16],
            key_fingerprint: [0; 32],
            owner: Owner::default(),
            segment_bytes: SEGMENT_BYTES,
            reserve_bytes: RESERVE_BYTES,
            accept_filesystem: None,
            is_restored: false,
        }
    }
}

impl Options {
    /// Segments and reserve of the size that suits a volume of `volume_bytes`.
    #[must_use]
    pub fn for_volume(mut self, volume_bytes: u64) -> Self {
        self.segment_bytes = segment::size_for_volume(volume_bytes);
        self.reserve_bytes = RESERVE_BYTES.min(volume_bytes / RESERVE_PART);
        self
    }
}

/// Why a data directory was not opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk failed.
    #[error("{}: {}", Code::DiskFailed, Code::DiskFailed.headline())]
    Disk(#[from] disk::Error),
    /// Another process has it.
    #[error("{}: {}, process {holder}", Code::InUse, Code::InUse.headline())]
    InUse {
        /// Its process id.
        holder: String,
    },
    /// Something is not as it must be; nothing was changed.
    #[error("{0}")]
    Refused(Finding),
    /// The log could not be read or mended.
    #[error(transparent)]
    Log(log::Error),
    /// A checkpoint could not be read.
    #[error(transparent)]
    Checkpoint(checkpoint::Error),
}

impl Error {
    /// The code of the page that tells more.
    pub fn code(&self) -> Code {
        match self {
            Self::Disk(_) => Code::DiskFailed,
            Self::InUse { .. } => Code::InUse,
            Self::Refused(finding) => finding.code,
            Self::Log(error) => error.code(),
            Self::Checkpoint(error) => error.code(),
        }
    }

    /// How the process should end.
    pub fn exit(&self) -> Exit {
        self.code().exit()
    }
}

impl From<log::Error> for Error {
    fn from(error: log::Error) -> Self {
        match error {
            log::Error::Damaged(finding) => Self::Refused(finding),
            log::Error::Disk(error) => Self::Disk(error),
            other => Self::Log(other),
        }
    }
}

/// Result of opening.
pub type Result<T> = std::result::Result<T, Error>;

/// A data directory that this process owns.
#[derive(Debug)]
pub struct Opened<D: Disk> {
    /// What `INSTANCE` says.
    pub instance: Instance,
    /// Which log this is.
    pub identity: Identity,
    /// This process's epoch, already durable.
    pub epoch: u32,
    /// The checkpoint to begin with, every byte of it checked; `None` for an empty state.
    pub checkpoint: Option<CheckpointReader<D>>,
    /// The records behind it, every one of them durable.
    pub suffix: LogReader<D>,
    /// Appends behind the last record; the first append must be an `open`.
    pub writer: LogWriter<D>,
    /// Writes and retires checkpoints.
    pub checkpoints: Checkpoints<D>,
    /// Inputs to leave out of the replay: to be known before the first record is applied.
    pub exclusions: Vec<Exclusion>,
    /// What was not as it should be and did not stop us.
    pub findings: Vec<Finding>,
    /// Records that were written again because nothing proved them durable.
    pub rewritten: u64,
    /// What makes the directory ours: to be kept for as long as `writer` is used.
    pub ownership: Ownership<D>,
}

/// The lock on a data directory and the right to write its `EPOCH`.
#[derive(Debug)]
pub struct Ownership<D: Disk> {
    note: EpochNote<D>,
    _lock: D::Lock,
}

impl<D: Disk> Ownership<D> {
    /// What the thread needs that writes down which segment is the newest. One thread at a time may use it.
    #[must_use]
    pub fn note(&self) -> EpochNote<D> {
        self.note.clone()
    }

    /// As [`EpochNote::newest_segment`].
    pub fn note_newest_segment(&self, newest_segment: u64) -> disk::Result<()> {
        self.note.newest_segment(newest_segment)
    }
}

/// The right to write an owner's `EPOCH`; of no use when the lock is gone.
#[derive(Clone, Debug)]
pub struct EpochNote<D: Disk> {
    disk: D,
    epoch: u32,
    owner: Owner,
}

impl<D: Disk> EpochNote<D> {
    /// Writes down which segment is the newest, so that its loss would be noticed. Call it off the hot path, some time after a roll.
    ///
    /// - **Input** `newest_segment`: what [`LogWriter::newest_segment`] says, never more: a segment that `EPOCH` names and nobody
    ///   finds, or whose first record nobody finds, is damage.
    pub fn newest_segment(&self, newest_segment: u64) -> disk::Result<()> {
        Epoch { number: self.epoch, newest_segment, owner: self.owner.clone() }.write(&self.disk)
    }
}

/// The front door.
#[derive(Debug)]
pub struct Store;

struct Chosen<D: Disk> {
    checkpoint: Option<CheckpointReader<D>>,
    recovered: Recovered,
    findings: Vec<Finding>,
}

impl Store {
    /// Takes over a data directory; makes one of an empty directory.
    ///
    /// - **Output**: everything durable, and nothing that never was.
    /// - **Errors**: [`Error`]; with [`Exit::Damage`] nothing in log or checkpoints was changed.
    /// - **Cost**: reads the chosen checkpoint once and the log behind it once.
    pub fn open<D: Disk>(disk: D, options: &Options) -> Result<Opened<D>> {
        let mut findings = check_root(&disk, options)?;
        let lock = take_lock(&disk, &options.owner)?;
        let instance = instance(&disk, options)?;
        let identity = Identity { instance: instance.id, partition: 0 };
        make_directories(&disk, &identity)?;
        let epoch = read_epoch(&disk, options)?;
        let inventory = inventory(&disk, &identity)?;
        check_epoch_present(&inventory, epoch.as_ref(), options)?;
        let segments: Arc<[Segment]> = inventory.segments.into();
        let newest_segment = epoch.as_ref().map_or(0, |epoch| epoch.newest_segment);
        let chosen = choose(&disk, identity, &segments, newest_segment)?;
        findings.extend(chosen.findings);
        findings.extend(chosen.recovered.findings);
        findings.extend(empty_temporary(&disk)?);

        let end = chosen.recovered.end;
        let number = epoch.map_or(0, |epoch| epoch.number).max(end.epoch) + 1;
        // One that holds no record yet was only begun. Where all that hold some were cut, what was known stays so.
        let begun = segments.iter().rev().find(|segment| segment.first <= end.position.sequence);
        let fresh = Epoch {
            number,
            newest_segment: begun.map_or(newest_segment, |segment| segment.first),
            owner: options.owner.clone(),
        };
        fresh.write(&disk)?;
        let sizes = LogOptions { segment_bytes: options.segment_bytes, reserve_bytes: options.reserve_bytes };
        let mut writer = LogWriter::new(disk.clone(), identity, number, sizes, &end)?;
        writer.adopt(&inventory.prepared)?;
        let suffix = LogReader::new(disk.clone(), identity, segments, chosen.recovered.suffix);
        Ok(Opened {
            instance,
            identity,
            epoch: number,
            checkpoint: chosen.checkpoint,
            suffix: suffix.through(end.position.sequence),
            writer,
            checkpoints: Checkpoints::new(disk.clone(), identity),
            exclusions: chosen.recovered.exclusions,
            findings,
            rewritten: chosen.recovered.rewritten,
            ownership: Ownership { note: EpochNote { disk, epoch: number, owner: options.owner.clone() }, _lock: lock },
        })
    }
}

fn check_root<D: Disk>(disk: &D, options: &Options) -> Result<Vec<Finding>> {
    let root = disk.root()?;
    let refuse = |code, cause: String| Err(Error::Refused(Finding::new(code, ".", cause)));
    if !segment::is_size(options.segment_bytes) {
        return refuse(Code::Refused, format!("{} bytes are no size of a segment", options.segment_bytes));
    }
    if !root.is_ours {
        return refuse(Code::NotPrivate, "it belongs to another user".to_owned());
    }
    if !root.is_private {
        return refuse(Code::NotPrivate, "its mode lets group or others in".to_owned());
    }
    match root.filesystem {
        Filesystem::Remote(name) if options.accept_filesystem.as_deref() != Some(name.as_str()) => {
            refuse(Code::UnfitFilesystem, format!("it is on {name}"))
        }
        Filesystem::Memory => {
            let cause = "it is in memory, and lost with the machine";
            Ok(vec![Finding::new(Code::UnfitFilesystem, ".", cause)])
        }
        Filesystem::Remote(_) | Filesystem::Local => Ok(Vec::new()),
    }
}

fn take_lock<D: Disk>(disk: &D, owner: &Owner) -> Result<D::Lock> {
    match disk.lock(instance::LOCK, &owner.pid.to_string()) {
        Err(disk::Error::Locked { holder, .. }) => Err(Error::InUse { holder }),
        other => Ok(other?),
    }
}

/// Reads `INSTANCE`, or writes it if nothing else is there yet.
fn instance<D: Disk>(disk: &D, options: &Options) -> Result<Instance> {
    let wanted =
        Instance { id: options.new_instance, partitions: PARTITIONS, key_fingerprint: options.key_fingerprint };
    let found = match Instance::read(disk)? {
        Some(found) => found.map_err(Error::Refused)?,
        None => {
            refuse_orphans(disk)?;
            disk::ensure_directory(disk, "tmp")?;
            wanted.write(disk)?;
            wanted
        }
    };
    if found.key_fingerprint != wanted.key_fingerprint {
        let cause = "the patient-token key is another than the one this directory was made with";
        return Err(Error::Refused(Finding::new(Code::OtherInstance, instance::INSTANCE, cause)));
    }
    if found.partitions != PARTITIONS {
        let cause = format!("it has {} partitions; this release runs {PARTITIONS}", found.partitions);
        return Err(Error::Refused(Finding::new(Code::OtherInstance, instance::INSTANCE, cause)));
    }
    Ok(found)
}

/// A directory without `INSTANCE` is a new one only if it holds no log, no checkpoint and no epoch.
fn refuse_orphans<D: Disk>(disk: &D) -> Result<()> {
    for directory in ["", "log/p000", "ckpt/p000", "dead/p000"] {
        let entries = disk::list(disk, directory)?;
        let orphan = entries.iter().find(|entry| {
            let is_ours = entry.name.ends_with(".wlog") || entry.name.ends_with(".ckpt");
            is_ours || entry.name == instance::EPOCH
        });
        if let Some(orphan) = orphan {
            let cause = format!("it is not there, but `{directory}/{}` is", orphan.name);
            return Err(Error::Refused(Finding::new(Code::InstanceDamaged, instance::INSTANCE, cause)));
        }
    }
    Ok(())
}

fn make_directories<D: Disk>(disk: &D, identity: &Identity) -> Result<()> {
    for kind in ["tmp", "log", "ckpt", "dead"] {
        disk::ensure_directory(disk, kind)?;
    }
    disk.sync_directory("")?;
    for path in [identity.log_directory(), identity.checkpoint_directory(), identity.dead_directory()] {
        disk::ensure_directory(disk, &path)?;
        // A name that a killed process made may not be durable yet; whatever we decide on must be.
        disk.sync_directory(&path)?;
    }
    for kind in ["log", "ckpt", "dead"] {
        disk.sync_directory(kind)?;
    }
    Ok(())
}

fn empty_temporary<D: Disk>(disk: &D) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for entry in disk::list(disk, "tmp")? {
        if entry.node == Node::File {
            let path = format!("tmp/{}", entry.name);
            disk.unlink(&path)?;
            findings.push(Finding::new(Code::Leftover, &path, "it was removed"));
        }
    }
    Ok(findings)
}

fn read_epoch<D: Disk>(disk: &D, options: &Options) -> Result<Option<Epoch>> {
    match Epoch::read(disk)? {
        Some(Err(_)) if options.is_restored => Ok(None),
        Some(found) => Ok(Some(found.map_err(Error::Refused)?)),
        None => Ok(None),
    }
}

fn inventory<D: Disk>(disk: &D, identity: &Identity) -> Result<Inventory> {
    let inventory = Inventory::read(disk, identity)?;
    if let Some(finding) = inventory.findings.first() {
        return Err(Error::Refused(finding.clone()));
    }
    match log::misplaced_header(&inventory.segments) {
        Some(finding) => Err(Error::Refused(finding)),
        None => Ok(inventory),
    }
}

/// `EPOCH` is written before the first segment is begun.
fn check_epoch_present(inventory: &Inventory, epoch: Option<&Epoch>, options: &Options) -> Result<()> {
    if epoch.is_some() || options.is_restored || inventory.segments.is_empty() {
        return Ok(());
    }
    let cause = "it is not there, but the log is";
    Err(Error::Refused(Finding::new(Code::EpochDamaged, instance::EPOCH, cause)))
}

/// Finds the newest checkpoint that is sound and fits, and recovers the log behind it.
fn choose<D: Disk>(disk: &D, identity: Identity, segments: &Arc<[Segment]>, newest_segment: u64) -> Result<Chosen<D>> {
    let checkpoints = Checkpoints::new(disk.clone(), identity);
    let mut findings = Vec::new();
    let mut sound = Vec::new();
    for generation in checkpoints.generations()? {
        match checkpoints.open(&generation) {
            Ok(reader) => sound.push(reader),
            Err(error) => findings.push(pass_over(error)?),
        }
    }
    let known = Known { checkpoint: sound.first().map_or(0, |reader| position(reader).sequence), newest_segment };
    let recovery = Recovery { disk: disk.clone(), identity, segments: Arc::clone(segments), known };
    for reader in sound {
        if let Err(error) = reader.check_all() {
            findings.push(pass_over(error)?);
            continue;
        }
        if let Some(recovered) = recovery.run(position(&reader))? {
            return Ok(Chosen { checkpoint: Some(reader), recovered, findings });
        }
        let cause = "the log has another hash at its last sequence";
        findings.push(Finding::new(Code::CheckpointForeign, reader.path(), cause));
    }
    from_the_beginning(&recovery, findings)
}

/// Without a checkpoint the state is that of record 0, if the log still begins at 1.
fn from_the_beginning<D: Disk>(recovery: &Recovery<D>, findings: Vec<Finding>) -> Result<Chosen<D>> {
    let first = recovery.segments.first().map_or(1, |segment| segment.first);
    let had_checkpoints = findings.last().map(|finding| format!("; last looked at: {finding}"));
    let refused = |cause: String| {
        let path = recovery.identity.checkpoint_directory();
        Error::Refused(Finding::new(Code::NoCheckpoint, &path, cause))
    };
    if first != 1 {
        let cause = format!("the log begins with record {first}{}", had_checkpoints.unwrap_or_default());
        return Err(refused(cause));
    }
    match recovery.run(Position::default())? {
        Some(recovered) => Ok(Chosen { checkpoint: None, recovered, findings }),
        None => Err(refused("the first segment does not begin a log".to_owned())),
    }
}

fn position<D: Disk>(reader: &CheckpointReader<D>) -> Position {
    reader.header().summary.position
}

/// A damaged checkpoint is passed over; a failing disk, or a newer release's file, is not.
fn pass_over(error: checkpoint::Error) -> Result<Finding> {
    match error {
        checkpoint::Error::Damaged(finding) if finding.exit() == Exit::Finding => Ok(finding),
        checkpoint::Error::Damaged(finding) => Err(Error::Refused(finding)),
        checkpoint::Error::Disk(error) => Err(Error::Disk(error)),
        other => Err(Error::Checkpoint(other)),
    }
}

#[cfg(test)]
mod tests;
