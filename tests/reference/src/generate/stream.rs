//! Stream: the life of one report, told late, twice, out of order and wrong.
//!
//! First a life is drawn in event time; then every fact gets a log time of its own, and some are told again.
//!
//! LIMIT: these are left out because the design leaves their meaning open:
//! - steps without results after a cancellation in force, a corrected report without a final, a preliminary after the final;
//! - a field that returns to a value it had (whether a clock starts a second time when its cover comes back);
//! - which of two results of a patient that were first said in one instant is the earlier one;
//! - two statements about one field at the same event time; a rejection and a collection at the same time;
//! - a retraction that is undone, where a rule starts at the final (which of its times is then the first).

use wardline_rules::{
    Text,
    decimal::Decimal,
    event::{Answer, Code, Event, Fact, Ident, Milestone, Person, ReportFlag, ResultItem, ResultValue},
    time::{EventTime, MINUTE, Span, Timestamp},
    token::Token,
    words::{Abnormal, Act, Comparator, Evidence, Flag, Kind, PatientClass, Priority, ResultStatus, Role, Step},
};

use super::{
    Random,
    rules::{LACTATE, POTASSIUM},
};
use crate::{
    evaluate::{Page, Reply, Told},
    rule::{Moment, Rule, Trigger, Ward, Who},
};

/// What is drawn about one report.
struct Life<'r> {
    random: &'r mut Random,
    number: usize,
    kind: Kind,
    patient: Token,
    ordering: Option<Token>,
    has_two_results: bool,
    /// Messages so far.
    messages: usize,
    /// With their event times; each is one message.
    facts: Vec<(Timestamp, Event)>,
}

/// The inputs of one report, in no order.
pub(super) fn report(random: &mut Random, ward: &Ward, number: usize, start: Timestamp) -> Vec<Told> {
    let kind = match random.below(20) {
        0..=11 => Kind::Lab,
        12..=16 => Kind::Imaging,
        _ => Kind::Pathology,
    };
    let seed = u8::try_from(number % 200).unwrap_or(0).saturating_add(1);
    // Where rules look back, patients have several reports, of which no two things happen in one instant.
    let (patients, start) = if ward.looks_back() {
        let apart = i64::try_from(number).unwrap_or(0);
        (2, start.plus(Span::from_seconds(apart)))
    } else {
        (200, start)
    };
    let ordering = random.percent(90).then_some(Token([seed; 16]));
    let has_two_results = kind == Kind::Lab && random.percent(20);
    let patient = Token([u8::try_from(number % patients).unwrap_or(0); 16]);
    let mut life = Life { random, number, kind, patient, ordering, has_two_results, messages: 0, facts: Vec::new() };
    let issued = life.steps(start);
    life.holds(start, issued);
    let end = life.changes(issued);
    life.after(issued, end);
    life.fields(start, issued);
    life.ends(ward, start, issued, end);
    life.milestones();
    life.told()
}

