//! Admission: where is a patient in care now, and who turned out to be the same?
//!
//! - **Source**: domain page 5.1 (ADT), [EVT-10] [IDN-11]; HL7 v2.9, 3.3.

use wardline_rules::{
    event::{Event, Fact, Merge, ReportFlag},
    quality::Fault,
    token::TokenKind,
    words::{Evidence, Flag, MergeWhat},
};

use super::{
    Draft,
    document::who,
    kinds::Family,
    lexer::{Message, Segment},
    order::attribute,
    patient::Who,
    reader::Reader,
};

impl Reader<'_> {
    /// The event of a stay; without a visit number there is nothing to follow, and the feed is only known to be alive.
    pub(super) fn encounter(&mut self, draft: &Draft<'_>, message: &Message<'_>) -> Event {
        let mut event = draft.event();
        event.fact = Fact::Encounter;
        self.event_time(&mut event, message);
        self.who(&mut event, who(message));
        if event.encounter.is_none() {
            self.notes.add(Fault::NoIdentity, "PV1-19");
            return draft.heartbeat();
        }
        let (status, flag) = match draft.header.trigger.as_str() {
            "A01" | "A04" | "A12" => (Some("admitted"), None),
            "A02" => (Some("transferred"), None),
            "A03" => (Some("discharged"), Some(true)),
            "A11" => (Some("cancelled"), None),
            "A13" => (Some("admitted"), Some(false)),
            _ => (None, None),
        };
        if let Some(status) = status {
            attribute(&mut event, "encounter_status", status);
        }
        match flag {
            Some(true) => event.flags.push(ReportFlag::Known(Flag::Discharged)),
            Some(false) => event.flags_off.push(ReportFlag::Known(Flag::Discharged)),
            None => {}
        }
        event
    }

    /// EVN-6, else EVN-2, else the time of the message.
    fn event_time(&mut self, event: &mut Event, message: &Message<'_>) {
        let evn = message.first("EVN");
        let happened = evn.and_then(|evn| self.time(evn.field(6), "EVN-6"));
        let recorded = evn.filter(|_| happened.is_none()).and_then(|evn| self.time(evn.field(2), "EVN-2"));
        (event.occurred_at, event.evidence) = match (happened, recorded) {
            (Some(at), _) => (Some(at), Evidence::Own),
            (None, Some(at)) => (Some(at), Evidence::Derived),
            (None, None) => (event.msg.made_at, Evidence::Message),
        };
    }

    /// What one MRG joins: `from` points to whom PID or PV1 name now.
    pub(super) fn merge(&mut self, draft: &Draft<'_>, message: &Message<'_>, mrg: &Segment<'_>, now: Who<'_>) -> Event {
        let mut event = draft.event();
        self.event_time(&mut event, message);
        if draft.family == Family::Move {
            return self.moved(draft, event, mrg, now);
        }
        let (what, tokens) = if draft.family == Family::PatientMerge {
            let from = self.token(TokenKind::Patient, mrg.field(1));
            (MergeWhat::Patient, from.zip(now.pid.and_then(|pid| self.patient(pid))))
        } else {
            let visit = self.token(TokenKind::Encounter, mrg.field(5));
            let current = now.pv1.and_then(|pv1| self.token(TokenKind::Encounter, pv1.field(19)));
            let account = self.token(TokenKind::Encounter, mrg.field(3));
            let own = now.pid.and_then(|pid| self.token(TokenKind::Encounter, pid.field(18)));
            (MergeWhat::Encounter, visit.zip(current).or(account.zip(own)))
        };
        match tokens.filter(|(from, into)| from != into) {
            Some((from, into)) => {
                event.fact = Fact::Merge(Box::new(Merge::Tokens { what, from, into }));
                event
            }
            None => {
                self.notes.add(Fault::MergeUnknown, "MRG");
                draft.heartbeat()
            }
        }
    }

    /// A visit that belongs to another patient now.
    fn moved(&mut self, draft: &Draft<'_>, mut event: Event, mrg: &Segment<'_>, now: Who<'_>) -> Event {
        event.fact = Fact::Encounter;
        self.who(&mut event, now);
        let visit = self.token(TokenKind::Encounter, mrg.field(5));
        event.encounter = event.encounter.or(visit).or_else(|| self.token(TokenKind::Encounter, mrg.field(3)));
        if event.encounter.is_some() && event.patient.is_some() {
            event
        } else {
            self.notes.add(Fault::MergeUnknown, "MRG");
            draft.heartbeat()
        }
    }
}
