//! Rules: a ward drawn by chance that passes every check.
//!
//! Two clocks never claim one report over one interval; every field that may be absent is decided; what cannot be held is
//! paged with an escalation; nobody is told who is also paged.

use wardline_rules::{
    Text,
    decimal::Decimal,
    time::{Date, Span, TimeOfDay},
    unit::Unit,
    words::{Channel, State, Step},
};

use super::Random;
use crate::rule::{
    Action, Alert, Answered, Bounds, Calendar, Call, Condition, Escalation, Field, Hold, Hours, Missing, Moment, Page,
    Pauses, Policy, Range, Relation, Roster, Rule, Rung, Severity, Sla, Test, Trigger, Ward, WarnAt, Who,
};

/// Kind, start and stop of clocks; no two rules share one unless their covers exclude each other.
const INTERVALS: [(&str, Step, Step); 9] = [
    ("lab", Step::Received, Step::Final),
    ("lab", Step::Collected, Step::Received),
    ("lab", Step::Ordered, Step::Final),
    ("lab", Step::Final, Step::Delivered),
    ("lab", Step::Delivered, Step::Reviewed),
    ("radiology", Step::Ordered, Step::Final),
    ("radiology", Step::ExamEnded, Step::Final),
    ("pathology", Step::Received, Step::Final),
    ("pathology", Step::Ordered, Step::Received),
];
const ABSENCES: [(Step, Step); 4] = [
    (Step::Final, Step::Delivered),
    (Step::Ordered, Step::Final),
    (Step::Delivered, Step::Reviewed),
    (Step::Collected, Step::Received),
];
const CHANNELS: [Channel; 4] = [Channel::SecureMessage, Channel::Phone, Channel::Pager, Channel::Sms];
/// Who has the nights of a roster; nobody else asks it.
const SWITCHBOARD: &str = "Switchboard";
const DESKS: [&str; 4] = ["Operations", "Laboratory", "Bed office", "Archive"];

/// Code of the potassium test.
pub(super) const POTASSIUM: &str = "2823-3";
/// Code of the lactate test.
pub(super) const LACTATE: &str = "2524-7";

/// A ward of up to twelve rules.
pub(super) fn ward(random: &mut Random) -> Ward {
    let zone = random.pick(&["America/Chicago", "Europe/Berlin"]).copied().unwrap_or("America/Chicago");
    let severity = |name: &str, minutes, is_insistent| Severity {
        name: Text::from(name),
        answer: Span::from_minutes(minutes),
        is_insistent,
    };
    let test = |word: &str, loinc: &str| Test {
        word: Text::from(word),
        loinc: Text::from(loinc),
        unit: Unit::parse("mmol/L"),
    };
    let mut ward = Ward {
        name: Text::from("Generated"),
        zone: Text::from(zone),
        sites: ["Main", "West"].map(Text::from).to_vec(),
        places: ["ICU", "Emergency"].map(Text::from).to_vec(),
        flags: vec![Text::from("awaiting special stain")],
        tests: vec![test("potassium", POTASSIUM), test("lactate", LACTATE)],
        limits: Vec::new(),
        severities: vec![severity("red", 60, true), severity("orange", 360, false), severity("yellow", 1_440, false)],
        calendars: vec![calendar("Bench", &[(0, 4, 6, 20), (5, 5, 8, 12)]), calendar("Nights", &[(0, 6, 22, 6)])],
        desks: DESKS.map(Text::from).to_vec(),
        rosters: Vec::new(),
        escalations: ["Plain", "Recipient", "Read-back"].map(|name| escalation(random, name)).to_vec(),
        rules: Vec::new(),
    };
    clocks(random, &mut ward);
    for number in 0..random.from_to(1, 3) {
        ward.rules.push(Rule::Alert(Box::new(result_alert(random, number))));
    }
    for number in 0..random.from_to(0, 2) {
        ward.rules.push(Rule::Alert(Box::new(report_alert(random, number))));
    }
    for (number, (after, expect)) in ABSENCES.iter().enumerate() {
        if random.percent(35) {
            ward.rules.push(Rule::Alert(Box::new(absence(random, number, (*after, *expect)))));
        }
    }
    ward
}

