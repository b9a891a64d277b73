//! Script: a state machine small enough to read, with the state table of one notice.
//!
//! An event `forget-…` is lost, as if by a mistake of ours. An update event `page-…` makes a notice that is ready, `page-list…` one by the worklist; attempts move it as the core would. `task-1` opens a task and `done-1` ends it. An answer is accepted.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wardline_core::{
    Batch, Disposition, Input, Output, Proposal,
    disposition::EventOutcome,
    ids::{AlertId, Nid, ReportId},
    input::{Attempt, Outcome, Silence},
    ledger::Equation,
    output::{AnswerOutcome, AnswerVerdict, Go, NoticeState, Task},
    views::{ClockFigures, Figures},
};
use wardline_rules::{
    Text,
    event::{Event, Fact},
    program::Level,
    time::{Span, Timestamp},
    words::Channel,
};

use crate::{
    dispatcher::message::tests::notice,
    runtime::kernel::{Bootable, Kernel, Notice},
};

/// Everything that happened, as lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    pub(super) events: Vec<String>,
    notices: BTreeMap<Nid, (NoticeState, u32, u32)>,
    due: Option<Timestamp>,
    pub(super) fired: u64,
    pub(super) ambiguous: u64,
    silences: Vec<Silence>,
}

pub(crate) fn nid(event_id: &str) -> Nid {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(event_id.bytes()).for_each(|(to, from)| *to = from);
    Nid(bytes)
}

/// An event that the script understands by its id.
pub(crate) fn event(id: &str) -> Input {
    Input::Event(Box::new(Event::new("lis", id, Fact::Update)))
}

/// Seen before, unreadable, or new.
fn disposition(event: &Event, seen: &[String]) -> Disposition {
    match event.fact {
        Fact::Unreadable { .. } => Disposition::DeadLettered,
        _ if seen.iter().filter(|seen| **seen == event.event_id).count() > 1 => {
            Disposition::Duplicate { first: Timestamp::from_micros(0) }
        }
        _ => Disposition::Applied,
    }
}

impl Script {
    fn take(&mut self, at: Timestamp, input: &Input, output: &mut Output) {
        match input {
            Input::Event(event) => self.take_event(at, event, output),
            Input::Attempt(attempt) => self.take_attempt(*attempt, output),
            Input::Silence(silence) => self.silences.push(silence.as_ref().clone()),
            Input::Lift(id) => self.silences.retain(|silence| silence.id != *id),
            _ => {}
        }
    }

    fn take_event(&mut self, at: Timestamp, event: &Event, output: &mut Output) {
        assert!(!event.event_id.starts_with("panic-"), "a mistake of ours, as a test asks for it");
        if event.event_id.starts_with("forget-") {
            return;
        }
        self.events.push(event.event_id.to_string());
        if event.event_id.starts_with("page-") {
            self.notices.insert(nid(&event.event_id), (NoticeState::Ready, 0, 0));
        }
        if event.event_id.starts_with("timer-") {
            self.due = Some(at.plus(Span::from_seconds(600)));
        }
        if let Fact::Answer(_) = event.fact {
            let event_id = event.event_id.clone();
            output.answers.push(AnswerOutcome { event_id, verdict: AnswerVerdict::Accepted, alert: None });
        }
    }

    fn take_attempt(&mut self, attempt: Attempt, output: &mut Output) {
        let Some((state, number, epoch)) = self.notices.get_mut(&attempt.nid) else { return };
        match attempt.outcome {
            Outcome::Started if *state == NoticeState::Ready => {
                (*state, *number, *epoch) = (NoticeState::Started, attempt.number, attempt.epoch);
                output.go.push(Go { nid: attempt.nid, number: attempt.number, is_repeat: attempt.number > 1 });
            }
            Outcome::Started => {}
            Outcome::Delivered => *state = NoticeState::Delivered,
            Outcome::FailedHard => *state = NoticeState::Exhausted,
            Outcome::FailedSoft { .. } => *state = NoticeState::Ready,
            Outcome::Ambiguous { .. } => {
                self.ambiguous += 1;
                *state = NoticeState::Ready;
            }
        }
    }
}

impl Kernel for Script {
    fn step(&mut self, batch: &Batch, output: &mut Output) {
        if self.due.is_some_and(|due| due <= batch.at) {
            self.due = None;
            self.fired += 1;
        }
        for (index, input) in (0_u32..).zip(&batch.inputs) {
            output.at_input = Some(index);
            self.take(batch.at, input, output);
            if let Input::Event(event) = input {
                let place = usize::try_from(index).unwrap();
                output.events.push(EventOutcome { place, disposition: disposition(event, &self.events) });
            }
        }
        output.at_input = None;
        output.next_due = self.due;
    }

