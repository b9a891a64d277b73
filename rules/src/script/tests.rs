//! Script: do scripts say what they should, and are others refused with their place?

use super::*;
use crate::{decimal::Decimal, limits::SCRIPT_STEPS};

fn compile(text: &str, names: &[&str]) -> Result<Script, Refused> {
    let names: Vec<Text> = names.iter().copied().map(Text::from).collect();
    Script::compile(text, &names, SCRIPT_STEPS)
}

fn run(text: &str, arguments: &[(&str, Value)]) -> Result<Value, Fault> {
    let names: Vec<&str> = arguments.iter().map(|argument| argument.0).collect();
    let values: Vec<Value> = arguments.iter().map(|argument| argument.1.clone()).collect();
    compile(text, &names).unwrap().run(&values)
}

fn number(text: &str) -> Value {
    Value::Number(Decimal::parse(text).unwrap())
}

fn why(text: &str) -> (u32, u32, String) {
    let refused = compile(text, &["x"]).unwrap_err();
    (refused.line, refused.column, refused.why)
}

#[test]
fn a_script_gives_its_last_value() {
    // [RHAI-1]
    let text =
        "let serial = [\"troponin\", \"lactate\"];\ntest in serial && (place == \"ICU\" || place == \"Emergency\")";
    let ask = |test: &str, place: &str| {
        run(text, &[("test", Value::Text(test.into())), ("place", Value::Text(place.into()))])
    };
    assert_eq!(ask("troponin", "ICU"), Ok(Value::Truth(true)));
    assert_eq!(ask("lipid panel", "ICU"), Ok(Value::Truth(false)));
    assert_eq!(ask("lactate", "Ward 4"), Ok(Value::Truth(false)));
}

#[test]
fn numbers_are_exact_decimals() {
    // [RHAI-3]
    assert_eq!(run("a - b >= 0.3", &[("a", number("1.2")), ("b", number("0.9"))]), Ok(Value::Truth(true)));
    assert_eq!(run("a - b", &[("a", number("1.2")), ("b", number("0.9"))]), Ok(number("0.3")));
    assert_eq!(run("1.0 / 3", &[]), Ok(number("0.333333333")));
    assert_eq!(run("7 / 2", &[]), Ok(Value::Whole(3)));
}

#[test]
fn helpers_loops_and_items_work() {
    let text =
        "fn worst(list) { let worst = 0; for x in list { if x > worst { worst = x; } } worst }\nworst([3, 9, 4])";
    assert_eq!(run(text, &[]), Ok(Value::Whole(9)));
    assert_eq!(run("minutes_between(0, 119_999_999)", &[]), Ok(Value::Whole(1)));
    assert_eq!(run("hours_between(3_600_000_000, 0)", &[]), Ok(Value::Whole(-1)));
    assert_eq!(run("len(\"abc\") + len([1, 2]) + len(#{a: 1})", &[]), Ok(Value::Whole(6)));
    assert_eq!(
        run("\"abc\".starts_with(\"ab\") && \"abc\".ends_with(\"c\") && \"b\" in \"abc\"", &[]),
        Ok(Value::Truth(true))
    );
    assert_eq!(run("\"a\" in #{a: 1} && 2 in [1, 2.0] && !(\"1\" in [1])", &[]), Ok(Value::Truth(true)));
    assert_eq!(run("#{a: 1, b: 2}.b", &[]), Ok(Value::Whole(2)));
    assert_eq!(run("-x", &[("x", Value::Whole(4))]), Ok(Value::Whole(-4)));
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let (line, column, said) = why("let a = 1;\nlet b = a +;");
    assert_eq!((line, column), (2, 12), "{said}");
    assert_eq!(why("let a = y;").0, 1, "strict variables");
    assert_eq!(why("1 + 1;\nlet t = timestamp();"), (2, 9, "It uses timestamp, which scripts do not have.".to_owned()));
    assert_eq!(why("let m = #{};\nm[\"k\"] = 1;").0, 2);
    assert_eq!(why("for i in 0..10 { }").0, 1);
    assert_eq!(why("let a = `x is ${x}`;").0, 1);
}

#[test]
fn each_bound_has_its_fault() {
    // [RHAI-3] [RHAI-5]
    let fault = |text: &str| run(text, &[]).unwrap_err();
    assert_eq!(fault("loop { }"), Fault::Steps);
    assert_eq!(fault("fn f(n) { f(n + 1) } f(0)"), Fault::Depth);
    assert_eq!(fault("let s = \"x\"; loop { s += s; }"), Fault::Size);
    assert_eq!(fault("let s = [1]; loop { s += 1; }"), Fault::Size);
    assert_eq!(fault("\"a\" * 3"), Fault::Type);
    assert_eq!(fault("[1]"), Fault::Type, "a list is no result");
    assert_eq!(fault("9223372036854775807 + 1"), Fault::Number);
    assert_eq!(fault("1 / 0"), Fault::Number);
    assert_eq!(fault("1.0 / 0"), Fault::Number);
    assert_eq!(fault("[1, 2][5]"), Fault::Unknown);
    assert_eq!(fault("#{a: 1}.b"), Fault::Unknown);
    assert_eq!(fault("throw 1"), Fault::Thrown);
}

#[test]
fn a_script_cannot_catch_its_own_bounds() {
    for (text, fault) in [
        ("try { loop { } } catch { } true", Fault::Steps),
        ("fn f() { f() } try { f() } catch { } true", Fault::Depth),
        ("let s = \"xx\"; try { loop { s += s; } } catch { } true", Fault::Size),
    ] {
        assert_eq!(run(text, &[]), Err(fault), "{text}");
    }
}
