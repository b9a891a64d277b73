//! A whole engine on a simulated disk and a clock that is set by hand.

mod care;
mod night;
mod poison;
pub(crate) mod script;

use std::sync::{Mutex, mpsc as blocking};

use wardline_connectors::adapters::{Class, Outgoing, Reply, Sink, sink::Sending};
use wardline_rules::event::{Answer, Event, Fact, Given};
use wardline_rules::words::Act;
use wardline_store::{
    disk::{
        Call, SimDisk,
        sim::{Fault, Injection},
    },
    store::Error as StoreError,
};

use wardline_rules::time::Span;

use self::script::{Script, event, nid};
use super::{
    admission::Refusal,
    clock::HandClock,
    records::{Access, Action},
    *,
};
use crate::engine::{Accepted, Phase, Receipt};

const NOON: Timestamp = Timestamp::from_micros(1_768_392_000_000_000);

const SYNC_FAILS: Injection = Injection { call: Some(Call::Fdatasync), nth: 1, fault: Fault::PowerOff };

/// A receiver that says what came, and replies as it is told.
#[derive(Debug)]
struct Pager {
    heard: Mutex<blocking::Sender<Outgoing>>,
    is_mute: bool,
}

impl Sink for Pager {
    fn class(&self) -> Class {
        Class::Neither
    }

    fn is_secured(&self) -> bool {
        false
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> Sending<'a> {
        self.heard.lock().unwrap().send(message.clone()).unwrap();
        if self.is_mute { Box::pin(std::future::pending()) } else { Box::pin(async { Reply::Delivered }) }
    }
}

pub(crate) struct Rig {
    pub(crate) tokio: tokio::runtime::Runtime,
    clock: Arc<HandClock>,
    pub(crate) engine: Engine,
    running: Running,
    heard: blocking::Receiver<Outgoing>,
}

fn try_rig(disk: &SimDisk, at: Timestamp, is_mute: bool) -> Result<Rig, Error> {
    rig_of::<Script>(disk, at, is_mute)
}

pub(crate) fn rig_of<K: Bootable>(disk: &SimDisk, at: Timestamp, is_mute: bool) -> Result<Rig, Error> {
    rig_with::<K>(disk, at, (is_mute, false), &Care::default())
}

fn rig_with<K: Bootable>(
    disk: &SimDisk,
    at: Timestamp,
    (is_mute, needs_ward): (bool, bool),
    care: &Care,
) -> Result<Rig, Error> {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let clock = Arc::new(HandClock::at(at));
    let (engine, seat) = open(clock.clone()).unwrap();
    let (heard_by, heard) = blocking::channel();
    let pager: Arc<dyn Sink> = Arc::new(Pager { heard: Mutex::new(heard_by), is_mute });
    let options = Options { segment_bytes: 512 << 10, reserve_bytes: 0, ..Options::default() };
    let begin = Start {
        disk: disk.clone(),
        options,
        accept_time: false,
        needs_ward,
        care: care.clone(),
        is_sending: true,
        sinks: Arc::new(Sinks::all_through(pager)),
        links: Links::new("https://w.example".to_owned(), [1; 32]),
        archiving: None,
    };
    let running = start::<_, K>(&engine, seat, begin, tokio.handle())?;
    Ok(Rig { tokio, clock, engine, running, heard })
}

fn rig(disk: &SimDisk) -> Rig {
    try_rig(disk, NOON, false).unwrap()
}

impl Rig {
    fn submit(&self, inputs: Vec<Input>) -> Result<Accepted, Refusal> {
        self.tokio.block_on(self.engine.submit(Lane::Control, Parcel::control(inputs)))
    }

    /// What the state machine holds, once all that was submitted is through it.
    fn ask<R: Send + 'static>(&self, question: impl FnOnce(&dyn kernel::Kernel) -> R + Send + 'static) -> R {
        self.tokio.block_on(self.engine.ask(question)).unwrap()
    }

    pub(crate) fn received(&self) -> u64 {
        self.ask(|kernel| kernel.counters()[0].1)
    }

    pub(crate) fn stop(self) -> Ended {
        self.engine.stop();
        self.running.join()
    }
}

