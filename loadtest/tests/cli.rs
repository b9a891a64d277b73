//! Command line, tested as a user meets it: what is printed, what is refused, and with which exit code.

use std::path::Path;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wardline-loadtest"))
        .args(arguments)
        .output()
        .expect("the binary was built with this test")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("we write UTF-8")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("we write UTF-8")
}

#[test]
fn generate_writes_the_same_file_twice_and_says_how_much() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let generate =
        |out: &str| run(&["generate", "--profile", "tatmark", "--reports", "2k", "--seed", "7", "--out", out]);
    let first = generate(&file("a.ndjson"));
    assert!(first.status.success(), "{}", stderr(&first));
    assert!(stderr(&first).starts_with("10,000 events of 2,000 reports"), "{}", stderr(&first));
    assert!(generate(&file("b.ndjson")).status.success());
    let [a, b] = ["a.ndjson", "b.ndjson"].map(|name| std::fs::read(file(name)).unwrap());
    assert_eq!(a.iter().filter(|byte| **byte == b'\n').count(), 10_000);
    assert!(a == b);
}

#[test]
fn week_begins_on_a_monday_and_goes_to_stdout() {
    let output = run(&[
        "generate",
        "--profile",
        "clinic",
        "--scenario",
        "day",
        "--start",
        "2026-01-07",
        "--faults",
        "clean",
        "--out",
        "-",
    ]);
    let text = stdout(&output);
    let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    // The Monday after that Wednesday; its midnight in Chicago is 06:00 in UTC.
    let at = first["occurred_at"].as_str().unwrap();
    assert!(at.starts_with("2026-01-12T"), "{at}");
    assert!(text.lines().count() > 1_000);
}

#[test]
fn refusals_have_a_code_a_help_line_and_exit_code_two() {
    let cases: [(&[&str], &str, &str); 6] = [
        (
            &["generate", "--profile", "hopsital", "--reports", "5", "--out", "-"],
            "WL1801",
            "Did you mean `--profile hospital`?",
        ),
        (&["generate", "--profile", "none.toml", "--reports", "5", "--out", "-"], "WL1802", "Check the path"),
        (&["generate", "--profile", "clinic", "--out", "-"], "WL1805", "--for 7d"),
        (&["generate", "--profile", "clinic", "--for", "3weeks", "--out", "-"], "WL1805", "45min"),
        (&["run", "--profile", "clinic", "--fail-if", "p99=3"], "WL1806", "p99>20ms"),
        (&["compare", "none", "none"], "WL1809", "result.json"),
    ];
    for (arguments, code, help) in cases {
        let output = run(arguments);
        let text = stderr(&output);
        assert!(text.starts_with(&format!("{code} error: ")) && text.contains(help), "{text}");
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn every_code_has_its_page() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors");
    let codes = include_str!("../src/codes.rs");
    let mut seen = 0;
    for code in codes.split('"').filter(|word| word.starts_with("WL18")) {
        let page = std::fs::read_to_string(docs.join(format!("{code}.md"))).unwrap_or_default();
        assert!(page.starts_with(&format!("# {code}: ")) && page.contains("## What to do"), "{code}");
        seen += 1;
    }
    assert_eq!(seen, 13);
}

#[test]
fn help_of_every_verb_has_examples() {
    for verb in ["generate", "run", "compare", "plan", "conform", "profile", "check", "tatmark"] {
        let text = stdout(&run(&[verb, "--help"]));
        assert!(text.contains("Examples:") && text.contains(&format!("wardline-loadtest {verb} ")), "{verb}: {text}");
    }
}

#[test]
fn plan_and_conform_print_json_with_a_version() {
    let plan: serde_json::Value =
        serde_json::from_str(&stdout(&run(&["plan", "--yearly", "900k", "--format", "json"]))).unwrap();
    assert_eq!((plan["schema_version"].as_u64(), plan["profile"].as_str()), (Some(1), Some("hospital")));
    let conform = run(&["conform", "--profile", "tatmark", "--reports", "20k", "--format", "json"]);
    let figures: serde_json::Value = serde_json::from_str(&stdout(&conform)).unwrap();
    assert_eq!(figures["figures"][0]["found"].as_f64(), Some(5.0));
}

#[test]
fn printed_profile_can_be_used_as_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, run(&["profile", "clinic"]).stdout).unwrap();
    let output = run(&["generate", "--profile", &path.display().to_string(), "--reports", "10", "--out", "-"]);
    assert!(output.status.success() && stdout(&output).lines().count() > 50);
}
