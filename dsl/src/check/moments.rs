//! Moments: what do sentences about steps, states and flags mean?
//!
//! A moment and a state are never mixed: `is finalised` happens, `is final` lasts. The wrong one of the two is WL0301 or WL0302.
//! - **Not here**: fields (`field`).

use wardline_rules::program::{FeedId, Happening, Moment, Situation};
use wardline_rules::words::{FlagWord, KindSet, Step, WardKind};

use super::catalogue::{or_declare, suggested, unknown};
use super::context::Context;
use super::standard::{self, STEPS, StepForm};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::source::Spanned;
use crate::syntax::basic::Name;
use crate::syntax::expected::state_is_no_moment;
use crate::syntax::moment::{Happening as Said, Milestone, Moment as Sentence, MomentBody, Moments, ReportIs, Subject};

/// The moments of a clause. **Input** `kinds`: those of the reports the rule is about.
pub(super) fn moments(cx: &mut Context<'_>, written: &Moments, kinds: KindSet) -> Option<Vec<Moment>> {
    let moments: Vec<Option<Moment>> = written.any.iter().map(|sentence| moment(cx, sentence, kinds)).collect();
    moments.into_iter().collect()
}

/// One moment.
pub(super) fn moment(cx: &mut Context<'_>, sentence: &Sentence, kinds: KindSet) -> Option<Moment> {
    let (kind, subject, happening) = match &sentence.body {
        MomentBody::Message(name) => {
            let happening = Happening::Message(feed(cx, name)?);
            return Some(Moment { of_result: false, kinds: KindSet::ALL, happening });
        }
        MomentBody::Happening { kind, subject, happening } => (kind, subject, happening),
    };
    let said = kind.as_ref().map_or(KindSet::ALL, |kind| kind.node);
    let of_result = subject.node == Subject::Result;
    match happening {
        Said::Is(word) => {
            let form = step_form(cx, subject, word)?;
            let narrowed = trade(cx, form, word, (said, kinds))?;
            Some(Moment { of_result, kinds: narrowed, happening: form.happening() })
        }
        Said::Becomes(word) => {
            situation(cx, word).map(|found| Moment { of_result, kinds: said, happening: Happening::Begins(found) })
        }
        Said::IsNoLonger(word) => {
            situation(cx, word).map(|found| Moment { of_result, kinds: said, happening: Happening::Ends(found) })
        }
    }
}

/// The feed of a name; WL0201 if it is not declared.
pub(super) fn feed(cx: &mut Context<'_>, name: &Name) -> Option<FeedId> {
    let found = cx.catalogue.feed(&name.node);
    if found.is_none() {
        let known: Vec<String> = cx.catalogue.feeds.iter().map(|feed| format!("\"{}\"", feed.name)).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let quoted = Name { node: format!("\"{}\"", name.node), span: name.span };
        let found = Diagnostic::new(Code::WL0201, name.span, format!("I don't know the feed \"{}\".", name.node));
        cx.report(or_declare(suggested(found, &quoted, &known, "The catalogue has"), "feed", &quoted, &known));
    }
    found
}

