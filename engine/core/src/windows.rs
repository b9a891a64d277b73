//! Windows: what does a figure over a stretch of time say at each look?
//!
//! Each report keeps, for each window rule, the samples that it adds: when, how long or how much, in which group. They are read
//! again with every piece of news, so that a look takes them as known then [WIN-1] [WIN-2]; what a look decided stays [WIN-5].
//! ```text
//!  samples (T − over, T] ──► figure by group ──► loud at every look of `hold`: raised · quiet at every look of `clear`: cleared
//! ```
//! - LIMIT: a sample leaves when no look can take it; at most `GROUPS_PER_RULE_MAX` groups.
//! - **Not here**: what a raised alert does.

use std::collections::{BTreeMap, BTreeSet};

use wardline_rules::{
    evaluate::{Facts, matches},
    program::{Alert as Rule, Bounds, Figure, Measure, Trigger, Window},
    time::{Span, Timestamp},
    words::Step,
};

use crate::{
    alerts::when::AlertIx,
    clocks::BREACH,
    dictionary::{Coded, NO_TEXT, OTHER},
    doubt::Doubt,
    limits::GROUPS_PER_RULE_MAX,
    output::{ClockState, Output},
    partition::Partition,
    past::Past,
    report::{
        Report, ReportSlot,
        results::{ResultKey, Run},
    },
    timers::{Armed, Class, Timer, TimerId},
    view::{Sources, View},
    watch::{Gauge, GaugeKey, counts::group_name, in_range},
};

/// The longest a window looks back.
const LONGEST: Span = Span::from_minutes(24 * 60);

/// One thing that a report adds to a window.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Sample {
    /// Event time at which it counts.
    pub(crate) at: Timestamp,
    /// Microseconds, or 1 for a breach and 0 for none.
    pub(crate) value: i64,
    pub(crate) group: Coded,
    /// Distinguishes several of one report; several of one number count once.
    pub(crate) item: u32,
}

/// The looks of one window rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Looks {
    pub(crate) rule: Coded,
    pub(crate) ward: u32,
    pub(crate) index: u32,
    pub(crate) armed: (Timestamp, Armed),
}

/// Everything that windows look at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Windows {
    pub(crate) samples: BTreeMap<(Coded, ReportSlot), Vec<Sample>>,
    /// How many data-quality rows there were by feed and by the minute that ends with that time, if a rule counts them. Looks
    /// and windows are whole minutes, so no minute is ever cut in two.
    pub(crate) problems: BTreeMap<(Timestamp, Coded), u64>,
    pub(crate) looks: Vec<Looks>,
}

/// The timer of a look.
pub(crate) const fn look_timer(rank: u32, rule: Coded, due: Timestamp) -> Timer {
    Timer { due, id: TimerId { class: Class::Window, rule: rank, subject: 0, part: 0 }, owner: rule }
}

/// The first look after `at`, aligned to UTC.
const fn next_look(tick: Span, at: Timestamp) -> Timestamp {
    let whole = at.micros().div_euclid(tick.micros());
    Timestamp::from_micros(whole.saturating_add(1).saturating_mul(tick.micros()))
}

fn window_of(rule: &Rule) -> Option<&Window> {
    match &rule.trigger {
        Trigger::Window(window) => Some(window),
        Trigger::When(_) | Trigger::While(_) | Trigger::Absence(_) => None,
    }
}

/// A sample, and the text of the group it falls into if the rule groups.
type Grouped = (Sample, Option<String>);

