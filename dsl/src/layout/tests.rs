//! Tests of the layout: do lines, comments and scripts end up where they belong?

use super::*;
use crate::diagnostic::Code;
use crate::source::SourceFile;

fn layout(text: &str) -> Layout {
    read(FileId(0), &SourceFile::new("a.ward", text))
}

/// Headers and clauses, one per line, `⏎` for a line break the language sees.
fn outline(text: &str) -> String {
    let layout = layout(text);
    let clauses = |block: &RawBlock| {
        block.clauses.iter().map(|c| format!("\n  {}", c.text.text.replace('\n', "⏎"))).collect::<String>()
    };
    layout.blocks.iter().map(|block| format!("{}{}\n", block.header.text, clauses(block))).collect()
}

fn codes(text: &str) -> Vec<(Code, u32)> {
    let file = SourceFile::new("a.ward", text);
    layout(text).diagnostics.iter().map(|d| (d.code, file.place(d.span.start).line)).collect()
}

#[test]
fn deeper_lines_go_on_and_bullets_break() {
    // [LAY-5]
    let text = "alert \"A\" -- why\n  where     test is potassium and any of\n            - value is above 6\n            - location is ICU\n              and value is above 5\n  severity  red\n";
    assert_eq!(
        outline(text),
        "alert \"A\"\n  where     test is potassium and any of⏎- value is above 6⏎- location is ICU and value is above 5\n  severity  red\n"
    );
}

#[test]
fn entries_of_a_test_are_one_per_line() {
    // [LAY-5]
    let text = "test \"T\"\n  at        10:00 a\n            10:01 b\n  then      10:02 c\n            10:03 d\n";
    assert_eq!(outline(text), "test \"T\"\n  at        10:00 a⏎10:01 b\n  then      10:02 c⏎10:03 d\n");
    let escalation = "escalation \"E\"\n  then      task\n            for desk \"D\"\n";
    assert_eq!(outline(escalation), "escalation \"E\"\n  then      task for desk \"D\"\n");
}

#[test]
fn places_lead_back_through_the_join() {
    let text = "sla \"S\"\r\n  policy    \"P\",\r\n            owner \"Ö\"\r\n";
    let file = SourceFile::new("a.ward", text);
    let clause = layout(text).blocks.remove(0).clauses.remove(0);
    let at = clause.text.text.find("owner").unwrap();
    let span = clause.text.span(at, clause.text.text.len());
    assert_eq!(file.text_of(span), "owner \"Ö\"");
    assert_eq!(file.place(span.start).line, 3);
}

#[test]
fn two_dashes_are_a_comment_outside_quotes_only() {
    // [LAY-2]
    let layout = layout("-- first\ndesk \"A -- B\"\n-- own\n  quiet     22:00 to 07:00 -- end\n-- last");
    let block = &layout.blocks[0];
    assert_eq!(block.header.text, "desk \"A -- B\"");
    assert_eq!(block.comments[0].text, "-- first");
    let comments = &block.clauses[0].comments;
    let (own, end) = (&comments[0], &comments[1]);
    assert_eq!((own.text.as_str(), own.place), ("-- own", CommentPlace::OwnLine));
    assert_eq!((end.text.as_str(), end.place), ("-- end", CommentPlace::LineEnd));
    assert_eq!(layout.comments[0].text, "-- last");
}

#[test]
fn a_script_is_taken_as_written() {
    // [LAY-6]
    let text = "function f(a: number) gives number\n  script\n    let x = \"--\"; // a\n  end\n  example   f(1) is 2\n";
    let layout = layout(text);
    let block = &layout.blocks[0];
    assert_eq!(block.clauses[0].script.as_ref().unwrap().text, "    let x = \"--\"; // a\n");
    assert_eq!(block.clauses[1].text.word(), "example");
    assert!(layout.diagnostics.is_empty());
}

#[test]
fn a_script_without_end_stops_at_the_next_header() {
    // [LAY-6]
    let text = "function f() gives number\n  script\n    1\ndesk \"D\"\n";
    assert_eq!(codes(text), [(Code::WL0108, 2)]);
    assert_eq!(layout(text).blocks.len(), 2);
}

#[test]
fn an_unknown_block_hides_nothing_after_it() {
    // [LAY-3]
    let text = "escalate \"E\"\n  step 1    page\ndesk \"D\"\nwhen x\n  y\n";
    assert_eq!(codes(text), [(Code::WL0102, 1), (Code::WL0102, 4)]);
    assert_eq!(outline(text), "desk \"D\"\n");
    assert_eq!(codes("budget \"B\"\n"), [(Code::WL0110, 1)]);
}

#[test]
fn shallow_and_stray_lines_are_refused() {
    // [LAY-4]
    assert_eq!(codes("  zone X\nward \"W\" edition 1\n    zone X\n  uses Y\n"), [(Code::WL0103, 1), (Code::WL0103, 4)]);
}

#[test]
fn tabs_and_hidden_characters_are_refused_where_they_stand() {
    // [LAY-1]
    assert_eq!(codes("desk \"D\"\n\tquiet 22:00 to 07:00\n"), [(Code::WL0101, 2)]);
    assert_eq!(codes("desk \"D\u{202e}\"\n"), [(Code::WL0101, 1)]);
    assert_eq!(codes("desk \"Cafe\u{301}\"\n"), [(Code::WL0101, 1)], "a letter in two parts");
    assert_eq!(codes("desk \"Caf\u{e9}\"\n"), []);
    assert_eq!(codes("\u{feff}desk \"D\"\n"), [], "a byte order mark at the start is let pass");
}

#[test]
fn text_beyond_a_bound_is_reported_and_left_out() {
    // [LAY-8]
    let clause = format!("desk \"D\"\n  reach     \"{}\"\n", "x".repeat(5_000));
    assert_eq!(codes(&clause), [(Code::WL0107, 2), (Code::WL0107, 2)], "line and clause");
    assert_eq!(outline(&clause), "desk \"D\"\n");
    assert_eq!(codes(&"x".repeat((1 << 20) + 1)), [(Code::WL0107, 1)]);
    let many = "desk \"D\"\n".repeat(2_001);
    assert_eq!(layout(&many).blocks.len(), 2_000);
}