/// Adds rules that look back at what was found before, and a roster.
pub(super) fn look_back(random: &mut Random, ward: &mut Ward) {
    if random.percent(40) {
        for number in 0..random.from_to(1, 3) {
            ward.rules.extend(looking_back(random, number).map(|alert| Rule::Alert(Box::new(alert))));
        }
    }
    if random.percent(40) {
        rosters(random, ward);
    }
}

/// A roster, and steps that ask whoever is on duty instead of the laboratory. Clocks are not changed at its edges: which of
/// two equal local hours is meant is another page's matter.
fn rosters(random: &mut Random, ward: &mut Ward) {
    let mut time = |first: i64, last: i64| {
        let minutes = u16::try_from(random.from_to(first * 12, last * 12) * 5).unwrap_or(0);
        TimeOfDay::from_minutes(minutes % 1_440)
    };
    let Some(turn) = Date::new(2026, 1, 5).zip(time(5, 23)) else { return };
    let nights = time(19, 23).zip(time(5, 7)).map(|(from, to)| (from, to, Text::from(SWITCHBOARD)));
    ward.desks.push(Text::from(SWITCHBOARD));
    ward.rosters.push(Roster {
        name: Text::from("Duty"),
        days: if random.percent(70) { 1 } else { 2 },
        from: turn,
        members: ["Ana Ruiz", "Ben Okafor", "Chen Li"].map(Text::from).to_vec(),
        nights: nights.filter(|_| random.percent(60)),
        nobody: Text::from(SWITCHBOARD),
    });
    let laboratory = Who::Desk(Text::from("Laboratory"));
    let steps = ward.escalations.iter_mut().flat_map(|escalation| &mut escalation.steps);
    for who in steps.flat_map(|step| &mut step.who).filter(|who| **who == laboratory) {
        *who = Who::Roster(Text::from("Duty"));
    }
}

/// An alert that compares with what was found before for the patient.
fn looking_back(random: &mut Random, number: i64) -> Option<Alert> {
    let page = random.percent(70).then(|| page(random));
    let policy = if random.percent(70) { Policy::DoNotMatch } else { Policy::Match };
    let missing = |field| Missing { field, policy: policy.clone() };
    let is_potassium = (Field::Test, Relation::Is(Text::from("potassium")));
    let (trigger, field, relation) = match random.below(3) {
        0 => {
            let span = random.minutes(5, 180);
            let relation = if random.percent(60) { Relation::Below(span) } else { Relation::Above(span) };
            (Trigger::Report(Step::Ordered), Field::SinceSameTest, relation)
        }
        kind => {
            let steps = if random.percent(40) { vec![Step::Final, Step::Preliminary] } else { vec![Step::Final] };
            let (field, numbers) = if kind == 1 {
                (Field::PreviousValue, ["6.5", "4.1", "7"])
            } else {
                (Field::Change, ["0.4", "0", "2.5"])
            };
            let bound = random.pick(&numbers).and_then(|number| Decimal::parse(number))?;
            let bounds = match random.below(4) {
                0 => Bounds::Above(bound),
                1 => Bounds::AtLeast(bound),
                2 => Bounds::Below(bound),
                _ => Bounds::AtMost(bound),
            };
            let unit = Unit::parse("mmol/L")?;
            (Trigger::Result(steps), field, Relation::Within(Range { bounds, unit }))
        }
    };
    let mut alert = alert(random, format!("Before {number}"), trigger, page);
    alert.kind = Some(Text::from("lab"));
    alert.condition = Some(Condition { is_any: false, atoms: vec![is_potassium, (field, relation)] });
    alert.missing = vec![missing(Field::Test), missing(field)];
    Some(alert)
}

