//! Signature: does this request come from the provider that has our token?
//!
//! The base-64 of HMAC-SHA-1 over the address as it was called and the form's fields, sorted, each name before its text.
//!
//! - **Source**: Twilio, "Validating requests". SHA-1 is what the scheme asks for; as a MAC it is not known to be broken.

use core::fmt;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

/// What a provider signs its requests with.
#[derive(Clone)]
pub struct Token(Hmac<Sha1>);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    /// From the account's token; `None` for an empty one.
    #[must_use]
    pub fn new(token: &[u8]) -> Option<Self> {
        if token.is_empty() {
            return None;
        }
        Hmac::new_from_slice(token).ok().map(Self)
    }

    /// Whether `signature` is that of a request to `url` with these fields; compared in constant time.
    #[must_use]
    pub fn has_signed(&self, url: &str, fields: &[(String, String)], signature: &str) -> bool {
        BASE64.decode(signature.as_bytes()).is_ok_and(|given| self.mac(url, fields).verify_slice(&given).is_ok())
    }

    /// The signature of a request to `url` with these fields.
    #[must_use]
    pub fn sign(&self, url: &str, fields: &[(String, String)]) -> String {
        BASE64.encode(&self.mac(url, fields).finalize().into_bytes())
    }

    fn mac(&self, url: &str, fields: &[(String, String)]) -> Hmac<Sha1> {
        let mut sorted: Vec<&(String, String)> = fields.iter().collect();
        sorted.sort();
        let mut mac = self.0.clone();
        mac.update(url.as_bytes());
        for (name, text) in sorted {
            mac.update(name.as_bytes());
            mac.update(text.as_bytes());
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Vec<(String, String)> {
        [
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .to_vec()
    }

    #[test]
    fn s1_20_the_example_of_the_provider_holds_and_an_edit_does_not() {
        let token = Token::new(b"12345").unwrap();
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
        assert!(token.has_signed(url, &fields(), signature));
        assert_eq!(token.sign(url, &fields()), signature);
        let mut edited = fields();
        edited[2].1 = "1235".to_owned();
        assert!(!token.has_signed(url, &edited, signature));
        assert!(!token.has_signed("https://mycompany.com/myapp.php?foo=1", &fields(), signature));
        assert!(!Token::new(b"12346").unwrap().has_signed(url, &fields(), signature));
        assert!(!token.has_signed(url, &fields(), "no base-64"));
        assert!(Token::new(b"").is_none());
    }
}