/// Asks until it is so; every question is a turn of the core, so nobody sleeps.
fn until(rig: &Rig, is_so: impl Fn(&dyn kernel::Kernel) -> bool + Send + Copy + 'static) {
    while !rig.ask(is_so) {
        std::thread::yield_now();
    }
}

#[test]
fn what_has_a_receipt_survives_a_crash() {
    let disk = SimDisk::new(7);
    let rig = rig(&disk);
    let receipt = rig.submit(vec![event("a"), event("b")]).unwrap().receipt;
    assert!(receipt.at > NOON && receipt.position >= 2);
    let crashed = disk.crash(3);
    let after = try_rig(&crashed, NOON, false).unwrap();
    assert_eq!(after.received(), 2);
    assert_eq!(rig.stop(), Ended::Cleanly);
}

#[test]
fn a_panic_of_the_core_ends_the_acknowledgements() {
    // What was durable before stays; nobody gets a receipt for what no core would act upon.
    let disk = SimDisk::new(7);
    let rig = rig(&disk);
    rig.submit(vec![event("panic-1")]).unwrap();
    while rig.engine.status().phase() != Phase::Poisoned {
        std::thread::yield_now();
    }
    assert_eq!(rig.submit(vec![event("a")]).err(), Some(Refusal::Closed));
    assert_eq!(rig.running.join(), Ended::Poisoned);
}

#[test]
fn a_failed_sync_poisons_and_nobody_gets_a_receipt() {
    let disk = SimDisk::new(7);
    let rig = rig(&disk);
    rig.submit(vec![event("a")]).unwrap();
    disk.inject(SYNC_FAILS);
    assert_eq!(rig.submit(vec![event("b")]).err(), Some(Refusal::Closed));
    assert_eq!(rig.engine.status().phase(), Phase::Poisoned);
    assert_eq!(rig.submit(vec![event("c")]).err(), Some(Refusal::Closed));
    assert_eq!(rig.running.join(), Ended::Poisoned);
    assert!(rig.engine.metrics().text().contains("wardline_storage_failed 1\n"));
}

/// An event that no record of these small segments can hold.
fn too_large() -> Input {
    let attributes = vec![(wardline_rules::Text::from("x".repeat(600 << 10)), Given::Cleared)];
    Input::Event(Box::new(Event { attributes, ..Event::new("lis", "large", Fact::Update) }))
}

#[test]
fn what_no_record_can_hold_is_refused_and_harms_nobody_else() {
    let disk = SimDisk::new(7);
    let rig = rig(&disk);
    assert_eq!(rig.submit(vec![too_large()]).err(), Some(Refusal::TooLarge));
    assert_eq!(rig.engine.status().phase(), Phase::Running);
    assert!(rig.submit(vec![event("b")]).is_ok());
}

#[test]
fn what_waits_beside_something_too_large_is_taken_with_its_letters() {
    let disk = SimDisk::new(7);
    let rig = rig(&disk);
    // One hand pushes faster than the disk syncs, so that several lie in one batch, whichever these are.
    let kept = |letter: &[u8]| Parcel { letters: vec![(0, letter.to_vec())], ..Parcel::control(vec![event("kept")]) };
    let mut promises = Vec::new();
    for round in 0..20_u8 {
        let large = Parcel { bytes: 1, ..Parcel::control(vec![too_large()]) };
        promises.push((false, rig.engine.offer(Lane::Routine, kept(&[round])).unwrap()));
        promises.push((true, rig.engine.offer(Lane::Routine, large).unwrap()));
        promises.push((false, rig.engine.offer(Lane::Control, kept(&[round, round])).unwrap()));
    }
    for (is_large, promise) in promises {
        let durable = rig.tokio.block_on(promise.durable());
        assert_eq!(durable.err(), is_large.then_some(Refusal::TooLarge));
    }
    let disk = disk.kill();
    let mut letters: Vec<Vec<u8>> = poison::letters(&disk).into_iter().map(|(_, bytes)| bytes).collect();
    letters.sort();
    let mut sent: Vec<Vec<u8>> = (0..20).flat_map(|round| [vec![round], vec![round, round]]).collect();
    sent.sort();
    assert_eq!(letters, sent);
}

