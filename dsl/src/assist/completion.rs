//! Completion: what may be typed at the cursor?
//!
//! ```text
//!  at the margin                block words
//!  at the clause column         the clauses that this block may still have, those that come next first
//!  behind a brace in a text     placeholders
//!  else                         what the grammar would read next, and the names that may stand here
//! ```
//! - **How it fits**: called for each request of an editor; the text behind the cursor plays no part.
//! - LIMIT: `OFFERS_MAX`.
//! - **Not here**: sorting by likeness, which editors do.

use super::cursor::{Cursor, Typing};
use super::names::{Sort, Ward};
use super::offers;
use super::tokens::{Sort as TokenSort, Token};
use super::wanted::wanted;
use super::{Offer, OfferSort, Outside};
use crate::check::text::{DETAILS, EVERYWHERE, STAFF};
use crate::layout::RawBlock;
use crate::limits::OFFERS_MAX;
use crate::source::{FileId, SourceFile, Span};
use crate::vocabulary::{self, BLOCKS, BlockForm, BlockKind, ClauseForm, DEPENDENT, RESERVED, TRIGGERS, Times, terms};

/// Blanks a clause word is filled up with, so that its text begins at column 13.
const CLAUSE_WIDTH: usize = 10;

/// What may be typed at a byte of a file.
///
/// - **Input** `outside`: names that the installation knows and the ward does not.
/// - **Output**: likeliest first; those whose beginning was not typed are left out. Empty in comments and scripts.
#[must_use]
pub fn completions(ward: &Ward, outside: &Outside, (file, source): (FileId, &SourceFile), at: u32) -> Vec<Offer> {
    let typing = Typing::of((file, source), at);
    if typing.is_outside() {
        return Vec::new();
    }
    let mut found = match beginning(&typing) {
        Beginning::Block(typed) => block_words(&typing, typed),
        Beginning::Clause(typed) => clause_words(&typing, typed),
        Beginning::Inside => inside(ward, outside, &typing),
    };
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|offer| seen.insert(offer.insert.clone()));
    found.truncate(OFFERS_MAX);
    explain(&mut found);
    let rest = source.text.get(usize::try_from(at).unwrap_or(usize::MAX)..).unwrap_or("");
    if rest.starts_with('"') {
        // Editors write the closing quote with the opening one.
        found.iter_mut().for_each(|offer| offer.insert = without_closing_quote(&offer.insert));
    }
    found
}

/// What the words of the standard catalogue mean.
fn explain(offers: &mut [Offer]) {
    let is_open = |offer: &&mut Offer| {
        matches!(offer.sort, OfferSort::Standard | OfferSort::Field | OfferSort::Word | OfferSort::Placeholder)
    };
    let all = terms::all();
    for offer in offers.iter_mut().filter(is_open) {
        // A sentence is listed without its article, a step word without its subject.
        let said = offer.label.trim_start_matches("the ").trim_start_matches("an ").trim_start_matches("a ");
        let step = format!(" is {said}");
        let found = all.iter().find(|term| term.word == offer.label || term.word == said);
        let found = found.or_else(|| all.iter().find(|term| term.word.ends_with(&step)));
        if let Some(term) = found {
            offer.meaning.clone_from(&term.meaning);
        }
    }
}

fn without_closing_quote(insert: &str) -> String {
    let is_quoted = insert.len() > 1 && insert.starts_with('"');
    insert.strip_suffix('"').filter(|_| is_quoted).unwrap_or(insert).to_owned()
}

/// What the line of the cursor has begun with.
enum Beginning<'l> {
    Block(&'l str),
    Clause(&'l str),
    Inside,
}

fn beginning(typing: &Typing) -> Beginning<'_> {
    let typed = typing.line.trim_start();
    let indent = typing.line.len() - typed.len();
    if typed.contains([' ', '"', ',', ':', '(']) {
        return Beginning::Inside;
    }
    if indent == 0 {
        return Beginning::Block(typed);
    }
    match clause_column(typing) {
        Some(column) if indent > column => Beginning::Inside,
        Some(_) | None => Beginning::Clause(typed),
    }
}

/// The column of the first clause of the block; `None` if the line of the cursor is the first.
fn clause_column(typing: &Typing) -> Option<usize> {
    let block = typing.block()?;
    let before = typing.at.saturating_sub(u32::try_from(typing.line.len()).unwrap_or(0));
    let first = block.clauses.first().map(|clause| clause.text.whole().start).filter(|start| *start < before)?;
    typing.column(first)
}

