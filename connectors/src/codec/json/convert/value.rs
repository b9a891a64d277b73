//! Value: what do single results, scalars, codes of notices and the long form of a time mean?

use wardline_rules::{
    Text,
    decimal::Decimal,
    event::{Fact, Given, ResultItem, ResultValue, Scalar},
    quality::Fault,
    time::{EventTime, HOUR, MINUTE, Repair, SECOND, Span, Timestamp, ZoneOrigin},
    token::{Token, TokenKind},
    words::{Comparator, Priority, ResultStatus},
};

use super::{ATTRIBUTE_CHARS_MAX, Convert};
use crate::codec::{
    clean,
    json::{
        num::Num,
        wire::{Field, Map, WireResult, WireScalar, WireTimeParts},
    },
    time::EARLIEST,
};

impl Convert<'_> {
    /// All results; a heartbeat has none [EVT-10].
    pub(super) fn results(&mut self, field: Field<&Vec<Map<WireResult<'_>>>>, fact: &Fact) -> Vec<ResultItem> {
        let Some(wires) = self.said(field, "results") else { return Vec::new() };
        if matches!(fact, Fact::Heartbeat) {
            self.notes.add(Fault::UnknownField, "results");
            return Vec::new();
        }
        let mut results = Vec::with_capacity(wires.len());
        for Map(wire) in wires {
            results.extend(self.result(wire));
        }
        results
    }

    fn result(&mut self, wire: &WireResult<'_>) -> Option<ResultItem> {
        let code = self.said(wire.code, "results.code").and_then(|code| self.code(&code, "results.code"));
        let code = self.notes.expect(code, Fault::UnknownValue, "results.code")?;
        let abnormal = self.said(wire.abnormal.as_ref(), "results.abnormal").map(Vec::as_slice).unwrap_or_default();
        let mut flags = Vec::with_capacity(abnormal.len().min(4));
        for word in abnormal {
            clean::add_abnormal(&mut flags, word, &mut self.notes);
        }
        Some(ResultItem {
            code,
            sub: self.said(wire.sub, "results.sub").map(|sub| clean::sub(sub, &mut self.notes)).unwrap_or_default(),
            value: self.value((wire.num, wire.cmp), wire.coded, wire.text, wire.narrative),
            unit: self.said(wire.unit, "results.unit").map(|u| clean::unit(u, &mut self.notes)).unwrap_or_default(),
            ref_low: self.said(wire.ref_low, "results.ref_low").map(|num| num.number),
            ref_high: self.said(wire.ref_high, "results.ref_high").map(|num| num.number),
            abnormal: flags,
            status: self.word(wire.status, "results.status", ResultStatus::parse).unwrap_or(ResultStatus::Unknown),
            observed_at: self.time(wire.observed_at.as_ref(), "results.observed_at"),
            critical: self.said(wire.critical, "results.critical"),
        })
    }

    /// The strongest form that was sent: a number, a coded answer, a word, narrative.
    fn value(
        &mut self,
        (num, cmp): (Field<Num>, Field<&str>),
        coded: Field<super::WireCode<'_>>,
        text: Field<&str>,
        narrative: Field<bool>,
    ) -> ResultValue {
        let comparator = self.word(cmp, "results.cmp", Comparator::parse);
        let num = self.said(num, "results.num");
        if num.is_some_and(|num| num.is_rounded) {
            self.notes.add(Fault::Clipped, "results.num");
        }
        let num = num.map(|num| ResultValue::Number(comparator, num.number));
        let coded = self.said(coded, "results.coded").and_then(|code| self.code(&code, "results.coded"));
        let text = self
            .said(text, "results.text")
            .map(|text| clean::word(text).map_or(ResultValue::Narrative, ResultValue::Word));
        let narrative = self.said(narrative, "results.narrative").unwrap_or(false);
        let told = narrative.then_some(ResultValue::Narrative);
        num.or_else(|| coded.map(ResultValue::Coded)).or(text).or(told).unwrap_or(ResultValue::None)
    }
}

