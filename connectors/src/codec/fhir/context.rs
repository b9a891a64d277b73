//! Context: which resource does a reference mean, and what do all resources of a body share?
//!
//! A reference is `#id` into `contained`, the full address of an entry, or `Type/id` at its end. What is not in the body is
//! known by the identifier beside the reference, else by its address.
//!
//! - **How it fits**: one context per body; the readers of resources are its methods.

use std::collections::{BTreeMap, BTreeSet};

use wardline_rules::{
    Text,
    event::{Code as TestCode, Event, Fact, Ident, Milestone, Msg, Person, ReportIds},
    limits::{MILESTONES_PER_EVENT_MAX, PEOPLE_PER_EVENT_MAX, TESTS_PER_EVENT_MAX},
    quality::Fault,
    time::EventTime,
    token::{Token, TokenKind},
    words::{Evidence, Kind, Role, Step},
};

use super::{
    clean,
    node::{Node, Place},
    tables,
};
use crate::codec::{notes::Notes, profile::Profile, time::Zones, token::Tokeniser};

/// The resources of a body.
pub(super) struct Bundle<'t> {
    pub(super) entries: Vec<Entry<'t>>,
    by_address: BTreeMap<&'t str, Node<'t>>,
    by_type: BTreeMap<(&'t str, &'t str), Node<'t>>,
    /// What any resource points to, and how; read once, so that a body of thousands is not walked for each of them.
    pointed: BTreeSet<(Way, Place)>,
    /// By what they are about, the Provenances of whoever verified or wrote it; the first counts.
    signed: BTreeMap<Place, Node<'t>>,
}

/// How a resource points to another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// It was made from that specimen.
    Specimen,
    /// It belongs to that stay.
    Encounter,
    /// That observation is one of its results.
    Result,
}

/// One of them.
#[derive(Clone, Copy)]
pub(super) struct Entry<'t> {
    pub(super) resource: Node<'t>,
    /// Its address; empty if it has none.
    pub(super) address: &'t str,
    /// POST, PUT or another; empty outside of transactions and batches.
    pub(super) method: &'t str,
}

impl<'t> Bundle<'t> {
    pub(super) fn new(root: Node<'t>) -> Self {
        let entry = |entry: Node<'t>| {
            let method = entry.get("request").map(|request| request.text("method")).unwrap_or_default();
            Some(Entry { resource: entry.get("resource")?, address: entry.text("fullUrl"), method })
        };
        Self::of(root.list("entry").filter_map(entry).collect())
    }

    pub(super) fn of_resource(resource: Node<'t>) -> Self {
        Self::of(vec![Entry { resource, address: "", method: "" }])
    }

    fn of(entries: Vec<Entry<'t>>) -> Self {
        let addressed = entries.iter().filter(|entry| !entry.address.is_empty());
        let by_address = addressed.map(|entry| (entry.address, entry.resource)).collect();
        let named = entries
            .iter()
            .map(|entry| ((entry.resource.text("resourceType"), entry.resource.text("id")), entry.resource));
        let by_type = named.filter(|((_, id), _)| !id.is_empty()).collect();
        let mut bundle = Self { entries, by_address, by_type, pointed: BTreeSet::new(), signed: BTreeMap::new() };
        bundle.read_pointers();
        bundle
    }

    fn read_pointers(&mut self) {
        let (mut pointed, mut signed) = (BTreeSet::new(), BTreeMap::new());
        for resource in self.resources() {
            let found = |key: &'static str| {
                let references = resource.list(key);
                references.filter_map(|reference| self.resolve(reference, resource)).map(Node::place)
            };
            pointed.extend(found("specimen").map(|place| (Way::Specimen, place)));
            pointed.extend(found("encounter").map(|place| (Way::Encounter, place)));
            match resource.text("resourceType") {
                "DiagnosticReport" => pointed.extend(found("result").map(|place| (Way::Result, place))),
                "Observation" => pointed.extend(found("hasMember").map(|place| (Way::Result, place))),
                "Provenance" if signs(resource) => found("target").for_each(|place| {
                    signed.entry(place).or_insert(resource);
                }),
                _ => {}
            }
        }
        (self.pointed, self.signed) = (pointed, signed);
    }

    /// Whether any resource points to this one in this way.
    pub(super) fn is_pointed_to(&self, way: Way, resource: Node<'t>) -> bool {
        self.pointed.contains(&(way, resource.place()))
    }

    /// The Provenance of whoever verified or wrote a resource.
    pub(super) fn signature(&self, resource: Node<'t>) -> Option<Node<'t>> {
        self.signed.get(&resource.place()).copied()
    }

    pub(super) fn resources(&self) -> impl Iterator<Item = Node<'t>> {
        self.entries.iter().map(|entry| entry.resource)
    }

    /// The resource that `reference`, which stands in `from`, means.
    fn resolve(&self, reference: Node<'t>, from: Node<'t>) -> Option<Node<'t>> {
        let address = reference.text("reference");
        if let Some(id) = address.strip_prefix('#') {
            return from.list("contained").find(|resource| resource.text("id") == id);
        }
        let mut tail = address.rsplit('/');
        let (id, kind) = (tail.next().unwrap_or_default(), tail.next().unwrap_or_default());
        self.by_address.get(address).or_else(|| self.by_type.get(&(kind, id))).copied()
    }
}

