//! Observation: which results does it hold?
//!
//! Its own value, and one result for each component, told apart by the code of the whole.
//!
//! - **Source**: domain page 5.5, section 2.3, [EVT-7].

use wardline_rules::{
    Text,
    decimal::Decimal,
    event::{ResultItem, ResultValue},
    quality::Fault,
    words::{Comparator, ResultStatus},
};

use super::{
    clean,
    context::{self, Context},
    node::Node,
    tables,
};
use crate::codec::{hl7::result_word, notes::Notes};

/// The results of one observation.
#[derive(Default)]
pub(super) struct Results {
    pub(super) items: Vec<ResultItem>,
    /// A value was text, which stays behind.
    pub(super) has_narrative: bool,
}

pub(super) fn results<'c>(context: &Context<'c>, observation: Node<'c>, notes: &mut Notes) -> Results {
    let status = tables::result_status(observation.text("status"));
    let status = notes.expect(status, Fault::UnknownValue, "Observation.status").unwrap_or(ResultStatus::Unknown);
    let observed_at = context.span(observation, ("effectiveDateTime", "effectivePeriod"), notes).0;
    let mut results = Results::default();
    let components: Vec<Node<'c>> = observation.list("component").collect();
    let own = item(observation, "", notes);
    let panel = observation.codings("code").next().map(|coding| coding.text("code")).unwrap_or_default();
    // A panel has no value of its own; a test without one says at least how it stands.
    let is_panel = !components.is_empty() || observation.get("hasMember").is_some();
    let own = own.filter(|item| !is_panel || item.value != ResultValue::None);
    let parts = components.into_iter().filter_map(|component| item(component, panel, notes));
    for item in own.into_iter().chain(parts.collect::<Vec<_>>()) {
        results.has_narrative |= item.value == ResultValue::Narrative;
        results.items.push(ResultItem { status, observed_at, ..item });
    }
    results
}

/// One result; `None` if it has no code.
fn item(part: Node<'_>, sub: &str, notes: &mut Notes) -> Option<ResultItem> {
    let code = part.codings("code").find_map(|coding| context::code(coding, "Observation.code", notes));
    let code = notes.expect(code, Fault::UnknownValue, "Observation.code")?;
    let (value, unit) = value(part, notes);
    let mut abnormal = Vec::new();
    for coding in part.codings("interpretation") {
        let word = coding.text("code");
        if !word.is_empty() {
            clean::add_abnormal(&mut abnormal, word, notes);
        }
    }
    let range = part.first("referenceRange");
    let bound = |key| {
        range.and_then(|range| range.get(key)).and_then(|quantity| quantity.number("value")).and_then(Decimal::parse)
    };
    Some(ResultItem {
        code,
        sub: if sub.is_empty() { Text::default() } else { clean::sub(sub, notes) },
        value,
        unit,
        ref_low: bound("low"),
        ref_high: bound("high"),
        abnormal,
        status: ResultStatus::Unknown,
        observed_at: None,
        critical: None,
    })
}

fn value(part: Node<'_>, notes: &mut Notes) -> (ResultValue, Text) {
    if let Some(quantity) = part.get("valueQuantity") {
        let number = quantity.number("value").and_then(|digits| clean::number(digits, "Observation.value", notes));
        let word = quantity.text("comparator");
        let comparator = Comparator::parse(word);
        let is_plain = word.is_empty() || comparator.is_some();
        let code = quantity.text("code");
        let unit = if code.is_empty() { quantity.text("unit") } else { code };
        let number = number.filter(|_| is_plain);
        if number.is_none() && quantity.get("value").is_some() {
            notes.add(Fault::UnknownValue, "Observation.value");
        }
        let value = number.map_or(ResultValue::None, |number| ResultValue::Number(comparator, number));
        return (value, clean::unit(unit, notes));
    }
    (plain(part, notes), Text::default())
}

fn plain(part: Node<'_>, notes: &mut Notes) -> ResultValue {
    if let Some(concept) = part.get("valueCodeableConcept") {
        let code = concept.list("coding").find_map(|coding| context::code(coding, "Observation.value", notes));
        return code.map_or_else(|| word(concept.text("text")), ResultValue::Coded);
    }
    if let Some(number) = part.number("valueInteger") {
        return Decimal::parse(number).map_or(ResultValue::None, |number| ResultValue::Number(None, number));
    }
    if let Some(flag) = part.flag("valueBoolean") {
        return ResultValue::Word(Text::const_new(if flag { "TRUE" } else { "FALSE" }));
    }
    let text = part.text("valueString");
    match () {
        () if !text.is_empty() => quantity(text, notes).unwrap_or_else(|| word(text)),
        () if ["valueRange", "valueRatio", "valueSampledData"].iter().any(|key| part.get(key).is_some()) => {
            ResultValue::Narrative
        }
        () => ResultValue::None,
    }
}

/// A number in a text, with a sign of comparison before it or without.
fn quantity(text: &str, notes: &mut Notes) -> Option<ResultValue> {
    let text = text.trim_ascii();
    let signs = ["<=", ">=", "<", ">"].into_iter();
    let signed = signs.filter_map(|sign| Some((Comparator::parse(sign), text.strip_prefix(sign)?))).next();
    let (comparator, digits) = signed.unwrap_or((None, text));
    clean::number(digits.trim_ascii(), "Observation.value", notes).map(|number| ResultValue::Number(comparator, number))
}

fn word(text: &str) -> ResultValue {
    result_word(text).map_or(ResultValue::Narrative, |word| ResultValue::Word(Text::const_new(word)))
}
