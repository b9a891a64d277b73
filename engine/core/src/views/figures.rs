//! Figures: what does a board show of the state right now?
//!
//! Everything that is a level and not a rate: clocks by promise, open reports by age, alerts and notices that wait, feeds,
//! and the two sides of each equation of the ledger. Ages are counted from event time to the log time of the last batch.
//!
//! - **How it fits**: asked once for each scrape; [`Gauges`](super::Gauges) counts the same state for people at a terminal.
//! - **Not here**: names of metrics, and what happened how often: the shell counts outputs.
//! - **Source**: analytics page, section 6.

use std::collections::BTreeMap;

use wardline_rules::{
    Text,
    program::{Length, Level},
    time::{HOUR, Span, Timestamp},
    words::{Kind, Priority},
};

use crate::{
    clocks::Clock,
    escalation::Phase,
    input::FeedState,
    ledger::{Counters, Equation},
    output::{ClockState, NoticeState},
    partition::Partition,
    report::Report,
};

/// How old an open report is: upper bound in hours, and its word. The last has no bound.
pub const AGE_BANDS: [(i64, &str); 7] =
    [(1, "lt_1h"), (4, "1h_4h"), (12, "4h_12h"), (24, "12h_24h"), (72, "1d_3d"), (168, "3d_7d"), (i64::MAX, "gt_7d")];

/// Why something is held back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Hold {
    /// A silence or suppression holds the whole alert.
    Muted,
    /// Quiet hours hold a notice.
    Quiet,
    /// A notice waits for the time of its digest.
    Digest,
    /// A notice waits because there were as many as there may be.
    Limit,
}

impl Hold {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Muted, Self::Quiet, Self::Digest, Self::Limit];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Muted => "muted",
            Self::Quiet => "quiet",
            Self::Digest => "digest",
            Self::Limit => "limit",
        }
    }
}

/// The clocks of one promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ClockFigures {
    /// Running, and not past their due time.
    pub running: usize,
    /// Paused.
    pub paused: usize,
    /// Open, and nobody can say how they stand.
    pub unsure: usize,
    /// Past their due time and still open.
    pub overdue: usize,
    /// Running, and due within the span that the site's settings call at risk.
    pub at_risk: usize,
    /// The target in force, if it is elapsed time.
    pub target: Option<Span>,
    /// The share to be met, in millionths, if the site says one.
    pub objective: Option<u32>,
}

/// What waits, and since when.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Waiting {
    /// How many.
    pub count: usize,
    /// Since when the oldest waits.
    pub oldest: Option<Timestamp>,
}

impl Waiting {
    fn add(&mut self, since: Timestamp) {
        self.count += 1;
        self.oldest = Some(self.oldest.map_or(since, |oldest| oldest.min(since)));
    }
}

/// What a board shows of the state.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// Clocks, by the name of their sla; those of the active ward are there even if none runs.
    pub clocks: BTreeMap<Text, ClockFigures>,
    /// Open reports by kind, and by age in the order of [`AGE_BANDS`].
    pub open_reports: BTreeMap<Option<Kind>, [usize; 7]>,
    /// The start of the oldest open report, by kind and [`priority_group`].
    pub oldest_open: BTreeMap<(Option<Kind>, &'static str), Timestamp>,
    /// Reports in memory that are not open.
    pub finished_reports: usize,
    /// Alerts that nobody answered yet and that are not over, by level, since their cause.
    pub unanswered: BTreeMap<Level, Waiting>,
    /// Notices that are due and not delivered, by level, since they were due.
    pub outbox: BTreeMap<Level, Waiting>,
    /// Alerts and notices that are held back, by why.
    pub held: BTreeMap<Hold, usize>,
    /// Feeds that told how they are: whether they are heard.
    pub feeds: BTreeMap<Text, bool>,
    /// Rules of the active ward.
    pub rules: usize,
    /// Scripts of the active ward that are out until the next activation.
    pub scripts_out: usize,
    /// The active ward's version and the log time of its activation.
    pub ward: Option<(wardline_rules::program::WardVersion, Timestamp)>,
    /// Timers armed.
    pub timers: usize,
    /// Combinations of routing fields that slices tell apart, and those that count as `other` because there are too many.
    pub slice_keys: (usize, u64),
    /// What came in and what became of it.
    pub counters: Counters,
    /// The equations of conservation.
    pub ledger: Vec<Equation>,
}

/// The four groups of priorities that boards tell apart.
#[must_use]
pub const fn priority_group(priority: Priority) -> &'static str {
    match priority {
        Priority::Stat => "stat",
        Priority::Asap | Priority::Urgent | Priority::Timed | Priority::Preop | Priority::Callback => "urgent",
        Priority::Routine => "routine",
        Priority::Unknown => "unknown",
    }
}

