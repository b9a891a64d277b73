//! Rolling, preparing, cutting: segments come and go, records do not.

use super::*;
use crate::disk::Call;
use crate::disk::Disk;
use crate::disk::sim::{Fault, Injection};

fn segments(disk: &SimDisk) -> Vec<u64> {
    let names = disk.list("log/p000").unwrap();
    names.iter().filter_map(|entry| crate::segment::first_of_name(&entry.name)).collect()
}

fn prepared(disk: &SimDisk) -> Vec<String> {
    let names = disk.list("log/p000").unwrap().into_iter().map(|entry| entry.name);
    names.filter(|name| name.ends_with(".prep")).collect()
}

#[test]
fn a_full_segment_is_followed_by_one_named_by_its_first_record() {
    let disk = SimDisk::new(1);
    // 24 KiB: a header and five blocks. Records of 3,000 bytes take a block each; `open` shares the first.
    let opened = filled(&disk, &[3000; 12]);
    assert_eq!(segments(&disk), [1, 7, 12]);
    assert_eq!(opened.writer.newest_segment(), 12);
    assert_eq!(records(&mut open(&disk.kill())).len(), 13);
    assert!(opened.writer.wanted().is_some());
}

#[test]
fn a_flush_over_a_roll_makes_the_older_segment_durable_first() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[3000; 4]);
    for at in 10..13 {
        opened.writer.append(batch(at), &[&payload(at, 5000)]).unwrap();
    }
    let from = disk.operations().len();
    opened.writer.flush().unwrap();
    let calls: Vec<_> = disk.operations()[from..].iter().map(|operation| operation.call).collect();
    use Call::{Fdatasync, Open, Pwrite, Rename, SyncDirectory};
    assert_eq!(
        calls,
        [Rename, SyncDirectory, Open, Pwrite, Fdatasync],
        "5,000 bytes do not fit the last block: all three roll"
    );
    opened.writer.append(batch(20), &[&payload(1, 100)]).unwrap();
    opened.writer.append(batch(21), &[&payload(1, 6000)]).unwrap();
    let from = disk.operations().len();
    opened.writer.flush().unwrap();
    let calls: Vec<_> = disk.operations()[from..].iter().map(|operation| operation.call).collect();
    assert_eq!(calls, [Pwrite, Fdatasync, Rename, SyncDirectory, Open, Pwrite, Fdatasync]);
}

#[test]
fn a_segment_counts_as_begun_when_it_is_durable() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[3000; 5]);
    opened.writer.append(batch(50), &[&payload(7, 3000)]).unwrap();
    assert_eq!(opened.writer.newest_segment(), 1);
    opened.writer.flush().unwrap();
    assert_eq!(opened.writer.newest_segment(), 7);
}

#[test]
fn what_does_not_fit_an_empty_segment_fits_none() {
    let disk = SimDisk::new(1);
    drop(open(&disk));
    // A roll that was cut short left a small segment with its name alone.
    disk.write_file("log/p000/00000000000000000001.wlog", &[0; 16 << 10]);
    let mut opened = open(&disk);
    let refused = opened.writer.append(Entry::new(Kind::Open, 0), &[&[1; 13_000]]);
    assert!(matches!(refused, Err(Error::TooLarge { limit: 12_224, .. })), "{refused:?}");
    opened.writer.append(Entry::new(Kind::Open, 0), &[&[1; 12_000]]).unwrap();
    opened.writer.append(batch(1), &[&payload(2, 13_000)]).unwrap();
    opened.writer.flush().unwrap();
    assert_eq!(segments(&disk), [1, 2]);
}

#[test]
fn two_segments_and_the_reserve_are_prepared_and_adopted() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[]);
    while opened.writer.prepare().unwrap() {}
    assert_eq!(prepared(&disk), ["next-0.prep", "next-1.prep", "reserve-0.prep"]);
    drop(opened);
    let calls = disk.calls();
    let again = open(&disk);
    assert_eq!(again.writer.wanted(), None, "what is there is taken over");
    let writes =
        disk.operations().into_iter().filter(|operation| operation.number > calls && operation.call == Call::Pwrite);
    assert!(writes.map(|operation| operation.length).sum::<u64>() < SEGMENT, "and not written again");
}

#[test]
fn a_half_prepared_file_is_made_anew() {
    let disk = SimDisk::new(1);
    drop(filled(&disk, &[]));
    disk.write_file("log/p000/next-0.prep", &[0; 100]);
    disk.write_file("log/p000/next-9.prep", &[0; 100]);
    let mut opened = open(&disk);
    assert!(prepared(&disk).is_empty());
    opened.writer.prepare().unwrap();
    assert_eq!(disk.read_file("log/p000/next-0.prep").unwrap().len() as u64, SEGMENT);
}

