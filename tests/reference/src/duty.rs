//! Duty: whom does a roster mean at an instant?
//!
//! - **Source**: language page 5.7, [WHO-2]; [T21] of 5.6.
//! - **Not here**: covers, absences, edges that a change of the clock repeats or leaves out.

use wardline_rules::time::{MINUTE, Span, Timestamp, Zone};

use crate::rule::{Roster, Who};

/// How far ahead somebody else is looked for; a night or a turn ends sooner.
const AHEAD: i64 = 2 * 24 * 60;
/// Edges lie on such minutes.
const EDGES: i64 = 5;

/// Who has the roster at `at`.
pub(crate) fn on_duty(roster: &Roster, zone: &Zone, at: Timestamp) -> Who {
    let (date, micros) = zone.civil(at);
    let now = micros.div_euclid(MINUTE);
    if let Some((from, to, desk)) = &roster.nights {
        let (from, to) = (i64::from(from.minutes()), i64::from(to.minutes()));
        let is_night = if from < to { (from..to).contains(&now) } else { now >= from || now < to };
        if is_night {
            return Who::Desk(desk.clone());
        }
    }
    let handover = i64::from(roster.from.1.minutes());
    let days = i64::from(date.days()) - i64::from(roster.from.0.days()) - i64::from(now < handover);
    let turn = usize::try_from(days.div_euclid(i64::from(roster.days.max(1))));
    let member = turn.ok().and_then(|turn| roster.members.iter().cycle().nth(turn % roster.members.len().max(1)));
    member.map_or_else(|| Who::Desk(roster.nobody.clone()), |name| Who::Person(name.clone()))
}

/// The next instant at which somebody else has it.
pub(crate) fn next_change(roster: &Roster, zone: &Zone, at: Timestamp) -> Option<Timestamp> {
    let now = on_duty(roster, zone, at);
    let step = EDGES * MINUTE;
    let first = (at.micros().div_euclid(step) + 1) * step;
    let ahead = (0..AHEAD / EDGES).map(|count| Timestamp::from_micros(first).plus(Span::from_micros(count * step)));
    ahead.into_iter().find(|then| on_duty(roster, zone, *then) != now)
}
