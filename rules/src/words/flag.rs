//! Flag: which marks may a report or a result carry?
//!
//! - **Source**: domain page section 2.2; language page sections 4.2 and 4.6.

use super::words;
use crate::Text;

words! {
    /// A mark of a report that every installation knows; each begins and ends at an event time.
    pub enum Flag {
        Critical = "critical", FindingUrgent = "finding_urgent", FindingFollowup = "finding_followup",
        Abnormal = "abnormal", OnHold = "on_hold", CancelRequested = "cancel_requested", AddOn = "add_on",
        Reflex = "reflex", Poct = "poct", Sensitive = "sensitive", NoPortal = "no_portal",
        Deceased = "deceased", Discharged = "discharged", NoShow = "no_show", WetRead = "wet_read",
        Discrepancy = "discrepancy", Correcting = "correcting", Outside = "outside",
        TestPatient = "test_patient", IdentityConflict = "identity_conflict", Stale = "stale",
    }
}

impl Flag {
    /// The ward's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::FindingUrgent => "finding urgent",
            Self::FindingFollowup => "finding followup",
            Self::OnHold => "on hold",
            Self::CancelRequested => "cancel requested",
            Self::AddOn => "add-on",
            Self::NoShow => "no-show",
            Self::WetRead => "wet read",
            Self::TestPatient => "test patient",
            Self::IdentityConflict => "identity conflict",
            Self::NoPortal => "opted out",
            Self::Critical
            | Self::Abnormal
            | Self::Reflex
            | Self::Poct
            | Self::Sensitive
            | Self::Deceased
            | Self::Discharged
            | Self::Discrepancy
            | Self::Correcting
            | Self::Outside
            | Self::Stale => self.name(),
        }
    }

    /// Whether a producer may set it; the engine alone sets the others.
    #[must_use]
    pub const fn is_from_outside(self) -> bool {
        !matches!(self, Self::IdentityConflict | Self::Stale)
    }
}

words! {
    /// A code of HL7 table 0078 that Wardline understands.
    pub enum Abnormal {
        Low = "L", High = "H", CriticalLow = "LL", CriticalHigh = "HH", Abnormal = "A", CriticalAbnormal = "AA",
        OffScaleLow = "<", OffScaleHigh = ">", Normal = "N", Up = "U", Down = "D", Better = "B", Worse = "W",
        Susceptible = "S", Resistant = "R", Intermediate = "I", VerySusceptible = "VS",
        ModeratelySusceptible = "MS", Positive = "POS", Negative = "NEG", Indeterminate = "IND",
        Detected = "DET", NotDetected = "ND", SignificantUp = "HU", SignificantDown = "LU",
    }
}

impl Abnormal {
    /// Whether the code alone makes a result critical [CRT-1].
    #[must_use]
    pub const fn is_critical(self) -> bool {
        matches!(self, Self::CriticalLow | Self::CriticalHigh | Self::CriticalAbnormal)
    }

    /// Whether the code is at least `abnormal`: A, L, H or a stronger one.
    #[must_use]
    pub const fn is_abnormal(self) -> bool {
        matches!(self, Self::Low | Self::High | Self::Abnormal) || self.is_critical()
    }
}

/// A flag as a ward's condition may name it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FlagWord {
    /// A flag of the report; `critical` and `abnormal` also look at results.
    Report(Flag),
    /// A result's own code of table 0078.
    Result(Abnormal),
    /// `wait.<reason>`, declared by the ward as `awaiting …`; the reason as events spell it.
    Wait(Text),
}

impl FlagWord {
    /// Reads a ward's word of the standard catalogue; `None` for a word that only a ward may declare.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "low" => Some(Self::Result(Abnormal::Low)),
            "high" => Some(Self::Result(Abnormal::High)),
            "critical low" => Some(Self::Result(Abnormal::CriticalLow)),
            "critical high" => Some(Self::Result(Abnormal::CriticalHigh)),
            "critical abnormal" => Some(Self::Result(Abnormal::CriticalAbnormal)),
            _ => Flag::ALL.iter().copied().find(|flag| flag.word() == word).map(Self::Report),
        }
    }
}
