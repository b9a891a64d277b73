//! Numbers: is one measured value the same, however its sender's arithmetic spelt it and in whichever format?

use wardline_connectors::codec::{fhir, hl7, json, profile::Profile, token::Tokeniser};
use wardline_rules::{
    decimal::Decimal,
    event::{Event, ResultValue},
    quality::Fault,
};

fn in_hl7(digits: &str) -> Vec<Event> {
    let (profile, tokeniser) = (Profile::new("lis"), Tokeniser::new(&[7; 32]));
    let message = format!(
        "MSH|^~\\&|LIS|LAB|W|H|20260114081500||ORU^R01|1|P|2.5\rPID|||1^^^A^MR\rOBR|1|P1|F1|24321-2^BMP^LN|||202601140740||||||||||||||||||F\rOBX|1|NM|2823-3^K^LN||{digits}|mmol/L|||||F\r"
    );
    match hl7::Decoder::new(&profile, &tokeniser).message(message.as_bytes()).found {
        hl7::Found::Events(events) => events,
        other => panic!("{other:?}"),
    }
}

fn in_fhir(digits: &str) -> Vec<Event> {
    let (profile, tokeniser) = (Profile::new("ehr"), Tokeniser::new(&[7; 32]));
    let body = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[
        {{"request":{{"method":"POST"}},"resource":{{"resourceType":"DiagnosticReport","status":"final","identifier":[{{"system":"urn:oid:1.2.3","value":"F1"}}],
          "code":{{"coding":[{{"system":"http://loinc.org","code":"24321-2"}}]}},"issued":"2026-01-14T08:15:00Z","result":[{{"reference":"Observation/k"}}]}}}},
        {{"request":{{"method":"POST"}},"resource":{{"resourceType":"Observation","id":"k","status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"2823-3"}}]}},
          "valueQuantity":{{"value":{digits},"unit":"mmol/L"}}}}}}]}}"#
    );
    match fhir::Decoder::new(&profile, &tokeniser).body(body.as_bytes()).found {
        fhir::Found::Entries(entries) => {
            let outcomes = entries.into_iter().map(|entry| entry.outcome);
            outcomes
                .flat_map(|outcome| match outcome {
                    fhir::Outcome::Events(events) => events,
                    fhir::Outcome::Nothing => Vec::new(),
                    fhir::Outcome::Refused(code) => panic!("refused {}", code.number()),
                })
                .collect()
        }
        other => panic!("{other:?}"),
    }
}

fn in_json(digits: &str) -> Vec<Event> {
    let (profile, tokeniser) = (Profile::new("lis"), Tokeniser::new(&[7; 32]));
    let line = format!(
        r#"{{"v":1,"event_id":"a","source":"lis","report":{{"filler":"F1"}},"step":"final","occurred_at":"2026-01-14T08:15:00Z","results":[{{"code":{{"code":"2823-3","system":"LN"}},"num":{digits},"unit":"mmol/L"}}]}}"#
    );
    vec![json::Decoder::new(&profile, &tokeniser).line(line.as_bytes()).expect("an event")]
}

fn value(events: &[Event]) -> (Option<Decimal>, Vec<Fault>) {
    let result = events.iter().flat_map(|event| &event.results).next().expect("a result");
    let number = match &result.value {
        ResultValue::Number(None, number) => Some(*number),
        _ => None,
    };
    let notes = events.iter().flat_map(|event| &event.notes);
    let faults = notes.map(|note| note.fault).filter(|fault| matches!(fault, Fault::Clipped | Fault::UnknownValue));
    (number, faults.collect())
}

#[test]
fn one_value_spelt_by_a_float_is_the_same_in_every_format() {
    // [EVT-5], as ADR 0012 has it
    let expected = Decimal::parse("6.9");
    for (digits, is_rounded) in
        [("6.9", false), ("6.900", false), ("6.8999999999999995", true), ("6.9000000000000004", true)]
    {
        for (format, events) in [("hl7", in_hl7(digits)), ("fhir", in_fhir(digits)), ("json", in_json(digits))] {
            let (number, faults) = value(&events);
            assert_eq!(number, expected, "{digits} in {format}");
            assert_eq!(faults.contains(&Fault::Clipped), is_rounded, "{digits} in {format}: {faults:?}");
        }
    }
}

#[test]
fn a_value_that_cannot_be_taken_is_noted() {
    let too_large = "1234567890123456789";
    for (format, events) in
        [("hl7", in_hl7(too_large)), ("fhir", in_fhir(too_large)), ("hl7", in_hl7("HEMOLYZED SEE NOTE"))]
    {
        let (number, faults) = value(&events);
        assert_eq!((number, faults.contains(&Fault::UnknownValue)), (None, true), "{format}: {faults:?}");
    }
}
