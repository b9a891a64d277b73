//! SCRAM: does somebody know a password that we do not have?
//!
//! SCRAM-SHA-256 of RFC 5802 and 7677, the server's side. On disk there is only a verifier: salt, iterations, stored key and
//! server key; none of them lets anybody in.
//!
//! - **Not here**: messages of the wire ([`super::startup`]).

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::access::is_equal;

/// Iterations of new verifiers.
const ITERATIONS: u32 = 4_096;

/// Bytes of our part of the nonce.
pub const NONCE_BYTES: usize = 18;

/// What is kept of a password: `SCRAM-SHA-256$iterations:salt$stored:server`, as PostgreSQL writes it.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    iterations: u32,
    salt: Vec<u8>,
    stored: Vec<u8>,
    server: Vec<u8>,
}

impl core::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Verifier(…)")
    }
}

/// An exchange that waits for the client's proof.
#[derive(Debug)]
pub struct Exchange {
    verifier: Option<Verifier>,
    nonce: String,
    header: String,
    bare: String,
    first: String,
}

impl Verifier {
    /// Reads a verifier; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("SCRAM-SHA-256$")?;
        let (head, keys) = rest.split_once('$')?;
        let (iterations, salt) = head.split_once(':')?;
        let (stored, server) = keys.split_once(':')?;
        let read = |text: &str| BASE64.decode(text.as_bytes()).ok();
        let verifier = Self {
            iterations: iterations.parse().ok().filter(|count| (ITERATIONS..=1_000_000).contains(count))?,
            salt: read(salt)?,
            stored: read(stored)?,
            server: read(server)?,
        };
        (verifier.stored.len() == 32 && verifier.server.len() == 32 && !verifier.salt.is_empty()).then_some(verifier)
    }

    /// The verifier of a password.
    #[must_use]
    pub fn of(password: &str, salt: &[u8]) -> Self {
        let salted = salted(password, salt, ITERATIONS);
        let stored = Sha256::digest(mac(&salted, &[b"Client Key"])).to_vec();
        Self { iterations: ITERATIONS, salt: salt.to_vec(), stored, server: mac(&salted, &[b"Server Key"]) }
    }

    /// As it stands in a configuration.
    #[must_use]
    pub fn text(&self) -> String {
        let show = |bytes: &[u8]| BASE64.encode(bytes);
        format!("SCRAM-SHA-256${}:{}${}:{}", self.iterations, show(&self.salt), show(&self.stored), show(&self.server))
    }
}

impl Exchange {
    /// Takes the client's first message; the answer is the server's first.
    ///
    /// - **Input** `verifier`: that of the user; an unknown user gets the same answers and fails at the end. `ours`: bytes
    ///   nobody can guess, for the nonce. `salt`: what an unknown user is told, always the same for the same name.
    #[must_use]
    pub fn begin(
        message: &str,
        verifier: Option<Verifier>,
        ours: &[u8; NONCE_BYTES],
        salt: &[u8],
    ) -> Option<(Self, String)> {
        let mut parts = message.splitn(3, ',');
        let (flag, name) = (parts.next()?, parts.next()?);
        let bare = parts.next()?;
        // Channel binding needs TLS, which this listener does not speak.
        if !matches!(flag, "n" | "y") {
            return None;
        }
        let client = bare.split(',').find_map(|part| part.strip_prefix("r="))?;
        let nonce = format!("{client}{}", BASE64.encode(ours));
        let salt = verifier.as_ref().map_or(salt, |verifier| &verifier.salt);
        let iterations = verifier.as_ref().map_or(ITERATIONS, |verifier| verifier.iterations);
        let first = format!("r={nonce},s={},i={iterations}", BASE64.encode(salt));
        let header = format!("{flag},{name},");
        let exchange = Self { verifier, nonce, header, bare: bare.to_owned(), first: first.clone() };
        Some((exchange, first))
    }

