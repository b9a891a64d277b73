//! Slices: how do changes add up by minute, hour and day, now and whenever files are written?
//!
//! ```text
//!  change of one report ─► minute, hour, day ─ freeze ─► parts (one a slice) ─ flush, merge ─► parts of all files summed
//! ```
//! A slice is the sum of its parts, in hot batches and in files; a statement adds them up. A part may be negative: what it
//! takes back was counted by an earlier one.
//!
//! - INVARIANT: a part carries the newest epoch that is in it, and a freeze takes all that was added; so a commit shows whole
//!   epochs, and files that cover an epoch hold the whole of it.
//! - **Crash**: parts that were hot are lost and made again from the same changes, perhaps joined otherwise; sums are equal.
//! - LIMIT: between two freezes at most [`BUILD_ROWS_MAX`] slices grow; words of the key are
//!   bounded by the core, which counts further ones as `other`.
//! - **Not here**: what a report adds to which slice (`wardline-core`), quantiles ([`crate::sketch`]).

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use arrow::{
    array::{
        ArrayRef, AsArray as _, Date32Array, Int16Array, Int32Array, Int64Array, RecordBatch, StringDictionaryBuilder,
        TimestampMicrosecondArray,
    },
    compute::cast,
    datatypes::{DataType, Date32Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt16Type},
    error::ArrowError,
};
use wardline_rules::{
    Text,
    row::{Cell, Row, Table},
};

use crate::{
    builder::Error,
    limits::BUILD_ROWS_MAX,
    schema::{
        Definition,
        turnaround::{COUNTERS, KEY, WORDS},
    },
    sketch::{self, Sketch, Sketches},
};

/// Cells of a change: the columns of a minute, and the instants of hour and day.
const CHANGE: usize = 17;

/// The instant of a slice, and the numbers of its words.
type Key = (i64, [u32; KEY - 1]);

/// Words of keys, by number; 0 is none.
#[derive(Debug)]
struct Words {
    texts: Vec<Text>,
    numbers: HashMap<Text, u32>,
}

impl Default for Words {
    fn default() -> Self {
        Self { texts: vec![Text::default()], numbers: HashMap::new() }
    }
}

impl Words {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(0);
        self.texts.push(Text::from(text));
        self.numbers.insert(Text::from(text), number);
        number
    }

    fn text(&self, number: u32) -> Option<&str> {
        self.texts.get(number as usize).map(|text| &**text).filter(|text| !text.is_empty())
    }
}

/// What adds up in one slice.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Part {
    counters: [i64; COUNTERS.len()],
    sum_s: i64,
    tat: Sketch,
    /// Day, hour and day of the week at the site: the same for all that is in it.
    local: (i32, i16, i16),
    epoch: i64,
}

impl Part {
    fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.counters.iter_mut().zip(other.counters) {
            *mine = mine.saturating_add(theirs);
        }
        self.sum_s = self.sum_s.saturating_add(other.sum_s);
        self.tat.merge(&other.tat);
        self.local = other.local;
        self.epoch = self.epoch.max(other.epoch);
    }

    /// Whether it says nothing at all, not even that more was added than is listed.
    fn is_nothing(&self) -> bool {
        self.counters == [0; COUNTERS.len()] && self.sum_s == 0 && self.tat == Sketch::default()
    }
}

/// Parts of one table.
#[derive(Debug)]
struct Parts {
    definition: &'static Definition,
    parts: BTreeMap<Key, Part>,
}

impl Parts {
    fn new(table: Table) -> Self {
        Self { definition: Definition::of(table), parts: BTreeMap::new() }
    }

    fn add(&mut self, key: Key, part: &Part) {
        self.parts.entry(key).or_default().add(part);
    }

    /// One row for each slice, in batches so small that 16 bits number their words; empty then.
    fn finish(&mut self, words: &Words) -> Result<Vec<RecordBatch>, Error> {
        let parts = core::mem::take(&mut self.parts);
        let parts: Vec<(Key, Part)> = parts.into_iter().filter(|(_, part)| !part.is_nothing()).collect();
        parts.chunks(BUILD_ROWS_MAX).map(|parts| self.batch(parts, words)).collect()
    }

