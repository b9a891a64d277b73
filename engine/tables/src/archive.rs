//! Archive: what is in files, what is hot, and how does the one become the other without a gap?
//!
//! ```text
//!  append(epoch) ─► builders ─ freeze ─► hot batches ─ flush ─► one file a table ─► one manifest record ─► hot is empty
//! ```
//! Rows of epochs up to `covered` are ignored: they are in files, and replay makes them again. A flush covers all tables at
//! once, so one number says where files end and hot begins.
//!
//! - **Crash**: hot rows are lost and derived again by replay, because no checkpoint is written before its rows are covered.
//!   Files that no record names are garbage.
//! - **Not here**: threads, sockets, which rows there are.

use std::{
    fs,
    io::{self, Read as _},
};

use arrow::array::RecordBatch;
use sha2::{Digest as _, Sha256};
use wardline_rules::{
    row::{Row, Table},
    time::DAY,
};

use crate::{
    builder::{self, Builder},
    file,
    frame::epochs,
    hot::Hot,
    limits::{BUILD_ROWS_MAX, FILES_BEFORE_MERGE, FREEZE_ROWS, HOT_ROWS_HELD_MAX, HOT_ROWS_MAX, MERGED_ROWS},
    manifest::{self, File, LOG, Manifest, Record},
    place::Place,
    schema::{DEFINITIONS, Definition, SCHEMA_VERSION},
    slices::{self, Slices},
};

