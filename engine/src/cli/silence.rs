//! `wardline silence`: an operator's word that a rule or a site may wait, through the running engine.

use serde_json::json;

use super::{
    Ending,
    ending::{print, tell},
    remote::{Remote, encode},
};
use crate::codes::Code;

/// What `silence` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline silence --rule \"alert/Critical potassium\" --until 2026-01-14T10:00:00Z --because \"analyser down\"
  wardline silence --site STANNE --until 2026-01-14T10:00:00Z --because \"network change\"
  wardline silence --list
  wardline silence --lift 1768392000000000")]
pub struct Args {
    /// The id of a rule.
    #[arg(long, conflicts_with_all = ["site", "list", "lift"])]
    rule: Option<String>,
    /// The name of a site.
    #[arg(long, conflicts_with_all = ["list", "lift"])]
    site: Option<String>,
    /// When it ends, at most 24 hours ahead.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    because: Option<String>,
    /// Shows the silences in force.
    #[arg(long, conflicts_with = "lift")]
    list: bool,
    /// Ends one before its time.
    #[arg(long, value_name = "ID")]
    lift: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

/// Asks the engine.
pub fn run(args: &Args) -> Ending {
    let reply = match (&args.lift, args.list) {
        (Some(id), _) => args.remote.ask("DELETE", &format!("/v1/silences/{}", encode(id)), b""),
        (None, true) => args.remote.ask("GET", "/v1/silences", b""),
        (None, false) => match wanted(args) {
            Some(body) => args.remote.ask("POST", "/v1/silences", body.as_bytes()),
            None => {
                let help = "Give `--rule` or `--site` with `--until` and `--because`, or `--list`, or `--lift ID`.";
                tell(&format!("{} error: nothing says what to silence\n  {help}\n", Code::Usage));
                return Ending::Usage;
            }
        },
    };
    match reply {
        Ok(reply) => {
            print(&format!("{}\n", reply.body));
            if reply.status < 300 { Ending::Fine } else { Ending::Usage }
        }
        Err(ending) => ending,
    }
}

fn wanted(args: &Args) -> Option<String> {
    let (kind, name) = match (&args.rule, &args.site) {
        (Some(rule), None) => ("rule", rule),
        (None, Some(site)) => ("site", site),
        _ => return None,
    };
    Some(json!({ kind: name, "until": args.until.as_ref()?, "because": args.because.as_ref()? }).to_string())
}
