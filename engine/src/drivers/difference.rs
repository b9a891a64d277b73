//! Difference: what would another ward have done otherwise with the same events?
//!
//! Alerts are the same if rule, subject and generation are; pages if they have one nid, which no version of a ward is part of.
//! Of two that are the same one may come at another time: then it moved.
//!
//! ```text
//!  summary   how many alerts and pages come, go and move: by rule, recipient, channel and hour
//!  list      each of them as one line, in order of time: what the counts are made of
//! ```
//! - **How it fits**: `try --against` runs both wards and writes the lines of each into one [`Side`].
//! - LIMIT: memory grows with alerts and pages of both sides.
//! - **Not here**: running the wards ([`replay`](super::replay)).

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde::Serialize;
use serde_json::Value;
use wardline_rules::{
    time::{Timestamp, Zone},
    token::TokenKind,
};

/// What one ward did: reads the lines of a backtest as they are written.
#[derive(Debug, Default)]
pub struct Side {
    rest: Vec<u8>,
    /// Raised alerts: when, and by which rule.
    alerts: BTreeMap<String, Done>,
    /// Pages by nid.
    pages: BTreeMap<String, Done>,
}

/// An alert or page, as its first line tells.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
struct Done {
    at: String,
    rule: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    report: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    group: String,
    severity: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    recipient: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    channel: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    step: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    nid: String,
}

/// How many of one kind differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Counts {
    /// Only the new ward has them.
    pub added: u64,
    /// Only the old one had them.
    pub removed: u64,
    /// Both, at other times.
    pub moved: u64,
}

impl Counts {
    const fn is_zero(self) -> bool {
        self.added == 0 && self.removed == 0 && self.moved == 0
    }
}

/// The difference of two sides.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Difference {
    /// Of alerts.
    pub alerts: Counts,
    /// Of pages.
    pub pages: Counts,
    /// Of alerts, by rule.
    pub by_rule: BTreeMap<String, Counts>,
    /// Of pages, by rule.
    pub pages_by_rule: BTreeMap<String, Counts>,
    /// Of pages, by recipient: a role counts as one, whoever fills it.
    pub by_recipient: BTreeMap<String, Counts>,
    /// Of pages, by channel.
    pub by_channel: BTreeMap<String, Counts>,
    /// Of pages, by hour of the day in the ward's zone.
    pub by_hour: BTreeMap<String, Counts>,
    /// Each of them, in order of time.
    #[serde(skip)]
    pub changes: Vec<Line>,
}

/// One alert or page that comes, goes or moves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Line {
    change: Change,
    /// `alert` or `page`.
    what: &'static str,
    /// When it was, of one that moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    was_at: Option<String>,
    #[serde(flatten)]
    done: Done,
}

