//! Life: what does the engine do with this day, and what do its metrics say each minute?
//!
//! - **Not here**: what is told ([`hospital`](super::hospital)), faults of disks and clocks ([`run`](crate::run)).

use std::{
    collections::BTreeMap,
    fs::File,
    future::Future as _,
    io::{BufWriter, Write as _},
    path::Path,
    pin::pin,
    sync::Arc,
    task::{Context, Waker},
};

use wardline::{
    dispatcher::driver::{self, Job},
    metrics::scrape,
    runtime::{by_hand::Next, kernel::Kernel},
    ward,
};
use wardline_connectors::adapters::{Reply, sink::Cause};
use wardline_core::{Input, party_token};
use wardline_dsl::source::Sources;
use wardline_rules::{
    Text,
    event::{Answer, Event, Fact},
    time::{Date, EventTime, Span, Timestamp},
    words::{Act, Channel},
};
use wardline_store::disk::SimDisk;

use super::hospital::{self, GATEWAY, NIGHT, Plan, Told, WARD};
use crate::{
    clients,
    node::{Node, Waiter, options},
    time::SimClock,
};

const MINUTE: Span = Span::from_minutes(1);

/// What happens besides what feeds say.
enum Deed {
    Land(Box<Job>, Reply),
    Answer(Box<Event>),
}

/// The engine and everybody around it.
pub(super) struct Life {
    clock: Arc<SimClock>,
    node: Node,
    now: Timestamp,
    told: BTreeMap<(Timestamp, u64), Told>,
    deeds: BTreeMap<(Timestamp, u64), Deed>,
    serial: u64,
}

impl Life {
    pub(super) fn new(begin: Timestamp, plan: Plan) -> Self {
        let clock = Arc::new(SimClock::new(begin, 1));
        let node = Node::start(&SimDisk::new(1), &clock, (options([7; 16], 64 << 20), None)).unwrap();
        let mut life = Self { clock, node, now: begin, told: plan.told, deeds: BTreeMap::new(), serial: 0 };
        let sources = Sources { packs: ward::packs(), ..Sources::of_text("day.ward", WARD) };
        let activation = ward::activation(&sources, Date::new(2026, 1, 12).unwrap(), "the day").unwrap();
        life.node.control(vec![Input::Activate(Box::new(activation))], Waiter::Ward);
        life
    }

    /// Lives to the end; how many events were told, how often metrics were read, and how many series the last look found.
    pub(super) fn run(mut self, samples: &Path) -> (usize, usize, usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _entered = runtime.enter();
        let mut out = BufWriter::new(File::create(samples).unwrap());
        let (events, mut scrapes, mut series) = (self.told.len(), 0, 0);
        while self.now < hospital::end() {
            self.go_until(self.now.plus(MINUTE));
            let text = self.scrape();
            series = text.lines().filter(|line| !line.starts_with('#')).count();
            self.write(&mut out, &text);
            scrapes += 1;
        }
        writeln!(out, "# EOF").unwrap();
        out.flush().unwrap();
        (events, scrapes, series)
    }

