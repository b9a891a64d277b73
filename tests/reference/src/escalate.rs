//! Escalate: who is asked next, and what does an answer change?
//!
//! One alert generation as a plain list of what is pending: reminders, a wait, a lapse. Every send is delivered in the same
//! instant, so failures and fallbacks do not occur.
//!
//! - **How it fits**: [`evaluate`](crate::evaluate) raises and ends alerts, passes answers on and fires what is due.
//! - **Source**: language page, section 5.6: T1 to T23, [ESC-1] to [ESC-12].
//! - **Not here**: mutes, failed deliveries, answers by everyone paged.

use std::collections::BTreeMap;

use wardline_rules::{
    Text,
    event::{Answer, ResultItem, ResultValue},
    time::{Span, Timestamp},
    unit::Unit,
    words::{Act, Channel},
};

use crate::{
    evaluate::{Journal, Purpose},
    rule::{Answered, Call, Escalation, Page, Rung, Ward, Who},
};

/// One generation of an alert.
#[derive(Clone, Debug)]
pub(crate) struct Alert {
    /// Rule id.
    pub(crate) rule: Text,
    /// Which threshold of a clock, counted from 0; nothing else has one.
    pub(crate) threshold: Option<(usize, usize)>,
    /// The result it is about, or nothing.
    pub(crate) subject: Text,
    /// What it was raised for.
    pub(crate) identity: Text,
    pub(crate) generation: u32,
    pub(crate) severity: Text,
    /// Event time of what raised it: of its moment, or the end of its period or target.
    pub(crate) moment: Timestamp,
    /// Whether that was the end of a span, after which facts of the same instant do not come.
    pub(crate) is_end: bool,
    /// The result it is about.
    pub(crate) item: Option<ResultItem>,
    /// The unit of its test.
    pub(crate) unit: Option<Unit>,
    pub(crate) state: State,
    ladder: Option<Escalation>,
    round: u32,
    step: usize,
    asked: Vec<Who>,
    declined: Vec<Who>,
    pending: Vec<(Timestamp, Pending)>,
    /// Who was reached, by which channel last.
    reached: BTreeMap<Who, Channel>,
    /// Pages and reminders: to whom, and how many messages there were before it.
    asking: Vec<(Who, usize)>,
    /// Messages of this log time, which go out when all of it is taken: to whom, by which channel, what for, which step.
    unsent: Vec<(Who, Channel, Purpose, usize)>,
    /// Whether they were told that its cause is gone.
    is_unsaid: bool,
    /// Whether anybody ever answered.
    was_answered: bool,
}

/// Where an alert is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// People are being asked, or were told.
    Open,
    /// All were asked.
    Unresolved,
    /// Somebody answered.
    Answered,
    /// It ended: answered, acted upon, cleared, done late or superseded.
    Over,
    /// Its cause went.
    Withdrawn,
}

/// What an alert waits for; at the same instant earlier ones come first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Pending {
    /// A roster of the step means somebody else.
    Edge,
    Reminder(Who, Channel),
    Wait,
    Lapse,
}

impl Alert {
    /// An alert that is about to be raised.
    pub(crate) fn new(ward: &Ward, rule: Text, severity: Text, call: Option<&Page>) -> Self {
        Self {
            rule,
            threshold: None,
            subject: Text::default(),
            identity: Text::default(),
            generation: 1,
            severity,
            moment: Timestamp::MIN,
            is_end: false,
            item: None,
            unit: None,
            state: State::Open,
            ladder: call.and_then(|call| ladder(ward, call)),
            round: 1,
            step: 0,
            asked: Vec::new(),
            declined: Vec::new(),
            pending: Vec::new(),
            reached: BTreeMap::new(),
            asking: Vec::new(),
            unsent: Vec::new(),
            is_unsaid: false,
            was_answered: false,
        }
    }

