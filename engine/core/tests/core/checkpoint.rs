//! Checkpoint: a restored partition goes on as the one that was written would have.

use wardline_core::{
    Batch, Input, Output, Partition,
    checkpoint::{Error, SECTIONS},
    input::{Class, FeedState, FeedStatus, Outcome, Silence, Silenced},
    step,
};
use wardline_rules::{
    Text,
    event::{Event, Fact, Merge},
    time::Span,
    token::Token,
    words::{Act, Flag, MergeWhat, Priority, Step},
};

use crate::{
    driver::{Run, Told, activate, compile},
    mute::guarded_day,
    said::{DR_BELL, DR_CHO, Said, answer, at, joined},
    ward,
};

fn silence(id: u64, what: Silenced, until: &str) -> Input {
    let (author, because) = (Text::from("Ops"), Text::from("maintenance"));
    Input::Silence(Box::new(Silence { id, what, until: at(until), author, because }))
}

/// A day with a bit of everything: critical values, holds, corrections, silences, merges, failures, a second edition.
fn busy_day() -> Run {
    let mut run = Run::hospital();
    run.inputs("08:30", vec![Input::Feed(FeedStatus { feed: Text::from("lis"), state: FeedState::Connected })]);
    for (clock, report) in [("08:50", "R1"), ("08:55", "R2"), ("08:58", "R3")] {
        run.hear(clock, Said::step(Step::Received, clock).of(report).ordered_by(DR_BELL).site("STANNE"));
    }
    run.hear("09:05", Said::update("09:05").of("R2").flag(Flag::OnHold));
    run.hear("09:10", Said::step(Step::Preliminary, "09:08").of("R1").potassium("6.9"));
    let started = run.start("09:11");
    run.outcome("09:11:30", started[0], (1, Outcome::FailedSoft { retry_after: Some(3) }));
    let started = run.start("09:12:30");
    run.outcome("09:12:31", started[0], (1, Outcome::Ambiguous { class: Class::Neither }));
    run.inputs("09:13", vec![silence(1, Silenced::Rule(Text::from("sla/Lab")), "11:30")]);
    run.inputs("09:14", vec![silence(2, Silenced::Site(Text::from("STANNE")), "12:00")]);
    run.hear("09:40", Said::update("09:35").of("R2").no_flag(Flag::OnHold).priority(Priority::Stat));
    run.inputs("10:30", vec![Input::Lift(2)]);
    run.hear("10:40", Said::step(Step::Final, "10:35").of("R1").potassium("6.9"));
    run.hear("10:45", Said::step(Step::Corrected, "10:44").of("R1").potassium("7.2"));
    let code = run.code();
    run.hear("10:46", answer(Act::Accepted, &code, "10:46"));
    run.hear("10:50", Said::step(Step::Corrected, "10:49").of("R1").potassium("4.4"));
    run.deliver("10:51");
    let merge = Merge::Tokens { what: MergeWhat::Patient, from: Token([1; 16]), into: Token([2; 16]) };
    run.inputs("10:55", vec![Input::Event(Box::new(Event::new("adt", "m1", Fact::Merge(Box::new(merge)))))]);
    run.inputs("11:00", vec![activate(ward::second_edition(), "second")]);
    run.hear("11:05", Said::step(Step::Received, "11:05").of("R4").ordered_by(DR_CHO));
    run.hear("11:06", Said::step(Step::Final, "10:20").of("R3"));
    run.pass("12:30");
    run.pass("15:30");
    run
}

fn copy(partition: &Partition) -> Partition {
    let sections = partition.checkpoint();
    let sections: Vec<(&str, &[u8])> = sections.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    Partition::restore(&sections, &mut |text| compile(text)).unwrap()
}

fn replay(partition: &mut Partition, batch: &Batch) -> Told {
    let mut out = Output::default();
    step(partition, batch, &mut out);
    Told::from(&out)
}

#[test]
fn the_day_of_these_tests_has_something_in_every_section() {
    let run = busy_day();
    let empty = Run::empty().partition.checkpoint();
    let sections = run.partition.checkpoint();
    assert_eq!(sections.iter().map(|(name, _)| *name).collect::<Vec<_>>(), SECTIONS);
    let same: Vec<_> = sections.iter().zip(&empty).filter(|(one, other)| one == other).map(|(one, _)| one.0).collect();
    // Both silences have ended by then, and nothing is old enough to leave. This ward watches and gathers nothing.
    assert_eq!(same, ["silences", "watch", "gathers"]);
}

