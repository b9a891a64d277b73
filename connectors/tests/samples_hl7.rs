//! Samples: what becomes of every public HL7 v2 message we know?
//!
//! Every file of `samples/hl7` is read whole; the outcome of each message, and the counts over all, are reviewed
//! snapshots. A changed mapping shows as a diff of these tables.
//!
//! - **Source**: domain page [SMP-2] [SMP-3] [SMP-5] [SMP-7]; `samples/hl7/SOURCES.md` for where each file comes from.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use wardline_connectors::codec::{
    hl7::{Decoder, Found, ack, batch},
    json,
    profile::{AckMode, Profile},
    token::Tokeniser,
};
use wardline_rules::{
    event::{Event, Fact, Given},
    time::zone,
};

/// Every sample, by its path under `samples/hl7`.
fn samples() -> BTreeMap<String, Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/hl7");
    let mut samples = BTreeMap::new();
    for folder in std::fs::read_dir(&root)
        .expect("the samples")
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.is_dir())
    {
        if folder.ends_with("LICENSES") {
            continue;
        }
        for file in std::fs::read_dir(&folder)
            .expect("a folder of samples")
            .map(|entry| entry.expect("a readable entry").path())
        {
            let name = file.strip_prefix(&root).expect("a path below the samples").to_string_lossy().into_owned();
            samples.insert(name, std::fs::read(&file).expect("a sample"));
        }
    }
    samples
}

/// A feed that takes test messages, with a zone for times without one.
fn profile() -> Profile {
    let mut profile = Profile::new("samples");
    profile.processing = ["P", "T", "D"].map(Into::into).into();
    profile.zone = zone("America/Chicago");
    profile
}

fn tokeniser() -> Tokeniser {
    Tokeniser::new(&[7; 32])
}

/// A step by its name, anything else by its sort.
fn fact(event: &Event) -> &'static str {
    if let Fact::Step(step) = event.fact { step.name() } else { event.fact.word() }
}

/// One event in one line: fact and evidence, kind, test, numbers, who, results, milestones, notes.
fn line(event: &Event) -> String {
    let mut line = fact(event).to_owned();
    let when = event.occurred_at.map_or("-".to_owned(), |at| at.lo.to_string());
    let _ = write!(line, " {when} {}", event.evidence);
    if let Some(kind) = event.kind {
        let _ = write!(line, " {kind}");
    }
    if let Some(test) = event.tests.first() {
        let _ = write!(line, " {}", test.code);
    }
    let ids = &event.report;
    let numbers =
        [("p", &ids.placer), ("f", &ids.filler), ("a", &ids.accession), ("g", &ids.group), ("up", &ids.parent)];
    for (name, ident) in numbers {
        if let Some(ident) = ident {
            let _ = write!(line, " {name}={}@{}", ident.id, ident.ns);
        }
    }
    let known = [(event.patient.is_some(), "patient"), (event.encounter.is_some(), "encounter")];
    known.into_iter().filter(|(is, _)| *is).for_each(|(_, word)| line.push_str(&format!(" {word}")));
    if let Given::Value(class) = event.class {
        let _ = write!(line, " {class}");
    }
    if let Given::Value(priority) = event.priority {
        let _ = write!(line, " {priority}");
    }
    let counts = [(event.people.len(), "people"), (event.results.len(), "results")];
    counts.into_iter().filter(|(n, _)| *n > 0).for_each(|(n, word)| line.push_str(&format!(" {n} {word}")));
    for milestone in &event.milestones {
        let _ = write!(line, " +{}", milestone.step);
    }
    if !event.flags.is_empty() || !event.flags_off.is_empty() {
        let _ = write!(line, " {:?}-{:?}", event.flags, event.flags_off);
    }
    if let Some(reason) = &event.reason {
        let _ = write!(line, " because {reason}");
    }
    let notes: Vec<_> = event.notes.iter().map(|note| format!("{}({})", note.fault.name(), note.field)).collect();
    if !notes.is_empty() {
        let _ = write!(line, " ! {}", notes.join(" "));
    }
    line
}

