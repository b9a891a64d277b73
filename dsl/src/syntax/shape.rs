//! Shape: does a block hold the clauses it must, and only those it may?
//!
//! Besides the table of the vocabulary an alert has one of four triggers, each with its own companions.
//! - **How it fits**: [`block`](super::block) asks after reading a block. Codes WL0104, WL0105, WL0106, WL0110.
//! - **Not here**: what the clauses say.

use super::block::Block;
use crate::diagnostic::{Code, Diagnostic};
use crate::layout::Joined;
use crate::layout::with_article;
use crate::source::Span;
use crate::suggest;
use crate::vocabulary::{BlockForm, BlockKind, ClauseForm, DEPENDENT, PLANNED_CLAUSES, TRIGGERS, Times, blocks_with};

/// Reports clauses that are missing or there too often.
pub(super) fn check(block: &Block, form: &BlockForm, diagnostics: &mut Vec<Diagnostic>) {
    for clause in form.clauses {
        repeated(block, clause, diagnostics);
        let required = matches!(clause.times, Times::Once | Times::AtLeastOnce);
        if required && !block.has(clause.word) {
            diagnostics.push(missing(block, clause));
        }
    }
    if block.kind == BlockKind::Alert {
        trigger(block, form, diagnostics);
    }
    if block.kind == BlockKind::Test && block.clauses.iter().all(|clause| clause.word != "then") {
        diagnostics.push(missing_word(block, form, "then"));
    }
}

fn repeated(block: &Block, form: &ClauseForm, diagnostics: &mut Vec<Diagnostic>) {
    if !matches!(form.times, Times::Once | Times::AtMostOnce) {
        return;
    }
    let mut all = block.clauses.iter().filter(|clause| clause.word == form.word);
    let Some(first) = all.next() else { return };
    for again in all {
        let message = format!("\"{}\" is here twice; {} has it once.", form.word, with_article(block.kind.word()));
        let found = Diagnostic::new(Code::WL0106, again.word_span, message).label(first.span, "the first");
        diagnostics.push(found.because("Two of them leave open which one counts: delete one."));
    }
}

fn missing_word(block: &Block, form: &BlockForm, word: &str) -> Diagnostic {
    match form.clause(word) {
        Some(clause) => missing(block, clause),
        None => missing_text(block, word, ""),
    }
}

fn missing(block: &Block, clause: &ClauseForm) -> Diagnostic {
    missing_text(block, clause.word, clause.example)
}

fn missing_text(block: &Block, word: &str, sample: &str) -> Diagnostic {
    let reason = match word {
        "policy" => "Surveyors ask for it, and so does whoever is paged at night.",
        "stops" => "A clock that nothing stops breaches every time.",
        "then" if block.kind == BlockKind::Escalation => "If nobody answers, somebody must still hear of it.",
        "nobody" => "There is always an hour that no turn covers.",
        "severity" => "It says how soon somebody must answer, and what may hold it.",
        "example" => "Examples show a reader, and the checker, what the script gives.",
        _ => "",
    };
    let what = if word == "policy" { "its policy".to_owned() } else { format!("\"{word}\"") };
    let message = format!("This {} says nothing about {what}.", block.kind.word());
    Diagnostic::new(Code::WL0105, block.header, message).because(reason).help("Add a line such as:", &[sample])
}

/// A clause word that is unknown, or belongs to another block.
pub(super) fn foreign_clause(text: &Joined, block: &BlockForm) -> Diagnostic {
    let (word, span) = (text.word(), text.word_span());
    if PLANNED_CLAUSES.contains(&word) {
        return Diagnostic::new(Code::WL0110, span, format!("{word} is planned and not part of this release."));
    }
    if let Some(owner) = blocks_with(word).next() {
        return belongs_elsewhere(word, span, owner, block);
    }
    let article = with_article(block.word);
    let found = Diagnostic::new(Code::WL0104, span, format!("{} has no clause \"{word}\".", capital(&article)));
    if let Some(near) = suggest::nearest(word, block.clauses.iter().map(|clause| clause.word)) {
        return found.replace(format!("Did you mean {near}? Change it to:"), span, near);
    }
    let words: Vec<&str> = block.clauses.iter().map(|clause| clause.word).collect();
    if words.is_empty() {
        return found.because(format!("The header of {article} says all; it has no clauses."));
    }
    found.because(format!("Its clauses are: {}.", words.join(", ")))
}

