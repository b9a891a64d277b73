//! Appointment: which order has a slot, and when?
//!
//! - **Source**: domain page 5.1 (SIU); HL7 v2.9, 10.6.

use wardline_rules::{
    event::{Event, Fact, Given, ReportFlag},
    quality::Fault,
    words::{Evidence, Flag, Step},
};

use super::{
    Draft,
    document::who,
    lexer::{Message, Segment},
    reader::Reader,
};

impl Reader<'_> {
    /// The event of one appointment.
    pub(super) fn appointment(&mut self, draft: &Draft<'_>, message: &Message<'_>, sch: &Segment<'_>) -> Event {
        let mut event = draft.event();
        let profile = self.profile;
        event.kind = profile.kind;
        event.report.placer = self.ident(sch.field(26), &profile.authorities.placer, "SCH-26");
        event.report.filler = self.ident(sch.field(27), &profile.authorities.filler, "SCH-27");
        if event.report.is_anonymous() {
            self.notes.add(Fault::NoIdentity, "SCH-27");
        }
        let is_booked = matches!(draft.header.trigger.as_str(), "" | "S12" | "S13" | "S14");
        event.fact = if is_booked { Fact::Step(Step::Scheduled) } else { Fact::Update };
        if draft.header.trigger == "S26" {
            event.flags.push(ReportFlag::Known(Flag::NoShow));
        }
        if let Some(ais) = message.first("AIS") {
            event.tests = self.codes(ais.field(3), "AIS-3");
        }
        event.occurred_at = event.msg.made_at;
        event.evidence = Evidence::Message;
        event.planned_at = self.slot(message, sch);
        self.who(&mut event, who(message));
        event
    }

    /// SCH-11.4, else AIS-4.
    fn slot(&mut self, message: &Message<'_>, sch: &Segment<'_>) -> Given<wardline_rules::time::EventTime> {
        let own = self.time(sch.field(11).component(4), "SCH-11");
        own.or_else(|| message.first("AIS").and_then(|ais| self.time(ais.field(4), "AIS-4"))).into()
    }
}
