//! Sketch: how are thousands of durations kept in a few hundred bytes, so that quantiles of sums can still be told?
//!
//! ```text
//! Struct<added: Int32, cells: List<Struct<s: Int32, n: Int32>>>        cells ascending by s, n never 0
//! cell(s) = s below 256 s, else s with its 8 leading bits; more than 40 days count in the top cell
//! list form (added ≤ 64): every s is a value itself · cell form: every s is the lowest value of its cell
//! ```
//! The layout of HdrHistogram with two digits. `added` never falls, so the form depends on what was put in and not on the
//! order: merging is commutative and associative, and the same question gives the same bytes for ever.
//!
//! The tables add such sketches up by minute, hour and day; here any number of them is gathered, in any order.
//!
//! - **How it fits**: cells and Arrow type are those of [`wardline_tables::sketch`]; the functions of [`crate::functions`] read and make Arrow columns of it.
//! - **Source**: analytics page 1.2.
//! - **Not here**: names and types of SQL.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray as _, Int32Array, ListArray, StructArray},
    buffer::{NullBuffer, OffsetBuffer},
    datatypes::{DataType, Field, Fields, Int32Type},
};

use wardline_tables::sketch::{LIST_MAX, LONGEST_S, cell, data_type, width};

use crate::{codes::Code, error::Error};

/// Cells that wait to be sorted before they are.
const UNSORTED_MAX: usize = 8_192;

/// Durations, in seconds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Sketch {
    added: i64,
    /// Ascending by value once [`Self::settle`] has run.
    cells: Vec<(i32, i64)>,
    /// How many of them are in order.
    sorted: usize,
}

/// The highest value of the cell of `s`; the top cell has none.
fn last_of_cell(s: i32) -> i32 {
    let s = cell(s);
    if s == cell(LONGEST_S) { i32::MAX } else { s + width(s) - 1 }
}

impl Sketch {
    /// Puts a value in.
    pub(crate) fn add(&mut self, s: i32) {
        self.added += 1;
        self.put(s, 1);
    }

    /// Joins another one in.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.added += other.added;
        for (s, n) in &other.cells {
            self.put(*s, *n);
        }
    }

    fn put(&mut self, s: i32, n: i64) {
        self.cells.push((s, n));
        if self.cells.len() > self.sorted.saturating_mul(2) + UNSORTED_MAX {
            self.settle();
        }
    }

    /// Brings the cells into order and form.
    pub(crate) fn settle(&mut self) {
        if !self.is_list() {
            self.cells.iter_mut().for_each(|(s, _)| *s = cell(*s));
        }
        self.cells.sort_unstable_by_key(|(s, _)| *s);
        self.cells.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                kept.1 += next.1;
            }
            is_same
        });
        self.cells.retain(|(_, n)| *n != 0);
        self.sorted = self.cells.len();
    }

    /// Bytes it holds.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.cells.capacity() * size_of::<(i32, i64)>()
    }

    /// Whether every value is kept as it was.
    pub(crate) const fn is_list(&self) -> bool {
        self.added <= LIST_MAX
    }

    /// How many values there are, less what was taken back.
    pub(crate) fn count(&self) -> i64 {
        self.cells.iter().map(|(_, n)| n).sum()
    }

    /// The bounds of what a cell holds.
    fn bounds(&self, s: i32) -> (i32, i32) {
        if self.is_list() { (s, s) } else { (s, last_of_cell(s)) }
    }

    /// The cell with the value of rank ⌈n·q⌉, at least the first; `None` if there is no value.
    fn at(&self, millionths: u32) -> Option<i32> {
        let wanted = (i128::from(self.count()) * i128::from(millionths) + 999_999) / 1_000_000;
        let wanted = wanted.max(1);
        let mut seen = 0;
        self.cells
            .iter()
            .find(|(_, n)| {
                seen += i128::from(*n);
                seen >= wanted
            })
            .map(|(s, _)| *s)
    }

    /// The quantile: the value itself, or the middle of its cell.
    pub(crate) fn quantile(&self, millionths: u32) -> Option<i32> {
        let s = self.at(millionths)?;
        Some(if self.is_list() { s } else { s + (width(s) - 1) / 2 })
    }

    /// Between which values the quantile truly lies.
    pub(crate) fn quantile_bounds(&self, millionths: u32) -> Option<(i32, i32)> {
        self.at(millionths).map(|s| self.bounds(s))
    }

    /// The smallest value there can be.
    pub(crate) fn min(&self) -> Option<i32> {
        self.cells.first().map(|(s, _)| *s)
    }

    /// The largest value there can be.
    pub(crate) fn max(&self) -> Option<i32> {
        self.cells.last().map(|(s, _)| self.bounds(*s).1)
    }

    /// How many values are surely at most `limit`.
    pub(crate) fn surely_within(&self, limit: i32) -> i64 {
        self.cells.iter().filter(|(s, _)| self.bounds(*s).1 <= limit).map(|(_, n)| n).sum()
    }

    /// Its cells: lowest and highest value, and how many lie there.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = (i32, i32, i64)> {
        self.cells.iter().map(|(s, n)| {
            let (lo, hi) = self.bounds(*s);
            (lo, hi, *n)
        })
    }
}

