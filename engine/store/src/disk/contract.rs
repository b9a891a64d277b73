//! Contract: do both disks answer alike?
//!
//! One suite, run by each implementor. What only the simulated one can show (crashes, faults) follows below it.

use super::sim::{Fault, Injection};
use super::*;

/// Every promise of [`Disk`] that holds without a fault.
fn suite<D: Disk>(disk: &D) {
    files_are_written_in_place(disk);
    names_move_and_go(disk);
    refusals_say_why(disk);
    the_lock_has_one_holder(disk);
}

fn files_are_written_in_place<D: Disk>(disk: &D) {
    let file = disk.create("one").unwrap();
    file.reserve(10_000).unwrap();
    assert_eq!(file.length().unwrap(), 0, "reserving does not lengthen");
    file.write_all(&[7; 5000], 0).unwrap();
    file.write_all(b"here", 4094).unwrap();
    file.fdatasync().unwrap();
    file.drop_cache().unwrap();
    let mut read = [0; 8];
    assert_eq!(file.read_full(&mut read, 4092).unwrap(), 8);
    assert_eq!(&read, &[7, 7, b'h', b'e', b'r', b'e', 7, 7]);
    assert_eq!(file.read_full(&mut read, 4998).unwrap(), 2, "a read ends with the file");
    assert_eq!(file.read_full(&mut read, 9000).unwrap(), 0);
    assert_eq!(file.length().unwrap(), 5000);
    file.write_all(b"z", 6000).unwrap();
    assert_eq!(file.read_full(&mut read, 5500).unwrap(), 8);
    assert_eq!(read, [0; 8], "a hole reads as zeros");
    file.fsync().unwrap();
    assert_eq!(file.path(), "one");
}

fn names_move_and_go<D: Disk>(disk: &D) {
    disk.create_directory("sub").unwrap();
    disk.create("sub/b").unwrap();
    disk.create("sub/a").unwrap().write_all(b"abc", 0).unwrap();
    disk.sync_directory("sub").unwrap();
    disk.sync_directory("").unwrap();
    let names = |disk: &D| disk.list("sub").unwrap().into_iter().map(|entry| entry.name).collect::<Vec<_>>();
    assert_eq!(names(disk), ["a", "b"]);
    disk.rename("sub/a", "sub/b").unwrap();
    let entries = disk.list("sub").unwrap();
    assert_eq!(entries, [Entry { name: "b".to_owned(), node: Node::File, length: 3, is_private: true }]);
    disk.unlink("sub/b").unwrap();
    assert!(names(disk).is_empty());
    let root = disk.list("").unwrap();
    let kinds: Vec<_> = root.iter().map(|entry| (entry.name.as_str(), entry.node)).collect();
    assert_eq!(kinds, [("one", Node::File), ("sub", Node::Directory)]);
}

fn refusals_say_why<D: Disk>(disk: &D) {
    assert!(matches!(disk.create("one"), Err(Error::Exists { path }) if path == "one"));
    assert!(matches!(disk.create("none/x"), Err(Error::Missing { .. })));
    assert!(matches!(disk.open("none", Access::Read), Err(Error::Missing { path }) if path == "none"));
    assert!(matches!(disk.rename("none", "two"), Err(Error::Missing { .. })));
    assert!(matches!(disk.unlink("none"), Err(Error::Missing { .. })));
    assert!(matches!(disk.list("none"), Err(Error::Missing { .. })));
    assert!(matches!(disk.create_directory("sub"), Err(Error::Exists { .. })));
    let reader = disk.open("one", Access::Read).unwrap();
    assert!(matches!(reader.pwrite(b"x", 0), Err(Error::Failed { call: Call::Pwrite, .. })));
    assert!(disk.space().unwrap().free <= disk.space().unwrap().total);
    assert!(disk.root().unwrap().is_ours);
}

fn the_lock_has_one_holder<D: Disk>(disk: &D) {
    let lock = disk.lock("LOCK", "4711").unwrap();
    match disk.lock("LOCK", "4712") {
        Err(Error::Locked { path, holder }) => {
            assert_eq!((path.as_str(), holder.as_str()), ("LOCK", "4711"))
        }
        other => panic!("two holders: {other:?}"),
    }
    drop(lock);
    drop(disk.lock("LOCK", "4713").unwrap());
}

#[test]
fn the_real_disk_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::make(folder.path().join("data")).unwrap();
    assert!(disk.root().unwrap().is_private, "made 0700");
    suite(&disk);
}

#[test]
fn the_simulated_disk_keeps_the_contract() {
    suite(&SimDisk::new(1));
}

fn content_after(disk: &SimDisk, seed: u64) -> Option<Vec<u8>> {
    disk.crash(seed).read_file("f")
}

