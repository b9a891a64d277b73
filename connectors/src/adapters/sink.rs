//! Sink: what is asked of whatever carries a notice to a person, and what may it answer?
//!
//! The line between "not sent" and "nobody knows" runs at the first byte of the request. Before it a failure is soft and
//! harmless; after it only a complete final reply ends the doubt.
//!
//! - **How it fits**: implemented by [`webhook`](super::webhook), [`file`](super::file) and the engine's built-in phone.
//! - **Not here**: time limits. The caller bounds the whole attempt and treats running out of it as [`Reply::Ambiguous`].
//! - **Source**: guarantees page, sections 3.1 and 3.3.

use core::{fmt, future::Future, pin::Pin};

use wardline_rules::{Text, program::Level, time::Timestamp, words::Channel};

/// What a receiver does with a notice that comes twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Class {
    /// Drops the second by its key.
    Keyed,
    /// Can be asked for our key before we send again.
    Queryable,
    /// Neither.
    Neither,
}

/// One attempt at one notice: all that may leave, and nothing that names a patient.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outgoing {
    /// The notice's id, the same in every attempt: the key by which a receiver knows a repeat.
    pub key: Text,
    /// The short code that a person gives back.
    pub code: Text,
    /// The page where a person answers.
    pub link: String,
    /// Its severity's word.
    pub severity: Text,
    /// How urgently it is delivered.
    pub level: Level,
    /// `page`, `reminder`, `tell` or `withdrawal`.
    pub purpose: &'static str,
    /// By which channel.
    pub channel: Channel,
    /// The recipient's address on it.
    pub address: Text,
    /// The text a person reads.
    pub text: String,
    /// Whether it may have been sent before; its text then begins with the words for that.
    pub is_repeat: bool,
    /// Which attempt, from 1.
    pub number: u32,
    /// Log time of the attempt.
    pub at: Timestamp,
}

/// What became of an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// Finally accepted.
    Delivered,
    /// Not taken now.
    FailedSoft {
        /// How many seconds the receiver asks to wait.
        retry_after: Option<u32>,
        /// Why.
        cause: Cause,
    },
    /// Refused for good.
    FailedHard {
        /// Why.
        cause: Cause,
    },
    /// Nobody knows.
    Ambiguous {
        /// Why.
        cause: Cause,
    },
}

/// Why an attempt did not end well; a closed list, so that no reply's text gets into a log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Cause {
    /// The name did not resolve.
    Name,
    /// The address is one that sinks may not use.
    AddressRefused,
    /// No connection.
    Connect,
    /// No TLS, or a certificate that does not hold.
    Tls,
    /// The connection ended in the middle.
    Broken,
    /// It took too long.
    Timeout,
    /// The receiver answered with this status.
    Status(u16),
    /// The file could not be written.
    Disk,
    /// The sink itself broke down, which is a fault of Wardline.
    Fault,
    /// There is no address for this person.
    NoAddress,
    /// There is no sink for this channel.
    NoSink,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("the receiver's name does not resolve"),
            Self::AddressRefused => f.write_str("the receiver's address is not allowed"),
            Self::Connect => f.write_str("no connection to the receiver"),
            Self::Tls => f.write_str("no trusted TLS connection to the receiver"),
            Self::Broken => f.write_str("the connection ended before the reply"),
            Self::Timeout => f.write_str("no reply in time"),
            Self::Status(status) => write!(f, "the receiver answered {status}"),
            Self::Disk => f.write_str("the file could not be written"),
            Self::Fault => f.write_str("the sink broke down"),
            Self::NoAddress => f.write_str("no address for the recipient"),
            Self::NoSink => f.write_str("no sink for the channel"),
        }
    }
}

/// An exchange under way.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// Whatever carries notices.
pub trait Sink: Send + Sync + fmt::Debug {
    /// What its receiver does with a second one.
    fn class(&self) -> Class;

    /// Whether its readers have signed in, so that a full message may be shown [MSG-1].
    fn is_secured(&self) -> bool;

    /// Makes one attempt.
    ///
    /// - **Output**: what is known about it. Dropping the future before it ends leaves the outcome unknown.
    fn send<'a>(&'a self, message: &'a Outgoing) -> Sending<'a>;
}

/// A page as tests send it.
#[cfg(all(test, any(feature = "file", feature = "webhook")))]
pub(crate) fn example(key: &str) -> Outgoing {
    Outgoing {
        key: Text::from(key),
        code: Text::from("K7Q2MD"),
        link: "https://wardline.example/a/K7Q2MD".to_owned(),
        severity: Text::from("red"),
        level: Level::Red,
        purpose: "page",
        channel: Channel::SecureMessage,
        address: Text::from("ops-desk"),
        text: "red: a result waits for you. https://wardline.example/a/K7Q2MD Code K7Q2MD".to_owned(),
        is_repeat: false,
        number: 1,
        at: Timestamp::from_micros(1_768_377_130_000_000),
    }
}
