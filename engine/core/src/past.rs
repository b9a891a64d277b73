//! Past: what was found for the same patient and test before?
//!
//! Other reports of the patient are found by the patient's token in the index. What is *earlier* is decided by event time alone, so that the order in which two reports were heard of
//! does not matter: news of the earlier one lets the later one be looked at again ([`Partition::refresh_later`]).
//!
//! - LIMIT: [`LOOKS_BACK`]; [`PATIENT_REPORTS_MAX`] reports of one patient.
//! - **Not here**: the fields' places in a condition ([`crate::view`]), earlier results in scripts.

use wardline_rules::{
    program::{Argument, Condition, Field, Operand, Program},
    script::Script,
    time::{Span, Timestamp},
    token::Token,
    unit::Quantity,
    words::{Comparator, Step},
};

use crate::{
    dictionary::Coded,
    identity::{Index, patient_key},
    limits::PATIENT_REPORTS_MAX,
    output::Output,
    partition::Partition,
    report::{
        Report, ReportSlot,
        results::{ResultKey, Statement, Value},
    },
    slab::Slab,
    view::View,
};

/// How far back an earlier result or order counts; exactly as long ago does.
pub(crate) const LOOKS_BACK: Span = Span::from_minutes(30 * 24 * 60);

/// A number or quantity, off the scale if it has a sign.
pub(crate) type Amount = (Option<Comparator>, Operand);

/// Orders earlier results: when they were first said, then how their newest word orders.
type Order = (Timestamp, (Timestamp, Timestamp, u32));

/// Where other reports are looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Past<'a> {
    pub(crate) reports: &'a Slab<Box<Report>>,
    pub(crate) index: &'a Index,
}

impl<'a> Past<'a> {
    /// The other reports of a report's patient, as a rule oldest first; none if nobody could look at them all.
    pub(crate) fn others(self, report: &Report) -> impl DoubleEndedIterator<Item = &'a Report> {
        let slots = report.patient.map_or(&[][..], |patient| self.index.get(patient_key(patient)));
        let slots = if slots.len() > PATIENT_REPORTS_MAX { &[][..] } else { slots };
        let own = report.id;
        slots
            .iter()
            .filter_map(move |slot| self.reports.get(*slot))
            .map(Box::as_ref)
            .filter(move |other| other.id != own)
    }
}

