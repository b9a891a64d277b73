//! The worked timelines of the design, one day each; times are UTC, expectations are those of the page.

use wardline_rules::{
    decimal::Decimal,
    event::{Answer, Code, Given, Ident, Person, ReportFlag, ResultItem, ResultValue},
    time::{EventTime, Span},
    token::Token,
    unit::Unit,
    words::{Abnormal, Act, Flag, Kind, Priority, ResultStatus, Role, Step},
};

use super::*;
use crate::rule::{
    Action, Alert, Answered, Bounds, Call, Condition, Escalation, Field, Hold, Missing, Moment, Page as Paged, Pauses,
    Policy, Range, Relation, Rule, Rung, Severity, Sla, Test, Trigger,
};

const POTASSIUM: &str = "2823-3";
const ALERT: &str = "alert/Critical potassium";

fn clock(time: &str) -> Timestamp {
    let seconds = if time.len() == 5 { ":00" } else { "" };
    Timestamp::parse(&format!("2026-01-14T{time}{seconds}Z")).unwrap()
}

fn minutes(minutes: i64) -> Span {
    Span::from_minutes(minutes)
}

fn desk(name: &str) -> Who {
    Who::Desk(Text::from(name))
}

fn dec(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

/// A script: what was told, in order.
#[derive(Default)]
struct Day(Vec<Told>);

impl Day {
    /// At a time, a report reaches a step; changed by `with`.
    fn step(mut self, at: &str, report: &str, step: Step, with: impl FnOnce(&mut Event)) -> Self {
        let mut event = Event::new("lis", &format!("e{}", self.0.len()), Fact::Step(step));
        event.report.filler = Some(Ident { id: Text::from(report), ns: Text::default() });
        event.kind = Some(Kind::Lab);
        event.occurred_at = Some(EventTime::exact(clock(at)));
        event.people = vec![Person { role: Role::Ordering, token: Token([7; 16]) }];
        with(&mut event);
        self.0.push(Told { at: clock(at), event, reply: None });
        self
    }

    fn potassium(self, at: &str, report: &str, step: Step, value: &str) -> Self {
        self.step(at, report, step, |event| event.results = vec![potassium(value, &[])])
    }

    /// Somebody does something about the newest notice of the potassium alert to this role.
    fn reply(mut self, at: &str, report: &str, role: Who, act: Act, value: Option<&str>) -> Self {
        let answer = Answer {
            act,
            code: None,
            nid: None,
            by: None,
            licence: (role == Who::Ordering || role == desk("Covering")).then(|| Text::from("MD")),
            told_by: None,
            value: value.map(|value| (None, dec(value))),
            unit: Text::default(),
            result: None,
        };
        let mut event = Event::new("sink", &format!("a{}", self.0.len()), Fact::Answer(Box::new(answer)));
        event.report.filler = Some(Ident { id: Text::from(report), ns: Text::default() });
        event.occurred_at = Some(EventTime::exact(clock(at)));
        let reply = Reply { rule: Text::from(ALERT), role, has_wrong_code: false };
        self.0.push(Told { at: clock(at), event, reply: Some(reply) });
        self
    }

    fn lines(&self, ward: &Ward) -> Vec<String> {
        let lines = all(ward, &self.0, clock("23:59")).lines;
        let text = |line: &Line| {
            let generation = if line.generation > 1 { format!(" {}", line.generation) } else { String::new() };
            let rule = line.rule.split('/').nth(1).unwrap();
            format!("{} {} {rule} {}{generation}", short(line.at), line.report, line.transition)
        };
        lines.iter().map(text).collect()
    }

    fn pages(&self, ward: &Ward) -> Vec<String> {
        let pages = all(ward, &self.0, clock("23:59")).pages;
        let text = |page: &Page| {
            format!("{} {} {:?} {} by {}", short(page.at), page.report, page.purpose, page.role, page.channel.word())
        };
        pages.iter().map(text).collect()
    }
}

fn short(at: Timestamp) -> String {
    at.to_string().get(11..16).unwrap().to_owned()
}

fn as_of(time: &str) -> impl FnOnce(&mut Event) {
    let time = EventTime::exact(clock(time));
    move |event| event.occurred_at = Some(time)
}

fn flag(is_on: bool) -> impl FnOnce(&mut Event) {
    move |event| {
        event.fact = Fact::Update;
        let flags = if is_on { &mut event.flags } else { &mut event.flags_off };
        flags.push(ReportFlag::Known(Flag::OnHold));
    }
}

fn potassium(value: &str, abnormal: &[Abnormal]) -> ResultItem {
    ResultItem {
        code: Code { code: Text::from(POTASSIUM), system: Text::from("loinc"), display: Text::default() },
        sub: Text::default(),
        value: ResultValue::Number(None, dec(value)),
        unit: Text::from("mmol/L"),
        ref_low: None,
        ref_high: None,
        abnormal: abnormal.to_vec(),
        status: ResultStatus::Final,
        observed_at: None,
        critical: None,
    }
}

fn ward(rules: Vec<Rule>) -> Ward {
    let severity = |name: &str, minutes| Severity {
        name: Text::from(name),
        answer: Span::from_minutes(minutes),
        is_insistent: name == "red",
    };
    let rung = |who: Vec<Who>, channel, reminders: Vec<(Channel, Span)>, wait| Rung {
        who,
        channel,
        reminders,
        wait: minutes(wait),
    };
    let callout = vec![
        rung(vec![Who::Ordering], Channel::SecureMessage, vec![(Channel::Phone, minutes(3))], 5),
        rung(vec![desk("Covering")], Channel::Phone, vec![], 5),
        rung(vec![desk("Operations"), desk("Night supervisor")], Channel::Phone, vec![], 5),
    ];
    let follow = vec![
        rung(vec![Who::Recipient], Channel::SecureMessage, vec![], 30),
        rung(vec![desk("Operations")], Channel::Phone, vec![], 30),
    ];
    let escalation = |name: &str, steps, repeat, answered, lapses| Escalation {
        name: Text::from(name),
        steps,
        repeat,
        desk: Text::from("Operations"),
        any_declines: false,
        answered,
        lapses,
    };
    let strict = Answered { licensed: true, read_back: true, code: true };
    Ward {
        name: Text::from("Example"),
        zone: Text::from("UTC"),
        sites: vec![],
        places: vec![],
        flags: vec![],
        tests: vec![Test { word: Text::from("potassium"), loinc: Text::from(POTASSIUM), unit: Unit::parse("mmol/L") }],
        limits: Vec::new(),
        severities: vec![severity("red", 15), severity("orange", 360)],
        calendars: vec![],
        rosters: Vec::new(),
        desks: ["Operations", "Covering", "Night supervisor", "Interface desk"].map(Text::from).to_vec(),
        escalations: vec![
            escalation("Critical call-out", callout, Some((1, 2)), strict, Some(minutes(30))),
            escalation("Follow-up", follow, None, Answered::default(), None),
        ],
        rules,
    }
}

fn sla(priority: Option<&str>, pauses: Option<Pauses>) -> Sla {
    let page = Call::Page(Paged::By(desk("Operations"), Channel::Phone));
    let is = |word: &str| Condition { is_any: false, atoms: vec![(Field::Priority, Relation::Is(Text::from(word)))] };
    Sla {
        name: Text::from(priority.unwrap_or("Lab")),
        kinds: vec![Text::from("lab")],
        condition: priority.map(is),
        starts: Moment::Step(Step::Received),
        pauses,
        stops: vec![Moment::Step(Step::Final)],
        cancels: vec![],
        restarts: vec![Moment::Recollected],
        counts: None,
        target: minutes(60),
        warns: vec![],
        breach: Action { call: page, severity: Some(Text::from("orange")) },
        missing: vec![],
    }
}

fn on_hold(at_most: Option<Span>) -> Ward {
    let pauses = Pauses { on: vec![Hold::Flag(Text::from("on hold"))], at_most };
    ward(vec![Rule::Sla(Box::new(sla(None, Some(pauses))))])
}

fn plain() -> Ward {
    on_hold(None)
}

fn critical_potassium() -> Ward {
    let value = Range { bounds: Bounds::Outside(dec("2.5"), dec("6.5")), unit: Unit::parse("mmol/L").unwrap() };
    let missing = |field| Missing { field, policy: Policy::DoNotMatch };
    ward(vec![Rule::Alert(Box::new(Alert {
        name: Text::from("Critical potassium"),
        kind: Some(Text::from("lab")),
        trigger: Trigger::Result(vec![Step::Final]),
        condition: Some(Condition {
            is_any: false,
            atoms: vec![(Field::Test, Relation::Is(Text::from("potassium"))), (Field::Value, Relation::Within(value))],
        }),
        unless: None,
        missing: vec![missing(Field::Test), missing(Field::Value)],
        severity: Text::from("red"),
        page: Some(Paged::Using(Text::from("Critical call-out"), None)),
        tells: vec![],
    }))])
}

#[test]
fn a_pause_moves_the_due_time() {
    // Case a: 60 − 20 = 40 left at 09:50.
    let day = Day::default().step("09:00", "R1", Step::Received, |_| ());
    let day = day.step("09:20", "R1", Step::Received, flag(true)).step("09:50", "R1", Step::Received, flag(false));
    assert_eq!(
        day.lines(&plain()),
        [
            "09:00 R1 Lab running",
            "09:20 R1 Lab paused",
            "09:50 R1 Lab running",
            "10:30 R1 Lab breached",
            "10:30 R1 Lab raised"
        ]
    );
    assert_eq!(day.pages(&plain()), ["10:30 R1 Page desk \"Operations\" by phone"]);
}

#[test]
fn a_pause_counts_no_longer_than_allowed() {
    // Case b: used at 09:50 is 20 + 10.
    let day = Day::default().step("09:00", "R1", Step::Received, |_| ());
    let day = day.step("09:20", "R1", Step::Received, flag(true)).step("09:50", "R1", Step::Received, flag(false));
    assert_eq!(day.lines(&on_hold(Some(minutes(20)))).last().unwrap(), "10:20 R1 Lab raised");
    let day =
        Day::default().step("09:00", "R1", Step::Received, |_| ()).step("09:20", "R1", Step::Received, flag(true));
    assert_eq!(day.lines(&on_hold(Some(minutes(20)))).last().unwrap(), "10:20 R1 Lab raised", "still held");
    assert_eq!(day.lines(&plain()), ["09:00 R1 Lab running", "09:20 R1 Lab paused"], "held for good");
}

#[test]
fn a_stop_at_the_start_or_at_the_due_time_is_in_time() {
    // Case c.
    let day = Day::default().step("09:00", "R1", Step::Received, |_| ()).step("10:00", "R1", Step::Final, |_| ());
    assert_eq!(day.lines(&plain()), ["09:00 R1 Lab running", "10:00 R1 Lab met"]);
    let day = Day::default().step("09:00", "R1", Step::Final, |_| ()).step("09:00", "R1", Step::Received, |_| ());
    assert_eq!(day.lines(&plain()), ["09:00 R1 Lab met"]);
}

#[test]
fn late_news_of_a_pause_withdraws_and_breaches_again() {
    // Case d.
    let day = Day::default().step("09:00", "R1", Step::Received, |_| ());
    let held = |is_on, time: &'static str| {
        move |event: &mut Event| {
            flag(is_on)(event);
            as_of(time)(event);
        }
    };
    let day = day.step("10:05", "R1", Step::Received, held(true, "09:20"));
    let day = day.step("10:05", "R1", Step::Received, held(false, "09:50"));
    assert_eq!(
        day.lines(&plain()),
        [
            "09:00 R1 Lab running",
            "10:00 R1 Lab breached",
            "10:00 R1 Lab raised",
            "10:05 R1 Lab paused",
            "10:05 R1 Lab withdrawn",
            "10:05 R1 Lab running",
            "10:30 R1 Lab breached",
            "10:30 R1 Lab raised 2"
        ]
    );
    assert_eq!(
        day.pages(&plain()),
        [
            "10:00 R1 Page desk \"Operations\" by phone",
            "10:05 R1 Withdrawal desk \"Operations\" by phone",
            "10:30 R1 Page desk \"Operations\" by phone"
        ]
    );
}

