//! Event: is it news, which reports is it about, and what does it change?

use core::hash::{Hash, Hasher};

use wardline_rules::{
    event::{Event, Fact},
    map::hash64,
    quality::{Fault, Note},
    time::{Span, Timestamp},
    token::Token,
    words::{Evidence, ResultStatus, Step},
};

use crate::{
    disposition::Disposition,
    identity::{self, Bare, Found, Keys, Number},
    output::{Output, QualityRow},
    partition::{Partition, Seen},
    report::{Applied, Report, ReportSlot},
    snug,
    step::foresee::Foreseen,
    tuple::TupleId,
};

/// How long a repeated event is recognised (guarantees G3).
const REMEMBERED: Span = Span::from_minutes(7 * 24 * 60);
/// News older than this is late [REP-19].
const LATE_AFTER: Span = Span::from_minutes(15);

impl Partition {
    pub(crate) fn take_event(&mut self, event: &Event, foreseen: Foreseen, out: &mut Output) -> Disposition {
        let disposition = self.dispose(event, foreseen, out);
        let counters = &mut self.counters;
        counters.received += 1;
        match disposition {
            Disposition::Applied => counters.applied += 1,
            Disposition::Corrected => {
                (counters.applied, counters.corrected) = (counters.applied + 1, counters.corrected + 1)
            }
            Disposition::Stale => (counters.applied, counters.stale) = (counters.applied + 1, counters.stale + 1),
            Disposition::Unmatched => {
                (counters.applied, counters.unmatched) = (counters.applied + 1, counters.unmatched + 1)
            }
            Disposition::Duplicate { .. } => counters.duplicate += 1,
            Disposition::DeadLettered => counters.dead_lettered += 1,
        }
        disposition
    }

    fn dispose(&mut self, event: &Event, foreseen: Foreseen, out: &mut Output) -> Disposition {
        if matches!(event.fact, Fact::Unreadable { .. }) {
            self.say_quality(event, Fault::Unreadable, event.reason.as_deref().unwrap_or_default(), out);
            return Disposition::DeadLettered;
        }
        let tuple = self.tuples.of_event(event, &mut self.dictionary);
        if let Some(first) = self.was_seen(event, (foreseen.id, tuple), out) {
            return Disposition::Duplicate { first };
        }
        for Note { fault, field } in &event.notes {
            self.say_quality(event, *fault, field, out);
        }
        let source = self.tuples.get(tuple).source;
        self.heard_feed(source);
        self.feed_message(source, out);
        match &event.fact {
            Fact::Step(_) | Fact::Update => self.take_fact(event, (foreseen.numbers, tuple), out),
            Fact::Answer(answer) => self.take_answer(event, answer, out),
            Fact::Merge(merge) => self.take_merge(event, merge, out),
            Fact::Encounter => self.take_encounter(event, tuple, out),
            Fact::Heartbeat | Fact::Unreadable { .. } => Disposition::Applied,
        }
    }

    /// When this very event came first, within the last seven days [DUP-1]; the same id with other content is new [DUP-2].
    fn was_seen(&mut self, event: &Event, (id, tuple): (u64, TupleId), out: &mut Output) -> Option<Timestamp> {
        while let Some((at, id)) = self.seen_order.front().copied() {
            let is_full = self.seen_order.len() > crate::limits::DUPLICATES_MAX;
            if !is_full && self.at.since(at) <= REMEMBERED {
                break;
            }
            self.seen_order.pop_front();
            self.seen.remove(&id);
        }
        let content = fingerprint(event, tuple);
        let key = match self.seen.get(&id) {
            None => id,
            Some(known) if known.content == content => return Some(known.at),
            // Another content of this id is remembered beside the first.
            Some(_) => hash64(&(id, content)),
        };
        if let Some(known) = self.seen.get(&key) {
            return Some(known.at);
        }
        self.seen.insert(key, Seen { content, at: self.at });
        self.seen_order.push_back((self.at, key));
        if key != id {
            self.say_quality(event, Fault::ControlIdReused, "event_id", out);
        }
        None
    }

    pub(crate) fn say_quality(&self, event: &Event, fault: Fault, field: &str, out: &mut Output) {
        out.quality.push(QualityRow {
            at: self.at,
            source: event.source.clone(),
            fault,
            rule: wardline_rules::Text::default(),
            field: field.into(),
        });
    }

