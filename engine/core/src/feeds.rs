//! Feeds: when was each way in heard, how long is it usually silent, and is it silent now?
//!
//! A feed that the active ward's catalogue declares falls silent when nothing of it was heard for three times the usual gap
//! of this hour of the week, at least five and at most thirty minutes [FH-1]. It is then `idle`: rules may watch that, and
//! the rows of clocks that run on its reports read `unsure` [SLA-14]. The next message ends it.
//!
//! The usual gap is learned from the feed itself, by log time: for each hour of the week (UTC) the longest gap that ended in
//! it, of each of the last four weeks; usual is the lower median of those before this week. An hour that was not heard in
//! an earlier week has no usual gap, and thirty minutes count.
//!
//! - **Time**: log time, since it is about arrival. A timer that comes much later than it was due says that the engine itself
//!   did not listen: then the feed has its time anew, and the gap teaches nothing.
//! - LIMIT: `FEEDS_WATCHED_MAX`; a further source is not watched.
//! - **Not here**: connections, of which drivers tell ([`crate::step`]); who is told ([`crate::watch`]).

use std::collections::BTreeMap;

use wardline_rules::time::{HOUR, Span, Timestamp};

use crate::{
    dictionary::Coded,
    input::FeedState,
    limits::FEEDS_WATCHED_MAX,
    partition::Partition,
    report::{Report, ReportSlot},
    timers::{Armed, Class, Timer, TimerId},
};

/// The part of the timers of silences among those of absences.
pub(crate) const SILENCE: u32 = 2;
/// Shortest and longest silence that counts as one [FH-1].
const SILENT_AFTER: (Span, Span) = (Span::from_minutes(5), Span::from_minutes(30));
/// How many usual gaps make a silence [FH-1].
const GAPS: i64 = 3;
/// A timer that is later than this was not kept by a running engine: batches are at most a second apart.
const NOT_LISTENING: Span = Span::from_seconds(60);
/// Weeks that an hour remembers.
const WEEKS: usize = 4;
const HOURS_OF_WEEK: i64 = 7 * 24;

/// The longest gap that ended in one hour of the week, of each of the last weeks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Gaps {
    /// Number of the week of the newest.
    pub(crate) week: i64,
    /// Microseconds, newest first; 0 for none.
    pub(crate) longest: [i64; WEEKS],
}

/// The gaps of a feed by hour of the week.
pub(crate) type Rhythm = BTreeMap<u8, Gaps>;

/// What is known of one way in.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct FeedLife {
    /// What drivers last said of its connection.
    pub(crate) told: Option<FeedState>,
    /// Whether the active ward declares it.
    pub(crate) is_declared: bool,
    /// When it was heard last, log time.
    pub(crate) heard: Option<Timestamp>,
    /// Since when it has not been heard while we listened.
    pub(crate) since: Option<Timestamp>,
    /// Since when it is silent for longer than usual.
    pub(crate) silent: Option<Timestamp>,
    pub(crate) rhythm: Rhythm,
    pub(crate) armed: Option<(Timestamp, Armed)>,
}

impl FeedLife {
    /// Whether what happened may not have been heard of.
    pub(crate) fn is_blind(&self) -> bool {
        self.told == Some(FeedState::Lost) || self.silent.is_some()
    }

    /// Its state, as rules and people see it.
    pub(crate) fn state(&self) -> FeedState {
        match (self.told, self.silent) {
            (Some(FeedState::Lost), _) => FeedState::Lost,
            (_, Some(_)) | (Some(FeedState::Idle), None) => FeedState::Idle,
            (Some(FeedState::Connected) | None, None) => FeedState::Connected,
        }
    }

    /// The gap that is usual at this time; `None` while nobody can tell.
    pub(crate) fn usual_gap(&self, at: Timestamp) -> Option<Span> {
        let (hour, week) = place(at);
        let gaps = self.rhythm.get(&hour)?;
        let is_past = usize::from(gaps.week >= week);
        let mut known: Vec<i64> = gaps.longest.iter().skip(is_past).copied().filter(|gap| *gap > 0).collect();
        known.sort_unstable();
        known.get(known.len().saturating_sub(1) / 2).map(|gap| Span::from_micros(*gap))
    }

