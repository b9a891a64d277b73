//! Ward: which rules can touch a report that says this, and since when do they apply?
//!
//! The decision memo: the number of what a report says about its routing fields maps to the rules that could match it,
//! found out once per number and ward. Real feeds have few such numbers, so the cost of an event does not depend on how
//! many rules are loaded.
//!
//! - **How it fits**: `step` asks [`Ward::route`] for each report that has news; clocks and alerts do the rest.
//! - **Not here**: conditions on values, flags and history; they are evaluated for the rules found.

mod index;
pub(crate) mod needs;

use std::{collections::BTreeMap, sync::Arc};

use wardline_rules::{
    Text,
    evaluate::{Tri, holds},
    map::FastMap,
    program::{
        Alert, Condition, Count, Family, Happening, Lasting, Measure, Moment, Notice, Program, SlaRule, Subject,
        Trigger, While,
    },
    time::Timestamp,
    words::KindSet,
};

use index::RuleIndex;
use needs::Steps;

use crate::{
    alerts::patient::kinds_of,
    dictionary::{Coded, Dictionary},
    past::Past,
    scripts::Scripts,
    tuple::{TupleId, Tuples},
    view::{RoutingView, Sources, TestIndex},
    watch::standing::{Watcher, watchers},
};

/// A rule of a ward: a family of clocks or an alert.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum RuleIx {
    /// Of [`Program::families`].
    Family(u32),
    /// Of [`Program::alerts`].
    Alert(u32),
    /// Of [`Program::notices`].
    Notice(u32),
}

/// What a ward's rule has at run time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// Number of the rule's id.
    pub(crate) id: Coded,
    /// Log time from which it applies [LOAD-3].
    pub(crate) since: Timestamp,
    /// Place of its id among all, in order of text: orders timers.
    pub(crate) rank: u32,
    /// Steps without which it has nothing to say.
    pub(crate) needs: Steps,
}

/// An activated ward.
#[derive(Clone, Debug)]
pub(crate) struct Ward {
    pub(crate) program: Arc<Program>,
    /// Its files, as the driver packed them.
    pub(crate) text: Vec<u8>,
    pub(crate) author: Text,
    pub(crate) activated: Timestamp,
    pub(crate) families: Vec<Known>,
    pub(crate) alerts: Vec<Known>,
    pub(crate) notices: Vec<Known>,
    pub(crate) suppressions: Vec<Known>,
    /// Rules that watch states of alerts and feeds.
    pub(crate) states: Vec<Watcher>,
    /// Alerts about counts of reports.
    pub(crate) counts: Vec<u32>,
    /// Alerts about windows.
    pub(crate) windows: Vec<u32>,
    /// Whether a window counts data-quality rows.
    pub(crate) counts_problems: bool,
    pub(crate) tests: TestIndex,
    /// Its scripts that faulted.
    pub(crate) scripts: Scripts,
    /// Absence rules about feeds.
    pub(crate) feed_rules: Vec<u32>,
    index: RuleIndex,
    routes: FastMap<TupleId, u32>,
    lists: Vec<Vec<RuleIx>>,
}

impl Ward {
    /// A ward that becomes active at `at` after `before`.
    pub(crate) fn new(parts: WardParts, before: Option<&Self>, dictionary: &mut Dictionary) -> Self {
        let WardParts { program, text, author, at } = parts;
        let mut ids: Vec<&str> = program.families.iter().filter_map(family_id).collect();
        ids.extend(program.alerts.iter().map(|alert| alert.head.id.as_str()));
        ids.extend(program.notices.iter().map(|notice| notice.head.id.as_str()));
        ids.extend(program.suppressions.iter().map(|rule| rule.head.id.as_str()));
        ids.sort_unstable();
        let since = before.map(Self::since);
        let mut known = |id: &str, needs: Steps| {
            let rank = u32::try_from(ids.partition_point(|other| *other < id)).unwrap_or(u32::MAX);
            let id = dictionary.name(id);
            let applies = since.as_ref().map_or(Timestamp::MIN, |since| since.get(&id).copied().unwrap_or(at));
            Known { id, since: applies, rank, needs }
        };
        let families = program.families.iter();
        let families = families.map(|family| known(family_id(family).unwrap_or_default(), needs::of_family(family)));
        let families = families.collect();
        let alerts = program.alerts.iter().map(|alert| known(&alert.head.id, needs::of_alert(alert))).collect();
        let notices = program.notices.iter().map(|rule| known(&rule.head.id, needs::of_notice(rule))).collect();
        let suppressions = program.suppressions.iter().map(|rule| known(&rule.head.id, Steps::ANY)).collect();
        let that = |is: fn(&Alert) -> bool| {
            let alerts = (0_u32..).zip(&program.alerts).filter(move |(_, alert)| is(alert));
            alerts.map(|(index, _)| index).collect::<Vec<u32>>()
        };
        let feed_rules = that(|alert| matches!(alert.trigger, Trigger::Absence(_)) && alert.subject() == Subject::Feed);
        let counts = that(|alert| count_of(alert).is_some());
        let windows = that(|alert| matches!(alert.trigger, Trigger::Window(_)));
        let counts_problems = !that(counts_problems).is_empty();
        let states = watchers(&program);
        let index = RuleIndex::of(&program);
        Self {
            program: Arc::new(program),
            text,
            author,
            activated: at,
            families,
            alerts,
            notices,
            suppressions,
            states,
            counts,
            windows,
            counts_problems,
            tests: TestIndex::default(),
            scripts: Scripts::default(),
            feed_rules,
            index,
            routes: FastMap::default(),
            lists: Vec::new(),
        }
    }

