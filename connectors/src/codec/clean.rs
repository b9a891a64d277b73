//! Clean: in which form do identifiers, codes and names enter an event?
//!
//! The event format allows visible ASCII within bounds. What does not fit is made to fit in the same way every time, so
//! that the same number sent twice stays the same number: other characters become `_`, what is too long becomes `~` and
//! a hash. Nothing here refuses a message.
//!
//! - **How it fits**: both codecs pass every text of a message through here before it enters an event.
//! - **Source**: domain page section 2 (table), [IDN-4].

use wardline_rules::{
    Text,
    decimal::Decimal,
    event::{Code, Ident, ReportFlag},
    limits::{EVENT_ID_CHARS_MAX, ID_CHARS_MAX, NAMESPACE_CHARS_MAX},
    quality::Fault,
    token::{Token, TokenKind},
    words::{Abnormal, Flag},
};

use super::{
    digest,
    notes::Notes,
    profile::Profile,
    token::{Phi, Tokeniser},
};
use crate::limits::{PLACE_CHARS_MAX, SUB_CHARS_MAX, WORD_CHARS_MAX};

const fn is_visible(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~')
}

/// `text` with blanks inside allowed; other characters become `_`, too long becomes a hash.
fn printable(text: &str, chars_max: usize, field: &str, notes: &mut Notes) -> Text {
    fitted(text.trim_ascii(), chars_max, |byte| is_visible(byte) || byte == b' ', field, notes)
}

/// `text` without blanks; other characters become `_`, too long becomes a hash.
fn visible(text: &str, chars_max: usize, field: &str, notes: &mut Notes) -> Text {
    fitted(text.trim_ascii(), chars_max, is_visible, field, notes)
}

/// A measured number: the nearest that is kept if its sender wrote more digits, with a note.
pub(super) fn number(digits: &str, field: &str, notes: &mut Notes) -> Option<Decimal> {
    let (number, is_rounded) = Decimal::nearest(digits)?;
    if is_rounded {
        notes.add(Fault::Clipped, field);
    }
    Some(number)
}

fn fitted(text: &str, chars_max: usize, fits: impl Fn(u8) -> bool, field: &str, notes: &mut Notes) -> Text {
    if text.len() <= chars_max && text.bytes().all(&fits) {
        return Text::from(text);
    }
    if text.chars().count() > chars_max {
        notes.add(Fault::Clipped, field);
        return digest::name("~", digest::sha16(text.as_bytes()));
    }
    text.chars().map(|c| if u8::try_from(c).is_ok_and(&fits) { c } else { '_' }).collect()
}

/// A number within its namespace, `default` where it names none [IDN-4]; `None` if there is no number.
pub(crate) fn ident(
    id: &str,
    ns: &str,
    default: &str,
    profile: &Profile,
    (field, notes): (&str, &mut Notes),
) -> Option<Ident> {
    let mut id = id.trim_ascii();
    if profile.trim_zeros {
        id = id.trim_start_matches('0');
    }
    if id.is_empty() {
        return None;
    }
    Some(Ident {
        id: printable(id, ID_CHARS_MAX, field, notes),
        ns: visible(namespace(ns, default, profile), NAMESPACE_CHARS_MAX, field, notes),
    })
}

/// The namespace we use for `ns`.
fn namespace<'t>(ns: &'t str, default: &'t str, profile: &'t Profile) -> &'t str {
    let ns = ns.trim_ascii();
    let ns = if ns.is_empty() { default } else { ns };
    profile.namespaces.get(ns).map_or(ns, Text::as_str)
}

/// The token of a raw identifier [PRV-1]; `None` if there is no identifier.
pub(crate) fn token(kind: TokenKind, raw: &str, ns: &str, profile: &Profile, tokeniser: &Tokeniser) -> Option<Token> {
    let default = match kind {
        TokenKind::Patient => &profile.authorities.patient,
        TokenKind::Encounter => &profile.authorities.encounter,
        TokenKind::Person => &profile.authorities.person,
    };
    let mut raw = raw.trim_ascii();
    if profile.trim_zeros {
        raw = raw.trim_start_matches('0');
    }
    let phi = Phi::new(raw);
    (!raw.is_empty()).then(|| tokeniser.token(kind, namespace(ns, default, profile), &phi))
}