    /// After how long a silence that began at `since` counts, looked at from `at`.
    fn silent_after(&self, since: Timestamp, at: Timestamp) -> Span {
        let allowed = |at: Timestamp| match self.usual_gap(at) {
            Some(gap) => Span::from_micros(gap.micros().saturating_mul(GAPS)).clamp(SILENT_AFTER.0, SILENT_AFTER.1),
            None => SILENT_AFTER.1,
        };
        // An evening is not judged by the afternoon.
        allowed(since).max(allowed(at))
    }
}

/// The hour of the week that a time lies in, and which week it is.
fn place(at: Timestamp) -> (u8, i64) {
    let hours = at.micros().div_euclid(HOUR);
    let hour = hours.rem_euclid(HOURS_OF_WEEK);
    (u8::try_from(hour).unwrap_or(0), hours.div_euclid(HOURS_OF_WEEK))
}

/// Takes in a gap that ended at `at`.
fn learn(rhythm: &mut Rhythm, at: Timestamp, gap: Span) {
    let (hour, week) = place(at);
    let gaps = rhythm.entry(hour).or_insert(Gaps { week, longest: [0; WEEKS] });
    if gaps.week < week {
        gaps.longest.rotate_right(1);
        if let Some(newest) = gaps.longest.first_mut() {
            *newest = 0;
        }
        gaps.week = week;
    }
    if let Some(newest) = gaps.longest.first_mut() {
        *newest = (*newest).max(gap.micros());
    }
}

/// The timer at which a feed is looked for.
pub(crate) const fn silence_timer(feed: Coded, due: Timestamp) -> Timer {
    Timer { due, id: TimerId { class: Class::Absence, rule: 0, subject: feed as u64, part: SILENCE }, owner: feed }
}

impl Partition {
    /// A message of a feed arrived.
    pub(crate) fn heard_feed(&mut self, feed: Coded) {
        let at = self.at;
        if !self.feeds.contains_key(&feed) {
            if self.feeds.len() >= FEEDS_WATCHED_MAX {
                return;
            }
            let is_declared = self.is_declared_feed(feed);
            self.feeds.insert(feed, FeedLife { is_declared, ..FeedLife::default() });
        }
        let Some(life) = self.feeds.get_mut(&feed) else { return };
        if let Some(last) = life.heard.replace(at).filter(|last| *last < at) {
            learn(&mut life.rhythm, at, at.since(last));
        }
        life.since = Some(at);
        let was_blind = life.is_blind();
        let was_silent = life.silent.take().is_some();
        if life.is_declared && life.armed.is_none() {
            let due = at.plus(life.silent_after(at, at));
            life.armed = Some((due, self.timers.arm(silence_timer(feed, due))));
        }
        if was_silent {
            self.feed_changed(feed, was_blind);
        }
    }

    /// Whether the active ward's catalogue has a feed of this name.
    fn is_declared_feed(&self, feed: Coded) -> bool {
        let active = self.active.and_then(|active| self.wards.get(active as usize));
        active.is_some_and(|ward| ward.program.catalogue.feed(self.dictionary.text(feed)).is_some())
    }

    /// Another ward decides: it may declare other feeds. Those that it declares are listened for from now on.
    pub(crate) fn watch_feeds(&mut self) {
        let feeds: Vec<Coded> = self.feeds.keys().copied().collect();
        for feed in feeds {
            let is_declared = self.is_declared_feed(feed);
            let at = self.at;
            let Some(life) = self.feeds.get_mut(&feed) else { continue };
            let was_blind = life.is_blind();
            let was = core::mem::replace(&mut life.is_declared, is_declared);
            if is_declared && !was && life.heard.is_some() {
                life.since = Some(at);
                let due = at.plus(life.silent_after(at, at));
                life.armed = Some((due, self.timers.arm(silence_timer(feed, due))));
            } else if was && !is_declared {
                let was_silent = life.silent.take().is_some();
                if let Some((_, armed)) = life.armed.take() {
                    self.timers.disarm(armed);
                }
                if was_silent {
                    self.feed_changed(feed, was_blind);
                }
            }
        }
    }

