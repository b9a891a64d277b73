//! Patient: whose report is it, and where is that person in care?
//!
//! PID gives the token, PV1 encounter, class, unit and the physicians of the stay. Names, addresses, room and bed are
//! not read; of the date of birth only the age in whole years leaves this file.
//!
//! - **Source**: domain page 5.2 (PID, PV1), section 2 (`patient_age`), [EVT-9].

use wardline_rules::{
    Text,
    decimal::Decimal,
    event::{Event, Fact, Given, ReportFlag, Scalar},
    quality::Fault,
    token::{Token, TokenKind},
    words::{Flag, Role},
};

use super::{
    lexer::{Part, Segment},
    reader::Reader,
    tables,
};
use crate::codec::{age::age, clean, time::Written};

/// The segments that say who and where.
#[derive(Clone, Copy, Default)]
pub(super) struct Who<'m> {
    pub(super) pid: Option<&'m Segment<'m>>,
    pub(super) pv1: Option<&'m Segment<'m>>,
}

impl Reader<'_> {
    /// Fills who and where into `event`, whose time is known.
    pub(super) fn who(&mut self, event: &mut Event, who: Who<'_>) {
        if let Some(pid) = who.pid {
            self.identify(event, pid);
        }
        if let Some(pv1) = who.pv1 {
            self.stay(event, pv1);
        }
        let account = who.pid.filter(|_| event.encounter.is_none()).map(|pid| pid.field(18));
        event.encounter = event.encounter.or_else(|| self.token(TokenKind::Encounter, account?));
        if event.patient.is_none() && matches!(event.fact, Fact::Step(_) | Fact::Update) {
            self.notes.add(Fault::NoPatient, "PID-3");
        }
    }

    fn identify(&mut self, event: &mut Event, pid: &Segment<'_>) {
        let Some(part) = patient_number(pid) else { return };
        event.patient = self.token(TokenKind::Patient, part);
        let (id, ns) = (part.component(1).text(&mut self.notes), self.authority(part.component(4)));
        if clean::is_test_patient(&id, &ns, self.profile) {
            event.flags.push(ReportFlag::Known(Flag::TestPatient));
        }
        let born = Written::dtm(pid.field(7).component(1).raw());
        if let Some(age) = born.and_then(|born| age(&born, event)) {
            event.attributes.push((Text::const_new("patient_age"), Given::Value(Scalar::Number(Decimal::whole(age)))));
        }
    }

    fn stay(&mut self, event: &mut Event, pv1: &Segment<'_>) {
        let class = pv1.field(2);
        let code = self.word(class);
        event.class = match () {
            () if class.is_null() => Given::Cleared,
            () if class.is_empty() => Given::Absent,
            () => Given::Value(tables::class(&code)),
        };
        if self.profile.test_patients.classes.contains(&code) {
            event.flags.push(ReportFlag::Known(Flag::TestPatient));
        }
        event.flags.dedup();
        let unit = pv1.field(3);
        event.location = match () {
            () if unit.is_null() => Given::Cleared,
            () => self.place(unit.component(1).sub(1), "PV1-3").into(),
        };
        let facility = unit.component(4).sub(1);
        event.site = self.known_site(facility).or_else(|| self.place(facility, "PV1-3")).or_else(|| event.site.take());
        event.encounter = self.token(TokenKind::Encounter, pv1.field(19));
        for (role, number) in [(Role::Attending, 7), (Role::Referring, 8), (Role::Consulting, 9), (Role::Admitting, 17)]
        {
            self.people(&mut event.people, role, pv1.field(number));
        }
    }

    /// The token of whom PID names.
    pub(super) fn patient(&mut self, pid: &Segment<'_>) -> Option<Token> {
        patient_number(pid).and_then(|part| self.token(TokenKind::Patient, part))
    }
}

/// PID-3: the repetition of type MR, else PI, else the first with an authority, else the first.
fn patient_number<'t>(pid: &Segment<'t>) -> Option<Part<'t>> {
    let field = pid.field(3);
    let valued = || field.repetitions().filter(|part| part.component(1).is_valued());
    let of_type = |code: &str| valued().find(|part| part.component(5).raw() == code);
    let with_authority = || valued().find(|part| part.component(4).is_valued());
    of_type("MR").or_else(|| of_type("PI")).or_else(with_authority).or_else(|| valued().next())
}
