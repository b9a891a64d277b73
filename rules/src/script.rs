//! Script: what does a guest written in Rhai say, and what if it misbehaves?
//!
//! A script sees what it is given and returns a value. It reads no clock, no file and no other state, so the same
//! arguments give the same result on every machine and in every replay [RHAI-4]. What it may use is listed in [`items`];
//! what it may spend is bounded by steps and sizes, never by time [RHAI-3].
//! ```text
//!  text ──► engine: read within bounds ──► inspect: nothing unknown, nothing changed in place ──► Script
//!  Script + arguments ──► value, or the Fault that stopped it
//! ```
//! - **How it fits**: `wardline-dsl` compiles and tries scripts, `wardline-core` asks them behind a guard.
//! - LIMIT: the `SCRIPT_*` bounds of [`limits`](crate::limits). A script at a bound stops with a [`Fault`].
//! - **Not here**: what follows from a fault (`evaluate`, `wardline-core`).

mod engine;
mod file;
mod inspect;
mod items;
pub mod occasion;
mod unread;
mod value;

use std::sync::Arc;

use rhai::{AST, CallFnOptions, Dynamic, Engine, EvalAltResult, Position, Scope};

use crate::{Text, limits::SCRIPT_STEPS};
pub use file::RuleClause;
use inspect::Role;
use occasion::{Effect, Occasion};
pub use value::Value;

/// A script that was read and looked through, ready to run.
#[derive(Clone)]
pub struct Script {
    text: Arc<str>,
    names: Arc<[Text]>,
    steps: u32,
    role: Role,
    engine: Arc<Engine>,
    tree: Arc<AST>,
}

impl PartialEq for Script {
    /// Scripts of one text that see the same names within the same bound do the same.
    fn eq(&self, other: &Self) -> bool {
        (&self.text, &self.names, self.steps) == (&other.text, &other.names, other.steps)
    }
}

impl core::fmt::Debug for Script {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Script").field("text", &self.text).field("steps", &self.steps).finish_non_exhaustive()
    }
}

/// Why a text is no script that may run, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Line of the script, from 1; 0 if it is about the whole.
    pub line: u32,
    /// Column in characters, from 1; 0 if it is about the whole line.
    pub column: u32,
    /// What is wrong, as a sentence.
    pub why: String,
    /// What sort of thing is wrong.
    pub sort: Sort,
}

/// What sort of thing is wrong with a script.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// It cannot be read, or uses what scripts do not have.
    Unsafe,
    /// A rule file that holds something else than a rule and its functions.
    Shape,
}

/// Somebody whom a script pages or tells by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Named {
    /// Line of the text, from 1; 0 if it is not known.
    pub line: u32,
    /// Column in characters, from 1; 0 if it is not known.
    pub column: u32,
    /// Who, in the ward's words.
    pub who: Text,
    /// By which channel.
    pub by: Text,
}

/// A clock of an sla that a script asks for by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedClock {
    /// Line of the text, from 1; 0 if it is not known.
    pub line: u32,
    /// Column in characters, from 1; 0 if it is not known.
    pub column: u32,
    /// The name, of an sla or an exception.
    pub name: Text,
}

/// A rule file: the clauses of one alert and its decision.
#[derive(Clone, PartialEq, Debug)]
pub struct RuleFile {
    /// The clauses, in the order of the file.
    pub clauses: Vec<RuleClause>,
    /// Its functions, `on` among them.
    pub script: Script,
}

/// What stopped a script [RHAI-5].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fault {
    /// It used up its steps.
    Steps,
    /// Functions called one another too deeply.
    Depth,
    /// A text, array, map or number of variables grew too large.
    Size,
    /// A value was not of the type that was needed, or the result not of the type declared.
    Type,
    /// A number left its range, or was divided by zero.
    Number,
    /// It asked for an element, property, variable or function that is not there.
    Unknown,
    /// It threw.
    Thrown,
}

impl Fault {
    /// All of them, in order.
    pub const ALL: &'static [Self] =
        &[Self::Steps, Self::Depth, Self::Size, Self::Type, Self::Number, Self::Unknown, Self::Thrown];

    /// The word of data-quality rows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Depth => "depth",
            Self::Size => "size",
            Self::Type => "type",
            Self::Number => "number",
            Self::Unknown => "unknown",
            Self::Thrown => "thrown",
        }
    }

    fn of(error: &EvalAltResult) -> Self {
        use EvalAltResult as E;
        if let E::ErrorInFunctionCall(_, _, inner, _) = error {
            return Self::of(inner);
        }
        let found = [
            (matches!(error, E::ErrorTooManyOperations(_)), Self::Steps),
            (matches!(error, E::ErrorStackOverflow(_)), Self::Depth),
            (matches!(error, E::ErrorDataTooLarge(..) | E::ErrorTooManyVariables(_)), Self::Size),
            (matches!(error, E::ErrorArithmetic(..)), Self::Number),
            (matches!(error, E::ErrorRuntime(..)), Self::Thrown),
            (
                matches!(
                    error,
                    E::ErrorMismatchDataType(..)
                        | E::ErrorMismatchOutputType(..)
                        | E::ErrorFunctionNotFound(..)
                        | E::ErrorIndexingType(..)
                        | E::ErrorFor(_)
                ),
                Self::Type,
            ),
        ];
        found.into_iter().find(|(is_it, _)| *is_it).map_or(Self::Unknown, |(_, fault)| fault)
    }
}

