//! Sketch: how long did many things take, in few bytes that add up and can be taken back?
//!
//! Up to [`LIST_MAX`] durations are listed as they are. With more, those that share their eight leading bits share a cell:
//! exact below 256 s, less than 0.8 % wide above. Cells are the same in every sketch, so sketches add up cell by cell, and a
//! duration that was counted by mistake is taken from the very cell that it was counted in.
//!
//! - INVARIANT: cells ascend, and none is empty. `added` never falls: list or cells depends on what was ever added, not on the
//!   order, so the same parts make the same bytes however they are joined.
//! - LIMIT: [`LONGEST_S`]: what took longer shares the last cell. 2,003 cells at most.
//! - **Not here**: names and rules of SQL functions (`wardline-query`); columns of sketches are in [`column`](mod@column).
//! - **Source**: analytics page, 1.2.

mod column;

use std::cmp::Ordering;

pub use column::{Malformed, Sketches, column, data_type};

/// Durations that are listed one by one.
pub const LIST_MAX: i64 = 64;
/// The longest duration that is told apart, in seconds: 40 days.
pub const LONGEST_S: i32 = 3_456_000;

/// Cells that wait to be sorted, beyond as many as are in order, before they are.
const UNSORTED_MAX: usize = 256;

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

    /// The shortest duration there can be.
    #[must_use]
    pub fn min(&self) -> Option<i32> {
        self.cells.first().map(|(s, _)| *s)
    }

    /// The longest duration there can be.
    #[must_use]
    pub fn max(&self) -> Option<i32> {
        self.cells.last().map(|(s, _)| self.within(*s).1)
    }

    /// How many durations are surely no longer than `limit`.
    #[must_use]
    pub fn surely_within(&self, limit: i32) -> i64 {
        self.cells.iter().filter(|(s, _)| self.within(*s).1 <= limit).map(|(_, n)| n).sum()
    }

    /// Its cells: the shortest and the longest duration, and how many there are.
    pub fn buckets(&self) -> impl Iterator<Item = (i32, i32, i64)> {
        self.cells.iter().map(|(s, n)| {
            let (from, to) = self.within(*s);
            (from, to, *n)
        })
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

/// Many durations, or sketches of them, on their way to one sketch.
///
/// - **Cost**: what [`Sketch::merge`] copies each time is sorted here now and then.
#[derive(Clone, Debug, Default)]
pub struct Gather {
    sketch: Sketch,
    /// How many cells are in order; those behind them wait.
    sorted: usize,
}

impl Gather {
    /// Counts a duration.
    pub fn add(&mut self, s: i32) {
        self.begin(1);
        self.put(s, 1);
    }

    /// Counts all of a sketch.
    pub fn merge(&mut self, other: &Sketch) {
        self.begin(other.added);
        for (s, n) in &other.cells {
            self.put(*s, *n);
        }
    }

    /// So many durations more were ever counted; their cells follow.
    fn begin(&mut self, added: i64) {
        self.sketch.added = self.sketch.added.saturating_add(added);
    }

    fn put(&mut self, s: i32, n: i64) {
        self.sketch.cells.push((s, n));
        if self.sketch.cells.len() > self.sorted.saturating_mul(2) + UNSORTED_MAX {
            self.sort();
        }
    }

    fn sort(&mut self) {
        let Sketch { added, cells } = &mut self.sketch;
        if *added > LIST_MAX {
            cells.iter_mut().for_each(|(s, _)| *s = cell(*s));
        }
        cells.sort_unstable_by_key(|(s, _)| *s);
        cells.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                kept.1 += next.1;
            }
            is_same
        });
        cells.retain(|(_, n)| *n != 0);
        self.sorted = cells.len();
    }

    /// Bytes it holds.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        size_of::<Self>() + self.sketch.cells.capacity() * size_of::<(i32, i64)>()
    }

    /// All of it.
    #[must_use]
    pub fn finish(mut self) -> Sketch {
        self.sort();
        self.sketch
    }
}
