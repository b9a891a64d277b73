//! Slices: do the changes that were told add up to what every report says now?
//!
//! The twin counts anew from the rows of intervals and clocks, one by one.

use std::collections::BTreeMap;

use wardline_core::{Input, limits::SLICE_KEYS_MAX};
use wardline_rules::{
    Text,
    program::{Family, Happening, Moment, Program, Site, Situation, SlaRule},
    row::{Cell, Row, Table},
    time::{DAY, HOUR, MINUTE, Span, zone},
    words::{Flag, Priority, Step},
};

use crate::{
    driver::{Run, activate},
    said::{Said, at, joined},
    ward::{at_step, elapsed, head, lab_hour, program},
};

/// Two promises: an interval with a name, and one that has none. Half an hour off, with one site six hours behind.
pub(crate) fn two_zones() -> Program {
    let held = Moment { happening: Happening::Begins(Situation::Flag(Flag::OnHold)), ..at_step(Step::Received) };
    let hold = SlaRule {
        head: head("sla/Hold"),
        starts: vec![held],
        stops: vec![at_step(Step::Final), at_step(Step::Preliminary)],
        pauses: None,
        restarts: Vec::new(),
        warnings: Vec::new(),
        target: elapsed(20),
        ..lab_hour()
    };
    let families = vec![Family { rules: vec![lab_hour()] }, Family { rules: vec![hold] }];
    let mut program = program(1, families, Vec::new());
    program.zone = zone("Asia/Kolkata").unwrap();
    program.catalogue.sites = vec![Site { name: Text::const_new("NORTH"), zone: zone("America/Chicago") }];
    program
}

/// Minute, hour, day, local day, hour and weekday; then interval, kind, priority, site, department.
type Key = ([i64; 6], Vec<Option<Text>>);

/// Counters, sum of seconds, and each duration with how often it was counted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Counted {
    counters: [i64; 4],
    sum_s: i64,
    took: BTreeMap<i64, i64>,
}

fn word(cell: &Cell) -> Option<Text> {
    match cell {
        Cell::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn number(cell: &Cell) -> i64 {
    match cell {
        Cell::Int(number) => *number,
        Cell::Time(at) => at.micros(),
        other => panic!("{other:?} is no number"),
    }
}

/// What was told, added up.
fn add(rows: &[Row], into: &mut BTreeMap<Key, Counted>) {
    for row in rows.iter().filter(|row| row.table == Table::Turnaround1m) {
        let cells = &row.cells;
        let key = ([0, 15, 16, 12, 13, 14].map(|place| number(&cells[place])), cells[1..6].iter().map(word).collect());
        let slice = into.entry(key).or_default();
        for (count, cell) in slice.counters.iter_mut().zip(&cells[6..10]) {
            *count += number(cell);
        }
        slice.sum_s += number(&cells[10]);
        if cells[11] != Cell::Null {
            *slice.took.entry(number(&cells[11])).or_default() += number(&cells[6]);
        }
    }
}

/// The slice of an instant, by a report's kind, priority, site and department.
fn slice<'a>(all: &'a mut BTreeMap<Key, Counted>, name: Option<Text>, at: &Cell, routing: &[Cell]) -> &'a mut Counted {
    let minute = number(at).div_euclid(MINUTE) * MINUTE;
    let is_north = word(&routing[2]).as_deref() == Some("NORTH");
    let local = minute + if is_north { -6 * HOUR } else { 5 * HOUR + 30 * MINUTE };
    let (day, time) = (local.div_euclid(DAY), local.rem_euclid(DAY));
    let key = [minute, minute - time % HOUR, minute - time, day, time / HOUR, (day + 3).rem_euclid(7) + 1];
    let words = core::iter::once(name).chain(routing.iter().map(word)).collect();
    all.entry((key, words)).or_default()
}

