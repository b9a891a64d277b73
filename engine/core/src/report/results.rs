//! Results: what did a value say when, and how often has it said so before?
//!
//! What was said about one result, in order of event time, is a sequence of *runs* of equal content. A run is one
//! generation of an alert about that result: the same critical value resent, finalised or repeated is the same run, another
//! value or the same value after another is a new one [CRT-3] [CRT-4].
//!
//! - **Not here**: whether a run matters to a rule ([`crate::alerts`]).

use wardline_rules::{
    decimal::Decimal,
    event::{ResultItem, ResultValue},
    map::hash64,
    time::Timestamp,
    unit::{Quantity, Unit},
    words::{Comparator, ResultStatus, Step},
};

use super::Report;
use crate::dictionary::{Coded, Dictionary};

/// Which result of a report: its code and its sub.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct ResultKey {
    pub(crate) code: Coded,
    pub(crate) sub: Coded,
}

/// What a result is, without when.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Content {
    pub(crate) value: Value,
    pub(crate) is_critical: bool,
}

impl Content {
    /// A hash of what it says, the same wherever it is said.
    fn meaning(&self, dictionary: &Dictionary) -> u64 {
        match self.value {
            Value::Word(word) => hash64(&(self.is_critical, dictionary.meaning(word))),
            Value::Number(sign, number, unit) => hash64(&(self.is_critical, sign, number, dictionary.meaning(unit))),
            Value::None | Value::Quantity(..) | Value::Retracted => hash64(self),
        }
    }
}

/// A result's value in comparable form.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Value {
    /// None was sent.
    None,
    /// A quantity in a known unit.
    Quantity(Option<Comparator>, Quantity),
    /// A number without unit, or in a unit nobody knows (then its text number).
    Number(Option<Comparator>, Decimal, Coded),
    /// A coded answer or short word.
    Word(Coded),
    /// It was taken back.
    Retracted,
}

/// One thing said about a result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Statement {
    pub(crate) key: ResultKey,
    pub(crate) at: Timestamp,
    pub(crate) made: Timestamp,
    pub(crate) tie: u32,
    pub(crate) heard: Timestamp,
    pub(crate) content: Content,
    /// Bits of [`Abnormal`] by their place in the list.
    pub(crate) abnormal: u32,
    pub(crate) is_final: bool,
}

impl Statement {
    pub(crate) const fn order(&self) -> (Timestamp, Timestamp, u32) {
        (self.at, self.made, self.tie)
    }

    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        self.key == other.key
            && self.at == other.at
            && self.content == other.content
            && self.is_final == other.is_final
            && self.abnormal == other.abnormal
    }

    /// What `item` says at `at`; `step` says whether the whole report is final by it.
    pub(crate) fn of(item: &ResultItem, step: Option<Step>, stamp: Stamp, dictionary: &mut Dictionary) -> Self {
        let abnormal = item.abnormal.iter().fold(0, |bits, code| bits | 1 << code.index());
        let is_critical = item.critical == Some(true) || item.abnormal.iter().any(|code| code.is_critical());
        let is_taken_back =
            matches!(item.status, ResultStatus::EnteredInError | ResultStatus::WrongPatient | ResultStatus::Cancelled);
        let value = if is_taken_back { Value::Retracted } else { value_of(item, dictionary) };
        let is_final = match item.status {
            ResultStatus::Final | ResultStatus::Corrected | ResultStatus::Amended | ResultStatus::Appended => true,
            ResultStatus::Unknown => step.is_some_and(|step| step == Step::Final || step.is_change()),
            ResultStatus::Registered
            | ResultStatus::Preliminary
            | ResultStatus::Cancelled
            | ResultStatus::EnteredInError
            | ResultStatus::WrongPatient => false,
        };
        Self {
            key: ResultKey { code: dictionary.code(&item.code.code), sub: dictionary.code(&item.sub) },
            at: stamp.at,
            made: stamp.made,
            tie: stamp.tie,
            heard: stamp.heard,
            content: Content { value, is_critical: is_critical && value != Value::Retracted },
            abnormal,
            is_final,
        }
    }
}

/// When something was said to have happened, when it was said, and when we heard it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    pub(crate) at: Timestamp,
    pub(crate) made: Timestamp,
    pub(crate) tie: u32,
    pub(crate) heard: Timestamp,
}

fn value_of(item: &ResultItem, dictionary: &mut Dictionary) -> Value {
    match &item.value {
        ResultValue::None | ResultValue::Narrative => Value::None,
        ResultValue::Coded(code) => Value::Word(dictionary.code(&code.code)),
        ResultValue::Word(word) => Value::Word(dictionary.code(word)),
        ResultValue::Number(sign, number) => {
            let quantity =
                Unit::parse(&item.unit).filter(|unit| *unit != Unit::ONE).and_then(|unit| unit.quantity(*number));
            match quantity {
                Some(quantity) => Value::Quantity(*sign, normal(quantity)),
                None => Value::Number(*sign, number.normal(), dictionary.code(&item.unit)),
            }
        }
    }
}

