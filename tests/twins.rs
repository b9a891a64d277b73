//! Twins: does the engine say what the slow reference says?
//!
//! Generated rules and streams of news (late, doubled, reordered, corrected, cancelled, answered) go through both; every change
//! of a clock or an alert, every message and every task of a desk must be the same. A failure names its seed: `just twins SEED`.

use std::collections::BTreeMap;

use wardline::{
    drivers::world::{Fate, Watcher, World},
    ward,
};
use wardline_core::{
    Input, Output, Partition, Settings,
    ids::{AlertId, Nid, ReportId},
    input::Activation,
    output::{AlertState, Change, Obligation, Party, Purpose as Sent},
};
use wardline_dsl::{check, diagnostic::render, source::Sources};
use wardline_reference::{
    compare,
    evaluate::{self, Line, Page, Purpose, Told},
    generate::{self, Case},
    rule::{Bounds, Range},
    tatmark,
};
use wardline_rules::{
    Text,
    event::{Event, Fact, Ident},
    program::Who,
    settings::{CriticalLimit, SiteSettings},
    time::{Date, Span, Timestamp},
    words::Channel,
};

/// What the engine said, in the reference's words.
#[derive(Default)]
struct Heard {
    lines: Vec<(Line, Option<ReportId>)>,
    pages: Vec<(Page, Option<ReportId>, Nid)>,
    /// Alerts in the order in which they were raised.
    raised: Vec<AlertId>,
    /// The alert that a page is about, by its place among those.
    causes: BTreeMap<Nid, Option<usize>>,
    desks: Vec<Text>,
    /// The number of who ordered, by that of who performs: a report may be known by the first alone for a while.
    placers: BTreeMap<Ident, Ident>,
}

impl Watcher for Heard {
    fn fate(&mut self, obligation: &Obligation, at: Timestamp) -> Fate {
        let purpose = match obligation.purpose {
            Sent::Page => Purpose::Page,
            Sent::Reminder => Purpose::Reminder,
            Sent::Tell => Purpose::Tell,
            Sent::Withdrawal => Purpose::Withdrawal,
        };
        let is_step = matches!(obligation.purpose, Sent::Page | Sent::Reminder);
        let step = obligation.head.step.split('.').nth(3).and_then(|step| step.parse().ok()).unwrap_or(0);
        let page = Page {
            at,
            rule: obligation.rule.clone(),
            report: Text::default(),
            role: self.role(obligation),
            channel: obligation.head.channel,
            purpose,
            step: if is_step { step } else { 0 },
        };
        let cause = self.raised.iter().position(|alert| *alert == obligation.alert);
        self.causes.insert(obligation.head.nid, cause);
        self.pages.push((page, obligation.report, obligation.head.nid));
        Fate::Delivered
    }

    fn see(&mut self, at: Timestamp, out: &Output) {
        for task in &out.tasks {
            let page = Page {
                at,
                rule: task.rule.clone(),
                report: Text::default(),
                role: Text::from(format!("desk \"{}\"", task.desk)),
                channel: Channel::Worklist,
                purpose: Purpose::Task,
                step: 0,
            };
            self.pages.push((page, task.report, Nid::default()));
        }
        for transition in &out.transitions {
            if matches!(transition.change, Change::Alert(AlertState::Raised, _)) {
                self.raised.extend(transition.alert);
            }
            let word = match &transition.change {
                Change::Clock(state, _) => state.word(),
                Change::Alert(state, _) => state.word(),
                Change::Notice(..) => continue,
            };
            let line = Line {
                at,
                rule: transition.rule.clone(),
                report: Text::default(),
                transition: Text::from(word),
                severity: transition.severity_name.clone(),
                generation: transition.generation,
            };
            self.lines.push((line, transition.report));
        }
    }
}

impl Heard {
    fn role(&self, obligation: &Obligation) -> Text {
        match (obligation.head.recipient.role, &obligation.head.recipient.party) {
            (Who::Desk(desk), _) => Text::from(format!("desk \"{}\"", self.desks[desk.index()])),
            (Who::Ordering, _) => Text::const_new("the ordering clinician"),
            (_, Party::Desk(name)) => Text::from(format!("desk \"{name}\"")),
            (_, Party::Person(name)) => Text::from(format!("person \"{name}\"")),
            (_, Party::Token(_)) => Text::const_new("a clinician"),
        }
    }

