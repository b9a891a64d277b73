//! Hostile: what does the worst script cost?
//!
//! Every script here tries to hang, to grow, to recurse, to reach outside or to crash. Each must be refused, stopped by a
//! bound or come to its end, within the time and memory that the guarantees allow; the worst figures are printed.
//! - **Not here**: scripts that mean well (`script::tests`).

use std::time::{Duration, Instant};

use allocation_counter::measure;
use wardline_rules::{
    Text,
    decimal::Decimal,
    limits::SCRIPT_STEPS_MAX,
    script::{Fault, Script, Value},
};

/// What became of a script.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// It could not be read, or uses what scripts do not have.
    Refused,
    /// A bound or an error stopped it.
    Stopped(Fault),
    /// It came to its end.
    Done,
}

/// Guarantee S1-09, in a release build.
const TIME_MAX: Duration = Duration::from_millis(20);
/// Bytes that one script may hold at one time, its tree included.
const BYTES_MAX: u64 = 8 << 20;

fn run(text: &str) -> End {
    let names = [Text::from("x"), Text::from("test")];
    match Script::compile(text, &names, SCRIPT_STEPS_MAX) {
        Err(_) => End::Refused,
        Ok(script) => {
            let number = Decimal::parse("6.9").map(Value::Number);
            let given: Vec<Value> = number.into_iter().chain([Value::Text("potassium".into())]).collect();
            script.run(&given).map_or_else(End::Stopped, |_| End::Done)
        }
    }
}

