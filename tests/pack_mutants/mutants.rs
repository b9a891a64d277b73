//! Mutants: which single changes of a ward could change what it does?
//!
//! Numbers go up by one in their last place, words turn into another word of their sort, clauses disappear. What no test can
//! see is left alone: tests, comments, the papers behind a rule (`policy`), the wording of messages, addresses.
//! - **Not here**: which words are of one sort ([`crate::words`]).

use wardline_dsl::{
    layout,
    source::{FileId, SourceFile, Sources},
};

use crate::words::Groups;

/// One change of one file.
#[derive(Clone, Debug)]
pub(crate) struct Mutant {
    /// Index among the ward's files.
    place: usize,
    start: usize,
    end: usize,
    instead: String,
    /// The file's name.
    pub(crate) file: String,
    /// Line from 1.
    pub(crate) number: usize,
    /// The line as written.
    pub(crate) line: String,
    /// `60 → 61`, or `without target`.
    pub(crate) change: String,
}

impl Mutant {
    fn new(place: usize, file: &SourceFile, (start, end): (usize, usize), instead: &str) -> Self {
        let was = &file.text[start..end];
        let number = file.text[..start].matches('\n').count() + 1;
        let change = if instead.is_empty() {
            format!("without {}", was.split(' ').next().unwrap_or(was))
        } else {
            format!("{was} → {instead}")
        };
        let line = file.text.lines().nth(number - 1).unwrap_or("").to_owned();
        Self { place, start, end, instead: instead.to_owned(), file: file.name.clone(), number, line, change }
    }

    /// The ward with this change.
    pub(crate) fn apply(&self, sources: &Sources) -> Sources {
        let mut sources = sources.clone();
        sources.files[self.place].text.replace_range(self.start..self.end, &self.instead);
        sources
    }
}

/// Clauses whose text no scripted day can tell apart: papers, wording, addresses, and `answer`, which sends nothing [ALERT-7].
const UNSEEN: &[&str] =
    &["policy", "was", "message", "brief", "answer", "template", "reach", "zone", "uses", "holidays"];
/// Of these a ward may leave out all, and no day would show it either.
const OPTIONAL: &[&str] = &["was", "message", "brief", "answer", "reach"];
/// Clauses with a condition, where `is` can be turned round.
const CONDITIONS: &[&str] = &["where", "unless", "covers"];

/// Every mutant of a ward, in the order of its files.
pub(crate) fn mutants(sources: &Sources) -> Vec<Mutant> {
    let groups = Groups::of(sources);
    let mut all = Vec::new();
    for (place, file) in sources.files.iter().enumerate() {
        let layout = layout::read(FileId(u32::try_from(place).expect("few files")), file);
        for block in layout.blocks.iter().filter(|block| !["test", "ward", "pack"].contains(&block.header.word())) {
            if block.header.word() == "severity" {
                pieces(place, file, bytes(block.header.whole()), "", &groups, &mut all);
            }
            for clause in &block.clauses {
                let whole = bytes(clause.text.whole());
                if !OPTIONAL.contains(&clause.text.word()) {
                    all.push(Mutant::new(place, file, whole, ""));
                }
                if !UNSEEN.contains(&clause.text.word()) {
                    pieces(place, file, whole, clause.text.word(), &groups, &mut all);
                }
            }
        }
    }
    all
}

fn bytes(span: wardline_dsl::source::Span) -> (usize, usize) {
    (span.start as usize, span.end as usize)
}

/// Numbers, words and names of a header or clause.
fn pieces(
    place: usize,
    file: &SourceFile,
    (start, end): (usize, usize),
    word: &str,
    groups: &Groups,
    all: &mut Vec<Mutant>,
) {
    let text = &file.text[start..end];
    let mut at = text.find([' ', '\n']).unwrap_or(text.len());
    while at < text.len() {
        let rest = &text[at..];
        let first = rest.chars().next().expect("not at the end");
        if rest.starts_with("--") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let behind_word = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        let found = if first == '"' {
            let length = rest[1..].find('"').map_or(rest.len(), |end| end + 2);
            let before = text[..at].trim_end().rsplit([' ', '\n']).next().unwrap_or("");
            Some((length, groups.name(before, &rest[1..length - 1]).map(|name| format!("\"{name}\""))))
        } else if first.is_ascii_digit() && !behind_word {
            let length = rest.find(|c: char| !c.is_ascii_digit() && !".:-".contains(c)).unwrap_or(rest.len());
            let number = rest[..length].trim_end_matches(['.', ':', '-']);
            Some((number.len(), next_number(number)))
        } else if first.is_alphabetic() && !behind_word {
            groups.word(rest, CONDITIONS.contains(&word)).map(|(length, other)| (length, Some(other)))
        } else {
            None
        };
        let step = match found {
            Some((length, other)) => {
                if let Some(other) = other {
                    all.push(Mutant::new(place, file, (start + at, start + at + length), &other));
                }
                length
            }
            None if first.is_alphabetic() && !behind_word => {
                rest.find([' ', '\n', ',', ':', '"']).unwrap_or(rest.len())
            }
            None => first.len_utf8(),
        };
        at += step.max(1);
    }
}

/// A number, date or time that is one higher: in its last place, the next day, an hour later.
fn next_number(number: &str) -> Option<String> {
    if let Some((hours, minutes)) = number.split_once(':') {
        let hours: u8 = hours.parse().ok()?;
        return Some(format!("{:02}:{minutes}", (hours + 1) % 24));
    }
    if let [year, month, day] = number.split('-').collect::<Vec<_>>()[..] {
        let day: u8 = day.parse().ok()?;
        let day = if day >= 28 { day - 1 } else { day + 1 };
        return Some(format!("{year}-{month}-{day:02}"));
    }
    if let Some((code, check)) = number.split_once('-') {
        let check: u8 = check.parse().ok()?;
        return Some(format!("{code}-{}", (check + 1) % 10));
    }
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let next = (digits.parse::<u64>().ok()? + 1).to_string();
    let next = format!("{next:0>width$}", width = digits.len());
    Some(match number.split_once('.') {
        Some((_, fraction)) => {
            let (whole, fraction) = next.split_at(next.len() - fraction.len());
            format!("{whole}.{fraction}")
        }
        None => next,
    })
}

#[test]
fn numbers_go_up_by_one_in_their_last_place() {
    for (number, next) in [
        ("60", "61"),
        ("6.5", "6.6"),
        ("2.95", "2.96"),
        ("9.9", "10.0"),
        ("07:30", "08:30"),
        ("2026-01-05", "2026-01-06"),
        ("2823-3", "2823-4"),
        ("99", "100"),
    ] {
        assert_eq!(next_number(number).as_deref(), Some(next));
    }
}

#[test]
fn numbers_words_names_and_clauses_change_and_nothing_else_does() {
    let text = "desk \"A\"\ndesk \"B\"\nalert \"X\"\n  policy    \"P 1\", owner \"Q\", review by 2027-01-01\n  where     value is above 6.5 mmol/L and priority is stat   -- 7 and\n  page      desk \"A\" by phone\ntest \"T\"\n  at        02:10 R1: x\n";
    let sources = Sources::of_text("a.ward", text);
    let changes: Vec<String> = mutants(&sources).into_iter().map(|mutant| mutant.change).collect();
    assert_eq!(
        changes,
        [
            "without policy",
            "without where",
            "above → below",
            "6.5 → 6.6",
            "and → or",
            "is → is not",
            "stat → asap",
            "without page",
            "\"A\" → \"B\"",
            "phone → sms",
        ]
    );
}