#[test]
fn on_a_full_volume_the_log_goes_on_in_the_reserve_and_then_stops_and_recovers() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[]);
    opened.writer.flush().unwrap();
    while opened.writer.prepare().unwrap() {}
    assert_eq!(opened.writer.supply().unwrap(), Supply::Normal);
    let used = disk.space().unwrap().total - disk.space().unwrap().free;
    disk.set_capacity(used + SEGMENT);
    assert_eq!(opened.writer.supply().unwrap(), Supply::Low);
    disk.set_capacity(used);
    // The open segment has four blocks left, three prepared ones have five each.
    let mut taken = 0;
    let refused = loop {
        let at = opened.writer.last().at + 1;
        match opened.writer.append(batch(at), &[&payload(at, 3000)]) {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
        opened.writer.flush().unwrap();
        opened.writer.prepare().unwrap();
        assert!(opened.writer.supply().unwrap() >= Supply::Low);
    };
    assert!(matches!(refused, Error::NoRoom), "{refused}");
    assert_eq!(taken, 4 + 3 * 5);
    assert_eq!(opened.writer.supply().unwrap(), Supply::Exhausted);
    disk.set_capacity(used * 10);
    let at = opened.writer.last().at + 1;
    opened.writer.append(batch(at), &[b"room again"]).unwrap();
    opened.writer.flush().unwrap();
    assert_eq!(opened.writer.supply().unwrap(), Supply::Normal);
    assert_eq!(records(&mut open(&disk.crash(3))).len() as u64, taken + 2);
}

#[test]
fn a_file_that_could_not_be_prepared_leaves_nothing_behind() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[]);
    opened.writer.flush().unwrap();
    disk.inject(Injection { call: Some(Call::Fallocate), nth: 1, fault: Fault::Enospc });
    assert!(!opened.writer.prepare().unwrap());
    assert!(prepared(&disk).iter().all(|name| name != "next-0.prep"));
}

#[test]
fn preparation_can_run_elsewhere_and_is_handed_back() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[]);
    let order = opened.writer.wanted().unwrap();
    let mut preparation = order.start(&disk).unwrap();
    let made = loop {
        if let Some(made) = preparation.step().unwrap() {
            break made;
        }
    };
    opened.writer.accept(&made);
    assert_ne!(opened.writer.wanted().unwrap().name, made.name);
}

#[test]
fn a_cut_stops_at_the_older_checkpoint_and_at_the_archive() {
    let disk = SimDisk::new(1);
    let opened = filled(&disk, &[3000; 16]);
    assert_eq!(segments(&disk), [1, 7, 12, 17]);
    let bounds = |checkpoint, archive| CutBounds { checkpoint, archive };
    let cut = |bounds| super::cut(&disk, opened.identity, bounds).unwrap().segments;
    assert_eq!(cut(bounds(5, 99)), 0, "record 6 is needed");
    assert_eq!(cut(bounds(99, 5)), 0, "the archive has not got record 6");
    assert_eq!(cut(bounds(6, 99)), 1);
    assert_eq!(cut(bounds(99, 99)), 2, "the last segment stays");
    assert_eq!(segments(&disk), [17]);
}

#[test]
fn what_is_young_is_kept_in_whole_segments() {
    let disk = SimDisk::new(1);
    let opened = filled(&disk, &[3000; 16]);
    let first_at = |first| {
        let mut reader = LogReader::between(&disk, opened.identity, first, first).unwrap();
        reader.next_record().unwrap().unwrap().header.at
    };
    let through = |before| through_before(&disk, opened.identity, before).unwrap();
    assert_eq!(through(first_at(7)), 0, "record 7 is not older than itself");
    assert_eq!(through(first_at(7) + 1), 6);
    assert_eq!(through(first_at(17)), 11);
    assert_eq!(through(u64::MAX), 16, "the last segment is never old enough");
}

#[test]
fn a_cut_copies_dead_letters_first_and_they_come_back_exactly() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[3000; 2]);
    let letter = Entry { flags: Flags::DEAD_LETTERS, ..batch(100) };
    opened.writer.append(letter, &[b"MSH|unreadable"]).unwrap();
    for at in 101..110 {
        opened.writer.append(batch(at), &[&payload(at, 3000)]).unwrap();
        opened.writer.flush().unwrap();
    }
    let bounds = CutBounds { checkpoint: 8, archive: 8 };
    let report = cut(&disk, opened.identity, bounds).unwrap();
    assert_eq!((report.segments, report.bytes, report.dead_letters), (1, SEGMENT, 1));
    let left = disk.crash(5);
    let paths = crate::dead::list(&left, &opened.identity).unwrap();
    assert_eq!(paths, ["dead/p000/00000000000000000001.wlog"]);
    let mut letters = crate::dead::DeadLetters::open(&left, &opened.identity, &paths[0]).unwrap();
    assert_eq!((letters.count, letters.last_at), (1, 100));
    let (header, bytes) = letters.next_record().unwrap().unwrap();
    assert_eq!((header.sequence, bytes.as_slice()), (4, b"MSH|unreadable".as_slice()));
    assert!(letters.next_record().unwrap().is_none());
    assert_eq!(crate::dead::expire(&left, &opened.identity, 100).unwrap(), 0);
    assert_eq!(crate::dead::expire(&left, &opened.identity, 101).unwrap(), 1);
}

#[test]
fn a_damaged_segment_is_never_cut() {
    let disk = SimDisk::new(1);
    let opened = filled(&disk, &[3000; 12]);
    disk.flip_bit("log/p000/00000000000000000001.wlog", 8 * 9000);
    let bounds = CutBounds { checkpoint: 12, archive: 12 };
    match cut(&disk, opened.identity, bounds) {
        Err(Error::Damaged(finding)) => assert_eq!(finding.code, Code::RecordDamaged),
        other => panic!("cut damage away: {other:?}"),
    }
    assert_eq!(segments(&disk), [1, 7, 12]);
}
