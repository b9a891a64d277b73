//! Partition: what is all the state that one writer owns?
//!
//! Everything the core knows lives here and nowhere else; [`crate::step`] is the only thing that changes it. Its parts are
//! described where they are used; this file holds them together.
//!
//! - **Not here**: behaviour. It lies in the modules named by the fields.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use wardline_rules::{map::FastMap, program::Level, settings::SiteSettings, time::Timestamp, token::Token};

use crate::{
    alerts::{Alert, AlertSlot, absence::FeedWait},
    clocks::timeline::{Buffers, Cycle},
    departed::Departed,
    dictionary::{Coded, Dictionary},
    feeds::FeedLife,
    identity::Index,
    ids::{Code, Nid},
    input::{Silence, Silenced},
    ledger::Counters,
    moments::Scratch,
    mute::gather::Gathers,
    outbox::{Notice, NoticeSlot, Ready},
    report::{Report, ReportSlot, registers::Occurrence, results::Run},
    slab::Slab,
    timers::{Armed, Timers},
    tuple::Tuples,
    ward::Ward,
    watch::Watching,
};

/// What an installation fixes once and for all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// Makes public ids differ between installations.
    pub instance: [u8; 16],
}

/// The newest content said under one id, and when it first was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Seen {
    pub(crate) content: u64,
    pub(crate) at: Timestamp,
}

/// The state of one partition.
#[derive(Clone, Debug)]
pub struct Partition {
    pub(crate) settings: Settings,
    pub(crate) at: Timestamp,
    pub(crate) born: u64,
    pub(crate) dictionary: Dictionary,
    pub(crate) tuples: Tuples,
    pub(crate) wards: Vec<Ward>,
    pub(crate) active: Option<u32>,
    /// What `site.toml` said at the last activation that brought it.
    pub(crate) site: SiteSettings,
    pub(crate) reports: Slab<Box<Report>>,
    pub(crate) index: Index,
    /// Whether a ward asks for what was before a report [`crate::past`].
    pub(crate) looks_back: bool,
    /// Reports by when they were last touched, as far as known; looked at again when it is time to leave.
    pub(crate) leaving: VecDeque<(Timestamp, ReportSlot, u64)>,
    /// Reports that left and stay counted.
    pub(crate) departed: Departed,
    pub(crate) aliases: BTreeMap<Token, Token>,
    pub(crate) once: BTreeMap<(Coded, Token), Timestamp>,
    pub(crate) timers: Timers,
    pub(crate) alerts: Slab<Alert>,
    pub(crate) feed_alerts: Vec<AlertSlot>,
    pub(crate) feed_waits: Vec<FeedWait>,
    pub(crate) feeds: BTreeMap<Coded, FeedLife>,
    pub(crate) watching: Watching,
    pub(crate) gathers: Gathers,
    pub(crate) notices: Slab<Notice>,
    pub(crate) nids: FastMap<Nid, NoticeSlot>,
    pub(crate) codes: FastMap<Code, Vec<NoticeSlot>>,
    pub(crate) ready: Ready,
    pub(crate) in_flight: usize,
    pub(crate) silences: Vec<(Silence, Armed)>,
    pub(crate) seen: FastMap<u64, Seen>,
    pub(crate) seen_order: VecDeque<(Timestamp, u64)>,
    pub(crate) counters: Counters,
    // Buffers, not state.
    pub(crate) buffers: Buffers,
    pub(crate) cycles: Vec<Cycle>,
    pub(crate) runs: Vec<Run>,
    pub(crate) scratch: Scratch,
    pub(crate) occurrences: Vec<Occurrence>,
    pub(crate) targets: Vec<ReportSlot>,
    pub(crate) foreseen: Vec<crate::step::foresee::Foreseen>,
    pub(crate) rules: Vec<crate::ward::RuleIx>,
    /// While a suppression lifts that joins tells: its rule.
    pub(crate) joining: Option<Coded>,
    /// While running clocks move to a new ward: under which name what they tell is gathered.
    pub(crate) moving: Option<Coded>,
    /// Reports that became part of another in this batch, as they were before it; only while rows are watched.
    pub(crate) absorbed: Vec<Report>,
    /// Feeds that were lost, fell silent or came back in this batch, and whether they were so before it.
    pub(crate) feeds_before: BTreeMap<Coded, bool>,
    /// What was said in this batch to have been decided without knowing.
    pub(crate) doubts: BTreeSet<crate::doubt::SaidDoubt>,
}

impl Partition {
    /// An empty partition.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            at: Timestamp::MIN,
            born: 0,
            dictionary: Dictionary::default(),
            tuples: Tuples::default(),
            wards: Vec::new(),
            active: None,
            site: SiteSettings::default(),
            reports: Slab::default(),
            index: Index::default(),
            looks_back: false,
            leaving: VecDeque::new(),
            departed: Departed::default(),
            aliases: BTreeMap::new(),
            once: BTreeMap::new(),
            timers: Timers::default(),
            alerts: Slab::default(),
            feed_alerts: Vec::new(),
            feed_waits: Vec::new(),
            feeds: BTreeMap::new(),
            watching: Watching::default(),
            gathers: Gathers::default(),
            notices: Slab::default(),
            nids: FastMap::default(),
            codes: FastMap::default(),
            ready: Ready::default(),
            in_flight: 0,
            silences: Vec::new(),
            seen: FastMap::default(),
            seen_order: VecDeque::new(),
            counters: Counters::default(),
            buffers: Buffers::default(),
            cycles: Vec::new(),
            runs: Vec::new(),
            scratch: Scratch::default(),
            occurrences: Vec::new(),
            targets: Vec::new(),
            foreseen: Vec::new(),
            rules: Vec::new(),
            joining: None,
            moving: None,
            absorbed: Vec::new(),
            feeds_before: BTreeMap::new(),
            doubts: BTreeSet::new(),
        }
    }

    /// Log time of the last batch; `Timestamp::MIN` before the first.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// What the installation's settings are now.
    #[must_use]
    pub const fn site(&self) -> &SiteSettings {
        &self.site
    }

    /// The first report in memory that is known by this filler number, whatever its test.
    #[must_use]
    pub fn find_report(&self, filler: &wardline_rules::event::Ident) -> Option<crate::ids::ReportId> {
        let key = crate::identity::bare_key(crate::identity::Number::Filler, filler);
        self.index.get(key).first().and_then(|slot| self.reports.get(*slot)).map(|report| report.id)
    }

    /// The earliest timer still armed.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.timers.next_due()
    }

    /// The person a token stands for after all merges.
    pub(crate) fn resolve_token(&self, token: Token) -> Token {
        let mut token = token;
        // A chain of merges is followed; a cycle is refused when it would be formed.
        while let Some(into) = self.aliases.get(&token) {
            token = *into;
        }
        token
    }

    /// Whether an operator's silence covers an alert or a suppression holds it; one that cannot be held never is [MUTE-3].
    pub(crate) fn is_muted(&self, slot: AlertSlot, report: Option<&Report>) -> bool {
        let Some(alert) = self.alerts.get(slot).filter(|alert| alert.level != Level::Red) else { return false };
        let site = report.map_or("", |report| self.dictionary.text(self.tuples.get(report.effective).site));
        self.silences.iter().any(|(silence, _)| match &silence.what {
            Silenced::Rule(rule) => rule == self.dictionary.text(alert.rule),
            Silenced::Site(name) => name == site,
        }) || self.is_suppressed(alert)
    }
}