const fn normal(quantity: Quantity) -> Quantity {
    Quantity { dimension: quantity.dimension, value: quantity.value.normal() }
}

/// A stretch of event time in which a result said one thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Run {
    /// When it was first said so.
    pub(crate) from: Timestamp,
    /// When we first heard so.
    pub(crate) heard: Timestamp,
    /// When it became final, if it did before it was changed.
    pub(crate) final_at: Option<Timestamp>,
    pub(crate) content: Content,
    pub(crate) abnormal: u32,
    /// Whether nothing else came after it.
    pub(crate) is_newest: bool,
}

impl Run {
    /// What identifies a generation of the result: its content and which appearance of it this is, from 1 [CRT-3].
    pub(crate) fn key(&self, appearance: u32, dictionary: &Dictionary) -> u64 {
        hash64(&(self.content.meaning(dictionary), appearance))
    }
}

impl Report {
    /// The results of this report that anything was said about, in order of their keys.
    pub(crate) fn result_keys(&self) -> Vec<ResultKey> {
        let mut keys: Vec<ResultKey> = self.cold.statements.iter().map(|statement| statement.key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// The runs of one result, in order of event time.
    pub(crate) fn runs(&self, key: ResultKey, out: &mut Vec<Run>) {
        out.clear();
        let statements = self.cold.statements.iter().filter(|statement| statement.key == key);
        for statement in statements {
            match out.last_mut() {
                Some(run) if run.content == statement.content => {
                    run.heard = run.heard.min(statement.heard);
                    run.abnormal = statement.abnormal;
                    if statement.is_final && run.final_at.is_none() {
                        run.final_at = Some(statement.at);
                    }
                }
                _ => out.push(Run {
                    from: statement.at,
                    heard: statement.heard,
                    final_at: statement.is_final.then_some(statement.at),
                    content: statement.content,
                    abnormal: statement.abnormal,
                    is_newest: false,
                }),
            }
        }
        self.finalise(out);
        if let Some(run) = out.last_mut() {
            run.is_newest = true;
        }
    }

    /// A final of the whole report makes the values that stood then final [REP-13].
    fn finalise(&self, runs: &mut [Run]) {
        let is_final = |step: Step| step == Step::Final || step.is_change();
        let finals = self.records.iter().filter(|record| record.step.is_some_and(is_final)).map(|record| record.lo);
        for at in finals {
            if let Some(run) = runs.iter_mut().rfind(|run| run.from <= at)
                && run.final_at.is_none_or(|known| known > at)
            {
                run.final_at = Some(at);
            }
        }
    }

    /// What all results of the report say as of `at`: the content of a report as a subject.
    ///
    /// A sum, so that the order of the results' numbers, which is that of their first hearing, says nothing.
    pub(crate) fn content_at(&self, at: Timestamp, dictionary: &Dictionary) -> u64 {
        let mut sum = 0_u64;
        for key in self.result_keys() {
            let newest = self.cold.statements.iter().rev().find(|statement| statement.key == key && statement.at <= at);
            if let Some(statement) = newest {
                let names = (dictionary.meaning(key.code), dictionary.meaning(key.sub));
                sum = sum.wrapping_add(hash64(&(names, statement.content.meaning(dictionary))));
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use wardline_rules::event::Code;

    use super::*;

    fn item(code: &str, value: ResultValue, unit: &str) -> ResultItem {
        ResultItem {
            code: Code { code: code.into(), ..Code::default() },
            sub: "1".into(),
            value,
            unit: unit.into(),
            ref_low: None,
            ref_high: None,
            abnormal: Vec::new(),
            status: ResultStatus::Unknown,
            observed_at: None,
            critical: None,
        }
    }

    #[test]
    fn what_a_report_says_does_not_depend_on_what_was_heard_before() {
        let eight = ResultValue::Number(None, Decimal::parse("8").unwrap());
        let items = [
            item("B", eight.clone(), "arb"),
            item("A", ResultValue::Word("growth".into()), ""),
            item("C", eight, "mmol/L"),
        ];
        let told = |before: &[&str]| {
            let mut dictionary = Dictionary::default();
            for text in before {
                dictionary.code(text);
            }
            let mut report = Report::new(crate::ids::ReportId::default(), 1, Timestamp::MIN);
            let stamp = Stamp { at: Timestamp::MIN, made: Timestamp::MIN, tie: 0, heard: Timestamp::MIN };
            for item in &items {
                report.add_statement(Statement::of(item, Some(Step::Final), stamp, &mut dictionary));
            }
            let mut runs = Vec::new();
            let mut keys: Vec<u64> = Vec::new();
            for key in report.result_keys() {
                report.runs(key, &mut runs);
                keys.extend(runs.iter().map(|run| run.key(1, &dictionary)));
            }
            keys.sort_unstable();
            (report.content_at(Timestamp::MAX, &dictionary), keys)
        };
        // [NID-1] Two hospitals, or one that began again, number texts as they hear of them.
        assert_eq!(told(&[]), told(&["growth", "C", "arb", "A", "1"]));
        assert_eq!(told(&[]).1.len(), 3);
    }
}
