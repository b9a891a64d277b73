//! Faults: what each failing call and each changed bit leads to.

use super::*;
use crate::codes::Exit;
use crate::disk::Call;
use crate::disk::sim::{Fault, Injection};

/// Opens and writes until something fails; gives the last position known durable, and how it ended.
fn life(disk: &SimDisk, rounds: u64) -> (u64, Option<String>) {
    let mut opened = match Store::open(disk.clone(), &options()) {
        Ok(opened) => opened,
        Err(error) => return (0, Some(error.to_string())),
    };
    let mut durable = opened.writer.durable().sequence;
    let outcome = write(&mut opened.writer, rounds, &mut durable);
    (durable, outcome.err().map(|error| error.to_string()))
}

fn write(log: &mut LogWriter<SimDisk>, rounds: u64, durable: &mut u64) -> Result<()> {
    log.append(Entry::new(Kind::Open, log.last().at), &[b"opened"])?;
    for _ in 0..rounds {
        let last = log.last();
        log.append(batch(last.at + 1), &[&payload(last.sequence + 1, 2500)])?;
        *durable = log.flush()?.sequence;
        log.prepare()?;
    }
    Ok(())
}

/// Every batch found carries the payload its number demands.
fn assert_sound(opened: &mut Opened<SimDisk>) -> u64 {
    let found = records(opened);
    for (index, (sequence, kind, bytes)) in found.iter().enumerate() {
        assert_eq!(*sequence, index as u64 + 1);
        match kind {
            Kind::Batch => assert_eq!(*bytes, payload(*sequence, 2500)),
            _ => assert_eq!(bytes, b"opened"),
        }
    }
    found.len() as u64
}

#[test]
fn whichever_call_fails_nothing_acknowledged_is_lost() {
    let clean = SimDisk::new(1);
    let (all, outcome) = life(&clean, 8);
    assert_eq!((all, outcome), (9, None));
    let calls = clean.calls();
    let mut survived = 0;
    for nth in 1..=calls {
        for fault in [Fault::Eio, Fault::Enospc, Fault::Eintr, Fault::Short(100), Fault::PowerOff] {
            let disk = SimDisk::new(nth);
            disk.inject(Injection { call: None, nth, fault });
            let (durable, outcome) = life(&disk, 8);
            survived += u64::from(outcome.is_none());
            for next in [disk.kill(), disk.crash(nth)] {
                let mut opened = open(&next);
                let found = assert_sound(&mut opened);
                assert!(found >= durable, "call {nth}, {fault:?}: {durable} durable, {found} found; {outcome:?}");
                drop(opened);
                let (durable, outcome) = life(&next, 8);
                assert_eq!(outcome, None, "and the next life is a normal one");
                let found = assert_sound(&mut open(&next.crash(nth + 1)));
                assert_eq!(found, durable, "on ground that holds: call {nth}, {fault:?}");
            }
        }
    }
    assert!(survived > calls, "short writes and interruptions are mostly continued: {survived} of {}", calls * 5);
}

#[test]
fn every_state_of_three_open_operations_recovers() {
    let clean = SimDisk::new(1);
    life(&clean, 30);
    let mut states = 0;
    for nth in 1..=clean.calls() {
        let disk = SimDisk::new(1);
        disk.inject(Injection { call: None, nth, fault: Fault::PowerOff });
        let (durable, _) = life(&disk, 30);
        for state in disk.crash_states(3) {
            states += 1;
            let found = assert_sound(&mut open(&state));
            assert!(found >= durable, "call {nth}: {durable} durable, {found} found");
        }
    }
    assert!(states > 600, "{states} states of {} calls", clean.calls());
}

#[test]
fn a_failed_sync_closes_the_log_and_is_never_repeated() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[100]);
    disk.inject(Injection { call: Some(Call::Fdatasync), nth: 1, fault: Fault::Eio });
    opened.writer.append(batch(50), &[b"lost"]).unwrap();
    assert!(matches!(opened.writer.flush(), Err(Error::Disk(_))));
    let calls = disk.calls();
    assert!(matches!(opened.writer.flush(), Err(Error::Poisoned)));
    assert!(matches!(opened.writer.append(batch(51), &[]), Err(Error::Poisoned)));
    assert_eq!(disk.calls(), calls, "no call follows");
    assert_eq!(opened.writer.durable().sequence, 2);
}