/// The code of the first answer, such as `AA` or `AE 100`.
fn answer_code(answers: &[Vec<u8>]) -> String {
    let Some(answer) = answers.first() else { return "none".to_owned() };
    let text = String::from_utf8_lossy(answer).into_owned();
    let field = |id: &str, number: usize| {
        let line = text.split('\r').find(|line| line.starts_with(id)).unwrap_or_default();
        let delimiter = text.chars().nth(3).unwrap_or('|');
        line.split(delimiter).nth(number).unwrap_or_default().to_owned()
    };
    let condition: String = field("ERR", 3).chars().take(3).collect();
    format!("{} {condition}", field("MSA", 1)).trim_end().to_owned()
}

fn answer(reading: &wardline_connectors::codec::hl7::Reading) -> String {
    let stamp = ack::Stamp { control_id: "W1", at: "20260114081500+0000" };
    answer_code(&ack::answers(reading.header.as_ref(), &reading.verdict(), AckMode::Auto, stamp))
}

#[test]
fn every_message_has_its_reviewed_outcome() {
    // [SMP-2]
    let (profile, tokeniser) = (profile(), tokeniser());
    let decoder = Decoder::new(&profile, &tokeniser);
    let mut table = String::new();
    for (name, bytes) in samples() {
        let split = batch::split(&bytes);
        let _ = writeln!(
            table,
            "{name}: {} messages{}",
            split.messages.len(),
            if split.notes.is_empty() { "" } else { " ! batch_count" }
        );
        for (index, message) in split.messages.iter().enumerate() {
            let reading = decoder.message(message);
            let header = reading.header.clone().unwrap_or_default();
            let _ =
                writeln!(table, "  {}. {} {}: {}", index + 1, header.event_trigger(), header.version, answer(&reading));
            match &reading.found {
                Found::Events(events) => {
                    events.iter().for_each(|event| table.push_str(&format!("     {}\n", line(event))))
                }
                Found::Answer => table.push_str("     (an answer)\n"),
                Found::Unreadable(unreadable) => {
                    let _ = writeln!(table, "     unreadable {} {}", unreadable.reason(), unreadable.place);
                }
            }
        }
    }
    insta::assert_snapshot!("outcomes", table);
}

#[test]
fn counts_over_the_whole_set() {
    // [SMP-3]
    let (profile, tokeniser) = (profile(), tokeniser());
    let decoder = Decoder::new(&profile, &tokeniser);
    let mut facts = BTreeMap::<String, usize>::new();
    let (mut notes, mut answers, mut refused) = (facts.clone(), facts.clone(), facts.clone());
    for bytes in samples().values() {
        for message in batch::split(bytes).messages {
            let reading = decoder.message(message);
            *answers.entry(answer(&reading)).or_default() += 1;
            match &reading.found {
                Found::Events(events) => {
                    for event in events {
                        *facts.entry(fact(event).to_owned()).or_default() += 1;
                        event.notes.iter().for_each(|note| *notes.entry(note.fault.to_string()).or_default() += 1);
                    }
                }
                Found::Answer => *facts.entry("(an answer)".to_owned()).or_default() += 1,
                Found::Unreadable(unreadable) => {
                    *refused.entry(format!("{} {}", unreadable.reason(), unreadable.place)).or_default() += 1;
                }
            }
        }
    }
    insta::assert_debug_snapshot!(
        "counts",
        (("events", facts), ("notes", notes), ("answers", answers), ("unreadable", refused))
    );
}

