//! Asked: does a condition hold of a report by what is known now?
//!
//! - **How it fits**: a failed test of a ward says with it why a rule said nothing.
//! - **Not here**: decisions; rules look at the instant of their moment, not at now.

use wardline_rules::{
    evaluate::{Tri, holds},
    program::Condition,
};

use crate::{ids::ReportId, partition::Partition, past::Past, view::View};

impl Partition {
    /// Whether a condition holds of a report or of one of its results: the most that is true of any of them.
    ///
    /// - **Output**: `None` if the report is not in memory or no ward is active.
    /// - **Cost**: an evaluation for the report and for each of its results.
    #[must_use]
    pub fn holds_now(&self, id: ReportId, condition: &Condition) -> Option<Tri> {
        let slot = self.index.get(u128::from_le_bytes(id.0)).first().copied()?;
        let report = self.reports.get(slot).filter(|report| report.id == id)?;
        let ward = self.wards.get(self.active? as usize)?;
        let past = Some(Past { reports: &self.reports, index: &self.index });
        let from = ward.sources(&self.dictionary, &self.tuples, past);
        let then = self.tuples.get(report.effective);
        let of = |result| holds(condition, &View { from, report, then, at: Self::NOW, result });
        let mut runs = Vec::new();
        let results = report.result_keys().into_iter().filter_map(|key| {
            report.runs(key, &mut runs);
            Some(of(Some((key, runs.last().copied()?))))
        });
        Some(results.fold(of(None), Tri::or))
    }
}