#[test]
fn what_only_the_cache_holds_is_written_again_before_it_is_given_out() {
    // Once within a segment, once as the first of a new one, whose header shares its fate.
    for (sizes, first) in [([100].as_slice(), 1), (&[3000; 5], 7)] {
        (0..50).for_each(|seed| give_out_what_the_cache_holds(sizes, first, seed));
    }
}

fn give_out_what_the_cache_holds(sizes: &[usize], first: u64, seed: u64) {
    let disk = SimDisk::new(seed);
    let mut opened = filled(&disk, sizes);
    let all = sizes.len() + 2;
    opened.writer.append(batch(50), &[&payload(3, 9000)]).unwrap();
    disk.inject(Injection { call: Some(Call::Fdatasync), nth: 1, fault: Fault::Eio });
    assert!(opened.writer.flush().is_err());
    // The cache still shows the last record whole and clean; the disk may hold any part of it.
    let next = disk.kill();
    let mut again = open(&next);
    assert_eq!(records(&mut again).len(), all);
    assert!(again.rewritten >= 1);
    assert!(disk.read_file(&format!("log/p000/{first:020}.wlog")).is_some());
    let after = records(&mut open(&next.crash(seed))).len();
    assert_eq!(after, all, "what was given out survives the power failing");
}

/// A log of three segments whose every flush but the last is proven.
fn three_segments() -> SimDisk {
    let disk = SimDisk::new(1);
    drop(filled(&disk, &[3000; 12]));
    disk.kill()
}

#[test]
fn damage_below_the_floor_halts_names_the_place_and_changes_nothing() {
    let disk = three_segments();
    for (path, byte, sequence) in [
        ("00000000000000000001", 4096 + 20, 1),
        ("00000000000000000001", 8192 + 100, 3),
        ("00000000000000000007", 4096 + 1, 7),
    ] {
        let damaged = disk.fork();
        let path = format!("log/p000/{path}.wlog");
        damaged.flip_bit(&path, byte * 8);
        let before = damaged.read_file(&path);
        match Store::open(damaged.clone(), &options()) {
            Err(store::Error::Refused(finding)) => {
                assert_eq!((finding.code, finding.exit()), (Code::RecordDamaged, Exit::Damage), "{finding}");
                assert_eq!((finding.path.as_str(), finding.sequence), (path.as_str(), Some(sequence)));
            }
            other => panic!("opened over damage: {other:?}"),
        }
        assert_eq!(damaged.read_file(&path), before);
    }
}

#[test]
fn a_torn_last_flush_is_cleared_and_said() {
    let disk = three_segments();
    let last = "log/p000/00000000000000000012.wlog";
    // Records 12 and 13, a block each; 13 is the last and nothing proves it.
    disk.flip_bit(last, (8192 + 500) * 8);
    let mut opened = open(&disk);
    assert_eq!(opened.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [Code::TornTail]);
    assert_eq!(records(&mut opened).len(), 12);
    drop(opened);
    assert!(disk.read_file(last).unwrap()[8192..].iter().all(|&byte| byte == 0));
    assert!(open(&disk.crash(1)).findings.is_empty());
}

#[test]
fn a_later_valid_record_behind_the_break_is_no_proof_by_itself() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[3000]);
    for at in 10..13 {
        opened.writer.append(batch(at), &[&payload(at, 3000)]).unwrap();
    }
    opened.writer.flush().unwrap();
    // The first block of the last flush did not reach the disk, the others did.
    let path = "log/p000/00000000000000000001.wlog";
    let mut bytes = disk.read_file(path).unwrap();
    bytes[8192..8192 + 512].fill(0);
    disk.write_file(path, &bytes);
    let mut again = open(&disk.kill());
    assert_eq!(records(&mut again).len(), 2, "none of that flush was acknowledged");
    assert_eq!(again.findings[0].code, Code::TornTail);
}

