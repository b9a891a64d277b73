//! Targets: what is done with an input, and what must hold of the answer?
//!
//! An answer is a word for the way in which the input was answered: equal words, equal ways. What must not be is a panic.
//! - **Not here**: where inputs come from (`mutate.rs`), bounds of time and memory (`fuzz.rs`).

use std::collections::BTreeSet;

use wardline_dsl::{
    assist::{
        self, Outside, Ward,
        places::{Lines, Position},
    },
    check as check_ward,
    codes::Severity,
    diagnostic::{Diagnostic, render},
    format::{Fault, format as format_file},
    prose,
    source::{FileId, SourceFile, Sources, Span},
};
use wardline_rules::{
    Text,
    decimal::Decimal,
    limits::SCRIPT_STEPS,
    program::Field,
    script::{
        Script, Value,
        occasion::{Earlier, Event, Occasion, Report},
    },
    time::{Date, Timestamp},
    words::Step,
};

use super::mutate::Chance;

/// 5 January 2026.
const AS_OF: i32 = 20_458;
/// Scripts beyond it are refused unread, by the layout of a ward and as rule files.
const SCRIPT_BYTES_MAX: usize = 8 << 10;

/// The input as a file of a ward that has everything else: a rule file if it looks like one.
fn sources(input: &[u8]) -> Sources {
    let is_rule = input.starts_with(b"rule(") || input.starts_with(b"fn ");
    let own = SourceFile::from_bytes(if is_rule { "a.rhai" } else { "a.ward" }, input);
    let whole = own.text.starts_with("ward ") || own.text.starts_with("pack ");
    let base = SourceFile::new("base.ward", include_str!("../wards/base.ward"));
    Sources {
        files: if whole { vec![own] } else { vec![own, base] },
        packs: vec![SourceFile::new("starter.ward", include_str!("../../../rules/packs/starter.ward"))],
        holidays: vec![SourceFile::new("holidays/us-federal.toml", include_str!("../wards/us-federal.toml"))],
    }
}

/// Every place that a finding names is one: in a file of the ward, between two letters.
fn assert_places(found: &[Diagnostic], sources: &Sources) {
    for found in found {
        let labels = found.labels.iter().map(|label| label.span);
        let edits = found.fix.iter().map(|edit| edit.span);
        for span in std::iter::once(found.span).chain(labels).chain(edits) {
            assert!(is_place(span, sources), "{found:?}");
        }
        assert!(!found.message.is_empty(), "{found:?}");
    }
}

fn is_place(span: Span, sources: &Sources) -> bool {
    let range = usize::try_from(span.start).unwrap_or(usize::MAX)..usize::try_from(span.end).unwrap_or(usize::MAX);
    sources.file(span.file).is_some_and(|file| file.text.get(range).is_some())
}

/// Checks it, renders what is found in every form, and reads a ward without errors as prose.
pub(super) fn check(input: &[u8], chance: &mut Chance) -> String {
    let sources = sources(input);
    let checked = check_ward(&sources, Date::from_days(AS_OF));
    let found = &checked.diagnostics;
    assert_places(found, &sources);
    let has_errors = found.iter().any(|found| found.severity == Severity::Error);
    assert!(checked.program.is_none() || !has_errors, "a program in spite of an error");
    let forms = [
        render::text(found, &sources),
        render::json(found, &sources),
        render::github(found, &sources),
        render::sarif(found, &sources, "0"),
    ];
    assert!(forms.iter().all(|form| found.is_empty() || !form.is_empty()), "nothing is shown");
    // [CHK-1]
    if chance.below(8) == 0 {
        let again = check_ward(&sources, Date::from_days(AS_OF));
        assert!(again.diagnostics == *found && again.program == checked.program, "another answer at the second time");
    }
    if let Some(program) = &checked.program {
        let _ = prose::text(program);
        assert!(prose::html(program).contains('<'), "a page without anything");
    }
    let codes: BTreeSet<String> = found.iter().map(|found| found.code.to_string()).collect();
    codes.into_iter().collect::<Vec<_>>().join(" ")
}

/// Formats it: what comes out is its own form and says the same.
pub(super) fn format(input: &[u8], _: &mut Chance) -> String {
    let file = SourceFile::from_bytes("a.ward", input);
    match format_file(&file) {
        Ok(text) => {
            // [FMT-6]
            assert_eq!(format_file(&SourceFile::new("a.ward", text.clone())).as_ref(), Ok(&text));
            let codes = |text: &str| check(text.as_bytes(), &mut Chance::new(1));
            let (before, after) = (codes(&file.text), codes(&text));
            format!("{} {before} {after}", text == file.text)
        }
        Err(Fault::Unreadable) => "unreadable".to_owned(),
        Err(Fault::Changed) => panic!("the formatter's own fault"),
    }
}

