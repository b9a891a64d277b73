//! Messages as senders write them, and what they must become.

use wardline_rules::{
    decimal::Decimal,
    event::{Code as TestCode, Ident, Merge, ResultValue},
    token::TokenKind,
    words::{Comparator, Flag, Kind, PatientClass, Priority, ResultStatus, Role, Step},
};

use super::*;

fn tokeniser() -> Tokeniser {
    Tokeniser::new(&core::array::from_fn(|index| u8::try_from(index).unwrap()))
}

fn reading_with(profile: &Profile, text: &str) -> Reading {
    Decoder::new(profile, &tokeniser()).message(text.replace('\n', "\r").as_bytes())
}

fn events_with(profile: &Profile, text: &str) -> Vec<Event> {
    match reading_with(profile, text).found {
        Found::Events(events) => events,
        other => panic!("{other:?}"),
    }
}

fn events(text: &str) -> Vec<Event> {
    events_with(&Profile::new("lis"), text)
}

/// A message of that type with `segments` behind MSH; its times are six hours behind UTC.
fn message(kind: &str, segments: &str) -> String {
    format!("MSH|^~\\&|BEAKER|STANNE|WARD|HUB|20260114021502-0600||{kind}|LIS88120|P|2.5.1\n{segments}")
}

fn refused(text: &str) -> (Code, String) {
    match reading_with(&Profile::new("lis"), text).found {
        Found::Unreadable(unreadable) => (unreadable.code, unreadable.place.to_string()),
        other => panic!("{other:?}"),
    }
}

fn ident(id: &str, ns: &str) -> Option<Ident> {
    Some(Ident { id: id.into(), ns: ns.into() })
}

fn notes(event: &Event) -> Vec<String> {
    event.notes.iter().map(|note| format!("{} {}", note.fault.name(), note.field)).collect()
}

fn lo(time: Option<wardline_rules::time::EventTime>) -> String {
    time.map_or("-".into(), |time| time.lo.to_string())
}

const PATIENT: &str = "PID|1||999^^^SSA^SS~1234567^^^STANNE-MRN^MR||DOE^JANE||19520301|F\nPV1|1|I|ICU-4^ROOM77^B^STANNE||||1234567893^HOUSE^G^^^^^^NPI||||||||||||V88001^^^STANNE-VISIT\n";

