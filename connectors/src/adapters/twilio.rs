//! Twilio: how does a notice become a text message or a call at a provider that speaks Twilio's API?
//!
//! ```text
//!  SMS    Messages.json ◄── To, From, Body, callback    reply: POST /v1/replies/sms    "K7Q2MD", "K7Q2MD 6.9", "K7Q2MD no"
//!  call   Calls.json    ◄── To, From, Twiml             keys:  POST /v1/replies/phone  the code on the keypad
//! ```
//! Neither is keyed: the provider sends twice what it is told twice, and a person knows it by the code.
//!
//! - **How it fits**: [`sms`] and [`voice`] are [`Dialect`]s, [`signature`] says whether a reply is the provider's.
//! - **Not here**: what a carrier's receipt leads to (`POST /v1/replies/sms`); "taken by the provider" counts as delivered, and
//!   never as answered.
//! - **Source**: Twilio, Programmable Messaging and Voice APIs 2010-04-01, TwiML.

pub mod signature;
pub mod sms;
pub mod voice;

use core::fmt;

use super::{
    post::{Answer, Dialect, Error, FORM, HttpSink, Letter, Terms, basic, form},
    sink::{Cause, Outgoing, Reply},
};

/// Where the API is unless another provider speaks it.
pub const ADDRESS: &str = "https://api.twilio.com";

/// Whose account pays, and from which number.
#[derive(Clone)]
pub struct Account {
    name: String,
    authorization: String,
    from: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Account {
    /// The account's name, its token, and the number, sender name or messaging-service id that messages come from.
    ///
    /// # Errors
    /// [`Error::Unfit`].
    pub fn new(name: &str, token: &[u8], from: &str) -> Result<Self, Error> {
        let is_plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_plain {
            return Err(Error::Unfit("the account's name must be letters and digits"));
        }
        if token.is_empty() {
            return Err(Error::Unfit("the token is empty"));
        }
        let from = number(from).unwrap_or_else(|_| from.to_owned());
        Ok(Self { name: name.to_owned(), authorization: basic(name, token), from })
    }

    fn letter(&self, resource: &str, fields: &[(&str, &str)]) -> Letter {
        Letter {
            method: hyper::Method::POST,
            path: format!("/2010-04-01/Accounts/{}/{resource}.json", self.name),
            headers: vec![("authorization", self.authorization.clone())],
            content_type: FORM,
            body: form(fields),
        }
    }
}

/// The digits of a telephone number after its plus, as providers want it: `+1 (555) 01-00` becomes `+1555 0100` without blanks.
///
/// # Errors
/// [`Cause::AddressUnfit`].
pub fn number(address: &str) -> Result<String, Cause> {
    let bare: String = address.chars().filter(|sign| !matches!(sign, ' ' | '-' | '(' | ')' | '.' | '/')).collect();
    let digits = bare.strip_prefix('+').ok_or(Cause::AddressUnfit)?;
    let fits = (6..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(bare) } else { Err(Cause::AddressUnfit) }
}

/// What was created may have failed already.
fn reading(answer: &Answer) -> Option<Reply> {
    let created: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    let word = created.get("status")?.as_str()?;
    let is_failed = matches!(word, "failed" | "undelivered" | "canceled");
    let cause = Cause::Status(answer.status.as_u16());
    (answer.status.is_success() && is_failed).then_some(Reply::FailedHard { cause })
}

/// The letters of a code with blanks between them, so that a voice spells it.
fn spelt(code: &str) -> String {
    code.chars().map(String::from).collect::<Vec<_>>().join(" ")
}

/// A text for the ear: without the link, the code spelt.
fn spoken(message: &Outgoing) -> String {
    let text = if message.link.is_empty() { message.text.clone() } else { message.text.replace(&message.link, "") };
    let text = if message.code.is_empty() { text } else { text.replace(message.code.as_str(), &spelt(&message.code)) };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn open<D: Dialect>(url: &str, terms: Terms, dialect: D) -> Result<HttpSink<D>, Error> {
    HttpSink::new(url, terms, dialect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_providers_want_them() {
        assert_eq!(number("+1 (555) 555-0100").as_deref(), Ok("+15555550100"));
        assert_eq!(number("555 0100"), Err(Cause::AddressUnfit), "without a country nobody knows whom it reaches");
        assert_eq!(number("+1 555 01x0"), Err(Cause::AddressUnfit));
        assert_eq!(number("+12345"), Err(Cause::AddressUnfit));
    }

    #[test]
    fn s1_22_a_token_is_not_printed() {
        let account = Account::new("AC1", b"s3cret-token", "+15550100").unwrap();
        let printed = format!("{account:?}");
        assert!(printed.contains("AC1") && !printed.contains("s3cret") && !printed.contains("Basic"), "{printed}");
    }
}