/// A priority that a source may send; `unknown` is what silence means.
pub(super) fn priority(word: &str) -> Option<Priority> {
    Priority::parse(word).filter(|priority| *priority != Priority::Unknown)
}

/// An attribute's value; `None` if it is too long.
pub(super) fn scalar(wire: &WireScalar<'_>) -> Option<Given<Scalar>> {
    match wire {
        WireScalar::Null => Some(Given::Cleared),
        WireScalar::Flag(flag) => Some(Given::Value(Scalar::Flag(*flag))),
        WireScalar::Number(number) => Some(Given::Value(Scalar::Number(*number))),
        WireScalar::Text(text) => {
            let fits = text.chars().count() <= ATTRIBUTE_CHARS_MAX;
            fits.then(|| Given::Value(Scalar::Text(Text::from(*text))))
        }
    }
}

/// The six letters of Crockford's base-32 printed in a notice.
pub(super) fn notice_code(text: &str) -> Option<Text> {
    let fits = |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase() && !matches!(b, b'I' | b'L' | b'O' | b'U');
    (text.len() == 6 && text.bytes().all(fits)).then(|| Text::from(text))
}

/// The id of a notice, `n_` and 26 letters.
pub(super) fn nid(text: &str) -> Option<[u8; 16]> {
    let letters = text.strip_prefix("n_")?;
    let prefix = TokenKind::Patient.prefix();
    Token::parse(TokenKind::Patient, &[prefix, letters].concat()).map(|token| token.0)
}

/// A number with an optional sign of comparison, as somebody read it back.
pub(super) fn quantity(text: &str) -> Option<(Option<Comparator>, Decimal)> {
    let text = text.trim();
    let (sign, digits) = ["<=", ">=", "<", ">"]
        .into_iter()
        .find_map(|sign| text.strip_prefix(sign).map(|rest| (Comparator::parse(sign), rest)))
        .unwrap_or((None, text));
    Decimal::parse(digits.trim()).map(|number| (sign, number))
}

/// The long form of a time: both ends, or one and a precision.
pub(super) fn time_parts(parts: &WireTimeParts<'_>) -> Option<EventTime> {
    let text = |field: &Field<&'_ str>| match field {
        Field::Is(text) if text.ends_with('Z') => Timestamp::parse(text),
        Field::Is(_) | Field::Absent | Field::Null => None,
    };
    let lo = text(&parts.lo)?;
    let width = match parts.p {
        Field::Is("ns" | "us") => Some(1),
        Field::Is("ms") => Some(1_000),
        Field::Is("s") => Some(SECOND),
        Field::Is("min") => Some(MINUTE),
        Field::Is("h") => Some(HOUR),
        Field::Is(_) | Field::Absent | Field::Null => None,
    };
    let hi = match parts.hi {
        Field::Is(_) => text(&parts.hi)?,
        Field::Absent | Field::Null => lo.plus(Span::from_micros(width?)),
    };
    let origin = match parts.z {
        Field::Is("field") => ZoneOrigin::Field,
        Field::Is("message") => ZoneOrigin::Message,
        Field::Is("source") => ZoneOrigin::Source,
        Field::Is("site") => ZoneOrigin::Site,
        Field::Is("none") => ZoneOrigin::None,
        Field::Is(_) | Field::Absent | Field::Null => return None,
    };
    let is_believed = lo >= Timestamp::from_micros(EARLIEST);
    (hi > lo && is_believed).then(|| EventTime { lo, hi, origin, repair: repair(&parts.q) })
}

fn repair(words: &Field<Vec<&str>>) -> Repair {
    let Field::Is(words) = words else { return Repair::None };
    let known = words.iter().find_map(|word| match *word {
        "ambiguous" => Some(Repair::Ambiguous),
        "gap" => Some(Repair::Gap),
        "truncated" => Some(Repair::Truncated),
        "bad_offset" => Some(Repair::Offset),
        _ => None,
    });
    known.unwrap_or_default()
}
