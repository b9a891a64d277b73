//! Report: what does a DiagnosticReport say, or an Observation that stands alone?
//!
//! - **Source**: domain page 5.5; FHIR R4, DiagnosticReport and Observation.

use wardline_rules::{
    event::{Event, Fact},
    quality::Fault,
    time::EventTime,
    words::{Evidence, Role, Step},
};

use super::{
    context::{Context, Entry, Number, Way, begins_with},
    node::Node,
    observation, tables,
};
use crate::codec::notes::Notes;

impl<'c> Context<'c> {
    /// The event of a report.
    pub(super) fn report(&self, entry: &Entry<'c>) -> Option<Event> {
        let report = entry.resource;
        let mut notes = Notes::default();
        let mut event = self.event(Fact::Update);
        match tables::report_step(report.text("status")) {
            Some(step) => event.fact = Fact::Step(step),
            None => notes.add(Fault::StatusMissing, "status"),
        }
        event.report = self.numbers(report, Number::Filler, &mut notes);
        let order = self.based_on(&mut event, report, "basedOn", &mut notes);
        self.name_if_anonymous(&mut event, entry, &mut notes);
        event.tests = self.tests("code", report, &mut notes);
        self.category(&mut event, report, &mut notes);
        self.own_time(&mut event, report, "issued", &mut notes);
        self.effective(&mut event, report, &mut notes);
        self.who(&mut event, report, "subject", &mut notes);
        for performer in report.list("performer") {
            self.person(&mut event, Role::Performing, performer, report, &mut notes);
        }
        for interpreter in report.list("resultsInterpreter") {
            self.person(&mut event, Role::Interpreting, interpreter, report, &mut notes);
        }
        if let Some(order) = order {
            if let Some(requester) = order.get("requester") {
                self.person(&mut event, Role::Ordering, requester, order, &mut notes);
            }
            event.priority = self.priority(order, &mut notes);
        }
        for reference in report.list("specimen") {
            self.specimen(&mut event, reference, report, &mut notes);
        }
        for reference in report.list("result") {
            if let Some(found) = self.resolve(reference, report) {
                self.results(&mut event, found, &mut notes);
            }
        }
        event.narrative |= report.get("presentedForm").is_some() || !report.text("conclusion").is_empty();
        event.notes = notes.into_list();
        Some(event)
    }

    /// The event of an observation that no report lists; surveys, vital signs and social history are not reports.
    pub(super) fn lone_observation(&self, entry: &Entry<'c>) -> Option<Event> {
        let observation = entry.resource;
        let is_ours = ["laboratory", "imaging", "procedure", "LAB", "RAD"];
        // What a report or a panel of the body lists is told of with it.
        if !is_ours.iter().any(|word| observation.has_code("category", word))
            || self.bundle.is_pointed_to(Way::Result, observation)
        {
            return None;
        }
        let mut notes = Notes::default();
        let mut event = self.event(Fact::Update);
        match tables::observation_step(observation.text("status")) {
            Some(step) => event.fact = Fact::Step(step),
            None => notes.add(Fault::StatusMissing, "status"),
        }
        event.report = self.numbers(observation, Number::Filler, &mut notes);
        let order = self.based_on(&mut event, observation, "basedOn", &mut notes);
        self.name_if_anonymous(&mut event, entry, &mut notes);
        event.tests = self.tests("code", observation, &mut notes);
        self.category(&mut event, observation, &mut notes);
        self.own_time(&mut event, observation, "issued", &mut notes);
        self.effective(&mut event, observation, &mut notes);
        self.who(&mut event, observation, "subject", &mut notes);
        for performer in observation.list("performer") {
            self.person(&mut event, Role::Performing, performer, observation, &mut notes);
        }
        if let Some(order) = order {
            event.priority = self.priority(order, &mut notes);
        }
        self.results(&mut event, observation, &mut notes);
        event.notes = notes.into_list();
        Some(event)
    }

    /// `issued`, else who signed it and when, else the last change.
    fn own_time(&self, event: &mut Event, resource: Node<'c>, key: &'static str, notes: &mut Notes) {
        let issued = self.time(resource, key, notes);
        if issued.is_none()
            && let Some(at) = self.signed(resource, notes)
        {
            event.occurred_at = Some(at);
            event.evidence = Evidence::Derived;
            return;
        }
        self.stamp(event, issued, resource, notes);
    }

    /// The time of a Provenance by whoever verified or wrote it.
    fn signed(&self, resource: Node<'c>, notes: &mut Notes) -> Option<EventTime> {
        let found = self.bundle.signature(resource)?;
        self.time(found, "occurredDateTime", notes).or_else(|| self.time(found, "recorded", notes))
    }

    fn effective(&self, event: &mut Event, resource: Node<'_>, notes: &mut Notes) {
        let (begin, end) = self.span(resource, ("effectiveDateTime", "effectivePeriod"), notes);
        let step = begins_with(event.kind);
        Self::milestone(event, step, begin, Evidence::Own);
        if step == Step::ExamStarted {
            Self::milestone(event, Step::ExamEnded, end, Evidence::Own);
        }
    }

    /// The results of an observation and of those it is made of.
    fn results(&self, event: &mut Event, observation: Node<'c>, notes: &mut Notes) {
        let found = observation::results(self, observation, notes);
        event.narrative |= found.has_narrative;
        event.results.extend(found.items);
        for reference in observation.list("hasMember") {
            // One level: a panel lists its tests.
            if let Some(member) = self.resolve(reference, observation) {
                let found = observation::results(self, member, notes);
                event.narrative |= found.has_narrative;
                event.results.extend(found.items);
            }
        }
        if let Some(reference) = observation.get("specimen") {
            self.specimen(event, reference, observation, notes);
        }
    }
}
