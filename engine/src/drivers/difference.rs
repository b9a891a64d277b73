//! Difference: what would another ward have done otherwise with the same events?
//!
//! Alerts are the same if rule, subject and generation are; pages if they have one nid, which no version of a ward is part of.
//! Of two that are the same one may come at another time: then it moved.
//!
//! - **How it fits**: `try --against` runs both wards and writes the lines of each into one [`Side`].
//! - LIMIT: memory grows with alerts and pages of both sides.
//! - **Not here**: running the wards ([`replay`](super::replay)).

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde::Serialize;
use serde_json::Value;

/// What one ward did: reads the lines of a backtest as they are written.
#[derive(Debug, Default)]
pub struct Side {
    rest: Vec<u8>,
    /// Raised alerts: when, and by which rule.
    alerts: BTreeMap<String, Done>,
    /// Pages by nid.
    pages: BTreeMap<String, Done>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Done {
    at: String,
    /// What it counts under: rule, recipient, channel, hour.
    under: [String; 4],
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
    /// Of pages, by recipient.
    pub by_recipient: BTreeMap<String, Counts>,
    /// Of pages, by channel.
    pub by_channel: BTreeMap<String, Counts>,
    /// Of pages, by hour of the day in UTC.
    pub by_hour: BTreeMap<String, Counts>,
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
        let at = text("at");
        let hour = at.get(11..13).unwrap_or_default().to_owned();
        let under = [text("rule"), text("recipient"), text("channel"), hour];
        let done = Done { at, under };
        if line["nid"].is_string() {
            self.pages.entry(text("nid")).or_insert(done);
        } else if text("transition") == "raised" {
            let subject = format!("{} {}{} {}", text("rule"), text("report"), text("group"), line["generation"]);
            self.alerts.entry(subject).or_insert(done);
        }
    }

    /// What is otherwise here than it was in `old`.
    #[must_use]
    pub fn against(&self, old: &Self) -> Difference {
        let mut difference = Difference::default();
        for (change, done) in changes(&self.alerts, &old.alerts) {
            let [rule, ..] = &done.under;
            count(&mut difference.alerts, change);
            count(difference.by_rule.entry(rule.clone()).or_default(), change);
        }
        for (change, done) in changes(&self.pages, &old.pages) {
            let [_, recipient, channel, hour] = &done.under;
            count(&mut difference.pages, change);
            count(difference.by_recipient.entry(recipient.clone()).or_default(), change);
            count(difference.by_channel.entry(channel.clone()).or_default(), change);
            count(difference.by_hour.entry(hour.clone()).or_default(), change);
        }
        difference
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    Added,
    Removed,
    Moved,
}

fn changes<'a>(new: &'a BTreeMap<String, Done>, old: &'a BTreeMap<String, Done>) -> Vec<(Change, &'a Done)> {
    let ours = new.iter().filter_map(|(key, done)| match old.get(key) {
        None => Some((Change::Added, done)),
        Some(before) if before.at != done.at => Some((Change::Moved, done)),
        Some(_) => None,
    });
    let gone = old.iter().filter(|(key, _)| !new.contains_key(*key)).map(|(_, done)| (Change::Removed, done));
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
            ("pages by recipient", &self.by_recipient),
            ("pages by channel", &self.by_channel),
            ("pages by hour, UTC", &self.by_hour),
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
        assert_eq!(new.against(&old), Difference::default());
    }

    #[test]
    fn what_came_went_and_moved_is_counted_under_its_rule_recipient_channel_and_hour() {
        let later = PAGED.replace("T08:", "T09:");
        let other = RAISED.replace("r1", "r2");
        let difference = side(&[&other, &later]).against(&side(&[RAISED, PAGED]));
        assert_eq!(difference.alerts, Counts { added: 1, removed: 1, moved: 0 });
        assert_eq!(difference.pages, Counts { added: 0, removed: 0, moved: 1 });
        assert_eq!(difference.by_rule["alert/K"], Counts { added: 1, removed: 1, moved: 0 });
        assert_eq!(difference.by_hour.keys().collect::<Vec<_>>(), ["09"]);
        assert!(difference.text().contains("  desk Ops"));
    }
}
