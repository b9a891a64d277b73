//! The machine's disk: does the whole store work on a real directory?
//!
//! One life of a data directory, through the public API alone: open, write, roll, checkpoint, cut, reopen, verify, back up.

use std::os::unix::fs::PermissionsExt;

use wardline_store::backup::backup;
use wardline_store::checkpoint::Summary;
use wardline_store::codes::Code;
use wardline_store::disk::RealDisk;
use wardline_store::instance::Owner;
use wardline_store::log::{CutBounds, Entry, cut};
use wardline_store::record::Kind;
use wardline_store::store::Error;
use wardline_store::verify::verify;
use wardline_store::{Opened, Options, Store};

fn options(pid: u32) -> Options {
    Options {
        new_instance: [3; 16],
        key_fingerprint: [4; 32],
        owner: Owner { pid, ..Owner::default() },
        segment_bytes: 64 << 10,
        reserve_bytes: 128 << 10,
        ..Options::default()
    }
}

fn write(opened: &mut Opened<RealDisk>, batches: u64) {
    let log = &mut opened.writer;
    log.append(Entry::new(Kind::Open, log.last().at), &[b"test"]).expect("the disk works");
    for _ in 0..batches {
        let at = log.last().at + 1;
        log.append(Entry::new(Kind::Batch, at), &[&at.to_le_bytes(), &[7; 5000]]).expect("the disk works");
        log.flush().expect("the disk works");
        while log.prepare().expect("the disk works") {}
    }
}

fn checkpoint(opened: &Opened<RealDisk>) {
    let summary = Summary { epoch: opened.epoch, position: opened.writer.durable(), logic_version: 1, ward: [0; 32] };
    let mut writer = opened.checkpoints.begin(summary).expect("the disk works");
    writer.section("state", [b"so far".as_slice()]).expect("the disk works");
    writer.finish().expect("the disk works");
}

#[test]
fn a_life_on_a_real_directory() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::make(folder.path().join("data")).unwrap();
    let mut opened = Store::open(disk.clone(), &options(1)).unwrap();
    write(&mut opened, 40);
    checkpoint(&opened);
    drop(opened);

    let mut opened = Store::open(disk.clone(), &options(2)).unwrap();
    assert_eq!((opened.epoch, opened.writer.last().sequence), (2, 41));
    assert!(opened.suffix.next_record().unwrap().is_none(), "all of it is in the checkpoint");
    write(&mut opened, 20);
    checkpoint(&opened);
    let bounds = CutBounds { checkpoint: opened.checkpoints.cut_bound().unwrap().unwrap(), archive: u64::MAX };
    assert!(cut(&disk, opened.identity, bounds).unwrap().segments >= 4);
    let report = verify(&disk).unwrap();
    assert_eq!((report.exit(), report.checkpoints, report.last.sequence), (0, 2, 62));

    let copy = RealDisk::make(folder.path().join("copy")).unwrap();
    assert_eq!(backup(&disk, &copy, &mut |_| {}).unwrap().exit(), 0);
    drop(opened);
    let restored = Store::open(copy, &options(3)).unwrap();
    assert_eq!(restored.checkpoint.unwrap().section("state").unwrap().read_all().unwrap(), b"so far");
}

#[test]
fn a_second_open_names_the_holder_and_a_wrong_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::make(folder.path().join("data")).unwrap();
    let opened = Store::open(disk.clone(), &options(4711)).unwrap();
    match Store::open(disk.clone(), &options(4712)) {
        Err(error @ Error::InUse { .. }) => {
            assert_eq!(error.to_string(), "WL1401: another process uses this data directory, process 4711");
            assert_eq!(error.exit().number(), 2);
        }
        other => panic!("two owners: {other:?}"),
    }
    drop(opened);
    let other_key = Options { key_fingerprint: [5; 32], ..options(1) };
    assert_eq!(Store::open(disk, &other_key).unwrap_err().code(), Code::OtherInstance);
}

#[test]
fn files_are_private_and_an_open_directory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("data");
    let disk = RealDisk::make(&root).unwrap();
    let mut opened = Store::open(disk.clone(), &options(1)).unwrap();
    write(&mut opened, 2);
    checkpoint(&opened);
    drop(opened);
    let mut open = vec![root.clone()];
    let mut seen = 0;
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            let is_directory = entry.file_type().unwrap().is_dir();
            assert_eq!(mode, if is_directory { 0o700 } else { 0o600 }, "{:?}", entry.path());
            seen += 1;
            if is_directory {
                open.push(entry.path());
            }
        }
    }
    assert!(seen > 10, "{seen}");
    std::fs::set_permissions(&root, std::fs::Permissions::from_mode(0o750)).unwrap();
    assert_eq!(Store::open(disk, &options(1)).unwrap_err().code(), Code::NotPrivate);
}

#[test]
fn a_flush_and_a_preparation_run_on_other_threads() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::make(folder.path().join("data")).unwrap();
    let mut opened = Store::open(disk.clone(), &options(1)).unwrap();
    let log = &mut opened.writer;
    log.append(Entry::new(Kind::Open, 0), &[b"test"]).unwrap();
    let flush = log.begin_flush().unwrap().unwrap();
    let order = log.wanted().unwrap();
    let (done, prepared) = std::thread::scope(|threads| {
        let flush = threads.spawn(move || flush.run());
        let prepared = threads.spawn(|| order.start(&disk).unwrap().step().unwrap());
        (flush.join().unwrap(), prepared.join().unwrap())
    });
    log.accept(&prepared.unwrap());
    assert_eq!(log.complete(done).unwrap().sequence, 1);
}
