//! Watch: what is said about one report, from its first input to the end?
//!
//! - **How it fits**: [`evaluate`](super) calls it for each report.
//! - **Source**: language page [TIME-2] to [TIME-4], [SLA-8] to [SLA-11], [ALERT-4], [ESC-5], [ESC-8].

use std::collections::{BTreeMap, BTreeSet};

use wardline_rules::{
    Text,
    event::{Answer, Event, Fact},
    time::{Timestamp, Zone, zone},
    words::{Act, Step},
};

use super::{Journal, Outcome, Reply, Told, is_answer};
use crate::{
    calendar::Open,
    causes::{self, Period},
    clock::{self, Clock, Cycle},
    escalate::{Alert, State, parts},
    history::History,
    rule::{self, Rule, Sla, Ward, Who},
};

/// One report under one ward.
struct Watch<'w> {
    ward: &'w Ward,
    zone: Zone,
    known: Vec<Event>,
    /// What is known of the patient's other reports.
    others: BTreeMap<Text, Vec<Event>>,
    /// Facts that followed from answers given to notices [REP-20].
    own: Vec<Event>,
    reading: Vec<Reading>,
    /// Thresholds acted upon: rule, cycle, threshold.
    fired: BTreeSet<(usize, usize, usize)>,
    /// What was last said of each cycle, by rule.
    words: Vec<Vec<&'static str>>,
    alerts: Vec<Alert>,
    journal: Journal,
}

/// What the facts known by now say about a rule.
enum Reading {
    Clock(Clock),
    Period(Period),
    Moments,
}

/// What is due, in the order in which it fires [TIME-4].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Timer {
    due: Timestamp,
    wait: Wait,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Wait {
    Threshold { id: Text, rule: usize, cycle: usize, threshold: usize },
    Absence { id: Text, rule: usize },
    Alert { id: Text, index: usize },
}

/// Runs one report to `until`; `told` is about it, or about another report of the patient.
pub(super) fn run(ward: &Ward, name: &str, mut told: Vec<(&Text, &Told)>, until: Timestamp) -> Outcome {
    told.sort_by_key(|(_, told)| (told.at, is_answer(&told.event)));
    let mut told = told.into_iter().filter(|(_, told)| told.at <= until).peekable();
    let mut watch = Watch::new(ward, name);
    loop {
        let due = watch.next().map(|timer| timer.due);
        let next = told.peek().map(|(_, told)| told.at).into_iter().chain(due).min();
        let Some(at) = next.filter(|at| *at <= until) else { break };
        watch.journal.at = at;
        while let Some((of, told)) = told.next_if(|(_, told)| told.at == at) {
            if of.as_str() == name {
                watch.take(told);
            } else {
                watch.take_of_other(of, told);
            }
        }
        while let Some(timer) = watch.next().filter(|timer| timer.due <= at) {
            watch.fire(&timer);
        }
        watch.alerts.iter_mut().for_each(|alert| alert.flush(&mut watch.journal));
    }
    watch.journal.outcome
}

impl<'w> Watch<'w> {
    fn new(ward: &'w Ward, name: &str) -> Self {
        let own_zone = zone(&ward.zone).unwrap_or_else(Zone::utc);
        let journal = Journal {
            at: Timestamp::MIN,
            report: Text::from(name),
            has_ordering: false,
            rosters: ward.rosters.clone(),
            zone: own_zone.clone(),
            outcome: Outcome::default(),
        };
        Self {
            ward,
            zone: own_zone,
            known: Vec::new(),
            others: BTreeMap::new(),
            own: Vec::new(),
            reading: Vec::new(),
            fired: BTreeSet::new(),
            words: vec![Vec::new(); ward.rules.len()],
            alerts: Vec::new(),
            journal,
        }
    }

    /// Takes one input; the same message told again has no effect [DUP-1].
    fn take(&mut self, told: &Told) {
        if self.known.iter().any(|known| content(known) == content(&told.event)) {
            return;
        }
        self.known.push(told.event.clone());
        let (Fact::Answer(answer), Some(at)) = (&told.event.fact, told.event.occurred_at) else {
            self.reconsider();
            self.act();
            return;
        };
        let is_acknowledged = match &told.reply {
            Some(reply) => self.reply(reply, answer),
            None => self.answer_elsewhere(answer, at.base()),
        };
        if is_acknowledged && matches!(answer.act, Act::Accepted | Act::ReadBack) {
            let mut own = Event::new("wardline", &told.event.event_id, Fact::Step(Step::Acknowledged));
            own.occurred_at = Some(at);
            self.own.push(own);
            self.reconsider();
            self.act();
        }
    }

