//! Properties: any life of a log, against a plain list.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Deed {
    Append(usize),
    Flush,
    Prepare,
    /// The process dies; the cache survives.
    Kill,
    /// The power fails; the seed decides what survives.
    Crash(u64),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => prop_oneof![0usize..40, 1000usize..9000].prop_map(Deed::Append),
        5 => Just(Deed::Flush),
        1 => Just(Deed::Prepare),
        1 => Just(Deed::Kill),
        2 => any::<u64>().prop_map(Deed::Crash),
    ]
}

/// What was said, in order, and how much of it must survive.
#[derive(Debug, Default)]
struct Twin {
    said: Vec<(Kind, Vec<u8>)>,
    durable: usize,
}

impl Twin {
    fn compare(&mut self, opened: &mut Opened<SimDisk>) {
        let found: Vec<_> = records(opened).into_iter().map(|(_, kind, bytes)| (kind, bytes)).collect();
        assert!(found.len() >= self.durable, "{} durable, {} found", self.durable, found.len());
        assert!(found.len() <= self.said.len());
        assert_eq!(found[..], self.said[..found.len()], "nothing but what was said, in its order");
        self.said.truncate(found.len());
        self.durable = found.len();
    }
}

fn restart(disk: &SimDisk, twin: &mut Twin) -> Opened<SimDisk> {
    let mut opened = open(disk);
    twin.compare(&mut opened);
    let at = opened.writer.last().at;
    opened.writer.append(Entry::new(Kind::Open, at), &[b"opened"]).unwrap();
    twin.said.push((Kind::Open, b"opened".to_vec()));
    opened
}

fn live(deeds: &[Deed]) {
    let mut disk = SimDisk::new(1);
    let mut twin = Twin::default();
    let mut opened = restart(&disk, &mut twin);
    for (number, deed) in deeds.iter().enumerate() {
        match deed {
            Deed::Append(length) => {
                let bytes = payload(number as u64, *length);
                let entry = batch(opened.writer.last().at + 1);
                if let Err(error) = opened.writer.append(entry, &[&bytes]) {
                    // What was prepared is used up by what waits for a flush: whoever writes does as the shell does.
                    assert!(matches!(error, Error::NoRoom), "{error}");
                    twin.durable = usize::try_from(opened.writer.flush().unwrap().sequence).unwrap();
                    while opened.writer.prepare().unwrap() {}
                    opened.writer.append(entry, &[&bytes]).unwrap();
                }
                twin.said.push((Kind::Batch, bytes));
            }
            Deed::Flush => twin.durable = usize::try_from(opened.writer.flush().unwrap().sequence).unwrap(),
            Deed::Prepare => drop(opened.writer.prepare().unwrap()),
            Deed::Kill => disk = disk.kill(),
            Deed::Crash(seed) => disk = disk.crash(*seed),
        }
        if matches!(deed, Deed::Kill | Deed::Crash(_)) {
            opened = restart(&disk, &mut twin);
        }
    }
}

/// Lets the power fail inside a flush: each call of it is the last.
fn live_and_die_within(deeds: &[Deed], seed: u64) {
    use crate::disk::sim::{Fault, Injection};
    let whole = SimDisk::new(1);
    let mut twin = Twin::default();
    let mut opened = restart(&whole, &mut twin);
    for (number, deed) in deeds.iter().enumerate() {
        if let Deed::Append(length) = deed {
            let bytes = payload(number as u64, *length);
            opened.writer.append(batch(opened.writer.last().at + 1), &[&bytes]).unwrap();
            twin.said.push((Kind::Batch, bytes));
        }
        if matches!(deed, Deed::Flush) {
            twin.durable = usize::try_from(opened.writer.flush().unwrap().sequence).unwrap();
        }
    }
    whole.inject(Injection { call: None, nth: 1 + seed % 8, fault: Fault::PowerOff });
    if let Ok(position) = opened.writer.flush() {
        twin.durable = usize::try_from(position.sequence).unwrap();
    }
    twin.compare(&mut open(&whole.crash(seed)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_durable_record_is_lost_and_no_torn_one_is_applied(deeds in prop::collection::vec(deed(), 1..60)) {
        live(&deeds);
    }

    #[test]
    fn the_power_may_fail_within_a_flush(deeds in prop::collection::vec(deed(), 1..20), seed: u64) {
        live_and_die_within(&deeds, seed);
    }
}
