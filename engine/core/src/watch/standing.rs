//! Standing: which alert is open, which feed is lost, and what follows from it?
//!
//! An alert on such a state is raised when it outlived `hold` and cleared when it ends; a suppression is in force while it
//! lasts, at most for its time, and stays lifted until the state ends [MUTE-4]. All states are looked at again in the batch in
//! which an alert opens or ends, a feed changes or a ward becomes active, before anything else that is due then.

use wardline_rules::{
    program::{Delayed, FeedIs, Lasting, Level, Program, Suppress, Trigger},
    time::Timestamp,
};

use crate::{
    alerts::{About, Alert, AlertSlot, Source, when::AlertIx},
    clocks::{BREACH, timeline::due_after},
    dictionary::{Coded, NO_TEXT},
    input::FeedState,
    output::Output,
    partition::Partition,
    timers::{Armed, Class, Timer, TimerId},
    ward::Ward,
};

/// Which rule of a ward watches a state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Watcher {
    /// Of [`Program::alerts`].
    Alert(u32),
    /// Of [`Program::suppressions`].
    Suppress(u32),
}

/// A state that lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Standing {
    /// Number of the watching rule's id.
    pub(crate) rule: Coded,
    pub(crate) ward: u32,
    pub(crate) watcher: Watcher,
    /// Log time since which it lasts.
    pub(crate) since: Timestamp,
    pub(crate) raised: Option<(AlertSlot, u64)>,
    /// Whether a suppression used up its time.
    pub(crate) is_spent: bool,
    pub(crate) armed: Option<(Timestamp, Armed)>,
}

/// The look at all states, armed before everything that is due.
const LOOK: Timer =
    Timer { due: Timestamp::MIN, id: TimerId { class: Class::Mute, rule: 0, subject: 0, part: 1 }, owner: 0 };
/// The timer of a standing state among those of one instant.
const PART: u32 = 3;

impl Partition {
    /// All states are looked at again before the next thing that is due.
    pub(crate) fn look_at_states(&mut self) {
        let active = self.active.and_then(|active| self.wards.get(active as usize));
        let has_any = active.is_some_and(|ward| !ward.states.is_empty()) || !self.watching.standing.is_empty();
        if has_any && !self.watching.is_due {
            self.watching.is_due = true;
            self.timers.arm(LOOK);
        }
    }

    /// What began and what ended among the states.
    pub(crate) fn look(&mut self, out: &mut Output) {
        self.watching.is_due = false;
        let mut watched: Vec<(Coded, u32, Watcher)> = Vec::new();
        if let Some(active) = self.active
            && let Some(ward) = self.wards.get(active as usize)
        {
            watched.extend(ward.states.iter().filter_map(|watcher| Some((ward.watcher(*watcher)?, active, *watcher))));
        }
        for known in &self.watching.standing {
            if !watched.iter().any(|found| found.0 == known.rule) {
                watched.push((known.rule, known.ward, known.watcher));
            }
        }
        for (rule, ward, watcher) in watched {
            let place = self.watching.standing.iter().position(|known| known.rule == rule);
            match (self.lasts(ward, watcher), place) {
                (true, None) => self.begin_standing((rule, ward, watcher)),
                (false, Some(place)) => self.end_standing(place, out),
                (true, Some(_)) | (false, None) => {}
            }
        }
    }

    fn lasts(&self, ward: u32, watcher: Watcher) -> bool {
        let Some(program) = self.wards.get(ward as usize).map(|ward| &ward.program) else { return false };
        match state_of(program, watcher) {
            Some(Lasting::Alert(rule)) => self.dictionary.find(rule).is_some_and(|rule| self.is_any_open(rule)),
            Some(Lasting::Feed(feed, is)) => {
                let wanted = match is {
                    FeedIs::Lost => FeedState::Lost,
                    FeedIs::Idle => FeedState::Idle,
                };
                let is_it = |name: &Coded| program.catalogue.feed(self.dictionary.text(*name)) == Some(*feed);
                self.feeds.iter().any(|(name, life)| life.state() == wanted && is_it(name))
            }
            Some(Lasting::Report { .. } | Lasting::Count(_)) | None => false,
        }
    }

