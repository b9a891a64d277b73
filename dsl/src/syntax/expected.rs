//! Expected: what would have been right at the place where reading stopped?
//!
//! The parser knows every rule it tried at the furthest position it reached. This module says them in the author's words, in
//! this order: a keyword that was misspelt, a sign that was left out, and otherwise what may follow, with a right clause beside.
//! - **Not here**: clauses that are read and make no sense (`check`).

use crate::diagnostic::{Code, Diagnostic};
use crate::grammar::{Rule, Stop};
use crate::layout::Joined;
use crate::source::Span;
use crate::suggest;
use crate::vocabulary::{ClauseForm, RESERVED};

/// How many alternatives a sentence names.
const ALTERNATIVES_MAX: usize = 5;

/// What a clause that cannot be read has to say.
pub(super) fn clause_diagnostic(text: &Joined, stop: &Stop, form: &ClauseForm) -> Diagnostic {
    if let Some(found) = reserved_in_name(text, stop, form) {
        return found;
    }
    if let Some(found) = state_as_moment(text, stop, form) {
        return found;
    }
    diagnostic(text, stop, form.example)
}

/// `is on hold` where a moment is meant: states with reserved words in them stop the parser before the checker sees them.
fn state_as_moment(text: &Joined, stop: &Stop, form: &ClauseForm) -> Option<Diagnostic> {
    const MOMENTS: &[&str] = &["when", "after", "expect", "starts", "stops", "cancels", "restarts", "withdraw"];
    const STATES: &[&str] =
        &["on hold", "in transit", "in process", "on the portal", "awaiting the patient", "seen by the patient"];
    let near = |at: usize, state: &str| (at..=at + state.len()).contains(&stop.at);
    let found =
        |state: &&&str| text.text.find(&format!(" is {state}")).is_some_and(|at| near(at + " is ".len(), state));
    let state = STATES.iter().filter(|_| MOMENTS.contains(&form.word)).find(found)?;
    let at = text.text.find(&format!(" is {state}"))? + " is ".len();
    Some(state_is_no_moment(text.span(at, at + state.len()), state))
}

/// WL0302.
pub(crate) fn state_is_no_moment(span: Span, state: &str) -> Diagnostic {
    Diagnostic::new(Code::WL0302, span, format!("\"{state}\" is a situation."))
        .because("Should this run when it begins, or while it lasts?")
        .help("When it begins:", &[&format!("when      a report becomes {state}")])
        .help("While it lasts:", &[&format!("while     a report is {state}")])
}

/// What a header or clause that cannot be read has to say.
pub(super) fn diagnostic(text: &Joined, stop: &Stop, sample: &str) -> Diagnostic {
    let here = word_at(&text.text, stop.at);
    let span = text.span(stop.at, stop.at + here.len());
    let expected = phrases(&text.text, stop);
    let message = message(&text.text, stop.at, here, &expected);
    let found = Diagnostic::new(Code::WL0108, span, message);
    if let Some(near) = misspelt(here, &stop.expected) {
        return found.replace(format!("Did you mean {near}? Change it to:"), span, near);
    }
    if let [Rule::k_comma | Rule::k_colon] = stop.expected.as_slice() {
        return left_out(found, text, stop);
    }
    found.help("A right one looks like:", &[sample])
}

fn left_out(found: Diagnostic, text: &Joined, stop: &Stop) -> Diagnostic {
    let sign = if stop.expected.contains(&Rule::k_comma) { "," } else { ":" };
    let end = text.text.get(..stop.at).unwrap_or("").trim_end().len();
    let place = text.span(end.saturating_sub(1), end).end;
    let insert = Span { start: place, end: place, ..text.whole() };
    found.replace("Change it to:", insert, sign)
}

fn message(text: &str, at: usize, here: &str, expected: &[String]) -> String {
    let before = text.get(..at).unwrap_or("").trim_end();
    let last = last_words(before);
    let what = one_of(expected);
    if what.is_empty() {
        return format!("I don't understand \"{here}\" here.");
    }
    match (last.is_empty(), here.is_empty()) {
        (true, _) => format!("I expect {what} here."),
        (false, true) => format!("After {last} I expect {what}, and the clause ends."),
        (false, false) => format!("After {last} I expect {what}."),
    }
}