    /// Since when each of its rules applies.
    fn since(&self) -> BTreeMap<Coded, Timestamp> {
        let all = self.families.iter().chain(&self.alerts).chain(&self.notices).chain(&self.suppressions);
        all.map(|known| (known.id, known.since)).collect()
    }

    /// What its rules look at.
    pub(crate) fn sources<'a>(
        &'a self,
        dictionary: &'a Dictionary,
        tuples: &'a Tuples,
        past: Option<Past<'a>>,
    ) -> Sources<'a> {
        Sources { program: &self.program, tests: &self.tests, scripts: &self.scripts, dictionary, tuples, past }
    }

    /// The rule of a number, if this ward has it.
    pub(crate) fn rule(&self, id: Coded) -> Option<RuleIx> {
        let place = |list: &[Known]| list.iter().position(|known| known.id == id).and_then(|at| u32::try_from(at).ok());
        let family = place(&self.families).map(RuleIx::Family);
        let alert = || place(&self.alerts).map(RuleIx::Alert);
        family.or_else(alert).or_else(|| place(&self.notices).map(RuleIx::Notice))
    }

    /// The family of that index.
    pub(crate) fn family(&self, family: u32) -> Option<(&Family, &Known)> {
        Some((self.program.families.get(family as usize)?, self.families.get(family as usize)?))
    }

    /// The alert of that index.
    pub(crate) fn alert(&self, alert: u32) -> Option<(&Alert, &Known)> {
        Some((self.program.alerts.get(alert as usize)?, self.alerts.get(alert as usize)?))
    }

    /// The rules that could match a report that says `tuple`.
    pub(crate) fn route(&mut self, tuple: TupleId, dictionary: &Dictionary, tuples: &Tuples) -> u32 {
        if let Some(list) = self.routes.get(&tuple) {
            return *list;
        }
        self.tests.learn(&self.program, dictionary);
        let from = self.sources(dictionary, tuples, None);
        let view = RoutingView { from, tuple: tuples.get(tuple) };
        let mut found = self.index.candidates(view);
        found.retain(|rule| can_speak(&self.program, *rule, view));
        let list = match self.lists.iter().position(|list| *list == found) {
            Some(list) => list,
            None => {
                self.lists.push(found);
                self.lists.len() - 1
            }
        };
        let list = u32::try_from(list).unwrap_or(0);
        self.routes.insert(tuple, list);
        list
    }

    /// A list that [`Self::route`] found.
    pub(crate) fn list(&self, list: u32) -> &[RuleIx] {
        self.lists.get(list as usize).map_or(&[], Vec::as_slice)
    }
}

/// What a ward is made from.
#[derive(Debug)]
pub(crate) struct WardParts {
    pub(crate) program: Program,
    pub(crate) text: Vec<u8>,
    pub(crate) author: Text,
    pub(crate) at: Timestamp,
}

fn family_id(family: &Family) -> Option<&str> {
    family.rules.first().map(|rule| rule.head.id.as_str())
}

/// Whether a rule could match a report that says so.
fn can_speak(program: &Program, rule: RuleIx, view: RoutingView<'_>) -> bool {
    let told = |notice: &Notice| can_be_of(kinds_of(notice), view) && can_hold(&notice.condition, view);
    match rule {
        RuleIx::Family(at) => program.families.get(at as usize).is_some_and(|family| can_cover(family, view)),
        RuleIx::Alert(at) => program.alerts.get(at as usize).is_some_and(|alert| can_match(alert, view)),
        RuleIx::Notice(at) => program.notices.get(at as usize).is_some_and(told),
    }
}

fn can_cover(family: &Family, view: RoutingView<'_>) -> bool {
    let covers = |rule: &SlaRule| can_be_of(rule.covers.kinds, view) && can_hold(&rule.covers.condition, view);
    family.rules.first().is_some_and(covers)
}

fn can_match(alert: &Alert, view: RoutingView<'_>) -> bool {
    let spoken_of = |moments: &[Moment]| {
        let of_report = moments.iter().filter(|moment| !matches!(moment.happening, Happening::Message(_)));
        of_report.fold(KindSet::NONE, |kinds, moment| kinds.or(moment.kinds))
    };
    let kinds = match &alert.trigger {
        Trigger::When(moments) => spoken_of(moments),
        Trigger::Absence(absence) => spoken_of(&absence.after),
        Trigger::While(found) => match &found.state {
            Lasting::Report { kinds, .. } => *kinds,
            Lasting::Count(count) => count.kinds,
            Lasting::Alert(_) | Lasting::Feed(..) => KindSet::NONE,
        },
        Trigger::Window(window) => window.kinds,
    };
    can_be_of(kinds, view) && can_hold(&alert.condition, view)
}

/// What an alert counts, if it counts reports.
const fn count_of(alert: &Alert) -> Option<&Count> {
    match &alert.trigger {
        Trigger::While(While { state: Lasting::Count(count), .. }) => Some(count),
        Trigger::While(_) | Trigger::When(_) | Trigger::Absence(_) | Trigger::Window(_) => None,
    }
}

const fn counts_problems(alert: &Alert) -> bool {
    matches!(&alert.trigger, Trigger::Window(window) if matches!(window.measure, Measure::DataProblems(_)))
}

/// Whether a report that says so can be of one of these kinds; one not narrowed yet can be of two.
fn can_be_of(kinds: KindSet, view: RoutingView<'_>) -> bool {
    view.tuple.kind.is_none_or(|kind| match view.tuple.narrowed {
        Some(narrowed) => kinds.has(kind.ward_kind(narrowed)),
        None => kinds.has(kind.ward_kind(false)) || kinds.has(kind.ward_kind(true)),
    }) && !kinds.is_empty()
}

fn can_hold(condition: &Condition, view: RoutingView<'_>) -> bool {
    holds(condition, &view) != Tri::False
}
