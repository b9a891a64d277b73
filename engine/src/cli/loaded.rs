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
    let count = |severity: Severity| checked.diagnostics.iter().filter(|found| found.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let rules = checked.program.as_ref().map(|program| format!("{}, ", plural(rules(program), "rule")));
    let summary = format!(
        "{}, {} in {}{} ({} ms)\n",
        plural(errors, "error"),
        plural(warnings, "warning"),
        rules.unwrap_or_default(),
        plural(sources.files.len(), "file"),
        started.elapsed().as_millis(),
    );
    format!("{}{summary}", render::text(&checked.diagnostics, sources))
}

/// All that a program promises: clocks with their exceptions, alerts, notices and suppressions.
fn rules(program: &Program) -> usize {
    let clocks: usize = program.families.iter().map(|family| family.rules.len()).sum();
    clocks + program.alerts.len() + program.notices.len() + program.suppressions.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sort_of_rule_is_counted() {
        let counted = |pack: &str| {
            let sources = sources(&Path::new("../rules/packs").join(pack)).unwrap();
            let date = wardline_rules::time::Date::new(2026, 1, 5).unwrap();
            with_summary(&check(&sources, date), &sources, Instant::now())
        };
        let notices = counted("patient-notices");
        assert!(notices.starts_with("0 errors, 0 warnings in 3 rules, 1 file ("), "three notices: {notices}");
        let feeds = counted("feed-health");
        assert!(feeds.starts_with("0 errors, 0 warnings in 6 rules, 1 file ("), "six alerts: {feeds}");
    }
}
