//! Checkpoint: half of one never counts, a changed one is known, and there is always something to fall back to.

use super::*;
use crate::disk::sim::{Fault, Injection};
use crate::disk::{Call, SimDisk};
use crate::log::tests::{filled, open, options, records};
use crate::log::{CutBounds, cut};
use crate::store::{Opened, Store};

pub(crate) const STATE: [(&str, &[u8]); 3] = [("reports", b"slab and slab"), ("alerts", b""), ("ward", b"rule text")];

pub(crate) fn summary(opened: &Opened<SimDisk>) -> Summary {
    Summary { epoch: opened.epoch, position: opened.writer.durable(), logic_version: 3, ward: [9; 32] }
}

/// Writes a checkpoint at the last durable record.
pub(crate) fn checkpoint(opened: &Opened<SimDisk>) -> Result<Mark> {
    let mut writer = opened.checkpoints.begin(summary(opened))?;
    for (name, bytes) in STATE {
        writer.section(name, bytes.chunks(4))?;
    }
    writer.finish()
}

/// Two checkpoints, at records 4 and 8, and records behind them.
fn two_generations() -> SimDisk {
    let disk = SimDisk::new(1);
    let opened = filled(&disk, &[3000; 3]);
    checkpoint(&opened).unwrap();
    drop(opened);
    let opened = filled(&disk, &[3000; 3]);
    assert_eq!(checkpoint(&opened).unwrap().sequence, 8);
    drop(opened);
    drop(filled(&disk, &[3000; 2]));
    disk.kill()
}

const OLDER: &str = "ckpt/p000/00000000000000000004.ckpt";
const NEWER: &str = "ckpt/p000/00000000000000000008.ckpt";

fn begins_at(opened: &mut Opened<SimDisk>) -> (Option<u64>, u64) {
    let checkpoint = opened.checkpoint.as_ref().map(|reader| reader.header().summary.position.sequence);
    (checkpoint, records(opened).first().map_or(0, |(sequence, ..)| *sequence))
}

#[test]
fn sections_come_back_and_the_replay_begins_behind_them() {
    let mut opened = open(&two_generations());
    let reader = opened.checkpoint.as_ref().unwrap();
    for (name, bytes) in STATE {
        assert_eq!(reader.section(name).unwrap().read_all().unwrap(), bytes);
    }
    assert!(reader.section("none").is_none());
    assert_eq!(reader.header().summary.logic_version, 3);
    assert_eq!(begins_at(&mut opened), (Some(8), 9));
    assert!(opened.findings.is_empty());
}

#[test]
fn the_state_hash_is_that_of_the_section_hashes_in_order() {
    let disk = SimDisk::new(1);
    let opened = filled(&disk, &[1]);
    let mark = checkpoint(&opened).unwrap();
    let hashes: Vec<u8> = STATE.iter().flat_map(|(_, bytes)| *blake3::hash(bytes).as_bytes()).collect();
    assert_eq!(mark.state_hash, *blake3::hash(&hashes).as_bytes());
    assert_eq!(Mark::decode(&mark.encode()), Some(mark));
    assert_eq!(Mark::decode(&[0; 39]), None);
}

#[test]
fn fixed_fields_stand_where_the_drawing_says() {
    let disk = SimDisk::new(1);
    let opened = filled(&disk, &[1]);
    let mark = checkpoint(&opened).unwrap();
    let bytes = disk.read_file("ckpt/p000/00000000000000000002.ckpt").unwrap();
    assert_eq!(&bytes[..12], b"WARDCKP1\x01\0\0\x20");
    assert_eq!(bytes[12..28], [7; 16], "instance");
    assert_eq!(bytes[36..44], 2u64.to_le_bytes(), "last sequence");
    assert_eq!(bytes[44..60], opened.writer.durable().chain.0);
    assert_eq!(bytes[68..72], 3u32.to_le_bytes(), "logic version");
    assert_eq!(bytes[72..104], [9; 32], "ward");
    assert_eq!(bytes[104..136], mark.state_hash);
    assert_eq!(bytes[136..140], 3u32.to_le_bytes(), "sections");
    assert_eq!(&bytes[140..148], b"reports\0");
    assert_eq!(&bytes[8192..], [b"slab and slabrule text".as_slice(), &bytes[8192 + 22..]].concat());
    let total = 8192 + 22 + 40;
    assert_eq!((bytes.len(), &bytes[8192 + 22..8192 + 30]), (total, (total as u64).to_le_bytes().as_slice()));
}

