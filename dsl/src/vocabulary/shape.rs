//! Shape: how is a rule of the grammar written so that people read it?
//!
//! ```text
//!  c_target = { k_target ~ span ~ EOI }             target LENGTH
//!  by = { k_by ~ channel ~ (k_comma ~ …)* }         by CHANNEL[, otherwise CHANNEL]…
//! ```
//! Words are written as they are, parts in capitals ([`PARTS`] says what they are), `[ ]` may be left out, `…` may be repeated, `|`
//! stands between alternatives, `⏎` where a new line begins. The text of the grammar is read here as the parser was made of it,
//! so what is shown is what is read.
//! - **How it fits**: the reference page and editors ask through [`ClauseForm::shape`](super::ClauseForm::shape).
//! - **Not here**: reading wards (`grammar`), what was expected at a place (`syntax`).

mod parts;

pub use parts::{PARTS, PartForm};

use crate::grammar::Rule;
use std::iter::Peekable;

/// The grammar as the parser was made of it.
const GRAMMAR: &str = include_str!("../grammar.pest");

/// A piece of a rule.
enum Piece {
    Nothing,
    Text(String),
    /// One after the other; a sign such as a comma stands close to what is before it.
    Sequence(Vec<Piece>),
    Choice(Vec<Piece>),
    Optional(Box<Piece>),
    Repeated(Box<Piece>),
}

/// The shape of a rule.
pub(super) fn of(rule: Rule) -> String {
    let mut tokens = tokens(body(rule).unwrap_or("")).into_iter().peekable();
    written(&choice(&mut tokens), false)
}

/// Whether a rule is put together from words and other parts, and not from single characters or what it must not be.
fn is_composed(rule: Rule) -> bool {
    let head = format!("\n{rule:?} = {{");
    GRAMMAR.contains(&head) && body(rule).is_some_and(|body| !body.contains('!'))
}

/// The text between the braces of a rule: up to the line that ends with one and is followed by the next rule.
fn body(rule: Rule) -> Option<&'static str> {
    let (_, rest) = GRAMMAR.split_once(&format!("\n{rule:?} = "))?;
    let mut end = 0;
    for (number, line) in rest.split_inclusive('\n').enumerate() {
        if number > 0 && !line.starts_with(' ') {
            break;
        }
        end += line.len();
    }
    let (_, inner) = rest.get(..end)?.split_once('{')?;
    inner.trim_end().strip_suffix('}')
}

fn tokens(body: &'static str) -> Vec<&'static str> {
    const SIGNS: [char; 6] = ['(', ')', '~', '|', '*', '?'];
    let mut tokens = Vec::new();
    let words = body.split_whitespace().flat_map(|word| word.split_inclusive(SIGNS));
    for word in words {
        let plain = word.trim_end_matches(SIGNS);
        let sign = word.get(plain.len()..).unwrap_or("");
        tokens.extend([plain, sign].into_iter().filter(|token| !token.is_empty()));
    }
    tokens
}

type Tokens = Peekable<std::vec::IntoIter<&'static str>>;

/// As deep as the brackets of the grammar, which has at most six.
fn choice(tokens: &mut Tokens) -> Piece {
    let mut all = vec![sequence(tokens)];
    while tokens.next_if_eq(&"|").is_some() {
        all.push(sequence(tokens));
    }
    if all.len() == 1 { all.pop().unwrap_or(Piece::Nothing) } else { Piece::Choice(all) }
}

fn sequence(tokens: &mut Tokens) -> Piece {
    let mut all = vec![item(tokens)];
    while tokens.next_if_eq(&"~").is_some() {
        all.push(item(tokens));
    }
    Piece::Sequence(all)
}

fn item(tokens: &mut Tokens) -> Piece {
    let piece = match tokens.next() {
        Some("(") => {
            let inner = choice(tokens);
            tokens.next();
            inner
        }
        Some(word) => leaf(word),
        None => Piece::Nothing,
    };
    if tokens.next_if_eq(&"*").is_some() {
        Piece::Repeated(Box::new(piece))
    } else if tokens.next_if_eq(&"?").is_some() {
        Piece::Optional(Box::new(piece))
    } else {
        piece
    }
}

fn leaf(word: &str) -> Piece {
    if word == "EOI" {
        return Piece::Nothing;
    }
    if word == "NL" {
        return Piece::Text("⏎".to_owned());
    }
    if word.starts_with("k_") {
        return Piece::Text(literal(word).to_owned());
    }
    let known = PARTS.iter().find(|part| format!("{:?}", part.rule) == word);
    Piece::Text(known.map_or_else(|| word.to_uppercase(), |part| part.name.to_owned()))
}

/// The text of a keyword or sign.
fn literal(keyword: &str) -> &'static str {
    let rule = GRAMMAR.split_once(&format!("\n{keyword} = "));
    rule.and_then(|(_, rest)| rest.split('"').nth(1)).unwrap_or("")
}

fn written(piece: &Piece, is_inside: bool) -> String {
    match piece {
        Piece::Nothing => String::new(),
        Piece::Text(text) => text.clone(),
        Piece::Sequence(all) => {
            all.iter().fold(String::new(), |text, piece| joined(&text, &written(piece, all.len() > 1)))
        }
        Piece::Choice(all) => {
            let text = all.iter().map(|piece| written(piece, false)).collect::<Vec<_>>().join(" | ");
            if is_inside { format!("({text})") } else { text }
        }
        Piece::Optional(inner) => format!("[{}]", written(inner, false)),
        Piece::Repeated(inner) => format!("[{}]…", written(inner, false)),
    }
}

/// Two pieces with a blank between them, unless a sign follows or a bracket of a call precedes.
fn joined(before: &str, after: &str) -> String {
    let is_close = before.is_empty()
        || after.is_empty()
        || after.starts_with([',', ':', ')'])
        || after.starts_with("[,")
        || after.starts_with("[[,")
        || (before.ends_with('(') && !before.ends_with(" ("))
        || (after == "(" || after.starts_with("(["));
    let blank = if is_close { "" } else { " " };
    format!("{before}{blank}{after}")
}
