//! Counts: in which group of which count does a report stand now?
//!
//! A count takes the reports that match as known now [WHILE-2]; each report remembers where it is counted, so that news costs
//! one step up and one down.
//! - LIMIT: [`GROUPS_PER_RULE_MAX`]; further groups are counted together as `other`, with a data-quality row.

use wardline_rules::{
    evaluate::{Facts, matches},
    program::{Count, Field, Lasting, Trigger},
    quality::Fault,
    time::Timestamp,
};

use super::{Gauge, GaugeKey, in_range};
use crate::{
    alerts::when::AlertIx,
    clocks::timeline::due_after,
    dictionary::{Coded, NO_TEXT, OTHER},
    doubt::Doubt,
    limits::GROUPS_PER_RULE_MAX,
    output::{Output, QualityRow},
    partition::Partition,
    past::Past,
    report::Report,
    timers::{Class, Timer, TimerId},
    view::View,
};

/// The timer of a gauge among those of one instant.
const PART: u32 = 1;

impl Partition {
    /// Counts a report where it belongs now.
    pub(crate) fn count_report(&mut self, report: &mut Report, rule: AlertIx, out: &mut Output) {
        let mut doubt = Doubt::default();
        let Some((id, wanted)) = self.group_now(report, rule, &mut doubt) else { return };
        let wanted = wanted.map(|group| self.admit(id, group, out));
        let place = report.counted.iter().position(|known| known.0 == id);
        let known = place.and_then(|place| report.counted.get(place)).map(|known| known.1);
        if known != wanted || report.opened == self.at {
            self.say_doubt((id, report.born), &doubt, out);
        }
        if known == wanted {
            return;
        }
        if let Some(place) = place {
            report.counted.swap_remove(place);
        }
        report.counted.extend(wanted.map(|group| (id, group)));
        let seen = self.at;
        let gauge = |index: AlertIx| Gauge { ward: index.ward, index: index.index, ..Gauge::default() };
        for (group, up) in known.map(|group| (group, false)).into_iter().chain(wanted.map(|group| (group, true))) {
            let found = self.watching.gauges.entry((id, group)).or_insert_with(|| gauge(rule));
            found.count = if up { found.count.saturating_add(1) } else { found.count.saturating_sub(1) };
            self.settle_gauge((id, group), seen);
        }
    }

    /// A report that is counted is asked again, whatever its routing fields say now.
    pub(crate) fn recount(&mut self, report: &mut Report, out: &mut Output) {
        for (rule, group) in report.counted.clone() {
            let gauge =
                self.watching.gauges.get(&(rule, group)).map(|gauge| AlertIx { ward: gauge.ward, index: gauge.index });
            if let Some(index) = gauge {
                self.count_report(report, index, out);
            }
        }
    }

    /// The rule's id and the group that the report is counted in, if it is; `None` if the rule counts nothing.
    fn group_now(&mut self, report: &Report, rule: AlertIx, doubt: &mut Doubt) -> Option<(Coded, Option<Coded>)> {
        let ward = self.wards.get_mut(rule.ward as usize)?;
        ward.tests.learn(&ward.program, &self.dictionary);
        let (alert, known) = ward.alert(rule.index)?;
        let Trigger::While(found) = &alert.trigger else { return None };
        let Lasting::Count(count) = &found.state else { return None };
        let past = Some(Past { reports: &self.reports, index: &self.index });
        let from = ward.sources(&self.dictionary, &self.tuples, past);
        let then = self.tuples.get(report.effective);
        let view = View { from, report, then, at: Timestamp::MAX, result: None };
        let can_count =
            view.kind().is_some_and(|kind| count.kinds.has(kind)) && (!count.open || report.is_open(Timestamp::MAX));
        let found = can_count.then(|| matches(&alert.condition, &alert.unless, &alert.missing, &view));
        found.iter().for_each(|found| doubt.add(found));
        let counts = found.is_some_and(|found| found.holds);
        let id = known.id;
        let group = counts.then(|| group_name(&view, count.per).map(str::to_owned));
        let group = group.map(|name| name.map_or(NO_TEXT, |name| self.dictionary.code(&name)));
        Some((id, group))
    }

    /// The group itself, or `other` if there are too many.
    pub(crate) fn admit(&self, rule: Coded, group: Coded, out: &mut Output) -> Coded {
        let groups = &self.watching.gauges;
        if groups.contains_key(&(rule, group))
            || groups.range((rule, 0)..=(rule, Coded::MAX)).count() < GROUPS_PER_RULE_MAX
        {
            return group;
        }
        out.quality.push(QualityRow {
            at: self.at,
            source: wardline_rules::Text::default(),
            fault: Fault::GroupOverflow,
            rule: self.dictionary.text(rule).into(),
            field: wardline_rules::Text::const_new("per"),
        });
        OTHER
    }

    /// A report leaves memory: it is counted no longer.
    pub(crate) fn uncount(&mut self, report: &Report) {
        for key in &report.counted {
            if let Some(gauge) = self.watching.gauges.get_mut(key) {
                gauge.count = gauge.count.saturating_sub(1);
                self.settle_gauge(*key, self.at);
            }
        }
    }