    /// Raises it [T1]: the first step begins, and whoever is only told is told.
    ///
    /// What somebody did before anybody heard of it answers and closes it, and nobody is told [ESC-8].
    pub(crate) fn raise(&mut self, journal: &mut Journal, tells: &[(Who, Channel)], is_acted_upon: bool) {
        journal.line(self, "raised");
        if is_acted_upon && self.ladder.is_some() {
            self.act(journal);
            return;
        }
        if self.ladder.is_some() {
            self.begin(journal, 0);
        }
        for (who, channel) in tells {
            self.send(journal, who, *channel, Purpose::Tell);
        }
    }

    /// Whether it has not ended.
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open | State::Unresolved | State::Answered)
    }

    /// Whether somebody must hear if its cause goes: whoever is asked, and whoever answered [T18] [T22].
    pub(crate) const fn is_believed(&self) -> bool {
        self.is_open() || self.was_answered
    }

    /// Whether its cause went and that was said [T18] [T22].
    pub(crate) const fn is_taken_back(&self) -> bool {
        self.is_unsaid
    }

    /// Whether it was closed by an end, and nobody had answered.
    pub(crate) const fn is_unheard(&self) -> bool {
        matches!(self.state, State::Over) && !self.was_answered
    }

    /// Whether it asks anybody.
    pub(crate) const fn is_paging(&self) -> bool {
        self.ladder.is_some()
    }

    /// Whether `at` came after what raised it. What is said of a moment's own instant is said of what it brought [REP-10];
    /// facts of a span's last instant come before its end [TIME-2].
    pub(crate) fn is_before(&self, at: Timestamp) -> bool {
        if self.is_end { self.moment < at } else { self.moment <= at }
    }

    /// The last page or reminder to that role that went out before now: how many messages there were before it.
    pub(crate) fn paged(&self, who: &Who, journal: &Journal) -> Option<usize> {
        let is_old = |page: &usize| journal.outcome.pages.get(*page).is_some_and(|page| page.at < journal.at);
        self.asking.iter().filter(|(asked, _)| asked == who).map(|(_, page)| *page).rfind(is_old)
    }

    /// When something of it is due next.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.pending.iter().map(|(due, _)| *due).min().filter(|due| *due < Timestamp::MAX)
    }

    /// Does what is due first [T5] [T8] [T17].
    pub(crate) fn fire(&mut self, journal: &mut Journal) {
        self.pending.sort();
        if self.pending.is_empty() {
            return;
        }
        match self.pending.remove(0).1 {
            Pending::Edge => self.hand_over(journal),
            Pending::Reminder(who, channel) if !self.declined.contains(&who) => {
                self.send(journal, &who, channel, Purpose::Reminder);
            }
            Pending::Reminder(..) => {}
            Pending::Wait => self.move_on(journal),
            Pending::Lapse => {
                self.state = State::Open;
                self.round = 1;
                self.begin(journal, 0);
            }
        }
    }

    /// Ends it with a line and without a message.
    pub(crate) fn end(&mut self, journal: &mut Journal, word: &'static str, state: State) {
        self.state = state;
        self.pending.clear();
        if state != State::Unresolved {
            self.unsent.clear();
        }
        journal.line(self, word);
    }

    /// Its cause is gone [T18] [T22]: everybody reached is told, once.
    pub(crate) fn withdraw(&mut self, journal: &mut Journal) {
        if self.is_open() {
            self.end(journal, "withdrawn", State::Withdrawn);
        }
        if core::mem::replace(&mut self.is_unsaid, true) {
            return;
        }
        let reached = self.reached.iter().map(|(who, channel)| (who.clone(), *channel, Purpose::Withdrawal, 0));
        self.unsent.extend(reached);
    }

    /// Takes what the role `who` did about it by a notice; `None` is somebody who was not asked.
    ///
    /// - **Output**: whether it is now answered by this.
    pub(crate) fn answer(&mut self, journal: &mut Journal, answer: &Answer, who: Option<&Who>) -> bool {
        let rule = self.ladder.as_ref().map(|ladder| ladder.answered).unwrap_or_default();
        match answer.act {
            Act::Delivered | Act::Read => false,
            Act::Acted => self.act(journal),
            Act::Declined => {
                self.decline(journal, who);
                false
            }
            Act::Accepted | Act::ReadBack => self.is_valid(rule, answer) && self.take_answer(journal),
        }
    }

    /// An action [ESC-8]: answers if nobody has, and closes.
    pub(crate) fn act(&mut self, journal: &mut Journal) -> bool {
        let is_answered = self.take_answer(journal);
        if self.state == State::Answered {
            self.end(journal, "closed", State::Over);
        }
        is_answered
    }

    /// An answer documented elsewhere, or a valid one [T13].
    pub(crate) fn take_answer(&mut self, journal: &mut Journal) -> bool {
        if !matches!(self.state, State::Open | State::Unresolved) {
            return false;
        }
        self.state = State::Answered;
        self.was_answered = true;
        self.pending.clear();
        self.unsent.clear();
        journal.line(self, "answered");
        match self.ladder.as_ref().and_then(|ladder| ladder.lapses) {
            Some(span) => self.pending.push((journal.at.plus(span), Pending::Lapse)),
            None => self.end(journal, "closed", State::Over),
        }
        true
    }

    fn is_valid(&self, rule: Answered, answer: &Answer) -> bool {
        let is_licensed = !rule.licensed || answer.licence.is_some();
        is_licensed && (!rule.read_back || self.item.as_ref().is_some_and(|item| self.reads_back(item, answer)))
    }

    /// Whether the value read back is the one sent [ESC-6].
    fn reads_back(&self, item: &ResultItem, answer: &Answer) -> bool {
        let ResultValue::Number(sign, number) = item.value else { return false };
        let Some((said_sign, said)) = answer.value else { return false };
        let unit = |text: &Text| if text.is_empty() { self.unit } else { Unit::parse(text) };
        let quantity = |text, number| unit(text).and_then(|unit| unit.quantity(number));
        let is_equal = match quantity(&item.unit, number).zip(quantity(&answer.unit, said)) {
            Some((sent, read)) => sent == read,
            None => item.unit == answer.unit && number == said,
        };
        sign == said_sign && is_equal
    }

    fn decline(&mut self, journal: &mut Journal, who: Option<&Who>) {
        let Some(who) = who.filter(|who| self.state == State::Open && self.asked.contains(who)) else { return };
        self.declined.push(who.clone());
        let is_enough = self.ladder.as_ref().is_some_and(|ladder| ladder.any_declines);
        if is_enough || self.asked.iter().all(|asked| self.declined.contains(asked)) {
            self.move_on(journal);
        }
    }

    /// Begins a step [ESC-1]; one that finds nobody is over at once [ESC-2].
    fn begin(&mut self, journal: &mut Journal, step: usize) {
        let Some(rung) = self.ladder.as_ref().and_then(|ladder| ladder.steps.get(step).cloned()) else { return };
        self.step = step;
        self.declined.clear();
        self.pending.clear();
        let meant = rung.who.iter().map(|who| journal.meant(who));
        self.asked = meant.filter(|who| *who != Who::Ordering || journal.has_ordering).collect();
        if self.asked.is_empty() {
            return self.move_on(journal);
        }
        for who in self.asked.clone() {
            self.send(journal, &who, rung.channel, Purpose::Page);
            let reminders = rung.reminders.iter();
            let due = reminders.map(|(by, after)| (journal.at.plus(*after), Pending::Reminder(who.clone(), *by)));
            self.pending.extend(due);
        }
        self.pending.push((journal.at.plus(rung.wait), Pending::Wait));
        self.await_edge(journal, &rung.who);
    }

    /// Waits for the next instant at which a roster of the step means somebody else.
    fn await_edge(&mut self, journal: &Journal, who: &[Who]) {
        let next = who.iter().filter_map(|who| journal.next_change(who)).min();
        self.pending.extend(next.map(|due| (due, Pending::Edge)));
    }

    /// Pages who is on duty now and tells who was [T21]; the timers of the step go on.
    fn hand_over(&mut self, journal: &mut Journal) {
        let rung = self.ladder.as_ref().and_then(|ladder| ladder.steps.get(self.step).cloned());
        let Some(rung) = rung.filter(|_| self.state == State::Open) else { return };
        for roster in rung.who.iter().filter(|who| matches!(who, Who::Roster(_))) {
            let (before, now) = (journal.meant_before(roster), journal.meant(roster));
            if before == now {
                continue;
            }
            self.asked.iter_mut().filter(|who| **who == before).for_each(|who| *who = now.clone());
            self.declined.retain(|who| *who != before);
            for (_, pending) in &mut self.pending {
                if let Pending::Reminder(who, _) = pending
                    && *who == before
                {
                    *who = now.clone();
                }
            }
            self.send(journal, &now, rung.channel, Purpose::Page);
            if let Some(channel) = self.reached.remove(&before) {
                self.unsent.push((before, channel, Purpose::Withdrawal, 0));
            }
        }
        self.await_edge(journal, &rung.who);
    }

    /// The wait is over [T5] to [T7].
    fn move_on(&mut self, journal: &mut Journal) {
        let Some(ladder) = &self.ladder else { return };
        let (next, repeat) = (self.step.saturating_add(1), ladder.repeat);
        if next < ladder.steps.len() {
            return self.begin(journal, next);
        }
        match repeat.filter(|(_, times)| self.round <= *times) {
            Some((first, _)) => {
                self.round = self.round.saturating_add(1);
                self.begin(journal, first);
            }
            None => {
                if !ladder.desk.is_empty() {
                    let desk = format!("desk \"{}\"", ladder.desk);
                    journal.page(self, desk, Channel::Worklist, (Purpose::Task, 0));
                }
                self.end(journal, "unresolved", State::Unresolved);
            }
        }
    }

    fn send(&mut self, journal: &Journal, who: &Who, channel: Channel, purpose: Purpose) {
        if *who == Who::Ordering && !journal.has_ordering {
            return;
        }
        let is_asking = matches!(purpose, Purpose::Page | Purpose::Reminder);
        let step = if is_asking { self.step.saturating_add(1) } else { 0 };
        self.unsent.push((who.clone(), channel, purpose, step));
    }

    /// Sends what is still to be said when all of a log time is taken.
    pub(crate) fn flush(&mut self, journal: &mut Journal) {
        for (who, channel, purpose, step) in core::mem::take(&mut self.unsent) {
            if matches!(purpose, Purpose::Page | Purpose::Reminder) {
                self.asking.push((who.clone(), journal.outcome.pages.len()));
            }
            if purpose != Purpose::Withdrawal {
                self.reached.insert(who.clone(), channel);
            }
            journal.page(self, who.text(), channel, (purpose, step));
        }
    }
}

/// The steps of a page; one without an escalation is a single step that waits for ever [ALERT-8].
fn ladder(ward: &Ward, page: &Page) -> Option<Escalation> {
    match page {
        Page::Using(name, recipient) => {
            let mut ladder = ward.escalations.iter().find(|escalation| escalation.name == *name)?.clone();
            for who in ladder.steps.iter_mut().flat_map(|rung| rung.who.iter_mut()).filter(|w| **w == Who::Recipient) {
                *who = recipient.clone()?;
            }
            Some(ladder)
        }
        Page::By(who, channel) => Some(Escalation {
            name: Text::default(),
            steps: vec![Rung { who: vec![who.clone()], channel: *channel, reminders: Vec::new(), wait: Span::MAX }],
            repeat: None,
            desk: Text::default(),
            any_declines: false,
            answered: Answered::default(),
            lapses: None,
        }),
    }
}

/// What a threshold's action pages, and whom it tells.
pub(crate) fn parts(call: &Call) -> (Option<&Page>, Vec<(Who, Channel)>) {
    match call {
        Call::Page(page) => (Some(page), Vec::new()),
        Call::Tell(who, channel) => (None, vec![(who.clone(), *channel)]),
    }
}