fn block_words(typing: &Typing, typed: &str) -> Vec<Offer> {
    let replace = typing.since(start_of(typing, typed));
    let offer = |form: &BlockForm| Offer {
        label: form.word.to_owned(),
        insert: format!("{} ", form.word),
        replace,
        sort: OfferSort::Block,
        detail: form.example.to_owned(),
        meaning: form.meaning.to_owned(),
    };
    BLOCKS.iter().filter(|form| form.kind != BlockKind::Pack && form.word.starts_with(typed)).map(offer).collect()
}

fn start_of(typing: &Typing, typed: &str) -> u32 {
    typing.at.saturating_sub(u32::try_from(typed.len()).unwrap_or(0))
}

/// The clauses a block may still have: those behind the last one first.
fn clause_words(typing: &Typing, typed: &str) -> Vec<Offer> {
    let Some(block) = typing.block() else { return Vec::new() };
    let Some(form) = vocabulary::block_form(block.header.word()) else { return Vec::new() };
    let replace = typing.since(start_of(typing, typed));
    let present = present(block, typing);
    let last =
        present.iter().filter_map(|word| form.clauses.iter().position(|clause| clause.word == *word)).next_back();
    let (before, behind) = form.clauses.split_at(last.map_or(0, |last| last.min(form.clauses.len())));
    let allowed = |clause: &&ClauseForm| is_allowed(form, clause, &present) && clause.word.starts_with(typed);
    let offer = |clause: &ClauseForm| Offer {
        label: clause.word.to_owned(),
        insert: format!("{:<CLAUSE_WIDTH$}", clause.word),
        replace,
        sort: OfferSort::Clause,
        detail: clause.example.to_owned(),
        meaning: clause.meaning.to_owned(),
    };
    behind.iter().chain(before).filter(allowed).map(offer).collect()
}

/// The clause words of a block, without the one at the cursor.
fn present<'b>(block: &'b RawBlock, typing: &Typing) -> Vec<&'b str> {
    let before = typing.at.saturating_sub(u32::try_from(typing.line.len()).unwrap_or(0));
    let above = block.clauses.iter().filter(|clause| clause.text.whole().start < before);
    above.map(|clause| clause.text.word()).collect()
}

/// Whether a clause may still be added to an alert that has these: one trigger, and what goes with it.
fn goes_with_trigger(word: &str, present: &[&str]) -> bool {
    let Some(trigger) = TRIGGERS.iter().find(|trigger| present.contains(&trigger.word)) else { return true };
    let is_trigger = TRIGGERS.iter().any(|other| other.word == word);
    let goes = trigger.required.contains(&word) || trigger.allowed.contains(&word);
    !is_trigger && (goes || !DEPENDENT.contains(&word))
}

fn is_allowed(form: &BlockForm, clause: &ClauseForm, present: &[&str]) -> bool {
    let again = matches!(clause.times, Times::Any | Times::AtLeastOnce | Times::Entries);
    let fits = form.kind != BlockKind::Alert || goes_with_trigger(clause.word, present);
    fits && (again || !present.contains(&clause.word))
}

/// Inside a header or clause.
fn inside(ward: &Ward, outside: &Outside, typing: &Typing) -> Vec<Offer> {
    let Some(cursor) = typing.cursor() else { return Vec::new() };
    let touched = cursor.token(cursor.index);
    if let Some(open) = touched.filter(|token| token.sort == TokenSort::OpenName)
        && ["message", "brief", "template"].contains(&cursor.word())
        && let Some(brace) = open.text.rfind('{')
    {
        return placeholder_offers(typing, open, brace);
    }
    let mut offers = names(ward, outside, typing, &cursor);
    if touched.is_none_or(|token| token.sort != TokenSort::OpenName) {
        offers.extend(words(typing, &cursor));
    }
    offers
}

fn placeholder_offers(typing: &Typing, open: &Token<'_>, brace: usize) -> Vec<Offer> {
    let typed = open.text.get(brace + 1..).unwrap_or("");
    if typed.contains('}') {
        return Vec::new();
    }
    let replace = typing.since(start_of(typing, typed));
    let offer = |word: &'static str| Offer {
        label: format!("{{{word}}}"),
        insert: format!("{word}}}"),
        replace,
        sort: OfferSort::Placeholder,
        detail: String::new(),
        meaning: String::new(),
    };
    [EVERYWHERE, STAFF, DETAILS]
        .into_iter()
        .flatten()
        .copied()
        .filter(|word| word.starts_with(typed))
        .map(offer)
        .collect()
}

