//! Tally: which counts and times are kept while lives are told?
//!
//! - **How it fits**: filled by [`measure`](super::measure), asked for each figure at the end.
//! - **Not here**: what the figures should be (the profile says).

use std::collections::BTreeMap;

use super::Figure;
use crate::calendar::{DAY, HOUR, MINUTE};
use crate::life::{Fact, Group, Report};
use crate::vocabulary::{Kind, Priority, Setting, Step};
use crate::world::World;

const WEEK_HOURS: usize = 168;

/// A turnaround whose quantiles are published, or follow from the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Span {
    EdStatOrderToFinal,
    EdStatInLaboratory,
    InpatientCollectToFinal,
    EdImagingExamToFinal,
    LargeCase,
}

/// Span, name, share below, what it should be, and its band for a million reports.
type Quantile = (Span, &'static str, f64, f64, f64);

/// Minutes, and days of large cases.
const QUANTILES: [Quantile; 13] = [
    (Span::EdStatOrderToFinal, "ED stat lab, order to final, p25, min", 0.25, 42.0, 1.5),
    (Span::EdStatOrderToFinal, "ED stat lab, order to final, p50, min", 0.50, 51.0, 1.5),
    (Span::EdStatOrderToFinal, "ED stat lab, order to final, p75, min", 0.75, 62.0, 1.5),
    (Span::EdStatOrderToFinal, "ED stat lab, order to final, p90, min", 0.90, 75.0, 1.5),
    (Span::EdStatInLaboratory, "ED stat lab, in the laboratory, p50, min", 0.50, 31.0, 1.5),
    (Span::EdStatInLaboratory, "ED stat lab, in the laboratory, p90, min", 0.90, 49.0, 1.5),
    (Span::InpatientCollectToFinal, "inpatient routine, collected to final, p50, min", 0.50, 77.0, 3.0),
    (Span::InpatientCollectToFinal, "inpatient routine, collected to final, p90, min", 0.90, 140.0, 3.0),
    (Span::EdImagingExamToFinal, "ED imaging, exam to final, p50, min", 0.50, 54.0, 3.0),
    (Span::EdImagingExamToFinal, "ED imaging, exam to final, p90, min", 0.90, 150.0, 3.0),
    (Span::LargeCase, "large pathology cases, p10, days", 0.10, 0.97, 0.1),
    (Span::LargeCase, "large pathology cases, p50, days", 0.50, 2.8, 0.1),
    (Span::LargeCase, "large pathology cases, p90, days", 0.90, 6.1, 0.1),
];

pub(super) struct Tally<'a> {
    world: &'a World,
    reports: u64,
    events: u64,
    lab: u64,
    critical: u64,
    changed: u64,
    open_micros: f64,
    /// Events by hour of the local week, Monday 00 first.
    hours: [u64; WEEK_HOURS],
    finals: u64,
    monday_finals: u64,
    kinds: BTreeMap<Kind, u64>,
    spans: BTreeMap<Span, Vec<i64>>,
    biopsies: Vec<i64>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(world: &'a World) -> Self {
        Self {
            world,
            reports: 0,
            events: 0,
            lab: 0,
            critical: 0,
            changed: 0,
            open_micros: 0.0,
            hours: [0; WEEK_HOURS],
            finals: 0,
            monday_finals: 0,
            kinds: BTreeMap::new(),
            spans: BTreeMap::new(),
            biopsies: Vec::new(),
        }
    }

    pub(super) const fn reports(&self) -> u64 {
        self.reports
    }

    pub(super) fn add(&mut self, group: &Group) {
        for report in &group.reports {
            self.reports += 1;
            for moment in &report.moments {
                let local = self.world.calendars[group.zone].local(moment.at);
                self.hours[local.weekday() * 24 + local.hour()] += 1;
            }
            self.events += u64::try_from(report.moments.len()).unwrap_or(0);
            *self.kinds.entry(report.kind).or_default() += 1;
            self.count_findings(report);
            self.open_micros += open(report) as f64;
            self.finals(group, report);
            self.spans(group, report);
        }
    }

    fn count_findings(&mut self, report: &Report) {
        if report.kind == Kind::Lab {
            self.lab += 1;
            self.critical += u64::from(report.findings[0].is_critical());
        }
        let change = [Step::Corrected, Step::Amended, Step::Appended];
        let is_changed =
            report.moments.iter().any(|moment| matches!(moment.fact, Fact::Step(step) if change.contains(&step)));
        self.changed += u64::from(is_changed);
    }

    fn finals(&mut self, group: &Group, report: &Report) {
        let Some(at) = report.at(Step::Final) else {
            return;
        };
        let local = self.world.calendars[group.zone].local(at);
        self.finals += 1;
        self.monday_finals += u64::from(local.weekday() == 0 && (7..10).contains(&local.hour()));
    }

    fn spans(&mut self, group: &Group, report: &Report) {
        let Some(last) = report.at(Step::Final) else {
            return;
        };
        let mut note = |span: Span, from: Option<i64>| {
            if let Some(from) = from {
                self.spans.entry(span).or_default().push(last - from);
            }
        };
        match (group.setting, report.kind, group.priority) {
            (Setting::Ed, Kind::Lab, Priority::Stat) => {
                note(Span::EdStatOrderToFinal, Some(group.at));
                note(Span::EdStatInLaboratory, report.at(Step::Received));
            }
            (Setting::Inpatient, Kind::Lab, Priority::Routine) => {
                note(Span::InpatientCollectToFinal, report.at(Step::Collected))
            }
            (Setting::Ed, Kind::Imaging, _) => note(Span::EdImagingExamToFinal, report.at(Step::ExamEnded)),
            (_, Kind::Pathology, _) if report.is_large => note(Span::LargeCase, report.at(Step::Received)),
            (_, Kind::Pathology, _) => {
                let received = report.at(Step::Received).unwrap_or(last);
                self.biopsies.push(self.world.calendars[group.zone].weekday_time(received, last));
            }
            _ => {}
        }
    }

    pub(super) fn events_per_report(&self) -> f64 {
        self.events as f64 / self.reports as f64
    }

    pub(super) fn critical_percent(&self) -> f64 {
        100.0 * self.critical as f64 / self.lab as f64
    }

    pub(super) fn changed_percent(&self) -> f64 {
        100.0 * self.changed as f64 / self.reports as f64
    }

    pub(super) fn hours_open(&self) -> f64 {
        self.open_micros / self.reports as f64 / HOUR as f64
    }

    pub(super) fn monday_percent(&self) -> f64 {
        100.0 * self.monday_finals as f64 / self.finals as f64
    }

    /// Events in the busiest hour of the week ÷ the mean hour.
    pub(super) fn busiest_hour(&self) -> f64 {
        let busiest = self.hours.iter().max().copied().unwrap_or(0);
        busiest as f64 * WEEK_HOURS as f64 / self.events as f64
    }

    pub(super) fn kind_shares(&self, widen: f64) -> Vec<Figure> {
        let share = |kind: Kind| {
            let per_setting = self.world.profile.shares.iter().map(|(setting, share)| {
                let kinds = &self.world.figures(*setting).kinds;
                share * kinds.get(&kind).copied().unwrap_or(0.0) / kinds.values().sum::<f64>()
            });
            100.0 * per_setting.sum::<f64>()
        };
        let figure = |(kind, count): (&Kind, &u64)| Figure {
            name: kind.word(),
            found: 100.0 * *count as f64 / self.reports as f64,
            expected: share(*kind),
            band: 0.3 * widen,
        };
        self.kinds.iter().map(figure).collect()
    }

    /// Quantiles in minutes (of large cases in days), and biopsies within so many weekdays in percent.
    pub(super) fn quantiles(&mut self, widen: f64) -> Vec<Figure> {
        for spans in self.spans.values_mut() {
            spans.sort_unstable();
        }
        let mut figures = Vec::new();
        for (span, name, share, expected, band) in QUANTILES {
            let Some(spans) = self.spans.get(&span) else {
                continue;
            };
            let unit = if span == Span::LargeCase { DAY } else { MINUTE };
            let at = |share: f64| quantile(spans, share) as f64 / unit as f64;
            let error = 4.0 * libm::sqrt(share * (1.0 - share) / spans.len() as f64);
            let four_errors = (at(share + error) - at(share - error)) / 2.0;
            let band = (band * widen).max(four_errors);
            figures.push(Figure { name, found: at(share), expected, band });
        }
        figures.extend(self.biopsy_shares(widen));
        figures
    }

    fn biopsy_shares(&self, widen: f64) -> Vec<Figure> {
        if self.biopsies.is_empty() {
            return Vec::new();
        }
        let wanted = [
            ("biopsies within 1 weekday, %", 1, 78.6),
            ("biopsies within 2 weekdays, %", 2, 95.2),
            ("biopsies within 3 weekdays, %", 3, 98.4),
        ];
        let count = self.biopsies.len() as f64;
        let share = |days: i64| 100.0 * self.biopsies.iter().filter(|span| **span <= days * DAY).count() as f64 / count;
        let four_errors = |percent: f64| 4.0 * libm::sqrt(percent * (100.0 - percent) / count);
        wanted
            .map(|(name, days, expected)| {
                let band = (0.6 * widen).max(four_errors(expected) + 0.1);
                Figure { name, found: share(days), expected, band }
            })
            .into()
    }
}

/// The span below which a share of the sorted spans lies.
fn quantile(sorted: &[i64], share: f64) -> i64 {
    let at = usize::try_from(crate::draw::whole(sorted.len() as f64 * share)).unwrap_or(0);
    sorted.get(at).or(sorted.last()).copied().unwrap_or(0)
}

/// How long a report is open: until reviewed or cancelled, else until five days after final.
fn open(report: &Report) -> i64 {
    let first = report.moments.first().map_or(0, |moment| moment.at);
    let until =
        report.at(Step::Cancelled).or(report.at(Step::Reviewed)).or(report.at(Step::Final).map(|last| last + 5 * DAY));
    until.map_or(0, |until| until - first)
}
