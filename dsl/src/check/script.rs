//! Script: the tests of a ward, with names and instants resolved.
//!
//! A stamp without a date takes the date of the stamp before it, wherever that stands. A local time that happens twice needs its
//! offset (WL0953), one that does not happen is WL0308.
//! - **How it fits**: makes [`crate::script::Test`]s; expectations in `expect`, facts in `facts`.
//! - **Not here**: running them.

mod expect;
mod facts;

use std::collections::BTreeSet;

use wardline_rules::Text;
use wardline_rules::program::{Happening, Who};
use wardline_rules::time::{Date, Timestamp, Zone};
use wardline_rules::words::KindSet;

use super::context::Context;
use super::{length, moments, names, people};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::script::{Act, Entry, Event, Fault, News, Scope, Silenced, Test, Window};
use crate::source::Span;
use crate::syntax::basic::Name;
use crate::syntax::script as tree;
use crate::syntax::{Block, ClauseBody};
use crate::vocabulary::BlockKind;

/// A second in microseconds.
const SECOND: i64 = wardline_rules::time::SECOND;
/// A minute in microseconds.
const MINUTE: i64 = wardline_rules::time::MINUTE;

/// All tests that can be read.
pub(super) fn tests(cx: &mut Context<'_>) -> Vec<Test> {
    let blocks: Vec<&Block> = cx.of_kind(BlockKind::Test).collect();
    blocks.into_iter().filter_map(|block| test(cx, block)).collect()
}

/// Reading one test: its zone, its labels, and the date of the stamp before.
struct Script {
    zone: Zone,
    date: Option<Date>,
    labels: BTreeSet<String>,
}

fn test(cx: &mut Context<'_>, block: &Block) -> Option<Test> {
    let zone = cx.block_zone(block)?;
    let mut script = Script { zone: zone.clone(), date: None, labels: labels(block) };
    let mut test = Test {
        name: block.name().into(),
        span: block.header,
        zone,
        given: Vec::new(),
        faults: Vec::new(),
        entries: Vec::new(),
        expectations: Vec::new(),
        end: Timestamp::MIN,
    };
    let mut complete = block.name.is_some() && !block.is_damaged();
    for clause in &block.clauses {
        complete &= script.clause(cx, &clause.body, &mut test);
    }
    complete.then_some(test)
}

fn labels(block: &Block) -> BTreeSet<String> {
    let label = |entry: &tree::Entry| match &entry.event {
        tree::Event::Report { label, .. } => Some(label.node.clone()),
        tree::Event::Message(_)
        | tree::Event::Feed(..)
        | tree::Event::Silence { .. }
        | tree::Event::Lift(_)
        | tree::Event::Answer { .. } => None,
    };
    block.at().flat_map(|(entries, _)| entries).filter_map(label).collect()
}

impl Script {
    /// Reads one clause; false if something in it is wrong.
    fn clause(&mut self, cx: &mut Context<'_>, body: &ClauseBody, test: &mut Test) -> bool {
        if let ClauseBody::Given(facts) = body {
            return self.given(cx, facts, test).is_some();
        }
        if let ClauseBody::At(entries) = body {
            return self.entries(cx, entries, test).is_some();
        }
        if let ClauseBody::Then(expected) = body {
            return expect::expectations(self, cx, expected, test).is_some();
        }
        true
    }

    /// The instants of a stamp; its date is kept for the next.
    fn stamp(&mut self, cx: &mut Context<'_>, stamp: &tree::Stamp) -> Option<Window> {
        let date = match (&stamp.date, self.date) {
            (Some(date), _) => date.node,
            (None, Some(date)) => date,
            (None, None) => {
                let found = Diagnostic::new(Code::WL0953, stamp.span, "The first stamp of a test has a date.");
                let corrected = format!("2026-01-14 {}", cx.text(stamp.span));
                cx.report(found.because("A stamp without one takes the date of the stamp before it.").replace(
                    "Change it to:",
                    stamp.span,
                    corrected,
                ));
                return None;
            }
        };
        self.date = Some(date);
        let from = self.instant(cx, date, stamp)?;
        let length = if stamp.to_the_second { SECOND } else { MINUTE };
        Some(Window { from, to: Timestamp::from_micros(from.micros().saturating_add(length)) })
    }

