//! Because: why was an expectation not met?
//!
//! Of the rule that it names, or of those that could have sent the message, what they did on that day; of a rule that did nothing
//! what it waits for and the report does not say. It is read from the end of the day, so it says what is so then.
//!
//! - **Not here**: what happened instead ([`super::expect`]).

use wardline_core::ids::ReportId;
use wardline_dsl::{
    prose,
    script::{Expectation, Outcome, Scope, Sent as What},
};
use wardline_rules::{
    Text,
    evaluate::Tri,
    program::{
        Action, ActionSend, Atom, Comparison, Condition, EscalationId, Field, Moment, PageTo, Program, Trigger, Who,
    },
    time::{Timestamp, Zone},
    words::{Channel, KindSet},
};

use super::{Stage, expect::stamp, record::Sent};

/// Rules that are spoken of at most.
const RULES_SHOWN: usize = 3;

/// What is known of a failure; `None` if nothing more than that it did not happen.
pub(super) fn of(stage: &Stage<'_>, expectation: &Expectation, closest: Option<&Sent>) -> Option<String> {
    let (rules, scope): (Vec<Text>, Option<&Scope>) = match &expectation.outcome {
        Outcome::Alert { rule, scope, .. } => (vec![rule.clone()], scope.as_ref()),
        Outcome::Clock { rule, report, .. } => return about(stage, rule, report),
        Outcome::Sent { who, what, by, scope } => {
            let rules = match (closest, what) {
                (Some(closest), _) => vec![closest.rule.clone()],
                (None, What::Notice(rule)) => vec![rule.clone()],
                (None, What::Page | What::Reminder | What::Tell | What::Withdrawal | What::Digest(_)) => {
                    senders(stage.program, *who, *by)
                }
            };
            (rules, scope.as_ref())
        }
        Outcome::Task(_, scope) => {
            let mut rules: Vec<Text> = stage.record.shown.iter().map(|shown| shown.rule.clone()).collect();
            rules.dedup();
            (rules, scope.as_ref())
        }
        Outcome::Refused(_) | Outcome::Nothing | Outcome::NothingElse => return None,
    };
    let labels: Vec<&Text> = match scope {
        Some(Scope::Report(label)) => vec![label],
        Some(Scope::Group(_)) => Vec::new(),
        None => stage.record.labels().collect(),
    };
    let found: Vec<String> = rules
        .iter()
        .flat_map(|rule| labels.iter().filter_map(|label| about(stage, rule, label)))
        .take(RULES_SHOWN)
        .collect();
    (!found.is_empty()).then(|| found.join("; "))
}

/// What a rule did with a report.
fn about(stage: &Stage<'_>, rule: &Text, label: &Text) -> Option<String> {
    let Some(id) = stage.record.report_id(label) else { return Some(format!("nothing was heard of {label}")) };
    let zone = &stage.test.zone;
    let clocked = stage.record.clocked.iter().filter(|clocked| clocked.rule == *rule && clocked.report == Some(id));
    let clock = story(zone, clocked.map(|clocked| (clocked.at, clocked.state.word().to_owned())));
    let shown = stage.record.shown.iter().filter(|shown| shown.rule == *rule && shown.report == Some(id));
    let shown = shown.map(|shown| {
        let why = if shown.why.is_empty() { String::new() } else { format!(" ({})", shown.why) };
        (shown.at, format!("{}{why}", shown.state.word()))
    });
    let alert = story(zone, shown);
    let name = quoted(rule);
    if !clock.is_empty() {
        let sent = if alert.is_empty() { String::new() } else { format!("; its alert {alert}") };
        return Some(format!("clock {name} of {label}: {clock}{sent}"));
    }
    if !alert.is_empty() {
        return Some(format!("{name} of {label}: {alert}"));
    }
    let why = unmet(stage, rule, id)?;
    let missed = if stage.program.alerts.iter().any(|alert| alert.head.id == *rule) {
        "was not raised"
    } else if stage.program.notices.iter().any(|notice| notice.head.id == *rule) {
        "was not sent"
    } else {
        "was not started"
    };
    Some(format!("{name} of {label} {missed}: {why}"))
}

/// What happened, each with its time where that is another than the one before.
fn story(zone: &Zone, happened: impl Iterator<Item = (Timestamp, String)>) -> String {
    let mut before = String::new();
    let words = happened.map(|(at, word)| {
        let now = stamp(zone, at);
        let (date, time) = now.split_once(' ').unwrap_or((&now, ""));
        let words = match before.split_once(' ') {
            _ if before == now => word,
            Some((known, _)) if known == date => format!("{time} {word}"),
            Some(_) | None => format!("{now} {word}"),
        };
        before = now;
        words
    });
    words.collect::<Vec<_>>().join(", ")
}