/// Why the archive cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk refused.
    #[error("the archive's disk: {0}")]
    Disk(#[from] io::Error),
    /// The manifest is damaged.
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
    /// A row does not fit its table.
    #[error(transparent)]
    Row(#[from] builder::Error),
    /// A file could not be made.
    #[error(transparent)]
    File(#[from] file::Error),
    /// JSON refused.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A file differs from what the manifest says of it.
    #[error("`{0}` is not what was written")]
    Damaged(String),
    /// Whoever wrote the files ended without a word.
    #[error("the write of the files ended without a result")]
    Stopped,
}

/// Frozen rows of one table.
#[derive(Clone, Debug)]
pub struct Frozen {
    /// Which table.
    pub table: Table,
    /// Its rows, in order of epoch.
    pub batch: RecordBatch,
}

/// All rows of an installation: files and what is hot.
#[derive(Debug)]
pub struct Archive<P> {
    place: P,
    manifest: Manifest,
    builders: Vec<Builder>,
    slices: Slices,
    hot: Hot,
    unfrozen: usize,
    /// Batches that had to be made before the next freeze.
    early: Vec<Frozen>,
    /// The newest epoch taken.
    epoch: u64,
    /// Bytes of the manifest that are known to be on disk. What a failed write left behind them is cut before the next.
    whole: u64,
    is_torn: bool,
    /// Files that the newest version dropped; a statement may still read them.
    dropped: Vec<String>,
}

impl<P: Place> Archive<P> {
    /// Opens what is there; cuts a torn line of the manifest, and removes files that no line names.
    ///
    /// # Errors
    /// [`Error`].
    pub fn open(place: P) -> Result<Self, Error> {
        let bytes = read_if_there(&place)?;
        let (manifest, whole) = Manifest::read(&bytes)?;
        let whole = u64::try_from(whole).unwrap_or(0);
        if !bytes.is_empty() {
            // Also where nothing is torn: a line that was only written, and not yet on disk, must be before files go by it.
            place.cut(LOG, whole)?;
        }
        sweep(&place, &manifest);
        let builders = DEFINITIONS.iter().map(Builder::new).collect();
        let epoch = manifest.covered;
        Ok(Self {
            place,
            manifest,
            builders,
            slices: Slices::default(),
            hot: Hot::default(),
            unfrozen: 0,
            early: Vec::new(),
            epoch,
            whole,
            is_torn: false,
            dropped: Vec::new(),
        })
    }

    /// What counts on disk.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The newest epoch taken, or covered.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// What is frozen and not in files.
    pub const fn hot(&self) -> &Hot {
        &self.hot
    }

    /// Rows not in files.
    pub const fn hot_rows(&self) -> usize {
        self.hot.rows() + self.unfrozen
    }

    /// Whether so much is hot that it should be flushed.
    pub const fn is_full(&self) -> bool {
        self.hot_rows() >= HOT_ROWS_MAX
    }

    /// Whether more is hot than memory should hold.
    pub const fn is_overfull(&self) -> bool {
        self.hot_rows() >= HOT_ROWS_HELD_MAX
    }

    /// Whether a table has a builder that should be frozen now.
    pub fn is_freeze_due(&self) -> bool {
        self.slices.len() >= FREEZE_ROWS || self.builders.iter().any(|builder| builder.len() >= FREEZE_ROWS)
    }

    /// Says that rows up to `epoch` were never made: the archive begins after it.
    ///
    /// # Errors
    /// [`Error`].
    pub fn begin_after(&mut self, epoch: u64, at: i64) -> Result<(), Error> {
        self.epoch = self.epoch.max(epoch);
        self.record(Record {
            v: self.manifest.version + 1,
            at,
            covered: epoch,
            began_after: epoch,
            hole: Some((self.manifest.covered, epoch)),
            schema_version: SCHEMA_VERSION,
            add: Vec::new(),
            drop: Vec::new(),
        })
    }

    /// Takes the rows of one epoch; epochs come in rising order, covered ones change nothing.
    ///
    /// # Errors
    /// The first row that does not fit, which is a mistake of ours; it is left out, and all others are taken.
    pub fn append(&mut self, epoch: u64, rows: &[Row]) -> Result<(), Error> {
        if epoch <= self.epoch {
            return Ok(());
        }
        let mut wrong = Ok(());
        for (seq, row) in rows.iter().enumerate() {
            if Definition::of(row.table).is_summed {
                wrong = wrong.and(self.add_up(row, epoch));
                continue;
            }
            let Some(builder) = self.builders.get_mut(usize::from(row.table.index())) else { continue };
            if let Err(error) = builder.push(row, epoch, u32::try_from(seq).unwrap_or(u32::MAX)) {
                wrong = wrong.and(Err(error.into()));
                continue;
            }
            self.unfrozen += 1;
            if builder.len() >= BUILD_ROWS_MAX
                && let Some(batch) = builder.freeze()?
            {
                self.unfrozen -= batch.num_rows();
                self.hot.push(row.table, batch.clone()).map_err(file::Error::from)?;
                self.early.push(Frozen { table: row.table, batch });
            }
        }
        self.epoch = epoch;
        wrong
    }

    /// Takes one change of a slice.
    fn add_up(&mut self, row: &Row, epoch: u64) -> Result<(), Error> {
        self.slices.push(row, epoch)?;
        self.unfrozen += 1;
        if self.slices.len() >= BUILD_ROWS_MAX {
            let early = self.freeze_slices(epoch)?;
            self.early.extend(early);
        }
        Ok(())
    }

    fn freeze_slices(&mut self, epoch: u64) -> Result<Vec<Frozen>, Error> {
        self.unfrozen = self.unfrozen.saturating_sub(self.slices.changes());
        let mut frozen = Vec::new();
        for (table, batch) in self.slices.freeze(epoch)? {
            self.hot.push(table, batch.clone()).map_err(file::Error::from)?;
            frozen.push(Frozen { table, batch });
        }
        Ok(frozen)
    }

    /// Makes batches of all rows taken since the last freeze.
    ///
    /// - **Output**: the new batches; they are hot from now on.
    ///
    /// # Errors
    /// What Arrow refuses.
    pub fn freeze(&mut self) -> Result<Vec<Frozen>, Error> {
        self.unfrozen = 0;
        let mut frozen = core::mem::take(&mut self.early);
        for (definition, builder) in DEFINITIONS.iter().zip(&mut self.builders) {
            if let Some(batch) = builder.freeze()? {
                self.hot.push(definition.table, batch.clone()).map_err(file::Error::from)?;
                frozen.push(Frozen { table: definition.table, batch });
            }
        }
        frozen.extend(self.freeze_slices(self.epoch)?);
        Ok(frozen)
    }

    /// Puts everything hot into files and makes that count; waits for it.
    ///
    /// - **Output**: `true` if there is a new version of the manifest.
    ///
    /// # Errors
    /// [`Error`]; what was hot stays hot, and the next flush tries again.
    pub fn flush(&mut self, at: i64) -> Result<bool, Error>
    where
        P: Clone,
    {
        let Some(job) = self.begin_flush(at)? else { return Ok(false) };
        let dropped = self.finish_flush(job.run()?)?;
        self.remember_dropped(dropped);
        Ok(true)
    }

    /// What is to be written so that everything taken so far is in files; `None` if it is. Rows go on being taken.
    ///
    /// # Errors
    /// What Arrow refuses.
    pub fn begin_flush(&mut self, at: i64) -> Result<Option<Job<P>>, Error>
    where
        P: Clone,
    {
        self.freeze()?;
        if self.epoch == self.manifest.covered {
            return Ok(None);
        }
        let job = Job {
            place: self.place.clone(),
            manifest: self.manifest.clone(),
            hot: self.hot.clone(),
            epoch: self.epoch,
            at,
        };
        Ok(Some(job))
    }

    /// Makes what was written count.
    ///
    /// - **Output**: names of files that count no more.
    ///
    /// # Errors
    /// [`Error`]; the files are garbage then, and the next flush writes them again.
    pub fn finish_flush(&mut self, written: Written) -> Result<Vec<String>, Error> {
        let dropped = written.record.drop.clone();
        self.record(written.record)?;
        self.hot.forget(self.manifest.covered);
        Ok(dropped)
    }

    /// Files that count no more are removed two flushes later, when no statement reads them any more.
    pub fn remember_dropped(&mut self, dropped: Vec<String>) {
        for name in core::mem::replace(&mut self.dropped, dropped) {
            self.remove(&name);
        }
    }

    fn record(&mut self, record: Record) -> Result<(), Error> {
        let line = record.encode()?;
        self.mend_log()?;
        if let Err(error) = self.place.append(LOG, &line) {
            // A line that may be there and does not count: nobody may read it, now or after a crash.
            self.is_torn = true;
            drop(self.mend_log());
            return Err(error.into());
        }
        self.whole += u64::try_from(line.len()).unwrap_or(0);
        self.manifest.apply(record);
        Ok(())
    }

    /// Cuts what a failed write may have left behind the last line that counts.
    fn mend_log(&mut self) -> Result<(), Error> {
        if self.is_torn {
            match self.place.cut(LOG, self.whole) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && self.whole == 0 => {}
                done => done?,
            }
            self.is_torn = false;
        }
        Ok(())
    }

    /// All rows of a file, if it is what was written.
    ///
    /// # Errors
    /// [`Error::Damaged`], or the disk's.
    pub fn read(&self, file: &File) -> Result<Vec<RecordBatch>, Error> {
        read_file(&self.place, file)
    }

    fn remove(&self, name: &str) {
        // Garbage that stays is harmless: no record names it.
        drop(self.place.remove(name));
    }
}

/// A flush to be done, on any thread.
#[derive(Debug)]
pub struct Job<P> {
    place: P,
    manifest: Manifest,
    hot: Hot,
    epoch: u64,
    at: i64,
}

/// A flush that was done and does not count yet.
#[derive(Debug)]
pub struct Written {
    record: Record,
}

impl<P: Place> Job<P> {
    /// Writes the files.
    ///
    /// # Errors
    /// [`Error`]; files that were written are garbage.
    pub fn run(self) -> Result<Written, Error> {
        let mut add = Vec::new();
        let mut drop = Vec::new();
        for definition in &DEFINITIONS {
            let (old, known) = self.known(definition);
            drop.extend(old.into_iter().map(|file| file.name.clone()));
            let mut batches = self.hot.of(definition.table).to_vec();
            if batches.is_empty() {
                continue;
            }
            let small = known.iter().rev().take_while(|file| file.rows < MERGED_ROWS).count();
            if small >= FILES_BEFORE_MERGE {
                for file in known.iter().rev().take(small) {
                    batches.extend(read_file(&self.place, file)?);
                    drop.push(file.name.clone());
                }
            }
            if definition.is_summed {
                batches = slices::sum(definition, &batches, self.oldest(definition))?;
            }
            if !batches.is_empty() {
                add.push(self.write_file(definition, &batches)?);
            }
        }
        let record = Record {
            v: self.manifest.version + 1,
            at: self.at,
            covered: self.epoch,
            began_after: self.manifest.began_after,
            hole: None,
            schema_version: SCHEMA_VERSION,
            add,
            drop,
        };
        Ok(Written { record })
    }

    /// Files of a table, in order of epoch: those whose time is over, and the others.
    ///
    /// A file goes when all of it is old, and so the oldest parts of a slice go first: what is left of a slice that is going
    /// is never more than it was.
    fn known(&self, definition: &Definition) -> (Vec<&File>, Vec<&File>) {
        let oldest = self.oldest(definition);
        let is_old = |file: &&File| oldest.is_some_and(|oldest| file.at < oldest);
        self.manifest.files_of(definition.table).partition(is_old)
    }

    /// Before when nothing of a table is shown any more, with a day to spare: a file is later than what is in it by what
    /// clocks of senders are ahead.
    fn oldest(&self, definition: &Definition) -> Option<i64> {
        let kept = definition.keep_days.map(|days| (i64::from(days) + 1).saturating_mul(DAY));
        kept.map(|kept| self.at.saturating_sub(kept))
    }

    fn write_file(&self, definition: &Definition, batches: &[RecordBatch]) -> Result<File, Error> {
        let bytes = file::write(definition, batches)?;
        let sha256 = hex(&Sha256::digest(&bytes));
        let first = batches.iter().map(|batch| span(batch).0).min().unwrap_or(0);
        let last = batches.iter().map(|batch| span(batch).1).max().unwrap_or(0);
        let short = sha256.get(..8).unwrap_or_default();
        let name = format!("{}/{first:020}-{last:020}-{short}.parquet", definition.table.name());
        self.place.write_whole(&name, &bytes)?;
        let rows = batches.iter().map(RecordBatch::num_rows).sum::<usize>();
        Ok(File {
            name,
            table: definition.table.name().to_owned(),
            rows: u64::try_from(rows).unwrap_or(u64::MAX),
            bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            sha256,
            epoch: (first, last),
            at: self.at,
        })
    }
}

fn read_file(place: &impl Place, file: &File) -> Result<Vec<RecordBatch>, Error> {
    let bytes = fs::read(place.root().join(&file.name))?;
    if hex(&Sha256::digest(&bytes)) != file.sha256 {
        return Err(Error::Damaged(file.name.clone()));
    }
    Ok(file::read(bytes)?)
}

/// Removes files of tables that no line of the manifest names: what a crash left of a flush, or of a merge.
fn sweep(place: &impl Place, manifest: &Manifest) {
    for definition in &DEFINITIONS {
        let folder = definition.table.name();
        // A folder that is not there, or cannot be read, has nothing to be removed; files that stay are harmless.
        let Ok(entries) = fs::read_dir(place.root().join(folder)) else { continue };
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let name = format!("{folder}/{name}");
            if [".parquet", ".part"].iter().any(|end| name.ends_with(end)) && !manifest.files.contains_key(&name) {
                drop(place.remove(&name));
            }
        }
    }
}

/// Smallest and greatest epoch of a batch in any order.
fn span(batch: &RecordBatch) -> (u64, u64) {
    use arrow::{array::AsArray as _, datatypes::Int64Type};
    let Some(column) = batch.column_by_name("epoch") else { return epochs(batch) };
    let column = column.as_primitive::<Int64Type>();
    let number = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0);
    (number(arrow::compute::min(column)), number(arrow::compute::max(column)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read_if_there(place: &impl Place) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match fs::File::open(place.root().join(LOG)) {
        Ok(mut file) => file.read_to_end(&mut bytes).map(|_| bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(bytes),
        Err(error) => Err(error),
    }
}