#[test]
fn a_new_specimen_starts_the_clock_again() {
    // Case e: 40 used by 09:40, then 60 from there.
    let day = Day::default().step("09:00", "R1", Step::Received, |_| ());
    let day = day.step("09:30", "R1", Step::Recollect, |_| ()).step("09:40", "R1", Step::Collected, |_| ());
    assert_eq!(
        day.lines(&plain()),
        [
            "09:00 R1 Lab running",
            "09:40 R1 Lab restarted",
            "09:40 R1 Lab running",
            "10:40 R1 Lab breached",
            "10:40 R1 Lab raised"
        ]
    );
}

#[test]
fn a_result_undoes_a_cancellation() {
    // Case f: met in 55 minutes.
    let day = Day::default().step("09:00", "R1", Step::Received, |_| ());
    let day = day.step("09:30", "R1", Step::Cancelled, |_| ()).step("09:55", "R1", Step::Final, |_| ());
    assert_eq!(day.lines(&plain()), ["09:00 R1 Lab running", "09:30 R1 Lab cancelled", "09:55 R1 Lab met"]);
}

#[test]
fn a_report_that_becomes_stat_changes_clocks() {
    // Case g: the stat clock is due at 10:30.
    let rules = ["routine", "stat"].map(|word| Rule::Sla(Box::new(sla(Some(word), None))));
    let priority = |word| move |event: &mut Event| event.priority = Given::Value(word);
    let day = Day::default().step("09:00", "R1", Step::Received, priority(Priority::Routine));
    let day = day.step("09:30", "R1", Step::InProcess, priority(Priority::Stat));
    assert_eq!(
        day.lines(&ward(rules.to_vec())),
        [
            "09:00 R1 routine running",
            "09:30 R1 routine cancelled",
            "09:30 R1 stat running",
            "10:30 R1 stat breached",
            "10:30 R1 stat raised"
        ]
    );
}

