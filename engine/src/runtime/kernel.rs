//! Kernel: what does the shell ask of the state machine it drives?
//!
//! The runtime, the dispatcher and the API know the core only by this trait, so that each of them can be tested against
//! a scripted one without a ward.
//!
//! - **How it fits**: [`Partition`](wardline_core) implements it; the core thread owns the only instance.
//! - **Not here**: any decision.

use serde_json::Value;
use wardline_core::{
    Batch, Output, Proposal,
    ids::{Code, Nid, ReportId},
    input::{Attempt, Silence},
    ledger::Equation,
    output::{AlertState, NoticeState, Party, Purpose, Task},
    views::{FeedRhythm, FeedView, Figures, Gauges, Passage},
};
use wardline_rules::{Text, program::Level, row::Row, settings::SiteSettings, time::Timestamp, words::Channel};

/// All that the shell needs to know of a notice to send it, to show it and to take an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// Its id.
    pub nid: Nid,
    /// Where it is in its life.
    pub state: NoticeState,
    /// What it is for.
    pub purpose: Purpose,
    /// By which channel.
    pub channel: Channel,
    /// The `[[channel]]` that carries it.
    pub via: Text,
    /// Whom it goes to.
    pub party: Party,
    /// What they are to the report, in the ward's words.
    pub role: Text,
    /// The address the ward itself writes, if it does.
    pub reach: Option<Text>,
    /// Its severity's word.
    pub severity: Text,
    /// How urgently it is delivered.
    pub level: Level,
    /// The rule's name.
    pub rule: Text,
    /// The report it is about.
    pub report: Option<ReportId>,
    /// When it came to be.
    pub created: Timestamp,
    /// The display word of its alert.
    pub alert_state: AlertState,
    /// The step of the escalation that runs, from 1; 0 if none was begun.
    pub step: u32,
    /// Text for signed-in, secured channels, with its placeholders; the default if none.
    pub message: Option<Text>,
    /// Text for all others, with its placeholders; the default if none.
    pub brief: Option<Text>,
    /// Values of placeholders that name no patient, by name.
    pub values: Vec<(&'static str, Text)>,
    /// Whether an answer must read the value back.
    pub wants_read_back: bool,
    /// Of a withdrawal: the notices that it takes back, oldest first.
    pub withdraws: Vec<Nid>,
}

impl Notice {
    /// The short code that a person gives back.
    #[must_use]
    pub fn code(&self) -> Code {
        self.nid.code()
    }

    /// The short code that its text shows: a withdrawal shows that of what it takes back.
    #[must_use]
    pub fn shown_code(&self) -> Code {
        self.withdraws.last().map_or_else(|| self.nid.code(), |nid| nid.code())
    }
}

/// The state machine, as the shell sees it.
pub trait Kernel: Send + 'static {
    /// Applies a batch.
    fn step(&mut self, batch: &Batch, output: &mut Output);

    /// From the next batch on, [`Self::rows`] tells what changed. Without tables nobody asks.
    fn watch_rows(&mut self) {}

    /// Adds the rows of the batch that was just stepped.
    fn rows(&self, _: &Batch, _: &Output, _: &mut Vec<Row>) {}

    /// From the next batch on, [`Self::passages`] tells what happened.
    fn watch_passages(&mut self) {}

    /// Adds what happened to reports in the batch that was just stepped.
    fn passages(&self, _: &mut Vec<Passage>) {}

    /// Notices ready to start, most urgent first, at most `limit`.
    fn proposals(&self, limit: usize, into: &mut Vec<Proposal>);

    /// The starts that have no result yet.
    fn unresolved(&self) -> Vec<Attempt>;

    /// One notice.
    fn notice(&self, nid: Nid) -> Option<Notice>;

    /// The notices with this code, oldest first; nearly always one.
    fn notices_by_code(&self, _: Code) -> Vec<Nid> {
        Vec::new()
    }

    /// The notices of open alerts that were delivered by this channel, oldest first.
    fn listed(&self, _: Channel) -> Vec<Notice> {
        Vec::new()
    }

    /// One report as JSON, without anything that names a patient.
    fn report(&self, id: ReportId) -> Option<Value>;

    /// The newest alerts as JSON.
    fn alerts(&self, limit: usize) -> Vec<Value>;

    /// What desks have to do because nobody answered.
    fn open_tasks(&self) -> Vec<Task> {
        Vec::new()
    }

    /// How each way in is.
    fn feeds(&self) -> Vec<FeedView> {
        Vec::new()
    }

    /// When every source was heard.
    fn rhythms(&self) -> Vec<FeedRhythm> {
        Vec::new()
    }

    /// The silences in force.
    fn silences(&self) -> Vec<Silence>;

    /// The counters of conservation, by name.
    fn counters(&self) -> Vec<(&'static str, u64)>;

    /// The equations of conservation over what the core counts.
    fn ledger(&self) -> Vec<Equation>;

    /// What there is now, counted.
    fn gauges(&self) -> Gauges;

    /// What a board shows of the state.
    fn figures(&self) -> Figures;

    /// The name of the sla that a rule belongs to.
    fn sla_of(&self, rule: &str) -> Option<Text>;

    /// Name and version of the active ward, if one was activated.
    fn ward(&self) -> Option<(Text, [u8; 32])>;

    /// What the installation's settings are: `site.toml` as of the last activation that brought it.
    fn site(&self) -> SiteSettings;

    /// The sections of a checkpoint.
    fn checkpoint(&self) -> Vec<(&'static str, Vec<u8>)>;

    /// The same for another thread: encoded when they are asked for, of the state as it is now.
    fn freeze(&mut self) -> Frozen {
        Box::new(self.checkpoint().into_iter())
    }
}

/// The sections of a state that has gone on meanwhile.
pub type Frozen = Box<dyn Iterator<Item = (&'static str, Vec<u8>)> + Send>;

/// A state machine that can begin, and begin again where a checkpoint ends.
pub trait Bootable: Kernel + Sized {
    /// The version of its decisions: a log is replayed only by the one that wrote it.
    const LOGIC: u32;

    /// An empty state of this installation.
    fn fresh(instance: [u8; 16]) -> Self;

    /// The state of a checkpoint.
    ///
    /// # Errors
    /// What does not fit, in words for an operator.
    fn restore(instance: [u8; 16], sections: &[(String, Vec<u8>)]) -> Result<Self, String>;
}
