//! Prose: what does a ward promise, in sentences that need nothing looked up?
//!
//! One paragraph per rule, always in the same order: what is watched, the limit, who is told, what happens otherwise, what is
//! done with missing values, what late news does. Every default that has an effect is said. Each form of clause has one
//! sentence, so equal rules read equal.
//! - **How it fits**: `wardline read` prints [`text`], [`markdown`] or [`html`] of a checked program.
//! - **Not here**: reading prose back; parts of a ward that no program holds.

mod conditions;
mod people;
mod rules;
mod watch;
mod words;

use wardline_rules::program::{Program, RuleHead};

pub(crate) use rules::due;
pub(crate) use words::DAYS;
use words::long_date;

/// One rule in sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paragraph {
    /// The rule's name.
    pub title: String,
    /// Policy, owner and date of review.
    pub policy: String,
    /// The sentences, in order.
    pub sentences: Vec<String>,
}

/// A condition in words; a comparison without the article before its field.
#[must_use]
pub fn condition_words(program: &Program, condition: &wardline_rules::program::Condition) -> String {
    let words = conditions::condition(program, condition);
    words.strip_prefix("the ").map_or(words.clone(), str::to_owned)
}

/// All rules of a program: clocks with their exceptions, alerts, notices, suppressions.
#[must_use]
pub fn paragraphs(program: &Program) -> Vec<Paragraph> {
    let mut all = Vec::new();
    for family in &program.families {
        for rule in &family.rules {
            let parent =
                rule.parent.and_then(|parent| usize::try_from(parent).ok()).and_then(|parent| family.rules.get(parent));
            all.push(paragraph(&rule.head, rules::sla(program, rule, parent)));
        }
    }
    all.extend(program.alerts.iter().map(|alert| paragraph(&alert.head, rules::alert(program, alert))));
    all.extend(program.notices.iter().map(|notice| paragraph(&notice.head, watch::notice(program, notice))));
    all.extend(program.suppressions.iter().map(|rule| paragraph(&rule.head, watch::suppress(program, rule))));
    all
}

fn paragraph(head: &RuleHead, sentences: Vec<String>) -> Paragraph {
    let policy = format!("{}, {}, review by {}", head.policy, head.owner, long_date(head.review_by));
    Paragraph { title: head.name.to_string(), policy, sentences }
}

/// The rules as plain text, wrapped below column 120.
#[must_use]
pub fn text(program: &Program) -> String {
    paragraphs(program)
        .iter()
        .map(|paragraph| {
            let body = wrapped(&paragraph.sentences.join(" "), 116, "  ");
            format!("{} ({})\n{body}", paragraph.title, paragraph.policy)
        })
        .collect()
}

/// The rules as Markdown, one heading each.
#[must_use]
pub fn markdown(program: &Program) -> String {
    let rules = paragraphs(program);
    let body =
        rules.iter().map(|rule| format!("\n## {}\n\n*{}*\n\n{}\n", rule.title, rule.policy, rule.sentences.join(" ")));
    format!("# {}\n{}", program.name, body.collect::<String>())
}

/// Lines short enough to read, and no rule cut by the end of a sheet.
const BINDER: &str = "body{max-width:44em;margin:2em auto;padding:0 1em;font:1em/1.5 serif}section{break-inside:avoid}";

/// The rules as one page for a policy binder.
#[must_use]
pub fn html(program: &Program) -> String {
    let rules = paragraphs(program);
    let body = rules.iter().map(|rule| {
        let (title, policy, text) = (escaped(&rule.title), escaped(&rule.policy), escaped(&rule.sentences.join(" ")));
        format!("<section><h2>{title}</h2><p><em>{policy}</em></p><p>{text}</p></section>\n")
    });
    let name = escaped(&program.name);
    let head = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{name}</title>\n<style>{BINDER}</style></head><body>\n<h1>{name}</h1>\n"
    );
    format!("{head}{}<p>Ward version {}</p>\n</body></html>\n", body.collect::<String>(), program.version)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            out.push_str(&format!("{indent}{line}\n"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    format!("{out}{indent}{line}\n")
}

#[cfg(test)]
mod tests;
