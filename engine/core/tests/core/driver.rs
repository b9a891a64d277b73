//! Driver: lets log time pass, as a driver without wall clock does, and writes down what was said.
//!
//! A `Tick` comes at each due time at which no batch falls; every output is kept, as values and as lines to be read.

use wardline_core::{
    Batch, Input, Output, Partition, Settings,
    disposition::EventOutcome,
    ids::Nid,
    input::{Activation, Attempt, Outcome},
    output::{AnswerOutcome, Change, Go, Obligation, Party, Purpose, QualityRow, Task, Transition},
    step,
};
use wardline_rules::{
    Text,
    program::Program,
    row::Row,
    settings::SiteSettings,
    time::{Span, Timestamp},
};

use crate::{
    said::{DR_BELL, DR_CHO, Said, at, clock},
    ward,
};

/// All that one step said, comparable.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Told {
    pub(crate) transitions: Vec<Transition>,
    pub(crate) obligations: Vec<Obligation>,
    pub(crate) go: Vec<Go>,
    pub(crate) events: Vec<EventOutcome>,
    pub(crate) answers: Vec<AnswerOutcome>,
    pub(crate) quality: Vec<QualityRow>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) next_due: Option<Timestamp>,
}

impl From<&Output> for Told {
    fn from(out: &Output) -> Self {
        Self {
            transitions: out.transitions.clone(),
            obligations: out.obligations.clone(),
            go: out.go.clone(),
            events: out.events.clone(),
            answers: out.answers.clone(),
            quality: out.quality.clone(),
            tasks: out.tasks.clone(),
            next_due: out.next_due,
        }
    }
}

/// One run of the core.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) partition: Partition,
    pub(crate) batches: Vec<Batch>,
    pub(crate) told: Vec<Told>,
    /// All rows that batches made, oldest first.
    pub(crate) all_rows: Vec<Row>,
    out: Output,
}

/// The program of a packed text, as the tests pack them.
pub(crate) fn compile(text: &[u8]) -> Option<Program> {
    match text {
        b"hospital" => Some(ward::hospital()),
        b"second" => Some(ward::second_edition()),
        b"guarded" => Some(crate::mute::guarded()),
        b"in turns" => Some(crate::escalation::in_turns()),
        b"looking back" => Some(crate::past::looking_back()),
        b"two zones" => Some(crate::slices::two_zones()),
        b"watching" => Some(crate::mute::watching()),
        b"silence" | b"test" => Some(crate::feeds::silence()),
        _ => None,
    }
}

/// A ward becomes active.
pub(crate) fn activate(program: Program, text: &str) -> Input {
    let author = Text::from("Quality");
    Input::Activate(Box::new(Activation { program, text: text.as_bytes().to_vec(), author, moved: false, site: None }))
}

/// The hospital's ward again, with what `site.toml` says.
pub(crate) fn settle(site: SiteSettings) -> Input {
    let (author, text) = (Text::from("Quality"), b"hospital".to_vec());
    let site = Some(Box::new(site));
    Input::Activate(Box::new(Activation { program: ward::hospital(), text, author, moved: false, site }))
}

impl Run {
    /// A partition whose ward is active since 08:00.
    pub(crate) fn of(program: Program) -> Self {
        let mut run = Self::empty();
        run.batch(at("08:00"), vec![activate(program, "test")]);
        run
    }

    /// The whole hospital, whose ward can be compiled again.
    pub(crate) fn hospital() -> Self {
        let mut run = Self::empty();
        run.batch(at("08:00"), vec![activate(ward::hospital(), "hospital")]);
        run
    }

    pub(crate) fn empty() -> Self {
        let partition = Partition::new(Settings { instance: [7; 16] });
        Self { partition, batches: Vec::new(), told: Vec::new(), all_rows: Vec::new(), out: Output::default() }
    }

    /// Stops, and starts again from what a checkpoint holds.
    pub(crate) fn restart(&mut self) {
        let sections = self.partition.checkpoint();
        let sections: Vec<(&str, &[u8])> = sections.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
        self.partition = Partition::restore(&sections, &mut |text| compile(text)).unwrap();
    }

    /// Exactly this batch.
    pub(crate) fn batch(&mut self, at: Timestamp, inputs: Vec<Input>) {
        let batch = Batch { at, inputs };
        self.out.clear();
        step(&mut self.partition, &batch, &mut self.out);
        check_ledger(&self.partition, &batch, &self.out);
        self.told.push(Told::from(&self.out));
        self.partition.rows(&batch, &self.out, &mut self.all_rows);
        self.batches.push(batch);
    }

