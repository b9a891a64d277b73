//! Site: which critical limits, shifts and spans does this hospital use?
//!
//! A change of this file travels with an activation, so that a replay sees it.
//!
//! - **Not here**: the checked settings (`wardline_rules::settings`), what uses them (`wardline-core`).

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use toml::Spanned;
use wardline_rules::{
    Text,
    decimal::Decimal,
    limits::{CRITICAL_LIMITS_MAX, SITE_NAMES_MAX},
    settings::{CriticalLimit, SiteSettings},
    time::{Span, TimeOfDay},
    unit::Unit,
};

use super::{
    finding::{ConfigFile, Finding, Findings},
    read::{parse, read_text},
    schema,
};
use crate::codes::Code;

#[derive(Deserialize)]
struct RawSite {
    #[serde(default)]
    critical: Vec<RawCritical>,
    #[serde(default)]
    objective: BTreeMap<String, Spanned<f64>>,
    #[serde(default)]
    shift: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    duplicate: RawDuplicate,
    #[serde(default)]
    at_risk: RawAtRisk,
}

#[derive(Deserialize)]
struct RawCritical {
    test: Spanned<String>,
    unit: Spanned<String>,
    below: Option<Spanned<String>>,
    above: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
struct RawDuplicate {
    window: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
struct RawAtRisk {
    within: Option<Spanned<String>>,
}

/// Reads and checks `site.toml`; without such a file all is as the defaults say.
///
/// # Errors
/// Everything wrong in it, with places.
pub fn load(path: &Path) -> Result<SiteSettings, Findings> {
    if !path.exists() {
        return Ok(SiteSettings::default());
    }
    of_text(&path.display().to_string(), &read_text(path)?)
}

/// The settings that go with a ward: `site.toml` in the folder that holds the ward, or in the one above it.
///
/// # Errors
/// Everything wrong in it, with places.
pub fn beside(ward: &Path) -> Result<SiteSettings, Findings> {
    // `.` and names without a folder have no parent until they are whole.
    let whole = ward.canonicalize().unwrap_or_else(|_| ward.to_owned());
    let mut above = whole.ancestors().skip(1).take(2).map(|folder| folder.join("site.toml"));
    above.find(|path| path.is_file()).map_or_else(|| Ok(SiteSettings::default()), |path| load(&path))
}

/// Checks the text of a `site.toml`.
///
/// # Errors
/// Everything wrong in it, with places.
pub fn of_text(name: &str, text: &str) -> Result<SiteSettings, Findings> {
    let (file, raw) = parse::<RawSite>(name, text, &schema::site())?;
    let mut check = Check { file: &file, findings: Findings::default() };
    let default = SiteSettings::default();
    check.bounds(&raw);
    let site = SiteSettings {
        critical: raw.critical.iter().filter_map(|limit| check.critical(limit)).collect(),
        objectives: raw.objective.iter().map(|(name, share)| (Text::from(name), check.share(share))).collect(),
        shifts: raw.shift.iter().filter_map(|(name, hours)| Some((Text::from(name), check.hours(hours)?))).collect(),
        duplicate_window: raw.duplicate.window.map_or(default.duplicate_window, |text| check.span(&text)),
        at_risk_within: raw.at_risk.within.map_or(default.at_risk_within, |text| check.span(&text)),
    };
    check.findings.or(site)
}

struct Check<'a> {
    file: &'a ConfigFile,
    findings: Findings,
}

impl Check<'_> {
    fn refuse<T>(&mut self, text: &Spanned<T>, headline: String, help: &str) {
        self.findings.push(Finding::at(Code::WrongValue, self.file, text.span(), headline, help));
    }

    fn bounds(&mut self, raw: &RawSite) {
        if let Some(limit) = raw.critical.get(CRITICAL_LIMITS_MAX) {
            self.refuse(&limit.test, format!("more than {CRITICAL_LIMITS_MAX} limits"), "Remove what no feed sends.");
        }
        if let Some(share) = raw.objective.values().nth(SITE_NAMES_MAX) {
            self.refuse(
                share,
                format!("more than {SITE_NAMES_MAX} objectives"),
                "Remove those of clocks that are gone.",
            );
        }
        if let Some(hours) = raw.shift.values().nth(SITE_NAMES_MAX) {
            self.refuse(hours, format!("more than {SITE_NAMES_MAX} shifts"), "Remove those that nobody works.");
        }
    }

    fn critical(&mut self, raw: &RawCritical) -> Option<CriticalLimit> {
        if raw.below.is_none() && raw.above.is_none() {
            let headline = format!("the test `{}` has no limit", raw.test.get_ref());
            self.refuse(&raw.test, headline, "Add `below`, `above` or both.");
        }
        let unit = Unit::parse(raw.unit.get_ref());
        if unit.is_none() {
            let headline = format!("`{}` is no unit that Wardline knows", raw.unit.get_ref());
            self.refuse(&raw.unit, headline, "Write the UCUM code, such as `mmol/L`; capitals count.");
        }
        Some(CriticalLimit {
            test: Text::from(raw.test.get_ref()),
            below: raw.below.as_ref().and_then(|text| self.decimal(text)),
            above: raw.above.as_ref().and_then(|text| self.decimal(text)),
            unit: unit?,
        })
    }

    fn decimal(&mut self, text: &Spanned<String>) -> Option<Decimal> {
        let decimal = Decimal::parse(text.get_ref());
        if decimal.is_none() {
            let headline = format!("`{}` is no number", text.get_ref());
            self.refuse(text, headline, "Write it as `\"6.5\"`, in quotes, so that no digit is lost.");
        }
        decimal
    }

    /// A share as millionths: the only float of the configuration ends here.
    fn share(&mut self, share: &Spanned<f64>) -> u32 {
        let text = format!("{:.6}", share.get_ref());
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        match digits.parse() {
            Ok(millionths @ 1..=1_000_000) if *share.get_ref() > 0.0 => millionths,
            _ => {
                self.refuse(
                    share,
                    format!("`{}` is no share", share.get_ref()),
                    "Write a number above 0 and up to 1, such as `0.90`.",
                );
                1_000_000
            }
        }
    }

    fn hours(&mut self, text: &Spanned<String>) -> Option<(TimeOfDay, TimeOfDay)> {
        let hours = text.get_ref().split_once('-').and_then(|(from, to)| Some((time_of_day(from)?, time_of_day(to)?)));
        if hours.is_none() {
            self.refuse(text, format!("`{}` is no part of a day", text.get_ref()), "Write it as `\"07:00-19:00\"`.");
        }
        hours
    }

    fn span(&mut self, text: &Spanned<String>) -> Span {
        span(text.get_ref()).unwrap_or_else(|| {
            self.refuse(
                text,
                format!("`{}` is no length of time", text.get_ref()),
                "Write it as `90s`, `60m`, `24h` or `7d`.",
            );
            Span::ZERO
        })
    }
}

fn time_of_day(text: &str) -> Option<TimeOfDay> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes) = (hours.parse::<u16>().ok()?, minutes.parse::<u16>().ok()?);
    (minutes < 60).then(|| TimeOfDay::from_minutes(hours.checked_mul(60)?.checked_add(minutes)?)).flatten()
}

/// Reads `90s`, `60m`, `24h`, `7d`.
#[must_use]
pub fn span(text: &str) -> Option<Span> {
    let unit = text.chars().last()?;
    let count: i64 = text.strip_suffix(unit)?.parse().ok().filter(|count| *count >= 0)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    Some(Span::from_seconds(count.checked_mul(seconds)?))
}
