//! Apply: which facts does an event add to a report?

use wardline_rules::{
    evaluate::Tri,
    event::{Event, Fact, Given, ReportFlag, ResultItem, ResultValue, Scalar},
    map::hash64,
    quality::Fault,
    time::{Span, Timestamp},
    words::{Evidence, Step},
};

use crate::{
    output::Output,
    partition::Partition,
    report::{
        Applied, AttributeFact, FlagCode, FlagFact, OWN_ANSWER, PersonFact, Record, Report,
        results::{Stamp, Statement, Value},
    },
    tuple::{SAYS_NOTHING, TupleId},
};

impl Partition {
    /// Adds what `event` says to `report`; the sum of its routing fields is kept up.
    pub(crate) fn apply(&mut self, event: &Event, (tuple, is_shared): (TupleId, bool), report: &mut Report) -> Applied {
        let stamp = self.stamp(event);
        report.touched = self.at;
        let record = self.record(event, stamp, tuple, is_shared);
        let is_last = report
            .records
            .last()
            .is_none_or(|last| (last.lo, last.made, last.tie) <= (record.lo, record.made, record.tie));
        let (known, said) = (report.records.len(), report.effective);
        let mut applied = report.add_record(record);
        if applied.is_news {
            self.sum_up(report, tuple, is_last && report.records.len() > known);
            applied.stands = report.effective != said || report.holds(&record);
        }
        for milestone in &event.milestones {
            let proved = Record {
                lo: milestone.at.lo,
                hi: milestone.at.hi,
                step: Some(milestone.step),
                evidence: milestone.evidence,
                tuple: SAYS_NOTHING,
                is_untimed: false,
                ..record
            };
            let proved_is = report.add_record(proved);
            let stands = proved_is.is_news && report.holds(&proved);
            applied = applied.and(Applied { stands, first: None, ..proved_is });
        }
        applied.and(self.apply_flags(event, stamp, report)).and(self.apply_rest(event, stamp, report))
    }

    fn sum_up(&mut self, report: &mut Report, tuple: TupleId, is_last: bool) {
        if !is_last || report.is_varied {
            report.sum_up(&mut self.tuples);
            return;
        }
        let sum = self.tuples.merge(report.effective, tuple);
        if sum != report.effective && report.effective != SAYS_NOTHING {
            report.is_varied = true;
        }
        report.effective = sum;
    }

    fn stamp(&self, event: &Event) -> Stamp {
        let at = event.occurred_at.map_or(self.at, |at| at.lo);
        let made = event.msg.made_at.map_or(at, |made| made.lo);
        let tie = tie_of(event);
        Stamp { at, made, tie, heard: self.at }
    }

    fn record(&self, event: &Event, stamp: Stamp, tuple: TupleId, is_shared: bool) -> Record {
        let step = match &event.fact {
            Fact::Step(step) => Some(*step),
            Fact::Update
            | Fact::Answer(_)
            | Fact::Merge(_)
            | Fact::Encounter
            | Fact::Heartbeat
            | Fact::Unreadable { .. } => None,
        };
        let hi = event.occurred_at.map_or_else(|| stamp.at.plus(Span::from_micros(1)), |at| at.hi);
        Record {
            lo: stamp.at,
            hi,
            made: stamp.made,
            heard: stamp.heard,
            tie: stamp.tie,
            tuple,
            step,
            evidence: if event.occurred_at.is_none() { Evidence::Message } else { event.evidence },
            is_shared,
            is_untimed: event.occurred_at.is_none(),
        }
    }

    fn apply_flags(&mut self, event: &Event, stamp: Stamp, report: &mut Report) -> Applied {
        let mut applied = Applied::default();
        let on = event.flags.iter().map(|flag| (true, flag));
        for (is_on, flag) in on.chain(event.flags_off.iter().map(|flag| (false, flag))) {
            let flag = match flag {
                ReportFlag::Known(flag) => FlagCode::Known(*flag),
                ReportFlag::Wait(reason) => FlagCode::Wait(self.dictionary.code(reason)),
            };
            applied = applied.and(report.add_flag(FlagFact { at: stamp.at, is_on, flag }));
        }
        applied
    }