    /// The notice that a reply answers: of its rule, report and role the newest page or reminder. Of two in one instant that of
    /// the alert raised last: in which order they left is nobody's promise.
    fn answered(&self, told: &Told, world: &World) -> Option<Nid> {
        let reply = told.reply.as_ref()?;
        let filler = told.event.report.filler.as_ref()?;
        let mut numbers = [Some(filler), self.placers.get(filler)].into_iter().flatten();
        let report = numbers.find_map(|number| world.partition.find_reports(number).first().copied());
        let role = reply.role.text();
        let mine = self.pages.iter().filter(|(page, of, _)| {
            page.rule == reply.rule
                && *of == report
                && page.role == role
                && matches!(page.purpose, Purpose::Page | Purpose::Reminder)
        });
        mine.max_by_key(|(page, _, nid)| (page.at, self.causes.get(nid))).map(|page| page.2)
    }
}

/// Runs `told` through the engine under a ward.
fn run(text: &str, site: SiteSettings, told: &[Told], until: Timestamp) -> (Vec<Line>, Vec<Page>) {
    let sources = Sources { packs: ward::packs(), ..Sources::of_text("twins.ward", text) };
    let checked = check(&sources, Date::from_days(20_500));
    let program = checked.program.unwrap_or_else(|| panic!("{}\n{text}", render::text(&checked.diagnostics, &sources)));
    let numbers = told.iter().map(|told| &told.event.report);
    let mut heard = Heard {
        desks: program.desks.iter().map(|desk| desk.name.clone()).collect(),
        placers: numbers.filter_map(|ids| ids.filler.clone().zip(ids.placer.clone())).collect(),
        ..Heard::default()
    };
    let mut world = World::new(Partition::new(Settings::default()));
    let activation = Activation {
        program,
        text: Vec::new(),
        author: Text::const_new("twins"),
        moved: false,
        site: Some(Box::new(site)),
    };
    let first = told.first().map_or(until, |told| told.at);
    world.batch(first.plus(Span::from_micros(-1)), vec![Input::Activate(Box::new(activation))], &mut heard);
    let mut names: BTreeMap<ReportId, Text> = BTreeMap::new();
    let mut rest = told;
    while let Some(next) = rest.first() {
        let (now, later) = rest.split_at(rest.iter().take_while(|told| told.at == next.at).count());
        rest = later;
        world.advance(next.at, &mut heard);
        let inputs = now.iter().map(|told| Input::Event(Box::new(addressed(told, &heard, &world)))).collect();
        world.batch(next.at, inputs, &mut heard);
        for told in now {
            if let Some(filler) = &told.event.report.filler
                && let Some(id) = world.partition.find_report(filler)
            {
                names.insert(id, filler.id.clone());
            }
        }
    }
    // What is due at the very end still happens.
    world.advance(until.plus(Span::from_micros(1)), &mut heard);
    let name = |report: Option<ReportId>| report.and_then(|report| names.get(&report).cloned()).unwrap_or_default();
    let lines = heard.lines.into_iter().map(|(line, report)| Line { report: name(report), ..line }).collect();
    let pages = heard.pages.into_iter().map(|(page, report, _)| Page { report: name(report), ..page }).collect();
    (lines, pages)
}

/// The limits of an installation, as its `site.toml` has them.
fn site(limits: &[(Text, Range)]) -> SiteSettings {
    let critical = limits.iter().map(|(test, range)| {
        let (below, above) = match range.bounds {
            Bounds::Below(below) => (Some(below), None),
            Bounds::Outside(below, above) => (Some(below), Some(above)),
            other => panic!("no file says {other:?}"),
        };
        CriticalLimit { test: test.clone(), unit: range.unit, below, above }
    });
    SiteSettings { critical: critical.collect(), ..SiteSettings::default() }
}

/// The event as the engine gets it: a reply names its notice instead of its report.
fn addressed(told: &Told, heard: &Heard, world: &World) -> Event {
    let mut event = told.event.clone();
    if let (Some(reply), Fact::Answer(answer)) = (&told.reply, &mut event.fact) {
        let nid = heard.answered(told, world);
        let code = nid.filter(|_| !reply.has_wrong_code).map(|nid| Text::from(nid.code().to_string()));
        answer.nid = nid.map(|nid| nid.0);
        answer.code = Some(code.unwrap_or(Text::const_new("ZZZZZZ")));
        event.report = wardline_rules::event::ReportIds::default();
    }
    event
}

