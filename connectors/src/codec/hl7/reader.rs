//! Reader: what do identifiers, people, codes and times of HL7 become?
//!
//! The data types that all segments share: EI and EIP (numbers), CX (patients), XCN and CNN (people), CWE (codes), DTM
//! and DR (times), PL (places). Each becomes what an event holds, with notes on what was wrong.
//!
//! - **Source**: HL7 v2.9, 2.A; domain page 5.2, [IDN-4] [PRV-1].

use wardline_rules::{
    Text,
    event::{Code, Ident, Person},
    limits::{PEOPLE_PER_EVENT_MAX, TESTS_PER_EVENT_MAX},
    quality::Fault,
    time::EventTime,
    token::{Token, TokenKind},
    words::Role,
};

use super::lexer::{Part, Segment};
use crate::codec::{clean, notes::Notes, profile::Profile, time::Zones, token::Tokeniser};

/// What one event of a message is read with.
pub(super) struct Reader<'c> {
    pub(super) profile: &'c Profile,
    pub(super) tokeniser: &'c Tokeniser,
    pub(super) zones: Zones<'c>,
    pub(super) notes: Notes,
}

impl Reader<'_> {
    /// The first component as a code in capitals.
    pub(super) fn word(&mut self, part: Part<'_>) -> Text {
        let text = part.component(1).text(&mut self.notes);
        text.trim_ascii().chars().map(|c| c.to_ascii_uppercase()).collect()
    }

    /// The time in the first component.
    pub(super) fn time(&mut self, part: Part<'_>, field: &str) -> Option<EventTime> {
        if !part.is_valued() {
            return None;
        }
        let text = part.component(1).text(&mut self.notes);
        // Version 2.4 and before may write a degree of precision behind it.
        let stamp = text.split(['&', '^']).next().unwrap_or_default();
        self.zones.dtm(stamp, field, &mut self.notes)
    }

    /// EI: number and namespace.
    pub(super) fn ident(&mut self, part: Part<'_>, default: &str, field: &str) -> Option<Ident> {
        // A number that is a pair, as in later versions, has its parts one level below.
        self.ident_of([1, 2, 3].map(|number| part.component(number).sub(1)), default, field)
    }

    /// EIP: the filler's number of a pair, else the placer's.
    pub(super) fn pair(&mut self, part: Part<'_>, field: &str) -> Option<Ident> {
        let (fillers, placers) = (&self.profile.authorities.filler, &self.profile.authorities.placer);
        let (filler, placer) = (part.component(2), part.component(1));
        let filler = self.ident_of([1, 2, 3].map(|number| filler.sub(number)), fillers, field);
        filler.or_else(|| self.ident_of([1, 2, 3].map(|number| placer.sub(number)), placers, field))
    }

    fn ident_of(&mut self, [id, name, universal]: [Part<'_>; 3], default: &str, field: &str) -> Option<Ident> {
        if !id.is_valued() {
            return None;
        }
        let ns = if name.is_valued() { name } else { universal };
        let (id, ns) = (id.text(&mut self.notes), ns.text(&mut self.notes));
        clean::ident(&id, &ns, default, self.profile, (field, &mut self.notes))
    }

    /// CWE: the codes of a field, primary first.
    pub(super) fn codes(&mut self, part: Part<'_>, field: &str) -> Vec<Code> {
        let first = self.code(part, [1, 2, 3], field);
        let second = self.code(part, [4, 5, 6], field);
        first.into_iter().chain(second).collect()
    }

    /// CWE: the first code of a field that there is.
    pub(super) fn first_code(&mut self, part: Part<'_>, field: &str) -> Option<Code> {
        self.code(part, [1, 2, 3], field).or_else(|| self.code(part, [4, 5, 6], field))
    }

    fn code(&mut self, part: Part<'_>, places: [usize; 3], field: &str) -> Option<Code> {
        let [code, display, system] = places.map(|number| part.component(number));
        if !code.is_valued() {
            return None;
        }
        let [code, display, system] = [code, display, system].map(|part| part.text(&mut self.notes));
        clean::code(&code, &system, &display, field, &mut self.notes)
    }

    /// What was ordered: OBR-4, and OBR-44 behind it.
    pub(super) fn tests(&mut self, segment: &Segment<'_>) -> Vec<Code> {
        let mut tests = self.codes(segment.field(4), "OBR-4");
        let procedure = self.first_code(segment.field(44), "OBR-44");
        tests.extend(procedure.filter(|code| !tests.contains(code)));
        tests.truncate(TESTS_PER_EVENT_MAX);
        tests
    }

    /// CX: the token of an identifier.
    pub(super) fn token(&mut self, kind: TokenKind, part: Part<'_>) -> Option<Token> {
        if !part.component(1).is_valued() {
            return None;
        }
        let id = part.component(1).text(&mut self.notes);
        let ns = self.authority(part.component(4));
        clean::token(kind, &id, &ns, self.profile, self.tokeniser)
    }

    /// HD inside a component: its name, else its universal id.
    pub(super) fn authority(&mut self, part: Part<'_>) -> String {
        let name = part.sub(1);
        let part = if name.is_valued() { name } else { part.sub(2) };
        part.text(&mut self.notes).into_owned()
    }

    /// XCN: every person of a field; those without an identifier are only names and are not read.
    pub(super) fn people(&mut self, people: &mut Vec<Person>, role: Role, field: Part<'_>) {
        if !field.is_valued() {
            return;
        }
        for part in field.repetitions() {
            let ns = self.authority(part.component(9));
            let ns = if ns.is_empty() && part.component(13).raw() == "NPI" { "NPI".to_owned() } else { ns };
            self.person(people, role, part.component(1).sub(1), &ns);
        }
    }

    /// NDL: the composite in the first component of each repetition.
    pub(super) fn named_people(&mut self, people: &mut Vec<Person>, role: Role, field: Part<'_>) {
        if !field.is_valued() {
            return;
        }
        for part in field.repetitions() {
            let name = part.component(1);
            let ns = if name.sub(9).is_valued() { name.sub(9) } else { name.sub(10) };
            let ns = ns.text(&mut self.notes).into_owned();
            self.person(people, role, name.sub(1), &ns);
        }
    }

    fn person(&mut self, people: &mut Vec<Person>, role: Role, id: Part<'_>, ns: &str) {
        if !id.is_valued() {
            return;
        }
        let id = id.text(&mut self.notes);
        let token = clean::token(TokenKind::Person, &id, ns, self.profile, self.tokeniser);
        let person = token.map(|token| Person { role, token });
        let Some(person) = person.filter(|person| !people.contains(person)) else { return };
        if people.len() < PEOPLE_PER_EVENT_MAX {
            people.push(person);
        } else {
            self.notes.add(Fault::Clipped, "people");
        }
    }

    /// A coded reason: a single word, in lower case.
    pub(super) fn reason(&mut self, part: Part<'_>, field: &str) -> Option<Text> {
        if !part.component(1).is_valued() {
            return None;
        }
        let text = part.component(1).text(&mut self.notes);
        let key: Text =
            text.chars().map(|c| if matches!(c, '-' | '.') { '_' } else { c.to_ascii_lowercase() }).collect();
        self.notes.expect(clean::is_key(&key).then_some(key), Fault::UnknownValue, field)
    }

    /// A site, department or location by its name.
    pub(super) fn place(&mut self, part: Part<'_>, field: &str) -> Option<Text> {
        if !part.is_valued() {
            return None;
        }
        let text = part.text(&mut self.notes);
        clean::place(&text, field, &mut self.notes)
    }

    /// The site that the profile knows under this name.
    pub(super) fn known_site(&mut self, part: Part<'_>) -> Option<Text> {
        let text = part.text(&mut self.notes);
        self.profile.sites.get(text.trim_ascii()).cloned()
    }
}