#[test]
fn a_potassium_from_intensive_care() {
    // Domain page 5.2, row by row; section 1, step 7
    let text = message(
        "ORU^R01^ORU_R01",
        &format!(
            "{PATIENT}ORC|RE|900412^EPC|26C0140031^BEAKER|G90041^EPC||||||||1234567893^HOUSE^^^^^^^NPI\n\
             OBR|1|900412^EPC|26C0140031^BEAKER|24321-2^Basic metabolic panel^LN^BMP^BMP^L|||20260114014000|||||||20260114015200||||||||202601140215||CH|F\n\
             TQ1|1||||||||S^Stat^HL70485\n\
             OBX|1|NM|2823-3^Potassium^LN||6.9|mmol/L|3.5-5.1|HH^Critical^HL70078|||F|||20260114014000||4711^TECH^^^^^^^LAB|||20260114020800\n\
             OBX|2|SN|2951-2^Sodium^LN|1|<^120|mmol/L|>135|LL~A|||F\n\
             OBX|3|TX|8251-1^Comment^LN||Called to Dr House at 02:20||||||F\n\
             SPM|1|||BLD^Blood^HL70487|||||||||||||20260114013900|20260114015300||||||||||||26C0140031^BEAKER\n"
        ),
    );
    let event = events(&text).remove(0);
    assert_eq!((event.event_id.as_str(), event.fact.clone()), ("LIS88120.1", Fact::Step(Step::Final)));
    assert_eq!(event.report.placer, ident("900412", "EPC"));
    assert_eq!(event.report.filler, ident("26C0140031", "BEAKER"));
    assert_eq!(event.report.accession, ident("26C0140031", "BEAKER"));
    assert_eq!(event.report.group, ident("G90041", "EPC"));
    // [PRV-1]: the published vectors
    let token = |kind, token: Option<wardline_rules::token::Token>| token.unwrap().display(kind).to_string();
    assert_eq!(token(TokenKind::Patient, event.patient), "pt_2mvxlqwcd6wirniczb7updjaze");
    assert_eq!(token(TokenKind::Encounter, event.encounter), "en_ipbg4kgkf7igpr7ctbg66lnujq");
    assert_eq!((event.kind, event.department.as_deref()), (Some(Kind::Lab), Some("CH")));
    assert_eq!(event.tests.iter().map(|code| code.code.as_str()).collect::<Vec<_>>(), ["24321-2", "BMP"]);
    assert_eq!(event.priority, Given::Value(Priority::Stat));
    assert_eq!((event.site.as_deref(), event.location.value().unwrap().as_str()), (Some("STANNE"), "ICU-4"));
    assert_eq!(event.class, Given::Value(PatientClass::Inpatient));
    // [TIM-1] [TIM-2]: to the minute, in the zone of the header
    let at = event.occurred_at.unwrap();
    assert_eq!((lo(Some(at)), at.width().to_string()), ("2026-01-14T08:15:00Z".into(), "1 minute".into()));
    let milestones: Vec<_> =
        event.milestones.iter().map(|m| format!("{} {} {}", m.step, m.at.lo, m.evidence)).collect();
    assert_eq!(
        milestones,
        [
            "collected 2026-01-14T07:39:00Z own",
            "received 2026-01-14T07:53:00Z own",
            "analysed 2026-01-14T08:08:00Z own"
        ]
    );
    let number = |index: usize| match &event.results[index].value {
        ResultValue::Number(sign, number) => (*sign, number.to_string()),
        other => panic!("{other:?}"),
    };
    assert_eq!(number(0), (None, "6.9".into()));
    assert_eq!(number(1), (Some(Comparator::Below), "120".into()));
    assert_eq!((event.results[0].ref_low, event.results[0].ref_high), (Decimal::parse("3.5"), Decimal::parse("5.1")));
    assert_eq!((event.results[1].ref_low, event.results[1].ref_high), (Decimal::parse("135"), None));
    assert_eq!(event.results[1].abnormal.len(), 2);
    // [EVT-7]
    assert_eq!(event.results[2].value, ResultValue::Narrative);
    assert!(event.narrative);
    let said = format!("{event:?}");
    assert!(
        ["DOE", "JANE", "1952", "1234567", "House", "V88001", "ROOM77"].iter().all(|secret| !said.contains(secret))
    );
    let roles: Vec<_> = event.people.iter().map(|person| person.role).collect();
    assert_eq!(roles, [Role::Attending, Role::Ordering, Role::Verifying]);
    // Section 2, `patient_age`: born 1 March 1952, so 73 on 14 January 2026
    assert!(event.attributes.contains(&("patient_age".into(), Given::Value(Scalar::Number(Decimal::whole(73))))));
    assert_eq!(notes(&event), Vec::<String>::new());
}

#[test]
fn each_obr_is_an_event_of_its_own() {
    // Domain page 5.1
    let text = message(
        "ORU^R01",
        "PID|1||7^^^M\nORC|RE|1|A\nOBR|1|1|A|K^K^L|||||||||||||||||||||F\nOBX|1|NM|K||4\nOBR|2|2|B|NA^NA^L|||||||||||||||||||||P\nOBX|1|NM|NA||140",
    );
    let events = events(&text);
    let shown: Vec<_> = events
        .iter()
        .map(|e| (e.event_id.to_string(), e.report.filler.clone().unwrap().id.to_string(), e.results.len()))
        .collect();
    assert_eq!(shown, [("LIS88120.1".into(), "A".into(), 1), ("LIS88120.2".into(), "B".into(), 1)]);
    assert_eq!(events[1].fact, Fact::Step(Step::Preliminary));
}

/// The fact and flags of an order with this ORC-1 and ORC-5.
fn ordered(control: &str, status: &str, service: &str) -> (Fact, String) {
    let text = message(
        "ORM^O01",
        &format!(
            "PID|1||7^^^M\nORC|{control}|1|A||{status}||||20260114020000\nOBR|1|1|A|X^X^L||||||||||||||||||||{service}"
        ),
    );
    let event = events(&text).remove(0);
    assert_eq!(lo(event.occurred_at), "2026-01-14T08:00:00Z", "ORC-9");
    let reason = event.reason.as_deref().unwrap_or_default();
    (event.fact, format!("{:?} {:?} {reason}", event.flags, event.flags_off))
}

