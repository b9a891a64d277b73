//! Heartbeat: who misses us when we stand still?
//!
//! Every ten seconds of log time the core's thread sends a word to a monitor outside, behind a batch that is durable and
//! applied. Nothing else can send it: if disk, core, time or network stand still the word stays out, and the monitor calls
//! people after its own patience. It is never tried again, bundled or caught up.
//!
//! - **How it fits**: [`turn`](super::turn) asks after each batch; the dispatcher's driver carries it like an attempt.
//! - **Not here**: the monitor. Alertmanager, or any service that alarms when a POST stays out, will do.
//! - **Source**: guarantees page 10.2; docs/adr/0007.

use std::sync::Arc;

use wardline_connectors::adapters::{Outgoing, Sink, sink::Asks};
use wardline_core::ids::Nid;
use wardline_rules::{
    Text,
    program::Level,
    time::{Span, Timestamp},
    words::Channel,
};

use super::kernel::Kernel;
use crate::{
    dispatcher::driver::{Job, JobKind},
    limits::HEARTBEAT_EVERY,
};

/// When the next word is due, and to whom.
pub(crate) struct Heartbeat {
    monitor: Arc<dyn Sink>,
    next: Timestamp,
}

impl Heartbeat {
    pub(crate) const fn new(monitor: Arc<dyn Sink>) -> Self {
        Self { monitor, next: Timestamp::MIN }
    }

    /// The word behind the batch of this log time, if one is due.
    pub(crate) fn beat(&mut self, at: Timestamp, position: u64, epoch: u32, kernel: &dyn Kernel) -> Option<Job> {
        if at < self.next {
            return None;
        }
        // What was missed stays missed.
        self.next = at.plus(Span::from_micros(i64::try_from(HEARTBEAT_EVERY.as_micros()).unwrap_or(i64::MAX)));
        let gauges = kernel.gauges();
        let text = format!(
            "Wardline is well: record {position}, log time {at}, {} critical alerts wait for an answer, {} clocks are late.",
            gauges.critical_waiting, gauges.breached
        );
        let message = Outgoing {
            key: Text::from(format!("heartbeat_{position}")),
            code: Text::default(),
            link: String::new(),
            callback: String::new(),
            asks: Asks::Nothing,
            withdraws: Vec::new(),
            severity: Text::const_new("heartbeat"),
            level: Level::Yellow,
            purpose: "heartbeat",
            channel: Channel::App,
            address: Text::const_new("monitor"),
            text,
            is_repeat: false,
            number: 1,
            at,
        };
        Some(Job {
            kind: JobKind::Heartbeat,
            nid: Nid([0; 16]),
            number: 1,
            epoch,
            channel: Channel::App,
            level: Level::Yellow,
            role: Text::const_new("monitor"),
            flight: Ok((Arc::clone(&self.monitor), message)),
        })
    }
}