/// Limits of the installation, mostly inside the range beyond which the feed says critical itself. Lactate has none: of two
/// alerts of one rule on one report, raised in one instant, nobody could say which an answer to the rule means.
pub(super) fn limits(random: &mut Random) -> Vec<(Text, Range)> {
    let bounds = match random.below(6) {
        0 => ("4.2", None),
        1 => ("2.5", Some("6.0")),
        2 => ("4.2", Some("7")),
        _ => return Vec::new(),
    };
    let range = || {
        let low = Decimal::parse(bounds.0)?;
        let high = bounds.1.and_then(Decimal::parse);
        let bounds = high.map_or(Bounds::Below(low), |high| Bounds::Outside(low, high));
        Some(Range { bounds, unit: Unit::parse("mmol/L")? })
    };
    range().map(|range| (Text::from(POTASSIUM), range)).into_iter().collect()
}

fn calendar(name: &str, hours: &[(u8, u8, u16, u16)]) -> Calendar {
    let time = |hour: u16| TimeOfDay::from_minutes(hour * 60);
    let hours = hours.iter().filter_map(|(first, last, from, to)| {
        Some(Hours { first: *first, last: *last, from: time(*from)?, to: time(*to)? })
    });
    Calendar { name: Text::from(name), hours: hours.collect() }
}

fn escalation(random: &mut Random, name: &str) -> Escalation {
    let is_strict = name == "Read-back";
    let count = random.from_to(1, 4);
    let steps: Vec<_> = (0..count).map(|step| rung(random, step == 0 && name == "Recipient")).collect();
    let first = random.below(steps.len());
    let times = u32::try_from(random.from_to(1, 2)).unwrap_or(1);
    Escalation {
        name: Text::from(name),
        steps,
        repeat: random.percent(40).then_some((first, times)),
        desk: Text::from("Operations"),
        any_declines: random.percent(30),
        answered: Answered {
            licensed: is_strict && random.percent(50),
            read_back: is_strict,
            code: is_strict && random.percent(50),
        },
        lapses: random.percent(50).then(|| random.minutes(5, 40)),
    }
}

fn rung(random: &mut Random, is_recipient: bool) -> Rung {
    let wait = random.from_to(2, 15);
    let mut who = vec![if is_recipient { Who::Recipient } else { person(random) }];
    if random.percent(30) {
        let other = person(random);
        // The recipient may turn out to be anybody.
        who.extend((!who.contains(&other) && !is_recipient).then_some(other));
    }
    let mut reminders = Vec::new();
    for _ in 0..random.from_to(0, 2) {
        reminders.push((channel(random), random.minutes(1, wait - 1)));
    }
    reminders.sort_by_key(|(_, after)| *after);
    reminders.dedup_by_key(|(_, after)| *after);
    Rung { who, channel: channel(random), reminders, wait: Span::from_minutes(wait) }
}

/// Somebody to page; the archive is only told.
fn person(random: &mut Random) -> Who {
    match random.below(4) {
        0 | 1 => Who::Ordering,
        2 => Who::Desk(Text::from("Operations")),
        _ => Who::Desk(Text::from("Laboratory")),
    }
}

fn channel(random: &mut Random) -> Channel {
    random.pick(&CHANNELS).copied().unwrap_or(Channel::Phone)
}

fn page(random: &mut Random) -> Page {
    match random.below(3) {
        0 => Page::Using(Text::from("Plain"), None),
        1 => Page::Using(Text::from("Recipient"), Some(person(random))),
        _ => Page::By(person(random), channel(random)),
    }
}

fn archive(random: &mut Random) -> (Who, Channel) {
    (Who::Desk(Text::from("Archive")), channel(random))
}

fn action(random: &mut Random) -> Action {
    let call = if random.percent(70) {
        Call::Page(page(random))
    } else {
        let (who, channel) = archive(random);
        Call::Tell(who, channel)
    };
    let severity = random.percent(50).then(|| Text::from("orange"));
    Action { call, severity }
}