    /// Takes the client's proof; the answer is ours. `None` if it proves nothing.
    #[must_use]
    pub fn finish(&self, message: &str) -> Option<String> {
        let (without, proof) = message.rsplit_once(",p=")?;
        let binding = format!("c={}", BASE64.encode(self.header.as_bytes()));
        let expected = format!("{binding},r={}", self.nonce);
        let proof = BASE64.decode(proof.as_bytes()).ok().filter(|proof| proof.len() == 32)?;
        let verifier = self.verifier.as_ref()?;
        if without != expected {
            return None;
        }
        let said: [&[u8]; 5] = [self.bare.as_bytes(), b",", self.first.as_bytes(), b",", without.as_bytes()];
        let signature = mac(&verifier.stored, &said);
        let key: Vec<u8> = proof.iter().zip(&signature).map(|(proof, signature)| proof ^ signature).collect();
        let is_right = is_equal(&Sha256::digest(&key), &verifier.stored);
        is_right.then(|| format!("v={}", BASE64.encode(&mac(&verifier.server, &said))))
    }
}

/// The salt that an unknown user is told: as constant as a real one, and nothing that can be guessed.
#[must_use]
pub(crate) fn salt_of_nobody(secret: &[u8], user: &str) -> Vec<u8> {
    let mut salt = mac(secret, &[b"salt", user.as_bytes()]);
    salt.truncate(16);
    salt
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // INVARIANT: HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

fn salted(password: &str, salt: &[u8], iterations: u32) -> Vec<u8> {
    let mut last = mac(password.as_bytes(), &[salt, &1_u32.to_be_bytes()]);
    let mut sum = last.clone();
    for _ in 1..iterations {
        last = mac(password.as_bytes(), &[&last]);
        sum.iter_mut().zip(&last).for_each(|(sum, last)| *sum ^= last);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange of RFC 7677, section 3.
    #[test]
    fn the_example_of_the_rfc_is_followed_to_the_letter() {
        let salt = BASE64.decode(b"W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let verifier = Verifier::of("pencil", &salt);
        let client = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
        let (mut exchange, _) = Exchange::begin(client, Some(verifier), &[7; NONCE_BYTES], &[]).unwrap();
        // The nonce of the example in place of ours.
        exchange.nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".to_owned();
        exchange.first = format!("r={},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", exchange.nonce);
        let client = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        assert_eq!(exchange.finish(client).unwrap(), "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        let wrong = client.replace("dHzb", "dHzc");
        assert_eq!(exchange.finish(&wrong), None);
    }

    #[test]
    fn a_verifier_is_read_as_it_is_written_and_nothing_else_is() {
        let verifier = Verifier::of("pencil", b"0123456789abcdef");
        assert_eq!(Verifier::parse(&verifier.text()), Some(verifier.clone()));
        assert_eq!(Verifier::parse(&verifier.text().replace("4096", "1")), None, "too few iterations");
        assert_eq!(Verifier::parse("pencil"), None);
        assert_eq!(format!("{verifier:?}"), "Verifier(…)");
    }

    #[test]
    fn an_unknown_user_gets_a_first_answer_and_never_a_last() {
        let salt = salt_of_nobody(b"secret", "eve");
        assert_eq!((salt.len(), &salt), (16, &salt_of_nobody(b"secret", "eve")), "the same at every try");
        assert_ne!(salt, salt_of_nobody(b"secret", "bob"));
        let (exchange, first) = Exchange::begin("n,,n=,r=abc", None, &[7; NONCE_BYTES], &salt).unwrap();
        assert!(first.contains(&format!(",s={},", BASE64.encode(&salt))), "{first}");
        assert!(first.starts_with("r=abc") && first.ends_with(",i=4096"), "{first}");
        let proof = BASE64.encode(&[0; 32]);
        assert_eq!(exchange.finish(&format!("c=biws,r={},p={proof}", exchange.nonce)), None);
    }
}