#[test]
fn nothing_has_the_name_before_it_was_synced_and_read_back() {
    let disk = SimDisk::new(1);
    let opened = filled(&disk, &[1]);
    let from = disk.operations().len();
    checkpoint(&opened).unwrap();
    let calls: Vec<_> = disk.operations()[from..]
        .iter()
        .map(|operation| operation.call)
        .filter(|call| !matches!(call, Call::Unlink | Call::Length))
        .collect();
    use Call::{Create, DropCache, Fsync, Open, Pread, Pwrite, Rename, SyncDirectory};
    // Body, header; then header, the two sections that have bytes, footer read back.
    assert_eq!(
        calls,
        [Create, Pwrite, Pwrite, Fsync, DropCache, Open, Pread, Pread, Pread, Pread, Rename, SyncDirectory]
    );
}

#[test]
fn whichever_call_fails_the_older_checkpoint_or_the_new_one_is_there_whole() {
    let base = SimDisk::new(1);
    let opened = filled(&base, &[100]);
    checkpoint(&opened).unwrap();
    drop(opened);
    drop(filled(&base, &[100]));
    let mut outcomes = [0, 0];
    for nth in 1..16 {
        for fault in
            [Fault::Eio, Fault::Enospc, Fault::Eintr, Fault::Short(9), Fault::Misdirected(512), Fault::PowerOff]
        {
            let disk = base.fork().kill();
            let opened = open(&disk);
            disk.inject(Injection { call: None, nth, fault });
            let written = checkpoint(&opened).is_ok();
            drop(opened);
            for left in [disk.kill(), disk.crash(nth)] {
                let mut again = open(&left);
                let (found, next) = begins_at(&mut again);
                assert!(found == Some(2) || found == Some(4), "call {nth}, {fault:?}: {found:?}");
                assert!(!written || found == Some(4), "what was published is there");
                assert!(next == 0 || next == found.unwrap() + 1);
                outcomes[usize::from(written)] += 1;
            }
        }
    }
    assert!(outcomes[0] > 50 && outcomes[1] > 20, "{outcomes:?}");
}

#[test]
fn a_write_that_landed_elsewhere_is_noticed_before_it_has_a_name() {
    let disk = SimDisk::new(1);
    let opened = filled(&disk, &[1]);
    disk.inject(Injection { call: Some(Call::Pwrite), nth: 1, fault: Fault::Misdirected(4096) });
    assert_eq!(checkpoint(&opened).unwrap_err().code(), Code::CheckpointRefused);
    assert!(opened.checkpoints.generations().unwrap().is_empty());
}

#[test]
fn every_changed_bit_is_found() {
    let disk = SimDisk::new(1);
    let opened = filled(&disk, &[1]);
    checkpoint(&opened).unwrap();
    let path = "ckpt/p000/00000000000000000002.ckpt";
    let bits = disk.read_file(path).unwrap().len() as u64 * 8;
    let generation = opened.checkpoints.generations().unwrap().remove(0);
    for bit in 0..bits {
        disk.flip_bit(path, bit);
        let outcome = opened.checkpoints.open(&generation).and_then(|reader| reader.check_all());
        assert_eq!(outcome.map_err(|error| error.code()), Err(Code::CheckpointDamaged), "bit {bit}");
        disk.flip_bit(path, bit);
    }
}

#[test]
fn a_damaged_newest_gives_way_to_the_older_and_a_longer_replay() {
    let disk = two_generations();
    disk.flip_bit(NEWER, 8200 * 8);
    let mut opened = open(&disk);
    assert_eq!(begins_at(&mut opened), (Some(4), 5));
    let codes: Vec<_> = opened.findings.iter().map(|finding| (finding.code, finding.path.as_str())).collect();
    assert_eq!(codes, [(Code::CheckpointDamaged, NEWER)]);
}

#[test]
fn without_a_sound_one_the_state_begins_empty_if_the_log_begins_at_one() {
    let disk = two_generations();
    disk.flip_bit(NEWER, 100);
    disk.remove_file(OLDER);
    assert_eq!(begins_at(&mut open(&disk)), (None, 1));
}

