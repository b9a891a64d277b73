//! Digest: is this the same content as before?
//!
//! SHA-256, cut to 16 bytes, over what a message says and not over when it was sent [DUP-1]: HL7 without its MSH
//! segment, JSON in canonical form without the times of the message. The same hash names things that came without a
//! usable name: `x-` an event, `~` an identifier that is too long.
//!
//! - **Not here**: remembering hashes for seven days; the engine's duplicate index does.
//! - **Source**: domain page [DUP-1] [EVT-6]; RFC 8785.

use core::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use wardline_rules::{Text, token::base32};

pub use super::json::canonical::{canonical_json, content_of_json};

/// The first 16 bytes of the SHA-256 of `bytes`.
#[must_use]
pub fn sha16(bytes: &[u8]) -> [u8; 16] {
    sha16_of([bytes])
}

/// The first 16 bytes of the SHA-256 of `parts`, one after the other.
pub fn sha16_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 16] {
    let mut hasher = Sha256::new();
    parts.into_iter().for_each(|part| hasher.update(part));
    first_half(&hasher.finalize())
}

/// The first 16 of 32 bytes.
pub(crate) fn first_half(bytes: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    half
}

/// `prefix` and 26 letters of base-32.
#[must_use]
pub fn name(prefix: &str, sha: [u8; 16]) -> Text {
    let mut text = Text::with_capacity(prefix.len() + 26);
    text.push_str(prefix);
    // Writing to a string does not fail.
    let _ = base32(&mut text, sha);
    text
}

/// 32 hexadecimal digits.
#[must_use]
pub fn hex(sha: [u8; 16]) -> Text {
    let mut text = Text::with_capacity(32);
    for byte in sha {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Reads 32 hexadecimal digits.
#[must_use]
pub fn from_hex(text: &str) -> Option<[u8; 16]> {
    let lower = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    lower.then(|| u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_written_as_they_are_read() {
        // SHA-256("a") begins ca978112ca1bbdca fac231b39a23dc4d.
        let sha = sha16(b"a");
        assert_eq!(hex(sha), "ca978112ca1bbdcafac231b39a23dc4d");
        assert_eq!(from_hex("ca978112ca1bbdcafac231b39a23dc4d"), Some(sha));
        assert_eq!(from_hex("CA978112ca1bbdcafac231b39a23dc4d"), None);
        assert_eq!(name("x-", sha).len(), 28);
        assert_eq!(sha16_of([&b"a"[..], b""]), sha);
    }
}
