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

/// What stands behind the inputs of a payload: the exact bytes of its dead letters; empty if nothing does.
pub(crate) fn raw_section(payload: &[u8]) -> &[u8] {
    fn skip(rest: &mut &[u8]) -> Option<()> {
        let (count, mut left) = rest.split_first_chunk::<4>()?;
        for _ in 0..u32::from_le_bytes(*count) {
            let (length, body) = left.get(3..)?.split_first_chunk::<4>()?;
            left = body.get(usize::try_from(u32::from_le_bytes(*length)).ok()?..)?;
        }
        *rest = left;
        Some(())
    }
    let mut rest = payload;
    match skip(&mut rest) {
        Some(()) => rest,
        None => &[],
    }
}
