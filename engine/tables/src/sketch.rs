//! Sketch: how long did many things take, in few bytes that add up and can be taken back?
//!
//! Up to [`LIST_MAX`] durations are listed as they are. With more, those that share their eight leading bits share a cell:
//! exact below 256 s, less than 0.8 % wide above. Cells are the same in every sketch, so sketches add up cell by cell, and a
//! duration that was counted by mistake is taken from the very cell that it was counted in.
//!
//! - INVARIANT: cells ascend, and none is empty. `added` never falls: list or cells depends on what was ever added, not on the
//!   order, so the same parts make the same bytes however they are joined.
//! - LIMIT: [`LONGEST_S`]: what took longer shares the last cell. 2,003 cells at most.
//! - **Not here**: names and rules of SQL functions (`wardline-query`).
//! - **Source**: analytics page, 1.2.

use std::{cmp::Ordering, sync::Arc};

use arrow::{
    array::{ArrayRef, AsArray as _, Int32Array, ListArray, StructArray},
    buffer::OffsetBuffer,
    datatypes::{DataType, Field, Fields, Int32Type},
};

/// Durations that are listed one by one.
pub const LIST_MAX: i64 = 64;
/// The longest duration that is told apart, in seconds: 40 days.
pub const LONGEST_S: i32 = 3_456_000;

/// Durations in seconds, with how often each was counted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sketch {
    added: i64,
    cells: Vec<(i32, i64)>,
}

/// The lowest duration that shares a cell with `s`.
#[must_use]
pub const fn cell(s: i32) -> i32 {
    let s = if s > LONGEST_S { LONGEST_S } else { s };
    if s < 256 { s } else { s & !(width(s) - 1) }
}

/// How many durations share the cell of `s`.
#[must_use]
pub const fn width(s: i32) -> i32 {
    let s = if s > LONGEST_S { LONGEST_S } else { s };
    if s < 256 { 1 } else { 1 << (s.ilog2() - 7) }
}

impl Sketch {
    /// One duration, counted.
    #[must_use]
    pub fn of(s: i32) -> Self {
        Self { added: 1, cells: vec![(s, 1)] }
    }

    /// One duration, taken back: what adds up with the sketch in which it was counted as if it never had been.
    #[must_use]
    pub fn less(s: i32) -> Self {
        Self { added: 0, cells: vec![(s, -1)] }
    }

    /// Adds another sketch up with this one.
    ///
    /// - **Law**: commutative and associative; the empty sketch changes nothing.
    pub fn merge(&mut self, other: &Self) {
        let was_exact = self.is_exact();
        self.added = self.added.saturating_add(other.added);
        if let [(s, n)] = *other.cells {
            // One duration, as a change has: nothing else moves.
            self.put(if self.is_exact() { s } else { cell(s) }, n);
            if was_exact {
                self.settle();
            }
            return;
        }
        let mut cells = Vec::with_capacity(self.cells.len() + other.cells.len());
        let (mut mine, mut theirs) = (self.cells.iter().copied().peekable(), other.cells.iter().copied().peekable());
        while let Some(next) = match (mine.peek(), theirs.peek()) {
            (Some(one), Some(two)) if one.0 > two.0 => theirs.next(),
            (Some(_), _) => mine.next(),
            (None, _) => theirs.next(),
        } {
            push(&mut cells, next);
        }
        self.cells = cells;
        self.settle();
    }

    fn put(&mut self, s: i32, n: i64) {
        match self.cells.binary_search_by_key(&s, |cell| cell.0) {
            Ok(place) => {
                let left = self.cells.get_mut(place).map_or(0, |cell| {
                    cell.1 += n;
                    cell.1
                });
                if left == 0 {
                    self.cells.remove(place);
                }
            }
            Err(place) => self.cells.insert(place, (s, n)),
        }
    }

    /// Gives up single durations once there are too many to list.
    fn settle(&mut self) {
        if self.is_exact() || self.cells.iter().all(|(s, _)| cell(*s) == *s) {
            return;
        }
        let mut cells = Vec::with_capacity(self.cells.len());
        for (s, n) in self.cells.drain(..) {
            push(&mut cells, (cell(s), n));
        }
        self.cells = cells;
    }