#[test]
fn missing_doubled_swapped_and_foreign_segments_are_named() {
    let disk = three_segments();
    let path = |first: u64| format!("log/p000/{first:020}.wlog");
    let code = |change: &dyn Fn(&SimDisk)| {
        let fork = disk.fork();
        change(&fork);
        Store::open(fork, &options()).unwrap_err().code()
    };
    assert_eq!(code(&|disk| disk.remove_file(&path(7))), Code::SegmentMissing);
    assert_eq!(code(&|disk| disk.remove_file(&path(1))), Code::NoCheckpoint);
    let copy = |disk: &SimDisk, from: u64, to: u64| disk.write_file(&path(to), &disk.read_file(&path(from)).unwrap());
    assert_eq!(code(&|disk| copy(disk, 7, 99)), Code::SegmentMissing);
    assert_eq!(code(&|disk| copy(disk, 1, 7)), Code::SegmentMissing);
    assert_eq!(code(&|disk| disk.write_file(&path(7), &[0; 24 << 10])), Code::SegmentDamaged);
    assert_eq!(
        code(&|disk| disk.write_file(&path(7), &disk.read_file(&path(7)).unwrap()[..9000])),
        Code::SegmentMissing
    );
    let other = SimDisk::new(2);
    let foreign = Options { new_instance: [8; 16], ..options() };
    let mut log = Store::open(other.clone(), &foreign).unwrap().writer;
    log.append(Entry::new(Kind::Open, 0), &[]).unwrap();
    log.flush().unwrap();
    assert_eq!(code(&|disk| disk.write_file(&path(12), &other.read_file(&path(1)).unwrap())), Code::SegmentMissing);
}

#[test]
fn a_sound_record_of_another_history_breaks_the_chain() {
    let path = "log/p000/00000000000000000001.wlog";
    let [ours, theirs] = [1, 2].map(|content| {
        let disk = SimDisk::new(1);
        let mut opened = filled(&disk, &[100]);
        for at in 10..13 {
            opened.writer.append(batch(at), &[&[content; 50]]).unwrap();
            opened.writer.flush().unwrap();
        }
        drop(opened);
        disk
    });
    // Block 2 holds record 3 of either history: same place, same number, same hash before it.
    let mut bytes = ours.read_file(path).unwrap();
    bytes[8192..12288].copy_from_slice(&theirs.read_file(path).unwrap()[8192..12288]);
    ours.write_file(path, &bytes);
    match Store::open(ours, &options()) {
        Err(store::Error::Refused(finding)) => {
            assert_eq!((finding.code, finding.sequence), (Code::RecordDamaged, Some(4)));
        }
        other => panic!("two histories in one: {other:?}"),
    }
}

#[test]
fn a_sound_segment_of_another_history_is_not_entered() {
    let [ours, theirs] = [3000, 2999].map(|length| {
        let disk = SimDisk::new(1);
        drop(filled(&disk, &[length; 11]));
        disk
    });
    // In the middle, and as the last with one record in it: nothing but its header tells.
    for first in [7, 12] {
        let path = format!("log/p000/{first:020}.wlog");
        let disk = ours.kill();
        disk.write_file(&path, &theirs.read_file(&path).unwrap());
        match Store::open(disk.clone(), &options()) {
            Err(store::Error::Refused(finding)) => {
                assert_eq!((finding.code, &finding.path), (Code::SegmentMissing, &path));
            }
            other => panic!("two histories in one: {other:?}"),
        }
        assert_eq!(disk.read_file(&path), theirs.read_file(&path), "and it is not cleared");
    }
}

#[test]
fn a_damaged_header_halts_even_far_behind_the_checkpoint() {
    let disk = SimDisk::new(1);
    let opened = filled(&disk, &[3000; 12]);
    crate::checkpoint::tests::checkpoint(&opened).unwrap();
    drop(opened);
    disk.flip_bit("log/p000/00000000000000000001.wlog", 300);
    let refused = Store::open(disk, &options()).unwrap_err();
    assert_eq!(refused.code(), Code::SegmentDamaged, "{refused}");
}

#[test]
fn the_loss_of_the_newest_segment_is_noticed() {
    let disk = SimDisk::new(1);
    let opened = filled(&disk, &[3000; 12]);
    opened.ownership.note_newest_segment(opened.writer.newest_segment()).unwrap();
    drop(opened);
    disk.remove_file("log/p000/00000000000000000012.wlog");
    let refused = Store::open(disk, &options()).unwrap_err();
    assert_eq!(refused.code(), Code::SegmentMissing);
    assert!(refused.to_string().contains("00000000000000000012.wlog"), "{refused}");
}

