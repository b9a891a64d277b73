//! Rules: what does one event cost when ten, a hundred, a thousand or ten thousand rules are loaded?
//!
//! Row P5 of the performance page: at 10,000 rules at most 1.5 times the cost at 10. Events and rules are those of
//! [`wardline_benches::sweep`].
//!
//! - **Not here**: the same decisions by other engines (`peers.rs`).

#[path = "common/cpu.rs"]
mod cpu;

use cpu::CpuTime;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use wardline_benches::{batches, partition_of, sweep};
use wardline_core::{Output, step};

const REPORTS: u64 = 2_000;
/// Events before the measuring starts.
const WARM_EVENTS: usize = 500;
const COUNTS: [usize; 4] = [10, 100, 1_000, 10_000];

fn rules(criterion: &mut Criterion<CpuTime>) {
    let batches = batches(&sweep::events_of(REPORTS));
    let mut group = criterion.benchmark_group("rules");
    group.throughput(Throughput::Elements((batches.len() - WARM_EVENTS) as u64)).sample_size(20);
    for count in wardline_benches::measured(&COUNTS, 2) {
        let program = sweep::ward(*count);
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            let mut out = Output::default();
            bencher.iter_batched_ref(
                || {
                    // One event of each sort first: what is worked out once per sort of event is not the cost of an event.
                    let mut partition = partition_of(program.clone());
                    let mut warm = Output::default();
                    batches.iter().take(WARM_EVENTS).for_each(|batch| step(&mut partition, batch, &mut warm));
                    partition
                },
                |partition| {
                    for batch in batches.iter().skip(WARM_EVENTS) {
                        out.clear();
                        step(partition, batch, &mut out);
                    }
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(name = sweep_of_rules; config = Criterion::default().with_measurement(CpuTime); targets = rules);
criterion_main!(sweep_of_rules);
