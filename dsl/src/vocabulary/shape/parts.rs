//! Parts: what are the things that several clauses hold: a length of time, a condition, a moment?
//!
//! - **Not here**: their shapes, which are the grammar's.

use crate::grammar::Rule;

/// A part of clauses, written in capitals in their shapes.
#[derive(Clone, Copy, Debug)]
pub struct PartForm {
    /// Its name in shapes.
    pub name: &'static str,
    /// What it is.
    pub meaning: &'static str,
    /// One of it.
    pub example: &'static str,
    pub(crate) rule: Rule,
}

impl PartForm {
    /// Its own shape; `None` for one that is made of single characters, such as a number.
    #[must_use]
    pub fn shape(&self) -> Option<String> {
        super::is_composed(self.rule).then(|| super::of(self.rule))
    }
}

const fn part(name: &'static str, rule: Rule, example: &'static str, meaning: &'static str) -> PartForm {
    PartForm { name, meaning, example, rule }
}

/// All parts, in the order of the reference: time, amounts, conditions, moments, people, scripted days, signs.
pub const PARTS: &[PartForm] = &[
    part("LENGTH", Rule::span, "60 minutes", "A length of time: elapsed, in working hours, or in working days."),
    part(
        "ELAPSED",
        Rule::dur,
        "60 minutes",
        "Time as it passes. A day is 24 hours, and is allowed only where no calendar could be meant.",
    ),
    part(
        "WORKING-HOURS",
        Rule::wdur,
        "4 working hours",
        "Time that passes only while the calendar of `counts` is open.",
    ),
    part(
        "WORKING-DAYS",
        Rule::wdays,
        "2 working days by 16:00",
        "Up to this time of the so-many-th working day after the day it began on; the time must be written.",
    ),
    part("TIME", Rule::time, "16:00", "A time of day, from 00:00 to 24:00."),
    part("DATE", Rule::date, "2026-07-04", "A date."),
    part(
        "STAMP",
        Rule::stamp,
        "2026-01-14 02:10",
        "A time of a test; without a date it is on the date of the one before.",
    ),
    part(
        "INSTANT",
        Rule::instant,
        "01:30-06:00",
        "A time of day of a test, with seconds if needed, and the distance from UTC in the hour that clocks repeat.",
    ),
    part("DAY", Rule::day, "Monday", "A day of the week."),
    part("MONTH", Rule::month, "December", "A month."),
    part(
        "HOURS",
        Rule::hours,
        "Monday to Friday 08:00 to 17:00",
        "Hours of one or several days; an end at or before the begin is on the next day.",
    ),
    part("NIGHT", Rule::night, "Friday 19:00 to 07:00", "Hours of every day, or of some."),
    part(
        "CLOSURE",
        Rule::closure,
        "24 December from 12:00",
        "Holidays of a file, dates, or a date of every year; whole, or from or until a time.",
    ),
    part("ZONE", Rule::zone_name, "America/Chicago", "A time zone, as the IANA names it."),
    part("AMOUNT", Rule::amount, "6.5 mmol/L", "A number, alone or with a unit, a percentage, or a length of time."),
    part(
        "RANGE",
        Rule::range,
        "below 2.5 mmol/L or above 6.5 mmol/L",
        "A comparison. `below` and `above` leave the bound out; `at least`, `at most` and `between` take it in.",
    ),
    part(
        "CONDITION",
        Rule::condition,
        "test is potassium and value is above 6.5 mmol/L",
        "One chain of `and`, or one chain of `or`; never both on one level.",
    ),
    part("OPERAND", Rule::operand, "priority is stat", "A comparison, or a list of bullets."),
    part(
        "BULLETS",
        Rule::group,
        "any of ⏎ - location is ICU ⏎ - priority is stat",
        "A list of which any, or all, must hold; last in its chain.",
    ),
    part("BULLET", Rule::bullet, "- location is ICU and value is below 3.0 mmol/L", "One line of such a list."),
    part("COMPARISON", Rule::atom, "priority is stat", "What a field, or a function, is compared with."),
    part("RELATION", Rule::relation, "one of stat, asap", "What a field is compared with."),
    part("VALUES", Rule::choice, "stat, asap", "Several values."),
    part("VALUE", Rule::value, "stat", "A word of the catalogue, a name in quotes, an amount, yes or no."),
    part("WORDS", Rule::phrase, "on hold", "A state, a flag or another word of the catalogue."),
    part("CALL", Rule::call, "repeat_allowed(test, location)", "A function of the ward with its arguments."),
    part("ARGUMENT", Rule::argument, "location", "A field, a word of the catalogue, or an amount."),
    part(
        "MOMENTS",
        Rule::moments,
        "the report is finalised or the order is cancelled",
        "One moment, or several of which any counts.",
    ),
    part("MOMENT", Rule::moment, "a lab result is verified", "Something that happens at one instant."),
    part(
        "HAPPENING",
        Rule::happening,
        "becomes on hold",
        "What happens: a step, or a state or flag that begins or ends.",
    ),
    part("STEP", Rule::step_word, "finalised", "The word of a step; which subject has which is in the table of steps."),
    part(
        "MILESTONE",
        Rule::milestone,
        "specimen received",
        "A step as the name of a point in time: the moment without `is`.",
    ),
    part("SUBJECT", Rule::subject, "specimen", "What a moment is about."),
    part("KIND", Rule::kind, "lab", "A kind of report, or a group of kinds."),
    part("KINDS", Rule::kinds, "lab and pathology", "One kind or several."),
    part(
        "STATE",
        Rule::state,
        "a radiology report is unread",
        "Something that lasts: a state of a report, a count, a feed, an open alert.",
    ),
    part("REPORT-STATE", Rule::report_is, "the report is on hold", "A state or flag of a report."),
    part(
        "COUNT",
        Rule::count_is,
        "count of open radiology reports is above 40, per site",
        "How many reports there are now, for the ward or for each of a group.",
    ),
    part("ARTICLE", Rule::article, "the", "May be left out everywhere."),
    part("WHO", Rule::who, "the ordering clinician and desk \"Operations\"", "One or several people."),
    part("PERSON", Rule::r#ref, "desk \"Operations\"", "A role of the report, or a desk, roster or person by name."),
    part("CHANNEL", Rule::channel, "secure message", "By what a message goes."),
    part("BY", Rule::by, "by secure message, otherwise phone", "The channels, in the order in which they are tried."),
    part(
        "PAGE-TO",
        Rule::page_to,
        "the ordering clinician using \"Critical call-out\"",
        "An escalation, people with an escalation, or people by a channel.",
    ),
    part(
        "TELL-TO",
        Rule::tell_to,
        "desk \"Operations\" by worklist, as one digest at 07:00",
        "People by a channel, at once or gathered until a time.",
    ),
    part(
        "ACTION",
        Rule::action,
        "page desk \"Operations\" by phone, severity orange",
        "A page or a tell; without a severity it has the lowest.",
    ),
    part("PARAMETER", Rule::param, "location: place", "A name in small letters and what it holds."),
    part("ABSENT", Rule::missed, "location", "A field, a function with its brackets, or `decision`."),
    part("DELAYED", Rule::delayed, "breaches of \"STAT lab\"", "An alert, or the breaches or warnings of an sla."),
    part(
        "FACT",
        Rule::fact,
        "delivery to the ordering clinician by phone fails",
        "What holds in a test: values of fields, or a delivery that fails.",
    ),
    part(
        "PAIR",
        Rule::pair,
        "value is 6.9 mmol/L",
        "A field and its value; off the scale with a sign, as in `value is >10 mmol/L`.",
    ),
    part("SIGN", Rule::cmp, ">", "The sign before a value off the scale."),
    part(
        "EVENT",
        Rule::event,
        "R1: lab result is verified, test is potassium, value is 6.9 mmol/L",
        "What happens in a test: to a report, to a feed, or what a person does.",
    ),
    part("SCOPE", Rule::scope, "for R1", "Which report, or which group, is meant where there are several."),
    part(
        "OUTCOME",
        Rule::outcome,
        "02:15 desk \"Operations\" is paged by phone",
        "What must follow in a test. Without a time it is a statement about the end of the day.",
    ),
    part("REFUSAL", Rule::refusal, "read-back does not match", "Why an answer did not count."),
    part("NAME", Rule::name, "\"STAT lab\"", "A name or text in quotes."),
    part("ENTRY", Rule::label, "\"Head of bed unit\"", "A name of the catalogue, with or without quotes."),
    part("TERM", Rule::term, "surgical biopsy", "One word or several, none of them reserved."),
    part("WORD", Rule::tag, "orange", "One word that is not reserved."),
    part("IDENT", Rule::ident, "repeat_allowed", "A name in small letters, figures and `_`."),
    part("LABEL", Rule::ref_label, "R1", "A letter and figures; one label is one report."),
    part("WHOLE", Rule::integer, "3", "A whole number."),
    part("NUMBER", Rule::number, "6.9", "A number, whole or decimal."),
    part("RANK", Rule::ordinal, "90th", "A whole number with its ending."),
    part("LOINC-CODE", Rule::loinc, "2823-3", "A LOINC code; its check digit is checked."),
    part("UNIT", Rule::unit, "mmol/L", "A unit of UCUM that the edition knows."),
];