/// Scripts that are written out, and how each ends.
const WRITTEN: &[(&str, End)] = &[
    // Hang.
    ("loop { }", End::Stopped(Fault::Steps)),
    ("while true { }", End::Stopped(Fault::Steps)),
    ("do { } while true; 1", End::Stopped(Fault::Steps)),
    ("let n = 0; while n >= 0 { n += 1; } n", End::Stopped(Fault::Steps)),
    ("fn f() { loop { } } f()", End::Stopped(Fault::Steps)),
    ("try { loop { } } catch { } true", End::Stopped(Fault::Steps)),
    ("loop { try { throw 1; } catch (e) { } }", End::Stopped(Fault::Steps)),
    (
        "for a in [1,2,3,4] { for b in [1,2,3,4] { for c in [1,2,3,4] { for d in [1,2,3,4] { loop { } } } } }",
        End::Stopped(Fault::Steps),
    ),
    ("switch 1 { 1 => loop { }, _ => 2 }", End::Stopped(Fault::Steps)),
    ("let f = 1; loop { f = -f; }", End::Stopped(Fault::Steps)),
    ("let d = 1.000000001; loop { d = d / 1.000000007; }", End::Stopped(Fault::Steps)),
    ("let d = 7.0; loop { d = (d * 3.3) % 9.9; }", End::Stopped(Fault::Steps)),
    ("let s = \"abcdefgh\"; loop { s.contains(\"zz\"); }", End::Stopped(Fault::Steps)),
    // Grow texts.
    ("let s = \"x\"; loop { s += s; }", End::Stopped(Fault::Size)),
    ("let s = \"x\"; loop { s = s + s + s + s; }", End::Stopped(Fault::Size)),
    ("let s = \"\"; loop { s += \"é\"; }", End::Stopped(Fault::Size)),
    ("let s = \"x\"; loop { s += 'y'; }", End::Stopped(Fault::Size)),
    ("let s = \"x\"; loop { s = s + 'y' + s; }", End::Stopped(Fault::Size)),
    ("fn f(s) { f(s + s) } f(\"xxxxxxxxxxxxxxxx\")", End::Stopped(Fault::Size)),
    // Grow lists.
    ("let a = [1]; loop { a += 1; }", End::Stopped(Fault::Size)),
    ("let a = [1]; loop { a += a; }", End::Stopped(Fault::Size)),
    ("let a = [1]; loop { a = a + a; }", End::Stopped(Fault::Type)),
    ("let a = []; loop { a = [a]; }", End::Stopped(Fault::Size)),
    ("let a = []; loop { a = [a, a]; }", End::Stopped(Fault::Size)),
    ("let a = [0]; loop { a += [a]; }", End::Stopped(Fault::Size)),
    ("let s = \"0123456789abcdef\"; s += s; s += s; s += s; s += s; [s, s, s, s, s]", End::Stopped(Fault::Size)),
    ("let a = [1,2]; loop { a = [a, a, 3]; }", End::Stopped(Fault::Size)),
    ("let a = [[[[1]]]]; loop { a += [[a], [a]]; }", End::Stopped(Fault::Size)),
    // Grow maps.
    ("let m = #{}; let i = 0; loop { i += 1; m[i] = i; }", End::Refused),
    ("let m = #{}; m.a = m; m.b = m; m", End::Refused),
    ("let m = #{a: 1}; m[\"b\"] = [m, m];", End::Refused),
    ("let m = #{a: [1]}; m.a[0] = m;", End::Refused),
    ("let m = #{a: #{b: 1}}; m.a.b += 1; m.a.b", End::Refused),
    ("let a = [0]; a[0] = a;", End::Refused),
    ("fn grow() { this.k = this; } let m = #{}; m.grow();", End::Refused),
    ("let m = #{a: 1}; loop { m = #{a: m, b: m}; }", End::Stopped(Fault::Size)),
    ("let m = #{a: 1}; loop { m += #{b: m}; }", End::Stopped(Fault::Type)),
    // Copy as much as the bounds allow, as often as they allow.
    ("let a = [1.5]; while len(a) < 64 { a += 1.5; } let b = a; loop { b = a; }", End::Stopped(Fault::Steps)),
    (
        "let a = [1.5]; while len(a) < 64 { a += a; } a += a; loop { let b = a; let c = b; let d = c; }",
        End::Stopped(Fault::Steps),
    ),
    (
        "let a = [1]; while len(a) < 64 { a += 1; } fn f(a, b, c) { a in b || c in a } loop { f(a, a, a); }",
        End::Stopped(Fault::Steps),
    ),
    (
        "let a = [\"potassium\"]; while len(a) < 64 { a += \"potassium\"; } loop { \"x\" in a; }",
        End::Stopped(Fault::Steps),
    ),
    (
        "let s = \"x\"; while len(s) < 1000 { s += \"x\"; } loop { s.contains(\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxy\"); }",
        End::Stopped(Fault::Steps),
    ),
    (
        "let s = \"x\"; while len(s) < 512 { s += s; } loop { let t = s - \"y\"; let u = s + s; }",
        End::Stopped(Fault::Steps),
    ),
    ("let s = \"x\"; while len(s) < 512 { s += s; } loop { s[500]; s[-1]; }", End::Stopped(Fault::Steps)),
    (
        "let m = #{a: [1,2,3,4,5,6,7,8], b: [1,2,3,4,5,6,7,8], c: \"x\"}; fn f(m) { let n = m; n } loop { f(f(f(m))); }",
        End::Stopped(Fault::Steps),
    ),
    // Recurse.
    ("fn f() { f() } f()", End::Stopped(Fault::Depth)),
    ("fn f(n) { g(n) } fn g(n) { f(n) } f(1)", End::Stopped(Fault::Depth)),
    ("fn f(n) { 1 + (1 + (1 + (1 + (1 + f(n))))) } f(1)", End::Stopped(Fault::Depth)),
    ("fn f(a) { let b = [a, [a, 1]]; f(b) } f(1)", End::Stopped(Fault::Size)),
    ("fn f(a) { let b = [a, [a, [a, [1]]]]; f(b) } f(1)", End::Refused),
    ("fn f() { try { f() } catch { f() } } f()", End::Stopped(Fault::Depth)),
    ("fn f(n) { if n > 15 { return 1; } f(n + 1) + f(n + 1) } f(2)", End::Stopped(Fault::Steps)),
    ("fn f() { this.f() } let a = [1]; a.f()", End::Stopped(Fault::Depth)),
    // Numbers.
    ("9223372036854775807 + 1", End::Stopped(Fault::Number)),
    ("let n = 2; loop { n *= n; }", End::Stopped(Fault::Number)),
    ("-9223372036854775807 - 2", End::Stopped(Fault::Number)),
    ("let n = -9223372036854775807 - 1; -n", End::Stopped(Fault::Number)),
    ("let n = -9223372036854775807 - 1; n / -1", End::Stopped(Fault::Number)),
    ("let n = -9223372036854775807 - 1; n % -1", End::Stopped(Fault::Number)),
    ("1 % 0", End::Stopped(Fault::Number)),
    ("1.5 % 0", End::Stopped(Fault::Number)),
    ("79228162514264337593543950335.0 * 10", End::Stopped(Fault::Number)),
    ("let d = 1.1; loop { d *= d; }", End::Stopped(Fault::Number)),
    ("1 << 200", End::Done),
    ("1 >> -9223372036854775807", End::Done),
    ("2 ** 62", End::Refused),
    ("2.5 ** 1000000000", End::Refused),
    ("99999999999999999999999999", End::Stopped(Fault::Type)),
    // Reach outside.
    ("eval(\"1\")", End::Refused),
    ("import \"std\" as std; 1", End::Refused),
    ("export let a = 1;", End::Refused),
    ("print(\"x\")", End::Refused),
    ("debug(\"x\")", End::Refused),
    ("sleep(1000)", End::Refused),
    ("timestamp()", End::Refused),
    ("let f = Fn(\"len\"); f.call(\"x\")", End::Refused),
    ("let f = |a| a; f(1)", End::Refused),
    ("curry(1)", End::Refused),
    ("rand()", End::Refused),
    ("open_file(\"/etc/passwd\")", End::Refused),
    ("std::env::var(\"HOME\")", End::Refused),
    ("global::x", End::Refused),
    ("is_def_var(\"x\")", End::Refused),
    ("type_of(x)", End::Refused),
    ("exit(1)", End::Refused),
    ("`${x}`", End::Refused),
    ("y", End::Refused),
    ("for i in 0..9223372036854775807 { }", End::Refused),
    ("for i in 0..=10 { }", End::Refused),
    ("blob(1000000)", End::Refused),
    ("x.to_string()", End::Refused),
    ("range(0, 1000000000)", End::Refused),
    ("\"x\".repeat(1000000)", End::Refused),
    ("[1].pad(1000000, 0)", End::Refused),
    // Be odd.
    ("", End::Stopped(Fault::Type)),
    ("()", End::Stopped(Fault::Type)),
    ("[]", End::Stopped(Fault::Type)),
    ("#{}", End::Stopped(Fault::Type)),
    ("throw \"page nobody\"", End::Stopped(Fault::Thrown)),
    ("throw [1, [2]]", End::Stopped(Fault::Thrown)),
    ("break", End::Refused),
    ("const a = 1; a = 2;", End::Refused),
    ("let 1 = 2;", End::Refused),
    ("this", End::Refused),
    ("x = 1; test = 2; x", End::Done),
    ("\u{0}", End::Refused),
    ("\"\u{202e}\"", End::Done),
    ("/* never ends", End::Stopped(Fault::Type)),
    ("\"never ends", End::Refused),
    ("/*/*/*/*/*/* deep */*/*/*/*/*/ 1", End::Done),
];