/// The last word before the stop; a name between quotes counts as one.
fn last_words(before: &str) -> String {
    if let Some(quoted) = before.strip_suffix('"') {
        let name = quoted.rsplit('"').next().unwrap_or("");
        return format!("\"{name}\"");
    }
    let last = before.rsplit([' ', '\n']).next().unwrap_or("");
    let last = last.trim_end_matches([',', ':']);
    if last.is_empty() { String::new() } else { format!("\"{last}\"") }
}

fn word_at(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or("");
    let name = rest.strip_prefix('"').and_then(|inner| inner.find('"')).and_then(|end| rest.get(..end + 2));
    name.unwrap_or_else(|| rest.split([' ', '\n', ',', ':']).next().unwrap_or(""))
}

/// The keyword that a wrong word was meant to be.
fn misspelt(here: &str, expected: &[Rule]) -> Option<String> {
    let keywords: Vec<String> = expected.iter().filter_map(|rule| keyword(*rule)).collect();
    let near = suggest::nearest(here, keywords.iter().map(String::as_str).filter(|keyword| *keyword != here))?;
    Some(near.to_owned())
}

/// The text of a keyword rule; `None` for every other rule and for signs.
pub(crate) fn keyword(rule: Rule) -> Option<String> {
    let name = format!("{rule:?}");
    let word = name.strip_prefix("k_")?;
    if sign(rule).is_some() {
        return None;
    }
    Some(match word {
        "read_back" => "read-back".to_owned(),
        "patient_s" => "patient's".to_owned(),
        plain => plain.to_owned(),
    })
}

fn sign(rule: Rule) -> Option<&'static str> {
    const SIGNS: &[(Rule, &str)] = &[
        (Rule::k_comma, "a comma"),
        (Rule::k_colon, "a colon"),
        (Rule::k_dash, "a dash"),
        (Rule::k_paren_open, "an opening bracket"),
        (Rule::k_paren_close, "a closing bracket"),
        (Rule::EOI, "the end of the clause"),
    ];
    SIGNS.iter().find(|(known, _)| *known == rule).map(|(_, words)| *words)
}

/// What may follow, in words, each once, in the order of the grammar; the end of the clause only if nothing else may.
fn phrases(text: &str, stop: &Stop) -> Vec<String> {
    let mut phrases: Vec<String> = Vec::new();
    for rule in &stop.expected {
        let phrase = phrase(*rule, text, stop.at);
        if !phrase.is_empty() && !phrases.contains(&phrase) {
            phrases.push(phrase);
        }
    }
    let singular = |phrase: &String, all: &[String]| all.contains(&format!("{phrase}s"));
    let all = phrases.clone();
    phrases.retain(|phrase| !singular(phrase, &all));
    if phrases.len() > 1 {
        phrases.retain(|phrase| phrase != "the end of the clause");
    }
    phrases
}

fn phrase(rule: Rule, text: &str, at: usize) -> String {
    if let Some(sign) = sign(rule) {
        return sign.to_owned();
    }
    if rule == Rule::integer {
        return whole_number(text, at).to_owned();
    }
    match WORDS.iter().find(|(known, _)| *known == rule) {
        Some((_, words)) => (*words).to_owned(),
        None => keyword(rule).unwrap_or_default(),
    }
}

/// A whole number counts something, or it begins a length of time; the word before says which.
fn whole_number(text: &str, at: usize) -> &'static str {
    const COUNTED: &[&str] = &["edition", "limit", "step", "steps", "to", "every", "least", "of"];
    let before = text.get(..at).unwrap_or("").trim_end();
    let last = before.rsplit([' ', '\n']).next().unwrap_or("");
    let clause = before.split(' ').next().unwrap_or("");
    let counted = COUNTED.contains(&last) && clause != "every" && clause != "expires";
    if counted { "a whole number" } else { "a duration, such as 5 minutes" }
}

