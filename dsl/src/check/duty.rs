//! Duty: is there an hour in the coming months at which a step asks nobody?
//!
//! Only persons and rosters can be nobody: a person is away, or a roster falls back on a person who is. Desks are always
//! staffed, and who fills a clinician's role is not known before the report. Between two edges (handover, night, cover, begin or
//! end of an absence) nothing changes, so looking at the edges is looking at every instant.
//! - **How it fits**: runs on the finished program, since it asks the rosters as the engine will.
//! - LIMIT: 13 months ahead of the check date, at most five edges a day and roster.
//! - **Not here**: steps that are merely slow (`action`).

use std::collections::BTreeSet;

use wardline_rules::program::{EscalationStep, PersonId, Program, Roster, Who};
use wardline_rules::roster::is_away;
use wardline_rules::time::{CivilTime, Date, TimeOfDay, Timestamp, Zone};

use super::calendar::plus_months;
use super::context::Context;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::syntax::Block;
use crate::vocabulary::BlockKind;

/// Months that are walked.
const MONTHS_AHEAD: i32 = 13;

/// WL0601 for the first hour at which a step of an escalation asks nobody.
pub(super) fn check(cx: &mut Context<'_>, program: &Program) {
    if program.people.iter().all(|person| person.away.is_empty()) {
        return;
    }
    let blocks: Vec<&Block> = cx.of_kind(BlockKind::Escalation).collect();
    let horizon = (cx.as_of, plus_months(cx.as_of, MONTHS_AHEAD));
    for (escalation, block) in program.escalations.iter().zip(blocks) {
        for ((number, step), (_, clause)) in (1..).zip(&escalation.steps).zip(block.step()) {
            let Some((from, to)) = gap(step, horizon, program) else { continue };
            let message = format!(
                "Step {number} has nobody from {} to {}.",
                civil(&program.zone, from),
                civil(&program.zone, to)
            );
            let found = Diagnostic::new(Code::WL0601, clause.span, message);
            let found =
                found.because("It would be passed over at once. Fill the roster, or let it fall back on a desk.");
            cx.report(found.help("For example:", &["nobody    desk \"Operations\""]));
        }
    }
}

/// The first stretch of time in which a step asks nobody.
fn gap(step: &EscalationStep, horizon: (Date, Date), program: &Program) -> Option<(Timestamp, Timestamp)> {
    if !step.who.iter().all(|who| matches!(who, Who::Person(_) | Who::Roster(_))) {
        return None;
    }
    let edges = edges(step, horizon, program);
    let nobody = |at: &Timestamp| step.who.iter().all(|who| is_nobody(*who, *at, program));
    let from = edges.iter().find(|at| nobody(at))?;
    let to = edges.range(*from..).find(|at| !nobody(at)).or(edges.last())?;
    Some((*from, *to))
}

fn is_nobody(who: Who, at: Timestamp, program: &Program) -> bool {
    let person = match who {
        Who::Roster(roster) => program.rosters.get(roster.index()).map(|roster| roster.on_duty(at, program)),
        Who::Person(_)
        | Who::Ordering
        | Who::Attending
        | Who::Covering
        | Who::Reporting
        | Who::Copied
        | Who::Recipient
        | Who::Patient
        | Who::Desk(_) => Some(who),
    };
    let away = |person: PersonId| is_away(person, at, program);
    matches!(person, Some(Who::Person(person)) if away(person))
}

/// Every instant of the horizon at which somebody comes or goes.
fn edges(step: &EscalationStep, (first, last): (Date, Date), program: &Program) -> BTreeSet<Timestamp> {
    let mut edges = BTreeSet::from([program.zone.midnight(first)]);
    for away in program.people.iter().flat_map(|person| &person.away) {
        edges.extend([program.zone.instant(away.from), program.zone.instant(away.to)]);
    }
    for who in &step.who {
        let Who::Roster(roster) = who else { continue };
        let Some(roster) = program.rosters.get(roster.index()) else { continue };
        edges.extend(
            roster.covers.iter().flat_map(|cover| [roster.zone.instant(cover.from), roster.zone.instant(cover.to)]),
        );
        edges.extend(daily(roster, (first, last)));
    }
    let (from, to) = (program.zone.midnight(first), program.zone.midnight(last));
    edges.into_iter().filter(|at| *at >= from && *at <= to).collect()
}

/// Handovers and nights of every day.
fn daily(roster: &Roster, (first, last): (Date, Date)) -> Vec<Timestamp> {
    let times: BTreeSet<TimeOfDay> =
        roster.nights.iter().flat_map(|night| [night.from, night.to]).chain([roster.from.time]).collect();
    let days = (first.days()..=last.days()).map(Date::from_days);
    days.flat_map(|date| times.iter().map(move |time| roster.zone.instant(CivilTime { date, time: *time }))).collect()
}

/// Date and time as the ward's clock shows them.
fn civil(zone: &Zone, at: Timestamp) -> String {
    let (date, micros) = zone.civil(at);
    let minutes = micros / wardline_rules::time::MINUTE;
    format!("{date} {:02}:{:02}", minutes / 60, minutes % 60)
}