    /// The rows of the newest batch.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        self.partition.rows(self.batches.last().unwrap(), &self.out, &mut rows);
        rows
    }

    /// This batch, after a tick at every due time before it.
    pub(crate) fn inputs(&mut self, to: &str, inputs: Vec<Input>) -> &mut Self {
        let to = at(to);
        while let Some(due) = self.partition.next_due().filter(|due| *due < to) {
            self.batch(due, vec![Input::Tick]);
            assert_ne!(self.partition.next_due(), Some(due), "a timer fires at its due time [TIME-2]");
        }
        self.batch(to, inputs);
        self
    }

    /// Hears this at `to`.
    pub(crate) fn hear(&mut self, to: &str, said: Said) -> &mut Self {
        self.inputs(to, vec![said.input()])
    }

    /// Nothing but time.
    pub(crate) fn pass(&mut self, to: &str) -> &mut Self {
        self.inputs(to, vec![Input::Tick])
    }

    /// Starts everything that is ready, at `to`; nothing comes of it yet.
    pub(crate) fn start(&mut self, to: &str) -> Vec<Nid> {
        let mut proposals = Vec::new();
        self.partition.proposals(64, &mut proposals);
        let attempt = |nid, number| Input::Attempt(Attempt { nid, number, epoch: 1, outcome: Outcome::Started });
        let inputs = proposals.iter().map(|proposal| attempt(proposal.nid, proposal.number)).collect();
        self.inputs(to, inputs);
        self.told.last().unwrap().go.iter().map(|go| go.nid).collect()
    }

    /// What became of the newest attempt of a notice, number 1 if not said.
    pub(crate) fn outcome(&mut self, to: &str, nid: Nid, (number, outcome): (u32, Outcome)) -> &mut Self {
        self.inputs(to, vec![Input::Attempt(Attempt { nid, number, epoch: 1, outcome })])
    }

    /// Starts everything that is ready and delivers it at once.
    pub(crate) fn deliver(&mut self, to: &str) -> &mut Self {
        let started = self.start(to);
        let next = at(to).plus(Span::from_micros(1));
        let delivered = |nid| Input::Attempt(Attempt { nid, number: 1, epoch: 1, outcome: Outcome::Delivered });
        self.batch(next, started.into_iter().map(delivered).collect());
        self
    }

    /// The code of the newest notice that was made.
    pub(crate) fn code(&self) -> String {
        self.told.iter().flat_map(|told| &told.obligations).last().unwrap().head.nid.code().to_string()
    }

    /// What became of the newest answer.
    pub(crate) fn verdict(&self) -> &'static str {
        self.told.iter().flat_map(|told| &told.answers).last().unwrap().verdict.word()
    }

    /// The lines about alerts, clocks and obligations from `from` on, without the states of notices.
    pub(crate) fn story(&self, from: &str) -> Vec<String> {
        let told = self.told.iter().zip(&self.batches).filter(|(_, batch)| batch.at >= at(from));
        let lines = told.flat_map(|(told, _)| lines(told));
        lines.filter(|line| !line.contains(" notice ")).collect()
    }
}

/// Whatever is heard: nothing is lost, nothing is counted twice, and every event ends as one thing (guarantees 10.3).
pub(crate) fn check_ledger(partition: &Partition, batch: &Batch, out: &Output) {
    for equation in partition.ledger() {
        assert!(equation.holds(), "{equation:?} after {batch:?}");
    }
    let is_event = |(_, input): &(usize, &Input)| matches!(input, Input::Event(_));
    let events: Vec<usize> = batch.inputs.iter().enumerate().filter(is_event).map(|(place, _)| place).collect();
    let disposed: Vec<usize> = out.events.iter().map(|event| event.place).collect();
    assert_eq!(disposed, events, "every event ends as one thing, in the order of the batch");
}

fn who(party: &Party) -> String {
    match party {
        Party::Token(token) if *token == DR_BELL => "Dr Bell".to_owned(),
        Party::Token(token) if *token == DR_CHO => "Dr Cho".to_owned(),
        Party::Token(_) => "somebody".to_owned(),
        Party::Person(name) => name.to_string(),
        Party::Desk(name) => format!("desk {name}"),
    }
}

fn lines(told: &Told) -> Vec<String> {
    let mut lines: Vec<String> = told.transitions.iter().map(transition).collect();
    for obligation in &told.obligations {
        let verb = match obligation.purpose {
            Purpose::Page => "page",
            Purpose::Reminder => "remind",
            Purpose::Tell => "tell",
            Purpose::Withdrawal => "withdraw",
        };
        let head = &obligation.head;
        let recipient = who(&head.recipient.party);
        lines.push(format!("{} {verb} {recipient} by {}", clock(obligation.created), head.channel.word()));
    }
    // Beside the transition that opens it.
    let now = told.transitions.last().map(|transition| clock(transition.at)).unwrap_or_default();
    lines.extend(told.tasks.iter().map(|task| format!("{now} task for {}", task.desk)));
    lines
}

fn transition(transition: &Transition) -> String {
    let rule = transition.rule.split('/').nth(1).unwrap_or_default();
    let at = clock(transition.at);
    match &transition.change {
        Change::Clock(state, reading) => {
            format!("{at} clock {rule} {} due {}", state.word(), clock(reading.due))
        }
        Change::Alert(state, why) if why.is_empty() => {
            format!("{at} alert {rule}#{} {}", transition.generation, state.word())
        }
        Change::Alert(state, why) => format!("{at} alert {rule}#{} {}, {why}", transition.generation, state.word()),
        Change::Notice(state, head) => {
            format!("{at} notice {} by {} {}", who(&head.recipient.party), head.channel.word(), state.word())
        }
    }
}