impl Partition {
    /// After an activation: looks begin for new windows and go on by the newest text for known ones.
    pub(crate) fn begin_looks(&mut self, active: u32) {
        let Some(windows) = self.wards.get(active as usize).map(|ward| ward.windows.clone()) else { return };
        for index in windows {
            let Some((rule, known)) = self.wards.get(active as usize).and_then(|ward| ward.alert(index)) else {
                continue;
            };
            let Some(window) = window_of(rule) else { continue };
            let (id, rank, due) = (known.id, known.rank, next_look(window.tick, self.at));
            match self.watching.windows.looks.iter_mut().find(|looks| looks.rule == id) {
                Some(looks) => (looks.ward, looks.index) = (active, index),
                None => {
                    let armed = (due, self.timers.arm(look_timer(rank, id, due)));
                    self.watching.windows.looks.push(Looks { rule: id, ward: active, index, armed });
                }
            }
            for (_, gauge) in self.watching.gauges.range_mut((id, 0)..=(id, Coded::MAX)) {
                (gauge.ward, gauge.index) = (active, index);
            }
        }
    }

    /// Reads again what a report adds to a window.
    pub(crate) fn sample_report(&mut self, slot: ReportSlot, report: &Report, rule: AlertIx, out: &mut Output) {
        let Some((id, Found { samples, doubt })) = self.samples_of(report, rule) else { return };
        self.say_doubt((id, report.born), &doubt, out);
        let samples = samples.into_iter().filter(|sample| self.at.since(sample.0.at) < LONGEST);
        let mut found: Vec<Sample> = Vec::new();
        for (sample, group) in samples.collect::<Vec<_>>() {
            let group = group.map_or(NO_TEXT, |name| self.dictionary.code(&name));
            found.push(Sample { group, ..sample });
        }
        if found.is_empty() {
            self.watching.windows.samples.remove(&(id, slot));
        } else {
            self.watching.windows.samples.insert((id, slot), found);
        }
    }

    fn samples_of(&mut self, report: &Report, rule: AlertIx) -> Option<(Coded, Found)> {
        let ward = self.wards.get_mut(rule.ward as usize)?;
        ward.tests.learn(&ward.program, &self.dictionary);
        let (alert, known) = ward.alert(rule.index)?;
        let window = window_of(alert)?;
        let past = Some(Past { reports: &self.reports, index: &self.index });
        let from = ward.sources(&self.dictionary, &self.tuples, past);
        let sampling = Sampling { alert, window, since: known.since, now: self.at, report, from };
        let mut found = Found::default();
        match &window.measure {
            Measure::Reports => sampling.of_steps(None, Step::Final, &mut found),
            Measure::Time { from, to, of_result: false, .. } => sampling.of_steps(Some(*from), *to, &mut found),
            Measure::Time { from, to, of_result: true, .. } => sampling.of_results(*from, *to, &mut found),
            Measure::Breached(sla) => sampling.of_clocks(sla, &mut found),
            Measure::DataProblems(_) => {}
        }
        Some((known.id, found))
    }

    /// A clock of a report changed: windows that measure clocks read it again.
    pub(crate) fn sample_clocks(&mut self, slot: ReportSlot, report: &Report, out: &mut Output) {
        let Some(active) = self.active else { return };
        let Some(ward) = self.wards.get(active as usize) else { return };
        let of_clocks = |index: &u32| {
            let rule = ward.program.alerts.get(*index as usize).and_then(window_of);
            matches!(rule.map(|window| &window.measure), Some(Measure::Breached(_)))
        };
        let rules: Vec<u32> = ward.windows.iter().copied().filter(of_clocks).collect();
        for index in rules {
            self.sample_report(slot, report, AlertIx { ward: active, index }, out);
        }
    }

    /// A report leaves memory: nothing of it is looked at any more.
    pub(crate) fn forget_samples(&mut self, slot: ReportSlot) {
        let rules: Vec<Coded> = self.watching.windows.looks.iter().map(|looks| looks.rule).collect();
        for rule in rules {
            self.watching.windows.samples.remove(&(rule, slot));
        }
    }

    /// Remembers the data-quality rows from `from` on for windows that count them.
    pub(crate) fn note_problems(&mut self, from: usize, out: &Output) {
        let active = self.active.and_then(|active| self.wards.get(active as usize));
        if !active.is_some_and(|ward| ward.counts_problems) {
            return;
        }
        for row in out.quality.iter().skip(from) {
            let feed = self.dictionary.code(&row.source);
            let count = self.watching.windows.problems.entry((minute_of(self.at), feed)).or_default();
            *count = count.saturating_add(1);
        }
        let problems = &mut self.watching.windows.problems;
        while problems.first_key_value().is_some_and(|(first, _)| self.at.since(first.0) >= LONGEST) {
            problems.pop_first();
        }
    }

