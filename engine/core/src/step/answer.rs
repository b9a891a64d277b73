//! Answer: does what a person did count, and what follows?
//!
//! An answer is valid when, in this order: the alert is open, the code belongs to a notice of it, the person was paged in it,
//! is licensed if required, and read the current value back [ESC-5].

use wardline_rules::{
    event::{Answer, Event},
    program::AnsweredBy,
    quality::Fault,
    token::Token,
    unit::Unit,
    words::{Act, Comparator},
};

use crate::{
    alerts::{About, AlertSlot},
    disposition::Disposition,
    escalation::{Asked, Phase},
    ids::{Code, Nid},
    output::{AlertState, AnswerOutcome, AnswerVerdict, Output, Party, Recipient},
    partition::Partition,
    report::{OWN_ANSWER, Report, ReportSlot, results::Value},
};

/// The token that stands for a desk or person of a ward where only tokens can be named.
#[must_use]
pub fn party_token(party: &Party) -> Token {
    let (kind, name) = match party {
        Party::Token(token) => return *token,
        Party::Person(name) => ("person", name),
        Party::Desk(name) => ("desk", name),
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_bytes());
    hasher.update(&[0]);
    hasher.update(name.as_bytes());
    Token(crate::alerts::cut(&hasher))
}

impl Partition {
    pub(crate) fn take_answer(&mut self, event: &Event, answer: &Answer, out: &mut Output) -> Disposition {
        let Some((slot, named)) = self.addressed(event, answer) else {
            return self.answer_by_report(event, answer, out);
        };
        let report = self.alerts.get(slot).and_then(|alert| alert.report).map(|report| report.0);
        let mut taken = report.and_then(|place| self.reports.take(place).map(|report| (place, report)));
        let verdict = match taken.as_mut() {
            Some((place, report)) => {
                let known = report.records.len();
                let verdict = self.judge_answer(slot, named, answer, Some(&mut **report), out);
                self.acknowledged(*place, report, known, out);
                verdict
            }
            None => self.judge_answer(slot, named, answer, None, out),
        };
        if let Some((place, report)) = taken {
            self.reports.put(place, report);
        }
        let alert = self.alerts.get(slot).map(|alert| alert.id);
        out.answers.push(AnswerOutcome { event_id: event.event_id.clone(), verdict, alert });
        disposition_of(verdict)
    }

    /// The alert that an answer's nid or code names, and the recipient of that notice.
    fn addressed(&self, _: &Event, answer: &Answer) -> Option<(AlertSlot, Recipient)> {
        let by_nid = answer.nid.and_then(|nid| self.nids.get(&Nid(nid)).copied());
        let by_code = || {
            let code = Code::parse(answer.code.as_deref()?)?;
            let notices = self.codes.get(&code)?.iter().copied();
            let open = |place: &u32| {
                let alert = self.notices.get(*place).and_then(|notice| self.alerts.get(notice.alert));
                alert.is_some_and(crate::alerts::Alert::is_open)
            };
            notices.clone().rfind(open).or_else(|| notices.last())
        };
        let notice = self.notices.get(by_nid.or_else(by_code)?)?;
        Some((notice.alert, notice.head.recipient.clone()))
    }

    /// An answer with the report and no code: a call documented elsewhere, valid without having been paged [REP-20].
    fn answer_by_report(&mut self, event: &Event, answer: &Answer, out: &mut Output) -> Disposition {
        let keys = self.keys_of(event, crate::identity::bare(event));
        let mut targets = Vec::new();
        crate::identity::find(keys, None, (&self.index, &self.reports), &mut targets);
        let mut verdict: Option<AnswerVerdict> = None;
        for slot in targets {
            let Some(mut report) = self.reports.take(slot) else { continue };
            let known = report.records.len();
            let this = self.answer_of_report(&mut report, (event, answer), out);
            verdict = Some(verdict.map_or(this, |known| known.min(this)));
            self.acknowledged(slot, &mut report, known, out);
            self.reports.put(slot, report);
        }
        let verdict = verdict.unwrap_or(AnswerVerdict::Orphan);
        if verdict == AnswerVerdict::Orphan {
            self.say_quality(event, Fault::OrphanAnswer, "answer", out);
        }
        out.answers.push(AnswerOutcome { event_id: event.event_id.clone(), verdict, alert: None });
        disposition_of(verdict)
    }

    /// Lets the rules look at a report again that an answer made acknowledged.
    fn acknowledged(&mut self, slot: ReportSlot, report: &mut Report, known: usize, out: &mut Output) {
        if report.records.len() > known {
            self.refresh(slot, report, out);
        }
    }

    fn judge_answer(
        &mut self,
        slot: AlertSlot,
        named: Recipient,
        answer: &Answer,
        report: Option<&mut Report>,
        out: &mut Output,
    ) -> AnswerVerdict {
        let Some(alert) = self.alerts.get(slot) else { return AnswerVerdict::Orphan };
        if alert.course.is_ended() {
            return AnswerVerdict::AlreadyClosed;
        }
        let by = answer.by.map_or_else(|| party_token(&named.party), |by| self.resolve_token(by));
        if self.completes_task(slot, by, answer) {
            return self.complete_task(slot, answer.act, report, out);
        }
        let escalation = self.escalation_of(slot);
        if let Some(code) = &answer.code
            && !self.has_code(slot, code)
        {
            return AnswerVerdict::CodeDoesNotMatch;
        }
        if answer.code.is_none() && answer.nid.is_none() && escalation.is_some_and(|it| it.with_code) {
            return AnswerVerdict::CodeDoesNotMatch;
        }
        let Some(who) = self.who_answers(slot, named, answer) else { return AnswerVerdict::NotPaged };
        match answer.act {
            Act::Delivered => AnswerVerdict::Recorded,
            Act::Read => {
                if self.alerts.get(slot).is_some_and(|alert| alert.display < AlertState::Read) {
                    self.say_alert(slot, AlertState::Read, "", out);
                }
                AnswerVerdict::Recorded
            }
            Act::Declined => {
                self.is_out(slot, &who, true, report.as_deref(), out);
                AnswerVerdict::Recorded
            }
            Act::Acted => {
                self.acted(slot, "", report, out);
                AnswerVerdict::Accepted
            }
            Act::Accepted | Act::ReadBack => {
                let verdict = self.accept(slot, (Some(&who), answer), report.as_deref(), out);
                if let Some(report) = report.filter(|_| verdict == AnswerVerdict::Accepted) {
                    let at = self.at;
                    self.acknowledge(report, at, OWN_ANSWER);
                }
                verdict
            }
        }
    }

