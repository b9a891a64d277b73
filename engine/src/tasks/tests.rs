//! Which tasks are told, how often, and what a restart remembers.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

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
};

/// A receiver that remembers what came and refuses while it is told to.
#[derive(Debug, Default)]
struct Desk {
    heard: Mutex<Vec<Outgoing>>,
    is_refusing: AtomicBool,
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

#[test]
fn a_desk_hears_of_each_open_task_until_one_channel_took_it_and_then_no_more() {
    // T7, G5
    let folder = tempfile::tempdir().unwrap();
    let (rig, desk) = (rig(), Arc::new(Desk::default()));
    let sinks = Arc::new(Sinks::all_through(desk.clone()));
    let teller = || Teller::new(rig.engine.clone(), sinks.clone(), folder.path());
    let mut first = teller();
    happens(&rig, "task-1");
    desk.is_refusing.store(true, Ordering::Release);
    rig.tokio.block_on(first.look());
    assert!(desk.rules().is_empty() && first.again.is_some());
    desk.is_refusing.store(false, Ordering::Release);
    rig.tokio.block_on(first.look());
    assert!(desk.rules().is_empty(), "not before the pause is over");
    first.again = None;
    rig.tokio.block_on(first.look());
    assert_eq!(desk.rules(), BTreeSet::from(["alert/1".to_owned()]));
    happens(&rig, "task-2");
    rig.tokio.block_on(first.look());
    assert_eq!(desk.rules(), BTreeSet::from(["alert/2".to_owned()]), "of the first it has heard");
    // The next process knows what was told, and forgets what is done.
    let mut second = teller();
    rig.tokio.block_on(second.look());
    assert!(desk.rules().is_empty());
    happens(&rig, "done-1");
    rig.tokio.block_on(second.look());
    assert_eq!(fs::read_to_string(folder.path().join("tasks.told")).unwrap().lines().count(), 1);
}

#[test]
fn a_desk_without_an_address_is_spoken_for_by_operations() {
    let folder = tempfile::tempdir().unwrap();
    let (rig, desk) = (rig(), Arc::new(Desk::default()));
    let mut sinks = Sinks::default();
    sinks.insert("default", Channel::Phone, desk.clone());
    let text = "role_or_token,authority,id,channel,address,licence,from,until\nOperations,,,phone,+15550100,,,\n";
    let tokenise = |_: &str, _: &str| unreachable!("no person in it");
    sinks.replace_directory(Directory::of_text("directory.csv", text, &tokenise).unwrap());
    let mut teller = Teller::new(rig.engine.clone(), Arc::new(sinks), folder.path());
    happens(&rig, "task-1");
    rig.tokio.block_on(teller.look());
    let heard = desk.heard.lock().unwrap().clone();
    assert_eq!(heard.len(), 1);
    assert_eq!((heard[0].address.as_str(), heard[0].level), ("+15550100", wardline_rules::program::Level::Red));
    assert!(heard[0].text.contains("a task of Laboratory"), "{}", heard[0].text);
}
