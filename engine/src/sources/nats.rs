//! NATS: what becomes of the messages of a stream, and how far did we get?
//!
//! The place in the stream is a small file in the data directory, written after what it covers is durable. If it is lost or
//! old, messages are read twice and recognised by their ids.
//!
//! - **How it fits**: the keeper behind `wardline_connectors::adapters::nats`; one per feed.
//! - INVARIANT: the file never names a message that is not durable.
//! - **Not here**: the protocol.
//! - **Source**: guarantees page 2.9, 5.2.

use std::{fs, path::PathBuf, sync::Arc};

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
}

impl Keeper for Nats {
    fn place(&self) -> Option<Place> {
        serde_json::from_slice(&fs::read(&self.mark).ok()?).ok()
    }

    fn set_place(&self, place: &Place) {
        let fresh = self.mark.with_extension("new");
        let written = serde_json::to_vec(place).map_err(std::io::Error::from);
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
                self.engine.metrics().count_named(Metric::FeedGaps, &[feed], 1);
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
        let Self { engine, intake, feed, health, .. } = self.clone();
        let begun = engine.boot();
        let format = Format::of_content_type(&message.content_type).unwrap_or(self.format);
        let Reading { mut parcel, lines } = intake.message(&feed, format, &message.bytes, engine.log_now());
        for (code, _) in lines.iter().filter_map(|line| line.refused.as_ref()) {
            engine.metrics().count_named(Metric::DeadLetters, &[code.word()], 1);
        }
        if parcel.inputs.is_empty() {
            return Box::pin(core::future::ready(true));
        }
        // One lane for the whole stream keeps its order; a stream is patient and waits as long as it must.
        let lane = intake.lane(&feed, &[]);
        let offered = loop {
            match engine.offer(lane, parcel) {
                Ok(offered) => break offered,
                Err((Refusal::Closed, _)) => return Box::pin(core::future::ready(false)),
                Err((Refusal::Busy | Refusal::FeedBusy, back)) => parcel = back,
            }
            tokio::time::sleep(RETRY_OFFER_EVERY).await;
        };
        Box::pin(async move {
            let Ok(accepted) = offered.durable().await else { return false };
            health.last_message(accepted.receipt.at);
            engine.metrics().observe(Metric::AckDuration, &["nats"], engine.boot().minus(begun));
            true
        })
    }
}
