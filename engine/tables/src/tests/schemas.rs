//! Schemas: do definitions, rows and the reference page agree?

use wardline_rules::row::{Cell, Row, Table};

use super::row;
use crate::{
    builder::{Builder, Error},
    reference,
    schema::{DEFINITIONS, Definition},
};

#[test]
fn every_table_has_its_definition_in_its_place() {
    for (definition, table) in DEFINITIONS.iter().zip(Table::ALL) {
        assert_eq!(definition.table, *table);
        assert!(definition.key <= definition.columns.len());
        let names: Vec<&str> = definition.all_columns().map(|column| column.name).collect();
        let mut once = names.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), names.len(), "{}: a name twice", table.name());
        assert!(definition.sort.iter().all(|name| names.contains(name)), "{}: sorted by no column", table.name());
        assert!(definition.all_columns().all(|column| !column.comment.is_empty()));
    }
    assert_eq!(DEFINITIONS.len(), Table::ALL.len());
}

#[test]
fn a_row_that_does_not_fit_changes_nothing() {
    let mut builder = Builder::new(Definition::of(Table::Attempts));
    let mut wrong = row(Table::Attempts, 1, 1);
    wrong.cells[4] = Cell::Int(5);
    assert!(matches!(builder.push(&wrong, 1, 0), Err(Error::Cell { column: "started_at", .. })));
    let short = Row { table: Table::Attempts, cells: vec![Cell::Null] };
    assert!(matches!(builder.push(&short, 1, 0), Err(Error::Width { found: 1, .. })));
    let mut unknown = row(Table::Attempts, 1, 1);
    unknown.cells[0] = Cell::Null;
    assert!(matches!(builder.push(&unknown, 1, 0), Err(Error::Cell { column: "nid", .. })));
    assert!(builder.is_empty());
    builder.push(&row(Table::Attempts, 1, 1), 1, 0).unwrap();
    assert_eq!(builder.freeze().unwrap().unwrap().num_rows(), 1);
}

/// `BLESS=1` writes the page.
#[test]
fn the_reference_page_says_what_the_definitions_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/tables.md");
    let page = reference::page();
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference")).unwrap();
        std::fs::write(path, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), page, "make it again with BLESS=1");
}