fn cell_fields() -> Fields {
    Fields::from(vec![Field::new("s", DataType::Int32, false), Field::new("n", DataType::Int32, false)])
}

/// A column of sketches; they must be settled.
///
/// # Errors
/// WL1515 for a count beyond 32 bits.
pub(crate) fn column(sketches: &[Option<Sketch>]) -> Result<ArrayRef, Error> {
    let too_many = |_| Error::new(Code::Failed, "a sketch counts more than 2,147,483,647 values");
    let number = |n: i64| i32::try_from(n).map_err(too_many);
    let (mut added, mut s, mut n) = (Vec::new(), Vec::new(), Vec::new());
    let mut lengths = Vec::with_capacity(sketches.len());
    for sketch in sketches {
        let (count, cells) = sketch.as_ref().map_or((0, [].as_slice()), |sketch| (sketch.added, &sketch.cells));
        added.push(number(count)?);
        lengths.push(cells.len());
        for (value, count) in cells {
            s.push(*value);
            n.push(number(*count)?);
        }
    }
    let columns: Vec<ArrayRef> = vec![Arc::new(Int32Array::from(s)), Arc::new(Int32Array::from(n))];
    let cells = StructArray::new(cell_fields(), columns, None);
    let item = Arc::new(Field::new_list_field(DataType::Struct(cell_fields()), false));
    let list = ListArray::new(item, OffsetBuffer::from_lengths(lengths), Arc::new(cells), None);
    let nulls: NullBuffer = sketches.iter().map(Option::is_some).collect();
    let nulls = (nulls.null_count() > 0).then_some(nulls);
    let columns: Vec<ArrayRef> = vec![Arc::new(Int32Array::from(added)), Arc::new(list)];
    let DataType::Struct(fields) = data_type() else { return Err(Error::new(Code::Failed, "sketches are structs")) };
    Ok(Arc::new(StructArray::new(fields, columns, nulls)))
}

/// A column of sketches, to be read row by row.
#[derive(Debug)]
pub(crate) struct Column<'a> {
    whole: &'a StructArray,
    added: &'a Int32Array,
    list: &'a ListArray,
    s: &'a Int32Array,
    n: &'a Int32Array,
}

impl<'a> Column<'a> {
    /// # Errors
    /// WL1521 for a column of anything else.
    pub(crate) fn of(array: &'a ArrayRef) -> Result<Self, Error> {
        Self::read(array).ok_or_else(|| Error::new(Code::Sketch, format!("{} is no sketch", array.data_type())))
    }

    fn read(array: &'a ArrayRef) -> Option<Self> {
        let whole = array.as_struct_opt()?;
        let [added, list] = whole.columns() else { return None };
        let list = list.as_list_opt::<i32>()?;
        let [s, n] = list.values().as_struct_opt()?.columns() else { return None };
        let (s, n) = (s.as_primitive_opt::<Int32Type>()?, n.as_primitive_opt::<Int32Type>()?);
        Some(Self { whole, added: added.as_primitive_opt::<Int32Type>()?, list, s, n })
    }

