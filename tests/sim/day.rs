//! Day: which alert rule sees which incident, and how soon?
//!
//! ```text
//!  hospital ─► events ─► a whole engine on simulated time ─► its metrics, every minute ─► a real Prometheus ─► alert rules
//! ```
//! Two quiet nights and a day of seven incidents in between. The metrics are those of the shipped engine, read as a scrape
//! reads them and stamped with the simulated minute; the rules are those of `grafana/rules`, asked of a Prometheus that holds
//! the whole time. An alert that is true for as long as its rule says counts; one that no incident explains is a false page.
//!
//! - **How it fits**: needs `prometheus` and `promtool`; `tests/run` installs them.
//! - **Not here**: whether panels answer (`tests/e2e/grafana.py`), whether each rule is quiet just below its limit
//!   (`promtool test rules`), years with holidays.

#[path = "day/hospital.rs"]
mod hospital;
#[path = "day/life.rs"]
mod life;
#[path = "day/prometheus.rs"]
mod prometheus;

use std::time::Instant;

use wardline_rules::time::{Span, Timestamp};

use hospital::{INCIDENTS, Incident, Plan};
use life::Life;
use prometheus::{Firing, Prometheus};

/// An alert may begin this long after the end of its incident: windows look back, and people answer late.
const AFTER: Span = Span::from_minutes(4 * 60);

/// What an incident was answered with: minutes from its begin to the first of its alerts, by name.
fn detected<'a>(incident: &Incident, fired: &'a [Firing], begin: Timestamp) -> Option<(i64, &'a str)> {
    let from = begin.plus(Span::from_minutes(incident.from));
    let until = begin.plus(Span::from_minutes(incident.until)).plus(AFTER);
    let of_it = fired.iter().filter(|firing| firing.alert.starts_with(incident.alert));
    let first = of_it.filter(|firing| firing.at >= from && firing.at <= until).min_by_key(|firing| firing.at)?;
    Some((first.at.since(from).micros() / 60_000_000, first.alert.as_str()))
}

/// Whether an incident accounts for an alert.
fn is_explained(firing: &Firing, begin: Timestamp) -> bool {
    INCIDENTS.iter().any(|incident| {
        let from = begin.plus(Span::from_minutes(incident.from));
        let until = begin.plus(Span::from_minutes(incident.until)).plus(AFTER);
        let is_of_it = firing.alert.starts_with(incident.alert)
            || incident.follows.iter().any(|alert| firing.alert.starts_with(alert));
        is_of_it && firing.at >= from && firing.at <= until
    })
}

#[test]
#[expect(clippy::print_stdout, reason = "detection times are the result of this run")]
fn every_incident_of_a_day_is_seen_and_nothing_else_is_paged() {
    let folder = prometheus::folder("day");
    let begun = Instant::now();
    let begin = hospital::begin();
    let samples = folder.join("samples.txt");
    let (events, scrapes, series) = Life::new(begin, Plan::new(begin)).run(&samples);
    println!("{events} events, {scrapes} scrapes, {series} series at the end, {:?}", begun.elapsed());
    let prometheus = Prometheus::holding(&folder, &samples);
    let fired = prometheus.alerts(begin, hospital::end());
    drop(prometheus);
    std::fs::remove_dir_all(&folder).unwrap();
    let mut missed = Vec::new();
    for incident in INCIDENTS {
        let found = detected(incident, &fired, begin);
        let word = found.map_or("MISSED".to_owned(), |(minutes, alert)| format!("{alert} after {minutes} min"));
        println!("{:<44} {} min  {word}", incident.name, incident.until - incident.from);
        missed.extend(found.is_none().then_some(incident.name));
    }
    let false_pages: Vec<&Firing> = fired.iter().filter(|firing| !is_explained(firing, begin)).collect();
    println!("alerts {}, false pages {}: {false_pages:?}; {:?}", fired.len(), false_pages.len(), begun.elapsed());
    assert_eq!(missed, [""; 0], "no alert saw these");
    assert!(false_pages.is_empty(), "{false_pages:?}");
}