    fn take_fact(&mut self, event: &Event, (numbers, tuple): (Bare, TupleId), out: &mut Output) -> Disposition {
        let patient = event.patient.map(|patient| self.resolve_token(patient));
        let keys = self.keys_of(event, numbers);
        let mut targets = core::mem::take(&mut self.targets);
        let found = identity::find(keys, patient, (&self.index, &self.reports), &mut targets);
        if found == Found::New {
            targets.clear();
            targets.push(self.open_report(event, keys, out));
        }
        self.gather_order(event, (keys, patient), &targets, out);
        let is_shared = keys.filler.is_none() && keys.placer.is_some();
        let mut disposition = Disposition::Unmatched;
        for slot in &targets {
            let Some(mut report) = self.reports.take(*slot) else { continue };
            let mut is_news = false;
            if report.patient.is_some() && patient.is_some() && report.patient != patient {
                self.refuse_patient(event, &mut report, out);
            } else {
                self.learn_patient(*slot, &mut report, patient);
                self.link(*slot, &mut report, event, keys);
                let news = self.apply(event, (tuple, is_shared), &mut report);
                disposition = disposition.or(disposition_of(event, news));
                is_news = news.is_news;
                if is_news {
                    self.say_late(event, out);
                    self.say_units(event, out);
                    self.refresh(*slot, &mut report, out);
                    self.documented(&mut report, out);
                } else {
                    self.say_quality(event, Fault::Duplicate, "", out);
                }
            }
            self.reports.put(*slot, report);
            if is_news {
                self.refresh_later(*slot, out);
            }
        }
        self.targets = targets;
        disposition
    }

    /// The keys of an event; without any number it is a report of its own [IDN-7].
    pub(crate) fn keys_of(&mut self, event: &Event, numbers: Bare) -> Keys {
        let ward = self.active.and_then(|active| self.wards.get_mut(active as usize));
        let names = ward.map(|ward| {
            ward.tests.learn(&ward.program, &self.dictionary);
            (&*ward.program, &ward.tests)
        });
        identity::keys(numbers, identity::canonical_test(event, names, &self.dictionary))
    }

    fn open_report(&mut self, event: &Event, keys: Keys, out: &mut Output) -> ReportSlot {
        self.born += 1;
        let strongest = keys.iter().next().map_or_else(
            || {
                self.say_quality(event, Fault::NoIdentity, "report", out);
                let own = wardline_rules::event::Ident { id: event.event_id.clone(), ns: event.source.clone() };
                identity::bare_key(Number::Message, &own)
            },
            |name| name.full,
        );
        let mut id = identity::report_id(self.settings.instance, strongest);
        if !self.index.get(u128::from_le_bytes(id.0)).is_empty() {
            // A number that already names a report, given anew: its second report is numbered by its birth.
            id = identity::report_id(self.settings.instance, strongest ^ u128::from(self.born));
        }
        let mut report = Report::new(id, self.born, self.at);
        report.was_counted = self.departed.has(id);
        let slot = self.reports.insert(Box::new(report));
        // Under its public id it can be asked for.
        self.index.link(u128::from_le_bytes(id.0), slot);
        self.leaving.push_back((self.at, slot, self.born));
        self.counters.reports_opened += 1;
        slot
    }

    /// Remembers the numbers of an event as ways to its report.
    fn link(&mut self, slot: ReportSlot, report: &mut Report, event: &Event, keys: Keys) {
        report.has_test |= keys.has_test;
        for name in keys.iter() {
            if report.keys.contains(&name) {
                continue;
            }
            self.index.link(name.bare, slot);
            snug::push(&mut report.keys, name);
        }
        report.learn_ids([&event.report.filler, &event.report.placer, &event.report.accession]);
        if let Some(encounter) = event.encounter.map(|encounter| self.resolve_token(encounter))
            && report.cold.encounter != Some(encounter)
        {
            if let Some(left) = report.cold.encounter.replace(encounter) {
                self.index.unlink_encounter(left, slot);
            }
            self.index.link_encounter(encounter, slot);
        }
    }

