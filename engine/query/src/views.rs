//! Views: which questions are asked so often that they have a name?
//!
//! Each is a statement over the tables, planned once, over exact instants; what a role may not see is taken away from the
//! result and not from what it is counted from, so a share is the same for everybody.
//!
//! - **Source**: analytics page 2.1; what the tables cannot tell yet is left out, not made up (`docs/adr/0021`).
//! - **Not here**: tables ([`wardline_tables::schema`]).

use wardline_tables::schema::{Column, Definition};

/// A statement with a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct View {
    /// Its name.
    pub name: &'static str,
    /// What a row of it is.
    pub comment: &'static str,
    /// The tables it is made from; without one of them the view is not there.
    pub tables: &'static [&'static str],
    /// What columns mean that no table has.
    pub columns: &'static [(&'static str, &'static str)],
    /// The statement.
    pub text: &'static str,
}

/// All views; one may build on those before it.
pub const VIEWS: &[View] = &[OPEN_REPORTS, EXCEPTIONS, CRITICAL_RESULTS, SLA_DAILY, KPI_CARE, KPI_MONTHLY];

const OPEN_REPORTS: View = View {
    name: "open_reports",
    comment: "reports that are neither final, cancelled nor entered in error, with their age",
    tables: &["reports"],
    columns: &[("age_s", "seconds since it was ordered, or first heard of")],
    text: "SELECT *, CAST(extract(epoch FROM now()) - extract(epoch FROM coalesce(ordered_at, opened_at)) AS BIGINT) \
           AS age_s FROM reports WHERE is_open",
};

const EXCEPTIONS: View = View {
    name: "exceptions",
    comment: "what did not go straight: cancelled, recollected, changed after final, entered in error, breached",
    tables: &["milestones", "clocks"],
    columns: &[("at", "when it happened; of a breach, when it was due"), ("exception", "the step, or breached")],
    text: "SELECT event_at AS at, report_id, kind, site, department, CAST(step AS VARCHAR) AS exception FROM milestones \
           WHERE step IN ('cancelled', 'recollect', 'corrected', 'amended', 'appended', 'entered_in_error') \
           AND event_at IS NOT NULL \
           UNION ALL SELECT due_at, report_id, kind, site, department, 'breached' FROM clocks WHERE outcome = 'breached'",
};

const CRITICAL_RESULTS: View = View {
    name: "critical_results",
    comment: "critical reports with a red alert, and how long until somebody answered it; the unanswered count with their age",
    tables: &["reports", "alerts"],
    columns: &[
        ("critical_at", "when the first red alert's cause happened"),
        ("acknowledged_at", "when the first of its red alerts was answered"),
        ("state", "running or complete"),
        ("waited_s", "seconds from the one to the other, or until now"),
    ],
    text: "SELECT r.report_id, r.version_number, r.kind, r.site, r.department, r.test_code, a.critical_at, \
           a.acknowledged_at, CASE WHEN a.acknowledged_at IS NULL THEN 'running' ELSE 'complete' END AS state, \
           CAST(extract(epoch FROM coalesce(a.acknowledged_at, now())) - extract(epoch FROM a.critical_at) AS BIGINT) \
           AS waited_s FROM reports r JOIN (SELECT report_id, min(cause_at) AS critical_at, min(answered_at) AS \
           acknowledged_at FROM alerts WHERE severity = 'red' AND report_id IS NOT NULL AND state <> 'withdrawn' \
           GROUP BY report_id) a ON a.report_id = r.report_id WHERE r.is_critical AND r.status IS DISTINCT FROM \
           'entered_in_error'",
};

