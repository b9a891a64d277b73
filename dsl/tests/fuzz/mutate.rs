//! Mutate: how does an input become one that nobody would write?
//!
//! Bytes, words and lines are taken away, doubled, swapped, moved to another place and spliced in from other seeds; words of
//! both languages and letters of bad will are put in; the end is cut off.
//! - **Not here**: what is done with it (`targets.rs`).

/// Chance that gives the same numbers from the same seed (SplitMix64).
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 if there is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap_or(1);
        usize::try_from(self.draw() % end).unwrap_or(0)
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// What is put in: words of wards and of scripts, numbers at bounds, and signs that mean something to somebody.
const WORDS: &[&str] = &[
    "alert \"A\"",
    "sla \"S\"",
    "exception \"E\" to \"S\"",
    "suppress \"X\"",
    "function f(x: number) gives yes or no",
    "test \"T\"",
    "  script\n",
    "  end\n",
    "\n            - ",
    "any of",
    "all of",
    " and ",
    " or ",
    " is ",
    "not one of ",
    "between 1 and 2",
    "below -999999999999.999999 mmol/L",
    "99999999999999999999",
    "0",
    "2 working days by 24:00",
    "400 days",
    "1970-01-01",
    "2199-12-31 23:59",
    "2026-02-29",
    "2026-11-01 01:30-06:00",
    "29 February",
    "R1:",
    "\"",
    "{value}",
    "{",
    "}",
    "--",
    ",",
    ":",
    ", otherwise ",
    "using \"Critical call-out\"",
    "the recipient",
    "missing   ",
    ": do not match",
    "\t",
    "\r",
    "\r\n",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "\u{200b}",
    "\u{301}",
    "\u{430}",
    "\u{ff5b}",
    "\u{2028}",
    "\u{1f9ea}",
    "loop { }",
    "while true { ",
    "for x in [1, 2] { ",
    "fn f(n) { f(n) }",
    "let a = [a, a];",
    "#{a: 1}",
    "raise()",
    "withdraw(\"w\")",
    "page(\"the ordering clinician\", \"phone\")",
    "start_clock(\"c\", 9223372036854775807)",
    "report.earlier(\"potassium\", 720)",
    "report.field(\"location\")",
    "event.value",
    "/ 0",
    "/*",
    "`${",
    "|x| x",
    "this.x",
    "throw 1;",
    "try { ",
    "} catch { }",
    "-9223372036854775808",
    "79228162514264337593543950335.9",
];
/// The longest input that mutation makes; longer ones are made on purpose ([`bad_will`]).
const BYTES_MAX: usize = 24_000;

/// An input made from one seed or two.
pub(super) fn mutate(seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut input = chance.of(seeds).clone();
    for _ in 0..=chance.below(5) {
        match chance.below(12) {
            0 => flip(&mut input, chance),
            1..=3 => insert(&mut input, chance),
            4 => repeat(&mut input, chance),
            5 => cut(&mut input, chance),
            6 => splice(&mut input, seeds, chance),
            7 => input.truncate(chance.below(input.len() + 1)),
            8 => pieces(&mut input, b'\n', chance),
            9..=10 => pieces(&mut input, b' ', chance),
            _ => digits(&mut input, chance),
        }
    }
    input.truncate(BYTES_MAX);
    input
}

fn flip(input: &mut [u8], chance: &mut Chance) {
    let (at, bit) = (chance.below(input.len()), chance.below(8));
    if let Some(byte) = input.get_mut(at) {
        *byte ^= 1 << bit;
    }
}

fn insert(input: &mut Vec<u8>, chance: &mut Chance) {
    let at = chance.below(input.len() + 1);
    let word = chance.of(WORDS).as_bytes().to_vec();
    input.splice(at..at, word);
}

/// One piece stands there many times.
fn repeat(input: &mut Vec<u8>, chance: &mut Chance) {
    let from = chance.below(input.len() + 1);
    let to = (from + 1 + chance.below(60)).min(input.len());
    let piece = input.get(from..to).unwrap_or_default().repeat(1 + chance.below(100));
    input.splice(to..to, piece);
}

