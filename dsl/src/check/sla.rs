//! Sla: clocks and their exceptions, inherited clauses filled in.
//!
//! A family is read parent first; an exception starts as a copy of its parent and replaces what it restates [SLA-2].
//! - **How it fits**: `clock` judges each complete rule, `overlap` the family and its neighbours.
//! - **Not here**: running clocks.

mod clock;
mod overlap;

use wardline_rules::program::{
    Condition, Covers, Family, Late, Missing, Pause, RuleHead, SlaRule, StartMissing, Threshold, Warning,
};
use wardline_rules::time::Span as Micros;
use wardline_rules::words::KindSet;

use super::condition::{self, Needs};
use super::context::Context;
use super::{action, length, missing, moments};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::limits::WARNS_MAX;
use crate::source::Span;
use crate::syntax::basic::Name;
use crate::syntax::moment::Moments;
use crate::syntax::rule::{Warn, WarnAt};
use crate::syntax::{Block, Detail};
use crate::vocabulary::BlockKind;

/// A rule of a family with what its exceptions inherit besides its clauses.
#[derive(Clone)]
struct Member<'t> {
    block: &'t Block,
    rule: SlaRule,
    /// Kinds of this rule and all its parents.
    kinds: KindSet,
    /// Conditions of this rule and all its parents.
    covered: Vec<Condition>,
    counts: Option<&'t Name>,
}

/// All families in the order of their slas.
pub(super) fn families(cx: &mut Context<'_>) -> Option<Vec<Family>> {
    let slas: Vec<&Block> = cx.of_kind(BlockKind::Sla).collect();
    let exceptions: Vec<&Block> = cx.of_kind(BlockKind::Exception).collect();
    circles(cx, &exceptions);
    let mut complete = true;
    let mut all: Vec<Vec<Member<'_>>> = Vec::new();
    let mut read = 0;
    for sla in slas {
        let members = family(cx, sla, &exceptions);
        read += members.iter().flatten().count();
        complete &= members.iter().all(Option::is_some);
        all.push(members.into_iter().flatten().collect());
    }
    complete &= read == cx.of_kind(BlockKind::Sla).chain(cx.of_kind(BlockKind::Exception)).count();
    for (family, other) in overlap::check(cx, &all) {
        yields(&mut all, family, other);
    }
    let families =
        all.into_iter().map(|members| Family { rules: members.into_iter().map(|member| member.rule).collect() });
    let families: Vec<Family> = families.collect();
    complete.then_some(families)
}

/// Of two slas that may claim one report, the one whose name sorts later gives way.
fn yields(all: &mut [Vec<Member<'_>>], one: usize, two: usize) {
    let name = |at: usize| all.get(at).and_then(|members| members.first()).map(|root| root.rule.head.name.clone());
    let (later, first) = if name(one) > name(two) { (one, two) } else { (two, one) };
    let Ok(first) = u32::try_from(first) else { return };
    if let Some(root) = all.get_mut(later).and_then(|members| members.first_mut()) {
        root.rule.yields_to.push(first);
    }
}

/// The block that an exception is one to.
fn parent_name(block: &Block) -> Option<&Name> {
    match &block.detail {
        Detail::ExceptionTo(name) => Some(name),
        Detail::None | Detail::Edition(..) | Detail::Severity(_) | Detail::Function(_) => None,
    }
}

/// WL0203 for parents that do not exist, WL0207 for exceptions that lead back to themselves.
fn circles(cx: &mut Context<'_>, exceptions: &[&Block]) {
    for block in exceptions {
        let Some(parent) = parent_name(block) else { continue };
        if super::names::resolve(cx, BlockKind::Sla, parent).is_none() {
            continue;
        }
        let mut at = parent.node.as_str();
        for _ in 0..=exceptions.len() {
            if at == block.name() {
                let message =
                    format!("\"{}\" is an exception to \"{}\", and that leads back to it.", block.name(), parent.node);
                cx.report(
                    Diagnostic::new(Code::WL0207, parent.span, message)
                        .because("An exception leads to an sla in the end."),
                );
                break;
            }
            let next = exceptions.iter().find(|other| other.name() == at).and_then(|other| parent_name(other));
            let Some(next) = next else { break };
            at = next.node.as_str();
        }
    }
}

/// An sla and its exceptions, each after its parent; `None` for one that is wrong.
fn family<'t>(cx: &mut Context<'_>, sla: &'t Block, exceptions: &[&'t Block]) -> Vec<Option<Member<'t>>> {
    let mut members = vec![member(cx, sla, None)];
    let mut next = 0;
    while let Some(parent) = members.get(next).cloned() {
        let position = u32::try_from(next).ok();
        next += 1;
        let Some(parent) = parent else { continue };
        let children =
            exceptions.iter().filter(|block| parent_name(block).is_some_and(|name| name.node == parent.block.name()));
        for child in children {
            if members.len() <= exceptions.len() + 1 {
                members.push(member(cx, child, position.map(|position| (position, &parent))));
            }
        }
    }
    members
}

