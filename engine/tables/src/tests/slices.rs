//! Slices: do parts add up to what every report says now, whatever is corrected, taken back, flushed, joined or lost?
//!
//! The twin is a plain vector of reports, counted anew each time, with every duration in a plain list.

use std::collections::{BTreeMap, VecDeque};

use arrow::{
    array::{ArrayRef, AsArray as _, RecordBatch},
    compute::cast,
    datatypes::{DataType, Date32Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType},
};
use wardline_rules::{
    row::{Cell, Row, Table},
    time::{DAY, HOUR, MINUTE, SECOND, Timestamp},
};

use super::steps::World;
use crate::{
    schema::Definition,
    sketch::{LIST_MAX, Sketch, Sketches, cell},
    slices::sum,
};

const TABLES: [Table; 3] = [Table::Turnaround1m, Table::Turnaround1h, Table::Turnaround1d];

/// One report, as far as slices know it. Times are in seconds since an afternoon in March.
#[derive(Clone, Debug)]
struct Report {
    site: u64,
    department: Option<u64>,
    priority: u64,
    /// Where it began and ended, for each of two intervals.
    steps: [Option<(i64, i64)>; 2],
    /// When its clock is due, and when it stopped.
    due: i64,
    stopped: Option<i64>,
    is_overdue: bool,
    is_cancelled: bool,
    is_void: bool,
}

/// What a report counts in one minute.
type Share = (&'static str, i64, [i64; 4], Option<i64>);

impl Report {
    fn shares(&self) -> Vec<Share> {
        let mut shares = Vec::new();
        if self.is_void {
            return shares;
        }
        for (name, step) in ["receive_to_final", "order_to_final"].into_iter().zip(self.steps) {
            if let Some((from, to)) = step.filter(|_| !self.is_cancelled) {
                shares.push((name, to, [1, 0, 0, 0], Some(to - from)));
            }
        }
        match self.stopped {
            Some(stop) if stop <= self.due => shares.push(("receive_to_final", stop, [0, 1, 0, 0], None)),
            Some(_) => shares.push(("receive_to_final", self.due, [0, 0, 1, 0], None)),
            None if self.is_overdue => {
                let open = i64::from(!self.is_cancelled);
                shares.push(("receive_to_final", self.due, [0, 0, 1, open], None));
            }
            None => {}
        }
        shares
    }

    fn key(&self) -> [Option<String>; 4] {
        let word = |number: u64, of: &str| Some(format!("{of}{number}"));
        [
            Some("lab".to_owned()),
            word(self.priority, "p"),
            word(self.site, "s"),
            self.department.and_then(|d| word(d, "d")),
        ]
    }

    /// The civil time of a minute at the site: half an hour off, or six hours behind.
    fn local(&self, minute: i64) -> i64 {
        minute + if self.site.is_multiple_of(2) { 5 * HOUR + HOUR / 2 } else { -6 * HOUR }
    }

    fn change(&self, (name, second, counters, took): &Share, sign: i64) -> Row {
        let minute = (second * SECOND).div_euclid(MINUTE) * MINUTE;
        let local = self.local(minute);
        let (date, hour) = (local.div_euclid(DAY), local.rem_euclid(DAY) / HOUR);
        let time = |micros| Cell::time(Timestamp::from_micros(micros));
        let mut cells = vec![time(minute), Cell::word(name)];
        cells.extend(self.key().map(|word| word.map_or(Cell::Null, |word| Cell::text(&word))));
        cells.extend(counters.map(|count| Cell::Int(sign * count)));
        cells.push(Cell::Int(sign * took.unwrap_or(0)));
        cells.push(took.map_or(Cell::Null, Cell::Int));
        cells.extend([date, hour, (date + 3).rem_euclid(7) + 1].map(Cell::Int));
        cells.push(time(minute - local.rem_euclid(HOUR)));
        cells.push(time(minute - local.rem_euclid(DAY)));
        Row { table: Table::Turnaround1m, cells }
    }
}

/// A slice of a table: its instant and its words.
type Key = (Table, i64, Vec<Option<String>>);

/// What is counted there: counters, sum, day, hour and weekday, durations by how often, and how many were ever added.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Counted {
    counters: [i64; 4],
    sum_s: i64,
    local: (i64, i64, i64),
    took: BTreeMap<i64, i64>,
    added: i64,
}

