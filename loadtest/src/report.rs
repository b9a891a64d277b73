//! Report: how does a run look?
//!
//! One HTML page without script, style sheet or picture from elsewhere: figures, the latency spectrum, throughput over time.
//! It opens from a mail or a build server as well as from the disk where it was written.
//! - **How it fits**: `run` writes it beside `result.json`.
//! - **Not here**: the lines of the plots (`plot`).

mod plot;

use std::fmt::Write;

use crate::result::{Flow, Outcome};
use plot::{Plot, Scale, Series};

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2733;background:#fff}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse}td,th{padding:.2rem .9rem .2rem 0;text-align:right}\
td:first-child,th:first-child{text-align:left}svg{width:100%;height:auto}.note{color:#5a6673}.failed{color:#b91c1c;font-weight:600}\
@media(prefers-color-scheme:dark){body{color:#dfe6ec;background:#141a20}.note{color:#93a1ad}}";

/// The page of a run.
#[must_use]
pub fn html(outcome: &Outcome) -> String {
    let mut page = String::with_capacity(32 * 1024);
    let title = format!("Load run: {}", escaped(&outcome.setup.profile));
    // Writing into a String cannot fail.
    let _ = write!(
        page,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>{}{}{}{}",
        setup(outcome),
        failed(outcome),
        flows(outcome),
        latencies(outcome),
    );
    page += "<h2>Latency spectrum</h2>";
    page += &spectrum(outcome).svg();
    page += "<p class=\"note\">Corrected: from the time a request should have been sent. Uncorrected: from the time it was; stalls hide in it.</p>";
    page += "<h2>Throughput</h2>";
    page += &throughput(outcome).svg();
    page += "<h2>99th percentile by second</h2>";
    page += &p99(outcome).svg();
    page + "</body></html>\n"
}

fn setup(outcome: &Outcome) -> String {
    let setup = &outcome.setup;
    let rate = setup.rate.map_or_else(|| "as shaped".to_owned(), |rate| format!("{rate:.0} events/s"));
    format!(
        "<p class=\"note\">{} · {} · {rate} for {:.0} s · {} connections · {} events a request{} · seed {} · {} cores · load tool {}</p>",
        escaped(&setup.started),
        escaped(&setup.url),
        outcome.seconds,
        setup.connections,
        setup.batch,
        setup.scenarios.iter().map(|name| format!(" · {}", escaped(name))).collect::<String>(),
        setup.seed,
        setup.cores,
        escaped(&setup.version),
    )
}

/// The conditions that made the run fail.
fn failed(outcome: &Outcome) -> String {
    let rows = outcome.verdicts.iter().map(|verdict| format!("<li>{}</li>", escaped(verdict)));
    let rows: String = rows.collect();
    if rows.is_empty() { rows } else { format!("<p class=\"failed\">The run fails:</p><ul>{rows}</ul>") }
}

fn flows(outcome: &Outcome) -> String {
    let mut table = "<table><tr><th></th><th>requests</th><th>events</th><th>events/s</th></tr>".to_owned();
    let rows: [(&str, Flow); 5] = [
        ("offered", outcome.offered),
        ("accepted", outcome.accepted),
        ("refused as too much", outcome.refused),
        ("failed", outcome.failed),
        ("unanswered", outcome.unanswered),
    ];
    for (name, flow) in rows {
        let rate = flow.events as f64 / outcome.seconds.max(1e-9);
        let _ = write!(
            table,
            "<tr><td>{name}</td><td>{}</td><td>{}</td><td>{rate:.0}</td></tr>",
            flow.requests, flow.events
        );
    }
    let _ =
        write!(table, "<tr><td>most that waited</td><td>{}</td><td></td><td></td></tr></table>", outcome.backlog_max);
    table
}

fn latencies(outcome: &Outcome) -> String {
    let mut table = "<h2>Latency, milliseconds</h2><table><tr><th></th><th>p50</th><th>p90</th><th>p99</th><th>p99.9</th><th>p99.99</th><th>max</th><th>mean</th></tr>".to_owned();
    for (name, latency) in [("corrected", &outcome.corrected), ("uncorrected", &outcome.uncorrected)] {
        let _ = write!(table, "<tr><td>{name}</td>");
        for micros in
            [latency.p50_us, latency.p90_us, latency.p99_us, latency.p999_us, latency.p9999_us, latency.max_us]
        {
            let _ = write!(table, "<td>{:.3}</td>", micros as f64 / 1e3);
        }
        let _ = write!(table, "<td>{:.3}</td></tr>", latency.mean_us / 1e3);
    }
    table + "</table>"
}

/// Nines on the x axis: 1 is the 90th percentile, 2 the 99th.
fn spectrum(outcome: &Outcome) -> Plot {
    let points = |spectrum: &[(f64, u64)]| {
        let nines = |quantile: f64| -libm::log10((1.0 - quantile).max(1e-6));
        spectrum.iter().map(|(quantile, micros)| (nines(*quantile), *micros as f64 / 1e3)).collect()
    };
    Plot {
        x: Scale::Nines,
        y: Scale::Log("ms"),
        series: vec![
            Series { name: "corrected", colour: "#c2410c", points: points(&outcome.corrected.spectrum) },
            Series { name: "uncorrected", colour: "#2563eb", points: points(&outcome.uncorrected.spectrum) },
        ],
    }
}

/// The seconds in which was sent from begin to end: a part of one looks like a fall.
fn whole_seconds(outcome: &Outcome) -> impl Iterator<Item = (f64, &crate::result::Second)> {
    let numbered = (0_u32..).map(f64::from).zip(&outcome.series);
    numbered.take_while(|(second, _)| second + 1.0 <= outcome.seconds.max(1.0))
}

fn throughput(outcome: &Outcome) -> Plot {
    let of = |count: fn(&crate::result::Second) -> u64| {
        whole_seconds(outcome).map(|(second, counts)| (second, count(counts) as f64)).collect()
    };
    Plot {
        x: Scale::Linear("s"),
        y: Scale::Linear("events/s"),
        series: vec![
            Series { name: "offered", colour: "#6b7280", points: of(|second| second.offered) },
            Series { name: "accepted", colour: "#15803d", points: of(|second| second.accepted) },
            Series { name: "refused or failed", colour: "#b91c1c", points: of(|second| second.rejected) },
        ],
    }
}

fn p99(outcome: &Outcome) -> Plot {
    let answered = whole_seconds(outcome).filter(|(_, second)| second.p99_us > 0);
    let points = answered.map(|(second, counts)| (second, counts.p99_us as f64 / 1e3)).collect();
    Plot {
        x: Scale::Linear("s"),
        y: Scale::Log("ms"),
        series: vec![Series { name: "p99, corrected", colour: "#c2410c", points }],
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