#[test]
fn order_control_gives_the_step() {
    // Domain page 5.3, [REP-7]
    let none = "[] [] ".to_owned();
    for (control, step) in [
        ("NW", Step::Ordered),
        ("RO", Step::Ordered),
        ("SN", Step::Accepted),
        ("OK", Step::Accepted),
        ("OC", Step::Cancelled),
    ] {
        assert_eq!(ordered(control, "", "CH"), (Fact::Step(step), none.clone()), "{control}");
    }
    assert_eq!(ordered("UA", "", "CH"), (Fact::Step(Step::Cancelled), "[] [] unable_to_accept".into()));
    assert_eq!(ordered("RU", "", "CH"), (Fact::Step(Step::Cancelled), "[] [] replaced".into()));
    assert_eq!(ordered("CA", "", "CH"), (Fact::Update, "[Known(CancelRequested)] [] ".into()));
    assert_eq!(ordered("UC", "", "CH"), (Fact::Update, "[] [Known(CancelRequested)] ".into()));
    assert_eq!(ordered("HD", "", "CH"), (Fact::Update, "[Known(OnHold)] [] ".into()));
    assert_eq!(ordered("RL", "", "CH"), (Fact::Update, "[] [Known(OnHold)] ".into()));
    // ORC-5 wins over ORC-1; what it means depends on the kind.
    assert_eq!(ordered("NW", "IP", "CH").0, Fact::Step(Step::InProcess));
    assert_eq!(ordered("SC", "IP", "RAD").0, Fact::Step(Step::ExamStarted));
    assert_eq!(ordered("SC", "CM", "RAD").0, Fact::Step(Step::ExamEnded));
    assert_eq!(ordered("SC", "CM", "CH").0, Fact::Update);
    assert_eq!(ordered("SC", "SC", "RAD").0, Fact::Step(Step::Scheduled));
    assert_eq!(ordered("NW", "odd", "CH").0, Fact::Step(Step::Ordered), "an unknown status is no status");
}

#[test]
fn a_trusted_source_cancels_with_its_request() {
    // [REP-7]
    let mut profile = Profile::new("lis");
    profile.trust_cancel_request = true;
    let event = events_with(&profile, &message("ORM^O01", "PID|1||7^^^M\nORC|CA|1\nOBR|1|1||X")).remove(0);
    assert_eq!((event.fact, event.flags), (Fact::Step(Step::Cancelled), vec![]));
}

#[test]
fn a_new_order_plans_its_collection() {
    // Domain page 5.2, OBR-7 on an order; 5.3, RO
    let text = message(
        "OML^O21",
        "PID|1||7^^^M\nORC|RO|2^EPC|||||||||||||||\nOBR|1|2^EPC||K^K^L|||20260115053000\nORC|NW|3^EPC||||||8^EPC&EPC2\nOBR|2|3^EPC||K^K^L|||20260115053000",
    );
    let text = text.replace("ORC|RO|2^EPC|||||||||||||||", "ORC|RO|2^EPC||||||1&EPC^");
    let events = events(&text);
    assert_eq!(events[0].report.replaces, ident("1", "EPC"));
    assert_eq!(events[0].milestones.len(), 1, "only NW plans");
    assert_eq!(
        (lo(events[1].planned_at.value().copied()), events[1].milestones.len()),
        ("2026-01-15T11:30:00Z".into(), 0)
    );
}

/// The step of a report with this OBR-25 and these OBX-11.
fn reported(status: &str, results: &[&str], service: &str) -> (Fact, Vec<String>) {
    let obx: String = results.iter().map(|status| format!("OBX|1|NM|K||4||||||{status}\n")).collect();
    let text = message(
        "ORU^R01",
        &format!("PID|1||7^^^M\nOBR|1|1|A|X^X^L||||||||||||||||||20260114020000||{service}|{status}\n{obx}"),
    );
    let event = events(&text).remove(0);
    let notes = notes(&event);
    (event.fact, notes)
}

#[test]
fn result_status_gives_the_step() {
    // Domain page 5.4
    for (status, step) in [
        ("O", Step::Accepted),
        ("S", Step::Scheduled),
        ("I", Step::Received),
        ("R", Step::Analysed),
        ("P", Step::Preliminary),
        ("M", Step::Preliminary),
        ("A", Step::Partial),
        ("F", Step::Final),
        ("C", Step::Corrected),
        ("X", Step::Cancelled),
        ("F^Final^HL70123", Step::Final),
    ] {
        assert_eq!(reported(status, &["F"], "CH"), (Fact::Step(step), vec![]), "{status}");
    }
    assert_eq!(reported("N", &[], "CH").0, Fact::Step(Step::InProcess));
    assert_eq!(reported("N", &[], "CT").0, Fact::Step(Step::ExamEnded));
    assert_eq!(reported("Z", &[], "CH"), (Fact::Update, vec!["query_status OBR-25".to_owned()]));
}

