//! Notify: the tables of alerts, notices, attempts, data quality and wards.

use wardline_rules::row::Table;

use super::{
    Column, Definition,
    Type::{Bool, I16, I32, Id, Sym, Ts, Txt},
    col, opt, phi,
};

pub(super) const KIND: Column = opt("kind", Sym, "sort of report it is about");
pub(super) const SITE: Column = opt("site", Sym, "hospital or clinic");
pub(super) const DEPARTMENT: Column = opt("department", Sym, "performing bench or service");

pub(super) const ALERTS: Definition = Definition {
    table: Table::Alerts,
    comment: "one firing of one rule for one subject",
    key: 1,
    is_summed: false,
    keep_days: None,
    columns: &[
        col("alert_id", Id, "stable across restarts"),
        col("rule", Sym, "rule id: `alert/Critical potassium`"),
        col("severity", Sym, "red, orange or yellow"),
        col("subject", Sym, "report, feed, or window for what is counted or measured"),
        opt("report_id", Id, "the report it is about"),
        col(
            "state",
            Sym,
            "held, raised, delivered, read, declined, answered, closed, unresolved, cleared or withdrawn",
        ),
        col("raised_at", Ts, "log time of the raise"),
        col("cause_at", Ts, "event time of its cause"),
        opt("delivered_at", Ts, "first notice delivered"),
        opt("read_at", Ts, "first read by somebody"),
        opt("answered_at", Ts, "answered"),
        opt("closed_at", Ts, "closed, cleared or withdrawn"),
        opt("answer_due_at", Ts, "when somebody must have answered"),
        opt("answer_s", I32, "seconds from cause to answer"),
        col("steps_reached", I16, "how far the escalation ran"),
        col("n_notices", I16, "notices made for it"),
        opt("ward", Sym, "ward version that raised it"),
        KIND,
        SITE,
        DEPARTMENT,
    ],
    sort: &["raised_at"],
};

pub(super) const NOTICES: Definition = Definition {
    table: Table::Notices,
    comment: "one obligation to tell one recipient by one channel",
    key: 1,
    is_summed: false,
    keep_days: None,
    columns: &[
        col("nid", Id, "stable across replay and reload"),
        col("alert_id", Id, "the alert it belongs to"),
        col("rule", Sym, "rule id"),
        col("step", Sym, "source, run, round, step and part of the escalation"),
        col("channel", Sym, "sms, phone, email …"),
        col("severity", Sym, "red, orange or yellow"),
        col("audience", Sym, "clinician, staff, patient or desk"),
        col("state", Sym, "held, ready, started, waiting, unsure, delivered, withdrawn, expired or exhausted"),
        col("due_at", Ts, "when it came to be and may be sent"),
        opt("sent_at", Ts, "start of the newest try"),
        opt("delivered_at", Ts, "delivered"),
        col("n_attempts", I16, "tries so far"),
        KIND,
        SITE,
        DEPARTMENT,
        phi("recipient", Txt, "token of a clinician, or name of a person or desk"),
    ],
    sort: &["due_at"],
};

pub(super) const ATTEMPTS: Definition = Definition {
    table: Table::Attempts,
    comment: "what became of one try to send a notice",
    key: 0,
    is_summed: false,
    keep_days: None,
    columns: &[
        col("nid", Id, "of which notice"),
        col("attempt", I16, "which try, from 1"),
        col("channel", Sym, "by which channel"),
        col("result", Sym, "delivered, failed_soft, failed_hard or ambiguous"),
        opt("started_at", Ts, "log time of the newest start"),
        col("ended_at", Ts, "log time of the result"),
        opt("took_ms", I32, "from start to result"),
        col("possible_repeat", Bool, "may have been sent twice"),
    ],
    sort: &["ended_at"],
};

pub(super) const DATA_QUALITY: Definition = Definition {
    table: Table::DataQuality,
    comment: "one fault in what a feed said; never a value",
    key: 0,
    is_summed: false,
    keep_days: None,
    columns: &[
        col("at", Ts, "log time"),
        opt("feed", Sym, "which feed"),
        col("code", Sym, "kind of fault: late, duplicate, time_missing …"),
        opt("rule", Sym, "the rule concerned"),
        opt("field", Sym, "the field concerned, such as OBR-22"),
        col("n", I32, "how often in this batch"),
    ],
    sort: &["at"],
};

pub(super) const WARDS: Definition = Definition {
    table: Table::Wards,
    comment: "one activation of a ward version; the newest one of a version is shown",
    key: 1,
    is_summed: false,
    keep_days: None,
    columns: &[
        col("ward", Sym, "12 hexadecimal digits of the content's hash"),
        opt("name", Txt, "the ward's name"),
        col("active_from", Ts, "log time of the activation"),
        phi("activated_by", Txt, "who activated it"),
    ],
    sort: &["active_from"],
};
