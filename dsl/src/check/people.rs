//! People: persons, desks and rosters, and everybody who is named.
//!
//! - **Not here**: who is on duty at an instant.

use wardline_rules::program::{
    Address, Away, Cover, Desk, DeskId, Night, Person, PersonId, Quiet, Roster, RosterId, Turn, Who,
};
use wardline_rules::time::CivilTime;
use wardline_rules::words::Channel;

use super::context::Context;
use super::names;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::Block;
use crate::syntax::calendar::Rotate;
use crate::syntax::people::{Period, Ref};
use crate::vocabulary::BlockKind;

/// All persons in order.
pub(super) fn people(cx: &mut Context<'_>) -> Option<Vec<Person>> {
    let blocks: Vec<&Block> = cx.of_kind(BlockKind::Person).collect();
    blocks.into_iter().map(|block| person(cx, block)).collect()
}

fn person(cx: &mut Context<'_>, block: &Block) -> Option<Person> {
    let reach = addresses(cx, block);
    let away = block.away().map(|(period, clause)| {
        let (from, to) = ends(cx, period, clause.span)?;
        Some(Away { from, to })
    });
    Some(Person { name: block.name().into(), reach, quiet: quiet(block), away: away.collect::<Option<_>>()? })
}

fn addresses(cx: &mut Context<'_>, block: &Block) -> Vec<Address> {
    let mut addresses = Vec::new();
    for (reach, _) in block.reach() {
        declared(cx, &reach.channel);
        addresses.push(Address { channel: reach.channel.node, at: reach.at.node.as_str().into() });
    }
    addresses
}

fn quiet(block: &Block) -> Option<Quiet> {
    block.quiet().next().map(|((from, to), _)| Quiet { from: *from, to: *to })
}

/// Begin and end of a period; WL0308 if it does not begin before it ends.
fn ends(cx: &mut Context<'_>, period: &Period, span: Span) -> Option<(CivilTime, CivilTime)> {
    let civil = |(date, time): &(Spanned<_>, _)| CivilTime { date: date.node, time: *time };
    let (from, to) = (civil(&period.from), civil(&period.to));
    if from >= to {
        cx.problem(Code::WL0308, span, "This period ends before it begins.");
        return None;
    }
    Some((from, to))
}

/// All desks in order.
pub(super) fn desks(cx: &mut Context<'_>) -> Option<Vec<Desk>> {
    let blocks: Vec<&Block> = cx.of_kind(BlockKind::Desk).collect();
    Some(
        blocks
            .into_iter()
            .map(|block| Desk { name: block.name().into(), reach: addresses(cx, block), quiet: quiet(block) })
            .collect(),
    )
}

/// All rosters in order.
pub(super) fn rosters(cx: &mut Context<'_>) -> Option<Vec<Roster>> {
    let blocks: Vec<&Block> = cx.of_kind(BlockKind::Roster).collect();
    let rosters: Vec<Option<Roster>> = blocks.into_iter().map(|block| roster(cx, block)).collect();
    rosters.into_iter().collect()
}

fn roster(cx: &mut Context<'_>, block: &Block) -> Option<Roster> {
    let zone = cx.block_zone(block)?;
    let nights = nights(cx, block);
    let covers = covers(cx, block);
    let nobody = block.nobody().next().and_then(|(found, _)| standby(cx, found));
    let (rotate, _) = block.rotate().next()?;
    Some(Roster {
        name: block.name().into(),
        zone,
        turn: Turn { days: u16::try_from(rotate.days).ok()? },
        from: CivilTime { date: rotate.from.node, time: rotate.at },
        members: members(cx, rotate)?,
        nights: nights?,
        covers: covers?,
        nobody: nobody?,
    })
}

fn members(cx: &mut Context<'_>, rotate: &Rotate) -> Option<Vec<PersonId>> {
    let members: Vec<Option<u32>> =
        rotate.members.iter().map(|name| names::resolve(cx, BlockKind::Person, name)).collect();
    members.into_iter().map(|found| found.map(PersonId)).collect()
}

fn nights(cx: &mut Context<'_>, block: &Block) -> Option<Vec<Night>> {
    let mut nights = Vec::new();
    for (clause, _) in block.nights() {
        let who = standby(cx, &clause.who)?;
        nights.extend(clause.hours.iter().map(|hours| Night { days: hours.days, from: hours.from, to: hours.to, who }));
    }
    Some(nights)
}

