//! Patient: is there something to tell the patient, and is it still true?
//!
//! A notice is an alert that nobody answers: one for each version of a report [NOTE-1]. It lives as long as its rule allows
//! ([NOTE-4], the only thing that ends unsent), and what is not sent when it stops being true never is [NOTE-3]. In doubt
//! nothing is disclosed [COND-3].
//!
//! - **Not here**: quiet hours and limits ([`crate::mute`]).

use wardline_rules::{
    evaluate::matches_strictly,
    map::hash64,
    program::{Notice, Program, SeverityId},
    time::{Timestamp, Zone},
    words::{Channel, Step},
};

use super::{About, AlertSlot, Cause, Closing, Raise, Source};
use crate::{
    doubt::Doubt,
    escalation::Phase,
    moments,
    output::{NoticeState, Output, Purpose},
    partition::Partition,
    past::Past,
    report::{Report, ReportSlot},
    timers::{Class, Timer, TimerId},
    view::View,
};

/// What a notice rule would tell now: the generation, and since when.
type Wanted = Option<(u64, Timestamp)>;

impl Partition {
    /// Asks one notice rule about a report again.
    pub(crate) fn refresh_notice(
        &mut self,
        slot: ReportSlot,
        report: &mut Report,
        (ward, index): (u32, u32),
        out: &mut Output,
    ) {
        let Some(known) = self.wards.get(ward as usize).and_then(|ward| ward.notices.get(index as usize)) else {
            return;
        };
        let (id, rank) = (known.id, known.rank);
        let mut doubt = Doubt::default();
        let wanted = self.notice_wanted(report, (ward, index), &mut doubt);
        self.say_doubt((id, report.born), &doubt, out);
        let mine = report.alerts.iter().copied().filter(|slot| self.alerts.get(*slot).is_some_and(|it| it.rule == id));
        let mine: Vec<AlertSlot> = mine.collect();
        let key_of = |slot: &AlertSlot| self.alerts.get(*slot).map(|alert| alert.key);
        let is_told = wanted.is_some_and(|wanted| mine.iter().any(|slot| key_of(slot) == Some(wanted.0)));
        let gone: Vec<AlertSlot> =
            mine.into_iter().filter(|slot| wanted.map(|wanted| wanted.0) != key_of(slot)).collect();
        for slot in gone {
            // What was told stays told; what was not is no longer true.
            self.end(slot, None, Closing::Cleared, out);
        }
        let Some((key, since)) = wanted.filter(|_| !is_told) else { return };
        let Some(lowest) = self.wards.get(ward as usize).map(|ward| ward.program.severities.len().saturating_sub(1))
        else {
            return;
        };
        let severity = SeverityId(u32::try_from(lowest).unwrap_or(0));
        let cause = Cause { ward, source: Source::Notice(index), severity };
        let of = Some((slot, report.id));
        let raise = Raise { cause, rule: id, rank, report: of, about: About::Report, key, since, extras: Vec::new() };
        if let Some(alert) = self.raise(raise, Some(report), out) {
            self.arm_expiry(alert);
        }
    }

    fn notice_wanted(&mut self, report: &Report, (ward, index): (u32, u32), doubt: &mut Doubt) -> Wanted {
        let ward = self.wards.get_mut(ward as usize)?;
        ward.tests.learn(&ward.program, &self.dictionary);
        let rule = ward.program.notices.get(index as usize)?;
        let known = ward.notices.get(index as usize)?;
        if report.patient.is_none() || report.end_in_force(Step::EnteredInError).is_some() {
            return None;
        }
        let both = (&self.tuples, &self.dictionary);
        moments::times(&rule.when, report, both, &mut self.scratch, &mut self.occurrences);
        let mut heard = self.occurrences.iter().filter(|moment| moment.heard >= known.since && !moment.is_untimed);
        let moment = *heard.next_back()?;
        let at = moment.at.lo;
        let past = Some(Past { reports: &self.reports, index: &self.index });
        let from = ward.sources(&self.dictionary, &self.tuples, past);
        let then = self.tuples.get(report.effective);
        let view = View { from, report, then, at: Timestamp::MAX, result: None };
        let found = matches_strictly(&rule.condition, &rule.unless, &rule.missing, &view);
        if moment.heard == self.at {
            doubt.add(&found);
        }
        found.holds.then(|| (hash64(&report.version_at(at)), at))
    }

