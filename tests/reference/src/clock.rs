//! Clock: which cycles of an SLA do the facts of one report give, when are they due, and how did they end?
//!
//! Brute force over the instants at which anything changed: where is the report covered, where is the clock held, which of
//! stop, cancel and restart comes first.
//!
//! - **How it fits**: [`evaluate`](crate::evaluate) reads it after every input and compares it with what it said before.
//! - **Source**: language page [SLA-1] to [SLA-9], [TIME-2], [TIME-3], [TIME-5].
//! - **Not here**: exceptions, working days, `missing start time`, times wider than an hour.

use wardline_rules::time::{EventTime, Span, Timestamp};

use crate::{
    calendar::Open,
    condition::View,
    history::History,
    rule::{Hold, Moment, Sla, Ward, WarnAt},
    text::kind_set,
};

/// What the facts say about an SLA.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// Stopped before it started [SLA-7].
    Invalid,
    /// Its cycles in order; only the last may be open.
    Cycles(Vec<Cycle>),
}

/// One run from start to end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cycle {
    /// When and how it ended.
    pub(crate) end: Option<(EndKind, Timestamp)>,
    /// When each threshold is passed, warnings first and the target last; `None` while held for good.
    pub(crate) thresholds: Vec<Option<Timestamp>>,
    /// Its outcome, once it ended.
    pub(crate) outcome: &'static str,
    /// When it is held.
    pub(crate) pauses: Vec<(Timestamp, Timestamp)>,
}

/// How a cycle ends; earlier ones count first at the same instant [TIME-3].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum EndKind {
    Stop,
    Cancel,
    Restart,
}

impl Cycle {
    /// Whether threshold `index` was passed by `at` and before the end.
    pub(crate) fn is_passed(&self, index: usize, at: Timestamp) -> bool {
        let due = self.thresholds.get(index).copied().flatten();
        due.is_some_and(|due| due <= at && self.end.is_none_or(|(_, end)| due < end))
    }
}

/// All that bears on one clock of one report.
struct Bench<'a> {
    sla: &'a Sla,
    open: Open<'a>,
    /// Whether the report is covered from each of these instants on.
    covered: Vec<(Timestamp, bool)>,
    /// When the named states and flags hold.
    holds: Vec<(Timestamp, Timestamp)>,
    /// Stops, cancels and restarts in order.
    ends: Vec<(EventTime, EndKind)>,
}

/// What the facts say about `sla`.
pub(crate) fn read(ward: &Ward, history: &History<'_>, sla: &Sla, open: Open<'_>) -> Clock {
    let Some(begun) = history.moments(sla.starts).first().copied() else { return Clock::Cycles(Vec::new()) };
    let bench = Bench::new(ward, history, sla, open);
    let Some(start) = bench.start(begun) else { return Clock::Cycles(Vec::new()) };
    let mut stops = bench.ends.iter().filter(|(_, kind)| *kind == EndKind::Stop).map(|(time, _)| time.base());
    if stops.clone().next().is_some() && stops.all(|stop| stop < begun.base()) {
        return Clock::Invalid;
    }
    let is_before = |(time, _): &&(EventTime, EndKind)| time.base() < start.base();
    let mut over = history.cancels().into_iter().chain(history.errors());
    let is_over = over.any(|end| end.base() < start.base());
    let too_late = is_over
        || bench.ends.iter().filter(is_before).any(|(time, kind)| match kind {
            EndKind::Stop | EndKind::Cancel => begun.base() <= time.base(),
            EndKind::Restart => false,
        });
    let mut cycles = Vec::new();
    let mut next = Some(start).filter(|_| !too_late);
    while let Some(start) = next {
        let (cycle, restarted) = bench.cycle(start);
        cycles.push(cycle);
        next = restarted;
    }
    Clock::Cycles(cycles)
}

impl<'a> Bench<'a> {
    fn new(ward: &Ward, history: &History<'_>, sla: &'a Sla, open: Open<'a>) -> Self {
        let changes = history.changes();
        let is_kind = kind_set(&sla.kinds).has(history.kind());
        let covers = |at: &Timestamp| {
            let view = View::new(ward, history, *at, None);
            (*at, is_kind && view.matches(sla.condition.as_ref(), None, &sla.missing))
        };
        let of = |moments: &[Moment], kind: EndKind| -> Vec<_> {
            let times = moments.iter().flat_map(|moment| history.moments(*moment));
            times.map(|time| (time, kind)).collect()
        };
        let mut ends = of(&sla.stops, EndKind::Stop);
        ends.extend(of(&sla.cancels, EndKind::Cancel));
        ends.extend(history.cancels().into_iter().chain(history.errors()).map(|time| (time, EndKind::Cancel)));
        ends.extend(of(&sla.restarts, EndKind::Restart));
        ends.sort_by_key(|(time, kind)| (time.base(), *kind));
        Self { sla, open, covered: changes.iter().map(covers).collect(), holds: holds(history, sla, &changes), ends }
    }

    /// The first instant at which the start has happened and the report is covered [SLA-3].
    fn start(&self, begun: EventTime) -> Option<EventTime> {
        let from = self.covered.iter().find(|(at, is)| *is && begun.base() <= *at)?.0;
        Some(if from == begun.base() { begun } else { EventTime::exact(from) })
    }

