//! Tests: is a row ever seen twice, or missing, whatever fails and whenever?

mod frames;
mod schemas;
mod sketches;
mod slices;
mod steps;

use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::datatypes::Int64Type;
use wardline_rules::{
    row::{Cell, Row, Table},
    time::Timestamp,
};

/// Which row it is, and what it says.
pub(super) type Seen = (Table, i64, i32, String);

/// A row of one of three tables, told apart by `mark`.
pub(super) fn row(table: Table, mark: u64, at: i64) -> Row {
    let text = Cell::text(&format!("m{mark}"));
    let at = Cell::time(Timestamp::from_micros(at));
    let cells = match table {
        Table::Attempts => vec![
            text,
            Cell::Int(1),
            Cell::word("sms"),
            Cell::word(if mark.is_multiple_of(2) { "delivered" } else { "ambiguous" }),
            Cell::Null,
            at,
            Cell::Int(12),
            Cell::Bool(false),
        ],
        Table::DataQuality => {
            vec![at, text, Cell::word("late"), Cell::Null, Cell::Null, Cell::Int(1)]
        }
        _ => vec![text, Cell::Null, at, Cell::Null],
    };
    let table = if matches!(table, Table::Attempts | Table::DataQuality) { table } else { Table::Wards };
    Row { table, cells }
}

/// What a row made by [`row`] is seen as.
pub(super) fn seen(table: Table, batch: &RecordBatch, into: &mut Vec<Seen>) {
    let epochs = batch.column_by_name("epoch").unwrap().as_primitive::<Int64Type>();
    let seqs = batch.column_by_name("seq").unwrap().as_primitive::<arrow::datatypes::Int32Type>();
    let name = if table == Table::DataQuality {
        "feed"
    } else if table == Table::Attempts {
        "nid"
    } else {
        "ward"
    };
    let marks = arrow::compute::cast(batch.column_by_name(name).unwrap(), &arrow::datatypes::DataType::Utf8).unwrap();
    let marks = marks.as_string::<i32>();
    for place in 0..marks.len() {
        into.push((table, epochs.value(place), seqs.value(place), marks.value(place).to_owned()));
    }
}
