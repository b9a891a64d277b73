//! NATS: which messages of a JetStream stream are ours to read, and up to which one are they safe?
//!
//! ```text
//!  connect ─► own the consumer ─► make it anew behind our place ─► pull ─► Keeper::take ─► durable ─► mark ─► AckAll
//!     ▲            └ another engine has it: named, tried again          └ in order      └ up to NATS_IN_FLIGHT_MAX
//!     └──────────── whatever breaks ends the session; after a pause the next begins where the mark stands
//! ```
//! The stream's sequence of the last durable message is kept by us ([`Place`]), so a redelivery is recognised and dropped
//! whatever the server's window for duplicates is, and a server that acknowledged more than we hold, because our disk was
//! restored, is asked again.
//!
//! - **How it fits**: the engine brings a [`Keeper`]; nothing here knows what a message says.
//! - INVARIANT: nothing is acknowledged to the server before it is durable here. Messages are taken in the order of the
//!   stream without a hole: each session makes its consumer anew behind the place, because a server delivers again what a
//!   dead reader left, and does so after newer messages.
//! - LIMIT: the `NATS_*` of [`limits`](crate::limits).
//! - **Not here**: decoding, the log; JetStream as the log of several engines.
//! - **Source**: guarantees page 2.9 (client traps), 5.2; JetStream consumers, NATS 2.9 to 2.15.

mod claim;
pub mod connect;
pub mod place;
mod session;

use core::{fmt, future::Future, pin::Pin};
use std::sync::Arc;

use tokio::{sync::watch, time::Duration};

pub use connect::{Login, Server};
pub use place::{Gap, Place};

use crate::limits::{NATS_PAUSE_MAX, NATS_PAUSE_MIN};

/// Which messages are read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscription {
    /// The stream.
    pub stream: String,
    /// The durable consumer, which is made if it is not there.
    pub consumer: String,
    /// Only messages of these subjects; `None`: all of the stream.
    pub subject: Option<String>,
    /// By which name this engine owns the consumer; another engine hears it.
    pub owner: String,
}

/// One message of the stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivered {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its content type, in lower case and without parameters; empty if it has none.
    pub content_type: String,
}

/// Resolves when a message is durable; `false`: it is not and will not be.
pub type Durable = Pin<Box<dyn Future<Output = bool> + Send>>;
/// A message being handed over.
pub type Taking<'a> = Pin<Box<dyn Future<Output = Durable> + Send + 'a>>;

/// Whoever keeps messages.
pub trait Keeper: Send + Sync + fmt::Debug {
    /// Where it stands in the stream, as it last wrote down.
    fn place(&self) -> Option<Place>;

    /// Writes down where it stands; everything up to there is durable.
    fn set_place(&self, place: &Place);

    /// Takes a message. Nothing more is pulled until this returns, which is how a busy keeper slows the stream.
    fn take(&self, message: Delivered) -> Taking<'_>;

    /// Something happened that people should know.
    fn note(&self, news: News);
}

/// What a feed of this kind has to say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum News {
    /// Messages are read from now on.
    Reading,
    /// Nothing is read for now.
    Lost(Trouble),
    /// Messages that should have come did not.
    Skipped(Gap),
    /// The server had acknowledged messages that we do not hold; they are read again.
    ReadAgain {
        /// From this sequence of the stream on.
        from: u64,
    },
    /// The stream is another one than before, or has forgotten its end: our place in it means nothing.
    Replaced,
}

/// Why nothing is read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Trouble {
    /// No connection, or it broke.
    #[error("the server cannot be reached")]
    Unreachable,
    /// The server refused our name.
    #[error("the server refuses our credentials")]
    Refused,
    /// There is no such stream, or we may not see it.
    #[error("the server has no such stream")]
    NoStream,
    /// The consumer exists and is not one that can be read this way.
    #[error("the consumer exists with other settings: it must pull and acknowledge all")]
    ConsumerUnfit,
    /// Another engine reads it.
    #[error("the consumer belongs to `{0}`")]
    Owned(String),
    /// The stream drops messages by another rule than its limits.
    #[error("the stream's retention must be by limits: another drops messages that were not stored here")]
    Retention,
    /// A delivery went astray on the way.
    #[error("a delivery went astray; reading begins again behind what is stored")]
    Disorder,
    /// The engine takes nothing now.
    #[error("the engine takes nothing now")]
    Closed,
}

/// Reads until `stop` says so, through every trouble.
pub async fn run(server: Server, subscription: Subscription, keeper: Arc<dyn Keeper>, mut stop: watch::Receiver<bool>) {
    let mut pause = NATS_PAUSE_MIN;
    let mut told = None;
    loop {
        let stop_inside = stop.clone();
        let Err(trouble) = session::run(&server, &subscription, keeper.as_ref(), stop_inside, &mut pause).await else {
            return;
        };
        // The same trouble again is not news.
        if told.as_ref() != Some(&trouble) || pause == NATS_PAUSE_MIN {
            keeper.note(News::Lost(trouble.clone()));
        }
        told = Some(trouble);
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = longer(pause);
    }
}

fn longer(pause: Duration) -> Duration {
    pause.saturating_mul(2).min(NATS_PAUSE_MAX)
}