/// The rules a reader would name, in words.
const WORDS: &[(Rule, &str)] = &[
    (Rule::dur, "a duration, such as 5 minutes"),
    (Rule::span, "a duration, such as 60 minutes or 4 working hours"),
    (Rule::wdur, "a duration"),
    (Rule::wdays, "a duration"),
    (Rule::amount, "an amount, such as 6.5 mmol/L"),
    (Rule::number, "a number"),
    (Rule::unit, "a unit"),
    (Rule::ordinal, "a rank, such as 90th"),
    (Rule::name, "a name in quotes"),
    (Rule::label, "a name"),
    (Rule::term, "a name"),
    (Rule::word, "a name"),
    (Rule::tail, "a name"),
    (Rule::tag, "a word"),
    (Rule::ident, "a name in small letters"),
    (Rule::ref_label, "a report's label, such as R1"),
    (Rule::loinc, "a LOINC code, such as 2823-3"),
    (Rule::date, "a date, such as 2026-07-04"),
    (Rule::time, "a time, such as 16:00"),
    (Rule::instant, "a time, such as 02:10"),
    (Rule::stamp, "a time, such as 02:10"),
    (Rule::zone_name, "a time zone, such as America/Chicago"),
    (Rule::day, "a day of the week"),
    (Rule::month, "a month"),
    (Rule::hours, "hours, such as Monday to Friday 08:00 to 17:00"),
    (Rule::night, "hours, such as 19:00 to 07:00"),
    (Rule::closure, "holidays or a date"),
    (Rule::range, "a comparison, such as above 6.5 mmol/L"),
    (Rule::relation, "what it is, such as stat or above 6.5 mmol/L"),
    (Rule::choice, "values"),
    (Rule::value, "a value"),
    (Rule::phrase, "a state or flag, such as on hold"),
    (Rule::condition, "a condition, such as priority is stat"),
    (Rule::operand, "a condition, such as priority is stat"),
    (Rule::atom, "a condition, such as priority is stat"),
    (Rule::group, "any of"),
    (Rule::bullet, "a line that begins with a dash"),
    (Rule::call, "a function"),
    (Rule::argument, "a value"),
    (Rule::kind, "a kind of report, such as lab"),
    (Rule::kinds, "a kind of report, such as lab"),
    (Rule::subject, "order, specimen, exam, analysis, result, report or patient"),
    (Rule::step_word, "a step, such as received"),
    (Rule::milestone, "a milestone, such as specimen received"),
    (Rule::moment, "a moment, such as the specimen is received"),
    (Rule::moments, "a moment, such as the specimen is received"),
    (Rule::happening, "is, becomes or is no longer"),
    (Rule::state, "a state, such as a report is on hold"),
    (Rule::report_is, "a state, such as a report is on hold"),
    (Rule::count_is, "count of open reports is"),
    (Rule::article, ""),
    (Rule::who, "somebody, such as desk \"Operations\""),
    (Rule::r#ref, "somebody, such as desk \"Operations\""),
    (Rule::channel, "a channel, such as phone"),
    (Rule::by, "by and a channel"),
    (Rule::page_to, "somebody, such as desk \"Operations\" by phone"),
    (Rule::tell_to, "somebody, such as desk \"Operations\" by worklist"),
    (Rule::action, "page or tell"),
    (Rule::param, "a parameter, such as location: place"),
    (Rule::missed, "a field, such as location"),
    (Rule::delayed, "alert, breaches of or warnings of, and a name"),
    (Rule::fact, "a fact, such as location is ICU"),
    (Rule::pair, "a fact, such as location is ICU"),
    (Rule::event, "an event, such as R1: lab result is verified"),
    (Rule::outcome, "an expectation, such as desk \"Operations\" is paged by phone"),
    (Rule::scope, ""),
    (Rule::refusal, "the reason of a refusal"),
    (Rule::cmp, ""),
];

fn one_of(phrases: &[String]) -> String {
    let shown: Vec<&str> = phrases.iter().take(ALTERNATIVES_MAX).map(String::as_str).collect();
    match shown.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// A catalogue entry with a reserved word in its bare name: WL0205, quoted as far as the entry goes.
fn reserved_in_name(text: &Joined, stop: &Stop, form: &ClauseForm) -> Option<Diagnostic> {
    const NAMING: &[&str] = &["site", "place", "values", "flag", "test"];
    let here = word_at(&text.text, stop.at);
    if !NAMING.contains(&form.word) || !RESERVED.contains(&here) {
        return None;
    }
    let before = text.text.get(..stop.at)?;
    let start = before.rfind([',', ':']).map_or(form.word.len(), |at| at + 1);
    let start = start + before.get(start..)?.len() - before.get(start..)?.trim_start().len();
    let rest = text.text.get(stop.at..)?;
    let end = stop.at + rest.find([',', ':']).unwrap_or(rest.len());
    let quoted = format!("\"{}\"", text.text.get(start..end)?.trim_end());
    let found = Diagnostic::new(
        Code::WL0205,
        text.span(stop.at, stop.at + here.len()),
        format!("\"{here}\" cannot stand in a bare name."),
    );
    Some(found.because("It has a meaning of its own in conditions.").replace(
        "Change it to:",
        text.span(start, end),
        quoted,
    ))
}