impl View<'_> {
    /// The value of the newest result of the same test and patient before this one; as of the view's instant, so that a
    /// correction that came later does not count.
    pub(crate) fn previous_value(&self) -> Option<Amount> {
        let (key, _) = self.result?;
        let past = self.from.past?;
        let mine = first_said(self.report, key)?;
        let mut newest: Option<(Order, Amount)> = None;
        // The newest first: of most others no more is then looked at than when they were said.
        for report in past.others(self.report).chain(core::iter::once(self.report)).rev() {
            let found = self.earlier(report, (key, mine), newest.map(|(order, _)| order));
            if let Some(found) = found.filter(|_| report.end_in_force(Step::EnteredInError).is_none()) {
                newest = Some(found);
            }
        }
        newest.map(|(_, amount)| amount)
    }

    /// The newest result of a report that comes before one of this report, with what orders it, if it is newer than one found.
    fn earlier(
        &self,
        report: &Report,
        (key, mine): (ResultKey, Timestamp),
        found: Option<Order>,
    ) -> Option<(Order, Amount)> {
        let said = &report.cold.statements;
        let is_own = |other: ResultKey| report.id == self.report.id && other == key;
        let is_given = |one: &Statement| one.content.value != Value::Retracted;
        let mut newest: Option<((Order, ResultKey), Amount)> = None;
        for (place, first) in said.iter().enumerate() {
            let other = first.key;
            let counts = is_given(first) && is_within_reach(first.at, mine) && !is_own(other);
            if !counts || !self.is_same_test(other.code, key.code) {
                continue;
            }
            // Each result once: where it first had a value.
            if said.iter().take(place).any(|before| before.key == other && is_given(before)) {
                continue;
            }
            let Some(last) = said.iter().rfind(|said| said.key == other && said.at <= self.at) else { continue };
            let order = (first.at, last.order());
            if found.is_some_and(|found| order <= found) || newest.is_some_and(|(newest, _)| (order, other) <= newest) {
                continue;
            }
            if let Some(amount) = self.amount_of(key.code, last.content.value) {
                newest = Some(((order, other), amount));
            }
        }
        newest.map(|((order, _), amount)| (order, amount))
    }

    /// The value minus the one before it; unknown where two ends are open.
    pub(crate) fn change(&self) -> Option<Amount> {
        let (sign, now) = self.value()?;
        let (before_sign, before) = self.previous_value()?;
        let sign = match (sign, before_sign.map(turned)) {
            (Some(one), Some(other)) => Some(both(one, other)?),
            (one, other) => one.or(other),
        };
        let amount = match (now, before) {
            (Operand::Quantity(now), Operand::Quantity(before)) if now.dimension == before.dimension => {
                let value = now.value.minus(before.value)?;
                Operand::Quantity(Quantity { dimension: now.dimension, value })
            }
            (Operand::Number(now), Operand::Number(before)) => Operand::Number(now.minus(before)?),
            (Operand::Quantity(_) | Operand::Number(_) | Operand::Span(_), _) => return None,
        };
        Some((sign, amount))
    }

    /// How long before this order the newest earlier one of the same test for the same patient was, if it is not cancelled.
    pub(crate) fn since_same_test(&self) -> Option<Span> {
        let past = self.from.past?;
        let mine = ordered(self.report)?;
        let others = past.others(self.report).filter(|other| self.shares_test(other) && !is_off(other));
        let times = others.filter_map(ordered).filter(|at| is_within_reach(*at, mine));
        times.max().map(|at| mine.since(at))
    }

    fn is_same_test(&self, one: Coded, other: Coded) -> bool {
        let tests = self.from.tests;
        one == other || tests.test(one).is_some_and(|test| tests.test(other) == Some(test))
    }

    fn shares_test(&self, other: &Report) -> bool {
        let of = |report: &Report| &self.from.tuples.get(report.effective).tests;
        of(self.report).iter().any(|mine| of(other).iter().any(|theirs| self.is_same_test(*mine, *theirs)))
    }
}

/// Whether any condition of a ward asks for what was before.
pub(crate) fn looks_back(program: &Program) -> bool {
    let covers = program.families.iter().flat_map(|family| &family.rules).map(|rule| &rule.covers.condition);
    let alerts = program.alerts.iter().flat_map(|alert| [&alert.condition, &alert.unless]);
    let notices = program.notices.iter().flat_map(|notice| [&notice.condition, &notice.unless]);
    let decides = program.alerts.iter().filter_map(|alert| alert.decide.as_ref());
    covers.chain(alerts).chain(notices).any(asks) || decides.into_iter().any(Script::looks_back)
}

fn asks(condition: &Condition) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(asks),
        Condition::Atom(atom) => is_of_before(atom.field),
        Condition::Call(call) => call.arguments.iter().any(|argument| match argument {
            Argument::Field(field, ..) => is_of_before(*field),
            Argument::Value(_) => false,
        }),
    }
}

const fn is_of_before(field: Field) -> bool {
    matches!(field, Field::PreviousValue | Field::Change | Field::TimeSinceSameTest)
}

impl Partition {
    /// Says whose report it is, if that was not known.
    pub(crate) fn learn_patient(&mut self, slot: ReportSlot, report: &mut Report, patient: Option<Token>) {
        if report.patient.is_none() {
            report.patient = patient;
            self.link_patient(slot, patient);
        }
    }

