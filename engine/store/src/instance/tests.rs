//! Instance: both files come back as written, and no changed bit passes.

use super::*;
use crate::disk::SimDisk;

fn instance() -> Instance {
    Instance { id: [1; 16], partitions: 1, key_fingerprint: [2; 32] }
}

fn epoch() -> Epoch {
    Epoch {
        number: 7,
        newest_segment: 4711,
        owner: Owner {
            pid: 99,
            started_at: 1_700_000_000_000_000,
            host: "ward-7".to_owned(),
            boot_id: "6f1d0a".to_owned(),
        },
    }
}

fn disk() -> SimDisk {
    let disk = SimDisk::new(1);
    disk.create_directory("tmp").unwrap();
    disk
}

#[test]
fn both_files_survive_any_crash_once_written() {
    let disk = disk();
    disk.sync_directory("").unwrap();
    instance().write(&disk).unwrap();
    epoch().write(&disk).unwrap();
    for seed in 0..20 {
        let left = disk.crash(seed);
        assert_eq!(Instance::read(&left).unwrap(), Some(Ok(instance())));
        assert_eq!(Epoch::read(&left).unwrap(), Some(Ok(epoch())));
    }
}

#[test]
fn a_replaced_epoch_is_the_old_or_the_new_one_never_half() {
    let disk = disk();
    disk.sync_directory("").unwrap();
    epoch().write(&disk).unwrap();
    let next = Epoch { number: 8, ..epoch() };
    for nth in 1..8 {
        let fork = disk.fork();
        fork.inject(disk::sim::Injection { call: None, nth, fault: disk::sim::Fault::PowerOff });
        let written = next.write(&fork);
        for seed in 0..20 {
            let found = Epoch::read(&fork.crash(seed)).unwrap().unwrap().unwrap();
            assert!(found == epoch() || found == next);
            assert!(written.is_err() || found == next, "durable once said so");
        }
    }
}

#[test]
fn every_changed_bit_is_found() {
    let disk = disk();
    instance().write(&disk).unwrap();
    epoch().write(&disk).unwrap();
    for path in [INSTANCE, EPOCH] {
        let bits = disk.read_file(path).unwrap().len() as u64 * 8;
        for bit in 0..bits {
            let fork = disk.fork();
            fork.flip_bit(path, bit);
            let is_refused = match path {
                INSTANCE => Instance::read(&fork).unwrap().unwrap().is_err(),
                _ => Epoch::read(&fork).unwrap().unwrap().is_err(),
            };
            assert!(is_refused, "{path} bit {bit}");
        }
    }
}

#[test]
fn a_newer_format_is_told_from_damage() {
    let mut bytes = instance().encode();
    bytes.truncate(bytes.len() - 4);
    bytes[8] = 9;
    fields::seal(&mut bytes);
    assert_eq!(Instance::decode(&bytes).unwrap_err().code, Code::TooNew);
    assert_eq!(Instance::decode(b"short").unwrap_err().code, Code::InstanceDamaged);
}

#[test]
fn a_long_host_name_is_cut_at_a_character() {
    let mut long = epoch();
    long.owner.host = "ä".repeat(200);
    let read = Epoch::decode(&long.encode()).unwrap();
    assert_eq!(read.owner.host, "ä".repeat(127), "254 of at most 255 bytes");
}