#[test]
fn a_restart_after_every_batch_of_a_day_that_watches_and_gathers_changes_nothing() {
    // guarantees G8, O4
    let run = guarded_day();
    let empty = Run::empty().partition.checkpoint();
    let mut partition = Run::empty().partition;
    let mut filled = std::collections::BTreeMap::<&str, usize>::new();
    for (batch, told) in run.batches.iter().zip(&run.told) {
        partition = copy(&partition);
        assert_eq!(&replay(&mut partition, batch), told, "at {:?}", batch.at);
        let sections = partition.checkpoint();
        for (section, _) in sections.iter().zip(&empty).filter(|(one, other)| one != other) {
            *filled.entry(section.0).or_default() += 1;
        }
        for place in 0..sections.len() {
            let mut cut = sections.clone();
            cut[place].1.pop();
            assert!(restore(&cut).is_err(), "{} cut at {:?}", sections[place].0, batch.at);
        }
    }
    assert_eq!(partition.state_hash(), run.partition.state_hash());
    assert!(filled["watch"] > 10 && filled["gathers"] > 10, "{filled:?}");
}

#[test]
fn a_restart_after_every_batch_changes_nothing() {
    // guarantees G8, O4
    let run = busy_day();
    let mut restarted = Run::empty().partition;
    let mut never = Run::empty().partition;
    for (batch, told) in run.batches.iter().zip(&run.told) {
        restarted = copy(&restarted);
        assert_eq!(&replay(&mut restarted, batch), told, "at {:?}", batch.at);
        replay(&mut never, batch);
        assert_eq!(restarted.checkpoint(), never.checkpoint(), "at {:?}", batch.at);
        assert_eq!(restarted.state_hash(), never.state_hash());
    }
    assert_eq!(restarted.state_hash(), run.partition.state_hash());
}

#[test]
fn one_restart_at_any_batch_ends_in_the_same_state() {
    let run = busy_day();
    let mut partition = Run::empty().partition;
    for (place, batch) in run.batches.iter().enumerate() {
        let mut restored = copy(&partition);
        for (batch, told) in run.batches.iter().zip(&run.told).skip(place) {
            assert_eq!(&replay(&mut restored, batch), told, "restored before {place}, at {:?}", batch.at);
        }
        assert_eq!(restored.state_hash(), run.partition.state_hash(), "restored before {place}");
        replay(&mut partition, batch);
    }
}

#[test]
fn a_section_that_is_missing_doubled_or_unknown_is_refused() {
    let sections = busy_day().partition.checkpoint();
    let whole: Vec<(&str, &[u8])> = sections.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    for place in 0..whole.len() {
        let mut missing = whole.clone();
        let (name, bytes) = missing.remove(place);
        assert_eq!(Partition::restore(&missing, &mut |text| compile(text)).unwrap_err(), missing_error(name));
        missing.extend([(name, bytes), (name, bytes)]);
        assert_eq!(Partition::restore(&missing, &mut |text| compile(text)).unwrap_err(), missing_error(name));
    }
    let mut newer = whole;
    newer.push(("rosters", &[1]));
    assert_eq!(Partition::restore(&newer, &mut |text| compile(text)).unwrap_err(), Error::Unknown);
}

fn missing_error(name: &str) -> Error {
    Error::Missing(SECTIONS.iter().find(|known| **known == name).unwrap())
}

#[test]
fn a_frozen_state_is_as_it_was_and_the_one_that_goes_on_is_as_if_nobody_had_asked() {
    // Guarantees 2.5: no batch waits for a checkpoint, and none is in it that came later.
    let (mut run, mut undisturbed) = (busy_day(), busy_day());
    let was = run.partition.checkpoint();
    let first = run.partition.freeze();
    let goes_on = |run: &mut Run| {
        for (number, clock) in ["16:00", "16:10", "16:20", "16:30"].iter().enumerate() {
            run.hear(clock, Said::step(Step::Received, clock).of("R1"));
            run.hear(clock, Said::step(Step::Final, clock).of(&format!("late {number}")).potassium("7.2"));
            run.deliver(&format!("{clock}:30"));
        }
    };
    goes_on(&mut run);
    let second = run.partition.freeze();
    let then = run.partition.checkpoint();
    run.hear("17:00", Said::step(Step::Corrected, "17:00").of("R1").potassium("4.0"));
    goes_on(&mut undisturbed);
    undisturbed.hear("17:00", Said::step(Step::Corrected, "17:00").of("R1").potassium("4.0"));
    assert!(was != then && then != run.partition.checkpoint());
    assert!(first.into_sections().eq(was));
    assert!(second.into_sections().eq(then));
    assert!(run.partition.checkpoint() == undisturbed.partition.checkpoint());
    assert_eq!(run.story("16:00"), undisturbed.story("16:00"));
}

