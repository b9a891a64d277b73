//! Slices: does SQL say of turnaround what a list of all reports says, by whichever way it gets there?

use wardline_tables::{
    row::{Cell, Row, Table},
    time::{DAY, HOUR, MINUTE, Timestamp},
};

use super::{NINE, Place};
use crate::access::Role;

/// One report: where, how it ended.
#[derive(Clone, Copy)]
struct Report {
    department: u64,
    is_stat: bool,
    final_at: i64,
    took_s: i64,
}

/// A target of one hour.
const TARGET_S: i64 = 3_600;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 >> 33).unwrap() % sides
    }

    /// A report of the last three days, most within hours.
    fn report(&mut self) -> Report {
        let took_s = self.roll(90) * self.roll(90) + if self.roll(20) == 0 { self.roll(200_000) } else { 0 };
        Report {
            department: self.roll(4).unsigned_abs(),
            is_stat: self.roll(3) == 0,
            final_at: NINE - self.roll(3 * DAY),
            took_s,
        }
    }
}

/// What a report adds to slices, or takes back: a duration, and a clock that was met or breached.
fn changes(report: Report, sign: i64) -> [Row; 2] {
    let is_met = report.took_s <= TARGET_S;
    let took = change(report, [sign, 0, 0, 0], Some(report.took_s));
    [took, change(report, [0, sign * i64::from(is_met), sign * i64::from(!is_met), 0], None)]
}

fn change(report: Report, counters: [i64; 4], took: Option<i64>) -> Row {
    let minute = report.final_at.div_euclid(MINUTE) * MINUTE;
    let (date, time) = (minute.div_euclid(DAY), minute.rem_euclid(DAY));
    let instant = |micros| Cell::time(Timestamp::from_micros(micros));
    let department = if report.department == 0 { Cell::Null } else { Cell::text(&format!("d{}", report.department)) };
    let mut cells = vec![instant(minute), Cell::word("receive_to_final"), Cell::word("lab")];
    cells.extend([Cell::word(if report.is_stat { "stat" } else { "routine" }), Cell::text("North"), department]);
    cells.extend(counters.map(Cell::Int));
    cells.push(Cell::Int(counters[0] * took.unwrap_or(0)));
    cells.push(Cell::from(took));
    cells.extend([date, time / HOUR, (date + 3).rem_euclid(7) + 1].map(Cell::Int));
    cells.extend([instant(minute - time % HOUR), instant(minute - time)]);
    Row { table: Table::Turnaround1m, cells }
}

/// Some thousand reports, half of them corrected once, and a department of which all was taken back; in files and hot.
async fn hospital() -> (Place, Vec<Report>) {
    let (mut place, mut dice) = (Place::new().await, Dice(0x9e37_79b9_7f4a_7c15));
    let mut reports: Vec<Report> = Vec::new();
    for epoch in 1..=60 {
        let mut rows = Vec::new();
        for _ in 0..50 {
            let report = dice.report();
            rows.extend(changes(report, 1));
            reports.push(report);
        }
        for _ in 0..25 {
            let place = usize::try_from(dice.roll(i64::try_from(reports.len()).unwrap())).unwrap();
            let better = dice.report();
            rows.extend(changes(reports[place], -1));
            rows.extend(changes(better, 1));
            reports[place] = better;
        }
        let mistaken = Report { department: 9, ..dice.report() };
        rows.extend(changes(mistaken, 1));
        rows.extend(changes(mistaken, -1));
        place.take(epoch, &rows);
        if epoch % 17 == 0 {
            place.flush();
        }
    }
    (place, reports)
}

/// The value of rank ⌈n·q⌉.
fn exact(sorted: &[i64], millionths: usize) -> i64 {
    sorted[(sorted.len() * millionths).div_ceil(1_000_000).max(1) - 1]
}

#[tokio::test]
async fn attainment_is_exact_and_quantiles_are_within_one_in_a_hundred() {
    let (place, reports) = hospital().await;
    for grain in ["1m", "1h", "1d"] {
        for (name, department) in [("department IS NULL", 0), ("department = 'd1'", 1), ("department = 'd3'", 3)] {
            let here: Vec<&Report> = reports.iter().filter(|report| report.department == department).collect();
            let mut took: Vec<i64> = here.iter().map(|report| report.took_s).collect();
            took.sort_unstable();
            let met = took.iter().filter(|took| **took <= TARGET_S).count();
            let text = format!(
                "SELECT sum(n), sum(sum_s), sum(n_met), sum(n_breached), attainment(sum(n_met), sum(n_breached)), \
                 tat_quantile(tat_merge(tat), 0.5), tat_quantile(tat_merge(tat), 0.9), tat_quantile(tat_merge(tat), 0.99) \
                 FROM turnaround_{grain} WHERE {name}"
            );
            let told = place.ask_as(Role::Analyst, &text).await.unwrap();
            let cells: Vec<&str> = told.split(',').collect();
            let counts = [took.len(), usize::try_from(took.iter().sum::<i64>()).unwrap(), met, took.len() - met];
            assert_eq!(cells[..4], counts.map(|count| count.to_string()), "{text}");
            let share: f64 = cells[4].parse().unwrap();
            #[expect(clippy::cast_precision_loss, reason = "some hundred reports")]
            let expected = met as f64 / took.len() as f64;
            assert!((share - expected).abs() < 1e-12, "{share} for {expected}");
            for (cell, millionths) in cells[5..].iter().zip([500_000, 900_000, 990_000]) {
                let (told, exact) = (cell.parse::<i64>().unwrap(), exact(&took, millionths));
                assert!((told - exact).abs() * 100 <= exact, "{told} for {exact} at {millionths}");
            }
        }
    }
}

