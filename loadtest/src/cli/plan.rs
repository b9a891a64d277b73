//! Plan: the verb that says what a site needs.
//!
//! - **How it fits**: prints a [`wardline_loadtest::plan::Plan`] with its arithmetic.
//! - **Not here**: the arithmetic.

use clap::Args;
use serde_json::json;
use wardline_loadtest::argument;
use wardline_loadtest::error::Error;
use wardline_loadtest::plan::{
    ARCHIVE_BYTES, CORE_INPUTS, HEADROOM, IDLE_BYTES, INPUTS_PER_REPORT, LOG_BYTES, Plan as Needs, REPORT_BYTES,
    SETTLED_DAYS,
};

use super::{Format, bytes, grouped, print};

/// Which profile and machine a site needs.
///
/// Worked out from the engine's stated bounds, not measured here; `run` measures.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wardline-loadtest plan --yearly 900k
  wardline-loadtest plan --yearly 20M --format json")]
pub(crate) struct Plan {
    /// Reports a year; tests divided by four where only tests are known
    #[arg(long, value_name = "N")]
    yearly: String,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Plan {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let yearly = argument::count(&self.yearly)?;
        let needs = Needs::for_yearly(yearly as f64)?;
        match self.format {
            Format::Text => print(&text(&needs)),
            Format::Json => print(&(json(&needs).to_string() + "\n")),
        }
    }
}

fn text(needs: &Needs) -> String {
    let whole = |number: f64| grouped(u64::try_from(wardline_loadtest::draw::whole(number)).unwrap_or(0));
    let rows = [
        ("nearest profile", needs.profile.clone(), String::new()),
        ("inputs, mean", format!("{:.2} /s", needs.mean_per_second), format!("{INPUTS_PER_REPORT} per report")),
        ("inputs, busiest hour", format!("{:.1} /s", needs.peak_per_second), "the profile's peak factor".to_owned()),
        ("reports open", whole(needs.open_reports), "the profile's mean time open".to_owned()),
        ("reports in memory", whole(needs.kept_reports), format!("settled ones stay {SETTLED_DAYS} days")),
        ("memory", bytes(needs.memory_bytes), format!("{} idle, {REPORT_BYTES} B per report", bytes(IDLE_BYTES))),
        ("log, a mean day", bytes(needs.log_bytes_per_day), format!("{LOG_BYTES} B per input")),
        ("archive, a year", bytes(needs.archive_bytes_per_year), format!("{ARCHIVE_BYTES} B per input")),
        (
            "cores",
            needs.cores.to_string(),
            format!("{HEADROOM} × the busiest hour, {} inputs/s and core", whole(CORE_INPUTS)),
        ),
    ];
    let mut text = format!("{} reports a year\n", whole(needs.yearly));
    for (name, figure, why) in rows {
        text += format!("  {name:<22} {figure:>14}  {why}").trim_end();
        text.push('\n');
    }
    text + "Try it: wardline-loadtest generate --profile "
        + needs.profile.as_str()
        + " --scenario week --out week.ndjson\n"
}

fn json(needs: &Needs) -> serde_json::Value {
    json!({
        "schema_version": 1,
        "yearly": needs.yearly,
        "profile": needs.profile,
        "inputs_per_s_mean": needs.mean_per_second,
        "inputs_per_s_peak": needs.peak_per_second,
        "reports_open": needs.open_reports.round(),
        "reports_in_memory": needs.kept_reports.round(),
        "memory_bytes": needs.memory_bytes.round(),
        "log_bytes_per_day": needs.log_bytes_per_day.round(),
        "archive_bytes_per_year": needs.archive_bytes_per_year.round(),
        "cores": needs.cores,
    })
}
