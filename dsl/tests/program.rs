//! Program: does the program of a ward demand what its text says, with defaults and inherited clauses filled in?

use wardline_dsl::script::{Act, ClockShows, ClockState, Event, Fact, Outcome, Scope, Sent, Test};
use wardline_dsl::source::{SourceFile, Sources};
use wardline_dsl::{Checked, check};
use wardline_rules::decimal::Decimal;
use wardline_rules::program::{
    ActionSend, AnsweredBy, Atom, Bounds, ClosedDay, Comparison, Condition, Decline, Failed, Field, Happening, Late,
    Length, Missed, Once, Opening, Operand, PageTo, Program, StartMissing, Threshold, Trigger, Who,
};
use wardline_rules::time::{Date, Span, Timestamp};
use wardline_rules::unit::Unit;
use wardline_rules::words::{Channel, KindSet, Step, WardKind};

/// 1 January 2026.
const AS_OF: i32 = 20_454;

fn run(example: &str) -> Checked {
    let texts = [include_str!("wards/base.ward"), include_str!("wards/potassium.ward"), example];
    let files = texts.iter().enumerate().map(|(n, text)| SourceFile::new(format!("{n}.ward"), *text)).collect();
    let packs = vec![SourceFile::new("starter.ward", include_str!("../../rules/packs/starter.ward"))];
    let holidays = vec![SourceFile::new("holidays/us-federal.toml", include_str!("wards/us-federal.toml"))];
    check(&Sources { files, packs, holidays }, Date::from_days(AS_OF))
}

fn program(example: &str) -> Program {
    let checked = run(example);
    checked.program.unwrap_or_else(|| panic!("{:?}", checked.diagnostics))
}

fn tests(example: &str) -> Vec<Test> {
    run(example).tests
}

fn utc(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap_or(Timestamp::MIN)
}

fn date(year: i16, month: i8, day: i8) -> Date {
    Date::new(year, month, day).unwrap_or(Date::from_days(0))
}

#[test]
fn calendars_have_their_holidays_as_dates() {
    let program = program("");
    let bench = &program.calendars[0];
    let Opening::Weekly(hours) = &bench.open else { panic!("weekly") };
    let shown: Vec<(u8, String, String)> =
        hours.iter().map(|range| (range.days, range.from.to_string(), range.to.to_string())).collect();
    assert_eq!(shown, [(0b001_1111, "06:00".into(), "20:00".into()), (0b010_0000, "08:00".into(), "12:00".into())]);
    let closes = |day| {
        bench
            .closed
            .iter()
            .any(|closed| closed.day == day && closed.from.minutes() == 0 && closed.to.minutes() == 1_440)
    };
    assert!(closes(ClosedDay::Dates(date(2026, 7, 3), date(2026, 7, 3))), "observed");
    assert!(closes(ClosedDay::Dates(date(2026, 7, 4), date(2026, 7, 4))), "actual");
    let eve = bench.closed.iter().find(|closed| closed.day == ClosedDay::Yearly(12, 24)).unwrap();
    assert_eq!((eve.from.minutes(), eve.to.minutes()), (720, 1_440));
}

#[test]
fn escalations_have_their_defaults() {
    let program = program("");
    let call = &program.escalations[0];
    assert_eq!((call.steps.len(), call.repeat.map(|repeat| (repeat.from, repeat.times))), (3, Some((2, 2))));
    assert_eq!((call.answered_by, call.read_back, call.with_code), (AnsweredBy::Licensed, true, true));
    assert_eq!(
        (call.decline, call.failed, call.lapses),
        (Decline::All, Failed::NextChannel, Some(Span::from_minutes(30)))
    );
    assert_eq!(call.steps[0].by, [Channel::SecureMessage, Channel::Phone]);
    assert_eq!(call.steps[0].reminders[0].after, Span::from_minutes(3));
    let [Who::Desk(_), Who::Roster(_)] = call.steps[2].who[..] else { panic!("desk and roster") };
    assert_eq!(
        program.severities.iter().map(|severity| severity.name.as_str()).collect::<Vec<_>>(),
        ["red", "orange", "yellow"]
    );
    assert!(program.severities[0].cannot_be_held && program.severities[0].ignores_quiet);
}

#[test]
fn an_exception_inherits_what_it_does_not_restate() {
    let program = program(include_str!("wards/holiday_weekend.ward"));
    let [family] = &program.families[..] else { panic!("one family") };
    let [sla, exception] = &family.rules[..] else { panic!("two rules") };
    assert_eq!((sla.parent, exception.parent), (None, Some(0)));
    assert_eq!((exception.starts.as_slice(), exception.calendar), (sla.starts.as_slice(), sla.calendar));
    assert_eq!(exception.target, Length::Working(Span::from_minutes(8 * 60)));
    assert_eq!(exception.warnings[0].at, Threshold::Length(Length::Working(Span::from_minutes(6 * 60))));
    assert_eq!(sla.warnings[0].at, Threshold::Length(Length::Working(Span::from_minutes(12 * 60))));
    assert_eq!(exception.breach, sla.breach);
    assert_eq!(
        (sla.start_missing, exception.start_missing),
        (StartMissing::UseTimeOf(Step::Ordered), StartMissing::UseTimeOf(Step::Ordered))
    );
    assert_eq!(sla.late, Late::Withdraw);
    let missed: Vec<&Missed> = exception.missing.iter().map(|missing| &missing.what).collect();
    assert_eq!(missed, [&Missed::Field(Field::SpecimenSite), &Missed::Field(Field::SpecimenClass)]);
    let accessioned = &sla.starts[0];
    assert_eq!(accessioned.happening, Happening::Step(Step::Received));
    assert_eq!(accessioned.kinds, KindSet::of(WardKind::Pathology).or(KindSet::of(WardKind::Genetics)));
}

