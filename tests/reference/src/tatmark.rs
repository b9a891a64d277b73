//! TATmark: which three rules does the benchmark run, and what do they say?
//!
//! Laboratory reports marked stat within an hour of receipt, radiology within a day of the order, and a critical final
//! that is asked about at 0, 15, 30 and 60 minutes until somebody acknowledges it. The same rules stand as text in
//! `wards/tatmark.ward`, which the engine runs.
//!
//! - **How it fits**: `evaluate::all` over [`ward`] gives the lines that a run of the benchmark must show.
//! - **Not here**: the events; the load tool makes them.

use wardline_rules::{
    Text,
    time::Span,
    words::{Channel, Step},
};

use crate::rule::{
    Action, Alert, Answered, Call, Condition, Escalation, Field, Missing, Moment, Page, Policy, Relation, Rule, Rung,
    Severity, Sla, Trigger, Ward, WarnAt, Who,
};

/// The text of [`ward`], as the engine reads it.
pub const WARD: &str = include_str!("../wards/tatmark.ward");

/// The benchmark's ward.
#[must_use]
pub fn ward() -> Ward {
    let severity = |name: &'static str, minutes, is_insistent| Severity {
        name: Text::const_new(name),
        answer: Span::from_minutes(minutes),
        is_insistent,
    };
    Ward {
        name: Text::const_new("TATmark"),
        zone: Text::const_new("America/Chicago"),
        sites: Vec::new(),
        places: Vec::new(),
        flags: Vec::new(),
        limits: Vec::new(),
        tests: Vec::new(),
        severities: vec![severity("red", 60, true), severity("orange", 360, false), severity("yellow", 1_440, false)],
        calendars: Vec::new(),
        desks: ["Laboratory", "Reading room", "Ward", "On call", "Operations"].map(Text::const_new).to_vec(),
        escalations: vec![call_out()],
        rules: vec![
            Rule::Sla(Box::new(stat_lab())),
            Rule::Sla(Box::new(radiology())),
            Rule::Alert(Box::new(critical())),
        ],
    }
}

/// The same catalogue without a rule: what a report's life alone costs.
#[must_use]
pub fn silent() -> Ward {
    Ward { rules: Vec::new(), escalations: Vec::new(), ..ward() }
}

/// Clocks and an absence: the two turnaround rules, and every final that nobody has acknowledged within half an hour.
#[must_use]
pub fn clocks() -> Ward {
    let within = Span::from_minutes(30);
    let waits = Alert {
        name: Text::const_new("Final unseen"),
        trigger: Trigger::Absence { after: Step::Final, expect: Step::Acknowledged, within },
        condition: None,
        severity: Text::const_new("yellow"),
        page: Some(Page::By(desk("Ward"), Channel::Phone)),
        ..critical()
    };
    let rules = vec![Rule::Sla(Box::new(stat_lab())), Rule::Sla(Box::new(radiology())), Rule::Alert(Box::new(waits))];
    Ward { rules, escalations: Vec::new(), ..ward() }
}

/// The call-out alone, asked about every final: four steps until somebody acknowledges.
#[must_use]
pub fn ladder() -> Ward {
    let asks = Alert { name: Text::const_new("Every report"), condition: None, ..critical() };
    Ward { rules: vec![Rule::Alert(Box::new(asks))], ..ward() }
}

/// The three rules and so many more that look at every final and concern none: each names a place where nothing happens.
#[must_use]
pub fn among(rules: usize) -> Ward {
    let mut ward = ward();
    for number in ward.rules.len()..rules {
        let place = Text::from(format!("Annex {number}"));
        let is_there = Condition { is_any: false, atoms: vec![(Field::Location, Relation::Is(place.clone()))] };
        let alert = Alert {
            name: Text::from(format!("Annex rule {number}")),
            condition: Some(is_there),
            missing: vec![Missing { field: Field::Location, policy: Policy::DoNotMatch }],
            severity: Text::const_new("yellow"),
            page: Some(Page::By(desk("Ward"), Channel::Phone)),
            ..critical()
        };
        ward.rules.push(Rule::Alert(Box::new(alert)));
        ward.places.push(place);
    }
    ward
}

fn desk(name: &'static str) -> Who {
    Who::Desk(Text::const_new(name))
}

fn is(field: Field, word: &'static str) -> Condition {
    Condition { is_any: false, atoms: vec![(field, Relation::Is(Text::const_new(word)))] }
}

fn action(call: Call, severity: &'static str) -> Action {
    Action { call, severity: Some(Text::const_new(severity)) }
}

fn call_out() -> Escalation {
    let rung = |name, channel, minutes| Rung {
        who: vec![desk(name)],
        channel,
        reminders: Vec::new(),
        wait: Span::from_minutes(minutes),
    };
    Escalation {
        name: Text::const_new("Critical call-out"),
        steps: vec![
            rung("Ward", Channel::SecureMessage, 15),
            rung("Ward", Channel::Phone, 15),
            rung("On call", Channel::Phone, 30),
            rung("Operations", Channel::Phone, 30),
        ],
        repeat: None,
        desk: Text::const_new("Operations"),
        any_declines: false,
        answered: Answered::default(),
        lapses: None,
    }
}