struct Hospital {
    world: World,
    reports: Vec<Report>,
    /// How often a duration was added to a slice, whether or not it was taken back.
    added: BTreeMap<Key, i64>,
    queries: u32,
}

impl Hospital {
    fn roll(&self, sides: i64) -> i64 {
        i64::try_from(self.world.roll(u64::try_from(sides).unwrap())).unwrap()
    }

    fn dice(&self, sides: u64) -> u64 {
        self.world.roll(sides)
    }

    fn opened(&self) -> Report {
        let from = self.roll(3 * 86_400);
        Report {
            site: self.dice(3),
            department: (self.dice(3) > 0).then(|| self.dice(4)),
            priority: self.dice(2),
            steps: [None, None],
            due: from + 3_600,
            stopped: None,
            is_overdue: false,
            is_cancelled: false,
            is_void: false,
        }
    }

    /// One piece of news about one report, old or new.
    fn news(&self, report: &mut Report) {
        match self.dice(12) {
            0..5 => {
                // Final, or final at another time; most take an hour, some days.
                let from = report.due - 3_600;
                let took = if self.dice(9) == 0 { self.roll(4_000_000) } else { self.roll(7_200) };
                report.steps = [Some((from, from + took)), (self.dice(4) > 0).then(|| (from - 600, from + took))];
                report.stopped = Some(from + took);
            }
            5 | 6 => report.is_overdue = true,
            7 => report.department = Some(self.dice(4)),
            8 => report.priority = self.dice(2),
            9 => report.is_cancelled = !report.is_cancelled,
            10 => report.is_void = !report.is_void,
            _ => (report.steps, report.stopped) = ([None, None], None),
        }
    }

    /// A batch of news; what changed goes to the archive as the core says it: taken back, and counted anew.
    fn ingest(&mut self) {
        let mut rows = Vec::new();
        for _ in 0..self.roll(6) {
            if self.reports.len() < 12 || self.dice(8) == 0 {
                let report = self.opened();
                self.reports.push(report);
            }
            // Mostly of the newest, sometimes of one long over.
            let back = if self.dice(4) == 0 { self.dice(self.reports.len() as u64) } else { self.dice(8) };
            let place = (self.reports.len() - 1).saturating_sub(usize::try_from(back).unwrap());
            let before = self.reports[place].clone();
            let mut after = before.clone();
            self.news(&mut after);
            rows.extend(before.shares().iter().map(|share| before.change(share, -1)));
            rows.extend(after.shares().iter().map(|share| after.change(share, 1)));
            for share in after.shares().iter().filter(|share| share.3.is_some()) {
                for (key, _) in keys(&after, share) {
                    *self.added.entry(key).or_default() += 1;
                }
            }
            self.reports[place] = after;
        }
        let epoch = self.world.log.last().map_or(1, |last| last.0 + 1 + self.dice(3));
        self.world.archive.append(epoch, &rows).unwrap();
        self.world.log.push((epoch, rows));
    }

    /// Everything counted again from the reports.
    fn expected(&self) -> BTreeMap<Key, Counted> {
        let mut all: BTreeMap<Key, Counted> = BTreeMap::new();
        let of_reports = self.reports.iter().flat_map(|report| {
            let shares = report.shares();
            shares.into_iter().flat_map(|share| keys(report, &share).into_iter().map(move |key| (key, share)))
        });
        for ((key, local), (_, _, counters, took)) in of_reports {
            let slice = all.entry(key).or_default();
            slice.counters.iter_mut().zip(counters).for_each(|(count, more)| *count += more);
            slice.sum_s += took.unwrap_or(0);
            slice.local = local;
            if let Some(took) = took {
                *slice.took.entry(took).or_default() += 1;
            }
        }
        for (key, slice) in &mut all {
            slice.added = self.added.get(key).copied().unwrap_or(0);
        }
        all
    }

