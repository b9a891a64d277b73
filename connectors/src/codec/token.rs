//! Token: by what name does a patient travel, once the message is read?
//!
//! A keyed hash of authority and identifier: the same patient gives the same token for ever, and without the key no
//! token leads back. A raw identifier lives in [`Phi`] for the length of one message and has no way out but this hash.
//!
//! - **How it fits**: both codecs call [`Tokeniser`]; the token itself is a type of `wardline_rules`.
//! - **Not here**: reading the key file (the shell does), a table of identifiers (there is none [PRV-5]).
//! - **Source**: domain page [PRV-1] [PRV-2]; RFC 2104.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use wardline_rules::token::{Token, TokenKind};

use super::digest::first_half;

/// A raw identifier: no `Debug`, no `Display`, no `Serialize`, and dropped with the message.
pub(crate) struct Phi<T>(T);

impl<T: AsRef<str>> Phi<T> {
    /// Takes a raw identifier in.
    pub(crate) const fn new(raw: T) -> Self {
        Self(raw)
    }
}

/// Turns identifiers into tokens with the installation's key.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "it holds the key, which no log may print")]
pub struct Tokeniser {
    keyed: Hmac<Sha256>,
}

impl Tokeniser {
    /// With the 32 bytes of the key file.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self { keyed: Hmac::new(&block(key)) }
    }

    /// The token of a person, for whoever keeps their addresses; both trimmed before [IDN-4].
    #[must_use]
    pub fn person(&self, ns: &str, id: &str) -> Token {
        self.token(TokenKind::Person, ns, &Phi::new(id))
    }

    /// The token of `id` under authority `ns`; both trimmed before [IDN-4].
    pub(crate) fn token<T: AsRef<str>>(&self, kind: TokenKind, ns: &str, id: &Phi<T>) -> Token {
        let mut mac = self.keyed.clone();
        mac.update(domain(kind).as_bytes());
        mac.update(&[0]);
        mac.update(ns.as_bytes());
        mac.update(&[0]);
        mac.update(id.0.as_ref().as_bytes());
        Token(first_half(&mac.finalize().into_bytes()))
    }
}

const fn domain(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Patient => "patient",
        TokenKind::Encounter => "encounter",
        TokenKind::Person => "person",
    }
}

/// The key, filled up to the block of the hash as RFC 2104 does with short keys.
fn block(key: &[u8; 32]) -> hmac::digest::Key<Hmac<Sha256>> {
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(kind: TokenKind, ns: &str, id: &str) -> String {
        let key: [u8; 32] = core::array::from_fn(|index| u8::try_from(index).unwrap());
        Tokeniser::new(&key).token(kind, ns, &Phi::new(id)).display(kind).to_string()
    }

    #[test]
    fn the_published_vectors_hold() {
        // [PRV-1]
        assert_eq!(token(TokenKind::Patient, "STANNE-MRN", "1234567"), "pt_2mvxlqwcd6wirniczb7updjaze");
        assert_eq!(token(TokenKind::Encounter, "STANNE-VISIT", "V88001"), "en_ipbg4kgkf7igpr7ctbg66lnujq");
        assert_eq!(token(TokenKind::Person, "NPI", "1234567893"), "pr_i6delyvhaqd53rt7vjo45ognam");
    }

    #[test]
    fn authority_and_sort_of_identifier_separate_tokens() {
        // [PRV-1]: the zero byte between the parts keeps `a` + `bc` apart from `ab` + `c`.
        assert_ne!(token(TokenKind::Patient, "a", "bc"), token(TokenKind::Patient, "ab", "c"));
        let letters = |kind, text: String| text.strip_prefix(TokenKind::prefix(kind)).unwrap().to_owned();
        let patient = letters(TokenKind::Patient, token(TokenKind::Patient, "a", "b"));
        assert_ne!(patient, letters(TokenKind::Encounter, token(TokenKind::Encounter, "a", "b")));
    }
}