    /// Reads a gauge again and arms what would follow from it.
    pub(crate) fn settle_gauge(&mut self, key: GaugeKey, at: Timestamp) {
        let Some(gauge) = self.watching.gauges.get(&key).copied() else { return };
        let Some((count, hold, rank)) = self.counting(&gauge) else { return };
        let figure = i128::from(gauge.count);
        let since = |holds: bool, since: Option<Timestamp>| holds.then(|| since.unwrap_or(at));
        let loud = since(in_range(figure, 1, count.is), gauge.loud);
        let quiet = since(hold.2.is_some_and(|clear| in_range(figure, 1, clear.0)), gauge.quiet);
        let due = if gauge.raised.is_some() {
            quiet.zip(hold.2).map(|(since, clear)| since.plus(clear.1))
        } else {
            let calendar = hold.1.and_then(|id| self.wards.get(gauge.ward as usize)?.program.calendars.get(id.index()));
            loud.map(|since| due_after(since, hold.0, &[], calendar))
        };
        let due = due.filter(|due| *due != Timestamp::MAX);
        let armed = if gauge.armed.map(|armed| armed.0) == due {
            gauge.armed
        } else {
            if let Some((_, armed)) = gauge.armed {
                self.timers.disarm(armed);
            }
            due.map(|due| (due, self.timers.arm(gauge_timer(rank, key, due))))
        };
        if gauge.count == 0 && loud.is_none() && gauge.raised.is_none() {
            // A group of which nothing is left needs no place.
            self.watching.gauges.remove(&key);
        } else {
            self.watching.gauges.insert(key, Gauge { loud, quiet, armed, ..gauge });
        }
    }

    #[expect(clippy::type_complexity, reason = "what a count says of itself, read in one place")]
    fn counting(
        &self,
        gauge: &Gauge,
    ) -> Option<(
        Count,
        (
            wardline_rules::program::Length,
            Option<wardline_rules::program::CalendarId>,
            Option<(wardline_rules::program::Bounds, wardline_rules::time::Span)>,
        ),
        u32,
    )> {
        let (alert, known) = self.wards.get(gauge.ward as usize)?.alert(gauge.index)?;
        let Trigger::While(found) = &alert.trigger else { return None };
        let Lasting::Count(count) = &found.state else { return None };
        let clear = found.clear.as_ref().map(|clear| (clear.is, clear.hold));
        Some((count.clone(), (found.hold, found.calendar, clear), known.rank))
    }

    /// A count held, or was quiet, for as long as the rule asks.
    pub(crate) fn fire_gauge(&mut self, timer: Timer, out: &mut Output) {
        let key = key_of(timer.id.subject);
        let Some(gauge) = self.watching.gauges.get_mut(&key) else { return };
        if gauge.armed.map(|armed| armed.0) != Some(timer.due) {
            return;
        }
        gauge.armed = None;
        // A count can be loud and quiet at once, where the ranges of a rule overlap. What was waited for while the alert stood
        // the other way is waited for anew: or one would follow the other in the same instant for ever.
        match (gauge.raised.take(), gauge.loud) {
            (Some(raised), _) => {
                gauge.loud = gauge.loud.map(|_| timer.due);
                self.clear_raised(raised, out);
            }
            (None, Some(since)) => {
                gauge.quiet = gauge.quiet.map(|_| timer.due);
                self.raise_gauge(key, since, out);
            }
            (None, None) => {}
        }
        self.settle_gauge(key, self.at);
    }

    /// After an activation: every report is counted as the new ward says, every rule of it has its gauge.
    pub(crate) fn count_all(&mut self, active: u32, out: &mut Output) {
        let Some(counts) = self.wards.get(active as usize).map(|ward| ward.counts.clone()) else { return };
        if counts.is_empty() {
            return;
        }
        for index in &counts {
            self.adopt(active, *index);
        }
        let slots: Vec<u32> = self.reports.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            let Some(mut report) = self.reports.take(slot) else { continue };
            for index in &counts {
                self.count_report(&mut report, AlertIx { ward: active, index: *index }, out);
            }
            self.reports.put(slot, report);
        }
    }

    /// The gauges of a rule go on by its newest text; a count that is not kept apart has one from the start.
    fn adopt(&mut self, ward: u32, index: u32) {
        let Some((alert, known)) = self.wards.get(ward as usize).and_then(|found| found.alert(index)) else { return };
        let id = known.id;
        let is_whole = matches!(&alert.trigger, Trigger::While(found)
            if matches!(&found.state, Lasting::Count(count) if count.per.is_none()));
        if is_whole {
            self.watching.gauges.entry((id, NO_TEXT)).or_default();
        }
        let keys: Vec<GaugeKey> = self.watching.gauges.range((id, 0)..=(id, Coded::MAX)).map(|(key, _)| *key).collect();
        for key in keys {
            if let Some(gauge) = self.watching.gauges.get_mut(&key) {
                (gauge.ward, gauge.index) = (ward, index);
            }
            self.settle_gauge(key, self.at);
        }
    }
}

/// The name of the group that a report is in; `unknown` if its field is absent.
pub(crate) fn group_name<'v>(view: &'v View<'_>, per: Option<Field>) -> Option<&'v str> {
    let per = per?;
    if per == Field::Kind {
        return view.kind().map(|kind| kind.name());
    }
    if per == Field::Feed {
        return Some(view.from.dictionary.text(view.then.source));
    }
    Some(view.named(per).unwrap_or("unknown"))
}

/// The timer of a gauge.
pub(crate) fn gauge_timer(rank: u32, key: GaugeKey, due: Timestamp) -> Timer {
    let subject = u64::from(key.0) << 32 | u64::from(key.1);
    Timer { due, id: TimerId { class: Class::Hold, rule: rank, subject, part: PART }, owner: 0 }
}

fn key_of(subject: u64) -> GaugeKey {
    let low = u32::try_from(subject & u64::from(u32::MAX)).unwrap_or(0);
    (u32::try_from(subject >> 32).unwrap_or(0), low)
}