    fn instant(&self, cx: &mut Context<'_>, date: Date, stamp: &tree::Stamp) -> Option<Timestamp> {
        let micros = i64::from(stamp.seconds) * SECOND;
        let first = self.zone.instant_at(date, micros);
        let Some(offset) = stamp.offset else {
            return match self.zone.occurrences(date, micros) {
                1 => Some(first),
                0 => self.never(cx, stamp, first),
                _ => self.twice(cx, (date, first), stamp),
            };
        };
        let local = i64::from(date.days()).saturating_mul(wardline_rules::time::DAY).saturating_add(micros);
        let at = Timestamp::from_micros(local.saturating_sub(i64::from(offset) * SECOND));
        if self.zone.offset_seconds(at) != offset {
            let found = Diagnostic::new(
                Code::WL0953,
                stamp.span,
                format!("{} has another offset at this time.", self.zone.name()),
            );
            let right = offset_text(self.zone.offset_seconds(first));
            cx.report(found.because(format!("It is {right} then.")));
            return None;
        }
        Some(at)
    }

    fn never(&self, cx: &mut Context<'_>, stamp: &tree::Stamp, next: Timestamp) -> Option<Timestamp> {
        let (date, micros) = self.zone.civil(next);
        let minutes = micros / MINUTE;
        let message = format!("{} does not happen on {date} in {}.", cx.text(stamp.span), self.zone.name());
        let found = Diagnostic::new(Code::WL0308, stamp.span, message);
        cx.report(found.because(format!(
            "Clocks go forward over it; the next time is {:02}:{:02}.",
            minutes / 60,
            minutes % 60
        )));
        None
    }

    fn twice(&self, cx: &mut Context<'_>, (date, first): (Date, Timestamp), stamp: &tree::Stamp) -> Option<Timestamp> {
        let text = cx.text(stamp.span);
        let clock = text.split(' ').next_back().unwrap_or(text);
        let found = Diagnostic::new(Code::WL0953, stamp.span, format!("{clock} happens twice on {date}."));
        let before = self.zone.offset_seconds(first);
        let later = Timestamp::from_micros(first.micros().saturating_add(wardline_rules::time::HOUR));
        let after = self.zone.offset_seconds(later);
        let with = |offset| format!("{date} {clock}{}", offset_text(offset));
        cx.report(found.help("For the first time:", &[&with(before)]).help("For the second:", &[&with(after)]));
        None
    }

    /// A label of the test; WL0953 if no entry has it.
    fn label(&self, cx: &mut Context<'_>, label: &Name) -> Option<Text> {
        if self.labels.contains(&label.node) {
            return Some(label.node.as_str().into());
        }
        let known: Vec<&str> = self.labels.iter().map(String::as_str).collect();
        let found =
            Diagnostic::new(Code::WL0953, label.span, format!("No entry of this test speaks of {}.", label.node));
        cx.report(found.because(format!("Its reports are: {}.", names::some(&known))));
        None
    }

    fn scope(&self, cx: &mut Context<'_>, scope: Option<&tree::Scope>) -> Option<Option<Scope>> {
        match scope {
            None => Some(None),
            Some(tree::Scope::Report(label)) => self.label(cx, label).map(|label| Some(Scope::Report(label))),
            Some(tree::Scope::Group(name)) => Some(Some(Scope::Group(name.node.as_str().into()))),
        }
    }

    fn given(&mut self, cx: &mut Context<'_>, written: &[tree::Fact], test: &mut Test) -> Option<()> {
        let mut complete = Some(());
        for fact in written {
            match fact {
                tree::Fact::Pairs(pairs) => match facts::facts(cx, pairs) {
                    Some(facts) => test.given.extend(facts),
                    None => complete = None,
                },
                tree::Fact::Delivery { to, by, after, until } => {
                    people::declared(cx, by);
                    let to = to.as_ref().map(|to| people::who(cx, to));
                    let after = after.as_ref().and_then(length::days_allowed);
                    let until = until.as_ref().map(|until| self.stamp(cx, until).map(|window| window.from));
                    let (Some(to), Some(until)) = (super::escalation::optional(to), super::escalation::optional(until))
                    else {
                        complete = None;
                        continue;
                    };
                    test.faults.push(Fault { to, by: by.node, after, until });
                }
            }
        }
        complete
    }

    fn entries(&mut self, cx: &mut Context<'_>, written: &[tree::Entry], test: &mut Test) -> Option<()> {
        let mut complete = Some(());
        for entry in written {
            let Some(window) = self.stamp(cx, &entry.at) else {
                complete = None;
                continue;
            };
            self.forwards(cx, window, entry.at.span, test);
            test.end = test.end.max(window.to);
            match self.event(cx, &entry.event, window.from) {
                Some(event) => test.entries.push(Entry { at: window.from, span: entry.span, event }),
                None => complete = None,
            }
        }
        complete
    }

