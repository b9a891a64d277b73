//! Decision: what does a script make of the moments of its rule, and of the clocks that it starts itself?
//!
//! A script is asked on the facts as of the moment, like every condition. One that starts clocks is asked at each moment of
//! its rule and whenever one of its clocks is due, in the order of event time; what it ends with is what it wants. Nothing
//! of that is kept: with every piece of news it is asked from the beginning, so no order of arrival can matter [RHAI-4].
//! ```text
//!  moment ─► start_clock("plate", 120)          clock due ─► raise()
//!  moment ─► start_clock("plate", 120)   moment ─► stop_clock("plate")          nothing
//! ```
//! - LIMIT: `SCRIPT_CLOCKS_MAX` clocks that come due on one report.
//! - **Not here**: running a script (`wardline_rules::script`), its timer ([`super::super::absence`]).

use std::collections::BTreeMap;

use wardline_rules::{
    Text,
    evaluate::matches,
    limits::SCRIPT_CLOCKS_MAX,
    program::{Length, Missed, MissingThen},
    script::occasion::Effect,
    time::{Span, Timestamp},
    words::Channel,
};

use super::Asking;
use crate::{
    clocks::timeline::due_after,
    escalation::Extra,
    report::{
        registers::Occurrence,
        results::{ResultKey, Run},
    },
    scripts::{self, Asked},
    view::View,
};

/// What a script wants, all its runs together.
#[derive(Clone, Debug, Default)]
pub(super) struct Decided {
    pub(super) holds: bool,
    /// Whether `missing decision` had to say so.
    pub(super) is_in_doubt: bool,
    /// When it asked to raise.
    pub(super) since: Option<Timestamp>,
    /// How often it asked to, after taking it back.
    pub(super) raises: u32,
    pub(super) extras: Vec<Extra>,
    /// Private clocks that run, by name.
    clocks: BTreeMap<Text, Timestamp>,
}

impl Decided {
    /// When a private clock is due next.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.clocks.values().min().copied()
    }

    /// The first private clock to come due, if that is before `event` and not after `now`.
    fn take_due(&mut self, event: Option<Timestamp>, now: Timestamp) -> Option<(Text, Timestamp)> {
        let first = self.clocks.iter().min_by_key(|(name, due)| (**due, (*name).clone()));
        let (name, due) = first.map(|(name, due)| (name.clone(), *due))?;
        let is_first = event.is_none_or(|event| due < event) && due <= now;
        is_first.then(|| {
            self.clocks.remove(&name);
            (name, due)
        })
    }
}

impl Asking<'_> {
    /// Asks the script of a rule that matched at `first`; `later` are the further moments of its subject, in order.
    pub(super) fn decided(
        &self,
        first: (Timestamp, Timestamp),
        later: &[Occurrence],
        result: Option<(ResultKey, Run)>,
    ) -> Decided {
        let mut decided = Decided::default();
        let keeps_clocks = self.alert.decide.as_ref().is_some_and(wardline_rules::script::Script::keeps_clocks);
        let later = if keeps_clocks { later } else { &[] };
        let later = later.iter().map(|moment| (moment.at.lo, moment.heard)).filter(|later| later.0 > first.0);
        let mut moments = core::iter::once(first).chain(later).peekable();
        let mut came_due = 0;
        loop {
            let due = decided.take_due(moments.peek().map(|moment| moment.0), self.now);
            let goes_on = match due {
                Some((name, at)) => {
                    came_due += 1;
                    came_due <= SCRIPT_CLOCKS_MAX && self.ask(&mut decided, at, Asked::Clock(&name), result)
                }
                None => match moments.next() {
                    Some((at, heard)) => self.ask_at(&mut decided, (at, heard), first.0, result),
                    None => return decided,
                },
            };
            if !goes_on {
                decided.clocks.clear();
                return decided;
            }
        }
    }

    fn ask_at(
        &self,
        decided: &mut Decided,
        (at, heard): (Timestamp, Timestamp),
        first: Timestamp,
        result: Option<(ResultKey, Run)>,
    ) -> bool {
        let Some(moment) = self.happened(at, result.as_ref()) else { return true };
        if at != first {
            let view = self.view(at, result);
            if !matches(&self.alert.condition, &self.alert.unless, &self.alert.missing, &view).holds {
                return true;
            }
        }
        self.ask(decided, at, Asked::Moment(moment, heard), result)
    }

    fn view(&self, at: Timestamp, result: Option<(ResultKey, Run)>) -> View<'_> {
        let then = self.from.tuples.get(self.report.effective_at(at, self.from.tuples));
        View { from: self.from, report: self.report, then, at, result }
    }

    /// Asks once and does what it says; `false` if it said nothing that can be done.
    fn ask(&self, decided: &mut Decided, at: Timestamp, asked: Asked<'_>, result: Option<(ResultKey, Run)>) -> bool {
        let found = scripts::decide(&self.view(at, result), (self.alert, self.place), asked);
        let Some(effects) = found else {
            let clause = self.alert.missing.iter().find(|clause| clause.what == Missed::Decision);
            *decided = Decided::default();
            decided.holds = clause.is_some_and(|clause| clause.then == MissingThen::Match);
            decided.is_in_doubt = true;
            return false;
        };
        if effects.contains(&Effect::Withdraw) {
            decided.holds = false;
            decided.extras.clear();
        } else if effects.contains(&Effect::Raise) && !decided.holds {
            decided.holds = true;
            decided.since = Some(at);
            decided.raises += 1;
        }
        for effect in &effects {
            self.take_effect(decided, at, effect);
        }
        true
    }

    fn take_effect(&self, decided: &mut Decided, at: Timestamp, effect: &Effect) {
        let program = self.from.program;
        match effect {
            Effect::Raise | Effect::Withdraw => {}
            Effect::Page(who, by) | Effect::Tell(who, by) => {
                let is_page = matches!(effect, Effect::Page(..));
                let found = program.who(who).zip(Channel::from_word(by));
                decided.extras.extend(found.filter(|_| decided.holds).map(|(who, by)| (is_page, who, by)));
            }
            Effect::Start(name, minutes, calendar) => {
                let named = |name: &Text| program.calendars.iter().find(|calendar| calendar.name == *name);
                let calendar = calendar.as_ref().and_then(named);
                let span = Span::from_minutes(*minutes);
                let length = if calendar.is_some() { Length::Working(span) } else { Length::Elapsed(span) };
                decided.clocks.insert(name.clone(), due_after(at, length, &[], calendar));
            }
            Effect::Stop(name) => {
                decided.clocks.remove(name);
            }
        }
    }
}
