//! Replay: does the log lead to the states that its marks name, and what happened on the way?
//!
//! - **Not here**: what is made of it (`verify --replay`, `why`).

use wardline_core::{Batch, Output};
use wardline_rules::{row::Row, time::Timestamp};
use wardline_store::{
    checkpoint::{Checkpoints, state_hash_of},
    disk::Disk,
    finding::Finding,
    record::Kind,
};

use super::{Error, History, batch};
use crate::runtime::{
    kernel::Bootable,
    poison::{self, Died},
    recovery,
};

/// One batch, applied again.
#[derive(Debug)]
pub struct Turn<'a, K> {
    /// Its record.
    pub sequence: u64,
    /// Its inputs.
    pub batch: &'a Batch,
    /// What followed.
    pub output: &'a Output,
    /// The state behind it.
    pub kernel: &'a K,
}

/// What a replay found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Replayed {
    /// The record whose state it began with; 0 for an empty one.
    pub from: u64,
    /// Batches applied.
    pub batches: u64,
    /// Marks whose state hash was worked out again.
    pub marks: u64,
    /// Marks that name another state than the log leads to.
    pub differing: Vec<u64>,
    /// Records from which on another version of the decisions wrote: nothing behind the first was replayed.
    pub foreign: Option<(u64, u32)>,
}

impl<D: Disk> History<D> {
    /// Applies every batch up to `through` again, from the beginning of the log or from its oldest checkpoint.
    ///
    /// # Errors
    /// [`Error`]; a panic of the state machine is [`recovery::Error::Panic`].
    pub fn replay<K: Bootable>(&self, through: u64, mut see: impl FnMut(&Turn<'_, K>)) -> Result<Replayed, Error> {
        let survey = self.survey(through)?;
        let (mut kernel, from) = self.begin::<K>(survey.first)?;
        let mut done = Replayed { from, ..Replayed::default() };
        // An upgrade begins with a checkpoint of the one before: what another version decided cannot be decided again.
        let is_foreign = |(_, logic): &(&u64, &u32)| **logic != K::LOGIC;
        done.foreign = survey.logic.iter().find(is_foreign).map(|(sequence, logic)| (*sequence, *logic));
        let end = done.foreign.map_or(through, |(sequence, _)| through.min(sequence - 1));
        let mut output = Output::default();
        self.records(end, |record| {
            let sequence = record.header.sequence;
            if record.header.kind != Kind::Batch || sequence <= from {
                return Ok(true);
            }
            let mut batch = batch(record)?;
            survey.exclusions.apply(sequence, &mut batch);
            output.clear();
            poison::step(&mut kernel, &batch, &mut output)
                .map_err(|_: Died| Error::Record(recovery::Error::Panic { sequence }))?;
            done.batches += 1;
            if let Some(mark) = survey.marks.get(&sequence) {
                done.marks += 1;
                let sections = kernel.checkpoint();
                let ours = state_hash_of(sections.iter().map(|(_, bytes)| bytes.as_slice()));
                done.differing.extend((ours != *mark).then_some(sequence));
            }
            see(&Turn { sequence, batch: &batch, output: &output, kernel: &kernel });
            Ok(true)
        })?;
        Ok(done)
    }

    /// Makes the rows of every batch behind record `after` again; from an empty state, or from the newest sound checkpoint
    /// that is not behind it.
    ///
    /// - **Output**: which ward decides at the end.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Release`] where another version of the decisions wrote what would have to be decided again.
    pub fn rows_after<K: Bootable>(
        &self,
        after: u64,
        mut see: impl FnMut(u64, Timestamp, &[Row]),
    ) -> Result<Option<[u8; 32]>, Error> {
        let survey = self.survey(u64::MAX)?;
        let (mut kernel, from) = self.begin_at::<K>(survey.first, after)?;
        if let Some((sequence, _)) = survey.logic.iter().find(|(at, logic)| **at > from && **logic != K::LOGIC) {
            return Err(Error::Release { sequence: *sequence });
        }
        kernel.watch_rows();
        let (mut output, mut rows) = (Output::default(), Vec::new());
        self.records(u64::MAX, |record| {
            let sequence = record.header.sequence;
            if record.header.kind != Kind::Batch || sequence <= from {
                return Ok(true);
            }
            let mut batch = batch(record)?;
            survey.exclusions.apply(sequence, &mut batch);
            output.clear();
            poison::step(&mut kernel, &batch, &mut output)
                .map_err(|_: Died| Error::Record(recovery::Error::Panic { sequence }))?;
            if sequence > after {
                rows.clear();
                kernel.rows(&batch, &output, &mut rows);
                see(sequence, batch.at, &rows);
            }
            Ok(true)
        })?;
        Ok(kernel.ward().map(|(_, version)| version))
    }

    /// The newest sound state that is not behind record `most`.
    fn begin_at<K: Bootable>(&self, first: u64, most: u64) -> Result<(K, u64), Error> {
        let checkpoints = Checkpoints::new(self.disk.clone(), self.identity);
        for generation in checkpoints.generations()?.iter().filter(|generation| generation.sequence <= most) {
            if let Ok(reader) = checkpoints.open(generation)
                && reader.check_all().is_ok()
            {
                let (kernel, position) = recovery::restore::<D, K>(self.identity.instance, &reader)?;
                return Ok((kernel, position.sequence));
            }
        }
        self.begin::<K>(first)
    }

    /// An empty state if the log begins with its first record, else that of the oldest sound checkpoint.
    fn begin<K: Bootable>(&self, first: u64) -> Result<(K, u64), Error> {
        if first <= 1 {
            return Ok((K::fresh(self.identity.instance), 0));
        }
        let checkpoints = Checkpoints::new(self.disk.clone(), self.identity);
        for generation in checkpoints.generations()?.iter().rev() {
            if let Ok(reader) = checkpoints.open(generation)
                && reader.check_all().is_ok()
            {
                let (kernel, position) = recovery::restore::<D, K>(self.identity.instance, &reader)?;
                return Ok((kernel, position.sequence));
            }
        }
        let cause = format!("the log begins with record {first}, and no checkpoint is sound");
        let path = self.identity.checkpoint_directory();
        Err(Error::Damaged(Finding::new(wardline_store::codes::Code::NoCheckpoint, &path, cause)))
    }
}
