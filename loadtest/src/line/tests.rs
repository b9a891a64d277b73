//! Line, tested: is every line the event it should be?

use serde_json::Value as Json;

use super::*;
use crate::generator::{Generator, Order};
use crate::profile::Profile;

const START: i64 = 1_767_592_800_000_000;

fn lines(profile: &str, faults: &str, count: usize) -> Vec<String> {
    let order = Order { faults: Some(faults.to_owned()), ..Order::default() };
    let generator = Generator::new(Profile::load(profile).unwrap(), 5, START, order).unwrap();
    generator.take(count).map(|event| String::from_utf8(event.line).unwrap()).collect()
}

fn parsed(lines: &[String]) -> Vec<Json> {
    lines.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn every_line_is_one_json_object_that_the_schema_accepts() {
    let schema: Json = serde_json::from_str(include_str!("../../../connectors/schema/event.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (profile, faults) in [
        ("tatmark", "clean"),
        ("tatmark", "rough"),
        ("hospital", "clean"),
        ("hospital", "realistic"),
        ("clinic", "clean"),
        ("reference-lab", "realistic"),
    ] {
        let mut seen = 0;
        for line in lines(profile, faults, 6_000) {
            assert!(line.ends_with("}\n") || faults != "clean");
            // Spoilt lines have a test of their own.
            let Ok(event) = serde_json::from_str::<Json>(&line) else {
                continue;
            };
            if event["v"] != 1 || line.starts_with("{\"v\":1,\"v\"") || line.starts_with("{\"step\":\"reborn\"") {
                continue;
            }
            let problems: Vec<String> = validator.iter_errors(&event).map(|error| error.to_string()).collect();
            assert!(problems.is_empty(), "{profile}: {problems:?}\n{line}");
            seen += 1;
        }
        assert!(seen > 5_800, "{profile} {faults}: {seen}");
    }
}

#[test]
fn benchmark_line_is_about_280_bytes_and_its_words_are_in_their_places() {
    let lines = lines("tatmark", "clean", 10_000);
    let mean = lines.iter().map(String::len).sum::<usize>() / lines.len();
    assert!((265..=295).contains(&mean), "{mean}");
    let keys: Vec<String> = parsed(&lines)[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys.len(), 13, "{keys:?}");
}

#[test]
fn critical_benchmark_final_says_so_twice() {
    let events = parsed(&lines("tatmark", "clean", 40_000));
    let critical: Vec<_> = events.iter().filter(|event| event["flags"] == serde_json::json!(["critical"])).collect();
    assert!(critical.len() > 50, "{}", critical.len());
    for event in critical {
        assert_eq!(event["step"], "final");
        let result = &event["results"][0];
        let is_marked = result["critical"] == true || ["LL", "HH"].contains(&result["abnormal"][0].as_str().unwrap());
        assert!(is_marked, "{event}");
    }
}

#[test]
fn event_ids_are_never_used_twice_in_a_clean_world() {
    let mut ids: Vec<String> =
        parsed(&lines("hospital", "clean", 30_000)).iter().map(|event| event["event_id"].to_string()).collect();
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

#[test]
fn walk_in_has_no_order_number_and_an_order_no_filler_number() {
    for event in parsed(&lines("hospital", "clean", 30_000)) {
        let report = &event["report"];
        match event["step"].as_str() {
            Some("ordered") => assert!(report["filler"].is_null() && report["placer"]["ns"] == "EHR", "{event}"),
            Some("received") => {
                assert!(report["filler"]["ns"].is_string() && report["accession"]["id"].is_string(), "{event}")
            }
            _ => assert!(report["placer"].is_object() || report["filler"].is_object(), "{event}"),
        }
    }
}

#[test]
fn answers_name_the_report_and_the_value_but_no_code() {
    let events = parsed(&lines("hospital", "clean", 60_000));
    let answers: Vec<_> = events.iter().filter(|event| event["type"] == "answer").collect();
    assert!(answers.len() > 30, "{}", answers.len());
    for event in answers {
        assert!(event["report"].is_object() && event["answer"]["code"].is_null() && event["step"].is_null(), "{event}");
        assert!(["read_back", "declined"].contains(&event["answer"]["act"].as_str().unwrap()));
    }
}

#[test]
fn clean_lines_have_no_received_at_and_late_ones_do() {
    assert!(parsed(&lines("hospital", "clean", 5_000)).iter().all(|event| event["received_at"].is_null()));
    let rough = lines("tatmark", "rough", 20_000);
    let late = rough.iter().filter(|line| line.contains("\"received_at\"")).count();
    assert!(late > 1_000, "{late}");
}

#[test]
fn each_way_of_spoiling_makes_a_line_unreadable_and_leaves_its_end() {
    let sound = "{\"v\":1,\"event_id\":\"e1.0.0\",\"source\":\"feed\",\"step\":\"final\"}\n";
    for garble in [Garble::Cut, Garble::Version, Garble::NoObject, Garble::RepeatedKey, Garble::UnknownStep] {
        let mut line = b"before\n".to_vec();
        line.extend_from_slice(sound.as_bytes());
        spoil(&mut line, 7, garble);
        assert!(line.starts_with(b"before\n") && line.ends_with(b"\n"));
        let text = std::str::from_utf8(&line[7..]).unwrap();
        assert_eq!(text.matches('\n').count(), 1, "{garble:?}");
        let is_wrong = match serde_json::from_str::<Json>(text) {
            Err(_) => true,
            Ok(event) => event["v"] != 1 || text.matches("\"v\"").count() == 2 || text.contains("reborn"),
        };
        assert!(is_wrong, "{garble:?}: {text}");
    }
}

#[test]
fn numbers_are_written_with_their_digits() {
    let shown = |scaled, digits| {
        let mut line = Vec::new();
        decimal(&mut line, scaled, digits);
        String::from_utf8(line).unwrap()
    };
    assert_eq!(
        [shown(69, 1), shown(5, 1), shown(120, 0), shown(105, 2), shown(0, 0)],
        ["6.9", "0.5", "120", "1.05", "0"]
    );
}
