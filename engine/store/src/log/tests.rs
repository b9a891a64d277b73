//! Log: nothing durable is lost, nothing torn is applied, and damage stops.
//!
//! Everything goes through [`Store::open`], as the shell does, on the simulated disk, beside a plain list of what was said.

mod faults;
mod properties;
mod rolling;

use super::*;
use crate::disk::SimDisk;
use crate::record::{Flags, Kind};
use crate::store::{self, Opened, Options, Store};

/// Small segments: five flushes of one block fill one.
pub(crate) const SEGMENT: u64 = 24 << 10;

pub(crate) fn options() -> Options {
    Options { new_instance: [7; 16], segment_bytes: SEGMENT, reserve_bytes: SEGMENT, ..Options::default() }
}

pub(crate) fn open(disk: &SimDisk) -> Opened<SimDisk> {
    Store::open(disk.clone(), &options()).unwrap_or_else(|error| panic!("{error}"))
}

/// A payload that differs for each record and length.
pub(crate) fn payload(number: u64, length: usize) -> Vec<u8> {
    (0u64..).map(|index| u8::try_from((number * 31 + index * 7) % 255).unwrap_or_default() | 1).take(length).collect()
}

/// Sequence, kind and payload of every record behind the checkpoint.
pub(crate) fn records(opened: &mut Opened<SimDisk>) -> Vec<(u64, Kind, Vec<u8>)> {
    let mut records = Vec::new();
    while let Some(record) = opened.suffix.next_record().unwrap() {
        records.push((record.header.sequence, record.header.kind, record.payload.to_vec()));
    }
    records
}

pub(crate) fn batch(at: u64) -> Entry {
    Entry::new(Kind::Batch, at)
}

/// Opens, appends `open` and then batches of `sizes`, each flushed; gives the store still open.
pub(crate) fn filled(disk: &SimDisk, sizes: &[usize]) -> Opened<SimDisk> {
    let mut opened = open(disk);
    let at = opened.writer.last().at;
    opened.writer.append(Entry::new(Kind::Open, at), &[b"opened"]).unwrap();
    for &size in sizes {
        let next = opened.writer.last();
        opened.writer.append(batch(next.at + 1), &[&payload(next.sequence + 1, size)]).unwrap();
        opened.writer.flush().unwrap();
    }
    opened
}

#[test]
fn what_was_flushed_is_read_back_after_a_restart() {
    let disk = SimDisk::new(1);
    drop(filled(&disk, &[0, 1, 100, 5000]));
    let mut again = open(&disk.kill());
    let expected: Vec<_> = std::iter::once((1, Kind::Open, b"opened".to_vec()))
        .chain([0, 1, 100, 5000].iter().zip(2..).map(|(&size, number)| (number, Kind::Batch, payload(number, size))))
        .collect();
    assert_eq!(records(&mut again), expected);
    assert_eq!(again.epoch, 2);
    assert_eq!(again.writer.durable().sequence, 5);
    assert!(again.findings.is_empty());
}

#[test]
fn records_may_be_any_size_up_to_what_a_segment_holds() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[]);
    let most = opened.writer.payload_max();
    assert_eq!(most, 24 * 1024 - 4096 - 64);
    opened.writer.append(batch(1), &[&payload(2, most)]).unwrap();
    let refused = opened.writer.append(batch(2), &[&payload(3, most + 1)]);
    assert!(matches!(refused, Err(Error::TooLarge { length, limit }) if length == most + 1 && limit == most));
    opened.writer.flush().unwrap();
    assert_eq!(records(&mut open(&disk.kill()))[1].2, payload(2, most));
}

#[test]
fn an_epoch_begins_with_one_open_record() {
    let disk = SimDisk::new(1);
    let mut opened = open(&disk);
    assert!(matches!(opened.writer.append(batch(1), &[]), Err(Error::OpenFirst)));
    opened.writer.append(Entry::new(Kind::Open, 5), &[]).unwrap();
    assert!(matches!(opened.writer.append(Entry::new(Kind::Open, 5), &[]), Err(Error::OpenFirst)));
}

#[test]
fn log_time_never_falls_and_rises_with_each_batch() {
    let disk = SimDisk::new(1);
    let mut log = open(&disk).writer;
    log.append(Entry::new(Kind::Open, 50), &[]).unwrap();
    assert!(matches!(log.append(batch(49), &[]), Err(Error::Backwards { at: 49, last: 50 })));
    log.append(batch(50), &[]).unwrap();
    assert!(matches!(log.append(batch(50), &[]), Err(Error::Backwards { at: 50, last: 50 })));
    log.append(Entry::new(Kind::Access, 50), &[]).unwrap();
    assert_eq!(log.append(batch(51), &[]).unwrap().sequence, 4);
}

#[test]
fn the_last_batch_is_remembered_over_a_restart() {
    let disk = SimDisk::new(1);
    drop(filled(&disk, &[1]));
    let mut again = open(&disk);
    again.writer.append(Entry::new(Kind::Open, 1), &[]).unwrap();
    assert!(matches!(again.writer.append(batch(1), &[]), Err(Error::Backwards { at: 1, last: 1 })));
}

#[test]
fn every_flush_ends_on_a_block_and_its_floor_proves_the_one_before() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[10, 10]);
    opened.writer.append(batch(7), &[b"a"]).unwrap();
    opened.writer.append(batch(8), &[b"b"]).unwrap();
    opened.writer.flush().unwrap();
    let bytes = disk.read_file("log/p000/00000000000000000001.wlog").unwrap();
    let at = |offset: usize| -> (u64, u64) {
        let field = |from: usize| u64::from_le_bytes(bytes[offset + from..offset + from + 8].try_into().unwrap());
        (field(16), field(32))
    };
    // Header, then open and batch 2 in one flush, batch 3 alone, 4 and 5 in one: (sequence, floor).
    assert_eq!(
        [at(4096), at(4096 + 72), at(8192), at(12288), at(12288 + 72)],
        [(1, 0), (2, 0), (3, 2), (4, 3), (5, 3)]
    );
}