    fn proposals(&self, limit: usize, into: &mut Vec<Proposal>) {
        let ready = self.notices.iter().filter(|(_, (state, ..))| *state == NoticeState::Ready);
        into.extend(ready.take(limit).map(|(nid, (_, number, _))| Proposal {
            level: Level::Red,
            created: Timestamp::MIN,
            nid: *nid,
            number: number + 1,
            channel: Channel::Sms,
        }));
    }

    fn open_tasks(&self) -> Vec<Task> {
        let is_done = |number: &str| self.events.iter().any(|event| event.strip_prefix("done-") == Some(number));
        let open = self.events.iter().filter_map(|event| event.strip_prefix("task-")).filter(|number| !is_done(number));
        open.map(|number| Task {
            raised: Timestamp::MIN,
            alert: AlertId(nid(number).0),
            desk: Text::const_new("Laboratory"),
            rule: Text::from(format!("alert/{number}")),
            severity: Text::const_new("red"),
            level: Level::Red,
            report: None,
        })
        .collect()
    }

    fn unresolved(&self) -> Vec<Attempt> {
        let started = self.notices.iter().filter(|(_, (state, ..))| *state == NoticeState::Started);
        let attempt = |(nid, (_, number, epoch)): (&Nid, &(NoticeState, u32, u32))| Attempt {
            nid: *nid,
            number: *number,
            epoch: *epoch,
            outcome: Outcome::Started,
        };
        started.map(attempt).collect()
    }

    fn notice(&self, nid: Nid) -> Option<Notice> {
        let (state, ..) = self.notices.get(&nid)?;
        let channel = if nid.0.starts_with(b"page-list") { Channel::Worklist } else { Channel::Sms };
        Some(Notice { nid, state: *state, ..notice(channel) })
    }

    fn notices_by_code(&self, code: wardline_core::ids::Code) -> Vec<Nid> {
        self.notices.keys().copied().filter(|nid| nid.code() == code).collect()
    }

    fn listed(&self, channel: Channel) -> Vec<Notice> {
        let delivered = self.notices.iter().filter(|(_, (state, ..))| *state == NoticeState::Delivered);
        let known = delivered.filter_map(|(nid, _)| self.notice(*nid));
        known.filter(|notice| notice.channel == channel).collect()
    }

    fn report(&self, id: ReportId) -> Option<Value> {
        (id == ReportId([7; 16])).then(|| json!({ "report": id.to_string(), "status": "final" }))
    }

    fn alerts(&self, limit: usize) -> Vec<Value> {
        self.events.iter().rev().take(limit).map(|event| json!({ "alert": event })).collect()
    }

    fn silences(&self) -> Vec<Silence> {
        self.silences.clone()
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        vec![("received", u64::try_from(self.events.len()).unwrap())]
    }

    fn ledger(&self) -> Vec<Equation> {
        Vec::new()
    }

    fn gauges(&self) -> wardline_core::views::Gauges {
        wardline_core::views::Gauges::default()
    }

    fn figures(&self) -> Figures {
        // An event may stand for a clock.
        let clocks = self.events.iter().filter_map(|id| id.strip_prefix("clock-"));
        Figures {
            timers: usize::from(self.due.is_some()),
            clocks: clocks.map(|name| (Text::from(name), ClockFigures::default())).collect(),
            ..Figures::default()
        }
    }

    fn sla_of(&self, _: &str) -> Option<Text> {
        None
    }

    fn ward(&self) -> Option<(Text, [u8; 32])> {
        None
    }

    fn site(&self) -> wardline_rules::settings::SiteSettings {
        wardline_rules::settings::SiteSettings::default()
    }

    fn checkpoint(&self) -> Vec<(&'static str, Vec<u8>)> {
        vec![("events", self.events.join("\n").into_bytes())]
    }
}

impl Bootable for Script {
    const LOGIC: u32 = <wardline_core::Partition as Bootable>::LOGIC;

    fn fresh(_: [u8; 16]) -> Self {
        Self::default()
    }

    fn restore(_: [u8; 16], sections: &[(String, Vec<u8>)]) -> Result<Self, String> {
        let (_, bytes) = sections.iter().find(|(name, _)| name == "events").ok_or("no events")?;
        let text = String::from_utf8(bytes.clone()).map_err(|error| error.to_string())?;
        Ok(Self { events: text.lines().map(str::to_owned).collect(), ..Self::default() })
    }
}