impl Write for Side {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(bytes);
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            self.take(&serde_json::from_slice(&line)?);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Side {
    fn take(&mut self, line: &Value) {
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let done = Done {
            at: text("at"),
            rule: text("rule"),
            report: text("report"),
            group: text("group"),
            severity: text("severity"),
            recipient: text("recipient"),
            channel: text("channel"),
            step: text("step"),
            nid: text("nid"),
        };
        if line["nid"].is_string() {
            self.pages.entry(text("nid")).or_insert(done);
        } else if text("transition") == "raised" {
            let subject = format!("{} {}{} {}", text("rule"), text("report"), text("group"), line["generation"]);
            self.alerts.entry(subject).or_insert(done);
        }
    }

    /// What is otherwise here than it was in `old`. **Input** `zone`: whose hours of the day are meant.
    #[must_use]
    pub fn against(&self, old: &Self, zone: &Zone) -> Difference {
        let mut difference = Difference::default();
        for line in changes("alert", &self.alerts, &old.alerts) {
            count(&mut difference.alerts, line.change);
            count(difference.by_rule.entry(line.done.rule.clone()).or_default(), line.change);
            difference.changes.push(line);
        }
        for line in changes("page", &self.pages, &old.pages) {
            let (change, done) = (line.change, &line.done);
            count(&mut difference.pages, change);
            count(difference.pages_by_rule.entry(done.rule.clone()).or_default(), change);
            count(difference.by_recipient.entry(role(&done.recipient).to_owned()).or_default(), change);
            count(difference.by_channel.entry(done.channel.clone()).or_default(), change);
            count(difference.by_hour.entry(hour(&done.at, zone)).or_default(), change);
            difference.changes.push(line);
        }
        difference.changes.sort_by(|a, b| (&a.done.at, a.what, &a.done.rule).cmp(&(&b.done.at, b.what, &b.done.rule)));
        difference
    }
}

/// The role of a recipient, without the token of who fills it.
fn role(recipient: &str) -> &str {
    match recipient.rsplit_once(' ') {
        Some((role, token)) if token.starts_with(TokenKind::Person.prefix()) => role,
        Some(_) | None => recipient,
    }
}

/// The hour of the day of a time; empty for what is no time.
fn hour(at: &str, zone: &Zone) -> String {
    let at = Timestamp::parse(at).map(|at| zone.civil(at).1);
    at.map_or_else(String::new, |micros| format!("{:02}", micros / (3_600 * 1_000_000)))
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Change {
    Added,
    Removed,
    Moved,
}

fn changes(what: &'static str, new: &BTreeMap<String, Done>, old: &BTreeMap<String, Done>) -> Vec<Line> {
    let line = |change, was_at, done: &Done| Line { change, what, was_at, done: done.clone() };
    let ours = new.iter().filter_map(|(key, done)| match old.get(key) {
        None => Some(line(Change::Added, None, done)),
        Some(before) if before.at != done.at => Some(line(Change::Moved, Some(before.at.clone()), done)),
        Some(_) => None,
    });
    let gone = old.iter().filter(|(key, _)| !new.contains_key(*key)).map(|(_, done)| line(Change::Removed, None, done));
    ours.chain(gone).collect()
}

fn count(counts: &mut Counts, change: Change) {
    match change {
        Change::Added => counts.added += 1,
        Change::Removed => counts.removed += 1,
        Change::Moved => counts.moved += 1,
    }
}

impl Difference {
    /// Writes the list: one JSON object a line, in order of time.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_changes(&self, to: &mut dyn Write) -> io::Result<()> {
        for line in &self.changes {
            serde_json::to_writer(&mut *to, line)?;
            to.write_all(b"\n")?;
        }
        to.flush()
    }

    /// For people: totals, then what differs, one line each.
    #[must_use]
    pub fn text(&self) -> String {
        let line = |name: &str, counts: &Counts| {
            format!("{name:<40} {:>8} added {:>8} removed {:>8} moved\n", counts.added, counts.removed, counts.moved)
        };
        let mut text = line("alerts", &self.alerts);
        text.push_str(&line("pages", &self.pages));
        for (title, counts) in [
            ("alerts by rule", &self.by_rule),
            ("pages by rule", &self.pages_by_rule),
            ("pages by recipient", &self.by_recipient),
            ("pages by channel", &self.by_channel),
            ("pages by hour of the day", &self.by_hour),
        ] {
            let differing: Vec<_> = counts.iter().filter(|(_, counts)| !counts.is_zero()).collect();
            if !differing.is_empty() {
                text.push_str(&format!("{title}\n"));
                differing.iter().for_each(|(name, counts)| text.push_str(&line(&format!("  {name}"), counts)));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(lines: &[&str]) -> Side {
        let mut side = Side::default();
        for line in lines {
            // In pieces, as a buffer may be written.
            let (head, tail) = line.split_at(7);
            side.write_all(head.as_bytes()).unwrap();
            side.write_all(tail.as_bytes()).unwrap();
            side.write_all(b"\n").unwrap();
        }
        side
    }

    const RAISED: &str =
        r#"{"at":"2026-01-14T08:00:00Z","rule":"alert/K","report":"r1","transition":"raised","generation":1}"#;
    const PAGED: &str = r#"{"at":"2026-01-14T08:00:00Z","rule":"alert/K","transition":"ready","recipient":"desk Ops","channel":"phone","nid":"n_1"}"#;
    const SENT: &str = r#"{"at":"2026-01-14T08:00:01Z","rule":"alert/K","transition":"delivered","recipient":"desk Ops","channel":"phone","nid":"n_1"}"#;

    #[test]
    fn the_same_is_no_difference_and_one_page_counts_once() {
        let (new, old) = (side(&[RAISED, PAGED, SENT]), side(&[RAISED, PAGED]));
        assert_eq!(new.against(&old, &Zone::utc()), Difference::default());
    }

    #[test]
    fn what_came_went_and_moved_is_counted_under_its_rule_recipient_channel_and_hour() {
        let later = PAGED.replace("T08:", "T09:");
        let other = RAISED.replace("r1", "r2");
        let difference = side(&[&other, &later]).against(&side(&[RAISED, PAGED]), &Zone::utc());
        assert_eq!(difference.alerts, Counts { added: 1, removed: 1, moved: 0 });
        assert_eq!(difference.pages, Counts { added: 0, removed: 0, moved: 1 });
        assert_eq!(difference.by_rule["alert/K"], Counts { added: 1, removed: 1, moved: 0 });
        assert_eq!(difference.pages_by_rule["alert/K"], Counts { added: 0, removed: 0, moved: 1 });
        assert_eq!(difference.by_hour.keys().collect::<Vec<_>>(), ["09"]);
        let there = wardline_rules::time::zone("America/Chicago").unwrap();
        let local = side(&[&later]).against(&side(&[PAGED]), &there);
        assert_eq!(local.by_hour.keys().collect::<Vec<_>>(), ["03"], "as the ward's clocks show it");
        assert!(difference.text().contains("  desk Ops"));
    }

    #[test]
    fn the_list_holds_each_change_in_order_of_time() {
        let later = PAGED.replace("T08:", "T09:");
        let other = RAISED.replace("r1", "r2").replace("T08:", "T10:");
        let mut list = Vec::new();
        let difference = side(&[&other, &later]).against(&side(&[RAISED, PAGED]), &Zone::utc());
        difference.write_changes(&mut list).unwrap();
        let list: Vec<Value> =
            String::from_utf8(list).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let told: Vec<[&str; 3]> =
            list.iter().map(|line| ["change", "what", "at"].map(|field| line[field].as_str().unwrap())).collect();
        assert_eq!(
            told,
            [
                ["removed", "alert", "2026-01-14T08:00:00Z"],
                ["moved", "page", "2026-01-14T09:00:00Z"],
                ["added", "alert", "2026-01-14T10:00:00Z"],
            ]
        );
        assert_eq!((&list[1]["was_at"], &list[1]["nid"]), (&"2026-01-14T08:00:00Z".into(), &"n_1".into()));
        assert_eq!(list[2]["report"], "r2");
    }

    #[test]
    fn a_role_counts_as_one_whoever_fills_it() {
        let token = format!("the ordering clinician {}abc", TokenKind::Person.prefix());
        let page = PAGED.replace("desk Ops", &token);
        let difference = side(&[&page]).against(&side(&[]), &Zone::utc());
        assert_eq!(difference.by_recipient.keys().collect::<Vec<_>>(), ["the ordering clinician"]);
    }
}