/// Whether the identifier is that of a test patient [EVT-9].
pub(crate) fn is_test_patient(raw: &str, ns: &str, profile: &Profile) -> bool {
    let rule = &profile.test_patients;
    let ns = namespace(ns, &profile.authorities.patient, profile);
    rule.authorities.contains(ns) || rule.prefixes.iter().any(|prefix| raw.trim_ascii().starts_with(prefix.as_str()))
}

/// A code of some system; `None` if the code is empty.
pub(crate) fn code(code: &str, system: &str, display: &str, field: &str, notes: &mut Notes) -> Option<Code> {
    if code.trim_ascii().is_empty() {
        return None;
    }
    let display = display.trim_ascii();
    let display = match display.char_indices().nth(NAMESPACE_CHARS_MAX) {
        Some((end, _)) => display.get(..end).unwrap_or_default().trim_ascii_end(),
        None => display,
    };
    Some(Code {
        code: printable(code, ID_CHARS_MAX, field, notes),
        system: visible(system_name(system.trim_ascii()), NAMESPACE_CHARS_MAX, field, notes),
        display: Text::from(display),
    })
}

/// One name for the systems that every format names differently, so that the same code is the same test.
fn system_name(system: &str) -> &str {
    match system {
        "LN" | "LOINC" | "http://loinc.org" | "2.16.840.1.113883.6.1" | "urn:oid:2.16.840.1.113883.6.1" => "loinc",
        "SCT" | "SNM" | "SNOMED" | "SNOMED-CT" | "http://snomed.info/sct" | "2.16.840.1.113883.6.96" => "snomed",
        system => system,
    }
}

/// A site, department or location; `None` if nothing usable is left.
pub(crate) fn place(text: &str, field: &str, notes: &mut Notes) -> Option<Text> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'.' | b'_' | b'/' | b'-');
    let text = text.trim_ascii();
    let begins_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if begins_well && text.len() <= PLACE_CHARS_MAX && text.bytes().all(fits) {
        return Some(Text::from(text));
    }
    if text.chars().count() > PLACE_CHARS_MAX {
        notes.add(Fault::Clipped, field);
    }
    let clean = text.chars().map(|c| if u8::try_from(c).is_ok_and(fits) { c } else { '_' });
    let cut: String = clean.skip_while(|c| !c.is_ascii_alphanumeric()).take(PLACE_CHARS_MAX).collect();
    let cut = Text::from(cut.trim_ascii_end());
    notes.expect((!cut.is_empty()).then_some(cut), Fault::UnknownValue, field)
}

/// A text of the message such as its application: control characters dropped, cut to `chars_max`.
pub(crate) fn label(text: &str, chars_max: usize) -> Option<Text> {
    let label: String = text.trim_ascii().chars().filter(|c| !c.is_control()).take(chars_max).collect();
    let label = label.trim_ascii();
    (!label.is_empty()).then(|| Text::from(label))
}

/// An event or message id: visible ASCII, else a hash.
pub(crate) fn event_id(text: &str, field: &str, notes: &mut Notes) -> Text {
    if !text.is_empty() && text.len() <= EVENT_ID_CHARS_MAX && text.bytes().all(is_visible) {
        return Text::from(text);
    }
    notes.add(Fault::Clipped, field);
    digest::name("~", digest::sha16(text.as_bytes()))
}

/// A message id: control characters dropped, too long becomes a hash.
pub(crate) fn message_id(text: &str, field: &str, notes: &mut Notes) -> Option<Text> {
    let text = text.trim_ascii();
    if text.chars().count() <= EVENT_ID_CHARS_MAX {
        return label(text, EVENT_ID_CHARS_MAX);
    }
    notes.add(Fault::Clipped, field);
    Some(digest::name("~", digest::sha16(text.as_bytes())))
}

/// What tells several results of one code apart.
pub(crate) fn sub(text: &str, notes: &mut Notes) -> Text {
    visible(text, SUB_CHARS_MAX, "results.sub", notes)
}

