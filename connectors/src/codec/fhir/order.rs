//! Order: what do requests, specimens, studies, appointments, tasks and communications say about a report's way?
//!
//! - **Source**: domain page 5.5; FHIR R4.

use wardline_rules::{
    Text,
    event::{Event, Fact, Given, ReportFlag},
    quality::Fault,
    words::{Channel, Evidence, Flag, Kind, Priority, Role, Step},
};

use super::{
    clean,
    context::{Context, Entry, Number, Way},
    node::Node,
};
use crate::codec::notes::Notes;

/// The intents that are an order, and not a thought about one.
const INTENTS: [&str; 6] = ["order", "original-order", "reflex-order", "filler-order", "instance-order", ""];

impl<'c> Context<'c> {
    /// The event of a ServiceRequest.
    pub(super) fn request(&self, entry: &Entry<'c>) -> Option<Event> {
        let order = entry.resource;
        let status = order.text("status");
        if status == "draft" || !INTENTS.contains(&order.text("intent")) {
            return None;
        }
        let mut notes = Notes::default();
        let mut event = self.event(Fact::Update);
        let mut own = None;
        match status {
            "active" => {
                event.fact = Fact::Step(Step::Ordered);
                own = self.time(order, "authoredOn", &mut notes);
            }
            "on-hold" => event.flags.push(ReportFlag::Known(Flag::OnHold)),
            "revoked" => event.fact = Fact::Step(Step::Cancelled),
            "entered-in-error" => event.fact = Fact::Step(Step::EnteredInError),
            "completed" | "unknown" => {}
            _ => notes.add(Fault::StatusMissing, "status"),
        }
        self.stamp(&mut event, own, order, &mut notes);
        event.report = self.numbers(order, Number::Placer, &mut notes);
        let authorities = &self.profile.authorities;
        event.report.group =
            order.get("requisition").and_then(|group| self.ident(group, &authorities.group, &mut notes));
        if let Some(replaced) = order.first("replaces") {
            let numbers = self.resolve(replaced, order).map(|old| self.numbers(old, Number::Placer, &mut notes));
            event.report.replaces = numbers.and_then(|ids| ids.filler.or(ids.placer));
        }
        self.name_if_anonymous(&mut event, entry, &mut notes);
        event.tests = self.tests("code", order, &mut notes);
        self.category(&mut event, order, &mut notes);
        event.priority = self.priority(order, &mut notes);
        if order.text("intent") == "reflex-order" {
            event.flags.push(ReportFlag::Known(Flag::Reflex));
        }
        event.planned_at = self.span(order, ("occurrenceDateTime", "occurrencePeriod"), &mut notes).0.into();
        if let Some(requester) = order.get("requester") {
            self.person(&mut event, Role::Ordering, requester, order, &mut notes);
        }
        for reference in order.list("specimen") {
            self.specimen(&mut event, reference, order, &mut notes);
        }
        self.who(&mut event, order, "subject", &mut notes);
        event.notes = notes.into_list();
        Some(event)
    }

    pub(super) fn priority(&self, order: Node<'_>, notes: &mut Notes) -> Given<Priority> {
        match order.text("priority") {
            "" => Given::Absent,
            word => notes.expect(Priority::parse(word), Fault::UnknownValue, "priority").into(),
        }
    }

    /// What the specimen behind a reference proves about the report it belongs to.
    pub(super) fn specimen(&self, event: &mut Event, reference: Node<'c>, from: Node<'c>, notes: &mut Notes) {
        let Some(specimen) = self.resolve(reference, from) else { return };
        if specimen.text("resourceType") == "Specimen" {
            self.specimen_facts(event, specimen, notes);
        }
    }

