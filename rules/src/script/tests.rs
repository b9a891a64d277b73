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

fn occasion() -> Occasion {
    use occasion::{Earlier, Event, Report};
    let dec = |text: &str| Decimal::parse(text).unwrap();
    let hour = |hour: i64| crate::time::Timestamp::from_micros(hour * crate::time::HOUR);
    let earlier = |value: &str, at: i64| Earlier {
        test: "creatinine".into(),
        value: dec(value),
        unit: "mg/dL".into(),
        time: hour(at),
    };
    let clock = |name: &str, state: &str, due: Option<i64>| occasion::Clock {
        sla: name.into(),
        rule: format!("Fast {name}").into(),
        state: state.into(),
        used: 42,
        due: due.map(hour),
    };
    Occasion {
        event: Event {
            step: "result finalised".into(),
            kind: "general lab".into(),
            test: Some("creatinine".into()),
            flags: vec!["high".into()],
            value: Some(dec("1.2")),
            unit: Some("mg/dL".into()),
            time: hour(100),
            arrived: hour(101),
            clock: None,
        },
        report: Report {
            as_of: hour(100),
            fields: vec![(crate::program::Field::Location, Value::Text("ICU".into()))],
            times: vec![(crate::words::Step::Received, hour(98))],
            state: "final".into(),
            flags: vec!["high".into()],
            version: 1,
            earlier: vec![earlier("1.1", 90), earlier("0.9", 53), earlier("0.5", 51)],
            clocks: vec![clock("STAT lab", "met", Some(0)), clock("STAT troponin", "paused", None)],
        },
    }
}

fn decide(text: &str) -> Result<Vec<Effect>, Fault> {
    Script::decision(text).unwrap().decide(&occasion())
}

#[test]
fn a_decision_sees_one_event_and_one_report() {
    // [RHAI-1] [RHAI-4]
    let true_of = [
        "event.step == \"result finalised\" && event.kind == \"general lab\" && event.test == \"creatinine\"",
        "event.value == 1.2 && event.unit == \"mg/dL\" && event.flag(\"high\") && !event.flag(\"low\")",
        "hours_between(event.time, event.arrived) == 1 && hours_between(report.time(\"specimen received\"), event.time) == 2",
        "report.time(\"report delivered\") == () && report.field(\"location\") == \"ICU\" && report.field(\"site\") == ()",
        "report.state == \"final\" && report.version == 1 && report.flag(\"high\")",
        "report.earlier(\"creatinine\", 48).len() == 2 && report.earlier(\"creatinine\", 47).len() == 2",
        "report.earlier(\"creatinine\", 46).len() == 1 && report.earlier(\"lactate\", 720).len() == 0",
        "report.clock(\"STAT lab\").state == \"met\" && report.clock(\"Fast STAT lab\").used_minutes == 42",
        "report.clock(\"STAT lab\").due == 0 && report.clock(\"STAT troponin\").due == () && report.clock(\"Lab\") == ()",
        "event.value - report.earlier(\"creatinine\", 48)[1].value >= 0.3",
    ];
    for text in true_of {
        assert_eq!(decide(&format!("if {text} {{ [raise()] }} else {{ [] }}")), Ok(vec![Effect::Raise]), "{text}");
    }
    assert_eq!(decide("[]"), Ok(Vec::new()));
    assert_eq!(decide("[raise(), withdraw(\"no longer\")]"), Ok(vec![Effect::Raise, Effect::Withdraw]));
}

#[test]
fn a_decision_gives_effects_and_few_of_them() {
    assert_eq!(decide("true"), Err(Fault::Type));
    assert_eq!(decide("[1]"), Err(Fault::Type));
    assert_eq!(
        decide("[raise(), raise(), raise(), raise(), raise(), raise(), raise(), raise(), raise()]"),
        Err(Fault::Size)
    );
    let refused = |text: &str| Script::decision(text).map(|_| ()).unwrap_err();
    assert_eq!(
        refused("event.vale > 1").why,
        "event has no vale; it has step, kind, test, value, unit, time, arrived, clock."
    );
    assert_eq!(compile("raise()", &[]).unwrap_err().why, "It uses raise, which scripts do not have.", "of a function");
}

