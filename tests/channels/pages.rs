//! Pages: does every configuration that `docs/channels` shows load as it stands there?

use std::{collections::BTreeSet, path::Path};

use wardline::config::Config;
use wardline_tests::repository::Repository;

const HEAD: &str = "ward = \"w\"\ndata = \"d\"\n";

/// The TOML blocks of a page, each with the line it begins at.
fn blocks(text: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in text.lines().enumerate() {
        match &mut open {
            None if line.trim_end() == "```toml" => open = Some((index + 2, String::new())),
            None => {}
            Some(_) if line.trim_end() == "```" => blocks.extend(open.take()),
            Some((_, block)) => {
                block.push_str(line);
                block.push('\n');
            }
        }
    }
    blocks
}

#[test]
fn every_configuration_shown_loads_and_every_kind_is_shown() {
    let repository = Repository::load().unwrap();
    let mut shown = BTreeSet::new();
    for page in repository.files.iter().filter(|file| file.path.starts_with("docs/channels/")) {
        let blocks = blocks(&page.text);
        assert!(!blocks.is_empty() || page.path.ends_with("README.md"), "{} shows no configuration", page.path);
        for (line, block) in blocks {
            let config = Config::of_text(&page.path, &format!("{HEAD}{block}"), Path::new("."))
                .unwrap_or_else(|findings| panic!("{}:{line}\n{findings}", page.path));
            assert!(!config.channels.is_empty(), "{}:{line} has no channel", page.path);
            let kinds = block.split("kind = \"").skip(1).filter_map(|rest| rest.split('"').next());
            shown.extend(kinds.map(str::to_owned));
        }
    }
    // The schema is what the loader takes; `screen` is the demo's.
    let schema = wardline::config::schema::wardline();
    let sinks = schema.pointer("/$defs/sink/oneOf").and_then(|variants| variants.as_array()).unwrap();
    let kinds = sinks.iter().filter_map(|variant| variant["$ref"].as_str()?.strip_prefix('#'));
    let kinds = kinds.filter_map(|pointer| schema.pointer(pointer)?.pointer("/properties/kind/const")?.as_str());
    let known: BTreeSet<String> = kinds.filter(|kind| *kind != "screen").map(str::to_owned).collect();
    assert!(known.len() > 10, "{known:?}");
    assert_eq!(shown, known);
}

#[test]
fn a_page_whose_configuration_does_not_load_is_found() {
    let refused = |block: &str| {
        let findings = Config::of_text("page.md", &format!("{HEAD}{block}"), Path::new(".")).unwrap_err();
        findings.to_string()
    };
    let page = "# A\n```toml\n[[channel]]\nname = \"default\"\nsms = { kind = \"twilio\", acount = \"AC1\" }\n```\n";
    let said = refused(&blocks(page)[0].1);
    assert!(said.contains("WL1103") && said.contains("Did you mean `account`?"), "{said}");
    let said = refused("[[channel]]\nname = \"default\"\npager = { kind = \"pagerdutty\" }\n");
    assert!(said.contains("Did you mean `pagerduty`?"), "{said}");
    let said = refused(
        "[[channel]]\nname = \"default\"\nsms = { kind = \"slack\", url = \"https://hooks.slack.com/services/T0\" }\n",
    );
    assert!(said.contains("WL1106") && !said.contains("hooks.slack.com"), "a secret address is not shown: {said}");
}