    pub(crate) fn link_patient(&mut self, slot: ReportSlot, patient: Option<Token>) {
        if let Some(patient) = patient {
            self.index.link(patient_key(patient), slot);
        }
    }

    pub(crate) fn unlink_patient(&mut self, slot: ReportSlot, patient: Option<Token>) {
        if let Some(patient) = patient {
            self.index.unlink(patient_key(patient), slot);
        }
    }

    /// Notes whether a ward looks back: one that does, or did when it raised what is still open.
    pub(crate) fn note_looking_back(&mut self) {
        self.looks_back = self.wards.iter().any(|ward| looks_back(&ward.program));
    }

    /// Lets the later reports of the same patient and test be looked at again, for which this one is the past.
    ///
    /// - **Cost**: nothing while no ward looks back; as a rule news is about a patient's newest report, and nothing is later.
    pub(crate) fn refresh_later(&mut self, slot: ReportSlot, out: &mut Output) {
        let Some(report) = self.reports.get(slot).filter(|_| self.looks_back) else { return };
        let Some(patient) = report.patient else { return };
        let slots = self.index.get(patient_key(patient));
        if slots.len() > PATIENT_REPORTS_MAX {
            return;
        }
        let is_later = |other: &ReportSlot| {
            *other != slot && self.reports.get(*other).is_some_and(|other| began(report) < ended(other))
        };
        let later: Vec<ReportSlot> = slots.iter().copied().filter(is_later).collect();
        for slot in later {
            let Some(mut report) = self.reports.take(slot) else { continue };
            self.refresh(slot, &mut report, out);
            self.reports.put(slot, report);
        }
    }
}

/// When a result first said anything.
fn first_said(report: &Report, key: ResultKey) -> Option<Timestamp> {
    let mut said =
        report.cold.statements.iter().filter(|said| said.key == key && said.content.value != Value::Retracted);
    said.next().map(|said| said.at)
}

/// When an order was placed; for one nobody told of, the first that is known of it.
fn ordered(report: &Report) -> Option<Timestamp> {
    let first = || report.records.iter().find(|record| record.step.is_some() && !record.is_untimed);
    report.register(Step::Ordered).filter(|record| !record.is_untimed).or_else(first).map(|record| record.lo)
}

fn is_off(report: &Report) -> bool {
    [Step::Cancelled, Step::EnteredInError].into_iter().any(|end| report.end_in_force(end).is_some())
}

fn is_within_reach(earlier: Timestamp, mine: Timestamp) -> bool {
    earlier < mine && mine.since(earlier) <= LOOKS_BACK
}

/// The first and the last that is known of a report.
fn began(report: &Report) -> Timestamp {
    times(report).min().unwrap_or(Timestamp::MAX)
}

fn ended(report: &Report) -> Timestamp {
    times(report).max().unwrap_or(Timestamp::MIN)
}

fn times(report: &Report) -> impl Iterator<Item = Timestamp> {
    report.records.iter().map(|record| record.lo).chain(report.cold.statements.iter().map(|said| said.at))
}

/// The side on which what is taken away from a value leaves it open.
const fn turned(sign: Comparator) -> Comparator {
    match sign {
        Comparator::Below => Comparator::Above,
        Comparator::AtMost => Comparator::AtLeast,
        Comparator::Above => Comparator::Below,
        Comparator::AtLeast => Comparator::AtMost,
    }
}

/// The sign of a sum of two ends that are open to one side; `None` for different sides.
const fn both(one: Comparator, other: Comparator) -> Option<Comparator> {
    use Comparator::{Above, AtLeast, AtMost, Below};
    match (one, other) {
        (AtMost, AtMost) => Some(AtMost),
        (AtLeast, AtLeast) => Some(AtLeast),
        (Below | AtMost, Below | AtMost) => Some(Below),
        (Above | AtLeast, Above | AtLeast) => Some(Above),
        (Below | AtMost, Above | AtLeast) | (Above | AtLeast, Below | AtMost) => None,
    }
}