/// The head of a rule: identity by the first name it ever had [ALERT-1].
pub(super) fn head(block: &Block) -> Option<RuleHead> {
    let (policy, _) = block.policy().next()?;
    let first = block.was().next().and_then(|(names, _)| names.first()).map_or(block.name(), |name| name.node.as_str());
    Some(RuleHead {
        id: format!("{}/{first}", block.kind.word()).as_str().into(),
        name: block.name().into(),
        policy: policy.name.node.as_str().into(),
        owner: policy.owner.node.as_str().into(),
        review_by: policy.review_by.node,
    })
}

/// Reads one rule on top of its parent.
fn member<'t>(cx: &mut Context<'_>, block: &'t Block, parent: Option<(u32, &Member<'t>)>) -> Option<Member<'t>> {
    let base = parent.map(|(_, parent)| parent);
    let outer = base.map_or(KindSet::ALL, |parent| parent.kinds);
    let mut needs = Needs::default();
    let covers = covers(cx, block, &mut needs);
    let said =
        block.covers().next().and_then(|(covers, _)| covers.kinds.as_ref()).map_or(KindSet::ALL, |kinds| kinds.node);
    let kinds = outer.and(said);
    let own_missing = missing::clauses(cx, block, false);
    let inherited = base.map_or(&[][..], |parent| parent.rule.missing.as_slice());
    missing::complete(cx, &needs, own_missing.as_deref(), inherited);
    let counts = block.counts().next().map(|(name, _)| name).or(base.and_then(|parent| parent.counts));
    let rule = clauses(cx, &Reading { block, base: base.map(|parent| &parent.rule), kinds, counts });
    let rule = SlaRule {
        parent: parent.map(|(position, _)| position),
        covers: covers?,
        missing: joined(own_missing?, inherited),
        ..rule?
    };
    let mut covered = base.map_or_else(Vec::new, |parent| parent.covered.clone());
    covered.extend([condition::of_kinds(rule.covers.kinds), rule.covers.condition.clone()]);
    let member = Member { block, rule, kinds, covered, counts };
    clock::check(cx, &member);
    Some(member)
}

/// Own clauses first, then the parent's about something else.
fn joined(own: Vec<(Missing, Span)>, inherited: &[Missing]) -> Vec<Missing> {
    let mut all: Vec<Missing> = own.into_iter().map(|(missing, _)| missing).collect();
    for missing in inherited {
        if !all.iter().any(|known| known.what == missing.what) {
            all.push(missing.clone());
        }
    }
    all
}

fn covers(cx: &mut Context<'_>, block: &Block, needs: &mut Needs) -> Option<Covers> {
    let (written, _) = block.covers().next()?;
    let kinds = written.kinds.as_ref().map_or(KindSet::ALL, |kinds| kinds.node);
    let condition = match &written.condition {
        Some(condition) => condition::lower(cx, condition, false, needs)?,
        None => Condition::always(),
    };
    Some(Covers { kinds, condition })
}

/// What a rule is read with.
struct Reading<'r, 't> {
    block: &'t Block,
    base: Option<&'r SlaRule>,
    kinds: KindSet,
    counts: Option<&'t Name>,
}

