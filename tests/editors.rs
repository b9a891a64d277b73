//! Editors: do the colours of an editor know every word of the language?
//!
//! `dsl/editors/vscode/syntaxes/ward.tmLanguage.json` is made here from the vocabulary. A run with `BLESS=1` writes it, any other
//! run fails when it differs. The other files of the folder are read and compared with the vocabulary.
//! - **Not here**: what `wardline lsp` answers (the engine's tests), an editor that runs.

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use serde_json::{Value, json};
use wardline_dsl::vocabulary::{
    BLOCKS, BlockForm, RESERVED,
    terms::{self, Group},
};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../dsl/editors/vscode")
}

fn read(name: &str) -> Value {
    let text = fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A pattern for any of some words, the longest first, each ending where a word of the language ends.
fn any_of<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let mut words: Vec<&str> = words.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    words.sort_by_key(|word| (std::cmp::Reverse(word.len()), *word));
    let words: Vec<String> = words.iter().map(|word| word.replace('-', "\\-").replace(' ', " +")).collect();
    format!("(?<![\\w'/-])(?:{})(?![\\w'/-])", words.join("|"))
}

/// A block reaches from its word at the margin to the next line that begins there; its clauses are known only inside.
fn block(form: &BlockForm) -> Value {
    let word = form.word;
    let mut patterns = vec![json!({ "include": "#script" })];
    if !form.clauses.is_empty() {
        let clauses: BTreeSet<&str> = form.clauses.iter().map(|clause| clause.word).collect();
        let clauses: Vec<&str> = clauses.into_iter().collect();
        patterns.push(json!({
            "match": format!("^\\s+({})(?![\\w'/-])", clauses.join("|")),
            "captures": { "1": { "name": format!("keyword.other.clause.{word}.ward") } },
        }));
    }
    patterns.push(json!({ "include": "#inside" }));
    json!({
        "name": format!("meta.block.{word}.ward"),
        "begin": format!("^({word})(?![\\w'/-])"),
        "beginCaptures": { "1": { "name": format!("keyword.control.block.{word}.ward") } },
        "end": "^(?=[A-Za-z])",
        "patterns": patterns,
    })
}

/// Words of some groups that stand alone; sentences and examples with names are left out.
fn words_of(groups: &[Group]) -> String {
    let words: Vec<String> = groups.iter().flat_map(|group| terms::of(*group)).map(|term| term.word).collect();
    any_of(words.iter().map(String::as_str).filter(|word| !word.contains(['"', '…', '{'])))
}

/// The words of steps without their subjects and `is`.
fn steps() -> String {
    let sentences: Vec<String> = terms::of(Group::Step).into_iter().map(|term| term.word).collect();
    any_of(sentences.iter().filter_map(|sentence| sentence.split_once(" is ").map(|(_, step)| step)))
}

fn grammar() -> Value {
    let inside = [
        json!({ "include": "#comment" }),
        json!({ "include": "#string" }),
        json!({ "name": "constant.numeric.date.ward", "match": "\\b\\d{4}-\\d{2}-\\d{2}\\b" }),
        json!({ "name": "constant.numeric.time.ward", "match": "\\b\\d{2}:\\d{2}(?::\\d{2})?(?:[+-]\\d{2}:\\d{2})?" }),
        json!({
            "match": "(?<![\\w-])(-?\\d+(?:\\.\\d+)?)( +(?:working +)?(?:seconds?|minutes?|hours?|days?|percent)\\b)?",
            "captures": { "1": { "name": "constant.numeric.ward" }, "2": { "name": "keyword.other.unit.ward" } },
        }),
        json!({ "name": "variable.other.report.ward", "match": "\\b[A-Za-z]\\d+(?=:)|(?<=for )[A-Za-z]\\d+\\b" }),
        json!({ "name": "support.class.person.ward", "match": words_of(&[Group::Person]) }),
        json!({ "name": "support.function.step.ward", "match": steps() }),
        json!({ "name": "support.constant.state.ward", "match": words_of(&[Group::State, Group::Flag, Group::PatientFlag]) }),
        json!({ "name": "support.constant.channel.ward", "match": words_of(&[Group::Channel]) }),
        json!({
            "name": "support.constant.ward",
            "match": words_of(&[Group::Kind, Group::Priority, Group::PatientClass, Group::Modality]),
        }),
        json!({ "name": "variable.parameter.field.ward", "match": words_of(&[Group::Field]) }),
        json!({ "name": "keyword.operator.word.ward", "match": any_of(RESERVED.iter().copied()) }),
    ];
    json!({
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "information_for_contributors": "Made from the vocabulary: BLESS=1 cargo test -p wardline-tests --test editors",
        "name": "Ward",
        "scopeName": "source.ward",
        "fileTypes": ["ward"],
        "patterns": std::iter::once(json!({ "include": "#comment" })).chain(BLOCKS.iter().map(block)).collect::<Vec<_>>(),
        "repository": {
            "comment": { "name": "comment.line.double-dash.ward", "match": "--.*$" },
            "string": {
                "name": "string.quoted.double.ward",
                "begin": "\"",
                "end": "\"|$",
                "patterns": [{ "name": "constant.character.placeholder.ward", "match": words_of_placeholders() }],
            },
            "script": {
                "begin": "^\\s+(?:(decide)\\s+)?(script)\\s*$",
                "beginCaptures": {
                    "1": { "name": "keyword.other.clause.ward" },
                    "2": { "name": "keyword.other.clause.script.ward" },
                },
                "end": "^\\s*(end)\\s*$",
                "endCaptures": { "1": { "name": "keyword.other.clause.script.ward" } },
                "contentName": "meta.embedded.block.rhai",
                "patterns": [{ "include": "source.rhai" }],
            },
            "inside": { "patterns": inside },
        },
    })
}

