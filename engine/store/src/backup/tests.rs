//! Backup: the copy opens, holds what was durable, and does not hide damage.

use super::*;
use crate::checkpoint::tests::checkpoint;
use crate::disk::SimDisk;
use crate::log::tests::{batch, filled, open, records};

#[test]
fn a_copy_made_beside_a_running_engine_opens_with_everything_durable() {
    let disk = SimDisk::new(1);
    let mut opened = filled(&disk, &[3000; 9]);
    checkpoint(&opened).unwrap();
    opened.writer.append(batch(50), &[b"behind the checkpoint"]).unwrap();
    opened.writer.flush().unwrap();
    let target = SimDisk::new(2);
    let mut copied = 0;
    let report = backup(&disk, &target, &mut |bytes| copied += bytes).unwrap();
    assert_eq!((report.exit(), report.last.sequence, report.checkpoints), (0, 11, 1));
    assert!(copied > 2 * 24 * 1024);
    drop(opened);
    let mut restored = open(&target.crash(1));
    assert_eq!(restored.epoch, 2);
    assert_eq!(records(&mut restored).len(), 1);
}

#[test]
fn a_write_under_way_is_left_out_whole() {
    let disk = SimDisk::new(1);
    drop(filled(&disk, &[100]));
    let path = "log/p000/00000000000000000001.wlog";
    let mut bytes = disk.read_file(path).unwrap();
    bytes[8192 + 4096..8192 + 4096 + 8].copy_from_slice(b"WLR1....");
    disk.write_file(path, &bytes);
    let target = SimDisk::new(2);
    assert_eq!(backup(&disk, &target, &mut |_| {}).unwrap().exit(), 0);
    assert_eq!(records(&mut open(&target)).len(), 2);
}

#[test]
fn damage_is_not_copied_silently() {
    let disk = SimDisk::new(1);
    drop(filled(&disk, &[3000; 9]));
    disk.flip_bit("log/p000/00000000000000000001.wlog", 9000 * 8);
    match backup(&disk, &SimDisk::new(2), &mut |_| {}) {
        Err(Error::Refused(finding)) => assert_eq!(finding.code, Code::RecordDamaged),
        other => panic!("a backup of damage: {other:?}"),
    }
}

#[test]
fn a_target_that_is_not_empty_is_refused() {
    let disk = SimDisk::new(1);
    drop(filled(&disk, &[1]));
    let target = SimDisk::new(2);
    target.write_file("INSTANCE", b"another");
    assert!(matches!(backup(&disk, &target, &mut |_| {}), Err(Error::Refused(_))));
    assert_eq!(target.read_file("INSTANCE").unwrap(), b"another");
}
