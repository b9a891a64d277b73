//! Column: how does a sketch stand in an Arrow column, and is what stands there one?
//!
//! `Struct<added: Int32, cells: List<Struct<s: Int32, n: Int32>>>`, readable by any tool without Wardline.
//!
//! - **Not here**: what a sketch is ([`super`]).

use std::sync::Arc;

use arrow::{
    array::{Array as _, ArrayRef, AsArray as _, Int32Array, ListArray, StructArray},
    buffer::{NullBuffer, OffsetBuffer},
    datatypes::{DataType, Field, Fields, Int32Type},
};

use super::{Gather, LIST_MAX, Sketch, cell};

/// Cells that do not ascend, one that is empty, or one that is not the lowest of its cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a sketch whose cells are not in order")]
pub struct Malformed;

fn cell_fields() -> Fields {
    Fields::from(vec![Field::new("s", DataType::Int32, false), Field::new("n", DataType::Int32, false)])
}

fn cell_field() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Struct(cell_fields()), false))
}

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("added", DataType::Int32, false),
        Field::new("cells", DataType::List(cell_field()), false),
    ])
}

/// The Arrow type of a column of sketches.
#[must_use]
pub fn data_type() -> DataType {
    DataType::Struct(fields())
}

/// A column of sketches; `None` is NULL, and a count beyond 32 bits stops at their end.
#[must_use]
pub fn column<'a>(sketches: impl Iterator<Item = Option<&'a Sketch>>) -> ArrayRef {
    let short = |n: i64| i32::try_from(n).unwrap_or(if n < 0 { i32::MIN } else { i32::MAX });
    let (mut added, mut lengths, mut is_there) = (Vec::new(), Vec::new(), Vec::new());
    let (mut durations, mut counts) = (Vec::new(), Vec::new());
    for sketch in sketches {
        is_there.push(sketch.is_some());
        added.push(sketch.map_or(0, |sketch| short(sketch.added)));
        let cells = sketch.map_or(&[][..], Sketch::cells);
        lengths.push(cells.len());
        durations.extend(cells.iter().map(|(s, _)| *s));
        counts.extend(cells.iter().map(|(_, n)| short(*n)));
    }
    let cells: Vec<ArrayRef> = vec![Arc::new(Int32Array::from(durations)), Arc::new(Int32Array::from(counts))];
    let cells = StructArray::new(cell_fields(), cells, None);
    let lists = ListArray::new(cell_field(), OffsetBuffer::from_lengths(lengths), Arc::new(cells), None);
    let nulls = is_there.contains(&false).then(|| NullBuffer::from(is_there));
    Arc::new(StructArray::new(fields(), vec![Arc::new(Int32Array::from(added)), Arc::new(lists)], nulls))
}

/// A column of sketches to be read.
#[derive(Debug)]
pub struct Sketches<'a> {
    whole: &'a StructArray,
    added: &'a Int32Array,
    lists: &'a ListArray,
    durations: &'a Int32Array,
    counts: &'a Int32Array,
}

/// How many were ever counted; durations, ascending, and how often each was.
type Cells<'a> = (i64, &'a [i32], &'a [i32]);

impl<'a> Sketches<'a> {
    /// The sketches of a column; `None` if it is of another type.
    #[must_use]
    pub fn of(column: &'a ArrayRef) -> Option<Self> {
        let whole = column.as_struct_opt()?;
        let [added, lists] = whole.columns() else { return None };
        let lists = lists.as_list_opt::<i32>()?;
        let [durations, counts] = lists.values().as_struct_opt()?.columns() else { return None };
        Some(Self {
            whole,
            added: added.as_primitive_opt::<Int32Type>()?,
            lists,
            durations: durations.as_primitive_opt::<Int32Type>()?,
            counts: counts.as_primitive_opt::<Int32Type>()?,
        })
    }

    /// How many were ever counted in a row, and its cells; `None` if it is NULL or not there.
    ///
    /// # Errors
    /// [`Malformed`].
    fn cells(&self, row: usize) -> Result<Option<Cells<'_>>, Malformed> {
        if row >= self.whole.len() || self.whole.is_null(row) || self.lists.is_null(row) || self.added.is_null(row) {
            return Ok(None);
        }
        let offsets = self.lists.value_offsets();
        let place = |row: usize| offsets.get(row).and_then(|place| usize::try_from(*place).ok());
        let (Some(from), Some(to)) = (place(row), place(row + 1)) else { return Err(Malformed) };
        let (durations, counts) = (self.durations.values().get(from..to), self.counts.values().get(from..to));
        let (Some(durations), Some(counts)) = (durations, counts) else { return Err(Malformed) };
        let added = i64::from(self.added.value(row));
        let ascend = durations.windows(2).all(|pair| matches!(pair, [one, next] if one < next));
        let is_there = durations.first().is_none_or(|first| *first >= 0) && !counts.contains(&0);
        let has_its_form = added <= LIST_MAX || durations.iter().all(|s| cell(*s) == *s);
        if !ascend || !is_there || !has_its_form || added < 0 {
            return Err(Malformed);
        }
        Ok(Some((added, durations, counts)))
    }

    /// The sketch of a row; `None` if it is NULL or not there.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn get(&self, row: usize) -> Result<Option<Sketch>, Malformed> {
        let found = self.cells(row)?.map(|(added, durations, counts)| {
            let cells = durations.iter().zip(counts).map(|(s, n)| (*s, i64::from(*n))).collect();
            Sketch { added, cells }
        });
        Ok(found)
    }

    /// Counts the sketch of a row with others, if it is one.
    ///
    /// - **Output**: whether it was there and not NULL.
    ///
    /// # Errors
    /// [`Malformed`]; nothing was counted.
    pub fn gather(&self, row: usize, into: &mut Gather) -> Result<bool, Malformed> {
        let Some((added, durations, counts)) = self.cells(row)? else { return Ok(false) };
        into.begin(added);
        durations.iter().zip(counts).for_each(|(s, n)| into.put(*s, i64::from(*n)));
        Ok(true)
    }
}