    fn batch(&self, parts: &[(Key, Part)], words: &Words) -> Result<RecordBatch, Error> {
        let at = TimestampMicrosecondArray::from_iter_values(parts.iter().map(|(key, _)| key.0));
        let mut columns: Vec<ArrayRef> = vec![Arc::new(at.with_timezone("UTC"))];
        for place in 0..WORDS.len() {
            let mut column = StringDictionaryBuilder::<UInt16Type>::new();
            for (key, _) in parts {
                match key.1.get(place).and_then(|number| words.text(*number)) {
                    Some(text) => drop(column.append(text)?),
                    None => column.append_null(),
                }
            }
            columns.push(Arc::new(column.finish()));
        }
        let short = |n: i64| i32::try_from(n).unwrap_or(if n < 0 { i32::MIN } else { i32::MAX });
        for place in 0..COUNTERS.len() {
            let counts = parts.iter().map(|(_, part)| part.counters.get(place).copied().map_or(0, short));
            columns.push(Arc::new(Int32Array::from_iter_values(counts)));
        }
        columns.push(Arc::new(Int64Array::from_iter_values(parts.iter().map(|(_, part)| part.sum_s))));
        columns.push(sketch::column(parts.iter().map(|(_, part)| Some(&part.tat))));
        columns.push(Arc::new(Date32Array::from_iter_values(parts.iter().map(|(_, part)| part.local.0))));
        if self.definition.table != Table::Turnaround1d {
            columns.push(Arc::new(Int16Array::from_iter_values(parts.iter().map(|(_, part)| part.local.1))));
            columns.push(Arc::new(Int16Array::from_iter_values(parts.iter().map(|(_, part)| part.local.2))));
        }
        columns.push(Arc::new(Int64Array::from_iter_values(parts.iter().map(|(_, part)| part.epoch))));
        columns.push(Arc::new(Int32Array::from_iter_values((0_i32..).take(parts.len()))));
        Ok(RecordBatch::try_new(self.definition.schema(), columns)?)
    }

    /// Adds what stands in a batch; `None` if it is of another table.
    fn read(&mut self, batch: &RecordBatch, words: &mut Words) -> Option<()> {
        let instant = self.definition.columns.first()?.name;
        let at = batch.column_by_name(instant)?.as_primitive_opt::<TimestampMicrosecondType>()?;
        let mut numbers = Vec::with_capacity(WORDS.len());
        for name in WORDS {
            let column = cast(batch.column_by_name(name)?, &DataType::Utf8).ok()?;
            let number = |text: Option<&str>| text.map_or(0, |text| words.number(text));
            numbers.push(column.as_string_opt::<i32>()?.iter().map(number).collect::<Vec<u32>>());
        }
        let mut counts = Vec::with_capacity(COUNTERS.len());
        for name in COUNTERS {
            counts.push(batch.column_by_name(name)?.as_primitive_opt::<Int32Type>()?);
        }
        let sums = batch.column_by_name("sum_s")?.as_primitive_opt::<Int64Type>()?;
        let sketches = Sketches::of(batch.column_by_name("tat")?)?;
        let dates = batch.column_by_name("local_date")?.as_primitive_opt::<Date32Type>()?;
        let small = |name| batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<Int16Type>());
        let (hours, days) = (small("local_hour"), small("local_dow"));
        let epochs = batch.column_by_name("epoch")?.as_primitive_opt::<Int64Type>()?;
        for row in 0..batch.num_rows() {
            let number = |place: usize| numbers.get(place).and_then(|column| column.get(row)).copied().unwrap_or(0);
            let count = |place: usize| counts.get(place).map_or(0, |column| i64::from(column.value(row)));
            let part = Part {
                counters: core::array::from_fn(count),
                sum_s: sums.value(row),
                tat: sketches.get(row).ok()??,
                local: (
                    dates.value(row),
                    hours.map_or(0, |column| column.value(row)),
                    days.map_or(0, |column| column.value(row)),
                ),
                epoch: epochs.value(row),
            };
            self.add((at.value(row), core::array::from_fn(number)), &part);
        }
        Some(())
    }
}

/// What was added since the last freeze, by minute, hour and day.
#[derive(Debug)]
pub(crate) struct Slices {
    words: Words,
    tables: [Parts; 3],
    changes: usize,
}

impl Default for Slices {
    fn default() -> Self {
        Self {
            words: Words::default(),
            tables: [Table::Turnaround1m, Table::Turnaround1h, Table::Turnaround1d].map(Parts::new),
            changes: 0,
        }
    }
}