    /// Takes news of another report of the patient; before anything is told of this one there is nothing to reconsider.
    fn take_of_other(&mut self, other: &Text, told: &Told) {
        let known = self.others.entry(other.clone()).or_default();
        if known.iter().any(|known| content(known) == content(&told.event)) || is_answer(&told.event) {
            return;
        }
        known.push(told.event.clone());
        if !self.known.is_empty() {
            self.reconsider();
        }
    }

    /// An answer to a notice [ESC-5].
    fn reply(&mut self, reply: &Reply, answer: &Answer) -> bool {
        let mine = self.alerts.iter_mut().filter(|alert| alert.rule == reply.rule && !reply.has_wrong_code);
        let asked = mine.filter_map(|alert| Some((alert.paged(&reply.role, &self.journal)?, alert)));
        let Some((_, alert)) = asked.max_by_key(|(page, _)| *page) else { return false };
        alert.answer(&mut self.journal, answer, Some(&reply.role))
    }

    /// An answer that names the report and no notice: to every open page of it, or of the result it names. Where none asks
    /// for it, it is a call that was documented.
    fn answer_elsewhere(&mut self, answer: &Answer, at: Timestamp) -> bool {
        let history = History::new(&self.known);
        let role = answer.by.filter(|by| history.ordering() == Some(*by)).map(|_| Who::Ordering);
        let (mut is_answered, mut is_asked) = (false, false);
        let asking = |alert: &&mut Alert| alert.is_paging() && alert.is_open() && alert.is_before(at);
        for alert in self.alerts.iter_mut().filter(asking) {
            let named = answer.result.as_ref().map(|code| &code.code);
            let own = alert.item.as_ref().map(|item| &item.code.code);
            if named.is_none() || named == own {
                is_asked = true;
                is_answered |= alert.answer(&mut self.journal, answer, role.as_ref());
            }
        }
        is_answered || !is_asked
    }

    /// Closes what a review, or an acknowledgement that was recorded elsewhere, answers [ESC-8].
    fn act(&mut self) {
        for index in 0..self.alerts.len() {
            let Some(alert) = self.alerts.get(index).filter(|alert| alert.is_open() && alert.is_paging()) else {
                continue;
            };
            let is_acted_upon = self.is_acted_upon(alert);
            if let Some(alert) = self.alerts.get_mut(index).filter(|_| is_acted_upon) {
                alert.act(&mut self.journal);
            }
        }
    }

    /// Whether anything known by now says that somebody acted after what raised an alert: on the results it names, or on all.
    fn is_acted_upon(&self, alert: &Alert) -> bool {
        let history = History::new(&self.known);
        let subject = alert.item.as_ref().map(|item| &item.code);
        let counts =
            |event: &&Event| event.results.is_empty() || event.results.iter().any(|item| Some(&item.code) == subject);
        let times = [Step::Reviewed, Step::Acknowledged].map(|step| (step, history.times(step)));
        self.known.iter().filter(counts).any(|event| {
            let own = History::new([event]);
            times.iter().any(|(step, times)| {
                own.times(*step).iter().any(|time| times.contains(time) && alert.is_before(time.base()))
            })
        })
    }

    /// Works out anew what the facts say, and says what is different.
    fn reconsider(&mut self) {
        let (known, own, others) = (self.known.clone(), self.own.clone(), self.others.clone());
        let mut history = History::new(known.iter().chain(&own));
        history.others = others.values().map(History::new).collect();
        self.journal.has_ordering = history.ordering().is_some();
        self.reading = Vec::new();
        for (index, rule) in self.ward.rules.iter().enumerate() {
            let reading = match rule {
                Rule::Sla(sla) => Reading::Clock(clock::read(self.ward, &history, sla, self.open(sla))),
                Rule::Alert(alert) => match alert.trigger {
                    rule::Trigger::Absence { .. } => Reading::Period(causes::period(self.ward, &history, alert)),
                    rule::Trigger::Result(_) | rule::Trigger::Report(_) => {
                        self.consider_causes(rule, &history, alert);
                        Reading::Moments
                    }
                },
            };
            match &reading {
                Reading::Clock(clock) => self.consider_clock(index, rule, clock),
                Reading::Period(period) => self.consider_period(rule, *period),
                Reading::Moments => {}
            }
            self.reading.push(reading);
        }
    }