    fn go_until(&mut self, end: Timestamp) {
        while self.now < end {
            let wake = self.settle();
            let told = self.told.first_key_value().map(|((at, _), _)| *at);
            let deed = self.deeds.first_key_value().map(|((at, _), _)| *at);
            let next = told.into_iter().chain(deed).chain([wake]).min().unwrap_or(end);
            self.now = next.clamp(self.now, end);
            self.clock.pass_to(self.now);
            while let Some(entry) = self.told.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let ((_, number), Told { feed, line }) = entry.remove_entry();
                self.node.arrive(feed, &format!("{line}\n"), Waiter::Request { client: 0, number });
            }
            while let Some(entry) = self.deeds.first_entry().filter(|entry| entry.key().0 <= self.now) {
                match entry.remove() {
                    Deed::Land(job, reply) => driver::land(&self.node.engine, &job, &reply),
                    Deed::Answer(event) => self.tell(&event),
                }
            }
        }
        self.settle();
    }

    fn tell(&mut self, event: &Event) {
        let line = clients::line(event).unwrap();
        self.serial += 1;
        self.node.arrive("people", &format!("{line}\n"), Waiter::Request { client: 1, number: self.serial });
    }

    /// Moves the engine until it sleeps; when it wants to be woken.
    fn settle(&mut self) -> Timestamp {
        loop {
            let next = self.node.parts.log();
            drop(self.node.answered());
            let has_worked = self.work();
            match next {
                Next::Again => {}
                Next::Upkeep => _ = self.node.parts.upkeep(),
                Next::Sleep(longest) if !has_worked => {
                    return self.now.plus(Span::from_micros(i64::try_from(longest.as_micros()).unwrap()));
                }
                Next::Sleep(_) => {}
                Next::End(ended) => panic!("the engine ended: {ended:?}"),
            }
        }
    }

    /// Lets the core, upkeep and every attempt go on; whether there was anything.
    fn work(&mut self) -> bool {
        let mut has_worked = false;
        while self.node.parts.core() {
            has_worked = true;
        }
        while let Some(job) = self.node.parts.job() {
            has_worked = true;
            self.leave(job);
        }
        while self.node.parts.upkeep() {
            has_worked = true;
        }
        has_worked
    }

    /// An attempt reaches its gateway, and a person who reads a page answers after some minutes.
    fn leave(&mut self, job: Job) {
        let is_refused = job.channel == Channel::Sms && GATEWAY.holds(self.now);
        let refused = Reply::FailedSoft { retry_after: None, cause: Cause::Status(503) };
        let reply = if is_refused { refused } else { Reply::Delivered };
        let asks = matches!(&job.flight, Ok((_, message)) if message.purpose == "page");
        if asks && !NIGHT.holds(self.now) {
            self.answer(&job);
        }
        self.add(self.now.plus(Span::from_seconds(2)), Deed::Land(Box::new(job), reply));
    }

    fn answer(&mut self, job: &Job) {
        let Ok((_, message)) = &job.flight else { return };
        let Some(notice) = Kernel::notice(self.node.parts.kernel(), job.nid) else { return };
        let answer = Answer {
            act: Act::Accepted,
            code: Some(message.code.clone()),
            nid: Some(job.nid.0),
            by: Some(party_token(&notice.party)),
            licence: None,
            told_by: None,
            value: None,
            unit: Text::default(),
            result: None,
        };
        let at = self.now.plus(Span::from_minutes(4));
        let name = format!("a-{}-{}", job.nid, job.number);
        let mut event = Event::new("people", &name, Fact::Answer(Box::new(answer)));
        event.occurred_at = Some(EventTime::exact(at));
        self.add(at, Deed::Answer(Box::new(event)));
    }

    fn add(&mut self, at: Timestamp, deed: Deed) {
        self.serial += 1;
        self.deeds.insert((at, self.serial), deed);
    }

    /// What a scrape would be told now.
    fn scrape(&mut self) -> String {
        let engine = self.node.engine.clone();
        let mut filling = pin!(scrape::fill(&engine));
        while filling.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            assert!(self.node.parts.core(), "nobody answers the scrape");
        }
        engine.metrics().text()
    }

    /// Its samples as OpenMetrics with the time of the minute, and what Prometheus adds by itself.
    fn write(&self, out: &mut impl std::io::Write, text: &str) {
        let at = self.now.micros() / 1_000_000;
        let labels = "job=\"wardline\",instance=\"day\"";
        for line in text.lines().filter(|line| line.starts_with("wardline_")) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let name = match name.split_once('{') {
                Some((name, rest)) => format!("{name}{{{labels},{rest}"),
                None => format!("{name}{{{labels}}}"),
            };
            writeln!(out, "{name} {value} {at}").unwrap();
        }
        writeln!(out, "up{{{labels}}} 1 {at}").unwrap();
    }
}