/// [`crate::parts`]: a limit keeps the rule from seeing through, so that slices are made one by one.
#[tokio::test]
async fn parts_add_up_to_what_slices_do() {
    let (place, _) = hospital().await;
    let asked = [
        ("priority, sum(n)", "", "GROUP BY 1 ORDER BY 1"),
        ("department, sum(n), sum(n_met + n_breached), sum(sum_s)", "", "GROUP BY 1 ORDER BY 1"),
        ("sum(n), tat_quantile(tat_merge(tat), 0.9), tat_count(tat_merge(tat))", "", ""),
        ("sum(n), sum(n_met) - sum(n_breached)", "WHERE department = 'd9'", ""),
        ("department, sum(n)", "WHERE department = 'd9'", "GROUP BY 1"),
        ("local_date, sum(n) AS n", "WHERE priority = 'stat'", "GROUP BY 1 HAVING sum(n) > 3 ORDER BY 1"),
        (
            "date_trunc('day', hour_at) AS d, kind, sum(n)",
            "WHERE hour_at >= now() - INTERVAL '2 days'",
            "GROUP BY 1, 2 ORDER BY 1, 2",
        ),
        ("local_hour % 6, sum(n_met - n_breached)", "", "GROUP BY 1 ORDER BY 1"),
        ("1.0 * sum(n_met) / sum(n)", "WHERE local_dow IN (1, 2)", ""),
        // These need slices: each is as it ever was.
        ("count(*), max(n), sum(n * 2), avg(sum_s)", "", ""),
        ("sum(n) FILTER (WHERE priority = 'stat'), count(DISTINCT department)", "", ""),
        ("sum(n)", "WHERE n > 2", ""),
        ("tat_merge(tat) = tat_merge(tat), sum(DISTINCT n)", "", ""),
    ];
    for (columns, filter, rest) in asked {
        let of = |from: &str| format!("SELECT {columns} FROM {from} {filter} {rest}");
        let slices = place.ask(&of("(SELECT * FROM turnaround_1h LIMIT 10000000)")).await;
        assert_eq!(place.ask(&of("turnaround_1h")).await, slices, "{columns} {filter}");
        assert_eq!(place.ask(&of("turnaround_1h AS t")).await, slices, "{columns} {filter}");
        assert_eq!(place.ask(&of("(SELECT * FROM turnaround_1h WHERE n > -1 AND kind = 'lab')")).await, slices);
    }
    let made = |text: &'static str| {
        let place = &place;
        async move { place.ask(&format!("EXPLAIN {text}")).await.matches("AggregateExec: mode=Final").count() }
    };
    assert_eq!(made("SELECT kind, sum(n) FROM turnaround_1h GROUP BY 1").await, 1, "parts are added up at once");
    assert_eq!(made("SELECT sum(n_met), sum(n) FROM sla_daily WHERE local_date > DATE '2026-01-01'").await, 1);
    assert_eq!(made("SELECT kind, max(n) FROM turnaround_1h GROUP BY 1").await, 2, "slices are made first");
}

#[tokio::test]
async fn what_is_older_than_its_table_keeps_is_not_shown_though_its_file_is_there() {
    let mut place = Place::new().await;
    let old = |days: i64| Report { department: 1, is_stat: false, final_at: NINE - days * DAY, took_s: 60 };
    let rows: Vec<Row> = [1, 34, 36, 399, 401].into_iter().flat_map(|days| changes(old(days), 1)).collect();
    place.take(1, &rows);
    let shown = async |place: &Place| {
        let mut counts = Vec::new();
        for grain in ["1m", "1h", "1d"] {
            counts.push(place.ask(&format!("SELECT sum(n), count(*) FROM turnaround_{grain}")).await);
        }
        counts
    };
    let expected = ["2,2", "4,4", "5,5"];
    assert_eq!(shown(&place).await, expected, "hot");
    place.flush();
    assert_eq!(shown(&place).await, expected, "in files");
}
