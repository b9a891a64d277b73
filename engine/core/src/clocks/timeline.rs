//! Timeline: when did the clock of a family start, rest and end on this report, going by what is known?
//!
//! A clock is a function of the facts [SLA-1]. The instants at which anything is said to have happened are walked in order;
//! at each, the order of [TIME-3] applies: stop, cancel, restart, start. What comes out is the list of its cycles.
//! ```text
//!  facts   ──start────────recollect────────────stop──►
//!  cycles    [ 0: restarted )[ 1: met           ]
//! ```
//! - **How it fits**: [`crate::clocks`] compares the list with what it knew and arms the next threshold.
//! - **Not here**: what was sent, the time it is now.

use wardline_rules::{
    evaluate::{FieldSet, Match, matches},
    program::{Calendar, Condition, Family, Length, SlaRule, StartMissing, Threshold},
    time::{EventTime, HOUR, Span, Timestamp},
    words::Step,
};

use crate::{
    doubt::Doubt,
    moments::{Scratch, times},
    report::{Report, registers::Occurrence},
    view::{Sources, View},
};

/// One run of a clock, from start to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cycle {
    /// The rule in force: index into the family.
    pub(crate) rule: u32,
    pub(crate) start: EventTime,
    pub(crate) end: Option<End>,
    /// When the target is used up; `MAX` while it rests without limit.
    pub(crate) due: Timestamp,
    /// When each warning is reached, in order of declaration.
    pub(crate) warnings: [Timestamp; wardline_rules::limits::WARNINGS_MAX],
    /// Whether it rests, going by the newest facts, and until when at most.
    pub(crate) rests_until: Option<Timestamp>,
    /// Fields that a `missing` clause decided about when it started.
    pub(crate) missing: FieldSet,
}

/// Why a cycle is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// What it waited for happened.
    Stopped(EventTime),
    /// It was cancelled, or is no longer covered.
    Cancelled(Timestamp),
    /// It began again.
    Restarted(Timestamp),
    /// It had ended before it started.
    Invalid(Timestamp),
}

impl End {
    pub(crate) const fn at(self) -> Timestamp {
        match self {
            Self::Stopped(time) => time.lo,
            Self::Cancelled(at) | Self::Restarted(at) | Self::Invalid(at) => at,
        }
    }
}

/// Buffers of one reading.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffers {
    scratch: Scratch,
    starts: Vec<Occurrence>,
    stops: Vec<Occurrence>,
    cancels: Vec<Occurrence>,
    /// When the order was cancelled or the report found in error, if that is in force.
    ended: Option<Timestamp>,
    restarts: Vec<Occurrence>,
    pauses: Vec<(Timestamp, Timestamp)>,
    instants: Vec<Timestamp>,
    /// What each rule was in doubt about since a start.
    pub(crate) doubts: Vec<(u32, Doubt)>,
    /// The rule that ruled where another could have: of this family, or of the one given.
    pub(crate) overlap: Option<(Option<u32>, u32)>,
    /// When we heard of the newest start.
    pub(crate) heard: Option<Timestamp>,
    /// When we heard of the newest start without usable time on a report that is covered.
    pub(crate) untimed: Option<Timestamp>,
}

impl Buffers {
    /// Whether a start happened by then.
    fn has_begun(&self, at: Timestamp) -> bool {
        self.starts.iter().any(|start| start.at.base() <= at)
    }

    fn note(&mut self, rule: u32, found: &Match) {
        match self.doubts.iter_mut().find(|known| known.0 == rule) {
            Some((_, doubt)) => doubt.add(found),
            None => {
                let mut doubt = Doubt::default();
                doubt.add(found);
                self.doubts.push((rule, doubt));
            }
        }
    }
}

/// What a timeline is read from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) family: &'a Family,
    /// Log time from which the rule applies: what was heard before starts no clock [LOAD-3].
    pub(crate) since: Timestamp,
    pub(crate) report: &'a Report,
    pub(crate) from: Sources<'a>,
}