    fn has_code(&self, slot: AlertSlot, code: &str) -> bool {
        let Some((alert, code)) = self.alerts.get(slot).zip(Code::parse(code)) else { return false };
        let notices = alert.course.notices.iter().filter_map(|place| self.notices.get(*place));
        notices.into_iter().any(|notice| notice.head.nid.code() == code)
    }

    /// Who answers: the recipient of the notice, or whoever the answer names, if they were paged in this generation.
    fn who_answers(&self, slot: AlertSlot, named: Recipient, answer: &Answer) -> Option<Recipient> {
        let Some(by) = answer.by else { return Some(named) };
        let by = self.resolve_token(by);
        let alert = self.alerts.get(slot)?;
        let notices = alert.course.notices.iter().filter_map(|place| self.notices.get(*place));
        let mut paged = notices.map(|notice| &notice.head.recipient);
        paged.find(|recipient| party_token(&recipient.party) == by).cloned()
    }

    /// Takes an answer of somebody asked, or of anybody where it was documented elsewhere, if it is valid [ESC-5].
    pub(crate) fn accept(
        &mut self,
        slot: AlertSlot,
        (who, answer): (Option<&Recipient>, &Answer),
        report: Option<&Report>,
        out: &mut Output,
    ) -> AnswerVerdict {
        let escalation = self.escalation_of(slot);
        let everyone = escalation.is_some_and(|it| it.answered_by == AnsweredBy::Everyone);
        let licensed = answer.licence.as_deref().is_some_and(|licence| !licence.is_empty());
        if escalation.is_some_and(|it| it.answered_by == AnsweredBy::Licensed) && !licensed {
            return AnswerVerdict::NotLicensed;
        }
        if escalation.is_some_and(|it| it.read_back) && !self.reads_back(slot, answer, report) {
            return AnswerVerdict::ReadBackDoesNotMatch;
        }
        let Some(alert) = self.alerts.get_mut(slot) else { return AnswerVerdict::Orphan };
        if alert.course.phase == Phase::Answered {
            return AnswerVerdict::Recorded;
        }
        let is_theirs = |asked: &&mut Asked| who.is_some_and(|who| asked.recipient.party == who.party);
        for asked in alert.course.asked.iter_mut().filter(is_theirs) {
            asked.answered = true;
        }
        if everyone && !alert.course.asked.iter().all(|asked| asked.answered) {
            return AnswerVerdict::Recorded;
        }
        self.counters.answered += 1;
        self.answered(slot, "", out);
        AnswerVerdict::Accepted
    }

    /// Whether the value read back is the current one: exact decimals after conversion, the same sign [ESC-6].
    fn reads_back(&self, slot: AlertSlot, answer: &Answer, report: Option<&Report>) -> bool {
        let Some((alert, report)) = self.alerts.get(slot).zip(report) else { return false };
        let About::Result(key) = alert.about else { return true };
        let Some((sign, number)) = answer.value else { return false };
        let mut runs = Vec::new();
        report.runs(key, &mut runs);
        let Some(current) = runs.last() else { return false };
        let same_sign = |other: Option<Comparator>| other == sign;
        match current.content.value {
            Value::Quantity(other, quantity) => {
                let unit =
                    if answer.unit.is_empty() { self.unit_of(slot, key.code) } else { Unit::parse(&answer.unit) };
                let read = match unit {
                    Some(unit) => unit.quantity(number),
                    // The unit of the value itself, if the ward declares none.
                    None => Some(wardline_rules::unit::Quantity { dimension: quantity.dimension, value: number }),
                };
                same_sign(other) && read == Some(quantity)
            }
            Value::Number(other, value, _) => same_sign(other) && value == number,
            Value::None | Value::Word(_) | Value::Retracted => false,
        }
    }

    fn unit_of(&self, slot: AlertSlot, code: u32) -> Option<Unit> {
        let ward = self.wards.get(self.alerts.get(slot)?.cause.ward as usize)?;
        let test = ward.tests.test(code)?;
        ward.program.catalogue.tests.get(test.index())?.unit
    }
}

/// What became of the event of an answer with this verdict.
const fn disposition_of(verdict: AnswerVerdict) -> Disposition {
    match verdict {
        AnswerVerdict::Accepted | AnswerVerdict::Recorded => Disposition::Applied,
        AnswerVerdict::AlreadyClosed => Disposition::Stale,
        AnswerVerdict::Orphan
        | AnswerVerdict::CodeDoesNotMatch
        | AnswerVerdict::NotPaged
        | AnswerVerdict::NotLicensed
        | AnswerVerdict::ReadBackDoesNotMatch => Disposition::Unmatched,
    }
}