impl Life<'_> {
    /// One message of this report.
    fn tell(&mut self, at: Timestamp, fact: Fact, with: impl FnOnce(&mut Event)) {
        let ident =
            |letter: char| Some(Ident { id: Text::from(format!("{letter}{}", self.number)), ns: Text::default() });
        let mut event = Event::new("lis", &format!("r{}-{}", self.number, self.messages), fact);
        (event.report.filler, event.report.placer) = (ident('F'), ident('P'));
        event.patient = Some(self.patient);
        event.kind = Some(self.kind);
        event.tests = vec![code(if self.kind == Kind::Lab { POTASSIUM } else { "panel" })];
        event.occurred_at = Some(EventTime::exact(at));
        event.people = self.ordering.map(|token| Person { role: Role::Ordering, token }).into_iter().collect();
        with(&mut event);
        self.messages += 1;
        self.facts.push((at, event));
    }

    fn step(&mut self, at: Timestamp, step: Step) {
        self.tell(at, Fact::Step(step), |_| ());
    }

    /// Some minutes, at least `least`; mostly a multiple of five, so that times meet.
    fn gap(&mut self, least: i64) -> Span {
        if self.random.percent(60) {
            let fives = self.random.from_to(least, 6);
            return Span::from_minutes(5 * fives);
        }
        self.random.minutes(least, 25)
    }

    /// Some minute after `from` and before `to`, or `from` itself if there is none.
    fn between(&mut self, from: Timestamp, to: Timestamp) -> Timestamp {
        let minutes = to.since(from).micros() / MINUTE;
        from.plus(self.random.minutes(minutes.min(1), (minutes - 1).max(minutes.min(1))))
    }

    /// Up to the final; when that is.
    fn steps(&mut self, start: Timestamp) -> Timestamp {
        let path: &[Step] = if self.kind == Kind::Imaging {
            &[Step::Ordered, Step::Scheduled, Step::ExamStarted, Step::ExamEnded]
        } else {
            &[Step::Ordered, Step::Collected, Step::Received, Step::InProcess]
        };
        let mut at = start;
        for step in path {
            self.step(at, *step);
            if *step == Step::Received && self.random.percent(12) {
                at = self.recollect(at);
            } else if *step == Step::Received && self.random.percent(8) {
                self.restate(at);
            }
            at = at.plus(self.gap(0));
        }
        if self.random.percent(35) {
            self.issue(at, Step::Preliminary);
            at = at.plus(self.gap(1));
        }
        self.issue(at, Step::Final);
        at
    }

    /// The specimen is rejected; the new one comes later.
    fn recollect(&mut self, received: Timestamp) -> Timestamp {
        let mut at = received;
        for step in [Step::Recollect, Step::Collected, Step::Received] {
            at = at.plus(self.gap(1));
            self.step(at, step);
        }
        at
    }

    /// A newer message says that the specimen came at another minute.
    fn restate(&mut self, received: Timestamp) {
        let truth = received.plus(self.random.minutes(-2, 4));
        self.tell(truth, Fact::Step(Step::Received), |event| {
            event.msg.made_at = Some(EventTime::exact(received.plus(Span::from_minutes(60))));
        });
    }

    /// A step with results, or for an exam with a flag.
    fn issue(&mut self, at: Timestamp, step: Step) {
        let status = if step == Step::Preliminary {
            ResultStatus::Preliminary
        } else if step == Step::Final {
            ResultStatus::Final
        } else {
            ResultStatus::Corrected
        };
        let results = self.results(status);
        let is_critical = results.is_empty() && self.random.percent(25) && !step.is_change();
        self.tell(at, Fact::Step(step), |event| {
            event.results = results;
            event.flags = is_critical.then_some(ReportFlag::Known(Flag::Critical)).into_iter().collect();
        });
    }

    fn results(&mut self, status: ResultStatus) -> Vec<ResultItem> {
        if self.kind != Kind::Lab {
            return Vec::new();
        }
        let mut results: Vec<_> = potassium(self.random, status).into_iter().collect();
        if self.has_two_results {
            let value = self.random.pick(&["1.2", "4.5"]).copied().unwrap_or("1.2");
            results.extend(item(LACTATE, (None, value), "mmol/L", status));
        }
        results
    }

    /// Priority, place, class and site, and that some of them change once.
    fn fields(&mut self, start: Timestamp, issued: Timestamp) {
        let site =
            self.random.percent(80).then(|| Text::from(if self.number.is_multiple_of(2) { "Main" } else { "West" }));
        let class =
            self.random.pick(&[PatientClass::Inpatient, PatientClass::Emergency, PatientClass::Preadmit]).copied();
        let class = class.filter(|_| self.random.percent(70));
        let priority = self.random.pick(&[Priority::Stat, Priority::Asap, Priority::Routine]).copied();
        let priority = priority.filter(|_| self.random.percent(80));
        let place = self.random.percent(70).then(|| Text::from("ICU"));
        let moves = self.random.percent(15).then(|| Text::from("Emergency"));
        let hurries = self.random.percent(20).then_some(Priority::Urgent);
        let changes = self.between(start, issued);
        for (at, event) in self.facts.iter_mut() {
            event.site.clone_from(&site);
            if *at == start {
                event.class = class.into();
                event.priority = priority.into();
                event.location = place.clone().into();
            }
        }
        if (moves.is_some() || hurries.is_some()) && changes > start {
            let hurries = if self.random.percent(50) && priority != Some(Priority::Stat) {
                hurries.map(|_| Priority::Stat)
            } else {
                hurries
            };
            self.tell(changes, Fact::Update, |event| {
                event.location = moves.into();
                event.priority = hurries.into();
            });
        }
    }

    /// Flags that hold a clock for a while, and one that mutes an alert.
    fn holds(&mut self, start: Timestamp, issued: Timestamp) {
        let stain = ReportFlag::Wait(Text::from("special_stain"));
        for (flag, percent) in [(ReportFlag::Known(Flag::OnHold), 25), (stain, 15)] {
            if !self.random.percent(percent) {
                continue;
            }
            let begin = self.between(start, issued);
            let end = begin.plus(self.gap(1));
            let set = flag.clone();
            self.tell(begin, Fact::Update, |event| event.flags.push(set));
            if self.random.percent(75) {
                self.tell(end, Fact::Update, |event| event.flags_off.push(flag));
            }
        }
        if self.random.percent(10) {
            self.tell(start, Fact::Update, |event| event.flags.push(ReportFlag::Known(Flag::Sensitive)));
        }
    }

    /// Corrections and addenda; when the last of them was.
    fn changes(&mut self, issued: Timestamp) -> Timestamp {
        let mut at = issued;
        while self.random.percent(30) {
            at = at.plus(self.gap(1));
            let step = if self.random.percent(75) { Step::Corrected } else { Step::Amended };
            self.issue(at, step);
        }
        at
    }

    /// What happens to a report after it was issued.
    fn after(&mut self, issued: Timestamp, end: Timestamp) {
        let mut at = issued;
        for (step, percent) in [(Step::Delivered, 80), (Step::Reviewed, 50), (Step::Released, 30)] {
            at = at.plus(self.gap(0));
            if self.random.percent(percent) {
                self.step(at, step);
            }
        }
        if self.random.percent(20) {
            let at = issued.plus(self.gap(1));
            self.step(at, Step::Acknowledged);
        }
        if end > issued && self.random.percent(30) {
            let at = end.plus(self.gap(1));
            self.step(at, Step::Delivered);
        }
    }

    /// A cancellation, which the final may undo, or a retraction, which a correction may.
    fn ends(&mut self, ward: &Ward, start: Timestamp, issued: Timestamp, end: Timestamp) {
        if self.random.percent(8) {
            let at = self.between(start, issued);
            let is_undone = self.random.percent(50);
            self.facts.retain(|(time, event)| *time < at || is_undone && *time >= issued && !is_quiet(event));
            self.step(at, Step::Cancelled);
        } else if self.random.percent(7) {
            let at = end.plus(self.gap(1));
            self.facts.retain(|(time, _)| *time <= at);
            self.step(at, Step::EnteredInError);
            if self.random.percent(50) && !starts_at_final(ward) {
                let at = at.plus(self.gap(1));
                self.issue(at, Step::Corrected);
            }
        }
    }

    /// The final also says when the specimen came; sometimes nobody else does.
    fn milestones(&mut self) {
        if !self.random.percent(20) || self.facts.iter().any(|(_, event)| event.fact == Fact::Step(Step::Recollect)) {
            return;
        }
        let proves =
            |event: &Event| matches!(event.fact, Fact::Step(Step::Received | Step::Collected | Step::ExamEnded));
        let proven: Vec<_> = self.facts.iter().filter(|(_, e)| proves(e) && e.msg.made_at.is_none()).cloned().collect();
        let Some((_, issued)) = self.facts.iter_mut().find(|(_, event)| event.fact == Fact::Step(Step::Final)) else {
            return;
        };
        for (at, event) in &proven {
            if let Fact::Step(step) = event.fact {
                issued.milestones.push(Milestone { step, at: EventTime::exact(*at), evidence: Evidence::Own });
            }
        }
        if self.random.percent(50) {
            self.facts.retain(|(_, event)| !proves(event) || event.msg.made_at.is_some());
        }
    }

    /// Gives every fact its log time, and tells some of them again.
    fn told(mut self) -> Vec<Told> {
        let mut told: Vec<Told> = Vec::new();
        let has_bare_order = self.random.percent(30);
        for (at, mut event) in core::mem::take(&mut self.facts) {
            if has_bare_order && event.fact == Fact::Step(Step::Ordered) {
                event.report.filler = None;
            }
            let arrived = at.plus(self.delay());
            event.received_at = Some(arrived);
            told.push(Told { at: arrived, event, reply: None });
        }
        for index in 0..told.len() {
            let Some(mut again) = told.get(index).filter(|_| self.random.percent(10)).cloned() else { continue };
            again.at = again.at.plus(self.gap(0));
            again.event.received_at = Some(again.at);
            if self.random.percent(40) {
                again.event.event_id.push_str("-again");
            }
            told.push(again);
        }
        if self.random.percent(10) {
            let elsewhere = self.elsewhere(&told);
            told.extend(elsewhere);
        }
        told
    }

    fn delay(&mut self) -> Span {
        match self.random.below(20) {
            0..=12 => Span::ZERO,
            13..=15 => self.random.minutes(1, 10),
            16 | 17 => self.random.minutes(10, 60),
            18 => self.random.minutes(60, 180),
            _ => Span::from_micros(self.random.from_to(1, MINUTE)),
        }
    }

    /// A call that was documented elsewhere: it names the report and no notice.
    fn elsewhere(&mut self, told: &[Told]) -> Option<Told> {
        let issued = told.iter().filter(|told| !told.event.results.is_empty()).map(|told| told.at).min()?;
        let at = issued.plus(self.random.minutes(0, 30));
        let acts = [Act::Accepted, Act::ReadBack, Act::Declined, Act::Acted, Act::Read];
        let act = self.random.pick(&acts).copied().unwrap_or(Act::Accepted);
        let mut answer = empty_answer(act);
        answer.by = self.ordering;
        answer.licence = self.random.percent(70).then(|| Text::from("MD"));
        read_back(self.random, &mut answer, told, at);
        let mut event = Event::new("calls", &format!("c{}", self.number), Fact::Answer(Box::new(answer)));
        event.report =
            told.iter().find_map(|told| told.event.report.filler.is_some().then(|| told.event.report.clone()))?;
        event.tests = vec![code(POTASSIUM)];
        event.occurred_at = Some(EventTime::exact(at));
        event.received_at = Some(at);
        Some(Told { at, event, reply: None })
    }
}

