//! Pages: does the case on each page of `docs/errors` show the code that the page is about?
//!
//! A case may be as short as what it shows: it is put among blocks that it can name ([`AROUND`]), and clauses alone are put
//! into an alert.
//! - **Not here**: what the findings say (`diagnostics.rs`), wards on other pages (`wardline-tests`).

use std::{fs, path::Path};

use wardline_dsl::{
    check,
    codes::Code,
    source::{SourceFile, Sources},
    vocabulary::{BLOCKS, PLANNED_BLOCKS},
};
use wardline_rules::time::Date;

/// 5 January 2026.
const AS_OF: i32 = 20_458;
/// Blocks that a case may name.
const AROUND: &str = r#"ward "St Anne" edition 1
  zone      America/Chicago
  uses      pack "starter"
  holidays  "US federal" from "holidays/us-federal.toml"

catalogue "St Anne"
  place     ICU
  values    specimen class: surgical biopsy
  values    specimen site: breast
  flag      awaiting special stain

calendar "Histology bench"
  open      Monday to Friday 06:00 to 20:00

person "Ana Ruiz"

escalation "Critical call-out"
  step 1    page the ordering clinician by phone, wait 5 minutes
  step 2    page desk "Operations" by phone, wait 5 minutes
  then      task for desk "Operations"

escalation "Follow-up"
  step 1    page the recipient by phone, wait 5 minutes
  then      task for desk "Operations"

escalation "Call with read-back"
  step 1    page the ordering clinician by phone, wait 5 minutes
  then      task for desk "Operations"
  answered  by anyone paged, with read-back of value

alert "Critical glucose"
  policy    "P", owner "O", review by 2027-01-01
  when      a lab result is verified
  severity  red
  page      using "Critical call-out"

"#;
/// A holiday file that ends within the year.
const ENDS_SOON: &str = "name = \"Hospital\"\nfirst = 2026-01-01\nlast = 2026-12-31\n\n[[days]]\nactual = 2026-07-04\nname = \"Independence Day\"\n";
/// Codes about words of a later release, which nothing can show yet.
const LATER: [Code; 2] = [Code::WL0602, Code::WL0805];

/// The ward in which a case is shown: whole, as a rule file, as blocks, or as clauses of an alert.
fn around(case: &str) -> Sources {
    let holidays = vec![
        SourceFile::new("holidays/us-federal.toml", include_str!("wards/us-federal.toml")),
        SourceFile::new("holidays/hospital.toml", ENDS_SOON),
    ];
    let packs = vec![SourceFile::new("starter.ward", include_str!("../../rules/packs/starter.ward"))];
    let case = case.replace("<tab>", "\t");
    let first = case.split_whitespace().next().unwrap_or("");
    let begins_block =
        first == "escalate" || PLANNED_BLOCKS.contains(&first) || BLOCKS.iter().any(|form| form.word == first);
    let mut files = vec![SourceFile::new("around.ward", AROUND)];
    match first {
        "ward" | "pack" => files = vec![SourceFile::new("case.ward", case)],
        "let" | "rule(#{" => files.push(SourceFile::new("case.rhai", case)),
        _ if begins_block => files.push(SourceFile::new("case.ward", case)),
        _ => {
            let clauses: String = case.lines().map(|line| format!("  {line}\n")).collect();
            let alert = "alert \"A\"\n  policy    \"P\", owner \"O\", review by 2027-01-01\n  when      a lab result is verified\n";
            files.push(SourceFile::new("case.ward", format!("{alert}{clauses}")));
        }
    }
    Sources { files, packs, holidays }
}

/// The first fenced block after `## A case`.
fn case_of(page: &str) -> Option<&str> {
    let (_, from_case) = page.split_once("## A case\n")?;
    let (_, from_fence) = from_case.split_once("```text\n")?;
    from_fence.split_once("```").map(|(case, _)| case)
}

#[test]
fn every_case_of_an_error_page_shows_its_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors");
    let mut wrong = Vec::new();
    for code in Code::ALL.iter().filter(|code| !LATER.contains(code)) {
        let page = fs::read_to_string(folder.join(format!("{code}.md"))).expect("a page for each code");
        let case = case_of(&page).unwrap_or_else(|| panic!("{code}: no case"));
        let found = check(&around(case), Date::from_days(AS_OF)).diagnostics;
        if found.iter().all(|found| found.code != *code) {
            let codes: Vec<String> = found.iter().map(|found| found.code.to_string()).collect();
            wrong.push(format!("{code}: the case does not show it, but {}", codes.join(", ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
