//! Care: the tables of reports, their milestones, intervals and clocks.

use wardline_rules::row::Table;

use super::{
    Column, Definition,
    Type::{Bool, I16, I32, Id, Sym, Ts, Txt},
    col, opt, phi,
};

pub(super) const KIND: Column = opt("kind", Sym, "sort of report: lab, micro, imaging …");
pub(super) const PRIORITY: Column = col("priority", Sym, "how urgent; unknown if no source said so");
pub(super) const SITE: Column = opt("site", Sym, "hospital or clinic");
pub(super) const DEPARTMENT: Column = opt("department", Sym, "performing bench or service");

pub(super) const REPORTS: Definition = Definition {
    table: Table::Reports,
    comment: "one report: one order's examination, from order to acknowledgement, as it stands now",
    key: 1,
    is_summed: false,
    keep_days: None,
    columns: &[
        col("report_id", Id, "keyed hash; not the accession number"),
        col("version_number", I32, "newest version, from 1; one more for each correction"),
        KIND,
        PRIORITY,
        opt("test_code", Sym, "code of the first test ordered or resulted"),
        SITE,
        DEPARTMENT,
        opt("location", Sym, "the patient's unit"),
        opt("feed", Sym, "configured interface that said most of it"),
        opt("patient_class", Sym, "how the patient is in care: inpatient, emergency …"),
        opt(
            "status",
            Sym,
            "highest step of the newest version, or the end in force; merged if it became part of another",
        ),
        opt("status_rank", I16, "rank of the status, to sort by; null for ends"),
        opt("ordered_at", Ts, "when it was ordered"),
        opt("collected_at", Ts, "when the specimen was taken"),
        opt("received_at", Ts, "when the specimen reached the laboratory"),
        opt("in_process_at", Ts, "when work began"),
        opt("preliminary_at", Ts, "first preliminary result"),
        opt("final_at", Ts, "final, or newest change"),
        opt("delivered_at", Ts, "newest version handed over to the record"),
        opt("reviewed_at", Ts, "newest version reviewed by a clinician"),
        opt("acknowledged_at", Ts, "a person answered for it"),
        opt("released_at", Ts, "visible to the patient"),
        opt("patient_notified_at", Ts, "patient told"),
        opt("cancelled_at", Ts, "cancelled or entered in error, while that is in force"),
        opt("first_final_at", Ts, "final of version 1: the end of turnaround"),
        col("is_open", Bool, "neither final, cancelled nor entered in error"),
        col("is_critical", Bool, "flagged critical, or a newest result is"),
        col("n_corrections", I16, "changes after the first final"),
        opt("next_step", Sym, "what is expected next on the path of its kind"),
        opt("next_due_at", Ts, "earliest due time of a running clock"),
        col("opened_at", Ts, "log time of the first news"),
        col("changed_at", Ts, "log time of the newest news"),
        opt("ward", Sym, "ward version that decided then"),
        phi("order_ref", Txt, "order number"),
        phi("accession", Txt, "specimen or study number"),
        phi("patient_token", Txt, "keyed token of the patient"),
    ],
    sort: &["site", "kind", "opened_at"],
};

pub(super) const MILESTONES: Definition = Definition {
    table: Table::Milestones,
    comment: "one step that a version of a report reached, with the time that counts",
    key: 3,
    is_summed: false,
    keep_days: None,
    columns: &[
        col("report_id", Id, "of which report"),
        col("version_number", I32, "of which version"),
        col("step", Sym, "which step"),
        opt("event_at", Ts, "first instant it may mean; null if it no longer holds"),
        opt("event_until", Ts, "first instant it cannot mean any more"),
        col("precision_s", I32, "width of its time: 0, 60, 3600 or 86400"),
        col("ingested_at", Ts, "log time of the event that decided"),
        KIND,
        PRIORITY,
        SITE,
        DEPARTMENT,
    ],
    sort: &["site", "step", "event_at"],
};

pub(super) const INTERVALS: Definition = Definition {
    table: Table::Intervals,
    comment: "one named interval of one version: what turnaround is measured by",
    key: 3,
    is_summed: false,
    keep_days: None,
    columns: &[
        col("report_id", Id, "of which report"),
        col("version_number", I32, "of which version"),
        col("interval_name", Sym, "receive_to_final, order_to_final …"),
        col(
            "state",
            Sym,
            "running, complete, cancelled, void, or unmeasured: negative, or a time coarser than a minute",
        ),
        opt("from_at", Ts, "when it began"),
        opt("to_at", Ts, "when it ended"),
        opt("duration_s", I32, "elapsed seconds, when complete"),
        col("is_critical", Bool, "whether its report is critical"),
        KIND,
        PRIORITY,
        SITE,
        DEPARTMENT,
    ],
    sort: &["site", "interval_name", "to_at"],
};

pub(super) const CLOCKS: Definition = Definition {
    table: Table::Clocks,
    comment: "one target that was ever armed on a report",
    key: 1,
    is_summed: false,
    keep_days: None,
    columns: &[
        col("clock_id", Id, "report, sla and cycle, hashed"),
        col("report_id", Id, "of which report"),
        col("clock", Sym, "id of the sla or exception in force"),
        col("cycle", I32, "which cycle of that sla, from 0"),
        col("state", Sym, "running, paused, met, breached, overdue, cancelled, restarted, invalid, unsure or void"),
        opt("started_at", Ts, "event time of its start"),
        opt("due_at", Ts, "when its target ends, as known now"),
        opt("stopped_at", Ts, "when it ended"),
        opt("settled_at", Ts, "stop or due time, whichever is earlier"),
        opt("target_s", I32, "target in its own measure; null for a day of delivery"),
        opt("used_s", I32, "how much of the target was used, once ended"),
        opt("overdue_s", I32, "seconds from due time to end, if that was late"),
        opt("outcome", Sym, "met, breached or unsure; null while open"),
        opt("ward", Sym, "ward version it runs by"),
        KIND,
        PRIORITY,
        SITE,
        DEPARTMENT,
    ],
    sort: &["site", "clock", "due_at"],
};
