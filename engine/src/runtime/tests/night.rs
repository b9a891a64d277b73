//! A night at St Anne: the real core, the ward that `wardline new` writes, a simulated disk and clock.

use wardline_connectors::codec::token::Tokeniser;
use wardline_core::Partition;
use wardline_dsl::source::Sources;
use wardline_rules::time::Date;

use super::*;
use crate::{
    intake::{Intake, Shape},
    ward,
};

/// 02:10 in Chicago.
const NIGHT: Timestamp = Timestamp::from_micros(1_768_378_200_000_000);
const WARD: &str = include_str!("../../../templates/new/ward/st-anne.ward");
const RESULT: &str = r#"{"v":1,"event_id":"r1","source":"lis","report":{"placer":"900412"},"kind":"lab","test":"2823-3","step":"final","occurred_at":"2026-01-14T08:10:00Z","people":[{"role":"ordering","id":"1234567893","ns":"NPI"}],"results":[{"code":"2823-3","num":"6.9","unit":"mmol/L","status":"final"}]}"#;

struct Night {
    rig: Rig,
    intake: Intake,
}

fn night(disk: &SimDisk, at: Timestamp) -> Night {
    let rig = rig_of::<Partition>(disk, at, false).unwrap();
    Night { rig, intake: Intake::new(&[], Tokeniser::new(&[7; 32])) }
}

impl Night {
    fn activate(&self) {
        let sources = Sources { packs: ward::packs(), ..Sources::of_text("st-anne.ward", WARD) };
        let activation = ward::activation(&sources, Date::new(2026, 1, 14).unwrap(), "test");
        let activation = activation.map_err(|checked| checked.diagnostics).unwrap();
        self.rig.submit(vec![Input::Activate(Box::new(activation))]).unwrap();
    }

    fn tell(&self, line: &str) -> Accepted {
        let reading = self.intake.events("", Shape::Json, line.as_bytes(), self.rig.engine.log_now()).unwrap();
        assert_eq!(reading.lines[0].refused, None);
        self.rig.submit(reading.parcel.inputs).unwrap()
    }

    /// Lets the time of this test pass and waits for what then arrives.
    fn page_after(&self, minutes: i64) -> Outgoing {
        // Log time is a few microseconds ahead of the test's.
        self.rig.clock.pass(Span::from_minutes(minutes).plus(Span::from_seconds(1)));
        self.rig.engine.shared.inbox.wake();
        self.rig.heard.recv().unwrap()
    }
}

fn alert(night: &Night) -> String {
    night.rig.ask(|kernel| kernel.alerts(1).first().map_or_else(String::new, |alert| alert["state"].to_string()))
}

#[test]
fn a_critical_result_pages_and_then_pages_the_next() {
    let night = night(&SimDisk::new(3), NIGHT);
    night.activate();
    night.tell(RESULT);
    let first = night.rig.heard.recv().unwrap();
    assert_eq!((first.channel.word(), first.severity.as_str(), first.purpose), ("secure message", "red", "page"));
    let second = night.page_after(5);
    assert_eq!((second.channel.word(), second.address.as_str()), ("phone", "Operations"));
    assert_eq!(night.rig.stop(), Ended::Cleanly);
}

#[test]
fn nothing_is_taken_before_a_ward_decides() {
    // A critical result that came first would be acknowledged and watched by nobody.
    let disk = SimDisk::new(3);
    let rig = rig_with::<Partition>(&disk, NIGHT, (false, true), &Care::default()).unwrap();
    let night = Night { rig, intake: Intake::new(&[], Tokeniser::new(&[7; 32])) };
    let send = || {
        let reading = night.intake.events("", Shape::Json, RESULT.as_bytes(), night.rig.engine.log_now()).unwrap();
        let parcel = Parcel { inputs: reading.parcel.inputs, is_urgent: true, ..Parcel::default() };
        night.rig.tokio.block_on(night.rig.engine.submit(Lane::Critical, parcel))
    };
    assert_eq!(send().err(), Some(Refusal::Busy));
    assert_eq!(
        (night.rig.engine.status().phase(), night.rig.engine.status().is_waiting_for_ward()),
        (Phase::Recovering, true)
    );
    night.activate();
    // It says so a moment after the ward is in its state.
    let deadline = std::time::Instant::now() + core::time::Duration::from_secs(30);
    while night.rig.engine.status().is_waiting_for_ward() {
        assert!(std::time::Instant::now() < deadline, "still waiting");
        std::thread::yield_now();
    }
    assert!(send().is_ok());
    assert_eq!(night.rig.heard.recv().unwrap().channel.word(), "secure message");
    let disk = disk.kill();
    let again = rig_with::<Partition>(&disk, NIGHT, (false, true), &Care::default()).unwrap();
    assert_eq!(again.engine.status().phase(), Phase::Running, "its ward is in its log");
}

#[test]
fn an_answer_stops_the_escalation() {
    let night = night(&SimDisk::new(3), NIGHT);
    night.activate();
    night.tell(RESULT);
    let page = night.rig.heard.recv().unwrap();
    let answer = format!(
        r#"{{"v":1,"event_id":"a1","type":"answer","source":"api","occurred_at":"2026-01-14T08:11:00Z","answer":{{"act":"accepted","code":"{}","by":{{"id":"1234567893","ns":"NPI"}}}}}}"#,
        page.code
    );
    let outcome = night.rig.tokio.block_on(night.tell(&answer).outcome()).unwrap();
    assert_eq!(outcome.answers[0].verdict.word(), "accepted");
    night.rig.clock.pass(Span::from_minutes(30));
    night.tell(&RESULT.replace("r1", "r2"));
    until(&night.rig, |kernel| kernel.counters().contains(&("received", 3)));
    assert_eq!(alert(&night), "\"closed\"");
    assert!(night.rig.heard.try_recv().is_err(), "nobody else was asked");
}

#[test]
fn a_power_failure_pages_nobody_twice_and_forgets_no_wait() {
    let disk = SimDisk::new(3);
    let before = night(&disk, NIGHT);
    before.activate();
    before.tell(RESULT);
    before.rig.heard.recv().unwrap();
    until(&before.rig, |kernel| kernel.counters().contains(&("delivered", 1)));
    let after = night(&disk.crash(8), NIGHT.plus(Span::from_minutes(1)));
    assert_eq!(alert(&after), "\"delivered\"");
    assert!(after.rig.heard.try_recv().is_err(), "the first page was delivered and is not sent again");
    let second = after.page_after(5);
    assert_eq!(second.channel.word(), "phone", "the wait of five minutes went on through the failure");
}

#[test]
fn after_a_clean_stop_the_state_comes_from_the_checkpoint() {
    let disk = SimDisk::new(3);
    let before = night(&disk, NIGHT);
    before.activate();
    before.tell(RESULT);
    before.rig.heard.recv().unwrap();
    until(&before.rig, |kernel| kernel.counters().contains(&("delivered", 1)));
    assert_eq!(before.rig.stop(), Ended::Cleanly);
    let after = night(&disk.kill(), NIGHT.plus(Span::from_minutes(2)));
    assert_eq!(alert(&after), "\"delivered\"");
    let ward = after.rig.ask(|kernel| kernel.ward());
    assert_eq!(ward.map(|(name, _)| name.to_string()).as_deref(), Some("St Anne"));
    assert_eq!(after.page_after(5).channel.word(), "phone");
}