/// Whether a Provenance names somebody who verified or wrote.
fn signs(provenance: Node<'_>) -> bool {
    let mut agents = provenance.list("agent");
    agents.any(|agent| agent.has_code("type", "verifier") || agent.has_code("type", "author"))
}

/// What a body is read with.
pub(super) struct Context<'c> {
    pub(super) profile: &'c Profile,
    pub(super) tokeniser: &'c Tokeniser,
    pub(super) bundle: &'c Bundle<'c>,
    pub(super) msg: Msg,
    /// The body's id, before the number of the event.
    pub(super) name: Text,
}

impl<'c> Context<'c> {
    /// The events of one resource.
    pub(super) fn read(&self, entry: &Entry<'c>) -> Vec<Event> {
        let resource = entry.resource;
        match resource.text("resourceType") {
            "DiagnosticReport" => self.report(entry).into_iter().collect(),
            "Observation" => self.lone_observation(entry).into_iter().collect(),
            "ServiceRequest" => self.request(entry).into_iter().collect(),
            "Specimen" => self.lone_specimen(entry),
            "ImagingStudy" => self.imaging(entry).into_iter().collect(),
            "Appointment" => self.appointment(entry).into_iter().collect(),
            "Task" => self.task(entry).into_iter().collect(),
            "Communication" => self.communication(entry).into_iter().collect(),
            "Encounter" => self.encounter_news(entry).into_iter().collect(),
            "Patient" => self.merge(entry).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn resolve(&self, reference: Node<'c>, from: Node<'c>) -> Option<Node<'c>> {
        self.bundle.resolve(reference, from)
    }

    /// An event with what the body says.
    pub(super) fn event(&self, fact: Fact) -> Event {
        Event { msg: self.msg.clone(), ..Event::new(&self.profile.source, "", fact) }
    }

    pub(super) fn time(&self, resource: Node<'_>, key: &'static str, notes: &mut Notes) -> Option<EventTime> {
        let text = resource.text(key);
        (!text.is_empty()).then(|| Zones::new(self.profile).rfc3339(text, key, notes)).flatten()
    }

    /// When the resource was last changed: a time of the message.
    pub(super) fn changed(&self, resource: Node<'_>, notes: &mut Notes) -> Option<EventTime> {
        resource.get("meta").and_then(|meta| self.time(meta, "lastUpdated", notes))
    }

    /// The time of a choice of date and period: begin and end.
    pub(super) fn span(
        &self,
        resource: Node<'_>,
        keys: (&'static str, &'static str),
        notes: &mut Notes,
    ) -> (Option<EventTime>, Option<EventTime>) {
        if let Some(at) = self.time(resource, keys.0, notes) {
            return (Some(at), None);
        }
        let Some(period) = resource.get(keys.1) else { return (None, None) };
        (self.time(period, "start", notes), self.time(period, "end", notes))
    }

    /// Puts an own time into the event, else that of the last change, else leaves it to the arrival.
    pub(super) fn stamp(&self, event: &mut Event, own: Option<EventTime>, resource: Node<'_>, notes: &mut Notes) {
        event.occurred_at = own;
        if own.is_none() {
            event.occurred_at = self.changed(resource, notes).or(self.msg.made_at);
            event.evidence = Evidence::Message;
        }
    }

    /// The numbers of a resource by their types; one without a type is `untyped`, if none says that it is.
    pub(super) fn numbers(&self, resource: Node<'_>, untyped: Number, notes: &mut Notes) -> ReportIds {
        let mut ids = ReportIds::default();
        let typed = resource.list("identifier").filter_map(|identifier| Some((identifier, typed_number(identifier)?)));
        let others = resource
            .list("identifier")
            .filter(|identifier| identifier.get("type").is_none() && identifier.text("system") != "urn:dicom:uid");
        for (identifier, number) in typed.chain(others.map(|identifier| (identifier, untyped))) {
            let authorities = &self.profile.authorities;
            let (place, default) = match number {
                Number::Placer => (&mut ids.placer, &authorities.placer),
                Number::Filler => (&mut ids.filler, &authorities.filler),
                Number::Accession => (&mut ids.accession, &authorities.accession),
            };
            if place.is_none() {
                *place = self.ident(identifier, default, notes);
            }
        }
        ids
    }

    pub(super) fn ident(&self, identifier: Node<'_>, default: &str, notes: &mut Notes) -> Option<Ident> {
        let ns = namespace(identifier);
        clean::ident(identifier.text("value"), ns, default, self.profile, ("identifier", notes))
    }

    /// What the orders behind `basedOn` add to a report's numbers.
    pub(super) fn based_on(
        &self,
        event: &mut Event,
        resource: Node<'c>,
        key: &str,
        notes: &mut Notes,
    ) -> Option<Node<'c>> {
        let mut first = None;
        for reference in resource.list(key) {
            let order = self.resolve(reference, resource);
            let (ids, group) = match (order, reference.get("identifier")) {
                (Some(order), _) => {
                    let group = order.get("requisition");
                    (self.numbers(order, Number::Placer, notes), group)
                }
                (None, Some(identifier)) => {
                    let placer = self.ident(identifier, &self.profile.authorities.placer, notes);
                    (ReportIds { placer, ..ReportIds::default() }, None)
                }
                (None, None) => (ReportIds::default(), None),
            };
            let own = &mut event.report;
            own.placer = own.placer.take().or(ids.placer);
            own.filler = own.filler.take().or(ids.filler);
            own.accession = own.accession.take().or(ids.accession);
            let authority = &self.profile.authorities.group;
            own.group = own.group.take().or_else(|| group.and_then(|group| self.ident(group, authority, notes)));
            first = first.or(order);
        }
        first
    }

