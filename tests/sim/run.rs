//! Run: what happens in one seed, in which order?
//!
//! ```text
//!  agenda ──► deed at its time ──► the node moves until it sleeps ──► receipts to clients, attempts to receivers ──┐
//!    ▲  sends, replies, landings, stops, starts, jumps, crowds                                                     │
//!    └─────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
//! ```
//! First with faults, then without: then everything must settle.

use std::{collections::BTreeMap, sync::Arc};

use wardline::{
    dispatcher::driver::{self, Job},
    runtime::{
        by_hand::Next,
        kernel::Kernel,
        records::{Access, Action},
    },
    ward,
};
use wardline_connectors::adapters::Outgoing;
use wardline_core::{Input, ids::Nid, party_token};
use wardline_dsl::source::Sources;
use wardline_reference::generate::{self, Case, Random};
use wardline_rules::{
    Text,
    event::{Answer, Event, Fact},
    time::{Date, EventTime, Span, Timestamp},
    words::Act,
};
use wardline_store::disk::SimDisk;

use super::{
    clients::{self, Client, Message, Request},
    ledger::Ledger,
    node::{Node, Waiter},
    outside::Outside,
    plan::Plan,
    receivers::{Exchange, Receivers},
    shrink::{Cut, Size},
    time::SimClock,
    trace::{Held, Tally, Trace, broken, hold},
};

/// How long a client waits for a reply before it sends again.
const PATIENCE: Span = Span::from_seconds(20);
/// Passes of the log at one instant; beyond it the engine turns for ever.
const PASSES_MAX: u32 = 20_000;

/// Something that happens at its time.
pub(crate) enum Deed {
    Send(usize),
    Arrive { client: usize, request: Request },
    Reply { client: usize, number: u64 },
    Patience { client: usize, number: u64 },
    Take { nid: Nid, message: Box<Outgoing> },
    Land { life: u64, job: Box<Job>, exchange: Exchange },
    Stop,
    Start,
    Jump,
    Crowd,
    Activate,
}

/// One seed under way.
pub(crate) struct Run {
    pub(crate) plan: Plan,
    pub(crate) random: Random,
    pub(crate) trace: Trace,
    pub(crate) tally: Tally,
    pub(crate) now: Timestamp,
    pub(crate) clock: Arc<SimClock>,
    pub(crate) disk: SimDisk,
    pub(crate) instance: [u8; 16],
    pub(crate) node: Option<Node>,
    /// How many times the engine was started.
    pub(crate) life: u64,
    pub(crate) epoch: u32,
    /// A fault of the disk waits, so the engine may end.
    pub(crate) is_armed: bool,
    pub(crate) is_calm: bool,
    pub(crate) clients: Vec<Client>,
    pub(crate) receivers: Receivers,
    pub(crate) outside: Outside,
    pub(crate) ledger: Ledger,
    pub(crate) until: Timestamp,
    pub(crate) sources: Sources,
    /// When each event is told, and how many rules there are.
    told: Vec<Timestamp>,
    rules: usize,
    is_ward_active: bool,
    agenda: BTreeMap<(Timestamp, u64), Deed>,
    serial: u64,
    accesses: u64,
}

impl Run {
    /// The run of a seed, without what was cut from it.
    pub(crate) fn new(seed: u64, cut: &Cut) -> Self {
        let mut random = Random::new(seed);
        let mut plan = Plan::draw(&mut random);
        let mut case: Case = generate::unanswered(random.word(), plan.reports, plan.hours);
        cut.apply(&mut plan, &mut case);
        let begin = case.told.first().map_or(case.until, |told| told.at).plus(Span::from_minutes(-10));
        let mut instance = [0; 16];
        instance[..8].copy_from_slice(&seed.to_le_bytes());
        instance[15] = 1;
        let mut clients = clients::deal(&case.told, &plan, &mut random);
        clients.push(Client::new("people"));
        let text = case.ward.ward_text();
        let mut run = Self {
            trace: Trace::new(),
            tally: Tally::default(),
            now: begin,
            clock: Arc::new(SimClock::new(begin, plan.pace)),
            disk: SimDisk::new(random.word()),
            instance,
            node: None,
            life: 0,
            epoch: 0,
            is_armed: false,
            is_calm: false,
            clients,
            receivers: Receivers::default(),
            outside: Outside::new(instance),
            ledger: Ledger::default(),
            until: case.until,
            sources: Sources::of_text("sim.ward", &text),
            told: case.told.iter().map(|told| told.at).collect(),
            rules: case.ward.rules.len(),
            is_ward_active: false,
            agenda: BTreeMap::new(),
            serial: 0,
            accesses: 0,
            plan,
            random,
        };
        run.fill_agenda(begin);
        run
    }