#[test]
fn a_notice_leaves_once_and_its_delivery_is_logged() {
    let disk = SimDisk::new(7);
    let rig = rig(&disk);
    rig.submit(vec![event("page-1")]).unwrap();
    let message = rig.heard.recv().unwrap();
    assert_eq!((message.key.as_str(), message.number), (nid("page-1").to_string().as_str(), 1));
    until(&rig, |kernel| {
        let state = kernel.notice(nid("page-1")).unwrap().state;
        state == wardline_core::output::NoticeState::Delivered
    });
    assert_eq!(rig.engine.status().in_flight(), 0);
    let (tokio, heard) = (rig.tokio, rig.heard);
    rig.engine.stop();
    assert_eq!(rig.running.join(), Ended::Cleanly);
    drop(tokio);
    assert!(heard.try_recv().is_err(), "nothing was sent twice");
}

#[test]
fn a_start_is_durable_before_anything_leaves() {
    let disk = SimDisk::new(7);
    let rig = try_rig(&disk, NOON, true).unwrap();
    rig.submit(vec![event("page-1")]).unwrap();
    assert_eq!(rig.heard.recv().unwrap().number, 1);
    // The machine loses all that was not synced, while the receiver has the message and never replied.
    let crashed = disk.crash(5);
    let after = try_rig(&crashed, NOON, false).unwrap();
    let again = after.heard.recv().unwrap();
    assert_eq!((again.number, again.is_repeat), (2, true), "the first outcome is unknown, so the second is marked");
    assert!(again.text.starts_with("Possible repeat of "));
}

#[test]
fn a_clean_stop_leaves_a_checkpoint_at_the_end_of_the_log() {
    let disk = SimDisk::new(7);
    let rig = rig(&disk);
    rig.submit(vec![event("a"), event("b"), event("c")]).unwrap();
    assert_eq!(rig.stop(), Ended::Cleanly);
    assert_eq!(disk.files().iter().filter(|file| file.ends_with(".ckpt")).count(), 1);
    let after = try_rig(&disk.kill(), NOON.plus(Span::from_seconds(60)), false).unwrap();
    assert_eq!((after.received(), after.running.epoch()), (3, 2));
    after.submit(vec![event("d")]).unwrap();
    until(&after, |kernel| kernel.counters()[0].1 == 4);
}

#[test]
fn a_checkpoint_is_as_old_as_it_is_however_often_the_process_dies() {
    // Guarantees 2.5: due after 15 minutes with any input, not 15 minutes after a start.
    let mut disk = SimDisk::new(7);
    for start in 0..3 {
        let rig = try_rig(&disk, NOON.plus(Span::from_minutes(start * 6)), false).unwrap();
        rig.submit(vec![event(&format!("e{start}"))]).unwrap();
        disk = disk.kill();
        assert!(!disk.files().iter().any(|file| file.ends_with(".ckpt")), "not before its time");
    }
    let rig = try_rig(&disk, NOON.plus(Span::from_minutes(18)), false).unwrap();
    let deadline = std::time::Instant::now() + core::time::Duration::from_secs(30);
    while !disk.files().iter().any(|file| file.ends_with(".ckpt")) {
        assert!(std::time::Instant::now() < deadline, "no checkpoint");
        rig.engine.shared.inbox.wake();
        std::thread::yield_now();
    }
}