/// An atom on a field that holds for a report, with what to do where it is absent.
fn atom(random: &mut Random, field: Field) -> ((Field, Relation), Option<Missing>) {
    let words: &[&str] = match field {
        Field::Priority => &["stat", "asap", "routine"],
        Field::Site => &["Main", "West"],
        Field::Location => &["ICU", "Emergency"],
        Field::Test => &["potassium", "lactate"],
        Field::Class => &["inpatient", "emergency", "preadmission"],
        Field::Flag | Field::Value | Field::PreviousValue | Field::Change | Field::SinceSameTest => &["sensitive"],
    };
    let word = Text::from(random.pick(words).copied().unwrap_or("stat"));
    let relation = match random.below(6) {
        0 => Relation::IsNot(word),
        1 if words.len() > 2 => Relation::OneOf(words.iter().take(2).map(|word| Text::from(*word)).collect()),
        _ => Relation::Is(word),
    };
    let policy = match random.below(5) {
        0 | 1 => Policy::Match,
        2 | 3 => Policy::DoNotMatch,
        _ => Policy::Use(Text::from(random.pick(words).copied().unwrap_or("stat"))),
    };
    let may_be_absent = matches!(field, Field::Site | Field::Location | Field::Test | Field::Class);
    ((field, relation), may_be_absent.then_some(Missing { field, policy }))
}

/// None, one or two atoms on different fields.
fn condition(random: &mut Random, fields: &[Field]) -> (Option<Condition>, Vec<Missing>) {
    let mut atoms: Vec<(Field, Relation)> = Vec::new();
    let mut missing = Vec::new();
    for _ in 0..random.from_to(0, 2) {
        let Some(field) = random.pick(fields) else { break };
        if atoms.iter().all(|(other, _)| other != field) {
            let (atom, clause) = atom(random, *field);
            atoms.push(atom);
            missing.extend(clause);
        }
    }
    let is_any = atoms.len() > 1 && random.percent(40);
    ((!atoms.is_empty()).then_some(Condition { is_any, atoms }), missing)
}

const REPORT_FIELDS: [Field; 5] = [Field::Priority, Field::Site, Field::Location, Field::Class, Field::Test];

fn clocks(random: &mut Random, ward: &mut Ward) {
    for (kind, start, stop) in INTERVALS {
        if !random.percent(40) {
            continue;
        }
        let name = format!("{kind} {} to {}", start.name(), stop.name());
        if random.percent(30) {
            // Two that exclude each other, so that a change of priority moves a report from one to the other.
            for (word, relation) in
                [("stat", Relation::Is(Text::from("stat"))), ("other", Relation::IsNot(Text::from("stat")))]
            {
                let mut sla = sla(random, &format!("{name} {word}"), (kind, start, stop));
                sla.condition = Some(Condition { is_any: false, atoms: vec![(Field::Priority, relation)] });
                sla.missing = Vec::new();
                ward.rules.push(Rule::Sla(Box::new(sla)));
            }
        } else {
            ward.rules.push(Rule::Sla(Box::new(sla(random, &name, (kind, start, stop)))));
        }
    }
}

fn sla(random: &mut Random, name: &str, (kind, start, stop): (&str, Step, Step)) -> Sla {
    let counts = random.percent(30).then(|| random.pick(&["Bench", "Nights"]).copied().unwrap_or("Bench"));
    let target = if counts.is_some() { random.from_to(1, 6) * 60 } else { random.from_to(2, 30) * 5 };
    let (condition, missing) = condition(random, &REPORT_FIELDS);
    let mut warns = Vec::new();
    if random.percent(40) {
        warns.push((WarnAt::Span(random.minutes(1, target / 2)), action(random)));
    }
    if random.percent(30) {
        warns.push((WarnAt::Percent(75), action(random)));
    }
    let restarts = match (kind, random.below(3)) {
        ("lab" | "pathology", 0) if start != Step::Final && start != Step::Delivered => vec![Moment::Recollected],
        ("lab" | "pathology", 1) if start == Step::Received => vec![Moment::Step(Step::Recollect)],
        _ => Vec::new(),
    };
    Sla {
        name: Text::from(name),
        kinds: vec![Text::from(kind)],
        condition,
        starts: Moment::Step(start),
        pauses: pauses(random, kind),
        stops: vec![Moment::Step(stop)],
        cancels: Vec::new(),
        restarts,
        counts: counts.map(Text::from),
        target: Span::from_minutes(target),
        warns,
        breach: action(random),
        missing,
    }
}

