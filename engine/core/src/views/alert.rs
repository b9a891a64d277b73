//! Alert: what fired, about what, and how far is it?

use wardline_rules::{
    Text,
    program::{Level, WardVersion},
    time::Timestamp,
};

use crate::{
    alerts::{About, Alert, Source},
    clocks::timeline::due_after,
    ids::{AlertId, ReportId},
    output::{AlertState, Party},
    partition::Partition,
    ward::Ward,
};

/// One firing of one rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlertView {
    /// Its id.
    pub id: AlertId,
    /// Rule id: `alert/Critical potassium`.
    pub rule: Text,
    /// The rule's name, as the ward writes it.
    pub name: Text,
    /// What fired: `alert`, `warn1` to `warn4`, `breach`.
    pub source: &'static str,
    /// Which ward text raised it.
    pub ward: WardVersion,
    /// The report it is about, if it is about one.
    pub report: Option<ReportId>,
    /// The feed it is about, if it is about one; else empty.
    pub feed: Text,
    /// The group it is about, if it is about one; else empty.
    pub group: Text,
    /// The test whose result it is about, as the ward names it, else by its code; empty if it is about no result.
    pub test: Text,
    /// The generation, from 1; 0 for a case that `once` kept from being raised.
    pub generation: u32,
    /// Its severity's word.
    pub severity: Text,
    /// How urgently it is delivered.
    pub level: Level,
    /// Its display word.
    pub state: AlertState,
    /// Whether it has not ended.
    pub is_open: bool,
    /// Log time of the raise.
    pub raised: Timestamp,
    /// Event time of the moment that raised it.
    pub since: Timestamp,
    /// When somebody must have answered; `None` where that is never.
    pub answer_due: Option<Timestamp>,
    /// Run, round and step of its escalation; zeros before the first.
    pub course: (u32, u32, u32),
    /// Who is asked in the step that runs.
    pub asked: Vec<Party>,
}

impl Partition {
    /// At most `limit` alerts, those raised last first; ended ones are among them while their reports are in memory.
    ///
    /// - **Cost**: looks at every alert in memory.
    #[must_use]
    pub fn alerts(&self, limit: usize) -> Vec<AlertView> {
        let mut newest: Vec<(u64, &Alert)> = self.alerts.iter().map(|(_, alert)| (alert.born, alert)).collect();
        newest.sort_unstable_by_key(|(born, _)| core::cmp::Reverse(*born));
        newest.into_iter().take(limit).map(|(_, alert)| self.alert_view(alert)).collect()
    }

    pub(crate) fn alert_view(&self, alert: &Alert) -> AlertView {
        let ward = self.wards.get(alert.cause.ward as usize);
        let text = |code| Text::from(self.dictionary.text(code));
        AlertView {
            id: alert.id,
            rule: text(alert.rule),
            name: ward.and_then(|ward| rule_name(ward, alert.cause.source)).unwrap_or_default(),
            source: alert.cause.source.word(),
            ward: ward.map(|ward| ward.program.version).unwrap_or_default(),
            report: alert.report.map(|report| report.1),
            feed: if let About::Feed(feed) = alert.about { text(feed) } else { Text::default() },
            group: if let About::Group(group) = alert.about { text(group) } else { Text::default() },
            test: self.test_of(alert).unwrap_or_default(),
            generation: alert.generation,
            severity: ward.and_then(|ward| severity_name(ward, alert)).unwrap_or_default(),
            level: alert.level,
            state: alert.display,
            is_open: alert.is_open(),
            raised: alert.raised,
            since: alert.since,
            answer_due: self.answer_due(alert),
            course: (alert.course.run, alert.course.round, alert.course.step),
            asked: alert.course.asked.iter().map(|asked| asked.recipient.party.clone()).collect(),
        }
    }

    /// When somebody must have answered: by the rule's own `answer`, else by its severity, since the raise or the step that
    /// the rule names [ALERT-7]. `None` for a notice to a patient, and where the calendar never opens.
    pub(super) fn answer_due(&self, alert: &Alert) -> Option<Timestamp> {
        let program = &self.wards.get(alert.cause.ward as usize)?.program;
        let severity = program.severities.get(alert.cause.severity.index())?;
        let own = match alert.cause.source {
            Source::Rule(index) => program.alerts.get(index as usize).and_then(|rule| rule.answer),
            Source::Clock { .. } | Source::Upkeep(_) => None,
            Source::Notice(_) => return None,
        };
        let (within, step) = own.unwrap_or((severity.answer_within, None));
        let report = alert.report.and_then(|(slot, id)| self.reports.get(slot).filter(|report| report.id == id));
        let since = step.and_then(|step| report?.register(step)).filter(|record| !record.is_untimed);
        let since = since.map_or(alert.raised, |record| record.lo);
        let calendar = severity.calendar.and_then(|calendar| program.calendars.get(calendar.index()));
        Some(due_after(since, within, &[], calendar)).filter(|due| *due != Timestamp::MAX)
    }

    /// The test of the result that an alert is about.
    pub(super) fn test_of(&self, alert: &Alert) -> Option<Text> {
        let About::Result(key) = alert.about else { return None };
        let code = self.dictionary.text(key.code);
        let catalogue = self.wards.get(alert.cause.ward as usize).map(|ward| &ward.program.catalogue);
        let named = catalogue.and_then(|all| all.tests.get(all.test_of_code(code)?.index()));
        Some(named.map_or_else(|| Text::from(code), |test| test.name.clone()))
    }
}

pub(crate) fn severity_name(ward: &Ward, alert: &Alert) -> Option<Text> {
    ward.program.severities.get(alert.cause.severity.index()).map(|severity| severity.name.clone())
}

pub(super) fn rule_name(ward: &Ward, source: Source) -> Option<Text> {
    match source {
        Source::Rule(index) => ward.program.alerts.get(index as usize).map(|alert| alert.head.name.clone()),
        Source::Notice(index) => ward.program.notices.get(index as usize).map(|notice| notice.head.name.clone()),
        Source::Upkeep(what) => Some(Text::const_new(what.sentence())),
        Source::Clock { index, rule, .. } => {
            let family = ward.program.families.get(index as usize)?;
            family.rules.get(rule as usize).map(|rule| rule.head.name.clone())
        }
    }
}
