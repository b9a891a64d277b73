//! NATS: what becomes of the messages of a stream, and how far did we get?
//!
//! The place in the stream is a small file in the data directory, written after what it covers is durable, with the newest
//! record of the log that it covers. If it is lost, old, or names a record that this log does not have because the disk was
//! restored, messages are read twice and recognised by their ids.
//!
//! - **How it fits**: the keeper behind `wardline_connectors::adapters::nats`; one per feed.
//! - INVARIANT: the file never names a message that is not durable.
//! - **Not here**: the protocol.
//! - **Source**: guarantees page 2.9, 5.2.

use std::{
    fs, io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use wardline_connectors::adapters::nats::{Delivered, Durable, Keeper, News, Place, Taking};
use wardline_rules::Text;

use super::health::Health;
use crate::{
    codes::Code,
    engine::Engine,
    intake::{Format, Intake, Reading},
    limits::RETRY_OFFER_EVERY,
    metrics::Metric,
    runtime::admission::Refusal,
};

/// What keeps the messages of one feed.
#[derive(Clone, Debug)]
pub struct Nats {
    /// The engine that takes them.
    pub engine: Engine,
    /// The codecs.
    pub intake: Arc<Intake>,
    /// The feed's name.
    pub feed: Text,
    /// How messages without a content type are written.
    pub format: Format,
    /// Where the place is written down.
    pub mark: PathBuf,
    /// How the feed is.
    pub health: Health,
    /// The newest record that a message of this feed is in.
    pub record: Arc<AtomicU64>,
}

/// What the mark says.
#[derive(Serialize, Deserialize, Debug)]
struct Mark {
    /// The newest record of the log that the place covers.
    record: u64,
    place: Place,
}

impl Keeper for Nats {
    fn place(&self) -> Option<Place> {
        let read = match fs::read(&self.mark) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            read => read.and_then(|bytes| serde_json::from_slice::<Mark>(&bytes).map_err(io::Error::from)),
        };
        let newest = self.engine.status().position();
        match read {
            Ok(mark) if mark.record <= newest => {
                self.record.fetch_max(mark.record, Ordering::AcqRel);
                Some(mark.place)
            }
            Ok(mark) => {
                let covered = mark.record;
                tracing::warn!(feed = %self.feed, covered, newest, "feed.mark: the log was restored; read from the start");
                None
            }
            Err(error) => {
                tracing::warn!(feed = %self.feed, %error, "feed.mark: unreadable; read from the start");
                None
            }
        }
    }

    fn set_place(&self, place: &Place) {
        let fresh = self.mark.with_extension("new");
        let mark = Mark { record: self.record.load(Ordering::Acquire), place: place.clone() };
        let written = serde_json::to_vec(&mark).map_err(io::Error::from);
        let written = written.and_then(|bytes| fs::write(&fresh, bytes)).and_then(|()| fs::rename(&fresh, &self.mark));
        if let Err(error) = written {
            tracing::warn!(feed = %self.feed, %error, "feed.mark");
        }
    }

    fn take(&self, message: Delivered) -> Taking<'_> {
        Box::pin(self.take_in(message))
    }

    fn note(&self, news: News) {
        let feed = self.feed.as_str();
        match news {
            News::Reading => {
                self.health.lost();
                self.health.connected();
                tracing::info!(feed, "feed.read");
            }
            News::Lost(cause) => {
                self.health.lost();
                tracing::warn!(feed, %cause, code = %Code::FeedLost, "feed.lost");
            }
            News::Skipped(gap) => {
                self.health.gap();
                let (from, to) = (gap.from, gap.to);
                tracing::error!(feed, producer = gap.producer, from, to, code = %Code::FeedGap, "feed.gap");
            }
            News::ReadAgain { from } => tracing::warn!(feed, from, "feed.read_again"),
            News::Replaced => tracing::warn!(feed, code = %Code::FeedReplaced, "feed.replaced"),
        }
    }
}

impl Nats {
    async fn take_in(&self, message: Delivered) -> Durable {
        let Self { engine, intake, feed, record, .. } = self.clone();
        let begun = engine.boot();
        let format = Format::of_content_type(&message.content_type).unwrap_or(self.format);
        let Reading { mut parcel, .. } = intake.message(&feed, format, &message.bytes, engine.log_now());
        if parcel.inputs.is_empty() {
            return Box::pin(core::future::ready(true));
        }
        // One lane for the whole stream keeps its order; a stream is patient and waits as long as it must.
        let lane = intake.lane(&feed, &[]);
        let offered = loop {
            match engine.offer(lane, parcel) {
                Ok(offered) => break offered,
                Err((Refusal::Closed | Refusal::TooLarge, _)) => return Box::pin(core::future::ready(false)),
                Err((Refusal::Busy | Refusal::FeedBusy, back)) => parcel = back,
            }
            tokio::time::sleep(RETRY_OFFER_EVERY).await;
        };
        Box::pin(async move {
            let accepted = match offered.durable().await {
                // Kept as it came, since no record can hold what it says.
                Err(Refusal::TooLarge) => {
                    engine.submit(lane, intake.unread(&feed, &message.bytes, engine.log_now()).parcel).await
                }
                durable => durable,
            };
            let Ok(accepted) = accepted else { return false };
            record.fetch_max(accepted.receipt.position, Ordering::AcqRel);
            engine.metrics().observe(Metric::AckDuration, &["nats"], engine.boot().minus(begun));
            true
        })
    }
}
