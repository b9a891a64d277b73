//! `wardline test`: does the ward do what its scripted days say?

mod coverage;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::ValueEnum;
use serde::Serialize;
use wardline_dsl::{Checked, script::Test, source::Sources};
use wardline_rules::{program::Program, settings::SiteSettings};

use super::{
    Ending,
    ending::print,
    loaded::{self, Loaded},
};
use crate::{
    drivers::{
        coverage::{Coverage, measure},
        script::{self, Verdict},
    },
    markup::escape,
};

/// What `test` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline test wards/st-anne
  wardline test lab.ward --format json
  wardline test wards/st-anne --format junit > tests.xml     for a build server
  wardline test wards/st-anne --coverage                     and which clauses no test turns on
  wardline test wards/st-anne --min-coverage 80
`site.toml` beside the ward, or one folder up, gives the critical limits.
Exit code 0: all passed; 1: a test failed, coverage is below the minimum, or the ward does not check; 2: wrong use.")]
pub struct Args {
    /// A ward folder or one `.ward` file.
    ward: PathBuf,
    /// Only tests whose name contains this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Says which clauses no test turns on: the outcome of every test is the same without them.
    #[arg(long)]
    coverage: bool,
    /// Fails if less than so many of a hundred points are exercised.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_coverage: Option<u8>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How results are printed.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// One object a line.
    Json,
    /// XML as build servers read it.
    Junit,
}

/// One test, run.
struct Ran<'t> {
    test: &'t Test,
    verdict: Verdict,
    took: Duration,
}

/// Runs the tests of a ward and prints how they went.
pub fn run(args: &Args) -> Ending {
    let started = Instant::now();
    let (Loaded { sources, checked, program }, site) =
        match loaded::ward(&args.ward).and_then(|ward| Ok((ward, loaded::site(&args.ward)?))) {
            Ok(loaded) => loaded,
            Err(ending) => return ending,
        };
    let ran = run_all((&program, &site), &checked, &sources, args.only.as_deref());
    let took = started.elapsed();
    let tests: Vec<&Test> = ran.iter().map(|ran| ran.test).collect();
    let is_wanted = args.coverage || args.min_coverage.is_some();
    let covered = is_wanted.then(|| measure((&program, &site), &tests));
    print(&match args.format {
        Format::Text => text(&ran, &sources, took) + covered.as_ref().map(coverage::text).unwrap_or_default().as_str(),
        Format::Json => json(&ran, &sources) + covered.as_ref().map(coverage::json).unwrap_or_default().as_str(),
        Format::Junit => junit(&ran, covered.as_ref(), &sources, took),
    });
    let is_covered = covered.is_none_or(|covered| args.min_coverage.is_none_or(|percent| covered.reaches(percent)));
    let all_passed = ran.iter().all(|ran| ran.verdict.failures.is_empty());
    if all_passed && is_covered { Ending::Fine } else { Ending::Findings }
}

fn run_all<'t>(
    rules: (&Program, &SiteSettings),
    checked: &'t Checked,
    sources: &Sources,
    only: Option<&str>,
) -> Vec<Ran<'t>> {
    let text_of = |span: wardline_dsl::source::Span| {
        sources.file(span.file).map(|file| file.text_of(span).to_owned()).unwrap_or_default()
    };
    let wanted = checked.tests.iter().filter(|test| only.is_none_or(|only| test.name.contains(only)));
    wanted
        .map(|test| {
            let started = Instant::now();
            let verdict = script::run(rules, test, &text_of);
            Ran { test, verdict, took: started.elapsed() }
        })
        .collect()
}

fn place(sources: &Sources, span: wardline_dsl::source::Span) -> (String, u32) {
    let file = sources.file(span.file);
    file.map_or_else(Default::default, |file| (file.name.clone(), file.place(span.start).line))
}

