//! Repair: exactly the named loss is given up, all else comes back, and a crash changes nothing.

use super::*;
use crate::disk::SimDisk;
use crate::disk::sim::{Fault, Injection};
use crate::log::Entry;
use crate::log::tests::{batch, filled, open, options, records};
use crate::store::Store;
use crate::verify::verify;

fn path(first: u64) -> String {
    format!("log/p000/{first:020}.wlog")
}

/// Segments that begin with records 1, 7, 12 and 17.
fn four_segments() -> SimDisk {
    let disk = SimDisk::new(1);
    drop(filled(&disk, &[3000; 17]));
    disk.kill()
}

fn accept(disk: &SimDisk, first: u64, last: u64) -> Result<Loss, Error> {
    accept_loss(disk, &Owner::default(), first, last)
}

fn sequences(disk: &SimDisk) -> Vec<u64> {
    records(&mut open(disk)).into_iter().map(|(sequence, ..)| sequence).collect()
}

#[test]
fn a_loss_within_a_segment_is_bridged_to_the_next() {
    let disk = four_segments();
    let whole = disk.read_file(&path(7)).unwrap();
    disk.flip_bit(&path(7), 9000 * 8);
    let damaged = disk.read_file(&path(7)).unwrap();
    assert!(matches!(accept(&disk, 8, 9), Err(Error::OtherRange { first: 8, last: 11 })));
    assert_eq!(disk.read_file(&path(7)), Some(damaged.clone()), "and nothing was done");
    let loss = accept(&disk, 8, 11).unwrap();
    assert_eq!(loss.quarantined, ["quarantine/00000000000000000007.wlog"]);
    assert_eq!(disk.read_file(&loss.quarantined[0]), Some(damaged));
    assert_ne!(disk.read_file(&path(7)), Some(whole));
    assert_eq!(sequences(&disk), [1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 16, 17, 18], "8 is the gap record");
    assert_eq!(verify(&disk).unwrap().exit(), 0);
}

#[test]
fn a_segment_that_is_gone_is_replaced_by_a_gap_behind_the_one_before() {
    let disk = four_segments();
    disk.remove_file(&path(7));
    let kept = disk.read_file(&path(1));
    let loss = accept(&disk, 7, 11).unwrap();
    assert_eq!(loss.quarantined, ["quarantine/00000000000000000001.wlog"], "as it was before the gap record");
    assert_eq!(disk.read_file(&loss.quarantined[0]), kept);
    assert_eq!(sequences(&disk), [1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 16, 17, 18]);
}

#[test]
fn a_full_segment_is_followed_by_one_that_holds_the_gap_alone() {
    let disk = SimDisk::new(1);
    // Record 6 takes 4,064 bytes of the last block: too few are left for a gap record of 88.
    drop(filled(&disk, &[3000, 3000, 3000, 3000, 4000, 3000, 3000, 3000, 3000, 3000, 3000]));
    let disk = disk.kill();
    let first: Vec<u64> = (1..20).filter(|first| disk.read_file(&path(*first)).is_some()).collect();
    assert_eq!(first, [1, 7, 12]);
    disk.write_file(&path(7), &[0; 24 << 10]);
    let loss = accept(&disk, 7, 11).unwrap();
    assert_eq!(loss.quarantined, ["quarantine/00000000000000000007.wlog"]);
    assert_eq!(sequences(&disk), [1, 2, 3, 4, 5, 6, 7, 12]);
    assert_eq!(verify(&disk).unwrap().exit(), 0);
}

#[test]
fn a_lost_end_is_given_up_as_far_as_it_had_been_durable() {
    let disk = four_segments();
    disk.flip_bit(&path(12), 5000 * 8);
    disk.remove_file(&path(17));
    // Record 16 says that 15 was durable; whether 16 was acknowledged nothing tells.
    let lost = accept(&disk, 12, 99);
    assert!(matches!(lost, Err(Error::OtherRange { first: 12, last: 15 })), "{lost:?}");
    accept(&disk, 12, 15).unwrap();
    let mut opened = open(&disk);
    assert_eq!(records(&mut opened).last().map(|(sequence, kind, _)| (*sequence, *kind)), Some((12, Kind::Gap)));
    let at = opened.writer.last().at;
    opened.writer.append(Entry::new(Kind::Open, at), &[]).unwrap();
    assert_eq!(opened.writer.append(batch(at + 1), &[b"on"]).unwrap().sequence, 17);
    opened.writer.flush().unwrap();
    drop(opened);
    assert_eq!(sequences(&disk.crash(1)), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 17]);
}

#[test]
fn a_sound_log_gives_nothing_up() {
    assert!(matches!(accept(&four_segments(), 1, 2), Err(Error::NothingLost)));
}

#[test]
fn a_running_engine_refuses_surgery() {
    let disk = SimDisk::new(1);
    let opened = filled(&disk, &[1]);
    assert!(matches!(accept(&disk, 1, 2), Err(Error::Disk(disk::Error::Locked { .. }))));
    drop(opened);
}

#[test]
fn a_crash_in_between_leaves_the_damage_or_the_mended_log() {
    let base = four_segments();
    base.flip_bit(&path(7), 9000 * 8);
    base.flip_bit(&path(12), 20 * 8);
    let clean = base.fork();
    let before = clean.calls();
    accept(&clean, 8, 16).unwrap();
    let expected = [1, 2, 3, 4, 5, 6, 7, 8, 17, 18];
    assert_eq!(sequences(&clean), expected);
    let mut again = 0;
    for nth in 1..=clean.calls() - before {
        let disk = base.fork();
        disk.inject(Injection { call: None, nth, fault: Fault::PowerOff });
        drop(accept(&disk, 8, 16));
        let left = disk.crash(nth);
        if Store::open(left.fork(), &options()).is_err() {
            accept(&left, 8, 16).unwrap();
            again += 1;
        }
        assert_eq!(sequences(&left), expected, "call {nth}");
    }
    assert!(again > 10, "{again}");
}

#[test]
fn g10_an_emptied_or_lost_newest_segment_is_given_up_by_name_and_the_log_goes_on() {
    let sound = four_segments();
    let mut opened = open(&sound);
    let at = opened.writer.last().at;
    opened.writer.append(Entry::new(Kind::Open, at), &[]).unwrap();
    opened.writer.flush().unwrap();
    let newest = opened.writer.newest_segment();
    opened.ownership.note_newest_segment(newest).unwrap();
    drop(opened);
    let last = sequences(&sound.kill()).into_iter().max().unwrap();
    assert!(newest > 1 && newest <= last);
    for is_there in [true, false] {
        let disk = sound.kill();
        if is_there {
            disk.write_file(&path(newest), &[0; 24 << 10]);
        } else {
            disk.remove_file(&path(newest));
        }
        assert_eq!(verify(&disk).unwrap().exit(), 4, "{is_there}");
        // That its first record was durable is all that is known of it.
        accept(&disk, newest, newest).unwrap();
        assert_eq!(verify(&disk).unwrap().exit(), 0, "{is_there}");
        let mut opened = open(&disk);
        assert_eq!(records(&mut opened).last().map(|record| (record.0, record.1)), Some((newest, Kind::Gap)));
        let at = opened.writer.last().at;
        opened.writer.append(Entry::new(Kind::Open, at), &[]).unwrap();
        opened.writer.append(batch(at + 1), &[b"on"]).unwrap();
        opened.writer.flush().unwrap();
        opened.ownership.note_newest_segment(opened.writer.newest_segment()).unwrap();
        drop(opened);
        assert_eq!(sequences(&disk.crash(1)).into_iter().max(), Some(newest + 2), "{is_there}");
    }
}