    /// How big it is, and how much of it was told by now.
    pub(crate) fn size(&self) -> Size {
        let told = self.told.partition_point(|at| *at <= self.now);
        Size { plan: self.plan.clone(), events: self.told.len(), rules: self.rules, told }
    }

    fn fill_agenda(&mut self, begin: Timestamp) {
        self.add(begin, Deed::Start);
        for client in 0..self.clients.len() {
            self.send_next(client);
        }
        let minutes = self.until.since(begin).micros() / 60_000_000 - 6 * 60;
        let (stops, jumps, crowds, reloads) = (self.plan.stops, self.plan.jumps, self.plan.crowds, self.plan.reloads);
        for (count, make) in [
            (stops, (|| Deed::Stop) as fn() -> Deed),
            (jumps, || Deed::Jump),
            (crowds, || Deed::Crowd),
            (reloads, || Deed::Activate),
        ] {
            for _ in 0..count {
                let at = begin.plus(self.random.minutes(1, minutes)).plus(self.some_micros(60_000_000));
                self.add(at, make());
            }
        }
    }

    pub(crate) fn some_micros(&mut self, most: i64) -> Span {
        Span::from_micros(self.random.from_to(0, most))
    }

    pub(crate) fn add(&mut self, at: Timestamp, deed: Deed) {
        self.serial += 1;
        self.agenda.insert((at.max(self.now), self.serial), deed);
    }

    pub(crate) fn note(&mut self, text: &str) {
        self.trace.line(self.now, text);
    }

