//! What a reviewer can work out by hand from the tables, one resource or bundle at a time.

use wardline_rules::{
    event::{Given, Ident, ResultValue},
    time::Timestamp,
    words::{Evidence, Kind, Priority, ResultStatus, Role, Step},
};

use super::*;

fn body(text: &str) -> Reading {
    let (profile, tokeniser) = (Profile::new("ehr"), Tokeniser::new(&[7; 32]));
    Decoder::new(&profile, &tokeniser).body(text.as_bytes())
}

fn events(text: &str) -> Vec<Event> {
    match body(text).found {
        Found::Entries(entries) => entries
            .into_iter()
            .flat_map(|entry| match entry.outcome {
                Outcome::Events(events) => events,
                Outcome::Nothing => Vec::new(),
                Outcome::Refused(code) => panic!("refused {}", code.number()),
            })
            .collect(),
        Found::Unreadable(unreadable) => panic!("unreadable {} {}", unreadable.reason(), unreadable.place),
    }
}

fn refused(text: &str) -> Code {
    match body(text).found {
        Found::Unreadable(unreadable) => unreadable.code,
        Found::Entries(entries) => panic!("{entries:?}"),
    }
}

fn at(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text)
}

const REPORT: &str = r#"{"resourceType":"DiagnosticReport","status":"final",
    "identifier":[{"type":{"coding":[{"code":"FILL"}]},"system":"urn:oid:1.2.3","value":"F26"}],
    "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0074","code":"CH"}]}],
    "code":{"coding":[{"system":"http://loinc.org","code":"24321-2"}]},
    "subject":{"identifier":{"system":"STANNE-MRN","value":"1234567"}},
    "effectiveDateTime":"2026-01-14T07:40:00Z","issued":"2026-01-14T08:15:00Z",
    "basedOn":[{"reference":"ServiceRequest/o"}],"result":[{"reference":"Observation/k"}],
    "conclusion":"never carried"}"#;
const ORDER: &str = r#"{"resourceType":"ServiceRequest","id":"o","status":"active","intent":"order","priority":"stat",
    "identifier":[{"system":"urn:oid:1.2.9","value":"P9"}],"authoredOn":"2026-01-14T07:31:00Z",
    "code":{"coding":[{"system":"http://loinc.org","code":"24321-2"}]},"subject":{"reference":"Patient/1"},
    "requester":{"identifier":{"system":"http://hl7.org/fhir/sid/us-npi","value":"1234567893"}}}"#;
const POTASSIUM: &str = r#"{"resourceType":"Observation","id":"k","status":"final",
    "code":{"coding":[{"system":"http://loinc.org","code":"2823-3"}]},
    "valueQuantity":{"value":6.90,"comparator":">","unit":"mmol/l","code":"mmol/L"},
    "interpretation":[{"coding":[{"code":"HH"}]}],"referenceRange":[{"low":{"value":3.5},"high":{"value":5.1}}]}"#;

fn bundle(kind: &str, entries: &[&str]) -> String {
    let entries: Vec<String> =
        entries.iter().map(|entry| format!(r#"{{"request":{{"method":"POST"}},"resource":{entry}}}"#)).collect();
    format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{}]}}"#, entries.join(","))
}

#[test]
fn a_report_takes_its_numbers_from_its_order_and_its_results_from_its_observations() {
    let all = events(&bundle("transaction", &[REPORT, ORDER, POTASSIUM]));
    assert_eq!(
        all.iter().map(|event| &event.fact).collect::<Vec<_>>(),
        [&Fact::Step(Step::Final), &Fact::Step(Step::Ordered)]
    );
    let [report, order] = &all[..] else { panic!("{all:?}") };
    let ident = |id: &str, ns: &str| Some(Ident { id: id.into(), ns: ns.into() });
    assert_eq!((&report.report.filler, &report.report.placer), (&ident("F26", "1.2.3"), &ident("P9", "1.2.9")));
    assert_eq!(order.report.placer, report.report.placer);
    assert_eq!((report.kind, report.department.as_deref()), (Some(Kind::Lab), Some("CH")));
    assert_eq!(report.occurred_at.map(|time| time.lo), at("2026-01-14T08:15:00Z"));
    let [collected] = &report.milestones[..] else { panic!("{report:?}") };
    assert_eq!((collected.step, Some(collected.at.lo)), (Step::Collected, at("2026-01-14T07:40:00Z")));
    assert_eq!((report.priority, report.people.len()), (Given::Value(Priority::Stat), 1));
    assert_eq!(report.people[0].role, Role::Ordering);
    assert!(report.narrative && report.patient.is_some());
    let [potassium] = &report.results[..] else { panic!("{report:?}") };
    let ResultValue::Number(Some(_), number) = potassium.value else { panic!("{potassium:?}") };
    assert_eq!((number.to_string().as_str(), potassium.unit.as_str()), ("6.90", "mmol/L"));
    assert_eq!((potassium.status, potassium.abnormal.len()), (ResultStatus::Final, 1));
    assert_eq!(potassium.ref_high.map(|high| high.to_string()).as_deref(), Some("5.1"));
    assert_eq!(order.occurred_at.map(|time| time.lo), at("2026-01-14T07:31:00Z"));
}

