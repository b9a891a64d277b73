//! Which tasks are told, how often, and what a restart remembers.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use wardline_store::disk::Disk as _;

use wardline_connectors::adapters::{
    Class, Reply, Sink,
    sink::{Cause, Sending},
};
use wardline_store::disk::SimDisk;

use super::*;
use crate::{
    config::directory::Directory,
    engine::Parcel,
    runtime::{
        admission::Lane,
        tests::{
            Rig, rig_of,
            script::{Script, event},
        },
    },
    said::Said,
};

/// A receiver that remembers what came and refuses while it is told to.
#[derive(Debug, Default)]
struct Desk {
    heard: Mutex<Vec<Outgoing>>,
    is_refusing: AtomicBool,
    /// It takes what comes and says nothing.
    is_silent: AtomicBool,
}

impl Sink for Desk {
    fn class(&self) -> Class {
        Class::Keyed
    }

    fn is_secured(&self) -> bool {
        false
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> Sending<'a> {
        if self.is_refusing.load(Ordering::Acquire) {
            return Box::pin(async { Reply::FailedSoft { cause: Cause::Connect, retry_after: None } });
        }
        self.heard.lock().unwrap().push(message.clone());
        if self.is_silent.load(Ordering::Acquire) {
            return Box::pin(core::future::pending());
        }
        Box::pin(async { Reply::Delivered })
    }
}

impl Desk {
    /// The rules that were heard of since the last time, each once.
    fn rules(&self) -> BTreeSet<String> {
        let heard = core::mem::take(&mut *self.heard.lock().unwrap());
        assert!(heard.iter().all(|message| message.purpose == "task" && message.key.starts_with("task_")));
        heard.iter().map(|message| message.text.split([' ', ',']).nth(2).unwrap_or_default().to_owned()).collect()
    }
}

fn rig() -> Rig {
    rig_of::<Script>(&SimDisk::new(7), Timestamp::from_micros(1_768_392_000_000_000), false).unwrap()
}

fn happens(rig: &Rig, id: &str) {
    let parcel = Parcel::control(vec![event(id)]);
    let accepted = rig.tokio.block_on(rig.engine.submit(Lane::Control, parcel)).unwrap();
    rig.tokio.block_on(accepted.outcome()).unwrap();
}

/// An empty data directory.
fn directory() -> SimDisk {
    let disk = SimDisk::new(3);
    disk.create_directory("tmp").unwrap();
    disk.sync_directory("").unwrap();
    disk
}

/// One on which a process has begun, before anything happened.
fn lived_in(rig: &Rig, desk: &Arc<Desk>) -> SimDisk {
    let disk = directory();
    rig.tokio.block_on(begins(rig, desk, &disk).look());
    disk
}

/// The teller of a process that begins with what is on this disk.
fn begins(rig: &Rig, desk: &Arc<Desk>, disk: &SimDisk) -> Teller {
    let sinks = Sinks::all_through(desk.clone()).remembering(Said::open(disk.clone()).unwrap());
    Teller::new(rig.engine.clone(), Arc::new(sinks))
}

/// Dies while its message is under way: what the disk holds then, and what the receiver had by then.
fn dies_telling(rig: &Rig, desk: &Arc<Desk>, disk: &SimDisk) -> (SimDisk, Vec<Outgoing>) {
    desk.is_silent.store(true, Ordering::Release);
    let mut teller = begins(rig, desk, disk);
    let telling = rig.tokio.spawn(async move { teller.look().await });
    let deadline = Instant::now() + core::time::Duration::from_secs(30);
    while desk.heard.lock().unwrap().is_empty() {
        assert!(Instant::now() < deadline, "nobody is told");
        std::thread::yield_now();
    }
    telling.abort();
    desk.is_silent.store(false, Ordering::Release);
    (disk.crash(5), core::mem::take(&mut *desk.heard.lock().unwrap()))
}

#[test]
fn g6_what_was_under_way_when_the_process_died_is_told_again_with_the_mark() {
    let (rig, desk) = (rig(), Arc::new(Desk::default()));
    let disk = lived_in(&rig, &desk);
    happens(&rig, "task-1");
    let (disk, before) = dies_telling(&rig, &desk, &disk);
    assert!(!before.is_empty() && before.iter().all(|message| !message.is_repeat && message.number == 1));
    let mut next = begins(&rig, &desk, &disk);
    rig.tokio.block_on(next.look());
    let again = core::mem::take(&mut *desk.heard.lock().unwrap());
    let of_channel = |channel| again.iter().find(|message| message.channel == channel);
    for first in &before {
        let repeat = of_channel(first.channel).unwrap();
        assert_eq!((repeat.is_repeat, repeat.number, &repeat.key), (true, 2, &first.key));
        assert_eq!(repeat.text, format!("Possible repeat: {}", first.text));
    }
    // What became of the repeat is known: nobody hears of it a third time.
    let mut last = begins(&rig, &desk, &disk.crash(6));
    rig.tokio.block_on(last.look());
    assert!(desk.rules().is_empty());
}