#[test]
fn without_a_status_the_results_decide() {
    // Domain page 5.4, last row
    let missing = vec!["status_missing OBR-25".to_owned()];
    assert_eq!(reported("", &["F", "V"], "CH"), (Fact::Step(Step::Final), missing.clone()));
    assert_eq!(reported("", &["F", "P"], "CH"), (Fact::Step(Step::Preliminary), missing.clone()));
    assert_eq!(reported("", &["F", "C"], "CH"), (Fact::Step(Step::Corrected), missing.clone()));
    assert_eq!(reported("odd", &[], "CH"), (Fact::Update, missing.clone()));
    assert_eq!(reported("", &[""], "CH").0, Fact::Step(Step::Preliminary));
}

#[test]
fn results_of_another_patient_retract_the_report() {
    // Domain page 5.4, W
    assert_eq!(reported("F", &["W", "D"], "CH").0, Fact::Step(Step::EnteredInError));
    assert_eq!(reported("F", &["W", "F"], "CH").0, Fact::Step(Step::Final));
}

#[test]
fn the_time_of_a_report_falls_back_step_by_step() {
    // Domain page 5.2, OBR-22
    let time = |obr22: &str, obx14: &str, obx19: &str| {
        let text = message(
            "ORU^R01",
            &format!(
                "PID|1||7^^^M\nOBR|1|1|A|X||||||||||||||||||{obr22}|||F\nOBX|1|NM|K||4||||||F|||{obx14}|||||{obx19}"
            ),
        );
        let event = events(&text).remove(0);
        format!("{} {}", lo(event.occurred_at), event.evidence)
    };
    assert_eq!(time("20260114010000", "20260114005000", "20260114005500"), "2026-01-14T07:00:00Z own");
    assert_eq!(time("", "20260114005000", "20260114005500"), "2026-01-14T06:55:00Z derived");
    assert_eq!(time("", "20260114005000", ""), "2026-01-14T06:50:00Z derived");
    assert_eq!(time("soon", "", ""), "2026-01-14T08:15:02Z message");
}

#[test]
fn values_keep_their_meaning_and_lose_their_text() {
    // Domain page 5.2, OBX-2 and OBX-5; [EVT-5] [EVT-7]
    let value = |kind: &str, text: &str| {
        let text = message(
            "ORU^R01",
            &format!("PID|1||7^^^M\nOBR|1|1|A|X|||||||||||||||||||||F\nOBX|1|{kind}|K||{text}||||||F"),
        );
        events(&text).remove(0).results.remove(0).value
    };
    let number = |sign, digits: &str| ResultValue::Number(sign, Decimal::parse(digits).unwrap());
    assert_eq!(value("NM", "6.90"), number(None, "6.9"));
    assert_eq!(value("NM", ">= 500"), number(Some(Comparator::AtLeast), "500"));
    assert_eq!(value("ST", "&lt;"), ResultValue::Narrative);
    assert_eq!(value("ST", "<0.01"), number(Some(Comparator::Below), "0.01"));
    assert_eq!(value("SN", "^15"), number(None, "15"));
    assert_eq!(value("SN", "^1^:^128"), ResultValue::Narrative, "a titre is no single number");
    assert_eq!(value("ST", "Not detected"), ResultValue::Word("NOT DETECTED".into()));
    assert_eq!(value("ST", "SMITH"), ResultValue::Narrative, "capitals are not enough: it may be a name");
    assert_eq!(value("XPN", "SMITH^JOHN"), ResultValue::Narrative);
    assert_eq!(value("TX", "7"), ResultValue::Narrative);
    assert_eq!(value("DT", "20260114"), ResultValue::None);
    assert_eq!(value("NM", ""), ResultValue::None);
    assert_eq!(value("NM", "\"\""), ResultValue::None);
    let detected = TestCode { code: "260373001".into(), system: "snomed".into(), display: "Detected".into() };
    assert_eq!(value("CWE", "260373001^Detected^SCT"), ResultValue::Coded(detected));
    assert_eq!(value("CWE", "^Positive"), ResultValue::Word("POSITIVE".into()));
}

