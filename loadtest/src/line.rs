//! Line: how is an event written?
//!
//! One JSON object per line, written byte by byte without a serializer: every string in it is ours, checked when the profile was read,
//! so nothing needs escaping. A benchmark line is as short as is useful; others also say who, in which class, and what was found.
//! What this buys: a line takes a third of a microsecond, so that the generator is never what a benchmark measures.
//!
//! - **How it fits**: the [`Generator`](crate::generator::Generator) writes each [`Delivery`] when its time comes.
//! - **Not here**: deciding what is said ([`life`](crate::life)) or when it arrives ([`faults`](crate::faults)).
//! - **Source**: the event format, version 1.

mod clock;
mod said;

use crate::faults::{Delivery, Form, Garble};
use crate::life::{Fact, Group, Moment, Report};
use crate::profile::PathShape;
use crate::token::{LETTERS, Sort, letters};
use crate::vocabulary::{Kind, Step};
use crate::world::World;

pub use clock::Clock;

/// The tokens of a group, made once.
#[derive(Debug, Clone)]
pub struct Tokens {
    patient: [u8; LETTERS],
    former: Option<[u8; LETTERS]>,
    clinician: [u8; LETTERS],
    encounter: [u8; LETTERS],
}

impl Tokens {
    /// The tokens of a group's people.
    #[must_use]
    pub fn new(world: &World, group: &Group) -> Self {
        let is_full = world.profile.path == PathShape::Full;
        let unused = [b'a'; LETTERS];
        let full = |sort, number| {
            if is_full { letters(world.seed, sort, number) } else { unused }
        };
        Self {
            patient: letters(world.seed, Sort::Patient, group.patient),
            former: group.merged_at.map(|_| letters(world.seed, Sort::Alias, group.patient)),
            clinician: full(Sort::Clinician, group.clinician),
            encounter: full(Sort::Encounter, group.number),
        }
    }
}

/// Writes lines; keeps the last date it wrote.
#[derive(Debug, Default)]
pub struct Pen {
    clock: Clock,
}

/// What one line is about.
struct Sheet<'a> {
    world: &'a World,
    group: &'a Group,
    tokens: &'a Tokens,
    report: &'a Report,
    delivery: Delivery,
    moment: Moment,
    is_full: bool,
}

impl Pen {
    /// Appends one line, with its line break.
    pub fn write(&mut self, world: &World, group: &Group, tokens: &Tokens, delivery: Delivery, line: &mut Vec<u8>) {
        let report = &group.reports[usize::from(delivery.report)];
        let moment = report.moments[usize::from(delivery.moment)];
        let is_full = world.profile.path == PathShape::Full;
        let sheet = Sheet { world, group, tokens, report, delivery, moment, is_full };
        let start = line.len();
        line.extend_from_slice(b"{\"v\":1,\"event_id\":\"");
        sheet.event_id(line);
        sheet.kind_of_event(line);
        line.extend_from_slice(b"\",\"source\":\"");
        line.extend_from_slice(world.feed_names[usize::try_from(delivery.feed).unwrap_or(0)].as_bytes());
        line.push(b'"');
        if moment.fact == Fact::Merged {
            sheet.merge(line)
        } else {
            sheet.report(line)
        }
        self.times(&sheet, line);
        if moment.fact != Fact::Merged {
            sheet.place(line);
            sheet.said(line);
        }
        line.extend_from_slice(b"}\n");
        if let Form::Garbled(garble) = delivery.form {
            spoil(line, start, garble);
        }
    }

    /// When it happened, and when it was heard of if that is another second.
    fn times(&mut self, sheet: &Sheet<'_>, line: &mut Vec<u8>) {
        if let Fact::Step(step) = sheet.moment.fact {
            text(line, "step", step.word());
        }
        let occurred = sheet.moment.at + sheet.delivery.ahead;
        line.extend_from_slice(b",\"occurred_at\":\"");
        self.clock.write(occurred, line);
        line.push(b'"');
        if sheet.delivery.arrival != occurred {
            line.extend_from_slice(b",\"received_at\":\"");
            self.clock.write(sheet.delivery.arrival, line);
            line.push(b'"');
        }
    }
}