    /// The sketch of a row; `None` if it is NULL.
    ///
    /// # Errors
    /// WL1521 if its cells do not ascend or one of them is empty.
    pub(crate) fn get(&self, row: usize) -> Result<Option<Sketch>, Error> {
        if self.whole.is_null(row) || self.list.is_null(row) || self.added.is_null(row) {
            return Ok(None);
        }
        let offsets = self.list.value_offsets();
        let place = |row: usize| offsets.get(row).and_then(|place| usize::try_from(*place).ok()).unwrap_or(0);
        let cells: Vec<(i32, i64)> =
            (place(row)..place(row + 1)).map(|at| (self.s.value(at), i64::from(self.n.value(at)))).collect();
        let ascends = cells.windows(2).all(|pair| matches!(pair, [one, next] if one.0 < next.0));
        let is_empty = cells.iter().any(|(s, n)| *n == 0 || *s < 0);
        let sketch = Sketch { added: i64::from(self.added.value(row)), sorted: cells.len(), cells };
        let has_its_form = sketch.is_list() || sketch.cells.iter().all(|(s, _)| cell(*s) == *s);
        if !ascends || is_empty || sketch.added < 0 || !has_its_form {
            return Err(Error::new(Code::Sketch, "a sketch whose cells are not in order"));
        }
        Ok(Some(sketch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Durations as a hospital has them, from a generator with a fixed seed.
    fn durations(count: usize) -> Vec<i32> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let bits = u32::try_from(state >> 44).unwrap();
            i32::try_from(bits >> (bits % 19)).unwrap()
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    fn of(values: &[i32]) -> Sketch {
        let mut sketch = Sketch::default();
        values.iter().for_each(|value| sketch.add(*value));
        sketch.settle();
        sketch
    }

    #[test]
    fn every_quantile_lies_within_its_bounds_and_is_exact_while_values_are_listed() {
        for count in [1, 2, 64, 65, 1_000, 20_000] {
            let values = durations(count);
            let (sketch, mut sorted) = (of(&values), values);
            sorted.sort_unstable();
            for millionths in [0, 1, 250_000, 500_000, 900_000, 999_999, 1_000_000] {
                let rank = (count * millionths as usize).div_ceil(1_000_000).max(1);
                let (exact, (lo, hi)) = (sorted[rank - 1], sketch.quantile_bounds(millionths).unwrap());
                assert!(lo <= exact && exact <= hi, "{exact} not in {lo}..={hi} of {count} at {millionths}");
                assert!(count > 64 || lo == hi);
                let middle = sketch.quantile(millionths).unwrap();
                assert!((middle - exact).abs() * 250 <= exact.max(250), "{middle} for {exact}");
            }
        }
    }

    #[test]
    fn parts_in_any_order_make_the_same_bytes() {
        let values = durations(10_000);
        let whole = of(&values);
        for size in [1, 63, 999] {
            let mut joined = Sketch::default();
            values.chunks(size).rev().for_each(|part| joined.merge(&of(part)));
            joined.settle();
            assert_eq!((joined.added, &joined.cells), (whole.added, &whole.cells));
        }
    }

    #[test]
    fn a_column_gives_back_what_was_put_in_and_refuses_what_is_malformed() {
        let sketches = [Some(of(&durations(500))), None, Some(of(&[7])), Some(Sketch::default())];
        let made = column(&sketches).unwrap();
        let read = Column::of(&made).unwrap();
        for (row, sketch) in sketches.iter().enumerate() {
            assert_eq!(read.get(row).unwrap(), *sketch);
        }
        let broken = Sketch { added: 2, cells: vec![(9, 1), (7, 1)], sorted: 2 };
        let made = column(&[Some(broken)]).unwrap();
        assert_eq!(Column::of(&made).unwrap().get(0).unwrap_err().code, Code::Sketch);
    }
}
