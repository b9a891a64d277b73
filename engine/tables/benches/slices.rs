//! Slices: what does one change of turnaround cost, and a million of them at a flush?
//!
//! Budget of the performance page: slice add 0.01 µs, row for the archive 0.05 µs an event. A change is three additions, and one
//! event in five makes some: the finals.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use wardline_rules::{
    row::{Cell, Row, Table},
    time::{DAY, HOUR, MINUTE, SECOND, Timestamp},
};
use wardline_tables::{archive::Archive, place::Folder};

/// Rows of one freeze at some hundred thousand events a second.
const CHANGES: usize = 2_000;

/// Changes of one hour: 60 minutes, 200 departments.
fn changes(count: usize) -> Vec<Row> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut roll = |sides: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        i64::try_from((state >> 33) % sides).unwrap_or(0)
    };
    let one = |_| {
        let (at, took, department) = (20_454 * DAY + roll(3_600) * SECOND, roll(14_400), roll(200));
        let minute = at.div_euclid(MINUTE) * MINUTE;
        let time = |micros| Cell::time(Timestamp::from_micros(micros));
        let mut cells = vec![time(minute), Cell::word("receive_to_final"), Cell::word("lab"), Cell::word("routine")];
        cells.extend([Cell::text("St Anne"), Cell::text(&format!("department {department}"))]);
        cells.extend([1, 0, 0, 0, took, took, 20_454, 0, 4].map(Cell::Int));
        cells.extend([time(minute - minute % HOUR), time(minute - minute % DAY)]);
        Row { table: Table::Turnaround1m, cells }
    };
    (0..count).map(one).collect()
}

fn add(criterion: &mut Criterion) {
    let rows = changes(CHANGES);
    let folder = tempfile::tempdir().expect("a folder");
    let mut group = criterion.benchmark_group("slices");
    group.throughput(Throughput::Elements(rows.len() as u64));
    let empty = || Archive::open(Folder::open(folder.path()).expect("a folder")).expect("an empty archive");
    group.bench_function("take", |bencher| {
        bencher.iter_batched(
            empty,
            |mut archive| {
                archive.append(1, &rows).expect("rows that fit");
                archive
            },
            BatchSize::SmallInput,
        );
    });
    group.bench_function("take and freeze", |bencher| {
        bencher.iter_batched(
            empty,
            |mut archive| {
                archive.append(1, &rows).expect("rows that fit");
                archive.freeze().expect("batches");
                archive
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn flush(criterion: &mut Criterion) {
    let rows = changes(50 * CHANGES);
    let mut group = criterion.benchmark_group("slices");
    group.sample_size(10);
    group.throughput(Throughput::Elements(rows.len() as u64));
    group.bench_function("flush fifty freezes", |bencher| {
        let full = || {
            let folder = tempfile::tempdir().expect("a folder");
            let mut archive = Archive::open(Folder::open(folder.path()).expect("a folder")).expect("an empty archive");
            for (epoch, rows) in (1..).zip(rows.chunks(CHANGES)) {
                archive.append(epoch, rows).expect("rows that fit");
                archive.freeze().expect("batches");
            }
            (folder, archive)
        };
        bencher.iter_batched(
            full,
            |(folder, mut archive)| {
                archive.flush(1).expect("files");
                (folder, archive)
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, add, flush);
criterion_main!(benches);
