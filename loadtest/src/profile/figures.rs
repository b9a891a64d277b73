//! Figures: which numbers does a life need?
//!
//! The shape of `profiles/common.toml`, one struct per table; comments on the numbers themselves are in that file.
//! - **How it fits**: part of [`Profile`](super::Profile); read by [`life`](crate::life), [`arrivals`](crate::arrivals) and [`faults`](crate::faults).
//! - **Not here**: checks beyond shape (`check`).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::vocabulary::{Kind, Priority, Setting};
use crate::wait::{Wait, WaitText};

macro_rules! figures {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $of:ty,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$doc])* pub $field: $of,)+ }
    };
}

pub use life::*;

mod life;

/// Two waits, for urgent and for other orders; written as one wait when they are alike.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "PaceText")]
pub struct Pace {
    fast: Wait,
    slow: Wait,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a wait, or a table with `fast` and `slow`")]
enum PaceText {
    Each { fast: WaitText, slow: WaitText },
    Same(WaitText),
}

impl TryFrom<PaceText> for Pace {
    type Error = &'static str;
    fn try_from(text: PaceText) -> Result<Self, &'static str> {
        match text {
            PaceText::Each { fast, slow } => Ok(Self { fast: fast.wait()?, slow: slow.wait()? }),
            PaceText::Same(wait) => wait.wait().map(|wait| Self { fast: wait.clone(), slow: wait }),
        }
    }
}

impl Pace {
    /// The wait of an order of that priority.
    #[must_use]
    pub const fn of(&self, priority: Priority) -> &Wait {
        if priority.is_fast() { &self.fast } else { &self.slow }
    }
}

/// Two waits, near (inpatient, emergency) and far (outpatient, reference).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reach {
    near: Wait,
    far: Wait,
}

impl Reach {
    /// The wait in that setting.
    #[must_use]
    pub const fn of(&self, setting: Setting) -> &Wait {
        match setting {
            Setting::Inpatient | Setting::Ed => &self.near,
            Setting::Outpatient | Setting::Reference => &self.far,
        }
    }
}

figures! {
    /// How many reports a requisition holds.
    GroupFigures {
        /// Shares of 1, 2, 3 … reports.
        shares: Vec<f64>,
        /// The long ones.
        long: Option<LongGroup>,
    }
}

figures! {
    /// Long requisitions: geometric from `least` to `most`.
    LongGroup {
        /// Share among requisitions.
        share: f64,
        /// Shortest.
        least: u32,
        /// Mean before the cut.
        mean: f64,
        /// Longest.
        most: u32,
    }
}

figures! {
    /// One setting.
    SettingFigures {
        /// Class of the encounter.
        class: String,
        /// Weights of the 24 hours.
        hours: Vec<f64>,
        /// Weights of Monday to Sunday.
        weekdays: Vec<f64>,
        /// Amplitude of the season.
        season: f64,
        /// Factor on public holidays.
        holiday: f64,
        /// Shares of kinds, per report.
        kinds: BTreeMap<Kind, f64>,
        /// Shares of priorities, per requisition.
        priorities: BTreeMap<Priority, f64>,
        /// Share of laboratory reports with a critical result.
        critical_lab: f64,
        /// Review after final.
        reviewed: Chance,
        /// Share of released reports the patient looks at.
        patient_looks: f64,
        /// Names of places.
        locations: Locations,
        /// Laboratory and blood bank.
        laboratory: LaboratoryPace,
        /// Imaging.
        imaging: ImagingPace,
    }
}

figures! {
    /// Something that happens to a share, after a wait.
    Chance {
        /// How often.
        share: f64,
        /// How long after.
        wait: Wait,
    }
}

figures! {
    /// Something sent for a share, part of the way between two steps.
    PartWay {
        /// How often.
        share: f64,
        /// Where on the way, 0 to 1.
        at: f64,
    }
}

figures! {
    /// Names of the places patients are in.
    Locations {
        /// Begin of the name.
        prefix: String,
        /// How many.
        count: u32,
    }
}

figures! {
    /// Laboratory and blood bank in one setting.
    LaboratoryPace {
        /// From ordered.
        collected: Pace,
        /// From collected.
        received: Pace,
        /// From received.
        analysed: Pace,
    }
}

figures! {
    /// Imaging in one setting.
    ImagingPace {
        /// From ordered.
        exam_started: Pace,
        /// From exam started.
        exam_ended: Pace,
        /// From exam ended.
        r#final: Pace,
        /// Share with a preliminary.
        preliminary: f64,
        /// Share with a booking.
        scheduled: f64,
    }
}

figures! {
    /// What goes wrong on the way.
    FaultFigures {
        /// Share changed after final, instead of the profile's.
        changed: Option<f64>,
        /// Share cancelled, instead of the profile's.
        cancelled: Option<f64>,
        /// Sent again, byte for byte.
        resent: f64,
        /// Sent again under another id.
        same_content: f64,
        /// Sent much later.
        late: f64,
        /// Sent after the next event of the report.
        swapped: f64,
        /// Id of another event.
        reused_id: f64,
        /// Not readable.
        malformed: f64,
        /// Patient merges, per report.
        merged: f64,
        /// An identifier left out.
        identifiers_missing: f64,
        /// Standard deviation of good clocks.
        clock_seconds: f64,
        /// Share of feeds with a bad clock.
        clock_wild_share: f64,
        /// Bad clocks are off by up to this.
        clock_wild_seconds: f64,
    }
}

figures! {
    /// Delays of faults.
    FaultSpans {
        /// Until it is sent again.
        resent: Wait,
        /// Until it is sent at all.
        late: Wait,
        /// After the next event of the report.
        swapped: Wait,
    }
}

/// What a million reports of a profile must look like; a figure that is missing is not checked.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expected {
    /// Events per report.
    pub events_per_report: Option<f64>,
    /// Share of laboratory reports with a critical result, in percent.
    pub critical_lab_percent: Option<f64>,
    /// Mean hours from the first event to the review, else to five days after final.
    pub hours_open: Option<f64>,
    /// Events in the busiest hour of the week, Monday 08 to 09, ÷ the mean hour.
    pub busiest_hour: Option<f64>,
    /// Share of finals on Monday from 07 to 10, in percent.
    pub monday_finals_percent: Option<f64>,
    /// Share of reports changed after final, in percent.
    pub changed_percent: Option<f64>,
}
