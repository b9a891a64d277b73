//! Text: does a message hold only placeholders that may leave through its channel?
//!
//! | text | may hold |
//! |---|---|
//! | all | `{link}` `{code}` |
//! | message, brief | and `{severity}` `{raised}` `{due}` `{waited}` `{count}` `{site}` |
//! | message, template with health details | and `{rule}` `{kind}` `{test}` `{value}` `{finding}` `{flag}` `{priority}` `{modality}` `{location}` |
//! - **Not here**: filling them in.

use super::context::Context;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::suggest;
use crate::syntax::basic::Name;

/// Placeholders of every text.
pub(crate) const EVERYWHERE: &[&str] = &["link", "code"];
/// Placeholders of texts to staff.
pub(crate) const STAFF: &[&str] = &["severity", "raised", "due", "waited", "count", "site"];
/// Placeholders of texts that may carry health details.
pub(crate) const DETAILS: &[&str] =
    &["rule", "kind", "test", "value", "finding", "flag", "priority", "modality", "location"];
/// What names a patient, in the words people try.
const IDENTIFIERS: &[&str] = &[
    "accession",
    "address",
    "birth_date",
    "birthdate",
    "dob",
    "encounter",
    "initials",
    "mrn",
    "name",
    "number",
    "order",
    "order_number",
    "patient",
    "patient_name",
    "phone",
    "record",
    "record_number",
    "room",
    "ssn",
];

/// Where a text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// To staff, signed in.
    Message,
    /// To staff, over open channels.
    Brief,
    /// To patients; whether with health details is said by the notice.
    Template,
}

/// Checks a template of the catalogue.
pub(super) fn template(cx: &mut Context<'_>, text: &Name) {
    check(cx, text, Kind::Template);
}

/// Checks every placeholder of a text: WL0701, WL0702, WL0703.
pub(super) fn check(cx: &mut Context<'_>, text: &Name, kind: Kind) {
    for (word, span) in placeholders(text) {
        let Some(word) = word else {
            cx.report(
                Diagnostic::new(Code::WL0702, span, "This brace belongs to no placeholder.")
                    .because("A placeholder is one word in braces, such as {link}."),
            );
            continue;
        };
        if let Some(found) = judge((&word, &text.node), span, kind) {
            cx.report(found);
        }
    }
}

fn judge((word, text): (&str, &str), span: Span, kind: Kind) -> Option<Diagnostic> {
    // One link is enough; what is left then is how urgent it is, which only staff are told.
    let instead = match kind {
        Kind::Message | Kind::Brief if text.contains("{link}") && !text.contains("{severity}") => "{severity}",
        Kind::Message | Kind::Brief if text.contains("{link}") => "{raised}",
        Kind::Message | Kind::Brief | Kind::Template => "{link}",
    };
    let details = DETAILS.contains(&word);
    let allowed = EVERYWHERE.contains(&word)
        || match kind {
            Kind::Message => details || STAFF.contains(&word),
            Kind::Brief => STAFF.contains(&word),
            Kind::Template => details,
        };
    if allowed {
        return None;
    }
    if IDENTIFIERS.contains(&word) {
        let found =
            Diagnostic::new(Code::WL0703, span, format!("{{{word}}} identifies a patient; nothing that leaves may."));
        return Some(found.because("{link} opens the report after sign-in.").replace("Change it to:", span, instead));
    }
    if kind == Kind::Brief && details {
        let found = Diagnostic::new(
            Code::WL0701,
            span,
            format!("A brief goes over open channels and must not carry {{{word}}}."),
        );
        return Some(
            found.because("Health details leave only in a message, on channels where people sign in.").replace(
                "Change it to:",
                span,
                instead,
            ),
        );
    }
    Some(unknown(word, span, kind))
}

fn unknown(word: &str, span: Span, kind: Kind) -> Diagnostic {
    let staff: &[&str] = if kind == Kind::Template { &[] } else { STAFF };
    let details: &[&str] = if kind == Kind::Brief { &[] } else { DETAILS };
    let known: Vec<&str> = EVERYWHERE.iter().chain(staff).chain(details).copied().collect();
    let found = Diagnostic::new(Code::WL0702, span, format!("There is no placeholder {{{word}}} here."));
    match suggest::nearest(word, known.iter().copied()) {
        Some(near) => found.replace(format!("Did you mean {{{near}}}? Change it to:"), span, format!("{{{near}}}")),
        None => found.because(format!(
            "There are: {}.",
            known.iter().map(|word| format!("{{{word}}}")).collect::<Vec<_>>().join(" ")
        )),
    }
}

/// Health details in a text that goes without them: WL0701.
pub(super) fn without_details(cx: &mut Context<'_>, template: (&str, &str), span: Span) {
    let (name, text) = template;
    if let Some(word) = DETAILS.iter().find(|word| text.contains(&format!("{{{word}}}"))) {
        let message =
            format!("Patients' messages must not carry {{{word}}}: \"{name}\" is used without health details.");
        let found = Diagnostic::new(Code::WL0701, span, message);
        cx.report(
            found.help("Write the template as:", &["\"There is something new for you. Sign in to read it: {link}\""]),
        );
    }
}

/// The placeholders of a text with their places; `None` for a brace that opens or closes none.
fn placeholders(text: &Name) -> Vec<(Option<String>, Span)> {
    let mut found = Vec::new();
    let mut rest = text.node.as_str();
    let mut at = 1_usize;
    while let Some(brace) = rest.find(['{', '}']) {
        let from = rest.get(brace..).unwrap_or("");
        let word = from.strip_prefix('{').and_then(|inner| inner.split_once('}')).map(|(word, _)| word);
        let word = word.filter(|word| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_'));
        let length = word.map_or(1, |word| word.len() + 2);
        found.push((word.map(str::to_owned), within(text.span, at + brace, length)));
        at += brace + length;
        rest = from.get(length..).unwrap_or("");
    }
    found
}

/// A part of a quoted text: its first byte stands behind the quote.
fn within(span: Span, at: usize, length: usize) -> Span {
    let start = span.start.saturating_add(u32::try_from(at).unwrap_or(0));
    Span { start, end: start.saturating_add(u32::try_from(length).unwrap_or(0)), ..span }
}

/// WL0704: people are asked for a code that a text does not show.
pub(super) fn shows_code(cx: &mut Context<'_>, text: &Name) {
    if !text.node.contains("{code}") {
        let found = Diagnostic::new(Code::WL0704, text.span, "People are asked for a code this text does not show.");
        let corrected = format!("\"{} Code {{code}}\"", text.node);
        cx.report(found.replace("Change it to:", text.span, corrected));
    }
}
