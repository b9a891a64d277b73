//! Vocabulary: which clauses may stand in which block, in which order, how often, and by which grammar rule is each read?
//!
//! One table answers the layout (block words), the syntax (rule names), the checks (WL0104 to WL0106) and the formatter (order).
//! - **How it fits**: [`syntax`](crate::syntax) looks up every clause here before it is parsed.
//! - **Not here**: what a clause means; words inside clauses (`grammar.pest`).

use crate::grammar::Rule;
use crate::syntax::clause::{self, Read};
use Times::{Any, AtLeastOnce, AtMostOnce, Entries, Once};

/// The sixteen block words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BlockKind {
    /// `ward`
    Ward,
    /// `pack`
    Pack,
    /// `catalogue`
    Catalogue,
    /// `severity`
    Severity,
    /// `calendar`
    Calendar,
    /// `person`
    Person,
    /// `desk`
    Desk,
    /// `roster`
    Roster,
    /// `escalation`
    Escalation,
    /// `sla`
    Sla,
    /// `exception`
    Exception,
    /// `alert`
    Alert,
    /// `notice`
    Notice,
    /// `suppress`
    Suppress,
    /// `function`
    Function,
    /// `test`
    Test,
}

/// How often a clause may stand in its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    Once,
    AtMostOnce,
    Any,
    AtLeastOnce,
    /// `at` and `then` of a test: any number, in any order, one entry per line.
    Entries,
}

/// One clause of one block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClauseForm {
    pub(crate) word: &'static str,
    pub(crate) times: Times,
    pub(crate) rule: Rule,
    pub(crate) read: Read,
    /// A right one, for corrections.
    pub(crate) sample: &'static str,
}

/// One kind of block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockForm {
    pub(crate) kind: BlockKind,
    pub(crate) word: &'static str,
    pub(crate) header: Rule,
    pub(crate) sample: &'static str,
    /// In the order the formatter keeps.
    pub(crate) clauses: &'static [ClauseForm],
}

/// Words that will start a block or a clause in a later release.
pub(crate) const PLANNED_BLOCKS: &[&str] = &["budget", "promise"];
/// Clause words of a later release.
pub(crate) const PLANNED_CLAUSES: &[&str] = &["learned", "meanwhile", "grouped"];

/// The form of a block word, if it is one.
pub(crate) fn block_form(word: &str) -> Option<&'static BlockForm> {
    BLOCKS.iter().find(|form| form.word == word)
}

impl BlockKind {
    /// The word that starts such a block.
    #[must_use]
    pub fn word(self) -> &'static str {
        BLOCKS.iter().find(|form| form.kind == self).map_or("", |form| form.word)
    }
}

impl BlockForm {
    pub(crate) fn clause(&self, word: &str) -> Option<&'static ClauseForm> {
        self.clauses.iter().find(|form| form.word == word)
    }
}

/// Every block that has a clause of this word.
pub(crate) fn blocks_with(word: &str) -> impl Iterator<Item = &'static BlockForm> {
    BLOCKS.iter().filter(move |form| form.clause(word).is_some())
}

const fn form(word: &'static str, times: Times, (rule, read): (Rule, Read), sample: &'static str) -> ClauseForm {
    ClauseForm { word, times, rule, read, sample }
}