const SLA_DAILY: View = View {
    name: "sla_daily",
    comment: "turnaround of a day at a site: what was met and breached, and quantiles",
    tables: &["turnaround_1d"],
    columns: &[
        ("attainment_ratio", "share met of all that settled; NULL when nothing did"),
        ("mean_s", "mean seconds"),
        ("p50_s", "median seconds"),
        ("p90_s", "seconds within which nine of ten ended"),
        ("p95_s", "seconds within which nineteen of twenty ended"),
        ("max_s", "the slowest, or the upper bound of its cell"),
    ],
    text: "SELECT local_date, interval_name, kind, priority, site, department, n, n_met, n_breached, n_open_overdue, \
           attainment(n_met, n_breached) AS attainment_ratio, sum_s / nullif(n, 0) AS mean_s, tat_quantile(tat, 0.5) AS \
           p50_s, tat_quantile(tat, 0.9) AS p90_s, tat_quantile(tat, 0.95) AS p95_s, tat_max(tat) AS max_s, tat \
           FROM turnaround_1d",
};

const KPI_COLUMNS: &[(&str, &str)] = &[
    ("month_at", "start of the month, UTC"),
    ("kpi", "which figure"),
    ("value", "its value"),
    ("target", "what is aimed at; NULL if nothing is"),
    ("unit", "ratio or s"),
    ("n", "of how many cases"),
];

const KPI_CARE: View = View {
    name: "kpi_care",
    comment: "the part of kpi_monthly that is counted from single reports",
    tables: &["intervals", "reports", "alerts"],
    columns: KPI_COLUMNS,
    text: "WITH k(at, kpi, hit, size, target, unit) AS (SELECT critical_at, 'critical acknowledged within 1 h', \
           CASE WHEN waited_s <= 3600 THEN 1 ELSE 0 END, 1, 1.0, 'ratio' FROM critical_results \
           WHERE acknowledged_at IS NOT NULL OR waited_s > 3600) \
           SELECT date_trunc('month', at) AS month_at, kpi, CAST(sum(hit) AS DOUBLE) / nullif(sum(size), 0) AS value, \
           max(target) AS target, max(unit) AS unit, CAST(sum(size) AS BIGINT) AS n FROM k GROUP BY 1, 2 \
           UNION ALL SELECT date_trunc('month', critical_at), 'critical slowest acknowledgement', \
           CAST(max(waited_s) AS DOUBLE), 3600.0, 's', count(*) FROM critical_results GROUP BY 1 \
           UNION ALL SELECT date_trunc('month', to_at), 'available to patient notified, median', \
           CAST(approx_percentile_cont(duration_s, 0.5) AS DOUBLE), NULL, 's', count(*) FROM intervals \
           WHERE interval_name = 'final_to_patient' AND state = 'complete' GROUP BY 1",
};

const KPI_MONTHLY: View = View {
    name: "kpi_monthly",
    comment: "key figures of each month, with the usual targets",
    tables: &["intervals", "reports", "alerts", "turnaround_1d"],
    columns: KPI_COLUMNS,
    text: "SELECT month_at, kpi, value, target, unit, n FROM kpi_care \
           UNION ALL SELECT date_trunc('month', CAST(local_date AS TIMESTAMPTZ(6))), 'within target', \
           attainment(sum(n_met), sum(n_breached)), 0.9, 'ratio', CAST(sum(n_met + n_breached) AS BIGINT) \
           FROM turnaround_1d GROUP BY 1 HAVING sum(n_met + n_breached) > 0",
};

impl View {
    /// Whether all its tables are there.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.tables.iter().all(|name| Definition::named(name).is_some())
    }

    /// The column of a table that a column of this view shows, if it is one.
    #[must_use]
    pub fn column_of_table(&self, name: &str) -> Option<&'static Column> {
        let tables = self.tables.iter().filter_map(|table| Definition::named(table));
        tables.flat_map(|definition| definition.all_columns()).find(|column| column.name == name)
    }

    /// What a column means.
    #[must_use]
    pub fn meaning(&self, name: &str) -> &'static str {
        let own = self.columns.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning);
        own.or_else(|| self.column_of_table(name).map(|column| column.comment)).unwrap_or_default()
    }
}

/// The views that can be made from the tables there are.
pub fn all() -> impl Iterator<Item = &'static View> {
    VIEWS.iter().filter(|view| view.is_there())
}