#[test]
fn every_event_validates_against_the_schema() {
    // [SMP-2]
    let schema = include_str!("../schema/event.schema.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let (profile, tokeniser) = (profile(), tokeniser());
    let decoder = Decoder::new(&profile, &tokeniser);
    let lines = json::Decoder::new(&profile, &tokeniser);
    let mut checked = 0;
    for (name, bytes) in samples() {
        for message in batch::split(&bytes).messages {
            let Found::Events(events) = decoder.message(message).found else { continue };
            for event in events {
                let mut text = String::new();
                assert_eq!(json::encode(&event, &mut text), json::Encoding::Written);
                let is_step = matches!(event.fact, Fact::Step(_) | Fact::Update);
                // A report without any number is accepted with a note, and the schema asks for one [IDN-7].
                if !is_step || !event.report.is_anonymous() && event.occurred_at.is_some() {
                    let value = serde_json::from_str(&text).unwrap();
                    let faults: Vec<_> = schema.iter_errors(&value).map(|error| format!("{error}")).collect();
                    assert!(faults.is_empty(), "{name}: {text}\n{faults:?}");
                    checked += 1;
                }
                if event.occurred_at.is_some() || event.fact == Fact::Heartbeat {
                    let again = lines.line(text.as_bytes()).unwrap();
                    assert_eq!(Event { notes: Vec::new(), ..again }, Event { notes: Vec::new(), ..event }, "{name}");
                }
            }
        }
    }
    assert!(checked > 700, "{checked}");
}

/// Up to one message of each file that has events, and not more than `bytes_max` long.
fn short_messages(bytes_max: usize) -> Vec<Vec<u8>> {
    let samples = samples();
    let firsts =
        samples.values().filter_map(|bytes| batch::split(bytes).messages.first().map(|message| message.to_vec()));
    firsts.filter(|message| message.len() <= bytes_max).collect()
}

#[test]
fn truncated_messages_are_read_or_refused() {
    // [SMP-5]: cut at every byte
    let (profile, tokeniser) = (profile(), tokeniser());
    let decoder = Decoder::new(&profile, &tokeniser);
    let mut outcomes = [0_usize; 2];
    for message in short_messages(3_000) {
        for end in 0..message.len() {
            let reading = decoder.message(&message[..end]);
            outcomes[usize::from(matches!(reading.found, Found::Unreadable(_)))] += 1;
            assert!(reading.header.is_some() || matches!(reading.found, Found::Unreadable(_)));
        }
    }
    assert!(outcomes.iter().all(|count| *count > 10_000), "{outcomes:?}");
}

fn found(decoder: &Decoder<'_>, message: &[u8]) -> Option<Vec<Event>> {
    match decoder.message(message).found {
        // The hash of the bytes differs on purpose, and what is noted may.
        Found::Events(events) => Some(
            events
                .into_iter()
                .map(|event| {
                    let msg = wardline_rules::event::Msg { sha: None, ..event.msg };
                    Event { msg, notes: Vec::new(), event_id: "".into(), ..event }
                })
                .collect(),
        ),
        Found::Answer | Found::Unreadable(_) => None,
    }
}

#[test]
fn line_ends_and_delimiters_change_no_fact() {
    // [SMP-5] [TXT-2] [TXT-4]
    let (profile, tokeniser) = (profile(), tokeniser());
    let decoder = Decoder::new(&profile, &tokeniser);
    let mut compared = 0;
    for message in short_messages(20_000) {
        let Some(facts) = found(&decoder, &message) else { continue };
        let text = String::from_utf8_lossy(&message).into_owned();
        let lines: Vec<&str> = text.split(['\r', '\n']).filter(|line| !line.is_empty()).collect();
        for end in ["\r", "\n", "\r\n", "\r\r\n"] {
            assert_eq!(found(&decoder, lines.join(end).as_bytes()).as_ref(), Some(&facts), "{text}");
            compared += 1;
        }
        // Other delimiters, where the text does not use them and has no escapes.
        if text.contains(['$', '%']) || text.matches('\\').count() != 1 || !text.starts_with(r"MSH|^~\&|") {
            continue;
        }
        let other = lines.join("\r").replace('|', "$").replace('^', "%");
        assert_eq!(found(&decoder, other.as_bytes()).as_ref(), Some(&facts), "{other}");
        compared += 1;
    }
    assert!(compared > 800, "{compared}");
}
