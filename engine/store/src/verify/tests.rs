//! Verify: it finds what is wrong, says how bad it is, and touches nothing.

use super::*;
use crate::checkpoint::tests::checkpoint;
use crate::disk::SimDisk;
use crate::log::tests::{SEGMENT, batch, filled, open};
use crate::log::{CutBounds, Entry, cut};
use crate::record::{Flags, Kind};

/// Three segments, two checkpoints, a file of dead letters.
fn lived_in() -> SimDisk {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[3000; 2]);
    let letter = Entry { flags: Flags::DEAD_LETTERS, ..batch(50) };
    opened.writer.append(letter, &[b"MSH|broken"]).unwrap();
    opened.writer.flush().unwrap();
    for at in 51..62 {
        opened.writer.append(batch(at), &[&crate::log::tests::payload(at, 3000)]).unwrap();
        opened.writer.flush().unwrap();
        if at == 54 || at == 58 {
            checkpoint(&opened).unwrap();
        }
    }
    let bounds = CutBounds { checkpoint: 8, archive: 99 };
    cut(&disk, opened.identity, bounds).unwrap();
    disk.kill()
}

fn codes(disk: &SimDisk) -> (u8, Vec<Code>) {
    let report = verify(disk).unwrap();
    (report.exit(), report.findings.iter().map(|finding| finding.code).collect())
}

fn path(first: u64) -> String {
    format!("log/p000/{first:020}.wlog")
}

#[test]
fn a_sound_directory_is_clean_and_untouched() {
    let disk = lived_in();
    let before: Vec<_> = disk.files().iter().map(|path| disk.read_file(path)).collect();
    let report = verify(&disk).unwrap();
    assert_eq!((report.exit(), report.findings.as_slice()), (0, [].as_slice()));
    assert_eq!((report.segments, report.checkpoints, report.dead_letters), (2, 2, 1));
    assert_eq!(report.last.sequence, 15);
    let after: Vec<_> = disk.files().iter().map(|path| disk.read_file(path)).collect();
    assert_eq!(before, after);
    assert!(disk.unsynced().is_empty());
}

#[test]
fn an_empty_log_is_clean() {
    let disk = SimDisk::new(1);
    drop(open(&disk));
    assert_eq!(codes(&disk), (0, vec![]));
    assert_eq!(codes(&SimDisk::new(1)), (4, vec![Code::InstanceDamaged]));
}

#[test]
fn each_kind_of_damage_has_its_code() {
    let disk = lived_in();
    let after = |change: &dyn Fn(&SimDisk)| {
        let fork = disk.fork();
        change(&fork);
        codes(&fork)
    };
    let dead = "dead/p000/00000000000000000001.wlog";
    let older = "ckpt/p000/00000000000000000008.ckpt";
    let newer = "ckpt/p000/00000000000000000012.ckpt";
    assert_eq!(after(&|disk| disk.flip_bit("INSTANCE", 100)), (4, vec![Code::InstanceDamaged]));
    assert_eq!(after(&|disk| disk.flip_bit("EPOCH", 100)), (4, vec![Code::EpochDamaged]));
    assert_eq!(after(&|disk| disk.flip_bit(dead, 4100 * 8)), (4, vec![Code::DeadLetterDamaged]));
    assert_eq!(after(&|disk| disk.flip_bit(older, 100)), (1, vec![Code::CheckpointDamaged]));
    assert_eq!(after(&|disk| disk.flip_bit(&path(12), 5000 * 8)).1[0], Code::RecordDamaged);
    assert_eq!(after(&|disk| disk.flip_bit(&path(7), 8 * 8)).1[0], Code::SegmentDamaged);
    assert_eq!(after(&|disk| disk.write_file("tmp/p000.ckpt", b"half")), (1, vec![Code::Leftover]));
    assert_eq!(after(&|disk| disk.write_file("log/p000/notes.txt", b"?")), (4, vec![Code::SegmentMissing]));
    assert_eq!(
        after(&|disk| {
            disk.flip_bit(older, 100);
            disk.flip_bit(newer, 100);
        }),
        (4, vec![Code::CheckpointDamaged, Code::CheckpointDamaged, Code::NoCheckpoint])
    );
    assert_eq!(after(&|disk| disk.remove_file(&path(12))).1, [Code::RecordDamaged, Code::CheckpointForeign]);
}

#[test]
fn every_changed_bit_of_a_lived_in_directory_is_found() {
    let disk = lived_in();
    let mut looked = 0;
    for file in disk.files() {
        let length = disk.read_file(&file).unwrap().len() as u64;
        let is_looked_at = file != "LOCK" && !file.ends_with(".prep");
        // Every bit of the small files is looked at beside them; here a prime stride over every file.
        for bit in (0..length * 8).step_by(997).filter(|_| is_looked_at) {
            let fork = disk.fork();
            fork.flip_bit(&file, bit);
            assert_ne!(codes(&fork).0, 0, "{file} bit {bit}");
            looked += 1;
        }
    }
    assert!(looked > 500, "{looked}");
}

