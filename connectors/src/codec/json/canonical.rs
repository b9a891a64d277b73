//! Canonical: which bytes stand for a JSON text, however it was written?
//!
//! RFC 8785: keys sorted, no blanks, one way to write each string and number. Numbers differ in one point: digits beyond
//! what a binary float holds are kept instead of rounded, so two different values never become one [EVT-5]. Up to 15
//! digits the result is the same.
//!
//! - **How it fits**: names events that came without an id, and tells whether an event is the same content as before.
//! - **Source**: RFC 8785; domain page [EVT-6] [DUP-1].

use wardline_rules::decimal::Decimal;

use super::tree::{self, Tree};
use crate::codec::digest;

/// Keys that are left out: at the top, and inside `msg`.
#[derive(Clone, Copy)]
struct LeftOut {
    top: &'static [&'static str],
    msg: &'static [&'static str],
}

/// The canonical form of an event without `received_at` [EVT-6]; `None` if it is no JSON within bounds.
#[must_use]
pub fn canonical_json(line: &[u8]) -> Option<String> {
    form(line, LeftOut { top: &["received_at"], msg: &[] })
}

/// The hash of what an event says, whenever it was sent: without `received_at` and `msg.made_at` [DUP-1].
#[must_use]
pub fn content_of_json(line: &[u8]) -> Option<[u8; 16]> {
    form(line, LeftOut { top: &["received_at"], msg: &["made_at"] }).map(|text| digest::sha16(text.as_bytes()))
}

/// The hash that names an event without an id.
pub(super) fn name_of_json(line: &[u8]) -> [u8; 16] {
    canonical_json(line).map_or_else(|| digest::sha16(line), |text| digest::sha16(text.as_bytes()))
}

fn form(line: &[u8], left_out: LeftOut) -> Option<String> {
    let tree = tree::parse(line).ok()?;
    let mut out = String::with_capacity(line.len());
    let Tree::Object(entries) = &tree else { return None };
    object(
        entries,
        &mut out,
        |key| left_out.top.contains(&key),
        |key, tree, out| match tree {
            Tree::Object(inner) if key == "msg" => {
                object(inner, out, |key| left_out.msg.contains(&key), |_, tree, out| write(tree, out));
            }
            Tree::Null | Tree::Flag(_) | Tree::Number(_) | Tree::Text(_) | Tree::List(_) | Tree::Object(_) => {
                write(tree, out)
            }
        },
    );
    Some(out)
}

/// Appends `tree` in canonical form.
pub(in crate::codec) fn write(tree: &Tree<'_>, out: &mut String) {
    match tree {
        Tree::Null => out.push_str("null"),
        Tree::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Tree::Number(text) => number(text, out),
        Tree::Text(text) => string(text, out),
        Tree::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Tree::Object(entries) => object(entries, out, |_| false, |_, tree, out| write(tree, out)),
    }
}

type Entry<'t> = (std::borrow::Cow<'t, str>, Tree<'t>);

fn object<'t>(
    entries: &[Entry<'t>],
    out: &mut String,
    is_left_out: impl Fn(&str) -> bool,
    mut write_value: impl FnMut(&str, &Tree<'t>, &mut String),
) {
    let mut sorted: Vec<&Entry<'t>> = entries.iter().filter(|(key, _)| !is_left_out(key)).collect();
    sorted.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    out.push('{');
    for (index, (key, tree)) in sorted.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        string(key, out);
        out.push(':');
        write_value(key, tree, out);
    }
    out.push('}');
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// One text for each value; what is no decimal of ours stays as it was written.
fn number(text: &str, out: &mut String) {
    let Some(decimal) = Decimal::parse(text).map(Decimal::normal) else { return out.push_str(text) };
    let mantissa = decimal.mantissa().unsigned_abs();
    // ECMAScript writes what is below a millionth with an exponent: 1e-7, 1.23e-7.
    let digits = mantissa.to_string();
    let exponent = usize::from(decimal.scale()) + 1 - digits.len().min(usize::from(decimal.scale()) + 1);
    if mantissa == 0 || exponent < 7 {
        let text = if mantissa == 0 { "0".to_owned() } else { decimal.to_string() };
        return out.push_str(&text);
    }
    let (first, rest) = digits.split_at_checked(1).unwrap_or((&digits, ""));
    let sign = if decimal.mantissa() < 0 { "-" } else { "" };
    let point = if rest.is_empty() { "" } else { "." };
    out.push_str(&format!("{sign}{first}{point}{rest}e-{exponent}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        canonical_json(text.as_bytes()).unwrap()
    }

    #[test]
    fn order_blanks_and_escapes_do_not_matter() {
        // [EVT-6]; RFC 8785, sections 3.2.2 and 3.2.3
        let one = r#"{ "b" : [1, 2.50, "\u20ac$\u000f\n"], "a" : null, "received_at":"2026-01-14T00:00:00Z" }"#;
        assert_eq!(canonical(one), "{\"a\":null,\"b\":[1,2.5,\"€$\\u000f\\n\"]}");
        assert_eq!(
            canonical("{\"\u{fb33}\":1,\"\u{1f600}\":2}"),
            "{\"\u{1f600}\":2,\"\u{fb33}\":1}",
            "by UTF-16 units"
        );
    }

    #[test]
    fn numbers_have_one_form_and_keep_their_value() {
        // [EVT-5]
        for (text, form) in [
            ("6.90", "6.9"),
            ("-0", "0"),
            ("1e2", "100"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1e-7"),
            ("-0.000000123", "-1.23e-7"),
            ("123456789012345678", "123456789012345678"),
        ] {
            assert_eq!(canonical(&format!("{{\"n\":{text}}}")), format!("{{\"n\":{form}}}"));
        }
    }

    #[test]
    fn content_is_the_same_whenever_it_was_sent() {
        // [DUP-1]
        let sent = |at: &str, step: &str| {
            content_of_json(format!(r#"{{"v":1,"step":"{step}","msg":{{"id":"7","made_at":"{at}"}}}}"#).as_bytes())
                .unwrap()
        };
        assert_eq!(sent("2026-01-14T08:00:00Z", "final"), sent("2026-01-14T09:00:00Z", "final"));
        assert_ne!(sent("2026-01-14T08:00:00Z", "final"), sent("2026-01-14T08:00:00Z", "received"));
        assert_eq!(content_of_json(b"[1]"), None);
    }
}
