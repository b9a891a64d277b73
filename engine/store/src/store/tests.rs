//! Store: which directories are taken over, and which are refused untouched.

use super::*;
use crate::disk::{Root, SimDisk};
use crate::log::tests::{filled, open, options, records};

fn refusal(disk: &SimDisk, options: &Options) -> (Code, u8) {
    let before: Vec<_> = disk.files().iter().map(|path| (path.clone(), disk.read_file(path))).collect();
    let error = Store::open(disk.clone(), options).unwrap_err();
    let after: Vec<_> = disk.files().iter().map(|path| (path.clone(), disk.read_file(path))).collect();
    assert_eq!(before, after, "a refusal changes no file");
    (error.code(), error.exit().number())
}

fn root(filesystem: Filesystem) -> Root {
    Root { is_private: true, is_ours: true, filesystem }
}

#[test]
fn a_directory_others_can_enter_or_own_is_refused() {
    let disk = SimDisk::new(1);
    disk.set_root(Root { is_private: false, ..root(Filesystem::Local) });
    assert_eq!(refusal(&disk, &options()), (Code::NotPrivate, 2));
    disk.set_root(Root { is_ours: false, ..root(Filesystem::Local) });
    assert_eq!(refusal(&disk, &options()), (Code::NotPrivate, 2));
}

#[test]
fn a_remote_file_system_is_refused_unless_it_is_named_and_memory_is_warned_of() {
    let disk = SimDisk::new(1);
    disk.set_root(root(Filesystem::Remote("nfs".to_owned())));
    assert_eq!(refusal(&disk, &options()), (Code::UnfitFilesystem, 2));
    let accept = |name: &str| Options { accept_filesystem: Some(name.to_owned()), ..options() };
    assert_eq!(refusal(&disk, &accept("smb")), (Code::UnfitFilesystem, 2));
    assert!(Store::open(disk.clone(), &accept("nfs")).unwrap().findings.is_empty());
    disk.set_root(root(Filesystem::Memory));
    let findings = Store::open(disk, &options()).unwrap().findings;
    assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [Code::UnfitFilesystem]);
}

#[test]
fn an_odd_segment_size_is_refused() {
    for segment_bytes in [0, 4096, (64 << 10) + 1, 2 << 30] {
        let odd = Options { segment_bytes, ..options() };
        assert_eq!(refusal(&SimDisk::new(1), &odd).0, Code::Refused);
    }
}

#[test]
fn lost_instance_and_epoch_files_halt() {
    let disk = SimDisk::new(1);
    drop(filled(&disk, &[10, 10]));
    let without = |path: &str| {
        let fork = disk.kill();
        fork.remove_file(path);
        fork.remove_file("LOCK");
        refusal_but_lock(&fork)
    };
    assert_eq!(without(instance::INSTANCE), (Code::InstanceDamaged, 4));
    assert_eq!(without(instance::EPOCH), (Code::EpochDamaged, 4));
}

/// As `refusal`, but the lock file may appear.
fn refusal_but_lock(disk: &SimDisk) -> (Code, u8) {
    let error = Store::open(disk.clone(), &options()).unwrap_err();
    (error.code(), error.exit().number())
}

#[test]
fn a_restored_directory_takes_its_epoch_from_the_log() {
    let disk = SimDisk::new(1);
    drop(filled(&disk, &[10]));
    drop(filled(&disk, &[10]));
    let disk = disk.kill();
    disk.remove_file(instance::EPOCH);
    let restored = Options { is_restored: true, ..options() };
    let mut opened = Store::open(disk, &restored).unwrap();
    assert_eq!(opened.epoch, 3);
    assert_eq!(records(&mut opened).len(), 4);
}

#[test]
fn leftovers_are_removed_and_said() {
    let disk = SimDisk::new(1);
    drop(filled(&disk, &[10]));
    disk.write_file("tmp/p000.ckpt", b"half");
    let opened = open(&disk);
    let found: Vec<_> = opened.findings.iter().map(|finding| (finding.code, finding.path.as_str())).collect();
    assert_eq!(found, [(Code::Leftover, "tmp/p000.ckpt")]);
    assert_eq!(disk.read_file("tmp/p000.ckpt"), None);
}

#[test]
fn each_opening_is_a_new_epoch_even_if_nothing_was_written() {
    let disk = SimDisk::new(1);
    for number in 1..5 {
        assert_eq!(open(&disk).epoch, number);
    }
    assert_eq!(open(&disk.crash(1)).epoch, 5, "durable before the first append");
}

#[test]
fn a_read_error_stops_the_start() {
    let disk = SimDisk::new(1);
    drop(filled(&disk, &[10; 3]));
    let mut refused = 0;
    for nth in 1..30 {
        let fork = disk.kill();
        fork.inject(crate::disk::sim::Injection {
            call: Some(crate::disk::Call::Pread),
            nth,
            fault: crate::disk::sim::Fault::Eio,
        });
        match Store::open(fork, &options()) {
            Err(error) => {
                assert_eq!((error.code(), error.exit().number()), (Code::DiskFailed, 4));
                refused += 1;
            }
            // The error waits for the replay, or for nobody.
            Ok(mut opened) => read_on(&mut opened),
        }
    }
    assert!(refused >= 5, "{refused}");
}

/// Reads the suffix to its end, or to the error that was waiting for it.
fn read_on(opened: &mut Opened<SimDisk>) {
    let ended = loop {
        match opened.suffix.next_record() {
            Ok(Some(_)) => {}
            Ok(None) => break None,
            Err(error) => break Some(error.code()),
        }
    };
    assert!(matches!(ended, None | Some(Code::DiskFailed)), "{ended:?}");
}

#[test]
fn f3_what_finds_no_room_leaves_nothing_behind() {
    let disk = SimDisk::new(1);
    let opened = filled(&disk, &[10]);
    let used = disk.space().unwrap();
    disk.set_capacity(used.total - used.free);
    // The note of the newest segment and a checkpoint: neither fits, and neither takes what room comes back.
    assert!(opened.ownership.note_newest_segment(1).unwrap_err().is_full());
    assert!(crate::checkpoint::tests::checkpoint(&opened).is_err());
    let left: Vec<String> = disk.files().into_iter().filter(|path| path.starts_with("tmp/")).collect();
    assert_eq!(left, Vec::<String>::new());
    disk.set_capacity(used.total);
    opened.ownership.note_newest_segment(1).unwrap();
    crate::checkpoint::tests::checkpoint(&opened).unwrap();
    assert_eq!(crate::verify::verify(&disk).unwrap().exit(), 0);
}