#[test]
fn what_is_behind_a_checkpoint_says_how_old_it_is() {
    use super::{log::SinceCheckpoint, recovery::Behind};
    let boot = Span::from_minutes(1);
    let now = NOON.plus(Span::from_minutes(20));
    let since = |behind| SinceCheckpoint::recovered(behind, now, boot);
    let behind = Behind { bytes: 10, inputs: 1, since: Some(NOON), has_checkpoint: true };
    assert!(since(behind).is_due(boot), "older than the machine's start, and still due");
    assert!(!since(Behind { since: Some(now.plus(Span::from_minutes(-14))), ..behind }).is_due(boot));
    assert!(!since(Behind { inputs: 0, ..behind }).is_due(boot), "nothing is behind it");
    assert!(!since(Behind::default()).is_due(boot), "an empty log");
    assert!(since(Behind { bytes: crate::limits::CHECKPOINT_BYTES, inputs: 0, ..behind }).is_due(boot));
}

#[test]
fn a_second_process_is_refused_and_told_who_has_it() {
    let disk = SimDisk::new(7);
    let rig = rig(&disk);
    let refused = try_rig(&disk, NOON, false).err().unwrap();
    assert!(matches!(refused, Error::Store(StoreError::InUse { .. })), "{refused}");
    assert_eq!(rig.stop(), Ended::Cleanly);
}

#[test]
fn who_answers_hears_what_the_core_made_of_it() {
    let disk = SimDisk::new(7);
    let rig = rig(&disk);
    let answer = Answer {
        act: Act::Accepted,
        code: None,
        nid: None,
        by: None,
        licence: None,
        told_by: None,
        value: None,
        unit: wardline_rules::Text::default(),
        result: None,
    };
    let given = Event::new("page", "answer-1", Fact::Answer(Box::new(answer)));
    let accepted = rig.submit(vec![event("x"), Input::Event(Box::new(given))]).unwrap();
    let outcome = rig.tokio.block_on(accepted.outcome()).unwrap();
    assert_eq!(outcome.answers.len(), 1);
    assert_eq!(outcome.answers[0].verdict, wardline_core::output::AnswerVerdict::Accepted);
}

#[test]
fn an_access_is_durable_before_anything_is_shown() {
    let disk = SimDisk::new(7);
    let rig = rig(&disk);
    let access = Access {
        principal: "ward-board".to_owned(),
        action: Action::Report,
        object: "r1".to_owned(),
        purpose: "treatment".to_owned(),
        interface: "http".to_owned(),
    };
    let receipt = rig.tokio.block_on(rig.engine.record_access(access.encode())).unwrap();
    let crashed = disk.crash(9);
    let opened = recover::<_, Script>(
        crashed,
        &Options { segment_bytes: 512 << 10, reserve_bytes: 0, ..Options::default() },
        rig.clock.as_ref(),
        None,
    );
    assert!(opened.unwrap().opened.writer.last().sequence >= receipt.position);
    disk.inject(SYNC_FAILS);
    let refused = rig.tokio.block_on(rig.engine.record_access(access.encode()));
    assert_eq!(refused.err(), Some(Refusal::Closed), "what cannot be written down may not be shown");
}

#[test]
fn a_timer_fires_when_its_time_comes_without_any_input() {
    let disk = SimDisk::new(7);
    let rig = rig(&disk);
    rig.submit(vec![event("timer-1")]).unwrap();
    until(&rig, |kernel| kernel.counters()[0].1 == 1);
    let due = rig.engine.status().next_due().unwrap();
    rig.clock.pass(Span::from_seconds(601));
    rig.engine.shared.inbox.wake();
    while rig.engine.status().next_due() == Some(due) {
        std::thread::yield_now();
    }
    assert_eq!(rig.engine.status().next_due(), None);
    assert!(rig.engine.log_now() >= due);
}

#[test]
fn after_a_stop_was_asked_for_messages_are_refused() {
    let disk = SimDisk::new(7);
    let rig = rig(&disk);
    rig.engine.stop();
    let refused = rig.tokio.block_on(rig.engine.submit(Lane::Critical, Parcel { bytes: 1, ..Parcel::default() }));
    assert_eq!(refused.err(), Some(Refusal::Closed));
    assert_eq!(rig.running.join(), Ended::Cleanly);
}
