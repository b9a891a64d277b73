//! People: whom do the roles of a report mean, and who may answer?

use wardline_core::output::Party;
use wardline_rules::{
    Text,
    event::{Given, Ident, Person},
    program::{Alert, Catalogue, DeclaredChannel, Once, PageTo, PersonId, Place, Program, Roster, RosterId, Turn, Who},
    time::{CivilTime, Date, TimeOfDay, Zone},
    token::Token,
    words::{Channel, Role, Step},
};

use crate::{
    driver::Run,
    said::{DR_BELL, DR_CHO, Said},
    ward::{CHARGE_DESK, LAB_DESK, ORANGE, critical_alert, minutes, program},
};

const ATTENDING: Token = Token([0xa7; 16]);
const READER: Token = Token([0x4e; 16]);
const COPIED: [Token; 2] = [Token([0xc1; 16]), Token([0xc2; 16])];

/// A critical result pages these directly.
fn paging(who: Vec<Who>) -> Program {
    let page = Some(PageTo::Direct { who, by: vec![Channel::Phone] });
    program(1, Vec::new(), vec![Alert { severity: ORANGE, page, ..critical_alert() }])
}

fn named(mut said: Said, role: Role, token: Token) -> Said {
    said.0.people.push(Person { role, token });
    said
}

/// Who was paged, in that order.
fn paged(run: &Run) -> Vec<Party> {
    run.told.iter().flat_map(|told| &told.obligations).map(|made| made.head.recipient.party.clone()).collect()
}

fn tokens(all: &[Token]) -> Vec<Party> {
    all.iter().map(|token| Party::Token(*token)).collect()
}

#[test]
fn roles_are_those_of_the_newest_facts() {
    // [WHO-1] Newest by when it happened: that Dr Bell had ordered it at eight is heard last.
    let all = vec![Who::Ordering, Who::Attending, Who::Reporting, Who::Copied];
    let mut run = Run::of(paging(all));
    let mut first = named(Said::update("08:30"), Role::Attending, ATTENDING);
    for token in COPIED {
        first = named(first, Role::CopyTo, token);
    }
    run.hear("08:30", named(first, Role::Interpreting, DR_BELL));
    run.hear("08:40", Said::update("08:40").ordered_by(DR_CHO));
    run.hear("08:41", Said::update("08:00").ordered_by(DR_BELL));
    run.hear("08:50", named(Said::update("08:50"), Role::Interpreting, READER));
    run.hear("09:00", Said::step(Step::Final, "09:00").potassium("7.1"));
    assert_eq!(paged(&run), tokens(&[DR_CHO, ATTENDING, READER, COPIED[0], COPIED[1]]));
}

#[test]
fn a_role_without_a_person_is_nobody() {
    // [WHO-1] [ESC-2]
    let mut run = Run::of(paging(vec![Who::Attending]));
    run.hear("09:00", Said::step(Step::Final, "09:00").potassium("7.1").ordered_by(DR_BELL));
    assert_eq!(paged(&run), []);
    assert_eq!(run.story("09:00"), ["09:00 alert Critical#1 raised", "09:00 alert Critical#1 unresolved"]);
}

#[test]
fn the_covering_clinician_is_whoever_covers_the_place_of_the_report() {
    // [WHO-1] The intensive care has a roster, the emergency room has none.
    let place = |name: &str, covered_by| Place { name: Text::from(name), site: None, covered_by };
    let mut ward = paging(vec![Who::Covering]);
    ward.rosters = vec![Roster {
        name: Text::from("ICU"),
        zone: Zone::utc(),
        turn: Turn { days: 1 },
        from: CivilTime { date: Date::new(2026, 1, 1).unwrap(), time: TimeOfDay::from_minutes(0).unwrap() },
        members: vec![PersonId(0)],
        nights: Vec::new(),
        covers: Vec::new(),
        nobody: Who::Desk(LAB_DESK),
    }];
    let places = vec![place("ICU", Some(RosterId(0))), place("Emergency", None)];
    ward.catalogue = Catalogue { places, ..ward.catalogue };
    let at_place = |location: Option<&str>| {
        let mut run = Run::of(ward.clone());
        let mut said = Said::step(Step::Final, "09:00").potassium("7.1");
        if let Some(location) = location {
            said.0.location = Given::Value(Text::from(location));
        }
        run.hear("09:00", said);
        paged(&run)
    };
    assert_eq!(at_place(Some("ICU")), [Party::Person(Text::from("Ana"))]);
    assert_eq!(at_place(Some("Emergency")), []);
    assert_eq!(at_place(None), []);
}

