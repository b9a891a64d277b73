//! Fact: what does the event state, and when did it happen?

use wardline_rules::{
    Text,
    event::{Answer, Fact, Merge, Msg},
    quality::Fault,
    time::EventTime,
    token::TokenKind,
    words::{Act, Evidence, MergeWhat, Step},
};

use super::{Convert, value};
use crate::{
    codec::{
        clean,
        json::{
            Refusal, refusal,
            wire::{Field, Wire, WireAnswer, WireId, WireMerge, WireTime},
        },
    },
    codes::Code,
};

/// The licences an answer may name.
const LICENCES: [&str; 6] = ["physician", "nurse", "advanced_practice", "pharmacist", "other", "none"];

impl Convert<'_> {
    /// What the event states; a fact that cannot be known refuses the line [EVT-1].
    pub(super) fn fact(&mut self, wire: &Wire<'_>) -> Result<Fact, Refusal> {
        let word = self.said(wire.r#type, "type").unwrap_or("step");
        let step = wire.step;
        if word != "step" && matches!(step, Field::Is(_)) {
            self.notes.add(Fault::UnknownField, "step");
        }
        match word {
            "step" => match step {
                Field::Is(word) => Step::parse(word).map(Fact::Step).ok_or_else(|| refusal(Code::UnknownStep, "step")),
                Field::Absent | Field::Null => Err(refusal(Code::MissingField, "step")),
            },
            "update" => Ok(Fact::Update),
            "encounter" => Ok(Fact::Encounter),
            "heartbeat" => Ok(Fact::Heartbeat),
            "answer" => {
                let wire = wire.answer.as_ref().ok_or_else(|| refusal(Code::MissingField, "answer"))?;
                self.answer(wire).map(|answer| Fact::Answer(Box::new(answer)))
            }
            "merge" => {
                let wire = wire.merge.as_ref().ok_or_else(|| refusal(Code::MissingField, "merge"))?;
                self.merge(wire).map(|merge| Fact::Merge(Box::new(merge)))
            }
            _ => Err(refusal(Code::UnknownType, "type")),
        }
    }

    fn answer(&mut self, wire: &WireAnswer<'_>) -> Result<Answer, Refusal> {
        let act = Act::parse(wire.act).ok_or_else(|| refusal(Code::UnknownAct, "answer.act"))?;
        let licence = wire.licence.filter(|word| LICENCES.contains(word));
        if wire.licence.is_some() && licence.is_none() {
            self.notes.add(Fault::UnknownValue, "answer.by.licence");
        }
        Ok(Answer {
            act,
            code: self.optional(wire.code, value::notice_code, "answer.code"),
            nid: self.optional(wire.nid, value::nid, "answer.nid"),
            by: wire.by.as_ref().and_then(|by| self.person(by, "answer.by")),
            licence: licence.map(Text::from),
            told_by: wire.told_by.as_ref().and_then(|by| self.person(by, "answer.told_by")),
            value: self.optional(wire.value, value::quantity, "answer.value"),
            unit: wire.unit.map(|unit| clean::unit(unit, &mut self.notes)).unwrap_or_default(),
            result: wire.result.as_ref().and_then(|code| self.code(code, "answer.result")),
        })
    }

    fn optional<T>(&mut self, text: Option<&str>, read: fn(&str) -> Option<T>, name: &str) -> Option<T> {
        let text = text?;
        self.notes.expect(read(text), Fault::UnknownValue, name)
    }

    fn merge(&mut self, wire: &WireMerge<'_>) -> Result<Merge, Refusal> {
        let unknown = || refusal(Code::UnknownMerge, "merge");
        let tokens = |what, kind, from: &WireId<'_>, into: &WireId<'_>| {
            let both = self.token(kind, from).zip(self.token(kind, into));
            both.map(|(from, into)| Merge::Tokens { what, from, into }).ok_or_else(unknown)
        };
        match wire {
            WireMerge::Patients(from, into) => tokens(MergeWhat::Patient, TokenKind::Patient, from, into),
            WireMerge::Encounters(from, into) => tokens(MergeWhat::Encounter, TokenKind::Encounter, from, into),
            WireMerge::Reports(both) => {
                let (from, into) = &**both;
                let (from, into) = (self.report_ids(from), self.report_ids(into));
                let known = !from.is_anonymous() && !into.is_anonymous();
                known.then(|| Merge::Reports(Box::new((from, into)))).ok_or_else(unknown)
            }
        }
    }

    /// When it happened: its own time, else that of the message with evidence `message`, else when it arrives.
    pub(super) fn occurred(&mut self, wire: &Wire<'_>, fact: &Fact, msg: &Msg) -> (Option<EventTime>, Evidence) {
        let evidence = self.word(wire.evidence, "evidence", Evidence::parse).unwrap_or(Evidence::Own);
        if matches!(fact, Fact::Heartbeat) && !matches!(wire.occurred_at, Field::Is(_)) {
            return (None, evidence);
        }
        match self.time(wire.occurred_at.as_ref(), "occurred_at") {
            Some(time) => (Some(time), evidence),
            None => (msg.made_at, Evidence::Message),
        }
    }

    /// A time in either form; absent with a note if it means nothing.
    pub(super) fn time(&mut self, field: Field<&WireTime<'_>>, name: &str) -> Option<EventTime> {
        match self.said(field, name)? {
            WireTime::Text(text) => self.zones.rfc3339(text, name, &mut self.notes),
            WireTime::Parts(parts) => {
                let time = value::time_parts(parts);
                self.notes.expect(time, Fault::TimeMalformed, name)
            }
        }
    }
}
