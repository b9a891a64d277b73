//! Rules: what do the blocks mean that say what must happen: sla, exception, alert, notice, suppress?
//!
//! - **How it fits**: part of the table [`BLOCKS`](super::BLOCKS).
//! - **Not here**: which clauses go with which trigger ([`TRIGGERS`](super::TRIGGERS)).

use super::Times::{Any, AtMostOnce, Once};
use super::{BlockForm, BlockKind, ClauseForm, form};
use crate::grammar::Rule;
use crate::syntax::clause;

const POLICY: ClauseForm = form(
    "policy",
    (Rule::c_policy, clause::policy),
    r#"policy    "…", owner "…", review by 2027-06-30"#,
    "The written policy this enforces, who owns it, and by when somebody looks at it again. `check` warns when that day has passed.",
)
.times(Once);
const WAS: ClauseForm = form(
    "was",
    (Rule::c_was, clause::was),
    r#"was       "Old name""#,
    "Names it had before, the first one first. Without it a renamed rule is a new one, and open alerts are raised again.",
)
.times(AtMostOnce);
const COVERS: ClauseForm = form(
    "covers",
    (Rule::c_covers, clause::covers),
    "covers    lab reports where priority is stat",
    "Which reports the clock is for. One that becomes covered later starts then; one that is no longer covered is cancelled.",
);
const STARTS: ClauseForm = form(
    "starts",
    (Rule::c_starts, clause::starts),
    "starts    when the specimen is received",
    "The moment from which time is counted.",
);
const PAUSES: ClauseForm = form(
    "pauses",
    (Rule::c_pauses, clause::pauses),
    "pauses    while the report is on hold",
    "While the report is in this state or has this flag the clock stands still, if so written for a limited time in all.",
);
const STOPS: ClauseForm = form(
    "stops",
    (Rule::c_stops, clause::stops),
    "stops     when the report is finalised",
    "The moment at which the promise is kept, if it comes no later than the target.",
);
const CANCELS: ClauseForm = form(
    "cancels",
    (Rule::c_cancels, clause::cancels),
    "cancels   when the order is cancelled",
    "A moment that ends the clock without a verdict. A cancelled order and a report entered in error always do.",
);
const RESTARTS: ClauseForm = form(
    "restarts",
    (Rule::c_restarts, clause::restarts),
    "restarts  when the specimen is recollected",
    "A moment at which counting begins again from zero.",
);
const COUNTS: ClauseForm = form(
    "counts",
    (Rule::c_counts, clause::counts),
    r#"counts    "Office""#,
    "The calendar in which working time is counted. Needed wherever the block speaks of working hours or days.",
);
const TARGET: ClauseForm =
    form("target", (Rule::c_target, clause::target), "target    60 minutes", "The time allowed.");
const WARN: ClauseForm = form(
    "warn",
    (Rule::c_warn, clause::warn),
    r#"warn      at 45 minutes: tell desk "Operations" by worklist"#,
    "Whom to tell or page before the target is used up: after a time, or after a share of the target.",
);
const BREACH: ClauseForm = form(
    "breach",
    (Rule::c_breach, clause::breach),
    r#"breach    page desk "Operations" by phone"#,
    "Whom to page or tell when the target has passed and the clock has not ended.",
);
const MISSING: ClauseForm = form(
    "missing",
    (Rule::c_missing, clause::missing),
    "missing   location: match",
    "What to do when a field that the rule compares is not known: count it as a match, or not, or use a value. Every field that may be absent needs one.",
)
.times(Any);
const LATE: ClauseForm = form(
    "late",
    (Rule::c_late, clause::late_keep),
    "late      withdraw what was sent",
    "What to do with messages already sent when news that comes late shows that there was no breach. Not written: withdraw.",
);
const WHEN: ClauseForm =
    form("when", (Rule::c_when, clause::when), "when      a lab result is verified", "The moment that raises it.");
const WHILE: ClauseForm = form(
    "while",
    (Rule::c_while, clause::while_),
    "while     a report is on hold",
    "The state that raises it once it has lasted: of a report, a count, a feed, or another alert.",
);
const WHERE: ClauseForm = form(
    "where",
    (Rule::c_where, clause::where_),
    "where     test is potassium and value is above 6.5 mmol/L",
    "The condition that must hold. One chain of `and`, or one of `or`; the other goes under bullets.",
)
.times(AtMostOnce);
const UNLESS: ClauseForm = form(
    "unless",
    (Rule::c_unless, clause::unless),
    "unless    priority is routine",
    "The condition that must not hold.",
)
.times(AtMostOnce);
const LIMIT: ClauseForm = form(
    "limit",
    (Rule::c_limit, clause::limit),
    "limit     3 in 24 hours per recipient, rest in one digest",
    "How many messages of this rule go to one person in a time; the others come together when that time allows.",
);

