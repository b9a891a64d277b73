//! Inputs come back from their bytes as they went in, and damaged bytes are refused.

use wardline_rules::{
    Text,
    decimal::Decimal,
    event::{
        Answer, Code, Event, Fact, Given, Ident, Merge, Milestone, Person, ReportFlag, ResultItem, ResultValue, Scalar,
    },
    quality::{Fault, Note},
    time::{EventTime, Span, Timestamp},
    token::Token,
    words::{
        Abnormal, Act, Channel, Comparator, Evidence, Flag, Kind, MergeWhat, PatientClass, Priority, ResultStatus,
        Role, Step,
    },
};

use super::*;

fn full_event() -> Event {
    let at = EventTime::within(Timestamp::from_micros(1_768_377_130_000_000), Span::from_seconds(1));
    let mut event = Event::new("stanne-lis", "LIS88120.1", Fact::Step(Step::Preliminary));
    event.msg.id = Some(Text::from("LIS88120"));
    event.msg.made_at = Some(at);
    event.msg.sha = Some([7; 16]);
    event.report.filler = Some(Ident { id: Text::from("26C0140031"), ns: Text::from("BEAKER") });
    event.patient = Some(Token([1; 16]));
    event.kind = Some(Kind::Lab);
    event.tests = vec![Code { code: Text::from("24321-2"), system: Text::from("loinc"), display: Text::from("BMP") }];
    event.priority = Given::Value(Priority::Stat);
    event.occurred_at = Some(at);
    event.evidence = Evidence::Derived;
    event.milestones = vec![Milestone { step: Step::Collected, at, evidence: Evidence::Own }];
    event.planned_at = Given::Cleared;
    event.received_at = Some(Timestamp::from_micros(5));
    event.location = Given::Value(Text::from("ICU-4"));
    event.class = Given::Value(PatientClass::Inpatient);
    event.people = vec![Person { role: Role::Ordering, token: Token([2; 16]) }];
    event.flags = vec![ReportFlag::Known(Flag::Critical), ReportFlag::Wait(Text::from("special_stain"))];
    event.flags_off = vec![ReportFlag::Known(Flag::OnHold)];
    event.results = vec![ResultItem {
        code: Code { code: Text::from("2823-3"), system: Text::from("loinc"), display: Text::default() },
        sub: Text::from("1"),
        value: ResultValue::Number(Some(Comparator::Above), Decimal::parse("6.90").unwrap()),
        unit: Text::from("mmol/L"),
        ref_low: Decimal::parse("3.5"),
        ref_high: None,
        abnormal: vec![Abnormal::CriticalHigh],
        status: ResultStatus::Preliminary,
        observed_at: Some(at),
        critical: Some(true),
    }];
    event.reason = Some(Text::from("specimen_mixup"));
    event.channel = Some(Channel::Phone);
    event.narrative = true;
    event.attributes = vec![(Text::from("modality"), Given::Value(Scalar::Text(Text::from("CT"))))];
    event.notes = vec![Note::new(Fault::Clipped, "report.filler")];
    event
}

fn answer() -> Event {
    let mut event = Event::new("sms", "ans-1", Fact::Update);
    event.fact = Fact::Answer(Box::new(Answer {
        act: Act::ReadBack,
        code: Some(Text::from("K7MQ2P")),
        nid: Some([9; 16]),
        by: Some(Token([3; 16])),
        licence: Some(Text::from("physician")),
        told_by: None,
        value: Some((None, Decimal::parse("6.9").unwrap())),
        unit: Text::from("mmol/L"),
        result: None,
    }));
    event
}

fn all_inputs() -> Vec<Input> {
    let merge = Merge::Tokens { what: MergeWhat::Patient, from: Token([4; 16]), into: Token([5; 16]) };
    let event = |event: Event| Input::Event(Box::new(event));
    let attempt = |outcome| Input::Attempt(Attempt { nid: Nid([6; 16]), number: 3, epoch: 2, outcome });
    vec![
        event(full_event()),
        event(answer()),
        event(Event::new("adt", "m-1", Fact::Merge(Box::new(merge)))),
        event(Event::new("lis", "u-1", Fact::Unreadable { size: 12, sha: [8; 16] })),
        attempt(Outcome::Started),
        attempt(Outcome::FailedSoft { retry_after: Some(30) }),
        Input::Silence(Box::new(Silence {
            id: 4,
            what: Silenced::Rule(Text::from("alert/A")),
            until: Timestamp::from_micros(9),
            author: Text::from("Ana"),
            because: Text::from("maintenance"),
        })),
        Input::Lift(4),
        Input::Feed(FeedStatus { feed: Text::from("RIS"), state: FeedState::Lost }),
        Input::Tick,
    ]
}

fn decode(payload: &[u8]) -> Result<Batch, Error> {
    decode_batch(Timestamp::from_micros(1), payload, &mut |_| None)
}

#[test]
fn inputs_come_back_as_they_went_in() {
    let inputs = all_inputs();
    let mut payload = Vec::new();
    encode_inputs(&inputs, &mut payload);
    let batch = decode(&payload).unwrap();
    assert_eq!(format!("{:?}", batch.inputs), format!("{inputs:?}"));
    let events = |inputs: &[Input]| -> Vec<Event> {
        let events = inputs.iter().filter_map(|input| if let Input::Event(event) = input { Some(event) } else { None });
        events.map(|event| (**event).clone()).collect()
    };
    assert_eq!(events(&inputs), events(&batch.inputs), "tokens and all");
}

#[test]
fn every_truncation_is_refused() {
    let mut payload = Vec::new();
    encode_inputs(&all_inputs(), &mut payload);
    for end in 0..payload.len() {
        assert!(decode(&payload[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn an_unknown_kind_is_named() {
    let mut payload = Vec::new();
    encode_inputs(&[Input::Tick], &mut payload);
    payload[4] = 77;
    assert_eq!(decode(&payload).unwrap_err(), Error::UnknownKind(77));
}

#[test]
fn a_ward_that_does_not_compile_is_an_error() {
    let payload = [1, 0, 0, 0, 3, 0, 0, 11, 0, 0, 0, 1, 0, 0, 0, b'x', 0, 0, 0, 0, 0, 0];
    assert_eq!(decode(&payload).unwrap_err(), Error::Ward);
}
