//! Gap: what does the log say where records were given up?
//!
//! ```text
//!  … 41 42 │ gap, number 43: up to 57, hash of 57 │ 58 59 …
//! ```
//! The record takes the place of the first lost one. Behind it the log goes on with the number after the last, and with the
//! hash that the next sound segment names.
//! - **How it fits**: [`accept_loss`](crate::repair::accept_loss) writes it, the reader jumps over it, the shell counts it.
//! - **Not here**: deciding to give anything up; a person does.

use crate::fields::Fields;
use crate::record::Chain;

/// Payload of a `gap` record. Its own sequence is the first record lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Last record lost.
    pub last: u64,
    /// What the record after it names as the hash of the one before.
    pub chain: Chain,
}

impl Gap {
    /// Length of the payload.
    pub const BYTES: usize = 24;

    /// The payload.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&self.last.to_le_bytes());
        bytes[8..].copy_from_slice(&self.chain.0);
        bytes
    }

    /// Reads a payload; `None` if it is none.
    pub fn decode(payload: &[u8]) -> Option<Self> {
        let mut fields = Fields::new(payload);
        Some(Self { last: fields.u64()?, chain: Chain(fields.array()?) })
    }
}
