//! Role: what may whoever has a key do?
//!
//! - **Not here**: which route needs which (the routes themselves).

/// What a caller may do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Send events.
    Ingest,
    /// Answer notices.
    Answer,
    /// Read what names no patient.
    Analyst,
    /// Read figures of units and shifts.
    Supervisor,
    /// Read patient data.
    Phi,
    /// Read who did what.
    Auditor,
    /// Activate wards, silence, replay.
    Admin,
    /// Read metrics.
    Metrics,
}

impl Role {
    /// All, with their words.
    pub const ALL: &[(Self, &str)] = &[
        (Self::Ingest, "ingest"),
        (Self::Answer, "answer"),
        (Self::Analyst, "analyst"),
        (Self::Supervisor, "supervisor"),
        (Self::Phi, "phi"),
        (Self::Auditor, "auditor"),
        (Self::Admin, "admin"),
        (Self::Metrics, "metrics"),
    ];
}
