//! Finding: what does a report say?
//!
//! A laboratory value with its mark, a short word, or only that a text exists; and the flag that goes with it.
//! Critical values lie beyond a limit of the menu, others never do, so that a rule on the value and a rule on the flag agree.
//! - **How it fits**: drawn when a life is told, written by [`line`](crate::line).
//! - **Not here**: narrative; nothing of it is ever made.

use super::Author;
use crate::draw::whole;
use crate::profile::LabTest;
use crate::vocabulary::Kind;

/// How a value stands to its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mark {
    /// Inside the reference range.
    #[default]
    Normal,
    /// Below it.
    Low,
    /// Above it.
    High,
    /// Critically low.
    LowLow,
    /// Critically high.
    HighHigh,
    /// Critically abnormal, without a number.
    AbnormalAbnormal,
}

impl Mark {
    /// The code of HL7 table 0078.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Normal => "N",
            Self::Low => "L",
            Self::High => "H",
            Self::LowLow => "LL",
            Self::HighHigh => "HH",
            Self::AbnormalAbnormal => "AA",
        }
    }
}

/// What the result holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Value {
    /// A text exists and is not carried.
    #[default]
    Narrative,
    /// A number, scaled by ten to its digits.
    Number {
        /// The value times 10^digits of its test.
        scaled: i64,
        /// How it stands to its limits.
        mark: Mark,
    },
    /// A short word.
    Word {
        /// In capitals.
        word: &'static str,
        /// How it stands to what is expected.
        mark: Mark,
    },
}

/// The flag of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flag {
    /// None.
    #[default]
    Plain,
    /// `critical`
    Critical,
    /// `finding_urgent`
    Urgent,
    /// `finding_followup`
    FollowUp,
}

/// What a version of a report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Finding {
    /// Its flag.
    pub flag: Flag,
    /// Its result.
    pub value: Value,
}

impl Finding {
    /// Whether it must be answered.
    #[must_use]
    pub const fn is_critical(&self) -> bool {
        matches!(self.flag, Flag::Critical)
    }

    /// A blood culture that grows.
    #[must_use]
    pub const fn growth() -> Self {
        Self { flag: Flag::Critical, value: Value::Word { word: "POSITIVE", mark: Mark::AbnormalAbnormal } }
    }

    const fn narrative(flag: Flag) -> Self {
        Self { flag, value: Value::Narrative }
    }
}

impl Author<'_> {
    /// What the first version says; `drafted` is what the path has decided already.
    pub(super) fn finding(&mut self, kind: Kind, offer: usize, drafted: Finding) -> Finding {
        let life = &self.world.profile.life;
        match kind {
            Kind::Lab => {
                let is_critical = self.chance(self.figures.critical_lab);
                self.lab_value(offer, is_critical)
            }
            Kind::BloodBank => {
                Finding { flag: Flag::Plain, value: Value::Word { word: "COMPATIBLE", mark: Mark::Normal } }
            }
            Kind::Micro if drafted.is_critical() => drafted,
            Kind::Micro => Finding { flag: Flag::Plain, value: Value::Word { word: "NO GROWTH", mark: Mark::Normal } },
            Kind::Pathology => self.narrative(life.pathology.critical),
            Kind::Genetics => Finding::narrative(Flag::Plain),
            Kind::Imaging => self.imaging_finding(),
            Kind::Cardiology | Kind::Pulmonary => self.narrative(life.heart.critical),
        }
    }

    /// What a correction says: another value; of some, also another criticality.
    pub(super) fn changed_finding(&mut self, kind: Kind, offer: usize, first: Finding) -> Finding {
        if kind != Kind::Lab {
            return first;
        }
        let turns = self.chance(self.world.profile.life.after.changes_criticality);
        self.lab_value(offer, first.is_critical() != turns)
    }

    fn narrative(&mut self, critical: f64) -> Finding {
        Finding::narrative(if self.chance(critical) { Flag::Critical } else { Flag::Plain })
    }

    fn imaging_finding(&mut self) -> Finding {
        let figures = &self.world.profile.life.imaging;
        let unit = self.stream.unit();
        let urgent = figures.critical + figures.finding_urgent;
        Finding::narrative(match unit {
            _ if unit < figures.critical => Flag::Critical,
            _ if unit < urgent => Flag::Urgent,
            _ if unit < urgent + figures.finding_followup => Flag::FollowUp,
            _ => Flag::Plain,
        })
    }

    /// A value of a laboratory test, beyond a critical limit or not.
    fn lab_value(&mut self, offer: usize, is_critical: bool) -> Finding {
        let (test, figures) = (&self.world.lab[offer], &self.world.profile.life.result);
        let is_outside = self.chance(figures.outside_range);
        let is_low = self.chance(0.5);
        let limits = Limits::of(test, figures.beyond);
        let (mark, [from, to]) = match (is_critical, is_outside) {
            (true, _) => limits.critical(is_low),
            (false, true) => limits.outside(is_low),
            (false, false) => (Mark::Normal, limits.range),
        };
        let width = u64::try_from((to - from).max(0)).unwrap_or(0) + 1;
        let scaled = from + i64::try_from(self.stream.below(width)).unwrap_or(0);
        let flag = if is_critical { Flag::Critical } else { Flag::Plain };
        Finding { flag, value: Value::Number { scaled, mark } }
    }
}

/// Limits of a test in its last digit, all inclusive.
struct Limits {
    range: [i64; 2],
    low: [i64; 2],
    high: [i64; 2],
    critical_low: Option<[i64; 2]>,
    critical_high: Option<[i64; 2]>,
}

impl Limits {
    fn of(test: &LabTest, beyond: f64) -> Self {
        let power = libm::pow(10.0, f64::from(test.digits));
        let scaled = |limit: f64| whole(limit * power + 0.5);
        let range = test.range.map(scaled);
        let [lowest, highest] = [test.critical_low.map(scaled), test.critical_high.map(scaled)];
        let beyond_low = |limit: i64| whole(limit as f64 * (1.0 - beyond) + 0.5);
        let beyond_high = |limit: i64| whole(limit as f64 * (1.0 + beyond) + 0.5);
        Self {
            low: [lowest.unwrap_or_else(|| beyond_low(range[0])), range[0] - 1],
            high: [range[1] + 1, highest.unwrap_or_else(|| beyond_high(range[1]))],
            critical_low: lowest.map(|limit| [beyond_low(limit).min(limit - 1), limit - 1]),
            critical_high: highest.map(|limit| [limit + 1, beyond_high(limit).max(limit + 1)]),
            range,
        }
    }

    fn critical(&self, is_low: bool) -> (Mark, [i64; 2]) {
        match (self.critical_low, self.critical_high) {
            (Some(low), None) => (Mark::LowLow, low),
            (Some(low), Some(_)) if is_low => (Mark::LowLow, low),
            (_, Some(high)) => (Mark::HighHigh, high),
            (None, None) => (Mark::HighHigh, self.high),
        }
    }

    const fn outside(&self, is_low: bool) -> (Mark, [i64; 2]) {
        if is_low { (Mark::Low, self.low) } else { (Mark::High, self.high) }
    }
}
