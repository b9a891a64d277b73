//! Shell: what does `wardline sql` do with lines that people type?
//!
//! A statement ends with `;`, a command begins with `\\`. An error is told, and the next line is read.
//!
//! - **Not here**: completion and history (psql has both; `rlwrap wardline sql` adds them).

use std::io::{self, BufRead, IsTerminal as _};

use super::{
    super::ending::{print, tell},
    Ending, Shape,
};

/// The ten questions, each behind a line with its number and what it asks.
const QUESTIONS: &str = include_str!("../../../../docs/questions.sql");

const HELP: &str = "\\d            tables and views\n\\d NAME       columns of one, with what they mean\n\\ask          ten questions of a quality board; \\ask N asks one\n\\mode MODE    table, json, jsonl or csv\n\\q            ends\nAnything else is a statement, up to `;`.\n";

/// What a line, with those before it, comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Said {
    /// Nothing yet.
    More,
    /// A statement.
    Statement(String),
    /// Another way to print.
    Mode(Shape),
    /// A text for the reader.
    Text(String),
    /// The end.
    Quit,
}

/// Reads and answers until the end of what is typed.
pub(super) fn run(mut shape: Shape, mut answer: impl FnMut(&str, Shape) -> Ending) -> Ending {
    let stdin = io::stdin();
    let is_typed = stdin.is_terminal();
    let prompt = |begun: &str| {
        if is_typed {
            tell(if begun.is_empty() { "wardline=> " } else { "wardline-> " });
        }
    };
    let mut begun = String::new();
    prompt(&begun);
    for line in stdin.lock().lines() {
        let Ok(line) = line else { return Ending::Usage };
        match said(&mut begun, &line) {
            Said::More => {}
            Said::Statement(text) => {
                let ending = answer(&text, shape);
                // A script stops at what went wrong, a person goes on.
                if !is_typed && ending != Ending::Fine {
                    return ending;
                }
            }
            Said::Mode(chosen) => shape = chosen,
            Said::Text(text) => print(&text),
            Said::Quit => return Ending::Fine,
        }
        prompt(&begun);
    }
    if begun.trim().is_empty() { Ending::Fine } else { answer(begun.trim(), shape) }
}

/// Takes a line to those before it.
fn said(begun: &mut String, line: &str) -> Said {
    let typed = line.trim();
    if let (true, Some(command)) = (begun.trim().is_empty(), typed.strip_prefix('\\')) {
        return commanded(command);
    }
    begun.push_str(line);
    begun.push('\n');
    match begun.trim().strip_suffix(';').map(str::to_owned) {
        Some(text) => {
            begun.clear();
            if text.trim().is_empty() { Said::More } else { Said::Statement(text) }
        }
        None => Said::More,
    }
}

fn commanded(command: &str) -> Said {
    let mut words = command.split_whitespace();
    match (words.next().unwrap_or_default(), words.next()) {
        ("q", None) => Said::Quit,
        ("d", None) => Said::Statement(
            "SELECT relname AS name, obj_description(oid, 'pg_class') AS meaning FROM pg_catalog.pg_class \
             WHERE obj_description(oid, 'pg_class') IS NOT NULL ORDER BY 1"
                .to_owned(),
        ),
        ("d", Some(name)) => Said::Statement(format!(
            "SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, \
             col_description(a.attrelid, a.attnum) AS meaning FROM pg_catalog.pg_attribute a \
             JOIN pg_catalog.pg_class c ON c.oid = a.attrelid WHERE c.relname = '{}' AND a.attnum > 0 ORDER BY a.attnum",
            name.replace('\'', "''")
        )),
        ("ask", None) => {
            Said::Text(QUESTIONS.lines().filter_map(|line| line.strip_prefix("-- ").filter(|_| is_title(line))).fold(
                String::new(),
                |mut all, title| {
                    all.push_str(title);
                    all.push('\n');
                    all
                },
            ))
        }
        ("ask", Some(number)) => {
            question(number).map_or_else(|| Said::Text(format!("There is no question {number}.\n")), Said::Statement)
        }
        ("mode", Some(word)) => match <Shape as clap::ValueEnum>::from_str(word, true) {
            Ok(shape) => Said::Mode(shape),
            Err(_) => Said::Text(HELP.to_owned()),
        },
        _ => Said::Text(HELP.to_owned()),
    }
}

/// Whether a line is the head of a question: `-- 3 Which …`.
fn is_title(line: &str) -> bool {
    line.strip_prefix("-- ").is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

fn question(number: &str) -> Option<String> {
    let head = format!("-- {number} ");
    let mut lines = QUESTIONS.lines().skip_while(|line| !line.starts_with(&head)).skip(1).peekable();
    lines.peek()?;
    let text: Vec<&str> = lines.take_while(|line| !is_title(line)).collect();
    text.join("\n").trim().strip_suffix(';').map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lines: &[&str]) -> Vec<Said> {
        let mut begun = String::new();
        lines.iter().map(|line| said(&mut begun, line)).collect()
    }

    #[test]
    fn a_statement_is_all_lines_up_to_a_semicolon() {
        let told = all(&["SELECT 1,", "  2;", ";", "SELECT 3;"]);
        let statement = |text: &str| Said::Statement(text.to_owned());
        assert_eq!(told, [Said::More, statement("SELECT 1,\n  2"), Said::More, statement("SELECT 3")]);
    }

    #[test]
    fn commands_are_lines_of_their_own() {
        assert_eq!(all(&["\\mode csv", "\\q"]), [Said::Mode(Shape::Csv), Said::Quit]);
        assert!(matches!(&all(&["\\d"])[0], Said::Statement(text) if text.contains("pg_class")));
        assert!(matches!(&all(&["\\d it's"])[0], Said::Statement(text) if text.contains("'it''s'")));
        assert!(matches!(&all(&["\\mode loud"])[0], Said::Text(text) if text == HELP));
    }

    #[test]
    fn ten_questions_can_be_asked_by_number() {
        let Said::Text(titles) = &all(&["\\ask"])[0] else { panic!("titles") };
        assert_eq!(titles.lines().count(), 10);
        for number in 1..=10 {
            let text = question(&number.to_string()).unwrap();
            assert!(text.contains("SELECT") && !text.contains("\n--") && !text.contains(';'), "{text}");
        }
        assert_eq!(question("11"), None);
    }
}