/// All blocks.
pub(crate) const BLOCKS: &[BlockForm] = &[
    BlockForm {
        kind: BlockKind::Ward,
        word: "ward",
        header: Rule::h_ward,
        sample: r#"ward "St Anne" edition 1"#,
        clauses: WARD,
    },
    BlockForm {
        kind: BlockKind::Pack,
        word: "pack",
        header: Rule::h_pack,
        sample: r#"pack "starter" edition 1"#,
        clauses: PACK,
    },
    BlockForm {
        kind: BlockKind::Catalogue,
        word: "catalogue",
        header: Rule::h_catalogue,
        sample: r#"catalogue "St Anne""#,
        clauses: CATALOGUE,
    },
    BlockForm {
        kind: BlockKind::Severity,
        word: "severity",
        header: Rule::h_severity,
        sample: "severity orange answer within 6 hours",
        clauses: SEVERITY,
    },
    BlockForm {
        kind: BlockKind::Calendar,
        word: "calendar",
        header: Rule::h_calendar,
        sample: r#"calendar "Office""#,
        clauses: CALENDAR,
    },
    BlockForm {
        kind: BlockKind::Person,
        word: "person",
        header: Rule::h_person,
        sample: r#"person "Ana Ruiz""#,
        clauses: PERSON,
    },
    BlockForm {
        kind: BlockKind::Desk,
        word: "desk",
        header: Rule::h_desk,
        sample: r#"desk "Operations""#,
        clauses: DESK,
    },
    BlockForm {
        kind: BlockKind::Roster,
        word: "roster",
        header: Rule::h_roster,
        sample: r#"roster "Lab lead""#,
        clauses: ROSTER,
    },
    BlockForm {
        kind: BlockKind::Escalation,
        word: "escalation",
        header: Rule::h_escalation,
        sample: r#"escalation "Critical call-out""#,
        clauses: ESCALATION,
    },
    BlockForm { kind: BlockKind::Sla, word: "sla", header: Rule::h_sla, sample: r#"sla "STAT lab""#, clauses: SLA },
    BlockForm {
        kind: BlockKind::Exception,
        word: "exception",
        header: Rule::h_exception,
        sample: r#"exception "Fast track" to "STAT lab""#,
        clauses: EXCEPTION,
    },
    BlockForm {
        kind: BlockKind::Alert,
        word: "alert",
        header: Rule::h_alert,
        sample: r#"alert "Critical potassium""#,
        clauses: ALERT,
    },
    BlockForm {
        kind: BlockKind::Notice,
        word: "notice",
        header: Rule::h_notice,
        sample: r#"notice "Your report is ready" to patient"#,
        clauses: NOTICE,
    },
    BlockForm {
        kind: BlockKind::Suppress,
        word: "suppress",
        header: Rule::h_suppress,
        sample: r#"suppress "One incident, one page""#,
        clauses: SUPPRESS,
    },
    BlockForm {
        kind: BlockKind::Function,
        word: "function",
        header: Rule::h_function,
        sample: "function repeat_allowed(test: test, location: place) gives yes or no",
        clauses: FUNCTION,
    },
    BlockForm {
        kind: BlockKind::Test,
        word: "test",
        header: Rule::h_test,
        sample: r#"test "Nobody answers""#,
        clauses: TEST,
    },
];

/// Clauses of `ward`.
const WARD: &[ClauseForm] = &[
    form("zone", Once, (Rule::c_zone, clause::zone), "zone      America/Chicago"),
    form("uses", Any, (Rule::c_uses, clause::uses), r#"uses      pack "starter""#),
    form(
        "holidays",
        Any,
        (Rule::c_holidays, clause::holidays),
        r#"holidays  "US federal" from "holidays/us-federal.toml""#,
    ),
];

/// Clauses of `pack`.
const PACK: &[ClauseForm] = &[form(
    "holidays",
    Any,
    (Rule::c_holidays, clause::holidays),
    r#"holidays  "US federal" from "holidays/us-federal.toml""#,
)];

/// Clauses of `catalogue`.
const CATALOGUE: &[ClauseForm] = &[
    form("site", Any, (Rule::c_site, clause::site), "site      Main"),
    form("place", Any, (Rule::c_place, clause::place), "place     ICU, at Main"),
    form("values", Any, (Rule::c_values, clause::values), "values    specimen class: surgical biopsy, autopsy"),
    form("flag", Any, (Rule::c_flag, clause::flag), "flag      awaiting special stain"),
    form("test", Any, (Rule::c_test, clause::test), "test      potassium, LOINC 2823-3, in mmol/L"),
    form("feed", Any, (Rule::c_feed, clause::feed), r#"feed      "RIS", carries radiology"#),
    form("channel", Any, (Rule::c_catalogue_channel, clause::channel), r#"channel   phone, sms via "default""#),
    form(
        "template",
        Any,
        (Rule::c_catalogue_template, clause::template),
        r#"template  "result-ready" in en: "There is something new for you. Sign in to read it: {link}""#,
    ),
];

/// Clauses of `severity`.
const SEVERITY: &[ClauseForm] = &[];

/// Clauses of `calendar`.
const CALENDAR: &[ClauseForm] = &[
    form("zone", AtMostOnce, (Rule::c_zone, clause::zone), "zone      America/Chicago"),
    form("open", Once, (Rule::c_open, clause::open), "open      Monday to Friday 08:00 to 17:00"),
    form(
        "closed",
        Any,
        (Rule::c_closed, clause::closed),
        r#"closed    holidays "US federal" on observed and actual days"#,
    ),
    form("extra", Any, (Rule::c_extra, clause::extra), "extra     2026-12-19 08:00 to 12:00"),
];

/// Clauses of `person`.
const PERSON: &[ClauseForm] = &[
    form("reach", Any, (Rule::c_reach, clause::reach), r#"reach     by phone at "+1 555 0100""#),
    form("quiet", AtMostOnce, (Rule::c_quiet, clause::quiet), "quiet     22:00 to 07:00"),
    form("away", Any, (Rule::c_away, clause::away), "away      from 2026-07-01 00:00 to 2026-07-15 00:00"),
];

/// Clauses of `desk`.
const DESK: &[ClauseForm] = &[
    form("reach", Any, (Rule::c_reach, clause::reach), r#"reach     by phone at "+1 555 0100""#),
    form("quiet", AtMostOnce, (Rule::c_quiet, clause::quiet), "quiet     22:00 to 07:00"),
];

/// Clauses of `roster`.
const ROSTER: &[ClauseForm] = &[
    form("zone", AtMostOnce, (Rule::c_zone, clause::zone), "zone      America/Chicago"),
    form(
        "rotate",
        Once,
        (Rule::c_rotate, clause::rotate),
        r#"rotate    weekly from 2026-01-05 07:00: "Ana Ruiz", "Ben Okafor""#,
    ),
    form("nights", Any, (Rule::c_nights, clause::nights), r#"nights    19:00 to 07:00: desk "Night supervisor""#),
    form(
        "cover",
        Any,
        (Rule::c_cover, clause::cover),
        r#"cover     "Ben Okafor" for "Ana Ruiz" from 2026-03-02 07:00 to 2026-03-04 07:00"#,
    ),
    form("nobody", Once, (Rule::c_nobody, clause::nobody), r#"nobody    desk "Operations""#),
];

/// Clauses of `escalation`.
const ESCALATION: &[ClauseForm] = &[
    form(
        "step",
        AtLeastOnce,
        (Rule::c_step, clause::step),
        "step 1    page the ordering clinician by secure message, wait 5 minutes",
    ),
    form("repeat", AtMostOnce, (Rule::c_repeat, clause::repeat), "repeat    steps 1 to 2, up to 2 times"),
    form("then", Once, (Rule::c_escalation_then, clause::task), r#"then      task for desk "Operations""#),
    form("decline", AtMostOnce, (Rule::c_decline, clause::decline_any), "decline   moves on when all decline"),
    form("failed", AtMostOnce, (Rule::c_failed, clause::failed_step), "failed    next channel at once"),
    form("answered", AtMostOnce, (Rule::c_answered, clause::answered), "answered  by anyone paged"),
    form("lapses", AtMostOnce, (Rule::c_lapses, clause::lapses), "lapses    after 30 minutes without action"),
];

/// Clauses of `sla`.
const SLA: &[ClauseForm] = &[
    form("policy", Once, (Rule::c_policy, clause::policy), r#"policy    "…", owner "…", review by 2027-06-30"#),
    form("was", AtMostOnce, (Rule::c_was, clause::was), r#"was       "Old name""#),
    form("covers", Once, (Rule::c_covers, clause::covers), "covers    lab reports where priority is stat"),
    form("starts", Once, (Rule::c_starts, clause::starts), "starts    when the specimen is received"),
    form("pauses", AtMostOnce, (Rule::c_pauses, clause::pauses), "pauses    while the report is on hold"),
    form("stops", Once, (Rule::c_stops, clause::stops), "stops     when the report is finalised"),
    form("cancels", AtMostOnce, (Rule::c_cancels, clause::cancels), "cancels   when the order is cancelled"),
    form("restarts", AtMostOnce, (Rule::c_restarts, clause::restarts), "restarts  when the specimen is recollected"),
    form("counts", AtMostOnce, (Rule::c_counts, clause::counts), r#"counts    "Office""#),
    form("target", Once, (Rule::c_target, clause::target), "target    60 minutes"),
    form("warn", Any, (Rule::c_warn, clause::warn), r#"warn      at 45 minutes: tell desk "Operations" by worklist"#),
    form("breach", Once, (Rule::c_breach, clause::breach), r#"breach    page desk "Operations" by phone"#),
    form("missing", Any, (Rule::c_missing, clause::missing), "missing   location: match"),
    form("late", AtMostOnce, (Rule::c_late, clause::late_keep), "late      withdraw what was sent"),
];

/// Clauses of `exception`.
const EXCEPTION: &[ClauseForm] = &[
    form("policy", Once, (Rule::c_policy, clause::policy), r#"policy    "…", owner "…", review by 2027-06-30"#),
    form("was", AtMostOnce, (Rule::c_was, clause::was), r#"was       "Old name""#),
    form("covers", Once, (Rule::c_covers, clause::covers), "covers    lab reports where priority is stat"),
    form("starts", AtMostOnce, (Rule::c_starts, clause::starts), "starts    when the specimen is received"),
    form("pauses", AtMostOnce, (Rule::c_pauses, clause::pauses), "pauses    while the report is on hold"),
    form("stops", AtMostOnce, (Rule::c_stops, clause::stops), "stops     when the report is finalised"),
    form("cancels", AtMostOnce, (Rule::c_cancels, clause::cancels), "cancels   when the order is cancelled"),
    form("restarts", AtMostOnce, (Rule::c_restarts, clause::restarts), "restarts  when the specimen is recollected"),
    form("counts", AtMostOnce, (Rule::c_counts, clause::counts), r#"counts    "Office""#),
    form("target", AtMostOnce, (Rule::c_target, clause::target), "target    60 minutes"),
    form("warn", Any, (Rule::c_warn, clause::warn), r#"warn      at 45 minutes: tell desk "Operations" by worklist"#),
    form("breach", AtMostOnce, (Rule::c_breach, clause::breach), r#"breach    page desk "Operations" by phone"#),
    form("missing", Any, (Rule::c_missing, clause::missing), "missing   location: match"),
    form("late", AtMostOnce, (Rule::c_late, clause::late_keep), "late      withdraw what was sent"),
];

/// Clauses of `alert`.
const ALERT: &[ClauseForm] = &[
    form("policy", Once, (Rule::c_policy, clause::policy), r#"policy    "…", owner "…", review by 2027-06-30"#),
    form("was", AtMostOnce, (Rule::c_was, clause::was), r#"was       "Old name""#),
    form("when", AtMostOnce, (Rule::c_when, clause::when), "when      a lab result is verified"),
    form("while", AtMostOnce, (Rule::c_while, clause::while_), "while     a report is on hold"),
    form("after", AtMostOnce, (Rule::c_after, clause::after), "after     a report is finalised"),
    form("expect", AtMostOnce, (Rule::c_expect, clause::expect), "expect    the report is delivered"),
    form("within", AtMostOnce, (Rule::c_within, clause::within), "within    15 minutes"),
    form("every", AtMostOnce, (Rule::c_every, clause::every), "every     5 minutes, over the last 60 minutes"),
    form(
        "measure",
        AtMostOnce,
        (Rule::c_measure, clause::measure),
        "measure   median of time from specimen received to result verified",
    ),
    form("of", AtMostOnce, (Rule::c_of, clause::of), "of        lab reports"),
    form(
        "where",
        AtMostOnce,
        (Rule::c_where, clause::where_),
        "where     test is potassium and value is above 6.5 mmol/L",
    ),
    form("unless", AtMostOnce, (Rule::c_unless, clause::unless), "unless    priority is routine"),
    form("is", AtMostOnce, (Rule::c_is, clause::is), "is        above 60 minutes, with at least 3 reports"),
    form("missing", Any, (Rule::c_missing, clause::missing), "missing   location: match"),
    form("decide", AtMostOnce, (Rule::c_decide, clause::decide), "decide    script"),
    form("hold", AtMostOnce, (Rule::c_hold, clause::hold), "hold      10 minutes"),
    form("clear", AtMostOnce, (Rule::c_clear, clause::clear), "clear     below 30 for 10 minutes"),
    form("counts", AtMostOnce, (Rule::c_counts, clause::counts), r#"counts    "Office""#),
    form("once", AtMostOnce, (Rule::c_once, clause::once), "once      per result"),
    form(
        "limit",
        AtMostOnce,
        (Rule::c_limit, clause::limit),
        "limit     3 in 24 hours per recipient, rest in one digest",
    ),
    form("severity", Once, (Rule::c_severity, clause::severity), "severity  orange"),
    form("answer", AtMostOnce, (Rule::c_answer, clause::answer), "answer    within 15 minutes"),
    form("page", AtMostOnce, (Rule::c_page, clause::page), r#"page      using "Critical call-out""#),
    form("tell", Any, (Rule::c_tell, clause::tell), r#"tell      desk "Operations" by worklist"#),
    form(
        "message",
        AtMostOnce,
        (Rule::c_message, clause::message),
        r#"message   "{severity}: {rule}. {link} Code {code}""#,
    ),
    form(
        "brief",
        AtMostOnce,
        (Rule::c_brief, clause::brief),
        r#"brief     "{severity}: a result waits for you. {link} Code {code}""#,
    ),
    form("withdraw", AtMostOnce, (Rule::c_withdraw, clause::withdraw), "withdraw  when the order is cancelled"),
];

/// Clauses of `notice`.
const NOTICE: &[ClauseForm] = &[
    form("policy", Once, (Rule::c_policy, clause::policy), r#"policy    "…", owner "…", review by 2027-06-30"#),
    form("was", AtMostOnce, (Rule::c_was, clause::was), r#"was       "Old name""#),
    form("when", Once, (Rule::c_when, clause::when), "when      a lab result is verified"),
    form(
        "where",
        AtMostOnce,
        (Rule::c_where, clause::where_),
        "where     test is potassium and value is above 6.5 mmol/L",
    ),
    form("unless", AtMostOnce, (Rule::c_unless, clause::unless), "unless    priority is routine"),
    form("missing", Any, (Rule::c_missing, clause::missing), "missing   location: match"),
    form(
        "channel",
        Once,
        (Rule::c_notice_channel, clause::notice_channel),
        "channel   patient's preferred, otherwise email",
    ),
    form("quiet", Once, (Rule::c_notice_quiet, clause::quiet), "quiet     21:00 to 08:00 in the patient's zone"),
    form("limit", Once, (Rule::c_limit, clause::limit), "limit     3 in 24 hours per recipient, rest in one digest"),
    form(
        "template",
        Once,
        (Rule::c_notice_template, clause::notice_template),
        r#"template  "result-ready" without health details"#,
    ),
    form("expires", Once, (Rule::c_expires, clause::expires), "expires   after 3 days"),
];

/// Clauses of `suppress`.
const SUPPRESS: &[ClauseForm] = &[
    form("policy", Once, (Rule::c_policy, clause::policy), r#"policy    "…", owner "…", review by 2027-06-30"#),
    form("was", AtMostOnce, (Rule::c_was, clause::was), r#"was       "Old name""#),
    form("while", Once, (Rule::c_while, clause::while_), "while     a report is on hold"),
    form("delays", Once, (Rule::c_delays, clause::delays), r#"delays    alert "CT reading backlog", at most 4 hours"#),
    form("then", Once, (Rule::c_suppress_then, clause::send), "then      send each"),
];

/// Clauses of `function`.
const FUNCTION: &[ClauseForm] = &[
    form("steps", AtMostOnce, (Rule::c_steps, clause::steps), "steps     500"),
    form("script", Once, (Rule::c_script, clause::script), "script"),
    form("example", AtLeastOnce, (Rule::c_example, clause::example), "example   repeat_allowed(potassium, ICU) is yes"),
];

/// Clauses of `test`.
const TEST: &[ClauseForm] = &[
    form("zone", AtMostOnce, (Rule::c_zone, clause::zone), "zone      America/Chicago"),
    form("given", AtMostOnce, (Rule::c_given, clause::given), "given     location is ICU"),
    form(
        "at",
        Entries,
        (Rule::c_at, clause::at),
        "at        2026-01-14 02:10 R1: lab result is verified, test is potassium, value is 6.9 mmol/L",
    ),
    form(
        "then",
        Entries,
        (Rule::c_test_then, clause::then),
        "then      02:10 the ordering clinician is paged by secure message",
    ),
];