pub(super) const SLA: BlockForm = BlockForm {
    kind: BlockKind::Sla,
    word: "sla",
    header: Rule::h_sla,
    meaning: "A promise about time: from one moment to another within a target. Each report it covers gets a clock.",
    example: r#"sla "STAT lab""#,
    clauses: &[
        POLICY,
        WAS,
        COVERS.times(Once),
        STARTS.times(Once),
        PAUSES.times(AtMostOnce),
        STOPS.times(Once),
        CANCELS.times(AtMostOnce),
        RESTARTS.times(AtMostOnce),
        COUNTS.times(AtMostOnce),
        TARGET.times(Once),
        WARN.times(Any),
        BREACH.times(Once),
        MISSING,
        LATE.times(AtMostOnce),
    ],
};

pub(super) const EXCEPTION: BlockForm = BlockForm {
    kind: BlockKind::Exception,
    word: "exception",
    header: Rule::h_exception,
    meaning: "Replaces clauses of an sla, or of another exception, for some of its reports. What it does not say stays as it was.",
    example: r#"exception "Fast track" to "STAT lab""#,
    clauses: &[
        POLICY,
        WAS,
        COVERS.times(Once),
        STARTS.times(AtMostOnce),
        PAUSES.times(AtMostOnce),
        STOPS.times(AtMostOnce),
        CANCELS.times(AtMostOnce),
        RESTARTS.times(AtMostOnce),
        COUNTS.times(AtMostOnce),
        TARGET.times(AtMostOnce),
        WARN.times(Any),
        BREACH.times(AtMostOnce),
        MISSING,
        LATE.times(AtMostOnce),
    ],
};

pub(super) const ALERT: BlockForm = BlockForm {
    kind: BlockKind::Alert,
    word: "alert",
    header: Rule::h_alert,
    meaning: "Something that people must hear of. It has one trigger: a moment, a state that lasts, something that did not come, or a figure over a window.",
    example: r#"alert "Critical potassium""#,
    clauses: &[
        POLICY,
        WAS,
        WHEN.times(AtMostOnce),
        WHILE.times(AtMostOnce),
        form(
            "after",
            (Rule::c_after, clause::after),
            "after     a report is finalised",
            "The moment from which something is waited for.",
        )
        .times(AtMostOnce),
        form(
            "expect",
            (Rule::c_expect, clause::expect),
            "expect    the report is delivered",
            "The moment that is waited for.",
        )
        .times(AtMostOnce),
        form(
            "within",
            (Rule::c_within, clause::within),
            "within    15 minutes",
            "How long is waited; its last instant is still in time.",
        )
        .times(AtMostOnce),
        form(
            "every",
            (Rule::c_every, clause::every),
            "every     5 minutes, over the last 60 minutes",
            "How often the figure is looked at, over which time, and whether for each site, place or kind on its own.",
        )
        .times(AtMostOnce),
        form(
            "measure",
            (Rule::c_measure, clause::measure),
            "measure   median of time from specimen received to result verified",
            "The figure: a count, a share of clocks that breached, or a percentile of the time between two milestones.",
        )
        .times(AtMostOnce),
        form("of", (Rule::c_of, clause::of), "of        lab reports", "Which kinds of report are measured.")
            .times(AtMostOnce),
        WHERE,
        UNLESS,
        form(
            "is",
            (Rule::c_is, clause::is),
            "is        above 60 minutes, with at least 3 reports",
            "The level that raises the alert, and how many reports there must be for it to count.",
        )
        .times(AtMostOnce),
        MISSING,
        form(
            "decide",
            (Rule::c_decide, clause::decide),
            "decide    script",
            "A script in Rhai, down to `end`. It sees `event` and `report` as of the event and gives a list of what to do: `raise()`, `withdraw(reason)`, `page(who, channel)`, `tell(who, channel)`, `start_clock(name, minutes)`, `stop_clock(name)`; `[]` is nothing.",
        )
        .times(AtMostOnce),
        form(
            "hold",
            (Rule::c_hold, clause::hold),
            "hold      10 minutes",
            "How long it must last before it counts; one that ends at exactly this time did not last.",
        )
        .times(AtMostOnce),
        form(
            "clear",
            (Rule::c_clear, clause::clear),
            "clear     below 30 for 10 minutes",
            "The level at which it ends, and for how long that level must hold. Set it apart from the level that raises.",
        )
        .times(AtMostOnce),
        COUNTS.times(AtMostOnce),
        form(
            "once",
            (Rule::c_once, clause::once),
            "once      per result",
            "How often the same thing may raise it. Not written: once for each result, or else for each report.",
        )
        .times(AtMostOnce),
        LIMIT.times(AtMostOnce),
        form(
            "severity",
            (Rule::c_severity, clause::severity),
            "severity  orange",
            "How much it weighs: a severity of the ward or its pack.",
        )
        .times(Once),
        form(
            "answer",
            (Rule::c_answer, clause::answer),
            "answer    within 15 minutes",
            "The time to an answer that is measured, if it is not that of the severity. It sends nothing.",
        )
        .times(AtMostOnce),
        form(
            "page",
            (Rule::c_page, clause::page),
            r#"page      using "Critical call-out""#,
            "Who is asked and must answer: by an escalation, or somebody by a channel.",
        )
        .times(AtMostOnce),
        form(
            "tell",
            (Rule::c_tell, clause::tell),
            r#"tell      desk "Operations" by worklist"#,
            "Who is informed and need not answer.",
        ),
        form(
            "message",
            (Rule::c_message, clause::message),
            r#"message   "{severity}: {rule}. {link} Code {code}""#,
            "The text on channels where people have signed in.",
        )
        .times(AtMostOnce),
        form(
            "brief",
            (Rule::c_brief, clause::brief),
            r#"brief     "{severity}: a result waits for you. {link} Code {code}""#,
            "The text on all other channels; it carries no health details.",
        )
        .times(AtMostOnce),
        form(
            "withdraw",
            (Rule::c_withdraw, clause::withdraw),
            "withdraw  when the order is cancelled",
            "A moment that takes the alert back; whoever was told hears that it no longer holds.",
        )
        .times(AtMostOnce),
    ],
};

