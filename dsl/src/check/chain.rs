//! Chain: is this `and` or `or`, and if both, what are the two readings?
//!
//! A mixed chain has no right reading, only two that people find natural. Both are written out with bullets [LEX-4].
//! - **Not here**: what the parts say.

use super::context::Context;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::condition::{Atom, Chain, Condition, Joint, Part};

/// WL0402 if a chain holds both joints; `None` then.
pub(super) fn unmixed(cx: &mut Context<'_>, condition: &Condition) -> Option<()> {
    let mut right = Some(());
    if is_mixed(&condition.chain.joints) {
        let parts: Vec<String> = condition.chain.parts.iter().map(|part| cx.text(part_span(part)).to_owned()).collect();
        report(cx, condition.span, &parts, &condition.chain.joints);
        right = None;
    }
    for part in &condition.chain.parts {
        let bullets = match part {
            Part::Atom(_) => continue,
            Part::Group(_, bullets) => bullets,
        };
        for bullet in bullets.iter().filter(|bullet| is_mixed(&bullet.joints)) {
            let found = Diagnostic::new(
                Code::WL0402,
                bullet_span(bullet),
                "A bullet holds one chain of and, or one chain of or.",
            );
            cx.report(found.because("Split it into two bullets."));
            right = None;
        }
    }
    right
}

fn is_mixed(joints: &[Spanned<Joint>]) -> bool {
    joints.windows(2).any(|pair| pair.first().map(|joint| joint.node) != pair.last().map(|joint| joint.node))
}

fn part_span(part: &Part) -> Span {
    match part {
        Part::Atom(atom) => atom.span,
        Part::Group(_, bullets) => bullets.iter().map(bullet_span).reduce(Span::to).unwrap_or_default(),
    }
}

fn bullet_span(bullet: &Chain<Atom>) -> Span {
    bullet.parts.iter().map(|atom| atom.span).reduce(Span::to).unwrap_or_default()
}

fn report(cx: &mut Context<'_>, span: Span, parts: &[String], joints: &[Spanned<Joint>]) {
    let found =
        Diagnostic::new(Code::WL0402, span, "\"and\" and \"or\" stand side by side here, which can be read two ways.");
    let (any, all) = (grouped(parts, joints, Joint::Or), grouped(parts, joints, Joint::And));
    let mut cause = "Which of them binds tighter is nowhere agreed; bullets say it.".to_owned();
    if let Some((holds, not)) = difference(&any, &all) {
        cause.push_str(&format!(" They differ where \"{holds}\" holds and \"{not}\" does not."));
    }
    let found = found.because(cause);
    let reading = |joint| lines(if joint == Joint::Or { &any } else { &all }, joint);
    let (one, two) = (reading(Joint::Or), reading(Joint::And));
    let one: Vec<&str> = one.iter().map(String::as_str).collect();
    let two: Vec<&str> = two.iter().map(String::as_str).collect();
    cx.report(found.help("If any of these is enough, write", &one).help("If all of these must hold, write", &two));
}

/// A case in which the readings differ: what holds makes any of the pieces of one true, what does not hold is a piece that
/// the other needs. The shortest such pair of pieces without a part in common; in a mixed chain there is one.
fn difference<'p>(any: &'p [String], all: &'p [String]) -> Option<(&'p str, &'p str)> {
    let parts = |piece: &str| -> Vec<String> {
        piece.split(" and ").flat_map(|part| part.split(" or ")).map(str::to_owned).collect()
    };
    let apart = |holds: &str, not: &str| parts(not).iter().all(|part| !parts(holds).contains(part));
    let pairs = any.iter().flat_map(|holds| all.iter().map(move |not| (holds.as_str(), not.as_str())));
    pairs.filter(|(holds, not)| apart(holds, not)).min_by_key(|(holds, not)| holds.len() + not.len())
}

/// The parts cut at one joint; inside a piece stands the other.
fn grouped(parts: &[String], joints: &[Spanned<Joint>], cut: Joint) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| joints.get(before)).map(|joint| joint.node);
        match (before, pieces.last_mut()) {
            (Some(joint), Some(piece)) if joint != cut => {
                piece.push_str(if joint == Joint::And { " and " } else { " or " });
                piece.push_str(part);
            }
            (_, _) => pieces.push(part.clone()),
        }
    }
    pieces
}

fn lines(pieces: &[String], joint: Joint) -> Vec<String> {
    let head = if joint == Joint::Or { "any of" } else { "all of" };
    std::iter::once(head.to_owned()).chain(pieces.iter().map(|piece| format!("- {piece}"))).collect()
}
