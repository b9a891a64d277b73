//! Tests of what an editor is shown; `|` marks the cursor.

use wardline_rules::time::{Date, TimeOfDay, Zone};

use super::*;
use crate::source::Sources;

const BASE: &str = r#"ward "St Anne" edition 1
  zone      America/Chicago

catalogue "St Anne"
  site      Main
  place     ICU, at Main
  values    specimen class: surgical biopsy, autopsy
  flag      awaiting special stain
  test      potassium, LOINC 2823-3, in mmol/L
  test      lipid panel, LOINC 57698-3
  feed      "RIS", carries radiology
  channel   secure message, phone, worklist via "default"

severity red answer within 15 minutes
severity orange answer within 6 hours
calendar "Office"
  open      Monday to Friday 08:00 to 17:00
desk "Operations"
desk "Ops of the night"
person "Ana Ruiz"
person "Ben Okafor"
roster "Lab lead"
  rotate    weekly from 2026-01-05 07:00: "Ana Ruiz", "Ben Okafor"
  nobody    desk "Operations"
escalation "Critical call-out"
  step 1    page roster "Lab lead" by phone, wait 5 minutes
  then      task for desk "Operations"
sla "STAT lab"
  policy    "LAB-TAT-01", owner "Laboratory quality", review by 2027-06-30
  covers    lab reports where priority is stat
  starts    when the specimen is received
  stops     when the report is finalised
  target    60 minutes
  breach    page using "Critical call-out", severity orange
"#;

/// The base ward with a text behind it, and the byte of the mark in it.
fn ward(typed: &str) -> (Sources, u32) {
    let text = format!("{BASE}{typed}");
    let at = text.find('|').expect("a mark");
    (Sources::of_text("a.ward", &text.replacen('|', "", 1)), u32::try_from(at).unwrap())
}

fn offers(typed: &str) -> Vec<Offer> {
    let (sources, at) = ward(typed);
    let outside = Outside { people: vec!["Cardiology desk".to_owned()] };
    completions(&Ward::read(&sources), &outside, (FileId(0), &sources.files[0]), at)
}

fn labels(typed: &str) -> Vec<String> {
    offers(typed).into_iter().map(|offer| offer.label).collect()
}

/// What the line of the cursor looks like once the offer of this label is taken.
fn taken(typed: &str, label: &str) -> String {
    let (sources, at) = ward(typed);
    let offer = offers(typed).into_iter().find(|offer| offer.label == label);
    assert!(offer.is_some(), "{label} is not among {:?}", labels(typed));
    let offer = offer.unwrap();
    assert_eq!(offer.replace.end, at, "up to the cursor");
    let text = &sources.files[0].text;
    let (start, end) = (offer.replace.start as usize, offer.replace.end as usize);
    let after = format!("{}{}", text.get(..start).unwrap(), offer.insert);
    let rest = text.get(end..).unwrap();
    format!("{}{}", after.rsplit('\n').next().unwrap(), rest.split('\n').next().unwrap())
}

#[test]
fn at_the_margin_blocks_are_offered() {
    assert_eq!(labels("al|"), ["alert"]);
    let all = labels("|");
    assert!(all.contains(&"sla".to_owned()) && !all.contains(&"pack".to_owned()), "a pack is shipped: {all:?}");
    assert_eq!(taken("ale|", "alert"), "alert ");
}

#[test]
fn clauses_that_come_next_are_offered_first_and_those_that_are_there_are_not() {
    let typed =
        "alert \"A\"\n  policy    \"P\", owner \"Q\", review by 2027-06-30\n  when      a lab result is verified\n  |";
    let next = labels(typed);
    assert_eq!(next[..2], ["where", "unless"]);
    for not in ["policy", "when", "while", "every", "expect", "clear"] {
        assert!(!next.contains(&not.to_owned()), "{not} does not go with when: {next:?}");
    }
    assert_eq!(taken("sla \"B\"\n  pol|", "policy"), "  policy    ", "the text begins at column 13");
    assert!(
        labels("sla \"B\"\n  warn      at 5 minutes: page using \"X\"\n  wa|").contains(&"warn".to_owned()),
        "any number"
    );
}

