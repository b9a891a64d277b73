//! Life figures: how long does each step of each kind take, and how often does it happen?
//!
//! - **How it fits**: the tables `[life]` of a profile.
//! - **Not here**: settings, groups and faults.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Chance, PartWay, Reach};
use crate::vocabulary::Kind;
use crate::wait::Wait;

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