    /// Lets everything happen up to `end`.
    pub(crate) fn go_until(&mut self, end: Timestamp) -> Held {
        while self.now < end {
            let wake = self.settle()?;
            let next = self.agenda.first_key_value().map(|((at, _), _)| *at);
            let next = next.into_iter().chain(wake).min().unwrap_or(end).clamp(self.now, end);
            self.tally.minutes += next.since(self.now).micros() / 60_000_000;
            self.now = next;
            self.clock.pass_to(next);
            while let Some(entry) = self.agenda.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let deed = entry.remove();
                self.perform(deed)?;
            }
        }
        Ok(())
    }

    fn perform(&mut self, deed: Deed) -> Held {
        match deed {
            Deed::Send(client) => self.send(client),
            Deed::Arrive { client, request } => self.arrive(client, &request),
            Deed::Reply { client, number } => self.reply(client, number),
            Deed::Patience { client, number } => {
                let is_open = self.clients[client].open.as_ref().is_some_and(|open| open.number == number);
                if is_open {
                    self.send(client);
                }
            }
            Deed::Take { nid, message } => self.take(nid, &message)?,
            Deed::Land { life, job, exchange } => self.land(life, &job, &exchange),
            Deed::Stop => self.stop()?,
            Deed::Start => self.start()?,
            Deed::Jump => self.jump(),
            Deed::Crowd => self.crowd(),
            Deed::Activate => self.activate()?,
        }
        Ok(())
    }

    // Clients.

    fn send_next(&mut self, client: usize) {
        if let Some(next) = self.clients[client].next() {
            self.add(next, Deed::Send(client));
        }
    }

    fn send(&mut self, client: usize) {
        let most = 1 + self.random.below(3);
        let is_new = self.clients[client].open.is_none();
        let Some(mut request) = self.clients[client].send(self.now, most) else { return self.send_next(client) };
        let number = request.number;
        if is_new && !self.is_calm && self.random.percent(self.plan.garbage) {
            request.lines.push(format!("{{\"v\":1,\"broken\":{}", self.random.below(1_000)));
            self.clients[client].open = Some(request.clone());
            self.tally.fault("unreadable line");
        }
        let patience = PATIENCE.plus(self.some_micros(3_000_000));
        self.add(self.now.plus(patience), Deed::Patience { client, number });
        self.tally.count("requests");
        if !self.is_calm && self.random.percent(self.plan.lost_requests) {
            return self.tally.fault("request lost");
        }
        let travel = self.some_micros(200_000);
        self.add(self.now.plus(travel), Deed::Arrive { client, request });
    }

    fn arrive(&mut self, client: usize, request: &Request) {
        let feed = self.clients[client].feed.clone();
        let Some(node) = &mut self.node else { return };
        node.arrive(&feed, &request.body(), Waiter::Request { client, number: request.number });
    }

    /// The acknowledgement reaches the client: from now on it counts on us.
    fn reply(&mut self, client: usize, number: u64) {
        let Some(request) = self.clients[client].acknowledged(number) else { return };
        self.note(&format!("{} hears yes to request {number}", self.clients[client].feed));
        self.tally.add("acknowledged lines", u64::try_from(request.lines.len()).unwrap_or(0));
        self.ledger.acknowledge(&request.lines);
        self.send_next(client);
    }

    // The node.

    /// Moves the engine until it sleeps; when it wants to be woken, if it runs.
    fn settle(&mut self) -> Held<Option<Timestamp>> {
        for _ in 0..PASSES_MAX {
            let Some(node) = &mut self.node else { return Ok(None) };
            let next = node.parts.log();
            self.hear()?;
            let lag = if self.is_calm { 0 } else { self.plan.core_lag };
            match next {
                Next::Again if self.random.percent(lag) => {}
                Next::Again => _ = self.work(1 + u32::from(lag == 0) * 100),
                Next::Upkeep => {
                    self.upkeep()?;
                    self.work(100);
                }
                Next::Sleep(longest) => {
                    let has_worked = self.work(100);
                    if !self.depart()? && !has_worked {
                        self.check_asleep()?;
                        let micros = i64::try_from(longest.as_micros()).unwrap_or(i64::MAX);
                        return Ok(Some(self.now.plus(Span::from_micros(micros * i64::from(self.plan.pace)))));
                    }
                }
                Next::End(ended) => {
                    self.ended(ended)?;
                    return Ok(None);
                }
            }
            self.depart()?;
            let upkeep = if self.is_calm { 100 } else { self.plan.upkeep };
            if self.random.percent(upkeep) {
                self.upkeep()?;
            }
        }
        broken("O18", format!("the log made {PASSES_MAX} passes at one instant"))
    }

    /// Lets upkeep carry out one order; whether there was one. What it may cut off the log is read before.
    pub(crate) fn upkeep(&mut self) -> Held<bool> {
        if self.plan.kept_minutes > 0 && self.node.is_some() {
            self.outside.read(&self.copy(), self.now)?;
        }
        Ok(self.node.as_mut().is_some_and(|node| node.parts.upkeep()))
    }

    /// Lets the core take up to so many batches; whether it took one.
    fn work(&mut self, most: u32) -> bool {
        let Some(node) = &mut self.node else { return false };
        (0..most).take_while(|_| node.parts.core()).count() > 0
    }

    /// Nothing that is due may sleep.
    fn check_asleep(&mut self) -> Held {
        let Some(node) = &self.node else { return Ok(()) };
        let (due, now) = (node.parts.kernel().next_due(), node.engine.log_now());
        hold(due.is_none_or(|due| due > now), "O6", || format!("asleep at {now}, and {due:?} is due"))
    }

    /// Hands receipts over; each must be worth its word at this moment.
    fn hear(&mut self) -> Held {
        let Some(node) = &mut self.node else { return Ok(()) };
        for (waiter, answer) in node.answered() {
            let receipt = match (&waiter, answer) {
                (_, Ok(receipt)) => receipt,
                (Waiter::Ward, Err(_)) => {
                    self.add(self.now.plus(PATIENCE), Deed::Activate);
                    continue;
                }
                (Waiter::Request { .. } | Waiter::Access(_), Err(_)) => {
                    self.tally.count("refused");
                    continue;
                }
            };
            self.check_durable(&format!("the receipt of record {}", receipt.position))?;
            match waiter {
                Waiter::Request { client, number } => {
                    if !self.is_calm && self.random.percent(self.plan.lost_replies) {
                        self.tally.fault("reply lost");
                        continue;
                    }
                    let travel = self.some_micros(200_000);
                    self.add(self.now.plus(travel), Deed::Reply { client, number });
                }
                Waiter::Access(record) => self.ledger.show(record),
                Waiter::Ward => self.is_ward_active = true,
            }
        }
        Ok(())
    }

    /// No power failure may take back what was just promised [O2].
    fn check_durable(&self, what: &str) -> Held {
        for path in self.disk.files().iter().filter(|path| path.ends_with(".wlog")) {
            // Segments have their whole size from the beginning; dead letters of one that was cut have their own.
            let own = || self.disk.read_file(path).and_then(|bytes| u64::try_from(bytes.len()).ok());
            let length = if path.starts_with("log/") { Some(self.plan.segment_bytes) } else { own() };
            let is_durable = length.is_some_and(|length| self.disk.is_durable(path, 0, length));
            hold(is_durable, "O2", || format!("{what}: `{path}` is not durable"))?;
        }
        Ok(())
    }

    // Receivers.

    /// Lets every attempt that may leave do so; whether there was one.
    fn depart(&mut self) -> Held<bool> {
        let mut has_left = false;
        while let Some(job) = self.node.as_mut().and_then(|node| node.parts.job()) {
            has_left = true;
            self.leave(job)?;
        }
        Ok(has_left)
    }

    fn leave(&mut self, job: Job) -> Held {
        self.check_durable("an attempt leaves")?;
        self.outside.read(&self.copy(), self.now)?;
        hold(job.epoch == self.epoch, "O10", || format!("{} leaves in epoch {}", job.nid, job.epoch))?;
        let Ok((_, message)) = &job.flight else { return broken("O8", format!("{} has no way out", job.nid)) };
        self.receivers.leave(&job, message, &self.outside)?;
        let bad = if self.is_calm { 0 } else { self.plan.bad_sends };
        let exchange = Exchange::draw(&mut self.random, bad);
        self.note(&format!("{} try {} leaves by {}: {}", job.nid, job.number, job.channel.word(), exchange.name));
        self.tally.count("attempts");
        if exchange.name != "ok" {
            self.tally.fault(exchange.name);
        }
        if exchange.is_taken {
            let half = Span::from_micros(exchange.took.micros() / 2);
            self.add(self.now.plus(half), Deed::Take { nid: job.nid, message: Box::new(message.clone()) });
        }
        let land = self.now.plus(exchange.took);
        self.add(land, Deed::Land { life: self.life, job: Box::new(job), exchange });
        Ok(())
    }

    fn take(&mut self, nid: Nid, message: &Outgoing) -> Held {
        let is_first = self.receivers.take(nid, message, &self.outside)?;
        let is_asked = matches!(message.purpose, "page" | "reminder");
        if is_first && is_asked && self.random.percent(self.plan.answers) {
            self.answer(nid, message);
        }
        Ok(())
    }

    fn land(&mut self, life: u64, job: &Job, exchange: &Exchange) {
        let Some(node) = self.node.as_ref().filter(|_| life == self.life) else { return };
        driver::land(&node.engine, job, &exchange.reply);
    }

    /// Somebody answers what they read, now or a while later.
    fn answer(&mut self, nid: Nid, message: &Outgoing) {
        let party =
            self.node.as_ref().and_then(|node| Kernel::notice(node.parts.kernel(), nid)).map(|notice| notice.party);
        let Some(party) = party else { return };
        let acts = [Act::Accepted, Act::Accepted, Act::Declined, Act::Read, Act::Acted];
        let act = self.random.pick(&acts).copied().unwrap_or(Act::Accepted);
        let is_right = !self.random.percent(8);
        let code = if is_right { message.code.clone() } else { Text::const_new("ZZZZZZ") };
        let (by, licence) = (Some(party_token(&party)), Some(Text::const_new("MD")));
        let answer = Answer {
            act,
            code: Some(code),
            nid: Some(nid.0),
            by,
            licence,
            told_by: None,
            value: None,
            unit: Text::default(),
            result: None,
        };
        let at = self.now.plus(self.random.minutes(0, 20));
        let mut event = Event::new("people", &format!("a-{nid}-{}", message.number), Fact::Answer(Box::new(answer)));
        event.occurred_at = Some(EventTime::exact(at));
        let people = self.clients.len() - 1;
        if let Some(line) = clients::line(&event) {
            self.clients[people].add(Message { not_before: at, line });
            self.add(at, Deed::Send(people));
            self.tally.count("answers");
        }
    }

    // Everybody else.

    fn jump(&mut self) {
        let sizes = [0_i64, 1, -1, 60, -60, 3_600, -3_600, 108_000, -108_000, 315_360_000, -315_360_000];
        let seconds = self.random.pick(&sizes).copied().unwrap_or(0);
        let is_synchronised = seconds.abs() <= 3_600 && self.random.percent(50);
        self.clock.set_wrong(Span::from_seconds(seconds), is_synchronised);
        self.tally.fault("wall jump");
        self.note(&format!("the wall is wrong by {seconds} s, synchronised: {is_synchronised}"));
    }

    /// Many people look at once: a flush of many small records, and sometimes the power fails in it.
    fn crowd(&mut self) {
        let count = 10 + self.random.below(70);
        for _ in 0..count {
            self.accesses += 1;
            let access = Access {
                principal: format!("desk-{}", self.random.below(40)),
                action: Action::Report,
                object: format!("r_{}", self.accesses),
                purpose: "treatment of the patient in this bed".to_owned(),
                interface: "GET /v1/reports".to_owned(),
            };
            if let Some(node) = &mut self.node {
                node.access(access.encode());
            }
        }
        self.tally.count("crowds");
        if !self.is_calm && self.random.percent(60) {
            self.fail_next_sync();
        }
    }

    fn activate(&mut self) -> Held {
        let Some(date) = Date::new(2026, 1, 14) else { return Ok(()) };
        let author = format!("author {}", self.serial);
        let Ok(activation) = ward::activation(&self.sources, date, &author) else {
            return broken("workload", "the generated ward does not check");
        };
        if let Some(node) = &mut self.node {
            node.control(vec![Input::Activate(Box::new(activation))], Waiter::Ward);
            self.tally.count("activations");
        }
        Ok(())
    }

    /// What a start begins with: the ward, if nobody was told that it is active.
    pub(crate) fn activate_first(&mut self) -> Held {
        if self.is_ward_active { Ok(()) } else { self.activate() }
    }
}
