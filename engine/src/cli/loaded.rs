//! Loaded: the ward that a verb was given, read and checked, or the word that says why not.
//!
//! - **Not here**: how files become a ward ([`crate::ward`]), what a finding says (`wardline-dsl`).

use std::{path::Path, time::Instant};

use wardline_dsl::{Checked, check, codes::Severity, diagnostic::render, source::Sources};
use wardline_rules::{program::Program, settings::SiteSettings};

use super::{
    Ending,
    ending::{tell, today},
};
use crate::{config::site, ward};

/// A ward without errors.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) sources: Sources,
    pub(super) checked: Checked,
    pub(super) program: Program,
}

/// The texts of a ward.
///
/// # Errors
/// The ending of the verb; what went wrong was told.
pub(super) fn sources(path: &Path) -> Result<Sources, Ending> {
    ward::load(path).map_err(|finding| {
        tell(&format!("{finding}\n"));
        Ending::Usage
    })
}

/// A ward that checks as of today.
///
/// # Errors
/// The ending of the verb; what went wrong was told.
pub(super) fn ward(path: &Path) -> Result<Loaded, Ending> {
    let started = Instant::now();
    let sources = sources(path)?;
    let mut checked = check(&sources, today());
    match checked.program.take() {
        Some(program) if !has_error(&checked) => Ok(Loaded { sources, checked, program }),
        program => {
            checked.program = program;
            tell(&with_summary(&checked, &sources, started));
            Err(Ending::Findings)
        }
    }
}

/// The critical limits of the installation that the ward belongs to.
///
/// # Errors
/// The ending of the verb; what went wrong was told.
pub(super) fn site(ward: &Path) -> Result<SiteSettings, Ending> {
    site::beside(ward).map_err(|findings| {
        tell(&format!("{findings}\n"));
        Ending::Usage
    })
}

/// Whether a finding keeps the ward from being loaded.
pub(super) fn has_error(checked: &Checked) -> bool {
    checked.diagnostics.iter().any(|found| found.severity == Severity::Error)
}

/// The findings for people, and the line that sums them up.
pub(super) fn with_summary(checked: &Checked, sources: &Sources, started: Instant) -> String {
    let rules = checked
        .program
        .as_ref()
        .map(|program| program.alerts.len() + program.families.iter().map(|family| family.rules.len()).sum::<usize>());
    let rules = rules.map_or_else(String::new, |rules| format!("{rules} rules, "));
    let count = |severity: Severity| checked.diagnostics.iter().filter(|found| found.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let summary = format!(
        "{}, {} in {rules}{} ({} ms)\n",
        plural(errors, "error"),
        plural(warnings, "warning"),
        plural(sources.files.len(), "file"),
        started.elapsed().as_millis(),
    );
    format!("{}{summary}", render::text(&checked.diagnostics, sources))
}
