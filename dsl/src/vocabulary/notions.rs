//! Notions: what do the blocks mean that name things: the ward, its packs, its catalogue, its severities?
//!
//! - **How it fits**: part of the table [`BLOCKS`](super::BLOCKS).
//! - **Not here**: names that every ward knows ([`terms`](super::terms)).

use super::Times::{Any, Once};
use super::{BlockForm, BlockKind, ClauseForm, form};
use crate::grammar::Rule;
use crate::syntax::clause;

const HOLIDAYS: ClauseForm = form(
    "holidays",
    (Rule::c_holidays, clause::holidays),
    r#"holidays  "US federal" from "holidays/us-federal.toml""#,
    "Names a file of holidays in the ward's folder, for the `closed` clause of a calendar.",
);

/// The zone, where a block needs or may have one.
pub(super) const ZONE: ClauseForm = form(
    "zone",
    (Rule::c_zone, clause::zone),
    "zone      America/Chicago",
    "The time zone of all clock times in this block, by its IANA name. In `ward` it is the default of everything else.",
);

pub(super) const WARD: BlockForm = BlockForm {
    kind: BlockKind::Ward,
    word: "ward",
    header: Rule::h_ward,
    meaning: "Names this ward and the edition of the language it is written in. There is one in every ward.",
    example: r#"ward "St Anne" edition 1"#,
    clauses: &[
        ZONE.times(Once),
        form(
            "uses",
            (Rule::c_uses, clause::uses),
            r#"uses      pack "starter""#,
            "Takes in a pack that travels with the program: names and severities that need not be written again.",
        ),
        HOLIDAYS.times(Any),
    ],
};

pub(super) const PACK: BlockForm = BlockForm {
    kind: BlockKind::Pack,
    word: "pack",
    header: Rule::h_pack,
    meaning: "Stands instead of `ward` in a pack that travels with the program. A pack holds names, no rules and no tests.",
    example: r#"pack "starter" edition 1"#,
    clauses: &[HOLIDAYS.times(Any)],
};

pub(super) const CATALOGUE: BlockForm = BlockForm {
    kind: BlockKind::Catalogue,
    word: "catalogue",
    header: Rule::h_catalogue,
    meaning: "The names of this hospital: sites, places, tests, feeds, flags, channels and texts. Rules may use no name that is not declared here, in a pack, or in the standard catalogue.",
    example: r#"catalogue "St Anne""#,
    clauses: &[
        form(
            "site",
            (Rule::c_site, clause::site),
            "site      Main",
            "A hospital or building, with its time zone if that is not the ward's.",
        ),
        form(
            "place",
            (Rule::c_place, clause::place),
            "place     ICU, at Main",
            "A unit or clinic, the site it is in, and the roster whose person on duty is `the covering clinician` there.",
        ),
        form(
            "values",
            (Rule::c_values, clause::values),
            "values    specimen class: surgical biopsy, autopsy",
            "The words that may stand in a field of this hospital: `department`, `finding`, `specimen class`, `specimen site` or `patient risk`.",
        ),
        form(
            "flag",
            (Rule::c_flag, clause::flag),
            "flag      awaiting special stain",
            "A reason why a report waits. It begins with `awaiting` and can pause a clock.",
        ),
        form(
            "test",
            (Rule::c_test, clause::test),
            "test      potassium, LOINC 2823-3, in mmol/L",
            "A test by its local name, its LOINC codes, and the unit in which its values are compared.",
        ),
        form(
            "feed",
            (Rule::c_feed, clause::feed),
            r#"feed      "RIS", carries radiology"#,
            "A source of messages, by the name it has in `wardline.toml`; which kinds it carries, and at which site.",
        ),
        form(
            "channel",
            (Rule::c_catalogue_channel, clause::channel),
            r#"channel   phone, sms via "default""#,
            "Which channels may be used, and through which sink of `wardline.toml` they go.",
        ),
        form(
            "template",
            (Rule::c_catalogue_template, clause::template),
            r#"template  "result-ready" in en: "There is something new for you. Sign in to read it: {link}""#,
            "A text to patients in one language; write one clause for each language.",
        ),
    ],
};

pub(super) const SEVERITY: BlockForm = BlockForm {
    kind: BlockKind::Severity,
    word: "severity",
    header: Rule::h_severity,
    meaning: "How much an alert weighs: how soon somebody must answer, and what may hold it back. The order in the ward is the rank, the most severe first.",
    example: "severity orange answer within 6 hours",
    clauses: &[],
};