    fn batches(&self, table: Table) -> Vec<RecordBatch> {
        let files = self.world.archive.manifest().files_of(table);
        let mut batches: Vec<RecordBatch> = files.flat_map(|file| self.world.archive.read(file).unwrap()).collect();
        batches.extend(self.world.follower.hot.of(table).iter().cloned());
        batches
    }

    fn query(&mut self) {
        self.world.freeze();
        self.queries += 1;
        let expected = self.expected();
        let mut shown = BTreeMap::new();
        let mut joined = BTreeMap::new();
        let batches = TABLES.map(|table| self.batches(table));
        for (table, batches) in TABLES.into_iter().zip(&batches) {
            batches.iter().for_each(|batch| read(table, batch, &mut shown));
            let once = sum(Definition::of(table), batches, None).unwrap();
            let rows = once.iter().map(RecordBatch::num_rows).sum::<usize>();
            let before = joined.len();
            once.iter().for_each(|batch| read(table, batch, &mut joined));
            assert_eq!(joined.len() - before, rows, "each slice once");
        }
        for (kind, slices) in [("parts added up", shown), ("joined parts", joined)] {
            let slices = slices.into_iter().map(|(key, slice)| (key, in_form(slice)));
            let slices: BTreeMap<Key, Counted> = slices.filter(|(_, slice)| slice.counters != [0; 4]).collect();
            let expected: BTreeMap<Key, Counted> =
                expected.iter().map(|(key, slice)| (key.clone(), in_form(slice.clone()))).collect();
            assert_eq!(slices, expected, "{kind}");
        }
        Self::quantiles(&batches, &expected);
    }

    /// Quantiles of each table, all slices together, against the sorted list.
    fn quantiles(batches: &[Vec<RecordBatch>; 3], expected: &BTreeMap<Key, Counted>) {
        for (table, batches) in TABLES.into_iter().zip(batches) {
            let mut sketches: VecDeque<Sketch> = VecDeque::new();
            for batch in batches {
                let column = Sketches::of(batch.column_by_name("tat").unwrap()).unwrap();
                sketches.extend((0..batch.num_rows()).map(|row| column.get(row).unwrap().unwrap()));
            }
            // Two by two, as a tree: a long sketch is copied for each that is added to it.
            let mut whole = sketches.pop_front().unwrap_or_default();
            while let Some(next) = sketches.pop_front() {
                whole.merge(&next);
                sketches.push_back(whole);
                whole = sketches.pop_front().unwrap();
            }
            let of_table = expected.iter().filter(|(key, _)| key.0 == table);
            let mut all: Vec<i64> = of_table
                .flat_map(|(_, slice)| slice.took.iter())
                .flat_map(|(took, n)| core::iter::repeat_n(*took, usize::try_from(*n).unwrap()))
                .collect();
            all.sort_unstable();
            super::sketches::check(&whole, &all);
        }
    }
}

/// The slices of a share in all three tables, each with what the clock on the wall says there.
fn keys(report: &Report, share: &Share) -> Vec<(Key, (i64, i64, i64))> {
    let minute = (share.1 * SECOND).div_euclid(MINUTE) * MINUTE;
    let local = report.local(minute);
    let mut words = vec![Some(share.0.to_owned())];
    words.extend(report.key());
    let date = local.div_euclid(DAY);
    let at = [minute, minute - local.rem_euclid(HOUR), minute - local.rem_euclid(DAY)];
    let hour = (date, local.rem_euclid(DAY) / HOUR, (date + 3).rem_euclid(7) + 1);
    let locals = [hour, hour, (date, 0, 0)];
    TABLES.into_iter().zip(at).zip(locals).map(|((table, at), local)| ((table, at, words.clone()), local)).collect()
}

