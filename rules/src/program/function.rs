//! Function: which scripts does a ward have, and how are they asked?
//!
//! - **Not here**: running them ([`crate::script`]).

use super::{Bounds, Field, FunctionId, Operand};
use crate::{
    Text,
    evaluate::Said,
    script::{Script, Value},
    time::MINUTE,
    unit::Unit,
};

/// A script that conditions may ask.
#[derive(Clone, PartialEq, Debug)]
pub struct Function {
    /// Its name.
    pub name: Text,
    /// What it is given, in order.
    pub params: Vec<Param>,
    /// Whether it gives yes or no, else a number.
    pub gives_truth: bool,
    /// What it does.
    pub script: Script,
}

/// Something that a function is given.
#[derive(Clone, PartialEq, Debug)]
pub struct Param {
    /// Its name in the script.
    pub name: Text,
    /// What it is.
    pub kind: ParamKind,
}

/// What a function can be given [RHAI-1].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParamKind {
    /// A quantity, as its number in this unit.
    Quantity(Unit),
    /// A test, by its name; so are the others that are names.
    Test,
    /// A place.
    Place,
    /// A site.
    Site,
    /// A kind.
    Kind,
    /// A priority.
    Priority,
    /// A department.
    Department,
    /// Any name.
    Text,
    /// A plain number.
    Number,
    /// A length of time, as its whole minutes, rounded down.
    Duration,
}

impl ParamKind {
    /// What is said of a field, as a script is given it; `None` if it is off the scale or of another sort.
    #[must_use]
    pub fn value(self, said: &Said) -> Option<Value> {
        match (self, said) {
            (Self::Quantity(unit), Said::Amount(None, Operand::Quantity(quantity))) => {
                unit.number(*quantity).map(Value::Number)
            }
            (Self::Number, Said::Amount(None, Operand::Number(number))) => Some(Value::Number(*number)),
            (Self::Duration, Said::Amount(None, Operand::Span(span))) => {
                Some(Value::Whole(span.micros().div_euclid(MINUTE)))
            }
            (
                Self::Test | Self::Place | Self::Site | Self::Kind | Self::Priority | Self::Department | Self::Text,
                Said::Word(word),
            ) => Some(Value::Text(word.clone())),
            _ => None,
        }
    }
}

/// A question put to a function.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// Which function.
    pub function: FunctionId,
    /// Its name, by which `missing` speaks of it.
    pub name: Text,
    /// What it is given.
    pub arguments: Vec<Argument>,
    /// What it must give.
    pub gives: Gives,
}

/// What a function is given in a call.
#[derive(Clone, PartialEq, Debug)]
pub enum Argument {
    /// A field, passed as a parameter of that kind; where it is absent, what `missing … use` says, if anything does.
    Field(Field, ParamKind, Option<Value>),
    /// This.
    Value(Value),
}

/// What a function must give for a condition to hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gives {
    /// This answer.
    Truth(bool),
    /// A number in this range.
    Number(Bounds),
}