#[test]
fn units_with_an_unescaped_power_are_mended() {
    let unit = |text: &str| {
        let text =
            message("ORU^R01", &format!("PID|1||7^^^M\nOBR|1|1|A|X|||||||||||||||||||||F\nOBX|1|NM|K||4|{text}|||||F"));
        events(&text).remove(0).results.remove(0).unit.to_string()
    };
    assert_eq!(unit("10^3/uL"), "10*3/uL");
    assert_eq!(unit("10\\S\\3/uL"), "10^3/uL", "escaped, it is what it says");
    assert_eq!(unit("mmol/L^millimole^UCUM"), "mmol/L");
    assert_eq!(unit("enzyme units"), "");
}

#[test]
fn null_clears_and_empty_leaves() {
    // [EVT-4] [TXT-5]
    let text = message("ORU^R01", "PID|1||7^^^M\nPV1|1|\"\"|\"\"\nOBR|1|1|A|X|\"\"||||||||||||||||||||F");
    let event = events(&text).remove(0);
    assert_eq!((event.class, event.location, event.priority), (Given::Cleared, Given::Cleared, Given::Cleared));
    let text = message("ORU^R01", "PID|1||7^^^M\nPV1|1||^^^\nOBR|1|1|A|X|||||||||||||||||||||F");
    let event = events(&text).remove(0);
    assert_eq!((event.class, event.location, event.priority), (Given::Absent, Given::Absent, Given::Absent));
}

#[test]
fn line_ends_marks_and_wrapped_lines_change_nothing() {
    // [TXT-1] [TXT-4]
    let text = message(
        "ORU^R01",
        "PID|1||7^^^M\nOBR|1|1|A|X^Potassium in serum^L|||||||||||||||||||||F\nOBX|1|NM|K||4||||||F",
    );
    let whole = events(&text);
    let decoder_profile = Profile::new("lis");
    let tokeniser = tokeniser();
    let decoder = Decoder::new(&decoder_profile, &tokeniser);
    for form in
        [text.replace('\n', "\r\n"), text.clone(), text.replace('\n', "\r\r"), format!("\u{feff}\u{b}{text}\u{1c}\r")]
    {
        let Found::Events(found) = decoder.message(form.as_bytes()).found else { panic!("{form}") };
        let same = |event: &Event| Event { msg: Msg::default(), ..event.clone() };
        assert_eq!(found.iter().map(same).collect::<Vec<_>>(), whole.iter().map(same).collect::<Vec<_>>());
    }
    let wrapped = events(&text.replace("Potassium in serum", "Potassium in\nserum"));
    assert_eq!(
        (wrapped[0].tests[0].display.as_str(), notes(&wrapped[0])),
        ("Potassium in serum", vec!["line_break ".to_owned()])
    );
}

#[test]
fn a_document_takes_its_step_from_trigger_and_status() {
    // Domain page 5.4, TXA-17
    let step = |trigger: &str, status: &str| {
        let text = message(
            &format!("MDM^{trigger}"),
            &format!(
                "PID|1||7^^^M\nTXA|1|DS|TX|20260114010000||20260114005000|20260114013000|20260114014000||||DOC7^HIS|DOC1^HIS|900412^EPC|||{status}"
            ),
        );
        let event = events(&text).remove(0);
        assert_eq!((event.report.filler, event.report.parent), (ident("DOC7", "HIS"), ident("DOC1", "HIS")));
        (event.fact, lo(event.occurred_at), event.reason.map(|reason| reason.to_string()).unwrap_or_default())
    };
    assert_eq!(step("T02", "DI"), (Fact::Step(Step::Dictated), "2026-01-14T06:50:00Z".into(), "".into()));
    assert_eq!(step("T02", "DO"), (Fact::Step(Step::Transcribed), "2026-01-14T07:30:00Z".into(), "".into()));
    assert_eq!(step("T02", "IP"), (Fact::Step(Step::InProcess), "2026-01-14T07:00:00Z".into(), "".into()));
    assert_eq!(step("T04", "LA"), (Fact::Step(Step::Final), "2026-01-14T08:15:02Z".into(), "".into()));
    assert_eq!(step("T06", "AU"), (Fact::Step(Step::Appended), "2026-01-14T07:40:00Z".into(), "".into()));
    assert_eq!(step("T08", "AU").0, Fact::Step(Step::Corrected));
    assert_eq!(step("T08", "PA").0, Fact::Step(Step::Preliminary));
    assert_eq!(step("T10", "AU"), (Fact::Step(Step::Corrected), "2026-01-14T07:40:00Z".into(), "replaced".into()));
    assert_eq!(step("T11", "").2, "document_cancelled");
}

