//! Sweep: what do ten, a hundred, a thousand and ten thousand rules say of the same events?
//!
//! The events of TATmark, its three rules in every ward, and one report in twenty sent by one of seven small clinics. Further
//! rules watch final reports of clinics, every other one also the priority: rules as a chain of clinics has them. No two are
//! equal, so nothing is saved by folding them together; those of the seven match, at every number of rules the same events.
//!
//! - **Not here**: the measuring (`benches/`), and rules that all match one event: there each costs its alert, whoever wrote them.

use wardline_dsl::{
    check,
    source::{SourceFile, Sources},
};
use wardline_rules::{Text, event::Event, program::Program, time::Date};

use crate::{events, lines};

/// Rules that TATmark has already.
const OWN: usize = 3;
/// Clinics that send something.
const SENDING: usize = 7;
/// One report in so many is of a clinic.
const CLINIC_EVERY: usize = 20;

/// A rule about final reports of a clinic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Its name in the ward.
    pub name: String,
    /// The clinic.
    pub department: String,
    /// Whether it is about stat reports alone.
    pub is_stat: bool,
}

/// The rules beside the three of TATmark, so that there are `count` in all.
#[must_use]
pub fn rules(count: usize) -> Vec<Rule> {
    let rule = |number| {
        let department = format!("Clinic {number}");
        Rule { name: format!("Final in {department}"), department, is_stat: number % 2 == 0 }
    };
    (0..count.saturating_sub(OWN)).map(rule).collect()
}

/// The ward with `count` rules in all.
///
/// # Panics
/// If it does not check: a mistake of ours.
#[must_use]
pub fn ward(count: usize) -> Program {
    let rules = rules(count);
    let names: Vec<&str> = rules.iter().map(|rule| rule.department.as_str()).collect();
    let catalogue: String = names.chunks(1_000).enumerate().map(|(number, names)| clinics(number, names)).collect();
    let texts: Vec<String> = rules.iter().map(text).collect();
    let mut sources = Sources::of_text("tatmark.ward", wardline_reference::tatmark::WARD);
    sources.files.push(SourceFile::new("clinics.ward", catalogue));
    let files = texts.chunks(1_000).enumerate();
    sources.files.extend(files.map(|(number, chunk)| SourceFile::new(format!("rules-{number}.ward"), chunk.concat())));
    let checked = check(&sources, Date::from_days(20_500));
    let program = checked.program.unwrap_or_else(|| panic!("{:?}", checked.diagnostics.first()));
    let known = program.alerts.len() + program.families.iter().map(|family| family.rules.len()).sum::<usize>();
    assert_eq!(known, count, "every rule is loaded");
    program
}

/// A block that declares clinics: lines, clauses and blocks are bounded.
fn clinics(number: usize, names: &[&str]) -> String {
    let lines =
        |names: &[&str]| names.chunks(20).map(|line| line.join(", ")).collect::<Vec<_>>().join(",\n            ");
    let values = names.chunks(100).map(|names| format!("  values    department: {}\n", lines(names)));
    format!("catalogue \"Clinics {number}\"\n{}\n", values.collect::<String>())
}

/// The rule as the ward says it.
fn text(rule: &Rule) -> String {
    let Rule { name, department, is_stat } = rule;
    let stat = if *is_stat { " and priority is stat" } else { "" };
    format!(
        "alert \"{name}\"\n  policy    \"P\", owner \"Q\", review by 2199-01-01\n  when      a report is finalised\n  where     department is {department}{stat}\n  missing   department: do not match\n  severity  yellow\n  tell      desk \"Operations\" by worklist\n\n"
    )
}

/// The events of so many TATmark reports, some of them from clinics.
#[must_use]
pub fn events_of(reports: u64) -> Vec<Event> {
    let mut events = events(&lines(reports));
    for event in &mut events {
        let number: usize = event.report.placer.as_ref().and_then(|ident| ident.id.parse().ok()).unwrap_or(0);
        if number.is_multiple_of(CLINIC_EVERY) {
            event.department = Some(Text::from(format!("Clinic {}", number / CLINIC_EVERY % SENDING)));
        }
    }
    events
}