#[test]
fn a_late_stop_closes_and_news_of_an_earlier_one_withdraws() {
    let start = || Day::default().step("09:00", "R1", Step::Received, |_| ());
    let late = start().step("10:07", "R1", Step::Final, as_of("10:04"));
    assert_eq!(late.lines(&plain()).last().unwrap(), "10:07 R1 Lab closed", "[SLA-11]");
    let in_time = start().step("10:07", "R1", Step::Final, as_of("09:50"));
    assert_eq!(in_time.lines(&plain()).get(3..).unwrap(), ["10:07 R1 Lab met", "10:07 R1 Lab withdrawn"]);
    let together = Day::default().step("10:30", "R1", Step::Received, as_of("09:00"));
    let together = together.step("10:30", "R1", Step::Final, as_of("10:20"));
    let words = together.lines(&plain());
    assert_eq!(words, ["10:30 R1 Lab running", "10:30 R1 Lab breached"], "[SLA-9]: recorded, nobody is told");
}

#[test]
fn times_too_coarse_to_tell_are_unsure() {
    // [TIM-9]: from 09:00:00 to 10:00:00, each some time within the second.
    let second = |time: &str| EventTime::within(clock(time), Span::from_seconds(1));
    let day = Day::default().step("09:00", "R1", Step::Received, |event| event.occurred_at = Some(second("09:00")));
    let at = |time: &'static str| move |event: &mut Event| event.occurred_at = Some(second(time));
    assert_eq!(
        day.step("10:00", "R1", Step::Final, at("10:00")).lines(&plain()).get(1).unwrap(),
        "10:00 R1 Lab unsure"
    );
    let day = Day::default().step("09:00", "R1", Step::Received, |event| event.occurred_at = Some(second("09:00")));
    assert_eq!(
        day.step("10:00", "R1", Step::Final, at("09:59:59")).lines(&plain()).get(1).unwrap(),
        "10:00 R1 Lab met"
    );
}

