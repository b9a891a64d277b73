//! Build: which events does a source send when a test says so?
//!
//! A new label is a new report, order and patient, with an ordering, an attending and a reporting clinician unless the test
//! says one is missing [TEST-3].

use std::collections::BTreeMap;

use wardline_dsl::script::{Fact, News, Reading, Test, Unknown};
use wardline_rules::{
    Text,
    event::{Code, Event, Fact as Said, Given, Ident, Milestone, Person, ReportFlag, ResultItem, ResultValue, Scalar},
    program::{FeedId, Happening, Program, Situation, TestId},
    quality::{Fault, Note},
    time::{EventTime, Timestamp},
    token::Token,
    words::{Abnormal, Evidence, Flag, FlagWord, Kind, KindSet, Priority, ResultStatus, Role, Step, WardKind},
};

/// Namespace of the numbers that tests make up.
const NAMESPACE: &str = "test";

/// What a label stands for.
#[derive(Clone, Debug, Default)]
struct Known {
    is_begun: bool,
    kind: Option<WardKind>,
    test: Option<TestId>,
    /// The test named first: a label is one report, whatever its results are of.
    ordered: Option<TestId>,
    patient: Option<Text>,
    missing: Vec<Role>,
}

/// Makes events of entries.
#[derive(Debug)]
pub(super) struct Builder<'t> {
    program: &'t Program,
    test: &'t Test,
    known: BTreeMap<Text, Known>,
    events: u32,
}

/// The number of what a label stands for: of a report its filler number, of an order its placer number.
pub(super) fn filler(label: &Text) -> Ident {
    Ident { id: label.clone(), ns: Text::const_new(NAMESPACE) }
}

/// A token for somebody of a test.
pub(super) fn token(what: &str, label: &str) -> Token {
    let hash = blake3::hash(format!("{what}\0{label}").as_bytes());
    let mut token = [0; 16];
    token.copy_from_slice(&hash.as_bytes()[..16]);
    Token(token)
}

const PEOPLE: [(Role, &str); 3] =
    [(Role::Ordering, "ordering"), (Role::Attending, "attending"), (Role::Interpreting, "reporting")];

/// The token of somebody who is something to the report of a label.
pub(super) fn person_token(role: Role, label: &str) -> Option<Token> {
    PEOPLE.iter().find(|person| person.0 == role).map(|person| token(person.1, label))
}

impl<'t> Builder<'t> {
    pub(super) const fn new(program: &'t Program, test: &'t Test) -> Self {
        Self { program, test, known: BTreeMap::new(), events: 0 }
    }

    pub(super) fn event(&mut self, fact: Said) -> Event {
        self.events += 1;
        Event::new(NAMESPACE, &format!("e{}", self.events), fact)
    }

    /// A message that only says that its feed is alive.
    pub(super) fn message(&mut self, feed: FeedId, at: Timestamp) -> Event {
        let mut event = self.event(Said::Heartbeat);
        event.source = self.program.catalogue.feeds.get(feed.index()).map(|feed| feed.name.clone()).unwrap_or_default();
        event.occurred_at = Some(EventTime::exact(at));
        event
    }

    /// News about the report of a label.
    pub(super) fn report(&mut self, label: &Text, news: &News, at: Option<Timestamp>, facts: &[Fact]) -> Event {
        let mut event = self.event(news.step.map_or(Said::Update, Said::Step));
        event.occurred_at = at.map(EventTime::exact);
        if at.is_none() {
            // What a source reader notes of a message without a usable time.
            event.notes.push(Note { fault: Fault::TimeMissing, field: "occurred_at".into() });
        }
        event.report.filler = Some(filler(label));
        let mut known = self.known.remove(label).unwrap_or_default();
        let mut saying = Saying { program: self.program, event: &mut event, known: &mut known, result: None };
        if !saying.known.is_begun {
            self.test.given.iter().for_each(|fact| saying.say(fact));
        }
        // A trade word narrows the kinds; what was said before stays if it is among them.
        if saying.known.kind.is_none_or(|kind| !news.kinds.has(kind)) && news.kinds != KindSet::ALL {
            saying.known.kind = news.kinds.iter().next();
        }
        facts.iter().for_each(|fact| saying.say(fact));
        saying.happen(news);
        saying.finish(label, news);
        self.known.insert(label.clone(), known);
        event
    }
}