/// Beyond the list, durations are known by their cells.
fn in_form(mut slice: Counted) -> Counted {
    if slice.added > LIST_MAX {
        let mut cells = BTreeMap::new();
        for (took, n) in slice.took {
            *cells.entry(i64::from(cell(i32::try_from(took).unwrap()))).or_default() += n;
        }
        slice.took = cells;
    }
    slice.took.retain(|_, n| *n != 0);
    slice
}

fn text(column: &ArrayRef) -> Vec<Option<String>> {
    let column = cast(column, &DataType::Utf8).unwrap();
    column.as_string::<i32>().iter().map(|word| word.map(str::to_owned)).collect()
}

/// Adds the rows of a batch up, by nothing but their columns.
fn read(table: Table, batch: &RecordBatch, into: &mut BTreeMap<Key, Counted>) {
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let at = batch.column(0).as_primitive::<TimestampMicrosecondType>();
    let words = ["interval_name", "kind", "priority", "site", "department"].map(|name| text(column(name)));
    let counters = ["n", "n_met", "n_breached", "n_open_overdue"].map(|name| column(name).as_primitive::<Int32Type>());
    let sums = column("sum_s").as_primitive::<Int64Type>();
    let tat = column("tat").as_struct();
    let added = tat.column_by_name("added").unwrap().as_primitive::<Int32Type>();
    let lists = tat.column_by_name("cells").unwrap().as_list::<i32>();
    let dates = column("local_date").as_primitive::<Date32Type>();
    let small = |name: &str, row: usize| {
        batch.column_by_name(name).map_or(0, |column| i64::from(column.as_primitive::<Int16Type>().value(row)))
    };
    for row in 0..batch.num_rows() {
        let key = (table, at.value(row), words.iter().map(|column| column[row].clone()).collect());
        let slice = into.entry(key).or_default();
        for (count, column) in slice.counters.iter_mut().zip(&counters) {
            *count += i64::from(column.value(row));
        }
        slice.sum_s += sums.value(row);
        slice.local = (i64::from(dates.value(row)), small("local_hour", row), small("local_dow", row));
        slice.added += i64::from(added.value(row));
        let cells = lists.value(row);
        let (took, times) = (cells.as_struct().column(0).as_primitive::<Int32Type>(), cells.as_struct().column(1));
        for (took, n) in took.values().iter().zip(times.as_primitive::<Int32Type>().values()) {
            *slice.took.entry(i64::from(*took)).or_default() += i64::from(*n);
        }
    }
}

fn run(steps: u32, seed: u64, is_synced: bool) -> Hospital {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path(), seed);
    world.place.is_synced.set(is_synced);
    let mut hospital = Hospital { world, reports: Vec::new(), added: BTreeMap::new(), queries: 0 };
    for _ in 0..steps {
        match hospital.dice(600) {
            0..30 => hospital.world.freeze(),
            50..53 => hospital.world.flush().unwrap(),
            53 => {
                let fuse = u32::try_from(hospital.dice(8)).unwrap();
                hospital.world.place.fuse.set(Some(fuse));
                // Whether it gets through or dies on the way, the engine goes down after it.
                drop(hospital.world.flush());
                hospital.world.crash();
            }
            54 => hospital.world.crash(),
            55 => {
                let fuse = u32::try_from(hospital.dice(8)).unwrap();
                hospital.world.place.fuse.set(Some(fuse));
                // Whether it gets through or not, the engine goes on.
                drop(hospital.world.flush());
                hospital.world.place.fuse.set(None);
            }
            56 => hospital.query(),
            _ => hospital.ingest(),
        }
    }
    hospital.world.flush().unwrap();
    hospital.query();
    hospital
}