#[test]
fn an_alert_says_what_its_words_mean() {
    let program = program("");
    let alert = &program.alerts[0];
    let Trigger::When(moments) = &alert.trigger else { panic!("when") };
    assert!(moments[0].of_result && moments[0].kinds == KindSet::LAB);
    assert_eq!((alert.once, alert.unless.clone(), alert.tells.len()), (Once::Result, Condition::never(), 0));
    let Some(PageTo::Using { recipients, .. }) = &alert.page else { panic!("by escalation") };
    assert!(recipients.is_empty());
    let Condition::All(parts) = &alert.condition else { panic!("and") };
    let bound = |text| {
        Unit::parse("mmol/L").and_then(|unit| unit.quantity(Decimal::parse(text)?)).map(Operand::Quantity).unwrap()
    };
    let range = Comparison::Range(true, Bounds::Outside(bound("2.5"), bound("6.5")));
    assert_eq!(parts[1], Condition::Atom(Atom { field: Field::Value, comparison: range }));
}

#[test]
fn a_breach_without_severity_has_the_lowest() {
    let program = program(include_str!("wards/clock_change.ward"));
    let rule = &program.families[0].rules[0];
    assert_eq!(program.severities[rule.breach.severity.index()].name, "yellow");
    assert!(matches!(rule.breach.send, ActionSend::Tell(_)));
}

#[test]
fn stamps_become_instants_in_the_zone_of_the_test() {
    // [TEST-2]
    let tests = tests(include_str!("wards/clock_change.ward"));
    let [test] = &tests[..] else { panic!("one test") };
    let at: Vec<Timestamp> = test.entries.iter().map(|entry| entry.at).collect();
    assert_eq!(at, [utc("2026-03-08T04:30:00Z"), utc("2026-11-01T03:30:00Z")], "CST, CDT");
    let windows: Vec<_> = test.expectations.iter().filter_map(|expected| expected.at).collect();
    assert_eq!(windows[3].from, utc("2026-11-01T07:30:00Z"), "the second 01:30");
    assert_eq!(windows[3].to, utc("2026-11-01T07:31:00Z"), "a minute as written");
    let due = ClockShows::DueAt(windows[4]);
    assert!(matches!(&test.expectations[2].outcome, Outcome::Clock { is, .. } if *is == due), "04:30 CST");
    assert_eq!(test.end, utc("2026-11-01T10:31:00Z"), "the end of the last stamp that begins a line");
}

#[test]
fn entries_and_expectations_have_their_names_resolved() {
    // [TEST-3]
    let tests = tests(include_str!("wards/failed_delivery.ward"));
    let first = &tests[0];
    assert_eq!(first.given, [Fact::Location("ICU".into())]);
    let fault = &first.faults[0];
    assert_eq!((fault.to, fault.by, fault.after), (None, Channel::SecureMessage, Some(Span::from_seconds(40))));
    let Event::Answer { who, act, licensed, right_code, scope } = &first.entries[1].event else { panic!("an answer") };
    assert_eq!((*who, *licensed, *right_code, scope), (Who::Covering, true, true, &None));
    assert!(
        matches!(act, Act::Answers(Some(reading)) if reading.number == Decimal::parse("6.9").unwrap() && reading.unit.is_none())
    );
    let window = first.expectations[1].at.unwrap();
    assert_eq!(window.to.since(window.from), Span::from_seconds(1), "written to the second");
    let last = &first.expectations[4].outcome;
    let Outcome::Alert { rule, scope, .. } = last else { panic!("an alert") };
    assert_eq!((rule.as_str(), scope), ("alert/Critical potassium", &Some(Scope::Report("R1".into()))));
    assert_eq!(first.expectations[5].outcome, Outcome::NothingElse);
}

