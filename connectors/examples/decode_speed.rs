//! Decode speed: how many events or messages a second does one core read?
//!
//! `cargo run --release -p wardline-connectors --example decode_speed [lines.ndjson | messages.hl7]`
//!
//! - **Not here**: a baseline or a band; `benches/` has both.
#![expect(clippy::print_stdout, reason = "a report for people")]

use std::{hint::black_box, time::Instant};

use wardline_connectors::codec::{
    hl7::{self, batch},
    json::Decoder,
    profile::Profile,
    token::Tokeniser,
};

fn line(index: u32, steps: [&str; 5]) -> String {
    let step = steps.iter().cycle().nth(usize::try_from(index % 5).unwrap_or(0)).copied().unwrap_or("final");
    format!(
        r#"{{"v":1,"event_id":"trk-{index}","source":"courier","report":{{"placer":"9{index:06}"}},"patient":"pt_2mvxlqwcd6wirniczb7updjaze","kind":"lab","test":"24321-2","priority":"stat","step":"{step}","occurred_at":"2026-01-14T07:52:{:02}Z","site":"STANNE","location":"ICU-4"}}"#,
        index % 60
    )
}

fn messages(bytes: &[u8]) {
    let (profile, tokeniser) = (Profile::new("lis"), Tokeniser::new(&[7; 32]));
    let decoder = hl7::Decoder::new(&profile, &tokeniser);
    let messages = batch::split(bytes).messages;
    let mean = bytes.len() / messages.len().max(1);
    for round in 1..=5 {
        let start = Instant::now();
        let passes = 100;
        for message in (0..passes).flat_map(|_| &messages) {
            black_box(decoder.message(message));
        }
        let rate = 1e-3 * (passes * messages.len()) as f64 / start.elapsed().as_secs_f64();
        println!("round {round}: {} messages, {mean} bytes each, {rate:.0} k/s", messages.len());
    }
}

fn main() {
    let path = std::env::args().nth(1);
    if let Some(path) = path.as_deref().filter(|path| path.ends_with(".hl7")) {
        return messages(&std::fs::read(path).unwrap_or_default());
    }
    let steps = ["ordered", "collected", "received", "final", "acknowledged"];
    let lines: Vec<String> = match path {
        Some(path) => std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect(),
        None => (0..500_000).map(|index| line(index, steps)).collect(),
    };
    let bytes: usize = lines.iter().map(String::len).sum();
    let (profile, tokeniser) = (Profile::new("courier"), Tokeniser::new(&[7; 32]));
    let decoder = Decoder::new(&profile, &tokeniser);
    for round in 1..=5 {
        let start = Instant::now();
        let read = lines.iter().filter(|line| black_box(decoder.line(line.as_bytes())).is_ok()).count();
        let seconds = start.elapsed().as_secs_f64();
        let mean = bytes / lines.len().max(1);
        println!(
            "round {round}: {read} of {} events, {mean} bytes each, {:.2} M/s",
            lines.len(),
            1e-6 * lines.len() as f64 / seconds
        );
    }
}
