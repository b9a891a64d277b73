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
            PaceText::Each { fast, slow } => Ok(Self {
                fast: fast.wait()?,
                slow: slow.wait()?,
            }),
            PaceText::Same(wait) => wait.wait().map(|wait| Self {
                fast: wait.clone(),
                slow: wait,
            }),
        }
    }
}

impl Pace {
    /// The wait of an order of that priority.
    #[must_use]
    pub const fn of(&self, priority: Priority) -> &Wait {
        if priority.is_fast() {
            &self.fast
        } else {
            &self.slow
        }
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
    /// What happens to reports, by kind.
    LifeFigures {
        /// From ordered.
        accepted: Wait,
        /// Share of requisitions without order.
        walk_in: f64,
        /// Share of reports with an update.
        update: f64,
        /// Share of reports cancelled.
        cancelled: f64,
        /// Specimens rejected.
        recollect: PartWay,
        /// The booking, from the order.
        scheduled: Wait,
        /// Laboratory and blood bank.
        laboratory: LaboratoryFigures,
        /// Microbiology.
        micro: MicroFigures,
        /// Pathology.
        pathology: PathologyFigures,
        /// Genetics.
        genetics: GeneticsFigures,
        /// Imaging.
        imaging: ImagingFigures,
        /// Cardiology and pulmonary.
        heart: HeartFigures,
        /// After final.
        after: AfterFigures,
        /// Values.
        result: ResultFigures,
        /// The five-step life.
        minimal: MinimalFigures,
    }
}

figures! {
    /// Laboratory and blood bank in all settings.
    LaboratoryFigures {
        /// From analysed to final.
        verified: Wait,
        /// Between collected and received.
        in_transit: PartWay,
        /// Between received and analysed.
        in_process: PartWay,
        /// Share that says `analysed`.
        analysed: f64,
        /// Between analysed and final.
        partial: PartWay,
    }
}

figures! {
    /// Microbiology.
    MicroFigures {
        /// From ordered.
        collected: Wait,
        /// From collected.
        received: Reach,
        /// From received.
        in_process: Wait,
        /// Urine cultures.
        urine: UrineFigures,
        /// From preliminary.
        urine_final: Wait,
        /// Blood cultures.
        blood: BloodFigures,
        /// Blood cultures in which nothing grows.
        quiet: QuietFigures,
        /// All others.
        other: OtherCultureFigures,
    }
}

figures! {
    /// Urine cultures.
    UrineFigures {
        /// Among cultures.
        share: f64,
        /// From received.
        preliminary: Wait,
    }
}

figures! {
    /// Blood cultures that grow.
    BloodFigures {
        /// Among cultures.
        share: f64,
        /// Share that grows.
        positive: f64,
        /// From in process until the bottle signals.
        growth: Wait,
        /// From the signal to the Gram stain.
        gram: Wait,
        /// From the first preliminary to the second.
        second: Wait,
        /// From the second preliminary to final.
        r#final: Wait,
    }
}

figures! {
    /// Blood cultures that stay quiet, in minutes from received.
    QuietFigures {
        /// When the preliminaries come.
        reads: Vec<f64>,
        /// When the final comes.
        r#final: f64,
        /// Standard deviation of each.
        spread: f64,
    }
}

figures! {
    /// Other cultures.
    OtherCultureFigures {
        /// From received.
        preliminary: Wait,
        /// From preliminary.
        r#final: Wait,
    }
}

figures! {
    /// Pathology.
    PathologyFigures {
        /// From ordered.
        collected: Wait,
        /// From collected.
        received: Wait,
        /// From received.
        in_process: Wait,
        /// Share of large cases.
        large_share: f64,
        /// From received.
        biopsy_final: Wait,
        /// From received.
        large_final: Wait,
        /// Part of the way from received to final.
        analysed_at: f64,
        /// Waiting for special stains.
        wait: StainFigures,
        /// Drafts.
        preliminary: PartWay,
        /// Share with a critical finding.
        critical: f64,
    }
}

figures! {
    /// Waiting for special stains.
    StainFigures {
        /// Share of biopsies.
        biopsy: f64,
        /// Share of large cases.
        large: f64,
        /// Part of the way at which it begins.
        from: f64,
        /// Part of the way at which it ends.
        until: f64,
    }
}

figures! {
    /// Genetics.
    GeneticsFigures {
        /// From ordered.
        collected: Wait,
        /// From collected.
        received: Wait,
        /// From received.
        in_process: Wait,
        /// From in process.
        r#final: Wait,
    }
}

figures! {
    /// Imaging in all settings.
    ImagingFigures {
        /// Part of the way from exam ended to final.
        preliminary_at: f64,
        /// Between exam ended and final.
        dictated: PartWay,
        /// Share with a critical finding.
        critical: f64,
        /// Share with an urgent finding.
        finding_urgent: f64,
        /// Share with a finding to follow up.
        finding_followup: f64,
    }
}

figures! {
    /// Cardiology and pulmonary.
    HeartFigures {
        /// From ordered.
        exam_started: Reach,
        /// From exam started.
        exam_ended: Wait,
        /// Share with a machine's reading.
        preliminary: f64,
        /// From exam ended.
        r#final: Wait,
        /// Share with a critical finding.
        critical: f64,
    }
}

figures! {
    /// After final.
    AfterFigures {
        /// From final.
        delivered: Wait,
        /// From final.
        released: Chance,
        /// From released.
        notified: Chance,
        /// From released.
        viewed: Wait,
        /// From final.
        changed: Wait,
        /// Share changed after final.
        changed_share: BTreeMap<Kind, f64>,
        /// Share of laboratory corrections that change criticality.
        changes_criticality: f64,
        /// Answers to critical reports.
        answer: AnswerFigures,
    }
}

figures! {
    /// Answers to critical reports.
    AnswerFigures {
        /// From the step that was critical.
        wait: Wait,
        /// Share read back.
        accepted: f64,
        /// Share declined.
        declined: f64,
    }
}

figures! {
    /// Values of laboratory results.
    ResultFigures {
        /// Share outside the reference range, not critical.
        outside_range: f64,
        /// Critical values lie within this share beyond the limit.
        beyond: f64,
    }
}

figures! {
    /// The five-step life.
    MinimalFigures {
        /// From final.
        acknowledged: Wait,
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
