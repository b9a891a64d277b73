//! Overlap: do two rules claim one report and one interval?
//!
//! Inside a family the deepest exception rules, so two exceptions that can match together must be an exception of one another.
//! Two slas about the same interval must not share a report at all.
//! - LIMIT: `CELLS_MAX` per pair.
//! - **Not here**: alerts; several may speak of one report.

use wardline_rules::program::Moment;

use super::Member;
use crate::check::cells::{Answer, Demand, possible};
use crate::check::context::Context;
use crate::check::standard;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;

/// WL0404 for every pair that overlaps; WL0903 where that is not proven. **Output**: the pairs of slas of which that is so.
pub(super) fn check(cx: &mut Context<'_>, families: &[Vec<Member<'_>>]) -> Vec<(usize, usize)> {
    for members in families {
        for (index, later) in members.iter().enumerate() {
            for (other, earlier) in members.iter().take(index).enumerate() {
                if !is_above(members, other, index) {
                    pair(cx, earlier, later);
                }
            }
        }
    }
    let roots = || families.iter().enumerate().filter_map(|(index, members)| Some((index, members.first()?)));
    let mut unproven = Vec::new();
    for (index, later) in roots() {
        for (other, earlier) in roots().take_while(|(other, _)| *other < index) {
            if same_interval(earlier, later) && pair(cx, earlier, later) == Proof::Open {
                unproven.push((other, index));
            }
        }
    }
    unproven
}

/// What is known of a pair.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// They overlap, or they do not.
    Done,
    /// Nobody can say.
    Open,
}

/// Whether one member of a family is a parent, near or far, of another.
fn is_above(members: &[Member<'_>], upper: usize, lower: usize) -> bool {
    let mut at = lower;
    for _ in 0..members.len() {
        let parent =
            members.get(at).and_then(|member| member.rule.parent).and_then(|parent| usize::try_from(parent).ok());
        match parent {
            Some(parent) if parent == upper => return true,
            Some(parent) => at = parent,
            None => return false,
        }
    }
    false
}

fn same_interval(one: &Member<'_>, two: &Member<'_>) -> bool {
    let same = |a: &[Moment], b: &[Moment]| a.iter().any(|a| b.iter().any(|b| a.happening == b.happening));
    same(&one.rule.starts, &two.rule.starts) && same(&one.rule.stops, &two.rule.stops)
}

fn pair(cx: &mut Context<'_>, earlier: &Member<'_>, later: &Member<'_>) -> Proof {
    if earlier.kinds.and(later.kinds).is_empty() {
        return Proof::Done;
    }
    let demands: Vec<Demand<'_>> = earlier.covered.iter().chain(&later.covered).map(Demand::yes).collect();
    let answer = possible(&demands);
    // Most pairs of a large ward end here.
    if answer == Answer::No {
        return Proof::Done;
    }
    let names = (earlier.block.name(), later.block.name());
    let scripts = super::super::function::asked(&[earlier.covered.as_slice(), later.covered.as_slice()].concat());
    match answer {
        Answer::No => Proof::Done,
        Answer::Yes if !scripts.is_empty() => {
            let message =
                format!("Overlap of \"{}\" and \"{}\" is not proven: it depends on {scripts}.", names.0, names.1);
            let found = Diagnostic::new(Code::WL0903, later.block.name_span(), message);
            cx.report(found.because("If both match, the name that sorts first rules and a data-quality row says so."));
            Proof::Open
        }
        Answer::Yes => {
            let target = |member: &Member<'_>| {
                let written = member.block.target().next().map(|(target, _)| cx.text(target.span));
                written.map_or_else(|| "that".to_owned(), str::to_owned)
            };
            let message = format!(
                "Two targets can apply to one report: {} of \"{}\" and {} of \"{}\".",
                target(earlier),
                names.0,
                target(later),
                names.1
            );
            let both = shared(cx, earlier, later);
            let span = later.block.clause("covers").map_or(later.block.header, |clause| clause.span);
            let found = Diagnostic::new(Code::WL0404, span, message).label(earlier.block.header, "the other");
            let found = found.because(format!(
                "{both} is covered by both. Say which of them is the special case, or let them cover different reports."
            ));
            cx.report(found.help("For example:", &[&format!("exception \"{}\" to \"{}\"", names.1, names.0)]));
            Proof::Done
        }
        Answer::TooMany => {
            let message = format!(
                "Overlap of \"{}\" and \"{}\" is not proven: together they have too many cases.",
                names.0, names.1
            );
            cx.problem(Code::WL0903, later.block.name_span(), message);
            Proof::Open
        }
    }
}

/// A report that both cover, by what they write: their conditions can hold together.
fn shared(cx: &Context<'_>, earlier: &Member<'_>, later: &Member<'_>) -> String {
    let mut wheres: Vec<String> = Vec::new();
    for member in [earlier, later] {
        let Some(clause) = member.block.clause("covers") else { continue };
        let text = cx.text(clause.span).split_whitespace().collect::<Vec<_>>().join(" ");
        let Some((_, condition)) = text.split_once(" where ") else { continue };
        if !wheres.iter().any(|known| known == condition) {
            wheres.push(condition.to_owned());
        }
    }
    let kind = standard::kind_words(earlier.kinds.and(later.kinds));
    let wheres: Vec<String> = wheres.iter().map(|condition| format!("where \"{condition}\" holds")).collect();
    let report = format!("A report of {kind} {}", wheres.join(" and "));
    report.trim_end().to_owned()
}