    fn is_any_open(&self, rule: Coded) -> bool {
        self.watching.open.get(&rule).is_some_and(|open| *open > 0)
    }

    fn begin_standing(&mut self, (rule, ward, watcher): (Coded, u32, Watcher)) {
        let mut standing = Standing { rule, ward, watcher, since: self.at, raised: None, is_spent: false, armed: None };
        let due = self.due_of_standing(&standing);
        standing.armed = due.map(|(due, rank)| (due, self.timers.arm(standing_timer(rank, rule, due))));
        self.watching.standing.push(standing);
    }

    fn due_of_standing(&self, standing: &Standing) -> Option<(Timestamp, u32)> {
        let ward = self.wards.get(standing.ward as usize)?;
        match standing.watcher {
            Watcher::Alert(index) => {
                let (alert, known) = ward.alert(index)?;
                let Trigger::While(found) = &alert.trigger else { return None };
                let calendar = found.calendar.and_then(|id| ward.program.calendars.get(id.index()));
                let due = due_after(standing.since, found.hold, &[], calendar);
                (due != Timestamp::MAX).then_some((due, known.rank))
            }
            Watcher::Suppress(index) => {
                let known = ward.suppressions.get(index as usize)?;
                let rule = ward.program.suppressions.get(index as usize)?;
                Some((standing.since.plus(rule.at_most), known.rank))
            }
        }
    }

    fn end_standing(&mut self, place: usize, out: &mut Output) {
        let ended = self.watching.standing.remove(place);
        if let Some((_, armed)) = ended.armed {
            self.timers.disarm(armed);
        }
        match ended.watcher {
            Watcher::Alert(index) => {
                let speaks_again = self.is_silence(ended.ward, index);
                if let Some(raised) = ended.raised {
                    self.clear_raised(raised, out);
                    if speaks_again {
                        self.tell_return(raised, out);
                    }
                }
            }
            Watcher::Suppress(index) => self.lift_suppression(ended, index, out),
        }
    }

    /// Whether a rule watches for a feed that falls silent.
    fn is_silence(&self, ward: u32, index: u32) -> bool {
        let program = self.wards.get(ward as usize).map(|ward| &ward.program);
        let state = program.and_then(|program| state_of(program, Watcher::Alert(index)));
        matches!(state, Some(Lasting::Feed(_, FeedIs::Idle)))
    }

    fn lift_suppression(&mut self, ended: Standing, index: u32, out: &mut Output) {
        if ended.is_spent {
            return;
        }
        let rule = self.wards.get(ended.ward as usize).and_then(|ward| ward.program.suppressions.get(index as usize));
        let joined = rule.is_some_and(|rule| rule.joined).then_some(ended.rule);
        self.begin_unmuted(joined, out);
    }

    /// A state outlived its hold, or a suppression its time.
    pub(crate) fn fire_standing(&mut self, timer: Timer, out: &mut Output) {
        let rule = timer.owner;
        let Some(place) = self.watching.standing.iter().position(|known| known.rule == rule) else { return };
        let Some(standing) = self.watching.standing.get_mut(place) else { return };
        if standing.armed.take().map(|armed| armed.0) != Some(timer.due) {
            return;
        }
        let known = *standing;
        match known.watcher {
            Watcher::Alert(index) => {
                let about = self.about_of(known.ward, index);
                let raised = self.raise_group((rule, about), AlertIx { ward: known.ward, index }, known.since, out);
                let found = self.watching.standing.iter_mut().find(|standing| standing.rule == rule);
                if let Some(standing) = found {
                    standing.raised = raised;
                }
            }
            Watcher::Suppress(index) => {
                standing.is_spent = true;
                self.lift_suppression(known, index, out);
            }
        }
    }