impl Sheet<'_> {
    /// `e<group>.<report>.<moment>`; another fact's under a reused id, a new one when told again.
    fn event_id(&self, line: &mut Vec<u8>) {
        let is_reused = self.delivery.form == Form::ReusedId;
        let moment = if is_reused { self.delivery.moment.saturating_sub(1) } else { self.delivery.moment };
        line.push(b'e');
        number(line, self.group.number);
        line.push(b'.');
        number(line, self.delivery.report.into());
        line.push(b'.');
        number(line, moment.into());
        if self.delivery.form == Form::NewId {
            line.push(b'r');
        }
    }

    fn kind_of_event(&self, line: &mut Vec<u8>) {
        let word: &[u8] = match self.moment.fact {
            Fact::Step(_) => return,
            Fact::Moved | Fact::WaitBegun | Fact::WaitEnded => b"update",
            Fact::Answer(_) => b"answer",
            Fact::Merged => b"merge",
        };
        line.extend_from_slice(b"\",\"type\":\"");
        line.extend_from_slice(word);
    }

    fn merge(&self, line: &mut Vec<u8>) {
        line.extend_from_slice(b",\"merge\":{\"what\":\"patient\",\"from\":\"pt_");
        line.extend_from_slice(&self.tokens.former.unwrap_or(self.tokens.patient));
        line.extend_from_slice(b"\",\"into\":\"pt_");
        line.extend_from_slice(&self.tokens.patient);
        line.extend_from_slice(b"\"}");
    }

    fn report(&self, line: &mut Vec<u8>) {
        line.extend_from_slice(b",\"report\":{");
        let is_missing = self.delivery.form == Form::MissingIdentifier;
        if self.is_full {
            self.full_identifiers(is_missing, line);
        } else {
            line.extend_from_slice(b"\"placer\":\"");
            self.order_number(line);
            line.extend_from_slice(b"\"}");
        }
        if !(is_missing && self.has_one_identifier()) {
            line.extend_from_slice(b",\"patient\":\"pt_");
            line.extend_from_slice(self.patient());
            line.push(b'"');
        }
        if self.is_full && self.is_in_house() {
            line.extend_from_slice(b",\"encounter\":\"en_");
            line.extend_from_slice(&self.tokens.encounter);
            line.push(b'"');
        }
        text(line, "kind", self.report.kind.word());
        text(line, "test", &self.world.offers(self.report.kind).tests[self.report.offer].code);
        text(line, "priority", self.group.priority.word());
    }

    /// Only the order's number before the department has accepted, only the department's when there was no order.
    fn full_identifiers(&self, is_missing: bool, line: &mut Vec<u8>) {
        let has_placer = !self.group.is_walk_in;
        let has_filler = self.has_filler();
        if has_placer && !(is_missing && has_filler) {
            line.extend_from_slice(b"\"placer\":{\"id\":\"");
            self.order_number(line);
            line.extend_from_slice(b"\",\"ns\":\"EHR\"},\"group\":{\"id\":\"G");
            number(line, self.group.number);
            line.extend_from_slice(b"\",\"ns\":\"EHR\"}");
        }
        if has_filler {
            if line.last() == Some(&b'}') {
                line.push(b',');
            }
            self.department_numbers(line);
        }
        line.push(b'}');
    }

    fn department_numbers(&self, line: &mut Vec<u8>) {
        let authority = match self.report.kind {
            Kind::Lab | Kind::Micro | Kind::BloodBank => "LIS",
            Kind::Pathology | Kind::Genetics => "AP",
            Kind::Imaging | Kind::Cardiology | Kind::Pulmonary => "RIS",
        };
        line.extend_from_slice(b"\"filler\":{\"id\":\"F");
        self.order_number(line);
        line.extend_from_slice(b"\",\"ns\":\"");
        line.extend_from_slice(authority.as_bytes());
        line.extend_from_slice(b"\"},\"accession\":{\"id\":\"A");
        number(line, self.group.number);
        if self.report.round > 0 {
            line.push(b'-');
            number(line, self.report.round.into());
        }
        line.extend_from_slice(b"\",\"ns\":\"");
        line.extend_from_slice(authority.as_bytes());
        line.extend_from_slice(b"\"}");
    }

    fn has_filler(&self) -> bool {
        self.moment.fact != Fact::Step(Step::Ordered) && self.moment.fact != Fact::Moved || self.group.is_walk_in
    }

    fn has_one_identifier(&self) -> bool {
        !self.is_full || self.group.is_walk_in || !self.has_filler()
    }

    /// Group and report in one number: report 3 of group 12 is 1203.
    fn order_number(&self, line: &mut Vec<u8>) {
        if self.is_full {
            number(line, self.group.number * 100 + u64::from(self.delivery.report));
        } else {
            number(line, 900_000 + self.group.number);
        }
    }

    fn patient(&self) -> &[u8] {
        let is_former = self.group.merged_at.is_some_and(|merged| self.moment.at <= merged);
        match &self.tokens.former {
            Some(former) if is_former => former,
            Some(_) | None => &self.tokens.patient,
        }
    }

    fn is_in_house(&self) -> bool {
        use crate::vocabulary::Setting;
        matches!(self.group.setting, Setting::Inpatient | Setting::Ed)
    }

    fn place(&self, line: &mut Vec<u8>) {
        let figures = self.world.figures(self.group.setting);
        let site = usize::try_from(self.group.site).unwrap_or(0);
        text(line, "site", &self.world.site_names[site]);
        text(line, "department", &self.world.offers(self.report.kind).tests[self.report.offer].department);
        line.extend_from_slice(b",\"location\":\"");
        line.extend_from_slice(figures.locations.prefix.as_bytes());
        let moved = self.is_in_house() && self.has_moved();
        number(line, self.group.locations[usize::from(moved)].into());
        line.push(b'"');
        if self.is_full {
            text(line, "class", &figures.class);
        }
    }

    fn has_moved(&self) -> bool {
        let upto = self.report.moments.iter().take_while(|moment| moment.at <= self.moment.at);
        upto.into_iter().any(|moment| moment.fact == Fact::Moved)
    }
}