#[test]
fn names_are_offered_by_the_word_before_them() {
    for (typed, label, line) in [
        ("alert \"A\"\n  page      desk \"Op|", "Operations", "  page      desk \"Operations\""),
        ("alert \"A\"\n  page      desk |", "Ops of the night", "  page      desk \"Ops of the night\""),
        ("alert \"A\"\n  page      using |", "Critical call-out", "  page      using \"Critical call-out\""),
        (
            "alert \"A\"\n  tell      desk \"Operations\" and person |",
            "Ben Okafor",
            "  tell      desk \"Operations\" and person \"Ben Okafor\"",
        ),
        ("alert \"A\"\n  tell      person |", "Cardiology desk", "  tell      person \"Cardiology desk\""),
        ("alert \"A\"\n  severity  |", "orange", "  severity  orange"),
        ("alert \"A\"\n  where     test is |", "lipid panel", "  where     test is lipid panel"),
        ("alert \"A\"\n  where     test is lipid pa|", "lipid panel", "  where     test is lipid panel"),
        (
            "alert \"A\"\n  where     test is one of potassium, l|",
            "lipid panel",
            "  where     test is one of potassium, lipid panel",
        ),
        ("alert \"A\"\n  where     specimen class is |", "autopsy", "  where     specimen class is autopsy"),
        ("alert \"A\"\n  where     location is I|", "ICU", "  where     location is ICU"),
        ("sla \"B\"\n  counts    |", "Office", "  counts    \"Office\""),
        ("exception \"B\" to |", "STAT lab", "exception \"B\" to \"STAT lab\""),
        ("suppress \"C\"\n  delays    breaches of |", "STAT lab", "  delays    breaches of \"STAT lab\""),
        ("test \"T\"\n  then      02:10 desk |", "Operations", "  then      02:10 desk \"Operations\""),
        (
            "test \"T\"\n  at        2026-01-14 02:10 R1: lab result is verified, test is pot|",
            "potassium",
            "  at        2026-01-14 02:10 R1: lab result is verified, test is potassium",
        ),
    ] {
        assert_eq!(taken(typed, label), line, "{typed}");
    }
}

#[test]
fn a_quote_that_the_editor_closed_is_closed_once() {
    assert_eq!(
        taken("alert \"A\"\n  page      desk \"|\" by phone", "Operations"),
        "  page      desk \"Operations\" by phone"
    );
}

#[test]
fn words_of_the_grammar_and_the_standard_catalogue_are_offered() {
    for (typed, label) in [
        ("sla \"B\"\n  starts    when |", "the specimen is received"),
        ("sla \"B\"\n  starts    when the specimen is |", "received"),
        ("sla \"B\"\n  starts    when the specimen is received |", "or"),
        ("alert \"A\"\n  when      |", "a result is verified"),
        ("alert \"A\"\n  where     |", "priority"),
        ("alert \"A\"\n  where     priority is |", "stat"),
        ("alert \"A\"\n  where     priority is |", "one of"),
        ("alert \"A\"\n  where     priority is stat |", "and"),
        ("alert \"A\"\n  where     priority is stat and pat|", "patient class"),
        ("alert \"A\"\n  page      |", "using"),
        ("alert \"A\"\n  page      |", "the ordering clinician"),
        ("alert \"A\"\n  page      the ordering clinician by |", "secure message"),
        ("alert \"A\"\n  while     a report is |", "awaiting special stain"),
        ("escalation \"E\"\n  step 1    page desk \"Operations\" by phone, |", "wait"),
        ("sla \"B\"\n  target    60 |", "minutes"),
        ("sla \"B\"\n  covers    |", "lab"),
        ("alert \"A\"\n  missing   |", "location"),
        ("alert \"A\"\n  measure   |", "median"),
        ("alert \"A\"\n  measure   median of time from |", "specimen received"),
        ("test \"T\"\n  then      02:10 |", "nothing"),
        ("test \"T\"\n  then      |", "nothing else is sent"),
        ("severity yellow answer |", "within"),
    ] {
        let found = labels(typed);
        assert!(found.contains(&label.to_owned()), "{typed} offers {found:?}");
    }
    assert_eq!(labels("sla \"B\"\n  starts    when the specimen is rec|"), ["recollected", "received"]);
}

