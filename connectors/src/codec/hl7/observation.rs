//! Observation: what does one OBX say?
//!
//! A number, a code, a short word; or that narrative exists, whose text stays behind. Names, addresses and identifiers
//! in a value are narrative too.
//!
//! - **Source**: domain page 5.2 (OBX), 5.4, section 2.3, [EVT-7]; HL7 v2.9, 7.4.2.

use wardline_rules::{
    Text,
    decimal::Decimal,
    event::{ResultItem, ResultValue},
    quality::Fault,
    words::{Comparator, ResultStatus},
};

use super::{
    lexer::{Part, Segment},
    reader::Reader,
    tables,
};
use crate::{
    codec::{clean, notes::Notes},
    limits::HL7_FIELD_BYTES_MAX,
};

impl Reader<'_> {
    /// One result; `None` if the OBX has no code.
    pub(super) fn result(&mut self, obx: &Segment<'_>) -> Option<ResultItem> {
        let code = self.first_code(obx.field(3), "OBX-3");
        let code = self.notes.expect(code, Fault::UnknownValue, "OBX-3")?;
        let (ref_low, ref_high) = self.range(obx.field(7));
        let mut abnormal = Vec::new();
        let flags = obx.field(8);
        if flags.is_valued() {
            for part in flags.repetitions() {
                let word = self.word(part);
                if !word.is_empty() {
                    clean::add_abnormal(&mut abnormal, &word, &mut self.notes);
                }
            }
        }
        let sub = self.sub(obx.field(4));
        Some(ResultItem {
            code,
            sub,
            value: self.value(obx),
            unit: self.unit(obx.field(6)),
            ref_low,
            ref_high,
            abnormal,
            status: self.status(obx.field(11)),
            observed_at: self.time(obx.field(14), "OBX-14"),
            critical: None,
        })
    }

    /// OBX-4; where it has components, as in later versions, they are joined by points.
    fn sub(&mut self, part: Part<'_>) -> Text {
        let joined = part.joined('.');
        if joined.is_empty() { Text::default() } else { clean::sub(&joined, &mut self.notes) }
    }

    fn status(&mut self, part: Part<'_>) -> ResultStatus {
        if !part.is_valued() {
            return ResultStatus::Unknown;
        }
        let word = self.word(part);
        self.notes.expect(tables::result_status(&word), Fault::UnknownValue, "OBX-11").unwrap_or(ResultStatus::Unknown)
    }

    fn value(&mut self, obx: &Segment<'_>) -> ResultValue {
        let field = obx.field(5);
        if !field.is_valued() {
            return ResultValue::None;
        }
        if field.raw().len() > HL7_FIELD_BYTES_MAX {
            return ResultValue::Narrative;
        }
        let kind = self.word(obx.field(2));
        match kind.as_str() {
            "NM" => {
                let value = self.plain(field);
                if value == ResultValue::Narrative {
                    self.notes.add(Fault::UnknownValue, "OBX-5");
                }
                value
            }
            "ST" | "" => self.plain(field),
            "SN" => self.structured(field),
            "CE" | "CWE" | "CNE" | "CF" | "IS" | "ID" => self.coded(field),
            "DT" | "TM" | "TS" | "DTM" | "DR" => ResultValue::None,
            _ => ResultValue::Narrative,
        }
    }

    /// A number, with a sign of comparison or without; a short word; else narrative.
    fn plain(&mut self, field: Part<'_>) -> ResultValue {
        let text = field.component(1).text(&mut self.notes);
        let number = quantity(&text, &mut self.notes).filter(|_| !field.component(2).is_valued());
        let word = || tables::result_word(&text).map(|word| ResultValue::Word(Text::const_new(word)));
        number.or_else(word).unwrap_or(ResultValue::Narrative)
    }

    /// SN: comparator, number, and for ratios and ranges more, which no single number can say.
    fn structured(&mut self, field: Part<'_>) -> ResultValue {
        let [sign, number, separator] = [1, 2, 3].map(|index| field.component(index).text(&mut self.notes));
        let sign = sign.trim_ascii();
        let comparator = Comparator::parse(sign);
        let is_single = separator.trim_ascii().is_empty() && (comparator.is_some() || matches!(sign, "" | "="));
        let number = is_single.then(|| clean::number(number.trim_ascii(), "OBX-5", &mut self.notes)).flatten();
        number.map_or(ResultValue::Narrative, |number| ResultValue::Number(comparator, number))
    }

    fn coded(&mut self, field: Part<'_>) -> ResultValue {
        if let Some(code) = self.first_code(field, "OBX-5") {
            return ResultValue::Coded(code);
        }
        let text = [2, 5, 9].map(|index| field.component(index)).into_iter().find(|part| part.is_valued());
        let word = text.and_then(|part| tables::result_word(&part.text(&mut self.notes)));
        word.map_or(ResultValue::Narrative, |word| ResultValue::Word(Text::const_new(word)))
    }

    fn unit(&mut self, part: Part<'_>) -> Text {
        if !part.is_valued() {
            return Text::default();
        }
        let (first, second) = (part.component(1).text(&mut self.notes), part.component(2).text(&mut self.notes));
        // `10^3/uL` without an escape: the component delimiter was meant as a power.
        let exponent = second.split('/').next().unwrap_or_default();
        let is_power = first == "10" && !exponent.is_empty() && exponent.bytes().all(|byte| byte.is_ascii_digit());
        if is_power {
            clean::unit(&format!("10*{second}"), &mut self.notes)
        } else {
            clean::unit(&first, &mut self.notes)
        }
    }

    /// OBX-7: `a-b`, `<b`, `>a`; anything else says nothing.
    fn range(&mut self, part: Part<'_>) -> (Option<Decimal>, Option<Decimal>) {
        let text = part.component(1).text(&mut self.notes);
        let text = text.trim_ascii();
        if let Some(high) = text.strip_prefix('<') {
            return (None, Decimal::parse(high.trim_start_matches('=').trim_ascii()));
        }
        if let Some(low) = text.strip_prefix('>') {
            return (Decimal::parse(low.trim_start_matches('=').trim_ascii()), None);
        }
        let dashes = text.char_indices().filter(|(index, c)| *index > 0 && *c == '-');
        let both = dashes.filter_map(|(index, _)| {
            let (low, high) = text.split_at_checked(index)?;
            Some((Decimal::parse(low.trim_ascii())?, Decimal::parse(high.get(1..)?.trim_ascii())?))
        });
        let both = both.take(1).next();
        (both.map(|both| both.0), both.map(|both| both.1))
    }
}

/// A number, with a sign of comparison before it or without.
fn quantity(text: &str, notes: &mut Notes) -> Option<ResultValue> {
    let text = text.trim_ascii();
    let (sign, digits) = ["<=", ">=", "<", ">"]
        .into_iter()
        .find_map(|sign| text.strip_prefix(sign).map(|rest| (Comparator::parse(sign), rest)))
        .unwrap_or((None, text));
    clean::number(digits.trim_ascii(), "OBX-5", notes).map(|number| ResultValue::Number(sign, number))
}