    /// Where nothing else names a report, the server's own name for it does; in a message it means nothing.
    pub(super) fn name_if_anonymous(&self, event: &mut Event, entry: &Entry<'_>, notes: &mut Notes) {
        if !event.report.is_anonymous() {
            return;
        }
        let id = entry.resource.text("id");
        let kept = entry.method != "POST" && !entry.address.starts_with("urn:") && self.msg.trigger.is_none();
        if kept && !id.is_empty() {
            let authorities = &self.profile.authorities;
            let (ns, ids) = (base(entry.address), &mut event.report);
            if entry.resource.text("resourceType") == "ServiceRequest" {
                ids.placer = clean::ident(id, ns, &authorities.placer, self.profile, ("id", notes));
            } else {
                ids.filler = clean::ident(id, ns, &authorities.filler, self.profile, ("id", notes));
                // The order has no number either, so it goes by the server's name as well.
                ids.placer =
                    entry.resource.list("basedOn").find_map(order_name).and_then(|(ns, id)| {
                        clean::ident(id, ns, &authorities.placer, self.profile, ("basedOn", notes))
                    });
            }
        }
        if event.report.is_anonymous() {
            notes.add(Fault::NoIdentity, "identifier");
        }
    }

    pub(super) fn tests(&self, concept: &str, resource: Node<'_>, notes: &mut Notes) -> Vec<TestCode> {
        let codes = resource.codings(concept).filter_map(|coding| code(coding, "code", notes));
        codes.take(TESTS_PER_EVENT_MAX).collect()
    }

    /// The kind of report a category says, and the department.
    pub(super) fn category(&self, event: &mut Event, resource: Node<'_>, notes: &mut Notes) {
        for coding in resource.codings("category") {
            let word = coding.text("code");
            event.kind = event.kind.or_else(|| tables::category_kind(word));
            if event.department.is_none() && tables::is_service(word) {
                let mapped = self.profile.departments.get(word).map_or(word, Text::as_str);
                event.department = clean::place(mapped, "category", notes);
            }
        }
        event.kind = event.kind.or(self.profile.kind);
    }

    /// Adds what else a message proves.
    pub(super) fn milestone(event: &mut Event, step: Step, at: Option<EventTime>, evidence: Evidence) {
        let is_known = event.milestones.iter().any(|known| known.step == step);
        if let Some(at) = at.filter(|_| !is_known && event.milestones.len() < MILESTONES_PER_EVENT_MAX) {
            event.milestones.push(Milestone { step, at, evidence });
        }
    }