    fn specimen_facts(&self, event: &mut Event, specimen: Node<'c>, notes: &mut Notes) {
        if let Some(collection) = specimen.get("collection") {
            let at = self.span(collection, ("collectedDateTime", "collectedPeriod"), notes).0;
            Self::milestone(event, Step::Collected, at, Evidence::Own);
        }
        let received = self.time(specimen, "receivedTime", notes);
        Self::milestone(event, Step::Received, received, Evidence::Own);
        if event.report.accession.is_none()
            && let Some(identifier) = specimen.get("accessionIdentifier")
        {
            let default = &self.profile.authorities.accession;
            event.report.accession = self.ident(identifier, default, notes);
        }
    }

    /// The events of a specimen that no report or order of the body points to: one for each order it was taken for.
    pub(super) fn lone_specimen(&self, entry: &Entry<'c>) -> Vec<Event> {
        let specimen = entry.resource;
        let is_rejected = specimen.text("status") == "unsatisfactory";
        if !is_rejected && self.bundle.is_pointed_to(Way::Specimen, specimen) {
            return Vec::new();
        }
        let mut notes = Notes::default();
        let mut event = self.event(if is_rejected { Fact::Step(Step::Recollect) } else { Fact::Update });
        self.specimen_facts(&mut event, specimen, &mut notes);
        self.stamp(&mut event, None, specimen, &mut notes);
        let order = self.based_on(&mut event, specimen, "request", &mut notes);
        let says_nothing = event.milestones.is_empty() && !is_rejected;
        if says_nothing || event.report.is_anonymous() {
            return Vec::new();
        }
        if let Some(order) = order {
            event.tests = self.tests("code", order, &mut notes);
            self.category(&mut event, order, &mut notes);
        }
        self.who(&mut event, specimen, "subject", &mut notes);
        event.notes = notes.into_list();
        vec![event]
    }

    /// The event of an imaging study: its start is known, its end only by the time at which it became available.
    pub(super) fn imaging(&self, entry: &Entry<'c>) -> Option<Event> {
        let study = entry.resource;
        let mut notes = Notes::default();
        let mut event = self.event(Fact::Update);
        event.kind = Some(Kind::Imaging);
        let started = self.time(study, "started", &mut notes);
        match study.text("status") {
            "available" => {
                event.fact = Fact::Step(Step::ExamEnded);
                Self::milestone(&mut event, Step::ExamStarted, started, Evidence::Own);
                event.occurred_at = self.changed(study, &mut notes).or(started);
                event.evidence = Evidence::Derived;
            }
            "registered" if started.is_some() => {
                event.fact = Fact::Step(Step::ExamStarted);
                event.occurred_at = started;
            }
            "cancelled" => event.fact = Fact::Step(Step::Cancelled),
            "entered-in-error" => event.fact = Fact::Step(Step::EnteredInError),
            _ => {}
        }
        if event.occurred_at.is_none() {
            self.stamp(&mut event, None, study, &mut notes);
        }
        event.report = self.numbers(study, Number::Accession, &mut notes);
        let order = self.based_on(&mut event, study, "basedOn", &mut notes);
        self.name_if_anonymous(&mut event, entry, &mut notes);
        event.tests = match order {
            Some(order) => self.tests("code", order, &mut notes),
            None => self.tests("procedureCode", study, &mut notes),
        };
        self.who(&mut event, study, "subject", &mut notes);
        event.notes = notes.into_list();
        Some(event)
    }

