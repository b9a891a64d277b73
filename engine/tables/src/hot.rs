//! Hot: which rows are not in files yet?
//!
//! Small batches are joined as they come, each with one of its size, so that a table of a million hot rows is a handful of
//! batches and a snapshot copies next to nothing.
//!
//! - **How it fits**: the archive holds one until the next flush, every follower another.
//! - INVARIANT: rows of a table stand in order of epoch.

use arrow::{
    array::{AsArray as _, RecordBatch},
    compute::concat_batches,
    datatypes::Int64Type,
    error::ArrowError,
};
use wardline_rules::row::Table;

use crate::{frame::epochs, limits::HOT_BATCH_ROWS, schema::DEFINITIONS};

/// Hot rows of all tables.
#[derive(Clone, Debug)]
pub struct Hot {
    tables: Vec<Vec<RecordBatch>>,
    rows: usize,
    bytes: usize,
}

impl Default for Hot {
    fn default() -> Self {
        Self { tables: vec![Vec::new(); DEFINITIONS.len()], rows: 0, bytes: 0 }
    }
}

impl Hot {
    /// Adds rows, which are later than all rows of their table.
    ///
    /// # Errors
    /// What Arrow refuses to join.
    pub fn push(&mut self, table: Table, batch: RecordBatch) -> Result<(), ArrowError> {
        self.rows += batch.num_rows();
        let Some(batches) = self.tables.get_mut(usize::from(table.index())) else { return Ok(()) };
        let mut newest = batch;
        while let Some(before) = batches.last()
            && before.num_rows() <= newest.num_rows().saturating_mul(2)
            && before.num_rows() + newest.num_rows() <= HOT_BATCH_ROWS
        {
            newest = concat_batches(&newest.schema(), [before, &newest])?;
            self.bytes = self.bytes.saturating_sub(batches.pop().map_or(0, |before| before.get_array_memory_size()));
        }
        self.bytes += newest.get_array_memory_size();
        batches.push(newest);
        Ok(())
    }

    /// The batches of a table, oldest first.
    #[must_use]
    pub fn of(&self, table: Table) -> &[RecordBatch] {
        self.tables.get(usize::from(table.index())).map_or(&[], Vec::as_slice)
    }

    /// All batches with their tables; in each table oldest first.
    pub fn all(&self) -> impl Iterator<Item = (Table, &RecordBatch)> {
        Table::ALL.iter().flat_map(|table| self.of(*table).iter().map(|batch| (*table, batch)))
    }

    /// How many rows there are.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// How much memory they take; what two batches share is counted with each.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets rows of epochs up to `covered`: they are in files.
    pub fn forget(&mut self, covered: u64) {
        for batches in &mut self.tables {
            let kept = core::mem::take(batches).into_iter().filter_map(|batch| after(&batch, covered));
            *batches = kept.collect();
        }
        self.rows = self.tables.iter().flatten().map(RecordBatch::num_rows).sum();
        self.bytes = self.tables.iter().flatten().map(RecordBatch::get_array_memory_size).sum();
    }
}

/// The rows of a batch behind an epoch; `None` if there are none.
fn after(batch: &RecordBatch, covered: u64) -> Option<RecordBatch> {
    let (first, last) = epochs(batch);
    if last <= covered {
        return None;
    }
    if first > covered {
        return Some(batch.clone());
    }
    let column = batch.column_by_name("epoch")?.as_primitive::<Int64Type>();
    let covered = i64::try_from(covered).unwrap_or(i64::MAX);
    let from = column.values().partition_point(|epoch| *epoch <= covered);
    Some(batch.slice(from, column.len() - from))
}