#[test]
fn the_worked_case_of_the_domain_page() {
    // Domain page 3.3, with a rule on critical results from the preliminary on.
    let mut ward = critical_potassium();
    if let Some(Rule::Alert(alert)) = ward.rules.first_mut() {
        alert.trigger = Trigger::Result(vec![Step::Preliminary, Step::Final]);
        alert.condition =
            Some(Condition { is_any: false, atoms: vec![(Field::Flag, Relation::Is(Text::from("critical")))] });
    }
    let high = |event: &mut Event| event.results = vec![potassium("6.9", &[Abnormal::CriticalHigh])];
    let steps = [("07:31", Step::Ordered), ("07:40", Step::Collected), ("07:52", Step::Received)];
    let day = steps.into_iter().fold(Day::default(), |day, (at, step)| day.step(at, "R1", step, |_| ()));
    let day = day.step("08:09", "R1", Step::Preliminary, high).step("08:15", "R1", Step::Final, high);
    let day = day.step("08:22", "R1", Step::Acknowledged, |_| ()).potassium("09:45", "R1", Step::Corrected, "4.4");
    let day = day.step("10:05", "R1", Step::Reviewed, |_| ());
    let name = "R1 Critical potassium";
    assert_eq!(
        day.lines(&ward),
        [format!("08:09 {name} raised"), format!("08:22 {name} answered"), format!("08:22 {name} closed")]
    );
    assert_eq!(day.pages(&ward).last().unwrap(), "09:45 R1 Withdrawal desk \"Operations\" by phone", "[T22]");
    let mut told = day.0;
    told.rotate_left(6);
    let shuffled = Day(told.into_iter().enumerate().map(|(index, told)| later(told, index)).collect());
    assert_eq!(shuffled.lines(&ward), Vec::<String>::new(), "the correction came first: nobody is paged");
}