/// Reads the cycles of the family's clock on the report.
pub(crate) fn read(reading: Reading<'_>, buffers: &mut Buffers, cycles: &mut Vec<Cycle>) {
    cycles.clear();
    let Some(root) = reading.family.rules.first() else { return };
    buffers.doubts.clear();
    buffers.overlap = None;
    reading.starts(root, buffers);
    if buffers.starts.is_empty() {
        return;
    }
    reading.ends(root, buffers);
    reading.instants(buffers);
    let mut walk = Walk { reading, buffers, cycles, is_stopped: false };
    walk.run();
    for cycle in walk.cycles.iter_mut() {
        reading.measure(cycle, walk.buffers);
    }
}

impl Reading<'_> {
    fn starts(&self, root: &SlaRule, buffers: &mut Buffers) {
        let from = (self.from.tuples, self.from.dictionary);
        times(&root.starts, self.report, from, &mut buffers.scratch, &mut buffers.starts);
        buffers.starts.retain(|start| start.heard >= self.since);
        let is_unusable = |start: &Occurrence| start.is_untimed || is_coarse(start.at, root.target);
        let untimed = buffers.starts.iter().filter(|start| is_unusable(start)).map(|start| start.heard).max();
        buffers.untimed = untimed.filter(|heard| self.covering(*heard, buffers).is_some());
        for start in buffers.starts.iter_mut().filter(|start| is_unusable(start)) {
            *start = self.replaced(root.start_missing, *start);
        }
        buffers.starts.retain(|start| !is_unusable(start));
        buffers.heard = buffers.starts.iter().map(|start| start.heard).max();
    }

    /// A start without usable time, as the rule says to read it [SLA-12].
    fn replaced(&self, missing: StartMissing, start: Occurrence) -> Occurrence {
        match missing {
            StartMissing::DoNotStart => start,
            StartMissing::UseArrival => Occurrence::exactly(start.heard, start.heard),
            StartMissing::UseTimeOf(step) => match self.report.register(step) {
                Some(record) if !record.is_untimed => Occurrence { heard: start.heard, ..Occurrence::of(record) },
                Some(_) | None => start,
            },
        }
    }

    fn ends(&self, root: &SlaRule, buffers: &mut Buffers) {
        let from = (self.from.tuples, self.from.dictionary);
        times(&root.stops, self.report, from, &mut buffers.scratch, &mut buffers.stops);
        times(&root.cancels, self.report, from, &mut buffers.scratch, &mut buffers.cancels);
        let ends = [Step::Cancelled, Step::EnteredInError].map(|step| self.report.end_in_force(step));
        buffers.ended = ends.iter().flatten().map(|end| end.lo).min();
        buffers.cancels.extend(ends.into_iter().flatten().map(Occurrence::of));
        buffers.cancels.sort_by_key(|cancel| cancel.at.lo);
        times(&root.restarts, self.report, from, &mut buffers.scratch, &mut buffers.restarts);
    }

    /// All instants at which cover or course may change.
    fn instants(&self, buffers: &mut Buffers) {
        let Buffers { instants, starts, stops, cancels, restarts, .. } = buffers;
        instants.clear();
        instants.extend(self.report.records.iter().map(|record| record.lo));
        instants.extend(self.report.cold.flags.iter().map(|flag| flag.at));
        instants.extend(self.report.cold.statements.iter().map(|statement| statement.at));
        instants.extend(self.report.cold.people.iter().map(|person| person.at));
        for list in [starts, stops, cancels, restarts] {
            instants.extend(list.iter().map(|occurrence| occurrence.at.base()));
            instants.extend(list.iter().map(|occurrence| occurrence.at.lo));
        }
        instants.sort_unstable();
        instants.dedup();
    }

    /// The deepest rule of the family that covers the report at `at`, and what was decided without knowing; none where an
    /// sla that may claim the same report comes before it.
    fn covering(&self, at: Timestamp, buffers: &mut Buffers) -> Option<(u32, FieldSet)> {
        let then = (at, self.report.effective_at(at, self.from.tuples));
        let mut found: Option<(u32, FieldSet)> = None;
        while let Some(deeper) = self.deeper(found.map(|found| found.0), then, buffers) {
            found = Some(deeper);
        }
        let mut others = self.family.rules.first()?.yields_to.iter();
        let first = found.and_then(|_| others.find(|other| self.is_covered_by(**other, then)));
        if let Some(first) = first.filter(|_| buffers.has_begun(at)) {
            buffers.overlap = Some((Some(*first), 0));
        }
        found.filter(|_| first.is_none())
    }

    /// Of the rules right below `parent` the one that covers; of several, the one whose name sorts first.
    fn deeper(&self, parent: Option<u32>, then: (Timestamp, u32), buffers: &mut Buffers) -> Option<(u32, FieldSet)> {
        let mut best: Option<(&SlaRule, (u32, FieldSet))> = None;
        for (index, rule) in (0_u32..).zip(&self.family.rules).filter(|(_, rule)| rule.parent == parent) {
            let Some(missing) = self.covers((index, rule), then, buffers) else { continue };
            let is_first = best.is_none_or(|(known, _)| rule.head.name < known.head.name);
            let is_contested = best.is_some() && buffers.has_begun(then.0);
            if is_first {
                best = Some((rule, (index, missing)));
            }
            if let Some((_, (ruling, _))) = best.filter(|_| is_contested) {
                buffers.overlap = Some((None, ruling));
            }
        }
        best.map(|(_, found)| found)
    }

    fn covers(
        &self,
        (index, rule): (u32, &SlaRule),
        then: (Timestamp, u32),
        buffers: &mut Buffers,
    ) -> Option<FieldSet> {
        let found = self.matched(rule, then)?;
        let is_in_doubt = !(found.missing_used.is_empty() && found.scripts_used.is_empty());
        if is_in_doubt && buffers.has_begun(then.0) {
            buffers.note(index, &found);
        }
        found.holds.then_some(found.missing_used)
    }

    fn is_covered_by(&self, family: u32, then: (Timestamp, u32)) -> bool {
        let root = self.from.program.families.get(family as usize).and_then(|family| family.rules.first());
        root.and_then(|root| self.matched(root, then)).is_some_and(|found| found.holds)
    }

    /// What `covers` of a rule says; nothing if it is about other kinds.
    fn matched(&self, rule: &SlaRule, (at, then): (Timestamp, u32)) -> Option<Match> {
        use wardline_rules::evaluate::Facts;
        let view = View { from: self.from, report: self.report, then: self.from.tuples.get(then), at, result: None };
        let is_of_kind = view.kind().is_some_and(|kind| rule.covers.kinds.has(kind));
        is_of_kind.then(|| matches(&rule.covers.condition, &Condition::never(), &rule.missing, &view))
    }

    fn calendar(&self, rule: &SlaRule) -> Option<&Calendar> {
        rule.calendar.and_then(|calendar| self.from.program.calendars.get(calendar.index()))
    }

    /// Fills in when target and warnings are used up, and whether the cycle rests now.
    fn measure(&self, cycle: &mut Cycle, buffers: &mut Buffers) {
        let Some(rule) = self.family.rules.get(cycle.rule as usize) else { return };
        buffers.pauses.clear();
        let calendar = self.calendar(rule);
        if let Some(pause) = &rule.pauses {
            self.report.ranges(&pause.while_, self.from.dictionary, &mut buffers.pauses);
            let is_resting =
                cycle.end.is_none() && buffers.pauses.last().is_some_and(|range| range.1 == Timestamp::MAX);
            limit(&mut buffers.pauses, cycle.start.base(), pause.at_most, calendar);
            cycle.rests_until = buffers.pauses.last().map(|range| range.1).filter(|_| is_resting);
        }
        let due = |length| due_after(cycle.start.base(), length, &buffers.pauses, calendar);
        cycle.due = due(rule.target);
        for (at, warning) in cycle.warnings.iter_mut().zip(&rule.warnings) {
            *at = due(threshold(warning.at, rule.target));
        }
    }
}

