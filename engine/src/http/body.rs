//! Body: is all of it here, is it small enough, and did it come fast enough?
//!
//! - LIMIT: the caller's size; `BODY_IDLE_TIMEOUT`, `BODY_BYTES_PER_SECOND_MIN`.

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;

use super::problem::Problem;
use crate::{
    codes::Code,
    engine::Engine,
    limits::{BODY_BYTES_PER_SECOND_MIN, BODY_IDLE_TIMEOUT},
};

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// 413, 408, or 422 if the connection breaks off.
pub(super) async fn read(mut body: Body, limit: usize, engine: &Engine) -> Result<Vec<u8>, Problem> {
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(Problem::too_large(format!("more than {limit} bytes")));
    }
    let begun = engine.boot();
    let mut bytes = Vec::new();
    loop {
        let frame = tokio::time::timeout(BODY_IDLE_TIMEOUT, body.frame()).await.map_err(|_| Problem::too_slow())?;
        let Some(frame) = frame else { return Ok(bytes) };
        let frame = frame.map_err(|_| Problem::body("the body breaks off"))?;
        if let Ok(chunk) = frame.into_data() {
            if bytes.len() + chunk.len() > limit {
                return Err(Problem::too_large(format!("more than {limit} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        let seconds = u64::try_from(engine.boot().minus(begun).micros() / 1_000_000).unwrap_or(0);
        let owed = seconds.saturating_sub(BODY_IDLE_TIMEOUT.as_secs()).saturating_mul(BODY_BYTES_PER_SECOND_MIN);
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) < owed {
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
