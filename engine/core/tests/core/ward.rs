//! Ward: the small hospital of these tests, with every name resolved.
//!
//! One promise (laboratory, sixty minutes from receipt to final), one critical alert with an escalation of two steps, one
//! absence on reports and one on the feed. Tests change what they need to.

use wardline_rules::{
    Text,
    program::{
        Absence, Action, ActionSend, Alert, AnsweredBy, Answering, Atom, Catalogue, Comparison, Condition, Covers,
        DeclaredTest, Decline, Desk, DeskId, Escalation, EscalationId, EscalationStep, Failed, Family, Feed, FeedId,
        Field, Happening, Late, Length, Moment, Once, PageTo, Pause, Person, PersonId, Program, Reminder, Repeat,
        RuleHead, Severity, SeverityId, Situation, SlaRule, StartMissing, Tell, Threshold, Trigger, WardVersion,
        Warning, Who,
    },
    time::{Date, Span, Zone},
    unit::Unit,
    words::{Channel, Flag, FlagWord, KindSet, Priority, Step},
};

pub(crate) const RED: SeverityId = SeverityId(0);
pub(crate) const ORANGE: SeverityId = SeverityId(1);
pub(crate) const YELLOW: SeverityId = SeverityId(2);
pub(crate) const LAB_DESK: DeskId = DeskId(0);
pub(crate) const CHARGE_DESK: DeskId = DeskId(1);
pub(crate) const ANA: PersonId = PersonId(0);

pub(crate) fn minutes(count: i64) -> Span {
    Span::from_minutes(count)
}

pub(crate) fn elapsed(count: i64) -> Length {
    Length::Elapsed(minutes(count))
}

pub(crate) fn head(id: &str) -> RuleHead {
    RuleHead {
        id: Text::from(id),
        name: Text::from(id.rsplit('/').next().unwrap()),
        policy: Text::from("P-1"),
        owner: Text::from("Quality"),
        review_by: Date::new(2027, 1, 31).unwrap(),
    }
}

pub(crate) fn at_step(step: Step) -> Moment {
    Moment { of_result: false, kinds: KindSet::LAB, happening: Happening::Step(step) }
}

pub(crate) fn of_result(step: Step) -> Moment {
    Moment { of_result: true, ..at_step(step) }
}

pub(crate) fn is_stat() -> Condition {
    Condition::Atom(Atom { field: Field::Priority, comparison: Comparison::Priorities(true, vec![Priority::Stat]) })
}

pub(crate) fn is_critical() -> Condition {
    let flags = vec![FlagWord::Report(Flag::Critical)];
    Condition::Atom(Atom { field: Field::Flag, comparison: Comparison::Flags(true, flags) })
}

pub(crate) fn tell_lab(severity: SeverityId) -> Action {
    let tell = Tell { who: vec![Who::Desk(LAB_DESK)], by: vec![Channel::Phone], digest_at: Vec::new() };
    Action { send: ActionSend::Tell(tell), severity }
}

/// The promise: final within an hour of receipt.
pub(crate) fn lab_hour() -> SlaRule {
    SlaRule {
        head: head("sla/Lab"),
        parent: None,
        yields_to: Vec::new(),
        covers: Covers { kinds: KindSet::LAB, condition: Condition::always() },
        starts: vec![at_step(Step::Received)],
        pauses: Some(Pause { while_: vec![Situation::Flag(Flag::OnHold)], at_most: None }),
        stops: vec![at_step(Step::Final)],
        cancels: Vec::new(),
        restarts: vec![Moment { happening: Happening::Recollected, ..at_step(Step::Collected) }],
        calendar: None,
        target: elapsed(60),
        warnings: vec![Warning { at: Threshold::Share(800_000), action: tell_lab(YELLOW) }],
        breach: tell_lab(ORANGE),
        missing: Vec::new(),
        start_missing: StartMissing::DoNotStart,
        late: Late::Withdraw,
    }
}

/// A critical result pages who ordered, then the charge desk, twice around, then a task for the laboratory.
pub(crate) fn critical_escalation() -> Escalation {
    Escalation {
        name: Text::from("Critical"),
        steps: vec![
            EscalationStep {
                who: vec![Who::Ordering],
                by: vec![Channel::SecureMessage, Channel::Phone],
                reminders: vec![Reminder { by: Channel::Phone, after: minutes(5) }],
                wait: minutes(10),
            },
            EscalationStep {
                who: vec![Who::Desk(CHARGE_DESK)],
                by: vec![Channel::Phone],
                reminders: Vec::new(),
                wait: minutes(15),
            },
        ],
        repeat: Some(Repeat { from: 1, times: 1 }),
        then: LAB_DESK,
        decline: Decline::All,
        failed: Failed::NextChannel,
        answered_by: AnsweredBy::Anyone,
        read_back: false,
        with_code: false,
        lapses: None,
    }
}

