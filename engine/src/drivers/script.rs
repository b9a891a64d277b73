//! Script: does the ward do on this scripted day what the test says?
//!
//! One timeline: entries of one stamp are one batch, time passes by ticks at due times, and every send is delivered in the
//! same instant unless the test says that it fails [TEST-1] [TEST-2]. Everything that happens is noted ([`record`]); then each
//! expectation is looked up in the notes ([`expect`]).
//!
//! - **How it fits**: `wardline test` runs all tests of a ward; specifications and packs run by the same driver.
//! - **Not here**: reading the test (`wardline-dsl`), printing results, coverage.

mod answer;
mod because;
mod build;
mod expect;
mod record;
mod trace;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use wardline_core::{
    Input, Output, Partition, Settings,
    input::{Activation, FeedState, FeedStatus, Silence, Silenced},
    output::{Obligation, Party},
};
use wardline_dsl::script::{self, ClockShows, Entry, Event, Outcome, Test};
use wardline_rules::{
    Text,
    program::{Program, Who},
    settings::SiteSettings,
    time::{Span, Timestamp},
};

use super::world::{Fate, Watcher, World};
use record::Record;
pub use trace::Trace;

/// What became of one test.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The test's name.
    pub name: Text,
    /// Expectations that were not met; empty if it passed.
    pub failures: Vec<Failure>,
    /// What was expected beside what was sent, in order of time; empty if it passed.
    pub day: Vec<Line>,
    /// How much time passed on the scripted day.
    pub simulated: Span,
}

impl Verdict {
    /// What failed, why, and the day: the lines that people read; empty if it passed.
    #[must_use]
    pub fn text(&self) -> String {
        if self.failures.is_empty() {
            return String::new();
        }
        let mut text: String = self.failures.iter().map(Failure::text).collect();
        text.push_str("      the day   = as expected   - expected, did not happen   + also sent\n");
        for line in &self.day {
            text.push_str(&format!("      {} {:<17} {}\n", line.mark.sign(), line.at, line.what));
        }
        text
    }
}

impl Failure {
    fn text(&self) -> String {
        let line = |head: &str, text: &Option<String>| {
            text.as_ref().map(|text| format!("      {head}{text}\n")).unwrap_or_default()
        };
        let (because, closest) = (line("because   ", &self.because), line("closest   ", &self.closest));
        format!("      expected  {}\n      but       {}\n{because}{closest}", self.expected, self.got)
    }
}

/// Something that was expected, or happened, on a scripted day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Which of the two, or both.
    pub mark: Mark,
    /// When, as people write it; empty where the test names no time.
    pub at: String,
    /// What.
    pub what: String,
}

/// Whether something was expected and whether it happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// As expected.
    Both,
    /// Expected, and it did not happen.
    Expected,
    /// A message that nothing in the test speaks of.
    Sent,
}

impl Mark {
    /// Its sign in a timeline.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Both => '=',
            Self::Expected => '-',
            Self::Sent => '+',
        }
    }
}

/// An expectation that was not met.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Where the expectation stands.
    pub span: wardline_dsl::source::Span,
    /// The expectation as written.
    pub expected: String,
    /// What happened instead.
    pub got: String,
    /// What the rule concerned did on that day, or what it waited for in vain.
    pub because: Option<String>,
    /// The most similar thing that happened, if there is one.
    pub closest: Option<String>,
}

/// Runs one test of a ward.
///
/// - **Input** `text_of`: the text of a place in the ward's files, for messages.
/// - **Errors**: none; what was not met is in the verdict.
#[must_use]
pub fn run(
    (program, site): (&Program, &SiteSettings),
    test: &Test,
    text_of: &dyn Fn(wardline_dsl::source::Span) -> String,
) -> Verdict {
    let mut stage = Stage::new(program, test);
    let start = stage.run(site);
    let (failures, day) = expect::check(&stage, text_of);
    let simulated = Span::from_micros(test.end.since(start).micros().max(0));
    Verdict { name: test.name.clone(), failures, day, simulated }
}

/// Runs one test of a ward for what the core says, whatever the test expects.
#[must_use]
pub fn trace((program, site): (&Program, &SiteSettings), test: &Test) -> Trace {
    let mut stage = Stage::new(program, test);
    stage.record.trace = Some(Box::default());
    stage.run(site);
    stage.record.trace.take().map(|tracing| tracing.finish()).unwrap_or_default()
}

/// A scripted day while it runs.
struct Stage<'t> {
    program: &'t Program,
    test: &'t Test,
    world: World,
    record: Record<'t>,
    builder: build::Builder<'t>,
    silences: BTreeMap<Text, u64>,
}

impl<'t> Stage<'t> {
    fn new(program: &'t Program, test: &'t Test) -> Self {
        Self {
            program,
            test,
            world: World::new(Partition::new(Settings::default())),
            record: Record::new(program, test),
            builder: build::Builder::new(program, test),
            silences: BTreeMap::new(),
        }
    }

    /// The whole day; returns when it began.
    fn run(&mut self, site: &SiteSettings) -> Timestamp {
        let start = self.test.entries.first().map_or(self.test.end, |entry| entry.at);
        self.activate(start, site);
        self.play();
        start
    }