fn ordered(filler: &str, placer: &str, clock: &str) -> Said {
    let mut said = Said::step(Step::Final, clock).of(filler).potassium("7.1");
    said.0.report.placer = Some(Ident { id: Text::from(placer), ns: Text::from("EPIC") });
    said
}

#[test]
fn once_per_order_holds_across_the_reports_of_the_order() {
    // [ALERT-6] R1 and R2 are of order P1, R3 is of P2; after an hour P1 is open again.
    let once = |again_after| {
        let page = Some(PageTo::Direct { who: vec![Who::Desk(LAB_DESK)], by: vec![Channel::Phone] });
        let rule = Alert { severity: ORANGE, page, once: Once::Order, again_after, ..critical_alert() };
        let mut run = Run::of(program(1, Vec::new(), vec![rule]));
        run.hear("09:00", ordered("R1", "P1", "09:00"));
        run.hear("09:10", ordered("R2", "P1", "09:10"));
        run.hear("09:15", ordered("R2", "P1", "09:10"));
        run.hear("09:20", ordered("R3", "P2", "09:20"));
        run.hear("10:01", ordered("R4", "P1", "10:01"));
        // A change raises whatever `once` says, of what was raised and of what was a row.
        run.hear("10:05", Said::step(Step::Corrected, "10:05").of("R1").potassium("7.9"));
        run.hear("10:10", Said::step(Step::Corrected, "10:10").of("R2").potassium("8.1"));
        let story = run.story("09:00");
        let when = |end: &str| {
            let lines = story.iter().filter(|line| line.ends_with(end));
            lines.map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        let paged = story.iter().filter(|line| line.contains(" page ")).count();
        (when("raised"), when("closed, raised once already"), paged)
    };
    // The others of the order are rows: nobody is asked about them, and their news tells nothing new.
    let at = |clocks: &[&str]| clocks.iter().map(|clock| (*clock).to_owned()).collect::<Vec<_>>();
    assert_eq!(once(None), (at(&["09:00", "09:20", "10:05", "10:10"]), at(&["09:10", "10:01"]), 4));
    assert_eq!(once(Some(minutes(60))), (at(&["09:00", "09:20", "10:01", "10:05", "10:10"]), at(&["09:10"]), 5));
}

#[test]
fn what_is_too_much_for_one_report_is_recorded_and_operations_hears_of_it_once() {
    // [DET-3] Sixty-six results of one report, each with an alert of its own that nobody answers; sixty-four are kept.
    let page = Some(PageTo::Direct { who: vec![Who::Desk(LAB_DESK)], by: vec![Channel::Phone] });
    let mut ward = program(1, Vec::new(), vec![Alert { severity: ORANGE, page, ..critical_alert() }]);
    ward.catalogue.operations = Some(CHARGE_DESK);
    ward.catalogue.channels = vec![DeclaredChannel { channel: Channel::Phone, via: Text::from("calls") }];
    let mut run = Run::of(ward);
    let mut said = Said::step(Step::Final, "09:00").potassium("7.1");
    let first = said.0.results[0].clone();
    for more in 1..66 {
        let mut result = first.clone();
        result.code.code = Text::from(format!("T{more}"));
        said.0.results.push(result);
    }
    run.hear("09:00", said);
    let story = run.story("09:00");
    let count = |end: &str| story.iter().filter(|line| line.ends_with(end)).count();
    assert_eq!(count("page desk Lab by phone"), 64);
    assert_eq!(count("closed, too many are open"), 2);
    assert_eq!(count("page desk Charge by phone"), 1);
}