#[test]
fn a_number_with_a_type_is_taken_before_one_without() {
    let both = REPORT.replace("\"identifier\":[", r#""identifier":[{"system":"X","value":"of this message"},"#);
    assert_eq!(events(&both)[0].report.filler, events(REPORT)[0].report.filler);
    let untyped = REPORT.replace(r#""type":{"coding":[{"code":"FILL"}]},"#, "");
    assert_eq!(events(&untyped)[0].report.filler, events(REPORT)[0].report.filler);
}

#[test]
fn where_nobody_has_numbers_a_report_finds_its_order_by_the_servers_name() {
    let order = ORDER.replace(r#""identifier":[{"system":"urn:oid:1.2.9","value":"P9"}],"#, "");
    let numbered = r#""identifier":[{"type":{"coding":[{"code":"FILL"}]},"system":"urn:oid:1.2.3","value":"F26"}],"#;
    let report = REPORT.replace(numbered, r#""id":"r","#);
    let (order, report) = (events(&order).swap_remove(0), events(&report).swap_remove(0));
    assert_eq!(order.report.placer.as_ref().map(|placer| placer.id.as_str()), Some("o"));
    assert_eq!(report.report.placer, order.report.placer);
    assert_eq!(report.report.filler.map(|filler| filler.id.to_string()).as_deref(), Some("r"));
    assert_eq!(events(REPORT)[0].report.placer, None, "a report with a number of its own takes no other name");
}

#[test]
fn categories_of_loinc_say_the_kind() {
    for (code, kind) in [("LP29684-5", Kind::Imaging), ("LP29708-2", Kind::Cardiology), ("LP7839-6", Kind::Pathology)] {
        assert_eq!(events(&REPORT.replace("\"CH\"", &format!("\"{code}\"")))[0].kind, Some(kind));
    }
}

#[test]
fn statuses_are_steps_as_the_table_has_them() {
    for (status, fact) in [
        ("registered", Fact::Step(Step::Accepted)),
        ("partial", Fact::Step(Step::Partial)),
        ("preliminary", Fact::Step(Step::Preliminary)),
        ("amended", Fact::Step(Step::Amended)),
        ("corrected", Fact::Step(Step::Corrected)),
        ("appended", Fact::Step(Step::Appended)),
        ("cancelled", Fact::Step(Step::Cancelled)),
        ("entered-in-error", Fact::Step(Step::EnteredInError)),
        ("unknown", Fact::Update),
    ] {
        let all = events(&REPORT.replace("\"final\"", &format!("\"{status}\"")));
        assert_eq!(all[0].fact, fact, "{status}");
        assert_eq!(all[0].notes.iter().any(|note| note.fault == Fault::StatusMissing), fact == Fact::Update);
    }
}

#[test]
fn requests_that_are_no_orders_say_nothing() {
    for (from, to) in [("\"active\"", "\"draft\""), ("\"order\"", "\"plan\"")] {
        let all = events(&ORDER.replace(from, to));
        assert_eq!(all[0].fact, Fact::Heartbeat, "{to}");
    }
    let held = events(&ORDER.replace("\"active\"", "\"on-hold\""));
    assert_eq!((held[0].fact.clone(), held[0].flags.len()), (Fact::Update, 1));
    assert_eq!(events(&ORDER.replace("\"active\"", "\"revoked\""))[0].fact, Fact::Step(Step::Cancelled));
}

#[test]
fn a_report_without_a_time_of_its_own_has_that_of_whoever_signed_it() {
    let unsigned = REPORT
        .replace(r#","issued":"2026-01-14T08:15:00Z""#, "")
        .replace("{\"resourceType\":\"D", "{\"id\":\"r\",\"resourceType\":\"D");
    let signed = r#"{"resourceType":"Provenance","target":[{"reference":"DiagnosticReport/r"}],
        "recorded":"2026-01-14T08:20:00Z","agent":[{"type":{"coding":[{"code":"verifier"}]}}]}"#;
    let all = events(&bundle("batch", &[&unsigned, signed]));
    assert_eq!(
        (all[0].occurred_at.map(|time| time.lo), all[0].evidence),
        (at("2026-01-14T08:20:00Z"), Evidence::Derived)
    );
    assert_eq!(events(&unsigned)[0].evidence, Evidence::Message);
}

#[test]
fn an_observation_alone_is_a_report_if_it_is_of_a_laboratory() {
    let category = |word: &str| {
        POTASSIUM.replace("\"status\"", &format!(r#""category":[{{"coding":[{{"code":"{word}"}}]}}],"status""#))
    };
    let alone = events(&category("laboratory"));
    assert_eq!((alone[0].fact.clone(), alone[0].results.len()), (Fact::Step(Step::Final), 1));
    assert_eq!(events(&category("vital-signs"))[0].fact, Fact::Heartbeat);
}

#[test]
fn a_specimen_gives_its_times_to_the_report_that_names_it() {
    let specimen = r#"{"resourceType":"Specimen","id":"s","receivedTime":"2026-01-14T07:52:00Z",
        "accessionIdentifier":{"value":"A1"},"collection":{"collectedDateTime":"2026-01-14T07:41:00Z"}}"#;
    let report =
        REPORT.replace(r#""effectiveDateTime":"2026-01-14T07:40:00Z","#, r#""specimen":[{"reference":"Specimen/s"}],"#);
    let all = events(&bundle("transaction", &[&report, specimen]));
    let steps: Vec<Step> = all[0].milestones.iter().map(|milestone| milestone.step).collect();
    assert_eq!((steps, all.len()), (vec![Step::Collected, Step::Received], 1));
    assert_eq!(all[0].report.accession.as_ref().map(|accession| accession.id.as_str()), Some("A1"));
    let rejected =
        specimen.replace("\"id\"", r#""status":"unsatisfactory","request":[{"reference":"ServiceRequest/o"}],"id""#);
    let all = events(&bundle("batch", &[&rejected, ORDER]));
    assert_eq!(all[0].fact, Fact::Step(Step::Recollect));
}

#[test]
fn a_patient_is_known_by_the_identifier_and_never_by_name() {
    let of = |subject: &str| {
        let report = REPORT.replace(r#"{"identifier":{"system":"STANNE-MRN","value":"1234567"}}"#, subject);
        let patient = r#"{"resourceType":"Patient","id":"p","name":[{"family":"Wren"}],"birthDate":"1930-06-01",
            "identifier":[{"system":"X","value":"9"},{"type":{"coding":[{"code":"MR"}]},"system":"STANNE-MRN","value":"1234567"}]}"#;
        events(&bundle("batch", &[&report, patient])).swap_remove(0)
    };
    let by_identifier = of(r#"{"identifier":{"system":"STANNE-MRN","value":"1234567"}}"#);
    let by_reference = of(r#"{"reference":"Patient/p"}"#);
    assert_eq!(by_identifier.patient, by_reference.patient);
    let age = by_reference.attributes.iter().find(|(key, _)| key == "patient_age").unwrap();
    assert!(format!("{age:?}").contains("90"), "90 and over as 90: {age:?}");
    assert!(!format!("{by_reference:?}").contains("Wren"));
    assert_ne!(of(r#"{"reference":"Patient/123"}"#).patient, by_identifier.patient);
}

#[test]
fn bundles_and_resources_that_are_not_for_here_are_refused() {
    assert_eq!(refused("{"), Code::NotFhir);
    assert_eq!(refused(r#"{"id":"1"}"#), Code::NotFhir);
    assert_eq!(refused(r#"{"resourceType":"LabReport"}"#), Code::UnknownResource);
    assert_eq!(refused(r#"{"resourceType":"Bundle","entry":[]}"#), Code::BundleType);
    assert_eq!(refused(&bundle("searchset", &[])), Code::BundleType);
    assert_eq!(refused(&bundle("message", &[REPORT])), Code::SegmentMissing);
    assert_eq!(refused(&bundle("transaction", &[r#"{"resourceType":"Nonsense"}"#])), Code::UnknownResource);
    assert_eq!(refused(r#"{"resourceType":"Task","resourceType":"Task"}"#), Code::RepeatedKey);
    let deleted = bundle("transaction", &[REPORT]).replace("POST", "DELETE");
    assert_eq!(refused(&deleted), Code::EntryMethod);
}

#[test]
fn a_batch_takes_what_it_can_and_answers_each_entry() {
    let reading =
        body(&bundle("batch", &[REPORT, r#"{"resourceType":"Nonsense"}"#, r#"{"resourceType":"Organization"}"#]));
    let (status, answer) = answer::answer(&reading);
    let statuses: Vec<&str> = (0..3).map(|n| answer["entry"][n]["response"]["status"].as_str().unwrap()).collect();
    assert_eq!((status, statuses), (200, vec!["201 Created", "422 Unprocessable Entity", "200 OK"]));
    assert_eq!(answer["entry"][1]["response"]["outcome"]["issue"][0]["diagnostics"], "WL1243");
    let (status, answer) = answer::answer(&body("{"));
    assert_eq!((status, answer["resourceType"].as_str()), (422, Some("OperationOutcome")));
}