#[test]
fn stays_follow_their_triggers() {
    // Domain page 5.1, ADT; [EVT-10]
    let stay = |trigger: &str| {
        let event =
            events(&message(&format!("ADT^{trigger}"), &format!("EVN|{trigger}|20260114020000\n{PATIENT}"))).remove(0);
        assert_eq!((event.fact.clone(), lo(event.occurred_at)), (Fact::Encounter, "2026-01-14T08:00:00Z".into()));
        let status =
            event.attributes.iter().find(|(key, _)| key == "encounter_status").map(|(_, value)| format!("{value:?}"));
        (status.unwrap_or_default(), event.flags, event.flags_off)
    };
    let discharged = vec![ReportFlag::Known(Flag::Discharged)];
    let said = |word: &str| format!("Value(Text(\"{word}\"))");
    assert_eq!(stay("A01"), (said("admitted"), vec![], vec![]));
    assert_eq!(stay("A02"), (said("transferred"), vec![], vec![]));
    assert_eq!(stay("A03"), (said("discharged"), discharged.clone(), vec![]));
    assert_eq!(stay("A08"), (String::new(), vec![], vec![]));
    assert_eq!(stay("A11"), (said("cancelled"), vec![], vec![]));
    assert_eq!(stay("A13"), (said("admitted"), vec![], discharged));
}

#[test]
fn a_merge_points_from_the_old_number_to_the_new() {
    // Domain page 5.1, MRG; [IDN-11]
    let profile = Profile::new("adt");
    let tokeniser = tokeniser();
    let token = |kind, ns: &str, id: &str| clean::token(kind, id, ns, &profile, &tokeniser).unwrap();
    let merged = |text: &str| match events(text).remove(0).fact {
        Fact::Merge(merge) => *merge,
        other => panic!("{other:?}"),
    };
    let a40 = message("ADT^A40", "EVN|A40\nPID|1||2^^^M^MR\nMRG|1^^^M^MR");
    let (from, into) = (token(TokenKind::Patient, "M", "1"), token(TokenKind::Patient, "M", "2"));
    assert_eq!(merged(&a40), Merge::Tokens { what: wardline_rules::words::MergeWhat::Patient, from, into });
    let a42 = message("ADT^A42", "EVN|A42\nPID|1||2^^^M^MR\nMRG|2^^^M||||V1^^^E\nPV1|1|I|||||||||||||||||V2^^^E");
    let (from, into) = (token(TokenKind::Encounter, "E", "V1"), token(TokenKind::Encounter, "E", "V2"));
    assert_eq!(merged(&a42), Merge::Tokens { what: wardline_rules::words::MergeWhat::Encounter, from, into });
    let same = events(&message("ADT^A40", "PID|1||2^^^M^MR\nMRG|2^^^M^MR")).remove(0);
    assert_eq!((same.fact.clone(), notes(&same)), (Fact::Heartbeat, vec!["merge_unknown MRG".to_owned()]));
    let moved = events(&message("ADT^A45", "PID|1||2^^^M^MR\nMRG|1^^^M||||V1^^^E")).remove(0);
    assert_eq!(
        (moved.fact, moved.encounter, moved.patient),
        (Fact::Encounter, Some(token(TokenKind::Encounter, "E", "V1")), Some(into_patient(&profile, &tokeniser)))
    );
}

fn into_patient(profile: &Profile, tokeniser: &Tokeniser) -> wardline_rules::token::Token {
    clean::token(TokenKind::Patient, "2", "M", profile, tokeniser).unwrap()
}

