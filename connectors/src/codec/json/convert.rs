//! Convert: what does the wire mean?
//!
//! Closed lists, bounds, tokens and times: here every value is judged, field by field, in the order of the table of the
//! event. A value of a closed list that nobody knows drops its field; the few without which the fact is unknown refuse
//! the line [EVT-3].

mod fact;
mod value;

use wardline_rules::{
    Text,
    event::{Code as TestCode, Event, Fact, Given, Ident, Milestone, Msg, Person, ReportFlag, ReportIds, ResultValue},
    limits::{
        ATTRIBUTES_PER_EVENT_MAX, FLAGS_PER_EVENT_MAX, MILESTONES_PER_EVENT_MAX, PEOPLE_PER_EVENT_MAX, RESULTS_MAX,
        TESTS_PER_EVENT_MAX,
    },
    quality::Fault,
    time::{EventTime, Timestamp},
    token::{Token, TokenKind},
    words::{Channel, Evidence, Flag, Format, Kind, PatientClass, Role, Step},
};

use super::{
    Refusal, canonical, refusal,
    wire::{Field, Map, Wire, WireAttributes, WireCode, WireId, WireMsg, WirePerson, WireReport, WireTests, WireTime},
};
use crate::{
    codec::{
        Unreadable, clean, cloudevents::Envelope, digest, notes::Notes, profile::Profile, time::Zones, token::Tokeniser,
    },
    codes::Code,
    limits::{APPLICATION_CHARS_MAX, ATTRIBUTE_CHARS_MAX, TRIGGER_CHARS_MAX},
};

/// What a line is read with.
pub(super) struct Context<'c> {
    pub(super) profile: &'c Profile,
    pub(super) tokeniser: &'c Tokeniser,
    /// The line itself, for the id of an event that names none.
    pub(super) line: &'c [u8],
    pub(super) envelope: &'c Envelope,
}

struct Convert<'c> {
    context: &'c Context<'c>,
    zones: Zones<'c>,
    notes: Notes,
    is_test_patient: bool,
}

/// The event that `wire` means; `notes` are those of reading it.
pub(super) fn event(wire: &Wire<'_>, notes: Notes, context: &Context<'_>) -> Result<Event, Unreadable> {
    let zones = Zones::new(context.profile);
    Convert { context, zones, notes, is_test_patient: false }.event(wire)
}

/// What may refuse a line, read before anything else.
struct Head {
    source: Text,
    fact: Fact,
    encounter: Option<Token>,
}