/// A time wider than an hour neither starts nor stops a clock of less than a day [TIM-10].
pub(crate) fn is_coarse(time: EventTime, target: Length) -> bool {
    let is_short = match target {
        Length::Elapsed(span) => span < Span::from_micros(24 * HOUR),
        Length::Working(_) | Length::WorkingDays { .. } => false,
    };
    is_short && time.width() > Span::from_micros(HOUR)
}

/// The length that a threshold means; shares are rounded down to the microsecond [SLA-8].
fn threshold(at: Threshold, target: Length) -> Length {
    let share = |span: Span, millionths: u32| {
        let micros = i128::from(span.micros()) * i128::from(millionths) / 1_000_000;
        Span::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    };
    match (at, target) {
        (Threshold::Length(length), _) => length,
        (Threshold::Share(millionths), Length::Elapsed(span)) => Length::Elapsed(share(span, millionths)),
        (Threshold::Share(millionths), Length::Working(span)) => Length::Working(share(span, millionths)),
        (Threshold::Share(_), Length::WorkingDays { .. }) => target,
    }
}

fn used(from: Timestamp, to: Timestamp, calendar: Option<&Calendar>) -> Span {
    calendar.map_or_else(|| to.since(from), |calendar| calendar.used(from, to))
}

fn due(from: Timestamp, span: Span, calendar: Option<&Calendar>) -> Timestamp {
    calendar.map_or_else(|| from.plus(span), |calendar| calendar.due(from, span))
}

