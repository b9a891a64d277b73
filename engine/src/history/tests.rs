//! Logs that a running engine wrote, read again beside it and after it.

use wardline_core::{Input, Partition};
use wardline_rules::event::{Event, Fact};
use wardline_store::disk::SimDisk;

mod golden;

use super::*;
use crate::{
    engine::Parcel,
    runtime::{
        admission::Lane,
        tests::{rig_of, script::Script},
    },
};

const NOON: Timestamp = Timestamp::from_micros(1_768_392_000_000_000);

fn unreadable(bytes: &[u8]) -> Parcel {
    let found = wardline_connectors::codec::Unreadable::new(wardline_connectors::codes::Code::NotJson, "", bytes);
    let event = Event::new("lis", "good", Fact::Update);
    let inputs = vec![Input::Event(Box::new(event)), Input::Event(Box::new(found.event("lis")))];
    Parcel { letters: vec![(1, bytes.to_vec())], ..Parcel::control(inputs) }
}

#[test]
fn dead_letters_come_back_byte_for_byte_beside_a_running_engine() {
    let disk = SimDisk::new(7);
    let rig = rig_of::<Script>(&disk, NOON, false).unwrap();
    for bytes in [&b"{first"[..], &b"\x0bMSH|second\xff"[..], &b"{third"[..]] {
        rig.tokio.block_on(rig.engine.submit(Lane::Control, unreadable(bytes))).unwrap();
    }
    let history = History::open(disk.clone()).unwrap();
    let newest = history.newest(u64::MAX, 2).unwrap();
    assert_eq!(newest.iter().map(|letter| letter.size).collect::<Vec<_>>(), [6, 12]);
    assert_eq!((newest[0].reason.as_str(), newest[0].bytes.len()), ("not_json", 0), "a list holds no bytes");
    let second = history.letter(u64::MAX, newest[1].id).unwrap().unwrap();
    assert_eq!(second.bytes, b"\x0bMSH|second\xff");
    assert_eq!(LetterId::parse(&second.id.to_string()), Some(second.id));
    assert_eq!(history.letter(u64::MAX, LetterId { input: 0, ..second.id }).unwrap(), None, "that one was read");
    assert_eq!(history.letter(second.id.sequence - 1, second.id).unwrap(), None, "not yet applied");
}

#[test]
fn a_replay_comes_to_the_states_that_the_marks_name() {
    // Verify 14; of two owners, each with a checkpoint at its end.
    let disk = SimDisk::new(7);
    for round in 0..2 {
        let rig =
            rig_of::<Partition>(&disk, NOON.plus(wardline_rules::time::Span::from_seconds(round)), false).unwrap();
        let event = Event::new("lis", &format!("e{round}"), Fact::Update);
        rig.tokio
            .block_on(rig.engine.submit(Lane::Control, Parcel::control(vec![Input::Event(Box::new(event))])))
            .unwrap();
        assert_eq!(rig.stop(), crate::runtime::log::Ended::Cleanly);
    }
    let history = History::open(disk).unwrap();
    let mut seen = 0;
    let done = history.replay::<Partition>(u64::MAX, |turn| seen += turn.output.events.len()).unwrap();
    assert_eq!((done.from, done.marks, done.differing, seen), (0, 2, vec![], 2));
    assert_eq!(history.survey(u64::MAX).unwrap().marks.len(), 2);
    let mut ids = Vec::new();
    history.events(u64::MAX, |_, event| ids.push(event.event_id.to_string())).unwrap();
    assert_eq!(ids, ["e0", "e1"]);
}

#[test]
fn a_state_that_differs_from_its_mark_is_found() {
    // The script counts what it restores differently from what it wrote: its marks cannot be reproduced by a partition.
    let disk = SimDisk::new(7);
    let rig = rig_of::<Script>(&disk, NOON, false).unwrap();
    rig.tokio.block_on(rig.engine.submit(Lane::Control, unreadable(b"x"))).unwrap();
    assert_eq!(rig.stop(), crate::runtime::log::Ended::Cleanly);
    let done = History::open(disk).unwrap().replay::<Partition>(u64::MAX, |_| {}).unwrap();
    assert_eq!((done.marks, done.differing.len()), (1, 1));
}