/// 100,000 steps; `WARDLINE_STEPS` asks for more.
#[test]
fn slices_are_what_every_report_says_now() {
    let steps = std::env::var("WARDLINE_STEPS").ok().and_then(|steps| steps.parse().ok()).unwrap_or(100_000_u32);
    let (mut crashes, mut flushes, mut queries, mut merged) = (0, 0, 0, 0);
    for seed in 1..=u64::from(steps / 4_000) {
        // Enough flushes for files to be joined; every tenth waits for the disk.
        let hospital = run(4_000, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), seed.is_multiple_of(10));
        let files = hospital.world.archive.manifest().files_of(Table::Turnaround1m).count();
        merged += u32::from(files < usize::try_from(hospital.world.flushes).unwrap());
        crashes += hospital.world.crashes;
        flushes += hospital.world.flushes;
        queries += hospital.queries;
    }
    assert!(crashes > steps / 400 && flushes > steps / 200 && queries > steps / 800, "{crashes} {flushes} {queries}");
    assert!(merged > steps / 8_000, "{merged} archives with files that were joined");
}

/// A change of one report in a minute of a day, in days and minutes since 1970.
fn change(day: i64, minute: i64, sign: i64) -> Row {
    let report = Report {
        site: 1,
        department: None,
        priority: 0,
        steps: [None, None],
        due: 0,
        stopped: None,
        is_overdue: false,
        is_cancelled: false,
        is_void: false,
    };
    let share: Share = ("receive_to_final", (day * DAY + minute * MINUTE) / SECOND, [1, 0, 0, 0], Some(600));
    report.change(&share, sign)
}

#[test]
fn minutes_go_after_their_time_and_hours_and_days_stay() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(folder.path(), 1);
    let files = |world: &World, table| world.archive.manifest().files_of(table).count();
    world.archive.append(1, &[change(100, 0, 1), change(100, 1, 1)]).unwrap();
    world.archive.flush(100 * DAY + HOUR).unwrap();
    // Five weeks later the minutes are still there; news of that day is taken back from all three.
    world.archive.append(2, &[change(135, 0, 1), change(100, 1, -1)]).unwrap();
    world.archive.flush(135 * DAY).unwrap();
    assert_eq!(files(&world, Table::Turnaround1m), 2);
    world.archive.append(3, &[change(137, 0, 1)]).unwrap();
    world.archive.flush(137 * DAY).unwrap();
    assert_eq!((files(&world, Table::Turnaround1m), files(&world, Table::Turnaround1h)), (2, 3));
    let mut shown = BTreeMap::new();
    for table in [Table::Turnaround1m, Table::Turnaround1d] {
        for file in world.archive.manifest().files_of(table) {
            world.archive.read(file).unwrap().iter().for_each(|batch| read(table, batch, &mut shown));
        }
    }
    let of = |table| shown.iter().filter(move |(key, slice)| key.0 == table && slice.counters[0] > 0).count();
    assert_eq!(
        (of(Table::Turnaround1m), of(Table::Turnaround1d)),
        (2, 3),
        "what is left of an old minute is less than none"
    );
    // The file itself goes with the next flush; a statement that began before could read it until then.
    for epoch in 4..7 {
        world.archive.append(epoch, &[change(137, 1, 1)]).unwrap();
        world.archive.flush(137 * DAY + HOUR).unwrap();
    }
    assert_eq!(std::fs::read_dir(folder.path().join("turnaround_1m")).unwrap().count(), 5);
}

#[test]
fn files_that_are_joined_leave_out_what_is_past_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(folder.path(), 1);
    for day in 100..=180 {
        let epoch = u64::try_from(day).unwrap();
        world.archive.append(epoch, &[change(day, 0, 1)]).unwrap();
        world.archive.flush(day * DAY + HOUR).unwrap();
    }
    let mut shown = BTreeMap::new();
    for table in [Table::Turnaround1m, Table::Turnaround1h] {
        for file in world.archive.manifest().files_of(table) {
            world.archive.read(file).unwrap().iter().for_each(|batch| read(table, batch, &mut shown));
        }
    }
    let days = |table| shown.keys().filter(|key| key.0 == table).map(|key| key.1 / DAY).collect::<Vec<_>>();
    let minutes = days(Table::Turnaround1m);
    // One join is at most sixteen files ago.
    assert!(minutes.first().is_some_and(|first| (180 - 36 - 17..=180 - 35).contains(first)), "{minutes:?}");
    assert_eq!(days(Table::Turnaround1h).len(), 81);
}