/// The step of a sentence; otherwise what was meant.
fn step_form(cx: &mut Context<'_>, subject: &Spanned<Subject>, word: &Name) -> Option<&'static StepForm> {
    let found = standard::step(subject.node, &word.node);
    if found.is_none() {
        let diagnostic = no_step(cx, subject, word);
        cx.report(diagnostic);
    }
    found
}

fn no_step(cx: &Context<'_>, subject: &Spanned<Subject>, word: &Name) -> Diagnostic {
    let lasts = standard::state(&word.node).is_some() || flag(cx, &word.node).is_some();
    if lasts {
        return state_is_no_moment(word.span, &word.node);
    }
    let sentence = subject.span.to(word.span);
    if let Some(form) = STEPS.iter().find(|form| form.word == word.node) {
        let other = form.subjects.first().map_or("report", |subject| subject.word());
        let message =
            format!("A {} is never {}; {} is.", subject.node.word(), word.node, crate::layout::with_article(other));
        return Diagnostic::new(Code::WL0201, sentence, message).replace("Change it to:", subject.span, other);
    }
    let found = Diagnostic::new(
        Code::WL0201,
        word.span,
        format!("I don't know what it means that a {} is \"{}\".", subject.node.word(), word.node),
    );
    let words: Vec<&str> =
        STEPS.iter().filter(|form| form.subjects.contains(&subject.node)).map(|form| form.word).collect();
    suggested(found, word, &words, "It can be")
}

/// The kinds that a sentence speaks of; WL0206 if its trade word belongs to none of the kinds at hand.
fn trade(cx: &mut Context<'_>, form: &StepForm, word: &Name, (said, rule): (KindSet, KindSet)) -> Option<KindSet> {
    let narrowed = said.and(form.kinds());
    let at_hand = if said == KindSet::ALL { rule } else { said };
    if !at_hand.and(form.kinds()).is_empty() || at_hand.is_empty() {
        return Some(narrowed);
    }
    let right = at_hand.iter().next().map_or("finalised", |kind| right_word(form, kind));
    let reports = capital(&standard::kind_words(at_hand));
    let found = Diagnostic::new(Code::WL0206, word.span, format!("{reports} reports are {right}, not {}.", word.node));
    cx.report(found.because(format!("\"{}\" belongs to {}.", word.node, standard::kind_words(form.kinds()))).replace(
        "Change it to:",
        word.span,
        right,
    ));
    None
}

fn right_word(form: &StepForm, kind: WardKind) -> &'static str {
    if form.step() == Step::Received { "received" } else { standard::final_word(kind) }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What a phrase after `becomes` or `is` means: a state or a flag.
pub(super) fn situation(cx: &mut Context<'_>, word: &Name) -> Option<Situation> {
    if let Some(states) = standard::state(&word.node) {
        return Some(Situation::States(states));
    }
    match flag(cx, &word.node) {
        Some(FlagWord::Report(flag)) => return Some(Situation::Flag(flag)),
        Some(FlagWord::Wait(reason)) => return Some(Situation::Wait(reason)),
        Some(FlagWord::Result(_)) | None => {}
    }
    let found = no_situation(cx, word);
    cx.report(found);
    None
}

fn no_situation(cx: &Context<'_>, word: &Name) -> Diagnostic {
    if STEPS.iter().any(|form| form.word == word.node) {
        let message = format!("\"report is {}\" happens at one moment, so it never lasts.", word.node);
        let lasting =
            STEPS.iter().find(|form| form.word == word.node).map_or("final", |form| form.step().state().name());
        return Diagnostic::new(Code::WL0301, word.span, message)
            .help("To act when it happens:", &[&format!("when      a report is {}", word.node)])
            .help("To act while it lasts:", &[&format!("while     a report is {lasting}")]);
    }
    let waits: Vec<String> = wait_words(cx);
    let mut known: Vec<&str> = standard::state_words().chain(standard::flag_words()).collect();
    known.extend(waits.iter().map(String::as_str));
    unknown("state or flag", word, &known)
}

/// The ward's own flags as it writes them.
pub(super) fn wait_words(cx: &Context<'_>) -> Vec<String> {
    cx.catalogue.waits.iter().map(|reason| format!("awaiting {}", reason.replace('_', " "))).collect()
}

/// The flag of a word: the edition's, or one that the ward declares.
pub(super) fn flag(cx: &Context<'_>, word: &str) -> Option<FlagWord> {
    let reason = word.strip_prefix("awaiting ").map(|reason| reason.replace([' ', '-'], "_"));
    let declared = reason.and_then(|reason| cx.catalogue.waits.iter().find(|known| **known == reason));
    declared.map(|reason| FlagWord::Wait(reason.clone())).or_else(|| standard::report_flag(word))
}

/// The situations of `the report is … or …`.
pub(super) fn report_is(cx: &mut Context<'_>, written: &ReportIs) -> Option<Vec<Situation>> {
    let found: Vec<Option<Situation>> = written.any.iter().map(|word| situation(cx, word)).collect();
    found.into_iter().collect()
}

/// The step of a milestone.
pub(super) fn milestone(cx: &mut Context<'_>, written: &Milestone) -> Option<Step> {
    step_form(cx, &written.subject, &written.step).map(StepForm::step)
}