impl Slices {
    /// Changes since the last freeze.
    pub(crate) const fn changes(&self) -> usize {
        self.changes
    }

    /// The most slices that grow in any table.
    pub(crate) fn len(&self) -> usize {
        self.tables.iter().map(|parts| parts.parts.len()).max().unwrap_or(0)
    }

    /// Adds a change to its minute, hour and day.
    ///
    /// # Errors
    /// [`Error`]; nothing was added.
    pub(crate) fn push(&mut self, row: &Row, epoch: u64) -> Result<(), Error> {
        let definition = Definition::of(Table::Turnaround1m);
        let wrong = |place: usize| Error::Cell {
            table: definition.table.name(),
            column: definition.columns.get(place).map_or("slice", |column| column.name),
        };
        let cells: &[Cell; CHANGE] = row.cells.as_slice().try_into().map_err(|_| Error::Width {
            table: definition.table.name(),
            found: row.cells.len(),
            expected: CHANGE,
        })?;
        let number = |place: usize| match cells.get(place) {
            Some(Cell::Int(number)) => Ok(*number),
            _ => Err(wrong(place)),
        };
        let instant = |place: usize| match cells.get(place) {
            Some(Cell::Time(at)) => Ok(at.micros()),
            _ => Err(wrong(place)),
        };
        let counters = [number(6)?, number(7)?, number(8)?, number(9)?];
        let tat = match &cells[11] {
            Cell::Null => Sketch::default(),
            Cell::Int(s) => {
                let s = i32::try_from(*s).ok().filter(|s| *s >= 0).ok_or_else(|| wrong(11))?;
                if counters[0] < 0 { Sketch::less(s) } else { Sketch::of(s) }
            }
            Cell::Bool(_) | Cell::Time(_) | Cell::Text(_) => return Err(wrong(11)),
        };
        let small = |place| number(place).and_then(|n| i16::try_from(n).map_err(|_| wrong(place)));
        let date = number(12).and_then(|date| i32::try_from(date).map_err(|_| wrong(12)))?;
        let part = Part {
            counters,
            sum_s: number(10)?,
            tat,
            local: (date, small(13)?, small(14)?),
            epoch: i64::try_from(epoch).unwrap_or(i64::MAX),
        };
        let instants = [instant(0)?, instant(15)?, instant(16)?];
        let mut key = [0; KEY - 1];
        for (place, number) in (1..).zip(&mut key) {
            *number = match cells.get(place) {
                Some(Cell::Text(text)) => self.words.number(text),
                Some(Cell::Null) => 0,
                Some(Cell::Bool(_) | Cell::Int(_) | Cell::Time(_)) | None => return Err(wrong(place)),
            };
        }
        for (parts, at) in self.tables.iter_mut().zip(instants) {
            parts.add((at, key), &part);
        }
        self.changes += 1;
        Ok(())
    }

    /// One batch of parts for each table that has any; empty then.
    ///
    /// - **Input** `epoch`: the newest that was taken; all parts carry it, so that they stand in order.
    ///
    /// # Errors
    /// What Arrow refuses.
    pub(crate) fn freeze(&mut self, epoch: u64) -> Result<Vec<(Table, RecordBatch)>, Error> {
        let epoch = i64::try_from(epoch).unwrap_or(i64::MAX);
        let mut batches = Vec::new();
        for parts in &mut self.tables {
            parts.parts.values_mut().for_each(|part| part.epoch = epoch);
            let table = parts.definition.table;
            batches.extend(parts.finish(&self.words)?.into_iter().map(|batch| (table, batch)));
        }
        self.words = Words::default();
        self.changes = 0;
        Ok(batches)
    }
}

/// Parts of many batches as one, each slice once; those before `oldest` are left out.
///
/// # Errors
/// A batch that is not of this table, or what Arrow refuses.
pub(crate) fn sum(
    definition: &'static Definition,
    batches: &[RecordBatch],
    oldest: Option<i64>,
) -> Result<Vec<RecordBatch>, Error> {
    let (mut words, mut parts) = (Words::default(), Parts::new(definition.table));
    for batch in batches {
        let foreign = || ArrowError::SchemaError(format!("no parts of `{}`", definition.table.name()));
        parts.read(batch, &mut words).ok_or_else(foreign)?;
    }
    if let Some(oldest) = oldest {
        parts.parts = parts.parts.split_off(&(oldest, [0; KEY - 1]));
    }
    parts.finish(&words)
}