#[test]
fn a_decision_may_send_more_and_keep_clocks() {
    // [RHAI-1] [RHAI-3]
    assert_eq!(
        decide("[page(\"the attending clinician\", \"phone\"), tell(`desk \"Lab\"`, \"inbox\")]"),
        Ok(vec![
            Effect::Page("the attending clinician".into(), "phone".into()),
            Effect::Tell("desk \"Lab\"".into(), "inbox".into())
        ])
    );
    assert_eq!(
        decide("[start_clock(\"a\", 30), start_clock(\"b\", 60, \"Office\"), stop_clock(\"c\")]"),
        Ok(vec![
            Effect::Start("a".into(), 30, None),
            Effect::Start("b".into(), 60, Some("Office".into())),
            Effect::Stop("c".into())
        ])
    );
    assert_eq!(decide("if event.clock == () { [] } else { [raise()] }"), Ok(Vec::new()));
    let due = Occasion { event: occasion::Event { clock: Some("a".into()), ..occasion().event }, ..occasion() };
    let asked = Script::decision("if event.clock == \"a\" { [raise()] } else { [] }").unwrap();
    assert_eq!(asked.decide(&due), Ok(vec![Effect::Raise]));
    assert!(Script::decision("[start_clock(\"a\", 30)]").unwrap().keeps_clocks());
    assert!(!asked.keeps_clocks());
}

#[test]
fn whom_a_script_names_can_be_read_before_it_runs() {
    let script = Script::decision("let who = \"x\";\n[page(`desk \"Lab\"`, \"phone\"), tell(who, \"inbox\")]").unwrap();
    let named = script.named_people();
    assert_eq!(named.len(), 1, "what is not written out is known when it runs");
    assert_eq!((named[0].line, named[0].who.as_str(), named[0].by.as_str()), (2, "desk \"Lab\"", "phone"));
}

#[test]
fn a_rule_file_is_one_rule_and_its_functions() {
    // [RHAI-2]
    let text = "rule(#{\n  \"alert\": `\"Rise\"`,\n  \"missing\": [\"test: match\", \"decision: match\"],\n});\nfn on(event, report) { if high(event) { return [raise()]; } [] }\nfn high(event) { event.value > 1 }";
    let found = Script::rule_file(text).unwrap();
    let clauses: Vec<(&str, &str)> =
        found.clauses.iter().map(|clause| (clause.word.as_str(), clause.text.as_str())).collect();
    assert_eq!(clauses, [("alert", "\"Rise\""), ("missing", "test: match"), ("missing", "decision: match")]);
    assert_eq!((found.clauses[0].at, found.clauses[0].text_at), ((2, 3), (2, 12)));
    assert_eq!(found.script.decide(&occasion()), Ok(vec![Effect::Raise]));
    let sort = |text: &str| Script::rule_file(text).map(|_| ()).unwrap_err().sort;
    assert_eq!(sort("fn on(event, report) { [] }"), Sort::Shape, "no rule");
    assert_eq!(sort("rule(#{}); let a = 1; fn on(event, report) { [] }"), Sort::Shape);
    assert_eq!(sort("rule(#{}); fn on(event) { [] }"), Sort::Shape, "one parameter");
    assert_eq!(sort("rule(#{ \"alert\": 1 }); fn on(event, report) { [] }"), Sort::Shape, "no text");
    assert_eq!(sort("rule(#{}); fn on(event, report) { timestamp() }"), Sort::Unsafe);
}

#[test]
fn what_cannot_be_read_is_said_in_the_words_of_who_wrote_it() {
    // [RHAI-3] [CHK-4]
    let why = |text: &str| compile(text, &["value", "test"]).unwrap_err().why;
    let cases = [
        ("let a = 1 +; a", "A value is missing before ; here."),
        ("let a = (1 + 2; a", "Here ) is missing."),
        ("if value > 1 { true", "Here ; or a closing bracket is missing."),
        ("let a = \"never ends", "A quote opens a text here, and none closes it."),
        ("vale > 1", "There is nothing called vale here; the script is given value and test."),
        ("value === 1", "Equal is written ==, with two signs."),
        ("let = 1;", "A name is missing here."),
        ("const a = 1; a = 2; a", "a is a constant and cannot be set."),
        ("break;", "break and continue stand inside a loop."),
        ("eval(\"1\")", "It uses eval, which scripts do not have."),
        ("'potassium'", "Texts stand in double quotes; single ones hold one letter."),
        ("let a = 1 let b = 2;", "Here ; or a closing bracket is missing."),
        ("fn f(a, a) { a } f(1, 2)", "The function f has a twice."),
        ("fn (a) { a }", "The function has no name."),
        ("#{a: 1, a: 2}", "The map has a twice."),
        ("if 1 { true } else { false }", "Here yes or no is needed, not a number."),
    ];
    let found: Vec<(&str, String)> = cases.iter().map(|(text, _)| (*text, why(text))).collect();
    let expected: Vec<(&str, String)> = cases.iter().map(|(text, why)| (*text, (*why).to_owned())).collect();
    assert_eq!(found, expected);
    let nested = format!("{}1{}", "(".repeat(40), ")".repeat(40));
    assert!(
        why(&nested).starts_with("This is nested too deeply: 32 levels are allowed, in functions 16."),
        "{}",
        why(&nested)
    );
}
