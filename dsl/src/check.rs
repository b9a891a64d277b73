//! Check: does this ward make sense, and what does it demand?
//!
//! All files are read before anything is judged, and every stage goes on after an error, so one run reports everything. A
//! [`Program`] comes out only when there is no error.
//! ```text
//!  ward      which files and packs, which zone                     catalogue, calendars, people, escalations
//!  names     what is declared, what is used                  ──►   sla and exceptions, alerts              ──► Program
//!  tests     instants and names resolved                           overlaps, reviews, tests that are missing
//! ```
//! - **How it fits**: [`check`] is the front door of the crate.
//! - LIMIT: `FILES_MAX`, `WARD_BYTES_MAX`, `RULES_MAX`, `DIAGNOSTICS_MAX`.
//! - **Not here**: text to tree (`layout`, `syntax`); files (the caller reads them); running.

mod action;
mod alert;
mod calendar;
mod catalogue;
mod cells;
mod chain;
mod condition;
mod context;
mod duty;
mod escalation;
mod field;
mod function;
pub(crate) mod gather;
mod holidays;
mod lasting;
mod length;
mod missing;
mod moments;
mod names;
mod notice;
mod people;
mod planned;
mod review;
mod rule_file;
mod script;
mod sla;
pub(crate) mod standard;
pub(crate) mod text;
mod version;

use wardline_rules::program::Program;
use wardline_rules::time::Date;

use crate::codes::Severity;
use crate::diagnostic::{self, Diagnostic};
use crate::limits::DIAGNOSTICS_MAX;
use crate::script::Test;
use crate::source::{Lines, Sources};
use context::Context;

/// What came of checking a ward.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The program; `None` if there is an error.
    pub program: Option<Program>,
    /// The scripted tests that could be read.
    pub tests: Vec<Test>,
    /// Everything found, sorted by file, place and code.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks a whole ward.
///
/// - **Input** `ward`: its files, the packs it may use, its holiday files. `as_of`: the check date, for what is due by a date.
/// - **Output**: the program where there is no error; the tests; all diagnostics.
/// - **Errors**: none; they are diagnostics. **Cost**: proportional to the text, times the cells of each condition.
/// ```
/// use wardline_dsl::{check, source::Sources};
/// use wardline_rules::time::Date;
/// let ward = "ward \"St Anne\" edition 1\n  zone      America/Chicgo\n";
/// let checked = check(&Sources::of_text("a.ward", ward), Date::new(2026, 1, 1).unwrap());
/// assert_eq!(checked.diagnostics[0].message, "\"America/Chicgo\" is no time zone.");
/// ```
#[must_use]
pub fn check(ward: &Sources, as_of: Date) -> Checked {
    let gathered = gather::gather(ward);
    let mut cx = Context::new(ward, &gathered, as_of);
    let program = program(&mut cx);
    if let Some(program) = &program {
        duty::check(&mut cx, program);
    }
    let tests = script::tests(&mut cx);
    review::check(&mut cx);
    names::unused(&mut cx);
    let mut diagnostics = cx.diagnostics;
    diagnostics.extend(gathered.diagnostics);
    let diagnostics = finish(diagnostics, ward);
    let refused = diagnostics.iter().any(|found| found.severity == Severity::Error);
    Checked { program: program.filter(|_| !refused), tests, diagnostics }
}

/// Builds every part, going on where one has errors.
fn program(cx: &mut Context<'_>) -> Option<Program> {
    planned::refuse(cx);
    cx.catalogue = catalogue::catalogue(cx);
    cx.values = catalogue::values(&cx.catalogue);
    cx.severities = catalogue::severities(cx);
    cx.calendars = calendar::calendars(cx);
    cx.functions = function::functions(cx);
    let people = people::people(cx);
    let desks = people::desks(cx);
    let rosters = people::rosters(cx);
    cx.escalations = escalation::escalations(cx);
    let families = sla::families(cx);
    let alerts = alert::alerts(cx);
    let notices = notice::notices(cx);
    let suppressions = notice::suppressions(cx);
    let ward = cx.ward?;
    let mut program = Program {
        name: ward.name().into(),
        version: version::version(cx.sources, cx.blocks),
        zone: cx.zone.clone(),
        catalogue: cx.catalogue.clone(),
        severities: cx.severities.clone(),
        calendars: cx.calendars.clone(),
        people: people?,
        desks: desks?,
        rosters: rosters?,
        escalations: cx.escalations.clone(),
        families: families?,
        alerts: alerts?,
        notices: notices?,
        suppressions: suppressions?,
        functions: cx.functions.clone().into_iter().collect::<Option<_>>()?,
    };
    function::stand_ins(&mut program);
    Some(program)
}

/// Corrected lines filled in, sorted, each once, errors first where there are too many.
fn finish(diagnostics: Vec<Diagnostic>, ward: &Sources) -> Vec<Diagnostic> {
    let mut diagnostics = diagnostics;
    if diagnostics.len() > DIAGNOSTICS_MAX {
        diagnostics.sort_by_key(|found| (found.severity, found.span, found.code));
        diagnostics.truncate(DIAGNOSTICS_MAX);
    }
    diagnostic::sort(&mut diagnostics);
    let lines = Lines::of(ward);
    diagnostics.into_iter().map(|found| found.complete(&lines)).collect()
}
