//! Order: which orders and reports does a message speak of, and what happened to each?
//!
//! ```text
//!  PID PV1 │ ORC OBR TQ1 OBX OBX SPM │ ORC OBR OBX │ …      one event for each bar, with the patient before it
//! ```
//! Orders take their step from ORC-5 or ORC-1, results from OBR-25. What else the same segments prove, such as when the
//! specimen was taken and received, goes along as milestones.
//!
//! - **Source**: domain page 5.1 to 5.4, [REP-7] [IDN-4].

mod group;
mod step;

pub(super) use group::{Order, groups};
use wardline_rules::{
    Text,
    event::{Event, Given, Milestone, ReportFlag, Scalar},
    limits::MILESTONES_PER_EVENT_MAX,
    quality::Fault,
    words::{Evidence, Flag, Kind, Priority, Role, Step},
};

use super::{
    Draft,
    kinds::Family,
    lexer::{Part, Segment},
    reader::Reader,
    tables,
};

impl Reader<'_> {
    /// The event of one order or report.
    pub(super) fn order(&mut self, draft: &Draft<'_>, order: &Order<'_>) -> Event {
        let mut event = draft.event();
        self.numbers(&mut event, order);
        self.service(&mut event, order);
        let results: Vec<_> = order.results.iter().filter_map(|obx| self.result(obx)).collect();
        match draft.family {
            Family::Results => self.report_step(&mut event, order, &results),
            Family::Order
            | Family::OrderAnswer
            | Family::Document
            | Family::Appointment
            | Family::Encounter
            | Family::PatientMerge
            | Family::EncounterMerge
            | Family::Move
            | Family::Ignored
            | Family::Answer => self.order_step(&mut event, order, &results),
        }
        // Answers to questions at order entry are no results of the report.
        if event_carries_results(&event, draft.family) {
            event.narrative = results.iter().any(|r| matches!(r.value, wardline_rules::event::ResultValue::Narrative));
            event.results = results;
        }
        self.milestones(&mut event, order);
        self.who(&mut event, order.who);
        self.order_people(&mut event, order);
        self.priority(&mut event, order);
        event
    }

    fn numbers(&mut self, event: &mut Event, order: &Order<'_>) {
        let profile = self.profile;
        let authorities = &profile.authorities;
        let both = |number: usize| {
            let [orc, obr] = [order.orc, order.obr].map(|segment| segment.map(|segment| segment.field(number)));
            (orc.filter(|part| part.is_valued()), obr.filter(|part| part.is_valued()))
        };
        let (orc, obr) = both(2);
        event.report.placer = self.either(orc, obr, &authorities.placer, "ORC-2");
        let (orc, obr) = both(3);
        event.report.filler = self.either(orc, obr, &authorities.filler, "ORC-3");
        if let Some(orc) = order.orc {
            event.report.group = self.ident(orc.field(4), &authorities.group, "ORC-4");
            event.report.parent = self.pair(orc.field(8), "ORC-8");
        }
        if event.report.parent.is_none() {
            event.report.parent = order.obr.and_then(|obr| self.pair(obr.field(29), "OBR-29"));
        }
        event.report.accession = self.accession(order, &authorities.accession);
        if event.report.is_anonymous() {
            self.notes.add(Fault::NoIdentity, if order.obr.is_some() { "OBR-3" } else { "ORC-3" });
        }
    }

    /// ORC wins; a different number in OBR is noted.
    fn either(
        &mut self,
        orc: Option<Part<'_>>,
        obr: Option<Part<'_>>,
        default: &str,
        field: &str,
    ) -> Option<wardline_rules::event::Ident> {
        let orc = orc.and_then(|part| self.ident(part, default, field));
        let obr = obr.and_then(|part| self.ident(part, default, field));
        if matches!((&orc, &obr), (Some(orc), Some(obr)) if orc.id != obr.id) {
            self.notes.add(Fault::StatusConflict, field);
        }
        orc.or(obr)
    }

    fn accession(&mut self, order: &Order<'_>, default: &str) -> Option<wardline_rules::event::Ident> {
        let specimen = order.specimens.iter().find_map(|spm| self.ident(spm.field(30), default, "SPM-30"));
        let profile = self.profile;
        specimen.or_else(|| {
            let name = profile.accession_field.as_deref()?;
            let part = order.part(name)?;
            self.ident(part, default, name)
        })
    }

    /// Kind, department and test.
    fn service(&mut self, event: &mut Event, order: &Order<'_>) {
        event.kind = self.profile.kind;
        let Some(obr) = order.obr else { return };
        event.tests = self.tests(obr);
        let service = obr.field(24);
        if service.is_valued() {
            let code = self.word(service);
            let kind = self.notes.expect(tables::service_kind(&code), Fault::UnknownValue, "OBR-24");
            event.kind = kind.or(event.kind);
            event.department = match self.profile.departments.get(&code) {
                Some(department) => Some(department.clone()),
                None => self.place(service.component(1), "OBR-24"),
            };
            if code == "EN" {
                attribute(event, "service_line", "neurophysiology");
            }
        }
        match self.word(obr.field(11)).as_str() {
            "A" => event.flags.push(ReportFlag::Known(Flag::AddOn)),
            "G" => event.flags.push(ReportFlag::Known(Flag::Reflex)),
            _ => {}
        }
        let specimen = order.specimens.iter().find_map(|spm| self.first_code(spm.field(4), "SPM-4"));
        if let Some(code) = specimen {
            attribute(event, "specimen_type", &code.code);
        }
    }

    fn milestones(&mut self, event: &mut Event, order: &Order<'_>) {
        let is_exam = event.kind.is_some_and(Kind::is_exam);
        let begun = if is_exam { Step::ExamStarted } else { Step::Collected };
        let taken = order.specimens.iter().find_map(|spm| self.time(spm.field(17), "SPM-17"));
        let observed = order.obr.and_then(|obr| self.time(obr.field(7), "OBR-7"));
        let is_plan = order.orc.is_some_and(|orc| self.word(orc.field(1)) == "NW") && order.is_request;
        let begun_at = taken.or_else(|| observed.filter(|_| !is_plan));
        let arrived = order.specimens.iter().find_map(|spm| self.time(spm.field(18), "SPM-18"));
        let received = order.obr.and_then(|obr| self.time(obr.field(14), "OBR-14"));
        let ended = order.obr.filter(|_| is_exam).and_then(|obr| self.time(obr.field(8), "OBR-8"));
        let analysed = order.results.iter().filter_map(|obx| self.time(obx.field(19), "OBX-19")).max_by_key(|at| at.lo);
        // Some senders fill the reason of a rejection with "acceptable".
        let is_reject = |spm: &Segment<'_>| spm.field(21).is_valued() && spm.field(21).component(1).raw() != ACCEPTABLE;
        let rejected = order.specimens.iter().find(|spm| is_reject(spm));
        let rejected_at = rejected.and(event.occurred_at);
        let found = [
            (begun, begun_at, Evidence::Own),
            (Step::Received, arrived.filter(|_| !is_exam), Evidence::Own),
            (Step::Received, received.filter(|_| !is_exam && arrived.is_none()), Evidence::Derived),
            (Step::ExamEnded, ended, Evidence::Own),
            (Step::Analysed, analysed, Evidence::Own),
            (Step::Recollect, rejected_at, Evidence::Derived),
        ];
        let proven = found.into_iter().filter_map(|(step, at, evidence)| Some(Milestone { step, at: at?, evidence }));
        event.milestones.extend(proven.take(MILESTONES_PER_EVENT_MAX));
        if let Some(spm) = rejected.filter(|_| event.reason.is_none()) {
            event.reason = self.reason(spm.field(21), "SPM-21");
        }
        let planned = order.tq1.and_then(|tq1| self.time(tq1.field(7), "TQ1-7"));
        let planned = planned.or_else(|| order.obr.and_then(|obr| self.time(obr.field(36), "OBR-36")));
        event.planned_at = planned.or_else(|| observed.filter(|_| is_plan)).into();
    }

    pub(super) fn order_people(&mut self, event: &mut Event, order: &Order<'_>) {
        let people = &mut event.people;
        let mut is_ordered = false;
        if let Some(orc) = order.orc {
            self.people(people, Role::Entering, orc.field(10));
            self.people(people, Role::Ordering, orc.field(12));
            is_ordered = orc.field(12).is_valued();
            event.reason = event.reason.take().or_else(|| self.reason(orc.field(16), "ORC-16"));
            let site = orc.field(21);
            let known = self.known_site(site.component(1)).or_else(|| self.known_site(site.component(10)));
            event.site = known.or_else(|| event.site.take());
        }
        if let Some(obr) = order.obr {
            if !is_ordered {
                self.people(people, Role::Ordering, obr.field(16));
            }
            self.people(people, Role::CopyTo, obr.field(28));
            for (role, number) in
                [(Role::Interpreting, 32), (Role::Assisting, 33), (Role::Performing, 34), (Role::Transcribing, 35)]
            {
                self.named_people(people, role, obr.field(number));
            }
        }
        for obx in &order.results {
            self.people(people, Role::Verifying, obx.field(16));
        }
    }

    /// The first of TQ1-9, OBR-27.6, ORC-7.6 and OBR-5 that is valued.
    fn priority(&mut self, event: &mut Event, order: &Order<'_>) {
        let places = [
            (order.tq1.map(|tq1| tq1.field(9)), "TQ1-9"),
            (order.obr.map(|obr| obr.field(27).component(6)), "OBR-27"),
            (order.orc.map(|orc| orc.field(7).component(6)), "ORC-7"),
            (order.obr.map(|obr| obr.field(5)), "OBR-5"),
        ];
        let said = places.into_iter().find_map(|(part, field)| Some((part.filter(|part| !part.is_empty())?, field)));
        let Some((part, field)) = said else { return };
        if part.is_null() {
            event.priority = Given::Cleared;
            return;
        }
        let word = self.word(part);
        let local = self.profile.priorities.get(&word).and_then(|name| Priority::parse(name));
        event.priority =
            self.notes.expect(local.or_else(|| tables::priority(&word)), Fault::UnknownValue, field).into();
    }
}