/// What every report says now, counted one by one.
fn counted(run: &Run) -> BTreeMap<Key, Counted> {
    let mut rows = Vec::new();
    run.partition.all_rows(&mut rows);
    let of = |table| rows.iter().filter(move |row: &&Row| row.table == table);
    let in_error = |row: &&Row| word(&row.cells[10]).as_deref() == Some("entered_in_error");
    let wrong: Vec<&Cell> = of(Table::Reports).filter(in_error).map(|row| &row.cells[0]).collect();
    let mut all = BTreeMap::new();
    for row in of(Table::Intervals).filter(|row| word(&row.cells[3]).as_deref() == Some("complete")) {
        let slice = slice(&mut all, word(&row.cells[2]), &row.cells[5], &row.cells[8..12]);
        let took = number(&row.cells[6]);
        slice.counters[0] += 1;
        slice.sum_s += took;
        *slice.took.entry(took).or_default() += 1;
    }
    for row in of(Table::Clocks).filter(|row| !wrong.contains(&&row.cells[1])) {
        let name = match word(&row.cells[2]).as_deref() {
            Some("sla/Lab") => Text::const_new("receive_to_final"),
            other => Text::from(other.unwrap()),
        };
        // Settled at the stop or the due time, whichever came first.
        let settled = &row.cells[8];
        match word(&row.cells[12]).as_deref() {
            Some("met") => slice(&mut all, Some(name), settled, &row.cells[14..18]).counters[1] += 1,
            Some("breached") => {
                let slice = slice(&mut all, Some(name), &row.cells[6], &row.cells[14..18]);
                slice.counters[2] += 1;
                slice.counters[3] += i64::from(word(&row.cells[4]).as_deref() == Some("overdue"));
            }
            _ => {}
        }
    }
    all
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % sides
    }

    fn pick(&mut self, sides: usize) -> usize {
        usize::try_from(self.roll(sides as u64)).unwrap()
    }

    /// Some time of the day, on the minute or not.
    fn clock(&mut self) -> String {
        format!("{:02}:{:02}:{:02}", 8 + self.roll(6), self.roll(60), [0, 30, 59][self.pick(3)])
    }
}

/// Any news, of any time, about one of a few reports.
fn news(dice: &mut Dice, turn: usize) -> Input {
    let clock = dice.clock();
    // New ones come, and old ones are heard of again.
    let report = format!("R{}", 2 + turn as u64 / 16 + dice.roll(9) - dice.roll(2) * (turn as u64 / 32));
    let said = match dice.roll(20) {
        0..4 => Said::step(Step::Received, &clock),
        4 => Said::step(Step::Ordered, &clock),
        5 => Said::step(Step::Collected, &clock),
        6 => Said::step(Step::Preliminary, &clock),
        7..11 => Said::step(Step::Final, &clock),
        11 => Said::step(Step::Corrected, &clock),
        12 => Said::step(Step::Cancelled, &clock),
        13 => Said::step(Step::EnteredInError, &clock),
        14 => Said::update(&clock).flag(Flag::OnHold),
        15 => Said::update(&clock).no_flag(Flag::OnHold),
        16 => Said::update(&clock).site(if dice.roll(2) == 0 { "NORTH" } else { "SOUTH" }),
        17 => Said::update(&clock).priority(if dice.roll(2) == 0 { Priority::Stat } else { Priority::Routine }),
        18 => Said::step(Step::Recollect, &clock),
        _ => return joined(&report, &format!("joined {turn}")),
    };
    // Now and then the same message again.
    let id = if dice.roll(10) == 0 { turn.saturating_sub(3) } else { turn };
    said.of(&report).id(&format!("news {id}")).input()
}

fn run(turns: usize, seed: u64) -> (u32, usize) {
    let mut dice = Dice(seed);
    let mut run = Run::empty();
    run.partition.watch_rows();
    run.batch(at("08:00"), vec![activate(two_zones(), "two zones")]);
    let (mut told, mut checks) = (BTreeMap::new(), 0);
    let mut from = 0;
    let mut clock = at("08:00");
    for turn in 0..turns {
        let inputs = (0..=dice.pick(3)).map(|more| news(&mut dice, turn * 4 + more)).collect();
        let pause = [1, 60, 600][dice.pick(3)];
        clock = clock.plus(Span::from_seconds(i64::try_from(1 + dice.roll(pause)).unwrap()));
        while let Some(due) = run.partition.next_due().filter(|due| *due < clock) {
            run.batch(due, vec![Input::Tick]);
        }
        run.batch(clock, inputs);
        if dice.roll(40) == 0 {
            run.restart();
            run.partition.watch_rows();
        }
        add(&run.all_rows[from..], &mut told);
        from = run.all_rows.len();
        if dice.roll(4) == 0 || turn + 1 == turns {
            checks += 1;
            for slice in told.values_mut() {
                slice.took.retain(|_, n| *n != 0);
            }
            told.retain(|_, slice| *slice != Counted::default());
            assert_eq!(told, counted(&run), "after {turn} turns of {seed}");
        }
    }
    (checks, told.values().map(|slice| slice.took.len()).sum())
}