    /// The person behind a reference, by an identifier.
    pub(super) fn person(&self, event: &mut Event, role: Role, reference: Node<'c>, from: Node<'c>, notes: &mut Notes) {
        let mut found = self.resolve(reference, from);
        if let Some(post) = found.filter(|node| node.text("resourceType") == "PractitionerRole") {
            found = post.get("practitioner").and_then(|practitioner| self.resolve(practitioner, post));
        }
        let who = found.filter(|node| matches!(node.text("resourceType"), "Practitioner" | ""));
        let identifier = reference.get("identifier").or_else(|| who.and_then(best_person));
        let Some(identifier) = identifier else { return };
        let ns = match namespace(identifier) {
            "http://hl7.org/fhir/sid/us-npi" | "2.16.840.1.113883.4.6" => "NPI",
            "" if identifier.has_code("type", "NPI") => "NPI",
            ns => ns,
        };
        let token = clean::token(TokenKind::Person, identifier.text("value"), ns, self.profile, self.tokeniser);
        let person = token.map(|token| Person { role, token });
        let Some(person) = person.filter(|person| !event.people.contains(person)) else { return };
        if event.people.len() < PEOPLE_PER_EVENT_MAX {
            event.people.push(person);
        } else {
            notes.add(Fault::Clipped, "people");
        }
    }

    pub(super) fn token(&self, kind: TokenKind, identifier: Node<'_>) -> Option<Token> {
        clean::token(kind, identifier.text("value"), namespace(identifier), self.profile, self.tokeniser)
    }
}

/// Which sort of number an identifier without a type is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    Placer,
    Filler,
    Accession,
}

fn typed_number(identifier: Node<'_>) -> Option<Number> {
    let is = |code: &str| identifier.has_code("type", code);
    match () {
        () if is("PLAC") => Some(Number::Placer),
        () if is("FILL") => Some(Number::Filler),
        () if is("ACSN") => Some(Number::Accession),
        () => None,
    }
}

/// The system of an identifier without the marks of a URN, else who assigned it.
pub(super) fn namespace<'t>(identifier: Node<'t>) -> &'t str {
    let system = identifier.text("system");
    let system = system.strip_prefix("urn:oid:").unwrap_or(system);
    let assigner = identifier.get("assigner").map(|assigner| assigner.text("display")).unwrap_or_default();
    if system.is_empty() { assigner } else { system }
}

/// `https://server.example/fhir` of `https://server.example/fhir/Patient/1`; empty for anything else.
pub(super) fn base(address: &str) -> &str {
    let Some((rest, _)) = address.rsplit_once('/') else { return "" };
    rest.rsplit_once('/').map(|(base, _)| base).filter(|base| base.starts_with("http")).unwrap_or_default()
}

/// The server and the id of an order that is pointed to.
fn order_name<'t>(reference: Node<'t>) -> Option<(&'t str, &'t str)> {
    let address = reference.text("reference");
    let (rest, id) = address.rsplit_once('/')?;
    (rest == "ServiceRequest" || rest.ends_with("/ServiceRequest")).then(|| (base(address), id))
}

/// NPI first, then the first with a value.
fn best_person(practitioner: Node<'_>) -> Option<Node<'_>> {
    let valued = practitioner.list("identifier").filter(|identifier| !identifier.text("value").is_empty());
    let is_npi =
        |identifier: &Node<'_>| identifier.text("system").ends_with("us-npi") || identifier.has_code("type", "NPI");
    valued.clone().find(is_npi).or_else(|| valued.clone().next())
}

/// A coding as an event has codes.
pub(super) fn code(coding: Node<'_>, field: &str, notes: &mut Notes) -> Option<TestCode> {
    let system = coding.text("system");
    let system = system.strip_prefix("urn:oid:").unwrap_or(system);
    clean::code(coding.text("code"), system, coding.text("display"), field, notes)
}

/// Whether specimens of this kind are collected, or somebody is examined.
pub(super) const fn begins_with(kind: Option<Kind>) -> Step {
    match kind {
        Some(Kind::Imaging | Kind::Cardiology | Kind::Pulmonary) => Step::ExamStarted,
        Some(
            Kind::Lab | Kind::Micro | Kind::BloodBank | Kind::Pathology | Kind::Genetics | Kind::Document | Kind::Other,
        )
        | None => Step::Collected,
    }
}