/// `,"key":"word"`; the word needs no escape.
fn text(line: &mut Vec<u8>, key: &str, word: &str) {
    line.extend_from_slice(b",\"");
    line.extend_from_slice(key.as_bytes());
    line.extend_from_slice(b"\":\"");
    line.extend_from_slice(word.as_bytes());
    line.push(b'"');
}

fn number(line: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    line.extend_from_slice(&digits[at..]);
}

/// A number scaled by ten to its digits, never below zero.
fn decimal(line: &mut Vec<u8>, scaled: i64, digits: u8) {
    let scaled = scaled.unsigned_abs();
    let power = 10_u64.pow(digits.into());
    number(line, scaled / power);
    if digits > 0 {
        line.push(b'.');
        let rest = scaled % power;
        let mut place = power / 10;
        while place > 0 {
            line.push(b'0' + u8::try_from(rest / place % 10).unwrap_or(0));
            place /= 10;
        }
    }
}

/// Makes the line that begins at `start` unreadable.
fn spoil(line: &mut Vec<u8>, start: usize, garble: Garble) {
    let length = line.len() - start;
    match garble {
        Garble::Cut => {
            line.truncate(start + length * 3 / 5);
            line.push(b'\n');
        }
        Garble::Version => line[start + 5] = b'9',
        Garble::NoObject => {
            line.remove(start);
        }
        Garble::RepeatedKey => {
            line.splice(start + 1..start + 1, *b"\"v\":1,");
        }
        Garble::UnknownStep => {
            line.splice(start + 1..start + 1, *b"\"step\":\"reborn\",");
        }
    }
}

#[cfg(test)]
mod tests;
