//! Hover: what does the word or name at a place mean?
//!
//! A name shows its declaration, and what that comes to: a rule its prose, a clock when it would be due, a roster who is on
//! duty. A word that begins a block or clause shows what it is for, with an example.
//! - **How it fits**: the caller hands in the time of the question; the program is there while the ward checks.
//! - **Not here**: diagnostics at the place.

use wardline_rules::program::{Program, Who};
use wardline_rules::time::{Timestamp, Zone};

use super::names::{Declared, Sort, Ward};
use super::{Hover, cursor, declared};
use crate::prose;
use crate::source::{FileId, SourceFile};
use crate::vocabulary::{BlockKind, terms};

/// How many lines of a declaration are shown.
const LINES_MAX: usize = 24;

/// What to show about a byte of a file.
///
/// - **Input** `program`: that of the last text of the ward that checked, if there is one. `now`: when it is asked.
#[must_use]
pub fn hover(
    ward: &Ward,
    program: Option<&Program>,
    (file, source): (FileId, &SourceFile),
    (at, now): (u32, Timestamp),
) -> Option<Hover> {
    let layout = crate::layout::read(file, source);
    let cursor = cursor::find(&layout, at)?;
    let token = cursor.token(cursor.index)?;
    let span = cursor.span(token);
    if let Some(found) = declared(ward, &cursor) {
        let first = cursor.name().and_then(|(_, first)| cursor.token(first)).map_or(span, |first| cursor.span(first));
        return Some(Hover { span: first.to(span), text: of_name(found, program, now) });
    }
    if cursor.index > 0 {
        return term(&cursor);
    }
    let (word, meaning, example) = match cursor.form.clause(cursor.word()).filter(|_| !cursor.is_header) {
        Some(clause) => (clause.word, clause.meaning, clause.example),
        None if cursor.is_header => (cursor.form.word, cursor.form.meaning, cursor.form.example),
        None => return None,
    };
    Some(Hover { span, text: explained(word, meaning, example) })
}

fn explained(word: &str, meaning: &str, example: &str) -> String {
    format!("**{word}**: {meaning}\n\n{}", fenced(example))
}

/// The longest term of the standard catalogue among the words around the cursor.
fn term(cursor: &cursor::Cursor<'_>) -> Option<Hover> {
    let mut best: Option<(usize, usize, terms::Term)> = None;
    for term in terms::all() {
        let words: Vec<&str> = term.word.split(' ').collect();
        let first = (cursor.index + 1).saturating_sub(words.len())..=cursor.index;
        let is_here = |first: &usize| {
            words.iter().enumerate().all(|(at, word)| cursor.token(first + at).is_some_and(|token| token.is_word(word)))
        };
        if let Some(first) = first.into_iter().find(is_here)
            && best.as_ref().is_none_or(|(_, length, _)| *length < words.len())
        {
            best = Some((first, words.len(), term));
        }
    }
    let (first, length, term) = best?;
    let (start, end) = (cursor.token(first)?, cursor.token(first + length - 1)?);
    let span = cursor.span(start).to(cursor.span(end));
    Some(Hover { span, text: explained(&term.word, &term.meaning, &term.example) })
}

fn fenced(text: &str) -> String {
    format!("```ward\n{text}\n```\n")
}

/// A declared name: its declaration, then what it comes to.
fn of_name(found: &Declared, program: Option<&Program>, now: Timestamp) -> String {
    let mut lines: Vec<&str> = found.text.lines().take(LINES_MAX).collect();
    if found.text.lines().count() > LINES_MAX {
        lines.push("  …");
    }
    let mut text = fenced(&lines.join("\n"));
    let Some(program) = program else { return text };
    let more = match &found.sort {
        Sort::Block(BlockKind::Roster) => on_duty(program, &found.name, now),
        Sort::Block(BlockKind::Calendar) => opening(program, &found.name, now),
        Sort::Block(BlockKind::Sla) => [due(program, &found.name, now), said(program, &found.name)].concat(),
        Sort::Block(BlockKind::Alert | BlockKind::Notice | BlockKind::Suppress) => said(program, &found.name),
        Sort::Block(_) => String::new(),
        Sort::Site | Sort::Place | Sort::Test | Sort::Flag | Sort::Feed | Sort::Template | Sort::Holidays => {
            String::new()
        }
        Sort::Value(field) => format!("A value of *{field}*.\n"),
    };
    if !more.is_empty() {
        text.push('\n');
        text.push_str(&more);
    }
    text
}

/// The rule in whole sentences.
fn said(program: &Program, name: &str) -> String {
    let rules = prose::paragraphs(program);
    let rule = rules.iter().find(|rule| rule.title == name);
    rule.map_or_else(String::new, |rule| format!("{}\n\n*{}*\n", rule.sentences.join(" "), rule.policy))
}

fn due(program: &Program, name: &str, now: Timestamp) -> String {
    let mut rules = program.families.iter().flat_map(|family| &family.rules);
    let rule = rules.find(|rule| rule.head.name == name);
    let due = rule.map(|rule| prose::due(program, rule, now));
    due.map_or_else(String::new, |due| format!("A clock starting now is due {}.\n\n", stamp(&program.zone, due)))
}

fn on_duty(program: &Program, name: &str, now: Timestamp) -> String {
    let Some(roster) = program.rosters.iter().find(|roster| roster.name == name) else { return String::new() };
    let who = match roster.on_duty(now, program) {
        Who::Person(person) => program.people.get(person.index()).map(|person| person.name.clone()),
        Who::Desk(desk) => program.desks.get(desk.index()).map(|desk| desk.name.clone()),
        Who::Ordering
        | Who::Attending
        | Who::Covering
        | Who::Reporting
        | Who::Copied
        | Who::Recipient
        | Who::Patient
        | Who::Roster(_) => None,
    };
    let until = roster.next_edge(now, program).map(|edge| format!(", at least until {}", stamp(&roster.zone, edge)));
    who.map_or_else(String::new, |who| format!("On duty now: {who}{}.\n", until.unwrap_or_default()))
}

fn opening(program: &Program, name: &str, now: Timestamp) -> String {
    let calendar = program.calendars.iter().find(|calendar| calendar.name == name);
    let word = |open: bool| if open { "open" } else { "closed" };
    calendar.map_or_else(String::new, |calendar| format!("It is {} now.\n", word(calendar.is_open(now))))
}

/// A date with the time of day.
fn stamp(zone: &Zone, at: Timestamp) -> String {
    let (date, micros) = zone.civil(at);
    let minutes = micros / wardline_rules::time::MINUTE;
    format!("{date} {:02}:{:02}", minutes / 60, minutes % 60)
}
