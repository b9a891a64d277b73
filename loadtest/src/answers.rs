//! Answers: did the engine say what the slow reference says of the same events?
//!
//! The reference evaluates report by report what is written in the definitions, and shares nothing with the engine but its words.
//! Its account and the lines of `wardline try --alerts` are told as one story for each report. Names of reports are dropped, because the
//! engine's are its own; what remains must be the same stories, each as often.
//!
//! - **How it fits**: `check` compares two files; `tatmark` compares each of its runs.
//! - LIMIT: `ANSWER_EVENT_BYTES` in [`limits`](crate::limits): a longer file is read several times, some of its reports each time.
//! - **Not here**: the reference (`wardline-reference`); what spans reports, which it does not know.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;
use wardline_connectors::codec::{json::Decoder, profile::Profile, token::Tokeniser};
use wardline_reference::compare::stories;
use wardline_reference::evaluate::{self, Line, Page, Purpose, Told};
use wardline_reference::rule::Ward;
use wardline_rules::Text;
use wardline_rules::event::Event;
use wardline_rules::time::Timestamp;
use wardline_rules::words::Channel;

use crate::error::Error;
use crate::limits::{ANSWER_EVENT_BYTES, WRITE_BYTES};

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verdict {
    /// Events that both could read.
    pub events: u64,
    /// Reports of which something was said.
    pub reports: u64,
    /// Sentences said of them.
    pub sentences: u64,
    /// BLAKE3 over the reference's stories in order.
    pub hash: String,
    /// Stories that only one of them tells, at most [`SHOWN`] of each; empty when they agree.
    pub differences: Vec<String>,
}

/// Differences shown of either side.
pub const SHOWN: usize = 3;

/// Compares what `ward` should say of `events` with what the engine wrote to `alerts`.
///
/// **Errors**: a file cannot be read, or a line of `alerts` is none of the engine's.
pub fn check(ward: &Ward, events: &Path, alerts: &Path) -> Result<Verdict, Error> {
    let said = engine(alerts)?;
    let (expected, events) = reference(ward, events)?;
    Ok(verdict(events, &expected, &said))
}

type Stories = BTreeMap<String, u64>;

fn verdict(events: u64, expected: &Stories, said: &Stories) -> Verdict {
    let mut hasher = blake3::Hasher::new();
    let (mut reports, mut sentences) = (0, 0);
    for (story, times) in expected {
        reports += times;
        sentences += times * story.lines().count() as u64;
        for _ in 0..*times {
            hasher.update(story.as_bytes());
        }
    }
    let only = |here: &Stories, there: &Stories, who: &str| -> Vec<String> {
        let alone = here.iter().filter(|(story, times)| there.get(*story) != Some(*times));
        alone.take(SHOWN).map(|(story, _)| format!("{who}:\n{story}")).collect()
    };
    let mut differences = only(expected, said, "the reference tells");
    differences.extend(only(said, expected, "the engine tells"));
    Verdict { events, reports, sentences, hash: hasher.finalize().to_hex().to_string(), differences }
}

fn tell(into: &mut Stories, lines: &[Line], pages: &[Page]) {
    for sentences in stories(lines, pages).into_values().filter(|sentences| !sentences.is_empty()) {
        *into.entry(sentences.join("\n")).or_default() += 1;
    }
}

// ---- the engine's side -----------------------------------------------------------------------------------------------

/// A line of `wardline try --alerts`, as far as it is compared.
#[derive(Deserialize)]
struct Transition {
    at: String,
    rule: String,
    #[serde(default)]
    report: String,
    transition: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    generation: u32,
    recipient: Option<String>,
    channel: Option<String>,
}

fn engine(path: &Path) -> Result<Stories, Error> {
    let unreadable = |source| Error::EventsFile { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let (mut lines, mut pages) = (Vec::new(), Vec::new());
    for line in BufReader::with_capacity(WRITE_BYTES, file).lines() {
        let line = line.map_err(unreadable)?;
        let wrong = || Error::ResultUnreadable { path: path.to_owned(), problem: format!("`{line}` is no transition") };
        let told: Transition = serde_json::from_str(&line).map_err(|_| wrong())?;
        let at = Timestamp::parse(&told.at).ok_or_else(wrong)?;
        let (rule, report) = (Text::from(told.rule), Text::from(told.report));
        match (told.recipient, told.channel.as_deref().map(Channel::parse)) {
            (Some(recipient), Some(Some(channel))) if told.transition == "ready" => {
                pages.push(Page { at, rule, report, role: role(&recipient), channel, purpose: Purpose::Page, step: 0 })
            }
            (Some(_), _) => {}
            (None, _) => lines.push(Line {
                at,
                rule,
                report,
                transition: Text::from(told.transition),
                severity: Text::from(told.severity),
                generation: told.generation,
            }),
        }
    }
    let mut stories = Stories::new();
    tell(&mut stories, &lines, &pages);
    Ok(stories)
}

/// `desk Ward` as a ward writes it.
fn role(recipient: &str) -> Text {
    match recipient.strip_prefix("desk ") {
        Some(name) => Text::from(format!("desk \"{name}\"")),
        None => Text::from(recipient),
    }
}

// ---- the reference's side --------------------------------------------------------------------------------------------

fn reference(ward: &Ward, path: &Path) -> Result<(Stories, u64), Error> {
    let unreadable = |source| Error::EventsFile { path: path.to_owned(), source };
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    let parts = length / ANSWER_EVENT_BYTES + 1;
    let (mut stories, mut events) = (Stories::new(), 0);
    for part in 0..parts {
        let (told, until) = read(path, (part, parts), ward.looks_back()).map_err(unreadable)?;
        events += told.len() as u64;
        evaluate::each(ward, &told, until, |outcome| tell(&mut stories, &outcome.lines, &outcome.pages));
    }
    Ok((stories, events))
}

/// The events of one part of the reports, and the log time at the end of the file: of the newest event of all reports.
/// Where rules look back, all reports of a patient are in one part.
fn read(path: &Path, (part, parts): (u64, u64), looks_back: bool) -> std::io::Result<(Vec<Told>, Timestamp)> {
    let (profile, tokeniser) = (Profile::new(""), Tokeniser::new(&[0; 32]));
    let decoder = Decoder::new(&profile, &tokeniser);
    let mut reader = BufReader::with_capacity(WRITE_BYTES, File::open(path)?);
    let (mut line, mut told, mut now) = (Vec::new(), Vec::new(), Timestamp::MIN);
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok((told, now));
        }
        // What nobody can read is nothing to either of them.
        let Ok(event) = decoder.line(&line) else { continue };
        let said = event.received_at.or(event.occurred_at.map(|at| at.lo));
        now = said.map_or(now, |said| said.max(now));
        if share(&event, looks_back) % parts == part {
            told.push(Told { at: now, event, reply: None });
        }
    }
}

/// A number of the report that all its events share: of the patient if asked for, of the order, else of the department.
fn share(event: &Event, by_patient: bool) -> u64 {
    let eight = |bytes: &[u8]| bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
    if let Some(patient) = event.patient.filter(|_| by_patient) {
        return eight(&patient.0);
    }
    let ids = &event.report;
    let id = ids.placer.as_ref().or(ids.filler.as_ref()).map_or("", |ident| ident.id.as_str());
    eight(blake3::hash(id.as_bytes()).as_bytes())
}

#[cfg(test)]
mod tests;