fn stat_lab() -> Sla {
    let minutes = Span::from_minutes;
    Sla {
        name: Text::const_new("STAT lab"),
        kinds: vec![Text::const_new("lab")],
        condition: Some(is(Field::Priority, "stat")),
        starts: Moment::Step(Step::Received),
        pauses: None,
        stops: vec![Moment::Step(Step::Final)],
        cancels: Vec::new(),
        restarts: Vec::new(),
        counts: None,
        target: minutes(60),
        warns: vec![(WarnAt::Span(minutes(45)), action(Call::Tell(desk("Laboratory"), Channel::Worklist), "yellow"))],
        breach: action(Call::Page(Page::By(desk("Laboratory"), Channel::Phone)), "orange"),
        missing: Vec::new(),
    }
}

fn radiology() -> Sla {
    Sla {
        name: Text::const_new("Radiology report"),
        kinds: vec![Text::const_new("radiology")],
        condition: None,
        starts: Moment::Step(Step::Ordered),
        pauses: None,
        stops: vec![Moment::Step(Step::Final)],
        cancels: Vec::new(),
        restarts: Vec::new(),
        counts: None,
        target: Span::from_minutes(24 * 60),
        warns: Vec::new(),
        breach: action(Call::Page(Page::By(desk("Reading room"), Channel::Phone)), "orange"),
        missing: Vec::new(),
    }
}

fn critical() -> Alert {
    Alert {
        name: Text::const_new("Critical report"),
        kind: None,
        trigger: Trigger::Report(Step::Final),
        condition: Some(is(Field::Flag, "critical")),
        unless: None,
        missing: Vec::new(),
        severity: Text::const_new("red"),
        page: Some(Page::Using(Text::const_new("Critical call-out"), None)),
        tells: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use wardline_rules::{
        event::{Event, Fact, Given, Ident, ReportFlag},
        time::{EventTime, Timestamp},
        words::{Flag, Kind, Priority},
    };

    use super::*;
    use crate::evaluate::{self, Told};

    /// A stat report, critical, with its times in minutes after midnight.
    fn stat(times: &[(Step, i64)]) -> Vec<Told> {
        let told = |(step, minute): &(Step, i64)| {
            let at = Timestamp::from_micros(0).plus(Span::from_minutes(*minute));
            let mut event = Event::new("feed", &format!("e{minute}"), Fact::Step(*step));
            event.report.filler = Some(Ident { id: Text::from("R1"), ns: Text::default() });
            event.kind = Some(Kind::Lab);
            event.priority = Given::Value(Priority::Stat);
            event.occurred_at = Some(EventTime::within(at, Span::from_seconds(1)));
            event.flags = if *step == Step::Final { vec![ReportFlag::Known(Flag::Critical)] } else { Vec::new() };
            Told { at, event, reply: None }
        };
        times.iter().map(told).collect()
    }

    fn short(times: &[(Step, i64)]) -> (Vec<String>, Vec<String>) {
        let outcome = evaluate::all(&ward(), &stat(times), Timestamp::from_micros(0).plus(Span::from_minutes(600)));
        let minute = |at: Timestamp| at.micros() / wardline_rules::time::MINUTE;
        let lines = outcome.lines.iter().map(|line| format!("{} {} {}", minute(line.at), line.rule, line.transition));
        let pages = outcome.pages.iter().map(|page| format!("{} {} by {}", minute(page.at), page.role, page.channel));
        (lines.collect(), pages.collect())
    }

    #[test]
    fn the_text_is_the_rules() {
        assert_eq!(WARD, ward().ward_text());
    }

    #[test]
    fn a_slow_critical_report_is_warned_of_breached_and_asked_about_four_times() {
        // Received at minute 10: warned at 55, breached at 70, final at 80; asked at 80, 95, 110 and 140, given up at 170.
        let times = [(Step::Ordered, 0), (Step::Collected, 5), (Step::Received, 10), (Step::Final, 80)];
        let (lines, pages) = short(&times);
        assert_eq!(
            lines,
            [
                "10 sla/STAT lab running",
                "55 sla/STAT lab raised",
                "70 sla/STAT lab breached",
                "70 sla/STAT lab raised",
                "80 sla/STAT lab closed",
                "80 sla/STAT lab closed",
                "80 alert/Critical report raised",
                "170 alert/Critical report unresolved"
            ]
        );
        assert_eq!(
            pages,
            [
                "55 desk \"Laboratory\" by api",
                "70 desk \"Laboratory\" by phone",
                "80 desk \"Ward\" by secure_message",
                "95 desk \"Ward\" by phone",
                "110 desk \"On call\" by phone",
                "140 desk \"Operations\" by phone",
                // Nobody answered: the task.
                "170 desk \"Operations\" by api"
            ]
        );
    }

    #[test]
    fn an_acknowledgement_ends_the_asking() {
        let times = [(Step::Received, 10), (Step::Final, 30), (Step::Acknowledged, 50)];
        let (lines, pages) = short(&times);
        let rule = "alert/Critical report";
        let expected = ["30 {} raised", "50 {} answered", "50 {} closed"].map(|line| line.replace("{}", rule));
        assert_eq!(lines.get(2..).unwrap(), expected);
        assert_eq!(pages.len(), 2, "at once and after 15 minutes");
    }
}