/// `"STAT lab"` of `sla/STAT lab`.
fn quoted(rule: &Text) -> String {
    format!("\"{}\"", rule.split_once('/').map_or(rule.as_str(), |(_, name)| name))
}

/// What a rule asks for and a report does not say; `None` for an unknown rule.
fn unmet(stage: &Stage<'_>, rule: &Text, id: ReportId) -> Option<String> {
    let program = stage.program;
    let families = program.families.iter().flat_map(|family| &family.rules);
    let sla = families.clone().find(|sla| sla.head.id == *rule).map(|sla| {
        let (kinds, condition) = (sla.covers.kinds, &sla.covers.condition);
        (kinds, condition, None)
    });
    let alert = || {
        let alert = program.alerts.iter().find(|alert| alert.head.id == *rule)?;
        let moments: &[Moment] = match &alert.trigger {
            Trigger::When(moments) => moments,
            Trigger::Absence(absence) => &absence.after,
            Trigger::While(_) | Trigger::Window(_) => &[],
        };
        Some((kinds_of(moments), &alert.condition, Some(&alert.unless)))
    };
    let notice = || {
        let notice = program.notices.iter().find(|notice| notice.head.id == *rule)?;
        Some((kinds_of(&notice.when), &notice.condition, Some(&notice.unless)))
    };
    let (kinds, condition, unless) = sla.or_else(alert).or_else(notice)?;
    let kind = Condition::Atom(Atom { field: Field::Kind, comparison: Comparison::Kinds(true, kinds) });
    let asked = |condition: &Condition| stage.world.partition.holds_now(id, condition);
    let parts: &[Condition] = match condition {
        Condition::All(parts) => parts,
        Condition::Any(_) | Condition::Atom(_) | Condition::Call(_) => core::slice::from_ref(condition),
    };
    let mut found: Vec<String> = core::iter::once(&kind)
        .chain(parts)
        .filter_map(|part| {
            let words = prose::condition_words(program, part);
            match asked(part)? {
                Tri::True => None,
                Tri::False => Some(format!("not so: {words}")),
                Tri::Unknown => Some(format!("not known: whether {words}")),
            }
        })
        .collect();
    if let Some(unless) = unless.filter(|unless| asked(unless) == Some(Tri::True)) {
        found.push(format!("unless {}", prose::condition_words(program, unless)));
    }
    Some(if found.is_empty() { "what it begins with did not happen".to_owned() } else { found.join(", ") })
}

fn kinds_of(moments: &[Moment]) -> KindSet {
    moments.iter().map(|moment| moment.kinds).reduce(KindSet::or).unwrap_or(KindSet::ALL)
}

/// The rules that send to this one by this channel.
fn senders(program: &Program, who: Who, by: Channel) -> Vec<Text> {
    let is_told = |all: &[Who], channels: &[Channel]| all.contains(&who) && channels.contains(&by);
    let is_paged = |page: &PageTo| match page {
        PageTo::Direct { who: all, by: channels } => is_told(all, channels),
        PageTo::Using { escalation, recipients } => is_asked(program, *escalation, recipients, (who, by)),
    };
    let acts = |action: &Action| match &action.send {
        ActionSend::Page(page) => is_paged(page),
        ActionSend::Tell(tell) => is_told(&tell.who, &tell.by),
    };
    let slas = program.families.iter().flat_map(|family| &family.rules);
    let slas = slas.filter(|sla| acts(&sla.breach) || sla.warnings.iter().any(|warning| acts(&warning.action)));
    let alerts = program.alerts.iter().filter(|alert| {
        alert.page.as_ref().is_some_and(is_paged) || alert.tells.iter().any(|tell| is_told(&tell.who, &tell.by))
    });
    let notices = program.notices.iter().filter(|_| who == Who::Patient);
    let slas = slas.map(|sla| sla.head.id.clone());
    slas.chain(alerts.map(|alert| alert.head.id.clone())).chain(notices.map(|notice| notice.head.id.clone())).collect()
}

/// Whether an escalation asks this one by this channel.
fn is_asked(program: &Program, escalation: EscalationId, recipients: &[Who], (who, by): (Who, Channel)) -> bool {
    let Some(escalation) = program.escalations.get(escalation.index()) else { return false };
    escalation.steps.iter().any(|step| {
        let is_meant = step.who.contains(&who) || step.who.contains(&Who::Recipient) && recipients.contains(&who);
        is_meant && (step.by.contains(&by) || step.reminders.iter().any(|reminder| reminder.by == by))
    })
}