    /// The event of an appointment that was made for an order.
    pub(super) fn appointment(&self, entry: &Entry<'c>) -> Option<Event> {
        let visit = entry.resource;
        let mut notes = Notes::default();
        let mut event = self.event(Fact::Update);
        let own = match visit.text("status") {
            "booked" => {
                event.fact = Fact::Step(Step::Scheduled);
                self.time(visit, "created", &mut notes)
            }
            "arrived" | "checked-in" => {
                event.fact = Fact::Step(Step::Arrived);
                None
            }
            "noshow" => {
                event.flags.push(ReportFlag::Known(Flag::NoShow));
                None
            }
            "cancelled" => None,
            _ => return None,
        };
        self.stamp(&mut event, own, visit, &mut notes);
        event.planned_at = self.time(visit, "start", &mut notes).into();
        event.report = self.numbers(visit, Number::Placer, &mut notes);
        if let Some(order) = self.based_on(&mut event, visit, "basedOn", &mut notes) {
            event.tests = self.tests("code", order, &mut notes);
            self.category(&mut event, order, &mut notes);
        }
        self.name_if_anonymous(&mut event, entry, &mut notes);
        let is_patient = |participant: &Node<'c>| {
            participant.get("actor").is_some_and(|actor| actor.text("reference").contains("Patient/"))
        };
        if let Some(participant) = visit.list("participant").find(is_patient) {
            self.who(&mut event, participant, "actor", &mut notes);
        }
        event.notes = notes.into_list();
        Some(event)
    }

    /// The event of a task about an order.
    pub(super) fn task(&self, entry: &Entry<'c>) -> Option<Event> {
        let task = entry.resource;
        let (step, reason) = match task.text("status") {
            "accepted" => (Step::Accepted, None),
            "in-progress" => (Step::InProcess, None),
            "rejected" => (Step::Cancelled, Some("unable_to_accept")),
            "cancelled" => (Step::Cancelled, None),
            _ => return None,
        };
        let mut notes = Notes::default();
        let mut event = self.event(Fact::Step(step));
        event.reason = reason.map(Text::const_new);
        let order = self.based_on(&mut event, task, "focus", &mut notes);
        let order = order.or_else(|| self.based_on(&mut event, task, "basedOn", &mut notes));
        // A task about something else than an order is not ours.
        if event.report.is_anonymous() {
            return None;
        }
        let own = self.time(task, "lastModified", &mut notes);
        self.stamp(&mut event, own, task, &mut notes);
        if let Some(order) = order {
            event.tests = self.tests("code", order, &mut notes);
            self.category(&mut event, order, &mut notes);
        }
        self.who(&mut event, task, "for", &mut notes);
        event.notes = notes.into_list();
        Some(event)
    }

    /// The event of a communication about a report: the patient was told, or a clinician has it.
    pub(super) fn communication(&self, entry: &Entry<'c>) -> Option<Event> {
        let told = entry.resource;
        if told.text("status") != "completed" {
            return None;
        }
        let mut notes = Notes::default();
        let is_to = |kind: &str| told.list("recipient").any(|who| who.text("reference").contains(kind));
        let step = match () {
            () if is_to("Patient/") => Step::PatientNotified,
            () if is_to("Practitioner/") || is_to("PractitionerRole/") => Step::Delivered,
            () => return None,
        };
        let mut event = self.event(Fact::Step(step));
        let report = told.list("about").find_map(|about| self.resolve(about, told))?;
        event.report = self.numbers(report, Number::Filler, &mut notes);
        self.based_on(&mut event, report, "basedOn", &mut notes);
        if event.report.is_anonymous() {
            return None;
        }
        event.tests = self.tests("code", report, &mut notes);
        let own = self.time(told, "sent", &mut notes).or_else(|| self.time(told, "received", &mut notes));
        self.stamp(&mut event, own, told, &mut notes);
        event.channel = told.codings("medium").find_map(|coding| medium(coding.text("code")));
        self.who(&mut event, told, "subject", &mut notes);
        event.notes = notes.into_list();
        Some(event)
    }
}

/// HL7's participation modes.
fn medium(code: &str) -> Option<Channel> {
    match code {
        "PHONE" => Some(Channel::Phone),
        "EMAILWRIT" => Some(Channel::Email),
        "SMSWRIT" => Some(Channel::Sms),
        "FAXWRIT" => Some(Channel::Fax),
        "MAILWRIT" => Some(Channel::Letter),
        "FACE" | "PHYSICAL" => Some(Channel::InPerson),
        _ => clean::is_key(code).then(|| Channel::parse(code)).flatten(),
    }
}