#[test]
fn the_first_record_names_the_hash_of_the_segment_header() {
    let disk = SimDisk::new(1);
    drop(filled(&disk, &[1]));
    let bytes = disk.read_file("log/p000/00000000000000000001.wlog").unwrap();
    assert_eq!(bytes[4096 + 44..4096 + 60], Chain::of(&bytes[..4096]).0);
    assert_eq!(
        bytes[4096 + 72 + 44..4096 + 72 + 60],
        Chain::of(&bytes[4096..4096 + 70]).0,
        "then that of the record before"
    );
}

#[test]
fn a_flush_may_run_while_the_next_records_are_appended() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[]);
    let flush = opened.writer.begin_flush().unwrap().unwrap();
    let next = opened.writer.append(batch(9), &[b"meanwhile"]).unwrap();
    assert!(matches!(opened.writer.begin_flush(), Err(Error::FlushUnderWay)));
    assert_eq!(opened.writer.complete(flush.run()).unwrap().sequence, 1);
    assert_eq!(opened.writer.flush().unwrap(), next);
    assert_eq!(records(&mut open(&disk.crash(1))).len(), 2);
}

#[test]
fn too_much_waiting_pushes_back() {
    let disk = SimDisk::new(1);
    disk.set_capacity(1 << 40);
    let large = Options { segment_bytes: 64 << 20, reserve_bytes: 1, ..options() };
    let mut log = Store::open(disk, &large).unwrap().writer;
    log.append(Entry::new(Kind::Open, 0), &[]).unwrap();
    let half = vec![1; 31 << 20];
    log.append(batch(1), &[&half]).unwrap();
    log.append(batch(2), &[&half]).unwrap();
    assert!(matches!(log.append(batch(3), &[&half]), Err(Error::Behind)));
    assert_eq!(log.flush().unwrap().sequence, 3);
    log.append(batch(3), &[&half]).unwrap();
}

#[test]
fn exclusions_are_known_before_the_first_record_is_replayed() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[1, 1]);
    let at = opened.writer.last().at;
    opened.writer.append(Entry::new(Kind::Exclude, at), &[b"record 2, input 0"]).unwrap();
    opened.writer.flush().unwrap();
    let expected = Exclusion { sequence: 4, payload: b"record 2, input 0".to_vec() };
    assert_eq!(open(&disk.kill()).exclusions, [expected]);
}

#[test]
fn flags_and_formats_come_back() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[]);
    let entry = Entry { kind: Kind::Batch, format: 9, flags: Flags::DEAD_LETTERS, at: 3 };
    opened.writer.append(entry, &[b"x"]).unwrap();
    opened.writer.flush().unwrap();
    drop(opened);
    let mut again = open(&disk);
    again.suffix.next_record().unwrap();
    let header = again.suffix.next_record().unwrap().unwrap().header;
    assert_eq!((header.format, header.flags, header.at, header.epoch), (9, Flags::DEAD_LETTERS, 3, 1));
}

#[test]
fn what_a_newer_release_wrote_is_refused_and_left_alone() {
    let disk = SimDisk::new(1);
    drop(filled(&disk, &[1, 1]));
    let path = "log/p000/00000000000000000001.wlog";
    let mut bytes = disk.read_file(path).unwrap();
    bytes[8192 + 4] = 9;
    let mut covered = [7; 16].to_vec();
    covered.extend_from_slice(&1u64.to_le_bytes());
    covered.extend_from_slice(&bytes[8192..8192 + 60]);
    bytes[8192 + 60..8192 + 64].copy_from_slice(&crc32c::crc32c(&covered).to_le_bytes());
    disk.write_file(path, &bytes);
    let before: Vec<_> = disk.files().iter().map(|path| disk.read_file(path)).collect();
    let refused = Store::open(disk.clone(), &options()).unwrap_err();
    assert_eq!(refused.code(), Code::TooNew);
    assert!(refused.to_string().ends_with("record 3: record kind 9; this release understands 1 to 8"), "{refused}");
    let after: Vec<_> = disk.files().iter().map(|path| disk.read_file(path)).collect();
    assert_eq!(before, after);
}

#[test]
fn a_second_process_is_refused_and_told_who_has_it() {
    let disk = SimDisk::new(1);
    let mut first = options();
    first.owner.pid = 4711;
    let held = Store::open(disk.clone(), &first).unwrap();
    match Store::open(disk.clone(), &options()) {
        Err(store::Error::InUse { holder }) => assert_eq!(holder, "4711"),
        other => panic!("two owners: {other:?}"),
    }
    drop(held);
    assert_eq!(open(&disk).epoch, 2);
}

#[test]
fn any_stretch_of_the_log_is_read_again() {
    let disk = SimDisk::new(1);
    let opened = filled(&disk, &[3000; 12]);
    let read = |from, through| -> Result<Vec<u64>> {
        let mut reader = LogReader::between(&disk, opened.identity, from, through)?;
        let mut sequences = Vec::new();
        while let Some(record) = reader.next_record()? {
            sequences.push(record.header.sequence);
        }
        Ok(sequences)
    };
    assert_eq!(read(1, 3).unwrap(), [1, 2, 3]);
    assert_eq!(read(6, 8).unwrap(), [6, 7, 8], "over the roll behind record 6");
    assert_eq!(read(12, 99).unwrap(), [12, 13]);
    assert!(read(20, 30).is_err());
}