    /// One look of one window.
    pub(crate) fn fire_look(&mut self, timer: Timer, out: &mut Output) {
        let Some(place) = self.watching.windows.looks.iter().position(|looks| looks.rule == timer.owner) else {
            return;
        };
        let Some(looks) = self.watching.windows.looks.get(place).copied() else { return };
        let ward = self.wards.get(looks.ward as usize);
        let Some(rule) = ward.and_then(|ward| ward.program.alerts.get(looks.index as usize)).cloned() else { return };
        let rank = ward.and_then(|ward| ward.alert(looks.index)).map_or(0, |found| found.1.rank);
        let Some(window) = window_of(&rule) else { return };
        self.look_through(looks, window, timer.due, out);
        let is_current = self.active == Some(looks.ward);
        let gauges = self.watching.gauges.range((looks.rule, 0)..=(looks.rule, Coded::MAX));
        let is_open = gauges.into_iter().any(|(_, gauge)| gauge.raised.is_some());
        if !is_current && !is_open {
            // A rule that is gone finishes what it raised and looks no more [LOAD-5].
            self.watching.windows.looks.remove(place);
            let mine = (looks.rule, 0)..=(looks.rule, ReportSlot::MAX);
            self.watching.windows.samples.extract_if(mine, |_, _| true).for_each(drop);
            return;
        }
        let due = timer.due.plus(window.tick);
        let armed = (due, self.timers.arm(look_timer(rank, looks.rule, due)));
        if let Some(looks) = self.watching.windows.looks.get_mut(place) {
            looks.armed = armed;
        }
    }

    fn look_through(&mut self, looks: Looks, window: &Window, at: Timestamp, out: &mut Output) {
        let mut groups = self.groups_at(looks, window, at);
        for (key, _) in self.watching.gauges.range((looks.rule, 0)..=(looks.rule, Coded::MAX)) {
            groups.entry(key.1).or_default();
        }
        if window.per.is_none() {
            groups.entry(NO_TEXT).or_default();
        }
        for (group, mut values) in groups {
            let is_enough = number_of(window, &values) >= i128::from(window.at_least);
            let loud = is_enough && judge(window, &mut values, window.is);
            let quiet = !is_enough || judge(window, &mut values, window.clear.is);
            self.turn_gauge(((looks.rule, group), looks), (loud, quiet), (window, at), out);
        }
        let over = window.over;
        let is_past = |samples: &[Sample]| samples.iter().all(|sample| at.since(sample.at) >= over && sample.at <= at);
        let mine = (looks.rule, 0)..=(looks.rule, ReportSlot::MAX);
        self.watching.windows.samples.extract_if(mine, |_, samples| is_past(samples)).for_each(drop);
    }

    /// The values in the window by group, each thing once.
    fn groups_at(&self, looks: Looks, window: &Window, at: Timestamp) -> BTreeMap<Coded, Vec<i64>> {
        let is_in = |time: Timestamp| time <= at && at.since(time) < window.over;
        let mut groups: BTreeMap<Coded, Vec<i64>> = BTreeMap::new();
        if let Measure::DataProblems(feed) = &window.measure {
            let program = self.wards.get(looks.ward as usize).map(|ward| &ward.program);
            let of_feed = |name: Coded| {
                feed.is_none_or(|feed| {
                    program.and_then(|program| program.catalogue.feed(self.dictionary.text(name))) == Some(feed)
                })
            };
            let problems = self.watching.windows.problems.iter();
            let problems = problems.filter(|((minute, feed), _)| is_in(*minute) && of_feed(*feed));
            groups.insert(NO_TEXT, problems.map(|(_, count)| i64::try_from(*count).unwrap_or(i64::MAX)).collect());
            return groups;
        }
        let mut seen: BTreeSet<u32> = BTreeSet::new();
        for (_, samples) in self.watching.windows.samples.range((looks.rule, 0)..=(looks.rule, u32::MAX)) {
            seen.clear();
            for sample in samples.iter().filter(|sample| is_in(sample.at)) {
                if !seen.insert(sample.item) {
                    continue;
                }
                let is_full = groups.len() >= GROUPS_PER_RULE_MAX && !groups.contains_key(&sample.group);
                groups.entry(if is_full { OTHER } else { sample.group }).or_default().push(sample.value);
            }
        }
        groups
    }