/// Prints a case: its ward, what was told, and what both said.
#[expect(clippy::print_stdout, reason = "whoever chose a seed wants to read it")]
fn show(text: &str, told: &[Told], lines: (&[Line], &[Line]), pages: (&[Page], &[Page])) {
    println!("{text}");
    for Told { at, event, reply } in told {
        let Event { report, fact, occurred_at, results, flags, flags_off, milestones, .. } = event;
        let id = report.filler.as_ref().or(report.placer.as_ref()).map_or("", |number| number.id.as_str());
        let made = event.msg.made_at.map(|made| made.lo);
        let results: Vec<_> = results.iter().map(|item| (&item.code.code, &item.value, &item.unit)).collect();
        let milestones: Vec<_> = milestones.iter().map(|proved| (proved.step, proved.at.lo)).collect();
        println!(
            "{at} {id} {} {fact:?} of {:?} made {made:?} {:?} {:?} {flags:?} -{flags_off:?} {results:?} {milestones:?} {reply:?}",
            event.event_id,
            occurred_at.map(|at| at.lo.to_string()),
            event.priority,
            event.location,
        );
    }
    for (who, lines) in [("reference", lines.0), ("engine", lines.1)] {
        for Line { at, rule, report, transition, generation, .. } in lines {
            println!("{who} {report} {at} {rule} {generation} {transition}");
        }
    }
    for (who, pages) in [("reference", pages.0), ("engine", pages.1)] {
        for Page { at, rule, report, role, channel, purpose, step } in pages {
            println!("{who} {report} {at} {rule} {purpose:?} {role} {channel:?} {step}");
        }
    }
}

/// What differs for one case, if anything does; `again` shows it.
fn difference(case: &Case, again: &str) -> Option<String> {
    let text = case.ward.ward_text();
    let (lines, pages) = run(&text, site(&case.ward.limits), &case.told, case.until);
    let expected = evaluate::all(&case.ward, &case.told, case.until);
    if std::env::var_os("TWINS_SEED").is_some() {
        show(&text, &case.told, (&expected.lines, &lines), (&expected.pages, &pages));
    }
    let found = compare::diff(&expected.lines, &lines).or_else(|| compare::diff_pages(&expected.pages, &pages));
    found.map(|found| format!("replay: {again}\n{found}"))
}

/// Cases with rules that look back, and rosters, from 0.
const PAST_SEEDS: u64 = 200;
/// How many seeds are tried; `TWINS_COUNT` says otherwise, `TWINS_FROM` where they begin, `TWINS_SEED` that it is only one.
const SEEDS: u64 = 800;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn generated_rules_and_streams_end_the_same_in_both() {
    // [SLA-1] [SLA-6] [ABS-1] [ALERT-4] [ESC-1] [T7] [CRT-1]
    let differs = |seed| difference(&generate::case(seed, 4), &format!("just twins {seed}"));
    compare_all(SEEDS, differs);
}

#[test]
fn what_was_found_before_and_who_is_on_duty_is_the_same_in_both() {
    // [WHO-2] [ESC-1] [CAT-6]
    let differs = |seed| difference(&generate::case_with_past(seed, 4), &format!("just twins-past {seed}"));
    compare_all(PAST_SEEDS, differs);
}

fn compare_all(count: u64, differs: impl Fn(u64) -> Option<String>) {
    let from = number("TWINS_FROM").unwrap_or(0);
    let all = || (from..from + number("TWINS_COUNT").unwrap_or(count)).collect();
    let seeds: Vec<u64> = number("TWINS_SEED").map_or_else(all, |seed| vec![seed]);
    let differences: Vec<String> = seeds.iter().filter_map(|seed| differs(*seed)).collect();
    let first: Vec<&String> = differences.iter().take(100).collect();
    assert!(differences.is_empty(), "{} of {} seeds differ\n{first:#?}", differences.len(), seeds.len());
}

#[test]
fn tatmark_ends_the_same_in_both() {
    let profile = wardline_loadtest::profile::Profile::load("tatmark").unwrap();
    let order = wardline_loadtest::generator::Order { reports_max: Some(400), ..Default::default() };
    let events = wardline_loadtest::generator::Generator::new(profile, 11, 1_767_592_800_000_000, order).unwrap();
    let tokeniser = wardline_connectors::codec::token::Tokeniser::new(&[0; 32]);
    let open = wardline_connectors::codec::profile::Profile::new("");
    let decoder = wardline_connectors::codec::json::Decoder::new(&open, &tokeniser);
    let told: Vec<Told> = events
        .map(|event| {
            let mut read = decoder.line(&event.line).unwrap();
            // The reference and this test know reports by their filler number.
            read.report.filler = read.report.placer.take();
            Told { at: Timestamp::from_micros(event.at_micros), event: read, reply: None }
        })
        .collect();
    let until = told.last().unwrap().at.plus(Span::from_minutes(3 * 24 * 60));
    let (lines, pages) = run(tatmark::WARD, SiteSettings::default(), &told, until);
    let expected = evaluate::all(&tatmark::ward(), &told, until);
    assert!(expected.lines.len() > 100, "the rules of TATmark have something to say");
    assert_eq!(compare::diff(&expected.lines, &lines), None);
    assert_eq!(compare::diff_pages(&expected.pages, &pages), None);
}