#[test]
fn zeros_between_records_are_looked_at() {
    let disk = lived_in();
    disk.flip_bit(&path(7), (4096 + 64 + 3000 + 500) * 8);
    assert_eq!(codes(&disk), (1, vec![Code::PaddingDamaged]));
    disk.flip_bit(&path(7), (4096 + 64 + 3000 + 500) * 8);
    disk.flip_bit(&path(7), (SEGMENT - 1) * 8);
    assert_eq!(codes(&disk), (1, vec![Code::PaddingDamaged]), "also behind the last record of a closed segment");
}

#[test]
fn a_torn_tail_is_a_finding_and_is_left_there() {
    let disk = lived_in();
    disk.flip_bit(&path(12), (3 * 4096 + 4096 + 700) * 8);
    let before = disk.read_file(&path(12));
    assert_eq!(codes(&disk), (1, vec![Code::TornTail]));
    assert_eq!(disk.read_file(&path(12)), before);
}

#[test]
fn several_damages_are_all_named() {
    let disk = SimDisk::new(1);
    drop(filled(&disk, &[3000; 17]));
    disk.flip_bit(&path(1), 9000 * 8);
    disk.flip_bit(&path(12), 9000 * 8);
    let report = verify(&disk).unwrap();
    let places: Vec<_> = report.findings.iter().map(|finding| (finding.code, finding.sequence)).collect();
    assert_eq!(places, [(Code::RecordDamaged, Some(3)), (Code::RecordDamaged, Some(13))]);
    assert_eq!(report.exit(), 4);
}

#[test]
fn what_an_interrupted_cut_left_is_no_damage() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[3000; 14]);
    checkpoint(&opened).unwrap();
    opened.writer.append(batch(99), &[]).unwrap();
    opened.writer.flush().unwrap();
    checkpoint(&opened).unwrap();
    disk.remove_file(&path(7));
    let report = verify(&disk).unwrap();
    let found: Vec<_> = report.findings.iter().map(|finding| (finding.code, finding.path.clone())).collect();
    assert_eq!(found, [(Code::CutLeftover, path(1))]);
}

#[test]
fn the_caller_sees_every_record_and_adds_its_own_findings() {
    let disk = lived_in();
    let mut seen = Vec::new();
    let mut bytes = 0;
    let mut audit = |record: &Record<'_>| {
        seen.push(record.header.sequence);
        let open = record.header.kind == Kind::Batch && record.header.sequence == 9;
        open.then(|| Finding::new(Code::WithoutResult, "log", "attempt 1"))
    };
    let mut pace = |read| bytes += read;
    let mut observer = Observer { audit: &mut audit, pace: &mut pace, is_running: true };
    let report = verify_with(&disk, &mut observer).unwrap();
    assert_eq!(seen, (7..=15).collect::<Vec<u64>>());
    assert_eq!(report.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [Code::WithoutResult]);
    assert!(bytes > 9 * 3000);
}

#[test]
fn an_engine_that_writes_meanwhile_is_not_damage() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[3000; 8]);
    let mut written = 0;
    let mut pace = |_| {
        // Two flushes for each record read, so that proof of durability always lies ahead; then half of one more.
        for _ in 0..2 {
            if written < 40 {
                let at = opened.writer.last().at + 1;
                opened.writer.append(batch(at), &[b"meanwhile"]).unwrap();
                opened.writer.flush().unwrap();
                written += 1;
            }
        }
    };
    let mut observer = Observer { audit: &mut |_| None, pace: &mut pace, is_running: true };
    let report = verify_with(&disk, &mut observer).unwrap();
    assert_eq!(report.findings, []);
    assert!(report.records > 9, "it goes on as far as the segment it knew last: {}", report.records);
    assert_eq!(codes(&disk), (0, vec![]));
}

#[test]
fn half_a_flush_of_a_running_engine_is_no_finding() {
    let disk = lived_in();
    disk.flip_bit(&path(12), (3 * 4096 + 4096 + 700) * 8);
    let mut observer = Observer { audit: &mut |_| None, pace: &mut |_| {}, is_running: true };
    assert_eq!(verify_with(&disk, &mut observer).unwrap().exit(), 0);
    assert_eq!(codes(&disk), (1, vec![Code::TornTail]), "of a stopped one it is");
}

#[test]
fn findings_beyond_the_limit_are_counted() {
    let mut report = Report::default();
    for _ in 0..FINDINGS_MAX + 5 {
        report.add(Finding::new(Code::TornTail, "log", "again"));
    }
    assert_eq!((report.findings.len(), report.unlisted), (1000, 5));
}