    fn turn_gauge(
        &mut self,
        (key, looks): (GaugeKey, Looks),
        (loud, quiet): (bool, bool),
        (window, at): (&Window, Timestamp),
        out: &mut Output,
    ) {
        let known = self.watching.gauges.get(&key).copied();
        let known = known.unwrap_or(Gauge { ward: looks.ward, index: looks.index, ..Gauge::default() });
        let since = |holds: bool, since: Option<Timestamp>| holds.then(|| since.unwrap_or(at));
        let mut gauge = Gauge { loud: since(loud, known.loud), quiet: since(quiet, known.quiet), ..known };
        let held = |since: Option<Timestamp>, span: Span| since.is_some_and(|since| at.since(since) >= span);
        match gauge.raised {
            Some(raised) if held(gauge.quiet, window.clear.hold) => {
                gauge.raised = None;
                self.clear_raised(raised, out);
            }
            None if held(gauge.loud, window.hold) => {
                self.watching.gauges.insert(key, gauge);
                self.raise_gauge(key, gauge.loud.unwrap_or(at), out);
                return;
            }
            Some(_) | None => {}
        }
        if gauge.raised.is_none() && gauge.loud.is_none() {
            self.watching.gauges.remove(&key);
        } else {
            self.watching.gauges.insert(key, gauge);
        }
    }
}

/// The end of the minute that a time lies in; a whole minute ends one.
const fn minute_of(at: Timestamp) -> Timestamp {
    const MINUTE: i64 = Span::from_minutes(1).micros();
    let whole = at.micros().saturating_sub(1).div_euclid(MINUTE);
    Timestamp::from_micros(whole.saturating_add(1).saturating_mul(MINUTE))
}

/// How many things these values stand for.
fn number_of(window: &Window, values: &[i64]) -> i128 {
    match &window.measure {
        Measure::DataProblems(_) => values.iter().map(|count| i128::from(*count)).sum(),
        Measure::Reports | Measure::Breached(_) | Measure::Time { .. } => {
            i128::try_from(values.len()).unwrap_or(i128::MAX)
        }
    }
}

/// Whether the figure of these values lies in a range; a figure of nothing lies in none, unless it is a count.
fn judge(window: &Window, values: &mut [i64], bounds: Bounds) -> bool {
    let n = number_of(window, values);
    let sum = || values.iter().map(|value| i128::from(*value)).sum::<i128>();
    let figure = match &window.measure {
        Measure::Reports | Measure::DataProblems(_) => return in_range(n, 1, bounds),
        Measure::Breached(_) => Some((sum().saturating_mul(100), n)),
        Measure::Time { figure: Figure::Average, .. } => Some((sum(), n)),
        Measure::Time { figure: Figure::Longest, .. } => values.iter().max().map(|longest| (i128::from(*longest), 1)),
        Measure::Time { figure: Figure::Percentile(p), .. } => {
            // Nearest rank: the ⌈p·n/100⌉-th smallest [WIN-3].
            let rank = values.len().saturating_mul(usize::from(*p)).div_ceil(100).max(1);
            values.sort_unstable();
            values.get(rank - 1).map(|value| (i128::from(*value), 1))
        }
    };
    figure.is_some_and(|(figure, parts)| parts > 0 && in_range(figure, parts, bounds))
}

