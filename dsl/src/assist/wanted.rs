//! Wanted: which declared names may stand at a place?
//!
//! The word before a name says it (`desk "…"`, `using "…"`, `counts "…"`); in a comparison the field does.
//! - **How it fits**: definition and hover look a name up among these sorts, completion offers all of them.
//! - **Not here**: words of the grammar (`offers`).

use super::cursor::Cursor;
use super::names::Sort;
use super::tokens::{Sort as TokenSort, Token};
use crate::vocabulary::BlockKind;

/// Rules that can be named from elsewhere.
const RULES: [BlockKind; 4] = [BlockKind::Sla, BlockKind::Alert, BlockKind::Notice, BlockKind::Suppress];

/// Sorts of the name whose first token is `index`, in the order in which they are looked up.
pub(super) fn wanted(cursor: &Cursor<'_>, index: usize) -> Vec<Sort> {
    if cursor.token(index + 1).is_some_and(|next| next.text == "(") {
        return blocks(&[BlockKind::Function]);
    }
    let before = cursor.before(index);
    if let Some(word) = before.filter(|token| token.sort == TokenSort::Word)
        && let Some(sorts) = by_word(cursor, index, word.text)
    {
        return sorts;
    }
    match cursor.word() {
        "rotate" | "cover" if cursor.form.kind == BlockKind::Roster => blocks(&[BlockKind::Person]),
        _ => field_of(cursor, index).map_or_else(Vec::new, |field| of_field(&field)),
    }
}

fn blocks(kinds: &[BlockKind]) -> Vec<Sort> {
    kinds.iter().map(|kind| Sort::Block(*kind)).collect()
}

/// By the word before; `None` where it says nothing.
fn by_word(cursor: &Cursor<'_>, index: usize, word: &str) -> Option<Vec<Sort>> {
    use BlockKind::{Alert, Calendar, Desk, Escalation, Notice, Pack, Person, Roster, Severity, Sla};
    Some(match word {
        "desk" => blocks(&[Desk]),
        "roster" => blocks(&[Roster]),
        "person" => blocks(&[Person]),
        "using" | "escalation" => blocks(&[Escalation]),
        "counts" | "calendar" => blocks(&[Calendar]),
        "pack" => blocks(&[Pack]),
        "severity" => blocks(&[Severity]),
        "alert" => blocks(&[Alert]),
        "sla" | "exception" | "clock" => blocks(&[Sla]),
        "notice" | "sent" => blocks(&[Notice]),
        "feed" => vec![Sort::Feed],
        "template" => vec![Sort::Template],
        "holidays" => vec![Sort::Holidays],
        "to" if cursor.is_header => blocks(&[Sla]),
        "for" if cursor.word() == "cover" => blocks(&[Person]),
        "of" if is_before(cursor, index, "silence") => silenced(),
        "of" if is_before(cursor, index, "breaches") => blocks(&[Sla]),
        "of" if is_before(cursor, index, "warnings") => blocks(&[Sla]),
        "of" if is_before(cursor, index, "clocks") => blocks(&[Sla]),
        "silence" => silenced(),
        "at" if matches!(cursor.word(), "place" | "feed") => vec![Sort::Site],
        "at" if cursor.form.kind == BlockKind::Test => vec![Sort::Site, Sort::Place],
        "site" if cursor.word() == "site" => vec![Sort::Site],
        "place" if cursor.word() == "place" => vec![Sort::Place],
        "test" if cursor.word() == "test" && cursor.form.kind == BlockKind::Catalogue => vec![Sort::Test],
        "flag" if cursor.word() == "flag" => vec![Sort::Flag],
        "becomes" | "longer" => vec![Sort::Flag],
        "is" if is_before(cursor, index, "report") => vec![Sort::Flag],
        _ => return None,
    })
}

fn silenced() -> Vec<Sort> {
    let mut sorts = blocks(&RULES);
    sorts.push(Sort::Site);
    sorts
}

/// Whether a word stands two tokens before.
fn is_before(cursor: &Cursor<'_>, index: usize, word: &str) -> bool {
    index.checked_sub(2).and_then(|at| cursor.token(at)).is_some_and(|token| token.is_word(word))
}

/// The field that a value is compared with: the bare name before the `is` of this comparison.
pub(super) fn field_of(cursor: &Cursor<'_>, index: usize) -> Option<String> {
    if cursor.form.kind == BlockKind::Catalogue && cursor.word() == "values" {
        return cursor.run(1).and_then(|run| words(cursor, run));
    }
    let ends = |token: &Token<'_>| {
        token.sort == TokenSort::Break || token.text == ":" || token.is_word("and") || token.is_word("or")
    };
    let mut at = index;
    while at > 0 {
        at -= 1;
        let token = cursor.token(at)?;
        if ends(token) {
            return None;
        }
        if token.is_word("is") {
            return cursor.run(at.checked_sub(1)?).and_then(|run| words(cursor, run));
        }
    }
    None
}

fn words(cursor: &Cursor<'_>, (first, last): (usize, usize)) -> Option<String> {
    let words: Vec<&str> = cursor.tokens.get(first..=last)?.iter().map(|token| token.text).collect();
    Some(words.join(" "))
}

/// What a ward declares for a field.
pub(super) fn of_field(field: &str) -> Vec<Sort> {
    match field {
        "test" => vec![Sort::Test],
        "site" => vec![Sort::Site],
        "location" => vec![Sort::Place],
        "feed" => vec![Sort::Feed],
        "flag" => vec![Sort::Flag],
        other => vec![Sort::Value(other.to_owned())],
    }
}