fn pauses(random: &mut Random, kind: &str) -> Option<Pauses> {
    let stain = Hold::Flag(Text::from("awaiting special stain"));
    let on = match random.below(6) {
        0 => vec![Hold::Flag(Text::from("on hold"))],
        1 => vec![Hold::Flag(Text::from("on hold")), stain],
        2 if kind != "radiology" => vec![Hold::State(State::AwaitingRecollection)],
        _ => return None,
    };
    Some(Pauses { on, at_most: random.percent(50).then(|| random.minutes(5, 60)) })
}

/// An alert; its severity is one that may be paged as drawn.
fn alert(random: &mut Random, name: String, trigger: Trigger, page: Option<Page>) -> Alert {
    let has_escalation = matches!(page, Some(Page::Using(..)));
    let severity = if has_escalation && random.percent(60) { "red" } else { "orange" };
    let tells = if page.is_none() || random.percent(30) { vec![archive(random)] } else { Vec::new() };
    Alert {
        name: Text::from(name),
        kind: None,
        trigger,
        condition: None,
        unless: None,
        missing: Vec::new(),
        severity: Text::from(severity),
        page,
        tells,
    }
}

fn result_alert(random: &mut Random, number: i64) -> Alert {
    let steps = if random.percent(40) { vec![Step::Final, Step::Preliminary] } else { vec![Step::Final] };
    let page = match random.below(5) {
        0 | 1 => Some(Page::Using(Text::from("Read-back"), None)),
        2 | 3 => Some(page(random)),
        _ => None,
    };
    let mut alert = alert(random, format!("Result {number}"), Trigger::Result(steps), page);
    alert.kind = Some(Text::from("lab"));
    let missing = |field| Missing { field, policy: Policy::DoNotMatch };
    let value = range(random).map(|range| (Field::Value, Relation::Within(range)));
    let mut atoms = match value {
        Some(value) if random.percent(70) => {
            alert.missing = vec![missing(Field::Test), missing(Field::Value)];
            vec![(Field::Test, Relation::Is(Text::from("potassium"))), value]
        }
        Some(_) | None => vec![(Field::Flag, Relation::Is(Text::from("critical")))],
    };
    if random.percent(30) {
        let (extra, clause) = atom(random, Field::Location);
        atoms.push(extra);
        alert.missing.extend(clause);
    }
    alert.condition = Some(Condition { is_any: false, atoms });
    if random.percent(20) {
        let flag = Relation::Is(Text::from("sensitive"));
        alert.unless = Some(Condition { is_any: false, atoms: vec![(Field::Flag, flag)] });
    }
    alert
}

fn range(random: &mut Random) -> Option<Range> {
    let bound = |text: &str| Decimal::parse(text);
    let bounds = match random.below(4) {
        0 => Bounds::Above(bound("6.5")?),
        1 => Bounds::AtLeast(bound("6.5")?),
        2 => Bounds::Below(bound("2.5")?),
        _ => Bounds::Outside(bound("2.5")?, bound("6.5")?),
    };
    Some(Range { bounds, unit: Unit::parse("mmol/L")? })
}

fn report_alert(random: &mut Random, number: i64) -> Alert {
    let step = random.pick(&[Step::Ordered, Step::Final, Step::Received]).copied().unwrap_or(Step::Final);
    let page = random.percent(80).then(|| page(random));
    let mut alert = alert(random, format!("Report {number}"), Trigger::Report(step), page);
    let (condition, missing) = condition(random, &REPORT_FIELDS);
    let flag = || (Field::Flag, Relation::Is(Text::from("critical")));
    alert.condition = match condition {
        None if step == Step::Final => Some(Condition { is_any: false, atoms: vec![flag()] }),
        other => other,
    };
    alert.missing = missing;
    alert
}

fn absence(random: &mut Random, number: usize, (after, expect): (Step, Step)) -> Alert {
    let trigger = Trigger::Absence { after, expect, within: random.minutes(2, 24) };
    let page = random.percent(80).then(|| page(random));
    let mut alert = alert(random, format!("Absence {number}"), trigger, page);
    (alert.condition, alert.missing) = condition(random, &REPORT_FIELDS);
    alert
}
