//! Site: which critical limits, shifts and spans does this hospital use?
//!
//! A change of this file travels with an activation, so that a replay sees it.
//!
//! - **Not here**: what uses it (`wardline-core`).

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use toml::Spanned;
use wardline_rules::{
    Text,
    decimal::Decimal,
    time::{Span, TimeOfDay},
};

use super::{
    finding::{ConfigFile, Finding, Findings},
    read::{parse, read_text},
    schema,
};
use crate::codes::Code;

/// `site.toml`, checked.
#[derive(Clone, PartialEq, Debug)]
pub struct Site {
    /// Limits beyond which a result is critical [CRT-1].
    pub critical: Vec<CriticalLimit>,
    /// Per clock, the share to be met, in millionths.
    pub objectives: BTreeMap<Text, u32>,
    /// Named parts of the day.
    pub shifts: BTreeMap<Text, (TimeOfDay, TimeOfDay)>,
    /// Within which span equal orders count as duplicates.
    pub duplicate_window: Span,
    /// A running clock that is due within this is shown as at risk.
    pub at_risk_within: Span,
}

/// Limits of one test.
#[derive(Clone, PartialEq, Debug)]
pub struct CriticalLimit {
    /// LOINC code.
    pub test: Text,
    /// UCUM unit.
    pub unit: Text,
    /// Critical below this.
    pub below: Option<Decimal>,
    /// Critical above this.
    pub above: Option<Decimal>,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            critical: Vec::new(),
            objectives: BTreeMap::new(),
            shifts: BTreeMap::new(),
            duplicate_window: Span::from_minutes(24 * 60),
            at_risk_within: Span::from_minutes(60),
        }
    }
}

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
    unit: String,
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

impl Site {
    /// Reads and checks `site.toml`; without such a file all is as the defaults say.
    ///
    /// # Errors
    /// Everything wrong in it, with places.
    pub fn load(path: &Path) -> Result<Self, Findings> {
        if !path.exists() {
            return Ok(Self::default());
        }
        Self::of_text(&path.display().to_string(), &read_text(path)?)
    }

    /// Checks the text of a `site.toml`.
    ///
    /// # Errors
    /// Everything wrong in it, with places.
    pub fn of_text(name: &str, text: &str) -> Result<Self, Findings> {
        let (file, raw) = parse::<RawSite>(name, text, &schema::site())?;
        let mut check = Check { file: &file, findings: Findings::default() };
        let default = Self::default();
        let site = Self {
            critical: raw.critical.iter().map(|limit| check.critical(limit)).collect(),
            objectives: raw.objective.iter().map(|(name, share)| (Text::from(name), check.share(share))).collect(),
            shifts: raw
                .shift
                .iter()
                .filter_map(|(name, hours)| Some((Text::from(name), check.hours(hours)?)))
                .collect(),
            duplicate_window: raw.duplicate.window.map_or(default.duplicate_window, |text| check.span(&text)),
            at_risk_within: raw.at_risk.within.map_or(default.at_risk_within, |text| check.span(&text)),
        };
        check.findings.or(site)
    }
}

struct Check<'a> {
    file: &'a ConfigFile,
    findings: Findings,
}

impl Check<'_> {
    fn refuse<T>(&mut self, text: &Spanned<T>, headline: String, help: &str) {
        self.findings.push(Finding::at(Code::WrongValue, self.file, text.span(), headline, help));
    }

    fn critical(&mut self, raw: &RawCritical) -> CriticalLimit {
        if raw.below.is_none() && raw.above.is_none() {
            let headline = format!("the test `{}` has no limit", raw.test.get_ref());
            self.refuse(&raw.test, headline, "Add `below`, `above` or both.");
        }
        CriticalLimit {
            test: Text::from(raw.test.get_ref()),
            unit: Text::from(&raw.unit),
            below: raw.below.as_ref().and_then(|text| self.decimal(text)),
            above: raw.above.as_ref().and_then(|text| self.decimal(text)),
        }
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
