//! Robust: does any text whatever come back as diagnostics, and never as a panic?
//!
//! Arbitrary text, and good wards with one piece removed, doubled, swapped or replaced.

use proptest::prelude::*;
use wardline_dsl::check;
use wardline_dsl::diagnostic::render;
use wardline_dsl::format::{Fault, format};
use wardline_dsl::source::{SourceFile, Sources};
use wardline_rules::time::Date;

const BASE: &str = include_str!("wards/base.ward");
const GOOD: &[&str] = &[
    include_str!("wards/first.ward"),
    include_str!("wards/holiday_weekend.ward"),
    include_str!("wards/quiet_hours.ward"),
    include_str!("wards/suppression_lifted.ward"),
    include_str!("wards/window_hold_clear.ward"),
    include_str!("wards/absence.ward"),
    include_str!("wards/function.ward"),
];

/// Checks and renders in every form; what comes out is not looked at.
fn survive(text: &str) -> usize {
    let files = vec![SourceFile::new("a.ward", text), SourceFile::new("base.ward", BASE)];
    let packs = vec![SourceFile::new("starter.ward", include_str!("../../rules/packs/starter.ward"))];
    let sources = Sources { files, packs, holidays: Vec::new() };
    let checked = check(&sources, Date::from_days(20_454));
    let found = &checked.diagnostics;
    // A fault leaves the file alone; it must be the text's, never the formatter's.
    assert_ne!(format(&SourceFile::new("a.ward", text)), Err(Fault::Changed), "{text}");
    let forms = [
        render::text(found, &sources),
        render::json(found, &sources),
        render::github(found, &sources),
        render::sarif(found, &sources, "0"),
    ];
    assert!(forms.iter().all(|form| found.is_empty() || !form.is_empty()));
    found.len()
}

/// Words and signs of a text, each with the blanks behind it.
fn tokens(text: &str) -> Vec<String> {
    text.split_inclusive([' ', '\n', ',', ':', '"']).map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_text_is_survived(text in "(?s).{0,400}") {
        survive(&text);
    }

    #[test]
    fn text_of_the_right_letters_is_survived(text in "[a-z \"\n,:(){}0-9-]{0,400}") {
        survive(&format!("alert \"A\"\n  {text}"));
    }

    #[test]
    fn a_good_ward_with_one_piece_changed_is_survived(ward in 0..GOOD.len(), at in any::<prop::sample::Index>(), with in any::<prop::sample::Index>(), how in 0..4_u8) {
        let mut pieces = tokens(GOOD[ward]);
        let (at, with) = (at.index(pieces.len()), with.index(pieces.len()));
        match how {
            0 => { pieces.remove(at); }
            1 => pieces.insert(at, pieces[with].clone()),
            2 => pieces.swap(at, with),
            _ => pieces[at] = pieces[with].clone(),
        }
        survive(&pieces.concat());
    }
}

#[test]
fn the_longest_clause_is_survived() {
    let long = format!("alert \"A\"\n  where     {}value is 5\n", "any of\n            - ".repeat(200));
    assert!(survive(&long) > 0);
    let digits = "9".repeat(300);
    assert!(survive(&format!("sla \"S\"\n  target    {digits} minutes\n")) > 0);
    assert!(survive(&format!("alert \"A\"\n  where     value is above {digits}.{digits} mmol/L\n")) > 0);
}
