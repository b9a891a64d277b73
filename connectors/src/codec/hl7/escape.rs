//! Escape: what does a text say once its escapes are decoded?
//!
//! Decoding comes after splitting and is never split again. Delimiters come back as themselves, formatting as blanks,
//! hexadecimal bytes as the letters they are; an escape nobody knows stays as it is, with a note.
//!
//! - **Source**: HL7 v2.9, 2.7; domain page [TXT-3].

use std::borrow::Cow;

use wardline_rules::quality::Fault;

use super::lexer::Delimiters;
use crate::codec::notes::Notes;

/// Decodes every escape of `raw`.
pub(super) fn decode<'t>(raw: &'t str, delimiters: Delimiters, notes: &mut Notes) -> Cow<'t, str> {
    let mark = char::from(delimiters.escape);
    let Some((before, mut rest)) = raw.split_once(mark) else { return Cow::Borrowed(raw) };
    let mut text = String::with_capacity(raw.len());
    text.push_str(before);
    loop {
        let Some((code, after)) = rest.split_once(mark) else {
            // A single mark without its end.
            notes.add(Fault::Escape, "");
            text.push(mark);
            text.push_str(rest);
            return Cow::Owned(text);
        };
        let known = push(code, delimiters, &mut text);
        let Some((between, next)) = (if known { after.split_once(mark) } else { rest.split_once(mark) }) else {
            text.push_str(after);
            return Cow::Owned(text);
        };
        if known {
            text.push_str(between);
            rest = next;
        } else {
            // Its end may be the beginning of the next.
            notes.add(Fault::Escape, "");
            text.push(mark);
            text.push_str(code);
            rest = next;
        }
    }
}

/// Appends what `code` stands for; `false` if nobody knows.
fn push(code: &str, delimiters: Delimiters, text: &mut String) -> bool {
    let delimiter = match code {
        "F" => Some(delimiters.field),
        "S" => Some(delimiters.component),
        "T" => Some(delimiters.sub),
        "R" => Some(delimiters.repetition),
        "E" => Some(delimiters.escape),
        "P" => delimiters.truncation,
        _ => None,
    };
    if let Some(delimiter) = delimiter {
        text.push(char::from(delimiter));
        return true;
    }
    if matches!(code, "H" | "N") {
        return true;
    }
    if code.starts_with('.') {
        text.push(' ');
        return true;
    }
    let bytes =
        code.strip_prefix('X').and_then(|digits| data_encoding::HEXUPPER_PERMISSIVE.decode(digits.as_bytes()).ok());
    bytes.is_some_and(|bytes| {
        match core::str::from_utf8(&bytes) {
            Ok(decoded) => text.push_str(decoded),
            Err(_) => text.extend(bytes.iter().map(|byte| char::from(*byte))),
        }
        !bytes.is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(raw: &str) -> (String, usize) {
        let mut notes = Notes::default();
        let text = decode(raw, Delimiters::default(), &mut notes).into_owned();
        (text, notes.into_list().len())
    }

    #[test]
    fn known_escapes_are_decoded() {
        // [TXT-3]
        assert_eq!(decoded(r"a\F\b\S\c\T\d\R\e\E\f"), ("a|b^c&d~e\\f".into(), 0));
        assert_eq!(decoded(r"one\.br\two \H\bold\N\"), ("one two bold".into(), 0));
        assert_eq!(decoded(r"\X41\\X42\"), ("AB".into(), 0));
        assert_eq!(decoded(r"10\S\3/uL"), ("10^3/uL".into(), 0));
    }

    #[test]
    fn unknown_escapes_stay_as_they_are() {
        // [TXT-3]
        assert_eq!(decoded(r"C:\new\F\x"), (r"C:\new|x".into(), 1));
        assert_eq!(decoded(r"a\b"), (r"a\b".into(), 1));
        assert_eq!(decoded(r"\Q\"), (r"\Q\".into(), 1));
    }
}