/// Scripts too long to write out: nested or repeated to the bound of a script's length and beyond every depth.
fn built() -> Vec<(String, End)> {
    let nest = |open: &str, middle: &str, close: &str, times: usize| {
        format!("{}{middle}{}", open.repeat(times), close.repeat(times))
    };
    let variables: String = (0..100).map(|n| format!("let v{n} = {n};")).collect();
    let functions: String = (0..100).map(|n| format!("fn f{n}() {{ }}")).collect();
    let entries: String = (0..100).map(|n| format!("k{n}: {n},")).collect();
    vec![
        (nest("(", "1", ")", 4_000), End::Refused),
        (nest("[", "1", "]", 4_000), End::Refused),
        (nest("#{a:", "1", "}", 2_000), End::Refused),
        (nest("{", "1", "}", 4_000), End::Refused),
        (nest("if true {", "1", "}", 900), End::Refused),
        (nest("f(", "1", ")", 2_500), End::Refused),
        (nest("-", "1", "", 8_000), End::Refused),
        (nest("!", "true", "", 8_000), End::Refused),
        (nest("x[", "1", "]", 2_000), End::Refused),
        (nest("x.a.", "a", "", 2_000), End::Refused),
        (format!("1{}", " + 1".repeat(2_000)), End::Refused),
        (format!("fn f() {{ {} }} f()", nest("(", "1", ")", 40)), End::Refused),
        (format!("[{}1]", "1,".repeat(4_000)), End::Refused),
        (format!("#{{{entries}}}"), End::Refused),
        (format!("\"{}\"", "x".repeat(8_000)), End::Refused),
        (format!("{variables} v1"), End::Stopped(Fault::Size)),
        (functions, End::Refused),
        (format!("let a = [{}1]; a += a; let b = [a]; b", "1,".repeat(62)), End::Stopped(Fault::Size)),
        (
            // Variables in all calls, full of lists of boxed numbers: the most that may be held.
            format!(
                "fn f(a) {{ {} f(a) }} let a = [1.5]; while len(a) < 64 {{ a += a; }} a += a; f(a)",
                (0..60).map(|n| format!("let v{n} = a;")).collect::<String>(),
            ),
            End::Stopped(Fault::Depth),
        ),
    ]
}

