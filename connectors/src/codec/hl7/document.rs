//! Document: what does a TXA say about a transcribed report?
//!
//! The trigger wins over the status in TXA-17: an addendum is an addendum whoever has signed it.
//!
//! - **Source**: domain page 5.1, 5.2 (TXA), 5.4; HL7 v2.9, 9.4 and table 0271.

use wardline_rules::{
    Text,
    event::{Event, Fact, Milestone, ResultValue},
    quality::Fault,
    words::{Evidence, Kind, Step},
};

use super::{
    Draft,
    lexer::{Message, Part, Segment},
    order::Order,
    patient::Who,
    reader::Reader,
    tables,
};

/// Whom the message is about, as far as it has come.
pub(super) fn who<'m>(message: &'m Message<'m>) -> Who<'m> {
    Who { pid: message.first("PID"), pv1: message.first("PV1") }
}

impl Reader<'_> {
    /// The event of one document.
    pub(super) fn document(&mut self, draft: &Draft<'_>, message: &Message<'_>, txa: &Segment<'_>) -> Event {
        let mut event = draft.event();
        let profile = self.profile;
        let authorities = &profile.authorities;
        event.report.filler = self.ident(txa.field(12), &authorities.filler, "TXA-12");
        event.report.placer = self.ident(txa.field(14), &authorities.placer, "TXA-14");
        event.report.parent = self.ident(txa.field(13), &authorities.filler, "TXA-13");
        if event.report.is_anonymous() {
            self.notes.add(Fault::NoIdentity, "TXA-12");
        }
        let sort = self.word(txa.field(2));
        event.kind = profile.document_kinds.get(&sort).copied().or(profile.kind).or(Some(Kind::Document));
        event.tests = match message.first("OBR") {
            Some(obr) => self.tests(obr),
            None => self.codes(txa.field(2), "TXA-2"),
        };
        self.document_step(&mut event, draft, txa);
        let observations = message.segments.iter().filter(|segment| segment.id == "OBX");
        event.results = observations.filter_map(|obx| self.result(obx)).collect();
        event.narrative = event.results.iter().any(|result| matches!(result.value, ResultValue::Narrative));
        self.who(&mut event, who(message));
        let order = Order { orc: message.first("ORC"), obr: message.first("OBR"), ..Order::default() };
        self.order_people(&mut event, &order);
        event
    }

    fn document_step(&mut self, event: &mut Event, draft: &Draft<'_>, txa: &Segment<'_>) {
        let word = self.word(txa.field(17));
        let status = tables::document_status(&word);
        if status.is_none() {
            self.notes.add(Fault::StatusMissing, "TXA-17");
        }
        let is_signed = status == Some(Step::Final);
        let (step, reason) = match draft.header.trigger.as_str() {
            "T05" | "T06" => (Some(Step::Appended), None),
            "T07" | "T08" if is_signed => (Some(Step::Corrected), None),
            "T09" | "T10" => (Some(Step::Corrected), Some("replaced")),
            "T11" => (Some(Step::EnteredInError), Some("document_cancelled")),
            _ => (status, None),
        };
        event.fact = step.map_or(Fact::Update, Fact::Step);
        event.reason = reason.map(Text::const_new);
        let transcribed = self.time(txa.field(7), "TXA-7");
        let at = match step {
            Some(Step::Dictated) => self.either_time(txa, [6, 4]),
            Some(Step::InProcess) => self.either_time(txa, [4, 6]),
            Some(Step::Transcribed) => transcribed,
            Some(Step::Final) => self.time(signed_at(txa), "TXA-22"),
            Some(step) if step.is_change() => self.time(txa.field(8), "TXA-8"),
            Some(_) | None => None,
        };
        event.evidence = if at.is_some() { Evidence::Own } else { Evidence::Message };
        event.occurred_at = at.or(event.msg.made_at);
        let later = step != Some(Step::Transcribed);
        let proven = transcribed.filter(|_| later);
        event.milestones.extend(proven.map(|at| Milestone { step: Step::Transcribed, at, evidence: Evidence::Own }));
    }

    fn either_time(&mut self, txa: &Segment<'_>, numbers: [usize; 2]) -> Option<wardline_rules::time::EventTime> {
        numbers.into_iter().find_map(|number| self.time(txa.field(number), "TXA-4"))
    }
}

/// TXA-22.15: when it was signed; of several signatures the last.
fn signed_at<'t>(txa: &Segment<'t>) -> Part<'t> {
    let field = txa.field(22);
    field
        .repetitions()
        .map(|part| part.component(15))
        .filter(|part| part.is_valued())
        .last()
        .unwrap_or(field.component(15))
}