    fn apply_rest(&mut self, event: &Event, stamp: Stamp, report: &mut Report) -> Applied {
        let mut applied = Applied::default();
        let step = if let Fact::Step(step) = event.fact { Some(step) } else { None };
        for item in &event.results {
            let mut statement = Statement::of(item, step, stamp, &mut self.dictionary);
            statement.content.is_critical |=
                statement.content.value != Value::Retracted && self.passes_limit(item) == Tri::True;
            applied = applied.and(report.add_statement(statement));
        }
        for person in &event.people {
            let who = self.resolve_token(person.token);
            let fact = PersonFact { at: stamp.at, made: stamp.made, tie: stamp.tie, role: person.role, who };
            applied = applied.and(report.add_person(fact));
        }
        for (key, value) in &event.attributes {
            let value = match value {
                Given::Absent => continue,
                Given::Cleared => None,
                Given::Value(Scalar::Text(text)) => Some(self.dictionary.code(text)),
                Given::Value(Scalar::Number(number)) => Some(self.dictionary.code(&number.to_string())),
                Given::Value(Scalar::Flag(yes)) => Some(self.dictionary.code(if *yes { "yes" } else { "no" })),
            };
            let key = self.dictionary.code(key);
            let fact = AttributeFact { at: stamp.at, made: stamp.made, tie: stamp.tie, key, value };
            applied = applied.and(report.add_attribute(fact));
        }
        applied
    }

    /// Whether a result lies beyond a limit of the installation, which counts whatever its sender says [CRT-1].
    pub(crate) fn passes_limit(&self, item: &ResultItem) -> Tri {
        if self.site.critical.is_empty() {
            return Tri::False;
        }
        let code = item.code.code.as_str();
        let ward = self.active.and_then(|active| self.wards.get(active as usize));
        let catalogue = ward.map(|ward| &ward.program.catalogue);
        let known = catalogue.and_then(|catalogue| catalogue.tests.get(catalogue.test_of_code(code)?.index()));
        // A local code is the limit's test if the ward's catalogue says so.
        let is_declared =
            |test: &str| known.is_some_and(|known| known.name == test || known.loinc.iter().any(|loinc| loinc == test));
        let own = known.and_then(|known| known.unit);
        self.site.passes_limit(item, own, |test| test == code || is_declared(test))
    }

    /// Says which results no limit could be held against, for their unit [CRT-2].
    pub(crate) fn say_units(&self, event: &Event, out: &mut Output) {
        let is_plain = |item: &ResultItem| matches!(item.value, ResultValue::Number(None, _));
        let unclear = |item: &&ResultItem| is_plain(item) && self.passes_limit(item) == Tri::Unknown;
        if !self.site.critical.is_empty() && event.results.iter().any(|item| unclear(&item)) {
            self.say_quality(event, Fault::UnitUnknown, "results.unit", out);
        }
    }

    /// The record of a valid answer: it makes the report acknowledged [REP-20].
    ///
    /// - **Input** `tie`: [`OWN_ANSWER`](crate::report::OWN_ANSWER) for one given to Wardline, else that of the event.
    pub(crate) fn acknowledge(&mut self, report: &mut Report, at: Timestamp, tie: u32) {
        let record = Record {
            lo: at,
            hi: at.plus(Span::from_micros(1)),
            made: at,
            heard: self.at,
            tie,
            tuple: SAYS_NOTHING,
            step: Some(Step::Acknowledged),
            evidence: Evidence::Own,
            is_shared: false,
            is_untimed: false,
        };
        report.add_record(record);
    }
}

/// Orders statements made at one instant.
pub(crate) fn tie_of(event: &Event) -> u32 {
    u32::try_from(hash64(&event.event_id.as_str()) >> 32).unwrap_or(0).min(OWN_ANSWER - 1)
}
