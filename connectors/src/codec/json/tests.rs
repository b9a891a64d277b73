//! The canonical event format: what is kept, what is dropped with a note, what is refused.

mod generated;

use wardline_rules::{
    decimal::Decimal,
    event::{Fact, Given, Ident, ResultValue, Scalar},
    limits::LINE_BYTES_MAX,
    words::{Comparator, Evidence, Priority, Step},
};

use super::*;

const EXAMPLES: &str = include_str!("../../../schema/event.examples.ndjson");

fn tokeniser() -> Tokeniser {
    Tokeniser::new(&core::array::from_fn(|index| u8::try_from(index).unwrap()))
}

/// A feed without a name: it speaks for sources that begin with a point only, so tests name theirs.
fn profile() -> Profile {
    let mut profile = Profile::new("trk");
    profile.authorities.placer = "EPC".into();
    profile
}

fn read(line: &str) -> Result<Event, Unreadable> {
    Decoder::new(&profile(), &tokeniser()).line(line.as_bytes())
}

/// A step with `more` fields.
fn step(more: &str) -> String {
    format!(
        r#"{{"v":1,"event_id":"e1","source":"trk","report":{{"placer":"900412"}},"patient":{{"id":"1","ns":"M"}},"step":"received","occurred_at":"2026-01-14T07:52:10Z"{more}}}"#
    )
}

fn notes(event: &Event) -> Vec<String> {
    event.notes.iter().map(|note| format!("{} {}", note.fault.name(), note.field)).collect()
}

fn event(more: &str) -> Event {
    read(&step(more)).unwrap()
}

