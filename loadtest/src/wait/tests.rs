//! Wait, tested: draw rounds, opening hours, mixtures.

use super::*;
use crate::calendar::{Flat, HOUR};
use crate::random::Domain;

#[derive(Deserialize)]
struct One {
    wait: WaitText,
}

fn read(text: &str) -> Result<Wait, String> {
    let one: One = toml::from_str(text).map_err(|error| error.to_string())?;
    one.wait.wait().map_err(str::to_owned)
}

fn ends(text: &str, from: &str) -> (Calendar, i64, Vec<i64>) {
    let calendar = Calendar::new("America/Chicago", &[], Flat::default()).unwrap();
    let from = from.parse::<jiff::Timestamp>().unwrap().as_microsecond();
    let (wait, mut stream) = (read(text).unwrap(), Stream::new(5, Domain::Life, 1));
    let ends = (0..4000).map(|_| wait.end(from, &calendar, &mut stream)).collect();
    (calendar, from, ends)
}

#[test]
fn draw_round_is_the_next_morning_unless_the_order_came_before_four() {
    let text = "wait = { parts = [{ share = 1.0, round = { at = 330, spread = 25, cutoff = 240 } }] }";
    let (_, from, evening) = ends(text, "2026-01-15T03:00:00Z"); // 21:00 local: half past five is 8.5 hours away
    let mean = evening.iter().map(|end| end - from).sum::<i64>() / 4000;
    assert!((mean - 8 * HOUR - 30 * MINUTE).abs() < 2 * MINUTE, "{mean}");
    let (_, from, night) = ends(text, "2026-01-15T09:00:00Z"); // 03:00 local
    let mean = night.iter().map(|end| end - from).sum::<i64>() / 4000;
    assert!((mean - 2 * HOUR - 30 * MINUTE).abs() < 2 * MINUTE, "{mean}");
}

/// [GEN-5]
#[test]
fn opening_hours_hold_back_to_the_next_working_morning() {
    let (calendar, _, late) = ends("wait = { span = [1, 1.1], open = [7, 19] }", "2026-01-17T02:00:00Z"); // Friday 20:00
    let monday = "2026-01-19T13:00:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
    assert!(late.iter().all(|end| *end >= monday));
    let mean = late.iter().map(|end| end - monday).sum::<i64>() / 4000;
    assert!((mean - HOUR).abs() < 4 * MINUTE, "{mean}: an hour after opening in the mean");
    assert_eq!(calendar.local(monday).hour(), 7);
}

#[test]
fn mixture_takes_each_part_by_its_share() {
    let (_, from, mixed) = ends(
        "wait = { parts = [{ share = 0.8, span = [1, 1.5] }, { share = 0.2, span = [1000, 1500] }] }",
        "2026-01-17T02:00:00Z",
    );
    let long = mixed.iter().filter(|end| **end - from > 100 * MINUTE).count();
    assert!(long.abs_diff(800) < 102, "{long}: 20 % of 4,000, four standard errors");
}

#[test]
fn wrong_figures_are_refused_in_words() {
    assert!(read("wait = [5, 2]").unwrap_err().contains("not below the first"));
    assert!(read("wait = { span = [1, 2], open = [19, 7] }").unwrap_err().contains("whole hours"));
    assert!(read("wait = { parts = [{ share = 0.5, span = [1, 2] }] }").unwrap_err().contains("add up to 1"));
    assert!(read("wait = 5").unwrap_err().contains("a wait"));
}
