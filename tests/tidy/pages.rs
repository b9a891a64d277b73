//! Pages: do links lead somewhere, and does the text speak of the product alone?
//!
//! - **How it fits**: reads every text file of the repository.
//! - **Not here**: links to other sites (a test does not use the network).

use std::collections::BTreeSet;

use wardline_tests::repository::{File, Finding, assert_none};

use super::repository;

/// Words of a workshop, not of a product. Written in two parts, so that this list does not find itself.
const WORKSHOP: [(&str, &str); 6] = [
    (concat!("/wor", "k/"), "a path of one machine; write it from the repository's root"),
    (concat!("helper ", "session"), "say what the product does"),
    (concat!("/ro", "ot/"), "a path of one machine; write it from the repository's root"),
    (concat!("/ho", "me/"), "a path of one machine; write it from the repository's root"),
    (concat!("artifac", "tory"), "packages come from the public registry"),
    (concat!("language ", "model"), "say what the product does"),
];

/// The one registry packages come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Link targets of a Markdown text with their lines; fenced blocks and code spans left out.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut is_fenced = false;
    let mut links = Vec::new();
    for (index, line) in text.lines().enumerate() {
        is_fenced ^= line.trim_start().starts_with("```");
        if !is_fenced {
            links.extend(links_of(&without_code(line)).map(|link| (index + 1, link)));
        }
    }
    links
}

fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

fn links_of(line: &str) -> impl Iterator<Item = String> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target.split(' ').next().unwrap_or_default().to_owned())
}

fn dead_links(file: &File, paths: &BTreeSet<String>) -> Vec<Finding> {
    let relative = links(&file.text)
        .into_iter()
        .filter(|(_, link)| !link.contains("://") && !link.starts_with('#') && !link.starts_with("mailto:"));
    let dead = relative.filter(|(_, link)| !resolve(&file.path, link).is_some_and(|path| exists(&path, paths)));
    dead.map(|(line, link)| Finding::at(&file.path, line, format!("`{link}` leads nowhere"))).collect()
}

/// The path a relative link means, from the root; `None` when it leaves the repository.
fn resolve(from: &str, link: &str) -> Option<String> {
    let target = link.split('#').next().unwrap_or_default();
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => parts.pop().map(|_| ())?,
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn exists(path: &str, paths: &BTreeSet<String>) -> bool {
    let folder = format!("{path}/");
    paths.contains(path) || paths.range(folder.clone()..).next().is_some_and(|next| next.starts_with(&folder))
}

fn workshop_words(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let lower = line.to_lowercase();
        let found = WORKSHOP.iter().filter(|(word, _)| lower.contains(word));
        findings
            .extend(found.map(|(word, instead)| Finding::at(&file.path, index + 1, format!("`{word}`: {instead}"))));
    }
    findings
}

fn registries(lock: &str) -> Vec<Finding> {
    let sources = lock.lines().enumerate().filter(|(_, line)| line.starts_with("source = "));
    let foreign = sources.filter(|(_, line)| !line.contains(REGISTRY));
    foreign
        .map(|(index, line)| {
            Finding::at("Cargo.lock", index + 1, format!("{line}: packages come from the public registry"))
        })
        .collect()
}

/// The first fenced block of a kind, without its fences.
fn first_fence<'a>(text: &'a str, kind: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("```{kind}\n"))?;
    rest.split_once("```").map(|(inside, _)| inside)
}

fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn no_link_is_dead() {
    let repository = repository();
    let paths: BTreeSet<String> = repository.files.iter().map(|file| file.path.clone()).collect();
    let findings: Vec<Finding> = repository.with_extension(".md").flat_map(|file| dead_links(file, &paths)).collect();
    assert_none(&findings);
}

#[test]
fn a_dead_link_is_refused() {
    let paths: BTreeSet<String> = ["README.md", "docs/adr/0001.md"].map(str::to_owned).into();
    let page = |text: &str| dead_links(&file("docs/README.md", text), &paths);
    assert!(page("[a](adr/0001.md#status) [b](../README.md) [c](adr) [d](https://example.org) [e](#here)").is_empty());
    assert!(page("`[a](none.md)`\n```\n[b](none.md)\n```\n").is_empty(), "code is not a link");
    assert_eq!(page("one\n[a](adr/0002.md)")[0].line, 2);
    assert_eq!(page("[a](../../outside.md)").len(), 1);
}

#[test]
fn the_text_speaks_of_the_product_alone() {
    let findings: Vec<Finding> = repository().files.iter().flat_map(workshop_words).collect();
    assert_none(&findings);
}

#[test]
fn a_word_of_the_workshop_is_refused() {
    assert!(workshop_words(&file("a.md", "It works on a ward's home page and takes root/")).is_empty());
    assert_eq!(workshop_words(&file("a.md", concat!("see /wor", "k/x"))).len(), 1);
}

#[test]
fn packages_come_from_the_public_registry() {
    assert_none(&registries(&repository().file("Cargo.lock").unwrap().text));
}

#[test]
fn a_foreign_registry_is_refused() {
    assert!(registries(&format!("source = \"{REGISTRY}\"\n")).is_empty());
    assert_eq!(registries("source = \"registry+https://mirror.example.org/index\"\n").len(), 1);
}

#[test]
fn the_readme_shows_the_ward_that_new_writes() {
    let repository = repository();
    let shown = first_fence(&repository.file("README.md").unwrap().text, "ward").map(str::to_owned);
    let written = &repository.file("engine/templates/new/ward/st-anne.ward").unwrap().text;
    assert_eq!(shown.as_ref(), Some(written));
}

#[test]
fn the_first_fence_of_a_kind_is_found() {
    assert_eq!(first_fence("a\n```sh\nx\n```\n```ward\ny\n```\n```ward\nz\n```\n", "ward"), Some("y\n"));
    assert_eq!(first_fence("a\n", "ward"), None);
}
