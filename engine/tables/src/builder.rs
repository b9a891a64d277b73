//! Builder: how do rows become columns?
//!
//! One builder for each table; a freeze turns what it holds into one Arrow batch.
//!
//! - LIMIT: a word list of a batch holds 65,535 different words; a freeze comes long before.
//! - **Not here**: when to freeze ([`crate::archive`]).

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, BooleanBuilder, Int16Builder, Int32Builder, Int64Builder, RecordBatch, StringBuilder,
        StringDictionaryBuilder, TimestampMicrosecondBuilder,
    },
    datatypes::UInt16Type,
    error::ArrowError,
};
use wardline_rules::row::{Cell, Row};

use crate::schema::{Definition, Type};

/// Why a row does not fit its table.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It has another number of cells.
    #[error("a row of `{table}` has {found} cells, not {expected}")]
    Width {
        /// Which table.
        table: &'static str,
        /// How many it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// A cell is of another type, out of range, or unknown where it must be known.
    #[error("`{table}.{column}` cannot hold this value")]
    Cell {
        /// Which table.
        table: &'static str,
        /// Which column.
        column: &'static str,
    },
    /// Arrow refused the batch.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

/// The columns of one table while they grow.
pub struct Builder {
    definition: &'static Definition,
    columns: Vec<Growing>,
    rows: usize,
}

enum Growing {
    Ts(TimestampMicrosecondBuilder),
    Sym(StringDictionaryBuilder<UInt16Type>),
    Text(StringBuilder),
    I16(Int16Builder),
    I32(Int32Builder),
    I64(Int64Builder),
    Bool(BooleanBuilder),
}

impl core::fmt::Debug for Builder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Builder")
            .field("table", &self.definition.table)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl Growing {
    /// `None` for what no row says: sums are made in [`crate::slices`].
    fn new(kind: Type) -> Option<Self> {
        Some(match kind {
            Type::Ts => Self::Ts(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            Type::Sym => Self::Sym(StringDictionaryBuilder::new()),
            Type::Id | Type::Txt => Self::Text(StringBuilder::new()),
            Type::I16 => Self::I16(Int16Builder::new()),
            Type::I32 => Self::I32(Int32Builder::new()),
            Type::I64 => Self::I64(Int64Builder::new()),
            Type::Bool => Self::Bool(BooleanBuilder::new()),
            Type::Date | Type::Sketch => return None,
        })
    }

    /// Adds a cell; `None` if it does not fit. Counts beyond the type stop at its end.
    fn push(&mut self, cell: &Cell) -> Option<()> {
        match (self, cell) {
            (Self::Ts(it), Cell::Time(at)) => it.append_value(at.micros()),
            (Self::Ts(it), Cell::Null) => it.append_null(),
            (Self::Sym(it), Cell::Text(text)) => drop(it.append(text).ok()?),
            (Self::Sym(it), Cell::Null) => it.append_null(),
            (Self::Text(it), Cell::Text(text)) => it.append_value(text),
            (Self::Text(it), Cell::Null) => it.append_null(),
            (Self::I16(it), Cell::Int(n)) => {
                it.append_value(i16::try_from(*n).unwrap_or(if *n < 0 { i16::MIN } else { i16::MAX }))
            }
            (Self::I16(it), Cell::Null) => it.append_null(),
            (Self::I32(it), Cell::Int(n)) => {
                it.append_value(i32::try_from(*n).unwrap_or(if *n < 0 { i32::MIN } else { i32::MAX }))
            }
            (Self::I32(it), Cell::Null) => it.append_null(),
            (Self::I64(it), Cell::Int(n)) => it.append_value(*n),
            (Self::I64(it), Cell::Null) => it.append_null(),
            (Self::Bool(it), Cell::Bool(yes)) => it.append_value(*yes),
            (Self::Bool(it), Cell::Null) => it.append_null(),
            (
                Self::Ts(_) | Self::Sym(_) | Self::Text(_) | Self::I16(_) | Self::I32(_) | Self::I64(_) | Self::Bool(_),
                Cell::Bool(_) | Cell::Int(_) | Cell::Time(_) | Cell::Text(_),
            ) => return None,
        }
        Some(())
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Ts(it) => Arc::new(it.finish()),
            Self::Sym(it) => Arc::new(it.finish()),
            Self::Text(it) => Arc::new(it.finish()),
            Self::I16(it) => Arc::new(it.finish()),
            Self::I32(it) => Arc::new(it.finish()),
            Self::I64(it) => Arc::new(it.finish()),
            Self::Bool(it) => Arc::new(it.finish()),
        }
    }
}

impl Builder {
    /// An empty builder.
    #[must_use]
    pub fn new(definition: &'static Definition) -> Self {
        let columns = definition.all_columns().filter_map(|column| Growing::new(column.kind)).collect();
        Self { definition, columns, rows: 0 }
    }

    /// How many rows it holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`Error`]; nothing was added.
    pub fn push(&mut self, row: &Row, epoch: u64, seq: u32) -> Result<(), Error> {
        self.check(row)?;
        let last = [Cell::Int(i64::try_from(epoch).unwrap_or(i64::MAX)), Cell::Int(i64::from(seq))];
        for ((column, cell), growing) in
            self.definition.all_columns().zip(row.cells.iter().chain(&last)).zip(&mut self.columns)
        {
            growing.push(cell).ok_or(Error::Cell { table: self.definition.table.name(), column: column.name })?;
        }
        self.rows += 1;
        Ok(())
    }

    /// Whether the whole row fits, before any of it is added.
    fn check(&self, row: &Row) -> Result<(), Error> {
        let table = self.definition.table.name();
        let expected = self.definition.columns.len();
        if row.cells.len() != expected {
            return Err(Error::Width { table, found: row.cells.len(), expected });
        }
        for (column, cell) in self.definition.columns.iter().zip(&row.cells) {
            let fits = match cell {
                Cell::Null => column.is_nullable,
                Cell::Bool(_) => column.kind == Type::Bool,
                Cell::Int(_) => matches!(column.kind, Type::I16 | Type::I32 | Type::I64),
                Cell::Time(_) => column.kind == Type::Ts,
                Cell::Text(_) => matches!(column.kind, Type::Sym | Type::Id | Type::Txt),
            };
            if !fits {
                return Err(Error::Cell { table, column: column.name });
            }
        }
        Ok(())
    }

    /// What it holds as one batch; it is empty then. `None` if there is nothing.
    ///
    /// # Errors
    /// What Arrow refuses; that cannot happen with rows that were taken.
    pub fn freeze(&mut self) -> Result<Option<RecordBatch>, Error> {
        if self.rows == 0 {
            return Ok(None);
        }
        self.rows = 0;
        let columns = self.columns.iter_mut().map(Growing::finish).collect();
        Ok(Some(RecordBatch::try_new(self.definition.schema(), columns)?))
    }
}