fn text(ran: &[Ran<'_>], sources: &Sources, took: Duration) -> String {
    let mut text = String::new();
    for ran in ran {
        if ran.verdict.failures.is_empty() {
            text.push_str(&format!("ok    {:<66} {} ms\n", ran.verdict.name, ran.took.as_millis()));
            continue;
        }
        let (file, line) = place(sources, ran.test.span);
        text.push_str(&format!("FAIL  {:<66} {file} line {line}\n", ran.verdict.name));
        text.push_str(&ran.verdict.text());
    }
    let failed = ran.iter().filter(|ran| !ran.verdict.failures.is_empty()).count();
    let simulated: i64 = ran.iter().map(|ran| ran.verdict.simulated.micros()).sum();
    let tenths = simulated / (24 * 3_600 * 100_000);
    let count = if ran.len() == 1 { "1 test".to_owned() } else { format!("{} tests", ran.len()) };
    text.push_str(&format!(
        "{count}, {failed} failed, {}.{} simulated days in {} ms\n",
        tenths / 10,
        tenths % 10,
        took.as_millis()
    ));
    text
}

#[derive(Serialize)]
struct TestLine<'a> {
    schema_version: u32,
    name: &'a str,
    file: String,
    line: u32,
    passed: bool,
    failures: Vec<FailureLine<'a>>,
    day: Vec<DayLine<'a>>,
}

#[derive(Serialize)]
struct DayLine<'a> {
    sign: char,
    at: &'a str,
    what: &'a str,
}

#[derive(Serialize)]
struct FailureLine<'a> {
    expected: &'a str,
    got: &'a str,
    because: Option<&'a str>,
    closest: Option<&'a str>,
}

fn json(ran: &[Ran<'_>], sources: &Sources) -> String {
    let mut text = String::new();
    for ran in ran {
        let (file, line) = place(sources, ran.test.span);
        let failures = ran.verdict.failures.iter().map(|failure| FailureLine {
            expected: &failure.expected,
            got: &failure.got,
            because: failure.because.as_deref(),
            closest: failure.closest.as_deref(),
        });
        let object = TestLine {
            schema_version: 1,
            name: &ran.verdict.name,
            file,
            line,
            passed: ran.verdict.failures.is_empty(),
            failures: failures.collect(),
            day: ran
                .verdict
                .day
                .iter()
                .map(|line| DayLine { sign: line.mark.sign(), at: &line.at, what: &line.what })
                .collect(),
        };
        text.push_str(&serde_json::to_string(&object).unwrap_or_default());
        text.push('\n');
    }
    text
}

/// The form that build servers read: one suite, one case a test, one failure an expectation that was not met.
fn junit(ran: &[Ran<'_>], covered: Option<&Coverage>, sources: &Sources, took: Duration) -> String {
    let failed = ran.iter().filter(|ran| !ran.verdict.failures.is_empty()).count();
    let totals = format!("tests=\"{}\" failures=\"{failed}\" time=\"{:.3}\"", ran.len(), took.as_secs_f64());
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {totals}>\n  <testsuite name=\"wardline test\" {totals}>\n"
    );
    text.push_str(&covered.map(coverage::junit).unwrap_or_default());
    for ran in ran {
        let (file, line) = place(sources, ran.test.span);
        text.push_str(&format!(
            "    <testcase name=\"{}\" classname=\"{}\" file=\"{1}\" line=\"{line}\" time=\"{:.3}\">\n",
            escape(&ran.verdict.name),
            escape(&file),
            ran.took.as_secs_f64()
        ));
        for failure in &ran.verdict.failures {
            let line = |head: &str, text: &Option<String>| {
                text.as_ref().map(|text| format!("\n{head}{text}")).unwrap_or_default()
            };
            let closest = line("because   ", &failure.because) + line("closest   ", &failure.closest).as_str();
            text.push_str(&format!(
                "      <failure message=\"{}\">{}</failure>\n",
                escape(&failure.expected),
                escape(&format!("expected  {}\nbut       {}{closest}", failure.expected, failure.got))
            ));
        }
        text.push_str("    </testcase>\n");
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}