#[test]
fn facts_of_an_entry_are_what_they_set() {
    // [TEST-3]
    let tests = tests(include_str!("wards/holiday_weekend.ward"));
    let Event::Report { report, news, occurred_at, facts } = &tests[0].entries[1].event else { panic!("a report") };
    assert_eq!(
        (report.as_str(), news.step, *occurred_at),
        ("S2", Some(Step::Received), Some(utc("2026-07-02T23:00:00Z")))
    );
    assert_eq!(facts[0], Fact::Attribute("specimen_class", "surgical biopsy".into()));
    assert_eq!(facts[1], Fact::Attribute("body_site", "breast".into()));
    let Outcome::Sent { what, scope, .. } = &tests[0].expectations[2].outcome else { panic!("told") };
    assert_eq!((what, scope), (&Sent::Tell, &Some(Scope::Report("S2".into()))));
    let met = tests[0]
        .expectations
        .iter()
        .filter(|expected| matches!(expected.outcome, Outcome::Clock { is: ClockShows::State(ClockState::Met), .. }));
    assert_eq!(met.count(), 1);
}

#[test]
fn news_with_another_time_keeps_both() {
    let tests = tests(include_str!("wards/absence.ward"));
    let late = &tests[0].entries[3];
    let Event::Report { occurred_at, .. } = &late.event else { panic!("a report") };
    assert_eq!((late.at, *occurred_at), (utc("2026-03-10T15:10:00Z"), Some(utc("2026-03-10T14:30:00Z"))));
}

#[test]
fn the_version_changes_with_the_text_and_only_with_it() {
    let one = program("desk \"Night\"\n").version;
    assert_eq!(one, program("desk \"Night\"   \n\n").version);
    assert_ne!(one, program("desk \"Day\"\n").version);
}

#[test]
fn a_rule_is_known_by_its_block_word_and_its_first_name() {
    // [ALERT-1]
    let rules = "sla \"STAT lab\"\n  policy    \"P-1\", owner \"Quality\", review by 2027-06-30\n  was       \"Stat\", \"Stats\"\n  covers    lab reports where priority is stat\n  starts    when the specimen is received\n  stops     when the report is finalised\n  target    60 minutes\n  breach    tell desk \"Operations\" by worklist\n";
    let program = program(rules);
    let head = &program.families[0].rules[0].head;
    assert_eq!((head.id.as_str(), head.name.as_str()), ("sla/Stat", "STAT lab"));
    let potassium = &program.alerts[0].head;
    assert_eq!((potassium.id.as_str(), potassium.name.as_str()), ("alert/Critical potassium", "Critical potassium"));
}

#[test]
fn the_version_is_that_of_everything_a_ward_uses() {
    // [DET-2]
    let base = include_str!("wards/base.ward");
    let pack = include_str!("../../rules/packs/starter.ward");
    let federal = include_str!("wards/us-federal.toml");
    let of = |ward: &str, pack: &str, named: &str, unnamed: &str| {
        let files =
            vec![SourceFile::new("a.ward", ward), SourceFile::new("b.ward", include_str!("wards/potassium.ward"))];
        let packs = vec![SourceFile::new("starter.ward", pack)];
        let holidays =
            vec![SourceFile::new("holidays/us-federal.toml", named), SourceFile::new("holidays/other.toml", unnamed)];
        let checked = check(&Sources { files, packs, holidays }, Date::from_days(AS_OF));
        checked.program.unwrap_or_else(|| panic!("{:?}", checked.diagnostics)).version
    };
    let version = of(base, pack, federal, "");
    assert_eq!(
        version,
        of(&base.replace('\n', "\r\n"), pack, federal, "days = []"),
        "neither line ends nor what it does not use"
    );
    let other_day = federal.replace("2026-07-03", "2026-07-06");
    assert_ne!(other_day, federal);
    let others = [
        of(&format!("{base}-- remark\n"), pack, federal, ""),
        of(base, &format!("{pack}-- remark\n"), federal, ""),
        of(base, pack, &other_day, ""),
    ];
    assert!(others.iter().all(|other| *other != version), "the text of files, packs and holidays counts");
}

#[test]
fn of_two_slas_that_only_a_script_keeps_apart_the_later_name_gives_way() {
    // [SLA-2] WL0903
    let sla = |name: &str, priority: &str| {
        format!(
            "sla \"{name}\"\n  policy    \"P-1\", owner \"Quality\", review by 2027-06-30\n  covers    lab reports where priority is {priority} and quick(test) is yes\n  starts    when the specimen is received\n  stops     when the report is finalised\n  target    60 minutes\n  breach    tell desk \"Operations\" by worklist\n  missing   test, quick(): do not match\n\n"
        )
    };
    let function = "function quick(test: test) gives yes or no\n  script\n    test == \"potassium\"\n  end\n  example   quick(potassium) is yes\n  example   quick(lactate) is no\n";
    let both = program(&format!("{}{}{function}", sla("Zeta", "stat"), sla("Alpha", "stat")));
    let yields: Vec<(&str, &[u32])> = both
        .families
        .iter()
        .map(|family| (family.rules[0].head.name.as_str(), family.rules[0].yields_to.as_slice()))
        .collect();
    assert_eq!(yields, [("Zeta", [1].as_slice()), ("Alpha", [].as_slice())]);
    let apart = program(&format!("{}{}{function}", sla("Zeta", "stat"), sla("Alpha", "routine")));
    assert!(apart.families.iter().all(|family| family.rules[0].yields_to.is_empty()), "priorities keep them apart");
}