    /// The feed that such an alert is about, or the ward.
    fn about_of(&mut self, ward: u32, index: u32) -> About {
        let program = self.wards.get(ward as usize).map(|ward| ward.program.clone());
        let feed = program.as_ref().and_then(|program| match state_of(program, Watcher::Alert(index)) {
            Some(Lasting::Feed(feed, _)) => program.catalogue.feeds.get(feed.index()),
            Some(Lasting::Alert(_) | Lasting::Report { .. } | Lasting::Count(_)) | None => None,
        });
        feed.map_or(About::Group(NO_TEXT), |feed| About::Feed(self.dictionary.code(&feed.name)))
    }

    /// Whether a suppression in force holds an alert; one that cannot be held never is [MUTE-3].
    pub(crate) fn is_suppressed(&self, alert: &Alert) -> bool {
        let holds = |standing: &Standing| {
            let Watcher::Suppress(index) = standing.watcher else { return false };
            let ward = self.wards.get(standing.ward as usize);
            let rule = ward.and_then(|ward| ward.program.suppressions.get(index as usize));
            !standing.is_spent && rule.is_some_and(|rule| self.delays(rule, alert))
        };
        alert.level != Level::Red && self.watching.standing.iter().any(holds)
    }

    fn delays(&self, rule: &Suppress, alert: &Alert) -> bool {
        let id = self.dictionary.text(alert.rule);
        rule.delays.iter().any(|delayed| match (delayed, alert.cause.source) {
            (Delayed::Alert(name), Source::Rule(_)) => name == id,
            (Delayed::Breaches(name), Source::Clock { index, threshold: BREACH, .. }) => {
                name == id || self.is_family(alert.cause.ward, index, name)
            }
            (Delayed::Warnings(name), Source::Clock { index, threshold, .. }) if threshold != BREACH => {
                name == id || self.is_family(alert.cause.ward, index, name)
            }
            (Delayed::Alert(_) | Delayed::Breaches(_) | Delayed::Warnings(_), _) => false,
        })
    }

    fn is_family(&self, ward: u32, index: u32, name: &str) -> bool {
        let family = self.wards.get(ward as usize).and_then(|ward| ward.program.families.get(index as usize));
        family.and_then(|family| family.rules.first()).is_some_and(|rule| rule.head.id == name)
    }
}

/// The state that a rule watches.
fn state_of(program: &Program, watcher: Watcher) -> Option<&Lasting> {
    match watcher {
        Watcher::Alert(index) => match &program.alerts.get(index as usize)?.trigger {
            Trigger::While(found) => Some(&found.state),
            Trigger::When(_) | Trigger::Absence(_) | Trigger::Window(_) => None,
        },
        Watcher::Suppress(index) => program.suppressions.get(index as usize).map(|rule| &rule.while_),
    }
}

/// The rules of a program that watch states of alerts and feeds.
pub(crate) fn watchers(program: &Program) -> Vec<Watcher> {
    let alerts = (0_u32..).zip(&program.alerts).map(|(index, _)| Watcher::Alert(index));
    let suppressions = (0_u32..).zip(&program.suppressions).map(|(index, _)| Watcher::Suppress(index));
    let is_standing =
        |watcher: &Watcher| matches!(state_of(program, *watcher), Some(Lasting::Alert(_) | Lasting::Feed(..)));
    alerts.chain(suppressions).filter(is_standing).collect()
}

impl Ward {
    /// Number of the id of a rule that watches a state.
    fn watcher(&self, watcher: Watcher) -> Option<Coded> {
        let known = match watcher {
            Watcher::Alert(index) => self.alerts.get(index as usize),
            Watcher::Suppress(index) => self.suppressions.get(index as usize),
        };
        known.map(|known| known.id)
    }

    /// Rank of the id of a rule that watches a state.
    pub(crate) fn watcher_rank(&self, watcher: Watcher) -> u32 {
        let known = match watcher {
            Watcher::Alert(index) => self.alerts.get(index as usize),
            Watcher::Suppress(index) => self.suppressions.get(index as usize),
        };
        known.map_or(0, |known| known.rank)
    }
}

/// The timer of a standing state.
pub(crate) const fn standing_timer(rank: u32, rule: Coded, due: Timestamp) -> Timer {
    Timer { due, id: TimerId { class: Class::Hold, rule: rank, subject: 0, part: PART }, owner: rule }
}
