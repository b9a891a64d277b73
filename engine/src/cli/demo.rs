//! `wardline demo`: what does it look like when it works?

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use serde::Serialize;
use wardline_rules::time::Zone;

use super::{
    Ending, Format,
    ending::{print, tell},
};
use crate::demo::{
    hospital::{Hospital, Look, Wish},
    screen,
};

/// What `demo` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline demo                         until Ctrl-C; open the phone page it names and answer
  wardline demo --for 30s --format json the last line of stdout is a summary object
  wardline demo --pace 10               slower: six seconds for a minute")]
pub struct Args {
    /// How long; until Ctrl-C if not given. Such as `30s`, `5m`.
    #[arg(long = "for", value_name = "DUR", value_parser = duration)]
    length: Option<Duration>,
    /// Seed of the synthetic hospital: the same seed, the same patients.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds of the hospital for each real second.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pace: u32,
    /// New reports in an hour of the hospital.
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    reports_per_hour: u32,
    /// How the end is summed up.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Reads `30s`, `5m`, `1h` or plain seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.char_indices().find(|(_, letter)| !letter.is_ascii_digit()) {
        Some((at, _)) => text.split_at(at),
        None => (text, "s"),
    };
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return Err("a duration looks like 30s, 5m or 1h".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "a duration looks like 30s, 5m or 1h".to_owned())?;
    Ok(Duration::from_secs(number.saturating_mul(seconds)))
}

/// What the demo came to; the last line of stdout with `--format json`.
#[derive(Serialize)]
struct Summary {
    schema_version: u32,
    events: u64,
    reports_open: usize,
    alerts_raised: u64,
    obligations: u64,
    delivered: u64,
    answered: u64,
    escalated: u64,
    unresolved: u64,
    at_risk: usize,
    breached: usize,
}

impl Summary {
    fn of(look: &Look) -> Self {
        Self {
            schema_version: 1,
            events: look.count("applied"),
            reports_open: look.gauges.open_reports,
            alerts_raised: look.count("alerts_raised"),
            obligations: look.count("notices_created"),
            delivered: look.count("delivered"),
            answered: look.count("answered"),
            escalated: look.count("escalated"),
            unresolved: look.count("unresolved"),
            at_risk: look.gauges.at_risk,
            breached: look.gauges.breached,
        }
    }
}

/// Runs the demo until its time is over or somebody interrupts it.
pub fn run(args: &Args) -> Ending {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tell(&format!("no threads: {error}\n"));
            return Ending::Usage;
        }
    };
    runtime.block_on(show(args))
}

async fn show(args: &Args) -> Ending {
    let wish = Wish { seed: args.seed, pace: args.pace, reports_per_hour: args.reports_per_hour };
    let hospital = match Hospital::open(wish).await {
        Ok(hospital) => hospital,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            tell(&format!("{error}{cause}\n"));
            return Ending::Usage;
        }
    };
    let look = watch(args, &hospital).await;
    print(&match args.format {
        Format::Json => serde_json::to_string(&Summary::of(&look)).unwrap_or_default() + "\n",
        Format::Text => format!(
            "{} events, {} reports open, {} alerts raised, {} notices, {} delivered, {} answered, {} escalated\n",
            look.count("applied"),
            look.gauges.open_reports,
            look.count("alerts_raised"),
            look.count("notices_created"),
            look.count("delivered"),
            look.count("answered"),
            look.count("escalated"),
        ),
    });
    hospital.close().await;
    Ending::Fine
}

/// Draws until the end and answers the last look.
async fn watch(args: &Args, hospital: &Hospital) -> Look {
    let started = Instant::now();
    let zone = wardline_rules::time::zone("America/Chicago").unwrap_or_else(Zone::utc);
    let is_board = std::io::stdout().is_terminal() && args.format == Format::Text;
    let is_coloured = is_board && std::env::var_os("NO_COLOR").is_none();
    let mut is_first = true;
    let mut drawn = 0;
    loop {
        let look = hospital.look().await;
        if is_board {
            let up = if drawn == 0 { String::new() } else { format!("\x1b[{drawn}A\x1b[J") };
            let board = screen::board(&look, hospital, &zone, is_coloured);
            drawn = board.lines().count();
            print(&format!("{up}{board}"));
        } else {
            if is_first {
                tell(&format!("be the clinician: http://{}/phone\n", hospital.address));
            }
            tell(&screen::line(&look));
        }
        is_first = false;
        if args.length.is_some_and(|length| started.elapsed() >= length) {
            return look;
        }
        let pause = Duration::from_millis(if is_board { 250 } else { 1_000 });
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = tokio::signal::ctrl_c() => return hospital.look().await,
        }
    }
}