/// Offers, meanings and places at a few cursors, also such as no editor sends.
pub(super) fn assist(input: &[u8], chance: &mut Chance) -> String {
    let sources = sources(input);
    let (ward, outside) = (Ward::read(&sources), Outside::default());
    let Some(file) = sources.files.first() else { return String::new() };
    let lines = Lines::of(&file.text);
    let mut words = BTreeSet::new();
    for _ in 0..6 {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let line = chance.below(file.text.lines().count() + 2);
        let wide = file.text.lines().nth(line).map_or(0, str::len);
        let at = lines.byte(Position { line: number(line), column: number(chance.below(wide + 3)) });
        let offers = assist::completions(&ward, &outside, (FileId(0), file), at);
        assert!(offers.iter().all(|offer| is_place(offer.replace, &sources)), "{at}");
        words.extend(offers.first().map(|offer| offer.label.clone()));
        let hover = assist::hover(&ward, None, (FileId(0), file), (at, Timestamp::from_micros(0)));
        assert!(hover.is_none_or(|hover| is_place(hover.span, &sources)), "{at}");
        let declared = assist::definition(&ward, (FileId(0), file), at);
        words.extend(declared.map(|declared| format!("{declared:?}").chars().take(40).collect::<String>()));
    }
    words.extend(
        assist::outline(FileId(0), file)
            .into_iter()
            .take(1)
            .map(|entry| format!("{entry:?}").chars().take(30).collect()),
    );
    words.into_iter().collect::<Vec<_>>().join("|")
}

/// What a deciding script is shown.
fn occasion() -> Occasion {
    let at = Timestamp::from_micros(1_767_600_000_000_000);
    let earlier = |hours: i64| Earlier {
        test: Text::from("potassium"),
        value: Decimal::parse("6.9").expect("a number"),
        unit: Text::from("mmol/L"),
        time: Timestamp::from_micros(at.micros() - hours * 3_600_000_000),
    };
    Occasion {
        event: Event {
            step: Text::from("result finalised"),
            kind: Text::from("lab"),
            test: Some(Text::from("potassium")),
            flags: vec![Text::from("critical high")],
            value: Decimal::parse("7.1"),
            unit: Some(Text::from("mmol/L")),
            time: at,
            arrived: at,
            clock: Some(Text::from("second look")),
        },
        report: Report {
            as_of: at,
            fields: vec![(Field::Kind, Value::Text(Text::from("lab")))],
            times: vec![(Step::Received, at)],
            state: Text::from("final"),
            flags: Vec::new(),
            version: 1,
            earlier: (0..16).map(earlier).collect(),
            clocks: Vec::new(),
        },
    }
}

/// Reads it as every sort of script and runs it: the same answer twice, or a fault with a name.
pub(super) fn script(input: &[u8], _: &mut Chance) -> String {
    if input.len() > SCRIPT_BYTES_MAX {
        return "too long".to_owned();
    }
    let text = String::from_utf8_lossy(input);
    let names = [Text::from("x"), Text::from("test")];
    let given = [Value::Number(Decimal::parse("6.9").expect("a number")), Value::Text(Text::from("potassium"))];
    let mut words = Vec::new();
    words.push(match Script::compile(&text, &names, SCRIPT_STEPS) {
        Err(refused) => short(&refused.why),
        Ok(script) => {
            let said = script.run(&given);
            // [RHAI-4]
            assert_eq!(said, script.run(&given), "another answer at the second time");
            said.map_or_else(|fault| fault.name().to_owned(), |value| format!("{value:?}").chars().take(6).collect())
        }
    });
    let decides = [Script::decision(&text), Script::rule_file(&text).map(|file| file.script)];
    for script in decides {
        words.push(match script {
            Err(refused) => short(&refused.why),
            Ok(script) => {
                let said = script.decide(&occasion());
                assert_eq!(said, script.decide(&occasion()), "another answer at the second time");
                said.map_or_else(|fault| fault.name().to_owned(), |effects| format!("{} effects", effects.len()))
            }
        });
    }
    words.join("|")
}

/// The first words of a sentence, without what it quotes.
fn short(why: &str) -> String {
    let words = why.split_whitespace().filter(|word| word.chars().all(|letter| letter.is_ascii_lowercase()));
    words.take(4).collect::<Vec<_>>().join(" ")
}