/// An answer to a page that the reference expects; `serial` is the round, a number within it, and the log time.
pub(super) fn answer(random: &mut Random, told: &[Told], page: &Page, serial: (u32, usize, Timestamp)) -> Told {
    let (round, number, at) = serial;
    let acts = [Act::ReadBack, Act::ReadBack, Act::Accepted, Act::Declined, Act::Declined, Act::Acted, Act::Read];
    let act = random.pick(&acts).copied().unwrap_or(Act::Accepted);
    let desk = page.role.strip_prefix("desk \"").and_then(|name| name.strip_suffix('"'));
    let person = page.role.strip_prefix("person \"").and_then(|name| name.strip_suffix('"'));
    let role = match (desk, person) {
        (Some(name), _) => Who::Desk(Text::from(name)),
        (None, Some(name)) => Who::Person(Text::from(name)),
        (None, None) => Who::Ordering,
    };
    let mut answer = empty_answer(act);
    let token = || told.iter().find_map(|told| told.event.people.first()).map(|person| person.token);
    answer.by = if role == Who::Ordering { token() } else { None };
    answer.licence = random.percent(75).then(|| Text::from("MD"));
    read_back(random, &mut answer, told, at);
    let mut event = Event::new("sink", &format!("a-{}-{round}-{number}", page.report), Fact::Answer(Box::new(answer)));
    event.report.filler = Some(Ident { id: page.report.clone(), ns: Text::default() });
    event.occurred_at = Some(EventTime::exact(at));
    event.received_at = Some(at);
    let reply = Reply { rule: page.rule.clone(), role, has_wrong_code: random.percent(10) };
    Told { at, event, reply: Some(reply) }
}

