//! Sink: what is asked of whatever carries a notice to a person, and what may it answer?
//!
//! The line between "not sent" and "nobody knows" runs at the first byte of the request. Before it a failure is soft and
//! harmless; after it only a complete final reply ends the doubt.
//!
//! A sink declares its [`Class`], how it lets a repeat be known ([`Key`]) and how long a text may be ([`Limits`]), and can be
//! asked whether its receiver is there without anybody being disturbed ([`Sink::probe`]). What is not declared is the
//! careful answer. Every sink of this crate passes one contract test, which looks for what it declares on the wire.
//!
//! - **How it fits**: implemented by the modules beside this one and by the engine's built-in phone.
//! - **Not here**: time limits. The caller bounds the whole attempt and treats running out of it as [`Reply::Ambiguous`].
//! - **Source**: guarantees page, sections 3.1 and 3.3.

use core::{fmt, future::Future, pin::Pin};

use wardline_rules::{Text, program::Level, time::Timestamp, words::Channel};

use crate::limits::TEXT_CHARS_MAX;

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

/// Where a receiver finds the key of a notice, which is the same in every attempt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Key {
    /// In this header.
    Header(&'static str),
    /// In the body, where this JSON pointer leads.
    Field(&'static str),
    /// Nowhere: a person knows a repeat by the code in the text.
    Text,
}

/// How much a receiver takes. What is longer is refused before anything leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Characters of a text.
    pub text_chars_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { text_chars_max: TEXT_CHARS_MAX }
    }
}

/// What a notice wants of the person who gets it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Asks {
    /// Nothing: it only tells.
    Nothing,
    /// That it is accepted or declined.
    Acceptance,
    /// That the value is read back.
    ReadBack,
}

/// One attempt at one notice: all that may leave, and nothing that names a patient.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outgoing {
    /// The notice's id, the same in every attempt: the key by which a receiver knows a repeat.
    pub key: Text,
    /// The short code that a person gives back.
    pub code: Text,
    /// The page where a person answers; empty if there is none.
    pub link: String,
    /// Where a provider brings back what a person said; empty if nothing can be said.
    pub callback: String,
    /// What is wanted of the person.
    pub asks: Asks,
    /// The keys of the notices that this one takes back; empty unless it is a withdrawal.
    pub withdraws: Vec<Text>,
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
    /// The text is longer than the receiver takes.
    TooLarge,
    /// The recipient's address is none on this channel.
    AddressUnfit,
    /// Nobody takes messages of this subject.
    NoListener,
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
            Self::TooLarge => f.write_str("the text is longer than the receiver takes"),
            Self::AddressUnfit => f.write_str("the recipient's address is none on this channel"),
            Self::NoListener => f.write_str("nobody takes messages of this subject"),
            Self::Fault => f.write_str("the sink broke down"),
            Self::NoAddress => f.write_str("no address for the recipient"),
            Self::NoSink => f.write_str("no sink for the channel"),
        }
    }
}

/// An exchange under way.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// A look at the receiver under way.
pub type Probing<'a> = Pin<Box<dyn Future<Output = Result<(), Cause>> + Send + 'a>>;

/// A question to the receiver under way: whether it has a notice; an error if it does not say.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Result<bool, Cause>> + Send + 'a>>;

/// Whatever carries notices.
pub trait Sink: Send + Sync + fmt::Debug {
    /// What its receiver does with a second one.
    fn class(&self) -> Class;

    /// Where its receiver finds the key.
    fn key(&self) -> Key {
        Key::Text
    }

    /// How much its receiver takes.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// Whether its readers have signed in, so that a full message may be shown [MSG-1].
    fn is_secured(&self) -> bool;

    /// Makes one attempt.
    ///
    /// - **Output**: what is known about it. Dropping the future before it ends leaves the outcome unknown.
    fn send<'a>(&'a self, message: &'a Outgoing) -> Sending<'a>;

    /// Whether the receiver has a notice already: asked before it is sent again, if the class is [`Class::Queryable`].
    ///
    /// - **Output**: a sink that cannot ask says that it does not have it.
    fn ask<'a>(&'a self, _: &'a Outgoing) -> Asking<'a> {
        Box::pin(async { Ok(false) })
    }

    /// Whether the receiver can be reached now, as far as can be told without sending anything to a person.
    ///
    /// - **Output**: why not. A sink that has nothing to look at says that it can.
    fn probe(&self) -> Probing<'_> {
        Box::pin(async { Ok(()) })
    }
}

/// A page as tests send it.
#[cfg(test)]
pub(crate) fn example(key: &str) -> Outgoing {
    Outgoing {
        key: Text::from(key),
        code: Text::from("K7Q2MD"),
        link: "https://wardline.example/a/K7Q2MD".to_owned(),
        callback: "https://wardline.example/v1/replies/phone?n=a&s=b".to_owned(),
        asks: Asks::Acceptance,
        withdraws: Vec::new(),
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