/// The same event, told in its turn after ten.
fn later(mut told: Told, index: usize) -> Told {
    told.at = clock("10:10").plus(minutes(i64::try_from(index).unwrap()));
    told
}

#[test]
fn a_wrong_read_back_changes_nothing() {
    // Example 3, with desks in place of the rosters.
    let day = Day::default().potassium("02:10", "R1", Step::Final, "6.9");
    let day = day.reply("02:21", "R1", desk("Covering"), Act::ReadBack, Some("6.8"));
    let day = day.reply("02:22", "R1", desk("Covering"), Act::ReadBack, Some("6.9"));
    let day = day.reply("02:40", "R1", desk("Covering"), Act::Acted, None);
    let ward = critical_potassium();
    assert_eq!(
        day.pages(&ward),
        [
            "02:10 R1 Page the ordering clinician by secure message",
            "02:13 R1 Reminder the ordering clinician by phone",
            "02:15 R1 Page desk \"Covering\" by phone",
            "02:20 R1 Page desk \"Operations\" by phone",
            "02:20 R1 Page desk \"Night supervisor\" by phone",
        ]
    );
    assert_eq!(
        day.lines(&ward),
        [
            "02:10 R1 Critical potassium raised",
            "02:22 R1 Critical potassium answered",
            "02:40 R1 Critical potassium closed"
        ]
    );
}

#[test]
fn declines_move_on_at_once() {
    // Example 4, with desks in place of the rosters.
    let day = Day::default().potassium("02:10", "R1", Step::Final, "6.9");
    let day = day.reply("02:11", "R1", Who::Ordering, Act::Declined, None);
    let day = day.reply("02:12", "R1", desk("Covering"), Act::Declined, None);
    let day = day.reply("02:13", "R1", desk("Operations"), Act::Declined, None);
    let day = day.reply("02:18", "R1", desk("Covering"), Act::ReadBack, Some("6.90"));
    let day = day.step("02:30", "R1", Step::Acknowledged, |_| ());
    let ward = critical_potassium();
    assert_eq!(
        day.pages(&ward),
        [
            "02:10 R1 Page the ordering clinician by secure message",
            "02:11 R1 Page desk \"Covering\" by phone",
            "02:12 R1 Page desk \"Operations\" by phone",
            "02:12 R1 Page desk \"Night supervisor\" by phone",
            "02:17 R1 Page desk \"Covering\" by phone",
        ]
    );
    assert_eq!(
        day.lines(&ward),
        [
            "02:10 R1 Critical potassium raised",
            "02:18 R1 Critical potassium answered",
            "02:30 R1 Critical potassium closed"
        ]
    );
}

#[test]
fn a_correction_withdraws_and_one_into_the_critical_range_raises() {
    // Example 6.
    let day = Day::default().potassium("02:10", "R1", Step::Final, "6.9");
    let day = day.potassium("02:12", "R1", Step::Corrected, "4.1");
    let day = day.reply("02:14", "R1", Who::Ordering, Act::ReadBack, Some("6.9"));
    let day = day.potassium("02:30", "R2", Step::Final, "4.4").potassium("02:31", "R2", Step::Corrected, "6.8");
    let day = day.reply("02:32", "R2", Who::Ordering, Act::ReadBack, Some("6.8"));
    let day = day.reply("02:33", "R2", Who::Ordering, Act::Acted, None);
    let ward = critical_potassium();
    assert_eq!(
        day.lines(&ward),
        [
            "02:10 R1 Critical potassium raised",
            "02:12 R1 Critical potassium withdrawn",
            "02:31 R2 Critical potassium raised",
            "02:32 R2 Critical potassium answered",
            "02:33 R2 Critical potassium closed"
        ]
    );
    assert_eq!(
        day.pages(&ward),
        [
            "02:10 R1 Page the ordering clinician by secure message",
            "02:12 R1 Withdrawal the ordering clinician by secure message",
            "02:31 R2 Page the ordering clinician by secure message"
        ]
    );
}