fn cut(input: &mut Vec<u8>, chance: &mut Chance) {
    let from = chance.below(input.len() + 1);
    let to = (from + 1 + chance.below(80)).min(input.len());
    input.drain(from..to);
}

fn splice(input: &mut Vec<u8>, seeds: &[Vec<u8>], chance: &mut Chance) {
    let other = chance.of(seeds).clone();
    let from = chance.below(other.len() + 1);
    let to = (from + 1 + chance.below(600)).min(other.len());
    let at = chance.below(input.len() + 1);
    input.splice(at..at, other.get(from..to).unwrap_or_default().to_vec());
}

/// Lines or words change places, go, or come twice.
fn pieces(input: &mut Vec<u8>, end: u8, chance: &mut Chance) {
    let mut all: Vec<Vec<u8>> = input.split_inclusive(|byte| *byte == end).map(<[u8]>::to_vec).collect();
    if all.is_empty() {
        return;
    }
    let (one, two) = (chance.below(all.len()), chance.below(all.len()));
    match chance.below(4) {
        0 => all.swap(one, two),
        1 => drop(all.remove(one)),
        2 => all.insert(two, all[one].clone()),
        _ => all[one] = all[two].clone(),
    }
    *input = all.concat();
}

/// A digit is another, or many.
fn digits(input: &mut Vec<u8>, chance: &mut Chance) {
    let places: Vec<usize> = (0..input.len()).filter(|at| input[*at].is_ascii_digit()).collect();
    if places.is_empty() {
        return;
    }
    let at = *chance.of(&places);
    let many = *chance.of(&[1, 1, 1, 2, 12, 25]);
    let digits: Vec<u8> = (0..many).map(|_| b'0' + u8::try_from(chance.below(10)).unwrap_or(0)).collect();
    input.splice(at..=at, digits);
}

/// Inputs that somebody would send on purpose.
pub(super) fn bad_will() -> Vec<(&'static str, Vec<u8>)> {
    let in_where = |text: &str| format!("alert \"A\"\n  where     {text}\n").into_bytes();
    let ward = include_str!("../wards/first.ward");
    let utf16: Vec<u8> = ward.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin1 = b"catalogue \"H\xf4pital\"\n  site      \xc9toile\n".to_vec();
    let alike = ward.replace('a', "\u{430}").replace('e', "\u{435}").into_bytes();
    let composed = "catalogue \"Ho\u{302}pital\"\n  site      E\u{301}toile\n".as_bytes().to_vec();
    vec![
        ("ten thousand open brackets in a condition", in_where(&"(".repeat(10_000))),
        ("ten thousand open brackets", "(".repeat(10_000).into_bytes()),
        ("ten thousand open lists", "[".repeat(10_000).into_bytes()),
        ("ten thousand open maps", "#{a:".repeat(10_000).into_bytes()),
        ("ten thousand open quotes", in_where(&"\" ".repeat(10_000))),
        ("a megabyte on one line", in_where(&"a".repeat(1 << 20))),
        ("a megabyte on one line at the margin", "a".repeat(1 << 20).into_bytes()),
        ("a megabyte of line breaks", format!("{}x", "\n".repeat(1 << 20)).into_bytes()),
        ("a megabyte of open scripts", "function f(x: number) gives number\n  script\n".repeat(22_000).into_bytes()),
        ("a hundred thousand blocks", "desk \"D\"\n".repeat(100_000).into_bytes()),
        (
            "ten thousand clauses",
            format!("alert \"A\"\n{}", "  when      a report is final\n".repeat(10_000)).into_bytes(),
        ),
        ("ten thousand bullets", in_where(&format!("any of{}", "\n            - flag is x".repeat(10_000)))),
        ("every byte twice", (0..=255).chain(0..=255).collect()),
        ("UTF-16", utf16),
        ("Latin-1", latin1),
        ("letters that look alike", alike),
        ("letters composed another way", composed),
        ("a mark before the first byte", format!("\u{feff}{ward}").into_bytes()),
        ("an escape of the terminal", format!("{ward}\u{1b}[2J").into_bytes()),
    ]
}
