//! Step: what follows from one batch?
//!
//! Timers due before the batch's time fire first, then the inputs are applied in a fixed order, then every timer due by that
//! time, those the inputs armed included, until none is left [TIME-2] [TIME-3].
//!
//! - **How it fits**: every driver calls this and nothing else. One file for each kind of input.
//! - **Not here**: reading time; it comes with the batch.

mod activate;
mod answer;
mod apply;
mod event;
mod feed;
pub(crate) mod foresee;
mod merge;
mod order;
mod refresh;
pub(crate) mod silence;

pub use answer::party_token;
use foresee::Foreseen;
use wardline_rules::{event::Fact, time::Timestamp};

use crate::{
    disposition::EventOutcome,
    escalation::EDGE,
    feeds::SILENCE,
    input::{Batch, Input},
    output::Output,
    partition::Partition,
    timers::{Class, Inclusive, Timer},
};

/// Inputs of one batch apply in this order, each kind in log order [TIME-3].
const ORDER: usize = 6;

const fn rank(input: &Input) -> usize {
    match input {
        Input::Activate(_) => 0,
        Input::Event(event) => match event.fact {
            Fact::Answer(_) => 5,
            Fact::Step(_)
            | Fact::Update
            | Fact::Merge(_)
            | Fact::Encounter
            | Fact::Heartbeat
            | Fact::Unreadable { .. } => 1,
        },
        Input::Feed(_) => 2,
        Input::Silence(_) | Input::Lift(_) => 3,
        Input::Attempt(_) => 4,
        Input::Tick => 5,
    }
}

/// Applies one batch.
///
/// - **Input** `batch`: its time is not before that of the batch before; if it is, that one is taken. The log keeps batches
///   strictly apart; drivers without a log may go on within one instant.
/// - **Output**: what happened and what must be sent, added to `out` in log order; `out.next_due` is set.
/// - **Errors**: none; bad input is data.
/// - **Cost**: the timers that fire, and for each event a few look-ups plus the rules that can touch its report.
pub fn step(partition: &mut Partition, batch: &Batch, out: &mut Output) {
    partition.begin_rows();
    partition.at = batch.at.max(partition.at);
    let rows = out.quality.len();
    let opened = partition.counters.reports_opened;
    partition.fire(Inclusive::Before, out);
    let before = out.events.len();
    let mut foreseen = core::mem::take(&mut partition.foreseen);
    partition.foresee(&batch.inputs, &mut foreseen);
    let inputs = || batch.inputs.iter().zip(&foreseen).enumerate();
    let mut orders = batch.inputs.iter().map(rank);
    let first = orders.next();
    if orders.all(|order| Some(order) == first) {
        inputs().for_each(|(place, input)| partition.take(place, input, out));
    } else {
        for order in 0..ORDER {
            let of_order = inputs().filter(|(_, (input, _))| rank(input) == order);
            of_order.for_each(|(place, input)| partition.take(place, input, out));
        }
    }
    partition.foreseen = foreseen;
    if let Some(events) = out.events.get_mut(before..) {
        events.sort_unstable_by_key(|event| event.place);
    }
    out.at_input = None;
    partition.tell_of_scripts(out);
    partition.note_problems(rows, out);
    partition.fire(Inclusive::UpTo, out);
    partition.tell_of_scripts(out);
    partition.let_leave(partition.counters.reports_opened - opened);
    out.next_due = partition.timers.next_due();
}

impl Partition {
    fn take(&mut self, place: usize, (input, foreseen): (&Input, &Foreseen), out: &mut Output) {
        out.at_input = u32::try_from(place).ok();
        match input {
            Input::Event(event) => {
                let disposition = self.take_event(event, *foreseen, out);
                out.events.push(EventOutcome { place, disposition });
            }
            Input::Attempt(attempt) => self.attempt(*attempt, out),
            Input::Activate(activation) => self.activate(activation, out),
            Input::Silence(silence) => self.silence(silence, out),
            Input::Lift(id) => self.lift(*id, out),
            Input::Feed(status) => self.take_feed(status),
            Input::Tick => {}
        }
    }

    fn fire(&mut self, inclusive: Inclusive, out: &mut Output) {
        while let Some(timer) = self.timers.pop_due(self.at, inclusive) {
            self.counters.timers_fired += 1;
            self.fire_one(timer, out);
        }
    }

    fn fire_one(&mut self, timer: Timer, out: &mut Output) {
        match timer.id.class {
            Class::Mute => match timer.id.part {
                0 => self.silence_over(timer.id.subject, out),
                1 => self.look(out),
                EDGE => self.fire_course(timer, out),
                _ => self.held_over(timer, out),
            },
            Class::Window => self.fire_look(timer, out),
            Class::Hold => match timer.id.part {
                0 => self.fire_absence(timer.owner, timer, out),
                1 => self.fire_gauge(timer, out),
                _ => self.fire_standing(timer, out),
            },
            Class::Digest => self.fire_gather(timer, out),
            Class::Clock => self.fire_clock(timer.owner, timer, out),
            Class::Absence if timer.id.part == 1 => self.fire_feed(timer, out),
            Class::Absence if timer.id.part == SILENCE => self.fire_silence(timer),
            Class::Absence => self.fire_absence(timer.owner, timer, out),
            Class::Reminder | Class::Wait | Class::Lapse => self.fire_course(timer, out),
            Class::Retry | Class::Deadline => self.fire_notice(timer, out),
        }
    }

    /// The latest time there is: as of it, everything known counts.
    pub(crate) const NOW: Timestamp = Timestamp::MAX;
}
