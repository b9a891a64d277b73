//! Scripts: what do the blocks mean that hold a function, or a scripted day?
//!
//! - **How it fits**: part of the table [`BLOCKS`](super::BLOCKS).
//! - **Not here**: the rule files written wholly in Rhai, which have no blocks.

use super::Times::{AtLeastOnce, AtMostOnce, Entries, Once};
use super::notions::ZONE;
use super::{BlockForm, BlockKind, form};
use crate::grammar::Rule;
use crate::syntax::clause;

pub(super) const FUNCTION: BlockForm = BlockForm {
    kind: BlockKind::Function,
    word: "function",
    header: Rule::h_function,
    meaning: "A question that conditions cannot ask in words, answered by a short script that sees nothing but its parameters.",
    example: "function repeat_allowed(test: test, location: place) gives yes or no",
    clauses: &[
        form(
            "steps",
            (Rule::c_steps, clause::steps),
            "steps     500",
            "How many operations the script may take before it counts as failed.",
        )
        .times(AtMostOnce),
        form(
            "script",
            (Rule::c_script, clause::script),
            "script",
            "The lines below it, up to `end`, in Rhai; the value of the last line is the answer.",
        )
        .times(Once),
        form(
            "example",
            (Rule::c_example, clause::example),
            "example   repeat_allowed(potassium, ICU) is yes",
            "What the function gives for these values; run at every check. There are at least two.",
        )
        .times(AtLeastOnce),
    ],
};

pub(super) const TEST: BlockForm = BlockForm {
    kind: BlockKind::Test,
    word: "test",
    header: Rule::h_test,
    meaning: "A scripted day: what happens, and who must hear of it at which minute. `wardline test` plays it against the rules.",
    example: r#"test "Nobody answers""#,
    clauses: &[
        ZONE.times(AtMostOnce),
        form(
            "given",
            (Rule::c_given, clause::given),
            "given     location is ICU",
            "Facts that hold for every report of the test, and deliveries that fail.",
        )
        .times(AtMostOnce),
        form(
            "at",
            (Rule::c_at, clause::at),
            "at        2026-01-14 02:10 R1: lab result is verified, test is potassium, value is 6.9 mmol/L",
            "What happens at which minute. A label such as R1 is one report; a time without a date is on the date before it.",
        )
        .times(Entries),
        form(
            "then",
            (Rule::c_test_then, clause::then),
            "then      02:10 the ordering clinician is paged by secure message",
            "What must follow, at exactly that minute. `nothing else is sent` makes the list complete.",
        )
        .times(Entries),
    ],
};
