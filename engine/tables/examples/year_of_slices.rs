//! Year of slices: what would the archive of a health system hold after so many days, so that scans can be measured?
//!
//! ```sh
//! cargo run --release -p wardline-tables --example year_of_slices -- FOLDER [DAYS] [REPORTS A DAY] [GROUPS]
//! ```
//! Writes files and manifest as the engine does, a flush a day. Most reports take an hour or two, some days; one in six misses
//! its target, one in fifty is corrected the day after. The same arguments give the same slices.
//!
//! - **Not here**: reports and everything else that other tables hold.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a verb of its own")]

use std::{path::Path, process::ExitCode, time::Instant};

use wardline_rules::{
    Text,
    row::{Cell, Row, Table},
    time::{DAY, HOUR, MINUTE, SECOND, Timestamp},
};
use wardline_tables::{
    archive::{Archive, Error},
    place::Folder,
};

/// 2026-01-01.
const FIRST_DAY: i64 = 20_454;
/// Rows of one epoch.
const EPOCH_ROWS: usize = 1_000;
const INTERVALS: [&str; 3] = ["receive_to_final", "order_to_final", "collect_to_receive"];
const KINDS: [&str; 5] = ["lab", "micro", "imaging", "pathology", "cardiology"];

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from((self.0 >> 33) % sides.unsigned_abs().max(1)).unwrap_or(0)
    }

    /// Seconds that a report takes: the product of three rolls has the long tail of the field.
    fn took(&mut self) -> i64 {
        60 + self.roll(150) * self.roll(120) + if self.roll(200) == 0 { self.roll(10 * 86_400) } else { 0 }
    }
}

/// Site, department, kind and priority by the number of a group.
fn words(group: i64) -> [Cell; 4] {
    let kind = usize::try_from(group).ok().and_then(|group| KINDS.get(group % KINDS.len())).copied();
    let priority = if group % 7 == 0 { "stat" } else { "routine" };
    let text = |of: &str, number: i64| Cell::text(&format!("{of} {number}"));
    [Cell::from(kind), Cell::word(priority), text("site", group / 50), text("department", group / 2)]
}

/// One change at an instant; sites are six hours behind.
fn change(name: &'static str, at: i64, group: i64, counters: [i64; 4], took: Option<i64>) -> Row {
    let minute = at.div_euclid(MINUTE) * MINUTE;
    let local = minute - 6 * HOUR;
    let (date, time) = (local.div_euclid(DAY), local.rem_euclid(DAY));
    let instant = |micros| Cell::time(Timestamp::from_micros(micros));
    let mut cells = vec![instant(minute), Cell::Text(Text::const_new(name))];
    cells.extend(words(group));
    cells.extend(counters.map(Cell::Int));
    cells.push(Cell::Int(counters[0] * took.unwrap_or(0)));
    cells.push(Cell::from(took));
    cells.extend([date, time / HOUR, (date + 3).rem_euclid(7) + 1].map(Cell::Int));
    cells.extend([instant(minute - time % HOUR), instant(minute - time)]);
    Row { table: Table::Turnaround1m, cells }
}

/// What the reports of one day say, and what is said anew of those of the day before.
fn day(number: i64, reports: i64, groups: i64, dice: &mut Dice) -> Vec<Row> {
    let mut rows = Vec::new();
    for _ in 0..reports {
        let (group, at) = (dice.roll(groups), (FIRST_DAY + number) * DAY + dice.roll(86_400) * SECOND);
        for name in INTERVALS {
            let took = dice.took();
            rows.push(change(name, at, group, [1, 0, 0, 0], Some(took)));
            if name == "receive_to_final" {
                let is_met = dice.roll(6) > 0;
                rows.push(change(name, at, group, [0, i64::from(is_met), i64::from(!is_met), 0], None));
            }
            if dice.roll(50) == 0 {
                let before = at - DAY;
                rows.push(change(name, before, group, [1, 0, 0, 0], Some(took)));
                rows.push(change(name, before, group, [-1, 0, 0, 0], Some(took)));
            }
        }
    }
    rows
}

fn write(folder: &Path, days: i64, reports: i64, groups: i64) -> Result<(), Error> {
    let begun = Instant::now();
    let mut archive = Archive::open(Folder::open(folder)?)?;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut epoch, mut changes) = (archive.epoch(), 0);
    for number in 0..days {
        let rows = day(number, reports, groups, &mut dice);
        changes += rows.len();
        for rows in rows.chunks(EPOCH_ROWS) {
            epoch += 1;
            archive.append(epoch, rows)?;
            if archive.is_freeze_due() {
                archive.freeze()?;
            }
        }
        archive.flush((FIRST_DAY + number + 1) * DAY)?;
    }
    let seconds = begun.elapsed().as_secs();
    println!("{changes} changes in {seconds} s");
    for table in [Table::Turnaround1m, Table::Turnaround1h, Table::Turnaround1d] {
        let files: Vec<_> = archive.manifest().files_of(table).collect();
        let (rows, bytes) = files.iter().fold((0, 0), |sum, file| (sum.0 + file.rows, sum.1 + file.bytes));
        println!("{}: {rows} rows, {bytes} bytes in {} files", table.name(), files.len());
    }
    Ok(())
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(folder) = words.next() else {
        eprintln!("year_of_slices FOLDER [DAYS] [REPORTS A DAY] [GROUPS]");
        return ExitCode::from(2);
    };
    let mut number = |usual: i64| words.next().and_then(|word| word.parse().ok()).unwrap_or(usual);
    match write(Path::new(&folder), number(365), number(10_000), number(500)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