impl Partition {
    /// What a board shows of the state.
    ///
    /// - **Time**: as of the last batch.
    /// - **Cost**: looks at every report, alert and notice in memory once; ask a few times a minute.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let mut figures = Figures {
            timers: self.timers.len(),
            slice_keys: (self.tuples.slice_keys(), self.tuples.folded()),
            counters: self.counters(),
            ledger: self.ledger().to_vec(),
            ward: self.active_ward().map(|ward| (ward.version, ward.activated)),
            ..Figures::default()
        };
        self.promises(&mut figures);
        let soon = self.at.plus(self.site.at_risk_within);
        for (_, report) in self.reports.iter() {
            self.figure_report(report, &mut figures);
            for clock in report.clocks.iter().filter(|clock| clock.is_open()) {
                let name = self.family_name(clock);
                figures.clocks.entry(name).or_default().add(clock, soon);
            }
        }
        for (_, alert) in self.alerts.iter() {
            if alert.course.phase == Phase::Held || !alert.course.muted.is_empty() {
                *figures.held.entry(Hold::Muted).or_default() += 1;
            }
            match alert.course.phase {
                Phase::Held | Phase::Paging | Phase::Unresolved => {
                    let cause = if alert.since > Timestamp::from_micros(0) { alert.since } else { alert.raised };
                    figures.unanswered.entry(alert.level).or_default().add(cause);
                }
                Phase::New | Phase::Answered | Phase::Closed | Phase::Withdrawn => {}
            }
        }
        for (_, notice) in self.notices.iter() {
            match notice.state {
                NoticeState::Ready | NoticeState::Started | NoticeState::Waiting => {
                    figures.outbox.entry(notice.level).or_default().add(notice.created);
                }
                NoticeState::Held => {
                    let hold = match notice.gathered {
                        None => Hold::Quiet,
                        Some(gathered) if gathered.limit.is_some() => Hold::Limit,
                        Some(_) => Hold::Digest,
                    };
                    *figures.held.entry(hold).or_default() += 1;
                }
                NoticeState::Unsure
                | NoticeState::Delivered
                | NoticeState::Withdrawn
                | NoticeState::Expired
                | NoticeState::Exhausted => {}
            }
        }
        for (feed, life) in &self.feeds {
            if let Some(told) = life.told {
                figures.feeds.insert(Text::from(self.dictionary.text(*feed)), told != FeedState::Lost);
            }
        }
        figures
    }

    /// The name of the sla that a rule belongs to, itself or as an exception; `None` if no ward has such a rule.
    #[must_use]
    pub fn sla_of(&self, rule: &str) -> Option<Text> {
        let families = self.wards.iter().rev().flat_map(|ward| &ward.program.families);
        let mut found = families.filter(|family| family.rules.iter().any(|of| of.head.id == rule));
        found.next()?.rules.first().map(|sla| sla.head.name.clone())
    }

    fn promises(&self, figures: &mut Figures) {
        let Some(ward) = self.active.and_then(|active| self.wards.get(active as usize)) else { return };
        figures.rules = ward.program.alerts.len();
        figures.scripts_out = ward.scripts.out().len();
        for family in &ward.program.families {
            figures.rules += family.rules.len();
            let Some(sla) = family.rules.first() else { continue };
            let target = match sla.target {
                Length::Elapsed(span) => Some(span),
                Length::Working(_) | Length::WorkingDays { .. } => None,
            };
            let objective = self.site.objectives.get(&sla.head.name).copied();
            figures.clocks.insert(sla.head.name.clone(), ClockFigures { target, objective, ..ClockFigures::default() });
        }
    }

    fn family_name(&self, clock: &Clock) -> Text {
        let family = self.wards.get(clock.ward as usize);
        let family = family.and_then(|ward| ward.program.families.get(clock.index as usize));
        family.and_then(|family| family.rules.first()).map(|sla| sla.head.name.clone()).unwrap_or_default()
    }

    fn figure_report(&self, report: &Report, figures: &mut Figures) {
        if !report.is_open(Self::NOW) {
            figures.finished_reports += 1;
            return;
        }
        let tuple = self.tuples.get(report.effective);
        let begun = report.records.iter().find(|record| record.step.is_some() && !record.is_untimed);
        let begun = begun.map_or(report.opened, |record| record.lo);
        let hours = self.at.since(begun).micros() / HOUR;
        let bands = figures.open_reports.entry(tuple.kind).or_default();
        let band = AGE_BANDS.iter().zip(bands.iter_mut()).find(|(band, _)| hours < band.0);
        if let Some((_, count)) = band {
            *count += 1;
        }
        let group = priority_group(tuple.priority.value().unwrap_or(Priority::Unknown));
        let oldest = figures.oldest_open.entry((tuple.kind, group)).or_insert(begun);
        *oldest = begun.min(*oldest);
    }
}

impl ClockFigures {
    fn add(&mut self, clock: &Clock, soon: Timestamp) {
        match clock.state {
            ClockState::Running => {
                self.running += 1;
                self.at_risk += usize::from(clock.reading.due <= soon);
            }
            ClockState::Paused => self.paused += 1,
            ClockState::Breached => self.overdue += 1,
            ClockState::Unsure => self.unsure += 1,
            ClockState::Met | ClockState::Cancelled | ClockState::Restarted | ClockState::Invalid => {}
        }
    }
}