    fn open(&self, sla: &Sla) -> Open<'w> {
        let calendar = sla.counts.as_ref().and_then(|name| self.ward.calendars.iter().find(|c| c.name == *name));
        Open { hours: calendar.map(|calendar| (self.zone.clone(), calendar.hours.as_slice())) }
    }

    /// Takes back thresholds that are not passed after all, closes what came late, and says how each cycle stands.
    fn consider_clock(&mut self, index: usize, rule: &Rule, clock: &Clock) {
        let (at, id) = (self.journal.at, rule.id());
        let cycles: &[Cycle] = if let Clock::Cycles(cycles) = clock { cycles } else { &[] };
        let is_passed =
            |cycle: usize, threshold: usize| cycles.get(cycle).is_some_and(|cycle| cycle.is_passed(threshold, at));
        self.fired.retain(|(rule, cycle, threshold)| *rule != index || is_passed(*cycle, *threshold));
        self.forget_undone(index, &id, cycles);
        self.say(index, &id, clock);
        for alert in self.alerts.iter_mut().filter(|alert| alert.rule == id) {
            let Some((cycle, threshold)) = alert.threshold else { continue };
            let has_ended = cycles.get(cycle).is_none_or(|cycle| cycle.end.is_some());
            if !is_passed(cycle, threshold) && alert.is_believed() {
                alert.withdraw(&mut self.journal);
            } else if has_ended && alert.is_open() {
                alert.end(&mut self.journal, "closed", State::Over);
            }
        }
    }

    /// A cycle that ended and runs again, since its end was undone: what its end closed unheard is due again.
    fn forget_undone(&mut self, index: usize, id: &Text, cycles: &[Cycle]) {
        let of_rule = self.alerts.iter().filter(|alert| alert.rule == *id);
        let newest: BTreeMap<_, _> = of_rule.filter_map(|alert| Some((alert.threshold?, alert))).collect();
        for ((cycle, threshold), alert) in newest {
            let runs = cycles.get(cycle).is_some_and(|cycle| cycle.end.is_none());
            if runs && alert.is_unheard() {
                self.fired.remove(&(index, cycle, threshold));
            }
        }
    }

    /// Says what changed in the cycles of a clock.
    fn say(&mut self, index: usize, id: &Text, clock: &Clock) {
        let at = self.journal.at;
        let now: Vec<&'static str> = match clock {
            Clock::Invalid => vec!["invalid"],
            Clock::Cycles(cycles) => {
                let words = cycles.iter().enumerate().map(|(number, cycle)| {
                    let target = cycle.thresholds.len().saturating_sub(1);
                    let is_held = || cycle.pauses.iter().any(|(begin, end)| *begin <= at && at < *end);
                    match cycle.end {
                        Some(_) => cycle.outcome,
                        None if self.fired.contains(&(index, number, target)) => "breached",
                        None if is_held() => "paused",
                        None => "running",
                    }
                });
                words.collect()
            }
        };
        let Some(said) = self.words.get_mut(index) else { return };
        let before = core::mem::replace(said, now.clone());
        for number in 0..before.len().max(now.len()) {
            match (before.get(number), now.get(number)) {
                (old, Some(new)) if old != Some(new) => self.journal.clock(id, new),
                // It should never have started.
                (Some(old), None) if *old != "cancelled" => self.journal.clock(id, "cancelled"),
                (Some(_) | None, Some(_) | None) => {}
            }
        }
    }

    fn consider_causes(&mut self, rule: &Rule, history: &History<'_>, alert: &rule::Alert) {
        let id = rule.id();
        for cause in causes::read(self.ward, history, alert) {
            let last = self.alerts.iter_mut().rfind(|other| other.rule == id && other.subject == cause.subject);
            let Some(identity) = cause.identity else {
                if let Some(last) = last.filter(|last| last.is_believed()) {
                    last.withdraw(&mut self.journal);
                }
                continue;
            };
            match last {
                Some(last) if last.identity == identity && !last.is_taken_back() => {
                    last.moment = cause.moment;
                    continue;
                }
                Some(last) if last.is_open() => last.end(&mut self.journal, "closed", State::Over),
                Some(_) | None => {}
            }
            let mut raised = Alert::new(self.ward, id.clone(), alert.severity.clone(), alert.page.as_ref());
            raised.subject = cause.subject;
            raised.identity = identity;
            raised.moment = cause.moment;
            raised.item = cause.item.cloned();
            raised.unit = cause.item.and_then(|item| self.ward.test(&item.code.code)?.unit);
            self.raise(raised, &alert.tells);
        }
    }

    fn consider_period(&mut self, rule: &Rule, period: Period) {
        let (at, id) = (self.journal.at, rule.id());
        let Some(last) = self.alerts.iter_mut().rfind(|alert| alert.rule == id) else { return };
        match period {
            Period::Open(due) if due <= at => {}
            Period::Late if last.is_open() => last.end(&mut self.journal, "cleared", State::Over),
            Period::Late => {}
            Period::None | Period::InTime | Period::Open(_) => {
                if last.is_believed() {
                    last.withdraw(&mut self.journal);
                }
            }
        }
    }

    fn raise(&mut self, mut alert: Alert, tells: &[(Who, wardline_rules::words::Channel)]) {
        let same = |other: &&Alert| {
            let source = |alert: &Alert| alert.threshold.map(|(_, threshold)| threshold);
            other.rule == alert.rule && other.subject == alert.subject && source(other) == source(&alert)
        };
        let earlier = self.alerts.iter().filter(same).count();
        alert.generation = u32::try_from(earlier).unwrap_or(u32::MAX).saturating_add(1);
        let is_acted_upon = self.is_acted_upon(&alert);
        alert.raise(&mut self.journal, tells, is_acted_upon);
        self.alerts.push(alert);
    }

    /// The earliest thing due.
    fn next(&self) -> Option<Timer> {
        let rules = self.ward.rules.iter().zip(&self.reading).enumerate();
        let of_rules = rules.flat_map(|(rule, (source, reading))| self.timers(rule, &source.id(), reading));
        let alerts = self.alerts.iter().enumerate();
        let of_alerts = alerts.filter_map(|(index, alert)| {
            Some(Timer { due: alert.due()?, wait: Wait::Alert { id: alert.rule.clone(), index } })
        });
        of_rules.chain(of_alerts).min()
    }

    fn timers(&self, rule: usize, id: &Text, reading: &Reading) -> Vec<Timer> {
        match reading {
            Reading::Moments | Reading::Clock(Clock::Invalid) => Vec::new(),
            Reading::Period(Period::Open(due)) => {
                // A period that, by later news, began at another time is another one.
                let is_raised =
                    |alert: &Alert| alert.rule == *id && alert.state != State::Withdrawn && alert.moment == *due;
                let timer = Timer { due: *due, wait: Wait::Absence { id: id.clone(), rule } };
                if self.alerts.iter().any(is_raised) { Vec::new() } else { vec![timer] }
            }
            Reading::Period(Period::None | Period::InTime | Period::Late) => Vec::new(),
            Reading::Clock(Clock::Cycles(cycles)) => {
                let Some((cycle, last)) = cycles.iter().enumerate().next_back() else { return Vec::new() };
                let thresholds = last.thresholds.iter().enumerate().filter(|_| last.end.is_none());
                let armed = thresholds.filter(|(threshold, _)| !self.fired.contains(&(rule, cycle, *threshold)));
                armed
                    .filter_map(|(threshold, due)| {
                        let wait = Wait::Threshold { id: id.clone(), rule, cycle, threshold };
                        due.map(|due| Timer { due, wait })
                    })
                    .collect()
            }
        }
    }

    fn fire(&mut self, timer: &Timer) {
        let due = timer.due;
        match &timer.wait {
            Wait::Alert { index, .. } => {
                if let Some(alert) = self.alerts.get_mut(*index) {
                    alert.fire(&mut self.journal);
                }
            }
            Wait::Absence { rule, .. } => {
                if let Some(Rule::Alert(alert)) = self.ward.rules.get(*rule) {
                    let mut raised = Alert::new(self.ward, self.id(*rule), alert.severity.clone(), alert.page.as_ref());
                    (raised.moment, raised.is_end) = (due, true);
                    self.raise(raised, &alert.tells);
                }
            }
            Wait::Threshold { rule, cycle, threshold, .. } => self.pass(*rule, (*cycle, *threshold), due),
        }
    }

    /// A threshold is passed and the clock is open: says so, and acts [SLA-8].
    fn pass(&mut self, rule: usize, (cycle, threshold): (usize, usize), due: Timestamp) {
        self.fired.insert((rule, cycle, threshold));
        let id = self.id(rule);
        let reading = core::mem::take(&mut self.reading);
        if let Some(Reading::Clock(clock)) = reading.get(rule) {
            self.say(rule, &id, clock);
        }
        self.reading = reading;
        let Some(Rule::Sla(sla)) = self.ward.rules.get(rule) else { return };
        let action = sla.warns.get(threshold).map_or(&sla.breach, |(_, action)| action);
        let (page, tells) = parts(&action.call);
        let severity = action.severity.clone().unwrap_or_else(|| self.ward.lowest());
        let mut raised = Alert::new(self.ward, id, severity, page);
        raised.threshold = Some((cycle, threshold));
        (raised.moment, raised.is_end) = (due, true);
        self.raise(raised, &tells);
    }

    fn id(&self, rule: usize) -> Text {
        self.ward.rules.get(rule).map(Rule::id).unwrap_or_default()
    }
}

/// What makes a message the same message [DUP-1].
fn content(event: &Event) -> Event {
    let mut content = event.clone();
    content.received_at = None;
    content.msg.made_at = None;
    content
}