#[test]
fn an_appointment_plans_its_exam() {
    // Domain page 5.1, SIU
    let siu = |trigger: &str| {
        let text = message(
            &format!("SIU^{trigger}"),
            "SCH|77|88|||||||||^^30^20260120090000|||||||||||||||900412^EPC|CT1^RIS\nPID|1||7^^^M\nAIS|1|A|CTHEAD^CT head^L|20260120091500",
        );
        events(&text).remove(0)
    };
    let booked = siu("S12");
    assert_eq!((booked.fact.clone(), booked.report.filler.clone()), (Fact::Step(Step::Scheduled), ident("CT1", "RIS")));
    assert_eq!(lo(booked.planned_at.value().copied()), "2026-01-20T15:00:00Z");
    assert_eq!(booked.tests[0].code, "CTHEAD");
    assert_eq!(siu("S15").fact, Fact::Update);
    assert_eq!(siu("S26").flags, [ReportFlag::Known(Flag::NoShow)]);
}

#[test]
fn a_refused_order_is_cancelled() {
    // Domain page 5.1, ORR
    let text = message("ORR^O02", "MSA|AE|X1\nPID|1||7^^^M\nORC|UA|900412^EPC");
    let event = events(&text).remove(0);
    assert_eq!((event.fact, event.reason.as_deref()), (Fact::Step(Step::Cancelled), Some("unable_to_accept")));
}

#[test]
fn a_rejected_specimen_asks_for_a_new_one() {
    // Domain page 5.2, SPM-21; [REP-16]
    let text = message(
        "ORU^R01",
        "PID|1||7^^^M\nOBR|1|1|A|X||||||||||||||||||20260114020000|||X\nSPM|1|||BLD|||||||||||||||||HEM^Hemolyzed^L",
    );
    let event = events(&text).remove(0);
    assert_eq!(
        (event.fact, event.milestones[0].step, event.reason.as_deref()),
        (Fact::Step(Step::Cancelled), Step::Recollect, Some("hem"))
    );
}

#[test]
fn the_profile_fills_what_a_source_cannot_say() {
    // Domain page 5, rows marked °; [IDN-4] [EVT-9]
    let text = r#"{"source":"ris","kind":"imaging","accession_field":"OBR-18","authorities":{"filler":"RIS","patient":"M"},
        "sites":{"STANNE":"St Anne"},"departments":{"CT":"CT scan"},"priorities":{"1":"stat"},"attribute_fields":{"ZDS-2":"bench"},
        "flag_fields":{"ZDS-3":"poct"},"test_patients":{"prefixes":["ZZ"]},"zone":"Europe/Berlin","zone_rule":"source_first"}"#;
    let profile: Profile = serde_json::from_str(text).unwrap();
    let text = message(
        "ORU^R01",
        "PID|1||ZZ7\nOBR|1||CT7|CTHEAD^CT^L|1||20260114080000|20260114082000||||||||||CT26-1||||20260114090000||CT|F\nZDS|1|bench 2|Y",
    );
    let event = events_with(&profile, &text).remove(0);
    assert_eq!((event.report.filler, event.report.accession), (ident("CT7", "RIS"), ident("CT26-1", "")));
    assert_eq!((event.site.as_deref(), event.department.as_deref()), (Some("St Anne"), Some("CT scan")));
    assert_eq!(event.priority, Given::Value(Priority::Stat));
    assert_eq!(event.flags, [ReportFlag::Known(Flag::TestPatient), ReportFlag::Known(Flag::Poct)]);
    assert_eq!(event.attributes, [("bench".into(), Given::Value(Scalar::Text("bench 2".into())))]);
    // [TIM-2]: the source's own zone first, whatever MSH-7 says
    assert_eq!(lo(event.occurred_at), "2026-01-14T08:00:00Z");
    let steps: Vec<_> = event.milestones.iter().map(|milestone| milestone.step).collect();
    assert_eq!(steps, [Step::ExamStarted, Step::ExamEnded]);
}

#[test]
fn results_that_do_not_fit_are_shared_out() {
    // [EVT-8]: 1,400 results of about 175 bytes are 245 KB, four events of 64 KiB; the critical one leads
    let mut obx: String = (0..1_400)
        .map(|n| format!("OBX|{n}|NM|{n}^A result with a long name that takes room^L|{n}|4|mmol/L|3-5||||F\n"))
        .collect();
    obx.push_str("OBX|1400|NM|2823-3^Potassium^LN||6.9|mmol/L||HH|||F\n");
    let events = events(&message("ORU^R01", &format!("PID|1||7^^^M\nOBR|1|1|A|X|||||||||||||||||||||F\n{obx}")));
    let ids: Vec<_> = events.iter().map(|event| event.event_id.as_str()).collect();
    assert_eq!(ids, ["LIS88120.1", "LIS88120.1#2", "LIS88120.1#3", "LIS88120.1#4"]);
    assert_eq!(events.iter().map(|event| event.results.len()).sum::<usize>(), 1_401);
    assert_eq!(events[0].results[0].code.code, "2823-3");
    assert!(events.iter().all(|event| event.notes.iter().any(|note| note.fault == Fault::ResultsSplit)));
    for event in &events {
        let mut text = String::new();
        let _ = crate::codec::json::encode(event, &mut text);
        assert!(text.len() <= wardline_rules::limits::EVENT_BYTES_MAX, "{}", text.len());
    }
}

