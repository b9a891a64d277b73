//! Signature: how does a receiver know that a webhook is ours?
//!
//! `v1,` and the base-64 of HMAC-SHA-256 over `id.timestamp.body`.
//!
//! - **Source**: Standard Webhooks 1.0, "Signature scheme".

use core::fmt;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Bytes a secret has at least.
const SECRET_BYTES_MIN: usize = 24;
/// Bytes a secret has at most.
const SECRET_BYTES_MAX: usize = 64;

/// Signatures of one header that are looked at: two secrets of a sender that changes them, and some more.
const SIGNATURES_MAX: usize = 8;

/// A secret that fits the scheme.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The secret is too short, too long, or no base-64 after `whsec_`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct SecretUnfit(pub &'static str);

const UNFIT: SecretUnfit = SecretUnfit("the secret must be 24 to 64 bytes, or `whsec_` and the base-64 of them");

impl Secret {
    /// Takes the bytes themselves, or `whsec_` and their base-64.
    ///
    /// # Errors
    /// [`SecretUnfit`].
    pub fn new(secret: &[u8]) -> Result<Self, SecretUnfit> {
        let bytes = match secret.strip_prefix(b"whsec_") {
            Some(letters) => BASE64.decode(letters).map_err(|_| UNFIT)?,
            None => secret.to_vec(),
        };
        if !(SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&bytes.len()) {
            return Err(UNFIT);
        }
        Hmac::new_from_slice(&bytes).map(Self).map_err(|_| UNFIT)
    }
}

/// The value of `webhook-signature`.
///
/// - **Input** `id`: the key of the notice. `seconds`: the value of `webhook-timestamp`. `body`: exactly as sent.
#[must_use]
pub fn sign(secret: &Secret, id: &str, seconds: &str, body: &[u8]) -> String {
    let mut mac = secret.0.clone();
    for part in [id.as_bytes(), b".", seconds.as_bytes(), b".", body] {
        mac.update(part);
    }
    format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
}

/// Whether one of the signatures in `header` is that of these bytes; each is compared in constant time.
///
/// - **Input** `header`: the value of `webhook-signature`, several with blanks between; other schemes than `v1` are passed over.
#[must_use]
pub fn is_signed(secret: &Secret, id: &str, seconds: &str, body: &[u8], header: &str) -> bool {
    let mut mac = secret.0.clone();
    for part in [id.as_bytes(), b".", seconds.as_bytes(), b".", body] {
        mac.update(part);
    }
    let told = header.split(' ').filter_map(|one| one.strip_prefix("v1,"));
    let told = told.take(SIGNATURES_MAX).filter_map(|letters| BASE64.decode(letters.as_bytes()).ok());
    // INVARIANT: all are compared, so that time says nothing about which.
    told.fold(false, |is, bytes| is | mac.clone().verify_slice(&bytes).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_18_the_vector_of_the_specification_holds() {
        let secret = Secret::new(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn s1_18_a_signature_is_known_among_others_and_only_for_these_bytes() {
        let secret = Secret::new(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let is = |id: &str, seconds: &str, body: &str, header: &str| {
            is_signed(&secret, id, seconds, body.as_bytes(), header)
        };
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", r#"{"test": 2432232314}"#);
        let ours = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert!(is(id, "1614265330", body, ours));
        assert!(is(id, "1614265330", body, &format!("v1a,AAAA v1,AAAA {ours}")), "while a secret is changed");
        assert!(!is(id, "1614265331", body, ours) && !is("msg_x", "1614265330", body, ours));
        assert!(
            !is(id, "1614265330", "{}", ours) && !is(id, "1614265330", body, "v1,") && !is(id, "1614265330", body, "")
        );
        assert!(!is(id, "1614265330", body, &format!("{}{ours}", "v1,AAAA ".repeat(SIGNATURES_MAX))), "bounded");
    }

    #[test]
    fn secrets_that_are_too_short_are_refused() {
        assert_eq!(Secret::new(b"short").map(|_| ()), Err(UNFIT));
        assert_eq!(Secret::new(b"whsec_!!!").map(|_| ()), Err(UNFIT));
        assert!(Secret::new(&[7; 24]).is_ok() && Secret::new(&[7; 65]).is_err());
    }
}