fn empty_answer(act: Act) -> Answer {
    Answer {
        act,
        code: None,
        nid: None,
        by: None,
        licence: None,
        told_by: None,
        value: None,
        unit: Text::default(),
        result: None,
    }
}

/// The value that was last told, in another spelling, or a wrong one.
fn read_back(random: &mut Random, answer: &mut Answer, told: &[Told], at: Timestamp) {
    if answer.act != Act::ReadBack {
        return;
    }
    let known = told.iter().filter(|told| told.at <= at).flat_map(|told| &told.event.results);
    let Some(item) = known.last() else { return };
    let ResultValue::Number(sign, number) = item.value else { return };
    let wrong = Decimal::whole(5);
    answer.value = Some((sign, if random.percent(80) { number } else { wrong }));
    answer.unit = item.unit.clone();
    if item.unit == "mmol/L" && random.percent(30) {
        answer.unit = Text::default();
    }
}

/// Whether a message carries no result; those stay away from a cancelled order.
fn is_quiet(event: &Event) -> bool {
    if let Fact::Step(step) = event.fact { step.rank().is_none_or(|rank| rank < 58) } else { true }
}

fn starts_at_final(ward: &Ward) -> bool {
    ward.rules.iter().any(|rule| match rule {
        Rule::Sla(sla) => sla.starts == Moment::Step(Step::Final),
        Rule::Alert(alert) => matches!(alert.trigger, Trigger::Absence { after: Step::Final, .. }),
    })
}