#[test]
fn a_frozen_state_knows_the_places_that_are_free() {
    // Guarantees 2.5: whoever starts from it gives new reports the same places.
    let mut run = Run::of(ward::only_sla(ward::lab_hour()));
    for report in ["R1", "R2", "R3"] {
        let life = [(Step::Received, "09:00"), (Step::Final, "09:10")];
        run.inputs("09:20", life.map(|(step, clock)| Said::step(step, clock).of(report).input()).to_vec());
    }
    let reports = |run: &Run| run.partition.gauges().reports;
    assert_eq!(reports(&run), 3);
    let later = at("12:00").plus(Span::from_minutes(100 * 24 * 60));
    run.batch(later, vec![Input::Tick]);
    assert_eq!(reports(&run), 1, "two leave in a batch");
    let was = run.partition.checkpoint();
    assert!(run.partition.freeze().into_sections().eq(was));
}

#[test]
fn a_newer_format_is_named() {
    let mut sections = busy_day().partition.checkpoint();
    sections[4].1[0] = 11;
    let sections: Vec<(&str, &[u8])> = sections.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    let error = Partition::restore(&sections, &mut |text| compile(text)).unwrap_err();
    assert_eq!(error, Error::Format("reports", 11));
    assert_eq!(error.to_string(), "section `reports` has format 11, this build reads 10");
}

#[test]
fn a_ward_that_compiles_to_something_else_is_refused() {
    let sections = busy_day().partition.checkpoint();
    let sections: Vec<(&str, &[u8])> = sections.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    let restored = Partition::restore(&sections, &mut |_| Some(ward::second_edition()));
    assert_eq!(restored.unwrap_err(), Error::Ward);
    assert_eq!(Partition::restore(&sections, &mut |_| None).unwrap_err(), Error::Ward);
}

#[test]
fn every_truncation_and_every_flipped_byte_is_refused_or_read_without_a_panic() {
    let sections = busy_day().partition.checkpoint();
    let mut refused = 0_usize;
    for place in 0..sections.len() {
        let mut damaged: Vec<(&str, Vec<u8>)> = sections.clone();
        for end in 0..sections[place].1.len() {
            damaged[place].1.truncate(0);
            damaged[place].1.extend_from_slice(&sections[place].1[..end]);
            assert!(restore(&damaged).is_err(), "{} cut at {end}", sections[place].0);
        }
        for flipped in 0..sections[place].1.len() {
            damaged[place].1.clone_from(&sections[place].1);
            damaged[place].1[flipped] ^= 0x41;
            // Most flips are refused; one inside a number or text is another state, which hashes of the file find.
            refused += usize::from(restore(&damaged).is_err());
        }
    }
    assert!(refused > 1_000, "{refused} refused");
}

fn restore(sections: &[(&str, Vec<u8>)]) -> Result<Partition, Error> {
    let sections: Vec<(&str, &[u8])> = sections.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    Partition::restore(&sections, &mut |text| compile(text))
}

#[test]
fn freed_places_are_given_out_in_the_same_order() {
    // guarantees 2.5: slot numbers and free lists.
    let mut never = Run::hospital();
    for (minute, report) in ["R1", "R2", "R3", "R4"].into_iter().enumerate() {
        never.hear(&format!("09:0{minute}"), Said::step(Step::Received, "09:00").of(report));
    }
    // The second place is freed after the third, so that it is given out first.
    never.inputs("09:10", vec![joined("R3", "j1")]);
    never.inputs("09:11", vec![joined("R2", "j2")]);
    assert_eq!(never.partition.counters().reports_left, 2);
    let mut restarted = Run::hospital();
    restarted.partition = copy(&never.partition);
    for run in [&mut never, &mut restarted] {
        run.hear("09:20", Said::step(Step::Received, "09:20").of("R5"));
        run.hear("09:21", Said::step(Step::Received, "09:21").of("R6"));
    }
    assert_eq!(never.partition.checkpoint(), restarted.partition.checkpoint());
}