#[test]
fn a_crash_tears_unsynced_blocks_at_sectors_and_never_touches_synced_ones() {
    let disk = SimDisk::new(1);
    let file = disk.create("f").unwrap();
    file.write_all(&[1; 8192], 0).unwrap();
    file.fdatasync().unwrap();
    disk.sync_directory("").unwrap();
    file.write_all(&[2; 4096], 4096).unwrap();
    let (mut old, mut new, mut torn) = (0, 0, 0);
    for seed in 0..200 {
        let bytes = content_after(&disk, seed).unwrap();
        assert_eq!(bytes[..4096], [1; 4096]);
        for sector in bytes[4096..].chunks(512) {
            assert!(sector == [1; 512] || sector == [2; 512], "a sector is whole");
        }
        match bytes[4096..].iter().filter(|&&byte| byte == 2).count() {
            0 => old += 1,
            4096 => new += 1,
            _ => torn += 1,
        }
    }
    assert!(old > 10 && new > 10 && torn > 10, "none {old}, all {new}, part {torn}");
    assert!(disk.is_durable("f", 0, 4096) && !disk.is_durable("f", 4096, 1));
}

#[test]
fn a_rename_is_lost_or_kept_whole_until_the_directory_is_synced() {
    let disk = SimDisk::new(1);
    disk.write_file("old", b"x");
    disk.rename("old", "new").unwrap();
    let mut seen: Vec<Vec<String>> = (0..50).map(|seed| disk.crash(seed).files()).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen, [["new"], ["old"]]);
    disk.sync_directory("").unwrap();
    assert!((0..50).all(|seed| disk.crash(seed).files() == ["new"]));
}

#[test]
fn a_failed_sync_leaves_pages_clean_and_half_of_them_unwritten() {
    let disk = SimDisk::new(3);
    let file = disk.create("f").unwrap();
    disk.sync_directory("").unwrap();
    file.write_all(&[5; 64 * 4096], 0).unwrap();
    disk.inject(Injection { call: Some(Call::Fdatasync), nth: 1, fault: Fault::Eio });
    assert!(file.fdatasync().is_err());
    let seen = disk.read_file("f").unwrap();
    assert!(seen.iter().all(|&byte| byte == 5), "the cache shows what was written");
    file.fdatasync().unwrap();
    let left = content_after(&disk, 1).unwrap();
    let blocks = left.chunks(4096).filter(|block| block[0] == 5).count();
    assert!((10..54).contains(&blocks), "a second sync writes nothing: {blocks} of 64");
    file.write_all(&[5; 64 * 4096], 0).unwrap();
    file.fdatasync().unwrap();
    assert_eq!(content_after(&disk, 1).unwrap(), vec![5; 64 * 4096], "writing again does");
}

#[test]
fn the_nth_call_fails_once_and_short_writes_are_continued() {
    let disk = SimDisk::new(1);
    let file = disk.create("f").unwrap();
    for (nth, fault) in [(1, Fault::Eintr), (2, Fault::Short(3)), (3, Fault::Eintr)] {
        disk.inject(Injection { call: Some(Call::Pwrite), nth, fault });
    }
    file.write_all(b"continued", 0).unwrap();
    assert_eq!(disk.read_file("f").unwrap(), b"continued");
    let writes = disk.operations().into_iter().filter(|operation| operation.call == Call::Pwrite);
    let lengths: Vec<_> = writes.map(|operation| (operation.offset, operation.length)).collect();
    assert_eq!(lengths, [(0, 9), (0, 9), (3, 6), (3, 6)]);
}

#[test]
fn a_full_volume_refuses_growth_and_serves_what_is_reserved() {
    let disk = SimDisk::new(1);
    disk.set_capacity(8192);
    let file = disk.create("f").unwrap();
    file.reserve(8192).unwrap();
    assert!(disk.create("g").unwrap().reserve(1).unwrap_err().is_full());
    file.write_all(&[1; 8192], 0).unwrap();
    assert!(file.write_all(&[1; 1], 8192).unwrap_err().is_full());
    assert_eq!(disk.space().unwrap(), Space { total: 8192, free: 0 });
}

#[test]
fn two_open_writes_have_nine_states() {
    let disk = SimDisk::new(1);
    let file = disk.create("f").unwrap();
    file.write_all(&[0; 8192], 0).unwrap();
    file.fsync().unwrap();
    disk.sync_directory("").unwrap();
    file.write_all(&[1; 4096], 0).unwrap();
    file.write_all(&[2; 4096], 4096).unwrap();
    let states = disk.crash_states(3);
    let mut contents: Vec<_> = states.iter().filter_map(|state| state.read_file("f")).collect();
    contents.sort();
    contents.dedup();
    assert_eq!((states.len(), contents.len()), (9, 9), "each write lost, whole or torn");
}

#[test]
fn the_same_seed_leaves_the_same_disk() {
    let left = |seed| {
        let disk = SimDisk::new(9);
        let file = disk.create("f").unwrap();
        disk.sync_directory("").unwrap();
        file.write_all(&[3; 40_000], 0).unwrap();
        disk.crash(seed).read_file("f")
    };
    assert_eq!(left(5), left(5));
    assert_ne!(left(5), left(6));
}