/// One event while it is put together.
struct Saying<'a> {
    program: &'a Program,
    event: &'a mut Event,
    known: &'a mut Known,
    result: Option<ResultItem>,
}

impl Saying<'_> {
    fn result(&mut self) -> &mut ResultItem {
        self.result.get_or_insert_with(|| ResultItem {
            code: Code::default(),
            sub: Text::default(),
            value: ResultValue::None,
            unit: Text::default(),
            ref_low: None,
            ref_high: None,
            abnormal: Vec::new(),
            status: ResultStatus::Unknown,
            observed_at: None,
            critical: None,
        })
    }

    fn say(&mut self, fact: &Fact) {
        match fact {
            Fact::Order(order) => self.event.report.placer = Some(filler(order)),
            Fact::NoPatientFlag => {
                self.event.flags_off.extend([Flag::NoPortal, Flag::Deceased].map(ReportFlag::Known));
            }
            Fact::PatientPreference(channel) => self.attribute("patient_preference", channel.name()),
            Fact::Patient(patient) => self.known.patient = Some(patient.clone()),
            Fact::PatientZone(zone) => self.attribute("patient_zone", zone.name()),
            Fact::Kind(kinds) => self.known.kind = kinds.iter().next(),
            Fact::Priority(Priority::Unknown) => self.event.priority = Given::Cleared,
            Fact::Priority(priority) => self.event.priority = Given::Value(*priority),
            Fact::Feed(feed) => {
                let feed = self.program.catalogue.feeds.get(feed.index());
                self.event.source = feed.map(|feed| feed.name.clone()).unwrap_or_default();
            }
            Fact::Test(test) => self.known.test = Some(*test),
            Fact::Value(reading) => self.value(*reading),
            Fact::Finding(word) => self.result().value = ResultValue::Word(word.clone()),
            Fact::Flag(flag) => self.flag(flag),
            Fact::PatientFlag(flag) => self.event.flags.push(ReportFlag::Known(*flag)),
            Fact::Class(class) => self.event.class = Given::Value(*class),
            Fact::Site(site) => {
                self.event.site = self.program.catalogue.sites.get(site.index()).map(|site| site.name.clone())
            }
            Fact::Department(department) => self.event.department = Some(department.clone()),
            Fact::Location(location) => self.event.location = Given::Value(location.clone()),
            Fact::Attribute(key, value) => self.attribute(key, value),
            Fact::PatientAge(age) => self.attribute("patient_age", &age.to_string()),
            Fact::Missing(what) => self.unsay(*what),
        }
    }

    fn unsay(&mut self, what: Unknown) {
        match what {
            Unknown::Test => self.known.test = None,
            Unknown::Class => self.event.class = Given::Cleared,
            Unknown::Location => self.event.location = Given::Cleared,
            Unknown::Attribute(key) => self.event.attributes.push((Text::const_new(key), Given::Cleared)),
            Unknown::PatientZone => self.event.attributes.push((Text::const_new("patient_zone"), Given::Cleared)),
            Unknown::Person(role) => self.known.missing.push(role),
            Unknown::Value
            | Unknown::Finding
            | Unknown::Site
            | Unknown::Department
            | Unknown::PatientFlag
            | Unknown::PatientPreference => {}
        }
    }

    fn attribute(&mut self, key: &'static str, value: &str) {
        self.event.attributes.push((Text::const_new(key), Given::Value(Scalar::Text(Text::from(value)))));
    }

    fn value(&mut self, reading: Reading) {
        let unit = reading.unit.map(|unit| Text::const_new(unit.code()));
        let item = self.result();
        item.value = ResultValue::Number(reading.sign, reading.number);
        item.unit = unit.unwrap_or_default();
    }

    fn flag(&mut self, flag: &FlagWord) {
        match flag {
            FlagWord::Report(flag) => self.event.flags.push(ReportFlag::Known(*flag)),
            FlagWord::Result(code) => self.abnormal(*code),
            FlagWord::Wait(reason) => self.event.flags.push(ReportFlag::Wait(reason.clone())),
        }
    }

    fn abnormal(&mut self, code: Abnormal) {
        self.result().abnormal.push(code);
    }

    /// What happened besides a step: a situation begins or ends, a new specimen is taken.
    fn happen(&mut self, news: &News) {
        match &news.happening {
            Some(Happening::Begins(situation)) => self.situation(situation, true),
            Some(Happening::Ends(situation)) => self.situation(situation, false),
            Some(Happening::Recollected) => {
                self.event.fact = Said::Step(Step::Collected);
                if let Some(at) = self.event.occurred_at {
                    self.event.milestones.push(Milestone { step: Step::Recollect, at, evidence: Evidence::Own });
                }
            }
            Some(Happening::Step(_) | Happening::Message(_)) | None => {}
        }
    }

    fn situation(&mut self, situation: &Situation, begins: bool) {
        let flag = match situation {
            Situation::Flag(flag) => ReportFlag::Known(*flag),
            Situation::Wait(reason) => ReportFlag::Wait(reason.clone()),
            Situation::States(_) => return,
        };
        if begins { self.event.flags.push(flag) } else { self.event.flags_off.push(flag) }
    }

    fn finish(&mut self, label: &Text, news: &News) {
        let patient = self.known.patient.clone().unwrap_or_else(|| label.clone());
        self.event.patient = Some(token("patient", &patient));
        self.kind();
        self.known.ordered = self.known.ordered.or(self.known.test);
        let code = |test: Option<TestId>| {
            let test = self.program.catalogue.tests.get(test?.index())?;
            Some(Code {
                code: test.loinc.first().unwrap_or(&test.name).clone(),
                system: Text::const_new("loinc"),
                display: Text::default(),
            })
        };
        let (ordered, code) = (code(self.known.ordered), code(self.known.test));
        let unit = self.known.test.and_then(|test| self.program.catalogue.tests.get(test.index())?.unit);
        self.event.attributes.dedup();
        // News about a result that brings none of its own, such as an acknowledgement, leaves its value alone.
        if news.of_result && news.step.is_some_and(Step::is_result_bearing) {
            self.result();
        }
        if let Some(mut item) = self.result.take() {
            item.code = code.unwrap_or_default();
            if item.unit.is_empty() {
                item.unit = unit.map(|unit| Text::const_new(unit.code())).unwrap_or_default();
            }
            item.status = status(news.step);
            self.event.results.push(item);
        }
        self.event.tests.extend(ordered);
        if !self.known.is_begun {
            let people = PEOPLE.iter().filter(|person| !self.known.missing.contains(&person.0));
            self.event.people.extend(people.map(|(role, what)| Person { role: *role, token: token(what, label) }));
        }
        self.known.is_begun = true;
    }

    /// The kind of the report, narrowed by flag or attribute; without a kind word it is `other`.
    fn kind(&mut self) {
        let Some(kind) = self.known.kind else {
            self.event.kind = (!self.known.is_begun).then_some(Kind::Other);
            return;
        };
        let (kind, narrowed) = match kind {
            WardKind::GeneralLab => (Kind::Lab, false),
            WardKind::PointOfCare => (Kind::Lab, true),
            WardKind::Microbiology => (Kind::Micro, false),
            WardKind::BloodBank => (Kind::BloodBank, false),
            WardKind::Pathology => (Kind::Pathology, false),
            WardKind::Genetics => (Kind::Genetics, false),
            WardKind::Radiology => (Kind::Imaging, false),
            WardKind::NuclearMedicine => (Kind::Imaging, true),
            WardKind::Cardiology => (Kind::Cardiology, false),
            WardKind::Pulmonary => (Kind::Pulmonary, false),
            WardKind::Neurophysiology => (Kind::Other, true),
            WardKind::Document => (Kind::Document, false),
            WardKind::Other => (Kind::Other, false),
        };
        self.event.kind = Some(kind);
        match (narrowed, kind) {
            (true, Kind::Lab) => self.event.flags.push(ReportFlag::Known(Flag::Poct)),
            (true, Kind::Imaging) => self.attribute("modality", "NM"),
            (true, _) => self.attribute("service_line", "neurophysiology"),
            (false, _) => {}
        }
    }
}

/// How far a result is after a step.
fn status(step: Option<Step>) -> ResultStatus {
    match step {
        Some(Step::Final) => ResultStatus::Final,
        Some(Step::Corrected) => ResultStatus::Corrected,
        Some(Step::Amended) => ResultStatus::Amended,
        Some(Step::Appended) => ResultStatus::Appended,
        Some(Step::Preliminary | Step::Partial) => ResultStatus::Preliminary,
        Some(Step::EnteredInError) => ResultStatus::EnteredInError,
        Some(_) | None => ResultStatus::Registered,
    }
}