pub(super) const NOTICE: BlockForm = BlockForm {
    kind: BlockKind::Notice,
    word: "notice",
    header: Rule::h_notice,
    meaning: "A message to the patient. No answer is awaited, and nothing is said that the patient may not hear.",
    example: r#"notice "Your report is ready" to patient"#,
    clauses: &[
        POLICY,
        WAS,
        ClauseForm {
            example: "when      a report is released to the portal",
            meaning: "The moment it tells of.",
            ..WHEN
        }
        .times(Once),
        WHERE,
        ClauseForm { example: "unless    flag is sensitive or patient flag is one of opted out, deceased", ..UNLESS },
        ClauseForm { example: "missing   patient flag: do not match", ..MISSING },
        form(
            "channel",
            (Rule::c_notice_channel, clause::notice_channel),
            "channel   patient's preferred, otherwise email",
            "The channels in the order in which they are tried.",
        )
        .times(Once),
        form(
            "quiet",
            (Rule::c_notice_quiet, clause::quiet),
            "quiet     21:00 to 08:00 in the patient's zone",
            "Hours in which nothing is sent; it waits for their end.",
        )
        .times(Once),
        ClauseForm { example: "limit     1 in 4 hours per patient, rest in one digest", ..LIMIT }.times(Once),
        form(
            "template",
            (Rule::c_notice_template, clause::notice_template),
            r#"template  "result-ready" without health details"#,
            "Which text of the catalogue is sent, and whether it may carry health details.",
        )
        .times(Once),
        form(
            "expires",
            (Rule::c_expires, clause::expires),
            "expires   after 3 days",
            "When it is too late to send, and who hears of that. Nothing else in the language ends unsent.",
        )
        .times(Once),
    ],
};

pub(super) const SUPPRESS: BlockForm = BlockForm {
    kind: BlockKind::Suppress,
    word: "suppress",
    header: Rule::h_suppress,
    meaning: "While one thing is known to be wrong, what follows from it waits. It delays and never deletes: what is still true when it ends is sent at once.",
    example: r#"suppress "One incident, one page""#,
    clauses: &[
        POLICY,
        WAS,
        ClauseForm {
            meaning: "The state during which it holds back, at most for the time that `delays` says.",
            ..WHILE
        }
        .times(Once),
        form(
            "delays",
            (Rule::c_delays, clause::delays),
            r#"delays    alert "CT reading backlog", at most 4 hours"#,
            "What waits, and how long at most.",
        )
        .times(Once),
        form(
            "then",
            (Rule::c_suppress_then, clause::send),
            "then      send each",
            "Whether what waited comes as one message or each on its own.",
        )
        .times(Once),
    ],
};
