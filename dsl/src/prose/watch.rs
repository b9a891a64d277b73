//! Watch: states, windows, limits, suppressions and notices in sentences.
//!
//! - **Not here**: moments and absences (`rules`).

use wardline_rules::program::{
    Alert, Condition, Delayed, FeedIs, Figure, Lasting, Limit, LimitKey, Measure, Notice, Program, Suppress, While,
    Window,
};
use wardline_rules::words::Channel;

use super::conditions::{condition, missing, range};
use super::people::{by, tell};
use super::words::{indefinite, length, list, moments, report, situation, step_time};

/// What lasts, as a clause after `while` or `when`.
pub(super) fn lasting(program: &Program, state: &Lasting) -> String {
    match state {
        Lasting::Report { kinds, any } => {
            let states: Vec<String> = any.iter().map(situation).collect();
            format!("{} is {}", indefinite(&report(*kinds)), list(&states, "or"))
        }
        Lasting::Count(count) => {
            let open = if count.open { "open " } else { "" };
            let per = count.per.map_or_else(String::new, |field| format!(" in one {}", field.word()));
            format!("the number of {open}{}s{per} is {}", report(count.kinds), range(&count.is, None))
        }
        Lasting::Alert(rule) => format!("the alert \"{}\" is open", name_of(rule)),
        Lasting::Feed(feed, is) => {
            let feed = program.catalogue.feeds.get(feed.index()).map_or("", |feed| feed.name.as_str());
            let is = match is {
                FeedIs::Lost => "lost",
                FeedIs::Idle => "idle",
            };
            format!("the feed \"{feed}\" is {is}")
        }
    }
}

/// The name in the id of a rule: what follows its sort.
fn name_of(id: &str) -> &str {
    id.split_once('/').map_or(id, |(_, name)| name)
}

/// The trigger of a state alert.
pub(super) fn while_(program: &Program, found: &While) -> String {
    let calendar = found.calendar.and_then(|id| program.calendars.get(id.index()));
    let hours = calendar.map_or_else(String::new, |calendar| format!(" of \"{}\"", calendar.name));
    format!("When for more than {}{hours} {}", length(found.hold), lasting(program, &found.state))
}

/// The trigger of a window alert.
pub(super) fn window(found: &Window) -> String {
    let reports = format!("{}s", report(found.kinds));
    let measure = match &found.measure {
        Measure::Reports => format!("the number of {reports}"),
        Measure::DataProblems(_) => "the number of data problems".to_owned(),
        Measure::Breached(sla) => {
            format!("the percentage of clocks of \"{}\" that breached", name_of(sla))
        }
        Measure::Time { figure, from, to, .. } => {
            let figure = match figure {
                Figure::Average => "the average".to_owned(),
                Figure::Longest => "the longest".to_owned(),
                Figure::Percentile(50) => "the median".to_owned(),
                Figure::Percentile(p) => format!("the percentile {p}"),
            };
            format!("{figure} of the times of {reports} from {} to {}", step_time(*from), step_time(*to))
        }
    };
    let per = found.per.map_or_else(String::new, |field| format!(", for each {} apart,", field.word()));
    let least = if found.at_least > 1 { format!(", of at least {}", found.at_least) } else { String::new() };
    let hold = if found.hold.micros() == 0 { String::new() } else { format!(" at every look for {}", found.hold) };
    format!(
        "Every {}, over the last {}{per} {measure} is looked at; when it is {}{least}{hold}",
        found.tick,
        found.over,
        range(&found.is, None)
    )
}

/// How many messages go out.
pub(super) fn limit(limit: &Limit) -> String {
    let key = match limit.per {
        LimitKey::Patient => "patient",
        LimitKey::Recipient => "recipient",
        LimitKey::Site => "site",
    };
    let messages = if limit.count == 1 { "message goes" } else { "messages go" };
    format!(
        "At most {} {messages} to one {key} in {}; the rest is gathered, and what is still true then goes as one.",
        limit.count, limit.within
    )
}

/// How an alert about a state or a window ends.
pub(super) fn ending(alert: &Alert) -> Option<String> {
    use wardline_rules::program::Trigger;
    let clear = match &alert.trigger {
        Trigger::While(While { clear: Some(clear), .. }) | Trigger::Window(Window { clear, .. }) => clear,
        Trigger::While(While { state: Lasting::Feed(_, FeedIs::Idle), .. }) => {
            return Some("When the feed speaks again the alert is over, and everyone reached is told.".to_owned());
        }
        Trigger::While(_) => {
            let ends = "When the state ends the alert is over; if it turns out not to have lasted so long, everyone reached is told.";
            return Some(ends.to_owned());
        }
        Trigger::When(_) | Trigger::Absence(_) => return None,
    };
    Some(format!("It is over when the figure has been {} for {}.", range(&clear.is, None), clear.hold))
}

/// The sentences of a suppression.
pub(super) fn suppress(program: &Program, rule: &Suppress) -> Vec<String> {
    let held = |delayed: &Delayed| match delayed {
        Delayed::Alert(id) => format!("the alert \"{}\"", name_of(id)),
        Delayed::Breaches(id) => format!("breaches of \"{}\"", name_of(id)),
        Delayed::Warnings(id) => format!("warnings of \"{}\"", name_of(id)),
    };
    let held: Vec<String> = rule.delays.iter().map(held).collect();
    let then = if rule.joined { "as one message to each recipient" } else { "each by itself" };
    vec![
        format!(
            "While {}, {} are held, for at most {}.",
            lasting(program, &rule.while_),
            list(&held, "and"),
            rule.at_most
        ),
        format!("Nothing is dropped: what is still true when this ends is sent at once, {then}."),
    ]
}

/// The sentences of a notice to the patient.
pub(super) fn notice(program: &Program, rule: &Notice) -> Vec<String> {
    let mut when = format!("When {}", moments(program, &rule.when, "a"));
    if rule.condition != Condition::always() {
        when.push_str(&format!(", and {}", condition(program, &rule.condition)));
    }
    if rule.unless != Condition::never() {
        when.push_str(&format!(", unless {}", condition(program, &rule.unless)));
    }
    let first = if rule.preferred { "by the channel they prefer, else " } else { "" };
    let channels: &[Channel] = &rule.channels;
    let mut sentences = vec![
        format!("{when}, the patient is told with the text \"{}\", {first}{}.", rule.template, by(channels)),
        format!("Nothing is sent from {} to {} in the patient's zone; it waits.", rule.quiet.from, rule.quiet.to),
        limit(&rule.limit),
    ];
    sentences.extend(missing(program, &rule.missing, ("nothing is told", "it is told")));
    let then = rule.then.as_ref().map_or_else(String::new, |then| format!(", and {}", tell(program, then)));
    sentences.push(format!("What could not be sent for {} expires{then}.", rule.expires));
    sentences.push("What is not sent when it stops being true is never sent.".to_owned());
    sentences
}
