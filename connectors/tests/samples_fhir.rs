//! Samples: what becomes of every public FHIR R4 file we know?
//!
//! Every file of `samples/fhir` maps or gets a typed refusal; outcome and counts are reviewed snapshots. Bundles that are
//! not for `POST /fhir` (answers to searches, collections, documents) are refused as such.
//!
//! - **Source**: domain page [SMP-2] [SMP-3] [SMP-5]; `samples/fhir/SOURCES.md` for where each file comes from.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use wardline_connectors::codec::{
    fhir::{Decoder, Found, Outcome},
    json,
    profile::Profile,
    token::Tokeniser,
};
use wardline_rules::event::{Event, Fact};

/// Every sample, by its path under `samples/fhir`.
fn samples() -> BTreeMap<String, Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/fhir");
    let mut samples = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.extend((!path.ends_with("LICENSES")).then_some(path));
            } else if path.extension().is_some_and(|end| end == "json") {
                let name = path.strip_prefix(&root).expect("below the samples").to_string_lossy().into_owned();
                samples.insert(name, std::fs::read(&path).expect("a sample"));
            }
        }
    }
    samples
}

/// A step by its name, anything else by its sort.
fn fact(event: &Event) -> &'static str {
    if let Fact::Step(step) = event.fact { step.name() } else { event.fact.word() }
}

/// One event in one line: fact, evidence, kind, test, numbers, results, milestones, notes.
fn line(event: &Event) -> String {
    let when = event.occurred_at.map_or("-".to_owned(), |at| at.lo.to_string());
    let mut line = format!("{} {when} {}", fact(event), event.evidence);
    event.kind.iter().for_each(|kind| line.push_str(&format!(" {kind}")));
    event.tests.first().iter().for_each(|test| line.push_str(&format!(" {}", test.code)));
    let ids = &event.report;
    for (name, ident) in [("p", &ids.placer), ("f", &ids.filler), ("a", &ids.accession), ("g", &ids.group)] {
        ident.iter().for_each(|ident| line.push_str(&format!(" {name}={}@{}", ident.id, ident.ns)));
    }
    let counts = [(event.people.len(), "people"), (event.results.len(), "results")];
    counts.into_iter().filter(|(n, _)| *n > 0).for_each(|(n, word)| line.push_str(&format!(" {n} {word}")));
    event.milestones.iter().for_each(|milestone| line.push_str(&format!(" +{}", milestone.step)));
    let notes: Vec<_> = event.notes.iter().map(|note| format!("{}({})", note.fault.name(), note.field)).collect();
    if !notes.is_empty() {
        let _ = write!(line, " ! {}", notes.join(" "));
    }
    line
}

#[test]
fn every_file_has_its_reviewed_outcome() {
    // [SMP-2] [SMP-3]
    let (profile, tokeniser) = (Profile::new("samples"), Tokeniser::new(&[7; 32]));
    let decoder = Decoder::new(&profile, &tokeniser);
    let mut table = String::new();
    let (mut facts, mut notes, mut refused) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (name, bytes) in samples() {
        let reading = decoder.body(&bytes);
        let _ = writeln!(table, "{name}: {:?}", reading.shape);
        let entries = match reading.found {
            Found::Entries(entries) => entries,
            Found::Unreadable(unreadable) => {
                let word = format!("{} {}", unreadable.reason(), unreadable.place);
                let _ = writeln!(table, "  unreadable {word}");
                *refused.entry(word).or_insert(0) += 1;
                continue;
            }
        };
        for entry in entries {
            let Outcome::Events(events) = entry.outcome else { continue };
            for event in events {
                *facts.entry(fact(&event)).or_insert(0) += 1;
                event.notes.iter().for_each(|note| *notes.entry(note.fault.to_string()).or_insert(0) += 1);
                let _ = writeln!(table, "  {}: {}", entry.resource, line(&event));
            }
        }
    }
    insta::assert_snapshot!("fhir_outcomes", table);
    insta::assert_debug_snapshot!("fhir_counts", (("events", facts), ("notes", notes), ("unreadable", refused)));
}

#[test]
fn every_event_validates_against_the_schema_and_carries_no_name() {
    // [SMP-2] [EVT-7]
    let schema = include_str!("../schema/event.schema.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let (profile, tokeniser) = (Profile::new("samples"), Tokeniser::new(&[7; 32]));
    let decoder = Decoder::new(&profile, &tokeniser);
    let mut checked = 0;
    for (name, bytes) in samples() {
        let Found::Entries(entries) = decoder.body(&bytes).found else { continue };
        for entry in entries {
            let Outcome::Events(events) = entry.outcome else { continue };
            for event in events {
                let mut text = String::new();
                assert_eq!(json::encode(&event, &mut text), json::Encoding::Written);
                let is_step = matches!(event.fact, Fact::Step(_) | Fact::Update);
                if !is_step || !event.report.is_anonymous() && event.occurred_at.is_some() {
                    let value = serde_json::from_str(&text).unwrap();
                    let faults: Vec<_> = schema.iter_errors(&value).map(|error| format!("{error}")).collect();
                    assert!(faults.is_empty(), "{name}: {text}\n{faults:?}");
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 80, "{checked}");
}

#[test]
fn truncated_files_are_refused_and_changed_ones_never_panic() {
    // [SMP-5]
    let (profile, tokeniser) = (Profile::new("samples"), Tokeniser::new(&[7; 32]));
    let decoder = Decoder::new(&profile, &tokeniser);
    let mut cut = 0;
    for bytes in samples().values().filter(|bytes| bytes.len() < 8_000) {
        let whole = String::from_utf8_lossy(bytes).trim_end().len();
        for end in (0..whole.saturating_sub(1)).step_by(7) {
            assert!(matches!(decoder.body(&bytes[..end]).found, Found::Unreadable(_)));
            cut += 1;
        }
        for (from, to) in [
            ("\"status\"", "\"stat\""),
            ("[", "{"),
            ("\"value\": ", "\"value\": 1e999, \"v\": "),
            (":", ": null, \"x\":"),
        ] {
            let changed = String::from_utf8_lossy(bytes).replace(from, to);
            drop(decoder.body(changed.as_bytes()));
        }
    }
    assert!(cut > 5_000, "{cut}");
}
