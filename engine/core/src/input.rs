//! Input: what can the core be told?
//!
//! Everything that changes a decision comes in here and stands in the log. A batch has one log time; batches come in
//! strictly rising log time.
//!
//! - **Not here**: the bytes of these in the log ([`crate::wire`]).

use wardline_rules::{Text, event::Event, program::Program, settings::SiteSettings, time::Timestamp};

use crate::ids::Nid;

/// All inputs of one log time.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Log time; later than that of the batch before.
    pub at: Timestamp,
    /// In log order.
    pub inputs: Vec<Input>,
}

/// One thing the core is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// A clinical fact, or what a person did about a notice.
    Event(Box<Event>),
    /// What became of an attempt to send a notice.
    Attempt(Attempt),
    /// A checked ward becomes the active one.
    Activate(Box<Activation>),
    /// An operator silences a rule or a site [MUTE-5].
    Silence(Box<Silence>),
    /// A silence ends before its time; its id.
    Lift(u64),
    /// How a feed is.
    Feed(FeedStatus),
    /// Time passed, nothing else.
    Tick,
}

/// One try at a notice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// Which notice.
    pub nid: Nid,
    /// Which try, from 1.
    pub number: u32,
    /// The owner's epoch that tries.
    pub epoch: u32,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of an attempt (guarantees 3.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It is about to be sent.
    Started,
    /// Finally accepted, or receipted.
    Delivered,
    /// Not taken now; may be tried again, not before the span asked for, if one was (in seconds).
    FailedSoft {
        /// `Retry-After`.
        retry_after: Option<u32>,
    },
    /// Refused for good; the next channel starts at once.
    FailedHard,
    /// Nobody knows; what follows depends on what the receiver does with a repeat (guarantees 3.3).
    Ambiguous {
        /// What it does.
        class: Class,
    },
}

/// What a receiver does with a notice that comes twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// It drops the second by its key.
    Keyed,
    /// It can be asked for our key; the shell asks before it sends again.
    Queryable,
    /// It shows both.
    Neither,
}

/// A ward becomes the active one.
#[derive(Clone, Debug)]
pub struct Activation {
    /// The ward, compiled by the driver from `text`.
    pub program: Program,
    /// All files of the ward as the driver packs them; kept so that every decision can be traced and replayed.
    pub text: Vec<u8>,
    /// Who activated it.
    pub author: Text,
    /// Whether running clocks move to the new version [LOAD-4].
    pub moved: bool,
    /// What `site.toml` says; `None` leaves it as it is. It counts for what is heard from now on.
    pub site: Option<Box<SiteSettings>>,
}

/// An operator's silence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Silence {
    /// Given by the driver; unique.
    pub id: u64,
    /// What is silenced.
    pub what: Silenced,
    /// When it ends by itself; at most 24 hours ahead.
    pub until: Timestamp,
    /// Who asked for it.
    pub author: Text,
    /// Why.
    pub because: Text,
}

/// What a silence covers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Silenced {
    /// A rule, by its id.
    Rule(Text),
    /// Everything at a site.
    Site(Text),
}

/// How a feed is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedStatus {
    /// Name of the feed.
    pub feed: Text,
    /// Its state.
    pub state: FeedState,
}

/// States of a feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FeedState {
    /// It works.
    Connected,
    /// Connected, and silent for longer than usual.
    Idle,
    /// Not connected.
    Lost,
}