#[test]
fn without_a_sound_one_and_with_a_cut_log_the_store_halts() {
    let disk = two_generations();
    let bounds = CutBounds { checkpoint: 8, archive: 8 };
    let identity = open(&disk).identity;
    assert_eq!(cut(&disk, identity, bounds).unwrap().segments, 1);
    assert_eq!(begins_at(&mut open(&disk)), (Some(8), 9), "the cut itself is harmless");
    disk.flip_bit(NEWER, 100);
    disk.remove_file(OLDER);
    let refused = Store::open(disk, &options()).unwrap_err();
    assert_eq!((refused.code(), refused.exit().number()), (Code::NoCheckpoint, 4));
}

#[test]
fn the_cut_leaves_both_generations_something_to_replay() {
    let disk = two_generations();
    let opened = open(&disk);
    let checkpoint = opened.checkpoints.cut_bound().unwrap().unwrap();
    assert_eq!(checkpoint, 4);
    let bounds = CutBounds { checkpoint, archive: u64::MAX };
    cut(&disk, opened.identity, bounds).unwrap();
    drop(opened);
    disk.flip_bit(NEWER, 100);
    assert_eq!(begins_at(&mut open(&disk)), (Some(4), 5));
}

#[test]
fn a_checkpoint_of_another_history_is_not_used() {
    let disk = two_generations();
    let other = SimDisk::new(1);
    let opened = filled(&other, &[2999; 7]);
    checkpoint(&opened).unwrap();
    disk.write_file(NEWER, &other.read_file(NEWER).unwrap());
    let mut opened = open(&disk);
    assert_eq!(begins_at(&mut opened), (Some(4), 5));
    assert_eq!(opened.findings[0].code, Code::CheckpointForeign);
}

#[test]
fn a_checkpoint_ahead_of_the_log_means_that_the_log_lost_records() {
    let disk = two_generations();
    let path = "ckpt/p000/00000000000000000008.ckpt";
    let log = "log/p000/00000000000000000008.wlog";
    let bytes = disk.read_file(log).unwrap();
    assert!(disk.read_file(path).is_some());
    disk.write_file(log, &[&bytes[..4096], &vec![0; bytes.len() - 4096]].concat());
    let refused = Store::open(disk, &options()).unwrap_err();
    assert_eq!(refused.code(), Code::RecordDamaged, "{refused}");
}

#[test]
fn the_third_generation_is_retired() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[1]);
    assert_eq!(opened.checkpoints.cut_bound().unwrap(), None);
    for at in 10..13 {
        checkpoint(&opened).unwrap();
        opened.writer.append(crate::log::tests::batch(at), &[]).unwrap();
        opened.writer.flush().unwrap();
    }
    assert_eq!(opened.checkpoints.retire().unwrap(), 1);
    let left: Vec<_> =
        opened.checkpoints.generations().unwrap().into_iter().map(|generation| generation.sequence).collect();
    assert_eq!(left, [4, 3]);
    assert_eq!(opened.checkpoints.cut_bound().unwrap(), Some(3));
}

#[test]
fn misuse_is_refused() {
    let disk = SimDisk::new(1);
    let opened = filled(&disk, &[1]);
    let mut writer = opened.checkpoints.begin(summary(&opened)).unwrap();
    assert!(matches!(writer.write_chunk(b"x"), Err(Error::NoSection)));
    writer.begin_section("a").unwrap();
    for name in ["a", "", "a name of more than thirty-two bytes"] {
        assert!(matches!(writer.begin_section(name), Err(Error::BadName { name: refused }) if refused == name));
    }
    for number in 1..64 {
        writer.begin_section(&format!("s{number}")).unwrap();
    }
    assert!(matches!(writer.begin_section("one more"), Err(Error::TooManySections { limit: 64 })));
    writer.finish().unwrap();
}

#[test]
fn large_sections_are_written_and_read_in_pieces() {
    let disk = SimDisk::new(1);
    let opened = filled(&disk, &[1]);
    let mut writer = opened.checkpoints.begin(summary(&opened)).unwrap();
    let large: Vec<u8> = (0..3_000_000u32).map(|number| (number % 251) as u8).collect();
    writer.section("large", large.chunks(65_536)).unwrap();
    writer.section("small", [b"end".as_slice()]).unwrap();
    assert_eq!(writer.bytes(), 8192 + 3_000_003);
    writer.finish().unwrap();
    drop(opened);
    let again = open(&disk.crash(4));
    let reader = again.checkpoint.as_ref().unwrap();
    assert_eq!(reader.section("large").unwrap().read_all().unwrap(), large);
    assert_eq!(reader.section("small").unwrap().length(), 3);
}