/// Cuts pauses off before the start and where their total passes what the rule allows [SLA-5].
pub(super) fn limit(
    pauses: &mut Vec<(Timestamp, Timestamp)>,
    start: Timestamp,
    at_most: Option<Length>,
    calendar: Option<&Calendar>,
) {
    pauses.retain_mut(|range| {
        range.0 = range.0.max(start);
        range.0 < range.1
    });
    let (mut left, calendar) = match at_most {
        None | Some(Length::WorkingDays { .. }) => return,
        Some(Length::Elapsed(span)) => (span, None),
        Some(Length::Working(span)) => (span, calendar),
    };
    pauses.retain_mut(|range| {
        let end = due(range.0, left, calendar).min(range.1);
        left = left.minus(used(range.0, end, calendar));
        range.1 = end;
        range.0 < range.1
    });
}

/// The earliest instant at which `length` since `start` is used up, pauses left out.
pub(crate) fn due_after(
    start: Timestamp,
    length: Length,
    pauses: &[(Timestamp, Timestamp)],
    calendar: Option<&Calendar>,
) -> Timestamp {
    let (mut left, calendar) = match length {
        Length::Elapsed(span) => (span, None),
        Length::Working(span) => (span, calendar),
        Length::WorkingDays { days, by } => {
            return calendar.map_or(Timestamp::MAX, |calendar| calendar.working_day(start, days, by));
        }
    };
    let mut cursor = start;
    for (from, to) in pauses {
        if *from > cursor {
            let so_far = used(cursor, *from, calendar);
            if so_far >= left {
                break;
            }
            left = left.minus(so_far);
        }
        cursor = cursor.max(*to);
        if cursor == Timestamp::MAX {
            return Timestamp::MAX;
        }
    }
    due(cursor, left, calendar)
}

/// The walk over the instants of a report.
struct Walk<'a, 'b> {
    reading: Reading<'a>,
    buffers: &'b mut Buffers,
    cycles: &'b mut Vec<Cycle>,
    is_stopped: bool,
}