#[test]
fn a_type_that_is_not_ours_is_a_sign_of_life() {
    // Domain page 5.6, row 3
    let event = events(&message("DFT^P03", "PID|1||7^^^M")).remove(0);
    assert_eq!(
        (event.fact.clone(), notes(&event), event.patient),
        (Fact::Heartbeat, vec!["ignored_type MSH-9".to_owned()], None)
    );
    assert_eq!(reading_with(&Profile::new("lis"), &message("ACK^R01", "MSA|AA|1")).found, Found::Answer);
}

#[test]
fn what_cannot_be_read_names_its_place() {
    // Domain page 5.6
    let good = message("ORU^R01", "PID|1||7^^^M\nOBR|1|1|A|X|||||||||||||||||||||F");
    for (text, code, place) in [
        (String::new(), Code::NoHeader, ""),
        ("not HL7 at all".into(), Code::NoHeader, ""),
        (good.replace("|^~\\&|", "|^~|"), Code::NoHeader, ""),
        (good.replace("|ORU^R01|", "||"), Code::NoMessageType, "MSH-9"),
        (good.replace("ORU^R01", "ORU^X01"), Code::UnknownTrigger, "MSH-9"),
        (good.replace("|P|2.5.1", "|D|2.5.1"), Code::WrongEnvironment, "MSH-11"),
        (message("MDM^T02", "PID|1||7"), Code::SegmentMissing, "TXA"),
        (message("ORM^O01", "PID|1||7\nOBR|1"), Code::SegmentMissing, "ORC"),
        (format!("{good}{}", "\nNTE|1".repeat(10_000)), Code::InnerLimit, ""),
        (format!("{good}{}", "|".repeat(1_100)), Code::InnerLimit, ""),
    ] {
        assert_eq!(refused(&text), (code, place.to_owned()), "{}", text.chars().take(90).collect::<String>());
    }
    assert_eq!(
        refused(&format!("{good}{}", " ".repeat(9) + "x".repeat(MESSAGE_BYTES_MAX).as_str())).0,
        Code::MessageTooLarge
    );
}

#[test]
fn a_message_without_type_of_trigger_finds_its_structure() {
    // Domain page 5.2, MSH-9
    for kind in ["ORU^R01^ORU_R01", "ORU^^ORU_R01", "ORU", "ORU_R01"] {
        let event = events(&message(kind, "PID|1||7^^^M\nOBR|1|1|A|X|||||||||||||||||||||F")).remove(0);
        assert_eq!(event.fact, Fact::Step(Step::Final), "{kind}");
    }
}

#[test]
fn content_ignores_the_header() {
    // [DUP-1]
    let one = reading_with(&Profile::new("lis"), &message("ORU^R01", "PID|1\nOBR|1||A"));
    let resent = reading_with(
        &Profile::new("lis"),
        &message("ORU^R01", "PID|1\nOBR|1||A").replace("20260114021502", "20260114030000"),
    );
    let other = reading_with(&Profile::new("lis"), &message("ORU^R01", "PID|1\nOBR|1||B"));
    assert_eq!(one.content, resent.content);
    assert_ne!(one.content, other.content);
}

#[test]
fn statuses_of_single_results_are_kept() {
    // Domain page 5.4, OBX-11
    let text = message(
        "ORU^R01",
        "PID|1||7^^^M\nOBR|1|1|A|X|||||||||||||||||||||C\nOBX|1|NM|K||4.4||||||C\nOBX|2|NM|NA||140||||||unknown\nOBX|3||CL||||||||U",
    );
    let event = events(&text).remove(0);
    let statuses: Vec<_> = event.results.iter().map(|result| result.status).collect();
    assert_eq!(statuses, [ResultStatus::Corrected, ResultStatus::Unknown, ResultStatus::Final]);
    assert_eq!(notes(&event), ["unknown_value OBX-11"]);
}
