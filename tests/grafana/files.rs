//! Files: is what lies in the repository what the source makes?

use std::{env, fs};

use super::{
    dashboards::dashboard,
    pages, rules,
    source::{Panels, Rules, root},
};

/// Every generated file: path from the root, and its text.
pub(super) fn all() -> Vec<(String, String)> {
    let (panels, all_rules) = (Panels::read(), Rules::read());
    let mut files: Vec<(String, String)> = panels
        .dashboards
        .iter()
        .map(|board| {
            let made = serde_json::to_string_pretty(&dashboard(board, &panels)).unwrap() + "\n";
            (format!("grafana/dashboards/{}-{}.json", board.id.to_lowercase(), board.slug), made)
        })
        .collect();
    files.extend([
        ("grafana/rules/recording.yaml".to_owned(), rules::recording(&all_rules)),
        ("grafana/rules/alerts.yaml".to_owned(), rules::alerts(&all_rules)),
        ("grafana/rules/tests/alerts.yaml".to_owned(), rules::alert_cases(&all_rules)),
        ("grafana/rules/tests/targets.yaml".to_owned(), rules::target_cases(&all_rules)),
        ("grafana/boards.md".to_owned(), pages::boards(&panels)),
        ("docs/runbooks.md".to_owned(), pages::runbooks(&all_rules)),
        ("docs/reference/metrics.md".to_owned(), pages::metrics()),
    ]);
    files
}

#[test]
fn files_are_what_the_source_makes() {
    let is_blessing = env::var_os("BLESS").is_some();
    for (path, text) in all() {
        let place = root().join(&path);
        if is_blessing {
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(&place, &text).unwrap();
        }
        let written = fs::read_to_string(&place).unwrap_or_default();
        assert!(written == text, "{path} is stale: run `just grafana` and read the difference");
    }
}

#[test]
fn no_other_file_lies_among_the_generated_ones() {
    let made: Vec<String> = all().into_iter().map(|(path, _)| path).collect();
    for folder in ["grafana/dashboards", "grafana/rules", "grafana/rules/tests"] {
        for entry in fs::read_dir(root().join(folder)).unwrap().map(Result::unwrap) {
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            assert!(entry.path().is_dir() || made.contains(&path), "{path}: nothing makes it");
        }
    }
}
