//! Wire: how does a batch become the payload of a record and back?
//!
//! - **Not here**: the layout (`wardline_core::wire`).

use wardline_core::{Batch, Input, wire};
use wardline_rules::time::Timestamp;

use crate::ward;

/// Appends the payload of a batch.
pub(crate) fn encode(inputs: &[Input], into: &mut Vec<u8>) {
    wire::encode_inputs(inputs, into);
}

/// Reads the payload of a batch; the ward of an activation is checked again.
///
/// # Errors
/// What does not fit.
pub(crate) fn decode(at: Timestamp, payload: &[u8]) -> Result<Batch, wire::Error> {
    wire::decode_batch(at, payload, &mut |packed| ward::compile(packed))
}
