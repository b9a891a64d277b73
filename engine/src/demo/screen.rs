//! Screen: what does somebody see who has just started the demo?
//!
//! A board that redraws itself in place on a terminal; one line a second where stdout is no terminal.

use std::fmt::Write as _;

use wardline_core::output::NoticeState;
use wardline_rules::time::Zone;

use super::hospital::{Hospital, Look};

/// The board.
#[must_use]
pub fn board(look: &Look, hospital: &Hospital, zone: &Zone, is_coloured: bool) -> String {
    let paint = |colour: &str, text: String| if is_coloured { format!("\x1b[{colour}m{text}\x1b[0m") } else { text };
    let gauges = &look.gauges;
    let mut text = String::new();
    let (date, micros) = zone.civil(look.now);
    let minutes = micros / 60_000_000;
    let _ = writeln!(
        text,
        "{}  {date} {:02}:{:02}  (a synthetic hospital)\n",
        paint("1", "Wardline demo".to_owned()),
        minutes / 60,
        minutes % 60
    );
    let mut row = |label: &str, count: usize, colour: &str, note: &str| {
        let count = format!("{count:>8}");
        let count = if is_coloured && count.trim() != "0" { format!("\x1b[{colour}m{count}\x1b[0m") } else { count };
        let _ = writeln!(text, "  {label:<22}{count}   {note}");
    };
    row("open reports", gauges.open_reports, "0", "ordered and not final yet");
    row("clocks running", gauges.running_clocks, "0", "promises that run");
    row("  at risk", gauges.at_risk, "33", "due within 15 minutes");
    row("  breached", gauges.breached, "31", "past due and still open");
    row("critical waiting", gauges.critical_waiting, "1;31", "red, and nobody answered yet");
    row("alerts open", gauges.open_alerts, "33", "");
    row(
        "on their way",
        gauges.notices_in(NoticeState::Started) + gauges.notices_in(NoticeState::Ready),
        "0",
        "notices not delivered yet",
    );
    let _ = writeln!(
        text,
        "\n  so far: {} events, {} alerts raised, {} pages sent, {} delivered, {} answered, {} escalated",
        look.count("applied"),
        look.count("alerts_raised"),
        look.count("notices_created"),
        look.count("delivered"),
        look.count("answered"),
        look.count("escalated"),
    );
    text.push_str("\n  newest alerts\n");
    for alert in look.alerts.iter().take(6) {
        let field = |name: &str| alert.get(name).and_then(serde_json::Value::as_str).unwrap_or("").to_owned();
        let rule = field("rule");
        let name = rule.split_once('/').map_or(rule.as_str(), |(_, name)| name).to_owned();
        let _ = writeln!(
            text,
            "    {:<8}{:<34}{:<12} since {}",
            field("severity"),
            name,
            field("state"),
            short(&field("raised_at"))
        );
    }
    let address = hospital.address;
    let _ = writeln!(text, "\n  be the clinician   http://{address}/phone");
    let _ = writeln!(text, "  alerts, health     http://{address}/v1/alerts   http://{address}/health");
    let _ = writeln!(text, "  metrics            http://{}/metrics       Ctrl-C ends it", hospital.admin);
    text
}

/// An instant to the second.
fn short(at: &str) -> &str {
    at.split_once('.').map_or(at, |(seconds, _)| seconds)
}

/// One line for where there is no terminal.
#[must_use]
pub fn line(look: &Look) -> String {
    let gauges = &look.gauges;
    format!(
        "{}  open {}  at risk {}  breached {}  critical waiting {}  pages {}  answered {}  escalated {}\n",
        look.now,
        gauges.open_reports,
        gauges.at_risk,
        gauges.breached,
        gauges.critical_waiting,
        look.pages,
        look.count("answered"),
        look.count("escalated"),
    )
}