    fn activate(&mut self, start: Timestamp, site: &SiteSettings) {
        let activation = Activation {
            program: self.program.clone(),
            text: Vec::new(),
            author: Text::from("test"),
            moved: false,
            site: Some(Box::new(site.clone())),
        };
        let before = start.plus(Span::from_micros(-1));
        self.world.batch(before, vec![Input::Activate(Box::new(activation))], &mut self.record);
    }

    /// All entries and all looks at clocks, in order of time, to the end of the day.
    fn play(&mut self) {
        let mut instants: Vec<Timestamp> = self.test.entries.iter().map(|entry| entry.at).collect();
        instants.extend(self.test.expectations.iter().filter_map(|expectation| match &expectation.outcome {
            Outcome::Clock { is: ClockShows::Used(_) | ClockShows::DueAt(_), .. } => expectation.at.map(|at| at.from),
            _ => None,
        }));
        instants.sort_unstable();
        instants.dedup();
        for at in instants {
            self.world.advance(at, &mut self.record);
            let entries: Vec<&Entry> = self.test.entries.iter().filter(|entry| entry.at == at).collect();
            let inputs = entries.into_iter().flat_map(|entry| self.inputs(entry)).collect();
            self.world.batch(at, inputs, &mut self.record);
            self.learn();
            self.look(at);
        }
        self.world.advance(self.test.end, &mut self.record);
    }

    /// Remembers under which ids the engine knows the labels of the test.
    fn learn(&mut self) {
        for entry in &self.test.entries {
            if let Event::Report { report, .. } = &entry.event {
                let id = self.world.partition.find_report(&build::filler(report));
                self.record.learn(report, id);
            }
        }
    }

    /// Notes what clocks show now, for expectations of this stamp.
    fn look(&mut self, at: Timestamp) {
        for expectation in &self.test.expectations {
            if let Outcome::Clock { report, .. } = &expectation.outcome
                && expectation.at.is_some_and(|window| window.from == at)
                && let Some(id) = self.record.report_id(report)
            {
                self.record.note_clocks(at, report, self.world.partition.clocks_of(id));
            }
        }
    }

    fn inputs(&mut self, entry: &Entry) -> Vec<Input> {
        match &entry.event {
            Event::Report { report, news, occurred_at, facts } => {
                let event = self.builder.report(report, news, *occurred_at, facts);
                vec![Input::Event(Box::new(event))]
            }
            Event::Message(feed) => vec![Input::Event(Box::new(self.builder.message(*feed, entry.at)))],
            Event::Feed(feed, state) => {
                let feed = self.program.catalogue.feeds.get(feed.index()).map(|feed| feed.name.clone());
                let state = match state {
                    script::FeedState::Lost => FeedState::Lost,
                    script::FeedState::Idle => FeedState::Idle,
                    script::FeedState::Connected => FeedState::Connected,
                };
                vec![Input::Feed(FeedStatus { feed: feed.unwrap_or_default(), state })]
            }
            Event::Silence { what, until, because } => vec![self.silence(what, *until, because)],
            Event::Lift(what) => {
                let id = self.silences.get(&silenced_name(what, self.program)).copied();
                vec![Input::Lift(id.unwrap_or(u64::MAX))]
            }
            Event::Answer { .. } => {
                let answer = answer::event(&self.record, &mut self.builder, entry);
                vec![Input::Event(Box::new(answer))]
            }
        }
    }

    fn silence(&mut self, what: &script::Silenced, until: Timestamp, because: &Text) -> Input {
        let id = u64::try_from(self.silences.len()).unwrap_or(0) + 1;
        let name = silenced_name(what, self.program);
        self.silences.insert(name.clone(), id);
        let what = match what {
            script::Silenced::Rule(rule) => Silenced::Rule(rule.clone()),
            script::Silenced::Site(_) => Silenced::Site(name),
        };
        Input::Silence(Box::new(Silence { id, what, until, author: Text::from("test"), because: because.clone() }))
    }
}

fn silenced_name(what: &script::Silenced, program: &Program) -> Text {
    match what {
        script::Silenced::Rule(rule) => rule.clone(),
        script::Silenced::Site(site) => {
            program.catalogue.sites.get(site.index()).map(|site| site.name.clone()).unwrap_or_default()
        }
    }
}

impl Watcher for Record<'_> {
    fn fate(&mut self, obligation: &Obligation, at: Timestamp) -> Fate {
        if let Some(trace) = &mut self.trace {
            trace.send(at, obligation);
        }
        self.note_send(obligation, at);
        let test = self.test();
        let fault = test.faults.iter().find(|fault| {
            fault.by == obligation.head.channel
                && fault.until.is_none_or(|until| at < until)
                && fault.to.is_none_or(|who| self.is_recipient(who, &obligation.head.recipient))
        });
        fault.map_or(Fate::Delivered, |fault| Fate::Fails(fault.after.unwrap_or(Span::ZERO)))
    }

    fn see(&mut self, at: Timestamp, out: &Output) {
        if let Some(trace) = &mut self.trace {
            trace.see(at, out);
        }
        self.note(at, out);
    }
}

/// Whether a resolved party is who a ward means by a desk or person.
fn is_party(program: &Program, who: Who, party: &Party) -> bool {
    match (who, party) {
        (Who::Desk(desk), Party::Desk(name)) => program.desks.get(desk.index()).is_some_and(|desk| desk.name == *name),
        (Who::Person(person), Party::Person(name)) => {
            program.people.get(person.index()).is_some_and(|person| person.name == *name)
        }
        _ => false,
    }
}
