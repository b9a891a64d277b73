//! Patient: whose report is it, and where is that person in care?
//!
//! Tokens of identifiers; of the date of birth only the age in whole years leaves this file. Names and addresses are not
//! read.
//!
//! - **Source**: domain page 5.5, section 2 (`patient_age`), [EVT-9] [PRV-2].

use wardline_rules::{
    Text,
    decimal::Decimal,
    event::{Event, Fact, Given, Merge, ReportFlag, Scalar},
    quality::Fault,
    token::{Token, TokenKind},
    words::{Flag, MergeWhat},
};

use super::{
    clean,
    context::{Context, Entry, Way, base, namespace},
    node::Node,
    tables,
};
use crate::codec::{age::age, notes::Notes, time::Written};

impl<'c> Context<'c> {
    /// Fills who and where into `event`, whose time is known.
    pub(super) fn who(&self, event: &mut Event, resource: Node<'c>, subject: &str, notes: &mut Notes) {
        if let Some(reference) = resource.get(subject) {
            let patient = self.resolve(reference, resource);
            event.patient = self.patient(reference, patient);
            if let Some(patient) = patient {
                self.describe(event, patient);
            }
        }
        if let Some(reference) = resource.get("encounter") {
            let stay = self.resolve(reference, resource);
            event.encounter = self.of_reference(TokenKind::Encounter, reference, stay);
            if let Some(code) = stay.and_then(|stay| stay.get("class")).map(|class| class.text("code")) {
                event.class = tables::class(code).into();
            }
        }
        if event.patient.is_none() && matches!(event.fact, Fact::Step(_) | Fact::Update) {
            notes.add(Fault::NoPatient, "subject");
        }
    }

    fn patient(&self, reference: Node<'c>, patient: Option<Node<'c>>) -> Option<Token> {
        let is_group = |node: Node<'_>| !matches!(node.text("resourceType"), "Patient");
        if patient.is_some_and(is_group) || reference.text("reference").contains("Group/") {
            return None;
        }
        self.of_reference(TokenKind::Patient, reference, patient)
    }

    /// By the identifier beside the reference, that of the resource, or the server's own name for it.
    fn of_reference(&self, kind: TokenKind, reference: Node<'c>, found: Option<Node<'c>>) -> Option<Token> {
        let identifier = reference.get("identifier").or_else(|| found.and_then(best_identifier));
        if let Some(identifier) = identifier {
            return self.token(kind, identifier);
        }
        let address = reference.text("reference");
        let id = match found {
            Some(resource) => resource.text("id"),
            None => address.rsplit('/').next().unwrap_or_default(),
        };
        let is_name = !id.starts_with('#') && !address.starts_with("urn:");
        is_name.then(|| clean::token(kind, id, base(address), self.profile, self.tokeniser)).flatten()
    }

    fn describe(&self, event: &mut Event, patient: Node<'c>) {
        if let Some(identifier) = best_identifier(patient)
            && clean::is_test_patient(identifier.text("value"), namespace(identifier), self.profile)
        {
            event.flags.push(ReportFlag::Known(Flag::TestPatient));
        }
        if let Some(age) = Written::rfc3339(patient.text("birthDate")).and_then(|born| age(&born, event)) {
            event.attributes.push((Text::const_new("patient_age"), Given::Value(Scalar::Number(Decimal::whole(age)))));
        }
    }

    /// The event of a stay; without a number there is nothing to follow.
    pub(super) fn encounter_news(&self, entry: &Entry<'c>) -> Option<Event> {
        let stay = entry.resource;
        // Where a report or an order of the body points to it, it only says where that patient is.
        if self.bundle.is_pointed_to(Way::Encounter, stay) {
            return None;
        }
        let mut notes = Notes::default();
        let mut event = self.event(Fact::Encounter);
        event.encounter = self.token(TokenKind::Encounter, best_identifier(stay)?);
        event.encounter?;
        let period = stay.get("period");
        let (status, flag, key) = match stay.text("status") {
            "arrived" | "triaged" | "in-progress" | "onleave" => ("admitted", None, "start"),
            "finished" => ("discharged", Some(Flag::Discharged), "end"),
            "cancelled" => ("cancelled", None, "start"),
            _ => return None,
        };
        let own = period.and_then(|period| self.time(period, key, &mut notes));
        self.stamp(&mut event, own, stay, &mut notes);
        event
            .attributes
            .push((Text::const_new("encounter_status"), Given::Value(Scalar::Text(Text::const_new(status)))));
        event.flags.extend(flag.map(ReportFlag::Known));
        if let Some(reference) = stay.get("subject") {
            event.patient = self.patient(reference, self.resolve(reference, stay));
        }
        if let Some(code) = stay.get("class").map(|class| class.text("code")) {
            event.class = tables::class(code).into();
        }
        event.notes = notes.into_list();
        Some(event)
    }

    /// What a patient that was replaced by another says.
    pub(super) fn merge(&self, entry: &Entry<'c>) -> Option<Event> {
        let patient = entry.resource;
        let link = patient.list("link").find(|link| link.text("type") == "replaced-by")?;
        let other = link.get("other")?;
        let into = self.of_reference(TokenKind::Patient, other, self.resolve(other, patient))?;
        let from = best_identifier(patient).and_then(|identifier| self.token(TokenKind::Patient, identifier))?;
        if from == into {
            return None;
        }
        let mut notes = Notes::default();
        let mut event = self.event(Fact::Merge(Box::new(Merge::Tokens { what: MergeWhat::Patient, from, into })));
        self.stamp(&mut event, None, patient, &mut notes);
        event.notes = notes.into_list();
        Some(event)
    }
}

/// Of type MR, else PI, else the first with a system, else the first.
fn best_identifier(resource: Node<'_>) -> Option<Node<'_>> {
    let valued = resource.list("identifier").filter(|identifier| !identifier.text("value").is_empty());
    let of_type = |code: &'static str| valued.clone().find(move |identifier| identifier.has_code("type", code));
    let with_system = || valued.clone().find(|identifier| !identifier.text("system").is_empty());
    of_type("MR").or_else(|| of_type("PI")).or_else(with_system).or_else(|| valued.clone().next())
}
