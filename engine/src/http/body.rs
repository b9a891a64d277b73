//! Body: is all of it here, is it small enough, and did it come fast enough?
//!
//! - LIMIT: the caller's size; `BODY_IDLE_TIMEOUT`, `BODY_BYTES_PER_SECOND_MIN`; all open bodies `BODIES_BYTES_MAX`.

use core::ops::Deref;
use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;
use crate::{
    codes::Code,
    engine::Engine,
    limits::{BODIES_BYTES_MAX, BODY_BYTES_PER_SECOND_MIN, BODY_IDLE_TIMEOUT, BODY_OWN_BYTES},
    runtime::admission::Refusal,
};

/// Room for what bodies take beyond their own bytes, in parts of that size.
#[derive(Clone, Debug)]
pub(crate) struct Bodies(Arc<Semaphore>);

impl Default for Bodies {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(BODIES_BYTES_MAX / BODY_OWN_BYTES)))
    }
}

/// A whole body, and the room that it takes as long as somebody reads it.
#[derive(Debug, Default)]
pub(super) struct Whole {
    bytes: Vec<u8>,
    room: Option<OwnedSemaphorePermit>,
}

impl Deref for Whole {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Whole {
    /// Adds what came, if there is room for it.
    fn add(&mut self, chunk: &[u8], bodies: &Bodies) -> Result<(), Refusal> {
        let parts = (self.bytes.len() + chunk.len()).saturating_sub(BODY_OWN_BYTES).div_ceil(BODY_OWN_BYTES);
        let held = self.room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if parts > held {
            let more = u32::try_from(parts - held).map_err(|_| Refusal::Busy)?;
            let more = bodies.0.clone().try_acquire_many_owned(more).map_err(|_| Refusal::Busy)?;
            match &mut self.room {
                Some(room) => room.merge(more),
                None => self.room = Some(more),
            }
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// 413, 408, 503 if all bodies together are too large, or 422 if the connection breaks off.
pub(super) async fn read(mut body: Body, limit: usize, (engine, bodies): (&Engine, &Bodies)) -> Result<Whole, Problem> {
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(Problem::too_large(format!("more than {limit} bytes")));
    }
    let begun = engine.boot();
    let mut whole = Whole::default();
    loop {
        let frame = tokio::time::timeout(BODY_IDLE_TIMEOUT, body.frame()).await.map_err(|_| Problem::too_slow())?;
        let Some(frame) = frame else { return Ok(whole) };
        let frame = frame.map_err(|_| Problem::body("the body breaks off"))?;
        if let Ok(chunk) = frame.into_data() {
            if whole.len() + chunk.len() > limit {
                return Err(Problem::too_large(format!("more than {limit} bytes")));
            }
            whole.add(&chunk, bodies)?;
        }
        let seconds = u64::try_from(engine.boot().minus(begun).micros() / 1_000_000).unwrap_or(0);
        let owed = seconds.saturating_sub(BODY_IDLE_TIMEOUT.as_secs()).saturating_mul(BODY_BYTES_PER_SECOND_MIN);
        if u64::try_from(whole.len()).unwrap_or(u64::MAX) < owed {
            return Err(Problem::too_slow());
        }
    }
}

/// Refuses a compressed body: decompression is off.
///
/// # Errors
/// 415.
pub(super) fn refuse_encoded(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(header::CONTENT_ENCODING) {
        None => Ok(()),
        Some(value) if value == "identity" => Ok(()),
        Some(_) => Err(media_type("compressed bodies are not taken")),
    }
}

/// A content type that this path does not read.
pub(super) fn media_type(detail: &str) -> Problem {
    let help = "Set `content-type` to what this path reads, without compression.";
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::MediaType, detail, help)
}

/// The content type without its parameters, in lower case; empty if none was sent.
pub(super) fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    value.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_bodies_share_their_room_and_give_it_back() {
        let bodies = Bodies(Arc::new(Semaphore::new(2)));
        let chunk = vec![0; BODY_OWN_BYTES];
        let (mut first, mut second) = (Whole::default(), Whole::default());
        first.add(&chunk, &bodies).unwrap();
        assert_eq!(bodies.0.available_permits(), 2, "a small one needs none");
        first.add(&chunk, &bodies).unwrap();
        first.add(&chunk[..1], &bodies).unwrap();
        assert_eq!(bodies.0.available_permits(), 0);
        second.add(&chunk, &bodies).unwrap();
        assert_eq!(second.add(&chunk[..1], &bodies), Err(Refusal::Busy));
        assert_eq!(second.len(), BODY_OWN_BYTES, "nothing of it was taken");
        drop(first);
        second.add(&chunk[..1], &bodies).unwrap();
    }
}