impl Convert<'_> {
    fn event(mut self, wire: &Wire<'_>) -> Result<Event, Unreadable> {
        let Head { source, fact, encounter } = match self.head(wire) {
            Ok(head) => head,
            Err((code, place)) => return Err(Unreadable::new(code, &place, self.context.line)),
        };
        let msg = self.msg(wire.msg.as_ref());
        let (occurred_at, evidence) = self.occurred(wire, &fact, &msg);
        let report = self.report(wire.report.as_ref(), &fact);
        let patient = self.patient(wire.patient, &fact);
        let class = self.class(wire.class);
        let results = self.results(wire.results.as_ref(), &fact);
        // The event is built where the caller wants it: nothing of its nine hundred bytes moves.
        Ok(Event {
            event_id: self.event_id(wire.event_id),
            source,
            report,
            patient,
            encounter,
            kind: self.word(wire.kind, "kind", Kind::parse).or(self.context.profile.kind),
            tests: self.tests(wire.test.as_ref()),
            priority: self.given_word(wire.priority, "priority", value::priority),
            occurred_at,
            evidence,
            milestones: self.milestones(wire.milestones.as_ref()),
            planned_at: self.planned(wire.planned_at.as_ref()),
            received_at: self.received(wire.received_at),
            site: self.place(wire.site, "site"),
            department: self.place(wire.department, "department"),
            location: self.location(wire.location),
            class,
            people: self.people(wire.people.as_ref()),
            flags: self.flags_on(wire.flags.as_ref()),
            flags_off: self.flags(wire.flags_off.as_ref(), "flags_off"),
            narrative: results.iter().any(|result| matches!(result.value, ResultValue::Narrative)),
            results,
            reason: self.reason(wire.reason),
            channel: self.word(wire.channel, "channel", Channel::parse),
            attributes: self.attributes(wire.attributes.as_ref()),
            fact,
            msg,
            notes: self.notes.into_list(),
        })
    }

    fn head(&mut self, wire: &Wire<'_>) -> Result<Head, Refusal> {
        if !matches!(wire.v, Field::Is(1)) {
            return Err(refusal(Code::Version, "v"));
        }
        let source = self.source(&wire.source)?;
        let fact = self.fact(wire)?;
        if matches!(fact, Fact::Step(_) | Fact::Update) && !matches!(wire.report, Field::Is(_)) {
            return Err(refusal(Code::MissingField, "report"));
        }
        if !matches!(fact, Fact::Heartbeat) && !matches!(wire.occurred_at, Field::Is(_)) {
            return Err(refusal(Code::MissingField, "occurred_at"));
        }
        if matches!(&wire.results, Field::Is(results) if results.len() > RESULTS_MAX) {
            // A line is never split.
            return Err(refusal(Code::EventTooLarge, "results"));
        }
        let encounter = self.encounter(wire.encounter, &fact)?;
        Ok(Head { source, fact, encounter })
    }

    fn source(&self, source: &Field<&str>) -> Result<Text, Refusal> {
        let Field::Is(source) = source else { return Err(refusal(Code::SourceName, "source")) };
        let inner = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
        let begins_well = source.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if !begins_well || source.len() > 64 || !source.bytes().all(inner) {
            return Err(refusal(Code::SourceName, "source"));
        }
        if self.context.profile.speaks_for(source) {
            Ok(Text::from(*source))
        } else {
            Err(refusal(Code::SourceForeign, "source"))
        }
    }

    fn event_id(&mut self, field: Field<&str>) -> Text {
        match (self.said(field, "event_id"), &self.context.envelope.id) {
            (Some(id), _) => clean::event_id(id, "event_id", &mut self.notes),
            (None, Some(id)) => clean::event_id(id, "event_id", &mut self.notes),
            (None, None) => digest::name("x-", canonical::name_of_json(self.context.line)),
        }
    }

    /// What was said; null says nothing here and is noted [EVT-4].
    fn said<T>(&mut self, field: Field<T>, name: &str) -> Option<T> {
        match field {
            Field::Is(value) => Some(value),
            Field::Absent => None,
            Field::Null => {
                self.notes.add(Fault::NullIgnored, name);
                None
            }
        }
    }

    /// A word of a closed list; one we do not know is dropped with a note [EVT-3].
    fn word<T>(&mut self, field: Field<&str>, name: &str, parse: fn(&str) -> Option<T>) -> Option<T> {
        let word = self.said(field, name)?;
        self.notes.expect(parse(word), Fault::UnknownValue, name)
    }

    /// As [`Self::word`], where null clears what is known [EVT-4].
    fn given_word<T>(&mut self, field: Field<&str>, name: &str, parse: fn(&str) -> Option<T>) -> Given<T> {
        match field {
            Field::Null => Given::Cleared,
            field @ (Field::Absent | Field::Is(_)) => self.word(field, name, parse).into(),
        }
    }

    fn msg(&mut self, field: Field<&Map<WireMsg<'_>>>) -> Msg {
        let mut msg = match self.said(field, "msg") {
            Some(Map(wire)) => self.msg_parts(wire),
            None => Msg::default(),
        };
        if let (None, Some(at)) = (msg.made_at, &self.context.envelope.time) {
            msg.made_at = self.zones.rfc3339(at, "msg.made_at", &mut self.notes);
        }
        msg
    }

    fn msg_parts(&mut self, wire: &WireMsg<'_>) -> Msg {
        Msg {
            id: self.said(wire.id, "msg.id").and_then(|id| clean::message_id(id, "msg.id", &mut self.notes)),
            made_at: self.time(wire.made_at.as_ref(), "msg.made_at"),
            app: self.label(wire.app, "msg.app", APPLICATION_CHARS_MAX),
            facility: self.label(wire.facility, "msg.facility", APPLICATION_CHARS_MAX),
            format: self.word(wire.format, "msg.format", Format::parse),
            trigger: self.label(wire.trigger, "msg.trigger", TRIGGER_CHARS_MAX),
            sha: self.word(wire.sha, "msg.sha", digest::from_hex),
        }
    }

    fn label(&mut self, field: Field<&str>, name: &str, chars_max: usize) -> Option<Text> {
        let text = self.said(field, name)?;
        clean::label(text, chars_max)
    }

    fn report(&mut self, field: Field<&Map<WireReport<'_>>>, fact: &Fact) -> ReportIds {
        let ids = match self.said(field, "report") {
            Some(_) if matches!(fact, Fact::Encounter | Fact::Heartbeat) => {
                self.notes.add(Fault::UnknownField, "report");
                ReportIds::default()
            }
            Some(Map(wire)) => self.report_ids(wire),
            None => ReportIds::default(),
        };
        if matches!(fact, Fact::Step(_) | Fact::Update) && ids.is_anonymous() {
            self.notes.add(Fault::NoIdentity, "report");
        }
        ids
    }

    fn report_ids(&mut self, wire: &WireReport<'_>) -> ReportIds {
        let defaults = &self.context.profile.authorities;
        ReportIds {
            placer: self.ident(wire.placer, &defaults.placer, "report.placer"),
            filler: self.ident(wire.filler, &defaults.filler, "report.filler"),
            accession: self.ident(wire.accession, &defaults.accession, "report.accession"),
            group: self.ident(wire.group, &defaults.group, "report.group"),
            parent: self.ident(wire.parent, &defaults.filler, "report.parent"),
            replaces: self.ident(wire.replaces, &defaults.filler, "report.replaces"),
        }
    }

    fn ident(&mut self, field: Field<WireId<'_>>, default: &str, name: &str) -> Option<Ident> {
        let wire = self.said(field, name)?;
        clean::ident(wire.id, wire.ns, default, self.context.profile, (name, &mut self.notes))
    }

    fn token(&self, kind: TokenKind, wire: &WireId<'_>) -> Option<Token> {
        let ready = if wire.is_bare { Token::parse(kind, wire.id) } else { None };
        ready.or_else(|| clean::token(kind, wire.id, wire.ns, self.context.profile, self.context.tokeniser))
    }

    fn patient(&mut self, field: Field<WireId<'_>>, fact: &Fact) -> Option<Token> {
        let wire = self.said(field, "patient");
        let token = wire.and_then(|wire| {
            self.is_test_patient |= clean::is_test_patient(wire.id, wire.ns, self.context.profile);
            self.token(TokenKind::Patient, &wire)
        });
        match fact {
            Fact::Step(_) | Fact::Update if token.is_none() => self.notes.add(Fault::NoPatient, "patient"),
            Fact::Heartbeat if token.is_some() => {
                // A heartbeat changes nothing [EVT-10].
                self.notes.add(Fault::UnknownField, "patient");
                return None;
            }
            Fact::Step(_)
            | Fact::Update
            | Fact::Answer(_)
            | Fact::Merge(_)
            | Fact::Encounter
            | Fact::Heartbeat
            | Fact::Unreadable { .. } => {}
        }
        token
    }

    fn encounter(&mut self, field: Field<WireId<'_>>, fact: &Fact) -> Result<Option<Token>, Refusal> {
        let wire = self.said(field, "encounter");
        let token = wire.and_then(|wire| self.token(TokenKind::Encounter, &wire));
        if token.is_none() && matches!(fact, Fact::Encounter) {
            return Err(refusal(Code::MissingField, "encounter"));
        }
        Ok(token)
    }

    fn tests(&mut self, field: Field<&WireTests<'_>>) -> Vec<TestCode> {
        let Some(wire) = self.said(field, "test") else { return Vec::new() };
        if wire.codes().len() > TESTS_PER_EVENT_MAX {
            self.notes.add(Fault::Clipped, "test");
        }
        wire.codes().iter().take(TESTS_PER_EVENT_MAX).filter_map(|code| self.code(code, "test")).collect()
    }

    fn code(&mut self, wire: &WireCode<'_>, name: &str) -> Option<TestCode> {
        let code = clean::code(wire.code, wire.system, wire.display, name, &mut self.notes);
        self.notes.expect(code, Fault::UnknownValue, name)
    }

    fn planned(&mut self, field: Field<&WireTime<'_>>) -> Given<EventTime> {
        match field {
            Field::Null => Given::Cleared,
            field @ (Field::Absent | Field::Is(_)) => self.time(field, "planned_at").into(),
        }
    }

    fn received(&mut self, field: Field<&str>) -> Option<Timestamp> {
        match field {
            // Outside an import the engine knows better, in silence.
            Field::Is(text) if self.context.profile.import => Timestamp::parse(text),
            Field::Is(_) | Field::Absent | Field::Null => None,
        }
    }

    fn place(&mut self, field: Field<&str>, name: &str) -> Option<Text> {
        let text = self.said(field, name)?;
        clean::place(text, name, &mut self.notes)
    }

    fn location(&mut self, field: Field<&str>) -> Given<Text> {
        match field {
            Field::Null => Given::Cleared,
            field @ (Field::Absent | Field::Is(_)) => self.place(field, "location").into(),
        }
    }

    fn class(&mut self, field: Field<&str>) -> Given<PatientClass> {
        if let Field::Is(class) = field {
            self.is_test_patient |= self.context.profile.test_patients.classes.contains(class);
        }
        self.given_word(field, "class", PatientClass::parse)
    }

    fn milestones(&mut self, field: Field<&Vec<Map<super::wire::WireMilestone<'_>>>>) -> Vec<Milestone> {
        let Some(wires) = self.said(field, "milestones") else { return Vec::new() };
        if wires.len() > MILESTONES_PER_EVENT_MAX {
            self.notes.add(Fault::Clipped, "milestones");
        }
        let mut milestones = Vec::with_capacity(wires.len().min(MILESTONES_PER_EVENT_MAX));
        for Map(wire) in wires.iter().take(MILESTONES_PER_EVENT_MAX) {
            let step = self.said(wire.step, "milestones.step").and_then(Step::parse);
            let step = self.notes.expect(step, Fault::UnknownValue, "milestones.step");
            let at = self.time(wire.at.as_ref(), "milestones.at");
            let evidence = self.word(wire.evidence, "milestones.evidence", Evidence::parse).unwrap_or(Evidence::Own);
            milestones.extend(step.zip(at).map(|(step, at)| Milestone { step, at, evidence }));
        }
        milestones
    }

    fn people(&mut self, field: Field<&Vec<Map<WirePerson<'_>>>>) -> Vec<Person> {
        let Some(wires) = self.said(field, "people") else { return Vec::new() };
        if wires.len() > PEOPLE_PER_EVENT_MAX {
            self.notes.add(Fault::Clipped, "people");
        }
        let mut people = Vec::with_capacity(wires.len().min(PEOPLE_PER_EVENT_MAX));
        for Map(wire) in wires.iter().take(PEOPLE_PER_EVENT_MAX) {
            let role = self.said(wire.role, "people.role").and_then(Role::parse);
            let role = self.notes.expect(role, Fault::UnknownValue, "people.role");
            let token = self.person(wire, "people");
            people.extend(role.zip(token).map(|(role, token)| Person { role, token }));
        }
        people
    }

    fn person(&mut self, wire: &WirePerson<'_>, name: &str) -> Option<Token> {
        let ready = self.said(wire.token, name).and_then(|text| Token::parse(TokenKind::Person, text));
        let (id, ns) = (self.said(wire.id, name).unwrap_or_default(), self.said(wire.ns, name).unwrap_or_default());
        let token = ready.or_else(|| self.token(TokenKind::Person, &WireId { id, ns, is_bare: false }));
        self.notes.expect(token, Fault::UnknownValue, name)
    }

    fn flags(&mut self, field: Field<&Vec<&str>>, name: &str) -> Vec<ReportFlag> {
        let Some(words) = self.said(field, name) else { return Vec::new() };
        let mut flags = Vec::with_capacity(words.len().min(FLAGS_PER_EVENT_MAX));
        for word in words {
            match clean::flag(word, self.context.profile) {
                None => self.notes.add(Fault::UnknownValue, name),
                Some(flag) if flags.contains(&flag) => {}
                Some(_) if flags.len() == FLAGS_PER_EVENT_MAX => self.notes.add(Fault::Clipped, name),
                Some(flag) => flags.push(flag),
            }
        }
        flags
    }

    /// The flags that begin, and the mark of test patients [EVT-9].
    fn flags_on(&mut self, field: Field<&Vec<&str>>) -> Vec<ReportFlag> {
        let mut flags = self.flags(field, "flags");
        let mark = ReportFlag::Known(Flag::TestPatient);
        if self.is_test_patient && !flags.contains(&mark) {
            flags.truncate(FLAGS_PER_EVENT_MAX - 1);
            flags.push(mark);
        }
        flags
    }

    fn reason(&mut self, field: Field<&str>) -> Option<Text> {
        let word = self.said(field, "reason")?;
        self.notes.expect(clean::is_key(word).then(|| Text::from(word)), Fault::UnknownValue, "reason")
    }

    fn attributes(&mut self, field: Field<&WireAttributes<'_>>) -> Vec<(Text, Given<wardline_rules::event::Scalar>)> {
        let Some(wire) = self.said(field, "attributes") else { return Vec::new() };
        let mut attributes = Vec::with_capacity(wire.entries.len().min(ATTRIBUTES_PER_EVENT_MAX));
        for (key, scalar) in &wire.entries {
            let declared = clean::is_key(key) && self.context.profile.declares_attribute(key);
            let scalar = value::scalar(scalar).filter(|_| declared && attributes.len() < ATTRIBUTES_PER_EVENT_MAX);
            let kept = self.notes.expect(scalar, Fault::AttributeDropped, if declared { key } else { "attributes" });
            attributes.extend(kept.map(|scalar| (Text::from(*key), scalar)));
        }
        attributes
    }
}