#[test]
fn every_changed_bit_of_a_small_log_is_found_or_lies_in_padding() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[40]);
    opened.writer.append(Entry::new(Kind::Access, 9), &[b"who"]).unwrap();
    opened.writer.flush().unwrap();
    opened.writer.append(Entry::new(Kind::Close, 9), &[]).unwrap();
    opened.writer.flush().unwrap();
    drop(opened);
    let disk = disk.kill();
    let expected = records(&mut open(&disk.fork()));
    let path = "log/p000/00000000000000000001.wlog";
    let (mut halted, mut torn, mut padding) = (0, 0, 0);
    // Segment header, open and batch in one block, access, close; then zeros to the end.
    for bit in 0..(4 * 4096 + 64) * 8 {
        let damaged = disk.fork();
        damaged.flip_bit(path, bit);
        match Store::open(damaged, &options()) {
            Err(error) => {
                assert!(matches!(error.code(), Code::RecordDamaged | Code::SegmentDamaged), "bit {bit}: {error}");
                halted += 1;
            }
            Ok(mut opened) if opened.findings.is_empty() => {
                assert_eq!(records(&mut opened), expected, "bit {bit} was read");
                padding += 1;
            }
            Ok(mut opened) => {
                assert_eq!(opened.findings[0].code, Code::TornTail);
                assert_eq!(records(&mut opened)[..], expected[..opened_len(&expected, bit)], "bit {bit}");
                torn += 1;
            }
        }
    }
    // The header and the records of the two proven flushes halt; padding of the last block and beyond reads as torn.
    assert_eq!(halted, (4096 + (64 + 6) + (64 + 40) + (64 + 3)) * 8);
    assert_eq!(padding, (2 + 4096 - 72 - 104 + 4096 - 67) * 8);
    assert_eq!(torn, (4096 + 64) * 8);
}

/// A changed bit in the last record loses it; one behind it loses nothing.
fn opened_len(expected: &[(u64, Kind, Vec<u8>)], bit: u64) -> usize {
    let in_last = bit < (3 * 4096 + 64) * 8;
    expected.len() - usize::from(in_last)
}

#[test]
fn a_last_record_that_breaks_a_rule_is_not_applied_although_its_checksums_fit() {
    let disk = SimDisk::new(1);
    drop(filled(&disk, &[100; 3]));
    let path = "log/p000/00000000000000000001.wlog";
    // Record 4, alone in the block at 12,288: log time 3, floor 3, epoch 1.
    let with = |offset: usize, field: &[u8]| {
        let fork = disk.kill();
        let mut bytes = fork.read_file(path).unwrap();
        bytes[12_288 + offset..12_288 + offset + field.len()].copy_from_slice(field);
        let mut covered = [7; 16].to_vec();
        covered.extend_from_slice(&1u64.to_le_bytes());
        covered.extend_from_slice(&bytes[12_288..12_288 + 60]);
        bytes[12_288 + 60..12_288 + 64].copy_from_slice(&crc32c::crc32c(&covered).to_le_bytes());
        fork.write_file(path, &bytes);
        match Store::open(fork, &options()) {
            Ok(mut opened) => (records(&mut opened).len(), opened.findings.first().map(|finding| finding.code)),
            Err(error) => (0, Some(error.code())),
        }
    };
    assert_eq!(with(24, &3u64.to_le_bytes()), (4, None), "as it was");
    assert_eq!(with(24, &4u64.to_le_bytes()), (4, None), "a later time is as good");
    let torn = (3, Some(Code::TornTail));
    assert_eq!(with(24, &1u64.to_le_bytes()), torn, "log time falls");
    assert_eq!(with(24, &2u64.to_le_bytes()), torn, "a batch repeats a log time");
    assert_eq!(with(32, &1u64.to_le_bytes()), torn, "the floor falls");
    assert_eq!(with(40, &0u32.to_le_bytes()), torn, "the epoch falls");
    assert_eq!(with(40, &2u32.to_le_bytes()), torn, "an epoch begins with another record than `open`");
    assert_eq!(with(16, &5u64.to_le_bytes()), torn, "a number is left out");
    assert_eq!(with(44, &[0; 16]), torn, "it names another hash");
    let damaged = (0, Some(Code::RecordDamaged));
    assert_eq!(with(32, &4u64.to_le_bytes()), damaged, "no record can know itself to be durable");
}

#[test]
fn a_segment_that_was_begun_proves_the_end_of_the_one_before() {
    let disk = SimDisk::new(1);
    drop(filled(&disk, &[3000; 5]));
    let disk = disk.kill();
    // The roll got as far as the name; record 6 in the last block of the segment before is gone.
    disk.write_file("log/p000/00000000000000000007.wlog", &[0; 24 << 10]);
    assert_eq!(open(&disk.fork()).writer.last().sequence, 6, "so far all is well");
    let path = "log/p000/00000000000000000001.wlog";
    let mut bytes = disk.read_file(path).unwrap();
    bytes[20 << 10..].fill(0);
    disk.write_file(path, &bytes);
    let refused = Store::open(disk, &options()).unwrap_err();
    assert_eq!(refused.exit(), Exit::Damage, "{refused}");
}
