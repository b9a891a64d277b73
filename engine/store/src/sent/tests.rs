//! What is known of a message after its process died, at whatever moment.

use super::*;
use crate::disk::SimDisk;
use crate::disk::sim::{Fault, Injection};

fn disk() -> SimDisk {
    let disk = SimDisk::new(1);
    disk.create_directory("tmp").unwrap();
    disk.sync_directory("").unwrap();
    disk
}

fn begin(sent: &mut Sent, key: &str) -> Try {
    let (tries, written) = sent.begin(&[key]);
    written.unwrap();
    tries[0]
}

#[test]
fn g6_what_was_under_way_when_the_process_died_is_a_repeat_and_nothing_else_is() {
    let disk = disk();
    let mut sent = Sent::open(disk.clone()).unwrap();
    assert!(sent.is_anew());
    for key in ["dies", "taken", "refused", "unknown"] {
        assert_eq!(begin(&mut sent, key), Try { number: 1, is_repeat: false });
    }
    sent.end(&[("taken", End::Taken), ("refused", End::Refused), ("unknown", End::Unknown)]).unwrap();
    // Not even what the machine had not synced by itself is needed.
    let mut sent = Sent::open(disk.crash(1)).unwrap();
    assert!(!sent.is_anew() && sent.is_taken("taken") && !sent.is_taken("dies"));
    assert_eq!(begin(&mut sent, "dies"), Try { number: 2, is_repeat: true });
    assert_eq!(begin(&mut sent, "unknown"), Try { number: 2, is_repeat: true });
    assert_eq!(begin(&mut sent, "refused"), Try { number: 1, is_repeat: false }, "nobody has heard it");
    assert_eq!(begin(&mut sent, "other"), Try { number: 1, is_repeat: false });
}

#[test]
fn a_refusal_does_not_end_the_doubt_of_an_earlier_try() {
    let mut sent = Sent::open(disk()).unwrap();
    begin(&mut sent, "page");
    sent.end(&[("page", End::Unknown)]).unwrap();
    begin(&mut sent, "page");
    sent.end(&[("page", End::Refused)]).unwrap();
    assert_eq!(begin(&mut sent, "page"), Try { number: 3, is_repeat: true });
}

#[test]
fn g6_f2_a_message_whose_begin_returned_is_known_whenever_the_power_fails() {
    let (mut durable, mut cut_off) = (0, 0);
    for nth in 1..16 {
        let disk = disk();
        let mut sent = Sent::open(disk.clone()).unwrap();
        begin(&mut sent, "first");
        sent.end(&[("first", End::Taken)]).unwrap();
        disk.inject(Injection { call: None, nth, fault: Fault::PowerOff });
        let (_, written) = sent.begin(&["second"]);
        for seed in 0..8 {
            let mut after = Sent::open(disk.crash(seed)).unwrap();
            assert!(after.is_taken("first"), "call {nth}: it is the file from before or the one from after");
            let again = begin(&mut after, "second");
            assert!(written.is_err() || again.is_repeat, "call {nth}, seed {seed}");
        }
        durable += u32::from(written.is_ok());
        cut_off += u32::from(written.is_err());
    }
    assert!(durable > 0 && cut_off > 3, "{durable} {cut_off}");
}

#[test]
fn a_file_that_changed_says_that_nothing_is_known() {
    let disk = disk();
    let mut sent = Sent::open(disk.clone()).unwrap();
    begin(&mut sent, "task_1");
    sent.end(&[("task_1", End::Taken)]).unwrap();
    let bits = disk.read_file(SENT).unwrap().len() as u64 * 8;
    for bit in 0..bits {
        let fork = disk.fork();
        fork.flip_bit(SENT, bit);
        let sent = Sent::open(fork).unwrap();
        assert!(sent.is_anew() && !sent.is_taken("task_1"), "bit {bit}");
    }
    let mut sent = Sent::open(self::disk()).unwrap();
    sent.doubt(&["task_1"]).unwrap();
    assert!(!sent.is_anew() && begin(&mut sent, "task_1").is_repeat);
}

#[test]
fn what_is_forgotten_first_is_what_was_taken_first() {
    let mut sent = Sent::default();
    let keys: Vec<String> = (0..SENT_KEYS_MAX).map(|number| format!("key-{number}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    drop(sent.begin(&keys));
    drop(sent.end(&[("key-9", End::Taken), ("key-7", End::Taken)]));
    drop(sent.begin(&["one more"]));
    assert!(!sent.entries.contains_key("key-7") && sent.is_taken("key-9"));
    assert_eq!(sent.entries.len(), SENT_KEYS_MAX);
    sent.keep(|key| key == "key-9").unwrap();
    assert_eq!(sent.entries.len(), 1);
}
