//! Parts: what does each part cost for one event of TATmark?
//!
//! Budget of the performance page, for each event: decode 0.27 µs, log encoding 0.03, state, memo, clocks and timers 0.10.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use wardline_benches::{batches, events, lines, partition};
use wardline_connectors::codec::{json::Decoder, profile::Profile, token::Tokeniser};
use wardline_core::{
    Input, Output, step,
    timers::{Class, Inclusive, Timer, TimerId, Timers},
    wire,
};
use wardline_dsl::source::{SourceFile, Sources};
use wardline_rules::time::{Date, Span, Timestamp};
use wardline_store::{
    disk::RealDisk,
    log::Entry,
    record::Kind,
    store::{Options, Store},
};

const REPORTS: u64 = 2_000;

fn decode(criterion: &mut Criterion) {
    let lines = lines(REPORTS);
    let (profile, tokeniser) = (Profile::new(""), Tokeniser::new(&[0; 32]));
    let decoder = Decoder::new(&profile, &tokeniser);
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(lines.len() as u64));
    group.bench_function("json", |bencher| {
        bencher.iter(|| lines.iter().filter(|line| decoder.line(line).is_ok()).count());
    });
    group.finish();
}

fn log(criterion: &mut Criterion) {
    let inputs: Vec<Input> = events(&lines(REPORTS)).into_iter().map(|event| Input::Event(Box::new(event))).collect();
    let mut group = criterion.benchmark_group("log");
    group.throughput(Throughput::Elements(inputs.len() as u64));
    group.bench_function("encode", |bencher| {
        let mut payload = Vec::new();
        bencher.iter(|| {
            payload.clear();
            wire::encode_inputs(&inputs, &mut payload);
            payload.len()
        });
    });
    let mut payload = Vec::new();
    wire::encode_inputs(&inputs, &mut payload);
    // The store refuses a folder that others may read.
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    let folder = tempfile::Builder::new().permissions(private).tempdir().expect("a folder");
    let options = Options { segment_bytes: 64 << 20, reserve_bytes: 0, ..Options::default() };
    let mut opened = Store::open(RealDisk::new(folder.path()), &options).expect("an empty store");
    while opened.writer.prepare().expect("room for segments") {}
    opened.writer.append(Entry::new(Kind::Open, 1), &[b"bench"]).expect("an empty log");
    let mut at = 1;
    group.bench_function("append and fdatasync", |bencher| {
        bencher.iter(|| {
            at += 1;
            opened.writer.append(Entry::new(Kind::Batch, at), &[&payload]).expect("a batch");
            opened.writer.flush().expect("a flush").sequence
        });
    });
    group.finish();
}

fn core(criterion: &mut Criterion) {
    let batches = batches(&events(&lines(REPORTS)));
    let mut group = criterion.benchmark_group("step");
    group.throughput(Throughput::Elements(batches.len() as u64));
    group.bench_function("five events a report, three rules", |bencher| {
        let mut out = Output::default();
        bencher.iter_batched_ref(
            partition,
            |partition| {
                for batch in &batches {
                    out.clear();
                    step(partition, batch, &mut out);
                }
            },
            BatchSize::LargeInput,
        );
    });
    // Everything is known already: what is left is identity, the index of repeats and the look-up of routing fields.
    group.bench_function("the same events again", |bencher| {
        let mut out = Output::default();
        let mut known = partition();
        batches.iter().for_each(|batch| step(&mut known, batch, &mut out));
        bencher.iter(|| {
            for batch in &batches {
                out.clear();
                step(&mut known, batch, &mut out);
            }
        });
    });
    group.finish();
}

/// 500 rules are checked in 200 ms [CHK-4].
fn check(criterion: &mut Criterion) {
    const RULES: usize = 500;
    const POTASSIUM: &str = include_str!("../../tests/spec/base/critical-potassium.ward");
    const BASE: &str = include_str!("../../tests/spec/base/example-hospital.ward");
    const HOLIDAYS: &str = include_str!("../../tests/spec/base/holidays/us-federal.toml");
    let rule = |number: usize| {
        let bound = format!("above {}.{:02} mmol/L", 6 + number / 100, number % 100);
        POTASSIUM
            .replace("\"Critical potassium\"", &format!("\"Critical potassium {number}\""))
            .replace("above 6.5 mmol/L", &bound)
    };
    let rules: Vec<String> = (0..RULES).map(rule).collect();
    let ward = Sources {
        files: vec![SourceFile::new("base.ward", BASE), SourceFile::new("rules.ward", rules.join("\n"))],
        packs: vec![SourceFile::new("starter.ward", include_str!("../../rules/packs/starter.ward"))],
        holidays: vec![SourceFile::new("holidays/us-federal.toml", HOLIDAYS)],
    };
    let as_of = Date::new(2026, 1, 5).expect("a date");
    let checked = wardline_dsl::check(&ward, as_of);
    assert_eq!(checked.program.map(|program| program.alerts.len()), Some(RULES), "all rules are sound");
    let mut group = criterion.benchmark_group("check");
    group.sample_size(20);
    group.bench_function("a ward of 500 rules", |bencher| {
        bencher.iter(|| wardline_dsl::check(&ward, as_of).diagnostics.len());
    });
    group.finish();
}

fn timers(criterion: &mut Criterion) {
    const ARMED: u64 = 100_000;
    let timer = |subject: u64| {
        let due = Timestamp::from_micros(i64::try_from(subject * 36_007).unwrap_or(0));
        Timer { due, id: TimerId { class: Class::Clock, rule: 0, subject, part: 0 }, owner: 0 }
    };
    let mut group = criterion.benchmark_group("timers");
    group.throughput(Throughput::Elements(ARMED));
    group.bench_function("arm and disarm among 100,000", |bencher| {
        let mut timers = Timers::default();
        (0..ARMED).for_each(|subject| _ = timers.arm(timer(subject)));
        bencher.iter(|| {
            for subject in 0..ARMED {
                let armed = timers.arm(timer(subject + ARMED));
                timers.disarm(armed);
            }
        });
    });
    group.bench_function("arm 100,000 and fire them all", |bencher| {
        bencher.iter(|| {
            let mut timers = Timers::default();
            (0..ARMED).for_each(|subject| _ = timers.arm(timer(subject)));
            let end = timer(ARMED).due.plus(Span::from_micros(1));
            let mut fired = 0;
            while timers.pop_due(end, Inclusive::UpTo).is_some() {
                fired += 1;
            }
            assert_eq!(fired, ARMED, "each fires once");
        });
    });
    group.finish();
}

criterion_group!(parts, decode, log, core, check, timers);
criterion_main!(parts);
