//! Compare: where do two accounts of the same inputs first differ?
//!
//! Accounts are compared report by report. Clocks are compared by what they show when an instant is over; alerts by the
//! words that do not depend on delivery. Within one instant the order among different rules does not matter.
//!
//! - **How it fits**: a driver gives what [`evaluate`](crate::evaluate) expects and what the engine said.

use std::collections::BTreeMap;

use wardline_rules::{Text, time::Timestamp};

use crate::evaluate::{Line, Page, Purpose};

/// Words of alerts that are compared; the others depend on delivery.
const WORDS: [&str; 6] = ["raised", "answered", "closed", "withdrawn", "cleared", "unresolved"];

/// The first report in which the lines differ, and how; `None` if they are the same.
#[must_use]
pub fn diff(expected: &[Line], got: &[Line]) -> Option<String> {
    first_difference(&settled(expected), &settled(got))
}

/// The first report in which the messages differ, and how; `None` if they are the same.
#[must_use]
pub fn diff_pages(expected: &[Page], got: &[Page]) -> Option<String> {
    let sorted = |pages: &[Page]| {
        let mut reports: BTreeMap<Text, Vec<Page>> = BTreeMap::new();
        pages.iter().for_each(|page| reports.entry(page.report.clone()).or_default().push(page.clone()));
        reports.values_mut().for_each(|pages| pages.sort());
        reports
    };
    first_difference(&sorted(expected), &sorted(got))
}

/// What is compared of each report, as sentences in the order of time: changes of its clocks and alerts, then its messages
/// without their purpose, and without the tasks of desks, which are no messages.
///
/// For accounts that name reports otherwise: two agree if they tell the same stories, each as often.
#[must_use]
pub fn stories(lines: &[Line], pages: &[Page]) -> BTreeMap<Text, Vec<String>> {
    let mut stories: BTreeMap<Text, Vec<String>> = BTreeMap::new();
    for (report, lines) in settled(lines) {
        stories.entry(report).or_default().extend(lines.iter().map(Shown::text));
    }
    let mut messages: BTreeMap<&Text, Vec<String>> = BTreeMap::new();
    for page in pages.iter().filter(|page| page.purpose != Purpose::Task) {
        let message = format!("{} {}: {} by {}", page.at, page.rule, page.role, page.channel);
        messages.entry(&page.report).or_default().push(message);
    }
    for (report, mut messages) in messages {
        messages.sort();
        stories.entry(report.clone()).or_default().extend(messages);
    }
    stories
}

/// Lines per report, as far as they are compared.
fn settled(lines: &[Line]) -> BTreeMap<Text, Vec<Line>> {
    let mut reports: BTreeMap<Text, Vec<Line>> = BTreeMap::new();
    for line in lines {
        let kept = reports.entry(line.report.clone()).or_default();
        if line.generation > 0 {
            kept.extend(WORDS.contains(&line.transition.as_str()).then(|| line.clone()));
            continue;
        }
        // What a clock showed for no time at all was never seen.
        kept.retain(|other| other.generation > 0 || (other.at, &other.rule) != (line.at, &line.rule));
        let shown = kept.iter().rfind(|other| other.generation == 0 && other.rule == line.rule);
        if shown.is_none_or(|shown| shown.transition != line.transition) {
            kept.push(line.clone());
        }
    }
    for lines in reports.values_mut() {
        lines.sort_by(|a, b| (a.at, &a.rule, a.generation > 0).cmp(&(b.at, &b.rule, b.generation > 0)));
    }
    reports
}

trait Shown {
    fn at(&self) -> Timestamp;
    fn text(&self) -> String;
}

impl Shown for Line {
    fn at(&self) -> Timestamp {
        self.at
    }

    fn text(&self) -> String {
        let generation =
            if self.generation == 0 { String::new() } else { format!(" {} {}", self.severity, self.generation) };
        format!("{} {}{generation}: {}", self.at, self.rule, self.transition)
    }
}

impl Shown for Page {
    fn at(&self) -> Timestamp {
        self.at
    }

    fn text(&self) -> String {
        format!("{} {}: {:?} {} by {}, step {}", self.at, self.rule, self.purpose, self.role, self.channel, self.step)
    }
}

fn first_difference<T: Shown + PartialEq>(
    expected: &BTreeMap<Text, Vec<T>>,
    got: &BTreeMap<Text, Vec<T>>,
) -> Option<String> {
    let none = Vec::new();
    let mut worst: Option<(Timestamp, String)> = None;
    for report in expected.keys().chain(got.keys()) {
        let (want, have) = (expected.get(report).unwrap_or(&none), got.get(report).unwrap_or(&none));
        let same = want.iter().zip(have).take_while(|(a, b)| a == b).count();
        let (next, instead) = (want.get(same), have.get(same));
        let Some(at) = next.into_iter().chain(instead).map(Shown::at).min() else { continue };
        if worst.as_ref().is_none_or(|(first, _)| at < *first) {
            let said = |line: Option<&T>| line.map_or("nothing more".to_owned(), Shown::text);
            let before = want.iter().take(same).rev().take(3).rev().map(Shown::text);
            let before: String = before.map(|text| format!("\n  same      {text}")).collect();
            let text = format!("report {report}{before}\n  expected  {}\n  but got   {}", said(next), said(instead));
            worst = Some((at, text));
        }
    }
    worst.map(|(_, text)| text)
}
