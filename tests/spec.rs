//! Spec: does every scripted test of the specifications, the packs and the shipped wards come out as written?
//!
//! A page of `tests/spec` is prose; its `ward` fences, together with the base ward, are one ward.

use std::{fs, path::Path};

use wardline::{drivers::script, ward};
use wardline_dsl::{
    check,
    diagnostic::render,
    source::{SourceFile, Sources},
};
use wardline_rules::{settings::SiteSettings, time::Date};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(folder: &str, extension: &str) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder of this repository");
    let mut found: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    found.retain(|path| path.extension().is_some_and(|found| found == extension));
    found.sort();
    found
}

/// The fences of one sort on a page, on their own lines, so that places in messages are those of the page.
fn fences(page: &str, sort: &str) -> String {
    let (mut inside, mut is_fence) = (false, false);
    let mut text = String::new();
    for line in page.lines() {
        if let Some(opened) = line.strip_prefix("```") {
            is_fence = !is_fence;
            inside = is_fence && opened == sort;
        } else if inside {
            text.push_str(line);
        }
        text.push('\n');
    }
    text
}

/// Checks a ward and runs its tests; every finding and every failure is a line.
fn run(name: &str, sources: &Sources) -> Vec<String> {
    let as_of = Date::new(2026, 1, 5).expect("a date");
    let checked = check(sources, as_of);
    let errors = checked.diagnostics.iter().filter(|found| found.severity == wardline_dsl::codes::Severity::Error);
    let mut problems: Vec<String> = errors.map(|found| render::text(std::slice::from_ref(found), sources)).collect();
    let Some(program) = checked.program else { return problems };
    assert!(!checked.tests.is_empty(), "{name} has tests");
    for test in &checked.tests {
        let text_of = |span: wardline_dsl::source::Span| {
            sources.file(span.file).map(|file| file.text_of(span).to_owned()).unwrap_or_default()
        };
        let verdict = script::run((&program, &SiteSettings::default()), test, &text_of);
        problems.extend(verdict.failures.iter().map(|failure| {
            let closest =
                failure.closest.as_ref().map(|closest| format!("\n  closest   {closest}")).unwrap_or_default();
            format!("{name}, \"{}\"\n  expected  {}\n  but       {}{closest}", test.name, failure.expected, failure.got)
        }));
    }
    problems
}

fn assert_all_pass(wards: Vec<(String, Sources)>) {
    let mut report = String::new();
    for (name, sources) in &wards {
        let problems = run(name, sources);
        if !problems.is_empty() {
            report.push_str(&format!("{}\n", problems.join("\n")));
        }
    }
    assert!(report.is_empty(), "{report}");
    assert!(!wards.is_empty(), "wards were found");
}

#[test]
fn the_specifications_hold() {
    let holidays = || {
        vec![SourceFile::new(
            "holidays/us-federal.toml",
            read(&root().join("tests/spec/base/holidays/us-federal.toml")),
        )]
    };
    let base = || {
        files("tests/spec/base", "ward")
            .into_iter()
            .map(|path| SourceFile::new(path.file_name().unwrap().to_string_lossy(), read(&path)))
    };
    let pages = files("tests/spec", "md").into_iter().filter(|path| path.file_name().unwrap() != "README.md");
    let wards = pages.map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut sources = Sources { packs: ward::packs(), holidays: holidays(), ..Sources::default() };
        sources.files.extend(base());
        let page = read(&path);
        sources.files.push(SourceFile::new(name.clone(), fences(&page, "ward")));
        let rule_files = page.lines().filter_map(|line| line.strip_prefix("```rhai "));
        sources.files.extend(rule_files.map(|file| SourceFile::new(file, fences(&page, &format!("rhai {file}")))));
        (name, sources)
    });
    assert_all_pass(wards.collect());
}

#[test]
fn the_shipped_wards_pass_their_own_tests() {
    let packs = fs::read_dir(root().join("rules/packs")).unwrap().filter_map(Result::ok).map(|entry| entry.path());
    let mut folders: Vec<_> = packs.filter(|path| path.is_dir()).collect();
    assert!(!folders.is_empty(), "packs were found");
    folders.extend(["engine/templates/new/ward", "engine/templates/demo"].map(|path| root().join(path)));
    let wards = folders.into_iter().map(|path| (path.display().to_string(), ward::load(&path).unwrap()));
    assert_all_pass(wards.collect());
}
