//! Example: does a function give what its examples say?
//!
//! One example shows a case, two show a difference; all are run.
//! - **Not here**: reading the script (`super`).

use wardline_rules::program::Function;
use wardline_rules::script::{Fault, Value};

use super::{call_text, constant, counted};
use crate::check::context::Context;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::syntax::condition::ExampleResult;
use crate::syntax::notice::Example;
use crate::syntax::{Block, Clause};

/// WL0902 for examples that are too few or fail, WL0901 where the script faults.
pub(super) fn check(cx: &mut Context<'_>, block: &Block, function: &Function) {
    let count = block.clauses.iter().filter(|clause| clause.word == "example").count();
    if count == 1 {
        let message = format!("{} has one example; it needs two.", block.name());
        let found = Diagnostic::new(Code::WL0902, block.name_span(), message);
        let sample = block.example().next().map_or_else(String::new, |(example, _)| other(cx, example));
        cx.report(
            found
                .because("One shows a case, two show a difference, and the checker runs both.")
                .help("Add one that gives something else:", &[&sample]),
        );
    }
    for (example, clause) in block.example() {
        run(cx, function, example, clause);
    }
}

/// The line of an example with the other result, for its author to fill in.
fn other(cx: &Context<'_>, example: &Example) -> String {
    let name = &example.call.name.node;
    let gives = match &example.gives {
        ExampleResult::Truth(true) => "no".to_owned(),
        ExampleResult::Truth(false) => "yes".to_owned(),
        ExampleResult::Number(number) => number.to_string(),
    };
    let arguments: Vec<&str> = example.call.arguments.iter().map(|value| cx.text(value.span)).collect();
    format!("example   {name}({}) is {gives}", arguments.join(", "))
}

fn run(cx: &mut Context<'_>, function: &Function, example: &Example, clause: &Clause) {
    let Some(()) = counted(cx, &example.call, function) else { return };
    let given = example.call.arguments.iter().zip(&function.params);
    let values: Vec<Option<Value>> = given.map(|(value, param)| constant(cx, value, param)).collect();
    let Some(values) = values.into_iter().collect::<Option<Vec<Value>>>() else { return };
    let call = call_text(cx, &example.call);
    match function.script.run(&values) {
        Err(fault) => {
            let found = Diagnostic::new(Code::WL0901, clause.span, faulted(function, fault));
            cx.report(found.because(format!("It was tried with {call}.")));
        }
        Ok(given) => {
            let holds = match (&given, &example.gives) {
                (Value::Truth(given), ExampleResult::Truth(said)) => Ok(given == said),
                (Value::Whole(_) | Value::Number(_), ExampleResult::Number(said)) => Ok(given.number() == Some(*said)),
                (Value::Truth(_) | Value::Whole(_) | Value::Number(_) | Value::Text(_), _) => Err(()),
            };
            match holds {
                Ok(true) => {}
                Ok(false) => {
                    let message =
                        format!("{call} gave {}; the example says {}.", said(&given), expected(&example.gives));
                    let found = Diagnostic::new(Code::WL0902, clause.span, message);
                    cx.report(found.because("Either the script or the example is wrong."));
                }
                Err(()) => wrong_sort(cx, function, (&given, &call), clause),
            }
        }
    }
}

fn wrong_sort(cx: &mut Context<'_>, function: &Function, (given, call): (&Value, &str), clause: &Clause) {
    let wanted = if function.gives_truth { "yes or no" } else { "a number" };
    let is_right = match given {
        Value::Truth(_) => function.gives_truth,
        Value::Whole(_) | Value::Number(_) => !function.gives_truth,
        Value::Text(_) => false,
    };
    let found = if is_right {
        let message = format!("{call} gives {wanted}; the example says something else.");
        Diagnostic::new(Code::WL0902, clause.span, message).because("Write what the header says it gives.")
    } else {
        let gave = match given {
            Value::Truth(_) => "yes or no",
            Value::Whole(_) | Value::Number(_) => "a number",
            Value::Text(_) => "text",
        };
        let message = format!("{} gave {gave}, not {wanted}.", function.name);
        Diagnostic::new(Code::WL0901, clause.span, message).because(format!("It was tried with {call}."))
    };
    cx.report(found);
}

/// What stopped a script, in words.
fn faulted(function: &Function, fault: Fault) -> String {
    let name = &function.name;
    match fault {
        Fault::Steps => format!("{name} can run past {} steps.", function.script.steps()),
        Fault::Depth => format!("The functions of {name} call one another too deeply."),
        Fault::Size => format!("A text, list or map in {name} grows too large."),
        Fault::Type => format!("{name} uses a value, or gives one, that is of the wrong type."),
        Fault::Number => format!("{name} divides by zero, or a number in it becomes too large."),
        Fault::Unknown => format!("{name} asks for an element or name that is not there."),
        Fault::Thrown => format!("{name} stops itself with throw."),
    }
}

fn said(value: &Value) -> String {
    match value {
        Value::Truth(true) => "yes".to_owned(),
        Value::Truth(false) => "no".to_owned(),
        Value::Whole(number) => number.to_string(),
        Value::Number(number) => number.normal().to_string(),
        Value::Text(text) => format!("\"{text}\""),
    }
}

fn expected(gives: &ExampleResult) -> String {
    match gives {
        ExampleResult::Truth(true) => "yes".to_owned(),
        ExampleResult::Truth(false) => "no".to_owned(),
        ExampleResult::Number(number) => number.to_string(),
    }
}