fn words_of_placeholders() -> String {
    let words: Vec<String> = terms::of(Group::Placeholder)
        .into_iter()
        .map(|term| term.word.replace('{', "\\{").replace('}', "\\}"))
        .collect();
    words.join("|")
}

#[test]
fn the_colours_are_made_from_the_vocabulary() {
    let path = folder().join("syntaxes/ward.tmLanguage.json");
    let text = format!("{}\n", serde_json::to_string_pretty(&grammar()).expect("JSON"));
    if env::var_os("BLESS").is_some() {
        fs::write(&path, &text).expect("a file that can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "{} differs from the vocabulary: BLESS=1 writes it, then read what changed", path.display());
}

#[test]
fn the_colours_name_every_block_and_clause() {
    let grammar = grammar();
    let patterns = grammar["patterns"].as_array().expect("patterns");
    for form in BLOCKS {
        let scope = format!("keyword.control.block.{}.ward", form.word);
        let block = patterns.iter().find(|pattern| pattern["beginCaptures"]["1"]["name"] == scope.as_str());
        let block = block.unwrap_or_else(|| panic!("no colours for `{}`", form.word));
        let inside = block["patterns"].to_string();
        for clause in form.clauses {
            let is_there = [
                format!("({}|", clause.word),
                format!("|{}|", clause.word),
                format!("|{})", clause.word),
                format!("({})", clause.word),
            ];
            assert!(is_there.iter().any(|part| inside.contains(part)), "`{}` of `{}`", clause.word, form.word);
        }
    }
}

/// Every pattern that is included has to be there, or the editor shows nothing and says nothing.
#[test]
fn every_included_pattern_exists() {
    let grammar = grammar();
    let text = grammar.to_string();
    let names: BTreeSet<&str> =
        text.split("\"include\":\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(names.contains("inside") && names.contains("script"), "{names:?}");
    for name in names {
        assert!(grammar["repository"][name].is_object(), "#{name}");
    }
}

#[test]
fn what_the_package_names_is_there() {
    let package = read("package.json");
    let contributes = &package["contributes"];
    let language = &contributes["languages"][0];
    assert_eq!((&language["id"], &language["extensions"][0]), (&json!("ward"), &json!(".ward")));
    assert_eq!(contributes["grammars"][0]["scopeName"], grammar()["scopeName"]);
    let paths = [&package["main"], &language["configuration"], &contributes["grammars"][0]["path"]];
    for path in paths.map(|path| path.as_str().expect("a path")) {
        assert!(folder().join(path).is_file(), "{path}");
    }
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"), "the extension is released with the program");
}

#[test]
fn the_extension_starts_the_language_server_by_its_settings() {
    let script = fs::read_to_string(folder().join("extension.js")).expect("extension.js");
    let package = read("package.json");
    let settings = package["contributes"]["configuration"]["properties"].as_object().expect("settings");
    assert!(settings.contains_key("wardline.path") && script.contains("get(\"path\", \"wardline\")"));
    assert!(script.contains("args: [\"lsp\"]") && script.contains("TransportKind.stdio"));
    for command in package["contributes"]["commands"].as_array().expect("commands") {
        let name = command["command"].as_str().expect("a name");
        assert!(script.contains(&format!("registerCommand(\"{name}\"")), "{name}");
    }
}

#[test]
fn a_new_line_below_a_header_is_indented_for_every_block_with_clauses() {
    let configuration = read("language-configuration.json");
    assert_eq!(configuration["comments"]["lineComment"], "--");
    let rule = configuration["onEnterRules"][0]["beforeText"].as_str().expect("a pattern");
    let words = rule.trim_start_matches("^(?:").split(')').next().expect("words").split('|').collect::<BTreeSet<_>>();
    let wanted = BLOCKS.iter().filter(|form| !form.clauses.is_empty()).map(|form| form.word).collect::<BTreeSet<_>>();
    assert_eq!(words, wanted);
}