#[test]
fn the_published_examples_are_read_whole() {
    let tokeniser = tokeniser();
    for line in EXAMPLES.lines() {
        let source = line.split(r#""source":""#).nth(1).unwrap().split('"').next().unwrap();
        let profile = Profile::new(source);
        let event = Decoder::new(&profile, &tokeniser).line(line.as_bytes()).unwrap();
        assert_eq!(event.notes, [], "{line}");
        let mut written = String::new();
        assert_eq!(encode(&event, &mut written), Encoding::Written);
        assert_eq!(Decoder::new(&profile, &tokeniser).line(written.as_bytes()).unwrap(), event, "{written}");
    }
}

#[test]
fn a_result_event_says_what_its_line_says() {
    let line = EXAMPLES.lines().nth(2).unwrap();
    let event = Decoder::new(&Profile::new("stanne-lis"), &tokeniser()).line(line.as_bytes()).unwrap();
    assert_eq!(event.fact, Fact::Step(Step::Preliminary));
    assert_eq!(event.report.filler, Some(Ident { id: "26C0140031".into(), ns: "BEAKER".into() }));
    assert_eq!(event.tests.len(), 2);
    assert_eq!(
        event.milestones.iter().map(|m| m.step).collect::<Vec<_>>(),
        [Step::Collected, Step::Received, Step::Analysed]
    );
    assert_eq!(event.milestones[2].evidence, Evidence::Derived);
    let potassium = &event.results[0];
    assert_eq!(potassium.value, ResultValue::Number(None, Decimal::parse("6.9").unwrap()));
    assert_eq!((potassium.ref_low, potassium.unit.as_str()), (Decimal::parse("3.5"), "mmol/L"));
}

#[test]
fn raw_identifiers_become_tokens() {
    // [PRV-1] [PRV-2]: the page's vector, from an object and from any text that is no token
    let token = "pt_2mvxlqwcd6wirniczb7updjaze";
    let from_object =
        read(&step("").replace(r#"{"id":"1","ns":"M"}"#, r#"{"id":" 1234567","ns":"STANNE-MRN"}"#)).unwrap();
    assert_eq!(from_object.patient.unwrap().display(wardline_rules::token::TokenKind::Patient).to_string(), token);
    let mut profile = profile();
    profile.authorities.patient = "STANNE-MRN".into();
    let line = step("").replace(r#"{"id":"1","ns":"M"}"#, r#""1234567""#);
    let from_text = Decoder::new(&profile, &tokeniser()).line(line.as_bytes()).unwrap();
    assert_eq!(from_text.patient, from_object.patient);
}

#[test]
fn null_clears_or_is_ignored() {
    // [EVT-4]
    let event = event(
        r#","priority":null,"location":null,"class":null,"planned_at":null,"attributes":{"modality":null},"kind":null,"results":null,"encounter":null"#,
    );
    assert_eq!((&event.priority, &event.location, &event.class), (&Given::Cleared, &Given::Cleared, &Given::Cleared));
    assert_eq!(event.planned_at, Given::Cleared);
    assert_eq!(event.attributes, [("modality".into(), Given::Cleared)]);
    assert_eq!(notes(&event), ["null_ignored encounter", "null_ignored results", "null_ignored kind"]);
}

#[test]
fn an_unknown_word_drops_its_field_only() {
    // [EVT-3]
    for (more, note) in [
        (r#","priority":"super""#, "unknown_value priority"),
        (r#","priority":"unknown""#, "unknown_value priority"),
        (r#","priority":7"#, "unknown_value priority"),
        (r#","kind":"labs""#, "unknown_value kind"),
        (r#","class":"daycase""#, "unknown_value class"),
        (r#","channel":"pigeon""#, "unknown_value channel"),
        (r#","reason":"Mix-up of tubes""#, "unknown_value reason"),
        (r#","flags":["stale","critical"]"#, "unknown_value flags"),
        (r#","flags":["wait.rain"]"#, "unknown_value flags"),
        (r#","people":[{"role":"friend","id":"1"}]"#, "unknown_value people.role"),
        (r#","attributes":{"shoe_size":42}"#, "attribute_dropped attributes"),
        (r#","msg":{"sha":"xyz"}"#, "unknown_value msg.sha"),
        (r#","test":5"#, "unknown_value test"),
        (r#","milestones":[{"step":"lost","at":"2026-01-14T07:52Z"}]"#, "unknown_value milestones.step"),
        (r#","results":[{"code":"2823-3","unit":"mmol per L"}]"#, "unit_unknown results.unit"),
    ] {
        let event = event(more);
        assert_eq!(notes(&event), [note], "{more}");
        assert_eq!(event.fact, Fact::Step(Step::Received));
    }
    let kept = event(r#","flags":["wait.special_stain","stale","critical","critical"]"#);
    assert_eq!(kept.flags.len(), 2);
}

#[test]
fn unknown_keys_are_dropped_or_refused() {
    // [EVT-2]
    let event = event(r#","colour":"red","Shoe Size":1,"msg":{"weather":"fine"}"#);
    assert_eq!(notes(&event), ["unknown_field msg.weather", "unknown_field colour", "unknown_field "]);
    let strict = Profile { strict: true, ..profile() };
    let tokeniser = tokeniser();
    let decoder = Decoder::new(&strict, &tokeniser);
    for more in [r#","colour":"red""#, r#","msg":{"weather":"fine"}"#, r#","results":[{"code":"1","mood":2}]"#] {
        assert_eq!(decoder.line(step(more).as_bytes()).unwrap_err().code, Code::UnknownField, "{more}");
    }
    assert!(decoder.line(step("").as_bytes()).is_ok());
}

#[test]
fn what_makes_the_fact_unknown_is_refused() {
    // [EVT-1] [EVT-3]
    let line = step("");
    let deep = step(&format!(r#","x":{}1{}"#, "[".repeat(40), "]".repeat(40)));
    let cut = line.strip_suffix('}').unwrap().to_owned();
    for (line, code) in [
        ("".to_owned(), Code::NotJson),
        ("[]".to_owned(), Code::NotJson),
        (cut, Code::NotJson),
        (format!("{line} {line}"), Code::NotJson),
        (line.replace("\"v\":1", "\"v\":2"), Code::Version),
        (line.replace("\"v\":1", "\"v\":\"1\""), Code::Version),
        (line.replace("\"v\":1,", ""), Code::Version),
        (step(r#","v":1"#), Code::RepeatedKey),
        (step(r#","msg":{"id":"1","id":"2"}"#), Code::RepeatedKey),
        (step(r#","colour":{"a":1,"a":2}"#), Code::RepeatedKey),
        (deep, Code::InnerLimit),
        (step(r#","type":"stop""#), Code::UnknownType),
        (line.replace("received", "recieved"), Code::UnknownStep),
        (line.replace(r#""step":"received","#, ""), Code::MissingField),
        (line.replace(r#","occurred_at":"2026-01-14T07:52:10Z""#, ""), Code::MissingField),
        (line.replace(r#""report":{"placer":"900412"},"#, ""), Code::MissingField),
        (step(r#","type":"encounter""#), Code::MissingField),
        (step(r#","type":"answer""#), Code::MissingField),
        (step(r#","type":"answer","answer":{"act":"shrugged","by":{}}"#), Code::UnknownAct),
        (step(r#","type":"answer","answer":{"by":{}}"#), Code::UnknownAct),
        (step(r#","type":"merge","merge":{"what":"patient","from":{"id":"1"}}"#), Code::UnknownMerge),
        (step(r#","type":"merge","merge":{"what":"report","from":{},"into":{"filler":"1"}}"#), Code::UnknownMerge),
        (line.replace("\"trk\"", "\"lis\""), Code::SourceForeign),
        (line.replace("\"trk\"", "\"TRK\""), Code::SourceName),
        (step(&format!(r#","colour":"{}""#, "x".repeat(LINE_BYTES_MAX))), Code::LineTooLong),
        (step(&format!(r#","results":[{}{{"code":"1"}}]"#, r#"{"code":"1"},"#.repeat(4_096))), Code::EventTooLarge),
    ] {
        let shown: String = line.chars().take(300).collect();
        assert_eq!(read(&line).map_err(|unreadable| unreadable.code), Err(code), "{shown}");
    }
}

#[test]
fn a_large_event_is_refused_even_if_its_line_is_not() {
    // Section 2: an event is at most 64 KiB encoded. 600 results of about 130 bytes are more.
    let one = format!(r#"{{"code":{{"code":"2823-3","display":"{}"}}}},"#, "x".repeat(100));
    let line = step(&format!(r#","results":[{}{{"code":"1"}}]"#, one.repeat(600)));
    assert_eq!(read(&line).map_err(|unreadable| unreadable.code), Err(Code::EventTooLarge));
    let blanks = step(&format!(r#","site":{}"STANNE""#, " ".repeat(100_000)));
    assert_eq!(read(&blanks).unwrap().site.unwrap(), "STANNE");
}

#[test]
fn a_refused_line_leaves_its_hash_and_no_word_of_itself() {
    let unreadable = read("{\"patient\":\"Smith\"").unwrap_err();
    let event = unreadable.event("trk");
    assert_eq!((unreadable.code.number(), unreadable.size), ("WL1201", 18));
    assert_eq!(event.fact, Fact::Unreadable { size: 18, sha: unreadable.sha });
    assert_eq!(event.reason.as_deref(), Some("not_json"));
    assert!(!format!("{event:?}").contains("Smith"));
    let mut out = String::new();
    assert_eq!((encode(&event, &mut out), out.as_str()), (Encoding::DeadLetter, ""));
}

#[test]
fn a_bad_time_falls_back_to_the_message() {
    // Section 2, `occurred_at`; [TIM-5]
    let line = step(r#","msg":{"made_at":"2026-01-14T08:00:00Z"}"#).replace("2026-01-14T07:52:10Z", "14.01.2026");
    let event = read(&line).unwrap();
    assert_eq!((event.occurred_at, event.evidence), (event.msg.made_at, Evidence::Message));
    assert_eq!(notes(&event), ["time_malformed occurred_at"]);
    let alone = read(&step("").replace("2026-01-14T07:52:10Z", "1970-01-01")).unwrap();
    assert_eq!((alone.occurred_at, alone.evidence), (None, Evidence::Message));
    assert_eq!(notes(&alone), ["zone_missing occurred_at", "implausible_time occurred_at"]);
}

#[test]
fn an_event_without_an_id_is_named_by_its_content() {
    // Section 2, `event_id`; [EVT-6]
    let line = step("").replace(r#""event_id":"e1","#, "");
    let other_order = r#"{"step":"received", "occurred_at":"2026-01-14T07:52:10Z","source":"trk","patient":{"ns":"M","id":"1"},"report":{"placer":"900412"},"received_at":"2026-01-14T07:52:11Z","v":1}"#;
    let (one, other) = (read(&line).unwrap(), read(other_order).unwrap());
    assert!(one.event_id.starts_with("x-") && one.event_id.len() == 28);
    assert_eq!(one.event_id, other.event_id);
    assert_ne!(one.event_id, read(&line.replace("900412", "900413")).unwrap().event_id);
    let spaced = read(&step("").replace("\"e1\"", "\"e 1\"")).unwrap();
    assert!(spaced.event_id.starts_with('~') && spaced.event_id.len() == 27);
}

#[test]
fn numbers_are_decimals_in_every_spelling() {
    // [EVT-5]
    let value =
        |text: &str| event(&format!(r#","results":[{{"code":"1","num":{text},"cmp":"<"}}]"#)).results[0].value.clone();
    let number = |text: &str| ResultValue::Number(Some(Comparator::Below), Decimal::parse(text).unwrap());
    for (text, digits) in [("6.9", "6.9"), ("\"6.90\"", "6.90"), ("0.1", "0.1"), ("-7", "-7"), ("1.5e2", "150")] {
        assert_eq!(value(text), number(digits), "{text}");
    }
    assert_eq!(value("123456789012345678.123456789"), number("123456789012345678.123456789"));
    assert_eq!(value("0.1234567891"), number("0.123456789"), "the nearest that is kept");
    for text in ["1234567890123456789", "\"about 7\""] {
        assert_eq!(value(text), ResultValue::Narrative, "more digits than are kept are text: {text}");
    }
    let attribute = event(r#","attributes":{"patient_age":63,"finding_category":"1","modality":1.5}"#);
    assert_eq!(attribute.attributes[0].1, Given::Value(Scalar::Number(Decimal::whole(63))));
    assert_eq!(attribute.attributes[2].1, Given::Value(Scalar::Number(Decimal::parse("1.5").unwrap())));
}

#[test]
fn text_never_enters() {
    // [EVT-7]
    let event = event(r#","results":[{"code":"1","text":"Mrs Smith has a fracture"},{"code":"2","text":"POSITIVE"}]"#);
    assert_eq!(event.results[0].value, ResultValue::Narrative);
    assert_eq!(event.results[1].value, ResultValue::Word("POSITIVE".into()));
    assert!(event.narrative && !format!("{event:?}").contains("Smith"));
}

#[test]
fn patients_of_tests_are_marked() {
    // [EVT-9]
    let mut profile = profile();
    profile.test_patients.prefixes.push("ZZ".into());
    let line = step("").replace(r#""id":"1""#, r#""id":"ZZ1""#);
    let event = Decoder::new(&profile, &tokeniser()).line(line.as_bytes()).unwrap();
    assert_eq!(event.flags, [wardline_rules::event::ReportFlag::Known(wardline_rules::words::Flag::TestPatient)]);
}

#[test]
fn heartbeats_and_encounters_need_little() {
    // [EVT-10]
    let beat = read(r#"{"v":1,"type":"heartbeat","source":"trk.child"}"#).unwrap();
    assert_eq!((beat.fact, beat.occurred_at, beat.source.as_str()), (Fact::Heartbeat, None, "trk.child"));
    let moved = read(r#"{"v":1,"type":"encounter","source":"trk","encounter":"V1","occurred_at":"2026-01-14T12:10-06:00","location":"ICU-2"}"#).unwrap();
    assert!(moved.encounter.is_some() && moved.notes.is_empty());
}

#[test]
fn an_anonymous_report_is_accepted_and_noted() {
    // [IDN-7]
    let event = read(&step("").replace(r#"{"placer":"900412"}"#, r#"{"group":"G1"}"#)).unwrap();
    assert_eq!(notes(&event), ["no_identity report"]);
    let stranger = read(&step("").replace(r#""patient":{"id":"1","ns":"M"},"#, "")).unwrap();
    assert_eq!(notes(&stranger), ["no_patient patient"]);
}

#[test]
fn priority_unknown_is_not_routine() {
    assert_eq!(event("").priority, Given::Absent);
    assert_eq!(event(r#","priority":"stat""#).priority, Given::Value(Priority::Stat));
}

#[test]
fn the_published_examples_go_the_fast_way() {
    for line in
        EXAMPLES.lines().filter(|line| !line.contains(r#""type":"merge""#) && !line.contains(r#""type":"answer""#))
    {
        assert!(read_fast(line.as_bytes(), &mut Wire::default()), "{line}");
    }
}