/// Reading what one report adds to one window.
struct Sampling<'a> {
    alert: &'a Rule,
    window: &'a Window,
    /// Log time from which the rule applies [LOAD-3].
    since: Timestamp,
    /// Log time of the batch.
    now: Timestamp,
    report: &'a Report,
    from: Sources<'a>,
}

/// What a report adds, and what was in doubt about steps that were heard of now.
#[derive(Default)]
struct Found {
    samples: Vec<Grouped>,
    doubt: Doubt,
}

impl Sampling<'_> {
    /// The report as a whole: its time at `to`, and how long it took since `from`.
    fn of_steps(&self, from: Option<Step>, to: Step, found: &mut Found) {
        let Some(end) = self.report.register(to).filter(|end| !end.is_untimed && end.heard >= self.since) else {
            return;
        };
        if let Some(value) = self.time_since(from, end.lo) {
            self.add((end.lo, value, 0), (None, end.heard), found);
        }
    }

    fn time_since(&self, from: Option<Step>, end: Timestamp) -> Option<i64> {
        let Some(step) = from else { return Some(0) };
        let begin = self.report.register(step).filter(|begin| !begin.is_untimed && begin.lo <= end)?;
        Some(end.since(begin.lo).micros())
    }

    /// Each result of the report: when it first became final, or the step of the report that it has.
    fn of_results(&self, from: Step, to: Step, found: &mut Found) {
        let mut runs: Vec<Run> = Vec::new();
        for (item, key) in (0_u32..).zip(self.report.result_keys()) {
            self.report.runs(key, &mut runs);
            let Some(run) = runs.first().copied().filter(|run| run.heard >= self.since) else { continue };
            let end = if to == Step::Final {
                runs.iter().filter_map(|run| run.final_at).min()
            } else {
                self.report.register(to).map(|record| record.lo)
            };
            let Some(end) = end else { continue };
            if let Some(value) = self.time_since(Some(from), end) {
                self.add((end, value, item), (Some((key, run)), run.heard), found);
            }
        }
    }

    fn of_clocks(&self, sla: &str, found: &mut Found) {
        let mine = self.report.clocks.iter().filter(|clock| self.from.dictionary.text(clock.family) == sla);
        for clock in mine.filter(|clock| clock.state != ClockState::Invalid) {
            let is_breached = clock.state == ClockState::Breached || clock.acted & (1 << BREACH) != 0;
            let value = i64::from(is_breached);
            if is_breached {
                self.add((clock.reading.due, value, clock.cycle), (None, Timestamp::MIN), found);
            }
            if !clock.is_open() {
                self.add((clock.reading.ended, value, clock.cycle), (None, Timestamp::MIN), found);
            }
        }
    }

    /// Adds a sample if the report is of the kinds and matches at that time.
    fn add(
        &self,
        (at, value, item): (Timestamp, i64, u32),
        (result, heard): (Option<(ResultKey, Run)>, Timestamp),
        found: &mut Found,
    ) {
        let then = self.from.tuples.get(self.report.effective_at(at, self.from.tuples));
        let view = View { from: self.from, report: self.report, then, at, result };
        if !view.kind().is_some_and(|kind| self.window.kinds.has(kind)) {
            return;
        }
        let matched = matches(&self.alert.condition, &self.alert.unless, &self.alert.missing, &view);
        if heard == self.now {
            found.doubt.add(&matched);
        }
        if matched.holds {
            let group = group_name(&view, self.window.per).map(str::to_owned);
            found.samples.push((Sample { at, value, group: NO_TEXT, item }, group));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_ends_with_its_whole_time() {
        let end = |micros| minute_of(Timestamp::from_micros(micros)).micros();
        assert_eq!([end(1), end(59_999_999), end(60_000_000)], [60_000_000; 3]);
        assert_eq!(end(60_000_001), 120_000_000);
        assert_eq!([end(0), end(-59_999_999), end(-60_000_000)], [0, 0, -60_000_000]);
    }
}
