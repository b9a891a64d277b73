//! Charset: which letters are these bytes?
//!
//! MSH-18 says, else the source's profile, else UTF-8. Bytes that the set does not have are read as Windows-1252, in
//! which every byte is something, so nothing is lost and a note is left.
//!
//! - **Source**: HL7 v2.9 table 0211; domain page [TXT-1].

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use wardline_rules::quality::Fault;

use super::lexer::Delimiters;
use crate::codec::notes::Notes;

enum Set {
    Ascii,
    Of(&'static Encoding),
    /// One that we do not read: letters beyond ASCII are dropped.
    Foreign,
}

/// The text of `bytes`, which begin with MSH.
pub(super) fn decode<'t>(
    bytes: &'t [u8],
    delimiters: Delimiters,
    default: Option<&str>,
    notes: &mut Notes,
) -> Cow<'t, str> {
    let named = first_name(bytes, delimiters);
    let set = match (named.as_str(), default) {
        ("", Some(default)) => set_of(default),
        ("", None) => Set::Of(UTF_8),
        (name, _) => set_of(name),
    };
    match set {
        Set::Ascii if bytes.is_ascii() => Cow::Borrowed(core::str::from_utf8(bytes).unwrap_or_default()),
        Set::Ascii => windows(bytes, notes),
        Set::Foreign => {
            notes.add(Fault::Charset, "MSH-18");
            Cow::Owned(bytes.iter().filter(|byte| byte.is_ascii()).map(|byte| char::from(*byte)).collect())
        }
        Set::Of(encoding) => {
            encoding.decode_without_bom_handling_and_without_replacement(bytes).unwrap_or_else(|| windows(bytes, notes))
        }
    }
}

fn windows<'t>(bytes: &'t [u8], notes: &mut Notes) -> Cow<'t, str> {
    notes.add(Fault::Charset, "MSH-18");
    WINDOWS_1252.decode_without_bom_handling(bytes).0
}

/// The first repetition of MSH-18, in capitals.
fn first_name(bytes: &[u8], delimiters: Delimiters) -> String {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let field = line.split(|byte| *byte == delimiters.field).nth(17).unwrap_or_default();
    let first = field.split(|byte| *byte == delimiters.repetition).next().unwrap_or_default();
    first.trim_ascii().iter().map(|byte| char::from(byte.to_ascii_uppercase())).collect()
}

fn set_of(name: &str) -> Set {
    let name = name.trim_ascii().to_ascii_uppercase();
    if let Some(part) = name.strip_prefix("8859/").or_else(|| name.strip_prefix("ISO-8859-")) {
        return Encoding::for_label(format!("iso-8859-{part}").as_bytes()).map_or(Set::Foreign, Set::Of);
    }
    match name.as_str() {
        "ASCII" | "US-ASCII" => Set::Ascii,
        "UNICODE UTF-8" | "UNICODE" | "UTF-8" | "UTF8" => Set::Of(UTF_8),
        "WINDOWS-1252" | "CP1252" => Set::Of(WINDOWS_1252),
        _ => Set::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(charset: &str, letters: &[u8], default: Option<&str>) -> (String, usize) {
        let mut bytes = format!("MSH|^~\\&||||||||||||||||{charset}\rPID|").into_bytes();
        let start = bytes.len();
        bytes.extend_from_slice(letters);
        let mut notes = Notes::default();
        let text = decode(&bytes, Delimiters::default(), default, &mut notes).into_owned();
        (text.get(start..).unwrap().to_owned(), notes.into_list().len())
    }

    #[test]
    fn the_header_names_the_set() {
        // [TXT-1]
        assert_eq!(read("UNICODE UTF-8", "Müller".as_bytes(), None), ("Müller".into(), 0));
        assert_eq!(read("8859/1", b"M\xfcller", None), ("Müller".into(), 0));
        assert_eq!(read("8859/15~ASCII", b"\xa4", None), ("€".into(), 0));
        assert_eq!(read("", b"M\xfcller", Some("8859/1")), ("Müller".into(), 0));
        assert_eq!(read("", "Müller".as_bytes(), None), ("Müller".into(), 0));
    }

    #[test]
    fn foreign_bytes_lose_nothing_that_we_read() {
        // [TXT-1]
        assert_eq!(read("ASCII", b"M\xfcller", None), ("Müller".into(), 1));
        assert_eq!(read("", b"M\xfcller", None), ("Müller".into(), 1), "not UTF-8, so Windows-1252");
        assert_eq!(read("ISO IR87", b"A\xe9B", None), ("AB".into(), 1));
    }
}
