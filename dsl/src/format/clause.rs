//! Clause: one clause on its lines, with its comments.
//!
//! - LIMIT: `WIDTH`; a piece without a place to break may pass it.
//! - **Not here**: spelling (`tokens`).

use super::tokens::{self, Place, Token};
use super::{push_comment, source_start};
use crate::grammar::Node;
use crate::layout::{Comment, CommentPlace, RawClause};

/// Blanks before the text of a clause: column 13.
const TEXT_INDENT: usize = 12;
/// Lines stay below this column.
const WIDTH: usize = 99;

/// Writes a clause.
pub(super) fn write(out: &mut String, raw: &RawClause, node: &Node<'_>, place: &Place) {
    let mut lines = tokens::of(node, place);
    let word = take_word(&mut lines, place);
    let starts: Vec<u32> = lines.iter().map(|line| start_of(raw, node, line)).collect();
    comments_above(out, raw, starts.first().copied().unwrap_or(0));
    let unbroken = place.block == "test" && matches!(place.clause.as_str(), "given" | "at" | "then");
    for (index, line) in lines.iter().enumerate() {
        let from = starts.get(index).copied().unwrap_or(0);
        let to = starts.get(index + 1).copied().unwrap_or(u32::MAX);
        if index > 0 {
            comments_between(out, raw, (starts.get(index - 1).copied().unwrap_or(0), from));
        }
        let head = if index == 0 { format!("  {word:<10}") } else { " ".repeat(TEXT_INDENT) };
        out.push_str(&wrapped(head.as_str(), line, unbroken));
        comments_behind(out, raw, (if index == 0 { 0 } else { from }, to));
        out.push('\n');
    }
    script(out, raw);
}

/// The word that stands in the first column of the clause, out of the first line.
fn take_word(lines: &mut [Vec<Token>], place: &Place) -> String {
    let count = if place.clause == "step" { 2 } else { 1 };
    let Some(first) = lines.first_mut() else { return String::new() };
    let rest = first.split_off(count.min(first.len()));
    let word = tokens::line(first.iter());
    *first = rest;
    word
}

fn start_of(raw: &RawClause, node: &Node<'_>, line: &[Token]) -> u32 {
    match line.first() {
        Some(token) => raw.text.span(token.start, token.start + 1).start,
        None => source_start(&raw.text, node),
    }
}

/// A line broken before column 100; further lines begin at column 13.
fn wrapped(head: &str, tokens: &[Token], unbroken: bool) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for piece in pieces(tokens, unbroken) {
        let text = tokens::line(piece.iter());
        let width = TEXT_INDENT + line.chars().count() + 1 + text.chars().count();
        if !line.is_empty() && width > WIDTH {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&text);
    }
    lines.push(line);
    let joint = format!("\n{}", " ".repeat(TEXT_INDENT));
    format!("{head}{}", lines.join(&joint)).trim_end().to_owned()
}

/// Runs of tokens that stay on one line.
fn pieces(tokens: &[Token], unbroken: bool) -> Vec<Vec<Token>> {
    let mut pieces: Vec<Vec<Token>> = Vec::new();
    for token in tokens {
        match pieces.last_mut() {
            Some(piece) if unbroken || !token.breaks => piece.push(token.clone()),
            Some(_) | None => pieces.push(vec![token.clone()]),
        }
    }
    pieces
}

fn comments_above(out: &mut String, raw: &RawClause, first: u32) {
    let word = raw.text.whole().start;
    let above = |comment: &&Comment| comment.place == CommentPlace::OwnLine && comment.span.start < first.max(word);
    for comment in raw.comments.iter().filter(above) {
        out.push_str(&format!("  {}\n", comment.text));
    }
}

/// Comments on lines of their own between two lines of a clause.
fn comments_between(out: &mut String, raw: &RawClause, (from, to): (u32, u32)) {
    let between = |comment: &&Comment| {
        comment.place == CommentPlace::OwnLine && comment.span.start > from && comment.span.start < to
    };
    for comment in raw.comments.iter().filter(between) {
        out.push_str(&format!("{}{}\n", " ".repeat(TEXT_INDENT), comment.text));
    }
}

fn comments_behind(out: &mut String, raw: &RawClause, (from, to): (u32, u32)) {
    let behind = |comment: &&Comment| {
        comment.place == CommentPlace::LineEnd && comment.span.start >= from && comment.span.start < to
    };
    for comment in raw.comments.iter().filter(behind) {
        push_comment(out, comment);
    }
}

fn script(out: &mut String, raw: &RawClause) {
    if let Some(script) = &raw.script {
        out.push_str(&script.text);
        out.push_str("  end\n");
    }
}