pub(crate) fn critical_alert() -> Alert {
    Alert {
        head: head("alert/Critical"),
        trigger: Trigger::When(vec![of_result(Step::Final), of_result(Step::Preliminary)]),
        condition: is_critical(),
        unless: Condition::never(),
        missing: Vec::new(),
        once: Once::Result,
        again_after: None,
        severity: RED,
        answer: None,
        page: Some(PageTo::Using { escalation: EscalationId(0), recipients: Vec::new() }),
        tells: Vec::new(),
        texts: Answering::default(),
        decide: None,
        withdraw: Vec::new(),
        limit: None,
    }
}

/// A final report is reviewed within four hours.
pub(crate) fn unreviewed() -> Alert {
    Alert {
        head: head("alert/Unreviewed"),
        trigger: Trigger::Absence(Absence {
            after: vec![at_step(Step::Final)],
            expect: vec![at_step(Step::Reviewed)],
            within: elapsed(240),
            calendar: None,
        }),
        condition: Condition::always(),
        once: Once::Report,
        severity: ORANGE,
        page: None,
        tells: vec![Tell { who: vec![Who::Ordering], by: vec![Channel::Inbox], digest_at: Vec::new() }],
        ..critical_alert()
    }
}

/// The feed is never silent for two hours.
pub(crate) fn silent_feed() -> Alert {
    let message = Moment { of_result: false, kinds: KindSet::NONE, happening: Happening::Message(FeedId(0)) };
    Alert {
        head: head("alert/Silent LIS"),
        trigger: Trigger::Absence(Absence {
            after: vec![message.clone()],
            expect: vec![message],
            within: elapsed(120),
            calendar: None,
        }),
        condition: Condition::always(),
        severity: YELLOW,
        page: None,
        tells: vec![Tell {
            who: vec![Who::Person(ANA)],
            by: vec![Channel::Email, Channel::Sms],
            digest_at: Vec::new(),
        }],
        ..critical_alert()
    }
}

fn severity(name: &str, within: i64, cannot_be_held: bool) -> Severity {
    Severity {
        name: Text::from(name),
        answer_within: elapsed(within),
        calendar: None,
        ignores_quiet: cannot_be_held,
        cannot_be_held,
    }
}

fn desk(name: &str) -> Desk {
    Desk { name: Text::from(name), reach: Vec::new(), quiet: None }
}

fn catalogue() -> Catalogue {
    Catalogue {
        tests: vec![DeclaredTest {
            name: Text::from("potassium"),
            loinc: vec![Text::from("2823-3")],
            unit: Unit::parse("mmol/L"),
        }],
        feeds: vec![Feed { name: Text::from("lis"), carries: KindSet::LAB, site: None }],
        ..Catalogue::default()
    }
}

/// The hospital with these rules; `version` tells one edition from another.
pub(crate) fn program(version: u8, families: Vec<Family>, alerts: Vec<Alert>) -> Program {
    Program {
        name: Text::from("St Anne"),
        version: WardVersion([version; 32]),
        zone: Zone::utc(),
        catalogue: catalogue(),
        severities: vec![severity("red", 15, true), severity("orange", 60, false), severity("yellow", 240, false)],
        calendars: Vec::new(),
        people: vec![Person { name: Text::from("Ana"), reach: Vec::new(), quiet: None, away: Vec::new() }],
        desks: vec![desk("Lab"), desk("Charge")],
        rosters: Vec::new(),
        escalations: vec![critical_escalation()],
        families,
        notices: Vec::new(),
        suppressions: Vec::new(),
        functions: Vec::new(),
        alerts,
    }
}

/// All four rules.
pub(crate) fn hospital() -> Program {
    let family = Family { rules: vec![lab_hour()] };
    program(1, vec![family], vec![critical_alert(), unreviewed(), silent_feed()])
}

/// Only the promise.
pub(crate) fn only_sla(rule: SlaRule) -> Program {
    program(1, vec![Family { rules: vec![rule] }], Vec::new())
}

/// Only the critical alert, with this escalation.
pub(crate) fn only_critical(escalation: Escalation) -> Program {
    let mut program = program(1, Vec::new(), vec![critical_alert()]);
    program.escalations = vec![escalation];
    program
}

/// A second edition: the promise is forty minutes, and the critical alert is gone.
pub(crate) fn second_edition() -> Program {
    let rule = SlaRule { target: elapsed(40), ..lab_hour() };
    program(2, vec![Family { rules: vec![rule] }], vec![unreviewed(), silent_feed()])
}