#[test]
fn g6_a_task_is_written_down_before_its_first_byte_leaves_and_where_that_fails_it_is_marked() {
    let (rig, desk) = (rig(), Arc::new(Desk::default()));
    let disk = lived_in(&rig, &desk);
    let mut teller = begins(&rig, &desk, &disk);
    happens(&rig, "task-1");
    disk.set_capacity(0);
    rig.tokio.block_on(teller.look());
    let heard = core::mem::take(&mut *desk.heard.lock().unwrap());
    assert!(!heard.is_empty() && heard.iter().all(|message| message.is_repeat), "nothing says that it is the first");
}

#[test]
fn g6_whatever_is_open_may_have_been_told_by_a_process_of_which_nothing_is_known() {
    let (rig, desk) = (rig(), Arc::new(Desk::default()));
    happens(&rig, "task-1");
    let disk = directory();
    let mut teller = begins(&rig, &desk, &disk);
    rig.tokio.block_on(teller.look());
    let restored = core::mem::take(&mut *desk.heard.lock().unwrap());
    assert!(!restored.is_empty() && restored.iter().all(|message| message.is_repeat));
    // Of what happens from then on, it is known.
    happens(&rig, "task-2");
    rig.tokio.block_on(teller.look());
    assert!(desk.heard.lock().unwrap().iter().all(|message| !message.is_repeat));
    assert_eq!(desk.rules(), BTreeSet::from(["alert/2".to_owned()]));
}

#[test]
fn a_desk_hears_of_each_open_task_until_one_channel_took_it_and_then_no_more() {
    // T7, G5
    let (rig, desk) = (rig(), Arc::new(Desk::default()));
    let disk = lived_in(&rig, &desk);
    let mut first = begins(&rig, &desk, &disk);
    happens(&rig, "task-1");
    desk.is_refusing.store(true, Ordering::Release);
    rig.tokio.block_on(first.look());
    assert!(desk.rules().is_empty() && first.again.is_some());
    desk.is_refusing.store(false, Ordering::Release);
    rig.tokio.block_on(first.look());
    assert!(desk.rules().is_empty(), "not before the pause is over");
    first.again = None;
    rig.tokio.block_on(first.look());
    assert!(desk.heard.lock().unwrap().iter().all(|message| !message.is_repeat), "it was refused: nobody has heard it");
    assert_eq!(desk.rules(), BTreeSet::from(["alert/1".to_owned()]));
    happens(&rig, "task-2");
    rig.tokio.block_on(first.look());
    assert_eq!(desk.rules(), BTreeSet::from(["alert/2".to_owned()]), "of the first it has heard");
    // The next process knows what was told, and forgets what is done.
    let mut second = begins(&rig, &desk, &disk.crash(1));
    rig.tokio.block_on(second.look());
    assert!(desk.rules().is_empty());
    let length = |disk: &SimDisk| disk.read_file("SENT").unwrap().len();
    let (before, disk) = (length(&disk), disk.crash(1));
    let mut third = begins(&rig, &desk, &disk);
    happens(&rig, "done-1");
    rig.tokio.block_on(third.look());
    assert!(length(&disk) < before, "{} of {before}", length(&disk));
}

#[test]
fn a_desk_without_an_address_is_spoken_for_by_operations() {
    let (rig, desk) = (rig(), Arc::new(Desk::default()));
    let mut sinks = Sinks::default();
    sinks.insert("default", Channel::Phone, desk.clone());
    let text = "role_or_token,authority,id,channel,address,licence,from,until\nOperations,,,phone,+15550100,,,\n";
    let tokenise = |_: &str, _: &str| unreachable!("no person in it");
    sinks.replace_directory(Directory::of_text("directory.csv", text, &tokenise).unwrap());
    let mut teller = Teller::new(rig.engine.clone(), Arc::new(sinks));
    happens(&rig, "task-1");
    rig.tokio.block_on(teller.look());
    let heard = desk.heard.lock().unwrap().clone();
    assert_eq!(heard.len(), 1);
    assert_eq!((heard[0].address.as_str(), heard[0].level), ("+15550100", wardline_rules::program::Level::Red));
    assert!(heard[0].text.contains("a task of Laboratory"), "{}", heard[0].text);
}
