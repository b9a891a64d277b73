//! Row: what does a table hold, before it is in any format?
//!
//! The core says what changed as rows: a table, and one [`Cell`] for each of its columns, in the order of the table's
//! definition. A keyed row is a new version of what the same key said before; queries see the newest.
//!
//! A row of turnaround is a change: what one report adds to, or takes back from, one minute. Its cells are the columns of
//! `turnaround_1m`, with one duration in seconds (or [`Cell::Null`]) in the place of the sketch, and then the instants at which
//! the site's hour and day begin. Rows of hours and days are never made: they are the same changes under another key.
//!
//! - **How it fits**: `wardline-core` makes rows, `wardline-tables` names their columns and keeps them.
//! - **Not here**: names, types and comments of columns (`wardline-tables`), `epoch` and `seq`, which every table has.

use crate::{Text, time::Timestamp, words::words};

words! {
    /// A table that rows are made for.
    pub enum Table {
        Reports = "reports", Milestones = "milestones", Intervals = "intervals", Clocks = "clocks",
        Alerts = "alerts", Notices = "notices", Attempts = "attempts", DataQuality = "data_quality",
        Wards = "wards", Turnaround1m = "turnaround_1m", Turnaround1h = "turnaround_1h", Turnaround1d = "turnaround_1d",
    }
}

/// One value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Cell {
    /// Not known, or not applicable.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number of any integer column.
    Int(i64),
    /// An instant.
    Time(Timestamp),
    /// A text, a symbol or an id.
    Text(Text),
}

/// One row of one table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Which table.
    pub table: Table,
    /// One for each column of the table's definition, in its order, the key first.
    pub cells: Vec<Cell>,
}

impl Cell {
    /// A symbol of a closed list.
    #[must_use]
    pub const fn word(word: &'static str) -> Self {
        Self::Text(Text::const_new(word))
    }

    /// A text; an empty one is not known.
    #[must_use]
    pub fn text(text: &str) -> Self {
        if text.is_empty() { Self::Null } else { Self::Text(Text::from(text)) }
    }

    /// An instant; the ends of time stand for none.
    #[must_use]
    pub const fn time(at: Timestamp) -> Self {
        let micros = at.micros();
        if micros == Timestamp::MAX.micros() || micros == Timestamp::MIN.micros() { Self::Null } else { Self::Time(at) }
    }
}

impl From<Option<Timestamp>> for Cell {
    fn from(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Null, Self::time)
    }
}

impl From<Option<&'static str>> for Cell {
    fn from(word: Option<&'static str>) -> Self {
        word.map_or(Self::Null, Self::word)
    }
}

impl From<Option<i64>> for Cell {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Int)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_said_is_null_and_never_an_empty_text_or_the_end_of_time() {
        assert_eq!(Cell::text(""), Cell::Null);
        assert_eq!(Cell::text("lab"), Cell::Text(Text::const_new("lab")));
        assert_eq!(Cell::time(Timestamp::MAX), Cell::Null);
        assert_eq!(Cell::from(None::<Timestamp>), Cell::Null);
        assert_eq!(Cell::time(Timestamp::from_micros(7)), Cell::Time(Timestamp::from_micros(7)));
    }
}
