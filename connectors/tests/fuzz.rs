//! Fuzz: is there an input that stops a reader of foreign bytes, or makes it say two different things?
//!
//! Each target takes samples, changes them by a seeded dice, and holds what comes of it to properties that must hold for any
//! bytes: nobody panics, the same bytes say the same thing twice, what was read can be written and read again, an answer holds
//! nothing of the message but its control id. Inputs that once went wrong stay in `tests/fuzz/kept` and run first.
//!
//! `FUZZ_RUNS=100000` runs more of them, `FUZZ_SEED=7` others. What fails is written down, and its name is printed.
//!
//! - **Source**: guarantees page, S1-03, S1-05, S1-06, S1-08.

#[path = "fuzz/dice.rs"]
mod dice;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use dice::Dice;
use wardline_connectors::codec::{
    cloudevents, fhir,
    hl7::{self, ack, batch},
    json,
    profile::{AckMode, Profile},
    settle,
    token::Tokeniser,
};
use wardline_rules::{
    event::{Event, Fact, ResultValue},
    limits::EVENT_BYTES_MAX,
    time::{Timestamp, zone},
};

/// Inputs of each target in an ordinary run of the tests.
const RUNS: u64 = 4_000;
/// Longer samples are for the tests of samples: here a run counts, and it should be short.
const SAMPLE_BYTES_MAX: u64 = 24 << 10;

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// Every file below a folder that is short enough, by name, so that a seed means the same everywhere.
fn files(below: &Path) -> Vec<Vec<u8>> {
    let (mut folders, mut found) = (vec![below.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let entry = entry.expect("an entry");
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if entry.metadata().expect("a file").len() <= SAMPLE_BYTES_MAX {
                found.push(path);
            }
        }
    }
    found.sort();
    found.iter().map(|path| std::fs::read(path).expect("an input")).collect()
}

fn home(place: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(place)
}

/// Runs one target over its kept inputs, its samples, and changes of them.
fn fuzz(target: &str, samples: &[Vec<u8>], tokens: &[&[u8]], hold: impl Fn(&[u8])) {
    assert!(!samples.is_empty(), "{target} has samples");
    let tried = |input: &[u8], what: &str| {
        if catch_unwind(AssertUnwindSafe(|| hold(input))).is_err() {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{target}-{what}"));
            std::fs::write(&path, input).expect("a place for it");
            panic!("{target}: {what} goes wrong; keep it: cp {} connectors/tests/fuzz/kept/{target}/", path.display());
        }
    };
    for (index, kept) in files(&home("tests/fuzz/kept").join(target)).iter().enumerate() {
        tried(kept, &format!("kept-{index}"));
    }
    let seed = number("FUZZ_SEED", 1);
    let mut dice = Dice::new(seed);
    for run in 0..number("FUZZ_RUNS", RUNS) {
        tried(&dice.changed(samples, tokens), &format!("seed-{seed}-run-{run}"));
    }
}

fn profile() -> Profile {
    let mut profile = Profile::new("fuzz");
    profile.processing = ["P", "T", "D"].map(Into::into).into();
    profile.zone = zone("America/Chicago");
    profile
}

fn tokeniser() -> Tokeniser {
    Tokeniser::new(&[7; 32])
}

const AT: Timestamp = Timestamp::from_micros(1_768_392_000_000_000);

/// What holds for every event, whatever it was read from: once it has arrived it can be written, and read again as the same.
fn hold_event(event: &Event) {
    let mut event = event.clone();
    settle::arrive(&mut event, AT);
    assert!(event.occurred_at.is_some() || matches!(event.fact, Fact::Heartbeat), "every event has a time");
    let mut text = String::new();
    if json::encode(&event, &mut text) == json::Encoding::DeadLetter || text.len() > EVENT_BYTES_MAX {
        return;
    }
    // Only an import is believed when it says when something arrived.
    let (profile, tokeniser) = (Profile { import: true, ..profile() }, tokeniser());
    let again = json::Decoder::new(&profile, &tokeniser).line(text.as_bytes());
    let again = again.unwrap_or_else(|refused| panic!("{:?} at `{}`: {text}", refused.code, refused.place));
    // A line says so of single results only.
    let narrative = event.results.iter().any(|result| matches!(result.value, ResultValue::Narrative));
    assert_eq!(Event { notes: Vec::new(), ..again }, Event { notes: Vec::new(), narrative, ..event }, "{text}");
}