/// Words that the grammar would read here.
fn words(typing: &Typing, cursor: &Cursor<'_>) -> Vec<Offer> {
    let Some(rule) = offers::rule(cursor) else { return Vec::new() };
    let end = cursor.token(cursor.index).map_or(cursor.text.text.len(), |token| token.start);
    let typed = cursor.token(cursor.index).map_or("", |token| token.text);
    let before = cursor.text.text.get(..end).unwrap_or("");
    // A line that goes on is joined with a blank, which stands behind what was joined so far.
    let before = if typed.is_empty() { format!("{before} ") } else { before.to_owned() };
    let replace = typing.since(start_of(typing, typed));
    let all = offers::expected_after(rule, &before).into_iter().flat_map(|rule| offers::words(rule, cursor));
    let offer = |(word, sort): offers::Word| Offer {
        label: word.clone(),
        insert: word,
        replace,
        sort,
        detail: String::new(),
        meaning: String::new(),
    };
    all.filter(|(word, _)| word.starts_with(typed)).map(offer).collect()
}

/// Declared names that may stand here.
fn names(ward: &Ward, outside: &Outside, typing: &Typing, cursor: &Cursor<'_>) -> Vec<Offer> {
    if cursor.is_header && cursor.form.kind != BlockKind::Exception {
        return Vec::new();
    }
    let first = cursor.run(cursor.index).map_or(cursor.index, |(first, _)| first);
    let (quoted, typed, start) = match cursor.token(cursor.index) {
        Some(open) if open.sort == TokenSort::OpenName => (true, open.text.to_owned(), cursor.span(open).start),
        Some(token) => {
            let (name, _) = cursor.name().unwrap_or_default();
            let begin = cursor.token(first).map_or(cursor.span(token).start, |first| cursor.span(first).start);
            (false, name, begin)
        }
        None => (false, String::new(), typing.at),
    };
    let sorts = wanted(cursor, first);
    let replace = typing.since(start);
    let declared = ward.of(&sorts).map(|declared| {
        let bare = is_label(&declared.sort) && is_bare(&declared.name) && !quoted;
        let detail = declared.text.lines().next().unwrap_or("").trim().to_owned();
        offer(&declared.name, bare, replace, (sort_of(&declared.sort), detail))
    });
    let people = sorts.iter().any(|sort| matches!(sort, Sort::Block(BlockKind::Desk | BlockKind::Person)));
    let beside = outside.people.iter().filter(|_| people);
    let beside = beside.map(|name| offer(name, false, replace, (OfferSort::Person, "directory.csv".to_owned())));
    let begins = |offer: &Offer| offer.label.to_lowercase().starts_with(&typed.to_lowercase());
    declared.chain(beside).filter(begins).collect()
}

fn offer(name: &str, bare: bool, replace: Span, (sort, detail): (OfferSort, String)) -> Offer {
    let insert = if bare { name.to_owned() } else { format!("\"{name}\"") };
    Offer { label: name.to_owned(), insert, replace, sort, detail, meaning: String::new() }
}

fn sort_of(sort: &Sort) -> OfferSort {
    match sort {
        Sort::Block(BlockKind::Desk | BlockKind::Person | BlockKind::Roster) => OfferSort::Person,
        Sort::Block(_)
        | Sort::Site
        | Sort::Place
        | Sort::Test
        | Sort::Flag
        | Sort::Feed
        | Sort::Template
        | Sort::Holidays
        | Sort::Value(_) => OfferSort::Declared,
    }
}

/// Whether such a name may stand without quotes.
fn is_label(sort: &Sort) -> bool {
    match sort {
        Sort::Site | Sort::Place | Sort::Test | Sort::Flag | Sort::Value(_) => true,
        Sort::Block(kind) => matches!(kind, BlockKind::Severity | BlockKind::Function),
        Sort::Feed | Sort::Template | Sort::Holidays => false,
    }
}

/// Whether all words of a name may stand without quotes.
fn is_bare(name: &str) -> bool {
    let is_word = |word: &str| {
        !RESERVED.contains(&word) && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '\'' | '/'))
    };
    name.chars().next().is_some_and(char::is_alphabetic) && name.split(' ').all(is_word)
}
