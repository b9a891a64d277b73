//! Hl7, tested against the codec that reads it.

use wardline_connectors::codec::hl7::{Decoder, Found};
use wardline_connectors::codec::profile::Profile as Feed;
use wardline_connectors::codec::token::Tokeniser;
use wardline_rules::event::{Event as Read, Fact};
use wardline_rules::words::{Kind, Priority, Step};

use super::*;
use crate::profile::Profile;
use crate::{Generator, Order};

fn read(text: &str) -> Vec<Read> {
    let (feed, tokeniser) = (Feed::new(""), Tokeniser::new(&[0; 32]));
    match Decoder::new(&feed, &tokeniser).message(text.as_bytes()).found {
        Found::Events(events) => events,
        other => panic!("{other:?}\n{text}"),
    }
}

fn line(step: &str, more: &str) -> String {
    format!(
        "{{\"v\":1,\"event_id\":\"e1\",\"source\":\"lis\",\"report\":{{\"placer\":\"P1\",\"filler\":{{\"id\":\"F1\",\"ns\":\"LIS\"}}}},\
         \"patient\":\"pt_a\",\"kind\":\"lab\",\"test\":\"2823-3\",\"priority\":\"stat\",\"step\":\"{step}\",\
         \"occurred_at\":\"2026-01-05T06:00:12Z\",\"site\":\"STANNE\",\"location\":\"ED-5\"{more}}}\n"
    )
}

#[test]
fn each_step_is_read_as_what_it_was() {
    for step in [
        "ordered",
        "accepted",
        "scheduled",
        "cancelled",
        "received",
        "in_process",
        "analysed",
        "partial",
        "preliminary",
        "final",
        "corrected",
    ] {
        let text = message(line(step, "").as_bytes()).unwrap();
        let events = read(&text);
        let steps: Vec<&Fact> = events.iter().map(|event| &event.fact).collect();
        assert_eq!(steps, [&Fact::Step(Step::parse(step).unwrap())], "{text}");
        let event = &events[0];
        assert_eq!(event.kind, Some(Kind::Lab), "{text}");
        assert_eq!(event.report.filler.as_ref().unwrap().id, "F1");
        assert_eq!(event.report.placer.as_ref().unwrap().id, "P1");
        assert_eq!(event.priority.value(), Some(&Priority::Stat), "{text}");
        assert_eq!(event.occurred_at.unwrap().lo.to_string(), "2026-01-05T06:00:12Z", "{text}");
    }
}

#[test]
fn a_critical_value_arrives_with_its_unit_and_mark() {
    let results = r#","flags":["critical"],"results":[{"code":"2823-3","num":7.1,"unit":"mmol/L","abnormal":["HH"],"status":"final"}]"#;
    let text = message(line("final", results).as_bytes()).unwrap();
    assert!(text.contains("OBX|1|NM|2823-3^2823-3^LN||7.1|mmol/L||HH|||F\r"), "{text}");
    let events = read(&text);
    assert_eq!(events[0].results.len(), 1, "{text}");
}

#[test]
fn what_hl7_cannot_say_is_left_out() {
    assert_eq!(message(line("released", "").as_bytes()), None);
    assert_eq!(message(b"{\"v\":1,\"event_id\":\"a\",\"type\":\"merge\"}"), None);
    assert_eq!(message(b"{ no event"), None);
}

#[test]
fn a_hospital_speaks_hl7_that_the_codec_reads() {
    let profile = Profile::load("hospital").unwrap();
    let order = Order { faults: Some("clean".to_owned()), reports_max: Some(300), ..Order::default() };
    let mut generator = Generator::new(profile, 5, 1_767_592_800_000_000, order).unwrap();
    let mut all = messages(Box::new(move |line| generator.next_into(line)));
    let (mut body, mut count) = (Vec::new(), 0);
    while all(&mut body).is_some() {
        let text = String::from_utf8(std::mem::take(&mut body)).unwrap();
        let text = text.strip_prefix('\x0b').unwrap().strip_suffix("\x1c\r").unwrap();
        assert!(!read(text).is_empty(), "{text}");
        count += 1;
    }
    assert!(count > 1_000, "{count}");
}