#[test]
fn a_worse_value_pages_again_and_an_equal_one_does_not() {
    // Example 7.
    let day = Day::default().potassium("02:10", "R1", Step::Final, "6.9");
    let day = day.reply("02:12", "R1", Who::Ordering, Act::ReadBack, Some("6.9"));
    let day = day.potassium("02:30", "R1", Step::Corrected, "7.4").potassium("02:31", "R1", Step::Corrected, "7.40");
    let day = day.reply("02:34", "R1", Who::Ordering, Act::ReadBack, Some("7.4"));
    let day = day.reply("02:50", "R1", Who::Ordering, Act::Acted, None);
    let ward = critical_potassium();
    assert_eq!(
        day.lines(&ward),
        [
            "02:10 R1 Critical potassium raised",
            "02:12 R1 Critical potassium answered",
            "02:30 R1 Critical potassium closed",
            "02:30 R1 Critical potassium raised 2",
            "02:34 R1 Critical potassium answered 2",
            "02:50 R1 Critical potassium closed 2"
        ]
    );
    assert_eq!(
        day.pages(&ward),
        [
            "02:10 R1 Page the ordering clinician by secure message",
            "02:30 R1 Page the ordering clinician by secure message",
            "02:33 R1 Reminder the ordering clinician by phone"
        ]
    );
}

#[test]
fn an_answer_lapses_without_an_action() {
    // [T17]: answered 02:12, nothing done by 02:42, so the first step begins again; an action at 02:42 would have counted.
    let day = || {
        let day = Day::default().potassium("02:10", "R1", Step::Final, "6.9");
        day.reply("02:12", "R1", Who::Ordering, Act::ReadBack, Some("6.9"))
    };
    let ward = critical_potassium();
    let again = "02:42 R1 Page the ordering clinician by secure message";
    assert_eq!(day().pages(&ward).get(1).map(String::as_str), Some(again));
    let acted = day().reply("02:42", "R1", Who::Ordering, Act::Acted, None);
    assert_eq!(acted.pages(&ward).len(), 1);
}

#[test]
fn what_is_not_delivered_in_time_is_missed() {
    // Example 11.
    let rule = Rule::Alert(Box::new(Alert {
        name: Text::from("Undelivered"),
        kind: None,
        trigger: Trigger::Absence { after: Step::Final, expect: Step::Delivered, within: minutes(15) },
        condition: None,
        unless: None,
        missing: vec![],
        severity: Text::from("orange"),
        page: Some(Paged::Using(Text::from("Follow-up"), Some(desk("Interface desk")))),
        tells: vec![],
    }));
    let finals = [("10:00", "R1"), ("10:02", "R2"), ("10:05", "R3")];
    let day = finals.into_iter().fold(Day::default(), |day, (at, report)| day.step(at, report, Step::Final, |_| ()));
    let day = day.step("10:10", "R4", Step::Final, as_of("09:30")).step("10:15", "R1", Step::Delivered, |_| ());
    let day = day.step("10:18", "R2", Step::Delivered, as_of("10:14")).step("10:26", "R3", Step::Delivered, |_| ());
    let day = day.step("10:35", "R4", Step::Delivered, |_| ());
    let ward = ward(vec![rule]);
    assert_eq!(
        day.lines(&ward),
        [
            "10:17 R2 Undelivered raised",
            "10:18 R2 Undelivered withdrawn",
            "10:20 R3 Undelivered raised",
            "10:26 R3 Undelivered cleared",
            "10:10 R4 Undelivered raised",
            "10:35 R4 Undelivered cleared"
        ]
    );
    assert_eq!(
        day.pages(&ward),
        [
            "10:17 R2 Page desk \"Interface desk\" by secure message",
            "10:18 R2 Withdrawal desk \"Interface desk\" by secure message",
            "10:20 R3 Page desk \"Interface desk\" by secure message",
            "10:10 R4 Page desk \"Interface desk\" by secure message"
        ]
    );
}

#[test]
fn the_same_message_again_and_the_same_fact_again_change_nothing() {
    let day = Day::default().potassium("02:10", "R1", Step::Final, "6.9");
    let day = day.potassium("02:10", "R1", Step::Final, "6.9");
    let mut told = day.0;
    told.push(later(told.first().unwrap().clone(), 0));
    told.iter_mut().skip(1).for_each(|told| told.at = clock("02:11"));
    let expected = Day::default().potassium("02:10", "R1", Step::Final, "6.9").pages(&critical_potassium());
    assert_eq!(Day(told).pages(&critical_potassium()), expected);
}