fn code(code: &str) -> Code {
    Code { code: Text::from(code), system: Text::const_new("loinc"), display: Text::default() }
}

fn potassium(random: &mut Random, status: ResultStatus) -> Option<ResultItem> {
    let values = ["4.1", "4.4", "6.5", "6.6", "6.9", "6.90", "7.4", "2.4", "2.5"];
    let value = random.pick(&values).copied().unwrap_or("4.1");
    match random.below(20) {
        0 => item(POTASSIUM, (Some(Comparator::Above), "10"), "mmol/L", status),
        1 => item(POTASSIUM, (Some(Comparator::Below), "2"), "mmol/L", status),
        2 => item(POTASSIUM, (None, "6900"), "umol/L", status),
        3 => item(POTASSIUM, (None, "27"), "mg/dL", status),
        _ => item(POTASSIUM, (None, value), "mmol/L", status),
    }
}

fn item(
    loinc: &str,
    (sign, value): (Option<Comparator>, &str),
    unit: &str,
    status: ResultStatus,
) -> Option<ResultItem> {
    let number = Decimal::parse(value)?;
    let (low, high) = (Decimal::parse("2.5")?, Decimal::parse("6.5")?);
    let is_potassium = loinc == POTASSIUM;
    let abnormal = match (is_potassium && number < low, number > high) {
        (true, _) => vec![Abnormal::CriticalLow],
        (_, true) => vec![Abnormal::CriticalHigh],
        (false, false) => Vec::new(),
    };
    Some(ResultItem {
        code: code(loinc),
        sub: Text::default(),
        value: ResultValue::Number(sign, number),
        unit: Text::from(unit),
        ref_low: None,
        ref_high: None,
        abnormal,
        status,
        observed_at: None,
        critical: None,
    })
}
