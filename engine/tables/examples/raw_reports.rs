//! Raw reports: what would the archive hold of so many reports, so that scans of single rows can be measured?
//!
//! ```sh
//! cargo run --release -p wardline-tables --example raw_reports -- FOLDER [REPORTS]
//! ```
//! Each report makes a row of `reports` and ten of `intervals`; one report in twenty changes the day after, which supersedes
//! its row. Files and manifest as the engine writes them, a flush each 20,000 reports; 20,000 reports are a day. The same
//! arguments give the same rows.
//!
//! - **Not here**: slices (`year_of_slices`).
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a verb of its own")]

use std::{path::Path, process::ExitCode, time::Instant};

use wardline_rules::{
    row::{Cell, Row, Table},
    time::{DAY, SECOND, Timestamp},
};
use wardline_tables::{
    archive::{Archive, Error},
    place::Folder,
    schema::Definition,
};

/// 2026-01-01.
const FIRST_DAY: i64 = 20_454;
/// Reports of one flush.
const FLUSH_REPORTS: i64 = 20_000;
/// Reports of one epoch.
const EPOCH_REPORTS: i64 = 100;
const INTERVALS: [&str; 10] = [
    "receive_to_final",
    "order_to_final",
    "collect_to_receive",
    "order_to_collect",
    "collect_to_final",
    "receive_to_preliminary",
    "preliminary_to_final",
    "final_to_review",
    "order_to_schedule",
    "schedule_to_arrive",
];
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const KINDS: [&str; 5] = ["lab", "micro", "imaging", "pathology", "cardiology"];

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from((self.0 >> 33) % sides.unsigned_abs().max(1)).unwrap_or(0)
    }
}

/// A row of a table, NULL but for these columns.
fn row(table: Table, known: &[(&str, Cell)]) -> Row {
    let cell = |name: &str| known.iter().find(|(one, _)| *one == name).map_or(Cell::Null, |(_, cell)| cell.clone());
    Row { table, cells: Definition::of(table).columns.iter().map(|column| cell(column.name)).collect() }
}

/// An id as the engine makes them: a hash in base-32.
fn id(number: i64) -> Cell {
    let mut mixed = number.unsigned_abs().wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut text = String::with_capacity(26);
    for _ in 0..26 {
        mixed ^= mixed << 13;
        mixed ^= mixed >> 7;
        mixed ^= mixed << 17;
        text.extend(LETTERS.get(usize::try_from(mixed >> 59).unwrap_or(0)).copied().map(char::from));
    }
    Cell::text(&text)
}

fn report(number: i64, status: &'static str, at: i64, dice: &mut Dice) -> Row {
    let kind = KINDS.get(usize::try_from(number % 5).unwrap_or(0)).copied();
    let instant = |micros| Cell::time(Timestamp::from_micros(micros));
    row(
        Table::Reports,
        &[
            ("report_id", id(number)),
            ("version_number", Cell::Int(1)),
            ("kind", Cell::from(kind)),
            ("priority", Cell::word(if number % 7 == 0 { "stat" } else { "routine" })),
            ("site", Cell::text(&format!("site {}", number % 10))),
            ("department", Cell::text(&format!("department {}", number % 250))),
            ("status", Cell::word(status)),
            ("is_open", Cell::Bool(status == "received")),
            ("is_critical", Cell::Bool(dice.roll(50) == 0)),
            ("n_corrections", Cell::Int(0)),
            ("received_at", instant(at)),
            ("opened_at", instant(at)),
            ("changed_at", instant(at)),
        ],
    )
}

/// What one report says at first.
fn life(number: i64, dice: &mut Dice) -> Vec<Row> {
    let day = FIRST_DAY + number / FLUSH_REPORTS;
    let from = day * DAY + dice.roll(86_400) * SECOND;
    let instant = |micros| Cell::time(Timestamp::from_micros(micros));
    let mut rows = vec![report(number, "final", from, dice)];
    for name in INTERVALS {
        let took = 60 + dice.roll(150) * dice.roll(120);
        rows.push(row(
            Table::Intervals,
            &[
                ("report_id", id(number)),
                ("version_number", Cell::Int(1)),
                ("interval_name", Cell::word(name)),
                ("state", Cell::word("complete")),
                ("from_at", instant(from)),
                ("to_at", instant(from + took * SECOND)),
                ("duration_s", Cell::Int(took)),
                ("is_critical", Cell::Bool(false)),
                ("kind", Cell::from(KINDS.get(usize::try_from(number % 5).unwrap_or(0)).copied())),
                ("priority", Cell::word(if number % 7 == 0 { "stat" } else { "routine" })),
                ("site", Cell::text(&format!("site {}", number % 10))),
                ("department", Cell::text(&format!("department {}", number % 250))),
            ],
        ));
    }
    rows
}

fn write(folder: &Path, reports: i64) -> Result<(), Error> {
    let mut archive = Archive::open(Folder::open(folder)?)?;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut epoch, mut rows, mut flushed) = (archive.epoch(), Vec::new(), core::time::Duration::ZERO);
    for number in 0..reports {
        rows.extend(life(number, &mut dice));
        if number % 20 == 0 && number >= FLUSH_REPORTS {
            // News of a report of the day before.
            let before = number - FLUSH_REPORTS;
            rows.push(report(before, "corrected", (FIRST_DAY + number / FLUSH_REPORTS) * DAY, &mut dice));
        }
        if (number + 1) % EPOCH_REPORTS == 0 {
            epoch += 1;
            archive.append(epoch, &rows)?;
            rows.clear();
            if archive.is_freeze_due() {
                archive.freeze()?;
            }
        }
        if (number + 1) % FLUSH_REPORTS == 0 {
            let begun = Instant::now();
            archive.flush((FIRST_DAY + (number + 1) / FLUSH_REPORTS) * DAY)?;
            flushed += begun.elapsed();
        }
    }
    println!("flushes took {:.1} s, files joined on the way", flushed.as_secs_f64());
    for table in [Table::Reports, Table::Intervals] {
        let files: Vec<_> = archive.manifest().files_of(table).collect();
        let (rows, bytes) = files.iter().fold((0, 0), |sum, file| (sum.0 + file.rows, sum.1 + file.bytes));
        println!("{}: {rows} rows, {bytes} bytes in {} files", table.name(), files.len());
    }
    Ok(())
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(folder) = words.next() else {
        eprintln!("raw_reports FOLDER [REPORTS]");
        return ExitCode::from(2);
    };
    match write(Path::new(&folder), words.next().and_then(|word| word.parse().ok()).unwrap_or(500_000)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