impl Walk<'_, '_> {
    fn run(&mut self) {
        let instants = core::mem::take(&mut self.buffers.instants);
        for at in &instants {
            let covering = self.reading.covering(*at, self.buffers);
            match self.cycles.last().copied() {
                Some(cycle) if cycle.end.is_none() => self.go_on(cycle, *at, covering),
                Some(_) | None => self.maybe_start(*at, covering),
            }
        }
        self.buffers.instants = instants;
    }

    /// What happens at `at` to a cycle that runs.
    fn go_on(&mut self, cycle: Cycle, at: Timestamp, covering: Option<(u32, FieldSet)>) {
        let happens = |list: &[Occurrence]| list.iter().find(|occurrence| occurrence.at.lo == at).copied();
        if let Some(stop) = happens(&self.buffers.stops) {
            self.end(End::Stopped(stop.at));
            self.is_stopped = true;
        } else if happens(&self.buffers.cancels).is_some() {
            self.end(End::Cancelled(at));
        } else if covering.map(|found| found.0) != Some(cycle.rule) {
            self.end(End::Cancelled(at));
            self.start(at, covering);
        } else if at > cycle.start.lo && happens(&self.buffers.restarts).is_some() {
            self.end(End::Restarted(at));
            self.start(at, covering);
        }
    }

    /// Starts the clock at the first instant at which its moment has happened and the report is covered [SLA-3].
    fn maybe_start(&mut self, at: Timestamp, covering: Option<(u32, FieldSet)>) {
        let Some(begun) = self.buffers.starts.iter().find(|start| start.at.base() <= at).copied() else { return };
        // A moment that cancels does so from the start on; nothing begins on a report that is over.
        let is_cancelled = |cancel: &Occurrence| begun.at.base() <= cancel.at.lo && cancel.at.lo <= at;
        let is_over =
            self.buffers.ended.is_some_and(|ended| ended <= at) || self.buffers.cancels.iter().any(is_cancelled);
        if covering.is_none() || self.is_stopped || is_over {
            return;
        }
        if self.cycles.last().is_some_and(|last| last.end.is_some_and(|end| end.at() >= at)) {
            return;
        }
        let since = self.cycles.last().and_then(|last| last.end).map_or(begun.at.base(), End::at);
        let stopped_before = self.buffers.stops.iter().any(|stop| since <= stop.at.lo && stop.at.lo < at);
        if stopped_before {
            // [SLA-7] It was over before the report was covered.
            self.is_stopped = true;
            return;
        }
        let start = if self.cycles.is_empty() && begun.at.base() == at { begun.at } else { EventTime::exact(at) };
        self.push(start, covering);
        self.end_at_start(at, begun.at.lo);
    }

    /// Start and stop together are met in no time; a stop that lies only before the start makes the clock invalid.
    fn end_at_start(&mut self, at: Timestamp, begun: Timestamp) {
        let stops = &self.buffers.stops;
        if let Some(stop) = stops.iter().find(|stop| stop.at.lo == at || stop.at.lo == begun) {
            self.end(End::Stopped(stop.at));
            self.is_stopped = true;
        } else if !stops.is_empty() && stops.iter().all(|stop| stop.at.lo < begun) {
            self.end(End::Invalid(at));
            self.is_stopped = true;
        }
    }

    fn start(&mut self, at: Timestamp, covering: Option<(u32, FieldSet)>) {
        self.push(EventTime::exact(at), covering);
    }

    fn push(&mut self, start: EventTime, covering: Option<(u32, FieldSet)>) {
        let Some((rule, missing)) = covering else { return };
        self.cycles.push(Cycle {
            rule,
            start,
            end: None,
            due: Timestamp::MAX,
            warnings: [Timestamp::MAX; wardline_rules::limits::WARNINGS_MAX],
            rests_until: None,
            missing,
        });
    }

    fn end(&mut self, end: End) {
        if let Some(cycle) = self.cycles.last_mut() {
            cycle.end = Some(end);
        }
    }
}
