//! People: what do the blocks mean that say who is there, when, and whom to ask in which order?
//!
//! - **How it fits**: part of the table [`BLOCKS`](super::BLOCKS).
//! - **Not here**: roles such as the ordering clinician ([`terms`](super::terms)).

use super::Times::{Any, AtLeastOnce, AtMostOnce, Once};
use super::notions::ZONE;
use super::{BlockForm, BlockKind, ClauseForm, form};
use crate::grammar::Rule;
use crate::syntax::clause;

const REACH: ClauseForm = form(
    "reach",
    (Rule::c_reach, clause::reach),
    r#"reach     by phone at "+1 555 0100""#,
    "An address for one channel. Without any, the directory of the installation is asked.",
);
const QUIET: ClauseForm = form(
    "quiet",
    (Rule::c_quiet, clause::quiet),
    "quiet     22:00 to 07:00",
    "Hours in which messages wait until the end of the hours, unless their severity ignores quiet hours.",
);

pub(super) const CALENDAR: BlockForm = BlockForm {
    kind: BlockKind::Calendar,
    word: "calendar",
    header: Rule::h_calendar,
    meaning: "When work time runs. Clocks that count working hours stand still outside of it.",
    example: r#"calendar "Office""#,
    clauses: &[
        ZONE.times(AtMostOnce),
        form(
            "open",
            (Rule::c_open, clause::open),
            "open      Monday to Friday 08:00 to 17:00",
            "The weekly hours, or `always`. Hours that end before they begin run into the next day.",
        )
        .times(Once),
        form(
            "closed",
            (Rule::c_closed, clause::closed),
            r#"closed    holidays "US federal" on observed and actual days"#,
            "Holidays, dates or parts of dates on which it is closed all the same.",
        ),
        form(
            "extra",
            (Rule::c_extra, clause::extra),
            "extra     2026-12-19 08:00 to 12:00",
            "Hours in which it is open although the other clauses say it is not.",
        ),
    ],
};

pub(super) const PERSON: BlockForm = BlockForm {
    kind: BlockKind::Person,
    word: "person",
    header: Rule::h_person,
    meaning: "Somebody by name, to stand in rosters and escalations.",
    example: r#"person "Ana Ruiz""#,
    clauses: &[
        REACH.times(Any),
        QUIET.times(AtMostOnce),
        form(
            "away",
            (Rule::c_away, clause::away),
            "away      from 2026-07-01 00:00 to 2026-07-15 00:00",
            "A time in which this person is skipped everywhere.",
        ),
    ],
};

pub(super) const DESK: BlockForm = BlockForm {
    kind: BlockKind::Desk,
    word: "desk",
    header: Rule::h_desk,
    meaning: "A place that is always staffed, and can therefore stand at the end of an escalation.",
    example: r#"desk "Operations""#,
    clauses: &[REACH.times(Any), QUIET.times(AtMostOnce)],
};

pub(super) const ROSTER: BlockForm = BlockForm {
    kind: BlockKind::Roster,
    word: "roster",
    header: Rule::h_roster,
    meaning: "Who is on duty at which time.",
    example: r#"roster "Lab lead""#,
    clauses: &[
        ZONE.times(AtMostOnce),
        form(
            "rotate",
            (Rule::c_rotate, clause::rotate),
            r#"rotate    weekly from 2026-01-05 07:00: "Ana Ruiz", "Ben Okafor""#,
            "Who takes turns, how long a turn is, and when the first begins.",
        )
        .times(Once),
        form(
            "nights",
            (Rule::c_nights, clause::nights),
            r#"nights    19:00 to 07:00: desk "Night supervisor""#,
            "Hours in which somebody else is on duty than the person whose turn it is.",
        ),
        form(
            "cover",
            (Rule::c_cover, clause::cover),
            r#"cover     "Ben Okafor" for "Ana Ruiz" from 2026-03-02 07:00 to 2026-03-04 07:00"#,
            "One person takes the turn of another for a time.",
        ),
        form(
            "nobody",
            (Rule::c_nobody, clause::nobody),
            r#"nobody    desk "Operations""#,
            "Who is asked when the roster has nobody: before it begins, or when the person on duty is away without cover.",
        )
        .times(Once),
    ],
};

pub(super) const ESCALATION: BlockForm = BlockForm {
    kind: BlockKind::Escalation,
    word: "escalation",
    header: Rule::h_escalation,
    meaning: "Whom to ask, in which order, and how long to wait for each. It ends as soon as somebody answers.",
    example: r#"escalation "Critical call-out""#,
    clauses: &[
        form(
            "step",
            (Rule::c_step, clause::step),
            "step 1    page the ordering clinician by secure message, wait 5 minutes",
            "Pages somebody and waits for an answer before the next step; may remind on another channel meanwhile.",
        )
        .times(AtLeastOnce),
        form(
            "repeat",
            (Rule::c_repeat, clause::repeat),
            "repeat    steps 1 to 2, up to 2 times",
            "Goes through these steps again when all waits are over.",
        )
        .times(AtMostOnce),
        form(
            "then",
            (Rule::c_escalation_then, clause::task),
            r#"then      task for desk "Operations""#,
            "Whose task it becomes when nobody answered.",
        )
        .times(Once),
        form(
            "decline",
            (Rule::c_decline, clause::decline_any),
            "decline   moves on when all decline",
            "Whether the next step begins when one person declines, or when all asked so far did. Not written: all.",
        )
        .times(AtMostOnce),
        form(
            "failed",
            (Rule::c_failed, clause::failed_step),
            "failed    next channel at once",
            "What follows when a message cannot be delivered: the next channel of the step, or the next step. Not written: the channel.",
        )
        .times(AtMostOnce),
        form(
            "answered",
            (Rule::c_answered, clause::answered),
            "answered  by anyone paged",
            "Whose answer counts, and whether it must read back the value or give the code of the page. Not written: anyone paged.",
        )
        .times(AtMostOnce),
        form(
            "lapses",
            (Rule::c_lapses, clause::lapses),
            "lapses    after 30 minutes without action",
            "An answer without action counts only this long; then the escalation begins again.",
        )
        .times(AtMostOnce),
    ],
};