const HL7_TOKENS: &[&[u8]] = &[
    b"|",
    b"^",
    b"~",
    b"\\",
    b"&",
    b"\r",
    b"\n",
    b"\0",
    b"\x0b",
    b"\x1c\r",
    b"\"\"",
    b"\\X0d\\",
    b"\\F\\",
    b"\\Zxx\\",
    b"\\",
    b"MSH|^~\\&|",
    b"MSH|",
    b"PID|1||",
    b"OBR|1|",
    b"OBX|1|NM|",
    b"OBX|1|ED|",
    b"ORC|RE|",
    b"MRG|",
    b"FHS|",
    b"BHS|",
    b"BTS|",
    b"20261301",
    b"20260114074000.123456789+2500",
    b"99999999999999999999999999999999999999999999",
    b"-0.0000000000000000001",
    b"1e999",
    b"<",
    b"\xff\xfe",
    b"\xc3\x28",
    b"UNICODE UTF-8",
    b"8859/1",
    b"~UNICODE",
];

#[test]
fn s1_06_hl7_messages() {
    let (profile, tokeniser) = (profile(), tokeniser());
    let decoder = hl7::Decoder::new(&profile, &tokeniser);
    fuzz("hl7", &files(&home("samples/hl7")), HL7_TOKENS, |input| {
        let split = batch::split(input);
        for message in split.messages {
            let reading = decoder.message(message);
            assert_eq!(reading, decoder.message(message), "the same bytes say the same");
            if let hl7::Found::Events(events) = &reading.found {
                events.iter().for_each(hold_event);
            }
            hold_answers(&reading);
        }
    });
}

/// An answer is a message by itself: it begins with its header, has no mark of the framing, and no segment of the patient's.
fn hold_answers(reading: &hl7::Reading) {
    for mode in [AckMode::Original, AckMode::Auto] {
        let stamp = ack::Stamp { control_id: "1", at: "20260114081500+0000" };
        for answer in ack::answers(reading.header.as_ref(), &reading.verdict(), mode, stamp) {
            assert!(answer.starts_with(b"MSH"), "{}", String::from_utf8_lossy(&answer));
            assert!(
                !answer.iter().any(|byte| matches!(byte, 0x0b | 0x1c | b'\n')),
                "{}",
                String::from_utf8_lossy(&answer)
            );
            let known: &[&[u8]] = &[b"MSH", b"MSA", b"ERR"];
            let is_known = |segment: &[u8]| segment.is_empty() || known.iter().any(|name| segment.starts_with(name));
            assert!(answer.split(|byte| *byte == b'\r').all(is_known), "{}", String::from_utf8_lossy(&answer));
        }
    }
}

const JSON_TOKENS: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\\udc00\\ud800",
    b"null",
    b"true",
    b"1e308",
    b"1e-400",
    b"-0",
    b"00",
    b"99999999999999999999999999999999999999999999",
    b"0.00000000000000000000000000000000000000001",
    b"\xff",
    b"\xc3\x28",
    b"\0",
    b"\xef\xbb\xbf",
    b"\"resourceType\":",
    b"\"reference\":\"#\"",
    b"\"reference\":\"Patient/p\"",
    b"\"contained\":[",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":",
    b"2026-13-45T25:61:61Z",
    b"0000-00-00",
    b"\"value\":",
    b"\"v\":2",
    b"\"step\":\"final\"",
];

#[test]
fn s1_05_fhir_bodies() {
    let (profile, tokeniser) = (profile(), tokeniser());
    let decoder = fhir::Decoder::new(&profile, &tokeniser);
    fuzz("fhir", &files(&home("samples/fhir")), JSON_TOKENS, |input| {
        let reading = decoder.body(input);
        assert_eq!(reading, decoder.body(input), "the same bytes say the same");
        let fhir::Found::Entries(entries) = reading.found else { return };
        for entry in entries {
            if let fhir::Outcome::Events(events) = entry.outcome {
                events.iter().for_each(hold_event);
            }
        }
    });
}

