//! Text: what does a person mean who writes back?
//!
//! `K7Q2MD`, `K7Q2MD yes`: accepted. `K7Q2MD 6.9 mmol/L`: read back. `K7Q2MD no`: declined. The first line that says something
//! counts, so that what a mail program quotes below does not.
//!
//! - **Not here**: whose code it is (the parent).

use wardline_core::ids::Code;

/// One way to understand what was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Reading {
    /// The code.
    pub(super) code: Code,
    /// The word for what they do, as an answer has it.
    pub(super) act: &'static str,
    /// The value they read back; empty if none.
    pub(super) value: String,
    /// Its unit; empty if none.
    pub(super) unit: String,
}

/// LIMIT: bytes of a line that are looked at.
const LINE_BYTES_MAX: usize = 512;

/// Every way to understand a text, the likeliest first: ordinary words may look like a code.
pub(super) fn readings(text: &str) -> Vec<Reading> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('>')).unwrap_or("");
    if line.len() > LINE_BYTES_MAX {
        return Vec::new();
    }
    let words: Vec<&str> =
        line.split_whitespace().map(|word| word.trim_matches(['.', ',', ';', ':', '!', '"'])).collect();
    let reading = |(place, word): (usize, &&str)| {
        let code = Code::parse(word)?;
        meant(words.get(place + 1..).unwrap_or(&[])).map(|(act, value, unit)| Reading { code, act, value, unit })
    };
    words.iter().enumerate().filter_map(reading).collect()
}

/// What stands behind the code.
fn meant(words: &[&str]) -> Option<(&'static str, String, String)> {
    let Some(first) = words.first() else { return Some(("accepted", String::new(), String::new())) };
    let plain = |act| Some((act, String::new(), String::new()));
    match first.to_lowercase().as_str() {
        "yes" | "y" | "ok" | "accept" | "accepted" => plain("accepted"),
        "no" | "n" | "decline" | "declined" => plain("declined"),
        word if word.starts_with(|sign: char| sign.is_ascii_digit() || "<>=-".contains(sign)) => {
            Some(("read_back", (*first).to_owned(), words.get(1..).unwrap_or(&[]).join(" ")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let shown = |reading: Reading| {
            format!("{} {} {} {}", reading.code, reading.act, reading.value, reading.unit).trim_end().to_owned()
        };
        readings(text).into_iter().map(shown).collect()
    }

    #[test]
    fn a_code_alone_accepts_and_words_behind_it_say_otherwise() {
        assert_eq!(read("K7Q2MD"), ["K7Q2MD accepted"]);
        assert_eq!(read(" k7q2md, yes!"), ["K7Q2MD accepted"]);
        assert_eq!(read("K7Q2MD no, I am off"), ["K7Q2MD declined"]);
        assert_eq!(read("K7Q2MD 6.9 mmol/L"), ["K7Q2MD read_back 6.9 mmol/L"]);
        assert_eq!(read("K7Q2MD >7,0"), ["K7Q2MD read_back >7,0"]);
    }

    #[test]
    fn what_nobody_can_be_sure_of_answers_nothing() {
        assert_eq!(read("yes"), [""; 0]);
        assert_eq!(read("K7Q2MD maybe"), [""; 0]);
        assert_eq!(read(""), [""; 0]);
        assert_eq!(read(&format!("{} K7Q2MD", "x".repeat(600))), [""; 0]);
    }

    #[test]
    fn what_a_mail_program_quotes_is_not_an_answer() {
        assert_eq!(read("> red: a result waits. Code K7Q2MD\n\nK7Q2MD no\n> Code AAAAAA"), ["K7Q2MD declined"]);
    }

    #[test]
    fn an_ordinary_word_may_look_like_a_code_and_does_not_hide_it() {
        assert_eq!(read("Accept K7Q2MD"), ["K7Q2MD accepted"]);
    }
}