    /// Says of which stay a report is, if that was not known.
    pub(super) fn learn_encounter(&mut self, slot: ReportSlot, report: &mut Report, encounter: Option<Token>) {
        if let (None, Some(encounter)) = (report.cold.encounter, encounter) {
            report.cold.encounter = Some(encounter);
            self.index.link_encounter(encounter, slot);
        }
    }

    /// An event that names another patient is not applied [IDN-9].
    fn refuse_patient(&mut self, event: &Event, report: &mut Report, out: &mut Output) {
        use crate::report::{FlagCode, FlagFact};
        self.say_quality(event, Fault::PatientMismatch, "patient", out);
        let flag = FlagCode::Known(wardline_rules::words::Flag::IdentityConflict);
        report.add_flag(FlagFact { at: self.at, is_on: true, flag });
    }

    fn say_late(&self, event: &Event, out: &mut Output) {
        let is_late = event.occurred_at.is_some_and(|at| self.at.since(at.lo) > LATE_AFTER);
        if is_late && event.evidence != Evidence::Message {
            self.say_quality(event, Fault::Late, "occurred_at", out);
        }
    }

    /// Location, class and attending of all open reports of an encounter [EVT-10].
    fn take_encounter(&mut self, event: &Event, tuple: TupleId, out: &mut Output) -> Disposition {
        let mut disposition = Disposition::Unmatched;
        let Some(encounter) = event.encounter.map(|encounter| self.resolve_token(encounter)) else {
            return disposition;
        };
        let slots: Vec<ReportSlot> = self.index.of_encounter(encounter).to_vec();
        for slot in slots {
            let Some(mut report) = self.reports.take(slot) else { continue };
            if report.is_open(Self::NOW) {
                let news = self.apply(event, (tuple, false), &mut report);
                disposition = disposition.or(disposition_of(event, news));
                if news.is_news {
                    self.refresh(slot, &mut report, out);
                }
            }
            self.reports.put(slot, report);
        }
        disposition
    }
}

/// What became of an event that did this to a report.
fn disposition_of(event: &Event, news: Applied) -> Disposition {
    match (news.is_news, news.first) {
        (false, Some(first)) => Disposition::Duplicate { first },
        (false, None) => Disposition::Stale,
        (true, _) if !news.stands => Disposition::Stale,
        (true, _) if is_correction(event) => Disposition::Corrected,
        (true, _) => Disposition::Applied,
    }
}

/// Whether an event speaks in place of what was said before.
fn is_correction(event: &Event) -> bool {
    let changes = |status: ResultStatus| match status {
        ResultStatus::Corrected
        | ResultStatus::Amended
        | ResultStatus::Appended
        | ResultStatus::EnteredInError
        | ResultStatus::WrongPatient => true,
        ResultStatus::Registered
        | ResultStatus::Preliminary
        | ResultStatus::Final
        | ResultStatus::Cancelled
        | ResultStatus::Unknown => false,
    };
    let is_change = matches!(event.fact, Fact::Step(step) if step.is_change() || step == Step::EnteredInError);
    is_change || event.results.iter().any(|result| changes(result.status))
}

/// A hash of all that an event says, without when it was sent.
///
/// - **Input** `tuple`: stands for what it repeats with every event of its sort: source, site, place, kind, priority and class.
fn fingerprint(event: &Event, tuple: TupleId) -> u64 {
    hash64(&Content(event, tuple))
}

/// What an event says, to be hashed in one go.
struct Content<'a>(&'a Event, TupleId);

impl Hash for Content<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Field by field, so that a new one is decided upon here.
        let Event {
            event_id: _,
            source: _,
            fact,
            msg: _,
            report,
            patient,
            encounter,
            kind: _,
            tests,
            priority: _,
            occurred_at,
            evidence,
            milestones,
            planned_at,
            received_at: _,
            site: _,
            department: _,
            location: _,
            class: _,
            people,
            flags,
            flags_off,
            results,
            reason,
            channel,
            narrative,
            attributes,
            notes: _,
        } = self.0;
        (self.1, fact, report, patient, encounter, tests, occurred_at, evidence, milestones, planned_at).hash(state);
        (people, flags, flags_off, results, reason, channel, narrative, attributes).hash(state);
    }
}
