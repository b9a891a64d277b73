//! Pure: do the pure crates still know nothing of clocks, files, threads and hash order?
//!
//! Three nets, because each alone has a hole: the preamble switches clippy's bans on, this check reads the preamble word for word, and it searches the code for the same words in case a member's `clippy.toml` switched the bans off.
//! - **How it fits**: `ARCHITECTURE.md` names the pure crates; `clippy.toml` holds the bans.
//! - **Not here**: dependencies of pure crates ([`edges`](super::edges)).

use proc_macro2::TokenStream;
use wardline_tests::{
    repository::{Finding, assert_none},
    rust::is_test_path,
};

use super::{RustFile, rust_file, rust_files};

/// First file of each pure crate, and of the pure module of `connectors`.
const HEADS: [&str; 5] = [
    "rules/src/lib.rs",
    "dsl/src/lib.rs",
    "engine/core/src/lib.rs",
    "tests/reference/src/lib.rs",
    "connectors/src/codec.rs",
];

/// Where pure code lies.
const HOMES: [&str; 6] = [
    "rules/src/",
    "dsl/src/",
    "engine/core/src/",
    "tests/reference/src/",
    "connectors/src/codec/",
    "connectors/src/codec.rs",
];

const PREAMBLE: &str = r#"#![deny(
    missing_docs, clippy::disallowed_methods, clippy::disallowed_types, clippy::expect_used, clippy::float_arithmetic,
    clippy::indexing_slicing, clippy::iter_over_hash_type, clippy::panic, clippy::string_slice, clippy::wildcard_enum_match_arm,
    reason = "pure: same inputs, same bytes out; no clock, no I/O, no panic on input"
)]"#;

/// Words in no pure code outside tests, and what to do instead.
const BANNED: [(&str, &str); 20] = [
    ("DefaultHasher", "`BTreeMap`, or `rules::map::FastMap`"),
    ("File", "disk is the store's"),
    ("HashMap", "`BTreeMap`, or `rules::map::FastMap`"),
    ("HashSet", "`BTreeSet`, or `rules::map::FastMap`"),
    ("Instant", "time enters with the batch"),
    ("Mutex", "one owner"),
    ("RandomState", "no random seed in a pure crate"),
    ("RwLock", "one owner"),
    ("SystemTime", "time enters with the batch"),
    ("TcpStream", "network is the shell's"),
    ("UdpSocket", "network is the shell's"),
    ("async", "waiting is the shell's"),
    ("await", "waiting is the shell's"),
    ("dbg", "return what you want to see"),
    ("eprintln", "return what you want to see"),
    ("println", "return what you want to see"),
    ("spawn", "threads are the shell's"),
    ("sleep", "waiting is the shell's"),
    ("tokio", "waiting is the shell's"),
    ("unwrap", "`get`, `match`, or a closed error"),
];

/// Files that may use one banned word, because they are what replaces it.
const REPLACEMENTS: [(&str, &str); 2] = [("rules/src/map.rs", "HashMap"), ("rules/src/map.rs", "HashSet")];

fn is_pure(path: &str) -> bool {
    HOMES.iter().any(|home| path.starts_with(home)) && !is_test_path(path)
}

fn preamble(file: &RustFile) -> Option<Finding> {
    let tokens = |text: &str| text.parse::<TokenStream>().unwrap_or_default().to_string();
    let code = file.text.lines().skip_while(|line| line.starts_with("//") || line.trim().is_empty());
    let code: String = code.flat_map(|line| [line, "\n"]).collect();
    let (ours, theirs) = (tokens(PREAMBLE), tokens(&code));
    let has_preamble = without_last_comma(&theirs).starts_with(&without_last_comma(&ours));
    let message = "begin, below the module doc, with the preamble of pure crates, word for word (tests/tidy/pure.rs)";
    (!has_preamble).then(|| Finding::at(&file.path, 1, message))
}

/// rustfmt ends a list that it breaks with a comma.
fn without_last_comma(text: &str) -> String {
    let squeezed: String = text.split_whitespace().collect();
    squeezed.replace(",)]", ")]")
}

fn banned(file: &RustFile) -> Vec<Finding> {
    if !is_pure(&file.path) {
        return Vec::new();
    }
    let words = file.source.words.iter().filter(|word| !word.in_test);
    words
        .filter_map(|word| {
            // A function of one's own may be called `unwrap`; the method of `Option` and `Result` follows a dot.
            if word.text == "unwrap" && !word.after_dot {
                return None;
            }
            let (text, instead) = BANNED.iter().find(|(text, _)| *text == word.text)?;
            let is_replacement = REPLACEMENTS.contains(&(file.path.as_str(), text));
            (!is_replacement)
                .then(|| Finding::at(&file.path, word.line, format!("`{text}` in a pure crate: {instead}")))
        })
        .collect()
}

/// A crate of which nothing is written yet has nothing to keep pure.
fn is_written(file: &RustFile) -> bool {
    !file.source.words.is_empty()
}

#[test]
fn pure_crates_begin_with_the_preamble() {
    let files = rust_files();
    let heads = files.iter().filter(|file| HEADS.contains(&file.path.as_str()) && is_written(file));
    let findings: Vec<Finding> = heads.filter_map(preamble).collect();
    assert_none(&findings);
}

#[test]
fn a_preamble_with_a_missing_lint_is_refused() {
    let head =
        |preamble: &str| rust_file("rules/src/lib.rs", &format!("//! Rules: what?\n\n{preamble}\npub mod time;\n"));
    assert_eq!(preamble(&head(PREAMBLE)), None);
    assert_eq!(preamble(&head(&PREAMBLE.replace("on input\"\n", "on input\",\n"))), None, "as rustfmt may write it");
    assert!(preamble(&head(&PREAMBLE.replace("clippy::panic, ", ""))).is_some());
    assert!(preamble(&head("")).is_some());
}

#[test]
fn pure_code_names_no_clock_file_thread_or_hash_map() {
    let findings: Vec<Finding> = rust_files().iter().flat_map(banned).collect();
    assert_none(&findings);
}

#[test]
fn a_banned_word_is_refused_in_pure_code_only() {
    let text =
        "use std::time::SystemTime;\nfn a() { b.unwrap(); }\n#[cfg(test)]\nmod tests { fn a() { b.unwrap(); } }\n";
    assert_eq!(banned(&rust_file("rules/src/a.rs", text)).len(), 2);
    assert_eq!(banned(&rust_file("connectors/src/codec/hl7.rs", text)).len(), 2);
    assert!(banned(&rust_file("rules/src/a.rs", "fn unwrap() {}\n")).is_empty(), "not the method");
    assert!(banned(&rust_file("engine/src/a.rs", text)).is_empty());
    assert!(banned(&rust_file("rules/src/a/tests.rs", text)).is_empty());
    assert!(banned(&rust_file("rules/src/map.rs", "struct FastMap(HashMap);\n")).is_empty());
}
