//! Conditions: comparisons in sentences.
//!
//! - **Not here**: what follows from them.

use wardline_rules::program::{
    Argument, Atom, Bounds, Call, Comparison, Condition, Field, Gives, Missed, Missing, MissingThen, Operand, Program,
};
use wardline_rules::script::Value;
use wardline_rules::unit::Unit;
use wardline_rules::words::{Abnormal, FlagWord};

use super::words::list;

/// A condition: parts joined, groups introduced by what joins them.
pub(super) fn condition(program: &Program, found: &Condition) -> String {
    match found {
        Condition::Atom(found) => atom(program, found, unit(program, found)),
        Condition::All(parts) => joined(program, parts, "and"),
        Condition::Any(parts) => joined(program, parts, "or"),
        Condition::Call(found) => call(found),
    }
}

fn joined(program: &Program, parts: &[Condition], joint: &str) -> String {
    let unit = parts.iter().find_map(|part| tested_unit(program, part));
    let words = parts.iter().map(|part| match part {
        Condition::Atom(found) => atom(program, found, unit.or(self::unit(program, found))),
        Condition::Call(found) => call(found),
        Condition::All(_) | Condition::Any(_) => format!("either {}", condition(program, part)),
    });
    list(&words.collect::<Vec<_>>(), joint)
}

/// A question to a script.
fn call(call: &Call) -> String {
    let given = call.arguments.iter().map(|argument| match argument {
        Argument::Field(field, ..) => format!("the {}", field.word()),
        Argument::Value(Value::Text(text)) => text.to_string(),
        Argument::Value(Value::Number(number)) => number.to_string(),
        Argument::Value(Value::Whole(minutes)) => format!("{minutes} minutes"),
        Argument::Value(Value::Truth(truth)) => if *truth { "yes" } else { "no" }.to_owned(),
    });
    let given: Vec<String> = given.collect();
    let of = if given.is_empty() { String::new() } else { format!(" for {}", list(&given, "and")) };
    match call.gives {
        Gives::Truth(truth) => format!("the script {} says {}{of}", call.name, if truth { "yes" } else { "no" }),
        Gives::Number(bounds) => format!("what the script {} gives{of} is {}", call.name, range(&bounds, None)),
    }
}

/// The unit of the test that a comparison names.
fn tested_unit(program: &Program, part: &Condition) -> Option<Unit> {
    let Condition::Atom(Atom { comparison: Comparison::Tests(true, tests), .. }) = part else { return None };
    program.catalogue.tests.get(tests.first()?.index())?.unit
}

/// Some unit in which the amounts of a comparison can be said.
fn unit(program: &Program, atom: &Atom) -> Option<Unit> {
    let Comparison::Range(_, bounds) = &atom.comparison else { return None };
    let Operand::Quantity(quantity) = first(bounds) else { return None };
    let declared = program.catalogue.tests.iter().filter_map(|test| test.unit);
    let mut units = declared.chain(Unit::codes().filter_map(Unit::parse));
    units.find(|unit| unit.number(quantity).is_some())
}

fn first(bounds: &Bounds) -> Operand {
    match bounds {
        Bounds::Below(a)
        | Bounds::Above(a)
        | Bounds::AtLeast(a)
        | Bounds::AtMost(a)
        | Bounds::Between(a, _)
        | Bounds::Outside(a, _) => *a,
    }
}

fn atom(program: &Program, atom: &Atom, unit: Option<Unit>) -> String {
    let field = format!("the {}", atom.field.word());
    let (is, names) = match &atom.comparison {
        Comparison::Missing => return format!("{field} is not known"),
        Comparison::Present => return format!("{field} is known"),
        Comparison::Range(is, bounds) => return format!("{field} {} {}", verb(*is), range(bounds, unit)),
        Comparison::Kinds(is, kinds) => (*is, kinds.iter().map(|kind| kind.name().to_owned()).collect()),
        Comparison::Priorities(is, list) => (*is, list.iter().map(|priority| priority.word().to_owned()).collect()),
        Comparison::States(is, states) => (*is, states.iter().map(|state| state.name().to_owned()).collect()),
        Comparison::Flags(is, flags) if flags.is_empty() => (*is, vec!["none".to_owned()]),
        Comparison::Flags(is, flags) => (*is, flags.iter().map(flag).collect()),
        Comparison::Feeds(is, feeds) => (
            *is,
            feeds
                .iter()
                .filter_map(|id| program.catalogue.feeds.get(id.index()))
                .map(|feed| feed.name.to_string())
                .collect(),
        ),
        Comparison::Tests(is, tests) => (
            *is,
            tests
                .iter()
                .filter_map(|id| program.catalogue.tests.get(id.index()))
                .map(|test| test.name.to_string())
                .collect(),
        ),
        Comparison::Classes(is, list) => (*is, list.iter().map(|class| class.word().to_owned()).collect()),
        Comparison::Names(is, list) => (*is, list.iter().map(ToString::to_string).collect()),
    };
    let names: Vec<String> = names;
    format!("{field} {} {}", verb(is), list(&names, "or"))
}

