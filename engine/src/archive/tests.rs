//! Tests: does what goes wrong with the tables end when its cause ends?

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use wardline_rules::{
    row::{Cell, Row, Table},
    time::Timestamp,
};

use super::{FOLDER, Order, Shared, Sink, open_retrying};
use crate::runtime::rows::{Archiving, RowSink as _, Taken};

/// As short as a failed try may be told from the next.
const RETRY: Duration = Duration::from_millis(50);

fn taken(epoch: u64) -> Taken {
    let at = Timestamp::from_micros(1_768_381_230_500_000);
    let cells = vec![Cell::text("w"), Cell::Null, Cell::time(at), Cell::Null];
    Taken { epoch, at, rows: vec![Row { table: Table::Wards, cells }], ward: None, text: None, heard: Vec::new() }
}

/// Lets a file stand where the folder of a table should be: no file can be written into it.
fn block(data: &Path) -> std::path::PathBuf {
    let folder = data.join(FOLDER).join(Table::Wards.name());
    fs::write(&folder, "in the way").unwrap();
    folder
}

/// Waits until rows are in files: without a restart, soon after the next try.
fn wait_for(archiving: &Archiving, epoch: u64) {
    let until = Instant::now() + Duration::from_secs(20);
    while !archiving.covers.covers(epoch) {
        assert!(Instant::now() < until, "never in files");
    }
}

#[test]
fn files_that_could_not_be_written_are_written_later_and_checkpoints_go_on() {
    let data = tempfile::tempdir().unwrap();
    let mut archiving = open_retrying(data.path(), RETRY).unwrap();
    let obstacle = block(data.path());
    archiving.sink.take(taken(1));
    assert!(!archiving.covers.covers(1), "no checkpoint without its rows");
    archiving.sink.take(taken(2));
    fs::remove_file(obstacle).unwrap();
    wait_for(&archiving, 2);
}

#[test]
fn where_tables_begin_is_written_down_later_if_it_could_not_be() {
    let data = tempfile::tempdir().unwrap();
    fs::create_dir_all(data.path().join(FOLDER)).unwrap();
    let mut archiving = open_retrying(data.path(), RETRY).unwrap();
    let log = data.path().join(FOLDER).join(wardline_tables::manifest::LOG);
    fs::create_dir(&log).unwrap();
    archiving.sink.begin(7, Timestamp::from_micros(1));
    archiving.sink.take(taken(8));
    assert!(!archiving.covers.covers(8));
    fs::remove_dir(&log).unwrap();
    wait_for(&archiving, 8);
    let (manifest, _) = wardline_tables::manifest::Manifest::read(&fs::read(&log).unwrap()).unwrap();
    assert_eq!((manifest.covered, manifest.holes), (8, vec![(0, 7)]));
}

#[test]
fn an_archive_whose_thread_has_ended_is_a_hole_and_not_a_silence() {
    let (sender, orders) = std::sync::mpsc::sync_channel::<Order>(4);
    drop(orders);
    let shared = std::sync::Arc::new(Shared::default());
    let mut sink = Sink { sender, shared: shared.clone() };
    sink.take(taken(1));
    assert!(shared.has_hole.load(std::sync::atomic::Ordering::Acquire));
}
