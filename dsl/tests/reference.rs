//! Reference: does the page of the language say what the parser reads?
//!
//! `docs/language/reference.md` is made here from the vocabulary of the crate: blocks, clauses, parts, words, codes. A run with
//! `BLESS=1` writes it, any other run fails when it differs.
//! - **Not here**: whether the examples read and check (the tests of `vocabulary`), whether other pages do (`wardline-tests`).

use std::{fmt::Write, path::Path};

use wardline_dsl::{
    codes::{Code, Severity},
    vocabulary::{
        BLOCKS, BlockForm, PLANNED_BLOCKS, PLANNED_CLAUSES, TRIGGERS,
        shape::PARTS,
        terms::{self, Group},
    },
};

const PAGE: &str = "../docs/language/reference.md";

/// A cell of a table: a line break or bar in it would end it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Text in code type within a cell; a blank beside the marks where the text itself begins with one.
fn code(text: &str) -> String {
    format!("`{}`", cell(text))
}

fn head(page: &mut String) {
    page.push_str(
        "# The ward language, edition 1: reference\n\n\
        <!-- Made by a test of dsl from the tables that drive the parser: `BLESS=1 cargo test -p wardline-dsl --test reference` -->\n\n\
        A *ward* is a folder of `.ward` files. A file is a row of *blocks*; a block is a header at the margin and *clauses* below it, \
        indented, one a line, each beginning with its own word. A deeper line goes on with the clause above it. `--` starts a comment. \
        To learn the language, begin with the [tutorial](tutorial.md); `wardline fmt` keeps the order and the columns.\n\n\
        In the shapes below, words are written as they are; PARTS in capitals are explained [further down](#parts); what stands in \
        `[ ]` may be left out; `…` may be repeated; `|` stands between alternatives; `⏎` is a new line.\n\n",
    );
}

fn blocks(page: &mut String) {
    page.push_str("## Blocks\n\n| block | what it is |\n|---|---|\n");
    for block in BLOCKS {
        let _ = writeln!(page, "| [`{0}`](#{0}) | {1} |", block.word, cell(block.meaning));
    }
    page.push('\n');
    for block in BLOCKS {
        one_block(page, block);
    }
    let planned: Vec<String> = PLANNED_BLOCKS.iter().chain(PLANNED_CLAUSES).map(|word| format!("`{word}`")).collect();
    let _ = writeln!(page, "Words of a later release, refused until then (WL0110): {}.\n", planned.join(", "));
}

fn one_block(page: &mut String, block: &BlockForm) {
    let _ = writeln!(page, "### {}\n\n{}\n\n```text\n{}\n```\n", block.word, block.meaning, block.shape());
    if block.clauses.is_empty() {
        let _ = writeln!(page, "Its header says all; it has no clauses. For example `{}`.\n", block.example);
        return;
    }
    page.push_str("| clause | times | what it says | shape | for example |\n|---|---|---|---|---|\n");
    for clause in block.clauses {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} |",
            clause.word,
            clause.times.words(),
            cell(clause.meaning),
            code(&clause.shape()),
            code(&one_blank(clause.example))
        );
    }
    page.push('\n');
    if block.word == "alert" {
        triggers(page);
    }
}

/// Examples are aligned for files; in a cell one blank is enough.
fn one_blank(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn triggers(page: &mut String) {
    page.push_str("An alert has exactly one of four triggers, and each has its own companions. Besides them every alert may have `policy`, `was`, `missing`, `severity`, `page`, `tell`, `message` and `brief`; it tells somebody, by `page`, `tell` or both, unless a script decides.\n\n| trigger | raises | needs | may have |\n|---|---|---|---|\n");
    let list = |words: &[&str]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ");
    for trigger in TRIGGERS {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} |",
            trigger.word,
            trigger.meaning,
            list(trigger.required),
            list(trigger.allowed)
        );
    }
    page.push('\n');
}

fn parts(page: &mut String) {
    page.push_str(
        "## Parts\n\nWhat clauses are made of.\n\n| part | what it is | shape | for example |\n|---|---|---|---|\n",
    );
    for part in PARTS {
        let shape = part.shape().map_or_else(String::new, |shape| code(&shape));
        let _ = writeln!(page, "| {} | {} | {shape} | {} |", part.name, cell(part.meaning), code(part.example));
    }
    page.push('\n');
}

fn title(group: Group) -> (&'static str, &'static str) {
    match group {
        Group::Step => (
            "Steps",
            "Moments: where a clause asks when something happens. Without `is` they name a point in time: `specimen received`. A trade word counts only for its kinds.",
        ),
        Group::State => (
            "States",
            "What lasts until the next step. No word is both a step and a state. `becomes` and `is no longer` make a moment of one: `when a report becomes on hold`.",
        ),
        Group::Kind => ("Kinds", "Before a subject, and in `covers` and `of`."),
        Group::Priority => ("Priorities", "After `priority is`."),
        Group::Flag => ("Flags", "After `flag is`. A ward may declare more, each beginning with `awaiting`."),
        Group::PatientFlag => ("Patient flags", "After `patient flag is`."),
        Group::PatientClass => ("Patient classes", "After `patient class is`."),
        Group::Modality => ("Modalities", "After `modality is`."),
        Group::Field => ("Fields", "What a condition may compare."),
        Group::Comparison => (
            "Comparisons",
            "How it may compare. What compares with something that is not known is neither true nor false: `missing` decides.",
        ),
        Group::Person => ("People", "Whom a page or tell may name."),
        Group::Channel => ("Channels", "By what it goes. A ward names those that are set up in its catalogue."),
        Group::Placeholder => {
            ("Placeholders", "What a text may have filled in. Nothing that identifies a patient may leave in a text.")
        }
    }
}

fn words(page: &mut String) {
    page.push_str("## Words\n\nWhat every ward knows without declaring it.\n\n");
    for group in Group::ALL {
        let (title, about) = title(*group);
        let _ = writeln!(page, "### {title}\n\n{about}\n\n| word | what it means | for example |\n|---|---|---|");
        for term in terms::of(*group) {
            let _ =
                writeln!(page, "| `{}` | {} | {} |", term.word, cell(&term.meaning), code(&one_blank(&term.example)));
        }
        page.push('\n');
    }
}

fn codes(page: &mut String) {
    page.push_str("## Messages\n\nWhat `wardline check` may say. An error keeps the ward from being loaded. Each links to its page; `wardline explain` prints the same.\n\n| code | weighs | about |\n|---|---|---|\n");
    for code in Code::ALL {
        let severity = match code.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let _ = writeln!(page, "| [{code}](../errors/{code}.md) | {severity} | {} |", code.title());
    }
}

fn page() -> String {
    let mut page = String::new();
    head(&mut page);
    blocks(&mut page);
    parts(&mut page);
    words(&mut page);
    codes(&mut page);
    page
}

#[test]
fn the_reference_page_is_the_vocabulary() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = page();
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for the page");
        std::fs::write(&path, &page).expect("a page that can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page,
        "docs/language/reference.md differs from the vocabulary: BLESS=1 writes it, then read what changed"
    );
}

#[test]
fn the_page_holds_every_word_of_every_block() {
    let page = page();
    for block in BLOCKS {
        assert!(page.contains(&format!("### {}\n", block.word)), "{}", block.word);
        for clause in block.clauses {
            assert!(page.contains(&format!("| `{}` | ", clause.word)), "{}", clause.word);
        }
    }
}
