//! SMS: what is a notice as a text message?
//!
//! - **How it fits**: a [`Dialect`]; [`post`](super::super::post) carries it.
//! - **Not here**: what a person writes back (`POST /v1/replies/sms`).
//! - **Source**: Twilio, Message resource.

use super::{Account, number, reading};
use crate::{
    adapters::{
        post::{Answer, Dialect, Error, HttpSink, Letter, Terms},
        sink::{Cause, Class, Key, Limits, Outgoing, Reply},
    },
    limits::SMS_CHARS_MAX,
};

/// Text messages of an account.
#[derive(Debug)]
pub struct Sms {
    account: Account,
}

/// Text messages through the API at `url`.
///
/// # Errors
/// See [`Error`].
pub fn open(url: &str, account: Account, terms: Terms) -> Result<HttpSink<Sms>, Error> {
    super::open(url, terms, Sms { account })
}

impl Dialect for Sms {
    fn class(&self) -> Class {
        Class::Neither
    }

    fn key(&self) -> Key {
        Key::Text
    }

    fn limits(&self) -> Limits {
        Limits { text_chars_max: SMS_CHARS_MAX }
    }

    fn letters(&self, message: &Outgoing) -> Result<Vec<Letter>, Cause> {
        let to = number(&message.address)?;
        let sender = if self.account.from.starts_with("MG") { "MessagingServiceSid" } else { "From" };
        let mut fields = vec![("To", to.as_str()), (sender, &self.account.from), ("Body", &message.text)];
        // The carrier's receipt comes back there, signed by the provider.
        fields.extend((!message.callback.is_empty()).then_some(("StatusCallback", message.callback.as_str())));
        Ok(vec![self.account.letter("Messages", &fields)])
    }

    fn reading(&self, answer: &Answer) -> Option<Reply> {
        reading(answer)
    }
}

#[cfg(test)]
mod tests {
    use hyper::{StatusCode, body::Bytes};

    use super::*;

    #[test]
    fn the_carrier_is_told_where_its_receipt_goes() {
        let sms = Sms { account: Account::new("AC1", b"t", "MG1").unwrap() };
        let message = Outgoing { address: "+15555550100".into(), ..crate::adapters::sink::example("n_a") };
        let body = |message: &Outgoing| sms.letters(message).unwrap().remove(0).body;
        assert!(
            body(&message)
                .contains("StatusCallback=https%3A%2F%2Fwardline.example%2Fv1%2Freplies%2Fphone%3Fn%3Da%26s%3Db")
        );
        assert!(!body(&Outgoing { callback: String::new(), ..message }).contains("StatusCallback"));
    }

    #[test]
    fn a_message_that_has_failed_already_was_not_delivered() {
        let sms = Sms { account: Account::new("AC1", b"t", "MG1").unwrap() };
        let says = |text: &'static str| {
            let body = Bytes::from_static(text.as_bytes());
            sms.reading(&Answer { status: StatusCode::CREATED, body, retry_after: None })
        };
        assert_eq!(says(r#"{"status":"failed"}"#), Some(Reply::FailedHard { cause: Cause::Status(201) }));
        assert_eq!(says(r#"{"status":"queued"}"#), None);
    }
}
