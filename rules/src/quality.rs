//! Quality: what was wrong with what we were told, without saying what it said?
//!
//! A data-quality note names the kind of a fault and the field it stood in, never a value. The list is closed.
//!
//! - **How it fits**: codecs put notes on an event, the core adds its own; both become rows and metrics.
//! - **Source**: domain page, section 2.4.

use crate::{Text, words::words};

words! {
    /// What kind of fault it was.
    pub enum Fault {
        Version = "version", UnknownField = "unknown_field", UnknownValue = "unknown_value",
        NullIgnored = "null_ignored", Clipped = "clipped", AttributeDropped = "attribute_dropped",
        Charset = "charset", Escape = "escape", EncodingChars = "encoding_chars", LineBreak = "line_break",
        TimeMissing = "time_missing", TimeMalformed = "time_malformed", TimeTruncated = "time_truncated",
        BadOffset = "bad_offset", ZoneMissing = "zone_missing", TimeAmbiguous = "time_ambiguous",
        TimeGap = "time_gap", FutureTime = "future_time", ImplausibleTime = "implausible_time",
        TimeOrder = "time_order", CoarseTime = "coarse_time", ClockSkew = "clock_skew",
        StatusMissing = "status_missing", StatusConflict = "status_conflict", QueryStatus = "query_status",
        OrderControl = "order_control", IgnoredType = "ignored_type", WrongEnvironment = "wrong_environment",
        BatchCount = "batch_count", Oversize = "oversize", NoIdentity = "no_identity", NoPatient = "no_patient",
        IdentityConflict = "identity_conflict", PatientMismatch = "patient_mismatch",
        MergeUnknown = "merge_unknown", ControlIdReused = "control_id_reused", CodeUnmapped = "code_unmapped",
        UnitUnknown = "unit_unknown", ResultsSplit = "results_split", Duplicate = "duplicate", Late = "late",
        CorrectedWithoutFinal = "corrected_without_final", VersionOverflow = "version_overflow",
        Stale = "stale", OrphanAnswer = "orphan_answer", Unreadable = "unreadable",
        OrphanAttempt = "orphan_attempt", MissingUsed = "missing_used", StartMissing = "start_missing",
        ClockInvalid = "clock_invalid", Nobody = "nobody", GroupOverflow = "group_overflow", Overlap = "overlap",
        ScriptFault = "script_fault",
    }
}

/// One fault in one field.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Note {
    /// What kind of fault.
    pub fault: Fault,
    /// Where: a path of names such as `results.unit` or `OBX-11`; never a value.
    pub field: Text,
}

impl Note {
    /// A note about `field`.
    #[must_use]
    pub fn new(fault: Fault, field: &str) -> Self {
        Self { fault, field: Text::from(field) }
    }
}