/// The clauses of a rule; covers, parent and missing are filled in by the caller.
fn clauses(cx: &mut Context<'_>, reading: &Reading<'_, '_>) -> Option<SlaRule> {
    let (block, base) = (reading.block, reading.base);
    let starts = moments_of(cx, reading, block.starts().next().map(|(m, _)| m), base.map(|base| &base.starts));
    let stops = moments_of(cx, reading, block.stops().next().map(|(m, _)| m), base.map(|base| &base.stops));
    // A rule does well without these two.
    let none = Lowered::new();
    let cancels = base.map_or(&none, |base| &base.cancels);
    let cancels = moments_of(cx, reading, block.cancels().next().map(|(m, _)| m), Some(cancels));
    let restarts = base.map_or(&none, |base| &base.restarts);
    let restarts = moments_of(cx, reading, block.restarts().next().map(|(m, _)| m), Some(restarts));
    let pauses = pauses(cx, reading);
    let calendar = reading.counts.map(|name| length::calendar(cx, name));
    let target = match block.target().next() {
        Some((target, _)) => length::length(cx, target, length::Use { calendar: reading.counts, what: "target" }),
        None => base.map(|base| base.target),
    };
    let warnings = warnings(cx, reading);
    let breach = match block.breach().next() {
        Some((breach, _)) => action::action(cx, breach),
        None => base.map(|base| base.breach.clone()),
    };
    let start_missing = missing::start(cx, block)?;
    let late = block.late_keep().next().map(|(keep, _)| if *keep { Late::Keep } else { Late::Withdraw });
    Some(SlaRule {
        head: head(block)?,
        parent: None,
        yields_to: Vec::new(),
        covers: Covers { kinds: reading.kinds, condition: Condition::always() },
        starts: starts?,
        pauses: pauses?,
        stops: stops?,
        cancels: cancels?,
        restarts: restarts?,
        calendar: super::escalation::optional(calendar)?,
        target: target?,
        warnings: warnings?,
        breach: breach?,
        missing: Vec::new(),
        start_missing: start_missing.or(base.map(|base| base.start_missing)).unwrap_or(StartMissing::DoNotStart),
        late: late.or(base.map(|base| base.late)).unwrap_or(Late::Withdraw),
    })
}

type Lowered = Vec<wardline_rules::program::Moment>;

fn moments_of(
    cx: &mut Context<'_>,
    reading: &Reading<'_, '_>,
    own: Option<&Moments>,
    base: Option<&Lowered>,
) -> Option<Lowered> {
    match own {
        Some(own) => moments::moments(cx, own, reading.kinds),
        None => base.cloned(),
    }
}

fn pauses(cx: &mut Context<'_>, reading: &Reading<'_, '_>) -> Option<Option<Pause>> {
    let Some((written, _)) = reading.block.pauses().next() else {
        return Some(reading.base.and_then(|base| base.pauses.clone()));
    };
    let while_ = moments::report_is(cx, &written.while_);
    let at_most = written
        .at_most
        .as_ref()
        .map(|span| length::length(cx, span, length::Use { calendar: reading.counts, what: "at most" }));
    Some(Some(Pause { while_: while_?, at_most: super::escalation::optional(at_most)? }))
}

fn warnings(cx: &mut Context<'_>, reading: &Reading<'_, '_>) -> Option<Vec<Warning>> {
    let own: Vec<(&Warn, Span)> = reading.block.warn().map(|(warn, clause)| (warn, clause.span)).collect();
    if own.is_empty() {
        return Some(reading.base.map_or_else(Vec::new, |base| base.warnings.clone()));
    }
    if let Some((_, span)) = own.get(WARNS_MAX) {
        cx.problem(Code::WL0107, *span, format!("There are {} warnings; {WARNS_MAX} are allowed.", own.len()));
    }
    let warnings: Vec<Option<Warning>> = own.into_iter().map(|(warn, _)| warning(cx, warn, reading)).collect();
    warnings.into_iter().collect()
}

fn warning(cx: &mut Context<'_>, written: &Warn, reading: &Reading<'_, '_>) -> Option<Warning> {
    let action = action::action(cx, &written.action);
    let at = match &written.at {
        WarnAt::Span(span) => {
            Threshold::Length(length::length(cx, span, length::Use { calendar: reading.counts, what: "warn at" })?)
        }
        WarnAt::Percent(percent) => Threshold::Share(clock::millionths(cx, percent)?),
    };
    Some(Warning { at, action: action? })
}

/// How far into a clock a threshold lies, in the unit of its target; `None` where that cannot be said.
fn reached(at: Threshold, target: wardline_rules::program::Length) -> Option<Micros> {
    match at {
        Threshold::Length(length) => Some(length::rough(length)),
        Threshold::Share(millionths) => {
            let micros = i128::from(length::rough(target).micros()) * i128::from(millionths) / 1_000_000;
            i64::try_from(micros).ok().map(Micros::from_micros)
        }
    }
}
