//! Headers: what does every answer tell a browser it must not do?
//!
//! - **Source**: guarantees page, S1-25; OWASP secure headers.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

/// Styles and scripts only from files of ours, no frames, nothing kept, nothing guessed, nothing told to others.
const STRICT: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Puts the strict headers on an answer.
pub(super) fn make_strict(response: &mut Response) {
    for (name, value) in STRICT {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
}