/// Events as the schema's own examples and our samples say them.
fn lines() -> Vec<Vec<u8>> {
    let (profile, tokeniser) = (profile(), tokeniser());
    let decoder = hl7::Decoder::new(&profile, &tokeniser);
    let mut lines = Vec::new();
    for bytes in files(&home("samples/hl7")) {
        for message in batch::split(&bytes).messages {
            if let hl7::Found::Events(events) = decoder.message(message).found {
                for mut event in events {
                    settle::arrive(&mut event, AT);
                    let mut text = String::new();
                    let _ = json::encode(&event, &mut text);
                    lines.push(text.into_bytes());
                }
            }
        }
    }
    lines
}

#[test]
fn s1_05_events_as_json() {
    let (profile, tokeniser) = (profile(), tokeniser());
    let decoder = json::Decoder::new(&profile, &tokeniser);
    fuzz("json", &lines(), JSON_TOKENS, |input| {
        let read = decoder.line(input);
        assert_eq!(read, decoder.line(input), "the same bytes say the same");
        if let Ok(event) = read {
            hold_event(&event);
        }
    });
}

#[test]
fn s1_05_cloud_events() {
    let wrap = |line: Vec<u8>| {
        let head = br#"{"specversion":"1.0","id":"ce-1","time":"2026-01-14T07:53:00Z","type":"report","source":"/trk","data":"#;
        [head.as_slice(), &line, b"}"].concat()
    };
    let samples: Vec<Vec<u8>> = lines().into_iter().take(40).map(wrap).collect();
    let (profile, tokeniser) = (profile(), tokeniser());
    let decoder = json::Decoder::new(&profile, &tokeniser);
    fuzz("cloudevents", &samples, JSON_TOKENS, |input| {
        if let Ok(unwrapped) = cloudevents::structured(input)
            && let Ok(event) = decoder.enveloped(&unwrapped.line, &unwrapped.envelope)
        {
            hold_event(&event);
        }
    });
}

#[cfg(feature = "mllp")]
#[test]
fn s1_06_frames_are_the_same_however_they_are_cut() {
    use wardline_connectors::adapters::mllp::frame::{Flaw, Frame, Frames, framed};

    const FRAME_MAX: usize = 4_096;

    /// Every frame of a stream that comes in these pieces, and whether it ended as none; no more is held than may be.
    fn read<'i>(pieces: impl Iterator<Item = &'i [u8]>) -> (Vec<Frame>, bool) {
        let (mut frames, mut found) = (Frames::new(FRAME_MAX), Vec::new());
        for mut piece in pieces {
            while !piece.is_empty() {
                match frames.take(&mut piece) {
                    Ok(Some(frame)) => found.push(frame),
                    Ok(None) => assert!(piece.is_empty(), "all of it is taken"),
                    Err(_) => return (found, true),
                }
                if found.last().is_some_and(|frame| frame.flaw == Some(Flaw::TooLong)) {
                    return (found, false);
                }
                assert!(frames.held() <= FRAME_MAX + 1, "{}", frames.held());
            }
        }
        (found, false)
    }
    let samples: Vec<Vec<u8>> = files(&home("samples/hl7")).iter().map(|sample| framed(sample)).collect();
    fuzz("mllp", &samples, HL7_TOKENS, |input| {
        let whole = read(core::iter::once(input));
        assert!(whole.0.iter().all(|frame| frame.bytes.len() <= FRAME_MAX + 1));
        assert_eq!(whole, read(input.chunks(1)), "byte by byte");
        assert_eq!(whole, read(input.chunks(7)), "seven at a time");
        let clean = whole.0.iter().filter(|frame| frame.flaw.is_none());
        assert!(clean.clone().all(|frame| !frame.bytes.contains(&0x0b) && !frame.bytes.contains(&0x1c)));
        // What is clean goes out as it came in.
        let again: Vec<u8> = clean.clone().flat_map(|frame| framed(&frame.bytes)).collect();
        assert_eq!(read(core::iter::once(again.as_slice())).0, clean.cloned().collect::<Vec<_>>());
    });
}
