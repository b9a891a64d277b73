//! MLLP: what becomes of the messages of a connection, and what is each answered?
//!
//! ```text
//!  frame ─► codec ─► offer to the log ─┬─ taken: the answers wait for the disk; the next frame is read at once
//!                                      └─ busy: tried again for 20 s, nothing else is read, then "not stored"
//! ```
//! - **How it fits**: the receiver behind `wardline_connectors::adapters::mllp`; one per feed.
//! - INVARIANT: a positive answer is made after the receipt of its message [ACK-1]. Messages of one connection enter the
//!   log in their order, though they may travel by lanes of different haste.
//! - LIMIT: `HOLD_ANSWER_MAX`.
//! - **Source**: domain page 5.6; guarantees page 5.2, 5.5.

use core::net::IpAddr;
use std::sync::Arc;

use tokio::sync::watch;
use wardline_connectors::{
    adapters::mllp::{
        Answers, Ending, Receiver, Session, Taking,
        frame::{Flaw, Frame},
    },
    codec::hl7::{self, ack::Verdict},
    codes::Code as CodecCode,
};
use wardline_rules::{Text, time::Span};

use super::health::Health;
use crate::{
    config::Network,
    engine::{Engine, Offered},
    intake::{Intake, Reading},
    limits::{HOLD_ANSWER_MAX, RETRY_OFFER_EVERY},
    metrics::Metric,
    runtime::admission::{Lane, Refusal},
};

/// What every connection of a feed shares.
#[derive(Clone, Debug)]
pub struct Mllp {
    /// The engine that takes its messages.
    pub engine: Engine,
    /// The codecs.
    pub intake: Arc<Intake>,
    /// The feed's name.
    pub feed: Text,
    /// From where connections are taken; empty: from everywhere.
    pub peers: Vec<Network>,
    /// How the feed is.
    pub health: Health,
}

impl Receiver for Mllp {
    fn admits(&self, peer: IpAddr) -> bool {
        self.peers.is_empty() || self.peers.iter().any(|network| network.contains(peer))
    }

    fn open(&self) -> Box<dyn Session> {
        self.health.connected();
        let opened = self.engine.boot();
        Box::new(Connection {
            mllp: self.clone(),
            opened,
            offered: 0,
            lane: Lane::Control,
            durable: watch::channel(0).0,
        })
    }

    fn note(&self, ending: Ending) {
        let ending = ending.word();
        self.engine.metrics().count_named(Metric::FeedRefusals, &[self.feed.as_str(), ending], 1);
        tracing::warn!(feed = %self.feed, ending, "feed.connection");
    }
}

/// One connection.
struct Connection {
    mllp: Mllp,
    /// When it began, by the boot clock.
    opened: Span,
    /// How many messages were offered to the log.
    offered: u64,
    /// The lane of the last of them.
    lane: Lane,
    /// How many of them are durable, or will not be.
    durable: watch::Sender<u64>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.mllp.health.disconnected(self.mllp.engine.boot().minus(self.opened));
    }
}

impl Session for Connection {
    fn take(&mut self, frame: Frame) -> Taking<'_> {
        Box::pin(self.take_in(frame))
    }
}

/// What a frame held.
struct Read {
    reading: Reading,
    messages: Vec<hl7::Reading>,
    /// The answer whatever becomes of it.
    verdict: Option<Verdict>,
}

impl Connection {
    async fn take_in(&mut self, frame: Frame) -> Answers {
        let begun = self.mllp.engine.boot();
        let Read { reading, messages, verdict } = self.read(&frame);
        drop(frame);
        let header = messages.first().and_then(|message| message.header.clone());
        if reading.parcel.inputs.is_empty() && verdict.is_none() {
            // Answers alone: nothing to keep and nothing to answer.
            return Box::pin(core::future::ready(Vec::new()));
        }
        let offered = self.offer(reading).await;
        let Mllp { engine, intake, feed, .. } = self.mllp.clone();
        let durable = self.durable.clone();
        Box::pin(async move {
            let accepted = match offered {
                Ok(offered) => offered.durable().await,
                Err(refusal) => Err(refusal),
            };
            durable.send_modify(|count| *count += 1);
            let Ok(accepted) = accepted else {
                let verdict = Verdict::Refused(CodecCode::NotStored, String::new());
                return intake.answers_to_all(&feed, header.as_ref(), &[verdict], engine.log_now());
            };
            let at = accepted.receipt.at;
            let judge = |message: &hl7::Reading| intake.verdict(&feed, message);
            let verdicts = verdict.map_or_else(|| messages.iter().map(judge).collect(), |verdict| vec![verdict]);
            engine.metrics().observe(Metric::AckDuration, &["mllp"], engine.boot().minus(begun));
            intake.answers_to_all(&feed, header.as_ref(), &verdicts, at)
        })
    }

    fn read(&self, frame: &Frame) -> Read {
        let Mllp { engine, intake, feed, .. } = &self.mllp;
        let at = engine.log_now();
        let flaw = match frame.flaw {
            None => None,
            Some(Flaw::MarkInside) => Some(CodecCode::FramingMark),
            Some(Flaw::TooLong) => {
                let (reading, message) = intake.oversize(feed, &frame.bytes, at);
                tracing::warn!(feed = %feed, bytes = frame.bytes.len(), "feed.oversize");
                let verdict = Some(Verdict::Refused(CodecCode::MessageTooLarge, String::new()));
                return Read { reading, messages: vec![message], verdict };
            }
        };
        match intake.frame(feed, &frame.bytes, flaw, at) {
            Ok((reading, messages)) => Read { reading, messages, verdict: None },
            Err(_) => {
                let (reading, message) = intake.oversize(feed, &frame.bytes, at);
                let verdict = Some(Verdict::Refused(CodecCode::InnerLimit, String::new()));
                Read { reading, messages: vec![message], verdict }
            }
        }
    }

    /// Puts what was read into the queue of the log; while it is full nothing else is read from this connection.
    async fn offer(&mut self, reading: Reading) -> Result<Offered, Refusal> {
        let Mllp { engine, intake, feed, .. } = &self.mllp;
        let lane = intake.lane(feed, &reading.parcel.inputs);
        if lane < self.lane {
            // A higher lane would overtake what this connection sent before.
            let offered = self.offered;
            drop(self.durable.subscribe().wait_for(|durable| *durable >= offered).await);
        }
        let mut parcel = reading.parcel;
        let last_try = engine.boot().plus(HOLD_ANSWER_MAX);
        let taken = loop {
            match engine.offer(lane, parcel) {
                Ok(offered) => break Ok(offered),
                Err((refusal, back)) => {
                    if refusal == Refusal::Closed || engine.boot() >= last_try {
                        engine.metrics().shed(lane);
                        break Err(refusal);
                    }
                    parcel = back;
                }
            }
            tokio::time::sleep(RETRY_OFFER_EVERY).await;
        };
        self.offered += 1;
        self.lane = lane;
        taken
    }
}
