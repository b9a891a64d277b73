//! Arrivals, tested: order, volume, rhythm, and gaps of a Poisson process.

use super::*;
use crate::calendar::{DAY, Flat, HOUR};
use crate::profile::Profile;

/// Arrivals of eight flat weeks of the hospital from Monday 2026-01-05 00:00 in Chicago.
fn eight_weeks() -> (World, i64, Vec<Arrival>) {
    let flat = Flat { season: true, holidays: true };
    let world = World::new(Profile::load("hospital").unwrap(), None, 3, flat).unwrap();
    let start = "2026-01-05T06:00:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
    let scenario = Scenario::none();
    let mut arrivals = Arrivals::new(&world, &scenario, start, 1.0);
    let all = std::iter::from_fn(|| arrivals.next(&world, &scenario));
    let all = all.take_while(|arrival| arrival.at < start + 56 * DAY).collect();
    (world, start, all)
}

#[test]
fn arrivals_come_in_order_and_are_numbered() {
    let (_, start, all) = eight_weeks();
    assert!(all.windows(2).all(|pair| pair[0].at <= pair[1].at && pair[0].number + 1 == pair[1].number));
    assert!(all[0].number == 0 && all[0].at >= start);
}

/// [GEN-2]
#[test]
fn volume_is_that_of_the_profile() {
    let (world, _, all) = eight_weeks();
    let expected: f64 =
        world.settings.iter().map(|(setting, choices)| world.profile.shares[setting] / choices.reports_per_group).sum();
    let expected = expected * 900_000.0 * 56.0 / 365.25;
    // A Poisson count: four times its square root.
    assert!((all.len() as f64 - expected).abs() < 4.0 * expected.sqrt(), "{} {expected}", all.len());
}

/// [GEN-2]
#[test]
fn outpatient_mondays_at_nine_are_as_busy_as_the_tables_say() {
    let (world, start, all) = eight_weeks();
    let outpatient: Vec<_> = all.iter().filter(|arrival| arrival.setting == Setting::Outpatient).collect();
    let at_nine = outpatient.iter().filter(|arrival| (arrival.at - start) % (7 * DAY) / HOUR == 9).count();
    let figures = world.figures(Setting::Outpatient);
    let hour = 3.0 / (figures.hours.iter().sum::<f64>() / 24.0);
    let share = hour * 1.30 / (7.0 / 7.0) / 168.0;
    let expected = outpatient.len() as f64 * share;
    assert!((at_nine as f64 - expected).abs() < 4.0 * expected.sqrt(), "{at_nine} {expected}");
}

/// [GEN-2]
#[test]
fn gaps_are_those_of_a_poisson_process() {
    // Within one hour of constant intensity, counts per minute have variance equal to their mean.
    let (_, start, all) = eight_weeks();
    let mut counts = vec![0_u32; 56 * 60];
    for arrival in all.iter().filter(|arrival| (arrival.at - start) % DAY / HOUR == 10) {
        let minute = (arrival.at - start) / DAY * 60 + (arrival.at - start) % HOUR / MINUTE;
        counts[usize::try_from(minute).unwrap()] += 1;
    }
    let mut ratio = 0.0;
    for day in counts.chunks(60) {
        let mean = f64::from(day.iter().sum::<u32>()) / 60.0;
        ratio += day.iter().map(|count| (f64::from(*count) - mean).powi(2)).sum::<f64>() / 59.0 / mean;
    }
    // 56 hours of 59 degrees of freedom: deviation of the mean ratio is √(2 ÷ 59 ÷ 56) = .0246.
    assert!((ratio / 56.0 - 1.0).abs() < 0.1, "{}", ratio / 56.0);
}