/// A unit: µ becomes `u`; one with blanks or too long is dropped.
pub(crate) fn unit(text: &str, notes: &mut Notes) -> Text {
    let text = text.trim_ascii();
    if text.len() <= SUB_CHARS_MAX && text.bytes().all(is_visible) {
        return Text::from(text);
    }
    let plain: Text = text.chars().map(|c| if matches!(c, 'µ' | 'μ') { 'u' } else { c }).collect();
    if plain.len() <= SUB_CHARS_MAX && plain.bytes().all(is_visible) {
        return plain;
    }
    notes.add(Fault::UnitUnknown, "results.unit");
    Text::default()
}

/// A short result word such as `POSITIVE`; `None` if it is anything else.
pub(crate) fn word(text: &str) -> Option<Text> {
    let capital = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let begins_well = text.bytes().next().is_some_and(capital);
    let fits = |byte| capital(byte) || matches!(byte, b' ' | b'+' | b'/' | b'-');
    (begins_well && text.len() <= WORD_CHARS_MAX && text.bytes().all(fits)).then(|| Text::from(text))
}

/// A coded reason or an attribute key: `[a-z][a-z0-9_]{0,31}`.
pub(crate) fn is_key(text: &str) -> bool {
    let begins_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    begins_well && text.len() <= 32 && text.bytes().all(fits)
}

/// A flag that a producer may name and the source declares.
pub(crate) fn flag(text: &str, profile: &Profile) -> Option<ReportFlag> {
    match text.strip_prefix("wait.") {
        Some(reason) if reason.len() <= 15 && profile.declares_wait(reason) => {
            Some(ReportFlag::Wait(Text::from(reason)))
        }
        Some(_) => None,
        None => Flag::parse(text).filter(|flag| flag.is_from_outside()).map(ReportFlag::Known),
    }
}

/// Adds a code of table 0078 once; one we do not know is noted.
pub(crate) fn add_abnormal(list: &mut Vec<Abnormal>, text: &str, notes: &mut Notes) {
    match Abnormal::parse(text) {
        Some(abnormal) if list.contains(&abnormal) => {}
        Some(abnormal) if list.len() < wardline_rules::limits::ABNORMAL_PER_RESULT_MAX => list.push(abnormal),
        Some(_) => notes.add(Fault::Clipped, "results.abnormal"),
        None => notes.add(Fault::UnknownValue, "results.abnormal"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(id: &str, ns: &str, profile: &Profile) -> (String, String, usize) {
        let mut notes = Notes::default();
        let ident = ident(id, ns, "LAB", profile, ("report.filler", &mut notes)).unwrap();
        (ident.id.to_string(), ident.ns.to_string(), notes.into_list().len())
    }

    #[test]
    fn numbers_are_trimmed_and_get_their_namespace() {
        // [IDN-4]
        let mut profile = Profile::new("lis");
        profile.namespaces.insert("2.16.840.1".into(), "BEAKER".into());
        assert_eq!(cleaned(" 0026a ", "2.16.840.1", &profile), ("0026a".into(), "BEAKER".into(), 0));
        profile.trim_zeros = true;
        assert_eq!(cleaned("0026a", "", &profile), ("26a".into(), "LAB".into(), 0));
        assert_eq!(cleaned("26ä", "Our Lab", &profile), ("26_".into(), "Our_Lab".into(), 0));
        let (id, _, notes) = cleaned(&"9".repeat(65), "", &profile);
        assert!(id.starts_with('~') && id.len() == 27 && notes == 1);
    }

    #[test]
    fn places_keep_to_their_letters() {
        let mut notes = Notes::default();
        assert_eq!(place("ICU/4 (west)", "location", &mut notes).unwrap(), "ICU/4 _west_");
        assert_eq!(place(" *9 West", "location", &mut notes).unwrap(), "9 West");
        assert_eq!(place("***", "location", &mut notes), None);
        assert_eq!(notes.into_list().len(), 1);
    }

    #[test]
    fn units_and_words_keep_to_theirs() {
        // [CRT-2]
        let mut notes = Notes::default();
        assert_eq!(unit("µmol/L", &mut notes), "umol/L");
        assert_eq!(unit("g per L", &mut notes), "");
        assert_eq!(notes.into_list().len(), 1);
        assert_eq!(word("NOT DETECTED").unwrap(), "NOT DETECTED");
        for text in ["not detected", "", " POS", "NO GROWTH; SEE REPORT", "POSITIVE AND THEN MUCH MORE OF IT"] {
            assert_eq!(word(text), None, "{text}");
        }
    }
}