#[test]
fn a_text_is_offered_its_placeholders_and_nothing_else() {
    assert_eq!(labels("alert \"A\"\n  message   \"{li|"), ["{link}"]);
    assert_eq!(taken("alert \"A\"\n  message   \"{li|", "{link}"), "  message   \"{link}");
    assert_eq!(labels("alert \"A\"\n  message   \"Call. |"), [""; 0]);
}

#[test]
fn nothing_is_offered_in_comments_and_scripts() {
    assert_eq!(labels("alert \"A\"   -- a|"), [""; 0]);
    assert_eq!(labels("function f(x: number) gives number\n  script\n    x + |"), [""; 0]);
}

#[test]
fn a_name_leads_to_its_declaration() {
    for (typed, text) in [
        ("alert \"A\"\n  page      using \"Critical| call-out\"", "escalation \"Critical call-out\""),
        ("alert \"A\"\n  page      desk |\"Operations\"", "desk \"Operations\""),
        ("alert \"A\"\n  where     test is lipid| panel and priority is stat", "test      lipid panel"),
        ("alert \"A\"\n  where     priority is stat and location is IC|U", "place     ICU"),
        ("alert \"A\"\n  where     specimen class is one of autopsy, surgical b|iopsy", "values    specimen class"),
        ("alert \"A\"\n  severity  or|ange", "severity orange"),
        ("sla \"B\"\n  breach    page using \"X\", severity or|ange", "severity orange"),
        ("exception \"B\" to \"STAT l|ab\"", "sla \"STAT lab\""),
        ("sla \"B\"\n  pauses    while a report is awaiting spe|cial stain", "flag      awaiting special stain"),
        ("alert \"A\"\n  measure   percent of clocks of \"STAT l|ab\" that breached", "sla \"STAT lab\""),
        ("test \"T\"\n  then      10:00 clock \"STAT| lab\" of R1 is met", "sla \"STAT lab\""),
        (
            "roster \"R\"\n  rotate    daily from 2026-01-05 07:00: \"Ana Ruiz\", \"Ben| Okafor\"",
            "person \"Ben Okafor\"",
        ),
        // A clause that cannot be read keeps its names.
        ("alert \"A\"\n  page      desk \"Operations|\" bz phone, ,", "desk \"Operations\""),
    ] {
        let (sources, at) = ward(typed);
        let ward = Ward::read(&sources);
        let found = definition(&ward, (FileId(0), &sources.files[0]), at);
        assert!(found.is_some(), "{typed} leads nowhere");
        let found = found.unwrap();
        assert!(found.text.starts_with(text), "{typed} leads to {}", found.text);
        assert_eq!(sources.files[0].text_of(found.span).trim_matches('"'), found.name);
    }
    let (sources, at) = ward("alert \"A\"\n  where     priority is st|at");
    let ward = Ward::read(&sources);
    assert_eq!(definition(&ward, (FileId(0), &sources.files[0]), at), None, "stat is of the standard catalogue");
}

fn hovered(typed: &str) -> Option<String> {
    let (sources, at) = ward(typed);
    let checked = crate::check(&Sources::of_text("a.ward", BASE), Date::new(2026, 1, 1).unwrap());
    assert!(checked.program.is_some(), "{:?}", checked.diagnostics);
    let noon = TimeOfDay::from_minutes(720).unwrap();
    let zone: Zone = checked.program.as_ref().unwrap().zone.clone();
    let now = zone.at(Date::new(2026, 1, 14).unwrap(), noon);
    let found = hover(&Ward::read(&sources), checked.program.as_ref(), (FileId(0), &sources.files[0]), (at, now));
    found.map(|found| found.text)
}