fn belongs_elsewhere(word: &str, span: Span, owner: &BlockForm, block: &BlockForm) -> Diagnostic {
    let message = format!("\"{word}\" belongs to {}.", with_article(owner.word));
    let found = Diagnostic::new(Code::WL0104, span, message);
    let instead = match (block.kind, word) {
        (BlockKind::Alert, "pauses" | "covers" | "starts") => Some(("An alert waits with hold.", "hold")),
        (BlockKind::Alert, "stops" | "cancels") => Some(("An alert ends with withdraw.", "withdraw")),
        (BlockKind::Alert, "target") => Some(("An alert waits for something with within.", "within")),
        (BlockKind::Alert, "channel") => Some(("An alert pages somebody by a channel.", "page")),
        (BlockKind::Sla | BlockKind::Exception, "when" | "after") => Some(("An sla begins with starts.", "starts")),
        (BlockKind::Sla | BlockKind::Exception, "where") => Some(("An sla says where in covers.", "covers")),
        (BlockKind::Sla | BlockKind::Exception, "page" | "tell") => Some(("An sla acts in breach and warn.", "breach")),
        (BlockKind::Sla | BlockKind::Exception, "hold" | "within") => Some(("An sla promises a target.", "target")),
        (_, _) => None,
    };
    match instead.and_then(|(why, word)| block.clause(word).map(|clause| (why, clause.example))) {
        Some((why, sample)) => found.because(why).help("Change it to:", &[sample]),
        None => found.because(format!("Delete it, or move it to {}.", with_article(owner.word))),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn trigger(block: &Block, form: &BlockForm, diagnostics: &mut Vec<Diagnostic>) {
    let mut found = TRIGGERS.iter().filter(|trigger| block.has(trigger.word));
    let Some(first) = found.next() else {
        let message = "This alert has no trigger.";
        let why =
            "It begins with one of: when (a moment), while (a state), after (something missing), every (a window).";
        diagnostics.push(
            Diagnostic::new(Code::WL0105, block.header, message)
                .because(why)
                .help("Add a line such as:", &[sample(form, "when")]),
        );
        return;
    };
    if let Some(second) = found.next() {
        diagnostics.push(two_triggers(block, first.word, second.word));
        return;
    }
    for word in first.required {
        if !block.has(word) {
            diagnostics.push(missing_word(block, form, word));
        }
    }
    for clause in block.clauses.iter().filter(|clause| DEPENDENT.contains(&clause.word)) {
        if !first.required.contains(&clause.word) && !first.allowed.contains(&clause.word) {
            let message = format!("\"{}\" does not go with \"{}\".", clause.word, first.word);
            let found = Diagnostic::new(Code::WL0104, clause.word_span, message);
            diagnostics.push(found.because(goes_with(clause.word)));
        }
    }
    if !["page", "tell", "decide"].iter().any(|word| block.has(word)) {
        diagnostics
            .push(missing_word(block, form, "page").because("An alert tells somebody: it has page, tell, or both."));
    }
}

fn goes_with(word: &str) -> String {
    let triggers: Vec<&str> = TRIGGERS
        .iter()
        .filter(|trigger| trigger.required.contains(&word) || trigger.allowed.contains(&word))
        .map(|trigger| trigger.word)
        .collect();
    format!("It goes with {}.", triggers.join(", "))
}

fn sample(form: &BlockForm, word: &str) -> &'static str {
    form.clause(word).map_or("", |clause| clause.example)
}

fn two_triggers(block: &Block, first: &str, second: &str) -> Diagnostic {
    let span = block.clause(second).map_or(block.header, |clause| clause.word_span);
    let message = format!("\"{first}\" and \"{second}\" are both here.");
    let found = Diagnostic::new(Code::WL0106, span, message).because("One rule, one trigger: split it in two.");
    match block.clause(first) {
        Some(clause) => found.label(clause.span, ""),
        None => found,
    }
}
