//! Diagnostics: does each code say what is wrong, point at the exact text, and offer the line that would be right?
//!
//! Each `diagnostics/WL….ward` is checked beside `base.ward` (or alone, if it has a ward header itself), and what is found in it
//! is compared with the text file of the same name. Rules without a test and blocks nobody uses are left out unless they are
//! the case. With the environment variable `BLESS` set the text files are written anew, to be read before they are committed.

use std::fs;
use std::path::{Path, PathBuf};

use wardline_dsl::check;
use wardline_dsl::diagnostic::{Code, Diagnostic, render};
use wardline_dsl::source::{SourceFile, Sources};
use wardline_rules::time::Date;

/// 1 January 2026.
const AS_OF: i32 = 20_454;
/// Codes that no ward can reach yet, because what they are about is refused before.
const NOT_REACHED: &[Code] = &[Code::WL0602, Code::WL0805];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

/// The case of a code: a ward, or a rule file; empty if there is none.
fn case(code: Code) -> String {
    let text = |extension| fs::read_to_string(folder().join(format!("{code}.{extension}")));
    text("ward").or_else(|_| text("rhai")).unwrap_or_default()
}

fn sources(code: Code, text: &str) -> Sources {
    let is_rule_file = folder().join(format!("{code}.rhai")).exists();
    let own = SourceFile::new(format!("{code}.{}", if is_rule_file { "rhai" } else { "ward" }), text);
    let base = SourceFile::new("base.ward", include_str!("diagnostics/base.ward"));
    Sources {
        files: if text.contains("ward \"") { vec![own] } else { vec![own, base] },
        packs: vec![SourceFile::new("starter.ward", include_str!("../../rules/packs/starter.ward"))],
        holidays: vec![
            SourceFile::new("holidays/us-federal.toml", include_str!("wards/us-federal.toml")),
            SourceFile::new("holidays/old.toml", include_str!("diagnostics/old.toml")),
        ],
    }
}

fn findings(code: Code, sources: &Sources) -> Vec<Diagnostic> {
    let aside = [Code::WL0204, Code::WL0952];
    let found = check(sources, Date::from_days(AS_OF)).diagnostics.into_iter();
    found.filter(|found| found.span.file.0 == 0 && (found.code == code || !aside.contains(&found.code))).collect()
}

#[test]
fn every_code_has_a_case_that_shows_it() {
    for code in Code::ALL.iter().filter(|code| !NOT_REACHED.contains(code)) {
        let text = case(*code);
        let sources = sources(*code, &text);
        let found = findings(*code, &sources);
        let rendered = render::text(&found, &sources);
        let expected = folder().join(format!("{code}.txt"));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expected, &rendered).unwrap();
        }
        assert_eq!(fs::read_to_string(&expected).unwrap_or_default(), rendered, "{code}");
        assert!(found.iter().any(|found| found.code == *code), "{code} is not among\n{rendered}");
    }
}

#[test]
fn corrections_that_are_edits_make_the_finding_go_away() {
    for code in Code::ALL.iter().filter(|code| !NOT_REACHED.contains(code)) {
        let text = case(*code);
        let found = findings(*code, &sources(*code, &text));
        let Some(edit) = found.iter().find(|found| found.code == *code).and_then(|found| found.fix.first()) else {
            continue;
        };
        let mut mended = text.clone();
        mended.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        let left = findings(*code, &sources(*code, &mended));
        let same = left.iter().filter(|left| left.code == *code && left.span.start == edit.span.start);
        assert_eq!(same.count(), 0, "{code}: {mended}");
    }
}
