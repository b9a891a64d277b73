//! Clients: who sends, what was acknowledged to them, and what do they do when it was not?
//!
//! A client sends one request at a time and sends it again until it is acknowledged. Its ledger lies outside the engine:
//! what stands there must be in the log for ever.

use std::collections::VecDeque;

use wardline_connectors::codec::json::{Encoding, encode};
use wardline_reference::{evaluate::Told, generate::Random};
use wardline_rules::{
    event::{Event, Fact},
    time::{EventTime, Span, Timestamp},
};

use super::plan::Plan;

/// One line that is to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Message {
    pub(crate) not_before: Timestamp,
    pub(crate) line: String,
}

/// Lines that travel together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Request {
    pub(crate) number: u64,
    pub(crate) lines: Vec<String>,
}

impl Request {
    pub(crate) fn body(&self) -> String {
        self.lines.join("\n")
    }
}

/// One sender.
#[derive(Debug, Default)]
pub(crate) struct Client {
    pub(crate) feed: String,
    queue: VecDeque<Message>,
    /// What was sent and not acknowledged yet.
    pub(crate) open: Option<Request>,
    requests: u64,
}

impl Client {
    pub(crate) fn new(feed: &str) -> Self {
        Self { feed: feed.to_owned(), ..Self::default() }
    }

    /// Puts a line in its place by time.
    pub(crate) fn add(&mut self, message: Message) {
        let place = self.queue.partition_point(|other| other.not_before <= message.not_before);
        self.queue.insert(place, message);
    }

    /// When it next wants to send; `None` if never.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.queue.front().map(|message| message.not_before)
    }

    pub(crate) fn is_done(&self) -> bool {
        self.queue.is_empty() && self.open.is_none()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// What it sends now: again what is open, else what is due.
    pub(crate) fn send(&mut self, now: Timestamp, most: usize) -> Option<Request> {
        if self.open.is_none() {
            let mut lines = Vec::new();
            while lines.len() < most && self.next().is_some_and(|next| next <= now) {
                lines.extend(self.queue.pop_front().map(|message| message.line));
            }
            self.requests += 1;
            self.open = (!lines.is_empty()).then_some(Request { number: self.requests, lines });
        }
        self.open.clone()
    }

    /// The reply came; the request, if it was still open.
    pub(crate) fn acknowledged(&mut self, number: u64) -> Option<Request> {
        if self.open.as_ref().is_some_and(|open| open.number == number) { self.open.take() } else { None }
    }
}

/// The line of an event as a sender writes it.
pub(crate) fn line(event: &Event) -> Option<String> {
    let mut text = String::new();
    let said = Event { received_at: None, ..event.clone() };
    (encode(&said, &mut text) == Encoding::Written).then_some(text)
}

/// Deals what is to be told to the clients: in its order, but each on its own way.
pub(crate) fn deal(told: &[Told], plan: &Plan, random: &mut Random) -> Vec<Client> {
    let mut clients: Vec<Client> = (0..plan.clients).map(|number| Client::new(&format!("feed-{number}"))).collect();
    let count = clients.len();
    for told in told.iter().filter(|told| told.reply.is_none()) {
        let mut put = |random: &mut Random, event: &Event, not_before: Timestamp| {
            if let (Some(line), Some(client)) = (line(event), clients.get_mut(random.below(count))) {
                client.add(Message { not_before, line });
            }
        };
        put(random, &told.event, told.at);
        if random.percent(plan.rewrites) {
            let later = told.at.plus(random.minutes(1, 90));
            put(random, &rewritten(&told.event), later);
        }
        if random.percent(plan.repeats) {
            let later = told.at.plus(random.minutes(1, 400));
            put(random, &told.event, later);
        }
    }
    clients
}

/// The same id with other content: its time is corrected by a minute.
fn rewritten(event: &Event) -> Event {
    let mut event = event.clone();
    let is_answer = matches!(event.fact, Fact::Answer(_));
    if let (Some(at), false) = (event.occurred_at, is_answer) {
        event.occurred_at = Some(EventTime::exact(at.lo.plus(Span::from_minutes(1))));
    }
    event
}