/// LOINC answer code of a specimen that was not rejected.
const ACCEPTABLE: &str = "LA12432-3";

/// Sets a coded attribute.
pub(super) fn attribute(event: &mut Event, key: &'static str, code: &str) {
    event.attributes.push((Text::const_new(key), Given::Value(Scalar::Text(Text::from(code)))));
}

fn event_carries_results(event: &Event, family: Family) -> bool {
    let bears = matches!(event.fact, wardline_rules::event::Fact::Step(step) if step.is_result_bearing());
    family == Family::Results || bears
}

impl<'m> Order<'m> {
    /// The field that a profile names, such as `OBR-18` or `ZDS-1.2`, in the segments of this order.
    pub(super) fn part(&self, name: &str) -> Option<Part<'m>> {
        let own = [self.orc, self.obr, self.tq1, self.who.pid, self.who.pv1].into_iter().flatten();
        named_part(own.chain(self.specimens.iter().copied()).chain(self.others.iter().copied()), name)
    }
}

/// The field `name`, such as `OBR-18` or `ZDS-1.2`, of the first of `segments` that is called so.
pub(super) fn named_part<'m>(mut segments: impl Iterator<Item = &'m Segment<'m>>, name: &str) -> Option<Part<'m>> {
    let (id, place) = name.split_once('-')?;
    let (field, component) = match place.split_once('.') {
        Some((field, component)) => (field, component.parse().ok()),
        None => (place, None),
    };
    let part = segments.find(|segment| segment.id == id)?.field(field.parse().ok()?);
    Some(component.map_or(part, |number| part.component(number)))
}
