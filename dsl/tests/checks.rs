//! Checks: variations of small wards, each with the codes it must and must not give.

use wardline_dsl::check;
use wardline_dsl::diagnostic::Diagnostic;
use wardline_dsl::source::{SourceFile, Sources};
use wardline_rules::time::Date;

/// 1 January 2026.
const AS_OF: i32 = 20_454;
const POLICY: &str = "  policy    \"P-1\", owner \"Quality\", review by 2027-06-30\n";

/// Findings in a text beside the base of the diagnostics cases.
fn findings(text: &str) -> Vec<Diagnostic> {
    let base = SourceFile::new("base.ward", include_str!("diagnostics/base.ward"));
    let sources = Sources {
        files: vec![SourceFile::new("a.ward", text), base],
        packs: vec![SourceFile::new("starter.ward", include_str!("../../rules/packs/starter.ward"))],
        holidays: vec![SourceFile::new("holidays/us-federal.toml", include_str!("wards/us-federal.toml"))],
    };
    let found = check(&sources, Date::from_days(AS_OF)).diagnostics;
    found.into_iter().filter(|found| found.span.file.0 == 0).collect()
}

/// The codes of these; rules without a test and unused blocks left out.
fn codes(text: &str) -> Vec<String> {
    let aside = ["WL0204", "WL0952"];
    let found = findings(text).into_iter().map(|found| found.code.to_string());
    found.filter(|code| !aside.contains(&code.as_str())).collect()
}

/// The lines that the first finding of a code offers.
fn offered(text: &str, code: &str) -> Vec<String> {
    let found = findings(text).into_iter().find(|found| found.code.to_string() == code);
    found.map(|found| found.help.into_iter().flat_map(|help| help.lines).collect()).unwrap_or_default()
}

fn alert(clauses: &[&str]) -> Vec<String> {
    codes(&format!(
        "alert \"A\"\n{POLICY}{}  severity  yellow\n  tell      desk \"Operations\" by worklist\n",
        lines(clauses)
    ))
}

fn sla(clauses: &[&str]) -> Vec<String> {
    codes(&sla_text("S", clauses))
}

fn sla_text(name: &str, clauses: &[&str]) -> String {
    format!("sla \"{name}\"\n{POLICY}{}  breach    tell desk \"Operations\" by worklist\n", lines(clauses))
}

fn lines(clauses: &[&str]) -> String {
    clauses.iter().map(|clause| format!("  {clause}\n")).collect()
}

const WHEN: &str = "when      a lab result is verified";
const LAB: [&str; 3] =
    ["covers    lab reports", "starts    when the specimen is received", "stops     when the report is finalised"];

