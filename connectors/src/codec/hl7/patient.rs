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
    time::Date,
    token::{Token, TokenKind},
    words::{Flag, Role},
};

use super::{
    lexer::{Part, Segment},
    reader::Reader,
    tables,
};
use crate::codec::{
    clean,
    time::{Precision, Written},
};

/// The segments that say who and where.
#[derive(Clone, Copy, Default)]
pub(super) struct Who<'m> {
    pub(super) pid: Option<&'m Segment<'m>>,
    pub(super) pv1: Option<&'m Segment<'m>>,
}

/// The oldest age that is told apart.
const AGE_MAX: i64 = 90;

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
        if let Some(age) = self.age(pid, event) {
            event.attributes.push((Text::const_new("patient_age"), Given::Value(Scalar::Number(Decimal::whole(age)))));
        }
    }

    /// Whole years at the event, 90 and over as 90.
    fn age(&mut self, pid: &Segment<'_>, event: &Event) -> Option<i64> {
        let born = Written::dtm(pid.field(7).component(1).raw())?;
        if matches!(born.precision, Precision::Year | Precision::Month) {
            return None;
        }
        let at = event.occurred_at.or(event.msg.made_at)?.lo;
        let today = Date::from_days(i32::try_from(at.micros().div_euclid(wardline_rules::time::DAY)).ok()?);
        let (born, today) = (Date::from_days(born.days).ymd(), today.ymd());
        let had_birthday = (today.1, today.2) >= (born.1, born.2);
        let age = i64::from(today.0) - i64::from(born.0) - i64::from(!had_birthday);
        (0..150).contains(&age).then_some(age.min(AGE_MAX))
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
