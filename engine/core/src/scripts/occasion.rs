//! Gathering: what is a deciding script shown of one moment?
//!
//! Everything it may ask for, as of the event's time, read before it runs.
//! - **Not here**: running it.

use wardline_rules::{
    Text,
    decimal::Decimal,
    evaluate::{Facts, Said},
    limits::{SCRIPT_EARLIER_HOURS_MAX, SCRIPT_EARLIER_MAX},
    program::{Field, Happening, Moment, ParamKind, Situation, TestId},
    script::{
        Script, Value,
        occasion::{Earlier, Event, Occasion, Report as Shown},
    },
    time::{HOUR, Timestamp},
    unit::Unit,
    words::{Abnormal, Flag, FlagWord, Step},
};

use crate::{
    clocks,
    dictionary::NO_TEXT,
    report::{
        Report,
        results::{Run, Value as Content},
    },
    scripts::Asked,
    view::View,
};

/// What a script is shown of the moment that `view` looks at.
pub(crate) fn occasion(view: &View<'_>, asked: Asked<'_>, script: &Script) -> Occasion {
    let (step, arrived, clock) = match asked {
        Asked::Moment(moment, heard) => (milestone(moment), heard, None),
        Asked::Clock(name) => (Text::const_new("clock due"), view.at, Some(name.clone())),
    };
    let word = |field| match view.said(field) {
        Some(Said::Word(word)) => Some(word),
        Some(Said::Amount(..)) | None => None,
    };
    let unit = unit_of(view, view.first_test());
    let value = view.said(Field::Value).and_then(|said| plain(&said, unit)).and_then(|value| value.number());
    let flags = flags(view);
    Occasion {
        event: Event {
            step,
            kind: word(Field::Kind).unwrap_or_default(),
            test: word(Field::Test),
            flags: flags.clone(),
            value,
            unit: unit.map(|unit| Text::from(unit.code())),
            time: view.at,
            arrived,
            clock,
        },
        report: Shown {
            as_of: view.at,
            fields: Field::ALL.iter().filter_map(|field| Some((*field, plain(&view.said(*field)?, unit)?))).collect(),
            times: times(view),
            state: word(Field::State).unwrap_or_default(),
            flags,
            version: view.report.version_at(view.at),
            earlier: if script.looks_back() { earlier(view) } else { Vec::new() },
            clocks: if script.reads_clocks() { clocks::then::clocks(view) } else { Vec::new() },
        },
    }
}

/// The moment as its generic milestone name.
fn milestone(moment: &Moment) -> Text {
    let situation = |situation: &Situation| match situation {
        Situation::States(states) => states.iter().next().map_or("", |state| state.name()).to_owned(),
        Situation::Flag(flag) => flag.word().to_owned(),
        Situation::Wait(reason) => format!("awaiting {}", reason.replace('_', " ")),
    };
    match &moment.happening {
        Happening::Step(step) if moment.of_result => Text::from(step.milestone().replacen("report", "result", 1)),
        Happening::Step(step) => Text::const_new(step.milestone()),
        Happening::Recollected => Text::const_new("specimen recollected"),
        Happening::Begins(found) => Text::from(format!("report becomes {}", situation(found))),
        Happening::Ends(found) => Text::from(format!("report is no longer {}", situation(found))),
        Happening::Message(_) => Text::const_new("message arrives"),
    }
}

/// What a field says, as a script takes it: numbers in the unit of the test, times as minutes.
fn plain(said: &Said, unit: Option<Unit>) -> Option<Value> {
    let kinds = [ParamKind::Text, ParamKind::Number, ParamKind::Duration];
    let quantity = unit.map(ParamKind::Quantity);
    kinds.into_iter().chain(quantity).find_map(|kind| kind.value(said))
}

fn unit_of(view: &View<'_>, test: Option<TestId>) -> Option<Unit> {
    view.from.program.catalogue.tests.get(test?.index())?.unit
}

fn flags(view: &View<'_>) -> Vec<Text> {
    let is_set = |flag: &FlagWord| view.flag(flag) == Some(true);
    let of_report = Flag::ALL.iter().filter(|flag| is_set(&FlagWord::Report(**flag)));
    let mut words: Vec<Text> = of_report.map(|flag| Text::const_new(flag.word())).collect();
    let codes = [
        ("low", Abnormal::Low),
        ("high", Abnormal::High),
        ("critical low", Abnormal::CriticalLow),
        ("critical high", Abnormal::CriticalHigh),
        ("critical abnormal", Abnormal::CriticalAbnormal),
    ];
    let of_result = codes.into_iter().filter(|(_, code)| is_set(&FlagWord::Result(*code)));
    words.extend(of_result.map(|(word, _)| Text::const_new(word)));
    let waits = view.from.program.catalogue.waits.iter().filter(|reason| is_set(&FlagWord::Wait((*reason).clone())));
    words.extend(waits.map(|reason| Text::from(format!("awaiting {}", reason.replace('_', " ")))));
    words
}

/// When each step was reached, as far as it was by the event's time.
fn times(view: &View<'_>) -> Vec<(Step, Timestamp)> {
    let reached = |step: &Step| {
        let record = view.report.register(*step)?;
        (!record.is_untimed && record.lo <= view.at).then_some((*step, record.lo))
    };
    Step::ALL.iter().filter_map(reached).collect()
}

/// Earlier results of the same patient in other reports, newest first, at most so many of each test [RHAI-3]. A corrected
/// value is shown as it is now, with the time at which the result was first known.
pub(crate) fn earlier(view: &View<'_>) -> Vec<Earlier> {
    let Some(past) = view.from.past else { return Vec::new() };
    let mut found: Vec<Earlier> = Vec::new();
    for other in past.others(view.report).filter(|other| other.end_in_force(Step::EnteredInError).is_none()) {
        results(view, other, &mut found);
    }
    found.sort_by(|one, two| two.time.cmp(&one.time).then_with(|| one.test.cmp(&two.test)));
    let mut kept: Vec<Earlier> = Vec::new();
    for result in found {
        if kept.iter().filter(|known| known.test == result.test).count() < SCRIPT_EARLIER_MAX {
            kept.push(result);
        }
    }
    kept
}

fn results(view: &View<'_>, other: &Report, found: &mut Vec<Earlier>) {
    let mut runs: Vec<Run> = Vec::new();
    for key in other.result_keys() {
        let Some(test) = view.from.tests.test(key.code) else { continue };
        let Some(declared) = view.from.program.catalogue.tests.get(test.index()) else { continue };
        other.runs(key, &mut runs);
        let Some((first, newest)) = runs.first().zip(runs.last()) else { continue };
        let time = first.final_at.unwrap_or(first.from);
        let age = view.at.since(time).micros();
        let is_near = (1..=SCRIPT_EARLIER_HOURS_MAX.saturating_mul(HOUR)).contains(&age);
        let value = value_in(newest.content.value, declared.unit);
        if let Some(value) = value.filter(|_| is_near) {
            let unit = declared.unit.map(|unit| Text::from(unit.code())).unwrap_or_default();
            found.push(Earlier { test: declared.name.clone(), value, unit, time });
        }
    }
}

/// A result's number in the unit of its test; none if it is off the scale or in another dimension.
fn value_in(value: Content, unit: Option<Unit>) -> Option<Decimal> {
    match (value, unit) {
        (Content::Quantity(None, quantity), Some(unit)) => unit.number(quantity),
        (Content::Number(None, number, NO_TEXT), None) => Some(number),
        (Content::Quantity(..) | Content::Number(..) | Content::None | Content::Word(_) | Content::Retracted, _) => {
            None
        }
    }
}
