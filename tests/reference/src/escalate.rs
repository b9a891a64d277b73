//! Escalate: who is asked next, and what does an answer change?
//!
//! One alert generation as a plain list of what is pending: reminders, a wait, a lapse. Every send is delivered in the same
//! instant, so failures and fallbacks do not occur.
//!
//! - **How it fits**: [`evaluate`](crate::evaluate) raises and ends alerts, passes answers on and fires what is due.
//! - **Source**: language page, section 5.6: T1 to T23, [ESC-1] to [ESC-12].
//! - **Not here**: mutes, failed deliveries, roles that change hands, answers by everyone paged.

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
    /// Log time of the raise.
    pub(crate) raised: Timestamp,
    /// Event time of what it is about.
    pub(crate) moment: Timestamp,
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
    /// Who was reached, by which channel last, and how many messages there were before the last that awaits an answer.
    reached: BTreeMap<Who, (Channel, Option<usize>)>,
    /// Whether they were told that its cause is gone.
    is_unsaid: bool,
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
    /// It ended after an answer.
    Done,
    /// It ended otherwise.
    Over,
    /// Its cause went.
    Withdrawn,
}

/// What an alert waits for; at the same instant earlier ones come first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Pending {
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
            raised: Timestamp::MIN,
            moment: Timestamp::MIN,
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
            is_unsaid: false,
        }
    }

    /// Raises it [T1]: the first step begins, and whoever is only told is told.
    pub(crate) fn raise(&mut self, journal: &mut Journal, tells: &[(Who, Channel)]) {
        self.raised = journal.at;
        journal.line(self, "raised");
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

    /// Whether it asks anybody.
    pub(crate) const fn is_paging(&self) -> bool {
        self.ladder.is_some()
    }

    /// How many messages went out before the last page or reminder of it to that role, if there was one.
    pub(crate) fn paged(&self, who: &Who) -> Option<usize> {
        self.reached.get(who).and_then(|(_, page)| *page)
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
        for (who, (channel, _)) in &self.reached {
            journal.page(self, who.text(), *channel, (Purpose::Withdrawal, 0));
        }
    }

    /// Takes what the role `who` did about it by a notice; `None` is somebody who was not asked.
    ///
    /// - **Output**: whether it is now answered by this.
    pub(crate) fn answer(&mut self, journal: &mut Journal, answer: &Answer, who: Option<&Who>, is_after: bool) -> bool {
        let rule = self.ladder.as_ref().map(|ladder| ladder.answered).unwrap_or_default();
        match answer.act {
            Act::Delivered | Act::Read => false,
            Act::Acted => self.act(journal, is_after),
            Act::Declined => {
                self.decline(journal, who);
                false
            }
            Act::Accepted | Act::ReadBack => self.is_valid(rule, answer) && self.take_answer(journal),
        }
    }

    /// An action, or an answer documented elsewhere [ESC-8]: answers if nobody has; closes if it came after the raise.
    pub(crate) fn act(&mut self, journal: &mut Journal, closes: bool) -> bool {
        let is_answered = self.take_answer(journal);
        if closes && self.state == State::Answered {
            self.end(journal, "closed", State::Done);
        }
        is_answered
    }

    /// An answer documented elsewhere, or a valid one [T13].
    pub(crate) fn take_answer(&mut self, journal: &mut Journal) -> bool {
        if !matches!(self.state, State::Open | State::Unresolved) {
            return false;
        }
        self.state = State::Answered;
        self.pending.clear();
        journal.line(self, "answered");
        match self.ladder.as_ref().and_then(|ladder| ladder.lapses) {
            Some(span) => self.pending.push((journal.at.plus(span), Pending::Lapse)),
            None => self.end(journal, "closed", State::Done),
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
        self.asked = rung.who.iter().filter(|who| **who != Who::Ordering || journal.has_ordering).cloned().collect();
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
            None => self.end(journal, "unresolved", State::Unresolved),
        }
    }

    fn send(&mut self, journal: &mut Journal, who: &Who, channel: Channel, purpose: Purpose) {
        if *who == Who::Ordering && !journal.has_ordering {
            return;
        }
        let before = self.paged(who);
        let (step, page) = match purpose {
            Purpose::Page | Purpose::Reminder => (self.step.saturating_add(1), Some(journal.outcome.pages.len())),
            Purpose::Tell | Purpose::Withdrawal => (0, before),
        };
        self.reached.insert(who.clone(), (channel, page));
        journal.page(self, who.text(), channel, (purpose, step));
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
