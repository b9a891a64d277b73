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

use super::{FOLDER, Order, Pace, SOCKET, Shared, Sink, open_paced};
use crate::{
    metrics::Metrics,
    runtime::rows::{Archiving, RowSink as _, Taken},
};

/// After a failed try as soon as it may be told from the next; else only when somebody asks for it.
const PACE: Pace = Pace { flush_every: Duration::from_secs(3_600), retry_after: Duration::from_millis(50) };

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
    let mut archiving = open_paced(data.path(), &Metrics::new().unwrap(), PACE).unwrap();
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
    let mut archiving = open_paced(data.path(), &Metrics::new().unwrap(), PACE).unwrap();
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

/// The value of a series, once it is as wanted.
fn wait_for_figure(metrics: &Metrics, series: &str, wanted: impl Fn(f64) -> bool) -> f64 {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let text = metrics.text();
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok());
        if let Some(value) = value.filter(|value| wanted(*value)) {
            return value;
        }
        assert!(Instant::now() < until, "{series}: {value:?}");
        std::thread::yield_now();
    }
}

#[test]
fn flushes_files_and_what_is_hot_are_shown() {
    let data = tempfile::tempdir().unwrap();
    let metrics = Metrics::new().unwrap();
    assert!(!metrics.text().contains("wardline_follower_connected"), "not there without tables");
    let mut archiving = open_paced(data.path(), &metrics, PACE).unwrap();
    let equal = |to: f64| move |value: f64| (value - to).abs() < 1e-6;
    wait_for_figure(&metrics, "wardline_hot_bytes", equal(0.0));
    let obstacle = block(data.path());
    archiving.sink.take(taken(1));
    wait_for_figure(&metrics, "wardline_hot_bytes", |value| value > 100.0);
    assert!(!archiving.covers.covers(1));
    wait_for_figure(&metrics, "wardline_flush_failures_total", |value| value >= 1.0);
    fs::remove_file(obstacle).unwrap();
    wait_for(&archiving, 1);
    wait_for_figure(&metrics, "wardline_hot_bytes", equal(0.0));
    wait_for_figure(&metrics, "wardline_flush_duration_seconds_count", |value| value >= 2.0);
    wait_for_figure(&metrics, "wardline_parquet_files{tier=\"small\"}", equal(1.0));
    wait_for_figure(&metrics, "wardline_parquet_bytes{tier=\"small\"}", |value| value > 500.0);
    wait_for_figure(&metrics, "wardline_parquet_files{tier=\"large\"}", equal(0.0));
    wait_for_figure(&metrics, "wardline_covered_timestamp_seconds", equal(1_768_381_230.5));
}

#[test]
fn an_archive_without_news_is_not_behind_and_one_with_news_is_as_old_as_what_came_before_them() {
    let data = tempfile::tempdir().unwrap();
    let metrics = Metrics::new().unwrap();
    let mut archiving = open_paced(data.path(), &metrics, PACE).unwrap();
    let later = |epoch: u64, seconds: i64, has_rows: bool| {
        let taken = taken(epoch);
        let rows = if has_rows { taken.rows.clone() } else { Vec::new() };
        Taken { at: Timestamp::from_micros(seconds * 1_000_000), rows, ..taken }
    };
    let covered =
        |to: f64| wait_for_figure(&metrics, "wardline_covered_timestamp_seconds", |value| (value - to).abs() < 1e-6);
    archiving.sink.take(later(1, 1_000, false));
    covered(1_000.0);
    archiving.sink.take(later(2, 90_000, false));
    covered(90_000.0);
    archiving.sink.take(later(3, 90_100, true));
    archiving.sink.take(later(4, 90_200, false));
    wait_for_figure(&metrics, "wardline_hot_bytes", |value| value > 0.0);
    covered(90_000.0);
    wait_for(&archiving, 4);
    covered(90_200.0);
}

#[test]
fn rows_that_recovery_makes_again_are_counted_where_no_file_holds_them() {
    let data = tempfile::tempdir().unwrap();
    let mut archiving = open_paced(data.path(), &Metrics::new().unwrap(), PACE).unwrap();
    archiving.sink.take(taken(1));
    wait_for(&archiving, 1);
    drop(archiving);
    let metrics = Metrics::new().unwrap();
    let mut archiving = open_paced(data.path(), &metrics, PACE).unwrap();
    for epoch in 1..=3 {
        archiving.sink.replayed(taken(epoch));
    }
    archiving.sink.take(taken(4));
    wait_for(&archiving, 4);
    wait_for_figure(&metrics, "wardline_rederived_rows", |value| (value - 2.0).abs() < 1e-6);
}

#[test]
fn whoever_follows_the_rows_is_counted_until_they_are_gone() {
    let data = tempfile::tempdir().unwrap();
    let metrics = Metrics::new().unwrap();
    let mut archiving = open_paced(data.path(), &metrics, PACE).unwrap();
    let is = |wanted: f64| move |value: f64| (value - wanted).abs() < 1e-6;
    wait_for_figure(&metrics, "wardline_follower_connected", is(0.0));
    let follower = std::os::unix::net::UnixStream::connect(data.path().join(SOCKET)).unwrap();
    wait_for_figure(&metrics, "wardline_follower_connected", is(1.0));
    drop(follower);
    let until = Instant::now() + Duration::from_secs(20);
    for epoch in 1.. {
        // It is missed when it is told of the next rows, and of the files that hold them.
        archiving.sink.take(taken(epoch));
        assert!(archiving.covers.covers(epoch));
        if metrics.text().contains("wardline_follower_connected 0\n") {
            break;
        }
        assert!(Instant::now() < until, "never missed");
    }
}

#[test]
fn rows_go_to_files_as_often_as_the_installation_says() {
    let data = tempfile::tempdir().unwrap();
    let metrics = Metrics::new().unwrap();
    let pace = Pace { flush_every: Duration::from_millis(30), ..PACE };
    let mut archiving = open_paced(data.path(), &metrics, pace).unwrap();
    archiving.sink.take(taken(1));
    wait_for_figure(&metrics, "wardline_flush_duration_seconds_count", |value| value >= 1.0);
    wait_for_figure(&metrics, "wardline_parquet_files{tier=\"small\"}", |value| value >= 1.0);
}