/// Some 100,000 pieces of news; `WARDLINE_STEPS` asks for more.
#[test]
fn what_was_told_of_slices_is_what_every_report_says_now() {
    let steps = std::env::var("WARDLINE_STEPS").ok().and_then(|steps| steps.parse().ok()).unwrap_or(100_000_usize);
    let (mut checks, mut durations) = (0, 0);
    for seed in 1..=steps / 500 {
        let (checked, counted) = run(200, (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        checks += checked;
        durations += counted;
    }
    assert!(checks as usize > steps / 20 && durations > steps / 200, "{checks} checks, {durations} durations");
}

#[test]
fn departments_beyond_the_limit_count_as_other_and_are_taken_back_from_there() {
    let mut run = Run::empty();
    run.partition.watch_rows();
    run.batch(at("08:00"), vec![activate(two_zones(), "two zones")]);
    let departments = SLICE_KEYS_MAX + 400;
    let of = |place: usize, step, clock| {
        let mut said = Said::step(step, clock).of(&format!("R{place}")).site("NORTH");
        said.0.department = Some(Text::from(format!("ward {place}")));
        said.input()
    };
    for (step, clock) in [(Step::Received, "09:00"), (Step::Final, "09:10")] {
        run.inputs(clock, (0..departments).map(|place| of(place, step, clock)).collect());
    }
    let folded = usize::try_from(run.partition.slices_folded()).unwrap();
    assert!((400..=410).contains(&folded), "{folded} beyond the limit");
    let mut told = BTreeMap::new();
    add(&run.all_rows, &mut told);
    let finals = told.iter().filter(|(key, _)| key.1[0].as_deref() == Some("receive_to_final"));
    let other = finals.clone().find(|(key, _)| key.1[4].as_deref() == Some("other")).map(|(_, slice)| slice.counters);
    assert_eq!(finals.map(|(_, slice)| slice.counters[0]).sum::<i64>(), i64::try_from(departments).unwrap());
    let folded = i64::try_from(folded).unwrap();
    assert!(other.is_some_and(|other| other[0] == other[1] && (folded - 10..=folded).contains(&other[0])), "{other:?}");
    // After a restart the same keys are full, and what was counted there is found.
    run.restart();
    run.partition.watch_rows();
    let from = run.all_rows.len();
    run.inputs("10:00", (0..departments).map(|place| of(place, Step::EnteredInError, "10:00")).collect());
    add(&run.all_rows[from..], &mut told);
    assert!(told.values().all(|slice| slice.counters == [0; 4] && slice.sum_s == 0), "all is taken back");
}

/// What slices count of durations and outcomes, added up over all of them.
fn total(told: &BTreeMap<Key, Counted>) -> [i64; 4] {
    told.values().fold([0; 4], |mut sum, slice| {
        sum.iter_mut().zip(slice.counters).for_each(|(sum, count)| *sum += count);
        sum
    })
}

#[test]
fn a_report_that_left_memory_is_not_counted_again_when_it_is_heard_of_again() {
    let mut run = Run::empty();
    run.partition.watch_rows();
    run.batch(at("08:00"), vec![activate(two_zones(), "two zones")]);
    let life = |of: &str, id: &str| {
        [Said::step(Step::Received, "08:10"), Said::step(Step::Final, "08:40")]
            .into_iter()
            .enumerate()
            .map(|(place, said)| said.of(of).id(&format!("{id} {place}")).input())
            .collect::<Vec<_>>()
    };
    run.batch(at("08:50"), life("R1", "first"));
    let counts = |run: &Run| {
        let mut told = BTreeMap::new();
        add(&run.all_rows, &mut told);
        total(&told)
    };
    let once = counts(&run);
    assert!(once[0] > 0 && once[1] > 0, "{once:?}");
    let day = |count: i64| at("09:00").plus(Span::from_minutes(count * 24 * 60));
    for count in 1..=36 {
        run.batch(day(count), vec![Input::Tick]);
    }
    assert_eq!(run.partition.counters().reports_left, 1);
    // Also for an engine that was started again meanwhile.
    run.restart();
    run.partition.watch_rows();
    run.batch(day(37), life("R1", "again"));
    run.batch(day(38), vec![Said::step(Step::EnteredInError, "09:00").of("R1").input()]);
    assert_eq!(counts(&run), once, "what was counted stays, and nothing is added");
    // One that nobody knew counts as ever, however late it is told.
    run.batch(day(39), life("R2", "new"));
    assert_eq!(counts(&run), once.map(|count| 2 * count));
    for count in 40..=80 {
        run.batch(day(count), vec![Input::Tick]);
    }
    run.batch(day(81), life("R1", "third"));
    assert_eq!(counts(&run), once.map(|count| 2 * count), "and so it is each time");
}