#[test]
fn a_name_shows_its_declaration_and_what_it_comes_to() {
    let clock = hovered("test \"T\"\n  then      10:00 clock \"STAT| lab\" of R1 is met").unwrap();
    assert!(clock.contains("target    60 minutes"), "{clock}");
    assert!(clock.contains("A clock starting now is due 2026-01-14 13:00."), "{clock}");
    assert!(clock.contains("a clock starts when the specimen is received"), "in whole sentences: {clock}");
    let roster = hovered("alert \"A\"\n  page      roster \"Lab| lead\" by phone").unwrap();
    assert!(roster.contains("On duty now: Ben Okafor, at least until 2026-01-15 07:00."), "{roster}");
    let calendar = hovered("sla \"B\"\n  counts    \"Off|ice\"").unwrap();
    assert!(
        calendar.contains("open      Monday to Friday 08:00 to 17:00") && calendar.contains("open now"),
        "{calendar}"
    );
    let test = hovered("alert \"A\"\n  where     test is pot|assium").unwrap();
    assert!(test.contains("LOINC 2823-3, in mmol/L"), "{test}");
}

#[test]
fn a_word_shows_what_it_is_for_with_an_example() {
    let clause = hovered("sla \"B\"\n  tar|get    60 minutes").unwrap();
    assert!(clause.starts_with("**target**") && clause.contains("target    60 minutes"), "{clause}");
    let block = hovered("ala|rm").or(hovered("aler|t \"A\"")).unwrap();
    assert!(block.starts_with("**alert**"), "{block}");
    assert!(clause.contains("The time allowed."), "its meaning: {clause}");
    assert_eq!(hovered("sla \"B\"\n  target    6|0 minutes"), None);
}

#[test]
fn a_word_of_the_standard_catalogue_shows_its_meaning() {
    let step = hovered("sla \"B\"\n  starts    when the specimen is rec|eived").unwrap();
    assert!(step.starts_with("**specimen is received**: The specimen has arrived"), "{step}");
    let channel = hovered("alert \"A\"\n  page      desk \"Operations\" by secure mes|sage").unwrap();
    assert!(channel.starts_with("**secure message**"), "{channel}");
    let field = hovered("alert \"A\"\n  where     patient cl|ass is inpatient").unwrap();
    assert!(field.starts_with("**patient class**"), "{field}");
    let offered = offers("sla \"B\"\n  starts    when the specimen is received or the specimen is |");
    let rejected = offered.iter().find(|offer| offer.label == "rejected").unwrap();
    assert!(rejected.meaning.contains("a new one is needed"), "{rejected:?}");
}

#[test]
fn the_outline_holds_blocks_that_cannot_be_read() {
    let sources =
        Sources::of_text("a.ward", "ward \"A\" edition one\n  zone x\nseverity red answer\nalert \"B\n  when a\n");
    let outline = outline(FileId(0), &sources.files[0]);
    let names: Vec<(&str, &str)> = outline.iter().map(|entry| (entry.word.as_str(), entry.name.as_str())).collect();
    assert_eq!(names, [("ward", "A"), ("severity", "red answer"), ("alert", "B")]);
}

/// Wherever the cursor stands in any of these texts, whole or cut off there, there is an answer and no panic.
#[test]
fn every_place_of_every_text_can_be_asked_about() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let mut asked = 0;
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|extension| extension != "ward") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let file = SourceFile::from_bytes("a.ward", &bytes[..bytes.len().min(4_000)]);
        let ward = Ward::read(&Sources { files: vec![file.clone()], ..Sources::default() });
        let lines = places::Lines::of(&file.text);
        for (at, _) in file.text.char_indices().step_by(7) {
            let at = u32::try_from(at).unwrap();
            let now = wardline_rules::time::Timestamp::from_micros(0);
            for offer in completions(&ward, &Outside::default(), (FileId(0), &file), at) {
                assert!(offer.replace.start <= offer.replace.end && offer.replace.end == at, "{offer:?}");
            }
            let _ = hover(&ward, None, (FileId(0), &file), (at, now));
            if let Some(found) = definition(&ward, (FileId(0), &file), at) {
                assert!(file.text_of(found.span).contains(&found.name) || found.name.contains(' '), "{found:?}");
            }
            assert!(lines.byte(lines.position(at)) <= at);
            asked += 1;
        }
    }
    assert!(asked > 1_000, "{asked}");
}
