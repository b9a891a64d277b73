//! Tests of the formatter: does each rule of writing hold, and is nothing else touched?

use super::*;

fn formatted(text: &str) -> String {
    format(&SourceFile::new("a.ward", text)).unwrap()
}

#[test]
fn columns_order_articles_plurals_quotes_and_zeros_are_restored() {
    // [FMT-1] [FMT-2] [FMT-4] [LEX-1] [LEX-2]
    let text = "sla \"S\"\n     target  1 minutes\n     starts when a specimen is received\n     policy \"P\",owner \"O\" , review by 2027-01-01\n     covers lab reports where location is \"ICU\" and site is \"Head of bed\"\n\n\ndesk \"A\"\n\ndesk \"B\"";
    let right = "sla \"S\"\n  policy    \"P\", owner \"O\", review by 2027-01-01\n  covers    lab reports where location is ICU and site is \"Head of bed\"\n  starts    when the specimen is received\n  target    1 minute\n\ndesk \"A\"\ndesk \"B\"\n";
    assert_eq!(formatted(text), right);
    let alert = "alert \"A\"\n  when the order is placed or exam is completed\n  where value is above 6.50 mmol/L\n";
    let right =
        "alert \"A\"\n  when      an order is placed or an exam is completed\n  where     value is above 6.5 mmol/L\n";
    assert_eq!(formatted(alert), right);
}

#[test]
fn long_lines_break_at_a_comma_or_before_and() {
    // [FMT-3]
    let places = (10..40).map(|n| format!("Ward {n}")).collect::<Vec<_>>().join(", ");
    let text = formatted(&format!(
        "alert \"A\"\n  where     location is one of {places} and priority is stat and value is below 2.5 mmol/L or above 6.5 mmol/L\n"
    ));
    assert!(text.lines().all(|line| line.chars().count() < 100), "{text}");
    assert!(text.contains("\n            and value is below 2.5 mmol/L or above 6.5 mmol/L\n"), "{text}");
}

#[test]
fn comments_stay_with_what_they_are_about() {
    // [FMT-5]
    let text = "-- the file\n\n-- the block\ndesk \"A\" -- its header\n  -- quiet\n  quiet 22:00 to 07:00 -- at night\n  reach by phone at \"1\"\ntest \"T\"\n  then 10:00 nothing is sent -- one\n       -- above two\n       10:01 nothing is sent -- two\n-- the end\n";
    let right = "-- the file\n\n-- the block\ndesk \"A\" -- its header\n  reach     by phone at \"1\"\n  -- quiet\n  quiet     22:00 to 07:00 -- at night\n\ntest \"T\"\n  then      10:00 nothing is sent -- one\n            -- above two\n            10:01 nothing is sent -- two\n\n-- the end\n";
    assert_eq!(formatted(text), right);
}

#[test]
fn what_cannot_be_read_is_kept_to_the_byte() {
    // [FMT-6]
    let text = "desk   \"A\"\n\nalert \"A\"\n   when   something   odd  -- why\n   severity   red\n\ndesk \"B\"\n";
    assert_eq!(
        formatted(text),
        "desk \"A\"\n\nalert \"A\"\n   when   something   odd  -- why\n   severity   red\n\ndesk \"B\"\n"
    );
}

#[test]
fn scripts_are_not_touched() {
    // [FMT-3]
    let text = "function f(a: number) gives number\n  script\n      let  x = 1.50; // a\n  end\n  example f( 1 ) is 2\n  example f(2) is 3\n";
    assert_eq!(
        formatted(text),
        "function f(a: number) gives number\n  script\n      let  x = 1.50; // a\n  end\n  example   f(1) is 2\n  example   f(2) is 3\n"
    );
}

#[test]
fn steps_are_numbered_and_bullets_stand_in_their_column() {
    // [FMT-4]
    let text = "escalation \"E\"\n  step 2 page desk \"A\" by phone, wait 1 minutes\n  step 7 page desk \"B\" by phone, wait 2 minute\n  then task for desk \"A\"\n";
    assert_eq!(
        formatted(text),
        "escalation \"E\"\n  step 1    page desk \"A\" by phone, wait 1 minute\n  step 2    page desk \"B\" by phone, wait 2 minutes\n  then      task for desk \"A\"\n"
    );
    let bullets = "alert \"A\"\n  where   test is potassium and any of\n     - value is above 6.5 mmol/L\n     - location is ICU\n       and value is above 5.0 mmol/L\n";
    assert_eq!(
        formatted(bullets),
        "alert \"A\"\n  where     test is potassium and any of\n            - value is above 6.5 mmol/L\n            - location is ICU and value is above 5 mmol/L\n"
    );
}

#[test]
fn what_is_refused_for_its_length_is_left_as_it_is() {
    // [FMT-6] Spelling it shorter would mend it unasked.
    let step =
        "escalation \"E\"\n  step 9606788458109 page desk \"A\" by phone, wait 1 minutes\n  then task for desk \"A\"\n";
    assert!(formatted(step).contains("  step 9606788458109"), "{}", formatted(step));
    let number = "alert \"A\"\n  where value is above 6.5000000 mmol/L\n";
    assert!(formatted(number).ends_with("value is above 6.5000000 mmol/L\n"));
    let name = format!("alert \"A\"\n  where location is \"{}\"\n", "a".repeat(81));
    assert!(formatted(&name).contains("\"aaa"));
}
