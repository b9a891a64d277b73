//! `wardline why`: why did a rule fire for this report, hold, or keep silent?

use std::path::PathBuf;

use serde_json::Value;
use wardline_store::disk::RealDisk;

use super::{
    Ending, Format,
    ending::{print, tell},
    remote::{Remote, encode},
};
use crate::{
    codes::Code,
    history::History,
    http::{report_id, story_json},
};

/// What `why` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline why mfzwizltoq3dsnbvgm2tembrge                 asks the running engine
  wardline why mfzwizltoq3dsnbvgm2tembrge --data data     reads a data directory itself
Exit code 0: printed; 1: there is no such report; 2: wrong use; 3: no engine answers; 4: the data is damaged.")]
pub struct Args {
    /// The report's id, as `GET /v1/alerts` and the tables show it.
    report: String,
    /// Reads this data directory instead of asking an engine.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    remote: Remote,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Asks, and prints the story.
pub fn run(args: &Args) -> Ending {
    let asked = match &args.data {
        Some(folder) => offline(args, folder),
        None => online(args),
    };
    let story = match asked {
        Ok(story) => story,
        Err(ending) => return ending,
    };
    print(&match args.format {
        Format::Json => format!("{story}\n"),
        Format::Text => text(&story),
    });
    Ending::Fine
}

fn online(args: &Args) -> Result<Value, Ending> {
    let reply = args.remote.ask("GET", &format!("/v1/reports/{}/why", encode(&args.report)), &[])?;
    match reply.status {
        200 => reply.json(),
        404 => Err(unknown()),
        _ => {
            tell(&format!("{}\n", reply.body.trim_end()));
            Err(Ending::Usage)
        }
    }
}

fn offline(args: &Args, folder: &std::path::Path) -> Result<Value, Ending> {
    let report = report_id(&args.report).ok_or_else(unknown)?;
    let story = History::open(RealDisk::new(folder)).and_then(|history| history.story(u64::MAX, report));
    match story {
        Ok(story) if story.is_known || !story.chapters.is_empty() => Ok(story_json(&args.report, &story)),
        Ok(_) => Err(unknown()),
        Err(error) => {
            tell(&format!("{} error: {error}\n  Run `wardline verify`.\n", Code::Damaged));
            Err(Ending::Damaged)
        }
    }
}

fn unknown() -> Ending {
    tell(&format!("{} error: there is no such report\n  Its id has 26 letters and digits.\n", Code::NotFound));
    Ending::Findings
}

fn text(story: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut text = String::new();
    if story["from_record"].as_u64().is_some_and(|from| from > 0) {
        text.push_str(&format!(
            "The log begins behind record {}; what came before is not told.\n",
            story["from_record"]
        ));
    }
    for rule in list(&story["rules"]) {
        let generation = rule["generation"].as_u64().filter(|generation| *generation > 0);
        let generation = generation.map(|generation| format!(", generation {generation}")).unwrap_or_default();
        text.push_str(&format!("{}{generation}\n", word(&rule["rule"])));
        for line in list(&rule["lines"]) {
            text.push_str(&format!("  {}  {}\n", word(&line["at"]), word(&line["said"])));
        }
    }
    for rule in list(&story["silent"]) {
        text.push_str(&format!(
            "{}: nothing. It does not cover this report, or its moment did not come.\n",
            word(&rule)
        ));
    }
    if story["is_cut"].as_bool() == Some(true) {
        text.push_str("There is more than is shown here.\n");
    }
    text
}
