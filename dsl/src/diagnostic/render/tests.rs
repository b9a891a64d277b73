//! Tests of the forms: is each of them exactly what its readers expect?

use super::*;
use crate::diagnostic::Code;
use crate::source::{FileId, Sources};

/// One finding with an edit, about a line with a quote and a letter of two bytes.
fn example() -> (Vec<Diagnostic>, Sources) {
    let sources = Sources::of_text("wards/a,b.ward", "desk \"é\"\n  quiet     22:00 zo 07:00\n");
    let span = Span { file: FileId(0), start: 28, end: 30 };
    let found = Diagnostic::new(Code::WL0108, span, "After \"22:00\" I expect to.").replace(
        "Did you mean to? Change it to:",
        span,
        "to",
    );
    (vec![found.complete(&Lines::of(&sources))], sources)
}

#[test]
fn text_marks_the_place_and_shows_the_corrected_line() {
    let (found, sources) = example();
    let expected = "WL0108 error: After \"22:00\" I expect to.                                  wards/a,b.ward line 2\n  2 |   quiet     22:00 zo 07:00\n    |                   ^^\n  Did you mean to? Change it to:  quiet     22:00 to 07:00\n";
    assert_eq!(text(&found, &sources), expected);
    assert_eq!(summary(&found), "1 error");
}

#[test]
fn json_counts_from_one_and_ends_behind_the_last_character() {
    // [CHK-5]
    let (found, sources) = example();
    let expected = "{\"schema_version\":1}\n{\"code\":\"WL0108\",\"severity\":\"error\",\"file\":\"wards/a,b.ward\",\"line\":2,\"column\":19,\"end_line\":2,\"end_column\":21,\"message\":\"After \\\"22:00\\\" I expect to.\",\"help\":\"Did you mean to? Change it to: quiet     22:00 to 07:00\",\"fix\":[{\"file\":\"wards/a,b.ward\",\"line\":2,\"column\":19,\"end_line\":2,\"end_column\":21,\"text\":\"to\"}]}\n";
    assert_eq!(json(&found, &sources), expected);
}

#[test]
fn github_escapes_what_would_end_a_property() {
    let (found, sources) = example();
    let expected = "::error file=wards/a%2Cb.ward,line=2,endLine=2,col=19,endColumn=21,title=WL0108::After \"22:00\" I expect to. Did you mean to? Change it to: quiet     22:00 to 07:00\n";
    assert_eq!(github(&found, &sources), expected);
}

#[test]
fn sarif_names_rule_level_and_region() {
    let (found, sources) = example();
    let log = sarif(&found, &sources, "1.2.3");
    assert!(log.contains("\"version\":\"1.2.3\",\"rules\":[{\"id\":\"WL0101\""));
    assert!(log.contains("\"ruleId\":\"WL0108\",\"level\":\"error\""));
    assert!(log.contains("\"region\":{\"startLine\":2,\"startColumn\":19,\"endLine\":2,\"endColumn\":21}"));
}

#[test]
fn of_a_line_without_end_what_is_around_the_mark_is_shown() {
    let line = format!("values {}\n", "abcdefghi,".repeat(100));
    let sources = Sources::of_text("a.ward", &line);
    let shown = |start, end| {
        let found = Diagnostic::new(Code::WL0108, Span { file: FileId(0), start, end }, "It.");
        let shown = text(&[found], &sources);
        let mut lines = shown.lines().skip(1).map(|line| line.chars().skip(6).collect::<String>());
        (lines.next().unwrap(), lines.next().unwrap())
    };
    for (start, end) in [(0, 6), (70, 79), (507, 516), (998, 1_007), (7, 1_007)] {
        let (code, mark) = shown(start, end);
        assert!(code.chars().count() <= 142, "{code}");
        let marked = code.chars().zip(mark.chars()).filter(|(_, mark)| *mark == '^').map(|(code, _)| code);
        let marked: String = marked.filter(|code| *code != '…').collect();
        let meant = line.get(start as usize..end as usize).unwrap();
        assert!(meant.starts_with(&marked) && !marked.is_empty(), "{start}: {marked}");
        assert_eq!(marked == meant, end - start < 100, "{start}: a short one is shown whole");
    }
}
