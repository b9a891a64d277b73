//! Voice: what does a call say, and which keys answer it?
//!
//! ```text
//!  "red: a result waits for you. Code K 7 Q 2 M D.
//!   To accept, enter 5 7 7 2 6 3 and the pound key. To decline, enter 0 and the pound key."
//! ```
//! The code is typed by the letters printed on the keys, so it is the code of the text and shows that somebody listened: a
//! mailbox presses nothing. A call that nobody answers by key stays delivered and never counts as answered.
//!
//! - **How it fits**: a [`Dialect`]; [`post`](super::super::post) carries it. The keys come to the notice's callback, which
//!   replies with what is to be said next ([`say`], [`ask_code`], [`ask_value`]).
//! - **Source**: Twilio, Call resource, TwiML `Gather` and `Say`; ITU-T E.161 for the letters on the keys.

use super::{Account, number, reading, spelt, spoken};
use crate::{
    adapters::{
        post::{Answer, Dialect, Error, HttpSink, Letter, Terms},
        sink::{Asks, Cause, Class, Key, Limits, Outgoing, Reply},
    },
    limits::SPOKEN_CHARS_MAX,
};

/// Calls of an account.
#[derive(Debug)]
pub struct Voice {
    account: Account,
}

/// Calls through the API at `url`.
///
/// # Errors
/// See [`Error`].
pub fn open(url: &str, account: Account, terms: Terms) -> Result<HttpSink<Voice>, Error> {
    super::open(url, terms, Voice { account })
}

impl Dialect for Voice {
    fn class(&self) -> Class {
        Class::Neither
    }

    fn key(&self) -> Key {
        Key::Text
    }

    fn limits(&self) -> Limits {
        Limits { text_chars_max: SPOKEN_CHARS_MAX }
    }

    fn letters(&self, message: &Outgoing) -> Result<Vec<Letter>, Cause> {
        let to = number(&message.address)?;
        let text = spoken(message);
        let script = match message.asks {
            Asks::Nothing => say(&text),
            Asks::Acceptance | Asks::ReadBack => ask_code(&text, &message.code, &message.callback),
        };
        let fields = [("To", to.as_str()), ("From", &self.account.from), ("Twiml", &script)];
        Ok(vec![self.account.letter("Calls", &fields)])
    }

    fn reading(&self, answer: &Answer) -> Option<Reply> {
        reading(answer)
    }
}

/// The keys of a code, by the letters printed on them.
#[must_use]
pub fn keys(code: &str) -> String {
    let key = |letter: char| match letter.to_ascii_uppercase() {
        'A'..='C' => '2',
        'D'..='F' => '3',
        'G'..='I' => '4',
        'J'..='L' => '5',
        'M'..='O' => '6',
        'P'..='S' => '7',
        'T'..='V' => '8',
        'W'..='Z' => '9',
        other => other,
    };
    code.chars().map(key).collect()
}

/// A script that says one text and ends.
#[must_use]
pub fn say(text: &str) -> String {
    format!("<Response><Say>{}</Say></Response>", escaped(text))
}

/// A script that says a text, then waits for the code's keys; said twice, because the first words of a call are missed.
#[must_use]
pub fn ask_code(text: &str, code: &str, callback: &str) -> String {
    let keys = spelt(&keys(code));
    let how = format!("{text} To accept, enter {keys} and the pound key. To decline, enter 0 and the pound key.");
    gather(&how, callback, 2)
}

/// A script that waits for the value to be read back; the star is the decimal point.
#[must_use]
pub fn ask_value(text: &str, callback: &str) -> String {
    let how = format!("{text} Enter the value that you read, the star key for the decimal point, then the pound key.");
    gather(&how, &format!("{callback}&step=value"), 2)
}

fn gather(text: &str, callback: &str, times: usize) -> String {
    let (text, callback) = (escaped(text), escaped(callback));
    let said = format!("<Say>{text}</Say>").repeat(times);
    format!(
        "<Response><Gather input=\"dtmf\" finishOnKey=\"#\" timeout=\"10\" method=\"POST\" action=\"{callback}\">{said}</Gather>\
         <Say>No key was pressed. Nothing was answered.</Say></Response>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{super::super::sink::example, *};

    #[test]
    fn a_code_is_typed_by_the_letters_on_the_keys() {
        assert_eq!(keys("K7Q2MD"), "577263");
        assert_eq!(keys("ADGJMPTW09"), "2345678909");
    }

    #[test]
    fn a_call_speaks_the_code_and_not_the_link() {
        let message = example("n_a");
        let script = ask_code(&spoken(&message), &message.code, &message.callback);
        assert!(
            script.contains("red: a result waits for you. Code K 7 Q 2 M D To accept, enter 5 7 7 2 6 3 and"),
            "{script}"
        );
        assert!(
            script.contains("action=\"https://wardline.example/v1/replies/phone?n=a&amp;s=b\"")
                && !script.contains("/a/K7Q2MD")
        );
    }

    #[test]
    fn a_call_that_only_tells_waits_for_no_key() {
        let voice = Voice { account: Account::new("AC1", b"t", "+15550100").unwrap() };
        let told = Outgoing { asks: Asks::Nothing, address: "+15550111".into(), ..example("n_a") };
        let body = voice.letters(&told).unwrap().remove(0).body;
        assert!(body.contains("Say") && !body.contains("Gather"), "{body}");
    }

    #[test]
    fn what_is_said_cannot_end_the_script() {
        assert_eq!(
            say("a < b & \"c\" </Say>"),
            "<Response><Say>a &lt; b &amp; &quot;c&quot; &lt;/Say&gt;</Say></Response>"
        );
    }
}
