//! Allocations: what does a step ask the allocator for, once the partition is warm?
//!
//! A day of one set of reports makes room; then the same day of another set is measured, kind of input by kind of input,
//! each input in a batch of its own. Lists that belong to a report, an alert or a notice begin empty for each and grow by
//! doubling, and what is kept of a fact is kept somewhere: so single steps differ, and the bounds are sums over many.
//!
//! - **Not here**: the events themselves, which the decoder makes; rows of the tables, which nobody asks for here.

use allocation_counter::measure;
use wardline_core::{
    Batch, Input, Output, Partition, Settings,
    ids::Nid,
    input::{Attempt, Outcome},
    step,
};
use wardline_rules::{
    time::Span,
    words::{Act, Priority, Step},
};

use crate::{
    driver::activate,
    said::{DR_BELL, Said, answer, at},
    ward,
};

/// Reports of each set.
const REPORTS: u64 = 256;
/// How many outputs of a kind one step may give before the room for them grows.
const ROOM: usize = 4_096;

struct Bench {
    partition: Partition,
    out: Output,
    /// What people were asked since it was last emptied.
    asked: Vec<Nid>,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self {
            partition: Partition::new(Settings { instance: [7; 16] }),
            out: Output::default(),
            asked: Vec::with_capacity(ROOM),
        };
        let out = &mut bench.out;
        out.transitions.reserve(ROOM);
        out.obligations.reserve(ROOM);
        out.quality.reserve(ROOM);
        out.events.reserve(ROOM);
        out.answers.reserve(ROOM);
        out.tasks.reserve(ROOM);
        out.go.reserve(ROOM);
        bench.each("08:00", vec![activate(ward::hospital(), "hospital")]);
        bench
    }

    /// Allocations of a step over each of these inputs, one microsecond apart.
    fn each(&mut self, from: &str, inputs: Vec<Input>) -> u64 {
        let batch = |(place, input)| Batch { at: at(from).plus(Span::from_micros(place)), inputs: vec![input] };
        let batches: Vec<Batch> = (0_i64..).zip(inputs).map(batch).collect();
        self.asked.clear();
        measure(|| batches.iter().for_each(|batch| self.step(batch))).count_total
    }

    fn step(&mut self, batch: &Batch) {
        self.out.clear();
        step(&mut self.partition, batch, &mut self.out);
        self.asked.extend(self.out.obligations.iter().map(|made| made.head.nid));
    }

    /// Every timer up to `to`, each instant in a batch of its own: allocations, and how many fired.
    fn pass(&mut self, to: &str) -> (u64, u64) {
        let (to, fired) = (at(to), self.partition.counters().timers_fired);
        self.asked.clear();
        let mut allocations = 0;
        while let Some(due) = self.partition.next_due().filter(|due| *due <= to) {
            let batch = Batch { at: due, inputs: vec![Input::Tick] };
            allocations += measure(|| self.step(&batch)).count_total;
        }
        (allocations, self.partition.counters().timers_fired - fired)
    }

    fn attempts(&mut self, from: &str, nids: &[Nid], outcome: Outcome) -> u64 {
        let attempt = |nid: &Nid| Input::Attempt(Attempt { nid: *nid, number: 1, epoch: 1, outcome });
        self.each(from, nids.iter().map(attempt).collect())
    }
}

/// The same of every report of a set.
fn of_all(set: &str, said: impl Fn() -> Said) -> Vec<Input> {
    (0..REPORTS).map(|number| said().of(&format!("{set}{number}")).input()).collect()
}

/// Two hours of a set of reports that begin at `hour`; allocations of each kind of input for each report, rounded up.
fn day(bench: &mut Bench, set: &str, hour: u32) -> Vec<(&'static str, u64)> {
    let clock = |minute: u32| format!("{:02}:{:02}", hour + minute / 60, minute % 60);
    let mut found = Vec::new();
    let mut note = |what, allocations: u64| found.push((what, allocations.div_ceil(REPORTS)));
    let steps = [
        ("opened", Step::Ordered),
        ("a step", Step::Collected),
        ("a step that starts a clock", Step::Received),
        ("a step of no rule", Step::InProcess),
    ];
    for (minute, (what, of_set)) in (0..).zip(steps) {
        let said = || Said::step(of_set, &clock(minute)).ordered_by(DR_BELL);
        note(what, bench.each(&clock(minute), of_all(set, said)));
    }
    let again = || Said::step(Step::InProcess, &clock(3)).ordered_by(DR_BELL);
    note("a message heard before", bench.each(&clock(4), of_all(set, again)));
    let ticks = (0..REPORTS).map(|_| Input::Tick).collect();
    note("time", bench.each(&clock(5), ticks));
    let update = || Said::update(&clock(6)).priority(Priority::Urgent);
    note("a priority", bench.each(&clock(6), of_all(set, update)));
    let (allocations, fired) = bench.pass(&clock(55));
    assert_eq!(fired, REPORTS + 2, "every clock warned, and the feed was looked for twice");
    note("a warning that tells a desk", allocations);
    let told = bench.asked.clone();
    note("an attempt", bench.attempts(&clock(56), &told, Outcome::Started));
    note("its delivery", bench.attempts(&clock(57), &told, Outcome::Delivered));
    let critical = || Said::step(Step::Final, &clock(58)).potassium("7.1");
    note("a final that stops a clock and pages", bench.each(&clock(58), of_all(set, critical)));
    let codes: Vec<String> = bench.asked.iter().map(|nid| nid.code().to_string()).collect();
    assert_eq!(codes.len() as u64, REPORTS, "every critical result pages");
    let answers = codes.iter().map(|code| answer(Act::Accepted, code, &clock(59)).input());
    note("an answer", bench.each(&clock(59), answers.collect()));
    found
}

#[test]
fn time_and_what_was_heard_before_cost_no_allocation() {
    let mut bench = Bench::new();
    day(&mut bench, "A", 9);
    let found = day(&mut bench, "B", 11);
    let of = |what| found.iter().find(|known| known.0 == what).map(|known| known.1);
    assert_eq!(of("time"), Some(0), "{found:?}");
    assert_eq!(of("a message heard before"), Some(0), "{found:?}");
}

/// What a warm step may ask for, by kind of input: as measured, so that more is noticed.
///
/// A step of a report is kept in the report's own lists, which begin with room for nothing and double; a clock is a list's
/// entry and the table of armed timers; an alert keeps its course, a notice its channels and the words of its step, and each
/// output that names a rule or a person by a text of more than twenty-four bytes carries a copy. What is left over are lists
/// that live for one step: the plan of an escalation, the recipients of a step, the notices that an answer withdraws.
const BOUNDS: [(&str, u64); 12] = [
    ("opened", 6),
    ("a step", 2),
    ("a step that starts a clock", 4),
    ("a step of no rule", 2),
    ("a message heard before", 0),
    ("time", 0),
    ("a priority", 3),
    ("a warning that tells a desk", 15),
    ("an attempt", 1),
    ("its delivery", 1),
    ("a final that stops a clock and pages", 20),
    ("an answer", 8),
];

#[test]
fn a_warm_step_asks_for_no_more_than_what_it_keeps() {
    let mut bench = Bench::new();
    day(&mut bench, "A", 9);
    let found = day(&mut bench, "B", 11);
    let over = found.iter().zip(BOUNDS).filter(|((what, found), (known, bound))| *what != *known || found > bound);
    assert_eq!(over.count(), 0, "{found:#?}");
}