    /// The cycle that starts there, and where the next one does.
    fn cycle(&self, start: EventTime) -> (Cycle, Option<EventTime>) {
        let from = start.base();
        let uncovered = self.covered.iter().find(|(at, is)| !is && from < *at).map(|(at, _)| EventTime::exact(*at));
        let counts = |(time, kind): &&(EventTime, EndKind)| match kind {
            EndKind::Stop | EndKind::Cancel => from <= time.base(),
            EndKind::Restart => from < time.base(),
        };
        let told = self.ends.iter().find(counts).copied();
        let lost = uncovered.map(|time| (time, EndKind::Cancel));
        let end = told.into_iter().chain(lost).min_by_key(|(time, kind)| (time.base(), *kind));
        let targets = self.sla.warns.iter().map(|(at, _)| self.warning(*at)).chain([self.sla.target]);
        let pieces = self.pieces(from);
        let thresholds: Vec<_> = targets.map(|target| self.due(&pieces, target)).collect();
        let due = thresholds.last().copied().flatten().unwrap_or(Timestamp::MAX);
        let outcome = end.map_or("", |(time, kind)| match kind {
            EndKind::Stop => self.verdict(start, time, due),
            EndKind::Cancel | EndKind::Restart if due < time.base() => "breached",
            EndKind::Cancel => "cancelled",
            EndKind::Restart => "restarted",
        });
        let next = end.filter(|(_, kind)| *kind == EndKind::Restart).map(|(time, _)| time);
        let pauses = gaps(from, &pieces);
        (Cycle { end: end.map(|(time, kind)| (kind, time.base())), thresholds, outcome, pauses }, next)
    }

    fn warning(&self, at: WarnAt) -> Span {
        match at {
            WarnAt::Span(span) => span,
            WarnAt::Percent(percent) => Span::from_micros(self.sla.target.micros() * i64::from(percent) / 100),
        }
    }

    /// When the clock that starts at `from` runs, the holds taken out, within what they may last in all [SLA-5].
    fn pieces(&self, from: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let mut left = self.sla.pauses.as_ref().and_then(|pauses| pauses.at_most).unwrap_or(Span::MAX);
        let (mut pieces, mut at) = (Vec::new(), from);
        for (begin, end) in &self.holds {
            let begin = (*begin).max(at);
            if *end <= begin {
                continue;
            }
            pieces.push((at, begin));
            (at, left) = match self.open.reach(begin, *end, left) {
                Ok(exhausted) => (exhausted, Span::ZERO),
                Err(spent) => (*end, left.minus(spent)),
            };
        }
        pieces.push((at, Timestamp::MAX));
        pieces
    }

    /// When `target` has been used up; `None` if it never is.
    fn due(&self, pieces: &[(Timestamp, Timestamp)], target: Span) -> Option<Timestamp> {
        let mut left = target;
        for (from, to) in pieces {
            match self.open.reach(*from, *to, left) {
                Ok(due) => return Some(due),
                Err(spent) => left = left.minus(spent),
            }
        }
        None
    }

    /// Whether a stop was in time, late, or cannot be told from times as coarse as these [TIM-9].
    fn verdict(&self, start: EventTime, stop: EventTime, due: Timestamp) -> &'static str {
        let used = |from: Timestamp, to: Timestamp| -> Span {
            let pieces = self.pieces(from).into_iter().map(|(a, b)| (a, b.min(to))).filter(|(a, b)| a < b);
            pieces.map(|(a, b)| self.open.between(a, b)).fold(Span::ZERO, Span::plus)
        };
        let last = |time: EventTime| time.hi.plus(Span::from_micros(-1));
        let longest = used(start.lo, last(stop));
        let shortest = used(last(start), stop.lo);
        match (longest <= self.sla.target, shortest > self.sla.target) {
            _ if start.width() <= Span::from_micros(1) && stop.width() <= Span::from_micros(1) => {
                if stop.base() <= due { "met" } else { "breached" }
            }
            (true, _) => "met",
            (_, true) => "breached",
            (false, false) => "unsure",
        }
    }
}

/// When any of the named states and flags hold, as intervals that do not touch.
fn holds(history: &History<'_>, sla: &Sla, changes: &[Timestamp]) -> Vec<(Timestamp, Timestamp)> {
    let Some(pauses) = &sla.pauses else { return Vec::new() };
    let mut holds: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (index, at) in changes.iter().enumerate() {
        let is_held = pauses.on.iter().any(|hold| match hold {
            Hold::Flag(word) => history.flags(*at).contains(word),
            Hold::State(state) => history.state(*at) == Some(*state),
        });
        let until = changes.get(index.saturating_add(1)).copied().unwrap_or(Timestamp::MAX);
        match holds.last_mut().filter(|(_, end)| end == at) {
            Some((_, end)) if is_held => *end = until,
            None if is_held => holds.push((*at, until)),
            Some(_) | None => {}
        }
    }
    holds
}

/// What lies between the pieces.
fn gaps(from: Timestamp, pieces: &[(Timestamp, Timestamp)]) -> Vec<(Timestamp, Timestamp)> {
    let ends = core::iter::once(from).chain(pieces.iter().map(|(_, end)| *end));
    ends.zip(pieces.iter().map(|(begin, _)| *begin)).filter(|(a, b)| a < b).collect()
}
