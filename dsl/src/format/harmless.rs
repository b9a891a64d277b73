//! Harmless: do two texts say the same?
//!
//! Their trees are compared, places aside, clauses in the order of the vocabulary. The trees are written out for that, and
//! what only spelling may change is levelled: trailing zeros of numbers and the numbers of steps.
//! - **Not here**: formatting.

use crate::layout::{self, Layout};
use crate::source::{FileId, SourceFile};
use crate::syntax::{self, Block};
use crate::vocabulary;

/// Whether both texts have one meaning and the same comments.
pub(super) fn compare(before: &str, after: &str) -> bool {
    let (before, after) = (read(before), read(after));
    meaning(&before) == meaning(&after) && comments(&before) == comments(&after)
}

fn read(text: &str) -> Layout {
    layout::read(FileId(0), &SourceFile::new("", text))
}

fn meaning(layout: &Layout) -> Vec<String> {
    let (tree, diagnostics) = syntax::tree(layout);
    let found = diagnostics.iter().map(|found| format!("{} {}", found.code, found.message));
    let mut found: Vec<String> = found.collect();
    found.sort();
    tree.blocks.into_iter().map(|block| levelled(&block_text(block))).chain(found).collect()
}

fn block_text(mut block: Block) -> String {
    if let Some(form) = vocabulary::block_form(block.kind.word()).filter(|form| form.word != "test") {
        block.clauses.sort_by_key(|clause| form.clauses.iter().position(|known| known.word == clause.word));
    }
    format!("{block:?}")
}

/// The text of a tree without places, zeros behind a point, and step numbers.
fn levelled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("Span { file") {
        out.push_str(rest.get(..at).unwrap_or(""));
        rest = rest.get(at..).and_then(|from| from.split_once('}')).map_or("", |(_, behind)| behind);
    }
    out.push_str(rest);
    without_step_numbers(&without_zeros(&out))
}

fn without_zeros(text: &str) -> String {
    let shorten = |word: &str| {
        let number = word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        let ends = number && word.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-');
        if ends { word.trim_end_matches('0').trim_end_matches('.').to_owned() } else { word.to_owned() }
    };
    text.split_inclusive([' ', '(', ')', ','])
        .map(|piece| {
            let sign = piece.chars().next_back().filter(|c| matches!(c, ' ' | '(' | ')' | ','));
            let word = sign.map_or(piece, |sign| piece.strip_suffix(sign).unwrap_or(piece));
            shorten(word) + sign.map(String::from).unwrap_or_default().as_str()
        })
        .collect()
}

fn without_step_numbers(text: &str) -> String {
    let mark = "EscalationStep { number: Spanned { node: ";
    text.split(mark)
        .enumerate()
        .map(|(index, piece)| {
            if index == 0 {
                piece.to_owned()
            } else {
                piece.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned()
            }
        })
        .collect::<Vec<_>>()
        .join(mark)
}

/// All comments, in any order.
fn comments(layout: &Layout) -> Vec<&str> {
    let of_blocks = layout
        .blocks
        .iter()
        .flat_map(|block| block.comments.iter().chain(block.clauses.iter().flat_map(|clause| &clause.comments)));
    let mut texts: Vec<&str> = of_blocks.chain(&layout.comments).map(|comment| comment.text.as_str()).collect();
    texts.sort_unstable();
    texts
}
