//! Listed: how is a notice delivered that people look up in Wardline's own worklist?
//!
//! It is there already: nothing is sent whose notice is not durable, and `GET /v1/worklist` shows those of open alerts. So an
//! attempt finds its work done, and a second one changes nothing.
//!
//! - **How it fits**: `kind = "worklist"` in the configuration; [`worklist`](crate::http) shows what it carries.
//! - **Not here**: pages that are no notices of the core, which no worklist would show; [`Sinks`](super::sinks::Sinks) sends
//!   them another way.

use wardline_connectors::adapters::{
    Class, Outgoing, Reply, Sink,
    sink::{Cause, Limits, Sending},
};

/// The worklist as a sink.
#[derive(Debug)]
pub struct Listed {
    /// Whether whoever reads it has signed in.
    pub is_secured: bool,
}

impl Sink for Listed {
    fn class(&self) -> Class {
        Class::Keyed
    }

    fn is_secured(&self) -> bool {
        self.is_secured
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> Sending<'a> {
        let is_long = message.text.chars().count() > Limits::default().text_chars_max;
        let reply = if is_long { Reply::FailedHard { cause: Cause::TooLarge } } else { Reply::Delivered };
        Box::pin(async { reply })
    }
}
