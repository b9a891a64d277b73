//! Proofs of the Rust reader, each on a text of a few lines.

use super::{Source, is_test_path, words_of};

fn read(text: &str) -> Source {
    Source::read(text).unwrap()
}

#[test]
fn comments_strings_and_doc_comments_are_not_words() {
    let source = read("//! HashMap\n/// sleep\nfn due() { let text = \"unwrap\"; } // SystemTime\n");
    let words: Vec<&str> = source.words.iter().map(|word| word.text.as_str()).collect();
    assert_eq!(words, ["fn", "due", "let", "text"]);
    assert_eq!(source.literals.len(), 1);
}

#[test]
fn a_function_knows_its_lines_and_counts_only_code() {
    let source = read("/// Doc.\n#[test]\nfn late() {\n    // why\n\n    one();\n    two(\n        3,\n    );\n}\n");
    let function = source.functions.first().unwrap();
    assert_eq!((function.first_line, function.last_line), (1, 10));
    assert_eq!(function.code_lines, 4, "one(), two(, 3, );");
    assert!(function.is_test);
}

#[test]
fn tests_inside_a_macro_are_found() {
    let source = read("proptest! {\n    #[test]\n    fn any_order(seed in 0..9u8) { check(seed); }\n}\n");
    let function = source.functions.first().unwrap();
    assert_eq!(function.name, "any_order");
    assert!(function.is_test);
}

#[test]
fn code_in_test_modules_is_marked() {
    let source =
        read("fn live() { a(); }\n#[cfg(test)]\nmod tests {\n    fn check() { b(); }\n}\nfn more() { c(); }\n");
    let in_test = |name: &str| source.words.iter().find(|word| word.text == name).unwrap().in_test;
    assert!(!in_test("a") && in_test("b") && !in_test("c"));
    assert_eq!(source.test_modules, [(2, 5)]);
}

#[test]
fn public_names_are_items_and_fields_without_restriction() {
    let source = read(
        "pub struct Wheel { pub due: u64, pub(crate) id: u64, hand: u64 }\npub(crate) fn turn() {}\npub const fn at() {}\nfn inner() {}\n",
    );
    let public: Vec<&str> = source.names.iter().filter(|name| name.is_public).map(|name| name.text.as_str()).collect();
    assert_eq!(public, ["Wheel", "due", "at"]);
}

#[test]
fn a_struct_field_separator_ends_what_an_attribute_said() {
    let source = read("#[cfg(test)]\nuse a::b;\nmod live { fn x() { y(); } }\n");
    assert!(source.words.iter().all(|word| !word.in_test));
}

#[test]
fn code_of_tests_is_known_by_its_path() {
    assert!(is_test_path("engine/core/src/clocks/tests.rs"));
    assert!(is_test_path("tests/sim/disk.rs"));
    assert!(is_test_path("tests/reference/src/clock/tests.rs"));
    assert!(!is_test_path("tests/reference/src/lib.rs"));
    assert!(!is_test_path("engine/core/src/clocks.rs"));
}

#[test]
fn a_name_falls_into_its_words() {
    assert_eq!(words_of("StatLabV2"), ["stat", "lab", "v2"]);
    assert_eq!(words_of("queue_length_max"), ["queue", "length", "max"]);
    assert_eq!(words_of("TIMERS_MAX"), ["timers", "max"]);
}