    fn rule_of_notice(&self, slot: AlertSlot) -> Option<&Notice> {
        let alert = self.alerts.get(slot)?;
        let Source::Notice(index) = alert.cause.source else { return None };
        self.wards.get(alert.cause.ward as usize)?.program.notices.get(index as usize)
    }

    fn arm_expiry(&mut self, slot: AlertSlot) {
        let Some(expires) = self.rule_of_notice(slot).map(|rule| rule.expires) else { return };
        let at = self.at;
        let Some(alert) = self.alerts.get_mut(slot) else { return };
        // Counted from the moment; once more for those who are told of the expiry.
        let from = if alert.course.run > 1 { at } else { alert.since };
        let due = from.plus(expires);
        let id = TimerId { class: Class::Lapse, rule: alert.rank, subject: alert.born, part: 0 };
        alert.course.lapse = Some((due, self.timers.arm(Timer { due, id, owner: slot })));
    }

    /// The time of a notice is over [NOTE-4]; `false` if the alert is no notice.
    pub(crate) fn expire(&mut self, slot: AlertSlot, report: Option<&Report>, out: &mut Output) -> bool {
        let Some(then) = self.rule_of_notice(slot).map(|rule| rule.then.clone()) else { return false };
        let is_unsent = |state: NoticeState| {
            matches!(state, NoticeState::Held | NoticeState::Ready | NoticeState::Waiting | NoticeState::Unsure)
        };
        let notices = self.alerts.get(slot).map(|alert| alert.course.notices.clone()).unwrap_or_default();
        let states = notices.iter().filter_map(|place| self.notices.get(*place)).map(|notice| notice.state);
        let was_sent = states.clone().any(|state| matches!(state, NoticeState::Delivered | NoticeState::Started));
        let is_last = self.alerts.get(slot).is_some_and(|alert| alert.course.run > 1);
        if was_sent || is_last {
            self.end(slot, None, Closing::Acted, out);
            return true;
        }
        for place in notices {
            if self.notices.get(place).is_some_and(|notice| is_unsent(notice.state)) {
                self.move_notice(place, NoticeState::Expired, out);
            }
        }
        let Some(tell) = then else {
            self.end(slot, None, Closing::Acted, out);
            return true;
        };
        if let Some(alert) = self.alerts.get_mut(slot) {
            alert.course.run = 2;
            alert.course.muted.clear();
        }
        // What a mute held of it does not begin at the lift any more.
        self.set_phase(slot, Phase::Paging);
        for recipient in self.resolve(slot, &tell.who, &[], report) {
            self.notify(slot, recipient, &tell.by, (Purpose::Tell, "e"), out);
        }
        self.arm_expiry(slot);
        true
    }

    /// The channels of a notice: the one that the patient prefers, if that is known and asked for, then those of the rule.
    pub(crate) fn channels_of_notice(&self, slot: AlertSlot, report: Option<&Report>) -> Option<Vec<Channel>> {
        let rule = self.rule_of_notice(slot)?;
        let recorded = || {
            let key = self.dictionary.find("patient_preference")?;
            let recorded = self.dictionary.text(report?.attribute(key)?);
            Channel::parse(recorded).or_else(|| Channel::from_word(recorded))
        };
        let preferred = if rule.preferred { recorded() } else { None };
        let rest = rule.channels.iter().copied().filter(|channel| Some(*channel) != preferred);
        Some(preferred.into_iter().chain(rest).collect())
    }

    /// The patient's zone: as recorded, else the site's, else the ward's [TIME-7].
    pub(crate) fn zone_of_patient(&self, program: &Program, report: Option<&Report>) -> Zone {
        let recorded = || {
            let key = self.dictionary.find("patient_zone")?;
            wardline_rules::time::zone(self.dictionary.text(report?.attribute(key)?))
        };
        let of_site = || {
            let site = self.dictionary.text(self.tuples.get(report?.effective).site);
            program.catalogue.sites.get(program.catalogue.site(site)?.index())?.zone.clone()
        };
        recorded().or_else(of_site).unwrap_or_else(|| program.zone.clone())
    }
}

/// Whether a report that says so can be one that a notice speaks of.
pub(crate) fn kinds_of(rule: &Notice) -> wardline_rules::words::KindSet {
    let none = wardline_rules::words::KindSet::NONE;
    rule.when.iter().fold(none, |kinds, moment| kinds.or(moment.kinds))
}
