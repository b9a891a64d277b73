//! Schema: which columns has a table, of which type, and what do they mean?
//!
//! One definition for each table makes the Arrow schema, the comments that clients show, the reference page and the check
//! that a row fits. The cells of a row stand in the order of [`Definition::columns`]; `epoch` and `seq` follow.
//!
//! - **Not here**: making rows (`wardline-core`), who sees which column (`wardline-query`, by [`Column::is_private`]).

mod care;
mod notify;
pub(crate) mod turnaround;

use std::{collections::HashMap, sync::Arc};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use wardline_rules::row::Table;

use crate::sketch;

/// The version of all schemas; within it columns are only added.
pub const SCHEMA_VERSION: u32 = 1;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    /// Instant in microseconds, UTC.
    Ts,
    /// A word of a closed or slowly growing vocabulary.
    Sym,
    /// 26 letters of base-32, perhaps with a prefix.
    Id,
    /// Any text.
    Txt,
    /// Integer of 16 bits.
    I16,
    /// Integer of 32 bits.
    I32,
    /// Integer of 64 bits.
    I64,
    /// Yes or no.
    Bool,
    /// A day.
    Date,
    /// Durations that add up, [`Sketch`](crate::sketch::Sketch).
    Sketch,
}

/// One column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Column {
    /// Its name: units are in it.
    pub name: &'static str,
    /// What it holds.
    pub kind: Type,
    /// Whether it may be unknown.
    pub is_nullable: bool,
    /// Whether only roles for patient data see it.
    pub is_private: bool,
    /// What it means.
    pub comment: &'static str,
}

/// One table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Definition {
    /// Which.
    pub table: Table,
    /// What a row is.
    pub comment: &'static str,
    /// How many of the first columns are the key; 0 if rows never change.
    pub key: usize,
    /// Whether rows of one key add up, instead of the newest one counting.
    pub is_summed: bool,
    /// How many days its rows are kept at least; `None` for ever.
    pub keep_days: Option<u16>,
    /// The columns, without `epoch` and `seq`.
    pub columns: &'static [Column],
    /// By which columns files are sorted.
    pub sort: &'static [&'static str],
}

/// All tables, in the order of [`Table`].
pub const DEFINITIONS: [Definition; 12] = [
    care::REPORTS,
    care::MILESTONES,
    care::INTERVALS,
    care::CLOCKS,
    notify::ALERTS,
    notify::NOTICES,
    notify::ATTEMPTS,
    notify::DATA_QUALITY,
    notify::WARDS,
    turnaround::MINUTES,
    turnaround::HOURS,
    turnaround::DAYS,
];

const EPOCH: Column = col("epoch", Type::I64, "sequence of the durable log batch that caused the row");
const SEQ: Column = col("seq", Type::I32, "order of the row within its epoch");

/// A column that is always known.
const fn col(name: &'static str, kind: Type, comment: &'static str) -> Column {
    Column { name, kind, is_nullable: false, is_private: false, comment }
}

/// A column that may be unknown.
const fn opt(name: &'static str, kind: Type, comment: &'static str) -> Column {
    Column { is_nullable: true, ..col(name, kind, comment) }
}

/// A column of patient data, which may be unknown.
const fn phi(name: &'static str, kind: Type, comment: &'static str) -> Column {
    Column { is_private: true, ..opt(name, kind, comment) }
}

impl Type {
    /// The word that documentation uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ts => "ts",
            Self::Sym => "sym",
            Self::Id => "id",
            Self::Txt => "txt",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::Bool => "bool",
            Self::Date => "date",
            Self::Sketch => "sketch",
        }
    }

    /// The Arrow type.
    #[must_use]
    pub fn arrow(self) -> DataType {
        match self {
            Self::Ts => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Sym => DataType::Dictionary(Box::new(DataType::UInt16), Box::new(DataType::Utf8)),
            Self::Id | Self::Txt => DataType::Utf8,
            Self::I16 => DataType::Int16,
            Self::I32 => DataType::Int32,
            Self::I64 => DataType::Int64,
            Self::Bool => DataType::Boolean,
            Self::Date => DataType::Date32,
            Self::Sketch => sketch::data_type(),
        }
    }
}

impl Definition {
    /// The definition of a table.
    #[must_use]
    pub fn of(table: Table) -> &'static Self {
        // INVARIANT: a test holds the order of the list against that of the tables.
        DEFINITIONS.get(usize::from(table.index())).unwrap_or(&DEFINITIONS[0])
    }

    /// The definition of the table of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        Table::parse(name).map(Self::of)
    }

    /// All columns, `epoch` and `seq` last.
    pub fn all_columns(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().chain([&EPOCH, &SEQ])
    }

    /// Its Arrow schema, with comments.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        let field = |column: &Column| {
            let comment = HashMap::from([("comment".to_owned(), column.comment.to_owned())]);
            Field::new(column.name, column.kind.arrow(), column.is_nullable).with_metadata(comment)
        };
        let metadata = HashMap::from([
            ("comment".to_owned(), self.comment.to_owned()),
            ("schema_version".to_owned(), SCHEMA_VERSION.to_string()),
        ]);
        let fields: Vec<Field> = self.all_columns().map(field).collect();
        Arc::new(Schema::new_with_metadata(fields, metadata))
    }

    /// The names of its key.
    pub fn key_names(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().take(self.key).map(|column| column.name)
    }
}
