//! What is looked after beside the messages: the monitor, room on the volume, the age of the log.

use wardline_rules::{Text, event::Event};

use super::*;

/// An event of about this many bytes.
fn large(id: &str, bytes: usize) -> Input {
    let attributes = vec![(Text::from("x".repeat(bytes)), Given::Cleared)];
    Input::Event(Box::new(Event { attributes, ..Event::new("lis", id, Fact::Update) }))
}

/// Lets seconds pass until it is so.
fn pass_until(rig: &Rig, is_so: impl Fn(&Rig) -> bool) {
    let deadline = std::time::Instant::now() + core::time::Duration::from_secs(60);
    while !is_so(rig) {
        assert!(std::time::Instant::now() < deadline, "it never came to be");
        rig.clock.pass(Span::from_seconds(1));
        rig.engine.shared.inbox.wake();
        std::thread::yield_now();
    }
}

/// Makes a parcel durable while time goes on: on a full volume batches wait for each other.
fn durable(rig: &Rig, lane: Lane, parcel: Parcel) -> Result<Receipt, Refusal> {
    let offered = rig.engine.offer(lane, parcel).map_err(|(refusal, _)| refusal)?;
    let waiting = rig.tokio.spawn(offered.durable());
    pass_until(rig, |_| waiting.is_finished());
    rig.tokio.block_on(waiting).unwrap().map(|accepted| accepted.receipt)
}

#[test]
fn a_monitor_hears_of_us_every_ten_seconds_of_applied_batches_and_not_after_the_disk_failed() {
    // Guarantees 10.2
    let disk = SimDisk::new(7);
    let (heard_by, beats) = blocking::channel();
    let monitor: Arc<dyn Sink> = Arc::new(Pager { heard: Mutex::new(heard_by), is_mute: false });
    let care = Care { monitor: Some(monitor), ..Care::default() };
    let rig = rig_with::<Script>(&disk, NOON, (false, false), &care).unwrap();
    let first = beats.recv().unwrap();
    assert_eq!((first.purpose, first.number), ("heartbeat", 1));
    for _ in 0..9 {
        rig.clock.pass(Span::from_seconds(1));
        rig.submit(vec![Input::Tick]).unwrap();
    }
    rig.ask(|_| ());
    assert!(beats.try_recv().is_err(), "nine seconds are not ten");
    rig.clock.pass(Span::from_seconds(2));
    rig.submit(vec![Input::Tick]).unwrap();
    let second = beats.recv().unwrap();
    assert!(second.at.since(first.at) >= Span::from_seconds(10) && second.key != first.key);
    assert!(rig.heard.try_recv().is_err(), "no notice to people");
    disk.inject(SYNC_FAILS);
    rig.clock.pass(Span::from_seconds(60));
    rig.engine.shared.inbox.wake();
    assert_eq!(rig.running.join(), Ended::Poisoned);
    assert!(beats.try_recv().is_err(), "a disk that fails silences it");
}

#[test]
fn on_a_full_volume_messages_wait_and_control_goes_on_until_there_is_room() {
    // F3, guarantees 2.8
    let disk = SimDisk::new(7);
    let rig = rig(&disk);
    let message = |rig: &Rig| {
        let parcel = Parcel { inputs: vec![event("m")], bytes: 1, is_urgent: true, ..Parcel::default() };
        durable(rig, Lane::Critical, parcel)
    };
    pass_until(&rig, |_| disk.files().iter().any(|file| file.contains("reserve-0")));
    let space = disk.space().unwrap();
    disk.set_capacity(space.total - space.free);
    // A segment is used up, and its successor has no room.
    for number in 0..3 {
        durable(&rig, Lane::Control, Parcel::control(vec![large(&format!("l{number}"), 200 << 10)])).unwrap();
    }
    pass_until(&rig, |rig| rig.engine.status().is_full());
    assert_eq!(message(&rig).err(), Some(Refusal::Busy));
    durable(&rig, Lane::Control, Parcel::control(vec![event("page-1")])).unwrap();
    pass_until(&rig, |rig| rig.engine.status().in_flight() > 0 || rig.heard.try_recv().is_ok());
    disk.set_capacity(space.total);
    // Normal again without an operator.
    pass_until(&rig, |rig| message(rig).is_ok());
}

#[test]
fn the_log_is_cut_behind_the_older_checkpoint_when_it_is_old_enough() {
    let disk = SimDisk::new(7);
    let care = Care { keep_log: Some(Span::from_minutes(72 * 60)), ..Care::default() };
    let segments =
        |disk: &SimDisk| disk.files().iter().filter(|file| file.contains("log/") && file.ends_with(".wlog")).count();
    let mut disk_now = disk;
    let mut counts = Vec::new();
    // Each owner writes segments and leaves a checkpoint; less than a day lies between them, or the wall would be in doubt.
    for day in 0..6 {
        let at = NOON.plus(Span::from_minutes(day * 23 * 60));
        let rig = rig_with::<Script>(&disk_now, at, (false, false), &care).unwrap();
        for number in 0..6 {
            rig.submit(vec![large(&format!("d{day}-{number}"), 200 << 10)]).unwrap();
        }
        assert_eq!(rig.stop(), Ended::Cleanly);
        disk_now = disk_now.kill();
        counts.push(segments(&disk_now));
    }
    let added = counts[1] - counts[0];
    assert!(added > 0 && counts[2] == counts[1] + added, "two days are not three: {counts:?}");
    assert!(counts[5] < counts[4] + added, "what is older than three days went: {counts:?}");
    assert_eq!(wardline_store::verify::verify(&disk_now).unwrap().exit(), 0);
    let again =
        rig_with::<Script>(&disk_now, NOON.plus(Span::from_minutes(6 * 23 * 60)), (false, false), &care).unwrap();
    assert_eq!(again.received(), 36, "and nothing of the state");
}