fn lab(more: &[&'static str]) -> Vec<&'static str> {
    LAB.iter().copied().chain(more.iter().copied()).collect()
}

#[test]
fn a_field_is_compared_with_its_own_sort_only() {
    let condition = |text: &str| {
        alert(&[
            WHEN,
            &format!("where     {text}"),
            "missing   test, value, location, patient age, time since same test: match",
        ])
        .into_iter()
        .filter(|code| code != "WL0406")
        .collect::<Vec<_>>()
    };
    let none = Vec::<String>::new();
    assert_eq!(condition("patient age is at least 65"), none);
    assert_eq!(condition("time since same test is below 24 hours"), none);
    assert_eq!(condition("time since same test is below 1 day"), ["WL0304"]);
    assert_eq!(condition("time since same test is below 24 working hours"), ["WL0307"]);
    assert_eq!(condition("patient age is above 65 mmol/L"), ["WL0307"]);
    assert_eq!(condition("priority is above 5"), ["WL0307"]);
    assert_eq!(condition("priority is sta"), ["WL0201"]);
    assert_eq!(condition("flag is opted out"), ["WL0201"], "a patient's flag");
    assert_eq!(condition("ordering clinician is present"), none);
    assert_eq!(condition("ordering clinician is Smith"), ["WL0307"]);
    assert_eq!(condition("value is 6.5 mmol"), ["WL0309"]);
    assert_eq!(condition("test is potassium and value is above 6.5"), ["WL0303"], "no unit");
    assert_eq!(condition("test is potassium and value is above 0.0065 mol/L"), none, "same dimension");
    assert_eq!(condition("value is between 7 and 5"), ["WL0307"]);
    assert_eq!(condition("feed is \"LIS\""), ["WL0201"]);
}

#[test]
fn a_report_has_no_value() {
    assert_eq!(
        alert(&["when      a report is finalised", "where     value is above 5", "missing   value: match"]),
        ["WL0307"]
    );
    assert_eq!(
        sla(&[
            "covers    lab reports where value is above 5",
            LAB[1],
            LAB[2],
            "target    1 hour",
            "missing   value: match"
        ]),
        ["WL0307"]
    );
}

#[test]
fn what_may_be_absent_is_decided_once_and_where_it_is_used() {
    assert_eq!(alert(&[WHEN, "where     location is ICU"]), ["WL0403"]);
    assert_eq!(alert(&[WHEN, "unless    location is ICU"]), ["WL0403"]);
    assert_eq!(alert(&[WHEN, "where     location is present"]), Vec::<String>::new());
    assert_eq!(
        alert(&[WHEN, "where     location is ICU", "missing   location: match", "missing   location: match"]),
        ["WL0106"]
    );
    assert_eq!(alert(&[WHEN, "missing   location: match"]), ["WL0406"]);
    assert_eq!(alert(&[WHEN, "where     location is ICU", "missing   location: use ICU"]), Vec::<String>::new());
    assert_eq!(alert(&[WHEN, "where     location is ICU", "missing   location: use ICV"]), ["WL0201"]);
}

#[test]
fn an_exception_is_decided_with_its_parent() {
    let parent = sla_text("Lab", &lab(&["target    4 hours"]));
    let exception =
        |clauses: &[&str]| codes(&format!("{parent}\nexception \"E\" to \"Lab\"\n{POLICY}{}", lines(clauses)));
    assert_eq!(exception(&["covers    reports where priority is stat", "target    1 hour"]), Vec::<String>::new());
    assert_eq!(exception(&["covers    radiology reports", "target    1 hour"]), ["WL0401"], "no report is both");
    assert_eq!(exception(&["covers    reports where location is ICU"]), ["WL0403"]);
    let two = |one: &str, other: &str| {
        let more = format!(
            "\nexception \"E\" to \"Lab\"\n{POLICY}  covers    {one}\n\nexception \"F\" to \"Lab\"\n{POLICY}  covers    {other}\n"
        );
        codes(&format!("{parent}{more}"))
    };
    assert_eq!(two("reports where priority is stat", "reports where priority is asap"), Vec::<String>::new());
    assert_eq!(two("reports where priority is stat", "microbiology reports"), ["WL0404"]);
    let nested = format!(
        "{parent}\nexception \"E\" to \"Lab\"\n{POLICY}  covers    reports where priority is stat\n\nexception \"F\" to \"E\"\n{POLICY}  covers    microbiology reports\n"
    );
    assert_eq!(codes(&nested), Vec::<String>::new(), "one is an exception to the other");
}

#[test]
fn clocks_that_cannot_work_are_refused() {
    assert_eq!(sla(&lab(&["target    1 hour"])), Vec::<String>::new());
    assert_eq!(sla(&lab(&["target    401 days"])), ["WL0304"]);
    assert_eq!(sla(&lab(&["target    9601 hours"])), ["WL0107"], "400 days are 9,600 hours");
    assert_eq!(sla(&lab(&["target    0 hours"])), ["WL0307"]);
    assert_eq!(
        sla(&lab(&["target    1 hour", "warn      at 100 percent: tell desk \"Operations\" by worklist"])),
        ["WL0506"]
    );
    assert_eq!(
        sla(&lab(&["target    1 hour", "warn      at 75 percent: tell desk \"Operations\" by worklist"])),
        Vec::<String>::new()
    );
    assert_eq!(
        sla(&lab(&[
            "counts    \"Bench\"",
            "target    8 working hours",
            "warn      at 1 hour: tell desk \"Operations\" by worklist"
        ])),
        ["WL0506"]
    );
    let all = ["covers    reports", LAB[1], "stops     when the result is verified", "target    1 hour"];
    assert_eq!(sla(&all), ["WL0501"], "nothing but a laboratory verifies");
    let narrowed =
        ["covers    reports where kind is lab", LAB[1], "stops     when the result is verified", "target    1 hour"];
    assert_eq!(sla(&narrowed), Vec::<String>::new());
    assert_eq!(
        sla(&lab(&["target    1 hour", "pauses    while the report is awaiting analysis or on hold"])),
        ["WL0502"]
    );
    assert_eq!(sla(&lab(&["target    1 hour", "pauses    while the report is on hold"])), Vec::<String>::new());
    assert_eq!(
        sla(&lab(&["target    1 hour", "missing   start time: use time of order placed"])),
        Vec::<String>::new()
    );
}

#[test]
fn moments_and_states_are_kept_apart() {
    assert_eq!(alert(&["when      a report becomes unread"]), Vec::<String>::new());
    assert_eq!(alert(&["when      a report becomes signed out"]), ["WL0301"]);
    assert_eq!(alert(&["when      a report is on hold"]), ["WL0302"]);
    assert_eq!(alert(&["when      a specimen is finalised"]), ["WL0201"]);
    assert_eq!(alert(&["when      a report is finalized"]), ["WL0201"]);
    assert_eq!(alert(&["when      a radiology report is verified"]), ["WL0206"]);
    assert_eq!(alert(&["when      a report becomes awaiting godot"]), ["WL0201"]);
}

#[test]
fn people_and_channels_must_be_there() {
    let page = |clause: &str| codes(&format!("alert \"A\"\n{POLICY}  {WHEN}\n  severity  orange\n  {clause}\n"));
    assert_eq!(page("page      desk \"Operations\" by phone"), Vec::<String>::new());
    assert_eq!(page("page      desk \"Operatoins\" by phone"), ["WL0203"]);
    assert_eq!(page("page      the recipient by phone"), ["WL0606"]);
    assert_eq!(page("tell      the patient by portal"), ["WL0606"]);
    assert_eq!(page("tell      desk \"Operations\" by pager"), ["WL0604"]);
    assert_eq!(page("page      person \"Nobody\" by phone"), ["WL0203"]);
}

#[test]
fn a_period_must_be_awaited_by_what_it_can_end() {
    let absence = |after: &str, expect: &str, within: &str| {
        alert(&[&format!("after     {after}"), &format!("expect    {expect}"), &format!("within    {within}")])
    };
    assert_eq!(absence("a report is finalised", "the report is delivered", "15 minutes"), Vec::<String>::new());
    assert_eq!(absence("a report is finalised", "the report is delivered", "2 days"), ["WL0304"]);
    assert_eq!(absence("a report is finalised", "the report is delivered", "4 working hours"), ["WL0305"]);
    assert_eq!(absence("a report is finalised", "a message arrives from feed \"RIS\"", "15 minutes"), ["WL0201"]);
}

#[test]
fn stamps_of_a_test_are_checked_one_by_one() {
    let test = |lines: &str| codes(&format!("test \"T\"\n{lines}"));
    assert_eq!(
        test("  at        2026-01-14 09:00 R1: report is finalised\n  then      nothing is sent\n"),
        Vec::<String>::new()
    );
    assert_eq!(test("  at        09:00 R1: report is finalised\n  then      nothing is sent\n"), ["WL0953"]);
    assert_eq!(
        test(
            "  at        2026-01-14 09:00 R1: report is finalised\n            08:59 R1: report is delivered\n  then      nothing is sent\n"
        ),
        ["WL0953"]
    );
    assert_eq!(
        test("  at        2026-03-08 02:30 R1: report is finalised\n  then      nothing is sent\n"),
        ["WL0308"],
        "the hour that is left out"
    );
    assert_eq!(
        test("  at        2026-11-01 01:30-05:00 R1: report is finalised\n  then      nothing is sent\n"),
        Vec::<String>::new()
    );
    assert_eq!(
        test("  at        2026-11-01 01:30-04:00 R1: report is finalised\n  then      nothing is sent\n"),
        ["WL0953"]
    );
    assert_eq!(
        test("  at        2026-01-14 24:00 R1: report is finalised\n  then      nothing is sent\n"),
        Vec::<String>::new()
    );
    assert_eq!(
        test(
            "  given     state is unread\n  at        2026-01-14 09:00 R1: report is finalised\n  then      nothing is sent\n"
        ),
        ["WL0307"]
    );
    assert_eq!(test("  at        2026-01-14 09:00 R1: report is finalised\n"), ["WL0105"], "it expects nothing");
}

#[test]
fn everything_is_reported_in_one_run() {
    // [LAY-7]
    let text = format!(
        "sla \"S\"\n  target    2 days\n\nalert \"A\"\n{POLICY}  when      a lab reslt is verified\n  severity  purple\n  tell      desk \"Nowhere\" by pigeon\n\ncalendar \"C\"\n  opens     always\n"
    );
    let mut found = codes(&text);
    found.sort();
    found.dedup();
    assert_eq!(found, ["WL0104", "WL0105", "WL0108", "WL0203", "WL0304"]);
}

/// A function over a test, and what it is asked in.
fn asking(more: &str) -> Vec<String> {
    codes(&format!(
        "function serial(test: test) gives yes or no\n  script\n    test in [\"potassium\"]\n  end\n  example   serial(potassium) is yes\n  example   serial(creatinine) is no\n\n{more}"
    ))
}

#[test]
fn a_script_may_say_what_is_covered_and_never_when() {
    // [RHAI-6]
    let covered = lab(&["target    60 minutes", "missing   test, serial(): match"]);
    let with = |from: &str, to: &str| asking(&sla_text("S", &covered).replace(from, to));
    assert_eq!(with("covers    lab reports", "covers    lab reports where serial(test)"), ["WL0903"], "not proven");
    for clause in ["starts    when", "stops     when"] {
        let asked = format!("{clause} serial(test) or");
        assert!(with(clause, &asked).contains(&"WL0108".to_owned()), "{asked}");
    }
}

#[test]
fn a_call_is_given_what_the_header_says() {
    let asked = |call: &str, missing: &str| {
        asking(&format!(
            "alert \"A\"\n{POLICY}  {WHEN}\n  where     {call}\n  missing   {missing}\n  severity  yellow\n  tell      desk \"Operations\" by worklist\n"
        ))
    };
    assert_eq!(asked("serial(test) is no", "test, serial(): match"), Vec::<String>::new());
    assert_eq!(asked("serial(potassium)", "serial(): match"), Vec::<String>::new());
    assert_eq!(asked("serial(test)", "test: match"), ["WL0403"], "the script may fault");
    assert_eq!(asked("serial(test)", "serial(): match"), ["WL0403"], "the test may be absent");
    assert_eq!(asked("serial(location)", "location, serial(): match"), ["WL0307"]);
    assert_eq!(asked("serial(potasium)", "serial(): match"), ["WL0201"]);
    assert_eq!(asked("serial(test, location)", "test, location, serial(): match"), ["WL0307"]);
    assert_eq!(asked("serial(test) is above 3", "test, serial(): match"), ["WL0307"]);
    assert_eq!(asked("serail(test)", "test: match"), ["WL0203"]);
}

#[test]
fn a_name_nobody_declared_comes_with_the_clause_that_declares_it() {
    let unknown = |condition: &str| {
        let text = format!("alert \"A\"\n{POLICY}  {WHEN}\n  where     {condition}\n  severity  yellow\n");
        offered(&text, "WL0201")
    };
    assert_eq!(unknown("location is Burns Unit"), ["place     Burns Unit"]);
    assert_eq!(unknown("site is \"House of Mercy\""), ["site      \"House of Mercy\""], "reserved words are quoted");
    assert_eq!(unknown("test is bilirubin"), ["test      bilirubin, LOINC …, in …"]);
    assert_eq!(unknown("department is chemistry"), ["values    department: chemistry"]);
    let silent = format!("alert \"A\"\n{POLICY}  after     a message arrives from feed \"Old LIS\"\n");
    assert_eq!(offered(&silent, "WL0201"), ["feed      \"Old LIS\""]);
    assert_eq!(unknown("test is potasium"), ["where     test is potassium"], "what is near was meant");
    assert_eq!(unknown("priority is whenever"), Vec::<String>::new(), "no ward can declare a priority");
}

#[test]
fn a_rule_nobody_tests_comes_with_a_test_about_its_own_begin() {
    let sla = sla_text("STAT lab", &lab(&["target    60 minutes"]));
    assert_eq!(
        offered(&sla, "WL0952"),
        [
            "test \"STAT lab\"",
            "  at        2026-01-14 09:00 R1: lab specimen is received",
            "  then      09:00 clock \"STAT lab\" of R1 is running"
        ]
    );
    let tested = offered(&sla, "WL0952").join("\n");
    assert_eq!(codes(&format!("{sla}\n{tested}\n")), Vec::<String>::new(), "the test that is offered reads and checks");
    let stat = sla_text(
        "S",
        &[
            "covers    lab reports where priority is stat and location is ICU",
            LAB[1],
            LAB[2],
            "target    60 minutes",
            "missing   location: match",
        ],
    );
    assert_eq!(
        offered(&stat, "WL0952")[1],
        "  at        2026-01-14 09:00 R1: lab specimen is received, priority is stat, location is ICU",
        "with what the rule asks for"
    );
    let value = format!(
        "alert \"A\"\n{POLICY}  {WHEN}\n  where     test is potassium and value is below 2.5 mmol/L or above 6.5 mmol/L\n  missing   test, value: do not match\n  severity  yellow\n  tell      desk \"Operations\" by worklist\n"
    );
    assert_eq!(
        offered(&value, "WL0952")[1],
        "  at        2026-01-14 09:00 R1: lab result is verified, test is potassium, value is 7.5 mmol/L"
    );
    let silent = format!(
        "catalogue \"C\"\n  feed      \"LIS\"\n\nalert \"Silent\"\n{POLICY}  after     a message arrives from feed \"LIS\"\n  expect    the message arrives from feed \"LIS\"\n  within    30 minutes\n  severity  yellow\n  tell      desk \"Operations\" by worklist\n"
    );
    assert_eq!(offered(&silent, "WL0952")[1], "  at        2026-01-14 09:00 a message arrives from feed \"LIS\"");
}

#[test]
fn what_a_ward_may_hold_of_a_thing_is_bounded() {
    // [DET-3] Each bound, and one more than it.
    let none = Vec::<String>::new();
    let escalation = |steps: usize, recipients: usize, reminders: usize, repeats: usize| {
        let who = vec!["desk \"Operations\""; recipients].join(" and ");
        let reminders: String =
            (1..=reminders).map(|after| format!(", remind by phone after {after} minutes")).collect();
        let steps: String =
            (1..=steps).map(|n| format!("  step {n}    page {who} by phone{reminders}, wait 5 minutes\n")).collect();
        let all = steps.lines().count();
        codes(&format!(
            "escalation \"E\"\n{steps}  repeat    steps 1 to {all}, up to {repeats} times\n  then      task for desk \"Operations\"\n"
        ))
    };
    assert_eq!(escalation(10, 8, 3, 5), none);
    assert_eq!(escalation(11, 1, 0, 5), ["WL0107"]);
    assert_eq!(escalation(1, 9, 0, 5), ["WL0107"]);
    assert_eq!(escalation(1, 1, 4, 5), ["WL0107"]);
    assert_eq!(escalation(1, 1, 0, 6), ["WL0107"]);
    let warned = |count: usize| {
        let warnings: String = (1..=count)
            .map(|at| format!("  warn      at {at} minutes: tell desk \"Operations\" by worklist, severity yellow\n"))
            .collect();
        codes(&format!(
            "sla \"S\"\n{POLICY}{}{warnings}  breach    tell desk \"Operations\" by worklist\n",
            lines(&lab(&["target    1 hour"]))
        ))
    };
    assert_eq!((warned(4), warned(5)), (none.clone(), vec!["WL0107".to_owned()]));
    assert_eq!(sla(&lab(&["target    9600 hours"])), none);
    assert_eq!(sla(&lab(&["target    9601 hours"])), ["WL0107"]);
    let absent = |within: &str| {
        alert(&[
            "after     a lab report is finalised",
            "expect    the report is reviewed",
            &format!("within    {within}"),
        ])
    };
    assert_eq!((absent("9600 hours"), absent("9601 hours")), (none.clone(), vec!["WL0107".to_owned()]));
    let held = |hold: &str| alert(&["while     a lab report is on hold", &format!("hold      {hold}")]);
    assert_eq!((held("24 hours"), held("25 hours")), (none.clone(), vec!["WL0107".to_owned()]));
    let limited =
        |count: u32| alert(&[WHEN, &format!("limit     {count} in 24 hours per recipient, rest in one digest")]);
    assert_eq!((limited(100), limited(101)), (none, vec!["WL0107".to_owned()]));
}

#[test]
fn a_holiday_file_is_missed_thirteen_months_before_it_ends() {
    // [CAL-4]
    let warned = |last: &str| {
        let days = "{ actual = 2026-07-04, observed = 2026-07-03, name = \"Independence Day\" }";
        let text = format!("name = \"Own\"\nfirst = 2026-01-01\nlast = {last}\ndays = [{days}]\n");
        let ward = "ward \"St Anne\" edition 1\n  zone      America/Chicago\n  uses      pack \"starter\"\n  holidays  \"Own\" from \"own.toml\"\n";
        let sources = Sources {
            files: vec![SourceFile::new("a.ward", ward)],
            packs: vec![SourceFile::new("starter.ward", include_str!("../../rules/packs/starter.ward"))],
            holidays: vec![SourceFile::new("own.toml", text)],
        };
        check(&sources, Date::from_days(AS_OF)).diagnostics.iter().any(|found| found.code.to_string() == "WL0504")
    };
    assert!(warned("2026-12-31"));
    assert!(warned("2027-01-31"), "a day short of thirteen months after 1 January 2026");
    assert!(!warned("2027-02-01"));
}

#[test]
fn a_patient_reads_health_details_only_after_signing_in() {
    // [NOTE-5]
    let notice = |channel: &str, template: &str, details: &str| {
        codes(&format!(
            "catalogue \"T\"\n  template  \"mine\" in en: \"{template}\"\n\nnotice \"N\" to patient\n{POLICY}  when      a report is released to the portal\n  channel   {channel}\n  quiet     21:00 to 08:00 in the patient's zone\n  limit     1 in 4 hours per patient, rest in one digest\n  template  \"mine\" {details} health details\n  expires   after 3 days\n"
        ))
    };
    let none = Vec::<String>::new();
    assert_eq!(notice("email, otherwise letter", "Sign in: {link} Code {code}", "without"), none);
    for detail in ["test", "value", "finding", "flag", "kind", "modality"] {
        assert_eq!(notice("portal", &format!("{{{detail}}}: {{link}}"), "without"), ["WL0701"], "{detail}");
        assert_eq!(notice("portal, otherwise app", &format!("{{{detail}}}: {{link}}"), "with"), none, "{detail}");
    }
    assert_eq!(notice("portal, otherwise email", "{test}: {link}", "with"), ["WL0701"], "mail is open");
}

#[test]
fn a_mixed_chain_is_refused_with_both_readings_and_a_case_between_them() {
    // [LEX-4]
    let where_ = |clause: &str| {
        format!(
            "alert \"A\"\n{POLICY}  {WHEN}\n  where     {clause}\n  missing   test, value, location: do not match\n  severity  yellow\n  tell      desk \"Operations\" by worklist\n"
        )
    };
    let mixed = where_("test is potassium and location is ICU or priority is stat");
    assert_eq!(codes(&mixed), ["WL0402"]);
    let found = findings(&mixed).into_iter().find(|found| found.code.to_string() == "WL0402").unwrap();
    assert!(
        found.cause.ends_with("They differ where \"priority is stat\" holds and \"test is potassium\" does not."),
        "{}",
        found.cause
    );
    let readings = offered(&mixed, "WL0402");
    assert_eq!(readings[0], "any of");
    assert!(readings.contains(&"- location is ICU or priority is stat".to_owned()), "{readings:?}");
    let bullets = "any of\n            - test is potassium and location is ICU\n            - priority is stat";
    assert!(!codes(&where_(bullets)).contains(&"WL0402".to_owned()));
    let behind = "test is potassium and any of\n            - value is above 6.5 mmol/L\n            - location is ICU and value is above 5 mmol/L";
    assert_eq!(codes(&where_(behind)), Vec::<String>::new(), "the other joint goes under bullets, last in the chain");
}

#[test]
fn a_step_that_asks_nobody_is_looked_for_thirteen_months_ahead() {
    // [CHK-1] [CHK-3]
    let away = |from: &str, to: &str| {
        codes(&format!(
            "person \"Ana\"\n  reach     by phone at \"1\"\n  away      from {from} 00:00 to {to} 00:00\n\nescalation \"E\"\n  step 1    page person \"Ana\" by phone, wait 5 minutes\n  then      task for desk \"Operations\"\n"
        ))
    };
    assert_eq!(away("2027-01-20", "2027-01-25"), ["WL0601"]);
    assert_eq!(away("2027-02-20", "2027-02-25"), Vec::<String>::new(), "fourteen months after 1 January 2026");
    assert_eq!(away("2025-02-20", "2025-02-25"), Vec::<String>::new(), "before the date of the check");
}

#[test]
fn findings_are_the_same_every_time_and_in_the_order_of_files_and_lines() {
    // [CHK-1]
    let text = format!("{}\n{}", sla_text("S", &["target    2 days"]), "alert \"A\"\n  when      something\n");
    let found = findings(&text);
    assert_eq!(found, findings(&text));
    let places: Vec<(u32, u32)> = found.iter().map(|found| (found.span.file.0, found.span.start)).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(places.len() > 3, "{places:?}");
}

#[test]
fn a_bare_day_comes_with_the_hours_of_its_calendar_and_a_friday_worked_in_both() {
    let calendar = "calendar \"Histology\"\n  open      Monday to Friday 06:00 to 20:00, Saturday 08:00 to 12:00\n  closed    holidays \"US federal\" on observed and actual days\n";
    let text = format!("{calendar}\n{}", sla_text("S", &lab(&["counts    \"Histology\"", "target    2 days"])));
    let found = findings(&text).into_iter().find(|found| found.code.to_string() == "WL0304").unwrap();
    assert_eq!(found.labels[0].text, "open 14 hours Monday to Friday, 4 hours Saturday");
    assert_eq!(
        found.cause,
        "What starts on an ordinary Friday at 16:00 is due Sunday 16:00 with the first, Tuesday 12:00 with the second."
    );
}
