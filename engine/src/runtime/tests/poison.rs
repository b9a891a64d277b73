//! One input that the state machine dies of, at every start, until it is left out.

use wardline_store::{Store, crash_note::CrashNote, record::Flags};

use super::*;
use crate::{operations, runtime::poison::Death};

/// Dies of the input and gives what is on disk then.
fn die_live(inputs: Vec<Input>) -> SimDisk {
    let disk = SimDisk::new(7);
    let rig = rig(&disk);
    rig.submit(vec![event("before")]).unwrap();
    drop(rig.submit(inputs));
    assert_eq!(rig.running.join(), Ended::Poisoned);
    disk.kill()
}

fn die_again(disk: &SimDisk) -> SimDisk {
    let died = try_rig(disk, NOON, false).err().unwrap();
    assert!(matches!(died, Error::Panic { .. }), "{died}");
    disk.kill()
}

pub(super) fn letters(disk: &SimDisk) -> Vec<(u32, Vec<u8>)> {
    let mut opened = Store::open(disk.kill(), &options()).unwrap();
    let mut letters = Vec::new();
    while let Some(record) = opened.suffix.next_record().unwrap() {
        if record.header.flags.has(Flags::DEAD_LETTERS) {
            let found = records::decode_letters(wire::raw_section(record.payload)).unwrap();
            letters.extend(found.into_iter().map(|(input, bytes)| (input, bytes.to_vec())));
        }
    }
    letters
}

fn options() -> Options {
    Options { segment_bytes: 512 << 10, reserve_bytes: 0, ..Options::default() }
}

#[test]
fn an_input_that_killed_twice_is_left_out_and_kept() {
    let disk = die_live(vec![event("good"), event("panic-1"), event("late")]);
    assert_eq!(CrashNote::read(&disk).unwrap().map(|note| (note.input, note.times)), Some((1, 1)));
    let disk = die_again(&disk);
    assert_eq!(CrashNote::read(&disk).unwrap().map(|note| (note.input, note.times)), Some((1, 2)));

    let rig = try_rig(&disk, NOON, false).unwrap();
    let death = rig.running.death().unwrap();
    assert_eq!((death.input, death.times, death.is_excluded), (Some(1), 2, true));
    assert_eq!(rig.received(), 4, "the event before, the two around the poison, and the dead letter");
    assert_eq!(rig.engine.status().excluded(), 1);
    assert!(rig.engine.metrics().text().contains("wardline_excluded_inputs 1\n"));
    rig.submit(vec![event("after")]).unwrap();
    let kept = letters(&disk);
    assert_eq!(kept.len(), 1);
    assert!(String::from_utf8_lossy(&kept[0].1).contains("\"event_id\":\"panic-1\""));
    assert_eq!(rig.stop(), Ended::Cleanly);
}

#[test]
fn what_was_left_out_stays_out_over_every_later_start() {
    let disk = die_again(&die_live(vec![event("panic-1")]));
    // The start that leaves it out is killed before operations were told: the next says the same and writes it once.
    for _ in 0..2 {
        let rig = try_rig(&disk, NOON, false).unwrap();
        assert!(rig.running.death().is_some_and(|death| death.is_excluded));
        assert_eq!(rig.received(), 2, "the event before and one dead letter, not two");
        assert_eq!(rig.stop(), Ended::Cleanly);
    }
    CrashNote::clear(&disk).unwrap();
    let rig = try_rig(&disk, NOON, false).unwrap();
    assert_eq!((rig.running.death(), rig.received()), (None, 2));
}

#[test]
fn two_poisons_in_one_batch_are_left_out_one_after_the_other() {
    let disk = die_live(vec![event("panic-1"), event("good"), event("panic-2")]);
    let disk = die_again(&disk);
    let disk = die_again(&disk);
    let disk = die_again(&disk);
    let rig = try_rig(&disk, NOON, false).unwrap();
    assert_eq!(rig.engine.status().excluded(), 2);
    assert_eq!(rig.received(), 4);
}

#[test]
fn the_bytes_of_a_poison_that_came_with_bytes_are_the_ones_that_came() {
    let disk = SimDisk::new(7);
    let rig = rig(&disk);
    let parcel =
        Parcel { letters: vec![(1, b"{broken".to_vec())], ..Parcel::control(vec![event("a"), event("panic-1")]) };
    drop(rig.tokio.block_on(rig.engine.submit(Lane::Control, parcel)));
    assert_eq!(rig.running.join(), Ended::Poisoned);
    let disk = die_again(&disk.kill());
    drop(try_rig(&disk, NOON, false).unwrap());
    let kept: Vec<Vec<u8>> = letters(&disk).into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(kept, [b"{broken".to_vec(), b"{broken".to_vec()], "as it came, and as it was left out");
}

#[test]
fn operations_hear_of_it_once_per_channel_with_one_key() {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (heard_by, heard) = blocking::channel();
    let sinks = Sinks::all_through(Arc::new(Pager { heard: Mutex::new(heard_by), is_mute: false }));
    let death = Death { sequence: 4_711, input: Some(3), times: 2, is_excluded: true };
    let taken = tokio.block_on(operations::page(&sinks, death, NOON));
    assert_eq!(tokio.block_on(operations::page(&sinks, death, NOON)), taken);
    drop(sinks);
    let messages: Vec<Outgoing> = heard.iter().collect();
    assert!(taken >= 2 && messages.len() == taken, "{taken}: what was taken is not said again");
    let keys: std::collections::BTreeSet<&str> = messages.iter().map(|message| message.key.as_str()).collect();
    assert_eq!(keys.len(), taken, "one key for each channel");
    assert!(messages[0].text.starts_with("WL1240 Wardline stopped twice at input 3 of record 4711"));
}