    /// Drivers say how a feed is connected.
    pub(crate) fn tell_feed(&mut self, feed: Coded, state: FeedState) {
        if !self.feeds.contains_key(&feed) && self.feeds.len() >= FEEDS_WATCHED_MAX {
            return;
        }
        let is_declared = self.is_declared_feed(feed);
        let life = self.feeds.entry(feed).or_insert_with(|| FeedLife { is_declared, ..FeedLife::default() });
        let (was_blind, before) = (life.is_blind(), life.state());
        life.told = Some(state);
        if life.state() != before || life.is_blind() != was_blind {
            self.feed_changed(feed, was_blind);
        }
    }

    /// It is time to look whether a feed was heard.
    pub(crate) fn fire_silence(&mut self, timer: Timer) {
        let at = self.at;
        let Some(life) = self.feeds.get_mut(&timer.owner) else { return };
        if life.armed.take().map(|armed| armed.0) != Some(timer.due) {
            return;
        }
        let Some(since) = life.since else { return };
        let due = since.plus(life.silent_after(since, timer.due));
        let next = if due > timer.due {
            due
        } else if at.since(timer.due) > NOT_LISTENING {
            // We were away ourselves: what came meanwhile is still to come.
            (life.since, life.heard) = (Some(at), None);
            at.plus(life.silent_after(at, at))
        } else {
            let was_blind = life.is_blind();
            life.silent = Some(timer.due);
            return self.feed_changed(timer.owner, was_blind);
        };
        life.armed = Some((next, self.timers.arm(silence_timer(timer.owner, next))));
    }

    /// States of feeds are looked at, and rows of clocks that run on its reports read differently [SLA-14].
    fn feed_changed(&mut self, feed: Coded, was_blind: bool) {
        self.look_at_states();
        if self.feeds.get(&feed).is_some_and(|life| life.is_blind() != was_blind) {
            self.feeds_before.entry(feed).or_insert(was_blind);
            self.touch_clocks_of(feed);
        }
    }

    fn touch_clocks_of(&mut self, feed: Coded) {
        let runs = |report: &Report| {
            self.tuples.get(report.effective).source == feed && report.clocks.iter().any(crate::clocks::Clock::is_open)
        };
        if !self.reports.is_watched() {
            return;
        }
        let reports = self.reports.iter().filter(|(_, report)| runs(report));
        let slots: Vec<ReportSlot> = reports.map(|(slot, _)| slot).collect();
        self.reports.touch(&slots);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(number: i64, hour: i64, minute: i64) -> Timestamp {
        Timestamp::from_micros(((number * HOURS_OF_WEEK + hour) * 60 + minute) * 60_000_000)
    }

    fn minutes(life: &FeedLife, at: Timestamp) -> i64 {
        life.silent_after(at, at).micros() / 60_000_000
    }

    #[test]
    fn what_is_usual_is_learned_for_each_hour_of_the_week() {
        // [FH-1]
        let mut life = FeedLife::default();
        let gap = |minutes| Span::from_minutes(minutes);
        learn(&mut life.rhythm, week(0, 10, 5), gap(2));
        learn(&mut life.rhythm, week(0, 10, 9), gap(4));
        assert_eq!(minutes(&life, week(0, 10, 30)), 30, "this week says nothing about itself");
        assert_eq!(minutes(&life, week(1, 10, 0)), 12, "three times the longest");
        assert_eq!(minutes(&life, week(1, 11, 0)), 30, "another hour was not heard");
        // One bad week is no habit, two of four are not either.
        learn(&mut life.rhythm, week(1, 10, 50), gap(50));
        learn(&mut life.rhythm, week(2, 10, 50), gap(3));
        learn(&mut life.rhythm, week(3, 10, 50), gap(45));
        assert_eq!(minutes(&life, week(4, 10, 0)), 12);
        // What was long ago is forgotten.
        for number in 4..8 {
            learn(&mut life.rhythm, week(number, 10, 1), gap(1));
        }
        assert_eq!(minutes(&life, week(8, 10, 0)), 5, "never below five minutes");
    }

    #[test]
    fn an_evening_is_not_judged_by_the_afternoon() {
        let mut life = FeedLife::default();
        learn(&mut life.rhythm, week(0, 18, 30), Span::from_minutes(1));
        learn(&mut life.rhythm, week(0, 19, 30), Span::from_minutes(9));
        assert_eq!(minutes(&life, week(1, 18, 50)), 5);
        assert_eq!(life.silent_after(week(1, 18, 58), week(1, 19, 3)), Span::from_minutes(27));
    }
}