/// How long a run takes, with nothing else counted: the quickest of three, or where others want the processor meanwhile what
/// it spent on the processor, on average of twenty.
fn timed(text: &str) -> Duration {
    const RUNS: u32 = 20;
    let once = || {
        let began = Instant::now();
        run(text);
        began.elapsed()
    };
    let few = (0..3).map(|_| once()).min().unwrap_or_default();
    if cfg!(debug_assertions) || few <= TIME_MAX {
        return few;
    }
    let before = on_processor();
    (0..RUNS).for_each(|_| _ = run(text));
    let spent = before.and_then(|before| on_processor()?.checked_sub(before));
    spent.map_or(few, |spent| few.min(spent / RUNS))
}

/// What this thread has spent on a processor; `None` where the system does not say.
fn on_processor() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

#[test]
#[expect(clippy::print_stdout, reason = "the worst figures are the result of this run")]
fn hostile_scripts_end_within_their_bounds() {
    // [RHAI-3]; S1-09
    let mut all: Vec<(String, End)> = WRITTEN.iter().map(|(text, end)| ((*text).to_owned(), *end)).collect();
    all.extend(built());
    assert!(all.len() >= 60, "sixty hostile scripts at least");
    let short = |text: &str| text.chars().take(60).collect::<String>();
    let (mut slowest, mut largest) = ((Duration::ZERO, String::new()), (0, String::new()));
    let mut wrong = Vec::new();
    run("1");
    for (text, expected) in &all {
        let mut end = End::Done;
        let memory = measure(|| end = run(text));
        let took = timed(text);
        if end != *expected {
            wrong.push(format!("{end:?}, not {expected:?}: {}", short(text)));
        }
        slowest = slowest.max((took, short(text)));
        largest = largest.max((memory.bytes_max, short(text)));
    }
    println!("{} hostile scripts; slowest {:?}: {}", all.len(), slowest.0, slowest.1);
    println!("most memory at one time {} bytes: {}", largest.0, largest.1);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Time is no matter of a test: steps are what bounds it. A release build on a quiet machine is held to its promise.
    assert!(cfg!(debug_assertions) || slowest.0 <= TIME_MAX, "{slowest:?}");
    assert!(largest.0 <= BYTES_MAX, "{largest:?}");
}

#[test]
fn the_deepest_script_fits_on_a_small_stack() {
    let nested = format!("{}f(n){}", "(1 + ".repeat(5), ")".repeat(5));
    let text = format!("fn f(n) {{ {nested} }} f(1)");
    let small = std::thread::Builder::new().stack_size(1 << 20);
    let end = small.spawn(move || run(&text)).unwrap().join().unwrap();
    assert_eq!(end, End::Stopped(Fault::Depth));
}

#[test]
fn two_runs_of_a_script_take_the_same_steps() {
    // [RHAI-4]
    let text = "let n = 0; for k in [\"a\", \"b\"] { if k in #{b: 1, a: 2} { n += 1; } } while n < 700 { n += 1; } n";
    let needed = |steps| Script::compile(text, &[], steps).unwrap().run(&[]).is_ok();
    let least = (1..SCRIPT_STEPS_MAX).find(|steps| needed(*steps)).unwrap();
    assert!((0..20).all(|_| needed(least) && !needed(least - 1)), "{least} steps, always");
}
