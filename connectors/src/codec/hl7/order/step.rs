//! Step: what happened to an order or a report, and when?

use wardline_rules::{
    Text,
    event::{Event, Fact, ReportFlag, ResultItem},
    quality::Fault,
    words::{Evidence, Flag, Kind, ResultStatus, Step},
};

use super::{
    super::{
        reader::Reader,
        tables::{self, Control, ReportStatus},
    },
    Order,
};

impl Reader<'_> {
    /// ORC-5 if it is valued and known, else ORC-1; at ORC-9.
    pub(super) fn order_step(&mut self, event: &mut Event, order: &Order<'_>, results: &[ResultItem]) {
        let control =
            if order.is_refused { Control::Cancelled("unable_to_accept") } else { self.control(event, order) };
        let is_exam = event.kind.is_some_and(Kind::is_exam);
        event.fact = match control {
            Control::Step(step) => Fact::Step(step),
            Control::Cancelled(reason) => {
                event.reason = Some(Text::const_new(reason));
                Fact::Step(Step::Cancelled)
            }
            Control::Begun => Fact::Step(if is_exam { Step::ExamStarted } else { Step::InProcess }),
            Control::Done if is_exam => Fact::Step(Step::ExamEnded),
            Control::Partial if !results.is_empty() => Fact::Step(Step::Partial),
            Control::CancelRequest if self.profile.trust_cancel_request => Fact::Step(Step::Cancelled),
            Control::CancelRequest => {
                event.flags.push(ReportFlag::Known(Flag::CancelRequested));
                Fact::Update
            }
            Control::On(flag) => {
                event.flags.push(ReportFlag::Known(flag));
                Fact::Update
            }
            Control::Off(flag) => {
                event.flags_off.push(ReportFlag::Known(flag));
                Fact::Update
            }
            Control::Odd => {
                self.notes.add(Fault::OrderControl, "ORC-1");
                Fact::Update
            }
            Control::Done | Control::Partial | Control::Update => Fact::Update,
        };
        let at = order.orc.and_then(|orc| self.time(orc.field(9), "ORC-9"));
        event.evidence = if at.is_some() { Evidence::Own } else { Evidence::Message };
        event.occurred_at = at.or(event.msg.made_at);
    }

    fn control(&mut self, event: &mut Event, order: &Order<'_>) -> Control {
        let Some(orc) = order.orc else { return Control::Odd };
        let word = self.word(orc.field(1));
        if word == "RO" {
            event.report.replaces = event.report.parent.take();
        }
        let status = orc.field(5);
        if status.is_valued() {
            let status = self.word(status);
            let known = self.notes.expect(tables::order_status(&status), Fault::UnknownValue, "ORC-5");
            if let Some(control) = known {
                return control;
            }
        }
        tables::control(&word)
    }

    /// OBR-25, else what OBX-11 say together; at OBR-22, else OBX-19, OBX-14, MSH-7.
    pub(super) fn report_step(&mut self, event: &mut Event, order: &Order<'_>, results: &[ResultItem]) {
        let word = order.obr.map(|obr| self.word(obr.field(25))).unwrap_or_default();
        let status = tables::report_status(&word);
        let is_exam = event.kind.is_some_and(Kind::is_exam);
        event.fact = match status {
            _ if is_all_wrong(results) => Fact::Step(Step::EnteredInError),
            Some(ReportStatus::Step(step)) => Fact::Step(step),
            Some(ReportStatus::Incomplete) => Fact::Step(if is_exam { Step::ExamEnded } else { Step::InProcess }),
            Some(ReportStatus::Correcting) => {
                event.flags.push(ReportFlag::Known(Flag::Correcting));
                Fact::Step(Step::Preliminary)
            }
            Some(ReportStatus::Query) => {
                self.notes.add(Fault::QueryStatus, "OBR-25");
                Fact::Update
            }
            None => {
                self.notes.add(Fault::StatusMissing, "OBR-25");
                together(results)
            }
        };
        self.report_time(event, order);
    }

    fn report_time(&mut self, event: &mut Event, order: &Order<'_>) {
        let reported = order.obr.and_then(|obr| self.time(obr.field(22), "OBR-22"));
        let latest = |reader: &mut Self, number: usize, field: &str| {
            let times = order.results.iter().filter_map(|obx| reader.time(obx.field(number), field));
            times.max_by_key(|at| at.lo)
        };
        let indirect = reported.is_none().then(|| latest(self, 19, "OBX-19").or_else(|| latest(self, 14, "OBX-14")));
        (event.occurred_at, event.evidence) = match (reported, indirect.flatten()) {
            (Some(at), _) => (Some(at), Evidence::Own),
            (None, Some(at)) => (Some(at), Evidence::Derived),
            (None, None) => (event.msg.made_at, Evidence::Message),
        };
    }
}

/// Every result was withdrawn or belongs to somebody else.
fn is_all_wrong(results: &[ResultItem]) -> bool {
    let wrong = |item: &ResultItem| matches!(item.status, ResultStatus::EnteredInError | ResultStatus::WrongPatient);
    !results.is_empty() && results.iter().all(wrong)
}

/// What the results say where the report does not.
fn together(results: &[ResultItem]) -> Fact {
    let changed = |item: &ResultItem| {
        matches!(item.status, ResultStatus::Corrected | ResultStatus::Amended | ResultStatus::Appended)
    };
    let finished = |item: &ResultItem| {
        matches!(item.status, ResultStatus::Final | ResultStatus::Cancelled | ResultStatus::EnteredInError)
    };
    match results {
        [] => Fact::Update,
        results if results.iter().any(changed) => Fact::Step(Step::Corrected),
        results if results.iter().all(finished) => Fact::Step(Step::Final),
        _ => Fact::Step(Step::Preliminary),
    }
}