    /// Whether each duration is known to the second.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        self.added <= LIST_MAX
    }

    /// How many durations were ever counted; what was taken back is not taken off.
    #[must_use]
    pub const fn added(&self) -> i64 {
        self.added
    }

    /// Cells with how often they were counted, ascending.
    #[must_use]
    pub fn cells(&self) -> &[(i32, i64)] {
        &self.cells
    }

    /// How many durations there are, less those taken back.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.cells.iter().map(|(_, n)| n).sum()
    }

    /// The shortest and the longest duration that the one may be of which `millionths` of all are no longer.
    ///
    /// - **Output**: equal when it is known to the second; the last cell ends with [`i32::MAX`]. `None` if there is nothing.
    #[must_use]
    pub fn quantile_within(&self, millionths: u32) -> Option<(i32, i32)> {
        let part = i128::from(self.count()) * i128::from(millionths.min(1_000_000));
        let rank = ((part + 999_999) / 1_000_000).max(1);
        let mut passed = 0;
        let found = self.cells.iter().find(|(_, n)| {
            passed += i128::from(*n);
            passed >= rank
        })?;
        Some(self.within(found.0))
    }

    /// The duration of which `millionths` of all are no longer: itself, or the middle of its cell.
    #[must_use]
    pub fn quantile(&self, millionths: u32) -> Option<i32> {
        let (from, to) = self.quantile_within(millionths)?;
        let to = if to == i32::MAX { from + width(from) - 1 } else { to };
        Some(from + (to - from) / 2)
    }

    const fn within(&self, s: i32) -> (i32, i32) {
        if self.is_exact() {
            (s, s)
        } else if s >= cell(LONGEST_S) {
            (s, i32::MAX)
        } else {
            (s, s + width(s) - 1)
        }
    }
}

/// Adds a cell behind the others, with the last one if it is the same.
fn push(cells: &mut Vec<(i32, i64)>, next: (i32, i64)) {
    match cells.last_mut() {
        Some(last) if last.0.cmp(&next.0) == Ordering::Equal => last.1 += next.1,
        Some(_) | None => cells.push(next),
    }
    // A count that comes to nothing leaves no cell; what follows is never less.
    if cells.last().is_some_and(|last| last.1 == 0) {
        cells.pop();
    }
}

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

/// A column of sketches; a count beyond 32 bits stops at their end.
#[must_use]
pub fn column<'a>(sketches: impl Iterator<Item = &'a Sketch>) -> ArrayRef {
    let short = |n: i64| i32::try_from(n).unwrap_or(if n < 0 { i32::MIN } else { i32::MAX });
    let (mut added, mut lengths) = (Vec::new(), Vec::new());
    let (mut durations, mut counts) = (Vec::new(), Vec::new());
    for sketch in sketches {
        added.push(short(sketch.added));
        lengths.push(sketch.cells.len());
        durations.extend(sketch.cells.iter().map(|(s, _)| *s));
        counts.extend(sketch.cells.iter().map(|(_, n)| short(*n)));
    }
    let cells: Vec<ArrayRef> = vec![Arc::new(Int32Array::from(durations)), Arc::new(Int32Array::from(counts))];
    let cells = StructArray::new(cell_fields(), cells, None);
    let lists = ListArray::new(cell_field(), OffsetBuffer::from_lengths(lengths), Arc::new(cells), None);
    Arc::new(StructArray::new(fields(), vec![Arc::new(Int32Array::from(added)), Arc::new(lists)], None))
}

/// A column of sketches to be read.
#[derive(Debug)]
pub struct Sketches<'a> {
    added: &'a Int32Array,
    lists: &'a ListArray,
    durations: &'a Int32Array,
    counts: &'a Int32Array,
}

impl<'a> Sketches<'a> {
    /// The sketches of a column; `None` if it is of another type.
    #[must_use]
    pub fn of(column: &'a ArrayRef) -> Option<Self> {
        let [added, lists] = column.as_struct_opt()?.columns() else { return None };
        let lists = lists.as_list_opt::<i32>()?;
        let [durations, counts] = lists.values().as_struct_opt()?.columns() else { return None };
        Some(Self {
            added: added.as_primitive_opt::<Int32Type>()?,
            lists,
            durations: durations.as_primitive_opt::<Int32Type>()?,
            counts: counts.as_primitive_opt::<Int32Type>()?,
        })
    }

    /// The sketch of a row; `None` beyond the last row, or if its cells do not ascend or one of them is empty.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<Sketch> {
        let [from, to] = *self.lists.value_offsets().get(row..row + 2)? else { return None };
        let (from, to) = (usize::try_from(from).ok()?, usize::try_from(to).ok()?);
        let cells: Vec<(i32, i64)> =
            (from..to).map(|at| (self.durations.value(at), i64::from(self.counts.value(at)))).collect();
        let ascend = cells.iter().zip(cells.iter().skip(1)).all(|(one, next)| one.0 < next.0);
        let is_sound = ascend && cells.iter().all(|(s, n)| *s >= 0 && *n != 0);
        is_sound.then(|| Sketch { added: i64::from(self.added.value(row)), cells })
    }
}