    /// WL0953 if an entry lies before the one above it.
    fn forwards(&self, cx: &mut Context<'_>, window: Window, span: Span, test: &Test) {
        let Some(last) = test.entries.last().filter(|last| last.at > window.from) else { return };
        let found =
            Diagnostic::new(Code::WL0953, span, "This entry lies before the one above it.").label(last.span, "");
        cx.report(found.because("Entries stand in the order in which they happen."));
    }

    fn event(&mut self, cx: &mut Context<'_>, event: &tree::Event, at: Timestamp) -> Option<Event> {
        match event {
            tree::Event::Report { label, moment, pairs, time } => {
                let news = moment.as_ref().map(|moment| news(cx, moment));
                let facts = facts::facts(cx, pairs);
                let occurred_at = match time {
                    tree::EventTime::AtStamp => Some(at),
                    tree::EventTime::AsOf(stamp) => Some(self.stamp(cx, stamp)?.from),
                    tree::EventTime::Without => None,
                };
                let news = super::escalation::optional(news)?.unwrap_or_else(unchanged);
                Some(Event::Report { report: label.node.as_str().into(), news, occurred_at, facts: facts? })
            }
            tree::Event::Message(feed) => moments::feed(cx, feed).map(Event::Message),
            tree::Event::Feed(feed, state) => moments::feed(cx, feed).map(|feed| Event::Feed(feed, *state)),
            tree::Event::Silence { what, until, because } => {
                let what = silenced(cx, what)?;
                Some(Event::Silence { what, until: self.stamp(cx, until)?.from, because: because.node.as_str().into() })
            }
            tree::Event::Lift(what) => silenced(cx, what).map(Event::Lift),
            tree::Event::Answer { who, act, licensed, wrong_code, scope } => {
                let person = people::who(cx, who)?;
                let act = self::act(cx, act)?;
                let licensed = licensed.unwrap_or_else(|| is_clinician(person));
                let scope = self.scope(cx, scope.as_ref())?;
                Some(Event::Answer { who: person, act, licensed, right_code: !wrong_code, scope })
            }
        }
    }
}

fn offset_text(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn unchanged() -> News {
    News { happening: None, step: None, of_result: false, kinds: KindSet::ALL }
}

fn news(cx: &mut Context<'_>, moment: &crate::syntax::moment::Moment) -> Option<News> {
    let moment = moments::moment(cx, moment, KindSet::ALL)?;
    let step = match moment.happening {
        Happening::Step(step) => Some(step),
        Happening::Recollected => Some(wardline_rules::words::Step::Collected),
        Happening::Begins(_) | Happening::Ends(_) | Happening::Message(_) => None,
    };
    Some(News { happening: Some(moment.happening), step, of_result: moment.of_result, kinds: moment.kinds })
}

/// A rule by its name, or a site.
fn silenced(cx: &mut Context<'_>, what: &Name) -> Option<Silenced> {
    for kind in [BlockKind::Alert, BlockKind::Sla, BlockKind::Notice] {
        if let Some((_, block)) = cx.names.find(kind, &what.node) {
            return super::sla::head(block).map(|head| Silenced::Rule(head.id));
        }
    }
    if let Some(site) = cx.catalogue.site(&what.node) {
        return Some(Silenced::Site(site));
    }
    cx.problem(Code::WL0203, what.span, format!("No rule and no site is called \"{}\".", what.node));
    None
}

fn act(cx: &mut Context<'_>, act: &tree::Act) -> Option<Act> {
    Some(match act {
        tree::Act::Reads => Act::Reads,
        tree::Act::Declines => Act::Declines,
        tree::Act::Acts => Act::Acts,
        tree::Act::Answers(None) => Act::Answers(None),
        tree::Act::Answers(Some((sign, amount))) => {
            Act::Answers(Some(facts::reading(cx, *sign, &amount.node, amount.span)?))
        }
    })
}

/// Roles that clinicians fill.
fn is_clinician(who: Who) -> bool {
    match who {
        Who::Ordering | Who::Attending | Who::Covering | Who::Reporting | Who::Copied => true,
        Who::Recipient | Who::Patient | Who::Desk(_) | Who::Roster(_) | Who::Person(_) => false,
    }
}

/// The id of the rule of a name.
fn rule_id(cx: &mut Context<'_>, kind: BlockKind, name: &Name) -> Option<Text> {
    names::resolve(cx, kind, name)?;
    let (_, block) = cx.names.find(kind, &name.node)?;
    super::sla::head(block).map(|head| head.id)
}