impl Script {
    /// Reads a script and looks it through.
    ///
    /// - **Input** `text`: statements, whose last value or `return` is the result. `names`: what it is given, in order.
    ///   `steps`: how many operations one run may take.
    /// - **Errors**: [`Refused`] if it cannot be read, or uses what scripts do not have.
    pub fn compile(text: &str, names: &[Text], steps: u32) -> Result<Self, Refused> {
        Self::read(text, names, steps, Role::Function)
    }

    /// Reads the script of `decide`: the body of `on(event, report)`.
    ///
    /// - **Errors**: as [`Self::compile`].
    pub fn decision(text: &str) -> Result<Self, Refused> {
        Self::read(text, &occasion::GIVEN.map(Text::const_new), SCRIPT_STEPS, Role::Decision)
    }

    /// Reads a rule file [RHAI-2].
    ///
    /// - **Errors**: as [`Self::compile`], and [`Sort::Shape`] if it holds something else.
    pub fn rule_file(text: &str) -> Result<RuleFile, Refused> {
        let mut script = Self::read(text, &[], SCRIPT_STEPS, Role::Rule)?;
        let clauses = file::clauses(&script.tree)?;
        let mut tree = AST::clone(&script.tree);
        tree.clear_statements();
        script.tree = Arc::new(tree);
        Ok(RuleFile { clauses, script })
    }

    fn read(text: &str, names: &[Text], steps: u32, role: Role) -> Result<Self, Refused> {
        let engine = engine::engine(steps);
        let mut scope = Scope::new();
        for name in names {
            scope.push(name.as_str(), ());
        }
        let tree = engine
            .compile_with_scope(&scope, text)
            .map_err(|error| refused(error.position(), unread::sentence(error.err_type(), names)))?;
        inspect::inspect(&tree, role)?;
        let names = names.into();
        Ok(Self { text: text.into(), names, steps, role, engine: Arc::new(engine), tree: Arc::new(tree) })
    }

    /// Runs it.
    ///
    /// - **Input** `arguments`: one for each name, in that order.
    /// - **Errors**: the [`Fault`] that stopped it.
    /// - **Cost**: its steps, each over at most `SCRIPT_ARRAY_MAX` elements or `SCRIPT_TEXT_BYTES_MAX` bytes.
    pub fn run(&self, arguments: &[Value]) -> Result<Value, Fault> {
        let mut scope = Scope::new();
        for (name, argument) in self.names.iter().zip(arguments) {
            scope.push_dynamic(name.as_str(), argument.to_rhai());
        }
        let found = self.engine.eval_ast_with_scope::<Dynamic>(&mut scope, &self.tree);
        found.map_err(|error| Fault::of(&error)).and_then(|found| Value::from_rhai(&found).ok_or(Fault::Type))
    }

    /// Runs a decision.
    ///
    /// - **Errors**: the [`Fault`] that stopped it.
    /// - **Cost**: as [`Self::run`].
    pub fn decide(&self, occasion: &Occasion) -> Result<Vec<Effect>, Fault> {
        let shown = occasion.to_rhai();
        let mut scope = Scope::new();
        let found = if self.role == Role::Rule {
            let options = CallFnOptions::new().eval_ast(false);
            self.engine.call_fn_with_options::<Dynamic>(options, &mut scope, &self.tree, "on", shown.to_vec())
        } else {
            for (name, value) in self.names.iter().zip(shown) {
                scope.push_dynamic(name.as_str(), value);
            }
            self.engine.eval_ast_with_scope::<Dynamic>(&mut scope, &self.tree)
        };
        found.map_err(|error| Fault::of(&error)).and_then(|found| occasion::effects(&found))
    }

    /// Whether it may ask for earlier results, so that they must be gathered.
    #[must_use]
    pub fn looks_back(&self) -> bool {
        self.text.contains("earlier")
    }

    /// Whether it may start private clocks, so that every moment of its rule counts.
    #[must_use]
    pub fn keeps_clocks(&self) -> bool {
        self.text.contains("start_clock")
    }

    /// Whom it pages or tells and by what, where that is written out: each with its line and column.
    #[must_use]
    pub fn named_people(&self) -> Vec<Named> {
        inspect::named_people(&self.tree)
    }

    /// Whether it may ask for clocks of slas, so that they must be read.
    #[must_use]
    pub fn reads_clocks(&self) -> bool {
        self.text.contains("clock")
    }

    /// The clocks that it asks for, where their names are written out.
    #[must_use]
    pub fn named_clocks(&self) -> Vec<NamedClock> {
        inspect::named_clocks(&self.tree)
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many operations one run may take.
    #[must_use]
    pub const fn steps(&self) -> u32 {
        self.steps
    }
}

fn refused(at: Position, why: impl Into<String>) -> Refused {
    let number = |place: Option<usize>| place.and_then(|place| u32::try_from(place).ok()).unwrap_or(0);
    Refused { line: number(at.line()), column: number(at.position()), why: why.into(), sort: Sort::Unsafe }
}

#[cfg(test)]
mod tests;