/// Who stands in for a roster: somebody who is there without asking a report.
fn standby(cx: &mut Context<'_>, found: &Spanned<Ref>) -> Option<Who> {
    match &found.node {
        Ref::Desk(_) | Ref::Person(_) => who(cx, found),
        Ref::Ordering
        | Ref::Attending
        | Ref::Covering
        | Ref::Reporting
        | Ref::Copied
        | Ref::Recipient
        | Ref::Patient
        | Ref::Roster(_) => {
            let message = "A roster falls back on a desk or a person.";
            let found = Diagnostic::new(Code::WL0606, found.span, message);
            cx.report(
                found
                    .because("Everybody else depends on a report, or on a roster again.")
                    .help("Change it to:", &["nobody    desk \"Operations\""]),
            );
            None
        }
    }
}

fn covers(cx: &mut Context<'_>, block: &Block) -> Option<Vec<Cover>> {
    let mut covers: Vec<(Cover, Span)> = Vec::new();
    for (clause, whole) in block.cover() {
        let by = names::resolve(cx, BlockKind::Person, &clause.by).map(PersonId);
        let absent = names::resolve(cx, BlockKind::Person, &clause.absent).map(PersonId);
        let (from, to) = ends(cx, &clause.period, whole.span)?;
        let cover = Cover { by: by?, absent: absent?, from, to };
        let other = covers
            .iter()
            .find(|(other, _)| other.absent == cover.absent && other.from < cover.to && cover.from < other.to);
        if let Some((other, span)) = other {
            let message =
                format!("Two people cover {} on {}.", clause.absent.node, other.from.date.max(cover.from.date));
            let found = Diagnostic::new(Code::WL0608, whole.span, message).label(*span, "the first");
            cx.report(found.because("End one cover where the other begins."));
        }
        covers.push((cover, whole.span));
    }
    Some(covers.into_iter().map(|(cover, _)| cover).collect())
}

/// Somebody, with names resolved.
pub(super) fn who(cx: &mut Context<'_>, found: &Spanned<Ref>) -> Option<Who> {
    Some(match &found.node {
        Ref::Ordering => Who::Ordering,
        Ref::Attending => Who::Attending,
        Ref::Covering => Who::Covering,
        Ref::Reporting => Who::Reporting,
        Ref::Copied => Who::Copied,
        Ref::Recipient => Who::Recipient,
        Ref::Patient => Who::Patient,
        Ref::Desk(name) => Who::Desk(DeskId(names::resolve(cx, BlockKind::Desk, name)?)),
        Ref::Roster(name) => Who::Roster(RosterId(names::resolve(cx, BlockKind::Roster, name)?)),
        Ref::Person(name) => Who::Person(PersonId(names::resolve(cx, BlockKind::Person, name)?)),
    })
}

/// Everybody of a list; the patient and the recipient are WL0606 where they may not stand.
pub(super) fn everybody(cx: &mut Context<'_>, list: &[Spanned<Ref>], recipient: Recipient) -> Option<Vec<Who>> {
    let mut everybody = Vec::new();
    let mut complete = true;
    for found in list {
        let refused = match (&found.node, recipient) {
            (Ref::Patient, _) => Some("The patient is told by a notice, never by an alert or a clock."),
            (Ref::Recipient, Recipient::Unknown) => {
                Some("Only an escalation knows the recipient; name the person here.")
            }
            (_, _) => None,
        };
        if let Some(message) = refused {
            cx.problem(Code::WL0606, found.span, message);
        }
        match who(cx, found) {
            Some(who) if refused.is_none() => everybody.push(who),
            Some(_) | None => complete = false,
        }
    }
    complete.then_some(everybody)
}

/// Whether `the recipient` means somebody at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Recipient {
    /// In an escalation.
    Known,
    /// Everywhere else.
    Unknown,
}

/// Channels, each of them set up in a catalogue.
pub(super) fn channels(cx: &mut Context<'_>, list: &[Spanned<Channel>]) -> Vec<Channel> {
    list.iter().for_each(|channel| declared(cx, channel));
    list.iter().map(|channel| channel.node).collect()
}

/// WL0604 for a channel that no catalogue sets up.
pub(super) fn declared(cx: &mut Context<'_>, channel: &Spanned<Channel>) {
    if cx.catalogue.channels.iter().any(|known| known.channel == channel.node) {
        return;
    }
    let word = channel.node.word();
    let found = Diagnostic::new(Code::WL0604, channel.span, format!("{word} is not set up here."));
    let known: Vec<&str> = cx.catalogue.channels.iter().map(|known| known.channel.word()).collect();
    let found = if known.is_empty() { found } else { found.because(format!("Set up are: {}.", known.join(", "))) };
    cx.report(found.help("Add it to a catalogue:", &[&format!("channel   {word} via \"default\"")]));
}
