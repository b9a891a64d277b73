//! Vocabulary: which words does a generated event use?
//!
//! The closed lists of the event format, as far as the generator says them, and the settings in which reports are made.
//! - **How it fits**: profiles name settings, kinds and priorities by these words; [`line`](crate::line) writes them.
//! - **Not here**: what the words mean to the engine (`wardline-rules`).

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// All, in the order of the list.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word of the event format.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}

words! {
    /// Where a report is ordered.
    Setting {
        /// A bed.
        Inpatient = "inpatient",
        /// The emergency department.
        Ed = "ed",
        /// A clinic or practice.
        Outpatient = "outpatient",
        /// A client of a reference laboratory.
        Reference = "reference",
    }
}

words! {
    /// What sort of examination.
    Kind {
        /// Laboratory.
        Lab = "lab",
        /// Microbiology.
        Micro = "micro",
        /// Blood bank.
        BloodBank = "blood_bank",
        /// Pathology.
        Pathology = "pathology",
        /// Genetics.
        Genetics = "genetics",
        /// Imaging.
        Imaging = "imaging",
        /// Cardiology.
        Cardiology = "cardiology",
        /// Pulmonary function.
        Pulmonary = "pulmonary",
    }
}

words! {
    /// How urgent the order is.
    Priority {
        /// At once.
        Stat = "stat",
        /// As soon as possible.
        Asap = "asap",
        /// Urgent.
        Urgent = "urgent",
        /// At a set time.
        Timed = "timed",
        /// In its turn.
        Routine = "routine",
    }
}

impl Priority {
    /// Whether the fast column of the tables holds.
    #[must_use]
    pub const fn is_fast(self) -> bool {
        matches!(self, Self::Stat | Self::Asap | Self::Urgent)
    }
}

words! {
    /// The steps the generator sends.
    Step {
        /// Ordered.
        Ordered = "ordered",
        /// Accepted by the department.
        Accepted = "accepted",
        /// Booked.
        Scheduled = "scheduled",
        /// Patient has come.
        Arrived = "arrived",
        /// Specimen taken.
        Collected = "collected",
        /// Examination begun.
        ExamStarted = "exam_started",
        /// On its way.
        InTransit = "in_transit",
        /// In the laboratory.
        Received = "received",
        /// Examination ended.
        ExamEnded = "exam_ended",
        /// Loaded, plated, grossed.
        InProcess = "in_process",
        /// On the instrument.
        Analysed = "analysed",
        /// Dictated.
        Dictated = "dictated",
        /// Some results.
        Partial = "partial",
        /// Preliminary.
        Preliminary = "preliminary",
        /// Final.
        Final = "final",
        /// Corrected.
        Corrected = "corrected",
        /// Amended.
        Amended = "amended",
        /// Appended.
        Appended = "appended",
        /// In the record.
        Delivered = "delivered",
        /// Opened by a clinician.
        Reviewed = "reviewed",
        /// Critical result answered.
        Acknowledged = "acknowledged",
        /// Released to the patient.
        Released = "released",
        /// Patient told.
        PatientNotified = "patient_notified",
        /// Patient looked.
        PatientViewed = "patient_viewed",
        /// New specimen needed.
        Recollect = "recollect",
        /// Cancelled.
        Cancelled = "cancelled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_is_stat_asap_and_urgent() {
        let fast: Vec<_> =
            Priority::ALL.iter().filter(|priority| priority.is_fast()).map(|priority| priority.word()).collect();
        assert_eq!(fast, ["stat", "asap", "urgent"]);
    }
}