fn verb(is: bool) -> &'static str {
    if is { "is" } else { "is not" }
}

fn flag(flag: &FlagWord) -> String {
    match flag {
        FlagWord::Report(flag) => flag.word().to_owned(),
        FlagWord::Wait(reason) => format!("awaiting {}", reason.replace('_', " ")),
        FlagWord::Result(Abnormal::Low) => "low".to_owned(),
        FlagWord::Result(Abnormal::High) => "high".to_owned(),
        FlagWord::Result(Abnormal::CriticalLow) => "critical low".to_owned(),
        FlagWord::Result(Abnormal::CriticalHigh) => "critical high".to_owned(),
        FlagWord::Result(Abnormal::CriticalAbnormal) => "critical abnormal".to_owned(),
        FlagWord::Result(code) => code.name().to_owned(),
    }
}

pub(super) fn range(bounds: &Bounds, unit: Option<Unit>) -> String {
    let say = |operand: &Operand| amount(*operand, unit);
    match bounds {
        Bounds::Below(a) => format!("below {}", say(a)),
        Bounds::Above(a) => format!("above {}", say(a)),
        Bounds::AtLeast(a) => format!("at least {}", say(a)),
        Bounds::AtMost(a) => format!("at most {}", say(a)),
        Bounds::Between(a, b) if a == b => say(a),
        Bounds::Between(a, b) => format!("between {} and {}", say(a), say(b)),
        Bounds::Outside(a, b) => format!("below {} or above {}", say(a), say(b)),
    }
}

fn amount(operand: Operand, unit: Option<Unit>) -> String {
    match operand {
        Operand::Number(number) => number.to_string(),
        Operand::Span(span) => span.to_string(),
        Operand::Quantity(quantity) => match unit.and_then(|unit| Some((unit, unit.number(quantity)?))) {
            Some((unit, number)) => format!("{number} {unit}"),
            None => quantity.value.to_string(),
        },
    }
}

/// What is done with missing values: one sentence per consequence.
pub(super) fn missing(program: &Program, all: &[Missing], (nothing, matches): (&str, &str)) -> Vec<String> {
    let of = |wanted: &MissingThen| {
        all.iter().filter(|missing| missing.then == *wanted).map(|missing| what(&missing.what)).collect::<Vec<_>>()
    };
    let mut sentences = Vec::new();
    let (silent, watched) = (of(&MissingThen::DoNotMatch), of(&MissingThen::Match));
    if !silent.is_empty() {
        sentences.push(format!("Without a known {} {nothing}, and the case is counted.", list(&silent, "or")));
    }
    if !watched.is_empty() {
        sentences
            .push(format!("Without a known {} {matches} all the same, and the case is counted.", list(&watched, "or")));
    }
    for missing in all {
        if let (MissingThen::Use(comparison), Missed::Field(field)) = (&missing.then, &missing.what) {
            sentences.push(taken(program, *field, comparison));
        }
    }
    sentences
}

fn taken(program: &Program, field: Field, comparison: &Comparison) -> String {
    let found = Atom { field, comparison: comparison.clone() };
    let says = atom(program, &found, unit(program, &found));
    format!("Where the {} is not known, it is taken that {says}, and the case is counted.", field.word())
}

fn what(missed: &Missed) -> String {
    match missed {
        Missed::Field(field) => field.word().to_owned(),
        Missed::Decision => "decision of its script".to_owned(),
        Missed::Function(name) => format!("result of {name}()"),
    }
}
